"""A store with an object of every kind, and a view of it in which one of them is another than it was."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from depository.backends.base import Absent, Backend, Condition, Item, Match, Stored
from depository.backends.memory import MemoryBackend
from depository.backends.wrapper import Wrapper
from depository.depository import Depository
from depository.errors import KeyNotFound, PreconditionFailed, TooLong
from depository.history import manifest as manifests
from depository.marker import KEY as MARKER
from depository.models import Draft
from depository.objects import frame
from depository.objects.frame import Codec
from depository.objects.store import key_of
from tests.api.stores import LIMIT, depository_on, found
from tests.notebooks import code, file_of, markdown, notebook, plot, small, stream

OTHER = "team/other.ipynb"
"""A notebook that needs nothing of what is damaged."""
COPY = "team/long.ipynb"
"""A notebook whose cells were in another one before."""


class Target(NamedTuple):
    """One stored object, or the manifest of a path, or the marker."""

    kind: str
    """What it is, for a table."""
    key: str
    path: str
    """A notebook that needs it."""
    spec: str
    """A version of that."""


def world() -> tuple[MemoryBackend, list[Target]]:
    """The store, and one target of each kind in it."""
    backend = MemoryBackend("world")
    depo = found(backend)
    depo.save(OTHER, file_of(small(99)))
    targets = [Target("marker", MARKER, OTHER, "v1")]
    targets += _blobs(backend, depo)
    targets += _outputs(backend, depo)
    targets += _pages(backend, depo)
    targets += _manifests(backend, depo)
    return backend, targets


class Altered(Wrapper):
    """A store in which some keys hold something else. What is written goes nowhere else.

    Args:
        backend: what is behind.
        changed: what the keys hold here; None for nothing.
    """

    def __init__(self, backend: Backend, changed: Mapping[str, bytes | None]) -> None:
        super().__init__(backend)
        self._changed: dict[str, bytes | None] = dict(changed)

    def get(self, key: str, *, limit: int) -> Stored:
        """As `Backend.get`."""
        if key not in self._changed:
            return super().get(key, limit=limit)
        data = self._changed[key]
        if data is None:
            raise KeyNotFound(f"Nothing is stored under '{key}' in {self.url}.")
        if len(data) > limit:
            raise TooLong(f"'{key}' in {self.url} is {len(data):,} bytes long, and at most {limit:,} were expected.")
        return Stored(data, _etag(data))

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        """As `Backend.put`."""
        try:
            there = self.get(key, limit=LIMIT).etag
        except KeyNotFound:
            there = None
        if (isinstance(condition, Absent) and there) or (isinstance(condition, Match) and there != condition.etag):
            raise PreconditionFailed(f"'{key}' in {self.url} is not what it was when it was read.")
        self._changed[key] = data
        return _etag(data)

    def delete(self, key: str) -> None:
        """As `Backend.delete`."""
        self._changed[key] = None

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        """As `Backend.list`."""
        lines = {item.key: item for item in super().list(prefix, after=after)}
        for key, data in self._changed.items():
            if data is None:
                lines.pop(key, None)
            elif key.startswith(prefix) and key > after:
                lines[key] = Item(key, len(data), _etag(data), 1_790_000_000.0)
        yield from (lines[key] for key in sorted(lines))

    def healed(self, key: str) -> "Altered":
        """The same, with one key as it was behind."""
        return Altered(self.backend, {name: data for name, data in self._changed.items() if name != key})


def _etag(data: bytes) -> str:
    backend = MemoryBackend()
    return backend.put("key", data)


def _blob_key(depo: Depository, path: str, spec: str) -> str:
    return key_of(bytes.fromhex(depo.resolve(path, spec).hash))


def _drafts(count: int, cells: int = 3) -> list[bytes]:
    """The files of a notebook that grows a little from one to the next."""
    made = small(7, cells=cells)
    return [file_of(made | {"metadata": {"draft": number}}) for number in range(count)]


def _blobs(backend: MemoryBackend, depo: Depository) -> Iterator[Target]:
    path = "team/chain.ipynb"
    for data in _drafts(3):
        depo.save(path, data)
    yield Target("blob, whole", _blob_key(depo, path, "v1"), path, "v1")
    yield Target("blob, delta, built on", _blob_key(depo, path, "v2"), path, "v2")
    yield Target("blob, delta, newest", _blob_key(depo, path, "v3"), path, "v3")
    depo.save(path := "team/tiny.ipynb", b'{\n "a": 1\n}\n')
    yield Target("blob, uncompressed", _blob_key(depo, path, "v1"), path, "v1")
    depo.save(path := "team/noise.ipynb", Random(1).randbytes(300))
    yield Target("raw file, uncompressed", _blob_key(depo, path, "v1"), path, "v1")
    depo.save(path := "team/text.ipynb", b"no notebook, but text that says the same again and again\n" * 9)
    yield Target("raw file, compressed", _blob_key(depo, path, "v1"), path, "v1")
    before = {item.key for item in backend.list("objects/")}
    path = "team/patched.ipynb"
    version = depo.save(path, _drafts(1)[0].replace(b": ", b" :  "))
    new = {item.key for item in backend.list("objects/")} - before - {key_of(bytes.fromhex(version.hash))}
    yield Target("patch", new.pop(), path, "v1")


def _outputs(backend: MemoryBackend, depo: Depository) -> Iterator[Target]:
    pattern = plot(Random(2), 0)
    pattern["data"]["image/png"] = "iVBORw0KGgo" * 2000
    shown = {
        "image, compressed": pattern,
        "image, uncompressed": plot(Random(2), 17_000),
        "text output": stream("a line that is there many times\n" * 140_000),
    }
    for kind, output in shown.items():
        path = f"team/{kind.replace(', ', '-').replace(' ', '-')}.ipynb"
        before = {item.key for item in backend.list("objects/")}
        made = notebook(markdown(f"# {kind}"), code("show()", output))
        version = depo.save(path, file_of(made))
        depo.save(path, file_of(made | {"metadata": {"draft": 2}}))
        own = key_of(bytes.fromhex(version.hash))
        after = {item.key for item in backend.list("objects/")} - before
        refers = frame.unpack(backend.get(own, limit=LIMIT).data).outputs
        yield Target(kind, next(key_of(digest) for digest in refers if key_of(digest) in after), path, "v1")
        if kind == "image, uncompressed":
            yield Target("blob with outputs", own, path, "v1")
            yield _stored_blob(backend, depo)


def _stored_blob(backend: MemoryBackend, depo: Depository) -> Target:
    """A blob with an output that a writer which does not know better has not compressed."""
    path = "team/plain.ipynb"
    data = file_of(notebook(code("show()", plot(Random(3), 17_000))))
    key = key_of(bytes.fromhex(depo.save(path, data).hash))
    there = frame.unpack(backend.get(key, limit=LIMIT).data)
    plain = there._replace(codec=Codec.STORED, encoded=there.decode())
    backend.put(key, frame.pack(plain))
    depo = depository_on(backend)
    depo.save(path, data.replace(b"show()", b"show(1)"))
    return Target("blob with outputs, uncompressed", key, path, "v1")


def _pages(backend: MemoryBackend, depo: Depository) -> Iterator[Target]:
    path = COPY
    depo.save_all(path, [Draft(data) for data in _drafts(100, cells=1)])
    pointer = manifests.unpack(backend.get(manifests.key_of(path), limit=LIMIT).data).back[0]
    yield Target("page", key_of(pointer.hash), path, "v3")
    yield Target("manifest, with a page", manifests.key_of(path), path, "latest")


def _manifests(backend: MemoryBackend, depo: Depository) -> Iterator[Target]:
    path = "team/refs.ipynb"
    for data in _drafts(2, cells=2):
        depo.save(path, data)
    depo.promote(path, "v1", "published")
    depo.tag(path, "v2", "submitted", message="for review")
    yield Target("manifest", manifests.key_of(path), path, "latest")

    depo.save(path := "team/deleted.ipynb", _drafts(1, cells=1)[0])
    depo.delete(path)
    yield Target("manifest, deleted", manifests.key_of(path), path, "latest")

    depo.save(path := "team/displaced.ipynb", file_of(small(3)))
    depo.delete(path)
    depo.save("team/new.ipynb", file_of(small(4)))
    depo.rename("team/new.ipynb", path)
    yield Target("manifest, with a displaced history", manifests.key_of(path), path, "latest")
    manifest = manifests.unpack(backend.get(manifests.key_of(path), limit=LIMIT).data)
    yield Target("displaced history", key_of(manifest.buried[0].hash), path, "latest")

    depo.save(path := "team/events.ipynb", file_of(small(5)))
    for number in range(50):
        depo.promote(path, "v1", "published", message=f"round {number}")
        depo.withdraw(path, "published")
    yield Target("manifest, its newest version in a page", manifests.key_of(path), path, "latest")


def contents_of(backend: Backend, key: str) -> bytes:
    """What a key holds."""
    return backend.get(key, limit=LIMIT).data


def fresh(backend: Backend) -> Depository:
    """A depository as a new process would open it."""
    return depository_on(backend)


def next_draft(depo: Depository, path: str) -> bytes:
    """A file that is a small change from the newest version."""
    try:
        there: dict[str, Any] = depo.load(path)
    except Exception:  # noqa: BLE001 - raw, or damaged: then another notebook
        there = small(8)
    if not isinstance(there.get("cells"), list):
        there = small(8)
    return file_of({**there, "metadata": {"saved": "on top"}})
