"""`depository rm`."""

import os
from typing import TYPE_CHECKING

import click

from depository import records
from depository.cli import contents, files
from depository.cli.command import command, completer, json_option
from depository.cli.naming import LATEST, Names, Notebook
from depository.cli.session import Session
from depository.cli.text import printable
from depository.errors import Conflict

if TYPE_CHECKING:
    from depository.depository import Depository


@command(
    ("rm mine.ipynb", "delete a notebook, on disk and from the listings; its history stays"),
    ("rm --archive-only mine.ipynb", "leave the file on disk"),
    ("undelete mine.ipynb --restore", "have both back"),
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, shell_complete=completer("paths"))
@click.option("--archive-only", is_flag=True, help="Leave the file on disk alone.")
@click.option("-m", "--message", default="", help="What to note beside it in the history.")
@json_option("Print one JSON object a line for each notebook.")
@click.pass_obj
def rm(session: Session, paths: tuple[str, ...], archive_only: bool, message: str, as_json: bool) -> None:
    """Delete notebooks.

    Every version stays in the depository, for `undelete` to bring back. A file on disk is deleted too, after what it
    holds has been archived.
    """
    names = Names(session)
    for notebook in [names.notebook(path) for path in paths]:
        depository = session.open(notebook.place)
        before = None if archive_only else _archived(depository, notebook)
        event = depository.delete(notebook.path, message=message)
        if before and notebook.file:
            _delete_file(notebook, notebook.file, before)
        if as_json:
            session.console.line(records.line({**records.event(event), "file_deleted": before is not None}))
        else:
            what = "" if before else ", in the depository alone" if archive_only else ", there was no file"
            session.console.line(f"{printable(notebook.shown)}: deleted{what}")


def _archived(depository: "Depository", notebook: Notebook) -> files.Content | None:
    """What the file holds, after it is certain that the archive has it."""
    if notebook.file is None or not os.path.lexists(notebook.file):
        return None
    depository.refs(notebook.path)  # only what is archived is deleted: this says so if it is not
    found = files.read(notebook.file)
    latest = depository.resolve(notebook.path, LATEST)
    if not contents.is_archived(depository, latest, found.data):
        depository.save(notebook.path, found.data, message="before it was deleted")
    return found


def _delete_file(notebook: Notebook, file: str, before: files.Content) -> None:
    now = files.read_if_there(file)
    if now is None:
        return
    if now.signature != before.signature:
        raise Conflict(f"'{notebook.shown}' is deleted in the depository, but its file has just changed and is left.")
    os.unlink(file)
