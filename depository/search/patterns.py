"""Patterns: what is looked for, and the lines of a text in which it is."""

import re
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from depository.errors import InvalidInput
from depository.search.query import How

MOST_SPANS = 200
"""Matches in one line that are told."""

_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|.", re.DOTALL)
_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
_SHOWN = 60


class Found(NamedTuple):
    """A line in which a match begins."""

    row: int
    """From 1."""
    line: str
    start: int
    """Where the first match begins in it."""
    end: int
    """Where that match ends: at the end of the line if it goes on in the next one."""


class Pattern:
    """A pattern, ready to look through texts."""

    def __init__(self, pattern: str, how: How = How.REGEX) -> None:
        """Make one.

        Raises:
            InvalidInput: it is no regular expression.
        """
        flags = re.MULTILINE | (re.IGNORECASE if How.IGNORE_CASE in how else re.NOFLAG)
        self.needle = "" if How.IGNORE_CASE in how else pattern if How.FIXED in how else needle_of(pattern)
        """What is in every text that matches; may be empty."""
        self._regex = _compiled(re.escape(pattern) if How.FIXED in how else pattern, flags)
        if How.WORD in how:
            self._regex = _compiled(_as_word(self._regex.pattern), flags)

    def lines(self, text: str) -> Iterator[Found]:
        """The lines in which a match begins, in order. An empty end after the last line end is no line."""
        start, row = 0, 1
        if not text:
            return
        while (match := self._regex.search(text, start)) and (match.start() < len(text) or not text.endswith("\n")):
            here = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.start())
            end = len(text) if end < 0 else end
            row += text.count("\n", start, here)
            yield Found(row, text[here:end], match.start() - here, min(match.end(), end) - here)
            start, row = end + 1, row + 1
            if start > len(text):
                return

    def spans(self, found: Found) -> tuple[tuple[int, int], ...]:
        """Where the matches are in a line, from one character to before another."""
        more = islice(self._regex.finditer(found.line, found.end), MOST_SPANS - 1)
        return ((found.start, found.end), *(match.span() for match in more if match.end() > match.start()))


def needle_of(pattern: str) -> str:
    """The longest literal that is in all that a regular expression matches, as far as that is easily seen.

    Looking for it first is many times faster than matching. Groups are passed over; a pattern with alternatives or
    flags, or with a character by its number, has none.
    """
    if _FLAGS.match(pattern) or "(?#" in pattern:
        return ""
    runs, run, depth = [""], "", 0
    for part in _PART.findall(pattern):
        is_escape = part[0] == "\\"
        if (part == "|" and not depth) or (is_escape and (part[1:].isdigit() or part[1:] in "xuUN")):
            return ""
        depth += (part == "(") - (part == ")")
        if depth or part in ")^$." or part[0] == "[" or (is_escape and part[1:].isalpha()):
            literal = None
        elif part in "*?" or (part[0] == "{" and len(part) > 1):
            run, literal = run[:-1], None  # what it counts may be absent
        else:
            literal = None if part == "+" else part[-1]
        if literal is None:
            runs.append(run)
            run = ""
        else:
            run += literal
    return max([*runs, run], key=len)


def _as_word(pattern: str) -> str:
    flags = _FLAGS.match(pattern)
    inside = pattern[flags.end() :] if flags else pattern
    # a line end closes a comment that a verbose pattern may end with
    end = "\n)" if flags and "x" in flags[0] else ")"
    return rf"{flags[0] if flags else ''}(?<!\w)(?:{inside}{end}(?!\w)"


def _compiled(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else in a Python to come
            return re.compile(pattern, flags)
    except re.error as error:
        place = f" at position {error.pos}" if error.pos is not None else ""
        raise InvalidInput(
            f"{_shown(pattern)} is no regular expression: {error.msg}{place}; -F looks for it as it is."
        ) from error
    except (OverflowError, RecursionError, MemoryError) as error:
        raise InvalidInput(f"{_shown(pattern)} asks for more than a regular expression can hold.") from error


def _shown(pattern: str) -> str:
    return (
        ascii(pattern[:_SHOWN] + ("…" if len(pattern) > _SHOWN else ""))
        if not pattern.isprintable()
        else (f"'{pattern[:_SHOWN]}…'" if len(pattern) > _SHOWN else f"'{pattern}'")
    )
