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
_LONG = 200
_ESCAPES = (
    ("\\", "\\\\"),
    ('"', '\\"'),
    ("\t", "\\t"),
    ("\r", "\\r"),
    ("\b", "\\b"),
    ("\f", "\\f"),
    ("\x1b", "\\u001b"),  # colours
)
_BEFORE_CELL = b'{\n "cells": [\n  '
_AFTER_CELL = b'\n ],\n "nbformat": 4\n}\n'
_RARE = tuple(bytes((code,)) for code in range(0x20) if code not in b"\b\t\n\f\r\x1b")
_ENDS_IN_ASCII = ("\r", "\v", "\f", "\x1c", "\x1d", "\x1e")
_ENDS = (*_ENDS_IN_ASCII, "\x85", "\u2028", "\u2029")
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
        return cls._unescaped(source)._replace(ascii=_is_escaped(source))

    @classmethod
    def _unescaped(cls, source: bytes) -> Self:
        start = _SECOND_LINE.match(source)
        return cls(len(start[1]) if start else 1, ascii=False, open=not source.endswith(b"\n"))

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
    if style.ascii:
        return _rendered(lines.split(content), style, encode_basestring_ascii)
    source = _rendered(lines.split(content, lines.Text), style, _encode)
    if any(control in source for control in _RARE):  # in the whole: that is the fastest
        source = _rendered(lines.split(content), style, encode_basestring)
    return source


def render_cell(cell: dict[str, Any]) -> bytes:
    """A cell of nbformat 4 as it stands in the file that Jupyter writes, from brace to brace."""
    source = render({"cells": [cell], "nbformat": 4})
    return source[len(_BEFORE_CELL) : -len(_AFTER_CELL)]


def render_like(source: bytes, content: dict[str, Any]) -> tuple[bytes, Style]:
    """The file of a notebook in the style that another file, most likely its own, seems to have; and that style."""
    style = Style._unescaped(source)  # noqa: SLF001 - whether it is escaped takes a search, and is seldom in question
    rendered = render(content, style)
    if rendered == source or not _is_escaped(source):
        return rendered, style
    style = style._replace(ascii=True)
    return render(content, style), style


def _is_escaped(source: bytes) -> bool:
    return source.isascii() and b"\\u" in source


def _rendered(content: dict[str, Any], style: Style, encode: Callable[[str], str]) -> bytes:
    parts: list[str] = []
    _write(content, "\n", " " * style.indent, encode, parts.append)
    if not style.open:
        parts.append("\n")
    text = "".join(parts)
    try:
        return text.encode()
    except UnicodeEncodeError:  # lone surrogates, which a file can only hold escaped
        return _LONE_SURROGATE.sub(_escape, text).encode()


def _write(value: Any, newline: str, step: str, encode: Callable[[str], str], out: Callable[[str], None]) -> None:
    """Write anything but a string."""
    kind = type(value)
    if kind is dict:
        if not value:
            out("{}")
            return
        inner = newline + step
        before = "{" + inner
        for key, item in value.items():
            if type(item) is str:
                out(f"{before}{encode(key)}: {encode(item)}")
            else:
                out(f"{before}{encode(key)}: ")
                _write(item, inner, step, encode, out)
            before = "," + inner
        out(newline + "}")
    elif kind is lines.Text:
        inner = newline + step
        out(f"[{inner}{_encode_lines(value, inner)}{newline}]" if value else "[]")
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


# Long strings are searched for what has to be escaped, which is several times faster than to look at each character.
# Rare control characters are left alone here, and seen to by `render`.


def _encode(text: str) -> str:
    """A text in JSON."""
    return encode_basestring(text) if len(text) < _LONG else f'"{_escaped(text)}"'


def _encode_lines(text: str, between: str) -> str:
    """The lines of a text in JSON, with a comma and something more between them."""
    if len(text) < _LONG or not _has_plain_ends(text):
        return f",{between}".join(map(encode_basestring, text.splitlines(keepends=True)))
    body = text.removesuffix("\n")
    inside = _escaped(body, f'\\n",{between}"')
    return f'"{inside}"' if len(body) == len(text) else f'"{inside}\\n"'


def _has_plain_ends(text: str) -> bool:
    """Whether lines end with a newline only, and with none of what Python takes for the end of a line besides."""
    return not any(end in text for end in (_ENDS_IN_ASCII if text.isascii() else _ENDS))


def _escaped(text: str, newline: str = "\\n") -> str:
    for character, escaped in _ESCAPES:
        if character in text:  # found out at a tenth of the cost of replacing nothing
            text = text.replace(character, escaped)
    return text.replace("\n", newline) if "\n" in text else text


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
