"""Pairs of notebooks that ask much of a comparison, each compared and shown in a process of its own."""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from depository.diff.compare import diff
from depository.diff.rendering import render_diff
from depository.diff.sequences import Effort

Notebook = dict[str, Any]

CELLS = 5_000
CHARACTERS = 5_000_000
COMMON = "import numpy as np\nfor step in range(10):\n    print(np.sin(step), 'value')\n"


def notebook(*sources: str, outputs: Callable[[], list[Any]] = list, ids: bool = False) -> Notebook:
    """A notebook of code cells."""
    found: list[Notebook] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": outputs(),
            "source": source,
            **({"id": f"cell-{place}"} if ids else {}),
        }
        for place, source in enumerate(sources)
    ]
    return {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def stream(text: str) -> Notebook:
    """An output."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def display(mime: str, value: Any) -> Notebook:
    """Another."""
    return {"output_type": "display_data", "metadata": {}, "data": {mime: value}}


def nested(depth: int, inner: Any) -> Any:
    """JSON in JSON."""
    for _ in range(depth):
        inner = {"a": [inner]}
    return inner


def _numbers(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - no secrets
    return [str(chance.randrange(10**9)) for _ in range(count)]


def _few(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - no secrets
    return [chance.choice("ab") for _ in range(count)]


def _one_character(letter: str) -> Notebook:
    return notebook(*("a" * place + letter + "a" * (CELLS - place) for place in range(CELLS)))


def _in_pieces(source: str, size: int) -> list[str]:
    found = source.split("\n")
    return ["\n".join(found[k : k + size]) for k in range(0, len(found), size)]


_ALIKE = [f"{COMMON}x = {place}" for place in range(CELLS)]
_LONG_TEXT = "\n".join(f"{word} = load({word[::-1]})" for word in _numbers(3, 4_000))

PAIRS: Mapping[str, Callable[[], tuple[Notebook, Notebook]]] = {
    "5,000 cells alike but for one character": lambda: (_one_character("b"), _one_character("c")),
    "5,000 cells alike but for one word": lambda: (
        notebook(*_ALIKE),
        notebook(*(f"{COMMON}y = {number}" for number in _numbers(1, CELLS))),
    ),
    "5,000 equal cells, all changed": lambda: (notebook(*[COMMON] * CELLS), notebook(*[COMMON + "x"] * CELLS)),
    "5,000 cells reversed": lambda: (notebook(*_ALIKE), notebook(*_ALIKE[::-1])),
    "5,000 cells reversed and changed": lambda: (notebook(*_ALIKE), notebook(*(text + "!" for text in _ALIKE[::-1]))),
    "5,000 cells with ids, reversed": lambda: (
        notebook(*_ALIKE, ids=True),
        {**notebook(), "cells": notebook(*_ALIKE, ids=True)["cells"][::-1]},
    ),
    "one cell split into 2,000": lambda: (notebook(_LONG_TEXT), notebook(*_in_pieces(_LONG_TEXT, 2))),
    "1,000 cells merged into 500": lambda: (
        notebook(*_in_pieces(_LONG_TEXT, 4)),
        notebook(*(text + "#" for text in _in_pieces(_LONG_TEXT, 8))),
    ),
    "5 MB on one line, the middle differs": lambda: (
        notebook("x" * (CHARACTERS // 2) + "A" + "y" * (CHARACTERS // 2)),
        notebook("x" * (CHARACTERS // 2) + "B" + "y" * (CHARACTERS // 2)),
    ),
    "5 MB on one line, all differs": lambda: (
        notebook(" ".join(_numbers(1, CHARACTERS // 10))),
        notebook(" ".join(_numbers(2, CHARACTERS // 10))),
    ),
    "700,000 lines of one cell reversed": lambda: (
        notebook("\n".join(map(str, range(700_000)))),
        notebook("\n".join(map(str, range(700_000, 0, -1)))),
    ),
    "50,000 equal lines, all changed": lambda: (
        notebook("\n".join(["value = compute(1)"] * 50_000)),
        notebook("\n".join(["value = compute(2)"] * 50_000)),
    ),
    "2,500,000 lines of two sorts": lambda: (
        notebook("\n".join(_few(1, CHARACTERS // 2)), ids=True),
        notebook("\n".join(_few(2, CHARACTERS // 2)), ids=True),
    ),
    "200,000 outputs in a cell": lambda: (
        notebook("x", outputs=lambda: [display("text/plain", text) for text in _numbers(1, 200_000)]),
        notebook("x", outputs=lambda: [display("text/plain", text) for text in _numbers(2, 200_000)]),
    ),
    "200,000 pieces of a stream": lambda: (
        notebook("x", outputs=lambda: [stream(text + "\n") for text in _numbers(1, 200_000)]),
        notebook("x", outputs=lambda: [stream(text + "\n") for text in _numbers(2, 200_000)]),
    ),
    "5,000 cells with 200 lines of output": lambda: (
        notebook(*_ALIKE, ids=True, outputs=lambda: [stream("\n".join(_few(1, 200)))]),
        notebook(*_ALIKE, ids=True, outputs=lambda: [stream("\n".join(_few(2, 200)))]),
    ),
    "JSON 200 deep, 20,000 wide": lambda: (
        notebook("x", outputs=lambda: [display("application/json", nested(100, list(range(20_000))))]),
        notebook("x", outputs=lambda: [display("application/json", nested(100, list(range(20_000, 0, -1))))]),
    ),
    "JSON 900 deep": lambda: (
        notebook("x", outputs=lambda: [display("application/json", nested(450, 1))]),
        notebook("x", outputs=lambda: [display("application/json", nested(450, 2))]),
    ),
}


def measure(name: str) -> dict[str, Any]:
    """Compare one pair and show all of it: CPU seconds, peak memory in bytes."""
    old, new = PAIRS[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    effort = Effort()
    begin = time.process_time()
    found = diff(old, new, effort=effort)
    compared = time.process_time()
    shown = sum(1 for _ in render_diff(found))
    return {
        "compare": compared - begin,
        "render": time.process_time() - compared,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "memory_before": before * 1024,
        "effort": effort.spent,
        "lines": shown,
        "counts": found.counts._asdict(),
    }


def report() -> Iterator[str]:
    """A line for each pair."""
    yield f"{'':40} {'compare':>9} {'render':>9} {'peak':>9} {'of it the pair':>15}"
    for name in PAIRS:
        done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{name:40} FAILED {done.stderr.strip().splitlines()[-1:]}"
            continue
        found = json.loads(done.stdout)
        counts = ", ".join(f"{count:,} {status}" for status, count in found["counts"].items() if count)
        yield (
            f"{name:40} {found['compare']:>7.2f} s {found['render']:>7.2f} s {found['memory'] / 2**20:>5.0f} MiB"
            f" {found['memory_before'] / 2**20:>11.0f} MiB  {counts}"
        )


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
