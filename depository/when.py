"""Dates and times as people write them.

An ISO date or time (``2026-11-01``, ``2026-11-01 12:30``, ``2026-11-01T12:30:05Z``), ``2026-11`` for a month, ``14:30``
for the last time that a clock showed it, ``now``, ``today``, ``yesterday``, ``monday``, ``last week``, and
``3 days ago`` or, to be spared the quotes, ``3.days.ago``. Eight digits without dashes are never a date: they could as
well begin a hash.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

from depository.errors import InvalidName

_EXAMPLES = 'such as 2026-11-01, "2026-11-01 12:30", yesterday or "2 hours ago"'
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?")
_ZONE = re.compile(r"(.*?) ?(z|utc|[+-]\d{2}(?::?\d{2})?)")
_COUNTED = re.compile(r"(\d{1,9}|an?|one) ?([a-z]+)")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {
    **dict.fromkeys(("s", "sec", "second"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hour"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day"), timedelta(days=1)),
    **dict.fromkeys(("w", "week"), timedelta(weeks=1)),
}
_MONTHS = {"month": 1, "year": 12}

_SECOND, _MINUTE, _HOUR, _DAY = (_UNITS[name] for name in ("second", "minute", "hour", "day"))


def parse_time(text: str, now: datetime, *, edge: Literal["start", "end"] = "end") -> datetime:
    """The moment that a person's words mean.

    Args:
        text: The words.
        now: The moment they are said. Its zone is the one that words without a zone are read in; a naive one stands
            for the system's local zone, with its summer times.
        edge: What is said less finely than a moment (a month, a day, a minute, a second) spans some time: which end of
            it is meant. The end suits "the newest version then" and "until", the start suits "since".

    Returns:
        An aware time in UTC, to the microsecond.

    Raises:
        InvalidName: the words are no date or time.
    """
    words = " ".join(text.lower().split())
    if words.endswith(".ago") or words.startswith("last."):
        words = words.replace(".", " ")
    try:
        start, span = _read(words, now)
        return start if edge == "start" or not span else _after(start, span, now) - timedelta(microseconds=1)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidName(f"{text!r} is no date or time; write one {_EXAMPLES}.") from error


_Span = timedelta | Literal["day", "month"] | None


def _read(words: str, now: datetime) -> tuple[datetime, _Span]:
    """Where it starts, in UTC, and how long it lasts."""
    if words == "now":
        return _fixed(now, now), None
    if words.endswith(" ago"):
        return _ago(words.removesuffix(" ago"), now), None
    if words.startswith("last ") and words[5:] not in _WEEKDAYS:
        return _ago("a " + words[5:], now), None
    if match := _CLOCK.fullmatch(words):
        start, span = _at(_midnight(now), match)
        return _fixed(start if start <= now.replace(tzinfo=None) else start - _DAY, now), span
    if "t" in words and words[:8].isdigit():
        return _fixed(datetime.fromisoformat(words.upper()), now), _SECOND
    day, clock, zone = _parts(words, now)
    if not clock:
        if zone:
            raise ValueError("a zone without a time")
        return _fixed(day[0], now), day[1]
    if day[1] != "day" or not (match := _CLOCK.fullmatch(clock)):
        raise ValueError("no time of a day")
    start, span = _at(day[0], match)
    return _fixed(datetime.fromisoformat(f"{start.isoformat()}{zone}"), now), span


def _parts(words: str, now: datetime) -> tuple[tuple[datetime, Literal["day", "month"]], str, str]:
    """A day (or month) with its length, the time on it, and the zone; the latter two may be empty."""
    if match := _DATE.match(words):
        year, month, date = match.groups()
        rest = words[match.end() :]
        if rest and rest[0] not in "t ":
            raise ValueError("something runs on after the date")
        clock, zone = rest[1:], ""
        if zoned := _ZONE.fullmatch(clock):
            clock, zone = zoned.groups()
            zone = "+00:00" if zone in {"z", "utc"} else zone
        return (datetime(int(year), int(month), int(date or 1)), "day" if date else "month"), clock, zone  # noqa: DTZ001
    name, _, clock = words.removeprefix("last ").partition(" ")
    today = _midnight(now)
    if name in {"today", "yesterday"}:
        return (today if name == "today" else today - _DAY, "day"), clock, ""
    if name in _WEEKDAYS:
        back = (today.weekday() - _WEEKDAYS.index(name) - 1) % 7 + 1
        return (today - back * _DAY, "day"), clock, ""
    raise ValueError("no day")


def _at(day: datetime, clock: re.Match[str]) -> tuple[datetime, _Span]:
    hour, minute, second, fraction = clock.groups()
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    start = day.replace(hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=micro)
    return start, None if fraction else _SECOND if second else _MINUTE


def _ago(words: str, now: datetime) -> datetime:
    """So long before now: hours and less by the time that passes, days and more by the calendar and the clock."""
    months, days, rest = 0, timedelta(), timedelta()
    position = 0
    while position < len(words):
        match = _COUNTED.match(words, position)
        if not match:
            raise ValueError("no length of time")
        count = int(match[1]) if match[1].isdigit() else 1
        unit = match[2] if match[2] in _UNITS or match[2] in _MONTHS else match[2].removesuffix("s")
        if unit in _MONTHS:
            months += count * _MONTHS[unit]
        elif unit in _UNITS and _UNITS[unit] >= _DAY:
            days += count * _UNITS[unit]
        elif unit in _UNITS:
            rest += count * _UNITS[unit]
        else:
            raise ValueError("no unit of time")
        position = match.end()
        while words[position : position + 1] in {" ", ","}:
            position += 1
        if words.startswith("and ", position):
            position += 4
    if not months and not days:
        return _fixed(now, now) - rest
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    first = datetime(year, month + 1, 1)  # noqa: DTZ001
    last = (_after_month(first) - _DAY).day
    local = now.replace(tzinfo=None, year=year, month=month + 1, day=min(now.day, last)) - days
    return _fixed(local, now) - rest


def _after(start: datetime, span: _Span, now: datetime) -> datetime:
    """When a span that starts at `start` is over, in UTC: a day may last 23 or 25 hours."""
    if isinstance(span, timedelta):
        return start + span
    local = start.astimezone(now.tzinfo).replace(tzinfo=None)
    return _fixed(local + _DAY if span == "day" else _after_month(local), now)


def _after_month(first: datetime) -> datetime:
    return (first + 31 * _DAY).replace(day=1)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)


def _fixed(moment: datetime, now: datetime) -> datetime:
    """In UTC; one without a zone is read in that of `now`."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).astimezone(UTC)
