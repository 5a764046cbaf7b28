"""A whole depository of format 1, as it was once written: ``python -m tests.golden.depository`` made it.

It is never made again: what it holds must read for ever.
"""

import base64
import itertools
import json
from random import Random
from typing import Any

from blake3 import blake3

from depository.backends.memory import MemoryBackend
from depository.depository import Depository
from tests import golden

NAME = "depository-1"
LIMIT = 1 << 24


def notebook(number: int) -> dict[str, Any]:
    """With an image from v90 on, and a large one that stays."""
    outputs: list[Any] = [{"name": "stdout", "output_type": "stream", "text": [f"{number}\n"]}]
    if number >= 90:
        image = base64.b64encode(Random(1).randbytes(16_384)).decode()
        outputs.append({"data": {"image/png": image}, "metadata": {}, "output_type": "display_data"})
    source = [f"x = {number // 3}\n", "print(x)"]
    cell = {"cell_type": "code", "execution_count": number, "metadata": {}, "outputs": outputs, "source": source}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def file_of(number: int) -> bytes:
    """As Jupyter writes it; but v2 by 2 spaces, v3 escaped, v4 open, v5 with a small patch, v6 a large one, v7 raw."""
    made = notebook(number)
    match number:
        case 2:
            text = json.dumps(made, indent=2, sort_keys=True) + "\n"
        case 3:
            made["metadata"]["title"] = "Größe"
            text = json.dumps(made, indent=1, sort_keys=True) + "\n"
        case 4:
            text = json.dumps(made, indent=1, sort_keys=True)
        case 5:
            text = json.dumps(made, indent=1, sort_keys=True) + "\n\n"
        case 6:
            made["metadata"] = {f"{key:x}": key for key in range(60, 0, -1)}
            text = json.dumps(made)
        case 7:
            text = "<<<<<<< conflict"
        case _:
            text = json.dumps(made, indent=1, sort_keys=True) + "\n"
    return text.encode()


def make() -> dict[str, Any]:
    """A depository with a history of 170 versions, a renamed and a deleted notebook, refs, tags and events."""
    backend = MemoryBackend()
    ticks = itertools.count(1_800_000_000)
    draws = itertools.count(1)
    Depository.adopt(backend)
    depo = Depository(
        backend, author="kylek", clock=lambda: next(ticks), sleep=lambda _: None, token=lambda: next(draws).to_bytes(8)
    )
    files: dict[str, list[str]] = {"team/long.ipynb": [], "team/new.ipynb": [], "team/gone.ipynb": []}
    for number in range(1, 171):
        depo.save("team/long.ipynb", file_of(number), message=f"step {number}")
        files["team/long.ipynb"].append(blake3(file_of(number)).hexdigest())
    for number in range(1, 4):
        for path in ("team/old.ipynb", "team/gone.ipynb"):
            depo.save(path, file_of(number))
        files["team/new.ipynb"].append(blake3(file_of(number)).hexdigest())
        files["team/gone.ipynb"].append(blake3(file_of(number)).hexdigest())
    depo.promote("team/long.ipynb", "v160", "published", message="for the review")
    depo.tag("team/long.ipynb", "v3", "submitted")
    depo.rename("team/old.ipynb", "team/new.ipynb")
    depo.delete("team/gone.ipynb")
    stored = {item.key: backend.get(item.key, limit=LIMIT).data.hex() for item in backend.list("")}
    return {"stored": stored, "files": files}


if __name__ == "__main__":
    golden.store(NAME, [make()])
