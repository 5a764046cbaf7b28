"""Pages: any version is found in few steps, and history hangs together by hashes."""

import math
from collections.abc import Iterator, Sequence
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import MissingObject
from depository.history import pages
from depository.history.entries import Entry, VersionEntry
from depository.history.pages import Page, Pointer
from tests.history import strategies


class Shelf:
    """Pages by hash, and how many were read."""

    def __init__(self) -> None:
        self.pages: dict[bytes, bytes] = {}
        self.lost: set[int] = set()
        self.reads = 0
        self.round_trips = 0

    def add(self, back: tuple[Pointer, ...], entries: tuple[Entry, ...], first: int) -> tuple[Pointer, ...]:
        """Seal a page, and return the pointers of what comes after it."""
        position = back[0].position + 1 if back else 1
        pointer, frame = pages.seal(Page("mine.ipynb", position, first, back, entries))
        self.pages[pointer.hash] = frame.decode()
        return pages.with_page(back, pointer)

    def read(self, pointer: Pointer) -> Page:
        """Read a page."""
        self.reads += 1
        self.round_trips += 1
        if pointer.position in self.lost:
            raise MissingObject("It is gone.")
        return pages.unseal(self.pages[pointer.hash])

    def read_ahead(self, pointers: Sequence[Pointer]) -> list[Page | None]:
        """Read several at once."""
        before = self.round_trips
        found: list[Page | None] = []
        for pointer in pointers:
            try:
                found.append(self.read(pointer))
            except MissingObject:
                found.append(None)
        self.round_trips = before + 1
        return found


def shelved(history: list[Entry], sizes: Iterator[int]) -> tuple[Shelf, tuple[Pointer, ...]]:
    """A history in pages of these sizes."""
    shelf, rest, count = Shelf(), history, 0
    back: tuple[Pointer, ...] = ()
    while rest:
        size = next(sizes)
        run, rest = tuple(rest[:size]), rest[size:]
        back = shelf.add(back, run, count + 1)
        count += sum(isinstance(entry, VersionEntry) for entry in run)
    return shelf, back


def of_size(size: int) -> Iterator[int]:
    while True:
        yield size


@given(st.lists(strategies.entries, max_size=20), st.integers(1, 2**40), st.integers(1, 2**40))
def test_any_page_comes_back(entries: list[Entry], position: int, first: int) -> None:
    page = Page("mine.ipynb", position, first, (Pointer(4, 7, bytes(32)),), tuple(entries))
    _, frame = pages.seal(page)

    assert pages.unseal(frame.decode()) == page


def test_a_page_is_named_by_all_that_is_in_it() -> None:
    page = Page("mine.ipynb", 2, 5, (Pointer(1, 1, bytes(32)),), (strategies.version(5),))
    others = [
        page._replace(path="other.ipynb"),
        page._replace(position=3),
        page._replace(first=6),
        page._replace(back=(Pointer(1, 1, b"\1" * 32),)),
        page._replace(entries=(strategies.version(5, message="changed"),)),
    ]

    assert len({pages.seal(each)[0].hash for each in (page, *others)}) == 6


@given(strategies.histories(), st.integers(1, 9))
def test_walking_all_pages_gives_the_whole_history(history: list[Entry], size: int) -> None:
    shelf, back = shelved(history, of_size(size))

    walked = [entry for page in pages.walk(back, shelf.read) for entry in reversed(page.entries)]
    assert walked == history[::-1]


@given(st.integers(1, 60), st.integers(1, 20), st.sets(st.integers(1, 60)))
def test_pages_read_ahead_come_in_order_and_once_up_to_the_one_that_is_lost(
    count: int, most: int, lost: set[int]
) -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, count + 1)], of_size(1))
    shelf.lost = lost
    newest_lost = max((position for position in lost if position <= count), default=0)
    walk = pages.walk(back, shelf.read, shelf.read_ahead, most)

    assert [next(walk).position for _ in range(count - newest_lost)] == list(range(count, newest_lost, -1))
    with pytest.raises(MissingObject if newest_lost else StopIteration):
        next(walk)
    assert shelf.reads <= count + bool(newest_lost), "each is read once, but for the lost one"


@pytest.mark.parametrize("count", [1, 2, 12, 155, 1561])
def test_pages_of_which_16_are_read_at_once_take_a_sixteenth_of_a_round_trip_each_and_a_few(count: int) -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, count + 1)], of_size(1))

    assert sum(1 for _ in pages.walk(back, shelf.read, shelf.read_ahead, 16)) == count
    assert shelf.round_trips <= count / 16 + 7


@pytest.mark.parametrize(("taken", "reads"), [(1, 1), (2, 2), (3, 4), (5, 8), (20, 47)])
def test_who_goes_no_further_reads_little_in_vain(taken: int, reads: int) -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, 156)], of_size(1))
    assert sum(1 for _ in islice(pages.walk(back, shelf.read, shelf.read_ahead, 16), taken)) == taken

    assert shelf.reads <= reads


def test_a_walk_holds_few_pages_that_it_read_ahead() -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, 1562)], of_size(1))
    held = [shelf.reads - place for place, _ in enumerate(pages.walk(back, shelf.read, shelf.read_ahead, 16))]

    assert max(held) <= 4 * 16


@given(strategies.histories(), st.data())
def test_every_version_is_found_whatever_lies_between(history: list[Entry], data: st.DataObject) -> None:
    shelf, back = shelved(history, iter(lambda: data.draw(st.integers(1, 5)), 0))
    for entry in history:
        if isinstance(entry, VersionEntry):
            page = pages.find(entry.number, back, shelf.read)
            assert page is not None
            assert entry in page.entries


@pytest.mark.parametrize("number", [0, 301, 10**9])
def test_a_version_that_no_page_has_is_not_found(number: int) -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, 301)], of_size(10))

    assert pages.find(number, back, shelf.read) is None


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 100, 1023, 1024, 1025, 1563])
def test_a_version_is_found_in_as_many_steps_as_the_number_of_pages_has_bits(count: int) -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, count + 1)], of_size(1))
    for number in range(1, count + 1):
        shelf.reads = 0
        assert pages.find(number, back, shelf.read) is not None
        assert shelf.reads <= math.floor(math.log2(count)) + 1


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 1023, 1024, 1563])
def test_the_pointers_are_one_more_than_the_number_of_pages_has_bits_at_most(count: int) -> None:
    _, back = shelved([strategies.version(number) for number in range(1, count + 1)], of_size(1))

    two_nearest = {count, count - 1} - {0}
    assert len(back) <= count.bit_length() + 1
    assert [pointer.position for pointer in back] == sorted(
        two_nearest | {count >> n << n for n in range(count.bit_length())}, reverse=True
    )


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        b"\xc0",
        b"\x90",
        b"\x95\xa1a\x01\x01\x90",
        b"\x95\xa1a\x01\x01\x90\xc0",
        b"\x95\xa1a\x01\x01\x91\x90\x90",
        b"\x95\xa1a\x01\x01\x90\x91\x90",
    ],
    ids=bytes.hex,
)
def test_what_is_no_page_is_refused(fields: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        pages.unseal(fields)


@pytest.mark.parametrize(
    "fields", [None, [], [1, 1], [1, 1, "x"], ["1", 1, bytes(32)], [1, 1, bytes(32), 1], [1 << 63, 1, bytes(32)]]
)
def test_what_is_no_pointer_is_refused(fields: object) -> None:
    with pytest.raises(ValueError, match="pointer"):
        pages.decode_pointer(fields)


@pytest.mark.parametrize("number", [1, 10, 18])
def test_a_version_that_no_sound_page_leads_to_is_an_error(number: int) -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, 21)], of_size(1))
    shelf.lost = {pointer.position for pointer in back}

    with pytest.raises(MissingObject):
        pages.find(number, back, shelf.read)


@pytest.mark.parametrize("damaged", range(1, 21))
def test_any_one_damaged_page_hides_its_own_versions_only(damaged: int) -> None:
    shelf, back = shelved([strategies.version(number) for number in range(1, 21)], of_size(1))

    def read(pointer: Pointer) -> Page:
        if pointer.position == damaged:
            raise MissingObject("It is gone.")
        return shelf.read(pointer)

    for number in range(1, 21):
        if number == damaged:
            with pytest.raises(MissingObject):
                pages.find(number, back, read)
        else:
            assert pages.find(number, back, read) is not None
