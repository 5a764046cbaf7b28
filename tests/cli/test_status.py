"""`depository status` and `depository info`."""

import pytest

from depository.spool.items import Kind
from tests.cli.shell import Shell, notebook
from tests.cli.waiting import Waiting, waiting

__all__ = ["waiting"]


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


# what waits


def test_one_quiet_line_says_that_nothing_waits(waiting: Waiting) -> None:
    lines = waiting.shell("status").lines
    assert lines[4].split() == ["waiting", "nothing"]
    assert len(lines) == 5


def test_looking_makes_no_spool(waiting: Waiting) -> None:
    waiting.shell("status")
    assert not waiting.directory.exists()


def test_what_waits_is_counted_with_its_size_and_age(waiting: Waiting) -> None:
    for name in ("a.ipynb", "a.ipynb", "b.ipynb"):
        waiting.put(name, b"x" * 2**20)
    waiting.put("c.ipynb", kind=Kind.RENAME, old="b.ipynb")
    lines = waiting.shell("status").lines
    assert lines[4].startswith("waiting         3 saves and 1 rename of 3 notebooks, 3.0 MiB, since 2026-01-01 12:00 (")
    assert "'depository sync' does so now" in lines[5]


def test_what_waits_says_why_since_when_and_what_to_do(waiting: Waiting) -> None:
    waiting.put("a.ipynb", url="s3://notebook")
    waiting.trouble("s3://notebook", "no-bucket", "There is no bucket 'notebook'.")
    lines = waiting.shell("status").lines
    assert lines[5].strip() == "There is no bucket 'notebook'. (since 2026-01-01 12:00, tried 3 times)"
    assert "put that right in the settings" in lines[6]
    assert len(lines) == 7


def test_a_problem_that_nothing_waits_for_is_not_mentioned(waiting: Waiting) -> None:
    waiting.trouble("s3://notebook", "no-bucket", "There is no bucket 'notebook'.")
    assert "no bucket" not in waiting.shell("status").out


def test_a_notebook_whose_newest_save_waits_is_shown_so(waiting: Waiting) -> None:
    shell = waiting.shell
    shell.write("a.ipynb", "one")
    waiting.put("a.ipynb")
    assert shell("status").lines[-1] == "a.ipynb  waits to be archived"
    shell("save", "a.ipynb")
    shell.write("b.ipynb", "one")
    assert shell("status").lines[-2:] == ["a.ipynb  waits to be archived, after v1", "b.ipynb  never archived"]


def test_a_save_that_waits_for_another_depository_is_not_confused_with_one_for_this(waiting: Waiting) -> None:
    waiting.shell.write("a.ipynb", "one")
    waiting.put("a.ipynb", url="s3://elsewhere")
    assert waiting.shell("status").lines[-1] == "a.ipynb  never archived"


def test_what_waits_is_known_where_the_depository_is_not_reached(waiting: Waiting) -> None:
    shell = waiting.shell
    nowhere = shell.home / "nowhere"
    shell.setenv("DEPOSITORY_URL", str(nowhere))
    shell.write("a.ipynb", "one")
    shell.write("b.ipynb", "one")
    waiting.put("a.ipynb", url=nowhere)
    assert shell("status", code=1).lines[-2:] == ["a.ipynb  waits to be archived", "b.ipynb  not known"]


def test_what_was_set_aside_is_said_with_the_reason_and_its_file(waiting: Waiting) -> None:
    name = waiting.put("a\x1b.ipynb")
    kept = waiting.open().set_aside(name, "The item is damaged.")
    lines = waiting.shell("status").lines
    assert lines[5] == "set aside       a save of a\\x1b.ipynb, 2026-01-01 12:00: The item is damaged."
    assert lines[6].strip() == kept
    assert "sync --again" in lines[7]


def test_a_program_reads_what_waits_as_well(waiting: Waiting) -> None:
    assert waiting.shell("status", "--json").document["waiting"] == {
        "spool": None,
        "count": 0,
        "notebooks": 0,
        "bytes": 0,
        "oldest": None,
        "problems": [],
        "aside": [],
        "error": None,
    }
    kept = waiting.open().set_aside(waiting.put("bad.ipynb"), "It is damaged.")
    waiting.put("a.ipynb", notebook("one"))
    waiting.trouble("s3://notebook", "denied", "No.")
    found = waiting.shell("status", "--json").document["waiting"]
    assert (found["spool"], found["count"], found["notebooks"]) == (str(waiting.directory), 1, 1)
    assert found["oldest"] == "2026-01-01T12:00:01.000Z"
    assert found["bytes"] > len(notebook("one"))
    assert found["aside"] == [
        {"notebook": "bad.ipynb", "time": "2026-01-01T12:00:00.000Z", "reason": "It is damaged.", "file": kept}
    ]
    (problem,) = found["problems"]
    assert "Renew the credentials" in problem.pop("remedy")
    assert problem == {
        "url": "s3://notebook",
        "kind": "denied",
        "sentence": "No.",
        "since": "2026-01-01T12:00:00.000Z",
        "tries": 3,
        "next": "2026-01-01T12:01:00.000Z",
    }


def test_a_spool_that_cannot_be_read_is_a_sentence_and_an_exit_code_of_1(waiting: Waiting) -> None:
    waiting.directory.write_text("a file")
    waiting.shell.write("a.ipynb", "one")
    lines = waiting.shell("status", code=1).lines
    assert lines[4] == f"waiting         The spool in '{waiting.directory}' cannot be used: File exists."
    assert lines[-1] == "a.ipynb  never archived"
    document = waiting.shell("status", "--json", code=1).document
    assert document["waiting"] == {"error": f"The spool in '{waiting.directory}' cannot be used: File exists."}
