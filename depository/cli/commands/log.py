"""`depository log`."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple

import click

from depository import records
from depository.cli.command import command, completer, json_option
from depository.cli.history import history_lines
from depository.cli.naming import Names
from depository.cli.session import Session
from depository.models import Event, Version

_OLDER_IN_A_ROW = 100
"""After so many versions before ``--since`` no newer one is looked for: times given by hand need not be in order."""


@command(
    ("log mine.ipynb", "all versions, newest first"),
    ("log", "those of the one notebook of this directory"),
    ("log mine.ipynb -n 5 --source-only", "the last five in which source changed"),
    ('log mine.ipynb --since "2 days ago"', "those of the last 48 hours"),
    ("log mine.ipynb --events", "with what was published, tagged, renamed, and by whom"),
    ("log :/team/report.ipynb", "a notebook without a file here"),
)
@click.argument("path", required=False, shell_complete=completer("paths"))
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
    notebook = names.notebook(path) if path else names.the_one_here()
    depository = session.open(notebook.place)
    entries = depository.history(notebook.path) if events else depository.log(notebook.path)
    chosen: Iterable[Version | Event] = islice(_matching(entries, wanted), count)
    if reverse:
        chosen = reversed(list(chosen))
    if as_json:
        for entry in chosen:
            record = records.event(entry) if isinstance(entry, Event) else records.version(entry)
            session.console.line(records.line(record))
    else:
        session.console.page(history_lines(chosen, session.console))


class _Wanted(NamedTuple):
    since: datetime | None
    until: datetime | None
    author: str
    source_only: bool


def _matching(entries: Iterable[Version | Event], wanted: _Wanted) -> Iterator[Version | Event]:
    older = 0
    for entry in entries:
        if wanted.since and entry.time < wanted.since:
            older += 1
            if older == _OLDER_IN_A_ROW:
                return
            continue
        older = 0
        if wanted.until and entry.time > wanted.until:
            continue
        if wanted.author not in entry.author.casefold():
            continue
        if wanted.source_only and isinstance(entry, Version) and entry.change != "source":
            continue
        yield entry


def _time(text: str, now: datetime, edge: Literal["start", "end"]) -> datetime:
    from depository.when import parse_time

    return parse_time(text, now, edge=edge)
