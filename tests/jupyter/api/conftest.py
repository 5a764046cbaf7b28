"""A server that lives as long as the tests of its API."""

from collections.abc import Iterator

import pytest

from tests.jupyter.api.calls import API
from tests.jupyter.servers import Server, running


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """The API of a server with an archive on its own disk."""
    server = Server(tmp_path_factory.mktemp("api"))
    client = API(server)
    with running(server):
        yield client
