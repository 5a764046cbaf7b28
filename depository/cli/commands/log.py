"""`depository log`."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import click

from depository import records
from depository.cli.command import command, completer, json_option
from depository.cli.history import Naming, history_lines, step_lines
from depository.cli.naming import LATEST, Named, Names, Notebook
from depository.cli.session import Session
from depository.models import CellStep, Event, Version

if TYPE_CHECKING:
    from depository.cli.console import Console

_Entry = TypeVar("_Entry", Version | Event, CellStep)

_OLDER_IN_A_ROW = 100
"""After so many versions before ``--since`` no newer one is looked for: times given by hand need not be in order."""


@command(
    ("log mine.ipynb", "all versions, newest first"),
    ("log", "those of the one notebook of this directory"),
    ("log mine.ipynb -n 5 --source-only", "the last five in which source changed"),
    ('log mine.ipynb --since "2 days ago"', "those of the last 48 hours"),
    ("log mine.ipynb --events", "with what was published, tagged, renamed, and by whom"),
    ("log mine.ipynb --cell 3", "those in which the third cell changed, wherever it stood and whatever its id was"),
    ("log mine.ipynb --cell 3 --patch", "and how"),
    ("log mine.ipynb --cell 3 --output", "those in which its outputs changed"),
    ("log mine.ipynb@v7 --cell 3", "of the third cell of v7"),
    ("log :/team/report.ipynb", "a notebook without a file here"),
)
@click.argument("path", required=False, shell_complete=completer("paths"))
@click.option("--cell", metavar="N|ID", help="Only where this cell changed: its number, or the start of its id.")
@click.option("--output", is_flag=True, help="With --cell: where its outputs changed, and not its source.")
@click.option("--copies", is_flag=True, help="With --cell: follow it to the notebooks that it was copied from.")
@click.option("-p", "--patch", is_flag=True, help="With --cell: show how its source changed.")
@click.option("-n", "--max-count", "count", type=click.IntRange(min=0), metavar="COUNT", help="So many at most.")
@click.option("--since", metavar="TIME", help="Only what is from that time or later.")
@click.option("--until", metavar="TIME", help="Only what is from that time or earlier.")
@click.option("--author", metavar="TEXT", help="Only what has this in the author's name.")
@click.option("--source-only", is_flag=True, help="Only versions in which source changed, not outputs alone.")
@click.option("--events", is_flag=True, help="Show as well who moved refs and tags, renamed and deleted.")
@click.option("--reverse", is_flag=True, help="Show the oldest of them first.")
@json_option("Print one JSON object a line.")
@click.pass_obj
def log(
    session: Session,
    path: str | None,
    cell: str | None,
    output: bool,
    copies: bool,
    patch: bool,
    count: int | None,
    since: str | None,
    until: str | None,
    author: str | None,
    source_only: bool,
    events: bool,
    reverse: bool,
    as_json: bool,
) -> None:
    """Show the versions of a notebook, one a line.

    A line holds: number, hash, time, author, size of the file, cause, what changed (source, outputs alone, or nothing
    but the file's layout; raw marks what is no notebook), the refs and tags on it, and the message.
    """
    now = session.now()
    wanted = _Wanted(
        _time(since, now, "start") if since else None,
        _time(until, now, "end") if until else None,
        author.casefold() if author else "",
        source_only,
    )
    names = Names(session)
    if cell is not None:
        if events:
            raise click.UsageError("Of --cell and --events only one can be had.")
        with ExitStack() as stack:
            named = names.version(path)
            steps = _steps(session, stack, named, cell, output=output, copies=copies)
            found = _chosen(((step.version, step) for step in steps), wanted, count, reverse=reverse)
            _show_steps(session, named.notebook, found, as_json=as_json, patch=patch)
        return
    for name, is_asked in (("--output", output), ("--copies", copies), ("--patch", patch)):
        if is_asked:
            raise click.UsageError(f"{name} is about one cell: say which with --cell.")
    notebook = names.notebook(path) if path else names.the_one_here()
    depository = session.open(notebook.place)
    entries = depository.history(notebook.path) if events else depository.log(notebook.path)
    chosen = _chosen(((entry, entry) for entry in entries), wanted, count, reverse=reverse)
    if as_json:
        for entry in chosen:
            record = records.event(entry) if isinstance(entry, Event) else records.version(entry)
            session.console.line(records.line(record))
    else:
        session.console.page(history_lines(chosen, session.console))


# Versions that are wanted


class _Wanted(NamedTuple):
    since: datetime | None
    until: datetime | None
    author: str
    source_only: bool


def _chosen(
    entries: "Iterator[tuple[Version | Event, _Entry]]", wanted: _Wanted, count: int | None, *, reverse: bool
) -> "Iterable[_Entry]":
    """The entries that are wanted, each given with the version or event that decides about it."""
    chosen = islice((entry for _, entry in _matching(entries, wanted)), count)
    return reversed(list(chosen)) if reverse else chosen


def _matching(
    entries: "Iterator[tuple[Version | Event, _Entry]]", wanted: _Wanted
) -> "Iterator[tuple[Version | Event, _Entry]]":
    older = 0
    for of, entry in entries:
        if wanted.since and of.time < wanted.since:
            older += 1
            if older == _OLDER_IN_A_ROW:
                return
            continue
        older = 0
        if wanted.until and of.time > wanted.until:
            continue
        if wanted.author not in of.author.casefold():
            continue
        if wanted.source_only and isinstance(of, Version) and of.change != "source":
            continue
        yield of, entry


def _time(text: str, now: datetime, edge: Literal["start", "end"]) -> datetime:
    from depository.when import parse_time

    return parse_time(text, now, edge=edge)


# The history of a cell


def _steps(
    session: Session, stack: ExitStack, named: Named, cell: str, *, output: bool, copies: bool
) -> Iterator[CellStep]:
    from depository.cli.watching import Watch

    place, path = named.notebook.place, named.notebook.path
    depository = session.open(place)
    watch = stack.enter_context(Watch(session.console))
    known = depository.origins(index=session.cache_file(place, "index")) if copies else None
    if known:
        stack.callback(known.close)
    steps = depository.trace(
        path,
        cell,
        named.spec or LATEST,
        outputs=output,
        origins=known,
        note=watch.note,
        progress=watch.progress,
    )
    for step in steps:
        watch.hide()
        yield step
    watch.hide()


def _show_steps(session: Session, notebook: Notebook, steps: Iterable[CellStep], *, as_json: bool, patch: bool) -> None:
    console = session.console
    if as_json:
        for step in steps:
            console.line(records.line(records.cell_step(step)))
        return
    if console.is_terminal:
        steps = list(steps)  # a bar and a pager do not go together
    naming = Naming(notebook.path, partial(session.shown, notebook.place))
    console.page(step_lines(steps, console, naming, partial(_patch, console) if patch else None))


def _patch(console: "Console", step: CellStep) -> Iterator[str]:
    """How a cell's source changed."""
    from depository.cli.rendering import painted
    from depository.diff.hunk_lines import hunk_lines
    from depository.diff.texts import lines

    return painted(console, hunk_lines(lines(step.before or "", step.source)))
