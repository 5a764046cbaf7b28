"""What changed between two values of JSON, by where it is in them.

Maps are compared by their keys, lists by what they have in common in order, so that one item more or less shows as
such. Lists of plain values that kept less than half of them have changed as a whole.
"""

import json
import math
import operator
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import filterfalse, pairwise
from typing import Any, Literal, NamedTuple

from depository.diff.likeness import MAX_PAIRS, Bag, in_order
from depository.diff.sequences import Effort, Pair, Run, common
from depository.notebook.cells import as_json

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
        effort: the work that may be done; a new default one if None. Where it does not suffice to look into both
            values, they have changed as a whole.

    Returns:
        The changes, and how many more there are at least: what is left when the list is full is not looked into.
    """
    effort = effort or Effort()
    equality = _Equality()
    if equality.look_into(old, effort) and equality.look_into(new, effort):
        return _Walk(equality, effort).changes(old, new, limit)
    if old is new or ((text := as_json(old)) == as_json(new) and not text.startswith("<")):
        return (), 0
    change = Change((), "changed", old, new)
    return ((change,), 0) if limit > 0 else ((), 1)


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
    """Gives equal values equal keys, and only them, as long as the values are there; each is looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._of: dict[int, int] = {}
        self._shapes: dict[Hashable, Hashable] = {}

    def look_into(self, value: object, effort: Effort) -> bool:
        """Learn a value and all within; False where the effort does not suffice."""
        found: list[Any] = [value] if is_container(value) else []
        for container in found:
            if not effort.spend(_STEPS + len(container) // _STEPS):
                return False
            inner: Collection[Any] = container.values() if isinstance(container, Mapping) else container
            if not _SIMPLE.issuperset(map(type, inner)):
                found += filter(is_container, inner)
        for container in reversed(found):
            key = self._key_of_container(container)
            self._of[id(container)] = self._numbers.setdefault(key, len(self._numbers))
        return True

    def key(self, value: object) -> Hashable:
        """Equal for equal values that were learnt."""
        ((kind, known),) = zip(*self._parts((value,)), strict=True)
        return kind, known

    def keys(self, old: Sequence[Any], new: Sequence[Any]) -> tuple[Sequence[Hashable], Sequence[Hashable]]:
        """Keys for the items of two lists."""
        kinds = {*map(type, old), *map(type, new)}
        if kinds <= _SIMPLE and len(kinds & {bool, int, float}) < 2 and not (_has_odd(old) or _has_odd(new)):
            return old, new
        return list(zip(*self._parts(old), strict=True)), list(zip(*self._parts(new), strict=True))

    def _key_of_container(self, container: Any) -> Hashable:
        names = None
        if isinstance(container, Mapping):
            names = tuple(sorted(container, key=str))
            container = [container[name] for name in names]
        kinds, known = self._parts(container)
        shape = (names, tuple(kinds))
        # many maps have the same names, and many lists the same kinds of values
        return self._shapes.setdefault(shape, shape), tuple(known)

    def _parts(self, values: Sequence[Any]) -> tuple[Sequence[type], Sequence[Hashable]]:
        """The kinds of values, and the values, with a number for each that has others within."""
        kinds = list(map(type, values))
        if _SIMPLE.issuperset(kinds) and not (float in kinds and _has_odd(values)):
            return kinds, values
        parts = [
            (kind, value)
            if kind in _EXACT
            else (kind, value if value and value == value else repr(value))  # noqa: PLR0124 - so NaN is told
            if kind is float
            else self._part(value)
            for kind, value in zip(kinds, values, strict=True)
        ]
        return [kind for kind, _ in parts], [known for _, known in parts]

    def _part(self, value: object) -> tuple[type, Hashable]:
        if isinstance(value, Mapping):
            return dict, self._of[id(value)]
        if isinstance(value, list | tuple):
            return list, self._of[id(value)]
        for base in (bool, int, float, str):
            if isinstance(value, base):
                return base, repr(base(value))
        return type(value), repr(value)


_SIMPLE = {str, int, float, bool, type(None)}
_EXACT = _SIMPLE - {float}
_STEPS = 8
"""What it takes to learn one map or list, or as many values in it."""


def is_container(value: object) -> bool:
    """Whether a value has others within."""
    kind = type(value)
    return kind is dict or kind is list or (kind not in _SIMPLE and isinstance(value, Mapping | list | tuple))


def _has_odd(items: Sequence[Any]) -> bool:
    """Whether there is a NaN, which is not equal to itself, or a -0.0, which is equal to 0.0."""
    if any(map(operator.ne, items, items)):
        return True
    return any(type(item) is float and math.copysign(1, item) < 0 for item in filterfalse(None, items))


# What changed


class _Walk:
    def __init__(self, equality: _Equality, effort: Effort) -> None:
        self._equality = equality
        self._effort = effort

    def changes(self, old: object, new: object, limit: int) -> tuple[tuple[Change, ...], int]:
        found: list[Change] = []
        stack = [Change((), "changed", old, new)] if self._equality.key(old) != self._equality.key(new) else []
        while stack and len(found) < limit:
            change = stack.pop()
            inner = self._within(change)
            if inner is None:
                found.append(change)
            else:
                stack += reversed(inner)
        return tuple(found), len(stack)

    def _within(self, change: Change) -> list[Change] | None:
        """What changed within two values; None where that is best told as one become another."""
        if change.status != "changed" or len(change.where) >= MAX_DEPTH:
            return None
        match change:
            case Change(where, _, Mapping() as before, Mapping() as after):
                return list(self._of_maps(where, before, after))
            case Change(where, _, list() | tuple() as before, list() | tuple() as after):
                return self._of_lists(where, before, after)
            case _:
                return None

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
                    if self._equality.key(old[stop_i]) != self._equality.key(new[stop_j]):
                        changes.append(Change((*where, stop_i), "changed", old[stop_i], new[stop_j]))
                    stop_i, stop_j = stop_i + 1, stop_j + 1  # noqa: PLW2901
                i, j = stop_i, stop_j
            i, j = run_i + length, run_j + length
        return changes

    def _pairs(self, old: Sequence[Any], new: Sequence[Any]) -> list[Pair]:
        """Which of the items that have no equal became which: those most alike, and those of a sort between them."""
        alike: list[Pair] = []
        if 1 < len(old) * len(new) <= MAX_PAIRS:
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
    return _SIMPLE.issuperset(map(type, items)) or not any(map(is_container, items))


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
