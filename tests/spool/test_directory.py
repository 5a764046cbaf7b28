"""The spool's directory."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.backends import disk
from depository.errors import StorageError, StorageFull
from depository.spool.directory import Name, Spool, key_of
from depository.spool.items import Kind
from tests.spool.spools import START, URL, Clock, a_save, delete, notebook, put, rename, save

ROOT = Path(__file__).parent.parent.parent


def listed(spool: Spool, part: str = "items") -> list[str]:
    return sorted(os.listdir(os.path.join(spool.directory, part)))


def begin(spool: Spool, content: bytes = b"content") -> Name:
    return spool.begin(a_save(), [content])


# names


@given(st.integers(0, 2**64 - 1), st.sampled_from(Kind), st.booleans())
def test_a_name_is_read_as_it_was_written(stamp: int, kind: Kind, is_automatic: bool) -> None:
    name = Name(stamp, "01234567", key_of(URL, "a"), kind, is_automatic and kind is Kind.SAVE)
    assert Name.parse(str(name)) == name


@pytest.mark.parametrize("text", ["", "a-b-c-x", "1-2-3", "1-2-3-x", "x-2-3-s"])
def test_another_files_name_is_none_of_an_item(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it is refused
        Name.parse(text)


def test_items_are_in_the_order_in_which_they_were_accepted(spool: Spool, clock: Clock) -> None:
    names = [save(spool, b"1"), rename(spool, "a", "b"), delete(spool, "b")]
    clock.go(-100)  # whatever the clock says
    names.append(save(spool, b"2"))
    assert spool.waiting() == names
    assert [name.kind.value for name in names] == ["save", "rename", "delete", "save"]


def test_a_further_writer_comes_after_what_waits(spool: Spool, clock: Clock) -> None:
    first = save(spool, b"1")
    clock.go(-100)
    other = Spool(spool.directory, clock=clock.nanoseconds)
    second = save(other, b"2")
    other.close()
    assert spool.waiting() == [first, second]


def test_the_items_of_a_notebook_are_found_by_its_key(spool: Spool) -> None:
    first, _, third = save(spool, b"1"), save(spool, b"2", "b.ipynb"), save(spool, b"3")
    assert spool.waiting_for(key_of(URL, "a.ipynb")) == [first, third]


# accepting


def test_an_item_is_read_back(spool: Spool) -> None:
    name = save(spool, b"content")
    assert spool.read(name) == a_save()._replace(content=b"content")
    assert spool.header(name) == a_save()


def test_a_long_header_is_read_back(spool: Spool) -> None:
    item = a_save()._replace(author="a" * 60_000)
    name = put(spool, item, bytes(100_000))
    assert spool.header(name) == item


def test_an_item_waits_once_its_writer_has_confirmed_it(spool: Spool) -> None:
    name = begin(spool)
    assert spool.listed() == ([], [name])
    assert spool.header(name) == a_save()
    spool.confirm(name)
    assert spool.listed() == ([name], [])


def test_an_item_that_is_cancelled_is_gone(spool: Spool) -> None:
    spool.cancel(begin(spool))
    assert listed(spool) == []


def test_what_a_living_writer_has_not_confirmed_does_not_wait(spool: Spool, clock: Clock) -> None:
    name = begin(spool)
    other = Spool(spool.directory, clock=clock.nanoseconds)
    assert other.listed() == ([], [name])


DYING = """
import os, sys
from depository.spool.directory import Spool
from tests.spool.spools import a_save
spool = Spool(sys.argv[1], clock=lambda: 1)
name = spool.begin(a_save(), [b"content"])
if sys.argv[2] == "torn":
    file = os.path.join(spool.directory, "items", f"{name}.new")
    os.truncate(file, os.stat(file).st_size - 1)
os._exit(9)
"""


@pytest.mark.parametrize(("how", "count"), [("whole", 1), ("torn", 0)])
def test_what_a_dead_writer_has_written_whole_is_accepted(spool: Spool, how: str, count: int) -> None:
    subprocess.run([sys.executable, "-c", DYING, spool.directory, how], cwd=ROOT, check=False)
    assert [file.endswith(".new") for file in listed(spool)] == [True]
    assert [spool.read(name).content for name in spool.waiting()] == [b"content"] * count
    assert [file.endswith(".item") for file in listed(spool)] == [True] * count


BLANK = """
import os, sys
from depository.spool.directory import Spool
from tests.spool.spools import a_save
spool = Spool(sys.argv[1], clock=lambda: 1)
name = spool.begin(a_save(), [b"content"])
file = os.path.join(spool.directory, "items", f"{name}.new")
if sys.argv[2] != "whole":
    os.truncate(file, {"torn": os.stat(file).st_size - 1, "begun": 5}[sys.argv[2]])
os.rename(file, os.path.join(spool.directory, "blanks", f"{name.writer}-1"))  # the rename did not reach the disk
spool.prepare()
os._exit(9)
"""


@pytest.mark.parametrize(("how", "count"), [("whole", 1), ("torn", 0), ("begun", 0)])
def test_an_item_whose_name_was_lost_with_the_power_is_found_among_the_blanks(
    spool: Spool, how: str, count: int
) -> None:
    subprocess.run([sys.executable, "-c", BLANK, spool.directory, how], cwd=ROOT, check=False)
    assert len(listed(spool, "blanks")) > 1
    assert [spool.read(name).content for name in spool.waiting()] == [b"content"] * count
    assert listed(spool, "blanks") == []


def test_the_blanks_of_a_living_writer_are_left_to_it(spool: Spool, clock: Clock) -> None:
    spool.prepare()
    blanks = listed(spool, "blanks")
    assert blanks
    assert Spool(spool.directory, clock=clock.nanoseconds).waiting() == []
    assert listed(spool, "blanks") == blanks


@pytest.mark.parametrize("content", [b"content", [b"content"], [b"con", b"", b"tent"], [bytes(3 << 20), b"", b"end"]])
def test_an_item_is_on_disk_with_its_name_before_begin_returns(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, content: bytes | list[bytes]
) -> None:
    synced: dict[int, int] = {}
    sync = os.fsync

    def noting(descriptor: int) -> None:
        sync(descriptor)
        found = os.fstat(descriptor)
        synced[found.st_ino] = len(listed(spool, "blanks")) if stat.S_ISDIR(found.st_mode) else found.st_size

    monkeypatch.setattr(os, "fsync", noting)
    spool.prepare()
    name = spool.begin(a_save(), content)
    found = os.stat(os.path.join(spool.directory, "items", f"{name}.new"))
    assert synced[found.st_ino] == found.st_size, "all of it"
    blanks = os.stat(os.path.join(spool.directory, "blanks")).st_ino
    assert synced[blanks] == len(listed(spool, "blanks")) + 1, "the name that it was written under"


def test_a_writer_that_has_closed_leaves_what_it_has_written(spool: Spool, clock: Clock) -> None:
    other = Spool(spool.directory, clock=clock.nanoseconds)
    name = begin(other)
    other.close()
    assert spool.waiting() == [name]


def test_a_writer_that_fails_leaves_nothing(spool: Spool) -> None:
    def broken() -> "list[bytes]":
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        spool.begin(a_save(), (part for part in [b"con", *broken()]))
    assert listed(spool) == []


def test_others_may_not_read_the_spool(spool: Spool) -> None:
    name = save(spool, b"content")
    for file in (spool.directory, os.path.join(spool.directory, "items")):
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(os.path.join(spool.directory, "items", f"{name}.item")).st_mode) == 0o600


def test_a_spool_that_is_full_refuses_and_takes_again_what_fits(tmp_path: Path, clock: Clock) -> None:
    spool = Spool(str(tmp_path / "spool"), limit=1000, clock=clock.nanoseconds)
    name = save(spool, bytes(600))
    with pytest.raises(StorageFull, match="of at most 1,000: this save is not archived"):
        save(spool, bytes(600))
    spool.remove(name)
    save(spool, bytes(600))
    spool.close()


def test_a_spool_that_cannot_be_made_is_an_error_in_words(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be used"):
        Spool(str(tmp_path / "file"), clock=clock.nanoseconds)


# taking


@pytest.mark.parametrize("for_good", [False, True])
def test_what_must_not_be_done_twice_is_brought_to_the_disk_as_it_is_removed(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, for_good: bool
) -> None:
    name = delete(spool, "a")
    seen: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(disk, "sync_directory", lambda directory: seen.append((directory, listed(spool))))
    spool.remove(name, for_good=for_good)
    assert seen == ([(os.path.join(spool.directory, "items"), [])] if for_good else [])


def test_an_item_that_is_removed_no_longer_waits(spool: Spool) -> None:
    name = save(spool, b"content")
    spool.remove(name)
    spool.remove(name)  # it may have been done before
    assert spool.waiting() == []
    with pytest.raises(FileNotFoundError):
        spool.read(name)
    with pytest.raises(FileNotFoundError):
        spool.header(name)
    assert spool.size_of(name) == 0


def test_an_item_that_is_set_aside_says_why_and_can_be_taken_back(spool: Spool) -> None:
    name = save(spool, b"content")
    file = spool.set_aside(name, "It cannot be archived.")
    assert os.path.exists(file)
    assert (spool.waiting(), spool.aside()) == ([], [(name, "It cannot be archived.")])
    spool.take_back(name)
    assert (spool.waiting(), spool.aside()) == ([name], [])
    assert listed(spool, "aside") == []


def test_an_automatic_save_can_be_kept_apart(spool: Spool) -> None:
    name = save(spool, b"content", automatic=True)
    assert name.is_automatic
    wanted = spool.keep_apart(name)
    assert spool.waiting() == [wanted]
    assert not wanted.is_automatic


def test_foreign_files_are_left_alone(spool: Spool) -> None:
    Path(spool.directory, "items", "notes.txt").touch()
    assert spool.waiting() == []
    assert listed(spool) == ["notes.txt"]


def test_one_at_a_time_archives_into_a_depository(spool: Spool) -> None:
    with (
        spool.archiving_into(URL) as first,
        spool.archiving_into(URL) as second,
        spool.archiving_into("another") as third,
    ):
        assert (first, second, third) == (True, False, True)
    with spool.archiving_into(URL) as again:
        assert again


def test_a_name_tells_when_it_was_accepted(spool: Spool) -> None:
    assert save(spool, notebook(1)).milliseconds == START
