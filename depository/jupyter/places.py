"""Where the notebooks of a server belong."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from depository import config
from depository.config import Place, Surroundings
from depository.errors import InvalidInput

_REMEMBERED_SECONDS = 5.0
"""How long the depository of a directory is believed to be the same."""
_MOST_REMEMBERED = 1000


class Target(NamedTuple):
    """Where a notebook's versions belong."""

    url: str
    path: str
    s3: Mapping[str, str]
    """How to reach the depository, by `depository.config.S3_KEYS`; no secret is among it."""
    file: str | None = None
    """The absolute file, where it is one on this machine."""


class Places:
    """The depositories of what a contents manager shows. Safe with several threads."""

    def __init__(self, surroundings: Surroundings, manager: Callable[[], Any]) -> None:
        """Make one.

        Args:
            surroundings: of the server.
            manager: gives the contents manager that is used now.
        """
        self.surroundings = surroundings
        self._manager = manager
        self._known: dict[str, tuple[float, Place]] = {}
        self._targets: dict[str, Target] = {}

    def file_of(self, shown: str) -> str | None:
        """The absolute file of a path in Jupyter; None where the contents manager keeps no files."""
        from jupyter_server.services.contents.fileio import FileManagerMixin

        manager = self._manager()
        if not isinstance(manager, FileManagerMixin):
            return None
        path: str = manager._get_os_path(shown)  # type: ignore[no-untyped-call]  # noqa: SLF001 - as Jupyter's handlers do
        return os.path.abspath(path)

    def locate(self, shown: str, *, directory: bool = False) -> Target:
        """The depository and the path of a notebook, or of a directory. It may read settings files.

        Raises:
            DepositoryError: a settings file, or the path, cannot be used.
        """
        file = self.file_of(shown)
        place = self.place(os.path.dirname(file) if file else self.surroundings.cwd)
        path = config.path_of(place, file) if file else config.path_of_name(place, shown)
        if not path and not directory:
            raise InvalidInput(f"'{shown}' names no notebook.")
        target = Target(place.url, path, place.s3, file)
        if len(self._targets) >= _MOST_REMEMBERED:
            self._targets.clear()
        self._targets[shown] = target
        return target

    def remembered(self, shown: str) -> Target | None:
        """Where a notebook belonged when that was last looked at; None if it never was."""
        return self._targets.get(shown)

    def place(self, directory: str) -> Place:
        """The depository of a directory, as it was some seconds ago at most.

        Raises:
            InvalidSettings: a settings file cannot be used.
        """
        known = self._known.get(directory)
        now = time.monotonic()
        if known and known[0] > now:
            return known[1]
        place = config.locate(directory, self.surroundings)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[directory] = (now + _REMEMBERED_SECONDS, place)
        return place
