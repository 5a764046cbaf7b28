"""SQLite files that vouch for themselves: the last value of each row is a sum of the others.

SQLite has no checksums. It notices damage only where it comes upon a structure that cannot be, and believes each value.
"""

import sqlite3
from typing import Any
from zlib import crc32

import msgpack

Row = tuple[Any, ...]
"""Values as SQLite gives them back: numbers, text, bytes, and nothing. Of a truth it makes a number."""

_pack = msgpack.Packer().pack

FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What may come of a file that is damaged. Python's module cannot even read what SQLite says of some."""

_DAMAGE = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_CONSTRAINT,
}
"""What SQLite says of a file that holds something else than it should."""


class DamagedError(sqlite3.DatabaseError):
    """An SQLite file holds what was never written to it."""


def make_tables(database: sqlite3.Connection, tables: str) -> None:
    """Make tables.

    Args:
        database: in a transaction.
        tables: statements with a semicolon after each.
    """
    for statement in _statements(tables):
        database.execute(statement)


def check_tables(database: sqlite3.Connection, tables: str) -> None:
    """See that the tables are those that `make_tables` made, as the rows of others mean something else.

    Raises:
        DamagedError: they are others.
    """
    found = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    if sorted(sql for (sql,) in found) != sorted(_statements(tables)):
        raise DamagedError("The tables of the file are damaged.")


def check_structure(database: sqlite3.Connection, table: str = "1") -> None:
    """See that no row is where it would not be found, and none gone: it takes 1 ms for each megabyte.

    Args:
        database: all of it is looked at.
        table: look at this one alone, where SQLite can.

    Raises:
        sqlite3.Error, UnicodeDecodeError: there is damage.
    """
    (found,) = database.execute(f"PRAGMA quick_check({table})").fetchone()
    if found != "ok":
        raise DamagedError(f"The file is damaged: {found}.")


def is_damage(error: BaseException) -> bool:
    """Whether an error says that a file holds what was never written to it: not only that it cannot be used now."""
    if isinstance(error, DamagedError | UnicodeDecodeError) or "decode to UTF-8" in str(error):
        return True
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def summed(row: Row, *key: Any) -> Row:
    """A row with its sum at the end.

    Args:
        row: its values.
        key: what the sum vouches for besides, as the row is found by it.
    """
    return *row, crc32(_pack(key + row))


def whole(row: Row, *key: Any) -> Row:
    """A row without its sum.

    Args:
        row: its values, the sum at the end.
        key: what the row was asked for by, as `summed` was given it.

    Raises:
        DamagedError: they are not the values that the sum is of.
    """
    values = row[:-1]
    if crc32(_pack(key + values)) != row[-1]:
        raise DamagedError("A row of the file is damaged.")
    return values


def _statements(tables: str) -> list[str]:
    return [statement.strip() for statement in tables.split(";") if statement.strip()]
