"""Versions: the history of a notebook, one version, its file, and its content as Jupyter's contents API gives it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from depository.jupyter.api import parameters, records
from depository.jupyter.api.base import RESOURCE, Found, Handler, allowed
from depository.models import Event, Version

_MOST_VERSIONS = 2**53


class Versions(Handler):
    """The history of a notebook."""

    @allowed(RESOURCE)
    async def get(self, path: str) -> None:
        """List the versions, the newest first, a page at a time."""
        query = self.query("limit", "before", "events")
        limit = query.limit()
        before = query.number("before", None, least=1, most=_MOST_VERSIONS)
        has_events = query.flag("events")
        found = await self.find(path)

        def page() -> dict[str, Any]:
            depository = found.depository
            history = depository.history(found.path) if has_events else depository.log(found.path)
            entries, has_older = cut(history, limit, before)
            numbers = [entry.number for entry in entries if isinstance(entry, Version)]
            return {
                "notebook": found.shown,
                "path": found.path,
                "versions": [records.entry(entry) for entry in entries],
                "next": numbers[-1] if has_older else None,
            }

        await self.reply(await self.run(page))


class OneVersion(Handler):
    """A version."""

    @allowed(RESOURCE)
    async def get(self, path: str, spec: str) -> None:
        """Tell what is known of it."""
        self.query()
        spec = parameters.spec(spec)
        found = await self.find(path)
        await self.reply(records.version(await self.run(found.depository.resolve, found.path, spec)))


class File(Handler):
    """The file of a version."""

    @allowed(RESOURCE)
    async def get(self, path: str, spec: str) -> None:
        """Give it, byte for byte as it was saved."""
        self.query()
        spec = parameters.spec(spec)
        found = await self.find(path)
        if "If-None-Match" in self.request.headers:
            version = await self.run(found.depository.resolve, found.path, spec)
            if await self.is_known(records.content_etag(version, "file")):
                return
            spec = version.name
        version, data = await self.run(found.depository.read_version, found.path, spec)
        self.etag = records.content_etag(version, "file")
        self.set_header("Etag", self.etag)
        name = quote(found.shown.rpartition("/")[2])
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
        is_notebook = version.kind == "notebook"
        await self.stream(data, "application/x-ipynb+json" if is_notebook else "application/octet-stream")


class Contents(Handler):
    """The content of a version as Jupyter's contents API gives it."""

    @allowed(RESOURCE)
    async def get(self, path: str, spec: str) -> None:
        """Give it as a contents model."""
        self.query()
        spec = parameters.spec(spec)
        found = await self.find(path)
        version = await self.run(found.depository.resolve, found.path, spec)
        etag = records.content_etag(version, "contents")
        if await self.is_known(etag):
            return
        content = await self.run(content_of, found, version)
        await self.reply(records.contents_model(version, found.shown, content), etag=etag)


def content_of(found: Found, version: Version) -> dict[str, Any] | bytes:
    """The notebook of a version, or its bytes where it is none."""
    if version.kind == "notebook":
        return found.depository.load(found.path, version.name)
    return found.depository.read(found.path, version.name)


def cut(history: Iterable[Version | Event], limit: int, before: int | None) -> tuple[list[Version | Event], bool]:
    """A page of a history, and whether there are older versions.

    Args:
        history: the newest first; read no further than needed.
        limit: versions on a page; the events between them come along.
        before: the number of the last version of the page before; None for the first page.
    """
    page: list[Version | Event] = []
    left = limit
    is_reached = before is None
    for entry in history:
        is_version = isinstance(entry, Version)
        if before is not None and not is_reached:
            # the events up to the next version were on the page before
            is_reached = is_version and entry.number is not None and entry.number < before
            if not is_reached:
                continue
        if is_version:
            if not left:
                return page, True
            left -= 1
        page.append(entry)
    return page, False
