r"""Notebooks and their differences as plain lines for a person to read.

A line has a role, and no colour: whoever prints it chooses that by the role. Nothing in a notebook can drive a
terminal from here: control characters, and those that reorder text, come out as escapes such as ``\x1b``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from blake3 import blake3

from depository.notebook.cells import (
    READABLE,
    Cell,
    Output,
    as_json,
    cells,
    coalesce,
    decode,
    format_version,
    notebook_metadata,
)
from depository.notebook.diff import CellChange, NotebookDiff, OutputChange, lines
from depository.notebook.sequences import Effort

Role = Literal["cell-header", "output-header", "source", "output", "note", "added", "removed", "context", "hunk"]

OUTPUT_LINES = 40
"""How many lines of one output are shown unless told otherwise."""
_LINE_LENGTH = 1_000
"""Where a longer line of an output or a difference is cut, in characters."""
_BEFORE_DIFFERENCE = 60
_NAME_LENGTH = 60
_KINDS = {"execute_result": "result", "display_data": "display"}

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[@-Z\\^_])")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)


class Line(NamedTuple):
    """A line of text without its end."""

    role: Role
    text: str


def render_notebook(notebook: object, *, limit: int | None = OUTPUT_LINES) -> Iterator[Line]:
    """Show a notebook: each cell with its source and outputs.

    Args:
        notebook: a notebook of any nbformat, valid or not.
        limit: how many lines of each output to show; None for all.
    """
    found = cells(notebook)
    yield Line("note", _line(_title(notebook, len(found))))
    for cell in found:
        yield Line("note", "")
        yield Line("cell-header", _header(cell))
        yield from (Line("source", visible(text)) for text in _source_lines(cell))
        yield from (Line("note", text) for text in _attachments(cell))
        for output in coalesce(cell.outputs):
            yield from _render_output(output, limit)


def render_diff(diff: NotebookDiff, *, context: int = 3, limit: int | None = OUTPUT_LINES) -> Iterator[Line]:
    """Show what changed between two notebooks.

    Args:
        diff: the difference.
        context: how many unchanged lines to show around changed ones.
        limit: how many lines of each output to show; None for all.
    """
    effort = Effort()
    yield Line("note", _summary(diff))
    if diff.old_format != diff.new_format:
        yield Line("note", f"nbformat {diff.old_format} → {diff.new_format}")
    if diff.metadata_changed:
        yield Line("output-header", "· notebook metadata")
        yield from _compare_json(diff.old_metadata, diff.new_metadata, context, effort)
    equal = 0
    for change in diff.changes:
        if change.status == "equal":
            equal += 1
            continue
        yield from _skipped(equal)
        equal = 0
        yield Line("note", "")
        yield from _render_change(change, context, limit, effort)
    if equal < len(diff.changes):
        yield from _skipped(equal)


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
    parts = [f"nbformat {format_version(notebook)}", _plural(count, "cell")]
    for key in ("language_info", "kernelspec"):
        entry = notebook_metadata(notebook).get(key)
        if isinstance(entry, Mapping) and isinstance(name := entry.get("name"), str):
            parts.insert(1, name[:_NAME_LENGTH])
            break
    return ", ".join(parts)


def _header(cell: Cell, old: Cell | None = None, *notes: str) -> str:
    old = old or cell
    kind = cell.kind if old.kind == cell.kind else f"{old.kind} → {cell.kind}"
    count = "" if cell.kind != "code" else f" [{' ' if cell.execution_count is None else cell.execution_count}]"
    place = f"{cell.index + 1}" if old.index == cell.index else f"{old.index + 1} → {cell.index + 1}"
    parts = [kind + count, f"cell {place}", *([f"id {cell.id[:8]}"] if cell.id else []), *notes]
    return f"── {_line(' · '.join(parts))} ──"


def _summary(diff: NotebookDiff) -> str:
    if diff.is_empty:
        return "no changes"
    counts = diff.counts._asdict()
    named = [f"{count} {status}" for status, count in counts.items() if count and status != "equal"]
    if diff.counts.equal:
        named.append(f"{_plural(diff.counts.equal, 'cell')} unchanged")
    if diff.metadata_changed:
        named.append("notebook metadata changed")
    return ", ".join(named)


def _skipped(count: int) -> Iterator[Line]:
    if count:
        yield Line("note", "")
        yield Line("note", f"… {_plural(count, 'unchanged cell')}")


# Outputs


def _render_output(output: Output, limit: int | None) -> Iterator[Line]:
    yield Line("output-header", _output_header(output))
    if output.text is not None:
        yield from (Line("output", text) for text in _limited(_output_lines(output), limit))
    yield from (Line("output", text) for text in _described(output))


def _output_header(output: Output) -> str:
    return f"· {_line(output.name or _KINDS.get(output.kind, output.kind))}"


def _described(output: Output) -> list[str]:
    """A line for each value that is not shown as text."""
    shown = next((mime for mime in READABLE if mime in output.mimes), None)
    return [_describe(mime, output.mimes[mime]) for mime in sorted(output.mimes) if mime != shown]


def _describe(mime: str, value: Any) -> str:
    data = decode(mime, value)
    pixels = _pixels(data)
    size = f"{pixels[0]}x{pixels[1]}, " if pixels else ""
    return f"{_line(mime)} {size}{_bytes(len(data))}, {blake3(data).hexdigest()[:8]}"


def _attachments(cell: Cell) -> list[str]:
    return [
        f"· attachment {_line(name)}: {_describe(mime, bundle[mime])}"
        for name, bundle in cell.attachments.items()
        for mime in bundle
    ]


def _output_lines(output: Output) -> list[str]:
    """The text of an output as a terminal without colours would leave it."""
    text = _ANSI.sub("", output.text or "").replace("\r\n", "\n")
    found = text.removesuffix("\n").split("\n") if text else []
    # a progress bar writes one line over and over
    return [next((part for part in reversed(line.split("\r")) if part), "") for line in found]


def _limited(found: list[str], limit: int | None) -> Iterator[str]:
    shown = found if limit is None or len(found) <= limit else found[:limit]
    yield from map(_line, shown)
    if len(shown) < len(found):
        yield f"… {_plural(len(found) - len(shown), 'more line')}"


# Differences


def _render_change(change: CellChange, context: int, limit: int | None, effort: Effort) -> Iterator[Line]:
    match change:
        case CellChange(old=None, new=Cell() as cell):
            yield Line("cell-header", _header(cell, None, "added"))
            yield from _one_side("added", cell, limit)
        case CellChange(old=Cell() as cell, new=None):
            yield Line("cell-header", _header(cell, None, "removed"))
            yield from _one_side("removed", cell, limit)
        case CellChange(old=Cell() as old, new=Cell() as new):
            yield Line("cell-header", _header(new, old, *_what_changed(change)))
            yield from _compare(old.source, new.source, context, effort) if change.source_changed else _reminder(new)
            if change.attachments_changed:
                yield from _replace(_attachments(old), _attachments(new))
            if change.metadata_changed:
                yield Line("output-header", "· metadata")
                yield from _compare_json(_all_metadata(old), _all_metadata(new), context, effort)
            for output_change in change.outputs:
                yield from _render_output_change(output_change, context, limit, effort)


def _reminder(cell: Cell) -> Iterator[Line]:
    """The first line of a source that did not change: which cell this is."""
    first, _, rest = cell.source.strip().partition("\n")
    if first:
        yield Line("context", f"  {_line(first)}{' …' if rest else ''}")


def _what_changed(change: CellChange) -> Iterator[str]:
    if change.moved:
        yield "moved"
    parts = {
        "source": change.source_changed,
        "attachments": change.attachments_changed,
        "metadata": change.metadata_changed,
        "outputs": change.outputs_changed,
    }
    if changed := [name for name, is_changed in parts.items() if is_changed]:
        yield f"{', '.join(changed)} changed"
    if change.execution_count_changed and change.old and change.new:
        yield f"execution count {change.old.execution_count} → {change.new.execution_count}"


def _all_metadata(cell: Cell) -> dict[str, Any]:
    outputs = [output.metadata for output in cell.outputs]
    return {"cell": cell.metadata, "outputs": outputs} if any(outputs) else dict(cell.metadata)


def _one_side(role: Literal["added", "removed"], cell: Cell, limit: int | None) -> Iterator[Line]:
    mark = "+ " if role == "added" else "- "
    yield from (Line(role, mark + _line(text)) for text in _source_lines(cell))
    yield from (Line(role, mark + text) for text in _attachments(cell))
    for output in coalesce(cell.outputs):
        for line in _render_output(output, limit):
            yield line if line.role == "output-header" else Line(role, mark + line.text)


def _render_output_change(change: OutputChange, context: int, limit: int | None, effort: Effort) -> Iterator[Line]:
    old, new = change.old, change.new
    sort = new or old
    if sort is None:
        return
    yield Line("output-header", _output_header(sort) + (" added" if old is None else " removed" if new is None else ""))
    before, after = ([] if output is None else _output_lines(output) for output in (old, new))
    compared = list(_compare("\n".join(before), "\n".join(after), context, effort))
    shown = compared if limit is None else compared[:limit]
    yield from shown
    if len(shown) < len(compared):
        yield Line("note", f"… {_plural(len(compared) - len(shown), 'more line')} of this difference")
    described = [[] if output is None else _described(output) for output in (old, new)]
    replaced = list(_replace(*described))
    yield from replaced
    if not compared and not replaced:
        yield Line("note", "only colours or overwritten lines differ")


def _compare_json(old: Mapping[str, Any], new: Mapping[str, Any], context: int, effort: Effort) -> Iterator[Line]:
    return _compare(as_json(old, indent=1), as_json(new, indent=1), context, effort)


def _replace(old: Iterable[str], new: Iterable[str]) -> Iterator[Line]:
    before, after = list(old), list(new)
    yield from (Line("removed", f"- {text}") for text in before if text not in after)
    yield from (Line("added", f"+ {text}") for text in after if text not in before)


def _compare(old: str, new: str, context: int, effort: Effort) -> Iterator[Line]:
    roles: dict[str, Role] = {" ": "context", "-": "removed", "+": "added"}
    if "\r\n" in old and "\r\n" in new:
        # where both end lines so, that is nothing to see
        plain_old, plain_new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
        old, new = (plain_old, plain_new) if plain_old != plain_new else (old, new)
    hunks = lines(old, new, context, effort)
    for hunk in hunks:
        if len(hunks) > 1 or hunk.old_start > 1:
            counts = [sum(line.tag != tag for line in hunk.lines) for tag in "+-"]
            yield Line("hunk", f"@@ -{hunk.old_start},{counts[0]} +{hunk.new_start},{counts[1]} @@")
        long = [line.text for line in hunk.lines if line.tag != " " and len(line.text) > _LINE_LENGTH]
        # of two long lines, the part that differs is the one to see
        start = max(_common_prefix(*long) - _BEFORE_DIFFERENCE, 0) if len(long) == 2 else 0
        for tag, text in hunk.lines:
            yield Line(roles[tag], f"{tag} {_line(text, start if tag != ' ' and len(text) > _LINE_LENGTH else 0)}")


# Small parts


def _source_lines(cell: Cell) -> list[str]:
    return cell.source.replace("\r\n", "\n").split("\n") if cell.source else []


def _line(text: str, start: int = 0) -> str:
    """One line, safe to show and not endless."""
    end = start + _LINE_LENGTH
    before = f"({start:,} characters …) " if start else ""
    after = f" (… {_plural(len(text) - end, 'more character')})" if len(text) > end else ""
    return before + visible(text[start:end]).replace("\n", "\\n") + after


def _common_prefix(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _plural(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _bytes(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    size, unit = count / 1024, "KiB"
    if size >= 1023.5:
        size, unit = size / 1024, "MiB"
    return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"


def _pixels(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF or JPEG, from its header."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data.startswith(b"\xff\xd8"):
        return _jpeg_pixels(data)
    return None


def _jpeg_pixels(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        # a start of frame; DHT, JPG and DAC have numbers among them
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
