"""Archiving by hand what waits in the spool, as a Jupyter server's own worker does it."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from random import random
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from depository.cli.session import Session
from depository.errors import Ambiguous, DepositoryError
from depository.spool import problems
from depository.spool.applying import Tools
from depository.spool.backlog import NOWHERE, Backlog
from depository.spool.drain import Drain
from depository.spool.process import ConfiguredPlaces, locating

if TYPE_CHECKING:
    from depository.depository import Depository
    from depository.spool.directory import Name, Spool
    from depository.spool.problems import Problem
    from depository.spool.schedule import Entry

LOOK_SECONDS = 0.2
"""How often it is looked how far things are, or whether another process is done."""


class Left(NamedTuple):
    """What still waits for a depository."""

    url: str | None
    """None where no settings say which it is."""
    entries: "tuple[Entry, ...]"
    problem: "Problem | None"
    sentence: str
    """Why; empty where that is not known."""


class Way(NamedTuple):
    """What is to be archived into a depository."""

    url: str
    source: str | None
    """The other depository that it was meant for, if it was."""
    names: "frozenset[Name]"


class Archiving:
    """One call's work with a spool."""

    def __init__(self, session: Session, spool: "Spool") -> None:
        self._session = session
        self._spool = spool
        self._stopping = Event()
        locate = locating(session.surroundings)
        self._backlog = Backlog(spool, locate=locate, announce=_ignore, clock=_milliseconds)

    def waiting(self) -> "dict[str, list[Entry]]":
        """What waits and was accepted, by its depository, `NOWHERE` if that cannot be told."""
        found = self._backlog.by_url().items()
        accepted = {url: [entry for entry in entries if not entry.is_held] for url, entries in found}
        return {url: entries for url, entries in accepted.items() if entries}

    def ways(self, to: str | None = None) -> list[Way]:
        """What there is to do, the oldest first.

        Args:
            to: archive into this depository what waits for another one.

        Raises:
            Ambiguous: several things wait for others.
        """
        waiting = self.waiting()
        wanted = self._session.place().url if self._session.url else None
        chosen = [url for url in waiting if url not in (NOWHERE, to) and wanted in (None, url)]
        if to is not None and len(chosen) > 1:
            names = ", ".join(f"'{url}'" for url in chosen)
            raise Ambiguous(f"Something waits for each of {names}: say with --depository which of them is meant.")
        return [Way(to or url, url if to else None, frozenset(entry.name for entry in waiting[url])) for url in chosen]

    def run(self, ways: Iterable[Way]) -> None:
        """Archive it, each once; what cannot be archived now goes on waiting.

        Raises:
            StorageError: the spool cannot be used.
        """
        for way in ways:
            if not self._stopping.is_set():
                self._go(way)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()

    def left(self, ways: Iterable[Way]) -> list[Left]:
        """What still waits of it."""
        waiting = self.waiting()
        found = []
        for way in ways:
            entries = [entry for url in (way.url, way.source) if url for entry in waiting.get(url, ())]
            mine = tuple(entry for entry in entries if entry.name in way.names)
            problem = problems.read(self._spool, way.url) if mine else None
            if mine:
                found.append(Left(way.url, mine, problem, problem.sentence if problem else ""))
        return found

    def placeless(self) -> list[Left]:
        """What waits and belongs to no depository that is known."""
        entries = self.waiting().get(NOWHERE)
        return [Left(None, tuple(entries), None, self._backlog.trouble or "")] if entries else []

    def _go(self, way: Way) -> None:
        tools = Tools(self._spool, self._backlog.set_aside, _ignore, _milliseconds)
        places = _Places(self._is_own)
        drain = Drain(
            way.url,
            tools,
            places,
            lambda: self._entries(way),
            jitter=random,
            state=self._backlog.state,
            ticks=lambda: float(self._stopping.is_set()),
        )
        try:
            while not self._stopping.is_set() and any(entry.name in way.names for entry in self._entries(way)):
                # nobody may archive into the one that it was meant for, while it goes into another
                with self._spool.archiving_into(way.source) if way.source else nullcontext(True) as is_ours:
                    if is_ours and drain.run(is_flush=True, until=1.0):
                        break
                self._stopping.wait(LOOK_SECONDS)  # another process is at it
        finally:
            drain.close()
        if way.source and way.source not in self.waiting():
            problems.clear(self._spool, way.source)

    def _entries(self, way: Way) -> "list[Entry]":
        """All that waits for the depository, in order, and what is archived into it in place of another."""
        found = self._backlog.by_url()
        entries = list(found.get(way.url, ()))
        if way.source:
            s3 = self._session.named_place(way.url).s3
            others = found.get(way.source, ())
            entries += [entry._replace(item=entry.item._replace(url=way.url, s3=s3)) for entry in others]
            entries.sort(key=lambda entry: entry.name)
        return entries

    def _is_own(self, url: str) -> bool:
        """Whether it is the user's own depository, because nothing else is settled where something was saved."""
        files = {entry.item.file for entry in self._backlog.of(url)} | {os.path.join(self._session.cwd, "")}
        for directory in {os.path.dirname(file) for file in files if file}:
            with suppress(DepositoryError):
                place = self._session.place(directory)
                if place.is_default and place.url == url:
                    return True
        return False


class _Places(ConfiguredPlaces):
    """Opens depositories as the other commands do, with the credentials that this process has."""

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        super().__init__({}, {})
        self._is_own = is_own

    def make(self, url: str, s3: Mapping[str, str]) -> "Depository":
        """Make the user's own; any other one is made on purpose, with settings that are not known here."""
        if self._is_own(url):
            return super().make(url, s3)
        found = self.open(url, s3)
        found.info()  # which says that there is none, unless somebody has made it since
        return found


def _ignore(_event: Mapping[str, Any]) -> None:
    """What happens is seen in the spool."""


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
