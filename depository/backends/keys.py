"""What a key may be, whatever holds it."""

from depository.errors import InvalidPath

LONGEST = 1024
"""Bytes of UTF-8, the whole key with the prefix of its depository: S3's limit."""

_UNUSABLE = frozenset(("", ".", ".."))


def check_key(key: str) -> None:
    """Refuse a key that some store could not hold, or would change.

    Raises:
        InvalidPath: it is empty, absolute or too long, has an empty, ``.`` or ``..`` part, or is not Unicode text.
    """
    if not is_key(key):
        raise InvalidPath(_complaint(key))


def is_key(key: str) -> bool:
    """Whether `check_key` lets it pass."""
    try:
        size = len(key) if key.isascii() else len(key.encode())
    except UnicodeEncodeError:
        return False
    return size <= LONGEST and _UNUSABLE.isdisjoint(key.split("/"))


def _complaint(key: str) -> str:
    shown = ascii(key if len(key) <= 80 else key[:80] + "…")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return f"The key {shown} holds half of a surrogate pair, which is not a character: no store can keep it."
    if size > LONGEST:
        return f"The key {shown} is {size:,} bytes long, and {LONGEST:,} are the most that a store can hold."
    return f"The key {shown} has an empty part, or one that is '.' or '..': no store can be trusted to keep it so."
