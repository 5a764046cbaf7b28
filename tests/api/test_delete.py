"""Deleting marks, and never takes anything away."""

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.errors import AlreadyExists, NoNotebook
from depository.testing.seeing import see
from tests.api.stores import depository_on
from tests.notebooks import file_of, small

PATH = "mine.ipynb"


@pytest.fixture
def deleted(depo: Depository) -> Depository:
    """A depository with a deleted notebook of two versions."""
    depo.save(PATH, file_of(small(1)))
    depo.save(PATH, file_of(small(2)))
    depo.promote(PATH, "v1", "published")
    depo.delete(PATH, author="Ada", message="obsolete")
    return depo


def test_a_deleted_notebook_is_left_out_of_listings_unless_asked_for(deleted: Depository) -> None:
    assert not list(deleted.ls())
    assert [(line.path, line.deleted) for line in deleted.ls(deleted=True)] == [(PATH, True)]


def test_its_history_still_reads(deleted: Depository, backend: Backend) -> None:
    reader = depository_on(backend)

    assert reader.read(PATH) == file_of(small(2))
    assert reader.read(PATH, "published") == file_of(small(1))
    assert [version.number for version in reader.log(PATH)] == [2, 1]
    assert "workspace" not in reader.resolve(PATH).refs


def test_no_object_is_taken_away(backend: Backend, depo: Depository) -> None:
    depo.save(PATH, file_of(small(1)))
    before = [item.key for item in backend.list("")]
    depo.delete(PATH)

    assert [item.key for item in backend.list("")] == before


def test_who_deleted_it_is_in_its_history(deleted: Depository) -> None:
    event = next(deleted.history(PATH))

    assert (event.path, event.author, event.message) == (PATH, "Ada", "obsolete")
    assert getattr(event, "event", None) == "delete"


def test_undelete_brings_it_back_as_it_was(deleted: Depository, backend: Backend) -> None:
    deleted.undelete(PATH)

    assert see(backend)[PATH].alive
    assert deleted.refs(PATH) == {"workspace": 2, "published": 1}
    assert deleted.save(PATH, b"next").number == 3


def test_undelete_may_bring_it_back_under_another_name(deleted: Depository, backend: Backend) -> None:
    deleted.undelete(PATH, to="other.ipynb")

    assert see(backend)["other.ipynb"].files == (file_of(small(1)), file_of(small(2)))


def test_a_name_under_which_it_is_back_already_is_taken(deleted: Depository) -> None:
    deleted.undelete(PATH, to="other.ipynb")

    with pytest.raises(AlreadyExists):
        deleted.undelete(PATH, to="other.ipynb")


def test_saving_there_brings_it_back_with_its_history(deleted: Depository, backend: Backend) -> None:
    assert deleted.save(PATH, file_of(small(3))).number == 3

    assert see(backend)[PATH].alive


def test_saving_what_was_deleted_brings_it_back_as_a_new_version(deleted: Depository) -> None:
    version = deleted.save(PATH, file_of(small(2)))

    assert (version.number, version.fresh) == (3, True)
    assert list(deleted.ls())


def test_a_process_that_deleted_a_notebook_can_delete_it_again_when_another_has_saved_it(
    deleted: Depository, backend: Backend
) -> None:
    depository_on(backend).save(PATH, b"by another process")
    deleted.delete(PATH)

    assert not see(backend)[PATH].alive


def test_what_is_not_there_cannot_be_deleted_or_undeleted(deleted: Depository) -> None:
    with pytest.raises(NoNotebook, match="undelete"):
        deleted.delete(PATH)
    with pytest.raises(NoNotebook, match="Nothing has been archived"):
        deleted.delete("nothing.ipynb")
    with pytest.raises(NoNotebook):
        deleted.undelete("nothing.ipynb")
    with pytest.raises(NoNotebook):
        deleted.undelete("nothing.ipynb", to="other.ipynb")
    deleted.undelete(PATH)
    with pytest.raises(AlreadyExists, match="not deleted"):
        deleted.undelete(PATH)
