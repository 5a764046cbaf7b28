"""What turns one value of JSON data into another, as JSON data that is small where little changed.

A delta is an object with one of these keys, or None for no change:

``value``
    the new value, whole.
``text``
    of a string, a list of pieces: ``[start, stop]``, characters of the old string, or a string that is new.
``items``
    of a list, a list of steps: ``[start, stop]``, items of the old list as they are; ``{"from": 4, "delta": …}``, the
    old item 4, changed; ``{"new": […]}``, items that are new.
``keys``
    of an object, the delta of each key whose value changed or came; with ``gone``, a list of the keys that went.

Strings are compared by lines and long ones by words, lists by what is equal in order (`sequences.common`), objects by
key. Values are equal if their canonical bytes are: ``1``, ``1.0`` and ``true`` differ, and so do ``0.0`` and ``-0.0``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from depository.diff.sequences import Effort, common
from depository.errors import InvalidContent
from depository.notebook.canonical import encode

Delta = dict[str, Any]
Step = list[int] | dict[str, Any]
Paired = tuple[int | None, Any]
"""The place of an old item, None if there is no such, and the item that it became."""
_Span = tuple[int, int, int]
"""Equal characters: where in the old text, where in the new one, how many."""

_BYTES_A_STEP = 256
"""How much is compared, encoded, for one step of effort."""
_DEEPEST = 64
"""So many deltas inside one another; a value further in is a whole one."""
_SHORTEST_SPAN = 12
"""Fewer characters than this cost less as they are than to be pointed at."""
_LONG_LINE = 200
"""Longer lines are compared by words."""
_REFERENCE = 16
"""About how many bytes a step or a key takes beside its values."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\w+|\W")


def make(old: Any, new: Any, effort: Effort) -> Delta | None:
    """The delta that makes `new` of `old`, both as `canonical.ordered` gives them; None where they are equal."""
    sizes = _sizes_if_different(old, new)
    return _Maker(effort).delta(old, new, sizes)[0] if sizes else None


def make_steps(old: Sequence[Any], pairs: Sequence[Paired], effort: Effort) -> list[Step]:
    """The steps from a list to another whose items are paired already, in any order."""
    return _Maker(effort).steps(old, pairs)[0]


def apply(old: Any, delta: Delta | None) -> Any:
    """The value that a delta makes of an old one; parts of both are shared with it.

    Raises:
        InvalidContent: the delta is not one for this value.
    """
    match delta:
        case None:
            return old
        case {"value": value}:
            return value
        case {"text": list(pieces)} if isinstance(old, str):
            return "".join(piece if isinstance(piece, str) else _span(old, piece) for piece in pieces)
        case {"items": list(steps)} if isinstance(old, list):
            return apply_steps(old, steps)
        case {"keys": dict(keys), "gone": list(gone)} if isinstance(old, dict) and all(key in old for key in gone):
            lost = set(gone)
            kept = {key: value for key, value in old.items() if key not in lost}
            return kept | {key: apply(old.get(key), change) for key, change in keys.items()}
    raise InvalidContent("This patch cannot be used: a part of it does not fit the value that it is for.")


def apply_steps(old: list[Any], steps: Sequence[Step]) -> list[Any]:
    """The list that steps make of an old one.

    Raises:
        InvalidContent: they are no steps for this list.
    """
    made: list[Any] = []
    for step in steps:
        match step:
            case {"new": list(values)}:
                made += values
            case {"from": int(place), "delta": delta}:
                made.append(apply(_span(old, [place, place + 1])[0], delta))
            case _:
                made += _span(old, step)
    return made


def _span(old: Any, span: Any) -> Any:
    match span:
        case [int(start), int(stop)] if 0 <= start < stop <= len(old):
            return old[start:stop]
    raise InvalidContent("This patch cannot be used: a part of it points at what is not there.")


# Making one


class _Maker:
    """Makes deltas, each with about how many bytes it takes."""

    def __init__(self, effort: Effort) -> None:
        self._effort = effort
        self._depth = 0

    def delta(self, old: Any, new: Any, sizes: tuple[int, int]) -> tuple[Delta, int]:
        """The delta of two values that differ; the new value where that is as short, or where effort has run out."""
        whole = {"value": new}, sizes[1] + _REFERENCE
        if type(old) is not type(new) or not isinstance(new, str | list | dict):
            return whole
        if self._depth == _DEEPEST or not self._effort.spend(sum(sizes) // _BYTES_A_STEP + 1):
            return whole
        self._depth += 1
        found: tuple[Delta, int]
        if isinstance(new, str):
            pieces, cost = self._text(old, new)
            found = {"text": pieces}, cost
        elif isinstance(new, list):
            steps, cost = self.steps(old, self._pairs(old, new))
            found = {"items": steps}, cost
        else:
            found = self._keys(old, new)
        self._depth -= 1
        return found if found[1] < whole[1] else whole

    def _keys(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Delta, int]:
        keys: dict[str, Delta] = {}
        gone = [key for key in old if key not in new]
        cost = sum(map(len, gone))
        for key, value in new.items():
            if key not in old:
                change, added = {"value": value}, _size(value)
            elif sizes := _sizes_if_different(old[key], value):
                change, added = self.delta(old[key], value, sizes)
            else:
                continue
            keys[key] = change
            cost += added + len(key) + _REFERENCE
        return {"keys": keys, "gone": gone}, cost

    def _pairs(self, old: Sequence[Any], new: Sequence[Any]) -> list[Paired]:
        """Equal items as far as they are in order, and in the gaps between them the first with the first."""
        runs = common(list(map(encode, old)), list(map(encode, new)), self._effort)
        pairs: list[Paired] = []
        i = j = 0
        for run_i, run_j, length in [*runs, (len(old), len(new), 0)]:
            gap = min(run_i - i, run_j - j)
            pairs += [(i + k, new[j + k]) for k in range(gap)]
            pairs += [(None, value) for value in new[j + gap : run_j]]
            pairs += [(run_i + k, new[run_j + k]) for k in range(length)]
            i, j = run_i + length, run_j + length
        return pairs

    def steps(self, old: Sequence[Any], pairs: Sequence[Paired]) -> tuple[list[Step], int]:
        """The steps to a list of items of which each may be an old one that changed."""
        steps: list[Step] = []
        cost = 0
        for place, value in pairs:
            sizes = None if place is None else _sizes_if_different(old[place], value)
            if place is not None and sizes is None:
                if steps and isinstance(last := steps[-1], list) and last[1] == place:
                    last[1] += 1
                    continue
                steps.append([place, place + 1])
                cost += _REFERENCE
                continue
            if place is not None and sizes:
                change, added = self.delta(old[place], value, sizes)
            else:
                change, added = {"value": value}, _size(value)
            cost += added
            if "value" not in change or (place is not None and isinstance(value, dict)):  # what a cell was, stays known
                steps.append({"from": place, "delta": change})
            elif steps and isinstance(last := steps[-1], dict) and "new" in last:
                last["new"].append(value)
                continue
            else:
                steps.append({"new": [value]})
            cost += _REFERENCE
        return steps, cost

    # Text

    def _text(self, old: str, new: str) -> tuple[list[list[int] | str], int]:
        spans = self._spans(_LINE, old, new, 0, 0)
        pieces: list[list[int] | str] = []
        written = end = 0
        for start, place, length in [*spans, (len(old), len(new), 0)]:
            if 0 < length < _SHORTEST_SPAN:
                continue
            if place > written:
                pieces.append(new[written:place])
            if length:
                pieces.append([start, start + length])
            written = place + length
            end += 1
        return pieces, len(new) - sum(piece[1] - piece[0] for piece in pieces if not isinstance(piece, str)) + end * 8

    def _spans(self, unit: re.Pattern[str], old: str, new: str, low: int, left: int) -> list[_Span]:
        """The spans of characters that are equal, in order.

        Args:
            unit: what the texts are compared by.
            old: a part of the old text.
            new: of the new one.
            low: where in the old text the part begins.
            left: where in the new one.
        """
        head = _common_length(old, new, lambda text, count: text[:count])
        old, new = old[head:], new[head:]
        tail = _common_length(old, new, lambda text, count: text[len(text) - count :])
        old, new = old[: len(old) - tail], new[: len(new) - tail]
        spans = [(low, left, head)] if head else []
        low, left = low + head, left + head
        if old and new:
            spans += self._inner_spans(unit, old, new, low, left)
        return [*spans, (low + len(old), left + len(new), tail)] if tail else spans

    def _inner_spans(self, unit: re.Pattern[str], old: str, new: str, low: int, left: int) -> list[_Span]:
        if unit is _WORD and (
            min(len(old), len(new)) < _LONG_LINE or not self._effort.spend((len(old) + len(new)) // 16)
        ):
            return []
        before, after = unit.findall(old), unit.findall(new)
        old_ends, new_ends = ([0, *accumulate(map(len, parts))] for parts in (before, after))
        spans: list[_Span] = []
        i = j = 0
        for run_i, run_j, length in [*common(before, after, self._effort), (len(before), len(after), 0)]:
            gap = old[old_ends[i] : old_ends[run_i]], new[new_ends[j] : new_ends[run_j]]
            if unit is _LINE and all(gap):
                spans += self._spans(_WORD, *gap, low + old_ends[i], left + new_ends[j])
            start, stop = old_ends[run_i], old_ends[run_i + length]
            if length:
                spans.append((low + start, left + new_ends[run_j], stop - start))
            i, j = run_i + length, run_j + length
        return _joined(spans)


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    joined: list[_Span] = []
    for start, place, length in spans:
        if joined and joined[-1][0] + joined[-1][2] == start and joined[-1][1] + joined[-1][2] == place:
            joined[-1] = (*joined[-1][:2], joined[-1][2] + length)
        else:
            joined.append((start, place, length))
    return joined


def _common_length(old: str, new: str, part: Callable[[str, int], str]) -> int:
    """How long the part of both is that is equal, by halving."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if part(old, middle) == part(new, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _sizes_if_different(old: Any, new: Any) -> tuple[int, int] | None:
    """How many bytes two values take, or characters if they are strings; None if they are equal."""
    if isinstance(old, str) and isinstance(new, str):
        return None if old == new else (len(old), len(new))
    before, after = encode(old), encode(new)
    return None if before == after else (len(before), len(after))


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(encode(value))
