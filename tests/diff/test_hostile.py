"""How much work a comparison takes, whatever it is given."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from depository.diff.compare import Counts, diff
from depository.diff.sequences import Effort
from depository.diff.texts import MOST_LINES, MOST_MARKED, lines
from tests.diff.strategies import code, display, notebook, of_sources
from tests.work import calls_made

MANY = 5_000
COMMON = "import numpy as np\nfor step in range(10):\n    print(np.sin(step), 'value')\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            lambda n: ["a" * i + "b" + "a" * (n - i) for i in range(n)],
            lambda n: ["a" * i + "c" + "a" * (n - i) for i in range(n)],
            id="all alike but one character",
        ),
        pytest.param(
            lambda n: [f"{COMMON}x = {i}" for i in range(n)],
            lambda n: [f"{COMMON}y = {i * 7919 % n}" for i in range(n)],
            id="all alike but one word",
        ),
        pytest.param(
            lambda n: [f"{COMMON}x = {i}" for i in range(n)],
            lambda n: [f"{COMMON}x = {i}" for i in range(n, 0, -1)],
            id="reversed",
        ),
        pytest.param(lambda n: [COMMON] * n, lambda n: [COMMON + "x"] * n, id="all the same"),
        pytest.param(lambda n: ["a", "b"] * (n // 2), lambda n: ["b", "a", "c"] * (n // 3), id="few sorts"),
    ],
)
def test_thousands_of_cells_cost_effort_in_proportion(
    old: Callable[[int], list[str]], new: Callable[[int], list[str]]
) -> None:
    effort = Effort()
    found = diff(of_sources(old(MANY)), of_sources(new(MANY)), effort=effort)

    assert effort.spent < 100 * MANY
    assert found.counts.added + found.counts.removed < MANY


@pytest.mark.parametrize("limit", [0, 10_000, 3_000_000])
def test_twice_the_cells_never_take_four_times_the_work(limit: int) -> None:
    def work(count: int) -> int:
        old = of_sources(f"{COMMON}x = {i}" for i in range(count))
        new = of_sources(f"{COMMON}y = {i * 7919 % count}!" for i in range(count))
        return calls_made(lambda: diff(old, new, effort=Effort(limit)))

    assert work(800) < 3 * work(400)


def test_large_cells_are_compared_as_far_as_effort_goes() -> None:
    words = " ".join(f"word{i}" for i in range(500))
    old, new = (of_sources(f"{words} {mark}{i}" for i in range(40)) for mark in ("a", "b"))

    assert calls_made(lambda: diff(old, new, effort=Effort(10_000))) < 100_000
    assert diff(old, new).counts == Counts(changed=40)


def test_a_cell_of_five_megabytes_on_one_line_is_one_change() -> None:
    old, new = ("x" * 2_500_000 + middle + "y" * 2_500_000 for middle in ("a", "b"))
    effort = Effort()
    found = diff(of_sources([old]), of_sources([new]), effort=effort)

    assert found.counts == Counts(changed=1)
    assert effort.spent < 1_000


def test_effort_is_never_overspent() -> None:
    effort = Effort(10)

    assert effort.spend(7)
    assert not effort.spend(4)
    assert effort.spend(3)
    assert effort.spent == 10


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(lambda n: [str(i) for i in range(n, 0, -1)], id="reversed"),
        pytest.param(lambda n: ["ab"[i * i % 7 % 2] for i in range(n)], id="two sorts of lines"),
        pytest.param(lambda n: [str(i * 7919 % n) for i in range(n)], id="shuffled"),
    ],
)
def test_twice_the_lines_never_take_four_times_the_work(new: Callable[[int], list[str]]) -> None:
    def work(count: int) -> int:
        old = "\n".join([str(i) for i in range(count)] + ["a", "b", "b"] * count)
        return calls_made(lambda: lines(old, "\n".join(new(count))))

    assert work(8_000) < 3 * work(4_000)


def test_thousands_of_equal_lines_that_all_changed_cost_work_in_proportion() -> None:
    def work(count: int) -> int:
        old, new = ("\n".join([f"value = compute({number})"] * count) for number in (1, 2))
        return calls_made(lambda: lines(old, new))

    assert work(8_000) < 3 * work(4_000)


def test_of_very_many_lines_the_first_that_went_and_came_are_told_of() -> None:
    effort = Effort()
    old, new = ("\n".join(f"{word} {i}" for i in range(MOST_LINES)) for word in ("went", "came"))
    [hunk] = lines(old, new, effort=effort)

    assert Counter(line.tag for line in hunk.lines) == {"-": MOST_LINES // 2, "+": MOST_LINES // 2}
    assert hunk.more == MOST_LINES
    assert effort.spent <= effort.limit


def test_what_more_there_is_counts_all_that_comes_behind_too() -> None:
    kept = [f"kept {i}" for i in range(10)]
    old = "\n".join([*kept, *["went"] * (MOST_LINES + 5), *kept[::-1], "gone"])
    new = "\n".join([*kept, *kept[::-1], "come"])
    [hunk] = lines(old, new)

    assert [line.text for line in hunk.lines if line.tag == " "] == kept[-3:]
    assert hunk.more == 5 + 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("x", "x", id="on one line"),
        pytest.param("x " * 10, " y" * 10, id="among others"),
    ],
)
def test_a_long_line_is_compared_in_a_few_steps(before: str, after: str) -> None:
    effort = Effort()
    old, new = (before + "x" * 2_500_000 + middle + "y" * 2_500_000 + after for middle in "ab")

    assert calls_made(lambda: lines(old, new, effort=effort)) < 10_000
    assert [line.marks for line in lines(old, new)[0].lines] == [
        ((len(before) + 2_500_000, len(before) + 2_500_001),)
    ] * 2


def test_a_cell_split_into_thousands_costs_effort_in_proportion() -> None:
    effort = Effort()
    whole = [f"{word} = load('{word}')" for word in map(str, range(MANY))]
    found = diff(of_sources(["\n".join(whole)]), of_sources(whole), effort=effort)

    assert effort.spent < 100 * MANY
    assert sum(1 for change in found.changes if change.new) == MANY


def test_thousands_of_cells_that_lost_a_part_each_cost_effort_in_proportion() -> None:
    effort = Effort()
    wholes = [f"first_{i} = load({i})\nprint(first_{i})\nsecond_{i} = load(first_{i})" for i in range(1_000)]
    found = diff(
        of_sources(wholes), of_sources(part for whole in wholes for part in whole.split("\n", 1)), effort=effort
    )

    assert effort.spent < 200 * len(wholes)
    assert found.counts == Counts(changed=1_000, split=1_000)


@pytest.mark.parametrize("limit", [0, 3_000_000])
def test_twice_the_outputs_never_take_four_times_the_work(limit: int) -> None:
    def work(count: int) -> int:
        old, new = (
            notebook(code("x", None, *(display(**{"text/plain": f"{word} {i}"}) for i in range(count))))
            for word in ("went", "came")
        )
        return calls_made(lambda: diff(old, new, effort=Effort(limit)))

    assert work(8_000) < 3 * work(4_000)


def test_without_effort_outputs_are_compared_place_by_place() -> None:
    old, new = (
        notebook(code("x", None, *(display(**{"image/png": data}) for data in found)))
        for found in (["QUJD", "QUJE", "QUJF"], ["QUJG", "QU\nJE", "QUJD"])
    )
    [change] = diff(old, new, effort=Effort(0)).changes

    assert [(pair.old and pair.old.mimes, pair.new and pair.new.mimes) for pair in change.outputs] == [
        ({"image/png": "QUJD"}, {"image/png": "QUJG"}),
        ({"image/png": "QUJF"}, {"image/png": "QUJD"}),
    ]


@pytest.mark.parametrize("depth", [400, 100_000])
def test_json_of_any_depth_is_compared(depth: int) -> None:
    def nested() -> Any:
        inner: Any = []
        for _ in range(depth):
            inner = [inner]
        return notebook(code("x", None, display(**{"application/json": inner})), metadata={"a": inner})

    assert diff(nested(), nested(), metadata=True).is_empty


def peak(work: Callable[[], object]) -> int:
    """The most bytes that some work held at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(" ".join(map(str, range(100_000))), " ".join(map(str, range(100_000, 0, -1))), id="one line"),
        pytest.param("\n".join(map(str, range(20_000))), "\n".join(map(str, range(20_000, 0, -1))), id="reversed"),
        pytest.param("a\n" * 50_000, "b\n" * 50_000, id="equal lines"),
    ],
)
def test_memory_is_in_proportion_to_what_is_compared(old: str, new: str) -> None:
    def work() -> None:
        diff(of_sources([old]), of_sources([new]))
        lines(old, new)

    # a string of its own for each line, a number and a place in a few tables
    assert peak(work) < 100 * (len(old) + len(new))


def test_of_very_many_lines_the_first_are_marked() -> None:
    old, new = ("\n".join(f"value_{i} = {number}" for i in range(MOST_MARKED)) for number in (1, 2))
    [hunk] = lines(old, new)

    marked = [bool(line.marks) for line in hunk.lines if line.tag == "+"]
    assert marked == [i < MOST_MARKED // 2 for i in range(MOST_MARKED)]
