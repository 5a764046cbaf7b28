"""`depository save`."""

import os
import socket
from pathlib import Path

import pytest

from depository.cli import files
from tests.cli.shell import Shell, notebook


def test_the_first_save_makes_the_users_own_depository(shell: Shell) -> None:
    shell.write("mine.ipynb", "first")
    assert not shell.store.exists()
    assert shell("save", "mine.ipynb").out == "mine.ipynb: v1\n"
    assert shell.raw("show", "mine.ipynb@v1", "--raw") == notebook("first")


def test_what_has_not_changed_makes_no_new_version(shell: Shell) -> None:
    shell.write("mine.ipynb", "first")
    shell("save", "mine.ipynb")
    assert shell("save", "mine.ipynb").out == "mine.ipynb: unchanged since v1\n"
    shell.write("mine.ipynb", "second")
    assert shell("save", "mine.ipynb").out == "mine.ipynb: v2\n"


def test_of_a_directory_all_notebooks_are_saved_but_no_hidden_ones(shell: Shell) -> None:
    for name in (
        "b.ipynb",
        "a.ipynb",
        "sub/c.IPYNB",
        "sub/notes.txt",
        ".hidden/d.ipynb",
        ".e.ipynb",
        "sub/.ipynb_checkpoints/c-checkpoint.ipynb",
    ):
        shell.write(name, name)
    assert shell("save", ".").out == "a.ipynb: v1\nb.ipynb: v1\nsub/c.IPYNB: v1\n"


def test_a_file_that_is_given_twice_is_saved_once(shell: Shell) -> None:
    shell.write("a.ipynb", "a")
    assert shell("save", "a.ipynb", "a.ipynb").lines == ["a.ipynb: v1"]


def test_a_directory_without_notebooks_is_worth_a_note(shell: Shell) -> None:
    (shell.here / "empty").mkdir()
    result = shell("save", "empty")
    assert (result.out, result.err) == ("", "There is no notebook in 'empty'.\n")


def test_message_author_and_time_can_be_given(shell: Shell) -> None:
    shell.write("a.ipynb", "a")
    shell("save", "a.ipynb", "-m", "why", "--author", "ada", "--time", "2020-02-03T04:05:06Z")
    record = shell("log", "--json").records[0]
    assert record["message"] == "why"
    assert record["author"] == "ada"
    assert record["time"].startswith("2020-02-03T04:05:06")


def test_the_author_is_who_is_logged_in(shell: Shell) -> None:
    shell.write("a.ipynb", "a")
    shell("save", "a.ipynb")
    assert shell("log", "--json").records[0]["author"] == "kylek"


def test_a_program_reads_a_json_object_for_each_file(shell: Shell) -> None:
    shell.write("a.ipynb", "a")
    shell("save", "a.ipynb")
    shell.write("b.ipynb", "b")
    records = shell("save", ".", "--json").records
    assert [(r["path"], r["version"], r["new"]) for r in records] == [
        ("kylek/proj/a.ipynb", "v1", False),
        ("kylek/proj/b.ipynb", "v1", True),
    ]


# what is no notebook


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"cells": [',
        b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n",
        b'{"cells": "\xff\xfe"}',
        b"[" * 3000 + b"]" * 3000,
        b'{"cells": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b"\x00\x01\x02",
    ],
)
def test_a_file_that_is_no_notebook_is_archived_as_it_is_and_says_so(shell: Shell, data: bytes) -> None:
    shell.put("broken.ipynb", data)
    assert shell("save", "broken.ipynb").out.startswith("broken.ipynb: v1, no notebook but raw bytes: it ")
    assert shell.raw("show", "--raw") == data


def test_an_invalid_notebook_is_archived_as_it_is_with_a_warning(shell: Shell) -> None:
    shell.put("invalid.ipynb", b'{"cells": [{}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    said = shell("save", "invalid.ipynb").out
    assert said == "invalid.ipynb: v1, as it is, but Jupyter may refuse it: cell 1 has no cell_type\n"
    assert shell("save", "invalid.ipynb").out == "invalid.ipynb: unchanged since v1\n"


def test_a_file_of_any_name_may_be_saved(shell: Shell) -> None:
    shell.put("notes.txt", b"hello")
    assert shell("save", "notes.txt").out.startswith("notes.txt: v1")


# what cannot be saved


def test_a_missing_file_gets_a_sentence_and_the_others_are_saved(shell: Shell) -> None:
    shell.write("a.ipynb", "a")
    shell.write("z.ipynb", "z")
    result = shell("save", "a.ipynb", "gone.ipynb", "z.ipynb", code=1)
    assert result.out == "a.ipynb: v1\nz.ipynb: v1\n"
    assert result.err == f"depository: There is no file '{shell.here}/gone.ipynb'.\n"


def test_a_pipe_and_a_socket_are_no_files(shell: Shell) -> None:
    os.mkfifo(shell.here / "pipe.ipynb")
    assert "is no regular file" in shell.fails("save", "pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(shell.here / "s.ipynb"))
        shell.fails("save", "s.ipynb")


def test_a_symbolic_link_that_leads_nowhere_is_no_file(shell: Shell) -> None:
    (shell.here / "link.ipynb").symlink_to("gone.ipynb")
    assert "There is no file" in shell.fails("save", "link.ipynb")


def test_a_file_past_the_limit_is_refused_before_it_is_read(shell: Shell) -> None:
    with (shell.here / "huge.ipynb").open("wb") as stream:
        stream.truncate(256 * 1024 * 1024 + 1)
    assert "is larger than 256 MiB" in shell.fails("save", "huge.ipynb")


def test_a_directory_that_cannot_be_read_gets_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(directory: str) -> None:
        raise PermissionError(13, "Permission denied", directory)

    (shell.here / "locked").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    assert shell.fails("save", "locked") == f"'{shell.here}/locked': Permission denied."


def test_a_file_that_cannot_be_read_gets_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: str) -> None:
        raise PermissionError(13, "Permission denied", file)

    shell.write("a.ipynb", "a")
    monkeypatch.setattr(files, "read", refuse)
    assert shell.fails("save", "a.ipynb").endswith("a.ipynb': Permission denied.")


def test_a_time_that_is_none_is_refused(shell: Shell) -> None:
    shell.write("a.ipynb", "a")
    assert "is no date or time" in shell.fails("save", "a.ipynb", "--time", "soon", code=2)


def test_a_path_of_another_namespace_has_no_file_to_save(shell: Shell) -> None:
    assert "No file here can have the path" in shell.fails("save", ":/other/a.ipynb")


def test_where_there_is_no_depository_nothing_is_tried_twice(shell: Shell) -> None:
    shell.setenv("DEPOSITORY_URL", str(shell.home / "nowhere"))
    shell.write("a.ipynb", "a")
    shell.write("b.ipynb", "b")
    assert "There is no depository at" in shell.fails("save", ".")


def test_a_store_that_cannot_be_written_is_named(shell: Shell) -> None:
    shell.put("in-the-way", b"")
    shell.setenv("DEPOSITORY_URL", str(shell.here / "in-the-way"))
    shell.write("a.ipynb", "a")
    assert "in-the-way" in shell.fails("save", "a.ipynb")


# which depository


def test_each_file_goes_where_its_own_directory_says(shell: Shell) -> None:
    for project in ("one", "two"):
        (shell.here / project).mkdir()
        shell.cd(shell.here / project)
        shell("init", f"../store-{project}")
        shell.cd("..")
    shell.write("one/a.ipynb", "a")
    shell.write("two/b.ipynb", "b")
    shell("save", ".")
    for project, name in (("one", "a"), ("two", "b")):
        listed = shell("ls", "--all", "--depository", f"store-{project}").lines
        assert listed == [f":/kylek/proj/{project}/{name}.ipynb"]


def test_a_directory_reached_by_a_symbolic_link_has_the_name_that_its_user_knows(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (shell.home / "link").symlink_to(tmp_path / "data")
    shell.cd(shell.home / "link")
    shell.setenv("PWD", str(shell.home / "link"))
    shell.write("a.ipynb", "a")
    assert shell("save", "a.ipynb", "--json").records[0]["path"] == "kylek/link/a.ipynb"
