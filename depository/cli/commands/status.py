"""`depository status`."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from depository import config
from depository.cli import contents, files, records
from depository.cli.app import describe
from depository.cli.command import command, completer, json_option
from depository.cli.naming import LATEST, Names, Notebook
from depository.cli.session import TOP, Session
from depository.cli.text import padded, printable, width
from depository.errors import DepositoryError, NoNotebook, NotFound, NoVersion

if TYPE_CHECKING:
    from depository.config import Place
    from depository.models import Version


class _State(NamedTuple):
    notebook: str
    path: str | None
    state: str
    """``archived``, ``changed``, ``new``, ``unknown`` (the depository is not reached), or ``error``."""
    version: "Version | None" = None
    error: str = ""

    @property
    def text(self) -> str:
        name = self.version.name if self.version else ""
        texts = {
            "archived": f"archived as {name}",
            "changed": f"changed since {name}",
            "new": "never archived",
            "unknown": "not known",
        }
        return texts.get(self.state, self.error)


_STYLES = {"archived": "good", "changed": "warn", "new": "warn", "unknown": "dim", "error": "bad"}


@command(
    ("status", "where this directory's notebooks are archived, and which are not yet"),
    ("status -r", "those further down too"),
    ("status mine.ipynb", "one of them"),
)
@click.argument("files_", metavar="[FILE|DIRECTORY]...", nargs=-1, shell_complete=completer("files"))
@click.option("-r", "--recursive", is_flag=True, help="Look into the directories further down too.")
@json_option("Print a JSON document.")
@click.pass_obj
def status(session: Session, files_: tuple[str, ...], recursive: bool, as_json: bool) -> None:
    """Show which depository is used, and what is archived.

    It says why this depository was chosen and whether it can be reached. A notebook is archived if its newest
    version is the file on disk, byte for byte. The exit code is 1 if the depository cannot be reached.
    """
    place = session.place()
    trouble = _trouble(session, place)
    unseen = "new" if _is_unmade(place) else "unknown" if trouble else None
    states = _states(session, files_ or (".",), recursive=recursive, unseen=unseen)
    if as_json:
        session.console.line(records.document(_document(session, place, trouble, list(states))))
    else:
        _print(session, place, trouble, states)
    if trouble and not _is_unmade(place):
        raise click.exceptions.Exit(1)


def _is_unmade(place: "Place") -> bool:
    return place.is_default and not os.path.exists(place.url)


def _trouble(session: Session, place: "Place") -> str:
    """Why the depository cannot be used; empty if it can."""
    if _is_unmade(place):
        return "There is nothing yet: the first save makes this depository."
    try:
        session.open(place).info()
    except DepositoryError as error:
        return str(error)
    return ""


def _states(session: Session, arguments: tuple[str, ...], *, recursive: bool, unseen: str | None) -> Iterator[_State]:
    """What is known of each notebook; all of them are `unseen`, where the depository cannot say."""
    names = Names(session)
    for argument in arguments:
        file = session.file(argument)
        for found in _files(file, recursive=recursive) if os.path.isdir(file) else [argument]:
            try:
                notebook = names.notebook(found)
                yield _State(notebook.shown, notebook.path, unseen) if unseen else _state(session, notebook)
            except DepositoryError as error:
                yield _State(found, None, "error", None, str(error))
            except OSError as error:
                yield _State(found, None, "error", None, describe(error))


def _files(directory: str, *, recursive: bool) -> Iterator[str]:
    if recursive:
        return files.notebooks(directory)
    names = sorted(entry.name for entry in os.scandir(directory) if files.is_notebook(entry.name) and entry.is_file())
    return (os.path.join(directory, name) for name in names)


def _state(session: Session, notebook: Notebook) -> _State:
    if notebook.file is None:
        raise NotFound(f"No file here can have the path '{notebook.path}'.")
    depository = session.open(notebook.place)
    data = files.read(notebook.file).data
    try:
        latest = depository.resolve(notebook.path, LATEST)
    except (NoNotebook, NoVersion):
        return _State(notebook.shown, notebook.path, "new")
    is_same = contents.is_archived(depository, latest, data)
    return _State(notebook.shown, notebook.path, "archived" if is_same else "changed", latest)


def _print(session: Session, place: "Place", trouble: str, states: Iterator[_State]) -> None:
    console = session.console
    here = config.path_of(place, session.cwd)
    lines = {
        "depository": printable(place.url),
        "chosen because": printable(place.reason),
        "this directory": f"{TOP}{printable(here)}",
        "reached": console.paint(printable(trouble), "bad") if trouble else console.paint("yes", "good"),
    }
    for name, text in lines.items():
        console.line(f"{console.paint(f'{name:<14}', 'dim')}  {text}")
    found = list(states)
    if not found:
        return
    console.line()
    widest = max(width(printable(state.notebook)) for state in found)
    console.page(
        f"{padded(printable(state.notebook), widest)}  {console.paint(printable(state.text), _STYLES[state.state])}"
        for state in found
    )


def _document(session: Session, place: "Place", trouble: str, states: list[_State]) -> dict[str, Any]:
    return {
        "url": place.url,
        "reason": place.reason,
        "namespace": place.namespace,
        "base": place.base,
        "directory": config.path_of(place, session.cwd),
        "reached": not trouble,
        "trouble": trouble or None,
        "notebooks": [
            {
                "notebook": state.notebook,
                "path": state.path,
                "state": state.state,
                "version": state.version.name if state.version else None,
                "error": state.error or None,
            }
            for state in states
        ],
    }
