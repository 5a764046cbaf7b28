"""Who changed what, of two notebooks that come from a third, as lines for a person."""

from collections import Counter
from collections.abc import Iterator

from depository.diff.compare import CellChange
from depository.diff.rendering import Look, Renderer, what_changed
from depository.diff.sequences import Effort
from depository.diff.threeway import ThreeWay, ThreeWayChange, Who
from depository.notebook.text import Line, cell_header, plural

_IN_WORDS: dict[Who, str] = {
    "none": "unchanged",
    "one": "changed in the one",
    "other": "changed in the other",
    "both": "changed alike in both",
    "conflict": "changed in both",
}


def render_three_way(found: ThreeWay, look: Look) -> Iterator[Line]:
    """Show who changed what.

    Args:
        found: the comparison.
        look: how to show what changed.
    """
    yield Line("note", summary(found))
    effort = Effort()
    one, other = Renderer(found.one, look, effort), Renderer(found.other, look, effort)
    if found.metadata != "none":
        yield Line("output-header", f"· notebook metadata {_IN_WORDS[found.metadata]}")
    skipped = 0
    for change in found.changes:
        if change.who == "none":
            skipped += 1
            continue
        if _is_part(change):
            continue  # shown with the cell that it is a part of
        yield from _skipped(skipped)
        skipped = 0
        yield Line("note", "")
        yield Line("cell-header", _header(change))
        if change.one and change.who in ("one", "both"):
            yield from one.body(change.one)
        elif change.other and change.who == "other":
            yield from other.body(change.other)
        else:
            for name, side, renderer in (("one", change.one, one), ("other", change.other, other)):
                if side and side.status != "equal":
                    yield Line("boundary", f"┄┄ the {name}: {_what(side)}")
                    yield from renderer.body(side)
    yield from _skipped(skipped)


def summary(found: ThreeWay) -> str:
    """Who changed how many cells, in one line."""
    counts = Counter(change.who for change in found.changes if not _is_part(change))
    named = [f"{plural(counts[who], 'cell')} {_IN_WORDS[who]}" for who in _IN_WORDS if counts[who] and who != "none"]
    if not named:
        return "no changes"
    return ", ".join([*named, f"{counts['none']:,} unchanged"])


def _is_part(change: ThreeWayChange) -> bool:
    sides = [side for side in (change.one, change.other) if side and side.status != "equal"]
    return bool(sides) and all(side.status in ("split", "merged") for side in sides)


def _header(change: ThreeWayChange) -> str:
    cells = [cell for side in (change.one, change.other) if side for cell in (side.new, side.old) if cell]
    cell = change.base or cells[0]
    words = _IN_WORDS[change.who]
    whats = {_what(side) for side in (change.one, change.other) if side and side.status != "equal"}
    if change.who != "conflict" and len(whats) == 1:
        words = words.replace("changed", whats.pop(), 1)
    return cell_header(cell, None, words)


def _what(change: CellChange) -> str:
    if change.old is None or change.new is None:
        return change.status
    return ", ".join(what_changed(change)) or change.status


def _skipped(count: int) -> Iterator[Line]:
    if count:
        yield Line("note", "")
        yield Line("note", f"… {plural(count, 'unchanged cell')}")
