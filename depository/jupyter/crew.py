"""Threads for work that somebody waits for, at less cost to who hands it over than futures have.

Handing over is what counts: it happens on the server's event loop, in the middle of a save. An executor and a future
cost ten times as much there as a queue and a ticket.
"""

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any


class Ticket:
    """Stands for work that was handed over."""

    def __init__(self) -> None:
        self.is_done = False
        self.result: Any = None
        self._waiting: list[Callable[[], object]] = []

    def finish(self, result: Any) -> None:
        """Say that the work is done."""
        self.result = result
        self.is_done = True
        for call in list(self._waiting):
            call()

    def call_when_done(self, call: Callable[[], object]) -> None:
        """Have something called when the work is done, at once if it is; perhaps twice, and in any thread."""
        self._waiting.append(call)
        if self.is_done:
            call()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the work is done, or for so long; whether it is done."""
        if not self.is_done:
            event = Event()
            self.call_when_done(event.set)
            event.wait(seconds)
        return self.is_done


class Crew:
    """Threads that are started when there is work and nobody is idle."""

    def __init__(self, most: int, name: str) -> None:
        """Make a crew without any threads yet.

        Args:
            most: threads.
            name: of each of them.
        """
        self._most = most
        self._name = name
        self._work: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._idle: deque[None] = deque()
        self._threads: list[Thread] = []

    def put(self, work: Callable[[], object]) -> None:
        """Hand work over, that raises nothing."""
        self._work.put(work)
        try:
            self._idle.pop()
        except IndexError:
            if len(self._threads) < self._most:
                thread = Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
                self._threads.append(thread)

    def stop(self, seconds: float) -> None:
        """End the threads when all that was handed over is done, or give up waiting for one after so long."""
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join(seconds)
        self._threads = []

    def _run(self) -> None:
        while work := self._work.get():
            work()
            self._idle.append(None)
