"""The object store: contents in, contents out, each under the hash of what it holds.

Writing is create-only and says so to the store, so an object never changes once it is there. What was encoded is
decoded and compared before it is sent; what is read is hashed before it is returned.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from depository.backends.base import Absent, Backend
from depository.errors import (
    AlteredObject,
    CorruptData,
    KeyNotFound,
    MissingObject,
    NewerObject,
    OutcomeUnknown,
    PreconditionFailed,
    TooLong,
    UnsupportedFormat,
)
from depository.objects import frame
from depository.objects.frame import Codec, Frame, Kind

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from depository.notebook.content import Content
    from depository.notebook.skeleton import Seen, Skeleton

MAX_CHAIN = 32
"""Deltas on top of one another. A path's own scheme needs 17; copies of notebooks among paths may add to it."""

_CACHED_BYTES = 64 * 1024 * 1024
_SEEN = 20_000
"""Large values whose strings are remembered, at some 200 bytes each."""
_WRITE_TRIES = 3
_OTHER_HASH = "its content has another hash than its name"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Payload(NamedTuple):
    """A decoded object."""

    data: bytes
    chain: tuple[bytes, ...]
    """The hashes of the objects under it in its chain of deltas."""
    frame: Frame


class Written(NamedTuple):
    """A blob on its way into the store."""

    hash: bytes
    payload: Payload
    frames: dict[bytes, Frame]
    """What has to be written for it."""


def key_of(digest: bytes) -> str:
    """The key of the object with that hash."""
    name = digest.hex()
    return f"objects/{name[:2]}/{name[2:]}"


class Objects:
    """The objects of one depository. Safe with several threads."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._cache: OrderedDict[bytes, Payload] = OrderedDict()
        self._cached_bytes = 0
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._seen: Seen = {}

    # writing

    def encode_blob(
        self,
        content: "Content",
        base: tuple[bytes, Payload] | None,
        known: Iterable[bytes] = (),
        parts: "Skeleton | None" = None,
    ) -> Written:
        """Encode a content, as a delta against `base` where that pays.

        Args:
            content: a notebook or raw bytes.
            base: the hash and payload of an object that the store is known to hold.
            known: hashes of outputs that the store is known to hold; they are not among the frames to write.
            parts: of the content, where it has been taken apart.
        """
        from depository.notebook import content as contents
        from depository.notebook import skeleton

        if content.kind is contents.Kind.NOTEBOOK:
            kind = Kind.NOTEBOOK
            parts = parts or skeleton.take_apart(content.value, content.canonical, self._taken_out())
        else:
            kind, parts = Kind.BYTES, skeleton.Skeleton(content.canonical, {})
        data, outputs = parts
        if base and content.hash in (base[0], *base[1].chain):
            base = None  # it is lost from the store, or would be there; building on itself would lose the base too
        blob = self._encode_delta(kind, data, tuple(outputs), base)
        if not _gives_back(blob, base[1].data if blob.base and base else None, content, parts):
            raise AlteredObject(
                f"Encoding the content {content.hash.hex()[:12]} does not give it back; nothing was written."
            )
        held = set(known)
        frames = {
            key: frame.encode(Kind.TEXT if output.is_text else Kind.BYTES, output.data)
            for key, output in outputs.items()
            if key not in held
        }
        chain = (base[0], *base[1].chain) if blob.base and base else ()
        return Written(content.hash, Payload(data, chain, blob), {content.hash: blob, **frames})

    def _taken_out(self) -> "Seen":
        if len(self._seen) > _SEEN:
            self._seen = {}
        return self._seen

    def _encode_delta(
        self, kind: Kind, data: bytes, outputs: tuple[bytes, ...], base: tuple[bytes, Payload] | None
    ) -> Frame:
        if base is None or len(base[1].chain) >= MAX_CHAIN or not base[1].data:
            return frame.encode(kind, data, outputs)
        try:
            delta = frame.encode_delta(kind, data, outputs, base[0], base[1].data)
        except MemoryError:  # building on it saves room, and nothing else
            return frame.encode(kind, data, outputs)
        if len(delta.encoded) * 4 < len(data):
            return delta
        whole = frame.encode(kind, data, outputs)
        return delta if len(delta.encoded) < len(whole.encoded) else whole

    def write(self, frames: dict[bytes, Frame]) -> set[bytes]:
        """Write objects, at once where that pays, and return those that were not there before.

        Raises:
            StorageError: one could not be written.
        """
        created = self.map(self._create, frames.items())
        return {digest for digest, new in zip(frames, created, strict=True) if new}

    def _create(self, item: tuple[bytes, Frame]) -> bool:
        digest, blob = item
        data = frame.pack(blob)
        for attempt in range(_WRITE_TRIES):
            try:
                self._backend.put(key_of(digest), data, Absent())
            except PreconditionFailed:
                return False
            except OutcomeUnknown:
                # whoever wrote it, the name vouches for the content
                if attempt == _WRITE_TRIES - 1:
                    raise
            else:
                return True
        raise AssertionError("unreachable")

    # reading

    def read_blob(self, digest: bytes, chain: Sequence[bytes] = ()) -> "Content":
        """Read a notebook or raw bytes by hash.

        Args:
            digest: the hash.
            chain: the hashes that it probably builds on; read along with it, so that a right guess takes one round
                trip. A wrong one costs round trips, nothing else.

        Raises:
            MissingObject: it, or an object that it builds on or refers to, is not there.
            AlteredObject: it, or one of those, is not what it should be.
        """
        payload = self.read_payload(digest, chain)
        outputs = self._outputs(digest, payload.frame.outputs)
        with _within_memory(digest):
            return content_of(digest, payload.frame.kind, payload.data, outputs)

    def _outputs(self, digest: bytes, refers_to: Sequence[bytes]) -> dict[bytes, bytes]:
        """The large values of a notebook, by hash, each checked against it."""
        wanted = list(dict.fromkeys(refers_to))
        frames = self.map(self.read_frame, wanted)
        if (size := sum(output.size for output in frames)) > frame.MAX_PAYLOAD:
            raise _altered(digest, f"its outputs are {size:,} bytes in all, past the limit of {frame.MAX_PAYLOAD:,}")
        return dict(zip(wanted, self.map(_output, zip(wanted, frames, strict=True)), strict=True))

    def read_bare(self, digest: bytes, chain: Sequence[bytes] = ()) -> dict[str, Any] | None:
        """Read a notebook without its large values, each a `notebook.skeleton.Reference`; None for raw bytes.

        It costs no request for outputs. A notebook that has large values is checked by the checksums of what it is
        read from, and not by its own hash, which is over the whole.

        Args:
            digest: the hash.
            chain: as `read_blob` takes it.

        Raises:
            MissingObject: it, or an object that it builds on, is not there.
            AlteredObject: it, or one of those, is not what it should be.
        """
        from depository.notebook import skeleton

        payload = self.read_payload(digest, chain)
        if payload.frame.kind is Kind.BYTES:
            return None
        try:
            if payload.frame.kind is not Kind.NOTEBOOK:
                raise ValueError(f"it is a {payload.frame.kind.name.lower()}, not a blob")
            with _within_memory(digest):
                found = skeleton.bare(payload.data)
            if not isinstance(found, dict):
                raise ValueError("it is no notebook")  # noqa: TRY004 - told as every other damage of it is
        except ValueError as error:
            raise _altered(digest, str(error)) from error
        return found

    def read_payload(self, digest: bytes, chain: Sequence[bytes] = ()) -> Payload:
        """Read and decode an object, from memory where it has been read or written before.

        Every step of its chain is checked by its own checksum, and by its hash where it refers to no outputs, so that
        nothing is built on altered data; the hash of a notebook is over the whole content, and `read_blob` checks that.
        """
        return self._cached(digest) or self.decode(digest, self.read_frames((digest, *chain)))

    def read_frames(self, digests: Iterable[bytes]) -> dict[bytes, Frame]:
        """Read several objects at once without decoding them.

        Those that memory holds decoded are left out, and those that cannot be read: `decode` says so where they are
        needed.
        """
        wanted = [key for key in dict.fromkeys(digests) if not self._cached(key)]
        return {key: found for key, found in zip(wanted, self.map(self._try_read, wanted), strict=True) if found}

    def read(self, digest: bytes, kind: Kind, *, limit: int = frame.MAX_PAYLOAD) -> bytes:
        """Read an object that is no notebook, checked against its hash.

        Args:
            digest: the hash.
            kind: what it is.
            limit: bytes of the largest that is expected, decoded.

        Raises:
            MissingObject: it is not there.
            AlteredObject: it is not what its name stands for, or larger.
        """
        return _checked(digest, self.read_frame(digest), kind, limit)

    def read_text(self, digest: bytes) -> str:
        """Read a large text; it raises as `read` does."""
        from depository.notebook import canonical

        data = self.read(digest, Kind.TEXT)
        try:
            return canonical.decode_text(data)
        except UnicodeDecodeError as error:
            raise _altered(digest, "it is no text") from error

    def read_frame(self, digest: bytes) -> Frame:
        """Read an object without decoding it.

        Raises:
            MissingObject: it is not there.
            AlteredObject: it is no frame.
            NewerObject: it is of a newer format, or altered so that it says so.
        """
        try:
            data = self._backend.get(key_of(digest), limit=frame.MAX_FRAME).data
        except KeyNotFound:
            raise MissingObject(f"The object {key_of(digest)} is missing from {self._backend.url}.", digest) from None
        except TooLong as error:
            raise _altered(digest, f"it is longer than {frame.MAX_FRAME:,} bytes") from error
        try:
            with _within_memory(digest):
                return frame.unpack(data)
        except UnsupportedFormat as error:
            raise NewerObject(f"The object {key_of(digest)} cannot be read: {error}.", digest) from error
        except ValueError as error:
            raise _altered(digest, str(error)) from error

    def find(self, prefix: str) -> list[str]:
        """The hashes, in hex, of all objects whose hash starts with a prefix of 2 or more hex digits."""
        return [
            item.key.removeprefix("objects/").replace("/", "")
            for item in self._backend.list(f"objects/{prefix[:2]}/{prefix[2:]}")
        ]

    def remember(self, digest: bytes, payload: Payload) -> None:
        """Keep a payload in memory, to build on."""
        payload = payload._replace(frame=payload.frame._replace(encoded=b""))  # once is enough
        with self._lock:
            self._cached_bytes += _room(payload) - (_room(old) if (old := self._cache.pop(digest, None)) else 0)
            self._cache[digest] = payload
            while self._cached_bytes > _CACHED_BYTES and len(self._cache) > 1:
                _, oldest = self._cache.popitem(last=False)
                self._cached_bytes -= _room(oldest)

    def forget(self, digest: bytes) -> None:
        """Drop a payload from memory."""
        with self._lock:
            if old := self._cache.pop(digest, None):
                self._cached_bytes -= _room(old)

    def close(self) -> None:
        """End the threads that wait for requests."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool:
            pool.shutdown()

    def _cached(self, digest: bytes) -> Payload | None:
        with self._lock:
            if found := self._cache.get(digest):
                self._cache.move_to_end(digest)
            return found

    def decode(self, digest: bytes, frames: dict[bytes, Frame]) -> Payload:
        """As `read_payload`, of frames that were read before; others that it needs are read and added."""
        chain: list[bytes] = []
        step: bytes | None = digest
        payload: Payload | None = None
        while step is not None and not (payload := self._cached(step)):
            if step in chain or len(chain) > 2 * MAX_CHAIN:
                raise _altered(chain[-1] if step in chain else digest, "its chain of deltas has no end")
            if step not in frames:
                frames[step] = self.read_frame(step)
            chain.append(step)
            step = frames[step].base
        for step in reversed(chain):
            blob = frames[step]
            try:
                with _within_memory(step):
                    data = blob.decode(payload.data if payload else None)
            except ValueError as error:
                raise _altered(step, str(error)) from error
            if not blob.outputs and _hash_of(blob.kind, data) != step:
                raise _altered(step, _OTHER_HASH)
            if blob.outputs and blob.codec is Codec.STORED:
                # it has no checksum of its own; `frame.encode` writes no such blob any more
                content_of(step, blob.kind, data, self._outputs(step, blob.outputs))
            below = (blob.base, *payload.chain) if payload and blob.base else ()
            payload = Payload(data, below, blob)
            self.remember(step, payload)
        assert payload is not None  # noqa: S101 - the chain holds at least the object itself
        return payload

    def read_output(self, digest: bytes) -> bytes:
        """Read a large value of a notebook, checked against its hash; errors as `read` has them."""
        return _output((digest, self.read_frame(digest)))

    def _try_read(self, digest: bytes) -> Frame | None:
        try:
            return self.read_frame(digest)
        except (CorruptData, UnsupportedFormat):  # perhaps it is not needed; if it is, reading it again says so
            return None

    def map(self, call: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Call for each item, several at once where the store gains by it; in order, the first error raised."""
        todo = list(items)
        if len(todo) < 2 or self._backend.workers < 2:
            return [call(item) for item in todo]
        with self._lock:
            if self._pool is None:
                from concurrent.futures import ThreadPoolExecutor

                self._pool = ThreadPoolExecutor(self._backend.workers, "depository")
            pool = self._pool
        return list(pool.map(call, todo))


def content_of(digest: bytes, kind: Kind, data: bytes, outputs: dict[bytes, bytes]) -> "Content":
    """The content of a decoded blob and the large values that it refers to.

    Raises:
        AlteredObject: it is not what its name stands for.
    """
    from depository.notebook import content as contents

    try:
        if kind is Kind.BYTES:
            content = contents.from_raw(data)
        elif kind is Kind.NOTEBOOK:
            content = contents.from_skeleton(data, outputs)
        else:
            raise ValueError(f"it is a {kind.name.lower()}, not a blob")
    except KeyError as error:
        raise _altered(digest, "it refers to an output that its header does not name") from error
    except ValueError as error:
        raise _altered(digest, str(error)) from error
    if content.hash != digest:
        raise _altered(digest, _OTHER_HASH)
    return content


def _room(payload: Payload) -> int:
    """Bytes that a payload takes in memory, about: small notebooks are outweighed by what is around them."""
    return len(payload.data) + 700 + 80 * (len(payload.chain) + len(payload.frame.outputs))


def _gives_back(blob: Frame, base: bytes | None, content: "Content", parts: "Skeleton") -> bool:
    """Whether a blob, decoded, is that content."""
    from depository.notebook import canonical, skeleton
    from depository.notebook import content as contents

    try:
        decoded = blob.decode(base)
        if decoded == parts.data and skeleton.is_whole(parts, content.canonical):
            return _hash_of(blob.kind, content.canonical) == content.hash
        if blob.kind is not Kind.NOTEBOOK:
            return canonical.hash_bytes(decoded) == content.hash
        again = contents.from_skeleton(decoded, {key: output.data for key, output in parts.outputs.items()})
    except (ValueError, KeyError):
        return False
    return again.hash == content.hash


def _output(item: tuple[bytes, Frame]) -> bytes:
    digest, blob = item
    return _checked(digest, blob, Kind.TEXT if blob.kind is Kind.TEXT else Kind.BYTES)


def _checked(digest: bytes, blob: Frame, kind: Kind, limit: int = frame.MAX_PAYLOAD) -> bytes:
    if blob.kind is not kind:
        raise _altered(digest, f"it is of the kind {blob.kind.name.lower()}, not {kind.name.lower()}")
    try:
        with _within_memory(digest):
            data = blob.decode(limit=limit)
    except ValueError as error:
        raise _altered(digest, str(error)) from error
    if _hash_of(kind, data) != digest:
        raise _altered(digest, _OTHER_HASH)
    return data


def _hash_of(kind: Kind, data: bytes) -> bytes:
    """The hash of a payload that refers to no other object."""
    from depository.notebook import canonical

    hash_of = {Kind.TEXT: canonical.hash_text, Kind.BYTES: canonical.hash_bytes}.get(kind, canonical.hash_canonical)
    return hash_of(data)


@contextmanager
def _within_memory(digest: bytes) -> Iterator[None]:
    """Tell of an object that grows larger than this process may as of one that cannot be read."""
    try:
        yield
    except MemoryError as error:
        raise CorruptData(
            f"The object {key_of(digest)} cannot be read: it takes more memory than there is.", digest
        ) from error


def _altered(digest: bytes, why: str) -> AlteredObject:
    return AlteredObject(f"The object {key_of(digest)} is damaged: {why}.", digest)
