"""Which items of two sequences became which, by how much they share."""

from collections.abc import Hashable, Mapping, Sequence

from depository.diff.sequences import Effort, Pair

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
    # best[i][j]: the greatest sum that olds[i:] and news[j:] can have
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for i in range(len(olds) - 1, -1, -1):
        for j in range(len(news) - 1, -1, -1):
            paired = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    pairs: list[Pair] = []
    i = j = 0
    while i < len(olds) and j < len(news):
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _likeness(old: Bag, size: int, new: Bag, total: int, least: float) -> float:
    shared = sum(min(count, new[part]) for part, count in old.items() if part in new)
    likeness = 2 * shared / (size + total) if size + total else 0.0
    return likeness if likeness >= least else 0.0
