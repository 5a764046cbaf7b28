"""Depositories for tests: on any backend, with a clock that a test can rely on."""

import itertools
import threading
from datetime import UTC, datetime

from depository import marker
from depository.backends.base import CONDITIONAL, VERSIONED, Backend
from depository.backends.memory import VersionedMemory
from depository.depository import Depository

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
