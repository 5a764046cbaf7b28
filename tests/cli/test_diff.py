"""`depository diff`."""

import os
import re
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from depository.cli.console import Console
from tests.cli.shell import Shell, notebook, process_environ


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """v1 and v2 differ in one of two cells; the file on disk differs from v2 in its outputs."""
    shell.write("mine.ipynb", "one", "same")
    shell("save", "mine.ipynb")
    shell.write("mine.ipynb", "two", "same")
    shell("save", "mine.ipynb")
    shell.write("mine.ipynb", "two", "same", output="out\n")
    return shell


def body(shell: Shell, *words: str) -> list[str]:
    """The lines with - or + before them, the titles left out."""
    lines = shell("diff", *words).lines
    return [line for line in lines if line[:1] in {"-", "+"} and not line.startswith(("---", "+++"))]


@pytest.mark.parametrize(
    "words",
    [
        ["v1", "v2"],
        ["mine.ipynb@v1", "v2"],
        ["mine.ipynb@v1", "mine.ipynb@v2"],
        ["mine.ipynb", "v1", "v2"],
        ["v1", "latest"],
        ["latest~1", "workspace"],
        ["mine.ipynb@v1", "@v2"],
    ],
)
def test_two_versions_are_compared(saved: Shell, words: list[str]) -> None:
    assert body(saved, *words) == ["- one", "+ two"]
    titles = saved("diff", *words).lines[:2]
    assert [title[:17] for title in titles] == ["--- mine.ipynb@v1", "+++ mine.ipynb@v2"]


@pytest.mark.parametrize("words", [[], ["mine.ipynb"], ["v2"], ["mine.ipynb@v2"]])
def test_with_one_version_or_none_the_other_side_is_the_file(saved: Shell, words: list[str]) -> None:
    assert body(saved, *words) == ["+ out", "+ out"]
    assert saved("diff", *words).lines[1] == "+++ mine.ipynb  on disk"


def test_an_earlier_version_is_compared_with_the_file_too(saved: Shell) -> None:
    assert body(saved, "mine.ipynb", "v1")[:2] == ["- one", "+ two"]
    assert body(saved, "v1", "--no-outputs") == ["- one", "+ two"]


def test_content_by_its_hash_is_compared_with_the_file(saved: Shell) -> None:
    digest = saved("log", "--json").records[1]["hash"]
    assert body(saved, digest, "--no-outputs") == ["- one", "+ two"]


def test_two_notebooks_are_compared(saved: Shell) -> None:
    saved.write("other.ipynb", "three", "same")
    saved("save", "other.ipynb")
    assert body(saved, "mine.ipynb@v1", "other.ipynb@v1") == ["- one", "+ three"]
    assert body(saved, "mine.ipynb", "other.ipynb") == ["- two", "+ three"]


def test_outputs_can_be_left_out(saved: Shell) -> None:
    assert saved("diff", "--no-outputs").out == ""


def test_metadata_is_compared_if_asked_for(saved: Shell) -> None:
    saved.write("mine.ipynb", "two", "same", metadata={"title": "new"})
    assert saved("diff").out == ""
    assert '+ title: "new"' in saved("diff", "--metadata").out
    assert saved("diff", "--no-metadata").out == ""


def test_what_is_the_same_prints_nothing(saved: Shell) -> None:
    assert saved("diff", "v2", "v2").out == ""


def test_execution_counts_are_compared_if_asked_for(saved: Shell) -> None:
    file = saved.here / "mine.ipynb"
    saved("save", "mine.ipynb")
    file.write_bytes(file.read_bytes().replace(b'"execution_count": null', b'"execution_count": 3', 1))
    assert saved("diff").out == ""
    assert "execution count None → 3" in saved("diff", "--execution-counts").out


def test_numbers_alone_can_be_had(saved: Shell) -> None:
    assert saved("diff", "v1", "v2", "--stat").lines[1:] == [
        " cell 1 code | source | 2 +-",
        "1 cell changed, 1 unchanged; 1 line added, 1 removed",
    ]
    assert saved("diff", "v1", "v1", "--stat").out.endswith(": no changes\n")


def test_the_numbers_tell_cells_of_which_the_outputs_alone_changed(saved: Shell) -> None:
    saved.write("mine.ipynb", "two", "same", "more\nmore")
    (saved.here / "other.ipynb").write_bytes(notebook("two", "same", output="out\n"))
    assert saved("diff", "--no-index", "mine.ipynb", "other.ipynb", "--stat").lines[1:] == [
        " cell 1 code | outputs",
        " cell 2 code | outputs",
        " cell 3 code | removed | 2 --",
        "2 cells changed (2 in outputs only), 1 removed, 0 unchanged; 0 lines added, 2 removed",
    ]


def test_the_numbers_tell_that_the_metadata_changed(saved: Shell) -> None:
    saved.write("mine.ipynb", "two", "same", metadata={"title": "new"})
    out = saved("diff", "--metadata", "--stat").out
    assert out.endswith("\n0 cells changed, 2 unchanged, notebook metadata changed\n")


def test_the_end_of_a_last_line_counts_where_the_other_has_none(shell: Shell) -> None:
    shell.write("a.ipynb", "x = 1")
    shell.write("b.ipynb", "x = 1\n")
    assert shell("diff", "--no-index", "a.ipynb", "b.ipynb", "--stat").lines[1] == " cell 1 code | source | 1 +"


def test_a_cell_that_was_split_counts_once(shell: Shell) -> None:
    first = "import pandas as pd\nframe = pd.read_csv('cases.csv')\nframe = frame.dropna()"
    second = "totals = frame.groupby('country').sum()\ntotals = totals.sort_values('cases')\nplot(totals.head(20))"
    shell.write("a.ipynb", f"{first}\n{second}")
    shell.write("b.ipynb", first, f"{second}\nshow()")
    assert shell("diff", "--no-index", "a.ipynb", "b.ipynb", "--stat").lines[1:] == [
        " cell 1 code | source            | 1 +",
        " cell 2 code | split from cell 1",
        "1 cell changed, 1 split, 0 unchanged; 1 line added, 0 removed",
    ]


def test_a_bar_of_very_many_lines_is_drawn_to_scale(shell: Shell) -> None:
    shell.write("a.ipynb", "x = 1\n" * 300, "one")
    shell.write("b.ipynb", "y = 2\n" * 900, "two")
    first, second, _ = shell("diff", "--no-index", "a.ipynb", "b.ipynb", "--stat", "--width", "80").lines[1:]
    assert first.startswith(" cell 1 code | source | 1200 +++")
    assert first.count("+") == pytest.approx(3 * first.count("-"), abs=2)
    assert len(first) <= 80
    assert second.endswith("|    2 +-")


def test_the_exit_code_says_whether_there_are_differences_if_asked_for(saved: Shell) -> None:
    saved("diff", "v1", "v2", "--exit-code", code=1)
    saved("diff", "v2", "v2", "--exit-code")


def test_a_program_reads_all_that_changed(saved: Shell) -> None:
    document = saved("diff", "v1", "v2", "--json").document
    assert (document["old"]["version"], document["new"]["version"]) == ("v1", "v2")
    assert document["equal"] is False
    assert document["counts"]["changed"] == 1
    changed = document["cells"][0]
    assert changed["changed"] == ["source"]
    assert [line["tag"] + line["text"] for hunk in changed["source"] for line in hunk["lines"]] == ["-one", "+two"]
    assert saved("diff", "v1", "v1", "--json").document["equal"] is True


def test_what_is_no_notebook_is_compared_as_text(saved: Shell) -> None:
    saved.put("raw.ipynb", b"a\nb\nc\n")
    saved("save", "raw.ipynb")
    saved.put("raw.ipynb", b"a\nB\x1b\nc\n")
    assert body(saved, "raw.ipynb") == ["- b", "+ B\\x1b"]
    assert saved("diff", "raw.ipynb", "--stat").out.endswith("\nnot notebooks both; 1 line added, 1 removed\n")
    document = saved("diff", "raw.ipynb", "--json").document
    assert document["equal"] is False
    assert document["hunks"][0]["lines"][1] == {"tag": "-", "text": "b", "marks": []}


def test_the_document_leaves_outputs_out_as_well_where_that_is_asked(shell: Shell) -> None:
    (shell.here / "a.ipynb").write_bytes(notebook("one"))
    (shell.here / "b.ipynb").write_bytes(notebook("one", "two", output="said\n"))
    compare = ["diff", "--no-index", "a.ipynb", "b.ipynb", "--json"]
    assert "said" in shell(*compare).out
    assert "said" not in shell(*compare, "--no-outputs").out
    three = ["diff", "--no-index", "a.ipynb", "a.ipynb", "b.ipynb", "--json"]
    assert "said" in shell(*three).out
    assert "said" not in shell(*three, "--no-outputs").out


def test_a_notebook_that_broke_is_compared_as_text(saved: Shell) -> None:
    saved.put("mine.ipynb", b"broken\n")
    assert "+ broken" in body(saved)


def test_without_a_file_on_disk_the_error_says_so(saved: Shell) -> None:
    (saved.here / "mine.ipynb").unlink()
    assert "There is no file" in saved.fails("diff")


def test_more_than_three_are_refused(saved: Shell) -> None:
    assert "Only two versions" in saved("diff", "v1", "v2", "v1", "v2", code=2).err


# Files, archived or not


@pytest.fixture
def files(shell: Shell) -> Shell:
    """Two notebooks of a directory of which nothing is archived."""
    shell.write("old.ipynb", "print(one)", "same")
    shell.write("new.ipynb", "print(two)", "same")
    return shell


def test_files_that_are_not_archived_are_compared(files: Shell) -> None:
    assert files("diff", "--no-index", "old.ipynb", "new.ipynb").lines == [
        "--- old.ipynb",
        "+++ new.ipynb",
        "1 changed, 1 cell unchanged",
        "",
        "── code [ ] · cell 1 · id cell-0 · source changed ──",
        "- print(one)",
        "+ print(two)",
        "",
        "… 1 unchanged cell",
    ]
    assert not files.store.exists()


def test_an_empty_file_is_a_notebook_without_cells(files: Shell) -> None:
    files.put("empty.ipynb", b"")
    assert body(files, "--no-index", "empty.ipynb", "new.ipynb") == ["+ print(two)", "+ same"]
    assert body(files, "--no-index", "empty.ipynb", "empty.ipynb") == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
def test_a_pipe_is_a_file_like_any_other(files: Shell) -> None:
    os.mkfifo("pipe")
    data = (files.here / "new.ipynb").read_bytes()
    with ThreadPoolExecutor() as threads:
        threads.submit(lambda: (files.here / "pipe").write_bytes(data))
        assert body(files, "--no-index", "old.ipynb", "pipe") == ["- print(one)", "+ print(two)"]


def test_a_file_that_is_not_there_or_a_directory_is_told(files: Shell) -> None:
    assert "There is no file 'none.ipynb'" in files.fails("diff", "--no-index", "old.ipynb", "none.ipynb")
    assert "'.' is a directory" in files.fails("diff", "--no-index", "old.ipynb", ".", code=2)
    assert "compares two files" in files("diff", "--no-index", "old.ipynb", code=2).err


def test_a_file_that_is_too_large_is_told(files: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depository.cli.files.MOST_BYTES", 100)
    assert "is larger than" in files.fails("diff", "--no-index", "old.ipynb", "new.ipynb", code=2)


def test_files_that_are_no_notebooks_are_compared_as_text(files: Shell) -> None:
    files.put("a.txt", b"[1,\n2]\n")
    files.put("b.txt", b"\xef\xbb\xbf{\n3]\n")
    assert body(files, "--no-index", "a.txt", "b.txt") == ["- [1,", "- 2]", "+ \ufeff{", "+ 3]"]


# How it is shown


def test_colours_tell_the_syntax_and_what_differs_within_a_line(files: Shell) -> None:
    out = files("diff", "--no-index", "old.ipynb", "new.ipynb", "--color", "always").out
    assert "\x1b[1;31m- \x1b[0m\x1b[36mprint\x1b[0m\x1b[31m(\x1b[0m\x1b[38;5;231;48;5;124mone\x1b[0m" in out
    assert "\x1b[38;5;231;48;5;28mtwo\x1b[0m" in out


def test_without_colours_the_words_that_differ_are_bracketed_if_asked_for(files: Shell) -> None:
    assert body(files, "--no-index", "old.ipynb", "new.ipynb", "--word-diff") == [
        "- print([-one-])",
        "+ print({+two+})",
    ]


def test_both_texts_stand_side_by_side_if_asked_for(files: Shell) -> None:
    lines = files("diff", "--no-index", "old.ipynb", "new.ipynb", "-y", "--width", "43").lines
    assert "- print(one)         │ + print(two)" in lines
    assert (
        "- print(one)" + " " * 67 + "│ + print(two)"
        in files("diff", "--no-index", "old.ipynb", "new.ipynb", "-y").lines
    )


def test_the_two_columns_have_the_width_of_the_terminal(files: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "columns", property(lambda _: 60))
    assert (
        "- print(one)                 │ + print(two)"
        in files("diff", "--no-index", "old.ipynb", "new.ipynb", "-y").lines
    )


@pytest.mark.parametrize("colour", ["always", "never"])
@pytest.mark.parametrize("form", [[], ["-y"], ["--word-diff"], ["--stat"], ["--metadata"]])
def test_nothing_in_a_notebook_drives_the_terminal(shell: Shell, form: list[str], colour: str) -> None:
    for name, word in (("a.ipynb", "old"), ("b.ipynb", "new")):
        hostile = f"x = '{word}\x1b]0;owned\x07\x1b[2J\r\x9b\u202e' # {word}\x1b[31m\n"
        shell.write(name, hostile, f"# {hostile}", output=hostile, metadata={"a\x1b[1m": hostile})
    out = shell("diff", "--no-index", "a.ipynb", "b.ipynb", "--color", colour, *form).out
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out) if colour == "always" else out
    assert not [char for char in plain if unicodedata.category(char) in ("Cc", "Cs") and char != "\n"]
    assert "\u202e" not in plain
    # what would be red in a notebook stays the text that it is
    assert "\x1b[31m\n" not in out


def test_a_page_is_written_to_a_file_or_to_the_output(files: Shell) -> None:
    said = files("diff", "--no-index", "old.ipynb", "new.ipynb", "--html", "page.html")
    page = (files.here / "page.html").read_text(encoding="utf-8")
    assert said.out == ""
    assert said.err == "The difference is in 'page.html'.\n"
    assert page.lower().startswith("<!doctype html>")
    assert files("diff", "--no-index", "old.ipynb", "new.ipynb", "--html", "-").out == page


def test_a_page_is_not_written_over_a_notebook_nor_of_what_is_none(files: Shell) -> None:
    assert "would be a notebook" in files("diff", "--no-index", "old.ipynb", "--html", "new.ipynb", code=2).err
    files.put("raw.txt", b"raw")
    assert "is no notebook" in files.fails("diff", "--no-index", "old.ipynb", "raw.txt", "--html", "page.html")
    assert not (files.here / "page.html").exists()


@pytest.mark.parametrize(
    "words",
    [["--stat", "--json"], ["--html", "x", "--side-by-side"], ["--nbdime", "--nbdime-web"], ["--word-diff", "--json"]],
)
def test_two_forms_at_once_are_refused(files: Shell, words: list[str]) -> None:
    err = files("diff", "--no-index", "old.ipynb", "new.ipynb", *words, code=2).err
    assert "only one can be had." in err


def test_a_pipe_without_colours_loads_neither_lexers_nor_what_it_does_not_need(files: Shell) -> None:
    code = "from depository.cli import main\ntry: main()\nfinally: import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "diff", "--no-index", "old.ipynb", "new.ipynb"],
        env=process_environ({}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "+ print(two)" in done.stdout
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert not loaded & {"pygments", "html", "nh3", "botocore", "msgpack", "zstandard", "nbformat", "difflib"}


# Three


def test_three_versions_tell_who_changed_what(saved: Shell) -> None:
    cells = {"base": ("a = 1", "b = 1", "c = 1", "d = 1"), "one": ("a = 2", "b = 1", "c = 2", "d = 2")}
    for name, sources in {**cells, "other": ("a = 1", "b = 2", "c = 2", "d = 3")}.items():
        saved.write(f"{name}.ipynb", *sources)
    names = [f"{name}.ipynb" for name in ("base", "one", "other")]
    lines = saved("diff", "--no-index", *names).lines
    assert lines[:4] == [
        "base  base.ipynb",
        "one   one.ipynb",
        "other other.ipynb",
        "4 cells changed: 1 in the one, 1 in the other, 1 alike in both, 1 differently in both; 0 unchanged",
    ]
    assert lines[4:] == [
        "",
        "── code [ ] · cell 1 · id cell-0 · source changed in the one ──",
        "- a = 1",
        "+ a = 2",
        "",
        "── code [ ] · cell 2 · id cell-1 · source changed in the other ──",
        "- b = 1",
        "+ b = 2",
        "",
        "── code [ ] · cell 3 · id cell-2 · source changed alike in both ──",
        "- c = 1",
        "+ c = 2",
        "",
        "── code [ ] · cell 4 · id cell-3 · source changed differently in both ──",
        "┄┄ the one: source changed",
        "- d = 1",
        "+ d = 2",
        "┄┄ the other: source changed",
        "- d = 1",
        "+ d = 3",
    ]
    assert saved("diff", "--no-index", *names, "--stat").out.endswith(f": {lines[3]}\n")
    assert saved("diff", "--no-index", names[0], names[0], names[0], "--exit-code").out == ""
    saved("diff", "--no-index", *names, "--exit-code", code=1)


def test_a_program_reads_who_changed_what(saved: Shell) -> None:
    saved("save", "mine.ipynb")
    saved.write("mine.ipynb", "three", "same", "added")
    saved("save", "mine.ipynb")
    document = saved("diff", "v1", "v2", "v4", "--json").document
    assert [document[name]["version"] for name in ("base", "one", "other")] == ["v1", "v2", "v4"]
    assert [change["who"] for change in document["changes"]] == ["conflict", "none", "other"]
    conflict, _, added = document["changes"]
    assert conflict["parts"]["source"] == "conflict"
    assert (added["base"], added["one"]) == (None, None)
    cell = document["from_base"]["other"]["cells"][added["other"]]
    assert (cell["status"], cell["first_line"]) == ("added", "added")


def test_what_compares_two_refuses_a_third(saved: Shell) -> None:
    assert "compares two versions, and no third" in saved("diff", "v1", "v2", "v1", "--html", "-", code=2).err
    saved.put("raw.txt", b"raw")
    assert "three ways" in saved.fails("diff", "--no-index", "mine.ipynb", "raw.txt", "mine.ipynb")
