"""Changed lines of a text as lines for a person, with the syntax and the marked words where those are wanted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from depository.diff.texts import Hunk, HunkLine, Span, Tag
from depository.notebook.text import LINE_LENGTH, Line, Role, Run, one_line, plural, visible

ROLES: dict[str, Role] = {" ": "context", "-": "removed", "+": "added"}
_SIDES: tuple[Tag, Tag] = ("-", "+")
_BEFORE_DIFFERENCE = 60
"""How much of a cut line is shown before the part that differs."""

Styled = Sequence[Sequence[tuple[str, str]]]
"""For each line of a text its runs, as `highlight.highlighted` gives them."""


class Texts(NamedTuple):
    """What is known of the two texts of a comparison beyond their difference."""

    old: Styled = ()
    """Empty where the syntax is not wanted."""
    new: Styled = ()
    boundaries: frozenset[str] = frozenset()
    """Lines that stand between two cells and belong to neither."""


PLAIN = Texts()


def hunk_lines(hunks: Sequence[Hunk], texts: Texts = PLAIN, *, runs: bool = True) -> Iterator[Line]:
    """Show hunks, each with a line that says where it is unless there is one only, at the top.

    Args:
        hunks: as `texts.lines` gives them.
        texts: the syntax of the two texts.
        runs: whether to tell the pieces that a line consists of.
    """
    passed: Counter[Tag] = Counter()
    for hunk in hunks:
        between = [line.tag for line in hunk.lines if line.text in texts.boundaries]
        if _has_header(hunk, hunks):
            tags = Counter(line.tag for line in hunk.lines)
            old, new = (tags[" "] + tags[tag] - between.count(tag) for tag in _SIDES)
            starts = hunk.old_start - passed["-"], hunk.new_start - passed["+"]
            yield Line("hunk", f"@@ -{starts[0]},{old} +{starts[1]},{new} @@")
        for tag in between:
            passed[tag] += 1
        yield from _lines(hunk, texts, runs=runs)
        if hunk.more:
            yield Line("note", f"… {plural(hunk.more, 'more line')} went or came")


def count(hunks: Sequence[Hunk]) -> int:
    """How many lines `hunk_lines` shows, without making them."""
    return sum(_has_header(hunk, hunks) + len(hunk.lines) + bool(hunk.more) for hunk in hunks)


def _has_header(hunk: Hunk, hunks: Sequence[Hunk]) -> bool:
    return len(hunks) > 1 or hunk.old_start > 1


def _lines(hunk: Hunk, texts: Texts, *, runs: bool) -> Iterator[Line]:
    starts = _starts(hunk)
    i, j = hunk.old_start - 1, hunk.new_start - 1
    for line in hunk.lines:
        styled = (
            texts.old[i] if line.tag == "-" and texts.old else texts.new[j] if line.tag != "-" and texts.new else ()
        )
        i, j = i + (line.tag != "+"), j + (line.tag != "-")
        if line.text in texts.boundaries:
            yield Line("boundary", visible(line.text.strip("\x1f")))
            continue
        start = starts.get(line.tag, 0) if len(line.text) > LINE_LENGTH else 0
        yield shown(line, styled, start, runs=runs)


def shown(line: HunkLine, styled: Sequence[tuple[str, str]] = (), start: int = 0, *, runs: bool = True) -> Line:
    """A line with its sign, from a character on."""
    tag, text, marks = line
    whole = f"{tag} {one_line(text, start)}"
    if not runs or (tag == " " and not styled):
        return Line(ROLES[tag], whole)
    end = start + LINE_LENGTH
    changed: Literal["", "-", "+"] = "" if tag == " " else tag
    sign = Run(f"{tag} ", "sign", changed)
    if start or len(text) > end:
        before, after = (whole[2:].partition(visible(text[start:end]))[part] for part in (0, 2))
        cut = [Run(before, "", changed), *_pieces(text[start:end], (), _moved(marks, start, end), changed)]
        return Line(ROLES[tag], whole, (sign, *cut, Run(after, "", changed)))
    return Line(ROLES[tag], whole, (sign, *_pieces(text, styled, marks, changed)))


def _starts(hunk: Hunk) -> dict[Tag, int]:
    """Of two long lines, the part that differs is the one to see."""
    long = [line.text for line in hunk.lines if line.tag != " " and len(line.text) > LINE_LENGTH]
    if len(long) != 2:
        return {}
    start = max(_common_prefix(*long) - _BEFORE_DIFFERENCE, 0)
    return {"-": start, "+": start}


def _pieces(
    text: str, styled: Sequence[tuple[str, str]], marks: Sequence[Span], tag: Literal["", "-", "+"]
) -> Iterator[Run]:
    """A line cut where its style changes, and where a mark begins or ends."""
    if not marks:
        yield from (Run(visible(piece), style, tag) for style, piece in styled or [("", text)] if piece)
        return
    edges = {0, len(text)} | {edge for span in marks for edge in span}
    styles: list[tuple[int, str]] = []
    place = 0
    for style, piece in styled:
        styles.append((place, style))
        place += len(piece)
    edges |= {place for place, _ in styles}
    marked = iter([*marks, (len(text) + 1, len(text) + 1)])
    first, last = next(marked)
    style, waiting = "", iter([*styles, (len(text) + 1, "")])
    at, following = next(waiting)
    for start, end in pairwise(sorted(edges)):
        while at <= start:
            style = following
            at, following = next(waiting)
        while last <= start:
            first, last = next(marked)
        yield Run(visible(text[start:end]), style, tag, marked=first <= start)


def _moved(marks: Sequence[Span], start: int, end: int) -> list[Span]:
    return [(max(a, start) - start, min(b, end) - start) for a, b in marks if a < end and b > start]


def _common_prefix(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
