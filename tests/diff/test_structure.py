"""What changed between two values of JSON."""

import copy
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from depository.diff.sequences import Effort
from depository.diff.structure import MAX_DEPTH, Change, brief, compare, equal, kind, size
from depository.notebook.cells import as_json
from tests.work import calls_made

scalars = (
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, "", "a"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=25,
)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Any, Any]:
    """A value, and what became of it by edits here and there."""
    old = draw(values)
    new = copy.deepcopy(old)
    for _ in range(draw(st.integers(0, 3))):
        holders = list(containers(new))
        if not holders:
            return old, draw(values)
        holder = draw(st.sampled_from(holders))
        keys: list[Any] = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        match draw(st.sampled_from(["gone", "other", "new"])):
            case "new" if isinstance(holder, list):
                holder.insert(draw(st.integers(0, len(holder))), draw(values))
            case "new":
                holder[draw(st.sampled_from("abcde"))] = draw(values)
            case "gone" if keys:
                del holder[draw(st.sampled_from(keys))]
            case _ if keys:
                holder[draw(st.sampled_from(keys))] = draw(values)
    return old, new


def containers(value: Any) -> Any:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from containers(inner)


def changes(old: Any, new: Any) -> list[tuple[str, tuple[str | int, ...], Any, Any]]:
    found, more = compare(old, new)
    assert more == 0
    return [(change.status, change.where, change.old, change.new) for change in found]


def applied(old: Any, found: tuple[Change, ...]) -> Any:
    """The new value, made as the docstring of `compare` says."""
    if found and not found[0].where:
        assert len(found) == 1
        return found[0].new
    new = copy.deepcopy(old)
    lists: dict[int, tuple[list[Any], list[int], list[tuple[int, Any]]]] = {}
    for change in found:
        holder = new
        for step in change.where[:-1]:
            holder = holder[step]
        last = change.where[-1]
        if isinstance(holder, dict):
            if change.status == "removed":
                del holder[last]
            else:
                holder[last] = change.new
            continue
        assert isinstance(last, int)
        _, gone, came = lists.setdefault(id(holder), (holder, [], []))
        match change.status:
            case "removed":
                gone.append(last)
            case "added":
                came.append((last, change.new))
            case "changed":
                holder[last] = change.new
    for holder, gone, came in lists.values():
        for index in sorted(gone, reverse=True):
            del holder[index]
        for index, value in sorted(came, key=lambda one: one[0]):
            holder.insert(index, value)
    return new


# What is equal


@given(values)
def test_a_value_does_not_differ_from_its_copy(value: Any) -> None:
    assert compare(value, copy.deepcopy(value)) == ((), 0)


@given(edited() | st.tuples(values, values))
def test_there_are_no_changes_where_the_values_are_equal_and_only_there(pair: tuple[Any, Any]) -> None:
    old, new = pair
    assert equal(old, new) == (as_json(old) == as_json(new))


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), (None, 0), ("1", 1), ([], {})])
@pytest.mark.parametrize("within", [lambda x: x, lambda x: [x], lambda x: {"a": [x, "b"]}, lambda x: [1.0, True, x, 2]])
def test_what_json_writes_in_another_way_is_another_value(old: Any, new: Any, within: Callable[[Any], Any]) -> None:
    assert not equal(within(old), within(new))
    assert equal(within(old), within(old))


def test_what_is_not_a_number_is_equal_to_itself() -> None:
    assert equal({"a": [1.5, float("nan")]}, {"a": [1.5, float("nan")]})


def test_the_order_of_keys_says_nothing() -> None:
    one, other = {"a": 1, "b": [1]}, {"b": [1], "a": 1}

    assert compare([one, [other]], [other, [one]]) == ((), 0)


# What changed


@given(edited() | st.tuples(values, values))
@example(([[0], [1], [2]], [[1], [0, 0], [2, 2], [0]]))
def test_the_changes_make_the_new_value_of_the_old_one(pair: tuple[Any, Any]) -> None:
    old, new = pair
    found, more = compare(old, new)
    assert more == 0
    assert as_json(applied(old, found)) == as_json(new)


@given(edited())
def test_without_any_effort_the_changes_still_make_the_new_value(pair: tuple[Any, Any]) -> None:
    old, new = pair
    found, _ = compare(old, new, effort=Effort(0))
    assert as_json(applied(old, found)) == as_json(new)


few = st.lists(st.sampled_from([1, 2, 3]) | st.builds(lambda: [0]) | st.builds(lambda: {"a": 1}), max_size=6)


@settings(max_examples=30)
@given(few, few)
@example([2, [0], 2], [[0], 2, 3])
def test_with_any_effort_nothing_changed_into_what_it_was(old: Any, new: Any) -> None:
    for limit in range(80):
        found, _ = compare(old, new, effort=Effort(limit))
        assert not [change for change in found if change.status == "changed" and equal(change.old, change.new)]


@given(edited(), st.integers(0, 3))
def test_what_is_left_out_is_counted_once_for_each_place_that_was_not_looked_into(
    pair: tuple[Any, Any], limit: int
) -> None:
    found, _ = compare(*pair)
    shown, more = compare(*pair, limit=limit)

    assert as_json(shown) == as_json(found[:limit])
    assert min(1, len(found) - len(shown)) <= more <= len(found) - len(shown)


def test_a_change_says_where_it_is() -> None:
    old = {"layout": {"title": "Sum", "width": 400}, "data": [{"y": [1, 2, 3]}]}
    new = {"layout": {"title": "Sums", "height": 300}, "data": [{"y": [1, 2, 4]}]}

    assert changes(old, new) == [
        ("changed", ("layout", "title"), "Sum", "Sums"),
        ("removed", ("layout", "width"), 400, None),
        ("added", ("layout", "height"), None, 300),
        ("changed", ("data", 0, "y", 2), 3, 4),
    ]


def test_one_item_more_does_not_change_those_after_it() -> None:
    assert changes([1, 2, 3, 4], [1, 9, 2, 3, 4]) == [("added", (1,), None, 9)]
    assert changes([1, 9, 2, 3, 4], [1, 2, 3, 4]) == [("removed", (1,), 9, None)]


def test_a_map_among_others_is_known_again_by_what_is_left_of_it() -> None:
    first, second = {"type": "bar", "name": "a", "y": [1, 2]}, {"type": "bar", "name": "b", "y": [3, 4]}
    old = [first, second]
    new = [{"type": "scatter", "x": 0}, {**first, "name": "A"}, {**second, "y": [3, 5]}]

    assert changes(old, new) == [
        ("added", (0,), None, {"type": "scatter", "x": 0}),
        ("changed", (0, "name"), "a", "A"),
        ("changed", (1, "y", 1), 4, 5),
    ]


def test_a_map_and_a_list_never_become_each_other_within_a_list() -> None:
    assert changes([{"a": 1}, 0], [[1], 0]) == [("removed", (0,), {"a": 1}, None), ("added", (0,), None, [1])]


def test_a_few_other_numbers_among_ten_thousand_are_told_one_by_one() -> None:
    old = [i / 7 for i in range(10_000)]
    new = old.copy()
    new[5], new[77], new[9_999] = 0.5, -1, 1e9

    assert [(status, where) for status, where, _, _ in changes(old, new)] == [
        ("changed", (5,)),
        ("changed", (77,)),
        ("changed", (9_999,)),
    ]


def test_a_list_of_which_little_is_left_has_changed_as_a_whole() -> None:
    old, new = ([i / n for i in range(1, 10_001)] for n in (7, 11))

    assert changes({"y": old}, {"y": new}) == [("changed", ("y",), old, new)]


def test_a_list_of_the_same_values_in_another_order_has_changed_as_a_whole() -> None:
    old = list(range(100))

    assert changes(old, old[::-1]) == [("changed", (), old, old[::-1])]


def test_numbers_that_moved_on_in_half_of_a_list_have_not_changed() -> None:
    old = list(range(1_000))

    assert changes(old, [*old[1:501], -1, *old[501:]]) == [("removed", (0,), 0, None), ("added", (500,), None, -1)]


def test_numbers_that_moved_on_by_one_are_one_that_went_and_one_that_came() -> None:
    old = list(range(1_000))

    assert changes(old, [*old[1:], -1]) == [("removed", (0,), 0, None), ("added", (999,), None, -1)]


# Bounds


def nested(depth: int, inner: Any) -> Any:
    for _ in range(depth):
        inner = [inner]
    return inner


def test_very_deep_values_are_compared_and_told_of_as_far_as_is_looked() -> None:
    old, new = nested(100_000, 1), nested(100_000, 2)
    ((change,), more) = compare(old, new)

    assert (change.status, change.where, more) == ("changed", (0,) * MAX_DEPTH, 0)
    assert equal(old, nested(100_000, 1))
    assert len(brief(old, 50)) == 50


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lambda n: list(range(n)), lambda n: [-i for i in range(n)]),
        (lambda n: [i % 3 for i in range(n)], lambda n: [i % 5 for i in range(n)]),
        (lambda n: [{"x": i, "y": i} for i in range(n)], lambda n: [{"x": i, "y": -i - 1} for i in range(n)]),
        (lambda n: [[0, i] for i in range(n)], lambda n: [[i, 1] for i in reversed(range(n))]),
        (lambda n: {str(i): i for i in range(n)}, lambda n: {str(i): i + 1 for i in range(n)}),
        (lambda n: [1.0, -0.0, True] * n, lambda n: [1, 0.0, 1] * n),
    ],
    ids=["numbers", "few numbers", "maps", "lists", "one map", "kinds"],
)
def test_the_work_grows_with_the_size_alone(old: Callable[[int], Any], new: Callable[[int], Any]) -> None:
    def work(count: int) -> int:
        before, after = old(count), new(count)
        return calls_made(lambda: compare(before, after))

    assert work(6_000) < 3 * work(3_000)


@pytest.mark.parametrize("step", [1, 1_000])
def test_a_list_of_numbers_with_few_or_nothing_but_changes_takes_almost_no_work(step: int) -> None:
    old = [i / 7 for i in range(100_000)]
    new = [-1 if i % step == 0 else number for i, number in enumerate(old)]

    assert calls_made(lambda: compare(old, new)) < 10_000


def test_where_the_effort_does_not_suffice_values_are_equal_or_have_changed_as_a_whole() -> None:
    old, new = {"a": [1, 2, 3]}, {"a": [1, 2, 4]}

    assert compare(old, new, effort=Effort(10)) == ((Change((), "changed", old, new),), 0)
    assert compare(old, new, limit=0, effort=Effort(10)) == ((), 1)
    assert compare(old, {"a": [1, 2, 3]}, effort=Effort(10)) == ((), 0)
    assert compare(nested(5_000, 1), nested(5_000, 2), effort=Effort(10))[0][0].status == "changed"


def test_one_effort_is_spent_by_all_that_is_compared() -> None:
    effort = Effort()
    compare([{"a": i} for i in range(50)], [{"b": i} for i in range(60)], effort=effort)
    assert effort.spent > 50 * 60


# As text


@given(values)
def test_a_short_value_is_shown_as_the_json_that_it_is(value: Any) -> None:
    assert brief(value, 10_000) == json.dumps(value, ensure_ascii=False)


@given(values, st.integers(0, 30))
def test_a_long_value_is_shown_as_far_as_there_is_room(value: Any, most: int) -> None:
    assert brief(value, most) == json.dumps(value, ensure_ascii=False)[:most]


def test_no_more_is_looked_at_than_is_shown() -> None:
    def work(count: int) -> int:
        value = {"a": list(range(count)), "b": "x" * count}
        return calls_made(lambda: brief(value, 100))

    assert work(100_000) == work(1_000)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ("null", None)),
        (True, ("boolean", None)),
        (1, ("number", None)),
        (0.5, ("number", None)),
        ("abc", ("string", 3)),
        ([1, 2], ("array", 2)),
        ({"a": 1}, ("object", 1)),
    ],
)
def test_a_value_has_a_kind_and_perhaps_a_size(value: Any, told: tuple[str, int | None]) -> None:
    assert (kind(value), size(value)) == told
