"""Objects that nothing refers to, and names under ``objects/`` that are no object's.

Most are what a writer left that died, or lost a race, or is at work: only old ones count. They are never deleted. They
have to be right all the same, for whoever saves that content next relies on what is there.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from depository.backends.base import Item
from depository.errors import CorruptData, MissingObject, NewerObject
from depository.history import pages
from depository.objects.frame import Kind as ObjectKind
from depository.objects.store import key_of
from depository.verifying.findings import Finding, Kind
from depository.verifying.ledger import Ledger
from depository.verifying.mending import Mender, check
from depository.verifying.store import Store
from depository.verifying.walking import kind_of, plain

MIN_AGE = 86_400
"""Seconds after which an object that nothing refers to is called an orphan."""

_PREFIX = "objects/"
_is_name = re.compile(r"objects/[0-9a-f]{2}/[0-9a-f]{62}").fullmatch
_AT_ONCE = 1000
_CHECKED = 64
_KEPT_AFTER = 50
"""Batches after which the ledger is on disk."""


class Orphans:
    """The objects of a depository that the ledger does not know."""

    def __init__(self, store: Store, ledger: Ledger, mender: Mender) -> None:
        self._store = store
        self._ledger = ledger
        self._mender = mender

    def list(self, tell: Callable[[Finding], None], progress: Callable[[float], None]) -> None:
        """Go through the listing of all objects.

        Args:
            tell: told of names that are no object's.
            progress: told how far it is, from 0 to 1.
        """
        latest = float(self._ledger.get("started") or 0) - MIN_AGE
        items = self._store.backend.list(_PREFIX, after=self._ledger.get("object") or "")
        for number in range(1 << 62):
            batch = list(islice(items, _AT_ONCE))
            if not batch:
                break
            self._take(batch, latest, tell)
            self._ledger.note("object", batch[-1].key)
            if number % _KEPT_AFTER == _KEPT_AFTER - 1:
                self._ledger.commit()
            progress(_share(batch[-1].key))
        self._ledger.commit()

    def _take(self, batch: Sequence[Item], latest: float, tell: Callable[[Finding], None]) -> None:
        objects: dict[bytes, Item] = {}
        for item in batch:
            if _is_name(item.key):
                objects[bytes.fromhex(item.key.removeprefix(_PREFIX).replace("/", ""))] = item
            else:
                tell(Finding(Kind.FOREIGN, item.key, "is no object's name: something else has put it there"))
        unknown = self._ledger.unknown(list(objects))
        is_lost = self._ledger.has_lost()
        found = ((digest, objects[digest].size, objects[digest].modified < latest) for digest in unknown)
        self._ledger.add_orphans(each for each in found if each[2] or is_lost)

    def are_any(self) -> bool:
        """Whether there are any, as it seems."""
        return next(self._ledger.each_orphan(), None) is not None

    def damaged(self) -> Iterator[Finding]:
        """Those that are not right. Pages of lost manifests among the rest are noted."""
        each = self._ledger.each_orphan()
        while batch := list(islice(each, _CHECKED)):
            digests = [digest for digest, _, _ in batch]
            for digest, error in zip(digests, self._store.objects.map(self._error_of, digests), strict=True):
                if error is None:
                    continue
                if error.digest not in (None, digest) and not self._ledger.unknown([error.digest]):
                    continue  # what it builds on is damaged, and that has been told
                if isinstance(error, MissingObject) and self._refers_to(digest, error.digest):
                    continue  # its writer died before it wrote that, and who saves the content next writes it
                how, mended = "", False
                if not isinstance(error, NewerObject):
                    how, mended = self._mender.object(digest, "")
                said = "nothing refers to it yet, but who saves that content next will rely on it"
                yield Finding(kind_of(error), key_of(digest), f"{plain(error)}; {said}", None, (), how, mended)
            if self._ledger.has_lost():
                self._note_pages(digests)

    def _refers_to(self, digest: bytes, output: bytes | None) -> bool:
        try:
            return output in self._store.objects.read_frame(digest).outputs
        except CorruptData:
            return False

    def _error_of(self, digest: bytes) -> CorruptData | None:
        error: CorruptData | None = None
        for _ in range(2):
            try:
                check(self._store.objects, digest)
            except CorruptData as met:
                error = met
            else:
                return None
        return error

    def _note_pages(self, digests: Sequence[bytes]) -> None:
        for digest in digests:
            try:
                if self._store.objects.read_frame(digest).kind is not ObjectKind.PAGE:
                    continue
                page = pages.unseal(self._store.objects.read(digest, ObjectKind.PAGE))
            except (CorruptData, ValueError):
                continue
            if self._ledger.has_lost(page.path):
                self._ledger.add_tip(page.path, page.position, digest)


def _share(key: str) -> float:
    """How far a listing is whose names are spread evenly."""
    try:
        return int(key.removeprefix(_PREFIX)[:2], 16) / 256
    except ValueError:
        return 0
