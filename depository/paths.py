"""Paths: the names that notebooks have inside a depository."""

import unicodedata

from depository.errors import InvalidPath

MAX_BYTES = 900
"""Of a path in UTF-8, so that a key with it stays within the 1,024 bytes that object stores allow."""


def check(path: str) -> str:
    """Return a path as the depository writes it, in Unicode's NFC.

    Raises:
        InvalidPath: no depository can hold it.
    """
    path = unicodedata.normalize("NFC", path)
    shown = path if path.isprintable() else ascii(path)[1:-1]
    if not path:
        raise InvalidPath("A path is empty; give a name such as 'kylek/notebooks/mine.ipynb'.")
    if path.startswith("/"):
        raise InvalidPath(f"The path '{shown}' is absolute; paths in a depository are relative.")
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        raise InvalidPath(f"The path '{shown}' is not valid Unicode.") from None
    if any(unicodedata.category(character) == "Cc" for character in path):
        raise InvalidPath(f"The path '{shown}' has a control character in it.")
    if size > MAX_BYTES:
        raise InvalidPath(f"The path '{shown[:60]}…' has {size:,} bytes; at most {MAX_BYTES} are possible.")
    for part in path.split("/"):
        if part in ("", ".", ".."):
            what = "an empty part" if not part else f"'{part}'"
            raise InvalidPath(f"The path '{shown}' has {what} in it; write it without.")
    return path
