"""The index, and what several processes do to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.history.entries import Change, ContentKind, VersionEntry
from depository.rows import DamagedError, is_damage
from depository.search.index import Index, Known, State, open_index
from depository.search.query import Layer
from depository.search.texts import Group, Sheet, Text
from tests.notebook.strategies import texts

SOURCE = Sheet.SOURCE
ANY_TEXT = st.text(st.characters(), max_size=30) | texts() | st.integers(4000, 5000).map(lambda size: "ab\n" * size)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "cache" / "index")


@pytest.fixture
def index(file: str) -> Iterator[Index]:
    opened = Index(file)
    yield opened
    opened.close()


@pytest.fixture
def other(index: Index, file: str) -> Iterator[Index]:
    """The same index, open in another process."""
    opened = Index(file)
    yield opened
    opened.close()


def known(path: str = "a.ipynb", latest: int = 3, etag: str = "1") -> Known:
    return Known(0, path, etag, State.ALIVE, None, 1, latest, {"published": 1})


def version(number: int, change: Change = Change.SOURCE) -> VersionEntry:
    return VersionEntry(number, 1000 * number, "ada", "", "", bytes(32), 0, ContentKind.NOTEBOOK, change, None)


def noted(index: Index, path: Known, *versions: VersionEntry) -> Known:
    with index.writing():
        return index.note(path, versions or [version(number) for number in range(1, path.latest + 1)])


def group(*sources: str) -> Group:
    return [Text(Layer.CODE, source) for source in sources]


def add(index: Index, path: Known, *read: tuple[int, list[Group] | None]) -> None:
    with index.writing():
        index.add(path, SOURCE, read)


def shown(index: Index, path: Known, number: int) -> list[str] | None:
    """The texts of a version, in order."""
    layout = index.layout_at(path, SOURCE, number)
    if layout is None:
        return None
    return [text for item in layout if item for _, _, text in index.texts([item])]


def test_what_is_known_of_a_path_comes_back(index: Index) -> None:
    path = noted(index, known()._replace(state=State.DELETED, ended=7))
    assert index.known("a.ipynb") == path
    assert index.known("b.ipynb") is None
    assert [moment.number for moment in index.moments(path)] == [1, 2, 3]
    assert index.version(path, 2) == version(2)
    assert index.version(path, 9) is None


@given(st.lists(st.lists(st.lists(ANY_TEXT.filter(bool), max_size=3), max_size=4), min_size=1, max_size=70))
def test_the_texts_of_every_version_come_back(versions: list[list[list[str]]]) -> None:
    index = Index(None)
    path = noted(index, known(latest=len(versions)))
    read = [(number, [group(*cell) for cell in cells]) for number, cells in enumerate(versions, start=1)]
    add(index, path, *read)
    for number, cells in enumerate(versions, start=1):
        assert shown(index, path, number) == [text for cell in cells for text in cell]
    in_order = [list(layout or ()) for _, layout in index.layouts(path, SOURCE)]
    assert in_order == [list(index.layout_at(path, SOURCE, number) or ()) for number, _ in read]
    index.close()


def test_no_layout_takes_long_to_be_put_together(index: Index, file: str) -> None:
    path = noted(index, known(latest=100))
    add(index, path, *((number, [group(f"x{number}")]) for number in range(1, 101)))
    with closing(sqlite3.connect(file)) as database:
        whole = [number for (number,) in database.execute("SELECT number FROM layouts WHERE base IS NULL")]
    assert whole == [1, 33, 65, 97]


def test_a_text_is_kept_once_however_many_versions_have_it(index: Index) -> None:
    first, second = noted(index, known()), noted(index, known("b.ipynb"))
    for path in (first, second):
        add(index, path, (1, [group("x")]), (2, [group("x", "y")]), (3, [group("y")]))
    assert index.text_numbers(first, SOURCE) == index.text_numbers(second, SOURCE)
    assert len(index.text_numbers(first, SOURCE)) == 2
    assert index.number_of(Text(Layer.CODE, "x")) in index.text_numbers(first, SOURCE)
    assert index.number_of(Text(Layer.MARKDOWN, "x")) is None


def test_a_sheet_is_that_of_the_version_that_changed_it(index: Index) -> None:
    path = noted(index, known(), version(1), version(2, Change.OUTPUTS), version(3, Change.FILE))
    assert [index.origin(path, SOURCE, number) for number in (1, 2, 3)] == [1, 1, 1]
    assert [index.origin(path, Sheet.OUTPUTS, number) for number in (1, 2, 3)] == [1, 2, 2]


def test_a_version_that_could_not_be_read_hides_those_before_it(index: Index) -> None:
    path = noted(index, known())
    add(index, path, (1, [group("x")]), (2, None), (3, [group("z")]))
    assert [shown(index, path, number) for number in (1, 2, 3)] == [["x"], None, ["z"]]
    assert index.read_numbers(path, SOURCE) == {1, 3}
    add(index, path, (2, [group("y")]))
    add(index, path, (2, None))  # another process fails to read what this one could
    assert shown(index, path, 2) == ["y"]


def test_a_path_is_complete_up_to_its_latest_version(index: Index) -> None:
    path = noted(index, known())
    add(index, path, (1, [group("x")]))
    assert not index.is_complete(path, SOURCE)
    with index.writing():
        index.set_complete(path, SOURCE)
    assert index.is_complete(path, SOURCE)
    assert not index.is_complete(path, Sheet.OUTPUTS)
    assert not index.is_complete(path._replace(latest=4), SOURCE)


def test_what_came_after_a_path_was_complete_counts_too(index: Index) -> None:
    path = noted(index, known())
    add(index, path, (1, [group("x")]))
    with index.writing():
        index.set_complete(path, SOURCE)
    path = noted(index, path._replace(latest=4, etag="2"), version(4))
    add(index, path, (4, [group("y")]))
    assert index.number_of(Text(Layer.CODE, "y")) in index.text_numbers(path, SOURCE)


def test_a_path_that_begins_anew_loses_what_was_known_of_it(index: Index) -> None:
    old = noted(index, known())
    add(index, old, (1, [group("x")]))
    new = noted(index, known(latest=1, etag="2"))
    assert new.id != old.id
    assert index.read_numbers(new, SOURCE) == index.read_numbers(old, SOURCE) == set()
    assert [moment.number for moment in index.moments(new)] == [1]


def test_who_asks_of_a_history_that_another_process_saw_end_is_told_so(index: Index, other: Index) -> None:
    old = noted(index, known())
    add(index, old, (1, [group("x")]))
    noted(other, known(latest=1, etag="2"))
    for ask in (index.moments, lambda path: index.layout_at(path, SOURCE, 1)):
        with pytest.raises(sqlite3.OperationalError, match="begun that path anew") as caught:
            ask(old)
        assert not is_damage(caught.value)


def test_what_another_process_has_noted_already_is_taken_over(index: Index, other: Index) -> None:
    there = noted(other, known())
    add(other, there, (1, [group("x")]))
    path = noted(index, known())
    assert path.id == there.id
    assert shown(index, path, 1) == ["x"]


def test_who_writes_of_a_history_that_another_process_saw_end_is_stopped(index: Index, other: Index) -> None:
    path = noted(index, known())
    noted(other, known(latest=1, etag="2"))
    for write in (
        lambda: add(index, path, (1, [group("x")])),
        lambda: noted(index, path._replace(etag="3")),
    ):
        with pytest.raises(sqlite3.OperationalError):
            write()
    assert index.read_numbers(path, SOURCE) == set()


def test_two_processes_may_read_the_same_versions(index: Index, other: Index) -> None:
    path = noted(index, known(latest=80))
    read = [(number, [group(f"x{number}"), group("y")]) for number in range(1, 81)]
    add(index, path, *read[:50])
    add(other, path, *read[17:])
    add(index, path, *read[30:])
    for number in range(1, 81):
        assert shown(other, path, number) == [f"x{number}", "y"]


def test_what_another_process_adds_between_two_looks_is_no_damage(
    index: Index, other: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = noted(index, known())
    add(index, path, (1, [group("x")]))
    look = index._complete

    def complete(*of: Any) -> Any:
        add(other, path, (2, [group("y")]), (3, [group("z")]))
        with other.writing():
            other.set_complete(path, SOURCE)
        return look(*of)

    monkeypatch.setattr(index, "_complete", complete)
    assert [number for number, _ in index.layouts(path, SOURCE)] == [1, 2, 3]


def test_a_write_that_fails_leaves_nothing(index: Index) -> None:
    path = noted(index, known())
    with pytest.raises(OverflowError):
        add(index, path, (1, [group("x")]), (2**70, [group("y")]))
    assert index.number_of(Text(Layer.CODE, "x")) is None


def test_other_tables_than_ours_are_damage(index: Index, file: str) -> None:
    index.close()
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'author TEXT', 'author BLOB');"
        )
    with pytest.raises(DamagedError):
        Index(file)


def test_a_text_that_is_not_there_is_damage(index: Index) -> None:
    with pytest.raises(DamagedError):
        list(index.texts([1]))


def test_texts_that_are_where_others_should_be_are_damage(index: Index) -> None:
    path = noted(index, known())
    add(index, path, (1, [group("x")]))
    add(index, path, (2, [group("y")]))
    for change in ("-id", "3 + id"):  # they change places
        index._database.execute(f"UPDATE blocks SET id = {change}")  # noqa: S608
    with pytest.raises(DamagedError):
        shown(index, path, 1)


def test_an_index_in_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    index = open_index(None)
    noted(index, known())
    index.close()
    assert list(tmp_path.iterdir()) == []
