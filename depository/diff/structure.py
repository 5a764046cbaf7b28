"""What changed between two values of JSON, by where it is in them."""

from typing import Any, Literal, NamedTuple


class Change(NamedTuple):
    """A value that came, went or became another."""

    where: tuple[str | int, ...]
    """The way to it: keys and indexes."""
    status: Literal["added", "removed", "changed"]
    old: Any
    new: Any
