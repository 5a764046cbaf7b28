"""Section ``diff``: `depository diff` and `nbdiff` on pairs of real notebooks."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import diff_times

from benchmarks import machine
from benchmarks.results import Cell, Figure, Row, Section, Table

OURS, NBDIFF, FLOOR = "depository diff", "nbdiff", "reading both with `json`"
_PATIENCE = 120.0
_KINDS = ("near", "far")


class Size(NamedTuple):
    """How much is done at one size."""

    name: str
    bytes: int
    histories: int
    rounds: int


_SIZES = (Size("50 KB", 50_000, 3, 5), Size("1.4 MB", 1_400_000, 2, 3), Size("4 MB", 4_000_000, 1, 1))
_QUICK = (Size("50 KB", 50_000, 1, 2),)


def run(directory: Path, scratch: Path, *, quick: bool) -> Section:
    """Compare the commands at every size."""
    found = diff_times.histories([directory])
    has_nbdime = machine.has("nbdime")
    columns: dict[str, dict[str, Cell]] = {}
    late = False
    for size in _QUICK if quick else _SIZES:
        taken: dict[str, dict[str, list[float]]] = {kind: {} for kind in _KINDS}
        for files in diff_times.nearest(found, size.bytes, size.histories):
            for pair in diff_times.pairs(files, scratch):
                runs = diff_times.compared(pair, size.rounds, _PATIENCE, nbdiff=has_nbdime)
                late = late or not all(one.ended for one in runs["nbdiff"])
                for tool, name in (("ours", OURS), ("nbdiff", NBDIFF), ("floor", FLOOR)):
                    if runs[tool]:
                        middle = statistics.median(one.cpu for one in runs[tool])
                        taken[pair.kind].setdefault(name, []).append(middle)
        for kind, tools in taken.items():
            if tools:
                columns[f"{size.name}, {kind}"] = {name: Figure.of(values, 1000) for name, values in tools.items()}
    missing = [] if has_nbdime else ["nbdiff: nbdime could not be installed."]
    if late:
        missing.append(
            f"nbdiff was given up after {_PATIENCE:.0f} s somewhere, and counts with what it had taken then."
        )
    return Section("diff", "Diff", _TEXT, (_table(columns, (OURS, NBDIFF, FLOOR)),), (), (), tuple(missing))


def _table(columns: dict[str, dict[str, Cell]], names: Sequence[str]) -> Table:
    rows = tuple(
        Row(name, tuple(tools.get(name) for tools in columns.values()), is_peer=name == NBDIFF) for name in names
    )
    return Table("diff", "CPU of a difference", "command", tuple(columns), rows, "ms", OURS)


_TEXT = (
    "Pairs of versions of real notebooks that have about the size. Near is a version and the same with a "
    "line more in one cell; far is the oldest and the newest version. Whole processes that write into a "
    "pipe, in turns; each figure is the median of the pairs' medians, with the quartiles of those."
)
