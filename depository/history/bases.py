"""Which version a version is stored as a delta against.

Within a run of `RUN` versions each builds on the one before it. The first of a run builds on the first of an earlier
run of its group, by skip-deltas (as Subversion's FSFS backend does: clear the lowest set bit of the run's number). The
first version of a group of `GROUP` stands alone. So no chain is longer than 18 objects, and all of it lies in one
group, which one page, or the manifest, names.
"""

from collections.abc import Iterable

from depository.history.entries import Entry, VersionEntry
from depository.history.manifest import GROUP, RUN


def base_of(number: int, start: int | None = None) -> int | None:
    """The number of the version that version `number` builds on, or None if it stands alone.

    Args:
        number: of the version.
        start: the first of the versions that are made in one go with it, by default itself. Among these, skip-deltas
            within the run keep the steps few that have to be written one after the other: at most 7.
    """
    run, offset = divmod((number - 1) % GROUP, RUN)
    if start is not None and offset:
        first = max(start, number - offset)
        if step := number - first:
            return first + (step & (step - 1))
    if offset:
        return number - 1
    return number - (run - (run & (run - 1))) * RUN if run else None


def chain_of(number: int) -> list[int]:
    """The numbers of all versions that version `number` builds on, the nearest first."""
    chain = []
    step = base_of(number)
    while step is not None:
        chain.append(step)
        step = base_of(step)
    return chain


def chain_hashes(entry: VersionEntry, known: Iterable[Entry]) -> list[bytes]:
    """The hashes that a version's blob probably builds on, as far as `known` entries tell.

    A content that came back was stored when it was first seen, so the chain is that of its first version.
    """
    versions = {other.number: other.hash for other in known if isinstance(other, VersionEntry)}
    first = min((number for number, digest in versions.items() if digest == entry.hash), default=entry.number)
    return [versions[number] for number in chain_of(first) if number in versions]
