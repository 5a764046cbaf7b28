"""What a section of the benchmark found: figures, tables, pictures, and what it could not do; as data and as JSON."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self


class Figure(NamedTuple):
    """One measured quantity, in the unit of its table."""

    value: float
    """The median, where there were several rounds."""
    low: float | None = None
    """The lower quartile, where there were several rounds."""
    high: float | None = None
    """The upper quartile."""
    rounds: int = 1

    @classmethod
    def of(cls, values: Sequence[float], scale: float = 1) -> Self:
        """The median and the quartiles of several rounds, each times `scale`."""
        scaled = sorted(value * scale for value in values)
        if len(scaled) == 1:
            return cls(scaled[0])
        low, middle, high = statistics.quantiles(scaled, n=4, method="inclusive")
        return cls(middle, low, high, len(scaled))


Cell = Figure | str | None
"""None: it was not measured."""


class Row(NamedTuple):
    """One tool, or one size."""

    name: str
    cells: tuple[Cell, ...]
    is_peer: bool = False
    """What users would take instead; where its figures are better, the table says so."""
    against: str | None = None
    """The row that it is held against, where that is another one than the table says."""


class Table(NamedTuple):
    """Figures of which less is better."""

    name: str
    title: str
    head: str
    """What its rows are."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    unit: str = ""
    """Of all figures: ``ms``, ``bytes``, ``MB``, or none."""
    ours: str | None = None
    """The row that the others are held against."""
    note: str = ""

    def ratio(self, row: Row, column: int) -> float | None:
        """How many times as much as depository a row takes, if both are known."""
        mine = next((each for each in self.rows if each.name == (row.against or self.ours)), None)
        if mine is None or row is mine:
            return None
        cell, against = row.cells[column], mine.cells[column]
        if not isinstance(cell, Figure) or not isinstance(against, Figure) or against.value <= 0:
            return None
        return cell.value / against.value

    def figure(self, row: str, column: int) -> float | None:
        """The value in a cell, if it was measured."""
        found = next((each.cells[column] for each in self.rows if each.name == row), None)
        return found.value if isinstance(found, Figure) else None


class Target(NamedTuple):
    """What is to be reached, and what was."""

    text: str
    limit: float
    measured: float
    is_reached: bool


def at_most(text: str, limit: float, measured: float) -> Target:
    """A target that a small figure reaches."""
    return Target(text, limit, measured, measured <= limit)


def at_least(text: str, limit: float, measured: float) -> Target:
    """A target that a large figure reaches."""
    return Target(text, limit, measured, measured >= limit)


class Series(NamedTuple):
    """The points of one line in a picture."""

    name: str
    points: tuple[tuple[float, float], ...]


class Plot(NamedTuple):
    """A picture: bars, or lines where `x_label` names what goes to the right. Both axes of lines are logarithmic."""

    name: str
    title: str
    y_label: str
    series: tuple[Series, ...] = ()
    bars: tuple[tuple[str, float], ...] = ()
    x_label: str = ""


class Section(NamedTuple):
    """All of one section, from one run."""

    name: str
    title: str
    text: str
    """What was done, in Markdown."""
    tables: tuple[Table, ...]
    targets: tuple[Target, ...] = ()
    plots: tuple[Plot, ...] = ()
    missing: tuple[str, ...] = ()
    """What could not be run, and why."""
    machine: Mapping[str, str] = {}
    versions: Mapping[str, str] = {}
    seconds: float = 0
    is_quick: bool = False


def write(section: Section, directory: Path) -> None:
    """Write a section as JSON, which `read` takes back."""
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(section), indent=1, ensure_ascii=False)
    (directory / f"{section.name}.json").write_text(f"{text}\n", encoding="utf-8")


def read(directory: Path, names: Sequence[str]) -> Iterator[Section]:
    """The sections of these names that were written."""
    for name in names:
        file = directory / f"{name}.json"
        if file.exists():
            yield _section(json.loads(file.read_text(encoding="utf-8")))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) and not value.is_integer() else value


def _section(data: dict[str, Any]) -> Section:
    tables = tuple(
        Table(
            **{
                **table,
                "columns": tuple(table["columns"]),
                "rows": tuple(Row(**{**row, "cells": tuple(map(_cell, row["cells"]))}) for row in table["rows"]),
            }
        )
        for table in data["tables"]
    )
    plots = tuple(
        Plot(
            **{
                **plot,
                "series": tuple(Series(one["name"], tuple((x, y) for x, y in one["points"])) for one in plot["series"]),
                "bars": tuple((name, value) for name, value in plot["bars"]),
            }
        )
        for plot in data["plots"]
    )
    targets = tuple(Target(**target) for target in data["targets"])
    rest = {**data, "tables": tables, "plots": plots, "targets": targets, "missing": tuple(data["missing"])}
    return Section(**rest)


def _cell(cell: Any) -> Cell:
    return Figure(**cell) if isinstance(cell, dict) else cell
