"""What every backend owes, said once as tests: a subclass for each says how to make one.

`Beside` goes round the store under test, so that a write and a read that are wrong in the same way do not agree.
"""

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from depository.backends import Absent, Backend, Match
from depository.errors import InvalidPath, KeyNotFound, PreconditionFailed, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1 << 30

ODD_KEYS = [
    "Untitled.ipynb",
    "a b/c d.ipynb",
    " leading and trailing ",
    "trailing./dots.",
    ".hidden/.file",
    ".incoming/x",
    ".locks/00",
    "...",
    "con",
    "nul.txt",
    "aux/com1.ipynb/lpt9",
    "100%/%41/%2e%2e",
    "per%cent%",
    "a+b&c=d;e?f#g",
    "quotes\"'`",
    "back\\slash:colon|pipe*star<less>",
    "tab\tbell\x07delete\x7f",
    "übung/naïve/数学.ipynb",
    "🦆/🦆🦆.ipynb",
    "\uffff/\U00010000",
    "x" * 255 + "/" + "y" * 300 + ".ipynb",
    "É" * 400,
    "/".join("abcdefghij" * 10),
]

NO_KEYS = ["", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/./b", "a/..", "../a", "half \ud800", "x" * 1025, "É" * 513]


class Beside(ABC):
    """The place itself, reached without the backend under test."""

    @abstractmethod
    def set(self, key: str, data: bytes) -> None:
        """Put a value there."""

    @abstractmethod
    def get(self, key: str) -> bytes | None:
        """What is there, or None."""


class BackendConformance(ABC):
    """The tests. A subclass gives the fixtures `backend`, an empty store, and `beside`."""

    @pytest.fixture
    @abstractmethod
    def backend(self) -> Any:
        """An empty store."""

    @pytest.fixture
    @abstractmethod
    def beside(self, backend: Backend) -> Beside:
        """The same place."""

    # Values

    def test_a_value_comes_back_as_it_was_put(self, backend: Backend) -> None:
        backend.put("key", b"value")
        assert backend.get("key", limit=LIMIT).data == b"value"

    def test_a_value_is_where_others_look_for_it(self, backend: Backend, beside: Beside) -> None:
        backend.put("directory/key.ipynb", b"value")
        assert beside.get("directory/key.ipynb") == b"value"

    def test_a_value_that_others_put_there_is_read(self, backend: Backend, beside: Beside) -> None:
        beside.set("directory/key.ipynb", b"value")
        assert backend.get("directory/key.ipynb", limit=LIMIT).data == b"value"

    def test_an_empty_value_is_a_value(self, backend: Backend) -> None:
        backend.put("key", b"")
        assert backend.get("key", limit=LIMIT).data == b""

    def test_every_byte_comes_back(self, backend: Backend) -> None:
        data = bytes(range(256)) + b"\r\n\n\r\0\x1a"
        backend.put("key", data)
        assert backend.get("key", limit=LIMIT).data == data

    def test_a_large_value_comes_back(self, backend: Backend) -> None:
        data = b"0123456789abcde\n" * (5 << 16)
        backend.put("key", data)
        assert backend.get("key", limit=LIMIT).data == data

    def test_what_was_never_put_is_not_found(self, backend: Backend) -> None:
        with pytest.raises(KeyNotFound, match=r"'no/such\.key'"):
            backend.get("no/such.key", limit=LIMIT)

    def test_a_part_of_a_key_is_not_found(self, backend: Backend) -> None:
        backend.put("a/b/c", b"value")
        with pytest.raises(KeyNotFound):
            backend.get("a/b", limit=LIMIT)

    def test_a_key_below_another_is_not_found(self, backend: Backend) -> None:
        backend.put("a", b"value")
        with pytest.raises(KeyNotFound):
            backend.get("a/b", limit=LIMIT)

    def test_a_second_put_replaces_the_first(self, backend: Backend) -> None:
        backend.put("key", b"first")
        backend.put("key", b"second")
        assert backend.get("key", limit=LIMIT).data == b"second"

    def test_nothing_is_left_of_a_longer_value(self, backend: Backend, beside: Beside) -> None:
        backend.put("key", b"a longer value")
        backend.put("key", b"short")
        assert beside.get("key") == b"short"

    def test_a_value_as_long_as_the_limit_is_read(self, backend: Backend) -> None:
        backend.put("key", b"12345")
        assert backend.get("key", limit=5).data == b"12345"

    def test_a_value_longer_than_the_limit_is_refused(self, backend: Backend) -> None:
        backend.put("key", b"123456")
        with pytest.raises(StorageError) as caught:
            backend.get("key", limit=5)
        assert not isinstance(caught.value, KeyNotFound)

    def test_an_empty_value_is_within_a_limit_of_nothing(self, backend: Backend) -> None:
        backend.put("key", b"")
        assert backend.get("key", limit=0).data == b""

    # Etags

    def test_a_put_tells_the_etag_that_a_get_tells(self, backend: Backend) -> None:
        etag = backend.put("key", b"value")
        assert backend.get("key", limit=LIMIT).etag == etag

    def test_repeated_reads_tell_the_same_etag(self, backend: Backend) -> None:
        backend.put("key", b"value")
        assert backend.get("key", limit=LIMIT) == backend.get("key", limit=LIMIT)

    def test_other_bytes_have_another_etag(self, backend: Backend) -> None:
        first = backend.put("key", b"value 1")
        assert backend.put("key", b"value 2") != first

    def test_what_others_write_has_another_etag(self, backend: Backend, beside: Beside) -> None:
        first = backend.put("key", b"value 1")
        beside.set("key", b"value 2")
        assert backend.get("key", limit=LIMIT).etag != first

    def test_a_listing_tells_the_same_etag_or_none(self, backend: Backend) -> None:
        etag = backend.put("key", b"value")
        assert [item.etag for item in backend.list("")] in ([etag], [None])

    # Creating

    def test_a_key_that_is_absent_is_created(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("key", b"value", Absent())
        assert beside.get("key") == b"value"
        assert backend.get("key", limit=LIMIT).etag == etag

    def test_a_second_create_is_refused(self, backend: Backend) -> None:
        backend.put("key", b"first", Absent())
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"second", Absent())

    def test_a_refused_create_leaves_what_is_there(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("key", b"first")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"second", Absent())
        assert beside.get("key") == b"first"
        assert backend.get("key", limit=LIMIT).etag == etag

    def test_creating_the_same_value_again_is_refused_too(self, backend: Backend) -> None:
        backend.put("key", b"value", Absent())
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"value", Absent())

    def test_an_empty_value_counts_as_there(self, backend: Backend) -> None:
        backend.put("key", b"")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"value", Absent())

    def test_what_others_put_there_counts_as_there(self, backend: Backend, beside: Beside) -> None:
        beside.set("key", b"value")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"second", Absent())

    def test_a_deleted_key_can_be_created(self, backend: Backend, beside: Beside) -> None:
        backend.put("key", b"first", Absent())
        backend.delete("key")
        backend.put("key", b"second", Absent())
        assert beside.get("key") == b"second"

    # Replacing what was read

    def test_what_still_matches_is_replaced(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("key", b"first")
        backend.put("key", b"second", Match(etag))
        assert beside.get("key") == b"second"

    def test_the_etag_of_a_read_matches(self, backend: Backend, beside: Beside) -> None:
        beside.set("key", b"first")
        backend.put("key", b"second", Match(backend.get("key", limit=LIMIT).etag))
        assert beside.get("key") == b"second"

    def test_the_etag_of_a_put_matches_for_the_next_one(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("key", b"0", Absent())
        for number in range(1, 5):
            etag = backend.put("key", str(number).encode(), Match(etag))
        assert beside.get("key") == b"4"

    def test_what_no_longer_matches_is_left(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("key", b"first")
        backend.put("key", b"second")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"third", Match(etag))
        assert beside.get("key") == b"second"

    def test_what_others_changed_no_longer_matches(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("key", b"first")
        beside.set("key", b"second")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"third", Match(etag))
        assert beside.get("key") == b"second"

    def test_an_etag_is_used_up_by_the_replacement(self, backend: Backend) -> None:
        etag = backend.put("key", b"first")
        backend.put("key", b"second", Match(etag))
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"third", Match(etag))

    def test_nothing_matches_an_absent_key(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("other", b"value")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"value", Match(etag))
        assert beside.get("key") is None

    def test_nothing_matches_a_deleted_key(self, backend: Backend, beside: Beside) -> None:
        etag = backend.put("key", b"value")
        backend.delete("key")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"value", Match(etag))
        assert beside.get("key") is None

    def test_the_etag_of_another_key_with_other_bytes_does_not_match(self, backend: Backend) -> None:
        other = backend.put("other", b"other value")
        backend.put("key", b"value")
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"second", Match(other))

    # Deleting

    def test_a_deleted_key_is_not_found(self, backend: Backend, beside: Beside) -> None:
        backend.put("a/key", b"value")
        backend.delete("a/key")
        assert beside.get("a/key") is None
        with pytest.raises(KeyNotFound):
            backend.get("a/key", limit=LIMIT)

    def test_deleting_what_is_not_there_is_no_error(self, backend: Backend) -> None:
        backend.put("a", b"value")
        for key in ("key", "directory/key", "a/b"):
            backend.delete(key)
        assert [item.key for item in backend.list("")] == ["a"]

    def test_deleting_twice_is_no_error(self, backend: Backend) -> None:
        backend.put("key", b"value")
        backend.delete("key")
        backend.delete("key")

    def test_deleting_leaves_what_starts_alike(self, backend: Backend) -> None:
        for key in ("key", "key.ipynb", "key/below", "keys", "KEY"):
            backend.put(key, b"value")
        backend.delete("key")
        assert [item.key for item in backend.list("")] == ["KEY", "key.ipynb", "key/below", "keys"]

    # Keys

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_any_legal_key_can_be_used(self, backend: Backend, beside: Beside, key: str) -> None:
        backend.put(key, key.encode(), Absent())
        assert beside.get(key) == key.encode()
        assert backend.get(key, limit=LIMIT).data == key.encode()
        assert [item.key for item in backend.list("")] == [key]
        backend.delete(key)
        assert list(backend.list("")) == []

    def test_all_of_them_have_room_beside_each_other(self, backend: Backend) -> None:
        for key in ODD_KEYS:
            backend.put(key, key.encode(), Absent())
        assert [item.key for item in backend.list("")] == sorted(ODD_KEYS, key=str.encode)
        assert all(backend.get(key, limit=LIMIT).data == key.encode() for key in ODD_KEYS)

    @pytest.mark.parametrize("key", NO_KEYS)
    def test_what_is_no_key_is_refused(self, backend: Backend, key: str) -> None:
        calls: list[Callable[[], object]] = [
            lambda: backend.get(key, limit=LIMIT),
            lambda: backend.put(key, b"value"),
            lambda: backend.delete(key),
        ]
        for call in calls:
            with pytest.raises(InvalidPath):
                call()
        assert list(backend.list("")) == []

    @pytest.mark.parametrize(
        "keys",
        [
            ("mine.ipynb", "Mine.ipynb", "MINE.IPYNB"),
            ("caf\u00e9", "cafe\u0301"),
            ("a", "a/b", "a/b/c"),
            ("a.ipynb", "a.ipynb/b.ipynb", "a"),
            ("a", "a.", "a ", "a%", "a%25", "a%-", "a%-/b"),
            ("x" * 200, "x" * 201, "x" * 200 + "/y", "x" * 200 + "%-", "x" * 200 + ".y"),
            ("con", "con.txt", "CON", "%63on"),
        ],
        ids=["case", "normal form", "directory", "extension", "escapes", "length", "reserved"],
    )
    def test_keys_that_look_alike_stay_apart(self, backend: Backend, keys: tuple[str, ...]) -> None:
        for key in keys:
            backend.put(key, key.encode(), Absent())
        assert [backend.get(key, limit=LIMIT).data.decode() for key in keys] == list(keys)
        assert [item.key for item in backend.list("")] == sorted(keys, key=str.encode)

    def test_the_longest_key_can_be_used(self, backend: Backend) -> None:
        longest = "É" * 255 + "/" + "É" * 255 + "/xx"
        assert len(longest.encode()) == 1024
        backend.put(longest, b"value")
        assert [item.key for item in backend.list(longest[:100])] == [longest]

    # Listings

    def test_an_empty_store_lists_nothing(self, backend: Backend) -> None:
        assert list(backend.list("")) == []

    def test_a_listing_is_sorted_by_the_bytes_of_the_keys(self, backend: Backend, beside: Beside) -> None:
        keys = ["a", "a b", "a-b", "a.b", "a/b", "a/b.c", "a/b/c", "a0", "aA", "aa", "é", "\uffff", "🦆", "B", "a~"]
        for key in reversed(keys):
            beside.set(key, b"")
        assert [item.key for item in backend.list("")] == sorted(keys, key=str.encode)

    def test_a_listing_keeps_to_its_prefix(self, backend: Backend, beside: Beside) -> None:
        for key in ("a/b", "b/a", "b/b/c", "b", "bb/a", "c/b/a"):
            beside.set(key, b"")
        assert [item.key for item in backend.list("b/")] == ["b/a", "b/b/c"]

    def test_a_prefix_may_end_inside_a_name(self, backend: Backend, beside: Beside) -> None:
        for key in ("m/kylek/a", "m/kylek.ipynb", "m/kyle", "m/kymm/b/c", "m/k", "m/l", "n/ky"):
            beside.set(key, b"")
        assert [item.key for item in backend.list("m/ky")] == ["m/kyle", "m/kylek.ipynb", "m/kylek/a", "m/kymm/b/c"]

    def test_a_prefix_that_is_a_key_lists_it_and_what_goes_on_from_it(self, backend: Backend, beside: Beside) -> None:
        for key in ("a", "ab", "a/b", "b"):
            beside.set(key, b"")
        assert [item.key for item in backend.list("a")] == ["a", "a/b", "ab"]

    @pytest.mark.parametrize("prefix", ["b", "a/b/", "a/b/c", "a//", "./", "/", "A", "a/../a"])
    def test_a_prefix_that_nothing_starts_with_lists_nothing(self, backend: Backend, prefix: str) -> None:
        backend.put("a/b", b"")
        assert list(backend.list(prefix)) == []

    def test_a_prefix_may_need_escapes(self, backend: Backend, beside: Beside) -> None:
        for key in ("Ü b/c.d/e", "Ü b/c.d/f", "Ü b/c.e", "Ü"):
            beside.set(key, b"")
        assert [item.key for item in backend.list("Ü b/c.d/")] == ["Ü b/c.d/e", "Ü b/c.d/f"]
        assert [item.key for item in backend.list("Ü b/c.")] == ["Ü b/c.d/e", "Ü b/c.d/f", "Ü b/c.e"]

    def test_a_prefix_may_end_inside_a_long_name(self, backend: Backend, beside: Beside) -> None:
        keys = ["x" * 250 + tail for tail in ("", "/a", "a", "b/c")]
        for key in [*keys, "x" * 100]:
            beside.set(key, b"")
        assert [item.key for item in backend.list("x" * 240)] == keys

    @pytest.mark.parametrize(
        ("after", "expected"),
        [
            ("", ["a", "a/b", "a/c/d", "b"]),
            ("a", ["a/b", "a/c/d", "b"]),
            ("a/b", ["a/c/d", "b"]),
            ("a/bb", ["a/c/d", "b"]),
            ("a/c", ["a/c/d", "b"]),
            ("a/c/d", ["b"]),
            ("a/c/d/e", ["b"]),
            ("a0", ["b"]),
            ("b", []),
            ("🦆", []),
        ],
    )
    def test_a_listing_starts_after_a_key(
        self, backend: Backend, beside: Beside, after: str, expected: list[str]
    ) -> None:
        for key in ("a", "a/b", "a/c/d", "b"):
            beside.set(key, b"")
        assert [item.key for item in backend.list("", after=after)] == expected

    @pytest.mark.parametrize(
        ("after", "expected"), [("a", ["m/a", "m/b"]), ("m/", ["m/a", "m/b"]), ("m/a", ["m/b"]), ("n", [])]
    )
    def test_a_listing_with_a_prefix_starts_after_a_key(
        self, backend: Backend, beside: Beside, after: str, expected: list[str]
    ) -> None:
        for key in ("a", "m/a", "m/b", "z"):
            beside.set(key, b"")
        assert [item.key for item in backend.list("m/", after=after)] == expected

    def test_a_listing_goes_on_over_many_pages(self, backend: Backend, beside: Beside) -> None:
        keys = [f"m/{number:05}.ipynb" for number in range(2005)]
        for key in ["a", *keys, "z"]:
            beside.set(key, b"")
        assert [item.key for item in backend.list("m/")] == keys
        assert [item.key for item in backend.list("m/", after=keys[500])] == keys[501:]

    def test_a_listing_can_be_left_early(self, backend: Backend, beside: Beside) -> None:
        for key in ("a", "b", "c"):
            beside.set(key, b"")
        assert next(backend.list("")).key == "a"

    def test_a_listing_survives_what_is_deleted_under_it(self, backend: Backend, beside: Beside) -> None:
        for key in ("a/1", "a/2", "b/1", "b/2"):
            beside.set(key, b"")
        listing = backend.list("")
        first = next(listing).key
        for key in ("a/2", "b/1"):
            backend.delete(key)
        rest = [item.key for item in listing]
        assert first == "a/1"
        assert rest[-1] == "b/2"

    def test_a_deleted_key_is_not_listed(self, backend: Backend) -> None:
        backend.put("a", b"")
        backend.put("b", b"")
        backend.delete("a")
        assert [item.key for item in backend.list("")] == ["b"]

    def test_a_replaced_key_is_listed_once_with_its_new_size(self, backend: Backend) -> None:
        backend.put("a", b"12345")
        backend.put("a", b"123")
        assert [(item.key, item.size) for item in backend.list("")] == [("a", 3)]

    def test_a_listing_tells_sizes_in_bytes(self, backend: Backend, beside: Beside) -> None:
        for size in (0, 1, 100_000):
            beside.set(f"{size:06}", b"x" * size)
        assert [item.size for item in backend.list("")] == [0, 1, 100_000]

    def test_a_listing_tells_times_in_seconds_that_do_not_run_backwards(self, backend: Backend) -> None:
        for key in "abc":
            backend.put(key, b"")
        times = [item.modified for item in backend.list("")]
        assert all(earlier <= later for earlier, later in pairwise(times))
        assert 1.7e9 < times[0] < 1e11

    # The place

    def test_preparing_again_finds_everything_done(self, backend: Backend) -> None:
        backend.put("key", b"value")
        assert [setting for setting in (*backend.prepare(), *backend.limit()) if not setting.done] == []
        assert backend.get("key", limit=LIMIT).data == b"value"

    def test_inspecting_agrees_with_preparing(self, backend: Backend) -> None:
        prepared = [*backend.prepare(), *backend.limit()]
        assert [(s.name, s.done) for s in backend.inspect()] == [(s.name, s.done) for s in prepared]

    def test_preparing_and_inspecting_store_nothing_under_a_key(self, backend: Backend) -> None:
        backend.prepare()
        backend.limit()
        backend.inspect()
        assert list(backend.list("")) == []

    def test_it_asks_for_at_least_one_worker(self, backend: Backend) -> None:
        assert backend.workers >= 1

    def test_closing_twice_is_no_error(self, backend: Backend) -> None:
        backend.put("key", b"value")
        backend.close()
        backend.close()

    def test_many_threads_may_use_it(self, backend: Backend) -> None:
        def use(number: int) -> bytes:
            backend.put(f"{number % 7}/{number}", str(number).encode(), Absent())
            return backend.get(f"{number % 7}/{number}", limit=LIMIT).data

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(use, range(40))) == [str(number).encode() for number in range(40)]
        assert len(list(backend.list(""))) == 40
