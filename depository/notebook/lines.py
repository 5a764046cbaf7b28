"""Multi-line strings: where nbformat keeps them as lists of lines in a file.

A notebook file holds a cell's source as a list of lines, the notebook in memory as one string. Which fields are
joined on reading and split on writing depends on the major version. The rules are those of nbformat's modules ``v2``,
``v3`` and ``v4`` (``rejoin_lines``, ``split_lines``, and ``strip_transient``, which only ``v4`` applies on reading). A
major version that nbformat does not know is left as it is, and so is every part that has not the shape its version
asks for: nbformat refuses such files, an archive keeps them.
"""

from collections.abc import Callable, Iterator
from typing import Any

Change = Callable[[Any], Any]

_OLD_OUTPUT_FIELDS = ("text", "html", "svg", "latex", "javascript", "json")
_OLD_TEXT_FIELDS = ("source", "rendered")
_SPLIT_MIMES = ("application/javascript", "image/svg+xml")
_RICH_OUTPUTS = ("execute_result", "display_data")
_TRANSIENT_METADATA = ("orig_nbformat", "orig_nbformat_minor", "signature")


def join(notebook: dict[str, Any]) -> dict[str, Any]:
    """Join split lines and drop transient keys, as nbformat does on reading.

    Returns a new notebook that shares what did not change with the one given.
    """
    match notebook.get("nbformat", 1):
        case 4:
            return _drop_transient(_change_v4(notebook, _concatenate, _join_mime, _join_text))
        case 3:
            return _change_old(notebook, _join_v3)
        case 2:
            return _change_old(notebook, _join_v2)
        case _:
            return notebook


class Text(str):
    """A string that a file holds as the list of its lines."""

    __slots__ = ()


def _cut(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def split(notebook: dict[str, Any], cut: Callable[[str], Any] = _cut) -> dict[str, Any]:
    """Split multi-line strings into lists of lines, as nbformat does on writing.

    Returns a new notebook that shares what did not change with the one given. A string that `join` would not give
    back (nbformat 2 and 3 have such cases) stays whole.

    Args:
        notebook: a notebook as `join` gives it.
        cut: makes lines of a string of nbformat 4; `Text` leaves that to whoever writes them.
    """

    def source(value: Any) -> Any:
        return cut(value) if isinstance(value, str) else value

    def mime(name: str, value: Any) -> Any:
        return source(value) if name.startswith("text/") or name in _SPLIT_MIMES else value

    def stream(output_type: Any, value: Any) -> Any:
        return source(value) if output_type == "stream" else value

    match notebook.get("nbformat", 1):
        case 4:
            return _change_v4(notebook, source, mime, stream)
        case 3:
            return _change_old(notebook, _split_v3)
        case 2:
            return _change_old(notebook, _split_v2)
        case _:
            return notebook


# nbformat 4


def _change_v4(
    notebook: dict[str, Any], source: Change, mime: Callable[[str, Any], Any], text: Callable[[Any, Any], Any]
) -> dict[str, Any]:
    def cell_changed(cell: Any) -> Any:
        if not isinstance(cell, dict):
            return cell
        cell = dict(cell)
        if "source" in cell:
            cell["source"] = source(cell["source"])
        if isinstance(attachments := cell.get("attachments"), dict):
            cell["attachments"] = {name: bundle_changed(bundle) for name, bundle in attachments.items()}
        if cell.get("cell_type") == "code" and isinstance(outputs := cell.get("outputs"), list):
            cell["outputs"] = [output_changed(output) for output in outputs]
        return cell

    def output_changed(output: Any) -> Any:
        if not isinstance(output, dict):
            return output
        kind = output.get("output_type", "")
        if kind in _RICH_OUTPUTS:
            return {**output, "data": bundle_changed(output["data"])} if "data" in output else output
        return {**output, "text": text(kind, output["text"])} if "text" in output else output

    def bundle_changed(bundle: Any) -> Any:
        return {name: mime(name, value) for name, value in bundle.items()} if isinstance(bundle, dict) else bundle

    if not isinstance(cells := notebook.get("cells"), list):
        return notebook
    return {**notebook, "cells": [cell_changed(cell) for cell in cells]}


def _is_json_mime(mime: str) -> bool:
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))


def _join_mime(mime: str, value: Any) -> Any:
    return value if _is_json_mime(mime) else _concatenate(value)


def _join_text(output_type: Any, value: Any) -> Any:
    return _concatenate(value) if output_type else value


def _concatenate(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    try:
        return "".join(value)
    except TypeError:  # something in it is no string
        return value


def _drop_transient(notebook: dict[str, Any]) -> dict[str, Any]:
    # `notebook` and its cells are copies of our own here; their metadata are not
    if isinstance(metadata := notebook.get("metadata"), dict):
        notebook = {**notebook, "metadata": _without(metadata, *_TRANSIENT_METADATA)}
    if isinstance(cells := notebook.get("cells"), list):
        for cell in cells:
            if isinstance(cell, dict) and isinstance(metadata := cell.get("metadata"), dict):
                cell["metadata"] = _without(metadata, "trusted")
    return notebook


def _without(mapping: dict[str, Any], *keys: str) -> dict[str, Any]:
    if any(key in mapping for key in keys):
        return {key: value for key, value in mapping.items() if key not in keys}
    return mapping


# nbformat 2 and 3


def _change_old(notebook: dict[str, Any], change: Change) -> dict[str, Any]:
    def sheet_changed(sheet: Any) -> Any:
        if not isinstance(sheet, dict) or not isinstance(cells := sheet.get("cells"), list):
            return sheet
        return {**sheet, "cells": [cell_changed(cell) for cell in cells]}

    def cell_changed(cell: Any) -> Any:
        if not isinstance(cell, dict):
            return cell
        if cell.get("cell_type") != "code":
            return {**cell, **dict(fields_changed(cell, _OLD_TEXT_FIELDS))}
        cell = {**cell, **dict(fields_changed(cell, ("input",)))}
        if isinstance(outputs := cell.get("outputs"), list):
            cell["outputs"] = [output_changed(output) for output in outputs]
        return cell

    def output_changed(output: Any) -> Any:
        if not isinstance(output, dict):
            return output
        return {**output, **dict(fields_changed(output, _OLD_OUTPUT_FIELDS))}

    def fields_changed(mapping: dict[str, Any], fields: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        return ((field, change(mapping[field])) for field in fields if field in mapping)

    if not isinstance(sheets := notebook.get("worksheets"), list):
        return notebook
    return {**notebook, "worksheets": [sheet_changed(sheet) for sheet in sheets]}


def _join_v3(value: Any) -> Any:
    if not (isinstance(value, list) and all(isinstance(line, str) for line in value)):
        return value
    # early writers dropped the line ends, later ones keep them; nbformat tells them apart by the first line
    kept = bool(value) and value[0].endswith(("\n", "\r"))
    return "".join(value) if kept else "\n".join(value)


def _join_v2(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value


def _split_v3(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    lines = value.splitlines(keepends=True)
    return lines if _join_v3(lines) == value else value


def _split_v2(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    lines = value.splitlines()
    return lines if _join_v2(lines) == value else value
