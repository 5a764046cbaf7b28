"""What changed between two texts, line by line."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from depository.diff.sequences import Effort, common
from depository.diff.words import Span, marks, pair_lines

__all__ = ["MOST_LINES", "MOST_MARKED", "Hunk", "HunkLine", "Span", "Tag", "lines"]

MOST_LINES = 50_000
"""How many lines of a text that went or came are told of."""

MOST_MARKED = 1_000
"""How many of them are compared with one another to mark what differs within them."""

Tag = Literal[" ", "-", "+"]


class HunkLine(NamedTuple):
    """A line of a hunk: kept, gone or new."""

    tag: Tag
    text: str
    marks: tuple[Span, ...] = ()
    """Of a line that became another: which parts of it differ, in order. Empty where nearly all of it does, and where
    the line has nothing that the other lacks."""


class Hunk(NamedTuple):
    """A run of changed lines with the unchanged ones around it."""

    old_start: int
    """Its first line in the old text, from 1."""
    new_start: int
    lines: tuple[HunkLine, ...]
    more: int = 0
    """How many more lines went or came, in this hunk and behind it: `MOST_LINES` are told of at most."""


def lines(
    old: str, new: str, context: int = 3, effort: Effort | None = None, *, marked: bool = True
) -> tuple[Hunk, ...]:
    """Compare two texts line by line.

    Args:
        old: the text before.
        new: the text after.
        context: how many unchanged lines to keep around changed ones.
        effort: the work that may be done; a new default one if None.
        marked: whether to tell what differs within a line; without it the comparison is faster.
    """
    effort = effort or Effort()
    before, after = _split_lines(old, new)
    runs = common(before, after, effort)
    context = max(context, 0)
    hunks: list[Hunk] = []
    kept: list[HunkLine] = []
    start = (0, 0)
    room = MOST_LINES
    i = j = 0
    for run_i, run_j, length in [*runs, (len(before), len(after), 0)]:
        if changed := run_i - i + run_j - j:
            if not kept:
                lead = min(context, i)
                start = (i - lead, j - lead)
                kept = [HunkLine(" ", line) for line in before[i - lead : i]]
            removed = min(run_i - i, max(room // 2, room - (run_j - j)))
            added = min(run_j - j, room - removed)
            marking = max(MOST_MARKED - (MOST_LINES - room), 0) if marked else 0
            kept += _replaced(before[i : i + removed], after[j : j + added], marking, effort)
            if changed > room:
                same = sum(length for start, _, length in runs if start >= i)
                more = len(before) - i + len(after) - j - 2 * same - removed - added
                return (*hunks, Hunk(start[0] + 1, start[1] + 1, tuple(kept), more))
            room -= changed
        i, j = run_i + length, run_j + length
        if kept:
            ends = length > 2 * context or (i, j) == (len(before), len(after))
            kept += [HunkLine(" ", line) for line in before[run_i : run_i + min(length, context) if ends else i]]
            if ends:
                hunks.append(Hunk(start[0] + 1, start[1] + 1, tuple(kept)))
                kept = []
    return tuple(hunks)


def _replaced(removed: Sequence[str], added: Sequence[str], marking: int, effort: Effort) -> Iterator[HunkLine]:
    left: dict[int, tuple[Span, ...]] = {}
    right: dict[int, tuple[Span, ...]] = {}
    few = max(marking // 2, marking - len(removed), marking - len(added))
    for i, j in pair_lines(removed[:few], added[:few], effort):
        left[i], right[j] = map(tuple, marks(removed[i], added[j], effort))
    yield from (HunkLine("-", line, left.get(i, ())) for i, line in enumerate(removed))
    yield from (HunkLine("+", line, right.get(j, ())) for j, line in enumerate(added))


def _split_lines(old: str, new: str) -> tuple[list[str], list[str]]:
    before = old.split("\n") if old else []
    after = new.split("\n") if new else []
    # the end of a last line is no line of its own, unless one of two texts has it and the other has not
    ends = [not lines or not lines[-1] for lines in (before, after)]
    return (before[:-1], after[:-1]) if all(ends) else (before, after)
