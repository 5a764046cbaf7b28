"""`depository undelete`."""

import os

import click

from depository import records
from depository.cli import files
from depository.cli.command import command, completer, json_option
from depository.cli.naming import LATEST, Names
from depository.cli.session import Session
from depository.cli.text import printable
from depository.errors import AlreadyExists, InvalidInput


@command(
    ("ls --deleted", "what can be had back"),
    ("undelete mine.ipynb", "have it listed again, with all its history"),
    ("undelete mine.ipynb --restore", "and its file on disk too"),
    ("undelete mine.ipynb --to other.ipynb", "under another name"),
    ("undelete mine.ipynb --to older.ipynb --skip 1", "the one that was deleted there before the last"),
)
@click.argument("path", shell_complete=completer("deleted"))
@click.option("--to", metavar="NEW", help="Bring it back under this name.", shell_complete=completer("paths"))
@click.option(
    "--skip",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    help="Of several that were deleted under this name, pass over the last N. Needs --to.",
)
@click.option("--restore", is_flag=True, help="Write its latest version to disk as well.")
@click.option("-m", "--message", default="", help="What to note beside it in the history.")
@json_option("Print a JSON document: what happened.")
@click.pass_obj
def undelete(
    session: Session, path: str, to: str | None, skip: int, restore: bool, message: str, as_json: bool
) -> None:
    """Bring a deleted notebook back, with its whole history."""
    names = Names(session)
    notebook = names.notebook(path)
    target = names.notebook(to) if to else notebook
    if target.place.url != notebook.place.url:
        raise InvalidInput(f"'{target.shown}' belongs to another depository.")
    if restore:
        if target.file is None:
            raise InvalidInput(f"No file here can have the path '{target.path}': leave out --restore.")
        if os.path.lexists(target.file):
            raise AlreadyExists(f"There is a file '{target.shown}' already: leave out --restore, or move it away.")
    depository = session.open(notebook.place)
    event = depository.undelete(notebook.path, to=target.path if to else None, skip=skip, message=message)
    restored = ""
    if restore and target.file:
        latest = depository.resolve(target.path, LATEST)
        if not files.replace(target.file, depository.read(target.path, latest.name), None):
            raise AlreadyExists(f"'{target.shown}' is back in the depository, but a file has just taken its place.")
        restored = f", and its file is {latest.name}"
    if as_json:
        session.console.line(records.document({**records.event(event), "file_restored": bool(restored)}))
    else:
        session.console.line(f"{printable(target.shown)}: undeleted{restored}")
