"""Counting what is asked of a backend."""

import pytest

from depository.backends import Absent
from depository.backends.memory import MemoryBackend, VersionedMemory
from depository.backends.metering import Call, Metering
from depository.errors import KeyNotFound, PreconditionFailed


@pytest.fixture
def meter() -> Metering:
    return Metering(MemoryBackend())


def test_every_call_is_logged_in_order(meter: Metering) -> None:
    meter.put("a", b"value")
    meter.get("a", limit=10)
    list(meter.list("a"))
    meter.delete("a")
    meter.prepare()
    meter.inspect()
    assert meter.log == (
        Call("put", "a"),
        Call("get", "a"),
        Call("list", "a"),
        Call("delete", "a"),
        Call("prepare", ""),
        Call("inspect", ""),
    )


def test_calls_and_bytes_are_counted(meter: Metering) -> None:
    meter.put("a", b"12345")
    meter.put("b", b"123")
    meter.get("a", limit=10)
    assert meter.counts == ({"put": 2, "get": 1}, 5, 8)


def test_what_was_deleted_is_counted_with_what_is_kept(meter: Metering) -> None:
    list(meter.kept("a"))
    list(meter.deleted("b"))
    assert meter.log == (Call("kept", "a"), Call("kept", "b"))


def test_the_bytes_of_older_values_are_counted_as_those_of_others() -> None:
    meter = Metering(VersionedMemory())
    meter.put("a", b"12345")
    meter.put("a", b"1")
    _, oldest = meter.kept("a")
    assert meter.get_kept("a", oldest.name, limit=10).data == b"12345"
    assert meter.counts == ({"put": 2, "kept": 1, "get": 1}, 5, 6)


def test_calls_that_fail_are_counted_too(meter: Metering) -> None:
    meter.put("a", b"1")
    with pytest.raises(PreconditionFailed):
        meter.put("a", b"2", Absent())
    with pytest.raises(KeyNotFound):
        meter.get("b", limit=10)
    assert meter.counts == ({"put": 2, "get": 1}, 0, 2)


@pytest.mark.parametrize(("keys", "pages"), [(0, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_a_listing_is_a_call_for_every_thousand_keys(meter: Metering, keys: int, pages: int) -> None:
    for number in range(keys):
        meter.backend.put(f"{number:04}", b"")
    assert len(list(meter.list(""))) == keys
    assert meter.log == (Call("list", ""),) * pages


def test_a_reset_starts_again_from_nothing(meter: Metering) -> None:
    meter.put("a", b"1")
    meter.reset()
    assert meter.log == ()
    assert meter.counts == ({}, 0, 0)
