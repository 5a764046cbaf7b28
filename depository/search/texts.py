"""The texts of a version that a search looks through, cell by cell.

What can be searched is of four layers. Layers that change together are read and kept together, on one sheet: a version
that was only run again has the sheet of sources of the version before.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from itertools import chain
from typing import NamedTuple

from depository.history.entries import Change
from depository.notebook.cells import Cell, Output, as_json, as_text, cells, coalesce, is_binary, notebook_metadata
from depository.notebook.skeleton import Reference
from depository.notebook.text import output_lines
from depository.search.query import Layer

LONGEST_TEXT = 16 * 1024 * 1024
"""Characters of a text past which it is not searched."""


class Sheet(Enum):
    """Layers that are read together."""

    SOURCE = (Layer.CODE, Layer.MARKDOWN)
    OUTPUTS = (Layer.OUTPUTS,)
    METADATA = (Layer.METADATA,)

    @property
    def number(self) -> int:
        """By which the index knows it."""
        return int(self.value[0])

    @property
    def changed_by(self) -> Change:
        """The slightest change that gives a version another sheet than the one before it has."""
        return Change.SOURCE if self is Sheet.SOURCE else Change.OUTPUTS


class Text(NamedTuple):
    """One text."""

    layer: Layer
    text: str


Group = list[Text]
"""The texts of one cell."""

ReadText = Callable[[bytes], str]
"""Reads a large text by its hash."""


def groups_of(notebook: Mapping[str, object], sheet: Sheet, read: ReadText) -> list[Group]:
    """The texts of a sheet: first those of the notebook itself, then those of each cell.

    Args:
        notebook: as `Objects.read_bare` gives it.
        sheet: which texts.
        read: reads the large ones.
    """
    found = cells(notebook)
    match sheet:
        case Sheet.SOURCE:
            return [[], *(list(_sources(cell, read)) for cell in found)]
        case Sheet.OUTPUTS:
            return [[], *(list(_outputs(cell, read)) for cell in found)]
        case Sheet.METADATA:
            values = (notebook_metadata(notebook), *(cell.metadata for cell in found))
            return [[Text(Layer.METADATA, as_json(value, indent=1))] if value else [] for value in values]


def groups_of_raw(data: bytes, sheet: Sheet) -> list[Group]:
    """The texts of a version that is no notebook: its lines, where it is text."""
    if sheet is not Sheet.SOURCE or len(data) > LONGEST_TEXT:
        return [[]]
    try:
        return [[Text(Layer.CODE, with_plain_ends(data.decode("utf-8-sig")))]]
    except UnicodeDecodeError:
        return [[]]


def _sources(cell: Cell, read: ReadText) -> Iterator[Text]:
    source = _resolved(cell.source, read)
    if source:
        yield Text(Layer.CODE if cell.kind == "code" else Layer.MARKDOWN, with_plain_ends(source))


def _outputs(cell: Cell, read: ReadText) -> Iterator[Text]:
    whole = (output._replace(text=_resolved(output.text or "", read)) for output in cell.outputs)
    seen: dict[str, None] = {}
    for output in coalesce(whole):
        shown = "\n".join(output_lines(output))
        for text in chain([shown], _values(output, read)):
            if text and len(text) <= LONGEST_TEXT:
                seen[text] = None
    yield from (Text(Layer.OUTPUTS, text) for text in seen)


def _values(output: Output, read: ReadText) -> Iterator[str]:
    for mime, value in sorted(output.mimes.items()):
        if mime.endswith("json"):
            yield as_json(value, indent=1)
        elif not is_binary(mime) and not mime.startswith("image/") and mime != "text/plain":
            yield with_plain_ends(_resolved(as_text(value), read))


def _resolved(text: str, read: ReadText) -> str:
    """The text itself; nothing for what is base64 of something else, or too long to be searched."""
    if isinstance(text, Reference):
        text = read(bytes.fromhex(text)) if text.is_text else ""
    return text if len(text) <= LONGEST_TEXT else ""


def with_plain_ends(text: str) -> str:
    """The text as the index holds it: lines end alike, whatever system wrote them."""
    return text.replace("\r\n", "\n")
