"""Which items may be archived now, and together."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.spool import schedule
from depository.spool.directory import Name, key_of
from depository.spool.items import Item, Kind
from depository.spool.schedule import LONGEST, Batch, Entry, Operation, Plan, Task, is_due, plan
from tests.spool.spools import START, URL


def entry(
    number: int,
    path: str = "a",
    kind: Kind = Kind.SAVE,
    *,
    old: str | None = None,
    directory: bool = False,
    automatic: bool = False,
    author: str = "ann",
    seconds: float = 0,
    size: int = 1,
    held: bool = False,
) -> Entry:
    """The item of that number, accepted `seconds` after the start."""
    stamp = round((START / 1000 + seconds) * 1e9) + number
    name = Name(stamp, "00000000", key_of(URL, path), kind, automatic)
    return Entry(name, Item(kind, START, author, "save", path, URL, path, {}, None, old, directory), size, held)


def rename(number: int, old: str, new: str, *, directory: bool = False) -> Entry:
    return entry(number, new, Kind.RENAME, old=old, directory=directory)


def delete(number: int, path: str, *, directory: bool = False) -> Entry:
    return entry(number, path, Kind.DELETE, directory=directory)


def numbers(entries: list[Entry], task: Task) -> list[int]:
    return [entries.index(one) for one in task.entries]


def planned(*entries: Entry, seconds: float = 0, is_flush: bool = False) -> list[list[int]]:
    """The places of the items that may be archived now, by task."""
    made = plan(entries, now=START + round(seconds * 1000), is_flush=is_flush)
    return [numbers(list(entries), task) for task in made.tasks]


def test_saves_of_a_path_are_one_batch() -> None:
    assert planned(entry(0), entry(1), entry(2)) == [[0, 1, 2]]


def test_each_path_has_a_batch_of_its_own() -> None:
    assert planned(entry(0, "a"), entry(1, "b"), entry(2, "a")) == [[0, 2], [1]]


def test_a_batch_has_no_more_than_so_many_items() -> None:
    assert planned(*(entry(n) for n in range(schedule.MOST_ITEMS + 5))) == [[*range(schedule.MOST_ITEMS)]]


def test_a_batch_has_no_more_than_so_many_bytes() -> None:
    third = schedule.MOST_BYTES // 3
    assert planned(*(entry(n, size=third) for n in range(5))) == [[0, 1, 2]]


def test_a_save_larger_than_a_batch_is_archived_alone() -> None:
    huge = schedule.MOST_BYTES + 1
    assert planned(entry(0, size=huge), entry(1)) == [[0]]
    assert planned(entry(0), entry(1, size=huge)) == [[0]]


@pytest.mark.parametrize(
    "change", [delete(1, "a"), rename(1, "a", "b"), rename(1, "b", "a"), delete(1, "", directory=True)]
)
def test_a_change_waits_for_earlier_saves_and_holds_back_later_ones(change: Entry) -> None:
    entries = [entry(0), change, entry(2)]
    assert planned(*entries) == [[0]]
    assert planned(*entries[1:]) == [[0]]
    assert planned(*entries[2:]) == [[0]]


def test_a_change_does_not_hold_back_other_paths() -> None:
    assert planned(rename(0, "a", "b"), entry(1, "c"), entry(2, "b")) == [[0], [1]]


def test_a_change_of_a_directory_is_about_all_below_it() -> None:
    assert planned(entry(0, "d/e/a"), rename(1, "d", "f", directory=True), entry(2, "f/a")) == [[0]]
    assert planned(rename(1, "d", "f", directory=True), entry(2, "f/a"), entry(3, "d/e/b")) == [[0]]


def test_a_change_of_a_directory_is_not_about_names_that_only_begin_like_it() -> None:
    assert planned(entry(0, "dir/a"), delete(1, "d", directory=True)) == [[0], [1]]


def test_a_deletion_of_a_notebook_is_not_about_a_directory_of_its_name() -> None:
    assert planned(entry(0, "d/a"), delete(1, "d")) == [[0], [1]]


def test_changes_wait_for_each_other_where_they_meet() -> None:
    assert planned(rename(0, "a", "b"), rename(1, "b", "c"), rename(2, "x", "y")) == [[0], [2]]
    assert planned(delete(0, "d/a"), delete(1, "d", directory=True)) == [[0]]
    assert planned(delete(0, "d", directory=True), delete(1, "d/e", directory=True)) == [[0]]


def test_what_is_stopped_holds_back_what_comes_after_it() -> None:
    entries = [entry(0, "a"), entry(1, "a"), entry(2, "b")]
    made = plan(entries, now=START, stopped={entries[0].name})
    assert [numbers(entries, task) for task in made.tasks] == [[2]]


def test_what_is_not_confirmed_holds_back_what_comes_after_it() -> None:
    assert planned(entry(0, held=True), entry(1), entry(2, "b")) == [[2]]


# runs of automatic saves


def run(count: int, *, every: float = 1, start: float = 0, first: int = 0) -> list[Entry]:
    return [entry(first + n, automatic=True, seconds=start + n * every) for n in range(count)]


def test_a_run_waits_for_a_minute_of_quiet() -> None:
    made = plan(run(3), now=START + 61_999)
    assert made == Plan((), START + 62_000)
    assert planned(*run(3), seconds=62) == [[0, 1, 2]]


def test_a_run_is_one_version_the_last() -> None:
    entries = run(3)
    (batch,) = plan(entries, now=START + 62_000).tasks
    assert isinstance(batch, Batch)
    assert batch.groups == (schedule.Group(entries[2], (entries[0], entries[1])),)


def test_a_run_ends_after_five_minutes() -> None:
    entries = run(12, every=30)
    (batch,) = plan(entries, now=START + 330_000).tasks
    assert isinstance(batch, Batch)
    assert [group.stands for group in batch.groups] == [entries[10]]


def test_a_pause_divides_runs() -> None:
    assert planned(*run(2), *run(2, start=62, first=2), seconds=63) == [[0, 1]]


def test_a_save_by_hand_ends_a_run_and_stands_for_it() -> None:
    entries = [*run(3), entry(3, seconds=3)]
    (batch,) = plan(entries, now=START + 3000).tasks
    assert isinstance(batch, Batch)
    assert batch.groups == (schedule.Group(entries[3], tuple(entries[:3])),)


def test_a_save_by_hand_long_after_a_run_does_not_stand_for_it() -> None:
    entries = [*run(2), entry(2, seconds=100)]
    (batch,) = plan(entries, now=START + 100_000).tasks
    assert isinstance(batch, Batch)
    assert [group.stands for group in batch.groups] == entries[1:]


def test_a_rename_ends_a_run() -> None:
    assert planned(*run(2), rename(5, "a", "b"), seconds=2) == [[0, 1]]
    assert planned(*run(2), delete(5, "", directory=True), seconds=2) == [[0, 1]]


def test_a_rename_that_is_held_back_ends_a_run_too() -> None:
    assert planned(delete(0, "b"), *run(2, first=1), rename(5, "a", "b"), seconds=2) == [[0], [1, 2]]


def test_a_change_elsewhere_ends_no_run() -> None:
    assert planned(*run(2), rename(5, "c", "b"), seconds=2) == [[2]]


def test_a_flush_ends_a_run() -> None:
    assert planned(*run(2), seconds=2, is_flush=True) == [[0, 1]]


def test_a_moment_further_away_than_any_wait_is_one_of_a_clock_that_was_set_back() -> None:
    assert [is_due(moment, 1_000) for moment in (0, 1_000, 1_001, 1_000 + LONGEST, 1_001 + LONGEST)] == [
        *(True, True, False, False, True)
    ]


def test_a_run_from_the_future_does_not_wait_for_it() -> None:
    assert planned(*run(2, start=86_400)) == [[0, 1]]


def test_the_authors_of_a_run_are_all_who_saved() -> None:
    entries = [entry(n, automatic=True, author=author) for n, author in enumerate(("ann", "bob", "ann"))]
    (batch,) = plan(entries, now=START, is_flush=True).tasks
    assert isinstance(batch, Batch)
    assert batch.groups[0].authors == ("ann", "bob")


def test_a_run_by_several_authors_is_the_last_of_its_batch() -> None:
    entries = [entry(0), entry(1, author="ann", automatic=True), entry(2, author="bob"), entry(3)]
    assert planned(*entries) == [[0, 1, 2]]


# whatever comes

paths = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a"])
directories = st.sampled_from(["d", "d/e", "f", ""])


@st.composite
def items(draw: st.DrawFn) -> list[Entry]:
    made: list[Entry] = []
    seconds = 0.0
    for number in range(draw(st.integers(0, 25))):
        seconds += draw(st.sampled_from([0, 0, 1, 20, 100]))
        match draw(st.integers(0, 7)):
            case 0:
                one = rename(0, draw(paths), draw(paths))
            case 1:
                one = rename(0, draw(directories), draw(directories), directory=True)
            case 2:
                one = delete(0, draw(paths))
            case 3:
                one = delete(0, draw(directories), directory=True)
            case _:
                one = entry(0, draw(paths), automatic=draw(st.booleans()), author=draw(st.sampled_from("xyz")))
        stamp = round((START / 1000 + seconds) * 1e9) + number
        made.append(one._replace(name=one.name._replace(stamp=stamp)))
    return made


def meet(one: Entry, other: Entry) -> bool:
    """Whether two items are about the same, as people would say it."""

    def about(path: str, entry: Entry) -> bool:
        return any(
            path == own or (entry.item.directory and (own == "" or path.startswith(own + "/"))) for own in entry.paths
        )

    return any(about(path, other) for path in one.paths) or any(about(path, one) for path in other.paths)


@given(items(), st.data())
def test_each_item_ends_once_and_in_order(entries: list[Entry], data: st.DataObject) -> None:
    waiting = list(entries)
    done: list[tuple[Entry, bool]] = []
    running: list[Task] = []
    now = START
    while waiting:
        now += data.draw(st.sampled_from([0, 1000])) if running else 61_000
        busy = {one.name for task in running for one in task.entries}
        arrived = [one for one in waiting if one.name.milliseconds <= now]
        made = plan(arrived, now=now, stopped=busy)
        for task in made.tasks:
            # nothing is begun before what came earlier and is about the same
            for one in task.entries:
                earlier = arrived[: arrived.index(one)]
                assert not [other for other in earlier if meet(one, other) and other not in task.entries]
        for task in (*running, *made.tasks):
            others = [other for other in (*running, *made.tasks) if other is not task]
            assert not [1 for other in others for x in task.entries for y in other.entries if meet(x, y)]
        assert made.tasks or running or made.due or not arrived
        running.extend(made.tasks)
        if running:
            task = running.pop(data.draw(st.integers(0, len(running) - 1)))
            groups = task.groups if isinstance(task, Batch) else ()
            folded = {one.name for group in groups for one in group.folded}
            for one in task.entries:
                waiting.remove(one)
                done.append((one, one.name in folded))
            for group in groups:
                assert len({one.path for one in (*group.folded, group.stands)}) == 1
                assert all(one.name < group.stands.name for one in group.folded)
    assert not waiting
    assert Counter(one.name for one, _ in done) == Counter(one.name for one in entries)
    assert all(one.name.is_automatic for one, is_folded in done if is_folded)
    for path in {one.path for one in entries}:
        saves = [one for one, _ in done if one.item.kind is Kind.SAVE and one.path == path]
        assert saves == sorted(saves, key=lambda one: one.name)


@given(items())
def test_a_flush_leaves_nothing_that_could_be_archived(entries: list[Entry]) -> None:
    waiting = list(entries)
    while waiting:
        made = plan(waiting, now=START, is_flush=True)
        assert made.due is None
        assert made.tasks
        for task in made.tasks:
            assert isinstance(task, Batch | Operation)
            for one in task.entries:
                waiting.remove(one)
