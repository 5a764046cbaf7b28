"""One history gone through: its manifest, its pages and what they say of each other, the newest part first."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from depository.errors import CorruptData, MissingObject, NewerObject
from depository.history import pages
from depository.history.entries import Entry, VersionEntry
from depository.history.manifest import Manifest
from depository.history.pages import Page, Pointer
from depository.objects.store import key_of
from depository.verifying.findings import Finding, Kind, added
from depository.verifying.store import Store

Mend = Callable[[bytes], tuple[str, bool]]
"""Mends an object: how, or with what it could be mended; and whether it has been."""


class Part(NamedTuple):
    """Entries that lie together: those of a manifest, or of a page."""

    versions: tuple[VersionEntry, ...]
    holder: bytes | None
    """The page; None for the manifest."""


class _Lost(NamedTuple):
    """A page that cannot be read."""

    error: CorruptData
    mend: str
    """What would mend it."""


class Walk:
    """Goes through one manifest and all behind it, and tells what is wrong on the way."""

    def __init__(self, store: Store, manifest: Manifest, key: str, tell: Callable[[Finding], None], mend: Mend) -> None:
        """Make one.

        Args:
            store: to be read.
            manifest: where it begins.
            key: of the manifest.
            tell: told of what is found.
            mend: of the pages that are damaged.
        """
        self._store = store
        self._manifest = manifest
        self._key = key
        self._tell_finding = tell
        self._mend = mend
        self._ahead: dict[Pointer, Page | CorruptData] = {}
        self.is_whole = True
        """Everything could be read so far, and fits."""

    def parts(self, is_known: Callable[[bytes], bool]) -> Iterator[Part]:
        """The versions, part by part, the newest part first.

        Args:
            is_known: whether all behind a page, and it itself, has been gone through already.
        """
        manifest = self._manifest
        upto = manifest.latest
        upto, versions = self._numbers(manifest.recent, upto, self._key)
        if manifest.newest is not None and versions and versions[-1] != manifest.newest:
            self._tell(Kind.INCONSISTENT, self._key, "names another newest version than its last")
        self._refs(manifest)
        yield Part(versions, None)
        back, holder, is_nearest = manifest.back, self._key, True
        self._order(back, holder)
        while back:
            pointer = back[0]
            page = self._page(back)
            if isinstance(page, _Lost):
                upto = self._lost(page, pointer, upto)
                back, is_nearest = back[1:], False  # what lies further back is found by the pointers that skip it
                continue
            if is_nearest:
                self._pointers(back, page, pointer, holder)
            last = next((e.number for e in reversed(page.entries) if isinstance(e, VersionEntry)), page.first - 1)
            if is_known(pointer.hash) and last == upto:
                yield Part((), pointer.hash)
                return
            key = key_of(pointer.hash)
            first = next((e.number for e in page.entries if isinstance(e, VersionEntry)), upto + 1)
            if first != page.first:
                self._tell(Kind.INCONSISTENT, key, f"says that it begins with v{page.first}, and begins with v{first}")
            self._newest(page, key)
            upto, versions = self._numbers(page.entries, upto, key)
            yield Part(versions, pointer.hash)
            self._order(page.back, key, pointer.position)
            back, holder, is_nearest = page.back, key, True
        if upto:
            self._gap(1, upto)

    def _numbers(self, entries: Sequence[Entry], upto: int, key: str) -> tuple[int, tuple[VersionEntry, ...]]:
        """The number before the first version among some entries that ought to end with `upto`, and the versions."""
        versions = tuple(entry for entry in entries if isinstance(entry, VersionEntry))
        if not versions:
            return upto, versions
        for old, new in pairwise(versions):
            if new.number <= old.number:
                self._tell(Kind.INCONSISTENT, key, f"has v{new.number} after v{old.number}")
            elif new.number > old.number + 1:
                self._gap(old.number + 1, new.number - 1)
        last = versions[-1].number
        if last < upto:
            self._gap(last + 1, upto)
        elif last > upto:
            self._tell(Kind.INCONSISTENT, key, f"has v{last}, where v{upto} is the last that it can have")
        return versions[0].number - 1, versions

    def _refs(self, manifest: Manifest) -> None:
        for ref, number in manifest.refs.items():
            if type(number) is not int or not 1 <= number <= manifest.latest:
                said = f"v{number}" if type(number) is int else "no number"
                self._tell(Kind.INCONSISTENT, self._key, f"points {ref} at {said}, and has v1 to v{manifest.latest}")

    def _newest(self, page: Page, key: str) -> None:
        newest = self._manifest.newest
        mine = next((e for e in reversed(page.entries) if isinstance(e, VersionEntry)), None)
        if newest and mine and mine.number == newest.number and mine != newest:
            self._tell(Kind.INCONSISTENT, self._key, f"has another v{newest.number} than {key}")

    def _order(self, back: Sequence[Pointer], holder: str, position: int | None = None) -> None:
        """Pointers fall, and none is at or above the page that holds them."""
        positions = [*([] if position is None else [position]), *(pointer.position for pointer in back)]
        if any(new >= old for old, new in pairwise(positions)) or (positions and positions[-1] < 1):
            self._tell(Kind.INCONSISTENT, holder, "has pointers to pages that are out of order")
        elif position is not None and position > 1 and not back:
            self._tell(Kind.INCONSISTENT, holder, "points to no page, and is not the oldest")

    def _pointers(self, back: tuple[Pointer, ...], page: Page, pointer: Pointer, holder: str) -> None:
        """Whether who points to a page points to those before it, too, as a writer would."""
        try:
            right = pages.with_page(page.back, pointer)
        except KeyError:
            right = None
        if right != back:
            self._tell(
                Kind.INCONSISTENT, holder, f"does not point to the pages that come before {key_of(pointer.hash)}"
            )

    def _page(self, back: Sequence[Pointer]) -> "Page | _Lost":
        """The first page of some, read together with the one that follows it."""
        pointer = back[0]
        if pointer not in self._ahead:
            near = [each for each in back[:2] if each.position >= pointer.position - 1]
            self._ahead = dict(zip(near, self._store.objects.map(self._read, near), strict=True))
        found = self._ahead.pop(pointer)
        if isinstance(found, CorruptData):
            found = self._read(pointer)  # once more, before anything is said
        if isinstance(found, Page):
            return found
        how, is_mended = ("", False) if isinstance(found, NewerObject) else self._mend(pointer.hash)
        if is_mended and isinstance(again := self._read(pointer), Page):
            self._tell(kind_of(found), key_of(pointer.hash), plain(found), mend=how, mended=True)
            return again
        return _Lost(found, how)

    def _read(self, pointer: Pointer) -> Page | CorruptData:
        try:
            return self._store.commits.read_page(pointer)
        except CorruptData as error:
            return error

    def _lost(self, lost: "_Lost", pointer: Pointer, upto: int) -> int:
        """Say which versions a page takes along; the number before them."""
        first = min(max(pointer.first, 1), upto + 1)
        ranges = added((), first, upto)
        self._tell(kind_of(lost.error), key_of(pointer.hash), plain(lost.error), ranges, mend=lost.mend)
        return first - 1

    def _gap(self, first: int, last: int) -> None:
        self._tell(Kind.GAP, self._key, "leads to no entry of some versions", added((), first, last))

    def _tell(
        self,
        kind: Kind,
        key: str,
        text: str,
        versions: tuple[tuple[int, int], ...] = (),
        *,
        mend: str = "",
        mended: bool = False,
    ) -> None:
        self.is_whole = self.is_whole and mended
        self._tell_finding(Finding(kind, key, text, self._manifest.path, versions, mend, mended))


def kind_of(error: CorruptData) -> Kind:
    """What a finding is about that was met as an error."""
    if isinstance(error, NewerObject):
        return Kind.NEWER
    return Kind.MISSING if isinstance(error, MissingObject) else Kind.ALTERED


def plain(error: CorruptData) -> str:
    """What an error says of an object, without naming it once more."""
    if isinstance(error, MissingObject):
        return "is missing"
    if isinstance(error, NewerObject):
        return "was written by a newer depository"
    why = str(error).partition(" is damaged: ")[2].rstrip(".")
    return f"is damaged: {why}" if why else "is not the one that is pointed to"
