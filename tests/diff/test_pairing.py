"""Which cell of one notebook became which of another."""

import pytest

from depository.diff.compare import Counts, diff
from tests.diff.strategies import MODEL, PLOT, SETUP, code, markdown, notebook, of_sources, places


def test_a_notebook_does_not_differ_from_itself() -> None:
    found = diff(of_sources([SETUP, MODEL]), of_sources([SETUP, MODEL]))

    assert found.is_empty
    assert found.counts == Counts(equal=2)


def test_a_new_cell_is_added_where_it_stands() -> None:
    found = diff(of_sources([SETUP, PLOT]), of_sources([SETUP, MODEL, PLOT]))

    assert places(found) == [("equal", 0, 0), ("added", None, 1), ("equal", 1, 2)]


def test_a_removed_cell_is_told_of_where_it_was() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([SETUP, PLOT]))

    assert places(found) == [("equal", 0, 0), ("removed", 1, None), ("equal", 2, 1)]


def test_what_took_the_place_of_another_comes_after_it() -> None:
    found = diff(of_sources([SETUP, MODEL, SETUP]), of_sources([SETUP, PLOT, SETUP]))

    assert places(found) == [("equal", 0, 0), ("removed", 1, None), ("added", None, 1), ("equal", 2, 2)]


def test_a_cell_with_the_same_id_changed_however_little_is_left_of_it() -> None:
    found = diff(notebook(code(SETUP, "a")), notebook(code("x", "a")))

    assert places(found) == [("changed", 0, 0)]
    assert found.changes[0].source_changed


def test_an_edited_cell_without_an_id_is_known_again_by_its_words() -> None:
    found = diff(of_sources([SETUP, MODEL]), of_sources([SETUP, MODEL.replace("3", "4")]))

    assert places(found) == [("equal", 0, 0), ("changed", 1, 1)]


def test_edited_cells_keep_their_order_where_each_resembles_all() -> None:
    old = [f"step = {i}\nrun(step, verbose=True, seed=1)" for i in range(5)]
    new = [f"step = {i}\nrun(step, verbose=False, seed=1)" for i in range(5)]

    assert places(diff(of_sources(old), of_sources(new))) == [("changed", i, i) for i in range(5)]


def test_edited_cells_keep_their_order_where_crossing_pairs_are_more_alike() -> None:
    old, new = ["a b c d e f g h", "a b c d p q r s"], ["a b c d e p q r", "a b c d e f g s"]

    assert places(diff(of_sources(old), of_sources(new))) == [("changed", 0, 0), ("changed", 1, 1)]


def test_an_edited_cell_is_known_again_behind_an_inserted_one() -> None:
    found = diff(of_sources([MODEL]), of_sources([PLOT, MODEL.replace("3", "4")]))

    assert places(found) == [("added", None, 0), ("changed", 0, 1)]


def test_a_markdown_cell_in_chinese_is_known_again() -> None:
    found = diff(
        notebook(markdown("我们可以声明一个函数而不用给出类型")), notebook(markdown("我们可以声明一个函数而不给出类型"))
    )

    assert places(found) == [("changed", 0, 0)]


def test_code_that_became_markdown_is_the_same_cell_if_its_text_is() -> None:
    for old, new in [
        (code(MODEL), markdown(MODEL)),
        (code(MODEL, "a"), {**markdown(MODEL), "id": "a"}),
        (code("# What we measured last year"), markdown("What we measured last year")),
    ]:
        [change] = diff(notebook(old), notebook(new)).changes

        assert (change.status, change.kind_changed) == ("changed", True)
        assert change.source_changed == (old["source"] != new["source"])


def test_code_that_became_markdown_is_another_cell_if_its_text_is_another() -> None:
    found = diff(notebook(code(MODEL, "a")), notebook({**markdown("The model of the pressure, fit"), "id": "a"}))

    assert places(found) == [("removed", 0, None), ("added", None, 0)]


def test_a_heading_cell_is_markdown() -> None:
    old = {"cell_type": "heading", "level": 2, "source": "Results"}

    assert diff(notebook(old), notebook(markdown("## Results"))).is_empty


@pytest.mark.parametrize(("old", "new"), [("parser", "float"), ("## Export", "## Writing")])
def test_few_words_alone_in_the_place_of_few_others_became_them(old: str, new: str) -> None:
    found = diff(of_sources([SETUP, old, PLOT]), of_sources([SETUP, new, PLOT]))

    assert places(found) == [("equal", 0, 0), ("changed", 1, 1), ("equal", 2, 2)]


def test_cells_of_few_words_are_known_again_by_their_characters() -> None:
    old = notebook(markdown("### TextWidget"), code(MODEL), markdown("### HTMLWidget"), code(PLOT))
    new = notebook(markdown("### Text"), code("x = 1"), markdown("### HTML"), code("y = 2"))

    found = places(diff(old, new))
    assert [place for place in found if place[0] == "changed"] == [("changed", 0, 0), ("changed", 2, 2)]


def test_few_words_that_are_elsewhere_say_nothing() -> None:
    found = diff(of_sources(["print(x)", SETUP, MODEL]), of_sources([SETUP, MODEL, "print(y)"]))

    assert found.counts == Counts(equal=2, added=1, removed=1)


def test_a_heading_and_code_that_share_a_few_words_are_two_cells() -> None:
    found = diff(notebook(markdown("## Load the frame")), notebook(code("load(frame)")))

    assert found.counts == Counts(added=1, removed=1)


def test_a_copy_of_a_cell_is_an_added_one() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([SETUP, MODEL, MODEL, PLOT]))

    assert found.counts == Counts(equal=3, added=1)


def test_all_ids_given_anew_say_nothing() -> None:
    old, new = (
        notebook(*(code(source, f"{side}{k}") for k, source in enumerate([SETUP, MODEL, PLOT]))) for side in "ab"
    )

    assert diff(old, new).counts == Counts(equal=3)


def test_a_moved_cell_is_one_change() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([MODEL, PLOT, SETUP]))

    assert places(found) == [("equal", 1, 0), ("equal", 2, 1), ("moved", 0, 2)]


def test_a_cell_that_moved_and_changed_is_changed() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([MODEL, PLOT, SETUP + "\nframe.head()"]))

    assert places(found) == [("equal", 1, 0), ("equal", 2, 1), ("changed", 0, 2)]
    assert found.changes[2].moved


def test_blank_cells_do_not_move() -> None:
    found = diff(of_sources(["", SETUP, MODEL]), of_sources([SETUP, MODEL, ""]))

    assert found.counts == Counts(equal=2, added=1, removed=1)


def test_ids_given_anew_at_each_save_are_not_believed() -> None:
    old = notebook(*(code(source, str(i)) for i, source in enumerate([SETUP, MODEL, PLOT])))
    new = notebook(*(code(source, str(i)) for i, source in enumerate(["x = 1", SETUP, MODEL, PLOT])))

    assert diff(old, new).counts == Counts(equal=3, added=1)


def test_an_id_that_occurs_twice_names_no_cell() -> None:
    old, new = notebook(code(SETUP, "a"), code(MODEL, "a")), notebook(code("x", "a"))

    assert diff(old, new).counts == Counts(added=1, removed=2)


def test_a_notebook_upgraded_from_nbformat_3_has_equal_cells() -> None:
    old = {
        "nbformat": 3,
        "metadata": {},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 1, "source": "Title"},
                    {
                        "cell_type": "code",
                        "input": "x",
                        "outputs": [{"output_type": "pyout", "text": "1", "json": '{"a": 1}'}],
                    },
                ]
            }
        ],
    }
    result = {"output_type": "execute_result", "data": {"text/plain": "1", "application/json": {"a": 1}}}
    found = diff(old, notebook(markdown("# Title"), code("x", None, result)))

    assert found.counts == Counts(equal=2)
    assert (found.old_format, found.new_format) == ("3.0", "4.5")
    assert not found.is_empty
