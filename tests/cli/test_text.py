"""Text on its way to a terminal."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.cli.text import age, cut, padded, printable, size, width


@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF)))
def test_nothing_that_drives_a_terminal_is_left(text: str) -> None:
    shown = printable(text)
    assert not [c for c in shown if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or "\u202a" <= c <= "\u202e"]
    shown.encode()


def test_what_is_harmless_stays() -> None:
    assert printable("naïve 日本 \U0001f469\u200d\U0001f4bb") == "naïve 日本 \U0001f469\u200d\U0001f4bb"
    assert printable("a\tb\x1b\u202e\udcff") == "a\\x09b\\x1b\\u202e\\udcff"


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("naïve", 5), ("日本", 4), ("e\u0301", 1)])
def test_width_is_in_columns(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(padded(text, 10)) == 10


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 4, "abc…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_what_is_too_wide_is_cut(text: str, columns: int, shown: str) -> None:
    assert cut(text, columns) == shown


@given(st.text(), st.integers(0, 20))
def test_what_was_cut_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10_188, "9.9 KiB"),
        (10_190, "10 KiB"),
        (1_048_063, "1023 KiB"),
        (1_048_064, "1.0 MiB"),
        (5 * 1024**4, "5.0 TiB"),
        (5000 * 1024**4, "5000 TiB"),
    ],
)
def test_sizes_are_short(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (86_400 * 3, "3 days ago"),
        (86_400 * 20, "2 weeks ago"),
        (86_400 * 100, "3 months ago"),
        (86_400 * 800, "2 years ago"),
    ],
)
def test_ages_are_rough(seconds: int, shown: str) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    assert age(now - timedelta(seconds=seconds), now) == shown
