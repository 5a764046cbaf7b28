"""Spools and benches."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.spool.directory import Spool
from tests.api.stores import found
from tests.backends.conftest import aws_environment, bucket, bucket_name, moto_server
from tests.spool.spools import Bench, Clock

__all__ = ["aws_environment", "bucket", "bucket_name", "moto_server"]


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock) -> Iterator[Spool]:
    """An empty spool."""
    opened = Spool(str(tmp_path / "spool"), clock=clock.nanoseconds)
    yield opened
    opened.close()


@pytest.fixture
def store() -> Metering:
    """An empty depository's store, which counts."""
    backend = Metering(MemoryBackend())
    found(backend)
    backend.reset()
    return backend


@pytest.fixture
def bench(tmp_path: Path, store: Metering) -> Iterator[Bench]:
    """A spool, and what archives from it into a depository in memory."""
    made = Bench(str(tmp_path / "spool"), store)
    yield made
    made.drain.close()
    made.spool.close()
