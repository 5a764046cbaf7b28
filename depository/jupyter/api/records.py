"""Notebooks, versions and events as JSON: the records that the command line prints with ``--json``."""

from typing import TYPE_CHECKING, Any

from depository import records

if TYPE_CHECKING:
    from depository.models import Event, Notebook, Version

event = records.event
version = records.version
moment = records.moment


def entry(found: "Version | Event") -> dict[str, Any]:
    """A line of a history."""
    from depository.models import Version

    return version(found) if isinstance(found, Version) else event(found)


def notebook(found: "Notebook", shown: str, *, details: bool) -> dict[str, Any]:
    """A line of a listing."""
    record: dict[str, Any] = {
        "record": "notebook",
        "notebook": shown,
        "path": found.path,
        "changed": moment(found.changed),
        "deleted": found.deleted,
    }
    if details:
        record["version"] = version(found.version) if found.version else None
        record["refs"] = dict(found.refs)
    return record


def etag_of(*parts: object) -> str:
    """An ETag that changes with any of these."""
    from hashlib import sha256

    return f'"{sha256(repr(parts).encode(errors="backslashreplace")).hexdigest()[:32]}"'


def content_etag(found: "Version", form: str) -> str:
    """The ETag of what a version holds, which never changes: its number alone may come again under a reused path."""
    return f'"{found.hash[:32]}-{found.number}-{round(found.time.timestamp() * 1000)}-{found.size}-{form}"'


def contents_model(found: "Version", shown: str, content: dict[str, Any] | bytes) -> dict[str, Any]:
    """A version as Jupyter's contents API hands files about.

    Args:
        found: the version.
        shown: the notebook's path in Jupyter.
        content: the notebook, or the bytes of what is none.
    """
    moment_ = moment(found.time)
    return {
        "name": shown.rpartition("/")[2],
        "path": shown,
        "created": moment_,
        "last_modified": moment_,
        "writable": False,
        "size": found.size,
        "hash": None,
        "hash_algorithm": None,
        **writable_model(content),
    }


def writable_model(content: dict[str, Any] | bytes) -> dict[str, Any]:
    """A notebook, or the bytes of what is none, as a contents manager takes it to be saved."""
    if isinstance(content, dict):
        return {"type": "notebook", "format": "json", "mimetype": None, "content": content}
    try:
        return {"type": "file", "format": "text", "mimetype": "text/plain", "content": content.decode()}
    except UnicodeDecodeError:
        from base64 import b64encode

        text = b64encode(content).decode()
        return {"type": "file", "format": "base64", "mimetype": "application/octet-stream", "content": text}
