"""Which cell is meant by a number or an id."""

from collections.abc import Sequence

from depository.errors import Ambiguous, NotFound
from depository.notebook.cells import Cell

_SHOWN = 5


def choose(cells: Sequence[Cell], wanted: int | str, name: str) -> int:
    """The index of the cell that is meant.

    Args:
        cells: of a version.
        wanted: a cell's number, from 1; or its id, or the start of that if no other id starts so.
        name: of the version, for the errors.

    Raises:
        NotFound: there is no such cell.
        Ambiguous: several ids start so.
    """
    text = str(wanted)
    if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= len(cells) and len(text) <= 9:
        return int(text) - 1
    found = [cell.index for cell in cells if cell.id == text] if isinstance(wanted, str) else []
    if not found and isinstance(wanted, str) and text:
        found = [cell.index for cell in cells if cell.id and cell.id.startswith(text)]
    if not found:
        count = f"{len(cells):,} cell{'' if len(cells) == 1 else 's'}"
        ids = "" if text.isdecimal() else f", and none of them has an id that starts with '{text[:64]}'"
        raise NotFound(f"{name} has {count}{ids or f', and no cell {text[:20]}'}.")
    if len(found) > 1:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        numbers = ", ".join(str(index + 1) for index in found[:_SHOWN])
        raise Ambiguous(f"'{text}' fits the ids of several cells of {name}: {numbers}{more}; say which by its number.")
    return found[0]
