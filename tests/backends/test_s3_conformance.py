"""An S3 bucket as a store: moto in this process, moto as a server, and moto as a server that can judge races."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from depository.backends import Backend
from depository.backends.metering import Metering
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from tests.backends.conformance import BackendConformance, Beside
from tests.backends.moto_server import BesideMoto, MotoServer, make_bucket, serving
from tests.backends.racing import RacingConformance

IN_PROCESS = S3Settings(region="us-east-1", access_key_id="an id", secret_access_key="a secret")


class TestS3Backend(BackendConformance):
    @pytest.fixture
    def backend(self) -> Iterator[Backend]:
        with mock_aws(), S3Backend("bucket", "", IN_PROCESS) as backend:
            make_bucket("bucket")
            yield backend

    @pytest.fixture
    def beside(self, backend: Backend) -> Beside:
        return BesideMoto("bucket")


class TestMeteredS3Backend(TestS3Backend):
    @pytest.fixture
    def backend(self) -> Iterator[Backend]:
        with mock_aws(), Metering(S3Backend("bucket", "", IN_PROCESS)) as backend:
            make_bucket("bucket")
            yield backend


@pytest.fixture(scope="module")
def plain_moto_server() -> Iterator[MotoServer]:
    """moto as it is."""
    with serving(serialised=False) as server:
        yield server


class TestS3BackendOverTheWire(BackendConformance):
    @pytest.fixture
    def backend(self, plain_moto_server: MotoServer, bucket: str) -> Iterator[Backend]:
        with S3Backend(bucket, "", plain_moto_server.settings) as backend:
            yield backend

    @pytest.fixture
    def beside(self, backend: Backend, bucket: str) -> Beside:
        return BesideMoto(bucket)


class TestS3BackendUnderARace(RacingConformance):
    @pytest.fixture
    def backend(self, moto_server: MotoServer, bucket: str) -> Iterator[Backend]:
        with S3Backend(bucket, "", moto_server.settings) as backend:
            yield backend

    @pytest.fixture
    def beside(self, backend: Backend, bucket: str) -> Beside:
        return BesideMoto(bucket)
