"""What a notebook may be called in a depository."""

import re
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository import paths
from depository.errors import InvalidPath
from depository.paths import MAX_BYTES, check

LONGEST = "é" * (MAX_BYTES // 2)


def refusal(path: str) -> str:
    with pytest.raises(InvalidPath) as caught:
        check(path)
    return str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "mine.ipynb",
        "kylek/notebooks/mine.ipynb",
        "no extension",
        " spaces /at ends ",
        "...",
        ".hidden/..b",
        "a@b/v1.ipynb",
        "c:\\windows\\style",
        "con/nul",
        "*?<>|\"'%",
        "日本語/ノート.ipynb",
        "😀",
        "a\u2028b",
        "~",
        "-",
        "manifests/objects",
        LONGEST,
    ],
)
def test_a_path_is_any_relative_name(path: str) -> None:
    assert check(path) == path


def test_a_path_is_kept_in_normal_form_c() -> None:
    assert check("cafe\u0301.ipynb") == "caf\u00e9.ipynb"
    assert check("e\u0301" * (MAX_BYTES // 2)) == LONGEST


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "A path is empty; give a name such as 'kylek/notebooks/mine.ipynb'."),
        ("/", "The path '/' is absolute; paths in a depository are relative."),
        ("/home/a.ipynb", "The path '/home/a.ipynb' is absolute; paths in a depository are relative."),
        ("a//b", "The path 'a//b' has an empty part in it; write it without."),
        ("a/", "The path 'a/' has an empty part in it; write it without."),
        ("./a", "The path './a' has '.' in it; write it without."),
        ("a/../b", "The path 'a/../b' has '..' in it; write it without."),
        ("..", "The path '..' has '..' in it; write it without."),
        ("a\nb", "The path 'a\\nb' has a control character in it."),
        ("a\0", "The path 'a\\x00' has a control character in it."),
        ("\x7f", "The path '\\x7f' has a control character in it."),
        ("\x85", "The path '\\x85' has a control character in it."),
        ("a\ud800", "The path 'a\\ud800' is not valid Unicode."),
        ("x" * 901, f"The path '{'x' * 60}…' has 901 bytes; at most 900 are possible."),
        (LONGEST + "a", f"The path '{'é' * 60}…' has 901 bytes; at most 900 are possible."),
    ],
)
def test_what_cannot_be_a_path_is_refused_in_a_sentence(path: str, sentence: str) -> None:
    assert refusal(path) == sentence


@given(st.text(st.characters() | st.sampled_from("/.\n\ud800e\u0301"), max_size=20))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    try:
        path = check(text)
    except InvalidPath as error:
        sentence = str(error)
        assert re.fullmatch(r"(The|A) path [^\n]*\.", sentence)
        assert sentence.encode()
    else:
        assert check(path) == path
        assert unicodedata.is_normalized("NFC", path)
        assert not any(part in ("", ".", "..") for part in path.split("/"))


@given(st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=9), st.sampled_from(["NFC", "NFD"]))
def test_names_that_look_the_same_are_one_path(name: str, form: Literal["NFC", "NFD"]) -> None:
    assert check(unicodedata.normalize(form, name)) == check(name)


def test_a_path_leaves_room_for_the_keys_that_hold_it() -> None:
    assert paths.MAX_BYTES + len("manifests/") <= 1024
