"""What an image says of itself, in its first bytes. Nothing here believes it: a header may say anything."""

import re
from collections.abc import Iterator
from typing import Literal

MAX_SEGMENTS = 1_000
"""How far into a JPEG or a TIFF its size is looked for, in segments or entries."""
MAX_SVG_HEAD = 64 * 1024
"""Bytes of an SVG in which its first tag has to end."""
_MAX_PIXELS = 2**31

Size = tuple[int, int]

_SVG = re.compile(rb"<(?:\w{1,32}:)?svg(?=[\s/>])[^>]{0,16384}", re.ASCII)
_LENGTH = re.compile(r"\s*\+?(\d{1,12}(?:\.\d{0,30})?|\.\d{1,30})\s*(px|pt|pc|in|cm|mm|q|em|ex)?\s*", re.IGNORECASE)
_VIEW_BOX = re.compile(r"[\s,]*" + r"[\s,]+".join([r"([-+.\deE]{1,40})"] * 4) + r"[\s,]*")
_PIXELS_PER = {"": 1, "px": 1, "pt": 96 / 72, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "q": 2.4 / 2.54}
"""CSS pixels per unit; what depends on a font has no such number."""


def pixels(data: bytes) -> Size | None:
    """Width and height of a PNG, GIF, JPEG, WebP, BMP, TIFF or SVG, from its header; None where there is none."""
    found = _size(data)
    return found if found and all(0 < length < _MAX_PIXELS for length in found) else None


def _size(data: bytes) -> Size | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp(data)
    if data.startswith(b"BM") and len(data) >= 26:
        return _bmp(data)
    if data.startswith((b"II*\0", b"MM\0*")):
        return _tiff(data)
    return _svg(data[:MAX_SVG_HEAD])


def _jpeg(data: bytes) -> Size | None:
    at = 2
    for _ in range(MAX_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        # a start of frame; DHT, JPG and DAC have numbers among them
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        # a marker may have any number of FF before it
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp(data: bytes) -> Size | None:
    match data[12:16]:
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            return (
                int.from_bytes(data[26:28], "little") & 0x3FFF,
                int.from_bytes(data[28:30], "little") & 0x3FFF,
            )
        case b"VP8L" if data[20] == 0x2F:
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None


def _bmp(data: bytes) -> Size:
    if int.from_bytes(data[14:18], "little") == 12:
        return int.from_bytes(data[18:20], "little"), int.from_bytes(data[20:22], "little")
    width, height = (int.from_bytes(data[at : at + 4], "little", signed=True) for at in (18, 22))
    # a negative height says that the rows go from top to bottom
    return width, abs(height)


def _tiff(data: bytes) -> Size | None:
    order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    start = number(4, 4)
    found: dict[int, int] = {}
    for place in range(min(number(start, 2), MAX_SEGMENTS)):
        at = start + 2 + 12 * place
        if number(at, 2) in (256, 257) and at + 12 <= len(data):
            found[number(at, 2)] = number(at + 8, 2 if number(at + 2, 2) == 3 else 4)
    return (found[256], found[257]) if len(found) == 2 else None


def _svg(head: bytes) -> Size | None:
    tag = _SVG.search(head)
    if tag is None:
        return None
    given = dict(_attributes(tag[0].decode("utf-8", "replace")))
    width, height = _length(given.get("width")), _length(given.get("height"))
    box = _VIEW_BOX.fullmatch(given.get("viewBox", ""))
    if box:
        # what is not said, or in per cent, follows from the shape of what is drawn
        try:
            across, down = float(box[3]), float(box[4])
        except ValueError:
            across = down = 0.0
        if 0 < across < _MAX_PIXELS and 0 < down < _MAX_PIXELS:
            if width is None:
                width = across if height is None else height * across / down
            if height is None:
                height = width * down / across
    return (round(width), round(height)) if width is not None and height is not None else None


_ATTRIBUTE = re.compile(r"""\s(width|height|viewBox)\s{0,16}=\s{0,16}(?:"([^"]{0,200})"|'([^']{0,200})')""")


def _attributes(tag: str) -> Iterator[tuple[str, str]]:
    for found in _ATTRIBUTE.finditer(tag):
        yield found[1], found[2] or found[3] or ""


def _length(text: str | None) -> float | None:
    found = _LENGTH.fullmatch(text or "")
    unit = _PIXELS_PER.get((found[2] or "").lower()) if found else None
    return float(found[1]) * unit if found and unit else None
