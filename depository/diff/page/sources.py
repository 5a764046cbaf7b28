"""Texts side by side: line numbers, the syntax, and the parts of lines that differ.

Each block of changed lines is a grid: on a wide page the old lines stand on the left and the new ones on the right, on
a narrow one below each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from depository.diff.highlight import Run, plain
from depository.diff.page.limits import MAX_LINE, MAX_LINES, Room
from depository.diff.page.markup import Markup, div, element, joined, span, text
from depository.diff.sequences import Effort
from depository.diff.texts import Hunk, HunkLine, Span
from depository.diff.words import pair_lines
from depository.notebook.text import plural

_BEFORE_MARK = 60
"""How much of a cut line is shown before the part that differs."""
_MOST_ALIGNED = 500
"""Of how many changed lines in a row each is put beside what it became."""
_MAX_GAP = 500
"""How many unchanged lines in a row are there at all, folded."""
_CLASSES = {
    "keyword": "k",
    "builtin": "b",
    "function": "f",
    "class": "f",
    "string": "s",
    "number": "n",
    "comment": "c",
    "decorator": "d",
    "heading": "h",
    "emphasis": "e",
    "strong": "h",
    "error": "r",
}
"""Of the styles that look other than plain text."""

FULL = "The page is full: what is left of this is not shown."

Lines = Sequence[Sequence[Run]]
"""The runs of each line of a text."""


class Numbered(NamedTuple):
    """A line of a hunk with its place on either side, from 1."""

    line: HunkLine
    old: int
    new: int


class Boundary(NamedTuple):
    """Where another cell begins, on one side of a comparison of several with one."""

    line: int
    """Its first line, from 1."""
    label: str


def compared(
    hunks: Sequence[Hunk],
    room: Room,
    effort: Effort,
    *,
    old: Lines | None = None,
    new: Lines | None = None,
    boundaries: Sequence[Boundary] = (),
    split: bool = True,
) -> Markup:
    """Two texts, of which the parts that changed are shown.

    Args:
        hunks: what changed, as `texts.lines` tells it.
        room: what may still be put on the page.
        effort: the work that may be done to tell which line became which.
        old: the styles of all lines of the old text, if there are any; then what is between hunks is there too, folded.
        new: the same of the new text.
        boundaries: where cells begin that are now, or were, parts of one.
        split: whether these are boundaries of the new side.
    """
    shown = _Shown(room, effort, old, new)
    parts: list[Markup] = []
    waiting = list(boundaries)
    after = (1, 1)
    for hunk in hunks:
        parts += shown.gap(after, (hunk.old_start, hunk.new_start))
        lines = list(_numbered(hunk))
        for run in _runs(lines):
            for piece in _pieces(run, waiting, split=split):
                parts += [piece] if isinstance(piece, Markup) else shown.block(piece)
        after = (lines[-1].old, lines[-1].new)
        last = lines[-1].line.tag
        after = (after[0] + (last != "+"), after[1] + (last != "-"))
    left_out = sum(hunk.more for hunk in hunks)
    shown.leave_out(left_out)
    if old is not None and new is not None and hunks and not left_out:
        parts += shown.gap(after, (len(old) + 1, len(new) + 1))
    return div("code", *parts, *shown.rest())


def whole(lines: Lines, tag: str, room: Room, marks: Sequence[Boundary] = ()) -> Markup:
    """One text, all of which is old, new or neither: the tag is ``-``, ``+`` or a space."""
    starts = {mark.line: mark.label for mark in marks}
    parts: list[Markup] = []
    for number, runs in enumerate(lines[:MAX_LINES], 1):
        line = _line(HunkLine("+" if tag == "+" else "-" if tag == "-" else " ", ""), number, runs, 0)
        if not room.take(len(line)):
            parts.append(div("note", FULL))
            break
        if number in starts:
            parts.append(_boundary(starts[number]))
        parts.append(line)
    if len(lines) > MAX_LINES:
        parts.append(div("note", f"… {plural(len(lines) - MAX_LINES, 'more line')}"))
    return div("code one", *parts)


class _Shown:
    """What is shown of one comparison."""

    def __init__(self, room: Room, effort: Effort, old: Lines | None, new: Lines | None) -> None:
        self._room = room
        self._effort = effort
        self._old, self._new = old, new
        self._lines = MAX_LINES
        self._left_out = 0
        self._is_full = False

    def block(self, lines: Sequence[Numbered]) -> Iterator[Markup]:
        """A run of kept lines, or of removed ones and added ones."""
        for row in _aligned(lines, self._effort):
            found = list(self._rows(row))
            if found:
                yield div("rows", *found)

    def _rows(self, lines: Sequence[Numbered], *, is_gap: bool = False) -> Iterator[Markup]:
        start = _start(lines)
        for line, old, new in lines:
            if not self._lines or self._is_full:
                self._left_out += 1
                continue
            self._lines -= not is_gap
            number, styles = (new, self._new) if line.tag == "+" else (old, self._old)
            runs = styles[number - 1] if styles and number <= len(styles) else plain(line.text)[0]
            if line.tag == " ":
                shown = joined(_line(line, old, runs, 0, is_copy=True), _line(line, new, runs, 0))
            else:
                shown = _line(line, number, runs, start)
            if self._room.take(len(shown)):
                yield shown
            else:
                self._is_full = True

    def gap(self, after: tuple[int, int], before: tuple[int, int]) -> Iterator[Markup]:
        """The lines between two hunks, which are the same on both sides."""
        count = before[0] - after[0]
        if count <= 0 or self._is_full or not self._lines:
            return
        if self._old is None or count > _MAX_GAP:
            yield div("note", f"⋯ {plural(count, 'unchanged line')}")
            return
        kept = [HunkLine(" ", "".join(text for _, text in runs)) for runs in self._old[after[0] - 1 : before[0] - 1]]
        lines = [Numbered(line, after[0] + place, after[1] + place) for place, line in enumerate(kept)]
        summary = element("summary", f"⋯ {plural(count, 'unchanged line')}")
        yield element("details", summary, div("rows", *self._rows(lines, is_gap=True)), class_="gap")

    def leave_out(self, count: int) -> None:
        """Count lines that are known to be left out."""
        self._left_out += count

    def rest(self) -> Iterator[Markup]:
        """What is to be said below."""
        if self._is_full:
            yield div("note", FULL)
        elif self._left_out:
            yield div("note", f"… {plural(self._left_out, 'more line')} of this difference")


def _numbered(hunk: Hunk) -> Iterator[Numbered]:
    old, new = hunk.old_start, hunk.new_start
    for line in hunk.lines:
        yield Numbered(line, old, new)
        old += line.tag != "+"
        new += line.tag != "-"


def _runs(lines: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Kept lines, then changed ones, and so on."""
    for _, run in groupby(lines, lambda line: line.line.tag == " "):
        yield list(run)


def _pieces(run: list[Numbered], waiting: list[Boundary], *, split: bool) -> Iterator[list[Numbered] | Markup]:
    """A run in pieces, with the boundaries that lie in it or before it."""
    start = 0
    for place, (line, old, new) in enumerate(run):
        number, is_on_side = (new, line.tag != "-") if split else (old, line.tag != "+")
        while waiting and is_on_side and waiting[0].line <= number:
            if place > start:
                yield run[start:place]
            start = place
            yield _boundary(waiting.pop(0).label)
    yield run[start:]


def _boundary(label: str) -> Markup:
    return div("boundary", label)


def _aligned(lines: Sequence[Numbered], effort: Effort) -> Iterator[Sequence[Numbered]]:
    """Changed lines in groups, so that one that became another stands beside it."""
    removed = [line for line in lines if line.line.tag == "-"]
    added = [line for line in lines if line.line.tag == "+"]
    if not removed or not added:
        yield lines
        return
    i = j = 0
    before, after = ([line.line.text for line in side[:_MOST_ALIGNED]] for side in (removed, added))
    for to_i, to_j in pair_lines(before, after, effort):
        if to_i - i != to_j - j:
            if to_i > i or to_j > j:
                yield [*removed[i:to_i], *added[j:to_j]]
            i, j = to_i, to_j
    yield [*removed[i:], *added[j:]]


def _start(lines: Sequence[Numbered]) -> int:
    """From where on long lines are shown: so that a part that differs is seen."""
    found = [line.line for line in lines if line.line.tag != " "]
    if not any(len(line.text) > MAX_LINE for line in found):
        return 0
    first = min((line.marks[0][0] for line in found if line.marks), default=0)
    return max(first - _BEFORE_MARK, 0)


def _line(line: HunkLine, number: int, runs: Sequence[Run], start: int, *, is_copy: bool = False) -> Markup:
    shown = joined(*_marked(runs, line.marks, start))
    match line.tag:
        case "-":
            return element("del", shown, data_n=number)
        case "+":
            return element("ins", shown, data_n=number)
    # a kept line stands on both sides; one of them is enough for who listens, and for a narrow page
    return element(
        "div", shown, class_="old" if is_copy else "new", data_n=number, aria_hidden="true" if is_copy else None
    )


def _marked(runs: Sequence[Run], marks: Sequence[Span], start: int) -> Iterator[Markup]:
    end = start + MAX_LINE
    length = sum(len(part) for _, part in runs)
    if start >= length:
        start = 0
        end = MAX_LINE
    if start:
        yield span("cut", f"({start:,} characters …) ")
    at = 0
    waiting = [mark for mark in marks if mark[1] > start]
    for style, part in runs:
        for low, high, is_marked in _segments(at, at + len(part), waiting):
            shown = part[max(low, start) - at : max(min(high, end) - at, 0)]
            if shown:
                yield _styled(style, shown, is_marked=is_marked)
        at += len(part)
        if at >= end:
            break
    if length > end:
        yield span("cut", f" (… {plural(length - end, 'more character')})")


def _segments(low: int, high: int, marks: list[Span]) -> Iterator[tuple[int, int, bool]]:
    """A run in parts that are marked or not; marks that end within it are used up."""
    at = low
    while marks and marks[0][0] < high:
        first, last = marks[0]
        if first > at:
            yield at, first, False
        yield max(first, at), min(last, high), True
        at = min(last, high)
        if last > high:
            return
        marks.pop(0)
    if at < high:
        yield at, high, False


def _styled(style: str, part: str, *, is_marked: bool) -> Markup:
    shown = span(class_, part) if (class_ := _CLASSES.get(style)) else text(part)
    return element("mark", shown) if is_marked else shown
