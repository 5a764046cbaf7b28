"""Finding lines in the newest versions, in all of them, and those that are gone."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from depository import Depository, Draft
from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.errors import InvalidInput
from depository.history import manifest as manifests
from depository.notebook.skeleton import TEXT_FLOOR
from depository.objects.store import key_of
from depository.search.query import How, Layer, Match, Query, Telling, Versions
from depository.search.updating import WAVE
from tests.api.stores import START, alter, depository_on, found
from tests.api.waves import Waves
from tests.notebooks import code, file_of, markdown, notebook, stream

PATH = "kylek/analysis.ipynb"


@pytest.fixture
def index(tmp_path: Path) -> str:
    """The file of an index, which is not there yet."""
    return str(tmp_path / "cache" / "store.index")


def save(depo: Depository, *sources: str, path: str = PATH, **details: Any) -> None:
    """Save a notebook with a code cell for each source."""
    cells = (code(source, cell_id=f"c{number}") for number, source in enumerate(sources))
    depo.save(path, file_of(notebook(*cells)), **details)


def lines(depo: Depository, pattern: str, **more: Any) -> list[str]:
    """The matching lines of the newest versions."""
    return [match.line for match in depo.grep(pattern, **more)]


def everywhere(depo: Depository, pattern: str, **more: Any) -> list[tuple[str, str, tuple[tuple[int, int], ...]]]:
    """The matching lines of all versions: path, line, versions."""
    query = Query(pattern, versions=Versions.ALL)
    return [(match.path, match.line, match.ranges) for match in depo.grep(query, **more)]


def removed(depo: Depository, pattern: str, **more: Any) -> list[tuple[str, int, int | None, str]]:
    """The matching lines that are gone: path, the version that had it last, the cell there, line."""
    query = Query(pattern, versions=Versions.REMOVED, **more)
    return [(match.path, match.number, match.cell, match.line) for match in depo.grep(query)]


# The newest versions


def test_a_match_tells_where_it_is_and_whose_version_it_is(depo: Depository) -> None:
    when = datetime(2026, 11, 1, 12, tzinfo=UTC)
    save(depo, "import os", "x = 1\nplt.savefig(x)", author="ada", time=when)

    assert list(depo.grep("savefig")) == [
        Match(PATH, 1, ((1, 1),), 2, 2, "plt.savefig(x)", ((4, 11),), "code", when, "ada", deleted=False)
    ]
    assert next(depo.grep("savefig")).version == "v1"


def test_only_the_newest_version_is_searched(depo: Depository) -> None:
    save(depo, "old")
    save(depo, "new")

    assert lines(depo, "old|new") == ["new"]


def test_notebooks_come_by_path_and_lines_by_cell(depo: Depository) -> None:
    for path in ("b.ipynb", "a.ipynb"):
        save(depo, "x1\nx2", "y", "x3", path=path)

    found = [(match.path, match.cell, match.line) for match in depo.grep("x")]
    assert found == [(path, *place) for path in ("a.ipynb", "b.ipynb") for place in ((1, "x1"), (1, "x2"), (3, "x3"))]


def test_a_part_of_the_depository_can_be_searched_or_several(depo: Depository) -> None:
    for path in ("a/x.ipynb", "a/y.ipynb", "ab/x.ipynb", "b.ipynb", "c.ipynb"):
        save(depo, path, path=path)

    assert lines(depo, "ipynb", prefix="a") == ["a/x.ipynb", "a/y.ipynb"]
    assert lines(depo, "ipynb", prefix="a/y.ipynb") == ["a/y.ipynb"]
    assert lines(depo, "ipynb", prefix=["b.ipynb", "a/x.ipynb", "a", "b.ipynb"]) == [
        "a/x.ipynb",
        "a/y.ipynb",
        "b.ipynb",
    ]
    assert len(lines(depo, "ipynb", prefix=["", "a"])) == 5
    assert lines(depo, "ipynb", prefix="nowhere") == []


def test_layers_are_searched_as_asked_for(depo: Depository) -> None:
    cells = code("x code", stream("x output\n")), markdown("x markdown")
    content = notebook(*cells, title="x metadata")
    depo.save(PATH, file_of(content))

    for layer in Layer:
        found = list(depo.grep(Query("x", layers=frozenset({layer}))))
        assert [(match.line.strip(' ",'), match.layer) for match in found if "x" in match.line] == [
            (found[0].line.strip(' ",'), layer.name.lower())
        ], layer
    everything = list(depo.grep(Query("x [a-z]", layers=frozenset(Layer))))
    assert [(match.layer, match.cell) for match in everything] == [
        ("metadata", None),
        ("code", 1),
        ("outputs", 1),
        ("markdown", 2),
    ]
    assert lines(depo, "x [a-z]") == ["x code", "x markdown"]


def test_deleted_notebooks_have_no_newest_version(depo: Depository) -> None:
    save(depo, "x")
    depo.delete(PATH)

    assert lines(depo, "x") == []
    depo.undelete(PATH)
    assert lines(depo, "x") == ["x"]


def test_a_renamed_notebook_is_found_under_its_new_name_only(depo: Depository, index: str) -> None:
    save(depo, "x")
    assert everywhere(depo, "x", index=index) == [(PATH, "x", ((1, 1),))]
    depo.rename(PATH, "new.ipynb")

    for file in (index, None):
        assert everywhere(depo, "x", index=file) == [("new.ipynb", "x", ((1, 1),))]
        assert removed(depo, "x") == []


def test_a_raw_version_is_searched_as_text(depo: Depository) -> None:
    depo.save(PATH, b"<<<<<<< HEAD\nx = 1\n")

    (match,) = depo.grep("x")
    assert (match.line, match.cell, match.layer) == ("x = 1", None, "code")


def test_a_large_text_is_searched_like_others(depo: Depository) -> None:
    save(depo, "# long\n" + "word " * (TEXT_FLOOR // 5 + 1) + "\nneedle")

    assert lines(depo, "needle") == ["needle"]


def test_published_versions_are_those_that_are_published_now(depo: Depository, index: str) -> None:
    for number in range(1, 6):
        save(depo, f"x{number}")
    depo.promote(PATH, "v2", "published")
    query = Query("x", versions=Versions.PUBLISHED)

    assert [match.line for match in depo.grep(query, index=index)] == ["x2"]
    depo.promote(PATH, "v4", "published")
    assert [match.line for match in depo.grep(query, index=index)] == ["x4"]
    depo.withdraw(PATH, "published")
    assert list(depo.grep(query, index=index)) == []


def test_a_published_version_may_lie_far_back_in_the_pages(depo: Depository, index: str) -> None:
    depo.save_all(PATH, [Draft(file_of(notebook(code(f"x{number}")))) for number in range(150)])
    depo.promote(PATH, "v3", "published")

    assert lines(depo, "x", index=index) == ["x149"]
    assert [match.line for match in depo.grep(Query("x", versions=Versions.PUBLISHED), index=index)] == ["x2"]
    assert len(everywhere(depo, "x", index=index)) == 150


def test_how_a_pattern_is_read_can_be_said(depo: Depository) -> None:
    save(depo, "a.b", "axb", "A.B", "a.bc")

    def found(how: How) -> list[str]:
        return [match.line for match in depo.grep(Query("a.b", how=how))]

    assert found(How.REGEX) == ["a.b", "axb", "a.bc"]
    assert found(How.FIXED) == ["a.b", "a.bc"]
    assert found(How.FIXED | How.WORD) == ["a.b"]
    assert found(How.FIXED | How.WORD | How.IGNORE_CASE) == ["a.b", "A.B"]


def test_a_pattern_that_is_none_is_refused_at_once(depo: Depository) -> None:
    with pytest.raises(InvalidInput, match="is no regular expression"):
        depo.grep("(")


# Every version


def test_each_line_comes_once_with_the_versions_that_have_it(depo: Depository) -> None:
    for sources in (["x = 1"], ["x = 1", "y"], ["x = 2"], ["y\nx = 1"], ["y\nx = 1", "z"]):
        save(depo, *sources)

    assert everywhere(depo, "x") == [(PATH, "x = 1", ((1, 2), (4, 5))), (PATH, "x = 2", ((3, 3),))]
    first = next(depo.grep(Query("x", versions=Versions.ALL)))
    assert (first.number, first.cell, first.row) == (5, 1, 2)


def test_a_version_that_was_only_run_again_has_the_lines_of_the_one_before(depo: Depository, index: str) -> None:
    for count in range(1, 5):
        depo.save(PATH, file_of(notebook(code("x", stream(f"run {count}\n"), count=count))))
        assert everywhere(depo, "x", index=index) == [(PATH, "x", ((1, count),))]
    query = Query("run", versions=Versions.ALL, layers=frozenset({Layer.OUTPUTS}))
    assert [(m.line, m.ranges) for m in depo.grep(query, index=index)] == [
        (f"run {count}", ((count, count),)) for count in (4, 3, 2, 1)
    ]


def test_deleted_notebooks_have_versions_all_the_same(depo: Depository) -> None:
    save(depo, "x")
    depo.delete(PATH)

    (match,) = depo.grep(Query("x", versions=Versions.ALL))
    assert match.deleted


def test_only_versions_from_a_time_on_can_be_asked_for(depo: Depository) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for day in range(5):
        save(depo, f"x{day // 2}", f"y{day}", time=start + timedelta(days=day))

    query = Query("x", versions=Versions.ALL, since=start + timedelta(days=1))
    assert [(match.line, match.ranges) for match in depo.grep(query)] == [
        ("x2", ((5, 5),)),
        ("x1", ((3, 4),)),
        ("x0", ((2, 2),)),
    ]
    assert list(depo.grep(Query("x", since=start + timedelta(days=9)))) == []
    assert len(list(depo.grep(Query("x", since=datetime(2026, 11, 5))))) == 1  # noqa: DTZ001 - in UTC then


# What is gone


def test_a_line_that_is_in_no_cell_any_more_is_gone_since_the_version_that_had_it_last(depo: Depository) -> None:
    save(depo, "import os", "def lost():\n    return 1")
    save(depo, "import os", "a", "def lost():\n    return 1")
    save(depo, "import os", "a")

    assert removed(depo, "lost") == [(PATH, 2, 3, "def lost():")]
    assert removed(depo, "import") == []


def test_what_has_moved_is_not_gone(depo: Depository) -> None:
    save(depo, "def kept():\n    return 1", "b")
    save(depo, "b", "# more\nif True:\n    def kept():\n        return 1")

    assert removed(depo, "kept|return") == []


def test_what_has_come_back_is_not_gone(depo: Depository) -> None:
    for source in ("x", "y", "x"):
        save(depo, source)

    assert removed(depo, "x|y") == [(PATH, 2, 1, "y")]


def test_all_lines_of_a_deleted_notebook_are_gone(depo: Depository) -> None:
    save(depo, "x", "")
    save(depo, "x", "x2")
    depo.delete(PATH)

    assert removed(depo, "x") == [(PATH, 2, 1, "x"), (PATH, 2, 2, "x2")]


def test_what_went_from_a_time_on_can_be_asked_for(depo: Depository) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for day, source in enumerate(("x1", "x2", "x3")):
        save(depo, source, time=start + timedelta(days=day))

    assert [line for *_, line in removed(depo, "x", since=start + timedelta(days=2))] == ["x2"]
    assert [line for *_, line in removed(depo, "x", since=start + timedelta(days=3))] == []


def test_what_was_deleted_from_a_time_on_can_be_asked_for() -> None:
    with found(MemoryBackend()) as depo:
        save(depo, "x", time=datetime(2020, 1, 1, tzinfo=UTC))
        depo.delete(PATH)  # at the clock's time
        now = datetime.fromtimestamp(START, UTC)

        assert removed(depo, "x", since=now) == [(PATH, 1, 1, "x")]
        assert removed(depo, "x", since=now + timedelta(days=9)) == []


def test_outputs_can_be_gone_too(depo: Depository) -> None:
    for text in ("0.71\n", "0.69\n"):
        depo.save(PATH, file_of(notebook(code("score()", stream(text)))))

    assert removed(depo, "0", layers=frozenset({Layer.OUTPUTS})) == [(PATH, 1, 1, "0.71")]


# What it asks of the store


def asked(metered: Metering) -> Counter[str]:
    """How often each kind of object was asked for since the last reset."""
    return Counter(f"{call.operation} {call.key.split('/')[0]}" for call in metered.log)


@pytest.mark.parametrize("versions", Versions)
def test_a_second_search_is_one_listing(metered: Metering, index: str, versions: Versions) -> None:
    with found(metered) as depo:
        for number in range(20):
            save(depo, f"x{number}", path=f"{number % 3}.ipynb")
        depo.promote("1.ipynb", "v2", "published")
    query = Query("x", versions=versions)
    first = list(depository_on(metered).grep(query, index=index))
    metered.reset()

    assert list(depository_on(metered).grep(query, index=index)) == first
    assert asked(metered) == {"list manifests": 1}


def test_after_a_save_the_next_search_reads_its_manifest_and_its_blob(metered: Metering, index: str) -> None:
    with found(metered) as depo:
        for number in range(40):
            save(depo, f"x{number}", path=f"{number % 4}.ipynb")
        everywhere(depo, "x", index=index)
        save(depo, "x new", path="2.ipynb")
    fresh = depository_on(metered)
    metered.reset()

    assert everywhere(fresh, "new", index=index) == [("2.ipynb", "x new", ((11, 11),))]
    asked_for = asked(metered)
    assert asked_for.pop("get objects") <= 11  # what it builds on among them
    assert asked_for == {"list manifests": 1, "get manifests": 1}


def test_a_version_that_was_only_run_again_is_not_read(metered: Metering, index: str) -> None:
    with found(metered) as depo:
        save(depo, "x")
        everywhere(depo, "x", index=index)
        for count in range(5):
            depo.save(PATH, file_of(notebook(code("x", stream(f"{count}\n")))))
    metered.reset()

    assert everywhere(depository_on(metered), "x", index=index) == [(PATH, "x", ((1, 6),))]
    assert asked(metered) == {"list manifests": 1, "get manifests": 1}


def test_the_newest_versions_are_found_without_reading_older_ones(metered: Metering) -> None:
    with found(metered) as depo:
        depo.save_all(PATH, [Draft(file_of(notebook(code(f"x{number}")))) for number in range(200)])
    metered.reset()

    assert lines(depository_on(metered), "x") == ["x199"]
    assert asked(metered)["get objects"] <= 18  # one, and what it builds on


def test_every_object_is_read_once_when_all_versions_are_searched(metered: Metering) -> None:
    with found(metered) as depo:
        for start in range(0, 200, 40):
            drafts = [Draft(file_of(notebook(code(f"x{number}")))) for number in range(start, start + 40)]
            depo.save_all(PATH, drafts)
    metered.reset()

    assert len(everywhere(depository_on(metered), "x")) == 200
    keys = Counter(call.key for call in metered.log if call.operation == "get")
    assert max(keys.values()) == 1


def test_what_can_be_asked_at_once_is() -> None:
    backend = MemoryBackend()
    with found(backend) as depo:
        for number in range(4):
            drafts = [Draft(file_of(notebook(code(f"x{number}, {step}")))) for step in range(WAVE // 4)]
            depo.save_all(f"{number}.ipynb", drafts)
    keys = [[item.key for item in backend.list(prefix)] for prefix in ("manifests/", "objects/")]
    with depository_on(Waves(backend, keys)) as depo:
        assert len(everywhere(depo, "x")) == WAVE


def test_outputs_are_read_when_they_are_asked_for_first(metered: Metering, index: str) -> None:
    query = Query("out", versions=Versions.ALL, layers=frozenset({Layer.OUTPUTS}))
    with found(metered) as depo:
        for number in range(3):
            depo.save(PATH, file_of(notebook(code("x", stream(f"out {number}\n")))))
        everywhere(depo, "x", index=index)
        metered.reset()

        assert len(list(depository_on(metered).grep(query, index=index))) == 3
        assert asked(metered)["get objects"] == 3
        metered.reset()
        assert len(list(depository_on(metered).grep(query, index=index))) == 3
        assert asked(metered)["get objects"] == 0


def test_a_search_that_is_given_up_keeps_what_it_has_read(metered: Metering, index: str) -> None:
    with found(metered) as depo:
        for number in range(150):
            save(depo, f"x{number}", path=f"{number:03}.ipynb")
    matches = depository_on(metered).grep("x", index=index)
    next(matches)
    matches.close()  # type: ignore[attr-defined]  # it is a generator
    metered.reset()

    assert len(lines(depository_on(metered), "x", index=index)) == 150
    assert asked(metered)["get manifests"] < 150


# The index


def test_the_index_belongs_to_its_user_alone(depo: Depository, index: str) -> None:
    save(depo, "x")
    lines(depo, "x", index=index)

    assert stat.S_IMODE(os.stat(index).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(index)).st_mode) == 0o700


def _truncated(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def _overwritten(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)


def _sql(statement: str) -> Callable[[Path], None]:
    def run(file: Path) -> None:
        with sqlite3.connect(file) as database:
            database.executescript(statement)
        database.close()

    return run


DAMAGE = {
    "no database": lambda file: file.write_bytes(b"This is no database. " * 100),
    "cut in half": _truncated,
    "overwritten": _overwritten,
    "another program's": _sql("PRAGMA application_id = 7"),
    "of another format": _sql("PRAGMA user_version = 999"),
    "without a table": _sql("DROP TABLE blocks"),
    "with another table": _sql("DROP TABLE layouts; CREATE TABLE layouts (a)"),
    "without its texts": _sql("DELETE FROM blocks"),
    "with a table of another make": _sql("ALTER TABLE versions RENAME author TO writer"),
    "with altered texts": _sql("UPDATE blocks SET texts = x'00'"),
    "with altered layouts": _sql("UPDATE layouts SET cells = x'0102'"),
    "with layouts that hang in the air": _sql("UPDATE layouts SET base = 99"),
    "with layouts in a circle": _sql("UPDATE layouts SET base = number"),
    "with altered paths": _sql("UPDATE paths SET state = 77"),
    "with altered refs": _sql("UPDATE paths SET refs = 'no JSON'"),
    "with altered versions": _sql("UPDATE versions SET change = 77"),
    "with altered lists of texts": _sql("UPDATE complete SET texts = x'01'"),
    "with another's name": _sql("UPDATE versions SET author = 'eve' WHERE number = 20"),
    "with another time": _sql("UPDATE versions SET time = time + 1 WHERE number = 20"),
    "with no time": _sql("UPDATE versions SET time = 'never' WHERE number = 20"),
    "without a version": _sql("DELETE FROM versions WHERE number = 20"),
    "without the newest version": _sql("DELETE FROM versions WHERE number = 40"),
    "without a layout": _sql("DELETE FROM layouts WHERE number = 33; UPDATE layouts SET base = NULL WHERE number > 32"),
    "without any layout": _sql("DELETE FROM layouts"),
    "with the layout of another version": _sql("UPDATE layouts SET number = 100 WHERE number = 33"),
    "with the texts of another path": _sql("UPDATE complete SET texts = x'' WHERE path = 2"),
    "with the state of another path": _sql("UPDATE paths SET state = 1 WHERE id = 2"),
    "with the versions of another path": _sql("UPDATE paths SET id = id + 7"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("versions", [Versions.ALL, Versions.REMOVED])
def test_an_index_that_is_damaged_is_made_anew(
    metered: Metering, index: str, damage: Callable[[Path], None], versions: Versions
) -> None:
    with found(metered) as depo:
        drafts = [notebook(code(f"x{number}\ny{number}"), code("x"), code("z" * 5000)) for number in range(40)]
        for path in (PATH, "kylek/other.ipynb", "kylek/third.ipynb"):
            depo.save_all(path, [Draft(draft) for draft in drafts])
        query = Query("x|z", versions=versions)
        before = list(depo.grep(query, index=index))
        damage(Path(index))
        save(depo, "x new")

        for _ in range(2):
            assert list(depo.grep(query, index=index)) == list(depo.grep(query)) != before
        metered.reset()
        list(depository_on(metered).grep(query, index=index))
        assert asked(metered) == {"list manifests": 1}


def test_an_index_can_be_made_anew_by_hand(metered: Metering, index: str) -> None:
    with found(metered) as depo:
        save(depo, "x")
    assert lines(depository_on(metered), "x", index=index) == ["x"]
    metered.reset()

    assert lines(depository_on(metered), "x", index=index) == ["x"]
    assert asked(metered) == {"list manifests": 1}
    assert lines(depository_on(metered), "x", index=index, reindex=True) == ["x"]
    assert asked(metered)["get objects"] == 1


def test_an_index_that_another_process_holds_is_done_without(
    depo: Depository, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depository.search.index._PATIENCE", 0.05)
    save(depo, "x")
    lines(depo, "x", index=index)
    save(depo, "x2")
    with sqlite3.connect(index, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert everywhere(depo, "x", index=index) == [(PATH, "x2", ((2, 2),)), (PATH, "x", ((1, 1),))]
    other.close()


@pytest.mark.parametrize("what", ["a directory", "in a file"])
def test_where_no_index_can_be_kept_the_search_goes_on_without(depo: Depository, tmp_path: Path, what: str) -> None:
    save(depo, "x")
    file = tmp_path / "index"
    if what == "a directory":
        file.mkdir()
    else:
        file.write_text("")
        file = file / "index"
    assert lines(depo, "x", index=str(file)) == ["x"]


def test_two_processes_may_search_at_once(tmp_path: Path, index: str) -> None:
    url = str(tmp_path / "store")
    with Depository.create(url) as depo:
        for path in range(30):
            depo.save_all(
                f"{path}.ipynb", [Draft(file_of(notebook(code(f"x{n}"), code(f"{path}")))) for n in range(20)]
            )
    program = (
        "import sys; from depository import Depository; from depository.search.query import Query, Versions\n"
        "with Depository.open(sys.argv[1]) as depo:\n"
        "    print(len(list(depo.grep(Query('x', versions=Versions.ALL), index=sys.argv[2]))))"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, url, index]
    running = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    assert [process.communicate()[0] for process in running] == ["600\n"] * 3
    assert [process.returncode for process in running] == [0, 0, 0]
    with Depository.open(url) as depo:
        assert len(everywhere(depo, "x", index=index)) == 600


# A path that is another one now


def test_a_history_that_began_anew_is_read_anew(depo: Depository, index: str) -> None:
    for number in range(5):
        save(depo, f"old{number}")
    everywhere(depo, "old", index=index)
    depo.rename(PATH, "elsewhere.ipynb")
    for number in range(8):
        save(depo, f"new{number}")

    matches = everywhere(depo, "old|new", index=index)
    assert sorted(matches) == sorted(
        [("elsewhere.ipynb", f"old{number}", ((number + 1, number + 1),)) for number in range(5)]
        + [(PATH, f"new{number}", ((number + 1, number + 1),)) for number in range(8)]
    )


def test_a_depository_that_was_made_anew_is_read_anew(index: str) -> None:
    for word in ("one", "two"):
        with found(MemoryBackend()) as depo:
            for number in range(3):
                save(depo, f"{word}{number}")
            assert [line for _, line, _ in everywhere(depo, "one|two", index=index)] == [
                f"{word}{n}" for n in (2, 1, 0)
            ]


# Damage in the store


class Told:
    """What a search tells beside its matches."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.shares: list[float] = []
        self.telling = Telling(self.notes.append, self.shares.append)


def damaged(backend: Backend, depo: Depository, version: str, path: str = PATH) -> None:
    backend.put(key_of(bytes.fromhex(depo.resolve(path, version).hash)), b"damage")


def test_a_damaged_version_is_named_and_the_rest_is_searched(backend: Backend, index: str) -> None:
    with found(backend) as depo:
        for number in range(1, 6):
            # nothing that builds on the others
            depo.save(PATH, file_of(notebook(code(f"x{number} " + os.urandom(2000).hex()), code("same"))))
        save(depo, "x", path="other.ipynb")
        damaged(backend, depo, "v5")
    for file in (index, index, None):
        told = Told()
        fresh = depository_on(backend)
        query = Query("x|same", versions=Versions.ALL)
        matches = [(m.path, m.line[:4], m.ranges) for m in fresh.grep(query, index=file, telling=told.telling)]

        assert ("other.ipynb", "x", ((1, 1),)) in matches
        assert (PATH, "same", ((1, 4),)) in matches
        assert len(matches) == 6
        (note,) = told.notes
        assert note.startswith(f"v5 of '{PATH}' is not searched: The object ")
    assert lines(depository_on(backend), "same", index=index) == []
    assert removed(depository_on(backend), "same") == []


def test_damage_is_told_once_though_the_index_has_to_be_made_anew(index: str) -> None:
    backend = MemoryBackend()
    with found(backend) as depo:
        save(depo, "x")
        depo.save(PATH, file_of(notebook(code(os.urandom(2000).hex()))))
        damaged(backend, depo, "v2")
    everywhere(depository_on(backend), "x", index=index)
    DAMAGE["with altered texts"](Path(index))
    told = Told()

    assert everywhere(depository_on(backend), "x", index=index, telling=told.telling) == [(PATH, "x", ((1, 1),))]
    assert len(told.notes) == 1


def test_what_was_damaged_is_searched_once_it_is_whole_again(backend: Backend, index: str) -> None:
    with found(backend) as depo:
        save(depo, "x")
        key = key_of(bytes.fromhex(depo.resolve(PATH).hash))
        whole = backend.get(key, limit=1 << 20).data
        backend.put(key, b"damage")
        assert everywhere(depository_on(backend), "x", index=index) == []
        backend.put(key, whole)
    assert everywhere(depository_on(backend), "x", index=index) == [(PATH, "x", ((1, 1),))]


def test_a_damaged_manifest_is_named_and_the_rest_is_searched(backend: Backend) -> None:
    with found(backend) as depo:
        save(depo, "x")
        save(depo, "x", path="other.ipynb")
        alter(backend, manifests.key_of(PATH), b"damage, of an even length")
        told = Told()
        query = Query("x", versions=Versions.ALL)
        assert [match.path for match in depo.grep(query, telling=told.telling)] == ["other.ipynb"]
    (note,) = told.notes
    assert note.startswith(f"'{PATH}' is not searched: its manifest is damaged: ")


def test_a_damaged_page_takes_only_what_is_older(backend: Backend, index: str) -> None:
    with found(backend) as depo:
        depo.save_all(PATH, [Draft(file_of(notebook(code(f"x{number}")))) for number in range(1, 201)])
        page = key_of(manifests.unpack(backend.get(manifests.key_of(PATH), limit=1 << 20).data).back[0].hash)
        whole = backend.get(page, limit=1 << 20).data
        backend.put(page, b"damage")
    for _ in range(2):
        told = Told()
        query = Query("x", versions=Versions.ALL)
        matches = list(depository_on(backend).grep(query, index=index, telling=told.telling))
        assert [match.number for match in matches][:1] == [200]
        assert 8 <= len(matches) < 200
        (note,) = told.notes
        assert note.startswith(f"What is older than v{matches[-1].number} of '{PATH}' is not searched: ")
    backend.put(page, whole)
    assert len(everywhere(depository_on(backend), "x", index=index)) == 200


def test_a_newest_version_that_is_in_a_damaged_page_is_named_each_time_and_found_once_it_is_whole(
    backend: Backend, index: str
) -> None:
    with found(backend) as depo:
        save(depo, "x")
        for _ in range(50):  # until it is not among the recent entries any more
            depo.promote(PATH, "v1", "published")
            depo.withdraw(PATH, "published")
        page = key_of(manifests.unpack(backend.get(manifests.key_of(PATH), limit=1 << 20).data).back[0].hash)
        whole = backend.get(page, limit=1 << 20).data
        backend.put(page, b"damage")
    for _ in range(2):
        told = Told()
        assert lines(depository_on(backend), "x", index=index, telling=told.telling) == []
        (note,) = told.notes
        assert note.startswith(f"What is older than v2 of '{PATH}' is not searched: ")
    backend.put(page, whole)
    assert lines(depository_on(backend), "x", index=index) == ["x"]


def test_how_far_it_is_is_told_while_versions_are_read(depo: Depository, index: str) -> None:
    for number in range(100):
        save(depo, f"x{number}", path=f"{number}.ipynb")
    told = Told()
    lines(depo, "x", index=index, telling=told.telling)

    assert told.shares == sorted(told.shares)
    assert 0 < told.shares[0] <= told.shares[-1] == 1
    again = Told()
    lines(depo, "x", index=index, telling=again.telling)
    assert again.shares == []
