"""The difference of two notebooks as lines for a person."""

from collections.abc import Iterable
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from depository.diff.compare import diff
from depository.diff.highlight import Highlighter
from depository.diff.rendering import render_diff
from depository.diff.sidebyside import side_by_side
from depository.notebook.text import Line, plural
from tests.notebook.shown import (
    GIF,
    HOSTILE,
    PNG,
    any_notebooks,
    assert_harmless,
    code,
    display,
    encoded,
    marked,
    notebook,
    shown,
    stream,
    texts,
)


def test_nothing_in_a_notebook_can_drive_the_terminal() -> None:
    content = notebook(
        {**code(HOSTILE, id=HOSTILE), "cell_type": HOSTILE},
        {"cell_type": "markdown", "source": "", "attachments": {HOSTILE: {HOSTILE: HOSTILE}}},
        code("", {**stream(HOSTILE), "name": HOSTILE}, display({"text/plain": HOSTILE, HOSTILE: HOSTILE})),
        code("", {"output_type": "error", "ename": HOSTILE, "evalue": HOSTILE}, {"output_type": HOSTILE}),
        kernelspec={"name": HOSTILE},
    )
    for found in (diff(content, notebook(), metadata=True), diff(notebook(), content, metadata=True)):
        assert_harmless(render_diff(found, highlighter=Highlighter()))
        assert_harmless(side_by_side(render_diff(found, highlighter=Highlighter()), 60))


def test_nothing_that_changed_within_a_cell_can_drive_the_terminal() -> None:
    def content(word: str) -> dict[str, Any]:
        hostile = f"a = 1\n{word}{HOSTILE}# {word}{HOSTILE} b\nc\n"
        outputs = [
            stream(hostile),
            display({"text/html": f"<table><tr><td>{hostile}</td><td>x</td></tr></table>"}),
            display({"application/json": {HOSTILE: hostile}}),
            display({f"image/{HOSTILE}": encoded(hostile.encode("utf-8", "surrogatepass"))}),
            display({HOSTILE: hostile}),
        ]
        return notebook(code(hostile, *outputs, id="a"), code("1\n2\n3\n", id="b"), title=hostile)

    found = list(render_diff(diff(content("old"), content("new"), metadata=True), highlighter=Highlighter()))
    assert_harmless(found)
    assert_harmless(side_by_side(found, 40))
    assert texts(found, "removed")
    assert len(texts(found, "changed")) >= 2


@given(any_notebooks, any_notebooks)
def test_any_json_can_be_compared_without_harm(old: Any, new: Any) -> None:
    found = diff(old, new, metadata=True, execution_counts=True)
    lines = list(render_diff(found, highlighter=Highlighter()))
    assert_harmless(lines)
    assert_harmless(side_by_side(lines, 80))
    assert shown(lines) == shown(render_diff(found, runs=False))


def test_no_difference_is_said_in_one_line() -> None:
    assert list(render_diff(diff(notebook(code("x")), notebook(code("x"))))) == [Line("note", "no changes")]


def test_a_difference_reads_from_top_to_bottom() -> None:
    same = [code(f"same = {i}") for i in range(3)]
    old = notebook(*same, code("a = 1\nb = 2\nprint(a, b)", stream("1 2\n"), execution_count=4))
    new = notebook(
        code("added = 1\nadded"), *same, code("a = 1\nb = 3\nprint(a, b)", stream("1 3\n"), execution_count=7)
    )

    assert shown(render_diff(diff(old, new))) == (
        "1 changed, 1 added, 3 cells unchanged\n"
        "\n"
        "── code [ ] · cell 1 · added ──\n"
        "+ added = 1\n"
        "+ added\n"
        "\n"
        "… 3 unchanged cells\n"
        "\n"
        "── code [7] · cell 4 → 5 · source, outputs changed ──\n"
        "  a = 1\n"
        "- b = 2\n"
        "+ b = 3\n"
        "  print(a, b)\n"
        "· stdout\n"
        "- 1 2\n"
        "+ 1 3"
    )


def test_a_difference_has_roles_to_be_coloured_by() -> None:
    found = diff(notebook(code("a\nb\nc\nd\ne\nf")), notebook(code("a\nb\nc\nd\ne\nF")))

    assert [line.role for line in render_diff(found, context=1)] == [
        "note",
        "note",
        "cell-header",
        "hunk",
        "context",
        "removed",
        "added",
    ]


def test_a_hunk_further_down_says_where_it_is() -> None:
    found = diff(notebook(code("a\nb\nc\nd\ne\nf", id="a")), notebook(code("a\nb\nc\nd\nE\nE\nf", id="a")))

    assert texts(render_diff(found, context=1), "hunk") == ["@@ -4,3 +4,4 @@"]


def test_a_removed_cell_is_shown_with_its_outputs() -> None:
    found = diff(notebook(code("x", stream("1"))), notebook())

    assert texts(render_diff(found), "removed") == ["- x", "- 1"]


def test_a_moved_cell_shows_its_first_line() -> None:
    stayed = [code("b = 1"), code("c = 1")]
    found = diff(notebook(code("a = 1\na"), *stayed), notebook(*stayed, code("a = 1\na")))

    assert shown(render_diff(found)).endswith("── code [ ] · cell 1 → 3 · moved ──\n  a = 1 …")


def test_of_an_output_only_what_changed_is_shown() -> None:
    old, new = (
        notebook(code("x", display({"text/plain": text, "image/png": encoded(PNG)}))) for text in ("old", "new")
    )

    assert texts(render_diff(diff(old, new)), "removed", "added") == ["- old", "+ new"]


def test_a_long_difference_of_outputs_is_cut_and_says_so() -> None:
    old = notebook(code("x", stream("\n".join(f"a{i}" for i in range(100)))))
    new = notebook(code("x", stream("\n".join(f"b{i}" for i in range(100)))))

    assert shown(render_diff(diff(old, new), limit=10)).endswith("- a9\n… 190 more lines of this difference")


@given(
    st.lists(st.sets(st.integers(0, 59), min_size=1, max_size=5), min_size=4, max_size=4),
    st.integers(1, 40),
)
def test_what_is_cut_off_a_difference_of_outputs_is_counted_to_the_line(missing: list[set[int]], limit: int) -> None:
    pieces = ["\n".join(str(n) for n in range(60) if n not in numbers) for numbers in missing]
    old, new = (
        notebook(code("x", display({"text/plain": plain, "text/latex": latex}), id="a"))
        for plain, latex in (pieces[:2], pieces[2:])
    )
    found = diff(old, new)
    assume(found.changes[0].outputs)

    def below(lines: Iterable[Line]) -> list[str]:
        told = [line.text for line in lines]
        return told[[line.startswith("·") for line in told].index(True) + 1 :]

    whole, cut = below(render_diff(found, limit=None)), below(render_diff(found, limit=limit))
    more = len(whole) - limit
    assert cut == ([*whole[:limit], f"… {plural(more, 'more line')} of this difference"] if more > 0 else whole)


def test_of_two_long_lines_the_part_that_differs_is_shown() -> None:
    old, new = (notebook(code("x" * 2_500_000 + middle + "y" * 2_500_000, id="a")) for middle in ("OLD", "NEW"))

    removed, added = texts(render_diff(diff(old, new)), "removed", "added")
    assert removed.startswith("- (2,499,940 characters …) xxx")
    assert "OLD" in removed
    assert "NEW" in added
    assert len(added) < 1_200


def test_an_output_that_differs_in_colour_alone_says_so() -> None:
    old, new = (notebook(code("x", stream(f"\x1b[{colour}mred"))) for colour in (31, 32))

    assert texts(render_diff(diff(old, new)), "note")[-1] == "only colours or overwritten lines differ"


def test_outputs_that_came_or_went_say_so() -> None:
    with_output, without = notebook(code("x", stream("1"))), notebook(code("x"))

    assert texts(render_diff(diff(without, with_output)), "output-header", "added") == ["· stdout added", "+ 1"]
    assert texts(render_diff(diff(with_output, without)), "output-header", "removed") == ["· stdout removed", "- 1"]


def test_line_ends_of_windows_are_seen_only_where_they_changed() -> None:
    windows, changed, unix = (notebook(code(text, id="a")) for text in ("a\r\nb\r\nc", "a\r\nB\r\nc", "a\nb\nc"))

    assert texts(render_diff(diff(windows, changed)), "context", "removed", "added") == ["  a", "- b", "+ B", "  c"]
    assert texts(render_diff(diff(windows, unix)), "removed") == ["- a\\r", "- b\\r"]


def test_changed_metadata_are_shown_by_the_way_to_them() -> None:
    old, new = notebook(code("x"), title="A"), notebook({**code("x"), "metadata": {"tags": ["b"]}}, title="B")

    found = list(render_diff(diff(old, new, metadata=True)))
    assert texts(found, "output-header") == ["· notebook metadata", "· metadata"]
    assert texts(found, "changed") == ['~ title: "A" → "B"']
    assert texts(found, "added") == ['+ tags: ["b"]']


def test_another_execution_count_is_told_if_it_was_asked_for() -> None:
    old, new = notebook(code("x", execution_count=1)), notebook(code("x", execution_count=2))

    assert texts(render_diff(diff(old, new, execution_counts=True)), "cell-header") == [
        "── code [2] · cell 1 · execution count 1 → 2 ──"
    ]


def test_a_replaced_attachment_shows_both() -> None:
    old, new = (
        notebook({"cell_type": "markdown", "source": "![]()", "attachments": {"a.png": {"image/png": encoded(data)}}})
        for data in (PNG, GIF)
    )

    removed, added = texts(render_diff(diff(old, new)), "removed", "added")
    assert removed.startswith("- · attachment a.png: image/png 640x480")
    assert added.startswith("+ · attachment a.png: image/png 320x200")


def test_an_upgraded_format_is_told() -> None:
    assert "nbformat 4.4 → 4.5" in texts(render_diff(diff({**notebook(), "nbformat_minor": 4}, notebook())), "note")


def test_very_many_outputs_of_a_cell_are_cut_and_say_so() -> None:
    old, new = (
        notebook(code("x", *(display({"text/plain": f"{word} {i}"}) for i in range(1_200)), id="a"))
        for word in ("old", "new")
    )

    found = diff(old, new)
    assert shown(render_diff(found)).endswith("+ new 999\n… 200 more outputs changed")
    assert shown(render_diff(found, limit=None)).endswith("+ new 1199")


# The pieces of a line


def test_what_differs_within_a_line_stands_out() -> None:
    found = diff(notebook(code("a = 1\nb = f(a)", id="a")), notebook(code("a = 1\nb = g(a)", id="a")))

    assert marked(render_diff(found)) == ["-f", "+g"]


def test_the_syntax_of_a_source_is_told_where_it_is_asked_for() -> None:
    found = diff(notebook(code("x = 1", id="a")), notebook(code("x = 'one'", id="a")))

    [added] = [line for line in render_diff(found, highlighter=Highlighter()) if line.role == "added"]
    assert [(run.text, run.style) for run in added.runs] == [
        ("+ ", "sign"),
        ("x ", ""),
        ("=", "operator"),
        (" ", ""),
        ("'one'", "string"),
    ]


def test_a_line_within_a_string_of_several_lines_is_a_string() -> None:
    text = "x = '''\none\n{}\nthree\n'''"
    found = diff(notebook(code(text.format("two"), id="a")), notebook(code(text.format("zwei"), id="a")))

    for line in render_diff(found, highlighter=Highlighter(), context=0):
        if line.role in ("removed", "added"):
            assert [run.style for run in line.runs] == ["sign", "string"]


def test_without_the_pieces_the_lines_are_the_same() -> None:
    found = diff(notebook(code("a = 1", stream("x y"), id="a")), notebook(code("a = 2", stream("x z"), id="a")))

    plain = list(render_diff(found, runs=False))
    assert not any(line.runs for line in plain)
    assert shown(plain) == shown(render_diff(found, highlighter=Highlighter()))


# Cells that were split or merged

LONG = "import numpy as np\nimport pandas as pd\nframe = pd.read_csv('cases.csv')\nframe = frame.dropna()"
REST = "totals = frame.groupby('country').sum()\ntotals = totals.sort_values('cases')\ntotals.head(20)\nplot(totals)"


def test_a_split_cell_is_shown_once_with_a_line_where_the_new_cell_begins() -> None:
    found = diff(notebook(code(f"{LONG}\n{REST}", id="a")), notebook(code(LONG, id="a"), code(REST, id="b")))

    assert shown(render_diff(found, context=1)) == (
        "1 changed, 1 split\n"
        "\n"
        "── code [ ] · cell 1 → cells 1, 2 · id a · split · source changed ──\n"
        "@@ -4,2 +4,2 @@\n"
        "  frame = frame.dropna()\n"
        "┄┄ cell 2 begins here\n"
        "  totals = frame.groupby('country').sum()"
    )


def test_merged_cells_are_shown_once_with_a_line_where_the_old_cell_began() -> None:
    found = diff(notebook(code(LONG, id="a"), code(REST, id="b")), notebook(code(f"{LONG}\n\n{REST}", id="a")))

    lines = list(render_diff(found, context=1, highlighter=Highlighter()))
    assert texts(lines, "cell-header") == ["── code [ ] · cells 1, 2 → cell 1 · id a · merged · source changed ──"]
    assert texts(lines, "boundary") == ["┄┄ cell 2 began here"]
    assert texts(lines, "removed", "added") == ["+ "]


def test_the_lines_of_a_later_hunk_are_counted_without_those_between_cells() -> None:
    body = "\n".join(f"step_{i} = compute(step_{i - 1})" for i in range(1, 9))
    old = notebook(code(f"{LONG}\n{body}\nlast = 1", id="a"))
    found = diff(old, notebook(code(LONG, id="a"), code(f"{body}\nlast = 2", id="b")))

    assert texts(render_diff(found, context=1), "hunk") == ["@@ -4,2 +4,2 @@", "@@ -12,2 +12,2 @@"]


def test_the_syntax_of_a_part_is_that_of_its_own_lines() -> None:
    found = diff(notebook(code(f"{LONG}\n{REST}", id="a")), notebook(code(LONG, id="a"), code(f"{REST}\n'x'", id="b")))

    lines = list(render_diff(found, highlighter=Highlighter()))
    assert_harmless(lines)
    assert [run.style for run in lines[-1].runs] == ["sign", "string"]


def test_a_source_that_holds_such_a_line_is_shown_as_it_is() -> None:
    line = "\x1f┄┄ cell 2 begins here\x1f"
    whole = f"{LONG}\n{line}\n{REST}"
    found = diff(notebook(code(whole, id="a")), notebook(code(f"{LONG}\n{line}", id="a"), code(REST, id="b")))

    assert texts(render_diff(found), "context", "boundary")[-5:-3] == [
        "  \\x1f┄┄ cell 2 begins here\\x1f",
        "┄┄ cell 2 begins here",
    ]


def test_of_very_many_lines_the_rest_is_counted() -> None:
    found = diff(notebook(code("x\n" * 60_000, id="a")), notebook(code("", id="a")))

    assert shown(render_diff(found)).endswith("… 10,000 more lines went or came")


def test_line_ends_of_windows_do_not_hide_that_a_cell_was_split() -> None:
    whole = f"{LONG}\n{REST}".replace("\n", "\r\n")
    found = diff(notebook(code(whole, id="a")), notebook(code(LONG, id="a"), code(REST, id="b")))

    lines = list(render_diff(found, highlighter=Highlighter()))
    assert not texts(lines, "removed", "added")
    assert_harmless(lines)


def test_the_syntax_of_lines_that_end_as_on_windows_is_told() -> None:
    old, new = (notebook(code(f"import os\r\n{word} = 1\r\nreturn", id="a")) for word in ("a", "b"))

    lines = list(render_diff(diff(old, new), highlighter=Highlighter()))
    assert_harmless(lines)
    assert "\\r" not in shown(lines)
    assert [run.style for run in lines[3].runs] == ["sign", "keyword", "", "name"]


def test_the_outputs_of_a_part_are_shown_with_the_cell_that_they_are_of() -> None:
    old, new = notebook(code(f"{LONG}\n{REST}", id="a")), notebook(code(LONG, id="a"), code(REST, stream("1"), id="b"))

    assert "· stdout of cell 2 added" in texts(render_diff(diff(old, new)), "output-header")
    assert not texts(render_diff(diff(old, new, outputs=False), outputs=False), "output-header")


def test_of_a_cell_that_came_the_outputs_can_be_left_out() -> None:
    found = diff(notebook(), notebook(code("x", stream("1"))), outputs=False)

    assert texts(render_diff(found, outputs=False), "added") == ["+ x"]
