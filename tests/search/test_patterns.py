"""Patterns, and the lines in which they are found."""

import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from depository.errors import InvalidInput
from depository.search.patterns import MOST_SPANS, Pattern, needle_of
from depository.search.query import How

TEXT = "import os\nimport numpy as np\n\nx = np.zeros(3)\n"


def rows(pattern: str, text: str = TEXT, how: How = How.REGEX) -> list[int]:
    return [found.row for found in Pattern(pattern, how).lines(text)]


def test_the_lines_in_which_a_match_begins_are_found() -> None:
    pattern = Pattern("np")
    assert [(line.row, line.line, pattern.spans(line)) for line in pattern.lines(TEXT)] == [
        (2, "import numpy as np", ((16, 18),)),
        (4, "x = np.zeros(3)", ((4, 6),)),
    ]


def test_the_ends_of_lines_have_signs() -> None:
    assert rows("^import.*os$") == [1]
    assert rows("^$") == [3]


def test_an_empty_pattern_finds_every_line_but_none_after_the_last_end() -> None:
    assert rows("") == [1, 2, 3, 4]
    assert rows("", "a") == [1]
    assert rows("", "\n") == [1]


def test_a_match_may_go_on_in_the_next_line_and_is_told_where_it_begins() -> None:
    pattern = Pattern(r"numpy as np\s+x")
    assert [(line.row, pattern.spans(line)) for line in pattern.lines(TEXT)] == [(2, ((7, 18),))]
    assert rows(r"os\nimport") == [1]


def test_a_line_end_may_be_matched() -> None:
    assert rows(r"\n") == [1, 2, 3, 4]


def test_text_as_it_is_has_no_signs() -> None:
    assert rows("zeros(3)", how=How.FIXED) == [4]
    assert rows(".", "a\n.", How.FIXED) == [2]


def test_case_counts_unless_it_is_not_to() -> None:
    assert rows("NUMPY") == []
    assert rows("NUMPY", how=How.IGNORE_CASE) == [2]
    assert rows("NP.Z", how=How.IGNORE_CASE | How.FIXED) == [4]


@pytest.mark.parametrize("pattern", ["numpy|o", "(?i)O|numpy", "(?x) numpy | o # or so"])
def test_whole_words_are_whole_whatever_the_pattern(pattern: str) -> None:
    assert rows(pattern, "os\nnumpy2\nnumpy\n o ", How.WORD) == [3, 4]


def test_what_is_no_regular_expression_is_told_with_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"'foo\(' is no regular expression: .* at position 3; -F looks"):
        Pattern("foo(")


@pytest.mark.parametrize(
    "pattern", ["a{99999999999}", "(" * 5000 + ")" * 5000, "(?P<a>x)(?P<a>y)", "\\", "[[a", "\x00("]
)
def test_a_hostile_pattern_is_an_error_of_ours(pattern: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Pattern(pattern)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_a_pattern_that_may_mean_something_else_one_day_is_taken_without_a_warning() -> None:
    assert rows("[[a]", "[") == [1]


def test_matches_within_a_line_are_told_up_to_a_number() -> None:
    pattern = Pattern("a")
    (line,) = pattern.lines("a" * 10_000)
    assert len(pattern.spans(line)) == MOST_SPANS


def test_one_line_of_many_characters_is_looked_through_at_once() -> None:
    text = "ab" * 2_000_000
    assert [found.row for found in Pattern("ba$|ab$").lines(text)] == [1]


PIECES = [
    "a",
    "b",
    "c.",
    ".",
    "[ab]",
    "[^]x]",
    "(a|b)",
    "(?:bc)",
    "a*",
    "b+",
    "c?",
    "a{2}",
    "b{0,1}",
    "{",
    "\\.",
    "\\w",
]


@given(
    st.lists(st.sampled_from([*PIECES, "|", "^", "$", "+?", "(?=a)", "\\b", "\\n"]), max_size=8).map("".join), st.data()
)
@example("a{0}bc", None)
def test_what_a_pattern_cannot_do_without_is_in_all_that_it_matches(pattern: str, data: Any) -> None:
    try:
        regex = re.compile(pattern)
    except re.error:
        assume(False)
    text = data.draw(st.text("abc.{x\n", max_size=12)) if data else "bc"
    if match := regex.search(text):
        assert needle_of(pattern) in match[0] or "$" in pattern or "(?=" in pattern
        assert needle_of(pattern) in text


@pytest.mark.parametrize(
    ("pattern", "needle"),
    [
        (r"\w+_plot\(", "_plot("),
        ("abc*", "ab"),
        ("a|b", ""),
        ("(a|b)cde", "cde"),
        ("x{2,3}yz", "yz"),
        ("[)]abc", "abc"),
        (r"\bdef \w+", "def "),
        ("(?i)abc", ""),
        (r"\x41bc", ""),
        ("(?#[)abc", ""),
    ],
)
def test_what_a_pattern_cannot_do_without_is_seen(pattern: str, needle: str) -> None:
    assert needle_of(pattern) == needle


@given(
    st.text("ab\n x", max_size=30),
    st.sampled_from(["a", "a+", "^", "$", r"\s+", "a|b", r"a\s*b", "", r"x$", r"\n", "(?<=a)b"]),
)
def test_a_line_is_found_if_a_match_begins_in_it(text: str, pattern: str) -> None:
    regex = re.compile(pattern, re.MULTILINE)
    expected, start = [], 0
    lines = text.removesuffix("\n").split("\n") if text else []
    for row, line in enumerate(lines, start=1):
        found = regex.search(text, start)
        if found and found.start() <= start + len(line):
            expected.append(row)
        start += len(line) + 1
    assert rows(pattern, text) == expected
