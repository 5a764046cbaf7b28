"""Object stores, chosen by URL."""

import os
import re
from typing import TYPE_CHECKING

from depository.backends.base import Absent, Backend, Condition, Item, Match, Setting, Stored
from depository.errors import InvalidURL

if TYPE_CHECKING:
    from depository.backends.s3_settings import S3Settings

__all__ = ["Absent", "Backend", "Condition", "Item", "Match", "Setting", "Stored", "connect"]

_KINDS = "a depository is a directory, or 's3://bucket/prefix'"
_has_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL).fullmatch
_is_bucket = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+\Z)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]").fullmatch


def connect(url: str, *, settings: "S3Settings | None" = None) -> Backend:
    """The object store at a URL. Nothing is asked of it yet.

    Args:
        url: ``s3://bucket/prefix``, ``file:///directory``, the path of a directory, or ``memory:name``, which is
            shared within the process.
        settings: how to reach an S3 service; by default as the AWS tools are configured.

    Raises:
        InvalidURL: it is none of these.
    """
    if not url or "\0" in url:
        raise InvalidURL(f"There is no place in an empty name or one with a null character: {_KINDS}.")
    scheme = _has_scheme(url)
    match scheme and scheme[1].lower():
        case "s3":
            return _connect_s3(url, settings)
        case "file":
            return _connect_file(url)
        case "memory":
            from depository.backends.memory import shared

            return shared(url.partition(":")[2])
        case "http" | "https":
            raise InvalidURL(f"{url!r} is a web address: {_KINDS}; a service's own address is its endpoint.")
        case str(other) if url[len(other) :].startswith("://"):
            raise InvalidURL(f"Nothing is known of {other!r} as a kind of place: {_KINDS}.")
    return _connect_directory(url)


def _connect_directory(path: str) -> Backend:
    from depository.backends.local import LocalBackend

    return LocalBackend(path)


def _connect_file(url: str) -> Backend:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url, allow_fragments=False)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or parts.query:
        raise InvalidURL(f"{url!r} is not the address of a directory: write 'file:///directory', or its path.")
    path = unquote(parts.path)
    if os.name == "nt":  # pragma: no cover - file:///C:/directory
        path = path.lstrip("/")
    return _connect_directory(path)


def _connect_s3(url: str, settings: "S3Settings | None") -> Backend:
    bucket, _, prefix = url.partition(":")[2].removeprefix("//").partition("/")
    if "@" in bucket:
        raise InvalidURL("An S3 address holds no credentials: write 's3://bucket/prefix', and configure them for AWS.")
    if not url[3:].startswith("//") or not _is_bucket(bucket):
        raise InvalidURL(
            f"{bucket!r} in {url!r} is not the name of a bucket: write 's3://bucket/prefix', the bucket in 3 to 63 "
            "lower-case letters, digits, '-', '_' and '.'."
        )
    from depository.backends.s3 import S3Backend
    from depository.backends.s3_settings import S3Settings

    return S3Backend(bucket, prefix, settings or S3Settings())
