"""`depository save`."""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from depository.cli import files, records
from depository.cli.app import complain, describe
from depository.cli.command import command, json_option
from depository.cli.completion import complete_files
from depository.cli.naming import Names, Notebook
from depository.cli.progress import Progress
from depository.cli.session import Session
from depository.cli.text import printable
from depository.errors import (
    DepositoryError,
    NoBucket,
    NoDepository,
    NotFound,
    StorageFull,
    Unreachable,
    UnsupportedFormat,
)
from depository.when import parse_time

if TYPE_CHECKING:
    from depository.models import Version

_HOPELESS = (NoBucket, NoDepository, StorageFull, Unreachable, UnsupportedFormat)
"""After these no other file will fare better."""


@command(
    ("save mine.ipynb", "archive a notebook as it is on disk"),
    ('save mine.ipynb -m "cleaned up"', "say why"),
    ("save .", "archive all notebooks from here downwards"),
)
@click.argument("files_", metavar="FILE|DIRECTORY...", nargs=-1, required=True, shell_complete=complete_files)
@click.option("-m", "--message", default="", help="What to note beside each new version.")
@click.option("--author", help="Who made it, if it is not you.")
@click.option("--time", "when", metavar="TIME", help="When it was made, if it is not now.")
@json_option("Print one JSON object a line for each file.")
@click.pass_obj
def save(
    session: Session,
    files_: tuple[str, ...],
    message: str,
    author: str | None,
    when: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Archive notebooks.

    Of a directory all *.ipynb are taken, those further down too, but not what is hidden and no checkpoints. What has
    not changed since its newest version makes no new one. A file that is no notebook is archived as the bytes that it
    is. If a file cannot be archived the others still are, and the exit code is 1.
    """
    time = parse_time(when, session.now()) if when else None
    saver = _Saver(session, message, author, time)
    found = list(dict.fromkeys(saver.walk(files_)))
    with Progress(len(found), session.console.columns) as progress:
        for done, argument in enumerate(found):
            progress.show(done, argument)
            saved = saver.save(argument, progress)
            progress.hide()
            if saved:
                session.console.line(_json_line(*saved) if as_json else _line(*saved))
    if saver.failed:
        raise click.exceptions.Exit(1)


class _Saver:
    def __init__(self, session: Session, message: str, author: str | None, time: datetime | None) -> None:
        self._session = session
        self._names = Names(session)
        self._message = message
        self._author = author
        self._time = time
        self.failed = False

    def walk(self, arguments: tuple[str, ...]) -> Iterator[str]:
        """Every file that the arguments stand for."""
        for argument in arguments:
            directory = self._session.file(argument)
            if not os.path.isdir(directory):
                yield argument
                continue
            count = 0
            try:
                for count, file in enumerate(files.notebooks(directory), 1):  # noqa: B007
                    yield file
            except OSError as error:
                self._fail(describe(error))
            else:
                if not count:
                    self._session.console.note(f"There is no notebook in '{printable(argument)}'.")

    def save(self, argument: str, progress: Progress) -> "tuple[Notebook, Version] | None":
        """Archive one file; None if that failed, which was said then."""
        try:
            notebook = self._names.notebook(argument)
            if notebook.file is None:
                raise NotFound(f"No file here can have the path '{argument}'.")
            data = files.read(notebook.file).data
            depository = self._session.open_or_make(notebook.place)
            return notebook, depository.save(
                notebook.path, data, author=self._author, message=self._message, time=self._time
            )
        except _HOPELESS:
            raise
        except (DepositoryError, OSError) as error:
            progress.hide()
            self._fail(describe(error) if isinstance(error, OSError) else str(error))
            return None

    def _fail(self, sentence: str) -> None:
        complain(sentence)
        self.failed = True


def _line(notebook: Notebook, version: "Version") -> str:
    raw = ", no notebook but raw bytes" if version.kind == "raw" else ""
    text = f"{version.name}{raw}" if version.fresh else f"unchanged since {version.name}"
    return f"{printable(notebook.shown)}: {text}"


def _json_line(_notebook: Notebook, version: "Version") -> str:
    return records.line({**records.version(version), "new": version.fresh})
