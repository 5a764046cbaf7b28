"""Archiving what waits for one depository."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from depository.backends.base import Condition, Stored
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.backends.wrapper import Wrapper
from depository.depository import Depository
from depository.errors import (
    AccessDenied,
    AlteredObject,
    DepositoryError,
    InvalidURL,
    NoBucket,
    StorageError,
    StorageFull,
    Unreachable,
    UnsupportedFormat,
)
from depository.models import Draft, Version
from depository.spool import problems
from depository.spool.applying import LARGE, MOST_TRIES
from depository.spool.backlog import Backlog, Located
from depository.spool.directory import Name, Spool, key_of
from depository.spool.drain import Drain
from depository.spool.items import Item, Kind
from depository.spool.schedule import Entry
from depository.testing.faults import Fault, Faulty, Killed
from tests.api.stores import depository_on, found
from tests.spool.spools import START, URL, Bench, a_save, delete, notebook, nowhere, numbered, put, rename, save

ROOT = Path(__file__).parents[2]


class Switch(Wrapper):
    """The backend that it was given, until a test has it fail."""

    error: DepositoryError | None = None
    only = ""

    def get(self, key: str, *, limit: int) -> Stored:
        self._check(key)
        return super().get(key, limit=limit)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        self._check(key)
        return super().put(key, data, condition)

    def _check(self, key: str) -> None:
        if self.error and key.startswith(self.only):
            raise self.error


@pytest.fixture
def switch(bench: Bench) -> Switch:
    bench.places.backend = switch = Switch(bench.places.backend)
    return switch


# what is archived


def test_a_save_is_archived_and_no_longer_waits(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    bench.drain.run()
    assert bench.files() == [notebook(1)]
    assert bench.waiting() == []


def test_a_version_says_who_saved_it_and_when(bench: Bench) -> None:
    put(bench.spool, a_save(author="bob", time=START - 5000)._replace(cause="restore"), notebook(1))
    bench.clock.go(2)
    bench.drain.run()
    with depository_on(bench.places.backend) as depository:
        version = depository.resolve("a.ipynb")
    assert (version.author, version.cause, version.time.timestamp() * 1000) == ("bob", "restore", START - 5000)


def test_what_was_archived_is_told(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    bench.clock.go(2)
    bench.drain.run()
    (event,) = bench.heard
    with depository_on(bench.places.backend) as depository:
        digest = depository.resolve("a.ipynb").hash
    assert event == {
        "event": "archived",
        "url": URL,
        "path": "a.ipynb",
        "shown": "shown/a.ipynb",
        "file": "/home/ann/a.ipynb",
        "version": 1,
        "hash": digest,
        "author": "ann",
        "cause": "save",
        "time": START,
        "waited": 2.0,
        "fresh": True,
    }


def test_saves_of_a_path_are_archived_in_order(bench: Bench) -> None:
    for content in numbered(150):
        save(bench.spool, content)
    bench.drain.run()
    assert bench.files() == list(numbered(150))


def test_a_burst_on_one_path_takes_one_manifest_write_a_batch(bench: Bench, store: Metering) -> None:
    for content in numbered(1000):
        save(bench.spool, content)
    bench.drain.run()
    writes = [call for call in store.log if call.operation == "put" and call.key.startswith("manifests/")]
    assert len(writes) == 16  # of 64 versions each
    with depository_on(store) as depository:
        assert depository.resolve("a.ipynb").number == 1000


def test_a_burst_on_a_hundred_paths_takes_one_manifest_write_each(bench: Bench, store: Metering) -> None:
    for number, content in enumerate(numbered(1000)):
        save(bench.spool, content, f"{number % 100}.ipynb")
    bench.drain.run()
    writes = [call for call in store.log if call.operation == "put" and call.key.startswith("manifests/")]
    assert len(writes) == 100
    assert bench.files("7.ipynb") == [notebook(number) for number in range(7, 1000, 100)]


def test_identical_saves_in_a_row_are_one_version(bench: Bench) -> None:
    for _ in range(3):
        save(bench.spool, notebook(1))
    bench.drain.run()
    assert bench.files() == [notebook(1)]
    assert [event["fresh"] for event in bench.heard] == [True, False, False]


def test_what_comes_while_others_are_archived_is_archived_too(bench: Bench, switch: Switch) -> None:
    come = threading.Event()

    class Late(Wrapper):
        def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
            if not come.is_set() and key.startswith("manifests/"):
                come.set()
                save(bench.spool, notebook(2))
            return super().put(key, data, condition)

    bench.places.backend = Late(bench.places.backend)
    save(bench.spool, notebook(1))
    bench.drain.run()
    assert bench.files() == [notebook(1), notebook(2)]


def test_a_run_of_automatic_saves_is_one_version_by_all_who_saved(bench: Bench) -> None:
    for number, author in enumerate(("ann", "bob", "ann")):
        save(bench.spool, notebook(number), author=author, automatic=True)
    bench.drain.run()
    assert bench.waiting() == ["save", "save", "save"]
    assert bench.drain.next == bench.clock.now + 60_000
    bench.clock.go(60)
    bench.drain.run()
    assert bench.files() == [notebook(2)]
    assert bench.heard.of("archived")[0]["author"] == "ann, bob"
    assert bench.waiting() == []


def test_a_flush_does_not_wait_for_the_end_of_a_run(bench: Bench) -> None:
    save(bench.spool, notebook(1), automatic=True)
    bench.drain.run(is_flush=True)
    assert bench.files() == [notebook(1)]


def test_an_author_that_no_version_can_have_is_made_to_fit(bench: Bench) -> None:
    save(bench.spool, notebook(1), author="é" * 200 + "\udcff")
    bench.drain.run()
    assert bench.heard.of("archived")[0]["author"] == "é" * 128


def test_an_item_that_its_writer_has_yet_to_confirm_holds_back_later_ones(bench: Bench) -> None:
    first = bench.spool.begin(a_save(), [notebook(1)])
    save(bench.spool, notebook(2))
    save(bench.spool, notebook(3), "b.ipynb")
    bench.drain.run()
    assert bench.paths() == ["b.ipynb"]
    bench.spool.confirm(first)
    bench.drain.run()
    assert bench.files() == [notebook(1), notebook(2)]


def test_an_item_that_is_never_confirmed_holds_back_others_for_a_minute_only(bench: Bench) -> None:
    bench.spool.begin(a_save(), [notebook(1)])
    save(bench.spool, notebook(2))
    bench.clock.go(60)
    bench.drain.run()
    assert bench.files() == [notebook(2)]


# renames and deletions


def test_a_rename_takes_the_history_along(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    rename(bench.spool, "a.ipynb", "b.ipynb")
    save(bench.spool, notebook(2), "b.ipynb")
    bench.drain.run()
    assert bench.files("b.ipynb") == [notebook(1), notebook(2)]
    assert bench.paths() == ["b.ipynb"]
    assert [event["event"] for event in bench.heard] == ["archived", "renamed", "archived"]


def test_a_rename_of_a_directory_takes_all_below_it_along(bench: Bench) -> None:
    for path in ("old/a.ipynb", "old/deep/b.ipynb", "older.ipynb"):
        save(bench.spool, notebook(1), path)
    rename(bench.spool, "old", "new", directory=True)
    bench.drain.run()
    assert bench.paths() == ["new/a.ipynb", "new/deep/b.ipynb", "older.ipynb"]


def test_a_rename_over_a_notebook_deletes_that_one_first(bench: Bench) -> None:
    save(bench.spool, notebook(1), "a.ipynb")
    save(bench.spool, notebook(2), "b.ipynb")
    rename(bench.spool, "a.ipynb", "b.ipynb")
    bench.drain.run()
    assert bench.files("b.ipynb") == [notebook(1)]
    with depository_on(bench.places.backend) as depository:
        depository.undelete("b.ipynb", to="c.ipynb")
    assert bench.files("c.ipynb") == [notebook(2)]


def test_a_rename_of_what_was_never_archived_is_no_error(bench: Bench) -> None:
    rename(bench.spool, "a.ipynb", "b.ipynb")
    bench.drain.run()
    assert (bench.waiting(), bench.heard) == ([], [])


def test_a_rename_to_the_same_path_is_no_error(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    rename(bench.spool, "a.ipynb", "a.ipynb")
    bench.drain.run()
    assert bench.files() == [notebook(1)]
    assert bench.waiting() == []


def test_a_rename_out_of_nowhere_archives_the_file(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "b.ipynb").write_bytes(notebook(1))
    item = Item(Kind.RENAME, START, "ann", "rename", "b.ipynb", URL, "b.ipynb", file=str(tmp_path / "b.ipynb"))
    put(bench.spool, item)
    bench.drain.run()
    assert bench.files("b.ipynb") == [notebook(1)]


def test_a_rename_of_a_directory_out_of_nowhere_archives_its_notebooks(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "d" / ".ipynb_checkpoints").mkdir(parents=True)
    for name in ("a.ipynb", "a.txt", ".ipynb_checkpoints/a.ipynb"):
        (tmp_path / "d" / name).write_bytes(notebook(1))
    item = Item(Kind.RENAME, START, "ann", "rename", "d", URL, "d", file=str(tmp_path / "d"), directory=True)
    put(bench.spool, item)
    bench.drain.run()
    assert bench.paths() == ["d/a.ipynb"]


def test_a_deletion_is_archived(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    delete(bench.spool, "a.ipynb")
    bench.drain.run()
    assert bench.paths() == []
    assert bench.heard.of("deleted")[0]["path"] == "a.ipynb"


def test_a_deletion_of_a_directory_deletes_all_below_it(bench: Bench) -> None:
    for path in ("old/a.ipynb", "old/deep/b.ipynb", "older.ipynb"):
        save(bench.spool, notebook(1), path)
    delete(bench.spool, "old", directory=True)
    bench.drain.run()
    assert bench.paths() == ["older.ipynb"]


def test_a_notebook_saved_after_its_deletion_is_there(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    delete(bench.spool, "a.ipynb")
    save(bench.spool, notebook(2))
    bench.drain.run()
    assert bench.paths() == ["a.ipynb"]
    assert bench.files() == [notebook(1), notebook(2)]


# what is kept at hand


class Shelf:
    """Where a test finds what was kept."""

    def __init__(self) -> None:
        self.kept: list[tuple[Name, bytes, int]] = []
        self.keys: list[tuple[str, str, int]] = []
        self.error: Exception | None = None

    def keep(self, name: Name, data: bytes, number: int) -> None:
        if self.error:
            raise self.error
        self.kept.append((name, data, number))

    def moved(self, old: str, new: str, before: int) -> None:
        self.keys.append((old, new, before))


@pytest.fixture
def shelf(bench: Bench) -> Shelf:
    shelf = Shelf()
    bench.tools = bench.tools._replace(kept=shelf)
    bench.drain = bench.another()
    return shelf


def test_what_was_archived_is_kept_with_its_number(bench: Bench, shelf: Shelf) -> None:
    names = [save(bench.spool, content) for content in numbered(2)]
    bench.drain.run()
    assert shelf.kept == [(names[0], notebook(0), 1), (names[1], notebook(1), 2)]


def test_what_is_kept_follows_a_rename(bench: Bench, shelf: Shelf) -> None:
    save(bench.spool, notebook(1), "old/a.ipynb")
    name = rename(bench.spool, "old", "new", directory=True)
    bench.drain.run()
    assert shelf.keys == [(key_of(URL, "old/a.ipynb"), key_of(URL, "new/a.ipynb"), name.stamp)]


def test_what_cannot_be_kept_is_archived_all_the_same(bench: Bench, shelf: Shelf) -> None:
    shelf.error = StorageFull("The disk is full.")
    save(bench.spool, notebook(1))
    bench.drain.run()
    assert bench.files() == [notebook(1)]
    assert bench.waiting() == []


# what is set aside


def test_a_damaged_item_is_set_aside_and_the_others_are_archived(bench: Bench) -> None:
    names = [save(bench.spool, content) for content in numbered(3)]
    file = Path(bench.spool.directory, "items", f"{names[1]}.item")
    data = bytearray(file.read_bytes())
    data[-20] ^= 1
    file.write_bytes(data)
    bench.drain.run()
    assert bench.files() == [notebook(0), notebook(2)]
    ((name, why),) = bench.spool.aside()
    assert name == names[1]
    assert why.startswith("The item is damaged, and cannot be archived: ")
    assert bench.heard.of("aside")[0]["sentence"] == why


def test_a_large_item_that_ends_whoever_archives_it_is_set_aside_and_the_others_are_archived(bench: Bench) -> None:
    large = save(bench.spool, bytes(LARGE))
    save(bench.spool, notebook(1), "b.ipynb")
    code = f"""
import os, signal, time
from depository.spool.directory import Name, Spool
with Spool({bench.spool.directory!r}, clock=time.time_ns).trying(Name.parse({str(large)!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    for _ in range(MOST_TRIES):
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == -signal.SIGKILL
    bench.drain.run()
    ((name, why),) = bench.spool.aside()
    assert name == large
    assert "more memory than there is" in why
    assert bench.files("b.ipynb") == [notebook(1)]


def test_a_large_item_that_could_not_be_archived_is_not_blamed_for_it(bench: Bench, switch: Switch) -> None:
    save(bench.spool, bytes(LARGE))
    switch.error = Unreachable("Nobody answers.")
    for _ in range(MOST_TRIES + 1):
        bench.drain.run(is_flush=True)
    switch.error = None
    bench.drain.run(is_flush=True)
    assert bench.files() == [bytes(LARGE)]


def test_an_item_whose_header_is_damaged_is_set_aside(bench: Bench) -> None:
    name = save(bench.spool, notebook(1))
    Path(bench.spool.directory, "items", f"{name}.item").write_bytes(b"something else")
    bench.drain.run()
    assert [name for name, _ in bench.spool.aside()] == [name]


def test_what_no_depository_can_hold_is_set_aside_and_the_others_are_archived(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    bad = put(bench.spool, a_save()._replace(cause="c" * 300), notebook(2))
    save(bench.spool, notebook(3))
    save(bench.spool, notebook(4), "bad\n.ipynb")
    bench.drain.run()
    assert bench.files() == [notebook(1), notebook(3)]
    assert bench.spool.aside()[0][0] == bad
    assert "a control character" in bench.spool.aside()[1][1]
    assert bench.waiting() == []


def test_an_automatic_save_that_is_set_aside_leaves_the_ones_before_it(bench: Bench) -> None:
    save(bench.spool, notebook(1), automatic=True)
    put(bench.spool, a_save()._replace(cause="c" * 300), notebook(2), is_automatic=True)
    bench.drain.run(is_flush=True)
    assert bench.files() == [notebook(1)]


class Clumsy(Depository):
    """Fails for a reason that nobody foresaw, on one content."""

    bad = b""
    tries = 0

    def save_all(  # type: ignore[override]
        self, path: str, drafts: "list[Draft]", *, resumed: bool = False, look_again: bool = False
    ) -> list[Version]:
        if any(draft.content == self.bad for draft in drafts):
            if len(drafts) == 1:
                type(self).tries += 1
            raise ZeroDivisionError("division by zero")
        return super().save_all(path, drafts, resumed=resumed, look_again=look_again)


def test_what_fails_for_no_known_reason_three_times_is_set_aside(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clumsy, "tries", 0)
    monkeypatch.setattr(Clumsy, "bad", notebook(1))
    monkeypatch.setattr(bench.places, "open", lambda url, s3: Clumsy(bench.places.backend))
    for content in numbered(3):
        save(bench.spool, content)
    save(bench.spool, notebook(4), "b.ipynb")
    bench.drain.run()
    assert (Clumsy.tries, bench.files(), bench.files("b.ipynb")) == (1, [notebook(0)], [notebook(4)])
    assert [problem.kind for problem in problems.read_all(bench.spool)] == ["bug"]
    for _ in range(2):
        bench.clock.go(300)
        bench.drain.run()
    assert (Clumsy.tries, bench.files()) == (3, [notebook(0), notebook(2)])
    assert bench.spool.aside()[0][1] == (
        "Archiving it failed 3 times, for a reason unknown: ZeroDivisionError: division by zero."
    )
    assert bench.heard.of("recovered") == [{"event": "recovered", "url": URL, "waiting": 0}]


# what is waited for

TROUBLES = {
    "unreachable": Unreachable("S3 does not answer."),
    "denied": AccessDenied("The credentials have expired."),
    "no-bucket": NoBucket("There is no bucket."),
    "full": StorageFull("The disk is full."),
    "newer": UnsupportedFormat("Upgrade."),
    "storage": StorageError("It did not do that."),
}


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_place_with_a_problem_is_waited_for_and_all_arrives_in_order(bench: Bench, switch: Switch, kind: str) -> None:
    for number, content in enumerate(numbered(30)):
        save(bench.spool, content, f"{number % 3}.ipynb")
    switch.error = TROUBLES[kind]
    bench.drain.run()
    assert len(bench.waiting()) == 30
    assert bench.heard == [{"event": "problem", "url": URL, "kind": kind, "sentence": str(switch.error), "waiting": 30}]
    switch.error = None
    bench.clock.go(1)
    bench.drain.run()
    assert bench.heard[-1] == {"event": "recovered", "url": URL, "waiting": 0}
    for start in range(3):
        assert bench.files(f"{start}.ipynb") == [notebook(number) for number in range(start, 30, 3)]


def test_a_problem_is_written_down_until_it_is_over(bench: Bench, switch: Switch) -> None:
    save(bench.spool, notebook(1))
    switch.error = Unreachable("S3 does not answer.")
    bench.drain.run()
    now = bench.clock.now
    wanted = problems.Problem(URL, "unreachable", "S3 does not answer.", now, 1, now + 1000)
    assert problems.read_all(bench.spool) == [wanted]
    bench.clock.go(1)
    bench.drain.run()
    assert problems.read_all(bench.spool) == [wanted._replace(tries=2, next=now + 3000)]
    switch.error = None
    bench.clock.go(2)
    bench.drain.run()
    assert problems.read_all(bench.spool) == []


def test_a_problem_is_told_once_and_again_when_it_changes(bench: Bench, switch: Switch) -> None:
    save(bench.spool, notebook(1))
    for sentence in ("S3 does not answer.", "S3 does not answer.", "The name is not known."):
        switch.error = Unreachable(sentence)
        bench.drain.run()
    assert [event["sentence"] for event in bench.heard] == ["S3 does not answer.", "The name is not known."]


def test_the_next_process_knows_since_when_a_problem_is_there(bench: Bench, switch: Switch) -> None:
    save(bench.spool, notebook(1))
    switch.error = Unreachable("S3 does not answer.")
    bench.drain.run()
    bench.clock.go(100)
    bench.another().run()
    assert problems.read_all(bench.spool)[0].since == START
    assert len(bench.heard.of("problem")) == 2


def test_tries_are_made_at_growing_intervals_up_to_five_minutes(bench: Bench, switch: Switch) -> None:
    save(bench.spool, notebook(1))
    switch.error = Unreachable("S3 does not answer.")
    waits = []
    for _ in range(11):
        bench.drain.run()
        assert not bench.drain.wants(bench.backlog.of(URL))
        assert bench.drain.next is not None
        waits.append((bench.drain.next - bench.clock.now) // 1000)
        bench.clock.now = bench.drain.next
        assert bench.drain.wants(bench.backlog.of(URL))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_clock_that_is_set_back_puts_nothing_off(bench: Bench, switch: Switch) -> None:
    save(bench.spool, notebook(1))
    switch.error = Unreachable("S3 does not answer.")
    bench.drain.run()
    bench.clock.go(-3600)
    assert bench.drain.wants(bench.backlog.of(URL))
    bench.drain.run()
    assert not bench.drain.wants(bench.backlog.of(URL))


def test_a_clock_that_is_set_back_puts_off_no_notebook(bench: Bench, switch: Switch) -> None:
    switch.error = AlteredObject("The manifest of 'a.ipynb' is damaged.")
    save(bench.spool, notebook(1))
    bench.drain.run()
    switch.error = None
    bench.clock.go(-3600)
    assert bench.drain.wants(bench.backlog.of(URL))
    bench.drain.run()
    assert bench.files() == [notebook(1)]


def test_a_clock_that_is_set_back_puts_off_no_look_for_where_an_item_belongs(bench: Bench) -> None:
    put(bench.spool, Item(Kind.SAVE, 1000, "ann", "save", "a.ipynb", None, None, file="/home/ann/a.ipynb"), notebook(1))
    looks: list[Item] = []

    def locate(item: Item) -> Located:
        looks.append(item)
        return nowhere(item)

    backlog = Backlog(bench.spool, locate=locate, announce=bench.heard, clock=bench.clock)
    for seconds, wanted in ((0, 1), (1, 1), (-3600, 2), (1, 2), (5, 3)):
        bench.clock.go(seconds)
        backlog.by_url()
        assert len(looks) == wanted, seconds


def test_a_wait_is_spread_by_up_to_a_half() -> None:
    assert problems.wait(5, lambda: 0.0) == 8_000
    assert problems.wait(5, lambda: 1.0) == 16_000


def test_new_saves_do_not_hurry_a_place_that_has_a_problem(bench: Bench, switch: Switch) -> None:
    save(bench.spool, notebook(1))
    switch.error = Unreachable("S3 does not answer.")
    bench.drain.run()
    save(bench.spool, notebook(2))
    assert not bench.drain.wants(bench.backlog.of(URL))


def test_a_lost_answer_makes_no_second_version(bench: Bench, store: Metering) -> None:
    with depository_on(store) as depository:
        depository.save("a.ipynb", notebook(0))
    faults = dict.fromkeys(range(100), Fault.UNKNOWN_AFTER)
    faulty = Faulty(store, faults, only="manifests/", broken="manifests/a.ipynb")
    bench.places.backend = faulty
    save(bench.spool, notebook(1))
    save(bench.spool, notebook(2))
    bench.drain.run()
    assert faulty.faults
    assert len(bench.waiting()) == 2
    bench.places.backend = store
    bench.another().run()
    assert bench.files() == [notebook(0), notebook(1), notebook(2)]


def test_a_damaged_notebook_waits_and_the_others_are_archived(bench: Bench, switch: Switch) -> None:
    switch.error = AlteredObject("The manifest of 'a.ipynb' is damaged.")
    switch.only = "manifests/a.ipynb"
    save(bench.spool, notebook(1), "a.ipynb")
    save(bench.spool, notebook(2), "b.ipynb")
    bench.drain.run()
    save(bench.spool, notebook(3), "b.ipynb")
    bench.drain.run()
    assert bench.files("b.ipynb") == [notebook(2), notebook(3)]
    assert [(p.kind, p.sentence) for p in problems.read_all(bench.spool)] == [("damaged", str(switch.error))]
    switch.error = None
    bench.clock.go(1)
    bench.drain.run()
    assert bench.files("a.ipynb") == [notebook(1)]
    assert problems.read_all(bench.spool) == []


def test_a_flush_tries_what_waits_after_a_failure(bench: Bench, switch: Switch) -> None:
    switch.error = AlteredObject("The manifest of 'a.ipynb' is damaged.")
    save(bench.spool, notebook(1))
    bench.drain.run()
    switch.error = None
    bench.drain.run()
    assert bench.waiting() == ["save"]
    bench.drain.run(is_flush=True)
    assert bench.waiting() == []


def test_a_depository_that_is_missing_is_made_once(tmp_path: Path) -> None:
    bench = Bench(str(tmp_path / "spool"), MemoryBackend())
    for number, content in enumerate(numbered(20)):
        save(bench.spool, content, f"{number}.ipynb")
    bench.drain.run()
    assert bench.places.made == 1
    assert len(bench.paths()) == 20


def test_a_place_that_cannot_be_opened_is_a_problem_and_nothing_is_set_aside(bench: Bench) -> None:
    bench.places.trouble = InvalidURL("'ftp://x' is no place.")
    save(bench.spool, notebook(1))
    bench.drain.run()
    assert (bench.waiting(), bench.spool.aside()) == (["save"], [])
    assert problems.read_all(bench.spool)[0].sentence == "'ftp://x' is no place."


def test_a_depository_that_another_process_archives_into_is_left_to_it(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    with bench.spool.archiving_into(URL) as is_ours:
        assert is_ours
        assert not bench.drain.run()
    assert bench.waiting() == ["save"]
    assert bench.drain.next == START + 1000


# what is met again


def dying(spool: Spool, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Have the process die before it lets go of the given item, counted from 0."""
    remove, calls = spool.remove, iter(range(1000))

    def removing(name: Name, *, for_good: bool) -> None:
        if next(calls) >= at:
            raise Killed
        remove(name, for_good=for_good)

    monkeypatch.setattr(spool, "remove", removing)


def die(bench: Bench, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    with monkeypatch.context() as patch:
        dying(bench.spool, patch, at)
        with pytest.raises(Killed):
            bench.drain.run(is_flush=True)
    bench.clock.go(1)
    bench.drain = bench.another()
    bench.drain.run(is_flush=True)
    assert bench.waiting() == []


def test_deletions_and_renames_leave_the_spool_for_good_for_a_later_save_must_not_meet_them_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = bench.spool.remove
    removed: list[tuple[Kind, bool]] = []

    def removing(name: Name, *, for_good: bool) -> None:
        removed.append((name.kind, for_good))
        remove(name, for_good=for_good)

    monkeypatch.setattr(bench.spool, "remove", removing)
    save(bench.spool, notebook(1), path="a")
    rename(bench.spool, "a", "b")
    delete(bench.spool, "b")
    bench.clock.go(100)
    bench.drain.run(is_flush=True)
    assert removed == [(Kind.SAVE, False), (Kind.RENAME, True), (Kind.DELETE, True)]


@pytest.mark.parametrize("at", range(5))
def test_saves_that_were_archived_and_still_wait_make_no_further_versions(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    contents = [notebook(number) for number in (1, 2, 1, 3, 2)]
    for content in contents:
        bench.clock.go(0.01)
        put(bench.spool, a_save(time=bench.clock.now), content)
    die(bench, monkeypatch, at)
    assert bench.files() == contents


@pytest.mark.parametrize("at", range(4))
def test_a_run_by_several_authors_that_was_archived_makes_no_further_version(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    for number, author in enumerate(("ann", "bob", "cec")):
        save(bench.spool, notebook(number), author=author, automatic=number < 2)
    bench.clock.go(100)  # so that no later save stands for what is left of the run
    save(bench.spool, notebook(4))
    die(bench, monkeypatch, at)
    assert bench.files() == [notebook(2), notebook(4)]


STEPS: dict[str, Callable[[Spool], object]] = {
    "a rename": lambda spool: rename(spool, "d/a.ipynb", "d/b.ipynb"),
    "a rename over another": lambda spool: rename(spool, "d/a.ipynb", "d/c.ipynb"),
    "a rename of a directory": lambda spool: rename(spool, "d", "e", directory=True),
    "a deletion": lambda spool: delete(spool, "d/a.ipynb"),
    "a deletion of a directory": lambda spool: delete(spool, "d", directory=True),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_change_that_was_broken_off_anywhere_is_completed(tmp_path: Path, step: str) -> None:
    def prepared(name: str) -> Bench:
        backend = MemoryBackend()
        found(backend)
        bench = Bench(str(tmp_path / name), backend)
        for number, path in enumerate(("d/a.ipynb", "d/c.ipynb", "f.ipynb")):
            save(bench.spool, notebook(number), path)
        bench.drain.run()
        STEPS[step](bench.spool)
        return bench

    whole = prepared("whole")
    watched = Faulty(whole.places.backend, {})
    whole.places.backend = watched
    whole.drain = whole.another()
    whole.drain.run()
    calls = len(watched.keys)
    expected = {path: whole.files(path) for path in whole.paths()}
    for at in range(calls):
        bench = prepared(f"broken off at {at}")
        backend = bench.places.backend
        bench.places.backend = Faulty(backend, {at: Fault.KILLED})
        bench.drain = bench.another()
        with pytest.raises(Killed):
            bench.drain.run()
        bench.places.backend = backend
        bench.drain = bench.another()
        bench.drain.run()
        assert {path: bench.files(path) for path in bench.paths()} == expected
        assert bench.waiting() == []


def test_a_spool_that_cannot_be_written_makes_no_further_versions(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(bench.spool, notebook(1))
    with monkeypatch.context() as patch:

        def refuse(name: Name, *, for_good: bool) -> None:
            raise StorageFull("The disk is read-only.")

        patch.setattr(bench.spool, "remove", refuse)
        bench.drain.run()
    assert bench.heard.of("problem")[0]["kind"] == "storage"
    bench.clock.go(1)
    bench.drain.run()
    assert bench.files() == [notebook(1)]
    assert bench.waiting() == []
    assert os.listdir(os.path.join(bench.spool.directory, "problems")) == []


def test_a_save_of_what_another_process_has_replaced_since_is_a_version(bench: Bench) -> None:
    save(bench.spool, notebook(1))
    bench.drain.run()
    with depository_on(bench.places.backend) as elsewhere:
        elsewhere.save("a.ipynb", notebook(2))
    put(bench.spool, a_save(time=START + 1000), notebook(1))
    bench.drain.run()
    assert bench.files() == [notebook(1), notebook(2), notebook(1)]


def test_an_item_that_comes_while_a_pass_ends_is_wanted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    end = Drain._end

    def late(drain: Drain, due: int | None, planned: list[Entry]) -> None:
        monkeypatch.setattr(Drain, "_end", end)
        save(bench.spool, notebook(2))
        end(drain, due, planned)

    monkeypatch.setattr(Drain, "_end", late)
    save(bench.spool, notebook(1))
    bench.drain.run()
    assert bench.drain.wants(bench.backlog.of(URL))
    bench.drain.run()
    assert bench.files() == [notebook(1), notebook(2)]
    assert not bench.drain.wants(bench.backlog.of(URL))
