"""What two sequences have in common, in order, with bounded work.

Patience first: the items that occur once on each side, in the longest order they share (Cohen); in the gaps that are
small enough an exact longest common subsequence by bit vectors (Hyyrö 2004). All of it is linear but for what an
`Effort` pays for. Where that runs out the answer gets coarser, not late.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

Pair = tuple[int, int]
Run = tuple[int, int, int]
"""So many equal items in a row: where in the old sequence, where in the new one, how many."""

_COARSE_ITEMS = 1_000_000
"""Where effort has run out, a range of more items than this counts as replaced."""
_EXACT_CELLS = 2**28
"""The largest table, in bits, that an exact comparison keeps."""


class Effort:
    """How much work one comparison may take, in items looked at; spent where work could grow faster than the input."""

    def __init__(self, limit: int = 3_000_000) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self, steps: int) -> bool:
        """Take so many steps, and say whether there were as many left; if not, none is taken."""
        if self.spent + steps > self.limit:
            return False
        self.spent += steps
        return True


def common(old: Sequence[Hashable], new: Sequence[Hashable], effort: Effort) -> list[Run]:
    """Find equal items that are in the same order on both sides, as runs in order."""
    numbers: dict[Hashable, int] = {}
    before = [numbers.setdefault(item, len(numbers)) for item in old]
    after = [numbers.setdefault(item, len(numbers)) for item in new]
    runs: list[Run] = []
    ranges = [(0, len(before), 0, len(after))]
    while ranges:
        low, high, left, right = ranges.pop()
        head = 0
        while low + head < high and left + head < right and before[low + head] == after[left + head]:
            head += 1
        runs.append((low, left, head))
        low, left = low + head, left + head
        tail = 0
        while low < high - tail and left < right - tail and before[high - tail - 1] == after[right - tail - 1]:
            tail += 1
        high, right = high - tail, right - tail
        runs.append((high, right, tail))
        if low == high or left == right:
            continue
        height, width = high - low, right - left
        paid = effort.spend(height + width)
        if not paid and height + width > _COARSE_ITEMS:
            continue
        anchors = _anchors(before[low:high], after[left:right], unique=paid)
        if not paid:
            runs += [(low + i, left + j, 1) for i, j in anchors]
        elif anchors:
            stops = [(low + i, left + j) for i, j in anchors]
            for (i, j), (next_i, next_j) in zip([(low, left), *stops], [*stops, (high, right)], strict=True):
                ranges.append((i, next_i, j, next_j))
        elif height * width <= _EXACT_CELLS and effort.spend(4 * (height + width) + height * width // 256):
            exact = _longest_common(before[low:high], after[left:right])
            runs += [(low + i, left + j, 1) for i, j in exact]
        else:
            runs += [(low + i, left + j, 1) for i, j in _anchors(before[low:high], after[left:right], unique=False)]
    return _merged(runs)


def _merged(runs: list[Run]) -> list[Run]:
    merged: list[Run] = []
    for i, j, length in sorted(run for run in runs if run[2]):
        if merged and merged[-1][0] + merged[-1][2] == i and merged[-1][1] + merged[-1][2] == j:
            merged[-1] = (*merged[-1][:2], merged[-1][2] + length)
        else:
            merged.append((i, j, length))
    return merged


def _anchors(old: Sequence[int], new: Sequence[int], *, unique: bool) -> list[Pair]:
    """Pair what occurs once on each side, or else the n-th occurrence with the n-th; then what is in order of it."""
    before, after = _occurrences(old, unique=unique), _occurrences(new, unique=unique)
    pairs = [(i, after[key]) for key, i in before.items() if key in after]
    return [pairs[place] for place in longest_increasing([j for _, j in pairs])]


def _occurrences(items: Sequence[int], *, unique: bool) -> dict[Pair, int]:
    seen: Counter[int] = Counter()
    found: dict[Pair, int] = {}
    for position, item in enumerate(items):
        found[item, seen[item]] = position
        seen[item] += 1
    return {key: position for key, position in found.items() if seen[key[0]] == 1} if unique else found


def heaviest(weights: Sequence[Sequence[float]]) -> list[Pair]:
    """Pair rows with columns, in order, so that the sum of their weights is greatest; what weighs 0 is never paired.

    The work grows with the size of the table: it is for the caller to keep that small.
    """
    height, width = len(weights), len(weights[0]) if weights else 0
    # best[i][j]: the greatest sum that the rows from i and the columns from j on can have
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for i in range(height - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for j in range(width - 1, -1, -1):
            paired = weights[i][j] + below[j + 1] if weights[i][j] else 0.0
            row[j] = max(paired, below[j], row[j + 1])
    pairs: list[Pair] = []
    i = j = 0
    while i < height and j < width:
        if weights[i][j] and best[i][j] == weights[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def longest_increasing(numbers: Sequence[int]) -> list[int]:
    """The places of a longest increasing subsequence of distinct numbers (Fredman's patience sorting)."""
    tops: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        before.append(places[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [number]
        places[pile : pile + 1] = [place]
    chain: list[int] = []
    place = places[-1] if places else -1
    while place >= 0:
        chain.append(place)
        place = before[place]
    return chain[::-1]


def _longest_common(old: Sequence[int], new: Sequence[int]) -> list[Pair]:
    """A longest common subsequence: a bit of a row is 0 where one old item more makes it longer (Hyyrö 2004)."""
    if len(old) > len(new):
        return [(i, j) for j, i in _longest_common(new, old)]
    shared = set(new)
    masks: defaultdict[int, int] = defaultdict(int)
    for i, item in enumerate(old):
        if item in shared:
            masks[item] |= 1 << i
    full = (1 << len(old)) - 1
    row = full
    rows = []
    for item in new:
        matched = row & masks.get(item, 0)
        row = ((row + matched) | (row - matched)) & full
        rows.append(row)
    pairs: list[Pair] = []
    i, j = len(old) - 1, len(new) - 1
    while i >= 0 and j >= 0:
        if rows[j] >> i & 1:
            i -= 1
        elif j and not rows[j - 1] >> i & 1:
            j -= 1
        else:
            pairs.append((i, j))
            i, j = i - 1, j - 1
    return pairs[::-1]
