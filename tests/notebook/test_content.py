"""A file's content: what nbformat would read of it, whatever it is written like, and raw bytes where it is none."""

import json
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import InvalidContent
from depository.notebook import canonical, content, lines
from depository.notebook.content import Kind, from_file, from_notebook, to_nbformat
from tests.notebook import nbformat_reader
from tests.notebook.strategies import Notebook, damaged, json_objects, notebooks, notebooks_2, spelled

NOTEBOOK = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}


def with_source(source: str) -> bytes:
    """A file with a JSON text as the source of its only cell."""
    cell = f'{{"cell_type": "raw", "metadata": {{}}, "source": {source}}}'
    return f'{{"nbformat": 4, "nbformat_minor": 4, "metadata": {{}}, "cells": [{cell}]}}'.encode()


def with_value(value: str) -> bytes:
    """A file with a JSON text somewhere in its metadata."""
    return f'{{"nbformat": 4, "nbformat_minor": 4, "metadata": {{"a": {value}}}, "cells": []}}'.encode()


# what nbformat reads


@given(damaged())
def test_a_content_is_what_nbformat_reads(notebook: Notebook) -> None:
    source = json.dumps(notebook).encode()
    expected = nbformat_reader.read(source)
    found = to_nbformat(from_file(source))

    if expected is not None:
        assert spelled(found) == spelled(expected)


@given(damaged())
def test_what_nbformat_refuses_is_archived_all_the_same(notebook: Notebook) -> None:
    found = from_file(json.dumps(notebook).encode())

    assert (found.kind, found.reason) == (Kind.NOTEBOOK, "")
    assert found.hash == canonical.hash_canonical(found.canonical)
    assert spelled(canonical.decode(found.canonical)) == spelled(found.value) == spelled(lines.join(notebook))


@given(json_objects())
def test_any_json_object_is_a_notebook_to_the_archive(value: dict[str, Any]) -> None:
    found = from_file(json.dumps(value).encode())

    assert found.kind is Kind.NOTEBOOK
    assert spelled(to_nbformat(found)) == spelled(value)


@pytest.mark.parametrize(
    "source",
    [
        with_source('"a\\nb"'),
        with_source('["a\\n", "b"]'),
        with_source('["\\ud83d", "\\ude00"]'),
        with_source('"\\ud83d\\ude00 \\ude00 \\ud83d \\u0000"'),
        with_value("[NaN, Infinity, -Infinity, -0.0, 1e400, 1.0, 1, 1E2]"),
        with_value("[18446744073709551615, 18446744073709551616, -9223372036854775809]"),
        with_value("1" + "0" * 4299),
        with_value('{"b": 1, "a": 2, "b": [3], "a": {}}'),
        with_value('"\u00e9\u2028"'),
        b'{"nbformat": 4, "cells": [], "metadata": {}, "cells": [], "nbformat_minor": 4}',
        b"\xef\xbb\xbf" + with_value("1"),
        with_value("1").replace(b" ", b"\r\n\t"),
        with_source('["a\\r\\n", "b"]').replace(b" ", b"\r\n"),
        b'{"nbformat": 4, "metadata": {"signature": "x", "orig_nbformat": 3}, "cells": []}',
        b'{"nbformat": 1, "cells": [{"cell_type": "code", "code": ["a", "b"]}]}',
        b'{"cells": []}',
        b"{}",
    ],
    ids=lambda source: source[:200],
)
def test_a_file_is_read_as_nbformat_reads_it(source: bytes) -> None:
    expected = nbformat_reader.read(source)
    assert expected is not None
    found = from_file(source)

    assert found.kind is Kind.NOTEBOOK
    assert spelled(to_nbformat(found)) == spelled(expected)


@pytest.mark.parametrize(
    "source",
    [
        b'{"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": [{"source": ["a", "b"]}]}',
        b'{"nbformat": "4", "cells": [{"source": ["a", "b"]}]}',
        b'{"nbformat": 4, "metadata": {}}',
        b'{"nbformat": 4, "cells": []}',
        b'{"nbformat": 4, "metadata": {}, "cells": {"a": 1}, "worksheets": [{}]}',
        with_source('["a\\n", 3]'),
        b'{"nbformat": 3, "metadata": {}, "cells": []}',
        b'{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code"}]}]}',
        b'{"nbformat": 2, "worksheets": null}',
        b'{"nbformat": 2, "worksheets": [null, {"cells": null}, {"cells": [null, {"cell_type": "code"}]}]}',
        b'{"nbformat": 2, "worksheets": [{"cells": [{"cell_type": "code", "outputs": [null, {"png": ["a"]}]}]}]}',
        '{"nbformat": 2, "worksheets": [{"cells": [{"cell_type": "code", "outputs": [{"png": "é"}]}]}]}'.encode(),
    ],
)
def test_a_file_that_nbformat_refuses_comes_back_unrepaired(source: bytes) -> None:
    assert nbformat_reader.read(source) is None
    found = from_file(source)

    assert found.kind is Kind.NOTEBOOK
    assert to_nbformat(found) == json.loads(source)


def test_the_lines_of_a_refused_notebook_are_joined_where_their_shape_is_known() -> None:
    good = {"cell_type": "raw", "source": ["a\n", "b"]}

    found = from_file(json.dumps({"nbformat": 4, "cells": [good, 3, {"cell_type": "raw", "source": [1]}]}).encode())

    assert found.value["cells"] == [{"cell_type": "raw", "source": "a\nb"}, 3, {"cell_type": "raw", "source": [1]}]


@given(notebooks_2())
def test_the_images_of_nbformat_2_are_bytes_to_nbformat_and_text_to_the_archive(notebook: Notebook) -> None:
    found = from_file(json.dumps(notebook).encode())

    for _ in range(2):
        assert spelled(to_nbformat(found)) == spelled(nbformat_reader.read(json.dumps(notebook)))
        assert canonical.encode(found.value) == found.canonical


# equal contents


@given(damaged(), st.randoms(use_true_random=False), st.sampled_from([None, 0, 1, 4]), st.booleans())
def test_how_a_file_is_written_does_not_count(
    notebook: Notebook, random: Any, indent: int | None, ascii_: bool
) -> None:
    keys = list(notebook)
    random.shuffle(keys)
    other = json.dumps({key: notebook[key] for key in keys}, indent=indent, ensure_ascii=ascii_)

    try:
        data = other.encode()
    except UnicodeEncodeError:  # a lone surrogate has to be escaped
        return
    assert from_file(data).hash == from_file(json.dumps(notebook).encode()).hash
    assert from_file(b"\xef\xbb\xbf" + data + b"\r\n").hash == from_file(data).hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (with_source('"a\\nb"'), with_source('["a\\n", "b"]')),
        (with_source('"a\\nb"'), with_source('["a", "\\n", "", "b"]')),
        (with_source('""'), with_source("[]")),
        (with_value("1e1"), with_value("10.0")),
        (with_value('"\\u00e9"'), with_value('"é"')),
        (with_value('"\\/"'), with_value('"/"')),
        (with_value('{"x": 1, "x": 2}'), with_value('{"x": 2}')),
    ],
)
def test_two_spellings_of_one_content_have_one_hash(one: bytes, other: bytes) -> None:
    assert from_file(one).hash == from_file(other).hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (with_source('"a\\nb"'), with_source('"a\\r\\nb"')),
        (with_source('"\\ud83d\\ude00"'), with_source('["\\ud83d", "\\ude00"]')),
        (with_value("1"), with_value("1.0")),
        (with_value("0.0"), with_value("-0.0")),
        (with_value("1"), with_value("true")),
        (with_value("null"), with_value("NaN")),
        (with_value('"\\u00e9"'), with_value('"e\\u0301"')),
        (with_value('["a\\n", "b"]'), with_value('"a\\nb"')),
    ],
)
def test_what_reads_differently_has_another_hash(one: bytes, other: bytes) -> None:
    assert from_file(one).hash != from_file(other).hash


# raw contents


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is not JSON (expecting value in line 3)"),
        (b'{"cells": [', "is not JSON (expecting value in line 1)"),
        (b'{\n<<<<<<< HEAD\n"a": 1\n}', "is not JSON (expecting property name enclosed in double quotes in line 2)"),
        (b'{"a": "\t"}', "is not JSON (invalid control character at in line 1)"),
        (b"{} {}", "is not JSON (extra data in line 1)"),
        (b"[]", "is JSON, but not an object"),
        (b'"{}"', "is JSON, but not an object"),
        (b"null", "is JSON, but not an object"),
        ('{"a": "é"}'.encode("latin-1"), "is not UTF-8 (byte 8)"),
        ("\ufeff{}".encode("utf-16-le"), "is not UTF-8 (byte 1)"),
        (b'{"a": "\xed\xa0\x80"}', "is not UTF-8 (byte 8)"),
        (with_value("1" + "0" * 4300), "holds an integer of more than 4,300 digits"),
        (with_value("[" * 255 + "]" * 255), "is nested deeper than 256 levels"),
        (with_value("[" * 100_000 + "]" * 100_000), "is nested deeper than 256 levels"),
    ],
    ids=lambda value: value[:50],
)
def test_a_file_that_is_no_notebook_is_kept_as_it_is_and_says_why(source: bytes, reason: str) -> None:
    found = from_file(source)

    raw = (Kind.RAW, source, source, canonical.hash_bytes(source))
    assert found == (*raw, reason)
    assert content.from_raw(source) == (*raw, "")


@given(st.binary(max_size=40))
def test_any_bytes_can_be_archived(source: bytes) -> None:
    found = from_file(source)

    assert found.kind is Kind.NOTEBOOK or found.value == source
    assert len(found.hash) == 32


@pytest.mark.parametrize("source", [b"", b"[]", b"{", b'{"a": "\xff"}', with_value("1" + "0" * 4300)])
def test_raw_bytes_cannot_be_loaded(source: bytes) -> None:
    with pytest.raises(InvalidContent, match=r"^This version is no notebook: .*\.$"):
        to_nbformat(from_file(source))


def test_a_notebook_that_is_too_deep_for_the_archive_but_not_for_python_can_be_loaded() -> None:
    deep = b'"metadata": {"a": ' + b"[" * 300 + b"]" * 300 + b"}"
    source = with_source('["a\\n", "b"]').replace(b'"metadata": {}', deep)
    found = from_file(source)

    assert found.kind is Kind.RAW
    assert spelled(to_nbformat(found)) == spelled(nbformat_reader.read(source))


# notebooks in memory


@given(notebooks())
def test_a_notebook_in_memory_has_the_content_of_its_file(notebook: Notebook) -> None:
    source = json.dumps(notebook).encode()
    read = nbformat_reader.read(source)
    assert read is not None

    assert from_notebook(read).hash == from_notebook(notebook).hash == from_file(source).hash


def test_a_notebook_made_by_nbformat_can_be_archived() -> None:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1", id="a")])

    found = from_notebook(made)

    assert found.value["cells"][0]["source"] == "1 + 1"
    assert type(found.value) is type(found.value["metadata"]) is dict


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1, 2}}, {"a": 10**4300}, {"a": b"\xff"}])
def test_what_no_file_can_hold_is_refused_in_one_sentence(value: Any) -> None:
    with pytest.raises(InvalidContent, match=r"^The notebook cannot be archived: it [^.]*\.$"):
        from_notebook(value)


# what counts as source


def fingerprint(*cells: Any, **more: Any) -> bytes:
    return content.source_fingerprint(from_notebook({**NOTEBOOK, "cells": list(cells), **more}))


CODE = {"cell_type": "code", "metadata": {}, "source": "a", "outputs": [], "execution_count": 1}
TEXT = {"cell_type": "markdown", "metadata": {}, "source": "b"}


@pytest.mark.parametrize(
    "cells",
    [
        [{**CODE, "outputs": [{"output_type": "stream", "text": "x"}], "execution_count": 2}, TEXT],
        [{**CODE, "metadata": {"scrolled": True}, "id": "a"}, TEXT],
        [{**CODE, "source": ["a"]}, TEXT],
    ],
)
def test_outputs_counts_and_metadata_are_no_source(cells: list[Any]) -> None:
    assert fingerprint(*cells, metadata={"a": 1}) == fingerprint(CODE, TEXT)


@pytest.mark.parametrize(
    "cells",
    [
        [TEXT, CODE],
        [CODE],
        [CODE, TEXT, TEXT],
        [{**CODE, "source": "a "}, TEXT],
        [{**CODE, "cell_type": "raw"}, TEXT],
        [CODE, {**TEXT, "attachments": {"a.png": {"image/png": ""}}}],
        [CODE, None],
    ],
)
def test_a_cell_that_comes_goes_moves_or_changes_is_source(cells: list[Any]) -> None:
    assert fingerprint(*cells) != fingerprint(CODE, TEXT)


def test_source_is_found_in_the_worksheets_of_old_notebooks_too() -> None:
    def old(text: str, count: int) -> bytes:
        cell = {"cell_type": "code", "input": text, "prompt_number": count, "outputs": []}
        notebook = {"nbformat": 3, "worksheets": [{"cells": [cell]}, None, {"cells": 3}]}
        return content.source_fingerprint(from_notebook(notebook))

    assert old("a", 1) == old("a", 2)
    assert old("a", 1) != old("b", 1)


@given(damaged())
def test_everything_that_can_be_archived_has_a_fingerprint(notebook: Notebook) -> None:
    assert len(content.source_fingerprint(from_notebook(notebook))) == 16


def test_raw_bytes_are_their_own_source() -> None:
    assert content.source_fingerprint(from_file(b"a")) != content.source_fingerprint(from_file(b"b"))


# skeletons


@given(notebooks())
def test_a_content_comes_back_from_its_skeleton(notebook: Notebook) -> None:
    found = from_notebook(notebook)

    again = content.from_skeleton(found.canonical, {})

    assert (again.kind, again.canonical, again.hash) == (found.kind, found.canonical, found.hash)
    assert spelled(again.value) == spelled(found.value)
