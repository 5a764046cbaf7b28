"""Mending: what is damaged is put back where something proves what it was, and left alone where nothing does.

An object is proven by its name. It is looked for among the older values that the store keeps of its key, among what
the plain notebooks of the path that needs it would save, and, for pages, among the manifests that held their entries
before.

A manifest has no name that proves it. It is put back as the newest sound value that the store keeps of its key said,
and what was written after that is said to be lost. Where the store keeps none, its newest page says what it was when
that page was sealed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from depository.backends.base import Absent, Backend, Condition, Kept, Match, Stored
from depository.backends.wrapper import Wrapper
from depository.errors import CorruptData, KeyNotFound, PreconditionFailed, TooLong, UnsupportedFormat
from depository.history import manifest as manifests
from depository.history import pages
from depository.history.entries import EventEntry, EventKind, VersionEntry
from depository.history.manifest import MAX_RECENT, Manifest
from depository.history.pages import Page, Pointer
from depository.notebook.canonical import hash_bytes
from depository.objects import frame
from depository.objects.frame import Kind as ObjectKind
from depository.objects.store import Objects, key_of
from depository.verifying.findings import Finding, Kind
from depository.verifying.store import Store

_LEAP = 1 << 32
"""Writes that a lost manifest has certainly not seen: its generation is not to shrink, whatever it was."""
_MAX_TOGETHER = 100
"""Damaged objects that one takes along to be mended."""


class Proof(NamedTuple):
    """What an object was."""

    data: bytes
    source: str
    """Where it was found."""


class Older(NamedTuple):
    """What a manifest was."""

    manifest: Manifest
    lost: int
    """Writes after it that are lost for certain."""
    modified: float


class Mender:
    """Finds what damaged things were, and puts it back if it may."""

    def __init__(self, store: Store, tell: Callable[[Finding], None], *, repair: bool) -> None:
        """Make one.

        Args:
            store: to be mended.
            tell: told what is mended beside what was asked for, for that to be read.
            repair: do it, and not only say what would be done.
        """
        self._store = store
        self._tell = tell
        self._repair = repair
        self._known: dict[tuple[bytes, str], dict[bytes, Proof] | None] = {}

    def object(self, digest: bytes, path: str) -> tuple[str, bool]:
        """Mend an object that a path needs.

        Returns:
            how, or with what it could be; and whether it has been mended.
        """
        proofs = self._proofs(digest, path)
        if not proofs:
            return "", False
        how = proofs[digest].source
        if not self._repair:
            more = f", with {len(proofs) - 1:,} more that it needs" if len(proofs) > 1 else ""
            return f"{how} is what it was: --repair puts that back{more}", False
        for each, proof in proofs.items():
            self._put_back(each, proof.data)
            if each != digest:
                text = "was missing or damaged too"
                mend = f"put back from {proof.source}"
                self._tell(Finding(Kind.ALTERED, key_of(each), text, path or None, (), mend, mended=True))
        self._known.pop((digest, path), None)
        return f"put back from {how}", True

    def _proofs(self, digest: bytes, path: str) -> dict[bytes, Proof] | None:
        if (digest, path) not in self._known:
            if len(self._known) > _MAX_TOGETHER:
                self._known.clear()
            self._known[digest, path] = self._proven(digest, path, {})
        return self._known[digest, path]

    def _proven(self, digest: bytes, path: str, others: dict[bytes, Proof]) -> dict[bytes, Proof] | None:
        """What an object was, and what the damaged ones were that it needs; None if that cannot be told.

        Args:
            digest: the object.
            path: of the notebook that needs it.
            others: what is known already, and not put back yet.
        """
        for proof in self._candidates(digest, path):
            found: dict[bytes, Proof] = {**others, digest: proof}
            while len(found) < _MAX_TOGETHER:
                error = _error_of(digest, self._store.backend, found)
                if error is None:
                    return found
                needed = error.digest
                if needed is None or needed in found:
                    break
                more = self._proven(needed, path, found)
                if more is None:
                    break
                found = more
        return None

    def _candidates(self, digest: bytes, path: str) -> Iterator[Proof]:
        """What an object may have been: each is to be checked against its hash."""
        key = key_of(digest)
        for kept, stored in self._kept(key, frame.MAX_FRAME):
            yield Proof(stored.data, f"an older value of it, of {_moment(kept.modified)}")
        for name, stored in self._plain(path):
            if found := self._store.frames_of(stored.data).get(digest):
                yield Proof(frame.pack(found), f"the plain notebook {name}")
        if not path:
            return
        for kept, stored in self._kept(manifests.key_of(path), manifests.READ_LIMIT):
            if hash_bytes(stored.data) == digest:
                made = frame.encode(ObjectKind.BYTES, stored.data)
            elif page := _page_of(stored.data, digest):
                made = page
            else:
                continue
            yield Proof(frame.pack(made), f"the manifest of {_moment(kept.modified)}")

    def _plain(self, path: str) -> Iterator[tuple[str, Stored]]:
        for prefix in self._store.spaces.values() if path else ():
            key = f"{prefix}/{path}"
            with suppress(KeyNotFound, TooLong):
                yield key, self._store.backend.get(key, limit=frame.MAX_PAYLOAD)
            for kept, stored in self._kept(key, frame.MAX_PAYLOAD):
                yield f"{key} of {_moment(kept.modified)}", stored

    def _kept(self, key: str, limit: int) -> Iterator[tuple[Kept, Stored]]:
        """The values of a key that the store keeps, the newest first."""
        backend = self._store.backend
        for kept in backend.kept(key):
            if kept.etag is None:
                continue
            try:
                yield kept, backend.get_kept(key, kept.name, limit=limit)
            except (KeyNotFound, TooLong):
                continue

    def _put_back(self, digest: bytes, data: bytes) -> None:
        key = key_of(digest)
        condition, there = self._there(key, frame.MAX_FRAME)
        if there is None or there.data != data:
            with suppress(PreconditionFailed):  # somebody else has put it there just now
                self._store.backend.put(key, data, condition)
        self._store.objects.forget(digest)

    def _there(self, key: str, limit: int) -> tuple[Condition | None, Stored | None]:
        """What is damaged under a key, and the condition that it still is; what is too long can have none."""
        try:
            there = self._store.backend.get(key, limit=limit)
        except KeyNotFound:
            return Absent(), None
        except TooLong:
            return None, None
        return Match(there.etag), there

    # manifests

    def older(self, path: str) -> Older | None:
        """The newest sound value of a path's manifest among those that the store keeps."""
        lost = 0
        newest: Older | None = None
        for kept, stored in self._kept(manifests.key_of(path), manifests.READ_LIMIT):
            try:
                found = manifests.unpack(stored.data)
            except UnsupportedFormat:
                return None
            except ValueError:
                found = None
            if found is None or found.path != path:
                if newest is not None:
                    # whether what is damaged came before it, and made it void, cannot be told
                    lost, newest = lost + 2, None
                else:
                    lost += 1
                continue
            if newest is None or found.generation == newest.manifest.generation:
                # of several that were written on top of the same one, the first counts
                newest = Older(found, lost, kept.modified)
                continue
            break
        return newest

    def manifest(self, older: Older) -> tuple[str, bool]:
        """Put a manifest back as it was; how, or with what that could be done, and whether it has been."""
        was = older.manifest
        upto = f"v1 to v{was.latest}" if was.latest > 1 else "v1" if was.latest else "no version"
        said = f"as it was at {_moment(older.modified)}, with {upto}"
        if older.lost:
            what = "the write" if older.lost == 1 else f"the {older.lost} writes"
            said += f"; what {what} after that added is lost: newer versions, or moves of refs"
        if not self._repair:
            return f"--repair puts it back {said}", False
        return self._write(was, older.lost + 1, f"put back {said}")

    def rebuilt(self, path: str, tips: Sequence[bytes]) -> Manifest | None:
        """What the newest page of a path says that its manifest was when that page was sealed.

        Args:
            path: of the notebook.
            tips: the pages of which that is one; where they are several, some were never in a manifest.
        """
        if len(tips) != 1:
            return None
        try:
            page = pages.unseal(self._store.objects.read(tips[0], ObjectKind.PAGE))
            pointer = Pointer(page.position, page.first, tips[0])
            back = pages.with_page(page.back, pointer)
            return replayed(path, back, pages.walk(back, self._store.commits.read_page), self._fingerprint)
        except (CorruptData, ValueError, KeyError):
            return None

    def rebuild(self, manifest: Manifest) -> tuple[str, bool]:
        """Write a manifest that was rebuilt; as `manifest` does."""
        said = (
            f"from its pages, with v1 to v{manifest.latest}; what came after them is lost: up to {MAX_RECENT - 1} "
            "newer versions, and moves of refs"
        )
        if not self._repair:
            return f"--repair makes it again {said}", False
        return self._write(manifest, 0, f"made again {said}")

    def _fingerprint(self, version: VersionEntry) -> bytes:
        from depository.notebook.content import source_fingerprint

        try:
            return source_fingerprint(self._store.objects.read_blob(version.hash))
        except CorruptData:
            return b""

    def _write(self, was: Manifest, steps: int, how: str) -> tuple[str, bool]:
        backend, key = self._store.backend, manifests.key_of(was.path)
        new = was._replace(generation=was.generation + steps, write_id=self._store.token())
        new, data, sealed = manifests.sealed(new)
        self._store.objects.write(sealed)
        condition, there = self._there(key, manifests.READ_LIMIT)
        if there and not any(True for _ in backend.kept(key)):  # who knows more may make more of it
            digest = hash_bytes(there.data)
            self._store.objects.write({digest: frame.encode(ObjectKind.BYTES, there.data)})
            how += f"; what was there is the content {digest.hex()[:12]} now"
        try:
            backend.put(key, data, condition)
        except PreconditionFailed:
            return "", False
        return how, True


def replayed(
    path: str,
    back: tuple[Pointer, ...],
    history: Iterable[Page],
    fingerprint: Callable[[VersionEntry], bytes],
) -> Manifest | None:
    """The manifest that entries lead to; None where they do not tell.

    Args:
        path: of the notebook.
        back: the pointers to the pages.
        history: the pages, the newest first.
        fingerprint: that of a version's source.
    """
    newest: VersionEntry | None = None
    is_deleted: bool | None = None
    arrival: EventEntry | None = None
    refs: dict[str, int | None] = {}
    count = 0
    for entry in (entry for page in history for entry in reversed(page.entries)):
        if isinstance(entry, VersionEntry):
            newest = newest or entry
            is_deleted = bool(is_deleted)
        elif entry.event is EventKind.RENAME and not count:
            return None  # it came here, or it went: the page does not tell
        else:
            if entry.event in (EventKind.RENAME, EventKind.DELETE, EventKind.UNDELETE):
                is_deleted = entry.event is EventKind.DELETE if is_deleted is None else is_deleted
                arrival = arrival or (entry if entry.other else None)
            if entry.ref is not None:
                refs.setdefault(entry.ref, entry.number)
        count += 1
    if newest is None:
        return None
    return Manifest(
        path,
        generation=count + _LEAP,
        latest=newest.number,
        refs={ref: number for ref, number in refs.items() if number is not None},
        newest=newest,
        back=back,
        fingerprint=fingerprint(newest),
        deleted=bool(is_deleted),
        renamed_from=arrival.other if arrival and arrival.event is EventKind.RENAME else None,
    )


class _Trial(Wrapper):
    """A backend in which some objects are what they may have been."""

    def __init__(self, backend: Backend, found: dict[bytes, Proof]) -> None:
        super().__init__(backend)
        self._found = {key_of(digest): proof.data for digest, proof in found.items()}

    def get(self, key: str, *, limit: int) -> Stored:
        if key in self._found:
            return Stored(self._found[key], "")
        return super().get(key, limit=limit)


def _error_of(digest: bytes, backend: Backend, found: dict[bytes, Proof]) -> CorruptData | None:
    """Why an object is not what its name says, with some others as they may have been."""
    objects = Objects(_Trial(backend, found))
    try:
        check(objects, digest)
    except CorruptData as error:
        return error
    finally:
        objects.close()
    return None


def check(objects: Objects, digest: bytes) -> None:
    """Read an object, whatever it is, and all that it needs.

    Raises:
        CorruptData: it is not right.
    """
    kind = objects.read_frame(digest).kind
    if kind is ObjectKind.NOTEBOOK:
        objects.read_blob(digest)
    else:
        objects.read(digest, kind)


def _page_of(data: bytes, digest: bytes) -> frame.Frame | None:
    """The page with that hash that was sealed from a manifest, if one was."""
    try:
        manifest = manifests.unpack(data)
    except (ValueError, UnsupportedFormat):
        return None
    back, recent = manifest.back, manifest.recent
    for cut in range(1, len(recent) + 1):
        numbers = [entry.number for entry in recent if isinstance(entry, VersionEntry)]
        before = [entry.number for entry in recent[:cut] if isinstance(entry, VersionEntry)]
        first = before[0] if before else numbers[0] if numbers else manifest.latest + 1
        position = back[0].position + 1 if back else 1
        pointer, page = pages.seal(Page(manifest.path, position, first, back, recent[:cut]))
        if pointer.hash == digest:
            return page
    return None


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
