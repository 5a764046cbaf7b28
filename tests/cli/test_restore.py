"""`depository restore`."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from depository import Depository, Version
from depository.cli import files
from depository.errors import Unreachable
from tests.cli.shell import Shell, notebook


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """Two versions, and the file on disk is the second."""
    for source in ("one", "two"):
        shell.write("mine.ipynb", source)
        shell("save", "mine.ipynb")
    return shell


def content(shell: Shell, name: str = "mine.ipynb") -> bytes:
    return (shell.here / name).read_bytes()


def log(shell: Shell) -> list[tuple[str, str]]:
    return [(record["version"], record["cause"]) for record in shell("log", "mine.ipynb", "--json").records]


def test_the_file_is_what_it_was_and_that_is_the_newest_version(saved: Shell) -> None:
    assert (
        saved("restore", "mine.ipynb@v1").out
        == "mine.ipynb: restored from mine.ipynb@v1, archived as v3; what it held is v2\n"
    )
    assert content(saved) == notebook("one")
    assert log(saved) == [("v3", "restore"), ("v2", "save"), ("v1", "save")]


def test_what_was_not_archived_yet_is_archived_first(saved: Shell) -> None:
    saved.write("mine.ipynb", "precious")
    saved("restore", "v1")
    assert log(saved)[:2] == [("v4", "restore"), ("v3", "save")]
    assert saved.raw("show", "v3", "--raw") == notebook("precious")


def test_a_file_that_is_gone_comes_back(saved: Shell) -> None:
    (saved.here / "mine.ipynb").unlink()
    saved("restore", "mine.ipynb")
    assert content(saved) == notebook("two")
    assert len(log(saved)) == 2


def test_a_directory_that_is_gone_comes_back_too(saved: Shell) -> None:
    saved.write("sub/deep/a.ipynb", "a")
    saved("save", "sub")
    (saved.here / "sub/deep/a.ipynb").unlink()
    (saved.here / "sub/deep").rmdir()
    saved("restore", "sub/deep/a.ipynb")
    assert content(saved, "sub/deep/a.ipynb") == notebook("a")


def test_a_file_that_is_the_same_already_is_not_written(saved: Shell) -> None:
    before = (saved.here / "mine.ipynb").stat()
    assert saved("restore", "mine.ipynb@v2").out == "mine.ipynb: the same as mine.ipynb@v2 already\n"
    assert (saved.here / "mine.ipynb").stat() == before


def test_it_can_go_into_another_file(saved: Shell) -> None:
    assert saved("restore", "mine.ipynb@v1", "-o", "old.ipynb").out == "old.ipynb: restored from mine.ipynb@v1\n"
    assert content(saved, "old.ipynb") == notebook("one")
    assert content(saved) == notebook("two")
    assert len(log(saved)) == 2
    saved.fails("log", "old.ipynb")


def test_what_another_file_held_is_archived_as_well(saved: Shell) -> None:
    saved.write("other.ipynb", "precious")
    saved("restore", "mine.ipynb@v1", "--output", "other.ipynb")
    assert content(saved, "other.ipynb") == notebook("one")
    assert saved.raw("show", "other.ipynb@v1", "--raw") == notebook("precious")
    assert saved("log", "other.ipynb", "--json").records[0]["cause"] == "restore"


def test_it_can_go_to_the_output(saved: Shell) -> None:
    assert saved.raw("restore", "v1", "-o", "-") == notebook("one")
    assert content(saved) == notebook("two")
    assert len(log(saved)) == 2


def test_the_mode_of_the_file_stays(saved: Shell) -> None:
    (saved.here / "mine.ipynb").chmod(0o640)
    saved("restore", "v1")
    assert stat.S_IMODE((saved.here / "mine.ipynb").stat().st_mode) == 0o640


def test_a_new_file_has_the_mode_that_new_files_have(saved: Shell) -> None:
    before = os.umask(0o027)
    try:
        saved("restore", "v1", "-o", "new.ipynb")
    finally:
        os.umask(before)
    assert stat.S_IMODE((saved.here / "new.ipynb").stat().st_mode) == 0o640


def test_a_symbolic_link_stays_one_and_what_it_leads_to_is_written(saved: Shell, tmp_path: Path) -> None:
    file = saved.here / "mine.ipynb"
    file.rename(tmp_path / "real.ipynb")
    file.symlink_to(tmp_path / "real.ipynb")
    saved("restore", "v1")
    assert file.is_symlink()
    assert (tmp_path / "real.ipynb").read_bytes() == notebook("one")


def test_nothing_else_is_left_in_the_directory(saved: Shell) -> None:
    saved("restore", "v1")
    assert [entry.name for entry in saved.here.iterdir()] == ["mine.ipynb"]


def test_raw_bytes_come_back_byte_for_byte(saved: Shell) -> None:
    saved.put("mine.ipynb", b"\r\n\xff broken")
    saved("save", "mine.ipynb")
    saved("restore", "v1")
    saved("restore", "v3")
    assert content(saved) == b"\r\n\xff broken"


def test_a_file_that_is_being_written_to_is_looked_at_again(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = files.replace
    others = iter([notebook("somebody", "else")])

    def replace_late(file: str, data: bytes, expected: files.Content | None) -> bool:
        if other := next(others, None):
            Path(file).write_bytes(other)
        return replace(file, data, expected)

    monkeypatch.setattr(files, "replace", replace_late)
    saved("restore", "v1")
    assert content(saved) == notebook("one")
    assert saved.raw("show", "v3", "--raw") == notebook("somebody", "else")


def test_a_file_that_is_written_to_all_the_time_is_left_alone(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "replace", lambda *_: False)
    assert "is being written to all the time" in saved.fails("restore", "v1")
    assert content(saved) == notebook("two")


def test_a_version_that_is_not_there_changes_nothing(saved: Shell) -> None:
    saved.fails("restore", "mine.ipynb@v9")
    assert content(saved) == notebook("two")


def test_a_directory_in_the_way_is_left_alone(saved: Shell) -> None:
    (saved.here / "dir").mkdir()
    assert "is a directory" in saved.fails("restore", "v1", "-o", "dir", code=2)


def test_what_is_no_file_is_not_written_to(saved: Shell) -> None:
    os.mkfifo(saved.here / "pipe")
    assert "is no regular file" in saved.fails("restore", "v1", "-o", "pipe")


def test_a_notebook_without_a_file_here_needs_to_be_told_where_to(saved: Shell) -> None:
    saved("mv", "--archive-only", "mine.ipynb", ":/other/mine.ipynb")
    assert "say with -o where" in saved.fails("restore", ":/other/mine.ipynb@v1")
    saved("restore", ":/other/mine.ipynb@v1", "-o", "back.ipynb")
    assert content(saved, "back.ipynb") == notebook("one")


def test_a_directory_that_may_not_be_written_to_is_named(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied", "/there")

    monkeypatch.setattr(files, "replace", refuse)
    assert saved.fails("restore", "v1") == "'/there': Permission denied."


def test_what_was_restored_but_could_not_be_archived_is_said(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Depository.save

    def refuse(depository: Depository, path: str, content: bytes, **details: Any) -> Version:
        if details.get("cause") == "restore":
            raise Unreachable("The store does not answer.")
        return save(depository, path, content, **details)

    monkeypatch.setattr(Depository, "save", refuse)
    assert saved.fails("restore", "v1") == (
        "'mine.ipynb' is restored from mine.ipynb@v1; what it held is v2, but that could not be archived: "
        "The store does not answer."
    )
    assert content(saved) == notebook("one")
