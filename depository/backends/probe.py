"""A trial of a store's conditional writes, live and with races: what a server is called says nothing about them.

Some servers ignore the condition of a write in silence, some refuse what they should accept, and some check first and
write later, so that of several writers several win. Each of these loses what somebody was told is archived.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from depository.backends.base import Absent, Match
from depository.errors import (
    AccessDenied,
    KeyNotFound,
    NoBucket,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
    StorageFull,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from depository.backends.base import Backend, Condition

_RACERS = 8
_ROUNDS = 6
_COUNTERS, _COUNTS = 4, 3
_LIMIT = 1 << 16

_Result = TypeVar("_Result")

_NO_VERDICT = (AccessDenied, NoBucket, StorageFull, Unreachable)
"""What says nothing about conditional writes."""


class _Outcome(NamedTuple):
    """What became of a write."""

    is_won: bool
    is_unknown: bool


def complaint(backend: "Backend", prefix: str) -> str | None:
    """What a store does wrong in conditional writes, as the end of a sentence; None if it stood the trial.

    Args:
        backend: the store, with its writes judged as they are to be.
        prefix: the start of the keys that are written, of which none is there.

    Raises:
        StorageError: the trial could not be held: no access, no answer, no room.
    """
    for trial in (_creates, _replaces, _lists, _creates_at_once, _replaces_at_once, _counts):
        try:
            found = trial(backend, f"{prefix}{trial.__name__.strip('_')}")
        except _NO_VERDICT:
            raise
        except StorageError as error:
            found = f"it failed: {str(error).rstrip('.')}"
        if found:
            return found
    return None


def _creates(backend: "Backend", key: str) -> str | None:
    if not _put(backend, key, b"one", Absent()).is_won:
        return "it refused to create a key that is not there"
    if _put(backend, key, b"other", Absent()).is_won:
        return "it created a key that was there already"
    return None if backend.get(key, limit=_LIMIT).data == b"one" else "it refused a write and took it all the same"


def _replaces(backend: "Backend", key: str) -> str | None:
    first = backend.put(key, b"one", Absent())
    if not _put(backend, key, b"two", Match(first)).is_won:
        return "it refused a write whose condition held"
    if _put(backend, key, b"other", Match(first)).is_won:
        return "it took a write whose condition did not hold any more"
    if backend.get(key, limit=_LIMIT).data != b"two":
        return "it refused a write and took it all the same"
    if _put(backend, f"{key}-absent", b"other", Match(first)).is_won:
        return "it replaced a key that is not there"
    return None


def _lists(backend: "Backend", key: str) -> str | None:
    backend.put(key, b"one", Absent())
    if [item.key for item in backend.list(key)] != [key]:
        return "it does not list at once what was written"
    backend.delete(key)
    if list(backend.list(key)):
        return "it lists what was deleted"
    with suppress(KeyNotFound):
        backend.get(key, limit=_LIMIT)
        return "it reads what was deleted"
    if not _put(backend, key, b"two", Absent()).is_won:
        return "it refused to create a key that had been deleted"
    return None


def _creates_at_once(backend: "Backend", key: str) -> str | None:
    for number in range(_ROUNDS):
        if found := _judge(backend, f"{key}-{number}", "created", Absent()):
            return found
    return None


def _replaces_at_once(backend: "Backend", key: str) -> str | None:
    for number in range(_ROUNDS):
        etag = backend.put(f"{key}-{number}", b"first", Absent())
        if found := _judge(backend, f"{key}-{number}", "replaced", Match(etag)):
            return found
    return None


def _judge(backend: "Backend", key: str, done: str, condition: "Condition") -> str | None:
    outcomes = _at_once(_RACERS, lambda racer: _put(backend, key, str(racer).encode(), condition))
    winners = [racer for racer, outcome in enumerate(outcomes) if outcome.is_won]
    if len(winners) > 1:
        return f"of {_RACERS} writers that {done} one key at once it told {len(winners)} that they did"
    value = backend.get(key, limit=_LIMIT).data
    possible = winners or [racer for racer, outcome in enumerate(outcomes) if outcome.is_unknown]
    if value not in [str(racer).encode() for racer in possible]:
        return f"of {_RACERS} writers that {done} one key at once it kept one that it had refused"
    return None


def _counts(backend: "Backend", key: str) -> str | None:
    backend.put(key, b"0", Absent())

    def count(_: int) -> tuple[int, int]:
        counted = unknown = 0
        for _ in range(_COUNTS * _COUNTERS * 4):
            if counted == _COUNTS:
                break
            stored = backend.get(key, limit=_LIMIT)
            outcome = _put(backend, key, str(int(stored.data) + 1).encode(), Match(stored.etag))
            counted += outcome.is_won
            unknown += outcome.is_unknown
        return counted, unknown

    found = _at_once(_COUNTERS, count)
    counted, unknown = sum(each for each, _ in found), sum(each for _, each in found)
    there = int(backend.get(key, limit=_LIMIT).data)
    if not counted <= there <= counted + unknown:
        return f"of {counted} additions by {_COUNTERS} writers at once it kept {there}"
    return None


def _put(backend: "Backend", key: str, data: bytes, condition: "Condition") -> _Outcome:
    try:
        backend.put(key, data, condition)
    except PreconditionFailed:
        return _Outcome(is_won=False, is_unknown=False)
    except OutcomeUnknown:
        return _Outcome(is_won=False, is_unknown=True)
    return _Outcome(is_won=True, is_unknown=False)


def _at_once(racers: int, run: "Callable[[int], _Result]") -> "list[_Result]":
    start = Barrier(racers)

    def enter(number: int) -> _Result:
        start.wait()
        return run(number)

    with ThreadPoolExecutor(racers) as pool:
        return list(pool.map(enter, range(racers)))
