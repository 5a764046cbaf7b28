"""What waits in a spool, by the depository that it is for."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from depository.errors import DepositoryError, InvalidPath, StorageError
from depository.spool.directory import Name, Spool
from depository.spool.items import Item
from depository.spool.schedule import UNCONFIRMED, Entry, is_due

NOWHERE = ""
"""Stands for the depository of items that have none yet, because a settings file cannot be used."""

_LOCATE_AGAIN = 5_000
"""Milliseconds between two tries to find out where an item belongs."""
_COARSE = 2_000_000_000
"""Nanoseconds within which two changes of a directory may bear the same time."""


class Located(NamedTuple):
    """Where an item belongs."""

    url: str
    path: str
    s3: Mapping[str, str]


Locate = Callable[[Item], Located]
"""Finds out where an item belongs whose writer could not; raises DepositoryError."""
Announce = Callable[[Mapping[str, Any]], None]
"""Is told what happens, as plain values."""


class Backlog:
    """What waits, each item read once. Safe with several threads."""

    def __init__(self, spool: Spool, *, locate: Locate, announce: Announce, clock: Callable[[], int]) -> None:
        """Look at a spool.

        Args:
            spool: to look at.
            locate: finds out where an item belongs whose writer could not.
            announce: is told what had to be set aside.
            clock: milliseconds since the epoch.
        """
        self._spool = spool
        self._locate = locate
        self._announce = announce
        self._clock = clock
        self._lock = Lock()
        self._known: dict[Name, Entry] = {}
        self._unlocated: dict[Name, Entry] = {}
        self._locate_next = 0
        self.trouble: str | None = None
        """Why some items have no depository yet."""

    def by_url(self) -> dict[str, list[Entry]]:
        """The items that wait, the oldest first, for each depository and for `NOWHERE`.

        Raises:
            StorageError: the spool cannot be listed.
        """
        with self._lock:
            found: dict[str, list[Entry]] = {}
            for entry in self._entries():
                found.setdefault(NOWHERE if entry.item.url is None else entry.item.url, []).append(entry)
            return found

    def of(self, url: str) -> list[Entry]:
        """The items that wait for one depository, the oldest first."""
        return self.by_url().get(url, [])

    def state(self) -> int:
        """A number that changes when something comes or goes; negative, and of no use, where it cannot be told."""
        try:
            changed = os.stat(os.path.join(self._spool.directory, "items")).st_mtime_ns
        except OSError:
            return -1
        return changed if changed < self._clock() * 1_000_000 - _COARSE else -1

    def set_aside(self, entry: Entry | Name, sentence: str) -> None:
        """Take an item that cannot be archived out of the way, and tell."""
        name = entry if isinstance(entry, Name) else entry.name
        shown, file = ("", None) if isinstance(entry, Name) else (entry.item.shown, entry.item.file)
        with suppress(FileNotFoundError):
            kept = self._spool.set_aside(name, sentence)
            self._announce({"event": "aside", "shown": shown, "file": file, "kept": kept, "sentence": sentence})

    def _entries(self) -> Iterator[Entry]:
        accepted, unconfirmed = self._spool.listed()
        now = self._clock()
        if is_due(self._locate_next, now):
            self._locate_next = now + _LOCATE_AGAIN
            self._unlocated.clear()
            self.trouble = None
        held = {name for name in unconfirmed if 0 <= now - name.milliseconds < UNCONFIRMED}
        seen = {}
        for name in sorted((*accepted, *held)):
            entry = self._known.get(name) or self._unlocated.get(name) or self._read(name, is_held=name in held)
            if entry is None:
                continue
            if entry.item.url is None:
                self._unlocated[name] = entry
            elif name not in held:
                seen[name] = entry
            yield entry
        self._known = seen

    def _read(self, name: Name, *, is_held: bool) -> Entry | None:
        try:
            item = self._spool.header(name)
        except ValueError as error:
            if not is_held:
                self.set_aside(name, f"The item is damaged, and cannot be archived: {error}.")
            return None
        except (FileNotFoundError, StorageError):
            return None  # it is gone; or the disk may give it another time
        entry = Entry(name, item, self._spool.size_of(name), is_held)
        if item.url is not None and item.path is not None:
            return entry
        try:
            place = self._locate(item)
        except InvalidPath as error:
            if not is_held:
                self.set_aside(entry, str(error))
            return None
        except DepositoryError as error:
            self.trouble = str(error)
            return entry._replace(item=item._replace(url=None))
        return entry._replace(item=item._replace(url=place.url, path=place.path, s3=place.s3))
