"""What every backend owes when several write one key at once, beside the rest of `conformance`."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from depository.backends import Absent, Backend, Match
from depository.errors import PreconditionFailed
from tests.backends.conformance import LIMIT, BackendConformance

T = TypeVar("T")


class RacingConformance(BackendConformance):
    """The same, and what holds when several write one key at once. Not for a server that checks, then writes."""

    def test_of_racing_creators_exactly_one_wins(self, backend: Backend) -> None:
        for round_ in range(5):
            key = f"round/{round_}"
            winners = [number for number, won in enumerate(race(8, _creator(backend, key))) if won]
            assert len(winners) == 1
            assert backend.get(key, limit=LIMIT).data == str(winners[0]).encode()

    def test_of_racing_replacers_exactly_one_wins(self, backend: Backend) -> None:
        for round_ in range(5):
            key = f"round/{round_}"
            etag = backend.put(key, b"first")
            winners = [number for number, won in enumerate(race(8, _replacer(backend, key, etag))) if won]
            assert len(winners) == 1
            assert backend.get(key, limit=LIMIT).data == str(winners[0]).encode()

    def test_racing_counters_lose_nothing(self, backend: Backend) -> None:
        backend.put("counter", b"0")

        def count(_: int) -> int:
            return sum(increment(backend, "counter") for _ in range(5))

        refused = race(6, count)
        assert all(times >= 0 for times in refused)
        assert backend.get("counter", limit=LIMIT).data == b"30"

    def test_readers_see_whole_values_while_they_are_replaced(self, backend: Backend) -> None:
        values = [bytes([65 + number]) * size for number, size in enumerate((1, 70_000, 300_000, 5))]
        backend.put("key", values[0])
        done = threading.Event()

        def use(number: int) -> bool:
            if number:
                seen = []
                while not done.is_set():
                    seen.append(backend.get("key", limit=LIMIT).data in values)
                return all(seen)
            try:
                for _ in range(10):
                    for value in values:
                        backend.put("key", value)
            finally:
                done.set()
            return True

        assert all(race(3, use))

    def test_a_listing_shows_a_key_throughout_while_it_is_replaced(self, backend: Backend) -> None:
        backend.put("a/key", b"value")
        done = threading.Event()

        def use(number: int) -> bool:
            if number:
                seen = []
                while not done.is_set():
                    seen.append([item.key for item in backend.list("a/")] == ["a/key"])
                return all(seen)
            try:
                for size in range(20):
                    backend.put("a/key", b"x" * size)
            finally:
                done.set()
            return True

        assert all(race(3, use))


def race(racers: int, run: Callable[[int], T]) -> list[T]:
    """What each racer returned: all started at once, each with its number."""
    start = threading.Barrier(racers)

    def enter(number: int) -> T:
        start.wait()
        return run(number)

    with ThreadPoolExecutor(racers) as pool:
        return list(pool.map(enter, range(racers)))


def increment(backend: Backend, key: str) -> int:
    """Add one to the number stored there, and say how often somebody else was faster."""
    refused = 0
    while True:
        stored = backend.get(key, limit=LIMIT)
        try:
            backend.put(key, str(int(stored.data) + 1).encode(), Match(stored.etag))
        except PreconditionFailed:
            refused += 1
        else:
            return refused


def _creator(backend: Backend, key: str) -> Callable[[int], bool]:
    def create(number: int) -> bool:
        try:
            backend.put(key, str(number).encode(), Absent())
        except PreconditionFailed:
            return False
        return True

    return create


def _replacer(backend: Backend, key: str, etag: str) -> Callable[[int], bool]:
    def replace(number: int) -> bool:
        try:
            backend.put(key, str(number).encode(), Match(etag))
        except PreconditionFailed:
            return False
        return True

    return replace
