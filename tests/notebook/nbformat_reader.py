"""What nbformat reads, accepts and writes: the truth that our own reading and writing is held against."""

import json
import warnings
from typing import Any

import nbformat
from nbformat import reader
from nbformat.validator import isvalid


def read(source: bytes | str) -> dict[str, Any] | None:
    """The notebook as nbformat reads it, without upgrading; None where it refuses the file."""
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
        notebook: dict[str, Any] = reader.reads(text)
    except Exception:  # noqa: BLE001 - it refuses with whatever its code happens to run into
        return None
    return notebook


def written(notebook: dict[str, Any]) -> str:
    """The text that nbformat writes of a notebook in memory, without the newline that a file ends with."""
    node = reader.reads(json.dumps(notebook, default=bytes.decode))
    text: str = nbformat.versions[notebook["nbformat"]].writes_json(node)
    return text


def accepts(notebook: dict[str, Any]) -> bool:
    """Whether a notebook that nbformat has read is valid in its eyes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(isvalid(notebook))
        except Exception:  # noqa: BLE001 - the same
            return False
