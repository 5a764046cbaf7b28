"""What changed from one version of a notebook to another."""

from functools import partial

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.errors import InvalidContent, NoVersion
from depository.testing.faults import Interrupted
from depository.testing.seeing import copied
from tests.api.stores import depository_on
from tests.notebooks import code, file_of, notebook, stream

PATH = "mine.ipynb"


@pytest.fixture
def three(depo: Depository) -> Depository:
    """A cell came, then another one was run again."""
    for content in (
        notebook(code("load()", cell_id="a")),
        notebook(code("load()", cell_id="a"), code("fit()", cell_id="b")),
        notebook(code("load()", stream("done\n"), cell_id="a", count=7), code("fit()", cell_id="b")),
    ):
        depo.save(PATH, file_of(content))
    return depo


def test_the_first_version_named_is_the_one_before(three: Depository) -> None:
    counts = three.diff(PATH, "v1", "v2").counts

    assert (counts.added, counts.removed, counts.equal) == (1, 0, 1)
    assert three.diff(PATH, "v2", "v1").counts.removed == 1


def test_without_versions_it_is_the_newest_against_the_one_before(three: Depository) -> None:
    [change, other] = three.diff(PATH).changes

    assert change.outputs_changed
    assert other.status == "equal"


def test_outputs_and_execution_counts_count_as_asked(three: Depository) -> None:
    assert three.diff(PATH, outputs=False).is_empty
    assert three.diff(PATH, outputs=False, execution_counts=True).changes[0].execution_count_changed


def test_metadata_count_only_where_that_is_asked(three: Depository) -> None:
    content = three.load(PATH)
    three.save(PATH, {**content, "metadata": {**content["metadata"], "title": "new"}})

    assert three.diff(PATH).is_empty
    assert three.diff(PATH, metadata=True).metadata_changed


def test_a_version_that_is_no_notebook_is_refused(three: Depository) -> None:
    three.save(PATH, b"no notebook")

    with pytest.raises(InvalidContent):
        three.diff(PATH)


def test_a_version_that_is_not_there_is_refused(three: Depository) -> None:
    with pytest.raises(NoVersion):
        three.diff(PATH, "v1", "v9")


def test_both_versions_are_of_one_look_at_the_history(three: Depository, backend: Backend) -> None:
    quiet = three.diff(PATH)
    for at in range(1, 100):
        store = copied(backend)
        interrupted = Interrupted(store, at, partial(depository_on(store).save, PATH, b"{}"))
        assert depository_on(interrupted).diff(PATH) == quiet, f"interrupted before call {at}"
        if interrupted.calls <= at:
            return
