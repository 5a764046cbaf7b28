"""Notebooks that carry numbers, and a record of which of them were saved, to hold against the archive."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from depository import Depository
from tests.notebooks import code, notebook, stream, text

IMAGE_BYTES = 150_000
"""Of each image in a large notebook, before base64."""


def sized(size: int, seed: int = 0) -> Any:
    """A notebook whose file has about that many bytes: text that cells printed, and from 1 MB on images for half."""
    random = Random(seed)
    cells = []
    images = size // 2 // (IMAGE_BYTES * 4 // 3) if size >= 1_000_000 else 0
    for number in range(images):
        picture = b64encode(random.randbytes(IMAGE_BYTES)).decode() + "\n"
        shown = {
            "data": {"image/png": picture, "text/plain": "<Figure>"},
            "metadata": {},
            "output_type": "display_data",
        }
        cells.append(code(text(random), shown, cell_id=f"i{number}", count=number))
    left = size - images * IMAGE_BYTES * 4 // 3
    lines = 20 if images == 0 else 400
    while left > 0:
        made = code(text(random), stream(text(random, lines) + "\n"), cell_id=f"t{len(cells)}", count=len(cells))
        cells.append(made)
        left -= len(made["source"]) + len(made["outputs"][0]["text"]) + 11 * lines + 370
    return notebook(code("", cell_id="mark"), *cells)


def mark(made: Any, number: int) -> Any:
    """The same notebook, changed in place to carry a number."""
    made["cells"][0]["source"] = f"mark = {number}"
    return made


def mark_of(made: Mapping[str, Any]) -> int:
    """The number that a notebook carries."""
    return int("".join(made["cells"][0]["source"]).removeprefix("mark = "))


class Ledger:
    """What was saved under each path, with growing numbers, and what of it was acknowledged."""

    def __init__(self) -> None:
        self.issued: dict[str, list[int]] = defaultdict(list)
        self.acknowledged: dict[str, list[int]] = defaultdict(list)
        self._last = 0

    def issue(self, path: str) -> int:
        """A number for the next save of a path."""
        self._last += 1
        self.issued[path].append(self._last)
        return self._last

    def acknowledge(self, path: str, number: int) -> None:
        self.acknowledged[path].append(number)

    @property
    def saves(self) -> int:
        """How many were acknowledged."""
        return sum(map(len, self.acknowledged.values()))

    def complaints(self, depository: Depository, archived_path: Callable[[str], str]) -> list[str]:
        """What is wrong with the archive: saves that are missing, there twice, in another order, or never made."""
        found = []
        for path, issued in self.issued.items():
            place = archived_path(path)
            wanted = self.acknowledged[path]
            is_there = bool(wanted) or any(True for _ in depository.ls(place))
            numbers = [version.number for version in depository.log(place)] if is_there else []
            marks = [mark_of(depository.load(place, f"v{number}")) for number in reversed(numbers)]
            if missing := set(wanted) - set(marks):
                found.append(f"{path}: {len(missing)} of {len(wanted)} saves are missing: {sorted(missing)[:10]}")
            if strange := set(marks) - set(issued):
                found.append(f"{path}: nobody saved {sorted(strange)[:10]}")
            if len(set(marks)) < len(marks):
                found.append(f"{path}: there twice: {sorted(one for one in set(marks) if marks.count(one) > 1)[:10]}")
            if marks != sorted(marks):
                found.append(f"{path}: in another order: {marks[:200]}")
        return found
