"""Versions that were archived lately, kept on this machine: what Jupyter offers as checkpoints without any network.

They lie under ``kept/<key of the notebook>/`` as ``<stamp>-<number>-<size>-<hash>``: the stamp of the item that each of
them was, which is also its id, the number of the version, the bytes of the file, and 16 hex digits of the BLAKE3 hash
of the content. The file is a zstd frame. Nothing waits for a disk here: what is torn is not there, and can be had again
from the archive.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import zip_longest
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import zstandard
from blake3 import blake3

from depository.errors import NoVersion
from depository.spool import items
from depository.spool.directory import Name, Spool, key_of
from depository.spool.items import Kind
from depository.spool.schedule import QUIET

DEFAULT_MOST = 20
"""Versions of a notebook."""
DEFAULT_MOST_BYTES = 1024**3
"""Bytes of all notebooks together."""

_LEVEL = 1
_HASH_BYTES = 8
_MOST_CONTENT = 1 << 30
"""Bytes of the largest content, as in the archive."""
_COMPARED_BYTES = 8 * 1024**2
"""Items that wait are compared with their neighbours up to this size."""
_COUNTED_EVERY = 256
"""How many versions are kept before all are counted anew, for other processes keep some too."""
_EVER = 1 << 64

_id = re.compile(r"[0-9a-f]{16}", re.ASCII)
_file = re.compile(r"([0-9a-f]{16})-([0-9]+)-([0-9a-f]+)-([0-9a-f]{16})", re.ASCII)


class Kept(NamedTuple):
    """A version that is at hand."""

    id: str
    """The same while it waits to be archived and when it is kept."""
    time: int
    """When it was saved, in milliseconds since the epoch."""
    number: int | None
    """Of the version; None as long as it waits."""


class Span(NamedTuple):
    """A time in which the items of a notebook had another key, because it had another path."""

    key: str
    after: int
    """In nanoseconds since the epoch, like the stamps of items."""
    before: int

    def has(self, stamp: int) -> bool:
        """Whether an item with that stamp is of this time."""
        return self.after < stamp < self.before


class _Entry(NamedTuple):
    """A file of a version."""

    stamp: int
    number: int
    size: int
    digest: str
    path: str


class _Count(NamedTuple):
    """The bytes of everything that is kept, as far as one process knows."""

    used: int
    trusted: int
    """How many more versions may be kept on the strength of it."""


_counts: "WeakKeyDictionary[Spool, _Count]" = WeakKeyDictionary()
_counts_lock = Lock()


def keep(spool: Spool, name: Name, data: bytes, number: int, *, most: int, most_bytes: int) -> bool:
    """Keep a version that is in the archive now. To be called before its item is removed, so that it is never missing.

    A version like the newest takes that one's place, and the oldest make room.

    Args:
        spool: where it waited.
        name: of its item, with the key of the notebook's depository and path.
        data: the content.
        number: of the version.
        most: versions of a notebook that are kept; none if 0.
        most_bytes: of all that is kept.

    Returns:
        Whether it is kept now. It is no error if the disk does not take it.
    """
    packed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(data) if most > 0 else b""
    if not packed or len(packed) > most_bytes:
        return False
    digest = blake3(data).hexdigest(_HASH_BYTES)
    directory = _directory(spool, name.key)
    entry = _Entry(
        name.stamp, number, len(packed), digest,
        os.path.join(directory, f"{name.stamp:016x}-{number}-{len(packed):x}-{digest}"),
    )  # fmt: skip
    for _ in range(2):  # the directory may get another name meanwhile
        with suppress(OSError):
            os.makedirs(directory, mode=0o700, exist_ok=True)
            change = _put(entry, packed, _entries(directory), most)
            _make_room(spool, change, most_bytes)
            return True
    return False


def moved(spool: Spool, old_key: str, new_key: str, *, before: int = _EVER) -> None:
    """Have what is kept of a notebook follow it to another path. Done twice, it is as if done once.

    Args:
        spool: where it is kept.
        old_key: of the path that it had.
        new_key: of the path that it has; what is kept of that one already stays.
        before: the stamp of the rename: what was saved later is another notebook's.
    """
    old, new = _directory(spool, old_key), _directory(spool, new_key)
    with suppress(OSError):
        found = _entries(old)
        os.makedirs(new, mode=0o700, exist_ok=True)
        for entry in found:
            if entry.stamp < before:
                with suppress(FileNotFoundError):
                    os.replace(entry.path, os.path.join(new, os.path.basename(entry.path)))
        os.rmdir(old)  # unless something stays


def spans(spool: Spool, url: str | None, path: str) -> list[Span]:
    """The other keys that items of a notebook had before renames that wait to be archived, the latest first."""
    found: list[Span] = []
    before = _EVER
    while True:
        renamed = _latest_rename(spool, url, path, before)
        if renamed is None:
            return [
                span._replace(after=found[at + 1].before if at + 1 < len(found) else 0) for at, span in enumerate(found)
            ]
        before, path = renamed
        found.append(Span(key_of(url, path), 0, before))


def listed(spool: Spool, key: str, earlier: Sequence[Span] = (), *, most: int = DEFAULT_MOST) -> list[Kept]:
    """The versions of a notebook that are at hand, those that wait among them, the oldest first.

    Of neighbours with the same content there is the latest only.

    Args:
        spool: where they wait and are kept.
        key: of the notebook.
        earlier: its `spans`.
        most: how many, the newest.

    Raises:
        StorageError: the spool cannot be read.
    """
    now = Span(key, earlier[0].before if earlier else 0, _EVER)
    waiting = {name.stamp: name for span in (now, *earlier) for name in _saves(spool, span)}
    entries = {entry.stamp: entry for span in earlier for entry in _whole(spool, span.key) if span.has(entry.stamp)}
    entries |= {entry.stamp: entry for entry in _whole(spool, key)}  # looked at last, for what waits comes here
    result: list[Kept] = []
    newer: str | None = None
    for stamp in sorted(waiting.keys() | entries.keys(), reverse=True):
        entry = entries.get(stamp)
        digest = entry.digest if entry else _digest(spool, waiting[stamp])
        number = entry.number if entry else None
        if result and digest is not None and digest == newer:
            if result[-1].number is None:
                result[-1] = result[-1]._replace(number=number)
            continue
        if len(result) == most:
            break
        result.append(Kept(f"{stamp:016x}", stamp // 1_000_000, number))
        newer = digest
    return result[::-1]


def read(spool: Spool, key: str, id_: str, earlier: Sequence[Span] = ()) -> bytes:
    """The content of a version that is at hand.

    Args:
        spool: where it waits or is kept.
        key: of the notebook.
        id_: of the version; anything may be asked for.
        earlier: the notebook's `spans`.

    Raises:
        NoVersion: it is not at hand.
        StorageError: the spool cannot be read.
    """
    if _id.fullmatch(id_):
        stamp = int(id_, 16)
        keys = [key, *(span.key for span in earlier if span.has(stamp))]
        for _ in range(2):  # for it may be archived between the two looks
            for one in keys:
                content = _read_kept(spool, one, stamp)
                if content is None:
                    content = _read_waiting(spool, one, stamp)
                if content is not None:
                    return content
    raise NoVersion(f"There is no version '{id_[:40]}' of this notebook on this machine; the archive has all versions.")


def _directory(spool: Spool, key: str) -> str:
    return os.path.join(spool.directory, "kept", key)


def _entries(directory: str) -> list[_Entry]:
    """What is kept in a directory, the oldest first, as far as its names tell."""
    found = []
    with suppress(FileNotFoundError):
        for file in os.listdir(directory):
            match = _file.fullmatch(file)
            if match:
                stamp, number, size, digest = match.groups()
                found.append(_Entry(int(stamp, 16), int(number), int(size, 16), digest, os.path.join(directory, file)))
    return sorted(found)


def _whole(spool: Spool, key: str) -> Iterator[_Entry]:
    for entry in _entries(_directory(spool, key)):
        with suppress(OSError):
            if os.stat(entry.path).st_size == entry.size:
                yield entry


def _put(entry: _Entry, packed: bytes, others: Sequence[_Entry], most: int) -> int:
    """Write a version among the others of its notebook, and return by how many bytes they have become more."""
    partial = os.path.join(os.path.dirname(entry.path), f"{entry.stamp:016x}.part")
    with open(partial, "wb") as stream:
        stream.write(packed)
    os.replace(partial, entry.path)
    rest = [other for other in others if other.path != entry.path]
    older = [other for other in rest if other.stamp <= entry.stamp]
    gone = older[-1:] if older and older[-1].digest == entry.digest else []
    stay = sorted({*rest, entry} - {*gone})
    gone += stay[:-most]
    for other in gone:
        with suppress(FileNotFoundError):
            os.unlink(other.path)
    return entry.size - sum(other.size for other in gone)


def _make_room(spool: Spool, change: int, most_bytes: int) -> None:
    """Remove the oldest of all notebooks until the rest is no more than `most_bytes`."""
    with _counts_lock:
        count = _counts.get(spool, _Count(0, 0))
        if count.trusted and count.used + change <= most_bytes:
            _counts[spool] = _Count(count.used + change, count.trusted - 1)
            return
        top = os.path.join(spool.directory, "kept")
        found = sorted(entry for key in os.listdir(top) for entry in _entries(os.path.join(top, key)))
        used = sum(entry.size for entry in found)
        for entry in found:
            if used <= most_bytes:
                break
            with suppress(FileNotFoundError):
                os.unlink(entry.path)
            with suppress(OSError):
                os.rmdir(os.path.dirname(entry.path))  # unless something stays
            used -= entry.size
        _counts[spool] = _Count(used, _COUNTED_EVERY)


def _saves(spool: Spool, span: Span) -> list[Name]:
    """The saves that wait, without the automatic ones that the next one is about to stand for."""
    names = [name for name in spool.waiting_for(span.key) if name.kind is Kind.SAVE and span.has(name.stamp)]
    return [
        name
        for name, after in zip_longest(names, names[1:])
        if not (name.is_automatic and after and after.milliseconds - name.milliseconds <= QUIET)
    ]


def _latest_rename(spool: Spool, url: str | None, path: str, before: int) -> tuple[int, str] | None:
    """The stamp of the last rename to a path, or of a directory above it, and the path before."""
    parts = path.split("/")
    places = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
    names = [
        (name, place)
        for place in places
        for name in spool.waiting_for(key_of(url, place))
        if name.kind is Kind.RENAME and name.stamp < before
    ]
    for name, place in sorted(names, reverse=True):
        with suppress(FileNotFoundError, ValueError):
            item = spool.read(name)
            if item.old is not None and (item.directory or place == path):
                return name.stamp, item.old + path[len(place) :]
    return None


def _digest(spool: Spool, name: Name) -> str | None:
    """The hash of what waits, to compare it; None where it is large or cannot be read."""
    if spool.size_of(name) > _COMPARED_BYTES:
        return None
    try:
        return _digest_read(spool, name)
    except (FileNotFoundError, ValueError):
        return None


@lru_cache(maxsize=256)
def _digest_read(spool: Spool, name: Name) -> str:
    return blake3(spool.read(name).content).hexdigest(_HASH_BYTES)


def _read_kept(spool: Spool, key: str, stamp: int) -> bytes | None:
    for entry in _whole(spool, key):
        if entry.stamp == stamp:
            with suppress(OSError, ValueError, zstandard.ZstdError):
                with open(entry.path, "rb") as stream:
                    packed = stream.read()
                if zstandard.frame_content_size(packed) <= _MOST_CONTENT:
                    data = zstandard.ZstdDecompressor().decompress(packed)
                    if blake3(data).hexdigest(_HASH_BYTES) == entry.digest:
                        return data
    return None


def _read_waiting(spool: Spool, key: str, stamp: int) -> bytes | None:
    for name in spool.waiting_for(key):
        if name.stamp == stamp and name.kind is Kind.SAVE:
            with suppress(FileNotFoundError, items.Torn):
                try:
                    return spool.read(name).content
                except items.Torn:
                    raise
                except ValueError as error:
                    raise NoVersion(f"The version '{stamp:016x}' is damaged in the spool: {error}.") from error
    return None
