"""Refs and tags: names that point at versions, moved by compare-and-set."""

from typing import Final

from depository.errors import AlreadyExists, InvalidName, NoVersion, RefMoved
from depository.history.entries import EventEntry, EventKind
from depository.history.manifest import Manifest

ANY: Final = -1
"""Of the version that a ref is expected at: whatever it is."""
MAX_TAGS = 64
"""Refs and tags of one path."""


def move(manifest: Manifest, event: EventEntry, expect: int | None) -> tuple[Manifest, EventEntry]:
    """Point a ref at the version that an event names, or at none.

    Args:
        manifest: what the path has now.
        event: the move: its `ref`, and its `number` or None to take the ref away.
        expect: the version that the ref must be at now, None for no version, or `ANY`.

    Returns:
        the manifest with the ref moved, and the event with the version that it was at before.

    Raises:
        NoVersion: a ref is to be taken away that is not there.
        AlreadyExists: a tag is at another version already.
        RefMoved: a ref is not where it is expected.
        InvalidName: there would be too many tags.
    """
    path, ref, now = manifest.path, event.ref or "", manifest.refs.get(event.ref or "")
    where = f"v{now}" if now else "no version"
    event = event._replace(previous=now)
    if event.number is None and now is None:
        raise NoVersion(f"'{path}' has no {ref} version.")
    if now == event.number:
        return manifest, event
    if expect not in (ANY, now):
        if event.event is EventKind.TAG:
            raise AlreadyExists(f"The tag '{ref}' of '{path}' is at {where} already; ask for it to be moved.")
        wanted = f"v{expect}" if expect else "no version"
        raise RefMoved(f"{ref} of '{path}' is at {where}, not at {wanted}: somebody moved it; look again.")
    if event.event is EventKind.TAG and now is None and len(manifest.refs) >= MAX_TAGS:
        raise InvalidName(f"'{path}' has {MAX_TAGS} refs and tags already; take one away first.")
    refs = {name: number for name, number in manifest.refs.items() if name != ref}
    if event.number is not None:
        refs[ref] = event.number
    return manifest._replace(refs=refs), event
