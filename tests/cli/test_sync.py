"""`depository sync`."""

import json
import os
import subprocess
import time
from collections.abc import Container
from pathlib import Path
from threading import Event
from typing import NoReturn

import pytest

from depository import Depository
from depository.cli.progress import Progress
from depository.errors import StorageError
from depository.spool import problems
from depository.spool.applying import Applier
from depository.spool.directory import Name, Spool
from depository.spool.items import Kind
from depository.spool.schedule import Task
from tests.backends.moto_server import MotoServer
from tests.cli.shell import COMMAND, Shell, notebook, process_environ
from tests.cli.test_process import Terminal
from tests.cli.waiting import Waiting, waiting

__all__ = ["waiting"]

NOWHERE = {"endpoint_url": "http://127.0.0.1:9", "region": "us-east-1", "addressing": "path"}
"""An S3 service that does not answer."""


@pytest.fixture
def far(waiting: Waiting, tmp_path: Path) -> Waiting:
    """With credentials in the environment, and nothing else configured for AWS."""
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "no config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_ACCESS_KEY_ID": "an id",
        "AWS_SECRET_ACCESS_KEY": "a secret",
    }.items():
        waiting.shell.setenv(name, value)
    return waiting


def reach(server: MotoServer) -> dict[str, str]:
    return {"endpoint_url": server.url, "region": "us-east-1", "addressing": "path"}


def versions(shell: Shell, path: str) -> list[str]:
    """The sources of a notebook's versions, the oldest first."""
    with Depository.open(str(shell.store)) as depository:
        numbers = [version.name for version in depository.log(f"kylek/proj/{path}")]
        return [depository.load(f"kylek/proj/{path}", name)["cells"][0]["source"] for name in reversed(numbers)]


def test_where_nothing_waits_it_says_so_and_makes_nothing(waiting: Waiting) -> None:
    assert waiting.shell("sync").out == "Nothing waits.\n"
    assert waiting.shell("sync", "--json").document == {"archived": 0, "waiting": [], "aside": []}
    assert not waiting.directory.exists()
    waiting.open()
    assert waiting.shell("sync").out == "Nothing waits.\n"
    assert not waiting.shell.store.exists()


def test_all_that_waits_is_archived_in_order(waiting: Waiting) -> None:
    for source in ("one", "two", "three"):
        waiting.put("a.ipynb", notebook(source))
    waiting.put("b.ipynb")
    result = waiting.shell("sync")
    assert (result.out, result.err) == ("Archived 4 saves.\n", "")
    assert versions(waiting.shell, "a.ipynb") == ["one", "two", "three"]
    assert waiting.names == []
    assert waiting.shell("sync").out == "Nothing waits.\n"


def test_a_version_has_the_time_and_the_author_of_its_save(waiting: Waiting) -> None:
    waiting.put("a.ipynb")
    waiting.shell("sync")
    (version,) = waiting.shell("log", "a.ipynb", "--json").records
    assert (version["author"], version["time"], version["cause"]) == ("ann", "2026-01-01T12:00:00.000Z", "save")


def test_automatic_saves_are_not_waited_for(waiting: Waiting) -> None:
    waiting.go_on()
    for source in ("o", "on", "one"):
        waiting.put("a.ipynb", notebook(source), is_automatic=True)
    assert waiting.shell("sync").out == "Archived 3 saves.\n"
    assert versions(waiting.shell, "a.ipynb") == ["one"]


def test_renames_and_deletions_are_carried_out(waiting: Waiting) -> None:
    waiting.put("a.ipynb")
    waiting.put("b.ipynb", kind=Kind.RENAME, old="a.ipynb")
    waiting.put("c.ipynb")
    waiting.put("c.ipynb", kind=Kind.DELETE)
    assert waiting.shell("sync").out == "Archived 2 saves, 1 rename and 1 deletion.\n"
    assert [line.split()[0] for line in waiting.shell("ls").lines] == ["b.ipynb"]


def test_what_is_archived_is_shown_as_archived(waiting: Waiting) -> None:
    file = waiting.shell.write("a.ipynb", "one")
    waiting.put("a.ipynb", file.read_bytes())
    assert waiting.shell("status").lines[-1] == "a.ipynb  waits to be archived"
    waiting.shell("sync")
    assert waiting.shell("status").lines[-1] == "a.ipynb  archived as v1"


def test_only_one_depository_may_be_asked_for(waiting: Waiting) -> None:
    other = waiting.shell.home / "other"
    Depository.create(str(other)).close()
    waiting.put("a.ipynb")
    waiting.put("b.ipynb", url=other)
    assert waiting.shell("sync", "--depository", str(other)).out == "Archived 1 save.\n"
    assert [name.key for name in waiting.names] == [waiting.put("a.ipynb").key]


def test_a_dry_run_says_what_waits_for_which_depository(waiting: Waiting) -> None:
    mebibyte = b"x" * 2**20
    for name in ("a.ipynb", "a.ipynb", "b.ipynb"):
        waiting.put(name, mebibyte)
    waiting.put("a.ipynb", mebibyte, url="s3://elsewhere")
    shell = waiting.shell
    assert shell("sync", "--dry-run").lines == [f"{shell.store}: 3 saves, 3.0 MiB", "s3://elsewhere: 1 save, 1.0 MiB"]
    rows = shell("sync", "--dry-run", "--json").document["waiting"]
    assert [(row["url"], row["count"], row["notebooks"]) for row in rows] == [
        (str(shell.store), 3, 2),
        ("s3://elsewhere", 1, 1),
    ]
    assert len(waiting.names) == 4
    assert not shell.store.exists()


# what cannot be archived now


def test_no_answer_leaves_it_waiting_and_says_why(far: Waiting) -> None:
    far.put("a.ipynb", url="s3://bucket", s3=NOWHERE)
    far.put("b.ipynb", url="s3://bucket", s3=NOWHERE)
    far.put("c.ipynb")
    result = far.shell("sync", code=1)
    assert result.out == "Archived 1 save.\n"
    first, second = result.err.splitlines()
    assert first.startswith("depository: 2 saves still wait for s3://bucket: ")
    assert "127.0.0.1:9" in first
    assert "(since " in first
    assert "tried again as long as Jupyter runs" in second
    assert len(far.names) == 2
    assert "127.0.0.1:9" in far.shell("status").out


def test_what_was_refused_is_archived_once_it_no_longer_is(
    far: Waiting, moto_server: MotoServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"s3://{bucket}"
    far.shell("init", url, "--endpoint-url", moto_server.url, "--region", "us-east-1", "--path-style")
    far.put("a.ipynb", url=url, s3=reach(moto_server))
    with monkeypatch.context() as patch:
        patch.setattr(moto_server, "refused", {"GET ", "PUT "})
        document = far.shell("sync", "--json", code=1).document
        assert (document["archived"], document["aside"]) == (0, [])
        (left,) = document["waiting"]
        assert (left["url"], left["count"], left["reason"]) == (url, 1, left["problem"]["sentence"])
        assert left["problem"]["kind"] == "denied"
        assert "Renew the credentials" in left["problem"]["remedy"]
        (again,) = far.shell("sync", "--json", code=1).document["waiting"]
        assert again["problem"]["since"] == left["problem"]["since"]
    assert far.shell("sync", "--json").document == {"archived": 1, "waiting": [], "aside": []}
    assert problems.read_all(far.open()) == []


def test_a_depository_that_nobody_has_made_is_not_made(waiting: Waiting) -> None:
    nowhere = waiting.shell.home / "not mounted"
    waiting.put("a.ipynb", url=nowhere)
    assert "make one with 'depository init" in waiting.shell("sync", code=1).err
    assert not nowhere.exists()
    Depository.create(str(nowhere)).close()
    assert waiting.shell("sync").out == "Archived 1 save.\n"


def test_what_waits_for_a_bucket_of_a_wrong_name_goes_where_it_is_told_to(
    far: Waiting, moto_server: MotoServer, bucket: str
) -> None:
    s3 = reach(moto_server)
    far.shell("init", f"s3://{bucket}", "--endpoint-url", moto_server.url, "--region", "us-east-1", "--path-style")
    for source in ("one", "two"):
        far.put("a.ipynb", notebook(source), url="s3://wrong-name", s3=s3)
    assert "wrong-name" in far.shell("sync", code=1).err
    assert "wrong-name" in far.shell("status", code=0).out
    assert far.shell("sync", "--to", f"s3://{bucket}").out == "Archived 2 saves.\n"
    assert far.names == []
    assert problems.read_all(far.open()) == []
    assert [record["path"] for record in far.shell("log", ":/kylek/proj/a.ipynb", "--json").records] == [
        "kylek/proj/a.ipynb"
    ] * 2


@pytest.mark.parametrize(
    ("url", "why"),
    [("ftp://x", "Nothing is known of 'ftp'"), ("s3://a/b", "'a' in 's3://a/b' is not the name of a bucket")],
)
def test_what_cannot_be_a_depository_is_told_before_anything_is_tried(waiting: Waiting, url: str, why: str) -> None:
    assert waiting.shell.fails("sync", "--to", url, code=2).startswith(why)
    waiting.put("a.ipynb", url="s3://wrong-name")
    assert waiting.shell.fails("sync", "--to", url, code=2).startswith(why)
    assert problems.read_all(waiting.open()) == []
    assert len(waiting.names) == 1


def test_what_goes_elsewhere_keeps_its_order_with_what_waits_for_there(waiting: Waiting) -> None:
    shell = waiting.shell
    wrong = shell.home / "wrong"
    for source, url in (("one", wrong), ("two", shell.store), ("three", wrong)):
        waiting.put("a.ipynb", notebook(source), url=url)
    assert shell("sync", "--to", str(shell.store)).out == "Archived 2 saves.\n"
    assert versions(shell, "a.ipynb") == ["one", "two", "three"]


def test_what_a_server_is_archiving_goes_nowhere_else(waiting: Waiting) -> None:
    wrong = str(waiting.shell.home / "wrong")
    first, second = waiting.put("a.ipynb", url=wrong), waiting.put("b.ipynb", url=wrong)
    spool = waiting.open()
    with spool.archiving_into(wrong):
        terminal = Terminal("sync", "--to", str(waiting.shell.store))
        terminal.read_until("0/2")
        spool.remove(first)
        terminal.read_until("1/2")
        spool.remove(second)
        assert terminal.end()[0] == 0
    assert not waiting.shell.store.exists()


def test_of_several_depositories_the_one_that_was_a_mistake_has_to_be_named(waiting: Waiting) -> None:
    shell = waiting.shell
    Depository.create(str(shell.store)).close()
    waiting.put("a.ipynb", url=shell.home / "wrong")
    waiting.put("b.ipynb", url=shell.home / "other")
    sentence = shell.fails("sync", "--to", str(shell.store), code=2)
    assert "say with --depository which" in sentence
    words = ["sync", "--depository", str(shell.home / "wrong"), "--to", str(shell.store)]
    assert shell(*words).out == "Archived 1 save.\n"
    assert versions(shell, "a.ipynb") == ["one"]
    assert len(waiting.names) == 1


def test_a_server_that_archives_already_is_waited_for(waiting: Waiting) -> None:
    first, second = waiting.put("a.ipynb"), waiting.put("b.ipynb")
    spool = waiting.open()
    with spool.archiving_into(str(waiting.shell.store)) as is_ours:
        assert is_ours
        terminal = Terminal("sync")
        terminal.read_until("0/2")
        spool.remove(first)
        terminal.read_until("1/2")
        spool.remove(second)
        code, out = terminal.end()
    assert code == 0
    assert out.endswith("Archived 2 saves.\r\n")
    assert not waiting.shell.store.exists()


def test_ctrl_c_leaves_the_rest_waiting(waiting: Waiting) -> None:
    waiting.put("a.ipynb")
    waiting.put("b.ipynb")
    with waiting.open().archiving_into(str(waiting.shell.store)):
        terminal = Terminal("sync")
        terminal.read_until("0/2")
        terminal.type("\x03")
        code, out = terminal.end()
    assert code == 130
    assert "Traceback" not in out
    assert len(waiting.names) == 2


def test_what_is_being_archived_at_ctrl_c_is_done_before_the_command_ends(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.put("a.ipynb")
    begun, pressed = Event(), Event()
    apply = Applier.apply

    def slow(self: Applier, depository: Depository, task: Task, *, met: Container[Name]) -> bool:
        begun.set()
        assert pressed.wait(20)
        time.sleep(0.5)
        return apply(self, depository, task, met=met)

    def press(_progress: Progress, _done: int) -> None:
        assert begun.wait(20)
        pressed.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(Applier, "apply", slow)
    monkeypatch.setattr(Progress, "show", press)
    waiting.shell("sync", code=130)
    assert waiting.names == []
    assert versions(waiting.shell, "a.ipynb") == ["one"]


# what cannot be archived at all


def test_what_is_damaged_is_set_aside_and_the_rest_archived(waiting: Waiting) -> None:
    waiting.damage(waiting.put("a.ipynb"))
    waiting.put("b.ipynb")
    result = waiting.shell("sync", code=1)
    assert result.out == "Archived 1 save.\n"
    first, second = result.err.splitlines()
    assert first.startswith(
        "depository: Set aside, because it cannot be archived: a save of a.ipynb, 2026-01-01 12:00:"
    )
    assert os.path.isfile(second.removeprefix("  It is kept in "))


def test_what_was_set_aside_before_is_mentioned_and_tried_again_if_asked_to(waiting: Waiting) -> None:
    waiting.open().set_aside(waiting.put("a.ipynb"), "It looked damaged.")
    result = waiting.shell("sync")
    assert result.out == "Nothing waits.\n"
    assert "1 set aside before" in result.err
    result = waiting.shell("sync", "--again")
    assert (result.out, result.err) == ("Archived 1 save.\n", "")
    assert versions(waiting.shell, "a.ipynb") == ["one"]


def test_what_is_set_aside_again_is_said_again(waiting: Waiting) -> None:
    name = waiting.put("a.ipynb")
    waiting.damage(name)
    waiting.open().set_aside(name, "It looked damaged.")
    document = waiting.shell("sync", "--again", "--json", code=1).document
    assert document["archived"] == 0
    assert [item["notebook"] for item in document["aside"]] == ["a.ipynb"]
    assert "check sum" in document["aside"][0]["reason"]


# settings, terminals, the spool itself


def test_what_was_saved_under_settings_that_could_not_be_used_finds_its_place_later(waiting: Waiting) -> None:
    settings = waiting.shell.put("sub/.depository.toml", b"url = 1")
    waiting.put_unplaced("sub/a.ipynb")
    result = waiting.shell("sync", "--depository", str(waiting.shell.store))
    assert result.out == "Nothing waits.\n"
    result = waiting.shell("sync", code=1)
    assert "1 save still waits without a depository: " in result.err
    assert "url has to be a text" in result.err
    settings.unlink()
    assert waiting.shell("sync").out == "Archived 1 save.\n"
    assert versions(waiting.shell, "sub/a.ipynb") == ["one"]


def test_a_spool_that_cannot_be_used_is_a_sentence(waiting: Waiting) -> None:
    waiting.directory.write_text("a file")
    assert waiting.shell.fails("sync") == f"The spool in '{waiting.directory}' cannot be used: File exists."


def test_a_spool_that_breaks_while_it_is_archived_is_a_sentence(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.put("a.ipynb")

    def broken(_spool: Spool, _url: str) -> NoReturn:
        raise StorageError("The disk of the spool is gone.")

    monkeypatch.setattr(Spool, "archiving_into", broken)
    assert waiting.shell.fails("sync") == "The disk of the spool is gone."
    assert len(waiting.names) == 1


def test_a_terminal_sees_how_far_it_is(waiting: Waiting) -> None:
    for number in range(5):
        waiting.put(f"n{number}.ipynb")
    code, out = Terminal("sync").end()
    assert code == 0
    assert "0/5" in out
    assert out.endswith("\r\x1b[KArchived 5 saves.\r\n")


def test_a_pipe_gets_one_line(waiting: Waiting) -> None:
    waiting.put("a.ipynb")
    waiting.put("b.ipynb")
    done = waiting.shell.process("sync")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Archived 2 saves.\n", "")


@pytest.mark.parametrize("words", [["log"], ["ls"], ["tag"], ["show"]])
def test_other_commands_know_nothing_of_the_spool(waiting: Waiting, words: list[str]) -> None:
    waiting.shell.write("a.ipynb", "one")
    waiting.shell("save", "a.ipynb")
    code = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "from depository.cli import main; main()"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", code, *words], capture_output=True, text=True, check=True, env=process_environ({})
    )
    assert not [name for name in json.loads(done.stderr) if name.startswith("depository.spool")]
