"""What a check finds."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

_SHOWN = 6


class Kind(StrEnum):
    """What is wrong with something."""

    MISSING = "missing"
    """It is referred to, and not there."""
    ALTERED = "altered"
    """It is there, and not what was put there."""
    GAP = "gap"
    """Versions that no manifest and no page leads to."""
    INCONSISTENT = "inconsistent"
    """It is what was put there, and contradicts itself or what it refers to: its writer was wrong."""
    NEWER = "newer"
    """A newer depository wrote it: this one can say nothing about it."""
    STALE = "stale"
    """A plain notebook that is not what its ref says."""
    LONG = "long"
    """A version that reads, from a longer chain of deltas than writers make."""
    FOREIGN = "foreign"
    """What depository would not put where it is."""
    ORPHANS = "orphans"
    """Objects that nothing refers to: what writers left that died, or lost a race."""


_REMARKS = frozenset((Kind.LONG, Kind.FOREIGN, Kind.ORPHANS))
"""What keeps nobody from reading anything."""

Ranges = tuple[tuple[int, int], ...]
"""Numbers of versions: the first and the last of each run."""


class Finding(NamedTuple):
    """One thing that a check found."""

    kind: Kind
    key: str
    """Where it is in the store: a key, or how several begin."""
    text: str
    """What is the matter: a sentence without its end."""
    path: str | None = None
    """The notebook that it belongs to."""
    versions: Ranges = ()
    """Those of `path` that cannot be read because of it."""
    mend: str = ""
    """What mends it, or has: the end of a sentence. Empty if nothing that was found here does."""
    mended: bool = False
    """It has been mended."""

    @property
    def is_remark(self) -> bool:
        """Nothing is wrong with what was archived."""
        return self.kind in _REMARKS


class Checked(NamedTuple):
    """What was checked, and what came of it."""

    notebooks: int
    """Paths, deleted ones and former names among them."""
    versions: int
    objects: int
    """All that versions need, and pages."""
    damaged: int
    """Findings that are left: neither mended nor mere remarks."""
    mended: int
    orphans: int
    """Objects that nothing refers to."""
    orphan_bytes: int
    resumed: bool
    """It went on where an earlier check had stopped."""

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong now."""
        return not self.damaged


def added(ranges: Ranges, first: int, last: int) -> Ranges:
    """With a further run of numbers."""
    if last < first:
        return ranges
    joined: list[tuple[int, int]] = []
    for start, end in sorted((*ranges, (first, last))):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def spelled(ranges: Sequence[tuple[int, int]]) -> str:
    """Runs of versions as people write them: ``v3``, ``v5 to v9``."""
    shown = [f"v{first}" if first == last else f"v{first} to v{last}" for first, last in ranges]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more ranges" if len(shown) > _SHOWN else "")
