"""Spools for tests, what is put into them, and what archives from them, with a clock that a test sets."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from depository import marker
from depository.backends.base import Backend
from depository.depository import Depository
from depository.errors import DepositoryError, InvalidSettings
from depository.spool.applying import Kept, Tools
from depository.spool.backlog import Backlog, Located
from depository.spool.directory import Name, Spool
from depository.spool.drain import Drain
from depository.spool.items import Item, Kind
from tests.api.stores import depository_on
from tests.notebooks import file_of, small

URL = "memory:tests"
START = 1_790_000_000_000
"""When the clock of a test stands, in milliseconds since the epoch."""


class Clock:
    """A clock that stands still unless a test has it go on. It gives milliseconds since the epoch."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def nanoseconds(self) -> int:
        """The same time, as a spool takes it."""
        return self.now * 1_000_000

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * 1000)


class Heard(list[dict[str, Any]]):
    """What was announced."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def __call__(self, event: Mapping[str, Any]) -> None:
        with self._lock:
            self.append(dict(event))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind, in order."""
        return [event for event in self if event["event"] == kind]


def notebook(number: int) -> bytes:
    """A small file, another for each number."""
    return file_of(small(number, cells=1))


def a_save(path: str = "a.ipynb", *, author: str = "ann", url: str | None = URL, time: int = START) -> Item:
    """A save's header."""
    return Item(Kind.SAVE, time, author, "save", f"shown/{path}", url, path if url else None, file=f"/home/ann/{path}")


def put(spool: Spool, item: Item, content: bytes = b"", *, is_automatic: bool = False) -> Name:
    """Have an item accepted."""
    name = spool.begin(item, [content] if content else [], is_automatic=is_automatic)
    spool.confirm(name)
    return name


def save(spool: Spool, content: bytes, path: str = "a.ipynb", *, author: str = "ann", automatic: bool = False) -> Name:
    """Have a save accepted."""
    return put(spool, a_save(path, author=author, time=START), content, is_automatic=automatic)


def rename(spool: Spool, old: str, new: str, *, directory: bool = False) -> Name:
    """Have a rename accepted."""
    item = Item(Kind.RENAME, START, "ann", "rename", new, URL, new, old=old, directory=directory)
    return put(spool, item)


def delete(spool: Spool, path: str, *, directory: bool = False) -> Name:
    """Have a deletion accepted."""
    return put(spool, Item(Kind.DELETE, START, "ann", "delete", path, URL, path, directory=directory))


class Places:
    """One backend as the only place, opened by whoever asks for it."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.opened = 0
        self.made = 0
        self.trouble: DepositoryError | None = None

    def open(self, url: str, s3: Mapping[str, str]) -> Depository:
        self.opened += 1
        if self.trouble:
            raise self.trouble
        return depository_on(self.backend)

    def make(self, url: str, s3: Mapping[str, str]) -> Depository:
        from datetime import UTC, datetime

        self.made += 1
        self.backend.prepare()
        marker.write(self.backend, marker.make(datetime.fromtimestamp(START / 1000, UTC), None, ()))
        return depository_on(self.backend)


def nowhere(item: Item) -> Located:
    """Finds no depository for what has none."""
    raise InvalidSettings("'/home/ann/.depository.toml' is not TOML.")


class Bench:
    """A spool and what archives from it into one store."""

    def __init__(self, directory: str, backend: Backend, *, kept: Kept | None = None) -> None:
        self.clock = Clock()
        self.spool = Spool(directory, clock=self.clock.nanoseconds)
        self.heard = Heard()
        self.places = Places(backend)
        self.backlog = Backlog(self.spool, locate=nowhere, announce=self.heard, clock=self.clock)
        self.tools = Tools(self.spool, self.backlog.set_aside, self.heard, self.clock, kept)
        self.drain = self.another()

    def another(self) -> Drain:
        """What archives, as a further process would have it."""
        return Drain(URL, self.tools, self.places, lambda: self.backlog.of(URL), jitter=lambda: 1.0)

    def waiting(self) -> list[str]:
        """The kinds of the items that wait, in order."""
        return [name.kind.value for name in self.spool.waiting()]

    def files(self, path: str = "a.ipynb") -> list[bytes]:
        """The files of all versions in the archive, the oldest first."""
        with depository_on(self.places.backend) as depository:
            return [depository.read(path, version.name) for version in reversed(list(depository.log(path)))]

    def paths(self) -> list[str]:
        """The notebooks in the archive."""
        with depository_on(self.places.backend) as depository:
            return [line.path for line in depository.ls()]


def numbered(count: int, start: int = 0) -> Iterator[bytes]:
    """As many small files, each another."""
    return map(notebook, range(start, start + count))


Step = Callable[[], object]
