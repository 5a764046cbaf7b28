"""Manifests: the one small object of a path that changes.

A manifest holds the newest entries of the history, the refs, and the pointers to the sealed pages. It is a frame
followed by the first 16 bytes of its BLAKE3 hash and, if the path is deleted or was renamed away, by one zero byte
where needed to make its length odd; the length of every other manifest is even. So a listing, which shows lengths and
not contents, tells which paths are alive.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgpack
from blake3 import blake3

from depository.history import entries, pages
from depository.history.entries import Entry, VersionEntry
from depository.history.pages import Page, Pointer
from depository.objects import frame
from depository.objects.frame import Frame, Kind

PREFIX = "manifests/"
GROUP = 64
"""Versions that one page holds where nothing makes it seal early. Deltas do not cross it."""
RUN = 16
"""Versions that are deltas against one another in a row."""
MAX_RECENT = GROUP + 2 * RUN
"""Entries of a manifest: the oldest group of them is sealed into a page when there are so many."""
MAX_BYTES = 7 * 1024
"""Bytes of a manifest past which more is sealed."""
READ_LIMIT = 1 << 20
"""Bytes of the largest manifest that is read."""

_CHECK_BYTES = 16
_LEVEL = 3
"""Of its compression: most of a manifest is hashes, and higher ones gain 1 % for twice the work of each save."""


class Buried(NamedTuple):
    """The history that a name had before another notebook was renamed to it."""

    latest: int
    """The number of its newest version."""
    hash: bytes
    """The object, of kind BYTES, that holds its manifest."""


class Manifest(NamedTuple):
    """What a path has."""

    path: str
    generation: int = 0
    """Grows by one with each write."""
    write_id: bytes = b""
    """Drawn at random for each write, so that a writer knows its own again."""
    latest: int = 0
    """The number of the newest version."""
    refs: Mapping[str, int] = MappingProxyType({})
    """The versions that refs and tags point at. ``workspace`` is always the newest, and not among them."""
    recent: tuple[Entry, ...] = ()
    """The entries that no page holds yet, the oldest first."""
    newest: VersionEntry | None = None
    """The newest version, also where a page holds it."""
    back: tuple[Pointer, ...] = ()
    """Pointers to pages, the newest first."""
    fingerprint: bytes = b""
    """Of the newest version's source."""
    deleted: bool = False
    renamed_from: str | None = None
    renamed_to: str | None = None
    buried: tuple[Buried, ...] = ()

    @property
    def alive(self) -> bool:
        """There is a notebook under this name now."""
        return not self.deleted and self.renamed_to is None

    def appended(self, *new: Entry) -> "Manifest":
        """With more entries."""
        versions = [entry for entry in new if isinstance(entry, VersionEntry)]
        newest = versions[-1] if versions else self.newest
        latest = newest.number if newest else 0
        return self._replace(recent=(*self.recent, *new), newest=newest, latest=latest)


def key_of(path: str) -> str:
    """The key of a path's manifest."""
    return PREFIX + path


def is_alive(size: int) -> bool:
    """Whether a manifest of that many bytes is of a path that is alive."""
    return size % 2 == 0


def pack(manifest: Manifest) -> bytes:
    """The bytes of a manifest."""
    in_recent = manifest.newest in manifest.recent
    data = msgpack.packb(
        {
            "path": manifest.path,
            "generation": manifest.generation,
            "write_id": manifest.write_id,
            "latest": manifest.latest,
            "refs": dict(sorted(manifest.refs.items())),
            "recent": list(map(entries.encode, manifest.recent)),
            "newest": None if in_recent or manifest.newest is None else entries.encode(manifest.newest),
            "back": [list(pointer) for pointer in manifest.back],
            "fingerprint": manifest.fingerprint,
            **{
                name: value
                for name, value in (
                    ("deleted", manifest.deleted),
                    ("renamed_from", manifest.renamed_from),
                    ("renamed_to", manifest.renamed_to),
                    ("buried", [list(buried) for buried in manifest.buried]),
                )
                if value
            },
        }
    )
    packed = frame.pack(frame.encode(Kind.MANIFEST, data, level=_LEVEL))
    packed += blake3(packed).digest()[:_CHECK_BYTES]
    return packed if is_alive(len(packed)) is manifest.alive else packed + b"\0"


def unpack(data: bytes) -> Manifest:
    """The manifest of its bytes.

    Raises:
        UnsupportedFormat: a newer depository wrote it.
        ValueError: it is none.
    """
    for end in (len(data), len(data) - 1):
        packed, check = data[: end - _CHECK_BYTES], data[end - _CHECK_BYTES : end]
        if blake3(packed).digest()[:_CHECK_BYTES] == check and not any(data[end:]):
            break
    else:
        frame.unpack(data)  # a newer format may check itself otherwise
        raise ValueError("it is cut off or altered")
    stored = frame.unpack(packed)
    if stored.kind is not Kind.MANIFEST:
        raise ValueError("it is no manifest")
    try:
        manifest = _decoded(msgpack.unpackb(stored.decode(limit=READ_LIMIT)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it lacks a field, or has one of a wrong type") from error
    if not _has_types(manifest):
        raise ValueError("it has a field of a wrong type")
    if is_alive(len(data)) is not manifest.alive:
        raise ValueError("its length does not say what its content says")
    return manifest


def sealed(manifest: Manifest) -> tuple[Manifest, bytes, dict[bytes, Frame]]:
    """Move old entries into pages until the manifest is small.

    Returns:
        the manifest, its bytes, and the pages to write first, by hash.
    """
    new: dict[bytes, Frame] = {}
    while True:
        packed = pack(manifest)
        if len(manifest.recent) < MAX_RECENT and (len(packed) <= MAX_BYTES or len(manifest.recent) == 1):
            return manifest, packed, new
        cut = _where_to_cut(manifest.recent)
        old = manifest.recent[:cut]
        before = [entry.number for entry in old if isinstance(entry, VersionEntry)]
        after = [entry.number for entry in manifest.recent[cut:] if isinstance(entry, VersionEntry)]
        first = before[0] if before else after[0] if after else manifest.latest + 1
        position = manifest.back[0].position + 1 if manifest.back else 1
        pointer, page = pages.seal(Page(manifest.path, position, first, manifest.back, old))
        new[pointer.hash] = page
        manifest = manifest._replace(recent=manifest.recent[cut:], back=pages.with_page(manifest.back, pointer))


def _where_to_cut(recent: Sequence[Entry]) -> int:
    """After a whole group if there is one, else after a run, else in the middle."""
    for step in (GROUP, RUN):
        for index, entry in enumerate(recent[:-1][:MAX_RECENT]):
            if isinstance(entry, VersionEntry) and entry.number % step == 0:
                return index + 1
    return max(1, min(len(recent), MAX_RECENT) // 2)


def _has_types(manifest: Any) -> bool:
    """Whether the fields of a `Manifest` that nothing else has looked at are what they should be."""
    return (
        isinstance(manifest.path, str)
        and type(manifest.generation) is int
        and 0 <= manifest.generation <= entries.LARGEST
        and isinstance(manifest.write_id, bytes)
        and isinstance(manifest.fingerprint, bytes)
        and all(isinstance(ref, str) and type(number) is int for ref, number in manifest.refs.items())
        and all(isinstance(path, str | None) for path in (manifest.renamed_from, manifest.renamed_to))
        and all(type(latest) is int and entries.is_hash(digest) for latest, digest in manifest.buried)
    )


def _decoded(fields: dict[str, Any]) -> Manifest:
    recent = tuple(map(entries.decode, fields["recent"]))
    if fields["newest"] is not None:
        newest: Entry | None = entries.decode(fields["newest"])
    else:
        newest = next((entry for entry in reversed(recent) if isinstance(entry, VersionEntry)), None)
    if newest is not None and not isinstance(newest, VersionEntry):
        raise ValueError("its newest version is none")
    manifest = Manifest(
        path=fields["path"],
        generation=fields["generation"],
        write_id=fields["write_id"],
        latest=fields["latest"],
        refs=dict(fields["refs"]),
        recent=recent,
        newest=newest,
        back=tuple(map(pages.decode_pointer, fields["back"])),
        fingerprint=fields["fingerprint"],
        deleted=bool(fields.get("deleted")),
        renamed_from=fields.get("renamed_from"),
        renamed_to=fields.get("renamed_to"),
        buried=tuple(Buried(*buried) for buried in fields.get("buried", ())),
    )
    if manifest.latest != (newest.number if newest else 0):
        raise ValueError("its latest is not the number of its newest version")
    return manifest
