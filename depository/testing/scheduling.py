"""Several clients of one store that take turns, one call at a time, in an order that can be had again.

Each client is a thread of its own, but only one of them is ever running: at each call of the store it waits until it is
chosen again. So a schedule is a row of choices, and what it does is the same each time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from threading import Semaphore, Thread
from typing import NamedTuple, Protocol

from depository.backends.base import Backend, Condition, Item, Kept, Stored
from depository.backends.memory import VersionedBucket, VersionedMemory
from depository.backends.versions import Found
from depository.backends.wrapper import Wrapper


class Chooser(Protocol):
    """Who chooses."""

    def __call__(self, ready: Sequence[str]) -> str:
        """The client that makes its next call, of the names of all that have one to make."""


class Outcome(NamedTuple):
    """What became of a client."""

    value: object = None
    """What it returned."""
    error: BaseException | None = None
    """What it raised."""


class Schedule:
    """A row of choices that begins as another one did; after that, the first that is ready.

    Args:
        start: the places of the chosen ones among those that were ready.
    """

    def __init__(self, start: Sequence[int] = ()) -> None:
        self.choices: list[int] = []
        """The places of the chosen ones among those that were ready."""
        self.widths: list[int] = []
        """How many were ready."""
        self._start = start

    def __call__(self, ready: Sequence[str]) -> str:
        number = len(self.choices)
        choice = self._start[number] if number < len(self._start) else 0
        self.choices.append(choice)
        self.widths.append(len(ready))
        return ready[choice]


class Uniform:
    """Any of those that are ready, each as likely as the others."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def __call__(self, ready: Sequence[str]) -> str:
        return self._chance.choice(ready)


class Prioritised:
    """The one of the highest priority, which is drawn by lot and is taken from the running one at a few random calls.

    A meeting that needs `depth` calls of several clients to come in one order is found with a probability that does not
    fall with the number of other calls (after S. Burckhardt and others, "A randomized scheduler with probabilistic
    guarantees of finding bugs", 2010).

    Args:
        seed: of the chance.
        depth: calls that have to come in order: one more than there are changes.
        calls: how many calls there will be in all, about.
    """

    def __init__(self, seed: int, *, depth: int = 3, calls: int = 60) -> None:
        self._chance = Random(seed)
        self._priorities: dict[str, float] = {}
        self._changes = {self._chance.randrange(calls) for _ in range(depth - 1)}
        self._number = -1

    def __call__(self, ready: Sequence[str]) -> str:
        self._number += 1
        for name in ready:
            self._priorities.setdefault(name, self._chance.random())
        chosen = max(ready, key=self._priorities.__getitem__)
        if self._number in self._changes:
            self._priorities[chosen] = -self._number
            chosen = max(ready, key=self._priorities.__getitem__)
        return chosen


def every_schedule() -> Iterator[Schedule]:
    """All schedules, one after the other; each has to have been run when the next is asked for."""
    start: list[int] = []
    while True:
        schedule = Schedule(start)
        yield schedule
        start = schedule.choices
        while start and start[-1] == schedule.widths[len(start) - 1] - 1:
            start.pop()
        if not start:
            return
        start[-1] += 1


class Scheduler:
    """Runs clients in turns.

    Args:
        choose: who is next.
    """

    def __init__(self, choose: Chooser) -> None:
        self.calls: list[tuple[str, str, str]] = []
        """What was called: by whom, the name of the method, and the key."""
        self._choose = choose
        self._turns: dict[str, Semaphore] = {}
        self._back = Semaphore(0)
        self._ended: dict[str, Outcome] = {}

    def backend(self, backend: Backend, name: str, *, only: tuple[str, ...] = ("",)) -> Backend:
        """The backend that a client is to use.

        Args:
            backend: who does the work.
            name: of the client.
            only: how the keys begin at which it waits for its turn. What lies elsewhere must be the client's own, or
                never change.
        """
        return _Waiting(backend, self, name, only)

    def versioned(self, bucket: VersionedBucket, name: str, *, only: tuple[str, ...] = ("",)) -> Backend:
        """What a client is to use of a bucket that keeps versions and ignores conditions; else as `backend`."""
        return _WaitingVersions(bucket, self, name, only)

    def run(self, clients: Mapping[str, Callable[[], object]]) -> dict[str, Outcome]:
        """Let clients do their work, by name, until all have ended, and say what became of them."""
        threads = []
        for name, work in clients.items():
            self._turns[name] = Semaphore(0)
            threads.append(Thread(target=self._work, args=(name, work), name=name, daemon=True))
        for thread in threads:  # each comes to its first call before the next begins
            thread.start()
            self._back.acquire()
        while ready := sorted(name for name in clients if name not in self._ended):
            self._turns[self._choose(ready)].release()
            self._back.acquire()
        for thread in threads:
            thread.join()
        return self._ended

    def wait(self, name: str, operation: str, key: str) -> None:
        """Wait for a client's turn to make a call. Who is no client of this scheduler does not wait."""
        if name in self._turns:
            self._back.release()
            self._turns[name].acquire()
            self.calls.append((name, operation, key))

    def _work(self, name: str, work: Callable[[], object]) -> None:
        try:
            outcome = Outcome(work())
        except BaseException as error:  # noqa: BLE001 - that of a process that is killed, too
            outcome = Outcome(error=error)
        self._ended[name] = outcome
        self._back.release()


class _Waiting(Wrapper):
    """The backend that it was given, which waits for its client's turn at each call."""

    def __init__(self, backend: Backend, scheduler: Scheduler, name: str, only: tuple[str, ...]) -> None:
        super().__init__(backend)
        self.workers = 1
        self._scheduler = scheduler
        self._name = name
        self._only = only

    def get(self, key: str, *, limit: int) -> Stored:
        self._wait("get", key)
        return super().get(key, limit=limit)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        self._wait("put", key)
        return super().put(key, data, condition)

    def delete(self, key: str) -> None:
        self._wait("delete", key)
        super().delete(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        self._wait("list", prefix)
        return super().list(prefix, after=after)

    def kept(self, key: str) -> Iterator[Kept]:
        self._wait("kept", key)
        return super().kept(key)

    def deleted(self, prefix: str) -> Iterator[str]:
        self._wait("deleted", prefix)
        return super().deleted(prefix)

    def get_kept(self, key: str, name: str, *, limit: int) -> Stored:
        self._wait("get_kept", key)
        return super().get_kept(key, name, limit=limit)

    def _wait(self, operation: str, key: str) -> None:
        if key.startswith(self._only):
            self._scheduler.wait(self._name, operation, key)


class _WaitingVersions(VersionedMemory):
    """A client of a versioned bucket, which waits for its turn at each request."""

    def __init__(self, bucket: VersionedBucket, scheduler: Scheduler, name: str, only: tuple[str, ...]) -> None:
        super().__init__(bucket)
        self._scheduler = scheduler
        self._name = name
        self._only = only

    def add(self, key: str, data: bytes, note: str | None) -> tuple[str, str]:
        self._wait("add", key)
        return super().add(key, data, note)

    def current(self, key: str, *, limit: int) -> Found:
        self._wait("current", key)
        return super().current(key, limit=limit)

    def version(self, key: str, name: str, *, limit: int) -> Found:
        self._wait("version", key)
        return super().version(key, name, limit=limit)

    def kept(self, key: str) -> Iterator[Kept]:
        self._wait("kept", key)
        return super().kept(key)

    def deleted(self, prefix: str) -> Iterator[str]:
        self._wait("deleted", prefix)
        return super().deleted(prefix)

    def delete(self, key: str) -> None:
        self._wait("delete", key)
        super().delete(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        self._wait("list", prefix)
        return super().list(prefix, after=after)

    def _wait(self, operation: str, key: str) -> None:
        if key.startswith(self._only):
            self._scheduler.wait(self._name, operation, key)
