"""A backend that hands everything on to another: what wrappers change, they override."""

from collections.abc import Iterator, Sequence

from depository.backends.base import Backend, Condition, Item, Kept, Setting, Stored


class Wrapper(Backend):
    """The backend that it was given, under the same protocol.

    Args:
        backend: who does the work. It is closed with the wrapper.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.url = backend.url
        self.workers = backend.workers

    def get(self, key: str, *, limit: int) -> Stored:
        return self.backend.get(key, limit=limit)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        return self.backend.put(key, data, condition)

    def settle(self, key: str) -> None:
        self.backend.settle(key)

    def delete(self, key: str) -> None:
        self.backend.delete(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        return self.backend.list(prefix, after=after)

    def kept(self, key: str) -> Iterator[Kept]:
        return self.backend.kept(key)

    def deleted(self, prefix: str) -> Iterator[str]:
        return self.backend.deleted(prefix)

    def choose_protocol(self, token: str) -> str:
        return self.backend.choose_protocol(token)

    def rely_on_versions(self, prefix: str) -> None:
        self.backend.rely_on_versions(prefix)

    def get_kept(self, key: str, name: str, *, limit: int) -> Stored:
        return self.backend.get_kept(key, name, limit=limit)

    def prepare(self) -> Sequence[Setting]:
        return self.backend.prepare()

    def limit(self) -> Sequence[Setting]:
        return self.backend.limit()

    def inspect(self) -> Sequence[Setting]:
        return self.backend.inspect()

    def close(self) -> None:
        self.backend.close()
