"""A depository that is open: its place, what is known of it, and how it is let go."""

import time as clocks
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from os import urandom
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from depository import marker, paths, words
from depository.backends import connect
from depository.errors import AccessDenied, NoDepository, NoNotebook
from depository.history.commit import Commits
from depository.history.manifest import Manifest
from depository.objects.store import Objects
from depository.reading import Reader
from depository.spaces import PlainNotebooks

if TYPE_CHECKING:
    from depository.backends.base import Backend, Setting
    from depository.backends.s3_settings import S3Settings
    from depository.cell_cache import CellCache


class Opened:
    """A depository at one place; what is done with it is `Depository`'s."""

    def __init__(
        self,
        backend: "Backend",
        *,
        author: str = "",
        clock: Callable[[], float] = clocks.time,
        sleep: Callable[[float], None] = clocks.sleep,
        jitter: Callable[[], float] | None = None,
        token: Callable[[], bytes] = lambda: urandom(8),
    ) -> None:
        """Use what `create` and `open` are for; this is for a backend of one's own.

        Args:
            backend: the object store.
            author: who saves, where a call does not say.
            clock: seconds since the epoch.
            sleep: waits that many seconds, between tries when several writers race.
            jitter: draws from 0 to 1, to spread those tries; by chance, if not given.
            token: draws the 8 random bytes by which a writer knows its own write again.
        """
        self.author = author
        self.settings: Sequence[Setting] = ()
        """What `create` did to the place, and what it left to an administrator."""
        self._backend = backend
        self._clock = clock
        self._token = token
        self._marker: marker.Marker | None = None
        self._marker_lock = Lock()
        self._objects = Objects(backend)
        self._cell_cache: CellCache | None = None

        def pause(attempt: int) -> None:
            from random import random

            sleep((jitter or random)() * min(2.0, 0.01 * 2 ** min(attempt, 10)))

        self._commits = Commits(backend, self._objects, token=token, pause=pause)
        self._reader = Reader(self._commits, self._objects, self._local_now)
        self._plain = PlainNotebooks(backend, self._commits, self._reader, self._spaces)

    def _cells(self) -> "CellCache":
        if self._cell_cache is None:
            from depository.cell_cache import CellCache

            self._cell_cache = CellCache()
        return self._cell_cache

    @classmethod
    def create(
        cls,
        url: str,
        *,
        prefixes: dict[str, str] | None = None,
        materialize: tuple[str, ...] = ("scheduled", "published"),
        s3: "S3Settings | None" = None,
        author: str = "",
    ) -> Self:
        """Make a depository, or adopt the one that is there; `settings` tells what was done.

        Args:
            url: ``s3://bucket/prefix``, or a directory.
            prefixes: the prefixes of the spaces ``workspace``, ``scheduled`` and ``published``, where they are not
                to be called so.
            materialize: the spaces in which plain notebooks are written.
            s3: how to reach an S3 service.
            author: who saves, where a call does not say.

        Raises:
            InvalidInput: the URL or a setting cannot be used.
            StorageError: the place cannot be reached or written.
        """
        return cls.adopt(connect(url, settings=s3), prefixes=prefixes, materialize=materialize, author=author)

    @classmethod
    def adopt(
        cls,
        backend: "Backend",
        *,
        prefixes: dict[str, str] | None = None,
        materialize: tuple[str, ...] = ("scheduled", "published"),
        author: str = "",
    ) -> Self:
        """Do what `create` does, at a backend of one's own."""
        depository = cls(backend, author=author)
        wanted = marker.make(depository._now(), prefixes, materialize)
        prepared = backend.prepare()
        try:
            found = marker.read(backend)
        except (NoDepository, AccessDenied):  # who may not list is denied to read what is not there
            found = marker.write(backend, wanted._replace(protocol=backend.choose_protocol(urandom(8).hex())))
        depository._follow(found)
        depository.settings = (*prepared, *backend.limit())
        return depository

    @classmethod
    def open(cls, url: str | None = None, *, s3: "S3Settings | None" = None, author: str = "") -> Self:
        """Open a depository. Nothing is asked of the store before something is asked of the depository.

        Args:
            url: as `create` takes it; None for the one that is configured for the current directory.
            s3: how to reach an S3 service.
            author: who saves, where a call does not say.

        Raises:
            InvalidInput: the URL, or a settings file, cannot be used.
        """
        if url is None:
            from depository import config

            url, s3 = config.configured()
        return cls(connect(url, settings=s3), author=author)

    @property
    def url(self) -> str:
        """The place, without credentials."""
        return self._backend.url

    def close(self) -> None:
        """Let go of connections and threads."""
        self._objects.close()
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # what its operations are made of

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _local_now(self) -> datetime:
        # without a zone: words such as "yesterday" are then read with the summer times of this system
        return datetime.fromtimestamp(self._clock())  # noqa: DTZ006

    def _milliseconds(self, time: datetime | None) -> int:
        if time is None:
            return round(self._clock() * 1000)
        return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)

    def _author(self, author: str | None) -> str:
        return words.check_label("author", self.author if author is None else author)

    def _ready_to_write(self) -> None:
        self._spaces()

    def _spaces(self) -> marker.Marker:
        with self._marker_lock:
            if self._marker is None:
                return self._follow(marker.read(self._backend))
            return self._marker

    def _follow(self, found: marker.Marker) -> marker.Marker:
        """Read and write as the marker says from now on."""
        marker.follow(self._backend, found)
        self._marker = found
        return found

    def _manifest(self, path: str) -> Manifest:
        path = paths.check(path)
        manifest = self._commits.read(path)
        if manifest is None or manifest.renamed_to is not None:
            raise self._no_notebook(path, manifest)
        return manifest

    def _no_notebook(self, path: str, manifest: Manifest | None) -> NoNotebook:
        if manifest is None:
            self._spaces()  # there may be no depository at all, and that is then what is wrong
            return NoNotebook(f"Nothing has been archived as '{path}' in {self.url}.")
        if manifest.renamed_to is not None:
            return NoNotebook(f"'{path}' was renamed to '{manifest.renamed_to}', and its history with it.")
        return NoNotebook(f"'{path}' was deleted; 'undelete' brings it back.")
