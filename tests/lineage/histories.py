"""Histories of edits whose truth is known: who made each cell, and who brought each line."""

import itertools
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.notebooks import code, notebook, stream

_WORDS = itertools.count()


def line() -> str:
    """A line of code of words that no other line has."""
    first, second, third = (f"word{next(_WORDS)}" for _ in range(3))
    return f"{first} = {second}({third})"


@dataclass(frozen=True)
class Cell:
    """A cell with its truth."""

    key: int
    """The same through all that happens to it."""
    id: str
    lines: tuple[tuple[str, int], ...]
    """Each with the version that brought it."""
    made: int
    """The version that made it what it is."""
    ran: int = 0

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.lines]


@dataclass
class Author:
    """Edits a notebook, one step a version."""

    random: Random
    version: int = 1
    cells: list[Cell] = field(default_factory=list)
    before: list[list[Cell]] = field(default_factory=list)
    _keys: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.cells = [self.new_cell() for _ in range(3)]

    def notebook(self) -> dict[str, Any]:
        """What the file holds now."""
        return notebook(
            *(
                code("\n".join(cell.texts), stream(f"{cell.ran}\n"), cell_id=cell.id, count=cell.ran)
                for cell in self.cells
            )
        )

    def new_cell(self) -> Cell:
        """A cell that nobody has seen."""
        lines = tuple((line(), self.version) for _ in range(self.random.randint(4, 7)))
        key = next(self._keys)
        return Cell(key, f"cell-{key}", lines, self.version)

    def step(self, edit: str) -> None:
        """Make one edit, which is a new version."""
        self.before.append(list(self.cells))
        self.version += 1
        place = self.random.randrange(len(self.cells))
        cell = self.cells[place]
        match edit:
            case "edit":
                self.cells[place] = self._edited(cell)
            case "move":
                self.cells.insert(self.random.randrange(len(self.cells)), self.cells.pop(place))
            case "insert":
                self.cells.insert(place, self.new_cell())
            case "delete" if len(self.cells) > 1:
                del self.cells[place]
            case "duplicate":
                key = next(self._keys)
                self.cells.insert(place + 1, replace(cell, key=key, id=f"cell-{key}"))
            case "id":
                self.cells[place] = replace(cell, id=f"cell-{cell.key}-{self.version}")
            case "split" if len(cell.lines) >= 8:
                self._split(place)
            case "merge" if place + 1 < len(self.cells):
                self._merge(place)
            case "undo":
                self.cells = self._again(self.before[-self.random.randint(1, min(2, len(self.before)))])
            case _:
                self.cells = [replace(one, ran=self.version) for one in self.cells]

    def _edited(self, cell: Cell) -> Cell:
        lines = list(cell.lines)
        place = self.random.randrange(len(lines))
        edit: str = self.random.choice(["replace", "insert", "delete"] if len(lines) > 4 else ["replace", "insert"])
        match edit:
            case "replace":
                lines[place] = (line(), self.version)
            case "insert":
                lines.insert(place, (line(), self.version))
            case _:
                del lines[place]
        return replace(cell, lines=tuple(lines), made=self.version)

    def _split(self, place: int) -> None:
        cell = self.cells[place]
        key = next(self._keys)
        # the larger part is the one that goes on as the cell itself
        self.cells[place : place + 1] = [
            replace(cell, lines=cell.lines[:-4], made=self.version),
            Cell(key, f"cell-{key}", cell.lines[-4:], self.version),
        ]

    def _merge(self, place: int) -> None:
        first, second = self.cells[place : place + 2]
        if not set(first.texts) & set(second.texts):
            merged = replace(first, lines=first.lines + second.lines, made=self.version)
            self.cells[place : place + 2] = [merged]

    def _again(self, old: list[Cell]) -> list[Cell]:
        """What was there before, written anew where it is not there now."""
        now = {cell.key: cell for cell in self.cells}
        same = {tuple(cell.texts): cell for cell in reversed(self.cells)}
        return [self._written(cell, now.get(cell.key) or same.get(tuple(cell.texts))) for cell in old]

    def _written(self, cell: Cell, there: Cell | None) -> Cell:
        known = dict(there.lines) if there else {}
        lines = tuple((text, known.get(text, self.version)) for text in cell.texts)
        is_same = there is not None and there.texts == cell.texts
        return replace(cell, lines=lines, made=there.made if there and is_same else self.version)
