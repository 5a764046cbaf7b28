"""Notebooks: the list of them, one of them, and bringing back one that was deleted."""

import os
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from depository import config
from depository.errors import DepositoryError, InvalidInput
from depository.jupyter.api import parameters, records
from depository.jupyter.api.base import RESOURCE, RESTORING, Found, Handler, allowed
from depository.spool.directory import key_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from depository.jupyter.places import Target
    from depository.jupyter.service import Service
    from depository.models import Notebook

MAX_PATH = 4096
"""Characters of a path in a query."""


class Notebooks(Handler):
    """The notebooks that are archived below a directory of Jupyter."""

    @allowed(RESOURCE)
    async def get(self) -> None:
        """List them by path, a page at a time."""
        query = self.query("prefix", "limit", "after", "details", "deleted")
        prefix = parameters.directory(query.text("prefix", most=MAX_PATH))
        wanted = _Wanted(
            prefix,
            query.limit(),
            query.text("after", most=MAX_PATH).strip("/"),
            query.flag("details"),
            query.flag("deleted"),
            bool(self.contents_manager.allow_hidden),
        )
        if prefix:
            await self.check_visible(prefix)
        await self.reply(await self.run(_page, self.service, wanted))


class OneNotebook(Handler):
    """One notebook."""

    @allowed(RESOURCE)
    async def get(self, path: str) -> None:
        """Tell its newest version, its refs, and how many of its saves wait to be archived."""
        self.query()
        found = await self.find(path)
        await self.reply(await self.run(_one, self.service, found))


class Undelete(Handler):
    """The return of a notebook that was deleted."""

    @allowed(RESTORING)
    async def post(self, path: str) -> None:
        """Have it listed again, with all its history. Its file is another matter: restore a version for that."""
        self.query()
        body = self.body(to=str, skip=int, message=str)
        found = await self.find(path)
        target = await self.find(body["to"]) if "to" in body else found
        if target.url != found.url:
            raise InvalidInput(f"'{target.shown}' belongs to another depository.")
        author = self.service.author(self)
        event = await self.run(
            lambda: found.depository.undelete(
                found.path,
                to=target.path if target.path != found.path else None,
                skip=body.get("skip", 0),
                author=author,
                message=body.get("message", ""),
            )
        )
        await self.reply(records.event(event))


def waiting(service: "Service", found: Found) -> int:
    """How many saves of a notebook were accepted and are not in the archive yet."""
    return len(service.spool.waiting_for(key_of(found.url, found.path))) if service.spool else 0


class _Wanted(NamedTuple):
    prefix: str
    limit: int
    after: str
    details: bool
    deleted: bool
    hidden: bool


def _page(service: "Service", wanted: _Wanted) -> dict[str, Any]:
    target = _directory(service, wanted.prefix)
    depository = service.depository(target)
    cache = _cache_file(service, target.url) if wanted.details else None
    page: list[dict[str, Any]] = []
    lines = depository.ls(target.path, details=wanted.details, deleted=wanted.deleted, cache=cache)
    places = _Places(service, target.url)
    with closing(cast("Generator[Notebook]", lines)):  # the cache is written when it is closed
        for line, shown in _shown(lines, target.path, wanted.prefix):
            if wanted.after and shown <= wanted.after:
                continue
            if parameters.is_hidden(shown) and not wanted.hidden:
                continue
            if not places.holds(line.path, shown):
                continue
            if len(page) == wanted.limit:
                return {"notebooks": page, "next": page[-1]["notebook"]}
            page.append(records.notebook(line, shown, details=wanted.details))
    return {"notebooks": page, "next": None}


def _shown(lines: "Iterable[Notebook]", top: str, prefix: str) -> "Iterator[tuple[Notebook, str]]":
    for line in lines:
        rest = line.path[len(top) :].strip("/")
        yield line, "/".join(part for part in (prefix, rest) if part)


def _directory(service: "Service", shown: str) -> "Target":
    """Where the notebooks in a directory of Jupyter belong: its own settings file counts, and not that above it."""
    inside = service.places.locate("/".join(part for part in (shown, "any.ipynb") if part))
    return inside._replace(path=inside.path.rpartition("/")[0])


class _Places:
    """Which paths in Jupyter are those of the depository: a directory further down may belong elsewhere."""

    def __init__(self, service: "Service", url: str) -> None:
        self._service = service
        self._url = url
        self._directories: dict[str, str | None] = {}

    def holds(self, path: str, shown: str) -> bool:
        above, _, name = shown.rpartition("/")
        if above not in self._directories:
            try:
                target = _directory(self._service, above)
                self._directories[above] = target.path if target.url == self._url else None
            except DepositoryError:
                self._directories[above] = None
        found = self._directories[above]
        return found is not None and path == "/".join(part for part in (found, name) if part)


def _one(service: "Service", found: Found) -> dict[str, Any]:
    version = found.depository.resolve(found.path)
    line = next((line for line in found.depository.ls(found.path, deleted=True) if line.path == version.path), None)
    record = {
        "record": "notebook",
        "notebook": found.shown,
        "path": version.path,
        "changed": records.moment(line.changed if line else version.time),
        "deleted": bool(line and line.deleted),
        "version": records.version(version),
        "refs": found.depository.refs(found.path),
    }
    return {**record, "waiting": waiting(service, found)}


def _cache_file(service: "Service", url: str) -> str:
    """Where the command line remembers the details of listings too."""
    name = sha256(url.encode(errors="surrogateescape")).hexdigest()[:16]
    return os.path.join(config.cache_directory(service.surroundings), f"{name}.details")
