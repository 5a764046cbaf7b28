"""moto's S3 over the wire, made fit to judge races: it answers one request at a time.

moto checks a condition and then writes, with nothing in between to keep other requests out. `serving` puts a lock
there, notes each request, and refuses those that a test wants refused, as S3 does where a policy forbids them.
"""

import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from depository.backends.s3_settings import S3Settings
from tests.backends.conformance import Beside

ACCOUNT = "123456789012"
"""The one that moto takes every caller for."""

_REFUSAL = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_buckets = itertools.count()


class Seen(NamedTuple):
    """A request that arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """By name, in lower case."""


class MotoServer:
    """A running server.

    Attributes:
        url: its endpoint.
        refused: requests that are answered 403, each as its method and query, such as ``PUT versioning``.
        seen: the requests so far.
        is_deaf: it ignores the conditions of writes in silence, as some servers do.
    """

    def __init__(self, *, serialised: bool) -> None:
        self.url = ""
        self.refused: set[str] = set()
        self.seen: list[Seen] = []
        self.is_deaf = False
        self._lock = threading.Lock() if serialised else None
        self._app = DomainDispatcherApplication(create_backend_app)

    @property
    def settings(self) -> S3Settings:
        """How to reach it."""
        return S3Settings(
            endpoint_url=self.url,
            region="us-east-1",
            access_key_id="an id",
            secret_access_key="a secret",
            max_attempts=1,
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        names = ((name.removeprefix("HTTP_").replace("_", "-").lower(), name) for name in environ)
        headers = {header: environ[name] for header, name in names if name.startswith(("HTTP_", "CONTENT_"))}
        query = environ["QUERY_STRING"]
        self.seen.append(Seen(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, headers))
        if f"{environ['REQUEST_METHOD']} {query}" in self.refused:
            start_response(
                "403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(_REFUSAL)))]
            )
            return [_REFUSAL]
        if self.is_deaf and environ["REQUEST_METHOD"] == "PUT":
            environ.pop("HTTP_IF_MATCH", None)
            environ.pop("HTTP_IF_NONE_MATCH", None)
        if self._lock is None:
            return list(self._app(environ, start_response))
        with self._lock:
            return list(self._app(environ, start_response))


@contextmanager
def serving(*, serialised: bool = True) -> Iterator[MotoServer]:
    """A server on a free port of this computer, until the end of the block."""
    application = MotoServer(serialised=serialised)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    application.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield application
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def moto_server() -> Iterator[MotoServer]:
    """One server for all tests; see `bucket` for a place of one's own in it."""
    with serving() as server:
        yield server


@pytest.fixture
def bucket_name() -> Iterator[str]:
    """The name of a bucket that is not there, and is gone from moto's memory at the end."""
    name = f"bucket-{next(_buckets)}"
    yield name
    drop_bucket(name)


@pytest.fixture
def bucket(bucket_name: str) -> str:
    """The name of a bucket of one's own, empty and versioned."""
    make_bucket(bucket_name)
    return bucket_name


def make_bucket(name: str) -> None:
    """Put an empty versioned bucket into moto's memory: faster than by its requests."""
    s3().create_bucket(name, "us-east-1")
    s3().put_bucket_versioning(name, "Enabled")


def drop_bucket(name: str) -> None:
    """Take a bucket and all that is in it out of moto's memory."""
    s3().buckets.pop(name, None)
    s3_backends.bucket_accounts.pop(name, None)


def s3() -> Any:
    """What moto holds of S3, for this process's servers and for `mock_aws` alike."""
    return s3_backends[ACCOUNT]["aws"]


class BesideMoto(Beside):
    """moto's own memory."""

    def __init__(self, bucket: str, base: str = "") -> None:
        self._bucket = bucket
        self._base = base

    def set(self, key: str, data: bytes) -> None:
        s3().put_object(self._bucket, self._base + key, data)

    def get(self, key: str) -> bytes | None:
        found = s3().get_object(self._bucket, self._base + key)
        value: bytes | None = getattr(found, "value", None)
        return value
