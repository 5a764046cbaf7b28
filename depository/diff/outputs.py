"""What changed in an output, by what it is: text, a table, an image, JSON, or bytes.

Of an output that has several MIME types each that changed is told, but for twins: beside a table of HTML the same as
plain text and LaTeX is left out, and of other HTML that draws what is there as JSON or an image too, only size and hash
are told.
"""

import math
import re
import sys
from array import array
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from blake3 import blake3

from depository.diff import structure, tables
from depository.diff.compare import OutputChange
from depository.diff.sequences import Effort
from depository.diff.structure import Change
from depository.diff.tables import RowChange
from depository.diff.texts import Hunk, lines
from depository.notebook.cells import Output, as_text, decode, is_binary
from depository.notebook.images import pixels
from depository.notebook.text import output_lines

MAX_CHANGES = 200
"""How many changes of one value of JSON are listed."""


class TextDetail(NamedTuple):
    """Text that changed: of a stream, an error, ``text/plain``, Markdown, LaTeX, a script."""

    mime: str
    """``text/plain`` for streams and errors."""
    hunks: tuple[Hunk, ...]
    """Empty where nothing differs but colours, ends of lines, and lines that a terminal would have overwritten."""


class Image(NamedTuple):
    """An image of an output."""

    mime: str
    width: int | None
    """In pixels, where its header says so."""
    height: int | None
    data: bytes
    """The file; of an SVG its text in UTF-8."""
    hash: str
    """BLAKE3 of `data`, 64 hex digits."""


class ImageDetail(NamedTuple):
    """An image that came, went or became another."""

    old: Image | None
    new: Image | None


class TableDetail(NamedTuple):
    """A table of HTML that changed, as `pandas` shows a frame."""

    rows: tuple[RowChange, ...]
    """Rows that changed, with a few unchanged ones around them; header rows first. Empty where only its style did."""
    old_size: tuple[int, int] | None
    """Rows, those of the header counted, and columns; None where there was no such table."""
    new_size: tuple[int, int] | None


class JsonDetail(NamedTuple):
    """JSON that changed, such as a plot of plotly or Vega, or the state of a widget."""

    mime: str
    changes: tuple[Change, ...]
    """Empty where nothing differs but how a list of numbers is written."""
    more: int
    """How many changes there are beyond these."""


class BytesDetail(NamedTuple):
    """A value of another kind, of which only the size and the hash are told."""

    mime: str
    old: tuple[int, str] | None
    """Size in bytes, and BLAKE3 in 64 hex digits."""
    new: tuple[int, str] | None


Detail = TextDetail | ImageDetail | TableDetail | JsonDetail | BytesDetail


def details(
    change: OutputChange, *, context: int = 3, effort: Effort | None = None, marked: bool = True
) -> tuple[Detail, ...]:
    """What changed in an output: first its text, table or JSON, then images and the rest, by MIME type.

    Args:
        change: the output of a whole notebook, before and after. Where one is missing, all of the other is told.
        context: how many unchanged lines or rows to show around changed ones.
        effort: the work that may be done; a new default one if None.
        marked: whether to tell what differs within a line of text.
    """
    effort = effort or Effort()
    found: list[Detail] = []
    if any(map(_is_text_alone, change)):
        texts = [terminal_text(output) if output and _is_text_alone(output) else "" for output in change]
        found.append(TextDetail("text/plain", lines(texts[0], texts[1], context, effort, marked=marked)))
    old, new = (output.mimes if output else {} for output in change)
    return (*found, *of_bundles(old, new, context=context, effort=effort, marked=marked))


def of_bundles(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    context: int = 3,
    effort: Effort | None = None,
    marked: bool = True,
) -> tuple[Detail, ...]:
    """What changed from one bundle of MIME types to another, of an output or an attachment."""
    return tuple(_Bundles(old, new, context, effort or Effort(), marked=marked).details())


def terminal_text(output: Output) -> str:
    """What a stream or an error says, as a terminal without colours would leave it.

    An error whose traceback does not end with its name and value has them after it.
    """
    found = output_lines(output)
    if output.kind == "error":
        headline = f"{output.error_name}: {output.error_value}" if output.error_value else output.error_name or ""
        if (output.error_value or output.error_name or "") not in "\n".join(found):
            found += headline.split("\n")
    return "\n".join(found)


def _is_text_alone(output: Output | None) -> bool:
    return output is not None and output.text is not None and not output.mimes


# MIME types

_ORDER = ("text/html", "text/markdown", "text/latex", "text/plain")
_TWINS_OF_TABLES = ("text/plain", "text/latex")
_PLOTLY = "application/vnd.plotly."
_TEXTS = {"application/javascript", "application/x-latex", "application/sql", "application/xml", "application/x-tex"}


class _Bundles:
    def __init__(
        self, old: Mapping[str, Any], new: Mapping[str, Any], context: int, effort: Effort, *, marked: bool
    ) -> None:
        self._marked = marked
        self._old, self._new = old, new
        self._context, self._effort = context, effort
        self._has_twin = any(is_json(mime) or mime.startswith("image/") for mime in (*old, *new))

    def details(self) -> Iterator[Detail]:
        changed = {mime for mime in {*self._old, *self._new} if self._differs(mime)}
        is_table = False
        for mime in sorted(changed, key=_rank):
            if mime == "text/html":
                of_html = list(self._html())
                is_table = any(isinstance(detail, TableDetail) for detail in of_html)
                yield from of_html
            elif is_json(mime):
                yield from self._json(mime)
            elif not (is_table and mime in _TWINS_OF_TABLES):
                yield self._of_mime(mime)

    def _differs(self, mime: str) -> bool:
        if mime not in self._old or mime not in self._new:
            return True
        old, new = self._old[mime], self._new[mime]
        if isinstance(old, str) and isinstance(new, str):
            return "".join(old.split()) != "".join(new.split()) if is_binary(mime) else old != new
        # whether two values of JSON differ is found out where they are compared
        return is_json(mime) or not structure.equal(old, new)

    def _of_mime(self, mime: str) -> Detail:
        if mime.startswith("image/"):
            sides = (image(mime, bundle[mime]) if mime in bundle else None for bundle in (self._old, self._new))
            return ImageDetail(*sides)
        if is_text(mime):
            return TextDetail(mime, self._lines(mime))
        return self._bytes(mime)

    def _json(self, mime: str) -> Iterator[JsonDetail]:
        if mime not in self._old:
            yield JsonDetail(mime, (Change((), "added", None, self._new[mime]),), 0)
            return
        old = self._old[mime]
        if mime not in self._new:
            yield JsonDetail(mime, (Change((), "removed", old, None),), 0)
            return
        new = self._new[mime]
        is_plotly = mime.startswith(_PLOTLY)
        before, after = (unpacked(old), unpacked(new)) if is_plotly else (old, new)
        changes, more = structure.compare(before, after, limit=MAX_CHANGES, effort=self._effort)
        if changes or (is_plotly and not structure.equal(old, new)):
            yield JsonDetail(mime, changes, more)

    def _html(self) -> Iterator[Detail]:
        old, new = (self._page(bundle) for bundle in (self._old, self._new))
        if (old is None and "text/html" in self._old) or (new is None and "text/html" in self._new):
            if self._has_twin:
                yield self._bytes("text/html")
            else:
                yield TextDetail("text/html", self._lines("text/html"))
            return
        before, after = ((page.tables if page else ()) for page in (old, new))
        for place in range(max(len(before), len(after))):
            pair = [side[place] if place < len(side) else None for side in (before, after)]
            if pair[0] != pair[1]:
                rows = tables.compare(pair[0], pair[1], context=self._context, effort=self._effort)
                yield TableDetail(rows, *map(_size, pair))
        around = [page.text if page else "" for page in (old, new)]
        if around[0] != around[1]:
            yield TextDetail("text/html", lines(around[0], around[1], self._context, self._effort, marked=self._marked))
        elif before == after:
            yield TableDetail((), _size(before[0]), _size(after[0]))

    def _page(self, bundle: Mapping[str, Any]) -> tables.Page | None:
        return tables.read(as_text(bundle["text/html"]), self._effort) if "text/html" in bundle else None

    def _lines(self, mime: str) -> tuple[Hunk, ...]:
        old, new = (_shown(as_text(bundle.get(mime)), mime) for bundle in (self._old, self._new))
        return lines(old, new, self._context, self._effort, marked=self._marked)

    def _bytes(self, mime: str) -> BytesDetail:
        sides = [decode(mime, bundle[mime]) if mime in bundle else None for bundle in (self._old, self._new)]
        old, new = (None if data is None else (len(data), _hash(data)) for data in sides)
        return BytesDetail(mime, old, new)


def is_json(mime: str) -> bool:
    """Whether values of a MIME type are JSON."""
    return mime == "application/json" or mime.endswith("+json")


def is_text(mime: str) -> bool:
    """Whether values of a MIME type are text to be read line by line."""
    return mime.startswith("text/") or mime in _TEXTS or mime.endswith("+xml")


def image(mime: str, value: object) -> Image:
    """The image that a value of a MIME bundle is."""
    data = decode(mime, value)
    width, height = pixels(data) or (None, None)
    return Image(mime, width, height, data, _hash(data))


def _rank(mime: str) -> tuple[int, str]:
    if mime in _ORDER:
        return _ORDER.index(mime), mime
    return len(_ORDER) + (0 if is_json(mime) or is_text(mime) else 1), mime


def _size(table: tables.Table | None) -> tuple[int, int] | None:
    return (len(table.rows), table.columns) if table else None


def _shown(text: str, mime: str) -> str:
    """Text as it is to be read: what goes to a terminal without its colours."""
    if mime != "text/plain":
        return text
    return "\n".join(output_lines(Output("stream", None, {}, text)))


def _hash(data: bytes) -> str:
    return blake3(data).hexdigest()


# Arrays of plotly

_DTYPES = {
    "i1": "b",
    "u1": "B",
    "i2": "h",
    "u2": "H",
    "i4": "i",
    "u4": "I",
    "i8": "q",
    "u8": "Q",
    "f4": "f",
    "f8": "d",
}
"""plotly's names of the kinds of numbers, and Python's."""
_SHAPE = re.compile(r"\s*\d{1,9}(?:\s*,\s*\d{1,9}){0,2}\s*")


def unpacked(value: Any, depth: int = structure.MAX_DEPTH) -> Any:
    """A figure of plotly with its arrays, which newer versions write as base64 of little-endian numbers, as lists."""
    if not depth:
        return value
    if isinstance(value, Mapping):
        found = _numbers(value) if "bdata" in value else None
        return {name: unpacked(item, depth - 1) for name, item in value.items()} if found is None else found
    if isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        return [unpacked(item, depth - 1) for item in value]
    return value


def _numbers(packed: Mapping[str, Any]) -> list[Any] | None:
    kind, data, shape = packed.get("dtype"), packed["bdata"], packed.get("shape")
    if not (isinstance(kind, str) and isinstance(data, str) and kind.lstrip("<|") in _DTYPES):
        return None
    found = array(_DTYPES[kind.lstrip("<|")])
    try:
        found.frombytes(b64decode(data, validate=True))
    except ValueError:
        return None
    if sys.byteorder == "big":
        found.byteswap()
    numbers: list[Any] = found.tolist()
    if shape is None:
        return numbers
    lengths = [int(length) for length in str(shape).split(",")] if _SHAPE.fullmatch(str(shape)) else [0]
    if math.prod(lengths) != len(numbers) or 0 in lengths:
        return None
    for length in reversed(lengths[1:]):
        numbers = [numbers[start : start + length] for start in range(0, len(numbers), length)]
    return numbers
