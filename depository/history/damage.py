"""Damage: which versions of a notebook a missing or altered object takes with it."""

from collections.abc import Iterator

from depository.errors import CorruptData
from depository.history.commit import Commits
from depository.history.entries import Entry, VersionEntry
from depository.history.manifest import Manifest
from depository.objects.store import Objects

_SHOWN = 6


def explained(error: CorruptData, manifest: Manifest, commits: Commits, objects: Objects) -> CorruptData:
    """The same error, with the versions that need the damaged object in its text."""
    if error.digest is None:
        return error
    numbers = sorted(_affected(error.digest, manifest, commits, objects))
    if not numbers:
        return error
    named = _ranges(numbers)
    return type(error)(f"{error} {named} of '{manifest.path}' cannot be read; every other version can.", error.digest)


def _affected(digest: bytes, manifest: Manifest, commits: Commits, objects: Objects) -> Iterator[int]:
    """The numbers of the versions that need an object."""
    needs: dict[bytes, bool] = {}
    for run in _runs(digest, manifest, commits):
        if isinstance(run, range):
            yield from run
            continue
        for entry in run:
            if isinstance(entry, VersionEntry):
                patch = entry.source.patch_hash if entry.source else None
                if digest == patch or _needs(entry.hash, digest, objects, needs):
                    yield entry.number


def _runs(digest: bytes, manifest: Manifest, commits: Commits) -> Iterator[tuple[Entry, ...] | range]:
    """The entries of the manifest and of each page; or the numbers that a damaged page, and those behind it, held."""
    yield manifest.recent
    back = manifest.back
    while back:
        pointer = back[0]
        try:
            page = commits.read_page(pointer)
        except CorruptData:
            # the pages behind it are found by the pointers that skip it
            further = [other for other in back[1:] if other.hash != digest]
            lost_from = further[0].first if further else 1
            yield range(pointer.first, _end(manifest, pointer.first))
            if further and further[0].position < pointer.position - 1:
                yield range(lost_from, pointer.first)
            back = tuple(further)
            continue
        yield page.entries
        back = page.back


def _end(manifest: Manifest, first: int) -> int:
    later = [e.number for e in manifest.recent if isinstance(e, VersionEntry) and e.number > first]
    return min(later, default=manifest.latest + 1)


def _needs(blob: bytes, digest: bytes, objects: Objects, known: dict[bytes, bool]) -> bool:
    """Whether a blob is, builds on, or refers to an object."""
    trail: list[bytes] = []
    step: bytes | None = blob
    found = False
    while step is not None and not found and step not in trail:
        if step in known:
            found = known[step]
            break
        trail.append(step)
        found = step == digest
        if not found:
            try:
                frame = objects.read_frame(step)
            except CorruptData:
                break
            # what a base refers to is not needed to build on it
            found = step == blob and digest in frame.outputs
            step = frame.base
    if blob not in known and trail:
        known[blob] = found
    return found


def _ranges(numbers: list[int]) -> str:
    """Numbers as people write them: ``v3``, ``v5 to v9``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        elif not spans or number > spans[-1][1]:
            spans.append([number, number])
    shown = [f"v{first}" if first == last else f"v{first} to v{last}" for first, last in spans]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more ranges" if len(shown) > _SHOWN else "")
