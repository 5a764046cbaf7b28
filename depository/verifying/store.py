"""What a check works with: the depository that it reads, and what is done to it elsewhere in the house."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from depository.backends.base import Backend
from depository.history.commit import Commits
from depository.objects.frame import Frame
from depository.objects.store import Objects
from depository.verifying.findings import Finding

if TYPE_CHECKING:
    from depository.history.entries import VersionEntry
    from depository.notebook.content import Content


class Store(NamedTuple):
    """A depository, as a check sees it."""

    backend: Backend
    commits: Commits
    objects: Objects
    spaces: Mapping[str, str]
    """The prefixes of the spaces in which plain notebooks are written, by name."""
    file_of: "Callable[[VersionEntry, Content, Callable[[bytes], bytes]], bytes]"
    """The file of a version; `depository.saving.file_of`."""
    frames_of: Callable[[bytes], dict[bytes, Frame]]
    """Every object that saving a file would write, each standing alone."""
    materialize: Callable[[str, str], None]
    """Writes the plain notebook of a path in a space anew, or takes it away."""
    now: Callable[[], float]
    """Seconds since the epoch."""
    token: Callable[[], bytes]
    """Draws the id of a write."""


class Asked(NamedTuple):
    """What is asked of a check."""

    prefixes: tuple[str, ...] = ("",)
    """Paths, or directories that they are in."""
    repair: bool = False
    ledger: str | None = None
    """The file of the ledger."""
    anew: bool = False


class Telling(NamedTuple):
    """Whom to tell while it goes on."""

    found: Callable[[Finding], None]
    progress: Callable[[float], None]
    """From 0 to 1."""
