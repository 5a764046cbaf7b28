"""Listings."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.backends.local import LocalBackend
from depository.backends.memory import MemoryBackend
from tests.api.stores import alter, depository_on, found

PATHS = [
    "a.ipynb",
    "a/b.ipynb",
    "a/c/d.ipynb",
    "aa/x.ipynb",
    "a b.ipynb",
    "Z.ipynb",
    "ü.ipynb",
    "a-c.ipynb",
    "\U0001f986.ipynb",
]


@pytest.fixture
def depo(depo: Depository) -> Depository:
    """With some notebooks."""
    for path in PATHS:
        depo.save(path, path.encode())
    return depo


def names(depo: Depository, prefix: str = "") -> list[str]:
    return [line.path for line in depo.ls(prefix)]


def test_everything_is_listed_by_path(depo: Depository) -> None:
    assert names(depo) == sorted(PATHS, key=str.encode)


def test_a_prefix_is_a_directory_or_a_notebook(depo: Depository) -> None:
    assert names(depo, "a") == ["a/b.ipynb", "a/c/d.ipynb"]
    assert names(depo, "a/") == ["a/b.ipynb", "a/c/d.ipynb"]
    assert names(depo, "a/c/d.ipynb") == ["a/c/d.ipynb"]
    assert names(depo, "nothing") == []


def test_a_notebook_and_the_directory_of_its_name_are_listed_both(depo: Depository) -> None:
    depo.save("a", b"a notebook called as the directory")

    assert names(depo, "a") == ["a", "a/b.ipynb", "a/c/d.ipynb"]


def test_a_line_says_when_the_history_last_grew() -> None:
    times = iter(range(1_790_000_000, 1_790_000_100))
    depo = found(MemoryBackend(clock=lambda: float(next(times))))
    depo.save("a.ipynb", b"one")
    depo.save("b.ipynb", b"one")
    before = {line.path: line.changed for line in depo.ls()}
    depo.save("a.ipynb", b"two")
    after = {line.path: line.changed for line in depo.ls()}

    assert after["a.ipynb"] > before["b.ipynb"] > before["a.ipynb"] > datetime(2026, 1, 1, tzinfo=UTC)
    assert after["b.ipynb"] == before["b.ipynb"]


def test_a_line_without_details_has_none(depo: Depository) -> None:
    line = next(depo.ls())

    assert (line.version, dict(line.refs), line.deleted) == (None, {}, False)


def test_details_are_the_newest_version_and_the_refs(depo: Depository) -> None:
    depo.save("a.ipynb", b"again", message="newer")
    depo.promote("a.ipynb", "v1", "published")
    lines = {line.path: line for line in depo.ls(details=True)}

    assert list(lines) == sorted(PATHS, key=str.encode)
    newest = lines["a.ipynb"].version
    assert newest == depo.resolve("a.ipynb")
    assert dict(lines["a.ipynb"].refs) == {"published": 1}


def test_deleted_and_renamed_ones_are_listed_when_asked_for(depo: Depository) -> None:
    depo.delete("Z.ipynb")
    depo.rename("a.ipynb", "0.ipynb")

    assert names(depo) == sorted({*PATHS, "0.ipynb"} - {"a.ipynb", "Z.ipynb"}, key=str.encode)
    assert [line.path for line in depo.ls(deleted=True) if line.deleted] == ["Z.ipynb", "a.ipynb"]
    details = {line.path: line for line in depo.ls(deleted=True, details=True)}
    assert details["Z.ipynb"].deleted


def test_what_lies_beside_the_manifests_is_not_listed(depo: Depository, backend: Backend) -> None:
    backend.put("published/x.ipynb", b"{}")
    backend.put("manifestsx/y.ipynb", b"{}")

    assert len(names(depo)) == len(PATHS)


def test_a_damaged_manifest_is_listed_without_details(depo: Depository, backend: Backend) -> None:
    alter(backend, "manifests/a.ipynb", b"damage")
    lines = {line.path: line for line in depo.ls(details=True)}

    assert lines["a.ipynb"].version is None
    assert lines["a/b.ipynb"].version is not None


# The cache of details


def test_a_cache_never_shows_what_is_no_longer_so(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache" / "details")
    backend = MemoryBackend()
    depo = found(backend)
    for number in range(5):
        depo.save("a.ipynb", f"{number}".encode())
        [line] = depository_on(backend).ls(details=True, cache=cache)
        assert line.version is not None
        assert line.version.number == number + 1


@pytest.mark.parametrize("content", [b"", b"damage", b"\x81\xa1a\x01", b"\x93\x01\x02\x03"])
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    cache = tmp_path / "details"
    cache.write_bytes(content)
    depo = found(MemoryBackend())
    depo.save("a.ipynb", b"one")

    assert [line.version is not None for line in depo.ls(details=True, cache=str(cache))] == [True]
    assert cache.read_bytes() != content


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    depo = found(MemoryBackend())
    depo.save("a.ipynb", b"one")

    assert list(depo.ls(details=True, cache=str(tmp_path / "file" / "details")))


def test_a_cache_serves_a_store_without_etags_in_listings_as_well(tmp_path: Path) -> None:
    depo = found(LocalBackend(str(tmp_path / "depository")))
    depo.save("a.ipynb", b"one")
    for _ in range(2):
        [line] = depo.ls(details=True, cache=str(tmp_path / "details"))
        assert line.version is not None
