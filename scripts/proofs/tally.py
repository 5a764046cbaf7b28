"""What an attack counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

TROUBLES = ("wrong afterwards", "cannot go on", "failed")
"""It is not what was acknowledged; it cannot be used any more; what should have happened failed."""


class Tally(Counter[str]):
    """How often what happened; and the first few troubles in words."""

    def __init__(self, counts: Mapping[str, int] = MappingProxyType({}), words: Sequence[str] = ()) -> None:
        super().__init__(counts)
        self.words = list(words)

    def __reduce__(self) -> tuple[Any, ...]:
        return Tally, (dict(self), self.words)

    def complain(self, kind: str, words: str) -> None:
        """Note a trouble."""
        self[kind] += 1
        if len(self.words) < 10:
            self.words.append(f"{kind}: {words[:2000]}")

    @property
    def troubles(self) -> int:
        """All of them."""
        return sum(self[kind] for kind in TROUBLES)

    def take(self, other: "Tally") -> None:
        """Add what another one has."""
        self.update(other)
        self.words.extend(other.words)
