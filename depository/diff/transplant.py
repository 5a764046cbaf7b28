"""Single cells of one notebook brought into another, where the others stay as they are."""

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from depository.diff import patch
from depository.diff.sequences import Effort
from depository.notebook.canonical import encode, hash_canonical, ordered

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
"""What nbformat 4.5 takes for a cell's id."""
_FIRST_WITH_IDS = (4, 5)


class Transplant(NamedTuple):
    """A notebook with cells of another."""

    notebook: dict[str, Any]
    replaced: dict[int, Any]
    """Cells that are there and became others, by their place, from 0, through all worksheets."""
    inserted: dict[int, list[Any]]
    """Cells that were not there, by the place of the one that they come after; -1 for those before the first."""


def transplant(
    notebook: dict[str, Any], source: dict[str, Any], cells: Collection[int], *, effort: Effort | None = None
) -> Transplant:
    """Bring cells of one notebook into another.

    A cell that is there, at whatever place and however changed, becomes what it is in the source, with its outputs,
    attachments and metadata, and stays where it is. One that is not there is put in after the cell that comes before
    it in the source, or the nearest before that one. A cell that is there keeps its id, by which an open editor knows
    it; one that is put in brings its own, unless the notebook has a cell of that id, or has no ids.

    Args:
        notebook: the notebook that is to change.
        source: the one to take cells from, of the same major version of nbformat.
        cells: the places of those in the source, from 0.
        effort: the work that may be done; a new default one if None.

    Raises:
        InvalidContent: one of the two holds what a notebook's file cannot hold, or there is no list for the cells.
    """
    part = patch.only(patch.make(notebook, source, effort=effort), cells)
    made = patch.apply(notebook, part)
    before, after = _cells(ordered(notebook)), _cells(made)
    taken = {_id(cell) for cell in before}
    replaced: dict[int, Any] = {}
    inserted: dict[int, list[Any]] = {}
    last = -1
    for cell, origin in zip(after, patch.origins(part), strict=True):
        if origin.old is None:
            _set_id(cell, _free_id(cell, taken) if has_ids(made) else None)
            taken.add(_id(cell))
            inserted.setdefault(last, []).append(cell)
            continue
        last = origin.old
        if origin.delta:
            _set_id(cell, _id(before[last]))
            if encode(ordered(cell)) != encode(before[last]):
                replaced[last] = cell
    return Transplant(ordered(made), replaced, inserted)


def has_ids(notebook: dict[str, Any]) -> bool:
    """Whether the cells of a notebook have ids, as its nbformat says."""
    version = notebook.get("nbformat"), notebook.get("nbformat_minor", 0)
    return all(type(number) is int for number in version) and version >= _FIRST_WITH_IDS


def _cells(notebook: dict[str, Any]) -> list[Any]:
    return [cell for cells in patch.cell_lists(notebook) for cell in cells]


def _id(cell: Any) -> str | None:
    found = cell.get("id") if isinstance(cell, dict) else None
    return found if isinstance(found, str) else None


def _set_id(cell: Any, name: str | None) -> None:
    if isinstance(cell, dict):
        if name is None:
            cell.pop("id", None)
        else:
            cell["id"] = name


def _free_id(cell: Any, taken: Collection[str | None]) -> str:
    """The id of a cell, or one made of its content where it has none that is free."""
    own = _id(cell)
    if own and own not in taken and _ID.fullmatch(own):
        return own
    digest = hash_canonical(encode(ordered(cell))).hex()
    names = (digest[start : start + 8] for start in range(len(digest) - 7))
    return next((name for name in names if name not in taken), digest)
