"""`depository restore`."""

import os
from typing import TYPE_CHECKING

import click

from depository.cli import files
from depository.cli.command import command, completer
from depository.cli.naming import LATEST, Names, Notebook
from depository.cli.session import Session
from depository.cli.text import printable
from depository.errors import Conflict, DepositoryError, InvalidInput, NotFound

if TYPE_CHECKING:
    from depository.depository import Depository
    from depository.models import Version

_STDOUT = "-"
_TRIES = 5
"""How often a file is looked at again that changes while it is being replaced."""


@command(
    ("restore mine.ipynb@v3", "put v3 back in the file's place"),
    ("restore v3", "that of the one notebook of this directory"),
    ("restore mine.ipynb", "put the latest version back, such as after an accident"),
    ("restore mine.ipynb@v3 -o old.ipynb", "into another file"),
    ("restore mine.ipynb@v3 -o - > old.ipynb", "to the output, byte for byte"),
)
@click.argument("version", metavar="PATH@VERSION|VERSION", shell_complete=completer("versions"))
@click.option("-o", "--output", metavar="FILE", help="Write into this file, or with - to the output.")
@click.pass_obj
def restore(session: Session, version: str, output: str | None) -> None:
    """Give a notebook's file back as it was, byte for byte.

    What the file holds now is archived first, unless it is archived already, so nothing is lost. The file is replaced
    all at once, and what was restored becomes the newest version.
    """
    names = Names(session)
    named = names.version(version)
    wanted, data = session.open(named.notebook.place).read_version(named.notebook.path, named.spec or LATEST)
    if output == _STDOUT:
        session.console.data(data)
        return
    target = names.notebook(output) if output else named.notebook
    if target.file is None or (output and output.startswith(":")):
        raise NotFound(f"'{target.shown}' has no file here: say with -o where to write it.")
    what = f"{printable(named.notebook.shown)}@{wanted.name}"
    _Restoration(session, target, target.file, is_home=target == named.notebook).run(data, what, wanted)


class _Restoration:
    """Putting bytes into one file."""

    def __init__(self, session: Session, target: Notebook, file: str, *, is_home: bool) -> None:
        self._session = session
        self._target = target
        self._file = file
        self._is_home = is_home
        """The file is that of the notebook that the version is of."""

    def run(self, data: bytes, what: str, wanted: "Version") -> None:
        """Archive what is there, replace it, and archive what is there then."""
        if os.path.isdir(self._file):
            raise InvalidInput(f"'{self._target.shown}' is a directory: name the file to write.")
        before, kept = self._replace(data)
        shown = printable(self._target.shown)
        is_same = before is not None and before.data == data
        done = f"the same as {what} already" if is_same else f"restored from {what}"
        was = f"; what it held is {kept.name}" if kept else ""
        if not (self._is_home or before is not None):
            self._session.console.line(f"{shown}: {done}")
            return
        try:
            version = self._depository().save(
                self._target.path,
                data,
                cause="restore",
                message=f"{what} restored" if not self._is_home else wanted.name,
            )
        except DepositoryError as error:
            sentence = f"'{self._target.shown}' is {done}{was}, but that could not be archived: {error}"
            raise type(error)(sentence) from error
        now = f", archived as {version.name}" if version.fresh else ""
        self._session.console.line(f"{shown}: {done}{now}{was}")

    def _replace(self, data: bytes) -> "tuple[files.Content | None, Version | None]":
        """What the file held before, and the version that this is archived as."""
        for _ in range(_TRIES):
            before = files.read_if_there(self._file)
            if before is not None and before.data == data:
                return before, None
            kept = self._keep(before.data) if before is not None else None
            if files.replace(self._file, data, before):
                return before, kept
        raise Conflict(f"'{self._target.shown}' is being written to all the time, and is left alone: try again later.")

    def _keep(self, data: bytes) -> "Version":
        return self._depository().save(self._target.path, data, message="before a restore")

    def _depository(self) -> "Depository":
        return self._session.open_or_make(self._target.place)
