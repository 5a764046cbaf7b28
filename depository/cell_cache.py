"""Files that are read again and again: only the cells that changed are parsed.

From one save of a notebook to the next, most cells stay as they are, byte for byte. In a file that is written exactly
as Jupyter writes it, cells can be told apart without parsing it, since no string there spans lines; what a cell comes
to is kept under the hash of its text. A cell that is new is parsed, and rendered again to see that the file is written
so; any doubt is left to `content.from_file`, which reads whatever there is.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from threading import Lock
from typing import Any, NamedTuple

import msgpack
from blake3 import blake3

from depository.errors import InvalidContent
from depository.notebook import canonical, content, lines, render, skeleton
from depository.notebook.content import Content, Kind
from depository.notebook.skeleton import Output, Seen, Skeleton

KEPT = 16 * 1024 * 1024
"""Bytes of text whose cells are kept, and of the longest file looked at. Memory holds up to three times that."""

_START = b'{\n "cells": [\n  {'
_BETWEEN = b"\n  },\n  {"
_END = b"\n  }\n ],\n"
_MOST_KEYS = 14
_MOST_CELLS = 0xFFFF
_SEEN = 20_000


class Found(NamedTuple):
    """A file that is, to the byte, what `render.render` makes of its content."""

    content: Content
    parts: Skeleton
    """As `skeleton.take_apart` gives them."""
    fingerprint: bytes
    """As `content.source_fingerprint` gives it."""


class _Piece(NamedTuple):
    """What a cell comes to, or what follows the cells."""

    value: Any
    canonical: bytes
    parts: Skeleton
    source: bytes
    """The canonical bytes of what `content.source_of` gives."""
    size: int
    """Of its text, in bytes."""


class CellCache:
    """What the cells of files came to. Safe with several threads.

    Args:
        kept: bytes of text whose cells are kept.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._pieces: OrderedDict[bytes, _Piece] = OrderedDict()
        self._size = 0
        self._seen: Seen = {}
        self._lock = Lock()

    def read(self, source: bytes) -> Found | None:
        """The content of a file of nbformat 4 as Jupyter writes it; None where it may be anything else."""
        if len(source) > self._kept or not source.startswith(_START):
            return None
        end = source.rfind(_END)
        view = memoryview(source)
        try:
            cells = [self._piece(text, _parse_cell) for text in _cells(view, source, end)]
            rest = self._piece(view[end + len(_END) :], _parse_rest)
        except (InvalidContent, RecursionError, ValueError):
            return None
        return _joined(cells, rest) if len(cells) <= _MOST_CELLS else None

    def _piece(self, text: memoryview, parse: "Callable[[bytes, Seen], _Piece]") -> _Piece:
        key = blake3(text).digest() + parse.__name__.encode()
        with self._lock:
            if found := self._pieces.get(key):
                self._pieces.move_to_end(key)
                return found
        made = parse(bytes(text), self._seen)
        with self._lock:
            if len(self._seen) > _SEEN:
                self._seen = {}
            if key not in self._pieces:
                self._pieces[key] = made
                self._size += made.size
            while self._size > self._kept:
                _, oldest = self._pieces.popitem(last=False)
                self._size -= oldest.size
        return made


def _cells(view: memoryview, source: bytes, end: int) -> Iterator[memoryview]:
    """The text of each cell, from after its first brace to before the line with its last.

    Raises:
        ValueError: there are none.
    """
    start = len(_START)
    if end < start:
        raise ValueError("it has no cells, or it is written otherwise")
    while (stop := source.find(_BETWEEN, start, end)) >= 0:
        yield view[start:stop]
        start = stop + len(_BETWEEN)
    yield view[start:end]


def _parse_cell(text: bytes, seen: Seen) -> _Piece:
    """What a cell comes to.

    Raises:
        ValueError: it is not written as Jupyter writes it.
    """
    value = json.loads(f"{{{text.decode()}}}")
    joined = lines.join({"nbformat": 4, "cells": [value]})["cells"][0]
    value = canonical.ordered(joined, canonical.MAX_DEPTH - 2)
    if render.render_cell(value) != b"{%b\n  }" % text:
        raise ValueError("it is written otherwise")
    packed = canonical.encode(value)
    parts = skeleton.take_apart(value, packed, seen)
    return _Piece(value, packed, parts, canonical.encode(content.source_of(value)), len(text))


def _parse_rest(text: bytes, seen: Seen) -> _Piece:
    """What follows the cells comes to.

    Raises:
        ValueError: it is not written as Jupyter writes it.
    """
    rest = json.loads(f"{{{text.decode()}")
    if rest.get("nbformat") != 4 or len(rest) > _MOST_KEYS:
        raise ValueError("it is no notebook of nbformat 4")
    value = canonical.ordered(lines.join({**rest, "cells": []}))
    if render.render(value) != b'{\n "cells": [],\n%b' % text:
        raise ValueError("it is written otherwise")
    del value["cells"]
    packed = canonical.encode(value)
    return _Piece(value, packed, skeleton.take_apart(value, packed, seen), b"", len(text))


def _joined(cells: list[_Piece], rest: _Piece) -> Found:
    packer = msgpack.Packer()
    count: bytes = packer.pack_array_header(len(cells))
    # a map of one key more, which comes first; of so few keys it starts with a single byte
    start = b"".join((packer.pack_map_header(len(rest.value) + 1), packer.pack("cells"), count))

    def whole(of_cells: Iterable[bytes], of_rest: bytes) -> bytes:
        return b"".join(chain((start,), of_cells, (of_rest[1:],)))

    packed = whole((cell.canonical for cell in cells), rest.canonical)
    outputs: dict[bytes, Output] = {}
    for piece in (*cells, rest):
        outputs.update(piece.parts.outputs)
    data = whole((cell.parts.data for cell in cells), rest.parts.data) if outputs else packed
    value = {"cells": [cell.value for cell in cells], **rest.value}
    sources = b"".join((count, *(cell.source for cell in cells)))
    return Found(
        Content(Kind.NOTEBOOK, value, packed, canonical.hash_canonical(packed)),
        Skeleton(data, outputs),
        content.fingerprint_of(sources),
    )
