"""What is mended, of what, and what is not: what is put back is proven by its hash, or a manifest that was there."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend, VersionedBucket, VersionedMemory
from depository.backends.wrapper import Wrapper
from depository.depository import Depository
from depository.errors import AccessDenied
from depository.history import manifest as manifests
from depository.objects.store import key_of
from depository.testing.seeing import see
from depository.verifying.findings import Kind
from tests.api.histories import as_manifest
from tests.api.stores import CLOCK, depository_on, found
from tests.api.test_damage import DAMAGE
from tests.notebooks import file_of, small, with_plots
from tests.verifying.checks import Keeping, Strict, check, data_of, is_sound, objects_in

PATH = "kylek/mine.ipynb"
VERSIONS = 110


def file(number: int) -> bytes:
    """Of version `number`: v3 is raw, v5 has a patch, v7 has a plot."""
    if number == 3:
        return b"\xff raw"
    data = file_of(with_plots(1, plots=1) if number == 7 else small(number), ordered=number != 5)
    return data.replace(b": ", b" :  ") if number == 5 else data


def fill(backend: Backend) -> Depository:
    depo = found(backend, materialize=("published",))
    for number in range(1, VERSIONS + 1):
        depo.save(PATH, file(number))
    return depo


@cache
def filled(protocol: str) -> VersionedBucket:
    bucket = VersionedBucket(clock=CLOCK)
    fill(Strict(bucket) if protocol == "conditional" else VersionedMemory(bucket))
    return bucket


@pytest.fixture(params=["conditional", "versioned"])
def kept(request: pytest.FixtureRequest) -> Keeping:
    """A depository in a store that keeps older values, by either protocol."""
    bucket = VersionedBucket(clock=CLOCK)
    written = [(key, *each) for key, history in filled(request.param).histories.items() for each in history]
    for key, _, version in sorted(written, key=lambda each: int(each[1].name.rpartition("-")[2])):
        bucket.add(
            key, version.stored.data if version else None, version.note if version else None
        )  # by the same names
    return Strict(bucket) if request.param == "conditional" else VersionedMemory(bucket)


class Forbidding(Wrapper):
    """What is deleted is not for everybody's eyes."""

    def deleted(self, prefix: str) -> Iterator[str]:
        yield from map(self._refuse, [prefix])

    def _refuse(self, prefix: str) -> str:
        raise AccessDenied(f"What is deleted under '{prefix}' cannot be listed: permission denied.")


@pytest.fixture
def alone() -> MemoryBackend:
    """The same in one that keeps none."""
    backend = MemoryBackend(clock=CLOCK)
    whole = Strict(filled("conditional"))
    for item in whole.list(""):
        backend.put(item.key, data_of(whole, item.key))
    return backend


def page(backend: Backend) -> str:
    """The key of the newest page."""
    return key_of(as_manifest(backend, PATH).back[0].hash)


def harm(backend: Backend, key: str, how: str) -> None:
    """As `tests.api.test_damage.damage`, of any store."""
    damaged = DAMAGE[how](data_of(backend, key))
    if damaged is None:
        backend.delete(key)
    else:
        backend.put(key, damaged)


@cache
def key_with(number: int, *, beside: bool = False) -> str:
    """The key of a version's blob; or of what its save wrote beside it."""
    store = MemoryBackend(clock=CLOCK)
    depo = found(store)
    for each in range(1, number):
        depo.save(PATH, file(each))
    before = objects_in(store)
    digest = depo.save(PATH, file(number)).hash
    own = f"objects/{digest[:2]}/{digest[2:]}"
    return next(iter(objects_in(store) - before - {own})) if beside else own


OBJECTS: dict[str, Callable[[], str]] = {
    "a blob": lambda: key_with(20),
    "a raw file": lambda: key_with(3),
    "a patch": lambda: key_with(5, beside=True),
    "an image": lambda: key_with(7, beside=True),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", OBJECTS)
def test_a_damaged_object_comes_back_from_an_older_value_of_it(kept: Keeping, name: str, how: str) -> None:
    before = see(kept)
    key = OBJECTS[name]()
    data = data_of(kept, key)
    harm(kept, key, how)

    proposed = check(kept)
    assert proposed.only.key == key
    assert proposed.only.mend.startswith("an older value of it, of 2026-09-")
    assert proposed.only.mend.endswith("is what it was: --repair puts that back")

    mended = check(kept, repair=True)
    assert (mended.only.key, mended.only.mended) == (key, True)
    assert mended.only.mend.startswith("put back from an older value of it, of 2026-09-")
    assert mended.only.versions == proposed.only.versions
    assert (mended.checked.damaged, mended.checked.mended) == (0, 1)
    assert data_of(kept, key) == data
    assert is_sound(kept)
    assert see(kept) == before


def test_without_repair_nothing_is_written(kept: Keeping) -> None:
    for key in (key_with(20), page(kept), manifests.key_of(PATH)):
        harm(kept, key, "missing")
    before = {key: len(history) for key, history in kept.bucket.histories.items()}
    check(kept)
    assert {key: len(history) for key, history in kept.bucket.histories.items()} == before


def test_an_older_value_that_is_damaged_too_is_passed_over(kept: Keeping) -> None:
    key = key_with(20)
    data = data_of(kept, key)
    for how in ("zeros", "cut off", "another object's"):
        harm(kept, key, how)
    assert check(kept, repair=True).checked.mended == 1
    assert data_of(kept, key) == data


def test_where_no_value_is_right_nothing_is_put_back(kept: Keeping) -> None:
    key = key_with(20)
    kept.bucket.histories.pop(key)
    kept.put(key, b"this")
    kept.put(key, data_of(kept, key_with(21)))
    wrong = data_of(kept, key)
    result = check(kept, repair=True)
    assert (result.only.key, result.only.mend, result.only.mended) == (key, "", False)
    assert data_of(kept, key) == wrong


def test_several_damaged_objects_of_one_chain_are_all_mended(kept: Keeping) -> None:
    before = see(kept)
    keys = [key_with(number) for number in (17, 18, 20, 24)]
    for key in keys:
        harm(kept, key, "zeros")
    result = check(kept, repair=True)
    assert result.checked.is_sound
    assert see(kept) == before
    assert is_sound(kept)


def test_a_page_comes_back_from_an_older_value_of_it(kept: Keeping) -> None:
    key = page(kept)
    harm(kept, key, "missing")
    result = check(kept, repair=True)
    assert (result.only.key, result.only.mended) == (key, True)
    assert is_sound(kept)


def test_a_page_is_sealed_again_from_the_manifest_that_held_its_entries(kept: Keeping) -> None:
    before = see(kept)
    key = page(kept)
    kept.bucket.histories.pop(key)
    assert check(kept).only.mend.startswith("the manifest of 2026-09-")
    assert check(kept, repair=True).only.mended
    assert see(kept) == before


# of plain notebooks


@pytest.mark.parametrize("number", [3, 5, 7, 20])
@pytest.mark.parametrize("how", ["missing", "zeros"])
def test_what_a_published_version_needs_comes_back_from_its_plain_notebook(
    alone: MemoryBackend, number: int, how: str
) -> None:
    before = see(alone)
    depository_on(alone).promote(PATH, f"v{number}", "published")
    key = key_with(number, beside=number in (5, 7))
    harm(alone, key, how)
    result = check(alone, repair=True)
    assert (result.only.key, result.only.mended) == (key, True)
    assert result.only.mend == f"put back from the plain notebook published/{PATH}"
    assert is_sound(alone)
    assert see(alone)[PATH].files == before[PATH].files


def test_blob_image_and_patch_of_one_version_come_back_together(alone: MemoryBackend) -> None:
    depository_on(alone).promote(PATH, "v7", "published")
    keys = {key_with(7), key_with(7, beside=True)}
    for key in keys:
        harm(alone, key, "missing")
    assert check(alone).only.mend.endswith(" is what it was: --repair puts that back, with 1 more that it needs")
    result = check(alone, repair=True)
    assert result.checked.is_sound
    assert {finding.key for finding in result.findings if finding.mended} == keys, "each is told"
    assert depository_on(alone).read(PATH, "v7") == file(7)


def test_a_plain_notebook_that_somebody_changed_proves_nothing(alone: MemoryBackend) -> None:
    depository_on(alone).promote(PATH, "v20", "published")
    alone.put(f"published/{PATH}", file(21))
    harm(alone, key_with(20), "missing")
    result = check(alone, repair=True)
    damaged = next(finding for finding in result.findings if finding.key == key_with(20))
    assert (damaged.mend, damaged.mended) == ("", False)
    assert data_of(alone, f"published/{PATH}") == file(21), "which may be all that is left of something"


def test_where_no_older_values_are_kept_damage_stays_and_is_told(alone: MemoryBackend) -> None:
    harm(alone, key_with(20), "zeros")
    result = check(alone, repair=True)
    assert (result.only.mend, result.only.mended) == ("", False)
    assert result.checked.damaged == 1


# manifests


@pytest.mark.parametrize("asked", ["", PATH, "kylek"])
def test_a_deleted_manifest_is_put_back_as_it_was_and_nothing_is_lost(kept: Keeping, asked: str) -> None:
    before = see(kept)
    kept.delete(manifests.key_of(PATH))
    assert check(kept, asked).only.mend.startswith("--repair puts it back as it was at 2026-09-")

    result = check(kept, asked, repair=True)
    assert (result.only.kind, result.only.mended) == (Kind.MISSING, True)
    assert result.only.mend.endswith(f", with v1 to v{VERSIONS}")
    assert see(kept) == before
    assert is_sound(kept)


def test_a_deleted_manifest_that_another_notebook_leads_to_is_told_once(kept: Keeping) -> None:
    depository_on(kept).rename(PATH, "kylek/new.ipynb")
    kept.delete(manifests.key_of("kylek/new.ipynb"))
    assert check(kept).only.text == f"is missing, though '{PATH}' was renamed to it"
    assert check(kept, repair=True).only.mended
    assert is_sound(kept)


def test_only_what_is_asked_for_is_looked_for_among_what_is_deleted(kept: Keeping) -> None:
    kept.delete(manifests.key_of(PATH))
    assert check(kept, "kyle").findings == []
    assert check(kept, "kylek/mine").findings == []


@pytest.mark.parametrize("asked", ["", PATH])
def test_who_may_not_see_what_is_deleted_checks_what_is_there(kept: Keeping, asked: str) -> None:
    assert check(Forbidding(kept), asked) == check(kept, asked)


@pytest.mark.parametrize("how", [how for how in DAMAGE if how != "missing"])
def test_an_altered_manifest_is_put_back_as_it_was_before_and_the_loss_is_told(kept: Keeping, how: str) -> None:
    depo = depository_on(kept)
    assert depo.save(PATH, b"newest").number == VERSIONS + 1
    key = manifests.key_of(PATH)
    generation = as_manifest(kept, PATH).generation
    kept.bucket.alter(key, DAMAGE[how](data_of(kept, key)) or b"")

    result = check(kept, repair=True)
    damaged = next(finding for finding in result.findings if not finding.is_remark)
    assert (damaged.kind, damaged.key, damaged.mended) == (Kind.ALTERED, key, True)
    assert damaged.mend.endswith(
        f", with v1 to v{VERSIONS}; what the write after that added is lost: newer versions, or moves of refs"
    )
    assert as_manifest(kept, PATH).generation > generation
    assert [version.number for version in depository_on(kept).log(PATH)] == [*range(VERSIONS, 0, -1)]
    assert depo.save(PATH, b"more").number == VERSIONS + 1, "who wrote before takes what is there now"
    assert is_sound(kept)


def test_what_something_else_wrote_over_a_manifest_does_not_count_where_versions_judge() -> None:
    backend = VersionedMemory(VersionedBucket(clock=CLOCK))
    fill(backend)
    backend.put(manifests.key_of(PATH), b"garbage")
    assert is_sound(backend)


@pytest.mark.parametrize(
    "key_of_it", [lambda _: manifests.key_of(PATH), lambda _: key_with(20), page], ids=["manifest", "blob", "page"]
)
def test_what_a_newer_depository_wrote_is_never_replaced(kept: Keeping, key_of_it: Callable[[Backend], str]) -> None:
    key = key_of_it(kept)
    data = data_of(kept, key)
    if key.startswith("objects/"):
        kept.put(key, data)  # there is an older value that would do, as there are of the manifest
    kept.bucket.alter(key, data[:3] + b"\x02" + data[4:])
    newer = data_of(kept, key)
    assert Kind.NEWER in check(kept, repair=True).kinds
    assert data_of(kept, key) == newer


def test_of_two_manifests_on_top_of_the_same_one_the_first_counts() -> None:
    backend = VersionedMemory(VersionedBucket(clock=CLOCK))
    fill(backend)
    early, late = depository_on(backend), depository_on(backend)
    for each in (early, late):
        each.refs(PATH)
    early.tag(PATH, "v1", "one")
    manifest = as_manifest(backend, PATH)
    void = manifest._replace(refs={"two": 2}, write_id=b"2" * 8)
    turn = backend.bucket.histories[manifests.key_of(PATH)][-1][1]
    assert turn is not None
    backend.bucket.add(manifests.key_of(PATH), manifests.pack(void), turn.note)
    backend.delete(manifests.key_of(PATH))
    check(backend, PATH, repair=True)
    assert depository_on(backend).refs(PATH) == {"workspace": VERSIONS, "one": 1}


@pytest.mark.parametrize("how", [how for how in DAMAGE if how != "missing"])
def test_a_manifest_of_which_nothing_is_kept_is_made_again_of_its_pages(alone: MemoryBackend, how: str) -> None:
    depo = depository_on(alone)
    key = manifests.key_of(PATH)
    depo.tag(PATH, "v2", "early")
    depo.promote(PATH, "v3", "published")
    for number in range(300):
        depo.save(PATH, f"{number}".encode())
    was = see(alone)[PATH]
    generation = as_manifest(alone, PATH).generation
    altered = DAMAGE[how](data_of(alone, key)) or b""
    harm(alone, key, how)

    proposed = check(alone).findings[0]
    assert proposed.mend.startswith("--repair makes it again from its pages, with v1 to v320; what came after")
    result = check(alone, repair=True)
    assert result.findings[0].mend.startswith("made again from its pages, with v1 to v320; what came after")
    assert result.checked.damaged == 0

    assert as_manifest(alone, PATH).generation > generation
    now = see(alone)[PATH]
    assert now.files == was.files[:320]
    assert now.refs == {**was.refs, "workspace": 320}
    kept = result.findings[0].mend.rpartition("the content ")[2].partition(" ")[0]
    assert depository_on(alone).read_blob(depository_on(alone).find(kept)) == altered
    assert depository_on(alone).save(PATH, b"more").number == 321
    assert is_sound(alone)


def test_of_two_newest_pages_nothing_is_made(alone: MemoryBackend) -> None:
    key = manifests.key_of(PATH)
    data = data_of(alone, key)
    for text in (b"this", b"that"):  # two writers race, and one of their pages is in no manifest
        alone.put(key, data)
        depo = depository_on(alone)
        depo.save(PATH, text)
        for number in range(100):
            depo.save(PATH, f"{number}".encode())
    harm(alone, key, "zeros")
    result = check(alone, repair=True)
    assert [(each.kind, each.mended) for each in result.findings if each.key == key] == [(Kind.ALTERED, False)]


def test_a_short_history_without_pages_cannot_be_made_again(alone: MemoryBackend) -> None:
    depository_on(alone).save("short.ipynb", b"1")
    harm(alone, manifests.key_of("short.ipynb"), "zeros")
    result = check(alone, repair=True)
    assert (result.findings[0].mend, result.findings[0].mended) == ("", False)


# the marker


@pytest.mark.parametrize("how", ["missing", "empty", "zeros", "cut off"])
def test_the_marker_comes_back_from_an_older_value_of_it(kept: Keeping, how: str) -> None:
    data = data_of(kept, "depository.json")
    harm(kept, "depository.json", how)
    assert check(kept).only.mend.startswith("--repair puts it back as it was at 2026-09-")
    assert check(kept, repair=True).only.mended
    assert data_of(kept, "depository.json") == data
    assert is_sound(kept)


def test_repairing_what_is_sound_changes_nothing(kept: Keeping) -> None:
    before = {key: len(history) for key, history in kept.bucket.histories.items()}
    assert check(kept, repair=True).findings == []
    assert {key: len(history) for key, history in kept.bucket.histories.items()} == before
