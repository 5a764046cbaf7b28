"""A backend that counts: which requests were made, and how many bytes went each way."""

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from depository.backends.base import Backend, Condition, Item, Kept, Setting, Stored
from depository.backends.wrapper import Wrapper

_PAGE = 1000
"""Keys that S3 lists in one request."""


class Call(NamedTuple):
    """A request, as S3 would count it: a listing is one for every thousand keys."""

    operation: str
    """The name of the method; ``get`` and ``kept`` also for `get_kept` and `deleted`, which ask S3 for the same."""
    key: str
    """Or the prefix of a listing, or nothing."""


class Counts(NamedTuple):
    """What was asked of a backend."""

    calls: dict[str, int]
    """By operation; those that were not called are left out."""
    bytes_in: int
    """Of values that were read."""
    bytes_out: int
    """Of values that were to be written, refused ones too."""


class Metering(Wrapper):
    """The backend that it was given, watched. A call counts when it is made, whether or not it succeeds."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._lock = threading.Lock()
        self._meter = _Meter()

    @property
    def log(self) -> Sequence[Call]:
        """Every call since the last `reset`, in the order in which they were made."""
        with self._lock:
            return tuple(self._meter.calls)

    @property
    def counts(self) -> Counts:
        """What was asked for since the last `reset`."""
        with self._lock:
            calls: dict[str, int] = {}
            for call in self._meter.calls:
                calls[call.operation] = calls.get(call.operation, 0) + 1
            return Counts(calls, self._meter.bytes_in, self._meter.bytes_out)

    def reset(self) -> None:
        """Start again from nothing."""
        with self._lock:
            self._meter = _Meter()

    def get(self, key: str, *, limit: int) -> Stored:
        self._count("get", key)
        return self._read(super().get(key, limit=limit))

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        self._count("put", key, len(data))
        return super().put(key, data, condition)

    def delete(self, key: str) -> None:
        self._count("delete", key)
        super().delete(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        self._count("list", prefix)
        for number, item in enumerate(super().list(prefix, after=after)):
            if number and number % _PAGE == 0:
                self._count("list", prefix)
            yield item

    def kept(self, key: str) -> Iterator[Kept]:
        self._count("kept", key)
        yield from super().kept(key)

    def deleted(self, prefix: str) -> Iterator[str]:
        self._count("kept", prefix)
        yield from super().deleted(prefix)

    def get_kept(self, key: str, name: str, *, limit: int) -> Stored:
        self._count("get", key)
        return self._read(super().get_kept(key, name, limit=limit))

    def prepare(self) -> Sequence[Setting]:
        self._count("prepare", "")
        return super().prepare()

    def limit(self) -> Sequence[Setting]:
        self._count("limit", "")
        return super().limit()

    def inspect(self) -> Sequence[Setting]:
        self._count("inspect", "")
        return super().inspect()

    def _read(self, stored: Stored) -> Stored:
        with self._lock:
            self._meter.bytes_in += len(stored.data)
        return stored

    def _count(self, operation: str, key: str, bytes_out: int = 0) -> None:
        with self._lock:
            self._meter.calls.append(Call(operation, key))
            self._meter.bytes_out += bytes_out


class _Meter:
    __slots__ = ("bytes_in", "bytes_out", "calls")

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.bytes_in = 0
        self.bytes_out = 0
