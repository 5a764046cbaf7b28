"""Rows with a sum, in SQLite files whose damage is noticed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.rows import DamagedError, check_structure, check_tables, is_damage, make_tables, summed, whole

TABLES = "CREATE TABLE a (x INTEGER PRIMARY KEY, sum INTEGER); CREATE TABLE b (y, sum INTEGER NOT NULL);"
VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])) | st.binary()


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        make_tables(opened, TABLES)
        yield opened


@given(st.lists(VALUES).map(tuple), st.lists(VALUES).map(tuple))
def test_a_row_comes_back_without_its_sum(row: tuple[Any, ...], key: tuple[Any, ...]) -> None:
    assert whole(summed(row, *key), *key) == row


@given(st.lists(VALUES, min_size=1).map(tuple), st.data())
def test_a_row_with_another_value_is_damaged(row: tuple[Any, ...], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(row) - 1))
    other = data.draw(VALUES.filter(lambda value: value != row[place]))
    with pytest.raises(DamagedError):
        whole((*row[:place], other, *summed(row)[place + 1 :]))


def test_a_row_that_is_found_by_another_key_is_damaged() -> None:
    with pytest.raises(DamagedError):
        whole(summed((1, "x"), 7), 8)


def test_tables_are_those_that_were_made_whatever_sqlite_has_beside_them(database: sqlite3.Connection) -> None:
    database.execute("CREATE INDEX of_b ON b (y)")
    check_tables(database, TABLES)


@pytest.mark.parametrize(
    "statement", ["ALTER TABLE a RENAME TO c", "ALTER TABLE b RENAME y TO z", "DROP TABLE a", "CREATE TABLE c (x)"]
)
def test_other_tables_are_damage(database: sqlite3.Connection, statement: str) -> None:
    database.execute(statement)
    with pytest.raises(DamagedError):
        check_tables(database, TABLES)


def test_a_structure_that_cannot_be_is_damage(database: sqlite3.Connection) -> None:
    check_structure(database)
    database.executescript(
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = (SELECT max(rootpage) FROM sqlite_master);"
    )
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(database.serialize())
        with pytest.raises(DamagedError, match="2nd reference to page"):
            check_structure(copy)


def test_a_file_that_cannot_be_used_now_is_not_damaged(database: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        database.execute("SELECT x FROM nowhere")
    assert is_damage(caught.value)
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError) as caught:
        database.execute("DELETE FROM a")
    assert not is_damage(caught.value)
