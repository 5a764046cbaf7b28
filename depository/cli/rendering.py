"""Rendered notebooks and differences in colour."""

from collections.abc import Iterable, Iterator

from depository.cli.console import Console
from depository.notebook.text import Line, Role, Run, visible

_STYLES: dict[Role, str] = {
    "cell-header": "bold",
    "output-header": "event",
    "boundary": "event",
    "source": "",
    "output": "dim",
    "note": "dim",
    "added": "good",
    "removed": "bad",
    "changed": "",
    "context": "",
    "hunk": "event",
}
_BRACKETS = {"-": ("[-", "-]"), "+": ("{+", "+}")}


def painted(console: Console, lines: Iterable[Line], *, brackets: bool = False) -> Iterator[str]:
    """Each line in the colours of its pieces, or of its role.

    Args:
        console: where they are going to be written.
        lines: as a notebook or a difference gives them.
        brackets: put what differs within a line between ``[-`` and ``-]``, or ``{+`` and ``+}``.
    """
    for line in lines:
        if line.runs and (console.coloured or brackets):
            yield "".join(_painted(console, run, brackets=brackets and line.role != "changed") for run in line.runs)
        else:
            yield console.paint(line.text, _STYLES[line.role])


def _painted(console: Console, run: Run, *, brackets: bool) -> str:
    text = run.text
    if run.marked and brackets and run.tag:
        before, after = _BRACKETS[run.tag]
        text = before + text + after
    return console.paint(text, _style(run))


def _style(run: Run) -> str:
    side = {"-": "bad", "+": "good", "": ""}[run.tag]
    if run.marked:
        return f"{side}-mark"
    if run.style == "sign":
        return f"{side or 'change'}-sign"
    if run.tag and run.style in {"", "name", "operator", "comment"}:
        return f"{side}-comment" if run.style == "comment" else side
    return f"code-{run.style}"


def text_lines(data: bytes) -> Iterator[str]:
    """Bytes as lines of text, where nothing drives the terminal."""
    text = visible(data.decode(errors="replace"))
    return iter(text.removesuffix("\n").split("\n") if text else ())
