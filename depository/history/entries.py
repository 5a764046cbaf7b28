"""Entries: the lines of a path's history. A version is one; so is everything that happened to its refs and name.

In the store an entry is a MessagePack array. A version's starts with its number, an event's with its name; the rest
follows in the order of the fields here. The layout is a promise for ever, written down in
``docs/reference/format.md``.
"""

from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999
"""The times that an entry may have, those of the years 1 to 9999: in milliseconds since the epoch."""
LARGEST = (1 << 63) - 1


class ContentKind(IntEnum):
    """What a version's content is."""

    NOTEBOOK = 0
    RAW = 1


class Change(IntEnum):
    """What a version changed against the one before it."""

    SOURCE = 0
    """Cells or their source; also the first version's."""
    OUTPUTS = 1
    """Something, but no source: outputs, execution counts, metadata."""
    FILE = 2
    """How the file is written, not what it says."""


class EventKind(StrEnum):
    """What may happen to a path besides a save."""

    PROMOTE = "promote"
    WITHDRAW = "withdraw"
    TAG = "tag"
    UNTAG = "untag"
    RENAME = "rename"
    DELETE = "delete"
    UNDELETE = "undelete"
    START = "start"
    """A new history begins under a name that had one before."""


class Source(NamedTuple):
    """How the file of a version differs from the rendering of its content."""

    style: int
    """The code of the style in which it is rendered."""
    patch: bytes | None = None
    """A patch against that rendering."""
    patch_hash: bytes | None = None
    """The hash of the object that holds the patch, where it is not tiny."""


class VersionEntry(NamedTuple):
    """One version."""

    number: int
    time: int
    """Milliseconds since the epoch, in UTC."""
    author: str
    cause: str
    message: str
    hash: bytes
    size: int
    """Bytes of the file."""
    kind: ContentKind
    change: Change
    source: Source | None
    """None where the file is exactly what Jupyter would write, or raw."""


class EventEntry(NamedTuple):
    """One event."""

    event: EventKind
    time: int
    """Milliseconds since the epoch, in UTC."""
    author: str
    message: str
    ref: str | None = None
    """The ref or tag that was moved."""
    number: int | None = None
    """The version that it points at now."""
    previous: int | None = None
    """The version that it pointed at before."""
    other: str | None = None
    """Of a rename: the path on its other side."""


Entry = VersionEntry | EventEntry

# a long history has many: looking them up takes a tenth of asking the enum
_KINDS = {int(kind): kind for kind in ContentKind}
_CHANGES = {int(change): change for change in Change}


def encode(entry: Entry) -> list[Any]:
    """The entry as MessagePack stores it."""
    if isinstance(entry, EventEntry):
        return list(entry)
    return [*entry[:-1], _encode_source(entry.source)]


def decode(fields: Any) -> Entry:
    """The entry of what `encode` gave.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(fields, list) or not fields:
        raise ValueError("an entry is no list")
    if isinstance(fields[0], str):
        return _decode_event(fields)
    if len(fields) != len(VersionEntry._fields):
        raise ValueError(f"a version has {len(fields)} fields")
    number, time, author, cause, message, digest, size, kind, change, source = fields
    if not (type(number) is type(time) is type(size) is int and type(author) is type(cause) is type(message) is str):
        raise ValueError("a version has a field of a wrong type")
    is_possible = 1 <= number <= LARGEST and 0 <= size <= LARGEST and EARLIEST <= time <= LATEST
    if not is_possible or not is_hash(digest):
        raise ValueError("a version has a field of an impossible value")
    try:
        kind, change = _KINDS[kind], _CHANGES[change]
    except (KeyError, TypeError) as error:
        raise ValueError("a version has a field of an impossible value") from error
    source = None if source is None else _decode_source(source)
    return VersionEntry(number, time, author, cause, message, digest, size, kind, change, source)


def _decode_event(fields: list[Any]) -> EventEntry:
    if len(fields) != len(EventEntry._fields):
        raise ValueError(f"an event has {len(fields)} fields")
    event, time, author, message, ref, number, previous, other = fields
    sound = (
        type(time) is int
        and EARLIEST <= time <= LATEST
        and isinstance(author, str)
        and isinstance(message, str)
        and all(value is None or isinstance(value, str) for value in (ref, other))
        and all(value is None or type(value) is int for value in (number, previous))
    )
    if not sound:
        raise ValueError("an event has a field of a wrong type")
    return EventEntry(EventKind(event), time, author, message, ref, number, previous, other)


def _encode_source(source: Source | None) -> Any:
    if source is None:
        return None
    if source.patch_hash is not None:
        return [source.style, None, source.patch_hash]
    return [source.style, source.patch] if source.patch is not None else source.style


def _decode_source(fields: Any) -> Source:
    match fields:
        case int(style):
            return Source(style)
        case [int(style), bytes(patch)]:
            return Source(style, patch)
        case [int(style), None, bytes(digest)] if is_hash(digest):
            return Source(style, None, digest)
        case _:
            raise ValueError("a version's source is altered")


def is_hash(value: Any) -> bool:
    """Whether a value is of the form of a hash."""
    return type(value) is bytes and len(value) == 32
