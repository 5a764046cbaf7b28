"""How long `depository diff` takes for two notebooks, and how long `nbdiff` takes for the same two.

Pairs are made of real histories: directories that hold the versions of one notebook each, in the order of their names.
Of each history the versions are taken that are about as large as a size asks, and of these two pairs: ``near``, the
newest and the same with a line more in one cell, and ``far``, the oldest and the newest. Notebooks that are named one
by one count as one history. Both commands run in turns, each as a process of its own that writes into a pipe. What
counts is CPU time, of the process and its children: other work on the machine does not change that by much.

The floor is a process that reads both files with `json` and does nothing else.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SIZES = (50_000, 1_400_000, 4_000_000)
LARGE = 12_000_000
_TOLERANCE = 1.5
"""How many times larger or smaller than a size asks a notebook may be."""

OURS = [sys.executable, "-c", "from depository.cli import main; main()", "diff", "--no-index"]
NBDIFF = [shutil.which("nbdiff", path=Path(sys.executable).parent) or "nbdiff"]
FLOOR = [sys.executable, "-c", "import json, sys; [json.load(open(f, 'rb')) for f in sys.argv[1:]]"]


class Pair(NamedTuple):
    """Two notebooks."""

    name: str
    kind: str
    old: Path
    new: Path


class Run(NamedTuple):
    """What one run took, in seconds."""

    cpu: float
    wall: float
    ended: bool
    """Whether it came to its end in time."""


def histories(paths: Sequence[Path]) -> list[list[Path]]:
    """The versions of each notebook, oldest first."""
    found: dict[Path, list[Path]] = {}
    for directory in filter(Path.is_dir, paths):
        for file in sorted(directory.rglob("*.ipynb")):
            found.setdefault(file.parent, []).append(file)
    named = [path for path in paths if path.is_file()]
    return [*found.values(), *([named] if named else [])]


def nearest(found: Sequence[list[Path]], size: int, count: int) -> list[list[Path]]:
    """Of the histories that have versions of about a size these, the nearest histories first."""

    def distance(file: Path) -> float:
        return abs(math.log(max(file.stat().st_size, 1) / size))

    near = [[file for file in files if distance(file) < math.log(_TOLERANCE)] for files in found]
    several = [files for files in near if len(files) > 1]
    return sorted(several, key=lambda files: distance(files[-1]))[:count]


def pairs(files: list[Path], directory: Path) -> Iterator[Pair]:
    """A near pair and a far one."""
    newest = files[-1]
    name = newest.parent.name[:40]
    edited = directory / f"{abs(hash(newest))}.ipynb"
    if edit(newest, edited):
        yield Pair(name, "near", newest, edited)
    yield Pair(name, "far", files[0], newest)


def edit(source: Path, target: Path) -> bool:
    """Write a copy with a line more in a cell in the middle, if there is one."""
    try:
        notebook = json.loads(source.read_bytes())
        found = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        cells = [cell for cell in found if cell["cell_type"] == "code"]
        cell = cells[len(cells) // 2]
        field = "source" if "source" in cell else "input"
        cell[field] = "".join(cell[field]) + "\nchanged = True"
    except (ValueError, LookupError, TypeError):
        return False
    target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False), encoding="utf-8")
    return True


def run(command: Sequence[str], pair: Pair, patience: float) -> Run:
    """Run a command on a pair."""
    start = time.perf_counter()
    environ = {**os.environ, "NO_COLOR": "1"}
    process = subprocess.Popen(
        [*command, pair.old, pair.new], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ
    )
    before = os.times()
    try:
        process.communicate(timeout=patience)
        ended = True
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        ended = False
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(cpu, time.perf_counter() - start, ended)


def compared(pair: Pair, rounds: int, patience: float, *, nbdiff: bool) -> dict[str, list[Run]]:
    """Runs of each command, in turns."""
    found: dict[str, list[Run]] = {"ours": [], "nbdiff": [], "floor": []}
    for _ in range(rounds):
        found["ours"].append(run(OURS, pair, patience))
        found["floor"].append(run(FLOOR, pair, patience))
        if nbdiff and all(one.ended for one in found["nbdiff"]):
            found["nbdiff"].append(run(NBDIFF, pair, patience))
    return found


def median(runs: Sequence[Run]) -> float:
    """The median of the CPU times."""
    return statistics.median(one.cpu for one in runs)


def spread(runs: Sequence[Run]) -> str:
    """The median CPU time, and the least and the greatest."""
    times = [one.cpu for one in runs]
    more = "" if all(one.ended for one in runs) else " and more"
    return f"{median(runs):7.2f} ({min(times):.2f}-{max(times):.2f}){more}"


def show(pair: Pair, found: dict[str, list[Run]]) -> float | None:
    """Print what a pair came to, and give the ratio of nbdiff's time to ours."""
    size = pair.new.stat().st_size / 1e6
    ratio = median(found["nbdiff"]) / median(found["ours"]) if found["nbdiff"] else None
    above = median(found["ours"]) - median(found["floor"])
    print(
        f"{size:6.2f} MB {pair.kind:<5} ours {spread(found['ours'])}, {above:5.2f} above reading"
        + (f"  nbdiff {spread(found['nbdiff'])}  {ratio:6.1f}x" if ratio else "")
        + f"  {pair.name}",
        flush=True,
    )
    return ratio


def main() -> None:
    """Measure, and print a line for each pair and one for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, nargs="+", help="a directory with histories of notebooks, or a notebook")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command on each pair [5]")
    parser.add_argument("--pairs", type=int, default=3, help="histories for each size [3]")
    parser.add_argument("--patience", type=float, default=120, help="seconds before a run is given up [120]")
    options = parser.parse_args()
    found = histories(options.path)
    if not found:
        parser.error("there are no notebooks")
    with tempfile.TemporaryDirectory() as temporary:
        for size in (*SIZES, LARGE):
            ratios: dict[str, list[float]] = {"near": [], "far": []}
            for files in nearest(found, size, options.pairs):
                for pair in pairs(files, Path(temporary)):
                    runs = compared(pair, options.rounds, options.patience, nbdiff=size != LARGE)
                    if ratio := show(pair, runs):
                        ratios[pair.kind].append(ratio)
            for kind, values in ratios.items():
                if values:
                    print(
                        f"{size / 1e6:6.2f} MB {kind:<5} nbdiff takes {statistics.median(values):.1f} times as long"
                        f" ({min(values):.1f}-{max(values):.1f}, {len(values)} pairs)",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
