"""The object store that everything else stands on: keys and bytes, nothing about notebooks.

A key is a relative, ``/``-separated name of at most 1,024 bytes of UTF-8, sorted by its bytes. A write is atomic: a
reader sees all of it or none of it, and after it was acknowledged every reader sees it, in `get` and in `list`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from depository.errors import KeyNotFound, StorageError

CONDITIONAL = "conditional"
"""The way to tell of several writers who was first that relies on the conditions of writes."""

VERSIONED = "versioned"
"""The one that relies on the order in which the store keeps the versions of a key."""


class Stored(NamedTuple):
    """What a key holds."""

    data: bytes
    etag: str
    """Changes with every write of other bytes; what `Match` compares."""


class Item(NamedTuple):
    """A line of a listing."""

    key: str
    size: int
    """In bytes."""
    etag: str | None
    """As `Stored.etag`, or None where a listing would have to read the data to know it."""
    modified: float
    """When it was last written, by the store's clock: seconds since the epoch, in UTC."""


class Absent(NamedTuple):
    """The condition that nothing is stored under the key."""


class Match(NamedTuple):
    """The condition that the key still holds what was read with this etag."""

    etag: str


Condition = Absent | Match


class Kept(NamedTuple):
    """A value that a key holds or held, in a store that keeps them."""

    name: str
    """What the store calls it; for `Backend.get_kept`."""
    etag: str | None
    """As `Stored.etag`, or None for a sign that the key was deleted then."""
    modified: float
    """When it was written, by the store's clock: seconds since the epoch, in UTC."""


class Setting(NamedTuple):
    """One step of preparing a place to be a depository."""

    name: str
    """Such as ``versioning``."""
    done: bool
    """It is in force now."""
    text: str
    """What was found or done; or what could not be done, and the command with which an administrator does it."""


class Backend(ABC):
    """The protocol that every object store follows, and every wrapper of one.

    Foreign exceptions stay inside: a method raises `StorageError` or one of its kinds, and nothing else. An instance
    is safe with several threads.
    """

    url: str
    """The place, as `depository.backends.connect` takes it. Without credentials."""

    workers: int
    """How many requests at once pay: 1 for a disk, more where each waits for a network."""

    @abstractmethod
    def get(self, key: str, *, limit: int) -> Stored:
        """Read a key.

        Raises:
            KeyNotFound: nothing is stored there.
            TooLong: it is larger than `limit` bytes, which is found out before it is in memory.
            StorageError: it cannot be read.
        """

    @abstractmethod
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        """Write a key, atomically and durably, and return its new etag.

        Raises:
            PreconditionFailed: the condition does not hold; or it did, and this is a repeat of our own write.
            OutcomeUnknown: no clear answer came; the write may have happened.
            StorageFull: there is no room.
        """

    def settle(self, key: str) -> None:  # noqa: B027 - most have it for good as soon as it is seen
        """Have what was read from a key outlive a loss of power, as what was put does.

        Whoever wrote it may have died before that; to be called before somebody is told that it is stored.

        Raises:
            StorageError: the disk does not confirm it.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Take a key away; one that is not there is no error."""

    @abstractmethod
    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        """All keys that start with `prefix` and come after `after`, in the order of their UTF-8 bytes, lazily."""

    def kept(self, key: str) -> Iterator[Kept]:  # noqa: ARG002 - most keep nothing
        """What a key holds and what it held before, the newest first; nothing where the store keeps no older values."""
        return iter(())

    def deleted(self, prefix: str) -> Iterator[str]:  # noqa: ARG002 - most keep nothing
        """Keys that start with `prefix` and hold nothing now, but did; none where the store keeps no older values."""
        return iter(())

    def choose_protocol(self, token: str) -> str:  # noqa: ARG002 - most need no trial
        """Find out how several writers can share this store: `CONDITIONAL` or `VERSIONED`.

        Args:
            token: some hex digits that nobody else uses, for the names of what is written and taken away again.

        Raises:
            StorageError: they cannot, or it could not be found out.
        """
        return CONDITIONAL

    def rely_on_versions(self, prefix: str) -> None:
        """Judge conditional writes by what this store keeps, from now on, for its own answers cannot be trusted.

        Args:
            prefix: how the keys start that are ever written again with other bytes.

        Raises:
            StorageError: it keeps no older values to judge by.
        """
        raise StorageError(
            f"{self.url} keeps no older values of '{prefix}', on which those who write this depository have to rely."
        )

    def get_kept(self, key: str, name: str, *, limit: int) -> Stored:  # noqa: ARG002 - as above
        """Read a value that `kept` named.

        Raises:
            KeyNotFound: it is gone by now.
            TooLong: it is larger than `limit` bytes.
            StorageError: it cannot be read.
        """
        raise KeyNotFound(f"{self.url} keeps no older values, of '{key}' or any other.")

    @abstractmethod
    def prepare(self) -> Sequence[Setting]:
        """Make the place fit to hold a depository, as far as it may, and say what was done and what is left to do."""

    def limit(self) -> Sequence[Setting]:
        """Have older values expire of which none counts any more, where the store keeps them; after `prepare`."""
        return ()

    @abstractmethod
    def inspect(self) -> Sequence[Setting]:
        """The same settings as `prepare` and `limit`, looked at and not changed."""

    def close(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Let go of connections and files."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
