"""Who changed what, of two notebooks that come from a third, as lines for a person."""

from collections import Counter
from collections.abc import Iterator

from depository.diff.compare import CellChange
from depository.diff.rendering import Look, Renderer, what_changed
from depository.diff.sequences import Effort
from depository.diff.threeway import ThreeWay, ThreeWayChange, Who
from depository.notebook.text import Line, cell_header, plural

_IN_WORDS: dict[Who, str] = {
    "one": "in the one",
    "other": "in the other",
    "both": "alike in both",
    "conflict": "differently in both",
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
        yield Line("output-header", f"· notebook metadata changed {_IN_WORDS[found.metadata]}")
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
    named = [f"{counts[who]:,} {words}" for who, words in _IN_WORDS.items() if counts[who]]
    if found.metadata != "none":
        named.append(f"notebook metadata {_IN_WORDS[found.metadata]}")
    if not named:
        return "no changes"
    changed = sum(counts[who] for who in _IN_WORDS)
    return f"{plural(changed, 'cell')} changed: {', '.join(named)}; {counts['none']:,} unchanged"


def _is_part(change: ThreeWayChange) -> bool:
    sides = [side for side in (change.one, change.other) if side and side.status != "equal"]
    return bool(sides) and all(side.status in ("split", "merged") for side in sides)


def _header(change: ThreeWayChange) -> str:
    cells = [cell for side in (change.one, change.other) if side for cell in (side.new, side.old) if cell]
    cell = change.base or cells[0]
    whats = {_what(side) for side in (change.one, change.other) if side and side.status != "equal"}
    what = whats.pop() if len(whats) == 1 else "changed"
    return cell_header(cell, None, f"{what} {_IN_WORDS[change.who]}")


def _what(change: CellChange) -> str:
    if change.old is None or change.new is None:
        return change.status
    return ", ".join(what_changed(change)) or change.status


def _skipped(count: int) -> Iterator[Line]:
    if count:
        yield Line("note", "")
        yield Line("note", f"… {plural(count, 'unchanged cell')}")
