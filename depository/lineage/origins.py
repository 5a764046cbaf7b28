"""Where a cell may have been before it came into a notebook."""

from typing import NamedTuple, Protocol

from depository.diff.pairing import sort_of_cell
from depository.errors import CorruptData, InvalidContent
from depository.lineage.following import lines_of, says_enough
from depository.lineage.past import Made, Past, State, Trail
from depository.notebook.cells import Cell


class Origin(NamedTuple):
    """A version that holds a cell."""

    path: str
    number: int
    """Of the version."""


class Origins(Protocol):
    """Knows which versions hold a cell. What it says is looked at, and not believed."""

    def earlier(self, kind: str, source: str, before: int, path: str) -> Origin | None:
        """The earliest version, of whatever notebook, that has a cell of this kind and source.

        Args:
            kind: such as ``code`` or ``markdown``.
            source: word for word.
            before: milliseconds since the epoch; only older versions count.
            path: the notebook in which the cell's trail ends. An older version of itself may be the answer too: the
                cell was taken out then, and put back.

        Returns:
            None where there is none.
        """


def origin_of(origins: Origins | None, cell: Cell, made: Made) -> Origin | None:
    """Where a cell may have been before the version in which its trail ends; None for what many would write."""
    if origins is None or not says_enough(cell.source):
        return None
    return origins.earlier(cell.kind, cell.source, made.entry.time, made.manifest.path)


def arrive(past: Past, origin: Origin) -> Trail | None:
    """The version where a trail may go on, and those before it; None where it cannot be read, which is told."""
    try:
        manifest = past.manifest(origin.path)
        if manifest is None or not 1 <= origin.number <= manifest.latest:
            return None
        return past.trail(manifest, origin.number)
    except (CorruptData, InvalidContent) as error:
        past.note(f"The trail of a cell to v{origin.number} of '{origin.path}' is lost: {error}")
        return None


def same_cell(state: State, cell: Cell, before: int) -> int | None:
    """The index of the cell of a state that says the same, if the state is older than a time."""
    if state.made.time >= before:  # or trails could go in a circle
        return None
    return next((one.index for one in state.cells if _content(one) == _content(cell)), None)


def _content(cell: Cell) -> tuple[str, list[str]]:
    return sort_of_cell(cell), lines_of(cell.source)
