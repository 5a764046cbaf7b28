"""Manifests as they are stored, and how they stay small."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depository.errors import UnsupportedFormat
from depository.history import manifest as manifests
from depository.history import pages
from depository.history.entries import Entry, EventEntry, EventKind, VersionEntry
from depository.history.manifest import GROUP, MAX_BYTES, MAX_RECENT, RUN, Buried, Manifest
from depository.history.pages import Page, Pointer
from depository.objects import frame
from depository.objects.frame import Frame, Kind
from tests.history import strategies

NEWEST = strategies.version(7)


@st.composite
def any_manifest(draw: st.DrawFn) -> Manifest:
    """A manifest as a commit writes it."""
    recent = tuple(draw(strategies.histories(max_size=20)))
    newest = [entry for entry in recent if isinstance(entry, VersionEntry)][-1]
    if draw(st.booleans()):
        # its versions are sealed, and events have come since
        recent = tuple(entry for entry in recent if isinstance(entry, EventEntry))
    return Manifest(
        path=draw(strategies.words),
        generation=draw(st.integers(0, 2**40)),
        write_id=draw(st.binary(min_size=8, max_size=8)),
        latest=newest.number,
        refs=draw(st.dictionaries(strategies.words, strategies.numbers, max_size=4)),
        recent=recent,
        newest=newest,
        back=tuple(draw(st.lists(st.builds(Pointer, strategies.numbers, strategies.numbers, strategies.digests)))),
        fingerprint=draw(st.binary(min_size=16, max_size=16)),
        deleted=draw(st.booleans()),
        renamed_from=draw(st.none() | strategies.words),
        renamed_to=draw(st.none() | strategies.words.filter(bool)),
        buried=tuple(draw(st.lists(st.builds(Buried, strategies.numbers, strategies.digests), max_size=2))),
    )


# As they are stored


@given(any_manifest())
def test_any_manifest_comes_back(manifest: Manifest) -> None:
    again = manifests.unpack(manifests.pack(manifest))

    assert again == manifest._replace(renamed_from=manifest.renamed_from or None)


@given(any_manifest())
def test_its_length_tells_whether_the_path_is_alive(manifest: Manifest) -> None:
    assert manifests.is_alive(len(manifests.pack(manifest))) is manifest.alive
    assert manifest.alive is not (manifest.deleted or manifest.renamed_to is not None)


@given(any_manifest(), st.data())
def test_whatever_is_altered_is_noticed(manifest: Manifest, data: st.DataObject) -> None:
    packed = bytearray(manifests.pack(manifest))
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))

    with pytest.raises((ValueError, UnsupportedFormat)):
        manifests.unpack(bytes(packed))


@given(any_manifest(), st.data())
def test_whatever_is_cut_off_or_added_is_noticed(manifest: Manifest, data: st.DataObject) -> None:
    packed = manifests.pack(manifest)
    end = data.draw(st.integers(0, len(packed) - 1))
    for altered in (packed[:end], packed + b"\0", packed + b"x", packed + b"\0\0"):
        if altered != packed:
            with pytest.raises(ValueError, match="."):
                manifests.unpack(altered)


def test_the_byte_that_marks_a_deleted_path_is_checked_too() -> None:
    marked = 0
    for length in range(1, 9):
        manifest = Manifest("x" * length, deleted=True).appended(strategies.version(1))
        packed = manifests.pack(manifest)
        assert manifests.unpack(packed) == manifest
        if packed[-1:] == b"\0":
            marked += 1
            with pytest.raises(ValueError, match="altered"):
                manifests.unpack(packed[:-1] + b"\1")
    assert marked


@given(st.binary(max_size=200))
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        manifests.unpack(data)


def test_a_frame_of_another_kind_is_no_manifest() -> None:
    manifest = manifests.pack(Manifest("mine.ipynb").appended(NEWEST._replace(number=1)))
    payload = frame.unpack(manifest[: -16 - len(manifest) % 2]).decode()
    other = frame.pack(frame.encode(Kind.PAGE, payload))

    with pytest.raises(ValueError, match="no manifest"):
        manifests.unpack(checked(other))


def checked(packed: bytes) -> bytes:
    """With the check that belongs to it."""
    from blake3 import blake3

    whole = packed + blake3(packed).digest()[:16]
    return whole if len(whole) % 2 == 0 else whole + b"\0"


def test_a_newer_format_is_told_from_damage_however_it_checks_itself() -> None:
    packed = manifests.pack(Manifest("mine.ipynb").appended(strategies.version(1)))
    newer = packed[:3] + b"\x02" + packed[4:]

    with pytest.raises(UnsupportedFormat, match="upgrade"):
        manifests.unpack(newer)


def test_a_manifest_that_contradicts_itself_is_refused() -> None:
    manifest = Manifest("mine.ipynb").appended(strategies.version(1))

    with pytest.raises(ValueError, match="latest"):
        manifests.unpack(manifests.pack(manifest._replace(latest=2)))


@pytest.mark.parametrize("generation", [1 << 63, (1 << 64) - 1, -1])
def test_a_generation_that_nobody_counts_to_is_refused(generation: int) -> None:
    manifest = Manifest("mine.ipynb", generation=generation).appended(strategies.version(1))

    with pytest.raises(ValueError, match="wrong type"):
        manifests.unpack(manifests.pack(manifest))


def test_an_event_is_no_newest_version() -> None:
    event = EventEntry(EventKind.TAG, 0, "kylek", "", "tag", 1)
    packed = manifests.pack(Manifest("mine.ipynb", latest=1, newest=event))  # type: ignore[arg-type] # as none writes it

    with pytest.raises(ValueError, match="its newest version is none"):
        manifests.unpack(packed)


# How they grow


def grown(history: list[Entry]) -> tuple[Manifest, dict[bytes, Page], list[int]]:
    """The manifest of a history that grew entry by entry, its pages, and the sizes that it had."""
    shelf: dict[bytes, Frame] = {}
    manifest, sizes = Manifest("mine.ipynb"), []
    for entry in history:
        manifest, packed, new = manifests.sealed(manifest.appended(entry))
        shelf.update(new)
        sizes.append(len(packed))
        assert manifests.unpack(packed) == manifest
    return manifest, {digest: pages.unseal(each.decode()) for digest, each in shelf.items()}, sizes


@settings(max_examples=20)
@given(strategies.histories(min_size=100), st.sampled_from([0, 30, 400]))
def test_pages_and_manifest_together_hold_the_whole_history_in_order(history: list[Entry], length: int) -> None:
    random = Random(length)
    history = [entry._replace(message=random.randbytes(length // 2).hex()) for entry in history]
    manifest, shelf, _ = grown(history)

    walked = [e for page in pages.walk(manifest.back, lambda pointer: shelf[pointer.hash]) for e in page.entries[::-1]]
    assert [*manifest.recent[::-1], *walked] == history[::-1]
    assert manifest.latest == sum(isinstance(entry, VersionEntry) for entry in history)
    assert manifest.newest == next(entry for entry in reversed(history) if isinstance(entry, VersionEntry))


@settings(max_examples=20)
@given(strategies.histories(min_size=100), st.sampled_from([0, 30, 400, 4000]))
def test_a_manifest_stays_below_its_size_whatever_is_said(history: list[Entry], length: int) -> None:
    random = Random(length)
    _, _, sizes = grown([entry._replace(message=random.randbytes(length // 2).hex()) for entry in history])

    assert max(sizes) <= MAX_BYTES


def test_where_nothing_makes_it_early_a_page_holds_one_group() -> None:
    manifest, shelf, _ = grown([strategies.version(number) for number in range(1, 1001)])

    groups = sorted(tuple(entry.number for entry in versions_of(page)) for page in shelf.values())
    assert groups == [tuple(range(first, first + GROUP)) for first in range(1, 1 + len(shelf) * GROUP, GROUP)]
    assert MAX_RECENT - GROUP <= len(manifest.recent) < MAX_RECENT


def versions_of(page: Page) -> list[VersionEntry]:
    return [entry for entry in page.entries if isinstance(entry, VersionEntry)]


def test_with_long_messages_a_page_ends_with_a_run_where_it_can() -> None:
    random = Random(0)
    history: list[Entry] = [strategies.version(number, message=random.randbytes(100).hex()) for number in range(1, 201)]
    _, shelf, _ = grown(history)

    assert len(shelf) > 200 // GROUP
    assert all(versions_of(page)[-1].number % RUN == 0 for page in shelf.values())


def test_a_flood_of_events_is_sealed_and_the_newest_version_stays_at_hand() -> None:
    flood = [EventEntry(EventKind.TAG, time, "kylek", "", f"tag-{time}", 1) for time in range(1000)]
    manifest, shelf, sizes = grown([strategies.version(1), *flood])

    assert manifest.newest == strategies.version(1)
    assert manifest.newest not in manifest.recent
    assert max(sizes) <= MAX_BYTES
    assert sum(len(page.entries) for page in shelf.values()) + len(manifest.recent) == 1001


def test_no_page_is_too_long_to_be_read_however_much_is_appended_at_once() -> None:
    flood = [EventEntry(EventKind.TAG, 0, "a" * 256, Random(n).randbytes(2048).hex(), "tag", 1) for n in range(700)]
    _, _, new = manifests.sealed(Manifest("a.ipynb").appended(*flood, strategies.version(64), *flood))

    assert len(new) > 10
    assert all(page.size <= pages.MAX_PAGE for page in new.values())


def test_the_pointers_of_the_manifest_are_those_of_a_next_page() -> None:
    manifest, shelf, _ = grown([strategies.version(number) for number in range(1, 1001)])
    newest = shelf[manifest.back[0].hash]

    assert manifest.back == pages.with_page(newest.back, manifest.back[0])
    assert [pointer.position for pointer in manifest.back] == [15, 14, 12, 8]
