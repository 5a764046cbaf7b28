"""What a save of a notebook costs in CPU, a cell having changed, and what its parts cost by themselves."""

import argparse
import base64
import json
import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from depository import Depository
from depository.backends.memory import MemoryBackend
from depository.notebook import canonical, content, lines, render, skeleton
from depository.objects import frame

PATH = "kylek/notebooks/mine.ipynb"


def notebook(seed: int, cells: int = 80) -> dict[str, Any]:
    """A notebook of about 1 MB: text, printed output, and an image in each fifth cell."""
    chance = random.Random(seed)  # noqa: S311 - the same notebook each time
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(3000)]

    def text(count: int) -> str:
        return "".join(" ".join(chance.choices(words, k=9)) + "\n" for _ in range(count))

    def outputs(number: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"name": "stdout", "output_type": "stream", "text": text(60)}]
        if number % 5 == 0:
            image = base64.b64encode(chance.randbytes(24_000)).decode() + "\n"
            data = {"image/png": image, "text/plain": "<Figure size 640x480>"}
            found.append({"data": data, "metadata": {}, "output_type": "display_data"})
        return found

    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": number,
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": outputs(number),
                "source": text(20),
            }
            for number in range(cells)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def versions(count: int, cells: int) -> list[bytes]:
    """Files of one notebook, a line being added to another cell each time."""
    current = notebook(1, cells)
    files = []
    for number in range(count):
        current["cells"][number % len(current["cells"])]["source"] += f"x = {number}\n"
        files.append(render.render(canonical.ordered(current)))
    return files


def milliseconds(call: Callable[[], object], times: int = 9) -> float:
    """The median CPU time of a call."""
    found = []
    for _ in range(times):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return statistics.median(found) * 1000


def parts(before: bytes, after: bytes) -> dict[str, float]:
    """The CPU time of each part of a save by itself, in milliseconds."""
    parsed = json.loads(after)
    made = content.from_file(after)
    apart = skeleton.take_apart(made.value, made.canonical)
    older = content.from_file(before)
    base = skeleton.take_apart(older.value, older.canonical).data
    delta = frame.encode_delta(frame.Kind.NOTEBOOK, apart.data, tuple(apart.outputs), made.hash, base)
    outputs = {digest: output.data for digest, output in apart.outputs.items()}
    return {
        "parse the JSON": milliseconds(lambda: json.loads(after)),
        "join lines, order keys": milliseconds(lambda: canonical.ordered(lines.join(parsed))),
        "encode canonically": milliseconds(lambda: canonical.encode(made.value)),
        "hash": milliseconds(lambda: canonical.hash_canonical(made.canonical)),
        "render, to compare with the file": milliseconds(lambda: render.render(made.value)),
        "take large values out": milliseconds(lambda: skeleton.take_apart(made.value, made.canonical)),
        "compress the delta": milliseconds(
            lambda: frame.encode_delta(frame.Kind.NOTEBOOK, apart.data, (), made.hash, base)
        ),
        "decode it, to check": milliseconds(lambda: delta.decode(base)),
        "put it together and hash, to check": milliseconds(lambda: content.from_skeleton(apart.data, outputs)),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/savecost", description=__doc__)
    parser.add_argument("--saves", type=int, default=40)
    parser.add_argument("--cells", type=int, default=80, help="80 are 1 MB")
    options = parser.parse_args()
    files = versions(options.saves, options.cells)
    depository = Depository.adopt(MemoryBackend())
    depository.save(PATH, files[0])
    each = [milliseconds(partial(depository.save, PATH, file), times=1) for file in files[1:]]
    print(f"a save of {len(files[-1]):,} bytes: {statistics.median(each):.1f} ms of CPU (median of {len(each)})\n")
    print("| part | ms of CPU |\n| --- | ---: |")
    for name, cost in parts(files[-2], files[-1]).items():
        print(f"| {name} | {cost:.1f} |")


if __name__ == "__main__":
    main()
