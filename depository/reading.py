"""A version on its way out of the archive: its entry, its content, its file."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from depository import specs
from depository.errors import CorruptData, InvalidName, MissingObject, NoVersion
from depository.history import damage, pages
from depository.history.bases import chain_hashes
from depository.history.commit import Commits
from depository.history.entries import Entry, VersionEntry
from depository.history.manifest import Manifest
from depository.objects import frame
from depository.objects.frame import Kind
from depository.objects.store import Objects

if TYPE_CHECKING:
    from depository.notebook.content import Content


class Reader:
    """Reads versions. Damage that is met on the way is named with the versions that it takes along."""

    def __init__(self, commits: Commits, objects: Objects, now: Callable[[], datetime]) -> None:
        """Read what is in these; relative times count from `now`."""
        self._commits = commits
        self._objects = objects
        self._now = now

    def history(self, manifest: Manifest) -> Iterator[Entry]:
        """All entries of a path, the newest first, read as they are asked for."""
        try:
            yield from self._commits.history(manifest)
        except CorruptData as error:
            raise damage.explained(error, manifest, self._commits, self._objects) from error

    def number(self, manifest: Manifest, spec: str) -> int:
        """The number of the version that a spec names; errors as `find` has them."""
        found = specs.find(spec, manifest.path, manifest.refs, manifest.latest, self.history(manifest), self._now())
        return found if isinstance(found, int) else found.number

    def find(self, manifest: Manifest, spec: str) -> tuple[VersionEntry, tuple[Entry, ...]]:
        """The entry that a spec names, and those that lie around it.

        Raises:
            NoVersion: there is none.
            Ambiguous: a hash prefix fits several contents.
            InvalidName: the spec reads like nothing that names a version.
        """
        path, number = manifest.path, self.number(manifest, spec)
        for entry in manifest.recent:
            if isinstance(entry, VersionEntry) and entry.number == number:
                return entry, manifest.recent
        try:
            page = pages.find(number, manifest.back, self._commits.read_page)
        except CorruptData as error:
            raise damage.explained(error, manifest, self._commits, self._objects) from error
        if page is None:
            raise MissingObject(f"v{number} of '{path}' is in none of the pages of its history, which are damaged.")
        entry = next(e for e in page.entries if isinstance(e, VersionEntry) and e.number == number)
        return entry, page.entries

    def content(self, manifest: Manifest, spec: str) -> tuple[VersionEntry, "Content"]:
        """A version and its content.

        Raises:
            CorruptData: an object that it needs is missing or altered.
        """
        entry, around = self.find(manifest, spec)
        try:
            return entry, self._objects.read_blob(entry.hash, chain_hashes(entry, around))
        except CorruptData as error:
            raise damage.explained(error, manifest, self._commits, self._objects) from error

    def file(self, manifest: Manifest, spec: str) -> tuple[VersionEntry, bytes]:
        """A version and its file, byte for byte as it was saved.

        Raises:
            CorruptData: an object that it needs is missing or altered.
        """
        entry, content = self.content(manifest, spec)
        try:
            return entry, file_of(entry, content, lambda digest: self._objects.read(digest, Kind.BYTES))
        except ValueError as error:
            raise CorruptData(f"v{entry.number} of '{manifest.path}' is damaged: {error}.") from error
        except CorruptData as error:
            raise damage.explained(error, manifest, self._commits, self._objects) from error

    def blob(self, digest: str) -> "Content":
        """The content of a hash of 64 hex digits.

        Raises:
            NoVersion: nothing has it.
            CorruptData: it, or an object that it needs, is missing or altered.
        """
        if not specs.is_hash(digest) or len(digest) != 64:
            raise InvalidName(f"'{digest}' is no hash of 64 hex digits.")
        try:
            return self._objects.read_blob(bytes.fromhex(digest))
        except MissingObject as error:
            if error.digest == bytes.fromhex(digest):
                raise NoVersion(f"Nothing archived has the hash {digest}.") from None
            raise


def file_of(entry: VersionEntry, content: "Content", read: Callable[[bytes], bytes]) -> bytes:
    """The file that a version was made of, byte for byte.

    Args:
        entry: the version.
        content: its content.
        read: reads a patch by its hash.

    Raises:
        ValueError: what is stored does not give a file of the version's size.
    """
    from depository.notebook import content as contents
    from depository.notebook import render

    if content.kind is contents.Kind.RAW:
        data: bytes = content.value
    else:
        source = entry.source
        try:
            data = render.render(content.value, render.Style.from_code(source.style) if source else render.JUPYTER)
        except TypeError as error:
            raise ValueError("it holds what JSON does not have") from error
        patch = None
        if source is not None:
            patch = source.patch if source.patch_hash is None else read(source.patch_hash)
        if patch is not None:
            data = frame.apply_patch(patch, data, entry.size)
    if len(data) != entry.size:
        raise ValueError(f"it gives {len(data):,} bytes instead of {entry.size:,}")
    return data
