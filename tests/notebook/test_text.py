"""Notebooks and their differences as lines for a person."""

import base64
import struct
import unicodedata
from collections.abc import Iterable
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from depository.notebook.diff import diff
from depository.notebook.text import Line, render_diff, render_notebook, visible

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + bytes(23_500)
GIF = b"GIF89a" + struct.pack("<HH", 320, 200) + bytes(10)
JPEG = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xc0\x00\x11\x08" + struct.pack(">HH", 30, 50) + bytes(10)


def code(source: str = "", *outputs: Any, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs), **fields}


def notebook(*found: Any, **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(found)}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def display(data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def shown(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines)


def texts(lines: Iterable[Line], *roles: str) -> list[str]:
    return [line.text for line in lines if line.role in roles]


# A notebook


def test_a_notebook_reads_from_top_to_bottom() -> None:
    content = notebook(
        {"cell_type": "markdown", "id": "first-cell", "source": "# Title\n\nWords", "metadata": {}},
        code("x = 1\nprint(x)", stream("1\n"), execution_count=3, id="ab12cd"),
        kernelspec={"name": "python3"},
    )

    assert shown(render_notebook(content)) == (
        "nbformat 4.5, python3, 2 cells\n"
        "\n"
        "── markdown · cell 1 · id first-ce ──\n"
        "# Title\n"
        "\n"
        "Words\n"
        "\n"
        "── code [3] · cell 2 · id ab12cd ──\n"
        "x = 1\n"
        "print(x)\n"
        "· stdout\n"
        "1"
    )


def test_every_line_has_a_role_to_be_coloured_by() -> None:
    roles = [line.role for line in render_notebook(notebook(code("x", stream("1"))))]

    assert roles == ["note", "note", "cell-header", "source", "output-header", "output"]


@pytest.mark.parametrize(
    ("mime", "data", "line"),
    [
        ("image/png", PNG, f"image/png 640x480, 23 KiB, {blake3(PNG).hexdigest()[:8]}"),
        ("image/gif", GIF, f"image/gif 320x200, 20 B, {blake3(GIF).hexdigest()[:8]}"),
        ("image/jpeg", JPEG, f"image/jpeg 50x30, 27 B, {blake3(JPEG).hexdigest()[:8]}"),
        ("image/jpeg", JPEG[:9], f"image/jpeg 9 B, {blake3(JPEG[:9]).hexdigest()[:8]}"),
        ("application/pdf", bytes(3_000_000), f"application/pdf 2.9 MiB, {blake3(bytes(3_000_000)).hexdigest()[:8]}"),
    ],
)
def test_an_image_is_one_line_with_its_size_and_hash(mime: str, data: bytes, line: str) -> None:
    assert texts(render_notebook(notebook(code("", display({mime: encoded(data)})))), "output") == [line]


def test_a_table_is_shown_as_text_and_its_html_in_one_line() -> None:
    table = display({"text/plain": "a b\n1 2", "text/html": "<table>"})

    assert texts(render_notebook(notebook(code("", table))), "output") == [
        "a b",
        "1 2",
        f"text/html 7 B, {blake3(b'<table>').hexdigest()[:8]}",
    ]


def test_an_attachment_is_one_line() -> None:
    cell = {"cell_type": "markdown", "source": "", "attachments": {"a.png": {"image/png": encoded(PNG)}}}

    assert texts(render_notebook(notebook(cell)), "note")[-1].startswith(
        "· attachment a.png: image/png 640x480, 23 KiB"
    )


def test_a_traceback_loses_its_colours() -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mE\x1b[0m: v", "\x1b(Bend"]}

    assert texts(render_notebook(notebook(code("", error))), "output-header", "output") == ["· error", "E: v", "end"]


def test_a_progress_bar_shows_its_last_state() -> None:
    assert texts(render_notebook(notebook(code("", stream("10%\r50%\r100%\ndone\r\n")))), "output") == ["100%", "done"]


def test_a_long_output_is_cut_and_says_so() -> None:
    content = notebook(code("", stream("".join(f"{i}\n" for i in range(1_234)))))

    assert texts(render_notebook(content, limit=2), "output") == ["0", "1", "… 1,232 more lines"]
    assert len(texts(render_notebook(content, limit=None), "output")) == 1_234


def test_an_output_of_one_endless_line_is_cut_and_says_so() -> None:
    [line] = texts(render_notebook(notebook(code("", stream("x" * 5_000_000)))), "output")

    assert line.endswith("x (… 4,999,000 more characters)")
    assert len(line) < 1_100


def test_a_source_is_never_cut() -> None:
    content = notebook(code("x" * 10_000 + "\n" + "y\n" * 1_000))

    assert len(shown(render_notebook(content))) > 12_000


# What a terminal would obey


def test_control_characters_are_shown_as_escapes() -> None:
    assert visible("a\tb\nc") == "a\tb\nc"
    assert visible("\x1b[2J\x07\x9b\r\x7f") == "\\x1b[2J\\x07\\x9b\\r\\x7f"
    assert visible("\u202eabc\u2066\u2028\ud800\U000e0041") == "\\u202eabc\\u2066\\u2028\\ud800\\U000e0041"
    assert visible("grüße 你好 👩‍🚀") == "grüße 你好 👩‍🚀"


HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\x9b\u202e\x00\ud800\n"


def test_nothing_in_a_notebook_can_drive_the_terminal() -> None:
    content = notebook(
        {**code(HOSTILE, id=HOSTILE), "cell_type": HOSTILE},
        {"cell_type": "markdown", "source": "", "attachments": {HOSTILE: {HOSTILE: HOSTILE}}},
        code("", {**stream(HOSTILE), "name": HOSTILE}, display({"text/plain": HOSTILE, HOSTILE: HOSTILE})),
        code("", {"output_type": "error", "ename": HOSTILE, "evalue": HOSTILE}, {"output_type": HOSTILE}),
        kernelspec={"name": HOSTILE},
    )

    assert_harmless(render_notebook(content))
    assert_harmless(render_diff(diff(content, notebook(), metadata=True)))


def assert_harmless(lines: Iterable[Line]) -> None:
    for line in lines:
        assert not [char for char in line.text if unicodedata.category(char) in ("Cc", "Cs") and char != "\t"]
        assert "\u202e" not in line.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "cell_type", "source", "outputs", "output_type", "data", "text", "id", "attachments", "name"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)
any_notebooks = json_values | st.builds(lambda found: notebook(*found), st.lists(json_values, max_size=4))


@given(any_notebooks, any_notebooks)
def test_any_json_can_be_shown_and_compared_without_harm(old: Any, new: Any) -> None:
    assert_harmless(render_notebook(old))
    assert_harmless(render_diff(diff(old, new, metadata=True, execution_counts=True)))


# A difference


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


def test_a_changed_image_shows_both_sizes() -> None:
    old, new = (notebook(code("plot()", display({"image/png": encoded(data)}))) for data in (PNG, PNG + b"x" * 1_000))

    assert texts(render_diff(diff(old, new)), "removed", "added") == [
        f"- image/png 640x480, 23 KiB, {blake3(PNG).hexdigest()[:8]}",
        f"+ image/png 640x480, 24 KiB, {blake3(PNG + b'x' * 1_000).hexdigest()[:8]}",
    ]


def test_of_an_output_only_what_changed_is_shown() -> None:
    old, new = (
        notebook(code("x", display({"text/plain": text, "image/png": encoded(PNG)}))) for text in ("old", "new")
    )

    assert texts(render_diff(diff(old, new)), "removed", "added") == ["- old", "+ new"]


def test_a_long_difference_of_outputs_is_cut_and_says_so() -> None:
    old = notebook(code("x", stream("\n".join(f"a{i}" for i in range(100)))))
    new = notebook(code("x", stream("\n".join(f"b{i}" for i in range(100)))))

    assert shown(render_diff(diff(old, new), limit=10)).endswith("- a9\n… 190 more lines of this difference")


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


def test_changed_metadata_are_shown_as_json() -> None:
    old, new = notebook(code("x"), title="A"), notebook({**code("x"), "metadata": {"tags": ["b"]}}, title="B")

    found = list(render_diff(diff(old, new, metadata=True)))
    assert texts(found, "output-header") == ["· notebook metadata", "· metadata"]
    assert texts(found, "removed") == ['-  "title": "A"', "- {}"]
    assert texts(found, "added")[0] == '+  "title": "B"'
    assert '+   "b"' in texts(found, "added")


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
