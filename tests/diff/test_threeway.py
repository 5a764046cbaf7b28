"""Who changed what, in two notebooks that come from a third."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from depository.diff.sequences import Effort
from depository.diff.threeway import Parts, ThreeWay, ThreeWayChange, Who, compare
from tests.diff.strategies import (
    MODEL,
    PLOT,
    SETUP,
    any_notebooks,
    code,
    notebook,
    of_sources,
    some_notebooks,
    stream,
)


def seen(found: ThreeWay) -> list[tuple[Who, int | None]]:
    return [(change.who, change.base.index if change.base else None) for change in found.changes]


def only(found: ThreeWay) -> ThreeWayChange:
    [change] = found.changes
    return change


# Cells of the base


@pytest.mark.parametrize(
    ("one", "other", "who"),
    [
        (MODEL, MODEL, "none"),
        (MODEL + "\n1", MODEL, "one"),
        (MODEL, MODEL + "\n1", "other"),
        (MODEL + "\n1", MODEL + "\n1", "both"),
        (MODEL + "\n1", MODEL + "\n2", "conflict"),
    ],
)
def test_a_cell_tells_who_changed_its_source(one: str, other: str, who: Who) -> None:
    change = only(compare(of_sources([MODEL]), of_sources([one]), of_sources([other])))

    assert change.who == who
    assert change.parts == Parts(source=who)


def test_what_each_changed_of_a_cell_can_be_told_apart() -> None:
    base, ran = notebook(code("x", "a", stream("1"))), notebook(code("x", "a", stream("2")))
    change = only(compare(base, notebook(code("y", "a", stream("1"))), ran))

    assert change.who == "conflict"
    assert change.parts == Parts(source="one", outputs="other")


def test_one_who_did_more_than_the_other_is_in_conflict_in_nothing() -> None:
    base = notebook(code("x", "a", stream("1")))
    change = only(compare(base, notebook(code("y", "a", stream("1"))), notebook(code("y", "a", stream("2")))))

    assert change.who == "conflict"
    assert change.parts == Parts(source="both", outputs="other")


@pytest.mark.parametrize(
    ("one", "other", "who"),
    [
        ([SETUP, PLOT], [SETUP, MODEL, PLOT], "one"),
        ([SETUP, PLOT], [SETUP, PLOT], "both"),
        ([SETUP, PLOT], [SETUP, MODEL + "\n1", PLOT], "conflict"),
    ],
)
def test_a_cell_tells_who_removed_it(one: list[str], other: list[str], who: Who) -> None:
    found = compare(of_sources([SETUP, MODEL, PLOT]), of_sources(one), of_sources(other))

    assert seen(found) == [("none", 0), (who, 1), ("none", 2)]


def test_a_cell_that_both_moved_to_the_same_place_moved_for_both() -> None:
    base, first, last = of_sources([SETUP, MODEL, PLOT]), of_sources([PLOT, SETUP, MODEL]), [MODEL, SETUP, PLOT]

    assert compare(base, first, first).changes[2].parts == Parts(place="both")
    assert compare(base, first, base).changes[2].parts == Parts(place="one")
    assert {change.who for change in compare(base, first, of_sources(last)).changes} > {"one", "other"}


def test_a_cell_that_each_moved_to_another_place_is_in_conflict() -> None:
    base, one, other = (of_sources(list(order)) for order in ("abcd", "dabc", "adbc"))

    assert compare(base, one, other).changes[3].parts == Parts(place="conflict")


def test_execution_counts_and_metadata_are_compared_if_asked() -> None:
    base, one, other = (notebook(code("x", execution_count=count), metadata={"a": count}) for count in (1, 2, 3))

    assert compare(base, one, other).metadata == "none"
    assert only(compare(base, one, other)).who == "none"
    assert compare(base, one, other, metadata=True).metadata == "conflict"
    assert compare(base, one, base, metadata=True).metadata == "one"
    assert only(compare(base, one, other, execution_counts=True)).parts == Parts(metadata="conflict")


# Cells that came


def test_a_cell_that_came_tells_who_added_it_and_where() -> None:
    found = compare(of_sources([SETUP, PLOT]), of_sources([SETUP, MODEL, PLOT]), of_sources([SETUP, PLOT, "x = 1"]))

    assert seen(found) == [("none", 0), ("one", None), ("none", 1), ("other", None)]


def test_a_cell_that_came_on_both_sides_is_one() -> None:
    new = of_sources([SETUP, MODEL, PLOT])

    assert seen(compare(of_sources([SETUP, PLOT]), new, new)) == [("none", 0), ("both", None), ("none", 1)]


def test_what_one_removed_beside_it_does_not_hide_that_both_added_a_cell() -> None:
    added = "for step in range(10):\n    wait(step)\n    tell(step)"
    base, one = of_sources([SETUP, MODEL, PLOT]), of_sources([SETUP, added, PLOT])

    found = compare(base, one, of_sources([SETUP, added, MODEL, PLOT]))
    assert seen(found) == [("none", 0), ("both", None), ("one", 1), ("none", 2)]


def test_two_cells_that_came_at_one_place_are_two() -> None:
    found = compare(of_sources([SETUP]), of_sources([SETUP, MODEL]), of_sources([SETUP, PLOT]))

    assert seen(found) == [("none", 0), ("one", None), ("other", None)]


def test_two_versions_of_one_cell_that_came_are_in_conflict() -> None:
    found = compare(of_sources([SETUP]), of_sources([SETUP, MODEL]), of_sources([SETUP, MODEL.replace("3", "4")]))

    assert seen(found) == [("none", 0), ("conflict", None)]


def test_a_part_that_one_split_off_came_with_them() -> None:
    found = compare(of_sources([f"{SETUP}\n{MODEL}"]), of_sources([SETUP, MODEL]), of_sources([f"{SETUP}\n{MODEL}"]))

    assert seen(found) == [("one", 0), ("one", None)]
    assert found.changes[1].one
    assert found.changes[1].one.part_of == 0


# Of any three


@given(any_notebooks, any_notebooks)
def test_a_side_that_is_the_base_changed_nothing(base: Any, one: Any) -> None:
    assert {change.who for change in compare(base, one, base, metadata=True).changes} <= {"none", "one"}
    assert {change.who for change in compare(base, base, one, metadata=True).changes} <= {"none", "other"}


@given(any_notebooks, any_notebooks)
def test_two_equal_sides_changed_all_they_changed_both(base: Any, one: Any) -> None:
    found = compare(base, one, one, metadata=True, execution_counts=True)

    assert {change.who for change in found.changes} <= {"none", "both"}
    assert found.metadata in {"none", "both"}


_SWAPPED: dict[Who, Who] = {"none": "none", "one": "other", "other": "one", "both": "both", "conflict": "conflict"}


@given(some_notebooks, some_notebooks, some_notebooks)
def test_swapping_the_sides_swaps_who(base: Any, one: Any, other: Any) -> None:
    def shown(found: ThreeWay, *, swapped: bool) -> Counter[object]:
        return Counter(
            (
                _SWAPPED[change.who] if swapped else change.who,
                tuple(_SWAPPED[who] if swapped else who for who in change.parts),
                change.base and change.base.index,
                *[
                    side and side.new and side.new.index
                    for side in ((change.other, change.one) if swapped else (change.one, change.other))
                ],
            )
            for change in found.changes
        )

    assert shown(compare(base, one, other), swapped=False) == shown(compare(base, other, one), swapped=True)


@pytest.mark.parametrize("limit", [0, 3_000_000])
@given(base=some_notebooks, one=some_notebooks, other=some_notebooks)
def test_every_cell_of_all_three_occurs_once(limit: int, base: Any, one: Any, other: Any) -> None:
    changes = compare(base, one, other, effort=Effort(limit)).changes
    bases = [change.base.index for change in changes if change.base]
    ones = [change.one.new.index for change in changes if change.one and change.one.new]
    others = [change.other.new.index for change in changes if change.other and change.other.new]

    assert bases == list(range(len(base["cells"])))
    assert sorted(ones) == list(range(len(one["cells"])))
    assert sorted(others) == list(range(len(other["cells"])))
