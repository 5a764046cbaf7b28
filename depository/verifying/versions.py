"""Versions read and rendered: several at once, each object once as far as memory reaches."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import msgpack
from blake3 import blake3

from depository.errors import CorruptData
from depository.history.bases import chain_hashes
from depository.history.entries import ContentKind, VersionEntry, encode
from depository.objects.frame import Frame, Kind
from depository.objects.store import MAX_CHAIN, Payload, content_of
from depository.verifying.ledger import Ledger, Seen
from depository.verifying.store import Store

_AT_ONCE = 32 * 1024 * 1024
"""Bytes of the files of versions that are read together."""
_CACHED = 64 * 1024 * 1024
"""Bytes of large values that are remembered: versions in a row mostly have the same."""

_MAX_REFERRED = 10_000

Bad = CorruptData | ValueError


class Job(NamedTuple):
    """A version to be checked."""

    version: VersionEntry
    around: tuple[VersionEntry, ...]
    """Versions that lie beside it, among which it was built."""
    is_wanted: bool
    """Its file is asked for."""


class Outcome(NamedTuple):
    """What came of it."""

    job: Job
    error: Bad | None = None
    chain: int = 0
    """Objects that it builds on; told where they are more than writers make."""
    file: bytes = b""
    """The hash of its file, if that is asked for."""


def file_key(version: VersionEntry) -> bytes:
    """The hash of all that makes the file of a version."""
    return blake3(msgpack.packb([version.hash, encode(version)[-1], version.size])).digest()


class Versions:
    """Checks versions, and notes in the ledger what is right."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        """Read from this store, note in this ledger."""
        self._store = store
        self._ledger = ledger
        self._outputs: OrderedDict[bytes, bytes] = OrderedDict()
        self._held = 0
        self._seen: dict[bytes, int | None] = {}
        self._files: set[bytes] = set()
        self._decoded_here: set[bytes] = set()

    def check(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Check some versions, in order; those that were checked before cost nothing."""
        sizes = self._ledger.sizes(list({job.version.hash for job in jobs}))
        styled = [job for job in jobs if job.version.source]
        made = self._ledger.files([file_key(job.version) for job in styled]) if styled else set()
        outcomes = [Outcome(job) for job in jobs]
        todo: list[int] = []
        held = 0
        for place, (version, _, is_wanted) in enumerate(jobs):
            is_made = file_key(version) in made if version.source else sizes.get(version.hash) == version.size
            if is_made and not is_wanted:
                continue
            todo.append(place)
            held += version.size
            if held >= _AT_ONCE:
                self._fill(outcomes, todo)
                todo, held = [], 0
        self._fill(outcomes, todo)
        self._keep()
        for digest in self._decoded_here:  # what builds on them was among the jobs: those are whole groups
            self._store.objects.forget(digest)
        self._decoded_here.clear()
        return outcomes

    def _fill(self, outcomes: list[Outcome], places: Sequence[int]) -> None:
        done = self._together([outcomes[place].job for place in places])
        for place, outcome in zip(places, done, strict=True):
            outcomes[place] = outcome

    def again(self, job: Job) -> Outcome:
        """Check a version with nothing remembered of it."""
        for digest in (job.version.hash, *chain_hashes(job.version, job.around)):
            self._store.objects.forget(digest)
        self._forget_outputs()
        (outcome,) = self._together([job])
        self._keep()
        return outcome

    def _keep(self) -> None:
        self._ledger.add(Seen(*each) for each in self._seen.items())
        self._ledger.add_files(self._files)
        self._seen.clear()
        self._files.clear()

    def _together(self, jobs: Sequence[Job]) -> list[Outcome]:
        objects = self._store.objects
        wanted = (d for job in jobs for d in (job.version.hash, *chain_hashes(job.version, job.around)))
        frames = objects.read_frames(wanted)
        decoded = [self._decoded(job, frames) for job in jobs]
        for job, found in zip(jobs, decoded, strict=True):
            if isinstance(found, Payload):
                self._decoded_here.update((job.version.hash, *found.chain))
            else:
                self._note_doubtful(job.version, frames, found)
        self._fetch({digest for found in decoded if isinstance(found, Payload) for digest in found.frame.outputs})
        return [self._outcome(job, found) for job, found in zip(jobs, decoded, strict=True)]

    def _decoded(self, job: Job, frames: dict[bytes, Frame]) -> Payload | Bad:
        try:
            return self._store.objects.decode(job.version.hash, frames)
        except CorruptData as error:
            return error

    def _note_doubtful(self, version: VersionEntry, frames: dict[bytes, Frame], error: Bad) -> None:
        """Note what a version refers to that cannot be read, as far as that can be told."""
        source = version.source
        found = {version.hash, *([source.patch_hash] if source and source.patch_hash else [])}
        if isinstance(error, CorruptData) and error.digest:
            found.add(error.digest)
        step: bytes | None = version.hash
        while step is not None and step in frames and len(found) < _MAX_REFERRED:
            frame = frames[step]
            found.update(frame.outputs)
            step = frame.base if frame.base not in found else None
            found.update([step] if step else [])
        self._ledger.add_doubtful(found)

    def _outcome(self, job: Job, found: Payload | Bad) -> Outcome:
        if not isinstance(found, Payload):
            return Outcome(job, found)
        version = job.version
        try:
            outputs = {each: self._output(each) for each in found.frame.outputs}
            content = content_of(version.hash, found.frame.kind, found.data, outputs)
            is_raw = found.frame.kind is Kind.BYTES
            if is_raw is not (version.kind is ContentKind.RAW):
                raise ValueError(f"its entry says {version.kind.name.lower()}, and its content is not that")
            file = self._store.file_of(version, content, self._patch)
        except (CorruptData, ValueError) as error:
            self._note_doubtful(version, {version.hash: found.frame}, error)
            return Outcome(job, error)
        source = version.source
        patch = [source.patch_hash] if source and source.patch_hash else []
        for digest in (version.hash, *found.chain, *found.frame.outputs, *patch):
            self._seen.setdefault(digest, None)
        if source:
            self._files.add(file_key(version))
        else:
            self._seen[version.hash] = version.size
        chain = len(found.chain) if len(found.chain) > MAX_CHAIN else 0
        return Outcome(job, None, chain, blake3(file).digest() if job.is_wanted else b"")

    def _patch(self, digest: bytes) -> bytes:
        return self._store.objects.read(digest, Kind.BYTES)

    def _fetch(self, digests: set[bytes]) -> None:
        """Read large values several at once."""
        wanted = [digest for digest in digests if digest not in self._outputs]

        def read(digest: bytes) -> bytes | None:
            try:
                return self._store.objects.read_output(digest)
            except CorruptData:  # whoever needs it reads it again, and says so
                return None

        for digest, data in zip(wanted, self._store.objects.map(read, wanted), strict=True):
            if data is not None:
                self._outputs[digest] = data
                self._held += len(data)

    def _output(self, digest: bytes) -> bytes:
        data = self._outputs.get(digest)
        if data is None:
            data = self._store.objects.read_output(digest)
            self._outputs[digest] = data
            self._held += len(data)
        self._outputs.move_to_end(digest)
        while self._held > _CACHED and len(self._outputs) > 1:
            self._held -= len(self._outputs.popitem(last=False)[1])
        return data

    def _forget_outputs(self) -> None:
        self._outputs.clear()
        self._held = 0
