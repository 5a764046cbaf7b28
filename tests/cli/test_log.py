"""`depository log`."""

import re

import pytest

from tests import notebooks as nb
from tests.cli.shell import Shell, notebook


@pytest.fixture
def history(shell: Shell) -> Shell:
    """Four versions, each a day after the one before; of the third only the outputs are new."""
    shell.write("mine.ipynb", "one")
    shell("save", "mine.ipynb", "--time", "2026-03-01T12:00Z", "-m", "first")
    shell.write("mine.ipynb", "two")
    shell("save", "mine.ipynb", "--time", "2026-03-02T12:00Z", "--author", "ada")
    shell.write("mine.ipynb", "two", output="2\n")
    shell("save", "mine.ipynb", "--time", "2026-03-03T12:00Z")
    shell.put("mine.ipynb", b"broken")
    shell("save", "mine.ipynb", "--time", "2026-03-04T12:00Z")
    return shell


def versions(shell: Shell, *options: str) -> list[str]:
    return [record["version"] for record in shell("log", "mine.ipynb", "--json", *options).records]


def test_a_line_says_all_about_a_version(history: Shell) -> None:
    history("publish", "mine.ipynb@v1")
    history("tag", "mine.ipynb@v1", "submitted")
    short = history("log", "--json").records[3]["hash"][:8]
    line = history("log").lines[3]
    size = f"{len(notebook('one'))} B"
    assert line.split() == (
        f"v1 {short} 2026-03-01 12:00 kylek {size} save source (published, submitted) first".split()
    )


def test_the_newest_comes_first(history: Shell) -> None:
    assert versions(history) == ["v4", "v3", "v2", "v1"]
    assert [line.split()[0] for line in history("log", "mine.ipynb").lines] == ["v4", "v3", "v2", "v1"]


def test_it_says_whether_source_changed_or_outputs_only_and_marks_raw_bytes(history: Shell) -> None:
    assert [record["change"] for record in history("log", "--json").records][1:] == ["outputs", "source", "source"]
    lines = history("log").lines
    assert " outputs" in lines[1]
    assert " raw " in lines[0] + " "


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-n", "2"], ["v4", "v3"]),
        (["-n", "0"], []),
        (["--reverse"], ["v1", "v2", "v3", "v4"]),
        (["--reverse", "-n", "2"], ["v3", "v4"]),
        (["--since", "2026-03-02"], ["v4", "v3", "v2"]),
        (["--since", "2026-03-02T12:00:01Z"], ["v4", "v3"]),
        (["--until", "2026-03-02"], ["v2", "v1"]),
        (["--since", "2026-03-02", "--until", "2026-03-03"], ["v3", "v2"]),
        (["--author", "ADA"], ["v2"]),
        (["--author", "nobody"], []),
        (["--source-only"], ["v4", "v2", "v1"]),
        (["--source-only", "-n", "1", "--until", "2026-03-03"], ["v2"]),
    ],
)
def test_versions_can_be_chosen(history: Shell, options: list[str], expected: list[str]) -> None:
    assert versions(history, *options) == expected


def test_events_say_who_did_what(history: Shell) -> None:
    history("publish", "mine.ipynb@v2", "-m", "for Monday")
    history("publish", "mine.ipynb@v3")
    history("tag", "mine.ipynb@v1", "submitted")
    history("unpublish", "mine.ipynb")
    records = history("log", "--events", "--json").records
    assert [(r["event"], r["number"], r["previous"]) for r in records if r["record"] == "event"] == [
        ("unpublish", None, 3),
        ("tag", 1, None),
        ("publish", 3, 2),
        ("publish", 2, None),
    ]
    lines = history("log", "--events").lines
    assert [" ".join(line.split()[4:]) for line in lines[:4]] == [
        "unpublish (it was v3)",
        "tag submitted v1",
        "publish v3 (it was v2)",
        "publish v2 for Monday",
    ]


def test_events_are_left_out_unless_they_are_asked_for(history: Shell) -> None:
    history("publish", "mine.ipynb@v2")
    assert len(history("log").lines) == 4


def test_a_json_object_has_all_that_is_known(history: Shell) -> None:
    record = history("log", "-n", "1", "--until", "2026-03-01", "--json").records[0]
    assert len(record.pop("hash")) == 64
    assert record == {
        "record": "version",
        "path": "kylek/proj/mine.ipynb",
        "version": "v1",
        "number": 1,
        "time": "2026-03-01T12:00:00.000Z",
        "author": "kylek",
        "size": len(notebook("one")),
        "cause": "save",
        "change": "source",
        "kind": "notebook",
        "refs": [],
        "message": "first",
    }


def test_a_notebook_that_was_never_archived_gets_a_sentence(history: Shell) -> None:
    assert "'kylek/proj/other.ipynb'" in history.fails("log", "other.ipynb")


def test_a_time_that_is_none_is_refused(history: Shell) -> None:
    assert "is no date or time" in history.fails("log", "--since", "soon", code=2)


# The history of a cell

FIT = "prior = wide(scale)\nmodel = fit(stars, prior)\nprint(model.mean)"


@pytest.fixture
def cells(shell: Shell) -> Shell:
    """Four versions: a cell is written, edited by ada, run, and moved below a new one."""
    edited = FIT.replace("wide", "narrow")
    shell.write("mine.ipynb", FIT)
    shell("save", "mine.ipynb", "--time", "2026-03-01T12:00Z", "-m", "first")
    shell.write("mine.ipynb", edited)
    shell("save", "mine.ipynb", "--time", "2026-03-02T12:00Z", "--author", "ada")
    ran = nb.code(edited, nb.stream("2\n"), cell_id="cell-0")
    shell.put("mine.ipynb", nb.file_of(nb.notebook(ran)))
    shell("save", "mine.ipynb", "--time", "2026-03-03T12:00Z")
    shell.put("mine.ipynb", nb.file_of(nb.notebook(nb.code("import stars", cell_id="new"), ran)))
    shell("save", "mine.ipynb", "--time", "2026-03-04T12:00Z")
    return shell


def test_the_history_of_a_cell_says_when_it_changed_and_where_it_stood(cells: Shell) -> None:
    assert [line.split() for line in cells("log", "--cell", "2").lines] == [
        ["v2", short(cells, 2), "2026-03-02", "12:00", "ada", "cell", "1", "changed"],
        ["v1", short(cells, 1), "2026-03-01", "12:00", "kylek", "cell", "1", "created", "first"],
    ]


def short(shell: Shell, number: int) -> str:
    records = shell("log", "--json").records
    return str(records[len(records) - number]["hash"][:8])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--cell", "2"], ["v2", "v1"]),
        (["--cell", "2", "--reverse"], ["v1", "v2"]),
        (["--cell", "2", "-n", "1"], ["v2"]),
        (["--cell", "2", "--since", "2026-03-02"], ["v2"]),
        (["--cell", "2", "--until", "2026-03-01"], ["v1"]),
        (["--cell", "2", "--author", "ADA"], ["v2"]),
        (["--cell", "2", "--output"], ["v3"]),
        (["--cell", "2", "--output", "--source-only"], []),
        (["--cell", "1"], ["v4"]),
    ],
)
def test_steps_can_be_chosen_as_versions_can(cells: Shell, options: list[str], expected: list[str]) -> None:
    assert versions(cells, *options) == expected


def test_a_version_may_say_which_cell_is_meant(cells: Shell) -> None:
    assert [line.split()[0] for line in cells("log", "mine.ipynb@v1", "--cell", "1").lines] == ["v1"]
    assert [line.split()[0] for line in cells("log", "v3", "--cell", "cell-0").lines] == ["v2", "v1"]


def test_a_patch_shows_how_the_source_changed(cells: Shell) -> None:
    lines = cells("log", "--cell", "2", "--patch").lines
    assert lines[1:5] == [
        "- prior = wide(scale)",
        "+ prior = narrow(scale)",
        "  model = fit(stars, prior)",
        "  print(model.mean)",
    ]
    assert lines[5] == ""
    assert lines[7:] == [f"+ {line}" for line in FIT.split("\n")]


def test_outputs_are_told_by_kind_and_hash(cells: Shell) -> None:
    (line,) = cells("log", "--cell", "2", "--output").lines
    assert re.search(r"  cell 1  text/plain [0-9a-f]{8}$", line)


def test_a_json_object_has_the_cell_as_it_was(cells: Shell) -> None:
    first, second = cells("log", "--cell", "2", "--json").records
    whole = cells("log", "--json").records[2]
    assert first == {
        **whole,
        "record": "cell",
        "cell": 1,
        "id": "cell-0",
        "cell_kind": "code",
        "status": "changed",
        "parts": [1],
        "origin": None,
        "source": FIT.replace("wide", "narrow"),
        "before": FIT,
        "outputs": [],
    }
    assert (second["status"], second["before"]) == ("created", None)
    (output,) = cells("log", "--cell", "2", "--output", "--json").records[0]["outputs"]
    assert (output["kind"], output["name"], list(output["values"])) == ("stream", "stdout", ["text/plain"])


def test_a_copied_cell_is_followed_to_another_notebook_if_asked(cells: Shell) -> None:
    cells.write("copy.ipynb", FIT)
    cells("save", "copy.ipynb", "--time", "2026-03-05T12:00Z")
    assert [line.split()[0] for line in cells("log", "copy.ipynb", "--cell", "1").lines] == ["v1"]
    copied, created = cells("log", "copy.ipynb", "--cell", "1", "--copies").lines
    assert "copied from mine.ipynb@v1" in copied
    assert created.split()[0] == "mine.ipynb@v1"
    record = cells("log", "copy.ipynb", "--cell", "1", "--copies", "--json").records[0]
    assert record["origin"] == {"path": "kylek/proj/mine.ipynb", "version": "v1"}


@pytest.mark.parametrize("option", ["--output", "--copies", "--patch"])
def test_what_is_about_a_cell_asks_which(cells: Shell, option: str) -> None:
    assert "say which with --cell" in cells("log", option, code=2).err


def test_a_cell_has_no_events(cells: Shell) -> None:
    assert "--events" in cells("log", "--cell", "1", "--events", code=2).err


def test_a_cell_that_is_not_there_gets_a_sentence(cells: Shell) -> None:
    assert cells.fails("log", "--cell", "9") == "v4 of 'kylek/proj/mine.ipynb' has 2 cells, and no cell 9."
