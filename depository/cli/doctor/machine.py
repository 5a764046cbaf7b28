"""This machine's part: what waits here, the room for it, what is remembered here, and the pieces that do it all."""

import os
import platform
from collections.abc import Iterator
from datetime import timedelta
from importlib import metadata

from depository import __version__, config
from depository.cli import queue
from depository.cli.doctor.case import Case
from depository.cli.doctor.findings import Check, Finding, bad, ok, warn
from depository.cli.text import size
from depository.errors import StorageError

_LONG = timedelta(hours=1)
"""Of waiting, when nothing is known to be in the way."""
_LITTLE_ROOM = 1024**3
"""Bytes that are left, when it is time to make room."""
_MOST_LISTED = 5

_PIECES = ("botocore", "jupyter_server", "jupyterlab", "notebook")
_OLDEST = {"botocore": "1.36", "jupyter_server": "2.10", "jupyterlab": "3", "notebook": "7"}
"""Of what works with this: older ones fail, or do not load the extension."""
_WHY = {
    "botocore": "it cannot send what this asks of it",
    "jupyter_server": "it lacks what the extension builds upon",
    "jupyterlab": "it does not run on jupyter_server, and loads no extension of it",
    "notebook": "it is no part of jupyter_server, and loads no extension of it: what is saved there is not archived",
}


def waiting(case: Case) -> Iterator[Finding]:
    """What waits to be archived, since when, and why."""
    found = queue.look(case.session.spool())
    now = case.now()
    text = f"To be archived: {queue.summary(found, now)}."
    for problem in found.problems:
        yield bad("queue", f"{text} {queue.complaint(problem)}", queue.remedy(problem.kind))
    if not found.problems and found.oldest and now - found.oldest > _LONG:
        yield bad("queue", f"{text} Nothing is known to be in the way.", "Run 'depository sync'.")
    elif not found.problems:
        yield ok("queue", text if found.names else "Nothing waits to be archived.")
    for item in found.aside[:_MOST_LISTED]:
        yield bad("queue", f"Set aside: {queue.put_aside(item)}", f"'depository sync --again' tries {item.file} again.")
    if len(found.aside) > _MOST_LISTED:
        yield bad("queue", f"{len(found.aside):,} were set aside in all.", "'depository status' lists them.")


def room(case: Case) -> Iterator[Finding]:
    """Whether saves can wait here."""
    from depository.spool.directory import RESERVE

    directory = config.spool_directory(case.session.surroundings)
    there = directory
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        raise StorageError(f"The spool cannot be in '{directory}': '{there}' is no directory.")
    if not os.access(there, os.W_OK | os.X_OK):
        yield bad(
            "spool",
            f"The spool in '{directory}' cannot be written: what is saved in Jupyter is not archived.",
            f"Have '{there}' made yours, or name another directory in {config.SPOOL_VARIABLE}.",
        )
    elif hasattr(os, "statvfs"):
        found = os.statvfs(there)
        free = found.f_bavail * found.f_frsize
        text = f"{size(free)} are free where saves wait, in '{directory}'"
        if free < RESERVE:
            yield bad("spool", f"{text}: what is saved in Jupyter is not archived.", "Make room there.")
        elif free < _LITTLE_ROOM:
            yield warn("spool", f"{text}.", "Make room there.")
        else:
            yield ok("spool", f"{text}.")


def cache(case: Case) -> Iterator[Finding]:
    """What is remembered here of depositories, which can be had again."""
    directory = config.cache_directory(case.session.surroundings)
    try:
        with os.scandir(directory) as entries:
            sizes = [entry.stat().st_size for entry in entries if entry.is_file()]
    except FileNotFoundError:
        yield ok("cache", "Nothing is remembered here of any depository yet.")
        return
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        yield warn(
            "cache", f"'{directory}' cannot be written: searches and listings are slower.", "Have it made yours."
        )
        return
    yield ok("cache", f"{size(sum(sizes))} are remembered in '{directory}'; it may be removed at any time.")


def versions(case: Case) -> Iterator[Finding]:
    """The pieces, and which of them are known not to work together."""
    found = {piece: version for piece in _PIECES if (version := _version(piece))}
    if case.pythons.jupyter not in (None, case.pythons.own) and case.jupyter_depository:
        found |= case.jupyter["versions"]
    listed = ", ".join(f"{piece} {version}" for piece, version in found.items())
    yield ok("versions", f"depository {__version__}, Python {platform.python_version()}, {listed}.")
    for piece, version in found.items():
        if _numbers(version) < _numbers(_OLDEST[piece]):
            yield bad(
                "versions",
                f"{piece} {version} is too old: {_WHY[piece]}.",
                f"Run {case.pythons.jupyter or case.pythons.own} -m pip install '{piece}>={_OLDEST[piece]}'",
            )
    installed = _version("depository")
    if installed and installed != __version__:
        where = os.path.dirname(config.__file__)
        yield warn(
            "versions",
            f"depository {installed} is installed, and what runs is {__version__}, in '{where}'.",
            "Install it anew, or see what is in PYTHONPATH.",
        )
    if bookstore := _version("bookstore"):
        yield bad(
            "versions",
            f"bookstore {bookstore} is installed, which does not work beside today's Jupyter, and archives nothing.",
            f"Run {case.pythons.own} -m pip uninstall bookstore",
        )


def _version(piece: str) -> str | None:
    try:
        return metadata.version(piece)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, which put it in order."""
    parts = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        parts.append(int(part))
    return tuple(parts)


CHECKS = (
    Check("queue", waiting),
    Check("spool", room),
    Check("cache", cache),
    Check("versions", versions),
)
