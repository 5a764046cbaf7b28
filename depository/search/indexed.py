"""An index that is brought up to date and asked, and done without where it fails."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from depository.rows import FAILURES, is_damage
from depository.search.index import Index, Known, open_index
from depository.search.query import Telling
from depository.search.updating import Line, Store, Wanted, update

BATCH = 64
"""Paths that are brought up to date together: what is found in them comes after so many."""

Paths = dict[str, Known]
"""What an index knows of some paths, by their names. It says nothing of them to another index."""

_Answer = TypeVar("_Answer")


class Cache(NamedTuple):
    """Where an index is."""

    file: str | None = None
    """None for one in memory, which is gone in the end."""
    anew: bool = False
    """Throw away what is there."""


class Indexed:
    """What an index holds of some paths, as far as it is wanted."""

    def __init__(self, store: Store, wanted: Wanted, cache: Cache, telling: Telling) -> None:
        """Open the index.

        Args:
            store: to be read as far as the index does not know it.
            wanted: of each path.
            cache: where the index is.
            telling: whom to tell of damage, and how far it is.
        """
        self._store = store
        self._wanted = wanted
        self._telling = telling
        self._told: set[str] = set()
        self._is_tried_anew = cache.anew
        self._index = open_index(cache.file, anew=cache.anew)

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()

    def batches(self, lines: Sequence[Line]) -> Iterator[Paths]:
        """Bring some paths up to date, batch by batch, and tell what is known of each that has versions."""
        for start in range(0, len(lines), BATCH):
            batch = lines[start : start + BATCH]

            def step(share: float, start: int = start, size: int = len(batch)) -> None:
                self._telling.progress((start + share * size) / len(lines))

            yield self._updated(batch, step)

    def whole(self, lines: Sequence[Line]) -> Paths:
        """Bring some paths up to date, and tell what is known of all of them together."""
        while True:
            index = self._index
            paths = {path: known for batch in self.batches(lines) for path, known in batch.items()}
            if self._index is index:  # else those of the first batches are of the index that was thrown away
                return paths

    def ask(self, paths: Paths, question: Callable[[Index, Mapping[str, Known]], _Answer]) -> _Answer:
        """Ask the index of paths that were brought up to date together.

        Where it fails and another one takes its place, they are brought up to date in that, and known anew.
        """
        try:
            return question(self._index, paths)
        except FAILURES as error:
            self._do_without(error)
            again = self._updated(list(paths.values()), lambda _: None)
            paths.clear()
            paths.update(again)
            return self.ask(paths, question)

    def _updated(self, lines: Sequence[Line], step: Callable[[float], None]) -> Paths:
        try:
            known = update(self._index, self._store, lines, self._wanted, self._note, step)
            return {path.path: path for path in known}
        except FAILURES as error:
            self._do_without(error)
            return self._updated(lines, step)

    def _do_without(self, error: Exception) -> None:
        """Go on with a new file, where the old one is useless; else with an index in memory."""
        file = self._index.file
        if file is None:
            raise error
        self._index.close()
        is_worth_it = is_damage(error) and not self._is_tried_anew
        self._is_tried_anew = True
        self._index = open_index(file if is_worth_it else None, anew=is_worth_it)

    def _note(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._telling.note(sentence)
