"""Stored entries and manifests as the API shows them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from depository.history.entries import Change, ContentKind, Entry, EventEntry, EventKind, VersionEntry
from depository.history.manifest import Manifest
from depository.models import CellBlame, CellStep, Event, LineBlame, Notebook, Version
from depository.specs import WORKSPACE

if TYPE_CHECKING:
    from depository.lineage.blaming import Blamed
    from depository.lineage.tracing import Step

_SPACE_EVENTS: dict[tuple[EventKind, str | None], str] = {
    (EventKind.PROMOTE, "published"): "publish",
    (EventKind.WITHDRAW, "published"): "unpublish",
    (EventKind.PROMOTE, "scheduled"): "schedule",
    (EventKind.WITHDRAW, "scheduled"): "unschedule",
}
_CHANGES = {change: change.name.lower() for change in Change}


def version(manifest: Manifest, entry: VersionEntry) -> Version:
    """A version of a notebook, with the refs that point at it now."""
    return next(versions(manifest, (entry,)))


def versions(manifest: Manifest, entries: Iterable[Entry]) -> Iterator[Version]:
    """Those entries of a notebook that are versions, as `version` shows them."""
    path = manifest.path
    refs: dict[int, tuple[str, ...]] = {manifest.latest: (WORKSPACE,)} if manifest.alive else {}
    for ref, number in sorted(manifest.refs.items()):
        refs[number] = (*refs.get(number, ()), ref)
    for entry in entries:
        if isinstance(entry, VersionEntry):
            number, time, author, cause, message, digest, size, kind, change, _ = entry
            yield Version(
                path,
                number,
                digest.hex(),
                _time(time),
                author,
                size,
                cause,
                message,
                _CHANGES[change],
                "raw" if kind is ContentKind.RAW else "notebook",
                refs.get(number, ()),
            )


def event(path: str, entry: EventEntry) -> Event:
    """Something that happened to a notebook."""
    name = _SPACE_EVENTS.get((entry.event, entry.ref), entry.event.value)
    return Event(path, name, _time(entry.time), *entry[2:])


def blamed(found: "Blamed") -> CellBlame:
    """Where a cell comes from."""
    cell = found.cell
    lines = tuple(LineBlame(text, version(*made)) for text, made in found.lines)
    return CellBlame(cell.index + 1, cell.id, cell.kind, cell.source, version(*found.made), lines)


def step(found: "Step") -> CellStep:
    """A version in which a cell changed."""
    cell = found.cell
    return CellStep(
        version(*found.made),
        cell.index + 1,
        cell.id,
        cell.kind,
        found.status,
        cell.source,
        found.before,
        tuple(index + 1 for index in found.parts),
        found.origin,
        found.outputs,
    )


def notebook(manifest: Manifest, changed: datetime) -> Notebook:
    """A line of a listing, with details."""
    newest = version(manifest, manifest.newest) if manifest.newest else None
    return Notebook(manifest.path, changed, not manifest.alive, newest, dict(manifest.refs))


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
