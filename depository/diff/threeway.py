"""Who changed what: two notebooks that both come from a third, compared with it and with one another."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from depository.diff.compare import CellChange, Compared, NotebookDiff, compare_cells, diff, same_json
from depository.diff.pairing import align, in_reading_order
from depository.diff.sequences import Effort
from depository.notebook.cells import Cell

Who = Literal["none", "one", "other", "both", "conflict"]
"""``both``: both made the same change. ``conflict``: both changed it, and not in the same way."""


class Parts(NamedTuple):
    """Who changed which part of a cell."""

    source: Who = "none"
    outputs: Who = "none"
    metadata: Who = "none"
    """Execution counts are among it, where they are compared."""
    attachments: Who = "none"
    place: Who = "none"
    """Who moved it to stand behind another cell."""


class ThreeWayChange(NamedTuple):
    """A cell of the base, or one that came."""

    who: Who
    """Who changed the cell, added it or removed it. A ``conflict`` that is none in any of `parts`, such as code that
    one changed and outputs that the other did, can be settled by taking each part from who changed it."""
    base: Cell | None
    """None of a cell that came."""
    one: CellChange | None
    """What became of it in the one notebook; None if it came in the other."""
    other: CellChange | None
    parts: Parts = Parts()
    """Of a cell that is in all three; where one removed it, or it came, `who` says all."""


class ThreeWay(NamedTuple):
    """All that changed in two notebooks from a third that both come from."""

    changes: tuple[ThreeWayChange, ...]
    """Each cell of the base once, in its order, and each that came after the cell of the base that it stands behind."""
    metadata: Who
    """Who changed the notebook's own metadata."""
    one: NotebookDiff
    """From the base to the one notebook."""
    other: NotebookDiff


def compare(
    base: object,
    one: object,
    other: object,
    *,
    outputs: bool = True,
    metadata: bool = False,
    execution_counts: bool = False,
    effort: Effort | None = None,
) -> ThreeWay:
    """Compare two notebooks with the one that both come from.

    Swapping the two swaps ``one`` and ``other`` in the answer, and nothing else but the order of cells that came at
    the same place.

    Args:
        base: the notebook that both come from, as a dict of any nbformat.
        one: a notebook made of it.
        other: the other.
        outputs: compare the outputs of cells.
        metadata: compare the metadata of the notebook, its cells and its outputs.
        execution_counts: compare the execution counts of cells.
        effort: the work that may be done; a new default one if None.
    """
    effort = effort or Effort()
    compared = Compared(outputs, metadata, execution_counts, effort)
    left, right = (
        diff(base, side, outputs=outputs, metadata=metadata, execution_counts=execution_counts, effort=effort)
        for side in (one, other)
    )
    ones, others = (_by_base(side.changes) for side in (left, right))
    changes: list[ThreeWayChange] = []
    for place in range(-1, len(ones.kept)):
        if place >= 0:
            changes.append(_kept(ones.kept[place], others.kept[place], compared))
        changes += _came(ones.came.get(place, []), others.came.get(place, []), compared)
    return ThreeWay(
        tuple(changes),
        _who(
            left.metadata_changed,
            right.metadata_changed,
            same=left.metadata_changed and same_json(left.new_metadata, right.new_metadata),
        ),
        left,
        right,
    )


class _Placed(NamedTuple):
    change: CellChange
    behind: int
    """The place in the base of the cell before it; -1 where there is none."""


class _Side(NamedTuple):
    kept: dict[int, _Placed]
    """What became of each cell of the base, by its place."""
    came: dict[int, list[CellChange]]
    """The cells of no base, by the place in the base of the cell before them."""


def _by_base(changes: Sequence[CellChange]) -> _Side:
    side = _Side({}, {})
    behind = -1
    for change in changes:
        if change.old is None:
            side.came.setdefault(behind, []).append(change)
            continue
        side.kept[change.old.index] = _Placed(change, behind)
        if change.new is not None:
            behind = change.old.index
    return side


def _kept(left: _Placed, right: _Placed, compared: Compared) -> ThreeWayChange:
    one, other = left.change, right.change
    if one.new is None or other.new is None:
        gone = one.new is None and other.new is None
        who = _who(one.status != "equal", other.status != "equal", same=gone)
        return ThreeWayChange(who, one.old, one, other)
    between = compare_cells(one.new, other.new, compared)

    def changer(*names: str) -> Who:
        left_did, right_did, differ = (any(getattr(found, name) for name in names) for found in (one, other, between))
        return _who(left_did, right_did, same=not differ)

    parts = Parts(
        source=changer("source_changed", "kind_changed"),
        outputs=changer("outputs_changed"),
        metadata=changer("metadata_changed", "execution_count_changed"),
        attachments=changer("attachments_changed"),
        place=_who(one.moved, other.moved, same=left.behind == right.behind),
    )
    changers = {found for found in parts if found != "none"}
    # each did something else, or one did what the other did and more
    overall: Who = changers.pop() if len(changers) == 1 else "conflict" if changers else "none"
    return ThreeWayChange(overall, one.old, one, other, parts)


def _came(ones: Sequence[CellChange], others: Sequence[CellChange], compared: Compared) -> Iterator[ThreeWayChange]:
    """Cells that came at one place; those that came on both sides are one."""
    left, right = (
        [replace(change.new, index=k) for k, change in enumerate(side) if change.new] for side in (ones, others)
    )
    for i, j, _ in in_reading_order(len(left), len(right), align(left, right, compared.effort)):
        one, other = None if i is None else ones[i], None if j is None else others[j]
        if i is None or j is None:
            yield ThreeWayChange("other" if one is None else "one", None, one, other)
        else:
            is_same = compare_cells(left[i], right[j], compared).status == "equal"
            yield ThreeWayChange("both" if is_same else "conflict", None, one, other)


def _numbered(changes: Sequence[CellChange]) -> list[Cell]:
    return [replace(change.new, index=k) for k, change in enumerate(changes) if change.new]


def _who(one: bool, other: bool, *, same: bool) -> Who:
    if one and other:
        return "both" if same else "conflict"
    return "one" if one else "other" if other else "none"
