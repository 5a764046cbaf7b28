"""Searching: a pattern looked for in the texts of versions, each distinct text once.

What is found is told line by line, path by path. Where several versions are searched, a line is told once for each
path, with the versions that have it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

from depository.search import layouts
from depository.search.index import Index, Known, Moment, State
from depository.search.indexed import Cache, Indexed
from depository.search.patterns import Found, Pattern
from depository.search.query import Layer, Match, Query, Telling, Versions
from depository.search.texts import Sheet
from depository.search.updating import NEWEST, Line, Store, Wanted


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
    sheets = tuple(sheet for sheet in Sheet if not query.layers.isdisjoint(sheet.value))
    return _matches(store, query, pattern, Wanted(sheets, _REFS.get(query.versions)), lines, cache, telling)


def _matches(
    store: Store,
    query: Query,
    pattern: Pattern,
    wanted: Wanted,
    lines: Iterable[Line],
    cache: Cache,
    telling: Telling,
) -> Iterator[Match]:
    todo = list(lines)
    finder: _Finder | None = None

    def find(path: str, index: Index, paths: Mapping[str, Known]) -> list[Match]:
        nonlocal finder
        if finder is None or finder.index is not index:
            finder = _Finder(index, query, pattern, wanted)
        return finder.find(paths[path]) if path in paths else []  # it may have been renamed meanwhile

    with closing(Indexed(store, wanted, cache, telling)) as indexed:
        for batch in indexed.batches(todo):
            for path in list(batch):
                yield from indexed.ask(batch, partial(find, path))


class _Finder:
    """Looks through what an index holds."""

    def __init__(self, index: Index, query: Query, pattern: Pattern, wanted: Wanted) -> None:
        self.index = index
        self._query = query
        self._pattern = pattern
        self._wanted = wanted
        self._since = _milliseconds(query.since)
        self._misses: set[int] = set()
        """Texts that were looked through in vain."""

    def find(self, path: Known) -> list[Match]:
        match self._query.versions:
            case Versions.ALL:
                found = [match for sheet in self._wanted.sheets for match in self._in_all(path, sheet)]
                return sorted(found, key=lambda match: (-match.number, match.cell or 0, match.layer, match.row))
            case Versions.REMOVED:
                found = [match for sheet in self._wanted.sheets for match in self._removed(path, sheet)]
                return sorted(found, key=lambda match: (-match.number, match.cell or 0, match.layer, match.row))
        number = self._wanted.number_in(path)
        versions = self.index.moments(path, number) if number else []
        found = [
            match
            for version in versions
            if version.time >= self._since
            for sheet in self._wanted.sheets
            for match in self._in_one(path, sheet, version)
        ]
        return sorted(found, key=lambda match: match.cell or 0)

    def _in_one(self, path: Known, sheet: Sheet, version: Moment) -> Iterator[Match]:
        layout = self.index.layout_at(path, sheet, version.number) or ()
        hits = self._hits(set(layout))
        ranges = ((version.number, version.number),)
        for cell, text in layouts.places(layout) if hits else ():
            layer, lines = hits.get(text, (Layer.CODE, []))
            for line in lines:
                yield self._match(path, version, ranges, cell, layer, line)

    def _in_all(self, path: Known, sheet: Sheet) -> Iterator[Match]:
        hits = self._hits(self.index.text_numbers(path, sheet))
        if not hits:
            return
        versions = [version for version in self.index.moments(path) if version.time >= self._since]
        yield from self._told(path, sheet, hits, versions, lambda layer, line: (layer, line))

    def _removed(self, path: Known, sheet: Sheet) -> Iterator[Match]:
        now: set[int] = set()
        if path.state is not State.DELETED:
            layout = self.index.layout_at(path, sheet, path.latest)
            if layout is None:
                return  # the newest could not be read: nobody knows what is no longer in it
            now = set(layout)
        hits = self._hits(self.index.text_numbers(path, sheet) - now)
        if not hits:
            return
        kept = {""} | {line.strip() for *_, text in self.index.texts(now - {0}) for line in text.split("\n")}
        for number, (layer, lines) in hits.items():
            hits[number] = layer, [found for found in lines if found.line.strip() not in kept]
        versions = self.index.moments(path)
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
        versions: Sequence[Moment],
        key_of: Callable[[Layer, str], object],
    ) -> Iterator[Match]:
        """The lines of hits, each once, with the versions that have it."""
        rows = list(self.index.layouts(path, sheet))
        matching = {number for number, (_, lines) in hits.items() if lines}
        spans = layouts.spans(rows, path.latest, matching, [version.number for version in versions])
        lines: dict[object, list[tuple[int, Layer, Found]]] = {}
        for number, (layer, found) in hits.items():
            if number in spans:
                for line in found:
                    lines.setdefault(key_of(layer, line.line), []).append((number, layer, line))
        by_number = {version.number: version for version in versions}
        starts = [number for number, _ in rows]
        where: dict[int, dict[int, int]] = {}
        for places in lines.values():
            ranges = layouts.union(span for number in {number for number, _, _ in places} for span in spans[number])
            last = ranges[-1][1]
            row = bisect_right(starts, last) - 1
            if row not in where:
                layout = rows[row][1] or ()
                where[row] = {text: cell for cell, text in reversed(list(layouts.places(layout)))}
            cell, layer, first = min((where[row][n], layer, line) for n, layer, line in places if n in where[row])
            yield self._match(path, by_number[last], ranges, cell, layer, first)

    def _hits(self, numbers: set[int]) -> "dict[int, _Hit]":
        """Those of some texts that match, with what matches in them. No text that does not is read twice."""
        numbers.discard(0)
        hits: dict[int, _Hit] = {}
        layers = self._query.layers
        todo = numbers - self._misses
        for number, layer, text in self.index.texts(todo, self._pattern.needle):
            if layer in layers and (lines := list(self._pattern.lines(text))):
                hits[number] = Layer(layer), lines
        if len(self._misses) < _MOST_MISSES:
            self._misses |= todo - hits.keys()
        return hits

    def _match(
        self,
        path: Known,
        version: Moment,
        ranges: tuple[tuple[int, int], ...],
        cell: int,
        layer: Layer,
        found: Found,
    ) -> Match:
        return Match(
            path=path.path,
            number=version.number,
            ranges=ranges,
            cell=cell or None,
            row=found.row,
            line=found.line,
            spans=self._pattern.spans(found),
            layer=_NAMES[layer],
            time=datetime.fromtimestamp(version.time / 1000, UTC),
            author=version.author,
            deleted=path.state is State.DELETED,
        )


_Hit = tuple[Layer, list[Found]]

_MOST_MISSES = 1_000_000
"""Texts that are remembered to have no match; those past it may be looked through again for another path."""
_NAMES = {layer: layer.name.lower() for layer in Layer}
_REFS = {Versions.LATEST: NEWEST, Versions.PUBLISHED: "published", Versions.SCHEDULED: "scheduled"}


def _milliseconds(time: datetime | None) -> float:
    if time is None:
        return float("-inf")
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
