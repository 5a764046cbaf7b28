"""The lines of a difference in two columns."""

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from depository.diff.compare import diff
from depository.diff.rendering import render_diff
from depository.diff.sidebyside import side_by_side
from depository.notebook.text import Line, Run
from tests.notebook.shown import code, marked, notebook, shown, stream


def wide(text: str) -> int:
    """As a terminal measures a few scripts."""
    return sum(2 if "\u2e80" <= char < "\uf000" else 1 for char in text)


def columns(old: str, new: str, width: int = 43) -> list[str]:
    """The rows below the header."""
    found = diff(notebook(code(old, id="a")), notebook(code(new, id="a")))
    return [line.text for line in side_by_side(render_diff(found), width, wide) if line.role == "context"]


def test_the_old_text_stands_on_the_left_and_the_new_one_on_the_right() -> None:
    assert columns("a = 1\nb = 2\nc = 3", "a = 1\nb = 5\nc = 3") == [
        "  a = 1              │   a = 1",
        "- b = 2              │ + b = 5",
        "  c = 3              │   c = 3",
    ]


def test_what_came_or_went_has_nothing_beside_it() -> None:
    assert columns("a = 1\nkept", "kept\nz = 1") == [
        "- a = 1              │",
        "  kept               │   kept",
        "                     │ + z = 1",
    ]


def test_lines_that_became_one_another_share_a_row() -> None:
    rows = columns("first(1)\nlast_of_all(1, 2)", "last_of_all(1, 3)")

    assert rows == ["- first(1)           │", "- last_of_all(1, 2)  │ + last_of_all(1, 3)"]


def test_a_long_line_goes_on_below_and_nothing_is_cut() -> None:
    rows = columns("x = 'abcdefghijklmnopqrstuvwxyz'", "x = 1", 43)

    assert rows == [
        "- x = 'abcdefghijklm │ + x = 1",
        "  nopqrstuvwxyz'     │",
    ]


def test_a_long_line_is_broken_after_a_word_where_one_ends_near() -> None:
    assert columns("the quick brown fox jumps over it", "", 43) == [
        "- the quick brown    │",
        "  fox jumps over it  │",
    ]


def test_a_blank_where_a_line_is_broken_does_not_begin_the_next() -> None:
    assert columns("abcdefgh ijklmnopq rst", "abcdefgh ijklmnopq rstu", 43) == [
        "- abcdefgh ijklmnopq │ + abcdefgh ijklmnopq",
        "  rst                │   rstu",
    ]


def test_rows_of_a_table_stay_beside_what_they_became() -> None:
    def row(tag: Literal["-", "+"], text: str, *, is_marked: bool) -> Line:
        runs = (Run(f"{tag} ", "sign", tag), Run(text, "", tag, marked=is_marked))
        return Line("removed" if tag == "-" else "added", f"{tag} {text}", runs)

    lines = [row("-", "0 1 2", is_marked=False), row("-", "1 8 9", is_marked=True), row("+", "0 1 9", is_marked=True)]
    assert shown(side_by_side(lines, 43)).split("\n") == [
        "- 0 1 2              │",
        "- 1 8 9              │ + 0 1 9",
    ]


def test_wide_characters_take_two_columns() -> None:
    assert columns("你好 = 1\nb", "你好 = 2\nb")[0] == "- 你好 = 1           │ + 你好 = 2"
    assert all(wide(row) <= 43 for row in columns("你" * 50, "好" * 50))


def test_tabs_become_blanks() -> None:
    assert columns("\ta", "\tb") == ["-     a              │ +     b"]


def test_headers_and_outputs_go_across() -> None:
    found = diff(notebook(code("a", stream("1"), id="a")), notebook(code("b", stream("2"), id="a")))

    assert shown(side_by_side(render_diff(found), 43)).split("\n")[2:] == [
        "── code [ ] · cell 1 · id a · source, outputs changed ──",
        "- a                  │ + b",
        "· stdout",
        "- 1                  │ + 2",
    ]


def test_marks_stay_on_the_side_that_they_are_of() -> None:
    found = diff(notebook(code("call(one)", id="a")), notebook(code("call(two)", id="a")))

    assert marked(side_by_side(render_diff(found), 60)) == ["-one", "+two"]


def test_a_terminal_too_narrow_gets_the_narrowest_layout() -> None:
    assert max(map(len, columns("a" * 100, "b" * 100, 1))) <= 40


@given(
    st.lists(st.tuples(st.sampled_from("-+ "), st.text(alphabet="ab 你\u0301\t", max_size=60)), max_size=8),
    st.integers(1, 120),
)
def test_every_character_is_there_and_no_row_is_wider_than_it_may_be(found: list[tuple[str, str]], width: int) -> None:
    roles = {"-": "removed", "+": "added", " ": "context"}
    lines = [Line(roles[tag], f"{tag} {text}", (Run(f"{tag} "), Run(text))) for tag, text in found]  # type: ignore[arg-type]  # of three

    rows = list(side_by_side(lines, width, wide))
    assert all(wide(row.text) <= max(width, 40) for row in rows)
    letters = "".join(row.text for row in rows)
    for letter in "ab你":
        expected = sum(text.count(letter) * (2 if tag == " " else 1) for tag, text in found)
        assert letters.count(letter) == expected
