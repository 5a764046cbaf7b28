"""Choosing a backend by URL."""

import subprocess
import sys
from pathlib import Path

import pytest

from depository.backends import connect
from depository.backends.local import LocalBackend
from depository.errors import InvalidURL

ROOT = Path(__file__).parents[2]


def test_a_path_is_a_directory(tmp_path: Path) -> None:
    backend = connect(f"{tmp_path}/a directory")
    assert isinstance(backend, LocalBackend)
    assert backend.url == f"{tmp_path}/a directory"


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert connect("some/where").url == f"{tmp_path}/some/where"
    assert connect("with:colon").url == f"{tmp_path}/with:colon"


@pytest.mark.parametrize(
    "url", ["file:///some%20where/else", "file://localhost/some%20where/else", "FILE:/some where/else"]
)
def test_a_file_url_is_a_directory(url: str) -> None:
    assert connect(url).url == "/some where/else"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("s3://bucket//a//b", "s3://bucket/a/b"),
        ("S3://my-bucket.x_y/Prefix", "s3://my-bucket.x_y/Prefix"),
    ],
)
def test_an_s3_url_is_a_bucket_and_a_prefix(url: str, canonical: str) -> None:
    assert connect(url).url == canonical


@pytest.mark.parametrize("name", ["", "x", "a b"])
def test_a_memory_url_is_a_store_in_memory(name: str) -> None:
    assert connect(f"memory:{name}").url == f"memory:{name}"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "empty name"),
        ("a\0b", "null character"),
        ("http://host/bucket", "web address"),
        ("https://bucket.s3.amazonaws.com/prefix", "web address"),
        ("gs://bucket/prefix", "'gs'"),
        ("file://host/directory", "not the address of a directory"),
        ("file:directory", "not the address of a directory"),
        ("s3:", "not the name of a bucket"),
        ("s3://", "not the name of a bucket"),
        ("s3:///prefix", "not the name of a bucket"),
        ("s3:/bucket/prefix", "not the name of a bucket"),
        ("s3:bucket", "not the name of a bucket"),
        ("s3://Bucket/prefix", "not the name of a bucket"),
        ("s3://ab/prefix", "not the name of a bucket"),
        ("s3://a..b/prefix", "not the name of a bucket"),
        ("s3://192.168.0.1/prefix", "not the name of a bucket"),
        ("s3://-bucket/prefix", "not the name of a bucket"),
        ("s3://" + "x" * 64, "not the name of a bucket"),
        ("s3://bucket/a/../b", "cannot be a prefix"),
        ("s3://bucket/" + "x" * 1025, "cannot be a prefix"),
    ],
)
def test_what_is_no_place_is_refused(url: str, text: str) -> None:
    with pytest.raises(InvalidURL, match=text):
        connect(url)


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidURL) as caught:
        connect("s3://AKIAEXAMPLE:secret@bucket/prefix")
    assert "AKIAEXAMPLE" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_choosing_among_backends_imports_none_of_them() -> None:
    program = (
        "import sys, depository.backends\n"
        "print(*sorted(m for m in sys.modules if m.startswith('depository.backends.') or m.startswith('boto')))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout == "depository.backends.base\n"
