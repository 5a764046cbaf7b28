"""The ledger of a check: what has been seen, in an SQLite file, so that memory stays flat and a check can be taken up.

It names every object that is referred to, once for each, with what it came to. What is in it was true when it was
written, and is looked through before it is believed; a check that is done throws it away.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from depository.errors import Conflict, StorageError
from depository.rows import FAILURES, Row, check_structure, check_tables, is_damage, make_tables, summed, whole
from depository.verifying.findings import Finding, Kind

FORMAT = 2
MAX_AGE = 7 * 86_400
"""Seconds after which a check is not taken up any more, and begins anew."""

_TEMPORARY = "a temporary file"
_CACHED = -4 * 1024
"""Of the file, in memory: SQLite's way to say KiB."""
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (digest BLOB PRIMARY KEY, size INTEGER, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE doubtful (digest BLOB PRIMARY KEY, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE files (digest BLOB PRIMARY KEY, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE pages (digest BLOB PRIMARY KEY, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE paths (path TEXT PRIMARY KEY, mark TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE orphans (
    digest BLOB PRIMARY KEY, size INTEGER NOT NULL, old INTEGER NOT NULL, sum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE lost (path TEXT PRIMARY KEY, finding TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tips (path TEXT NOT NULL, position INTEGER NOT NULL, digest BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE findings (id INTEGER PRIMARY KEY, finding TEXT NOT NULL, sum INTEGER NOT NULL);
"""
# objects: all that something refers to and that is right; the size is that of the file of a version that has this
# content and no style of its own. doubtful: what is damaged, and what that refers to. files: versions with a style of
# their own that were rendered. pages: those behind which everything has been gone through. orphans: what nothing
# referred to when it was listed. lost: manifests that are not there any more, nor as they were before. tips: pages of
# those, that nothing refers to. sum: of the other values of the row.


_ALONE = (
    "NOT EXISTS (SELECT 1 FROM objects WHERE objects.digest = orphans.digest) "
    "AND NOT EXISTS (SELECT 1 FROM doubtful WHERE doubtful.digest = orphans.digest)"
)
_COUNT = f"SELECT COUNT(*), COALESCE(SUM(size), 0) FROM orphans WHERE old AND {_ALONE}"  # noqa: S608
_EACH = f"SELECT digest, size, old FROM orphans WHERE digest > ? AND {_ALONE} ORDER BY digest LIMIT 256"  # noqa: S608
_COLUMNS = {
    "about": "name, value",
    "objects": "digest, size",
    "doubtful": "digest",
    "files": "digest",
    "pages": "digest",
    "paths": "path, mark",
    "orphans": "digest, size, old",
    "lost": "path, finding",
    "tips": "path, position, digest",
    "findings": "id, finding",
}
"""What the sum of a row is of."""
_DIGESTS = "SELECT digest FROM {} WHERE digest IN"


class Seen(NamedTuple):
    """An object that is right."""

    digest: bytes
    size: int | None
    """Of the file that its content gives, where it is a version's."""


class Ledger:
    """An open ledger; one check at a time has it."""

    def __init__(self, file: str | None, scope: Mapping[str, object], now: float, *, anew: bool = False) -> None:
        """Take up the check that a file knows of, or begin one.

        Args:
            file: where; None for a temporary one.
            scope: what is checked: a check of something else is not taken up.
            now: seconds since the epoch.
            anew: forget what the file knows.

        Raises:
            Conflict: another check is at work with this file.
            StorageError: the file cannot be used.
        """
        self._file = file
        with _explained(file):
            if file:
                os.makedirs(os.path.dirname(file) or ".", mode=0o700, exist_ok=True)
            try:
                self._open(file)
            except FAILURES as error:
                if not file or not is_damage(error):
                    raise
                os.unlink(file)
                self._open(file)
            wanted = json.dumps(scope, sort_keys=True)
            age = now - float(self.get("started") or 0)
            self.resumed = not anew and self.get("scope") == wanted and 0 <= age <= MAX_AGE
            if not self.resumed:
                self._make()
                self.note("scope", wanted)
                self.note("started", repr(now))
                self.commit()

    def _open(self, file: str | None) -> None:
        self._database = sqlite3.connect(file or "", timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute(f"PRAGMA cache_size = {_CACHED}")
            self._database.execute("PRAGMA journal_mode = TRUNCATE")
            self._database.execute("PRAGMA synchronous = OFF" if not file else "PRAGMA synchronous = NORMAL")
            self._database.execute("BEGIN EXCLUSIVE")
            if self._database.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                self._make()
            self._look_through()
        except BaseException:
            self._database.close()
            raise

    def _make(self) -> None:
        names = self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            self._database.execute(f'DROP TABLE "{name}"')
        make_tables(self._database, _TABLES)
        self._database.execute(f"PRAGMA user_version = {FORMAT}")

    def _look_through(self) -> None:
        """Look at every row before any is believed.

        Raises:
            sqlite3.Error, UnicodeDecodeError: there is damage.
        """
        check_tables(self._database, _TABLES)
        check_structure(self._database)
        for name, columns in _COLUMNS.items():
            for row in self._database.execute(f"SELECT {columns}, sum FROM {name}"):  # noqa: S608 - names of ours
                whole(row)

    def _insert(self, table: str, rows: Iterable[Row], otherwise: str = "OR IGNORE") -> None:
        places = ", ".join("?" * (_COLUMNS[table].count(",") + 2))
        with _explained(self._file):
            self._database.executemany(
                f"INSERT {otherwise} INTO {table} ({_COLUMNS[table]}, sum) VALUES ({places})",  # noqa: S608
                map(summed, rows),
            )

    def close(self, *, done: bool) -> None:
        """Let go of the file; remove it where the check is done."""
        with suppress(sqlite3.Error):
            if self._database.in_transaction:
                self._run("ROLLBACK")
        self._database.close()
        if done and self._file:
            for file in (self._file, f"{self._file}-journal"):
                with suppress(OSError):
                    os.unlink(file)

    def commit(self) -> None:
        """Keep what was written so far, whatever happens next."""
        with _explained(self._file):
            self._run("COMMIT")
            self._run("BEGIN EXCLUSIVE")

    def get(self, name: str) -> str | None:
        """What was noted under a name."""
        rows = self._run("SELECT value FROM about WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def note(self, name: str, value: str) -> None:
        """Note something."""
        self._insert("about", [(name, value)], "OR REPLACE")

    def add(self, seen: Iterable[Seen]) -> None:
        """Note objects that are right and referred to."""
        with _explained(self._file):
            self._database.executemany(
                "INSERT INTO objects VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE "
                "SET size = excluded.size, sum = excluded.sum WHERE excluded.size IS NOT NULL",
                map(summed, seen),
            )

    def add_doubtful(self, digests: Iterable[bytes]) -> None:
        """Note objects that are referred to, and are not known to be right."""
        self._insert("doubtful", ((digest,) for digest in digests))

    def sizes(self, digests: Sequence[bytes]) -> dict[bytes, int | None]:
        """Those of some objects that are right as far as is known, with the size of the file of each."""
        return dict(self._among("SELECT digest, size FROM objects WHERE digest IN", digests))

    def add_files(self, digests: Iterable[bytes]) -> None:
        """Note versions whose file was made, by any hash of what it is made of."""
        self._insert("files", ((digest,) for digest in digests))

    def files(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those of some that `add_files` was given."""
        return {row[0] for row in self._among("SELECT digest FROM files WHERE digest IN", digests)}

    def add_page(self, digest: bytes) -> None:
        """Note a page behind which everything is right."""
        self._insert("pages", [(digest,)])

    def has_page(self, digest: bytes) -> bool:
        """Whether `add_page` was given it."""
        return bool(self._run("SELECT 1 FROM pages WHERE digest = ?", digest))

    def add_path(self, path: str, mark: str) -> None:
        """Note what a listing showed of a path when it was gone through."""
        self._insert("paths", [(path, mark)], "OR REPLACE")

    def mark_of(self, path: str) -> str | None:
        """What `add_path` was given."""
        rows = self._run("SELECT mark FROM paths WHERE path = ?", path)
        return str(rows[0][0]) if rows else None

    def add_orphans(self, found: Iterable[tuple[bytes, int, bool]]) -> None:
        """Note objects that nothing has referred to so far, with their sizes, and whether they are old."""
        self._insert("orphans", ((digest, size, int(is_old)) for digest, size, is_old in found))

    def orphans(self) -> tuple[int, int]:
        """How many objects nothing refers to, and their bytes."""
        ((count, size),) = self._run(_COUNT)
        return int(count), int(size)

    def each_orphan(self) -> Iterator[tuple[bytes, int, bool]]:
        """What nothing refers to, with its size, and whether it is old."""
        after = b""
        while rows := self._run(_EACH, after):
            yield from rows
            after = rows[-1][0]

    def unknown(self, digests: Sequence[bytes]) -> list[bytes]:
        """Those of some objects that nothing has referred to so far."""
        known = {row[0] for table in ("objects", "doubtful") for row in self._among(_DIGESTS.format(table), digests)}
        return [digest for digest in digests if digest not in known]

    def objects(self) -> int:
        """How many are right and referred to."""
        return int(self._run("SELECT COUNT(*) FROM objects")[0][0])

    def tell(self, finding: Finding) -> None:
        """Keep a finding."""
        ((last,),) = self._run("SELECT COALESCE(MAX(id), 0) FROM findings")
        self._insert("findings", [(last + 1, json.dumps(finding))])

    def findings(self) -> Iterator[Finding]:
        """Those that were kept, in order."""
        after = 0
        query = "SELECT id, finding FROM findings WHERE id > ? ORDER BY id LIMIT 256"
        while rows := self._run(query, after):
            yield from (_finding(text) for _, text in rows)
            after = rows[-1][0]

    def add_lost(self, finding: Finding) -> None:
        """Keep what was found of a manifest that is lost, until it is known whether its pages tell what it was."""
        self._insert("lost", [(finding.path or "", json.dumps(finding))], "OR REPLACE")

    def lost(self) -> Iterator[Finding]:
        """Those that `add_lost` was given, by path."""
        after = ""
        while rows := self._run("SELECT path, finding FROM lost WHERE path > ? ORDER BY path LIMIT 256", after):
            yield from (_finding(text) for _, text in rows)
            after = rows[-1][0]

    def has_lost(self, path: str | None = None) -> bool:
        """Whether the manifest of a path is lost, or any."""
        if path is None:
            return bool(self._run("SELECT 1 FROM lost LIMIT 1"))
        return bool(self._run("SELECT 1 FROM lost WHERE path = ?", path))

    def add_tip(self, path: str, position: int, digest: bytes) -> None:
        """Note a page of a lost manifest."""
        self._insert("tips", [(path, position, digest)])

    def tips(self, path: str) -> list[bytes]:
        """The pages of a lost manifest that come last, which is one if all is well."""
        top = "SELECT MAX(position) FROM tips WHERE path = ?1"
        query = f"SELECT DISTINCT digest FROM tips WHERE path = ?1 AND position = ({top})"  # noqa: S608
        return [row[0] for row in self._run(query, path)]

    def _among(self, query: str, digests: Sequence[bytes]) -> Iterator[tuple[bytes, int | None]]:
        for start in range(0, len(digests), 128):
            some = digests[start : start + 128]
            yield from self._run(f"{query} ({', '.join('?' * len(some))})", *some)

    def _run(self, statement: str, *values: object) -> list[Row]:
        with _explained(self._file):
            return self._database.execute(statement, values).fetchall()


def _finding(text: str) -> Finding:
    kind, key, said, path, versions, mend, mended = json.loads(text)
    return Finding(Kind(kind), key, said, path, tuple((first, last) for first, last in versions), mend, mended)


@contextmanager
def _explained(file: str | None) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise Conflict("Another check of this depository is at work: wait for its end.") from error
        raise StorageError(f"The notes of the check cannot be kept in {file or _TEMPORARY}: {error}.") from error
    except OSError as error:
        raise StorageError(f"The notes of the check cannot be kept in {file}: {error.strerror}.") from error
