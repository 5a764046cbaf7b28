"""Damage: which versions of a notebook a missing or altered object takes with it."""

from collections.abc import Callable, Iterator
from functools import cache

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

    @cache
    def links(blob: bytes) -> tuple[bytes | None, tuple[bytes, ...]]:
        try:
            frame = objects.read_frame(blob)
        except CorruptData:
            return None, ()
        return frame.base, frame.outputs

    for run in _runs(manifest, commits):
        if isinstance(run, range):
            yield from run
            continue
        for entry in run:
            if isinstance(entry, VersionEntry):
                patch = entry.source.patch_hash if entry.source else None
                if digest == patch or _needs(entry.hash, digest, links):
                    yield entry.number


def _runs(manifest: Manifest, commits: Commits) -> Iterator[tuple[Entry, ...] | range]:
    """The entries of the manifest and of each page; or the numbers of the versions that damaged pages held, with those
    behind them that nothing else points to.
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
            yield range(numbers[-1] + 1 if numbers else page.first, lost_to)
            lost_to = None
        yield page.entries
        back, oldest = page.back, page.first
    if lost_to is not None:
        yield range(1, lost_to)


def _needs(blob: bytes, digest: bytes, links: Callable[[bytes], tuple[bytes | None, tuple[bytes, ...]]]) -> bool:
    """Whether a blob is, builds on, or refers to an object."""
    step, outputs = links(blob)
    if digest == blob or digest in outputs:
        return True
    # what a base refers to is not needed to build on it
    trail = {blob}
    while step is not None and step not in trail:
        if step == digest:
            return True
        trail.add(step)
        step, _ = links(step)
    return False


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
