"""Layouts: which texts stand in which cell of a version.

A layout is a list of the numbers of texts with a 0 at the end of each cell's; the first cell, number 0, is the notebook
itself. It is kept whole, or as what is between the start and the end that it shares with another one.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence

Layout = Sequence[int]


def layout_of(groups: Iterable[Iterable[int]]) -> Layout:
    """The layout of the numbers of each cell's texts."""
    layout = array("I")
    for group in groups:
        layout.extend(group)
        layout.append(0)
    return layout


def pack(layout: Layout, base: Layout | None = None) -> bytes:
    """The bytes of a layout, or of its difference from another."""
    if base is None:
        return array("I", layout).tobytes()
    most = min(len(layout), len(base))
    head = next((i for i in range(most) if layout[i] != base[i]), most)
    tail = next((i for i in range(most - head) if layout[-1 - i] != base[-1 - i]), most - head)
    return array("I", [head, tail, *layout[head : len(layout) - tail]]).tobytes()


def unpack(data: bytes, base: Layout | None = None) -> Layout:
    """The layout of its bytes.

    Raises:
        ValueError: they are none.
    """
    items = array("I")
    items.frombytes(data)
    if base is None:
        return items
    if len(items) < 2 or items[0] + items[1] > len(base):
        raise ValueError("it is no difference from that layout")
    head, tail = items[0], items[1]
    return array("I", [*base[:head], *items[2:], *base[len(base) - tail :]])


def new_in(data: bytes, *, is_difference: bool) -> set[int]:
    """The numbers of the texts that the bytes of a layout, or of a difference, name."""
    items = array("I")
    items.frombytes(data)
    found = set(items[2:] if is_difference else items)
    found.discard(0)
    return found


def places(layout: Layout) -> Iterator[tuple[int, int]]:
    """The cell and the text of each of its texts, in order."""
    cell = 0
    for item in layout:
        if item:
            yield cell, item
        else:
            cell += 1
