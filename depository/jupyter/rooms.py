"""Notebooks that are open in rooms of real-time collaboration, and what is edited in them and not saved yet."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depository.jupyter.service import Service

BEFORE_RESTORE = "before restore"
"""The cause of versions that keep what a restoration would overwrite."""
_COLLABORATION = "jupyter_server_ydoc"


async def document(serverapp: Any, shown: str) -> dict[str, Any] | None:
    """The notebook as those see it who edit it now; None if nobody does."""
    manager = getattr(serverapp, "extension_manager", None)
    if manager is None:
        return None
    for extension in manager.extension_apps.get(_COLLABORATION, ()):
        found = await extension.get_document(path=shown, content_type="notebook", file_format="json")
        if found is not None:
            return dict(await found.aget() if hasattr(found, "aget") else found.source)
    return None


def unsaved(edited: Mapping[str, Any], there: bytes) -> bytes | None:
    """The file that a notebook would be saved as; None if it is what the file says already."""
    from depository.notebook import content, render

    found = content.from_notebook(dict(edited))
    return None if found.hash == content.from_file(there).hash else render.render(found.value)


async def keep_unsaved(service: "Service", shown: str) -> bool:
    """Archive what is edited in a notebook and not saved; False if it could not be kept."""
    edited = await document(service.serverapp, shown)
    file = service.places.file_of(shown)
    if edited is None or file is None:
        return True
    kept = await asyncio.to_thread(_unsaved_in_file, edited, file)
    if kept is None:
        return True
    accepted = service.acceptor.accept(shown, kept, cause=BEFORE_RESTORE, author=service.author())
    return await asyncio.wrap_future(accepted)


def _unsaved_in_file(edited: Mapping[str, Any], file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            there = stream.read()
    except OSError:
        there = b""
    return unsaved(edited, there)
