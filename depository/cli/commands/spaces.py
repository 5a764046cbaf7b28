"""`depository publish`, `unpublish`, `schedule` and `unschedule`."""

from typing import TYPE_CHECKING

import click

from depository import records
from depository.cli import contents, files
from depository.cli.command import command, completer, json_option
from depository.cli.naming import LATEST, Names
from depository.cli.session import Session
from depository.cli.text import printable
from depository.errors import DepositoryError

if TYPE_CHECKING:
    from depository.cli.naming import Named
    from depository.depository import Depository

_PUBLISHED = "published"
_SCHEDULED = "scheduled"
_JSON = "Print a JSON document: what happened."
_MESSAGE = "What to note beside it in the history."


@command(
    ("publish mine.ipynb", "the latest version"),
    ('publish mine.ipynb@v12 -m "as shown on Monday"', "another one, and why"),
)
@click.argument("version", metavar="[PATH@VERSION|VERSION]", required=False, shell_complete=completer("versions"))
@click.option("-m", "--message", default="", help=_MESSAGE)
@json_option(_JSON)
@click.pass_obj
def publish(session: Session, version: str | None, message: str, as_json: bool) -> None:
    """Publish a version, by default the latest.

    It is what `published` names from then on, and, unless the depository is set up otherwise, a plain notebook file
    among those that viewers read.
    """
    _promote(session, version, _PUBLISHED, message, as_json=as_json)


@command(("unpublish mine.ipynb", "publish it no longer"))
@click.argument("path", required=False, shell_complete=completer("paths"))
@click.option("-m", "--message", default="", help=_MESSAGE)
@json_option(_JSON)
@click.pass_obj
def unpublish(session: Session, path: str | None, message: str, as_json: bool) -> None:
    """Take what is published down again."""
    _withdraw(session, path, _PUBLISHED, message, as_json=as_json)


@command(
    ("schedule mine.ipynb", "the latest version"),
    ("schedule mine.ipynb@v12", "another one"),
)
@click.argument("version", metavar="[PATH@VERSION|VERSION]", required=False, shell_complete=completer("versions"))
@click.option("-m", "--message", default="", help=_MESSAGE)
@json_option(_JSON)
@click.pass_obj
def schedule(session: Session, version: str | None, message: str, as_json: bool) -> None:
    """Hand a version, by default the latest, to a scheduler.

    It is what `scheduled` names from then on, and, unless the depository is set up otherwise, a plain notebook file
    among those that schedulers read.
    """
    _promote(session, version, _SCHEDULED, message, as_json=as_json)


@command(("unschedule mine.ipynb", "schedule it no longer"))
@click.argument("path", required=False, shell_complete=completer("paths"))
@click.option("-m", "--message", default="", help=_MESSAGE)
@json_option(_JSON)
@click.pass_obj
def unschedule(session: Session, path: str | None, message: str, as_json: bool) -> None:
    """Take what is scheduled off the schedule again."""
    _withdraw(session, path, _SCHEDULED, message, as_json=as_json)


def _promote(session: Session, version: str | None, ref: str, message: str, *, as_json: bool) -> None:
    named = Names(session).version(version)
    depository = session.open(named.notebook.place)
    event = depository.promote(named.notebook.path, named.spec or LATEST, ref, message=message)
    if as_json:
        session.console.line(records.document(records.event(event)))
        return
    was = f", and was v{event.previous}" if event.previous and event.previous != event.number else ""
    session.console.line(f"{printable(named.notebook.shown)}: {ref} is v{event.number}{was}")
    if named.spec is None:
        _note_changes_on_disk(session, depository, named)


def _note_changes_on_disk(session: Session, depository: "Depository", named: "Named") -> None:
    notebook = named.notebook
    try:
        found = files.read_if_there(notebook.file) if notebook.file else None
        latest = depository.resolve(notebook.path, LATEST)
        if found is None or contents.is_archived(depository, latest, found.data):
            return
    except (DepositoryError, OSError):  # it was not asked for
        return
    shown = printable(notebook.shown)
    session.console.note(
        f"The file {shown} has changed since {latest.name}: save and promote it again to take that in."
    )


def _withdraw(session: Session, path: str | None, ref: str, message: str, *, as_json: bool) -> None:
    names = Names(session)
    notebook = names.notebook(path) if path else names.the_one_here()
    event = session.open(notebook.place).withdraw(notebook.path, ref, message=message)
    if as_json:
        session.console.line(records.document(records.event(event)))
        return
    was = f", and was v{event.previous}" if event.previous else ""
    session.console.line(f"{printable(notebook.shown)}: not {ref} any longer{was}")
