"""`depository mv`."""

import os

import click

from depository import records
from depository.cli.command import command, completer, json_option
from depository.cli.naming import Names, Notebook
from depository.cli.session import Session
from depository.cli.text import printable
from depository.errors import AlreadyExists, DepositoryError, InvalidInput


@command(
    ("mv old.ipynb new.ipynb", "rename a notebook, on disk and in the depository; its history goes along"),
    ("mv mine.ipynb reports/", "put it into another directory"),
    ("mv --archive-only old.ipynb new.ipynb", "tell the depository what was renamed on disk"),
)
@click.argument("old", shell_complete=completer("paths"))
@click.argument("new", shell_complete=completer("paths"))
@click.option("--archive-only", is_flag=True, help="Leave the file on disk alone.")
@click.option("-m", "--message", default="", help="What to note beside it in the history.")
@json_option("Print a JSON document: what happened.")
@click.pass_obj
def mv(session: Session, old: str, new: str, archive_only: bool, message: str, as_json: bool) -> None:
    """Rename a notebook with all its history.

    The file on disk is renamed too, if there is one.
    """
    names = Names(session)
    source = names.notebook(old)
    target = names.notebook(_into(session, new, old))
    if source.place.url != target.place.url:
        raise InvalidInput(
            f"'{source.shown}' and '{target.shown}' belong to different depositories: save it there, remove it here."
        )
    move = _Move(source, target) if not archive_only else None
    event = session.open(source.place).rename(source.path, target.path, message=message)
    moved = move.run() if move else False
    if as_json:
        session.console.line(records.document({**records.event(event), "file_moved": moved}))
    else:
        what = "" if moved else ", in the depository alone"
        session.console.line(f"{printable(source.shown)} → {printable(target.shown)}{what}")


def _into(session: Session, new: str, old: str) -> str:
    """The new name in full: a directory takes the notebook in under its old name."""
    name = old.rstrip("/").rpartition("/")[2]
    if new.endswith(("/", os.sep)) or (not new.startswith(":/") and os.path.isdir(session.file(new))):
        return f"{new.rstrip('/')}/{name}" if new.strip("/") else f"/{name}"
    return new


class _Move:
    """Renaming the file on disk, if there is one; whether it can be done is looked at first."""

    def __init__(self, source: Notebook, target: Notebook) -> None:
        self._source = source
        self._target = target
        self._is_there = source.file is not None and os.path.isfile(source.file)
        if not self._is_there:
            return
        if target.file is None:
            raise InvalidInput(f"No file here can have the path '{target.path}': use --archive-only.")
        if os.path.lexists(target.file) and not _is_same(source.file, target.file):
            raise AlreadyExists(f"There is a file '{target.shown}' already: move it out of the way first.")
        directory = os.path.dirname(target.file)
        if not os.path.isdir(directory):
            raise InvalidInput(f"There is no directory '{directory}' to move the file into: make it first.")

    def run(self) -> bool:
        """Rename it, and say whether there was anything to rename."""
        if not self._is_there or self._source.file is None or self._target.file is None:
            return False
        try:
            from shutil import move

            move(self._source.file, self._target.file)
        except OSError as error:
            raise DepositoryError(
                f"'{self._source.shown}' is '{self._target.shown}' in the depository now, but its file could not be "
                f"moved: {error.strerror}."
            ) from error
        return True


def _is_same(old: str | None, new: str) -> bool:
    """A change of case, on a file system that does not tell cases apart."""
    return old is not None and os.path.exists(new) and os.path.samefile(old, new)
