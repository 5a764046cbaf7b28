"""Layouts: which texts stand in which cell of a version.

A layout is a list of the numbers of texts with a 0 at the end of each cell's; the first cell, number 0, is the notebook
itself. It is kept whole, or as what is between the start and the end that it shares with another one.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence

Layout = Sequence[int]

Span = tuple[int, int]
"""Versions from one to another, both among them."""


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


def spans(
    rows: Sequence[tuple[int, Layout | None]], latest: int, texts: set[int], versions: Iterable[int]
) -> dict[int, list[Span]]:
    """From which version to which each of some texts is there, the oldest first.

    Args:
        rows: layouts, and from which version on each holds; none where a version could not be read.
        latest: the newest version.
        texts: by their numbers.
        versions: those that count, the oldest first.
    """
    found: dict[int, list[Span]] = {}
    ends = [number for number, _ in rows[1:]] + [latest + 1]
    rest = iter(versions)
    number = next(rest, None)
    for (start, layout), end in zip(rows, ends, strict=True):
        there = texts.intersection(layout or ())
        while number is not None and number < end:
            if number >= start:
                for text in there:
                    _extend(found.setdefault(text, []), number)
            number = next(rest, None)
    return found


def union(some: Iterable[Span]) -> tuple[Span, ...]:
    """The versions that are in any of some spans, as spans."""
    found: list[Span] = []
    for first, last in sorted(set(some)):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return tuple(found)


def _extend(runs: list[Span], number: int) -> None:
    """Add a version after the others, to the last run if it goes on from there."""
    if runs and runs[-1][1] + 1 == number:
        runs[-1] = runs[-1][0], number
    else:
        runs.append((number, number))
