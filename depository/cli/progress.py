"""A progress bar on stderr, for work that takes a while, where somebody watches."""

import sys
from types import TracebackType

from depository.cli.text import cut, printable

_BAR = 20


class Progress:
    """So many of so many done. Lines of other output go between `hide` and the next `show`."""

    def __init__(self, total: int, columns: int | None) -> None:
        self._total = total
        self._columns = columns or 80
        self._shown = False
        self._watched = total > 1 and sys.stderr.isatty()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hide()

    def show(self, done: int, doing: str) -> None:
        """Say how far it is, and what is being done."""
        if not self._watched:
            return
        filled = _BAR * done // self._total
        text = f"{'█' * filled}{'·' * (_BAR - filled)} {done}/{self._total} {printable(doing)}"
        self._write(f"\r{cut(text, self._columns - 1)}\x1b[K")
        self._shown = True

    def hide(self) -> None:
        """Clear the line."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
