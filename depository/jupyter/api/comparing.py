"""The comparison of two versions."""

from collections.abc import Sequence
from typing import Any

from depository import specs
from depository.diff.compare import CellChange, NotebookDiff
from depository.diff.compare import diff as compare
from depository.diff.texts import Hunk, lines
from depository.jupyter.api import parameters, records
from depository.jupyter.api.base import RESOURCE, Found, Handler, allowed
from depository.jupyter.api.failures import TooLarge
from depository.jupyter.api.versions import content_of
from depository.models import Version
from depository.notebook.cells import Output

MAX_COMPARED = 64 * 1024 * 1024
"""Bytes of the largest file that is compared."""
MAX_TEXT = 1024 * 1024
"""Characters of changed lines and outputs that are shown; how many cells changed is told beyond that too."""
_FORMAT = 1


class Diff(Handler):
    """What changed from one version of a notebook to another."""

    @allowed(RESOURCE)
    async def get(self, path: str) -> None:
        """Compare two versions, cell by cell."""
        query = self.query("old", "new", "outputs", "metadata", "context")
        specs_ = [parameters.spec(query.text("old", "latest~1")), parameters.spec(query.text("new", specs.LATEST))]
        has_outputs, has_metadata = query.flag("outputs", default=True), query.flag("metadata")
        context = query.number("context", 3, least=0, most=parameters.MAX_CONTEXT) or 0
        found = await self.find(path)
        old, new = await self.run(lambda: [found.depository.resolve(found.path, spec) for spec in specs_])
        etag = records.etag_of(_FORMAT, old, new, has_outputs, has_metadata, context)
        if await self.is_known(etag):
            return
        for version in (old, new):
            if version.size > MAX_COMPARED:
                raise TooLarge(
                    f"{version.name} of '{found.shown}' has {version.size:,} bytes; at most {MAX_COMPARED:,} are "
                    "compared here: use 'depository diff'."
                )
        text = _Text(context)
        document = await self.run(lambda: _document(found, old, new, text, outputs=has_outputs, metadata=has_metadata))
        await self.reply(document, etag=etag)


class _Text:
    """Shows texts as long as there is room."""

    def __init__(self, context: int) -> None:
        self._context = context
        self._left = MAX_TEXT
        self.is_cut = False

    def hunks(self, old: str, new: str) -> list[dict[str, Any]]:
        """What changed in a text, line by line."""
        return self._shown(lines(old, new, self._context))

    def _shown(self, hunks: Sequence[Hunk]) -> list[dict[str, Any]]:
        shown = []
        for hunk in hunks:
            shown.append(
                {
                    "old_start": hunk.old_start,
                    "new_start": hunk.new_start,
                    "lines": [{"tag": line.tag, "text": self.cut(line.text)} for line in hunk.lines if self._left],
                }
            )
            if not self._left:
                self.is_cut = True
                break
        return shown

    def cut(self, text: str) -> str:
        """As much of a text as there is room for."""
        if len(text) > self._left:
            text, self.is_cut = text[: self._left], True
        self._left -= len(text)
        return text


def _document(
    found: Found, old: Version, new: Version, text: _Text, *, outputs: bool, metadata: bool
) -> dict[str, Any]:
    sides = [content_of(found, version) for version in (old, new)]
    before, after = sides
    document: dict[str, Any] = {
        "old": records.version(old),
        "new": records.version(new),
        "counts": None,
        "changes": None,
        "hunks": None,
    }
    if isinstance(before, dict) and isinstance(after, dict):
        compared = compare(before, after, outputs=outputs, metadata=metadata)
        document |= {
            "equal": compared.is_empty,
            "counts": compared.counts._asdict(),
            "metadata_changed": compared.metadata_changed,
            "changes": _changes(compared, text),
        }
    else:
        files = [found.depository.read(found.path, version.name) for version in (old, new)]
        document |= {"equal": files[0] == files[1], "metadata_changed": False}
        document["hunks"] = text.hunks(*(data.decode(errors="replace") for data in files))
    return {**document, "truncated": text.is_cut}


def _changes(compared: NotebookDiff, text: _Text) -> list[dict[str, Any]]:
    return [_change(change, text) for change in compared.changes if change.status != "equal"]


def _change(change: CellChange, text: _Text) -> dict[str, Any]:
    old, new = change.old, change.new
    cell = new or old
    return {
        "status": change.status,
        "old_index": old.index if old else None,
        "new_index": new.index if new else None,
        "id": cell.id if cell else None,
        "kind": cell.kind if cell else None,
        "source_changed": change.source_changed,
        "outputs_changed": change.outputs_changed,
        "metadata_changed": change.metadata_changed,
        "attachments_changed": change.attachments_changed,
        "moved": change.moved,
        "source": text.hunks(old.source if old else "", new.source if new else ""),
        "outputs": [{"old": _output(pair.old, text), "new": _output(pair.new, text)} for pair in change.outputs],
    }


def _output(output: Output | None, text: _Text) -> dict[str, Any] | None:
    if output is None:
        return None
    shown = output.text if output.text is not None else output.error_value
    return {
        "kind": output.kind,
        "name": output.name or output.error_name,
        "mimes": sorted(output.mimes),
        "text": None if shown is None else text.cut(shown),
    }
