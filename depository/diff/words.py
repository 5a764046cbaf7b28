"""Which of the lines that went became which of those that came, and what differs within two such lines."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from depository.diff.sequences import Effort, Pair, common, heaviest

Span = tuple[int, int]
"""From one character of a line up to another, that one not included."""

_TOKEN = re.compile(r"\s+|\d+(?:\.\d+)*|[\u2e80-\ud7ff]|[^\W\d\u2e80-\ud7ff][^\W\u2e80-\ud7ff]*|.", re.DOTALL)
"""A run of blanks, a number, a word or a single sign, and one character of a script that parts no words."""
_ALIKE = 0.5
"""How alike lines are that became one another: the Dice coefficient of their tokens, each as heavy as it is long."""
_SHARED = 0.3
"""How much two lines must share for their differences to be marked; and to have become one another, if no others do."""
_LINE = 10
"""What it costs to take a line apart, in steps of effort, however short it is."""
_LINE_PAIRS = 2_500
"""How many pairs of lines are all compared within one change."""
_LONG = 2_000
"""A line of more characters is known by its begin and its end, and only what is between equal ends has tokens."""
_MOST_CHARACTERS = 100_000
"""Where more than this differs between equal ends, it is marked as one."""
_TINY = 2
"""How many characters without a letter or digit between two marks are marked with them."""


def pair_lines(removed: Sequence[str], added: Sequence[str], effort: Effort) -> list[Pair]:
    """Find which lines became which: pairs in order, the sum of their likeness as great as can be.

    Of very many lines, or where effort runs out, each is compared only with the one in the same place.
    """
    characters = sum(min(len(line), _LONG) for line in (*removed, *added))
    if not removed or not added or not effort.spend(_LINE * (len(removed) + len(added)) + characters // 2):
        return []
    before, after = ([_tokens(line) for line in side] for side in (removed, added))
    tokens = sum(len(line.counts) for line in before)
    least = _SHARED if len(before) == len(after) == 1 else _ALIKE
    if len(before) * len(after) <= _LINE_PAIRS and effort.spend(tokens * len(after)):
        return heaviest([[_likeness(old, new, least) for new in after] for old in before])
    return [(k, k) for k, (old, new) in enumerate(zip(before, after, strict=False)) if _likeness(old, new, least)]


def marks(old: str, new: str, effort: Effort) -> tuple[list[Span], list[Span]]:
    """Mark what differs between two lines. The unmarked rest is equal; if that is little, nothing is marked."""
    head, tail = _equal_ends(old, new)
    old_end, new_end = len(old) - tail, len(new) - tail
    characters = old_end + new_end - 2 * head
    if characters <= _MOST_CHARACTERS and effort.spend(2 * _LINE + characters // 2):
        before, after = _TOKEN.findall(old, head, old_end), _TOKEN.findall(new, head, new_end)
        blocks = _blocks(before, after, head, effort)
    else:
        blocks = [((head, old_end), (head, new_end))]
    blocks = _joined(blocks, old)
    marked = sum(_weight(old[left[0] : left[1]]) + _weight(new[right[0] : right[1]]) for left, right in blocks)
    total = _weight(old) + _weight(new)
    if total - marked < _SHARED * total:
        return [], []
    trimmed = [_without_equal_blanks(old, new, *block) for block in blocks]
    left, right = ([block[side] for block in trimmed if block[side][0] < block[side][1]] for side in (0, 1))
    return left, right


# Tokens


class _Tokens(NamedTuple):
    counts: Counter[str]
    weight: int


def _tokens(line: str) -> _Tokens:
    sample = line if len(line) <= _LONG else line[: _LONG // 2] + line[-_LONG // 2 :]
    counts = Counter(token for token in _TOKEN.findall(sample) if not token.isspace())
    return _Tokens(counts, sum(len(token) * count for token, count in counts.items()))


def _likeness(old: _Tokens, new: _Tokens, least: float) -> float:
    total = old.weight + new.weight
    if 2 * min(old.weight, new.weight) < least * total or not total:
        return 0.0
    found = new.counts
    shared = sum(len(token) * min(count, found[token]) for token, count in old.counts.items() if token in found)
    likeness = 2 * shared / total
    return likeness if likeness >= least else 0.0


def _weight(text: str) -> int:
    return len(text) - sum(map(str.isspace, text)) if len(text) <= _LONG else len(text)


# What differs


def _equal_ends(old: str, new: str) -> Pair:
    """How many characters two long lines share at their begins and at their ends."""
    most = min(len(old), len(new))
    if max(len(old), len(new)) <= _LONG:
        return 0, 0
    head = _longest(most, lambda length: old[:length] == new[:length])
    tail = _longest(most - head, lambda length: old[len(old) - length :] == new[len(new) - length :])
    return head, tail


def _longest(most: int, is_equal: Callable[[int], bool]) -> int:
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        low, most = (middle, most) if is_equal(middle) else (low, middle - 1)
    return low


def _blocks(before: Sequence[str], after: Sequence[str], start: int, effort: Effort) -> list[tuple[Span, Span]]:
    """The characters that differ, between tokens in common."""
    old_at, new_at = (list(accumulate(map(len, side), initial=start)) for side in (before, after))
    blocks: list[tuple[Span, Span]] = []
    i = j = 0
    for run_i, run_j, length in [*common(before, after, effort), (len(before), len(after), 0)]:
        if (i, j) != (run_i, run_j):
            blocks.append(((old_at[i], old_at[run_i]), (new_at[j], new_at[run_j])))
        i, j = run_i + length, run_j + length
    return blocks


def _joined(blocks: Sequence[tuple[Span, Span]], old: str) -> list[tuple[Span, Span]]:
    """Join blocks with next to nothing between them."""
    joined: list[tuple[Span, Span]] = []
    for left, right in blocks:
        if joined:
            (old_start, old_stop), (new_start, _) = joined[-1]
            between = old[old_stop : left[0]]
            if len(between) <= _TINY and not any(map(str.isalnum, between)):
                joined[-1] = (old_start, left[1]), (new_start, right[1])
                continue
        joined.append((left, right))
    return joined


def _without_equal_blanks(old: str, new: str, left: Span, right: Span) -> tuple[Span, Span]:
    """Of two indents, only the part that one has and the other has not."""
    before, after = old[left[0] : left[1]], new[right[0] : right[1]]
    if not before.isspace() or not after.isspace():
        return left, right
    shared = _longest(min(len(before), len(after)), lambda length: before[:length] == after[:length])
    return (left[0] + shared, left[1]), (right[0] + shared, right[1])
