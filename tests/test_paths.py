"""Paths: what a notebook may be called in a depository, and the one sentence that refuses anything else."""

import re
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import InvalidPath
from depository.paths import MAX_BYTES, check

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]


def refusal(path: str) -> str:
    """The sentence that refuses a path: one line, fit for a terminal."""
    with pytest.raises(InvalidPath) as caught:
        check(path)
    sentence = str(caught.value)
    assert re.fullmatch(r"(The|A) path .*\.", sentence)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in sentence)
    return sentence


@pytest.mark.parametrize(
    "path",
    [
        "mine.ipynb",
        "kylek/notebooks/mine.ipynb",
        "no extension",
        " spaces /at ends ",
        "...",
        ".hidden/..b/c..",
        "a@b/v1.ipynb",
        "a~b",
        "c:\\windows\\style",
        "con/nul",
        "*?<>|\"'%&",
        "日本語/ノート.ipynb",
        "😀",
        "a\u2028b\u202e\u200b",
        "~/a",
        "-",
        "manifests/objects",
        "depository.json",
    ],
)
def test_a_path_is_any_relative_name(path: str) -> None:
    assert check(path) == path


def test_a_path_is_written_in_unicodes_normal_form_c() -> None:
    assert check("cafe\u0301/A\u030a.ipynb") == "caf\u00e9/\u00c5.ipynb"
    assert check("\u212b") == "\u00c5"
    assert check("\ufb01") == "\ufb01"  # a ligature stays: it would be two letters in form KC


def test_an_empty_path_is_refused_with_an_example() -> None:
    assert refusal("") == "A path is empty; give a name such as 'kylek/notebooks/mine.ipynb'."


@pytest.mark.parametrize("path", ["/", "/home/a.ipynb", "//a", "/../a"])
def test_an_absolute_path_is_refused(path: str) -> None:
    assert refusal(path) == f"The path '{path}' is absolute; paths in a depository are relative."


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("..", "'..'"),
        (".", "'.'"),
        ("../a", "'..'"),
        ("a/../b", "'..'"),
        ("a/..", "'..'"),
        ("./a", "'.'"),
        ("a/./b", "'.'"),
        ("a/.", "'.'"),
        ("a//b", "an empty part"),
        ("a/", "an empty part"),
        ("a/b//", "an empty part"),
    ],
)
def test_a_part_that_is_no_name_is_refused(path: str, what: str) -> None:
    assert refusal(path) == f"The path '{path}' has {what} in it; write it without."


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_control_character_is_refused_and_shown_escaped(control: str) -> None:
    for path in (control, f"a{control}b", f"a/b{control}"):
        assert refusal(path) == f"The path '{ascii(path)[1:-1]}' has a control character in it."


@pytest.mark.parametrize("lone", ["\ud800", "a\udbff", "\udfffa"], ids=ascii)
def test_half_a_character_is_refused(lone: str) -> None:
    assert refusal(f"a{lone}.ipynb") == f"The path 'a{ascii(lone)[1:-1]}.ipynb' is not valid Unicode."


@pytest.mark.parametrize("letter", ["a", "é", "€", "😀"])
def test_a_path_has_at_most_900_bytes(letter: str) -> None:
    longest = letter * (900 // len(letter.encode()))

    assert check(longest) == longest
    assert refusal(f"{longest}b") == f"The path '{letter * 60}…' has 901 bytes; at most 900 are possible."


def test_the_bytes_are_counted_in_normal_form_c() -> None:
    assert check("u\u0308" * 450) == "ü" * 450
    assert "has 902 bytes" in refusal("u\u0308" * 451)


def test_a_path_leaves_room_for_the_keys_that_hold_it() -> None:
    assert MAX_BYTES + len("manifests/") <= 1024


def test_a_long_path_is_not_shown_whole() -> None:
    assert len(refusal("a" * 1_000_000)) < 200


@given(st.text(st.characters() | st.sampled_from("/.\n\ud800e\u0301"), max_size=20))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    try:
        path = check(text)
    except InvalidPath:
        refusal(text)
        return
    assert path == unicodedata.normalize("NFC", text)
    assert check(path) == path
    assert not {"", ".", ".."} & set(path.split("/"))


@given(st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=9), st.sampled_from(["NFC", "NFD"]))
def test_names_that_look_the_same_are_one_path(name: str, form: Literal["NFC", "NFD"]) -> None:
    assert check(unicodedata.normalize(form, name)) == check(name)
