"""Versions, events and notebooks as JSON objects, as ``--json`` and the HTTP API show them.

Times are in UTC, in ISO 8601 with milliseconds. All is ASCII, so that nothing in a name can drive a terminal.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depository.models import CellBlame, CellStep, Event, Version
    from depository.search.query import Match
    from depository.verifying.findings import Checked, Finding


def version(found: "Version") -> dict[str, Any]:
    """A version."""
    return {
        "record": "version",
        "path": found.path,
        "version": found.name,
        "number": found.number,
        "hash": found.hash,
        "time": moment(found.time),
        "author": found.author,
        "size": found.size,
        "cause": found.cause,
        "change": found.change,
        "kind": found.kind,
        "refs": list(found.refs),
        "message": found.message,
    }


def event(found: "Event") -> dict[str, Any]:
    """What happened to a ref or a name."""
    return {
        "record": "event",
        "path": found.path,
        "event": found.event,
        "time": moment(found.time),
        "author": found.author,
        "ref": found.ref,
        "number": found.number,
        "previous": found.previous,
        "other": found.other,
        "message": found.message,
    }


def match(found: "Match") -> dict[str, Any]:
    """A line in which something was found."""
    return {
        "record": "match",
        "path": found.path,
        "version": found.version,
        "number": found.number,
        "versions": [list(run) for run in found.ranges],
        "cell": found.cell,
        "layer": found.layer,
        "row": found.row,
        "line": found.line,
        "spans": [list(span) for span in found.spans],
        "time": moment(found.time),
        "author": found.author,
        "deleted": found.deleted,
    }


def cell_blame(found: "CellBlame", path: str) -> dict[str, Any]:
    """A cell of a notebook, and the version that made it what it is."""
    return {
        "record": "blame",
        "path": path,
        "cell": found.number,
        "id": found.id,
        "kind": found.kind,
        "source": found.source,
        "made": version(found.version),
        "lines": [
            {
                "text": line.text,
                "path": line.version.path,
                "version": line.version.name,
                "number": line.version.number,
                "hash": line.version.hash,
                "time": moment(line.version.time),
                "author": line.version.author,
            }
            for line in found.lines
        ],
    }


def cell_step(found: "CellStep") -> dict[str, Any]:
    """A version in which a cell changed."""
    return {
        **version(found.version),
        "record": "cell",
        "cell": found.number,
        "id": found.id,
        "cell_kind": found.kind,
        "status": found.status,
        "parts": list(found.parts),
        "origin": {"path": found.origin[0], "version": f"v{found.origin[1]}"} if found.origin else None,
        "source": found.source,
        "before": found.before,
        "outputs": [
            {"kind": output.kind, "name": output.name, "values": dict(output.values)} for output in found.outputs
        ],
    }


def finding(found: "Finding") -> dict[str, Any]:
    """What a check found."""
    return {
        "record": "finding",
        "kind": found.kind.value,
        "key": found.key,
        "text": found.text,
        "path": found.path,
        "versions": [list(run) for run in found.versions],
        "remark": found.is_remark,
        "mend": found.mend or None,
        "mended": found.mended,
    }


def checked(found: "Checked") -> dict[str, Any]:
    """What a check came to."""
    return {"record": "checked", "sound": found.is_sound, **found._asdict()}


def moment(time: datetime) -> str:
    """A time, as ``2026-11-01T12:30:05.123Z``."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(record: Mapping[str, Any]) -> str:
    """A record as one line."""
    import json

    return json.dumps(record)


def document(value: Mapping[str, Any] | list[Any]) -> str:
    """A document for a program that a person may read as well."""
    import json

    return json.dumps(value, indent=2)
