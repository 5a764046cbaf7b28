"""A progress bar on stderr, for work that takes a while, where somebody watches."""

import sys
from types import TracebackType
from typing import Self

_WIDTH = 30


class Progress:
    """So many of so many done. Lines of other output go between `hide` and the next `show`."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._is_shown = False
        self._is_watched = total > 1 and sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hide()

    def show(self, done: int) -> None:
        """Say how many are done."""
        if self._is_watched:
            filled = _WIDTH * done // self._total
            self._write(f"\r{'█' * filled}{'·' * (_WIDTH - filled)} {done}/{self._total}")
            self._is_shown = True

    def hide(self) -> None:
        """Clear the line."""
        if self._is_shown:
            self._write("\r\x1b[K")
            self._is_shown = False

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
