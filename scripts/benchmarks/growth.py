"""Section ``growth``: what each operation costs as a depository in a directory grows.

As a program this measures one step: it is told the place, and writes what it found as JSON. A process of its own knows
nothing of what was saved before, and its memory is what the operations take and no more.
"""

import gc
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import filling, notebooks
from benchmarks.results import Cell, Figure, Plot, Row, Section, Series, Table, Target, at_most
from depository import Depository
from depository.backends import connect
from depository.backends.metering import Metering

LONG = "long/history.ipynb"
MOST_NOTEBOOKS = 100_000
_PROCESSES = 2
_ROUNDS = 16
"""As many as there are places in a run of versions: the mean is that over all of them."""
_LEAST_FREE = 8 << 30
"""Bytes of the disk that are left alone."""


class Step(NamedTuple):
    """How much there is."""

    versions: int
    notebooks: int
    long: int
    """Versions of one of the notebooks; the others have equally many."""

    @classmethod
    def of(cls, versions: int) -> "Step":
        """A tenth of all versions are of one notebook, the rest are spread over a tenth as many notebooks."""
        return cls(versions, min(MOST_NOTEBOOKS, max(1, versions // 10)), max(1, versions // 10))


def path_of(number: int) -> str:
    """The path of a notebook."""
    return f"team-{number // 1000}/notebook-{number}.ipynb"


def run(scratch: Path, *, most: int, quick: bool) -> Section:
    """Let one depository grow step by step, and measure at each."""
    url = str(scratch / "store")
    Depository.create(url, materialize=()).close()
    sizes = [size for size in (1, 1000, 10_000, 100_000, 1_000_000) if size <= most]
    before = Step(0, 0, 0)
    found: dict[int, dict[str, float]] = {}
    missing: list[str] = []
    for size in sizes:
        step = Step.of(size)
        if before.versions and not _fits(step, before, scratch):
            missing.append(f"{size:,} versions: the disk has not enough room for them.")
            break
        cpu, start = _children_cpu(), time.monotonic()
        _grow(url, before, step)
        made = size - before.versions
        each = 1000 * (_children_cpu() - cpu) / made
        print(f"{size:,} versions, {made / (time.monotonic() - start):,.0f} a second", file=sys.stderr)
        found[size] = {**_measure(url, step), "saving in bulk, up to 20 at once, ms": each}
        found[size] |= _stored(scratch / "store")
        before = step
    if 1_000_000 not in sizes and not quick:
        missing.append(f"1,000,000 versions: this run went up to {sizes[-1]:,}; `--versions 1000000` goes further.")
    table = _table(found)
    return Section("growth", "Growth", _text(), (table,), tuple(_targets(found)), tuple(_plots(found)), tuple(missing))


def _children_cpu() -> float:
    """Seconds of the processes that have ended."""
    taken = os.times()
    return taken.children_user + taken.children_system


def _fits(step: Step, before: Step, scratch: Path) -> bool:
    space = os.statvfs(scratch)
    wanted = step.versions + step.notebooks
    return space.f_bavail * space.f_frsize - (wanted * 4500) > _LEAST_FREE and space.f_favail > wanted + before.versions


def _grow(url: str, before: Step, step: Step) -> None:
    """Save what is missing to a step."""
    others = max(1, step.notebooks - 1)
    had = max(1, before.notebooks - 1)
    each, had_each = (
        (one.versions - one.long) // max(1, one.notebooks - 1) if one.notebooks > 1 else 0 for one in (step, before)
    )
    todo = [
        (number, had_each if number < had and before.notebooks > 1 else 0, each)
        for number in range(others if step.notebooks > 1 else 0)
    ]
    parts = [todo[start :: 4 * _PROCESSES] for start in range(4 * _PROCESSES)]
    with ProcessPoolExecutor(_PROCESSES) as pool:
        long = pool.submit(_grow_long, url, before.long, step.long)
        list(pool.map(_grow_others, itertools.repeat(url), parts))
        long.result()


def _grow_long(url: str, before: int, after: int) -> None:
    with Depository.open(url) as depository:
        filling.history(depository, LONG, (notebooks.tiny(number) for number in range(before, after)))


def _grow_others(url: str, todo: list[tuple[int, int, int]]) -> None:
    with Depository.open(url) as depository:
        for number, before, after in todo:
            files = (notebooks.tiny(version, number + 1) for version in range(before, after))
            filling.history(depository, path_of(number), files)


def _measure(url: str, step: Step) -> dict[str, float]:
    """What a process that knows nothing finds."""
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "scripts")])}
    words = [sys.executable, __file__, url, *map(str, step)]
    done = subprocess.run(words, env=environ, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    # in a process of its own: what it takes of memory is what it is asked for
    done = subprocess.run([*words[:3], "verify"], env=environ, stdout=subprocess.PIPE, check=True)
    found |= json.loads(done.stdout)
    return found


def verify(url: str) -> dict[str, float]:
    """Measure a check of everything."""
    meter = Metering(connect(url))
    requests = 0

    def count(_: float) -> None:
        nonlocal requests
        requests += sum(meter.counts.calls.values())
        meter.reset()  # what was counted takes memory too

    start = time.process_time()
    with Depository(meter) as depository:
        checked = depository.verify(progress=count)
    count(1)
    taken = time.process_time() - start
    if not checked.is_sound:
        raise RuntimeError(f"verify finds damage: {checked}")
    return {
        "verify, for each version, ms": 1000 * taken / checked.versions,
        "verify, for each version, requests": requests / checked.versions,
        "memory of verify, MB": _most_memory(),
    }


def measure(url: str, step: Step) -> dict[str, float]:
    """Measure every operation in this process, the ones that take memory last."""
    meter = Metering(connect(url))
    writer = Depository(meter)
    fresh = itertools.count(step.versions)
    some = path_of(step.notebooks // 2) if step.notebooks > 2 else LONG
    found: dict[str, float] = {}

    def timed(name: str, call: Callable[[int], object], rounds: int = _ROUNDS) -> None:
        taken, requests = [], 0
        for number in range(rounds):
            meter.reset()
            gc.collect()
            start = time.process_time()
            call(number)
            taken.append(time.process_time() - start)
            requests += sum(meter.counts.calls.values())
        found[f"{name}, ms"] = statistics.fmean(sorted(taken)[1:-1] if rounds > 3 else taken) * 1000
        found[f"{name}, requests"] = requests / rounds

    newest = writer.resolve(LONG).number
    timed("log, first 30", lambda _: list(itertools.islice(Depository(meter).log(LONG), 30)))
    timed("load of one of the newest", lambda n: Depository(meter).load(LONG, f"v{max(1, newest - n)}"))
    timed("load of one of the oldest", lambda n: Depository(meter).load(LONG, f"v{min(newest, n + 1)}"))
    # other content than that of any other process
    seed = os.getpid()
    timed("save of one more, cold", lambda _: Depository(meter).save(some, notebooks.tiny(next(fresh), seed)))
    for _ in range(2):  # after which it knows that nobody else saves there
        writer.save(LONG, notebooks.tiny(next(fresh), seed))
    timed("save to the long history, warm", lambda _: writer.save(LONG, notebooks.tiny(next(fresh), seed)), 4 * _ROUNDS)
    found["memory of these, MB"] = _most_memory()
    timed("log, all", lambda _: sum(1 for _ in Depository(meter).log(LONG)), 3)
    timed("ls of all", lambda _: sum(1 for _ in Depository(meter).ls()), 3)
    found["memory with log and ls of all, MB"] = _most_memory()
    return found


def _most_memory() -> float:
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def _stored(directory: Path) -> dict[str, float]:
    objects, manifests, size = 0, 0, 0
    for folder, name in _files(directory):
        size += os.stat(os.path.join(folder, name)).st_size
        below = os.path.relpath(folder, directory)
        objects += below.startswith("objects")
        manifests += below.startswith("manifests")
    return {"objects": float(objects), "manifests": float(manifests), "MB stored": size / 1e6}


def _files(directory: Path) -> Iterator[tuple[str, str]]:
    for folder, _, names in os.walk(directory):
        for name in names:
            yield folder, name


def _table(found: dict[int, dict[str, float]]) -> Table:
    names = list(next(iter(found.values())))

    def cell(values: dict[str, float], name: str) -> Cell:
        return Figure(values[name]) if name in values else None

    rows = tuple(Row(name, tuple(cell(values, name) for values in found.values())) for name in names)
    return Table(
        "growth",
        "Cost by size",
        "",
        tuple(f"{size:,} versions" for size in found),
        rows,
        "",
        None,
        "Means over 16 saves or loads, and ms of CPU.",
    )


def _targets(found: dict[int, dict[str, float]]) -> list[Target]:
    sizes = [size for size in found if size >= 1000]
    if len(sizes) < 2:
        return []
    first, last = found[sizes[0]], found[sizes[-1]]
    span = f"{sizes[0]:,} to {sizes[-1]:,} versions"
    targets = [
        at_most(f"{name}: times as much from {span}", 1.5, last[f"{name}, ms"] / first[f"{name}, ms"])
        for name in (
            "save of one more, cold",
            "save to the long history, warm",
            "log, first 30",
            "load of one of the newest",
        )
    ]
    per_notebook = [
        values["ls of all, ms"] / Step.of(size).notebooks for size, values in ((sizes[0], first), (sizes[-1], last))
    ]
    targets.append(at_most(f"ls, for each notebook: times as much from {span}", 1.5, per_notebook[1] / per_notebook[0]))
    for text, name in (
        ("memory", "memory with log and ls of all, MB"),
        ("verify, for each version", "verify, for each version, ms"),
        ("memory of verify", "memory of verify, MB"),
    ):
        targets.append(at_most(f"{text}: times as much from {span}", 1.5, last[name] / first[name]))
    return targets


def _plots(found: dict[int, dict[str, float]]) -> Iterator[Plot]:
    if len(found) < 2:
        return
    names = [name for name in next(iter(found.values())) if name.endswith(", ms") and "bulk" not in name]
    series = tuple(
        Series(name.removesuffix(", ms"), tuple((float(size), values[name]) for size, values in found.items()))
        for name in names
    )
    yield Plot("growth", "Cost of an operation as a depository grows", "ms of CPU", series, x_label="versions in all")


def _text() -> str:
    return (
        "One depository in a directory that grows. A tenth of all versions are of one notebook, whose history "
        "is the long one; the rest are spread over a tenth as many notebooks, 100,000 at the most. Notebooks "
        "are tiny, so that what grows is history and not content. At each size a new process measures; cold "
        "and loads are by an instance that knows nothing. `log` of all reads the long history, a tenth of all "
        "versions, and `ls` lists all notebooks: these two grow with what they list. The rest is to be flat: "
        "how many objects a load or a cold save reads depends on where in its run of 16 and its group the "
        "version stands, and that of an old one on the logarithm of the history. `verify` reads all there is; its "
        "figures are for each version, and by a process of its own."
    )


def main() -> None:
    """Measure one step, as this module's docstring says."""
    url, *rest = sys.argv[1:]
    found: dict[str, Any] = verify(url) if rest == ["verify"] else measure(url, Step(*map(int, rest)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
