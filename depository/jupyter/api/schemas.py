"""What the answers and bodies of the API look like, as JSON Schema."""

import json
from importlib.resources import files
from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "integer", "minimum": 1}
_TIME: Schema = {"type": "string", "format": "date-time"}
_HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_REFS: Schema = {"type": "object", "additionalProperties": _COUNT}


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _object(optional: dict[str, Schema] | None = None, /, **required: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


def _wish(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_MESSAGE: Schema = {"type": "string", "maxLength": 4096, "description": "What to note beside it; at most 4,096 bytes."}
_TO: Schema = {"type": "string", "minLength": 1, "maxLength": 900, "description": "Another path in Jupyter."}


def _of_comparisons() -> dict[str, Schema]:
    """The schema of what `depository diff --json` prints of two versions, with the records of both."""
    text = files("depository.diff").joinpath("schema.json").read_text("utf-8")
    found = json.loads(text.replace("#/$defs/", "#/components/schemas/Diff"))["$defs"]
    versions = {"old": _ref("Version"), "new": _ref("Version")}
    two = found.pop("TwoWay")
    two = {**two, "required": [*versions, *two["required"]], "properties": {**two["properties"], **versions}}
    of_three = {"ThreeWay", "WhoChange", "Who"}
    return {"Diff": two, **{f"Diff{name}": schema for name, schema in found.items() if name not in of_three}}


SCHEMAS: dict[str, Schema] = {
    **_of_comparisons(),
    "Error": _object(
        message={**_TEXT, "description": "One sentence: what is wrong, where, what to do."},
        reason={**_or_null(_TEXT), "description": "The kind of the error, such as `no-version` or `unreachable`."},
    ),
    "Home": _object(
        name={"const": "depository"},
        version=_TEXT,
        healthy={**_FLAG, "description": "Nothing keeps saves from being archived, as far as is known."},
        waiting=_COUNT,
        sentences={**_list(_TEXT), "description": "What is wrong."},
    ),
    "Document": {"type": "object", "required": ["openapi", "paths"]},
    "Queue": _object(
        waiting=_COUNT,
        bytes=_COUNT,
        oldest=_or_null(_TIME),
        aside=_list(_object(time=_or_null(_TIME), reason=_TEXT)),
        problems=_list(_object(url=_TEXT, kind=_TEXT, sentence=_TEXT, since=_TIME, tries=_COUNT, next=_or_null(_TIME))),
        spool={**_or_null(_TEXT), "description": "The directory where saves wait."},
        trouble={**_or_null(_TEXT), "description": "Why nothing can be accepted."},
        worker={**_FLAG, "description": "The process that archives runs now."},
    ),
    "Notebooks": _object(notebooks=_list(_ref("ListedNotebook")), next=_or_null(_TEXT)),
    "ListedNotebook": _object(
        {"version": {"anyOf": [_ref("Version"), {"type": "null"}]}, "refs": _REFS},
        record={"const": "notebook"},
        notebook={**_TEXT, "description": "The path in Jupyter."},
        path={**_TEXT, "description": "The path in the depository."},
        changed=_TIME,
        deleted=_FLAG,
    ),
    "Notebook": _object(
        record={"const": "notebook"},
        notebook=_TEXT,
        path=_TEXT,
        changed=_TIME,
        deleted=_FLAG,
        version=_ref("Version"),
        refs=_REFS,
        waiting={**_COUNT, "description": "Saves that are not in the archive yet."},
    ),
    "Version": _object(
        record={"const": "version"},
        path={**_TEXT, "description": "The notebook's path in the depository."},
        version={"type": "string", "pattern": "^v[1-9][0-9]*$"},
        number=_NUMBER,
        hash=_HASH,
        time=_TIME,
        author=_TEXT,
        size={**_COUNT, "description": "Of the file, in bytes."},
        cause=_TEXT,
        change={"enum": ["source", "outputs", "file"]},
        kind={"enum": ["notebook", "raw"]},
        refs=_list(_TEXT),
        message=_TEXT,
    ),
    "Event": _object(
        record={"const": "event"},
        path=_TEXT,
        event=_TEXT,
        time=_TIME,
        author=_TEXT,
        ref=_or_null(_TEXT),
        number=_or_null(_NUMBER),
        previous=_or_null(_NUMBER),
        other=_or_null(_TEXT),
        message=_TEXT,
    ),
    "Versions": _object(
        notebook=_TEXT,
        path=_TEXT,
        versions=_list({"oneOf": [_ref("Version"), _ref("Event")]}),
        next={**_or_null(_NUMBER), "description": "Give it as `before` for the next page; null on the last."},
    ),
    "Refs": _object(notebook=_TEXT, path=_TEXT, refs=_REFS),
    "Contents": _object(
        name=_TEXT,
        path=_TEXT,
        created=_TIME,
        last_modified=_TIME,
        writable=_FLAG,
        size=_COUNT,
        hash={"type": "null"},
        hash_algorithm={"type": "null"},
        type={"enum": ["notebook", "file"]},
        format={"enum": ["json", "text", "base64"]},
        mimetype=_or_null(_TEXT),
        content={"type": ["object", "string"]},
    ),
    "Restored": _object(
        notebook={**_TEXT, "description": "The path in Jupyter that was written."},
        restored=_ref("Version"),
        model={
            "type": "object",
            "description": "The contents model of what was written, without its content.",
        },
    ),
    "Message": _wish(message=_MESSAGE),
    "RestoreWish": _wish(
        to=_TO,
        overwrite={**_FLAG, "description": "Replace another notebook that is there; it is archived first."},
    ),
    "UndeleteWish": _wish(
        to=_TO,
        skip={
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Of several that were deleted under this name, pass over so many of the last. Needs `to`.",
        },
        message=_MESSAGE,
    ),
    "RefWish": _wish(
        version={"type": "string", "minLength": 1, "maxLength": 256, "default": "latest"},
        expect={
            "type": "integer",
            "minimum": 0,
            "description": "The number that `published` or `scheduled` must point at now, 0 for none; else 409.",
        },
        move={**_FLAG, "description": "Take a tag from another version that has it."},
        message=_MESSAGE,
    ),
}
"""By name, as the description refers to them."""
