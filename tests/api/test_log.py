"""The log, the whole history, and what each says."""

from datetime import UTC, datetime

import pytest

from depository import Depository, Event, Version
from depository.backends.base import Backend
from depository.errors import InvalidPath, NoDepository, NoNotebook
from tests.api.histories import PATH as LONG
from tests.api.histories import file, with_history
from tests.api.stores import depository_on
from tests.notebooks import file_of, small

PATH = "mine.ipynb"


def test_the_log_lists_versions_newest_first(depo: Depository) -> None:
    made = [depo.save(PATH, file_of(small(seed)), message=f"draft {seed}") for seed in range(5)]

    assert [version.message for version in depo.log(PATH)] == [f"draft {seed}" for seed in (4, 3, 2, 1, 0)]
    assert [version.hash for version in depo.log(PATH)] == [version.hash for version in reversed(made)]


def test_a_version_in_the_log_is_the_one_that_save_returned(depo: Depository) -> None:
    saved = depo.save(PATH, file_of(small()), author="Ada", message="first")
    [logged] = depo.log(PATH)

    assert logged == saved._replace(fresh=False)


def test_a_version_names_itself(depo: Depository) -> None:
    version = depo.save(PATH, file_of(small()))

    assert (version.name, version.short) == ("v1", version.hash[:8])
    assert len(version.hash) == 64
    assert version.size == len(file_of(small()))
    assert version.kind == "notebook"


def test_the_log_says_which_refs_point_where(depo: Depository) -> None:
    for seed in range(3):
        depo.save(PATH, file_of(small(seed)))
    depo.promote(PATH, "v1", "published")
    depo.promote(PATH, "v3", "scheduled")
    depo.tag(PATH, "v1", "submitted")

    assert [version.refs for version in depo.log(PATH)] == [("workspace", "scheduled"), (), ("published", "submitted")]


def test_a_log_of_1000_versions_is_complete_across_pages() -> None:
    depo = depository_on(with_history(1_000))

    assert [version.number for version in depo.log(LONG)] == list(range(1_000, 0, -1))
    times = [version.time for version in depo.log(LONG)]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("number", [1, 2, 63, 64, 65, 128, 500, 936, 937, 999, 1_000])
def test_any_of_1000_versions_reads_back(number: int) -> None:
    depo = depository_on(with_history(1_000))

    assert depo.read(LONG, f"v{number}") == file(number)


def test_history_tells_events_between_the_versions(depo: Depository) -> None:
    depo.save(PATH, b"one")
    depo.promote(PATH, "v1", "published", author="Ada", message="for the paper")
    depo.save(PATH, b"two")
    depo.promote(PATH, "v2", "published")
    depo.promote(PATH, "v2", "scheduled")
    depo.withdraw(PATH, "published")
    depo.withdraw(PATH, "scheduled")
    depo.tag(PATH, "v1", "submitted")
    depo.untag(PATH, "submitted")
    depo.delete(PATH)
    depo.undelete(PATH)
    depo.rename(PATH, "other.ipynb")

    told = [
        (entry.event, entry.ref, entry.number, entry.previous) if isinstance(entry, Event) else entry.name
        for entry in depo.history("other.ipynb")
    ]
    assert told[::-1] == [
        "v1",
        ("publish", "published", 1, None),
        "v2",
        ("publish", "published", 2, 1),
        ("schedule", "scheduled", 2, None),
        ("unpublish", "published", None, 2),
        ("unschedule", "scheduled", None, 2),
        ("tag", "submitted", 1, None),
        ("untag", "submitted", None, 1),
        ("delete", None, None, None),
        ("undelete", None, None, None),
        ("rename", None, None, None),
    ]


def test_an_event_says_who_did_it_when_and_why(depo: Depository) -> None:
    depo.save(PATH, b"one")
    done = depo.promote(PATH, "v1", "published", author="Ada", message="for the paper")
    event = next(depo.history(PATH))

    assert event == done
    assert (event.author, event.message) == ("Ada", "for the paper")
    assert event.time > datetime(2026, 1, 1, tzinfo=UTC)


def test_the_log_leaves_events_out(depo: Depository) -> None:
    depo.save(PATH, b"one")
    depo.promote(PATH, "v1", "published")

    assert all(isinstance(entry, Version) for entry in depo.log(PATH))


def test_a_log_shows_what_was_there_when_it_was_asked_for(depo: Depository, backend: Backend) -> None:
    depo.save(PATH, b"one")
    log = depo.log(PATH)
    depository_on(backend).save(PATH, b"two")

    assert [version.number for version in log] == [1]
    assert [version.number for version in depo.log(PATH)] == [2, 1]


@pytest.mark.parametrize(
    "call", [Depository.log, Depository.refs, Depository.resolve, Depository.read, Depository.load]
)
def test_a_notebook_that_was_never_saved_is_not_found(depo: Depository, call: object) -> None:
    assert callable(call)
    with pytest.raises(NoNotebook, match=r"Nothing has been archived as 'never\.ipynb'"):
        call(depo, "never.ipynb")
    with pytest.raises(InvalidPath):
        call(depo, "/never.ipynb")


def test_where_there_is_no_depository_that_is_what_is_wrong(backend: Backend) -> None:
    with pytest.raises(NoDepository, match="init"):
        depository_on(backend).log(PATH)
