"""A comparison in numbers: a line for each cell that changed, and the totals."""

from collections.abc import Iterator
from typing import NamedTuple

from depository.cli.comparing import Compared
from depository.cli.console import Console
from depository.cli.text import padded, width
from depository.diff.compare import CellChange, NotebookDiff
from depository.diff.sequences import Effort, common
from depository.notebook.cells import Cell
from depository.notebook.text import one_line, plural

_LONGEST_BAR = 40
_NARROWEST = 60


class _Row(NamedTuple):
    place: str
    what: str
    added: int
    removed: int


def stat_lines(console: Console, compared: Compared, columns: int | None) -> Iterator[str]:
    """The lines of ``--stat``.

    Args:
        console: where they are going to be written.
        compared: the comparison.
        columns: how wide a line may be.
    """
    title = f"{compared.old.label} → {compared.new.label}"
    if compared.is_empty:
        yield f"{title}: no changes"
        return
    yield title
    if compared.notebooks is None:
        counts = _line_counts(*compared.texts, Effort())
        yield f"not notebooks both; {_of_lines(*counts)}"
        return
    rows = list(_rows(compared.notebooks))
    yield from _table(console, rows, columns or 80)
    yield _totals(compared.notebooks, rows)


def _rows(diff: NotebookDiff) -> Iterator[_Row]:
    effort = Effort()
    for change in diff.changes:
        if change.status != "equal" and (cell := change.new or change.old):
            sources = [side.source if side else "" for side in (change.old, change.new)]
            if change.status in ("split", "merged"):
                sources = ["", ""]  # counted with the cell that it is a part of
            elif change.old and change.new and change.source_changed:
                sources = [_joined(diff.merged_from(change), change.old), _joined(diff.split_into(change), change.new)]
            yield _Row(_place(change, cell), _what(change), *_line_counts(sources[0], sources[1], effort))


def _joined(parts: tuple[Cell, ...], own: Cell) -> str:
    return "\n".join(cell.source for cell in parts or (own,))


def _line_counts(old: str, new: str, effort: Effort) -> tuple[int, int]:
    before, after = (text.split("\n") if text else [] for text in (old, new))
    if all(not side or not side[-1] for side in (before, after)):
        before, after = before[:-1], after[:-1]
    kept = sum(length for _, _, length in common(before, after, effort))
    return len(after) - kept, len(before) - kept


def _place(change: CellChange, cell: Cell) -> str:
    old, new = change.old, change.new
    place = (
        f"{cell.index + 1}" if not old or not new or old.index == new.index else f"{old.index + 1} → {new.index + 1}"
    )
    return f"cell {place} {one_line(cell.kind)}"


def _what(change: CellChange) -> str:
    if change.part_of is not None:
        return f"{'split from' if change.status == 'split' else 'merged into'} cell {change.part_of + 1}"
    if change.old is None or change.new is None:
        return change.status
    parts = {
        "moved": change.moved,
        "kind": change.kind_changed,
        "source": change.source_changed,
        "outputs": change.outputs_changed,
        "attachments": change.attachments_changed,
        "metadata": change.metadata_changed,
        "execution count": change.execution_count_changed,
    }
    return ", ".join(name for name, is_changed in parts.items() if is_changed)


def _table(console: Console, rows: list[_Row], columns: int) -> Iterator[str]:
    places = max((width(row.place) for row in rows), default=0)
    whats = max((width(row.what) for row in rows), default=0)
    most = max((row.added + row.removed for row in rows), default=0)
    digits = len(str(most))
    room = max(min(_LONGEST_BAR, max(columns, _NARROWEST) - places - whats - digits - 8), 10)
    for row in rows:
        start = f" {padded(row.place, places)} | {padded(row.what, whats)}"
        total = row.added + row.removed
        if not total:
            yield start.rstrip()
            continue
        added, removed = _bar(row.added, row.removed, most, room)
        bar = console.paint("+" * added, "good") + console.paint("-" * removed, "bad")
        yield f"{start} | {total:>{digits}} {bar}"


def _bar(added: int, removed: int, most: int, room: int) -> tuple[int, int]:
    """How many signs each: one a line where there is room, else in proportion, and never none for some."""
    if most <= room:
        return added, removed
    return tuple(max(1, round(count * room / most)) if count else 0 for count in (added, removed))  # type: ignore[return-value]  # two


def _totals(diff: NotebookDiff, rows: list[_Row]) -> str:
    counts = diff.counts
    only = sum(
        change.outputs_changed and _what(change) == "outputs" for change in diff.changes if change.status == "changed"
    )
    parts = [
        f"{plural(counts.changed, 'cell')} changed" + (f" ({only:,} in outputs only)" if only else ""),
        *(
            f"{count:,} {name}"
            for name, count in counts._asdict().items()
            if count and name not in ("equal", "changed")
        ),
        f"{counts.equal:,} unchanged",
    ]
    if diff.metadata_changed:
        parts.append("notebook metadata changed")
    added, removed = sum(row.added for row in rows), sum(row.removed for row in rows)
    return ", ".join(parts) + (f"; {_of_lines(added, removed)}" if added or removed else "")


def _of_lines(added: int, removed: int) -> str:
    return f"{plural(added, 'line')} added, {removed:,} removed"
