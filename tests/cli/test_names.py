"""`depository mv`, `rm` and `undelete`."""

from pathlib import Path

import pytest

from depository.cli import files
from tests.cli.shell import Shell, notebook


@pytest.fixture
def saved(shell: Shell) -> Shell:
    shell.write("mine.ipynb", "one")
    shell("save", "mine.ipynb")
    return shell


def there(shell: Shell, name: str) -> bool:
    return (shell.here / name).exists()


# mv


def test_a_notebook_is_renamed_with_its_file_and_its_history(saved: Shell) -> None:
    assert saved("mv", "mine.ipynb", "yours.ipynb").out == "mine.ipynb → yours.ipynb\n"
    assert (there(saved, "mine.ipynb"), there(saved, "yours.ipynb")) == (False, True)
    assert saved("ls").lines == ["yours.ipynb"]
    assert saved("log", "yours.ipynb", "--json").records[0]["version"] == "v1"
    assert "rename from kylek/proj/mine.ipynb" in saved("log", "yours.ipynb", "--events").lines[0]


def test_a_directory_takes_it_in_under_its_old_name(saved: Shell) -> None:
    (saved.here / "sub").mkdir()
    saved("mv", "mine.ipynb", "sub")
    assert saved("ls").lines == ["sub/mine.ipynb"]
    saved("mv", "sub/mine.ipynb", "./")
    assert saved("ls").lines == ["mine.ipynb"]
    assert there(saved, "mine.ipynb")


def test_without_a_file_only_the_depository_knows(saved: Shell) -> None:
    (saved.here / "mine.ipynb").rename(saved.here / "yours.ipynb")
    assert saved("mv", "mine.ipynb", "yours.ipynb", "--archive-only").out == (
        "mine.ipynb → yours.ipynb, in the depository alone\n"
    )
    assert there(saved, "yours.ipynb")
    (saved.here / "yours.ipynb").unlink()
    saved("mv", "yours.ipynb", "theirs.ipynb")
    assert saved("ls").lines == ["theirs.ipynb"]


def test_a_file_in_the_way_is_left_and_nothing_is_renamed(saved: Shell) -> None:
    saved.write("yours.ipynb", "precious")
    assert "There is a file 'yours.ipynb' already" in saved.fails("mv", "mine.ipynb", "yours.ipynb")
    assert (saved.here / "yours.ipynb").read_bytes() == notebook("precious")
    assert saved("ls").lines == ["mine.ipynb"]


def test_a_notebook_in_the_way_is_left_and_the_file_too(saved: Shell) -> None:
    saved.write("yours.ipynb", "two")
    saved("save", "yours.ipynb")
    (saved.here / "yours.ipynb").unlink()
    assert "yours.ipynb" in saved.fails("mv", "mine.ipynb", "yours.ipynb")
    assert there(saved, "mine.ipynb")


def test_what_was_never_archived_is_not_renamed(saved: Shell) -> None:
    saved.write("new.ipynb", "new")
    saved.fails("mv", "new.ipynb", "other.ipynb")
    assert there(saved, "new.ipynb")


def test_a_directory_that_is_not_there_is_not_made(saved: Shell) -> None:
    assert "There is no directory" in saved.fails("mv", "mine.ipynb", "nowhere/mine.ipynb", code=2)
    assert saved("ls").lines == ["mine.ipynb"]


def test_two_depositories_do_not_share_a_history(saved: Shell) -> None:
    (saved.here / "sub").mkdir()
    (saved.here / "sub" / ".depository.toml").write_text('url = "../other"')
    assert "different depositories" in saved.fails("mv", "mine.ipynb", "sub/", code=2)


def test_a_path_without_a_file_here_is_for_the_depository_alone(saved: Shell) -> None:
    assert "--archive-only" in saved.fails("mv", "mine.ipynb", ":/team/", code=2)
    saved("mv", "--archive-only", "mine.ipynb", ":/team/")
    assert saved("ls", "--all").lines == [":/team/mine.ipynb"]


def test_a_file_that_cannot_be_moved_is_said(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.move", refuse)
    assert saved.fails("mv", "mine.ipynb", "yours.ipynb") == (
        "'mine.ipynb' is 'yours.ipynb' in the depository now, but its file could not be moved: Permission denied."
    )
    assert there(saved, "mine.ipynb")


def test_a_program_reads_what_was_renamed(saved: Shell) -> None:
    document = saved("mv", "mine.ipynb", "yours.ipynb", "--json").document
    assert (document["event"], document["path"], document["file_moved"]) == ("rename", "kylek/proj/yours.ipynb", True)


# rm


def test_a_notebook_is_deleted_and_all_of_it_can_be_had_back(saved: Shell) -> None:
    assert saved("rm", "mine.ipynb").out == "mine.ipynb: deleted\n"
    assert not there(saved, "mine.ipynb")
    assert saved("ls").out == ""
    assert saved("undelete", "mine.ipynb", "--restore").out == "mine.ipynb: undeleted, and its file is v1\n"
    assert (saved.here / "mine.ipynb").read_bytes() == notebook("one")
    assert saved("ls").lines == ["mine.ipynb"]


def test_what_was_not_archived_yet_is_archived_before_it_is_deleted(saved: Shell) -> None:
    saved.write("mine.ipynb", "precious")
    saved("rm", "mine.ipynb")
    saved("undelete", "mine.ipynb", "--restore")
    assert (saved.here / "mine.ipynb").read_bytes() == notebook("precious")


def test_the_file_may_stay(saved: Shell) -> None:
    assert saved("rm", "--archive-only", "mine.ipynb").out == "mine.ipynb: deleted, in the depository alone\n"
    assert there(saved, "mine.ipynb")


def test_there_need_not_be_a_file(saved: Shell) -> None:
    (saved.here / "mine.ipynb").unlink()
    assert saved("rm", "mine.ipynb").out == "mine.ipynb: deleted, there was no file\n"


def test_what_was_never_archived_is_not_deleted(saved: Shell) -> None:
    saved.write("new.ipynb", "new")
    saved.fails("rm", "new.ipynb")
    assert there(saved, "new.ipynb")


def test_a_file_that_changes_meanwhile_is_left(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    read = files.read

    def read_and_write(file: str) -> files.Content:
        content = read(file)
        Path(file).write_bytes(b"somebody else")
        return content

    monkeypatch.setattr(files, "read", read_and_write)
    assert "has just changed and is left" in saved.fails("rm", "mine.ipynb")
    assert there(saved, "mine.ipynb")


def test_several_can_be_deleted_at_once(saved: Shell) -> None:
    saved.write("other.ipynb", "two")
    saved("save", "other.ipynb")
    records = saved("rm", "mine.ipynb", "other.ipynb", "--json").records
    assert [(r["event"], r["file_deleted"]) for r in records] == [("delete", True), ("delete", True)]
    assert saved("ls", "--deleted").lines == ["mine.ipynb", "other.ipynb"]


# undelete


def test_what_was_not_deleted_cannot_come_back(saved: Shell) -> None:
    saved.fails("undelete", "mine.ipynb")


def test_it_comes_back_under_another_name(saved: Shell) -> None:
    saved("rm", "mine.ipynb")
    assert saved("undelete", "mine.ipynb", "--to", "again.ipynb", "--restore").out.startswith("again.ipynb: undeleted")
    assert saved("ls").lines == ["again.ipynb"]
    assert (saved.here / "again.ipynb").read_bytes() == notebook("one")


def test_one_that_was_deleted_before_the_last_of_its_name_comes_back(saved: Shell) -> None:
    saved("rm", "mine.ipynb")
    saved.write("draft.ipynb", "two")
    saved("save", "draft.ipynb")
    saved("mv", "draft.ipynb", "mine.ipynb")
    saved("rm", "mine.ipynb")

    saved.fails("undelete", "mine.ipynb", "--skip", "1", code=2)
    saved.fails("undelete", "mine.ipynb", "--to", "older.ipynb", "--skip", "2")
    saved("undelete", "mine.ipynb", "--to", "older.ipynb", "--skip", "1", "--restore")
    assert (saved.here / "older.ipynb").read_bytes() == notebook("one")


def test_a_file_in_its_place_is_left(saved: Shell) -> None:
    saved("rm", "mine.ipynb")
    saved.write("mine.ipynb", "precious")
    assert "There is a file 'mine.ipynb' already" in saved.fails("undelete", "mine.ipynb", "--restore")
    assert saved("ls").out == ""
    assert saved("undelete", "mine.ipynb", "--json").document["file_restored"] is False


def test_another_depository_is_not_where_it_can_come_back(saved: Shell) -> None:
    saved("rm", "mine.ipynb")
    (saved.here / "sub").mkdir()
    (saved.here / "sub" / ".depository.toml").write_text('url = "../other"')
    saved.fails("undelete", "mine.ipynb", "--to", "sub/mine.ipynb", code=2)


def test_a_path_without_a_file_here_is_not_restored(saved: Shell) -> None:
    saved("rm", "mine.ipynb")
    saved.fails("undelete", "mine.ipynb", "--to", ":/team/mine.ipynb", "--restore", code=2)
