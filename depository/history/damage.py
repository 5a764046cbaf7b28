"""Damage: which versions of a notebook a missing or altered object takes with it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from depository.errors import CorruptData
from depository.history.commit import Commits
from depository.history.entries import Entry, VersionEntry
from depository.history.manifest import Manifest
from depository.objects.store import Objects

_SHOWN = 6
_MAX_FRAMES = 1000
"""Frames that are looked at, so that an error is not hours late: those of the newest versions."""


def explained(error: CorruptData, manifest: Manifest, commits: Commits, objects: Objects) -> CorruptData:
    """The same error, with the versions that need the damaged object in its text."""
    if error.digest is None:
        return error
    search = _Search(error.digest, objects)
    spans = sorted(search.affected(_runs(manifest, commits)))
    if not spans:
        return error
    rest = "older ones may need it too" if search.is_cut_short else "every other version can"
    return type(error)(f"{error} {_ranges(spans)} of '{manifest.path}' cannot be read; {rest}.", error.digest)


class _Span(NamedTuple):
    """Versions in a row, all of them lost: there may be any number of them."""

    first: int
    last: int


class _Search:
    """Looks through the frames of versions for what they build on and refer to."""

    def __init__(self, digest: bytes, objects: Objects) -> None:
        self.is_cut_short = False
        self._digest = digest
        self._objects = objects
        self._links: dict[bytes, _Links] = {}

    def affected(self, runs: Iterable[tuple[Entry, ...] | _Span]) -> Iterator[_Span]:
        """The versions that need the object, as far as frames are looked at."""
        for run in runs:
            if isinstance(run, _Span):
                yield run
                continue
            if len(self._links) >= _MAX_FRAMES:
                self.is_cut_short = True
                continue
            versions = [entry for entry in run if isinstance(entry, VersionEntry)]
            self._look_at([entry.hash for entry in versions])
            for entry in versions:
                patch = entry.source.patch_hash if entry.source else None
                if self._digest == patch or self._is_needed_by(entry.hash):
                    yield _Span(entry.number, entry.number)

    def _is_needed_by(self, blob: bytes) -> bool:
        found = self._links[blob]
        if self._digest == blob or self._digest in found.outputs:
            return True
        # what a base refers to is not needed to build on it
        trail = {blob}
        while found.base is not None and found.base not in trail:
            if found.base == self._digest:
                return True
            trail.add(found.base)
            self._look_at([found.base])
            found = self._links[found.base]
        return False

    def _look_at(self, blobs: Sequence[bytes]) -> None:
        new = [blob for blob in dict.fromkeys(blobs) if blob not in self._links]
        self._links.update(zip(new, self._objects.map(self._read, new), strict=True))

    def _read(self, blob: bytes) -> "_Links":
        try:
            frame = self._objects.read_frame(blob)
        except CorruptData:
            return _Links(None, ())
        return _Links(frame.base, frame.outputs)


class _Links(NamedTuple):
    base: bytes | None
    outputs: tuple[bytes, ...]


def _runs(manifest: Manifest, commits: Commits) -> Iterator[tuple[Entry, ...] | _Span]:
    """The entries of the manifest and of each page; or the versions that damaged pages held, with those behind them
    that nothing else points to.
    """
    yield manifest.recent
    back = manifest.back
    oldest = next((e.number for e in manifest.recent if isinstance(e, VersionEntry)), manifest.latest + 1)
    lost_to: int | None = None
    while back:
        try:
            page = commits.read_page(back[0])
        except CorruptData:
            lost_to = lost_to or oldest
            back = back[1:]  # what lies further back is found by the pointers that skip the damaged page
            continue
        if lost_to is not None:
            numbers = [entry.number for entry in page.entries if isinstance(entry, VersionEntry)]
            yield from _span(numbers[-1] + 1 if numbers else page.first, lost_to - 1)
            lost_to = None
        yield page.entries
        back, oldest = page.back, page.first
    if lost_to is not None:
        yield from _span(1, lost_to - 1)


def _span(first: int, last: int) -> Iterator[_Span]:
    if first <= last:
        yield _Span(first, last)


def _ranges(spans: list[_Span]) -> str:
    """Numbers as people write them: ``v3``, ``v5 to v9``."""
    joined: list[_Span] = []
    for first, last in spans:
        if joined and first <= joined[-1].last + 1:
            joined[-1] = joined[-1]._replace(last=max(last, joined[-1].last))
        else:
            joined.append(_Span(first, last))
    shown = [f"v{first}" if first == last else f"v{first} to v{last}" for first, last in joined]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more ranges" if len(shown) > _SHOWN else "")
