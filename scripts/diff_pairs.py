"""Compare consecutive versions of real notebooks: is our patch exact, and does nbdime see the same cells change?

The directory given holds histories as `scripts/replay` reads them: ``0000.ipynb``, ``0001.ipynb``, … of one notebook
in a directory of their own. Both sides look at sources, outputs and attachments, not at metadata, execution counts
and ids. A cell that moved counts as removed and added, one that was split from another as added, and one that was
merged into another as removed, for so nbdime shows them.
"""

import argparse
import contextlib
import json
import signal
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import hostile_pairs
import nbformat
from replay import histories

from depository.diff import patch
from depository.diff.compare import CellChange, NotebookDiff, diff
from depository.diff.pairing import sort_of_cell
from depository.diff.sequences import Effort
from depository.notebook import canonical
from depository.notebook.cells import Cell, cells

Item = tuple[str, int | None, int | None]
"""A cell that changed: the status, its old place and its new one."""


class Pair(NamedTuple):
    """Two versions of a notebook."""

    name: str
    old: Path
    new: Path


class Seen(NamedTuple):
    """What changed, as one of the two sees it."""

    changes: frozenset[Item]
    partner: dict[int, int]
    """The old place and the new one of each cell that did not move."""
    empty: frozenset[int] = frozenset()
    """The new places of cells of which nothing changed but that they have an empty field or have it no more."""


class Disagreement(NamedTuple):
    """Cells that ours and nbdime see in different ways."""

    kind: str
    where: str
    ours: str
    theirs: str


class Compared(NamedTuple):
    """What a run found."""

    pairs: int
    unreadable: int
    patched: int
    wrong_patches: tuple[str, ...]
    nbdime_pairs: int
    nbdime_late: int
    """How many took longer than they may."""
    nbdime_failed: int
    agreeing: int
    cells_changed: int
    """By ours, in the pairs that nbdime compared."""
    disagreements: tuple[Disagreement, ...]
    seconds: tuple[float, float]
    """CPU for comparing, ours and nbdime's, of the pairs that nbdime compared."""


def sample(directory: Path, count: int) -> list[Pair]:
    """Neighbouring versions of different content: of each notebook as many as of any other, while there are."""
    waiting: list[list[Pair]] = []
    for history in histories(directory):
        found = [
            Pair(f"{history.path} {old.stem}-{new.stem}", old, new)
            for old, new in zip(history.files, history.files[1:], strict=False)
        ]
        if found:
            # spread over the history: middle, quarters, eighths, …
            waiting.append(sorted(found, key=lambda pair: _spread(found.index(pair), len(found))))
    chosen: list[Pair] = []
    depth = 0
    while len(chosen) < count and any(depth < len(found) for found in waiting):
        chosen += [found[depth] for found in waiting if depth < len(found)]
        depth += 1
    return sorted(chosen[:count])


def _spread(place: int, count: int) -> int:
    low, high, rank = 0, count, 1
    while (middle := (low + high) // 2) != place:
        low, high, rank = (low, middle, 2 * rank) if place < middle else (middle + 1, high, 2 * rank + 1)
    return rank


# nbdime


class _TooLongError(Exception):
    """It took longer than it may."""


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(_signal: int, _frame: object) -> None:
        raise _TooLongError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _as_nbdime_reads(source: bytes) -> Any:
    notebook = nbformat.convert(nbformat.reader.reads(source.decode("utf-8-sig")), 4)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.execution_count = None
        for output in cell.get("outputs", []):
            if "execution_count" in output:
                output.execution_count = None
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return notebook


def nbdime_sees(old: Any, new: Any) -> Seen:
    """What nbdime says changed, and which of its cells became which."""
    from nbdime.diffing.notebooks import diff_notebooks  # type: ignore[import-untyped]

    steps: list[Any] = next((step.diff for step in diff_notebooks(old, new) if step.key == "cells"), [])
    removed = {step.key + k for step in steps if step.op == "removerange" for k in range(step.length)}
    added_before = {step.key: len(step.valuelist) for step in steps if step.op == "addrange"}
    patches = {step.key: [part for part in step.diff if part.key != "id"] for step in steps if step.op == "patch"}
    seen: set[Item] = {("removed", i, None) for i in removed}
    partner: dict[int, int] = {}
    empty: set[int] = set()
    j = 0
    for i in range(len(old.cells) + 1):
        for _ in range(added_before.get(i, 0)):
            seen.add(("added", None, j))
            j += 1
        if i < len(old.cells) and i not in removed:
            partner[i] = j
            if patches.get(i):
                seen.add(("changed", i, j))
                if all(_is_of_nothing(part, old.cells[i]) for part in patches[i]):
                    empty.add(j)
            j += 1
    return Seen(frozenset(seen), partner, frozenset(empty))


def _is_of_nothing(part: Any, old: Any) -> bool:
    return (part.op == "add" and not part.value) or (part.op == "remove" and not old.get(part.key))


def ours_sees(found: NotebookDiff) -> Seen:
    """The same of ours, in nbdime's terms."""
    seen: set[Item] = set()
    partner: dict[int, int] = {}
    for change in found.changes:
        old = None if change.old is None else change.old.index
        new = None if change.new is None else change.new.index
        if old is not None and new is not None and not change.moved:
            partner[old] = new
            if change.status == "changed":
                seen.add(("changed", old, new))
            continue
        if old is not None:
            seen.add(("removed", old, None))
        if new is not None:
            seen.add(("added", None, new))
    return Seen(frozenset(seen), partner)


# Where they disagree


def explain(found: NotebookDiff, theirs: Seen, old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[Disagreement]:
    """Each knot of cells about which the two disagree: of what kind it is, and what either says."""
    ours = ours_sees(found)
    knots = _Knots()
    for partner in (ours.partner, theirs.partner):
        for i, j in partner.items():
            knots.tie(("old", i), ("new", j))
    for change in found.changes:
        if change.old and change.new:
            knots.tie(("old", change.old.index), ("new", change.new.index))
    by_knot: defaultdict[tuple[str, int], list[Item]] = defaultdict(list)
    for item in ours.changes ^ theirs.changes:
        by_knot[knots.find(("old", item[1]) if item[1] is not None else ("new", item[2] or 0))].append(item)
    for items in by_knot.values():
        olds, news = ({item[side] for item in items} - {None} for side in (1, 2))
        about = [
            change
            for change in found.changes
            if (change.old and change.old.index in olds) or (change.new and change.new.index in news)
        ]
        pairs = [
            [(old[i], new[j]) for i, j in seen.partner.items() if i in olds and j in news] for seen in (ours, theirs)
        ]
        told = (_told(item for item in items if item in seen.changes) for seen in (ours, theirs))
        yield Disagreement(_kind(about, *pairs, is_empty=news <= theirs.empty), "", *told)


def _kind(
    about: Sequence[CellChange], ours: list[tuple[Cell, Cell]], theirs: list[tuple[Cell, Cell]], *, is_empty: bool
) -> str:
    sources = {cell.source.strip() for pair in (*ours, *theirs) for cell in pair}
    if any(change.moved for change in about):
        return "moved: another cell counts as the one that moved"
    if not ours and not theirs:
        return "removed or added: which of equal cells it is differs"
    if ours == theirs and is_empty:
        return "the same pair: an empty field came or went, and only nbdime tells of it"
    if ours == theirs:
        return "the same pair: " + _only_one_sees(about[0])
    if ours and theirs:
        if len(sources) < len(ours) + len(theirs):
            return "both pair, and which of equal cells it is differs"
        if any(change.status in {"split", "merged"} for change in about):
            return "both pair: another part of a split or merged cell is the one that stayed"
        return "both pair, but other cells"
    by_id = any(one.id and one.id == other.id for one, other in ours or theirs)
    if theirs:
        return f"only nbdime pairs them: by {'id' if by_id else 'likeness'}"
    return f"only we pair them: by {'id' if by_id else _likeness(about, *ours[0])}"


def _only_one_sees(change: CellChange) -> str:
    if change.source_changed:
        return "the source changed, and only we see it"
    return f"its outputs changed, and only {'we see' if change.outputs_changed else 'nbdime sees'} it"


def _likeness(about: Sequence[CellChange], old: Cell, new: Cell) -> str:
    if sort_of_cell(old) != sort_of_cell(new):
        return "likeness, code that became Markdown or the reverse"
    if any(change.status in {"split", "merged"} for change in about):
        return "likeness, split or merged"
    if old.source.split() == new.source.split():
        return f"likeness, {'only outputs' if old.source == new.source else 'only blanks'} changed"
    return "likeness"


def _told(items: Iterable[Item]) -> str:
    signs = {"removed": "-", "added": "+", "changed": ""}
    return " ".join(
        signs[status] + "→".join(str(place) for place in places if place is not None)
        for status, *places in sorted(items, key=str)
    )


class _Knots:
    """Things that are tied to one another, through others (union-find)."""

    def __init__(self) -> None:
        self._above: dict[tuple[str, int], tuple[str, int]] = {}

    def find(self, thing: tuple[str, int]) -> tuple[str, int]:
        """The one that stands for all that a thing is tied to."""
        while (above := self._above.get(thing, thing)) != thing:
            thing = above
        return thing

    def tie(self, one: tuple[str, int], other: tuple[str, int]) -> None:
        """Tie two things."""
        self._above[self.find(one)] = self.find(other)


# A run


def run(todo: Sequence[Pair], limit: float, step: Callable[[], None]) -> Compared:
    """Compare all pairs; nbdime gets `limit` seconds for each."""
    from nbdime.diffing.notebooks import set_notebook_diff_targets

    set_notebook_diff_targets(metadata=False, identifier=False, details=False)
    tally = Counter[str]()
    wrong: list[str] = []
    disagreements: list[Disagreement] = []
    seconds = [0.0, 0.0]
    for pair in todo:
        step()
        sources = [file.read_bytes() for file in (pair.old, pair.new)]
        try:
            old, new = (json.loads(source.decode("utf-8-sig")) for source in sources)
        except ValueError:
            tally["unreadable"] += 1
            continue
        tally["pairs"] += 1
        if _canonical(patch.apply(old, patch.make(old, new))) == _canonical(new):
            tally["patched"] += 1
        else:
            wrong.append(pair.name)
        try:
            with _at_most(limit):
                read = [_as_nbdime_reads(source) for source in sources]
                begin = time.process_time()
                theirs = nbdime_sees(*read)
                their_seconds = time.process_time() - begin
        except _TooLongError:
            tally["late"] += 1
            continue
        except Exception:  # noqa: BLE001 - whatever keeps it from comparing
            tally["failed"] += 1
            continue
        tally["nbdime"] += 1
        begin = time.process_time()
        found = diff(old, new, effort=Effort())
        seconds = [seconds[0] + time.process_time() - begin, seconds[1] + their_seconds]
        ours = ours_sees(found).changes
        tally["changed"] += len(ours)
        tally["agreeing"] += ours == theirs.changes
        if ours != theirs.changes:
            knots = explain(found, theirs, cells(old), cells(new))
            disagreements += [knot._replace(where=pair.name) for knot in knots]
    return Compared(
        tally["pairs"],
        tally["unreadable"],
        tally["patched"],
        tuple(wrong),
        tally["nbdime"],
        tally["late"],
        tally["failed"],
        tally["agreeing"],
        tally["changed"],
        tuple(disagreements),
        (seconds[0], seconds[1]),
    )


def _canonical(notebook: Any) -> bytes:
    return canonical.encode(canonical.ordered(notebook))


def report(result: Compared, examples: int) -> Iterator[str]:
    """The result as people read it."""
    yield f"{result.pairs:,} pairs of versions ({result.unreadable:,} more are no JSON)"
    yield f"the patch made of the first gives the second, exactly: {result.patched:,} of {result.pairs:,}"
    yield from (f"WRONG {name}" for name in result.wrong_patches)
    late, failed = result.nbdime_late, result.nbdime_failed
    yield f"nbdime compared {result.nbdime_pairs:,}, took too long for {late:,}, and failed at {failed:,}"
    ours, theirs = result.seconds
    yield f"CPU for comparing those: {ours:.1f} s ours, {theirs:.1f} s nbdime"
    yield f"pairs with the same changed, added and removed cells: {result.agreeing:,} of {result.nbdime_pairs:,}"
    count = Counter(found.kind for found in result.disagreements)
    pairs = {kind: len({found.where for found in result.disagreements if found.kind == kind}) for kind in count}
    yield f"of {result.cells_changed:,} changes {len(result.disagreements):,} knots of cells are seen in another way:"
    for kind, knots in count.most_common():
        yield f"{knots:>7,} in {pairs[kind]:>5,} pairs  {kind}"
        shown = [found for found in result.disagreements if found.kind == kind]
        for found in shown[:: max(1, len(shown) // examples)][:examples] if examples else []:
            yield f"{'':16}{found.where}: ours {found.ours or 'equal'}; nbdime {found.theirs or 'equal'}"


def main() -> int:
    """Run from the command line; 1 if a patch does not give what it should."""
    parser = argparse.ArgumentParser(prog="scripts/diff-pairs", description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=Path, nargs="?", help="histories of notebooks")
    parser.add_argument("-n", "--count", type=int, default=1_050, help="how many pairs (default: 1,050)")
    parser.add_argument("--limit", type=float, default=20, help="seconds that nbdime gets for one pair (default: 20)")
    parser.add_argument("--examples", type=int, default=3, help="how many of each kind to show (default: 3)")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    parser.add_argument("--hostile", action="store_true", help="compare hostile pairs instead: seconds and memory")
    options = parser.parse_args()
    if options.hostile:
        print("\n".join(hostile_pairs.report()))
        return 0
    if not options.directory or not options.directory.is_dir():
        parser.error("name a directory of histories")
    warnings.simplefilter("ignore")  # nbformat's, of notebooks that are not quite as they should be
    todo = sample(options.directory, options.count)
    if not todo:
        parser.error(f"no notebook in {options.directory} has two versions")
    with click.progressbar(length=len(todo), label="comparing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        result = run(todo, options.limit, lambda: bar.update(1))
    print(json.dumps(result._asdict(), indent=1) if options.json else "\n".join(report(result, options.examples)))
    return 1 if result.wrong_patches else 0


if __name__ == "__main__":
    sys.exit(main())
