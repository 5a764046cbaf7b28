"""Which cell of one notebook became which of another.

Cells are paired by their ids, then by equal content, then by likeness of source, the Dice coefficient of two multisets
of words, or of characters where words are few; what is paired and out of order has moved.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from depository.diff.sequences import Effort, Pair, common, heaviest, longest_increasing
from depository.notebook.cells import Cell

_NEARBY_LIKENESS = 0.4
"""How alike two cells must be that stand between the same neighbours."""
_FAR_LIKENESS = 0.65
_OTHER_KIND_LIKENESS = 0.6
"""How alike two cells must be of which one is code, say, and the other is not."""
_PIECES_LIKENESS = 0.55
"""How alike two cells of few words must be by pairs of characters, if they stand between the same neighbours."""
_PIECES_SAMPLE = 200
_FAR_WORDS = 5
"""How many words a cell needs to be known again elsewhere."""
_GAP_PAIRS = 10_000
"""How many pairs of cells are all compared within one gap."""
_CANDIDATES = 8
_SOURCE_SAMPLE = 2_000_000
"""How many characters are looked at in all, on each side."""
WORD = re.compile(r"[\u2e80-\ud7ff]|[^\W\u2e80-\ud7ff]{1,16}")


Pairing = tuple[int, int, bool]
"""The old index of a cell, its new one, and whether it moved."""


def align(old: Sequence[Cell], new: Sequence[Cell], effort: Effort) -> list[Pairing]:
    """Pair the cells, in the new order.

    Which notebook is called the old one does not change the pairs.
    """
    if is_second(old, new):
        return sorted(((i, j, moved) for j, i, moved in _align_in_one_way(new, old, effort)), key=lambda pair: pair[1])
    return _align_in_one_way(old, new, effort)


def is_second(old: Sequence[Cell], new: Sequence[Cell]) -> bool:
    """Whether to compare the new notebook with the old one, so that both ways round are the same comparison."""
    before, after = ([(cell.kind, cell.source, cell.id or "") for cell in side] for side in (old, new))
    return before > after


def _align_in_one_way(old: Sequence[Cell], new: Sequence[Cell], effort: Effort) -> list[Pairing]:
    pairs = _pair_by_id(old, new)
    pairs |= _pair_by_content(old, new, pairs, effort)
    pairs |= _pair_by_likeness(old, new, pairs, effort)
    return with_moves(pairs)


def with_moves(pairs: Mapping[int, int]) -> list[Pairing]:
    """Pairs in the new order, and which of them moved: as few as can be."""
    by_new = sorted(pairs.items(), key=lambda pair: pair[1])
    stayed = {by_new[place] for place in longest_increasing([i for i, _ in by_new])}
    return [(i, j, (i, j) not in stayed) for i, j in by_new]


def _pair_by_id(old: Sequence[Cell], new: Sequence[Cell]) -> dict[int, int]:
    before, after = _unique_ids(old), _unique_ids(new)
    pairs = {
        i: after[name]
        for name, i in before.items()
        if name in after and sort_of_cell(old[i]) == sort_of_cell(new[after[name]])
    }
    # Some tools number the cells anew at each save, and then an id says nothing. It shows: the contents of a pair with
    # equal ids are both elsewhere too.
    once_before, once_after = (
        {key for key, n in Counter(map(content_of_cell, side)).items() if n == 1} for side in (old, new)
    )
    settled = {key for key in once_before & once_after if key[1].strip()}
    renumbered = any(
        content_of_cell(old[i]) != content_of_cell(new[j])
        and content_of_cell(old[i]) in settled
        and content_of_cell(new[j]) in settled
        for i, j in pairs.items()
    )
    return {} if renumbered else pairs


def _unique_ids(side: Sequence[Cell]) -> dict[str, int]:
    count = Counter(cell.id for cell in side)
    return {cell.id: cell.index for cell in side if cell.id and count[cell.id] == 1}


def _pair_by_content(
    old: Sequence[Cell], new: Sequence[Cell], known: Mapping[int, int], effort: Effort
) -> dict[int, int]:
    """Pair cells of equal content: in order first, then those that moved."""
    before: list[Hashable] = [content_of_cell(cell) for cell in old]
    after: list[Hashable] = [content_of_cell(cell) for cell in new]
    for i, j in known.items():
        before[i] = after[j] = ("paired", i)
    runs = common(before, after, effort)
    pairs = {run_i + k: run_j + k for run_i, run_j, length in runs for k in range(length)}
    taken = {*pairs.values(), *known.values()}
    waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
    for j in range(len(new) - 1, -1, -1):
        if j not in taken and new[j].source.strip():
            waiting[after[j]].append(j)
    for i, key in enumerate(before):
        if i not in pairs and i not in known and waiting.get(key):
            pairs[i] = waiting[key].pop()
    return pairs


def content_of_cell(cell: Cell) -> tuple[str, str]:
    """Equal for two cells of the same sort and source."""
    return sort_of_cell(cell), cell.source


def sort_of_cell(cell: Cell) -> str:
    """The kind of a cell, by which versions of one cell are told from other cells."""
    # nbformat 4 made Markdown of the heading cells
    return "markdown" if cell.kind == "heading" else cell.kind


def in_reading_order(
    old_count: int, new_count: int, pairs: Sequence[Pairing]
) -> Iterator[tuple[int | None, int | None, bool]]:
    """All cells in the new order, and before each run of new ones the old ones that made room for it."""
    partner = {j: i for i, j, _ in pairs}
    kept = set(partner.values())
    i = j = 0
    stayed = [(pair_i, pair_j) for pair_i, pair_j, moved in pairs if not moved]
    for stop_i, stop_j in [*stayed, (old_count, new_count)]:
        yield from ((gone, None, False) for gone in range(i, stop_i) if gone not in kept)
        yield from ((partner.get(came), came, came in partner) for came in range(j, stop_j))
        if stop_j < new_count:
            yield stop_i, stop_j, False
        i, j = stop_i + 1, stop_j + 1


# Likeness


class _Words(NamedTuple):
    """What a cell that has no partner yet is known by."""

    cell: int
    """Its place in the notebook."""
    sort: str
    gap: int
    """Between which neighbours it stands that have partners, in the same order on both sides."""
    place: int
    """Its place in the gap."""
    counts: Mapping[str, int]
    total: int
    pieces: Mapping[str, int] | None
    """Of a cell of few words, its pairs of characters."""


def _pair_by_likeness(
    old: Sequence[Cell], new: Sequence[Cell], known: Mapping[int, int], effort: Effort
) -> dict[int, int]:
    fixed = sorted(known.items())
    stayed = [fixed[place] for place in longest_increasing([j for _, j in fixed])]
    before = _words(old, set(known), [i for i, _ in stayed])
    after = _words(new, set(known.values()), [j for _, j in stayed])
    by_gap: defaultdict[int, tuple[list[_Words], list[_Words]]] = defaultdict(lambda: ([], []))
    for side, words in enumerate((before, after)):
        for one in words:
            by_gap[one.gap][side].append(one)
    pairs: dict[int, int] = {}
    for olds, news in by_gap.values():
        pairs |= _pair_in_order(olds, news, effort)
    taken = set(pairs.values())
    before = [one for one in before if one.cell not in pairs]
    after = [one for one in after if one.cell not in taken]
    return pairs | _pair_best_first(before, after, effort)


def _words(side: Sequence[Cell], paired: set[int], stayed: Sequence[int]) -> list[_Words]:
    """The cells without a partner that have something to be known by."""
    alone = [cell for cell in side if cell.index not in paired]
    limit = max(_SOURCE_SAMPLE // (len(alone) or 1), 64)
    found: list[_Words] = []
    for cell in alone:
        source = cell.source
        if len(source) > limit:
            source = source[: limit // 2] + source[-limit // 2 :]
        if counts := Counter(WORD.findall(source) or source.split()):
            gap = bisect_left(stayed, cell.index)
            start = stayed[gap - 1] + 1 if gap else 0
            total = counts.total()
            pieces = _pieces(cell.source) if total < _FAR_WORDS else None
            found.append(_Words(cell.index, sort_of_cell(cell), gap, cell.index - start, counts, total, pieces))
    return found


def _pieces(source: str) -> Mapping[str, int]:
    source = source.strip()[:_PIECES_SAMPLE]
    return Counter(map("".join, pairwise(source)))


def _likeness(old: _Words, new: _Words, effort: Effort) -> float:
    """How alike two cells are; 0 if that is too little to be one."""
    nearby = old.gap == new.gap
    least = _NEARBY_LIKENESS if nearby else _FAR_LIKENESS
    fewest = min(old.total, new.total)
    if not nearby and fewest < _FAR_WORDS:
        return 0.0
    if old.sort != new.sort:
        least = 1.0 if fewest < _FAR_WORDS else max(least, _OTHER_KIND_LIKENESS)
    total = old.total + new.total
    likeness = 0.0 if 2 * fewest < least * total else _dice(old.counts, new.counts, total, least, effort)
    if not likeness and nearby and old.pieces and new.pieces and old.sort == new.sort:
        size = sum(old.pieces.values()) + sum(new.pieces.values())
        likeness = _dice(old.pieces, new.pieces, size, _PIECES_LIKENESS, effort)
    return likeness


def _dice(old: Mapping[str, int], new: Mapping[str, int], size: int, least: float, effort: Effort) -> float:
    """The Dice coefficient of two multisets that are so large together; 0 if it is below `least`."""
    small, large = sorted((old, new), key=len)
    if not effort.spend(len(small)):
        return 0.0
    shared = sum(min(count, large[word]) for word, count in small.items() if word in large)
    likeness = 2 * shared / size
    return likeness if likeness >= least else 0.0


def _pair_in_order(olds: Sequence[_Words], news: Sequence[_Words], effort: Effort) -> dict[int, int]:
    """Pair the cells of one gap so that the sum of likeness is greatest and none moves. A large gap gets no pairs."""
    if len(olds) == len(news) == 1 and max(olds[0].total, news[0].total) < _FAR_WORDS and olds[0].sort == news[0].sort:
        # so few words can't tell; what stands alone in the place of another became it
        return {olds[0].cell: news[0].cell}
    if len(olds) * len(news) > _GAP_PAIRS or not effort.spend(len(olds) * len(news)):
        return {}
    likeness = [[_likeness(old, new, effort) for new in news] for old in olds]
    return {olds[i].cell: news[j].cell for i, j in heaviest(likeness)}


def _pair_best_first(olds: Sequence[_Words], news: Sequence[_Words], effort: Effort) -> dict[int, int]:
    """Pair cells anywhere, the most alike first, among those that share a rare word or the same place in a gap."""
    holders: defaultdict[str, list[int]] = defaultdict(list)
    at_place: dict[Pair, int] = {}
    for position, old in enumerate(olds):
        at_place[old.gap, old.place] = position
        for word in old.counts:
            holders[word].append(position)
    rare = {word: found for word, found in holders.items() if len(found) <= _CANDIDATES}
    scored: list[tuple[float, int, int, int, int]] = []
    for new in news:
        votes = Counter(position for word in new.counts for position in rare.get(word, ()))
        candidates = [position for position, _ in votes.most_common(_CANDIDATES)]
        near = (at_place.get((new.gap, new.place + step)) for step in (-1, 0, 1))
        for position in {*candidates, *(position for position in near if position is not None)}:
            old = olds[position]
            if likeness := _likeness(old, new, effort):
                scored.append((-likeness, old.gap != new.gap, abs(old.place - new.place), old.cell, new.cell))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, _, i, j in sorted(scored):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs
