"""Add golden vectors for the cases below that have none yet.

Those of ``canonical.json`` come from `messagepack`, not from the code that they pin. A vector that is there and would
come out differently stops the run: what is stored in the world cannot change.
"""

import json
from typing import Any

import zstandard
from blake3 import blake3

from depository.notebook.canonical import hash_bytes
from depository.objects import frame
from tests import golden
from tests.golden import messagepack

Vector = dict[str, Any]
Part = tuple[str, int]

_INTEGERS = [
    *(0, 1, -1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32),
    *(2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**71 - 1, 2**71, 2**127 - 1, 2**127, 10**30, 10**700),
    *(-32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1, -(2**63), -(2**63) - 1),
    *(-(2**71), -(2**71) - 1, -(2**127), -(2**127) - 1, -(10**30), -(10**700)),
]
_FLOATS = ["0.0", "-0.0", "1.0", "-1.5", "0.1", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "5e-324"]
_FLOATS += ["2.2250738585072014e-308", "1.7976931348623157e308", "1e16", "123456789.123456789"]
_TEXTS = ["", "a", "\0", "\x7f", "é", "€", "\ufeff", "\uffff", "😀", "\U0010ffff", "é", "\ud800", "\udfff", "a\udc00b"]
_TEXTS += [letter * length for letter in "aé" for length in (15, 16, 31, 32)] + ["a" * 255, "a" * 256]
_REPEATED = [('"a"', 65535), ('"a"', 65536), ('"€"', 21845), ('"€"', 21846), ("[null]", 65535), ("[null]", 65536)]
_OBJECTS = [
    "[]",
    "{}",
    "[[], {}, [[]]]",
    "[true, false, null]",
    "[1, 1.0, true]",
    '{"b": 1, "a": 2}',
    '{"a": 1, "B": 2, "": 3, "aa": 4}',
    # code points and UTF-16 order these two differently
    '{"\\uffff": 1, "\\ud83d\\ude00": 2}',
    '{"\\ue000": 1, "\\ud800": 2, "\\ud83d\\ude00": 3, "z": 4}',
    # the last of a key's values counts
    '{"a": 1, "b": 2, "a": 3}',
    json.dumps({f"{number:x}": number for number in range(15)}),
    json.dumps({f"{number:x}": number for number in range(16)}),
    json.dumps([0] * 15),
    json.dumps([0] * 16),
    # a notebook as its content is: lines joined
    (
        '{"cells": [{"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {}, "outputs": [{"name": '
        '"stdout", "output_type": "stream", "text": "1\\n"}], "source": "print(1)"}], "metadata": {}, "nbformat": 4, '
        '"nbformat_minor": 5}'
    ),
]


def canonical_vectors() -> list[Vector]:
    texts = [*map(str, _INTEGERS), *_FLOATS, *map(json.dumps, _TEXTS), *_OBJECTS]
    vectors: list[Vector] = []
    for text in texts:
        data = messagepack.encode(json.loads(text))
        vectors.append({"json": text, "canonical": data.hex(), "hash": blake3(data).hexdigest()})
    for text, times in _REPEATED:
        data = messagepack.encode(json.loads(text) * times)
        head = data[:8].hex()
        vectors.append({"json": text, "times": times, "starts": head, "hash": blake3(data).hexdigest()})
    return vectors


def frame_vectors() -> list[Vector]:
    def add(name: str, made: frame.Frame, payload: list[Part], base: list[Part] | None = None) -> None:
        vectors.append(
            {
                "name": name,
                "object": frame.pack(made).hex(),
                "kind": made.kind.name,
                "codec": made.codec.name,
                "base_hash": made.base and made.base.hex(),
                "outputs": [digest.hex() for digest in made.outputs],
                "payload": payload,
                "base": base,
            }
        )

    vectors: list[Vector] = []
    line, hashes = b"a line of a notebook\n", (bytes(range(32)), bytes(range(32, 64)))
    for kind in frame.Kind:
        add(f"{kind.name}, stored", frame.encode(kind, line), [(line.hex(), 1)])
        add(f"{kind.name}, compressed", frame.encode(kind, line * 300), [(line.hex(), 300)])
    add("nothing", frame.encode(frame.Kind.BYTES, b""), [])
    add("with outputs", frame.encode(frame.Kind.NOTEBOOK, line, hashes), [(line.hex(), 1)])
    base, end = bytes(range(0, 256, 2)), b"another end"
    delta = frame.encode_delta(frame.Kind.NOTEBOOK, base * 9 + end, hashes, hash_bytes(base * 10), base * 10)
    add("a delta", delta, [(base.hex(), 9), (end.hex(), 1)], [(base.hex(), 10)])
    add("a delta, its size said to zstd too", delta, [(base.hex(), 9), (end.hex(), 1)], [(base.hex(), 10)])
    for level in (1, 3, 19):
        packed = zstandard.ZstdCompressor(level=level, write_checksum=level > 1).compress(line * 300)
        made = frame.Frame(frame.Kind.BYTES, frame.Codec.ZSTD, len(line) * 300, None, (), packed)
        add(f"level {level}, as another writer may make it", made, [(line.hex(), 300)])
    return vectors


def _add(name: str, key: tuple[str, ...], cases: list[Vector]) -> None:
    def key_of(vector: Vector) -> tuple[Any, ...]:
        return tuple(vector.get(field) for field in key)

    try:
        vectors = golden.load(name)
    except FileNotFoundError:
        vectors = []
    there = {key_of(vector): vector for vector in vectors}
    for case in cases:
        if there.setdefault(key_of(case), case) != case and name == "canonical":
            raise SystemExit(f"{name}: {key_of(case)} would come out differently")
    golden.store(name, list(there.values()))


if __name__ == "__main__":
    _add("canonical", ("json", "times"), canonical_vectors())
    _add("frames", ("name",), frame_vectors())
