"""`depository status`."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from depository import config, records
from depository.cli import contents, files, queue
from depository.cli.app import describe
from depository.cli.command import command, completer, json_option
from depository.cli.naming import LATEST, Names, Notebook
from depository.cli.queue import Queue
from depository.cli.session import TOP, UNMADE, Session
from depository.cli.text import padded, printable, width
from depository.errors import DepositoryError, NoNotebook, NotFound, NoVersion

if TYPE_CHECKING:
    from depository.config import Place
    from depository.models import Version


class _State(NamedTuple):
    notebook: str
    path: str | None
    state: str
    """``archived``, ``changed``, ``new``, ``waits`` (its newest save is in the spool), ``unknown`` (the depository is
    not reached), or ``error``."""
    version: "Version | None" = None
    error: str = ""

    @property
    def text(self) -> str:
        name = self.version.name if self.version else ""
        texts = {
            "archived": f"archived as {name}",
            "changed": f"changed since {name}",
            "new": "never archived",
            "waits": f"waits to be archived, after {name}" if name else "waits to be archived",
            "unknown": "not known",
        }
        return texts.get(self.state, self.error)


_STYLES = {"archived": "good", "changed": "warn", "new": "warn", "waits": "warn", "unknown": "dim", "error": "bad"}


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
    version is the file on disk, byte for byte. What Jupyter has saved and could not archive yet waits on this
    machine, for whatever depository: it says how much, since when and why, and what was set aside because it cannot
    be archived at all. The exit code is 1 if the depository, or what waits, cannot be reached.
    """
    place = session.place()
    trouble = _trouble(session, place)
    unseen = "new" if session.is_unmade(place) else "unknown" if trouble else None
    waiting = _waiting(session)
    saves = waiting.saves() if isinstance(waiting, Queue) else frozenset()
    states = _Looker(session, saves, unseen).states(files_ or (".",), recursive=recursive)
    if as_json:
        session.console.line(records.document(_document(session, place, trouble, waiting, list(states))))
    else:
        _print(session, place, trouble, waiting, states)
    if (trouble and not session.is_unmade(place)) or isinstance(waiting, str):
        raise click.exceptions.Exit(1)


def _trouble(session: Session, place: "Place") -> str:
    """Why the depository cannot be used; empty if it can."""
    if session.is_unmade(place):
        return UNMADE
    try:
        session.open(place).info()
    except DepositoryError as error:
        return str(error)
    return ""


def _waiting(session: Session) -> Queue | str:
    """What waits in the spool; or why that cannot be said, as a sentence."""
    try:
        return queue.look(session.spool())
    except DepositoryError as error:
        return str(error)
    except OSError as error:
        return describe(error)


class _Looker:
    """Finds out how it stands with each notebook."""

    def __init__(self, session: Session, waiting: frozenset[str], unseen: str | None) -> None:
        self._session = session
        self._waiting = waiting
        """The keys of the notebooks that a save waits of."""
        self._unseen = unseen
        """What all others are, where the depository cannot say."""

    def states(self, arguments: tuple[str, ...], *, recursive: bool) -> Iterator[_State]:
        """What is known of each notebook."""
        names = Names(self._session)
        for argument in arguments:
            file = self._session.file(argument)
            for found in _files(file, recursive=recursive) if os.path.isdir(file) else [argument]:
                try:
                    yield self._state(names.notebook(found))
                except DepositoryError as error:
                    yield _State(found, None, "error", None, str(error))
                except OSError as error:
                    yield _State(found, None, "error", None, describe(error))

    def _state(self, notebook: Notebook) -> _State:
        waits = self._waits(notebook)
        if self._unseen:
            return _State(notebook.shown, notebook.path, "waits" if waits else self._unseen)
        if notebook.file is None:
            raise NotFound(f"No file here can have the path '{notebook.path}'.")
        depository = self._session.open(notebook.place)
        data = files.read(notebook.file).data
        try:
            latest = depository.resolve(notebook.path, LATEST)
        except (NoNotebook, NoVersion):
            return _State(notebook.shown, notebook.path, "waits" if waits else "new")
        if waits:
            return _State(notebook.shown, notebook.path, "waits", latest)
        is_same = contents.is_archived(depository, latest, data)
        return _State(notebook.shown, notebook.path, "archived" if is_same else "changed", latest)

    def _waits(self, notebook: Notebook) -> bool:
        if not self._waiting:
            return False
        from depository.spool.directory import key_of

        return key_of(notebook.place.url, notebook.path) in self._waiting


def _files(directory: str, *, recursive: bool) -> Iterator[str]:
    if recursive:
        return files.notebooks(directory)
    names = sorted(entry.name for entry in os.scandir(directory) if files.is_notebook(entry.name) and entry.is_file())
    return (os.path.join(directory, name) for name in names)


def _print(session: Session, place: "Place", trouble: str, waiting: Queue | str, states: Iterator[_State]) -> None:
    console = session.console
    here = config.path_of(place, session.cwd)
    lines = {
        "depository": printable(place.url),
        "chosen because": printable(place.reason),
        "this directory": f"{TOP}{printable(here)}",
        "reached": console.paint(printable(trouble), "bad") if trouble else console.paint("yes", "good"),
    }
    for name, text in [*lines.items(), *_waiting_lines(session, waiting)]:
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


def _waiting_lines(session: Session, waiting: Queue | str) -> Iterator[tuple[str, str]]:
    """What is said of the spool, and before each line what it is about."""
    console = session.console
    if isinstance(waiting, str):
        yield "waiting", console.paint(printable(waiting), "bad")
        return
    text = queue.summary(waiting, session.now().astimezone())
    yield "waiting", console.paint(text, "warn" if waiting.names else "dim")
    for problem in waiting.problems:
        yield "", console.paint(queue.complaint(problem), "bad")
        yield "", queue.remedy(problem.kind)
    if waiting.names and not waiting.problems:
        yield "", "Jupyter archives it by and by; 'depository sync' does so now."
    for i, item in enumerate(waiting.aside):
        yield "" if i else "set aside", console.paint(queue.put_aside(item), "bad")
        yield "", printable(item.file)
    if waiting.aside:
        yield "", "'depository sync --again' tries again what was set aside."


def _document(
    session: Session, place: "Place", trouble: str, waiting: Queue | str, states: list[_State]
) -> dict[str, Any]:
    return {
        "url": place.url,
        "reason": place.reason,
        "namespace": place.namespace,
        "base": place.base,
        "directory": config.path_of(place, session.cwd),
        "reached": not trouble,
        "trouble": trouble or None,
        "waiting": {"error": waiting} if isinstance(waiting, str) else {**queue.document(waiting), "error": None},
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
