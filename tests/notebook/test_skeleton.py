"""Large values leave a notebook and come back, each as it was written."""

import random
from base64 import b64encode, encodebytes, urlsafe_b64encode
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depository.notebook import canonical, skeleton
from depository.notebook.content import from_notebook
from depository.notebook.skeleton import BINARY_FLOOR, REFERENCE, TEXT_FLOOR, Form, Skeleton
from tests.notebook.strategies import Notebook, damaged, spelled

IMAGE = random.Random(1).randbytes(BINARY_FLOOR)
LINES = encodebytes(IMAGE).decode()
BASE64 = b64encode(IMAGE).decode()
WRITINGS = {
    Form.BASE64: BASE64,
    Form.BASE64_NEWLINE: BASE64 + "\n",
    Form.BASE64_LINES: LINES,
    Form.BASE64_LINES_OPEN: LINES[:-1],
}


def apart(value: Any) -> Skeleton:
    return skeleton.take_apart(value, canonical.encode(value))


def together(parts: Skeleton) -> Any:
    return skeleton.put_together(parts.data, {digest: output.data for digest, output in parts.outputs.items()})


def reference(form: int, digest: bytes) -> msgpack.ExtType:
    return msgpack.ExtType(REFERENCE, bytes([form]) + digest)


def with_output(data: Any) -> Notebook:
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "", "outputs": [output]}]}


# a round trip


@st.composite
def large_values(draw: st.DrawFn) -> str:
    """Strings about as long as a large value, or much like one."""
    length = BINARY_FLOOR + draw(st.integers(-2, 80))
    data = random.Random(draw(st.integers(0, 3))).randbytes(length)
    text = draw(st.sampled_from([b64encode, encodebytes, urlsafe_b64encode]))(data).decode()
    match draw(st.sampled_from(["as it is", "newline", "open", "altered", "cut"])):
        case "newline":
            return text + "\n"
        case "open":
            return text.removesuffix("\n")
        case "altered":
            place = draw(st.sampled_from([0, 75, 76, 77, len(text) // 2, len(text) - 2, len(text) - 1]))
            return text[:place] + draw(st.sampled_from(["\n", "=", "B", "é", "\udfff", ""])) + text[place + 1 :]
        case "cut":
            return text[draw(st.integers(0, 4)) : len(text) - draw(st.integers(0, 4))]
    return text


@settings(max_examples=50)
@given(damaged(), st.lists(large_values(), max_size=4))
def test_a_notebook_comes_back_exactly(notebook: Notebook, values: list[str]) -> None:
    content = from_notebook({**notebook, "large": [values, {"again": values[:1]}]})
    parts = skeleton.take_apart(content.value, content.canonical)
    again = together(parts)

    assert spelled(again) == spelled(content.value)
    assert canonical.encode(again) == content.canonical
    assert skeleton.references(parts.data) == list(parts.outputs)


@settings(max_examples=50)
@given(st.lists(large_values(), min_size=1, max_size=3))
def test_an_output_lies_under_its_own_hash(values: list[str]) -> None:
    for digest, output in apart(values).outputs.items():
        assert digest == (canonical.hash_text if output.is_text else canonical.hash_bytes)(output.data)


def test_equal_contents_have_equal_skeletons() -> None:
    one = with_output({"image/png": BASE64, "text/plain": "x"})
    other = with_output({"text/plain": "x", "image/png": BASE64})

    assert apart(from_notebook(one).value) == apart(from_notebook(other).value)


def test_a_notebook_without_large_values_is_its_own_skeleton() -> None:
    content = with_output({"image/png": b64encode(IMAGE[:-1]).decode(), "text/plain": "a b " * 20_000})

    assert apart(content) == (canonical.encode(content), {})
    assert skeleton.references(canonical.encode(content)) == []


# where large values stand


@pytest.mark.parametrize(
    "notebook",
    [
        with_output({"image/png": BASE64}),
        {"nbformat": 4, "cells": [{"cell_type": "markdown", "attachments": {"a.png": {"image/png": BASE64}}}]},
        {"nbformat": 4, "metadata": {"widgets": {"application/x": {"state": {"a": {"buffers": [{"data": BASE64}]}}}}}},
        {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "outputs": [{"png": BASE64}]}]}]},
        {"nbformat": 7, "anything": [[BASE64]]},
    ],
)
def test_a_large_value_is_taken_out_wherever_it_stands(notebook: Notebook) -> None:
    parts = apart(notebook)

    assert [output.data for output in parts.outputs.values()] == [IMAGE]
    assert len(parts.data) < 300
    assert together(parts) == notebook


def test_a_large_key_stays() -> None:
    assert apart({BASE64: 1}).outputs == {}


def test_a_value_that_stands_twice_is_taken_out_once() -> None:
    other = b64encode(IMAGE[::-1]).decode()

    parts = apart([other, BASE64, LINES, other])

    assert [output.data for output in parts.outputs.values()] == [IMAGE[::-1], IMAGE]
    assert skeleton.references(parts.data) == list(parts.outputs)
    assert together(parts) == [other, BASE64, LINES, other]


@settings(max_examples=50)
@given(st.lists(large_values(), max_size=4), st.lists(large_values(), max_size=4))
def test_what_was_taken_out_before_is_taken_out_alike(before: list[str], after: list[str]) -> None:
    seen: dict[bytes, bytes] = {}
    skeleton.take_apart(before, canonical.encode(before), seen)
    parts = skeleton.take_apart([*after, *before], canonical.encode([*after, *before]), seen)
    plain = apart([*after, *before])

    assert parts.data == plain.data
    assert [(key, output.data, output.is_text) for key, output in parts.outputs.items()] == [
        (key, output.data, output.is_text) for key, output in plain.outputs.items()
    ]


# what is known to be whole without decoding


def test_what_was_taken_apart_is_known_to_be_whole() -> None:
    content = from_notebook({"b": [BASE64, "x", {"é": BASE64 + "\n"}], "a": "a" * TEXT_FLOOR, "c": LINES[:50]})
    one_form = from_notebook({"b": [BASE64, "x", {"é": LINES.swapcase()}], "a": "a" * TEXT_FLOOR, "c": BASE64})

    assert not skeleton.is_whole(apart(content.value), content.canonical)  # one image in two forms is left in doubt
    assert skeleton.is_whole(apart(one_form.value), one_form.canonical)


def test_a_text_with_the_first_byte_of_a_reference_in_it_leaves_no_doubt() -> None:
    content = from_notebook({"a": "\u01c5 \u01ff", "b": BASE64, "c": "\u01c5"})
    parts = apart(content.value)

    assert parts.data.count(b"\xc7") == 4
    assert skeleton.is_whole(parts, content.canonical)


@pytest.mark.parametrize("place", [0, 5, 20, 30, 45, -1])
def test_a_skeleton_altered_anywhere_is_not_taken_for_whole(place: int) -> None:
    value = {"a": "first", "b": BASE64, "c": "last"}
    parts = apart(value)
    data = bytearray(parts.data)
    data[place] ^= 1

    assert skeleton.is_whole(parts, canonical.encode(value))
    assert not skeleton.is_whole(parts._replace(data=bytes(data)), canonical.encode(value))


def test_a_skeleton_of_another_content_is_not_taken_for_whole() -> None:
    value = {"a": "first", "b": BASE64, "c": "last"}

    for other in ({**value, "d": 1}, {**value, "b": BASE64.swapcase()}, {"a": "first", "b": BASE64}):
        assert not skeleton.is_whole(apart(value), canonical.encode(other))


# how base64 is written


@pytest.mark.parametrize("form", WRITINGS, ids=lambda form: form.name)
def test_base64_is_decoded_and_its_form_kept(form: Form) -> None:
    value = [WRITINGS[form]]
    digest = canonical.hash_bytes(IMAGE)

    parts = apart(value)

    assert [(key, output.data, output.is_text) for key, output in parts.outputs.items()] == [(digest, IMAGE, False)]
    assert parts.data == msgpack.packb([reference(form, digest)])
    assert together(parts) == value


@pytest.mark.parametrize(
    "text",
    [
        BASE64.replace("A", "-"),
        urlsafe_b64encode(IMAGE).decode(),
        BASE64 + "\n\n",
        "\n" + BASE64,
        BASE64 + " ",
        BASE64.rstrip("=") + "é" * 4,
        BASE64 + "A",
        BASE64[:-2] + "!" + BASE64[-1],
        LINES.replace("\n", "\r\n"),
        LINES + "\n",
        LINES.replace("\n", "", 1),
        LINES[:76] + "\n" + LINES[77:].replace("\n", ""),
        "\n".join(BASE64[start : start + 64] for start in range(0, len(BASE64), 64)),
        "data:image/png;base64," + BASE64,
        "\ud800" + BASE64,
        "\n" * 30_000,
        "=" * 30_000,
    ],
    ids=range(17),
)
def test_a_text_that_is_no_base64_in_a_known_form_stays(text: str) -> None:
    assert apart([text]) == (canonical.encode([text]), {})


def test_base64_stays_where_its_padding_bits_would_be_lost() -> None:
    assert BASE64.endswith("==")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(BASE64[-3])
    odd = BASE64[:-3] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[last + 1] + "=="

    assert apart([odd]).outputs == {}


# how large is large


@pytest.mark.parametrize("write", [lambda data: b64encode(data).decode(), lambda data: encodebytes(data).decode()])
def test_a_binary_value_is_large_from_16_kib(write: Any) -> None:
    assert BINARY_FLOOR == 16_384
    assert len(apart([write(bytes(BINARY_FLOOR))]).outputs) == 1
    assert apart([write(bytes(BINARY_FLOOR - 1))]).outputs == {}


def test_a_text_is_large_from_4_mib_of_utf_8() -> None:
    assert TEXT_FLOOR == 4 * 1024 * 1024
    large, less = "a line\n" + "é" * (TEXT_FLOOR // 2 - 4) + "!", "é" * (TEXT_FLOOR // 2 - 1) + "!"
    assert (len(large.encode()), len(less.encode())) == (TEXT_FLOOR, TEXT_FLOOR - 1)

    parts = apart([large])

    assert [(output.data, output.is_text) for output in parts.outputs.values()] == [(large.encode(), True)]
    assert parts.data == msgpack.packb([reference(Form.TEXT, canonical.hash_text(large.encode()))])
    assert together(parts) == [large]
    assert apart([less]).outputs == {}


def test_a_large_text_may_hold_lone_surrogates() -> None:
    large = "\ud800" + "a" * TEXT_FLOOR

    assert together(apart([large])) == [large]


def test_a_text_and_the_bytes_it_is_made_of_are_two_outputs() -> None:
    large = "a\n" * (TEXT_FLOOR // 2)

    parts = apart([large, b64encode(large.encode()).decode()])

    assert sorted(output.is_text for output in parts.outputs.values()) == [False, True]


# skeletons that are none


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgpack.packb([msgpack.ExtType(3, bytes(33))]),
        msgpack.packb([msgpack.ExtType(REFERENCE, bytes(32))]),
        msgpack.packb([msgpack.ExtType(REFERENCE, bytes(34))]),
        msgpack.packb([reference(5, bytes(32))]),
    ],
)
def test_bytes_that_are_no_skeleton_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with them
        skeleton.references(data)
    with pytest.raises(ValueError):  # noqa: PT011 - the same
        skeleton.put_together(data, {bytes(32): b""})


def test_an_output_that_is_not_there_is_named() -> None:
    parts = apart([BASE64])
    [digest] = parts.outputs

    with pytest.raises(KeyError) as caught:
        skeleton.put_together(parts.data, {})
    assert caught.value.args == (digest,)
