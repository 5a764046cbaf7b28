"""What a request says, checked: the path of a notebook, the query, the body. Nothing unknown is passed over."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from depository import paths
from depository.errors import InvalidInput, InvalidPath
from depository.jupyter.api.failures import TooLarge

MAX_BODY = 64 * 1024
"""Bytes of a request's body."""
MAX_LIMIT = 1000
"""Entries on a page."""
DEFAULT_LIMIT = 100
MAX_SPEC = 256
"""Characters of what names a version."""
MAX_CONTEXT = 1000
"""Lines around a change."""

_JUPYTERS_OWN = {"token", "_xsrf", "no_track_activity"}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """The part of an address after the question mark."""

    def __init__(self, arguments: Mapping[str, list[bytes]], known: tuple[str, ...]) -> None:
        """Read it.

        Args:
            arguments: name to values, as they were sent.
            known: the names that mean something here.

        Raises:
            InvalidInput: another is there, or one is there twice, or is no UTF-8.
        """
        self._values: dict[str, str] = {}
        for name, values in arguments.items():
            if name in _JUPYTERS_OWN or _is_cache_breaker(name, values):
                continue
            if name not in known:
                have = f"there are {', '.join(known)}" if known else "there is none"
                raise InvalidInput(f"There is no parameter {_shown(name)} here: {have}.")
            if len(values) > 1:
                raise InvalidInput(f"The parameter {name} is given {len(values)} times; once is enough.")
            try:
                self._values[name] = values[0].decode()
            except UnicodeDecodeError:
                raise InvalidInput(f"The parameter {name} is not in UTF-8.") from None

    def text(self, name: str, default: str = "", *, most: int = MAX_SPEC) -> str:
        """A text of so many characters at most."""
        value = self._values.get(name, default)
        if len(value) > most:
            raise InvalidInput(f"The parameter {name} has {len(value):,} characters; at most {most:,} are read.")
        return value

    def number(self, name: str, default: int | None, *, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        value = self._values.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) < 20 and least <= int(value) <= most):
            raise InvalidInput(f"The parameter {name} has to be a whole number from {least:,} to {most:,}.")
        return int(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """``true`` or ``false``."""
        value = self._values.get(name)
        if value is None:
            return default
        if value not in _FLAGS:
            raise InvalidInput(f"The parameter {name} has to be true or false.")
        return _FLAGS[value]

    def limit(self) -> int:
        """How many entries there are to be on a page."""
        return self.number("limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT) or DEFAULT_LIMIT


def body(data: bytes, content_type: str, known: Mapping[str, type]) -> dict[str, Any]:
    """The JSON object that was sent; an empty one where nothing was.

    Args:
        data: what was sent.
        content_type: as the request's header has it, empty for none.
        known: the keys that mean something here, with the type of their values.

    Raises:
        InvalidInput: it is something else.
    """
    if len(data) > MAX_BODY:
        raise TooLarge(f"The body has {len(data):,} bytes; at most {MAX_BODY:,} are read.")
    if not data.strip():
        return {}
    if content_type and content_type.partition(";")[0].strip().lower() != "application/json":
        raise InvalidInput("The body has to be JSON, with the content type application/json.")
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise InvalidInput("The body is no JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise InvalidInput("The body has to be a JSON object.")
    for key, found in value.items():
        if key not in known:
            have = f"there are {', '.join(known)}" if known else "there is none"
            raise InvalidInput(f"There is no field {_shown(key)} here: {have}.")
        if type(found) is not known[key]:
            raise InvalidInput(f"The field {key} has to be {_TYPES[known[key]]}.")
    return value


def notebook(path: str) -> str:
    """The path of a notebook in Jupyter, without slashes around it.

    Raises:
        InvalidPath: it is none.
    """
    path = path.strip("/")
    if "\\" in path:
        raise InvalidPath(f"The path {_shown(path)} has a backslash in it.")
    paths.check(path)  # as it is there, so it is in Jupyter, whatever form of Unicode its file system keeps
    return path


def directory(path: str) -> str:
    """The path of a directory in Jupyter; empty for the top."""
    return notebook(path) if path.strip("/") else ""


def spec(text: str) -> str:
    """What names a version.

    Raises:
        InvalidInput: it is empty, or too long.
    """
    if not text or len(text) > MAX_SPEC:
        raise InvalidInput(f"What names a version has 1 to {MAX_SPEC} characters.")
    return text


def is_hidden(path: str) -> bool:
    """Whether a part of a path starts with a dot, by which files are hidden."""
    return any(part.startswith(".") for part in path.split("/"))


_TYPES: Mapping[type, str] = {str: "a text", bool: "true or false", int: "a whole number"}


def _is_cache_breaker(name: str, values: list[bytes]) -> bool:
    """JupyterLab adds the time to an address, so that no cache answers."""
    return name.isdigit() and values == [b""]


def _shown(text: str, most: int = 60) -> str:
    quoted: Callable[[str], str] = ascii
    return quoted(text[:most] + ("…" if len(text) > most else ""))
