"""Who changed what, as lines for a person."""

from typing import Any

from depository.diff.highlight import Highlighter
from depository.diff.rendering import Look
from depository.diff.threeway import compare
from depository.diff.threeway_lines import render_three_way
from depository.notebook.text import Line
from tests.notebook.shown import HOSTILE, assert_harmless, code, notebook, shown, stream, texts

FIRST = "import numpy as np\nimport pandas as pd\nframe = pd.read_csv('cases.csv')\nframe = frame.dropna()"
SECOND = "totals = frame.groupby('country').sum()\ntotals = totals.sort_values('cases')\ntotals.head(20)\nplot(totals)"


def lines(base: Any, one: Any, other: Any, *, metadata: bool = False) -> list[Line]:
    return list(render_three_way(compare(base, one, other, metadata=metadata), Look(highlighter=Highlighter())))


def test_where_nobody_changed_anything_that_is_said_in_one_line() -> None:
    same = notebook(code("x"))

    assert shown(lines(same, same, same)) == "no changes\n\n… 1 unchanged cell"


def test_a_cell_of_which_each_changed_another_part_shows_both() -> None:
    base = notebook(code("a = 1", stream("1\n"), id="a"))
    one, other = notebook(code("a = 2", stream("1\n"), id="a")), notebook(code("a = 1", stream("2\n"), id="a"))

    assert shown(lines(base, one, other)) == (
        "1 cell changed: 1 differently in both; 0 unchanged\n"
        "\n"
        "── code [ ] · cell 1 · id a · changed differently in both ──\n"
        "┄┄ the one: source changed\n"
        "- a = 1\n"
        "+ a = 2\n"
        "┄┄ the other: outputs changed\n"
        "  a = 1\n"
        "· stdout\n"
        "- 1\n"
        "+ 2"
    )


def test_cells_that_came_or_went_say_in_which() -> None:
    base = notebook(code("kept = 1", id="a"), code("gone = 1", id="b"))
    one = notebook(code("kept = 1", id="a"))
    other = notebook(code("kept = 1", id="a"), code("gone = 1", id="b"), code("came = 1", id="c"))

    assert texts(lines(base, one, other), "cell-header") == [
        "── code [ ] · cell 2 · id b · removed in the one ──",
        "── code [ ] · cell 3 · id c · added in the other ──",
    ]


def test_a_cell_that_was_split_is_shown_once() -> None:
    base = notebook(code(f"{FIRST}\n{SECOND}", id="a"))
    split = notebook(code(FIRST, id="a"), code(SECOND, id="b"))

    found = lines(base, split, base)
    assert texts(found, "cell-header") == ["── code [ ] · cell 1 · id a · source changed in the one ──"]
    assert texts(found, "boundary") == ["┄┄ cell 2 begins here"]
    assert found[0].text == "1 cell changed: 1 in the one; 0 unchanged"


def test_changed_metadata_of_the_notebook_are_told() -> None:
    base, one = notebook(code("x")), notebook(code("x"), title="A")

    found = lines(base, one, base, metadata=True)
    assert found[0].text == "0 cells changed: notebook metadata in the one; 1 unchanged"
    assert texts(found, "output-header") == ["· notebook metadata changed in the one"]


def test_nothing_in_a_notebook_can_drive_the_terminal() -> None:
    sides = (
        notebook(code(f"{HOSTILE}{word}", stream(f"{word}{HOSTILE}"), id=HOSTILE), title=word + HOSTILE)
        for word in ("base", "one", "other")
    )

    found = lines(*sides, metadata=True)
    assert texts(found, "added")
    assert_harmless(found)
