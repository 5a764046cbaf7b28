"""Any history: entries as the API makes them, drawn by hypothesis."""

from hypothesis import strategies as st

from depository.history.entries import Change, ContentKind, Entry, EventEntry, EventKind, Source, VersionEntry

digests = st.binary(min_size=32, max_size=32)
times = st.integers(-62_135_596_800_000, 253_402_300_799_999)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
numbers = st.integers(1, 2**40)

styles = st.integers(0, 63)
sources = st.one_of(
    st.none(),
    styles.map(Source),
    st.tuples(styles, st.binary(max_size=64)).map(lambda fields: Source(*fields)),
    st.tuples(styles, digests).map(lambda fields: Source(fields[0], None, fields[1])),
)

versions = st.builds(
    VersionEntry,
    numbers,
    times,
    words,
    words,
    words,
    digests,
    st.integers(0, 2**30),
    st.sampled_from(ContentKind),
    st.sampled_from(Change),
    sources,
)

events = st.builds(
    EventEntry,
    st.sampled_from(EventKind),
    times,
    words,
    words,
    st.none() | words,
    st.none() | numbers,
    st.none() | numbers,
    st.none() | words,
)

entries = versions | events


@st.composite
def histories(draw: st.DrawFn, min_size: int = 1, max_size: int = 400, message: str = "") -> list[Entry]:
    """Entries in the order in which they happened, versions numbered from 1 without gaps, the first one first."""
    kinds = draw(st.lists(st.booleans(), min_size=min_size - 1, max_size=max_size - 1))
    made: list[Entry] = []
    number = 0
    for step, is_version in enumerate([True, *kinds]):
        if is_version:
            number += 1
            made.append(version(number, time=step, message=message))
        else:
            made.append(EventEntry(EventKind.TAG, step, "kylek", message, f"tag-{step}", number))
    return made


def version(number: int, *, time: int = 0, message: str = "") -> VersionEntry:
    """A version whose content nobody else has."""
    digest = number.to_bytes(32, "big")
    return VersionEntry(number, time, "kylek", "save", message, digest, 100, ContentKind.NOTEBOOK, Change.SOURCE, None)
