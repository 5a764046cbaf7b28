"""Which lines became which, and what differs within two of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff.sequences import Effort
from depository.diff.texts import Span, lines
from depository.diff.words import marks, pair_lines


def marked(old: str, new: str) -> tuple[str, str]:
    """Both lines, what is marked in quotes."""
    left, right = marks(old, new, Effort())
    return _quoted(old, left), _quoted(new, right)


def _quoted(line: str, spans: list[Span]) -> str:
    for start, stop in reversed(spans):
        line = f"{line[:start]}«{line[start:stop]}»{line[stop:]}"
    return line


def unmarked(line: str, spans: tuple[Span, ...] | list[Span]) -> str:
    for start, stop in reversed(spans):
        line = line[:start] + line[stop:]
    return line


# What differs


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("epochs = «10»", "epochs = «20»", id="a number"),
        pytest.param("rate=«0.01»", "rate=«0.001»", id="a number is one, with its point"),
        pytest.param("plt.«plot»(x, y)", "plt.«scatter»(x, y)", id="a word is marked whole"),
        pytest.param("fit(a)", "fit(a«, b»)", id="what one has not is marked in the other"),
        pytest.param("x = 1", "«    »x = 1", id="of an indent, what came"),
        pytest.param("    x = 1", "    «    »x = 1", id="and no more"),
        pytest.param("return 1«]»", "return 1«)»", id="a single sign"),
        pytest.param("the «quick» fox", "the «slow» fox", id="prose"),
        pytest.param("可以声明«一个»函数", "可以声明«那»函数", id="a script without blanks, by its characters"),
        pytest.param("run(«a, b», verbose=True)", "run(«c, d», verbose=True)", id="over a tiny gap as one"),
        pytest.param("«a» + «b» = total", "«c» + «d» = total", id="over more than that as two"),
    ],
)
def test_what_differs_is_marked(old: str, new: str) -> None:
    assert marked(*(line.translate({ord(sign): None for sign in "«»"}) for line in (old, new))) == (old, new)


def test_where_nearly_all_differs_nothing_is_marked() -> None:
    assert marks("import numpy as np", "axes.set_title('Pressure')", Effort()) == ([], [])


def test_only_what_is_between_equal_ends_of_a_long_line_is_looked_at() -> None:
    effort = Effort()
    old, new = ("word " * 200_000 + middle + " word" * 200_000 for middle in ("a", "b"))

    assert marks(old, new, effort) == ([(1_000_000, 1_000_001)], [(1_000_000, 1_000_001)])
    assert effort.spent < 100


def test_equal_ends_of_a_long_line_do_not_overlap() -> None:
    assert marks("a" * 3_000, "a" * 3_002, Effort()) == ([], [(3_000, 3_002)])


def test_a_long_line_that_differs_everywhere_is_marked_coarsely_or_not_at_all() -> None:
    effort = Effort()
    old, new = ("".join(f"{k * factor} " for k in range(100_000)) for factor in (3, 7))
    left, right = marks(old, new, effort)

    assert effort.spent < 100
    assert unmarked(old, left) == unmarked(new, right) or not left + right


def test_without_effort_the_middle_is_marked_as_one() -> None:
    assert marks("a = f(1, 2, 3)", "a = f(4, 2, 5)", Effort(0)) == ([], [])


some_lines = st.text(st.sampled_from("ab1 2.(,)_é我\t"), max_size=40)


@pytest.mark.parametrize("limit", [0, 60, 3_000_000])
@given(old=some_lines | st.text(), new=some_lines | st.text())
def test_what_is_not_marked_is_equal_in_both(limit: int, old: str, new: str) -> None:
    left, right = marks(old, new, Effort(limit))

    for line, spans in ((old, left), (new, right)):
        ends = [end for span in spans for end in span]
        assert ends == sorted(set(ends)), "in order, not empty, and apart"
        assert not ends or (ends[0] >= 0 and ends[-1] <= len(line))
    if left or right:
        assert unmarked(old, left) == unmarked(new, right)


@given(some_lines)
def test_nothing_of_an_equal_line_is_marked(line: str) -> None:
    assert marks(line, line, Effort()) == ([], [])


# Which lines became which


def test_a_line_became_the_one_most_like_it() -> None:
    removed = ["import numpy as np", "frame = load('a.csv')"]
    added = ["# what we need", "frame = load('b.csv')", "print(frame.head())"]

    assert pair_lines(removed, added, Effort()) == [(1, 1)]


def test_pairs_of_lines_are_in_order() -> None:
    assert pair_lines(["first(1, x)", "second(2, y)"], ["second(3, y)", "first(1, z)"], Effort()) in (
        [(0, 1)],
        [(1, 0)],
    )


def test_where_one_line_came_for_one_they_need_not_be_as_alike() -> None:
    old, new = 'scoring="mean_squared_error", cv=10)', 'scoring="neg_mean_squared_error", cv=10)'

    assert pair_lines([old], [new], Effort()) == [(0, 0)]
    assert pair_lines([old], [new, "print(10)"], Effort()) == []
    assert pair_lines(["epochs = 10"], ["print(frame.head())"], Effort()) == []


def test_many_lines_are_compared_place_by_place() -> None:
    removed, added = ([f"value_{k} = compute({k}, {word})" for k in range(1_000)] for word in ("old", "new"))

    assert pair_lines(removed, added, Effort()) == [(k, k) for k in range(1_000)]


def test_more_pairs_than_can_all_be_looked_at_cost_no_more_for_it() -> None:
    effort = Effort()
    pair_lines(["x = 1"] * 300, ["x = 2"] * 300, effort)

    assert effort.spent < 100_000


def test_without_effort_no_line_became_another() -> None:
    assert pair_lines(["epochs = 10"], ["epochs = 20"], Effort(0)) == []


@given(st.lists(some_lines, max_size=6), st.lists(some_lines, max_size=6))
def test_each_line_became_one_at_most(removed: list[str], added: list[str]) -> None:
    pairs = pair_lines(removed, added, Effort())

    assert all(i < next_i and j < next_j for (i, j), (next_i, next_j) in pairwise(pairs))


# In a difference


def test_a_line_that_became_another_is_marked_in_the_difference() -> None:
    [hunk] = lines("a\nepochs = 10\nb", "a\nepochs = 2000\nb")

    assert [(line.tag, line.marks) for line in hunk.lines] == [
        (" ", ()),
        ("-", ((9, 11),)),
        ("+", ((9, 13),)),
        (" ", ()),
    ]


def test_a_line_that_came_for_none_has_no_marks() -> None:
    [hunk] = lines("epochs = 10", "epochs = 20\nprint(epochs)")

    assert [(line.text, line.marks) for line in hunk.lines if line.tag == "+"] == [
        ("epochs = 20", ((9, 11),)),
        ("print(epochs)", ()),
    ]


@given(st.lists(some_lines, max_size=8), st.lists(some_lines, max_size=8))
def test_the_marked_lines_of_a_difference_are_pairs_of_which_the_rest_is_equal(old: list[str], new: list[str]) -> None:
    for hunk in lines("\n".join(old), "\n".join(new)):
        rest = {
            tag: [unmarked(line.text, line.marks) for line in hunk.lines if line.tag == tag and line.marks]
            for tag in "-+"
        }
        whole = {tag: [line.text for line in hunk.lines if line.tag == tag] for tag in "-+"}
        assert all(text in rest["+"] + whole["+"] for text in rest["-"])
        assert all(text in rest["-"] + whole["-"] for text in rest["+"])
