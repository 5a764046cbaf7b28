"""`depository status` and `depository info`."""

import pytest

from tests.cli.shell import Shell


def test_before_the_first_save_it_says_what_will_be(shell: Shell) -> None:
    shell.write("mine.ipynb", "one")
    lines = shell("status").lines
    assert lines[0].split() == ["depository", str(shell.store)]
    assert "it is yours by default" in lines[1]
    assert lines[2].split() == ["this", "directory", ":/kylek/proj"]
    assert "the first save makes this depository" in lines[3]
    assert lines[-1] == "mine.ipynb  never archived"
    assert not shell.store.exists()


def test_each_notebook_is_archived_changed_or_new(shell: Shell) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        shell.write(name, "one")
        shell("save", name)
    shell.write("b.ipynb", "two")
    shell.write("c.ipynb", "new")
    assert shell("status").lines[-3:] == [
        "a.ipynb  archived as v1",
        "b.ipynb  changed since v1",
        "c.ipynb  never archived",
    ]


def test_a_file_that_only_reads_the_same_is_not_archived(shell: Shell) -> None:
    file = shell.write("a.ipynb", "one")
    shell("save", "a.ipynb")
    file.write_bytes(file.read_bytes().replace(b'"id": "cell-0"', b'"id":"cell-0" '))
    assert shell("status").lines[-1] == "a.ipynb  changed since v1"


def test_it_looks_further_down_if_asked_to(shell: Shell) -> None:
    shell.write("sub/a.ipynb", "one")
    assert "sub/a.ipynb" not in shell("status").out
    assert "sub/a.ipynb" in shell("status", "-r").out
    assert "sub/a.ipynb" in shell("status", "sub").out


def test_a_file_that_cannot_be_read_is_listed_with_the_reason(shell: Shell) -> None:
    shell.write("a.ipynb", "one")
    shell("save", "a.ipynb")
    assert "There is no file" in shell("status", "gone.ipynb").lines[-1]


def test_a_depository_that_is_not_there_is_an_exit_code_of_1(shell: Shell) -> None:
    shell.setenv("DEPOSITORY_URL", str(shell.home / "nowhere"))
    shell.write("a.ipynb", "one")
    result = shell("status", code=1)
    assert "the environment names it, in DEPOSITORY_URL" in result.lines[1]
    assert "There is no depository at" in result.lines[3]
    assert result.lines[-1] == "a.ipynb  not known"


def test_a_program_reads_it_as_a_document(shell: Shell) -> None:
    shell.write("a.ipynb", "one")
    shell("save", "a.ipynb")
    document = shell("status", "--json").document
    assert document["url"] == str(shell.store)
    assert document["directory"] == "kylek/proj"
    assert document["reached"] is True
    assert document["notebooks"] == [
        {
            "notebook": "a.ipynb",
            "path": "kylek/proj/a.ipynb",
            "state": "archived",
            "version": "v1",
            "error": None,
        }
    ]


def test_settings_that_cannot_be_used_are_named(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text("url = 1")
    assert ".depository.toml', url has to be a text" in shell.fails("status", code=2)


def test_info_says_what_the_depository_is(shell: Shell) -> None:
    shell("init")
    lines = shell("info").lines
    assert lines[0].split() == ["url", str(shell.store)]
    assert lines[1].split() == ["format", "1"]
    document = shell("info", "--json").document
    assert document["materialize"] == ["scheduled", "published"]
    assert document["settings"][0]["done"] is True


@pytest.mark.parametrize("where", ["option", "after"])
def test_another_depository_can_be_asked_for_before_or_after_the_command(shell: Shell, where: str) -> None:
    shell("init", "--no-settings", "--depository", "other")
    words = ["--depository", "other", "info"] if where == "option" else ["info", "--depository", "other"]
    assert shell(*words, "--json").document["url"] == str(shell.here / "other")


def test_info_of_what_is_no_depository_gets_a_sentence(shell: Shell) -> None:
    assert "There is no depository at" in shell.fails("info")
