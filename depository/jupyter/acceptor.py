"""What happens in Jupyter, on its way into the spool.

Nothing here waits for a network, or raises: what cannot be accepted is reported.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

from depository.errors import DepositoryError, InvalidSettings
from depository.jupyter import author as authors
from depository.jupyter import models
from depository.jupyter.capture import SMALL, Abandoned, Capture
from depository.jupyter.crew import Crew
from depository.jupyter.places import Places, Target
from depository.spool.directory import Name, Spool
from depository.spool.items import Item, Kind

_THREADS = 4
_SAVES = 16
"""Saves that are written into the spool at once."""
_PIECE = 1 << 18
"""Bytes that are read at once."""
_STOP_SECONDS = 5.0
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


class Origin(NamedTuple):
    """Where a content comes from that is accepted as a whole."""

    shown: str
    cause: str
    author: str


class Acceptor:
    """Accepts what happens in one server. Safe with several threads."""

    def __init__(
        self, spool: Callable[[], Spool | None], places: Places, author: Callable[[Any], str], reports: Reports
    ) -> None:
        """Make one.

        Args:
            spool: gives what to accept into; None while there is none, which was said.
            places: where things belong.
            author: who is behind a request, given its handler.
            reports: whom to tell.
        """
        self._spool = spool
        self._places = places
        self._reports = reports
        self._author = author
        self._unsettled: deque[tuple[Capture, bool]] = deque()
        self._crew = Crew(_SAVES, "depository-save")
        self._settling = Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="depository")

    def start(self, capture: Capture) -> None:
        """Write what is caught of a save into the spool, as it comes. It never raises: the file is being written."""
        capture.is_started = True
        try:
            self._crew.put(lambda: self._accept_capture(capture))
        except Exception:  # no thread can be started
            self._reports.unforeseen(capture.shown)
            capture.ticket.finish(None)

    def settle(self, capture: Capture, *, happened: bool) -> None:
        """Say whether a save that was caught has happened. It may be said late: the item is on disk."""
        self._unsettled.append((capture, happened))
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
        return self._threads.submit(self._accept_whole, Origin(shown.strip("/"), cause, author), _pieces(content))

    def accept_model(self, shown: str, model: Any, *, cause: str, author: str) -> "Future[None]":
        """Accept a contents model, where the contents manager writes no file that could be read again."""
        return self._threads.submit(self._accept_model, Origin(shown.strip("/"), cause, author), model)

    def accept_file(self, shown: str, *, cause: str, author: str) -> "Future[None]":
        """Accept the file that a path in Jupyter has now."""
        return self._threads.submit(self._accept_file, Origin(shown.strip("/"), cause, author))

    def accept_files_below(self, shown: str, *, cause: str, author: str) -> "Future[None]":
        """Accept all notebooks below a directory in Jupyter as they are now."""
        return self._threads.submit(self._accept_files_below, Origin(shown.strip("/"), cause, author))

    def accept_rename(self, old: str, new: str, *, directory: bool, author: str) -> "Future[None]":
        """Accept that a notebook, or all below a directory, got another path."""
        return self._threads.submit(self._accept_change, Kind.RENAME, new.strip("/"), old.strip("/"), directory, author)

    def accept_delete(self, shown: str, *, directory: bool, author: str) -> "Future[None]":
        """Accept that a notebook, or all below a directory, was deleted."""
        return self._threads.submit(self._accept_change, Kind.DELETE, shown.strip("/"), None, directory, author)

    def stop(self) -> None:
        """Accept what was begun, and then nothing more."""
        self._threads.shutdown(wait=True)
        self._crew.stop(_STOP_SECONDS)
        self.settle_all()

    # in threads

    def _accept_capture(self, capture: Capture) -> None:
        name: Name | None = None
        try:
            spool = self._spool()
            if spool is not None:
                content = capture.content() if capture.is_whole and capture.size <= SMALL else capture.pieces()
                origin = Origin(capture.shown, capture.cause, self._author(capture.handler))
                # looking at settings files may wait until the save is answered
                capture.target = self._places.remembered(origin.shown) or self._target(origin.shown)
                item = self._save_item(origin, capture.target)
                name = spool.begin(item, content, is_automatic=authors.is_automatic(capture.handler))
        except Abandoned:
            pass
        except (DepositoryError, OSError, ValueError) as error:
            self._refuse(error, capture.shown)
        except Exception:  # whatever it is: the save comes first
            self._reports.unforeseen(capture.shown)
        finally:
            capture.ticket.finish(name)

    def _settle(self, capture: Capture, happened: bool) -> None:
        capture.ticket.wait()
        spool, name = self._spool(), capture.ticket.result
        if name is None or spool is None:
            return
        try:
            if not happened:
                spool.cancel(name)
            else:
                target = self._target(capture.shown)
                if target is not None and target != capture.target:
                    name = _redirected(spool, name, target)
                self._confirm(spool, name, capture.shown)
            spool.prepare()
        except (DepositoryError, OSError, ValueError) as error:
            self._refuse(error, capture.shown)

    def _confirm(self, spool: Spool, name: Name, shown: str) -> None:
        spool.confirm(name)
        self._reports.accepted(shown)

    def _accept_whole(self, origin: Origin, content: Iterator[bytes]) -> bool:
        spool = self._spool()
        if spool is None:
            return False
        try:
            self._confirm(spool, spool.begin(self._item(Kind.SAVE, origin), content), origin.shown)
        except (DepositoryError, OSError, ValueError) as error:
            self._refuse(error, origin.shown)
        except Exception:
            self._reports.unforeseen(origin.shown)
        else:
            return True
        return False

    def _accept_model(self, origin: Origin, model: Mapping[str, Any]) -> None:
        try:
            content = models.content_of(model)
        except (ValueError, TypeError) as error:
            self._reports.refused("content", f"'{origin.shown}' is not archived: {error}.", origin.shown)
        except Exception:
            self._reports.unforeseen(origin.shown)
        else:
            self._accept_whole(origin, _pieces(content))

    def _accept_file(self, origin: Origin) -> None:
        file = self._places.file_of(origin.shown)
        if file is None:
            return
        try:
            with open(file, "rb") as stream:
                self._accept_whole(origin, iter(partial(stream.read, _PIECE), b""))
        except OSError as error:
            sentence = f"'{file}' cannot be read, and is not archived: {error.strerror}."
            self._reports.refused("file", sentence, origin.shown)

    def _accept_files_below(self, origin: Origin) -> None:
        top = self._places.file_of(origin.shown)
        if top is None:
            return
        for directory, directories, names in os.walk(top):
            directories[:] = sorted(name for name in directories if name != ".ipynb_checkpoints")
            for name in sorted(names):
                if name.lower().endswith(".ipynb"):
                    inside = os.path.relpath(os.path.join(directory, name), top).replace(os.sep, "/")
                    self._accept_file(origin._replace(shown=f"{origin.shown}/{inside}"))

    def _accept_change(self, kind: Kind, shown: str, old: str | None, directory: bool, author: str) -> None:
        spool = self._spool()
        if spool is None:
            return
        try:
            item = self._item(kind, Origin(shown, kind.value, author), directory=directory)
            if old is not None:
                before = self._target(old, directory=directory)
                if before and before.url != item.url:  # out of one depository, into another
                    self._accept_change(Kind.DELETE, old, None, directory, author)
                    accept = self._accept_files_below if directory else self._accept_file
                    accept(Origin(shown, "rename", author))
                    return
                item = item._replace(old=before.path if before else None)
            self._confirm(spool, spool.begin(item, ()), shown)
        except (DepositoryError, OSError, ValueError) as error:
            self._refuse(error, shown)
        except Exception:
            self._reports.unforeseen(shown)

    def _item(self, kind: Kind, origin: Origin, *, directory: bool = False) -> Item:
        target = self._target(origin.shown, directory=directory)
        return self._save_item(origin, target)._replace(kind=kind, directory=directory)

    def _save_item(self, origin: Origin, target: Target | None) -> Item:
        shown, now = origin.shown, time.time_ns() // 1_000_000
        url, path, s3, file = target or (None, None, {}, self._places.file_of(shown))
        return Item(Kind.SAVE, now, origin.author, origin.cause, shown, url, path, s3, file)

    def _target(self, shown: str, *, directory: bool = False) -> Target | None:
        """Where it belongs; None where a settings file cannot be used, which is said when it is to be archived."""
        try:
            return self._places.locate(shown, directory=directory)
        except InvalidSettings:
            return None

    def _refuse(self, error: Exception, shown: str) -> None:
        self._reports.refused(type(error).__name__, str(error), shown)


def _pieces(content: bytes) -> Iterator[bytes]:
    return (content[start : start + _PIECE] for start in range(0, len(content), _PIECE))


def _redirected(spool: Spool, name: Name, target: Target) -> Name:
    """Have an item that was begun belong elsewhere."""
    item = spool.read(name)
    moved = item._replace(url=target.url, path=target.path, s3=target.s3, file=target.file)
    new = spool.begin(moved, item.content, is_automatic=name.is_automatic)
    spool.cancel(name)
    return new
