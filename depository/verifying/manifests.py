"""Manifests read for a check: looked at twice, and taken as they were where that is all that can be had."""

from collections.abc import Callable, Sequence

from depository.backends.base import Backend
from depository.errors import (
    AlteredObject,
    CorruptData,
    KeyNotFound,
    MissingObject,
    NewerObject,
    TooLong,
    UnsupportedFormat,
)
from depository.history import manifest as manifests
from depository.history.manifest import Manifest
from depository.verifying.findings import Finding
from depository.verifying.ledger import Ledger
from depository.verifying.mending import Mender
from depository.verifying.store import Store
from depository.verifying.walking import kind_of, plain


class Manifests:
    """Reads manifests, and tells of those that are damaged."""

    def __init__(self, store: Store, ledger: Ledger, mender: Mender, tell: Callable[[Finding], None]) -> None:
        self._store = store
        self._ledger = ledger
        self._mender = mender
        self._tell = tell

    def all(self, paths: Sequence[str], why: Callable[[str], str] = lambda _: "") -> list[Manifest | None]:
        """The manifests of some paths; older ones where those can be had; None where none can be read.

        Args:
            paths: the notebooks.
            why: adds to what is said of one that is damaged.
        """
        return [
            found if isinstance(found, Manifest) else self._damaged(path, found, why(path))
            for path, found in zip(paths, self._store.objects.map(self.read, paths), strict=True)
        ]

    def read(self, path: str) -> Manifest | CorruptData:
        """The manifest of a path, or what is wrong with it, looked at twice."""
        try:
            return read_manifest(self._store.backend, path)
        except CorruptData:
            try:
                return read_manifest(self._store.backend, path)
            except CorruptData as error:
                return error

    def _damaged(self, path: str, error: CorruptData, why: str) -> Manifest | None:
        finding = Finding(kind_of(error), manifests.key_of(path), f"{plain(error)}{why}", path)
        if isinstance(error, NewerObject):
            self._tell(finding)
            return None
        older = self._mender.older(path)
        if older is None:
            self._ledger.add_lost(finding)
            return None
        how, mended = self._mender.manifest(older)
        self._tell(finding._replace(mend=how, mended=mended))
        now = self.read(path) if mended else older.manifest
        return now if isinstance(now, Manifest) else None


def read_manifest(backend: Backend, path: str) -> Manifest:
    """The manifest of a path.

    Raises:
        CorruptData: it is not there, or is no manifest of that path.
    """
    key = manifests.key_of(path)
    try:
        stored = backend.get(key, limit=manifests.READ_LIMIT)
    except KeyNotFound:
        raise MissingObject(f"The manifest of '{path}' ({key}) is missing.") from None
    except TooLong as error:
        raise AlteredObject(f"The manifest of '{path}' ({key}) is damaged: it is too long for one.") from error
    try:
        manifest = manifests.unpack(stored.data)
        if manifest.path != path:
            raise ValueError(f"it is that of '{manifest.path}'")
    except ValueError as error:
        raise AlteredObject(f"The manifest of '{path}' ({key}) is damaged: {error}.") from error
    except UnsupportedFormat as error:
        raise NewerObject(f"The manifest of '{path}' ({key}) cannot be read: {error}.") from error
    return manifest
