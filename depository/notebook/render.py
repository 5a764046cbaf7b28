"""Rendering: the bytes of a notebook's file, as Jupyter writes it, and the small difference where a file differs.

Jupyter writes a notebook as JSON in UTF-8, indented by one space, keys sorted, multi-line strings as lists of lines,
with a final newline. Other writers indent otherwise, escape what is not ASCII, or leave out the last newline: a
`Style` says which, in one small integer. What is left of a file's peculiarities is a patch, a zstd frame whose
dictionary is the rendering.
"""

import re
from collections.abc import Callable
from json.encoder import encode_basestring, encode_basestring_ascii
from math import isinf
from typing import Any, NamedTuple, Self

from depository.notebook import lines

_INDENT_BITS = 0x0F
_ASCII_BIT = 0x10
_OPEN_BIT = 0x20
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SECOND_LINE = re.compile(rb"\{\r?\n( {0,15})\"")


class Style(NamedTuple):
    """How a file is written."""

    indent: int = 1
    """Spaces a level, 0 to 15."""
    ascii: bool = False
    """Everything that is not ASCII is escaped."""
    open: bool = False
    """Without the final newline."""

    @classmethod
    def of(cls, source: bytes) -> Self:
        """The style that a file seems to have. A wrong guess costs a larger patch, nothing else."""
        start = _SECOND_LINE.match(source)
        return cls(len(start[1]) if start else 1, source.isascii() and b"\\u" in source, not source.endswith(b"\n"))

    @classmethod
    def from_code(cls, code: int) -> Self:
        """The style of an integer that `code` gave.

        Raises:
            ValueError: it stands for no style.
        """
        if code & ~(_INDENT_BITS | _ASCII_BIT | _OPEN_BIT):
            raise ValueError(f"unknown style {code}")
        return cls(code & _INDENT_BITS, bool(code & _ASCII_BIT), bool(code & _OPEN_BIT))

    @property
    def code(self) -> int:
        """The style as an integer: the indent, plus 16 for ASCII, plus 32 for no final newline."""
        return self.indent | (_ASCII_BIT if self.ascii else 0) | (_OPEN_BIT if self.open else 0)


JUPYTER = Style()


def render(content: dict[str, Any], style: Style = JUPYTER) -> bytes:
    """The file of a notebook. The keys of `content` are in order, as `canonical.ordered` leaves them."""
    parts: list[str] = []
    encode: Callable[[str], str] = encode_basestring_ascii if style.ascii else encode_basestring
    _write(lines.split(content), "\n", " " * style.indent, encode, parts.append)
    if not style.open:
        parts.append("\n")
    text = "".join(parts)
    try:
        return text.encode()
    except UnicodeEncodeError:  # lone surrogates, which a file can only hold escaped
        return _LONE_SURROGATE.sub(_escape, text).encode()


def _write(value: Any, newline: str, step: str, encode: Callable[[str], str], out: Callable[[str], None]) -> None:
    kind = type(value)
    if kind is str:
        out(encode(value))
    elif kind is dict:
        if not value:
            out("{}")
            return
        inner = newline + step
        before = "{" + inner
        for key, item in value.items():
            out(before + encode(key) + ": ")
            if type(item) is str:
                out(encode(item))
            else:
                _write(item, inner, step, encode, out)
            before = "," + inner
        out(newline + "}")
    elif kind is list:
        if not value:
            out("[]")
            return
        inner = newline + step
        before = "[" + inner
        for item in value:
            out(before)
            if type(item) is str:
                out(encode(item))
            else:
                _write(item, inner, step, encode, out)
            before = "," + inner
        out(newline + "]")
    else:
        out(_scalar(value))


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if type(value) is float:
        if value != value:  # noqa: PLR0124 - the one value that is not itself
            return "NaN"
        if isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
