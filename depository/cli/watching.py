"""What is told on stderr while something takes its time: how far it is, where somebody watches, and what is damaged."""

from typing import Self

from depository.cli.console import Console
from depository.cli.progress import Progress
from depository.cli.text import printable

_STEPS = 100


class Watch:
    """Shows a bar, and sentences above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(_STEPS)
        self._last = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hide()

    def progress(self, share: float) -> None:
        """Show how much is done, from 0 to 1; at most once for each step."""
        if (step := int(share * _STEPS)) != self._last:
            self._last = step
            self._bar.show(step)

    def note(self, sentence: str) -> None:
        """Say what is damaged."""
        self.hide()
        self._console.note(f"depository: {printable(sentence)}")

    def hide(self) -> None:
        """Make room for other lines."""
        self._bar.hide()
