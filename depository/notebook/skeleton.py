"""Skeletons: a notebook's canonical bytes with every large value taken out.

A large value is a string, wherever in the notebook it stands, that is the base64 of at least `BINARY_FLOOR` bytes, or
that has at least `TEXT_FLOOR` bytes of UTF-8. In its place stands a MessagePack extension `REFERENCE`: one byte that
says how the string is written (a `Form`), then the hash of the value. What is taken out follows from the content
alone, so that equal contents have equal skeletons: a skeleton is what deltas are built on.
"""

from base64 import b64decode, b64encode, encodebytes
from collections.abc import Mapping, MutableMapping
from enum import IntEnum
from typing import Any, NamedTuple, Self

import msgpack

from depository.notebook import canonical

REFERENCE = 2
"""MessagePack extension type of a reference to an output."""

BINARY_FLOOR = 16 * 1024
TEXT_FLOOR = 4 * 1024 * 1024

MAX_OUTPUTS = 1 << 30
"""Bytes of all large values of one notebook together, one that stands there twice counted twice."""

_BASE64_FLOOR = (BINARY_FLOOR + 2) // 3 * 4
_BASE64_LINE = 76
_MARK = bytes((0xC7, 1 + canonical.HASH_BYTES, REFERENCE))
"""How a reference starts: an extension of that many bytes."""


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

    text: str
    """Its string there."""
    form: Form
    decoded: bytes | None = None
    """What the string stands for, where it had to be found out."""

    @property
    def data(self) -> bytes:
        """What is stored."""
        return _read(self.form, self.text) if self.decoded is None else self.decoded

    @property
    def is_text(self) -> bool:
        """It is a text, and not base64 of something else."""
        return self.form is Form.TEXT


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


Seen = MutableMapping[bytes, bytes]
"""What long strings were found to stand for: by the hash of their text, the data of the reference to them."""


def take_apart(content: Any, canonical_bytes: bytes, seen: Seen | None = None) -> Skeleton:
    """Take the large values out of a content that `canonical.ordered` gave and whose canonical bytes are known.

    Args:
        content: the content.
        canonical_bytes: its canonical bytes.
        seen: spares decoding and hashing what was taken out before; what is found now is added.
    """
    # a content smaller than one large value has none
    if len(canonical_bytes) < _BASE64_FLOOR or not _has_long(content):
        return Skeleton(canonical_bytes, {})
    outputs: dict[bytes, Output] = {}
    seen = {} if seen is None else seen

    def without(value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return _reference(value, outputs, seen) if len(value) >= _BASE64_FLOOR else value
        if kind is dict:
            return {key: without(item) for key, item in value.items()}
        if kind is list:
            return [without(item) for item in value]
        return value

    bare = without(content)
    return Skeleton(canonical.encode(bare) if outputs else canonical_bytes, outputs)


def is_whole(parts: Skeleton, canonical_bytes: bytes) -> bool:
    """Whether putting the parts together is sure to give these canonical bytes.

    It compares bytes and decodes nothing, for the strings of the outputs are known. False may be a matter of doubt:
    where a value stands in the content in two forms, or bytes look like a reference and are none.
    """
    start = there = stop = 0
    while (stop := parts.data.find(_MARK[0], stop)) >= 0:  # one byte is searched for many times faster than three
        if not parts.data.startswith(_MARK, stop):
            stop += 1
            continue
        end = stop + len(_MARK) + 1 + canonical.HASH_BYTES
        output = parts.outputs.get(parts.data[end - canonical.HASH_BYTES : end])
        if output is None or output.form != parts.data[stop + len(_MARK)]:
            return False
        for piece in (parts.data[start:stop], canonical.encode(output.text)):
            if not canonical_bytes.startswith(piece, there):
                return False
            there += len(piece)
        start = stop = end
    return canonical_bytes[there:] == parts.data[start:]


def _has_long(value: Any) -> bool:
    kind = type(value)
    if kind is str:
        return len(value) >= _BASE64_FLOOR
    if kind is dict:
        return any(map(_has_long, value.values()))
    return kind is list and any(map(_has_long, value))


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
    size = 0
    written: dict[bytes, str] = {}

    def value_of(code: int, data: bytes) -> str:
        nonlocal size
        form, digest = _parse_reference(code, data)
        size += len(outputs[digest])
        if size > MAX_OUTPUTS:  # one may be referred to any number of times
            raise ValueError(f"its large values are more than {MAX_OUTPUTS:,} bytes together")
        if data not in written:
            written[data] = _write(form, outputs[digest])
        return written[data]

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


def _reference(text: str, outputs: dict[bytes, Output], seen: Seen) -> Any:
    data = canonical.encode_text(text)
    spelled = canonical.hash_text(data)
    if known := seen.get(spelled):
        form, digest = _parse_reference(REFERENCE, known)
        output = Output(text, form)
    elif binary := _decode_base64(text):
        output = Output(text, *binary)
        digest = canonical.hash_bytes(binary[1])
    elif len(data) >= TEXT_FLOOR:
        output, digest = Output(text, Form.TEXT, data), spelled
    else:
        return text
    outputs[digest] = output
    seen[spelled] = bytes([output.form]) + digest
    return msgpack.ExtType(REFERENCE, seen[spelled])


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
        data = _read(form, text)
    except ValueError:
        return None
    return (form, data) if len(data) >= BINARY_FLOOR and _write(form, data) == text else None


def _read(form: Form, text: str) -> bytes:
    """The bytes of a string that `_write` gave, or those of another that it would not give."""
    return canonical.encode_text(text) if form is Form.TEXT else b64decode(text, validate=form is Form.BASE64)


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
    raise AssertionError("unreachable")
