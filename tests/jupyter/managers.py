"""Contents managers that archive, alone and without a server, and what they put into the spool."""

import asyncio
import inspect
from pathlib import Path
from typing import Any

from depository.jupyter import make_archiver
from depository.jupyter import service as services
from depository.spool.directory import Spool
from depository.spool.items import Item


def notebook(text: str = "") -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": text}
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def model(text: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "notebook", "format": "json", "content": notebook(text), **more}


class Managed:
    """A contents manager over a directory, its service, and its spool."""

    def __init__(self, directory: Path, base: type, **options: Any) -> None:
        self.root = directory / "files"
        self.root.mkdir(parents=True, exist_ok=True)
        self.manager = make_archiver(base)(root_dir=str(self.root), **options)
        self.service = services.of(self.manager)
        self.service.wake = lambda: None  # type: ignore[method-assign]  # nothing is taken out of the spool here
        if self.service._supervisor:
            self.service._supervisor.wake = lambda: None  # type: ignore[method-assign]

    @property
    def spool(self) -> Spool:
        found = self.service.spool
        assert found is not None
        return found

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the manager, and wait for what it does."""

        async def called() -> Any:
            result = getattr(self.manager, method)(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run(called())

    def items(self) -> list[Item]:
        """What was accepted, in order."""
        self.service.acceptor.settle_all()
        return [self.spool.read(name) for name in self.spool.waiting()]

    def saved(self) -> list[tuple[str, str, bytes]]:
        """Of each save that was accepted: path, cause, content."""
        return [(item.shown, item.cause, item.content) for item in self.items() if item.kind.value == "save"]

    def file(self, path: str) -> bytes:
        return (self.root / path).read_bytes()
