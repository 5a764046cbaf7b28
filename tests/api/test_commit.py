"""What is true after anything has gone wrong: acknowledged means there, once; an unclear outcome is an error; and
nothing half-written is ever seen.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

import pytest

from depository import Depository, Draft
from depository.backends.base import Backend, Condition
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.backends.wrapper import Wrapper
from depository.errors import (
    AlreadyExists,
    Conflict,
    CorruptData,
    NoNotebook,
    NotFound,
    NoVersion,
    OutcomeUnknown,
    StorageError,
    Unreachable,
)
from depository.history import commit
from depository.history import manifest as manifests
from depository.history.commit import MAX_UNEXPLAINED
from depository.history.manifest import MAX_RECENT
from depository.testing.faults import Fault, Faulty, Interrupted, Killed
from depository.testing.seeing import copied, see
from tests.api.histories import as_manifest
from tests.api.stores import CLOCK, depository_on, found
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


def verbose(depo: Depository) -> None:
    """Two versions with so much to say that a third such one does not fit beside them."""
    for number in (1, 2):
        depo.save(A, file_of(small(number, cells=1)), message=noise(number))


def noise(seed: int) -> str:
    """A message that cannot be compressed."""
    return "".join(map(chr, Random(seed).choices(range(0x4E00, 0x9FFF), k=1_300)))


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
    "save that seals a page": Operation(verbose, lambda depo: depo.save(A, NEW, message=noise(3))),
    "save of older content": Operation(saves(A, 3), lambda depo: depo.save(A, file_of(small(2, cells=1)))),
    "save over a deleted notebook": Operation(deleted, lambda depo: depo.save(A, NEW)),
    "save where one was renamed away": Operation(renamed, lambda depo: depo.save(A, NEW)),
    "promote": Operation(published, lambda depo: depo.promote(A, "v3", "published")),
    "withdraw": Operation(published, lambda depo: depo.withdraw(A, "published"), NoVersion),
    "tag": Operation(published, lambda depo: depo.tag(A, "v1", "submitted")),
    "delete": Operation(published, lambda depo: depo.delete(A), NoNotebook),
    "undelete": Operation(deleted, lambda depo: depo.undelete(A), AlreadyExists),
}
"""Each is one commit, so that afterwards it is done or it is not."""


def prepared(operation: Operation) -> MemoryBackend:
    """A store in the state that an operation starts from."""
    backend = MemoryBackend()
    operation.before(found(backend))
    return backend


def with_a_fault_at_each_call(operation: Operation, fault: Fault, broken: str = "") -> Iterator[Faulty]:
    """A store for each call of the operation, in which that call goes wrong."""
    start = prepared(operation)
    for at in range(100):
        faulty = Faulty(copied(start), {at: fault}, broken=broken)
        yield faulty
        if not faulty.faults and len(faulty.keys) <= at:
            return
    raise AssertionError("the operation has no end")


def calls_of(operation: Operation) -> int:
    """How many calls it makes where nothing goes wrong, the last of them the commit."""
    store = Faulty(prepared(operation), {})
    operation.do(depository_on(store))
    return len(store.keys)


def attempt(operation: Operation, backend: Backend) -> bool:
    """Whether the operation was acknowledged."""
    try:
        operation.do(depository_on(backend))
    except (StorageError, CorruptData, Killed):
        return False
    return True


def refusal(operation: Operation, backend: Backend) -> type[Exception] | None:
    """How the store answers, for good, that it has been done already."""
    try:
        operation.do(depository_on(backend))
    except (NotFound, AlreadyExists) as error:
        return type(error)
    return None


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
            refused = refusal(operation, faulty.backend)
            assert refused is (operation.refused_when_done if now == after else None)
            assert see(faulty.backend) == after


UNCLEAR = [Fault.UNKNOWN, Fault.UNKNOWN_AFTER, Fault.REFUSED, Fault.REFUSED_AFTER]


@pytest.mark.parametrize("fault", UNCLEAR)
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_single_unclear_answer_is_cleared_up(name: str, fault: Fault) -> None:
    operation = OPERATIONS[name]
    done = prepared(operation)
    operation.do(depository_on(done))
    for faulty in with_a_fault_at_each_call(operation, fault):
        operation.do(depository_on(faulty))

        assert see(faulty.backend) == see(done)


@pytest.mark.parametrize("fault", UNCLEAR)
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_unclear_answer_is_an_error_where_it_cannot_be_looked_up(name: str, fault: Fault) -> None:
    operation = OPERATIONS[name]
    before = see(prepared(operation))
    for faulty in with_a_fault_at_each_call(operation, fault, broken=manifests.key_of(A)):
        depo = depository_on(faulty)
        try:
            operation.do(depo)
        except StorageError:
            assert faulty.faults
        else:
            # it was an object whose name vouches for it, or nothing went wrong at all
            assert see(faulty.backend) != before
            continue
        assert manifests.key_of(A) in faulty.keys[-2:]


@pytest.mark.parametrize("fault", [Fault.UNKNOWN, Fault.REFUSED])
def test_a_store_that_never_takes_a_manifest_is_given_up(fault: Fault) -> None:
    backend = prepared(OPERATIONS["save"])
    before = see(backend)
    calls = range(1000)
    faulty = Faulty(backend, dict.fromkeys(calls, fault), only=manifests.PREFIX)
    with pytest.raises(OutcomeUnknown, match="nobody else changed it"):
        depository_on(faulty).save(A, NEW)

    assert faulty.faults == MAX_UNEXPLAINED
    assert see(backend) == before


def test_an_answer_that_was_lost_is_found_below_another_writers_version() -> None:
    backend = prepared(OPERATIONS["save"])
    other = file_of(small(50))
    for count in (1, 2 * MAX_RECENT):
        start = copied(backend)

        def others(store: MemoryBackend = start, versions: int = count) -> None:
            for number in range(versions):
                depository_on(store).save(A, other + b" " * number)

        # the first try wins, its answer is lost, and others append before it is looked up
        last = calls_of(OPERATIONS["save"]) - 1
        lost = Faulty(start, {last: Fault.UNKNOWN_AFTER})
        version = depository_on(Interrupted(lost, last + 1, others)).save(A, NEW)

        assert lost.faults == 1
        assert version.number == 4
        files = see(start)[A].files
        assert len(files) == 4 + count
        assert files.count(NEW) == 1
        assert files[3] == NEW


def test_a_writer_that_lost_its_race_appends_on_top() -> None:
    backend = prepared(OPERATIONS["save"])
    faster = Interrupted(
        backend, calls_of(OPERATIONS["save"]) - 1, lambda: depository_on(backend).save(A, file_of(small(50)))
    )
    version = depository_on(faster).save(A, NEW)

    assert version.number == 5
    assert see(backend)[A].files[3:] == (file_of(small(50)), NEW)


class Overtaken(Wrapper):
    """A store in which somebody else is always faster."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.overtaken = 0

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if key.startswith(manifests.PREFIX):
            self.overtaken += 1
            depository_on(self.backend).save(A, b"%d" % self.overtaken)
        return super().put(key, data, condition)


def test_a_writer_that_others_overtake_every_time_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "MAX_TRIES", 7)
    overtaking = Overtaken(prepared(OPERATIONS["save"]))
    with pytest.raises(Conflict, match=f"Others wrote to '{A}' each of the 7 times"):
        depository_on(overtaking).save(A, NEW)

    assert overtaking.overtaken == 7
    assert NEW not in see(overtaking.backend)[A].files


def test_a_writer_waits_longer_each_time_that_it_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "MAX_TRIES", 9)
    waits: list[float] = []
    overtaking = Overtaken(prepared(OPERATIONS["save"]))
    depo = Depository(overtaking, author="kylek", clock=CLOCK, sleep=waits.append, jitter=lambda: 1.0)
    with pytest.raises(Conflict):
        depo.save(A, NEW)

    assert waits == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.0, 2.0], "seconds, two at the most"


UNREADABLE: dict[str, Callable[[bytes], bytes]] = {
    "altered": lambda data: data[:-1] + b"x",
    "too long": lambda data: data + bytes(manifests.READ_LIMIT),
    "newer": lambda data: data[:3] + b"\x02" + data[4:],
}


@pytest.mark.parametrize("how", UNREADABLE)
def test_what_was_known_of_a_manifest_is_forgotten_once_it_cannot_be_read(how: str) -> None:
    backend = MemoryBackend()
    depo = found(backend)
    depo.save(A, NEW)
    key = manifests.key_of(A)
    backend.put(key, UNREADABLE[how](backend.get(key, limit=1 << 20).data))
    with pytest.raises(CorruptData):
        depo.log(A)

    with pytest.raises(CorruptData):
        depo.save(A, NEW)


def test_the_manifests_that_were_written_last_are_remembered_and_so_many_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "_CACHED_HEADS", 2)
    backend = Metering(MemoryBackend())
    depo = found(backend)
    for number, path in enumerate(("1", "2", "3", "2", "4")):
        depo.save(path, b"%d" % number)
    read = {}
    for path in ("2", "4", "1", "3"):
        backend.reset()
        depo.save(path, b"another")
        read[path] = "get" in {call.operation for call in backend.log if call.key == manifests.key_of(path)}

    assert read == {"2": False, "4": False, "1": True, "3": True}


def test_a_commit_that_fails_leaves_the_process_able_to_save() -> None:
    backend = prepared(OPERATIONS["save"])
    last = calls_of(OPERATIONS["save"]) - 1
    drafts = [file_of(small(seed)) for seed in (50, 51, 52)]
    saved_without_plots = last - 2
    faults = {saved_without_plots: Fault.UNREACHABLE, saved_without_plots + 2: Fault.UNREACHABLE_AFTER}
    faulty = Faulty(backend, faults, only=manifests.PREFIX)
    depo = depository_on(faulty)
    for draft in drafts[:2]:
        with pytest.raises(Unreachable):
            depo.save(A, draft)
    assert depo.save(A, drafts[2]).fresh

    assert see(backend)[A].files[3:] == (drafts[1], drafts[2]), "the second was written, though nobody could know"


def test_a_page_is_sealed_before_the_manifest_that_needs_it() -> None:
    operation = OPERATIONS["save that seals a page"]
    store = Faulty(prepared(operation), {})
    operation.do(depository_on(store))
    *_, blob, page, manifest = store.keys

    assert as_manifest(store.backend, A).back[0].hash.hex() == page.removeprefix("objects/").replace("/", "")
    assert blob.startswith("objects/")
    assert manifest == manifests.key_of(A)


# What another process wrote, which died before it had that on disk


class Settling(Wrapper):
    """Notes which keys were settled."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.keys: list[str] = []

    def settle(self, key: str) -> None:
        self.keys.append(key)


REPEATED: dict[str, Callable[[Depository], object]] = {
    "save": lambda depo: depo.save(A, NEW),
    "a save that is resumed": lambda depo: depo.save_all(A, [Draft(NEW, time=datetime(2026, 11, 1))], resumed=True),  # noqa: DTZ001
    "promote": lambda depo: depo.promote(A, "v1", "published"),
    "tag": lambda depo: depo.tag(A, "v1", "sent"),
}
"""What succeeds, and writes nothing, where it was done before."""


@pytest.mark.parametrize("name", REPEATED)
def test_what_is_there_already_is_settled_before_that_is_said(name: str) -> None:
    backend = MemoryBackend()
    found(backend).save(A, NEW, time=datetime(2026, 11, 1, tzinfo=UTC))
    REPEATED[name](depository_on(backend))
    depo = depository_on(settling := Settling(backend))
    REPEATED[name](depo)
    REPEATED[name](depo)

    assert set(settling.keys) == {manifests.key_of(A)}


def test_what_a_process_wrote_itself_needs_no_settling() -> None:
    settling = Settling(MemoryBackend())
    depo = found(settling)
    depo.save(A, NEW)
    depo.save(A, NEW)

    assert not settling.keys


def test_a_refusal_is_given_once_what_it_relies_on_is_settled() -> None:
    backend = MemoryBackend()
    saves(A, 1)(found(backend))
    depository_on(backend).delete(A)
    settling = Settling(backend)
    with pytest.raises(NoNotebook):
        depository_on(settling).delete(A)

    assert set(settling.keys) == {manifests.key_of(A)}


def test_a_ref_that_is_not_moved_is_on_disk_where_it_is() -> None:
    backend = MemoryBackend()
    saves(A, 2)(found(backend))
    depository_on(backend).tag(A, "v1", "sent")
    settling = Settling(backend)
    with pytest.raises(AlreadyExists):
        depository_on(settling).tag(A, "v2", "sent")

    assert set(settling.keys) == {manifests.key_of(A)}


def test_a_rename_that_was_done_before_is_settled() -> None:
    backend = MemoryBackend()
    saves(A, 1)(found(backend))
    depository_on(backend).rename(A, B)
    settling = Settling(backend)
    with pytest.raises(NoNotebook):
        depository_on(settling).rename(A, B)

    assert manifests.key_of(A) in settling.keys
