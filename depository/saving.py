"""Saves on their way into the archive: content, blob, entry."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from depository.cell_cache import CellCache
from depository.errors import AlteredObject, CorruptData, InvalidContent
from depository.history.bases import base_of, chain_hashes
from depository.history.commit import Proposal
from depository.history.entries import Change, ContentKind, Entry, EventEntry, EventKind, Source, VersionEntry
from depository.history.manifest import Manifest
from depository.notebook import content as contents
from depository.notebook import render
from depository.notebook.canonical import hash_bytes
from depository.notebook.content import Content, Kind
from depository.notebook.skeleton import Skeleton
from depository.objects import frame
from depository.objects.frame import Frame
from depository.objects.store import Objects, Payload

MAX_SOURCE = 256 * 1024 * 1024
"""Bytes of the largest file. Archiving one takes up to eight times its size of memory."""

_TINY_PATCH = 64
_LOOK_BACK = 256
"""Entries of others that a search for saves which are there already goes past, beyond those in the manifest."""
_CLOCKS_DIFFER = 3_600_000
"""Milliseconds by which the clocks of two writers are expected to differ at most."""


class Prepared(NamedTuple):
    """What was given to be saved, understood; nothing of it depends on what is in the store."""

    content: Content
    source: Source | None
    size: int
    """Of the file, in bytes."""
    frames: dict[bytes, Frame]
    """Objects that the entry itself refers to."""
    is_file: bool
    """It was given as a file, whose bytes count beside what they say."""
    parts: Skeleton | None = None
    """Of the content, where they are known already."""
    fingerprint: bytes | None = None
    """Of its source, likewise."""


class Details(NamedTuple):
    """What is said about a save."""

    time: int
    author: str
    cause: str
    message: str


def prepare(given: bytes | dict[str, Any], cells: CellCache | None = None) -> Prepared:
    """Understand a file's bytes or a notebook in memory.

    Args:
        given: either.
        cells: spares parsing cells that were in a file before.

    Raises:
        InvalidContent: it is too large, or holds what a notebook cannot hold.
        AlteredObject: compressing it did not give it back.
    """
    if not isinstance(given, bytes):
        content = contents.from_notebook(given)
        size = _checked(len(render.render(content.value)))
        return Prepared(content, None, size, {}, is_file=False)
    _checked(len(given))
    if cells and (found := cells.read(given)):
        return Prepared(found.content, None, len(given), {}, True, found.parts, found.fingerprint)
    content = contents.from_file(given)
    if content.kind is Kind.RAW:
        return Prepared(content, None, len(given), {}, is_file=True)
    rendered, style = render.render_like(given, content.value)
    if rendered == given:
        source = None if style == render.JUPYTER else Source(style.code)
        return Prepared(content, source, len(given), {}, is_file=True)
    patch = frame.patch(given, rendered)
    if not _gives(patch, rendered, given):
        raise AlteredObject("The patch of the notebook's file does not give the file back; nothing was written.")
    if len(patch) <= _TINY_PATCH:
        return Prepared(content, Source(style.code, patch), len(given), {}, is_file=True)
    digest = hash_bytes(patch)
    frames = {digest: frame.encode(frame.Kind.BYTES, patch)}
    return Prepared(content, Source(style.code, None, digest), len(given), frames, is_file=True)


def objects_of(objects: Objects, given: bytes) -> dict[bytes, Frame]:
    """Every object that saving a file would write, each standing alone. Nothing is written.

    Raises:
        InvalidContent: the file is too large.
    """
    prepared = prepare(given)
    return {**prepared.frames, **objects.encode_blob(prepared.content, None, parts=prepared.parts).frames}


def _checked(size: int) -> int:
    if size > MAX_SOURCE:
        raise InvalidContent(
            f"The notebook has {size:,} bytes; at most {MAX_SOURCE:,} are archived. Clear its largest outputs."
        )
    return size


def _gives(patch: bytes, rendered: bytes, given: bytes) -> bool:
    try:
        return frame.apply_patch(patch, rendered, len(given)) == given
    except ValueError:
        return False


class Save(NamedTuple):
    """A notebook to archive."""

    prepared: Prepared
    details: Details


class Held(NamedTuple):
    """Where a save is in the history."""

    entry: VersionEntry
    is_new: bool
    """The save made this version; False where it was there already."""


class Burst:
    """Saves of one path, in order, that are proposed in one go, as often as other writers are faster."""

    def __init__(
        self, objects: Objects, saves: Sequence[Save], history: Callable[[Manifest], Iterator[Entry]] | None = None
    ) -> None:
        """Make one.

        Args:
            objects: of the depository.
            saves: in order.
            history: reads all entries of a manifest, the newest first, to find saves that are there already because a
                process died after it had archived them; None where that cannot be.
        """
        self._objects = objects
        self._saves = saves
        self._history = history
        self._written: set[bytes] = set()
        self._fingerprints: dict[bytes, bytes] = {}
        self.held: list[Held] = []
        """Where each save is, as proposed last."""

    def propose(self, manifest: Manifest | None) -> Proposal | None:
        """Append to a path's history the saves that are not in it, after writing their objects."""
        base = manifest or Manifest("")
        found = recognised(self._saves, self._look_back(base)) if self._history else [None] * len(self._saves)
        start: tuple[EventEntry, ...] = ()
        if base.renamed_to is not None and None in found:
            # the history went on under another name; this name begins anew
            first = self._saves[found.index(None)].details
            start = (EventEntry(EventKind.START, first.time, first.author, "", other=base.renamed_to),)
            base = Manifest("", generation=base.generation, buried=base.buried)
        newest, is_alive, fingerprint = base.newest, base.alive, base.fingerprint
        made: dict[VersionEntry, Prepared] = {}
        self.held = []
        for save, there in zip(self._saves, found, strict=True):
            if there:
                self.held.append(Held(there, is_new=False))
            elif is_alive and newest and _is_in(newest, save.prepared):
                self.held.append(Held(newest, is_new=False))
            else:
                before, fingerprint = fingerprint, self._fingerprint(save.prepared)
                newest, is_alive = _entry(save, newest, is_source_same=before == fingerprint), True
                made[newest] = save.prepared
                self.held.append(Held(newest, is_new=True))
        if not made:
            return None
        self._write(base.recent, made)
        return Proposal(base._replace(fingerprint=fingerprint, deleted=False), (*start, *made))

    def _fingerprint(self, prepared: Prepared) -> bytes:
        content = prepared.content
        if content.hash not in self._fingerprints:
            self._fingerprints[content.hash] = prepared.fingerprint or contents.source_fingerprint(content)
        return self._fingerprints[content.hash]

    def _look_back(self, manifest: Manifest) -> list[VersionEntry]:
        """The versions among which the saves may be, the oldest first."""
        assert self._history is not None  # noqa: S101 - nobody asks without
        since = min(save.details.time for save in self._saves) - _CLOCKS_DIFFER
        history = self._history(manifest)
        entries = list(islice(history, len(manifest.recent)))
        earliest = min((entry.time for entry in entries), default=since + 1)
        most = len(entries) + len(self._saves) + _LOOK_BACK
        try:
            while earliest > since and len(entries) < most:
                entries.append(next(history))
                earliest = min(earliest, entries[-1].time)
        except (StopIteration, CorruptData):  # saving goes on in a history whose pages are damaged
            pass
        return [entry for entry in reversed(entries) if isinstance(entry, VersionEntry)]

    def _write(self, recent: Sequence[Entry], made: Mapping[VersionEntry, Prepared]) -> None:
        """Write what new versions refer to, a delta never before what it builds on.

        A process may die at any moment, and an object is never written again: a delta that had come into the store
        without its base would be found there by the next who saves that content, and be lost on them.
        """
        versions = {entry.number: entry for entry in (*recent, *made) if isinstance(entry, VersionEntry)}
        there = self._written | {entry.hash for entry in recent if isinstance(entry, VersionEntry)}
        start = next(iter(made)).number
        waves: list[dict[VersionEntry, VersionEntry | None]] = [{}]
        wave_of: dict[bytes, int] = {}
        for entry in made:
            if entry.hash in there or entry.hash in wave_of:
                continue
            under = versions.get(base_of(entry.number, start) or 0)
            depth = wave_of.get(under.hash, -1) + 1 if under else 0
            wave_of[entry.hash] = depth
            waves.extend({} for _ in range(depth + 1 - len(waves)))
            waves[depth][entry] = under
        frames = {digest: one for prepared in made.values() for digest, one in prepared.frames.items()}
        frames = {digest: one for digest, one in frames.items() if digest not in self._written}
        payloads: dict[bytes, Payload] = {}
        for wave in waves:
            blobs = []
            for entry, under in wave.items():
                base = self._base(under, versions.values(), payloads)
                known = self._written.union(base[1].frame.outputs if base else ())
                blobs.append(self._objects.encode_blob(made[entry].content, base, known, made[entry].parts))
                frames.update(blobs[-1].frames)
            created = self._objects.write(frames)
            self._written.update(frames)
            payloads.update((blob.hash, blob.payload) for blob in blobs if blob.hash in created)
            frames = {}
        for entry in made:  # in this order, for memory keeps the last ones
            if entry.hash in payloads:
                self._objects.remember(entry.hash, payloads[entry.hash])

    def _base(
        self, entry: VersionEntry | None, known: Iterable[VersionEntry], payloads: Mapping[bytes, Payload]
    ) -> tuple[bytes, Payload] | None:
        if entry is None:
            return None
        if entry.hash in payloads:
            return entry.hash, payloads[entry.hash]
        try:
            return entry.hash, self._objects.read_payload(entry.hash, chain_hashes(entry, known))
        except CorruptData:  # a damaged version is not built on; this one stands alone
            return None


def recognised(saves: Sequence[Save], versions: Sequence[VersionEntry]) -> list[VersionEntry | None]:
    """For each save the version that it made before, or that made it needless; None where there is none.

    Saves are archived in order, so what comes before a save that is there has had its turn as well: if it is not there
    itself, it was what the newest version held already.

    Args:
        saves: of one path, in order.
        versions: of that path, the oldest first.
    """
    keys = [(entry.time, entry.hash, entry.author, entry.cause, entry.size) for entry in versions]
    places: list[int | None] = []
    end = 0
    for before, (prepared, details) in zip((None, *saves), saves, strict=False):
        if before and _is_same(before.prepared, prepared):
            places.append(places[-1])
            continue
        key = (details.time, prepared.content.hash, details.author, details.cause, prepared.size)
        try:
            places.append(keys.index(key, end))
            end = keys.index(key, end) + 1
        except ValueError:
            places.append(None)
    found: list[VersionEntry | None] = []
    later = 0
    for place, save in zip(reversed(places), reversed(saves), strict=True):
        if place is not None:
            later = place
            found.append(versions[place])
        else:
            found.append(next((entry for entry in reversed(versions[:later]) if _is_in(entry, save.prepared)), None))
    return found[::-1]


def _is_in(entry: VersionEntry, prepared: Prepared) -> bool:
    return entry.hash == prepared.content.hash and (entry.source == prepared.source or not prepared.is_file)


def _is_same(first: Prepared, second: Prepared) -> bool:
    return first.content.hash == second.content.hash and (first.source == second.source or not second.is_file)


def _entry(save: Save, newest: VersionEntry | None, *, is_source_same: bool) -> VersionEntry:
    """The version that a save makes on top of the newest one."""
    content, source, size = save.prepared[:3]
    if newest and newest.hash == content.hash:
        change = Change.FILE
    else:
        change = Change.OUTPUTS if newest and is_source_same else Change.SOURCE
    kind = ContentKind.NOTEBOOK if content.kind is Kind.NOTEBOOK else ContentKind.RAW
    time, author, cause, message = save.details
    number = newest.number + 1 if newest else 1
    return VersionEntry(number, time, author, cause, message, content.hash, size, kind, change, source)
