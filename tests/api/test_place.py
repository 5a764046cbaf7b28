"""Making depositories, opening them, and what they say about themselves."""

import threading
from pathlib import Path

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.errors import InvalidSettings, InvalidURL, NoDepository, OutcomeUnknown, Unreachable
from depository.testing.faults import Fault, Faulty
from tests.api.stores import LIMIT, depository_on, found
from tests.api.waves import Waves
from tests.notebooks import file_of, small

PATH = "mine.ipynb"


def test_a_depository_is_made_and_opened_by_its_address(tmp_path: Path) -> None:
    url = str(tmp_path / "depository")
    with Depository.create(url, author="Ada") as depo:
        depo.save(PATH, file_of(small()))
        assert depo.settings
    with Depository.open(f"file://{url}") as again:
        assert again.read(PATH) == file_of(small())
        assert again.resolve(PATH).author == "Ada"


def test_opening_asks_nothing_of_the_place(tmp_path: Path) -> None:
    url = str(tmp_path / "nowhere")
    with Depository.open(url) as depo:
        with pytest.raises(NoDepository, match=f"depository init {url}"):
            depo.save(PATH, b"{}")
        with pytest.raises(NoDepository):
            depo.info()
    assert not (tmp_path / "nowhere").exists()


def test_making_one_where_there_is_one_adopts_it(tmp_path: Path) -> None:
    url = str(tmp_path)
    with Depository.create(url, prefixes={"published": "public"}, materialize=()) as depo:
        depo.save(PATH, b"{}")
        created = depo.info().created
    with Depository.create(url, materialize=("published",)) as again:
        info = again.info()

    assert (info.prefixes["published"], info.materialize, info.created) == ("public", (), created)
    assert again.read(PATH) == b"{}"


def test_a_depository_says_what_it_is(backend: Backend) -> None:
    info = found(backend, materialize=("published",)).info()

    assert (info.url, info.format, info.protocol) == (backend.url, 1, backend.choose_protocol("ab"))
    assert info.materialize == ("published",)
    assert info.prefixes == {"workspace": "workspace", "scheduled": "scheduled", "published": "published"}
    assert all(setting.done for setting in info.settings)


@pytest.mark.parametrize(
    "prefixes",
    [
        {"published": "objects/public"},
        {"published": "manifests"},
        {"published": "depository.json"},
        {"published": ""},
        {"published": "/"},
        {"published": "a/../b"},
        {"published": "workspace"},
        {"nowhere": "x"},
    ],
    ids=str,
)
def test_prefixes_keep_clear_of_the_archive_and_of_one_another(tmp_path: Path, prefixes: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings):
        Depository.create(str(tmp_path / "depository"), prefixes=prefixes)
    assert not (tmp_path / "depository").exists(), "nothing is made where the settings cannot be used"


def test_only_spaces_are_materialized(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="'latest' is no space"):
        Depository.create(str(tmp_path), materialize=("latest",))


def test_an_address_that_is_none_is_refused() -> None:
    for url in ("", "ftp://x/y", "https://example.org/x", "s3://"):
        with pytest.raises(InvalidURL):
            Depository.open(url)


def test_of_two_that_make_a_depository_at_once_both_use_the_first_ones(metered: Metering) -> None:
    found(metered, prefixes={"published": "first"})
    second = found(metered, prefixes={"published": "second"})

    assert second.info().prefixes["published"] == "first"


@pytest.mark.parametrize("fault", [Fault.UNKNOWN_AFTER, Fault.REFUSED_AFTER])
def test_a_marker_whose_answer_was_lost_is_there(fault: Fault) -> None:
    depo = found(Faulty(MemoryBackend(), {1: fault}))

    assert depo.info().format == 1


@pytest.mark.parametrize("fault", [Fault.UNKNOWN, Fault.REFUSED, Fault.LATE])
def test_a_marker_that_was_not_taken_is_written_again(fault: Fault) -> None:
    depo = found(Faulty(MemoryBackend(), {1: fault}))

    assert depo.info().format == 1


@pytest.mark.parametrize("fault", [Fault.UNKNOWN, Fault.REFUSED])
def test_a_marker_that_is_never_taken_is_an_unclear_outcome_and_not_a_place_that_has_none(fault: Fault) -> None:
    with pytest.raises(OutcomeUnknown, match="depository.json"):
        found(Faulty(MemoryBackend(), dict.fromkeys(range(100), fault)))


def test_a_marker_that_cannot_be_written_is_an_error() -> None:
    with pytest.raises(Unreachable):
        found(Faulty(MemoryBackend(), {1: Fault.UNREACHABLE}))


def test_the_marker_is_text_that_a_person_can_read(backend: Backend) -> None:
    found(backend)

    text = backend.get("depository.json", limit=LIMIT).data.decode()
    assert text.startswith(f'{{\n  "format": 1,\n  "protocol": "{backend.choose_protocol("ab")}",\n')
    assert text.endswith("}\n")


def test_an_open_depository_needs_the_marker_only_to_write(backend: Backend) -> None:
    found(backend).save(PATH, b"{}")
    backend.delete("depository.json")

    assert depository_on(backend).read(PATH) == b"{}"
    with pytest.raises(NoDepository):
        depository_on(backend).save(PATH, b"more")


def test_closing_ends_the_threads_that_were_started() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    keys = []
    for number in range(4):
        depo.save(f"{number}.ipynb", b"{}")
        keys.append(f"manifests/{number}.ipynb")
    before = threading.active_count()
    with depository_on(Waves(backend, [keys])) as opened:
        assert len(list(opened.ls(details=True))) == 4
        assert threading.active_count() > before

    assert threading.active_count() == before
