"""The manifest that the pages of a history lead to."""

import pytest

from depository.history.entries import Entry, EventEntry, EventKind
from depository.history.pages import Page, Pointer
from depository.verifying.mending import replayed
from tests.history.strategies import version

PATH, OTHER = "mine.ipynb", "other.ipynb"
BACK = (Pointer(1, 1, bytes(32)),)


def event(kind: EventKind, other: str | None = None) -> EventEntry:
    return EventEntry(kind, 0, "ada", "", other=other)


RENAMED, BROUGHT_BACK = event(EventKind.RENAME, OTHER), event(EventKind.UNDELETE, OTHER)
DELETED, UNDELETED = event(EventKind.DELETE), event(EventKind.UNDELETE)


@pytest.mark.parametrize(
    ("events", "renamed_from", "deleted"),
    [
        ([], None, False),
        ([RENAMED], OTHER, False),
        ([BROUGHT_BACK], None, False),
        ([RENAMED, BROUGHT_BACK], None, False),
        ([BROUGHT_BACK, RENAMED], OTHER, False),
        ([RENAMED, DELETED, UNDELETED], OTHER, False),
        ([RENAMED, DELETED], OTHER, True),
    ],
)
def test_where_a_history_came_from_is_known_of_its_last_rename(
    events: list[EventEntry], renamed_from: str | None, deleted: bool
) -> None:
    entries: tuple[Entry, ...] = (version(1), *events, event(EventKind.WITHDRAW), version(2))
    if deleted:
        entries = (version(1), version(2), *events, event(EventKind.WITHDRAW))
    found = replayed(PATH, BACK, [Page(PATH, 1, 1, (), entries)], lambda _: bytes(16))

    assert found is not None
    assert (found.renamed_from, found.deleted, found.latest) == (renamed_from, deleted, 2)
