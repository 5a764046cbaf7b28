"""Notebooks of a given size, the same ones each time: text, printed output, and an image in each tenth cell."""

import base64
import json
import random
from collections.abc import Iterator
from typing import Any

_CELL_LINES = 12
_PRINTED_LINES = 50
_IMAGE_BYTES = 24_000


def notebook(size: int, seed: int = 1) -> dict[str, Any]:
    """A notebook whose file has about `size` bytes."""
    chance = random.Random(seed)  # noqa: S311 - the same notebook each time
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(3000)]

    def text(lines: int) -> str:
        return "".join(" ".join(chance.choices(words, k=9)) + "\n" for _ in range(lines))

    cells: list[dict[str, Any]] = []
    made = 0
    while made < size:
        number = len(cells)
        outputs: list[dict[str, Any]] = [
            {"name": "stdout", "output_type": "stream", "text": text(min(_PRINTED_LINES, max(1, (size - made) // 80)))}
        ]
        if number % 10 == 9:
            image = base64.b64encode(chance.randbytes(_IMAGE_BYTES)).decode() + "\n"
            data = {"image/png": image, "text/plain": "<Figure size 640x480>"}
            outputs.append({"data": data, "metadata": {}, "output_type": "display_data"})
        cell = {
            "cell_type": "code",
            "execution_count": number + 1,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": outputs,
            "source": text(_CELL_LINES),
        }
        cells.append(cell)
        made += len(_file(cell))
    return {
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def versions(size: int, seed: int = 1) -> Iterator[bytes]:
    """Files of one notebook, a line being added to another cell each time."""
    current = notebook(size, seed)
    number = 0
    while True:
        yield _file(current)
        cell = current["cells"][number % len(current["cells"])]
        cell["source"] += f"x = {seed * 1_000_000 + number}\n"
        number += 1


def _file(value: Any) -> bytes:
    from depository.notebook import canonical, render

    return render.render(canonical.ordered(value))


def tiny(number: int, seed: int = 0) -> bytes:
    """A notebook of one cell, another one for each number and seed."""
    cell = {
        "cell_type": "code",
        "execution_count": number,
        "id": f"cell-{seed}",
        "metadata": {},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": [f"{number * number}\n"]}],
        "source": [f"n = {number}\n", f"print(n * n)  # {seed}"],
    }
    value = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"
