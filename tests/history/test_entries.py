"""Entries as they are stored."""

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.history import entries
from depository.history.entries import Change, ContentKind, Entry, EventEntry, EventKind, Source, VersionEntry
from tests.history import strategies

DIGEST = bytes(range(32))


def stored(entry: Entry) -> Any:
    """What comes out of the store."""
    return msgpack.unpackb(msgpack.packb(entries.encode(entry)))


@given(strategies.entries)
def test_any_entry_comes_back(entry: Entry) -> None:
    assert entries.decode(stored(entry)) == entry


def test_a_version_is_stored_as_the_fields_in_their_order() -> None:
    entry = VersionEntry(3, 1000, "Ada", "save", "why", DIGEST, 42, ContentKind.NOTEBOOK, Change.OUTPUTS, None)

    assert stored(entry) == [3, 1000, "Ada", "save", "why", DIGEST, 42, 0, 1, None]


def test_an_event_is_stored_as_the_fields_in_their_order() -> None:
    entry = EventEntry(EventKind.PROMOTE, 1000, "Ada", "why", "published", 3, 2)

    assert stored(entry) == ["promote", 1000, "Ada", "why", "published", 3, 2, None]


@pytest.mark.parametrize("time", [entries.EARLIEST, entries.LATEST])
def test_the_first_and_the_last_moment_of_a_calendar_are_times(time: int) -> None:
    for entry in (strategies.version(1)._replace(time=time), EventEntry(EventKind.DELETE, time, "Ada", "")):
        assert entries.decode(stored(entry)) == entry
        beyond = entry._replace(time=time + (1 if time > 0 else -1))
        with pytest.raises(ValueError, match="impossible value|wrong type"):
            entries.decode(stored(beyond))


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        (None, None),
        (Source(4), 4),
        (Source(4, b"patch"), [4, b"patch"]),
        (Source(4, b""), [4, b""]),
        (Source(4, None, DIGEST), [4, None, DIGEST]),
    ],
)
def test_a_source_takes_no_more_room_than_it_needs(source: Source | None, fields: Any) -> None:
    entry = VersionEntry(1, 0, "", "save", "", DIGEST, 1, ContentKind.NOTEBOOK, Change.SOURCE, source)

    assert stored(entry)[-1] == fields


@pytest.mark.parametrize(
    "fields",
    [
        None,
        7,
        "save",
        {},
        [],
        [3],
        [0, 0, "", "", "", DIGEST, 1, 0, 0, None],
        [1, 0.5, "", "", "", DIGEST, 1, 0, 0, None],
        [True, 0, "", "", "", DIGEST, 1, 0, 0, None],
        [1, 0, b"", "", "", DIGEST, 1, 0, 0, None],
        [1, 0, "", "", "", DIGEST[1:], 1, 0, 0, None],
        [1, 0, "", "", "", "x" * 32, 1, 0, 0, None],
        [1, 0, "", "", "", DIGEST, -1, 0, 0, None],
        [1, 0, "", "", "", DIGEST, 1, 9, 0, None],
        [1, 0, "", "", "", DIGEST, 1, 0, 9, None],
        [1, 0, "", "", "", DIGEST, 1, 0, 0, "x"],
        [1, 0, "", "", "", DIGEST, 1, 0, 0, [1, None, b"short"]],
        [1, 0, "", "", "", DIGEST, 1, 0, 0, []],
        [1, 0, "", "", "", DIGEST, 1, 0, 0],
        [1, 0, "", "", "", DIGEST, 1, 0, 0, None, None],
        ["promote"],
        ["unheard of", 0, "", "", None, None, None, None],
        ["promote", "0", "", "", None, None, None, None],
        ["promote", 0, None, "", None, None, None, None],
        ["promote", 0, "", "", 5, None, None, None],
        ["promote", 0, "", "", None, "v1", None, None],
        ["promote", 0, "", "", None, None, None, None, None],
    ],
    ids=repr,
)
def test_what_is_no_entry_is_refused(fields: Any) -> None:
    with pytest.raises(ValueError, match="."):
        entries.decode(fields)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=5) | strategies.digests,
    lambda inner: st.lists(inner, max_size=11) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=30,
)


@given(_json)
def test_whatever_is_stored_is_an_entry_or_refused(fields: Any) -> None:
    try:
        entry = entries.decode(fields)
    except ValueError:
        return
    assert entries.decode(stored(entry)) == entry
