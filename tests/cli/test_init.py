"""`depository init`."""

import pytest

from tests.cli.shell import Shell


def settings(shell: Shell) -> str:
    return (shell.here / ".depository.toml").read_text(encoding="utf-8")


def test_a_depository_is_made_and_the_settings_say_where(shell: Shell) -> None:
    result = shell("init", "../store")
    assert result.lines[-2:] == [
        f"The depository at {shell.home}/store is ready, of format 1.",
        "Wrote .depository.toml: this directory is :/kylek/proj there.",
    ]
    assert 'url = "../store"' in settings(shell)
    assert 'namespace = "kylek/proj"' in settings(shell)
    shell.write("sub/a.ipynb", "one")
    shell("save", ".")
    assert shell("ls", "--all", "--depository", str(shell.home / "store")).lines == ["sub/a.ipynb"]


def test_an_absolute_directory_is_written_down_as_it_was_given(shell: Shell) -> None:
    shell("init", str(shell.home / "store"))
    assert f'url = "{shell.home}/store"' in settings(shell)


def test_no_path_changes_by_it(shell: Shell) -> None:
    shell.write("a.ipynb", "one")
    before = shell("save", "a.ipynb", "--json").records[0]["path"]
    shell("init")
    assert shell("save", "a.ipynb", "--json").records[0]["path"] == before
    assert shell("ls").lines == ["a.ipynb"]


def test_no_path_changes_outside_of_the_home_directory_either(shell: Shell) -> None:
    outside = shell.home.parent / "outside"
    outside.mkdir()
    shell.cd(outside)
    shell.write("a.ipynb", "one")
    before = shell("save", "a.ipynb", "--json").records[0]["path"]
    shell("init")
    assert shell("save", "a.ipynb", "--json").records[0]["path"] == before


def test_the_directory_can_be_called_otherwise(shell: Shell) -> None:
    shell("init", "../store", "--namespace", "team/report")
    shell.write("a.ipynb", "one")
    assert shell("save", "a.ipynb", "--json").records[0]["path"] == "team/report/a.ipynb"
    shell.fails("init", "../store", "--namespace", "../x", code=2)


def test_doing_it_again_changes_nothing(shell: Shell) -> None:
    shell("init", "../store")
    before = settings(shell)
    assert shell("init", "../store").lines[-1].startswith("Kept .depository.toml")
    assert shell("init").lines[-1].startswith("Kept .depository.toml")
    assert settings(shell) == before


def test_settings_that_say_otherwise_are_left(shell: Shell) -> None:
    shell("init", "../store")
    before = settings(shell)
    assert "says otherwise" in shell.fails("init", "../other")
    assert settings(shell) == before
    assert not (shell.home / "other").exists()


def test_a_depository_that_is_there_is_adopted(shell: Shell) -> None:
    shell("init", "../store", "--materialize", "published")
    shell.write("a.ipynb", "one")
    shell("save", "a.ipynb")
    (shell.here / ".depository.toml").unlink()
    result = shell("init", "../store", "--materialize", "none")
    assert result.err == "It was there already, and writes plain notebook files as it did: published.\n"
    assert shell("ls").lines == ["a.ipynb"]


def test_plain_notebooks_are_written_for_the_spaces_that_are_chosen(shell: Shell) -> None:
    shell("init", "../store", "--materialize", "workspace", "--materialize", "published")
    assert shell("info", "--json").document["materialize"] == ["workspace", "published"]


def test_the_settings_file_can_be_left_out(shell: Shell) -> None:
    shell("init", "../store", "--no-settings")
    assert list(shell.here.iterdir()) == []


def test_a_program_reads_what_was_done(shell: Shell) -> None:
    document = shell("init", "../store", "--json").document
    assert document["url"] == f"{shell.home}/store"
    assert document["settings_file"] == f"{shell.here}/.depository.toml"
    assert [setting["name"] for setting in document["settings"]] == ["directory"]


@pytest.mark.parametrize("url", ["https://example.org/x", "ftp://x", "s3://B_A_D", "s3:bucket"])
def test_what_can_be_no_depository_is_refused(shell: Shell, url: str) -> None:
    shell.fails("init", url, code=2)
    assert list(shell.here.iterdir()) == []


def test_settings_for_s3_are_not_for_a_directory(shell: Shell) -> None:
    assert "is not on S3" in shell("init", "../store", "--region", "eu", code=2).err
