"""Searching: a pattern looked for in the texts of versions, each distinct text once.

What is found is told line by line, path by path. Where several versions are searched, a line is told once for each
path, with the versions that have it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from depository.history.entries import VersionEntry
from depository.search import layouts
from depository.search.index import Index, Known, State, is_useless, open_index
from depository.search.patterns import Found, Pattern
from depository.search.query import Layer, Match, Query, Telling, Versions
from depository.search.texts import Sheet
from depository.search.updating import NEWEST, Line, Store, Wanted, update

BATCH = 64
"""Paths that are looked at together: results come after so many."""


class Cache(NamedTuple):
    """Where the index is."""

    file: str | None = None
    """None for one in memory, which is gone when the search ends."""
    anew: bool = False
    """Throw away what is there."""


def search(store: Store, query: Query, lines: Iterable[Line], cache: Cache, telling: Telling) -> Iterator[Match]:
    """Look for something.

    Args:
        store: to be read as far as the index does not know it.
        query: what is looked for.
        lines: the paths to look through, deleted ones among them, as a listing shows them.
        cache: the index.
        telling: whom to tell.

    Raises:
        InvalidInput: the pattern is none.
        StorageError: something could not be read.
    """
    pattern = Pattern(query.pattern, query.how)
    return _Search(store, query, pattern, cache, telling).run(lines)


class _Search:
    def __init__(self, store: Store, query: Query, pattern: Pattern, cache: Cache, telling: Telling) -> None:
        self._store = store
        self._query = query
        self._pattern = pattern
        self._cache = cache
        self._telling = telling
        sheets = tuple(sheet for sheet in Sheet if not query.layers.isdisjoint(sheet.value))
        self._wanted = Wanted(sheets, _REFS.get(query.versions))
        self._index = Index(None)
        self._finder = _Finder(self._index, query, pattern, self._wanted)
        self._told: set[str] = set()

    def run(self, lines: Iterable[Line]) -> Iterator[Match]:
        todo = list(lines)
        self._use(open_index(self._cache.file, anew=self._cache.anew))
        try:
            for start in range(0, len(todo), BATCH):
                batch = todo[start : start + BATCH]

                def step(share: float, start: int = start, size: int = len(batch)) -> None:
                    self._telling.progress((start + share * size) / len(todo))

                for path in self._updated(batch, step):
                    yield from self._found(path)
        finally:
            self._index.close()

    def _updated(self, lines: Sequence[Line], step: Callable[[float], None] = lambda _: None) -> list[Known]:
        try:
            return update(self._index, self._store, lines, self._wanted, self._note, step)
        except sqlite3.Error as error:
            self._do_without(error)
            return self._updated(lines, step)

    def _found(self, path: Known) -> list[Match]:
        try:
            return self._finder.find(path)
        except sqlite3.Error as error:
            self._do_without(error)
            return [match for again in self._updated([path]) for match in self._found(again)]

    def _do_without(self, error: sqlite3.Error) -> None:
        """Go on with another index; with one in memory, if a new file is no way out."""
        file = self._index.file
        if file is None:
            raise error
        self._index.close()
        if is_useless(error) and not self._cache.anew:
            self._cache = Cache(file, anew=True)  # this is tried once
            self._use(open_index(file, anew=True))
        else:
            self._use(Index(None))

    def _use(self, index: Index) -> None:
        self._index.close()
        self._index = index
        self._finder = _Finder(index, self._query, self._pattern, self._wanted)

    def _note(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._telling.note(sentence)


class _Finder:
    """Looks through what an index holds."""

    def __init__(self, index: Index, query: Query, pattern: Pattern, wanted: Wanted) -> None:
        self._index = index
        self._query = query
        self._pattern = pattern
        self._wanted = wanted
        self._since = _milliseconds(query.since)
        self._verdicts = bytearray()
        """For each text by its number, whether it is known to have no match."""

    def find(self, path: Known) -> list[Match]:
        match self._query.versions:
            case Versions.ALL:
                found = [match for sheet in self._wanted.sheets for match in self._in_all(path, sheet)]
                return sorted(found, key=lambda match: (-match.number, match.cell or 0, match.layer, match.row))
            case Versions.REMOVED:
                found = [match for sheet in self._wanted.sheets for match in self._removed(path, sheet)]
                return sorted(found, key=lambda match: (-match.number, match.cell or 0, match.layer, match.row))
            case Versions.LATEST if path.state is State.DELETED:
                return []
        number = self._wanted.number_in(path)
        version = self._index.version(path, number) if number else None
        if version is None or version.time < self._since:
            return []
        found = [match for sheet in self._wanted.sheets for match in self._in_one(path, sheet, version)]
        return sorted(found, key=lambda match: match.cell or 0)

    def _in_one(self, path: Known, sheet: Sheet, version: VersionEntry) -> Iterator[Match]:
        layout = self._index.layout_at(path, sheet, version.number) or ()
        hits = self._hits(set(layout))
        ranges = ((version.number, version.number),)
        for cell, text in layouts.places(layout) if hits else ():
            layer, lines = hits.get(text, (Layer.CODE, []))
            for line in lines:
                yield _match(path, version, ranges, cell, layer, line)

    def _in_all(self, path: Known, sheet: Sheet) -> Iterator[Match]:
        hits = self._hits(self._index.text_numbers(path, sheet))
        if not hits:
            return
        versions = [version for version in self._index.versions(path) if version.time >= self._since]
        yield from self._told(path, sheet, hits, versions, lambda layer, line: (layer, line))

    def _removed(self, path: Known, sheet: Sheet) -> Iterator[Match]:
        now: set[int] = set()
        if path.state is not State.DELETED:
            layout = self._index.layout_at(path, sheet, path.latest)
            if layout is None:
                return  # the newest could not be read: nobody knows what is no longer in it
            now = set(layout)
        hits = self._hits(self._index.text_numbers(path, sheet) - now)
        if not hits:
            return
        kept = {""} | {line.strip() for _, text in self._index.texts(now - {0}) for line in text.text.split("\n")}
        for number, (layer, lines) in hits.items():
            hits[number] = layer, [found for found in lines if found.line.strip() not in kept]
        versions = self._index.versions(path)
        after = {old.number: new.time for old, new in pairwise(versions)}
        for match in self._told(path, sheet, hits, versions, lambda _, line: line.strip()):
            removed = after.get(match.number, path.ended)
            if removed is None or removed >= self._since:
                yield match

    def _told(
        self,
        path: Known,
        sheet: Sheet,
        hits: "dict[int, _Hit]",
        versions: Sequence[VersionEntry],
        key_of: Callable[[Layer, str], object],
    ) -> Iterator[Match]:
        """The lines of hits, each once, with the versions that have it."""
        spans = self._spans(path, sheet, {number for number, (_, lines) in hits.items() if lines}, versions)
        lines: dict[object, list[tuple[int, Layer, Found]]] = {}
        for number, (layer, found) in hits.items():
            if number in spans:
                for line in found:
                    lines.setdefault(key_of(layer, line.line), []).append((number, layer, line))
        by_number = {version.number: version for version in versions}
        where: dict[int, dict[int, int]] = {}
        for places in lines.values():
            ranges = _union(span for number in {number for number, _, _ in places} for span in spans[number])
            last = ranges[-1][1]
            if last not in where:
                layout = self._index.layout_at(path, sheet, last) or ()
                where[last] = {text: cell for cell, text in reversed(list(layouts.places(layout)))}
            cell, layer, first = min((where[last][n], layer, line) for n, layer, line in places if n in where[last])
            yield _match(path, by_number[last], ranges, cell, layer, first)

    def _spans(
        self, path: Known, sheet: Sheet, texts: set[int], versions: Sequence[VersionEntry]
    ) -> dict[int, list[tuple[int, int]]]:
        """From which version to which each of some texts is there, the oldest first."""
        spans: dict[int, list[tuple[int, int]]] = {}
        rows = [*self._index.layouts(path, sheet)]
        ends = [number for number, _ in rows[1:]] + [path.latest + 1]
        numbers = iter([version.number for version in versions])
        number = next(numbers, None)
        for (start, layout), end in zip(rows, ends, strict=True):
            there = texts.intersection(layout or ())
            while number is not None and number < end:
                if number >= start:
                    for text in there:
                        _extend(spans.setdefault(text, []), number)
                number = next(numbers, None)
        return spans

    def _hits(self, numbers: set[int]) -> "dict[int, _Hit]":
        """Those of some texts that match, with what matches in them. No text that does not is read twice."""
        numbers.discard(0)
        verdicts = self._verdicts
        if numbers and max(numbers) >= len(verdicts):
            verdicts.extend(bytes(max(numbers) + 1 - len(verdicts)))
        hits: dict[int, _Hit] = {}
        for number, (layer, text) in self._index.texts(n for n in numbers if verdicts[n] != _MISS):
            lines = list(self._pattern.lines(text)) if layer in self._query.layers else []
            if not lines:
                verdicts[number] = _MISS
            else:
                hits[number] = layer, lines
        return hits


_Hit = tuple[Layer, list[Found]]

_MISS = 1
_REFS = {Versions.LATEST: NEWEST, Versions.PUBLISHED: "published", Versions.SCHEDULED: "scheduled"}


def _extend(runs: list[tuple[int, int]], number: int) -> None:
    """Add a version after the others, to the last run if it goes on from there."""
    if runs and runs[-1][1] + 1 == number:
        runs[-1] = runs[-1][0], number
    else:
        runs.append((number, number))


def _union(runs: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return tuple(found)


def _match(
    path: Known, version: VersionEntry, ranges: tuple[tuple[int, int], ...], cell: int, layer: Layer, found: Found
) -> Match:
    return Match(
        path=path.path,
        number=version.number,
        ranges=ranges,
        cell=cell or None,
        row=found.row,
        line=found.line,
        spans=found.spans,
        layer=layer.name.lower(),
        time=datetime.fromtimestamp(version.time / 1000, UTC),
        author=version.author,
        deleted=path.state is State.DELETED,
    )


def _milliseconds(time: datetime | None) -> float:
    if time is None:
        return float("-inf")
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
