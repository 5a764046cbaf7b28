"""An S3 bucket, or the part of one under a prefix, as an object store."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from depository.backends import s3_client, s3_errors, s3_setup
from depository.backends.base import (
    CONDITIONAL,
    VERSIONED,
    Absent,
    Condition,
    Item,
    Kept,
    Match,
    Setting,
    Stored,
)
from depository.backends.keys import check_key, is_key
from depository.backends.s3_settings import S3Settings
from depository.backends.versions import Found, VersionedBackend
from depository.errors import (
    AccessDenied,
    InvalidSettings,
    InvalidURL,
    KeyNotFound,
    StorageError,
    TooLong,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import (
        GetObjectOutputTypeDef,
        ListObjectsV2OutputTypeDef,
        ListObjectVersionsOutputTypeDef,
    )

_NOTE = "depository-turn"
"""The name of the metadata that holds a version's note."""

_PAGE = 1000
"""Keys that are listed at once: as many as S3 lists."""

_VERSIONS = 16
"""Versions of one key that are listed at once: mostly the newest two matter."""

_REMOVALS = 20
"""Pages of versions that a trial may leave, at the most."""

_READS = 3
"""How often a value is asked for whose transfer broke off: botocore repeats a request, not the reading of its body."""

_BROKEN_OFF = (
    boto.ResponseStreamingError,
    boto.IncompleteReadError,
    boto.FlexibleChecksumError,
    boto.ConnectionClosedError,
)


class S3Backend(VersionedBackend):
    """The keys of a bucket that start with a prefix.

    Args:
        bucket: its name.
        prefix: the leading part of every key, or empty for all of the bucket.
        settings: how to reach the service.

    Raises:
        InvalidURL: the prefix cannot be the start of a key.
        InvalidSettings: the settings contradict each other.
    """

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        super().__init__()
        _check(settings)
        parts = [part for part in prefix.split("/") if part]
        if parts and not is_key("/".join(parts)):
            raise InvalidURL(f"{prefix!r} cannot be a prefix in bucket '{bucket}': leave out '.' and '..', shorten it.")
        self.url = "/".join([f"s3://{bucket}", *parts])
        self.workers = s3_client.WORKERS
        self._bucket = bucket
        self._base = "".join(f"{part}/" for part in parts)
        self._settings = settings
        self._held: s3_client.S3Connection | None = None
        self._lock = threading.Lock()
        self._encryption: dict[str, Any] = {}
        if settings.sse is not None:
            self._encryption["ServerSideEncryption"] = settings.sse
        if settings.kms_key_id is not None:
            self._encryption["SSEKMSKeyId"] = settings.kms_key_id

    def current(self, key: str, *, limit: int) -> Found:
        try:
            return self._read(key, limit)
        except AccessDenied as refusal:
            # some services say this of a missing key to whoever may list only a part of the bucket
            if s3_errors.code_of(refusal.__cause__) not in s3_errors.REFUSED or self._may_be_there(key):
                raise
        raise KeyNotFound(f"Nothing is stored under '{key}' in {self.url}.")

    def version(self, key: str, name: str, *, limit: int) -> Found:
        return self._read(key, limit, VersionId=name)

    def _read(self, key: str, limit: int, **version: Any) -> Found:
        name = self._name(key)
        with self._requesting("read", key) as client:
            for left in reversed(range(_READS)):
                answer = client.get_object(Bucket=self._bucket, Key=name, **version)
                try:
                    data = _read_body(answer, limit)
                except _BROKEN_OFF:
                    if not left:
                        raise
                else:
                    break
            else:
                raise AssertionError("unreachable")
        if data is None:
            raise TooLong(f"'{key}' in {self.url} is longer than the {limit:,} bytes that were expected.")
        stored = Stored(data, self._etag(answer.get("ETag")))
        return Found(answer.get("VersionId", ""), stored, answer.get("Metadata", {}).get(_NOTE))

    def write(self, key: str, data: bytes, condition: Condition | None) -> str:
        return self._put(key, data, condition)[1]

    def add(self, key: str, data: bytes, note: str) -> tuple[str, str]:
        return self._put(key, data, None, Metadata={_NOTE: note})

    def _put(self, key: str, data: bytes, condition: Condition | None, **more: Any) -> tuple[str, str]:
        name = self._name(key)
        conditions: dict[str, Any] = {}
        if isinstance(condition, Absent):
            conditions["IfNoneMatch"] = "*"
        elif isinstance(condition, Match):
            conditions["IfMatch"] = condition.etag
        with self._requesting("write", key, writes=True, conditional="IfMatch" in conditions) as client:
            answer = client.put_object(
                Bucket=self._bucket, Key=name, Body=data, **conditions, **more, **self._encryption
            )
        return answer.get("VersionId", ""), self._etag(answer.get("ETag"))

    def remove(self, key: str) -> None:
        name = self._name(key)
        with suppress(KeyNotFound), self._requesting("delete", key, writes=True) as client:
            client.delete_object(Bucket=self._bucket, Key=name)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        return self._list(prefix, after, _PAGE)

    def _list(self, prefix: str, after: str, at_once: int) -> Iterator[Item]:
        start = self._base + prefix
        asked: dict[str, Any] = {"StartAfter": self._base + after} if after else {}
        last = (self._base + after).encode() if after else b""
        while True:
            with self._requesting("list", prefix) as client:
                page = client.list_objects_v2(Bucket=self._bucket, Prefix=start, MaxKeys=at_once, **asked)
            for found in page.get("Contents", ()):
                name = found["Key"]
                order = name.encode()
                if not name.startswith(start) or order <= last:
                    raise StorageError(
                        f"The service behind {self.url} lists keys that were not asked for, or unsorted."
                    )
                last = order
                key = name[len(self._base) :]
                if is_key(key):
                    yield Item(key, found["Size"], found.get("ETag"), found["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            asked = self._next_page(page)

    def kept(self, key: str) -> Iterator[Kept]:
        name = self._name(key)
        for page in self._versions(key, _VERSIONS):
            # the answer tells the versions and the deletions apart, and so not which of two in different lists is newer
            for mark in page.get("DeleteMarkers", ()):
                if mark["Key"] == name and mark["IsLatest"]:
                    yield Kept(mark["VersionId"], None, mark["LastModified"].timestamp())
            for found in page.get("Versions", ()):
                if found["Key"] == name:
                    yield Kept(found["VersionId"], found["ETag"], found["LastModified"].timestamp())
            if page.get("NextKeyMarker", name) != name:  # what follows are keys that start so
                return

    def deleted(self, prefix: str) -> Iterator[str]:
        for page in self._versions(prefix, _PAGE):
            names = (mark["Key"] for mark in page.get("DeleteMarkers", ()) if mark["IsLatest"])
            yield from (key for name in names if is_key(key := name[len(self._base) :]))

    def _versions(self, prefix: str, at_once: int) -> "Iterator[ListObjectVersionsOutputTypeDef]":
        start = self._base + prefix
        after: dict[str, Any] = {}
        while True:
            with self._requesting("list", prefix) as client:
                page = client.list_object_versions(Bucket=self._bucket, Prefix=start, MaxKeys=at_once, **after)
            yield page
            if not page.get("IsTruncated"):
                return
            last = after
            after = {"KeyMarker": page.get("NextKeyMarker"), "VersionIdMarker": page.get("NextVersionIdMarker", "")}
            if not after["KeyMarker"] or after == last:
                raise self._broken_off()

    def note(self, key: str, name: str) -> str | None:
        with self._requesting("read", key) as client:
            answer = client.head_object(Bucket=self._bucket, Key=self._name(key), VersionId=name)
        return answer.get("Metadata", {}).get(_NOTE)

    def choose_protocol(self, token: str) -> str:
        from depository.backends.probe import complaint

        prefix = f".probe/{token}/"
        try:
            with S3Backend(self._bucket, self._base, self._settings) as plain:
                conditional = complaint(plain, f"{prefix}conditional/")
            if conditional is None:
                return CONDITIONAL
            versioned = "it keeps no versions either by which that could be judged"
            if self._keeps_versions():
                with S3Backend(self._bucket, self._base, self._settings) as judged:
                    judged.rely_on_versions("")
                    versioned = complaint(judged, f"{prefix}versioned/") or ""
        finally:
            self._remove(prefix)
        if not versioned:
            return VERSIONED
        raise StorageError(
            f"{self.url} cannot be written by several at once, for {conditional}, and {versioned}: use another service."
        )

    def _keeps_versions(self) -> bool:
        with self._requesting("look at the versioning of", self._bucket) as client:
            return client.get_bucket_versioning(Bucket=self._bucket).get("Status") == "Enabled"

    def _remove(self, prefix: str) -> None:
        """Take away what is below a prefix with all its versions, as far as these credentials and the service may."""
        with suppress(StorageError):
            if not self._keeps_versions():
                for item in self.list(prefix):
                    self.delete(item.key)
                return
        with suppress(StorageError), self._requesting("delete", prefix, writes=True) as client:
            for _ in range(_REMOVALS):
                page = client.list_object_versions(Bucket=self._bucket, Prefix=self._base + prefix)
                there = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                if not there:
                    return
                names: list[Any] = [{"Key": found["Key"], "VersionId": found["VersionId"]} for found in there]
                client.delete_objects(Bucket=self._bucket, Delete={"Objects": names, "Quiet": True})

    def _may_be_there(self, key: str) -> bool:
        try:
            return self.is_there(key)
        except StorageError:
            return True

    def is_there(self, key: str) -> bool:
        return any(item.key == key for item in islice(self._list(key, "", 1), 1))

    def prepare(self) -> Sequence[Setting]:
        return self._set_up(s3_setup.prepare)

    def limit(self) -> Sequence[Setting]:
        return self._set_up(s3_setup.limit)

    def inspect(self) -> Sequence[Setting]:
        return self._set_up(s3_setup.inspect)

    def close(self) -> None:
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            held.release(self)

    def _etag(self, found: str | None) -> str:
        if found is None:
            raise StorageError(f"{self._settings.endpoint_url or 'The service'} answers, but not as S3 does: check it.")
        return found

    def _next_page(self, page: "ListObjectsV2OutputTypeDef") -> dict[str, Any]:
        if token := page.get("NextContinuationToken"):
            return {"ContinuationToken": token}
        if not page.get("Contents"):
            raise self._broken_off()
        return {"StartAfter": page["Contents"][-1]["Key"]}

    def _broken_off(self) -> StorageError:
        return StorageError(f"The service behind {self.url} broke off a listing.")

    def _set_up(self, step: "Callable[[S3Client, s3_setup.Place], Sequence[Setting]]") -> Sequence[Setting]:
        place = s3_setup.Place(
            url=self.url,
            bucket=self._bucket,
            base=self._base,
            endpoint_url=self._settings.endpoint_url,
            is_versioned=self._judged is not None,
        )
        with self._requesting("set up", self._bucket) as client:
            return step(client, place)

    def _name(self, key: str) -> str:
        check_key(key)
        name = self._base + key
        check_key(name)
        return name

    @contextmanager
    def _requesting(
        self, verb: str, key: str, *, writes: bool = False, conditional: bool = False
    ) -> "Iterator[S3Client]":
        """The client; what it raises comes out as one of our errors."""
        connection: s3_client.S3Connection | None = None
        try:
            connection = self._connection()
            connection.doubt.raised = False
            yield connection.client
        except (ClientError, BotoCoreError) as error:
            request = s3_errors.Request(
                verb=verb,
                key=key,
                place=self.url,
                endpoint=_endpoint(connection),
                region=connection.client.meta.region_name if connection else None,
                writes=writes,
                conditional=conditional,
                profile=self._settings.profile,
            )
            if connection is not None and s3_errors.are_credentials_stale(error):
                connection.discard()
            doubtful = connection is not None and connection.doubt.raised
            raise s3_errors.explain(error, request, doubtful=doubtful) from error
        except RuntimeError as error:
            expired = s3_errors.explain_expiry(error, self.url)
            if expired is None or connection is None:
                raise
            connection.discard()
            raise expired from error
        except (ResponseParserError, ValueError) as error:
            raise StorageError(f"{_endpoint(connection)} answers, but not as S3 does: check the endpoint.") from error

    def _connection(self) -> s3_client.S3Connection:
        held = self._held
        if held is None or not held.is_current:
            with self._lock:
                self._held = held = s3_client.connection(self._settings, self)
        return held


def _check(settings: S3Settings) -> None:
    if settings.endpoint_url is not None and not _is_endpoint(settings.endpoint_url):
        raise InvalidSettings("The endpoint of an S3 service is written 'https://host' or 'https://host:port'.")
    if (settings.access_key_id is None) != (settings.secret_access_key is None):
        raise InvalidSettings("An access key id and its secret key go together: give both, or neither.")
    if settings.session_token is not None and settings.access_key_id is None:
        raise InvalidSettings("A session token goes with an access key id and its secret key: give all three.")
    if settings.kms_key_id is not None and settings.sse != "aws:kms":
        raise InvalidSettings("A KMS key id is for the encryption 'aws:kms': set that too, or leave out the key.")
    if settings.max_attempts < 1 or min(settings.connect_timeout, settings.read_timeout) <= 0:
        raise InvalidSettings("Timeouts are longer than zero seconds, and attempts at least one.")


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        return False
    return has_host and parts.scheme in ("http", "https") and "@" not in parts.netloc


def _endpoint(connection: s3_client.S3Connection | None) -> str:
    return connection.client.meta.endpoint_url if connection else "the S3 service"


def _read_body(answer: "GetObjectOutputTypeDef", limit: int) -> bytes | None:
    """The body, or None if it is longer than `limit`; never more of it than that in memory."""
    declared: int | None = cast("dict[str, Any]", answer).get("ContentLength")  # not every service says it
    body = answer["Body"]
    chunks, room = [], limit + 1 if declared is None else min(declared, limit) + 1
    try:
        if declared is not None and declared > limit:
            return None
        while room > 0 and (chunk := body.read(room)):
            chunks.append(chunk)
            room -= len(chunk)
    finally:
        body.close()
    data = b"".join(chunks)  # as long as declared: urllib3 sees to that
    return data if len(data) <= limit else None
