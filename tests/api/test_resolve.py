"""Naming versions, and contents without any path."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.errors import Ambiguous, InvalidName, NotFound, NoVersion
from tests.api.histories import PATH as LONG
from tests.api.histories import as_manifest, with_history
from tests.api.stores import depository_on
from tests.notebooks import file_of, small, with_plots

PATH = "mine.ipynb"
DAYS = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in range(1, 6)]


@pytest.fixture
def depo(depo: Depository) -> Depository:
    """With five versions, one each day at noon; v2 is published, v4 tagged."""
    for seed, day in enumerate(DAYS):
        depo.save(PATH, file_of(small(seed)), time=day)
    depo.promote(PATH, "v2", "published")
    depo.tag(PATH, "v4", "submitted")
    return depo


@pytest.mark.parametrize(
    ("spec", "number"),
    [
        ("v1", 1),
        ("v5", 5),
        ("latest", 5),
        ("workspace", 5),
        ("latest~", 4),
        ("latest~1", 4),
        ("latest~4", 1),
        ("latest~1~1", 3),
        ("v3~2", 1),
        ("published", 2),
        ("published~1", 1),
        ("submitted", 4),
        ("submitted~0", 4),
        ("2026-11-03", 3),
        ("2026-11-03 13:00", 3),
        ("2026-11-03T11:00Z", 2),
        ("2026-12", 5),
    ],
)
def test_a_spec_names_a_version(depo: Depository, spec: str, number: int) -> None:
    assert depo.resolve(PATH, spec).number == number
    assert depo.read(PATH, spec) == file_of(small(number - 1))
    assert depo.load(PATH, spec) == small(number - 1)


def test_nothing_names_the_latest(depo: Depository) -> None:
    assert depo.resolve(PATH).number == 5


def test_a_hash_or_the_start_of_one_names_the_newest_version_that_has_it(depo: Depository) -> None:
    digest = depo.resolve(PATH, "v2").hash
    assert depo.resolve(PATH, digest).number == 2
    assert depo.resolve(PATH, digest[:6]).number == 2

    depo.save(PATH, file_of(small(1)))
    assert depo.resolve(PATH, digest).number == 6


@pytest.mark.parametrize("spec", ["v6", "v100", "latest~5", "v1~1", "scheduled", "f" * 12, "2026-10-31", "v9~99"])
def test_a_version_that_is_not_there_is_not_found(depo: Depository, spec: str) -> None:
    with pytest.raises(NotFound):
        depo.resolve(PATH, spec)


@pytest.mark.parametrize("spec", ["", "v", "v0", "v-1", "v1.5", "newest", "~", "latest~x", "5", "abcde", "V1", "v01"])
def test_what_names_nothing_is_refused_in_words(depo: Depository, spec: str) -> None:
    with pytest.raises((InvalidName, NoVersion)) as refused:
        depo.resolve(PATH, spec)

    assert PATH in str(refused.value)


def test_a_missing_version_says_which_there_are(depo: Depository) -> None:
    with pytest.raises(NoVersion, match=r"no version v9: it has v1 to v5\."):
        depo.resolve(PATH, "v9")
    depo.save("other.ipynb", b"")
    with pytest.raises(NoVersion, match=r"it has v1 only\."):
        depo.resolve("other.ipynb", "v9")


def test_a_time_names_the_newest_version_saved_by_then() -> None:
    depo = depository_on(with_history(1_000))
    wanted = depo.resolve(LONG, "v123")
    moment = (wanted.time + timedelta(milliseconds=500)).isoformat()

    assert depo.resolve(LONG, moment).number == 123


def test_a_hash_is_found_on_old_pages() -> None:
    depo = depository_on(with_history(64))
    digest = depo.resolve(LONG, "v3").hash
    for number in range(100):
        depo.save(LONG, f"{number}".encode())

    assert depo.resolve(LONG, digest[:12]).number == 3


# Contents without a path


def test_a_hash_names_a_content_without_any_path(depo: Depository) -> None:
    digest = depo.resolve(PATH, "v3").hash

    assert depo.find(digest[:8]) == digest
    assert depo.find(digest.upper()) == digest
    assert depo.load_blob(digest) == small(2)
    assert depo.read_blob(digest) == file_of(small(2))


def test_raw_bytes_are_named_by_hash_as_well(depo: Depository) -> None:
    version = depo.save("raw.ipynb", b"not json")

    assert depo.find(version.hash[:10]) == version.hash
    assert depo.read_blob(version.hash) == b"not json"


def test_a_content_of_another_style_is_given_as_jupyter_writes_it(depo: Depository) -> None:
    version = depo.save("styled.ipynb", file_of(small(9), indent=4))

    assert depo.read_blob(version.hash) == file_of(small(9))


def test_a_prefix_of_several_contents_names_them(depo: Depository, backend: Backend) -> None:
    digest = depo.resolve(PATH, "v1").hash
    near = digest[:7] + ("0" if digest[7] != "0" else "1") + digest[8:]
    data = backend.get(f"objects/{digest[:2]}/{digest[2:]}", limit=1 << 20).data
    backend.put(f"objects/{near[:2]}/{near[2:]}", data)

    with pytest.raises(Ambiguous, match=f"{digest[:12]}.*{near[:12]}|{near[:12]}.*{digest[:12]}"):
        depo.find(digest[:7])
    assert depo.find(digest[:8]) == digest


def test_pages_are_no_contents() -> None:
    backend = with_history(1_000)
    depo = depository_on(backend)
    hashes = {item.key.removeprefix("objects/").replace("/", "") for item in backend.list("objects/")}
    blobs = {version.hash for version in depo.log(LONG)}
    found_none = 0
    for digest in hashes - blobs:
        try:
            depo.find(digest)
        except NoVersion:
            found_none += 1

    assert found_none == as_manifest(backend).back[0].position, "plots are bytes that a hash may name"


def test_what_no_content_has_is_not_found(depo: Depository) -> None:
    with pytest.raises(NoVersion, match="000000"):
        depo.find("000000")
    with pytest.raises(NoVersion):
        depo.load_blob("0" * 64)


@pytest.mark.parametrize("digest", ["", "abc", "xyzxyz", "0" * 65, "12 456"])
def test_what_is_no_hash_is_refused(depo: Depository, digest: str) -> None:
    with pytest.raises(InvalidName):
        depo.find(digest)
    with pytest.raises(InvalidName):
        depo.read_blob(digest)


def test_a_content_with_plots_is_named_by_hash_from_a_new_process(depo: Depository, backend: Backend) -> None:
    digest = depo.save(PATH, file_of(with_plots(3))).hash

    assert depository_on(backend).load_blob(digest) == with_plots(3)


def test_a_time_without_a_zone_is_the_local_one(depo: Depository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ+5")  # five hours behind UTC, whatever the season
    time.tzset()
    try:
        assert depo.resolve(PATH, "2026-11-03 06:59").number == 2
        assert depo.resolve(PATH, "2026-11-03 07:00").number == 3
    finally:
        monkeypatch.undo()
        time.tzset()
