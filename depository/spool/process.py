"""The worker as a process of its own: what it reads from stdin, writes to stdout, and finds on this machine."""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from depository import config
from depository.config import Surroundings
from depository.errors import DepositoryError
from depository.spool.backlog import Locate, Located
from depository.spool.directory import Name, Spool
from depository.spool.items import Item
from depository.spool.worker import Settings, Worker

if TYPE_CHECKING:
    from depository.backends.s3_settings import S3Settings
    from depository.depository import Depository

NICENESS = 10
"""So that archiving never takes the processor from whom it serves."""


class ConfiguredPlaces:
    """Opens depositories with the secrets, and makes them with the wishes, that the server was configured with."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]], create: Mapping[str, Any]) -> None:
        """Make one.

        Args:
            secrets: of each URL, by the names of `S3Settings`.
            create: the ``prefixes`` and ``materialize`` of depositories that are made; None or nothing: the usual.
        """
        self._secrets = secrets
        self._create = {name: value for name, value in create.items() if value is not None}
        if "materialize" in self._create:
            self._create["materialize"] = tuple(self._create["materialize"])

    def open(self, url: str, s3: Mapping[str, str]) -> "Depository":
        """Open one; nothing is asked of the store yet."""
        from depository.depository import Depository

        return Depository.open(url, s3=self._settings(url, s3))

    def make(self, url: str, s3: Mapping[str, str]) -> "Depository":
        """Make one where there is none."""
        from depository.depository import Depository

        return Depository.create(url, s3=self._settings(url, s3), **self._create)

    def _settings(self, url: str, s3: Mapping[str, str]) -> "S3Settings | None":
        options: dict[str, Any] = {**s3, **self._secrets.get(url, {})}
        if not options:
            return None
        from depository.backends.s3_settings import S3Settings

        return S3Settings(**{name: value for name, value in options.items() if name in S3Settings._fields})


def locating(surroundings: Surroundings) -> Locate:
    """Finds out where an item belongs, whose writer could not, by its file."""

    def locate(item: Item) -> Located:
        place = config.locate(os.path.dirname(item.file) if item.file else surroundings.cwd, surroundings)
        path = config.path_of(place, item.file) if item.file else config.path_of_name(place, item.shown)
        return Located(place.url, path, place.s3)

    return locate


class Outlet:
    """Writes what happens as JSON, a line each, for as long as anybody reads it. Safe with several threads."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self._is_open = True

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Write an event."""
        line = json.dumps(event).encode() + b"\n"
        with self._lock:
            if not self._is_open:
                return
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):  # nobody is there to hear it; that is no reason not to archive
                self._is_open = False


def listen(worker: Worker, stream: BinaryIO) -> None:
    """Hand the orders on stdin to the worker, until its end, which is the last of them."""
    while line := stream.readline():
        try:
            order = json.loads(line)
        except ValueError:
            order = None
        if isinstance(order, dict) and order.get("flush"):
            worker.flush()
        else:
            worker.wake()
    worker.end()


def main() -> int:
    """Archive what waits in the spool that the first line on stdin names; see `depository.spool.worker`."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    announce = Outlet(sys.stdout.buffer)
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    try:
        orders = json.loads(line)
        spool = Spool(orders["spool"], clock=time.time_ns)
        worker = _worker(spool, orders, announce)
    except (ValueError, KeyError, TypeError) as error:
        print(f"The first line on stdin cannot be used: {error!r}.", file=sys.stderr)  # noqa: T201
        return 2
    except (DepositoryError, OSError) as error:
        announce({"event": "problem", "url": "", "kind": "storage", "sentence": str(error), "waiting": 0})
        return 1
    _on_termination(worker.end)
    Thread(target=listen, args=(worker, sys.stdin.buffer), name="orders", daemon=True).start()
    worker.run()
    # whatever a thread still does may be broken off: it is done again, and known again, by the next process
    sys.stderr.flush()
    os._exit(0)


def _worker(spool: Spool, orders: Mapping[str, Any], announce: Outlet) -> Worker:
    return Worker(
        spool,
        ConfiguredPlaces(orders.get("secrets") or {}, orders.get("create") or {}),
        locate=locating(Surroundings.of_process()),
        announce=announce,
        kept=_kept(spool, int(orders.get("keep", 0)), int(orders.get("keep_bytes", 0))),
        clock=_in_milliseconds(time.time_ns),
        jitter=random.random,
        settings=Settings(float(orders.get("flush_seconds", 10)), float(orders.get("idle_seconds", 600))),
    )


def _in_milliseconds(nanoseconds: Callable[[], int]) -> Callable[[], int]:
    return lambda: nanoseconds() // 1_000_000


class _Keeper:
    """Keeps the newest versions of each notebook."""

    def __init__(self, spool: Spool, most: int, most_bytes: int) -> None:
        self._spool = spool
        self._most = most
        self._most_bytes = most_bytes

    def keep(self, name: Name, data: bytes, number: int) -> None:
        from depository.spool import kept

        kept.keep(self._spool, name, data, number, most=self._most, most_bytes=self._most_bytes)

    def moved(self, old: str, new: str, before: int) -> None:
        from depository.spool import kept

        kept.moved(self._spool, old, new, before=before)


def _kept(spool: Spool, most: int, most_bytes: int) -> _Keeper | None:
    return _Keeper(spool, most, most_bytes) if most > 0 else None


def _on_termination(end: Callable[[], None]) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: end())
