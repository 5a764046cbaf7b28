"""Conditional writes where a server's own cannot be trusted: the order of a key's versions is the judge.

A bucket with versioning keeps every write of a key, in one order that everybody sees and that grows at its end alone.
Each write here carries a note: its *turn*, one more than that of the version it was built on, and the name of that
version. Of all versions with the same turn the first in the order counts, and the others are void, as if they had been
refused: whoever wrote one is told so, and tries again on top of the one that counts. A writer learns from the listing
after its write which it was. So of several writers that built on the same version exactly one wins, and what has won
once has won for ever, since nothing can come before it any more. What has a later turn was written after it, for it was
built on it, or on what was. So who looks for what counts goes back to the version that the latest turn is built on, and
no further.

This needs of the server: versions that are listed as soon as they are acknowledged, in an order that never changes.
It asks for one listing more with each read and each write; where writers race, for the notes of what they wrote, too.
"""

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple, TypeVar

from depository.backends.base import Absent, Backend, Condition, Kept, Match, Stored
from depository.errors import KeyNotFound, OutcomeUnknown, PreconditionFailed, StorageError

MAX_VERSIONS = 1000
"""Versions since the one that the latest is built on, after which a key is given up: nothing that only writes by these
rules gets there."""

_REMEMBERED = 4096
_NO_BASE = "-"
_TRIES = 10

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Found(NamedTuple):
    """One version of a key."""

    name: str
    """What the server calls it."""
    stored: Stored
    note: str | None
    """What was written beside it, or None where something else wrote it."""


class VersionedBackend(Backend):
    """A store that can keep every version of a key, and judges writes by their order once it is told to."""

    def __init__(self) -> None:
        self._judge = Judge(self)
        self._judged: str | None = None

    def get(self, key: str, *, limit: int) -> Stored:
        if self._is_judged(key):
            return self._judge.get(key, limit=limit)
        found = self.current(key, limit=limit)
        # who only reads has not been told by what protocol this depository is written, and sees it by this
        return found.stored if found.note is None else self._judge.get(key, limit=limit, current=found)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if self._is_judged(key):
            return self._judge.put(key, data, condition)
        if self._judged is not None and isinstance(condition, Absent) and self.is_there(key):
            raise PreconditionFailed(f"'{key}' in {self.url} is there already.")
        return self.write(key, data, condition)

    def delete(self, key: str) -> None:
        self.remove(key)
        self._judge.forget(key)

    def get_kept(self, key: str, name: str, *, limit: int) -> Stored:
        return self.version(key, name, limit=limit).stored

    def rely_on_versions(self, prefix: str) -> None:
        self._judged = prefix

    def _is_judged(self, key: str) -> bool:
        return self._judged is not None and key.startswith(self._judged)

    @abstractmethod
    def write(self, key: str, data: bytes, condition: Condition | None) -> str:
        """Write as the store itself does, which may or may not hold to the condition; as `Backend.put`."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Delete as the store itself does; as `Backend.delete`."""

    @abstractmethod
    def is_there(self, key: str) -> bool:
        """Whether there is a value, by the listing, which is right where conditions are not."""

    @abstractmethod
    def add(self, key: str, data: bytes, note: str) -> tuple[str, str]:
        """Write a further version whatever is there, and return its name and its etag.

        Raises:
            OutcomeUnknown: no clear answer came.
        """

    @abstractmethod
    def current(self, key: str, *, limit: int) -> Found:
        """Read what a plain read gives, which is mostly the newest version.

        Raises:
            KeyNotFound: there is none, or the key was deleted after it.
        """

    @abstractmethod
    def version(self, key: str, name: str, *, limit: int) -> Found:
        """Read a version.

        Raises:
            KeyNotFound: it is not there any more.
        """

    @abstractmethod
    def note(self, key: str, name: str) -> str | None:
        """What was written beside a version; None where something else wrote it.

        Raises:
            KeyNotFound: it is not there any more.
        """

    @abstractmethod
    def kept(self, key: str) -> Iterator[Kept]:
        """All versions, the newest first; a sign of deletion before them all if the key is deleted now."""


class _Place(NamedTuple):
    """A version's place in the order of turns."""

    name: str
    turn: int
    """0 for a version without a note."""
    base: str


class _Head(NamedTuple):
    """What counts under a key."""

    place: _Place | None
    """None where there has never been anything."""
    etag: str | None
    """None where there is nothing now."""


class Judge:
    """Reads and writes keys whose versions all have notes. Safe with several threads.

    Args:
        versions: the store.
    """

    def __init__(self, versions: VersionedBackend) -> None:
        self._versions = versions
        self._lock = Lock()
        self._heads: OrderedDict[str, _Head] = OrderedDict()
        self._places: OrderedDict[tuple[str, str], _Place] = OrderedDict()

    def get(self, key: str, *, limit: int, current: Found | None = None) -> Stored:
        """As `Backend.get`: the version that counts.

        Args:
            key: the key.
            limit: bytes of the largest value to be read.
            current: what a plain read has just given, if there was one.
        """
        if current is None:
            try:
                current = self._versions.current(key, limit=limit)
            except KeyNotFound:  # the listing decides: a plain read may lag behind it
                current = None
        if current:
            self._keep(self._places, (key, current.name), _place(current.name, current.note))
        head = self._look(key)
        if head.place is None or head.etag is None:
            raise KeyNotFound(f"Nothing is stored under '{key}' in {self._versions.url}.")
        if current is None or current.name != head.place.name:
            current = self._versions.version(key, head.place.name, limit=limit)
        return current.stored

    def put(self, key: str, data: bytes, condition: Condition | None) -> str:
        """As `Backend.put`."""
        for left in reversed(range(1 if condition else _TRIES)):
            try:
                return self._put(key, data, condition)
            except PreconditionFailed:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def forget(self, key: str) -> None:
        """Look again before the next write; for a key that was deleted."""
        with self._lock:
            self._heads.pop(key, None)

    def _put(self, key: str, data: bytes, condition: Condition | None) -> str:
        base = self._base(key, condition)
        turn, above = (base.turn + 1, base.name) if base else (1, _NO_BASE)
        self.forget(key)
        name, etag = self._versions.add(key, data, f"{turn} {above}")
        mine = _Place(name, turn, above)
        self._keep(self._places, (key, name), mine)
        try:
            came_first = self._came_first(key, mine)
        except StorageError as error:
            raise OutcomeUnknown(
                f"'{key}' was written to {self._versions.url}, but whether that counts is not known: {error}"
            ) from error
        if not came_first:
            raise PreconditionFailed(f"Somebody else wrote '{key}' in {self._versions.url} a moment earlier.")
        self._keep(self._heads, key, _Head(mine, etag))
        return etag

    def _base(self, key: str, condition: Condition | None) -> _Place | None:
        """What a write has to build on for its condition to hold."""
        wanted = condition.etag if isinstance(condition, Match) else None
        with self._lock:
            head = self._heads.get(key)
        if condition is None or head is None or head.etag != wanted:
            head = self._look(key)
        if isinstance(condition, Absent) and head.etag is not None:
            raise PreconditionFailed(f"'{key}' in {self._versions.url} is there already.")
        if isinstance(condition, Match) and head.etag != condition.etag:
            raise PreconditionFailed(f"'{key}' in {self._versions.url} is not what it was when it was read.")
        return head.place

    def _look(self, key: str) -> _Head:
        """What counts under a key now."""
        place: _Place | None = None
        etag: str | None = None
        is_deleted = False
        looked_at = 0
        for number, kept in enumerate(self._versions.kept(key)):
            if kept.etag is None:
                is_deleted = is_deleted or not number
                continue
            if place and kept.name == place.base:  # no version before that has a turn as late
                break
            found = self._place_of(key, kept.name)
            if found and (place is None or found.turn > place.turn or found.turn == place.turn > 0):
                place, etag = found, kept.etag
            looked_at += 1
            if looked_at > MAX_VERSIONS:
                raise StorageError(f"What counts of '{key}' in {self._versions.url} cannot be told: others write it.")
        head = _Head(place, None if is_deleted else etag)
        self._keep(self._heads, key, head)
        return head

    def _came_first(self, key: str, mine: _Place) -> bool:
        """Whether no other version of the same turn was placed before a version that was just written."""
        is_listed = False
        for kept in self._versions.kept(key):
            if kept.name == mine.base:  # no version before that has a turn as late
                break
            if kept.name == mine.name:
                is_listed = True
            elif is_listed and kept.etag is not None:  # what came later cannot matter
                place = self._place_of(key, kept.name)
                if place and place.turn >= mine.turn:
                    return False
        if not is_listed:
            raise StorageError("it is not listed.")
        return True

    def _place_of(self, key: str, name: str) -> _Place | None:
        """The place of a version, or None if it is gone by now."""
        with self._lock:
            known = self._places.get((key, name))
        if known is None:
            try:
                known = _place(name, self._versions.note(key, name))
            except KeyNotFound:
                return None
            self._keep(self._places, (key, name), known)
        return known

    def _keep(self, memory: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
        with self._lock:
            memory[key] = value
            memory.move_to_end(key)
            if len(memory) > _REMEMBERED:
                memory.popitem(last=False)


def _place(name: str, note: str | None) -> _Place:
    turn, _, base = (note or "").partition(" ")
    return _Place(name, int(turn), base) if turn.isascii() and turn.isdigit() and base else _Place(name, 0, _NO_BASE)
