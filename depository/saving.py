"""One save on its way into the archive: content, blob, entry."""

from collections.abc import Callable
from typing import Any, NamedTuple

from depository.errors import AlteredObject, CorruptData, InvalidContent
from depository.history.bases import base_of, chain_hashes
from depository.history.commit import Proposal
from depository.history.entries import Change, ContentKind, EventEntry, EventKind, Source, VersionEntry
from depository.history.manifest import Manifest
from depository.notebook import content as contents
from depository.notebook import render
from depository.notebook.canonical import hash_bytes
from depository.notebook.content import Content, Kind
from depository.objects import frame
from depository.objects.frame import Frame
from depository.objects.store import Objects, Payload

MAX_SOURCE = 256 * 1024 * 1024
"""Bytes of the largest file. Archiving one takes up to eight times its size of memory."""

_TINY_PATCH = 64


class Prepared(NamedTuple):
    """What was given to be saved, understood; nothing of it depends on what is in the store."""

    content: Content
    source: Source | None
    size: int
    """Of the file, in bytes."""
    frames: dict[bytes, Frame]
    """Objects that the entry itself refers to."""
    is_file: bool
    """It was given as a file, whose bytes count beside what they say."""


class Details(NamedTuple):
    """What is said about a save."""

    time: int
    author: str
    cause: str
    message: str


def prepare(given: bytes | dict[str, Any]) -> Prepared:
    """Understand a file's bytes or a notebook in memory.

    Raises:
        InvalidContent: it is too large, or holds what a notebook cannot hold.
        AlteredObject: compressing it did not give it back.
    """
    if not isinstance(given, bytes):
        content = contents.from_notebook(given)
        return Prepared(content, None, len(render.render(content.value)), {}, is_file=False)
    if len(given) > MAX_SOURCE:
        raise InvalidContent(
            f"The notebook has {len(given):,} bytes; at most {MAX_SOURCE:,} are archived. Clear its largest outputs."
        )
    content = contents.from_file(given)
    if content.kind is Kind.RAW:
        return Prepared(content, None, len(given), {}, is_file=True)
    style = render.Style.of(given)
    rendered = render.render(content.value, style)
    if rendered == given:
        source = None if style == render.JUPYTER else Source(style.code)
        return Prepared(content, source, len(given), {}, is_file=True)
    patch = frame.patch(given, rendered)
    if not _gives(patch, rendered, given):
        raise AlteredObject("The patch of the notebook's file does not give the file back; nothing was written.")
    if len(patch) <= _TINY_PATCH:
        return Prepared(content, Source(style.code, patch), len(given), {}, is_file=True)
    digest = hash_bytes(patch)
    frames = {digest: frame.encode(frame.Kind.BYTES, patch)}
    return Prepared(content, Source(style.code, None, digest), len(given), frames, is_file=True)


def _gives(patch: bytes, rendered: bytes, given: bytes) -> bool:
    try:
        return frame.apply_patch(patch, rendered, len(given)) == given
    except ValueError:
        return False


def file_of(entry: VersionEntry, content: Content, read: Callable[[bytes], bytes]) -> bytes:
    """The file that a version was made of, byte for byte.

    Args:
        entry: the version.
        content: its content.
        read: reads a patch by its hash.

    Raises:
        ValueError: what is stored does not give a file of the version's size.
    """
    if content.kind is Kind.RAW:
        data: bytes = content.value
    elif entry.source is None:
        data = render.render(content.value)
    else:
        data = render.render(content.value, render.Style.from_code(entry.source.style))
        patch = entry.source.patch if entry.source.patch_hash is None else read(entry.source.patch_hash)
        if patch is not None:
            data = frame.apply_patch(patch, data, entry.size)
    if len(data) != entry.size:
        raise ValueError(f"it gives {len(data):,} bytes instead of {entry.size:,}")
    return data


class Save:
    """A save that is proposed to a path as often as other writers are faster."""

    def __init__(self, objects: Objects, prepared: Prepared, details: Details) -> None:
        self._objects = objects
        self._prepared = prepared
        self._details = details
        self._written = False
        self.made: VersionEntry | None = None
        """The entry proposed last; None while the newest version is the same already."""

    def propose(self, manifest: Manifest | None) -> Proposal | None:
        """Append the save to a path's history, after writing its objects."""
        content, source, size, _, is_file = self._prepared
        self.made = None
        base = manifest or Manifest("")
        start: tuple[EventEntry, ...] = ()
        if base.renamed_to is not None:
            # the history went on under another name; this name begins anew
            details = self._details
            start = (EventEntry(EventKind.START, details.time, details.author, "", other=base.renamed_to),)
            base = Manifest("", generation=base.generation, buried=base.buried)
        newest = base.newest
        if base.alive and newest and newest.hash == content.hash and (newest.source == source or not is_file):
            return None
        fingerprint = contents.source_fingerprint(content)
        if newest and newest.hash == content.hash:
            change = Change.FILE
        else:
            change = Change.OUTPUTS if newest and base.fingerprint == fingerprint else Change.SOURCE
        kind = ContentKind.NOTEBOOK if content.kind is Kind.NOTEBOOK else ContentKind.RAW
        number = base.latest + 1
        time, author, cause, message = self._details
        self.made = VersionEntry(number, time, author, cause, message, content.hash, size, kind, change, source)
        if not self._written:
            self._write(base, number)
            self._written = True
        return Proposal(base._replace(fingerprint=fingerprint, deleted=False), (*start, self.made))

    def _write(self, manifest: Manifest, number: int) -> None:
        content, frames = self._prepared.content, dict(self._prepared.frames)
        there = {entry.hash for entry in manifest.recent if isinstance(entry, VersionEntry)}
        if content.hash in there:
            self._objects.write(frames)
            return
        base = self._base(manifest, number)
        known = base[1].frame.outputs if base else ()
        blob = self._objects.encode_blob(content, base, known)
        created = self._objects.write({**blob.frames, **frames})
        if content.hash in created:
            self._objects.remember(content.hash, blob.payload)

    def _base(self, manifest: Manifest, number: int) -> tuple[bytes, Payload] | None:
        wanted = base_of(number)
        entry = next((e for e in manifest.recent if isinstance(e, VersionEntry) and e.number == wanted), None)
        if entry is None:
            return None
        try:
            return entry.hash, self._objects.read_payload(entry.hash, chain_hashes(entry, manifest.recent))
        except CorruptData:  # a damaged version is not built on; this one stands alone
            return None
