"""Notebooks to compare, written briefly, and any that there may be."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from depository.diff.compare import NotebookDiff

SETUP = "import numpy as np\nimport pandas as pd\n\nframe = pd.read_csv('measured.csv')"
MODEL = "model = fit(frame, order=3)\nprint(model.summary())\nmodel.save('model.bin')"
PLOT = "axes = frame.plot(x='time', y='pressure')\naxes.set_title('Pressure')\naxes.figure.savefig('p.png')"


def code(source: str, name: str | None = None, *outputs: Any, **fields: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs), **fields}
    return {**cell, "id": name} if name else cell


def markdown(source: str, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}, **fields}


def notebook(*found: Any, metadata: Any = None) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": list(found)}


def of_sources(sources: Iterable[str]) -> dict[str, Any]:
    return notebook(*(code(source) for source in sources))


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def display(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def places(found: NotebookDiff) -> list[tuple[str, int | None, int | None]]:
    return [
        (change.status, change.old.index if change.old else None, change.new.index if change.new else None)
        for change in found.changes
    ]


some_cells = st.builds(
    code,
    st.sampled_from(["", "a", "b", "a b c d e f", "a b c d e g", "a b c d h g", "a c b"]),
    st.sampled_from([None, "1", "2", "3", "4"]),
    st.sampled_from([stream("1"), stream("2"), display(**{"text/plain": "1"}), None]),
    cell_type=st.sampled_from(["code", "code", "markdown"]),
)
some_notebooks = st.builds(lambda found: notebook(*found), st.lists(some_cells, max_size=12))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "worksheets", "cell_type", "source", "outputs", "output_type", "data", "id"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)
any_notebooks = some_notebooks | st.builds(lambda found: notebook(*found), st.lists(anything, max_size=5)) | anything
