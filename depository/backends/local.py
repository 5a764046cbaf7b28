"""A directory as an object store, for one user or for several on one machine.

Beside the keys, under the names that `names` gives them, there are two hidden directories: ``.incoming`` for files
that are being written, and ``.locks`` for the locks of those that replace one. What was acknowledged is on disk, file,
name and directories: it outlives a crash of the machine.
"""

import errno
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from typing import NamedTuple, NoReturn

from blake3 import blake3

from depository.backends import disk, names
from depository.backends.base import Absent, Backend, Condition, Item, Match, Setting, Stored
from depository.backends.keys import check_key
from depository.errors import (
    AccessDenied,
    KeyNotFound,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
    StorageFull,
    TooLong,
)

_LOCKS = 16
_SIBLINGS = 256
"""Names that are looked through for directories that come to the disk with a new one."""
_TRIES = 5
_BY_EFFECTIVE_IDS = os.access in os.supports_effective_ids
_NO_LINKS = frozenset((errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK))
_NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class _Entry(NamedTuple):
    """What a name on disk stands for, in the order of a listing."""

    order: bytes
    text: str
    path: str
    is_file: bool


class LocalBackend(Backend):
    """A directory that holds a file for each key.

    Args:
        directory: where; `prepare` makes it.
    """

    def __init__(self, directory: str) -> None:
        self.url = self._root = os.path.abspath(directory)
        self.workers = 1
        self._incoming = os.path.join(self._root, ".incoming")
        self._locks = os.path.join(self._root, ".locks")
        self._settled: set[str] = set()
        """Directories whose own names this process has seen on disk."""

    def get(self, key: str, *, limit: int) -> Stored:
        check_key(key)
        with self._translated("read", key):
            try:
                data = self._read(key, limit)
            except _NOT_THERE as error:
                raise KeyNotFound(f"Nothing is stored under '{key}' in {self.url}.") from error
        return Stored(data, _etag(data))

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        check_key(key)
        path = self._path(key)
        with self._translated("write", key):
            if isinstance(condition, Absent) and os.path.lexists(path):
                self._refuse_existing(key, path)
            self._write(key, path, data, condition)
        with self._translated("write", key, written=True):
            self._settle(path)
        return _etag(data)

    def settle(self, key: str) -> None:
        check_key(key)
        with self._translated("write", key), suppress(*_NOT_THERE):
            self._settle(self._path(key))

    def delete(self, key: str) -> None:
        check_key(key)
        path = self._path(key)
        with self._translated("delete", key), suppress(*_NOT_THERE):
            os.lstat(path)
            with self._locked(key):
                os.unlink(path)
            disk.sync_directory(os.path.dirname(path))

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        base, slash, start = prefix.rpartition("/")
        parts = base.split("/") if slash else []
        if not {"", ".", ".."}.isdisjoint(parts):
            return
        below = (name for part in parts for name in names.part_names(part, is_file=False))
        directory = os.path.join(self._root, *below)
        with self._translated("list", prefix):
            yield from _walk(directory, base + slash, start, after.encode())

    def prepare(self) -> Sequence[Setting]:
        with self._translated("prepare", self.url):
            found = os.path.isdir(self._root)
            for directory in (self._incoming, self._locks):
                os.makedirs(directory, exist_ok=True)
            left = disk.sweep(self._incoming)
            disk.sync_directory(self._root)
            disk.sync_directory(os.path.dirname(self._root))
        text = f"{'Found' if found else 'Made'} the directory {self.url}"
        return [Setting("directory", True, f"{text}, and removed {left} unfinished files." if left else f"{text}.")]

    def inspect(self) -> Sequence[Setting]:
        if not os.path.isdir(self._root):
            return [Setting("directory", False, f"There is no directory {self.url}: 'depository init' makes it.")]
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK, effective_ids=_BY_EFFECTIVE_IDS):
            return [Setting("directory", False, f"The directory {self.url} cannot be written to: ask its owner.")]
        return [Setting("directory", True, f"The directory {self.url} can be read and written.")]

    def _path(self, key: str) -> str:
        return os.path.join(self._root, names.encode(key))

    def _locked(self, key: str) -> AbstractContextManager[None]:
        return disk.locked(self._locks, f"{zlib.crc32(key.encode()) % _LOCKS:02x}")

    def _read(self, key: str, limit: int) -> bytes:
        if sys.platform == "win32":  # pragma: no cover - where an open file could not be replaced
            with self._locked(key):
                return _read_file(self._path(key), limit)
        return _read_file(self._path(key), limit)

    def _write(self, key: str, path: str, data: bytes, condition: Condition | None) -> None:
        for left in reversed(range(_TRIES)):
            try:
                with disk.incoming(self._incoming, data) as file:
                    self._place(key, path, file, condition)
            except FileNotFoundError:  # the new file was swept before it was locked, or a directory is gone
                if not left or not os.path.isdir(self._root):
                    raise
                self._settled.clear()
                os.makedirs(self._incoming, exist_ok=True)
            else:
                return
        raise AssertionError("unreachable")

    def _place(self, key: str, path: str, file: str, condition: Condition | None) -> None:
        if not isinstance(condition, Match):
            self._make_directory(os.path.dirname(path))
        if isinstance(condition, Absent):
            self._create(key, path, file)
            return
        with self._locked(key):
            if isinstance(condition, Match) and _etag_of(path) != condition.etag:
                raise PreconditionFailed(f"'{key}' in {self.url} is not what it was when it was read.")
            os.replace(file, path)

    def _create(self, key: str, path: str, file: str) -> None:
        try:
            os.link(file, path)
        except FileExistsError:
            self._refuse_existing(key, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            with self._locked(key):
                if os.path.lexists(path):
                    self._refuse_existing(key, path)
                os.replace(file, path)

    def _refuse_existing(self, key: str, path: str) -> NoReturn:
        self._settle(path)  # its writer may still be about to; the caller will rely on it now
        raise PreconditionFailed(f"'{key}' in {self.url} is there already.")

    def _make_directory(self, path: str) -> None:
        if path not in self._settled:
            os.makedirs(path, exist_ok=True)

    def _settle(self, path: str) -> None:
        """Have the name of a file on disk, and those of the directories above it that may be new."""
        directory = os.path.dirname(path)
        disk.sync_directory(directory)
        new = []
        while directory != self._root and directory not in self._settled:
            above = os.path.dirname(directory)
            new += [directory, *_directories(above)]  # bringing one name to the disk brings those beside it
            disk.sync_directory(above)
            directory = above
        self._settled.update(new)

    @contextmanager
    def _translated(self, verb: str, key: str, *, written: bool = False) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if written:
                raise OutcomeUnknown(
                    f"'{key}' was written to {self.url}, but the disk does not confirm it: {error.strerror}."
                ) from error
            raise self._explained(error, verb, key) from error

    def _explained(self, error: OSError, verb: str, key: str) -> StorageError:
        match error.errno:
            case errno.ENOSPC:
                return StorageFull(f"The disk that holds {self.url} is full: make room on it.")
            case errno.EDQUOT:
                return StorageFull(f"Your quota on the disk that holds {self.url} is used up: make room on it.")
            case errno.EFBIG:
                return StorageFull(f"'{key}' is larger than a file may be in {self.url}: raise that limit.")
            case errno.EROFS:
                return StorageFull(f"The disk that holds {self.url} is read-only: mount it for writing.")
            case errno.EACCES | errno.EPERM:
                return AccessDenied(f"You may not {verb} '{key}' in {self.url}: ask the owner of that directory.")
            case errno.ENOENT:
                return StorageError(f"The directory {self.url} is not there: mount its disk, or make it anew.")
            case _:
                return StorageError(f"Could not {verb} '{key}' in {self.url}: {error.strerror}.")


def _etag(data: bytes) -> str:
    return blake3(data).hexdigest(length=16)


def _etag_of(path: str) -> str | None:
    try:
        with open(path, "rb", buffering=0) as file:
            return _etag(file.read())
    except _NOT_THERE:
        return None


def _read_file(path: str, limit: int) -> bytes:
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise TooLong(f"{path} is {size:,} bytes long, and at most {limit:,} were expected.")
        return file.read()


def _directories(above: str) -> list[str]:
    with os.scandir(above) as entries:
        return [entry.path for entry in islice(entries, _SIBLINGS) if entry.is_dir(follow_symlinks=False)]


def _walk(directory: str, base: str, start: str, after: bytes) -> Iterator[Item]:
    """The items below a directory whose keys start with `base` and go on with `start`."""
    open_directories = [(base, iter(_entries(directory, start)))]
    while open_directories:
        base, entries = open_directories[-1]
        entry = next(entries, None)
        if entry is None:
            open_directories.pop()
        elif entry.is_file:
            key = base + entry.text
            if key.encode() > after:
                with suppress(FileNotFoundError):
                    status = os.stat(entry.path)
                    yield Item(key, status.st_size, None, status.st_mtime)
        else:
            inside = f"{base}{entry.text}/"
            first = inside.encode()
            if after < first or after.startswith(first):
                open_directories.append((inside, iter(_entries(entry.path))))


def _entries(directory: str, start: str = "") -> list[_Entry]:
    found = [entry for entry in _read_entries(directory, [], "") if entry.text.startswith(start)]
    return sorted(found)


def _read_entries(directory: str, outer: list[str], head: str) -> Iterator[_Entry]:
    """The entries of a directory, those inside the pieces of long names among them."""
    try:
        entries = os.scandir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            name = names.read_name(entry.name)
            if name is None or entry.is_file() != name.is_file:
                continue
            text = head + name.text
            if name.is_continued:
                yield from _read_entries(entry.path, [*outer, entry.name], text)
            elif not outer or names.part_names(text, is_file=name.is_file) == [*outer, entry.name]:
                order = text if name.is_file else text + "/"
                yield _Entry(order.encode(), text, entry.path, name.is_file)
