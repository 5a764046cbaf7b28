"""What the API hands out: plain, immutable records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from depository.backends.base import Setting
    from depository.lineage.outputs import Shown


class Draft(NamedTuple):
    """A notebook to be archived by `Depository.save_all`; the fields are what `Depository.save` takes."""

    content: bytes | dict[str, Any]
    author: str | None = None
    message: str = ""
    time: datetime | None = None
    cause: str = "save"


class Version(NamedTuple):
    """One immutable version of a notebook."""

    path: str
    number: int
    """From 1, without gaps."""
    hash: str
    """Of the content, 64 hex digits."""
    time: datetime
    """In UTC."""
    author: str
    size: int
    """Of the file, in bytes."""
    cause: str
    """Why it was archived: ``save``, ``restore``, ``import``, ``copy``, ``run``, …"""
    message: str
    change: str
    """Against the version before: ``source``, ``outputs`` (no source changed), or ``file`` (only how it is written)."""
    kind: str
    """``notebook``, or ``raw`` for bytes that are none."""
    refs: tuple[str, ...] = ()
    """The refs and tags that point at it; ``workspace`` at the newest."""
    fresh: bool = False
    """The call that returned it has made it; False where the content was the newest already."""

    @property
    def name(self) -> str:
        """As people write it, ``v12``."""
        return f"v{self.number}"

    @property
    def short(self) -> str:
        """The first 8 digits of the hash."""
        return self.hash[:8]


class LineBlame(NamedTuple):
    """A line of a cell."""

    text: str
    """Without its end."""
    version: Version
    """That brought it."""


class CellBlame(NamedTuple):
    """A cell of a version, and the version that made it what it is; either may be of another path, if it was copied."""

    number: int
    """Its place in the notebook, from 1."""
    id: str | None
    kind: str
    """``code``, ``markdown``, ``raw`` or ``heading``; any other as the notebook has it."""
    source: str
    version: Version
    """The last that changed its kind, source or attachments."""
    lines: tuple[LineBlame, ...] = ()
    """If asked for."""


class CellStep(NamedTuple):
    """A version in which a cell changed."""

    version: Version
    number: int
    """The cell's place in that version, from 1."""
    id: str | None
    """As that version has it."""
    kind: str
    status: str
    """``created``, ``changed``, ``split`` (it was a part of another cell), ``merged`` (of several), ``copied``, or
    ``outputs``."""
    source: str
    before: str | None = None
    """The source that it was made of; of merged cells, one after the other."""
    parts: tuple[int, ...] = ()
    """The places, from 1, of the cells that it was in the version before, the one whose trail goes on first."""
    origin: tuple[str, int] | None = None
    """The path and the version's number from which it was copied, if not from the version before."""
    outputs: "tuple[Shown, ...]" = ()
    """What it showed then, if that was asked for."""


class Event(NamedTuple):
    """Something that happened to a notebook's refs or name."""

    path: str
    event: str
    """``publish``, ``unpublish``, ``schedule``, ``unschedule``, ``tag``, ``untag``, ``rename``, ``delete``,
    ``undelete``, ``start`` (a new history under a name that had one before)."""
    time: datetime
    """In UTC."""
    author: str
    message: str = ""
    ref: str | None = None
    number: int | None = None
    """The version that `ref` points at now."""
    previous: int | None = None
    """The version that it pointed at before."""
    other: str | None = None
    """Of a rename, the path on its other side."""


class Notebook(NamedTuple):
    """One line of a listing."""

    path: str
    changed: datetime
    """When its history last grew, by the store's clock, in UTC."""
    deleted: bool = False
    """Deleted or renamed away; its history is still there."""
    version: Version | None = None
    """The newest, if details were asked for."""
    refs: Mapping[str, int] = MappingProxyType({})
    """The versions that refs and tags point at, if details were asked for."""


class Info(NamedTuple):
    """What a depository is."""

    url: str
    format: int
    protocol: str
    """How commits are made: ``conditional``."""
    created: datetime
    prefixes: dict[str, str]
    """The prefix of each space."""
    materialize: tuple[str, ...]
    """The spaces in which plain notebooks are written."""
    settings: Sequence["Setting"]
    """How the place is set up."""
