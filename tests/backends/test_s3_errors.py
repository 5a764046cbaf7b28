"""What becomes of each way in which an S3 request fails."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from depository.backends import Absent, Backend, Match
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from depository.errors import (
    AccessDenied,
    KeyNotFound,
    NoBucket,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
    StorageFull,
    Unreachable,
)
from tests.backends.conformance import LIMIT
from tests.backends.stub_server import Reply, Request, refusal, stubbed

SETTINGS = S3Settings(region="us-east-1", access_key_id="an id", secret_access_key="a secret", max_attempts=1)
URL = "s3://bucket/prefix"

OPERATIONS: dict[str, Callable[[Backend], object]] = {
    "get": lambda backend: backend.get("key", limit=LIMIT),
    "list": lambda backend: list(backend.list("key")),
    "put": lambda backend: backend.put("key", b"value"),
    "create": lambda backend: backend.put("key", b"value", Absent()),
    "replace": lambda backend: backend.put("key", b"value", Match('"etag"')),
    "delete": lambda backend: backend.delete("key"),
}
READS = ("get", "list")
WRITES = ("put", "create", "replace", "delete")


@contextmanager
def answering(*replies: Reply, **settings: object) -> Iterator[Backend]:
    """A backend whose server gives these replies, the last one for ever."""
    left = chain(replies, repeat(replies[-1]))
    with stubbed(lambda _: next(left)) as stub:
        changed = SETTINGS._replace(endpoint_url=stub.url, **settings)  # type: ignore[arg-type]
        with S3Backend("bucket", "prefix", changed) as backend:
            yield backend


def failure(operation: str, *replies: Reply, **settings: object) -> StorageError:
    """What an operation raises that is answered so."""
    with answering(*replies, **settings) as backend, pytest.raises(StorageError) as caught:
        OPERATIONS[operation](backend)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return caught.value


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (refusal(404, "NoSuchBucket"), NoBucket, f"depository init {URL}"),
        (refusal(403, "AccessDenied", "User x is not authorized"), AccessDenied, "ask for permission"),
        (refusal(403, "SignatureDoesNotMatch"), AccessDenied, "secret key"),
        (refusal(403, "InvalidAccessKeyId"), AccessDenied, "does not know the credentials"),
        (refusal(400, "ExpiredToken"), AccessDenied, "expired"),
        (refusal(403, "RequestTimeTooSkewed"), AccessDenied, "clock"),
        (Reply(403), AccessDenied, "ask for permission"),
        (refusal(301, "PermanentRedirect", x_amz_bucket_region="eu-north-1"), StorageError, "'eu-north-1'"),
        (
            refusal(400, "AuthorizationHeaderMalformed", "region 'us-east-1' is wrong; expecting 'eu-west-3'"),
            StorageError,
            "set the region to 'eu-west-3'",
        ),
        (refusal(400, "IllegalLocationConstraintException"), StorageError, "set the region"),
        (refusal(400, "InvalidRequest", "Because."), StorageError, "InvalidRequest: Because.$"),
        (refusal(501, "NotImplemented"), StorageError, "NotImplemented"),
        (refusal(429, "TooManyRequests"), Unreachable, "try again later"),
    ],
    ids=lambda value: str(value.body)[14:44] if isinstance(value, Reply) else "",
)
def test_a_clear_answer(operation: str, reply: Reply, kind: type[StorageError], text: str) -> None:
    error = failure(operation, reply)
    assert type(error) is kind
    assert text.rstrip("$") in str(error)


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    "reply",
    [
        refusal(500, "InternalError"),
        refusal(503, "SlowDown"),
        refusal(503, "ServiceUnavailable"),
        Reply(502, b"<html>Bad gateway</html>"),
        Reply(504),
        refusal(500, "UnknownError"),
        refusal(409, "ConditionalRequestConflict"),
        refusal(409, "ConcurrentModification"),
        refusal(409, "OperationAborted"),
        refusal(400, "RequestTimeout"),
        Reply(hangs_up=True),
    ],
    ids=lambda reply: f"{reply.status} {reply.body.decode()[13:40]}",
)
def test_a_write_without_a_clear_answer_may_have_happened(operation: str, reply: Reply) -> None:
    assert type(failure(operation, reply)) is OutcomeUnknown


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize(
    "reply",
    [refusal(500, "InternalError"), refusal(503, "SlowDown"), Reply(502, b"<html></html>"), Reply(hangs_up=True)],
    ids=["500", "503", "502", "hang up"],
)
def test_a_read_without_a_clear_answer_can_be_tried_again(operation: str, reply: Reply) -> None:
    assert type(failure(operation, reply)) is Unreachable


@pytest.mark.parametrize("operation", ["create", "replace"])
def test_a_condition_that_does_not_hold(operation: str) -> None:
    assert type(failure(operation, refusal(412, "PreconditionFailed"))) is PreconditionFailed


def test_a_key_that_is_gone_matches_nothing() -> None:
    assert type(failure("replace", refusal(404, "NoSuchKey"))) is PreconditionFailed


def test_a_key_that_is_not_there() -> None:
    assert type(failure("get", refusal(404, "NoSuchKey"))) is KeyNotFound


def test_deleting_a_key_that_a_server_does_not_find_is_no_error() -> None:
    with answering(refusal(404, "NoSuchKey")) as backend:
        backend.delete("key")


@pytest.mark.parametrize("operation", ["put", "create"])
def test_a_write_that_is_not_found_is_not_taken_for_a_missing_key(operation: str) -> None:
    assert type(failure(operation, Reply(404))) is StorageError


@pytest.mark.parametrize(("status", "code"), [(403, "QuotaExceeded"), (507, "XMinioStorageFull"), (507, "Full")])
def test_a_full_store(status: int, code: str) -> None:
    assert type(failure("put", refusal(status, code))) is StorageFull


# Several attempts


def test_botocore_repeats_what_may_pass() -> None:
    with answering(refusal(503, "SlowDown"), Reply(body=b"value", headers={"ETag": "e"}), max_attempts=2) as backend:
        assert backend.get("key", limit=LIMIT).data == b"value"


@pytest.mark.parametrize("first", [Reply(hangs_up=True), refusal(500, "InternalError")], ids=["hang up", "500"])
def test_a_refusal_after_an_attempt_without_an_answer_leaves_doubt(first: Reply) -> None:
    error = failure("create", first, refusal(403, "AccessDenied"), max_attempts=2)
    assert type(error) is OutcomeUnknown
    assert "ask for permission" in str(error)


def test_a_failed_condition_after_an_attempt_without_an_answer_is_told_as_such() -> None:
    error = failure("create", Reply(hangs_up=True), refusal(412, "PreconditionFailed"), max_attempts=2)
    assert type(error) is PreconditionFailed


def test_doubt_ends_with_the_request_that_it_is_about() -> None:
    with answering(Reply(hangs_up=True), refusal(403, "AccessDenied")) as backend:
        with pytest.raises(OutcomeUnknown):
            backend.put("key", b"value")
        with pytest.raises(AccessDenied):
            backend.put("key", b"value")


def test_a_server_that_goes_away_after_an_attempt_leaves_doubt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def take_one_request() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(100)
                listener.close()

        thread = threading.Thread(target=take_one_request)
        thread.start()
        with (
            S3Backend("bucket", "", SETTINGS._replace(endpoint_url=url, max_attempts=2)) as backend,
            pytest.raises(OutcomeUnknown, match="an earlier attempt"),
        ):
            backend.put("key", b"value")
        thread.join()


# No answer at all


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_port_where_nobody_listens(operation: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        S3Backend("bucket", "", SETTINGS._replace(endpoint_url=url)) as backend,
        pytest.raises(Unreachable, match=f"{url} cannot be reached"),
    ):
        OPERATIONS[operation](backend)


def test_a_host_that_does_not_exist() -> None:
    settings = SETTINGS._replace(endpoint_url="http://no-such-host.invalid")
    with S3Backend("bucket", "", settings) as backend, pytest.raises(Unreachable, match="cannot be reached"):
        backend.put("key", b"value")


@pytest.mark.parametrize(("operation", "kind"), [("get", Unreachable), ("list", Unreachable), ("put", OutcomeUnknown)])
def test_a_server_that_stalls(operation: str, kind: type[StorageError]) -> None:
    end = threading.Event()
    try:
        assert type(failure(operation, Reply(waits_for=end), read_timeout=0.2)) is kind
    finally:
        end.set()


def test_a_server_without_tls_where_tls_is_expected() -> None:
    with stubbed(lambda _: Reply()) as stub:
        settings = SETTINGS._replace(endpoint_url=stub.url.replace("http:", "https:"))
        with S3Backend("bucket", "", settings) as backend, pytest.raises(Unreachable):
            backend.get("key", limit=LIMIT)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_certificate_that_nobody_vouches_for(operation: str, self_signed: str) -> None:
    settings = SETTINGS._replace(endpoint_url=self_signed)
    with (
        S3Backend("bucket", "", settings) as backend,
        pytest.raises(Unreachable, match=f"The certificate of {self_signed} is not trusted here"),
    ):
        OPERATIONS[operation](backend)


@pytest.fixture(scope="module")
def self_signed() -> Iterator[str]:
    """The endpoint of a server whose certificate is its own."""
    server = make_server("127.0.0.1", 0, Response(), threaded=True, ssl_context="adhoc")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("get", b"<!doctype html>"),
        ("put", b""),
        ("list", b"<A><Contents><Key>prefix/key</Key><LastModified>yesterday</LastModified></Contents></A>"),
    ],
)
def test_a_web_server_that_is_not_s3(operation: str, body: bytes) -> None:
    assert "not as S3 does" in str(failure(operation, Reply(body=body)))


# Credentials


def test_no_credentials_at_all() -> None:
    with (
        S3Backend("bucket", "", S3Settings(region="us-east-1")) as backend,
        pytest.raises(AccessDenied, match="No complete AWS credentials"),
    ):
        backend.get("key", limit=LIMIT)


def test_a_profile_that_does_not_exist() -> None:
    with (
        S3Backend("bucket", "", S3Settings(profile="nobody")) as backend,
        pytest.raises(AccessDenied, match="no AWS profile 'nobody'"),
    ):
        backend.get("key", limit=LIMIT)


def test_a_broken_aws_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("not a configuration")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with (
        S3Backend("bucket", "", S3Settings(region="us-east-1")) as backend,
        pytest.raises(StorageError, match="AWS configuration cannot be used"),
    ):
        backend.get("key", limit=LIMIT)


def test_a_credential_process_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\ncredential_process = false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with (
        S3Backend("bucket", "", S3Settings(region="us-east-1")) as backend,
        pytest.raises(AccessDenied, match="renew them"),
    ):
        backend.get("key", limit=LIMIT)


def test_credentials_come_from_the_ordinary_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FROMENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return Reply(body=b"value", headers={"ETag": "e"})

    with stubbed(answer) as stub, S3Backend("bucket", "", S3Settings(endpoint_url=stub.url)) as backend:
        backend.get("key", limit=LIMIT)
    assert "Credential=FROMENVIRONMENT/" in seen[0].headers["authorization"]
    assert "/us-east-1/s3/" in seen[0].headers["authorization"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_program_that_gives_out_expired_credentials_is_answered_with_a_sentence(
    operation: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {tmp_path}/found.json\n")
    keys = {"AccessKeyId": "id", "SecretAccessKey": "secret", "SessionToken": "token"}
    (tmp_path / "found.json").write_text(json.dumps({"Version": 1, **keys, "Expiration": "2020-01-01T00:00:00Z"}))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    where = "http://127.0.0.1:9"
    settings = S3Settings(endpoint_url=where, region=f"of-{operation}", max_attempts=1)  # shared with no other test
    with S3Backend("bucket", "prefix", settings) as backend, pytest.raises(AccessDenied, match="have expired: renew"):
        OPERATIONS[operation](backend)
    soon = datetime.now(UTC) + timedelta(hours=1)
    (tmp_path / "found.json").write_text(json.dumps({"Version": 1, **keys, "Expiration": soon.isoformat()}))
    with S3Backend("bucket", "prefix", settings) as backend, pytest.raises(StorageError, match="cannot be reached"):
        OPERATIONS[operation](backend)


def test_a_refusal_to_read_what_is_not_listed_is_that_it_is_not_there() -> None:
    # so some services answer whoever may list a part of the bucket only
    with answering(refusal(403, "AccessDenied"), listing()) as backend, pytest.raises(KeyNotFound):
        backend.get("key", limit=LIMIT)


def test_a_refusal_to_read_what_is_listed_is_a_refusal() -> None:
    replies = (refusal(403, "AccessDenied"), listing("prefix/key"))
    with answering(*replies) as backend, pytest.raises(AccessDenied, match="may not read 'key'"):
        backend.get("key", limit=LIMIT)


def test_a_refusal_to_read_and_to_list_is_a_refusal_to_read() -> None:
    with answering(refusal(403, "AccessDenied")) as backend, pytest.raises(AccessDenied, match="may not read 'key'"):
        backend.get("key", limit=LIMIT)


def test_nothing_more_is_asked_with_credentials_that_are_not_taken() -> None:
    with answering(refusal(403, "InvalidAccessKeyId"), listing()) as backend, pytest.raises(AccessDenied):
        backend.get("key", limit=LIMIT)


def listing(*keys: str) -> Reply:
    found = "".join(
        f"<Contents><Key>{key}</Key><Size>1</Size><ETag>e</ETag><LastModified>2026-01-01T00:00:00Z</LastModified>"
        "</Contents>"
        for key in keys
    )
    return Reply(body=f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode())
