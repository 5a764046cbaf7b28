"""Which cell of the version before each cell of a version came from, and which of its lines.

What became of a cell is decided as a difference decides it; on top of that, a cell that has no past of its own but
says, word for word, what another one said is a copy of that.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from depository.diff import splits
from depository.diff.pairing import align, content_of_cell
from depository.diff.sequences import Effort, common
from depository.notebook.cells import Cell

How = Literal["same", "changed", "split", "merged", "copied", "created"]

_SHORTEST = 40
"""Characters of a source that says enough to know it again elsewhere."""
_FEWEST_LINES = 3
"""Of a source that does nothing but import."""


class Parentage(NamedTuple):
    """Where a cell came from."""

    how: How
    """``same`` where neither kind, source nor attachments changed, wherever it stood; ``split`` where it was a part of
    another cell, which lives on."""
    cells: tuple[int, ...] = ()
    """The indexes of the cells that it was, the one whose trail goes on first; none where it was created."""


CREATED = Parentage("created")


def follow(old: Sequence[Cell], new: Sequence[Cell], effort: Effort | None = None) -> list[Parentage]:
    """Where each cell of the new version came from.

    Args:
        old: the cells before; of their outputs and metadata nothing is asked.
        new: the cells now.
        effort: the work that may be done; a new default one if None.
    """
    head = _equal_cells(old, new)
    tail = _equal_cells(old[head:][::-1], new[head:][::-1])
    stop_old, stop_new = len(old) - tail, len(new) - tail
    found = [Parentage("same", (i,)) for i in range(head)]
    found += _follow_between(old, new, head, stop_old, stop_new, effort or Effort())
    return found + [Parentage("same", (stop_old + i,)) for i in range(tail)]


def _equal_cells(old: Sequence[Cell], new: Sequence[Cell]) -> int:
    count = 0
    for before, after in zip(old, new, strict=False):
        if before.source != after.source or before.id != after.id or not is_same(before, after):
            break
        count += 1
    return count


def is_same(old: Cell, new: Cell) -> bool:
    """Whether nothing that a person wrote is different in two cells."""
    return content_of_cell(old) == content_of_cell(new) and old.attachments == new.attachments


def _follow_between(
    old: Sequence[Cell], new: Sequence[Cell], start: int, stop_old: int, stop_new: int, effort: Effort
) -> list[Parentage]:
    """Follow cells between those that stand equal at the top and at the end."""
    before = [replace(cell, index=index) for index, cell in enumerate(old[start:stop_old])]
    after = [replace(cell, index=index) for index, cell in enumerate(new[start:stop_new])]
    if not after:
        return []
    parts = splits.find(before, after, align(before, after, effort), effort)
    merged: dict[int, list[int]] = {}
    for i, j in parts.merged.items():
        merged.setdefault(j, []).append(i)
    partner = {j: i for i, j, _ in parts.pairs}
    originals: dict[tuple[str, str], int] | None = None
    found = []
    for j, cell in enumerate(after):
        own = partner.get(j)
        if own is not None and j in merged:
            one = Parentage("merged", (own, *sorted(merged[j])))
        elif own is not None:
            one = Parentage("same" if is_same(before[own], cell) else "changed", (own,))
        elif j in parts.split:
            one = Parentage("split", (parts.split[j],))
        else:
            one = CREATED
        if one is not CREATED:
            found.append(Parentage(one.how, tuple(start + i for i in one.cells)))
            continue
        if originals is None:
            originals = {content_of_cell(old[i]): i for i in range(len(old) - 1, -1, -1)}
        original = originals.get(content_of_cell(cell)) if says_enough(cell.source) else None
        found.append(CREATED if original is None else Parentage("copied", (original,)))
    return found


def says_enough(source: str) -> bool:
    """Whether a source can be known again elsewhere: it is not so short, nor so common, that many would write it."""
    lines = [line for line in source.splitlines() if line.strip()]
    if len(source.strip()) < _SHORTEST:
        return False
    return len(lines) >= _FEWEST_LINES or not all(line.startswith(("import ", "from ")) for line in lines)


# Lines


def lines_of(source: str) -> list[str]:
    """The lines of a source without their ends; the end of the last one is no line of its own."""
    lines = source.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def kept_lines(old: Sequence[str], new: Sequence[str], effort: Effort) -> dict[int, int]:
    """The new lines that were there before, and which of the old ones they were, both counted from 0."""
    return {j + k: i + k for i, j, length in common(old, new, effort) for k in range(length)}
