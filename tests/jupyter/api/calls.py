"""Requests to the API of a real server."""

import http.client
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from depository import Depository
from depository.jupyter.api import openapi
from tests.jupyter.servers import TOKEN, Server, archived_path
from tests.notebooks import Notebook, file_of

DESCRIPTION = openapi.document()


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def message(self) -> str:
        """The sentence of an error."""
        assert set(self.json) == {"message", "reason"}
        text: str = self.json["message"]
        assert isinstance(text, str)
        return text

    @property
    def reason(self) -> str | None:
        """The kind of an error."""
        text: str | None = self.json["reason"]
        return text


class API:
    """A client of a server's API, and of the depository behind it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.depository = Depository.create(str(server.store))

    def archive(self, path: str, *contents: Notebook | bytes, author: str = "ann", message: str = "") -> None:
        """Put versions of a notebook of the server into the archive."""
        for content in contents:
            data = content if isinstance(content, bytes) else file_of(content)
            self.depository.save(archived_path(path), data, author=author, message=message)

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN, **headers: str) -> Answer:
        """Make a request of a path below ``/api/depository``."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"token {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, f"/api/depository{path}", data, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Make a GET request."""
        return self.ask("GET", path, **headers)

    def found(self, path: str) -> Any:
        """The JSON that a GET request gives."""
        answer = self.get(path)
        assert answer.status == 200, answer.data
        return answer.json


def at(path: str, rest: str = "") -> str:
    """The address of a notebook, or of something of it."""
    return f"/notebooks/{quote(path)}{rest}"
