"""What keeps a depository from being archived into, written down where every process of the user finds it."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from depository.backends import disk
from depository.errors import (
    AccessDenied,
    CorruptData,
    DepositoryError,
    InvalidInput,
    NoBucket,
    NoDepository,
    StorageError,
    StorageFull,
    Unreachable,
    UnsupportedFormat,
)
from depository.spool.directory import Spool, key_of

UNREACHABLE, DENIED, NO_BUCKET, FULL = "unreachable", "denied", "no-bucket", "full"
DAMAGED, NEWER, STORAGE, BUG = "damaged", "newer", "storage", "bug"

FIRST_WAIT = 1_000
"""Milliseconds before the second try, about."""
LONGEST_WAIT = 300_000
"""Milliseconds between two tries at most."""

_KINDS: tuple[tuple[type[DepositoryError], str], ...] = (
    (Unreachable, UNREACHABLE),
    (AccessDenied, DENIED),
    (NoBucket, NO_BUCKET),
    (StorageFull, FULL),
    (StorageError, STORAGE),
    (UnsupportedFormat, NEWER),
    (NoDepository, STORAGE),
    (InvalidInput, STORAGE),
    (CorruptData, DAMAGED),
)


class SpoolTrouble(Exception):
    """The spool's own disk failed, and not the depository."""


class Problem(NamedTuple):
    """Why what waits for a depository still waits."""

    url: str
    kind: str
    """``unreachable``, ``denied``, ``no-bucket``, ``full``, ``damaged``, ``newer``, ``storage`` or ``bug``."""
    sentence: str
    """For the person in front of it."""
    since: int
    """Milliseconds since the epoch when it began."""
    tries: int
    """How often archiving has failed since."""
    next: int
    """Milliseconds since the epoch before which it is not tried again."""


def kind_of(error: BaseException) -> str:
    """The kind of problem that an error is."""
    if isinstance(error, SpoolTrouble):
        return STORAGE
    return next((kind for base, kind in _KINDS if isinstance(error, base)), BUG)


def is_of_the_place(error: DepositoryError) -> bool:
    """Whether the whole depository has the problem that an error tells of, and not one notebook in it alone."""
    return isinstance(error, StorageError | UnsupportedFormat | NoDepository)


def wait(tries: int, jitter: Callable[[], float]) -> int:
    """Milliseconds to wait after that many failures: growing, and spread, so that not all come back at once.

    Args:
        tries: how often it has failed, from 1.
        jitter: draws from 0 to 1.
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT << min(tries - 1, 20))
    return max(FIRST_WAIT, round(longest * (0.5 + jitter() / 2)))


def write(spool: Spool, problem: Problem) -> None:
    """Note a problem, in place of what was noted of its depository before.

    Raises:
        OSError: the disk did not take it.
    """
    directory = os.path.join(spool.directory, "problems")
    text = json.dumps(problem._asdict()) + "\n"
    with disk.incoming(directory, text.encode()) as file:
        os.replace(file, os.path.join(directory, key_of(problem.url, "")))


def clear(spool: Spool, url: str) -> None:
    """Note that a depository has no problem."""
    with suppress(OSError):
        os.unlink(os.path.join(spool.directory, "problems", key_of(url, "")))


def read(spool: Spool, url: str) -> Problem | None:
    """The problem that a depository has."""
    return _read(os.path.join(spool.directory, "problems", key_of(url, "")))


def read_all(spool: Spool) -> list[Problem]:
    """The problems that depositories have, the longest first."""
    directory = os.path.join(spool.directory, "problems")
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    found = (_read(os.path.join(directory, name)) for name in names if "-" not in name)  # else it is being written
    return sorted((problem for problem in found if problem), key=lambda problem: (problem.since, problem.url))


def _read(file: str) -> Problem | None:
    try:
        with open(file, encoding="utf-8") as stream:
            return Problem(**json.loads(stream.read(65536)))
    except (OSError, ValueError, TypeError):
        return None
