"""What changed between two texts, line by line."""

from typing import Literal, NamedTuple

from depository.diff.sequences import Effort, common

Tag = Literal[" ", "-", "+"]
Span = tuple[int, int]
"""From one character of a line up to another, that one not included."""


class HunkLine(NamedTuple):
    """A line of a hunk: kept, gone or new."""

    tag: Tag
    text: str
    marks: tuple[Span, ...] = ()
    """Of a line that became another: which parts of it differ; empty where all of it does."""


class Hunk(NamedTuple):
    """A run of changed lines with the unchanged ones around it."""

    old_start: int
    """Its first line in the old text, from 1."""
    new_start: int
    lines: tuple[HunkLine, ...]


def lines(old: str, new: str, context: int = 3, effort: Effort | None = None) -> tuple[Hunk, ...]:
    """Compare two texts line by line.

    Args:
        old: the text before.
        new: the text after.
        context: how many unchanged lines to keep around changed ones.
        effort: the work that may be done; a new default one if None.
    """
    before, after = _split_lines(old, new)
    runs = common(before, after, effort or Effort())
    context = max(context, 0)
    hunks: list[Hunk] = []
    kept: list[HunkLine] = []
    start = (0, 0)
    i = j = 0
    for run_i, run_j, length in [*runs, (len(before), len(after), 0)]:
        if run_i > i or run_j > j:
            if not kept:
                lead = min(context, i)
                start = (i - lead, j - lead)
                kept = [HunkLine(" ", line) for line in before[i - lead : i]]
            kept += [HunkLine("-", line) for line in before[i:run_i]]
            kept += [HunkLine("+", line) for line in after[j:run_j]]
        i, j = run_i + length, run_j + length
        if kept:
            ends = length > 2 * context or (i, j) == (len(before), len(after))
            kept += [HunkLine(" ", line) for line in before[run_i : run_i + min(length, context) if ends else i]]
            if ends:
                hunks.append(Hunk(start[0] + 1, start[1] + 1, tuple(kept)))
                kept = []
    return tuple(hunks)


def _split_lines(old: str, new: str) -> tuple[list[str], list[str]]:
    before = old.split("\n") if old else []
    after = new.split("\n") if new else []
    # the end of a last line is no line of its own, unless only one side has it
    if before and after and not before[-1] and not after[-1]:
        return before[:-1], after[:-1]
    return before, after
