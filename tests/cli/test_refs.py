"""`depository publish`, `schedule`, `tag` and their opposites."""

import pytest

from tests.cli.shell import Shell, notebook


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """Two versions, and the file on disk is the second."""
    for source in ("one", "two"):
        shell.write("mine.ipynb", source)
        shell("save", "mine.ipynb")
    return shell


@pytest.mark.parametrize(("verb", "ref"), [("publish", "published"), ("schedule", "scheduled")])
def test_promoting_moves_the_ref_and_writes_the_plain_notebook(saved: Shell, verb: str, ref: str) -> None:
    assert saved(verb, "mine.ipynb@v1").out == f"mine.ipynb: {ref} is v1\n"
    assert saved(verb).out == f"mine.ipynb: {ref} is v2, and was v1\n"
    assert saved.raw("show", ref, "--raw") == notebook("two")
    plain = [file.read_bytes() for file in (saved.store / ref).rglob("*") if file.is_file()]
    assert plain == [notebook("two")]


@pytest.mark.parametrize(("verb", "ref"), [("publish", "published"), ("schedule", "scheduled")])
def test_taking_down_removes_it_again(saved: Shell, verb: str, ref: str) -> None:
    saved(verb, "mine.ipynb@v1")
    assert saved(f"un{verb}").out == f"mine.ipynb: not {ref} any longer, and was v1\n"
    assert not [file for file in (saved.store / ref).rglob("*") if file.is_file()]
    saved.fails(f"un{verb}")


def test_a_file_that_changed_since_the_latest_version_is_worth_a_note(saved: Shell) -> None:
    saved.write("mine.ipynb", "three")
    result = saved("publish")
    assert result.err == "The file mine.ipynb has changed since v2: save and promote it again to take that in.\n"
    assert result.out == "mine.ipynb: published is v2\n"
    assert saved("publish", "mine.ipynb@v1").err == ""


def test_a_program_reads_what_happened(saved: Shell) -> None:
    saved("publish", "mine.ipynb@v1")
    document = saved("publish", "mine.ipynb@v2", "-m", "why", "--json").document
    assert (document["event"], document["ref"]) == ("publish", "published")
    assert (document["number"], document["previous"], document["message"]) == (2, 1, "why")
    assert saved("unpublish", "--json").document["event"] == "unpublish"


def test_a_tag_names_a_version(saved: Shell) -> None:
    assert saved("tag", "mine.ipynb@v1", "submitted").out == "mine.ipynb: submitted is v1\n"
    assert saved.raw("show", "mine.ipynb@submitted", "--raw") == notebook("one")


def test_without_a_version_the_latest_is_tagged(saved: Shell) -> None:
    assert saved("tag", "mine.ipynb", "submitted").out == "mine.ipynb: submitted is v2\n"


def test_a_tag_moves_only_if_that_is_asked_for(saved: Shell) -> None:
    saved("tag", "v1", "submitted")
    assert "is at v1 already" in saved.fails("tag", "v2", "submitted")
    assert saved("tag", "--move", "v2", "submitted").out == "mine.ipynb: submitted is v2, and was v1\n"


def test_names_are_listed(saved: Shell) -> None:
    saved("tag", "v1", "submitted")
    saved("publish", "v1")
    assert saved("tag", "mine.ipynb").lines == ["published  v1", "submitted  v1", "workspace  v2"]
    assert saved("tag", "--json").document == {
        "path": "kylek/proj/mine.ipynb",
        "refs": {"published": 1, "submitted": 1, "workspace": 2},
    }


def test_a_tag_is_taken_away(saved: Shell) -> None:
    saved("tag", "v1", "submitted")
    assert saved("tag", "-d", "submitted", "mine.ipynb").out == "mine.ipynb: submitted is gone, and was v1\n"
    saved.fails("tag", "-d", "submitted", "mine.ipynb")
    assert saved("tag", "v1", "submitted", "--json").document["event"] == "tag"
    assert saved("tag", "-d", "submitted", "--json").document["event"] == "untag"


@pytest.mark.parametrize("name", ["published", "latest", "v3", "a b", "deadbeef", "2026", "", "-x\x1b"])
def test_a_name_that_means_something_else_is_refused(saved: Shell, name: str) -> None:
    saved.fails("tag", "--", "mine.ipynb@v1", name, code=2)


def test_too_many_words_are_refused(saved: Shell) -> None:
    saved("tag", "a", "b", "c", code=2)
    saved("tag", "-d", "x", "a", "b", code=2)
