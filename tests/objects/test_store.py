"""The object store: what goes in under a hash comes out under it, or there is an error that names it."""

import gc
import resource
import threading
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import msgpack
import pytest

from depository.backends.base import Absent, Condition
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.backends.wrapper import Wrapper
from depository.errors import AlteredObject, MissingObject, OutcomeUnknown, Unreachable
from depository.notebook import canonical, skeleton
from depository.notebook import content as contents
from depository.notebook.content import Content
from depository.objects import frame, store
from depository.objects.frame import Codec, Frame, Kind
from depository.objects.store import MAX_CHAIN, Objects, Payload, key_of
from tests.notebooks import file_of, large, small, with_plots

LIMIT = 1 << 30
STATM = Path("/proc/self/statm")


@pytest.fixture
def backend() -> Metering:
    """An empty store that counts."""
    return Metering(MemoryBackend())


@pytest.fixture
def objects(backend: Metering) -> Objects:
    """Its objects."""
    return Objects(backend)


def content_of(data: bytes) -> Content:
    return contents.from_file(data)


def stored(objects: Objects, content: Content, base: Content | None = None) -> Frame:
    """Write a content, as a delta against another, and return its frame."""
    below = (base.hash, objects.read_payload(base.hash)) if base else None
    written = objects.encode_blob(content, below)
    objects.write(written.frames)
    return written.payload.frame


def drafts(count: int) -> list[Content]:
    """Contents that differ a little."""
    made = small(1, cells=20)
    return [content_of(file_of(made | {"metadata": {"draft": number}})) for number in range(count)]


# Keys


def test_an_object_lies_under_its_hash() -> None:
    assert key_of(bytes.fromhex("ab" * 32)) == "objects/ab/" + "ab" * 31


def test_objects_are_found_by_the_start_of_their_hash(objects: Objects) -> None:
    made = drafts(20)
    for content in made:
        stored(objects, content)
    for content in made:
        assert content.hash.hex() in objects.find(content.hash.hex()[:6])
    assert objects.find("00" * 32) == []


# Contents


@pytest.mark.parametrize(
    "data",
    [b"", b"raw", b"{}", file_of(small()), file_of(with_plots(plots=3)), file_of(large(megabytes=8)), bytes(10**6)],
    ids=["empty", "raw", "empty object", "small", "plots", "large", "zeros"],
)
def test_any_content_comes_back(backend: Metering, objects: Objects, data: bytes) -> None:
    content = content_of(data)
    stored(objects, content)

    for reader in (objects, Objects(backend)):
        assert reader.read_blob(content.hash) == content._replace(reason="")


def test_a_large_output_is_an_object_of_its_own(backend: Metering, objects: Objects) -> None:
    blob = stored(objects, content_of(file_of(with_plots(plots=2))))

    assert len(blob.outputs) == 2
    assert len(list(backend.list("objects/"))) == 3
    for digest in blob.outputs:
        assert canonical.hash_bytes(objects.read(digest, Kind.BYTES)) == digest


def test_outputs_that_are_known_are_not_written_again(objects: Objects) -> None:
    content = content_of(file_of(with_plots(plots=2)))
    outputs = stored(objects, content).outputs

    assert set(objects.encode_blob(content, None, outputs).frames) == {content.hash}


def test_a_content_that_does_not_come_back_is_never_written(objects: Objects, backend: Metering) -> None:
    wrong = content_of(file_of(small()))._replace(hash=bytes(32))
    with pytest.raises(AlteredObject, match="nothing was written"):
        objects.encode_blob(wrong, None)

    assert not backend.log


def test_raw_bytes_that_look_like_a_reference_come_back(objects: Objects) -> None:
    data = b"no JSON " + canonical.encode(msgpack.ExtType(skeleton.REFERENCE, bytes(33))) + b" at all"
    content = content_of(data)
    stored(objects, content)

    assert objects.read_blob(content.hash).canonical == content.canonical


def test_an_image_that_stands_there_in_two_forms_comes_back_in_both(objects: Objects) -> None:
    made = with_plots(plots=1)
    bundle = made["cells"][-1]["outputs"][0]["data"]
    bundle["image/x-other"] = bundle["image/png"] + "\n"
    content = content_of(file_of(made))

    assert len(stored(objects, content).outputs) == 1
    assert objects.read_blob(content.hash) == content


def test_what_large_values_stand_for_is_remembered_for_so_many(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_SEEN", 5)
    for seed in range(20):
        content = content_of(file_of(with_plots(seed, plots=1)))
        stored(objects, content)
        assert len(objects._seen) <= 6
        assert objects.read_blob(content.hash) == content


# Deltas


def test_a_small_change_is_a_small_delta(objects: Objects) -> None:
    first, second = drafts(2)
    whole, delta = stored(objects, first), stored(objects, second, first)

    assert (whole.codec, whole.base) == (Codec.ZSTD, None)
    assert (delta.codec, delta.base) == (Codec.ZSTD_DELTA, first.hash)
    assert len(delta.encoded) < len(whole.encoded) / 10


def test_where_a_delta_does_not_pay_a_content_stands_alone(objects: Objects) -> None:
    noise = [content_of(Random(seed).randbytes(10_000)) for seed in (1, 2)]
    stored(objects, noise[0])

    assert stored(objects, noise[1], noise[0]).base is None


def test_what_stands_alone_builds_on_nothing(objects: Objects) -> None:
    one, other = content_of(bytes(range(200))), content_of(bytes(range(200, 0, -1)))
    stored(objects, one)
    written = objects.encode_blob(other, (one.hash, objects.read_payload(one.hash)))

    assert (written.payload.frame.base, written.payload.chain) == (None, ())


@pytest.mark.skipif(not STATM.exists(), reason="what memory this process has is not told there")
@pytest.mark.parametrize(
    ("size", "room"), [(1 << 28, 1 << 27), (1 << 26, 5 << 25)], ids=["for itself", "for what finds matches in it"]
)
def test_a_base_that_memory_does_not_suffice_for_is_not_built_on(objects: Objects, size: int, room: int) -> None:
    first, second = drafts(2)
    stored(objects, first)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    huge = bytes(size)
    base = (first.hash, Payload(huge, (), frame.encode(Kind.NOTEBOOK, b"")))
    resource.setrlimit(resource.RLIMIT_AS, (taken() + room, hard))
    try:
        written = objects.encode_blob(second, base)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

    assert written.payload.frame.base is None
    objects.write(written.frames)
    assert objects.read_blob(second.hash).canonical == second.canonical


def taken() -> int:
    """Bytes of addresses that this process has."""
    return int(STATM.read_text().split()[0]) * resource.getpagesize()


def test_a_notebook_may_build_on_raw_bytes_and_raw_bytes_on_a_notebook(backend: Metering, objects: Objects) -> None:
    made = file_of(small(1, cells=50))
    broken = content_of(made[:-10])
    assert broken.kind is contents.Kind.RAW
    stored(objects, broken)
    stored(objects, content_of(made), broken)

    assert Objects(backend).read_blob(content_of(made).hash) == content_of(made)


def test_no_content_builds_on_itself(objects: Objects) -> None:
    one, two, three = drafts(3)
    stored(objects, one)
    stored(objects, two, one)
    stored(objects, three, two)

    for below in (three, two, one):
        base = below.hash, objects.read_payload(below.hash)
        assert objects.encode_blob(one, base).payload.frame.base is None


def test_chains_end_at_their_limit(backend: Metering, objects: Objects) -> None:
    made = drafts(2 * MAX_CHAIN + 4)
    stored(objects, made[0])
    frames = [stored(objects, content, base) for base, content in pairwise(made)]

    depth = 0
    for each in frames:
        depth = depth + 1 if each.base else 0
        assert depth <= MAX_CHAIN
    assert [each.base for each in frames].count(None) == 2
    assert all(Objects(backend).read_blob(content.hash) == content for content in made)


@pytest.mark.parametrize("chain", [range(10), range(9, -1, -1), [], [3], [0, 0, 1]], ids=str)
def test_whatever_chain_is_guessed_the_content_is_the_same(
    backend: Metering, objects: Objects, chain: Sequence[int]
) -> None:
    made = drafts(11)
    stored(objects, made[0])
    for base, content in pairwise(made):
        stored(objects, content, base)
    guess = [made[number].hash for number in chain] + [bytes(32)]

    assert Objects(backend).read_blob(made[-1].hash, guess) == made[-1]


def test_a_chain_in_a_circle_is_an_error(backend: Metering) -> None:
    first, second = drafts(2)
    for content, base in ((first, second), (second, first)):
        circle = frame.encode_delta(Kind.NOTEBOOK, content.canonical, (), base.hash, base.canonical)
        backend.put(key_of(content.hash), frame.pack(circle))

    with pytest.raises(AlteredObject, match="no end") as damaged:
        Objects(backend).read_blob(first.hash)
    assert damaged.value.digest == second.hash  # it leads back to the first


def test_a_base_that_was_swapped_is_named_and_not_what_builds_on_it(backend: Metering, objects: Objects) -> None:
    first, second, other = drafts(3)
    stored(objects, first)
    stored(objects, second, first)
    stored(objects, other)
    backend.put(key_of(first.hash), backend.get(key_of(other.hash), limit=LIMIT).data)

    with pytest.raises(AlteredObject, match="another hash") as damaged:
        Objects(backend).read_blob(second.hash)
    assert damaged.value.digest == first.hash


# Writing


def test_writing_says_what_was_not_there_before(objects: Objects) -> None:
    frames = {content.hash: frame.encode(Kind.NOTEBOOK, content.canonical) for content in drafts(3)}
    first = dict([*frames.items()][:1])

    assert objects.write(first) == set(first)
    assert objects.write(frames) == set(frames) - set(first)
    assert objects.write({}) == set()


def test_an_object_is_never_overwritten(backend: Metering, objects: Objects) -> None:
    digest = bytes(32)
    backend.put(key_of(digest), b"what was there")
    objects.write({digest: frame.encode(Kind.BYTES, b"else")})

    assert backend.get(key_of(digest), limit=LIMIT).data == b"what was there"


class Unclear(Wrapper):
    """A store whose first answers to writes are lost."""

    def __init__(self, lost: int, *, written: bool, raises: Exception | None = None) -> None:
        super().__init__(MemoryBackend())
        self._lost = lost
        self._written = written
        self._raises = raises or OutcomeUnknown("No answer came.")

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        assert isinstance(condition, Absent)
        if self._lost:
            self._lost -= 1
            if self._written:
                super().put(key, data, condition)
            raise self._raises
        return super().put(key, data, condition)


@pytest.mark.parametrize("written", [True, False])
def test_an_object_whose_answer_was_lost_is_written_again(written: bool) -> None:
    backend = Unclear(1, written=written)
    Objects(backend).write({bytes(32): frame.encode(Kind.BYTES, b"data")})

    assert frame.unpack(backend.get(key_of(bytes(32)), limit=LIMIT).data).decode() == b"data"


def test_a_store_that_never_answers_clearly_is_an_error() -> None:
    with pytest.raises(OutcomeUnknown):
        Objects(Unclear(100, written=False)).write({bytes(32): frame.encode(Kind.BYTES, b"data")})


def test_a_store_that_cannot_be_reached_is_an_error_at_once() -> None:
    backend = Unclear(1, written=False, raises=Unreachable("Nobody there."))
    with pytest.raises(Unreachable):
        Objects(backend).write({bytes(32): frame.encode(Kind.BYTES, b"data")})


# Reading


def test_what_is_missing_is_named(objects: Objects) -> None:
    with pytest.raises(MissingObject, match=key_of(bytes(32))) as missing:
        objects.read_blob(bytes(32))
    assert missing.value.digest == bytes(32)


READS: dict[str, Callable[[Objects, bytes], object]] = {
    "a blob": lambda objects, digest: objects.read_blob(digest),
    "bytes": lambda objects, digest: objects.read(digest, Kind.BYTES),
    "a page": lambda objects, digest: objects.read(digest, Kind.PAGE),
    "text": lambda objects, digest: objects.read(digest, Kind.TEXT),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("kind", Kind)
def test_an_object_of_the_wrong_content_or_kind_is_refused(
    backend: Metering, objects: Objects, name: str, kind: Kind
) -> None:
    backend.put(key_of(bytes(32)), frame.pack(frame.encode(kind, b"\x80")))
    with pytest.raises(AlteredObject, match=key_of(bytes(32))):
        READS[name](objects, bytes(32))


def test_a_blob_whose_skeleton_refers_to_what_its_header_does_not_is_refused(
    backend: Metering, objects: Objects
) -> None:
    content = content_of(file_of(with_plots(plots=2)))
    blob = stored(objects, content)
    for named, why in ((blob.outputs[:1], "its header does not name"), ((), "another hash")):
        backend.put(key_of(content.hash), frame.pack(blob._replace(outputs=named)))

        with pytest.raises(AlteredObject, match=f"{key_of(content.hash)} is damaged: .*{why}"):
            Objects(backend).read_blob(content.hash)


BLOBS: dict[str, Callable[[Objects, bytes], object]] = {
    "whole": lambda objects, digest: objects.read_blob(digest),
    "without its large values": lambda objects, digest: objects.read_bare(digest),
}


@pytest.mark.parametrize("read", BLOBS)
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.PAGE])
def test_an_object_that_is_what_its_name_says_and_no_blob_is_not_read_as_one(
    objects: Objects, kind: Kind, read: str
) -> None:
    digest = canonical.hash_text(b"text") if kind is Kind.TEXT else canonical.hash_canonical(b"text")
    objects.write({digest: frame.encode(kind, b"text")})

    with pytest.raises(AlteredObject, match=f"{key_of(digest)} is damaged: it is a {kind.name.lower()}, not a blob"):
        BLOBS[read](objects, digest)


@pytest.mark.parametrize("read", BLOBS)
@pytest.mark.parametrize("value", [None, 7, "text", [{"cells": []}]])
def test_a_blob_that_holds_json_and_no_notebook_is_refused(objects: Objects, value: object, read: str) -> None:
    data = canonical.encode(value)
    digest = canonical.hash_canonical(data)
    objects.write({digest: frame.encode(Kind.NOTEBOOK, data)})

    with pytest.raises(AlteredObject, match=f"{key_of(digest)} is damaged: it is no notebook"):
        BLOBS[read](objects, digest)


def test_raw_bytes_have_no_bare_notebook(objects: Objects) -> None:
    content = content_of(b"raw")
    stored(objects, content)

    assert objects.read_bare(content.hash) is None


def test_a_missing_output_is_named(backend: Metering, objects: Objects) -> None:
    content = content_of(file_of(with_plots(plots=2)))
    lost = stored(objects, content).outputs[1]
    backend.delete(key_of(lost))

    with pytest.raises(MissingObject) as missing:
        Objects(backend).read_blob(content.hash)
    assert missing.value.digest == lost


# In memory


def test_what_was_read_is_read_once(backend: Metering, objects: Objects) -> None:
    first, second = drafts(2)
    stored(objects, first)
    stored(objects, second, first)
    reader = Objects(backend)
    reader.read_payload(second.hash)
    backend.reset()
    reader.read_payload(second.hash)
    reader.read_payload(first.hash)

    assert not backend.log


def test_what_was_forgotten_is_read_again(backend: Metering, objects: Objects) -> None:
    [content] = drafts(1)
    stored(objects, content)
    objects.read_payload(content.hash)
    objects.forget(content.hash)
    objects.forget(content.hash)
    backend.reset()
    objects.read_payload(content.hash)

    assert len(backend.log) == 1


def test_memory_is_bounded_and_keeps_what_was_used_last(backend: Metering, objects: Objects) -> None:
    size = 10_000_000
    payload = Payload(bytes(size), (), frame.encode(Kind.BYTES, b""))
    names = [number.to_bytes(32, "big") for number in range(20)]
    for name in names:
        objects.remember(name, payload)
        objects.read_payload(names[0])

    kept = []
    for name in names:
        backend.reset()
        try:
            objects.read_payload(name)
        except MissingObject:
            continue
        kept.append(name)
    assert kept == [names[0], *names[-(store._CACHED_BYTES // size) + 1 :]]


@pytest.mark.parametrize("more", [0, 10])
def test_memory_is_bounded_by_what_small_payloads_take_with_all_that_is_around_them(
    objects: Objects, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    monkeypatch.setattr(store, "_CACHED_BYTES", 2_000_000)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(10_000):
            name, below = number.to_bytes(32, "big"), (number + 1).to_bytes(32, "little")
            outputs = tuple(number.to_bytes(16, "big") + bytes([each]) * 16 for each in range(more))
            objects.remember(name, Payload(bytes(100), (below,), frame.encode(Kind.NOTEBOOK, b"", outputs)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1_000_000 < taken < 2_000_000


def test_one_payload_larger_than_all_memory_is_kept_until_the_next(objects: Objects) -> None:
    huge = Payload(bytes(store._CACHED_BYTES + 1), (), frame.encode(Kind.BYTES, b""))
    objects.remember(bytes(32), huge)
    assert objects.read_payload(bytes(32)).data is huge.data
    objects.remember(b"\1" * 32, huge._replace(data=b""))
    with pytest.raises(MissingObject):
        objects.read_payload(bytes(32))


# At once


class Slow(Wrapper):
    """A store that pays to be asked several things at once."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())
        self.workers = 4


def test_several_are_called_at_once_in_order_where_that_pays() -> None:
    objects = Objects(Slow())
    together = threading.Barrier(4)

    def call(number: int) -> int:
        together.wait(20)
        return number * number

    assert objects.map(call, range(4)) == [0, 1, 4, 9]
    objects.close()


def test_they_are_called_one_after_the_other_where_it_does_not() -> None:
    threads = Objects(MemoryBackend()).map(lambda _: threading.current_thread(), range(4))

    assert set(threads) == {threading.current_thread()}


@pytest.mark.parametrize("backend", [MemoryBackend(), Slow()], ids=["one by one", "at once"])
def test_the_first_error_is_raised(backend: MemoryBackend | Slow) -> None:
    objects = Objects(backend)
    with pytest.raises(ZeroDivisionError):
        objects.map(lambda number: 1 // number, [1, 0, 1])
    objects.close()


def test_sixteen_threads_read_and_write_the_same_objects(backend: Metering) -> None:
    objects = Objects(backend)
    made = drafts(30)
    errors = []

    def work(seed: int) -> None:
        random = Random(seed)
        try:
            for _ in range(30):
                content = random.choice(made)
                stored(objects, content)
                assert objects.read_blob(content.hash) == content
                objects.forget(content.hash)
        except Exception as error:  # noqa: BLE001 - told below, in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
