"""Notebooks and their differences as lines for a person."""

from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given

from depository.notebook.text import render_notebook, visible
from tests.notebook.shown import (
    GIF,
    HOSTILE,
    JPEG,
    PNG,
    any_notebooks,
    assert_harmless,
    code,
    display,
    encoded,
    notebook,
    shown,
    stream,
    texts,
)


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


def test_nothing_in_a_notebook_can_drive_the_terminal() -> None:
    content = notebook(
        {**code(HOSTILE, id=HOSTILE), "cell_type": HOSTILE},
        {"cell_type": "markdown", "source": "", "attachments": {HOSTILE: {HOSTILE: HOSTILE}}},
        code("", {**stream(HOSTILE), "name": HOSTILE}, display({"text/plain": HOSTILE, HOSTILE: HOSTILE})),
        code("", {"output_type": "error", "ename": HOSTILE, "evalue": HOSTILE}, {"output_type": HOSTILE}),
        kernelspec={"name": HOSTILE},
    )

    assert_harmless(render_notebook(content))


@given(any_notebooks)
def test_any_json_can_be_shown_without_harm(value: Any) -> None:
    assert_harmless(render_notebook(value))
