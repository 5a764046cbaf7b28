"""How much work a comparison takes, whatever it is given."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from depository.diff.compare import Counts, diff
from depository.diff.sequences import Effort
from depository.diff.texts import lines
from tests.diff.strategies import of_sources

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


def calls_made(work: Callable[[], object]) -> int:
    """Count the calls that some work takes, into Python and into C."""
    made = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


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
