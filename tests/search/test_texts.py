"""The texts of a version that can be searched."""

from typing import Any

import pytest
from hypothesis import given

from depository.notebook import cells as cells_of
from depository.notebook.skeleton import Reference
from depository.search.query import Layer
from depository.search.texts import LONGEST_TEXT, Group, Sheet, Text, groups_of, groups_of_raw
from tests.notebook.strategies import json_objects
from tests.notebooks import code, markdown, notebook, stream


def groups(content: Any, sheet: Sheet = Sheet.SOURCE, texts: dict[bytes, str] | None = None) -> list[Group]:
    return groups_of(content, sheet, (texts or {}).__getitem__)


def outputs(*found: Any) -> list[str]:
    """The texts of the outputs of one cell."""
    return [text for _, text in groups(notebook(code("x", *found)), Sheet.OUTPUTS)[1]]


def display(**data: Any) -> Any:
    bundle = {name.replace("_", "/", 1).replace("_", "+"): value for name, value in data.items()}
    return {"data": bundle, "metadata": {}, "output_type": "display_data"}


def test_sources_are_told_by_the_kind_of_their_cell() -> None:
    raw = {"cell_type": "raw", "metadata": {}, "source": "plain"}
    assert groups(notebook(code("x = 1"), markdown("# A"), raw)) == [
        [],
        [Text(Layer.CODE, "x = 1")],
        [Text(Layer.MARKDOWN, "# A")],
        [Text(Layer.MARKDOWN, "plain")],
    ]


def test_an_empty_cell_has_its_place_and_no_text() -> None:
    assert groups(notebook(code(""), code("x"))) == [[], [], [Text(Layer.CODE, "x")]]


def test_headings_of_old_notebooks_are_markdown() -> None:
    sheet = {"cells": [{"cell_type": "heading", "level": 2, "source": "Title"}, {"cell_type": "code", "input": "x"}]}
    assert groups({"nbformat": 3, "worksheets": [sheet]}) == [
        [],
        [Text(Layer.MARKDOWN, "## Title")],
        [Text(Layer.CODE, "x")],
    ]


def test_lines_end_alike_whatever_system_wrote_them() -> None:
    assert groups(notebook(code("a\r\nb")))[1] == [Text(Layer.CODE, "a\nb")]


def test_what_a_cell_printed_is_as_the_screen_showed_it() -> None:
    assert outputs(stream("one\ntw"), stream("o\n")) == ["one\ntwo"]
    assert outputs(stream(" 10%\r100%\n")) == ["100%"]
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mE\x1b[0m: v"]}
    assert outputs(error) == ["E: v"]


def test_html_latex_and_json_are_texts_and_images_are_none() -> None:
    shown = display(text_plain="<A>", text_html="<b>A</b>", image_png="aGVsbG8=", image_svg_xml="<svg/>")
    assert outputs(shown) == ["<A>", "<b>A</b>"]
    assert outputs(display(text_latex="$x$")) == ["$x$"]
    assert outputs(display(application_json={"a": [1]})) == ['{\n "a": [\n  1\n ]\n}']


def test_a_text_that_two_outputs_show_is_one() -> None:
    assert outputs(display(text_plain="A"), display(text_plain="A")) == ["A"]


def test_metadata_is_json_the_notebooks_first() -> None:
    tagged = {**code("x"), "metadata": {"tags": ["slow"]}}
    found = groups({**notebook(markdown("a"), tagged), "metadata": {"kernel": "R"}}, Sheet.METADATA)
    assert [[text for _, text in group] for group in found] == [
        ['{\n "kernel": "R"\n}'],
        [],
        ['{\n "tags": [\n  "slow"\n ]\n}'],
    ]


def test_a_large_text_is_read_where_it_is_kept() -> None:
    digest = bytes(range(32))
    reference = Reference.to(digest, is_text=True)
    assert groups(notebook(code(reference)), texts={digest: "large"})[1] == [Text(Layer.CODE, "large")]
    assert groups(notebook(code("x", stream(reference))), Sheet.OUTPUTS, {digest: "large"})[1] == [
        Text(Layer.OUTPUTS, "large")
    ]


def test_large_base64_is_no_text() -> None:
    reference = Reference.to(bytes(32), is_text=False)
    assert groups(notebook(markdown(reference)))[1] == []
    assert outputs(display(text_plain=reference)) == []


def test_a_text_past_the_limit_is_not_searched() -> None:
    assert groups(notebook(code("x" * (LONGEST_TEXT + 1)), code("y"))) == [[], [], [Text(Layer.CODE, "y")]]
    assert outputs(stream("x" * (LONGEST_TEXT + 1))) == []


def test_a_version_that_is_no_notebook_is_searched_as_text() -> None:
    assert groups_of_raw(b"<<<<<<< HEAD\r\nx", Sheet.SOURCE) == [[Text(Layer.CODE, "<<<<<<< HEAD\nx")]]
    assert groups_of_raw(b"\xff\xfe", Sheet.SOURCE) == [[]]
    assert groups_of_raw(b"x", Sheet.OUTPUTS) == [[]]


@pytest.mark.parametrize("sheet", Sheet)
@given(json_objects())
def test_whatever_a_notebook_holds_its_texts_are_told_cell_by_cell(sheet: Sheet, content: Any) -> None:
    found = groups(content, sheet)
    assert len(found) == 1 + len(cells_of.cells(content))
    assert all(text for group in found for _, text in group)
