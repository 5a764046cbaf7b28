"""What one call of the command works with: where it is, what is configured, and the depositories that it has opened."""

import os
from datetime import datetime
from typing import TYPE_CHECKING

from depository import config
from depository.cli.console import Console
from depository.config import Place, Surroundings
from depository.errors import InvalidInput, StorageError

if TYPE_CHECKING:
    from depository.depository import Depository
    from depository.spool.directory import Spool

TOP = ":/"
"""Before a path of the depository, to tell it from a file's name."""
UNMADE = "There is nothing yet: the first save makes this depository."
"""What is said of a depository that `Session.is_unmade`."""


class Session:
    """One call of the command."""

    def __init__(self, surroundings: Surroundings, console: Console, *, url: str | None = None) -> None:
        self.surroundings = surroundings
        self.console = console
        self.url = url
        """The depository that was named on the command line."""
        self._places: dict[str, Place] = {}
        self._depositories: dict[str, Depository] = {}
        self._heads: dict[str, tuple[Place, str]] = {}
        """Of what is in a directory of a depository, what is shown before its name."""

    @classmethod
    def from_process(cls, *, url: str | None = None, colour: str | None = None, pager: bool = True) -> "Session":
        """For this process, in its directory, with its environment and its streams."""
        surroundings = Surroundings.of_process()
        return cls(surroundings, Console(surroundings.environ, colour, paging=pager), url=url)

    def close(self) -> None:
        """Let go of what was opened."""
        for depository in self._depositories.values():
            depository.close()
        self._depositories.clear()

    @property
    def cwd(self) -> str:
        """The current directory, as the user sees it."""
        return self.surroundings.cwd

    def now(self) -> datetime:
        """The time, by the clock of this system: naive, so that words are read with its summer times."""
        return datetime.now()  # noqa: DTZ005

    def file(self, argument: str) -> str:
        """The absolute file or directory that an argument names."""
        if "\0" in argument:
            raise InvalidInput(f"{argument!r} names no file: there is a null character in it.")
        return os.path.normpath(os.path.join(self.cwd, argument))

    def place(self, directory: str | None = None) -> Place:
        """The depository of a directory, by default the current one."""
        directory = directory or self.cwd
        if directory not in self._places:
            self._places[directory] = config.locate(directory, self.surroundings, url=self.url)
        return self._places[directory]

    def named_place(self, url: str) -> Place:
        """The depository of a URL, as seen from the current directory."""
        return config.locate(self.cwd, self.surroundings, url=url)

    def open(self, place: Place) -> "Depository":
        """A depository that is there."""
        if place.url not in self._depositories:
            from depository.depository import Depository

            self._depositories[place.url] = Depository.open(
                place.url, s3=place.s3_settings, author=self.surroundings.author
            )
        return self._depositories[place.url]

    @staticmethod
    def is_unmade(place: Place) -> bool:
        """Whether it is the user's own depository, which the first save makes."""
        return place.is_default and not os.path.exists(place.url)

    def open_or_make(self, place: Place) -> "Depository":
        """A depository to write into; the user's own is made if it is not there yet."""
        if self.is_unmade(place):
            from depository.depository import Depository

            self._depositories[place.url] = Depository.create(place.url, author=self.surroundings.author)
        return self.open(place)

    def spool(self) -> "Spool | None":
        """Where saves wait that are not archived yet; None if there never was one.

        Raises:
            StorageError: it cannot be used.
        """
        directory = config.spool_directory(self.surroundings)
        try:
            os.lstat(directory)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageError(f"The spool in '{directory}' cannot be used: {error.strerror}.") from error
        from time import time_ns

        from depository.spool.directory import Spool

        return Spool(directory, clock=time_ns)

    def cache_file(self, place: Place, what: str = "details") -> str:
        """Where something of a depository is remembered: the ``details`` of listings, the ``index`` of searches."""
        from hashlib import sha256

        name = sha256(place.url.encode(errors="surrogateescape")).hexdigest()[:16]
        return os.path.join(config.cache_directory(self.surroundings), f"{name}.{what}")

    def shown(self, place: Place, path: str) -> str:
        """A path of a depository as the user would type it here."""
        directory, _, name = path.rpartition("/")
        of, head = self._heads.get(directory, (None, ""))
        if of is not place:  # all that is in one directory is shown alike
            head = self._shown(place, path).removesuffix(name)
            self._heads[directory] = place, head
        return head + name

    def _shown(self, place: Place, path: str) -> str:
        file = config.file_of(place, path)
        if file is not None and place == self.place():
            here = self.cwd if self.cwd.endswith(os.sep) else self.cwd + os.sep
            if file.startswith(here) and self.place(os.path.dirname(file)) == place:
                return file.removeprefix(here)
        return TOP + path
