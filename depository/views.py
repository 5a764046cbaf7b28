"""Stored entries and manifests as the API shows them."""

from datetime import UTC, datetime

from depository.history.entries import ContentKind, EventEntry, EventKind, VersionEntry
from depository.history.manifest import Manifest
from depository.models import Event, Notebook, Version
from depository.specs import WORKSPACE

_SPACE_EVENTS: dict[tuple[EventKind, str | None], str] = {
    (EventKind.PROMOTE, "published"): "publish",
    (EventKind.WITHDRAW, "published"): "unpublish",
    (EventKind.PROMOTE, "scheduled"): "schedule",
    (EventKind.WITHDRAW, "scheduled"): "unschedule",
}


def version(manifest: Manifest, entry: VersionEntry) -> Version:
    """A version of a notebook, with the refs that point at it now."""
    refs = [ref for ref, number in sorted(manifest.refs.items()) if number == entry.number]
    if entry.number == manifest.latest and manifest.alive:
        refs.insert(0, WORKSPACE)
    return Version(
        manifest.path,
        entry.number,
        entry.hash.hex(),
        _time(entry.time),
        entry.author,
        entry.size,
        entry.cause,
        entry.message,
        entry.change.name.lower(),
        "raw" if entry.kind is ContentKind.RAW else "notebook",
        tuple(refs),
    )


def event(path: str, entry: EventEntry) -> Event:
    """Something that happened to a notebook."""
    name = _SPACE_EVENTS.get((entry.event, entry.ref), entry.event.value)
    return Event(path, name, _time(entry.time), *entry[2:])


def notebook(manifest: Manifest, changed: datetime) -> Notebook:
    """A line of a listing, with details."""
    newest = version(manifest, manifest.newest) if manifest.newest else None
    return Notebook(manifest.path, changed, not manifest.alive, newest, dict(manifest.refs))


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
