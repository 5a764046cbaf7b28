"""Refs: what is published, what is scheduled, and tags of one's own."""

import asyncio
import re
from typing import Any

from depository import specs
from depository.errors import InvalidInput, InvalidName, NoVersion
from depository.jupyter.api import parameters, records
from depository.jupyter.api.base import PUBLISHING, RESOURCE, Found, Handler, allowed
from depository.jupyter.api.failures import Waiting
from depository.jupyter.api.notebooks import waiting

PATIENCE = 5.0
"""Seconds for which the archive of what was just saved is waited for."""
_PAUSE = 0.05

_PROMOTED = ("published", "scheduled")
_moves = re.compile(r"(?:latest|workspace)(?:~[0-9]*)*")


class Refs(Handler):
    """The refs and tags of a notebook."""

    @allowed(RESOURCE)
    async def get(self, path: str) -> None:
        """List them with the numbers of their versions."""
        self.query()
        found = await self.find(path)
        refs = await self.run(found.depository.refs, found.path)
        await self.reply({"notebook": found.shown, "path": found.path, "refs": refs})


class Ref(Handler):
    """One ref or tag."""

    @allowed(RESOURCE)
    async def get(self, path: str, name: str) -> None:
        """Tell the version that it points at."""
        self.query()
        found = await self.find(path)

        def resolve() -> dict[str, Any]:
            refs = found.depository.refs(found.path)
            if name not in refs:
                raise NoVersion(f"'{found.shown}' has no ref or tag {name!a}.")
            return records.version(found.depository.resolve(found.path, f"v{refs[name]}"))

        await self.reply(await self.run(resolve))

    @allowed(PUBLISHING)
    async def put(self, path: str, name: str) -> None:
        """Point it at a version: publish, schedule, or tag it."""
        self.query()
        body = self.body(version=str, expect=int, move=bool, message=str)
        spec = parameters.spec(body.get("version", specs.LATEST))
        message, author = body.get("message", ""), self.service.author(self)
        found = await self.find(path)
        depository = found.depository
        if name in _PROMOTED:
            _refuse(body, "move", "a tag")
            expected = {"expect": _expected(body["expect"])} if "expect" in body else {}
            await self._until_archived(found, spec)
            event = await self.run(
                lambda: depository.promote(found.path, spec, name, author=author, message=message, **expected)
            )
        else:
            specs.check_tag(name)
            _refuse(body, "expect", "published and scheduled")
            await self._until_archived(found, spec)
            event = await self.run(
                lambda: depository.tag(
                    found.path, spec, name, move=body.get("move", False), author=author, message=message
                )
            )
        await self.reply(records.event(event))

    @allowed(PUBLISHING)
    async def delete(self, path: str, name: str) -> None:
        """Take it away: unpublish, unschedule, or untag."""
        self.query()
        body = self.body(message=str)
        message, author = body.get("message", ""), self.service.author(self)
        found = await self.find(path)
        change = found.depository.withdraw if name in _PROMOTED else found.depository.untag
        if name == specs.WORKSPACE:
            raise InvalidName("'workspace' is the newest version, and cannot be taken away.")
        event = await self.run(lambda: change(found.path, name, author=author, message=message))
        await self.reply(records.event(event))

    async def _until_archived(self, found: Found, spec: str) -> None:
        """Wait for the newest save of a notebook, where that is what is meant."""
        if not _moves.fullmatch(spec):
            return
        if not await self.look(lambda: waiting(self.service, found)):
            return
        await self.run(self.service.flush)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while await self.look(lambda: waiting(self.service, found)):
            if asyncio.get_running_loop().time() > deadline:
                raise Waiting(
                    f"The newest save of '{found.shown}' is not in the archive yet: name a version by its number, or "
                    "do it again later."
                )
            await asyncio.sleep(_PAUSE)


def _refuse(body: dict[str, Any], field: str, what: str) -> None:
    if field in body:
        raise InvalidInput(f"The field {field} is for {what} only.")


def _expected(number: int) -> int | None:
    """The version that a ref has to point at; None for none."""
    if number < 0:
        raise InvalidInput("The field expect has to be the number of a version, or 0 for none.")
    return number or None
