"""Which items of two sequences became which, by how much they share."""

from collections.abc import Hashable, Mapping, Sequence

from depository.diff.sequences import Effort, Pair, heaviest

MAX_PAIRS = 10_000
"""Where more pairs than this would have to be compared, there is no answer."""

Bag = Mapping[Hashable, int]
"""What an item is known by, and how much each part counts."""


def in_order(olds: Sequence[Bag], news: Sequence[Bag], least: float, effort: Effort) -> list[Pair]:
    """Pair items so that the sum of their likeness is greatest and their order stays.

    Args:
        olds: the items before.
        news: the items after.
        least: how alike two must be, from 0 to 1: the Dice coefficient of what they are known by.
        effort: the work that may be done; nothing is paired where it does not suffice.
    """
    steps = sum(map(len, olds)) * len(news) + len(olds) * len(news)
    if len(olds) * len(news) > MAX_PAIRS or not effort.spend(steps):
        return []
    totals = [sum(new.values()) for new in news]
    likeness = [
        [_likeness(old, size, new, total, least) for new, total in zip(news, totals, strict=True)]
        for old, size in ((old, sum(old.values())) for old in olds)
    ]
    return heaviest(likeness)


def _likeness(old: Bag, size: int, new: Bag, total: int, least: float) -> float:
    shared = sum(min(count, new[part]) for part, count in old.items() if part in new)
    likeness = 2 * shared / (size + total) if size + total else 0.0
    return likeness if likeness >= least else 0.0
