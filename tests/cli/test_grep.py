"""`depository grep`."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from depository.cli.commands.grep import excerpt
from depository.cli.console import Console
from depository.cli.text import width
from depository.search.patterns import Pattern
from depository.search.query import Match
from tests.cli.shell import Shell, notebook


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """Three notebooks, one of them below and one beside the others' directory."""
    for name in ("a.ipynb", "sub/b.ipynb", "../c.ipynb"):
        shell.write(name, "import numpy", f"plt.savefig('{name}')\nx = 1")
        shell("save", name)
    return shell


def test_the_newest_versions_from_here_downwards_are_searched(saved: Shell) -> None:
    assert saved("grep", "savefig").lines == [
        "a.ipynb cell 2: plt.savefig('a.ipynb')",
        "sub/b.ipynb cell 2: plt.savefig('sub/b.ipynb')",
    ]


def test_files_directories_and_parts_of_the_depository_can_be_named(saved: Shell) -> None:
    assert saved("grep", "-l", "savefig", "a.ipynb").lines == ["a.ipynb"]
    assert saved("grep", "-l", "savefig", "sub", "a.ipynb").lines == ["a.ipynb", "sub/b.ipynb"]
    assert saved("grep", "-l", "savefig", "..").lines == [":/kylek/c.ipynb", "a.ipynb", "sub/b.ipynb"]
    assert saved("grep", "-l", "savefig", ":/kylek/proj/sub").lines == ["sub/b.ipynb"]
    assert len(saved("grep", "-l", "savefig", ":/").lines) == 3


def test_nothing_found_is_told_by_the_exit_code_alone(saved: Shell) -> None:
    assert saved("grep", "nowhere", code=1) == (1, "", "")
    assert saved("grep", "-c", "nowhere", code=1).out == ""
    assert saved("grep", "--json", "nowhere", code=1).out == ""


def test_where_nothing_is_archived_nothing_can_be_found(saved: Shell) -> None:
    saved.write("new.ipynb", "savefig")
    assert saved.fails("grep", "savefig", "new.ipynb") == "No notebook is archived under 'new.ipynb'."
    assert saved.fails("grep", "x", ":/nobody") == "No notebook is archived under ':/nobody'."


def test_a_pattern_that_is_none_is_told_with_its_place(saved: Shell) -> None:
    sentence = saved.fails("grep", "x = (1", code=2)
    assert sentence.startswith("'x = (1' is no regular expression: ")
    assert "at position 4" in sentence
    assert saved("grep", "-F", "('a").lines == ["a.ipynb cell 2: plt.savefig('a.ipynb')"]


def test_case_words_and_plain_text_can_be_asked_for(saved: Shell) -> None:
    assert saved("grep", "SAVEFIG", code=1).out == ""
    assert len(saved("grep", "-i", "SAVEFIG").lines) == 2
    assert saved("grep", "-w", "save", code=1).out == ""
    assert len(saved("grep", "-iwF", "plt.SAVEFIG").lines) == 2


def test_lines_are_counted_and_cut_short_on_demand(saved: Shell) -> None:
    saved.write("a.ipynb", "x1\nx2", "x3")
    saved("save", "a.ipynb")
    assert saved("grep", "-c", "x").lines == ["a.ipynb: 3", "sub/b.ipynb: 1"]
    assert saved("grep", "-n", "2", "x").lines == ["a.ipynb cell 1: x1", "a.ipynb cell 1: x2"]
    assert saved("grep", "-l", "-n", "1", "x").lines == ["a.ipynb"]
    assert saved("grep", "-n", "1", "--json", "x").records[0]["line"] == "x1"


@pytest.mark.parametrize(
    "words", [("-l", "-c"), ("-l", "--json"), ("--removed", "--published"), ("--all-versions", "--removed")]
)
def test_what_cannot_be_meant_together_is_refused(saved: Shell, words: tuple[str, ...]) -> None:
    assert "Ask for one of" in saved("grep", *words, "x", code=2).err


def test_every_version_tells_which_ones_have_the_line(saved: Shell) -> None:
    for source in ("x = 1", "y", "x = 1", "x = 2"):
        saved.write("a.ipynb", source)
        saved("save", "a.ipynb")
    assert saved("grep", "--all-versions", "^x", "a.ipynb").lines == [
        "a.ipynb@v5 cell 1: x = 2",
        "a.ipynb@v4 cell 1 (v1-v2, v4): x = 1",
    ]


def test_what_is_gone_comes_with_the_way_back(saved: Shell) -> None:
    saved.write("a.ipynb", "import numpy")
    saved("save", "a.ipynb")
    lines = saved("grep", "--removed", "savefig|x", "a.ipynb").lines
    assert lines[:2] == ["a.ipynb@v1 cell 2: plt.savefig('a.ipynb')", "a.ipynb@v1 cell 2: x = 1"]
    assert lines[2].startswith("    v1 of 20")
    assert lines[2].endswith(", by kylek, was the last to have it: depository restore a.ipynb@v1 --cell 2")
    assert len(lines) == 3


def test_a_deleted_notebook_comes_back_whole(saved: Shell) -> None:
    saved("rm", "a.ipynb")
    lines = saved("grep", "--removed", "savefig").lines
    assert lines[0] == "a.ipynb@v1 cell 2 (deleted): plt.savefig('a.ipynb')"
    assert lines[1].endswith("was the last to have it: depository restore a.ipynb@v1")


def test_the_way_back_can_be_pasted_whatever_the_name(saved: Shell) -> None:
    for sources in (["lost"], ["kept"]):
        saved.write("my data.ipynb", *sources)
        saved("save", "my data.ipynb")
    assert saved("grep", "--removed", "lost").lines[1].endswith("depository restore 'my data.ipynb@v1' --cell 1")


def test_published_versions_can_be_searched(saved: Shell) -> None:
    saved("publish", "a.ipynb@v1")
    saved.write("a.ipynb", "new")
    saved("save", "a.ipynb")
    assert saved("grep", "--published", "savefig").lines == ["a.ipynb@v1 cell 2: plt.savefig('a.ipynb')"]
    assert saved("grep", "--scheduled", "savefig", code=1).out == ""


def test_a_time_asks_for_every_version_since(saved: Shell) -> None:
    assert saved("grep", "--since", "1 hour ago", "savefig", "a.ipynb").lines == [
        "a.ipynb@v1 cell 2: plt.savefig('a.ipynb')"
    ]
    assert saved("grep", "--since", "2199-01-01", "savefig", code=1).out == ""
    assert "is no date or time" in saved.fails("grep", "--since", "some day", "x", code=2)


def test_layers_are_searched_as_asked_for(saved: Shell) -> None:
    saved.put("a.ipynb", notebook("x code", output="x output\n", metadata={"title": "x metadata"}))
    saved("save", "a.ipynb")
    assert saved("grep", "x [com]", "a.ipynb").lines == ["a.ipynb cell 1: x code"]
    assert saved("grep", "--outputs", "x [com]", "a.ipynb").lines == ["a.ipynb cell 1 output: x output"]
    assert saved("grep", "--metadata", "x [com]", "a.ipynb").lines == ['a.ipynb metadata:  "title": "x metadata"']
    assert len(saved("grep", "--source", "--outputs", "--metadata", "x [com]", "a.ipynb").lines) == 3
    assert saved("grep", "--markdown", "x", "a.ipynb", code=1).out == ""


def test_json_has_an_object_for_each_line(saved: Shell) -> None:
    record = saved("grep", "--all-versions", "--json", "savefig", "a.ipynb").records[0]
    assert record.pop("time").endswith("Z")
    assert record == {
        "record": "match",
        "path": "kylek/proj/a.ipynb",
        "version": "v1",
        "number": 1,
        "versions": [[1, 1]],
        "cell": 2,
        "layer": "code",
        "row": 1,
        "line": "plt.savefig('a.ipynb')",
        "spans": [[4, 11]],
        "author": "kylek",
        "deleted": False,
    }


def test_names_and_matches_have_colours_where_they_are_wanted(saved: Shell) -> None:
    line = saved("grep", "--color", "always", "fig", "a.ipynb").lines[0]
    assert line == "\x1b[36ma.ipynb\x1b[0m cell 2: plt.save\x1b[1;31mfig\x1b[0m('a.ipynb')"


def test_nothing_in_a_line_can_drive_a_terminal(saved: Shell) -> None:
    saved.write("a.ipynb", "x\x1b[2J\x07\u202ey\tz\x9b")
    saved("save", "a.ipynb")
    line = saved("grep", "x", "a.ipynb").lines[0]
    assert line == "a.ipynb cell 1: x\\x1b[2J\\x07\\u202ey\tz\\x9b"
    assert json.loads(saved("grep", "--json", "x", "a.ipynb").out.encode("ascii"))["line"].startswith("x\x1b")


def test_the_index_is_kept_in_the_users_cache_and_can_be_made_anew(saved: Shell) -> None:
    saved("grep", "savefig")
    (index,) = (saved.home / ".cache" / "depository").glob("*.index")
    index.write_bytes(b"no index")
    assert len(saved("grep", "savefig").lines) == 2
    assert len(saved("grep", "--reindex", "savefig").lines) == 2
    assert index.stat().st_mode & 0o777 == 0o600


def test_a_search_works_where_there_is_no_cache(saved: Shell) -> None:
    saved.setenv("XDG_CACHE_HOME", str(saved.put("file", b"")))
    assert len(saved("grep", "savefig").lines) == 2


def test_what_is_damaged_is_named_and_the_rest_is_searched(saved: Shell) -> None:
    saved.write("a.ipynb", "savefig anew")
    saved("save", "a.ipynb")
    digest = saved("log", "a.ipynb", "--json").records[0]["hash"]
    (blob,) = (file for file in Path(saved.store).rglob("*") if digest[2:12] in file.name)
    os.chmod(blob, 0o600)
    blob.write_bytes(b"damage")
    result = saved("grep", "--all-versions", "savefig")
    assert result.lines == [
        "a.ipynb@v1 cell 2: plt.savefig('a.ipynb')",
        "sub/b.ipynb@v1 cell 2: plt.savefig('sub/b.ipynb')",
    ]
    assert result.err.startswith("depository: v2 of 'kylek/proj/a.ipynb' is not searched: ")
    assert result.err.count("\n") == 1


def test_paths_are_completed(saved: Shell) -> None:
    result = saved.complete(_DEPOSITORY_COMPLETE="fish_complete", COMP_WORDS="depository\ngrep\nx", COMP_CURRENT="s")
    assert result.lines == ["sub/"]


def test_on_a_terminal_a_notebooks_name_stands_above_its_lines(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(Console):
        def __init__(self, environ: Mapping[str, str], colour: str | None = None, *, paging: bool = True) -> None:
            super().__init__(environ, "never", paging=paging)
            self.is_terminal = True

    monkeypatch.setattr("depository.cli.session.Console", Terminal)
    saved.setenv("COLUMNS", "50")
    saved.write("a.ipynb", "x = 1", "y = " + "1 + " * 20 + "x")
    saved("save", "a.ipynb")
    assert saved("grep", "x").lines == [
        "a.ipynb",
        "  cell 1: x = 1",
        "  cell 2: … 1" + " + 1" * 8 + " + x",
        "",
        "sub/b.ipynb",
        "  cell 2: x = 1",
    ]
    assert saved("grep", "--all-versions", "savefig", "a.ipynb").lines[1] == "  v1 cell 2: plt.savefig('a.ipynb')"


def match(line: str, pattern: str) -> Match:
    (found,) = Pattern(pattern).lines(line)
    return Match("a", 1, ((1, 1),), 1, 1, found.line, Pattern(pattern).spans(found), "code", None, "", deleted=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("room", [30, 31, 47, 80])
@pytest.mark.parametrize("before", [0, 1, 20, 500_000])
@pytest.mark.parametrize("after", [0, 1, 500_000])
@pytest.mark.parametrize("letter", ["a", "字"])
def test_a_line_is_cut_to_what_is_around_its_first_match(room: int, before: int, after: int, letter: str) -> None:
    shown = excerpt(match(letter * before + "needle" + letter * after, "needle"), room, lambda text: f"<{text}>")
    assert "<needle>" in shown
    plain = shown.replace("<", "").replace(">", "")
    assert width(plain) <= room
    assert plain.startswith(("…", letter * before + "needle"))
    assert plain.endswith(("…", "needle" + letter * after))


def test_a_line_is_whole_where_there_is_room() -> None:
    assert excerpt(match("a needle\t ", "needle"), None, str.upper) == "a NEEDLE"
    assert excerpt(match("é" * 1000 + "x", "x"), None, str.upper) == "é" * 1000 + "X"


def test_a_match_that_is_cut_shows_its_start() -> None:
    assert excerpt(match("x" * 1000, "x+"), 30, lambda text: f"<{text}>") == f"<{'x' * 28}>…"
