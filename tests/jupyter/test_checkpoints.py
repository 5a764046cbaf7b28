"""'Revert to Checkpoint' offers the versions, at once and without a network, and takes nothing from other files."""

import asyncio
import inspect
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.filecheckpoints import GenericFileCheckpoints
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager
from jupyter_server.services.contents.manager import ContentsManager
from tornado.web import HTTPError

from depository.jupyter import service as services
from depository.jupyter.archiver import make_archiver
from depository.jupyter.checkpoints import DepositoryCheckpoints, DepositorySyncCheckpoints
from depository.spool import kept
from depository.spool.directory import Name, key_of
from depository.spool.items import Item, Kind
from tests.jupyter.conftest import MakeServer
from tests.jupyter.servers import Refused, running
from tests.notebooks import code, notebook

HEADER = "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       extension: .py\n# ---\n\n"


class Memory(ContentsManager):
    """A contents manager that keeps no files."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.models: dict[str, Any] = {}

    def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,  # noqa: A002 - as its callers say it
        format: str | None = None,  # noqa: A002
        require_hash: bool = False,
    ) -> Any:
        if path not in self.models:
            raise HTTPError(404, path)
        return {**self.models[path], "content": self.models[path]["content"] if content else None}

    def save(self, model: Any, path: str = "") -> Any:
        path = path.strip("/")
        self.models[path] = {"type": model["type"], "format": model.get("format"), "content": model["content"]}
        checkpoints: Any = self.checkpoints
        if not checkpoints.list_checkpoints(path):
            checkpoints.create_checkpoint(self, path)
        return self.get(path, content=False)

    def dir_exists(self, path: str) -> bool:
        return path == ""


class Desk:
    """A contents manager that archives, and the process that does so, step by step."""

    def __init__(self, directory: Path, base: type, **options: Any) -> None:
        self.root = directory / "files"
        self.root.mkdir(exist_ok=True)
        self.manager = make_archiver(base)(root_dir=str(self.root), **options)
        self.service = services.of(self.manager)
        self.service._supervisor = None
        assert self.service.spool
        self.spool = self.service.spool
        self.number = 0

    def do(self, result: Any) -> Any:
        """Wait for what a contents manager does, where that has to be waited for."""

        async def waited() -> Any:
            return await result

        return asyncio.run(waited()) if inspect.isawaitable(result) else result

    def save(self, text: str, path: str = "x.ipynb") -> None:
        model = {"type": "notebook", "format": "json", "content": noted(text)}
        self.do(self.manager.save(model, path))

    def write(self, path: str, text: str) -> None:
        self.do(self.manager.save({"type": "file", "format": "text", "content": text}, path))

    def listed(self, path: str = "x.ipynb") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.do(self.manager.list_checkpoints(path))
        return found

    def checkpoint(self, path: str = "x.ipynb") -> dict[str, Any]:
        made: dict[str, Any] = self.do(self.manager.create_checkpoint(path))
        return made

    def restore(self, version: dict[str, Any], path: str = "x.ipynb") -> None:
        self.do(self.manager.restore_checkpoint(version["id"], path))

    def waiting(self) -> list[tuple[Name, Item]]:
        self.settle()
        return [(name, self.spool.read(name)) for name in self.spool.waiting()]

    def settle(self) -> None:
        """Wait until all that was accepted is confirmed."""
        self.service.acceptor.settle_all()

    def archive(self) -> None:
        """What happens to all that waits once a depository can be reached."""
        for name, item in self.waiting():
            if item.kind is Kind.SAVE:
                self.number += 1
                kept.keep(self.spool, name, item.content, self.number, most=20, most_bytes=1 << 30)
            self.spool.remove(name)

    def text(self, path: str = "x.ipynb") -> str:
        found: str = json.loads((self.root / path).read_text())["cells"][0]["source"][0]
        return found


def noted(text: str) -> Any:
    return notebook(code(text, cell_id="a"))


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDesk]:
    for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("DEPOSITORY_URL", str(tmp_path / "store"))
    monkeypatch.setenv("DEPOSITORY_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("DEPOSITORY_NAMESPACE", "kylek")
    made: list[Desk] = []

    def make(base: type, **options: Any) -> Desk:
        made.append(Desk(tmp_path, base, **options))
        return made[-1]

    yield make
    for one in made:
        one.service.stop()


@pytest.fixture(params=[AsyncLargeFileManager, LargeFileManager])
def desk(make_desk: MakeDesk, request: pytest.FixtureRequest) -> Desk:
    offered = DepositoryCheckpoints if request.param is AsyncLargeFileManager else DepositorySyncCheckpoints
    return make_desk(request.param, checkpoints_class=offered)


def test_a_save_is_offered_before_it_is_archived(desk: Desk) -> None:
    desk.save("one")

    assert [version.get("version") for version in desk.listed()] == [None]


def test_a_save_makes_one_item_and_no_checkpoint_beside_it(desk: Desk) -> None:
    desk.save("one")

    assert [item.cause for _, item in desk.waiting()] == ["save"]
    assert len(desk.listed()) == 1
    assert sorted(os.listdir(desk.root)) == ["x.ipynb"]


def test_an_archived_version_is_offered_with_its_number_under_the_same_id(desk: Desk) -> None:
    desk.save("one")
    (before,) = desk.listed()
    desk.archive()

    assert desk.listed() == [{**before, "version": "v1"}]


def test_the_oldest_version_is_offered_first(desk: Desk) -> None:
    for text in ("one", "two", "three"):
        desk.save(text)
    versions = desk.listed()

    assert len(versions) == 3
    assert [version["last_modified"] for version in versions] == sorted(
        version["last_modified"] for version in versions
    )


def test_a_version_is_restored_and_that_is_archived(desk: Desk) -> None:
    desk.save("one")
    desk.archive()
    desk.save("two")
    desk.restore(desk.listed()[0])
    items = [item for _, item in desk.waiting()]

    assert desk.text() == "one"
    assert items[1].cause == "restore"
    assert items[1].content == (desk.root / "x.ipynb").read_bytes()


def test_a_version_that_still_waits_is_restored(desk: Desk) -> None:
    desk.save("one")
    desk.save("two")
    desk.restore(desk.listed()[0])

    assert desk.text() == "one"


def test_a_restored_version_can_be_taken_back(desk: Desk) -> None:
    desk.save("one")
    desk.save("two")
    desk.restore(desk.listed()[0])
    desk.restore(desk.listed()[1])

    assert desk.text() == "two"


def test_what_something_else_wrote_is_archived_before_a_version_takes_its_place(desk: Desk) -> None:
    desk.save("one")
    later = time.time() + 3600
    (desk.root / "x.ipynb").write_text(json.dumps(noted("from elsewhere")))
    os.utime(desk.root / "x.ipynb", (later, later))
    desk.restore(desk.listed()[0])

    assert b"from elsewhere" in desk.waiting()[1][1].content
    assert desk.text() == "one"


def test_a_checkpoint_is_the_version_that_was_just_saved(desk: Desk) -> None:
    desk.save("one")
    made = desk.checkpoint()

    assert made == desk.listed()[-1]
    assert len(desk.waiting()) == 1


def test_a_checkpoint_of_an_automatic_save_makes_it_one_for_good(desk: Desk) -> None:
    target = desk.service.places.locate("x.ipynb")
    desk.save("one")
    desk.archive()
    content = (desk.root / "x.ipynb").read_bytes()
    item = Item(Kind.SAVE, 0, "ann", "save", "x.ipynb", target.url, target.path)
    desk.spool.confirm(desk.spool.begin(item, [content], is_automatic=True))
    made = desk.checkpoint()

    assert [(f"{name.stamp:016x}", name.is_automatic) for name, _ in desk.waiting()] == [(made["id"], False)]


def test_a_checkpoint_of_a_notebook_that_was_there_before_archives_it(desk: Desk) -> None:
    (desk.root / "x.ipynb").write_text(json.dumps(noted("old")))
    made = desk.checkpoint()
    ((name, item),) = desk.waiting()

    assert (made["id"], item.cause) == (f"{name.stamp:016x}", "checkpoint")
    assert item.content == (desk.root / "x.ipynb").read_bytes()


def test_a_checkpoint_of_what_something_else_wrote_archives_that(desk: Desk) -> None:
    desk.save("one")
    later = time.time() + 3600
    (desk.root / "x.ipynb").write_text(json.dumps(noted("from elsewhere")))
    os.utime(desk.root / "x.ipynb", (later, later))
    desk.checkpoint()

    assert b"from elsewhere" in desk.waiting()[-1][1].content


def test_versions_follow_a_rename_at_once_and_when_it_is_archived(desk: Desk) -> None:
    desk.save("one")
    desk.archive()
    desk.save("two")
    desk.do(desk.manager.rename("x.ipynb", "y.ipynb"))
    at_once = desk.listed("y.ipynb")
    old, new = (key_of(*desk.service.places.locate(path)[:2]) for path in ("x.ipynb", "y.ipynb"))
    for name, item in desk.waiting():
        if item.kind is Kind.RENAME:
            kept.moved(desk.spool, old, new)
        else:
            kept.keep(desk.spool, name, item.content, 2, most=20, most_bytes=1 << 30)
        desk.spool.remove(name)

    assert [version.get("version") for version in at_once] == ["v1", None]
    assert [version["id"] for version in desk.listed("y.ipynb")] == [version["id"] for version in at_once]
    assert desk.listed("x.ipynb") == []


def test_versions_follow_the_rename_of_their_directory(desk: Desk) -> None:
    (desk.root / "a").mkdir()
    desk.save("one", "a/x.ipynb")
    desk.do(desk.manager.rename("a", "b"))
    desk.restore(desk.listed("b/x.ipynb")[0], "b/x.ipynb")

    assert desk.text("b/x.ipynb") == "one"


def test_versions_outlive_their_notebook(desk: Desk) -> None:
    desk.save("one")
    desk.manager.delete_to_trash = False
    desk.do(desk.manager.delete("x.ipynb"))
    desk.restore(desk.listed()[0])

    assert desk.text() == "one"


def test_a_version_is_not_deleted(desk: Desk) -> None:
    desk.save("one")
    (version,) = desk.listed()
    with pytest.raises(HTTPError) as refused:
        desk.do(desk.manager.delete_checkpoint(version["id"], "x.ipynb"))

    assert refused.value.status_code == 403
    assert desk.listed() == [version]


@pytest.mark.parametrize("asked", ["checkpoint", "0" * 16, "-", "../x", "f" * 300])
def test_an_unknown_checkpoint_is_not_found(desk: Desk, asked: str) -> None:
    desk.save("one")
    for method in (desk.manager.restore_checkpoint, desk.manager.delete_checkpoint):
        with pytest.raises(HTTPError) as refused:
            desk.do(method(asked, "x.ipynb"))
        assert refused.value.status_code == 404


def test_the_version_of_another_notebook_is_not_found(desk: Desk) -> None:
    desk.save("one")
    desk.save("two", "y.ipynb")
    with pytest.raises(HTTPError):
        desk.restore(desk.listed()[0], "y.ipynb")

    assert desk.text("y.ipynb") == "two"


def test_a_file_that_is_no_notebook_has_the_checkpoint_that_jupyter_makes(desk: Desk) -> None:
    desk.write("a.txt", "one")
    assert desk.listed("a.txt") == []
    made = desk.checkpoint("a.txt")
    desk.write("a.txt", "two")
    desk.restore(made, "a.txt")

    assert (desk.root / "a.txt").read_text() == "one"
    assert desk.listed("a.txt") == [made]
    assert desk.waiting() == []
    desk.do(desk.manager.rename("a.txt", "b.txt"))
    assert [checkpoint["id"] for checkpoint in desk.listed("b.txt")] == ["checkpoint"]
    desk.do(desk.manager.delete_checkpoint("checkpoint", "b.txt"))
    assert desk.listed("b.txt") == []


def test_a_checkpoint_from_the_time_before_depository_is_offered_too(desk: Desk) -> None:
    before = desk.root / ".ipynb_checkpoints" / "x-checkpoint.ipynb"
    before.parent.mkdir()
    before.write_text(json.dumps(noted("before")))
    os.utime(before, (1_500_000_000, 1_500_000_000))
    desk.save("one")
    checkpoints = desk.listed()
    desk.restore(checkpoints[0])

    assert [checkpoint.get("id") == "checkpoint" for checkpoint in checkpoints] == [True, False]
    assert json.loads((desk.root / "x.ipynb").read_text())["cells"][0]["source"] == "before"


def test_a_directory_with_nothing_but_ordinary_checkpoints_counts_as_empty(desk: Desk) -> None:
    assert desk.manager.checkpoints.checkpoint_dir == ".ipynb_checkpoints"


def test_without_a_spool_everything_is_as_jupyter_has_it(desk: Desk) -> None:
    desk.service._spool, desk.service._spool_not_before = None, float("inf")
    desk.save("one")
    made = desk.checkpoint()
    desk.save("two")
    desk.restore(made)

    assert made["id"] == "checkpoint"
    assert desk.listed() == [made]
    assert desk.text() == "one"


def test_a_spool_that_breaks_neither_fails_a_save_nor_a_list(desk: Desk) -> None:
    desk.save("one")
    desk.settle()
    items = Path(desk.spool.directory, "items")
    items.rename(items.with_name("gone"))
    desk.save("two")

    assert desk.listed() == []
    assert desk.checkpoint()["id"] == "checkpoint"
    assert desk.text() == "two"


def test_what_waits_because_of_a_broken_settings_file_is_offered(desk: Desk) -> None:
    (desk.root / ".depository.toml").write_text("url = [")
    desk.save("one")
    desk.save("two")
    desk.restore(desk.listed()[0])

    assert desk.text() == "one"


def test_a_notebook_that_cannot_be_read_as_one_comes_back_as_it_was(desk: Desk) -> None:
    desk.write("x.ipynb", "{ no JSON at all\r\n")
    desk.save("mended")
    desk.restore(desk.listed()[0])

    assert (desk.root / "x.ipynb").read_bytes() == b"{ no JSON at all\r\n"


def test_a_notebook_of_an_older_format_comes_back(desk: Desk) -> None:
    desk.write(
        "x.ipynb", json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]})
    )
    desk.save("new")
    desk.restore(desk.listed()[0])

    assert json.loads((desk.root / "x.ipynb").read_text())["cells"] == []


def test_a_notebook_that_is_a_text_comes_back(desk: Desk) -> None:
    desk.write("x.py", HEADER + "one = 1\n")
    desk.write("x.py", HEADER + "two = 2\n")
    versions = desk.listed("x.py")
    desk.restore(versions[0], "x.py")

    assert len(versions) == 2
    assert (desk.root / "x.py").read_text() == HEADER + "one = 1\n"


def test_a_file_that_is_no_text_is_read_as_what_it_is(desk: Desk) -> None:
    target = desk.service.places.locate("x.ipynb")
    item = Item(Kind.SAVE, 0, "ann", "save", "x.ipynb", target.url, target.path)
    desk.spool.confirm(desk.spool.begin(item, [b"\xff\x00"]))
    model = desk.do(desk.manager.checkpoints.get_file_checkpoint(desk.listed()[0]["id"], "x.ipynb"))

    assert model == {"type": "file", "format": "base64", "content": "/wA="}


def test_a_version_is_had_as_a_model(desk: Desk) -> None:
    desk.save("one")
    model = desk.do(desk.manager.checkpoints.get_notebook_checkpoint(desk.listed()[0]["id"], "x.ipynb"))

    assert (model["type"], model["content"]["cells"][0]["source"]) == ("notebook", "one")


def test_a_manager_without_files_has_versions_too(make_desk: MakeDesk) -> None:
    desk = make_desk(Memory, checkpoints_class=DepositorySyncCheckpoints)
    desk.save("one")
    desk.save("two")
    desk.restore(desk.listed()[0])

    assert isinstance(desk.manager.checkpoints.ordinary, GenericFileCheckpoints)
    assert desk.manager.models["x.ipynb"]["content"]["cells"][0]["source"] == "one"


def test_a_checkpoint_of_a_notebook_without_a_file_archives_it(make_desk: MakeDesk) -> None:
    desk = make_desk(Memory, checkpoints_class=DepositorySyncCheckpoints)
    desk.manager.models["x.ipynb"] = {"type": "notebook", "format": "json", "content": noted("old")}
    desk.checkpoint()

    assert [(item.cause, b'"old"' in item.content) for _, item in desk.waiting()] == [("checkpoint", True)]


def test_the_ordinary_class_may_be_configured(make_desk: MakeDesk) -> None:
    desk = make_desk(LargeFileManager, checkpoints_class=DepositorySyncCheckpoints)
    desk.manager.config.DepositorySyncCheckpoints.ordinary_class = GenericFileCheckpoints
    made = DepositorySyncCheckpoints(parent=desk.manager, log=desk.manager.log)

    assert type(made.ordinary) is GenericFileCheckpoints


def test_a_real_server_offers_versions_and_reverts_to_one(make_server: MakeServer) -> None:
    with running(make_server()) as client:
        for text in ("one", "two"):
            client.save("x.ipynb", noted(text))
            client.make_checkpoint("x.ipynb")
        client.rename("x.ipynb", "y.ipynb")
        first, second = client.checkpoints("y.ipynb")
        client.restore_checkpoint("y.ipynb", first["id"])
        with pytest.raises(Refused, match="for good") as refused:
            client.request("DELETE", f"/api/contents/y.ipynb/checkpoints/{second['id']}")

        assert refused.value.status == 403
        assert "one" in json.dumps(client.get("y.ipynb")["content"])
        assert [one["id"] for one in client.checkpoints("y.ipynb")][:2] == [first["id"], second["id"]]


def test_a_real_server_tells_the_numbers_of_archived_versions(make_server: MakeServer) -> None:
    server = make_server()
    with running(server) as client:
        for text in ("one", "two"):
            client.save("x.ipynb", noted(text))
        server.wait_until_archived()

        assert [version.get("version") for version in client.checkpoints("x.ipynb")] == ["v1", "v2"]
