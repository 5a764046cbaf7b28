"""Count the requests and the CPU time that it takes to find out when the cells of a notebook changed.

The histories are of 100 and of 1,000 versions of a notebook of 50 cells, each with one edit of a line, a cell, an id
or the order, or run again only. Or of the files of a directory, in the order of their names.
"""

import argparse
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from depository import Depository
from depository.backends.base import Backend
from depository.backends.local import LocalBackend
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering

PATH = "kylek/notebooks/mine.ipynb"
CELLS = 50
SHARE_OF_RUNS = 0.5
"""Of the versions, those that change outputs alone."""
_PLOT_BYTES = 24_000
_EVERY_PLOT = 10


class Editor:
    """Writes a notebook, and edits it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._named = 0
        self._cells = [self._cell(number) for number in range(CELLS)]

    def versions(self) -> Iterator[dict[str, Any]]:
        """One version after the other, without end."""
        while True:
            yield {"cells": [dict(cell) for cell in self._cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            if self._random.random() < SHARE_OF_RUNS:
                self._run()
            else:
                self._edit()

    def _line(self) -> str:
        names = ["estimate", "sample", "prior", "table", "column", "residual", "mean", "draw", "chain", "width"]
        first, second, third, fourth = self._random.choices(names, k=4)
        name = f"{first}_{self._random.randrange(10_000)}"
        return f"{name} = {second}({third}, {fourth}={self._random.random():.4f})"

    def _cell(self, number: int) -> dict[str, Any]:
        self._named += 1
        lines = [self._line() for _ in range(self._random.randint(3, 12))]
        return {
            "cell_type": "code",
            "execution_count": number,
            "id": f"cell-{self._named}",
            "metadata": {},
            "outputs": self._outputs(number),
            "source": "\n".join(lines),
        }

    def _outputs(self, number: int) -> list[dict[str, Any]]:
        if number % _EVERY_PLOT == 0:
            image = b64encode(self._random.randbytes(_PLOT_BYTES)).decode()
            return [{"output_type": "display_data", "metadata": {}, "data": {"image/png": image}}]
        text = "".join(f"{self._random.random():.6f}\n" for _ in range(8))
        return [{"output_type": "stream", "name": "stdout", "text": text}]

    def _run(self) -> None:
        place = self._random.randrange(CELLS - 5)
        for number in range(place, place + 5):
            self._cells[number] = {**self._cells[number], "outputs": self._outputs(number)}

    def _edit(self) -> None:
        place = self._random.randrange(CELLS)
        cell = self._cells[place]
        match self._random.choice(("line", "line", "line", "line", "cell", "id", "move")):
            case "line":
                lines = cell["source"].split("\n")
                lines[self._random.randrange(len(lines))] = self._line()
                self._cells[place] = {**cell, "source": "\n".join(lines)}
            case "cell":
                self._cells[place] = self._cell(place)
            case "id":
                self._named += 1
                self._cells[place] = {**cell, "id": f"cell-{self._named}"}
            case _:
                self._cells.insert(self._random.randrange(CELLS), self._cells.pop(place))


class Cost(NamedTuple):
    """What a call took."""

    requests: int
    bytes_in: int
    cpu: float
    """In seconds."""
    result: int
    """How many cells or steps were found."""


def questions(path: str) -> dict[str, Callable[[Depository], int]]:
    """What is asked of a notebook's history."""
    return {
        "log": lambda depo: sum(1 for _ in depo.log(path)),
        "blame": lambda depo: len(depo.blame(path)),
        "blame, lines": lambda depo: len(depo.blame(path, lines=True)),
        "blame, one cell": lambda depo: len(depo.blame(path, cell=1, lines=True)),
        "log of a cell": lambda depo: sum(1 for _ in depo.trace(path, 1)),
        "log of its outputs": lambda depo: sum(1 for _ in depo.trace(path, 1, outputs=True)),
        "one load": lambda depo: len(depo.load(path)["cells"]),
    }


def measured(backend: Backend, question: Callable[[Depository], int]) -> Cost:
    """Ask as a new process would, with nothing in memory."""
    meter = Metering(backend)
    depo = Depository(meter)
    start = time.process_time()
    result = question(depo)
    cpu = time.process_time() - start
    return Cost(len(meter.log), meter.counts.bytes_in, cpu, result)


def histories(lengths: list[int], directory: Path | None) -> Iterator[tuple[str, list[Any]]]:
    """Each with a name."""
    if directory is not None:
        files = sorted(directory.glob("*.ipynb"))
        yield f"{directory.name} ({len(files)} files)", [file.read_bytes() for file in files]
        return
    for length in lengths:
        editor = Editor(Random(length))  # noqa: S311 - the same notebook each time
        yield f"{length:,} versions", list(islice(editor.versions(), length))


def show(name: str, place: str, backend: Backend, versions: list[Any]) -> None:
    """Print a table for one history in one kind of store."""
    Depository.adopt(backend, materialize=())
    depo = Depository(backend, author="kylek")
    for number, version in enumerate(versions):
        depo.save(PATH, version, message=f"step {number}")
    history = list(depo.log(PATH))
    sources = sum(1 for version in history if version.change == "source")
    print(f"\n{name} in {place}: {len(history):,} versions, {sources:,} of them with a new source\n")
    print("| asked | found | requests | KiB read | CPU, ms | requests a version | CPU a version, ms |")
    print("| --- |" + " ---: |" * 6)
    for asked, question in questions(PATH).items():
        runs = [measured(backend, question) for _ in range(3)]
        cost = min(runs, key=lambda one: one.cpu)
        per = (cost.requests / len(history), cost.cpu * 1000 / len(history))
        print(
            f"| {asked} | {cost.result:,} | {cost.requests:,} | {cost.bytes_in // 1024:,} | {cost.cpu * 1000:,.0f} "
            f"| {per[0]:.2f} | {per[1]:.2f} |"
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/blame-cost", description=__doc__)
    parser.add_argument("lengths", type=int, nargs="*", default=[100, 1000], help="lengths of the histories")
    parser.add_argument("--directory", type=Path, help="take the versions of a notebook from the files of a directory")
    given = parser.parse_args()
    for name, versions in histories(given.lengths, given.directory):
        show(name, "memory", MemoryBackend(), versions)
        with tempfile.TemporaryDirectory() as directory, LocalBackend(directory) as backend:
            show(name, "a directory", backend, versions)


if __name__ == "__main__":
    main()
