"""Renaming: a history that changes its name, whatever happens on the way."""

import itertools
from collections.abc import Mapping
from contextlib import suppress

import pytest

from depository import Depository, Draft
from depository.backends.base import Backend, Condition
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.backends.wrapper import Wrapper
from depository.errors import AlreadyExists, Conflict, InvalidInput, InvalidPath, NoNotebook, NoVersion, StorageError
from depository.history import manifest as manifests
from depository.history import renaming
from depository.history.entries import EventEntry, EventKind
from depository.testing.faults import Fault, Faulty, Interrupted, Killed
from depository.testing.seeing import copied, see
from tests.api.histories import as_manifest
from tests.api.stores import depository_on, found
from tests.notebooks import code, file_of, notebook, small, stream

OLD, NEW = "team/draft.ipynb", "team/final.ipynb"


def files(*seeds: int) -> tuple[bytes, ...]:
    """Files of small notebooks."""
    return tuple(file_of(small(seed, cells=1)) for seed in seeds)


def states(backend: Backend) -> dict[str, tuple[tuple[bytes, ...], Mapping[str, int], bool]]:
    """The files, the refs and whether it is alive, of every path."""
    return {path: (seen.files, seen.refs, seen.alive) for path, seen in see(backend).items()}


def save(depo: Depository, path: str, *seeds: int) -> None:
    """Save small notebooks, one after the other."""
    for data in files(*seeds):
        depo.save(path, data)


def test_a_rename_takes_history_refs_and_tags_along(depo: Depository, backend: Backend) -> None:
    save(depo, OLD, 1, 2, 3)
    depo.promote(OLD, "v2", "published")
    depo.tag(OLD, "v1", "first")
    event = depo.rename(OLD, NEW, message="done")

    assert (event.event, event.path, event.other, event.message) == ("rename", NEW, OLD, "done")
    assert states(backend) == {NEW: (files(1, 2, 3), {"workspace": 3, "published": 2, "first": 1}, True)}


def test_numbers_go_on_under_the_new_name(depo: Depository) -> None:
    save(depo, OLD, 1, 2)
    depo.rename(OLD, NEW)

    assert depo.save(NEW, b"next").number == 3


def test_the_old_name_says_where_its_history_went(depo: Depository) -> None:
    save(depo, OLD, 1)
    depo.rename(OLD, NEW)

    for call in (depo.log, depo.read, depo.refs, depo.delete, depo.undelete):
        with pytest.raises(NoNotebook, match=f"renamed to '{NEW}'"):
            call(OLD)
    with pytest.raises(NoNotebook):
        depo.rename(OLD, "elsewhere.ipynb")


def test_a_save_at_the_old_name_begins_a_new_history(depo: Depository, backend: Backend) -> None:
    save(depo, OLD, 1, 2)
    depo.rename(OLD, NEW)
    assert depo.save(OLD, files(9)[0]).number == 1

    seen = see(backend)
    assert (seen[OLD].files, seen[NEW].files) == (files(9), files(1, 2))
    assert [type(entry).__name__ for entry in depo.history(OLD)] == ["Version", "Event"]


def test_renaming_there_and_back_is_one_history(depo: Depository, backend: Backend) -> None:
    save(depo, OLD, 1)
    depo.rename(OLD, NEW)
    save(depo, NEW, 2)
    depo.rename(NEW, OLD)
    save(depo, OLD, 3)

    assert states(backend) == {OLD: (files(1, 2, 3), {"workspace": 3}, True)}


def test_many_renames_leave_a_history_that_reads(depo: Depository, backend: Backend) -> None:
    for number in range(30):
        save(depo, f"n{number}.ipynb", number)
        depo.rename(f"n{number}.ipynb", f"n{number + 1}.ipynb")

    assert states(backend) == {"n30.ipynb": (files(*range(30)), {"workspace": 30}, True)}


def test_a_name_that_another_process_has_freed_is_free(depo: Depository, backend: Backend) -> None:
    other = depository_on(backend)
    save(depo, OLD, 1)
    other.rename(OLD, NEW)
    depo.rename(NEW, OLD)
    other.delete(OLD)
    save(depo, "third.ipynb", 2)
    depo.rename("third.ipynb", NEW)
    other.rename(NEW, "third.ipynb")
    depo.undelete(OLD, to=NEW)

    assert {path for path, seen in see(backend).items() if seen.alive} == {NEW, "third.ipynb"}


def test_a_long_history_is_renamed_with_its_pages(depo: Depository, backend: Backend) -> None:
    for number in range(120):
        depo.save(OLD, f"draft {number}".encode())
    depo.rename(OLD, NEW)

    assert see(backend)[NEW].files == tuple(f"draft {number}".encode() for number in range(120))


def test_nothing_alive_is_ever_displaced(depo: Depository, backend: Backend) -> None:
    save(depo, OLD, 1)
    save(depo, NEW, 2)
    before = see(backend)
    with pytest.raises(AlreadyExists, match=NEW):
        depo.rename(OLD, NEW)

    assert see(backend) == before


def test_a_name_that_is_no_name_is_refused(depo: Depository) -> None:
    save(depo, OLD, 1)
    with pytest.raises(InvalidPath):
        depo.rename(OLD, "/absolute.ipynb")
    with pytest.raises(AlreadyExists, match="already"):
        depo.rename(OLD, OLD)
    with pytest.raises(NoNotebook, match=r"nothing\.ipynb"):
        depo.rename("nothing.ipynb", NEW)


def test_a_notebook_may_be_renamed_into_a_directory_of_its_own_name(depo: Depository, backend: Backend) -> None:
    save(depo, "a", 1)
    depo.rename("a", "a/b")

    assert list(see(backend)) == ["a/b"]


# Onto a name that was deleted


@pytest.fixture
def displaced(depo: Depository) -> Depository:
    """A notebook that took the name of a deleted one."""
    save(depo, NEW, 1, 2)
    depo.promote(NEW, "v1", "published")
    depo.delete(NEW)
    save(depo, OLD, 3, 4, 5)
    depo.rename(OLD, NEW)
    return depo


def test_a_rename_onto_a_deleted_name_has_the_history_of_the_renamed(displaced: Depository, backend: Backend) -> None:
    assert displaced.read(NEW) == files(5)[0]
    assert states(backend) == {NEW: (files(3, 4, 5), {"workspace": 3}, True)}


def test_what_was_displaced_comes_back_under_another_name(displaced: Depository, backend: Backend) -> None:
    event = displaced.undelete(NEW, to="back.ipynb")

    assert (event.event, event.path) == ("undelete", "back.ipynb")
    seen = states(backend)
    assert seen["back.ipynb"] == (files(1, 2), {"workspace": 2, "published": 1}, True)
    assert seen[NEW][0] == files(3, 4, 5)


def test_what_was_displaced_cannot_come_back_under_a_name_that_is_taken(displaced: Depository) -> None:
    with pytest.raises(AlreadyExists, match="displaced"):
        displaced.undelete(NEW)
    save(displaced, "taken.ipynb", 6)
    with pytest.raises(AlreadyExists, match="taken"):
        displaced.undelete(NEW, to="taken.ipynb")


def test_of_several_that_lost_a_name_each_comes_back(displaced: Depository, backend: Backend) -> None:
    for seed in (6, 7):
        displaced.delete(NEW)
        save(displaced, OLD, seed)
        displaced.rename(OLD, NEW)
    displaced.delete(NEW)
    assert see(backend)[NEW].displaced == (files(6), files(3, 4, 5), files(1, 2))

    for skip, seeds in enumerate([(7,), (6,), (3, 4, 5), (1, 2)]):
        displaced.undelete(NEW, to=f"back {skip}.ipynb", skip=skip)
        assert states(backend)[f"back {skip}.ipynb"][0] == files(*seeds)
    with pytest.raises(NoNotebook, match=f"Only 4 notebooks that were called '{NEW}' .* pass over 3 at most"):
        displaced.undelete(NEW, to="back.ipynb", skip=4)


def test_how_many_to_pass_over_is_of_use_only_for_another_name(displaced: Depository, backend: Backend) -> None:
    before = see(backend)
    with pytest.raises(NoNotebook, match="Only one notebook that was called .* pass over none"):
        displaced.undelete(NEW, to="back.ipynb", skip=1)
    with pytest.raises(InvalidInput, match="Name another path"):
        displaced.undelete(NEW, skip=1)
    with pytest.raises(InvalidInput, match="-1 notebooks"):
        displaced.undelete(NEW, to="back.ipynb", skip=-1)
    assert see(backend) == before


def test_a_displaced_history_outlives_saves_renames_and_deletions_of_the_name(displaced: Depository) -> None:
    save(displaced, NEW, 6)
    displaced.rename(NEW, "elsewhere.ipynb")
    save(displaced, NEW, 7)
    displaced.delete(NEW)
    displaced.undelete(NEW)

    displaced.undelete(NEW, to="back.ipynb")
    assert displaced.read("back.ipynb") == files(2)[0]


def test_a_displaced_history_goes_on_where_it_came_back(displaced: Depository) -> None:
    displaced.undelete(NEW, to="back.ipynb")

    assert displaced.save("back.ipynb", b"next").number == 3


# Broken off


def crashed(start: MemoryBackend, fault: Fault) -> list[MemoryBackend]:
    """What a rename leaves that breaks off at each of its calls."""
    left = []
    for at in range(100):
        faulty = Faulty(copied(start), {at: fault})
        try:
            depository_on(faulty).rename(OLD, NEW)
        except (StorageError, Killed):
            left.append(copied(faulty))
        if len(faulty.keys) <= at:
            break
    return left


@pytest.fixture(params=["onto nothing", "onto a deleted one", "back to where it was"])
def start(request: pytest.FixtureRequest) -> MemoryBackend:
    """A store in which `OLD` can be renamed to `NEW`."""
    backend = MemoryBackend()
    depo = found(backend)
    if request.param == "onto a deleted one":
        save(depo, NEW, 8, 9)
        depo.delete(NEW)
    if request.param == "back to where it was":
        save(depo, NEW, 1)
        depo.rename(NEW, OLD)
        save(depo, OLD, 2)
    else:
        save(depo, OLD, 1, 2)
    depo.promote(OLD, "v1", "published")
    return backend


CRASHES = [Fault.KILLED, Fault.KILLED_AFTER, Fault.UNREACHABLE, Fault.UNREACHABLE_AFTER]


@pytest.mark.parametrize("fault", CRASHES)
def test_a_rename_that_breaks_off_leaves_the_history_at_one_name_or_at_both(start: MemoryBackend, fault: Fault) -> None:
    wanted = (files(1, 2), {"workspace": 2, "published": 1}, True)
    for left in crashed(start, fault):
        alive = {path: state for path, state in states(left).items() if state[2]}
        assert alive in ({OLD: wanted}, {OLD: wanted, NEW: wanted}, {NEW: wanted})


@pytest.mark.parametrize("fault", CRASHES)
def test_a_rename_that_broke_off_is_completed_by_doing_it_again(start: MemoryBackend, fault: Fault) -> None:
    done = copied(start)
    depository_on(done).rename(OLD, NEW)
    broken = 0
    for left in crashed(start, fault):
        depo = depository_on(left)
        if see(left).get(OLD):
            depo.rename(OLD, NEW)
        assert see(left) == see(done)
        assert depo.save(NEW, b"next").number == 3
        broken += 1
    assert broken >= 4


def test_a_save_between_the_two_writes_of_a_rename_that_broke_off_is_not_lost(start: MemoryBackend) -> None:
    both = [left for left in crashed(start, Fault.KILLED) if {OLD, NEW} <= {p for p, s in see(left).items() if s.alive}]
    assert both
    for left in both:
        depo = depository_on(left)
        depo.save(OLD, b"late")

        assert see(left)[OLD].files[-1] == b"late"
        assert see(left)[NEW].files == files(1, 2)


def test_a_rename_that_broke_off_is_completed_whatever_was_saved_at_the_new_name_since(start: MemoryBackend) -> None:
    both = [left for left in crashed(start, Fault.KILLED) if {OLD, NEW} <= {p for p, s in see(left).items() if s.alive}]
    assert both
    for left in both:
        depo = depository_on(left)
        more = [b"%d" % number for number in range(200)]
        depo.save_all(NEW, [Draft(content) for content in more])
        assert as_manifest(left, NEW).back  # the versions that came along are in a page
        depo.rename(OLD, NEW)
        assert states(left) == {NEW: ((*files(1, 2), *more), {"workspace": 202, "published": 1}, True)}


def test_a_long_history_that_came_from_that_name_is_not_read_whole_to_refuse_another() -> None:
    metered = Metering(MemoryBackend())
    depo = found(metered)
    save(depo, OLD, 1)
    depo.rename(OLD, NEW)
    depo.save_all(NEW, [Draft(b"%d" % number) for number in range(3000)])
    save(depo, OLD, 2)
    depo = depository_on(metered)
    metered.reset()
    with pytest.raises(AlreadyExists):
        depo.rename(OLD, NEW)

    assert len(metered.log) < 20


def test_what_was_brought_back_under_two_names_keeps_both(depo: Depository, backend: Backend) -> None:
    save(depo, OLD, 1, 2)
    depo.delete(OLD)
    depo.undelete(OLD, to=NEW)
    depo.undelete(OLD)
    before = see(backend)

    with pytest.raises(AlreadyExists):
        depo.rename(OLD, NEW)
    assert see(backend) == before


def test_what_is_noted_at_the_old_name_after_a_rename_broke_off_comes_along_behind_new_saves(
    start: MemoryBackend,
) -> None:
    both = [left for left in crashed(start, Fault.KILLED) if {OLD, NEW} <= {p for p, s in see(left).items() if s.alive}]
    assert both
    for left in both:
        depo = depository_on(left)
        depo.save(NEW, b"meanwhile")
        depo.tag(OLD, "v2", "late")
        depository_on(left).rename(OLD, NEW)
        refs = {"workspace": 3, "published": 1, "late": 2}
        assert states(left) == {NEW: ((*files(1, 2), b"meanwhile"), refs, True)}


@pytest.mark.parametrize("fault", [Fault.KILLED, Fault.UNREACHABLE])
def test_what_was_done_at_the_old_name_after_a_rename_broke_off_comes_along_when_it_is_done_again(
    start: MemoryBackend, fault: Fault
) -> None:
    both = [left for left in crashed(start, fault) if {OLD, NEW} <= {p for p, s in see(left).items() if s.alive}]
    assert both
    for left in both:
        depo = depository_on(left)
        depo.tag(OLD, "v2", "submitted")
        depo.withdraw(OLD, "published")
        depo.promote(OLD, "v1", "scheduled", message="late")
        depo.rename(OLD, NEW)

        assert states(left)[NEW] == (files(1, 2), {"workspace": 2, "submitted": 2, "scheduled": 1}, True)
        assert [line.what for line in see(left)[NEW].lines].count("tag") == 1


def test_what_a_save_changed_is_known_after_another_came_along(start: MemoryBackend) -> None:
    came = 0
    for at in range(2, 12):
        backend = copied(start)

        def meanwhile(backend: MemoryBackend = backend) -> None:
            depository_on(backend).save(OLD, file_of(notebook(code("x = 1", stream("1\n")))))

        depository_on(Interrupted(backend, at, meanwhile)).rename(OLD, NEW)
        if len(see(backend)[NEW].files) == 3:
            came += 1
            depo = depository_on(backend)
            assert depo.save(NEW, file_of(notebook(code("x = 1", stream("2\n"))))).change == "outputs"
            assert depo.save(NEW, file_of(notebook(code("x = 2", stream("2\n"))))).change == "source"
    assert came


def test_a_save_comes_along_once_whoever_takes_it_along(start: MemoryBackend) -> None:
    meetings = 0
    for at, until in itertools.product(range(1, 12), range(1, 12)):
        backend = copied(start)

        def meanwhile(backend: MemoryBackend = backend, until: int = until) -> None:
            other = depository_on(backend)
            other.save(OLD, b"late")
            with suppress(NoVersion):  # it has gone already, and the name begins anew
                other.tag(OLD, "v3", "late")
            with suppress(Killed):
                depository_on(Faulty(backend, {until: Fault.KILLED})).rename(OLD, NEW)

        interrupted = Interrupted(backend, at, meanwhile)
        with suppress(AlreadyExists, NoNotebook):
            depository_on(interrupted).rename(OLD, NEW)
            meetings += 1
        for path, state in states(backend).items():
            if state[2]:
                assert len(set(state[0])) == len(state[0]), (
                    f"{path}, interrupted before call {at} by one killed at {until}"
                )
    assert meetings > 20


# While others go on under the old name


class Busy(Wrapper):
    """A store in which somebody saves under the old name each time before a manifest of it is written."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.saved = 0

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if key == manifests.key_of(OLD):
            self.saved += 1
            depository_on(self.backend).save(OLD, b"late %d" % self.saved)
        return super().put(key, data, condition)


def test_a_name_that_is_written_to_all_the_time_is_renamed_again_later(
    start: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renaming, "_MAX_ROUNDS", 3)
    busy = Busy(start)
    with pytest.raises(Conflict, match=f"'{OLD}' is written to all the time; it has the name '{NEW}' as well now"):
        depository_on(busy).rename(OLD, NEW)
    everything = (*files(1, 2), b"late 1", b"late 2", b"late 3")
    assert busy.saved == 3
    assert {path: seen.files for path, seen in see(start).items() if seen.alive} == {OLD: everything, NEW: everything}

    depository_on(start).rename(OLD, NEW)
    assert {path: seen.files for path, seen in see(start).items() if seen.alive} == {NEW: everything}


def test_a_rename_to_a_name_that_vanishes_meanwhile_can_be_done_again(start: MemoryBackend) -> None:
    told = []
    for at in range(2, 12):
        backend = copied(start)

        def meanwhile(backend: MemoryBackend = backend) -> None:
            depository_on(backend).save(OLD, b"late")
            backend.delete(manifests.key_of(NEW))

        try:
            depository_on(Interrupted(backend, at, meanwhile)).rename(OLD, NEW)
        except NoNotebook as error:
            told.append(str(error))
            depository_on(backend).rename(OLD, NEW)
            assert {path: seen.files for path, seen in see(backend).items()} == {NEW: (*files(1, 2), b"late")}
    assert set(told) == {f"'{NEW}' is gone while a notebook was being renamed to it; rename it again."}


def test_what_is_saved_while_the_new_name_is_renamed_itself_is_found_under_one_that_is_there(
    start: MemoryBackend,
) -> None:
    told = []
    for at in range(2, 12):
        backend = copied(start)

        def meanwhile(backend: MemoryBackend = backend) -> None:
            with suppress(NoNotebook):
                depository_on(backend).rename(NEW, "elsewhere.ipynb")
            depository_on(backend).save(OLD, b"late")

        interrupted = Interrupted(backend, at, meanwhile)
        try:
            depository_on(interrupted).rename(OLD, NEW)
        except Conflict as error:
            told.append(str(error))
        if interrupted.calls > at:
            assert any(b"late" in seen.files for seen in see(backend).values() if seen.alive), f"before call {at}"
    assert any(f"'{NEW}' was renamed to 'elsewhere.ipynb' while '{OLD}' was being renamed" in text for text in told)


def test_two_renames_in_opposite_directions_leave_the_history_at_one_name_at_least(start: MemoryBackend) -> None:
    for at in range(2, 14):
        backend = copied(start)

        def meanwhile(backend: MemoryBackend = backend) -> None:
            with suppress(NoNotebook, AlreadyExists, Conflict):
                depository_on(backend).rename(NEW, OLD)

        with suppress(Conflict, NoNotebook, AlreadyExists):
            depository_on(Interrupted(backend, at, meanwhile)).rename(OLD, NEW)
        alive = [seen.files for seen in see(backend).values() if seen.alive]
        assert files(1, 2) in alive, f"before call {at}"


def test_an_event_under_the_old_name_that_names_no_ref_comes_along_and_moves_none(start: MemoryBackend) -> None:
    event = EventEntry(EventKind.PROMOTE, 0, "kylek", "of nothing", number=1)
    met = 0
    for at in range(2, 12):
        backend = copied(start)
        was_there: list[bool] = []

        def meanwhile(backend: MemoryBackend = backend, was_there: list[bool] = was_there) -> None:
            manifest = as_manifest(backend, OLD)
            if not manifest.alive:
                return
            was_there.append(True)
            backend.put(manifests.key_of(OLD), manifests.pack(manifest.appended(event)._replace(write_id=bytes(8))))

        interrupted = Interrupted(backend, at, meanwhile)
        depository_on(interrupted).rename(OLD, NEW)
        if was_there:
            met += 1
            assert states(backend) == {NEW: (files(1, 2), {"workspace": 2, "published": 1}, True)}
            assert event in as_manifest(backend, NEW).recent
    assert met


def test_what_was_deleted_while_it_was_renamed_is_deleted_at_the_new_name_alone(start: MemoryBackend) -> None:
    met = 0
    for at in range(2, 12):
        backend = copied(start)

        def meanwhile(backend: MemoryBackend = backend) -> None:
            with suppress(NoNotebook):
                depository_on(backend).delete(OLD)

        depository_on(Interrupted(backend, at, meanwhile)).rename(OLD, NEW)
        depo = depository_on(backend)
        if not see(backend)[NEW].alive:
            met += 1
            with pytest.raises(NoNotebook, match="Nothing that was called"):
                depo.undelete(OLD, to="twice.ipynb")
            depo.save("other.ipynb", b"other")
            depo.rename("other.ipynb", OLD)
            assert as_manifest(backend, OLD).buried == ()
    assert met


def test_a_name_whose_history_went_elsewhere_buries_nothing_when_it_is_taken_again() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    depo.save("a.ipynb", b"one")
    depo.save("c.ipynb", b"other")
    depo.rename("a.ipynb", "b.ipynb")
    depo.rename("c.ipynb", "a.ipynb")

    assert as_manifest(backend, "a.ipynb").buried == ()
    assert depo.read("b.ipynb") == b"one"
