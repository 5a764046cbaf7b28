"""Pictures as SVG: bars, and lines over two logarithmic axes. Small, and the same each time."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.page import number
from benchmarks.results import Plot

WIDTH = 760
_COLOURS = ("#1f6feb", "#d9480f", "#2b8a3e", "#9c36b5", "#c92a2a", "#0b7285", "#846300", "#5f3dc4")
_GREY = "#868e96"
_TEXT = 'font-family="sans-serif" font-size="12" fill="#495057"'
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 70, 50, 440, 300


def draw(plot: Plot) -> str:
    """The picture as an SVG document."""
    body, height = (_bars(plot), 60 + 24 * len(plot.bars)) if plot.bars else (_lines(plot), _TOP + _PLOT_HEIGHT + 50)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="10" y="22" {_TEXT} font-weight="bold">{escape(plot.title)}</text>',
            *body,
            "</svg>\n",
        ]
    )


def _bars(plot: Plot) -> Iterator[str]:
    most = max(value for _, value in plot.bars)
    yield f'<text x="10" y="40" {_TEXT}>{escape(plot.y_label)}</text>'
    for place, (name, value) in enumerate(plot.bars):
        top = 52 + 24 * place
        width = max(1.0, 380 * value / most)
        colour = _COLOURS[0] if name.startswith("depository") else _GREY
        yield f'<text x="240" y="{top + 13}" {_TEXT} text-anchor="end">{escape(name)}</text>'
        yield f'<rect x="250" y="{top}" width="{width:.1f}" height="17" fill="{colour}"/>'
        yield f'<text x="{255 + width:.1f}" y="{top + 13}" {_TEXT}>{number(value)}</text>'


def _lines(plot: Plot) -> Iterator[str]:
    points = [point for series in plot.series for point in series.points]
    across = _decades([x for x, _ in points])
    up = _decades([y for _, y in points])

    def x_of(value: float) -> float:
        return _LEFT + _PLOT_WIDTH * (math.log10(value) - across[0]) / (across[-1] - across[0])

    def y_of(value: float) -> float:
        return _TOP + _PLOT_HEIGHT * (1 - (math.log10(value) - up[0]) / (up[-1] - up[0]))

    bottom = _TOP + _PLOT_HEIGHT
    for power in across:
        x = x_of(10**power)
        yield f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#dee2e6"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" {_TEXT} text-anchor="middle">{_power(power)}</text>'
    for power in up:
        y = y_of(10**power)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + _PLOT_WIDTH}" y2="{y:.1f}" stroke="#dee2e6"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" {_TEXT} text-anchor="end">{_power(power)}</text>'
    yield f'<text x="{_LEFT}" y="{_TOP - 8}" {_TEXT}>{escape(plot.y_label)}</text>'
    yield (
        f'<text x="{_LEFT + _PLOT_WIDTH // 2}" y="{bottom + 36}" {_TEXT} text-anchor="middle">'
        f"{escape(plot.x_label)}</text>"
    )
    for place, series in enumerate(plot.series):
        colour = _COLOURS[place % len(_COLOURS)]
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in series.points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in series.points:
            yield f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>'
        label = _TOP + 12 + 20 * place
        right = _LEFT + _PLOT_WIDTH + 20
        yield f'<rect x="{right}" y="{label - 9}" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{right + 18}" y="{label + 1}" {_TEXT}>{escape(series.name)}</text>'


def _decades(values: Sequence[float]) -> range:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return range(low, max(high, low + 1) + 1)


def _power(power: int) -> str:
    if not -3 <= power <= 8:
        return f"1e{power}"
    return number(10.0**power) if power < 6 else f"{10 ** (power - 6)} M"
