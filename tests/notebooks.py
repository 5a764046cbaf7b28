"""Notebooks for tests: built here from seeded noise, small, with plots, and large.

A notebook is built as nbformat holds it in memory. `file_of` writes it as Jupyter would, independently of the code
under test, so that the two can be compared.
"""

import copy
import json
from base64 import b64encode
from random import Random
from typing import Any

Notebook = dict[str, Any]

_TEXT = (
    "load the table of stars and drop rows without parallax then fit model to residuals with wide prior plot chain "
    "check convergence import numpy as np return mean over axis def estimate for each sample in range print shape"
)
WORDS = _TEXT.split()

PLOT_BYTES = 20_000
"""Of a plot before base64: enough for it to be stored on its own."""


def notebook(*cells: Any, **metadata: Any) -> Notebook:
    """A notebook of nbformat 4.5 with these cells."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": list(cells),
        "metadata": {"kernelspec": kernel, **metadata},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def code(source: str, *outputs: Any, cell_id: str = "c0", count: int | None = None) -> Any:
    """A code cell."""
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": cell_id,
        "metadata": {},
        "outputs": list(outputs),
        "source": source,
    }


def markdown(source: str, cell_id: str = "m0") -> Any:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def stream(text: str) -> Any:
    """What a cell printed."""
    return {"name": "stdout", "output_type": "stream", "text": text}


def plot(random: Random, size: int = PLOT_BYTES) -> Any:
    """An image of `size` bytes of noise."""
    image = b64encode(b"\x89PNG\r\n\x1a\n" + random.randbytes(size)).decode()
    return {"data": {"image/png": image, "text/plain": "<Figure>"}, "metadata": {}, "output_type": "display_data"}


def text(random: Random, lines: int = 3) -> str:
    """Lines of words."""
    return "\n".join(" ".join(random.choices(WORDS, k=random.randint(1, 9))) for _ in range(lines))


def small(seed: int = 0, cells: int = 4) -> Notebook:
    """A notebook of a few kilobytes, another for each seed."""
    random = Random(seed)
    body = [
        code(text(random), stream(text(random) + "\n"), cell_id=f"c{number}", count=number) for number in range(cells)
    ]
    return notebook(markdown(f"# Notebook {seed}"), *body)


def with_plots(seed: int = 0, plots: int = 2) -> Notebook:
    """A small notebook whose last cells draw."""
    random = Random(seed)
    made = small(seed)
    for number in range(plots):
        made["cells"].append(code(text(random, 1), plot(random), cell_id=f"p{number}", count=number))
    return made


def large(seed: int = 0, megabytes: int = 4) -> Notebook:
    """A notebook of that many megabytes, most of it one table of text and one image, half each."""
    random = Random(seed)
    table = " ".join(f"{random.random():.16f}" for _ in range(megabytes * 500_000 // 19))
    picture = plot(random, megabytes * 375_000)
    return notebook(code("table", stream(table + "\n")), code("picture", picture, cell_id="c1"))


def edited(source: Notebook, random: Random) -> Notebook:
    """A copy with one change that a person could have made: to a line, a cell, an output, a plot or the metadata."""
    made = copy.deepcopy(source)
    cells: list[Any] = made["cells"]
    chosen = random.choice(cells)
    match random.choice(("line", "line", "line", "run", "run", "insert", "delete", "move", "plot", "metadata")):
        case "run" if chosen["cell_type"] == "code":
            chosen["execution_count"] = (chosen["execution_count"] or 0) + 1
            chosen["outputs"] = [stream(text(random) + "\n")]
        case "insert":
            cells.insert(random.randint(0, len(cells)), code(text(random), cell_id=f"i{random.getrandbits(30):x}"))
        case "delete" if len(cells) > 1:
            cells.remove(chosen)
        case "move":
            cells.insert(random.randint(0, len(cells) - 1), cells.pop())
        case "plot" if chosen["cell_type"] == "code":
            chosen["outputs"] = [plot(random)]
        case "metadata":
            made["metadata"]["note"] = text(random, 1)
        case _:
            lines = chosen["source"].split("\n")
            lines[random.randrange(len(lines))] = text(random, 1)
            chosen["source"] = "\n".join(lines)
    return made


def file_of(
    source: Notebook, *, indent: int | None = 1, ascii_only: bool = False, newline: bool = True, ordered: bool = True
) -> bytes:
    """The file of a notebook: as Jupyter writes it, or as another program might."""
    split = copy.deepcopy(source)
    for cell in split["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        for output in cell.get("outputs", ()):
            if "text" in output:
                output["text"] = output["text"].splitlines(keepends=True)
            for kind, value in output.get("data", {}).items():
                if kind.startswith("text/"):
                    output["data"][kind] = value.splitlines(keepends=True)
    data = json.dumps(
        split,
        indent=indent,
        ensure_ascii=ascii_only,
        sort_keys=ordered,
        separators=(",", ":") if indent is None else (",", ": "),
    )
    return data.encode() + (b"\n" if newline else b"")
