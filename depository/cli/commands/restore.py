"""`depository restore`."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import click

from depository.cli import files
from depository.cli.command import command, completer
from depository.cli.naming import LATEST, Names, Notebook
from depository.cli.session import Session
from depository.cli.single_cells import SingleCells
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
    ("restore mine.ipynb@v3 --cell 4", "only its fourth cell; the others stay as they are"),
    ("restore mine.ipynb@v3 -o old.ipynb", "into another file"),
    ("restore mine.ipynb@v3 -o - > old.ipynb", "to the output, byte for byte"),
)
@click.argument("version", metavar="PATH@VERSION|VERSION", shell_complete=completer("versions"))
@click.option(
    "--cell",
    "cells",
    metavar="N|ID",
    multiple=True,
    help="Restore this cell of the version and no other; once for each. Numbers are those of show and diff.",
)
@click.option("-o", "--output", metavar="FILE", help="Write into this file, or with - to the output.")
@click.pass_obj
def restore(session: Session, version: str, cells: tuple[str, ...], output: str | None) -> None:
    """Give a notebook's file back as it was, byte for byte.

    What the file holds now is archived first, unless it is archived already, so nothing is lost. The file is replaced
    all at once, and what was restored becomes the newest version.

    With --cell, single cells come back into the file as it is now, with their outputs, attachments and metadata. A
    cell that is still there, changed or moved, is restored where it is; one that is gone is put in after the cell that
    came before it.
    """
    names = Names(session)
    named = names.version(version)
    wanted, data = session.open(named.notebook.place).read_version(named.notebook.path, named.spec or LATEST)
    what = f"{printable(named.notebook.shown)}@{wanted.name}"
    single = SingleCells(data, what, cells) if cells else None
    if single and output:
        data = single.put_into(_read(named.notebook, what), named.notebook.shown)
    if output == _STDOUT:
        session.console.data(data)
        return
    target = names.notebook(output) if output else named.notebook
    if target.file is None or (output and output.startswith(":")):
        raise NotFound(f"'{target.shown}' has no file here: say with -o where to write it.")
    is_home = target == named.notebook

    def wanted_file(before: files.Content | None) -> bytes:
        if not single or not is_home:
            return data
        if before is None:
            raise _no_file(target, what)
        return single.put_into(before.data, target.shown)

    done = _Done(
        f"{single.shown} restored from {what}" if single else f"restored from {what}",
        f"{single.shown} the same as in {what} already" if single and is_home else f"the same as {what} already",
        ", ".join([wanted.name if is_home else f"{what} restored", *([single.shown] if single else [])]),
    )
    _Restoration(session, target, target.file, is_home=is_home).run(wanted_file, done)


def _read(notebook: Notebook, what: str) -> bytes:
    before = files.read_if_there(notebook.file) if notebook.file is not None else None
    if before is None:
        raise _no_file(notebook, what)
    return before.data


def _no_file(notebook: Notebook, what: str) -> NotFound:
    return NotFound(
        f"There is no file '{printable(notebook.shown)}' to put a cell into: restore all of {what}, without --cell."
    )


class _Done(NamedTuple):
    """What is said about a restoration."""

    restored: str
    unchanged: str
    message: str
    """Of the version that it makes."""


class _Restoration:
    """Putting bytes into one file."""

    def __init__(self, session: Session, target: Notebook, file: str, *, is_home: bool) -> None:
        self._session = session
        self._target = target
        self._file = file
        self._is_home = is_home
        """The file is that of the notebook that the version is of."""

    def run(self, wanted: Callable[[files.Content | None], bytes], say: _Done) -> None:
        """Archive what is there, replace it, and archive what is there then.

        Args:
            wanted: what the file is to hold, by what it holds.
            say: what to say of it.
        """
        if os.path.isdir(self._file):
            raise InvalidInput(f"'{self._target.shown}' is a directory: name the file to write.")
        before, data, kept = self._replace(wanted)
        shown = printable(self._target.shown)
        is_same = before is not None and before.data == data
        done = say.unchanged if is_same else say.restored
        was = f"; what it held is {kept.name}" if kept else ""
        if not (self._is_home or before is not None):
            self._session.console.line(f"{shown}: {done}")
            return
        try:
            version = self._depository().save(self._target.path, data, cause="restore", message=say.message)
        except DepositoryError as error:
            sentence = f"'{self._target.shown}' is {done}{was}, but that could not be archived: {error}"
            raise type(error)(sentence) from error
        now = f", archived as {version.name}" if version.fresh else ""
        self._session.console.line(f"{shown}: {done}{now}{was}")

    def _replace(
        self, wanted: Callable[[files.Content | None], bytes]
    ) -> "tuple[files.Content | None, bytes, Version | None]":
        """What the file held before, what it holds now, and the version that the former is archived as."""
        for _ in range(_TRIES):
            before = files.read_if_there(self._file)
            data = wanted(before)
            if before is not None and before.data == data:
                return before, data, None
            kept = self._keep(before.data) if before is not None else None
            if files.replace(self._file, data, before):
                return before, data, kept
        raise Conflict(f"'{self._target.shown}' is being written to all the time, and is left alone: try again later.")

    def _keep(self, data: bytes) -> "Version":
        return self._depository().save(self._target.path, data, message="before a restore")

    def _depository(self) -> "Depository":
        return self._session.open_or_make(self._target.place)
