"""An S3 service to measure with: the one that the environment names, or moto in a process of its own.

As a program it is that process: it writes its address as a line of JSON, and for each line that it reads what was asked
of it since the last one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from depository import Depository
from depository.backends.base import CONDITIONAL, Setting
from depository.backends.metering import Metering
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from depository.backends.wrapper import Wrapper

if TYPE_CHECKING:
    from depository.backends.base import Backend

_BUCKET = "bench"


class Asked(NamedTuple):
    """What arrived at a service."""

    requests: int
    sent: int
    """Bytes of bodies."""


class Unprepared(Wrapper):
    """A bucket that is left as it is: a benchmark needs no versions of manifests, and not every service has them."""

    def prepare(self) -> Sequence[Setting]:
        """Do nothing."""
        return ()

    def limit(self) -> Sequence[Setting]:
        """Do nothing."""
        return ()

    def choose_protocol(self, token: str) -> str:  # noqa: ARG002 - no trial
        """Trust it: nobody else writes there."""
        return CONDITIONAL


class Service:
    """A running service and a bucket of it.

    Attributes:
        name: what it is.
        bucket: the bucket.
        environ: what a program needs in its environment to reach it.
    """

    def __init__(
        self, name: str, bucket: str, environ: dict[str, str], process: "subprocess.Popen[str] | None"
    ) -> None:
        self.name = name
        self.bucket = bucket
        self.environ = environ
        self._process = process

    @property
    def settings(self) -> S3Settings:
        """How depository reaches it."""
        return S3Settings(
            endpoint_url=self.environ.get("AWS_ENDPOINT_URL"),
            region=self.environ.get("AWS_DEFAULT_REGION"),
            access_key_id=self.environ.get("AWS_ACCESS_KEY_ID"),
            secret_access_key=self.environ.get("AWS_SECRET_ACCESS_KEY"),
        )

    def backend(self, prefix: str) -> "Backend":
        """A part of the bucket, as depository sees it."""
        return Unprepared(S3Backend(self.bucket, prefix, self.settings))

    def metered(self, prefix: str) -> tuple[Depository, Metering]:
        """A new depository in a part of the bucket, and what counts its requests."""
        meter = Metering(self.backend(prefix))
        return Depository.adopt(meter, materialize=()), meter

    def client(self) -> Any:
        """A boto3 client as everybody makes it."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.environ.get("AWS_ENDPOINT_URL"),
            region_name=self.environ.get("AWS_DEFAULT_REGION"),
            aws_access_key_id=self.environ.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=self.environ.get("AWS_SECRET_ACCESS_KEY"),
        )

    def asked(self) -> Asked | None:
        """What arrived since the last call of this, if the service is ours to ask."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return None
        self._process.stdin.write("count\n")
        self._process.stdin.flush()
        return Asked(*json.loads(self._process.stdout.readline()))


@contextmanager
def service(bucket: str | None) -> Iterator[Service]:
    """The service that the environment names, with a bucket that is there; or moto, if no bucket is named."""
    if bucket is not None:
        names = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        environ = {name: os.environ[name] for name in names if name in os.environ}
        yield Service(_server_name(environ), bucket, environ, None)
        return
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        url = json.loads(process.stdout.readline())
        environ = {
            "AWS_ENDPOINT_URL": url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        yield Service("moto", _BUCKET, environ, process)
    finally:
        process.kill()
        process.communicate()


def _server_name(environ: dict[str, str]) -> str:
    from urllib.request import urlopen

    if "AWS_ENDPOINT_URL" not in environ:
        return "AWS S3"
    try:
        with urlopen(environ["AWS_ENDPOINT_URL"], timeout=5) as answer:  # noqa: S310 - an address of our own
            return str(answer.headers.get("Server") or "an S3 service")
    except OSError:
        return "an S3 service"


def main() -> None:
    """Serve until the input ends."""
    from tests.backends.moto_server import make_bucket, serving

    with serving() as server:
        make_bucket(_BUCKET)
        print(json.dumps(server.url), flush=True)
        for _ in sys.stdin:
            seen, server.seen = server.seen, []
            print(
                json.dumps((len(seen), sum(int(each.headers.get("content-length", 0) or 0) for each in seen))),
                flush=True,
            )


if __name__ == "__main__":
    main()
