"""Frames: what is packed is unpacked, what was altered is refused, and nothing takes more memory than it may."""

import itertools
import random
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgpack
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from depository.backends.memory import MemoryBackend
from depository.errors import AlteredObject, UnsupportedFormat
from depository.notebook import canonical
from depository.objects import frame
from depository.objects.frame import FORMAT, MAGIC, MAX_PAYLOAD, Codec, Frame, Kind
from depository.objects.store import Objects, key_of
from tests import golden

VECTORS = golden.load("frames")
MIB, GIB = 1 << 20, 1 << 30

NOISE = random.Random(1).randbytes(64)
LINE = b"a line of a notebook, and another\n"
HASH, OTHER = bytes(range(32)), bytes(range(100, 132))


def payloads() -> st.SearchStrategy[bytes]:
    """Bytes that compress and bytes that do not; some look like a zstd frame or dictionary."""
    starts = st.sampled_from([b"", b"\x28\xb5\x2f\xfd", b"\x37\xa4\x30\xec\x01\x00\x00\x00"])
    return st.builds(
        lambda start, data, times: start + data * times, starts, st.binary(max_size=30), st.integers(0, 40)
    )


def hashes() -> st.SearchStrategy[tuple[bytes, ...]]:
    return st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple)


def packed(*fields: Any) -> bytes:
    return MAGIC + bytes([FORMAT]) + bytes(msgpack.packb(fields))


# golden frames


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_golden_frame_is_read_for_ever(vector: dict[str, Any]) -> None:
    found = frame.unpack(bytes.fromhex(vector["object"]))

    base = vector["base"] and golden.joined(vector["base"])
    assert (found.kind.name, found.codec.name) == (vector["kind"], vector["codec"])
    assert (found.base and found.base.hex()) == vector["base_hash"]
    assert [digest.hex() for digest in found.outputs] == vector["outputs"]
    assert found.decode(base) == golden.joined(vector["payload"])


def test_the_numbers_of_kinds_and_codecs_are_these() -> None:
    assert {kind.name: kind.value for kind in Kind} == {"NOTEBOOK": 0, "BYTES": 1, "TEXT": 2, "PAGE": 3, "MANIFEST": 4}
    assert {codec.name: codec.value for codec in Codec} == {"STORED": 0, "ZSTD": 1, "ZSTD_DELTA": 2}


def test_every_kind_and_codec_has_a_golden_frame() -> None:
    assert {vector["kind"] for vector in VECTORS} == {kind.name for kind in Kind}
    assert {vector["codec"] for vector in VECTORS} == {codec.name for codec in Codec}


def test_a_frame_costs_few_bytes_beside_its_payload() -> None:
    assert len(frame.pack(frame.encode(Kind.BYTES, NOISE))) == len(NOISE) + 12


# round trips


@given(st.sampled_from(Kind), payloads(), hashes())
def test_a_payload_comes_back(kind: Kind, payload: bytes, outputs: tuple[bytes, ...]) -> None:
    outputs = outputs if kind is Kind.NOTEBOOK else ()
    found = frame.unpack(frame.pack(frame.encode(kind, payload, outputs)))

    assert (found.kind, found.size, found.base, found.outputs) == (kind, len(payload), None, outputs)
    assert found.decode() == payload


@given(payloads(), payloads(), hashes())
def test_a_delta_comes_back_with_its_base(payload: bytes, base: bytes, outputs: tuple[bytes, ...]) -> None:
    found = frame.unpack(frame.pack(frame.encode_delta(Kind.NOTEBOOK, payload, outputs, HASH, base)))

    assert (found.codec, found.size, found.base, found.outputs) == (Codec.ZSTD_DELTA, len(payload), HASH, outputs)
    assert found.decode(base) == payload


@given(payloads(), payloads())
def test_a_patch_makes_the_one_of_the_other(source: bytes, reference: bytes) -> None:
    assert frame.apply_patch(frame.patch(source, reference), reference, len(source)) == source


def test_a_payload_is_compressed_only_where_that_pays() -> None:
    assert frame.encode(Kind.BYTES, LINE * 100).codec is Codec.ZSTD
    assert frame.encode(Kind.BYTES, NOISE) == (Kind.BYTES, Codec.STORED, len(NOISE), None, (), NOISE)


def test_a_delta_against_its_like_is_tiny() -> None:
    base = random.Random(2).randbytes(100_000)

    assert len(frame.encode_delta(Kind.NOTEBOOK, base[:50_000] + b"!" + base[50_000:], (), HASH, base).encoded) < 60
    assert len(frame.patch(base + b"\n", base)) < 60


def kept(base: bytes, place: int) -> int:
    """The bytes of a delta for one change to many megabytes."""
    payload = base[:place] + b"changed!" + base[place + 8 :]
    made = frame.encode_delta(Kind.NOTEBOOK, payload, (), HASH, base)
    assert made.decode(base) == payload
    return len(made.encoded)


@pytest.mark.parametrize("megabytes", [12, 24])
def test_a_delta_reaches_back_to_the_very_start_of_a_large_base(megabytes: int) -> None:
    base = random.Random(4).randbytes(megabytes * MIB)

    assert max(kept(base, 0), kept(base, len(base) // 2), kept(base, len(base) - 8)) < 8_000


# what was altered


def small_frames() -> list[Any]:
    base = LINE * 3 + NOISE
    made = {
        "stored": (frame.encode(Kind.BYTES, NOISE[:20]), None),
        "zstd": (frame.encode(Kind.TEXT, LINE * 40), None),
        "zstd with outputs": (frame.encode(Kind.NOTEBOOK, LINE * 40, (HASH, OTHER)), None),
        "delta": (frame.encode_delta(Kind.NOTEBOOK, base[4:] + b"end", (HASH,), OTHER, base), base),
    }
    return [pytest.param(*case, id=name) for name, case in made.items()]


def read(data: bytes, base: bytes | None) -> tuple[Frame, bytes] | None:
    """The frame and its payload, or None where reading refuses it as it should."""
    try:
        found = frame.unpack(data)
        return found, found.decode(base)
    except (ValueError, UnsupportedFormat):
        return None


@pytest.mark.parametrize(("made", "base"), small_frames())
def test_a_changed_byte_is_noticed_or_changes_nothing_but_what_the_name_vouches_for(
    made: Frame, base: bytes | None
) -> None:
    """What a frame does not protect by itself.

    The kind, and a stored payload: the hash that the object lies under is over both, so the store notices. The hash
    of the base: with another base the checksum of the zstd frame fails. The hashes of outputs: the skeleton says the
    same again, and the hash of the content is over all of it.
    """
    data, payload = frame.pack(made), made.decode(base)
    assert read(data, base) == (made, payload)
    for place in range(len(data)):
        for change in range(1, 256):
            found = read(data[:place] + bytes([data[place] ^ change]) + data[place + 1 :], base)
            if found is None:
                continue
            other, decoded = found
            assert (other.size, len(other.outputs)) == (made.size, len(made.outputs))
            assert decoded == payload or made.codec is Codec.STORED
            header = [getattr(other, field) != getattr(made, field) for field in ("kind", "base", "outputs")]
            assert sum(header) + (decoded != payload) <= 1


@pytest.mark.parametrize("payload", [NOISE[:20], LINE * 40], ids=["stored", "zstd"])
@pytest.mark.parametrize(("kind", "hash_of"), [(Kind.BYTES, canonical.hash_bytes), (Kind.TEXT, canonical.hash_text)])
def test_whoever_reads_an_object_by_its_hash_notices_any_changed_byte(
    kind: Kind, hash_of: Callable[[bytes], bytes], payload: bytes
) -> None:
    backend = MemoryBackend()
    objects, digest, data = Objects(backend), hash_of(payload), frame.pack(frame.encode(kind, payload))
    for place, change in itertools.product(range(len(data)), range(1, 256)):
        backend.put(key_of(digest), data[:place] + bytes([data[place] ^ change]) + data[place + 1 :])
        try:
            assert objects.read(digest, kind) == payload
        except (AlteredObject, UnsupportedFormat):
            continue


@pytest.mark.parametrize("other", [kind for kind in Kind if kind is not Kind.BYTES])
def test_whoever_reads_an_object_says_what_kind_it_is_to_be(other: Kind) -> None:
    backend, digest = MemoryBackend(), canonical.hash_bytes(LINE)
    backend.put(key_of(digest), frame.pack(frame.encode(other, LINE)))

    with pytest.raises(AlteredObject, match=f"it is of the kind {other.name.lower()}, not bytes"):
        Objects(backend).read(digest, Kind.BYTES)


@pytest.mark.parametrize(("made", "base"), small_frames())
def test_a_frame_that_is_cut_off_or_goes_on_is_refused(made: Frame, base: bytes | None) -> None:
    data = frame.pack(made)

    assert all(read(data[:length], base) is None for length in range(len(data)))
    assert read(data + b"\0", base) is None
    assert read(data + data, base) is None


@pytest.mark.parametrize(("made", "base"), small_frames())
def test_a_payload_with_something_after_it_is_refused(made: Frame, base: bytes | None) -> None:
    for more in (b"\0", made.encoded, zstandard.ZstdCompressor().compress(b"")):
        with pytest.raises(ValueError, match="cannot be decompressed|and declares"):
            made._replace(encoded=made.encoded + more).decode(base)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_frame_are_refused(data: bytes) -> None:
    assert read(data, None) is None
    assert read(MAGIC + bytes([FORMAT]) + data, None) is None


def test_another_base_is_noticed() -> None:
    base = random.Random(3).randbytes(1000)
    made = frame.encode_delta(Kind.NOTEBOOK, base + b"!", (), HASH, base)

    for other in (base[:-1] + b"?", base[1:], b"", None):
        with pytest.raises(ValueError, match="cannot be decompressed"):
            made.decode(other)


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (0, 0, 1, None, []),
        (0, 0, 1, None, [], b"a", None),
        (5, 0, 1, None, [], b"a"),
        (0, 3, 1, None, [], b"a"),
        (0, -1, 1, None, [], b"a"),
        (None, 0, 1, None, [], b"a"),
        ([], 0, 1, None, [], b"a"),
        (0, 0, -1, None, [], b"a"),
        (0, 0, 1.0, None, [], b"a"),
        (0, 0, True, None, [], b"a"),
        (0, 0, MAX_PAYLOAD + 1, None, [], b"a"),
        (0, 0, 1, HASH, [], b"a"),
        (0, 1, 1, HASH, [], b"a"),
        (0, 2, 1, None, [], b"a"),
        (0, 2, 1, HASH[1:], [], b"a"),
        (0, 2, 1, "a" * 32, [], b"a"),
        (0, 0, 1, None, None, b"a"),
        (0, 0, 1, None, [HASH[1:]], b"a"),
        (0, 0, 1, None, ["a" * 32], b"a"),
        (1, 0, 1, None, [HASH], b"a"),
        (2, 1, 1, None, [HASH], b"a"),
        (3, 0, 1, None, [HASH], b"a"),
        (0, 0, 1, None, [], "a"),
        (0, 0, 1, None, [], None),
    ],
)
def test_a_header_of_another_shape_is_refused(fields: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="."):
        frame.unpack(packed(*fields))


@pytest.mark.parametrize("header", [{}, 1, "abcdef", None])
def test_a_header_that_is_no_array_is_refused(header: Any) -> None:
    with pytest.raises(ValueError, match="header is altered"):
        frame.unpack(MAGIC + bytes([FORMAT]) + msgpack.packb(header))


@pytest.mark.parametrize("version", [2, 3, 255])
def test_a_newer_format_asks_for_an_upgrade(version: int) -> None:
    sentence = rf"^it is data of format {version}, .* formats up to 1: upgrade depository$"
    with pytest.raises(UnsupportedFormat, match=sentence):
        frame.unpack(MAGIC + bytes([version]) + b"whatever comes")


@pytest.mark.parametrize("data", [b"", b"D", MAGIC, b"PK\x03\x04", MAGIC.lower() + b"\1", MAGIC + b"\0"])
def test_what_has_no_magic_number_or_no_format_is_no_frame(data: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        frame.unpack(data)


@pytest.mark.parametrize("size", [0, 1, len(LINE) - 1, len(LINE) + 1])
@pytest.mark.parametrize("level", [1, 19])
@pytest.mark.parametrize("declares", [True, False])
def test_a_payload_of_another_size_than_declared_is_refused(size: int, level: int, declares: bool) -> None:
    compressed = zstandard.ZstdCompressor(level=level, write_content_size=declares).compress(LINE)
    if size or declares:
        with pytest.raises(ValueError, match="."):
            Frame(Kind.BYTES, Codec.ZSTD, size, None, (), compressed).decode()
    with pytest.raises(ValueError, match="declares"):
        Frame(Kind.BYTES, Codec.STORED, size, None, (), LINE).decode()


@pytest.mark.parametrize("more", [b"\0", zstandard.compress(b""), zstandard.compress(LINE)])
def test_bytes_after_the_end_of_what_was_compressed_are_refused(more: bytes) -> None:
    made = frame.encode(Kind.BYTES, LINE * 100)

    with pytest.raises(ValueError, match="cannot be decompressed"):
        made._replace(encoded=made.encoded + more).decode()


def test_a_patch_of_another_size_is_refused() -> None:
    difference = frame.patch(LINE * 2, LINE)

    for size in (0, 1, len(LINE) * 2 - 1, len(LINE) * 2 + 1):
        with pytest.raises(ValueError, match="."):
            frame.apply_patch(difference, LINE, size)


def test_a_patch_is_refused_with_a_reference_that_is_too_short() -> None:
    reference = random.Random(5).randbytes(10_000)
    difference = frame.patch(reference, reference)

    for other in (b"", b"short", reference[:100]):
        with pytest.raises(ValueError, match="cannot be decompressed"):
            frame.apply_patch(difference, other, len(reference))


@given(
    st.binary(max_size=60) | payloads().map(lambda source: frame.patch(source, NOISE)), payloads(), st.integers(0, 99)
)
def test_any_patch_and_reference_give_the_size_that_was_asked_for_or_nothing(
    difference: bytes, reference: bytes, size: int
) -> None:
    """A patch has no checksum of its own: it lies under its hash, or within an entry that a checksum is over."""
    try:
        assert len(frame.apply_patch(difference, reference, size)) == size
    except ValueError:
        return


def test_a_patch_that_gives_less_than_it_is_said_to_is_refused() -> None:
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(b"short")
    assert zstandard.frame_content_size(silent) == -1

    assert frame.apply_patch(silent, b"", 5) == b"short"
    with pytest.raises(ValueError, match="it gives 5 bytes instead of 6"):
        frame.apply_patch(silent, b"", 6)


# memory


def test_a_payload_past_the_limit_is_refused_before_it_is_decoded() -> None:
    made = frame.encode(Kind.BYTES, LINE * 100)

    assert made.decode(limit=len(LINE) * 100) == LINE * 100
    with pytest.raises(ValueError, match="declares 3,400 bytes, past the limit of 3,399"):
        made.decode(limit=len(LINE) * 100 - 1)


_DECODE = """
import resource, sys
from depository.objects import frame

with open(sys.argv[1], "rb") as file:
    found = frame.unpack(file.read())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    found.decode(limit=int(sys.argv[2]))
except ValueError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


# a process starts with the peak of the one that it comes from, and that of the tests may hide what is looked for
_SPAWN = "import subprocess, sys; subprocess.run(sys.argv[1:], check=True)"


def memory_taken(made: Frame, limit: int, directory: Path) -> int:
    """The bytes of memory that a fresh process takes to find out that a frame cannot be decoded."""
    path = directory / "frame"
    path.write_bytes(frame.pack(made))
    command = [sys.executable, "-c", _SPAWN, sys.executable, "-c", _DECODE, str(path), str(limit)]
    unit = 1 if sys.platform == "darwin" else 1024
    return int(subprocess.run(command, capture_output=True, check=True).stdout) * unit


@cache
def bomb(*, says_size: bool) -> bytes:
    """A zstd frame of 1 GiB of zeros, with a window of 1 MiB."""
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=20, write_content_size=says_size)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj(size=GIB if says_size else -1)
    zeros = bytes(MIB)
    data = b"".join([*(compressor.compress(zeros) for _ in range(GIB // MIB)), compressor.flush()])
    assert len(data) < MIB
    return data


def with_window(data: bytes, log: int) -> bytes:
    """A zstd frame that asks for another window."""
    assert zstandard.get_frame_parameters(data).window_size == MIB
    data = data[:5] + bytes([log - 10 << 3]) + data[6:]
    assert zstandard.get_frame_parameters(data).window_size == 1 << log
    return data


@pytest.mark.parametrize("window_log", [20, 27, 30])
@pytest.mark.parametrize("says_size", [True, False])
@pytest.mark.parametrize("declared", [GIB, MIB, 1])
def test_a_bomb_of_1_gib_takes_no_more_memory_than_the_limit(
    window_log: int, says_size: bool, declared: int, tmp_path: Path
) -> None:
    made = Frame(Kind.BYTES, Codec.ZSTD, declared, None, (), with_window(bomb(says_size=says_size), window_log))

    assert memory_taken(made, MIB, tmp_path) < 8 * MIB


def test_a_bomb_that_lies_to_zstd_as_well_is_refused(tmp_path: Path) -> None:
    lie = bomb(says_size=True).replace(GIB.to_bytes(4, "little"), MIB.to_bytes(4, "little"), 1)
    assert zstandard.frame_content_size(lie) == MIB

    assert memory_taken(Frame(Kind.BYTES, Codec.ZSTD, MIB, None, (), lie), MIB, tmp_path) < 8 * MIB


@pytest.mark.parametrize("says_size", [True, False])
def test_a_bomb_that_is_a_delta_takes_no_more_memory_either(says_size: bool, tmp_path: Path) -> None:
    made = Frame(Kind.NOTEBOOK, Codec.ZSTD_DELTA, MIB, HASH, (), bomb(says_size=says_size))

    assert memory_taken(made, MIB, tmp_path) < 8 * MIB


@pytest.mark.parametrize("codec", [Codec.STORED, Codec.ZSTD])
def test_a_size_that_nothing_stands_behind_takes_no_memory(codec: Codec, tmp_path: Path) -> None:
    made = frame.encode(Kind.BYTES, LINE * 100)._replace(codec=codec, size=MAX_PAYLOAD)

    assert memory_taken(made, MAX_PAYLOAD, tmp_path) < 8 * MIB


@pytest.mark.parametrize("megabytes", [6, 24])
def test_what_is_left_of_a_large_base_is_found_at_its_very_start(megabytes: int) -> None:
    base = random.Random(4).randbytes(megabytes * MIB)

    assert len(frame.encode_delta(Kind.NOTEBOOK, b"!" + base[:100_000], (), HASH, base).encoded) < 100
