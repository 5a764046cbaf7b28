"""The difference of two notebooks as plain lines for a person to read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from depository.diff.compare import CellChange, NotebookDiff, OutputChange
from depository.diff.hunk_lines import Styled, Texts, count, hunk_lines, shown
from depository.diff.sequences import Effort
from depository.diff.texts import HunkLine, lines
from depository.notebook.cells import Cell, coalesce
from depository.notebook.text import (
    OUTPUT_LINES,
    Line,
    Run,
    attachments,
    cell_header,
    one_line,
    output_header,
    plural,
    render_output,
    source_lines,
)

if TYPE_CHECKING:
    from depository.diff.highlight import Highlighter
    from depository.diff.outputs import Detail
    from depository.diff.value_lines import Measure

MOST_VALUE_CHANGES = 200
"""How many changes of one cell's metadata are listed."""
MOST_OUTPUTS = 1_000
"""How many outputs of a cell that changed are shown, unless all lines are."""
_BOUNDARY = "\x1f"


def render_diff(
    diff: NotebookDiff,
    *,
    context: int = 3,
    limit: int | None = OUTPUT_LINES,
    outputs: bool = True,
    runs: bool = True,
    highlighter: "Highlighter | None" = None,
    measure: "Measure" = len,
    columns: int | None = None,
) -> Iterator[Line]:
    """Show what changed between two notebooks.

    Args:
        diff: the difference.
        context: how many unchanged lines to show around changed ones.
        limit: how many lines of each output to show; None for all.
        outputs: whether to show the outputs of cells that came or went.
        runs: whether to tell the pieces that a changed line consists of.
        highlighter: gives the syntax of sources, if that is wanted.
        measure: how many columns a text takes; for tables.
        columns: how wide a table may be before columns of it are left out.
    """
    look = Look(context, limit, outputs, runs, highlighter, measure, columns)
    return Renderer(diff, look).lines()


class Look(NamedTuple):
    """How a difference is shown; the fields are the arguments of `render_diff`."""

    context: int = 3
    limit: int | None = OUTPUT_LINES
    outputs: bool = True
    runs: bool = True
    highlighter: "Highlighter | None" = None
    measure: "Measure" = len
    columns: int | None = None


class Renderer:
    """Shows what changed between two notebooks."""

    def __init__(self, diff: NotebookDiff, look: Look, effort: Effort | None = None) -> None:
        self._diff = diff
        self._look = look
        self._effort = effort or Effort()
        self._parts: defaultdict[tuple[str, int | None], list[Cell]] = defaultdict(list)
        for change in diff.changes:
            if change.status in ("split", "merged") and (cell := change.new or change.old):
                self._parts[change.status, change.part_of].append(cell)

    def lines(self) -> Iterator[Line]:
        """All of it."""
        diff = self._diff
        yield Line("note", _summary(diff))
        if diff.old_format != diff.new_format:
            yield Line("note", f"nbformat {diff.old_format} → {diff.new_format}")
        if diff.metadata_changed:
            yield Line("output-header", "· notebook metadata")
            yield from self._values(diff.old_metadata, diff.new_metadata)
        equal = 0
        is_first = True
        for change in diff.changes:
            if change.status == "equal":
                equal += 1
                continue
            if change.status in ("split", "merged"):
                continue  # shown with the cell that they are parts of
            yield from _skipped(equal)
            equal = 0
            is_first = False
            yield Line("note", "")
            yield from self.change(change)
        if not is_first:
            yield from _skipped(equal)

    # Cells

    def change(self, change: CellChange) -> Iterator[Line]:
        """A cell that changed, below its header."""
        match change:
            case CellChange(old=None, new=Cell() as cell):
                yield Line("cell-header", cell_header(cell, None, "added"))
            case CellChange(old=Cell() as cell, new=None):
                yield Line("cell-header", cell_header(cell, None, "removed"))
            case CellChange(old=Cell() as old, new=Cell() as new):
                yield self._header(change, old, new)
        yield from self.body(change)

    def body(self, change: CellChange) -> Iterator[Line]:
        """What changed in a cell."""
        match change:
            case CellChange(old=None, new=Cell() as cell):
                yield from self._one_side("+", cell)
            case CellChange(old=Cell() as cell, new=None):
                yield from self._one_side("-", cell)
            case CellChange(old=Cell() as old, new=Cell() as new):
                olds, news = self._sides(old, new)
                if change.source_changed or len(olds) + len(news) > 2:
                    yield from self._sources(olds, news)
                else:
                    yield from _reminder(new)
                if change.attachments_changed:
                    yield from _attachments(old, new)
                if change.metadata_changed:
                    yield Line("output-header", "· metadata")
                    yield from self._values(_all_metadata(old), _all_metadata(new))
                listed = change.outputs if self._look.limit is None else change.outputs[:MOST_OUTPUTS]
                for output_change in listed:
                    yield from self._output(output_change)
                if len(listed) < len(change.outputs):
                    yield Line("note", f"… {plural(len(change.outputs) - len(listed), 'more output')} changed")
                if self._look.outputs:
                    yield from self._outputs_of_parts("-", [cell for cell in olds if cell.index != old.index])
                    yield from self._outputs_of_parts("+", [cell for cell in news if cell.index != new.index])

    def _sides(self, old: Cell, new: Cell) -> tuple[list[Cell], list[Cell]]:
        """The cells that became one another: one on each side, more where one was split or several were merged."""
        olds, news = [old, *self._parts["merged", new.index]], [new, *self._parts["split", old.index]]
        return _in_order(olds), _in_order(news)

    def _outputs_of_parts(self, tag: Literal["-", "+"], cells: Sequence[Cell]) -> Iterator[Line]:
        for cell in cells:
            for output in coalesce(cell.outputs):
                change = OutputChange(output, None) if tag == "-" else OutputChange(None, output)
                yield from self._output(change, f" of cell {cell.index + 1}")

    def _header(self, change: CellChange, old: Cell, new: Cell) -> Line:
        olds, news = self._sides(old, new)
        notes = list(what_changed(change))
        place = ""
        if len(olds) + len(news) > 2:
            place = f"{_places(olds)} → {_places(news)}"
            notes = [*(["split"] if len(news) > 1 else []), *(["merged"] if len(olds) > 1 else []), *notes]
        return Line("cell-header", cell_header(new, old, *notes, place=place))

    def _sources(self, olds: Sequence[Cell], news: Sequence[Cell]) -> Iterator[Line]:
        """The sources of cells, several as one text with lines between them that say where a cell begins."""
        if len(olds) + len(news) > 2:
            # a line between two cells ends as Unix has it, and so do all
            olds, news = ([replace(c, source=c.source.replace("\r\n", "\n")) for c in side] for side in (olds, news))
        boundaries: set[str] = set()
        before, old_runs = self._joined(olds, self._diff.old_metadata, "began", boundaries)
        after, new_runs = self._joined(news, self._diff.new_metadata, "begins", boundaries)
        yield from self._compare(before, after, Texts(old_runs, new_runs, frozenset(boundaries)))

    def _joined(
        self, cells: Sequence[Cell], metadata: Mapping[str, Any], begins: str, boundaries: set[str]
    ) -> tuple[str, Styled]:
        if len(cells) == 1:
            return cells[0].source, self._styled(cells[0], cells[0].source, metadata)
        texts: list[str] = []
        styles: list[list[tuple[str, str]]] = []
        for number, cell in enumerate(cells):
            if number:
                # no line of a source is this one
                boundary = f"{_BOUNDARY}┄┄ cell {cell.index + 1} {begins} here{_BOUNDARY}"
                while any(boundary in other.source for other in cells):
                    boundary += _BOUNDARY
                boundaries.add(boundary)
                texts.append(boundary)
                styles.append([])
            texts.append(cell.source)
            styles += map(list, self._styled(cell, cell.source, metadata))
        return "\n".join(texts), styles if self._look.highlighter else ()

    def _styled(self, cell: Cell, source: str, metadata: Mapping[str, Any]) -> Styled:
        if not self._look.highlighter:
            return ()
        from depository.diff.highlight import lexer_name

        return self._look.highlighter.highlighted(source, lexer_name(cell, metadata))

    def _compare(self, old: str, new: str, texts: Texts) -> Iterator[Line]:
        if "\r\n" in old and "\r\n" in new:
            # where both end lines so, that is nothing to see
            plain_old, plain_new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
            if plain_old != plain_new:
                old, new = plain_old, plain_new
                texts = texts._replace(old=_without_returns(texts.old), new=_without_returns(texts.new))
        yield from hunk_lines(
            lines(old, new, self._look.context, self._effort, marked=self._look.runs), texts, runs=self._look.runs
        )

    def _one_side(self, tag: Literal["-", "+"], cell: Cell) -> Iterator[Line]:
        source = cell.source.replace("\r\n", "\n")
        metadata = self._diff.old_metadata if tag == "-" else self._diff.new_metadata
        styled = self._styled(cell, source, metadata)
        for number, text in enumerate(source_lines(cell)):
            yield shown(HunkLine(tag, text), styled[number] if styled else (), runs=self._look.runs)
        yield from (_whole(tag, text) for text in attachments(cell))
        for output in coalesce(cell.outputs) if self._look.outputs else ():
            yield from (
                line if line.role == "output-header" else _whole(tag, line.text)
                for line in render_output(output, self._look.limit)
            )

    # Values

    def _values(self, old: object, new: object) -> Iterator[Line]:
        from depository.diff import structure
        from depository.diff.value_lines import change_lines

        yield from change_lines(*structure.compare(old, new, limit=MOST_VALUE_CHANGES, effort=self._effort))

    def _output(self, change: OutputChange, note: str = "") -> Iterator[Line]:
        old, new = change.old, change.new
        if old is None or new is None:
            tag: Literal["-", "+"] = "+" if old is None else "-"
            for output in filter(None, change):
                yield Line("output-header", f"{output_header(output)}{note} {'added' if old is None else 'removed'}")
                rest = (line for line in render_output(output, self._look.limit) if line.role != "output-header")
                yield from (_whole(tag, line.text) for line in rest)
            return
        from depository.diff import outputs

        yield Line("output-header", output_header(new) + note)
        found = outputs.details(change, context=self._look.context, effort=self._effort, marked=self._look.runs)
        left = self._look.limit
        compared = more = 0
        for detail in found:
            lines_of_it = list(islice(self._detail(detail), left))
            yield from lines_of_it
            compared += len(lines_of_it)
            if left is not None:
                left -= len(lines_of_it)
                more += self._length(detail) - len(lines_of_it) if not left else 0
        if more:
            yield Line("note", f"… {plural(more, 'more line')} of this difference")
        if not compared and not more:
            yield Line("note", "only colours or overwritten lines differ")

    def _length(self, detail: "Detail") -> int:
        """How many lines a detail takes; those of a text, which may be many, are not made for it."""
        from depository.diff.outputs import TextDetail

        return count(detail.hunks) if isinstance(detail, TextDetail) else sum(1 for _ in self._detail(detail))

    def _detail(self, detail: "Detail") -> Iterator[Line]:
        from depository.diff import value_lines
        from depository.diff.outputs import BytesDetail, ImageDetail, JsonDetail, TableDetail, TextDetail

        match detail:
            case TextDetail(hunks=hunks):
                yield from hunk_lines(hunks, runs=self._look.runs)
            case TableDetail():
                yield from value_lines.table_lines(detail, self._look.measure, self._look.columns)
            case ImageDetail():
                yield from value_lines.image_lines(detail)
            case JsonDetail():
                yield from value_lines.json_lines(detail)
            case BytesDetail():
                yield from value_lines.bytes_lines(detail)


def _summary(diff: NotebookDiff) -> str:
    if diff.is_empty:
        return "no changes"
    counts = diff.counts._asdict()
    named = [f"{count} {status}" for status, count in counts.items() if count and status != "equal"]
    if diff.counts.equal:
        named.append(f"{plural(diff.counts.equal, 'cell')} unchanged")
    if diff.metadata_changed:
        named.append("notebook metadata changed")
    return ", ".join(named)


def _skipped(count: int) -> Iterator[Line]:
    if count:
        yield Line("note", "")
        yield Line("note", f"… {plural(count, 'unchanged cell')}")


def _reminder(cell: Cell) -> Iterator[Line]:
    """The first line of a source that did not change: which cell this is."""
    first, _, rest = cell.source.strip().partition("\n")
    if first:
        yield Line("context", f"  {one_line(first)}{' …' if rest else ''}")


def what_changed(change: CellChange) -> Iterator[str]:
    """The parts of a cell that changed, in words."""
    if change.moved:
        yield "moved"
    parts = {
        "kind": change.kind_changed,
        "source": change.source_changed,
        "attachments": change.attachments_changed,
        "metadata": change.metadata_changed,
        "outputs": change.outputs_changed,
    }
    if changed := [name for name, is_changed in parts.items() if is_changed]:
        yield f"{', '.join(changed)} changed"
    if change.execution_count_changed and change.old and change.new:
        yield f"execution count {change.old.execution_count} → {change.new.execution_count}"


def _attachments(old: Cell, new: Cell) -> Iterator[Line]:
    before, after = attachments(old), attachments(new)
    yield from (_whole("-", text) for text in before if text not in after)
    yield from (_whole("+", text) for text in after if text not in before)


def _places(cells: Sequence[Cell]) -> str:
    return f"cell{'s' if len(cells) > 1 else ''} {', '.join(str(cell.index + 1) for cell in cells)}"


def _in_order(cells: Iterable[Cell]) -> list[Cell]:
    return sorted(cells, key=lambda cell: cell.index)


def _all_metadata(cell: Cell) -> dict[str, Any]:
    outputs = [output.metadata for output in cell.outputs]
    return {"cell": cell.metadata, "outputs": outputs} if any(outputs) else dict(cell.metadata)


def _without_returns(styled: Styled) -> Styled:
    """The runs of lines that ended with a carriage return, without it."""
    return [[*runs[:-1], (runs[-1][0], runs[-1][1].removesuffix("\r"))] if runs else runs for runs in map(list, styled)]


def _whole(tag: Literal["-", "+"], text: str) -> Line:
    role: Literal["removed", "added"] = "removed" if tag == "-" else "added"
    return Line(role, f"{tag} {text}", (Run(f"{tag} ", "sign", tag), Run(text, "", tag)))
