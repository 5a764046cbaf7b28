"""Damage is named with the versions that it takes along, contained, and told once."""

from random import Random

import pytest

from depository.backends.memory import MemoryBackend
from depository.errors import NoDepository
from depository.history import manifest as manifests
from depository.testing.seeing import copied
from depository.verifying.findings import Kind
from tests.api.histories import as_manifest
from tests.api.stores import CLOCK, depository_on, found
from tests.api.test_damage import DAMAGE, OBJECTS, PATH, VERSIONS, blob, damage, file, page
from tests.notebooks import file_of, small, with_plots
from tests.verifying.checks import check, data_of, is_sound


@pytest.fixture(scope="module")
def whole() -> MemoryBackend:
    """200 versions with all kinds of content, a published one, a deleted and a renamed notebook."""
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend, materialize=("published",))
    for number in range(1, VERSIONS + 1):
        depo.save(PATH, file(number))
    depo.promote(PATH, "v20", "published")
    depo.tag(PATH, "v3", "mine")
    for number in range(1, 4):
        depo.save("old.ipynb", file_of(small(number)))
        depo.save("gone.ipynb", file_of(with_plots(number, plots=1)))
    depo.rename("old.ipynb", "team/new.ipynb")
    depo.delete("gone.ipynb")
    return backend


@pytest.fixture
def backend(whole: MemoryBackend) -> MemoryBackend:
    """The same, to be damaged."""
    return copied(whole)


def test_a_depository_that_is_sound_has_nothing_to_be_told(backend: MemoryBackend) -> None:
    checked, findings = check(backend)
    assert findings == []
    assert checked.is_sound
    assert (checked.notebooks, checked.versions) == (4, VERSIONS + 3 + 3 + 3)
    assert checked.objects == sum(1 for _ in backend.list("objects/")), "each of them is needed"


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", OBJECTS)
def test_a_damaged_object_is_named_with_every_version_that_needs_it(
    backend: MemoryBackend, name: str, how: str
) -> None:
    find, lost = OBJECTS[name]
    key = find(backend)
    damage(backend, key, how)
    backend.delete(f"published/{PATH}")
    checked, findings = check(backend, PATH)
    damaged = [finding for finding in findings if finding.kind is not Kind.STALE]
    assert [(each.key, each.path, each.versions) for each in damaged] == [(key, PATH, ((lost[0], lost[-1]),))]
    assert damaged[0].kind is (Kind.MISSING if how == "missing" else Kind.ALTERED)
    assert not checked.is_sound


def test_no_altered_bit_escapes_that_means_anything(backend: MemoryBackend) -> None:
    random = Random(7)
    for key in random.sample([item.key for item in backend.list("objects/")], 12):
        data = data_of(backend, key)
        altered = bytearray(data)
        altered[random.randrange(4, len(data))] ^= 1 << random.randrange(8)
        backend.put(key, bytes(altered))
        if is_sound(backend):
            depo = depository_on(backend)
            assert all(depo.read(PATH, f"v{number}") == file(number) for number in range(1, VERSIONS + 1))
        backend.put(key, data)


def test_several_damaged_objects_are_told_one_by_one(backend: MemoryBackend) -> None:
    keys = [blob(80)(backend), blob(200)(backend), page(1)(backend)]
    for key in keys:
        damage(backend, key, "missing")
    checked, findings = check(backend, PATH)
    assert {(finding.key, finding.versions) for finding in findings} == {
        (keys[0], ((80, 80),)),
        (keys[1], ((200, 200),)),
        (keys[2], ((1, 64),)),
    }
    assert checked.damaged == 3


def test_two_lost_pages_in_a_row_take_along_what_only_they_lead_to(backend: MemoryBackend) -> None:
    depo = depository_on(backend)
    for number in range(300):
        depo.save(PATH, f"{number}".encode())
    keys = [page(number)(backend) for number in (3, 4)]
    for key in keys:
        damage(backend, key, "missing")
    _, findings = check(backend, PATH)
    assert [(finding.kind, finding.key, finding.versions) for finding in findings] == [
        (Kind.MISSING, keys[1], ((193, 256),)),
        (Kind.MISSING, keys[0], ((129, 192),)),
        (Kind.GAP, manifests.key_of(PATH), ((1, 128),)),
    ]


@pytest.mark.parametrize("how", [how for how in DAMAGE if how != "missing"])
def test_a_damaged_manifest_is_named_and_all_other_notebooks_are_checked(backend: MemoryBackend, how: str) -> None:
    key = manifests.key_of("team/new.ipynb")
    damage(backend, key, how)
    checked, findings = check(backend)
    assert [(finding.kind, finding.key) for finding in findings] == [(Kind.ALTERED, key)]
    assert checked.notebooks == 4
    assert checked.versions == VERSIONS + 3 + 3


def test_a_manifest_of_another_notebook_is_not_taken_for_this_ones(backend: MemoryBackend) -> None:
    key = manifests.key_of("gone.ipynb")
    backend.put(key, data_of(backend, manifests.key_of(PATH)))
    finding = next(each for each in check(backend).findings if each.key == key)
    assert finding.kind is Kind.ALTERED
    assert f"it is that of '{PATH}'" in finding.text


def test_a_manifest_that_a_rename_leads_to_is_missed(backend: MemoryBackend) -> None:
    backend.delete(manifests.key_of("team/new.ipynb"))
    finding = check(backend).only
    assert (finding.kind, finding.key) == (Kind.MISSING, "manifests/team/new.ipynb")
    assert finding.text == "is missing, though 'old.ipynb' was renamed to it"


def test_a_manifest_that_a_rename_came_from_is_missed(backend: MemoryBackend) -> None:
    backend.delete(manifests.key_of("old.ipynb"))
    assert check(backend).only.text == "is missing, though 'team/new.ipynb' was renamed from it"


@pytest.mark.parametrize("key", [blob(80), page(1), lambda _: manifests.key_of(PATH)], ids=["blob", "page", "manifest"])
def test_what_a_newer_depository_wrote_is_told_and_passed_over(backend: MemoryBackend, key: object) -> None:
    assert callable(key)
    name = key(backend)
    data = data_of(backend, name)
    backend.put(name, data[:3] + b"\x02" + data[4:])
    before = data_of(backend, name)
    result = check(backend, repair=True)
    assert [(each.kind, each.key) for each in result.findings] == [(Kind.NEWER, name)]
    assert data_of(backend, name) == before, "it is not for us to mend"


@pytest.mark.parametrize("how", ["empty", "cut off", "zeros"])
def test_a_damaged_marker_is_told_and_everything_else_is_checked(backend: MemoryBackend, how: str) -> None:
    damage(backend, "depository.json", how)
    result = check(backend)
    assert (result.only.kind, result.only.key) == (Kind.ALTERED, "depository.json")
    assert result.checked.versions == VERSIONS + 9


def test_a_lost_marker_is_missed_where_there_are_manifests(backend: MemoryBackend) -> None:
    backend.delete("depository.json")
    assert (check(backend).only.kind, check(backend).only.key) == (Kind.MISSING, "depository.json")


def test_where_there_is_nothing_there_is_nothing_to_be_checked() -> None:
    with pytest.raises(NoDepository):
        check(MemoryBackend())


def test_an_empty_depository_is_sound() -> None:
    backend = MemoryBackend(clock=CLOCK)
    found(backend)
    assert check(backend) == ((0, 0, 0, 0, 0, 0, 0, False), [])


def test_only_what_is_asked_for_is_checked(backend: MemoryBackend) -> None:
    damage(backend, blob(80)(backend), "missing")
    for prefix in ("team", "team/", "gone.ipynb", ("old.ipynb", "team")):
        assert check(backend, prefix).findings == []
    assert check(backend, "team").checked.notebooks == 1
    assert check(backend, ("team", "gone.ipynb", "team/new.ipynb")).checked.notebooks == 2
    assert check(backend, "kylek").kinds == [Kind.MISSING]


def test_a_history_that_another_displaced_is_checked_too(backend: MemoryBackend) -> None:
    depo = depository_on(backend)
    depo.rename("team/new.ipynb", "gone.ipynb")
    assert is_sound(backend)

    buried = as_manifest(backend, "gone.ipynb").buried[0].hash.hex()
    key = f"objects/{buried[:2]}/{buried[2:]}"
    data = data_of(backend, key)
    damage(backend, key, "a flipped bit")
    finding = check(backend).only
    assert (finding.kind, finding.key, finding.path) == (Kind.ALTERED, key, "gone.ipynb")

    backend.put(key, data)
    lost = manifests.unpack(data_of(copied(backend), manifests.key_of("gone.ipynb")))
    assert lost.buried[0].latest == 3
    depo.undelete("gone.ipynb", to="again.ipynb")
    digest = depo.resolve("again.ipynb", "v2").hash
    backend.delete(manifests.key_of("again.ipynb"))
    damage(backend, f"objects/{digest[:2]}/{digest[2:]}", "missing")
    assert (Kind.MISSING, "gone.ipynb", ((2, 3),)) in [
        (each.kind, each.path, each.versions) for each in check(backend, "gone.ipynb").findings
    ]


def test_a_manifest_that_is_far_too_long_is_damage_and_no_failure(backend: MemoryBackend) -> None:
    backend.put(manifests.key_of("gone.ipynb"), bytes(2 << 20))
    finding = check(backend).only
    assert (finding.kind, finding.text) == (Kind.ALTERED, "is damaged: it is too long for one")
