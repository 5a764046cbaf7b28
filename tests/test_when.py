"""What people write for a date or a time, and what it means."""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import InvalidName
from depository.when import parse_time

NOW = datetime(2026, 11, 11, 14, 30, 20, tzinfo=UTC)  # a Wednesday
TOKYO = timezone(timedelta(hours=9))
BERLIN = ZoneInfo("Europe/Berlin")


def start(text: str, now: datetime = NOW) -> str:
    return parse_time(text, now, edge="start").isoformat(sep=" ").removesuffix("+00:00")


def end(text: str, now: datetime = NOW) -> str:
    return parse_time(text, now).isoformat(sep=" ").removesuffix("+00:00")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-01", "2026-11-01 00:00:00", "2026-11-01 23:59:59.999999"),
        ("2026-10", "2026-10-01 00:00:00", "2026-10-31 23:59:59.999999"),
        ("2026-12", "2026-12-01 00:00:00", "2026-12-31 23:59:59.999999"),
        ("2026-11-01T12:30", "2026-11-01 12:30:00", "2026-11-01 12:30:59.999999"),
        ("2026-11-01 12:30", "2026-11-01 12:30:00", "2026-11-01 12:30:59.999999"),
        ("2026-11-01 12:30:05", "2026-11-01 12:30:05", "2026-11-01 12:30:05.999999"),
        ("20261101T123005Z", "2026-11-01 12:30:05", "2026-11-01 12:30:05.999999"),
        ("today", "2026-11-11 00:00:00", "2026-11-11 23:59:59.999999"),
        ("Yesterday", "2026-11-10 00:00:00", "2026-11-10 23:59:59.999999"),
        ("yesterday 9:05", "2026-11-10 09:05:00", "2026-11-10 09:05:59.999999"),
        ("monday", "2026-11-09 00:00:00", "2026-11-09 23:59:59.999999"),
        ("last wednesday", "2026-11-04 00:00:00", "2026-11-04 23:59:59.999999"),
        ("14:30", "2026-11-11 14:30:00", "2026-11-11 14:30:59.999999"),
    ],
)
def test_what_is_said_coarsely_spans_some_time(text: str, first: str, last: str) -> None:
    assert (start(text), end(text)) == (first, last)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-11 14:30:20"),
        ("2026-11-01T12:30:05.123Z", "2026-11-01 12:30:05.123000"),
        ("2 hours ago", "2026-11-11 12:30:20"),
        ("2.hours.ago", "2026-11-11 12:30:20"),
        ("an  hour   ago", "2026-11-11 13:30:20"),
        ("90m ago", "2026-11-11 13:00:20"),
        ("1 hour 30 minutes ago", "2026-11-11 13:00:20"),
        ("1 hour, and 30 mins ago", "2026-11-11 13:00:20"),
        ("3 days ago", "2026-11-08 14:30:20"),
        ("last week", "2026-11-04 14:30:20"),
        ("last.month", "2026-10-11 14:30:20"),
        ("a year ago", "2025-11-11 14:30:20"),
    ],
)
def test_what_is_said_exactly_is_one_moment(text: str, moment: str) -> None:
    assert start(text) == end(text) == moment


def test_a_clock_time_still_to_come_today_means_yesterdays() -> None:
    assert start("23:15") == "2026-11-10 23:15:00"


def test_a_month_before_the_31st_ends_on_the_last_day_of_a_shorter_month() -> None:
    assert start("1 month ago", NOW.replace(month=3, day=31)) == "2026-02-28 14:30:20"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01T12:30+01:00", "2026-11-01 11:30:00"),
        ("2026-11-01 12:30 +0100", "2026-11-01 11:30:00"),
        ("2026-11-01 12:30 UTC", "2026-11-01 12:30:00"),
        ("2026-11-01 12:30", "2026-11-01 03:30:00"),
        ("2026-11-01", "2026-10-31 15:00:00"),
        ("today", "2026-11-10 15:00:00"),
    ],
)
def test_words_without_a_zone_are_read_in_that_of_now(text: str, moment: str) -> None:
    assert start(text, NOW.replace(tzinfo=TOKYO)) == moment


def test_a_day_that_summer_time_ends_on_lasts_25_hours() -> None:
    now = NOW.astimezone(BERLIN)
    assert start("2026-10-25", now) == "2026-10-24 22:00:00"
    assert end("2026-10-25", now) == "2026-10-25 22:59:59.999999"


def test_days_ago_go_by_the_clock_and_hours_ago_by_the_time_that_passed() -> None:
    now = datetime(2026, 10, 25, 12, 0, tzinfo=BERLIN)
    assert start("1 day ago", now) == "2026-10-24 10:00:00"
    assert start("24 hours ago", now) == "2026-10-24 11:00:00"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setitem(os.environ, "TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_a_naive_now_stands_for_the_systems_zone_and_its_summer_times() -> None:
    now = NOW.replace(tzinfo=None)
    assert start("2026-07-01 12:00", now) == "2026-07-01 10:00:00"
    assert start("2026-12-01 12:00", now) == "2026-12-01 11:00:00"
    assert start("now", now) == "2026-11-11 13:30:20"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "20261101",
        "3f9a2c1",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "2026-11-01T25:00",
        "2026-11-01 noon",
        "2026-11-01Z",
        "2026-11 12:30",
        "2026-11-01x",
        "0000-01-01",
        "ago",
        " ago",
        "2 parsecs ago",
        "2 hours",
        "999999999 weeks ago",
        "999999999 years ago",
        "last",
        "last parsec",
        "yesterday 7",
        "v12",
        "latest",
    ],
)
def test_what_is_no_time_is_refused_with_the_words(text: str) -> None:
    with pytest.raises(InvalidName, match="is no date or time; write one such as 2026-11-01"):
        parse_time(text, NOW)


@given(st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidName):
        assert parse_time(text, NOW).tzinfo is UTC


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.sampled_from([UTC, TOKYO])))  # noqa: DTZ001
def test_an_iso_time_means_itself(moment: datetime) -> None:
    text = moment.isoformat(timespec="microseconds")
    assert parse_time(text, NOW) == moment
    assert parse_time(text, NOW, edge="start") == moment
