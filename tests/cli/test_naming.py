"""From the words on the command line to a path and a version."""

import pytest

from depository.cli.naming import split
from tests.cli.shell import Shell

# taking an argument apart


@pytest.mark.parametrize(
    ("argument", "known", "path", "spec"),
    [
        ("mine.ipynb", [], "mine.ipynb", None),
        ("mine.ipynb@v3", [], "mine.ipynb", "v3"),
        ("mine.ipynb@v3", ["mine.ipynb"], "mine.ipynb", "v3"),
        ("mine.ipynb@2 hours ago", ["mine.ipynb"], "mine.ipynb", "2 hours ago"),
        (":/kylek/mine.ipynb@published", [], ":/kylek/mine.ipynb", "published"),
        ("sub/mine", [], "sub/mine", None),
        # where a name contains @
        ("we@ird.ipynb", ["we@ird.ipynb"], "we@ird.ipynb", None),
        ("we@ird.ipynb", [], "we@ird.ipynb", None),
        ("we@ird.ipynb@v2", ["we@ird.ipynb"], "we@ird.ipynb", "v2"),
        ("we@ird.ipynb@v2", ["we@ird.ipynb", "we"], "we@ird.ipynb", "v2"),
        ("we@ird.ipynb@v2", ["we@ird.ipynb", "we@ird.ipynb@v2"], "we@ird.ipynb@v2", None),
        ("we@ird.ipynb@v2@", ["we@ird.ipynb"], "we@ird.ipynb@v2", "latest"),
        ("we@ird.ipynb@", ["we@ird.ipynb"], "we@ird.ipynb", "latest"),
        ("notes@v2", ["notes"], "notes", "v2"),
        ("notes@v2", [], "notes", "v2"),
        ("k@corp/gone.ipynb", [], "k@corp/gone.ipynb", None),
        ("k@corp/gone.ipynb@v1", [], "k@corp/gone.ipynb", "v1"),
        # a version alone
        ("v3", [], "", "v3"),
        ("latest~2", [], "", "latest~2"),
        ("2 hours ago", [], "", "2 hours ago"),
        ("3f9a2c1", [], "", "3f9a2c1"),
        ("v3", ["v3"], "v3", None),
        ("@v3", [], "", "v3"),
        ("@", [], "", "latest"),
    ],
)
def test_the_longest_path_that_there_is_counts(argument: str, known: list[str], path: str, spec: str | None) -> None:
    assert split(argument, known.__contains__) == (path, spec)


# with files and a depository


def save(shell: Shell, name: str, *sources: str) -> None:
    shell.write(name, *sources)
    shell("save", name)


def test_a_version_alone_is_of_the_one_notebook_here(shell: Shell) -> None:
    save(shell, "mine.ipynb", "first")
    save(shell, "sub/other.ipynb", "other")
    assert "first" in shell("show", "v1").out
    assert "first" in shell("show").out


def test_where_there_are_several_notebooks_the_error_lists_them(shell: Shell) -> None:
    save(shell, "a.ipynb", "a")
    save(shell, "b.ipynb", "b")
    sentence = shell.fails("show", "v1", code=2)
    assert sentence == "Several notebooks of this directory are archived: say which of 'a.ipynb', 'b.ipynb' is meant."


def test_where_there_is_no_notebook_the_error_says_so(shell: Shell) -> None:
    save(shell, "sub/other.ipynb", "other")
    assert "No notebook of this directory is archived" in shell.fails("show", "v1")


def test_where_there_are_very_many_not_all_are_listed(shell: Shell) -> None:
    for number in range(12):
        save(shell, f"n{number:02}.ipynb", str(number))
    sentence = shell.fails("log", code=2)
    assert "'n09.ipynb' and more is meant" in sentence
    assert "n10" not in sentence


def test_a_notebook_that_is_only_archived_can_be_named_by_its_file(shell: Shell) -> None:
    save(shell, "we@ird.ipynb", "first")
    (shell.here / "we@ird.ipynb").unlink()
    assert "first" in shell("show", "we@ird.ipynb").out
    assert "first" in shell("show", "we@ird.ipynb@v1").out


def test_a_path_of_the_depository_is_told_by_its_colon(shell: Shell) -> None:
    save(shell, "mine.ipynb", "first")
    shell.cd("/")
    assert "first" in shell("show", ":/kylek/proj/mine.ipynb@v1").out


def test_a_file_is_seen_from_the_current_directory(shell: Shell) -> None:
    save(shell, "sub/mine.ipynb", "first")
    shell.cd("sub")
    assert "first" in shell("show", "../sub/mine.ipynb").out
    assert "first" in shell("show", str(shell.here / "mine.ipynb")).out


@pytest.mark.parametrize("name", [":/", ":/../x", ":/a//b", "a\x07.ipynb", ":/" + "x" * 901])
def test_a_path_that_cannot_be_is_refused_with_a_sentence(shell: Shell, name: str) -> None:
    save(shell, "mine.ipynb", "first")
    shell.fails("log", name, code=2)


def test_a_null_character_is_refused_with_a_sentence(shell: Shell) -> None:
    assert "null character" in shell.fails("log", "a\0b", code=2)


def test_a_bare_hash_is_content_without_any_path(shell: Shell) -> None:
    save(shell, "a.ipynb", "first")
    save(shell, "b.ipynb", "second")
    first, second = (shell("log", name, "--json").records[0]["hash"] for name in ("a.ipynb", "b.ipynb"))
    assert "first" in shell("show", first[:7]).out
    assert "- first\n+ second\n" in shell("diff", first[:7], second[:9]).out


def test_a_hash_after_a_path_is_a_version_of_it(shell: Shell) -> None:
    save(shell, "a.ipynb", "first")
    save(shell, "a.ipynb", "second")
    first = shell("log", "--json").records[1]["hash"]
    assert shell("show", f"a.ipynb@{first[:6]}").lines[0].startswith("a.ipynb@v1")


def test_an_unknown_hash_is_refused_with_a_sentence(shell: Shell) -> None:
    save(shell, "a.ipynb", "first")
    assert "Nothing archived has a hash that starts with 0123abc" in shell.fails("show", "0123abc")


@pytest.mark.parametrize("spec", ["v9", "latest~5", "published", "nonsense", "v0"])
def test_an_unknown_version_is_refused_with_a_sentence(shell: Shell, spec: str) -> None:
    save(shell, "a.ipynb", "first")
    code = 2 if spec in {"nonsense", "v0"} else 1
    assert "a.ipynb" in shell.fails("show", f"a.ipynb@{spec}", code=code)
