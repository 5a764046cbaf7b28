"""The past of a notebook: the states that its cells were in, the newest first.

Versions in a row that did nothing but run have one state, and of these one blob is read. What a group of versions
needs is asked for at once, and each of its deltas is decoded once. Damage is gone past: a version that cannot be read
is told, and the trail goes on in the one before it.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from depository.errors import AlteredObject, CorruptData, InvalidContent, MissingObject
from depository.history import pages
from depository.history.bases import chain_hashes
from depository.history.commit import Commits
from depository.history.entries import Change, ContentKind, Entry, VersionEntry
from depository.history.manifest import GROUP, RUN, Manifest
from depository.lineage.choosing import choose
from depository.notebook.cells import Cell, cells
from depository.objects.frame import Frame
from depository.objects.store import Objects

_REMEMBERED = 32
"""States that are kept in memory, so that one which comes again, as after an undo, is not read again."""
_SPARE = 8
"""Versions of one state among which one that can be read is looked for."""


class Telling(NamedTuple):
    """Whom to tell what is met on the way."""

    note: Callable[[str], None] = lambda _: None
    """Told in a sentence which versions could not be read."""
    progress: Callable[[float], None] = lambda _: None
    """Told how much of a history has been gone through, from 0 to 1."""


class Made(NamedTuple):
    """A version of a notebook."""

    manifest: Manifest
    entry: VersionEntry


class State(NamedTuple):
    """The cells of a version, and of those after it that did not change them."""

    manifest: Manifest
    made: VersionEntry
    """The first version that had them."""
    cells: tuple[Cell, ...]
    """Without metadata; without outputs, unless these were asked for."""

    @property
    def version(self) -> Made:
        """The version that made it."""
        return Made(self.manifest, self.made)


class Trail(NamedTuple):
    """A notebook from a version on."""

    name: str
    """Of the version, for a sentence."""
    first: State
    older: Iterator[State]
    """Read as they are asked for."""

    def choose(self, cell: int | str) -> int:
        """The index of the cell of the version that a number, from 1, an id or the start of one means.

        Raises:
            NotFound: there is no such cell.
            Ambiguous: several ids start so.
        """
        return choose(self.first.cells, cell, self.name)


class _Placed(NamedTuple):
    entry: VersionEntry
    around: tuple[Entry, ...]
    """The entries of its page, or of the manifest."""


class _Lost(NamedTuple):
    """Versions that cannot be read."""

    first: int
    last: int
    error: CorruptData

    def before(self, newer: "_Lost | None") -> "_Lost":
        """These and newer ones as one."""
        return self if newer is None else newer._replace(first=self.first)


_Run = list[_Placed]
"""Versions that have one state, the newest first."""


class Past:
    """Reads the states of notebooks."""

    def __init__(
        self, commits: Commits, objects: Objects, telling: Telling | None = None, *, outputs: bool = False
    ) -> None:
        """Make one.

        Args:
            commits: of the depository.
            objects: of the depository.
            telling: whom to tell of damage and progress.
            outputs: whether a version that has new outputs is a state of its own, and cells have their outputs.
        """
        self._commits = commits
        self._objects = objects
        self._telling = telling or Telling()
        self._outputs = outputs
        self._known: OrderedDict[bytes, tuple[Cell, ...]] = OrderedDict()
        self._texts: dict[str, str] = {}

    def manifest(self, path: str) -> Manifest | None:
        """The manifest of a path, read from the store."""
        return self._commits.read(path)

    def note(self, sentence: str) -> None:
        """Tell of damage."""
        self._telling.note(sentence)

    def trail(self, manifest: Manifest, number: int) -> Trail:
        """The states of a notebook from a version on.

        Raises:
            InvalidContent: that version is no notebook.
            CorruptData: that version cannot be read.
        """
        states = self._states(manifest, number)
        return Trail(f"v{number} of '{manifest.path}'", next(states), states)

    def _states(self, manifest: Manifest, number: int) -> Iterator[State]:
        newer = 0
        lost: _Lost | None = None
        for batch in _batches(self._runs(manifest, number)):
            if isinstance(batch, _Lost):
                lost = batch.before(lost)
                continue
            frames = self._read_ahead([run[-1 if newer or run is not batch[0] else 0] for run in batch])
            for run in batch:
                made = run[-1].entry
                if made.kind is ContentKind.RAW:
                    if not newer:
                        raise InvalidContent(
                            f"v{number} of '{manifest.path}' is no notebook: its file was archived as raw bytes."
                        )
                    continue
                # the version that is asked about is read itself, whatever others have the same cells
                found = self._read(run[::-1] if newer else run, frames)
                if isinstance(found, CorruptData):
                    if not newer:
                        raise found
                    lost = _Lost(made.number, run[0].entry.number, found).before(lost)
                    continue
                self._tell(manifest, lost, newer)
                lost, newer = None, made.number
                yield State(manifest, made, found)
                self._telling.progress((number - made.number + 1) / number)
        self._tell(manifest, lost, newer)

    def _tell(self, manifest: Manifest, lost: _Lost | None, newer: int) -> None:
        if lost:
            names = f"v{lost.first}" + (f" to v{lost.last}" if lost.first < lost.last else "")
            self.note(
                f"{names} of '{manifest.path}' cannot be read, and what changed there counts as changed by v{newer}: "
                f"{lost.error}"
            )

    def _runs(self, manifest: Manifest, number: int) -> Iterator[_Run | _Lost]:
        last = Change.OUTPUTS if self._outputs else Change.SOURCE
        run: _Run = []
        for found in self._versions(manifest, number):
            if isinstance(found, _Lost):
                if run:
                    yield run
                    run = []
                yield found
                continue
            if len(run) > _SPARE:
                del run[1]
            run.append(found)
            if found.entry.change <= last:
                yield run
                run = []
        if run:
            yield run

    def _versions(self, manifest: Manifest, number: int) -> Iterator[_Placed | _Lost]:
        """The versions of a notebook from one on, and which of them are lost with their page."""
        around, back = manifest.recent, manifest.back
        if not any(isinstance(entry, VersionEntry) and entry.number <= number for entry in around):
            page = pages.find(number, back, self._commits.read_page)
            if page is None:
                raise MissingObject(
                    f"v{number} of '{manifest.path}' is in none of the pages of its history, which are damaged."
                )
            around, back = page.entries, page.back
        oldest = number + 1
        lost: CorruptData | None = None
        while True:
            entries = [entry for entry in around if isinstance(entry, VersionEntry) and entry.number <= number]
            if lost and (entries or not back):
                yield _Lost(entries[-1].number + 1 if entries else 1, oldest - 1, lost)
                lost = None
            for entry in reversed(entries):
                yield _Placed(entry, around)
                oldest = entry.number
            if not back:
                return
            try:
                page = self._commits.read_page(back[0])
            except CorruptData as error:  # pointers that skip it lead on
                lost = lost or error
                around, back = (), back[1:]
            else:
                around, back = page.entries, page.back

    def _read_ahead(self, wanted: list[_Placed]) -> dict[bytes, Frame]:
        """What several versions are made of, read at once."""
        chains = (
            (entry.hash, *chain_hashes(entry, around))
            for entry, around in wanted
            if entry.hash not in self._known and entry.kind is not ContentKind.RAW
        )
        return self._objects.read_frames(dict.fromkeys(digest for chain in chains for digest in chain))

    def _read(self, run: _Run, frames: dict[bytes, Frame]) -> tuple[Cell, ...] | CorruptData:
        """The cells of the first of some versions that can be read, or what is wrong with the first."""
        damage: CorruptData | None = None
        for digest in dict.fromkeys(placed.entry.hash for placed in run):
            if (found := self._known.get(digest)) is not None:
                self._known.move_to_end(digest)
                return found
            try:
                self._objects.decode(digest, frames)
                bare = self._objects.read_bare(digest)
                if bare is None:
                    raise AlteredObject(f"the blob {digest.hex()} is no notebook, as its version says.", digest)
            except CorruptData as error:
                damage = damage or error
            else:
                return self._remember(digest, tuple(cells(bare if self._outputs else self._sources(bare))))
        assert damage is not None  # noqa: S101 - there is at least one version
        return damage

    def _remember(self, digest: bytes, found: tuple[Cell, ...]) -> tuple[Cell, ...]:
        self._known[digest] = found
        while len(self._known) > (2 if self._outputs else _REMEMBERED):
            self._known.popitem(last=False)
        # equal texts of neighbouring versions are one in memory, and compared without being looked at
        self._texts = {cell.source: cell.source for cell in found}
        return found

    def _sources(self, bare: Mapping[str, Any]) -> dict[str, Any]:
        """A notebook that has cells and nothing else, and these no outputs and no metadata."""
        found = bare.get("cells")
        if isinstance(found, list):
            return {"cells": list(map(self._source, found))}
        sheets = bare.get("worksheets")
        listed = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
        return {"cells": [self._source(cell) for sheet in listed if isinstance(sheet, list) for cell in sheet]}

    def _source(self, cell: Any) -> Any:
        if not isinstance(cell, dict):
            return cell
        source = cell.get("source")
        kept = {key: cell[key] for key in ("cell_type", "id", "input", "level", "attachments") if key in cell}
        if "source" in cell:
            kept["source"] = self._texts.get(source, source) if isinstance(source, str) else source
        return kept


def _batches(runs: Iterator[_Run | _Lost]) -> Iterator[list[_Run] | _Lost]:
    """Runs whose blobs build on one another: those of the newest few versions first, then a group at a time."""
    batch: list[_Run] = []
    size = RUN
    for run in runs:
        if isinstance(run, _Lost):
            if batch:
                yield batch
            yield run
            batch, size = [], GROUP
            continue
        place = (run[-1].entry.number - 1) // size
        if batch and place != (batch[0][-1].entry.number - 1) // size:
            yield batch
            batch, size = [], GROUP
        batch.append(run)
        if (run[-1].entry.number - 1) % size == 0:  # what comes next is on another page, which need not be read yet
            yield batch
            batch, size = [], GROUP
    if batch:
        yield batch
