"""Clients that take turns, and whether what they were told fits any order."""

from collections import Counter
from functools import partial
from itertools import pairwise
from math import comb

import pytest

from depository.backends.base import Absent, Match
from depository.backends.memory import MemoryBackend, VersionedBucket
from depository.errors import NoNotebook, PreconditionFailed
from depository.testing import Model, Prioritised, Scheduler, Uniform, every_schedule
from depository.testing.ordering import Call, order_of
from depository.testing.scheduling import Chooser

LIMIT = 100


def calls_in_order(choose: Chooser, clients: int = 2, calls: int = 3) -> str:
    """Who called, one letter a call."""
    scheduler = Scheduler(choose)
    store = MemoryBackend()

    def work(name: str) -> None:
        backend = scheduler.backend(store, name)
        for number in range(calls):
            backend.put(f"{name}{number}", b"")

    scheduler.run({name: lambda name=name: work(name) for name in "abcdef"[:clients]})  # type: ignore[misc]
    return "".join(name for name, *_ in scheduler.calls)


def test_every_schedule_of_two_clients_is_run_once() -> None:
    found = Counter(calls_in_order(schedule) for schedule in every_schedule())

    assert len(found) == comb(6, 3)
    assert set(found.values()) == {1}


def test_a_seed_gives_the_same_schedule_again() -> None:
    for choosing in (Uniform, Prioritised):
        drawn = {seed: calls_in_order(choosing(seed), clients=3) for seed in range(30)}
        assert drawn == {seed: calls_in_order(choosing(seed), clients=3) for seed in range(30)}
        assert len(set(drawn.values())) > 5


def test_with_priorities_clients_change_places_a_few_times_only() -> None:
    for seed in range(50):
        order = calls_in_order(Prioritised(seed, depth=3, calls=12), clients=3, calls=4)
        changes = sum(one != other for one, other in pairwise(order))
        assert changes <= 2 + 2


def test_what_a_client_returns_or_raises_is_kept() -> None:
    scheduler = Scheduler(Uniform(0))
    store = scheduler.backend(MemoryBackend(), "b")
    outcomes = scheduler.run({"a": lambda: 7, "b": lambda: store.put("key", b"", Match("another"))})

    assert outcomes["a"].value == 7
    assert isinstance(outcomes["b"].error, PreconditionFailed)


def test_a_race_that_one_has_to_lose_is_lost_in_every_order() -> None:
    winners = Counter[str]()
    for schedule in every_schedule():
        scheduler = Scheduler(schedule)
        store = MemoryBackend()
        backends = {name: scheduler.backend(store, name) for name in ("a", "b")}
        outcomes = scheduler.run(
            {name: partial(backend.put, "key", name.encode(), Absent()) for name, backend in backends.items()}
        )
        [winner] = [name for name, outcome in outcomes.items() if outcome.error is None]
        assert store.get("key", limit=LIMIT).data == winner.encode()
        winners[winner] += 1
    assert winners == {"a": 1, "b": 1}


def test_the_requests_that_versions_are_judged_by_are_turns_too() -> None:
    orders = set()
    for schedule in every_schedule():
        scheduler = Scheduler(schedule)
        bucket = VersionedBucket()

        def put(name: str, scheduler: Scheduler = scheduler, bucket: VersionedBucket = bucket) -> None:
            backend = scheduler.versioned(bucket, name)
            backend.rely_on_versions("")
            backend.put("key", name.encode(), Absent())

        outcomes = scheduler.run({name: lambda name=name: put(name) for name in ("a", "b")})  # type: ignore[misc]
        assert [type(outcome.error) for outcome in outcomes.values()].count(PreconditionFailed) == 1
        orders.add(tuple(scheduler.calls))
    assert len(orders) > 6


# Orders


def save(name: str, data: bytes, began: int, ended: int | None, number: int) -> Call:
    return Call(name, began, ended, lambda model: model.save("a", data), [number])


def ending(*files: bytes) -> Model:
    model = Model()
    model.save("a", *files)
    return model


def found(calls: list[Call], *files: bytes) -> list[str] | None:
    order = order_of(calls, Model(), lambda model: model.seen() == ending(*files).seen())
    return None if order is None else [call.name for call in order]


def test_calls_at_the_same_time_may_have_been_done_in_any_order() -> None:
    assert found([save("x", b"x", 0, 9, 2), save("y", b"y", 0, 9, 1)], b"y", b"x") == ["y", "x"]


def test_what_was_over_before_something_began_was_done_before_it() -> None:
    assert found([save("x", b"x", 0, 4, 2), save("y", b"y", 5, 9, 1)], b"y", b"x") is None


def test_an_answer_that_no_order_gives_is_found() -> None:
    assert found([save("x", b"x", 0, 9, 1), save("y", b"y", 0, 9, 1)], b"x", b"y") is None


def test_what_was_never_answered_may_have_been_done_or_not() -> None:
    calls = [save("x", b"x", 0, None, 0), save("y", b"y", 0, 9, 1)]
    assert found(calls, b"y") == ["y"]
    assert found(calls, b"y", b"x") == ["y", "x"]
    assert found(calls, b"y", b"z") is None


def test_a_refusal_is_an_answer() -> None:
    calls = [Call("delete", 0, 9, lambda model: model.delete("a"), NoNotebook), save("y", b"y", 0, 9, 1)]
    assert found(calls, b"y") == ["delete", "y"]
    with pytest.raises(AssertionError, match="no order"):
        order_of(calls, Model(), lambda _: False, limit=2)
