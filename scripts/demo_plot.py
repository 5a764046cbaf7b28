"""What the demo's notebook draws with: a line and point plot as a PNG, and a table, with nothing but Python."""

import math
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import pairwise

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

_INK: Colour = (60, 60, 60)
_GRID: Colour = (225, 225, 225)
_COLOURS: tuple[Colour, ...] = ((31, 119, 180), (214, 39, 40), (44, 160, 44))
_MARGIN = 44
"""Pixels around the plot's area."""
_DIGITS = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717",
    "6": "74757", "7": "71122", "8": "75757", "9": "75717", ".": "00002", "-": "00700",
}  # fmt: skip
"""Five rows of three pixels each, a row an octal digit."""


class Figure:
    """A plot, shown by a notebook as an image.

    Args:
        points: drawn as dots.
        curve: drawn as a line, over the range of the points.
        size: width and height in pixels.
    """

    def __init__(
        self, points: Points, curve: Callable[[float], float] | None = None, size: tuple[int, int] = (640, 360)
    ) -> None:
        self._points = list(points)
        self._curve = curve
        self._size = size

    def __repr__(self) -> str:
        return f"<Figure of {len(self._points)} points>"

    def _repr_png_(self) -> bytes:
        canvas = _Canvas(*self._size)
        xs, ys = ([point[axis] for point in self._points] for axis in (0, 1))
        area = _Area(canvas, _ticks(min(xs), max(xs)), _ticks(min(ys), max(ys)))
        area.draw_axes()
        for x, y in self._points:
            area.dot(x, y, _COLOURS[0])
        if self._curve:
            steps = [min(xs) + (max(xs) - min(xs)) * i / 200 for i in range(201)]
            area.line([(x, self._curve(x)) for x in steps], _COLOURS[1])
        return canvas.png()


class Table:
    """Rows under headings, shown by a notebook as text and as HTML."""

    def __init__(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        self._rows = [list(headings), *([_cell(value) for value in row] for row in rows)]

    def __repr__(self) -> str:
        widths = [max(len(row[i]) for row in self._rows) for i in range(len(self._rows[0]))]
        lines = ["  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in self._rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        first, *rest = self._rows
        lines = ["<tr>" + "".join(f"<th>{escape(text)}</th>" for text in first) + "</tr>"]
        lines += ["<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rest]
        return "<table>\n" + "\n".join(lines) + "\n</table>"


class _Canvas:
    """Pixels, white at first."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._rows = [bytearray(b"\xff" * 3 * width) for _ in range(height)]

    def paint(self, x: int, y: int, colour: Colour, share: float = 1.0) -> None:
        """Mix a colour into a pixel."""
        if 0 <= x < self.width and 0 <= y < self.height:
            row = self._rows[y]
            for i, value in enumerate(colour, 3 * x):
                row[i] = round(row[i] * (1 - share) + value * share)

    def png(self) -> bytes:
        """The image as a PNG file (W3C, "Portable Network Graphics Specification")."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pixels = b"".join(b"\0" + row for row in self._rows)  # 0: rows are not filtered
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


class _Area:
    """The part of a canvas that has coordinates."""

    def __init__(self, canvas: _Canvas, xs: Sequence[float], ys: Sequence[float]) -> None:
        self._canvas = canvas
        self._xs = xs
        self._ys = ys

    def draw_axes(self) -> None:
        """A grid with numbers beside it."""
        canvas = self._canvas
        for x in self._xs:
            column = round(self._place(x, self._ys[0])[0])
            for row in range(_MARGIN, canvas.height - _MARGIN):
                canvas.paint(column, row, _GRID)
            self._number(x, column, canvas.height - _MARGIN + 8)
        for y in self._ys:
            row = round(self._place(self._xs[0], y)[1])
            for column in range(_MARGIN, canvas.width - _MARGIN):
                canvas.paint(column, row, _INK if y == self._ys[0] else _GRID)
            self._number(y, _MARGIN // 2, row - 5)

    def dot(self, x: float, y: float, colour: Colour) -> None:
        """A round spot with soft edges."""
        centre_x, centre_y = self._place(x, y)
        for column in range(math.floor(centre_x) - 2, math.floor(centre_x) + 4):
            for row in range(math.floor(centre_y) - 2, math.floor(centre_y) + 4):
                distance = math.hypot(column - centre_x, row - centre_y)
                self._canvas.paint(column, row, colour, 0.8 * min(1.0, max(0.0, 2.2 - distance)))

    def line(self, points: Points, colour: Colour) -> None:
        """Straight lines from point to point, two pixels wide with soft edges."""
        places = [self._place(*point) for point in points]
        for (x, y), (next_x, next_y) in pairwise(places):
            steps = max(1, math.ceil(max(abs(next_x - x), abs(next_y - y))))
            for i in range(steps):
                across, down = x + (next_x - x) * i / steps, y + (next_y - y) * i / steps
                for row in range(math.floor(down) - 1, math.floor(down) + 3):
                    self._canvas.paint(round(across), row, colour, min(1.0, max(0.0, 1.6 - abs(row - down))))

    def _place(self, x: float, y: float) -> tuple[float, float]:
        width, height = self._canvas.width - 2 * _MARGIN, self._canvas.height - 2 * _MARGIN
        across = (x - self._xs[0]) / (self._xs[-1] - self._xs[0])
        up = (y - self._ys[0]) / (self._ys[-1] - self._ys[0])
        return _MARGIN + across * width, _MARGIN + (1 - up) * height

    def _number(self, value: float, column: int, row: int) -> None:
        text = f"{value:g}"
        column -= 4 * len(text)
        for letter in text:
            for i, bits in enumerate(_DIGITS.get(letter, "00000")):
                for j in range(3):
                    if int(bits) & (4 >> j):
                        for dot in range(4):
                            self._canvas.paint(column + 2 * j + dot % 2, row + 2 * i + dot // 2, _INK)
            column += 8


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers that reach from one value past another."""
    rough = (high - low or 1.0) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * i, 10) for i in range(first, last + 1)]


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
