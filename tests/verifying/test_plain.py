"""Plain notebooks are what their refs say, or are told as stale, and written anew."""

from collections.abc import Callable

import pytest

from depository.backends.memory import MemoryBackend
from depository.verifying.findings import Kind
from tests.api.stores import CLOCK, START, depository_on, found
from tests.notebooks import file_of, small
from tests.verifying.checks import check, data_of

PATH = "team/mine.ipynb"
LONG_AGO = START - 100_000


@pytest.fixture
def backend() -> MemoryBackend:
    """A notebook whose second version is published, and whose newest is in the workspace; all long ago."""
    backend = MemoryBackend(clock=lambda: LONG_AGO)
    depo = found(backend, materialize=("workspace", "published"), prefixes={"published": "out/public"})
    for number in (1, 2, 3):
        depo.save(PATH, file_of(small(number)))
        depo.save("other.ipynb", file_of(small(number + 5)))
    depo.promote(PATH, "v2", "published")
    return backend


def plain(backend: MemoryBackend) -> dict[str, bytes]:
    prefixes = ("out/public/", "workspace/", "scheduled/")
    return {item.key: data_of(backend, item.key) for prefix in prefixes for item in backend.list(prefix)}


def test_those_that_are_right_are_not_told(backend: MemoryBackend) -> None:
    assert check(backend).findings == []


def damage_missing(backend: MemoryBackend) -> None:
    backend.delete(f"out/public/{PATH}")


def damage_other_size(backend: MemoryBackend) -> None:
    backend.put(f"out/public/{PATH}", b"short")


def damage_same_size(backend: MemoryBackend) -> None:
    data = data_of(backend, f"out/public/{PATH}")
    backend.put(f"out/public/{PATH}", data[:-2] + b" " + data[-1:])


@pytest.mark.parametrize("how", [damage_missing, damage_other_size, damage_same_size])
def test_one_that_is_not_what_its_ref_says_is_told_and_written_anew(
    backend: MemoryBackend, how: Callable[[MemoryBackend], None]
) -> None:
    before = plain(backend)
    how(backend)
    result = check(backend)
    assert (result.only.kind, result.only.key, result.only.path) == (Kind.STALE, f"out/public/{PATH}", PATH)
    assert result.only.text in {"is not there, though published is v2", "is not v2, though published is"}
    assert result.only.mend == "--repair has it written anew"
    assert not result.checked.is_sound

    mended = check(backend, repair=True)
    assert (mended.only.mend, mended.only.mended) == ("written anew", True)
    assert mended.checked.is_sound
    assert plain(backend) == before


def test_those_of_the_workspace_follow_the_newest_version(backend: MemoryBackend) -> None:
    before = plain(backend)
    backend.put(f"workspace/{PATH}", file_of(small(2)))
    assert check(backend).only.text == "is not v3, though workspace is"
    check(backend, repair=True)
    assert plain(backend) == before


def test_one_that_was_left_behind_is_taken_away(backend: MemoryBackend) -> None:
    data = data_of(backend, f"out/public/{PATH}")
    depository_on(backend).withdraw(PATH, "published")
    backend.put(f"out/public/{PATH}", data)
    result = check(backend)
    assert result.only.text == "is there, though no version is published"
    check(backend, repair=True)
    assert f"out/public/{PATH}" not in plain(backend)


def test_what_somebody_else_put_there_is_left_alone(backend: MemoryBackend) -> None:
    theirs = {"out/public/other.ipynb": b"the output of a job", "out/public/no-notebook.txt": b"text"}
    for key, data in theirs.items():
        backend.put(key, data)
    assert check(backend, repair=True).findings == []
    assert theirs.items() <= plain(backend).items()


@pytest.mark.parametrize("action", ["delete", "rename"])
def test_those_of_deleted_and_renamed_notebooks_are_right_as_well(backend: MemoryBackend, action: str) -> None:
    depo = depository_on(backend)
    if action == "delete":
        depo.delete(PATH)
    else:
        depo.rename(PATH, "team/new.ipynb")
    assert check(backend).findings == []


def test_one_whose_version_is_damaged_is_not_blamed(backend: MemoryBackend) -> None:
    digest = depository_on(backend).resolve("other.ipynb", "v3").hash
    backend.delete(f"objects/{digest[:2]}/{digest[2:]}")
    backend.put("workspace/other.ipynb", b"whatever it is")
    assert check(backend).kinds == [Kind.MISSING]


def test_one_that_may_still_follow_its_ref_is_not_blamed() -> None:
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend, materialize=("published",))
    depo.save(PATH, file_of(small(1)))
    depo.promote(PATH, "v1", "published")
    backend.delete(f"published/{PATH}")
    assert check(backend).findings == []


def test_a_part_is_held_against_its_own_plain_notebooks(backend: MemoryBackend) -> None:
    backend.delete("workspace/other.ipynb")
    assert check(backend, "team").findings == []
    assert check(backend, ("team", "other.ipynb")).kinds == [Kind.STALE]
