"""Processes that are killed: forked from this one, which has everything in memory already, and must have no threads."""

import gc
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, TypeVar

from depository.backends.base import Backend, Condition, Stored
from depository.backends.wrapper import Wrapper
from proofs.watching import watched

_T = TypeVar("_T")

_PATIENCE = 500
"""Hundredths of a second for which threads may take to end."""

Say = Callable[[bytes], None]
"""Tells the parent something, at once."""


class Ended(NamedTuple):
    """How a process ended."""

    said: bytes
    is_killed: bool
    """By `SIGKILL`; else it came to its end, or failed."""
    error: str = ""


class Fork:
    """A process that does something, and tells what it has done byte by byte."""

    def __init__(self, work: Callable[[Say], None]) -> None:
        for _ in range(_PATIENCE):  # a pool's threads end with it
            if threading.active_count() == 1:
                break
            gc.collect()
            time.sleep(0.01)
        else:
            raise RuntimeError("a process with threads cannot be forked safely")
        self._out, said = os.pipe()
        errors, failed = os.pipe()
        self._errors = errors
        self.pid = os.fork()
        if self.pid:
            os.close(said)
            os.close(failed)
            return
        code = 1  # the child, from here on
        try:
            os.close(self._out)
            os.close(errors)
            work(lambda text: _write(said, text))
            code = 0
        except BaseException:  # noqa: BLE001 - nothing of it may run on in the parent's code
            with suppress(OSError):
                _write(failed, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def wait_until_said(self) -> bytes:
        """What it says first."""
        return os.read(self._out, 1)

    def kill_after(self, seconds: float) -> None:
        """Let it live that long, and kill it."""
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> Ended:
        """Wait for its end."""
        said, errors = _read(self._out), _read(self._errors)
        _, status = os.waitpid(self.pid, 0)
        is_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return Ended(said, is_killed, errors.decode(errors="replace"))


class Counter:
    """Kills this process at one of the moments that it counts. Safe with several threads."""

    def __init__(self, at: int) -> None:
        """Make one.

        Args:
            at: the moment, from 0 on.
        """
        self._left = at
        self._lock = threading.Lock()

    def count(self) -> None:
        """Note that a moment has come."""
        with self._lock:
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()
            self._left -= 1


def killed_at_system_call(at: int, work: Callable[[], None]) -> None:
    """Do something, and die before or after one of the calls by which it changes files."""
    counter = Counter(at)
    with watched(lambda *_: counter.count(), lambda *_: counter.count()):
        work()


class Mortal(Wrapper):
    """The backend that it was given, in a process that dies before or after one of its calls."""

    def __init__(self, backend: Backend, at: int) -> None:
        super().__init__(backend)
        self._counter = Counter(at)

    def get(self, key: str, *, limit: int) -> Stored:
        """Read a key."""
        return self._call(lambda: super(Mortal, self).get(key, limit=limit))

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        """Write a key."""
        return self._call(lambda: super(Mortal, self).put(key, data, condition))

    def delete(self, key: str) -> None:
        """Take a key away."""
        self._call(lambda: super(Mortal, self).delete(key))

    def _call(self, call: Callable[[], _T]) -> _T:
        self._counter.count()
        try:
            return call()
        finally:
            self._counter.count()


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _read(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, 1 << 16):
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts)
