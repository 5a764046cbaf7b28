"""What one bad object cannot do: keep others from being read, be built on, or be taken for more than it is."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgpack
import pytest
import zstandard
from blake3 import blake3

from depository import Depository, saving
from depository.backends.base import Backend, Stored
from depository.backends.memory import MemoryBackend
from depository.backends.wrapper import Wrapper
from depository.errors import AlteredObject, CorruptData, InvalidContent, MissingObject, NewerObject
from depository.history import manifest as manifests
from depository.history import pages
from depository.history.pages import Page, Pointer
from depository.notebook import canonical, skeleton
from depository.notebook import content as contents
from depository.objects import frame
from depository.objects.frame import Codec, Kind
from depository.objects.store import Objects, key_of
from depository.search.query import Query, Telling, Versions
from tests.api.histories import PATH, as_manifest, file, with_history
from tests.api.stores import LIMIT, depository_on, found
from tests.notebooks import file_of, small, with_plots

OTHER = "kylek/other.ipynb"


@pytest.fixture
def backend() -> MemoryBackend:
    """A history of two pages and more, and another notebook."""
    made = with_history(200)
    depository_on(made).save(OTHER, file_of(small(5)))
    return made


def key_of_version(backend: MemoryBackend, number: int) -> str:
    return key_of(bytes.fromhex(depository_on(backend).resolve(PATH, f"v{number}").hash))


def newest_page(backend: MemoryBackend) -> str:
    return key_of(as_manifest(backend).back[0].hash)


def made_newer(backend: MemoryBackend, key: str) -> None:
    """Flip the bit of an object that makes it one of another format."""
    data = backend.get(key, limit=LIMIT).data
    backend.put(key, data[:3] + b"\x03" + data[4:])


def grep(depo: Depository) -> tuple[set[str], list[str]]:
    """The notebooks in which something is found, and what is noted."""
    notes: list[str] = []
    query = Query(".", versions=Versions.ALL)
    return {match.path for match in depo.grep(query, telling=Telling(notes.append))}, notes


# An object that seems to be of a newer format


def test_a_version_of_a_newer_format_takes_no_other_along(backend: MemoryBackend) -> None:
    made_newer(backend, key_of_version(backend, 190))

    for number in (189, 193, 200):
        assert depository_on(backend).read(PATH, f"v{number}") == file(number)
    with pytest.raises(NewerObject, match=r"upgrade depository\. .*v190 to v192 of .* cannot be read; every other"):
        depository_on(backend).read(PATH, "v190")


def test_a_page_of_a_newer_format_takes_no_other_along(backend: MemoryBackend) -> None:
    made_newer(backend, newest_page(backend))

    assert depository_on(backend).read(PATH, "v3") == file(3)
    with pytest.raises(NewerObject, match=r"v65 to v128 of .* cannot be read; every other version can"):
        depository_on(backend).read(PATH, "v100")


def test_a_save_does_not_build_on_a_base_of_a_newer_format(backend: MemoryBackend) -> None:
    made_newer(backend, key_of_version(backend, 200))

    assert depository_on(backend).save(PATH, file_of(small(9))).number == 201
    assert depository_on(backend).read(PATH) == file_of(small(9))


@pytest.mark.parametrize("damage", [b"DPO\x03", b"", bytes(manifests.READ_LIMIT + 1)], ids=["newer", "empty", "long"])
def test_a_manifest_that_cannot_be_read_keeps_no_other_from_being_listed_or_searched(
    backend: MemoryBackend, damage: bytes
) -> None:
    backend.put(manifests.key_of(PATH), damage)
    depo = depository_on(backend)

    listed = {line.path: line.version for line in depo.ls(details=True, deleted=True)}
    assert listed[PATH] is None
    assert listed[OTHER] is not None
    matches, notes = grep(depo)
    assert matches == {OTHER}
    assert [PATH in note for note in notes] == [True]
    with pytest.raises(AlteredObject, match=manifests.key_of(PATH)):
        depo.log(PATH)


def test_an_object_that_is_longer_than_any_is_named(backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "MAX_FRAME", 5_000)
    backend.put(key := key_of_version(backend, 200), bytes(6_000))

    with pytest.raises(AlteredObject, match=f"{key} is damaged: it is longer than 5,000 bytes"):
        depository_on(backend).read(PATH, "v200")


# What is kept in memory or beside


def test_a_listing_with_details_takes_no_manifest_for_another_ones(backend: MemoryBackend) -> None:
    backend.put(manifests.key_of(OTHER), backend.get(manifests.key_of(PATH), limit=LIMIT).data)

    listed = {line.path: line.version for line in depository_on(backend).ls(details=True)}
    assert listed[OTHER] is None
    assert listed[PATH] is not None


@pytest.mark.parametrize(
    "change",
    [lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda _: b"", lambda _: 1 << 60, lambda _: None],
    ids=["altered", "empty", "a number", "nothing"],
)
def test_a_cache_that_is_damaged_in_one_place_is_read_round(
    backend: MemoryBackend, change: Callable[[bytes], Any], tmp_path: Path
) -> None:
    cache = tmp_path / "ls"
    expected = list(depository_on(backend).ls(details=True, cache=str(cache)))
    known = msgpack.unpackb(cache.read_bytes())
    etag, data = known[PATH]
    cache.write_bytes(msgpack.packb({**known, PATH: (etag, change(data))}))

    assert list(depository_on(backend).ls(details=True, cache=str(cache))) == expected


# Nothing is built on what is altered


def test_a_skeleton_without_a_checksum_is_checked_whole_before_it_is_used() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    whole = file_of(with_plots(1, plots=1))
    version = depo.save(PATH, whole)
    key = key_of(bytes.fromhex(version.hash))
    there = frame.unpack(backend.get(key, limit=LIMIT).data)
    bare = there.decode()
    uncompressed = there._replace(codec=Codec.STORED, encoded=bare)
    backend.put(key, frame.pack(uncompressed))
    assert depository_on(backend).read(PATH) == whole, "others may have written it so"

    altered = bare.replace(b"Notebook 1", b"Notebook 2")
    backend.put(key, frame.pack(uncompressed._replace(encoded=altered)))
    objects = Objects(backend)
    with pytest.raises(AlteredObject, match=key):
        objects.read_bare(bytes.fromhex(version.hash))
    depo = depository_on(backend)
    depo.save(PATH, next_one := file_of(with_plots(1, plots=1) | {"metadata": {}}))
    backend.put(key, frame.pack(uncompressed))
    assert depository_on(backend).read(PATH, "v1") == whole
    assert depository_on(backend).read(PATH, "v2") == next_one


def test_what_refers_to_outputs_is_never_stored_without_a_checksum() -> None:
    content = contents.from_file(file_of(with_plots(1)))
    for data in (b"x", b"", content.canonical):
        assert frame.encode(Kind.NOTEBOOK, data, (bytes(32),)).codec is Codec.ZSTD


def test_the_digest_of_a_base_that_is_altered_is_told_with_the_versions_that_need_it(backend: MemoryBackend) -> None:
    key = key_of_version(backend, 200)
    data = backend.get(key, limit=LIMIT).data
    base = frame.unpack(data).base
    assert base
    backend.put(key, data.replace(base, bytes(32)))

    with pytest.raises(MissingObject, match=r"v200 of .* cannot be read; every other version can"):
        depository_on(backend).read(PATH)


# Checksums that fit, over what makes no sense


def sealed(fields: dict[str, Any], *, alive: bool = True) -> bytes:
    """A manifest of these fields, as if a writer had meant them."""
    packed = frame.pack(frame.encode(Kind.MANIFEST, msgpack.packb(fields)))
    packed += blake3(packed).digest()[:16]
    return packed if (len(packed) % 2 == 0) is alive else packed + b"\0"


SOUND: dict[str, Any] = {
    "path": PATH, "generation": 1, "write_id": bytes(8), "latest": 0, "refs": {}, "recent": [], "newest": None,
    "back": [], "fingerprint": b"",
}  # fmt: skip
VERSION = [1, 0, "a", "save", "", bytes(32), 1, 0, 0, None]


def test_a_manifest_that_makes_sense_is_read() -> None:
    assert manifests.unpack(sealed(SOUND | {"latest": 1, "recent": [VERSION]})).latest == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"path": 1},
        {"generation": "1"},
        {"generation": True},
        {"write_id": "x"},
        {"fingerprint": None},
        {"refs": {"published": "v1"}},
        {"refs": {"published": None}},
        {"refs": 1},
        {"renamed_from": 1},
        {"buried": [[1, b"short"]]},
        {"buried": [["1", bytes(32)]]},
        {"buried": [[1]]},
        {"back": [[1, 1, b"short"]]},
        {"latest": 1, "recent": [[*VERSION[:1], 1 << 60, *VERSION[2:]]]},
        {"latest": 1, "recent": [[*VERSION[:1], -(1 << 60), *VERSION[2:]]]},
        {"latest": 1 << 63, "recent": [[1 << 63, *VERSION[1:]]]},
        {"latest": 1, "recent": [[*VERSION[:6], 1 << 63, *VERSION[7:]]]},
        {"recent": [["tag", 1 << 60, "a", "", "t", 1, None, None]]},
    ],
    ids=str,
)
def test_a_manifest_with_a_field_that_makes_no_sense_is_damaged(fields: dict[str, Any]) -> None:
    backend = MemoryBackend()
    depo = found(backend)
    backend.put(manifests.key_of(PATH), sealed(SOUND | fields))

    with pytest.raises(AlteredObject, match=manifests.key_of(PATH)):
        depo.log(PATH)


READS: dict[str, Callable[[Depository], object]] = {
    "load": lambda depo: depo.load(PATH),
    "read": lambda depo: depo.read(PATH),
    "diff": lambda depo: depo.diff(PATH, "v1", "v1"),
}


def with_blob(data: bytes) -> tuple[Depository, str]:
    """A depository with one version, whose blob holds these bytes under the hash that they have, and its key."""
    backend = MemoryBackend()
    depo = found(backend)
    digest = canonical.hash_canonical(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.NOTEBOOK, data)))
    entry = [*VERSION[:5], digest, *VERSION[6:]]
    backend.put(manifests.key_of(PATH), sealed(SOUND | {"latest": 1, "recent": [entry]}))
    return depo, key_of(digest)


@pytest.mark.parametrize("name", READS)
def test_a_version_whose_blob_holds_json_and_no_notebook_is_damaged(name: str) -> None:
    depo, key = with_blob(canonical.encode([{"cells": []}]))

    with pytest.raises(AlteredObject, match=f"{key} is damaged: it is no notebook. v1 of "):
        READS[name](depo)


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("value", [{b"cells": []}, {"cells": b"none"}], ids=["a key", "a value"])
def test_a_version_whose_blob_holds_bytes_is_damaged(name: str, value: dict[Any, Any]) -> None:
    depo, key = with_blob(msgpack.packb(value))

    with pytest.raises(AlteredObject, match=f"{key} is damaged: "):
        READS[name](depo)


def test_a_version_whose_blob_holds_an_empty_key_of_bytes_is_not_read() -> None:
    depo, _ = with_blob(msgpack.packb({b"": 1}))

    with pytest.raises(CorruptData, match="what JSON does not have"):
        depo.read(PATH)


def chain_of_pages(backend: MemoryBackend, count: int, position: Callable[[int], int]) -> Pointer:
    """Pages that lead one step back each, whatever a writer would do, and the pointer to the newest."""
    back: tuple[Pointer, ...] = ()
    for number in range(1, count + 1):
        pointer, packed = pages.seal(Page(PATH, position(number), number, back, ()))
        backend.put(key_of(pointer.hash), frame.pack(packed))
        back = (pointer,)
    return back[0]


def test_a_path_through_thousands_of_pages_is_gone_along() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    newest = chain_of_pages(backend, 3_000, lambda number: number)
    entry = [5_000, *VERSION[1:]]
    backend.put(manifests.key_of(PATH), sealed(SOUND | {"latest": 5_000, "recent": [entry], "back": [list(newest)]}))

    with pytest.raises(MissingObject, match=r"v1 of .* is in none of the pages of its history"):
        depo.read(PATH, "v1")


def test_millions_of_versions_that_are_lost_are_told_at_once() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    newest = 1 << 40
    backend.put(
        manifests.key_of(PATH),
        sealed(SOUND | {"latest": newest, "recent": [[newest, *VERSION[1:]]], "back": [[1, 1, b"lost" * 8]]}),
    )

    with pytest.raises(MissingObject, match=rf"v1 to v{newest - 1} of .* cannot be read; every other version can"):
        list(depo.log(PATH))


def test_pages_that_do_not_lead_back_are_damaged() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    newest = chain_of_pages(backend, 3, lambda _: 1)
    backend.put(manifests.key_of(PATH), sealed(SOUND | {"latest": 9, "recent": [[9, *VERSION[1:]]], "back": [newest]}))

    with pytest.raises(AlteredObject, match="does not lead back"):
        list(depo.log(PATH))


def test_a_page_past_its_limit_is_refused_before_it_is_decoded() -> None:
    backend = MemoryBackend()
    data = msgpack.packb([PATH, 1, 1, [], [None] * pages.MAX_PAGE])
    digest = canonical.hash_canonical(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.PAGE, data)))

    with pytest.raises(AlteredObject, match=f"past the limit of {pages.MAX_PAGE:,}"):
        depository_on(backend)._commits.read_page(Pointer(1, 1, digest))


@pytest.mark.parametrize("value", [None, "page", [PATH, 1, 1, []], [PATH, 1, 1, [[1]], []]])
def test_an_object_that_says_it_is_a_page_and_is_none_is_damaged(value: object) -> None:
    backend = MemoryBackend()
    depo = found(backend)
    data = msgpack.packb(value)
    digest = canonical.hash_canonical(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.PAGE, data)))
    newest = [2, *VERSION[1:]]
    fields = SOUND | {"latest": 2, "recent": [newest], "back": [[1, 1, digest]]}
    backend.put(manifests.key_of(PATH), sealed(fields))

    with pytest.raises(AlteredObject, match=f"The page {digest.hex()} is damaged: .* v1 of .* cannot be read"):
        list(depo.log(PATH))


@pytest.mark.parametrize("data", [b"", b"no manifest", b"DPO\x03"])
def test_a_displaced_history_that_is_none_is_named(data: bytes) -> None:
    backend = MemoryBackend()
    depo = found(backend)
    digest = canonical.hash_bytes(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.BYTES, data)))
    backend.put(manifests.key_of(PATH), sealed(SOUND | {"buried": [[3, digest]]}))

    with pytest.raises(AlteredObject, match=rf"{key_of(digest)}, a history that '{PATH}' had, is damaged"):
        depo.undelete(PATH, to="other.ipynb")


# More than was bargained for


def test_a_notebook_in_memory_is_no_larger_than_a_file_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "MAX_SOURCE", 1_000)

    with pytest.raises(InvalidContent, match="at most 1,000 are archived"):
        found(MemoryBackend()).save(PATH, small(1))


def test_what_a_skeleton_refers_to_again_and_again_counts_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skeleton, "MAX_OUTPUTS", 50_000)
    data = Random(1).randbytes(20_000)
    digest = canonical.hash_bytes(data)
    reference = msgpack.ExtType(skeleton.REFERENCE, bytes([1]) + digest)

    assert skeleton.put_together(canonical.encode([reference] * 2), {digest: data})
    with pytest.raises(ValueError, match="more than 50,000 bytes together"):
        skeleton.put_together(canonical.encode([reference] * 3), {digest: data})


def test_outputs_that_would_fill_memory_together_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryBackend()
    depo = found(backend)
    depo.save(PATH, file_of(with_plots(1, plots=3)))
    monkeypatch.setattr(frame, "MAX_PAYLOAD", 50_000)

    with pytest.raises(AlteredObject, match="its outputs are .* bytes in all, past the limit of 50,000"):
        depository_on(backend).read(PATH)


def test_a_frame_is_believed_no_size_that_its_bytes_cannot_hold() -> None:
    made = frame.encode(Kind.BYTES, bytes(1 << 20))
    assert made.decode() == bytes(1 << 20), "zeros grow as much as anything can"

    unsaid = zstandard.ZstdCompressor(write_content_size=False).compress(b"some text")
    for size in (1 << 20, frame.MAX_PAYLOAD, 1 << 40):
        with pytest.raises(ValueError, match=rf"{len(unsaid)} bytes cannot hold the {size:,} that it declares"):
            frame.apply_patch(unsaid, b"", size)


class Bursting(Wrapper):
    """A store whose objects take more memory than there is."""

    def get(self, key: str, *, limit: int) -> Stored:
        stored = super().get(key, limit=limit)
        return stored._replace(data=TooMuch(stored.data)) if key.startswith("objects/") else stored


class TooMuch(bytes):
    def __getitem__(self, _: object) -> Any:
        raise MemoryError


def test_what_does_not_fit_into_memory_is_named(backend: Backend) -> None:
    with pytest.raises(CorruptData, match=r"objects/.* cannot be read: it takes more memory than there is"):
        depository_on(Bursting(backend)).read(PATH)


def test_what_was_displaced_is_read_no_further_than_a_manifest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryBackend()
    depo = found(backend)
    data = bytes(2_000)
    digest = canonical.hash_bytes(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.BYTES, data)))
    backend.put(manifests.key_of(PATH), sealed(SOUND | {"buried": [[3, digest]]}))
    monkeypatch.setattr(manifests, "READ_LIMIT", 1_000)

    with pytest.raises(AlteredObject, match="past the limit of 1,000"):
        depo.undelete(PATH, to="other.ipynb")


# An index that is damaged


def test_whatever_is_damaged_in_the_start_of_an_index_the_search_goes_on(
    backend: MemoryBackend, tmp_path: Path
) -> None:
    index = tmp_path / "index"

    def found_with_index() -> list[Any]:
        return list(depository_on(backend).grep(Query("."), prefix=OTHER, index=str(index)))

    right = found_with_index()
    data = index.read_bytes()
    names = data.index(b"CREATE TABLE")
    for place in range(names, names + 400, 16):
        index.write_bytes(data[:place] + bytes([data[place] ^ 0x80]) + data[place + 1 :])
        assert found_with_index() == right


def test_a_text_that_is_none_is_damage_of_the_object_and_not_of_the_index(tmp_path: Path) -> None:
    backend = MemoryBackend()
    depo = found(backend)
    data = b"\xff" * 100
    digest = canonical.hash_text(data)
    reference = msgpack.ExtType(skeleton.REFERENCE, bytes([0]) + digest)
    bare = canonical.encode({"cells": [{"cell_type": "code", "source": reference, "outputs": []}], "nbformat": 4})
    version = depo.save(PATH, b"{}")
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.TEXT, data)))
    backend.put(key_of(bytes.fromhex(version.hash)), frame.pack(frame.encode(Kind.NOTEBOOK, bare, (digest,))))
    notes: list[str] = []
    query = Query(".", versions=Versions.ALL)

    assert list(depository_on(backend).grep(query, telling=Telling(notes.append), index=str(tmp_path / "index"))) == []
    assert [key_of(digest) in note for note in notes] == [True]
