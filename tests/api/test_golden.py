"""A depository of format 1, written long ago, reads as it did."""

import pytest
from blake3 import blake3

from depository.backends.memory import MemoryBackend
from depository.depository import Depository
from depository.errors import NoNotebook
from depository.models import Event
from tests import golden
from tests.api.stores import depository_on
from tests.golden.depository import NAME

LONG = "team/long.ipynb"


@pytest.fixture(scope="module")
def files() -> dict[str, list[str]]:
    """The hashes of the files that were saved, by path."""
    found: dict[str, list[str]] = golden.load(NAME)[0]["files"]
    return found


@pytest.fixture
def depo() -> Depository:
    backend = MemoryBackend()
    for key, data in golden.load(NAME)[0]["stored"].items():
        backend.put(key, bytes.fromhex(data))
    return depository_on(backend)


def test_every_version_of_every_notebook_comes_back(depo: Depository, files: dict[str, list[str]]) -> None:
    for path, hashes in files.items():
        read = [blake3(depo.read(path, f"v{number}")).hexdigest() for number in range(1, len(hashes) + 1)]
        assert read == hashes


def test_the_history_is_what_was_written(depo: Depository) -> None:
    versions = list(depo.log(LONG))
    assert [version.number for version in versions] == list(range(170, 0, -1))
    assert [version.message for version in versions] == [f"step {number}" for number in range(170, 0, -1)]
    assert {version.author for version in versions} == {"kylek"}
    assert [version.number for version in versions if version.kind == "raw"] == [7]
    assert depo.refs(LONG) == {"workspace": 170, "published": 160, "submitted": 3}


def test_events_are_what_was_written(depo: Depository) -> None:
    events = [event for event in depo.history(LONG) if isinstance(event, Event)]
    assert [(event.event, event.ref, event.number) for event in events] == [
        ("tag", "submitted", 3),
        ("publish", "published", 160),
    ]


def test_names_are_what_they_were(depo: Depository) -> None:
    assert [notebook.path for notebook in depo.ls()] == [LONG, "team/new.ipynb"]
    assert [notebook.path for notebook in depo.ls(deleted=True) if notebook.deleted] == [
        "team/gone.ipynb",
        "team/old.ipynb",
    ]
    with pytest.raises(NoNotebook, match=r"was renamed to 'team/new\.ipynb'"):
        depo.read("team/old.ipynb")


def test_it_is_written_on_as_before(depo: Depository) -> None:
    assert depo.save(LONG, b"{}").number == 171
    assert depo.read(LONG) == b"{}"
    assert depo.undelete("team/gone.ipynb").event == "undelete"
