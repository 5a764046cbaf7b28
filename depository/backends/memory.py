"""A store in this process's memory: for tests, and for trying things."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from blake3 import blake3

from depository.backends.base import Absent, Backend, Condition, Item, Match, Setting, Stored
from depository.backends.keys import check_key
from depository.errors import KeyNotFound, PreconditionFailed, StorageError


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
        if len(stored.data) > limit:
            raise StorageError(
                f"'{key}' in {self.url} is {len(stored.data):,} bytes long, and at most {limit:,} were expected."
            )
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


_shared: dict[str, MemoryBackend] = {}
_shared_lock = threading.Lock()


def shared(name: str) -> MemoryBackend:
    """The one store of that name in this process; without a name, one of its own at each call."""
    if not name:
        return MemoryBackend()
    with _shared_lock:
        return _shared.setdefault(name, MemoryBackend(name))
