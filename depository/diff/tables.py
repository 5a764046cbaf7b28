"""Tables of HTML: read into rows of texts, and compared row by row.

Whatever is written, reading is linear and bounded: what has more rows, columns or characters than a table of an output
has is no table here, and is compared as text.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from html import unescape
from html.parser import HTMLParser
from typing import NamedTuple

from depository.diff.likeness import Bag, in_order
from depository.diff.sequences import Effort, Pair, common

MAX_HTML = 2**20
"""Characters of HTML that is looked into."""
MAX_TABLES = 100
MAX_ROWS = 10_000
"""Of all tables of an output."""
MAX_COLUMNS = 1_000
MAX_CELLS = 100_000
"""Of all tables of an output, those counted that span several columns or rows as often as they do."""
MAX_TAG = 256 * 1024
"""Characters of one tag or comment."""
_PIECE = 16 * 1024
_STEPS = 8
"""What it takes to read a tag, or as many characters beside it."""
_LIKENESS = 0.4
"""How alike two rows must be of which one became the other."""

Row = tuple[str, ...]


class Table(NamedTuple):
    """A table."""

    rows: tuple[Row, ...]
    """All of one length; what spans several columns or rows is in each of them."""
    headers: int
    """How many of them, at the start, are headers."""
    labels: int
    """How many columns, at the start, are headers in all other rows."""

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.rows[0]) if self.rows else 0


class Page(NamedTuple):
    """What a piece of HTML shows."""

    tables: tuple[Table, ...]
    """The outermost ones; what a table within a cell shows is text of that cell."""
    text: str
    """What is not in a table, its lines as they are in the HTML, without empty ones."""


class RowChange(NamedTuple):
    """A row of either table, or the pair of both."""

    old: Row | None
    new: Row | None
    columns: tuple[int, ...] = ()
    """Of a pair: which cells of the new row are not what they were, by their place in it."""
    old_columns: tuple[int, ...] = ()
    """Of a pair: which cells of the old row are no more what they were."""
    old_index: int | None = None
    """Its place in the old table, from 0, header rows counted."""
    new_index: int | None = None
    header: bool = False
    """Whether it is one of the header rows."""

    @property
    def is_changed(self) -> bool:
        """Whether it came, went or became another."""
        return self.old is None or self.new is None or bool(self.columns or self.old_columns)


def read(html: str, effort: Effort) -> Page | None:
    """Read the tables of some HTML; None where there is none, or more than is looked into.

    Args:
        html: HTML of any kind, valid or not.
        effort: the work that may be done; where it does not suffice, there is no table.
    """
    if (
        len(html) > MAX_HTML
        or not _TABLE.search(html)
        or not effort.spend(_STEPS * html.count("<") + len(html) // _STEPS)
    ):
        return None
    reader = _Reader()
    html = "".join(_without_programs(html))
    try:
        for start in range(0, len(html), _PIECE):
            reader.feed(html[start : start + _PIECE])
            if len(reader.rawdata) > MAX_TAG:
                return None
        # what is left is a tag that does not end, or text; the parser is never asked to read on past the end,
        # which takes it quadratic time
        reader.handle_data("" if reader.rawdata.startswith("<") else unescape(reader.rawdata))
        return reader.page()
    except (_TooLarge, AssertionError, ValueError):
        # of a declaration that it does not know, or of a character with a number of thousands of digits, some
        # versions of the parser say so in this way
        return None


def compare(old: Table | None, new: Table | None, *, context: int = 3, effort: Effort) -> tuple[RowChange, ...]:
    """What changed in a table: its header rows, and the rows that changed with some unchanged ones around them.

    Columns are paired by their headers where both have such, else by their values; rows by the columns that both have.
    A leading column that only numbers the rows is not compared where it says the same on.

    Args:
        old: the table before; None for none.
        new: the table after.
        context: how many unchanged rows to show around changed ones.
        effort: the work that may be done.
    """
    if old is None or new is None:
        gone = [_gone(old, index) for index in range(len(old.rows))] if old else []
        return (*gone, *(_came(new, index) for index in range(len(new.rows)))) if new else tuple(gone)
    return tuple(_with_context(list(_Comparison(old, new, effort).rows()), max(context, 0)))


# Reading


_TABLE = re.compile("<table[\\s/>]", re.IGNORECASE)
_PROGRAM = re.compile("<(style|script)[\\s/>]", re.IGNORECASE)
_ENDS = {name: re.compile(f"</{name}[^>]{{0,64}}>", re.IGNORECASE) for name in ("style", "script")}
_BREAKS = {"br", "p", "div", "li", "tr", "table", "td", "th", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
_SPACE = re.compile(r"\s+")


class _TooLarge(Exception):
    pass


def _without_programs(html: str) -> Iterator[str]:
    """Leave out styles and scripts, which show nothing; the last one whole where it does not end."""
    at = 0
    while start := _PROGRAM.search(html, at):
        yield html[at : start.start()]
        end = _ENDS[start[1].lower()].search(html, start.end())
        if end is None:
            return
        at = end.end()
    yield html[at:]


class _Cell(NamedTuple):
    text: str
    is_header: bool


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._tables: list[Table] = []
        self._around: list[str] = []
        self._depth = 0
        """How many tables the place is within."""
        self._rows: list[list[_Cell]] = []
        self._spans: dict[int, tuple[int, _Cell]] = {}
        """By column: a cell that goes on for so many rows."""
        self._row: list[_Cell] | None = None
        self._heads = 0
        self._is_head = False
        self._cell: list[str] | None = None
        self._cell_is_header = False
        self._cell_spans = (1, 1)
        self._cells = 0
        self._count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._rows, self._spans, self._heads, self._is_head = [], {}, 0, False
                self._around.append("\n")
        if tag in _BREAKS:
            self.handle_data("\n" if self._depth == 0 else " ")
        if self._depth != 1:
            return
        match tag:
            case "thead":
                self._end_row()
                self._is_head = True
            case "tbody" | "tfoot":
                self._end_row()
                self._is_head = False
            case "tr":
                self._end_row()
                self._row = []
            case "td" | "th":
                self._end_cell()
                self._row = [] if self._row is None else self._row
                given = dict(attrs)
                self._cell, self._cell_is_header = [], tag == "th"
                self._cell_spans = _span(given.get("colspan"), MAX_COLUMNS), _span(given.get("rowspan"), MAX_ROWS)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # a slash at the end of such a tag says nothing in HTML
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.handle_data("\n" if self._depth == 0 else " ")
        if self._depth == 1:
            match tag:
                case "td" | "th":
                    self._end_cell()
                case "tr" | "thead" | "tbody" | "tfoot" | "table":
                    self._end_row()
                    self._is_head = self._is_head and tag == "tr"
        if tag == "table" and self._depth:
            self._depth -= 1
            if not self._depth:
                self._end_table()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
        elif data:
            # captions, and what stands between rows
            self._around.append(data)

    def page(self) -> Page | None:
        """What was read."""
        if self._depth:
            self._depth = 1
            self._end_row()
            self._end_table()
        lines = (_plain(line) for line in "".join(self._around).split("\n"))
        return Page(tuple(self._tables), "\n".join(filter(None, lines))) if self._tables else None

    def _end_cell(self) -> None:
        if self._cell is None or self._row is None:
            return
        across, down = self._cell_spans
        cell = _Cell(_plain("".join(self._cell)), self._cell_is_header)
        self._cell = None
        self._fill(self._row)
        for _ in range(across):
            if down > 1:
                self._spans[len(self._row)] = (down, cell)
            self._put(self._row, cell)

    def _fill(self, row: list[_Cell]) -> None:
        """Put the cells of rows above that reach down to here."""
        while span := self._spans.get(len(row)):
            self._put(row, span[1])

    def _put(self, row: list[_Cell], cell: _Cell) -> None:
        self._cells += 1
        if len(row) >= MAX_COLUMNS or self._cells > MAX_CELLS:
            raise _TooLarge
        row.append(cell)

    def _end_row(self) -> None:
        self._end_cell()
        row, self._row = self._row, None
        if row is None:
            return
        self._fill(row)
        self._spans = {column: (left - 1, cell) for column, (left, cell) in self._spans.items() if left > 1}
        if not row:
            return
        if self._is_head and self._heads == len(self._rows):
            self._heads += 1
        self._rows.append(row)
        self._count += 1
        if self._count > MAX_ROWS:
            raise _TooLarge

    def _end_table(self) -> None:
        width = max(map(len, self._rows), default=0)
        if width * len(self._rows) > MAX_CELLS or len(self._tables) >= MAX_TABLES:
            raise _TooLarge
        if not width:
            return
        heads = self._heads
        if not heads:
            # a first row of headers alone is one, wherever it stands
            heads = int(len(self._rows) > 1 and all(cell.is_header for cell in self._rows[0]))
        body = self._rows[heads:]
        labels = min((next((i for i, cell in enumerate(row) if not cell.is_header), 0) for row in body), default=0)
        rows = tuple((*(cell.text for cell in row), *[""] * (width - len(row))) for row in self._rows)
        self._tables.append(Table(rows, heads, labels))


def _span(text: str | None, most: int) -> int:
    """How many columns or rows a cell is said to have; one more than `most` for all past it."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit()):
        return 1
    return max(1, int(digits) if len(digits) < 6 else most + 1)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


# Comparing


class _Comparison:
    def __init__(self, old: Table, new: Table, effort: Effort) -> None:
        self._old, self._new, self._effort = old, new, effort
        self._shared = _columns(old, new, effort)
        self._came = set(range(new.columns)) - {b for _, b in self._shared}
        self._gone = set(range(old.columns)) - {a for a, _ in self._shared}
        is_numbered = self._shared[:1] == [(0, 0)] and _is_numbered(old) and _is_numbered(new)
        self._compared = self._shared[1:] if is_numbered else self._shared
        self._labels = sum(a < old.labels and b < new.labels for a, b in self._compared)

    def rows(self) -> Iterator[RowChange]:
        """All rows of both tables, in order."""
        old, new = self._old, self._new
        i = j = 0
        for pair_i, pair_j in [*self._pairs(), (len(old.rows), len(new.rows))]:
            yield from (_gone(old, index) for index in range(i, pair_i))
            yield from (_came(new, index) for index in range(j, pair_j))
            if pair_i < len(old.rows):
                before, after = old.rows[pair_i], new.rows[pair_j]
                differ = [(a, b) for a, b in self._compared if before[a] != after[b]]
                came, gone = {*self._came, *(b for _, b in differ)}, {*self._gone, *(a for a, _ in differ)}
                yield RowChange(
                    before, after, tuple(sorted(came)), tuple(sorted(gone)), pair_i, pair_j, pair_j < new.headers
                )
            i, j = pair_i + 1, pair_j + 1

    def _pairs(self) -> Iterator[Pair]:
        """Which row became which."""
        heads, ends = (self._old.headers, self._new.headers), (len(self._old.rows), len(self._new.rows))
        if self._shared:
            yield from self._pairs_within(range(heads[0]), range(heads[1]))
            yield from self._pairs_within(range(heads[0], ends[0]), range(heads[1], ends[1]))

    def _pairs_within(self, olds: range, news: range) -> Iterator[Pair]:
        before = [tuple(self._old.rows[i][a] for a, _ in self._compared) for i in olds]
        after = [tuple(self._new.rows[j][b] for _, b in self._compared) for j in news]
        i = j = 0
        for run_i, run_j, length in [*common(before, after, self._effort), (len(before), len(after), 0)]:
            for a, b in self._pairs_between(before[i:run_i], after[j:run_j]):
                yield olds[i + a], news[j + b]
            for step in range(length):
                yield olds[run_i + step], news[run_j + step]
            i, j = run_i + length, run_j + length

    def _pairs_between(self, old: Sequence[Row], new: Sequence[Row]) -> Iterator[Pair]:
        """Pair rows of which none are equal: those most alike, and where as many are between as were, all of those."""
        alike = in_order(list(map(self._bag, old)), list(map(self._bag, new)), _LIKENESS, self._effort)
        i = j = 0
        for stop_i, stop_j in [*alike, (len(old), len(new))]:
            if stop_i - i == stop_j - j:
                yield from zip(range(i, stop_i), range(j, stop_j), strict=True)
            if stop_i < len(old):
                yield stop_i, stop_j
            i, j = stop_i + 1, stop_j + 1

    def _bag(self, row: Row) -> Bag:
        """A row is known by what stands where, and by its labels as much as by all the rest."""
        bag: Counter[Hashable] = Counter(list(enumerate(row)))
        for place in range(self._labels):
            bag[place, row[place]] = max((len(row) - self._labels) // self._labels, 1)
        return bag


def _columns(old: Table, new: Table, effort: Effort) -> list[Pair]:
    """Which column became which."""
    sides: list[list[Hashable]] = []
    by_header = old.headers > 0 and new.headers > 0
    for table in (old, new):
        rows = table.rows[: table.headers] if by_header else table.rows
        sides.append([tuple(column) for column in zip(*rows, strict=True)])
    pairs: list[Pair] = []
    i = j = 0
    for run_i, run_j, length in [*common(sides[0], sides[1], effort), (old.columns, new.columns, 0)]:
        # as many as there were, in the same place: those have other headers or values now
        if run_i - i == run_j - j or not by_header:
            pairs += zip(range(i, run_i), range(j, run_j), strict=False)
        pairs += [(run_i + step, run_j + step) for step in range(length)]
        i, j = run_i + length, run_j + length
    return pairs


def _is_numbered(table: Table) -> bool:
    """Whether the first column only numbers the rows, as an index of pandas does that nobody chose."""
    if table.labels != 1 or (table.headers and any(row[0] for row in table.rows[: table.headers])):
        return False
    last: int | None = None
    for row in table.rows[table.headers :]:
        if row[0] in {"...", "…"}:
            last = None
            continue
        if not (row[0].isascii() and row[0].isdigit() and len(row[0]) < 16):
            return False
        number = int(row[0])
        if last is not None and number != last + 1:
            return False
        last = number
    return True


def _gone(table: Table, index: int) -> RowChange:
    return RowChange(table.rows[index], None, (), (), index, None, index < table.headers)


def _came(table: Table, index: int) -> RowChange:
    return RowChange(None, table.rows[index], (), (), None, index, index < table.headers)


def _with_context(rows: Sequence[RowChange], context: int) -> Iterator[RowChange]:
    is_shown = [row.header for row in rows]
    end = 0
    for place, row in enumerate(rows):
        if row.is_changed:
            start, end = max(place - context, end), min(place + context + 1, len(rows))
            is_shown[start:end] = [True] * (end - start)
    return (row for row, is_one in zip(rows, is_shown, strict=True) if is_one and end)
