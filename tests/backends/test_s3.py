"""An S3 bucket as a store: prefixes, requests, connections, settings."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.utils import parse_timestamp

from depository.backends import Absent, Backend, Setting, connect, s3, s3_setup
from depository.backends.s3 import S3Backend
from depository.backends.s3_client import connection
from depository.backends.s3_settings import S3Settings
from depository.errors import AccessDenied, InvalidPath, InvalidSettings, NoBucket, StorageError, Unreachable
from tests.backends.conformance import LIMIT
from tests.backends.moto_server import BesideMoto, MotoServer, drop_bucket
from tests.backends.moto_server import s3 as moto
from tests.backends.stub_server import Reply, Request, refusal, stubbed

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
KEYS = S3Settings(region="us-east-1", access_key_id="an id", secret_access_key="a secret", max_attempts=1)


@pytest.fixture
def backend(moto_server: MotoServer, bucket: str) -> Iterator[Backend]:
    moto_server.seen.clear()
    with connect(f"s3://{bucket}/some/Prefix", settings=moto_server.settings) as backend:
        yield backend


def listing(*keys: str, more: str = "", truncated: bool = False) -> Reply:
    """A page of a listing, as S3 words it."""
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>1</Size><ETag>e</ETag>"
        "<LastModified>2026-11-21T20:53:00.000Z</LastModified></Contents>"
        for key in keys
    )
    token = f"<NextContinuationToken>{more}</NextContinuationToken>" if more else ""
    is_truncated = str(truncated).lower()
    return Reply(
        body=f"<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>{token}{contents}</ListBucketResult>".encode()
    )


# Prefixes


def test_every_key_has_the_prefix(backend: Backend, bucket: str) -> None:
    backend.put("a/b", b"value")
    assert BesideMoto(bucket).get("some/Prefix/a/b") == b"value"
    assert [item.key for item in backend.list("a/")] == ["a/b"]


def test_what_is_beside_the_prefix_is_not_seen(backend: Backend, bucket: str) -> None:
    beside = BesideMoto(bucket)
    for key in ("some/Prefix", "some/Prefix2/a", "some/prefix/a", "a", "some/Prefix/a"):
        beside.set(key, b"value")
    assert [item.key for item in backend.list("")] == ["a"]


def test_two_prefixes_of_a_bucket_are_two_stores(moto_server: MotoServer, bucket: str) -> None:
    with (
        connect(f"s3://{bucket}/a", settings=moto_server.settings) as one,
        connect(f"s3://{bucket}/b", settings=moto_server.settings) as other,
    ):
        one.put("key", b"one", Absent())
        other.put("key", b"other", Absent())
        assert one.get("key", limit=LIMIT).data == b"one"


def test_the_prefix_counts_for_the_longest_key(backend: Backend) -> None:
    longest = "x" * (1024 - len("some/Prefix/"))
    backend.put(longest, b"value")
    with pytest.raises(InvalidPath, match="1,025 bytes long"):
        backend.put(longest + "x", b"value")


def test_keys_that_we_could_not_have_written_are_left_out(backend: Backend, bucket: str) -> None:
    beside = BesideMoto(bucket)
    for key in ("", "directory/", "a//b", "../x", "a"):
        beside.set(f"some/Prefix/{key}", b"")
    assert [item.key for item in backend.list("")] == ["a"]


def test_a_listing_that_runs_out_of_its_prefix_is_refused() -> None:
    with stubbed(lambda _: listing("m/a", "n/a")) as stub, S3Backend("bucket", "", at(stub.url)) as backend:
        items = backend.list("m/")
        assert next(items).key == "m/a"
        with pytest.raises(StorageError, match="not asked for"):
            next(items)


def test_a_listing_that_is_not_sorted_is_refused() -> None:
    with (
        stubbed(lambda _: listing("b", "a")) as stub,
        S3Backend("bucket", "", at(stub.url)) as backend,
        pytest.raises(StorageError, match="unsorted"),
    ):
        list(backend.list(""))


def test_a_truncated_page_without_a_token_is_followed_by_its_last_key() -> None:
    def answer(request: Request) -> Reply:
        return listing("c") if "start-after=b" in request.path else listing("a", "b", truncated=True)

    with stubbed(answer) as stub, S3Backend("bucket", "", at(stub.url)) as backend:
        assert [item.key for item in backend.list("")] == ["a", "b", "c"]


def test_a_listing_that_does_not_go_on_is_refused() -> None:
    with (
        stubbed(lambda _: listing(truncated=True)) as stub,
        S3Backend("bucket", "", at(stub.url)) as backend,
        pytest.raises(StorageError, match="broke off"),
    ):
        list(backend.list(""))


# Older values


def test_what_a_key_held_before_is_kept_and_can_be_read(backend: Backend) -> None:
    etags = [backend.put("a", value) for value in (b"one", b"two", b"three")]
    kept = list(backend.kept("a"))
    assert [each.etag for each in kept] == etags[::-1]
    assert [backend.get_kept("a", each.name, limit=LIMIT).data for each in kept] == [b"three", b"two", b"one"]


def test_what_is_kept_of_a_key_is_not_mixed_with_that_of_keys_that_start_so(backend: Backend) -> None:
    etags = {key: backend.put(key, key.encode()) for key in ("a", "ab", "a/b")}
    for key, etag in etags.items():
        assert [each.etag for each in backend.kept(key)] == [etag]
    backend.delete("ab")
    assert [each.etag for each in backend.kept("a")] == [etags["a"]]
    assert [each.etag for each in backend.kept("ab")] == [None, etags["ab"]]


def test_a_deletion_stands_before_what_it_took_away(backend: Backend) -> None:
    etag = backend.put("a", b"value")
    backend.delete("a")
    assert [each.etag for each in backend.kept("a")] == [None, etag]


def test_a_deletion_after_which_a_key_was_written_again_is_left_out(backend: Backend) -> None:
    first = backend.put("a", b"first")
    backend.delete("a")
    second = backend.put("a", b"second")
    assert [each.etag for each in backend.kept("a")] == [second, first]


def test_what_is_kept_is_listed_page_by_page_and_no_sooner_than_needed(
    backend: Backend, moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_VERSIONS", 2)
    etags = [backend.put("a", value) for value in (b"one", b"two", b"three", b"four", b"five")]
    backend.put("ab", b"other")
    moto_server.seen.clear()
    kept = backend.kept("a")
    assert [next(kept).etag, next(kept).etag] == [etags[4], etags[3]]
    assert len(moto_server.seen) == 1
    assert [each.etag for each in kept] == [etags[2], etags[1], etags[0]]
    assert len(moto_server.seen) == 3


def test_what_is_kept_of_a_key_is_all_there_where_the_keys_after_it_begin(
    backend: Backend, moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_VERSIONS", 2)
    etags = {key: backend.put(key, key.encode()) for key in ("a", "ab", "ac", "ad")}
    moto_server.seen.clear()
    assert [each.etag for each in backend.kept("a")] == [etags["a"]]
    assert len(moto_server.seen) == 1


@pytest.mark.parametrize("operation", ["kept", "deleted"])
@pytest.mark.parametrize(
    "end", ["", "<NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker>"], ids=["none", "same"]
)
def test_a_listing_of_older_values_that_does_not_go_on_is_refused(operation: str, end: str) -> None:
    page = f"<ListVersionsResult><IsTruncated>true</IsTruncated>{end}</ListVersionsResult>"

    def answer(_: Request) -> Reply:
        return Reply(body=page.encode()) if len(stub.requests) <= 3 else refusal(500, "InternalError")

    with (
        stubbed(answer) as stub,
        S3Backend("bucket", "", at(stub.url)) as backend,
        pytest.raises(StorageError, match="broke off a listing"),
    ):
        list(getattr(backend, operation)("a"))


@pytest.mark.parametrize("page", [2, 1000])
def test_keys_that_are_deleted_now_are_listed_however_many_pages_they_take(
    backend: Backend, bucket: str, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(s3, "_PAGE", page)
    beside = BesideMoto(bucket)
    for key in ("a", "a/c", "ab", "b", "again", "there"):
        beside.set(f"some/Prefix/{key}", b"value")
        if key != "there":
            backend.delete(key)
    beside.set("some/Prefix/again", b"value")
    assert list(backend.deleted("")) == ["a", "a/c", "ab", "b"]
    assert list(backend.deleted("a")) == ["a", "a/c", "ab"]
    assert list(backend.deleted("a/")) == ["a/c"]


def test_what_was_deleted_and_is_no_key_of_ours_is_left_out(backend: Backend, bucket: str) -> None:
    for key in ("some/Prefix/directory/", "some/Prefix2/a", "some/Prefix/a"):
        moto().put_object(bucket, key, b"value")
        moto().delete_object(bucket, key)
    assert list(backend.deleted("")) == ["a"]


# Requests


def test_each_operation_is_one_request(backend: Backend, moto_server: MotoServer) -> None:
    backend.put("a", b"value", Absent())
    backend.get("a", limit=LIMIT)
    list(backend.list(""))
    backend.delete("a")
    assert [request.method for request in moto_server.seen] == ["PUT", "GET", "GET", "DELETE"]


def test_a_listing_asks_for_a_thousand_keys_at_a_time_and_no_sooner_than_needed(
    backend: Backend, bucket: str, moto_server: MotoServer
) -> None:
    for number in range(1001):
        BesideMoto(bucket).set(f"some/Prefix/{number:04}", b"")
    items = backend.list("")
    assert moto_server.seen == []
    for _ in range(1000):
        next(items)
    assert len(moto_server.seen) == 1
    assert next(items).key == "1000"
    assert len(moto_server.seen) == 2


def test_nothing_is_asked_before_it_is_needed(moto_server: MotoServer) -> None:
    before = len(moto_server.seen)
    connect("s3://no-such-bucket", settings=moto_server.settings).close()
    assert len(moto_server.seen) == before


@pytest.mark.parametrize(
    ("size", "expects"), [(0, False), (100, False), (MIB - 1, False), (MIB, True), (3 * MIB, True)]
)
def test_only_a_large_body_waits_to_be_asked_for(
    backend: Backend, moto_server: MotoServer, size: int, expects: bool
) -> None:
    backend.put("a", b"x" * size)
    assert ("expect" in moto_server.seen[-1].headers) is expects
    assert backend.get("a", limit=LIMIT).data == b"x" * size


def test_encryption_is_asked_for_as_it_was_set(moto_server: MotoServer, bucket: str) -> None:
    settings = moto_server.settings._replace(sse="aws:kms", kms_key_id="a key")
    with connect(f"s3://{bucket}", settings=settings) as backend:
        backend.put("a", b"value")
    headers = moto_server.seen[-1].headers
    assert headers["x-amz-server-side-encryption"] == "aws:kms"
    assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "a key"


@pytest.mark.parametrize(("checksums", "sent"), [("when_required", False), ("when_supported", True)])
def test_checksums_are_sent_where_they_are_wanted(
    moto_server: MotoServer, bucket: str, checksums: str, sent: bool
) -> None:
    settings = moto_server.settings._replace(checksums=checksums)  # type: ignore[arg-type]
    with connect(f"s3://{bucket}", settings=settings) as backend:
        backend.put("a", b"value")
        assert any("checksum-crc" in header for header in moto_server.seen[-1].headers) is sent
        assert backend.get("a", limit=LIMIT).data == b"value"


# Bodies


def test_a_body_that_is_said_to_be_too_large_is_not_read() -> None:
    reply = Reply(body=b"x" * 10, length=1 << 50, headers={"ETag": "e"})
    with (
        stubbed(lambda _: reply) as stub,
        S3Backend("bucket", "", at(stub.url)) as backend,
        pytest.raises(StorageError, match="longer than the 1,000 bytes"),
    ):
        backend.get("a", limit=1000)


def test_a_body_that_breaks_off_is_asked_for_again() -> None:
    replies = iter([Reply(body=b"val", length=5, headers={"ETag": "e"}), Reply(body=b"value", headers={"ETag": "e"})])
    with stubbed(lambda _: next(replies)) as stub, S3Backend("bucket", "", at(stub.url)) as backend:
        assert backend.get("a", limit=LIMIT).data == b"value"


def test_a_body_that_breaks_off_again_and_again_is_an_error() -> None:
    reply = Reply(body=b"val", length=5, headers={"ETag": "e"})
    with stubbed(lambda _: reply) as stub, S3Backend("bucket", "", at(stub.url)) as backend:
        with pytest.raises(Unreachable, match="did not answer to the end"):
            backend.get("a", limit=LIMIT)
        assert len(stub.requests) == 3


# Connections


def at(url: str) -> S3Settings:
    return KEYS._replace(endpoint_url=url)


def test_equal_settings_share_one_client() -> None:
    one, other = object.__new__(Named), object.__new__(Named)
    settings = at("http://127.0.0.1:9")
    assert connection(settings, one) is connection(settings._replace(), other)
    assert connection(settings._replace(region="eu-central-1"), one) is not connection(settings, one)


@pytest.mark.parametrize(
    "text",
    ["Wed, 31 Dec 1969 23:59:59 GMT", "Sat, 21 Nov 2026 20:53:00 GMT", "Sat, 21 Nov 2026 21:53:00 +0100", "1795294380"],
)
def test_a_time_in_a_header_is_read_as_botocore_reads_it(text: str) -> None:
    with stubbed(lambda _: Reply(headers={"ETag": "e", "Last-Modified": text})) as server:
        client = connection(at(server.url), object.__new__(Named)).client
        read = client.get_object(Bucket="bucket", Key="key")["LastModified"]

    assert read == parse_timestamp(text)
    assert read.utcoffset() == parse_timestamp(text).utcoffset()


def test_a_connection_that_was_given_up_before_leaves_its_successor_alone() -> None:
    user, settings = object.__new__(Named), at("http://127.0.0.1:9")
    first = connection(settings, user)
    first.discard()
    second = connection(settings, user)
    first.discard()
    assert second is not first
    assert connection(settings, user) is second


class Named:
    """Somebody who uses a connection."""


def test_a_backend_can_be_used_after_it_was_closed(backend: Backend) -> None:
    backend.put("a", b"value")
    backend.close()
    assert backend.get("a", limit=LIMIT).data == b"value"


def test_closing_one_backend_leaves_another_at_work(backend: Backend, bucket: str, moto_server: MotoServer) -> None:
    backend.put("a", b"value")
    connect(f"s3://{bucket}/some/Prefix", settings=moto_server.settings).close()
    assert backend.get("a", limit=LIMIT).data == b"value"


def answer_anything(request: Request) -> Reply:
    return Reply(body=b"" if request.method == "PUT" else b"value", headers={"ETag": "e"})


def test_a_connection_is_used_again() -> None:
    with stubbed(answer_anything) as stub, S3Backend("bucket", "", at(stub.url)) as backend:
        for _ in range(5):
            backend.put("a", b"value")
            backend.get("a", limit=LIMIT)
        assert len({request.port for request in stub.requests}) == 1


FORKING = """
import os, sys
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings

settings = S3Settings(endpoint_url=sys.argv[1], region="us-east-1", access_key_id="an id", secret_access_key="a secret")
with S3Backend("bucket", "", settings) as backend:
    backend.put("a", b"value")
    child = os.fork()
    if child == 0:
        os._exit(backend.get("a", limit=9).data != b"value")
    assert os.waitpid(child, 0)[1] == 0
    backend.get("a", limit=9)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_makes_a_connection_of_its_own() -> None:
    with stubbed(answer_anything) as stub:  # not forked from here, where there are threads that may hold a lock
        subprocess.run([sys.executable, "-c", FORKING, stub.url], cwd=ROOT, check=True, timeout=120)
        first, childs, again = (request.port for request in stub.requests)
    assert first == again != childs


def test_credentials_that_were_renewed_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[default]\naws_access_key_id = OLD\naws_secret_access_key = a secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))

    def answer(request: Request) -> Reply:
        if "Credential=OLD/" in request.headers["authorization"]:
            return refusal(400, "ExpiredToken")
        return Reply(body=b"value", headers={"ETag": "e"})

    with stubbed(answer) as stub:
        settings = S3Settings(endpoint_url=stub.url, max_attempts=1)
        with S3Backend("bucket", "", settings) as backend:
            with pytest.raises(AccessDenied, match="expired"):
                backend.get("a", limit=LIMIT)
            credentials.write_text("[default]\naws_access_key_id = NEW\naws_secret_access_key = a secret\n")
            assert backend.get("a", limit=LIMIT).data == b"value"


def test_a_mistake_of_ours_is_not_taken_for_one_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistake(*_: object) -> list[Setting]:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(s3_setup, "inspect", mistake)
    with S3Backend("bucket", "", at("http://127.0.0.1:9")) as backend, pytest.raises(RuntimeError, match="a mistake"):
        backend.inspect()


# Secrets


SECRET = KEYS._replace(access_key_id="AKIDEXAMPLE", secret_access_key="very secret", session_token="a token")


def test_settings_do_not_show_secrets() -> None:
    shown = repr(SECRET)
    assert "us-east-1" in shown
    for secret in ("AKIDEXAMPLE", "very secret", "a token"):
        assert secret not in shown
        assert secret not in str(SECRET)
        assert secret not in f"{SECRET}"


def test_nothing_that_is_logged_shows_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with stubbed(lambda _: Reply(headers={"ETag": "e"})) as stub:
        with S3Backend("bucket", "", SECRET._replace(endpoint_url=stub.url)) as backend:
            backend.put("a", b"value")
            backend.get("a", limit=LIMIT)
        signature = stub.requests[0].headers["authorization"].partition("Signature=")[2]
    assert "botocore" in caplog.text
    for secret in ("AKIDEXAMPLE", "very secret", "a token", signature):
        assert secret not in caplog.text


# Settings


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (S3Settings(endpoint_url="localhost:9000"), "endpoint"),
        (S3Settings(endpoint_url="ftp://host"), "endpoint"),
        (S3Settings(endpoint_url="http://"), "endpoint"),
        (S3Settings(endpoint_url="http://id:secret@host"), "endpoint"),
        (S3Settings(endpoint_url="http://host:port"), "endpoint"),
        (S3Settings(access_key_id="an id"), "go together"),
        (S3Settings(secret_access_key="a secret"), "go together"),
        (S3Settings(session_token="a token"), "session token"),
        (S3Settings(kms_key_id="a key"), "KMS"),
        (S3Settings(max_attempts=0), "at least one"),
        (S3Settings(read_timeout=0), "longer than zero"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: S3Settings, text: str) -> None:
    with pytest.raises(InvalidSettings, match=text) as caught:
        connect("s3://bucket", settings=settings)
    assert "secret@" not in str(caught.value)


def test_a_bucket_that_was_removed_meanwhile_is_gone(backend: Backend, bucket: str) -> None:
    backend.put("a", b"value")
    drop_bucket(bucket)
    with pytest.raises(NoBucket):
        backend.put("b", b"value")
