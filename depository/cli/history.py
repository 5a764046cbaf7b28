"""Versions and events as lines for a person."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from depository.cli.console import Console
from depository.cli.text import cut, local, padded, printable, size, width
from depository.models import Event, Version

_LOOKED_AT = 50
"""How many versions are read before the first is shown, to find out how wide a column is."""
_WIDEST = 16


class _Widths:
    number = 2
    author = 0
    cause = 4

    def __init__(self, first: Iterable[Version | Event]) -> None:
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
