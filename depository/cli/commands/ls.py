"""`depository ls`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from depository import config, records
from depository.cli.command import command, completer, json_option
from depository.cli.naming import Names
from depository.cli.session import TOP, Session
from depository.cli.text import age, padded, printable, size, width
from depository.errors import NoNotebook

if TYPE_CHECKING:
    from depository.config import Place
    from depository.models import Notebook

_LOOKED_AT = 50
_WIDEST = 16


@command(
    ("ls", "the archived notebooks from this directory downwards"),
    ("ls -l reports", "those of another one, with their newest version, size, age, author and refs"),
    ("ls :/team", "a part of the depository"),
    ("ls --all", "the whole depository"),
    ("ls --deleted", "those that were deleted"),
)
@click.argument("directory", metavar="[DIRECTORY|:/PREFIX]", required=False, shell_complete=completer("directories"))
@click.option("-l", "--long", "details", is_flag=True, help="Show version, size, age, author and refs too.")
@click.option("--deleted", is_flag=True, help="Show deleted notebooks, and only those.")
@click.option("--all", "everything", is_flag=True, help="List the whole depository.")
@json_option("Print one JSON object a line.")
@click.pass_obj
def ls(
    session: Session,
    directory: str | None,
    details: bool,
    deleted: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """List archived notebooks."""
    if everything and directory:
        raise click.UsageError("--all lists the whole depository and not a directory.")
    place, path = _prefix(session, TOP if everything else directory)
    found = _listed(session, place, path, details=details, deleted=deleted)
    console = session.console
    if as_json:
        for notebook in found:
            console.line(records.line(_record(notebook, details=details)))
        return
    first = next(found, None)
    if first is None:
        if directory and path:
            raise NoNotebook(f"No notebook is {'deleted' if deleted else 'archived'} under '{directory}'.")
        return
    found = chain([first], found)
    console.page(_long_lines(session, place, found) if details else _short_lines(session, place, found))


def _prefix(session: Session, directory: str | None) -> "tuple[Place, str]":
    """Where to look, and under which path; empty for all."""
    if directory and directory.startswith(TOP):
        return session.place(), Names(session).depository_path(directory)
    file = session.file(directory or ".")
    place = session.place(file)
    return place, config.path_of(place, file)


def _listed(session: Session, place: "Place", path: str, *, details: bool, deleted: bool) -> "Iterator[Notebook]":
    cache = session.cache_file(place) if details else None
    for notebook in session.open(place).ls(path, details=details, deleted=deleted, cache=cache):
        if notebook.deleted or not deleted:
            yield notebook


def _short_lines(session: Session, place: "Place", found: "Iterable[Notebook]") -> Iterator[str]:
    for notebook in found:
        yield printable(session.shown(place, notebook.path))


def _long_lines(session: Session, place: "Place", found: "Iterator[Notebook]") -> Iterator[str]:
    paint = session.console.paint
    now = datetime.now(UTC)
    first = list(islice(found, _LOOKED_AT))
    authors = [printable(notebook.version.author) for notebook in first if notebook.version]
    author_width = max([0, *(min(width(author), _WIDEST) for author in authors)])
    for notebook in chain(first, found):
        version = notebook.version
        fields = [
            paint((version.name if version else "").rjust(6), "number"),
            (size(version.size) if version else "").rjust(8),
            paint(age(version.time if version else notebook.changed, now).ljust(14), "dim"),
            padded(printable(version.author) if version else "", author_width),
            printable(session.shown(place, notebook.path)),
        ]
        if notebook.deleted:
            fields.append(paint("(deleted)", "bad"))
        named = ", ".join(f"{printable(ref)} v{number}" for ref, number in sorted(notebook.refs.items()))
        if named:
            fields.append(paint(f"({named})", "ref"))
        yield "  ".join(fields)


def _record(notebook: "Notebook", *, details: bool) -> dict[str, Any]:
    record: dict[str, Any] = {
        "path": notebook.path,
        "changed": records.moment(notebook.changed),
        "deleted": notebook.deleted,
    }
    if details:
        record["version"] = records.version(notebook.version) if notebook.version else None
        record["refs"] = notebook.refs
    return record
