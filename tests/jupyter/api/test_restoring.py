"""Restoring and undeleting over HTTP."""

import json

import pytest

from depository.depository import Depository
from tests.jupyter.api.calls import API, at
from tests.jupyter.servers import archived_path
from tests.notebooks import file_of, small


def history(api: API, path: str) -> list[tuple[str, object]]:
    """Causes and contents, the oldest first, once nothing waits."""
    api.server.wait_until_archived()
    depository = Depository.open(str(api.server.store))
    name = archived_path(path)
    found: list[tuple[str, object]] = []
    for version in reversed(list(depository.log(name))):
        is_notebook = version.kind == "notebook"
        found.append((version.cause, depository.load(name, version.name) if is_notebook else depository.read(name)))
    return found


def test_a_version_is_written_back_and_archived_as_restored(api: API) -> None:
    with api.server.client() as client:
        for seed in (1, 2):
            client.save("back.ipynb", small(seed))
            api.server.wait_until_archived()
        answer = api.ask("POST", at("back.ipynb", "/versions/v1/restore"))
        assert answer.status == 200
        assert answer.json["restored"]["number"] == 1
        assert answer.json["model"]["path"] == "back.ipynb"
        assert json.loads((api.server.files / "back.ipynb").read_text())["cells"][0]["source"] == ["# Notebook 1"]
    assert history(api, "back.ipynb") == [("save", small(1)), ("save", small(2)), ("restore", small(1))]


def test_what_was_changed_outside_of_jupyter_is_archived_before(api: API) -> None:
    with api.server.client() as client:
        client.save("outside.ipynb", small(1))
        api.server.wait_until_archived()
    (api.server.files / "outside.ipynb").write_bytes(file_of(small(9)))
    assert api.ask("POST", at("outside.ipynb", "/versions/v1/restore")).status == 200
    wanted = [("save", small(1)), ("before restore", small(9)), ("restore", small(1))]
    assert history(api, "outside.ipynb") == wanted


def test_a_damaged_file_is_archived_before_too(api: API) -> None:
    api.archive("damaged.ipynb", small(1))
    (api.server.files / "damaged.ipynb").write_bytes(b"\xff\xfe cut o")
    assert api.ask("POST", at("damaged.ipynb", "/versions/v1/restore")).status == 200
    api.server.wait_until_archived()
    assert Depository.open(str(api.server.store)).read(archived_path("damaged.ipynb"), "v2") == b"\xff\xfe cut o"


def test_a_deleted_notebook_is_restored_and_listed_again(api: API) -> None:
    with api.server.client() as client:
        client.save("lost.ipynb", small(1))
        api.server.wait_until_archived()
        client.delete("lost.ipynb")
        api.server.wait_until_archived()
        assert api.found(at("lost.ipynb"))["deleted"]
        assert api.ask("POST", at("lost.ipynb", "/versions/latest/restore")).status == 200
        assert client.get("lost.ipynb")["content"]["cells"]
    api.server.wait_until_archived()
    assert not api.found(at("lost.ipynb"))["deleted"]


def test_a_version_is_restored_into_another_notebook(api: API) -> None:
    api.archive("from.ipynb", small(1))
    assert api.ask("POST", at("from.ipynb", "/versions/v1/restore"), {"to": "into.ipynb"}).status == 200
    assert history(api, "into.ipynb") == [("restore", small(1))]


def test_another_notebook_that_is_there_is_replaced_only_if_asked_for(api: API) -> None:
    api.archive("new.ipynb", small(1))
    (api.server.files / "there.ipynb").write_bytes(file_of(small(8)))
    refused = api.ask("POST", at("new.ipynb", "/versions/v1/restore"), {"to": "there.ipynb"})
    assert (refused.status, refused.reason) == (409, "already-exists")
    assert (api.server.files / "there.ipynb").read_bytes() == file_of(small(8))
    wish = {"to": "there.ipynb", "overwrite": True}
    assert api.ask("POST", at("new.ipynb", "/versions/v1/restore"), wish).status == 200
    assert history(api, "there.ipynb") == [("before restore", small(8)), ("restore", small(1))]


def test_what_is_no_notebook_is_restored_as_the_bytes_that_it_is(api: API) -> None:
    api.archive("bytes.ipynb", b"\xff\x00<<<<")
    assert api.ask("POST", at("bytes.ipynb", "/versions/v1/restore")).status == 200
    assert (api.server.files / "bytes.ipynb").read_bytes() == b"\xff\x00<<<<"


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("no/such/directory.ipynb", 404),
        (".hidden.ipynb", 404),
        (".hidden/a.ipynb", 404),
        ("../outside.ipynb", 400),
        ("a/../../outside.ipynb", 400),
        ("/", 400),
        ("", 400),
        ("a\0.ipynb", 400),
        ("a\\b.ipynb", 400),
        ("is-a-directory", 409),
    ],
)
def test_nothing_is_written_where_this_server_would_not_write(api: API, to: str, status: int) -> None:
    api.archive("one.ipynb", small(1))
    (api.server.files / "is-a-directory").mkdir(exist_ok=True)
    before = sorted(path for path in api.server.directory.rglob("*.ipynb") if "store" not in path.parts)
    answer = api.ask("POST", at("one.ipynb", "/versions/v1/restore"), {"to": to})
    assert answer.status == status, answer.data
    assert answer.message
    assert before == sorted(path for path in api.server.directory.rglob("*.ipynb") if "store" not in path.parts)


def test_a_deleted_notebook_is_brought_back_with_its_history(api: API) -> None:
    api.archive("undeleted.ipynb", small(1), small(2))
    api.depository.delete(archived_path("undeleted.ipynb"))
    answer = api.ask("POST", at("undeleted.ipynb", "/undelete"), {"message": "sorry"})
    assert (answer.status, answer.json["event"], answer.json["message"]) == (200, "undelete", "sorry")
    assert len(api.found(at("undeleted.ipynb", "/versions"))["versions"]) == 2


def test_what_is_not_deleted_is_not_brought_back(api: API) -> None:
    api.archive("alive.ipynb", small(1))
    assert api.ask("POST", at("alive.ipynb", "/undelete")).status == 409


def test_an_older_one_of_that_name_is_asked_for_by_how_many_to_pass_over(api: API) -> None:
    for number in (1, 2):
        api.archive(f"draft{number}.ipynb", small(number))
        api.depository.rename(archived_path(f"draft{number}.ipynb"), archived_path("taken.ipynb"))
        api.depository.delete(archived_path("taken.ipynb"))
    wish = {"to": "older.ipynb", "skip": 1}

    assert api.ask("POST", at("taken.ipynb", "/undelete"), {**wish, "skip": 2}).status == 404
    assert api.ask("POST", at("taken.ipynb", "/undelete"), wish).status == 200
    assert api.depository.read(archived_path("older.ipynb")) == file_of(small(1))
