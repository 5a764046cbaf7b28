"""Text on its way to a terminal: made harmless, measured, cut and shortened."""

import re
from datetime import datetime

_CONTROLS = "\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
_UNSAFE = f"[{_CONTROLS}]"  # compiled where text needs it: most does not
_CELLS = r"[^\u0000-\u02ff]"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_AGES = (("year", 31_557_600), ("month", 2_629_800), ("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60))


def printable(text: str) -> str:
    """A name or a message on one line, with an escape for whatever a terminal would act upon or hide."""
    return text if text.isascii() and text.isprintable() else re.sub(_UNSAFE, _escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def width(text: str) -> int:
    """How many columns of a terminal it takes."""
    if text.isascii() or not re.search(_CELLS, text):
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) or c == "\u200d" else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, columns: int) -> str:
    """With spaces after it, up to a width."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """At most so many columns, with an ellipsis where something is left out."""
    if width(text) <= columns:
        return text
    while text and width(text) >= columns:
        text = text[:-1]
    return text + "…" if columns > 0 else ""


def size(count: int) -> str:
    """A number of bytes for a person: ``512 B``, ``1.3 KiB``, ``24 KiB``."""
    amount, unit = float(count), 0
    while amount >= 1023.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.{1 if unit and amount < 9.95 else 0}f} {_UNITS[unit]}"


def age(then: datetime, now: datetime) -> str:
    """How long ago, roughly: ``3 days ago``."""
    seconds = (now - then).total_seconds()
    for unit, length in _AGES:
        if (count := int(seconds // length)) >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def local(moment: datetime) -> str:
    """A time for a person, by the clock of this system, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
