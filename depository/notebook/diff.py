"""What changed between two notebooks, cell by cell, and between two texts, line by line.

Cells are paired by their ids, then by equal source, then by likeness of source; what is paired and out of order has
moved. Equal things are found in order by patience: the items that occur once on each side first, in the longest order
they share (Cohen), then an exact longest common subsequence by bit vectors (Hyyrö 2004) in the gaps that are small
enough for it. Likeness is the Dice coefficient of two multisets of words.

All of it is linear but for what an `Effort` pays for. Where that runs out the answer gets coarser, not late.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from depository.notebook.cells import (
    Cell,
    Output,
    as_json,
    cells,
    coalesce,
    content_of,
    format_version,
    notebook_metadata,
    sort_of,
)

Status = Literal["equal", "changed", "added", "removed", "moved"]
Tag = Literal[" ", "-", "+"]
Pair = tuple[int, int]


class OutputChange(NamedTuple):
    """An output that came, went or became another; neighbouring outputs of one stream count as one."""

    old: Output | None
    new: Output | None


class CellChange(NamedTuple):
    """A cell of either notebook, or the pair of both."""

    status: Status
    """``moved`` only where nothing else changed."""
    old: Cell | None
    new: Cell | None
    source_changed: bool = False
    outputs_changed: bool = False
    metadata_changed: bool = False
    attachments_changed: bool = False
    execution_count_changed: bool = False
    moved: bool = False
    outputs: tuple[OutputChange, ...] = ()
    """What `outputs_changed` is about, in order."""


class Counts(NamedTuple):
    """How many changes there are of each status."""

    equal: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0
    moved: int = 0


class NotebookDiff(NamedTuple):
    """All that changed from one notebook to another."""

    changes: tuple[CellChange, ...]
    """Each old cell and each new cell once, in the order of the new notebook; removed ones where they had been."""
    counts: Counts
    old_metadata: Mapping[str, Any]
    new_metadata: Mapping[str, Any]
    metadata_changed: bool
    """The notebook's own, not its cells'."""
    old_format: str
    """nbformat's version, such as ``4.5``."""
    new_format: str

    @property
    def is_empty(self) -> bool:
        """Nothing changed of what was compared."""
        same_cells = self.counts.equal == len(self.changes)
        return same_cells and not self.metadata_changed and self.old_format == self.new_format


class HunkLine(NamedTuple):
    """A line of a hunk: kept, gone or new."""

    tag: Tag
    text: str


class Hunk(NamedTuple):
    """A run of changed lines with the unchanged ones around it."""

    old_start: int
    """Its first line in the old text, from 1."""
    new_start: int
    lines: tuple[HunkLine, ...]


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


def diff(
    old: object,
    new: object,
    *,
    outputs: bool = True,
    metadata: bool = False,
    execution_counts: bool = False,
    effort: Effort | None = None,
) -> NotebookDiff:
    """Compare two notebooks of any nbformat, valid or not.

    Args:
        old: the notebook before, as a dict.
        new: the notebook after.
        outputs: compare the outputs of cells.
        metadata: compare the metadata of the notebook, its cells and its outputs.
        execution_counts: compare the execution counts of cells.
        effort: the work that may be done; a new default one if None.
    """
    effort = effort or Effort()
    compared = _Compared(outputs, metadata, execution_counts)
    old_cells, new_cells = cells(old), cells(new)
    changes = tuple(
        _change(None if i is None else old_cells[i], None if j is None else new_cells[j], compared, effort, moved=moved)
        for i, j, moved in _in_reading_order(len(old_cells), len(new_cells), _align(old_cells, new_cells, effort))
    )
    counted = Counter[str](change.status for change in changes)
    old_metadata, new_metadata = notebook_metadata(old), notebook_metadata(new)
    return NotebookDiff(
        changes,
        Counts(**counted),
        old_metadata,
        new_metadata,
        metadata and _differ(old_metadata, new_metadata),
        format_version(old),
        format_version(new),
    )


def lines(old: str, new: str, context: int = 3, effort: Effort | None = None) -> tuple[Hunk, ...]:
    """Compare two texts line by line.

    Args:
        old: the text before.
        new: the text after.
        context: how many unchanged lines to keep around changed ones.
        effort: the work that may be done; a new default one if None.
    """
    before, after = _split_lines(old, new)
    runs = _common(before, after, effort or Effort())
    context = max(context, 0)
    hunks: list[Hunk] = []
    kept: list[HunkLine] = []
    start = (0, 0)
    i = j = 0
    for run_i, run_j, length in [*runs, (len(before), len(after), 0)]:
        if run_i > i or run_j > j:
            if not kept:
                lead = min(context, i)
                start = (i - lead, j - lead)
                kept = [HunkLine(" ", line) for line in before[i - lead : i]]
            kept += [HunkLine("-", line) for line in before[i:run_i]]
            kept += [HunkLine("+", line) for line in after[j:run_j]]
        i, j = run_i + length, run_j + length
        if kept:
            ends = length > 2 * context or (i, j) == (len(before), len(after))
            kept += [HunkLine(" ", line) for line in before[run_i : run_i + min(length, context) if ends else i]]
            if ends:
                hunks.append(Hunk(start[0] + 1, start[1] + 1, tuple(kept)))
                kept = []
    return tuple(hunks)


def _split_lines(old: str, new: str) -> tuple[list[str], list[str]]:
    before = old.split("\n") if old else []
    after = new.split("\n") if new else []
    # the end of a last line is no line of its own, unless only one side has it
    if before and after and not before[-1] and not after[-1]:
        return before[:-1], after[:-1]
    return before, after


# What a pair of cells has that differs


class _Compared(NamedTuple):
    outputs: bool
    metadata: bool
    execution_counts: bool


def _change(old: Cell | None, new: Cell | None, compared: _Compared, effort: Effort, *, moved: bool) -> CellChange:
    if old is None or new is None:
        return CellChange("added" if old is None else "removed", old, new)
    changed_outputs = _output_changes(old.outputs, new.outputs, effort) if compared.outputs else ()
    output_metadata = [[output.metadata for output in cell.outputs] for cell in (old, new)]
    differs = {
        "source_changed": _content(old) != _content(new),
        "outputs_changed": bool(changed_outputs),
        "metadata_changed": compared.metadata and (_differ(old.metadata, new.metadata) or _differ(*output_metadata)),
        "attachments_changed": _differ(old.attachments, new.attachments),
        "execution_count_changed": compared.execution_counts and old.execution_count != new.execution_count,
    }
    status: Status = "changed" if any(differs.values()) else "moved" if moved else "equal"
    return CellChange(status, old, new, **differs, moved=moved, outputs=changed_outputs)


def _output_changes(old: Sequence[Output], new: Sequence[Output], effort: Effort) -> tuple[OutputChange, ...]:
    before, after = coalesce(old), coalesce(new)
    runs = _common([content_of(output) for output in before], [content_of(output) for output in after], effort)
    changes: list[OutputChange] = []
    i = j = 0
    for run_i, run_j, length in [*runs, (len(before), len(after), 0)]:
        changes += _replaced(before[i:run_i], after[j:run_j])
        i, j = run_i + length, run_j + length
    return tuple(changes)


def _replaced(old: Sequence[Output], new: Sequence[Output]) -> Iterator[OutputChange]:
    """Pair outputs of the same sort in the order they come; the rest went or came."""
    waiting: defaultdict[Hashable, list[Output]] = defaultdict(list)
    for output in reversed(new):
        waiting[sort_of(output)].append(output)
    came = {id(output) for output in new}
    for output in old:
        partners = waiting[sort_of(output)]
        partner = partners.pop() if partners else None
        came.discard(id(partner))
        yield OutputChange(output, partner)
    yield from (OutputChange(None, output) for output in new if id(output) in came)


def _differ(old: object, new: object) -> bool:
    return old is not new and as_json(old) != as_json(new)


# Which cell became which


def _align(old: Sequence[Cell], new: Sequence[Cell], effort: Effort) -> list[tuple[int, int, bool]]:
    """Pair the cells: old index, new index, whether it moved; in the new order.

    Which notebook is called the old one does not change the pairs.
    """
    before, after = ([(cell.kind, cell.source, cell.id or "") for cell in side] for side in (old, new))
    if before > after:
        return sorted(((i, j, moved) for j, i, moved in _align_in_one_way(new, old, effort)), key=lambda pair: pair[1])
    return _align_in_one_way(old, new, effort)


def _align_in_one_way(old: Sequence[Cell], new: Sequence[Cell], effort: Effort) -> list[tuple[int, int, bool]]:
    pairs = _pair_by_id(old, new)
    pairs |= _pair_by_content(old, new, pairs, effort)
    pairs |= _pair_by_likeness(old, new, pairs, effort)
    by_new = sorted(pairs.items(), key=lambda pair: pair[1])
    stayed = {by_new[place] for place in _longest_increasing([i for i, _ in by_new])}
    return [(i, j, (i, j) not in stayed) for i, j in by_new]


def _pair_by_id(old: Sequence[Cell], new: Sequence[Cell]) -> dict[int, int]:
    before, after = _unique_ids(old), _unique_ids(new)
    pairs = {i: after[name] for name, i in before.items() if name in after and _sort(old[i]) == _sort(new[after[name]])}
    # Some tools number the cells anew at each save, and then an id says nothing. It shows: the contents of a pair with
    # equal ids are both elsewhere too.
    once_before, once_after = (
        {key for key, n in Counter(map(_content, side)).items() if n == 1} for side in (old, new)
    )
    settled = {key for key in once_before & once_after if key[1].strip()}
    renumbered = any(
        _content(old[i]) != _content(new[j]) and _content(old[i]) in settled and _content(new[j]) in settled
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
    before: list[Hashable] = [_content(cell) for cell in old]
    after: list[Hashable] = [_content(cell) for cell in new]
    for i, j in known.items():
        before[i] = after[j] = ("paired", i)
    runs = _common(before, after, effort)
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


def _content(cell: Cell) -> tuple[str, str]:
    return _sort(cell), cell.source


def _sort(cell: Cell) -> str:
    # nbformat 4 made Markdown of the heading cells
    return "markdown" if cell.kind == "heading" else cell.kind


# Likeness

_NEARBY_LIKENESS = 0.4
"""How alike two cells must be that stand between the same neighbours."""
_FAR_LIKENESS = 0.65
_FAR_WORDS = 5
"""How many words a cell needs to be known again elsewhere."""
_GAP_PAIRS = 10_000
"""How many pairs of cells are all compared within one gap."""
_CANDIDATES = 8
_SOURCE_SAMPLE = 2_000_000
"""How many characters are looked at in all, on each side."""
_WORD = re.compile(r"[\u2e80-\ud7ff]|[^\W\u2e80-\ud7ff]{1,16}")


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


def _pair_by_likeness(
    old: Sequence[Cell], new: Sequence[Cell], known: Mapping[int, int], effort: Effort
) -> dict[int, int]:
    fixed = sorted(known.items())
    stayed = [fixed[place] for place in _longest_increasing([j for _, j in fixed])]
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
        if counts := Counter(_WORD.findall(source) or source.split()):
            gap = bisect_left(stayed, cell.index)
            start = stayed[gap - 1] + 1 if gap else 0
            found.append(_Words(cell.index, _sort(cell), gap, cell.index - start, counts, counts.total()))
    return found


def _likeness(old: _Words, new: _Words, least: float, effort: Effort) -> float:
    """The Dice coefficient of the words of two cells; 0 if it is below `least`."""
    total = old.total + new.total
    if old.sort != new.sort or 2 * min(old.total, new.total) < least * total:
        return 0.0
    small, large = sorted((old.counts, new.counts), key=len)
    if not effort.spend(len(small)):
        return 0.0
    shared = sum(min(count, large[word]) for word, count in small.items() if word in large)
    likeness = 2 * shared / total
    return likeness if likeness >= least else 0.0


def _pair_in_order(olds: Sequence[_Words], news: Sequence[_Words], effort: Effort) -> dict[int, int]:
    """Pair the cells of one gap so that the sum of likeness is greatest and none moves. A large gap gets no pairs."""
    if len(olds) * len(news) > _GAP_PAIRS or not effort.spend(len(olds) * len(news)):
        return {}
    likeness = [[_likeness(old, new, _NEARBY_LIKENESS, effort) for new in news] for old in olds]
    # best[i][j]: the greatest sum that olds[i:] and news[j:] can have
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for i in range(len(olds) - 1, -1, -1):
        for j in range(len(news) - 1, -1, -1):
            paired = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    pairs: dict[int, int] = {}
    i = j = 0
    while i < len(olds) and j < len(news):
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            pairs[olds[i].cell] = news[j].cell
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


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
            nearby = old.gap == new.gap
            if not nearby and min(old.total, new.total) < _FAR_WORDS:
                continue
            if likeness := _likeness(old, new, _NEARBY_LIKENESS if nearby else _FAR_LIKENESS, effort):
                scored.append((-likeness, not nearby, abs(old.place - new.place), old.cell, new.cell))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, _, i, j in sorted(scored):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def _in_reading_order(
    old_count: int, new_count: int, pairs: Sequence[tuple[int, int, bool]]
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


# What two sequences have in common

Run = tuple[int, int, int]
"""So many equal items in a row: where in the old sequence, where in the new one, how many."""

_COARSE_ITEMS = 1_000_000
"""Where effort has run out, a range of more items than this counts as replaced."""
_EXACT_CELLS = 2**28
"""The largest table, in bits, that an exact comparison keeps."""


def _common(old: Sequence[Hashable], new: Sequence[Hashable], effort: Effort) -> list[Run]:
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
    return [pairs[place] for place in _longest_increasing([j for _, j in pairs])]


def _occurrences(items: Sequence[int], *, unique: bool) -> dict[Pair, int]:
    seen: Counter[int] = Counter()
    found: dict[Pair, int] = {}
    for position, item in enumerate(items):
        found[item, seen[item]] = position
        seen[item] += 1
    return {key: position for key, position in found.items() if seen[key[0]] == 1} if unique else found


def _longest_increasing(numbers: Sequence[int]) -> list[int]:
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
