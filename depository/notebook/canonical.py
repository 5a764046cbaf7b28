"""Canonical bytes: the one MessagePack encoding of a content, and the hash over it.

The encoding is a promise for ever, written down in ``docs/reference/format.md``: map keys in code-point order, the
shortest form of every integer, string and container, floats as 64 bits with one bit pattern for NaN, strings as UTF-8
that lets lone surrogates pass, integers past 64 bits as an extension.

Contents of other kinds are hashed as the MessagePack value that they are: bytes as ``bin``, text as ``str``. So two
contents of different kinds never have one hash, and the kind need not be known to compare hashes.
"""

from collections.abc import Callable
from typing import Any

import msgpack
from blake3 import blake3

from depository.errors import InvalidContent

MAX_DEPTH = 256
"""Containers inside one another, the notebook itself being the first. Real notebooks stay below 30."""

BIG_INTEGER = 1
"""MessagePack extension type of an integer past 64 bits: two's complement, big-endian, shortest."""

HASH_BYTES = 32

MAX_DIGITS = 4300
"""Decimal digits of the longest integer. Python's own parser stops there, and so does everything that reads with it."""

_NAN = float("nan")
_FIXED_STRINGS = 32


def ordered(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Copy plain JSON data, the keys of every map in code-point order.

    Raises:
        InvalidContent: it is nested deeper than `depth` or holds what JSON does not have.
    """
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    if kind is float:
        return value if value == value else _NAN  # noqa: PLR0124 - the one value that is not itself
    if not depth:
        raise InvalidContent(f"it is nested deeper than {MAX_DEPTH} levels")
    depth -= 1
    if isinstance(value, dict):
        if not {str}.issuperset(map(type, value)):
            raise InvalidContent("it has a key that is not a string")
        return {key: ordered(value[key], depth) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [ordered(item, depth) for item in value]
    if kind is bytes and value.isascii():
        return value.decode()  # nbformat's way with the images of old notebooks
    raise InvalidContent(f"it holds a value of type {kind.__name__}, which JSON does not have")


def encode(value: Any) -> bytes:
    """The canonical bytes of what `ordered` gave."""
    packed: bytes = msgpack.packb(value, default=_encode_big_integer, unicode_errors="surrogatepass")
    return packed


def decode(canonical: bytes, extension: Callable[[int, bytes], Any] | None = None) -> Any:
    """The content of canonical bytes; `extension` gives the values of extension types other than `BIG_INTEGER`.

    Raises:
        ValueError: these are no canonical bytes.
    """

    def value_of(code: int, data: bytes) -> Any:
        if code == BIG_INTEGER:
            return int.from_bytes(data, "big", signed=True)
        if extension is None:
            raise ValueError(f"unknown extension type {code}")
        return extension(code, data)

    return msgpack.unpackb(
        canonical,
        ext_hook=value_of,
        unicode_errors="surrogatepass",
        max_bin_len=0,  # JSON has no bytes
    )


def hash_canonical(canonical: bytes) -> bytes:
    """The hash of a notebook: BLAKE3-256 over its canonical bytes."""
    return blake3(canonical).digest()


def hash_bytes(data: bytes) -> bytes:
    """The hash of a content that is plain bytes: over them as a MessagePack ``bin``."""
    return blake3(_header(len(data), b"\xc4", b"\xc5", b"\xc6")).update(data).digest()


def hash_text(data: bytes) -> bytes:
    """The hash of a content that is text, given in UTF-8: over it as a MessagePack ``str``."""
    short = bytes([0xA0 + len(data)]) if len(data) < _FIXED_STRINGS else b""
    return blake3(short or _header(len(data), b"\xd9", b"\xda", b"\xdb")).update(data).digest()


def encode_text(text: str) -> bytes:
    """A text's UTF-8, lone surrogates let through."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(data: bytes) -> str:
    """The text of `encode_text`."""
    return data.decode("utf-8", "surrogatepass")


def _header(length: int, to_255: bytes, to_65535: bytes, longer: bytes) -> bytes:
    if length < 1 << 8:
        return to_255 + length.to_bytes(1, "big")
    if length < 1 << 16:
        return to_65535 + length.to_bytes(2, "big")
    return longer + length.to_bytes(4, "big")


def _encode_big_integer(value: int) -> msgpack.ExtType:
    if abs(value) >= 10**MAX_DIGITS:
        raise InvalidContent(f"it holds an integer of more than {MAX_DIGITS} digits")
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return msgpack.ExtType(BIG_INTEGER, value.to_bytes(size, "big", signed=True))
