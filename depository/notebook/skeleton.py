"""Skeletons: a notebook's canonical bytes with every large value taken out.

A large value is a string, wherever in the notebook it stands, that is the base64 of at least `BINARY_FLOOR` bytes, or
that has at least `TEXT_FLOOR` bytes of UTF-8. In its place stands a MessagePack extension `REFERENCE`: one byte that
says how the string is written (a `Form`), then the hash of the value. What is taken out follows from the content
alone, so that equal contents have equal skeletons: a skeleton is what deltas are built on.
"""

from base64 import b64decode, b64encode, encodebytes
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple, Self

import msgpack

from depository.notebook import canonical

REFERENCE = 2
"""MessagePack extension type of a reference to an output."""

BINARY_FLOOR = 16 * 1024
TEXT_FLOOR = 4 * 1024 * 1024

_BASE64_FLOOR = (BINARY_FLOOR + 2) // 3 * 4
_BASE64_LINE = 76


class Form(IntEnum):
    """How a value's string is written in the notebook."""

    TEXT = 0
    """As it is: the value is the string's UTF-8."""
    BASE64 = 1
    """Base64 on one line."""
    BASE64_NEWLINE = 2
    """Base64 on one line, and a newline."""
    BASE64_LINES = 3
    """Base64 in lines of 76 characters, each with a newline, as RFC 2045 and Python's ``encodebytes`` write it."""
    BASE64_LINES_OPEN = 4
    """The same without the last newline."""


class Output(NamedTuple):
    """A large value, taken out of a notebook."""

    data: bytes
    is_text: bool


class Reference(str):
    """What stands in a bare notebook where a large value stood: its hash, in hex."""

    __slots__ = ("is_text",)

    is_text: bool

    @classmethod
    def to(cls, digest: bytes, *, is_text: bool) -> Self:
        """A reference to the output of a hash; whether that is a text, and not base64 of something else."""
        reference = cls(digest.hex())
        reference.is_text = is_text
        return reference


class Skeleton(NamedTuple):
    """A notebook in two parts."""

    data: bytes
    """The canonical bytes with a reference for every large value."""
    outputs: dict[bytes, Output]
    """The large values by their hash, in the order in which they first appear."""


def take_apart(content: Any, canonical_bytes: bytes) -> Skeleton:
    """Take the large values out of a content that `canonical.ordered` gave and whose canonical bytes are known."""
    outputs: dict[bytes, Output] = {}

    def without(value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return _reference(value, outputs) if len(value) >= _BASE64_FLOOR else value
        if kind is dict:
            return {key: without(item) for key, item in value.items()}
        if kind is list:
            return [without(item) for item in value]
        return value

    # a content smaller than one large value has none
    if len(canonical_bytes) < _BASE64_FLOOR:
        return Skeleton(canonical_bytes, {})
    bare = without(content)
    return Skeleton(canonical.encode(bare) if outputs else canonical_bytes, outputs)


def references(skeleton: bytes) -> list[bytes]:
    """The hashes of the large values that a skeleton refers to, in the order in which they first appear.

    Raises:
        ValueError: it is no skeleton.
    """
    found: dict[bytes, None] = {}

    def note(code: int, data: bytes) -> None:
        found[_parse_reference(code, data)[1]] = None

    canonical.decode(skeleton, note)
    return list(found)


def put_together(skeleton: bytes, outputs: Mapping[bytes, bytes]) -> Any:
    """The content of a skeleton and its large values.

    Raises:
        ValueError: it is no skeleton.
        KeyError: it refers to a value that is not among `outputs`.
    """

    def value_of(code: int, data: bytes) -> str:
        form, digest = _parse_reference(code, data)
        return _write(form, outputs[digest])

    return canonical.decode(skeleton, value_of)


def bare(skeleton: bytes) -> Any:
    """The content of a skeleton, with a `Reference` in the place of each large value: nothing more need be read for it.

    Raises:
        ValueError: it is no skeleton.
    """

    def reference(code: int, data: bytes) -> str:
        form, digest = _parse_reference(code, data)
        return Reference.to(digest, is_text=form is Form.TEXT)

    return canonical.decode(skeleton, reference)


def _reference(text: str, outputs: dict[bytes, Output]) -> Any:
    if binary := _decode_base64(text):
        form, data = binary
        digest = canonical.hash_bytes(data)
    elif len(data := canonical.encode_text(text)) >= TEXT_FLOOR:
        form, digest = Form.TEXT, canonical.hash_text(data)
    else:
        return text
    outputs[digest] = Output(data, is_text=form is Form.TEXT)
    return msgpack.ExtType(REFERENCE, bytes([form]) + digest)


def _parse_reference(code: int, data: bytes) -> tuple[Form, bytes]:
    if code != REFERENCE or len(data) != 1 + canonical.HASH_BYTES:
        raise ValueError(f"unknown extension {code} of {len(data)} bytes")
    return Form(data[0]), data[1:]


def _decode_base64(text: str) -> tuple[Form, bytes] | None:
    """The form and the bytes, if writing them in that form gives the same text again."""
    if text[_BASE64_LINE] == "\n":
        form = Form.BASE64_LINES if text.endswith("\n") else Form.BASE64_LINES_OPEN
    else:
        form = Form.BASE64_NEWLINE if text.endswith("\n") else Form.BASE64
    try:
        data = b64decode(text, validate=form is Form.BASE64)
    except ValueError:
        return None
    return (form, data) if len(data) >= BINARY_FLOOR and _write(form, data) == text else None


def _write(form: Form, data: bytes) -> str:
    match form:
        case Form.TEXT:
            return canonical.decode_text(data)
        case Form.BASE64:
            return b64encode(data).decode()
        case Form.BASE64_NEWLINE:
            return b64encode(data).decode() + "\n"
        case Form.BASE64_LINES:
            return encodebytes(data).decode()
        case Form.BASE64_LINES_OPEN:
            return encodebytes(data).decode()[:-1]
