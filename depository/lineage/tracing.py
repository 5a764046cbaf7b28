"""The versions in which one cell changed, the newest first."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from depository.lineage.following import CREATED, How, Parentage, follow
from depository.lineage.origins import Origin, Origins, arrive, origin_of, same_cell
from depository.lineage.outputs import Shown, shown
from depository.lineage.past import Made, Past, State, Trail
from depository.notebook.cells import Cell


class Step(NamedTuple):
    """A version in which a cell changed."""

    made: Made
    cell: Cell
    """As it was then."""
    status: How | Literal["outputs"]
    parts: tuple[int, ...] = ()
    """The indexes of the cells that it was in the version before."""
    before: str | None = None
    """The source that it was made of; of merged cells, one after the other."""
    origin: Origin | None = None
    """Where it was copied from, if from another notebook, or from an older version of this one."""
    outputs: tuple[Shown, ...] = ()
    """Empty unless asked for."""


def trace(
    past: Past, trail: Trail, index: int, *, outputs: bool = False, origins: Origins | None = None
) -> Iterator[Step]:
    """Follow a cell back through the versions of its notebook, as far as its trail goes.

    Args:
        past: reads the states of notebooks.
        trail: the notebook from a version on that has the cell.
        index: of the cell in that version.
        outputs: give the versions in which its outputs changed, and not its source; `past` reads outputs then.
        origins: finds the notebook that a cell was copied from; None to stay within this one.
    """
    newer, states = trail.first, trail.older
    while True:
        cell = newer.cells[index]
        older = next(states, None)
        parentage = follow(older.cells, newer.cells)[index] if older else CREATED
        if older and parentage.cells:
            if step := _passed(newer, cell, older, parentage, outputs=outputs):
                yield step
            newer, index = older, parentage.cells[0]
            continue
        origin = origin_of(origins, cell, newer.version)
        there = arrive(past, origin) if origin else None
        place = same_cell(there.first, cell, newer.made.time) if there else None
        now = shown(cell) if outputs else ()
        if there is None or place is None:
            if now or not outputs:
                yield Step(newer.version, cell, "created", outputs=now)
            return
        if not outputs:
            yield Step(newer.version, cell, "copied", before=cell.source, origin=origin)
        elif now != shown(there.first.cells[place]):
            yield Step(newer.version, cell, "outputs", before=cell.source, origin=origin, outputs=now)
        newer, states, index = there.first, there.older, place


def _passed(newer: State, cell: Cell, older: State, parentage: Parentage, *, outputs: bool) -> Step | None:
    """What happened to a cell that was there before, if anything."""
    how, parts = parentage
    if outputs:
        before = older.cells[parts[0]]
        now = shown(cell)
        return Step(newer.version, cell, "outputs", parts, before.source, outputs=now) if now != shown(before) else None
    if how in {"same", "created"}:
        return None
    return Step(newer.version, cell, how, parts, "\n".join(older.cells[part].source for part in sorted(parts)))
