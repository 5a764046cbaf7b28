"""What a disk is asked for beyond reading and writing: to have it for good, and to keep others out meanwhile."""

import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

if sys.platform == "win32":  # pragma: no cover - Windows, which the tests do not run on
    import errno
    import msvcrt
else:
    import fcntl

_serial = itertools.count()


@contextmanager
def locked(directory: str, name: str) -> Iterator[None]:
    """Hold a lock against every other thread and process that asks for it, by a file that stays.

    The lock is advisory, and goes with the process that holds it. The directory is made where it is missing.
    """
    path = os.path.join(directory, name)
    try:
        descriptor = _open_lock(path)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(directory)
        descriptor = _open_lock(path)
    try:
        lock(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def incoming(directory: str, data: bytes) -> Iterator[str]:
    """A new file in that directory that holds the data and is on disk; its path.

    It is locked, as the sign for `sweep` that somebody is at work, and removed at the end unless it was renamed.
    """
    path, descriptor = _create(directory)
    try:
        try:
            if sys.platform != "win32":  # pragma: no branch - there a file that is open is neither renamed nor removed
                lock(descriptor)
            _write(descriptor, data)
            flush(descriptor)
            if sys.platform != "win32":  # pragma: no branch - as above
                yield path
        finally:
            os.close(descriptor)
        if sys.platform == "win32":  # pragma: no cover - Windows
            yield path
    finally:
        with suppress(OSError):  # what stays is swept
            os.unlink(path)


def sweep(directory: str) -> int:
    """Remove what killed processes left of `incoming`, and say how many files that was."""
    removed = 0
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        with suppress(FileNotFoundError, PermissionError):
            descriptor = os.open(path, os.O_RDWR)
            try:
                idle = try_lock(descriptor)
                if idle and sys.platform != "win32":
                    os.unlink(path)
            finally:
                os.close(descriptor)
            if idle and sys.platform == "win32":  # pragma: no cover - Windows
                os.unlink(path)
            removed += idle
    return removed


def sync_directory(path: str) -> None:
    """Have the names in a directory on disk."""
    if sys.platform == "win32":  # pragma: no cover - which has no such call, and journals names by itself
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create(directory: str) -> tuple[str, int]:
    while True:
        path = os.path.join(directory, f"{os.getpid()}-{next(_serial)}")
        with suppress(FileExistsError):
            return path, os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o666)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _open_lock(path: str) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    except PermissionError:  # another user's, in a directory that several share: a lock needs no more than reading
        return os.open(path, os.O_RDONLY)


if sys.platform == "win32":  # pragma: no cover - Windows

    def lock(descriptor: int) -> None:
        """Wait for the lock of an open file."""
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError as error:  # it gives up after ten seconds
                if error.errno not in (errno.EDEADLK, errno.EACCES):
                    raise
            else:
                return

    def try_lock(descriptor: int) -> bool:
        """Take the lock of an open file if nobody has it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def flush(descriptor: int) -> None:
        """Have what was written to an open file on disk."""
        os.fsync(descriptor)

else:

    def lock(descriptor: int) -> None:
        """Wait for the lock of an open file."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def try_lock(descriptor: int) -> bool:
        """Take the lock of an open file if nobody has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def flush(descriptor: int) -> None:
        """Have what was written to an open file on disk."""
        os.fsync(descriptor)
        if sys.platform == "darwin":  # pragma: no cover - where fsync stops at the disk's own cache
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
