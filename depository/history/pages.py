"""Pages: older history, sealed and content-addressed.

A page holds the hash of the page before it, and of some further back: of the newest page whose position is a multiple
of 2, of 4, of 8, … as a skip list does. So all of history hangs on the newest page by hashes, and any version is found
in a number of steps that grows with the logarithm of the history's length (after W. Pugh, "Skip lists", 1990).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgpack
from blake3 import blake3

from depository.errors import CorruptData
from depository.history import entries
from depository.history.entries import Entry, VersionEntry
from depository.objects import frame
from depository.objects.frame import Frame, Kind

MAX_PAGE = 1 << 20
"""Bytes of the largest page, decoded. Writers stay far below: a page has at most 96 entries, of 6 KB at most."""


class Pointer(NamedTuple):
    """Where a page is."""

    position: int
    """1 for the oldest page of a path, and so on without gaps."""
    first: int
    """The number of the first version in it, or of the next version after it if it has none."""
    hash: bytes


class Page(NamedTuple):
    """A sealed run of history."""

    path: str
    """The path at the time of sealing."""
    position: int
    first: int
    back: tuple[Pointer, ...]
    """Pages before it, the nearest first."""
    entries: tuple[Entry, ...]
    """The oldest first."""


def seal(page: Page) -> tuple[Pointer, Frame]:
    """The pointer to a page and the object that holds it."""
    data = msgpack.packb(
        [
            page.path,
            page.position,
            page.first,
            [list(pointer) for pointer in page.back],
            list(map(entries.encode, page.entries)),
        ]
    )
    digest = blake3(data).digest()
    return Pointer(page.position, page.first, digest), frame.encode(Kind.PAGE, data)


def unseal(data: bytes) -> Page:
    """The page of an object's payload.

    Raises:
        ValueError: it is none.
    """
    match msgpack.unpackb(data):
        case [str(path), int(position), int(first), list(back), list(items)]:
            pointers = tuple(map(decode_pointer, back))
            return Page(path, position, first, pointers, tuple(map(entries.decode, items)))
        case _:
            raise ValueError("it is no page")


def decode_pointer(fields: object) -> Pointer:
    """The pointer of its MessagePack array.

    Raises:
        ValueError: it is none.
    """
    match fields:
        case [int(position), int(first), bytes(digest)] if position <= entries.LARGEST and entries.is_hash(digest):
            return Pointer(position, first, digest)
        case _:
            raise ValueError("a pointer to a page is altered")


def with_page(back: Sequence[Pointer], page: Pointer) -> tuple[Pointer, ...]:
    """The pointers that the page after `page` holds.

    They are to the two pages before it, so that losing one page loses no other, and for each power of two to the newest
    page at a multiple of it.
    """
    known = {pointer.position: pointer for pointer in (*back, page)}
    wanted = {page.position >> level << level for level in range(page.position.bit_length())}
    if page.position > 1:
        wanted.add(page.position - 1)
    return tuple(known[position] for position in sorted(wanted, reverse=True))


def find(number: int, back: Sequence[Pointer], read: Callable[[Pointer], Page]) -> Page | None:
    """The page that holds a version, or None if no page does.

    Raises:
        CorruptData: that page is damaged, or all that lead to it are.
    """
    while True:
        newer = [pointer for pointer in back if pointer.first > number]
        nearest = back[len(newer)] if len(newer) < len(back) else None
        if nearest and (not newer or nearest.position == newer[-1].position - 1):
            page = read(nearest)
            return page if any(isinstance(e, VersionEntry) and e.number == number for e in page.entries) else None
        damage: CorruptData | None = None
        for pointer in reversed(newer):
            try:
                back = read(pointer).back
                break
            except CorruptData as error:  # a nearer one leads there as well, in more steps
                damage = damage or error
        else:
            if damage:
                raise damage
            return None


def walk(
    back: Sequence[Pointer],
    read: Callable[[Pointer], Page],
    read_ahead: Callable[[Sequence[Pointer]], Sequence[Page | None]] | None = None,
    most: int = 1,
) -> Iterator[Page]:
    """All pages, the newest first, each read when it is reached.

    For whoever goes on past two of them others are read along, twice as many each time, as far as the pages that are
    there point to them. So a long history takes few round trips, and one that is left early few reads in vain. What
    cannot be read ahead is an error when it is reached, and not before.

    Args:
        back: the pointers to the newest.
        read: reads a page.
        read_ahead: reads several at once, None for each that cannot be read; where that gains nothing, None.
        most: how many pages it is given at the most.
    """
    there: dict[Pointer, Page] = {}
    failed: set[Pointer] = set()
    rounds = 0
    while back:
        nearest = back[0]
        if read_ahead and nearest not in there and nearest not in failed:
            known = {pointer for page in there.values() for pointer in page.back}.union(back) - there.keys() - failed
            wanted = sorted(known, reverse=True)[: min(most, 1 << max(0, rounds - 1))]
            rounds += 1
            if len(wanted) > 1:
                for pointer, found in zip(wanted, read_ahead(wanted), strict=True):
                    if found:
                        there[pointer] = found
                    else:
                        failed.add(pointer)
        page = there.pop(nearest, None) or read(nearest)
        yield page
        back = page.back
