"""What zlib 1.2 and 1.3 make of some bytes at their levels 4 to 9, bit for bit, in plain Python.

There are many ways to compress bytes so that they come back, and each library takes its own: zlib-ng, Intel's and
Cloudflare's choose others than zlib does. Whoever stores an image without its compression has to be able to make it
again, on any machine, for as long as the archive lasts. This is what could be relied upon for that. It is a hundred
times slower than zlib, and meant as the judge of a faster one.

The algorithm is deflate (RFC 1951) with lazy matching, as in zlib's ``deflate_slow`` and ``trees.c``: which matches
are found, where blocks end, how ties between trees are broken.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_MIN_MATCH = 3
_MAX_MATCH = 258
_WINDOW = 1 << 15
_MAX_DISTANCE = _WINDOW - _MAX_MATCH - _MIN_MATCH - 1
_TOO_FAR = 4096
_FILTERED = 1
_END = 256
_STATIC, _DYNAMIC = 2, 4

_EXTRA_LENGTH = [*[0] * 8, *(bits for bits in range(1, 6) for _ in range(4)), 0]
_EXTRA_DISTANCE = [0, 0, *(bits for bits in range(14) for _ in range(2))]
_EXTRA_CODE = [*[0] * 16, 2, 3, 7]
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)


class _Level(NamedTuple):
    good: int
    """With a match of this length before, only a quarter of the chain is looked at."""
    lazy: int
    """No better match is looked for than one of this length."""
    nice: int
    """A match of this length is good enough."""
    chain: int
    """So many places are looked at."""


_LEVELS = {
    4: _Level(4, 4, 16, 16),
    5: _Level(8, 16, 32, 32),
    6: _Level(8, 16, 128, 128),
    7: _Level(8, 32, 128, 256),
    8: _Level(32, 128, 258, 1024),
    9: _Level(32, 258, 258, 4096),
}
LEVELS = tuple(_LEVELS)


class Symbol(NamedTuple):
    """A literal, if it has no distance, or a match."""

    value: int
    """The byte, or the length."""
    distance: int = 0


def _bases(extra: Sequence[int]) -> list[int]:
    bases = [0]
    for bits in extra[:-1]:
        bases.append(bases[-1] + (1 << bits))
    return bases


def _codes(extra: Sequence[int], bases: Sequence[int]) -> list[int]:
    return [code for code, _ in enumerate(bases) for _ in range(1 << extra[code])]


_LENGTH_BASES = [*_bases(_EXTRA_LENGTH[:-1]), _MAX_MATCH - _MIN_MATCH]
_LENGTH_CODES = [*_codes(_EXTRA_LENGTH, _LENGTH_BASES[:-1])[:255], 28]
_DISTANCE_BASES = _bases(_EXTRA_DISTANCE)
_DISTANCE_CODES = _codes(_EXTRA_DISTANCE, _DISTANCE_BASES)


def deflate(data: bytes, level: int, memory: int = 8, strategy: int = 0) -> bytes:
    """Compress as ``zlib.compressobj(level, zlib.DEFLATED, 15, memory, strategy)`` does.

    Args:
        data: what to compress.
        level: one of `LEVELS`.
        memory: zlib's ``memLevel``.
        strategy: ``zlib.Z_DEFAULT_STRATEGY`` or ``zlib.Z_FILTERED``.

    Returns:
        A stream with zlib's header and checksum.
    """
    bits = _Bits()
    most = (1 << (memory + 6)) - 1
    symbols: list[Symbol] = []
    start = end = 0
    for symbol in _symbols(data, _LEVELS[level], memory, strategy):
        symbols.append(symbol)
        end += symbol.value if symbol.distance else 1
        if len(symbols) == most:
            _block(bits, symbols, data[start:end], is_last=False)
            symbols, start = [], end
    _block(bits, symbols, data[start:], is_last=True)
    header = 0x7800 | {4: 1, 5: 1, 6: 2}.get(level, 3) << 6
    header += 31 - header % 31
    return header.to_bytes(2) + bits.finished() + zlib.adler32(data).to_bytes(4)


# Matches


def _symbols(data: bytes, level: _Level, memory: int, strategy: int) -> Iterator[Symbol]:
    finder = _Finder(data, level, memory)
    position = 0
    length = _MIN_MATCH - 1
    distance = 0
    is_waiting = False
    while position < len(data):
        before, before_distance = length, distance
        length = _MIN_MATCH - 1
        candidate = finder.insert(position)
        if candidate > 0 and before < level.lazy and position - candidate <= _MAX_DISTANCE:
            length, place = finder.longest(position, candidate, before)
            distance = position - place
            if length <= 5 and (strategy == _FILTERED or (length == _MIN_MATCH and distance > _TOO_FAR)):
                length = _MIN_MATCH - 1
        if before >= _MIN_MATCH and length <= before:
            yield Symbol(before, before_distance)
            stop = position - 1 + before
            for inside in range(position + 1, stop):
                finder.insert(inside)
            position, length, is_waiting = stop, _MIN_MATCH - 1, False
        else:
            if is_waiting:
                yield Symbol(data[position - 1])
            is_waiting = True
            position += 1
    if is_waiting:
        yield Symbol(data[-1])


class _Finder:
    """Finds matches by chains of places with the same hash of three bytes."""

    def __init__(self, data: bytes, level: _Level, memory: int) -> None:
        self._data = data
        self._level = level
        self._shift = (memory + 7 + _MIN_MATCH - 1) // _MIN_MATCH
        self._mask = (1 << (memory + 7)) - 1
        self._heads = [0] * (self._mask + 1)
        self._before = [0] * _WINDOW

    def insert(self, position: int) -> int:
        """Note a place, and tell the last one with the same hash; 0, which is never a match, if there is none."""
        data = self._data
        if position > len(data) - _MIN_MATCH:
            return 0
        first, second, third = data[position : position + _MIN_MATCH]
        key = (first << 2 * self._shift ^ second << self._shift ^ third) & self._mask
        head = self._heads[key]
        self._before[position % _WINDOW] = head
        self._heads[key] = position
        return head

    def longest(self, position: int, candidate: int, least: int) -> tuple[int, int]:
        """The length and the place of the nearest of the longest matches, if any is longer than `least`."""
        data, level = self._data, self._level
        most = min(_MAX_MATCH, len(data) - position)
        nice = min(level.nice, most)
        limit = max(position - _MAX_DISTANCE, 0)
        best, place = least, 0
        for _ in range(level.chain >> 2 if least >= level.good else level.chain):
            if best < most and data[candidate : candidate + best + 1] == data[position : position + best + 1]:
                best, place = self._common(candidate, position, best + 1, most), candidate
                if best >= nice:
                    break
            candidate = self._before[candidate % _WINDOW]
            if candidate <= limit:
                break
        return min(best, most), place

    def _common(self, candidate: int, position: int, least: int, most: int) -> int:
        data = self._data
        while least < most:
            middle = (least + most + 1) // 2
            if data[candidate : candidate + middle] == data[position : position + middle]:
                least = middle
            else:
                most = middle - 1
        return least


# Blocks


class _Bits:
    """A stream of bits, the lowest of each byte first."""

    def __init__(self) -> None:
        self._done = bytearray()
        self._value = 0
        self._count = 0

    def put(self, value: int, count: int) -> None:
        self._value |= value << self._count
        self._count += count
        if self._count >= 1024:
            whole = self._count // 8
            self._done += (self._value & ((1 << whole * 8) - 1)).to_bytes(whole, "little")
            self._value >>= whole * 8
            self._count -= whole * 8

    def put_bytes(self, data: bytes) -> None:
        """Put whole bytes, at the next one that is free."""
        self._done += self._value.to_bytes((self._count + 7) // 8, "little") + data
        self._value = self._count = 0

    def finished(self) -> bytes:
        self.put_bytes(b"")
        return bytes(self._done)


class _Tree(NamedTuple):
    """A Huffman code."""

    lengths: list[int]
    """Of the code of each symbol up to the last that occurs, in bits; 0 for one that does not."""
    codes: list[int]
    size: int = 0
    """How many bits what occurs takes, those that follow a code included."""


def _block(bits: _Bits, symbols: Sequence[Symbol], data: bytes, *, is_last: bool) -> None:
    literals, distances = [0] * 286, [0] * 30
    for value, distance in symbols:
        if distance:
            literals[_LENGTH_CODES[value - _MIN_MATCH] + _END + 1] += 1
            distances[_DISTANCE_CODES[distance - 1]] += 1
        else:
            literals[value] += 1
    literals[_END] = 1
    trees = _tree(literals, _EXTRA_LENGTH, _END + 1, 15), _tree(distances, _EXTRA_DISTANCE, 0, 15)
    described = [list(_described(tree.lengths)) for tree in trees]
    frequencies = [0] * len(_ORDER)
    for code, _, _ in (*described[0], *described[1]):
        frequencies[code] += 1
    lengths = _tree(frequencies, _EXTRA_CODE, 0, 7)
    padded = lengths.lengths + [0] * (len(_ORDER) - len(lengths.lengths))
    count = max(3, *(place for place, code in enumerate(_ORDER) if padded[code])) + 1
    dynamic = (trees[0].size + trees[1].size + lengths.size + 3 * count + 14 + 10) // 8
    static = (_static_size(literals, distances) + 10) // 8
    if len(data) + 4 <= min(dynamic, static):
        bits.put(is_last, 3)
        bits.put_bytes(len(data).to_bytes(2, "little") + (len(data) ^ 0xFFFF).to_bytes(2, "little") + data)
    elif static <= dynamic:
        bits.put(_STATIC + is_last, 3)
        _put_symbols(bits, symbols, *_STATIC_TREES)
    else:
        bits.put(_DYNAMIC + is_last, 3)
        bits.put(len(trees[0].lengths) - _END - 1, 5)
        bits.put(len(trees[1].lengths) - 1, 5)
        bits.put(count - 4, 4)
        for code in _ORDER[:count]:
            bits.put(padded[code], 3)
        for code, value, extra in (*described[0], *described[1]):
            bits.put(lengths.codes[code], padded[code])
            bits.put(value, extra)
        _put_symbols(bits, symbols, *trees)


def _put_symbols(bits: _Bits, symbols: Sequence[Symbol], literals: _Tree, distances: _Tree) -> None:
    for value, distance in symbols:
        if not distance:
            bits.put(literals.codes[value], literals.lengths[value])
            continue
        code = _LENGTH_CODES[value - _MIN_MATCH]
        bits.put(literals.codes[code + _END + 1], literals.lengths[code + _END + 1])
        bits.put(value - _MIN_MATCH - _LENGTH_BASES[code], _EXTRA_LENGTH[code])
        code = _DISTANCE_CODES[distance - 1]
        bits.put(distances.codes[code], distances.lengths[code])
        bits.put(distance - 1 - _DISTANCE_BASES[code], _EXTRA_DISTANCE[code])
    bits.put(literals.codes[_END], literals.lengths[_END])


def _static_size(literals: Sequence[int], distances: Sequence[int]) -> int:
    trees = zip(_STATIC_TREES, (literals, distances), (_EXTRA_LENGTH, _EXTRA_DISTANCE), (_END + 1, 0), strict=True)
    return sum(
        count * (tree.lengths[symbol] + (extra[symbol - base] if symbol >= base else 0))
        for tree, counts, extra, base in trees
        for symbol, count in enumerate(counts)
    )


def _described(lengths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """The lengths of a tree as runs: a code, and a number of so many bits that follows it."""
    before, count = -1, 0
    for place, length in enumerate(lengths):
        following = lengths[place + 1] if place + 1 < len(lengths) else -1
        count += 1
        most = 138 if not length else 6 if length == before else 7
        least = 3 if not length or length == before else 4
        if count < most and length == following:
            continue
        if count < least:
            yield from [(length, 0, 0)] * count
        elif length:
            if length != before:
                yield length, 0, 0
                count -= 1
            yield 16, count - 3, 2
        elif count <= 10:
            yield 17, count - 3, 3
        else:
            yield 18, count - 11, 7
        before, count = length, 0


# Trees


def _tree(frequencies: Sequence[int], extra: Sequence[int], base: int, longest: int) -> _Tree:
    """The tree that zlib builds: of symbols that occur as often, the one that stands less deep comes first."""
    counts = [*frequencies, *[0] * (len(frequencies) + 1)]
    heap = [symbol for symbol, count in enumerate(frequencies) if count]
    last = heap[-1] if heap else -1
    while len(heap) < 2:  # there are always two
        forced = last + 1 if last < 2 else 0
        last = max(last, forced)
        counts[forced] = 1
        heap.append(forced)
    symbols = last + 1
    order, parents = _joined(heap, counts, len(frequencies))
    depths = {order[0]: 0}
    of_depth = [0] * (longest + 1)
    overflow = 0
    for node in order[1:]:
        depth = depths[parents[node]] + 1
        overflow += depth > longest
        depths[node] = min(depth, longest)
        if node < symbols:
            of_depth[depths[node]] += 1
    if overflow:
        _flatten(depths, of_depth, overflow, [node for node in reversed(order) if node < symbols])
    lengths = [depths.get(symbol, 0) for symbol in range(symbols)]
    size = sum(
        counts[symbol] * (length + (extra[symbol - base] if symbol >= base else 0))
        for symbol, length in enumerate(lengths)
        if length
    )
    return _Tree(lengths, _codes_of(lengths), size)


def _joined(leaves: Sequence[int], counts: list[int], first: int) -> tuple[list[int], dict[int, int]]:
    """All nodes from the root on, and the parent of each; zlib's heap, since ties come out as it leaves them."""
    heap = [0, *leaves]
    depth = dict.fromkeys(leaves, 0)
    parents: dict[int, int] = {}
    order: list[int] = []

    def sift(place: int) -> None:
        node = heap[place]
        key = counts[node], depth[node]
        while (child := 2 * place) < len(heap):
            if child + 1 < len(heap):
                left, right = heap[child], heap[child + 1]
                child += (counts[right], depth[right]) <= (counts[left], depth[left])
            if key <= (counts[heap[child]], depth[heap[child]]):
                break
            heap[place] = heap[child]
            place = child
        heap[place] = node

    for place in range(len(leaves) // 2, 0, -1):
        sift(place)
    node = first
    while len(heap) > 2:
        one = heap[1]
        heap[1] = heap.pop()
        if len(heap) > 1:
            sift(1)
        other = heap[1]
        order += one, other
        counts[node] = counts[one] + counts[other]
        depth[node] = max(depth[one], depth[other]) + 1
        parents[one] = parents[other] = node
        heap[1] = node
        node += 1
        sift(1)
    return [heap[1], *reversed(order)], parents


def _flatten(depths: dict[int, int], of_depth: list[int], overflow: int, leaves: Sequence[int]) -> None:
    """Move leaves up until none is too deep; the rarest get the longest codes."""
    longest = len(of_depth) - 1
    while overflow > 0:
        depth = next(depth for depth in range(longest - 1, 0, -1) if of_depth[depth])
        of_depth[depth] -= 1
        of_depth[depth + 1] += 2
        of_depth[longest] -= 1
        overflow -= 2
    waiting = iter(leaves)
    for depth in range(longest, 0, -1):
        for _ in range(of_depth[depth]):
            depths[next(waiting)] = depth


def _codes_of(lengths: Sequence[int]) -> list[int]:
    codes = [0] * len(lengths)
    code = 0
    for bits in range(1, max(lengths, default=0) + 1):
        for symbol, length in enumerate(lengths):
            if length == bits:
                codes[symbol] = int(f"{code:0{bits}b}"[::-1], 2)
                code += 1
        code <<= 1
    return codes


_STATIC_LENGTHS = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
_STATIC_TREES = _Tree(_STATIC_LENGTHS, _codes_of(_STATIC_LENGTHS)), _Tree([5] * 30, _codes_of([5] * 30))
