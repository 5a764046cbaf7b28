"""Spaces: the plain notebooks that schedulers and viewers read, written beside the archive.

The ref in the manifest is what counts; the plain file follows it. Whoever wrote the file looks at the ref again, so
that of several writers the last one leaves the file that the ref names. And whoever does a thing again that was broken
off before its file followed, is refused perhaps, since it is done; the file follows then all the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from depository.backends.base import Backend
from depository.errors import Conflict, NotFound, StorageError
from depository.history.commit import Commits
from depository.history.manifest import Manifest
from depository.marker import Marker
from depository.reading import Reader
from depository.specs import SPACES, WORKSPACE

if TYPE_CHECKING:
    from depository.history.entries import VersionEntry

_MAX_ROUNDS = 10
_REMEMBERED = 4096


class PlainNotebooks:
    """The plain notebooks of a depository, in the spaces where they are wanted. Safe with several threads.

    Args:
        backend: where they are written.
        commits: of the depository.
        reader: of its versions.
        marker: says in which spaces they are wanted, and where these are.
    """

    def __init__(self, backend: Backend, commits: Commits, reader: Reader, marker: Callable[[], Marker]) -> None:
        self._backend = backend
        self._commits = commits
        self._reader = reader
        self._marker = marker
        self._known: set[str] = set()

    def are_known(self, path: str) -> bool:
        """Whether this process has seen to it that what lies in the workspace is the newest version."""
        return path in self._known or WORKSPACE not in self._marker().materialize

    def follow(self, path: str, *spaces: str) -> None:
        """Make the plain notebook of a path be what its refs say: there, or not there.

        Raises:
            StorageError: it could not be written; the ref is moved all the same.
        """
        marker = self._marker()
        for space in spaces:
            if space not in marker.materialize:
                continue
            if space == WORKSPACE:
                self._known.discard(path)
            self._follow(path, space, f"{marker.prefixes[space]}/{path}")
            if space == WORKSPACE and len(self._known) < _REMEMBERED:
                self._known.add(path)

    @contextmanager
    def completing(self, *paths: str) -> Iterator[None]:
        """Let the plain notebooks follow where what is done inside is refused: it may have been done before, and broken
        off.
        """
        try:
            yield
        except (NotFound, Conflict):
            for path in paths:
                if self._commits.read(path):
                    self._commits.settle(path)
                    self.follow(path, *SPACES)
            raise

    def _follow(self, path: str, space: str, key: str) -> None:
        seen = False
        written: VersionEntry | None = None
        for _ in range(_MAX_ROUNDS):
            manifest = self._commits.read(path)
            number = _number(manifest, space)
            wanted = self._reader.find(manifest, f"v{number}")[0] if manifest and number else None
            if seen and wanted == written:
                return
            try:
                if manifest is None or wanted is None:
                    self._backend.delete(key)
                else:
                    self._backend.put(key, self._reader.file(manifest, f"v{number}")[1])
            except StorageError as error:
                what = f"is at v{number}" if number else "is taken down"
                raise type(error)(
                    f"{space} of '{path}' {what} in the archive, but the plain notebook {key} does not follow: {error} "
                    "Do it again."
                ) from error
            seen, written = True, wanted


def _number(manifest: Manifest | None, space: str) -> int | None:
    """The version that the plain notebook should be."""
    if manifest is None or manifest.renamed_to is not None:
        return None
    if space == WORKSPACE:
        return manifest.latest if manifest.alive else None
    return manifest.refs.get(space)
