"""Count the requests of each operation at a history of 1, 1,000 and 100,000 versions, all of them really saved."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import click

from depository import Depository, Draft
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering

PATH = "kylek/notebooks/mine.ipynb"
OTHERS = 2499
"""Notebooks beside it, so that a listing takes three requests."""
BURST = 20
"""Drafts that are saved at once."""

_PAGE_KIND = b"\x03"


def notebook(number: int) -> dict[str, Any]:
    """A small notebook, another one for each number."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": number,
                "metadata": {},
                "outputs": [{"name": "stdout", "output_type": "stream", "text": f"{number * number}\n"}],
                "source": f"n = {number}\nprint(n * n)",
            }
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


class Measurement:
    """One notebook whose history grows, in a store that counts."""

    def __init__(self) -> None:
        self._meter = Metering(MemoryBackend())
        Depository.adopt(self._meter, materialize=())
        self._writer = Depository(self._meter, author="kylek")
        for number in range(OTHERS):
            self._writer.save(f"others/{number}.ipynb", notebook(number))
        self.saved = 0
        self.largest_manifest = 0

    def save(self) -> None:
        """Save one more version."""
        self.saved += 1
        self._writer.save(PATH, notebook(self.saved), message=f"step {self.saved}")
        size = len(self._meter.backend.get(f"manifests/{PATH}", limit=1 << 20).data)
        self.largest_manifest = max(self.largest_manifest, size)

    def save_burst(self) -> None:
        """Save several more versions at once."""
        numbers = range(self.saved + 1, self.saved + 1 + BURST)
        self._writer.save_all(PATH, [Draft(notebook(number), message=f"step {number}") for number in numbers])
        self.saved += BURST

    def requests(self) -> Iterator[tuple[str, str]]:
        """What each operation asks of the store, the history being as long as it is."""
        newest = notebook(self.saved)
        yield "save, identical", self._count(lambda: self._writer.save(PATH, newest))
        yield "save, warm", self._count(self.save)
        yield f"save, warm, {BURST} at once", self._count(self.save_burst)
        yield "save, first of a process", self._count(lambda: self._fresh().save(PATH, notebook(-self.saved)))
        yield "log, newest page", self._count(lambda: next(self._fresh().log(PATH)))
        yield "load, newest", self._count(lambda: self._fresh().load(PATH))
        yield "load, v1", self._count(lambda: self._fresh().load(PATH, "v1"))
        yield f"ls of {OTHERS + 1:,}, names and times", self._count(lambda: list(self._fresh().ls()))
        yield "promote", self._count(lambda: self._fresh().promote(PATH, "latest", "published"))
        yield "rename", self._count(lambda: self._fresh().rename(PATH, "elsewhere.ipynb"))
        yield "rename, back", self._count(lambda: self._fresh().rename("elsewhere.ipynb", PATH))
        yield "delete", self._count(lambda: self._fresh().delete(PATH))
        yield "undelete", self._count(lambda: self._fresh().undelete(PATH))

    def _fresh(self) -> Depository:
        return Depository(self._meter, author="kylek")

    def _count(self, call: Callable[[], object]) -> str:
        self._meter.reset()
        call()
        counts: Counter[str] = Counter()
        for request in self._meter.log:
            sealed = request.operation == "put" and self._is_page(request.key)
            counts["page put" if sealed else request.operation] += 1
        return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "none"

    def _is_page(self, key: str) -> bool:
        if not key.startswith("objects/"):
            return False
        return self._meter.backend.get(key, limit=1 << 24).data[5:6] == _PAGE_KIND


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/budgets", description=__doc__)
    parser.add_argument("lengths", type=int, nargs="*", default=[1, 1000, 100_000], help="lengths of the history")
    lengths = sorted(parser.parse_args().lengths)
    measurement = Measurement()
    table: dict[str, list[str]] = {}
    with click.progressbar(length=lengths[-1], file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for length in lengths:
            while measurement.saved < length:
                measurement.save()
                bar.update(1)
            for operation, requests in measurement.requests():
                table.setdefault(operation, []).append(requests)
    print(f"| operation | {' | '.join(f'history of {length:,}' for length in lengths)} |")
    print(f"| --- |{' --- |' * len(lengths)}")
    for operation, cells in table.items():
        print(f"| {operation} | {' | '.join(cells)} |")
    print(f"\nthe largest manifest had {measurement.largest_manifest:,} bytes")


if __name__ == "__main__":
    main()
