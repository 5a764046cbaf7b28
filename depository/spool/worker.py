"""The process that archives what waits in a spool, as long as there is something to do.

Its first line on stdin tells what it works with, as one JSON object, and further lines are orders; it tells on stdout
what happens, a JSON object a line:

    {"event": "archived", "url", "path", "shown", "file", "version", "hash", "author", "cause", "time", "waited",
     "fresh"}
    {"event": "renamed" or "deleted", "url", "path", "old", "directory", "shown", "file", "author", "time", "waited"}
    {"event": "problem", "url", "kind", "sentence", "waiting"}      when it begins, and when it changes
    {"event": "recovered", "url", "waiting"}
    {"event": "aside", "shown", "file", "kept", "sentence"}

Times are milliseconds since the epoch, and `waited` is seconds.
"""

import time as clocks
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, NamedTuple

from depository.errors import StorageError
from depository.spool import problems
from depository.spool.applying import Kept, Tools
from depository.spool.backlog import NOWHERE, Announce, Backlog, Locate
from depository.spool.drain import Drain, Places
from depository.spool.problems import Problem

if TYPE_CHECKING:
    from depository.spool.directory import Spool
    from depository.spool.schedule import Entry

ACTIVE_SECONDS = 0.2
"""Between two looks at the spool while something happens."""
IDLE_SECONDS = 1.0
"""Between two looks at the spool otherwise."""
_STAYS_ACTIVE_SECONDS = 10.0
_LOOK_ANYWAY_SECONDS = 30.0
"""After which the spool is listed though nothing seems to have come: its writer may have died."""

_LOCATE_SECONDS = 5.0
"""After which it is listed for what could not be located: its settings file may have been mended."""


class Settings(NamedTuple):
    """How long the process waits."""

    flush_seconds: float = 10.0
    """At the end, for what waits to be archived."""
    idle_seconds: float = 600.0
    """With nothing to do, before it ends."""


_DEFAULTS = Settings()


class Worker:
    """Archives from one spool into all depositories that it names, each in a thread of its own."""

    def __init__(
        self,
        spool: "Spool",
        places: Places,
        *,
        locate: Locate,
        announce: Announce,
        kept: Kept | None,
        clock: Callable[[], int],
        jitter: Callable[[], float],
        settings: Settings = _DEFAULTS,
        ticks: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """Make one; nothing is done yet.

        Args:
            spool: what to archive from.
            places: opens depositories.
            locate: finds out where an item belongs whose writer could not.
            announce: is told what happens, by several threads.
            kept: where versions are kept; None for nowhere.
            clock: milliseconds since the epoch.
            jitter: draws from 0 to 1, to spread the tries.
            settings: how long to wait.
            ticks: seconds of any clock that only goes forward.
        """
        self._spool = spool
        self._places = places
        self._announce = announce
        self._clock = clock
        self._jitter = jitter
        self._settings = settings
        self._ticks = ticks
        self._backlog = Backlog(spool, locate=locate, announce=announce, clock=clock)
        self._tools = Tools(spool, self._backlog.set_aside, announce, clock, kept)
        self._drains: dict[str, Drain] = {}
        self._running: dict[str, Thread] = {}
        self._to_flush: set[str] = set()
        self._wants_flush = False
        self._wants_end = False
        self._woken = Event()
        self._trouble: str | None = None

    def wake(self) -> None:
        """Have it look at the spool now."""
        self._woken.set()

    def flush(self) -> None:
        """Have it try to archive all that waits now, once, without waiting for anything."""
        self._wants_flush = True
        self._woken.set()

    def end(self) -> None:
        """Have it do a last `flush` within the time set for that, and end."""
        self._wants_end = True
        self._woken.set()

    def run(self) -> None:
        """Archive until there is nothing to do for long enough, or until `end`."""
        state = self._backlog.state()
        waiting = self._look()
        self._forget_problems(waiting)
        self._start(waiting)
        listed = active = busy = self._ticks()
        while not self._wants_end:
            now = self._ticks()
            if waiting or self._running:
                busy = now
            elif now - busy >= self._settings.idle_seconds:
                return
            self._woken.wait(ACTIVE_SECONDS if now - active < _STAYS_ACTIVE_SECONDS else IDLE_SECONDS)
            now = self._ticks()
            is_woken = self._woken.is_set()
            self._woken.clear()
            seen = self._backlog.state()
            if self._running or is_woken or seen not in {state, -1}:
                active = now
            has_changed = self._reap() or is_woken or seen < 0 or seen != state
            patience = _LOCATE_SECONDS if NOWHERE in waiting else _LOOK_ANYWAY_SECONDS
            if has_changed or now - listed >= patience or self._is_due():
                state, listed = seen, now
                waiting = self._look()
                if self._wants_flush:
                    self._wants_flush = False
                    self._to_flush.update(waiting)
                self._start(waiting)
        self._flush_all(self._ticks() + self._settings.flush_seconds)

    def drain(self) -> None:
        """Try to archive all that waits now, once, and return when that is done."""
        self._flush_all(None)

    def close(self) -> None:
        """Let go of the depositories."""
        for drain in self._drains.values():
            drain.close()

    # inside

    def _look(self) -> "dict[str, list[Entry]]":
        try:
            waiting = self._backlog.by_url()
        except (StorageError, OSError) as error:
            # the spool's directory is gone, or its disk has failed: there is nothing to archive from for now
            if self._trouble != str(error):
                self._say_where(str(error), 0)
            return {}
        nowhere, trouble = waiting.get(NOWHERE, []), self._backlog.trouble
        if trouble != self._trouble:
            self._say_where(trouble, len(nowhere))
        return waiting

    def _say_where(self, sentence: str | None, waiting: int) -> None:
        """Tell that some items have no depository, or that the spool cannot be read; or that this is over."""
        self._trouble = sentence
        if sentence is None:
            problems.clear(self._spool, NOWHERE)
            self._announce({"event": "recovered", "url": NOWHERE, "waiting": waiting})
            return
        now = self._clock()
        with suppress(OSError):
            problems.write(self._spool, Problem(NOWHERE, problems.STORAGE, sentence, now, 1, now))
        self._announce(
            {"event": "problem", "url": NOWHERE, "kind": problems.STORAGE, "sentence": sentence, "waiting": waiting}
        )

    def _forget_problems(self, waiting: "dict[str, list[Entry]]") -> None:
        """Forget the problems of depositories that nothing waits for."""
        for problem in problems.read_all(self._spool):
            if problem.url not in waiting:
                problems.clear(self._spool, problem.url)

    def _is_due(self) -> bool:
        now = self._clock()
        return any(drain.next is not None and drain.next <= now for drain in self._drains.values())

    def _start(self, waiting: "dict[str, list[Entry]]", until: float | None = None) -> None:
        """Begin a pass for each depository where one may do something."""
        for url, drain in self._drains.items():
            if url not in waiting and url not in self._running:
                drain.next = None
        for url, entries in waiting.items():
            if url == NOWHERE or url in self._running:
                continue
            if url not in self._drains:
                self._drains[url] = self._drain_of(url)
            drain = self._drains[url]
            is_flush = url in self._to_flush
            if is_flush or drain.wants(entries):
                self._to_flush.discard(url)
                self._running[url] = thread = Thread(
                    target=self._run, args=(drain, is_flush, until), name=f"archiving {url}", daemon=True
                )
                thread.start()

    def _drain_of(self, url: str) -> Drain:
        return Drain(
            url,
            self._tools,
            self._places,
            lambda: self._backlog.of(url),
            jitter=self._jitter,
            state=self._backlog.state,
            ticks=self._ticks,
        )

    def _run(self, drain: Drain, is_flush: bool, until: float | None) -> None:
        try:
            drain.run(is_flush=is_flush, until=until)
        except (StorageError, OSError):
            drain.next = self._clock() + problems.FIRST_WAIT  # the spool cannot be used, which `_look` tells
        except Exception as error:  # what waits is kept, and tried again
            drain.fail(error)
            raise
        finally:
            self._woken.set()

    def _reap(self) -> bool:
        """Forget the passes that are over; whether there were any."""
        ended = [url for url, thread in self._running.items() if not thread.is_alive()]
        for url in ended:
            del self._running[url]
        return bool(ended)

    def _flush_all(self, until: float | None) -> None:
        waiting = self._look()
        self._to_flush = set(waiting) - {NOWHERE}
        while self._to_flush or self._running:
            self._start({url: waiting[url] for url in self._to_flush}, until)
            left = None if until is None else until - self._ticks()
            if left is not None and left <= 0:
                return
            self._woken.wait(ACTIVE_SECONDS if left is None else min(left, ACTIVE_SECONDS))
            self._woken.clear()
            self._reap()
