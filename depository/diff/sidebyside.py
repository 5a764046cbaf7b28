"""The lines of a difference laid out in two columns, the old text on the left and the new one on the right."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

from depository.diff.sequences import Effort
from depository.diff.words import pair_lines
from depository.notebook.text import Line, Run

NARROWEST = 40
"""Columns of a terminal; on a narrower one the lines get wider than it."""
_BETWEEN = " │ "
_SIGN = 2
_TAB = 4
_TOO_FAR = 0.7
"""Which part of a piece is kept together, whatever blank is in it."""

Measure = Callable[[str], int]
"""How many columns of a terminal a text takes."""


def side_by_side(lines: Iterable[Line], columns: int, measure: Measure = len) -> Iterator[Line]:
    """Lay out lines in two columns. What has no sides, such as a header, goes across both.

    Args:
        lines: as `rendering.render_diff` gives them.
        columns: how wide a line is to be. What is longer goes on in the next one; nothing is cut.
        measure: how wide a text is.
    """
    layout = _Layout((max(columns, NARROWEST) - len(_BETWEEN)) // 2, measure)
    removed: list[Line] = []
    added: list[Line] = []
    for line in lines:
        if line.role == "removed" and not added:
            removed.append(line)
        elif line.role == "added":
            added.append(line)
        else:
            yield from layout.rows(removed, added)
            removed, added = [line] if line.role == "removed" else [], []
            if line.role == "context":
                yield from layout.row(line, line)
            elif line.role != "removed":
                yield line
    yield from layout.rows(removed, added)


class _Layout:
    def __init__(self, width: int, measure: Measure) -> None:
        self._width = width
        self._measure = measure
        self._effort = Effort()

    def rows(self, removed: Sequence[Line], added: Sequence[Line]) -> Iterator[Line]:
        """Lines that went beside those that came; those that became one another in one row."""
        pairs = self._pairs(removed, added)
        i = j = 0
        for next_i, next_j in [*pairs, (len(removed), len(added))]:
            for old, new in zip_longest(removed[i:next_i], added[j:next_j]):
                yield from self.row(old, new)
            if next_i < len(removed) and next_j < len(added):
                yield from self.row(removed[next_i], added[next_j])
            i, j = next_i + 1, next_j + 1

    def _pairs(self, removed: Sequence[Line], added: Sequence[Line]) -> list[tuple[int, int]]:
        pairs = pair_lines([line.text[_SIGN:] for line in removed], [line.text[_SIGN:] for line in added], self._effort)
        # rows of a table were paired by their columns, and that shows by their marks
        marked = [
            [k for k, line in enumerate(side) if any(run.marked for run in line.runs)] for side in (removed, added)
        ]
        olds, news = {i for i, _ in pairs}, {j for _, j in pairs}
        if len(marked[0]) == len(marked[1]) and not (olds.issuperset(marked[0]) and news.issuperset(marked[1])):
            return list(zip(*marked, strict=True))
        return pairs

    def row(self, old: Line | None, new: Line | None) -> Iterator[Line]:
        """A line of each side, or of one, on as many lines as the longer one needs."""
        sides = zip_longest(*(self._wrapped(line) if line else [] for line in (old, new)))
        for left, right in sides:
            pad = Run(" " * (self._width - self._measure_of(left or ())))
            runs = [run for run in (*(left or ()), pad, Run(_BETWEEN, "divider"), *(right or ())) if run.text]
            text = "".join(run.text for run in runs)
            yield Line("context", text.rstrip(), _stripped(runs, len(text) - len(text.rstrip())))

    def _wrapped(self, line: Line) -> Iterator[list[Run]]:
        """The pieces of a line, one below the other."""
        sign, *rest = line.runs or (Run(line.text[:_SIGN]), Run(line.text[_SIGN:]))
        runs = [run._replace(text=run.text.expandtabs(_TAB)) for run in rest]
        ends = iter(self._ends("".join(run.text for run in runs)))
        piece, place, end = [sign], 0, next(ends)
        for run in runs:
            start = 0
            while place + len(run.text) - start > end:
                piece.append(run._replace(text=run.text[start : start + end - place]))
                # a blank at the end of a piece is there, and not seen
                yield list(_stripped(piece, 1)) if self._measure_of(piece) > self._width else piece
                start += end - place
                piece, place, end = [Run(" " * _SIGN)], end, next(ends)
            piece.append(run._replace(text=run.text[start:]))
            place += len(run.text) - start
        yield piece

    def _measure_of(self, piece: Sequence[Run]) -> int:
        return sum(self._measure(run.text) for run in piece)

    def _ends(self, text: str) -> Iterator[int]:
        """Where each piece of a text ends: after a blank if there is one not too far back."""
        room, start = self._width - _SIGN, 0
        while self._measure(text[start:]) > room:
            end = start + self._fitting(text, start, room)
            blank = text.rfind(" ", start, end + 1) + 1
            if blank > start + (end - start) * _TOO_FAR:
                end = blank
            yield end
            start = end
        yield len(text)

    def _fitting(self, text: str, start: int, room: int) -> int:
        """How many characters fit, from one on."""
        used = 0
        for count, character in enumerate(text[start : start + room]):
            used += self._measure(character)
            if used > room:
                return count
        return room


def _stripped(runs: list[Run], blanks: int) -> tuple[Run, ...]:
    """Runs without so many blanks at their end."""
    kept = list(runs)
    while blanks and kept:
        last = kept.pop()
        if len(last.text) > blanks:
            kept.append(last._replace(text=last.text[: len(last.text) - blanks]))
            break
        blanks -= len(last.text)
    return tuple(kept)
