"""`depository save`."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import click

from depository import records
from depository.cli import files
from depository.cli.app import complain, describe
from depository.cli.command import command, completer, json_option
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
    from depository.depository import Depository
    from depository.models import Version

_HOPELESS = (NoBucket, NoDepository, StorageFull, Unreachable, UnsupportedFormat)
"""After these no other file will fare better."""
_THREADS = 8
"""How many files are on their way to a bucket at once."""
_LARGE = 8 * 1024 * 1024
"""Of the files past this size, in bytes, only one is in memory at a time."""


@command(
    ("save mine.ipynb", "archive a notebook as it is on disk"),
    ('save mine.ipynb -m "cleaned up"', "say why"),
    ("save .", "archive all notebooks from here downwards"),
)
@click.argument("files_", metavar="FILE|DIRECTORY...", nargs=-1, required=True, shell_complete=completer("files"))
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
    as_json: bool,
) -> None:
    """Archive notebooks.

    Of a directory all *.ipynb are taken, those further down too, but not what is hidden and no checkpoints. What has
    not changed since its newest version makes no new one. A file that is no notebook is archived as the bytes that it
    is. If a file cannot be archived the others still are, and the exit code is 1.
    """
    time = parse_time(when, session.now(), edge="start") if when else None
    saver = _Saver(session, message, author, time)
    found, failed = _walk(session, files_)
    with Progress(len(found)) as progress:
        progress.show(0)
        for done, outcome in enumerate(_in_order(map(saver.task, found), saver.threads), 1):
            progress.hide()
            if isinstance(outcome, str):
                complain(outcome)
                failed = True
            else:
                session.console.line(_json_line(outcome) if as_json else _line(outcome))
            progress.show(done)
    if failed:
        raise click.exceptions.Exit(1)


class _Saved(NamedTuple):
    notebook: Notebook
    version: "Version"
    concern: str = ""
    """What is wrong with what was archived."""


_Outcome = _Saved | str
"""What became of a file; or why nothing did, as a sentence."""
_Task = Callable[[], _Outcome]


def _walk(session: Session, arguments: Iterable[str]) -> tuple[list[str], bool]:
    """Every file that the arguments stand for, once, and whether a directory could not be read."""
    found: dict[str, None] = {}
    failed = False
    for argument in arguments:
        directory = session.file(argument)
        if not os.path.isdir(directory):
            found[argument] = None
            continue
        try:
            notebooks = list(files.notebooks(directory))
        except OSError as error:
            complain(describe(error))
            failed = True
            continue
        if not notebooks:
            session.console.note(f"There is no notebook in '{printable(argument)}'.")
        found |= dict.fromkeys(notebooks)
    return list(found), failed


def _in_order(tasks: Iterator[_Task], threads: Callable[[], int]) -> Iterator[_Outcome]:
    """Run the tasks, several at once where that pays, and give what became of them in their order."""
    first = next(tasks, None)
    if first is None:
        return
    if threads() == 1:
        yield first()
        for task in tasks:
            yield task()
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads()) as pool:
        running = deque(pool.submit(task) for task in [first, *islice(tasks, 2 * threads())])
        try:
            while running:
                yield running.popleft().result()
                running.extend(pool.submit(task) for task in islice(tasks, 1))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Saver:
    def __init__(self, session: Session, message: str, author: str | None, time: datetime | None) -> None:
        self._session = session
        self._names = Names(session)
        self._message = message
        self._author = author
        self._time = time
        self._one_large = Lock()
        self._is_far = False

    def threads(self) -> int:
        """How many tasks to run at once."""
        return _THREADS if self._is_far else 1

    def task(self, argument: str) -> _Task:
        """What is to be done for a file. Finding that out is for one thread, doing it for any."""
        try:
            notebook = self._names.notebook(argument)
            if notebook.file is None:
                raise NotFound(f"No file here can have the path '{argument}'.")
            self._is_far = notebook.place.url.lower().startswith("s3:")
            return partial(self._save, notebook, notebook.file, self._session.open_or_make(notebook.place))
        except _HOPELESS:
            raise
        except (DepositoryError, OSError) as error:
            return partial(str, _sentence(error))

    def _save(self, notebook: Notebook, file: str, depository: "Depository") -> _Outcome:
        try:
            with self._one_large if _is_large(file) else nullcontext():
                data = files.read(file).data
                version = depository.save(
                    notebook.path, data, author=self._author, message=self._message, time=self._time
                )
        except _HOPELESS:
            raise
        except (DepositoryError, OSError) as error:
            return _sentence(error)
        return _Saved(notebook, version, _concern(data) if version.fresh else "")


def _is_large(file: str) -> bool:
    try:
        return os.stat(file).st_size > _LARGE
    except OSError:
        return False


def _sentence(error: DepositoryError | OSError) -> str:
    return describe(error) if isinstance(error, OSError) else str(error)


def _line(saved: _Saved) -> str:
    version = saved.version
    text = f"{version.name}{saved.concern}" if version.fresh else f"unchanged since {version.name}"
    return f"{printable(saved.notebook.shown)}: {text}"


def _concern(data: bytes) -> str:
    from depository.notebook import content, validity

    found = content.from_file(data)
    if found.kind is content.Kind.RAW:
        return f", no notebook but raw bytes: it {found.reason}"
    complaint = validity.complaint(found.value)
    return f", as it is, but Jupyter may refuse it: {printable(complaint)}" if complaint else ""


def _json_line(saved: _Saved) -> str:
    return records.line({**records.version(saved.version), "new": saved.version.fresh})
