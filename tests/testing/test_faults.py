"""A store that fails on purpose: what each kind of fault is to whoever calls it."""

from random import Random

import pytest

from depository.backends.base import Absent, Match, Stored
from depository.backends.memory import MemoryBackend
from depository.errors import KeyNotFound, OutcomeUnknown, PreconditionFailed, StorageError, Unreachable
from depository.testing import Asked, Fault, Faulty, Interrupted, Killed, seeded

LIMIT = 100


def read(store: MemoryBackend) -> bytes | None:
    """What a key holds, looked at round the faults."""
    try:
        return store.get("key", limit=LIMIT).data
    except KeyNotFound:
        return None


WRITES: dict[Fault, tuple[type[BaseException] | None, bool]] = {
    Fault.UNREACHABLE: (Unreachable, False),
    Fault.UNREACHABLE_AFTER: (Unreachable, True),
    Fault.UNKNOWN: (OutcomeUnknown, False),
    Fault.UNKNOWN_AFTER: (OutcomeUnknown, True),
    Fault.LATE: (OutcomeUnknown, False),
    Fault.SLOW_DOWN: (OutcomeUnknown, False),
    Fault.RESET: (OutcomeUnknown, True),
    Fault.REFUSED: (PreconditionFailed, False),
    Fault.REFUSED_AFTER: (PreconditionFailed, True),
    Fault.DELAYED: (None, True),
    Fault.KILLED: (Killed, False),
    Fault.KILLED_AFTER: (Killed, True),
}
"""The error of a conditional write, and whether it was done."""


@pytest.mark.parametrize("fault", WRITES)
def test_a_write_fails_as_its_fault_says_and_is_done_or_not(fault: Fault) -> None:
    store = MemoryBackend()
    faulty = Faulty(store, {0: fault})
    error, is_done = WRITES[fault]
    if error is None:
        faulty.put("key", b"new", Absent())
    else:
        with pytest.raises(error):
            faulty.put("key", b"new", Absent())

    assert read(store) == (b"new" if is_done else None)
    assert faulty.faults == 1


def test_a_read_fails_so_too() -> None:
    for fault in Fault:
        if fault.fits(Asked("get", "key")) and fault not in (Fault.DELAYED, Fault.STALE, Fault.SHORT, Fault.FLIPPED):
            store = MemoryBackend()
            store.put("key", b"value")
            with pytest.raises((Unreachable, Killed)):
                Faulty(store, {0: fault}).get("key", limit=LIMIT)


def test_kinds_that_cannot_happen_to_a_call_do_not() -> None:
    faulty = Faulty(MemoryBackend(), dict.fromkeys(range(3), Fault.REFUSED))
    faulty.put("key", b"without a condition")
    faulty.put("objects/ab", b"an object that is refused is there", Absent())

    assert faulty.faults == 0


@pytest.fixture
def twice() -> MemoryBackend:
    """A key with a value."""
    store = MemoryBackend()
    store.put("key", b"0123456789")
    return store


def got(store: MemoryBackend, fault: Fault, **more: object) -> Stored:
    return Faulty(store, {0: fault}, **more).get("key", limit=LIMIT)  # type: ignore[arg-type]


def test_a_short_read_gives_half_and_a_flipped_bit_is_one(twice: MemoryBackend) -> None:
    assert got(twice, Fault.SHORT).data == b"01234"
    flipped = got(twice, Fault.FLIPPED).data
    assert [(one ^ other).bit_count() for one, other in zip(flipped, b"0123456789", strict=True)].count(1) == 1
    places = {got(twice, Fault.FLIPPED, chance=Random(seed)).data for seed in range(40)}
    assert len(places) > 20
    assert read(twice) == b"0123456789"


def test_an_older_value_is_what_was_there_a_moment_ago(twice: MemoryBackend) -> None:
    past = MemoryBackend()
    assert got(twice, Fault.STALE).data == b"0123456789", "nothing is known of the past"
    with pytest.raises(KeyNotFound):
        got(twice, Fault.STALE, past=past)
    faulty = Faulty(twice, {1: Fault.STALE}, past=past)
    faulty.put("key", b"new")
    assert faulty.get("key", limit=LIMIT).data == b"0123456789", "its own write is not seen yet"
    assert faulty.get("key", limit=LIMIT).data == b"new"


def test_a_late_write_is_done_some_calls_later_if_its_condition_still_holds(twice: MemoryBackend) -> None:
    etag = twice.get("key", limit=LIMIT).etag
    faulty = Faulty(twice, {0: Fault.LATE}, late=2)
    with pytest.raises(OutcomeUnknown):
        faulty.put("key", b"late", Match(etag))
    assert faulty.get("key", limit=LIMIT).data == b"0123456789"
    assert faulty.get("key", limit=LIMIT).data == b"late"

    faulty.begin({0: Fault.LATE})
    with pytest.raises(OutcomeUnknown):
        faulty.put("key", b"too late", Match(twice.get("key", limit=LIMIT).etag))
    twice.put("key", b"somebody else's")
    faulty.finish()
    assert read(twice) == b"somebody else's"


def test_a_listing_breaks_off_after_its_first_line() -> None:
    store = MemoryBackend()
    for key in ("a", "b", "c"):
        store.put(key, b"")
    lines = Faulty(store, {0: Fault.RESET}).list("")

    assert next(lines).key == "a"
    with pytest.raises(Unreachable):
        next(lines)


def test_something_else_may_happen_in_a_delay(twice: MemoryBackend) -> None:
    faulty = Faulty(twice, {0: Fault.DELAYED}, wait=lambda: twice.put("key", b"meanwhile"))

    assert faulty.get("key", limit=LIMIT).data == b"meanwhile"


def test_a_seed_chooses_the_same_faults_again() -> None:
    def happened(seed: int, share: float) -> list[str]:
        faulty = Faulty(MemoryBackend(), seeded(seed, share))
        told = []
        for number in range(60):
            try:
                faulty.put(f"key {number}", b"", Absent())
                told.append("")
            except (StorageError, Killed) as error:
                told.append(repr(error))
        return told

    assert happened(7, 0.3) == happened(7, 0.3) != happened(8, 0.3)
    assert 5 < sum(map(bool, happened(7, 0.3))) < 40
    assert not any(happened(7, 0.0))


def test_only_the_keys_that_were_named_fail(twice: MemoryBackend) -> None:
    faulty = Faulty(twice, dict.fromkeys(range(9), Fault.UNREACHABLE), only="manifests/")

    assert faulty.get("key", limit=LIMIT).data == b"0123456789"
    assert faulty.keys == ["key"]


def test_something_else_happens_once_between_two_calls(twice: MemoryBackend) -> None:
    interrupted = Interrupted(twice, 1, lambda: twice.put("key", b"meanwhile"))

    assert interrupted.get("key", limit=LIMIT).data == b"0123456789"
    assert interrupted.get("key", limit=LIMIT).data == b"meanwhile"
    assert interrupted.calls == 2
