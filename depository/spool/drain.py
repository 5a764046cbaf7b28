"""Archiving what waits for one depository, and waiting where that cannot be done.

What is wrong with one item sets it aside. What is wrong with one notebook has that one wait. What is wrong with the
place stops the pass, and has the whole depository wait, each time longer.
"""

import time as clocks
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from threading import Condition, Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from depository.errors import DepositoryError, InvalidInput, NoDepository, StorageError
from depository.spool import problems
from depository.spool.applying import Applier, Tools
from depository.spool.problems import Problem
from depository.spool.schedule import MOST_BYTES, Entry, Task, is_due, plan

if TYPE_CHECKING:
    from depository.depository import Depository
    from depository.spool.directory import Name

THREADS = 8
"""Batches of different paths that are archived at once."""
_LOOK_SECONDS = 0.2
"""How often a pass that works looks for what has come meanwhile."""
_LOCKED_MILLISECONDS = 1_000
"""How long to wait where another process archives."""
_HELD_MILLISECONDS = 1_000
"""How long to wait for a writer to confirm what it has written."""


class Places(Protocol):
    """Opens depositories, with the secrets that they need."""

    def open(self, url: str, s3: Mapping[str, str]) -> "Depository":
        """Open one; nothing is asked of the store yet."""

    def make(self, url: str, s3: Mapping[str, str]) -> "Depository":
        """Make one where there is none."""


class _Pause(NamedTuple):
    """An item that waits after a failure, and with it what comes after it at its paths."""

    tries: int
    next: int
    kind: str
    sentence: str


class Drain:
    """Archives what waits for one depository, pass by pass."""

    def __init__(
        self,
        url: str,
        tools: Tools,
        places: Places,
        entries: Callable[[], list[Entry]],
        *,
        jitter: Callable[[], float],
        state: Callable[[], int] = lambda: -1,
        ticks: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """Make one; nothing is done yet.

        Args:
            url: of the depository.
            tools: what archiving works with.
            places: opens it.
            entries: lists what waits for it now, the oldest first.
            jitter: draws from 0 to 1, to spread the tries.
            state: a number that changes when something comes or goes, negative where it cannot be told.
            ticks: seconds of any clock that only goes forward.
        """
        self.url = url
        self.next: int | None = 0
        """Milliseconds since the epoch when another pass may do something, if nothing new comes; None: never."""
        self._tools = tools
        self._places = places
        self._entries = entries
        self._jitter = jitter
        self._state = state
        self._ticks = ticks
        self._applier = Applier(tools, url)
        self._lock = Lock()
        self._depository: Depository | None = None
        self._s3: Mapping[str, str] = MappingProxyType({})
        self._pauses: dict[Name, _Pause] = {}
        self._problem: _Pause | None = None
        self._before: _Pause | None = None
        """The problem that the depository had before the pass that is under way."""
        self._left: frozenset[Name] = frozenset()
        """What the last pass has looked at and left."""
        self._shown: Problem | None = None
        self._outdated: list[Depository] = []
        self._until: float | None = None

    def wants(self, entries: Iterable[Entry]) -> bool:
        """Whether a pass may do something now.

        Args:
            entries: what waits for the depository.
        """
        now = self._tools.clock()
        if self._problem and not is_due(self._problem.next, now):
            return False
        if self.next is not None and is_due(self.next, now):
            return True
        return any(not entry.is_held and entry.name not in self._left for entry in entries)

    def fail(self, error: Exception) -> None:
        """Note that a pass was broken off by something unforeseen, and wait before the next."""
        self._fail(error)
        self._left = frozenset()
        self._report(self._problem)

    def close(self) -> None:
        """Let go of the depository."""
        with self._lock:
            depository, self._depository = self._depository, None
        if depository:
            depository.close()

    def run(self, *, is_flush: bool = False, until: float | None = None) -> bool:
        """Archive what may be archived now; False where another process is at it.

        Args:
            is_flush: try everything once, without waiting for runs of automatic saves or after failures.
            until: begin nothing more from then on, in seconds of `ticks`; None for no limit.

        Raises:
            StorageError: the spool cannot be used.
        """
        with self._tools.spool.archiving_into(self.url) as is_ours:
            if is_ours:
                self._until = until
                self._pass(is_flush)
            else:
                self.next = self._tools.clock() + _LOCKED_MILLISECONDS
                self._left = frozenset(entry.name for entry in self._entries() if not entry.is_held)
            return is_ours

    # one pass

    def _pass(self, is_flush: bool) -> None:
        if is_flush:
            self._pauses = {name: pause._replace(next=0) for name, pause in self._pauses.items()}
        self._before, self._problem = self._problem, None
        space = _Space(MOST_BYTES)
        ready: deque[Task] = deque()
        running: dict[Future[bool], Task] = {}
        due: int | None = None
        seen = -1
        is_stale = True
        entries = self._entries()
        met = frozenset(entry.name for entry in entries)
        self._open(entries)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="archiving") as threads:
            while True:
                if is_stale and not ready and len(running) < THREADS and self._goes_on():
                    is_stale, seen = False, self._state()
                    busy = {entry.name for task in running.values() for entry in task.entries}
                    entries = self._entries()
                    due = self._plan(entries, busy, ready, is_flush)
                while ready and len(running) < THREADS and self._goes_on():
                    task = ready.popleft()
                    running[threads.submit(self._do, task, met, space)] = task
                if not running:
                    break
                done, _ = wait_for(running, _LOOK_SECONDS, FIRST_COMPLETED)
                for future in done:
                    self._settle(running.pop(future), future)
                is_stale = is_stale or bool(done) or seen < 0 or self._state() != seen
        self._end(due, entries)

    def _goes_on(self) -> bool:
        return self._problem is None and (self._until is None or self._ticks() < self._until)

    def _plan(self, entries: list[Entry], busy: "set[Name]", ready: deque[Task], is_flush: bool) -> int | None:
        now = self._tools.clock()
        there = {entry.name for entry in entries}
        self._pauses = {name: pause for name, pause in self._pauses.items() if name in there}
        paused = {name for name, pause in self._pauses.items() if not is_due(pause.next, now)}
        made = plan(entries, now=now, stopped=busy | paused, is_flush=is_flush)
        ready.extend(made.tasks)
        return made.due

    def _open(self, entries: list[Entry]) -> None:
        """Have the depository open, as its newest item says how to reach it."""
        s3 = dict(entries[-1].item.s3) if entries else self._s3
        if self._depository is not None and s3 == self._s3:
            return
        self.close()
        self._s3 = s3
        try:
            self._depository = self._places.open(self.url, s3)
        except DepositoryError as error:
            self._fail(error)

    def _do(self, task: Task, met: "frozenset[Name]", space: "_Space") -> bool:
        with space.of(task.size):
            depository = self._depository
            if depository is None or not self._goes_on():
                return True
            try:
                return self._applier.apply(depository, task, met=met)
            except NoDepository:
                return self._applier.apply(self._made(depository), task, met=met)

    def _made(self, missing: "Depository") -> "Depository":
        """The depository that was made where this one is missing; once, for all who miss it."""
        with self._lock:
            if self._depository is missing or self._depository is None:
                try:
                    self._depository = self._places.make(self.url, self._s3)
                except InvalidInput as error:
                    raise NoDepository(
                        f"There is no depository at {self.url}, and it cannot be made: {error}"
                    ) from error
                self._outdated.append(missing)  # others may be asking it still
            return self._depository

    # what comes of it

    def _settle(self, task: Task, future: "Future[bool]") -> None:
        error = future.exception()
        if error is None and future.result():
            for entry in task.entries:
                self._pauses.pop(entry.name, None)
        elif isinstance(error, DepositoryError) and problems.is_of_the_place(error):
            self._fail(error)
        elif error is None or isinstance(error, Exception):
            self._pause(task, error)
        else:
            raise error

    def _fail(self, error: Exception) -> None:
        """Note that the place has a problem."""
        if self._problem is None:
            self._problem = self._failed(self._before.tries + 1 if self._before else 1, error)
            self.next = self._problem.next

    def _pause(self, task: Task, error: Exception | None) -> None:
        """Have a task wait, whichever of its items is to blame, after an error or because it came to nothing."""
        known = [pause.tries for entry in task.entries if (pause := self._pauses.get(entry.name))]
        pause = self._failed(max(known, default=0) + 1, error)
        self._pauses.update((entry.name, pause) for entry in task.entries)

    def _failed(self, tries: int, error: Exception | None) -> _Pause:
        kind = "" if error is None else problems.kind_of(error)
        return _Pause(tries, self._tools.clock() + problems.wait(tries, self._jitter), kind, str(error or ""))

    def _end(self, due: int | None, planned: list[Entry]) -> None:
        for depository in self._outdated:
            depository.close()
        self._outdated.clear()
        left = self._entries()
        there = frozenset(entry.name for entry in left if not entry.is_held)
        # what came after the last plan was made has not been tried
        self._left = there.intersection(entry.name for entry in planned if not entry.is_held)
        self._pauses = {name: pause for name, pause in self._pauses.items() if name in there}
        if self._problem is None:
            times = [pause.next for pause in self._pauses.values()]
            if due is not None:
                times.append(due)
            if any(entry.is_held for entry in left):
                times.append(self._tools.clock() + _HELD_MILLISECONDS)
            self.next = min(times, default=None)
        told = [pause for pause in self._pauses.values() if pause.kind]
        self._report(self._problem or max(told, key=lambda pause: pause.tries, default=None))

    def _report(self, trouble: _Pause | None) -> None:
        """Write down what the problem is, and tell when it begins, changes, or is over."""
        shown, noted = self._shown, problems.read(self._tools.spool, self.url)
        if trouble is None:
            problems.clear(self._tools.spool, self.url)
            self._shown = None
            if shown or noted:
                self._tell({"event": "recovered"})
            return
        is_same = noted is not None and noted.kind == trouble.kind
        since = noted.since if noted and is_same else self._tools.clock()
        self._shown = Problem(self.url, trouble.kind, trouble.sentence, since, trouble.tries, trouble.next)
        with suppress(OSError):  # a full disk; it is told all the same
            problems.write(self._tools.spool, self._shown)
        if shown is None or (shown.kind, shown.sentence) != (trouble.kind, trouble.sentence):
            self._tell({"event": "problem", "kind": trouble.kind, "sentence": trouble.sentence})

    def _tell(self, event: dict[str, object]) -> None:
        with suppress(StorageError):
            self._tools.announce({**event, "url": self.url, "waiting": len(self._entries())})


class _Space:
    """Has tasks wait until what is in memory leaves space for theirs. One that is too large for it comes alone."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._changed = Condition()

    def of(self, size: int) -> "_Taken":
        """Take space, as soon as there is some, until the end of the block."""
        return _Taken(self, size)

    def take(self, size: int) -> None:
        """Take space, as soon as there is some."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._size)
            self._used += size

    def give(self, size: int) -> None:
        """Give it back."""
        with self._changed:
            self._used -= size
            self._changed.notify_all()


class _Taken:
    def __init__(self, space: _Space, size: int) -> None:
        self._space = space
        self._taken = size

    def __enter__(self) -> None:
        self._space.take(self._taken)

    def __exit__(self, *_: object) -> None:
        self._space.give(self._taken)
