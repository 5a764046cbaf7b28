"""Part ``bombs``: small objects that claim or become enormous, and chains that never end, read with bounded memory.

As a program this reads one of them, in a process whose memory has a bound, and writes what came of it as JSON.
"""

import json
import os
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack
import zstandard
from benchmarks.results import Figure, Row, Section, Table, at_most
from blake3 import blake3

from depository.backends.base import Item, Stored
from depository.backends.memory import MemoryBackend
from depository.backends.wrapper import Wrapper
from depository.errors import DepositoryError
from depository.history import manifest as manifests
from depository.history import pages
from depository.history.pages import Page, Pointer
from depository.marker import KEY as MARKER
from depository.notebook import canonical, skeleton
from depository.objects import frame
from depository.objects.frame import Codec, Frame, Kind
from depository.objects.store import key_of
from proofs.part import Options

if TYPE_CHECKING:
    from depository.depository import Depository

ROOT = Path(__file__).parents[2]
MOST_MEMORY = 3 << 30
"""Bytes of the process that reads."""
MOST_READS = 6100
"""Of the store: the longest chain here has 3,000 pages, and each is read twice: to find a version, and to say what is
lost with it."""
MOST_CPU = 60
PATH = "team/bomb.ipynb"
OTHER = "team/other.ipynb"
_GIB = 1 << 30
_HASH = bytes(range(32))
_VERSION = [1, 0, "ann", "save", "", _HASH, 1, 0, 0, None]


class Bomb(NamedTuple):
    """Something that is small where it lies."""

    name: str
    plant: Callable[[MemoryBackend], None]
    is_harmless: bool = False
    """It may be read: it is large, and nothing is wrong with it."""


class _Counting(Wrapper):
    """A store that counts how often it is read."""

    def __init__(self, backend: MemoryBackend) -> None:
        super().__init__(backend)
        self.reads = 0

    def get(self, key: str, *, limit: int) -> Stored:
        """As `Backend.get`."""
        self.reads += 1
        return super().get(key, limit=limit)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        """As `Backend.list`."""
        self.reads += 1
        return super().list(prefix, after=after)


class _Outcome(NamedTuple):
    refused: int
    answered: int
    foreign: list[str]
    memory: float
    """Bytes that reading took, at the most."""
    reads: int
    cpu: float
    size: int
    """Bytes of all that was planted."""


def run(options: Options) -> Section:
    """Read every bomb, each in a process of its own."""
    chosen = list(bombs())
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda bomb: _in_a_process(bomb.name, options), chosen))
    for bomb, outcome in zip(chosen, found, strict=True):
        print(f"{bomb.name}: {outcome}", file=sys.stderr)
    return _section(list(zip(chosen, found, strict=True)))


def bombs() -> Iterator[Bomb]:
    """All of them."""
    zeros = zstandard.ZstdCompressor(level=19)
    small = zeros.compress(bytes(1 << 20))
    gib = _zeros(_GIB)
    yield Bomb("a stored payload that says it has 1 GiB", _blob(Frame(Kind.BYTES, Codec.STORED, _GIB, None, (), b"x")))
    yield Bomb(
        "a compressed payload that says it has 1 GiB", _blob(Frame(Kind.BYTES, Codec.ZSTD, _GIB, None, (), small))
    )
    yield Bomb("one that says nothing to zstd, and 1 GiB to us", _blob(_unsaid()))
    yield Bomb("one that says 1 KiB and becomes 1 GiB", _blob(Frame(Kind.BYTES, Codec.ZSTD, 1024, None, (), gib)))
    yield Bomb("one that becomes 1 GiB, with another hash", _blob(Frame(Kind.BYTES, Codec.ZSTD, _GIB, None, (), gib)))
    yield Bomb("one with a window of 2 GiB", _blob(_window(31)))
    yield Bomb("a size of 2 to the power of 64", _raw_object([1, 1, (1 << 64) - 1, None, [], small]))
    yield Bomb("a header of 100,000 levels", _raw(b"DPO\x01" + b"\x91" * 100_000))
    yield Bomb("a header that says it has 4,294,967,295 items", _raw(b"DPO\x01\xdd\xff\xff\xff\xff"))
    yield Bomb(
        "a payload that says it has 4,294,967,295 bytes", _raw(b"DPO\x01\x96\x01\x00\x01\xc0\x90\xc6\xff\xff\xff\xff")
    )
    yield Bomb("a million outputs that are not there", _blob(_many_outputs(), digest=_HASH))
    yield Bomb("a skeleton of 1 GiB of empty lists, of the right hash", _skeleton_of_lists)
    yield Bomb("a skeleton of 100,000 levels", _skeleton_deep)
    yield Bomb("a skeleton that refers to one image 200,000 times", _references)
    yield Bomb("64 images of 256 MiB of zeros in one notebook", _images)
    yield Bomb("a patch that becomes 1 GiB", _patch)
    yield Bomb("a patch of a file that says it has 2 to the power of 62 bytes", _patch_claim)
    yield Bomb("two deltas that build on each other", _circle)
    yield Bomb("a chain of 100 deltas", _chain)
    yield Bomb("a manifest of 1 MiB of entries", _long_manifest, is_harmless=True)
    yield Bomb("a manifest that becomes 1 GiB", _manifest_bomb)
    yield Bomb("a manifest of 20 MiB", _raw_manifest(bytes(20 << 20)))
    yield Bomb("a page of millions of entries", _page_bomb)
    yield Bomb("a page under the name of another, which it points at", _page_circle)
    yield Bomb("3,000 pages that lead one step back each", _pages(lambda number: number))
    yield Bomb("3,000 pages, all in the first place", _pages(lambda _: 1))
    yield Bomb("pages that are not where the pointers say", _pages(lambda number: 2 * number))
    yield Bomb("a displaced history that is 1 GiB of zeros", _buried_bomb)
    yield Bomb("a displaced history under which it is buried itself", _buried_circle)
    yield Bomb("a marker of 1 MiB", _plain(MARKER, b" " * (1 << 20)))
    yield Bomb("a marker of 30,000 levels", _plain(MARKER, b"[" * 30_000))
    yield Bomb("200,000 manifests that are none", _many_manifests)


# Objects


def _plain(key: str, data: bytes) -> Callable[[MemoryBackend], None]:
    def plant(backend: MemoryBackend) -> None:
        backend.put(key, data)

    return plant


def _blob(made: Frame, digest: bytes = _HASH) -> Callable[[MemoryBackend], None]:
    return _raw(frame.pack(made), digest)


def _raw_object(fields: list[Any]) -> Callable[[MemoryBackend], None]:
    return _raw(b"DPO\x01" + msgpack.packb(fields))


def _raw(data: bytes, digest: bytes = _HASH) -> Callable[[MemoryBackend], None]:
    """The blob of a version."""

    def plant(backend: MemoryBackend) -> None:
        backend.put(key_of(digest), data)
        _history(backend, [[*_VERSION[:5], digest, *_VERSION[6:]]])

    return plant


def _history(backend: MemoryBackend, recent: list[Any], **more: Any) -> None:
    """A manifest whose checksums are right."""
    fields = {
        "path": PATH, "generation": 1, "write_id": bytes(8), "latest": recent[-1][0] if recent else 0, "refs": {},
        "recent": recent, "newest": None, "back": [], "fingerprint": b"", **more,
    }  # fmt: skip
    _sealed(backend, frame.pack(frame.encode(Kind.MANIFEST, msgpack.packb(fields))))


def _sealed(backend: MemoryBackend, packed: bytes) -> None:
    packed += blake3(packed).digest()[:16]
    backend.put(manifests.key_of(PATH), packed if len(packed) % 2 == 0 else packed + b"\0")


def _zeros(size: int, byte: bytes = b"\0") -> bytes:
    """A zstd frame of one byte again and again, made without ever having it all."""
    compressor = zstandard.ZstdCompressor(level=3).compressobj(size=size)
    part = byte * (1 << 20)
    made = [compressor.compress(part) for _ in range(size >> 20)]
    return b"".join([*made, compressor.flush()])


def _unsaid() -> Frame:
    data = zstandard.ZstdCompressor(write_content_size=False).compress(b"few")
    return Frame(Kind.BYTES, Codec.ZSTD, _GIB, None, (), data)


def _window(log: int) -> Frame:
    """A frame of a window past what is read: the magic number, a descriptor, the window, one block of one byte."""
    data = b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([(log - 10) << 3]) + b"\x09\x00\x00x"
    return Frame(Kind.BYTES, Codec.ZSTD, 1, None, (), data)


def _many_outputs() -> Frame:
    outputs = tuple(number.to_bytes(32, "big") for number in range(1_000_000))
    return frame.encode(Kind.NOTEBOOK, b"\x80", outputs)


def _skeleton_of_lists(backend: MemoryBackend) -> None:
    count = _GIB - 64
    head = b"\xdd" + count.to_bytes(4, "big")
    hasher = blake3(head)
    for _ in range(count >> 20):
        hasher.update(b"\x90" * (1 << 20))
    hasher.update(b"\x90" * (count & ((1 << 20) - 1)))
    compressor = zstandard.ZstdCompressor(level=3).compressobj(size=count + len(head))
    made = [compressor.compress(head)]
    made += [compressor.compress(b"\x90" * (1 << 20)) for _ in range(count >> 20)]
    made += [compressor.compress(b"\x90" * (count & ((1 << 20) - 1))), compressor.flush()]
    blob = Frame(Kind.NOTEBOOK, Codec.ZSTD, count + len(head), None, (), b"".join(made))
    _blob(blob, hasher.digest())(backend)


def _skeleton_deep(backend: MemoryBackend) -> None:
    data = b"\x91" * 100_000 + b"\x80"
    _blob(frame.encode(Kind.NOTEBOOK, data), canonical.hash_canonical(data))(backend)


def _output(backend: MemoryBackend, size: int, byte: bytes = b"\0") -> bytes:
    hasher = blake3(b"\xc6" + size.to_bytes(4, "big"))
    for _ in range(size >> 20):
        hasher.update(byte * (1 << 20))
    packed = Frame(Kind.BYTES, Codec.ZSTD, size, None, (), _zeros(size, byte))
    backend.put(key_of(hasher.digest()), frame.pack(packed))
    return hasher.digest()


def _references(backend: MemoryBackend) -> None:
    image = _output(backend, 1 << 20)
    reference = msgpack.ExtType(skeleton.REFERENCE, bytes([1]) + image)
    data = canonical.encode({"cells": [reference] * 200_000})
    _blob(frame.encode(Kind.NOTEBOOK, data, (image,)))(backend)


def _images(backend: MemoryBackend) -> None:
    images = [_output(backend, 256 << 20, bytes([number])) for number in range(64)]
    data = canonical.encode([msgpack.ExtType(skeleton.REFERENCE, bytes([1]) + image) for image in images])
    _blob(frame.encode(Kind.NOTEBOOK, data, tuple(images)))(backend)


# Files


def _notebook(backend: MemoryBackend, size: int, patch: bytes) -> None:
    data = canonical.encode({"a": 1})
    digest = canonical.hash_canonical(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.NOTEBOOK, data)))
    difference = canonical.hash_bytes(patch)
    backend.put(key_of(difference), frame.pack(frame.encode(Kind.BYTES, patch)))
    _history(backend, [[*_VERSION[:5], digest, size, 0, 0, [1, None, difference]]])


def _patch(backend: MemoryBackend) -> None:
    _notebook(backend, 1000, _zeros(_GIB))


def _patch_claim(backend: MemoryBackend) -> None:
    data = zstandard.ZstdCompressor(write_content_size=False).compress(b"few")
    _notebook(backend, 1 << 62, data)


# Chains


def _circle(backend: MemoryBackend) -> None:
    other = _HASH[::-1]
    for digest, base in ((_HASH, other), (other, _HASH)):
        backend.put(key_of(digest), frame.pack(frame.encode_delta(Kind.NOTEBOOK, b"\x80", (), base, b"base")))
    _history(backend, [_VERSION])


def _chain(backend: MemoryBackend) -> None:
    below = b"\x80"
    digest = canonical.hash_canonical(below)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.NOTEBOOK, below)))
    for number in range(100):
        data = canonical.encode({"a": number})
        made = frame.encode_delta(Kind.NOTEBOOK, data, (), digest, below)
        below, digest = data, canonical.hash_canonical(data)
        backend.put(key_of(digest), frame.pack(made))
    _history(backend, [[*_VERSION[:5], digest, *_VERSION[6:]]])


# Manifests and pages


def _long_manifest(backend: MemoryBackend) -> None:
    recent = [[number, *_VERSION[1:]] for number in range(1, 20_000)]
    _history(backend, recent)


def _manifest_bomb(backend: MemoryBackend) -> None:
    _sealed(backend, frame.pack(Frame(Kind.MANIFEST, Codec.ZSTD, _GIB, None, (), _zeros(_GIB))))


def _raw_manifest(data: bytes) -> Callable[[MemoryBackend], None]:
    return _plain(manifests.key_of(PATH), data)


def _page_bomb(backend: MemoryBackend) -> None:
    data = msgpack.packb([PATH, 1, 1, [], [_VERSION] * 3_000_000])
    digest = canonical.hash_canonical(data)
    backend.put(key_of(digest), frame.pack(frame.encode(Kind.PAGE, data)))
    _history(backend, [[9, *_VERSION[1:]]], back=[[1, 1, digest]])


def _page_circle(backend: MemoryBackend) -> None:
    _, page = pages.seal(Page(PATH, 1, 1, (Pointer(1, 1, _HASH),), ()))
    backend.put(key_of(_HASH), frame.pack(page))
    _history(backend, [[9, *_VERSION[1:]]], back=[[1, 1, _HASH]])


def _pages(position: Callable[[int], int]) -> Callable[[MemoryBackend], None]:
    def plant(backend: MemoryBackend) -> None:
        back: tuple[Pointer, ...] = ()
        for number in range(1, 3001):
            pointer, packed = pages.seal(Page(PATH, position(number), number, back, ()))
            backend.put(key_of(pointer.hash), frame.pack(packed))
            back = (pointer._replace(position=number),)
        _history(backend, [[5000, *_VERSION[1:]]], back=[list(back[0])])

    return plant


def _buried_bomb(backend: MemoryBackend) -> None:
    _history(backend, [_VERSION], buried=[[1, _output(backend, _GIB)]])


def _buried_circle(backend: MemoryBackend) -> None:
    _history(backend, [_VERSION], buried=[[1, _HASH]])
    there = backend.get(manifests.key_of(PATH), limit=1 << 20).data
    backend.put(key_of(_HASH), frame.pack(frame.encode(Kind.BYTES, there)))


def _many_manifests(backend: MemoryBackend) -> None:
    for number in range(200_000):
        backend.put(f"manifests/team/none-{number}.ipynb", b"xx")


# In the process


def explode(name: str) -> _Outcome:
    """Read one bomb in every way."""
    from tests.api.stores import depository_on, found

    bomb = next(each for each in bombs() if each.name == name)
    backend = MemoryBackend()
    depo = found(backend)
    depo.save(OTHER, b'{"nbformat": 4}')
    bomb.plant(backend)
    size = sum(item.size for item in backend.list(""))
    before = _memory(reset=True)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (10 * MOST_CPU, 10 * MOST_CPU))
    uses: list[Callable[[Depository], object]] = [
        lambda depo: depo.read(PATH),
        lambda depo: depo.load(PATH),
        lambda depo: depo.read(PATH, "v1"),
        lambda depo: list(depo.history(PATH)),
        lambda depo: sum(1 for _ in depo.ls(details=True, deleted=True)),
        lambda depo: depo.blame(PATH),
        lambda depo: list(depo.grep("a")),
        lambda depo: depo.read_blob(_HASH.hex()),
        lambda depo: depo.save(PATH, b'{"nbformat": 4, "metadata": {}}'),
        lambda depo: depo.undelete(PATH, to="team/back.ipynb"),
        lambda depo: depo.info(),
    ]
    refused = answered = reads = 0
    slowest = 0.0
    foreign = []
    for use in uses:
        counting = _Counting(backend)
        start = time.process_time()
        try:
            use(depository_on(counting))
            answered += 1
        except DepositoryError:
            refused += 1
        except Exception as error:  # noqa: BLE001 - that there is none is what is proven
            where = traceback.extract_tb(error.__traceback__)[-1]
            foreign.append(
                f"{name}: {type(error).__name__}: {error!s:.100} ({Path(where.filename).name}:{where.lineno})"
            )
        slowest = max(slowest, time.process_time() - start)
        reads = max(reads, counting.reads)
    if not name.startswith("a marker"):
        try:
            assert depository_on(backend).read(OTHER) == b'{"nbformat": 4}'  # noqa: S101
        except (DepositoryError, AssertionError) as error:
            foreign.append(f"{name}: another notebook: {error}")
    return _Outcome(refused, answered, foreign, _memory() - before, reads, slowest, size)


def _memory(*, reset: bool = False) -> float:
    """The most memory that this process has had, in bytes; forgotten first, or with what it has now, if it can be."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def _in_a_process(name: str, options: Options) -> _Outcome:
    out = options.scratch / f"{blake3(name.encode()).hexdigest(8)}.json"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts")])}
    words = [sys.executable, __file__, name, str(out)]
    done = subprocess.run(words, env=environ, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return _Outcome(0, 0, [f"{name}: the process ended with {done.returncode}: {done.stderr[-300:]}"], 0, 0, 0, 0)
    return _Outcome(**json.loads(out.read_text(encoding="utf-8")))


# What is told of it


def _section(found: list[tuple[Bomb, _Outcome]]) -> Section:
    rows = tuple(
        Row(
            bomb.name,
            (
                Figure(one.size / 1e6),
                Figure(float(one.refused)),
                Figure(float(one.answered)),
                Figure(float(len(one.foreign))),
                Figure(one.memory / 1e6),
                Figure(float(one.reads)),
                Figure(one.cpu),
            ),
        )
        for bomb, one in found
    )
    heads = ("MB stored", "refused", "answered", "foreign exceptions", "MB of memory", "reads", "s of CPU, slowest")
    outcomes = [one for _, one in found]
    for one in outcomes:
        for example in one.foreign:
            print(example, file=sys.stderr)
    text = (
        "Each is planted in a store with every checksum right, where that is possible, and read by a process that may "
        f"take {MOST_MEMORY >> 30} GiB: read, load, history, ls, blame, grep, a save on top, undelete, info. Each has "
        "to be refused by an error of depository's own, or answered where the answer does not need it; and another "
        "notebook has to be read as ever. *MB of memory* is what all that took at the most; *reads* and *CPU* are "
        "those of the most expensive call. A payload may have 1 GiB by the format, so one that becomes that and no "
        "more may take it, and what is in it as much memory as its values need: where there is not so much, that is "
        "told."
    )
    return Section(
        "bombs",
        "Bombs",
        text,
        (Table("bombs", "What they took", "bomb", heads, rows),),
        (
            at_most(
                "bombs that ended in a foreign exception, or the process", 0, sum(len(o.foreign) for o in outcomes)
            ),
            at_most("MB of memory", MOST_MEMORY / 1e6, max(one.memory for one in outcomes) / 1e6),
            at_most("reads of the store by one call", MOST_READS, max(one.reads for one in outcomes[:-1])),
            at_most("s of CPU for one call", MOST_CPU, max(one.cpu for one in outcomes)),
        ),
    )


def main() -> None:
    """Read one bomb, as this module's docstring says."""
    name, out = sys.argv[1:]
    Path(out).write_text(json.dumps(explode(name)._asdict()), encoding="utf-8")


if __name__ == "__main__":
    main()
