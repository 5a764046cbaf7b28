"""`depository blame`."""

from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from functools import partial

import click

from depository import records
from depository.cli.command import command, completer, json_option
from depository.cli.history import Naming
from depository.cli.naming import LATEST, Names
from depository.cli.session import Session
from depository.cli.text import cut, local, padded, printable, width
from depository.cli.watching import Watch
from depository.config import Place
from depository.models import CellBlame, Version

_WIDEST_AUTHOR = 16
_NARROWEST = 20
"""Columns that a source has at least, however narrow the terminal is."""


@command(
    ("blame mine.ipynb", "for each cell, the version that made it what it is, when and by whom"),
    ("blame mine.ipynb --lines", "for each line, the version that brought it"),
    ("blame mine.ipynb --cell 3 --lines", "those of one cell"),
    ("blame mine.ipynb@v12", "as it was in v12"),
    ("blame mine.ipynb --copies", "following cells to the notebooks that they were copied from"),
)
@click.argument("version", metavar="[PATH@VERSION|VERSION]", required=False, shell_complete=completer("versions"))
@click.option("--cell", metavar="N|ID", help="Only this cell, by its number or the start of its id.")
@click.option("-l", "--lines", is_flag=True, help="Show each line, and the version that brought it.")
@click.option("--copies", is_flag=True, help="Follow copied cells to other notebooks, by the index that grep uses.")
@json_option("Print one JSON object a line, for each cell.")
@click.pass_obj
def blame(session: Session, version: str | None, cell: str | None, lines: bool, copies: bool, as_json: bool) -> None:
    """Show which version made each cell what it is.

    A version that only ran a cell does not count, nor one that moved it, split other cells or gave it another id: cells
    and lines are followed through all of that, and through renames of the notebook.
    """
    named = Names(session).version(version)
    place, path = named.notebook.place, named.notebook.path
    depository = session.open(place)
    with Watch(session.console) as watch:
        known = depository.origins(index=session.cache_file(place, "index")) if copies else None
        with closing(known) if known else nullcontext():
            found = depository.blame(
                path,
                named.spec or LATEST,
                cell=cell,
                lines=lines,
                origins=known,
                note=watch.note,
                progress=watch.progress,
            )
    if as_json:
        for one in found:
            session.console.line(records.line(records.cell_blame(one, path)))
        return
    table = _Table(session, place, path, found)
    session.console.page(table.lines() if lines else table.cells())


class _Table:
    """What was found, in columns."""

    def __init__(self, session: Session, place: Place, path: str, found: Sequence[CellBlame]) -> None:
        self._console = session.console
        self._columns = session.console.columns
        self._naming = Naming(path, partial(session.shown, place))
        self._found = found
        versions = [one.version for one in found] + [line.version for one in found for line in one.lines]
        self._widest_name = max([0, *(width(self._naming.version(version)) for version in versions)])
        authors = {printable(version.author) for version in versions}
        self._widest_author = max([0, *(min(width(author), _WIDEST_AUTHOR) for author in authors)])

    def cells(self) -> Iterator[str]:
        """A line for each cell: version, time, author, the cell, and the first line of its source."""
        headers = [(one.kind, f"cell {one.number}") for one in self._found]
        widest = [max([0, *(width(printable(header[part])) for header in headers)]) for part in range(2)]
        for one, header in zip(self._found, headers, strict=True):
            kind, place = (padded(printable(text), columns) for text, columns in zip(header, widest, strict=True))
            first, _, rest = one.source.strip().partition("\n")
            source = printable(first.rstrip()) + (" …" if rest else "")
            yield self._row(one.version, [(kind, "dim"), (place, "bold")], source)

    def lines(self) -> Iterator[str]:
        """Each cell with its lines: version, author, time, the line's number, and the line."""
        for position, one in enumerate(self._found):
            if position:
                yield ""
            parts = [printable(one.kind), f"cell {one.number}", *([f"id {printable(one.id[:8])}"] if one.id else [])]
            yield self._console.paint(f"── {' · '.join(parts)} ──", "bold")
            digits = len(str(len(one.lines)))
            for number, line in enumerate(one.lines, start=1):
                text = printable(line.text.expandtabs(4))
                yield self._row(line.version, [(f"{number:>{digits}}│", "dim")], text)

    def _row(self, version: Version, more: Sequence[tuple[str, str]], source: str) -> str:
        author = cut(printable(version.author), _WIDEST_AUTHOR)
        name = self._naming.version(version)
        fields = [
            (" " * (self._widest_name - width(name)) + name, "number"),
            (local(version.time), "dim"),
            (padded(author, self._widest_author), ""),
            *more,
        ]
        if self._columns is not None:
            used = sum(width(text) + 2 for text, _ in fields if text)
            source = cut(source, max(self._columns - used, _NARROWEST))
        return "  ".join(self._console.paint(text, style) for text, style in [*fields, (source, "")] if text).rstrip()
