"""Writing to the user: colours on a terminal, plain text in a pipe, a pager for what is longer than the screen."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

import click

from depository.cli.text import width

if TYPE_CHECKING:
    from subprocess import Popen

_STYLES: Mapping[str, str] = {
    "number": "33",
    "ref": "1;32",
    "event": "36",
    "dim": "2",
    "bold": "1",
    "good": "32",
    "bad": "31",
    "warn": "33",
    "match": "1;31",
    # of a difference: the sign before a line, and what differs within it, which has its own ground on any terminal
    "bad-sign": "1;31",
    "good-sign": "1;32",
    "change-sign": "1;33",
    "bad-comment": "3;31",
    "good-comment": "3;32",
    "bad-mark": "38;5;231;48;5;124",
    "good-mark": "38;5;231;48;5;28",
    # of a source: the terminal's own colours but for red and green, which say what went and what came
    "code-keyword": "35",
    "code-builtin": "36",
    "code-function": "34",
    "code-class": "1;34",
    "code-string": "33",
    "code-number": "36",
    "code-comment": "2;3",
    "code-decorator": "35",
    "code-heading": "1",
    "code-emphasis": "3",
    "code-strong": "1",
    "code-divider": "2",
}
"""What each style is as an SGR sequence."""


_AT_ONCE = 100
"""Lines that are written to a program at once."""


class Console:
    """Where a command writes."""

    def __init__(self, environ: Mapping[str, str], colour: str | None = None, *, paging: bool = True) -> None:
        self._environ = environ
        self.paging = paging
        self.is_terminal = sys.stdout.isatty()
        self.coloured = False
        self.choose_colour(colour or "auto")

    def choose_colour(self, when: str) -> None:
        """Use colours ``always``, ``never``, or (``auto``) on a terminal that wants them."""
        wanted = self.is_terminal and not self._environ.get("NO_COLOR") and self._environ.get("TERM") != "dumb"
        self.coloured = when == "always" or (when == "auto" and wanted)

    def paint(self, text: str, style: str) -> str:
        """The text in a style, where colours are wanted."""
        code = _STYLES.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text and self.coloured else text

    @property
    def columns(self) -> int | None:
        """How wide the terminal is; None for a pipe, which is as wide as one likes."""
        return self._terminal_size()[0] if self.is_terminal else None

    def line(self, text: str = "") -> None:
        """Write a line."""
        click.echo(text, color=self.coloured)

    def data(self, data: bytes) -> None:
        """Write bytes as they are."""
        stream = sys.stdout.buffer
        stream.write(data)
        stream.flush()

    def note(self, text: str) -> None:
        """Write a remark, on stderr."""
        click.echo(text, err=True)

    def page(self, lines: Iterable[str]) -> None:
        """Write lines, through a pager if they are more than the screen holds."""
        lines = iter(lines)
        pager = self._pager() if self.is_terminal and self.paging and sys.stdin.isatty() else None
        if not pager:
            self._write(lines)
            return
        first, more = self._screenful(lines)
        process = self._start(pager) if more else None
        if process is None:
            self._write(chain(first, lines))
        else:
            _feed(process, chain(first, lines))

    def _write(self, lines: Iterable[str]) -> None:
        """Write lines: to a person each as it comes, to a program some at once, which is many times cheaper."""
        taken: list[str] = []
        try:
            for line in lines:
                taken.append(line)
                if self.is_terminal or len(taken) == _AT_ONCE:
                    text = "\n".join(taken)
                    taken.clear()
                    self.line(text)
        finally:  # what was found before an error comes before its message
            if taken:
                self.line("\n".join(taken))

    def _screenful(self, lines: Iterator[str]) -> tuple[list[str], bool]:
        """The lines that fill the screen, and whether there is more."""
        columns, rows = self._terminal_size()
        taken: list[str] = []
        free = rows - 1
        for line in lines:
            taken.append(line)
            free -= max(1, -(-width(click.unstyle(line)) // columns))
            if free < 0:
                return taken, True
        return taken, False

    def _pager(self) -> list[str]:
        import shlex

        named = self._environ.get("DEPOSITORY_PAGER", self._environ.get("PAGER", "less"))
        try:
            words = shlex.split(named, posix=os.name != "nt")
        except ValueError:
            words = []
        return [] if words == ["cat"] or self._environ.get("TERM") == "dumb" else words

    def _start(self, command: list[str]) -> "Popen[str] | None":
        from subprocess import PIPE, Popen

        environ = {"LESS": "FRX", "LV": "-c", **self._environ}
        try:
            return Popen(command, stdin=PIPE, env=environ, text=True, encoding="utf-8", errors="backslashreplace")  # noqa: S603
        except OSError:
            return None

    def _terminal_size(self) -> tuple[int, int]:
        sizes = [self._environ.get(name, "") for name in ("COLUMNS", "LINES")]
        try:
            found = os.get_terminal_size(sys.stdout.fileno())
        except (OSError, ValueError):
            found = os.terminal_size((80, 24))
        columns, rows = (int(s) if s.isdecimal() and int(s) else n for s, n in zip(sizes, found, strict=True))
        return columns or 80, rows or 24


def _feed(process: "Popen[str]", lines: Iterable[str]) -> None:
    """Write to a pager until it has all or had enough, and wait until the user leaves it."""
    import signal

    # Ctrl-C belongs to the pager while it has the screen
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(BrokenPipeError), process:
            process.stdin.writelines(f"{line}\n" for line in lines)  # type: ignore[union-attr]  # it is a pipe
    finally:
        signal.signal(signal.SIGINT, before)
