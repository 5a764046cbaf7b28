"""Notebooks to be shown, and lines as they are shown."""

import base64
import struct
import unicodedata
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from depository.notebook.text import Line

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + bytes(23_500)
GIF = b"GIF89a" + struct.pack("<HH", 320, 200) + bytes(10)
JPEG = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xc0\x00\x11\x08" + struct.pack(">HH", 30, 50) + bytes(10)


def code(source: str = "", *outputs: Any, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs), **fields}


def notebook(*found: Any, **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(found)}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def display(data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def shown(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines)


def texts(lines: Iterable[Line], *roles: str) -> list[str]:
    return [line.text for line in lines if line.role in roles]


def marked(lines: Iterable[Line]) -> list[str]:
    """What stands out within its line, with ``-`` or ``+`` before it."""
    return [run.tag + run.text for line in lines for run in line.runs if run.marked]


HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\x9b\u202e\x00\ud800\n"


def assert_harmless(lines: Iterable[Line]) -> None:
    for line in lines:
        assert not [char for char in line.text if unicodedata.category(char) in ("Cc", "Cs") and char != "\t"]
        assert "\u202e" not in line.text
        assert not line.runs or "".join(run.text for run in line.runs) == line.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "cell_type", "source", "outputs", "output_type", "data", "text", "id", "attachments", "name"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)
any_notebooks = json_values | st.builds(lambda found: notebook(*found), st.lists(json_values, max_size=4))
