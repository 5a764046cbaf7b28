"""Multi-line strings are joined and split where nbformat does it, and nowhere else."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given

from depository.notebook import lines
from tests.notebook import nbformat_reader
from tests.notebook.strategies import Notebook, damaged, json_objects, notebooks, notebooks_4, spelled


def notebook_4(*cells: Any, **more: Any) -> Notebook:
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(cells), **more}


def code_4(output: Any) -> Notebook:
    return {"cell_type": "code", "metadata": {}, "source": "", "execution_count": None, "outputs": [output]}


def notebook_3(*cells: Any, version: int = 3) -> Notebook:
    return {"nbformat": version, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": list(cells)}]}


def code_3(output: Any) -> Notebook:
    return {"cell_type": "code", "language": "python", "input": "", "outputs": [output]}


def joined_output(output: Notebook) -> Any:
    return lines.join(notebook_4(code_4(output)))["cells"][0]["outputs"][0]


def joined_text(value: Any, version: int) -> Any:
    notebook = lines.join(notebook_3({"cell_type": "markdown", "source": value}, version=version))
    return notebook["worksheets"][0]["cells"][0]["source"]


# joining


@given(damaged())
def test_joining_gives_what_nbformat_reads(notebook: Notebook) -> None:
    expected = nbformat_reader.read(json.dumps(notebook))
    joined = lines.join(notebook)

    if expected is not None and notebook.get("nbformat") != 2:  # of that it makes bytes too: see test_content
        assert spelled(joined) == spelled(expected)


@given(damaged())
def test_joining_leaves_the_notebook_that_it_is_given_alone(notebook: Notebook) -> None:
    before = copy.deepcopy(notebook)
    lines.join(notebook)

    assert spelled(notebook) == spelled(before)


@given(damaged())
def test_joining_twice_changes_nothing_more(notebook: Notebook) -> None:
    once = lines.join(notebook)

    assert spelled(lines.join(once)) == spelled(once)


@given(json_objects())
def test_any_json_object_can_be_joined_and_split(value: Notebook) -> None:
    versions: list[Any] = [1, 2, 3, 4, 5, None, [], "4"]
    for version in versions:
        lines.split(lines.join({**value, "nbformat": version}))


@pytest.mark.parametrize("version", [1, 5, "4", None, [4]])
def test_a_version_that_nbformat_does_not_join_stays_as_it_is(version: Any) -> None:
    notebook = {"nbformat": version, "cells": [{"source": ["a\n", "b"]}], "worksheets": [{"cells": []}]}

    assert lines.join(notebook) is notebook
    assert lines.split(notebook) is notebook


def test_a_notebook_without_a_version_is_one_of_nbformat_1() -> None:
    notebook = {"cells": [{"cell_type": "code", "code": ["a\n", "b"]}]}

    assert lines.join(notebook) is notebook


def test_a_version_written_as_a_float_is_the_version() -> None:
    notebook = notebook_4({"cell_type": "raw", "metadata": {}, "source": ["a\n", "b"]}, nbformat=4.0)

    assert lines.join(notebook)["cells"][0]["source"] == "a\nb"


@pytest.mark.parametrize(
    ("value", "text"),
    [(["a\n", "b"], "a\nb"), (["a", "b"], "ab"), ([], ""), ("a\nb", "a\nb"), ([""], "")],
)
def test_a_source_of_nbformat_4_is_its_lines_in_a_row(value: Any, text: str) -> None:
    assert lines.join(notebook_4({"cell_type": "raw", "source": value}))["cells"][0]["source"] == text


@pytest.mark.parametrize("value", [["a\n", 3], [None], {"a": 1}, 7, None, [["a"]]])
def test_what_is_no_list_of_lines_stays(value: Any) -> None:
    output = {"output_type": "stream", "text": value}

    assert lines.join(notebook_4({"cell_type": "raw", "source": value}))["cells"][0]["source"] == value
    assert joined_output(output) == output
    assert joined_text(value, 3) == value
    assert joined_text(value, 2) == value


@pytest.mark.parametrize("mime", ["application/json", "application/geo+json", "application/+json"])
def test_json_in_a_mime_bundle_is_left_alone(mime: str) -> None:
    output = {"output_type": "display_data", "data": {mime: ["a\n", "b"]}}

    assert joined_output(output) == output


@pytest.mark.parametrize("mime", ["text/plain", "image/svg+xml", "image/png", "text/x+json", "application/json5", "x"])
def test_everything_else_in_a_mime_bundle_is_joined(mime: str) -> None:
    output = joined_output({"output_type": "execute_result", "data": {mime: ["a\n", "b"]}})

    assert output["data"] == {mime: "a\nb"}


def test_attachments_are_joined_in_cells_of_every_kind() -> None:
    cells = [{"cell_type": kind, "attachments": {"a.png": {"image/png": ["a", "b"]}}} for kind in ("code", "raw", "?")]

    joined = lines.join(notebook_4(*cells))["cells"]

    assert [cell["attachments"] for cell in joined] == [{"a.png": {"image/png": "ab"}}] * 3


def test_the_text_of_any_output_with_a_type_is_joined_unless_it_holds_a_mime_bundle() -> None:
    assert joined_output({"output_type": "stream", "text": ["a", "b"]})["text"] == "ab"
    assert joined_output({"output_type": "what", "text": ["a", "b"]})["text"] == "ab"
    assert joined_output({"output_type": "display_data", "text": ["a", "b"]})["text"] == ["a", "b"]
    assert joined_output({"output_type": "", "text": ["a", "b"]})["text"] == ["a", "b"]
    assert joined_output({"text": ["a", "b"]})["text"] == ["a", "b"]


@pytest.mark.parametrize("output", [None, "text", ["a", "b"], 7])
def test_what_is_no_output_stays(output: Any) -> None:
    code = {"cell_type": "code", "outputs": [output]}
    for notebook in (notebook_4(code), notebook_3(code)):
        assert lines.join(notebook) == notebook
        assert lines.split(notebook) == notebook


def test_outputs_count_in_code_cells_only() -> None:
    cell = {"cell_type": "markdown", "outputs": [{"output_type": "stream", "text": ["a", "b"]}]}

    assert lines.join(notebook_4(cell))["cells"] == [cell]


def test_a_traceback_stays_a_list() -> None:
    output = {"output_type": "error", "traceback": ["a", "b"]}

    assert joined_output(output) == output


def test_transient_keys_are_dropped_where_nbformat_4_drops_them() -> None:
    transient = {"orig_nbformat": 3, "orig_nbformat_minor": 0, "signature": "sha256:0", "trusted": True}
    cell = {"cell_type": "raw", "metadata": dict(transient), "source": "", "trusted": True}

    joined = lines.join({**notebook_4(cell), "metadata": dict(transient), "signature": ""})

    assert joined["metadata"] == {"trusted": True}
    assert joined["signature"] == ""
    assert joined["cells"][0]["metadata"] == {key: transient[key] for key in transient if key != "trusted"}
    assert joined["cells"][0]["trusted"] is True


def test_transient_keys_of_nbformat_3_are_kept_on_reading() -> None:
    notebook = {**notebook_3(), "orig_nbformat": 2, "metadata": {"signature": "sha256:0"}}

    assert lines.join(notebook) == notebook


@pytest.mark.parametrize(
    ("value", "text_3", "text_2"),
    [
        (["a\n", "b"], "a\nb", "a\n\nb"),
        (["a", "b"], "a\nb", "a\nb"),
        (["a\r", "b"], "a\rb", "a\r\nb"),
        (["a", "b\n", "c"], "a\nb\n\nc", "a\nb\n\nc"),
        (["a\x0b", "b"], "a\x0b\nb", "a\x0b\nb"),
        (["", "a"], "\na", "\na"),
        ([], "", ""),
    ],
)
def test_old_writers_dropped_line_ends_and_the_first_line_tells(value: list[str], text_3: str, text_2: str) -> None:
    assert joined_text(value, 3) == text_3
    assert joined_text(value, 2) == text_2


@pytest.mark.parametrize("field", ["text", "html", "svg", "latex", "javascript", "json"])
def test_an_output_of_nbformat_3_is_joined_by_field(field: str) -> None:
    [cell] = lines.join(notebook_3(code_3({"output_type": "pyout", field: ["a\n", "b"]})))["worksheets"][0]["cells"]

    assert cell["outputs"] == [{"output_type": "pyout", field: "a\nb"}]


@pytest.mark.parametrize("field", ["png", "jpeg", "pdf", "traceback", "text/plain"])
def test_other_fields_of_nbformat_3_stay_lists(field: str) -> None:
    notebook = notebook_3(code_3({"output_type": "pyout", field: ["a\n", "b"]}))

    assert lines.join(notebook) == notebook


def test_code_of_nbformat_3_has_an_input_and_text_has_a_source() -> None:
    fields = {"input": ["a\n", "b"], "source": ["a\n", "b"], "rendered": ["a\n", "b"]}

    sheet = lines.join(notebook_3({"cell_type": "code", **fields}, {"cell_type": "html", **fields}))["worksheets"][0]

    assert sheet["cells"] == [
        {"cell_type": "code", **fields, "input": "a\nb"},
        {"cell_type": "html", **fields, "source": "a\nb", "rendered": "a\nb"},
    ]


# splitting


@given(notebooks_4())
def test_splitting_gives_what_nbformat_4_writes(notebook: Notebook) -> None:
    joined = lines.join(notebook)

    assert spelled(lines.split(joined)) == spelled(json.loads(nbformat_reader.written(joined)))


@given(damaged())
def test_splitting_loses_nothing(notebook: Notebook) -> None:
    joined = lines.join(notebook)

    assert spelled(lines.join(lines.split(joined))) == spelled(joined)


@given(notebooks())
def test_splitting_leaves_the_notebook_that_it_is_given_alone(notebook: Notebook) -> None:
    joined = lines.join(notebook)
    before = copy.deepcopy(joined)
    lines.split(joined)

    assert spelled(joined) == spelled(before)


@pytest.mark.parametrize("text", ["", "a", "a\nb", "a\nb\n", "a\r\nb", "\n"])
def test_splitting_gives_what_nbformat_3_writes(text: str) -> None:
    notebook = notebook_3(
        {"cell_type": "markdown", "source": text, "rendered": text},
        {**code_3({"output_type": "pyout", "text": text, "svg": text, "png": text}), "input": text},
    )

    assert lines.split(notebook) == json.loads(nbformat_reader.written(notebook))


@pytest.mark.parametrize("text", ["", "a", "a\nb"])
def test_splitting_gives_what_nbformat_2_writes(text: str) -> None:
    notebook = notebook_3({"cell_type": "markdown", "source": text}, version=2)

    assert lines.split(notebook) == json.loads(nbformat_reader.written(notebook))


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("value", [None, 7, ["a\n", 3], {"a": "b\nc"}])
def test_what_is_no_string_stays_where_old_versions_have_lines(value: Any, version: int) -> None:
    notebook = notebook_3({"cell_type": "markdown", "source": value}, version=version)

    assert lines.split(notebook) == notebook


@pytest.mark.parametrize(
    ("text", "version"),
    [("a\x0bb", 3), ("a\u2028b\nc", 3), ("a\n", 2), ("a\r\nb", 2), ("\n", 2)],
)
def test_a_string_that_an_old_version_would_not_read_back_stays_whole(text: str, version: int) -> None:
    notebook = notebook_3({"cell_type": "markdown", "source": text}, version=version)

    assert lines.split(notebook) == notebook
