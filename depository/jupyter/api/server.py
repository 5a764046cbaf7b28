"""The API itself: what it is, how it is described, what waits to be archived."""

from typing import Any

from tornado.web import HTTPError

from depository import __version__, records
from depository.jupyter.api import openapi
from depository.jupyter.api.base import RESOURCE, Handler, allowed


class Home(Handler):
    """The version, and whether all is well."""

    @allowed(RESOURCE)
    async def get(self) -> None:
        """Tell the version and the health."""
        self.query()
        status = await self.look(self.service.status)
        problems = [problem["sentence"] for problem in status["problems"]]
        trouble = [status["trouble"]] if status["trouble"] else []
        sentences = [*trouble, *problems, *(item["reason"] for item in status["aside"])]
        await self.reply(
            {
                "name": "depository",
                "version": __version__,
                "healthy": not sentences,
                "waiting": status["waiting"],
                "sentences": sentences,
            }
        )


class Queue(Handler):
    """What waits to be archived, since when, and why."""

    @allowed(RESOURCE)
    async def get(self) -> None:
        """Tell the state of the queue."""
        self.query()
        await self.reply(queue_record(await self.look(self.service.status)))


class OpenAPI(Handler):
    """The description of the API."""

    @allowed(RESOURCE)
    async def get(self) -> None:
        """Give the description, with this server's own address in it."""
        self.query()
        await self.reply(openapi.document(self.base_url))


class Nothing(Handler):
    """What is not there."""

    async def prepare(self) -> None:  # type: ignore[override]  # as Jupyter's own handlers have it
        """Say so, to whoever may know."""
        await super().prepare()
        if not self.current_user:
            raise HTTPError(403)
        raise HTTPError(404, "There is nothing at this address: api/depository/openapi.json lists what there is.")


def queue_record(status: dict[str, Any]) -> dict[str, Any]:
    """The state of the queue, with times as they are written everywhere."""
    return {
        "waiting": status["waiting"],
        "bytes": status["bytes"],
        "oldest": _moment(status["oldest"]),
        "aside": [{"time": _moment(item["time"]), "reason": item["reason"]} for item in status["aside"]],
        "problems": [
            {
                "url": problem["url"],
                "kind": problem["kind"],
                "sentence": problem["sentence"],
                "since": _moment(problem["since"]),
                "tries": problem["tries"],
                "next": _moment(problem["next"]),
            }
            for problem in status["problems"]
        ],
        "spool": status["spool"],
        "trouble": status["trouble"],
        "worker": status["worker"],
    }


def _moment(milliseconds: int | None) -> str | None:
    from datetime import UTC, datetime

    return None if milliseconds is None else records.moment(datetime.fromtimestamp(milliseconds / 1000, UTC))
