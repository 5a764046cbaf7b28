"""The JSON document of a difference: what it says, that it is as described, and that the description is."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from depository.diff import document, threeway
from depository.diff.compare import diff
from depository.diff.document import MAX_CELLS, MAX_FIRST_LINE, MAX_VALUE, of_diff, of_texts
from depository.diff.sequences import Effort
from depository.diff.threeway_document import of_three_ways
from tests.notebook.shown import PNG, any_notebooks, code, display, encoded, notebook, stream
from tests.notebook.strategies import damaged, notebooks
from tests.work import calls_made

SCHEMA = json.loads(files("depository.diff").joinpath("schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def markdown(source: str, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}, **fields}


def compared(old: Any, new: Any, room: int | None = None, context: int = 3, **options: Any) -> dict[str, Any]:
    """The document, checked against its schema, and as it comes out of JSON."""
    found = of_diff(diff(old, new, **options), context=context, room=room)
    VALIDATOR.validate(found)
    again: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    assert again == found
    return again


def cell(old: Any, new: Any, **options: Any) -> Any:
    """The document of the one cell that two notebooks have."""
    before, after = (notebook(*([] if side is None else [{**side, "id": "a"}])) for side in (old, new))
    (found,) = compared(before, after, **options)["cells"]
    return found


def only_detail(old: Any, new: Any, **options: Any) -> Any:
    ((found,),) = (
        output["details"] for output in cell(code("x", display(old)), code("x", display(new)), **options)["outputs"]
    )
    return found


def unified(hunks: Any) -> list[str]:
    return [line["tag"] + line["text"] for hunk in hunks for line in hunk["lines"]]


# What it says


def test_no_difference_is_equal_and_lists_the_cells() -> None:
    found = compared(notebook(code("a", id="a")), notebook(code("a", id="a")))

    side = {"index": 0, "id": "a", "kind": "code", "execution_count": None}
    assert found == {
        "format": 1,
        "equal": True,
        "counts": dict.fromkeys(["changed", "added", "removed", "moved", "split", "merged", "outputs_only"], 0)
        | {"equal": 1},
        "old_format": "4.5",
        "new_format": "4.5",
        "language": None,
        "metadata": None,
        "cells": [{"status": "equal", "old": side, "new": side}],
        "hunks": None,
        "truncated": False,
    }


def test_a_changed_cell_says_what_of_it_changed() -> None:
    old = code("a = 1\nb", stream("1"), execution_count=1)
    new = {**code("a = 2\nb", stream("2"), execution_count=2), "metadata": {"tags": []}}

    found = cell(old, new)
    assert (found["status"], found["changed"], found["moved"], found["part_of"]) == (
        "changed",
        ["source", "outputs"],
        False,
        None,
    )
    assert cell(old, new, metadata=True, execution_counts=True)["changed"] == [
        "source",
        "outputs",
        "metadata",
        "execution_count",
    ]
    assert (found["old"]["execution_count"], found["new"]["execution_count"]) == (1, 2)
    assert found["first_line"] == "a = 2"


def test_a_source_is_hunks_of_lines_with_marks() -> None:
    (hunk,) = cell(code("a\nb\nvalue = 1\nc"), code("a\nb\nvalue = 2\nc"), context=1)["source"]

    assert (hunk["old_start"], hunk["new_start"]) == (2, 2)
    assert unified([hunk]) == [" b", "-value = 1", "+value = 2", " c"]
    assert [line["marks"] for line in hunk["lines"]] == [[], [[8, 9]], [[8, 9]], []]


def test_line_ends_of_windows_on_both_sides_are_not_shown() -> None:
    assert unified(cell(code("a\r\nb"), code("a\r\nc"))["source"]) == [" a", "-b", "+c"]


def test_a_cell_that_came_has_all_that_it_brought() -> None:
    found = cell(None, code("a\nb", stream("1"), display({"image/png": encoded(PNG)})))

    assert (found["old"], found["new"]["index"], found["changed"]) == (None, 0, [])
    assert unified(found["source"]) == ["+a", "+b"]
    assert [output["details"][0]["type"] for output in found["outputs"]] == ["text", "image"]
    assert unified(found["outputs"][0]["details"][0]["hunks"]) == ["+1"]


def test_outputs_that_nobody_asked_for_are_not_shown() -> None:
    found = diff(notebook(), notebook(code("a", stream("1"))), outputs=False)

    assert of_diff(found, outputs=False)["cells"][0]["outputs"] == []


def test_a_cell_that_went_has_all_that_it_took_along() -> None:
    image = {"attachments": {"a.png": {"image/png": encoded(PNG)}}}
    found = cell({**markdown("a", **image), "outputs": [stream("1")]}, None)

    assert unified(found["source"]) == ["-a"]
    assert unified(found["outputs"][0]["details"][0]["hunks"]) == ["-1"]
    (attachment,) = found["attachments"]
    assert (attachment["name"], attachment["status"]) == ("a.png", "removed")
    assert attachment["details"][0]["old"]["width"] == 640


def test_cells_are_in_order_with_those_that_did_not_change() -> None:
    found = compared(
        notebook(code("a = 1"), code("b = 1"), code("c = 1")), notebook(code("a = 1"), markdown("new"), code("c = 1"))
    )

    assert [
        (one["status"], one["old"] and one["old"]["index"], one["new"] and one["new"]["index"])
        for one in found["cells"]
    ] == [
        ("equal", 0, 0),
        ("removed", 1, None),
        ("added", None, 1),
        ("equal", 2, 2),
    ]


def test_a_cell_that_moved_says_so_and_its_first_line() -> None:
    stayed = [code("b = 1"), code("c = 1")]
    found = compared(notebook(code("\n a = 1\na"), *stayed), notebook(*stayed, code("\n a = 1\na")))["cells"][-1]

    assert (found["status"], found["moved"], found["source"], found["first_line"]) == ("moved", True, [], "a = 1")


def test_an_output_has_its_place_among_those_of_its_cell() -> None:
    first, second = display({"text/plain": "same"}), stream("a\n")
    found = cell(code("x", second, second, first, stream("b")), code("x", first, stream("c")))

    assert [
        (output["old"] and output["old"]["index"], output["new"] and output["new"]["index"])
        for output in found["outputs"]
    ] == [
        (0, None),
        (2, 1),
    ]
    assert found["outputs"][0]["old"] == {"index": 0, "kind": "stream", "name": "stdout", "mimes": []}


def test_what_changed_in_nothing_but_outputs_is_counted() -> None:
    old = notebook(code("a", stream("1"), id="a"), code("b", stream("1"), id="b"), code("c", id="c"))
    new = notebook(code("a", stream("2"), id="a"), code("B", stream("2"), id="b"), code("c", id="c"))

    counts = compared(old, new)["counts"]
    assert (counts["equal"], counts["changed"], counts["outputs_only"]) == (1, 2, 1)


def test_only_attachments_that_changed_are_told() -> None:
    same = {"text/plain": "same"}
    old, new = (
        markdown("x", attachments={"a": same, "b": {"text/plain": text}, name: same})
        for text, name in (("1", "c"), ("2", "d"))
    )

    assert [(one["name"], one["status"]) for one in cell(old, new)["attachments"]] == [
        ("b", "changed"),
        ("c", "removed"),
        ("d", "added"),
    ]


def test_a_long_first_line_is_cut() -> None:
    assert len(cell(None, code("x" * 1_000))["first_line"]) == MAX_FIRST_LINE


def test_an_image_is_its_size_and_hash_and_never_its_bytes() -> None:
    found = only_detail({"image/png": encoded(PNG)}, {"image/png": encoded(PNG + b"x" * 9)})

    assert (found["old"]["width"], found["old"]["height"], found["old"]["size"]) == (640, 480, len(PNG))
    assert found["new"]["size"] == len(PNG) + 9
    assert len(json.dumps(found)) < 500


def test_a_table_is_rows_with_the_cells_that_changed() -> None:
    html = "<table><thead><tr><th>a<th>b<tbody><tr><td>1<td>2<tr><td>3<td>{}</table>"

    assert only_detail({"text/html": html.format(4)}, {"text/html": html.format(5)}, context=0) == {
        "type": "table",
        "mime": "text/html",
        "old": {"rows": 3, "columns": 2},
        "new": {"rows": 3, "columns": 2},
        "rows": [
            {
                "old_index": 0,
                "new_index": 0,
                "header": True,
                "old": ["a", "b"],
                "new": ["a", "b"],
                "old_columns": [],
                "new_columns": [],
            },
            {
                "old_index": 2,
                "new_index": 2,
                "header": False,
                "old": ["3", "4"],
                "new": ["3", "5"],
                "old_columns": [1],
                "new_columns": [1],
            },
        ],
    }


def test_json_is_changes_with_the_way_to_them() -> None:
    old, new = {"y": [1, float("nan"), 3]}, {"y": [1, float("nan"), 3.0], "z": "x" * 5_000}

    assert only_detail({"application/json": old}, {"application/json": new}) == {
        "type": "json",
        "mime": "application/json",
        "changes": [
            {
                "where": ["y", 2],
                "status": "changed",
                "old": {"kind": "number", "size": None, "text": "3", "cut": False},
                "new": {"kind": "number", "size": None, "text": "3.0", "cut": False},
            },
            {
                "where": ["z"],
                "status": "added",
                "old": None,
                "new": {"kind": "string", "size": 5_000, "text": '"' + "x" * (MAX_VALUE - 1), "cut": True},
            },
        ],
        "more": 0,
    }


def test_a_null_that_became_something_is_a_value() -> None:
    (change,) = only_detail({"application/json": [None, 1]}, {"application/json": ["", 1]})["changes"]

    assert change["old"] == {"kind": "null", "size": None, "text": "null", "cut": False}


def test_other_values_are_their_size_and_hash() -> None:
    found = only_detail({"application/pdf": encoded(b"a")}, {"application/pdf": encoded(b"bc")})

    assert (found["type"], found["old"]["size"], found["new"]["size"]) == ("bytes", 1, 2)


def test_metadata_are_told_where_they_are_compared() -> None:
    old = notebook(
        {**code("x", {**display({}), "metadata": {"width": 1}}, id="a"), "metadata": {"tags": ["a"]}}, title="A"
    )
    new = notebook(
        {**code("x", {**display({}), "metadata": {"width": 2}}, id="a"), "metadata": {"tags": ["b"]}}, title="B"
    )
    found = compared(old, new, metadata=True)

    assert [change["where"] for change in found["metadata"]["changes"]] == [["title"]]
    metadata = found["cells"][0]["metadata"]
    assert [change["where"] for change in metadata["cell"]["changes"]] == [["tags"]]
    assert [change["where"] for change in metadata["outputs"]["changes"]] == [[0, "width"]]
    assert compared(old, new)["metadata"] is None


def test_files_that_are_no_notebooks_are_hunks_alone() -> None:
    found = of_texts("a\nb", "a\nc", equal=False)
    VALIDATOR.validate(found)

    assert unified(found["hunks"]) == [" a", "-b", "+c"]
    assert (found["cells"], found["counts"], found["equal"]) == (None, None, False)


def test_another_version_of_the_format_is_told() -> None:
    found = compared({**notebook(), "nbformat_minor": 4}, notebook())

    assert (found["old_format"], found["new_format"], found["equal"]) == ("4.4", "4.5", False)


def test_the_language_of_the_code_is_told_as_the_notebook_names_it() -> None:
    julia, python = {"language_info": {"name": "julia"}}, {"kernelspec": {"language": "python"}}

    assert compared(notebook(**julia), notebook(**python))["language"] == "python"
    assert compared(notebook(**julia), notebook(language_info={"name": 1}))["language"] == "julia"


# Room


def test_what_there_is_no_room_for_is_left_out_and_it_is_said_where() -> None:
    old, new = (notebook(*(code(f"{text} = {i}\n" * 20, id=f"c{i}") for i in range(3))) for text in "ab")
    found = compared(old, new, room=1_000)

    assert found["truncated"]
    assert [one["truncated"] for one in found["cells"]] == [False, True, True]
    assert [one["changed"] for one in found["cells"]] == [["source"]] * 3
    assert found["counts"]["changed"] == 3


def test_a_cell_of_which_nothing_is_left_out_does_not_say_so_after_one_that_does() -> None:
    old = notebook(code("a" * 50, id="a"), code("b", id="b", execution_count=1))
    new = notebook(code("c" * 50, id="a"), code("b", id="b", execution_count=2))
    found = compared(old, new, room=90, execution_counts=True)

    assert [one["truncated"] for one in found["cells"]] == [True, False]
    assert found["truncated"]


def test_a_line_that_is_cut_is_said_to_be() -> None:
    found = cell(None, code("x" * 100), room=60)

    assert len(unified(found["source"])[0]) < 60
    assert found["truncated"]


def test_changes_that_there_is_no_room_for_are_counted() -> None:
    old, new = ({"application/json": {str(i): i + more for i in range(50)}} for more in (0, 1))
    found = only_detail(old, new, room=200)

    assert len(found["changes"]) < 20
    assert len(found["changes"]) + found["more"] == 50


def test_where_all_that_there_is_fits_nothing_is_truncated() -> None:
    old, new = notebook(code("a", id="a")), notebook(code("b", id="a"))

    assert not compared(old, new, room=100)["truncated"]
    assert compared(old, new, room=30)["truncated"]


def test_marks_end_where_a_line_was_cut() -> None:
    old, new = (code(f"value = {word} and the rest") for word in ("first", "other"))
    for room in range(120):
        for hunk in cell(old, new, room=room)["source"]:
            for line in hunk["lines"]:
                assert all(0 <= start < end <= len(line["text"]) for start, end in line["marks"])


@pytest.mark.parametrize("room", [0, 1, 500, 20_000])
@settings(max_examples=25)
@given(old=notebooks(), new=damaged())
def test_what_is_shown_has_no_more_characters_than_there_is_room_for(room: int, old: Any, new: Any) -> None:
    found = compared(old, new, room=room, metadata=True)

    assert sum(map(shown, found["cells"])) <= room


def shown(value: Any) -> int:
    """How many characters of lines, rows and values a part of a document has."""
    if isinstance(value, list):
        return sum(map(shown, value))
    if not isinstance(value, dict):
        return 0
    rows = [side for side in (value.get("old"), value.get("new")) if isinstance(side, list)]
    return len(value.get("text", "")) + sum(len(text) for row in rows for text in row) + shown(list(value.values()))


def test_of_very_many_cells_some_are_listed_and_all_are_counted() -> None:
    many = notebook(*(code(str(i)) for i in range(MAX_CELLS + 5)))
    found = of_diff(diff(many, many), room=1_000)

    assert (len(found["cells"]), found["counts"]["equal"], found["truncated"]) == (MAX_CELLS, MAX_CELLS + 5, True)
    assert len(of_diff(diff(many, many))["cells"]) == MAX_CELLS + 5


def test_beyond_its_room_nothing_is_compared() -> None:
    def work(lines: int) -> int:
        sides = [f"{text}\n" * lines for text in "ab"]
        old, new = (notebook(code(text, stream(text), id="a")) for text in sides)
        found = diff(old, new)
        return calls_made(lambda: of_diff(found, room=0))

    assert work(10_000) == work(10)


def test_the_work_for_very_many_outputs_grows_with_their_number_alone() -> None:
    def work(count: int) -> int:
        shown = [display({"text/plain": str(i)}) for i in range(count)]
        found = diff(notebook(code("x", *shown, id="a")), notebook(code("x", *reversed(shown), id="a")))
        return calls_made(lambda: of_diff(found, room=100_000))

    assert work(2_000) < 3 * work(1_000)


def test_names_of_any_length_are_cut() -> None:
    long = "x" * 100_000
    old = notebook({"cell_type": long, "id": long, "source": "a", "outputs": [{**stream("a"), "name": long}]})
    new = notebook({"cell_type": long, "id": long, "source": "a", "outputs": [display({long: ""})]})

    assert len(json.dumps(compared(old, new, room=100))) < 5_000


def test_one_effort_is_spent_by_all_cells() -> None:
    old, new = (
        notebook(*(code("\n".join(f"{text}{i}" for i in range(99)), id=f"c{i}") for i in range(9))) for text in "ab"
    )
    found, effort = diff(old, new), Effort()
    of_diff(found, effort=effort)

    assert effort.spent > 9 * 99


# The description


def test_the_example_in_the_documentation_is_what_there_is() -> None:
    def shown(*rows: tuple[str, ...]) -> dict[str, Any]:
        body = "".join(f"<tr><th>{row[0]}</th>{''.join(f'<td>{text}</td>' for text in row[1:])}</tr>" for row in rows)
        html = f"<table><thead><tr><th></th><th>day</th><th>rate</th></tr></thead><tbody>{body}</tbody></table>"
        return {**display({"text/html": html, "text/plain": str(rows)}), "output_type": "execute_result"}

    load = code("import pandas as pd\nrates = pd.read_csv('rates.csv')", id="load", execution_count=1)
    days = ("8", "Mon", "1.07"), ("9", "Tue", "1.08"), ("9", "Tue", "1.10"), ("10", "Wed", "1.12")
    last = [
        code("rates.tail(2)", shown(*days[:2]), id="last", execution_count=2),
        code("rates.tail(3)", shown(days[0], *days[2:]), id="last", execution_count=3),
    ]
    page = (Path(__file__).parents[2] / "docs" / "reference" / "diff-json.md").read_text("utf-8")
    (example,) = re.findall("^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)

    found = compared(notebook(load, last[0]), notebook(load, last[1], markdown("It goes on rising.", id="note")))
    assert json.loads(example) == found


def test_the_description_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["TwoWay"]["properties"]["format"]["const"] == document.FORMAT


def test_the_description_leaves_nothing_open_but_the_records_of_what_was_compared() -> None:
    record = SCHEMA["$defs"]["TwoWay"]["properties"]["old"]

    def check(schema: Any) -> None:
        if isinstance(schema, list):
            for part in schema:
                check(part)
        elif isinstance(schema, dict) and schema != record:
            if schema.get("type") == "object":
                assert schema["additionalProperties"] is False
                assert schema["required"] == [name for name, part in schema["properties"].items() if part != record]
            check(list(schema.values()))

    check(SCHEMA)
    used = set(json.dumps(SCHEMA).split('"'))
    assert {f"#/$defs/{name}" for name in SCHEMA["$defs"]} <= used


@given(notebooks(), damaged(), st.booleans(), st.integers(0, 2_000) | st.none())
def test_the_document_of_any_notebooks_is_as_described(old: Any, new: Any, everything: bool, room: int | None) -> None:
    compared(old, new, room, metadata=everything, execution_counts=everything)


@given(any_notebooks, any_notebooks)
def test_the_document_of_anything_is_as_described(old: Any, new: Any) -> None:
    compared(old, new, metadata=True)


@given(st.text(), st.text())
def test_the_document_of_any_texts_is_as_described(old: str, new: str) -> None:
    VALIDATOR.validate(of_texts(old, new, equal=old == new, room=20))


@settings(max_examples=40)
@given(any_notebooks | notebooks(), notebooks(), damaged())
def test_the_document_of_three_notebooks_is_as_described(base: Any, one: Any, other: Any) -> None:
    found = of_three_ways(threeway.compare(base, one, other, metadata=True, execution_counts=True))
    VALIDATOR.validate({**{name: {"record": "version"} for name in ("base", "one", "other")}, **found})
    for change in found["changes"]:
        for name in ("one", "other"):
            if (place := change[name]) is not None and change["base"] is not None:
                assert found["from_base"][name]["cells"][place]["old"]["index"] == change["base"]
