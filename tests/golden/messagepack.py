"""A second writing of the canonical encoding, from the MessagePack specification alone.

Slow and plain: it shares no code with the first, so that a golden vector is right only where both agree.
"""

import struct
from typing import Any


def encode(value: Any) -> bytes:
    """The canonical bytes of plain JSON data."""
    if value is None:
        return b"\xc0"
    if value is False:
        return b"\xc2"
    if value is True:
        return b"\xc3"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return b"\xcb\x7f\xf8\0\0\0\0\0\0" if value != value else b"\xcb" + struct.pack(">d", value)  # noqa: PLR0124
    if isinstance(value, str):
        data = utf_8(value)
        return _head(len(data), (0xA0, 31), 0xD9, 0xDA, 0xDB) + data
    if isinstance(value, list):
        return _head(len(value), (0x90, 15), None, 0xDC, 0xDD) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: [ord(character) for character in key])
        items = [encode(key) + encode(value[key]) for key in keys]
        return _head(len(value), (0x80, 15), None, 0xDE, 0xDF) + b"".join(items)
    raise TypeError(type(value))


def utf_8(text: str) -> bytes:
    """UTF-8 as if surrogates were characters like any other."""
    out = bytearray()
    for point in map(ord, text):
        if point < 0x80:
            out.append(point)
        elif point < 0x800:
            out += bytes([0xC0 | point >> 6, 0x80 | point & 0x3F])
        elif point < 0x10000:
            out += bytes([0xE0 | point >> 12, 0x80 | point >> 6 & 0x3F, 0x80 | point & 0x3F])
        else:
            out += bytes([0xF0 | point >> 18, 0x80 | point >> 12 & 0x3F, 0x80 | point >> 6 & 0x3F, 0x80 | point & 0x3F])
    return bytes(out)


def _head(length: int, fixed: tuple[int, int], one: int | None, two: int, four: int) -> bytes:
    start, longest = fixed
    if length <= longest:
        return bytes([start + length])
    if one is not None and length <= 0xFF:
        return struct.pack(">BB", one, length)
    return struct.pack(">BH", two, length) if length <= 0xFFFF else struct.pack(">BI", four, length)


def _integer(value: int) -> bytes:
    if 0 <= value <= 0x7F:
        return bytes([value])
    if -0x20 <= value < 0:
        return bytes([0x100 + value])
    forms = ["B", "H", "I", "Q"] if value > 0 else ["b", "h", "i", "q"]
    for step, form in enumerate(forms):
        try:
            return bytes([(0xCC if value > 0 else 0xD0) + step]) + struct.pack(">" + form, value)
        except struct.error:
            continue
    size = 9
    while not -(1 << size * 8 - 1) <= value < 1 << size * 8 - 1:
        size += 1
    data = bytes(value >> 8 * place & 0xFF for place in reversed(range(size)))
    if size == 16:
        return b"\xd8\x01" + data
    if size <= 0xFF:
        return struct.pack(">BBB", 0xC7, size, 1) + data
    return struct.pack(">BHB", 0xC8, size, 1) + data
