"""Where a cell was first: the index asked for the versions that hold a source word for word."""

from collections.abc import Callable, Iterable

from depository.lineage.origins import Origin
from depository.search.index import Index, Known
from depository.search.indexed import Cache, Indexed, Paths
from depository.search.query import Layer, Telling
from depository.search.texts import Sheet, Text, with_plain_ends
from depository.search.updating import Line, Store, Wanted


class IndexOrigins:
    """The `Origins` of a depository. Its index is brought up to date when it is asked first."""

    def __init__(self, store: Store, lines: Callable[[], Iterable[Line]], cache: Cache, telling: Telling) -> None:
        """Make one.

        Args:
            store: to be read as far as the index does not know it.
            lines: lists the manifests among which to look, deleted ones too.
            cache: where the index is.
            telling: whom to tell of damage, and how far the reading is.
        """
        self._store = store
        self._lines = lines
        self._cache = cache
        self._telling = telling
        self._indexed: Indexed | None = None
        self._paths: Paths = {}

    def close(self) -> None:
        """Let go of the index."""
        if self._indexed:
            self._indexed.close()

    def earlier(self, kind: str, source: str, before: int, path: str) -> Origin | None:  # noqa: ARG002
        """The earliest version, of whatever notebook, that has a cell of this kind and source, as `Origins` says."""
        if self._indexed is None:
            self._indexed = Indexed(self._store, Wanted((Sheet.SOURCE,), None), self._cache, self._telling)
            self._indexed.ask({}, lambda index, _: index.check_numbers())
            self._paths = self._indexed.whole(list(self._lines()))
        text = Text(Layer.CODE if kind == "code" else Layer.MARKDOWN, with_plain_ends(source))
        return self._indexed.ask(self._paths, lambda index, paths: _earliest(index, paths.values(), text, before))


def _earliest(index: Index, paths: Iterable[Known], text: Text, before: int) -> Origin | None:
    number = index.number_of(text)
    if number is None:
        return None
    found: list[tuple[int, str, int]] = []
    for path in paths:
        if number in index.text_numbers(path, Sheet.SOURCE):
            rows = dict(index.layouts(path, Sheet.SOURCE))
            is_there = False
            for version in index.moments(path):
                if version.number in rows:
                    is_there = number in (rows[version.number] or ())
                if is_there and version.time < before:
                    found.append((version.time, path.path, version.number))
    return Origin(*min(found)[1:]) if found else None
