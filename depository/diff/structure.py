"""What changed between two values of JSON, by where it is in them.

Maps are compared by their keys, lists by what they have in common in order, so that one item more or less shows as
such. Lists of plain values that kept less than half of them have changed as a whole.
"""

import json
import math
import operator
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import filterfalse, pairwise
from typing import Any, Literal, NamedTuple

from depository.diff.likeness import Bag, in_order
from depository.diff.sequences import Effort, Pair, Run, common

MAX_DEPTH = 100
"""Values further down than this are not looked into: they are equal, or have changed."""
_LIKENESS = 0.4
"""How alike two maps or two lists must be that stand in each other's place."""

Kind = Literal["null", "boolean", "number", "string", "array", "object"]
Where = tuple[str | int, ...]


class Change(NamedTuple):
    """A value that came, went or became another."""

    where: Where
    """The way to it in the old value: keys and indexes. Of what was added to a list, the last is its new index."""
    status: Literal["added", "removed", "changed"]
    old: Any
    """None where there was nothing; JSON's null is None too."""
    new: Any


def compare(
    old: object, new: object, *, limit: int = 200, effort: Effort | None = None
) -> tuple[tuple[Change, ...], int]:
    """Compare two values; ``1``, ``1.0`` and ``true`` all differ, and NaN equals itself.

    The changes come in the order of the old value, and give the new one where they are made: items that changed first,
    then those that went, then those that came.

    Args:
        old: the value before, as `json` reads it.
        new: the value after.
        limit: how many changes to list.
        effort: the work that may be done; a new default one if None.

    Returns:
        The changes, and how many more there are.
    """
    changes: list[Change] = []
    more = 0
    for change in _Walk(effort or Effort()).changes(old, new):
        if len(changes) < limit:
            changes.append(change)
        else:
            more += 1
    return tuple(changes), more


def equal(old: object, new: object) -> bool:
    """Whether there is no change between two values."""
    return not compare(old, new, limit=1)[0]


def brief(value: object, most: int) -> str:
    """The first so many characters of a value as JSON on one line; no more of it is looked at than that takes."""
    pieces: list[str] = []
    room = most
    for piece in _pieces(value, most):
        pieces.append(piece)
        room -= len(piece)
        if room < 0:
            break
    return "".join(pieces)[:most]


def kind(value: object) -> Kind:
    """What JSON calls a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case Mapping():
            return "object"
        case list() | tuple():
            return "array"
        case _:
            return "string"


def size(value: object) -> int | None:
    """How many characters a string has, how many items a list or a map; None for other values."""
    return len(value) if isinstance(value, str | list | tuple | Mapping) else None


# What is equal


class _Equality:
    """Gives equal values equal keys, and only them; each map and list is looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._of: dict[int, int] = {}
        self._kept: list[object] = []

    def add(self, value: object) -> None:
        """Look at a value and all within."""
        self._kept.append(value)  # what is known by its address must stay
        stack = [value]
        while stack:
            found = stack[-1]
            if id(found) in self._of or not isinstance(found, Mapping | list | tuple):
                stack.pop()
                continue
            inner = found.values() if isinstance(found, Mapping) else found
            if waiting := [one for one in inner if isinstance(one, _CONTAINERS) and id(one) not in self._of]:
                stack += waiting
                continue
            stack.pop()
            key: Hashable
            if isinstance(found, Mapping):
                key = frozenset((name, self.key(item)) for name, item in found.items())
            else:
                key = self._of_list(found)
            self._of[id(found)] = self._numbers.setdefault(key, len(self._numbers))

    def key(self, value: object) -> Hashable:
        """Equal for equal values that were looked at."""
        return self._of[id(value)] if isinstance(value, _CONTAINERS) else scalar(value)

    def keys(self, old: Sequence[Any], new: Sequence[Any]) -> tuple[Sequence[Hashable], Sequence[Hashable]]:
        """Keys for the items of two lists."""
        if _are_plain(old, new):
            return old, new
        return [self.key(item) for item in old], [self.key(item) for item in new]

    def _of_list(self, items: Sequence[Any]) -> Hashable:
        # most of what is large is a list of numbers: that is one step, not one for each
        if _are_plain(items, ()):
            return frozenset(map(type, items)), tuple(items)
        return tuple(map(self.key, items))


_CONTAINERS = (dict, list, tuple, Mapping)
_SIMPLE = {str, int, float, bool, type(None)}


def scalar(value: object) -> Hashable:
    """Equal for two values that are no containers, and equal as JSON."""
    kind = type(value)
    if kind is float:
        # -0.0 is another number than 0.0, as JSON writes them; NaN is none that Python calls equal
        return kind, value if value and value == value else repr(value)  # noqa: PLR0124 - that is how NaN is told
    if kind in _SIMPLE:
        return kind, value
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return base, base(value)
    return kind, repr(value)


def _are_plain(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Whether the items of two lists are equal as Python says it where they are equal as JSON."""
    kinds = {*map(type, old), *map(type, new)}
    if not kinds <= _SIMPLE or len(kinds & {bool, int, float}) > 1:
        return False
    return float not in kinds or not any(_has_odd_floats(side) for side in (old, new))


def _has_odd_floats(items: Sequence[Any]) -> bool:
    """Whether there is a NaN, which is not equal to itself, or a -0.0, which is equal to 0.0."""
    if any(map(operator.ne, items, items)):
        return True
    return any(type(item) is float and math.copysign(1, item) < 0 for item in filterfalse(None, items))


# What changed


class _Walk:
    def __init__(self, effort: Effort) -> None:
        self._effort = effort
        self._equality = _Equality()

    def changes(self, old: object, new: object) -> Iterator[Change]:
        self._equality.add(old)
        self._equality.add(new)
        stack: list[Change] = []
        if self._equality.key(old) != self._equality.key(new):
            stack.append(Change((), "changed", old, new))
        while stack:
            change = stack.pop()
            if change.status != "changed" or len(change.where) >= MAX_DEPTH:
                yield change
                continue
            match change:
                case Change(where, _, Mapping() as before, Mapping() as after):
                    stack += reversed(list(self._of_maps(where, before, after)))
                case Change(where, _, list() | tuple() as before, list() | tuple() as after):
                    inner = self._of_lists(where, before, after)
                    if inner is None:
                        yield change
                    else:
                        stack += reversed(inner)
                case _:
                    yield change

    def _of_maps(self, where: Where, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[Change]:
        key = self._equality.key
        for name, value in old.items():
            if name not in new:
                yield Change((*where, name), "removed", value, None)
            elif key(value) != key(new[name]):
                yield Change((*where, name), "changed", value, new[name])
        for name, value in new.items():
            if name not in old:
                yield Change((*where, name), "added", None, value)

    def _of_lists(self, where: Where, old: Sequence[Any], new: Sequence[Any]) -> list[Change] | None:
        """What changed within; None where that is best told as one list become another."""
        before, after = self._equality.keys(old, new)
        least = max(len(old), len(new)) / 2 if _holds_no_containers(old) and _holds_no_containers(new) else 0
        # what one side has of the other is more than what is in order of it, and soon known
        if least and sum(map(set(before).__contains__, after)) < least:
            return None
        runs = _in_place(before, after) or common(before, after, self._effort)
        if sum(length for _, _, length in runs) < least:
            return None
        changes: list[Change] = []
        i = j = 0
        for run_i, run_j, length in [*runs, (len(old), len(new), 0)]:
            pairs = self._pairs(old[i:run_i], new[j:run_j]) if run_i > i and run_j > j else []
            stops = [(i + a, j + b) for a, b in pairs]
            for stop_i, stop_j in [*stops, (run_i, run_j)]:
                changes += [Change((*where, gone), "removed", old[gone], None) for gone in range(i, stop_i)]
                changes += [Change((*where, came), "added", None, new[came]) for came in range(j, stop_j)]
                if stop_i < run_i and stop_j < run_j:
                    changes.append(Change((*where, stop_i), "changed", old[stop_i], new[stop_j]))
                    stop_i, stop_j = stop_i + 1, stop_j + 1  # noqa: PLW2901
                i, j = stop_i, stop_j
            i, j = run_i + length, run_j + length
        return changes

    def _pairs(self, old: Sequence[Any], new: Sequence[Any]) -> list[Pair]:
        """Which of the items that have no equal became which: those most alike, and those of a sort between them."""
        alike: list[Pair] = []
        if len(old) > 1 or len(new) > 1:
            bags = [[self._bag(item) for item in side] for side in (old, new)]
            alike = in_order(bags[0], bags[1], _LIKENESS, self._effort)
        pairs: list[Pair] = []
        i = j = 0
        for stop_i, stop_j in [*alike, (len(old), len(new))]:
            while i < stop_i and j < stop_j:
                if _sort(old[i]) == _sort(new[j]):
                    pairs.append((i, j))
                i, j = i + 1, j + 1
            if stop_i < len(old):
                pairs.append((stop_i, stop_j))
            i, j = stop_i + 1, stop_j + 1
        return pairs

    def _bag(self, value: object) -> Bag:
        key = self._equality.key
        if isinstance(value, Mapping):
            return Counter([part for name, item in value.items() for part in (name, (name, key(item)))])
        if isinstance(value, list | tuple):
            return Counter(map(key, value))
        return {}


def _in_place(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Run]:
    """What has stayed where it was; nothing unless that is nine tenths, as of an array with some other values."""
    if len(old) != len(new):
        return []
    differ = [place for place, differs in enumerate(map(operator.ne, old, new)) if differs]
    if 10 * len(differ) > len(old):
        return []
    stops = [-1, *differ, len(old)]
    return [(i + 1, i + 1, j - i - 1) for i, j in pairwise(stops) if j > i + 1]


def _holds_no_containers(items: Sequence[Any]) -> bool:
    return not any(issubclass(kind, _CONTAINERS) for kind in set(map(type, items)))


def _sort(value: object) -> str:
    return "map" if isinstance(value, Mapping) else "list" if isinstance(value, list | tuple) else "value"


# As text


def _pieces(value: object, most: int) -> Iterator[str]:
    """The JSON of a value bit by bit, so that no more of it is made than is shown."""
    stack: list[tuple[bool, object]] = [(False, value)]
    while stack:
        is_text, found = stack.pop()
        if is_text:
            yield str(found)
        elif isinstance(found, Mapping | list | tuple):
            yield "{" if isinstance(found, Mapping) else "["
            stack.append((True, "}" if isinstance(found, Mapping) else "]"))
            items = list(found.items() if isinstance(found, Mapping) else found)[: most + 1]
            for place in range(len(items) - 1, -1, -1):
                item = items[place]
                if isinstance(found, Mapping):
                    name, item = item
                    stack += [(False, item), (True, f"{_scalar_text(name, most)}: ")]
                else:
                    stack.append((False, item))
                if place:
                    stack.append((True, ", "))
        else:
            yield _scalar_text(found, most)


def _scalar_text(value: object, most: int) -> str:
    if isinstance(value, str):
        value = value[: most + 1]
    try:
        return json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError):
        return repr(value)[: most + 1]
