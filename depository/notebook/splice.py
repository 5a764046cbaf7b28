"""Cells put into a notebook's file, all other bytes of which stay as they are.

Programs write notebooks with their keys in one order or another, indented in this way or that. Where a few cells are
replaced, only their own text is written anew, in the way that the file seems to be written in.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from depository.errors import InvalidContent
from depository.notebook import content, render
from depository.notebook.canonical import encode

Cell = Any

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class _Span(NamedTuple):
    start: int
    stop: int


class _CellList(NamedTuple):
    """Where in a file's text a list of cells is."""

    start: int
    """Just after its bracket."""
    cells: tuple[_Span, ...]


def splice(
    source: bytes, notebook: dict[str, Any], replaced: Mapping[int, Cell], inserted: Mapping[int, Sequence[Cell]]
) -> bytes:
    """The file of a notebook after some of its cells were replaced and others put in.

    Args:
        source: the file before.
        notebook: the content that the new file is to have, normalized.
        replaced: cells by the place of the one that they stand in for, from 0 through all worksheets.
        inserted: cells by the place of the one that they come after; -1 for those before the first.

    Raises:
        InvalidContent: the file before is no notebook.
    """
    style = render.Style.of(source.removeprefix(BOM_UTF8))
    try:
        text = source.decode()
        lists = list(_cell_lists(text, len(text) - len(text.lstrip("\ufeff"))))
        spliced = _spliced(text, lists, _Writer(text, style, notebook), replaced, inserted).encode()
    except (IndexError, ValueError) as error:
        raise InvalidContent("The file is no notebook that a cell could be put into.") from error
    # a list without any cell yet, or keys that are there twice
    is_right = content.from_file(spliced).canonical == encode(notebook)
    return spliced if is_right else _with_mark_of(source, render.render(notebook, style))


def _with_mark_of(source: bytes, data: bytes) -> bytes:
    return BOM_UTF8 + data if source.startswith(BOM_UTF8) else data


def _spliced(
    text: str,
    lists: Sequence[_CellList],
    writer: "_Writer",
    replaced: Mapping[int, Cell],
    inserted: Mapping[int, Sequence[Cell]],
) -> str:
    parts: list[str] = []
    done = place = 0
    models = [json.loads(text[span.start : span.stop]) for found in lists for span in found.cells]
    for found in lists:
        if not found.cells:
            continue
        between = writer.between(found)
        if place == 0:
            news = [writer.write(cell, models) for cell in inserted.get(-1, ())]
            parts += [text[: found.cells[0].start], *(f"{new}{between}" for new in news)]
            done = found.cells[0].start
        for span in found.cells:
            parts.append(text[done : span.start])
            is_new = place in replaced
            parts.append(
                writer.write(replaced[place], models[place : place + 1]) if is_new else text[span.start : span.stop]
            )
            parts += [f"{between}{writer.write(cell, models)}" for cell in inserted.get(place, ())]
            done = span.stop
            place += 1
    return "".join([*parts, text[done:]])


class _Writer:
    """Writes a cell as the others of its file are written."""

    def __init__(self, text: str, style: render.Style, notebook: dict[str, Any]) -> None:
        self._text = text
        self._style = style
        self._head = {"nbformat": notebook.get("nbformat")}
        self._is_airy = '": ' in text
        self._has_sheets = not isinstance(notebook.get("cells"), list)

    def between(self, found: _CellList) -> str:
        """What stands between two cells."""
        first, *more = found.cells
        if more:
            return self._text[first.stop : more[0].start]
        return "," + (self._text[found.start : first.start] or " " * self._is_airy)

    def write(self, cell: Cell, models: Sequence[Cell]) -> str:
        """The text of a cell, its keys in the order that they have in a model of its kind."""
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        same = (model for model in models if isinstance(model, dict) and model.get("cell_type") == kind)
        cell = _in_order_of(cell, next(same, {}))
        holder = {"worksheets": [{"cells": [cell]}]} if self._has_sheets else {"cells": [cell]}
        rendered = render.render(self._head | holder, self._style).decode()
        span = next(_cell_lists(rendered, 0)).cells[0]
        written = rendered[span.start : span.stop]
        if "\n" not in self._text.strip():
            separators = (", ", ": ") if self._is_airy else (",", ":")
            return json.dumps(json.loads(written), ensure_ascii=written.isascii(), separators=separators)
        return written.replace("\n", "\r\n") if "\r\n" in self._text else written


def _in_order_of(value: Any, model: Any) -> Any:
    """A value whose keys come in the order of another, as far as that has them."""
    if isinstance(value, dict) and isinstance(model, dict):
        names = [*(key for key in model if key in value), *(key for key in value if key not in model)]
        return {key: _in_order_of(value[key], model.get(key)) for key in names}
    if isinstance(value, list) and isinstance(model, list) and model:
        return [_in_order_of(item, model[min(place, len(model) - 1)]) for place, item in enumerate(value)]
    return value


# Where cells are in a text


def _cell_lists(text: str, start: int) -> Iterator[_CellList]:
    keys = dict(_members(text, _after_blanks(text, start)))
    if "cells" in keys and text[keys["cells"].start] == "[":
        yield _cell_list(text, keys["cells"].start)
        return
    if "worksheets" in keys and text[keys["worksheets"].start] == "[":
        for sheet in _items(text, keys["worksheets"].start):
            found = dict(_members(text, sheet.start)).get("cells") if text[sheet.start] == "{" else None
            if found and text[found.start] == "[":
                yield _cell_list(text, found.start)


def _cell_list(text: str, start: int) -> _CellList:
    return _CellList(start + 1, tuple(_items(text, start)))


def _members(text: str, start: int) -> Iterator[tuple[str, _Span]]:
    """The keys of an object and where their values are."""
    place = _after_blanks(text, start + 1)
    while text[place] != "}":
        key, place = _DECODER.raw_decode(text, place)
        value = _value(text, _after_blanks(text, _after_blanks(text, place) + 1))
        yield key, value
        place = _after_comma(text, value.stop)


def _items(text: str, start: int) -> Iterator[_Span]:
    """Where the items of a list are."""
    place = _after_blanks(text, start + 1)
    while text[place] != "]":
        value = _value(text, place)
        yield value
        place = _after_comma(text, value.stop)


def _value(text: str, start: int) -> _Span:
    return _Span(start, _DECODER.raw_decode(text, start)[1])


def _after_comma(text: str, place: int) -> int:
    place = _after_blanks(text, place)
    return _after_blanks(text, place + 1) if text[place] == "," else place


def _after_blanks(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place
