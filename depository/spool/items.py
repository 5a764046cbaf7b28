"""One item of the spool: a save, a rename or a deletion on its way into the archive, as a file.

The file is ``DPS`` and a format number, the length of a header (4 bytes, little-endian), the header in MessagePack, the
content, its length (8 bytes), the first 16 bytes of the BLAKE3 hash of all that, and an end, so that a file that was
being written when its writer died is told from one that was damaged later. It is written in one go, while the content
is still coming.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgpack
from blake3 import blake3

MAGIC = b"DPS\x01"
_LENGTH_BYTES = 4
_SIZE_BYTES = 8
_CHECK_BYTES = 16
END = b"DPSE"
_PART = 1 << 20
"""Bytes that are written at once."""
_SMALL = 1 << 18
"""Bytes up to which a content is not written before it is whole."""
MAX_HEADER = 64 * 1024
"""Bytes of the largest header."""
LONGEST_HEADER = len(MAGIC) + _LENGTH_BYTES + MAX_HEADER
"""Bytes of a file that tell its header, however large that is."""


class Kind(enum.Enum):
    """What has happened to a notebook."""

    SAVE = "save"
    RENAME = "rename"
    DELETE = "delete"


class Torn(ValueError):
    """The file ends too early: its writer died before it was accepted."""


class Item(NamedTuple):
    """What is to be archived. It says all that is needed, whoever reads it."""

    kind: Kind
    time: int
    """When it happened, in milliseconds since the epoch."""
    author: str
    cause: str
    """As the version will have it: ``save``, ``restore``, ``copy``, …"""
    shown: str
    """The notebook as its user knows it: its path in Jupyter, without a leading slash."""
    url: str | None
    """The depository; None where it could not be found out, because a settings file cannot be used."""
    path: str | None
    """In the depository; None like `url`."""
    s3: Mapping[str, str] = MappingProxyType({})
    """How to reach the depository, by the names of `depository.config.S3_KEYS`; no secret is among it."""
    file: str | None = None
    """The absolute file, where the notebook is one on this machine."""
    old: str | None = None
    """Of a rename, the path that it had before."""
    directory: bool = False
    """A rename or deletion of everything below the path."""
    content: bytes = b""
    """Of a save, the file."""


def encode(item: Item, name: str, content: Iterable[bytes]) -> Iterator[bytes]:
    """An item's file, in parts of about a mebibyte.

    Args:
        item: what it says; its `content` is not looked at.
        name: of its file, which is found under another one after some losses of power.
        content: the content, in pieces. An empty one says that it may take some time until the next comes: what there
            is by then comes as a part, and an empty part after it.
    """
    check = blake3()
    # few parts, for each costs its writer two changes of threads: a small item is one
    gathered, length, size = [_start(item, name)], 0, 0
    for piece in content:
        gathered.append(piece)
        length += len(piece)
        if length >= _PART or (length > _SMALL and not piece):
            part = b"".join(gathered)
            check.update(part)
            yield part
            size, gathered, length = size + length, [], 0
            if not piece:
                yield b""
    part = b"".join((*gathered, (size + length).to_bytes(_SIZE_BYTES, "little")))
    check.update(part)
    yield part + check.digest(_CHECK_BYTES) + END


def pack(item: Item, name: str, content: bytes) -> bytes:
    """An item's file in one part, as `encode` gives it in several."""
    data = b"".join((_start(item, name), content, len(content).to_bytes(_SIZE_BYTES, "little")))
    return data + blake3(data).digest(_CHECK_BYTES) + END


def _start(item: Item, name: str) -> bytes:
    """What stands before the content."""
    header = msgpack.packb(
        [
            item.kind.value, item.time, item.author, item.cause, item.shown, item.url, item.path, dict(item.s3),
            item.file, item.old, item.directory, name,
        ],
        unicode_errors="surrogatepass",
    )  # fmt: skip
    return b"".join((MAGIC, len(header).to_bytes(_LENGTH_BYTES, "little"), header))


def decode(data: bytes) -> Item:
    """The item that a file holds.

    Raises:
        Torn: the file ends too early.
        ValueError: it is not what was written.
    """
    item, _, start = _header(data)
    end = len(data) - len(END) - _CHECK_BYTES
    if not data.endswith(END) or end - _SIZE_BYTES < start:
        raise Torn(f"it ends after {len(data):,} bytes")
    if blake3(data[:end]).digest(_CHECK_BYTES) != data[end : -len(END)]:
        raise ValueError("its check sum does not fit")
    if int.from_bytes(data[end - _SIZE_BYTES : end], "little") != end - _SIZE_BYTES - start:
        raise ValueError("its length is not the one that it tells")
    return item._replace(content=data[start : end - _SIZE_BYTES])


def decode_header(data: bytes) -> Item:
    """The item without its content, which the first bytes of a file tell, unchecked.

    Raises:
        Torn: these are too few bytes; `LONGEST_HEADER` are enough.
        ValueError: it is not what was written.
    """
    return _header(data)[0]


def name_in(data: bytes) -> str:
    """The name that the first bytes of a file give it; it raises as `decode_header` does."""
    return _header(data)[1]


def _header(data: bytes) -> tuple[Item, str, int]:
    """The item without its content, its name, and where the content starts."""
    start = len(MAGIC) + _LENGTH_BYTES
    if not data.startswith(MAGIC[: len(data)]):
        raise ValueError("it is no item of a spool, or one of a newer depository")
    if len(data) < start:
        raise Torn("it ends within its first bytes")
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    if length > MAX_HEADER:
        raise ValueError(f"its header is said to have {length:,} bytes")
    if len(data) < start + length:
        raise Torn("it ends within its header")
    try:
        fields: list[Any] = msgpack.unpackb(data[start : start + length], unicode_errors="surrogatepass")
        kind, time, author, cause, shown, url, path, s3, file, old, directory, name = fields
        item = Item(Kind(kind), time, author, cause, shown, url, path, s3, file, old, directory)
        if not _has_types(item, name):
            raise TypeError("a field is of a wrong type")
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException) as error:
        raise ValueError(f"its header cannot be read: {error}") from error
    return item, name, start + length


def _has_types(item: Any, name: Any) -> bool:
    """Whether the fields are what they should be: a header that is looked at alone has no check sum."""
    return (
        type(item.time) is int
        and all(isinstance(text, str) for text in (item.author, item.cause, item.shown, name))
        and all(isinstance(text, str | None) for text in (item.url, item.path, item.file, item.old))
        and all(isinstance(word, str) for pair in item.s3.items() for word in pair)
        and type(item.directory) is bool
    )
