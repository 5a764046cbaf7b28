"""The description of the API, in OpenAPI 3.1. The tests hold the routes and every answer against it."""

from typing import Any

from depository import __version__
from depository.jupyter.api import parameters
from depository.jupyter.api.schemas import SCHEMAS

Operation = dict[str, Any]

TOP = "/depository"
"""What all paths start with, below the ``api`` of the server."""

_SUMMARY = """\
Versions of the notebooks of a Jupyter server, as depository archives them. Paths are those of Jupyter; write a slash in
them as `%2F` or as it is. A version is named as on the command line: `v12`, `latest`, `latest~2`, `published`, a tag, a
date or time, or 6 or more digits of a hash.

All needs the authentication of the server. Errors are `{"message": …, "reason": …}`: one sentence, and the kind of the
error for programs. Answers to GET have strong ETags; `If-None-Match` is answered with 304 where nothing changed.
Parameters and fields that are not described are refused.\
"""


def document(base_url: str = "/") -> dict[str, Any]:
    """The description.

    Args:
        base_url: of the server.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "depository",
            "version": __version__,
            "description": _SUMMARY,
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": f"{base_url.rstrip('/')}/api"}],
        "security": [{"token": []}, {"query": []}],
        "paths": {f"{TOP}{resource}": operations for resource, operations in _operations().items()},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token` and the token of the server. Browsers send their cookie instead.",
                },
                "query": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(name)}}


_ETAG = {"ETag": {"description": "Strong: it changes with the answer.", "schema": {"type": "string"}}}
_RETRY = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}

_ERRORS: dict[str, str] = {
    "400": "What was asked cannot be used: the sentence says what is wrong with it.",
    "403": "Not authenticated, or not allowed.",
    "404": "There is no such notebook or version, or it is hidden.",
    "409": "Several things answer to that name, somebody else was faster, or it is there already.",
    "413": "More was sent, or asked for, than is dealt with at once.",
    "500": "What is stored is damaged, or the configuration of the server cannot be used.",
    "502": "The store turned the server's credentials down, or has no such bucket: whoever runs the server can help.",
    "503": "The store does not answer at present.",
    "507": "There is no room left.",
}


def _responses(success: dict[str, Any], *errors: str) -> dict[str, Any]:
    found: dict[str, Any] = {"200": success}
    for status in ("400", "403", *errors, "500", "502", "503", "507"):
        found[status] = {"description": _ERRORS[status], "content": _json("Error")}
        if status == "503":
            found[status]["headers"] = _RETRY
    return dict(sorted(found.items()))


def _reading(text: str, schema: str, *given: dict[str, Any], errors: tuple[str, ...] = ("404", "409")) -> Operation:
    success = {"description": "Here it is.", "headers": _ETAG, "content": _json(schema)}
    return {
        "summary": text,
        "parameters": [*given, _IF_NONE_MATCH],
        "responses": {**_responses(success, *errors), "304": {"description": "It has not changed."}},
    }


def _writing(text: str, schema: str, answer: str, *given: dict[str, Any], description: str = "") -> Operation:
    operation: Operation = {
        "summary": text,
        "parameters": list(given),
        "requestBody": {"required": False, "content": _json(schema)},
        "responses": _responses({"description": "It is done.", "content": _json(answer)}, "404", "409", "413"),
    }
    if description:
        operation["description"] = description
    return operation


def _in_path(name: str, text: str, pattern: str, most: int, example: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": most, "pattern": pattern}
    return {"name": name, "in": "path", "required": True, "description": text, "schema": schema, "example": example}


def _in_query(name: str, text: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what the client has.",
    "schema": {"type": "string"},
}
_PATH_PATTERN = r"^[^/\\\x00-\x1f\x7f-\x9f]+(/[^/\\\x00-\x1f\x7f-\x9f]+)*$"
_PATH = _in_path("path", "The notebook's path in Jupyter.", _PATH_PATTERN, 900, "reports/mine.ipynb")
_SPEC = _in_path("spec", "What names the version.", r"^[^/\x00-\x1f\x7f-\x9f]+$", parameters.MAX_SPEC, "v3")
_NAME = _in_path("name", "`published`, `scheduled`, or a tag.", r"^[^/\x00-\x1f\x7f-\x9f]+$", 64, "published")
_LIMIT = _in_query("limit", "How many are on a page.", type="integer", minimum=1, maximum=parameters.MAX_LIMIT,
                   default=parameters.DEFAULT_LIMIT)  # fmt: skip


def _flag(name: str, text: str, *, default: bool = False) -> dict[str, Any]:
    return _in_query(name, text, type="boolean", default=default)


def _operations() -> dict[str, Any]:
    return {
        "": {"get": _reading("The version, and whether all is well", "Home", errors=())},
        "/openapi.json": {"get": _reading("This description", "Document", errors=())},
        "/queue": {"get": _reading("What waits to be archived, since when, and why", "Queue", errors=())},
        "/notebooks": {
            "get": _reading(
                "The archived notebooks, by path",
                "Notebooks",
                _in_query("prefix", "Only this directory, or this notebook.", type="string", maxLength=900),
                _LIMIT,
                _in_query("after", "`next` of the page before.", type="string", maxLength=4096),
                _flag("details", "With the newest version and the refs of each."),
                _flag("deleted", "With those that were deleted or renamed away."),
                errors=("404",),
            )
        },
        "/notebooks/{path}": {
            "get": _reading("A notebook: its newest version, its refs, what of it waits", "Notebook", _PATH)
        },
        "/notebooks/{path}/versions": {
            "get": _reading(
                "The history, the newest first",
                "Versions",
                _PATH,
                _LIMIT,
                _in_query("before", "`next` of the page before.", type="integer", minimum=1, maximum=2**53),
                _flag("events", "With what happened to refs and the name between the versions."),
            )
        },
        "/notebooks/{path}/versions/{spec}": {"get": _reading("A version", "Version", _PATH, _SPEC)},
        "/notebooks/{path}/versions/{spec}/file": {"get": _file()},
        "/notebooks/{path}/versions/{spec}/contents": {
            "get": _reading("The content of a version as a contents model of Jupyter", "Contents", _PATH, _SPEC)
        },
        "/notebooks/{path}/versions/{spec}/restore": {
            "post": _writing(
                "Restore a version",
                "RestoreWish",
                "Restored",
                _PATH,
                _SPEC,
                description="Writes it into its notebook, or into `to`. What is there, and what is being edited there "
                "together and not saved yet, is archived first. Needs `depository:restore` and the right to write "
                "`contents`.",
            )
        },
        "/notebooks/{path}/refs": {"get": _reading("The refs and tags", "Refs", _PATH)},
        "/notebooks/{path}/refs/{name}": {
            "get": _reading("The version that a ref or tag points at", "Version", _PATH, _NAME),
            "put": _writing(
                "Publish, schedule or tag a version",
                "RefWish",
                "Event",
                _PATH,
                _NAME,
                description="Where the newest version is meant and the newest save is not archived yet, that is waited "
                "for some seconds, and then refused with 409 and the reason `waiting`. Needs `depository:publish`.",
            ),
            "delete": _writing(
                "Unpublish, unschedule or untag",
                "Message",
                "Event",
                _PATH,
                _NAME,
                description="Needs `depository:publish`.",
            ),
        },
        "/notebooks/{path}/diff": {
            "get": _reading(
                "What changed between two versions, cell by cell",
                "Diff",
                _PATH,
                _in_query("old", "The version before.", type="string", minLength=1, maxLength=256, default="latest~1"),
                _in_query("new", "The version after.", type="string", minLength=1, maxLength=256, default="latest"),
                _flag("outputs", "Compare outputs.", default=True),
                _flag("metadata", "Compare metadata."),
                _in_query("context", "Unchanged lines around a change.", type="integer", minimum=0,
                          maximum=parameters.MAX_CONTEXT, default=3),
                errors=("404", "409", "413"),
            )
        },
        "/notebooks/{path}/undelete": {
            "post": _writing(
                "Bring a deleted notebook back",
                "UndeleteWish",
                "Event",
                _PATH,
                description="Its history is listed again. The file is not written: restore a version for that. Needs "
                "`depository:restore`.",
            )
        },
    }  # fmt: skip


def _file() -> Operation:
    operation = _reading("The file of a version, byte for byte as it was saved", "Error", _PATH, _SPEC)
    operation["responses"]["200"]["content"] = {
        "application/x-ipynb+json": {},
        "application/octet-stream": {},
    }
    return operation
