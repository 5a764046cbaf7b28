"""What one Jupyter server does about archiving: its settings, its spool, and the process that empties it.

Nothing here raises into a save. What cannot be accepted is reported, loudly, once as long as it stays the same.
"""

import os
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from depository import config
from depository.config import Surroundings
from depository.errors import DepositoryError, InvalidInput
from depository.jupyter import author as authors
from depository.jupyter.acceptor import Acceptor, Reports
from depository.jupyter.places import Places, Target
from depository.jupyter.settings import Depository as Settings
from depository.jupyter.settings import complaints
from depository.jupyter.supervisor import Supervisor
from depository.spool.directory import Spool

if TYPE_CHECKING:
    from depository.depository import Depository

_RETRY_SECONDS = 10.0
"""After how long a spool that could not be used is tried again."""
_ATTRIBUTE = "_depository_service"

_making = Lock()

Listener = Callable[[dict[str, Any]], None]


def of(manager: Any) -> "Service":
    """The service of the server that a contents manager belongs to; made when it is first asked for."""
    owner = getattr(manager, "parent", None) or manager
    service: Service | None = owner.__dict__.get(_ATTRIBUTE)
    if service is None:
        with _making:
            service = owner.__dict__.get(_ATTRIBUTE)
            if service is None:
                service = owner.__dict__[_ATTRIBUTE] = Service(owner, manager)
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
        self.settings = Settings(parent=owner)
        self._manager = manager
        self._listeners: list[Listener] = []
        self._depositories: dict[str, Depository] = {}
        self._lock = Lock()
        self._spool_lock = Lock()
        self._trouble = ("", "")
        self._spool: Spool | None = None
        self._spool_not_before = 0.0
        self._supervisor: Supervisor | None = None
        self.configured_url: str | None = None
        """The depository that the settings name; what a settings file names comes before it."""
        self._secrets = self._configure()
        self.surroundings = Surroundings.of_process()
        self.places = Places(self.surroundings, lambda: self.contents_manager)
        reports = Reports(self._accepted, self._refused, self._unforeseen)
        self.acceptor = Acceptor(lambda: self.spool, self.places, self.author, reports)

    @property
    def contents_manager(self) -> Any:
        """The contents manager that the server uses now."""
        web_app = getattr(self.serverapp, "web_app", None)
        return web_app.settings["contents_manager"] if web_app else self._manager

    @property
    def spool(self) -> Spool | None:
        """The spool; None while it cannot be used, which was said."""
        with self._spool_lock:
            if self._spool is None and time.monotonic() >= self._spool_not_before:
                self._open_spool()
            return self._spool

    def add_listener(self, listener: Listener) -> None:
        """Have what happens told, on the server's event loop.

        Args:
            listener: takes the events of `depository.spool.worker`, and ``accepted`` and ``refused`` of saves.
        """
        self._listeners.append(listener)

    def depository(self, target: Target) -> "Depository":
        """The depository of a target, to be asked; opened once."""
        with self._lock:
            if target.url not in self._depositories:
                from depository.backends.s3_settings import S3Settings
                from depository.depository import Depository

                options: dict[str, Any] = {**target.s3, **self._secrets.get(target.url, {})}
                self._depositories[target.url] = Depository.open(
                    target.url, s3=S3Settings(**options) if options else None, author=self.author()
                )
            return self._depositories[target.url]

    def author(self, handler: Any = None) -> str:
        """Who is behind the request that is being served."""
        handler = handler if handler is not None else authors.handler()
        return authors.name(handler, self.surroundings.author)

    def wake(self) -> None:
        """Have what waits, if anything does, archived."""
        spool = self.spool
        if self._supervisor and spool and spool.waiting():
            self._supervisor.wake()

    def flush(self) -> None:
        """Have all that waits tried now, whatever it waits for."""
        self.acceptor.settle_all()
        if self._supervisor:
            self._supervisor.flush()

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
            "trouble": self._trouble[1] or None,
            "worker": bool(self._supervisor and self._supervisor.is_running),
        }

    def stop(self) -> None:
        """Have what waits archived within the configured time, and let go of everything. It blocks meanwhile."""
        self.acceptor.stop()
        if self._spool:
            self._spool.close()  # what has yet to be confirmed counts as accepted from now on, and is archived below
        if self._supervisor:
            self._supervisor.stop()
        for depository in self._depositories.values():
            depository.close()

    # inside

    def _configure(self) -> dict[str, dict[str, str]]:
        """Pass the settings on, and say what is wrong with them; the credentials among them, by URL."""
        for complaint in complaints(self.serverapp.config, _sources(self.serverapp)):
            self.log.warning("depository: %s", complaint)
        try:
            self.settings.export(os.environ)
            self.configured_url = self.settings.target()
            return self.settings.secrets()
        except InvalidInput as error:
            self.log.error("depository: %s", error)  # noqa: TRY400 - the sentence says it all
            return {}

    def _open_spool(self) -> None:
        try:
            spool = Spool(
                config.spool_directory(self.surroundings), limit=self.settings.spool_limit, clock=time.time_ns
            )
        except (DepositoryError, OSError) as error:
            self._spool_not_before = time.monotonic() + _RETRY_SECONDS
            self._say("spool", f"Nothing is archived from this server: {error}")
            return
        self._supervisor = Supervisor(spool, self.settings, self._secrets, self._heard)
        self._spool = spool
        self._trouble = ("", "")

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

    def _accepted(self, shown: str) -> None:
        self._trouble = ("", "")
        self._tell({"event": "accepted", "shown": shown})
        if self._supervisor:
            self._supervisor.wake()

    def _refused(self, kind: str, sentence: str, shown: str) -> None:
        self._say(kind, sentence)
        self._tell({"event": "refused", "shown": shown, "sentence": sentence})

    def _unforeseen(self, shown: str) -> None:
        self.log.exception("depository: what happened to '%s' is not archived", shown)  # noqa: LOG004 - it is called in one
        self._tell({"event": "refused", "shown": shown, "sentence": "An unforeseen error; the server's log has it."})

    def _say(self, kind: str, sentence: str) -> None:
        """Log a sentence, once as long as it is the same kind of trouble."""
        if kind != self._trouble[0]:
            self.log.error("depository: %s", sentence)
        self._trouble = (kind, sentence)

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
