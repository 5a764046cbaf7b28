"""What can be asked of a search, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Flag, IntEnum, StrEnum, auto
from typing import NamedTuple


class Layer(IntEnum):
    """What a text is. The numbers stand in the index."""

    CODE = 0
    """The source of a code cell; also all of a version that is no notebook."""
    MARKDOWN = 1
    """The source of any other cell."""
    OUTPUTS = 2
    """What an output shows as text, HTML, LaTeX, JSON; not images."""
    METADATA = 3
    """The metadata of the notebook or of a cell, as JSON, an entry a line."""


class How(Flag):
    """How a pattern is read."""

    REGEX = 0
    """As Python's regular expressions have it; ``^`` and ``$`` stand for the ends of lines."""
    FIXED = auto()
    """As it is, no regular expression."""
    IGNORE_CASE = auto()
    WORD = auto()
    """Only where no letter, digit or underscore stands beside it."""


class Versions(StrEnum):
    """Which versions of each notebook are searched."""

    LATEST = "latest"
    """The newest, of notebooks that are not deleted."""
    PUBLISHED = "published"
    SCHEDULED = "scheduled"
    ALL = "all"
    """Every one, of deleted notebooks too."""
    REMOVED = "removed"
    """Every one, for lines that the newest has in no cell any more; of a deleted notebook all lines."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, and where."""

    pattern: str
    how: How = How.REGEX
    versions: Versions = Versions.LATEST
    layers: frozenset[Layer] = frozenset({Layer.CODE, Layer.MARKDOWN})
    since: datetime | None = None
    """Only in versions from then on; of removed lines, only those that were removed from then on. Without a zone it is
    in UTC."""


class Match(NamedTuple):
    """A line in which something was found."""

    path: str
    number: int
    """Of the version that it is told of: the newest that has the line, of those that were searched."""
    ranges: tuple[tuple[int, int], ...]
    """The versions that have it, of those that were searched, from one to another, the oldest first."""
    cell: int | None
    """Its cell in that version, from 1; None for what belongs to the notebook as a whole."""
    row: int
    """Its place in that text, from 1."""
    line: str
    spans: tuple[tuple[int, int], ...]
    """Where in it the matches are."""
    layer: str
    """``code``, ``markdown``, ``outputs`` or ``metadata``."""
    time: datetime
    """Of the version, in UTC."""
    author: str
    """Of the version."""
    deleted: bool
    """The notebook is."""

    @property
    def version(self) -> str:
        """As people write it, ``v12``."""
        return f"v{self.number}"


class Telling(NamedTuple):
    """Whom to tell what comes of a search beside its matches."""

    note: Callable[[str], None] = lambda _: None
    """Told in a sentence of what is damaged and was not searched."""
    progress: Callable[[float], None] = lambda _: None
    """Told how far the search is, from 0 to 1, while the index is brought up to date."""
