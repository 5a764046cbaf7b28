"""Depositories for tests: on any backend, with a clock that a test can rely on, and what can be seen of them."""

import itertools
import threading
from datetime import UTC, datetime
from typing import NamedTuple

from depository import marker
from depository.backends.base import CONDITIONAL, VERSIONED, Backend
from depository.backends.memory import MemoryBackend, VersionedMemory
from depository.depository import Depository
from depository.errors import NoNotebook

START = 1_790_000_000.0
"""When the clock of a test begins to tick: 2026-09-21, in seconds since the epoch."""

LIMIT = 1 << 30
"""Of the reads that tests make round the API."""


class Clock:
    """A clock that goes on by one second each time it is looked at."""

    def __init__(self, start: float = START) -> None:
        self._ticks = itertools.count()
        self._start = start
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            return self._start + next(self._ticks)


CLOCK = Clock()
"""One for all depositories, so that no two writers are ever at the same moment."""


def depository_on(backend: Backend, *, author: str = "kylek") -> Depository:
    """A depository as another process would open it: nothing is in its memory. It waits for nothing."""
    if isinstance(backend, VersionedMemory):
        backend = VersionedMemory(backend.bucket)
    return Depository(backend, author=author, clock=CLOCK, sleep=lambda _: None)


def found(backend: Backend, *, materialize: tuple[str, ...] = (), prefixes: dict[str, str] | None = None) -> Depository:
    """A new depository on a backend."""
    backend.prepare()
    protocol = VERSIONED if isinstance(backend, VersionedMemory) else CONDITIONAL
    marker.write(backend, marker.make(datetime.fromtimestamp(START, UTC), prefixes, materialize, protocol))
    return depository_on(backend)


def alter(backend: Backend, key: str, data: bytes) -> None:
    """Have a key hold other bytes than were put there."""
    if isinstance(backend, VersionedMemory):
        backend.bucket.alter(key, data)
    else:
        backend.put(key, data)


def copied(backend: Backend) -> MemoryBackend:
    """Another store that holds the same."""
    other = MemoryBackend()
    for item in backend.list(""):
        other.put(item.key, backend.get(item.key, limit=LIMIT).data)
    return other


class Seen(NamedTuple):
    """What a path is, to whoever looks at it."""

    files: tuple[bytes, ...]
    """Of all versions, the oldest first."""
    refs: dict[str, int]
    alive: bool


def see(backend: Backend) -> dict[str, Seen]:
    """All that a new process sees: every path that has a history, every version read back, numbers without gaps."""
    fresh = depository_on(backend)
    listed = list(fresh.ls(deleted=True))
    assert [line.path for line in fresh.ls()] == [line.path for line in listed if not line.deleted]
    seen = {}
    for line in listed:
        try:
            versions = list(fresh.log(line.path))
        except NoNotebook:  # renamed away
            assert line.deleted
            continue
        numbers = [version.number for version in versions]
        assert numbers == list(range(len(versions), 0, -1)), f"{line.path} has the numbers {numbers}"
        files = tuple(fresh.read(line.path, version.name) for version in reversed(versions))
        refs = fresh.refs(line.path)
        assert all(1 <= number <= len(files) for number in refs.values()), f"{line.path} has the refs {refs}"
        seen[line.path] = Seen(files, refs, not line.deleted)
    return seen
