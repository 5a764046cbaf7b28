"""What a save writes, caught while Jupyter writes it, and on its way into the spool before Jupyter is done."""

import os
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from concurrent.futures import Future

_SLICE = 1 << 18
"""Characters or bytes that are worked on without letting another thread run."""

current: "ContextVar[Capture | None]" = ContextVar("depository_capture", default=None)
"""The save that is being made in this task or thread."""


class Written(NamedTuple):
    """The content of a file, in parts that were written one after the other."""

    parts: tuple[str | bytes, ...]
    encoding: str = "utf-8"

    def encoded(self) -> tuple[int, Iterator[bytes]]:
        """The size in bytes, and the bytes in parts small enough to be worked on without holding up others."""
        size = 0
        for part in self.parts:
            if isinstance(part, bytes) or part.isascii():
                size += len(part)
            else:
                size += sum(len(piece) for piece in self._pieces(part))
        return size, (piece for part in self.parts for piece in self._pieces(part))

    def _pieces(self, part: str | bytes) -> Iterator[bytes]:
        for start in range(0, len(part), _SLICE):
            piece = part[start : start + _SLICE]
            yield piece if isinstance(piece, bytes) else piece.encode(self.encoding)


class OnDisk(NamedTuple):
    """The content of a file that is open for reading."""

    stream: BinaryIO

    def encoded(self) -> tuple[int, Iterator[bytes]]:
        """The size in bytes, and the bytes in parts; a file that shrinks meanwhile is a ValueError."""
        size = os.fstat(self.stream.fileno()).st_size
        return size, self._parts(size)

    def _parts(self, size: int) -> Iterator[bytes]:
        while size:
            part = self.stream.read(min(size, _SLICE))
            if not part:
                raise ValueError("The file was changed while it was read.")
            size -= len(part)
            yield part


class Tee:
    """A file that remembers what is written to it. What is a string stays one: nothing is copied or encoded here."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.parts: list[str | bytes] = []

    def write(self, data: Any) -> Any:
        """Write, and remember."""
        self.parts.append(data if isinstance(data, (str, bytes)) else bytes(data))
        return self._file.write(data)

    def writelines(self, lines: Any) -> None:
        """Write, and remember."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Capture:
    """One save on its way: what it writes, and the item that tells of it."""

    def __init__(self, shown: str, os_path: str | None, *, cause: str, author: str, is_automatic: bool) -> None:
        self.shown = shown
        self.os_path = os_path
        self.cause = cause
        self.author = author
        self.is_automatic = is_automatic
        self.accepted: Future[Any] | None = None
        """Done when the item is on disk; its result is the item's name, or None where that failed."""
        self.is_written = False
        """The contents manager has finished writing the file."""
