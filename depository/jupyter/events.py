"""What happens in the archive, told on Jupyter's own event system, for whoever listens there."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depository.jupyter.service import Service
    from depository.models import Version

SCHEMA = "https://events.jupyter.org/depository/archive/v1"
SCHEMA_FILE = os.path.join(os.path.dirname(__file__), "event_schemas", "archive.yaml")

ACTIONS: Mapping[str, str] = {
    "accepted": "accepted",
    "refused": "refused",
    "archived": "archived",
    "problem": "problem",
    "recovered": "recovered",
    "aside": "set-aside",
    "renamed": "renamed",
    "deleted": "deleted",
}
"""What the service tells, and the action that it is in an event. What else it tells is of no concern to others."""

_FIELDS = {
    "shown": "path",
    "path": "archived_as",
    "version": "version",
    "hash": "hash",
    "author": "author",
    "cause": "cause",
    "fresh": "fresh",
    "kind": "kind",
    "sentence": "sentence",
    "waiting": "waiting",
}


def connect(service: "Service") -> None:
    """Have what a service tells sent out as events."""
    logger = _logger(service)
    if logger is None:
        return
    if SCHEMA not in logger.schemas:
        from pathlib import Path

        logger.register_event_schema(Path(SCHEMA_FILE))
    service.add_listener(lambda told: _emit(service, told))


def restored(service: "Service", shown: str, version: "Version", author: str) -> None:
    """Send out that a version was written back into a notebook."""
    data = {"action": "restored", "path": shown, "version": version.number, "hash": version.hash, "author": author}
    _send(service, data)


def event_of(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The event that something told by the service is; None if it is none."""
    action = ACTIONS.get(told.get("event", ""))
    if action is None:
        return None
    fields = {name: told[key] for key, name in _FIELDS.items() if told.get(key) is not None}
    return {"action": action, **fields}


def _emit(service: "Service", told: Mapping[str, Any]) -> None:
    data = event_of(told)
    if data is not None:
        _send(service, data)


def _send(service: "Service", data: dict[str, Any]) -> None:
    logger = _logger(service)
    if logger is None or SCHEMA not in logger.schemas:
        return
    try:
        logger.emit(schema_id=SCHEMA, data=data)
    except Exception:  # a listener's, or a handler's; the archive goes on
        service.log.exception("depository: an event could not be sent out")


def _logger(service: "Service") -> Any:
    return getattr(service.serverapp, "event_logger", None)
