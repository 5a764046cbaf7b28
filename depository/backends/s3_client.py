"""One botocore client in a process for equal settings: making one takes a quarter of a second, a connection more.

boto3 itself adds nothing here but its import; botocore is the part of it that talks to S3.
"""

import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

import botocore
from botocore import handlers
from botocore.config import Config
from botocore.session import Session
from botocore.utils import parse_timestamp

from depository.backends.s3_errors import was_never_sent
from depository.backends.s3_settings import S3Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

WORKERS = 16
"""Requests that one client sends at once without waiting for a connection."""

_EXPECT_FROM = 1 << 20
"""Bytes from which a body waits for ``100 Continue``: below, the round trip costs more than a body sent in vain."""

_DOUBTFUL = (500, 502, 503, 504)
_TALKATIVE = ("botocore.auth", "botocore.endpoint", "botocore.parsers")


class Doubt(threading.local):
    """Whether a request of this thread was sent and not clearly answered, at any of botocore's attempts."""

    raised = False


class S3Connection:
    """A client, and what this process knows of it.

    Attributes:
        client: the client, safe with several threads.
        doubt: to be lowered before a write and looked at after it.
        users: whoever may send something.
    """

    def __init__(self, settings: S3Settings) -> None:
        self.doubt = Doubt()
        self.client = _make_client(settings, self._note_answer)
        self.users: WeakSet[object] = WeakSet()
        self._settings = settings
        self._process = os.getpid()
        self._discarded = False

    @property
    def is_current(self) -> bool:
        """Neither discarded nor inherited from a parent process, whose sockets are not ours."""
        return not self._discarded and self._process == os.getpid()

    def release(self, user: object) -> None:
        """Close the idle connections, if nobody else may want them."""
        self.users.discard(user)
        if not self.users and self._process == os.getpid():
            self.client.close()

    def discard(self) -> None:
        """Have the next request look for credentials anew: these were refused, and may have been renewed since."""
        with _lock:
            self._discarded = True
            if _connections.get(self._settings) is self:
                del _connections[self._settings]

    def _note_answer(
        self,
        response: tuple[Any, Any] | None = None,
        caught_exception: Exception | None = None,
        **_: object,
    ) -> None:
        failed = caught_exception is not None and not was_never_sent(caught_exception)
        if failed or (response is not None and response[0].status_code in _DOUBTFUL):
            self.doubt.raised = True


_connections: dict[S3Settings, S3Connection] = {}
_inherited: list[dict[S3Settings, S3Connection]] = []
_lock = threading.Lock()


def connection(settings: S3Settings, user: object) -> S3Connection:
    """This process's connection with these settings, of which `user` becomes a user.

    Raises:
        botocore.exceptions.BotoCoreError: the settings, or the configuration of the AWS tools, cannot be used.
    """
    with _lock:
        found = _connections.get(settings)
        if found is None:
            found = _connections[settings] = S3Connection(settings)
        found.users.add(user)
        return found


def _make_client(settings: S3Settings, note_answer: Callable[..., None]) -> "S3Client":
    for name in _TALKATIVE:  # on level DEBUG they log signatures and session tokens
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
    session = Session(profile=settings.profile)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_parse_time)
    region = settings.region or session.get_config_variable("region")
    if region is None and settings.endpoint_url is not None:
        region = "us-east-1"  # what services without regions go by
    client = session.create_client(
        "s3",
        region_name=region,
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        aws_session_token=settings.session_token,
        config=Config(
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            retries={"total_max_attempts": settings.max_attempts, "mode": "standard"},
            max_pool_connections=WORKERS,
            parameter_validation=False,
            request_checksum_calculation=settings.checksums,
            response_checksum_validation=settings.checksums,
            s3={"addressing_style": settings.addressing},
            tcp_keepalive=True,
            user_agent=f"Botocore/{botocore.__version__} depository",  # put together anew for each request, otherwise
        ),
    )
    events = client.meta.events
    events.unregister("before-call.s3", handlers.add_expect_header)
    events.register("before-call.s3.PutObject", _expect_for_large)
    events.register_first("needs-retry.s3.PutObject", note_answer)
    events.register_first("needs-retry.s3.DeleteObject", note_answer)
    return cast("S3Client", client)


def _expect_for_large(params: dict[str, Any], **_: object) -> None:
    body = params["body"]  # a file by now: botocore makes one of bytes
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    if size >= _EXPECT_FROM:
        params["headers"]["Expect"] = "100-continue"


def _parse_time(value: Any) -> datetime:
    """Read a time as botocore does, but fast where it is of a listing, which has a thousand, or in a header."""
    try:
        time = parsedate_to_datetime(value) if value.endswith(" GMT") else datetime.fromisoformat(value)
    except (AttributeError, TypeError, ValueError):
        return parse_timestamp(value)
    return time if time.tzinfo is not None else parse_timestamp(value)


def _start_child() -> None:  # pragma: no cover - runs in a child alone, which tests/backends/test_s3.py forks
    global _connections, _lock  # noqa: PLW0603 - the lock may be held by a thread that does not exist here
    _inherited.append(_connections)  # kept, for its end would close what the parent shares
    _connections = {}
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has none
    os.register_at_fork(after_in_child=_start_child)
