"""A check: every history gone through, every version read, and then every object looked for that none of them needs.

Paths are gone through in the order of a listing, several at once, and their versions in waves. What has been seen is
in the ledger, so that memory does not grow, no object is read twice, and a check that was broken off goes on.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from depository.backends.base import Item
from depository.errors import (
    AccessDenied,
    CorruptData,
    MissingObject,
    NewerObject,
    UnsupportedFormat,
)
from depository.history import manifest as manifests
from depository.history.manifest import Manifest
from depository.objects.frame import Kind as ObjectKind
from depository.objects.store import key_of
from depository.verifying.findings import Checked, Finding, Kind, Ranges, added
from depository.verifying.ledger import Ledger, Seen
from depository.verifying.manifests import Manifests
from depository.verifying.mending import Mender
from depository.verifying.orphans import Orphans
from depository.verifying.plain import Expected, Listing, Plain, number_in
from depository.verifying.store import Asked, Store, Telling
from depository.verifying.versions import Job, Outcome, Versions
from depository.verifying.walking import Part, Walk, kind_of, plain

_BATCH = 64
"""Paths whose manifests are read together."""
_WAVE = 64
"""Versions that are read together, at least."""
_KEPT_AFTER = 1024
"""Versions and paths after which the ledger is on disk."""
_MOST_MENDS = 100
"""Objects that are mended for one version, one after the other."""
_SHARE = 0.9
"""Of the work, that goes into histories; the rest is listing objects."""


class _Damage(NamedTuple):
    """What one object takes along of a history."""

    kind: Kind
    key: str
    text: str
    versions: Ranges
    mend: str
    mended: bool


class _History:
    """A history that is being gone through."""

    def __init__(self, manifest: Manifest, key: str, listed: Item | None, expected: Sequence[Expected] = ()) -> None:
        self.manifest = manifest
        self.key = key
        self.listed = listed
        self.expected = expected
        self.wanted = {each.number for each in expected if each.number}
        self.files: dict[int, tuple[int, bytes]] = {}
        self.findings: list[Finding] = []
        self.damage: dict[bytes, _Damage] = {}
        self.walk: Walk | None = None
        self.count = 0
        """Versions that have been checked."""
        self.pending = 0
        """Versions that have not been handed out yet, as far as can be told."""


class Check:
    """One check of a depository."""

    def __init__(self, store: Store, asked: Asked, telling: Telling) -> None:
        """Take up the check that the ledger knows of, or begin one.

        Raises:
            Conflict: another check uses the same ledger.
            StorageError: the ledger cannot be used.
        """
        self._store = store
        self._asked = asked
        self._telling = telling
        self._tops = _tops(asked.prefixes)
        scope = {"url": store.backend.url, "prefixes": self._tops, "repair": asked.repair}
        self._ledger = Ledger(asked.ledger, scope, store.now(), anew=asked.anew)
        self._versions = Versions(store, self._ledger)
        self._mender = Mender(store, self._tell, repair=asked.repair)
        self._manifests = Manifests(store, self._ledger, self._mender, self._tell)
        self._plain = Plain(store, repair=asked.repair)
        self._since_kept = 0
        self._is_catching_up = False
        self._damaged = self._mended = 0
        self._total = 0
        self._done = 0
        self._counted = self._number("versions")

    def run(self, first: Sequence[Finding] = ()) -> Checked:
        """Check everything that was asked for.

        Args:
            first: what has been found before.

        Raises:
            StorageError: something could not be read; a further check goes on there.
        """
        is_done = False
        try:
            for finding in self._ledger.findings():
                self._tell(finding, is_new=False)
            if not self._ledger.resumed:
                for finding in first:
                    self._tell(finding)
            self._walk_all()
            if self._tops == [""]:
                self._find_orphans()
            self._tell_lost()
            self._tell_orphans()
            checked = self._checked()
            is_done = True
        finally:
            self._ledger.close(done=is_done)
        return checked

    def _checked(self) -> Checked:
        orphans, size = self._ledger.orphans()
        return Checked(
            self._number("notebooks"),
            self._counted,
            self._ledger.objects(),
            self._damaged,
            self._mended,
            orphans,
            size,
            self._ledger.resumed,
        )

    def _number(self, name: str) -> int:
        return int(self._ledger.get(name) or 0)

    def _tell(self, finding: Finding, *, is_new: bool = True) -> None:
        if self._is_catching_up:
            return
        if is_new:
            self._ledger.tell(finding)
        if finding.mended:
            self._mended += 1
        elif not finding.is_remark:
            self._damaged += 1
        self._telling.found(finding)

    # histories

    def _walk_all(self) -> None:
        begun = self._ledger.get("top")
        for place, top in enumerate(self._tops):
            if begun is not None and place < int(begun):
                continue
            after = self._ledger.get("after") if begun is not None and place == int(begun) else None
            self._ledger.note("top", str(place))
            self._count(place)
            self._walk_top(top, after or "")
            self._look_for_deleted(top)
            self._ledger.note("top", str(place + 1))
            self._ledger.note("after", "")
            self._keep()

    def _count(self, begun: int) -> None:
        """How many paths there are, for the progress."""
        self._done = self._number("notebooks")
        self._total = self._done + sum(
            1
            for place, top in enumerate(self._tops)
            if place >= begun
            for _ in self._listed(top, (self._ledger.get("after") or "") if place == begun else "")
        )

    def _listed(self, top: str, after: str) -> Iterator[Item]:
        for item in self._store.backend.list(manifests.key_of(top), after=after):
            path = _path_of(item)
            if _is_below(path, top):
                yield item

    def _walk_top(self, top: str, after: str) -> None:
        listings = {space: Listing(self._store, prefix, top) for space, prefix in self._store.spaces.items()}
        items = self._listed(top, after)
        while batch := list(islice(items, _BATCH)):
            self._walk(batch, listings)

    def _walk(self, items: Sequence[Item], listings: dict[str, Listing]) -> None:
        """Go through the histories of some paths."""
        histories: list[_History | Item] = []
        for item, manifest in zip(items, self._manifests.all([_path_of(item) for item in items]), strict=True):
            if manifest is None:
                histories.append(item)
                continue
            expected = [
                Expected(space, number_in(manifest, space), listing.size_of(manifest.path))
                for space, listing in listings.items()
            ]
            histories.append(_History(manifest, item.key, item, expected))
        self._links([each.manifest for each in histories if isinstance(each, _History)])
        wave: list[tuple[_History | Item, Part | None]] = []
        size = 0
        for history, part in self._parts(histories):
            wave.append((history, part))
            size += len(part.versions) if part else 0
            if size >= _WAVE:
                self._wash(wave)
                wave, size = [], 0
        self._wash(wave)

    def _parts(self, histories: Sequence[_History | Item]) -> Iterator[tuple[_History | Item, Part | None]]:
        """The parts of several histories; None after the last of each."""
        for history in histories:
            if isinstance(history, _History):
                yield from self._parts_of(history)
                for buried in self._buried(history):
                    yield from self._parts_of(buried)
                    yield buried, None
            yield history, None

    def _parts_of(self, history: _History) -> Iterator[tuple[_History, Part]]:
        path = history.manifest.path
        history.walk = Walk(
            self._store,
            history.manifest,
            history.key,
            history.findings.append,
            lambda digest: self._mender.object(digest, path),
        )
        wanted = set(history.wanted)

        def is_known(page: bytes) -> bool:
            return not wanted and self._ledger.has_page(page)

        for part in history.walk.parts(is_known):
            wanted -= {version.number for version in part.versions}
            history.pending = part.versions[0].number - 1 if part.versions else 0
            yield history, part

    def _buried(self, history: _History) -> Iterator[_History]:
        """The histories that a path had before another notebook was renamed to it."""
        seen = set()
        for buried in history.manifest.buried:
            if buried.hash in seen:
                continue
            seen.add(buried.hash)
            key = key_of(buried.hash)
            path = history.manifest.path
            try:
                data = self._certain(buried.hash, path, history)
                if data is None:
                    continue
                manifest = manifests.unpack(data)
                if manifest.latest != buried.latest:
                    raise ValueError(f"it has v{manifest.latest} as its last, and not v{buried.latest}")
            except (ValueError, UnsupportedFormat) as error:
                text = f"is no earlier manifest of it: {error}"
                history.findings.append(Finding(Kind.INCONSISTENT, key, text, path))
                continue
            self._ledger.add([Seen(buried.hash, None)])
            yield _History(manifest, key, None)

    def _certain(self, digest: bytes, path: str, history: _History) -> bytes | None:
        """A buried manifest; None if it cannot be read, which is then said."""
        for attempt in range(3):
            try:
                return self._store.objects.read(digest, ObjectKind.BYTES)
            except CorruptData as error:
                if not attempt:
                    continue
                is_newer = isinstance(error, NewerObject)
                how, mended = ("", False) if is_newer or attempt == 2 else self._mender.object(digest, path)
                text = f"{plain(error)}; it holds a history that this name had before"
                history.findings.append(Finding(kind_of(error), key_of(digest), text, path, (), how, mended))
                if not mended:
                    self._ledger.add_doubtful([digest])
                    return None
        return None

    def _wash(self, wave: Sequence[tuple[_History | Item, Part | None]]) -> None:
        """Check the versions of a wave, and be done with the histories that end in it."""
        jobs: list[Job] = []
        owners: list[_History] = []
        for history, part in wave:
            if part is None or not isinstance(history, _History):
                continue
            for version in part.versions:
                jobs.append(Job(version, part.versions, version.number in history.wanted))
                owners.append(history)
            if part.holder:
                self._ledger.add([Seen(part.holder, None)])
        for history, outcome in zip(owners, self._versions.check(jobs), strict=True):
            history.count += 1
            self._take(history, outcome)
        for history, part in wave:
            if part is None:
                self._finish(history)
        self._since_kept += len(jobs) + 1
        if self._since_kept >= _KEPT_AFTER:
            self._keep()
        if wave and isinstance(wave[-1][0], _History) and self._total and not self._is_catching_up:
            last = wave[-1][0]
            part_done = 1 - last.pending / last.manifest.latest if last.manifest.latest else 0
            self._telling.progress(_SHARE * min(1.0, (self._done + part_done) / self._total))

    def _keep(self) -> None:
        self._ledger.commit()
        self._since_kept = 0

    def _take(self, history: _History, outcome: Outcome) -> None:
        """See to what came of one version."""
        first = outcome.error
        job = outcome.job
        for _ in range(_MOST_MENDS):
            if outcome.error is None:
                break
            outcome = self._versions.again(job)  # before anything is said
            if outcome.error is None or not self._is_mended(history, job, outcome.error):
                break
        if outcome.error is not None:
            return
        if isinstance(first, CorruptData) and first.digest in history.damage:  # it was mended for another version
            self._note(history, first, job.version.number)
        if job.is_wanted:
            history.files[job.version.number] = (job.version.size, outcome.file)
        if outcome.chain:
            text = f"builds on {outcome.chain} objects, more than writers make (v{job.version.number})"
            history.findings.append(Finding(Kind.LONG, key_of(job.version.hash), text, history.manifest.path))

    def _is_mended(self, history: _History, job: Job, error: Exception) -> bool:
        """Note what is wrong with a version, and mend it if that can be done."""
        number = job.version.number
        if not isinstance(error, CorruptData):
            text = f"says of v{number} what its content does not give: {error}"
            versions = added((), number, number)
            history.findings.append(Finding(Kind.INCONSISTENT, history.key, text, history.manifest.path, versions))
            return False
        digest = error.digest or job.version.hash
        known = history.damage.get(digest)
        if known is not None and not known.mended:
            self._note(history, error, number, digest)
            return False
        how, mended = ("", False)
        if not isinstance(error, NewerObject) and known is None:
            how, mended = self._mender.object(digest, history.manifest.path)
        history.damage[digest] = _Damage(kind_of(error), key_of(digest), plain(error), (), how, mended)
        self._note(history, error, number, digest)
        return mended

    def _note(self, history: _History, error: CorruptData, number: int, digest: bytes | None = None) -> None:
        digest = digest or error.digest
        if digest is not None and digest in history.damage:
            damage = history.damage[digest]
            history.damage[digest] = damage._replace(versions=added(damage.versions, number, number))

    def _finish(self, history: "_History | Item") -> None:
        """Tell what was found of a history that has been gone through, and note that it has."""
        if isinstance(history, _History):
            path = history.manifest.path
            for damage in history.damage.values():
                finding = Finding(*damage[:3], path, *damage[3:])
                history.findings.append(finding)
            for finding in history.findings:
                self._tell(finding)
            self._counted += 0 if self._is_catching_up else history.count
            if history.walk and history.walk.is_whole and not history.damage and history.manifest.back:
                self._ledger.add_page(history.manifest.back[0].hash)
            if history.listed is None:
                return
            for finding in self._plain.check(path, history.listed, history.expected, history.files):
                self._tell(finding)
        item = history.listed if isinstance(history, _History) else history
        if item is None or self._is_catching_up:
            return
        self._ledger.add_path(_path_of(item), _mark_of(item))
        self._done += 1
        self._ledger.note("notebooks", str(self._done))
        self._ledger.note("versions", str(self._counted))
        self._ledger.note("after", item.key)

    # manifests

    def _look_for_deleted(self, top: str) -> None:
        """Say which paths have lost their manifests, as far as the store knows: nobody ever deletes one."""
        paths = (key.removeprefix(manifests.PREFIX) for key in self._store.backend.deleted(manifests.key_of(top)))
        wanted = (path for path in paths if _is_below(path, top) and self._ledger.mark_of(path) is None)
        while batch := self._allowed(wanted):
            for path in batch:
                self._ledger.add_path(path, "")  # it is told of once
            self._walk_alone(self._manifests.all(batch))

    def _allowed(self, paths: Iterator[str]) -> list[str]:
        """The next few; none for who may only read what there is, and can check that all the same."""
        try:
            return list(islice(paths, _BATCH))
        except AccessDenied:
            return []

    def _walk_alone(self, found: Sequence[Manifest | None]) -> None:
        """Go through histories that no listing shows."""
        for manifest in found:
            if manifest is not None:
                history = _History(manifest, manifests.key_of(manifest.path), None)
                self._wash([*self._parts_of(history), (history, None)])

    def _links(self, found: Sequence[Manifest]) -> None:
        """See whether the other ends of renames are there."""
        others = {name: each for each in found for name in (each.renamed_to, each.renamed_from) if name}
        names = [name for name in others if self._ledger.mark_of(name) is None]

        def is_there(name: str) -> bool:
            return not isinstance(self._manifests.read(name), MissingObject)

        def why(name: str) -> str:
            other = others[name]
            return f", though '{other.path}' was renamed {'to' if other.renamed_to == name else 'from'} it"

        lost = [name for name, there in zip(names, self._store.objects.map(is_there, names), strict=True) if not there]
        for name in lost:
            self._ledger.add_path(name, "")
        self._walk_alone(self._manifests.all(lost, why))

    # what nothing refers to

    def _catch_up(self) -> None:
        """Go through what was written since it was gone through, for what it refers to."""
        self._is_catching_up = True
        changed = (item for item in self._listed("", "") if self._ledger.mark_of(_path_of(item)) != _mark_of(item))
        while batch := list(islice(changed, _BATCH)):
            self._walk(batch, {})
        self._is_catching_up = False

    def _find_orphans(self) -> None:
        orphans = Orphans(self._store, self._ledger, self._mender)
        orphans.list(self._tell, lambda share: self._telling.progress(_SHARE + (1 - _SHARE) * share))
        if orphans.are_any():
            self._catch_up()
            for finding in orphans.damaged():
                self._tell(finding)

    def _tell_orphans(self) -> None:
        count, size = self._ledger.orphans()
        if count:
            what = "1 object" if count == 1 else f"{count:,} objects"
            perhaps = "; perhaps what is damaged does" if self._damaged else ""
            text = f"holds {what} of {size:,} bytes in all that nothing refers to{perhaps}"
            self._tell(Finding(Kind.ORPHANS, "objects/", text))

    def _tell_lost(self) -> None:
        """Tell of manifests of which no older value is kept; those are made again whose pages tell what they were."""
        for finding in self._ledger.lost():
            path = finding.path or ""
            rebuilt = self._mender.rebuilt(path, self._ledger.tips(path))
            if rebuilt is None:
                self._tell(finding)
                continue
            how, mended = self._mender.rebuild(rebuilt)
            self._tell(finding._replace(mend=how, mended=mended))
            self._walk_alone([rebuilt])


def _is_below(path: str, top: str) -> bool:
    return not top or path == top or path.startswith(f"{top}/")


def _path_of(item: Item) -> str:
    return item.key.removeprefix(manifests.PREFIX)


def _mark_of(item: Item) -> str:
    """What changes in a listing with every write."""
    return item.etag or f"{item.modified!r} {item.size}"


def _tops(prefixes: Sequence[str]) -> list[str]:
    """Paths and directories of which none lies below another."""
    tops: list[str] = []
    for prefix in sorted({prefix.rstrip("/") for prefix in prefixes}, key=lambda each: [*each.split("/"), ""]):
        if not tops or not (not tops[-1] or prefix.startswith(f"{tops[-1]}/")):
            tops.append(prefix)
    return tops
