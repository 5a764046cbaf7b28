"""From the words on the command line to a notebook, a version or a blob.

A path is a file, or ``:/`` and a path of the depository. ``PATH@SPEC`` is a version of it. An ``@`` may be part of a
name as well: of all ways to read an argument, the one with the longest path that is a file or is archived counts, so
``we@ird.ipynb`` is a notebook as long as there is one. An ``@`` at the end, with nothing after it, ends the path and
stands for the latest version.
"""

import os
import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from depository import config
from depository.cli.session import TOP, Session
from depository.config import Place
from depository.errors import Ambiguous, InvalidPath, NoNotebook
from depository.paths import check

LATEST = "latest"

_HASH = re.compile(r"[0-9a-f]{6,64}", re.IGNORECASE)
_MOST_NAMES = 10
"""How many notebooks an error lists."""


class Notebook(NamedTuple):
    """A notebook that was named: whether it is archived, or there on disk, is not said."""

    place: Place
    path: str
    """In the depository."""
    file: str | None
    """On disk, absolute; None where no file can have this path."""
    shown: str
    """As the user would type it."""


class Named(NamedTuple):
    """A version of a notebook that was named."""

    notebook: Notebook
    spec: str | None
    """None where only the notebook was named."""


class Blob(NamedTuple):
    """Content that was named by its hash alone."""

    place: Place
    hash: str


def split(argument: str, known: Callable[[str], bool]) -> tuple[str, str | None]:
    """Take an argument apart into a path and a version.

    Args:
        argument: What the user wrote.
        known: Whether there is a file, or an archived notebook, of such a name.

    Returns:
        The path, empty if none was given, and the version's name, None if none was given.
    """
    if known(argument):
        return argument, None
    if "@" not in argument:
        return (argument, None) if _looks_like_path(argument) else ("", argument)
    if argument.endswith("@") and argument != "@":
        return argument[:-1], LATEST
    places = [i for i, letter in enumerate(argument) if letter == "@" and i > 0]
    for i in reversed(places):
        if known(argument[:i]):
            return argument[:i], argument[i + 1 :]
    if argument.startswith("@"):
        return "", argument[1:] or LATEST
    if argument.endswith(".ipynb"):
        return argument, None
    path, _, spec = argument.rpartition("@")
    return path, spec


def _looks_like_path(argument: str) -> bool:
    return argument.endswith(".ipynb") or "/" in argument or os.sep in argument


def _is_directly_in(prefix: str, path: str) -> bool:
    return path.startswith(prefix) and "/" not in path[len(prefix) :]


class Names:
    """Reads names in a session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def notebook(self, argument: str) -> Notebook:
        """The notebook of an argument that is nothing but a path.

        Raises:
            InvalidPath: no depository can hold it.
        """
        session = self.session
        if argument.startswith(TOP):
            place, path = session.place(), self.depository_path(argument)
            if not path:
                raise InvalidPath(f"'{argument}' is the whole depository and no notebook.")
            file = config.file_of(place, path)
            if file is not None and session.place(os.path.dirname(file)) != place:
                file = None
        else:
            file = session.file(argument)
            place = session.place(os.path.dirname(file))
            path = config.path_of(place, file)
            if not path:
                raise InvalidPath(
                    f"'{argument}' is the directory that the top of the depository stands for, and no notebook."
                )
        return Notebook(place, path, file, session.shown(place, path))

    def depository_path(self, argument: str) -> str:
        """What comes after ``:/``, checked; empty for the top."""
        path = argument.removeprefix(TOP).rstrip("/")
        return check(path) if path else ""

    def below(self, argument: str) -> tuple[Place, str]:
        """The depository and the path of a notebook or a directory; an empty path for all of it."""
        if argument.startswith(TOP):
            return self.session.place(), self.depository_path(argument)
        file = self.session.file(argument or ".")
        # a directory may have a settings file of its own
        place = self.session.place(file if os.path.isdir(file) else os.path.dirname(file))
        return place, config.path_of(place, file)

    def version(self, argument: str | None) -> Named:
        """The version of an argument: ``PATH``, ``PATH@SPEC``, or ``SPEC`` of the one notebook here.

        Raises:
            Ambiguous: there are several notebooks here.
            NotFound: there is none here.
        """
        path, spec = split(argument, self._known) if argument else ("", None)
        return Named(self.notebook(path) if path else self.the_one_here(), spec)

    def version_or_blob(self, argument: str | None) -> Named | Blob:
        """As `version`; but a bare hash names content, whatever notebook holds it."""
        if argument and _HASH.fullmatch(argument) and not self._known(argument):
            place = self.session.place()
            return Blob(place, self.session.open(place).find(argument))
        return self.version(argument)

    def sides(self, arguments: Sequence[str]) -> list[Named | Blob]:
        """What `diff` compares: a version alone belongs to the notebook named before it.

        A path that only says what the versions after it belong to is no side of its own.
        """
        sides: list[Named | Blob] = []
        notebook: Notebook | None = None
        for argument in arguments:
            path, spec = split(argument, self._known)
            if not path and spec and notebook:
                if sides[-1] == Named(notebook, None):
                    sides.pop()
                sides.append(Named(notebook, spec))
                continue
            side = Named(self.notebook(path), spec) if path else self.version_or_blob(argument)
            notebook = side.notebook if isinstance(side, Named) else notebook
            sides.append(side)
        return sides

    def the_one_here(self) -> Notebook:
        """The one archived notebook of the current directory.

        Raises:
            Ambiguous: there are several.
            NoNotebook: there is none.
        """
        session = self.session
        place = session.place()
        above = config.path_of(place, session.cwd)
        prefix = f"{above}/" if above else ""
        listed = session.open(place).ls(above)
        paths = list(islice((item.path for item in listed if _is_directly_in(prefix, item.path)), _MOST_NAMES + 1))
        if not paths:
            raise NoNotebook("No notebook of this directory is archived: name the one that is meant, as in PATH@v1.")
        if len(paths) > 1:
            names = ", ".join(f"'{session.shown(place, path)}'" for path in paths[:_MOST_NAMES])
            more = " and more" if len(paths) > _MOST_NAMES else ""
            raise Ambiguous(f"Several notebooks of this directory are archived: say which of {names}{more} is meant.")
        return self.notebook(TOP + paths[0])

    def _known(self, text: str) -> bool:
        """Whether there is a file or an archived notebook of this name."""
        if not text.startswith(TOP) and os.path.isfile(self.session.file(text)):
            return True
        try:
            notebook = self.notebook(text)
            self.session.open(notebook.place).refs(notebook.path)
        except (InvalidPath, NoNotebook):
            return False
        return True
