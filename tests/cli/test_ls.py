"""`depository ls`."""

import pytest

from tests.cli.shell import Shell, notebook


@pytest.fixture
def saved(shell: Shell) -> Shell:
    for name in ("b.ipynb", "a.ipynb", "sub/c.ipynb", "subs/d.ipynb", "../e.ipynb"):
        shell.write(name, name)
        shell("save", name)
    return shell


def test_the_notebooks_from_here_downwards_are_listed_by_name(saved: Shell) -> None:
    assert saved("ls").lines == ["a.ipynb", "b.ipynb", "sub/c.ipynb", "subs/d.ipynb"]


def test_a_directory_can_be_named(saved: Shell) -> None:
    assert saved("ls", "sub").lines == ["sub/c.ipynb"]
    assert saved("ls", "sub/").lines == ["sub/c.ipynb"]
    assert saved("ls", "a.ipynb").lines == ["a.ipynb"]


def test_what_is_not_below_here_is_shown_as_a_path_of_the_depository(saved: Shell) -> None:
    assert ":/kylek/e.ipynb" in saved("ls", "..").lines
    saved.cd("sub")
    assert saved("ls", "--all").lines == [
        ":/kylek/e.ipynb",
        ":/kylek/proj/a.ipynb",
        ":/kylek/proj/b.ipynb",
        "c.ipynb",
        ":/kylek/proj/subs/d.ipynb",
    ]


def test_a_part_of_the_depository_can_be_named(saved: Shell) -> None:
    saved.cd(saved.home.parent)
    (saved.here / "other").mkdir()
    saved.cd("other")
    assert saved("ls", ":/kylek/proj/sub").lines == [":/kylek/proj/sub/c.ipynb"]
    assert len(saved("ls", ":/").lines) == 5


def test_details_are_version_size_age_author_and_refs(saved: Shell) -> None:
    saved.write("a.ipynb", "again")
    saved("save", "a.ipynb", "--author", "ada")
    saved("publish", "a.ipynb@v1")
    line = saved("ls", "-l", "a.ipynb").lines[0]
    assert line.split() == f"v2 {len(notebook('again'))} B just now ada a.ipynb (published v1)".split()


def test_deleted_ones_are_listed_only_if_they_are_asked_for(saved: Shell) -> None:
    saved("rm", "a.ipynb")
    assert "a.ipynb" not in saved("ls").lines
    assert saved("ls", "--deleted").lines == ["a.ipynb"]
    assert "(deleted)" in saved("ls", "--deleted", "-l").out


def test_a_program_reads_a_json_object_a_line(saved: Shell) -> None:
    record = saved("ls", "sub", "--json").records[0]
    assert set(record) == {"path", "changed", "deleted"}
    assert record["path"] == "kylek/proj/sub/c.ipynb"
    record = saved("ls", "sub", "--json", "-l").records[0]
    assert record["version"]["number"] == 1
    assert record["refs"] == {}


def test_an_empty_directory_lists_nothing(saved: Shell) -> None:
    (saved.here / "empty").mkdir()
    saved.cd("empty")
    assert saved("ls").out == ""


def test_a_directory_without_notebooks_gets_a_sentence_if_it_was_named(saved: Shell) -> None:
    assert saved.fails("ls", "nowhere") == "No notebook is archived under 'nowhere'."
    assert saved.fails("ls", "--deleted", "sub") == "No notebook is deleted under 'sub'."


def test_a_directory_and_all_of_it_do_not_go_together(saved: Shell) -> None:
    saved("ls", "--all", "sub", code=2)


def test_a_file_that_another_settings_file_would_map_elsewhere_is_not_taken_for_its_own(saved: Shell) -> None:
    (saved.here / "sub" / ".depository.toml").write_text('namespace = "team"')
    assert saved("ls").lines == ["a.ipynb", "b.ipynb", ":/kylek/proj/sub/c.ipynb", "subs/d.ipynb"]
