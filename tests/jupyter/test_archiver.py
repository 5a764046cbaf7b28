"""What a contents manager that archives puts into the spool."""

import asyncio
import base64
import errno
import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager, FileContentsManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager
from tornado.web import HTTPError

from depository.errors import StorageFull
from depository.jupyter import (
    ArchiveRecord,
    DepositoryContentsArchiver,
    depositoryContentsArchiver,
    make_archiver,
    places,
)
from depository.jupyter import service as services
from depository.spool.directory import Spool
from depository.spool.items import Item, Kind
from tests.jupyter.managers import Managed, model, notebook

# Jupyter leaves its file open where it cannot be written
pytestmark = pytest.mark.filterwarnings("ignore:.*_io.FileIO name=.*mine.ipynb:pytest.PytestUnraisableExceptionWarning")

BASES = [AsyncLargeFileManager, LargeFileManager, AsyncFileContentsManager, FileContentsManager]
LARGE = [AsyncLargeFileManager, LargeFileManager]

Make = Callable[..., Managed]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(("DEPOSITORY_", "JUPYTERHUB_"))]:
        monkeypatch.delenv(name)
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home / name))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOGNAME", "kylek")
    made: list[Managed] = []

    def manage(base: type = AsyncLargeFileManager, **options: Any) -> Managed:
        made.append(Managed(home, base, **options))
        return made[-1]

    yield manage
    for managed in made:
        managed.service.stop()


SYNCHRONOUS = [LargeFileManager, FileContentsManager]


@pytest.fixture(params=BASES, ids=lambda base: base.__name__)
def managed(request: pytest.FixtureRequest, make: Make) -> Managed:
    return make(request.param)


# saves


def test_a_save_is_accepted_with_the_bytes_that_jupyter_wrote(managed: Managed) -> None:
    managed.call("save", model("print('é')"), "work/mine.ipynb" if (managed.root / "work").exists() else "mine.ipynb")
    assert managed.saved() == [("mine.ipynb", "save", managed.file("mine.ipynb"))]


def test_an_item_says_where_it_belongs_and_who_saved_it(managed: Managed, tmp_path: Path) -> None:
    managed.call("save", model(), "mine.ipynb")
    [item] = managed.items()
    assert item.url == str(tmp_path / "home" / "XDG_DATA_HOME" / "depository")
    assert (item.path, item.author) == ("kylek/files/mine.ipynb", "kylek")
    assert item.file == str(managed.root / "mine.ipynb")


def test_saves_come_in_order(managed: Managed) -> None:
    for number in range(20):
        managed.call("save", model(str(number)), "mine.ipynb")
    sources = [json.loads(content)["cells"][0]["source"] for _, _, content in managed.saved()]
    assert sources == [[str(number)] for number in range(20)]


def test_a_leading_slash_makes_no_other_notebook(managed: Managed) -> None:
    managed.call("save", model("1"), "/mine.ipynb")
    managed.call("save", model("2"), "mine.ipynb")
    assert {item.path for item in managed.items()} == {"kylek/files/mine.ipynb"}


def test_what_a_hook_changes_is_archived_as_it_was_written(make: Make) -> None:
    def scrub(model: dict[str, Any], **_: Any) -> None:
        model["content"]["cells"][0]["source"] = "scrubbed"

    managed = make()
    managed.manager.register_pre_save_hook(scrub)
    managed.call("save", model("secret"), "mine.ipynb")
    [(_, _, content)] = managed.saved()
    assert b"scrubbed" in content
    assert b"secret" not in content


def test_a_save_that_a_hook_refuses_is_not_archived(make: Make) -> None:
    def refuse(**_: Any) -> None:
        raise HTTPError(403, "not today")

    managed = make()
    managed.manager.register_pre_save_hook(refuse)
    with pytest.raises(HTTPError):
        managed.call("save", model(), "mine.ipynb")
    assert managed.items() == []


def test_a_save_whose_file_cannot_be_written_is_not_archived(managed: Managed) -> None:
    with pytest.raises(HTTPError):
        managed.call("save", model(), "missing/mine.ipynb")
    assert managed.items() == []


def test_a_save_that_fails_after_the_file_was_written_is_archived(make: Make) -> None:
    def fail(**_: Any) -> None:
        raise HTTPError(500, "too late")

    managed = make()
    managed.manager.register_post_save_hook(fail)
    with pytest.raises(HTTPError):
        managed.call("save", model("there"), "mine.ipynb")
    assert [content for _, _, content in managed.saved()] == [managed.file("mine.ipynb")]


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_save_that_fails_while_the_file_is_written_is_not_archived(
    managed: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = os.fsync

    def full(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(managed.root)):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        true(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises((HTTPError, OSError)):
        managed.call("save", model("lost"), "mine.ipynb")
    monkeypatch.setattr(os, "fsync", true)
    gc.collect()  # Jupyter leaves its file open, which is not to be held against a later test
    assert managed.items() == []


class Exporting(FileContentsManager):
    """Writes another file beside each notebook, first, as some do."""

    def _save_notebook(self, os_path: Any, nb: Any, capture_validation_error: Any = None) -> None:
        with self.atomic_writing(f"{os_path}.txt", encoding="utf-8") as file:
            file.write("an export")
        super()._save_notebook(os_path, nb, capture_validation_error)  # type: ignore[no-untyped-call]


def test_what_is_written_beside_a_notebook_is_not_taken_for_it(make: Make) -> None:
    managed = make(Exporting)
    managed.call("save", model("1"), "mine.ipynb")
    assert managed.saved() == [("mine.ipynb", "save", managed.file("mine.ipynb"))]


@pytest.mark.parametrize("base", SYNCHRONOUS)  # with the others, Jupyter itself needs threads
def test_a_save_is_made_although_no_thread_can_be_started(
    make: Make, monkeypatch: pytest.MonkeyPatch, base: type
) -> None:
    managed = make(base)

    def fail(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", fail)
        managed.call("save", model("1"), "mine.ipynb")
    assert b"1" in managed.file("mine.ipynb")


def test_a_save_is_answered_only_when_its_item_is_on_disk(managed: Managed, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Spool.begin
    done: list[Item] = []

    def slowly(self: Spool, item: Item, *args: Any, **kwargs: Any) -> Any:
        time.sleep(0.2)
        name = begin(self, item, *args, **kwargs)
        done.append(item)
        return name

    monkeypatch.setattr(Spool, "begin", slowly)
    managed.call("save", model(), "mine.ipynb")
    assert len(done) == 1


def test_a_large_notebook_comes_through_whole(managed: Managed) -> None:
    text = "".join(chr(0x20 + number % 0x2FF) for number in range(700_000))
    managed.call("save", model(text), "mine.ipynb")
    assert managed.saved() == [("mine.ipynb", "save", managed.file("mine.ipynb"))]


def test_a_notebook_that_arrives_as_a_file_is_archived(managed: Managed) -> None:
    text = json.dumps(notebook("as a file"))
    managed.call("save", {"type": "file", "format": "text", "content": text}, "mine.ipynb")
    assert managed.saved() == [("mine.ipynb", "save", text.encode())]


def test_a_notebook_that_arrives_in_base64_is_archived(managed: Managed) -> None:
    data = json.dumps(notebook()).encode()
    content = base64.b64encode(data).decode()
    managed.call("save", {"type": "file", "format": "base64", "content": content}, "mine.ipynb")
    assert managed.saved() == [("mine.ipynb", "save", data)]


def test_a_model_without_a_format_is_archived(managed: Managed) -> None:
    managed.call("save", {"type": "notebook", "content": notebook("1")}, "mine.ipynb")
    assert len(managed.saved()) == 1


@pytest.mark.parametrize(
    "header", ["# ---\n# jupyter:\n#   jupytext:\n#     x: y\n# ---\n", "---\njupytext:\n  x: y\n---\n"]
)
def test_a_text_that_is_a_notebook_of_jupytext_is_archived(managed: Managed, header: str) -> None:
    text = f"{header}1 + 1\n"
    managed.call("save", {"type": "file", "format": "text", "content": text}, "mine.py")
    assert managed.saved() == [("mine.py", "save", text.encode())]


@pytest.mark.parametrize("name", ["notes.txt", "data.json", "script.py"])
def test_other_files_are_not_archived(managed: Managed, name: str) -> None:
    managed.call("save", {"type": "file", "format": "text", "content": "jupyter is nice"}, name)
    assert managed.items() == []


def test_directories_are_not_archived(managed: Managed) -> None:
    managed.call("save", {"type": "directory"}, "folder")
    assert managed.items() == []


def test_a_hidden_notebook_that_jupyter_saves_is_archived(make: Make) -> None:
    managed = make(allow_hidden=True)
    managed.call("save", model(), ".hidden.ipynb")
    assert [shown for shown, _, _ in managed.saved()] == [".hidden.ipynb"]


def test_jupyters_own_checkpoints_are_not_archived(make: Make) -> None:
    managed = make(allow_hidden=True)
    (managed.root / ".ipynb_checkpoints").mkdir()
    managed.call("save", model(), ".ipynb_checkpoints/mine-checkpoint.ipynb")
    assert managed.items() == []


@pytest.mark.parametrize("base", LARGE)
def test_an_upload_in_chunks_is_archived_once_and_whole(make: Make, base: type) -> None:
    managed = make(base)
    data = json.dumps(notebook("x" * 10_000)).encode()
    pieces = [data[:4000], data[4000:8000], data[8000:]]
    for chunk, piece in zip((1, 2, -1), pieces, strict=True):
        content = base64.b64encode(piece).decode()
        managed.call("save", {"type": "file", "format": "base64", "content": content, "chunk": chunk}, "up.ipynb")
    assert managed.saved() == [("up.ipynb", "save", data)]


def test_new_and_untitled_notebooks_are_archived(managed: Managed) -> None:
    managed.call("new_untitled", type="notebook")
    managed.call("new", {"type": "notebook"}, "fresh.ipynb")
    assert [shown for shown, _, _ in managed.saved()] == ["Untitled.ipynb", "fresh.ipynb"]


def test_a_copy_is_archived_as_one(managed: Managed) -> None:
    managed.call("save", model("1"), "mine.ipynb")
    managed.call("copy", "mine.ipynb")
    assert [(shown, cause) for shown, cause, _ in managed.saved()] == [
        ("mine.ipynb", "save"),
        ("mine-Copy1.ipynb", "copy"),
    ]


@pytest.mark.parametrize("base", [AsyncFileContentsManager, FileContentsManager])
def test_the_notebooks_in_a_copied_directory_are_archived(make: Make, base: type) -> None:
    managed = make(base)
    (managed.root / "from" / "deep").mkdir(parents=True)
    (managed.root / "to").mkdir()
    managed.call("save", model("1"), "from/deep/mine.ipynb")
    copied = managed.call("copy", "from", "to")
    assert [(shown, cause) for shown, cause, _ in managed.saved()][1:] == [
        (f"{copied['path']}/deep/mine.ipynb", "copy")
    ]


# renames and deletions


def test_a_rename_is_followed_once(managed: Managed) -> None:
    managed.call("save", model(), "old.ipynb")
    managed.call("rename", "old.ipynb", "new.ipynb")
    [_, item] = managed.items()
    assert (item.kind, item.old, item.path) == (Kind.RENAME, "kylek/files/old.ipynb", "kylek/files/new.ipynb")
    assert not item.directory


def test_a_rename_by_the_way_of_update_is_followed_once(managed: Managed) -> None:
    managed.call("save", model(), "old.ipynb")
    managed.call("update", {"path": "new.ipynb"}, "old.ipynb")
    assert [item.kind for item in managed.items()] == [Kind.SAVE, Kind.RENAME]


def test_a_rename_below_the_usual_method_is_followed(managed: Managed) -> None:
    managed.call("save", model(), "old.ipynb")
    managed.call("rename_file", "old.ipynb", "new.ipynb")
    assert [item.kind for item in managed.items()] == [Kind.SAVE, Kind.RENAME]


def test_the_rename_of_a_directory_is_followed_as_one(managed: Managed) -> None:
    (managed.root / "old").mkdir()
    managed.call("save", model(), "old/mine.ipynb")
    managed.call("rename", "old", "new")
    [_, item] = managed.items()
    assert (item.kind, item.directory, item.old, item.path) == (
        Kind.RENAME, True, "kylek/files/old", "kylek/files/new",
    )  # fmt: skip


def test_a_rename_that_fails_is_not_followed(managed: Managed) -> None:
    with pytest.raises(HTTPError):
        managed.call("rename", "missing.ipynb", "new.ipynb")
    assert managed.items() == []


def test_a_file_that_becomes_a_notebook_by_its_name_is_archived(managed: Managed) -> None:
    text = json.dumps(notebook())
    managed.call("save", {"type": "file", "format": "text", "content": text}, "mine.json")
    managed.call("rename", "mine.json", "mine.ipynb")
    assert managed.saved() == [("mine.ipynb", "rename", text.encode())]


def test_a_notebook_that_moves_into_another_depository_is_deleted_here_and_saved_there(
    managed: Managed, tmp_path: Path
) -> None:
    (managed.root / "other").mkdir()
    (managed.root / "other" / ".depository.toml").write_text(f'url = "{tmp_path}/elsewhere"\nnamespace = "team"\n')
    managed.call("save", model(), "mine.ipynb")
    managed.call("rename", "mine.ipynb", "other/mine.ipynb")
    [_, gone, there] = managed.items()
    assert (gone.kind, gone.path) == (Kind.DELETE, "kylek/files/mine.ipynb")
    assert (there.kind, there.cause, there.url, there.path) == (
        Kind.SAVE, "rename", f"{tmp_path}/elsewhere", "team/mine.ipynb",
    )  # fmt: skip


def test_a_deletion_is_followed_once(managed: Managed) -> None:
    managed.call("save", model(), "mine.ipynb")
    managed.call("delete", "mine.ipynb")
    [_, item] = managed.items()
    assert (item.kind, item.path, item.directory) == (Kind.DELETE, "kylek/files/mine.ipynb", False)


def test_the_deletion_of_a_directory_is_followed_as_one(make: Make) -> None:
    managed = make(delete_to_trash=False, always_delete_dir=True)
    (managed.root / "old").mkdir()
    managed.call("save", model(), "old/mine.ipynb")
    managed.call("delete", "old")
    [_, item] = managed.items()
    assert (item.kind, item.path, item.directory) == (Kind.DELETE, "kylek/files/old", True)


def test_a_restored_checkpoint_is_archived(managed: Managed) -> None:
    managed.call("save", model("first"), "mine.ipynb")
    checkpoint = managed.call("create_checkpoint", "mine.ipynb")
    managed.call("save", model("second"), "mine.ipynb")
    managed.call("restore_checkpoint", checkpoint["id"], "mine.ipynb")
    assert managed.saved()[-1] == ("mine.ipynb", "restore", managed.file("mine.ipynb"))
    assert b"first" in managed.file("mine.ipynb")


# whatever happens, the save comes first


@contextmanager
def broken(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Iterator[None]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Spool, "begin", fail)
        yield


@pytest.mark.parametrize("error", [StorageFull("The spool is full."), OSError(5, "I/O error"), KeyError("a bug")])
def test_a_spool_that_fails_fails_no_save_and_says_so(
    managed: Managed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    managed.manager.log.propagate = True
    with broken(monkeypatch, error):
        managed.call("save", model("1"), "mine.ipynb")
    assert b"1" in managed.file("mine.ipynb")
    assert [record for record in caplog.records if "depository" in record.getMessage() and record.levelname == "ERROR"]


def test_trouble_that_stays_the_same_is_said_once_and_again_after_it_was_over(
    managed: Managed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    managed.manager.log.propagate = True
    with broken(monkeypatch, StorageFull("The spool is full.")):
        for number in range(5):
            managed.call("save", model(str(number)), "mine.ipynb")
    managed.call("save", model("between"), "mine.ipynb")
    managed.items()
    with broken(monkeypatch, StorageFull("The spool is full.")):
        managed.call("save", model("after"), "mine.ipynb")
    assert sum("The spool is full." in record.getMessage() for record in caplog.records) == 2


def test_a_directory_that_cannot_be_a_spool_fails_no_save(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DEPOSITORY_SPOOL", str(tmp_path / "file" / "spool"))
    managed = make()
    managed.call("save", model("1"), "mine.ipynb")
    assert b"1" in managed.file("mine.ipynb")
    assert managed.service.spool is None


def test_a_settings_file_that_cannot_be_used_keeps_the_save_until_it_can(managed: Managed) -> None:
    (managed.root / ".depository.toml").write_text("url = ")
    managed.call("save", model("1"), "mine.ipynb")
    [item] = managed.items()
    assert (item.url, item.path, item.file) == (None, None, str(managed.root / "mine.ipynb"))
    assert item.content == managed.file("mine.ipynb")


def test_a_save_belongs_where_the_settings_say_now_and_not_where_the_last_one_did(
    managed: Managed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed.call("save", model("1"), "mine.ipynb")
    assert managed.items()[0].path == "kylek/files/mine.ipynb"
    (managed.root / ".depository.toml").write_text(f'url = "{tmp_path}/elsewhere"\nnamespace = "team"\n')
    monkeypatch.setattr(places, "_REMEMBERED_SECONDS", 0.0)
    managed.service.places._known.clear()
    managed.call("save", model("2"), "mine.ipynb")
    _, second = managed.items()
    assert (second.url, second.path) == (f"{tmp_path}/elsewhere", "team/mine.ipynb")
    assert second.content == managed.file("mine.ipynb")


def test_switched_off_nothing_is_archived(make: Make) -> None:
    managed = make()
    managed.service.settings.enabled = False
    managed.call("save", model(), "mine.ipynb")
    managed.call("rename", "mine.ipynb", "other.ipynb")
    managed.call("delete", "other.ipynb")
    assert managed.items() == []


# classes


@pytest.mark.parametrize("base", BASES)
def test_an_archiver_is_a_subclass_of_what_it_was_made_over_and_made_once(base: type) -> None:
    made = make_archiver(base)
    assert issubclass(made, base)
    assert make_archiver(base) is made
    assert make_archiver(made) is made


def test_the_name_of_old_is_the_archiver_over_the_servers_default() -> None:
    assert depositoryContentsArchiver is DepositoryContentsArchiver
    assert issubclass(DepositoryContentsArchiver, AsyncLargeFileManager)


# the names of old


def test_archiving_does_not_depend_on_the_hook_that_servers_no_longer_call(
    managed: Managed, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(type(managed.manager), "run_pre_save_hook", lambda *_, **__: called.append("called"))
    managed.call("save", model(), "mine.ipynb")
    assert called == []
    assert len(managed.saved()) == 1


def test_the_hook_of_old_archives_when_somebody_calls_it(managed: Managed) -> None:
    managed.manager.run_pre_save_hook(model("by hand"), "mine.ipynb")
    managed.service.acceptor.stop()
    [(shown, _, content)] = managed.saved()
    assert shown == "mine.ipynb"
    assert json.loads(content) == notebook("by hand")


def test_a_record_is_archived_by_the_method_of_old(managed: Managed) -> None:
    record = ArchiveRecord("mine.ipynb", json.dumps(notebook("1")), 0.0)
    managed.call("archive", record)
    assert managed.saved() == [("mine.ipynb", "save", json.dumps(notebook("1")).encode())]


def test_a_record_is_archived_although_another_of_the_path_is_under_way(managed: Managed) -> None:
    async def several() -> None:
        records = [ArchiveRecord("mine.ipynb", json.dumps(notebook(str(number))), 0.0) for number in range(5)]
        await asyncio.gather(*map(managed.manager.archive, records))

    asyncio.run(several())
    assert len(managed.saved()) == 5
    assert not managed.manager.path_locks


def test_one_service_serves_all_managers_of_a_server(make: Make) -> None:
    managed = make()
    assert services.of(managed.manager) is managed.service
