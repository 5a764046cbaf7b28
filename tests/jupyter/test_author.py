"""Who is behind a save."""

from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from depository.jupyter import author


def serving(user: Any) -> Any:
    return SimpleNamespace(current_user=user, log=SimpleNamespace(debug=lambda *_: None))


def test_the_server_knows_who_it_is() -> None:
    assert author.name(serving(User("kylek", "Kyle K")), "os") == "kylek"


def test_a_name_that_the_server_drew_is_none() -> None:
    user = IdentityProvider().generate_anonymous_user(serving(None))
    assert author.name(serving(user), "os") == "os"


def test_without_any_it_is_the_login_name() -> None:
    assert author.name(serving(None), "os") == "os"


def test_an_identity_of_old_is_a_dict() -> None:
    assert author.name(serving({"username": "kylek"}), "os") == "kylek"


def test_an_identity_that_fails_fails_no_save() -> None:
    class Failing:
        @property
        def current_user(self) -> Any:
            raise RuntimeError("the identity provider is down")

    assert author.name(Failing(), "os") == "os"


@pytest.mark.parametrize(("kind", "automatic"), [(WebSocketHandler, True), (RequestHandler, False)])
def test_a_save_over_an_open_connection_is_automatic(kind: type, automatic: bool) -> None:
    assert author.is_automatic(object.__new__(kind)) is automatic


def test_a_save_outside_of_any_request_is_not_automatic() -> None:
    assert not author.is_automatic(None)
