"""`depository log`."""

import pytest

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
