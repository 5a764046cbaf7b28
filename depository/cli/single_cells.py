"""Single cells of a version, named on the command line and put into a notebook's file."""

from collections.abc import Sequence
from typing import Any

from depository.cli.text import printable
from depository.errors import Ambiguous, InvalidContent, NotFound

_MOST_DIGITS = 9


class SingleCells:
    """Some cells of a version."""

    def __init__(self, data: bytes, what: str, names: Sequence[str]) -> None:
        """Find them.

        Args:
            data: the version's file.
            what: the version, for a person.
            names: of the cells: their numbers, from 1, or their ids or the start of those.

        Raises:
            InvalidContent: the version is no notebook.
            NotFound: it has no such cell.
            Ambiguous: several answer to a name.
        """
        self._what = what
        self._source = _notebook(data, what, "it can only be restored whole, without --cell")
        self._places = sorted({_place(self._source, what, name) for name in names})

    @property
    def shown(self) -> str:
        """``cell 4`` or ``cells 4, 7``."""
        numbers = ", ".join(str(place + 1) for place in self._places)
        return f"cell{'s' if len(self._places) > 1 else ''} {numbers}"

    def put_into(self, data: bytes, shown: str) -> bytes:
        """A notebook's file with these cells in it.

        Args:
            data: the file as it is.
            shown: its name, for a person.

        Raises:
            InvalidContent: it is no notebook, or one of another nbformat.
        """
        from depository.diff.transplant import transplant
        from depository.notebook import content
        from depository.notebook.splice import splice

        notebook = _notebook(data, f"'{printable(shown)}'", "restore the whole version, without --cell")
        majors = [side.get("nbformat") for side in (notebook, self._source)]
        if majors[0] != majors[1]:
            raise InvalidContent(
                f"'{printable(shown)}' has nbformat {_number(majors[0])} and {self._what} has {_number(majors[1])}: "
                "write the version into another file with -o, and copy the cell in Jupyter, which converts it."
            )
        found = transplant(notebook, self._source, self._places)
        if not found.replaced and not found.inserted:
            return data
        made = content.from_notebook(found.notebook)
        return splice(data, made.value, found.replaced, found.inserted)


def _number(major: object) -> str:
    return str(major) if type(major) is int else "?"


def _notebook(data: bytes, what: str, advice: str) -> dict[str, Any]:
    from depository.notebook import content

    found = content.from_file(data)
    if found.kind is content.Kind.RAW:
        raise InvalidContent(f"{what} is no notebook, since it {found.reason}: {advice}.")
    notebook: dict[str, Any] = found.value
    return notebook


def _place(notebook: dict[str, Any], what: str, name: str) -> int:
    """Where a cell is, from 0."""
    from depository.notebook.cells import cells
    from depository.notebook.text import plural

    found = cells(notebook)
    ids = [cell.id or "" for cell in found]
    if name.isascii() and name.isdecimal() and len(name) <= _MOST_DIGITS:
        if 0 < int(name) <= len(found):
            return int(name) - 1
        if name not in ids:
            raise NotFound(f"{what} has no cell {int(name)}: it has {plural(len(found), 'cell')}.")
    exact = [place for place, id_ in enumerate(ids) if id_ == name]
    matching = exact or [place for place, id_ in enumerate(ids) if name and id_.startswith(name)]
    if not matching:
        raise NotFound(
            f"{what} has no cell whose id starts with '{printable(name)}': it has {plural(len(found), 'cell')}, "
            f"which 'depository show' numbers."
        )
    if len(matching) > 1:
        numbers = ", ".join(str(place + 1) for place in matching[:10])
        raise Ambiguous(f"The ids of several cells of {what} start with '{printable(name)}': say which of {numbers}.")
    return matching[0]
