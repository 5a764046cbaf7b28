"""The difference of two notebooks as plain lines for a person to read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from depository.diff.compare import CellChange, NotebookDiff, OutputChange
from depository.diff.sequences import Effort
from depository.diff.texts import lines
from depository.notebook.cells import Cell, as_json, coalesce
from depository.notebook.text import (
    LINE_LENGTH,
    OUTPUT_LINES,
    Line,
    Role,
    attachments,
    cell_header,
    described,
    one_line,
    output_header,
    output_lines,
    plural,
    render_output,
    source_lines,
)

_BEFORE_DIFFERENCE = 60
"""How much of a cut line is shown before the part that differs."""


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


def _summary(diff: NotebookDiff) -> str:
    if diff.is_empty:
        return "no changes"
    counts = diff.counts._asdict()
    named = [f"{count} {status}" for status, count in counts.items() if count and status != "equal"]
    if diff.counts.equal:
        named.append(f"{plural(diff.counts.equal, 'cell')} unchanged")
    if diff.metadata_changed:
        named.append("notebook metadata changed")
    return ", ".join(named)


def _skipped(count: int) -> Iterator[Line]:
    if count:
        yield Line("note", "")
        yield Line("note", f"… {plural(count, 'unchanged cell')}")


def _render_change(change: CellChange, context: int, limit: int | None, effort: Effort) -> Iterator[Line]:
    match change:
        case CellChange(old=None, new=Cell() as cell):
            yield Line("cell-header", cell_header(cell, None, "added"))
            yield from _one_side("added", cell, limit)
        case CellChange(old=Cell() as cell, new=None):
            yield Line("cell-header", cell_header(cell, None, "removed"))
            yield from _one_side("removed", cell, limit)
        case CellChange(old=Cell() as old, new=Cell() as new):
            yield Line("cell-header", cell_header(new, old, *_what_changed(change)))
            yield from _compare(old.source, new.source, context, effort) if change.source_changed else _reminder(new)
            if change.attachments_changed:
                yield from _replace(attachments(old), attachments(new))
            if change.metadata_changed:
                yield Line("output-header", "· metadata")
                yield from _compare_json(_all_metadata(old), _all_metadata(new), context, effort)
            for output_change in change.outputs:
                yield from _render_output_change(output_change, context, limit, effort)


def _reminder(cell: Cell) -> Iterator[Line]:
    """The first line of a source that did not change: which cell this is."""
    first, _, rest = cell.source.strip().partition("\n")
    if first:
        yield Line("context", f"  {one_line(first)}{' …' if rest else ''}")


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
    yield from (Line(role, mark + one_line(text)) for text in source_lines(cell))
    yield from (Line(role, mark + text) for text in attachments(cell))
    for output in coalesce(cell.outputs):
        for line in render_output(output, limit):
            yield line if line.role == "output-header" else Line(role, mark + line.text)


def _render_output_change(change: OutputChange, context: int, limit: int | None, effort: Effort) -> Iterator[Line]:
    old, new = change.old, change.new
    sort = new or old
    if sort is None:
        return
    yield Line("output-header", output_header(sort) + (" added" if old is None else " removed" if new is None else ""))
    before, after = ([] if output is None else output_lines(output) for output in (old, new))
    compared = list(_compare("\n".join(before), "\n".join(after), context, effort))
    shown = compared if limit is None else compared[:limit]
    yield from shown
    if len(shown) < len(compared):
        yield Line("note", f"… {plural(len(compared) - len(shown), 'more line')} of this difference")
    replaced = list(_replace(*([] if output is None else described(output) for output in (old, new))))
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
        long = [line.text for line in hunk.lines if line.tag != " " and len(line.text) > LINE_LENGTH]
        # of two long lines, the part that differs is the one to see
        start = max(_common_prefix(*long) - _BEFORE_DIFFERENCE, 0) if len(long) == 2 else 0
        for tag, text, _ in hunk.lines:
            yield Line(roles[tag], f"{tag} {one_line(text, start if tag != ' ' and len(text) > LINE_LENGTH else 0)}")


def _common_prefix(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
