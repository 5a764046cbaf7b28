"""Restoring a version into a notebook of Jupyter. Nothing that is there is lost by it: it is archived first."""

import asyncio
from base64 import b64decode
from http import HTTPStatus
from typing import Any

from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from depository.errors import AlreadyExists, NotFound
from depository.jupyter import events, rooms
from depository.jupyter.api import parameters, records
from depository.jupyter.api.base import RESTORING, Handler, allowed
from depository.jupyter.api.failures import NotAccepted
from depository.jupyter.api.versions import content_of
from depository.jupyter.following import saving_as

_COPIED = ("name", "path", "type", "last_modified", "created", "writable", "size")


class Restore(Handler):
    """The return of a version."""

    @allowed(RESTORING)
    async def post(self, path: str, spec: str) -> None:
        """Write a version into its notebook, or into another one."""
        self.query()
        body = self.body(to=str, overwrite=bool)
        await self._may_write_contents()
        spec = parameters.spec(spec)
        found = await self.find(path)
        to = parameters.notebook(body["to"]) if "to" in body else found.shown
        if to != found.shown:
            await self.check_visible(to)
        version = await self.run(found.depository.resolve, found.path, spec)
        content = await self.run(content_of, found, version)
        await self._check_target(to, may_exist=to == found.shown or body.get("overwrite", False))
        await self._archive_what_is_there(to)
        with saving_as("restore"):
            model = await ensure_async(self.service.contents_manager.save(records.writable_model(content), to))
        self.service.wake()
        events.restored(self.service, to, version, self.service.author(self))
        await self.reply(
            {
                "notebook": to,
                "restored": records.version(version),
                "model": {key: _plain(model.get(key)) for key in _COPIED},
            }
        )

    async def _may_write_contents(self) -> None:
        """Ask the authorizer about the other half of what is done."""
        allowed = await ensure_async(self.authorizer.is_authorized(self, self.current_user, "write", "contents"))
        if not allowed:
            raise HTTPError(403, "User is not authorized to write on resource: contents.")

    async def _check_target(self, to: str, *, may_exist: bool) -> None:
        manager = self.service.contents_manager
        above = to.rpartition("/")[0]
        if not await ensure_async(manager.dir_exists(above)):
            raise NotFound(f"There is no directory '{above}' to restore into: make it first.")
        if await ensure_async(manager.dir_exists(to)):
            raise AlreadyExists(f"'{to}' is a directory: name a notebook to restore into.")
        if not may_exist and await ensure_async(manager.file_exists(to)):
            raise AlreadyExists(f"There is a '{to}' already: say overwrite to replace it.")

    async def _archive_what_is_there(self, to: str) -> None:
        """What the file holds, and what is being edited and not saved; what is archived already makes no version."""
        manager = self.service.contents_manager
        there = b""
        if await ensure_async(manager.file_exists(to)):
            there = await self._file(to)
            await self._accept(to, there)
        edited = await rooms.document(self.service.serverapp, to)
        if edited is not None:
            unsaved = await self.run(rooms.unsaved, edited, there)
            if unsaved is not None:
                await self._accept(to, unsaved)

    async def _accept(self, to: str, content: bytes) -> None:
        author = self.service.author(self)
        accepted = self.service.acceptor.accept(to, content, cause=rooms.BEFORE_RESTORE, author=author)
        if not await asyncio.wrap_future(accepted):
            raise NotAccepted(
                f"'{to}' was not restored: what it holds now could not be kept. See the queue at api/depository/queue."
            )

    async def _file(self, to: str) -> bytes:
        """The bytes of a file, as far as the contents manager gives them."""
        manager = self.service.contents_manager
        try:
            model = await ensure_async(manager.get(to, content=True, type="file", format="text"))
            return str(model["content"]).encode()
        except HTTPError as error:
            if error.status_code != HTTPStatus.BAD_REQUEST:
                raise
        model = await ensure_async(manager.get(to, content=True, type="file", format="base64"))
        return b64decode(model["content"])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool) else records.moment(value)
