"""One view of the cells of any notebook."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.notebook.cells import (
    Cell,
    Output,
    as_json,
    as_text,
    cells,
    coalesce,
    content_of,
    decode,
    format_version,
    notebook_metadata,
    sort_of,
)

PIXELS = base64.b64encode(bytes(range(200))).decode()


def notebook_4(*found: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(found)}


def notebook_3(*found: Any) -> dict[str, Any]:
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": list(found)}]}


def only_output(output: Any) -> Output:
    [cell] = cells(notebook_4({"cell_type": "code", "source": "", "outputs": [output]}))
    [found] = cell.outputs
    return found


def test_a_code_cell_of_nbformat_4_shows_all_its_fields() -> None:
    stream = {"output_type": "stream", "name": "stderr", "text": "oh\n"}
    code = {"cell_type": "code", "id": "ab12", "source": "x", "execution_count": 3, "metadata": {"tags": []}}

    assert cells(notebook_4({**code, "outputs": [stream]})) == [
        Cell(0, "ab12", "code", "x", (Output("stream", "stderr", {}, "oh\n"),), 3, {"tags": []}, {})
    ]


def test_a_code_cell_of_nbformat_3_looks_like_one_of_nbformat_4() -> None:
    old = notebook_3({"cell_type": "code", "input": "x", "prompt_number": 3, "metadata": {}, "outputs": []})
    new = notebook_4({"cell_type": "code", "source": "x", "execution_count": 3, "metadata": {}, "outputs": []})

    assert cells(old) == cells(new)


def test_a_result_of_nbformat_3_has_mime_types() -> None:
    [cell] = cells(
        notebook_3(
            {
                "cell_type": "code",
                "input": "",
                "outputs": [
                    {"output_type": "pyout", "prompt_number": 1, "text": "1", "html": "<b>1</b>", "png": PIXELS},
                    {"output_type": "display_data", "json": '{"a": 1}'},
                ],
            }
        )
    )
    result, display = cell.outputs

    assert result.kind == "execute_result"
    assert result.mimes == {"text/plain": "1", "text/html": "<b>1</b>", "image/png": PIXELS}
    assert result.text == "1"
    assert display.mimes == {"application/json": {"a": 1}}


def test_a_stream_of_nbformat_3_has_a_name() -> None:
    [cell] = cells(
        notebook_3({"cell_type": "code", "outputs": [{"output_type": "stream", "stream": "stderr", "text": "x"}]})
    )

    assert cell.outputs[0].name == "stderr"


@pytest.mark.parametrize("kind", ["error", "pyerr"])
def test_an_error_has_its_traceback_as_text(kind: str) -> None:
    error = only_output({"output_type": kind, "ename": "KeyError", "evalue": "'x'", "traceback": ["one", "two"]})

    assert (error.kind, error.error_name, error.error_value, error.text) == ("error", "KeyError", "'x'", "one\ntwo")


def test_an_error_without_a_traceback_has_its_name_and_value_as_text() -> None:
    assert only_output({"output_type": "error", "ename": "KeyError", "evalue": "'x'"}).text == "KeyError: 'x'"


def test_a_heading_cell_reads_as_the_markdown_it_stands_for() -> None:
    [cell] = cells(notebook_3({"cell_type": "heading", "level": 2, "source": "A title\nin two lines"}))

    assert (cell.kind, cell.source) == ("heading", "## A title in two lines")


def test_cells_are_numbered_through_all_worksheets() -> None:
    sheet = {"cells": [{"cell_type": "markdown", "source": "a"}, {"cell_type": "markdown", "source": "b"}]}

    assert [cell.index for cell in cells({"nbformat": 3, "worksheets": [sheet, sheet]})] == [0, 1, 2, 3]


def test_text_that_is_still_split_into_lines_is_joined() -> None:
    [cell] = cells(notebook_4({"cell_type": "code", "source": ["a\n", "b"], "outputs": []}))

    assert cell.source == "a\nb"
    assert only_output({"output_type": "stream", "text": ["a\n", "b"]}).text == "a\nb"
    assert only_output({"output_type": "display_data", "data": {"text/html": ["a\n", "b"]}}).mimes == {
        "text/html": "a\nb"
    }


@pytest.mark.parametrize("value", [None, 1, "text", [], ["cells"], {}, {"cells": None}, {"worksheets": [{}, 3]}])
def test_what_is_no_notebook_has_no_cells(value: Any) -> None:
    assert cells(value) == []


def test_a_cell_that_is_no_object_is_shown_as_json() -> None:
    [cell] = cells(notebook_4([1, {"a": None}]))

    assert (cell.kind, cell.source) == ("unknown", '[1, {"a": null}]')


def test_fields_of_the_wrong_type_are_shown_or_left_out() -> None:
    [cell] = cells(
        notebook_4(
            {
                "cell_type": 7,
                "id": 8,
                "source": {"a": 1},
                "outputs": "none",
                "execution_count": "3",
                "metadata": [],
                "attachments": {"a.png": "nothing"},
            }
        )
    )

    assert cell == Cell(0, None, "unknown", '{"a": 1}', (), None, {}, {"a.png": {}})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "worksheets", "cell_type", "source", "input", "outputs", "output_type", "data", "text", "id"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(json_values, json_values)
def test_no_json_whatever_is_refused(cell: Any, output: Any) -> None:
    for outputs in (output, [output]):
        for notebook in (cell, notebook_4(cell, {"outputs": outputs}), notebook_3(cell, {"outputs": outputs})):
            for found in cells(notebook):
                assert isinstance(found.source, str)
                for shown in found.outputs:
                    assert shown.text is None or isinstance(shown.text, str)
                    assert content_of(shown) == content_of(shown)


def test_neighbouring_outputs_of_one_stream_are_one() -> None:
    parts = [Output("stream", "stdout", {}, text) for text in ("a", "b", "c")]
    other = Output("stream", "stderr", {}, "d")

    assert coalesce([parts[0], parts[1], other, parts[2]]) == [Output("stream", "stdout", {}, "ab"), other, parts[2]]
    assert coalesce([]) == []


def test_outputs_show_the_same_if_only_the_line_ends_in_base64_differ() -> None:
    wrapped = "\n".join(PIXELS[i : i + 76] for i in range(0, len(PIXELS), 76))
    one, other = (Output("display_data", None, {"image/png": value}, None) for value in (PIXELS, wrapped))

    assert content_of(one) == content_of(other)
    assert sort_of(one) == sort_of(other)


def test_outputs_show_the_same_whatever_the_order_of_keys_in_json() -> None:
    one, other = (
        Output("display_data", None, {"application/json": value}, None)
        for value in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    )

    assert content_of(one) == content_of(other)


@pytest.mark.parametrize(
    ("value", "other"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), ("1", 1), (None, "null"), ([], {}), ("", None)]
)
def test_json_of_different_values_differs(value: Any, other: Any) -> None:
    one, two = (Output("display_data", None, {"application/json": item}, None) for item in (value, other))

    assert content_of(one) != content_of(two)


def test_not_a_number_equals_itself_in_json() -> None:
    assert as_json(json.loads("[NaN]")) == as_json(json.loads("[NaN]"))


def test_json_too_deep_to_write_is_named_by_its_type() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]

    assert as_json(value) == "<list that is not JSON>"


@pytest.mark.parametrize(
    ("packed", "value"), [('{"a": [1]}', {"a": [1]}), ("no JSON", "no JSON"), ("[" * 100_000, "[" * 100_000)]
)
def test_json_in_a_string_is_unpacked_where_it_is_json(packed: str, value: Any) -> None:
    old = {"cell_type": "code", "outputs": [{"output_type": "display_data", "json": packed}]}
    [cell] = cells({"nbformat": 3, "worksheets": [{"cells": [old]}]})

    assert cell.outputs[0].mimes == {"application/json": value}


def test_base64_of_binary_types_is_decoded() -> None:
    assert decode("image/png", PIXELS) == bytes(range(200))
    assert decode("image/png", f"{PIXELS[:8]}\n{PIXELS[8:]}\n") == bytes(range(200))


@pytest.mark.parametrize(
    ("mime", "value", "data"),
    [
        ("image/png", "not base64", b"not base64"),
        ("image/svg+xml", "QUJD", b"QUJD"),
        ("text/plain", "QUJD", b"QUJD"),
        ("text/plain", "\ud800", b"\xed\xa0\x80"),
        ("application/json", {"b": 1, "a": [None]}, b'{"a": [null], "b": 1}'),
        ("image/png", ["QU", "JD"], b"QUJD"),
        ("text/html", None, b""),
    ],
)
def test_anything_else_is_its_text(mime: str, value: Any, data: bytes) -> None:
    assert decode(mime, value) == data


def test_text_stays_as_it_is() -> None:
    assert as_text("a\r\n\x00") == "a\r\n\x00"


@pytest.mark.parametrize(
    ("notebook", "version"),
    [
        ({"nbformat": 4, "nbformat_minor": 5}, "4.5"),
        ({"nbformat": 3}, "3.0"),
        ({"nbformat": "4", "nbformat_minor": True}, "?.?"),
        ({"nbformat": 10**400, "nbformat_minor": -1}, "?.?"),
        (None, "?"),
    ],
)
def test_the_version_of_nbformat_is_read_without_trust(notebook: Any, version: str) -> None:
    assert format_version(notebook) == version


def test_a_notebook_without_metadata_has_empty_ones() -> None:
    assert notebook_metadata({"metadata": {"a": 1}}) == {"a": 1}
    assert notebook_metadata({"metadata": []}) == {}
    assert notebook_metadata([]) == {}
