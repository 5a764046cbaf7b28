"""Changed values that are no plain text as lines for a person: tables, images, JSON, bytes.

What became another thing is told on one line, as ``~ old → new``; tables keep their columns.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Literal

from depository.diff.outputs import BytesDetail, Image, ImageDetail, JsonDetail, TableDetail
from depository.diff.structure import Change, brief
from depository.diff.tables import Row, RowChange
from depository.notebook.text import Line, Role, Run, byte_size, one_line, plural, visible

Measure = Callable[[str], int]
"""How many columns of a terminal a text takes."""

MOST_CELL = 40
"""Where the text of a cell of a table is cut, in characters."""
MOST_VALUE = 200
"""Where a value of JSON is cut, in characters."""
_SHORT_VALUE = 60
"""Values that are both no longer than this stand on one line."""
_PLAIN_KEY = re.compile(r"[\w$-]+")
_GAP = "⋮"


def whole_line(tag: Literal["-", "+"], text: str) -> Line:
    """Something that went or came."""
    role: Role = "removed" if tag == "-" else "added"
    return Line(role, f"{tag} {text}", (Run(f"{tag} ", "sign", tag), Run(text, "", tag)))


def became(before: str, old: str, new: str, after: str = "") -> Line:
    """Something that became another, in place."""
    values = Run(old, "", "-", marked=True), Run(" → "), Run(new, "", "+", marked=True)
    return _line("changed", [Run("~ ", "sign"), Run(before), *values, Run(after)])


def _line(role: Role, runs: Sequence[Run]) -> Line:
    return Line(role, "".join(run.text for run in runs), tuple(run for run in runs if run.text))


# Images and bytes


def image_lines(detail: ImageDetail) -> Iterator[Line]:
    """An image that changed: its pixels, its size and the begin of its hash, before and after."""
    if detail.old and detail.new:
        yield from _became_parts(_image(detail.old), _image(detail.new))
    elif detail.old:
        yield whole_line("-", ", ".join(filter(None, _image(detail.old))))
    elif detail.new:
        yield whole_line("+", ", ".join(filter(None, _image(detail.new))))


def bytes_lines(detail: BytesDetail) -> Iterator[Line]:
    """A value of which only the size and the hash are told."""
    sides = [
        side and (f"{one_line(detail.mime)}", byte_size(side[0]), side[1][:8]) for side in (detail.old, detail.new)
    ]
    if sides[0] and sides[1]:
        yield from _became_parts(*(side for side in sides if side))
    elif sides[0] or sides[1]:
        yield whole_line("-" if sides[0] else "+", ", ".join(sides[0] or sides[1] or ()))


def _image(image: Image) -> tuple[str, str, str, str]:
    pixels = f"{image.width}x{image.height} px" if image.width is not None else ""
    return one_line(image.mime), pixels, byte_size(len(image.data)), image.hash[:8]


def _became_parts(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    runs = [Run("~ ", "sign")]
    for before, after in zip(old, new, strict=True):
        if len(runs) > 1 and (before or after):
            runs.append(Run(" " if len(runs) == 2 else ", "))
        if before == after:
            runs.append(Run(before))
        else:
            runs += [Run(before or "?", "", "-", marked=True), Run(" → "), Run(after or "?", "", "+", marked=True)]
    yield _line("changed", runs)


# JSON


def json_lines(detail: JsonDetail) -> Iterator[Line]:
    """What changed in JSON, each by the way to it."""
    yield from change_lines(detail.changes, detail.more)


def change_lines(changes: Sequence[Change], more: int) -> Iterator[Line]:
    """What changed in a value of JSON, such as ``layout.title.text: "a" → "b"``."""
    for change in changes:
        way = one_line(way_to(change.where))
        before = f"{way}: " if way else ""
        old, new = (one_line(brief(value, MOST_VALUE)) for value in (change.old, change.new))
        if change.status == "added":
            yield whole_line("+", before + new)
        elif change.status == "removed":
            yield whole_line("-", before + old)
        elif len(old) <= _SHORT_VALUE >= len(new):
            yield became(before, old, new)
        else:
            yield whole_line("-", before + old)
            yield whole_line("+", before + new)
    if more:
        yield Line("note", f"… {plural(more, 'more change')} of this value")


def way_to(where: Sequence[str | int]) -> str:
    """Keys and indexes as one writes them: ``data[0].x``, ``["a b"]``."""
    parts = []
    for part in where:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif _PLAIN_KEY.fullmatch(part):
            parts.append(f".{part}")
        else:
            parts.append(f"[{json.dumps(part, ensure_ascii=False)}]")
    return "".join(parts).removeprefix(".")


# Tables


def table_lines(detail: TableDetail, measure: Measure, columns: int | None) -> Iterator[Line]:
    """A table that changed, its columns aligned.

    Args:
        detail: the table.
        measure: how wide a text is.
        columns: how wide a line may be, if columns that did not change can be left out for it; None for any width.
    """
    if detail.old_size and detail.new_size and detail.old_size != detail.new_size:
        yield became("table of ", _size(detail.old_size), _size(detail.new_size))
    if not detail.rows:
        yield Line("note", "only the style of the table differs")
        return
    count = max(len(row) for change in detail.rows for row in (change.old, change.new) if row is not None)
    texts = [[_cells(row) for row in (change.old, change.new)] for change in detail.rows]
    widths = [0] * count
    for row in (row for pair in texts for row in pair if row is not None):
        for place, text in enumerate(row):
            widths[place] = max(widths[place], measure(text))
    shown = _places(detail.rows, widths, columns)
    last: tuple[int | None, int | None] = (None, None)
    for change, (old, new) in zip(detail.rows, texts, strict=True):
        if _is_gap(last, change):
            yield Line("note", f"  {_GAP}")
        last = change.old_index, change.new_index
        if old is not None and new is not None and not change.is_changed:
            yield _row(" ", new, (), widths, shown, measure)
            continue
        if old is not None:
            yield _row("-", old, change.old_columns, widths, shown, measure)
        if new is not None:
            yield _row("+", new, change.columns, widths, shown, measure)


def _size(size: tuple[int, int]) -> str:
    return f"{plural(size[0], 'row')}, {plural(size[1], 'column')}"


def _cells(row: Row | None) -> list[str] | None:
    if row is None:
        return None
    found = (" ".join(visible(text[: MOST_CELL + 1]).split()) for text in row)
    return [text if len(text) <= MOST_CELL else text[: MOST_CELL - 1] + "…" for text in found]


def _places(rows: Sequence[RowChange], widths: Sequence[int], columns: int | None) -> list[int]:
    """Which columns are shown: all, or where there is no room for that the first, those that changed, and what fits."""
    places = list(range(len(widths)))
    if columns is None or sum(widths) + 2 * len(widths) <= columns:
        return places
    changed = {place for row in rows if not row.header for place in (*row.columns, *row.old_columns)}
    chosen = {0, *changed}
    room = columns - sum(widths[place] + 4 for place in chosen)
    for place in places:
        if place not in chosen and (room := room - widths[place] - 2) >= 0:
            chosen.add(place)
    return sorted(chosen)


def _is_gap(last: tuple[int | None, int | None], change: RowChange) -> bool:
    return any(
        before is not None and here is not None and here > before + 1
        for before, here in zip_longest(last, (change.old_index, change.new_index))
    )


def _row(
    tag: Literal[" ", "-", "+"],
    row: Sequence[str],
    marked: Sequence[int],
    widths: Sequence[int],
    shown: Sequence[int],
    measure: Measure,
) -> Line:
    changed: Literal["", "-", "+"] = "" if tag == " " else tag
    runs = [Run(f"{tag} ", "sign", changed)]
    before = -1
    for place in shown:
        text = row[place] if place < len(row) else ""
        gap = " … " if place > before + 1 else "  " if before >= 0 else ""
        runs.append(Run(gap + " " * (widths[place] - measure(text)), "", changed))
        runs.append(Run(text, "", changed, marked=place in marked))
        before = place
    if shown and shown[-1] + 1 < len(widths):
        runs.append(Run(" …", "", changed))
    return _line("removed" if tag == "-" else "added" if tag == "+" else "context", runs)
