"""The file of a notebook: what Jupyter writes, or as near to what was written as a small integer can say."""

import json
from typing import Any

import nbformat
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from depository.errors import InvalidContent
from depository.notebook.canonical import MAX_DEPTH
from depository.notebook.content import from_file, from_notebook
from depository.notebook.render import JUPYTER, Style, render
from tests.notebook import nbformat_reader
from tests.notebook.strategies import Notebook, damaged, integers, json_objects, notebooks_2, notebooks_3, notebooks_4

CELL = {"cell_type": "raw", "metadata": {}, "source": "a\nb"}
NOTEBOOK = {"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def styles() -> st.SearchStrategy[Style]:
    return st.builds(Style, st.integers(0, 15), st.booleans(), st.booleans())


def written_by_nbformat(notebook: Notebook) -> bytes:
    """What nbformat writes of a notebook that it has read, with the newline that a file ends with."""
    read = nbformat_reader.read(json.dumps(notebook))
    assert read is not None
    text = nbformat_reader.written(read)
    return f"{text}\n".encode("utf-8", "backslashreplace")  # lone surrogates, which a file has to escape


def old_fields_survive(notebook: Notebook) -> bool:
    """Whether splitting keeps all of an old notebook's strings: nbformat itself loses line ends now and then."""
    found = from_notebook(notebook)
    again = nbformat_reader.read(written_by_nbformat(notebook))
    return again is not None and from_notebook(again).hash == found.hash


def has_surrogates_that_meet(value: Any) -> bool:
    """Whether lines were joined where one ends with the half of a character whose other half the next begins with."""
    return "\\ud800\\udfff" in json.dumps(value)


# what nbformat writes


@given(notebooks_4())
def test_a_notebook_of_nbformat_4_is_rendered_as_jupyter_writes_it(notebook: Notebook) -> None:
    value = from_notebook(notebook).value
    assume(not has_surrogates_that_meet(value))

    assert render(value) == written_by_nbformat(notebook)


@settings(max_examples=60)
@given(notebooks_3())
def test_a_notebook_of_nbformat_3_is_rendered_in_ascii_as_nbformat_writes_it(notebook: Notebook) -> None:
    notebook = {key: value for key, value in notebook.items() if key != "orig_nbformat"}  # which writing drops
    assume(old_fields_survive(notebook))

    assert render(from_notebook(notebook).value, Style(ascii=True)) == written_by_nbformat(notebook)


@settings(max_examples=60)
@given(notebooks_2())
def test_a_notebook_of_nbformat_2_is_rendered_in_ascii_as_nbformat_writes_it(notebook: Notebook) -> None:
    assume(old_fields_survive(notebook))

    assert render(from_notebook(notebook).value, Style(ascii=True)) == written_by_nbformat(notebook)


def test_the_rendering_of_a_small_notebook_is_this() -> None:
    assert render(from_notebook(NOTEBOOK).value) == (
        b'{\n "cells": [\n  {\n   "cell_type": "raw",\n   "metadata": {},\n   "source": [\n    "a\\n",\n    "b"\n   ]\n'
        b'  }\n ],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 4\n}\n'
    )


@given(notebooks_4())
def test_a_sound_notebook_is_rendered_as_nbformat_writes_it_to_a_file(notebook: Notebook) -> None:
    value = from_notebook(notebook).value

    text: str = nbformat.writes(nbformat.from_dict(value))
    assert render(value) == f"{text}\n".encode("utf-8", "backslashreplace")


@pytest.mark.parametrize(
    "end", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"], ids=ascii
)
def test_text_is_cut_into_lines_where_jupyter_cuts_it(end: str) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": f"{end}a"}
    code = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [output], "source": end}
    notebook = {**NOTEBOOK, "cells": [{**CELL, "source": f"a{end}b{end}{end}c"}, code]}
    source = render(from_notebook(notebook).value)

    assert source == written_by_nbformat(notebook)
    first, second = json.loads(source)["cells"]
    assert first["source"] == [f"a{end}", f"b{end}", end, "c"]
    assert second["source"] == [end]
    assert second["outputs"][0]["text"] == [end, "a"]


@pytest.mark.parametrize("control", [chr(code) for code in range(0x20)], ids=ascii)
def test_control_characters_are_escaped_in_texts_of_any_length(control: str) -> None:
    text = f"a{control}b" * 100
    notebook = {**NOTEBOOK, "cells": [{**CELL, "source": text}, {**CELL, "source": text[:3]}]}
    source = render(from_notebook(notebook).value)

    assert source == written_by_nbformat(notebook)
    assert ["".join(cell["source"]) for cell in json.loads(source)["cells"]] == [text, text[:3]]


# nothing is lost


@settings(max_examples=150)
@given(damaged(), styles())
def test_a_rendering_in_any_style_is_read_as_the_same_content(notebook: Notebook, style: Style) -> None:
    found = from_notebook(notebook)
    assume(not has_surrogates_that_meet(found.value))

    assert from_file(render(found.value, style)).hash == found.hash


def test_surrogates_that_meet_become_one_character_as_json_cannot_keep_them_apart() -> None:
    apart = from_notebook({**NOTEBOOK, "cells": [{**CELL, "source": "\ud83d" + "\ude00"}]})

    assert from_file(render(apart.value)).value["cells"][0]["source"] == "😀"


def test_what_is_nested_as_deep_as_can_be_is_rendered_too() -> None:
    value: Any = []
    for level in range(MAX_DEPTH - 3):
        value = [value] if level % 2 else {"a": value}
    notebook = {"cells": [], "metadata": {"deep": value}}
    source = render(from_notebook(notebook).value)

    assert source == (json.dumps(notebook, indent=1) + "\n").encode()
    assert from_file(source).value == notebook
    with pytest.raises(InvalidContent, match="deeper than 256 levels"):
        from_notebook({"metadata": {"deep": [value]}})


# values


@given(json_objects(), st.sampled_from([0, 1, 2, 8]), st.booleans())
def test_values_are_spelled_as_pythons_json_spells_them(value: dict[str, Any], indent: int, ascii_: bool) -> None:
    text = json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=ascii_)
    text = text.replace("\udfff", "\\udfff").replace("\ud800", "\\ud800")  # as a file has to hold them

    assert render(from_notebook(value).value, Style(indent, ascii_, open=True)) == text.encode()


@given(integers() | st.floats())
def test_numbers_are_spelled_as_pythons_json_spells_them(value: float) -> None:
    assert render({"a": value}, Style(0)) == f'{{\n"a": {json.dumps(value)}\n}}\n'.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (-0.0, "-0.0"),
        (1e16, "1e+16"),
        (1e-7, "1e-07"),
        (10**4299, "1" + "0" * 4299),
        (True, "true"),
        (None, "null"),
        ([], "[]"),
        ({}, "{}"),
        ('\x00\x1f\x7f\b\t\n\f\r"\\/', '"\\u0000\\u001f\x7f\\b\\t\\n\\f\\r\\"\\\\/"'),
        ("é😀\u2028", '"é😀\u2028"'),
        ("a\ud800\udbffz", '"a\\ud800\\udbffz"'),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_is_spelled_so(value: Any, text: str) -> None:
    assert render({"a": value}, Style(0)) == f'{{\n"a": {text}\n}}\n'.encode()


def test_in_ascii_everything_else_is_escaped() -> None:
    assert render({"é": "😀\x7f\ud800"}, Style(0, ascii=True)) == b'{\n"\\u00e9": "\\ud83d\\ude00\\u007f\\ud800"\n}\n'


def test_a_lone_surrogate_does_not_turn_the_rest_into_ascii() -> None:
    assert render({"a": "é", "b": "\udc00"}, Style(0)) == '{\n"a": "é",\n"b": "\\udc00"\n}\n'.encode()


def test_lines_stay_as_they_are_where_nbformat_does_not_split_them() -> None:
    value = {"cells": [CELL], "nbformat": 5}

    assert json.loads(render(value)) == value


# styles


@given(styles())
def test_a_style_is_known_by_its_code(style: Style) -> None:
    assert Style.from_code(style.code) == style


def test_the_codes_of_styles_are_these() -> None:
    assert [style.code for style in (JUPYTER, Style(0), Style(15), Style(2, ascii=True), Style(4, open=True))] == [
        1,
        0,
        15,
        18,
        36,
    ]


@pytest.mark.parametrize("code", [64, 128, 1 << 20, -1])
def test_a_code_that_stands_for_no_style_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="unknown style"):
        Style.from_code(code)


@pytest.mark.parametrize("indent", range(16))
@pytest.mark.parametrize("ascii_", [False, True])
@pytest.mark.parametrize("end", ["\n", ""])
def test_the_style_of_a_file_is_seen_in_it(indent: int, ascii_: bool, end: str) -> None:
    value = from_notebook({**NOTEBOOK, "metadata": {"title": "é"}}).value

    source = json.dumps(value | {"cells": []}, indent=indent, ensure_ascii=ascii_) + end

    assert Style.of(source.encode()) == Style(indent, ascii_, not end)


@given(json_objects().filter(bool), styles())
def test_a_rendering_comes_out_again_in_the_style_that_is_seen_in_it(value: Notebook, style: Style) -> None:
    source = render(from_notebook(value).value, style)
    assume(b"\x7f" not in source)  # the one ASCII character that only some writers escape

    seen = Style.of(source)

    assert (seen.indent, seen.open) == (style.indent, style.open)
    assert render(from_file(source).value, seen) == source


@pytest.mark.parametrize(
    ("source", "style"),
    [
        (b"", Style(1, open=True)),
        (b"{}", Style(1, open=True)),
        (b'{"a": 1}\n', JUPYTER),
        (b'{\n\t"a": 1\n}\n', JUPYTER),
        (b"{\n" + b" " * 16 + b'"a": 1\n}\n', JUPYTER),
        (b'{\r\n  "a": 1\r\n}\r\n', Style(2)),
        (b'\xef\xbb\xbf{\n  "a": 1\n}\n', JUPYTER),
        (b"\xff\n", JUPYTER),
    ],
)
def test_where_no_style_is_seen_it_is_jupyters(source: bytes, style: Style) -> None:
    assert Style.of(source) == style
