"""Cells that were split into several, or merged into one.

An old cell was split where new cells without a partner, next to the one that is paired with it, have the words that
are missing there, in its order. Merging is the same seen from the other side.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from depository.diff.pairing import WORD, Pairing, is_second, sort_of_cell, with_moves
from depository.diff.sequences import Effort, common
from depository.notebook.cells import Cell

_PART = 0.7
"""How much of a part must come from the whole and stand nowhere else in it now, in words."""
_PART_OF_OTHER_KIND = 0.9
"""The same where a comment became Markdown."""
_WHOLE = 0.6
"""How much of a whole that has no partner must be found in its parts."""
_FEW_WORDS = 8
"""A part of fewer words must consist of lines of the whole."""
_MOST_PARTS = 50
"""How many cells are looked at on each side of a partner."""


class Parts(NamedTuple):
    """Which cell became which, and which are parts of others."""

    pairs: list[Pairing]
    """A cell that was split, or merged from others, is paired with the part that has its id, or else most of it."""
    split: dict[int, int]
    """Of each new cell that was a part of an old one, both indexes."""
    merged: dict[int, int]
    """Of each old cell that is a part of a new one, both indexes."""


def find(old: Sequence[Cell], new: Sequence[Cell], pairs: list[Pairing], effort: Effort) -> Parts:
    """Find the cells that were split or merged, given which cell became which.

    Which notebook is called the old one does not change what is found.
    """
    if is_second(old, new):
        swapped = [(j, i, moved) for i, j, moved in pairs]
        back = _find_in_one_way(new, old, swapped, effort)
        return Parts(sorted(((i, j, moved) for j, i, moved in back.pairs), key=_new), back.merged, back.split)
    return _find_in_one_way(old, new, pairs, effort)


def _new(pairing: Pairing) -> int:
    return pairing[1]


def _find_in_one_way(old: Sequence[Cell], new: Sequence[Cell], pairs: list[Pairing], effort: Effort) -> Parts:
    splits = _Search(old, new, {i: j for i, j, _ in pairs}, effort)
    splits.run(set())
    back = {j: i for i, j in splits.partner.items()}
    merges = _Search(new, old, back, effort)
    merges.run({*splits.parts, *(splits.partner[i] for i in splits.parts.values())})
    if not splits.parts and not merges.parts:
        return Parts(pairs, {}, {})
    return Parts(with_moves({i: j for j, i in merges.partner.items()}), splits.parts, merges.parts)


class _Whole(NamedTuple):
    """A cell that may have been split."""

    cell: Cell
    words: list[str]
    known: Counter[str]
    lines: set[str]


class _Search:
    """Looks for the parts of cells of one notebook among the cells of another."""

    def __init__(self, wholes: Sequence[Cell], cells: Sequence[Cell], partner: dict[int, int], effort: Effort) -> None:
        self.wholes = wholes
        self.cells = cells
        self.partner = partner
        self.parts: dict[int, int] = {}
        self._taken = set(partner.values())
        self._effort = effort
        self._words_of: dict[int, list[str]] = {}

    def run(self, unless: set[int]) -> None:
        """Look at each whole but those named."""
        if len(self._taken) == len(self.cells):
            return
        stayed = [(i, j) for i, j, moved in with_moves(self.partner) if not moved]
        wholes, places = [i for i, _ in stayed], [j for _, j in stayed]
        for cell in self.wholes:
            if cell.index in unless or not cell.source.strip():
                continue
            own = self.partner.get(cell.index)
            if own is None:
                gap = bisect_left(wholes, cell.index)
                self._settle(cell, [], own, self._beside(places[gap - 1] if gap else -1, 1))
            elif cell.source != self.cells[own].source:
                self._settle(cell, self._beside(own, -1), own, self._beside(own, 1))

    def _beside(self, place: int, step: int) -> list[int]:
        """The cells from a place on that have no partner, up to the first that has one."""
        stop = min(max(place + step * (_MOST_PARTS + 1), -1), len(self.cells))
        alone = takewhile(lambda j: j not in self._taken, range(place + step, stop, step))
        return [j for j in alone if self.cells[j].source.strip()]

    def _settle(self, cell: Cell, before: list[int], own: int | None, after: list[int]) -> None:
        before, after = (
            [j for j in side if len(self.cells[j].source) <= 2 * len(cell.source)] for side in (before, after)
        )
        size = len(cell.source) + sum(len(self.cells[j].source) for j in (*before, *after))
        if len(before) + len(after) + (own is not None) < 2 or not self._effort.spend(size // 4):
            return
        words = WORD.findall(cell.source)
        whole = _Whole(cell, words, Counter(words), _lines(cell))
        if own is None:
            chosen = self._parts_alone(whole, after)
        else:
            near, far = self._next_parts(whole, before)[::-1], self._next_parts(whole, after)
            choices: tuple[tuple[list[int], list[int]], ...] = ((near, far), (near, []), ([], far))
            chosen = next((found for choice in choices if (found := self._parts_beside(whole, own, *choice))), {})
        if chosen:
            best = max(chosen, key=lambda j: (*self._belongs(cell, self.cells[j]), chosen[j], j == own, -j))
            self.partner[cell.index] = best
            self.parts |= {j: cell.index for j in chosen if j != best}
            self._taken |= set(chosen)

    def _belongs(self, whole: Cell, part: Cell) -> tuple[bool, bool]:
        """What counts for more than the size of a part."""
        return bool(whole.id) and whole.id == part.id, sort_of_cell(whole) == sort_of_cell(part)

    def _next_parts(self, whole: _Whole, beside: list[int]) -> list[int]:
        found: list[int] = []
        for j in beside:
            if self._may_be_part(whole, j):
                found.append(j)
            elif sort_of_cell(self.cells[j]) == sort_of_cell(whole.cell):
                break
            # else a new heading between two parts of code
        return found

    def _may_be_part(self, whole: _Whole, j: int) -> bool:
        cell, words = self.cells[j], self._words(j)
        if len(words) < _FEW_WORDS and not _lines(cell) <= whole.lines:
            return False
        least = _PART if sort_of_cell(cell) == sort_of_cell(whole.cell) else _PART_OF_OTHER_KIND
        return (Counter(words) & whole.known).total() >= least * len(words) > 0

    def _parts_beside(self, whole: _Whole, own: int, before: list[int], after: list[int]) -> dict[int, int]:
        """How many words of the whole each part has, the partner among them, if all other parts have what it lacks."""
        if not before and not after:
            return {}
        shared = self._shared(whole, [*before, own, *after])
        others = [j for j in shared if j != own]
        each = all(shared[j] >= _PART * len(self._words(j)) for j in others)
        gain = sum(shared.values()) - self._shared(whole, [own])[own] if each else 0
        return shared if gain >= _PART * sum(len(self._words(j)) for j in others) else {}

    def _parts_alone(self, whole: _Whole, beside: list[int]) -> dict[int, int]:
        """The same of a whole without a partner."""
        candidates = [j for j in beside if self._may_be_part(whole, j)]
        if len(candidates) < 2:
            return {}
        shared = self._shared(whole, candidates)
        parts = {j: count for j, count in shared.items() if count >= _PART * len(self._words(j))}
        return parts if len(parts) > 1 and sum(parts.values()) >= _WHOLE * len(whole.words) else {}

    def _shared(self, whole: _Whole, parts: Sequence[int]) -> dict[int, int]:
        """How many words of a whole each of some cells has, one after the other in its order."""
        joined = [(word, j) for j in parts for word in self._words(j)]
        found = Counter[int]()
        for _, start, length in common(whole.words, [word for word, _ in joined], self._effort):
            found.update(j for _, j in joined[start : start + length])
        return {j: found[j] for j in parts}

    def _words(self, j: int) -> list[str]:
        if j not in self._words_of:
            self._words_of[j] = WORD.findall(self.cells[j].source)
        return self._words_of[j]


def _lines(cell: Cell) -> set[str]:
    """The lines of a cell without what makes a comment or a heading of them."""
    return {line.strip(" \t#*") for line in cell.source.splitlines()} - {""}
