"""Completing paths and versions: what could be meant, found quickly and without a word.

A completion may be slow to come where the depository is far away. So it is looked for in a thread of its own, and what
has not been found after a moment is not waited for.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from threading import Thread

import click
from click.shell_completion import CompletionItem

from depository import config
from depository.cli import files
from depository.cli.console import Console
from depository.cli.naming import LATEST, Names, Notebook
from depository.cli.session import TOP, Session
from depository.cli.text import local, printable
from depository.config import Surroundings
from depository.errors import DepositoryError
from depository.paths import check

Found = CompletionItem[str]

PATIENCE = 1.5
"""How long to look, in seconds."""
_MOST = 200
"""How many completions are offered."""
_MOST_LOOKED_AT = 5_000
"""How many notebooks of the depository are looked at to find them."""
_MOST_VERSIONS = 50


def complete(what: str, ctx: click.Context, incomplete: str) -> list[Found]:
    """What the user may be about to type.

    Args:
        what: ``files``, ``directories``, ``paths`` (files or archived notebooks), ``versions`` of them, or ``deleted``.
        ctx: the command line so far.
        incomplete: the start of the word.
    """
    found: list[Found] = []

    def look() -> None:
        with suppress(Exception):  # whatever goes wrong, nobody asked to hear of it while typing
            found.extend(islice(_FINDERS[what](_session(ctx), incomplete), _MOST))

    thread = Thread(target=look, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return list({item.value: item for item in found.copy()}.values())


def _session(ctx: click.Context) -> Session:
    url = ctx.meta.get("depository.url_") or ctx.find_root().params.get("url")
    surroundings = Surroundings.of_process()
    return Session(surroundings, Console(surroundings.environ, "never"), url=url)


def _on_disk(session: Session, incomplete: str, *, notebooks: bool) -> Iterator[Found]:
    """Directories, with a / at the end, and notebooks."""
    if incomplete.startswith(TOP):
        return
    above, _, name = incomplete.rpartition("/")
    above += "/" if "/" in incomplete else ""
    with os.scandir(session.file(above or ".")) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.startswith(name) or (entry.name.startswith(".") and not name.startswith(".")):
                continue
            if entry.is_dir():
                yield CompletionItem(f"{above}{entry.name}/")
            elif notebooks and files.is_notebook(entry.name):
                yield CompletionItem(above + entry.name)


def _archived(session: Session, incomplete: str, *, notebooks: bool, deleted: bool = False) -> Iterator[Found]:
    """One step further down in the depository: directories, with a / at the end, and notebooks."""
    above, _, name = incomplete.removeprefix(TOP).rpartition("/")
    if incomplete.startswith(TOP):
        place, directory, start = session.place(), check(above) if above else "", TOP + (f"{above}/" if above else "")
    else:
        file = session.file(above or ("/" if incomplete.startswith("/") else "."))
        place = session.place(file)
        directory, start = config.path_of(place, file), incomplete[: len(incomplete) - len(name)]
    prefix = f"{directory}/" if directory else ""
    seen = set()
    for notebook in islice(session.open(place).ls(directory, deleted=deleted), _MOST_LOOKED_AT):
        if not notebook.path.startswith(prefix) or (deleted and not notebook.deleted):
            continue
        step, slash, _ = notebook.path.removeprefix(prefix).partition("/")
        if step.startswith(name) and (slash or notebooks) and step + slash not in seen:
            seen.add(step + slash)
            yield CompletionItem(start + step + slash)


def _paths(session: Session, incomplete: str) -> Iterator[Found]:
    yield from _quietly(_on_disk(session, incomplete, notebooks=True))
    yield from _quietly(_archived(session, incomplete, notebooks=True))


def _quietly(found: Iterator[Found]) -> Iterator[Found]:
    """Until something goes wrong."""
    try:
        yield from found
    except (DepositoryError, OSError):
        return


def _versions(session: Session, incomplete: str) -> Iterator[Found]:
    path, at, spec = incomplete.rpartition("@")
    if at and path:
        yield from _quietly(_specs_of(session, path, spec))
        if os.path.isdir(session.file(path.rpartition("/")[0] or ".")):  # a name that contains @
            yield from _paths(session, incomplete)
        return
    if not at and "/" not in incomplete:
        yield from _quietly(_specs_here(session, incomplete))
    yield from _paths(session, incomplete)


def _specs_of(session: Session, path: str, incomplete: str) -> Iterator[Found]:
    yield from _specs(session, Names(session).notebook(path), f"{path}@", incomplete)


def _specs_here(session: Session, incomplete: str) -> Iterator[Found]:
    yield from _specs(session, Names(session).the_one_here(), "", incomplete)


def _specs(session: Session, notebook: Notebook, before: str, incomplete: str) -> Iterator[Found]:
    versions = session.open(notebook.place).log(notebook.path)
    newest = list(islice(versions, _MOST_VERSIONS))
    for version in newest:
        for ref in version.refs:
            if ref.startswith(incomplete):
                yield CompletionItem(before + ref, help=version.name)
    if newest and LATEST.startswith(incomplete):
        yield CompletionItem(before + LATEST, help=newest[0].name)
    for version in newest:
        if version.name.startswith(incomplete):
            change = "raw" if version.kind == "raw" else version.change
            text = f"{local(version.time)}  {change}  {printable(version.message)}".rstrip()
            yield CompletionItem(before + version.name, help=text)


def _files(session: Session, incomplete: str) -> Iterator[Found]:
    return _on_disk(session, incomplete, notebooks=True)


def _directories(session: Session, incomplete: str) -> Iterator[Found]:
    yield from _quietly(_on_disk(session, incomplete, notebooks=False))
    yield from _quietly(_archived(session, incomplete, notebooks=False))


def _deleted(session: Session, incomplete: str) -> Iterator[Found]:
    return _archived(session, incomplete, notebooks=True, deleted=True)


_FINDERS: dict[str, Callable[[Session, str], Iterator[Found]]] = {
    "files": _files,
    "directories": _directories,
    "paths": _paths,
    "versions": _versions,
    "deleted": _deleted,
}
