"""What a save writes, caught while Jupyter writes it, and on its way into the spool before Jupyter is done."""

import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from depository.jupyter.crew import Ticket

if TYPE_CHECKING:
    from depository.jupyter.places import Target

_SLICE = 1 << 18
"""Characters or bytes that are worked on without letting another thread run."""

SMALL = 1 << 18
"""Characters or bytes up to which a file is handed over when it is whole."""

current: "ContextVar[Capture | None]" = ContextVar("depository_capture", default=None)
"""The save that is being made in this task or thread."""


class Abandoned(Exception):
    """The save that was being caught was not made, or not in the way in which it can be caught."""


class Capture:
    """One save on its way: what it writes, in parts, and whether that is in the spool.

    All that Jupyter's own thread does about it is to hand over references; encoding and writing are done elsewhere.
    """

    def __init__(self, shown: str, cause: str, handler: Any) -> None:
        """Make one.

        Args:
            shown: the notebook's path in Jupyter.
            cause: as the version will have it.
            handler: of the request that is being served.
        """
        self.shown = shown
        self.cause = cause
        self.handler = handler
        self.ticket = Ticket()
        """Done when the item is on disk; its result is the item's name, or None where there is none."""
        self.target: Target | None = None
        """Where it was believed to belong when its item was begun."""
        self.is_started = False
        """Somebody takes the parts."""
        self.is_caught = False
        """The file is being written, or was, and its parts are caught."""
        self.is_whole = False
        """All parts were caught."""
        self.is_written = False
        """The contents manager has finished writing the file."""
        self.size = 0
        """Characters and bytes that were handed over."""
        self._parts: SimpleQueue[str | bytes | bool] = SimpleQueue()

    def catches(self, os_path: str, encoding: str | None) -> bool:
        """Whether a file that is about to be written is the notebook's, and can be caught.

        Args:
            os_path: of the file; a contents manager may write others beside it.
            encoding: in which it is written; None for bytes, or for the usual one.
        """
        is_ours = os_path.replace(os.sep, "/").endswith(f"/{self.shown}")
        return is_ours and not self.is_caught and encoding in (None, "utf-8")

    def put(self, part: str | bytes) -> None:
        """Hand over a part."""
        self.size += len(part)
        self._parts.put(part)

    def end(self) -> None:
        """Say that there are no more parts."""
        self.is_whole = True
        self._parts.put(True)

    def abandon(self) -> None:
        """Say that nothing comes of it."""
        self._parts.put(False)

    def content(self) -> bytes:
        """All parts in bytes, of a file that is whole and small."""
        return b"".join(self.pieces())

    def pieces(self, encoding: str = "utf-8") -> Iterator[bytes]:
        """The parts in bytes, as they come, and an empty one before each wait.

        Raises:
            Abandoned: nothing comes of it.
        """
        while True:
            try:
                part = self._parts.get_nowait()
            except Empty:
                yield b""
                part = self._parts.get()
            if part is True:
                return
            if part is False:
                raise Abandoned
            for start in range(0, len(part), _SLICE):
                piece = part[start : start + _SLICE]
                yield piece if isinstance(piece, bytes) else piece.encode(encoding)


class Tee:
    """A file whose writes are caught. What is a string stays one: nothing is copied or encoded here."""

    def __init__(self, file: Any, capture: Capture, start: Callable[[Capture], None]) -> None:
        """Make one.

        Args:
            file: that is written.
            capture: takes what is written.
            start: called when there is so much that it should not wait until it is whole.
        """
        self._file = file
        self._capture = capture
        self._start = start

    def write(self, data: Any) -> Any:
        """Write, and hand over."""
        capture = self._capture
        capture.put(data if isinstance(data, (str, bytes)) else bytes(data))
        if capture.size > SMALL and not capture.is_started:
            self._start(capture)
        return self._file.write(data)

    def writelines(self, lines: Any) -> None:
        """Write, and hand over."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
