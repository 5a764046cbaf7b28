"""Versions kept on this machine: at hand while they wait and afterwards, in bounds, and never something else."""

import os
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import NoVersion
from depository.spool import kept
from depository.spool.directory import Name, Spool, key_of
from depository.spool.items import Item, Kind
from depository.spool.kept import Kept

URL = "file:///srv/depository"
PATH = "kylek/files/analysis.ipynb"
KEY = key_of(URL, PATH)
SECOND = 10**9
PLENTY = 1024**2


class Here:
    """A spool, and what a server and the process that archives do with it."""

    def __init__(self, directory: Path) -> None:
        self.now = 1_790_000_000 * SECOND
        self.numbers = count(1)
        self.spool = Spool(str(directory), clock=lambda: self.now)

    def save(self, content: bytes, path: str = PATH, *, is_automatic: bool = False) -> Name:
        """Accept a save; a second has passed."""
        self.now += SECOND
        item = Item(Kind.SAVE, self.now // 10**6, "ann", "save", path, URL, path)
        name = self.spool.begin(item, [content], is_automatic=is_automatic)
        self.spool.confirm(name)
        return name

    def rename(self, old: str, new: str, *, directory: bool = False) -> Name:
        """Accept a rename; a second has passed."""
        self.now += SECOND
        item = Item(Kind.RENAME, self.now // 10**6, "ann", "rename", new, URL, new, old=old, directory=directory)
        name = self.spool.begin(item, [])
        self.spool.confirm(name)
        return name

    def archive(self, name: Name, *, number: int | None = None, most: int = 20, most_bytes: int = PLENTY) -> None:
        """What happens to a save once it is in the archive."""
        content = self.spool.read(name).content
        number = number if number is not None else next(self.numbers)
        kept.keep(self.spool, name, content, number, most=most, most_bytes=most_bytes)
        self.spool.remove(name)

    def archived(self, contents: Iterable[bytes], path: str = PATH, *, most: int = 20) -> list[Name]:
        names = []
        for content in contents:
            names.append(self.save(content, path))
            self.archive(names[-1], most=most)
        return names

    def listed(self, path: str = PATH) -> list[Kept]:
        return kept.listed(self.spool, key_of(URL, path), kept.spans(self.spool, URL, path))

    def contents(self, path: str = PATH) -> list[bytes]:
        earlier = kept.spans(self.spool, URL, path)
        return [kept.read(self.spool, key_of(URL, path), version.id, earlier) for version in self.listed(path)]

    def files(self) -> list[Path]:
        return sorted(file for file in Path(self.spool.directory, "kept").rglob("*") if file.is_file())


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path / "spool")
    yield made
    made.spool.close()


def test_what_waits_is_listed_without_a_number(here: Here) -> None:
    name = here.save(b"one")

    assert here.listed() == [Kept(f"{name.stamp:016x}", here.now // 10**6, None)]


def test_what_was_archived_is_listed_with_its_number_under_the_id_that_it_had(here: Here) -> None:
    name = here.save(b"one")
    (before,) = here.listed()
    here.archive(name)

    assert here.listed() == [before._replace(number=1)]
    assert kept.read(here.spool, KEY, before.id) == b"one"


def test_the_oldest_comes_first_whether_it_waits_or_is_kept(here: Here) -> None:
    here.archived([b"one", b"two"])
    here.save(b"three")

    assert here.contents() == [b"one", b"two", b"three"]


def test_a_version_that_is_kept_and_still_waits_is_listed_once(here: Here) -> None:
    name = here.save(b"one")
    kept.keep(here.spool, name, b"one", 1, most=20, most_bytes=PLENTY)

    assert [version.number for version in here.listed()] == [1]


def test_a_save_that_its_writer_has_yet_to_confirm_is_at_hand(here: Here) -> None:
    item = Item(Kind.SAVE, 0, "ann", "save", PATH, URL, PATH)
    here.spool.begin(item, [b"new"])

    assert here.contents() == [b"new"]


def test_other_notebooks_have_versions_of_their_own(here: Here) -> None:
    here.archived([b"one"])
    other = here.archived([b"two"], "kylek/files/other.ipynb")[0]

    assert here.contents() == [b"one"]
    with pytest.raises(NoVersion):
        kept.read(here.spool, KEY, f"{other.stamp:016x}")


def test_the_newest_of_a_notebook_stay(here: Here) -> None:
    here.archived([b"%d" % number for number in range(7)], most=3)

    assert here.contents() == [b"4", b"5", b"6"]
    assert len(here.files()) == 3


def test_no_more_are_listed_than_are_asked_for(here: Here) -> None:
    here.archived([b"one", b"two"])
    here.save(b"three")

    assert len(kept.listed(here.spool, KEY, most=2)) == 2


def test_an_older_one_that_is_kept_late_takes_its_place_in_the_order(here: Here) -> None:
    older, newer = here.save(b"older"), here.save(b"newer")
    here.archive(newer)
    here.archive(older)

    assert here.contents() == [b"older", b"newer"]


def test_the_latest_of_the_same_content_stays_whichever_is_kept_first(here: Here) -> None:
    older, newer = here.save(b"one"), here.save(b"one")
    here.archive(newer)
    here.archive(older)

    assert [version.id for version in here.listed()] == [f"{newer.stamp:016x}"]


def test_of_all_notebooks_the_oldest_make_room(here: Here) -> None:
    contents = {f"kylek/files/{number}.ipynb": os.urandom(1000) for number in range(6)}
    for path, content in contents.items():
        here.archive(here.save(content, path), most_bytes=3500)

    assert [here.contents(path) for path in contents] == [
        [],
        [],
        [],
        *([content] for content in [*contents.values()][3:]),
    ]


def test_what_other_processes_kept_counts_before_long(here: Here) -> None:
    here.archive(here.save(os.urandom(1000), "kylek/files/first.ipynb"), most_bytes=3000)
    other = Spool(here.spool.directory, clock=lambda: here.now)
    for _ in range(2):
        name = here.save(os.urandom(1000), "kylek/files/other.ipynb")
        kept.keep(other, name, here.spool.read(name).content, 1, most=20, most_bytes=3000)
        here.spool.remove(name)
    for number in range(300):
        here.archive(here.save(b"%d" % number), most_bytes=3000)

    assert sum(file.stat().st_size for file in here.files()) <= 3000


def test_what_is_larger_than_all_the_room_is_not_kept_and_takes_none(here: Here) -> None:
    here.archived([b"small"])
    here.archive(here.save(os.urandom(2000)), most_bytes=1000)

    assert here.contents() == [b"small"]


def test_nothing_is_kept_where_none_are_wanted(here: Here) -> None:
    here.archived([b"one"], most=0)

    assert here.files() == []


def test_what_repeats_compresses(here: Here) -> None:
    here.archived([b"a cell, " * 10_000])

    assert here.files()[0].stat().st_size < 1000


def test_neighbours_with_the_same_content_are_one_and_the_latest_is_told(here: Here) -> None:
    here.archived([b"one", b"two"])
    here.archive(here.save(b"two"), number=2)
    last = here.save(b"two")

    assert here.listed()[1:] == [Kept(f"{last.stamp:016x}", last.milliseconds, 2)]
    assert here.contents() == [b"one", b"two"]
    assert len(here.files()) == 2


def test_the_same_content_later_on_is_a_version_of_its_own(here: Here) -> None:
    here.archived([b"one", b"two", b"one"])

    assert here.contents() == [b"one", b"two", b"one"]


def test_of_a_run_of_automatic_saves_the_last_is_offered(here: Here) -> None:
    for number in range(5):
        here.save(b"%d" % number, is_automatic=True)

    assert here.contents() == [b"4"]


def test_a_save_by_hand_stands_for_the_automatic_ones_before_it(here: Here) -> None:
    here.save(b"typing", is_automatic=True)
    here.save(b"done")

    assert here.contents() == [b"done"]


def test_automatic_saves_with_a_pause_between_them_are_offered_each(here: Here) -> None:
    here.save(b"one", is_automatic=True)
    here.now += 120 * SECOND
    here.save(b"two", is_automatic=True)

    assert here.contents() == [b"one", b"two"]


def test_what_is_kept_follows_a_rename(here: Here) -> None:
    here.archived([b"one", b"two"])
    kept.moved(here.spool, KEY, key_of(URL, "new.ipynb"))

    assert here.contents("new.ipynb") == [b"one", b"two"]
    assert here.listed() == []
    assert os.listdir(os.path.join(here.spool.directory, "kept")) == [key_of(URL, "new.ipynb")]


def test_following_twice_is_following_once(here: Here) -> None:
    here.archived([b"one"])
    for _ in range(2):
        kept.moved(here.spool, KEY, key_of(URL, "new.ipynb"))

    assert here.contents("new.ipynb") == [b"one"]


def test_what_was_kept_at_the_new_path_stays(here: Here) -> None:
    here.archived([b"one"], "new.ipynb")
    here.archived([b"two"])
    kept.moved(here.spool, KEY, key_of(URL, "new.ipynb"))

    assert here.contents("new.ipynb") == [b"one", b"two"]


def test_what_was_saved_after_the_rename_belongs_to_another_notebook(here: Here) -> None:
    here.archived([b"one"])
    renamed = here.rename(PATH, "new.ipynb")
    here.archived([b"another"])
    kept.moved(here.spool, KEY, key_of(URL, "new.ipynb"), before=renamed.stamp)

    assert here.contents("new.ipynb") == [b"one"]
    assert here.contents() == [b"another"]


def test_a_move_to_itself_changes_nothing(here: Here) -> None:
    here.archived([b"one"])
    kept.moved(here.spool, KEY, KEY)

    assert here.contents() == [b"one"]


def test_what_waits_is_found_through_a_rename_that_waits(here: Here) -> None:
    here.archived([b"one"])
    here.save(b"two")
    here.rename(PATH, "new.ipynb")
    here.save(b"three", "new.ipynb")

    assert here.contents("new.ipynb") == [b"one", b"two", b"three"]


def test_what_waits_is_found_through_the_rename_of_a_directory_and_another_rename(here: Here) -> None:
    here.save(b"one", "a/b/x.ipynb")
    here.rename("a", "c", directory=True)
    here.save(b"two", "c/b/x.ipynb")
    here.rename("c/b/x.ipynb", "c/b/y.ipynb")
    here.save(b"three", "c/b/y.ipynb")

    assert here.contents("c/b/y.ipynb") == [b"one", b"two", b"three"]


def test_what_waits_at_the_old_path_after_a_rename_is_not_mistaken_for_it(here: Here) -> None:
    here.save(b"one")
    here.rename(PATH, "new.ipynb")
    another = here.save(b"another")

    assert here.contents("new.ipynb") == [b"one"]
    with pytest.raises(NoVersion):
        kept.read(
            here.spool, key_of(URL, "new.ipynb"), f"{another.stamp:016x}", kept.spans(here.spool, URL, "new.ipynb")
        )


def test_what_had_the_path_before_it_was_taken_is_not_mistaken_for_it(here: Here) -> None:
    here.save(b"another", "a.ipynb")
    here.rename("a.ipynb", "another.ipynb")
    here.save(b"one", "x.ipynb")
    here.rename("x.ipynb", "a.ipynb")
    here.rename("a.ipynb", "b.ipynb")

    assert here.contents("b.ipynb") == [b"one"]


def test_two_notebooks_that_exchange_their_paths_exchange_their_versions(here: Here) -> None:
    here.save(b"a", "a.ipynb")
    here.save(b"b", "b.ipynb")
    here.rename("a.ipynb", "c.ipynb")
    here.rename("b.ipynb", "a.ipynb")
    here.rename("c.ipynb", "b.ipynb")

    assert here.contents("a.ipynb") == [b"b"]
    assert here.contents("b.ipynb") == [b"a"]


def test_the_list_is_the_same_at_each_step_while_a_rename_is_archived(here: Here) -> None:
    first = here.archived([b"one"])[0]
    second = here.save(b"two")
    rename = here.rename(PATH, "new.ipynb")
    seen = [here.contents("new.ipynb")]
    kept.moved(here.spool, KEY, key_of(URL, "new.ipynb"))
    seen.append(here.contents("new.ipynb"))
    here.archive(second)
    seen.append(here.contents("new.ipynb"))
    kept.moved(here.spool, KEY, key_of(URL, "new.ipynb"))
    seen.append(here.contents("new.ipynb"))
    here.spool.remove(rename)
    seen.append(here.contents("new.ipynb"))

    assert seen == [[b"one", b"two"]] * 5
    assert first.stamp < second.stamp


@pytest.mark.parametrize("length", [0, 7])
def test_a_torn_file_is_not_listed(here: Here, length: int) -> None:
    here.archived([b"one", b"two"])
    os.truncate(here.files()[1], length)

    assert here.contents() == [b"one"]


def test_a_file_whose_blocks_were_lost_is_not_taken_for_its_version(here: Here) -> None:
    name = here.archived([b"one"])[0]
    file = here.files()[0]
    file.write_bytes(bytes(file.stat().st_size))

    with pytest.raises(NoVersion):
        kept.read(here.spool, KEY, f"{name.stamp:016x}")


def test_a_file_that_holds_another_content_is_not_taken_for_its_version(here: Here) -> None:
    first, second = here.archived([b"one", b"two"])
    one, two = here.files()
    one.write_bytes(two.read_bytes())

    assert kept.read(here.spool, KEY, f"{second.stamp:016x}") == b"two"
    with pytest.raises(NoVersion):
        kept.read(here.spool, KEY, f"{first.stamp:016x}")


def test_what_a_killed_process_left_is_ignored_and_replaced_when_the_item_is_met_again(here: Here) -> None:
    name = here.save(b"one")
    directory = Path(here.spool.directory, "kept", KEY)
    directory.mkdir()
    (directory / f"{name.stamp:016x}.part").write_bytes(b"half a fr")
    assert [version.number for version in here.listed()] == [None]
    here.archive(name)

    assert here.contents() == [b"one"]
    assert len(here.files()) == 1


def test_keeping_twice_is_keeping_once(here: Here) -> None:
    name = here.save(b"one")
    for _ in range(2):
        kept.keep(here.spool, name, b"one", 1, most=20, most_bytes=PLENTY)

    assert len(here.files()) == 1


def test_a_damaged_item_is_said_to_be_damaged(here: Here) -> None:
    name = here.save(b"some content")
    file = Path(here.spool.directory, "items", f"{name}.item")
    data = bytearray(file.read_bytes())
    data[-20] ^= 1
    file.write_bytes(data)

    with pytest.raises(NoVersion, match="damaged"):
        kept.read(here.spool, KEY, f"{name.stamp:016x}")


def test_a_disk_that_does_not_take_it_is_no_error(here: Here) -> None:
    name = here.save(b"one")
    Path(here.spool.directory, "kept", KEY).write_bytes(b"a file where a directory should be")

    assert not kept.keep(here.spool, name, b"one", 1, most=20, most_bytes=PLENTY)


@pytest.mark.parametrize(
    "asked",
    ["{}\n", "{}0", "", "checkpoint", "../../../etc/passwd", "0" * 15, "0" * 17, "\u0661" * 16, "ABCDEF0123456789"],
)
def test_an_id_that_is_none_finds_nothing(here: Here, asked: str) -> None:
    name = here.archived([b"one"])[0]

    with pytest.raises(NoVersion):
        kept.read(here.spool, KEY, asked.format(f"{name.stamp:016x}"))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12), st.integers(1, 5))
def test_the_list_is_the_last_of_what_was_saved_however_far_archiving_is(
    tmp_path_factory: pytest.TempPathFactory, saves: list[tuple[str, bool]], most: int
) -> None:
    here = Here(tmp_path_factory.mktemp("property"))
    names = [here.save(text.encode()) for text, _ in saves]
    for name, (_, is_archived) in zip(names, saves, strict=True):
        if not is_archived:
            break
        here.archive(name, most=most)
    changes = [text for at, (text, _) in enumerate(saves) if at == 0 or saves[at - 1][0] != text]
    found = kept.listed(here.spool, KEY, most=most)

    assert [kept.read(here.spool, KEY, version.id).decode() for version in found] == changes[-most:]
    here.spool.close()
