"""The index: what was read of a depository for searching, in an SQLite file that can be made again at any time.

It holds each distinct text once. It says nothing that the depository does not: one that is damaged, or of another
format, is thrown away, and one that cannot be used (locked for long, on a full or read-only disk) is done without.
Several processes may use one at once: each writes in transactions that are right whatever the others write.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import msgpack
import zstandard
from blake3 import blake3

from depository.history.entries import Change, ContentKind, VersionEntry
from depository.notebook.canonical import decode_text, encode_text
from depository.rows import (
    FAILURES,
    DamagedError,
    Row,
    check_structure,
    check_tables,
    is_damage,
    make_tables,
    summed,
    whole,
)
from depository.search import layouts
from depository.search.layouts import Layout
from depository.search.texts import Group, Sheet, Text

FORMAT = 2
"""Of the tables below. Another one is thrown away."""

_APPLICATION = 0x44504F49  # "DPOI"
_PATIENCE = 5.0
"""Seconds to wait for another process that writes."""
_PLACE_BITS = 7
_PLACE_MASK = (1 << _PLACE_BITS) - 1
_IN_BLOCK = 1 << _PLACE_BITS
"""Texts of a block."""
_BLOCK_SIZE = 256 * 1024
"""Characters of a block's texts, unless a single one is larger."""
_WHOLE_EVERY = 32
"""Layouts of which one is kept whole, so that none takes long to be put together."""
_LONGEST_CHAIN = 1000
"""Layouts that one is put together from; others come in between where two processes write."""
_LENGTHS = (1, 4, 16, 64)
_BLOCKS = {
    length: f"SELECT id, texts FROM blocks WHERE id IN ({', '.join('?' * length)}) ORDER BY id"  # noqa: S608
    for length in _LENGTHS
}
_VERSIONS = (
    "SELECT number, time, author, hash, change, kind, sum FROM versions WHERE path = ? AND number BETWEEN ? AND ? "
)
_AT_ONCE = _LENGTHS[-1]
"""Blocks that are read in one go."""
_TABLES = """
CREATE TABLE paths (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, etag TEXT NOT NULL, state INTEGER NOT NULL,
    ended INTEGER, oldest INTEGER NOT NULL, latest INTEGER NOT NULL, refs TEXT NOT NULL, sum INTEGER NOT NULL
);
CREATE TABLE versions (
    path INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, author TEXT NOT NULL, hash BLOB NOT NULL,
    change INTEGER NOT NULL, kind INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (path, number)
) WITHOUT ROWID;
CREATE TABLE blocks (id INTEGER PRIMARY KEY, texts BLOB NOT NULL);
CREATE TABLE digests (digest BLOB PRIMARY KEY, text INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE layouts (
    path INTEGER NOT NULL, sheet INTEGER NOT NULL, number INTEGER NOT NULL, base INTEGER, cells BLOB,
    sum INTEGER NOT NULL, PRIMARY KEY (path, sheet, number)
) WITHOUT ROWID;
CREATE TABLE complete (
    path INTEGER NOT NULL, sheet INTEGER NOT NULL, latest INTEGER NOT NULL, layouts INTEGER NOT NULL,
    texts BLOB NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (path, sheet)
) WITHOUT ROWID;
"""
# blocks: the number of the block and texts that were read together, compressed; the number of a text is that of its
# block and its place in there. layouts: from version `number` on, until the next row; `base` is the number of the row
# that it is kept as a difference from, and no cells means that the version could not be read. complete: every version
# up to `latest` has its layout; there are so many layouts, and these are all their texts. sum: of the other values of
# the row.


class State(IntEnum):
    """What became of a path."""

    ALIVE = 0
    DELETED = 1
    RENAMED = 2
    """Its history has another name."""


class Known(NamedTuple):
    """What the index knows of a path."""

    id: int
    """Another one when the path has begun anew."""
    path: str
    etag: str
    """Of the manifest that this was read from."""
    state: State
    ended: int | None
    """When it was deleted, in milliseconds."""
    oldest: int
    """All versions from this one to the latest are known."""
    latest: int
    refs: Mapping[str, int] = MappingProxyType({})


class Moment(NamedTuple):
    """When a version was made, and by whom."""

    number: int
    time: int
    """In milliseconds since the epoch."""
    author: str


class Index:
    """An open index; `open_index` makes one."""

    def __init__(self, file: str | None) -> None:
        """Open or make the index of a file, or one in memory.

        Raises:
            sqlite3.Error, UnicodeDecodeError: it cannot be used as it is.
            OSError: the file cannot be made.
        """
        self.file = file
        if file:
            os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        self._database = sqlite3.connect(
            file or ":memory:", timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            # no write-ahead log: its shared memory does not work in a home directory on a network
            self._database.execute("PRAGMA journal_mode = TRUNCATE")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute("PRAGMA cell_size_check = ON")  # a damaged page is noticed before it is believed
            self._make()
        except BaseException:
            self._database.close()
            raise
        self._unpacked = zstandard.ZstdDecompressor()
        self._packed = zstandard.ZstdCompressor(level=3, write_checksum=True)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction: all that is written in it, or nothing."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    # paths and versions

    def known(self, path: str) -> Known | None:
        """What is known of a path."""
        row = self._row("SELECT id, etag, state, ended, oldest, latest, refs, sum FROM paths WHERE path = ?", path)
        if row is None:
            return None
        number, etag, state, ended, oldest, latest, refs = whole(row, path)
        with _checked():
            return Known(number, path, etag, State(state), ended, oldest, latest, dict(json.loads(refs)))

    def note(self, path: Known, new: Iterable[VersionEntry]) -> Known:
        """Keep what was learnt of a path, and versions of it. One that begins, or begins anew, has no id yet.

        Raises:
            sqlite3.OperationalError: another process has found meanwhile that it began anew.
        """
        there = self.known(path.path)
        if not path.id and there and there.etag == path.etag:  # another process was faster
            path = path._replace(id=there.id, oldest=min(path.oldest, there.oldest))
        if not path.id:
            self._forget(path.path)
        self._check(path)
        if not path.id:
            done = self._database.execute("INSERT INTO paths VALUES (NULL, ?, '', 0, NULL, 0, 0, '', 0)", (path.path,))
            path = path._replace(id=done.lastrowid or 0)
        values = (path.etag, int(path.state), path.ended, path.oldest, path.latest, json.dumps(dict(path.refs)))
        self._database.execute(
            "UPDATE paths SET etag = ?, state = ?, ended = ?, oldest = ?, latest = ?, refs = ?, sum = ? WHERE id = ?",
            (*summed(values, path.path, path.id), path.id),
        )
        rows = ((e.number, e.time, e.author, e.hash, int(e.change), int(e.kind)) for e in new)
        self._database.executemany(
            "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((path.id, *summed(row, path.id)) for row in rows),
        )
        return path

    def versions(self, path: Known, first: int = 1) -> list[VersionEntry]:
        """The versions of a path that are known, from one on, the oldest first; of their fields, those that count."""
        with _checked():
            return [_version(row) for row in self._versions(path, first, path.latest)]

    def version(self, path: Known, number: int) -> VersionEntry | None:
        """One version of a path, if it is known."""
        with _checked():
            return next((_version(row) for row in self._versions(path, number, number)), None)

    def moments(self, path: Known, number: int | None = None) -> list[Moment]:
        """When the known versions of a path were made, and by whom, the oldest first; or of one of them alone."""
        return [Moment(*row[:3]) for row in self._versions(path, number or 1, number or path.latest)]

    def origin(self, path: Known, sheet: Sheet, number: int) -> int:
        """The version whose sheet is that of another: the newest, up to that one, that changed it."""
        expected = number
        for row in self._database.execute(_VERSIONS + "ORDER BY number DESC", (path.id, path.oldest, number)):
            found, *_, change, _ = whole(row, path.id)
            if found != expected:
                break
            if change <= sheet.changed_by:
                return expected
            expected -= 1
        if expected >= path.oldest:
            raise self._lacking(path, "version")
        return min(number, path.oldest)

    def _versions(self, path: Known, first: int, last: int) -> list[Row]:
        """What is known of the versions from one to another: all of them, as far back as the path is known."""
        rows = self._database.execute(_VERSIONS + "ORDER BY number", (path.id, first, last)).fetchall()
        found = [whole(row, path.id) for row in rows]
        expected = range(max(first, path.oldest), min(last, path.latest) + 1)
        if [row[0] for row in found[len(found) - len(expected) :]] != list(expected):
            raise self._lacking(path, "version")
        return found

    def _forget(self, path: str) -> None:
        if row := self._row("SELECT id FROM paths WHERE path = ?", path):
            for table in ("versions", "layouts", "complete"):
                self._database.execute(f"DELETE FROM {table} WHERE path = ?", row)  # noqa: S608 - names of ours
            self._database.execute("DELETE FROM paths WHERE id = ?", row)

    def _lacking(self, path: Known, what: str) -> DamagedError:
        """The error that something is not there that has to be, unless the path has begun anew meanwhile."""
        self._check(path)
        return DamagedError(f"The index lacks a {what}.")

    def _check(self, path: Known) -> None:
        if path.id and not self._row("SELECT 1 FROM paths WHERE id = ?", path.id):
            raise sqlite3.OperationalError("Another process has begun that path anew.")

    # layouts

    def is_complete(self, path: Known, sheet: Sheet) -> bool:
        """Whether every version of a path has its layout."""
        row = self._complete(path, sheet)
        return row is not None and row[0] >= path.latest

    def set_complete(self, path: Known, sheet: Sheet) -> None:
        """Note that every version of a path has its layout."""
        self._check(path)
        rows = self._layouts(path, sheet)
        values = path.latest, len(rows), layouts.pack(sorted(_texts_in(rows)))
        self._database.execute(
            "INSERT OR REPLACE INTO complete VALUES (?, ?, ?, ?, ?, ?)",
            summed((path.id, sheet.number, *values)),
        )

    def read_numbers(self, path: Known, sheet: Sheet) -> set[int]:
        """The numbers of the versions that were read for their layout."""
        found = self._database.execute(
            "SELECT number FROM layouts WHERE path = ? AND sheet = ? AND cells IS NOT NULL", (path.id, sheet.number)
        )
        return {row[0] for row in found.fetchall()}

    def add(self, path: Known, sheet: Sheet, read: Sequence[tuple[int, list[Group] | None]]) -> None:
        """Keep the layouts of some versions, in order, with their texts; None for one that could not be read."""
        numbers = self._numbered(text for _, groups in read for group in groups or () for text in group)
        base: tuple[int, Layout] | None = None
        self._check(path)
        rows: list[tuple[int, int, int, int | None, bytes]] = []
        unread: list[tuple[int, int, int, None, None]] = []
        for step, (number, groups) in enumerate(read):
            if groups is None:
                unread.append((path.id, sheet.number, number, None, None))
                base = None
                continue
            layout = layouts.layout_of([numbers[text] for text in group] for group in groups)
            if step % _WHOLE_EVERY == 0:
                base = None
            packed = layouts.pack(layout, base[1] if base else None)
            rows.append((path.id, sheet.number, number, base[0] if base else None, packed))
            base = number, layout
        self._database.executemany("INSERT OR REPLACE INTO layouts VALUES (?, ?, ?, ?, ?, ?)", map(summed, rows))
        self._database.executemany("INSERT OR IGNORE INTO layouts VALUES (?, ?, ?, ?, ?, ?)", map(summed, unread))

    def layouts(self, path: Known, sheet: Sheet) -> Iterator[tuple[int, Layout | None]]:
        """The layouts of a path: from which version on, and what it is; the oldest first."""
        rows = self._layouts(path, sheet)
        before: tuple[int, Layout] | None = None
        for number, base, cells in rows:
            if cells is None:
                yield number, None
                continue
            with _checked():
                if base is None or (before and before[0] == base):
                    layout = layouts.unpack(cells, before[1] if before and base is not None else None)
                else:
                    layout = self._layout(path, sheet, number)
            before = number, layout
            yield number, layout

    def layout_at(self, path: Known, sheet: Sheet, number: int) -> Layout | None:
        """The layout of one version; None if it could not be read."""
        row = self._row(
            "SELECT number, base, cells, sum FROM layouts WHERE path = ? AND sheet = ? AND number <= ? "
            "ORDER BY number DESC LIMIT 1",
            *(path.id, sheet.number, number),
        )
        if number >= path.oldest and (row is None or row[0] < self.origin(path, sheet, number)):
            raise self._lacking(path, "layout")
        return None if row is None or row[2] is None else self._layout(path, sheet, row[0])

    def text_numbers(self, path: Known, sheet: Sheet) -> set[int]:
        """The numbers of all texts that any version of a path has."""
        row = self._complete(path, sheet)
        if row is None or row[0] != path.latest:
            return _texts_in(self._layouts(path, sheet))
        with _checked():
            return layouts.new_in(row[2], is_difference=False)

    def _complete(self, path: Known, sheet: Sheet) -> Row | None:
        row = self._row(
            "SELECT latest, layouts, texts, sum FROM complete WHERE path = ? AND sheet = ?", path.id, sheet.number
        )
        return None if row is None else whole(row, path.id, sheet.number)

    def _layouts(self, path: Known, sheet: Sheet) -> list[Row]:
        key = path.id, sheet.number
        complete = self._complete(path, sheet)  # before the layouts, which only become more
        rows = self._database.execute(
            "SELECT number, base, cells, sum FROM layouts WHERE path = ? AND sheet = ? ORDER BY number", key
        ).fetchall()
        found = [whole(row, *key) for row in rows]
        if any(old[0] >= new[0] for old, new in pairwise(found)) or (complete and len(found) < complete[1]):
            raise self._lacking(path, "layout")
        return found

    # texts

    def texts(self, numbers: Iterable[int], needle: str = "") -> Iterator[tuple[int, int, str]]:
        """Texts by their numbers, in the order of these: number, layer, text; only those in which `needle` is."""
        sought = encode_text(needle)
        blocks: dict[int, list[int]] = {}
        for number in sorted(numbers):
            blocks.setdefault(number >> _PLACE_BITS, []).append(number)
        wanted = list(blocks)
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            # a question of one of few lengths, so that SQLite knows it already; to ask twice for one block is no harm
            length = next(length for length in _LENGTHS if length >= len(part))
            rows = self._database.execute(_BLOCKS[length], part + part[-1:] * (length - len(part))).fetchall()
            if len(rows) < len(part):
                raise DamagedError("The index lacks a text.")
            for block, packed in rows:
                with _checked():
                    data = self._unpacked.decompress(packed)
                    found = self._in_block(block, data, blocks[block], sought) if sought in data else ()
                yield from found

    def _in_block(self, block: int, data: bytes, numbers: Sequence[int], sought: bytes) -> list[tuple[int, int, str]]:
        is_of, texts = msgpack.unpackb(data)
        if is_of != block:
            raise ValueError("it is another block")
        chosen = ((number, *texts[number & _PLACE_MASK]) for number in numbers)
        return [(number, layer, decode_text(text)) for number, layer, text in chosen if sought in text]

    def check_numbers(self) -> None:
        """See that no text is there that `number_of` would not find. All else that is gone is missed when it is read.

        Raises:
            sqlite3.Error, UnicodeDecodeError: there is damage.
        """
        check_structure(self._database, "digests")
        for row in self._database.execute("SELECT digest, text, sum FROM digests"):
            whole(row)

    def number_of(self, text: Text) -> int | None:
        """The number of a text, if any version has it."""
        digest = _digest(text)
        row = self._row("SELECT text, sum FROM digests WHERE digest = ?", digest)
        return whole(row, digest)[0] if row else None

    def _numbered(self, texts: Iterable[Text]) -> dict[Text, int]:
        """The numbers of some texts; those that no version had so far are kept."""
        numbers: dict[Text, int] = {}
        new: list[Text] = []
        for text in dict.fromkeys(texts):
            number = self.number_of(text)
            if number is None:
                new.append(text)
            else:
                numbers[text] = number
        start = size = 0
        for place, text in enumerate(new):
            size += len(text.text)
            if place + 1 - start == _IN_BLOCK or size >= _BLOCK_SIZE or place + 1 == len(new):
                numbers.update(self._kept(new[start : place + 1]))
                start, size = place + 1, 0
        return numbers

    def _kept(self, texts: Sequence[Text]) -> dict[Text, int]:
        block = self._row("SELECT COALESCE(MAX(id), 0) + 1 FROM blocks")[0]
        packed = msgpack.packb([block, [[int(layer), encode_text(text)] for layer, text in texts]])
        self._database.execute("INSERT INTO blocks VALUES (?, ?)", (block, self._packed.compress(packed)))
        numbers = {text: block << _PLACE_BITS | place for place, text in enumerate(texts)}
        rows = ((_digest(text), number) for text, number in numbers.items())
        self._database.executemany("INSERT INTO digests VALUES (?, ?, ?)", map(summed, rows))
        return numbers

    def _layout(self, path: Known, sheet: Sheet, number: int) -> Layout:
        steps: list[bytes] = []
        wanted: int | None = number
        while wanted is not None:
            key = path.id, sheet.number, wanted
            row = self._row("SELECT base, cells, sum FROM layouts WHERE path = ? AND sheet = ? AND number = ?", *key)
            if row is None or row[1] is None or len(steps) > _LONGEST_CHAIN:
                raise DamagedError("The index lacks a layout.")
            wanted, cells = whole(row, *key)
            steps.append(cells)
        layout: Layout | None = None
        with _checked():
            for data in reversed(steps):
                layout = layouts.unpack(data, layout)
        assert layout is not None  # noqa: S101 - there was a step at least
        return layout

    def _row(self, question: str, *values: Any) -> Any:
        return self._database.execute(question, values).fetchone()

    def _make(self) -> None:
        """Make the tables of a new file; refuse those of another format."""
        if self._is_ours():
            return
        with self.writing():
            if self._is_ours():  # another process was faster
                return
            if self._row("SELECT 1 FROM sqlite_master"):
                raise DamagedError("It is an index of another format.")
            make_tables(self._database, _TABLES)
            self._database.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._database.execute(f"PRAGMA user_version = {FORMAT}")

    def _is_ours(self) -> bool:
        found = self._row("PRAGMA application_id")[0], self._row("PRAGMA user_version")[0]
        if found not in {(_APPLICATION, FORMAT), (0, 0)}:
            raise DamagedError("It is an index of another format.")
        if found != (0, 0):
            check_tables(self._database, _TABLES)
        return found != (0, 0)


def open_index(file: str | None, *, anew: bool = False) -> Index:
    """The index of a file, made if it is not there; one in memory where no file can be used.

    Args:
        file: its file; None for one in memory.
        anew: throw away what the file holds.
    """
    if file and anew:
        remove(file)
    try:
        return Index(file)
    except (*FAILURES, OSError) as error:
        if not file or not is_damage(error):
            return Index(None)
    remove(file)
    try:
        return Index(file)
    except (*FAILURES, OSError):
        return Index(None)


def remove(file: str) -> None:
    """Throw an index away."""
    for name in (f"{file}-journal", file):
        with suppress(OSError):
            os.unlink(name)


def _version(row: Sequence[Any]) -> VersionEntry:
    number, time, author, digest, change, kind = row
    return VersionEntry(number, time, author, "", "", digest, 0, ContentKind(kind), Change(change), None)


def _texts_in(rows: Iterable[Sequence[Any]]) -> set[int]:
    """The numbers of the texts that layouts name, or their differences."""
    named = ((base, cells) for _, base, cells in rows if cells is not None)
    with _checked():
        return set().union(*(layouts.new_in(cells, is_difference=base is not None) for base, cells in named))


def _digest(text: Text) -> bytes:
    return blake3(bytes([text.layer]) + encode_text(text.text)).digest(length=16)


@contextmanager
def _checked() -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, LookupError, OverflowError, MemoryError, zstandard.ZstdError) as error:
        raise DamagedError("The index is damaged.") from error
