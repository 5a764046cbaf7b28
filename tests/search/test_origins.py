"""Where a cell was first, told by the index."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from depository import Depository, listing
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.lineage.origins import Origin, Origins
from depository.search.index import Index
from depository.search.indexed import BATCH, Cache
from depository.search.origins import IndexOrigins
from depository.search.query import Telling
from depository.search.updating import Store
from tests.api.stores import START, found
from tests.notebooks import code, file_of, markdown, notebook

LATER = round((START + 1_000_000_000) * 1000)


@contextmanager
def origins(depo: Depository, index: str | None = None) -> Iterator[Origins]:
    store = Store(depo._backend, depo._commits, depo._objects)
    lines = lambda: listing.notebooks(depo._backend, "", deleted=True)  # noqa: E731
    with closing(IndexOrigins(store, lines, Cache(index), Telling())) as made:
        yield made


@pytest.fixture
def depo() -> Iterator[Depository]:
    with found(Metering(MemoryBackend())) as opened:
        yield opened


def save(depo: Depository, path: str, *sources: str) -> int:
    """Save a notebook; when that was, in milliseconds."""
    version = depo.save(path, file_of(notebook(*(code(source) for source in sources))))
    return round(version.time.timestamp() * 1000)


def test_the_earliest_version_that_has_the_cell_is_its_origin(depo: Depository) -> None:
    save(depo, "b.ipynb", "other")
    save(depo, "b.ipynb", "other", "x = 1")
    save(depo, "a.ipynb", "x = 1")
    with origins(depo) as known:
        assert known.earlier("code", "x = 1", LATER, "a.ipynb") == Origin("b.ipynb", 2)


def test_only_what_is_older_counts(depo: Depository) -> None:
    first = save(depo, "a.ipynb", "x = 1")
    second = save(depo, "b.ipynb", "x = 1")
    with origins(depo) as known:
        assert known.earlier("code", "x = 1", second, "b.ipynb") == Origin("a.ipynb", 1)
        assert known.earlier("code", "x = 1", first, "a.ipynb") is None


def test_what_nobody_had_has_no_origin(depo: Depository) -> None:
    save(depo, "a.ipynb", "x = 1")
    with origins(depo) as known:
        assert known.earlier("code", "x = 2", LATER, "a.ipynb") is None
        assert known.earlier("markdown", "x = 1", LATER, "a.ipynb") is None


def test_deleted_notebooks_count_and_markdown_cells(depo: Depository) -> None:
    depo.save("a.ipynb", file_of(notebook(markdown("# Title"))))
    depo.delete("a.ipynb")
    with origins(depo) as known:
        assert known.earlier("markdown", "# Title", LATER, "b.ipynb") == Origin("a.ipynb", 1)


def test_the_store_is_read_once_and_not_before_something_is_asked(depo: Depository) -> None:
    for number in range(5):
        save(depo, "a.ipynb", f"x = {number}")
    metered = depo._backend
    assert isinstance(metered, Metering)
    metered.reset()
    with origins(depo) as known:
        assert not metered.log
        known.earlier("code", "x = 1", LATER, "a.ipynb")
        calls = len(metered.log)
        assert known.earlier("code", "x = 3", LATER, "a.ipynb") == Origin("a.ipynb", 4)
        assert len(metered.log) == calls


def test_an_index_that_is_damaged_meanwhile_is_made_anew(depo: Depository, tmp_path: Path) -> None:
    save(depo, "a.ipynb", "x = 1")
    file = str(tmp_path / "index")
    with origins(depo, file) as known:
        known.earlier("code", "x = 2", LATER, "a.ipynb")
        other = Index(file)
        other._database.execute("DROP TABLE blocks")
        other.close()
        assert known.earlier("code", "x = 1", LATER, "a.ipynb") == Origin("a.ipynb", 1)


def test_what_was_asked_of_an_index_before_it_was_thrown_away_is_asked_again(depo: Depository, tmp_path: Path) -> None:
    for number in range(BATCH + 2):
        save(depo, f"n{number:02}.ipynb", f"x = {number}")
    file = str(tmp_path / "index")
    with origins(depo, file) as known:
        assert known.earlier("code", "x = 1", LATER, "z.ipynb") == Origin("n01.ipynb", 1)
    other = Index(file)
    other._database.execute(f"UPDATE paths SET state = 77 WHERE path = 'n{BATCH + 1:02}.ipynb'")  # noqa: S608
    other.close()
    with origins(depo, file) as known:
        assert known.earlier("code", "x = 1", LATER, "z.ipynb") == Origin("n01.ipynb", 1)


@pytest.mark.parametrize("damage", ["no rows in the page", "another key", "a key that is text"])
def test_a_text_that_the_index_no_longer_finds_is_missed(depo: Depository, tmp_path: Path, damage: str) -> None:
    save(depo, "a.ipynb", "x = 1")
    file = str(tmp_path / "index")
    with origins(depo, file) as known:
        assert known.earlier("code", "x = 1", LATER, "z.ipynb") == Origin("a.ipynb", 1)
    with closing(sqlite3.connect(file)) as database:
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'digests'").fetchone()
        if damage != "no rows in the page":
            key = "x'00'" if damage == "another key" else "'text'"
            database.execute(f"UPDATE digests SET digest = {key}")  # noqa: S608
            database.commit()
    if damage == "no rows in the page":
        with open(file, "r+b") as there:
            there.seek((page - 1) * size + 3)
            there.write(bytes(2))
    with origins(depo, file) as known:
        assert known.earlier("code", "x = 1", LATER, "z.ipynb") == Origin("a.ipynb", 1)
