"""What happens in Jupyter, on its way into the spool.

Nothing here waits for a network, or raises: what cannot be accepted is reported.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from depository.errors import DepositoryError, InvalidSettings
from depository.jupyter import models
from depository.jupyter.capture import Capture, OnDisk, Written
from depository.jupyter.places import Places, Target
from depository.spool.directory import Name, Spool
from depository.spool.items import Item, Kind

_THREADS = 4
_SETTLE_SECONDS = 0.02
"""How long after a save was answered the rest is done, out of its way."""


class Reports(NamedTuple):
    """Whom to tell, from any thread."""

    accepted: Callable[[str], None]
    """A notebook's path in Jupyter: something that happened to it is in the spool."""
    refused: Callable[[str, str, str], None]
    """What kind of trouble it is, a sentence, and the path: it is not archived."""
    unforeseen: Callable[[str], None]
    """The path, from within the handling of an exception that nobody thought of."""


class Acceptor:
    """Accepts what happens in one server. Safe with several threads."""

    def __init__(self, spool: Callable[[], Spool | None], places: Places, reports: Reports) -> None:
        """Make one.

        Args:
            spool: gives what to accept into; None while there is none, which was said.
            places: where things belong.
            reports: whom to tell.
        """
        self._spool = spool
        self._places = places
        self._reports = reports
        self._unsettled: deque[tuple[Future[Any], str, bool]] = deque()
        self._settling = Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="depository")

    def start(self, capture: Capture, written: Written) -> None:
        """Begin to write a save into the spool, while Jupyter still writes the file."""
        now = time.time_ns() // 1_000_000
        capture.accepted = self._threads.submit(self._accept_save, capture, written, now)

    def settle(self, capture: Capture, *, happened: bool) -> None:
        """Say whether a save that was begun has happened. It may be said late: the item is on disk."""
        if capture.accepted is None:
            return
        self._unsettled.append((capture.accepted, capture.shown, happened))
        try:
            asyncio.get_running_loop().call_later(_SETTLE_SECONDS, self._submit_settling)
        except RuntimeError:  # no loop here
            self._submit_settling()

    def settle_all(self) -> None:
        """Do now what is still to be done about saves that were answered."""
        with self._settling:  # one at a time, so that they stay in order
            while self._unsettled:
                self._settle(*self._unsettled.popleft())

    def _submit_settling(self) -> None:
        with suppress(RuntimeError):  # the server stops; what was begun counts as accepted
            self._threads.submit(self.settle_all)

    def accept(self, shown: str, content: bytes, *, cause: str, author: str) -> "Future[bool]":
        """Accept a content as a version of a notebook.

        Returns:
            what is done when it is on disk, and then says whether it is. It never raises.
        """
        capture = Capture(shown.strip("/"), None, cause=cause, author=author, is_automatic=False)
        return self._threads.submit(self._accept_written, capture, Written((content,)))

    def accept_model(self, capture: Capture, model: Any) -> "Future[None]":
        """Accept a contents model, where the contents manager writes no file that could be read again."""
        return self._threads.submit(self._accept_model, capture, model)

    def accept_file(self, shown: str, *, cause: str, author: str) -> "Future[None]":
        """Accept the file that a path in Jupyter has now."""
        return self._threads.submit(self._accept_file, shown.strip("/"), cause, author)

    def accept_files_below(self, shown: str, *, cause: str, author: str) -> "Future[None]":
        """Accept all notebooks below a directory in Jupyter as they are now."""
        return self._threads.submit(self._accept_files_below, shown.strip("/"), cause, author)

    def accept_rename(self, old: str, new: str, *, directory: bool, author: str) -> "Future[None]":
        """Accept that a notebook, or all below a directory, got another path."""
        return self._threads.submit(self._accept_change, Kind.RENAME, new.strip("/"), old.strip("/"), directory, author)

    def accept_delete(self, shown: str, *, directory: bool, author: str) -> "Future[None]":
        """Accept that a notebook, or all below a directory, was deleted."""
        return self._threads.submit(self._accept_change, Kind.DELETE, shown.strip("/"), None, directory, author)

    def stop(self) -> None:
        """Accept what was begun, and then nothing more."""
        self._threads.shutdown(wait=True)
        self.settle_all()

    # in threads

    def _accept_save(self, capture: Capture, written: Written | OnDisk, now: int) -> Name | None:
        spool = self._spool()
        if spool is None:
            return None
        try:
            item = self._item(Kind.SAVE, capture.shown, now, capture.author, capture.cause)
            size, parts = written.encoded()
            return spool.begin(item, size, parts, is_automatic=capture.is_automatic)
        except (DepositoryError, OSError, ValueError) as error:
            self._refuse(error, capture.shown)
        except Exception:  # whatever it is: the save comes first
            self._reports.unforeseen(capture.shown)
        return None

    def _settle(self, accepted: "Future[Name | None]", shown: str, happened: bool) -> None:
        name = accepted.result()
        spool = self._spool()
        if name is None or spool is None:
            return
        try:
            if not happened:
                spool.cancel(name)
                return
            spool.confirm(name)
            spool.prepare()
        except (DepositoryError, OSError) as error:
            self._refuse(error, shown)
        else:
            self._reports.accepted(shown)

    def _accept_written(self, capture: Capture, written: Written | OnDisk) -> bool:
        accepted: Future[Name | None] = Future()
        accepted.set_result(self._accept_save(capture, written, time.time_ns() // 1_000_000))
        self._settle(accepted, capture.shown, happened=True)
        return accepted.result() is not None

    def _accept_model(self, capture: Capture, model: Mapping[str, Any]) -> None:
        try:
            content = models.content_of(model)
        except (ValueError, TypeError) as error:
            self._reports.refused("content", f"'{capture.shown}' is not archived: {error}.", capture.shown)
        except Exception:
            self._reports.unforeseen(capture.shown)
        else:
            self._accept_written(capture, Written((content,)))

    def _accept_file(self, shown: str, cause: str, author: str) -> None:
        file = self._places.file_of(shown)
        if file is None:
            return
        capture = Capture(shown, file, cause=cause, author=author, is_automatic=False)
        try:
            with open(file, "rb") as stream:
                self._accept_written(capture, OnDisk(stream))
        except OSError as error:
            self._reports.refused("file", f"'{file}' cannot be read, and is not archived: {error.strerror}.", shown)

    def _accept_files_below(self, shown: str, cause: str, author: str) -> None:
        top = self._places.file_of(shown)
        if top is None:
            return
        for directory, directories, names in os.walk(top):
            directories[:] = sorted(name for name in directories if name != ".ipynb_checkpoints")
            for name in sorted(names):
                if name.lower().endswith(".ipynb"):
                    inside = os.path.relpath(os.path.join(directory, name), top).replace(os.sep, "/")
                    self._accept_file(f"{shown}/{inside}", cause, author)

    def _accept_change(self, kind: Kind, shown: str, old: str | None, directory: bool, author: str) -> None:
        spool = self._spool()
        if spool is None:
            return
        try:
            item = self._item(kind, shown, time.time_ns() // 1_000_000, author, kind.value, directory=directory)
            if old is not None:
                before = self._target(old, directory=directory)
                if before and before.url != item.url:  # out of one depository, into another
                    self._accept_change(Kind.DELETE, old, None, directory, author)
                    accept = self._accept_files_below if directory else self._accept_file
                    accept(shown, "rename", author)
                    return
                item = item._replace(old=before.path if before else None)
            accepted: Future[Name | None] = Future()
            accepted.set_result(spool.begin(item, 0, ()))
            self._settle(accepted, shown, happened=True)
        except (DepositoryError, OSError, ValueError) as error:
            self._refuse(error, shown)
        except Exception:
            self._reports.unforeseen(shown)

    def _item(self, kind: Kind, shown: str, now: int, author: str, cause: str, *, directory: bool = False) -> Item:
        target = self._target(shown, directory=directory)
        url, path, s3 = target or (None, None, {})
        return Item(kind, now, author, cause, shown, url, path, s3, self._places.file_of(shown), directory=directory)

    def _target(self, shown: str, *, directory: bool) -> Target | None:
        """Where it belongs; None where a settings file cannot be used, which is said when it is to be archived."""
        try:
            return self._places.locate(shown, directory=directory)
        except InvalidSettings:
            return None

    def _refuse(self, error: Exception, shown: str) -> None:
        self._reports.refused(type(error).__name__, str(error), shown)
