"""The server's extension: it has the contents manager that is configured archive, and stops with the server."""

import asyncio
import inspect
from typing import Any

from jupyter_server.extension.application import ExtensionApp

from depository import __version__
from depository.jupyter import api, events, metrics
from depository.jupyter import service as services
from depository.jupyter.archiver import Archiving, make_archiver
from depository.jupyter.service import Service
from depository.jupyter.settings import S3, Archiver, Depository


class DepositoryApp(ExtensionApp):
    """Archives every save of this server."""

    name = "depository"
    description = "Archives every save of a notebook, for good."
    version = __version__
    extension_url = "/api/depository"
    load_other_extensions = True
    classes = [Depository, S3, Archiver]  # noqa: RUF012 - as traitlets has it

    _service: Service | None = None

    def initialize_settings(self) -> None:
        """Have the contents manager archive, unless it does or is not to."""
        serverapp: Any = self.serverapp
        settings = Depository(parent=serverapp)
        if not settings.enabled:
            self.log.info("depository: archiving is switched off by c.Depository.enabled")
            return
        wrap(serverapp, settings)
        # what the server was given above is overwritten by what this extension found before
        self.settings["contents_manager"] = serverapp.contents_manager
        # another extension may put a manager of its own in its place, when it is loaded after this one
        serverapp.io_loop.add_callback(wrap, serverapp, settings)
        self._service = service = services.of(serverapp.contents_manager)
        serverapp.web_app.settings["depository_service"] = service
        events.connect(service)
        metrics.connect(service)
        self._say_where(service)
        service.wake()

    def initialize_handlers(self) -> None:
        """Offer the HTTP API."""
        if self._service is not None:
            self.handlers.extend(api.handlers(self.serverapp.base_url))  # type: ignore[union-attr]

    async def stop_extension(self) -> None:
        """Archive what waits, within the configured time."""
        if self._service is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._service.stop)

    def _say_where(self, service: Service) -> None:
        from depository.errors import DepositoryError

        try:
            manager = service.contents_manager
            directory = service.places.file_of("") or service.surroundings.cwd
            place = service.places.place(directory)
            self.log.info(
                "depository: %s archives into %s, because %s.", type(manager).__name__, place.url, place.reason
            )
            configured = service.configured_url
            if configured and place.url.rstrip("/") != configured.rstrip("/"):
                self.log.warning(
                    "depository: %s is configured for this server, but not used, because %s.", configured, place.reason
                )
        except DepositoryError as error:
            self.log.error("depository: %s", error)  # noqa: TRY400 - the sentence says it all


def wrap(serverapp: Any, settings: Depository) -> None:
    """Have a server's contents manager archive. The manager stays the object that others may know already."""
    manager = serverapp.contents_manager
    base = settings.archiver.underlying_contents_manager_class
    if not isinstance(manager, Archiving):
        if base is not None and type(manager) is not base:
            manager = make_archiver(base)(parent=serverapp, log=serverapp.log)
            _replace(serverapp, manager)
        else:
            manager.__class__ = make_archiver(type(manager))
        serverapp.contents_manager_class = type(manager)  # what others derive from it archives as well
    if settings.checkpoints:
        _offer_checkpoints(manager)


def _replace(serverapp: Any, manager: Any) -> None:
    serverapp.contents_manager = manager
    serverapp.session_manager.contents_manager = manager
    serverapp.web_app.settings["contents_manager"] = manager


def _offer_checkpoints(manager: Any) -> None:
    """Have 'Revert to Checkpoint' offer versions, unless somebody decided otherwise."""
    from depository.jupyter.checkpoints import DepositoryCheckpoints, DepositorySyncCheckpoints

    sections = [manager.config[of.__name__] for of in type(manager).__mro__ if of.__name__ in manager.config]
    if any("checkpoints_class" in section or "checkpoints" in section for section in sections):
        return
    offered = DepositoryCheckpoints if inspect.iscoroutinefunction(manager.save) else DepositorySyncCheckpoints
    if not isinstance(manager.checkpoints, offered):
        manager.checkpoints_class = offered
        manager.checkpoints = offered(ordinary=manager.checkpoints, **manager.checkpoints_kwargs)
