"""Search whole histories of notebooks with `depository grep --all-versions`, and with `git log -G` beside it.

The histories are arranged as `scripts/replay` takes them. Each becomes one notebook of a depository and one file of a
git repository, packed by ``git gc``, with a commit a version. Every search is a process of its own; the two tools take
turns. A first search makes the index, a further one finds it there. git looks at all of a file, so that there is a row
for the depository's outputs and metadata as well.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from replay import History, archive, histories

from depository import Depository

PATTERNS = {
    "a rare word": "savefig",
    "a frequent word": "import",
    "a literal": r"train_test_split\(",
    "a regular expression": r"def [a-z]+_plot",
    "one without a literal": r"[a-z]+[0-9]{3}_[a-z]+",
    "nothing": "no such thing anywhere",
}
_AIM = 10
_EVERY_LAYER = ("--source", "--markdown", "--outputs", "--metadata")


class Taken(NamedTuple):
    """What a process took."""

    wall: float
    cpu: float
    """Of the process and of those that it started."""
    lines: int
    """That it wrote."""


class Row(NamedTuple):
    """What one pattern took."""

    name: str
    pattern: str
    git: Taken
    first: Taken
    second: Taken
    everything: Taken
    """A further search of outputs and metadata as well."""

    @property
    def ratio(self) -> float:
        """How many times less CPU the second search takes than git."""
        return self.git.cpu / self.second.cpu


def into_git(todo: Sequence[History], repository: Path) -> None:
    """Make a repository with a commit for each version."""
    subprocess.run(["git", "init", "-q", "--bare", str(repository)], check=True)
    stream = subprocess.Popen(["git", "-C", str(repository), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    pipe = stream.stdin
    if pipe is None:
        raise RuntimeError("git fast-import has no input")
    when = 1_600_000_000
    for number, history in enumerate(todo):
        for file in history.files:
            when += 60
            data = file.read_bytes()
            pipe.write(
                f"commit refs/heads/main\ncommitter A <a@example.org> {when} +0000\ndata 4\nsave\n"
                f"M 100644 inline {number}.ipynb\ndata {len(data)}\n".encode()
            )
            pipe.write(data + b"\n")
    pipe.close()
    if stream.wait():
        raise RuntimeError("git fast-import failed")
    subprocess.run(["git", "-C", str(repository), "gc", "-q"], check=True)


def run(command: Sequence[str], environment: dict[str, str]) -> Taken:
    """Run a process to its end; what it writes is counted and dropped."""
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=False)
    wall, after = time.perf_counter() - start, os.times()
    if done.returncode > 1:  # 1: nothing was found
        raise RuntimeError(f"{command[0]} failed")
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return Taken(wall, cpu, done.stdout.count(b"\n"))


class Searches:
    """The same searches with both tools."""

    def __init__(self, url: str, repository: Path, scratch: Path, rounds: int) -> None:
        self._url = url
        self._repository = repository
        self._rounds = rounds
        self._environment = {"XDG_CACHE_HOME": str(scratch / "cache"), "PYTHONPATH": str(Path(__file__).parents[1])}

    def row(self, name: str, pattern: str) -> Row:
        """Search for one pattern, in turns."""
        first = self._ours(pattern, "--reindex")
        gits, seconds, everythings = [], [], []
        self._ours(pattern, *_EVERY_LAYER)
        for _ in range(self._rounds):
            gits.append(self._git(pattern))
            seconds.append(self._ours(pattern))
            everythings.append(self._ours(pattern, *_EVERY_LAYER))
        return Row(name, pattern, _median(gits), first, _median(seconds), _median(everythings))

    def index_bytes(self) -> int:
        """Size of the index, all layers in it."""
        cache = Path(self._environment["XDG_CACHE_HOME"]) / "depository"
        return sum(file.stat().st_size for file in cache.iterdir())

    def _git(self, pattern: str) -> Taken:
        return run(["git", "-C", str(self._repository), "log", "--all", "--oneline", "-G", pattern], {})

    def _ours(self, pattern: str, *options: str) -> Taken:
        start = [sys.executable, "-c", "from depository.cli import main; main()", "--depository", self._url]
        return run([*start, "grep", "--all-versions", *options, pattern, ":/"], self._environment)


def _median(taken: Sequence[Taken]) -> Taken:
    return Taken(*(statistics.median(values) for values in zip(*taken, strict=True)))


def _seconds(taken: Taken) -> str:
    return f"{taken.cpu:.2f} ({taken.wall:.2f})"


def report(rows: Sequence[Row], index_bytes: int) -> Iterator[str]:
    """The result as people read it."""
    yield "seconds of CPU, and in brackets those that went by"
    yield ""
    yield "| pattern | `git log -G` | first search | second search | times faster | with outputs and metadata |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for row in rows:
        cells = map(_seconds, (row.git, row.first, row.second))
        yield f"| {row.name}: `{row.pattern}` | {' | '.join(cells)} | {row.ratio:.1f} | {_seconds(row.everything)} |"
    yield ""
    yield f"Index, all layers: {index_bytes:,} bytes."


def main() -> int:
    """Run from the command line; 1 if the second searches are not ten times faster than git at the median."""
    parser = argparse.ArgumentParser(prog="scripts/grep-times", description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=Path, help="notebooks and histories of notebooks")
    parser.add_argument("--depository", metavar="URL", help="one that holds them already")
    parser.add_argument("--git", type=Path, metavar="DIR", help="a repository that holds them, or is made here")
    parser.add_argument(
        "--pattern", action="append", metavar="REGEX", help="search for this, and not for the usual ones"
    )
    parser.add_argument("--rounds", type=int, default=1, help="of which the median counts (default: 1)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    todo = histories(options.directory) if options.directory.is_dir() else []
    if not todo:
        parser.error(f"there are no notebooks in {options.directory}")
    with tempfile.TemporaryDirectory(prefix="depository-grep-") as name:
        scratch = Path(name)
        url = options.depository or str(scratch / "store")
        if not options.depository:
            with Depository.create(url) as depository:
                archive(depository, todo, lambda: None)
        repository = options.git or scratch / "git"
        if not repository.exists():
            into_git(todo, repository)
        searches = Searches(url, repository, scratch, options.rounds)
        patterns = dict(zip(options.pattern, options.pattern, strict=True)) if options.pattern else PATTERNS
        rows = [searches.row(name, pattern) for name, pattern in patterns.items()]
        size = searches.index_bytes()
    if options.json:
        print(json.dumps({"rows": [row._asdict() for row in rows], "index_bytes": size}, indent=2))
    else:
        print("\n".join(report(rows, size)))
    return 0 if statistics.median(row.ratio for row in rows) >= _AIM else 1


if __name__ == "__main__":
    sys.exit(main())
