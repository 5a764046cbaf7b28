"""Verifying a depository: its marker here, everything else in `depository.verifying`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from depository import marker, reading, saving
from depository.backends.base import Absent, Backend, Match
from depository.errors import AlteredObject, KeyNotFound, NoDepository, PreconditionFailed
from depository.history.commit import Commits
from depository.history.manifest import PREFIX
from depository.objects.store import Objects
from depository.verifying.checking import Check
from depository.verifying.findings import Checked, Finding, Kind
from depository.verifying.store import Asked, Store, Telling

if TYPE_CHECKING:
    from depository.marker import Marker

_LIMIT = 64 * 1024


def verify(
    backend: Backend,
    asked: Asked,
    telling: Telling,
    *,
    follow: "Callable[[Marker], Marker]",
    materialize: Callable[[str, str], None],
    now: Callable[[], float],
    token: Callable[[], bytes],
) -> Checked:
    """Check a depository.

    Args:
        backend: where it is.
        asked: what is to be checked.
        telling: whom to tell.
        follow: reads and writes as a marker says from then on.
        materialize: writes the plain notebook of a path in a space anew, or takes it away.
        now: seconds since the epoch.
        token: draws the id of a write.

    Raises:
        NoDepository: there is none.
        UnsupportedFormat: a newer depository wrote it.
    """
    found, findings = _marker(backend, repair=asked.repair)
    if found:
        follow(found)
    spaces = {space: found.prefixes[space] for space in found.materialize} if found else {}
    objects = Objects(backend)  # whose memory serves nothing else
    store = Store(
        backend,
        Commits(backend, objects, token=token, pause=lambda _: None),
        objects,
        spaces,
        reading.file_of,
        lambda data: saving.objects_of(objects, data),
        materialize,
        now,
        token,
    )
    try:
        return Check(store, asked, telling).run(findings)
    finally:
        objects.close()


def _marker(backend: Backend, *, repair: bool) -> "tuple[Marker | None, list[Finding]]":
    """The marker, or an older value of it, and what is wrong with it."""
    with suppress(AlteredObject, NoDepository):  # it is looked at twice, before anything is said
        return marker.read(backend), []
    try:
        return marker.read(backend), []
    except AlteredObject:
        kind, text = Kind.ALTERED, "is damaged: it cannot be read"
    except NoDepository:
        if next(backend.list(PREFIX), None) is None:
            raise
        kind, text = Kind.MISSING, "is missing, though there are manifests"
    for when, data, older in _older(backend):
        said = f"as it was at {datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M} UTC"
        mended = repair and _put_back(backend, data)
        how = f"put back {said}" if mended else f"--repair puts it back {said}"
        return older, [Finding(kind, marker.KEY, text, None, (), how, mended)]
    return None, [Finding(kind, marker.KEY, text)]


def _older(backend: Backend) -> "Iterator[tuple[float, bytes, Marker]]":
    """What the marker was before, and when, as far as the store keeps that."""
    for kept in backend.kept(marker.KEY):
        if kept.etag is None:
            continue
        try:
            data = backend.get_kept(marker.KEY, kept.name, limit=_LIMIT).data
            yield kept.modified, data, marker.understood(data, backend.url)
        except (KeyNotFound, AlteredObject):
            continue


def _put_back(backend: Backend, data: bytes) -> bool:
    try:
        there = backend.get(marker.KEY, limit=_LIMIT)
    except KeyNotFound:
        there = None
    try:
        backend.put(marker.KEY, data, Match(there.etag) if there else Absent())
    except PreconditionFailed:
        return False
    return True


def asked(prefix: str | Sequence[str], *, repair: bool, ledger: str | None, anew: bool) -> Asked:
    """What `Depository.verify` is asked, as a check takes it."""
    prefixes = (prefix,) if isinstance(prefix, str) else tuple(prefix)
    return Asked(prefixes or ("",), repair, ledger, anew)
