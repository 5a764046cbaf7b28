"""What changed between two notebooks, cell by cell."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from depository.diff.pairing import align, content_of_cell, in_reading_order
from depository.diff.sequences import Effort, common
from depository.notebook.cells import (
    Cell,
    Output,
    as_json,
    cells,
    coalesce,
    content_of,
    format_version,
    notebook_metadata,
    sort_of,
)

Status = Literal["equal", "changed", "added", "removed", "moved", "split", "merged"]


class OutputChange(NamedTuple):
    """An output that came, went or became another; neighbouring outputs of one stream count as one."""

    old: Output | None
    new: Output | None


class CellChange(NamedTuple):
    """A cell of either notebook, or the pair of both."""

    status: Status
    """``moved`` only where nothing else changed."""
    old: Cell | None
    new: Cell | None
    source_changed: bool = False
    outputs_changed: bool = False
    metadata_changed: bool = False
    attachments_changed: bool = False
    execution_count_changed: bool = False
    moved: bool = False
    outputs: tuple[OutputChange, ...] = ()
    """What `outputs_changed` is about, in order."""
    part_of: int | None = None
    """Of a ``split`` cell, a new one: the index of the old cell that it was a part of. Of a ``merged`` cell, an old
    one: the index of the new cell that it is a part of now."""


class Counts(NamedTuple):
    """How many changes there are of each status."""

    equal: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    moved: int = 0
    split: int = 0
    """New cells that were parts of others, whose remainder counts as changed."""
    merged: int = 0
    """Old cells that became parts of others, which count as changed."""


class NotebookDiff(NamedTuple):
    """All that changed from one notebook to another."""

    changes: tuple[CellChange, ...]
    """Each old cell and each new cell once, in the order of the new notebook; removed ones where they had been."""
    counts: Counts
    old_metadata: Mapping[str, Any]
    new_metadata: Mapping[str, Any]
    metadata_changed: bool
    """The notebook's own, not its cells'."""
    old_format: str
    """nbformat's version, such as ``4.5``."""
    new_format: str

    def split_into(self, change: CellChange) -> tuple[Cell, ...]:
        """The new cells, in order, that hold what was one old cell, the pair's own new one among them; else nothing."""
        old = change.old
        parts = [c.new for c in self.changes if c.status == "split" and c.new and old and c.part_of == old.index]
        return _in_order(parts, change.new)

    def merged_from(self, change: CellChange) -> tuple[Cell, ...]:
        """The old cells, in order, that are one new cell now, the pair's own old one among them; else nothing."""
        new = change.new
        parts = [c.old for c in self.changes if c.status == "merged" and c.old and new and c.part_of == new.index]
        return _in_order(parts, change.old)

    @property
    def is_empty(self) -> bool:
        """Nothing changed of what was compared."""
        same_cells = self.counts.equal == len(self.changes)
        return same_cells and not self.metadata_changed and self.old_format == self.new_format


def diff(
    old: object,
    new: object,
    *,
    outputs: bool = True,
    metadata: bool = False,
    execution_counts: bool = False,
    effort: Effort | None = None,
) -> NotebookDiff:
    """Compare two notebooks of any nbformat, valid or not.

    Args:
        old: the notebook before, as a dict.
        new: the notebook after.
        outputs: compare the outputs of cells.
        metadata: compare the metadata of the notebook, its cells and its outputs.
        execution_counts: compare the execution counts of cells.
        effort: the work that may be done; a new default one if None.
    """
    effort = effort or Effort()
    compared = _Compared(outputs, metadata, execution_counts)
    old_cells, new_cells = cells(old), cells(new)
    changes = tuple(
        _change(None if i is None else old_cells[i], None if j is None else new_cells[j], compared, effort, moved=moved)
        for i, j, moved in in_reading_order(len(old_cells), len(new_cells), align(old_cells, new_cells, effort))
    )
    counted = Counter[str](change.status for change in changes)
    old_metadata, new_metadata = notebook_metadata(old), notebook_metadata(new)
    return NotebookDiff(
        changes,
        Counts(**counted),
        old_metadata,
        new_metadata,
        metadata and _differ(old_metadata, new_metadata),
        format_version(old),
        format_version(new),
    )


# What a pair of cells has that differs


class _Compared(NamedTuple):
    outputs: bool
    metadata: bool
    execution_counts: bool


def _change(old: Cell | None, new: Cell | None, compared: _Compared, effort: Effort, *, moved: bool) -> CellChange:
    if old is None or new is None:
        return CellChange("added" if old is None else "removed", old, new)
    changed_outputs = _output_changes(old.outputs, new.outputs, effort) if compared.outputs else ()
    output_metadata = [[output.metadata for output in cell.outputs] for cell in (old, new)]
    differs = {
        "source_changed": content_of_cell(old) != content_of_cell(new),
        "outputs_changed": bool(changed_outputs),
        "metadata_changed": compared.metadata and (_differ(old.metadata, new.metadata) or _differ(*output_metadata)),
        "attachments_changed": _differ(old.attachments, new.attachments),
        "execution_count_changed": compared.execution_counts and old.execution_count != new.execution_count,
    }
    status: Status = "changed" if any(differs.values()) else "moved" if moved else "equal"
    return CellChange(status, old, new, **differs, moved=moved, outputs=changed_outputs)


def _in_order(parts: Sequence[Cell], own: Cell | None) -> tuple[Cell, ...]:
    return tuple(sorted((*parts, *([own] if own else [])), key=lambda cell: cell.index)) if parts else ()


def _output_changes(old: Sequence[Output], new: Sequence[Output], effort: Effort) -> tuple[OutputChange, ...]:
    before, after = coalesce(old), coalesce(new)
    runs = common([content_of(output) for output in before], [content_of(output) for output in after], effort)
    changes: list[OutputChange] = []
    i = j = 0
    for run_i, run_j, length in [*runs, (len(before), len(after), 0)]:
        changes += _replaced(before[i:run_i], after[j:run_j])
        i, j = run_i + length, run_j + length
    return tuple(changes)


def _replaced(old: Sequence[Output], new: Sequence[Output]) -> Iterator[OutputChange]:
    """Pair outputs of the same sort in the order they come; the rest went or came."""
    waiting: defaultdict[Hashable, list[Output]] = defaultdict(list)
    for output in reversed(new):
        waiting[sort_of(output)].append(output)
    came = {id(output) for output in new}
    for output in old:
        partners = waiting[sort_of(output)]
        partner = partners.pop() if partners else None
        came.discard(id(partner))
        yield OutputChange(output, partner)
    yield from (OutputChange(None, output) for output in new if id(output) in came)


def _differ(old: object, new: object) -> bool:
    return old is not new and as_json(old) != as_json(new)
