"""The words that people add to a version: who, why, and what is to be said about it."""

from depository.errors import InvalidName

MAX_MESSAGE = 4096
"""Bytes of a message in UTF-8."""
MAX_LABEL = 256
"""Bytes of an author's name or a cause in UTF-8."""


def check_message(message: str) -> str:
    """Return a message if it can be kept.

    Raises:
        InvalidName: it is too long, or no Unicode.
    """
    return _check("message", message, MAX_MESSAGE)


def check_label(what: str, label: str) -> str:
    """Return an author's name or a cause if it can be kept.

    Raises:
        InvalidName: it is too long, or no Unicode.
    """
    return _check(what, label, MAX_LABEL)


def _check(what: str, text: str, limit: int) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidName(f"The {what} is not valid Unicode.") from None
    if size > limit:
        raise InvalidName(f"The {what} has {size:,} bytes; at most {limit:,} are kept.")
    return text
