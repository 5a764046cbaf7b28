"""What changed in an output, by what it is: text, a table, an image, JSON, or bytes."""

from typing import NamedTuple

from depository.diff.structure import Change
from depository.diff.texts import Hunk

Row = tuple[str, ...]


class TextDetail(NamedTuple):
    """Text that changed: of a stream, an error, ``text/plain``, Markdown, LaTeX, a script."""

    mime: str
    """``text/plain`` for streams and errors."""
    hunks: tuple[Hunk, ...]
    """Empty where nothing differs but colours and lines that a terminal would have overwritten."""


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


class RowChange(NamedTuple):
    """A row of either table, or the pair of both."""

    old: Row | None
    new: Row | None
    columns: tuple[int, ...] = ()
    """Of a pair: which cells differ, by their place in the row."""


class TableDetail(NamedTuple):
    """A table of HTML that changed, as `pandas` shows a frame."""

    rows: tuple[RowChange, ...]
    """Rows that changed, with a few unchanged ones around them; header rows first."""
    old_size: tuple[int, int] | None
    """Rows and columns; None where there was no such table."""
    new_size: tuple[int, int] | None


class JsonDetail(NamedTuple):
    """JSON that changed, such as a plot of plotly or Vega, or the state of a widget."""

    mime: str
    changes: tuple[Change, ...]
    more: int
    """How many changes there are beyond these."""


class BytesDetail(NamedTuple):
    """A value of another kind, of which only the size and the hash are told."""

    mime: str
    old: tuple[int, str] | None
    """Size in bytes, and BLAKE3 in 64 hex digits."""
    new: tuple[int, str] | None


Detail = TextDetail | ImageDetail | TableDetail | JsonDetail | BytesDetail
