"""Two or three contents compared: what `diff` shows in one form or another."""

from typing import Any, NamedTuple

from depository.cli.contents import Side
from depository.diff.compare import NotebookDiff
from depository.diff.compare import diff as compare
from depository.diff.texts import Hunk, lines

_NO_CELLS: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Choice(NamedTuple):
    """What of notebooks is compared."""

    outputs: bool = True
    metadata: bool = False
    execution_counts: bool = False


class Compared(NamedTuple):
    """Two sides, and what changed from one to the other."""

    old: Side
    new: Side
    notebooks: NotebookDiff | None
    """None where either side is no notebook."""
    texts: tuple[str, str]
    """Both as text then."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed of what was compared."""
        return self.notebooks.is_empty if self.notebooks else self.old.data == self.new.data

    def hunks(self, context: int) -> tuple[Hunk, ...]:
        """What changed in what is no notebook, as text."""
        return lines(*self.texts, context)


def compare_sides(old: Side, new: Side, choice: Choice) -> Compared:
    """Compare two sides: as notebooks, if they are such."""
    # an empty file, as git has one for what is not there, is a notebook without cells
    old, new = _without_cells(old, new), _without_cells(new, old)
    if old.notebook is not None and new.notebook is not None:
        return Compared(old, new, compare(old.notebook, new.notebook, **choice._asdict()), ("", ""))
    sides = [side._replace(notebook=None, data=_as_bytes(side)) for side in (old, new)]
    texts = (sides[0].data.decode(errors="replace"), sides[1].data.decode(errors="replace"))
    return Compared(sides[0], sides[1], None, texts)


def _without_cells(side: Side, other: Side) -> Side:
    if side.notebook is not None or side.data or other.notebook is None:
        return side
    numbers = {key: value for key, value in other.notebook.items() if key in {"nbformat", "nbformat_minor"}}
    return side._replace(notebook={**_NO_CELLS, **numbers})


def _as_bytes(side: Side) -> bytes:
    if side.notebook is None or side.data:
        return side.data
    import json

    return (json.dumps(side.notebook, indent=1, sort_keys=True) + "\n").encode(errors="replace")
