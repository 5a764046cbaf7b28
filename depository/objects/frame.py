"""Frames: how an object lies in the store.

A frame is a magic number, the format number, and one MessagePack array ``[kind, codec, size, base, outputs, encoded]``.
What stands before the payload suffices to walk from object to object. The layout is a promise for ever, written down
in ``docs/reference/format.md``.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import msgpack
import zstandard

from depository.errors import UnsupportedFormat

FORMAT = 1
MAGIC = b"DPO"
LEVEL = 9
"""The zstd level. Any level may be written; on real histories higher ones gain 1 to 2 % for four to ten times the
work."""

MAX_PAYLOAD = 1 << 30
"""Bytes of the largest payload that is read or written."""
MAX_FRAME = MAX_PAYLOAD + (1 << 20)

MAX_TABLE_LOG = 25
"""Of the tables that find matches in a base, in bits: 128 MiB each at the most."""
MIN_WINDOW_LOG = 10
MAX_WINDOW_LOG = 30
"""Of zstd's window, in bits: a reader has to allow for as much."""

MOST_GROWTH = 1 << 15
"""How many times as much as it takes a zstd frame may hold: its blocks are of 128 KiB at most, and of 4 bytes at least.
What claims to hold more is refused before memory is taken for it."""

_HASH_BYTES = 32


class Kind(IntEnum):
    """What the payload is."""

    NOTEBOOK = 0
    """A skeleton."""
    BYTES = 1
    """A file that is no notebook, a large binary value, or a patch."""
    TEXT = 2
    """A large text value, as UTF-8."""
    PAGE = 3
    """A sealed page of history."""
    MANIFEST = 4
    """A manifest; never under ``objects/``."""


class Codec(IntEnum):
    """How the payload is stored."""

    STORED = 0
    ZSTD = 1
    ZSTD_DELTA = 2
    """A zstd frame whose raw-content dictionary is the payload of the object `Frame.base`."""


class Frame(NamedTuple):
    """One object as it is stored."""

    kind: Kind
    codec: Codec
    size: int
    """Bytes of the payload when it is decoded."""
    base: bytes | None
    """The hash of the object that the payload is a delta against."""
    outputs: tuple[bytes, ...]
    """The hashes of all objects that the payload refers to, except for a page, whose entries do so themselves."""
    encoded: bytes
    """The payload as the codec stores it."""

    def decode(self, base: bytes | None = None, *, limit: int = MAX_PAYLOAD) -> bytes:
        """The payload, given that of the base, if there is one.

        Raises:
            ValueError: it cannot be decoded, or is not of the size that it declares, or is larger than `limit`.
        """
        if self.size > limit:
            raise ValueError(f"it declares {self.size:,} bytes, past the limit of {limit:,}")
        payload = self.encoded if self.codec is Codec.STORED else _decompress(self.encoded, self.size, base)
        if len(payload) != self.size:
            raise ValueError(f"it holds {len(payload):,} bytes and declares {self.size:,}")
        return payload


def encode(kind: Kind, payload: bytes, outputs: tuple[bytes, ...] = (), *, level: int = LEVEL) -> Frame:
    """The frame of a payload that builds on nothing, compressed where that pays.

    What refers to outputs is compressed anyway: its hash is over these as well, and the checksum that comes with zstd
    lets it be checked, and built on, without reading them.
    """
    packed = _compress(payload, None, level=level)
    if outputs or len(packed) < len(payload):
        return Frame(kind, Codec.ZSTD, len(payload), None, outputs, packed)
    return Frame(kind, Codec.STORED, len(payload), None, outputs, payload)


def encode_delta(kind: Kind, payload: bytes, outputs: tuple[bytes, ...], base_hash: bytes, base: bytes) -> Frame:
    """The frame of a payload as a delta against another's."""
    return Frame(kind, Codec.ZSTD_DELTA, len(payload), base_hash, outputs, _compress(payload, base))


def patch(source: bytes, reference: bytes) -> bytes:
    """The small difference that makes `source` of `reference`: a zstd frame with that as its dictionary."""
    return _compress(source, reference, checksum=False)


def apply_patch(difference: bytes, reference: bytes, size: int) -> bytes:
    """The `size` bytes that `patch` was given.

    Raises:
        ValueError: these are no such patch and reference.
    """
    source = _decompress(difference, size, reference)
    if len(source) != size:
        raise ValueError(f"it gives {len(source):,} bytes instead of {size:,}")
    return source


def pack(frame: Frame) -> bytes:
    """The bytes of an object."""
    return b"".join((MAGIC, bytes([FORMAT]), msgpack.packb(frame)))


def unpack(data: bytes) -> Frame:
    """The frame of an object's bytes.

    Raises:
        UnsupportedFormat: a newer depository wrote it. Like that of the other, its text is the end of a sentence.
        ValueError: it is no frame.
    """
    if data[: len(MAGIC)] != MAGIC or len(data) <= len(MAGIC):
        raise ValueError("it does not start with depository's magic number")
    if (version := data[len(MAGIC)]) != FORMAT:
        if version < FORMAT:
            raise ValueError("it is of no known format")
        raise UnsupportedFormat(
            f"it is data of format {version}, and this program reads formats up to {FORMAT}: upgrade depository"
        )
    try:
        fields = msgpack.unpackb(memoryview(data)[len(MAGIC) + 1 :])
    except ValueError as error:  # msgpack's own errors are ValueErrors
        raise ValueError("it is cut off or altered") from error
    return _checked(fields)


def _checked(fields: Any) -> Frame:
    if not isinstance(fields, list) or len(fields) != len(Frame._fields):
        raise ValueError("its header is altered")
    kind, codec, size, base, outputs, encoded = fields
    sound = (
        type(size) is int
        and 0 <= size <= MAX_PAYLOAD
        and type(encoded) is bytes
        and (_is_hash(base) if codec == Codec.ZSTD_DELTA else base is None)
        and isinstance(outputs, list)
        and all(map(_is_hash, outputs))
        and (not outputs or kind == Kind.NOTEBOOK)
    )
    if not sound:
        raise ValueError("its header is altered")
    return Frame(Kind(kind), Codec(codec), size, base, tuple(outputs), encoded)


def _is_hash(value: Any) -> bool:
    return type(value) is bytes and len(value) == _HASH_BYTES


def _compress(data: bytes, base: bytes | None, *, checksum: bool = True, level: int = LEVEL) -> bytes:
    parameters = _parameters(len(data), len(base or b""), checksum, level)
    try:
        return zstandard.ZstdCompressor(compression_params=parameters, dict_data=_dictionary(base)).compress(data)
    except zstandard.ZstdError as error:  # nothing else can go wrong
        raise MemoryError(f"There is too little memory to compress {len(data):,} bytes: {error}.") from error


def _parameters(size: int, base_size: int, checksum: bool, level: int) -> zstandard.ZstdCompressionParameters:
    settings: dict[str, int] = {
        "source_size": size,
        "dict_size": base_size,
        "write_content_size": 1,  # decoders then need no window beside the content itself
        "write_dict_id": 0,
        "write_checksum": checksum,  # so that each step of a chain is checked before anything is built on it
    }
    if base_size:
        # zstd's own choice of window and tables is for streams: it forgets most of a base of many megabytes
        reach = (size + base_size - 1).bit_length()
        usual = zstandard.ZstdCompressionParameters.from_level(level, **settings)
        # an entry for every second byte of the base at least, also where the base is much larger than the data
        tables = min(MAX_TABLE_LOG, max(reach - 2, base_size.bit_length() - 1))
        settings["window_log"] = min(MAX_WINDOW_LOG, max(MIN_WINDOW_LOG, reach))
        settings["hash_log"] = max(usual.hash_log, tables)
        settings["chain_log"] = max(usual.chain_log, tables)
    return zstandard.ZstdCompressionParameters.from_level(level, **settings)


def _dictionary(base: bytes | None) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if base else None


def _decompress(encoded: bytes, size: int, base: bytes | None) -> bytes:
    try:
        # a frame may declare a size of its own, and memory would be taken for it
        if zstandard.frame_content_size(encoded) not in (-1, size):
            raise ValueError("it is compressed with another size than it declares")
        if size > min(MAX_PAYLOAD, MOST_GROWTH * len(encoded)):
            raise ValueError(f"{len(encoded):,} bytes cannot hold the {size:,} that it declares")
        if not size:
            return b""
        return zstandard.ZstdDecompressor(dict_data=_dictionary(base), max_window_size=1 << MAX_WINDOW_LOG).decompress(
            encoded, max_output_size=size, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise ValueError("it cannot be decompressed") from error
