"""The user's own files: read whole or refused, replaced whole or left alone."""

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from depository.errors import InvalidContent, InvalidInput, NotFound

MOST_BYTES = 256 * 1024 * 1024
"""The largest file that is read; the archive takes no larger one."""

_BINARY: int = getattr(os, "O_BINARY", 0)
_SKIPPED = ".ipynb_checkpoints"


class Content(NamedTuple):
    """What a file held, and what to know it by later."""

    data: bytes
    signature: tuple[int, int, int, int]
    """Device, inode, size, time of change: another one means that somebody else wrote it."""


def read(file: str) -> Content:
    """All of a regular file.

    Raises:
        NotFound: there is none.
        InvalidContent: it is no regular file, or too large.
        OSError: it cannot be read.
    """
    try:
        # a pipe without a writer would wait for one
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"There is no file '{file}'.") from error
    with open(handle, "rb") as stream:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise InvalidContent(f"'{file}' is no regular file and cannot be archived.")
        data = stream.read(MOST_BYTES + 1) if found.st_size <= MOST_BYTES else b""
        if found.st_size > MOST_BYTES or len(data) > MOST_BYTES:
            raise InvalidContent(f"'{file}' is larger than {MOST_BYTES >> 20} MiB and cannot be archived.")
        return Content(data, _signature(os.fstat(handle)))


def read_if_there(file: str) -> Content | None:
    """As `read`; None where there is no file."""
    try:
        return read(file)
    except NotFound:
        return None


def notebooks(directory: str) -> Iterator[str]:
    """The notebooks of a directory and those below it, in order; hidden directories and checkpoints are left out.

    Raises:
        OSError: the directory cannot be read; one below it is left out then, as it is by `os.walk`.
    """
    os.scandir(directory).close()
    for above, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith(".") and name != _SKIPPED)
        yield from (os.path.join(above, name) for name in sorted(names) if is_notebook(name))


def is_notebook(name: str) -> bool:
    """Whether a file's name says that it is a notebook that its user made."""
    return name.lower().endswith(".ipynb") and not name.startswith(".")


def replace(file: str, data: bytes, expected: Content | None) -> bool:
    """Give a file new content, all at once and durably; a symbolic link stays, and what it leads to is written.

    Args:
        file: Absolute. Directories that are missing on the way are made.
        data: What it is to hold.
        expected: What it was seen to hold, None for no file.

    Returns:
        Whether it was done; it is not, if the file is no longer what was expected.

    Raises:
        InvalidInput: a directory, or no regular file, is in the way.
        OSError: it cannot be written.
    """
    file = os.path.realpath(file)
    directory = os.path.dirname(file)
    os.makedirs(directory, exist_ok=True)
    temporary = os.path.join(directory, f".{os.path.basename(file)[:60]}.{os.getpid()}.tmp")
    try:
        # nobody else may look into it before it has the mode of the file that it replaces
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600 if expected else 0o666)
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(handle)
        if _seen(file) != (expected.signature if expected else None):
            return False
        if expected:
            os.chmod(temporary, stat.S_IMODE(os.stat(file).st_mode))
        os.replace(temporary, file)
        _sync_directory(directory)
        return True
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def _seen(file: str) -> tuple[int, int, int, int] | None:
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(f"'{file}' is no regular file and is not written to.")
    return _signature(found)


def _signature(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _sync_directory(directory: str) -> None:
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
