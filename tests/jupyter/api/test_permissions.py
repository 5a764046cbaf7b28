"""Who may do what: nobody without authentication, and others as the server's authorizer says."""

from collections.abc import Iterator

import pytest

from depository.jupyter.api.routes import RESOURCES
from tests.jupyter.api.calls import API, at
from tests.jupyter.servers import Server, running
from tests.notebooks import small

AUTHORIZER = """
from jupyter_server.auth.authorizer import Authorizer

class Readers(Authorizer):
    "Everybody may read and publish. Notebooks may be written, versions not be restored."

    def is_authorized(self, handler, user, action, resource):
        return action == "read" or resource in {"depository:publish", "contents"}

class Restorers(Authorizer):
    "Versions may be restored, but notebooks not be written."

    def is_authorized(self, handler, user, action, resource):
        return action == "read" or resource == "depository:restore"

class Nobody(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return not resource.startswith("depository")

c.ServerApp.allow_unauthenticated_access = False
"""


@pytest.fixture(scope="module", params=["Readers", "Restorers", "Nobody"])
def confined(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, API]]:
    """A server with an authorizer, and the authorizer's name."""
    name: str = request.param
    server = Server(tmp_path_factory.mktemp(name), config=f"{AUTHORIZER}\nc.ServerApp.authorizer_class = {name}")
    with running(server):
        api = API(server)
        api.archive("one.ipynb", small(1), small(2))
        yield name, api


def test_nothing_is_told_to_strangers(api: API) -> None:
    for resource, handler in RESOURCES:
        path = resource.format(path="one.ipynb", spec="v1", name="published")
        for method in set(handler.methods()) - {"OPTIONS"}:
            answer = api.ask(method, path, token=None)
            assert answer.status == 403, (method, path)
            assert answer.message
    assert api.ask("GET", "/nothing", token=None).status == 403


def test_an_authorizer_is_asked_about_each_kind_of_thing(confined: tuple[str, API]) -> None:
    name, api = confined
    statuses = {
        "read": api.get(at("one.ipynb", "/versions")).status,
        "publish": api.ask("PUT", at("one.ipynb", "/refs/published"), {"version": "v1"}).status,
        "tag": api.ask("PUT", at("one.ipynb", "/refs/mine"), {"version": "v1"}).status,
        "restore": api.ask("POST", at("one.ipynb", "/versions/v1/restore")).status,
        "unpublish": api.ask("DELETE", at("one.ipynb", "/refs/published")).status,
        "undelete": api.ask("POST", at("one.ipynb", "/undelete")).status,
    }
    wanted = {
        "Readers": {"read": 200, "publish": 200, "tag": 200, "unpublish": 200, "restore": 403, "undelete": 403},
        "Restorers": {"read": 200, "publish": 403, "tag": 403, "unpublish": 403, "restore": 403, "undelete": 409},
        "Nobody": dict.fromkeys(statuses, 403),
    }
    assert statuses == wanted[name]
    assert not (api.server.files / "one.ipynb").exists()


def test_no_handler_is_without_authentication(confined: tuple[str, API]) -> None:
    assert "JupyterServerAuthWarning" not in confined[1].server.output
