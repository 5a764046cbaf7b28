"""Servers and an S3 service for the tests of archiving from Jupyter."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jupyter import networks
from tests.jupyter.networks import Service
from tests.jupyter.servers import Server

MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Describe a server, in a directory of its own; whatever is left of it at the end is ended."""
    made: list[Server] = []

    def make(**options: Any) -> Server:
        made.append(Server(tmp_path / f"server-{len(made)}", **options))
        return made[-1]

    yield make
    for server in made:
        server.kill(with_workers=True)


@pytest.fixture(scope="session")
def s3_service() -> Iterator[Service]:
    """One S3 service for all tests."""
    with networks.service() as service:
        yield service
