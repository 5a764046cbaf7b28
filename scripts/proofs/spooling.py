"""Notebooks on their way through a spool into a depository, as Jupyter accepts and its worker archives them."""

import time
from collections.abc import Callable, Iterator, Mapping
from random import Random

from depository import Depository
from depository.backends.base import Backend
from depository.errors import DepositoryError, InvalidSettings
from depository.spool import kept
from depository.spool.backlog import Located
from depository.spool.directory import Name, Spool
from depository.spool.items import Item, Kind
from depository.spool.worker import Worker
from proofs.steps import State, Step, after, choose, file

URL = "file:///archive"
"""What the items call the depository."""
_KEPT = 5
_KEPT_BYTES = 1 << 20

Open = Callable[[], Backend]


def spool_at(directory: str) -> Spool:
    """The spool in a directory, for a process of its own."""
    return Spool(directory, clock=time.time_ns)


def spooled_steps(state: State, random: Random, serial: int) -> Iterator[tuple[Step, State]]:
    """Saves, renames and deletions, for ever, each with the state that it leads to."""
    while True:
        step = choose(state, random, serial)
        if step.what == "save all":
            step = Step("save", step.book, step.serials[:1])
        if step.what in ("save", "rename", "delete"):
            serial += len(step.serials)
            state = after(state, step)
            yield step, state


def begin(spool: Spool, state: State, step: Step) -> Name:
    """Write what tells of a step into the spool."""
    path = state[step.book].path
    now = time.time_ns() // 1_000_000
    if step.what == "save":
        item = Item(Kind.SAVE, now, "ann", "save", path, URL, path)
        content = file(step.serials[0])
        pieces = step.serials[0] % 2
        return spool.begin(item, [content[:1000], b"", content[1000:]] if pieces else content)
    if step.what == "rename":
        item = Item(Kind.RENAME, now, "ann", "rename", step.name, URL, step.name, old=path)
    else:
        item = Item(Kind.DELETE, now, "ann", "delete", path, URL, path)
    return spool.begin(item, b"")


def drain(spool: Spool, opened: Open) -> None:
    """Archive all that waits, as the worker does.

    Raises:
        DepositoryError: something could not be archived.
    """
    told: list[Mapping[str, object]] = []
    worker = Worker(
        spool,
        _Places(opened),
        locate=_nowhere,
        announce=told.append,
        kept=_Keeper(spool),
        clock=lambda: time.time_ns() // 1_000_000,
        jitter=lambda: 0.0,
    )
    worker.drain()
    worker.close()
    for event in told:
        if event["event"] in ("problem", "aside"):
            raise DepositoryError(f"archiving met a problem: {event}")
    if spool.waiting():
        raise DepositoryError(f"{len(spool.waiting())} items wait still")
    if spool.aside():
        raise DepositoryError(f"items were set aside: {spool.aside()}")


class _Places:
    def __init__(self, opened: Open) -> None:
        self._opened = opened

    def open(self, url: str, s3: Mapping[str, str]) -> Depository:  # noqa: ARG002 - there is one place
        return Depository(self._opened())

    def make(self, url: str, s3: Mapping[str, str]) -> Depository:  # noqa: ARG002 - as above
        return Depository.adopt(self._opened())


class _Keeper:
    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def keep(self, name: Name, data: bytes, number: int) -> None:
        kept.keep(self._spool, name, data, number, most=_KEPT, most_bytes=_KEPT_BYTES)

    def moved(self, old: str, new: str, before: int) -> None:
        kept.moved(self._spool, old, new, before=before)


def _nowhere(item: Item) -> Located:
    raise InvalidSettings(f"'{item.shown}' belongs nowhere.")
