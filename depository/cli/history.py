"""Versions, events and what became of a cell, as lines for a person."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from depository.cli.console import Console
from depository.cli.text import cut, local, padded, printable, size, width
from depository.models import CellStep, Event, Version

_LOOKED_AT = 50
"""How many versions are read before the first is shown, to find out how wide a column is."""
_WIDEST = 16
_WIDEST_PATH = 40
_MOST_VALUES = 3
"""How many values of a cell's outputs a line names."""


class _Widths:
    number = 2
    author = 0
    cause = 4

    status = 0

    def __init__(self, first: Iterable[Version | Event], statuses: Iterable[str] = ()) -> None:
        self.status = max([0, *map(width, statuses)])
        for entry in first:
            if isinstance(entry, Event):
                continue
            self.number = max(self.number, len(entry.name))
            self.author = max(self.author, min(width(printable(entry.author)), _WIDEST))
            self.cause = max(self.cause, min(width(printable(entry.cause)), _WIDEST))


def history_lines(entries: Iterable[Version | Event], console: Console) -> Iterator[str]:
    """One line for each, lazily: number, hash, time, author, size, cause, what changed, refs, message."""
    entries = iter(entries)
    first = list(islice(entries, _LOOKED_AT))
    widths = _Widths(first)
    columns = console.columns
    for entry in chain(first, entries):
        if isinstance(entry, Event):
            yield _event_line(entry, widths, console)
        else:
            yield _version_line(entry, widths, console, columns)


def _version_line(version: Version, widths: _Widths, console: Console, columns: int | None) -> str:
    paint = console.paint
    author, cause = printable(version.author), printable(version.cause)
    if columns is not None:
        author, cause = cut(author, _WIDEST), cut(cause, _WIDEST)
    fields = [
        (version.name.rjust(widths.number), "number"),
        (version.short, ""),
        (local(version.time), "dim"),
        (padded(author, widths.author), ""),
        (size(version.size).rjust(8), ""),
        (padded(cause, widths.cause), ""),
        (padded("raw" if version.kind == "raw" else version.change, 7), "warn" if version.kind == "raw" else "dim"),
    ]
    if version.refs:
        fields.append((f"({', '.join(map(printable, version.refs))})", "ref"))
    used = sum(width(text) + 2 for text, _ in fields)
    message = printable(version.message)
    if columns is not None:
        message = cut(message, max(columns - used, 0))
    return "  ".join(paint(text, style) for text, style in [*fields, (message, "")] if text).rstrip()


def _event_line(event: Event, widths: _Widths, console: Console) -> str:
    who = padded(printable(event.author), widths.author)
    text = f"{' ' * widths.number}  {'-' * 8}  {local(event.time)}  {who}  {describe_event(event)}"
    message = f"  {printable(event.message)}" if event.message else ""
    return console.paint(text, "event") + message


def describe_event(event: Event) -> str:
    """What happened, in a few words."""
    words = [printable(event.event)]
    if event.event in {"tag", "untag"} and event.ref:
        words.append(printable(event.ref))
    if event.number:
        words.append(f"v{event.number}")
    if event.previous:
        words.append(f"(it was v{event.previous})")
    if event.other:
        words.append(f"from {printable(event.other)}" if event.event == "rename" else printable(event.other))
    return " ".join(words)


class Naming(NamedTuple):
    """How versions of one notebook, and of those that its cells were copied from, are called."""

    path: str
    """Of the notebook."""
    shown: Callable[[str], str]
    """A path as the user would type it."""

    def version(self, version: Version) -> str:
        """``v3``; with the path before it, where that is another one."""
        return version.name if version.path == self.path else self.copied(version.path, version.number)

    def copied(self, path: str, number: int) -> str:
        """``other.ipynb@v3``, not too long."""
        return f"{cut(printable(self.shown(path)), _WIDEST_PATH)}@v{number}"


def step_lines(
    steps: Iterable[CellStep],
    console: Console,
    naming: Naming,
    patch: Callable[[CellStep], Iterable[str]] | None = None,
) -> Iterator[str]:
    """One line for each step of a cell, lazily: number, hash, time, author, the cell's number, what became of it.

    Args:
        steps: in the order in which they are to be shown.
        console: where they are going to be written.
        naming: how versions are called.
        patch: makes the lines that stand below a step; none, if not given.
    """
    steps = iter(steps)
    first = list(islice(steps, _LOOKED_AT))
    widths = _Widths((step.version for step in first), (_status(step, naming) for step in first))
    widths.number = max([0, *(width(naming.version(step.version)) for step in first)])
    for position, step in enumerate(chain(first, steps)):
        if position and patch:
            yield ""
        yield _step_line(step, widths, console, naming)
        if patch:
            yield from patch(step)


def _step_line(step: CellStep, widths: _Widths, console: Console, naming: Naming) -> str:
    version = step.version
    author = printable(version.author)
    message = printable(version.message)
    if console.columns is not None:
        author = cut(author, _WIDEST)
    fields = [
        (" " * (widths.number - width(name := naming.version(version))) + name, "number"),
        (version.short, ""),
        (local(version.time), "dim"),
        (padded(author, widths.author), ""),
        (f"cell {step.number}", "bold"),
        (padded(_status(step, naming), widths.status), "event" if step.status != "changed" else ""),
        (f"({', '.join(map(printable, version.refs))})" if version.refs else "", "ref"),
    ]
    if console.columns is not None:
        used = sum(width(text) + 2 for text, _ in fields if text)
        message = cut(message, max(console.columns - used, 0))
    return "  ".join(console.paint(text, style) for text, style in [*fields, (message, "")] if text).rstrip()


def _status(step: CellStep, naming: Naming) -> str:
    """What became of a cell, in a few words."""
    if step.origin:
        where = naming.copied(*step.origin)
        return f"copied from {where}" if step.status == "copied" else f"{_outputs(step)}, copied from {where}"
    match step.status:
        case "split" | "copied":
            return f"{step.status} from cell {step.parts[0]}"
        case "merged":
            return f"merged from cells {' and '.join(map(str, sorted(step.parts)))}"
        case "outputs":
            return _outputs(step)
        case "created" if step.outputs:
            return f"created: {_outputs(step)}"
        case status:
            return status


def _outputs(step: CellStep) -> str:
    values = [f"{printable(mime)} {digest[:8]}" for output in step.outputs for mime, digest in output.values]
    more = [f"and {len(values) - _MOST_VALUES} more"] if len(values) > _MOST_VALUES else []
    return ", ".join(values[:_MOST_VALUES] + more) or "no outputs"
