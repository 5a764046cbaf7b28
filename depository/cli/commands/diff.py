"""`depository diff`."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from depository import records
from depository.cli import contents
from depository.cli.command import command, completer, json_option
from depository.cli.contents import Side
from depository.cli.naming import Blob, Named, Names, Notebook
from depository.cli.rendering import hunk_lines, painted
from depository.cli.session import Session
from depository.diff.compare import NotebookDiff
from depository.diff.compare import diff as compare
from depository.diff.rendering import render_diff
from depository.diff.texts import Hunk, lines
from depository.notebook.text import Line

_TWO = 2


class _Compared(NamedTuple):
    old: Side
    new: Side
    notebooks: NotebookDiff | None
    """None where either side is no notebook."""
    hunks: tuple[Hunk, ...]
    """What changed then, as text."""

    @property
    def is_empty(self) -> bool:
        return self.notebooks.is_empty if self.notebooks else self.old.data == self.new.data


@command(
    ("diff mine.ipynb", "what changed on disk since the latest version"),
    ("diff mine.ipynb@v3", "and since v3"),
    ("diff mine.ipynb@v3 v7", "from one version to another"),
    ("diff v3 v7", "of the one notebook of this directory"),
    ("diff 3f9a2c1 8b1e44d", "contents by their hashes"),
    ("diff one.ipynb@v1 two.ipynb@v1", "two notebooks"),
    ("diff mine.ipynb@published latest --stat", "in numbers"),
)
@click.argument("versions", metavar="[PATH] [VERSION] [VERSION]", nargs=-1, shell_complete=completer("versions"))
@click.option("--outputs/--no-outputs", default=True, help="Whether to compare outputs; they are by default.")
@click.option("--metadata", is_flag=True, help="Compare metadata too.")
@click.option("--stat", is_flag=True, help="Say only how many cells changed.")
@click.option(
    "-U",
    "--unified",
    "context",
    metavar="LINES",
    type=click.IntRange(0, 10_000),
    default=3,
    help="Lines around a change. [3]",
)
@click.option("--full", is_flag=True, help="Show long outputs whole.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences.")
@json_option("Print a JSON document: which cells changed, and how.")
@click.pass_obj
def diff(
    session: Session,
    versions: tuple[str, ...],
    outputs: bool,
    metadata: bool,
    stat: bool,
    context: int,
    full: bool,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Compare two versions, or one with the file on disk.

    Cells are compared one by one, with their outputs. With one version, or none for the latest, the other side is
    the file on disk.
    """
    old, new = _sides(session, versions)
    compared = _compare(old, new, context, outputs=outputs, metadata=metadata)
    if as_json:
        session.console.line(records.document(_document(compared)))
    elif stat:
        session.console.line(f"{old.label} → {new.label}: {_summary(compared)}")
    elif not compared.is_empty:
        session.console.page(_lines(session, compared, context, full=full))
    if exit_code and not compared.is_empty:
        raise click.exceptions.Exit(1)


def _sides(session: Session, versions: tuple[str, ...]) -> tuple[Side, Side]:
    names = Names(session)
    sides = names.sides(versions) or [Named(names.the_one_here(), None)]
    if len(sides) > _TWO:
        raise click.UsageError("Only two versions can be compared.")
    old = sides[0]
    if len(sides) == _TWO:
        return _side(session, old), _side(session, sides[1])
    notebook: Notebook = names.the_one_here() if isinstance(old, Blob) else old.notebook
    return _side(session, old), contents.of_file(notebook)


def _side(session: Session, named: Named | Blob) -> Side:
    return contents.of_blob(session, named) if isinstance(named, Blob) else contents.of_version(session, named)


def _compare(old: Side, new: Side, context: int, *, outputs: bool, metadata: bool) -> _Compared:
    if old.notebook is not None and new.notebook is not None:
        found = compare(old.notebook, new.notebook, outputs=outputs, metadata=metadata)
        return _Compared(old, new, found, ())
    sides = [Side(s.label, None, s.data if s.notebook is None else _as_text(s.notebook), s.record) for s in (old, new)]
    texts = [side.data.decode(errors="replace") for side in sides]
    return _Compared(sides[0], sides[1], None, lines(texts[0], texts[1], context))


def _as_text(notebook: dict[str, Any]) -> bytes:
    import json

    return (json.dumps(notebook, indent=1, sort_keys=True) + "\n").encode()


def _lines(session: Session, compared: _Compared, context: int, *, full: bool) -> Iterator[str]:
    console = session.console
    yield console.paint(f"--- {compared.old.label}", "bold")
    yield console.paint(f"+++ {compared.new.label}", "bold")
    yield from painted(console, _rendered(compared, context, full=full))


def _rendered(compared: _Compared, context: int, *, full: bool) -> Iterator[Line]:
    from depository.notebook.text import OUTPUT_LINES

    if compared.notebooks:
        return render_diff(compared.notebooks, context=context, limit=None if full else OUTPUT_LINES)
    return hunk_lines(compared.hunks)


def _summary(compared: _Compared) -> str:
    if compared.is_empty:
        return "no changes"
    if compared.notebooks:
        counts = compared.notebooks.counts._asdict()
        parts = [f"{count} {status}" for status, count in counts.items() if count and status != "equal"]
        if compared.notebooks.metadata_changed:
            parts.append("notebook metadata changed")
        return ", ".join([*parts, f"{counts['equal']} unchanged"])
    tags = [line.tag for hunk in compared.hunks for line in hunk.lines]
    return f"{tags.count('+')} lines added, {tags.count('-')} removed; not notebooks both"


def _document(compared: _Compared) -> dict[str, Any]:
    document = {"old": compared.old.record, "new": compared.new.record, "equal": compared.is_empty}
    if compared.notebooks is None:
        return document
    changes = [
        {
            "status": change.status,
            "old_index": change.old.index if change.old else None,
            "new_index": change.new.index if change.new else None,
            "id": cell.id if (cell := change.new or change.old) else None,
            "source_changed": change.source_changed,
            "outputs_changed": change.outputs_changed,
            "metadata_changed": change.metadata_changed,
            "attachments_changed": change.attachments_changed,
            "moved": change.moved,
        }
        for change in compared.notebooks.changes
        if change.status != "equal"
    ]
    return {**document, "counts": compared.notebooks.counts._asdict(), "changes": changes}
