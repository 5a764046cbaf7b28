"""Content: what a file holds, normalized, with its canonical bytes and its hash.

Normalized means what nbformat itself would keep of the file, and no more. A file that is no JSON object - empty, cut
off, with conflict markers, in another encoding - is kept as the raw bytes that it is, and says why.
"""

import json
from codecs import BOM_UTF8
from enum import StrEnum
from typing import Any, NamedTuple

from depository.errors import InvalidContent
from depository.notebook import canonical, lines, skeleton


class Kind(StrEnum):
    """What a version's content is."""

    NOTEBOOK = "notebook"
    RAW = "raw"


class Content(NamedTuple):
    """The normalized content of one version."""

    kind: Kind
    value: Any
    """A notebook as nbformat reads it, its keys in order; or bytes."""
    canonical: bytes
    """A notebook's canonical bytes; of raw bytes, themselves."""
    hash: bytes
    """BLAKE3-256, 32 bytes."""
    reason: str = ""
    """Why it is raw: the end of a sentence that starts with "it"."""


def from_file(source: bytes) -> Content:
    """The content of a file's bytes, whatever they are."""
    try:
        value = json.loads(source.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        return _raw(source, f"is not UTF-8 (byte {error.start + 1:,})")
    except json.JSONDecodeError as error:
        return _raw(source, f"is not JSON ({error.msg.lower()} in line {error.lineno:,})" if source else "is empty")
    except RecursionError:
        return _raw(source, f"is nested deeper than {canonical.MAX_DEPTH} levels")
    except ValueError:
        return _raw(source, f"holds an integer of more than {canonical.MAX_DIGITS:,} digits")
    if not isinstance(value, dict):
        return _raw(source, "is JSON, but not an object")
    try:
        return _notebook(value)
    except InvalidContent as error:
        return _raw(source, str(error).removeprefix("it "))


def from_notebook(notebook: dict[str, Any]) -> Content:
    """The content of a notebook in memory, an nbformat ``NotebookNode`` or any dict of JSON data.

    Raises:
        InvalidContent: it holds what a notebook's file cannot hold.
    """
    try:
        return _notebook(canonical.ordered(notebook))
    except InvalidContent as error:
        raise InvalidContent(f"The notebook cannot be archived: {error}.") from None


def from_skeleton(data: bytes, outputs: dict[bytes, bytes]) -> Content:
    """The content of a stored skeleton and its large values.

    Raises:
        ValueError: the skeleton is none.
        KeyError: a large value that it refers to is not among `outputs`.
    """
    value = skeleton.put_together(data, outputs)
    if not isinstance(value, dict):
        raise ValueError("it is no notebook")  # noqa: TRY004 - told as every other damage of it is
    packed = canonical.encode(value) if outputs else data
    return Content(Kind.NOTEBOOK, value, packed, canonical.hash_canonical(packed))


def from_raw(data: bytes) -> Content:
    """The content of bytes that are kept as they are."""
    return _raw(data, "")


def to_nbformat(content: Content) -> dict[str, Any]:
    """The notebook as nbformat reads it from the file.

    Raises:
        InvalidContent: the content is raw, and no JSON object either.
    """
    value: Any = content.value
    if content.kind is Kind.RAW:
        # nested deeper than canonical bytes go, but perhaps not deeper than Python reads
        try:
            value = json.loads(value.removeprefix(BOM_UTF8))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise InvalidContent("This version is no notebook: its file was archived as raw bytes.")
        value = lines.join(value)
    notebook: dict[str, Any] = value
    return _with_image_bytes(notebook) if notebook.get("nbformat") == 2 else notebook


def source_fingerprint(content: Content) -> bytes:
    """16 bytes that change when a cell's kind or source changes, or cells come, go or move; not with outputs."""
    if content.kind is Kind.RAW:
        return content.hash[:16]
    cells = content.value.get("cells")
    if not isinstance(cells, list):
        sheets = content.value.get("worksheets")
        cells = [
            cell
            for sheet in (sheets if isinstance(sheets, list) else [])
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    return fingerprint_of(canonical.encode([source_of(cell) for cell in cells]))


def source_of(cell: Any) -> Any:
    """What of a cell is in the fingerprint."""
    return [cell.get(key) for key in _SOURCE_KEYS] if isinstance(cell, dict) else cell


def fingerprint_of(sources: bytes) -> bytes:
    """The fingerprint of the canonical bytes of the list of what `source_of` gives for each cell."""
    return canonical.hash_canonical(sources)[:16]


_SOURCE_KEYS = ("cell_type", "source", "input", "level", "attachments")


def _raw(data: bytes, reason: str) -> Content:
    return Content(Kind.RAW, data, data, canonical.hash_bytes(data), reason)


def _notebook(value: dict[str, Any]) -> Content:
    value = canonical.ordered(lines.join(value))
    packed = canonical.encode(value)
    return Content(Kind.NOTEBOOK, value, packed, canonical.hash_canonical(packed))


def _with_image_bytes(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy of an nbformat 2 notebook with its images as ASCII bytes, as nbformat gives them."""

    def sheet_changed(sheet: Any) -> Any:
        if not isinstance(sheet, dict) or not isinstance(cells := sheet.get("cells"), list):
            return sheet
        return {**sheet, "cells": [cell_changed(cell) for cell in cells]}

    def cell_changed(cell: Any) -> Any:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            return cell
        if not isinstance(outputs := cell.get("outputs"), list):
            return cell
        return {**cell, "outputs": [output_changed(output) for output in outputs]}

    def output_changed(output: Any) -> Any:
        if not isinstance(output, dict):
            return output
        found = {key: output.get(key) for key in ("png", "jpeg")}
        images = {key: text.encode() for key, text in found.items() if isinstance(text, str) and text.isascii()}
        return {**output, **images}

    if not isinstance(sheets := notebook.get("worksheets"), list):
        return notebook
    return {**notebook, "worksheets": [sheet_changed(sheet) for sheet in sheets]}
