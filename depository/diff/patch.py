"""Patches: what makes one notebook of another, exactly, and of single cells of it.

A `Patch` is plain JSON data::

    {
        "format": 1,
        "old": "3f9a2c…",              the hash of the notebook that it is for
        "new": "8b1e44…",              the hash of what it makes of that; null where only some cells are taken
        "lengths": [12],               how many cells are in each list of cells of the old notebook
        "cells": [[[0, 3], {…}, …]],   for each list of cells of the new one, the steps that make it
        "rest": {…}                    the delta of all that is not a cell; null for no change
    }

A notebook has one list of cells, in nbformat 2 and 3 one a worksheet. Their cells are numbered from 0 through all
lists, and the steps, those of `depository.diff.delta`, refer to old cells by these numbers, so a cell that moved is one
that is referred to out of order. The rest is the notebook with each of those lists empty.

Applying a patch gives the new notebook's canonical bytes: keys and their values, ``1`` and ``1.0`` told apart, NaN, big
integers and lone surrogates. A patch is checked before and after it is used, and never gives another notebook than the
one that it was made for.
"""

from collections.abc import Collection, Iterator
from itertools import accumulate
from typing import Any, NamedTuple, TypedDict

from depository.diff import delta
from depository.diff.compare import diff
from depository.diff.delta import Delta, Step
from depository.diff.sequences import Effort
from depository.errors import Conflict, InvalidContent, UnsupportedFormat
from depository.notebook.canonical import encode, hash_canonical, ordered

FORMAT = 1


class Patch(TypedDict):
    """What makes one notebook of another; see the module."""

    format: int
    old: str
    new: str | None
    lengths: list[int]
    cells: list[list[Step]]
    rest: Delta | None


class Origin(NamedTuple):
    """Where a cell of the new notebook comes from."""

    old: int | None
    """The old cell that it was; None for a cell that is new."""
    delta: Delta | None
    """What became of that one; a whole ``value`` if there is no old one."""


def make(old: dict[str, Any], new: dict[str, Any], *, effort: Effort | None = None) -> Patch:
    """Find the patch that makes one notebook of another. Any JSON objects will do, of any nbformat, valid or not.

    Args:
        old: the notebook before.
        new: the notebook after.
        effort: the work that may be done; a new default one if None. Where it runs out, the patch gets larger.

    Raises:
        InvalidContent: one of the two holds what a notebook's file cannot hold.
    """
    effort = effort or Effort()
    old, new = ordered(old), ordered(new)
    partner = {
        change.new.index: change.old.index
        for change in diff(old, new, outputs=False, effort=effort).changes
        if change.old and change.new
    }
    old_lists, new_lists = cell_lists(old), cell_lists(new)
    old_cells = [cell for cells in old_lists for cell in cells]
    starts = accumulate(map(len, new_lists), initial=0)
    return {
        "format": FORMAT,
        "old": _hash(old),
        "new": _hash(new),
        "lengths": [len(cells) for cells in old_lists],
        "cells": [
            delta.make_steps(old_cells, [(partner.get(start + k), cell) for k, cell in enumerate(cells)], effort)
            for start, cells in zip(starts, new_lists, strict=False)
        ],
        "rest": delta.make(_without_cells(old), _without_cells(new), effort),
    }


def apply(notebook: dict[str, Any], patch: Patch) -> dict[str, Any]:
    """The notebook that a patch makes of the one that it was made for.

    Raises:
        Conflict: it was made for another notebook.
        InvalidContent: it is no patch.
        UnsupportedFormat: it was made by a newer depository.
    """
    if patch.get("format") != FORMAT:
        raise UnsupportedFormat(f"The patch has format {patch.get('format')!r}, and this depository reads {FORMAT}.")
    notebook = ordered(notebook)
    try:
        if _hash(notebook) != patch["old"]:
            raise Conflict("The patch was made for another notebook than this one: make it again.")
        made = _applied(notebook, patch)
        is_right = patch["new"] is None or patch["new"] == _hash(made)
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise InvalidContent("This patch cannot be used: it has not the form of one.") from error
    if not is_right:
        raise InvalidContent("This patch cannot be used: it does not make the notebook that it was made from.")
    return made


def _applied(notebook: dict[str, Any], patch: Patch) -> dict[str, Any]:
    cells = [cell for cells in cell_lists(notebook) for cell in cells]
    made = _without_cells(delta.apply(_without_cells(notebook), patch["rest"]))
    lists = cell_lists(made)
    if len(lists) != len(patch["cells"]):
        raise InvalidContent("This patch cannot be used: it has not the lists of cells that it makes.")
    for found, steps in zip(lists, patch["cells"], strict=True):
        found[:] = delta.apply_steps(cells, steps)
    result: dict[str, Any] = ordered(made)
    return result


def origins(patch: Patch) -> Iterator[Origin]:
    """Where each cell of the new notebook comes from, in order."""
    for steps in patch["cells"]:
        for step in steps:
            match step:
                case {"new": list(values)}:
                    yield from (Origin(None, {"value": value}) for value in values)
                case {"from": int(place), "delta": change}:
                    yield Origin(place, change)
                case [int(start), int(stop)]:
                    yield from (Origin(place, None) for place in range(start, stop))


def only(patch: Patch, cells: Collection[int]) -> Patch:
    """Restrict a patch to some cells of the new notebook: the rest of the old one stays as it is.

    A cell that was an old one changes at the place that it has in the old notebook. One that is new comes after the
    nearest cell before it that is there, be it an old one or new as well.

    Args:
        patch: of two whole notebooks.
        cells: the places of cells in the new notebook, from 0.

    Raises:
        InvalidContent: a cell has to be put in, and the old notebook has no list of cells.
    """
    changed: dict[int, Delta] = {}
    inserted: dict[int, list[Any]] = {}
    before = -1
    for place, origin in enumerate(origins(patch)):
        if origin.old is not None:
            before = origin.old
            if place in cells and origin.delta:
                changed[before] = origin.delta
        elif place in cells and origin.delta:
            inserted.setdefault(before, []).append(origin.delta["value"])
    return rebuilt(patch, changed, inserted)


def rebuilt(patch: Patch, changed: dict[int, Delta], inserted: dict[int, list[Any]]) -> Patch:
    """A patch for the same notebook that does nothing but this.

    Args:
        patch: whose old notebook it is for.
        changed: what becomes of old cells.
        inserted: the cells that come after an old one; after -1, before all.

    Raises:
        InvalidContent: the notebook has no list of cells to put one into.
    """
    if inserted and not patch["lengths"]:
        raise InvalidContent("The notebook has no list of cells that a cell could be put into.")
    lists: list[list[Step]] = []
    place = 0
    for number, length in enumerate(patch["lengths"]):
        steps: list[Step] = [{"new": inserted[-1]}] if not number and -1 in inserted else []
        for old in range(place, place + length):
            if old in changed:
                steps.append({"from": old, "delta": changed[old]})
            elif steps and isinstance(last := steps[-1], list):
                last[1] += 1
            else:
                steps.append([old, old + 1])
            if old in inserted:
                steps.append({"new": inserted[old]})
        place += length
        lists.append(steps)
    return {**patch, "new": None, "cells": lists, "rest": None}


def _hash(notebook: dict[str, Any]) -> str:
    return hash_canonical(encode(notebook)).hex()


def cell_lists(notebook: dict[str, Any]) -> list[list[Any]]:
    """The lists that a notebook keeps its cells in, as `notebook.cells.cells` finds them."""
    if isinstance(cells := notebook.get("cells"), list):
        return [cells]
    sheets = notebook.get("worksheets")
    found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
    return [cells for cells in found if isinstance(cells, list)]


def _without_cells(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy with empty lists in their place, which nothing else shares."""
    if isinstance(notebook.get("cells"), list):
        return {**notebook, "cells": []}
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list):
        return notebook
    return {
        **notebook,
        "worksheets": [
            {**sheet, "cells": []} if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list) else sheet
            for sheet in sheets
        ],
    }
