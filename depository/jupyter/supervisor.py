"""The process that archives what waits, started when there is something to do and told when the server goes.

It is a process of its own because parsing and compressing a large notebook holds Python's interpreter lock for longer
than an event loop may stand still.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depository.jupyter.settings import Depository as Settings
    from depository.spool.directory import Spool

_LONGEST_WAIT = 60.0
"""Seconds between two starts of a process that dies at once."""
_GRACE = 2.0
"""Seconds beyond its own limit that a process has to end."""

_ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
"""Has the C library of Linux keep the memory between the saves of one notebook: to ask for it anew each time is a third
of what a save of 1 MB costs."""


class Supervisor:
    """Keeps the process running as long as something waits. Safe with several threads."""

    def __init__(
        self,
        spool: "Spool",
        settings: "Settings",
        secrets: Mapping[str, Mapping[str, str]],
        heard: Callable[[dict[str, Any]], None],
    ) -> None:
        """Make one; nothing is started yet.

        Args:
            spool: what it is to empty.
            settings: how.
            secrets: credentials that only this server knows, by URL.
            heard: called with each event that the process tells, in a thread.
        """
        self._spool = spool
        self._settings = settings
        self._secrets = secrets
        self._heard = heard
        self._changed = Lock()
        self._process: subprocess.Popen[bytes] | None = None  # changed by other threads at any time
        self._is_stopping = False
        self._failures = 0
        self._not_before = 0.0

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None

    def wake(self) -> None:
        """Start the process if it does not run. It looks at the spool by itself once it does."""
        with self._changed:
            if self._process is not None or self._is_stopping or time.monotonic() < self._not_before:
                return
            try:
                process = self._start()
            except OSError as error:
                self._failures += 1
                self._not_before = time.monotonic() + min(_LONGEST_WAIT, 2.0**self._failures)
                self._heard(
                    {"event": "lost", "sentence": f"The process that archives cannot be started: {error.strerror}."}
                )
                return
            self._process = process
        Thread(target=self._listen, args=(process,), name="depository-listener", daemon=True).start()

    def flush(self) -> None:
        """Have all that waits tried now."""
        self.wake()
        process = self._process
        if process is not None:
            _send(process, {"flush": True})

    def stop(self) -> None:
        """Let the process archive what waits, within the configured time, and wait until it is gone."""
        with self._changed:
            self._is_stopping = True
            process = self._process
        if process is None:
            return
        with suppress(OSError):
            _stdin(process).close()
        try:
            process.wait(self._settings.flush_seconds + _GRACE)
        except subprocess.TimeoutExpired:
            process.kill()  # what it was doing is done again at the next start
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "depository.spool"]
        # the server's own directory may hold files that shadow modules; the environment says where ours are
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), close_fds=True
        )
        _send(
            process,
            {
                "spool": self._spool.directory,
                "secrets": self._secrets,
                "create": {"prefixes": self._settings.prefixes(), "materialize": self._settings.materialize},
                "flush_seconds": self._settings.flush_seconds,
                "keep": self._settings.checkpoints_kept if self._settings.checkpoints else 0,
                "keep_bytes": self._settings.checkpoints_limit,
            },
        )
        return process

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        """Pass on what a process tells, and see to it that another follows where something still waits."""
        started = time.monotonic()
        assert process.stdout is not None  # noqa: S101 - it was asked for
        for line in process.stdout:
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    self._heard(event)
        code = process.wait()
        with suppress(OSError):
            _stdin(process).close()
        process.stdout.close()
        with self._changed:
            self._process = None
            if self._is_stopping:
                return
            if code == 0:
                self._failures = 0
            else:
                self._failures = self._failures + 1 if time.monotonic() - started < _LONGEST_WAIT else 1
                self._not_before = time.monotonic() + min(_LONGEST_WAIT, 2.0**self._failures)
        if code:
            self._heard(
                {
                    "event": "lost",
                    "sentence": f"The process that archives ended with {code}; another one goes on where it was.",
                }
            )
            time.sleep(max(0.0, self._not_before - time.monotonic()))
        if self._spool.waiting():
            self.wake()


def _environment() -> dict[str, str]:
    """The server's, with the modules of this very depository first."""
    import depository

    environment = dict(os.environ)
    above = os.path.dirname(os.path.dirname(os.path.abspath(depository.__file__)))
    paths = [above, *environment.get("PYTHONPATH", "").split(os.pathsep)]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    for name, value in _ALLOCATION.items():
        environment.setdefault(name, value)
    return environment


def _stdin(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    return process.stdin


def _send(process: "subprocess.Popen[bytes]", message: Mapping[str, Any]) -> None:
    with suppress(OSError):  # it is gone; the listener sees that too
        _stdin(process).write(json.dumps(message).encode() + b"\n")
        _stdin(process).flush()
