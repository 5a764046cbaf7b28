"""The commit protocol: one conditional write of a path's manifest, and certainty about what became of it.

1. Whatever the new manifest refers to is written first: `propose` sees to its objects, `commit` to the pages.
2. The manifest is put on the condition that nobody wrote it since it was read.
3. On any answer but a clear yes it is read back. Our own write in it: done, whatever the answer was; a write whose
   answer was lost and that was repeated is told that its condition failed, by its own first try. Somebody else's:
   propose again on top of it. Unreadable: an error, never a guess.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import NamedTuple

from depository.backends.base import Absent, Backend, Match
from depository.errors import (
    AlteredObject,
    Conflict,
    DepositoryError,
    KeyNotFound,
    NewerObject,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
    TooLong,
    UnsupportedFormat,
)
from depository.history import manifest as manifests
from depository.history import pages
from depository.history.entries import Entry
from depository.history.manifest import Manifest
from depository.objects.frame import Kind
from depository.objects.store import Objects

MAX_TRIES = 1000
"""Lost races after which a commit gives up. Each lost race is another writer's success, so this is no normal event."""

MAX_UNEXPLAINED = 5
"""Refusals and lost answers, nothing having changed, after which a commit gives up."""

_CACHED_HEADS = 4096
_LOCKS = 64


class Head(NamedTuple):
    """A path's manifest as it was last seen."""

    manifest: Manifest | None
    """None where nothing has ever been saved."""
    etag: str | None
    is_shared: bool = False
    """It was ours, and others had written since we looked before."""
    is_settled: bool = False
    """It outlives a loss of power, for this process wrote it, or has seen to that."""


class Proposal(NamedTuple):
    """What a writer wants a path to be."""

    manifest: Manifest
    """The manifest it builds on, with refs and flags as they should be."""
    entries: tuple[Entry, ...]
    """What to append to its history."""


Propose = Callable[[Manifest | None], Proposal | None]
"""Makes a proposal for the manifest that is there, after writing its objects; None if nothing needs to be done. It is
called again when somebody else was faster."""


class Commits:
    """Reads and writes the manifests of one depository. Safe with several threads."""

    def __init__(
        self, backend: Backend, objects: Objects, *, token: Callable[[], bytes], pause: Callable[[int], None]
    ) -> None:
        """Make one.

        Args:
            backend: where the manifests are.
            objects: where the pages are.
            token: draws a write id, 8 random bytes.
            pause: waits before a further try, given how many there were.
        """
        self._backend = backend
        self._objects = objects
        self._token = token
        self._pause = pause
        self._heads: OrderedDict[str, Head] = OrderedDict()
        self._lock = Lock()
        self._path_locks = [Lock() for _ in range(_LOCKS)]

    def read(self, path: str) -> Manifest | None:
        """Read a path's manifest from the store; None where nothing has ever been saved.

        Raises:
            AlteredObject: what is there is no manifest, or another path's.
            NewerObject: it is of a newer format, or altered so that it says so.
        """
        return self._read(path).manifest

    def commit(self, path: str, propose: Propose, *, look_again: bool = False) -> Manifest | None:
        """Bring a path to what `propose` makes of it, and return the manifest that says so.

        Args:
            path: the path.
            propose: makes the proposals.
            look_again: read the manifest before nothing is done, where that was judged by what was last seen of it.

        Raises:
            StorageError: it could not be written, or it is not known whether it was.
            Conflict: other writers were faster `MAX_TRIES` times.
        """
        with self._path_locks[hash(path) % _LOCKS]:
            known = self._known(path)
            first = head = known or self._read(path)
            unexplained = 0
            for attempt in range(1, MAX_TRIES + 1):
                try:
                    proposal = propose(head.manifest)
                except DepositoryError:  # what it says of the path will be relied on, too
                    self._settle(path, head)
                    raise
                if proposal is None:
                    if look_again and head is known:
                        head = self._read(path)
                        continue
                    return self._settle(path, head).manifest
                if head is known and known.is_shared:
                    head = self._read(path)  # others have probably written again, and a write in vain costs more
                    if head.etag != known.etag:
                        continue
                outcome, doubt = self._try(path, head, proposal, is_shared=head.etag != first.etag)
                if doubt is None or (outcome.manifest is not None and self._holds(outcome.manifest, proposal)):
                    return self._settle(path, outcome).manifest
                if outcome.etag == head.etag:
                    unexplained += 1
                    if unexplained == MAX_UNEXPLAINED:
                        raise OutcomeUnknown(
                            f"{self._backend.url} does not take the new version of '{path}', though nobody else "
                            f"changed it: {doubt}"
                        ) from doubt
                head = outcome
                self._pause(attempt)
        raise Conflict(
            f"Others wrote to '{path}' each of the {MAX_TRIES:,} times that this was tried; try again later."
        )

    def settle(self, path: str) -> None:
        """Have what was last seen of a path outlive a loss of power: who wrote it may have died before that.

        Raises:
            StorageError: the disk does not confirm it.
        """
        self._settle(path, self._known(path) or self._read(path))

    def history(self, manifest: Manifest) -> Iterator[Entry]:
        """All entries, the newest first, each page read when it is reached; several at once from the third on."""
        yield from reversed(manifest.recent)
        for page in pages.walk(manifest.back, self.read_page, self._read_ahead, self._backend.workers):
            yield from reversed(page.entries)

    def read_page(self, pointer: pages.Pointer) -> pages.Page:
        """Read a sealed page.

        Raises:
            CorruptData: it is missing or altered.
        """
        try:
            page = pages.unseal(self._objects.read(pointer.hash, Kind.PAGE, limit=pages.MAX_PAGE))
        except ValueError as error:
            raise AlteredObject(f"The page {pointer.hash.hex()} is damaged: {error}.", pointer.hash) from error
        if (page.position, page.first) != (pointer.position, pointer.first):
            raise AlteredObject(f"The page {pointer.hash.hex()} is not the one that was pointed to.", pointer.hash)
        if any(back.position >= page.position for back in page.back):
            raise AlteredObject(f"The page {pointer.hash.hex()} is damaged: it does not lead back.", pointer.hash)
        return page

    def _read_ahead(self, pointers: Sequence[pages.Pointer]) -> list[pages.Page | None]:
        def read(pointer: pages.Pointer) -> pages.Page | None:
            try:
                return self.read_page(pointer)
            except DepositoryError:  # perhaps it is never reached; if it is, reading it again says so
                return None

        return self._objects.map(read, pointers)

    def _try(self, path: str, head: Head, proposal: Proposal, *, is_shared: bool) -> tuple[Head, StorageError | None]:
        """Put the proposal, and return what is there afterwards, and the doubt about how that came."""
        new = proposal.manifest.appended(*proposal.entries)
        new, data, sealed = manifests.sealed(
            new._replace(path=path, write_id=self._token(), generation=proposal.manifest.generation + 1)
        )
        self._objects.write(sealed)
        try:
            etag = self._backend.put(manifests.key_of(path), data, Match(head.etag) if head.etag else Absent())
        except (PreconditionFailed, OutcomeUnknown) as doubt:
            return self._read(path), doubt
        return self._remember(path, Head(new, etag, is_shared, is_settled=True)), None

    def _holds(self, manifest: Manifest, proposal: Proposal) -> bool:
        """Whether our entries are in a manifest's history, above what the proposal was built on."""
        missing = set(proposal.entries)
        start = proposal.manifest.recent[-1] if proposal.manifest.recent else None
        for entry in self.history(manifest):
            missing.discard(entry)
            if not missing:
                return True
            if entry == start:
                break
        return False

    def _read(self, path: str) -> Head:
        key = manifests.key_of(path)
        try:
            stored = self._backend.get(key, limit=manifests.READ_LIMIT)
        except KeyNotFound:
            self._forget(path)
            return Head(None, None)
        except TooLong as error:
            self._forget(path)
            raise _damaged(path, f"it is longer than {manifests.READ_LIMIT:,} bytes") from error
        try:
            manifest = manifests.unpack(stored.data)
            if manifest.path != path:
                raise ValueError(f"it is that of '{manifest.path}'")
        except ValueError as error:
            self._forget(path)
            raise _damaged(path, str(error)) from error
        except UnsupportedFormat as error:
            self._forget(path)
            raise NewerObject(f"The manifest of '{path}' ({key}) cannot be read: {error}.") from error
        return self._remember(path, Head(manifest, stored.etag))

    def _settle(self, path: str, head: Head) -> Head:
        if head.is_settled or head.manifest is None:
            return head
        self._backend.settle(manifests.key_of(path))
        return self._remember(path, head._replace(is_settled=True))

    def _known(self, path: str) -> Head | None:
        with self._lock:
            return self._heads.get(path)

    def _remember(self, path: str, head: Head) -> Head:
        with self._lock:
            self._heads[path] = head
            self._heads.move_to_end(path)
            if len(self._heads) > _CACHED_HEADS:
                self._heads.popitem(last=False)
        return head

    def _forget(self, path: str) -> None:
        with self._lock:
            self._heads.pop(path, None)


def _damaged(path: str, why: str) -> AlteredObject:
    return AlteredObject(f"The manifest of '{path}' ({manifests.key_of(path)}) is damaged: {why}.")
