"""What a search finds, by loading every version and looking at every line: slow, and plainly right."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from depository import Depository, Version
from depository.errors import NoNotebook
from depository.notebook.cells import cells
from depository.search.query import Match

Place = tuple[str, int, int, str]
"""The layer, the cell, the row, the line."""


class Line(NamedTuple):
    """What a search tells of a line."""

    path: str
    version: int
    versions: frozenset[int]
    layer: str
    cell: int | None
    row: int
    line: str


def told(match: Match) -> Line:
    """The same of a match."""
    versions = frozenset(number for first, last in match.ranges for number in range(first, last + 1))
    return Line(match.path, match.number, versions, match.layer, match.cell, match.row, match.line)


def latest(depo: Depository, pattern: str) -> list[Line]:
    """The matching lines of the newest versions."""
    return [
        Line(path, versions[-1].number, frozenset({versions[-1].number}), *place)
        for path, versions, is_deleted in _histories(depo)
        if not is_deleted
        for place in _matching(depo, versions[-1], pattern)
    ]


def in_all(depo: Depository, pattern: str) -> set[Line]:
    """The matching lines of every version, each once for a path."""
    return {
        line
        for path, versions, _ in _histories(depo)
        for line in _merged(depo, path, versions, pattern, stripped=False)
    }


def removed(depo: Depository, pattern: str) -> set[Line]:
    """The matching lines of every version that the newest has in no cell."""
    found = set()
    for path, versions, is_deleted in _histories(depo):
        kept = {""}
        if not is_deleted:
            kept |= {line.strip() for _, _, _, line in _lines(depo, versions[-1])}
        merged = _merged(depo, path, versions, pattern, stripped=True)
        found |= {line for line in merged if line.line.strip() not in kept}
    return found


def _merged(depo: Depository, path: str, versions: list[Version], pattern: str, *, stripped: bool) -> Iterator[Line]:
    seen: dict[object, list[tuple[int, Place]]] = {}
    for version in versions:
        for place in _matching(depo, version, pattern):
            key = place[3].strip() if stripped else (place[0], place[3])
            seen.setdefault(key, []).append((version.number, place))
    for places in seen.values():
        last = max(number for number, _ in places)
        layer, cell, row, line = min(
            (place for number, place in places if number == last), key=lambda place: (place[1], place[2])
        )
        yield Line(path, last, frozenset(number for number, _ in places), layer, cell, row, line)


def _histories(depo: Depository) -> Iterator[tuple[str, list[Version], bool]]:
    for line in depo.ls(deleted=True):
        try:
            yield line.path, list(depo.log(line.path))[::-1], line.deleted
        except NoNotebook:  # renamed away
            continue


def _matching(depo: Depository, version: Version, pattern: str) -> list[Place]:
    return [place for place in _lines(depo, version) if re.search(pattern, place[3])]


def _lines(depo: Depository, version: Version) -> Iterator[Place]:
    for number, cell in enumerate(cells(depo.load(version.path, version.name)), start=1):
        layer = "code" if cell.kind == "code" else "markdown"
        for row, line in enumerate(cell.source.removesuffix("\n").split("\n"), start=1):
            if cell.source:
                yield layer, number, row, line
