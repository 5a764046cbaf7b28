"""Layouts: which texts stand in which cell."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.search import layouts

GROUPS = st.lists(st.lists(st.integers(1, 5), max_size=3), max_size=8)


@given(GROUPS)
def test_the_places_of_texts_are_their_cells(groups: list[list[int]]) -> None:
    layout = layouts.layout_of(groups)
    assert list(layouts.places(layout)) == [(cell, text) for cell, texts in enumerate(groups) for text in texts]


@given(GROUPS, GROUPS)
def test_a_layout_comes_back_whole_and_from_its_difference(old: list[list[int]], new: list[list[int]]) -> None:
    base, layout = layouts.layout_of(old), layouts.layout_of(new)
    assert layouts.unpack(layouts.pack(layout)) == layout
    assert layouts.unpack(layouts.pack(layout, base), base) == layout


@given(GROUPS, GROUPS)
def test_the_texts_of_two_layouts_are_those_of_one_and_of_the_difference(
    old: list[list[int]], new: list[list[int]]
) -> None:
    base, layout = layouts.layout_of(old), layouts.layout_of(new)
    found = layouts.new_in(layouts.pack(base), is_difference=False)
    found |= layouts.new_in(layouts.pack(layout, base), is_difference=True)
    assert found == {text for texts in (*old, *new) for text in texts}


def test_a_difference_holds_what_is_between_and_no_more() -> None:
    base = layouts.layout_of([[number] for number in range(1, 1000)])
    layout = layouts.layout_of([[number] for number in range(1, 1000) if number != 500])
    assert len(layouts.pack(layout, base)) <= 16


@pytest.mark.parametrize("data", [b"", b"\x01\0\0\0", b"\xff\0\0\0\xff\0\0\0", b"\x01"])
def test_what_is_no_difference_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no difference|bytes length"):
        layouts.unpack(data, layouts.layout_of([[1]]))


def test_a_text_is_there_from_the_layout_that_has_it_to_the_one_that_has_not() -> None:
    rows = [(1, [7, 0]), (4, [7, 0, 8, 0]), (6, [8, 0]), (9, [7, 0])]
    assert layouts.spans(rows, 10, {7, 8}, range(1, 11)) == {7: [(1, 5), (9, 10)], 8: [(4, 8)]}


def test_versions_before_the_first_layout_and_those_that_were_not_read_have_no_text() -> None:
    assert layouts.spans([(3, [7, 0]), (5, None), (6, [7, 0])], 7, {7}, range(1, 8)) == {7: [(3, 4), (6, 7)]}


def test_only_versions_that_count_are_told() -> None:
    assert layouts.spans([(1, [7, 0])], 9, {7}, [2, 3, 6]) == {7: [(2, 3), (6, 6)]}
    assert layouts.spans([(1, [7, 0])], 9, {7}, []) == {}


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 5)).map(lambda run: (run[0], run[0] + run[1]))))
def test_spans_that_meet_are_one(some: list[tuple[int, int]]) -> None:
    numbers = {number for first, last in some for number in range(first, last + 1)}
    found = layouts.union(some)
    assert {number for first, last in found for number in range(first, last + 1)} == numbers
    assert all(old[1] + 1 < new[0] for old, new in pairwise(found))
