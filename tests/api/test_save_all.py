"""Saving many drafts of a notebook at once: the same history as one by one, and nothing twice after a crash."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository import Depository, Draft, Version
from depository.backends.base import Backend, Condition
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.backends.wrapper import Wrapper
from depository.errors import InvalidContent, InvalidName, NoDepository, NoNotebook
from depository.history.manifest import GROUP, MAX_RECENT
from depository.objects import frame
from depository.objects.store import key_of
from depository.testing.faults import Fault, Faulty, Interrupted, Killed
from depository.testing.seeing import copied, see
from tests.api.histories import as_manifest
from tests.api.stores import CLOCK, START, depository_on, found
from tests.notebooks import code, edited, file_of, notebook, small, with_plots

PATH = "kylek/mine.ipynb"
BEGIN = datetime.fromtimestamp(START, UTC)


def drafts_of(*contents: bytes, author: str = "kylek") -> list[Draft]:
    """Drafts, one second after another."""
    return [
        Draft(content, author, f"step {n}", BEGIN + timedelta(seconds=n)) for n, content in enumerate(contents, start=1)
    ]


def growing(count: int, seed: int = 0) -> list[Draft]:
    """Drafts of a notebook as it grows, each another content."""
    made, random = with_plots(seed), Random(seed)
    files = []
    for number in range(count):
        made = edited(made, random)
        made["metadata"]["draft"] = 1000 * seed + number
        files.append(file_of(made))
    return drafts_of(*files)


def one_by_one(depo: Depository, drafts: Sequence[Draft]) -> list[Version]:
    return [
        depo.save(PATH, draft.content, author=draft.author, message=draft.message, time=draft.time, cause=draft.cause)
        for draft in drafts
    ]


def without_refs(versions: Sequence[Version]) -> list[Version]:
    """The versions, whatever pointed at them when they were asked for."""
    return [version._replace(refs=()) for version in versions]


def history(backend: Backend) -> list[Version]:
    """The versions that a new process sees, the oldest first."""
    return without_refs([*depository_on(backend).log(PATH)][::-1])


contents = st.one_of(
    st.integers(0, 3).map(lambda seed: file_of(notebook(code(f"x = {seed}")))),
    st.integers(0, 1).map(lambda seed: file_of(small(seed, cells=1), indent=4)),
    st.integers(0, 1).map(lambda seed: file_of(small(seed, cells=1))),
    st.integers(0, 1).map(lambda seed: file_of(with_plots(seed, plots=1))),
    st.sampled_from([b"", b"x"]),
)
bursts = st.lists(contents, max_size=12).map(lambda files: drafts_of(*files))
starts = st.lists(contents, max_size=3)


# The same as one by one


@given(starts, bursts)
def test_a_burst_makes_the_versions_that_its_drafts_make_one_by_one(before: list[bytes], drafts: list[Draft]) -> None:
    backend = MemoryBackend()
    found(backend)
    for content in before:
        depository_on(backend).save(PATH, content)
    other = copied(backend)

    at_once = depository_on(backend).save_all(PATH, drafts)
    singly = one_by_one(depository_on(other), drafts)

    assert without_refs(at_once) == without_refs(singly)
    assert see(backend) == see(other)
    if before or drafts:
        assert history(backend) == history(other)


def test_200_drafts_come_back_byte_for_byte(depo: Depository, backend: Backend) -> None:
    drafts = growing(200)
    made = depo.save_all(PATH, drafts)

    assert [(version.number, version.fresh) for version in made] == [(number, True) for number in range(1, 201)]
    for reader in (depo, depository_on(backend)):
        for number, draft in enumerate(drafts, start=1):
            assert reader.read(PATH, f"v{number}") == draft.content
    assert history(backend)[7].message == "step 8"
    assert history(backend)[7].time == drafts[7].time


@pytest.mark.parametrize("count", [1, 15, 16, 17, 63, 64, 65, 95, 96, 200])
def test_a_burst_on_any_history_is_followed_by_saves_and_bursts(count: int) -> None:
    backend = MemoryBackend()
    found(backend)
    drafts = growing(count + 40)
    depository_on(backend).save_all(PATH, drafts[:7])
    depo = depository_on(backend)
    depo.save_all(PATH, drafts[7:count])
    one_by_one(depo, drafts[max(7, count) : count + 10])
    depository_on(backend).save_all(PATH, drafts[max(7, count + 10) :])

    assert see(backend)[PATH].files == tuple(draft.content for draft in drafts)


def test_equal_drafts_in_a_row_are_one_version_and_content_that_comes_back_is_another(depo: Depository) -> None:
    made = depo.save_all(PATH, drafts_of(b"a", b"a", b"b", b"b", b"a"))

    assert [(version.number, version.fresh) for version in made] == [
        (1, True),
        (1, False),
        (2, True),
        (2, False),
        (3, True),
    ]


def test_a_burst_of_what_is_the_newest_already_asks_nothing_of_the_store(metered: Metering) -> None:
    depo = found(metered)
    depo.save(PATH, b"a")
    metered.reset()

    assert [version.fresh for version in depo.save_all(PATH, drafts_of(b"a", b"a"))] == [False, False]
    assert not metered.log


def test_no_drafts_make_no_versions(depo: Depository) -> None:
    assert depo.save_all(PATH, []) == []
    with pytest.raises(NoNotebook):
        depo.log(PATH)


def test_drafts_may_be_notebooks_and_say_nothing_of_themselves(depo: Depository) -> None:
    made = depo.save_all(PATH, [Draft(small(1)), Draft(small(2), cause="run")])

    assert [(version.author, version.cause, version.message) for version in made] == [
        ("kylek", "save", ""),
        ("kylek", "run", ""),
    ]
    assert made[0].time.timestamp() > START


def test_a_burst_takes_little_more_room_than_its_drafts_one_by_one() -> None:
    drafts, sizes = growing(100), []
    for save in (lambda depo: one_by_one(depo, drafts), lambda depo: depo.save_all(PATH, drafts)):
        backend = MemoryBackend()
        save(found(backend))
        sizes.append(sum(item.size for item in backend.list("objects/")))

    assert sizes[1] < 1.2 * sizes[0]


def test_a_burst_brings_a_deleted_notebook_back(depo: Depository) -> None:
    depo.save(PATH, b"a")
    depo.delete(PATH)

    assert [version.number for version in depo.save_all(PATH, drafts_of(b"a", b"b"))] == [2, 3]


def test_a_burst_begins_anew_under_a_name_that_was_given_away(depo: Depository, backend: Backend) -> None:
    depo.save(PATH, b"a")
    depo.rename(PATH, "other.ipynb")
    depo.save_all(PATH, drafts_of(b"b", b"c"))

    assert see(backend)[PATH].files == (b"b", b"c")
    assert see(backend)["other.ipynb"].files == (b"a",)


def test_the_plain_notebook_in_the_workspace_is_written_once_for_the_newest(metered: Metering) -> None:
    depo = found(metered, materialize=("workspace",))
    metered.reset()
    depo.save_all(PATH, drafts_of(b"a", b"b", b"c"))

    written = [call.key for call in metered.log if call.operation == "put" and call.key.startswith("workspace/")]
    assert written == [f"workspace/{PATH}"]
    assert metered.get(f"workspace/{PATH}", limit=100).data == b"c"


# What cannot be archived


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Draft({"cells": [object()]}), InvalidContent),
        (Draft(b"b", author="x" * 1000), InvalidName),
        (Draft(b"b", message="x" * 10_000), InvalidName),
    ],
)
def test_a_bad_draft_is_named_and_nothing_is_written(metered: Metering, bad: Draft, error: type[Exception]) -> None:
    depo = found(metered)
    metered.reset()
    with pytest.raises(error) as caught:
        depo.save_all(PATH, [Draft(b"a"), bad, Draft(b"c")])

    assert caught.value.__notes__ == ["This is about draft 2 of 3."]
    assert not metered.log


def test_a_burst_needs_a_depository() -> None:
    with pytest.raises(NoDepository):
        depository_on(MemoryBackend()).save_all(PATH, drafts_of(b"a"))


# What is in the store at any moment


class Watching(Wrapper):
    """The backend that it was given; a delta is only taken after what it builds on, which a crash may part them."""

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if key.startswith("objects/") and (base := frame.unpack(data).base):
            super().get(key_of(base), limit=1 << 30)
        return super().put(key, data, condition)


@pytest.mark.parametrize("before", [0, 1, 5, 16, 50, 63])
def test_no_delta_is_ever_in_the_store_without_its_base(before: int) -> None:
    drafts = growing(before + 90)
    watching = Watching(MemoryBackend())
    found(watching).save_all(PATH, drafts[:before])
    watching.workers = 8
    with depository_on(watching) as depo:
        depo.save_all(PATH, drafts[before:])

    assert see(watching)[PATH].files == tuple(draft.content for draft in drafts)


class Together(Wrapper):
    """The backend that it was given, which takes certain objects only when all of them are being written."""

    def __init__(self, backend: Backend, keys: set[str]) -> None:
        super().__init__(backend)
        self.workers = 64
        self._keys = keys
        self._barrier = threading.Barrier(len(keys))

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if key in self._keys:
            self._barrier.wait(20.0)
        return super().put(key, data, condition)


def test_objects_that_do_not_build_on_one_another_are_written_at_once() -> None:
    drafts = drafts_of(*(file_of(small(number)) for number in range(16)))
    plain = MemoryBackend()
    made = found(plain).save_all(PATH, drafts)

    wave = {key_of(bytes.fromhex(made[index].hash)) for index in (1, 2, 4, 8)}
    backend = MemoryBackend()
    found(backend)
    with depository_on(Together(backend, wave)) as depo:
        assert len(depo.save_all(PATH, drafts)) == 16


def test_each_object_of_a_burst_is_written_once_also_where_another_writer_is_faster(metered: Metering) -> None:
    found(metered).save(PATH, b"before")
    depo = depository_on(metered)
    depo.save(PATH, b"mine")
    depository_on(metered).save(PATH, b"another's")
    metered.reset()
    made = depo.save_all(PATH, growing(50))

    assert [version.number for version in made] == list(range(4, 54))
    puts = [call.key for call in metered.log if call.operation == "put" and call.key.startswith("objects/")]
    assert len(puts) == len(set(puts))


def test_a_blob_that_is_there_already_is_built_on_as_it_is_stored(metered: Metering) -> None:
    drafts = growing(6)
    depo = found(metered)
    for number, draft in enumerate(reversed(drafts)):
        depo.save("other.ipynb", draft.content)
        depo.save(f"{number}.ipynb", draft.content)
    depository_on(metered).save_all(PATH, [*drafts, *growing(20, seed=1)])

    files = see(metered)[PATH].files
    assert files == tuple(draft.content for draft in [*drafts, *growing(20, seed=1)])


# Races


@pytest.mark.parametrize("resumed", [False, True])
def test_writers_with_bursts_on_one_path_lose_nothing_and_repeat_nothing(backend: Backend, resumed: bool) -> None:
    found(backend)
    writers, rounds, length = 4, 3, 25
    bursts = [
        [drafts_of(*(b"%d %d %d" % (writer, turn, step) for step in range(length))) for turn in range(rounds)]
        for writer in range(writers)
    ]
    barrier = threading.Barrier(writers)

    def pause(seconds: float) -> None:
        threading.Event().wait(seconds / 10)

    def write(writer: int) -> list[Version]:
        depo = Depository(backend, clock=CLOCK, sleep=pause, jitter=Random(writer).random)
        barrier.wait()
        return [version for burst in bursts[writer] for version in depo.save_all(PATH, burst, resumed=resumed)]

    with ThreadPoolExecutor(writers) as pool:
        made = list(pool.map(write, range(writers)))

    files = see(backend)[PATH].files
    assert len(files) == writers * rounds * length
    for writer, versions in enumerate(made):
        sent = [draft.content for burst in bursts[writer] for draft in burst]
        assert [files[version.number - 1] for version in versions] == sent
        assert [version.number for version in versions] == sorted(version.number for version in versions)


@pytest.mark.parametrize("count", [3, 100])
def test_a_burst_whose_answer_was_lost_is_there_once(count: int) -> None:
    for fault in (Fault.UNKNOWN_AFTER, Fault.REFUSED_AFTER, Fault.UNKNOWN, Fault.REFUSED):
        backend = MemoryBackend()
        found(backend)
        drafts = drafts_of(*(b"%d" % number for number in range(count)))
        calls = Faulty(copied(backend), {})
        depository_on(calls).save_all(PATH, drafts)
        faulty = Faulty(backend, {len(calls.keys) - 1: fault})
        made = depository_on(faulty).save_all(PATH, drafts)

        assert faulty.faults == 1
        assert [version.number for version in made] == list(range(1, count + 1))
        assert len(history(backend)) == count


# After a crash


@given(starts, bursts, st.data())
def test_whatever_part_was_archived_resuming_makes_each_version_once(
    before: list[bytes], drafts: list[Draft], data: st.DataObject
) -> None:
    backend = MemoryBackend()
    found(backend)
    for content in before:
        depository_on(backend).save(PATH, content)
    expected = copied(backend)
    depository_on(expected).save_all(PATH, drafts)
    done = data.draw(st.integers(0, len(drafts)))
    cut = data.draw(st.integers(0, done))
    depository_on(backend).save_all(PATH, drafts[:cut])
    depository_on(backend).save_all(PATH, drafts[cut:done])
    made = depository_on(backend).save_all(PATH, drafts, resumed=True)

    assert see(backend) == see(expected)
    if before or drafts:
        assert history(backend) == history(expected)
    held = history(backend) if drafts else []
    files = see(backend)[PATH].files if drafts else ()
    for draft, version in zip(drafts, made, strict=True):
        assert held[version.number - 1] == version._replace(fresh=False, refs=())
        assert files[version.number - 1] == draft.content


@pytest.mark.parametrize("before", [0, 90])
def test_a_process_that_dies_at_any_call_is_taken_up_by_the_next(before: int) -> None:
    start = MemoryBackend()
    drafts = drafts_of(*(file_of(small(number, cells=1)) for number in range(before + 8)))
    found(start).save_all(PATH, drafts[:before])
    for at in range(100):
        for fault in (Fault.KILLED, Fault.KILLED_AFTER):
            backend = copied(start)
            faulty = Faulty(backend, {at: fault})
            try:
                depository_on(faulty).save_all(PATH, drafts[before:], resumed=True)
            except Killed:
                pass
            else:
                return
            made = depository_on(backend).save_all(PATH, drafts[before:], resumed=True)
            assert [version.number for version in made] == list(range(before + 1, before + 9))
            reader = depository_on(backend)
            assert [reader.read(PATH, version.name) for version in made] == [d.content for d in drafts[before:]]


def test_content_that_came_back_at_another_time_is_a_version_each() -> None:
    backend = MemoryBackend()
    drafts = drafts_of(b"a", b"b", b"a")
    found(backend).save_all(PATH, drafts[:1])

    made = depository_on(backend).save_all(PATH, drafts, resumed=True)
    assert [(version.number, version.fresh) for version in made] == [(1, False), (2, True), (3, True)]
    made = depository_on(backend).save_all(PATH, drafts, resumed=True)
    assert [(version.number, version.fresh) for version in made] == [(1, False), (2, False), (3, False)]


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_drafts_of_one_moment_are_kept_apart_by_their_order(done: int) -> None:
    backend = MemoryBackend()
    drafts = [draft._replace(time=BEGIN) for draft in drafts_of(b"a", b"b", b"a")]
    found(backend).save_all(PATH, drafts[:done])
    depository_on(backend).save_all(PATH, drafts, resumed=True)

    assert see(backend)[PATH].files == (b"a", b"b", b"a")


def test_a_draft_that_needed_no_version_needs_none_when_it_is_met_again() -> None:
    backend = MemoryBackend()
    found(backend).save(PATH, b"a")
    drafts = drafts_of(b"a", b"a", b"b", b"b", b"c")
    depository_on(backend).save_all(PATH, drafts)

    made = depository_on(backend).save_all(PATH, drafts, resumed=True)
    assert [(version.number, version.fresh) for version in made] == [(n, False) for n in (1, 1, 2, 2, 3)]
    assert len(history(backend)) == 3


def test_equal_drafts_in_a_row_are_met_again_as_one_though_another_saved_since() -> None:
    backend = MemoryBackend()
    drafts = drafts_of(b"a", b"a")
    found(backend).save_all(PATH, drafts)
    depository_on(backend).save(PATH, b"another's")
    made = depository_on(backend).save_all(PATH, drafts, resumed=True)

    assert [(version.number, version.fresh) for version in made] == [(1, False), (1, False)]
    assert see(backend)[PATH].files == (b"a", b"another's")


@pytest.mark.parametrize("change", [{"author": "ann"}, {"cause": "run"}, {"content": b"b"}, {"time": BEGIN}])
def test_a_draft_that_differs_is_another_version(change: dict[str, object]) -> None:
    backend = MemoryBackend()
    draft = drafts_of(b"a")[0]
    found(backend).save_all(PATH, [draft, Draft(b"between", time=BEGIN)])

    made = depository_on(backend).save_all(PATH, [draft._replace(**change)], resumed=True)  # type: ignore[arg-type]
    assert made[0].fresh


def test_what_was_archived_before_it_was_resumed_is_found_though_others_saved_since() -> None:
    backend = MemoryBackend()
    drafts = growing(10)
    found(backend).save_all(PATH, drafts)
    for count in (1, 100, 245):
        depository_on(backend).save_all(
            PATH, [Draft(b"%d %d" % (count, n), "ann", time=drafts[-1].time) for n in range(count)]
        )
        if count == 245:
            break
        made = depository_on(backend).save_all(PATH, drafts, resumed=True)
        assert [(version.number, version.fresh) for version in made] == [(n, False) for n in range(1, 11)]


def test_a_long_burst_is_found_in_its_pages() -> None:
    backend = MemoryBackend()
    drafts = drafts_of(*(b"%d" % number for number in range(600)))
    found(backend).save_all(PATH, drafts)

    made = depository_on(backend).save_all(PATH, drafts, resumed=True)
    assert [version.number for version in made] == list(range(1, 601))
    assert not any(version.fresh for version in made)


def test_another_writer_between_the_crash_and_the_resumed_write_takes_nothing_away() -> None:
    drafts = drafts_of(b"a", b"b", b"c")
    start = MemoryBackend()
    found(start).save_all(PATH, drafts[:2])
    for at in range(20):
        backend = copied(start)

        def meanwhile(backend: Backend = backend) -> None:
            depository_on(backend).save_all(PATH, drafts, resumed=True)
            depository_on(backend).save(PATH, b"another's")

        interrupted = Interrupted(backend, at, meanwhile)
        depository_on(interrupted).save_all(PATH, drafts, resumed=True)
        if interrupted.calls <= at:
            return
        files = see(backend)[PATH].files
        assert files == (b"a", b"b", b"c", b"another's")


def test_resuming_reads_no_page_where_the_manifest_reaches_back_an_hour(metered: Metering) -> None:
    depo = found(metered)
    depo.save_all(PATH, [draft._replace(time=BEGIN - timedelta(hours=2)) for draft in growing(MAX_RECENT + 10)])
    metered.reset()
    depo.save_all(PATH, drafts_of(b"a", b"b"), resumed=True)
    assert not [call for call in metered.log if call.operation == "get"]

    metered.reset()
    depo.save_all(PATH, [draft._replace(time=BEGIN - timedelta(hours=2)) for draft in drafts_of(b"c")], resumed=True)
    assert [call.operation for call in metered.log if call.key.startswith("objects/")].count("get") == 1


def test_resuming_reads_few_pages_of_a_long_and_quick_history(metered: Metering) -> None:
    depo = found(metered)
    drafts = drafts_of(*(b"%d" % number for number in range(1000)))
    depo.save_all(PATH, drafts)
    metered.reset()
    depo.save_all(PATH, [Draft(b"new", time=BEGIN)], resumed=True)

    gets = [call for call in metered.log if call.operation == "get"]
    assert len(gets) <= 256 // GROUP + 1


def test_damaged_pages_keep_nobody_from_resuming() -> None:
    backend = MemoryBackend()
    drafts = drafts_of(*(b"%d" % number for number in range(200)))
    found(backend).save_all(PATH, drafts)
    backend.delete(key_of(as_manifest(backend, PATH).back[0].hash))

    made = depository_on(backend).save_all(PATH, [*drafts[-3:], *drafts_of(b"new")], resumed=True)
    assert [(version.number, version.fresh) for version in made] == [
        (198, False),
        (199, False),
        (200, False),
        (201, True),
    ]


def test_what_was_deleted_or_renamed_since_stays_so(backend: Backend) -> None:
    drafts = drafts_of(b"a", b"b")
    found(backend).save_all(PATH, drafts)
    depository_on(backend).delete(PATH)
    depository_on(backend).save_all(PATH, drafts, resumed=True)
    assert not see(backend)[PATH].alive

    depository_on(backend).undelete(PATH)
    depository_on(backend).rename(PATH, "other.ipynb")
    depository_on(backend).save_all(PATH, drafts, resumed=True)
    assert list(see(backend)) == ["other.ipynb"]


def test_the_plain_notebook_follows_where_the_process_died_before_it_was_written() -> None:
    backend = MemoryBackend()
    drafts = drafts_of(b"a", b"b")
    found(backend, materialize=("workspace",)).save_all(PATH, drafts)
    backend.delete(f"workspace/{PATH}")
    depository_on(backend).save_all(PATH, drafts, resumed=True)

    assert backend.get(f"workspace/{PATH}", limit=100).data == b"b"


def test_content_that_another_writer_has_replaced_is_a_version_again_where_it_is_looked_for(backend: Backend) -> None:
    first, second = growing(2)
    here, elsewhere = found(backend), depository_on(backend)
    here.save_all(PATH, [first])
    elsewhere.save_all(PATH, [second])
    (version,) = here.save_all(PATH, [first], look_again=True)
    assert (version.number, version.fresh) == (3, True)


def test_to_look_again_takes_one_request_and_only_where_nothing_is_to_be_done(metered: Metering) -> None:
    first, second = growing(2)
    depo = found(metered)
    depo.save_all(PATH, [first], look_again=True)
    metered.reset()
    depo.save_all(PATH, [first], look_again=True)
    assert [call.operation for call in metered.log] == ["get"]
    metered.reset()
    depo.save_all(PATH, [second], look_again=True)
    assert "get" not in [call.operation for call in metered.log]
