"""Bringing the index up to date: what changed in the depository since it was read last, and nothing else.

A manifest is read if its etag is another one, its pages as far as they are new, and the blobs of those versions whose
sheets are asked for and are not in the index. Versions are read in waves, several at once where the store gains by it,
and each delta is decoded once. What was read is kept after every few hundred versions, so that little is lost if the
user gives up.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from depository.backends.base import Backend, Stored
from depository.errors import CorruptData, KeyNotFound, TooLong, UnsupportedFormat
from depository.history import manifest as manifests
from depository.history.bases import chain_hashes
from depository.history.commit import Commits
from depository.history.entries import EventEntry, EventKind, VersionEntry
from depository.history.manifest import GROUP, Manifest
from depository.objects.frame import Frame
from depository.objects.store import Objects
from depository.search.index import Index, Known, State
from depository.search.texts import Group, Sheet, groups_of, groups_of_raw

NEWEST = "workspace"
"""The ref that is always at the newest version."""
WAVE = 32
"""Versions that are read at once."""
_KEPT_AFTER = 256
"""Versions after which what was read of them is written."""
_MOST_HELD = 16 * 1024 * 1024
"""Characters of texts after which it is written, too."""
_SHOWN = 6


class Line(Protocol):
    """One manifest, as a listing shows it."""

    @property
    def path(self) -> str:
        """Of the notebook."""

    @property
    def etag(self) -> str | None:
        """Of the manifest; None where a listing does not tell."""


class Store(NamedTuple):
    """Where a depository is read."""

    backend: Backend
    commits: Commits
    objects: Objects


class Wanted(NamedTuple):
    """What of each path a search looks through."""

    sheets: tuple[Sheet, ...]
    ref: str | None
    """The version that this ref points at, `NEWEST` for the newest; None for every version."""

    def number_in(self, path: "Known | Manifest") -> int | None:
        """The one version of a path that is looked through, if there is one; None also where all are."""
        return path.latest if self.ref == NEWEST else path.refs.get(self.ref or "")

    def depth_in(self, path: "Known | Manifest") -> int:
        """The oldest version that has to be known."""
        return 1 if self.ref is None else self.number_in(path) or path.latest


class _Look(NamedTuple):
    """What there is at a path now."""

    known: Known | None
    new: tuple[VersionEntry, ...] = ()
    """Versions that the index lacks."""
    is_changed: bool = False
    damage: str = ""


class _Job(NamedTuple):
    """A version to be read."""

    path: Known
    version: VersionEntry
    chain: tuple[bytes, ...]
    sheets: tuple[Sheet, ...]


def update(
    index: Index,
    store: Store,
    lines: Sequence[Line],
    wanted: Wanted,
    note: Callable[[str], None],
    step: Callable[[float], None],
) -> list[Known]:
    """Bring what the index holds of some paths up to date.

    Args:
        index: to be written to.
        store: to be read.
        lines: the paths, with what a listing shows of them.
        wanted: what is to be searched.
        note: told in a sentence of what is damaged and cannot be searched.
        step: told how much of it is done, from 0 to 1.

    Returns:
        what is known of each path that has versions under this name.
    """
    before = [index.known(line.path) for line in lines]
    # what a listing, or the manifest's bytes, show to be as it was is not looked at further
    stored = store.objects.map(lambda item: _changed(store, wanted, *item), zip(lines, before, strict=True))
    tips = [
        index.version(known, known.latest) if known and data else None
        for known, data in zip(before, stored, strict=True)
    ]

    def look(item: tuple[Line, Known | None, Stored | None, VersionEntry | None]) -> _Look:
        line, known, data, tip = item
        return _compared(store, wanted, line.path, data, known, tip) if data else _Look(known)

    looks = store.objects.map(look, zip(lines, before, stored, tips, strict=True))
    for found in looks:
        if found.damage:
            note(found.damage)
    paths = [found.known for found in looks if found.known]
    if any(found.is_changed for found in looks):
        with index.writing():
            paths = [index.note(f.known, f.new) if f.is_changed else f.known for f in looks if f.known]
    paths = [path for path in paths if path.state is not State.RENAMED and path.latest]
    _Reading(index, store, wanted, note).read(paths, step)
    return paths


def _changed(store: Store, wanted: Wanted, line: Line, known: Known | None) -> Stored | None:
    """The manifest of a path, if it is another one than is known, or if more of its history has to be known."""
    is_enough = known is not None and (known.state is State.RENAMED or known.oldest <= wanted.depth_in(known))
    if known and is_enough and line.etag == known.etag:
        return None
    try:
        stored = store.backend.get(manifests.key_of(line.path), limit=manifests.READ_LIMIT)
    except KeyNotFound:
        return None
    except TooLong:
        return Stored(b"", "")  # it is no manifest, and told as that
    return None if known and is_enough and stored.etag == known.etag else stored


def _compared(
    store: Store, wanted: Wanted, path: str, stored: Stored, known: Known | None, tip: VersionEntry | None
) -> _Look:
    """What a manifest, and its pages as far as need be, have that the index lacks.

    Args:
        store: for the pages.
        wanted: says how far back.
        path: the notebook.
        stored: its manifest as it is now.
        known: what is known of the path.
        tip: the newest version that is known. If the history has another one in its place, it has begun anew.
    """
    try:
        manifest = manifests.unpack(stored.data)
        if manifest.path != path:
            raise ValueError(f"it is that of '{manifest.path}'")
    except (ValueError, UnsupportedFormat) as error:
        return _Look(None, damage=f"'{path}' is not searched: its manifest is damaged: {error}.")
    fresh = _known(manifest, stored.etag)
    if fresh.state is State.RENAMED:
        return _Look(fresh, is_changed=True)
    depth = wanted.depth_in(manifest)
    floor = min(depth, *(entry.number for entry in manifest.recent if isinstance(entry, VersionEntry)), manifest.latest)
    new: list[VersionEntry] = []
    is_joined = False
    damage = ""
    try:
        for entry in store.commits.history(manifest):
            if not isinstance(entry, VersionEntry):
                continue
            if known and not is_joined and entry.number <= known.latest:
                is_joined = tip is not None and (entry.number, entry.hash, entry.time) == (
                    tip.number,
                    tip.hash,
                    tip.time,
                )
                known = known if is_joined else None
            if known and is_joined and entry.number >= known.oldest:
                if known.oldest <= depth:
                    break
                continue
            new.append(entry)
            if entry.number <= (depth if is_joined else floor):
                break
    except CorruptData as error:
        first = min([manifest.latest + 1, *(e.number for e in new), *([known.oldest] if known and is_joined else [])])
        damage = f"What is older than v{first} of '{manifest.path}' is not searched: {error}"
    oldest = min((entry.number for entry in new), default=manifest.latest + bool(damage))
    if known and is_joined:
        fresh = fresh._replace(id=known.id)
        oldest = min(oldest, known.oldest)
    return _Look(fresh._replace(oldest=oldest), tuple(new), is_changed=True, damage=damage)


def _known(manifest: Manifest, etag: str) -> Known:
    state = State.RENAMED if manifest.renamed_to is not None else State.DELETED if manifest.deleted else State.ALIVE
    ends = (e.time for e in reversed(manifest.recent) if isinstance(e, EventEntry) and e.event is EventKind.DELETE)
    ended = next(ends, None) if state is State.DELETED else None
    return Known(0, manifest.path, etag, state, ended, manifest.latest, manifest.latest, manifest.refs)


class _Reading:
    """Reads the versions whose sheets the index lacks."""

    def __init__(self, index: Index, store: Store, wanted: Wanted, note: Callable[[str], None]) -> None:
        self._index = index
        self._store = store
        self._wanted = wanted
        self._note = note
        self._paths: dict[int, Known] = {}
        self._read: dict[tuple[int, Sheet], list[tuple[int, list[Group] | None]]] = {}
        self._held = 0
        self._failed: dict[str, list[int]] = {}
        self._damage: dict[str, CorruptData] = {}

    def read(self, paths: Sequence[Known], step: Callable[[float], None]) -> None:
        """Read what is lacking of some paths, and keep it."""
        unfinished = [
            (path, sheet)
            for path in paths
            for sheet in self._wanted.sheets
            if self._wanted.ref is not None or not self._index.is_complete(path, sheet)
        ]
        jobs = list(self._jobs(unfinished))
        for start in range(0, len(jobs), WAVE):
            wave = jobs[start : start + WAVE]
            frames = self._store.objects.read_frames(
                digest for job in wave for digest in (job.version.hash, *job.chain)
            )
            for job in wave:
                self._take(job, frames)
                if self._held >= _MOST_HELD:
                    self._keep()
            step((start + len(wave)) / len(jobs))
            if sum(map(len, self._read.values())) >= _KEPT_AFTER:
                self._keep()
        self._keep()
        self._finish(unfinished)
        for path, numbers in self._failed.items():
            verb = "is" if len(numbers) == 1 else "are"
            self._note(f"{_ranges(numbers)} of '{path}' {verb} not searched: {self._damage[path]}")

    def _jobs(self, unfinished: Sequence[tuple[Known, Sheet]]) -> Iterator[_Job]:
        lacking: dict[int, dict[int, list[Sheet]]] = {}
        for path, sheet in unfinished:
            self._paths[path.id] = path
            for number in self._lacking(path, sheet):
                lacking.setdefault(path.id, {}).setdefault(number, []).append(sheet)
        for key, numbers in lacking.items():
            path = self._paths[key]
            first = (min(numbers) - 1) // GROUP * GROUP + 1
            versions = self._index.versions(path, first)
            for place, version in enumerate(versions):
                if version.number in numbers:
                    group = versions[max(0, place - GROUP) : place]
                    chain = tuple(chain_hashes(version, (*group, version)))
                    yield _Job(path, version, chain, tuple(numbers[version.number]))

    def _lacking(self, path: Known, sheet: Sheet) -> set[int]:
        """The versions that have to be read."""
        if self._wanted.ref is not None:
            number = self._wanted.number_in(path)
            needed = {self._index.origin(path, sheet, number)} if number else set()
        else:
            versions = self._index.versions(path)
            needed = {version.number for version in versions if version.change <= sheet.changed_by}
            # the first after a gap says nothing of what was before it
            needed |= {new.number for old, new in pairwise(versions) if new.number != old.number + 1}
            needed |= {version.number for version in versions[:1]}
        return needed - self._index.read_numbers(path, sheet) if needed else needed

    def _take(self, job: _Job, frames: dict[bytes, Frame]) -> None:
        found: dict[Sheet, list[Group]]
        try:
            payload = self._store.objects.decode(job.version.hash, frames)
            notebook = self._store.objects.read_bare(job.version.hash)
            found = {
                sheet: groups_of_raw(payload.data, sheet)
                if notebook is None
                else groups_of(notebook, sheet, self._read_text)
                for sheet in job.sheets
            }
        except CorruptData as error:
            found = {}
            self._failed.setdefault(job.path.path, []).append(job.version.number)
            self._damage.setdefault(job.path.path, error)
        for sheet in job.sheets:
            groups = found.get(sheet)
            self._read.setdefault((job.path.id, sheet), []).append((job.version.number, groups))
            self._held += sum(len(text) for group in groups or () for _, text in group)

    def _read_text(self, digest: bytes) -> str:
        return self._store.objects.read_text(digest)

    def _keep(self) -> None:
        if self._read:
            with self._index.writing():
                for (key, sheet), read in self._read.items():
                    self._index.add(self._paths[key], sheet, read)
            self._read.clear()
            self._held = 0

    def _finish(self, unfinished: Sequence[tuple[Known, Sheet]]) -> None:
        finished = [
            (path, sheet)
            for path, sheet in unfinished
            if self._wanted.ref is None and path.oldest <= 1 and path.path not in self._failed
        ]
        if finished:
            with self._index.writing():
                for path, sheet in finished:
                    self._index.set_complete(path, sheet)


def _ranges(numbers: list[int]) -> str:
    """Numbers as people write them: ``v3``, ``v5 to v9``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [f"v{run[0]}" if len(run) == 1 else f"v{run[0]} to v{run[-1]}" for run in runs]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more ranges" if len(shown) > _SHOWN else "")
