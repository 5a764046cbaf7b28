"""Cells that were split into several, or merged into one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff.compare import CellChange, NotebookDiff, diff
from depository.diff.sequences import Effort
from tests.diff.strategies import MODEL, PLOT, SETUP, code, markdown, notebook, of_sources, places, some_notebooks

WHOLE = f"{SETUP}\n\n{MODEL}"
"""Four lines of one thing, three of another."""


def wholes(found: NotebookDiff) -> list[tuple[str, int | None]]:
    return [(change.status, change.part_of) for change in found.changes]


def only_pair(found: NotebookDiff) -> CellChange:
    [pair] = [change for change in found.changes if change.old and change.new]
    return pair


# Split


def test_a_cell_that_was_split_is_one_with_the_part_that_has_most_of_it() -> None:
    found = diff(of_sources([WHOLE]), of_sources([SETUP, MODEL]))

    assert places(found) == [("changed", 0, 0), ("split", None, 1)]
    assert wholes(found) == [("changed", None), ("split", 0)]


def test_a_part_may_stand_before_the_one_that_stayed() -> None:
    found = diff(of_sources([WHOLE]), of_sources(["import numpy as np\nimport pandas as pd", f"frame = {MODEL}"]))

    assert [status for status, *_ in places(found)] == ["split", "changed"]


def test_a_cell_tells_all_that_it_was_split_into() -> None:
    found = diff(of_sources(["x", WHOLE + "\n" + PLOT]), of_sources(["x", SETUP, MODEL, PLOT]))

    assert [cell.source for cell in found.split_into(found.changes[1])] == []
    pair = found.changes[places(found).index(("changed", 1, 3))]
    assert [cell.source for cell in found.split_into(pair)] == [SETUP, MODEL, PLOT]
    assert found.merged_from(pair) == ()


def test_what_was_edited_a_little_while_it_was_split_is_a_part_all_the_same() -> None:
    found = diff(of_sources([WHOLE]), of_sources([SETUP.replace("measured", "cleaned"), MODEL.replace("3", "4")]))

    assert places(found) == [("changed", 0, 0), ("split", None, 1)]


def test_blank_lines_and_a_new_heading_between_the_parts_do_not_hide_them() -> None:
    new = notebook(code(SETUP + "\n\n"), markdown("## Now the model"), code(""), code("\n" + MODEL))

    assert places(diff(of_sources([WHOLE]), new)) == [
        ("changed", 0, 0),
        ("added", None, 1),
        ("added", None, 2),
        ("split", None, 3),
    ]


def test_a_comment_that_became_markdown_is_a_part_of_the_code() -> None:
    old = notebook(code("# The model that was measured last year\n" + PLOT))
    new = notebook(markdown("The model that was measured last year"), code(PLOT))

    assert places(diff(old, new)) == [("split", None, 0), ("changed", 0, 1)]


def test_code_stays_code_however_long_the_comment_was_that_is_markdown_now() -> None:
    old = notebook(code("# The pressure of each valve, as it was measured in the last year\nplot(frame)"))
    new = notebook(markdown("The pressure of each valve, as it was measured in the last year"), code("plot(frame)"))

    assert places(diff(old, new)) == [("split", None, 0), ("changed", 0, 1)]


def test_a_heading_cut_off_a_text_is_a_part_of_it() -> None:
    text = "We measured the pressure of each valve for a year, and this is what we found."

    found = diff(notebook(markdown("## Results\n\n" + text)), notebook(markdown("## Results"), markdown(text)))

    assert places(found) == [("split", None, 0), ("changed", 0, 1)]


def test_a_cell_of_which_each_part_is_small_is_one_with_the_largest() -> None:
    parts = ["\n".join(f"{word}_{k} = load('{word}', {k})" for k in range(6)) for word in ("a", "b", "c", "d", "e")]
    found = diff(of_sources(["\n".join(parts) + "\nlast_1 = 1"]), of_sources([*parts[:4], parts[4] + "\nlast_1 = 1"]))

    assert places(found) == [*(("split", None, k) for k in range(4)), ("changed", 0, 4)]


def test_the_part_that_has_the_id_stayed_however_small_it_is() -> None:
    old = notebook(code(f"{WHOLE}", "a"))

    assert places(diff(old, notebook(code(SETUP, "b"), code(MODEL, "a")))) == [("split", None, 0), ("changed", 0, 1)]
    assert places(diff(old, notebook(code(SETUP, "a"), code(MODEL, "b")))) == [("changed", 0, 0), ("split", None, 1)]


# What is none


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param([SETUP], [SETUP, SETUP], id="a copy"),
        pytest.param([SETUP], [SETUP + "\nframe.head()", "frame.head()"], id="a line repeated below"),
        pytest.param(
            ["x = load()\ndf.head()\nprint(x)"], ["x = load(1)\ndf.head()\nprint(x)", "df.head()"], id="a line copied"
        ),
        pytest.param([SETUP + "\nframe.head()"], [SETUP + "\nframe.tail()", PLOT], id="a new cell below a changed one"),
        pytest.param([PLOT], [PLOT.replace("time", "t"), PLOT.replace("pressure", "p")], id="a copy that was changed"),
        pytest.param([WHOLE, PLOT], [SETUP, PLOT, MODEL], id="a part behind another cell"),
        pytest.param(["plot(x, y)"], ["plot(x)", "y"], id="a word that is no line"),
    ],
)
def test_a_cell_added_beside_a_changed_one_is_no_part_of_it(old: list[str], new: list[str]) -> None:
    assert {"split", "merged"}.isdisjoint(status for status, *_ in places(diff(of_sources(old), of_sources(new))))


def test_a_part_of_another_cell_is_no_other_one_s() -> None:
    found = diff(of_sources([WHOLE, PLOT]), of_sources([SETUP, MODEL, PLOT.replace("time", "t")]))

    assert wholes(found) == [("changed", None), ("split", 0), ("changed", None)]


# Merged


def test_cells_merged_into_one_are_told_of_where_they_stood() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([WHOLE, PLOT]))

    assert places(found) == [("changed", 0, 0), ("merged", 1, None), ("equal", 2, 1)]
    assert wholes(found) == [("changed", None), ("merged", 0), ("equal", None)]


def test_a_cell_tells_all_that_was_merged_into_it() -> None:
    found = diff(of_sources([SETUP, MODEL]), of_sources([WHOLE]))
    pair = only_pair(found)

    assert [cell.source for cell in found.merged_from(pair)] == [SETUP, MODEL]
    assert found.split_into(pair) == ()


def test_one_notebook_can_have_split_and_merged_cells() -> None:
    text = ["We measured the pressure of each valve for a year.", "This is what we found in all of the four plants."]
    old = notebook(code(WHOLE), *map(markdown, text))
    new = notebook(code(SETUP), code(MODEL), markdown("\n\n".join(text)))

    assert diff(old, new).counts._asdict() == {
        **dict.fromkeys(("equal", "added", "removed", "moved"), 0),
        "changed": 2,
        "split": 1,
        "merged": 1,
    }


# Of any two notebooks

_LINES = [f"{word}_data = load('{word}.csv', {len(word)})" for word in ("heat", "wind", "rain", "sun", "snow", "fog")]


@st.composite
def regrouped(draw: st.DrawFn) -> tuple[Any, Any]:
    """A notebook, and one in which neighbouring cells are put together or taken apart."""
    lines = draw(st.lists(st.sampled_from([*_LINES, *MODEL.split("\n"), "", "x"]), min_size=2, max_size=12))
    sides = []
    for _ in range(2):
        cuts = sorted(draw(st.sets(st.integers(0, len(lines)), max_size=5)))
        groups = [lines[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
        sides.append(of_sources("\n".join(group) for group in groups))
    return sides[0], sides[1]


@given(regrouped() | st.tuples(some_notebooks, some_notebooks))
def test_the_other_way_round_what_was_split_is_merged(pair: tuple[Any, Any]) -> None:
    def seen(found: NotebookDiff, *, mirrored: bool) -> set[tuple[object, ...]]:
        names = {"added": "removed", "removed": "added", "split": "merged", "merged": "split"} if mirrored else {}
        return {
            (
                names.get(change.status, change.status),
                *[cell and cell.index for cell in ((change.new, change.old) if mirrored else (change.old, change.new))],
                change.part_of,
            )
            for change in found.changes
        }

    assert seen(diff(*pair), mirrored=False) == seen(diff(*reversed(pair)), mirrored=True)


@pytest.mark.parametrize("limit", [0, 100, 3_000_000])
@given(pair=regrouped() | st.tuples(some_notebooks, some_notebooks))
def test_each_part_has_a_whole_that_is_a_changed_pair(limit: int, pair: tuple[Any, Any]) -> None:
    found = diff(*pair, effort=Effort(limit))
    pairs = [change for change in found.changes if change.old and change.new]

    for change in found.changes:
        if change.status == "split":
            [whole] = [whole for whole in pairs if whole.old and whole.old.index == change.part_of]
            assert whole.status == "changed"
            assert change.new in found.split_into(whole)
            assert whole.new in found.split_into(whole)
        elif change.status == "merged":
            [whole] = [whole for whole in pairs if whole.new and whole.new.index == change.part_of]
            assert whole.status == "changed"
            assert change.old in found.merged_from(whole)
            assert whole.old in found.merged_from(whole)
        else:
            assert change.part_of is None
