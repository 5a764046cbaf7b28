"""Single cells come back as they were, and nothing else changes."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff.transplant import transplant
from tests.notebook.strategies import notebooks_4
from tests.notebooks import Notebook, code, markdown, notebook, stream


def words(text: str) -> str:
    """A source that is known again when it was edited."""
    return " ".join(f"{text}{number}" for number in range(8))


def numbered(*names: str) -> Notebook:
    return notebook(*(code(words(name), cell_id=name) for name in names))


def ids(made: Notebook) -> list[str]:
    return [cell["id"] for cell in made["cells"]]


def test_a_cell_that_was_edited_is_what_it_was() -> None:
    old = numbered("a", "b", "c")
    old["cells"][1] |= {"outputs": [stream("old\n")], "metadata": {"tags": ["x"]}, "execution_count": 3}
    new = copy.deepcopy(old)
    new["cells"][1] |= {"source": "b = 2", "outputs": [], "metadata": {}, "execution_count": 9}
    new["cells"][0]["source"] = new["cells"][2]["source"] = "also edited"
    made = transplant(new, old, [1])
    assert made.notebook["cells"] == [new["cells"][0], old["cells"][1], new["cells"][2]]
    assert set(made.replaced) == {1}
    assert not made.inserted


def test_a_cell_that_moved_is_restored_where_it_is() -> None:
    new = numbered("c", "a", "b")
    new["cells"][0]["source"] = "edited"
    made = transplant(new, numbered("a", "b", "c"), [2])
    assert ids(made.notebook) == ["c", "a", "b"]
    assert made.notebook["cells"][0]["source"] == words("c")


@pytest.mark.parametrize(
    ("now", "cells", "expected"),
    [
        (["a", "b", "d"], [2], ["a", "b", "c", "d"]),
        (["a", "d"], [2], ["a", "c", "d"]),
        (["d"], [2], ["c", "d"]),
        (["a", "x", "d"], [1, 2], ["a", "b", "c", "x", "d"]),
        (["x"], [3], ["d", "x"]),
        ([], [0, 3], ["a", "d"]),
    ],
)
def test_a_cell_that_is_gone_comes_after_the_nearest_that_was_before_it(
    now: list[str], cells: list[int], expected: list[str]
) -> None:
    assert ids(transplant(numbered(*now), numbered("a", "b", "c", "d"), cells).notebook) == expected


def test_a_cell_that_is_there_keeps_the_id_that_it_has_now() -> None:
    new = numbered("other")
    new["cells"][0]["source"] = words("a") + "\nmore"
    made = transplant(new, numbered("a"), [0]).notebook
    assert ids(made) == ["other"]
    assert made["cells"][0]["source"] == words("a")


def test_a_cell_of_which_only_the_id_changed_is_the_same() -> None:
    made = transplant(notebook(code(words("a"), cell_id="new")), numbered("a"), [0])
    assert not made.replaced


@pytest.mark.parametrize("bad", ["", "with blanks", "x" * 65, "é", 5, None])
def test_an_id_that_is_none_is_replaced_by_one(bad: Any) -> None:
    made = transplant(numbered("a"), notebook(code("gone", cell_id=bad)), [0])
    (cell,) = made.inserted[-1]
    assert len(cell["id"]) == 8
    assert made == transplant(numbered("a"), notebook(code("gone", cell_id=bad)), [0])


def test_an_id_that_is_taken_is_replaced_by_another() -> None:
    old = notebook(markdown("text", "a"), markdown("text", "a"))
    found = ids(transplant(numbered("a"), old, [0, 1]).notebook)
    assert len(set(found)) == 3
    assert "a" in found


def test_a_notebook_without_ids_gets_none() -> None:
    new = notebook()
    new["nbformat_minor"] = 4
    (cell,) = transplant(new, numbered("a"), [0]).notebook["cells"]
    assert "id" not in cell


def test_a_cell_without_an_id_gets_one_where_the_others_have_one() -> None:
    old = numbered("a")
    old["nbformat_minor"] = 4
    del old["cells"][0]["id"]
    (cell,) = transplant(notebook(), old, [0]).notebook["cells"]
    assert len(cell["id"]) == 8


@given(notebooks_4(), notebooks_4(), st.data())
def test_ids_stay_unique_and_other_cells_what_they_are(new: Notebook, old: Notebook, data: st.DataObject) -> None:
    places = data.draw(st.sets(st.sampled_from(range(len(old["cells"]))))) if old["cells"] else set()
    before = copy.deepcopy(new)
    made = transplant(new, old, places)
    assert repr(new) == repr(before)
    if new["nbformat_minor"] >= 5:
        assert len(set(ids(made.notebook))) == len(made.notebook["cells"])
    else:
        assert not any("id" in cell for cell in made.notebook["cells"])
    assert len(made.notebook["cells"]) == len(new["cells"]) + sum(map(len, made.inserted.values()))
