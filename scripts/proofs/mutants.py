"""Part ``mutants``: how many small mistakes in the commit protocol and in the codec the tests would notice.

Each mutant runs in a process of its own, forked from one that has imported everything: first the quickest of the tests
that go through the line that is changed, then, if these pass, all of them.
"""

import contextlib
import itertools
import json
import os
import resource
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.results import Figure, Row, Section, Table, at_least, at_most
from blake3 import blake3

from proofs.mutations import Mutant, apply, mutants
from proofs.part import Options
from proofs.survivors import REASONS

ROOT = Path(__file__).parents[2]
MODULES = (
    "depository.backends.versions",
    *(f"depository.history.{name}" for name in (
        "bases", "commit", "damage", "entries", "manifest", "pages", "refs", "renaming"
    )),
    *(f"depository.objects.{name}" for name in ("frame", "store")),
    *(f"depository.notebook.{name}" for name in ("canonical", "skeleton", "splice", "images")),
)  # fmt: skip
TESTS = (
    "tests/backends/test_memory.py", "tests/backends/test_versions.py", "tests/history", "tests/objects",
    "tests/notebook/test_canonical.py",
    "tests/notebook/test_skeleton.py", "tests/notebook/test_splice.py", "tests/notebook/test_images.py",
    *(f"tests/api/test_{name}.py" for name in (
        "commit", "contained", "damage", "delete", "golden", "meetings", "refs", "rename", "save", "save_all",
    )),
)  # fmt: skip
SAMPLE = 400
"""Mutants of all that are tried."""
_AT_ONCE = 2
_QUICK = 24
_FIRST = 40
"""Tests that are tried first, the quickest."""
_SLOWEST = 20.0
"""Seconds of the slowest test that counts."""
_CPU = 60
"""Seconds of a processor after which a mutant is taken for one that never ends, which a test notices as well."""
_KILLED, _SURVIVED, _NOTHING_RUN = 1, 0, 3


class _Covered(NamedTuple):
    """What the tests do to the code as it is."""

    tests: Mapping[str, Mapping[int, Sequence[str]]]
    """By module and line: the tests that go through it, the quickest first."""


def run(options: Options) -> Section:
    """Try a sample of all mutants."""
    covered = _baseline(options.scratch)
    chosen, total = _sample(_QUICK if options.is_quick else SAMPLE, options.seed)
    _collect()
    survivors: list[Mutant] = []
    counts: Counter[tuple[str, str]] = Counter()
    for number, (mutant, outcome) in enumerate(zip(chosen, _outcomes(chosen, covered), strict=True), start=1):
        counts[mutant.module, outcome] += 1
        if outcome != "killed":
            survivors.append(mutant)
            print(f"{outcome}: {mutant.name} (line {mutant.line})", file=sys.stderr)
        if not number % 50:
            print(f"{number:,} of {len(chosen):,}, {len(survivors)} survived", file=sys.stderr)
    return _section(counts, survivors, total, len(chosen))


def _outcomes(chosen: Sequence[Mutant], covered: _Covered) -> Iterator[str]:
    """What becomes of each mutant, several at once: every other one in a process of its own."""
    readers = []
    for place in range(_AT_ONCE):
        reader, writer = os.pipe()
        if not os.fork():
            with os.fdopen(writer, "w") as told:
                for mutant in chosen[place::_AT_ONCE]:
                    print(_outcome(mutant, covered), file=told, flush=True)
            os._exit(0)
        os.close(writer)
        readers.append(os.fdopen(reader))
    for number in range(len(chosen)):
        yield readers[number % _AT_ONCE].readline().strip()
    for each in readers:
        each.close()


def _sample(most: int, seed: int) -> tuple[list[Mutant], int]:
    """Those of the lowest hashes: a change of one function leaves the choice among the others as it is."""
    made = list(itertools.chain.from_iterable(map(mutants, MODULES)))
    alike: Counter[str] = Counter()
    ranks = []
    for mutant in made:
        alike[mutant.name] += 1
        ranks.append(blake3(f"{seed} {alike[mutant.name]} {mutant.name}".encode()).digest())
    last = sorted(ranks)[min(most, len(made)) - 1]
    return [mutant for mutant, rank in zip(made, ranks, strict=True) if rank <= last], len(made)


# Which tests go through which line


def _baseline(scratch: Path) -> _Covered:
    file = scratch / "lines.json"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts")])}
    words = [sys.executable, __file__, str(file)]
    subprocess.run(words, cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL)
    found: dict[str, dict[str, list[str]]] = json.loads(file.read_text(encoding="utf-8"))
    return _Covered({name: {int(line): tests for line, tests in lines.items()} for name, lines in found.items()})


class _Recorder:
    """A plugin that notes how long each test takes, and tells coverage which one runs."""

    def __init__(self, coverage: Any) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: set[str] = set()
        self._coverage = coverage

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def record(file: Path) -> None:
    """Run all tests as they are, and write which ones go through which lines."""
    import coverage
    import pytest

    measured = coverage.Coverage(data_file=None, include=["depository/*"], config_file=False)
    recorder = _Recorder(measured)
    measured.start()
    pytest.main([*_WORDS, *TESTS], plugins=[recorder])
    measured.stop()
    data = measured.get_data()
    lines: dict[str, dict[int, list[str]]] = {}
    for name in MODULES:
        path = str(ROOT / Path(*name.split(".")).with_suffix(".py"))
        lines[name] = {
            line: sorted(
                (
                    test
                    for test in contexts
                    if test and test not in recorder.failed and recorder.seconds[test] < _SLOWEST
                ),
                key=lambda test: recorder.seconds[test],
            )
            for line, contexts in data.contexts_by_lineno(path).items()
        }
    file.write_text(json.dumps(lines), encoding="utf-8")


# One mutant


_WORDS = (
    "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0",
    "--hypothesis-profile=mutants",
)  # fmt: skip


class _Chosen:
    """A plugin that runs some tests of those that are found, in an order of its own."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._place = {_bare(test): place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted(
            (item for item in items if _bare(item.nodeid) in self._place),
            key=lambda item: self._place[_bare(item.nodeid)],
        )


def _bare(test: str) -> str:
    """The name of a test without backslashes: what is collected once more in one process has more of them."""
    return test.replace("\\", "")


def _collect() -> None:
    """Import all that the tests import, once."""
    import pytest

    os.chdir(ROOT)
    with _silence():
        pytest.main([*_WORDS, "--collect-only", *TESTS])


def _outcome(mutant: Mutant, covered: _Covered) -> str:
    tests = covered.tests[mutant.module].get(mutant.line, ())
    if not tests:
        # the first line of a statement over several counts for all of them
        lines = [line for line in covered.tests[mutant.module] if line <= mutant.line]
        tests = covered.tests[mutant.module][max(lines)] if lines else ()
    if not tests:
        return "covered by no test"
    for part in (tests[:_FIRST], tests[_FIRST:]):
        if part and _is_killed(mutant, part):
            return "killed"
    return "survived"


def _is_killed(mutant: Mutant, tests: Iterable[str]) -> bool:
    child = os.fork()
    if not child:
        os._exit(_child(mutant, list(tests)))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == _NOTHING_RUN:
        raise RuntimeError(f"no test could be run for {mutant.name}")
    return code != _SURVIVED


def _child(mutant: Mutant, tests: list[str]) -> int:
    """Run tests against a mutant; it ends this process, one way or the other."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU + 5))
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    with _silence():
        apply(mutant)
        files = sorted({test.partition("::")[0] for test in tests})
        code = pytest.main([*_WORDS, "-x", *files], plugins=[_Chosen(tests)])
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        return _NOTHING_RUN
    return _SURVIVED if code == pytest.ExitCode.OK else _KILLED


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1), os.dup(2)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for place, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, place)
            os.close(descriptor)
        os.close(nowhere)


# What is told of it


def _section(counts: Counter[tuple[str, str]], survivors: Sequence[Mutant], total: int, tried: int) -> Section:
    rows = []
    for module in (*MODULES, "all"):
        of = {outcome: n for (name, outcome), n in counts.items() if name == module}
        if module == "all":
            of = Counter(itertools.chain.from_iterable([outcome] * n for (_, outcome), n in counts.items()))
        killed, lost = of.get("killed", 0), sum(n for outcome, n in of.items() if outcome != "killed")
        if killed + lost:
            name = module.removeprefix("depository.")
            share = 100 * killed / (killed + lost)
            rows.append(Row(name, (Figure(float(killed + lost)), Figure(float(killed)), Figure(share))))
    table = Table("mutants", "Mutants killed", "module", ("tried", "killed", "killed, %"), tuple(rows))
    why = [Row(f"`{_plain(each.name)}`", (REASONS.get(each.name, "not looked at"),)) for each in survivors]
    left = Table("survivors", "Survivors", "mutant", ("why it lives",), tuple(why))
    share = 100 * counts_of(counts, "killed") / tried
    unexplained = sum(each.name not in REASONS for each in survivors)
    text = (
        f"{total:,} mutants of the functions of {len(MODULES)} modules, the commit protocol and the codec: each has "
        "one comparison, operator, condition, constant or return value changed, or one statement, `raise` or `except` "
        f"taken out. {tried:,} of them, chosen by the seed, ran against the tests that go through the changed line. "
        "What errors say, and what is outside of functions, is not changed. The reason beside a survivor says what "
        "looking at it showed: *equivalent* mutants do the same; others cost speed, or more room, and nothing else."
    )
    return Section(
        "mutants",
        "How much the tests notice",
        text,
        (table, *([left] if why else [])),
        (
            at_least("mutants killed by a test, %", 90, share),
            at_most("mutants that live and were not looked at", 0, unexplained),
        ),
    )


def counts_of(counts: Mapping[tuple[str, str], int], wanted: str) -> int:
    """How many mutants came to one end."""
    return sum(n for (_, outcome), n in counts.items() if outcome == wanted)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
