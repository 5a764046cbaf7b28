"""What an error says of the versions that a damaged object takes along."""

import pytest

from depository.backends.memory import MemoryBackend
from depository.errors import AlteredObject, CorruptData, MissingObject
from depository.history import damage, pages
from depository.history.commit import Commits
from depository.history.entries import EventEntry, EventKind, VersionEntry
from depository.history.manifest import Manifest
from depository.history.pages import Page, Pointer
from depository.objects import frame
from depository.objects.frame import Kind
from depository.objects.store import Objects
from tests.history import strategies

PATH = "mine.ipynb"
EVENT = EventEntry(EventKind.TAG, 0, "ada", "", "sent", 1)


class Shelf:
    """A store with histories that are put together by hand."""

    def __init__(self) -> None:
        self.objects = Objects(MemoryBackend())
        self.commits = Commits(self.objects._backend, self.objects, token=lambda: b"", pause=lambda _: None)

    def version(self, number: int) -> VersionEntry:
        """A version whose blob is there."""
        data = b"version %d" % number
        (digest,) = self.objects.write({bytes([number]) * 32: frame.encode(Kind.BYTES, data)})
        return strategies.version(number)._replace(hash=digest, source=None)

    def page(
        self, position: int, first: int, back: tuple[Pointer, ...], *entries: VersionEntry | EventEntry
    ) -> Pointer:
        """Write a page."""
        pointer, made = pages.seal(Page(PATH, position, first, back, entries))
        self.objects.write({pointer.hash: made})
        return pointer

    def explained(self, manifest: Manifest, digest: bytes) -> str:
        """What is said of a damaged object."""
        error = damage.explained(AlteredObject("It is damaged.", digest), manifest, self.commits, self.objects)
        return str(error).removeprefix("It is damaged. ")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_an_error_that_names_no_object_stays_as_it_is(shelf: Shelf) -> None:
    error = CorruptData("The manifest is damaged.")
    assert damage.explained(error, Manifest(PATH), shelf.commits, shelf.objects) is error


def test_an_object_that_no_version_needs_is_not_explained(shelf: Shelf) -> None:
    manifest = Manifest(PATH).appended(shelf.version(1))
    assert shelf.explained(manifest, bytes(32)) == "It is damaged."


def test_a_blob_takes_its_own_version_along(shelf: Shelf) -> None:
    one, other = shelf.version(1), shelf.version(2)
    manifest = Manifest(PATH).appended(one, other)
    assert shelf.explained(manifest, other.hash) == f"v2 of '{PATH}' cannot be read; every other version can."


@pytest.mark.parametrize(("last", "said"), [(1, "v1"), (3, "v1 to v3")])
def test_a_lost_page_takes_the_versions_along_that_were_in_it(shelf: Shelf, last: int, said: str) -> None:
    newest = shelf.version(last + 1)
    lost = Pointer(1, 1, b"\xff" * 32)
    manifest = Manifest(PATH, back=(lost,)).appended(newest)
    assert shelf.explained(manifest, lost.hash) == f"{said} of '{PATH}' cannot be read; every other version can."


def test_versions_that_are_no_neighbours_are_named_one_by_one(shelf: Shelf) -> None:
    first, second = shelf.version(1), shelf.version(2)
    manifest = Manifest(PATH).appended(first, second, first._replace(number=3), first._replace(number=4))
    assert shelf.explained(manifest, first.hash).startswith(f"v1, v3 to v4 of '{PATH}' cannot be read")


def test_a_lost_page_before_a_manifest_of_events_takes_the_newest_version_along_and_no_more(shelf: Shelf) -> None:
    lost = Pointer(1, 1, b"\xff" * 32)
    manifest = Manifest(PATH, latest=2, recent=(EVENT,), newest=shelf.version(2), back=(lost,))
    assert shelf.explained(manifest, lost.hash) == f"v1 to v2 of '{PATH}' cannot be read; every other version can."


def test_a_lost_page_of_events_takes_no_version_along(shelf: Shelf) -> None:
    oldest = shelf.page(1, 1, (), shelf.version(1))
    lost = Pointer(2, 2, b"\xff" * 32)
    manifest = Manifest(PATH, back=(lost, oldest)).appended(shelf.version(2))
    assert shelf.explained(manifest, lost.hash) == "It is damaged."


@pytest.mark.parametrize(("looked_at", "said"), [(2, "older ones may need it too"), (3, "every other version can")])
def test_where_not_all_is_looked_at_that_is_said(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, looked_at: int, said: str
) -> None:
    versions = [shelf.version(number) for number in (1, 2, 3)]
    first = shelf.page(1, 1, (), versions[0])
    second = shelf.page(2, 2, (first,), versions[1])
    manifest = Manifest(PATH, back=(second, first)).appended(versions[2])
    monkeypatch.setattr(damage, "_MAX_FRAMES", looked_at)
    assert shelf.explained(manifest, versions[2].hash) == f"v3 of '{PATH}' cannot be read; {said}."


def test_a_lost_page_is_told_however_much_was_looked_at(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = [shelf.version(number) for number in (3, 4)]
    lost = Pointer(1, 1, b"\xff" * 32)
    page = shelf.page(2, 3, (lost,), versions[0])
    manifest = Manifest(PATH, back=(page, lost)).appended(versions[1])
    monkeypatch.setattr(damage, "_MAX_FRAMES", 1)
    assert shelf.explained(manifest, lost.hash).startswith(f"v1 to v2 of '{PATH}' cannot be read; older ones may")


def test_a_page_that_is_another_than_was_pointed_to_is_refused(shelf: Shelf) -> None:
    right = shelf.page(1, 1, (), shelf.version(1))
    for wrong in (right._replace(position=2), right._replace(first=2)):
        with pytest.raises(AlteredObject, match="is not the one that was pointed to"):
            shelf.commits.read_page(wrong)
    with pytest.raises(MissingObject):
        shelf.commits.read_page(Pointer(1, 1, b"\xff" * 32))
