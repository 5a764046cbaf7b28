"""Conditional writes on a store that ignores conditions and keeps versions: the order of the versions is the judge."""

import pytest

from depository.backends import Absent, Backend, Match
from depository.backends.memory import VersionedBucket, VersionedMemory
from depository.errors import KeyNotFound, PreconditionFailed
from tests.backends.conformance import LIMIT, Beside
from tests.backends.racing import RacingConformance


def client(bucket: VersionedBucket) -> VersionedMemory:
    """A process that uses the bucket as all others do."""
    backend = VersionedMemory(bucket)
    backend.rely_on_versions("")
    return backend


class Another(Beside):
    """Another process that follows the same protocol."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def set(self, key: str, data: bytes) -> None:
        self._backend.put(key, data)

    def get(self, key: str) -> bytes | None:
        try:
            return self._backend.get(key, limit=LIMIT).data
        except KeyNotFound:
            return None


class TestVersionedMemory(RacingConformance):
    @pytest.fixture
    def bucket(self) -> VersionedBucket:
        return VersionedBucket()

    @pytest.fixture
    def backend(self, bucket: VersionedBucket) -> Backend:
        return client(bucket)

    @pytest.fixture
    def beside(self, bucket: VersionedBucket) -> Beside:
        return Another(client(bucket))
