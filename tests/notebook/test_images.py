"""What an image says of its size."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.notebook.images import MAX_SEGMENTS, MAX_SVG_HEAD, pixels
from tests.notebook.shown import GIF, JPEG, PNG
from tests.work import calls_made


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 100) + b"WEBP" + kind + struct.pack("<I", len(body)) + body + bytes(8)


def tiff(order: str, width: int, height: int, kind: str = "H") -> bytes:
    def entry(tag: int, value: int) -> bytes:
        packed = struct.pack(f"{order}{kind}", value).ljust(4, b"\0")
        return struct.pack(f"{order}HHI", tag, 3 if kind == "H" else 4, 1) + packed

    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = [entry(254, 0), entry(256, width), entry(257, height)]
    return head + struct.pack(f"{order}IH", 8, len(entries)) + b"".join(entries) + bytes(4)


IMAGES = {
    "png": (PNG, (640, 480)),
    "png of many pixels": (
        PNG[:16] + struct.pack(">II", 0x1234_5678, 0x2345_6789) + PNG[24:],
        (0x1234_5678, 0x2345_6789),
    ),
    "png that ends with its size": (PNG[:24], (640, 480)),
    "webp that ends with its size": (
        webp(b"VP8X", bytes(4) + b"\x3f\x01\0" + b"\xc7\0\0")[:30],
        (320, 200),
    ),
    "gif": (GIF, (320, 200)),
    "jpeg": (JPEG, (50, 30)),
    "jpeg with fill bytes": (b"\xff\xd8\xff\xff" + JPEG[2:], (50, 30)),
    "jpeg with a long comment first": (b"\xff\xd8\xff\xfe\x02\x00" + bytes(510) + JPEG[2:], (50, 30)),
    "jpeg of the last kind": (
        b"\xff\xd8\xff\xcf\x00\x11\x08" + struct.pack(">HH", 3000, 2000) + bytes(10),
        (2000, 3000),
    ),
    "png of one pixel": (PNG[:16] + struct.pack(">II", 1, 1) + PNG[24:], (1, 1)),
    "jpeg that ends with its size": (b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", 3000, 2000), (2000, 3000)),
    "jpeg with its tables first": (b"\xff\xd8\xff\xc4\x00\x04ab" + JPEG[2:], (50, 30)),
    "lossy webp": (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 0x8000 | 320, 0x4000 | 200)), (320, 200)),
    "lossless webp": (webp(b"VP8L", b"\x2f" + struct.pack("<I", 319 | 199 << 14)), (320, 200)),
    "extended webp": (webp(b"VP8X", bytes(4) + b"\x3f\x01\0" + b"\xc7\0\0" + b"ALPH"), (320, 200)),
    "bmp": (b"BM" + bytes(12) + struct.pack("<Iii", 40, 320, 200), (320, 200)),
    "bmp from top to bottom": (b"BM" + bytes(12) + struct.pack("<Iii", 40, 320, -200), (320, 200)),
    "bmp of OS/2": (b"BM" + bytes(12) + struct.pack("<IHH", 12, 320, 200) + b"\1\0\x18\0", (320, 200)),
    "tiff": (tiff("<", 320, 200), (320, 200)),
    "tiff of large endian": (tiff(">", 320, 200), (320, 200)),
    "tiff with long numbers": (tiff(">", 70_000, 80_000, "I"), (70_000, 80_000)),
    "tiff with long numbers of little endian": (tiff("<", 70_000, 80_000, "I"), (70_000, 80_000)),
    "tiff that ends with its entries": (tiff("<", 320, 200)[:-4], (320, 200)),
    "tiff with something in the room beside a short number": (tiff("<", 320, 200)[:-6] + b"xy" + bytes(4), (320, 200)),
    "tiff with what looks like an entry behind the last": (tiff("<", 320, 200)[:-4] + tiff("<", 1, 1)[10:], (320, 200)),
}


@pytest.mark.parametrize(("data", "size"), IMAGES.values(), ids=IMAGES)
def test_an_image_says_how_large_it_is(data: bytes, size: tuple[int, int]) -> None:
    assert pixels(data) == size


@pytest.mark.parametrize(
    ("tag", "size"),
    [
        ('<svg width="320" height="200">', (320, 200)),
        ("<svg width='320px'\n height = '200.4PX'/>", (320, 200)),
        ('<svg:svg xmlns:svg="http://www.w3.org/2000/svg" width="1in" height="2.54cm">', (96, 96)),
        ('<svg width="460.8pt" height="345.6pt" viewBox="0 0 460.8 345.6">', (614, 461)),
        ('<svg width="100%" height="100%" viewBox="0,0 32 20">', (32, 20)),
        ('<svg viewBox="-1.5 0 3.2e1 20">', (32, 20)),
        ('<svg width="64" viewBox="0 0 32 20">', (64, 40)),
        ('<svg height="40" viewBox="0 0 32 20">', (64, 40)),
        ('<svg width="100%" height="100%">', None),
        ('<svg width="10em" height="10em">', None),
        ('<svg stroke-width="3" line-height="4">', None),
        ('<svg viewBox="0 0 0 20">', None),
        ('<svg height="40" viewBox="0 0 32 0">', None),
        ('<svg viewBox="0 0 nan inf">', None),
        ('<svg viewBox="0 0 e e">', None),
        ("<svgs width='1' height='1'>", None),
        ('<g width="320" height="200">', None),
    ],
)
def test_a_drawing_says_how_large_it_is_to_be_shown(tag: str, size: tuple[int, int] | None) -> None:
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">\n'
    assert pixels(tag.encode()) == size
    assert pixels(f"{head}<!-- made by hand -->{tag}<g/></svg>".encode()) == size


@pytest.mark.parametrize("data", [data for data, _ in IMAGES.values()], ids=IMAGES)
def test_an_image_that_was_cut_off_has_its_size_or_none(data: bytes) -> None:
    for end in range(min(len(data), 64)):
        assert pixels(data[:end]) in (None, pixels(data))


@given(st.sampled_from([b"", *(data[:40] for data, _ in IMAGES.values()), b"<svg "]), st.binary(max_size=100))
def test_any_bytes_have_a_size_that_can_be_or_none(head: bytes, rest: bytes) -> None:
    found = pixels(head + rest)
    assert found is None or all(0 < length < 2**31 for length in found)


def test_a_size_that_cannot_be_is_none() -> None:
    assert pixels(PNG[:16] + struct.pack(">II", 0, 480) + PNG[24:]) is None
    assert pixels(PNG[:16] + struct.pack(">II", 2**32 - 1, 480) + PNG[24:]) is None


def test_a_drawing_may_have_bytes_that_are_no_text() -> None:
    assert pixels(b'<svg id="\xff" width="320" height="200">') == (320, 200)


@pytest.mark.parametrize(
    "data",
    [
        b"BA" + IMAGES["bmp"][0][2:],
        b"II*\1" + IMAGES["tiff"][0][4:],
        b"MM\0+" + IMAGES["tiff of large endian"][0][4:],
        b"\x89PNG\r\n\x1a\r" + PNG[8:],
        b"GIF88a" + GIF[6:],
        b"\xff\xd8\xff\xd0\x00\x11\x08" + struct.pack(">HH", 30, 50) + bytes(10),
    ],
)
def test_what_begins_only_almost_as_an_image_has_no_size(data: bytes) -> None:
    assert pixels(data) is None


def test_an_image_that_says_it_has_a_million_parts_is_not_searched_for_long() -> None:
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 30, 50) + bytes(10)
    endless = b"\xff\xd8" + b"\xff\xe0\x00\x00" * 1_000_000
    entries = b"II*\0" + struct.pack("<IH", 8, 65_535) + bytes(12 * 65_535)

    assert pixels(b"\xff\xd8" + b"\xff\xe0\x00\x02" * (MAX_SEGMENTS - 1) + frame) == (50, 30)
    for data in (b"\xff\xd8" + b"\xff\xe0\x00\x02" * MAX_SEGMENTS + frame, endless, entries):
        assert pixels(data) is None
        assert calls_made(lambda data=data: pixels(data)) < 20 * MAX_SEGMENTS  # type: ignore[misc]


@pytest.mark.parametrize("piece", ["<svg ", "<svg width='", ' viewBox="0 0 1', "<", "<a:", " width=" + " " * 50])
def test_a_drawing_is_looked_at_no_further_than_its_head(piece: str) -> None:
    size = b'<svg width="1" height="1">'

    assert pixels(b" " * MAX_SVG_HEAD + size) is None
    assert pixels(f"<svg {piece * (2_000_000 // len(piece))}".encode() + size) in (None, (1, 1))
