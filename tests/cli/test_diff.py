"""`depository diff`."""

import pytest

from tests.cli.shell import Shell


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
    assert '+  "title": "new"' in saved("diff", "--metadata").out


def test_what_is_the_same_prints_nothing(saved: Shell) -> None:
    assert saved("diff", "v2", "v2").out == ""


def test_numbers_alone_can_be_had(saved: Shell) -> None:
    assert saved("diff", "v1", "v2", "--stat").out.endswith(": 1 changed, 1 unchanged\n")
    assert saved("diff", "v1", "v1", "--stat").out.endswith(": no changes\n")


def test_the_exit_code_says_whether_there_are_differences_if_asked_for(saved: Shell) -> None:
    saved("diff", "v1", "v2", "--exit-code", code=1)
    saved("diff", "v2", "v2", "--exit-code")


def test_a_program_reads_which_cells_changed(saved: Shell) -> None:
    document = saved("diff", "v1", "v2", "--json").document
    assert (document["old"]["version"], document["new"]["version"]) == ("v1", "v2")
    assert document["counts"] == {"equal": 1, "changed": 1, "added": 0, "removed": 0, "moved": 0}
    assert [(c["status"], c["new_index"], c["source_changed"]) for c in document["changes"]] == [("changed", 0, True)]


def test_what_is_no_notebook_is_compared_as_text(saved: Shell) -> None:
    saved.put("raw.ipynb", b"a\nb\nc\n")
    saved("save", "raw.ipynb")
    saved.put("raw.ipynb", b"a\nB\x1b\nc\n")
    assert body(saved, "raw.ipynb") == ["- b", "+ B\\x1b"]
    assert saved("diff", "raw.ipynb", "--stat").out.endswith(": 1 lines added, 1 removed; not notebooks both\n")
    assert saved("diff", "raw.ipynb", "--json").document["equal"] is False


def test_a_notebook_that_broke_is_compared_as_text(saved: Shell) -> None:
    saved.put("mine.ipynb", b"broken\n")
    assert "+ broken" in body(saved)


def test_without_a_file_on_disk_the_error_says_so(saved: Shell) -> None:
    (saved.here / "mine.ipynb").unlink()
    assert "There is no file" in saved.fails("diff")


def test_more_than_two_are_refused(saved: Shell) -> None:
    assert "Only two versions" in saved("diff", "v1", "v2", "v1", code=2).err
