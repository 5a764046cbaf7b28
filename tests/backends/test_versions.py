"""Conditional writes on a store that ignores conditions and keeps versions: the order of the versions is the judge."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import product

import pytest

from depository.backends import Absent, Backend, Match, versions
from depository.backends.base import Kept
from depository.backends.memory import VersionedBucket, VersionedMemory
from depository.backends.versions import MAX_VERSIONS, Found
from depository.errors import KeyNotFound, OutcomeUnknown, PreconditionFailed, StorageError, Unreachable
from tests.backends.conformance import LIMIT, Beside
from tests.backends.racing import RacingConformance


def client(bucket: VersionedBucket) -> VersionedMemory:
    """A process that uses the bucket as all others do."""
    backend = VersionedMemory(bucket)
    backend.rely_on_versions("")
    return backend


class Another(Beside):
    """Another process that follows the same protocol."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def set(self, key: str, data: bytes) -> None:
        self._backend.put(key, data)

    def get(self, key: str) -> bytes | None:
        try:
            return self._backend.get(key, limit=LIMIT).data
        except KeyNotFound:
            return None


class TestVersionedMemory(RacingConformance):
    @pytest.fixture
    def bucket(self) -> VersionedBucket:
        return VersionedBucket()

    @pytest.fixture
    def backend(self, bucket: VersionedBucket) -> Backend:
        return client(bucket)

    @pytest.fixture
    def beside(self, bucket: VersionedBucket) -> Beside:
        return Another(client(bucket))


KEY = "manifests/a.ipynb"


@pytest.fixture
def bucket() -> VersionedBucket:
    return VersionedBucket()


def reader(bucket: VersionedBucket) -> VersionedMemory:
    """A process that has not been told how the bucket is written."""
    return VersionedMemory(bucket)


def value(bucket: VersionedBucket) -> bytes:
    """What any process reads that looks for the first time."""
    found = {backend.get(KEY, limit=LIMIT).data for backend in (client(bucket), reader(bucket))}
    assert len(found) == 1
    return found.pop()


def history(bucket: VersionedBucket, *notes: str) -> None:
    """Versions with these notes, the oldest first; each version's value is its name."""
    for number, note in enumerate(notes, start=1):
        bucket.add(KEY, f"version-{number}".encode(), note)


# Two that build on the same version


def test_of_two_that_build_on_the_same_version_the_first_wins(bucket: VersionedBucket) -> None:
    one, other = client(bucket), client(bucket)
    one.put(KEY, b"base")
    etag = other.get(KEY, limit=LIMIT).etag
    one.put(KEY, b"one", Match(etag))
    with pytest.raises(PreconditionFailed, match="a moment earlier"):
        other.put(KEY, b"other", Match(etag))
    assert value(bucket) == b"one"


def test_what_was_refused_stays_void_though_it_is_the_newest_version(bucket: VersionedBucket) -> None:
    one, other = client(bucket), client(bucket)
    etag = one.put(KEY, b"base", Absent())
    other.get(KEY, limit=LIMIT)
    etag = one.put(KEY, b"one", Match(etag))
    with pytest.raises(PreconditionFailed):
        other.put(KEY, b"other", Match(other.bucket.histories[KEY][0][0].etag or ""))
    assert reader(bucket).current(KEY, limit=LIMIT).stored.data == b"other", "a plain read would take it"
    assert value(bucket) == b"one"
    one.put(KEY, b"two", Match(etag))
    assert value(bucket) == b"two"


def test_of_two_creators_the_first_wins(bucket: VersionedBucket) -> None:
    one, other = client(bucket), client(bucket)
    for each in (one, other):
        with pytest.raises(KeyNotFound):
            each.get(KEY, limit=LIMIT)
    one.put(KEY, b"one", Absent())
    with pytest.raises(PreconditionFailed):
        other.put(KEY, b"other", Absent())
    assert value(bucket) == b"one"


def test_a_writer_that_was_stalled_for_long_is_void_when_it_arrives(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1", "3 version-2", "4 version-3", "2 version-1", "3 version-2")
    assert value(bucket) == b"version-4"


def test_a_write_that_was_sent_twice_counts_once_by_its_first_time(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1", "2 version-1")
    assert value(bucket) == b"version-2"
    backend = client(bucket)
    backend.put(KEY, b"next", Match(backend.get(KEY, limit=LIMIT).etag))
    assert value(bucket) == b"next"


def test_what_counts_is_found_below_many_that_do_not(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1", *["2 version-1"] * 50)
    assert value(bucket) == b"version-2"


def test_a_version_that_was_built_on_one_below_void_ones_counts(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1", "2 version-1", "3 version-2", "3 version-2", "2 version-1")
    assert value(bucket) == b"version-4"


def test_what_counts_is_found_when_older_versions_have_expired(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1", "2 version-1", "3 version-2", "3 version-2")
    del bucket.histories[KEY][:2]
    assert value(bucket) == b"version-4"
    backend = client(bucket)
    backend.put(KEY, b"next", Match(backend.get(KEY, limit=LIMIT).etag))
    assert value(bucket) == b"next"


def test_more_versions_than_anybody_writes_by_these_rules_are_refused(bucket: VersionedBucket) -> None:
    history(bucket, *["7 somewhere"] * MAX_VERSIONS)
    assert value(bucket) == b"version-1"
    history(bucket, "7 somewhere")
    with pytest.raises(StorageError, match="others write it"):
        client(bucket).get(KEY, limit=LIMIT)


def crowd(bucket: VersionedBucket, *, turns: int, losers: int) -> bytes:
    """A history in which several writers wrote in each turn, and what the first of the last one wrote."""
    above, data = "-", b""
    for turn in range(1, turns + 1):
        data = f"the first of turn {turn}".encode()
        note, above = f"{turn} {above}", bucket.add(KEY, data, f"{turn} {above}").name
        for loser in range(losers):
            bucket.add(KEY, f"loser {loser}".encode(), note)
    return data


@pytest.mark.parametrize("losers", [1, 5])
def test_however_long_writers_have_been_in_each_others_way_what_counts_is_told(
    bucket: VersionedBucket, losers: int
) -> None:
    last = crowd(bucket, turns=MAX_VERSIONS, losers=losers)
    assert value(bucket) == last
    client(bucket).put(KEY, b"next", Match(client(bucket).get(KEY, limit=LIMIT).etag))
    assert value(bucket) == b"next"


# What something else wrote


@pytest.mark.parametrize("note", ["", "x", "5", "-1 version-1", "\u0663 version-1", " version-1"])
def test_a_note_that_cannot_be_read_counts_as_none(bucket: VersionedBucket, note: str) -> None:
    history(bucket, "1 -", note)
    assert value(bucket) == b"version-1"


def test_what_something_else_wrote_on_top_does_not_count(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1")
    bucket.add(KEY, b"restored from a backup", None)
    assert client(bucket).get(KEY, limit=LIMIT).data == b"version-2"


def test_where_nothing_has_a_note_the_newest_counts(bucket: VersionedBucket) -> None:
    bucket.add(KEY, b"copied", None)
    bucket.add(KEY, b"copied again", None)
    backend = client(bucket)
    assert backend.get(KEY, limit=LIMIT).data == b"copied again"
    backend.put(KEY, b"next", Match(backend.get(KEY, limit=LIMIT).etag))
    assert value(bucket) == b"next"


def test_after_a_deletion_turns_go_on(bucket: VersionedBucket) -> None:
    backend = client(bucket)
    backend.put(KEY, b"one", Absent())
    backend.delete(KEY)
    backend.put(KEY, b"two", Absent())
    assert value(bucket) == b"two"
    assert reader(bucket).current(KEY, limit=LIMIT).note == "2 version-1"


# Versions that expire meanwhile


class Expiring(VersionedMemory):
    """A process whose listings show a version that has expired when it is asked about."""

    expired = "version-3"

    def kept(self, key: str) -> Iterator[Kept]:
        listed = list(super().kept(key))
        self.bucket.histories[key] = [each for each in self.bucket.histories[key] if each[0].name != self.expired]
        return iter(listed)


def test_a_void_version_that_expires_while_it_is_read_changes_nothing(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1", "2 version-1", "2 version-1")
    backend = Expiring(bucket)
    backend.rely_on_versions("")
    assert backend.get(KEY, limit=LIMIT).data == b"version-2"


def test_a_void_version_that_expires_while_a_write_is_judged_does_not_stand_against_it(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1")
    backend = Expiring(bucket)
    backend.rely_on_versions("")
    etag = backend.get(KEY, limit=LIMIT).etag
    bucket.add(KEY, b"of a writer that was stalled", "2 version-1")
    backend.put(KEY, b"next", Match(etag))
    assert value(bucket) == b"next"


# What was deleted


def test_keys_that_are_deleted_now_are_told_in_order(bucket: VersionedBucket) -> None:
    backend = client(bucket)
    for key in ("ab", "a", "b", "a/c"):
        backend.put(key, b"value")
        backend.delete(key)
    assert list(backend.deleted("")) == ["a", "a/c", "ab", "b"]
    assert list(backend.deleted("a")) == ["a", "a/c", "ab"], "all that start so, as in a listing"
    assert list(backend.deleted("a/")) == ["a/c"]


def test_a_key_that_was_written_again_is_not_deleted(bucket: VersionedBucket) -> None:
    backend = client(bucket)
    backend.put(KEY, b"one")
    backend.delete(KEY)
    backend.put(KEY, b"two")
    assert list(backend.deleted("")) == []


# Keys that are written once


def test_what_is_written_once_is_looked_for_before(bucket: VersionedBucket) -> None:
    backend = VersionedMemory(bucket)
    backend.rely_on_versions("manifests/")
    backend.put("objects/ab", b"one", Absent())
    with pytest.raises(PreconditionFailed, match="there already"):
        backend.put("objects/ab", b"other", Absent())
    assert backend.get("objects/ab", limit=LIMIT).data == b"one"
    assert reader(bucket).current("objects/ab", limit=LIMIT).note is None


# Answers that do not come


class Deaf(VersionedMemory):
    """A process that cannot list versions any more after it wrote."""

    def kept(self, key: str) -> Iterator[Kept]:
        if self.bucket.histories.get(key):
            raise Unreachable("The store does not answer.")
        return super().kept(key)


def test_a_write_that_cannot_be_judged_is_told_as_unknown(bucket: VersionedBucket) -> None:
    backend = Deaf(bucket)
    backend.rely_on_versions("")
    with pytest.raises(OutcomeUnknown, match="whether that counts is not known: The store does not answer"):
        backend.put(KEY, b"value", Absent())


class Unanswered(VersionedMemory):
    """A process that is not told what became of its last write."""

    is_cut_off = False

    def add(self, key: str, data: bytes, note: str | None) -> tuple[str, str]:
        written = super().add(key, data, note)
        if self.is_cut_off:
            raise OutcomeUnknown(f"It is not known whether '{key}' was written.")
        return written


def test_after_a_write_without_an_answer_none_is_built_on_what_was_known_before(bucket: VersionedBucket) -> None:
    backend = Unanswered(bucket)
    backend.rely_on_versions("")
    etag = backend.put(KEY, b"value", Absent())
    backend.is_cut_off = True
    with pytest.raises(OutcomeUnknown):
        backend.put(KEY, b"next", Match(etag))
    with pytest.raises(PreconditionFailed):
        backend.put(KEY, b"other", Match(etag))
    assert len(bucket.histories[KEY]) == 2


class Forgetful(VersionedMemory):
    """A process that does not see what it wrote."""

    def kept(self, key: str) -> Iterator[Kept]:
        return iter(())


def test_a_write_that_is_not_listed_is_told_as_unknown(bucket: VersionedBucket) -> None:
    backend = Forgetful(bucket)
    backend.rely_on_versions("")
    with pytest.raises(OutcomeUnknown, match="it is not listed"):
        backend.put(KEY, b"value", Absent())


class Lagging(VersionedMemory):
    """A process whose plain reads do not find what is listed."""

    def current(self, key: str, *, limit: int) -> Found:
        raise KeyNotFound("Nothing is stored.")


def test_a_value_that_is_listed_is_read_though_a_plain_read_does_not_find_it(bucket: VersionedBucket) -> None:
    history(bucket, "1 -")
    backend = Lagging(bucket)
    backend.rely_on_versions("")
    assert backend.get(KEY, limit=LIMIT).data == b"version-1"


# Costs


def test_each_read_and_each_write_of_one_writer_costs_one_listing(bucket: VersionedBucket) -> None:
    store = Counted(bucket)
    store.rely_on_versions("")
    for number in range(3):
        store.calls.clear()
        found = store.get(KEY, limit=LIMIT) if number else None
        assert store.calls == (["current", "kept"] if number else [])
        store.calls.clear()
        store.put(KEY, f"{number}".encode(), Match(found.etag) if found else Absent())
        assert store.calls == (["add", "kept"] if number else ["kept", "add", "kept"])


def test_who_reads_a_long_history_asks_about_none_of_its_versions(bucket: VersionedBucket) -> None:
    writer = client(bucket)
    for number in range(20):
        writer.put(KEY, f"{number}".encode())
    assert asked_of(reading(bucket)) == ["current", "kept"]


def test_where_a_key_was_deleted_only_the_newest_version_is_asked_about(bucket: VersionedBucket) -> None:
    writer = client(bucket)
    for number in range(20):
        writer.put(KEY, f"{number}".encode())
    writer.delete(KEY)
    assert asked_of(reading(bucket)) == ["current", "kept", "note"]


def test_of_a_key_that_many_write_no_more_is_asked_about_than_two_turns(bucket: VersionedBucket) -> None:
    crowd(bucket, turns=20, losers=3)
    store = reading(bucket)
    assert asked_of(store) == ["current", "kept", *["note"] * 6], "three of the last turn, three that lost before it"
    etag = store.get(KEY, limit=LIMIT).etag
    store.calls.clear()
    store.put(KEY, b"next", Match(etag))
    assert store.calls == ["add", "kept"]


def test_what_is_known_of_versions_that_lost_is_not_asked_again(bucket: VersionedBucket) -> None:
    history(bucket, "1 -", "2 version-1", "2 version-1", "2 version-1")
    store = reading(bucket)
    assert asked_of(store) == ["current", "kept", "note", "note"]
    assert asked_of(store) == ["current", "kept"]


def test_what_is_known_of_keys_is_forgotten_when_they_are_many(
    bucket: VersionedBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_REMEMBERED", 2)
    store = reading(bucket)
    etags = {key: store.put(key, b"value", Absent()) for key in ("first", "second", "third")}
    store.calls.clear()
    store.put("third", b"next", Match(etags["third"]))
    assert store.calls == ["add", "kept"]
    store.calls.clear()
    store.put("first", b"next", Match(etags["first"]))
    assert store.calls == ["kept", "note", "add", "kept"], "what counts has to be found out again"


def reading(bucket: VersionedBucket) -> "Counted":
    store = Counted(bucket)
    store.rely_on_versions("")
    return store


def asked_of(store: "Counted") -> list[str]:
    store.calls.clear()
    with suppress(KeyNotFound):
        store.get(KEY, limit=LIMIT)
    return store.calls.copy()


class Counted(VersionedMemory):
    """A process whose requests are noted."""

    def __init__(self, bucket: VersionedBucket) -> None:
        super().__init__(bucket)
        self.calls: list[str] = []

    def add(self, key: str, data: bytes, note: str | None) -> tuple[str, str]:
        self.calls.append("add")
        return super().add(key, data, note)

    def current(self, key: str, *, limit: int) -> Found:
        self.calls.append("current")
        return super().current(key, limit=limit)

    def note(self, key: str, name: str) -> str | None:
        self.calls.append("note")
        return super().note(key, name)

    def kept(self, key: str) -> Iterator[Kept]:
        self.calls.append("kept")
        return super().kept(key)


# All ways in which the steps of several writers can meet


def test_however_the_steps_of_three_writers_meet_each_turn_has_one_winner() -> None:
    """Each reads, writes, and looks whether it won, and tries again if it did not; every order of these steps."""
    orders = [order for order in product(range(3), repeat=9) if all(order.count(each) == 3 for each in range(3))]
    assert len(orders) == 1680
    for order in orders:
        bucket = VersionedBucket()
        client(bucket).put(KEY, b"")
        writers = [Stepper(bucket, name) for name in "abc"]
        for each in order:
            writers[each].step()
        for writer in writers:
            writer.finish()
        text = value(bucket).decode()
        assert sorted(text) == sorted("abc"), f"{order} gives {text}"
        for writer in writers:
            assert text.startswith(writer.acknowledged), "what was acknowledged has not changed its place"


class Stepper:
    """A writer that appends its letter, one request at a time."""

    def __init__(self, bucket: VersionedBucket, letter: str) -> None:
        self.acknowledged = ""
        self._letter = letter
        self._steps = self._run(bucket)

    def step(self) -> None:
        """Send the next request, if there is one."""
        next(self._steps, None)

    def finish(self) -> None:
        """Send all that are left."""
        for _ in self._steps:
            pass

    def _run(self, bucket: VersionedBucket) -> Iterator[None]:
        backend = Paused(bucket)
        backend.rely_on_versions("")
        while True:
            found = backend.get(KEY, limit=LIMIT)
            yield
            text = found.data + self._letter.encode()
            try:
                yield from backend.put_in_steps(text, found.etag)
            except PreconditionFailed:
                yield
                continue
            self.acknowledged = text.decode()
            return


class Paused(VersionedMemory):
    """A process that stops between writing and looking what came of it."""

    def put_in_steps(self, data: bytes, etag: str) -> Iterator[None]:
        written, go_on = threading.Event(), threading.Event()
        outcome: list[Exception | None] = []

        def pause(key: str) -> Iterator[Kept]:
            written.set()
            go_on.wait()
            return VersionedMemory.kept(self, key)

        def put() -> None:
            try:
                self.put(KEY, data, Match(etag))
            except PreconditionFailed as error:
                outcome.append(error)
            finally:
                written.set()

        self.kept = pause  # type: ignore[method-assign]
        thread = threading.Thread(target=put)
        thread.start()
        written.wait()
        yield
        go_on.set()
        thread.join()
        del self.kept
        if outcome and outcome[0]:
            raise outcome[0]
