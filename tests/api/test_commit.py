"""What is true after anything has gone wrong: acknowledged means there, once; an unclear outcome is an error; and
nothing half-written is ever seen.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.errors import AlreadyExists, NotFound, OutcomeUnknown, StorageError, Unreachable
from depository.history import manifest as manifests
from depository.history.commit import MAX_UNEXPLAINED
from depository.history.manifest import MAX_RECENT
from tests.api.faults import Fault, Faulty, Interrupted, Killed
from tests.api.histories import as_manifest
from tests.api.stores import Seen, copied, depository_on, found, see
from tests.notebooks import file_of, small, with_plots

A, B = "a.ipynb", "b.ipynb"
NEW = file_of(with_plots(99))


class Operation(NamedTuple):
    """Something that writes, and the state that it starts from."""

    before: Callable[[Depository], object]
    do: Callable[[Depository], object]
    refused_when_done: type[Exception] | None = None
    """How the same call answers where it has been done already."""


def saves(path: str, count: int) -> Callable[[Depository], None]:
    """Set up a history."""

    def save(depo: Depository) -> None:
        for number in range(1, count + 1):
            depo.save(path, file_of(small(number, cells=1)))

    return save


def published(depo: Depository) -> None:
    saves(A, 3)(depo)
    depo.promote(A, "v2", "published")


def deleted(depo: Depository) -> None:
    saves(A, 3)(depo)
    depo.delete(A)


def one_deleted(depo: Depository) -> None:
    saves(A, 3)(depo)
    saves(B, 2)(depo)
    depo.delete(B)


def displaced(depo: Depository) -> None:
    one_deleted(depo)
    depo.rename(A, B)


def renamed(depo: Depository) -> None:
    saves(A, 3)(depo)
    depo.rename(A, B)


OPERATIONS = {
    "first save": Operation(lambda _: None, lambda depo: depo.save(A, NEW)),
    "save": Operation(saves(A, 3), lambda depo: depo.save(A, NEW)),
    "save that seals a page": Operation(saves(A, MAX_RECENT - 1), lambda depo: depo.save(A, NEW)),
    "save of older content": Operation(saves(A, 3), lambda depo: depo.save(A, file_of(small(2, cells=1)))),
    "save over a deleted notebook": Operation(deleted, lambda depo: depo.save(A, NEW)),
    "save where one was renamed away": Operation(renamed, lambda depo: depo.save(A, NEW)),
    "promote": Operation(published, lambda depo: depo.promote(A, "v3", "published")),
    "withdraw": Operation(published, lambda depo: depo.withdraw(A, "published"), NotFound),
    "tag": Operation(published, lambda depo: depo.tag(A, "v1", "submitted")),
    "delete": Operation(published, lambda depo: depo.delete(A), NotFound),
    "undelete": Operation(deleted, lambda depo: depo.undelete(A), AlreadyExists),
}
"""Each is one commit, so that afterwards it is done or it is not."""


def prepared(operation: Operation) -> MemoryBackend:
    """A store in the state that an operation starts from."""
    backend = MemoryBackend()
    operation.before(found(backend))
    return backend


def with_a_fault_at_each_call(operation: Operation, fault: Fault, **options: str) -> Iterator[Faulty]:
    """A store for each call of the operation, in which that call goes wrong."""
    start = prepared(operation)
    for at in range(100):
        faulty = Faulty(copied(start), {at: fault}, **options)
        yield faulty
        if not faulty.faults and faulty.calls <= at:
            return
    raise AssertionError("the operation has no end")


def attempt(operation: Operation, backend: Backend) -> bool:
    """Whether the operation was acknowledged."""
    try:
        operation.do(depository_on(backend))
    except (StorageError, Killed):
        return False
    return True


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("name", OPERATIONS)
def test_after_a_fault_at_any_call_it_is_done_or_it_is_not(name: str, fault: Fault) -> None:
    operation = OPERATIONS[name]
    before = see(prepared(operation))
    done = prepared(operation)
    operation.do(depository_on(done))
    after = see(done)
    assert before != after
    for faulty in with_a_fault_at_each_call(operation, fault):
        acknowledged = attempt(operation, faulty)
        now = see(faulty.backend)
        assert now == after if acknowledged else now in (before, after)

        # whoever was told of an error does it again, and it is done once
        if not acknowledged:
            try:
                operation.do(depository_on(faulty.backend))
            except Exception as error:
                assert now == after
                assert operation.refused_when_done is not None
                assert isinstance(error, operation.refused_when_done)
            assert see(faulty.backend) == after


@pytest.mark.parametrize("fault", [Fault.UNKNOWN, Fault.UNKNOWN_AFTER, Fault.REFUSED, Fault.REFUSED_AFTER])
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_single_unclear_answer_is_cleared_up_and_never_an_error(name: str, fault: Fault) -> None:
    operation = OPERATIONS[name]
    for faulty in with_a_fault_at_each_call(operation, fault):
        # an object that is refused is taken to be there, and a store that says so wrongly is broken for good
        if fault is Fault.REFUSED:
            faulty = Refusing(faulty.backend)  # noqa: PLW2901
        operation.do(depository_on(faulty))

        done = prepared(operation)
        operation.do(depository_on(done))
        assert see(faulty.backend) == see(done)
        if fault is Fault.REFUSED:
            break
