"""Part ``branches``: what of the code that keeps history no test ever runs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.results import Figure, Row, Section, Table, at_least, at_most

from proofs.part import Options

ROOT = Path(__file__).parents[2]
ROOMS = ("history", "objects", "notebook", "backends")
"""Packages of depository that are looked at."""
_REASON = re.compile(r"#\s*pragma: no cover(?: - (?P<why>.*))?$")


class _Room(NamedTuple):
    statements: int
    missed: int
    branches: int
    missed_branches: int

    def plus(self, summary: Mapping[str, int]) -> "_Room":
        return _Room(
            self.statements + summary["num_statements"],
            self.missed + summary["missing_lines"],
            self.branches + summary["num_branches"],
            self.missed_branches + summary["missing_branches"],
        )


def run(options: Options) -> Section:
    """Run all tests, or those of these packages alone in a quick run, and read what they went through."""
    report = options.scratch / "report.json"
    tests = [f"tests/{room}" for room in ROOMS] if options.is_quick else ["tests"]
    words = [sys.executable, "-m", "pytest", "-q", "-n", os.environ.get("PYTEST_WORKERS", "2"), "--cov-branch"]
    words += [f"--cov=depository.{room}" for room in ROOMS]
    environ = {**os.environ, "COVERAGE_FILE": str(options.scratch / "data")}
    environ.pop("PYTHONPATH", None)  # some tests ask what is found without it
    done = subprocess.run([*words, f"--cov-report=json:{report}", *tests], cwd=ROOT, env=environ, check=False)
    section = _section(json.loads(report.read_text(encoding="utf-8"))["files"], done.returncode)
    # what a part of the tests goes through says nothing of what no test does
    return section._replace(targets=section.targets[:2]) if options.is_quick else section


def _section(files: Mapping[str, Any], code: int) -> Section:
    rooms = dict.fromkeys(ROOMS, _Room(0, 0, 0, 0))
    missed: list[Row] = []
    spared: list[Row] = []
    for name, found in sorted(files.items()):
        parts = Path(name).parts
        rooms[parts[1]] = rooms[parts[1]].plus(found["summary"])
        module = ".".join(parts[1:]).removesuffix(".py")
        if found["missing_lines"] or found["missing_branches"]:
            missed.append(Row(module, (_listed(found["missing_lines"]), _ways(found["missing_branches"]))))
        spared += [Row(f"{module}, line {line}", (why,)) for line, why in _spared(ROOT / name)]
    everything = _Room(*map(sum, zip(*rooms.values(), strict=True)))
    rows = tuple(Row(room, tuple(Figure(float(n)) for n in of)) for room, of in {**rooms, "all": everything}.items())
    columns = ("statements", "of these never run", "branches", "of these never taken")
    tables = [Table("branches", "Branches taken", "package", columns, rows)]
    if missed:
        tables.append(Table("branches-missed", "Missed", "module", ("lines", "ways from line to line"), tuple(missed)))
    if spared:
        tables.append(Table("branches-spared", "Left out", "where", ("why no test here can run it",), tuple(spared)))
    return Section(
        "branches",
        "What the tests run",
        _TEXT,
        tuple(tables),
        (
            at_least("tests passed that tell what is run (1: all)", 1, int(code == 0)),
            at_least("branches looked at", 1, everything.branches),
            at_most("statements that no test runs", 0, everything.missed),
            at_most("branches that no test takes", 0, everything.missed_branches),
            at_most("lines left out without a reason", 0, sum(row.cells == ("",) for row in spared)),
        ),
    )


def _spared(file: Path) -> Iterator[tuple[int, str]]:
    """Lines that are left out on purpose, and why."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if found := _REASON.search(line):
            yield number, found["why"] or ""


def _listed(lines: Iterable[int]) -> str:
    """Lines, those in a row as one."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _ways(branches: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{start} to {'the end' if end < 0 else end}" for start, end in branches)


_TEXT = (
    "All tests run once more, and each statement of "
    + ", ".join(f"`{room}`" for room in ROOMS[:-1])
    + f" and `{ROOMS[-1]}` is watched, and each way that a condition can lead. What only another process or another "
    "system runs is marked in the code, with the reason. What is there for a checker of types alone, abstract methods "
    "and assertions that nothing can reach are left out as well."
)
