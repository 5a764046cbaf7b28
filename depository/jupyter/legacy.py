"""The names that the predecessor's documentation gave, for code that was written with them."""

import asyncio
import json
import warnings
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from depository.jupyter import author as authors
from depository.jupyter import service as services
from depository.jupyter.capture import current


class ArchiveRecord(NamedTuple):
    """A notebook that is to be archived."""

    filepath: str
    """Its path in Jupyter."""
    content: str | bytes | dict[str, Any]
    """The file, or the notebook as a dict."""
    queued_time: float
    """Seconds since the epoch. Kept for its name: the version has the time at which `archive` was called."""


class FormerNames:
    """What the predecessor's contents manager offered beside the usual methods. Archiving does not depend on it."""

    @property
    def path_locks(self) -> "WeakValueDictionary[str, asyncio.Lock]":
        """A lock for each path that is being archived by `archive`; gone when nobody holds it."""
        locks: WeakValueDictionary[str, asyncio.Lock] = self.__dict__.setdefault(
            "_depository_path_locks", WeakValueDictionary()
        )
        return locks

    @property
    def path_lock_ready(self) -> asyncio.Lock:
        """To be held while a lock is taken from `path_locks`, or put there."""
        lock: asyncio.Lock = self.__dict__.setdefault("_depository_path_lock_ready", asyncio.Lock())
        return lock

    async def archive(self, record: ArchiveRecord) -> None:
        """Accept a notebook to be archived: it is on disk when this returns, and another save never keeps it out."""
        async with self.path_lock_ready:
            lock = self.path_locks.setdefault(record.filepath, asyncio.Lock())
        async with lock:
            service = services.of(self)
            content = _bytes(record.content)
            author = service.author(authors.handler())
            await asyncio.wrap_future(service.acceptor.accept(record.filepath, content, cause="save", author=author))

    def run_pre_save_hook(self, model: dict[str, Any], path: str, **kwargs: Any) -> None:
        """Accept a notebook that is about to be saved, for callers of old: today's servers do not call this."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            super().run_pre_save_hook(model, path, **kwargs)  # type: ignore[misc]
        if model.get("type") != "notebook" or current.get() is not None:
            return
        service = services.of(self)
        service.acceptor.accept(path, _bytes(model["content"]), cause="save", author=service.author(authors.handler()))


def _bytes(content: str | bytes | dict[str, Any]) -> bytes:
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else json.dumps(content).encode()
