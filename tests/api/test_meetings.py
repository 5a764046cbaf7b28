"""Two writers on one path, one of whom does all of its work between two calls of the other."""

from collections.abc import Callable
from functools import partial

import pytest

from depository import Depository
from depository.backends.memory import MemoryBackend
from depository.errors import AlreadyExists, Conflict, NotFound
from depository.testing.faults import Interrupted
from depository.testing.seeing import Seen, copied, see
from tests.api.stores import depository_on, found
from tests.notebooks import file_of, small

A, B, C = "a.ipynb", "b.ipynb", "c.ipynb"


def rename_and_begin_anew(depo: Depository) -> None:
    depo.rename(A, B)
    depo.save(A, b"begun anew")


def delete_and_save(depo: Depository) -> None:
    depo.delete(A)
    depo.save(A, b"after all")


WRITERS: dict[str, Callable[[Depository], object]] = {
    "save": lambda depo: depo.save(A, b"one"),
    "another save": lambda depo: depo.save(A, b"two"),
    "promote": lambda depo: depo.promote(A, "v3", "published"),
    "promote another": lambda depo: depo.promote(A, "v2", "published"),
    "schedule": lambda depo: depo.promote(A, "v3", "scheduled"),
    "withdraw": lambda depo: depo.withdraw(A, "published"),
    "tag": lambda depo: depo.tag(A, "v3", "submitted"),
    "delete": lambda depo: depo.delete(A),
    "delete and save": delete_and_save,
    "rename": lambda depo: depo.rename(A, B),
    "rename elsewhere": lambda depo: depo.rename(A, C),
    "rename and save": rename_and_begin_anew,
}

SAVED = {"save": b"one", "another save": b"two", "rename and save": b"begun anew", "delete and save": b"after all"}
"""What a writer saves; nobody else does."""

MOVED = {
    "promote": ("published", 3),
    "promote another": ("published", 2),
    "schedule": ("scheduled", 3),
    "tag": ("submitted", 3),
}
"""The refs that a writer moves, and where they point then."""

RENAMES = {"rename", "rename elsewhere", "rename and save"}


@pytest.fixture(scope="module")
def start() -> MemoryBackend:
    """A history of three versions, the first published."""
    backend = MemoryBackend()
    depo = found(backend)
    for number in (1, 2, 3):
        depo.save(A, file_of(small(number, cells=1)))
    depo.promote(A, "v1", "published")
    return backend


def outcome(backend: MemoryBackend, first: str, second: str, at: int) -> dict[str, bool] | None:
    """Let two writers meet, and return which were acknowledged; None where the first makes fewer calls."""
    acknowledged = {}

    def act(name: str, depo: Depository) -> None:
        try:
            WRITERS[name](depo)
        except NotFound:  # deleted, renamed or withdrawn by the other one
            acknowledged[name] = False
        except Conflict:
            assert {first, second} & RENAMES, "nothing else is refused"
            acknowledged[name] = False
        else:
            acknowledged[name] = True

    interrupted = Interrupted(backend, at, lambda: act(second, depository_on(backend)))
    act(first, depository_on(interrupted))
    return acknowledged if interrupted.calls > at else None


def pairs() -> list[tuple[str, str]]:
    """All pairs of different writers; the first is the one that is interrupted."""
    return [(first, second) for first in WRITERS for second in WRITERS if first != second]


@pytest.mark.parametrize(("first", "second"), pairs())
def test_whatever_was_acknowledged_is_there_once(start: MemoryBackend, first: str, second: str) -> None:
    old = see(start)[A].files
    for at in range(100):
        backend = copied(start)
        acknowledged = outcome(backend, first, second, at)
        if acknowledged is None:
            return
        assert any(acknowledged.values())
        seen = see(backend)
        homes = [path for path in seen.values() if path.files[: len(old)] == old]
        assert len(homes) == 1 or not all(acknowledged.values()), "a history has one name, or somebody has been told"
        for name, yes in acknowledged.items():
            if yes and name in SAVED:
                assert times_saved(seen, SAVED[name]) == 1
            if yes and name in MOVED and not overruled(name, {first, second}):
                ref, number = MOVED[name]
                assert any(home.refs.get(ref) == number for home in homes), f"{name} is lost"
        if len(homes) == 1 and acknowledged.get("rename"):
            assert seen[B].files[: len(old)] == old


def overruled(name: str, writers: set[str]) -> bool:
    """Whether the other writer moves the same ref."""
    return bool(writers - {name} & {"withdraw", *(other for other in MOVED if MOVED[other][0] == MOVED[name][0])})


def times_saved(seen: dict[str, Seen], data: bytes) -> int:
    """In how many versions of how many histories it is."""
    return sum(path.files.count(data) for path in seen.values())


def test_a_fight_over_a_name_has_one_winner_and_the_other_is_told(start: MemoryBackend) -> None:
    both = 0
    for at in range(100):
        backend = copied(start)
        acknowledged = outcome(backend, "rename", "rename elsewhere", at)
        if acknowledged is None:
            break
        both += sum(acknowledged.values()) == 2
        alive = [path for path, found_there in see(backend).items() if found_there.alive]
        assert A not in alive
        assert C in alive
    assert not both
    assert at > 3


def test_what_was_done_to_the_old_name_during_a_rename_comes_along(start: MemoryBackend) -> None:
    backend = copied(start)

    def meanwhile() -> None:
        other = depository_on(backend)
        other.save(A, b"late")
        other.promote(A, "v4", "scheduled", message="late too")
        other.withdraw(A, "published")
        other.tag(A, "v2", "submitted")

    for at in range(100):
        backend = copied(start)
        interrupted = Interrupted(backend, at, meanwhile)
        depo = depository_on(interrupted)
        depo.rename(A, B)
        if interrupted.calls <= at:
            break
        seen = see(backend)
        assert list(seen) == [B]
        assert seen[B].files[3:] == (b"late",)
        assert seen[B].refs == {"workspace": 4, "scheduled": 4, "submitted": 2}
        assert "late too" in [entry.message for entry in depo.history(B)]
    assert at > 3


def test_late_versions_get_new_numbers_where_the_new_name_has_grown_already(start: MemoryBackend) -> None:
    for at in range(100):
        backend = copied(start)

        def meanwhile(store: MemoryBackend = backend) -> None:
            other = depository_on(store)
            try:
                other.save(B, b"at the new name")
            finally:
                other.save(A, b"late")
                other.tag(A, "latest", "late")

        interrupted = Interrupted(backend, at, meanwhile)
        try:
            depository_on(interrupted).rename(A, B)
        except AlreadyExists:
            continue  # the new name was taken before the history arrived there
        if interrupted.calls <= at:
            break
        reader = depository_on(backend)
        assert see(backend)[B].files[3:] == (b"at the new name", b"late")
        assert reader.read(B, "late") == b"late"
        return
    raise AssertionError("the writers never met between the two names")


def test_a_rename_and_its_double_make_one(start: MemoryBackend) -> None:
    for at in range(100):
        backend = copied(start)
        interrupted = Interrupted(backend, at, partial(depository_on(backend).rename, A, B))
        try:
            depository_on(interrupted).rename(A, B)
        except NotFound:
            assert at <= 2, "the other one was done before this one began"
        if interrupted.calls <= at:
            break
        assert list(see(backend)) == [B]


def test_a_deletion_during_a_rename_is_not_lost(start: MemoryBackend) -> None:
    for at in range(100):
        backend = copied(start)
        acknowledged = outcome(backend, "rename", "delete", at)
        if acknowledged is None:
            break
        if acknowledged["delete"]:
            assert not any(path.alive for path in see(backend).values())


def test_a_promotion_is_not_moved_to_a_notebook_that_took_the_name_meanwhile(start: MemoryBackend) -> None:
    for at in range(100):
        backend = copied(start)
        acknowledged = outcome(backend, "promote another", "rename and save", at)
        if acknowledged is None:
            break
        assert "published" not in see(backend)[A].refs
