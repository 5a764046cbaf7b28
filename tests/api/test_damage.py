"""Damage: what is missing or altered is named, with the versions that it takes along; every other version reads."""

import json
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import pytest

from depository.backends.memory import MemoryBackend
from depository.backends.wrapper import Wrapper
from depository.errors import AlteredObject, CorruptData, MissingObject, UnsupportedFormat
from depository.history import damage as history_damage
from depository.history import manifest as manifests
from depository.history import pages
from depository.history.manifest import MAX_RECENT
from depository.objects import frame
from depository.testing.seeing import copied
from tests.api.histories import PATH as LONG
from tests.api.histories import as_manifest, with_history
from tests.api.stores import LIMIT, depository_on, found
from tests.notebooks import file_of, small, with_plots

if TYPE_CHECKING:
    from depository import Depository

PATH = "kylek/mine.ipynb"
VERSIONS = 200


def file(number: int) -> bytes:
    """Of version `number`: v10 to v19 have plots, v30 has a large patch, v40 is raw."""
    if number == 40:
        return Random(40).randbytes(2_000)
    made = with_plots(7, plots=2) if 10 <= number < 20 else small(7)
    made["metadata"]["draft"] = number
    data = file_of(made, ordered=number != 30)
    return data.replace(b": ", b" :  ") if number == 30 else data


@pytest.fixture(scope="module")
def whole() -> MemoryBackend:
    """200 versions, the older ones on two pages."""
    backend = MemoryBackend()
    depo = found(backend)
    for number in range(1, VERSIONS + 1):
        depo.save(PATH, file(number))
    return backend


@pytest.fixture
def backend(whole: MemoryBackend) -> MemoryBackend:
    """The same, to be damaged."""
    return copied(whole)


def key_of(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest[2:]}"


def blob(number: int) -> Callable[[MemoryBackend], str]:
    """The key of a version's blob."""
    return lambda backend: key_of(depository_on(backend).resolve(PATH, f"v{number}").hash)


def new_with(first: int) -> Callable[[MemoryBackend], str]:
    """The key of an object that a version wrote beside its blob: an output or a patch."""

    def key(_: MemoryBackend) -> str:
        store = MemoryBackend()
        depo = found(store)
        for number in range(1, first):
            depo.save(PATH, file(number))
        before = {item.key for item in store.list("objects/")}
        own = key_of(depo.save(PATH, file(first)).hash)
        return next(item.key for item in store.list("objects/") if item.key not in before | {own})

    return key


def page(position: int, path: str = PATH) -> Callable[[MemoryBackend], str]:
    """The key of a sealed page."""

    def key(backend: MemoryBackend) -> str:
        pointer = as_manifest(backend, path).back[0]
        while pointer.position > position:
            stored = backend.get(key_of(pointer.hash.hex()), limit=LIMIT).data
            pointer = pages.unseal(frame.unpack(stored).decode()).back[0]
        return key_of(pointer.hash.hex())

    return key


GROUP = [*range(65, 129)]

OBJECTS: dict[str, tuple[Callable[[MemoryBackend], str], list[int]]] = {
    "a whole blob": (blob(65), GROUP),
    "the last delta of a chain": (blob(80), [80]),
    "a delta in the middle of a chain": (blob(75), [*range(75, 81)]),
    "the first delta of a run": (blob(81), [*range(81, 97)]),
    "the newest blob": (blob(200), [200]),
    "an output": (new_with(10), [*range(10, 20)]),
    "a patch": (new_with(30), [30]),
    "raw bytes": (blob(40), [40]),
    "the oldest page": (page(1), [*range(1, 65)]),
}
"""The key of each kind of object, and the versions that need it."""

DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "missing": lambda _: None,
    "empty": lambda _: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "its last byte missing": lambda data: data[:-1],
    "a flipped bit": lambda data: bytes([*data[:-10], data[-10] ^ 4, *data[-9:]]),
    "another object's": lambda _: b"DPO\x01\x96\x01\x00\x05\xc0\x90\xc4\x05other",
    "zeros": lambda data: bytes(len(data)),
    "followed by more": lambda data: data + b"more",
}


def damage(backend: MemoryBackend, key: str, how: str) -> None:
    """Do it to an object."""
    damaged = DAMAGE[how](backend.get(key, limit=LIMIT).data)
    if damaged is None:
        backend.delete(key)
    else:
        backend.put(key, damaged)


def ranges(numbers: list[int]) -> str:
    """As an error writes them, where they are in a row."""
    return f"v{numbers[0]}" if len(numbers) == 1 else f"v{numbers[0]} to v{numbers[-1]}"


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", OBJECTS)
def test_the_error_names_the_object_and_its_versions_and_all_others_read(
    backend: MemoryBackend, name: str, how: str
) -> None:
    find, lost = OBJECTS[name]
    key = find(backend)
    damage(backend, key, how)
    depo = depository_on(backend)
    for number in {1, 9, 10, 20, 30, 40, 64, 128, 129, 150, 192, VERSIONS, *lost[:2], lost[-1] + 1} - set(lost):
        if number <= VERSIONS:
            assert depo.read(PATH, f"v{number}") == file(number)
    for number in {lost[0], lost[-1]}:
        with pytest.raises(CorruptData) as damaged:
            depository_on(backend).read(PATH, f"v{number}")
        text = str(damaged.value)
        assert type(damaged.value) is (MissingObject if how == "missing" else AlteredObject)
        assert key in text or key.removeprefix("objects/").replace("/", "") in text
        assert f"{ranges(lost)} of '{PATH}' cannot be read; every other version can." in text
        assert damaged.value.digest is not None
        assert key_of(damaged.value.digest.hex()) == key


@pytest.mark.parametrize("name", OBJECTS)
def test_damage_is_never_taken_for_a_version(backend: MemoryBackend, name: str) -> None:
    find, lost = OBJECTS[name]
    key = find(backend)
    data = backend.get(key, limit=LIMIT).data
    random = Random(name)
    for _ in range(40):
        altered = bytearray(data)
        for _ in range(random.randint(1, 3)):
            altered[random.randrange(len(data))] ^= 1 << random.randrange(8)
        backend.put(key, bytes(altered))
        try:
            given = depository_on(backend).read(PATH, f"v{lost[0]}")
        except (CorruptData, UnsupportedFormat):
            continue
        assert given == file(lost[0])


def test_a_notebook_under_another_ones_name_is_not_taken_for_it(backend: MemoryBackend) -> None:
    other = blob(11)(backend)
    backend.put(other, backend.get(blob(10)(backend), limit=LIMIT).data)
    with pytest.raises(AlteredObject, match=other):
        depository_on(backend).read(PATH, "v11")
    for number in range(10, 20):
        with suppress(AlteredObject):
            assert depository_on(backend).read(PATH, f"v{number}") == file(number)


@pytest.mark.parametrize("how", DAMAGE)
def test_a_save_on_top_of_a_damaged_base_stands_alone(backend: MemoryBackend, how: str) -> None:
    damage(backend, blob(VERSIONS)(backend), how)
    depo = depository_on(backend)
    assert depo.save(PATH, file(VERSIONS + 1)).number == VERSIONS + 1
    assert depo.save(PATH, file(VERSIONS + 2)).number == VERSIONS + 2

    reader = depository_on(backend)
    assert reader.read(PATH) == file(VERSIONS + 2)
    assert reader.read(PATH, f"v{VERSIONS + 1}") == file(VERSIONS + 1)


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_pages_keep_nobody_from_saving(backend: MemoryBackend, how: str) -> None:
    damage(backend, page(2)(backend), how)
    depo = depository_on(backend)
    for number in range(100):
        depo.save(PATH, f"{number}".encode())

    assert depository_on(backend).read(PATH, f"v{VERSIONS + 50}") == b"49"


def test_a_log_goes_on_to_the_damaged_page_and_says_so(backend: MemoryBackend) -> None:
    damage(backend, page(1)(backend), "missing")
    log = depository_on(backend).log(PATH)
    assert [next(log).number for _ in range(VERSIONS - 64)] == [*range(VERSIONS, 64, -1)]
    with pytest.raises(MissingObject, match=r"v1 to v64 of .* cannot be read; every other version can"):
        next(log)


@pytest.mark.parametrize("how", DAMAGE)
def test_a_log_that_reads_ahead_goes_on_to_the_damaged_page_as_well(how: str) -> None:
    backend = with_history(1_000)
    damage(backend, page(8, LONG)(backend), how)
    far = Wrapper(backend)
    far.workers = 16
    with depository_on(far) as depo:
        log = depo.log(LONG)
        assert [next(log).number for _ in range(1_000 - 512)] == [*range(1_000, 512, -1)]
        with pytest.raises(CorruptData, match=r"v449 to v512 of .* cannot be read; every other version can"):
            next(log)


def test_a_lost_page_takes_no_other_along(backend: MemoryBackend) -> None:
    damage(backend, page(2)(backend), "missing")
    depo = depository_on(backend)
    with pytest.raises(MissingObject, match=r"v65 to v128 of .* cannot be read; every other version can"):
        depo.read(PATH, "v100")
    assert depo.read(PATH, "v1") == file(1)
    assert depo.read(PATH, "v129") == file(129)


def test_a_lost_page_that_held_no_version_takes_none_along() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    depo.save(PATH, file(1))
    for _ in range(2 * MAX_RECENT):
        depo.tag(PATH, "v1", "sent")
        depo.untag(PATH, "sent")
    depo.save(PATH, file(2))
    lost = page(2)(backend)
    backend.delete(lost)

    with pytest.raises(MissingObject, match=lost) as missing:
        list(depository_on(backend).history(PATH))
    assert "cannot be read" not in str(missing.value)
    assert [depository_on(backend).read(PATH, f"v{number}") for number in (1, 2)] == [file(1), file(2)]


def test_a_content_that_was_saved_again_elsewhere_reads_as_long_as_it_is_there(backend: MemoryBackend) -> None:
    depo = depository_on(backend)
    depo.save("other.ipynb", file(80))
    damage(backend, blob(75)(backend), "missing")

    with pytest.raises(MissingObject):
        depository_on(backend).read("other.ipynb")


# Manifests


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_manifest_is_named_by_whatever_reads_it(backend: MemoryBackend, how: str) -> None:
    if how == "missing":
        return  # that is a notebook that was never saved
    key = manifests.key_of(PATH)
    damage(backend, key, how)
    depo = depository_on(backend)
    calls: list[Callable[[Depository], object]] = [
        lambda depo: depo.log(PATH),
        lambda depo: depo.read(PATH),
        lambda depo: depo.save(PATH, b"more"),
        lambda depo: depo.promote(PATH, "v1", "published"),
        lambda depo: depo.rename(PATH, "other.ipynb"),
        lambda depo: depo.delete(PATH),
    ]
    for call in calls:
        with pytest.raises(AlteredObject, match=rf"The manifest of '{PATH}' \({key}\) is damaged"):
            call(depo)
    assert depo.save("other.ipynb", b"fine").number == 1


def test_a_manifest_under_another_name_is_not_taken_for_that_names(backend: MemoryBackend) -> None:
    backend.put(manifests.key_of("copy.ipynb"), backend.get(manifests.key_of(PATH), limit=LIMIT).data)
    with pytest.raises(AlteredObject, match=f"that of '{PATH}'"):
        depository_on(backend).log("copy.ipynb")


def test_any_flipped_bit_of_a_manifest_is_noticed(backend: MemoryBackend) -> None:
    key = manifests.key_of(PATH)
    data = backend.get(key, limit=LIMIT).data
    for position in range(0, len(data), 7):
        altered = bytearray(data)
        altered[position] ^= 1
        backend.put(key, bytes(altered))
        with pytest.raises((AlteredObject, UnsupportedFormat)):
            depository_on(backend).log(PATH)


def test_a_store_that_answers_with_an_older_manifest_cannot_lose_a_version(backend: MemoryBackend) -> None:
    key = manifests.key_of(PATH)
    old = backend.get(key, limit=LIMIT).data
    depo = depository_on(backend)
    depo.save(PATH, b"201")
    backend.put(key, old)  # somebody restored a backup

    assert depo.save(PATH, b"202").number == VERSIONS + 1, "it goes on from what is there"


# The marker, and newer formats


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'"x"', b"{}", b'{"format": 1}', b"\xff\xfe", b'{"format": 1, "protocol": "conditional"}'],
)
def test_a_damaged_marker_is_named(backend: MemoryBackend, data: bytes) -> None:
    backend.put("depository.json", data)
    with pytest.raises(AlteredObject, match=r"format marker depository\.json of memory: is damaged"):
        depository_on(backend).save(PATH, b"more")
    with pytest.raises(AlteredObject):
        depository_on(backend).info()


def test_a_newer_depository_is_refused_in_one_sentence(backend: MemoryBackend) -> None:
    said = json.loads(backend.get("depository.json", limit=LIMIT).data)
    del said["check"]
    backend.put("depository.json", json.dumps(said | {"format": 2}).encode())
    with pytest.raises(UnsupportedFormat, match=r"of format 2, and this program knows 1: upgrade depository\.$"):
        depository_on(backend).save(PATH, b"more")

    backend.put("depository.json", json.dumps(said | {"protocol": "judged"}).encode())
    with pytest.raises(UnsupportedFormat, match=r"'judged', which this program does not know: upgrade depository\.$"):
        depository_on(backend).save(PATH, b"more")


@pytest.mark.parametrize(
    ("key", "number"),
    [(blob(80), 80), (page(1), 1), (lambda _: manifests.key_of(PATH), 1)],
    ids=["blob", "page", "manifest"],
)
def test_a_newer_object_is_refused_in_one_sentence(
    backend: MemoryBackend, key: Callable[[MemoryBackend], str], number: int
) -> None:
    name = key(backend)
    data = backend.get(name, limit=LIMIT).data
    backend.put(name, data[:3] + b"\x02" + data[4:])
    with pytest.raises(UnsupportedFormat, match=r"data of format 2, .* up to 1: upgrade depository\.") as newer:
        depository_on(backend).read(PATH, f"v{number}")
    assert name in str(newer.value) or name.removeprefix("objects/").replace("/", "") in str(newer.value)


def test_a_newer_object_that_is_only_guessed_to_be_needed_keeps_nobody_from_reading(backend: MemoryBackend) -> None:
    name = blob(39)(backend)
    data = backend.get(name, limit=LIMIT).data
    backend.put(name, data[:3] + b"\x02" + data[4:])
    assert depository_on(backend).read(PATH, "v40") == file(40), "raw bytes, which build on nothing"


def test_a_lost_content_that_is_saved_again_does_not_build_on_itself() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    depo.save(PATH, file_of(small(1)))
    depo.save(PATH, file_of(small(2)))
    depo.save("copy.ipynb", file_of(small(2)))
    depo.save("copy.ipynb", file_of(small(3)))  # builds on the second, and that on the first
    backend.delete(blob(1)(backend))

    depo.save("copy.ipynb", file_of(small(1)))

    again = depository_on(backend)
    assert again.read("copy.ipynb", "v3") == file_of(small(1))
    assert [again.read(PATH, f"v{number}") for number in (1, 2)] == [file_of(small(1)), file_of(small(2))]


def test_of_a_very_long_history_only_the_newest_versions_are_looked_through(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_damage, "_MAX_FRAMES", 64)
    damage(backend, blob(VERSIONS)(backend), "missing")
    with pytest.raises(MissingObject, match=rf"v{VERSIONS} of .* cannot be read; older ones may need it too"):
        depository_on(backend).read(PATH)
