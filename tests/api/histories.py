"""Long histories, made quickly: 64 real versions, and their entries again and again, sealed as a writer seals them.

Groups of versions are 64 long, so that each repetition has the chains of deltas that real saves would have given it.
"""

from functools import cache

from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.history import manifest as manifests
from depository.history.entries import VersionEntry
from depository.history.manifest import GROUP, MAX_RECENT, Manifest
from depository.objects import frame
from depository.objects.store import key_of
from depository.testing.seeing import copied
from tests.api.stores import LIMIT, found
from tests.notebooks import Notebook, file_of, with_plots

PATH = "kylek/notebooks/long.ipynb"


def draft(number: int) -> Notebook:
    """What version `number` of a long history holds."""
    made = with_plots((number - 1) % GROUP // 16, plots=3)
    made["metadata"]["draft"] = (number - 1) % GROUP
    return made


def file(number: int) -> bytes:
    """The file of version `number` of a long history."""
    return file_of(draft(number))


def with_history(count: int) -> MemoryBackend:
    """A store of one's own with a depository in it, and `count` versions at `PATH`."""
    return copied(_built(count))


@cache
def _built(count: int) -> MemoryBackend:
    backend = MemoryBackend()
    with found(backend) as depo:
        for number in range(1, min(count, GROUP) + 1):
            depo.save(PATH, file(number))
    if count > GROUP:
        _grow(backend, count)
    return backend


def _grow(backend: Backend, count: int) -> None:
    key = manifests.key_of(PATH)
    manifest = manifests.unpack(backend.get(key, limit=LIMIT).data)
    real = [entry for entry in manifest.recent if isinstance(entry, VersionEntry)]
    while manifest.latest < count:
        size = min(MAX_RECENT - len(manifest.recent), count - manifest.latest)
        numbers = range(manifest.latest + 1, manifest.latest + 1 + size)
        new = (_repeated(real, number) for number in numbers)
        manifest, packed, pages = manifests.sealed(manifest.appended(*new)._replace(generation=numbers[-1]))
        for digest, page in pages.items():
            backend.put(key_of(digest), frame.pack(page))
    backend.put(key, packed)


def _repeated(real: list[VersionEntry], number: int) -> VersionEntry:
    first = real[(number - 1) % GROUP]
    return first._replace(number=number, time=real[0].time + 1000 * number)


def as_manifest(backend: Backend, path: str = PATH) -> Manifest:
    """The manifest of a path, read round the API."""
    return manifests.unpack(backend.get(manifests.key_of(path), limit=LIMIT).data)
