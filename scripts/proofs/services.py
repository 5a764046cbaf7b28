"""The S3 services that are attacked: moto in a process of its own, and those that files name.

Such a file has lines ``NAME=VALUE``, with or without ``export`` before them: ``AWS_ENDPOINT_URL``,
``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_DEFAULT_REGION``, and some of its own:

- ``DEPOSITORY_SERVER``: what the service is called in tables;
- ``DEPOSITORY_BUCKETS``: how the names begin of the buckets that are made there;
- ``DEPOSITORY_VERSIONING=yes``: these keep versions;
- ``DEPOSITORY_SAVES``: how often each process of `servers` saves, where the service is a slow one;
- ``DEPOSITORY_KILLS``: how many processes `kills` kills at random moments, likewise.

One without an address is about moto: where this machine is slow.
"""

import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import servers

from depository.backends.base import Backend, Setting
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from depository.backends.wrapper import Wrapper

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class AsItIs(Wrapper):
    """A bucket whose settings are left alone."""

    def prepare(self) -> Sequence[Setting]:
        """Do nothing."""
        return ()

    def limit(self) -> Sequence[Setting]:
        """Do nothing."""
        return ()


class Place(NamedTuple):
    """A bucket that is all ours."""

    name: str
    """What the service is called."""
    bucket: str
    settings: S3Settings
    saves: int = sys.maxsize
    """How often a process of `servers` saves at most."""
    kills: int = sys.maxsize
    """How many processes of `kills` are killed at random moments at most."""

    def at(self, endpoint: str, *, read_timeout: float = 60.0) -> "Place":
        """The same bucket, reached by another address."""
        settings = self.settings._replace(endpoint_url=endpoint, read_timeout=read_timeout, connect_timeout=5.0)
        return self._replace(settings=settings)

    def backend(self, prefix: str) -> Backend:
        """A part of the bucket, which is left as it is; how its writes are judged is tried out."""
        return AsItIs(S3Backend(self.bucket, prefix, self.settings))


def variables(file: Path) -> dict[str, str]:
    """What a file of ``NAME=VALUE`` lines says."""
    lines = (line.strip().removeprefix("export ") for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def named(file: Path) -> Place:
    """The service that a file names, with a new bucket."""
    found = variables(file)
    settings = S3Settings(
        endpoint_url=found.get("AWS_ENDPOINT_URL"),
        region=found.get("AWS_DEFAULT_REGION", "us-east-1"),
        access_key_id=found.get("AWS_ACCESS_KEY_ID"),
        secret_access_key=found.get("AWS_SECRET_ACCESS_KEY"),
    )
    bucket = f"{found.get('DEPOSITORY_BUCKETS', 'proofs')}-{uuid.uuid4().hex[:12]}"
    client = _client(settings)
    client.create_bucket(Bucket=bucket)
    if found.get("DEPOSITORY_VERSIONING") == "yes":
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    name = found.get("DEPOSITORY_SERVER", file.stem)
    return Place(name, bucket, settings, *_most(found))


@contextmanager
def places(files: Sequence[str]) -> Iterator[list[Place]]:
    """Moto, and the services of these files, until the end of the block."""
    with ExitStack() as stack:
        moto = stack.enter_context(servers.service(None))
        found = [Path(file) for file in files]
        limits = [variables(file) for file in found if "AWS_ENDPOINT_URL" not in variables(file)]
        first = Place("moto", moto.bucket, moto.settings, *(_most(limits[0]) if limits else ()))
        yield [first, *(named(file) for file in found if "AWS_ENDPOINT_URL" in variables(file))]


def _most(found: dict[str, str]) -> tuple[int, int]:
    """The limits that a file sets."""
    return int(found.get("DEPOSITORY_SAVES", sys.maxsize)), int(found.get("DEPOSITORY_KILLS", sys.maxsize))


def _client(settings: S3Settings) -> "S3Client":
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
    )
