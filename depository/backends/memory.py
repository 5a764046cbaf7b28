"""Stores in this process's memory, without older values and with them: for tests, and for trying things."""

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from blake3 import blake3

from depository.backends.base import VERSIONED, Absent, Backend, Condition, Item, Kept, Match, Setting, Stored
from depository.backends.keys import check_key
from depository.backends.versions import Found, VersionedBackend
from depository.errors import KeyNotFound, PreconditionFailed, TooLong


class MemoryBackend(Backend):
    """Keys and bytes in a dictionary.

    Args:
        name: what the place is called in its URL.
        clock: the time in seconds since the epoch.
    """

    def __init__(self, name: str = "", *, clock: Callable[[], float] = time.time) -> None:
        self.url = f"memory:{name}"
        self.workers = 1
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[Stored, float]] = {}

    def get(self, key: str, *, limit: int) -> Stored:
        check_key(key)
        with self._lock:
            if key not in self._values:
                raise KeyNotFound(f"Nothing is stored under '{key}' in {self.url}.")
            stored, _ = self._values[key]
        _check_size(self.url, key, stored.data, limit)
        return stored

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        check_key(key)
        stored = Stored(bytes(data), blake3(data).hexdigest(length=16))
        with self._lock:
            there = self._values.get(key)
            if isinstance(condition, Absent) and there is not None:
                raise PreconditionFailed(f"'{key}' in {self.url} is there already.")
            if isinstance(condition, Match) and (there is None or there[0].etag != condition.etag):
                raise PreconditionFailed(f"'{key}' in {self.url} is not what it was when it was read.")
            self._values[key] = (stored, self._clock())
        return stored.etag

    def delete(self, key: str) -> None:
        check_key(key)
        with self._lock:
            self._values.pop(key, None)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        with self._lock:
            keys = [key for key in self._values if key.startswith(prefix)]
        for key in sorted(keys):  # by code point, and UTF-8 sorts its bytes as it sorts its code points
            with self._lock:
                there = self._values.get(key)
            if key > after and there is not None:
                stored, modified = there
                yield Item(key, len(stored.data), stored.etag, modified)

    def prepare(self) -> Sequence[Setting]:
        return self.inspect()

    def inspect(self) -> Sequence[Setting]:
        return [Setting("memory", done=True, text="Kept in memory, until this process ends.")]


class VersionedBucket:
    """Every value that a key ever had, in a dictionary, as a versioned bucket keeps them; for `VersionedMemory`.

    Args:
        clock: the time in seconds since the epoch.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.histories: dict[str, list[tuple[Kept, Found | None]]] = {}
        self.lock = threading.Lock()
        self._clock = clock
        self._written = itertools.count(1)

    def add(self, key: str, data: bytes | None, note: str | None) -> Kept:
        """Write a further version, or a sign of deletion if there is no data."""
        with self.lock:
            name = f"version-{next(self._written)}"
            etag = None if data is None else blake3(data).hexdigest(length=16)
            found = Found(name, Stored(bytes(data), etag), note) if data is not None and etag else None
            kept = Kept(name, etag, self._clock())
            self.histories.setdefault(key, []).append((kept, found))
        return kept

    def alter(self, key: str, data: bytes) -> None:
        """Have the newest version hold other bytes, as no server should ever do: for tests of what is then found."""
        with self.lock:
            kept, found = self.histories[key][-1]
            if found is None:
                raise AssertionError(f"'{key}' is deleted, and has no bytes.")
            self.histories[key][-1] = (kept, found._replace(stored=found.stored._replace(data=data)))


class VersionedMemory(VersionedBackend):
    """One process's view of a versioned bucket in memory, which ignores conditions of writes in silence.

    So do some servers of S3: `rely_on_versions` makes it a store for several writers.

    Args:
        bucket: what several share; one of its own, if not given.
    """

    def __init__(self, bucket: VersionedBucket | None = None) -> None:
        super().__init__()
        self.url = "memory:"
        self.workers = 1
        self.bucket = bucket or VersionedBucket()

    def write(self, key: str, data: bytes, condition: Condition | None) -> str:  # noqa: ARG002 - in silence
        return self.add(key, data, None)[1]

    def remove(self, key: str) -> None:
        check_key(key)
        self.bucket.add(key, None, None)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        with self.bucket.lock:
            keys = [key for key in self.bucket.histories if key.startswith(prefix) and key > after]
        for key in sorted(keys):
            with self.bucket.lock:
                kept, found = self.bucket.histories[key][-1]
            if found is not None:
                yield Item(key, len(found.stored.data), kept.etag, kept.modified)

    def add(self, key: str, data: bytes, note: str | None) -> tuple[str, str]:
        check_key(key)
        kept = self.bucket.add(key, data, note)
        return kept.name, kept.etag or ""

    def current(self, key: str, *, limit: int) -> Found:
        check_key(key)
        with self.bucket.lock:
            _, found = self.bucket.histories.get(key, [(None, None)])[-1]
        return self._checked(key, found, limit)

    def version(self, key: str, name: str, *, limit: int) -> Found:
        with self.bucket.lock:
            found = next((f for kept, f in self.bucket.histories.get(key, ()) if kept.name == name), None)
        return self._checked(key, found, limit)

    def note(self, key: str, name: str) -> str | None:
        return self.version(key, name, limit=sys.maxsize).note

    def kept(self, key: str) -> Iterator[Kept]:
        with self.bucket.lock:
            history = [kept for kept, _ in self.bucket.histories.get(key, ())]
        return reversed(history)

    def deleted(self, prefix: str) -> Iterator[str]:
        with self.bucket.lock:
            newest = {key: history[-1][1] for key, history in self.bucket.histories.items() if history}
        return (key for key in sorted(newest) if key.startswith(prefix) and newest[key] is None)

    def choose_protocol(self, token: str) -> str:  # noqa: ARG002 - it is known without a trial
        return VERSIONED

    def prepare(self) -> Sequence[Setting]:
        return self.inspect()

    def inspect(self) -> Sequence[Setting]:
        return [Setting("memory", done=True, text="Kept in memory with all versions, until this process ends.")]

    def _checked(self, key: str, found: Found | None, limit: int) -> Found:
        if found is None:
            raise KeyNotFound(f"Nothing is stored under '{key}' in {self.url}.")
        _check_size(self.url, key, found.stored.data, limit)
        return found

    def is_there(self, key: str) -> bool:
        return any(item.key == key for item in self.list(key))


def _check_size(url: str, key: str, data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise TooLong(f"'{key}' in {url} is {len(data):,} bytes long, and at most {limit:,} were expected.")


_shared: dict[str, MemoryBackend] = {}
_shared_lock = threading.Lock()


def shared(name: str) -> MemoryBackend:
    """The one store of that name in this process; without a name, one of its own at each call."""
    if not name:
        return MemoryBackend()
    with _shared_lock:
        return _shared.setdefault(name, MemoryBackend(name))
