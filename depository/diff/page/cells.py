"""The cells of a difference, each that changed in a section of its own."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from depository.diff.compare import CellChange, NotebookDiff, OutputChange
from depository.diff.highlight import Highlighter, lexer_name, plain
from depository.diff.page.limits import MAX_LINE, MAX_NAME, Rooms
from depository.diff.page.markup import MINUS, Content, Markup, cut, div, element, joined, span
from depository.diff.page.sources import Boundary, Lines, compared, whole
from depository.diff.page.values import Values
from depository.diff.sequences import Effort
from depository.diff.texts import lines
from depository.notebook.cells import Cell, coalesce
from depository.notebook.text import plural

SIGNS: Mapping[str, str] = {
    "changed": "±",
    "added": "+",
    "removed": MINUS,
    "moved": "↕",
    "split": "÷",
    "merged": "&",
}
"""The sign of each status, beside its word."""

_FIRST_LINE = 100
_MOST_PARTS = 10
"""How many parts of a cell are named."""
_UNCHANGED_LINES = 60
"""Lines of one unchanged cell."""


class Family(NamedTuple):
    """Cells of one side that are one on the other."""

    parts: tuple[Cell, ...]
    """In order, the one that is paired with the whole among them."""
    is_split: bool
    """Whether the parts are the new ones."""


def families(diff: NotebookDiff) -> Mapping[tuple[bool, int], Family]:
    """The cells that were split or merged, by whether they were split and the index of the whole."""
    parts: defaultdict[tuple[bool, int], list[Cell]] = defaultdict(list)
    for change in diff.changes:
        cell = change.new if change.status == "split" else change.old
        if change.status in ("split", "merged") and cell and change.part_of is not None:
            parts[change.status == "split", change.part_of].append(cell)
    for change in diff.changes:
        if change.old and change.new:
            if (True, change.old.index) in parts:
                parts[True, change.old.index].append(change.new)
            if (False, change.new.index) in parts:
                parts[False, change.new.index].append(change.old)
    return {key: Family(tuple(sorted(cells, key=lambda cell: cell.index)), key[0]) for key, cells in parts.items()}


class Cells:
    """Draws the cells of one page."""

    def __init__(self, diff: NotebookDiff, rooms: Rooms, context: int) -> None:
        self._rooms = rooms
        self._context = context
        self._effort = Effort()
        self._highlighter = Highlighter()
        self._metadata = (diff.old_metadata, diff.new_metadata)
        self._families = families(diff)
        self._values = Values(rooms, self._effort, context)

    def metadata(self, title: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Markup:
        """What changed in metadata."""
        return self._values.metadata(title, old, new)

    def section(self, change: CellChange, number: int, count: int) -> Markup:
        """A cell that changed: what it is, then what changed."""
        body = self._body(change) if self._rooms.text.left else [div("note", "The page is full.")]
        header = element("header", _heading(change, number), _facts(change, *self._of(change)), _steps(number, count))
        return element("section", header, *body, id=f"change-{number}", class_=f"cell {change.status}")

    def unchanged(self, changes: Sequence[CellChange]) -> Markup:
        """Cells that did not change, folded."""
        found = [change.new for change in changes if change.new]
        first, last = found[0].index + 1, found[-1].index + 1
        place = f"cell {first}" if first == last else f"cells {first} to {last}"
        summary = element("summary", f"⋯ {plural(len(found), 'unchanged cell')}", span("dim", f" · {place}"))
        shown: list[Markup] = []
        for cell in found:
            source = div("plain", _label(cell), element("pre", _beginning(cell.source)))
            if not self._rooms.unchanged.take(len(source)):
                shown.append(div("note", "There are more unchanged cells than the page shows."))
                break
            shown.append(source)
        return element("details", summary, *shown, class_="unchanged")

    # What is in a section

    def _body(self, change: CellChange) -> Iterator[Markup]:
        old, new = change.old, change.new
        if change.status in ("split", "merged"):
            yield from self._part(change)
            return
        if old is None or new is None:
            cell, tag = (new, "+") if new else (old, "-")
            if cell:
                yield from self._one_side(cell, tag)
            return
        yield self._sources(change, old, new)
        if change.attachments_changed:
            yield from self._values.attachments(old.attachments, new.attachments)
        if change.metadata_changed:
            yield self._values.metadata("metadata", _all_metadata(old), _all_metadata(new))
        yield from self._values.outputs(change.outputs)

    def _one_side(self, cell: Cell, tag: str) -> Iterator[Markup]:
        yield whole(self._lines(cell, 0 if tag == "-" else 1), tag, self._rooms.text)
        none: Mapping[str, Mapping[str, Any]] = {}
        yield from self._values.attachments(*((cell.attachments, none) if tag == "-" else (none, cell.attachments)))
        yield from self._values.outputs(_all_outputs(cell, tag))

    def _part(self, change: CellChange) -> Iterator[Markup]:
        """A cell that was part of another, or is one now: its source stands with the others."""
        cell = change.new if change.status == "split" else change.old
        if cell is None:
            return
        yield self._folded(cell, 1 if change.status == "split" else 0)
        yield from self._values.outputs(_all_outputs(cell, "+" if change.status == "split" else "-"))

    def _sources(self, change: CellChange, old: Cell, new: Cell) -> Markup:
        split, merged = self._of(change)
        if split:
            return self._several(old, split, self._lines(old, 0))
        if merged:
            return self._several(new, merged, self._lines(new, 1))
        if not change.source_changed:
            return self._folded(new, 1)
        before, after = _without_returns(old.source, new.source)
        hunks = lines(before, after, self._context, self._effort)
        if not hunks:
            return self._folded(new, 1)
        return compared(
            hunks, self._rooms.text, self._effort, old=self._lines(old, 0, before), new=self._lines(new, 1, after)
        )

    def _of(self, change: CellChange) -> tuple[Family | None, Family | None]:
        """What the old cell of a pair was split into, and what its new one was merged from."""
        if change.old is None or change.new is None:
            return None, None
        return self._families.get((True, change.old.index)), self._families.get((False, change.new.index))

    def _several(self, one: Cell, family: Family, styled: Lines) -> Markup:
        """One cell and those that it became, or that became it."""
        sources = [part.source.removesuffix("\n") for part in family.parts]
        together = "\n".join(sources)
        starts, at = [], 1
        for part, source in zip(family.parts, sources, strict=True):
            starts.append(Boundary(at, f"{'new' if family.is_split else 'old'} cell {part.index + 1}"))
            at += source.count("\n") + 1
        several = [
            runs
            for part, source in zip(family.parts, sources, strict=True)
            for runs in self._lines(part, family.is_split, source)
        ]
        before, after = (one.source, together) if family.is_split else (together, one.source)
        old, new = (styled, several) if family.is_split else (several, styled)
        hunks = lines(before, after, self._context, self._effort)
        if not hunks:
            # only the boundaries are new
            return whole(several, " ", self._rooms.text, starts)
        return compared(
            hunks, self._rooms.text, self._effort, old=old, new=new, boundaries=starts, split=family.is_split
        )

    def _folded(self, cell: Cell, side: int) -> Markup:
        """A source that did not change: its first line, and the rest on demand."""
        if not cell.source.strip():
            return Markup()
        first, _, rest = cell.source.strip().partition("\n")
        if not rest and len(first) <= _FIRST_LINE:
            return div("same", element("code", first))
        summary = element("summary", element("code", cut(first, _FIRST_LINE), " …"))
        return element("details", summary, whole(self._lines(cell, side), " ", self._rooms.text), class_="same")

    def _lines(self, cell: Cell, side: int, source: str | None = None) -> Lines:
        source = cell.source if source is None else source
        if not source:
            return []
        if not self._rooms.text.left:
            return plain(source)
        return self._highlighter.highlighted(source, lexer_name(cell, self._metadata[side]))


# Headers


def name_of(change: CellChange) -> str:
    """What a cell is called: its kind and number, before and after where they differ."""
    old, new = change.old or change.new, change.new or change.old
    if old is None or new is None:
        return "cell"
    old_kind, new_kind = cut(old.kind, MAX_NAME), cut(new.kind, MAX_NAME)
    kind = new_kind if old_kind == new_kind else f"{old_kind} → {new_kind}"
    place = f"{new.index + 1}" if old.index == new.index else f"{old.index + 1} → {new.index + 1}"
    return f"{kind} cell {place}"


def what_changed(change: CellChange) -> str:
    """Which parts of a cell changed."""
    parts = {
        "source": change.source_changed,
        "kind": change.kind_changed,
        "attachments": change.attachments_changed,
        "metadata": change.metadata_changed,
        "outputs": change.outputs_changed,
        "execution count": change.execution_count_changed,
    }
    return ", ".join(name for name, is_changed in parts.items() if is_changed)


def first_line(change: CellChange) -> str:
    """What is to be recognised of a cell."""
    cell = change.new or change.old
    first = cell.source.strip().partition("\n")[0] if cell else ""
    return cut(first.strip(), _FIRST_LINE)


def badge(change: CellChange) -> Markup:
    """The sign and the word of what happened to a cell."""
    also = ", moved" if change.moved and change.status != "moved" else ""
    sign = element("span", SIGNS[change.status], aria_hidden="true")
    return span(f"badge {change.status}", sign, f" {change.status}{also}")


def _heading(change: CellChange, number: int) -> Markup:
    name = element("a", element("bdi", name_of(change)), href=f"#change-{number}")
    return element("h2", badge(change), " ", name)


def _facts(change: CellChange, *families: Family | None) -> Markup:
    cell = change.new or change.old
    facts: list[Content] = []
    for family in filter(None, families):
        numbers = ", ".join(str(part.index + 1) for part in family.parts[:_MOST_PARTS])
        more = f" and {len(family.parts) - _MOST_PARTS:,} more" if len(family.parts) > _MOST_PARTS else ""
        facts.append(f"{'split into new' if family.is_split else 'merged from old'} cells {numbers}{more}")
    if change.part_of is not None:
        facts.append(f"{'part of old' if change.status == 'split' else 'now part of new'} cell {change.part_of + 1}")
    if found := what_changed(change):
        facts.append(f"{found} changed")
    if cell and cell.kind == "code":
        facts.append(_counts(change, cell))
    if cell and cell.id:
        facts.append(joined("id ", element("bdi", cut(cell.id, 16))))
    shown = [joined(" · " if place else None, fact) for place, fact in enumerate(filter(None, facts))]
    return div("facts", *shown)


def _counts(change: CellChange, cell: Cell) -> str:
    shown = f"[{' ' if cell.execution_count is None else cell.execution_count}]"
    if change.execution_count_changed and change.old:
        before = change.old.execution_count
        return f"[{' ' if before is None else before}] → {shown}"
    return shown


def _steps(number: int, count: int) -> Markup:
    """Links to the change before and the one after."""
    before = element("a", "↑", href=f"#change-{number - 1}", aria_label="previous change") if number > 1 else None
    after = element("a", "↓", href=f"#change-{number + 1}", aria_label="next change") if number < count else None
    return element("nav", before, after, class_="steps", aria_label="neighbouring changes")


def _label(cell: Cell) -> Markup:
    return div("dim", f"{cut(cell.kind, MAX_NAME)} cell {cell.index + 1}")


# Sources


def _beginning(source: str) -> str:
    found = source[: _UNCHANGED_LINES * MAX_LINE].split("\n")
    shown = "\n".join(line if len(line) <= MAX_LINE else line[:MAX_LINE] + " …" for line in found[:_UNCHANGED_LINES])
    left = source.count("\n") + 1 - min(len(found), _UNCHANGED_LINES)
    return shown + (f"\n… {plural(left, 'more line')}" if left else "")


def _without_returns(old: str, new: str) -> tuple[str, str]:
    """Both texts without the carriage returns that both have at the ends of lines, unless those are what differs."""
    if "\r\n" in old and "\r\n" in new:
        before, after = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
        return (before, after) if before != after else (old, new)
    return old, new


def _all_outputs(cell: Cell, tag: str) -> Iterator[OutputChange]:
    """The outputs of a cell that went or came."""
    return (
        OutputChange(output, None) if tag == "-" else OutputChange(None, output) for output in coalesce(cell.outputs)
    )


def _all_metadata(cell: Cell) -> dict[str, Any]:
    outputs = [dict(output.metadata) for output in cell.outputs]
    return {"cell": dict(cell.metadata), "outputs": outputs} if any(outputs) else dict(cell.metadata)
