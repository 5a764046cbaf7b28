"""What changed between two notebooks, as one JSON document: what a user interface draws, and ``--json`` prints.

``schema.json`` beside this module describes it. It is plain JSON data, and has no bytes of images in it.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from depository.diff import structure
from depository.diff.compare import CellChange, NotebookDiff, OutputChange
from depository.diff.outputs import (
    MAX_CHANGES,
    BytesDetail,
    Detail,
    Image,
    ImageDetail,
    JsonDetail,
    TableDetail,
    TextDetail,
    details,
    of_bundles,
)
from depository.diff.sequences import Effort
from depository.diff.structure import Change
from depository.diff.tables import RowChange
from depository.diff.texts import Hunk, HunkLine, lines
from depository.notebook.cells import Cell, Output, coalesce

FORMAT = 1
"""The number that says which document this is; another one where something that was in it means something else."""
MAX_VALUE = 1_000
"""Characters of one value of JSON, which is cut after them and says so."""
MAX_FIRST_LINE = 120
"""Characters of a cell's first line."""
MAX_NAME = 256
"""Characters of the id of a cell, of a kind, of a MIME type and the like."""
MAX_CELLS = 20_000
"""Cells that are listed where room is limited."""
_MAX_MIMES = 100
_PER_PIECE = 16
"""What a line, a row or a change counts beside its characters."""

Document = dict[str, Any]
_Item = TypeVar("_Item")


def of_diff(
    diff: NotebookDiff,
    *,
    outputs: bool = True,
    context: int = 3,
    room: int | None = None,
    effort: Effort | None = None,
) -> Document:
    """The document of two notebooks.

    Args:
        diff: the difference of whole notebooks.
        context: how many unchanged lines or rows to show around changed ones.
        outputs: whether to show the outputs of cells that came or went, and what changed in those of others.
        room: how many characters of what changed to show; None for all. Beyond it, cells are still listed with what
            of them changed, up to `MAX_CELLS`, and all are counted.
        effort: the work that may be done; a new default one if None.
    """
    writer = _Writer(context, room, effort or Effort(), outputs=outputs)
    metadata = writer.values(diff.old_metadata, diff.new_metadata) if diff.metadata_changed else None
    cells = writer.cells(diff.changes)
    return {
        "format": FORMAT,
        "equal": diff.is_empty,
        "counts": {**diff.counts._asdict(), "outputs_only": sum(map(is_of_outputs_only, diff.changes))},
        "old_format": diff.old_format,
        "new_format": diff.new_format,
        "language": _language(diff.new_metadata) or _language(diff.old_metadata),
        "metadata": metadata,
        "cells": cells,
        "hunks": None,
        "truncated": writer.is_cut,
    }


def of_texts(
    old: str,
    new: str,
    *,
    equal: bool,
    context: int = 3,
    room: int | None = None,
    effort: Effort | None = None,
) -> Document:
    """The document of two files of which one at least is no notebook.

    Args:
        old: the text before.
        new: the text after.
        equal: whether the files are equal byte for byte.
        context: how many unchanged lines to show around changed ones.
        room: how many characters of what changed to show; None for all.
        effort: the work that may be done; a new default one if None.
    """
    writer = _Writer(context, room, effort or Effort())
    hunks = writer.hunks(lines(old, new, context, writer.effort))
    return {
        "format": FORMAT,
        "equal": equal,
        "counts": None,
        "old_format": None,
        "new_format": None,
        "language": None,
        "metadata": None,
        "cells": None,
        "hunks": hunks,
        "truncated": writer.is_cut,
    }


def is_of_outputs_only(change: CellChange) -> bool:
    """Whether nothing of a cell changed but its outputs."""
    return change.status == "changed" and _changed(change) == ["outputs"]


class _Writer:
    """Writes down as much as there is room for."""

    def __init__(self, context: int, room: int | None, effort: Effort, *, outputs: bool = True) -> None:
        self.effort = effort
        self._has_outputs = outputs
        self.is_cut = False
        self._context = context
        self._room = room

    # Cells

    def cells(self, changes: Sequence[CellChange]) -> list[dict[str, Any]]:
        """The cells of both notebooks."""
        shown = changes if self._room is None else changes[:MAX_CELLS]
        found = [self.cell(change) for change in shown]
        self.is_cut = self.is_cut or len(shown) < len(changes)
        return found

    def cell(self, change: CellChange) -> dict[str, Any]:
        """A cell of either notebook, or the pair of both."""
        old, new = change.old, change.new
        found: dict[str, Any] = {"status": change.status, "old": _side(old), "new": _side(new)}
        if change.status == "equal":
            return found
        was_cut, self.is_cut = self.is_cut, False
        found |= {
            "changed": _changed(change),
            "moved": change.moved,
            "part_of": change.part_of,
            "first_line": _first_line(new or old),
            "source": self._source(old, new),
            "outputs": self._outputs(change),
            "attachments": self._attachments(old, new),
            "metadata": self._metadata(change),
            "truncated": self.is_cut,
        }
        self.is_cut = self.is_cut or was_cut
        return found

    def _source(self, old: Cell | None, new: Cell | None) -> list[dict[str, Any]]:
        before, after = (cell.source if cell else "" for cell in (old, new))
        if before == after or not self._has_room():
            return []
        if "\r\n" in before and "\r\n" in after:
            # where both end lines so, that is nothing to see
            unix = [text.replace("\r\n", "\n") for text in (before, after)]
            before, after = unix if unix[0] != unix[1] else (before, after)
        return self.hunks(lines(before, after, self._context, self.effort))

    def _outputs(self, change: CellChange) -> list[dict[str, Any]]:
        old, new = (coalesce(cell.outputs) if cell else [] for cell in (change.old, change.new))
        changes: Sequence[OutputChange] = change.outputs
        if not self._has_outputs:
            changes = []
        elif change.old is None:
            changes = [OutputChange(None, output) for output in new]
        elif change.new is None:
            changes = [OutputChange(output, None) for output in old]
        places = _Places(old), _Places(new)

        def written(one: OutputChange) -> dict[str, Any]:
            found = details(one, context=self._context, effort=self.effort)
            return {
                "old": places[0].output(one.old),
                "new": places[1].output(one.new),
                "details": [self._detail(detail) for detail in found],
            }

        return list(self._until_full(changes, written))

    def _attachments(self, old: Cell | None, new: Cell | None) -> list[dict[str, Any]]:
        before, after = (cell.attachments if cell else {} for cell in (old, new))

        def written(name: str) -> dict[str, Any]:
            bundles = before.get(name, {}), after.get(name, {})
            status = "added" if name not in before else "removed" if name not in after else "changed"
            found = of_bundles(*bundles, context=self._context, effort=self.effort)
            return {"name": self._cut(name), "status": status, "details": [self._detail(one) for one in found]}

        names = sorted(name for name in {*before, *after} if not structure.equal(before.get(name), after.get(name)))
        return list(self._until_full(names, written))

    def _metadata(self, change: CellChange) -> dict[str, Any] | None:
        old, new = change.old, change.new
        if old is None or new is None or not change.metadata_changed:
            return None
        before, after = ([output.metadata for output in cell.outputs] for cell in (old, new))
        return {"cell": self.values(old.metadata, new.metadata), "outputs": self.values(before, after)}

    # Details

    def _detail(self, detail: Detail) -> dict[str, Any]:
        match detail:
            case TextDetail(mime, hunks):
                return {"type": "text", "mime": _short(mime), "hunks": self.hunks(hunks)}
            case TableDetail(rows, old_size, new_size):
                return {
                    "type": "table",
                    "mime": "text/html",
                    "old": _table(old_size),
                    "new": _table(new_size),
                    "rows": list(self._until_full(rows, self._row)),
                }
            case ImageDetail(old, new):
                return {"type": "image", "old": _image(old), "new": _image(new)}
            case JsonDetail(mime, changes, more):
                return {"type": "json", "mime": _short(mime), **self._changes(changes, more)}
            case BytesDetail(mime, before, after):
                return {"type": "bytes", "mime": _short(mime), "old": _bytes(before), "new": _bytes(after)}

    def hunks(self, hunks: Sequence[Hunk]) -> list[dict[str, Any]]:
        """What changed in a text."""
        return list(self._until_full(hunks, self._hunk))

    def _hunk(self, hunk: Hunk) -> dict[str, Any]:
        shown = list(self._until_full(hunk.lines, self._line))
        self.is_cut = self.is_cut or hunk.more > 0
        return {"old_start": hunk.old_start, "new_start": hunk.new_start, "lines": shown}

    def _line(self, line: HunkLine) -> dict[str, Any]:
        text = self._cut(line.text)
        marks = [[start, min(end, len(text))] for start, end in line.marks if start < len(text)]
        return {"tag": line.tag, "text": text, "marks": marks}

    def _row(self, row: RowChange) -> dict[str, Any]:
        return {
            "old_index": row.old_index,
            "new_index": row.new_index,
            "header": row.header,
            "old": None if row.old is None else [self._cut(text) for text in row.old],
            "new": None if row.new is None else [self._cut(text) for text in row.new],
            "old_columns": list(row.old_columns),
            "new_columns": list(row.columns),
        }

    def values(self, old: object, new: object) -> dict[str, Any]:
        """What changed in a value of JSON."""
        if not self._has_room():
            return {"changes": [], "more": 0}
        return self._changes(*structure.compare(old, new, limit=MAX_CHANGES, effort=self.effort))

    def _changes(self, changes: Sequence[Change], more: int) -> dict[str, Any]:
        shown = list(self._until_full(changes, self._change))
        return {"changes": shown, "more": more + len(changes) - len(shown)}

    def _change(self, change: Change) -> dict[str, Any]:
        return {
            "where": [part if isinstance(part, int) else self._cut(str(part)) for part in change.where],
            "status": change.status,
            "old": None if change.status == "added" else self._value(change.old),
            "new": None if change.status == "removed" else self._value(change.new),
        }

    def _value(self, value: object) -> dict[str, Any]:
        text = structure.brief(value, MAX_VALUE + 1)
        return {
            "kind": structure.kind(value),
            "size": structure.size(value),
            "text": self._cut(text[:MAX_VALUE]),
            "cut": len(text) > MAX_VALUE,
        }

    # Room

    def _has_room(self) -> bool:
        if self._room is not None and self._room <= 0:
            self.is_cut = True
            return False
        return True

    def _cut(self, text: str) -> str:
        """As much of a text as there is room for."""
        if self._room is None:
            return text
        if len(text) > self._room:
            text, self.is_cut = text[: self._room], True
        self._room -= len(text)
        return text

    def _until_full(self, items: Sequence[_Item], write: Callable[[_Item], dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for item in items:
            if not self._has_room():
                return
            if self._room is not None:
                self._room = max(self._room - _PER_PIECE, 0)
            yield write(item)


class _Places:
    """Where the outputs of a cell stand, those of one stream in a row counted once."""

    def __init__(self, found: Sequence[Output]) -> None:
        self._places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for place, output in enumerate(found):
            self._places[_known_by(output)].append(place)

    def output(self, output: Output | None) -> dict[str, Any] | None:
        """What an output is, and which; each is asked for once."""
        if output is None:
            return None
        places = self._places[_known_by(output)]
        return {
            "index": places.popleft() if places else None,
            "kind": _short(output.kind),
            "name": _short(output.name or output.error_name or "") or None,
            "mimes": [_short(mime) for mime in sorted(output.mimes)[:_MAX_MIMES]],
        }


def _known_by(output: Output) -> Hashable:
    # several of one stream are joined anew whenever they are asked for
    return (output.name, output.text) if output.kind == "stream" else id(output)


def _language(metadata: Mapping[str, Any]) -> str | None:
    """What the code of a notebook is written in, in its own words."""
    for entry, name in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(entry)
        if isinstance(found, Mapping) and isinstance(language := found.get(name), str) and language:
            return _short(language)
    return None


def _changed(change: CellChange) -> list[str]:
    parts = {
        "source": change.source_changed,
        "outputs": change.outputs_changed,
        "attachments": change.attachments_changed,
        "metadata": change.metadata_changed,
        "execution_count": change.execution_count_changed,
    }
    return [name for name, is_changed in parts.items() if is_changed]


def _side(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {
        "index": cell.index,
        "id": None if cell.id is None else _short(cell.id),
        "kind": _short(cell.kind),
        "execution_count": cell.execution_count,
    }


def _short(name: str) -> str:
    return name[:MAX_NAME]


def _first_line(cell: Cell | None) -> str:
    return cell.source.strip().partition("\n")[0].strip()[:MAX_FIRST_LINE] if cell else ""


def _table(size: tuple[int, int] | None) -> dict[str, int] | None:
    return {"rows": size[0], "columns": size[1]} if size else None


def _image(image: Image | None) -> dict[str, Any] | None:
    if image is None:
        return None
    return {
        "mime": _short(image.mime),
        "width": image.width,
        "height": image.height,
        "size": len(image.data),
        "hash": image.hash,
    }


def _bytes(found: tuple[int, str] | None) -> dict[str, Any] | None:
    return {"size": found[0], "hash": found[1]} if found else None
