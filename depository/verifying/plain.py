"""Plain notebooks: those that are there beside the archive, held against what their refs say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from blake3 import blake3

from depository.backends.base import Item
from depository.errors import CorruptData, KeyNotFound, TooLong
from depository.history.manifest import Manifest
from depository.objects.frame import MAX_PAYLOAD
from depository.verifying.findings import Finding, Kind
from depository.verifying.store import Store

_SETTLING = 300
"""Seconds after a change of a manifest in which the plain notebook may still be about to follow."""
_WORKSPACE = "workspace"


class Expected(NamedTuple):
    """What a plain notebook ought to be."""

    space: str
    number: int | None
    """The version; None if there ought to be none."""
    size: int | None
    """Of the file that is there, by a listing; None if none is."""


def number_in(manifest: Manifest, space: str) -> int | None:
    """The version that is to be had as a plain notebook in a space."""
    if manifest.renamed_to is not None:
        return None
    if space == _WORKSPACE:
        return manifest.latest if manifest.alive and manifest.latest else None
    number = manifest.refs.get(space)
    return number if type(number) is int else None


class Listing:
    """The plain notebooks of one space. Asked in the order of paths, it asks the store for listings only."""

    def __init__(self, store: Store, prefix: str, top: str) -> None:
        """Begin.

        Args:
            store: to be listed.
            prefix: of the space.
            top: how the paths begin.
        """
        self._prefix = f"{prefix}/"
        self._items = store.backend.list(self._prefix + top)
        self._next: Item | None = None
        self._is_begun = False

    def size_of(self, path: str) -> int | None:
        """The size of the plain notebook of a path; None if there is none."""
        key = (self._prefix + path).encode()
        if not self._is_begun:
            self._next, self._is_begun = next(self._items, None), True
        while self._next is not None and self._next.key.encode() < key:
            self._next = next(self._items, None)
        found = self._next
        return found.size if found is not None and found.key.encode() == key else None


class Plain:
    """Holds plain notebooks against their refs."""

    def __init__(self, store: Store, *, repair: bool) -> None:
        """Make one; with `repair` it has those written anew that are stale."""
        self._store = store
        self._repair = repair

    def check(
        self, path: str, listed: Item, expected: Sequence[Expected], files: Mapping[int, tuple[int, bytes]]
    ) -> Iterator[Finding]:
        """Tell of those of a path that are stale.

        Args:
            path: the notebook.
            listed: its manifest, as a listing showed it before it was read.
            expected: in each space.
            files: size and hash of the files of the versions that are expected; those that cannot be read are missing.
        """
        for one in expected:
            why = self._stale(path, one, files) and self._stale(path, one, files)  # once more, before anything is said
            if not why or self._is_settling(listed):
                continue
            key = f"{self._store.spaces[one.space]}/{path}"
            mended = False
            if self._repair:
                self._store.materialize(path, one.space)
                mended = True
            what = "written anew" if one.number else "taken away, for the archive has it"
            how = what if mended else f"--repair has it {what}"
            yield Finding(Kind.STALE, key, why, path, (), how, mended)

    def _stale(self, path: str, one: Expected, files: Mapping[int, tuple[int, bytes]]) -> str:
        key = f"{self._store.spaces[one.space]}/{path}"
        if one.number is None:
            return self._left_over(key, one)
        if one.number not in files:
            return ""
        size, digest = files[one.number]
        try:
            data = self._store.backend.get(key, limit=MAX_PAYLOAD).data if one.size in (None, size) else b""
        except KeyNotFound:
            return f"is not there, though {one.space} is v{one.number}"
        except TooLong:
            data = b""
        if len(data) == size and blake3(data).digest() == digest:
            return ""
        return f"is not v{one.number}, though {one.space} is"

    def _left_over(self, key: str, one: Expected) -> str:
        """A file that ought not to be there may be somebody else's: it is ours if the archive has what it holds."""
        if one.size is None:
            return ""
        try:
            data = self._store.backend.get(key, limit=MAX_PAYLOAD).data
        except (KeyNotFound, TooLong):
            return ""
        return f"is there, though no version is {one.space}" if self._is_archived(data) else ""

    def _is_archived(self, data: bytes) -> bool:
        for digest in self._store.frames_of(data):
            try:
                self._store.objects.read_frame(digest)
            except CorruptData:
                return False
        return True

    def _is_settling(self, listed: Item) -> bool:
        """Whether a ref has just been moved, so that its plain notebook may follow yet."""
        now = next(self._store.backend.list(listed.key), None)
        return now != listed or abs(self._store.now() - now.modified) < _SETTLING
