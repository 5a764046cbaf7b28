"""A part of the proofs under fire, on every change; `scripts/faults` does all of it."""

from random import Random

import pytest
from proofs import attempts, calls, interleavings, operations
from proofs.attempts import Bench
from proofs.meetings import Meeting

from depository.history.commit import Commits
from depository.testing import Fault

EVERYTHING = operations.WRITING + operations.READING + operations.CREATING
BY_NAME = {operation.name: operation for operation in EVERYTHING}


@pytest.mark.parametrize("operation", EVERYTHING, ids=lambda operation: operation.name)
def test_any_fault_at_any_call_loses_doubles_alters_and_falsifies_nothing(operation: operations.Operation) -> None:
    bench = Bench(operation)
    tried = list(calls.alone(bench, operation))

    assert len(tried) >= 8
    assert not [(each.plan, each.case.wrong) for each in tried if each.case.wrong]


def test_nor_do_two_of_them() -> None:
    found = list(calls.try_all([BY_NAME[name] for name in ("save", "promote", "rename", "delete")], 500, seed=1))

    assert sum(len(each.plan) == 2 for each in found) > 250
    assert not [(each.operation, each.plan, each.case.wrong) for each in found if each.case.wrong]


@pytest.mark.parametrize("versioned", [False, True], ids=["conditional", "versioned"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("save", "save"),
        ("first save", "first save"),
        ("save_all", "save"),
        ("save", "promote"),
        ("promote", "promote where it is"),
        ("delete", "save"),
    ],
)
def test_two_clients_that_meet_in_any_order_are_told_what_fits_one(first: str, second: str, versioned: bool) -> None:
    meeting = Meeting(versioned=versioned)
    met = list(interleavings.exhaust(meeting, first, second))

    assert len(met) >= (70 if versioned else 6)
    assert not {each.wrong for each in met} - {""}
    if not versioned:
        lost = interleavings.exhaust(meeting, first, second, is_answer_lost=True)
        assert not {each.wrong for each in lost} - {""}


@pytest.mark.parametrize("first", ["save", "promote", "delete", "undelete", "rename", "rename elsewhere"])
def test_so_are_those_that_meet_a_rename(first: str) -> None:
    assert not {each.wrong for each in interleavings.exhaust(Meeting(), first, "rename")} - {""}


@pytest.mark.parametrize("faults", [False, True], ids=["sound", "faulty"])
@pytest.mark.parametrize("may_rename", [False, True], ids=["no renames", "renames"])
def test_so_are_several_in_orders_drawn_by_chance(may_rename: bool, faults: bool) -> None:
    for versioned in (False, True):
        meeting = Meeting(versioned=versioned)
        for seed in range(60):
            assert not interleavings.at_random(meeting, seed, may_rename=may_rename, faults=faults).wrong, seed


# The proofs find what they are there to find


def wrongs(operation: operations.Operation) -> set[str]:
    return {each.case.wrong.kind for each in calls.alone(Bench(operation), operation) if each.case.wrong}


def test_a_commit_that_takes_every_refusal_for_somebody_elses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Commits, "_holds", lambda *_: False)

    assert wrongs(BY_NAME["delete"]) == wrongs(BY_NAME["promote"]) == {"false"}


def test_a_read_that_does_not_check_what_it_reads_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "see", lambda _: {})

    assert wrongs(operations.WRITING[0]) == {"lost"}


def test_a_fault_that_never_happens_is_not_counted_as_survived() -> None:
    tried = list(calls.alone(Bench(operations.READING[0]), operations.READING[0]))

    assert {fault for each in tried for fault in each.plan.values()} == {
        fault for fault in Fault if not fault.name.startswith(("UNKNOWN", "LATE", "REFUSED"))
    }
    assert any(each.case.ended for each in tried)


def test_what_is_drawn_is_the_same_for_a_seed() -> None:
    meeting = Meeting()
    for seed in Random(0).sample(range(1000), 5):
        first, again = (interleavings.at_random(meeting, seed, may_rename=False, faults=True) for _ in range(2))
        assert first == again
