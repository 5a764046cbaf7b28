"""Which version made each cell what it is, and brought each of its lines.

The versions are gone through from the newest to the oldest. A cell is settled by the version that changed its kind,
its source or its attachments last, a line by the one that brought it; lines stay what they are in a cell that moves,
is split, merged, copied, gets another id or becomes Markdown. When all is settled nothing more is read.
"""

from collections import defaultdict
from typing import NamedTuple

from depository.diff.sequences import Effort
from depository.lineage.following import follow, kept_lines, lines_of
from depository.lineage.origins import Origin, Origins, arrive, origin_of, same_cell
from depository.lineage.past import Made, Past, State, Trail
from depository.notebook.cells import Cell


class Blamed(NamedTuple):
    """A cell and where it comes from."""

    cell: Cell
    made: Made
    """The version that made it what it is."""
    lines: tuple[tuple[str, Made], ...]
    """Each line, and the version that brought it; empty unless asked for."""


class _Open(NamedTuple):
    """What is not settled yet of what stands in one cell."""

    cells: list[int]
    """Cells of the version that is asked about, by index."""
    lines: list[tuple[int, int, int]]
    """Lines of it, as cell, line, and the line here."""


class _Ended(NamedTuple):
    """A trail that ends in one notebook, and may go on in another."""

    cell: Cell
    made: Made
    open: _Open


def blame(
    past: Past,
    trail: Trail,
    *,
    chosen: int | None = None,
    lines: bool = False,
    origins: Origins | None = None,
) -> list[Blamed]:
    """Find where the cells of a version come from.

    Args:
        past: reads the states of notebooks, without outputs.
        trail: the notebook from that version on.
        chosen: the index of the one cell that is asked about; all, if None.
        lines: whether to find where each line comes from too.
        origins: finds the notebook that a cell was copied from; None to stay within this one.
    """
    cells = trail.first.cells
    wanted = cells if chosen is None else cells[chosen : chosen + 1]
    search = _Search(past, origins)
    search.run(trail, {cell.index: _open(cell, lines=lines) for cell in wanted})
    search.go_on_elsewhere()
    return [
        Blamed(
            cell,
            search.cells[cell.index],
            tuple((text, search.lines[cell.index, line]) for line, text in enumerate(lines_of(cell.source)))
            if lines
            else (),
        )
        for cell in wanted
    ]


def _open(cell: Cell, *, lines: bool) -> _Open:
    count = len(lines_of(cell.source)) if lines else 0
    return _Open([cell.index], [(cell.index, line, line) for line in range(count)])


class _Search:
    def __init__(self, past: Past, origins: Origins | None) -> None:
        self.cells: dict[int, Made] = {}
        self.lines: dict[tuple[int, int], Made] = {}
        self._past = past
        self._origins = origins
        self._ended: list[_Ended] = []

    def run(self, trail: Trail, found: dict[int, _Open]) -> None:
        """Settle what is open of the cells of its first state, by index, as far as the history of a notebook goes."""
        newer = trail.first
        while found and (older := next(trail.older, None)):
            found = self._step(newer, older, found)
            newer = older
        for index, one in found.items():
            self._end(newer, newer.cells[index], one)

    def _step(self, newer: State, older: State, found: dict[int, _Open]) -> dict[int, _Open]:
        effort = Effort()
        parents = follow(older.cells, newer.cells, effort)
        made = newer.version
        passed: defaultdict[int, _Open] = defaultdict(lambda: _Open([], []))
        for index, one in found.items():
            how, cells = parents[index]
            if how in {"same", "copied"}:
                passed[cells[0]].cells.extend(one.cells)
                passed[cells[0]].lines.extend(one.lines)
                continue
            if not cells:
                self._end(newer, newer.cells[index], one)
                continue
            self._settle_cells(made, one.cells)
            # of merged cells the lines stand one after the other
            places = [(cell, line) for cell in sorted(cells) for line in range(len(lines_of(older.cells[cell].source)))]
            texts = [text for cell in sorted(cells) for text in lines_of(older.cells[cell].source)]
            kept = kept_lines(texts, lines_of(newer.cells[index].source), effort) if one.lines else {}
            for cell, line, here in one.lines:
                if here in kept:
                    source, row = places[kept[here]]
                    passed[source].lines.append((cell, line, row))
                else:
                    self.lines[cell, line] = made
        return passed

    def _settle_cells(self, made: Made, cells: list[int]) -> None:
        self.cells.update(dict.fromkeys(cells, made))

    def _settle(self, made: Made, one: _Open) -> None:
        self._settle_cells(made, one.cells)
        self.lines.update({(cell, line): made for cell, line, _ in one.lines})

    # Copies

    def _end(self, state: State, cell: Cell, one: _Open) -> None:
        self._ended.append(_Ended(cell, state.version, one))

    def go_on_elsewhere(self) -> None:
        """Follow the trails that ended to the notebooks that had the same cell before."""
        while ended_here := self._ended:
            self._ended = []
            places: defaultdict[Origin, list[_Ended]] = defaultdict(list)
            for ended in ended_here:
                origin = origin_of(self._origins, ended.cell, ended.made)
                if origin is None:
                    self._settle(ended.made, ended.open)
                else:
                    places[origin].append(ended)
            for origin, arriving in places.items():
                self._arrive(origin, arriving)

    def _arrive(self, origin: Origin, arriving: list[_Ended]) -> None:
        trail = arrive(self._past, origin)
        found: dict[int, _Open] = {}
        for ended in arriving:
            index = same_cell(trail.first, ended.cell, ended.made.entry.time) if trail else None
            if index is None:
                self._settle(ended.made, ended.open)
                continue
            one = found.setdefault(index, _Open([], []))
            one.cells.extend(ended.open.cells)
            one.lines.extend(ended.open.lines)
        if trail:
            self.run(trail, found)
