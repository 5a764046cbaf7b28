"""Numbers about archiving, on the page where Jupyter shows its own: ``/metrics``."""

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from depository.jupyter.service import Service

PERIOD = 15.0
"""Seconds between two looks at what waits."""

ACCEPTED = Counter("depository_accepted", "Saves that are on the local disk for good, and wait to be archived")
REFUSED = Counter("depository_refused", "Saves that could not be accepted, and are not archived")
ARCHIVED = Counter("depository_archived", "Versions that were archived", ["cause"])
FAILURES = Counter("depository_failures", "Times that a depository began to be impossible to archive into", ["kind"])
SET_ASIDE = Counter("depository_set_aside", "Saves that cannot be archived at all")
DELAY = Histogram(
    "depository_archive_delay_seconds",
    "From the save to the version in the archive",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400),
)
WAITING = Gauge("depository_waiting", "Saves that wait to be archived")
WAITING_BYTES = Gauge("depository_waiting_bytes", "Bytes of the saves that wait to be archived")
OLDEST = Gauge("depository_oldest_waiting_seconds", "Age of the oldest save that waits; 0 if none does")
PROBLEMS = Gauge("depository_problems", "Depositories that cannot be archived into at present")

_CAUSES = {"save", "restore", "before restore", "copy", "rename", "import", "run"}
_KINDS = {"unreachable", "denied", "no-bucket", "full", "damaged", "newer", "storage", "bug"}


def connect(service: "Service") -> None:
    """Count what a service tells, and look at what waits from time to time, as long as its server runs."""
    service.add_listener(count)
    loop = getattr(getattr(service.serverapp, "io_loop", None), "asyncio_loop", None)
    if loop is not None:
        loop.call_soon_threadsafe(_watch, service, loop)


def count(told: Mapping[str, Any]) -> None:
    """Count one thing that was told."""
    event = told.get("event")
    if event == "accepted":
        ACCEPTED.inc()
    elif event == "refused":
        REFUSED.inc()
    elif event == "archived" and told.get("fresh", True):
        # names that others choose would make ever more series
        cause = told.get("cause")
        ARCHIVED.labels(cause if cause in _CAUSES else "other").inc()
        DELAY.observe(max(0.0, float(told.get("waited", 0.0))))
    elif event == "problem":
        kind = told.get("kind")
        FAILURES.labels(kind if kind in _KINDS else "other").inc()
    elif event == "aside":
        SET_ASIDE.inc()


def show(status: Mapping[str, Any], now: float) -> None:
    """Show what waits.

    Args:
        status: as the service tells it.
        now: seconds since the epoch.
    """
    WAITING.set(status["waiting"])
    WAITING_BYTES.set(status["bytes"])
    OLDEST.set(0 if status["oldest"] is None else max(0.0, now - status["oldest"] / 1000))
    PROBLEMS.set(len(status["problems"]))


def _watch(service: "Service", loop: asyncio.AbstractEventLoop) -> None:
    watching = loop.create_task(_look(service), name="depository-metrics")
    watching.add_done_callback(_tasks.discard)
    _tasks.add(watching)


_tasks: "set[asyncio.Task[None]]" = set()
"""The loop itself would forget them."""


async def _look(service: "Service") -> None:
    while True:
        try:
            show(await asyncio.get_running_loop().run_in_executor(None, service.status), time.time())
        except Exception:  # the next look may do better
            service.log.debug("depository: what waits could not be looked at", exc_info=True)
        await asyncio.sleep(PERIOD)
