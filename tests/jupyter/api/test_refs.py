"""Publishing, scheduling and tagging over HTTP."""

import pytest

from depository.depository import Depository
from tests.jupyter.api.calls import API, at
from tests.jupyter.servers import archived_path
from tests.notebooks import small


@pytest.mark.parametrize(("name", "event"), [("published", "publish"), ("scheduled", "schedule"), ("mine", "tag")])
def test_a_ref_is_pointed_at_a_version(api: API, name: str, event: str) -> None:
    api.archive(f"refs-{name}.ipynb", small(1), small(2))
    answer = api.ask("PUT", at(f"refs-{name}.ipynb", f"/refs/{name}"), {"version": "v1", "message": "for Monday"})
    assert answer.status == 200
    assert (answer.json["event"], answer.json["number"], answer.json["message"]) == (event, 1, "for Monday")
    assert api.depository.refs(archived_path(f"refs-{name}.ipynb"))[name] == 1
    assert api.found(at(f"refs-{name}.ipynb", f"/refs/{name}"))["number"] == 1


def test_without_a_version_the_newest_is_published(api: API) -> None:
    api.archive("newest.ipynb", small(1), small(2))
    assert api.ask("PUT", at("newest.ipynb", "/refs/published")).json["number"] == 2


def test_what_was_just_saved_is_what_is_published(api: API) -> None:
    with api.server.client() as client:
        for seed in range(5):
            client.save("fresh.ipynb", small(seed))
        answer = api.ask("PUT", at("fresh.ipynb", "/refs/published"))
    assert answer.status == 200
    path = archived_path("fresh.ipynb")
    assert Depository.open(str(api.server.store)).load(path, "published") == small(4)


def test_all_refs_are_listed(api: API) -> None:
    api.archive("all.ipynb", small(1), small(2))
    api.depository.tag(archived_path("all.ipynb"), "v1", "mine")
    assert api.found(at("all.ipynb", "/refs"))["refs"] == {"workspace": 2, "mine": 1}


@pytest.mark.parametrize(("name", "event"), [("published", "unpublish"), ("scheduled", "unschedule"), ("x", "untag")])
def test_a_ref_is_taken_away(api: API, name: str, event: str) -> None:
    path = f"away-{name}.ipynb"
    api.archive(path, small(1))
    api.ask("PUT", at(path, f"/refs/{name}"))
    assert api.ask("DELETE", at(path, f"/refs/{name}")).json["event"] == event
    assert api.ask("DELETE", at(path, f"/refs/{name}")).status == 404


def test_a_tag_of_another_version_is_moved_only_if_asked_for(api: API) -> None:
    api.archive("moved.ipynb", small(1), small(2))
    api.ask("PUT", at("moved.ipynb", "/refs/mine"), {"version": "v1"})
    refused = api.ask("PUT", at("moved.ipynb", "/refs/mine"), {"version": "v2"})
    assert (refused.status, refused.reason) == (409, "already-exists")
    assert api.ask("PUT", at("moved.ipynb", "/refs/mine"), {"version": "v2", "move": True}).json["previous"] == 1


def test_of_two_who_publish_the_one_that_expected_another_version_is_told(api: API) -> None:
    api.archive("race.ipynb", small(1), small(2), small(3))
    assert api.ask("PUT", at("race.ipynb", "/refs/published"), {"version": "v1", "expect": 0}).status == 200
    assert api.ask("PUT", at("race.ipynb", "/refs/published"), {"version": "v2", "expect": 1}).status == 200
    late = api.ask("PUT", at("race.ipynb", "/refs/published"), {"version": "v3", "expect": 1})
    assert (late.status, late.reason) == (409, "ref-moved")


@pytest.mark.parametrize("name", ["latest", "workspace", "v3", "deadbeef", "2026-11-01", "a b", "-x"])
def test_a_name_that_means_something_else_is_no_tag(api: API, name: str) -> None:
    api.archive("one.ipynb", small(1))
    answer = api.ask("PUT", at("one.ipynb", f"/refs/{name.replace(' ', '%20')}"), {"version": "v1"})
    assert (answer.status, answer.reason) == (400, "invalid-name")
    assert api.ask("DELETE", at("one.ipynb", f"/refs/{name.replace(' ', '%20')}")).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff",
        b"[" * 60_000,
        {"version": 1},
        {"version": ""},
        {"version": "x" * 300},
        {"message": None},
        {"message": "x" * 5000},
        {"message": "\ud800"},
        {"expect": True},
        {"expect": -2},
        {"move": True},
        {"colour": "red"},
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_in_a_sentence(api: API, body: object) -> None:
    api.archive("one.ipynb", small(1))
    answer = api.ask("PUT", at("one.ipynb", "/refs/published"), body)
    assert answer.status == 400, answer.data
    assert answer.message


def test_a_body_of_another_type_is_refused(api: API) -> None:
    api.archive("one.ipynb", small(1))
    answer = api.ask("PUT", at("one.ipynb", "/refs/published"), b"version=v1", Content_Type="text/plain")
    assert answer.status == 400
    assert "application/json" in answer.message


def test_a_body_that_is_too_large_is_refused(api: API) -> None:
    answer = api.ask("PUT", at("one.ipynb", "/refs/published"), {"message": "x" * 70_000})
    assert (answer.status, answer.reason) == (413, "too-large")
