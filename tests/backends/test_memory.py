"""The store in memory."""

import pytest

from depository.backends import Backend, connect
from depository.backends.memory import MemoryBackend, VersionedMemory
from depository.backends.metering import Metering
from depository.errors import KeyNotFound, TooLong
from tests.backends.conformance import LIMIT, Beside
from tests.backends.racing import RacingConformance


class BesideMemory(Beside):
    """There is no other way in: a second look at the same object."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def set(self, key: str, data: bytes) -> None:
        self._backend.put(key, data)

    def get(self, key: str) -> bytes | None:
        found = [item for item in self._backend.list(key) if item.key == key]
        return self._backend.get(key, limit=LIMIT).data if found else None


class TestMemoryBackend(RacingConformance):
    @pytest.fixture
    def backend(self) -> Backend:
        return MemoryBackend()

    @pytest.fixture
    def beside(self, backend: Backend) -> Beside:
        return BesideMemory(backend)


class TestMeteredMemoryBackend(TestMemoryBackend):
    @pytest.fixture
    def backend(self) -> Backend:
        return Metering(MemoryBackend())


def test_a_name_stands_for_one_store_in_the_process() -> None:
    connect("memory:shared by name").put("key", b"value")
    assert connect("memory:shared by name").get("key", limit=LIMIT).data == b"value"
    assert list(connect("memory:another").list("")) == []


def test_without_a_name_every_store_is_new() -> None:
    connect("memory:").put("key", b"value")
    assert list(connect("memory:").list("")) == []


def test_the_clock_is_the_one_that_was_given() -> None:
    backend = MemoryBackend(clock=lambda: 1234.5)
    backend.put("key", b"value")
    assert next(backend.list("")).modified == 1234.5


# Older values


@pytest.fixture
def altered() -> Backend:
    """A store in which one key was overwritten and one deleted."""
    backend = MemoryBackend("altered")
    for key in ("overwritten", "overwritten", "deleted"):
        backend.put(key, b"value")
    backend.delete("deleted")
    return backend


def test_an_older_value_has_a_limit_as_all_values_have() -> None:
    backend = VersionedMemory()
    backend.put("a", b"12345")
    (kept,) = backend.kept("a")
    assert backend.get_kept("a", kept.name, limit=5).data == b"12345"
    with pytest.raises(TooLong):
        backend.get_kept("a", kept.name, limit=4)


def test_a_store_that_keeps_nothing_has_no_older_values(altered: Backend) -> None:
    assert list(altered.kept("overwritten")) == []


def test_a_store_that_keeps_nothing_does_not_know_what_was_deleted(altered: Backend) -> None:
    assert list(altered.deleted("")) == []


def test_an_older_value_cannot_be_read_where_none_is_kept(altered: Backend) -> None:
    with pytest.raises(KeyNotFound, match="memory:altered keeps no older values, of 'overwritten' or any other"):
        altered.get_kept("overwritten", "version-1", limit=LIMIT)
