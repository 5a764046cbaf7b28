"""All that there is to see of a depository: whoever opens it anew, and reads every version of every path."""

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from depository import marker
from depository.backends.base import CONDITIONAL, Backend
from depository.backends.memory import MemoryBackend
from depository.depository import Depository
from depository.errors import DepositoryError, NoNotebook
from depository.history import manifest as manifests
from depository.models import Event, Version

_LIMIT = 1 << 40
_ELSEWHERE = "brought back"


class Line(NamedTuple):
    """A line of a path's history, without what depends on the clock."""

    what: str
    """``version``, or the name of the event."""
    number: int | None = None
    """Of the version; or that which the ref points at now."""
    ref: str | None = None
    previous: int | None = None
    """The version that the ref pointed at before."""
    other: str | None = None
    """The path on the other side of a rename."""
    message: str = ""


class Seen(NamedTuple):
    """What a path is, to whoever looks at it."""

    files: tuple[bytes, ...]
    """Of all versions, the oldest first."""
    refs: Mapping[str, int]
    """With ``workspace``."""
    alive: bool
    lines: tuple[Line, ...]
    """Of its history, the oldest first."""
    displaced: tuple[tuple[bytes, ...], ...] = ()
    """The files of each history that lost this name to another notebook after it was deleted, the last one first."""


def see(backend: Backend) -> dict[str, Seen]:
    """All that a new process sees: every path that has a history, or had one that can be brought back, by path.

    Raises:
        AssertionError: the listings do not fit each other, numbers have a gap, or a ref points nowhere.
        DepositoryError: something cannot be read.
    """
    fresh = Depository(backend)
    listed = list(fresh.ls(deleted=True))
    if [line.path for line in fresh.ls()] != [line.path for line in listed if not line.deleted]:
        raise AssertionError("the listings of what is alive and of everything do not fit each other")
    seen = {}
    for line in listed:
        try:
            told = list(fresh.history(line.path))
        except NoNotebook:  # renamed away
            if not line.deleted:
                raise AssertionError(f"{line.path} is listed, and is not there") from None
            if displaced := _displaced(backend, line.path):
                seen[line.path] = Seen((), {}, alive=False, lines=(), displaced=displaced)
            continue
        told.reverse()
        numbers = [entry.number for entry in told if isinstance(entry, Version)]
        if numbers != list(range(1, len(numbers) + 1)):
            raise AssertionError(f"{line.path} has the numbers {numbers}")
        files = tuple(fresh.read(line.path, f"v{number}") for number in numbers)
        refs = fresh.refs(line.path)
        if not all(1 <= number <= len(files) for number in refs.values()):
            raise AssertionError(f"{line.path} has {len(files)} versions and the refs {refs}")
        lines = tuple(map(_line, told))
        seen[line.path] = Seen(files, refs, not line.deleted, lines, _displaced(backend, line.path))
    return seen


def plain_files(backend: Backend) -> dict[str, bytes]:
    """The plain notebooks that lie beside the archive, by key."""
    own = ("objects/", manifests.PREFIX, marker.KEY)
    keys = [item.key for item in backend.list("") if not item.key.startswith(own)]
    return {key: backend.get(key, limit=_LIMIT).data for key in keys}


def copied(backend: Backend) -> MemoryBackend:
    """Another store that holds the same, without older values, and so without relying on them."""
    other = MemoryBackend()
    for item in backend.list(""):
        other.put(item.key, backend.get(item.key, limit=_LIMIT).data)
    with suppress(DepositoryError):  # there is none yet, or its marker is damaged
        found = marker.read(other)
        if found.protocol != CONDITIONAL:
            other.delete(marker.KEY)
            marker.write(other, found._replace(protocol=CONDITIONAL))
    return other


def _line(entry: Version | Event) -> Line:
    if isinstance(entry, Version):
        return Line("version", entry.number, message=entry.message)
    return Line(entry.event, entry.number, entry.ref, entry.previous, entry.other, entry.message)


def _displaced(backend: Backend, path: str) -> tuple[tuple[bytes, ...], ...]:
    found = manifests.unpack(backend.get(manifests.key_of(path), limit=_LIMIT).data)
    if not found.buried:
        return ()
    other = Depository(copied(backend))
    histories = []
    for place in range(len(found.buried)):
        target = f"{_ELSEWHERE} {place}"
        other.undelete(path, to=target, skip=place + found.deleted)
        histories.append(tuple(other.read(target, version.name) for version in reversed(list(other.log(target)))))
    return tuple(histories)
