"""What changed between two texts."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff.sequences import Effort
from depository.diff.texts import lines


def tags(old: str, new: str, context: int = 3) -> list[list[str]]:
    return [[line.tag + line.text for line in hunk.lines] for hunk in lines(old, new, context)]


def test_a_changed_line_is_shown_with_its_neighbours() -> None:
    assert tags("a\nb\nc\nd\ne", "a\nb\nX\nd\ne", context=1) == [[" b", "-c", "+X", " d"]]


def test_changes_far_apart_are_hunks_of_their_own() -> None:
    old = "\n".join("abcdefghij")
    new = old.replace("b", "B").replace("i", "I")

    assert tags(old, new, context=2) == [[" a", "-b", "+B", " c", " d"], [" g", " h", "-i", "+I", " j"]]


def test_changes_near_one_another_share_a_hunk() -> None:
    old = "\n".join("abcdefgh")
    new = old.replace("b", "B").replace("f", "F")

    assert tags(old, new, context=2) == [[" a", "-b", "+B", " c", " d", " e", "-f", "+F", " g", " h"]]


def test_a_hunk_knows_its_first_line_on_both_sides() -> None:
    [hunk] = lines("a\nb\nc\nd\ne\nf", "a\nb\nc\nd\nE\nf", context=1)

    assert (hunk.old_start, hunk.new_start) == (4, 4)


def test_lines_added_at_the_end_follow_the_last_kept_ones_once() -> None:
    assert tags("a\nb", "a\nb\nc", context=1) == [[" b", "+c"]]


def test_a_last_line_end_is_no_line_if_both_have_it() -> None:
    assert tags("a\n", "b\n") == [["-a", "+b"]]
    assert tags("a", "a\n") == [[" a", "+"]]
    assert tags("a\n", "") == [["-a"]]
    assert tags("", "\n") == [["+"]]


def test_no_context_leaves_the_changed_lines_alone() -> None:
    assert tags("a\nb\nc", "a\nX\nc", context=0) == [["-b", "+X"]]
    assert tags("a\nb\nc", "a\nX\nc", context=-1) == [["-b", "+X"]]


def test_lines_that_occur_often_are_matched_as_well_as_can_be() -> None:
    [hunk] = lines("\n".join("abcabba"), "\n".join("cbabac"))

    assert Counter(line.tag for line in hunk.lines) == {" ": 4, "-": 3, "+": 2}


def test_lines_are_matched_with_equal_ones_only() -> None:
    assert tags("a\na\nc", "b\na") == [["+b", " a", "-a", "-c"]]


def test_lines_that_occur_once_are_what_a_diff_holds_on_to() -> None:
    old, new = "first()\n}\n}\n\nsecond()", "}\n}\n\nsecond()\nfirst()\nthird()\n}"

    assert "".join(line.tag for line in lines(old, new)[0].lines if line.text == "second()") == " "
    assert " }" not in tags("main()\n}\n}", "}\n}\nmain()")[0]


text_of_few_lines = st.lists(st.sampled_from(["a", "b", "c", "", "d d"]), max_size=30).map("\n".join)


@pytest.mark.parametrize("limit", [0, 50, 3_000_000])
@given(old=text_of_few_lines | st.text(), new=text_of_few_lines | st.text(), context=st.integers(0, 4))
def test_the_hunks_make_the_new_text_of_the_old_one(limit: int, old: str, new: str, context: int) -> None:
    hunks = lines(old, new, context, Effort(limit))

    assert bool(hunks) == (old != new)
    before, after = (text.split("\n") if text else [] for text in (old, new))
    if all(text == "" or text.endswith("\n") for text in (old, new)):
        before, after = before[:-1], after[:-1]
    made: list[str] = []
    at = 0
    for hunk in hunks:
        made += before[at : hunk.old_start - 1]
        at = hunk.old_start - 1
        assert len(made) == hunk.new_start - 1
        for tag, text, _ in hunk.lines:
            if tag != "+":
                assert before[at] == text
                at += 1
            if tag != "-":
                made.append(text)
    made += before[at:]
    assert made == after
