"""The page in the documentation that shows what the sections found."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.results import Cell, Figure, Row, Section, Table, Target

_WIDTH = 120


class Head(NamedTuple):
    """What stands above the sections of a page."""

    title: str
    paragraphs: tuple[str, ...]
    targets: str
    """What is said of the table of targets."""
    pictures: str
    """The directory of the pictures, from the page."""


_ABOUT = (
    "depository and what people would use instead, at the same work, paired in one run on one machine. This page is "
    "written by `scripts/bench`, which installs the tools, runs everything and draws the pictures; the figures are "
    "beside it as JSON. `scripts/bench --quick` does all of it at small sizes in a few minutes, into "
    "`build/benchmarks`; `scripts/bench save` does one section. What else was measured is in "
    "[Measurements](measurements.md)."
)
_READING = (
    "Times are medians, with the lower and the upper quartile in brackets. A figure with 3.1x after it is 3.1 times "
    "depository's. **Where another tool is better than depository, its figure is bold.** A dash: not measured."
)


BENCHMARKS = Head(
    "Benchmarks", (_ABOUT, _READING), "What this project set itself, and what was measured.", "benchmarks"
)


def write(sections: Sequence[Section], head: Head = BENCHMARKS) -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines(sections, head)) + "\n"


def _lines(sections: Sequence[Section], head: Head) -> Iterator[str]:
    yield f"# {head.title}"
    yield ""
    for text in head.paragraphs:
        yield from _paragraph(text)
        yield ""
    targets = [target for section in sections for target in section.targets]
    if targets:
        yield "## Targets"
        yield ""
        yield head.targets
        yield ""
        yield from _targets(targets)
        yield ""
    for section in sections:
        yield from _section(section, head.pictures)


def _section(section: Section, pictures: str) -> Iterator[str]:
    yield f"## {section.title}"
    yield ""
    if section.is_quick:
        yield "**From a quick run: small sizes, few rounds.**"
        yield ""
    yield from _paragraph(section.text)
    yield ""
    for table in section.tables:
        yield f"### {table.title}"
        yield ""
        if table.note:
            yield from _paragraph(table.note)
            yield ""
        yield from table_lines(table)
        yield ""
    for plot in section.plots:
        yield f"![{plot.title}]({pictures}/{plot.name}.svg)"
        yield ""
    if section.missing:
        yield "Not run:"
        yield ""
        for line in section.missing:
            yield from _paragraph(f"- {line}", "  ")
        yield ""
    machine = "; ".join(f"{name}: {value}" for name, value in section.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in section.versions.items())
    minutes = max(1, round(section.seconds / 60))
    took = f"Run in {minutes} {'minute' if minutes == 1 else 'minutes'}. " if section.seconds else ""
    yield from _paragraph(f"{took}{machine}. Versions: {versions}.")
    yield ""


def _paragraph(text: str, indent: str = "") -> Iterator[str]:
    """Lines of a text; those of a table in it stay as they are."""
    for line in text.split("\n"):
        yield from (
            [line]
            if line.startswith("|")
            else textwrap.wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
            or [""]
        )


def _targets(targets: Sequence[Target]) -> Iterator[str]:
    yield "| target | limit | measured | |"
    yield "| --- | ---: | ---: | --- |"
    for target in targets:
        verdict = "reached" if target.is_reached else "**missed**"
        yield f"| {target.text} | {number(target.limit)} | {number(target.measured)} | {verdict} |"


def table_lines(table: Table) -> Iterator[str]:
    """A table in Markdown, with what is better than depository marked."""
    unit = f", {table.unit}" if table.unit else ""
    yield f"| {table.head} | {' | '.join(f'{name}{unit}' for name in table.columns)} |"
    yield f"| --- |{' ---: |' * len(table.columns)}"
    for row in table.rows:
        cells = [_shown(table, row, column) for column in range(len(table.columns))]
        yield f"| {row.name} | {' | '.join(cells)} |"


def _shown(table: Table, row: Row, column: int) -> str:
    text = cell_text(row.cells[column])
    ratio = table.ratio(row, column)
    if ratio is None:
        return text
    text = f"{text} {number(ratio)}x"
    return f"**{text}**" if row.is_peer and ratio < 1 else text


def cell_text(cell: Cell) -> str:
    """A cell without what it is held against."""
    match cell:
        case None:
            return "-"
        case Figure(value, low, high) if low is not None and high is not None:
            return f"{number(value)} ({number(low)} to {number(high)})"
        case Figure(value):
            return number(value)
    return cell


def number(value: float) -> str:
    """A number with three digits that count, or all of its digits if it is a whole one."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.1g}"
