"""One view of the cells of a notebook, whatever its nbformat, valid or not.

nbformat 2 and 3 keep cells in worksheets, code under ``input``, headings as cells of their own and each output
format in a field of its own; nbformat 4 has cells, ``source`` and MIME bundles. Here all look like nbformat 4. What
has not the shape its version asks for is shown as well as it can be, never refused: a missing field is empty, a value
of the wrong type is its JSON text.
"""

import base64
import binascii
import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

READABLE = ("text/plain", "text/markdown", "text/latex")
"""The MIME types that are shown as `Output.text`, the first of them that is there."""

_OLD_KINDS = {"pyout": "execute_result", "pyerr": "error"}
_OLD_MIMES = {
    "text": "text/plain",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "pdf": "application/pdf",
}
_NOT_DATA = {"output_type", "metadata", "prompt_number", "execution_count"}
_BINARY_FAMILIES = ("image/", "audio/", "video/", "font/")
_BINARY_MIMES = {"application/pdf", "application/octet-stream", "application/zip"}
_MAX_COUNT = 2**63
_MAX_VERSION = 1_000


class Output(NamedTuple):
    """An output of a code cell."""

    kind: str
    """``stream``, ``display_data``, ``execute_result`` or ``error``; any other as the notebook has it."""
    name: str | None
    """Which stream, such as ``stderr``; None for another kind."""
    mimes: Mapping[str, Any]
    """MIME type to value, binary ones in base64; empty for streams and errors."""
    text: str | None
    """What a plain terminal would show, with any ANSI codes it has; None where there is nothing such."""
    error_name: str | None = None
    error_value: str | None = None
    metadata: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell."""

    index: int
    """Its place in the notebook, from 0, through all worksheets."""
    id: str | None
    kind: str
    """``code``, ``markdown``, ``raw`` or ``heading``; any other as the notebook has it."""
    source: str
    """Its text; that of a heading cell as the Markdown it stands for, ``## Title``."""
    outputs: tuple[Output, ...]
    execution_count: int | None
    metadata: Mapping[str, Any]
    attachments: Mapping[str, Mapping[str, Any]]
    """File name to MIME bundle."""


def cells(notebook: object) -> list[Cell]:
    """The cells of a notebook, in order. Whatever has none gives an empty list."""
    if not isinstance(notebook, Mapping):
        return []
    found = notebook.get("cells")
    if not isinstance(found, list):
        sheets = notebook.get("worksheets")
        found = [cell for sheet in _items(sheets) for cell in _items(_mapping(sheet).get("cells"))]
    return [_cell(index, value) for index, value in enumerate(found)]


def notebook_metadata(notebook: object) -> Mapping[str, Any]:
    """A notebook's own metadata; empty where it has none."""
    return _mapping(notebook.get("metadata")) if isinstance(notebook, Mapping) else {}


def format_version(notebook: object) -> str:
    """The version of nbformat that a notebook says it has, such as ``4.5``; ``?`` for what is no number."""
    parts = [notebook.get("nbformat"), notebook.get("nbformat_minor", 0)] if isinstance(notebook, Mapping) else [None]
    return ".".join(str(part) if type(part) is int and part in range(_MAX_VERSION) else "?" for part in parts)


def coalesce(outputs: Iterable[Output]) -> list[Output]:
    """Join neighbouring outputs of one stream: where a kernel cut it says nothing."""
    runs: list[list[Output]] = []
    for output in outputs:
        last = runs[-1][0] if runs else None
        if last and output.kind == last.kind == "stream" and output.name == last.name:
            runs[-1].append(output)
        else:
            runs.append([output])
    return [run[0]._replace(text="".join(output.text or "" for output in run)) if run[1:] else run[0] for run in runs]


def sort_of(output: Output) -> Hashable:
    """Equal for two outputs of which one can take the other's place."""
    return output.kind, output.name, tuple(sorted(output.mimes))


def content_of(output: Output) -> Hashable:
    """Equal for two outputs that show the same: text by its characters, images by their bytes, JSON by its value."""
    values = tuple((mime, *_value_key(mime, output.mimes[mime])) for mime in sorted(output.mimes))
    return output.kind, output.name, output.error_name, output.error_value, output.text, values


def is_binary(mime: str) -> bool:
    """Whether values of a MIME type are base64 of something that is no text."""
    return mime in _BINARY_MIMES or (mime.startswith(_BINARY_FAMILIES) and not mime.endswith("+xml"))


def decode(mime: str, value: object) -> bytes:
    """The bytes that a value of a MIME bundle stands for: base64 decoded where it is that, else text in UTF-8."""
    text = as_text(value)
    if isinstance(value, str) and is_binary(mime):
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
    return text.encode("utf-8", "surrogatepass")


def as_text(value: object) -> str:
    """A string as it is, a list of strings joined, None as nothing, anything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return as_json(value)


def as_json(value: object, indent: int | None = None) -> str:
    """JSON with sorted keys: equal for equal values, and only for them (``1``, ``1.0`` and ``true`` all differ)."""
    try:
        return json.dumps(value, sort_keys=True, indent=indent, ensure_ascii=False, default=repr)
    except (RecursionError, TypeError, ValueError):
        return f"<{type(value).__name__} that is not JSON>"


def _cell(index: int, value: object) -> Cell:
    if not isinstance(value, Mapping):
        return Cell(index, None, "unknown", as_text(value), (), None, {}, {})
    kind = _string(value.get("cell_type")) or "unknown"
    source = as_text(value["source"] if "source" in value else value.get("input"))
    if kind == "heading":
        source = f"{'#' * _heading_level(value.get('level'))} {' '.join(source.splitlines())}"
    count = value["execution_count"] if "execution_count" in value else value.get("prompt_number")
    return Cell(
        index=index,
        id=_string(value.get("id")),
        kind=kind,
        source=source,
        outputs=tuple(_output(output) for output in _items(value.get("outputs"))),
        execution_count=count if type(count) is int and abs(count) < _MAX_COUNT else None,
        metadata=_mapping(value.get("metadata")),
        attachments={str(name): _named(bundle) for name, bundle in _mapping(value.get("attachments")).items()},
    )


def _output(value: object) -> Output:
    if not isinstance(value, Mapping):
        return Output("unknown", None, {}, as_text(value))
    kind = _string(value.get("output_type")) or "unknown"
    kind = _OLD_KINDS.get(kind, kind)
    metadata = _mapping(value.get("metadata"))
    if kind == "stream":
        name = _string(value.get("name")) or _string(value.get("stream")) or "stdout"
        return Output(kind, name, {}, as_text(value.get("text")), metadata=metadata)
    if kind == "error":
        return _error(value, metadata)
    mimes = _bundle(value)
    text = next((mimes[mime] for mime in READABLE if mime in mimes), None)
    return Output(kind, None, mimes, text, metadata=metadata)


def _error(output: Mapping[str, Any], metadata: Mapping[str, Any]) -> Output:
    name, message = as_text(output.get("ename")), as_text(output.get("evalue"))
    trace = output.get("traceback")
    text = "\n".join(map(as_text, trace)) if isinstance(trace, list) else as_text(trace)
    return Output("error", None, {}, text or f"{name}: {message}", name, message, metadata)


def _bundle(output: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(data := output.get("data"), Mapping):
        bundle = _named(data)
    else:
        bundle = {_OLD_MIMES.get(name, str(name)): value for name, value in output.items() if name not in _NOT_DATA}
        if isinstance(packed := bundle.get("application/json"), str):
            bundle["application/json"] = _unpacked(packed)
    for mime, value in bundle.items():
        if mime in READABLE or (isinstance(value, list) and not mime.endswith("json")):
            bundle[mime] = as_text(value)
    return bundle


def _unpacked(packed: str) -> Any:
    # nbformat 3 keeps JSON as a string of JSON
    try:
        return json.loads(packed)
    except (RecursionError, ValueError):
        return packed


def _value_key(mime: str, value: object) -> tuple[bool, str]:
    if not isinstance(value, str):
        return False, as_json(value)
    # line ends in base64 are no part of an image
    return True, "".join(value.split()) if is_binary(mime) else value


def _heading_level(level: object) -> int:
    return level if isinstance(level, int) and level in range(1, 7) else 1


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _named(value: object) -> dict[str, Any]:
    return {str(name): item for name, item in _mapping(value).items()}


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
