"""Reading over HTTP: the list of notebooks, a history, a version, its file and its content."""

import base64
import json
from typing import Any

import pytest

from depository import records
from depository.models import Event
from tests.jupyter.api.calls import API, at
from tests.jupyter.servers import archived_path
from tests.notebooks import code, file_of, notebook, small


def test_the_api_tells_its_version_and_that_all_is_well(api: API) -> None:
    found = api.found("")
    assert found["name"] == "depository"
    assert found["healthy"]
    assert found["sentences"] == []


def test_the_queue_tells_what_waits(api: API) -> None:
    found = api.found("/queue")
    assert found["spool"] == str(api.server.spool)
    assert found["problems"] == []
    assert found["trouble"] is None


# the list


def test_notebooks_are_listed_by_their_paths_in_jupyter(api: API) -> None:
    api.archive("list/b.ipynb", small(1))
    api.archive("list/a and ü.ipynb", small(1))
    found = api.found("/notebooks?prefix=list")
    assert [line["notebook"] for line in found["notebooks"]] == ["list/a and ü.ipynb", "list/b.ipynb"]
    assert found["notebooks"][1]["path"] == archived_path("list/b.ipynb")
    assert found["next"] is None


def test_pages_of_a_list_hold_each_notebook_once(api: API) -> None:
    names = [f"pages/{number}.ipynb" for number in range(5)]
    for name in names:
        api.archive(name, small(1))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = api.found(f"/notebooks?prefix=pages&limit=2&after={after}")
        assert len(page["notebooks"]) <= 2
        seen += [line["notebook"] for line in page["notebooks"]]
        after = page["next"]
    assert seen == names


def test_a_list_with_details_tells_the_newest_version_and_the_refs(api: API) -> None:
    api.archive("details/a.ipynb", small(1), small(2))
    api.depository.promote(archived_path("details/a.ipynb"), "v1", "published")
    (line,) = api.found("/notebooks?prefix=details&details=true")["notebooks"]
    assert line["version"]["number"] == 2
    assert line["refs"] == {"published": 1}


def test_deleted_notebooks_are_listed_only_if_asked_for(api: API) -> None:
    api.archive("gone/a.ipynb", small(1))
    api.depository.delete(archived_path("gone/a.ipynb"))
    assert api.found("/notebooks?prefix=gone")["notebooks"] == []
    (line,) = api.found("/notebooks?prefix=gone&deleted=true")["notebooks"]
    assert line["deleted"]


def test_hidden_notebooks_are_not_listed(api: API) -> None:
    api.archive("hide/.secret/a.ipynb", small(1))
    api.archive("hide/seen.ipynb", small(1))
    assert [line["notebook"] for line in api.found("/notebooks?prefix=hide")["notebooks"]] == ["hide/seen.ipynb"]


def test_what_belongs_to_another_depository_is_not_listed(api: API) -> None:
    api.archive("mixed/here.ipynb", small(1))
    api.archive("mixed/elsewhere/there.ipynb", small(1))
    elsewhere = api.server.files / "mixed" / "elsewhere"
    elsewhere.mkdir(parents=True)
    (elsewhere / ".depository.toml").write_text('url = "other"\nnamespace = "else"\n')
    assert [line["notebook"] for line in api.found("/notebooks?prefix=mixed")["notebooks"]] == ["mixed/here.ipynb"]


def test_a_notebook_tells_its_newest_version_its_refs_and_what_of_it_waits(api: API) -> None:
    api.archive("one.ipynb", small(1), small(2))
    found = api.found(at("one.ipynb"))
    assert found["version"]["version"] == "v2"
    assert found["refs"] == {"workspace": 2}
    assert found["waiting"] == 0
    assert not found["deleted"]


# histories and versions


def test_a_history_is_what_the_command_line_prints(api: API) -> None:
    api.archive("log.ipynb", small(1), small(2), author="zoë", message="ü")
    found = api.found(at("log.ipynb", "/versions"))
    assert found["versions"] == [records.version(v) for v in api.depository.log(archived_path("log.ipynb"))]
    assert found["next"] is None


def test_pages_of_a_history_hold_each_version_once(api: API) -> None:
    api.archive("long.ipynb", *(small(seed) for seed in range(7)))
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.found(at("long.ipynb", f"/versions?limit=3{cursor}"))
        assert len(page["versions"]) <= 3
        seen += [line["number"] for line in page["versions"]]
        cursor = f"&before={page['next']}" if page["next"] else None
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_a_history_hold_each_event_once(api: API, limit: int) -> None:
    path = archived_path("events.ipynb")
    if limit == 1:
        for seed in range(3):
            api.archive("events.ipynb", small(seed))
            api.depository.tag(path, "latest", f"tag{seed}", author="bob")
            api.depository.promote(path, "latest", "published", author="bob")
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.found(at("events.ipynb", f"/versions?events=true&limit={limit}{cursor}"))
        seen += page["versions"]
        cursor = f"&before={page['next']}" if page["next"] else None
    assert len(seen) == 9
    assert seen == [
        records.event(e) if isinstance(e, Event) else records.version(e) for e in api.depository.history(path)
    ]


@pytest.mark.parametrize("spec", ["v2", "latest~1", "published", "mine", None])
def test_a_version_is_named_as_on_the_command_line(api: API, spec: str | None) -> None:
    path = archived_path("named.ipynb")
    if spec == "v2":
        api.archive("named.ipynb", small(1), small(2), small(3))
        api.depository.promote(path, "v2", "published")
        api.depository.tag(path, "v2", "mine")
    if spec is None:
        spec = api.depository.resolve(path, "v2").hash[:10]
    assert api.found(at("named.ipynb", f"/versions/{spec}"))["number"] == 2


def test_a_version_of_a_day_is_found_by_its_date(api: API) -> None:
    api.archive("dated.ipynb", small(1))
    day = api.depository.resolve(archived_path("dated.ipynb")).time.strftime("%Y-%m-%d")
    assert api.found(at("dated.ipynb", f"/versions/{day}%2023:59:59Z"))["number"] == 1


@pytest.mark.parametrize("path", ["a/versions/b.ipynb", "a/refs/x/diff/b.ipynb", "versions/v1/file/c.ipynb"])
@pytest.mark.parametrize("slash", ["/", "%2F"])
def test_directories_may_be_called_as_parts_of_the_api_are(api: API, path: str, slash: str) -> None:
    api.archive(path, small(1))
    found = api.found(f"/notebooks/{path.replace('/', slash)}/versions/v1")
    assert found["path"] == archived_path(path)
    assert api.found(f"/notebooks/{path.replace('/', slash)}/versions")["notebook"] == path


def test_a_file_comes_back_byte_for_byte(api: API) -> None:
    odd = b'{"nbformat": 4,   "cells": [], "metadata": {}, "nbformat_minor": 5}'
    api.archive("odd.ipynb", odd)
    answer = api.get(at("odd.ipynb", "/versions/v1/file"))
    assert answer.data == odd
    assert answer.headers["Content-Type"] == "application/x-ipynb+json"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''odd.ipynb"


def test_a_large_file_comes_back_whole(api: API) -> None:
    large = file_of(notebook(code("x" * 5_000_000)))
    api.archive("large.ipynb", large)
    answer = api.get(at("large.ipynb", "/versions/v1/file"))
    assert answer.data == large
    assert answer.headers["Content-Length"] == str(len(large))


def test_the_content_is_a_contents_model_of_jupyter(api: API) -> None:
    api.archive("dir/model.ipynb", small(3))
    found = api.found(at("dir/model.ipynb", "/versions/v1/contents"))
    assert (found["type"], found["format"], found["writable"]) == ("notebook", "json", False)
    assert (found["name"], found["path"]) == ("model.ipynb", "dir/model.ipynb")
    assert found["content"] == small(3)


def test_the_content_of_what_is_no_notebook_is_that_of_a_file(api: API) -> None:
    api.archive("text.ipynb", b"<<<<<<< ours", b"\xff\x00")
    text = api.found(at("text.ipynb", "/versions/v1/contents"))
    assert (text["type"], text["format"], text["content"]) == ("file", "text", "<<<<<<< ours")
    binary = api.found(at("text.ipynb", "/versions/v2/contents"))
    assert (binary["type"], binary["format"]) == ("file", "base64")
    assert base64.b64decode(binary["content"]) == b"\xff\x00"


def test_numbers_that_json_does_not_have_are_null_in_a_contents_model(api: API) -> None:
    api.archive("nan.ipynb", b'{"cells": [], "metadata": {"x": [NaN, Infinity]}, "nbformat": 4, "nbformat_minor": 5}')
    answer = api.get(at("nan.ipynb", "/versions/v1/contents"))

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(answer.data, parse_constant=refuse)["content"]["metadata"] == {"x": [None, None]}


# what is asked wrongly


@pytest.mark.parametrize(
    "path",
    [
        "/notebooks?limit=0",
        "/notebooks?limit=1001",
        "/notebooks?limit=ten",
        "/notebooks?limit=1&limit=2",
        "/notebooks?details=maybe",
        "/notebooks?prefix=../x",
        "/notebooks?prefix=%ff",
        "/notebooks?colour=red",
        "?colour=red",
        at("one.ipynb", "/versions?before=0"),
        at("one.ipynb", "/versions?before=-1"),
        at("one.ipynb", "/versions/no%20such%20thing"),
        at("one.ipynb", f"/versions/{'v' * 300}"),
        at("one.ipynb", "/diff?context=1001"),
        at("one.ipynb", "/diff?new="),
        at("../one.ipynb", "/versions"),
        at("a/%2e%2e/one.ipynb", "/versions"),
        at("a//one.ipynb", "/versions"),
        at("a\\one.ipynb", "/versions"),
        at("a\0.ipynb", "/versions"),
        at("x" * 901, "/versions"),
        "/notebooks/%ff.ipynb",
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(api: API, path: str) -> None:
    api.archive("one.ipynb", small(1))
    answer = api.get(path.replace("%252e", "%2e"))
    assert answer.status == 400
    assert answer.message


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/notebooks/",
        at("never.ipynb"),
        at("x" * 300, "/versions"),
        at("never.ipynb", "/versions"),
        at("never.ipynb", "/versions/v1/file"),
        at("one.ipynb", "/versions/v99"),
        at("one.ipynb", "/versions/published"),
        at("one.ipynb", "/refs/nothing"),
        at(".hidden/a.ipynb", "/versions"),
        at(".hidden.ipynb", "/versions/v1/file"),
    ],
)
def test_what_is_not_there_is_not_found(api: API, path: str) -> None:
    api.archive("one.ipynb", small(1))
    api.archive(".hidden/a.ipynb", small(1))
    api.archive(".hidden.ipynb", small(1))
    answer = api.get(path)
    assert answer.status == 404
    assert answer.message


def test_a_hash_that_nothing_has_is_not_found(api: API) -> None:
    answer = api.get(at("one.ipynb", "/versions/000000"))
    assert (answer.status, answer.reason) == (404, "no-version")


def test_the_time_that_jupyterlab_adds_to_an_address_is_passed_over(api: API) -> None:
    assert api.get("/notebooks?1795307216893").status == 200
    assert api.get("/notebooks?limit=1&1795307216893").status == 200


# ETags


@pytest.mark.parametrize("rest", ["", "/versions", "/versions/v1", "/versions/v1/file", "/versions/v1/contents",
                                  "/refs", "/refs/workspace", "/diff?old=v1"])  # fmt: skip
def test_what_has_not_changed_is_not_sent_again(api: API, rest: str) -> None:
    api.archive("tagged.ipynb", small(1))
    first = api.get(at("tagged.ipynb", rest))
    etag = first.headers["ETag"] if "ETag" in first.headers else first.headers["Etag"]
    assert etag.startswith('"')
    again = api.ask("GET", at("tagged.ipynb", rest), None, If_None_Match=etag)
    assert (again.status, again.data) == (304, b"")
    other = api.ask("GET", at("tagged.ipynb", rest), None, If_None_Match='"other"')
    assert (other.status, other.data) == (200, first.data)


def etag_of(api: API, path: str) -> str:
    headers = {name.lower(): value for name, value in api.get(path).headers.items()}
    return headers["etag"]


def test_the_etag_of_a_history_changes_with_a_new_version_and_with_a_ref(api: API) -> None:
    api.archive("grows.ipynb", small(1))
    first = etag_of(api, at("grows.ipynb", "/versions"))
    api.archive("grows.ipynb", small(2))
    second = etag_of(api, at("grows.ipynb", "/versions"))
    api.depository.tag(archived_path("grows.ipynb"), "v1", "mine")
    assert len({first, second, etag_of(api, at("grows.ipynb", "/versions"))}) == 3


def test_the_etag_of_a_file_stays_while_the_history_grows(api: API) -> None:
    api.archive("stays.ipynb", small(1))
    first = etag_of(api, at("stays.ipynb", "/versions/v1/file"))
    api.archive("stays.ipynb", small(2))
    api.depository.tag(archived_path("stays.ipynb"), "v1", "mine")
    assert etag_of(api, at("stays.ipynb", "/versions/v1/file")) == first


def test_two_files_of_the_same_content_have_two_etags(api: API) -> None:
    data = file_of(small(1))
    api.archive("written.ipynb", data, json.dumps(json.loads(data)).encode())
    numbers = [line["hash"] for line in api.found(at("written.ipynb", "/versions"))["versions"]]
    assert numbers[0] == numbers[1]
    assert len({etag_of(api, at("written.ipynb", f"/versions/v{n}/file")) for n in (1, 2)}) == 2
