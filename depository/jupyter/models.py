"""Contents models, Jupyter's own way of handing files about."""

from collections.abc import Mapping
from typing import Any


def content_of(model: Mapping[str, Any]) -> bytes:
    """The bytes of the file that a model is written as.

    Raises:
        ValueError: it cannot be written.
        TypeError: its content is of no type that can.
    """
    content = model["content"]
    if model.get("type") == "notebook":
        import nbformat

        text: str = nbformat.writes(nbformat.from_dict(content), version=nbformat.NO_CONVERT)
        return (text if text.endswith("\n") else text + "\n").encode()
    if model.get("format") == "base64":
        from base64 import b64decode

        return b64decode(content)
    if isinstance(content, bytes):
        return content
    if not isinstance(content, str):
        raise TypeError(f"a file's content has to be a text, and not {type(content).__name__}")
    return content.encode()
