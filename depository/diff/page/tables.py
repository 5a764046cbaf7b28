"""Tables of a page: those of an output, and those that list what changed in JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from depository.diff.outputs import TableDetail
from depository.diff.page.limits import MAX_COLUMNS, MAX_NAME, MAX_ROWS, MAX_VALUE, Room
from depository.diff.page.markup import MINUS, TIMES, Markup, cut, div, element, joined, text
from depository.diff.page.sources import FULL
from depository.diff.structure import Change
from depository.diff.tables import Row, RowChange
from depository.notebook.cells import as_json
from depository.notebook.text import plural


def table(detail: TableDetail, room: Room) -> Markup:
    """A table of an output, of which the rows that changed are shown."""
    sizes = [_table_size(size) for size in (detail.old_size, detail.new_size)]
    size = " → ".join(filter(None, dict.fromkeys(sizes)))
    label = div("mime", f"table · {size}")
    if not detail.rows:
        return joined(label, div("note", "Only its style differs."))
    rows: list[Markup] = []
    width = 1 + max(len(row) for change in detail.rows for row in change[:2] if row is not None)
    last: tuple[int | None, int | None] = (None, None)
    for change in detail.rows[:MAX_ROWS]:
        found = joined(_table_gap(last, change, width), *_table_rows(change))
        last = (change.old_index, change.new_index)
        if not room.take(len(found)):
            rows.append(_note_row(FULL, width))
            break
        rows.append(found)
    if len(detail.rows) > MAX_ROWS:
        rows.append(_note_row(f"… {plural(len(detail.rows) - MAX_ROWS, 'more row')}", width))
    return joined(label, div("scroll", element("table", element("tbody", *rows), class_="data")))


def changes(found: Sequence[Change], more: int, room: Room) -> Markup:
    """What changed in JSON, by where it is in it.

    Args:
        found: the changes.
        more: how many there are beyond these.
        room: what may still be put on the page.
    """
    if not found:
        return div("note", "Only how numbers are written differs.")
    rows: list[Markup] = []
    for change in found:
        row = _json_row(change)
        if not room.take(len(row)):
            rows.append(_note_row(FULL, 3))
            break
        rows.append(row)
    if more:
        rows.append(_note_row(f"… {plural(more, 'more change')}", 3))
    head = element("tr", *(element("th", name, scope="col") for name in ("where", f"{MINUS} before", "+ after")))
    body = element("tbody", *rows)
    return div("scroll", element("table", element("thead", head), body, class_="json"))


# Rows of an output's table


def _table_size(size: tuple[int, int] | None) -> str:
    return f"{plural(size[0], 'row')} {TIMES} {plural(size[1], 'column')}" if size else ""


def _table_gap(last: tuple[int | None, int | None], change: RowChange, width: int) -> Markup | None:
    """A line where rows are left out."""
    for before, place in zip(last, (change.old_index, change.new_index), strict=True):
        if before is not None and place is not None:
            return _note_row(f"⋯ {plural(place - before - 1, 'unchanged row')}", width) if place > before + 1 else None
    return None


def _note_row(note: str, width: int) -> Markup:
    return element("tr", element("td", note, colspan=width), class_="note")


def _table_rows(change: RowChange) -> Iterator[Markup]:
    old, new = change.old, change.new
    if not change.is_changed:
        yield _row(" ", new or old or (), (), header=change.header)
        return
    if old is not None and new is not None and len(old) == len(new) and change.columns == change.old_columns:
        yield _pair(old, new, set(change.columns), header=change.header)
        return
    if old is not None:
        yield _row("-", old, change.old_columns if new else (), header=change.header)
    if new is not None:
        yield _row("+", new, change.columns if old else (), header=change.header)


def _row(sign: str, row: Row, marked: Sequence[int], *, header: bool) -> Markup:
    tag = "del" if sign == "-" else "ins"
    marks = set(marked)
    return _cells(
        sign,
        [element(tag, cut(value, MAX_VALUE)) if place in marks else _value(value) for place, value in _few(row)],
        len(row),
        header=header,
    )


def _pair(old: Row, new: Row, marked: set[int], *, header: bool) -> Markup:
    cells = [
        joined(element("del", cut(old[place], MAX_VALUE)), " ", element("ins", cut(value, MAX_VALUE)))
        if place in marked
        else _value(value)
        for place, value in _few(new)
    ]
    return _cells("±", cells, len(new), header=header)


def _few(row: Row) -> Iterator[tuple[int, str]]:
    return enumerate(row[:MAX_COLUMNS])


def _value(value: str) -> Markup:
    return text(cut(value, MAX_VALUE))


def _cells(sign: str, cells: Sequence[Markup], length: int, *, header: bool) -> Markup:
    class_ = {"-": "removed", "+": "added", "±": "changed"}.get(sign)
    shown = [element("th" if header else "td", cell) for cell in cells]
    if length > MAX_COLUMNS:
        shown.append(element("td", f"… {plural(length - MAX_COLUMNS, 'more column')}", class_="note"))
    mark = {"-": MINUS, "±": "±", "+": "+"}.get(sign, "")
    return element("tr", element("td", mark, class_="mark"), *shown, class_=class_)


# Rows of JSON


def _json_row(change: Change) -> Markup:
    old = None if change.status == "added" else element("del", _short_json(change.old))
    new = None if change.status == "removed" else element("ins", _short_json(change.new))
    cells = [element("td", cell) for cell in (old, new)]
    return element("tr", element("th", element("bdi", where(change.where)), scope="row"), *cells, class_=change.status)


def _short_json(value: Any) -> str:
    shown = as_json(value)
    if len(shown) <= MAX_VALUE:
        return shown
    count = _COUNTED.get(type(value))
    return f"{cut(shown, MAX_VALUE)} ({count(value)})" if count else cut(shown, MAX_VALUE)


_COUNTED: Mapping[type, Callable[[Any], str]] = {
    dict: lambda value: plural(len(value), "entry").replace("entrys", "entries"),
    list: lambda value: plural(len(value), "item"),
    str: lambda value: plural(len(value), "character"),
}


def where(steps: Sequence[str | int]) -> str:
    """The way to a value: ``data[0].marker.color``."""
    if not steps:
        return "(all of it)"
    shown = ""
    for step in steps[:20]:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            name = cut(step, MAX_NAME)
            quoted = name if name and not set(name) & set(' ."[]') else as_json(name)
            shown += f".{quoted}" if shown else quoted
    return shown + ("…" if len(steps) > 20 else "")
