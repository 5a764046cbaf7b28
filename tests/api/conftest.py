"""Stores and depositories."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from depository.backends.base import Backend
from depository.backends.local import LocalBackend
from depository.backends.memory import MemoryBackend, VersionedMemory
from depository.backends.metering import Metering
from depository.depository import Depository
from tests.api.stores import found
from tests.backends.moto_server import bucket, bucket_name, moto_server

__all__ = ["backend", "bucket", "bucket_name", "depo", "metered", "moto_server"]


@pytest.fixture(params=["versioned", "local"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """An empty store of each kind that needs no server; one has no conditional writes, and versions instead."""
    made: Backend
    match request.param:
        case "versioned":
            made = VersionedMemory()
        case _:
            made = LocalBackend(str(tmp_path / "depository"))
    with made as opened:
        yield opened


@pytest.fixture
def depo(backend: Backend) -> Iterator[Depository]:
    """An empty depository."""
    with found(backend) as opened:
        yield opened


@pytest.fixture
def metered() -> Metering:
    """A store in memory that counts."""
    return Metering(MemoryBackend())
