"""Listings: which notebooks and which contents there are."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from depository import views
from depository.backends.base import Backend
from depository.errors import Ambiguous, CorruptData, InvalidName, KeyNotFound, NoVersion, TooLong, UnsupportedFormat
from depository.history import manifest as manifests
from depository.history.manifest import Manifest
from depository.models import Notebook
from depository.objects.frame import Kind
from depository.objects.store import Objects

_BATCH = 256
_SHOWN = 8
_BLOBS = (Kind.NOTEBOOK, Kind.BYTES)


class Line(NamedTuple):
    """One manifest, as a listing shows it."""

    path: str
    changed: datetime
    deleted: bool
    etag: str | None


def notebooks(backend: Backend, prefix: str, *, deleted: bool) -> Iterator[Line]:
    """The manifests of a path and of everything below it, by path."""
    below = prefix.rstrip("/")
    for item in backend.list(manifests.key_of(below)):
        path = item.key.removeprefix(manifests.PREFIX)
        if not _is_below(path, below):
            continue
        dead = not manifests.is_alive(item.size)
        if deleted or not dead:
            yield Line(path, datetime.fromtimestamp(item.modified, UTC), dead, item.etag)


def under(
    backend: Backend,
    run: Callable[[Callable[[str], list[Line]], Iterable[str]], list[list[Line]]],
    prefixes: Iterable[str],
    *,
    deleted: bool,
) -> Iterator[Line]:
    """The manifests of several paths and of everything below them, each once; listed at once where that pays."""
    tops: list[str] = []
    for prefix in sorted({prefix.rstrip("/") for prefix in prefixes}, key=lambda prefix: [*prefix.split("/"), ""]):
        if not any(_is_below(prefix, top) for top in tops[-1:]):
            tops.append(prefix)
    if len(tops) == 1:
        return notebooks(backend, tops[0], deleted=deleted)
    found = run(lambda prefix: list(notebooks(backend, prefix, deleted=deleted)), tops)
    return (line for lines in found for line in lines)


def _is_below(path: str, above: str) -> bool:
    return not above or path == above or path.startswith(above + "/")


def with_details(
    backend: Backend,
    run: Callable[[Callable[[Line], Manifest | None], Iterable[Line]], list[Manifest | None]],
    lines: Iterable[Line],
    cache: str | None,
) -> Iterator[Notebook]:
    """The same lines with what their manifests say; several manifests are read at once where that pays.

    A manifest that is damaged is listed without details: it is named when the notebook itself is asked for.
    """
    from depository.etag_cache import EtagCache

    known = EtagCache(cache)

    def read(line: Line) -> Manifest | None:
        if line.etag and (data := known.get(line.path, line.etag)) and (manifest := _manifest(line.path, data)):
            return manifest
        try:
            stored = backend.get(manifests.key_of(line.path), limit=manifests.READ_LIMIT)
        except (KeyNotFound, TooLong):
            return None
        manifest = _manifest(line.path, stored.data)
        if line.etag and manifest:
            known.put(line.path, stored.etag, stored.data)
        return manifest

    rest = iter(lines)
    try:
        while batch := list(islice(rest, _BATCH)):
            for line, manifest in zip(batch, run(read, batch), strict=True):
                yield (
                    views.notebook(manifest, line.changed)
                    if manifest
                    else Notebook(line.path, line.changed, line.deleted)
                )
    finally:
        known.store()


def _manifest(path: str, data: bytes) -> Manifest | None:
    """The manifest of a path; None where it is damaged, or another path's."""
    try:
        manifest = manifests.unpack(data)
    except (ValueError, UnsupportedFormat):
        return None
    return manifest if manifest.path == path else None


def find_blob(objects: Objects, prefix: str) -> str:
    """The hash of the one blob that starts with some hex digits."""
    digits = prefix.lower()
    if not re.fullmatch(r"[0-9a-f]{6,64}", digits):
        raise InvalidName(f"'{prefix}' is no hash: give 6 to 64 of its hex digits.")
    found = [digest for digest in objects.find(digits) if _is_blob(objects, digest)]
    if not found:
        raise NoVersion(f"Nothing archived has a hash that starts with {digits}.")
    if len(found) > 1:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        candidates = ", ".join(digest[:12] for digest in found[:_SHOWN])
        raise Ambiguous(f"{digits} fits several contents: {candidates}{more}; give more digits.")
    return found[0]


def _is_blob(objects: Objects, digest: str) -> bool:
    try:
        return objects.read_frame(bytes.fromhex(digest)).kind in _BLOBS
    except CorruptData:
        return True
