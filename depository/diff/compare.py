"""What changed between two notebooks, cell by cell."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Literal, NamedTuple

from depository.diff import splits
from depository.diff.pairing import align, in_reading_order, sort_of_cell
from depository.diff.sequences import Effort, common
from depository.diff.splits import Parts
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

_OUTPUT = 8
"""What it costs to look for an output among others, in steps of effort."""

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
    kind_changed: bool = False
    """Such as code that became Markdown; a heading cell of nbformat 3 is Markdown."""


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
    split: Mapping[int, tuple[Cell, ...]] = {}
    """Of each old cell that was split, by its index, the new ones that it became, in order."""
    merged: Mapping[int, tuple[Cell, ...]] = {}
    """Of each new cell that was merged, by its index, the old ones that it was, in order."""

    def split_into(self, change: CellChange) -> tuple[Cell, ...]:
        """The new cells, in order, that hold what was one old cell, the pair's own new one among them; else nothing."""
        return self.split.get(change.old.index, ()) if change.old and change.new else ()

    def merged_from(self, change: CellChange) -> tuple[Cell, ...]:
        """The old cells, in order, that are one new cell now, the pair's own old one among them; else nothing."""
        return self.merged.get(change.new.index, ()) if change.old and change.new else ()

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
    compared = Compared(outputs, metadata, execution_counts, effort)
    old_cells, new_cells = cells(old), cells(new)
    parts = splits.find(old_cells, new_cells, align(old_cells, new_cells, effort), effort)
    changes = tuple(
        _change(None if i is None else old_cells[i], None if j is None else new_cells[j], parts, compared, moved=moved)
        for i, j, moved in in_reading_order(len(old_cells), len(new_cells), parts.pairs)
    )
    counted = Counter[str](change.status for change in changes)
    old_metadata, new_metadata = notebook_metadata(old), notebook_metadata(new)
    return NotebookDiff(
        changes,
        Counts(**counted),
        old_metadata,
        new_metadata,
        metadata and not same_json(old_metadata, new_metadata),
        format_version(old),
        format_version(new),
        _wholes(parts.split, {i: j for i, j, _ in parts.pairs}, new_cells),
        _wholes(parts.merged, {j: i for i, j, _ in parts.pairs}, old_cells),
    )


def _wholes(
    whole_of: Mapping[int, int], partner: Mapping[int, int], side: Sequence[Cell]
) -> dict[int, tuple[Cell, ...]]:
    """Each cell that was split or merged, by its index, with all its parts."""
    parts: defaultdict[int, list[int]] = defaultdict(list)
    for part, whole in whole_of.items():
        parts[whole].append(part)
    return {whole: tuple(side[k] for k in sorted((*found, partner[whole]))) for whole, found in parts.items()}


# What a pair of cells has that differs


class Compared(NamedTuple):
    """What of two cells is compared, and the work that may be done."""

    outputs: bool
    metadata: bool
    execution_counts: bool
    effort: Effort


def _change(old: Cell | None, new: Cell | None, parts: Parts, compared: Compared, *, moved: bool) -> CellChange:
    if old is None:
        whole = parts.split.get(new.index) if new else None
        return CellChange("added" if whole is None else "split", None, new, part_of=whole)
    if new is None:
        whole = parts.merged.get(old.index)
        return CellChange("removed" if whole is None else "merged", old, None, part_of=whole)
    return compare_cells(old, new, compared, moved=moved)


def compare_cells(old: Cell, new: Cell, compared: Compared, *, moved: bool = False) -> CellChange:
    """Compare two cells that are one."""
    changed_outputs = _output_changes(old.outputs, new.outputs, compared.effort) if compared.outputs else ()
    differs = {
        "source_changed": old.source != new.source,
        "outputs_changed": bool(changed_outputs),
        "metadata_changed": compared.metadata and not same_json(_all_metadata(old), _all_metadata(new)),
        "attachments_changed": not same_json(old.attachments, new.attachments),
        "execution_count_changed": compared.execution_counts and old.execution_count != new.execution_count,
        "kind_changed": sort_of_cell(old) != sort_of_cell(new),
    }
    status: Status = "changed" if any(differs.values()) else "moved" if moved else "equal"
    return CellChange(status, old, new, **differs, moved=moved, outputs=changed_outputs)


def _all_metadata(cell: Cell) -> list[object]:
    return [cell.metadata, *(output.metadata for output in cell.outputs if output.metadata)]


def _output_changes(old: Sequence[Output], new: Sequence[Output], effort: Effort) -> tuple[OutputChange, ...]:
    before, after = coalesce(old), coalesce(new)
    # most cells have the outputs they had, and large ones need not be looked through to see it
    head = _equal_ones(zip(before, after, strict=False))
    before, after = before[head:], after[head:]
    tail = _equal_ones(zip(reversed(before), reversed(after), strict=False))
    before, after = before[: len(before) - tail], after[: len(after) - tail]
    if not effort.spend(_OUTPUT * (len(before) + len(after))):
        return tuple(change for change in _replaced(before, after) if not _is_none(change))
    runs = common([content_of(output) for output in before], [content_of(output) for output in after], effort)
    changes: list[OutputChange] = []
    i = j = 0
    for run_i, run_j, length in [*runs, (len(before), len(after), 0)]:
        changes += _replaced(before[i:run_i], after[j:run_j])
        i, j = run_i + length, run_j + length
    return tuple(changes)


def _equal_ones(pairs: Iterable[tuple[Output, Output]]) -> int:
    """How many of the first pairs are surely alike."""
    return sum(1 for _ in takewhile(lambda pair: _same_output(*pair), pairs))


def _same_output(old: Output, new: Output) -> bool:
    return _plain(old) == _plain(new) and same_json(old.mimes, new.mimes)


def _plain(output: Output) -> tuple[str | None, ...]:
    return output.kind, output.name, output.text, output.error_name, output.error_value


def _is_none(change: OutputChange) -> bool:
    old, new = change
    return old is not None and new is not None and _plain(old) == _plain(new) and content_of(old) == content_of(new)


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


def same_json(old: Any, new: Any) -> bool:
    """Whether two values are the same JSON: ``1``, ``1.0`` and ``true`` all differ, and NaN is NaN."""
    try:
        return _same_value(old, new)
    except RecursionError:
        return as_json(old) == as_json(new)


def _same_value(old: Any, new: Any) -> bool:
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, float):
        return repr(old) == repr(new)
    if isinstance(old, dict):
        return len(old) == len(new) and all(key in new and _same_value(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same_value, old, new))
    return bool(old == new)
