"""An item as a file."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.spool import items
from depository.spool.items import Item, Kind, Torn

words = st.text(max_size=20)
maybe = st.none() | words
any_item = st.builds(
    Item,
    kind=st.sampled_from(Kind),
    time=st.integers(-(2**63), 2**63 - 1),
    author=words | st.just("\udcff"),
    cause=words,
    shown=words,
    url=maybe,
    path=maybe,
    s3=st.dictionaries(words, words, max_size=3),
    file=maybe,
    old=maybe,
    directory=st.booleans(),
    content=st.just(b""),
)


def encoded(item: Item, *content: bytes) -> bytes:
    return b"".join(items.encode(item, "a name", content))


ITEM = Item(Kind.SAVE, 1, "ann", "save", "a.ipynb", "/depository", "ann/a.ipynb", {"region": "x"}, "/home/ann/a.ipynb")


@given(any_item, st.lists(st.binary(max_size=50), max_size=3))
def test_an_item_is_read_as_it_was_written(item: Item, content: list[bytes]) -> None:
    data = encoded(item, *content)
    assert items.decode(data) == item._replace(content=b"".join(content))
    assert items.decode_header(data) == item
    assert items.name_in(data) == "a name"


def test_an_item_that_ends_anywhere_too_early_is_torn() -> None:
    data = encoded(ITEM, b"content")
    for size in range(len(data)):
        with pytest.raises(Torn):
            items.decode(data[:size])


def test_an_item_with_any_byte_changed_is_damaged() -> None:
    data = encoded(ITEM, b"content")
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x01
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it is refused
            items.decode(bytes(changed))


def test_a_header_that_is_looked_at_alone_has_the_fields_of_one_whatever_was_altered() -> None:
    data = encoded(ITEM, b"content")
    for at, mask in itertools.product(range(8, len(data) - 40), range(1, 256)):
        changed = bytearray(data)
        changed[at] ^= mask
        try:
            found = items.decode_header(bytes(changed))
        except ValueError:
            continue
        assert type(found.time) is int
        assert isinstance(found.path, str | None)
        assert isinstance(found.author, str)
        assert dict(found.s3) is not None
        assert isinstance(found.directory, bool)


def test_an_item_with_something_behind_it_is_damaged() -> None:
    with pytest.raises(ValueError, match="it ends after"):
        items.decode(encoded(ITEM, b"content") + b"x")


@pytest.mark.parametrize("data", [b"something else", b"DPS\x02" + bytes(100), b"{"])
def test_another_file_is_no_item(data: bytes) -> None:
    with pytest.raises(ValueError, match="no item of a spool"):
        items.decode(data)


def test_a_header_that_is_said_to_be_huge_is_not_waited_for() -> None:
    with pytest.raises(ValueError, match="4,294,967,295 bytes"):
        items.decode_header(items.MAGIC + b"\xff" * 4)


def test_a_header_is_read_from_the_first_bytes_alone() -> None:
    data = encoded(ITEM._replace(author="a" * 60_000), bytes(100_000))
    assert items.decode_header(data[: items.LONGEST_HEADER]).author == "a" * 60_000
    with pytest.raises(Torn):
        items.decode_header(data[:4096])
