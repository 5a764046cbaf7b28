"""What is said of a notebook that nbformat would refuse."""

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings

from depository.notebook import lines
from depository.notebook.validity import complaint
from tests.notebook import nbformat_reader
from tests.notebook.strategies import (
    Notebook,
    damaged,
    json_objects,
    notebooks,
    notebooks_2,
    notebooks_3,
    notebooks_4,
)

STREAM = {"output_type": "stream", "name": "stdout", "text": ["a\n"]}
PLOT = {"output_type": "display_data", "data": {"text/plain": "x", "application/json": {"a": 1}}, "metadata": {}}
CODE = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "outputs": [STREAM, PLOT], "execution_count": 1}
TEXT = {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "", "attachments": {"x": {"image/png": ""}}}
NOTEBOOK: Notebook = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}},
    "cells": [CODE, TEXT],
}

OLD_CODE = {
    "cell_type": "code",
    "input": "",
    "language": "python",
    "outputs": [{"output_type": "pyout", "prompt_number": 1, "text": "1", "text/x": ["a"]}],
}
OLD: Notebook = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [{"cells": [OLD_CODE, {"cell_type": "heading", "source": "", "level": 1}]}],
}

GONE = object()


def changed(notebook: Notebook, place: str, value: Any) -> Notebook:
    """A notebook with the value at a place such as ``cells.0.source`` set, or gone."""
    notebook = copy.deepcopy(notebook)
    holder: Any = notebook
    *way, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    for part in way:
        holder = holder[part]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    return notebook


def refused_by_nbformat(notebook: Notebook) -> bool:
    read = nbformat_reader.read(json.dumps(notebook))
    return read is None or not nbformat_reader.accepts(read)


# never a false complaint


@given(notebooks_4() | notebooks_3())
def test_a_valid_notebook_is_not_complained_about(notebook: Notebook) -> None:
    assert not refused_by_nbformat(notebook)

    assert complaint(notebook) is None
    assert complaint(lines.join(notebook)) is None


@given(notebooks_2())
def test_a_notebook_of_nbformat_2_that_can_be_read_is_not_complained_about(notebook: Notebook) -> None:
    assert complaint(notebook) is None


@settings(max_examples=150)
@given(damaged())
def test_what_nbformat_accepts_is_not_complained_about(notebook: Notebook) -> None:
    assume(not refused_by_nbformat(notebook))

    assert complaint(notebook) is None


@pytest.mark.parametrize("minor", [6, 99])
def test_a_newer_minor_version_may_have_fields_and_kinds_that_are_unknown(minor: int) -> None:
    cells = [
        {**CODE, "new": 1, "outputs": [{"output_type": "new"}, {**PLOT, "data": {"text/plain": {}}, "more": 1}]},
        {"cell_type": "new", "metadata": {}},
        {"cell_type": 7, "metadata": {}, "id": "a-b"},
    ]
    notebook = {**NOTEBOOK, "nbformat_minor": minor, "cells": cells, "more": {}}

    assert not refused_by_nbformat(notebook)
    assert complaint(notebook) is None
    assert complaint({**notebook, "cells": [{"cell_type": "new"}]}) == "cell 1 has no metadata"


@pytest.mark.parametrize("count", [1.0, 0, None, 2**70])
def test_a_count_is_any_whole_number(count: Any) -> None:
    assert complaint(changed(NOTEBOOK, "cells/0/execution_count", count)) is None


@pytest.mark.parametrize("notebook", [{"nbformat": 1}, {"nbformat": 1, "cells": None, "worksheets": 7}])
def test_of_nbformat_1_nothing_is_complained_about(notebook: Notebook) -> None:
    assert complaint(notebook) is None


# complaints


@pytest.mark.parametrize(
    ("place", "value", "clause"),
    [
        ("nbformat", GONE, "the notebook has no nbformat number"),
        ("nbformat", "4", "the notebook has no nbformat number"),
        ("nbformat", True, "the notebook has no nbformat number"),
        ("nbformat", 5, "nbformat 5 is unknown"),
        ("nbformat", 0, "nbformat 0 is unknown"),
        ("nbformat", -4, "nbformat -4 is unknown"),
        ("nbformat_minor", GONE, "the notebook has no nbformat_minor number"),
        ("nbformat_minor", None, "the notebook has no nbformat_minor number"),
        ("nbformat_minor", -1, "nbformat 4.-1 is unknown"),
        ("metadata", GONE, "the notebook has no metadata"),
        ("metadata", [], "the field metadata of the notebook is not an object"),
        ("cells", GONE, "the notebook has no cells"),
        ("cells", {}, "the field cells of the notebook is not a list"),
        ("worksheets", [], "the notebook has the unknown field 'worksheets'"),
        ("metadata/kernelspec", None, "the kernelspec is not an object"),
        ("metadata/kernelspec/display_name", GONE, "the kernelspec has no display_name"),
        ("metadata/language_info/name", 3, "the field name of the language_info is not a string"),
        ("cells/0", None, "cell 1 is not an object"),
        ("cells/1/cell_type", GONE, "cell 2 has no cell_type"),
        ("cells/1/cell_type", "heading", "cell 2 has the unknown cell_type 'heading'"),
        ("cells/1/cell_type", ["code"], "cell 2 has the unknown cell_type ['code']"),
        ("cells/1/cell_type", "x" * 99, f"cell 2 has the unknown cell_type '{'x' * 40}…'"),
        ("cells/1/metadata", GONE, "cell 2 has no metadata"),
        ("cells/1/source", GONE, "cell 2 has no source"),
        ("cells/1/source", ["a", 1], "the field source of cell 2 is not text"),
        ("cells/1/outputs", [], "cell 2 has the unknown field 'outputs'"),
        ("cells/1/attachments", {"x": {"image/png": 1}}, "the field attachments of cell 2 is not MIME bundles"),
        ("cells/0/attachments", {}, "cell 1 has the unknown field 'attachments'"),
        ("cells/0/executionCount\n", 1, "cell 1 has the unknown field 'executionCount\\n'"),
        ("cells/0/execution_count", GONE, "cell 1 has no execution_count"),
        ("cells/0/execution_count", "*", "the field execution_count of cell 1 is not a whole number or null"),
        ("cells/0/execution_count", -1, "the field execution_count of cell 1 is not a whole number or null"),
        ("cells/0/execution_count", 1.5, "the field execution_count of cell 1 is not a whole number or null"),
        ("cells/0/execution_count", float("nan"), "the field execution_count of cell 1 is not a whole number or null"),
        ("cells/0/outputs", None, "the field outputs of cell 1 is not a list"),
        ("cells/0/outputs/0", "x", "output 1 of cell 1 is not an object"),
        ("cells/0/outputs/0/output_type", GONE, "output 1 of cell 1 has no output_type"),
        ("cells/0/outputs/0/output_type", "pyout", "output 1 of cell 1 has the unknown output_type 'pyout'"),
        ("cells/0/outputs/0/name", GONE, "output 1 of cell 1 has no name"),
        ("cells/0/outputs/0/text", None, "the field text of output 1 of cell 1 is not text"),
        ("cells/0/outputs/1/metadata", GONE, "output 2 of cell 1 has no metadata"),
        ("cells/0/outputs/1/data/x", {}, "the field data of output 2 of cell 1 is not a MIME bundle"),
        ("cells/0/outputs/1/svg_filename", "", "output 2 of cell 1 has the unknown field 'svg_filename'"),
        ("cells/0/id", GONE, "cell 1 has no id"),
        ("cells/0/id", "a b", "the field id of cell 1 is not 1 to 64 letters, digits, '-' and '_'"),
        ("cells/0/id", "", "the field id of cell 1 is not 1 to 64 letters, digits, '-' and '_'"),
        ("cells/0/id", "a" * 65, "the field id of cell 1 is not 1 to 64 letters, digits, '-' and '_'"),
        ("cells/0/id", 1, "the field id of cell 1 is not 1 to 64 letters, digits, '-' and '_'"),
        ("cells/1/id", "a", "cells 1 and 2 have the same id 'a'"),
        ("nbformat_minor", 4, "cell 1 has the unknown field 'id'"),
    ],
)
def test_what_nbformat_4_refuses_is_complained_about(place: str, value: Any, clause: str) -> None:
    notebook = changed(NOTEBOOK, place, value)

    assert refused_by_nbformat(notebook)
    assert complaint(notebook) == clause


@pytest.mark.parametrize(
    ("place", "value", "clause"),
    [
        ("nbformat_minor", GONE, "the notebook has no nbformat_minor number"),
        ("metadata", GONE, "the notebook has no metadata"),
        ("worksheets", GONE, "the notebook has no worksheets"),
        ("cells", [], "the notebook has the unknown field 'cells'"),
        ("worksheets/0", 1, "worksheet 1 is not an object"),
        ("worksheets/0/cells", GONE, "worksheet 1 has no cells"),
        ("worksheets/0/cells/0", [], "cell 1 is not an object"),
        ("worksheets/0/cells/0/cell_type", "x", "cell 1 has the unknown cell_type 'x'"),
        ("worksheets/0/cells/0/language", GONE, "cell 1 has no language"),
        ("worksheets/0/cells/0/prompt_number", "*", "the field prompt_number of cell 1 is not a whole number or null"),
        ("worksheets/0/cells/0/outputs/0/output_type", "out", "output 1 of cell 1 has the unknown output_type 'out'"),
        ("worksheets/0/cells/0/outputs/0/prompt_number", GONE, "output 1 of cell 1 has no prompt_number"),
        ("worksheets/0/cells/0/outputs/0/png", {}, "the field png of output 1 of cell 1 is not text"),
        ("worksheets/0/cells/0/outputs/0/gif", "", "output 1 of cell 1 has the unknown field 'gif'"),
        ("worksheets/0/cells/1/level", GONE, "cell 2 has no level"),
    ],
)
def test_what_nbformat_3_refuses_is_complained_about(place: str, value: Any, clause: str) -> None:
    notebook = changed(OLD, place, value)

    assert refused_by_nbformat(notebook)
    assert complaint(notebook) == clause


def test_the_worksheet_is_named_where_there_are_several() -> None:
    notebook = {**OLD, "worksheets": [{"cells": []}, {"cells": [{"cell_type": "raw"}]}]}

    assert complaint(notebook) == "cell 1 of worksheet 2 has no source"


@pytest.mark.parametrize(
    ("rest", "clause"),
    [
        ({}, "the notebook has no worksheets"),
        ({"worksheets": [{}]}, "worksheet 1 has no cells"),
        ({"worksheets": [{"cells": [{}]}]}, "cell 1 has no cell_type"),
        ({"worksheets": [{"cells": [{"cell_type": "code"}]}]}, "cell 1 has no outputs"),
    ],
)
def test_of_nbformat_2_what_cannot_be_read_is_complained_about(rest: Notebook, clause: str) -> None:
    notebook = {"nbformat": 2, **rest}

    assert nbformat_reader.read(json.dumps(notebook)) is None
    assert complaint(notebook) == clause


@settings(max_examples=300)
@given(damaged() | json_objects() | notebooks())
def test_any_json_object_is_complained_about_in_one_clause_or_not_at_all(notebook: Notebook) -> None:
    clause = complaint(notebook)

    assert clause is None or re.fullmatch(r"[a-z][^\n]{5,200}[^.]", clause)
