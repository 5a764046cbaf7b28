r"""Notebooks as plain lines for a person to read.

A line has a role, and no colour: whoever prints it chooses that by the role. Nothing in a notebook can drive a
terminal from here: control characters, and those that reorder text, come out as escapes such as ``\x1b``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from blake3 import blake3

from depository.notebook.cells import (
    READABLE,
    Cell,
    Output,
    cells,
    coalesce,
    decode,
    format_version,
    notebook_metadata,
)
from depository.notebook.images import pixels

Role = Literal[
    "cell-header",
    "output-header",
    "boundary",
    "source",
    "output",
    "note",
    "added",
    "removed",
    "changed",
    "context",
    "hunk",
]

OUTPUT_LINES = 40
"""How many lines of one output are shown unless told otherwise."""
LINE_LENGTH = 1_000
"""Where a longer line of an output or a difference is cut, in characters."""
_NAME_LENGTH = 60
_KINDS = {"execute_result": "result", "display_data": "display"}

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[@-Z\\^_])")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)


class Run(NamedTuple):
    """A piece of a line."""

    text: str
    style: str = ""
    """What it is in the syntax of a source; ``sign`` for what stands before a changed line."""
    tag: Literal["", "-", "+"] = ""
    """Whether it went or came."""
    marked: bool = False
    """Whether this is what differs within its line."""


class Line(NamedTuple):
    """A line of text without its end."""

    role: Role
    text: str
    runs: tuple[Run, ...] = ()
    """The same text in pieces, where they are not all alike."""


def render_notebook(notebook: object, *, limit: int | None = OUTPUT_LINES) -> Iterator[Line]:
    """Show a notebook: each cell with its source and outputs.

    Args:
        notebook: a notebook of any nbformat, valid or not.
        limit: how many lines of each output to show; None for all.
    """
    found = cells(notebook)
    yield Line("note", one_line(_title(notebook, len(found))))
    for cell in found:
        yield Line("note", "")
        yield Line("cell-header", cell_header(cell))
        yield from (Line("source", visible(text)) for text in source_lines(cell))
        yield from (Line("note", text) for text in attachments(cell))
        for output in coalesce(cell.outputs):
            yield from render_output(output, limit)


def visible(text: str) -> str:
    """Escape what would drive a terminal or reorder what it shows; line ends and tabs stay."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\r":
        return "\\r"
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# Headers


def _title(notebook: object, count: int) -> str:
    parts = [f"nbformat {format_version(notebook)}", plural(count, "cell")]
    for key in ("language_info", "kernelspec"):
        entry = notebook_metadata(notebook).get(key)
        if isinstance(entry, Mapping) and isinstance(name := entry.get("name"), str):
            parts.insert(1, name[:_NAME_LENGTH])
            break
    return ", ".join(parts)


def cell_header(cell: Cell, old: Cell | None = None, *notes: str, place: str = "") -> str:
    """The line above a cell: kind, place, id; of a pair, what it was and is; and notes."""
    old = old or cell
    kind = cell.kind if old.kind == cell.kind else f"{old.kind} → {cell.kind}"
    count = "" if cell.kind != "code" else f" [{' ' if cell.execution_count is None else cell.execution_count}]"
    place = place or f"cell {cell.index + 1 if old.index == cell.index else f'{old.index + 1} → {cell.index + 1}'}"
    parts = [kind + count, place, *([f"id {cell.id[:8]}"] if cell.id else []), *notes]
    return f"── {one_line(' · '.join(parts))} ──"


# Outputs


def render_output(output: Output, limit: int | None) -> Iterator[Line]:
    """Show one output; a stream as one whole."""
    yield Line("output-header", output_header(output))
    if output.text is not None:
        yield from (Line("output", text) for text in _limited(output_lines(output), limit))
    yield from (Line("output", text) for text in described(output))


def output_header(output: Output) -> str:
    """The line above an output."""
    return f"· {one_line(output.name or _KINDS.get(output.kind, output.kind))}"


def described(output: Output) -> list[str]:
    """A line for each value that is not shown as text."""
    shown = next((mime for mime in READABLE if mime in output.mimes), None)
    return [_describe(mime, output.mimes[mime]) for mime in sorted(output.mimes) if mime != shown]


def _describe(mime: str, value: Any) -> str:
    data = decode(mime, value)
    size = f"{found[0]}x{found[1]}, " if (found := pixels(data)) else ""
    return f"{one_line(mime)} {size}{byte_size(len(data))}, {blake3(data).hexdigest()[:8]}"


def attachments(cell: Cell) -> list[str]:
    """A line for each attachment of a cell."""
    return [
        f"· attachment {one_line(name)}: {_describe(mime, bundle[mime])}"
        for name, bundle in cell.attachments.items()
        for mime in bundle
    ]


def output_lines(output: Output) -> list[str]:
    """The text of an output as a terminal without colours would leave it."""
    text = _ANSI.sub("", output.text or "").replace("\r\n", "\n")
    found = text.removesuffix("\n").split("\n") if text else []
    # a progress bar writes one line over and over
    return [next((part for part in reversed(line.split("\r")) if part), "") for line in found]


def _limited(found: list[str], limit: int | None) -> Iterator[str]:
    shown = found if limit is None or len(found) <= limit else found[:limit]
    yield from map(one_line, shown)
    if len(shown) < len(found):
        yield f"… {plural(len(found) - len(shown), 'more line')}"


# Small parts


def source_lines(cell: Cell) -> list[str]:
    """The lines of a cell's source, without their ends."""
    return cell.source.replace("\r\n", "\n").split("\n") if cell.source else []


def one_line(text: str, start: int = 0) -> str:
    """One line, safe to show and not endless."""
    end = start + LINE_LENGTH
    before = f"({start:,} characters …) " if start else ""
    after = f" (… {plural(len(text) - end, 'more character')})" if len(text) > end else ""
    return before + visible(text[start:end]).replace("\n", "\\n") + after


def plural(count: int, thing: str) -> str:
    """So many things."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def byte_size(count: int) -> str:
    """A number of bytes for a person: ``512 B``, ``1.3 KiB``."""
    if count < 1024:
        return f"{count} B"
    size, unit = count / 1024, "KiB"
    if size >= 1023.5:
        size, unit = size / 1024, "MiB"
    return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"
