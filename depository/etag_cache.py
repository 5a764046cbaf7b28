"""What was read from a store, remembered in a local file for as long as its etag stays the same."""

import os
import tempfile

import msgpack

_MAX_BYTES = 256 * 1024 * 1024


class EtagCache:
    """Data by name and etag. A file that is missing or damaged is an empty cache; one that cannot be written stays."""

    def __init__(self, file: str | None) -> None:
        """Read the cache of a file, or start one that is kept nowhere."""
        self._file = file
        self._changed = False
        self._known: dict[str, tuple[str, bytes]] = _load(file) if file else {}

    def get(self, name: str, etag: str) -> bytes | None:
        """What was read under that name when it had that etag."""
        known = self._known.get(name)
        return known[1] if known and known[0] == etag else None

    def put(self, name: str, etag: str, data: bytes) -> None:
        """Remember what was read."""
        self._known[name] = (etag, data)
        self._changed = True

    def store(self) -> None:
        """Write the cache to its file, if there is anything new."""
        if not self._file or not self._changed:
            return
        try:
            os.makedirs(directory := os.path.dirname(self._file), mode=0o700, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=directory)
            with os.fdopen(handle, "wb") as out:
                out.write(msgpack.packb(self._known))
            os.replace(temporary, self._file)
        except OSError:  # a cache that cannot be kept costs time, nothing else
            return


def _load(file: str) -> dict[str, tuple[str, bytes]]:
    try:
        if os.path.getsize(file) > _MAX_BYTES:
            return {}
        with open(file, "rb") as source:
            known = msgpack.unpackb(source.read())
        return {
            name: (etag, data)
            for name, (etag, data) in known.items()
            if isinstance(etag, str) and isinstance(data, bytes)  # a number would be taken for that many zeros
        }
    except (OSError, ValueError, TypeError, AttributeError, MemoryError):
        return {}
