"""What one Jupyter server does about archiving: where its notebooks belong, the spool, and the process that empties it.

Nothing here waits for a network or raises into a save. What cannot be accepted is reported, loudly, once as long as it
stays the same.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from depository import config
from depository.config import Place, Surroundings
from depository.errors import DepositoryError, InvalidInput, StorageError
from depository.jupyter import author as authors
from depository.jupyter import models
from depository.jupyter.capture import Capture, Written
from depository.jupyter.settings import Depository as Settings
from depository.jupyter.settings import complaints
from depository.jupyter.supervisor import Supervisor
from depository.spool.directory import Name, Spool
from depository.spool.items import Item, Kind

if TYPE_CHECKING:
    from depository.depository import Depository

_REMEMBERED_SECONDS = 5.0
"""How long the depository of a directory is believed to be the same."""
_THREADS = 4
_SETTLE_SECONDS = 0.02
"""How long after a save was answered the rest is done, out of its way."""

_services: "WeakKeyDictionary[Any, Service]" = WeakKeyDictionary()
_services_lock = Lock()

Listener = Callable[[dict[str, Any]], None]


class Target(NamedTuple):
    """Where a notebook's versions belong."""

    url: str
    path: str
    s3: Mapping[str, str]
    """How to reach the depository, by `depository.config.S3_KEYS`; no secret is among it."""


def of(manager: Any) -> "Service":
    """The service of the server that a contents manager belongs to; made when it is first asked for."""
    owner = getattr(manager, "parent", None) or manager
    with _services_lock:
        service = _services.get(owner)
        if service is None:
            service = _services[owner] = Service(owner, manager)
        return service


class Service:
    """The archiving of one server. Safe with several threads."""

    def __init__(self, owner: Any, manager: Any) -> None:
        """Read the settings and open the spool; what is wrong with either is said in the log.

        Args:
            owner: the ServerApp, or a contents manager that stands alone.
            manager: the contents manager whose files are archived.
        """
        self.serverapp = owner
        self.log = owner.log
        self._manager = manager
        self.settings = Settings(parent=owner)
        self.spool: Spool | None = None
        self.spool_trouble = ""
        self._said = ""
        self._listeners: list[Listener] = []
        self._places: dict[str, tuple[float, Place]] = {}
        self._depositories: dict[str, Depository] = {}
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="depository")
        self._supervisor: Supervisor | None = None
        for complaint in complaints(owner.config, _sources(owner)):
            self.log.warning("depository: %s", complaint)
        try:
            self.settings.export(os.environ)
            secrets = self.settings.secrets()
        except InvalidInput as error:
            self.log.error("depository: %s", error)  # noqa: TRY400 - the sentence says it all
            secrets = {}
        self.surroundings = Surroundings.of_process()
        try:
            self.spool = Spool(
                config.spool_directory(self.surroundings), limit=self.settings.spool_limit, clock=time.time_ns
            )
        except (StorageError, OSError) as error:
            self.spool_trouble = str(error)
            self._refused(f"Nothing can be archived from this server: {error}", "")
        else:
            self._supervisor = Supervisor(self.spool, self.settings, secrets, self._heard)

    @property
    def contents_manager(self) -> Any:
        """The contents manager that the server uses now."""
        web_app = getattr(self.serverapp, "web_app", None)
        return web_app.settings["contents_manager"] if web_app else self._manager

    def add_listener(self, listener: Listener) -> None:
        """Have what happens told, on the server's event loop: see `depository.spool.worker`, and ``accepted`` and
        ``refused`` of saves."""
        self._listeners.append(listener)

    # where things belong

    def file_of(self, shown: str) -> str | None:
        """The absolute file of a path in Jupyter; None where the contents manager keeps no files."""
        from jupyter_server.services.contents.fileio import FileManagerMixin

        manager = self.contents_manager
        if not isinstance(manager, FileManagerMixin):
            return None
        return os.path.abspath(manager._get_os_path(shown))  # noqa: SLF001 - as Jupyter's own handlers do  # type: ignore[attr-defined]

    def locate(self, shown: str, *, directory: bool = False) -> Target:
        """The depository and the path of a notebook, or of a directory. It may read settings files.

        Raises:
            DepositoryError: a settings file, or the path, cannot be used.
        """
        file = self.file_of(shown)
        place = self.place(os.path.dirname(file) if file else self.surroundings.cwd)
        if file:
            path = config.path_of(place, file)
        else:
            from depository import paths

            path = paths.check("/".join(part for part in (place.namespace, shown.strip("/")) if part))
        if not path and not directory:
            raise InvalidInput(f"'{shown}' names no notebook.")
        return Target(place.url, path, place.s3)

    def place(self, directory: str) -> Place:
        """The depository of a directory, as it was some seconds ago at most.

        Raises:
            InvalidSettings: a settings file cannot be used.
        """
        known = self._places.get(directory)
        now = time.monotonic()
        if known and known[0] > now:
            return known[1]
        place = config.locate(directory, self.surroundings)
        if len(self._places) > 1000:
            self._places.clear()
        self._places[directory] = (now + _REMEMBERED_SECONDS, place)
        return place

    def depository(self, target: Target) -> "Depository":
        """The depository of a target, to be asked; opened once."""
        with self._lock:
            if target.url not in self._depositories:
                from depository.backends.s3_settings import S3Settings
                from depository.depository import Depository

                options: dict[str, Any] = {**target.s3, **self.settings.secrets().get(target.url, {})}
                self._depositories[target.url] = Depository.open(
                    target.url, s3=S3Settings(**options) if options else None, author=self.author()
                )
            return self._depositories[target.url]

    def author(self, handler: Any = None) -> str:
        """Who is behind the request that is being served."""
        handler = handler if handler is not None else authors.handler()
        return authors.name(handler, self.surroundings.environ, self.surroundings.user)

    # accepting

    def start(self, capture: Capture, written: Written) -> None:
        """Begin to write a save into the spool, while Jupyter still writes the file."""
        now = time.time_ns() // 1_000_000
        capture.accepted = self._threads.submit(self._accept_save, capture, written, now)

    def settle(self, capture: Capture, *, happened: bool) -> None:
        """Say whether a save that was begun has happened. It may be said late: the item is on disk."""
        if capture.accepted is None:
            return
        task = (self._settle, capture.accepted, capture.shown, happened)
        try:
            asyncio.get_running_loop().call_later(_SETTLE_SECONDS, self._submit, *task)
        except RuntimeError:  # no loop here
            self._submit(*task)

    def _submit(self, *task: Any) -> None:
        with suppress(RuntimeError):  # the server stops; what was begun counts as accepted
            self._threads.submit(*task)

    def accept(self, shown: str, content: bytes, *, cause: str, author: str) -> "Future[None]":
        """Accept a content as a version of a notebook. The future is done when it is on disk, and never raises."""
        capture = Capture(shown.strip("/"), None, cause=cause, author=author, is_automatic=False)
        return self._threads.submit(self._accept_whole, capture, content)

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

    def wake(self) -> None:
        """Have what waits archived."""
        if self._supervisor:
            self._threads.submit(self._supervisor.wake)

    def status(self) -> dict[str, Any]:
        """What waits, since when, and why."""
        from depository.spool import problems

        spool = self.spool
        waiting = spool.waiting() if spool else []
        return {
            "waiting": len(waiting),
            "bytes": sum(map(spool.size_of, waiting)) if spool else 0,
            "oldest": waiting[0].milliseconds if waiting else None,
            "aside": [{"time": name.milliseconds, "reason": why} for name, why in spool.aside()] if spool else [],
            "problems": [problem._asdict() for problem in problems.read_all(spool)] if spool else [],
            "spool": spool.directory if spool else None,
            "trouble": self.spool_trouble or self._said or None,
            "worker": bool(self._supervisor and self._supervisor.is_running),
        }

    def stop(self) -> None:
        """Have what waits archived within the configured time, and let go of everything. It blocks meanwhile."""
        self._threads.shutdown(wait=True)
        if self._supervisor:
            self._supervisor.stop()
        if self.spool:
            self.spool.close()
        for depository in self._depositories.values():
            depository.close()

    # in threads

    def _accept_save(self, capture: Capture, written: Written, now: int) -> Name | None:
        if self.spool is None:
            return None
        try:
            item = self._item(Kind.SAVE, capture.shown, now, capture.author, capture.cause)
            size, parts = written.encoded()
            return self.spool.begin(item, size, parts, is_automatic=capture.is_automatic)
        except (DepositoryError, OSError, ValueError) as error:
            self._refused(str(error), capture.shown)
        except Exception:
            self.log.exception("depository: '%s' was saved, and is not archived", capture.shown)
        return None

    def _settle(self, accepted: "Future[Name | None]", shown: str, happened: bool) -> None:
        name = accepted.result()
        if name is None or self.spool is None:
            return
        try:
            if not happened:
                self.spool.cancel(name)
                return
            self.spool.confirm(name)
            self.spool.prepare()
        except (DepositoryError, OSError) as error:
            self._refused(str(error), shown)
            return
        self._said = ""
        self._tell({"event": "accepted", "shown": shown})
        if self._supervisor:
            self._supervisor.wake()

    def _accept_whole(self, capture: Capture, content: bytes) -> None:
        accepted: Future[Name | None] = Future()
        accepted.set_result(self._accept_save(capture, Written((content,)), time.time_ns() // 1_000_000))
        self._settle(accepted, capture.shown, happened=True)

    def _accept_model(self, capture: Capture, model: Mapping[str, Any]) -> None:
        try:
            content = models.content_of(model)
        except (ValueError, TypeError) as error:
            self._refused(f"'{capture.shown}' was saved, and is not archived: {error}", capture.shown)
        except Exception:
            self.log.exception("depository: '%s' was saved, and is not archived", capture.shown)
        else:
            self._accept_whole(capture, content)

    def _accept_file(self, shown: str, cause: str, author: str) -> None:
        file = self.file_of(shown)
        if file is None:
            return
        try:
            with open(file, "rb") as stream:
                content = stream.read()
        except OSError as error:
            self._refused(f"'{file}' cannot be read, and is not archived: {error.strerror}.", shown)
            return
        self._accept_whole(Capture(shown, file, cause=cause, author=author, is_automatic=False), content)

    def _accept_files_below(self, shown: str, cause: str, author: str) -> None:
        top = self.file_of(shown)
        if top is None:
            return
        for directory, directories, names in os.walk(top):
            directories[:] = sorted(name for name in directories if name != ".ipynb_checkpoints")
            for name in sorted(names):
                if name.lower().endswith(".ipynb"):
                    inside = os.path.relpath(os.path.join(directory, name), top).replace(os.sep, "/")
                    self._accept_file(f"{shown}/{inside}", cause, author)

    def _accept_change(self, kind: Kind, shown: str, old: str | None, directory: bool, author: str) -> None:
        if self.spool is None:
            return
        try:
            now = time.time_ns() // 1_000_000
            item = self._item(kind, shown, now, author, kind.value, directory=directory)
            if old is not None:
                before = self._target(old, directory=directory)
                if before and before.url != item.url:
                    # out of one depository, into another
                    self._accept_change(Kind.DELETE, old, None, directory, author)
                    self._accept_files_below(shown, "rename", author) if directory else self._accept_file(
                        shown, "rename", author
                    )
                    return
                item = item._replace(old=before.path if before else None)
            name = self.spool.begin(item, 0, ())
            accepted: Future[Name | None] = Future()
            accepted.set_result(name)
            self._settle(accepted, shown, happened=True)
        except (DepositoryError, OSError, ValueError) as error:
            self._refused(str(error), shown)
        except Exception:
            self.log.exception("depository: what happened to '%s' is not archived", shown)

    def _item(
        self, kind: Kind, shown: str, now: int, author: str, cause: str, *, directory: bool = False
    ) -> Item:
        target = self._target(shown, directory=directory)
        url, path, s3 = target or (None, None, {})
        return Item(kind, now, author, cause, shown, url, path, s3, self.file_of(shown), directory=directory)

    def _target(self, shown: str, *, directory: bool) -> Target | None:
        """Where it belongs; None, and said, where a settings file cannot be used: it is looked at again later."""
        try:
            return self.locate(shown, directory=directory)
        except DepositoryError as error:
            self._say(f"'{shown}' waits to be archived: {error}")
            return None

    # saying

    def _heard(self, event: dict[str, Any]) -> None:
        """What the process that archives says."""
        kind, sentence = event.get("event"), event.get("sentence", "")
        if kind == "problem":
            self.log.warning("depository: %s %s wait.", sentence, event.get("waiting"))
        elif kind == "aside":
            self.log.error("depository: '%s' cannot be archived and was set aside: %s", event.get("shown"), sentence)
        elif kind == "recovered":
            self.log.info("depository: %s takes saves again.", event.get("url"))
        elif kind == "lost":
            self.log.error("depository: %s", sentence)
        self._tell(event)

    def _refused(self, sentence: str, shown: str) -> None:
        self._say(sentence)
        self._tell({"event": "refused", "shown": shown, "sentence": sentence})

    def _say(self, sentence: str) -> None:
        """Log a sentence, once as long as nothing else is to be said."""
        if sentence != self._said:
            self._said = sentence
            self.log.error("depository: %s", sentence)

    def _tell(self, event: dict[str, Any]) -> None:
        if not self._listeners:
            return
        loop = getattr(getattr(self.serverapp, "io_loop", None), "asyncio_loop", None)
        if loop is None or loop.is_closed():
            return
        for listener in self._listeners:
            loop.call_soon_threadsafe(listener, event)


def _sources(owner: Any) -> list[str]:
    """The texts of the configuration files that the server looks for."""
    texts = []
    for directory in getattr(owner, "config_file_paths", ()):
        for name in ("jupyter_config.py", "jupyter_server_config.py", "jupyter_notebook_config.py"):
            try:
                with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as stream:
                    texts.append(stream.read(1 << 20))
            except OSError:
                continue
    return texts
