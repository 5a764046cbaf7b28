"""Who changed what, of two notebooks that come from a third, as a JSON document."""

from typing import Any

from depository.diff import document
from depository.diff.compare import CellChange
from depository.diff.sequences import Effort
from depository.diff.threeway import ThreeWay


def of_three_ways(
    found: ThreeWay, *, outputs: bool = True, context: int = 3, effort: Effort | None = None
) -> dict[str, Any]:
    """The document of a comparison with a base.

    Its ``from_base`` holds the documents of both differences, as `document.of_diff` writes them, and each of its
    ``changes`` says where in their ``cells`` it is told what changed.

    Args:
        found: the comparison.
        outputs: as `document.of_diff` takes it.
        context: how many unchanged lines or rows to show around changed ones.
        effort: the work that may be done; a new default one if None.
    """
    effort = effort or Effort()
    places = [{id(change): place for place, change in enumerate(side.changes)} for side in (found.one, found.other)]

    def place(side: int, change: CellChange | None) -> int | None:
        return places[side].get(id(change)) if change else None

    return {
        "format": document.FORMAT,
        "equal": found.one.is_empty and found.other.is_empty,
        "metadata": found.metadata,
        "changes": [
            {
                "who": change.who,
                "parts": change.parts._asdict(),
                "base": change.base.index if change.base else None,
                "one": place(0, change.one),
                "other": place(1, change.other),
            }
            for change in found.changes
        ],
        "from_base": {
            name: document.of_diff(side, outputs=outputs, context=context, effort=effort)
            for name, side in (("one", found.one), ("other", found.other))
        },
    }
