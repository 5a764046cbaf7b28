"""`depository grep`."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice

import click

from depository import records
from depository.cli.command import command, completer, json_option
from depository.cli.console import Console
from depository.cli.naming import Names
from depository.cli.session import Session
from depository.cli.text import local, printable, width
from depository.cli.watching import Watch
from depository.config import Place
from depository.errors import NoNotebook
from depository.notebook.text import visible
from depository.search.query import How, Layer, Match, Query, Telling, Versions

_NARROWEST = 30
"""Columns of a line that are shown at least, however long its path is."""
_MOST_RANGES = 3
_COLUMNS_OF_TAB = 8
_AT_ONCE = 200
_NOTHING_FOUND = 1

_Found = tuple[Place, Match]


@command(
    ("grep savefig", "in the newest versions of the notebooks from here downwards"),
    ('grep "def \\w+_plot" report.ipynb', "a regular expression, in one of them"),
    ("grep -F 'df[0]' :/", "text as it is, in the whole depository"),
    ("grep --all-versions savefig", "in every version: which ones have it"),
    ("grep --removed savefig", "what once was there and no longer is, and how to get it back"),
    ('grep --outputs Error --since "2 days ago"', "in what was printed"),
)
@click.argument("pattern")
@click.argument("paths", metavar="[PATH|:/PREFIX]...", nargs=-1, shell_complete=completer("paths"))
@click.option("--all-versions", "everything", is_flag=True, help="Search every version.")
@click.option("--published", is_flag=True, help="Search the published versions.")
@click.option("--scheduled", is_flag=True, help="Search the scheduled versions.")
@click.option("--removed", is_flag=True, help="Search every version for what the newest has in no cell any more.")
@click.option("--since", metavar="TIME", help="Only versions from then on; with --removed, what went from then on.")
@click.option("--source", is_flag=True, help="Search the source of code cells.")
@click.option("--markdown", is_flag=True, help="Search Markdown and raw cells.")
@click.option("--outputs", is_flag=True, help="Search what outputs show as text.")
@click.option("--metadata", is_flag=True, help="Search the metadata of notebooks and cells.")
@click.option("-i", "--ignore-case", is_flag=True, help="Take lower and upper case as alike.")
@click.option("-F", "--fixed-strings", is_flag=True, help="Take the pattern as plain text.")
@click.option("-w", "--word-regexp", is_flag=True, help="Match whole words only.")
@click.option("-l", "--files-with-matches", "names_only", is_flag=True, help="Show the notebooks' names alone.")
@click.option("-c", "--count", "counts_only", is_flag=True, help="Show how many lines each notebook has.")
@click.option("-n", "--max-count", "most", type=click.IntRange(min=0), metavar="COUNT", help="Show so many at most.")
@json_option("Print one JSON object a line.")
@click.option("--reindex", is_flag=True, help="Forget the local index and make it anew.")
@click.pass_obj
def grep(
    session: Session,
    /,
    pattern: str,
    paths: tuple[str, ...],
    since: str | None,
    most: int | None,
    names_only: bool,
    counts_only: bool,
    as_json: bool,
    reindex: bool,
    **flags: bool,
) -> None:
    """Look for a pattern in archived notebooks.

    The pattern is a regular expression as Python has them. Without options, sources and Markdown of the newest version
    of each notebook from here downwards are searched; with --since alone, every version from then on.

    What was read is remembered in a local index, so that the next search is quick. Exits with 1 if nothing is found.
    """
    if names_only + counts_only + as_json > 1:
        raise click.UsageError("Ask for one of -l, -c and --json.")
    query = Query(pattern, _how(flags), _versions(flags, since), _layers(flags), _time(session, since))
    found = _found(session, query, paths, reindex=reindex)
    lines: Iterator[str]
    if as_json:
        lines = (records.line(records.match(match)) for _, match in found)
    elif names_only:
        lines = (printable(session.shown(place, path)) for (place, path), _ in groupby(found, _notebook_of))
    elif counts_only:
        lines = (
            f"{printable(session.shown(place, path))}: {sum(1 for _ in matches):,}"
            for (place, path), matches in groupby(found, _notebook_of)
        )
    else:
        lines = _shown(session, query.versions, found, most)
        most = None
    is_found = False
    lines = islice(lines, most)
    # somebody watches a terminal; a pipe takes many lines at once
    while part := list(islice(lines, 1 if session.console.is_terminal else _AT_ONCE)):
        session.console.line("\n".join(part))
        is_found = True
    if not is_found:
        click.get_current_context().exit(_NOTHING_FOUND)


def _how(flags: Mapping[str, bool]) -> How:
    how = How.REGEX
    for name, one in (("ignore_case", How.IGNORE_CASE), ("fixed_strings", How.FIXED), ("word_regexp", How.WORD)):
        how |= one if flags[name] else How.REGEX
    return how


def _versions(flags: Mapping[str, bool], since: str | None) -> Versions:
    asked = [name for name in ("everything", "published", "scheduled", "removed") if flags[name]]
    if len(asked) > 1:
        raise click.UsageError("Ask for one of --all-versions, --published, --scheduled and --removed.")
    if not asked:
        return Versions.ALL if since else Versions.LATEST
    return Versions.ALL if asked[0] == "everything" else Versions(asked[0])


def _layers(flags: Mapping[str, bool]) -> frozenset[Layer]:
    names = {"source": Layer.CODE, "markdown": Layer.MARKDOWN, "outputs": Layer.OUTPUTS, "metadata": Layer.METADATA}
    return frozenset(layer for name, layer in names.items() if flags[name]) or Query("").layers


def _time(session: Session, since: str | None) -> datetime | None:
    if since is None:
        return None
    from depository.when import parse_time

    return parse_time(since, session.now(), edge="start")


def _notebook_of(found: _Found) -> tuple[Place, str]:
    place, match = found
    return place, match.path


def _found(session: Session, query: Query, arguments: Sequence[str], *, reindex: bool) -> Iterator[_Found]:
    """What is found under some paths, depository by depository."""
    places: dict[tuple[str, str], tuple[Place, dict[str, str]]] = {}
    names = Names(session)
    for argument in arguments or [""]:
        place, path = names.below(argument)
        places.setdefault((place.url, place.base), (place, {}))[1][path] = argument
    with Watch(session.console) as watch:
        for place, named in places.values():
            depository = session.open(place)
            count = 0
            for match in depository.grep(
                query,
                prefix=list(named),
                index=session.cache_file(place, "index"),
                reindex=reindex,
                telling=Telling(watch.note, watch.progress),
            ):
                count += 1
                watch.hide()
                yield place, match
            for path, argument in named.items():
                if argument and path and not count and not any(depository.ls(path, deleted=True)):
                    raise NoNotebook(f"No notebook is archived under '{argument}'.")


# How it is shown


def _shown(session: Session, versions: Versions, found: Iterable[_Found], most: int | None) -> Iterator[str]:
    """A line for each match, and below those of a cell that was removed how to get it back.

    On a terminal the name of a notebook stands above its lines, in a pipe before each of them.
    """
    console = session.console
    is_newest = versions is Versions.LATEST
    is_first = True
    for (place, path), in_notebook in groupby(islice(found, most), _notebook_of):
        name = printable(session.shown(place, path))
        if console.is_terminal:
            yield from [] if is_first else [""]
            yield console.paint(name, "event")
            name, is_first = "", False
        for (version, cell), matches in groupby((match for _, match in in_notebook), lambda m: (m.version, m.cell)):
            last: Match | None = None
            for match in matches:
                yield _line(console, name, match, is_newest=is_newest)
                last = match
            if last and versions is Versions.REMOVED:
                words = ["restore", f"{session.shown(place, path)}@{version}"]
                words += ["--cell", str(cell)] if cell and not last.deleted else []
                when = f"{version} of {local(last.time)}, by {printable(last.author)}, was the last to have it"
                yield console.paint(f"    {when}: depository {printable(shlex.join(words))}", "dim")


def _line(console: Console, name: str, match: Match, *, is_newest: bool) -> str:
    version = "" if is_newest else f"@{match.version}" if name else match.version
    parts = [f"cell {match.cell}"] if match.cell else []
    if match.layer in ("outputs", "metadata"):
        parts.append({"outputs": "output"}.get(match.layer, match.layer))
    if match.ranges != ((match.number, match.number),):
        parts.append(f"({_ranges(match.ranges)})")
    if match.deleted:
        parts.append("(deleted)")
    painted = console.paint(name, "event") + console.paint(version, "number")
    where = "" if name else "  "
    before = where + " ".join(part for part in (f"{name}{version}", *parts) if part) + ": "
    room = max(_NARROWEST, console.columns - width(before)) if console.columns else None
    where += " ".join(part for part in (painted, *parts) if part)
    return f"{where}: {excerpt(match, room, lambda text: console.paint(text, 'match'))}"


def _ranges(ranges: Sequence[tuple[int, int]]) -> str:
    shown = [f"v{first}" if first == last else f"v{first}-v{last}" for first, last in ranges[-_MOST_RANGES:]]
    return ", ".join(["…"] * (len(ranges) > _MOST_RANGES) + shown)


def excerpt(match: Match, room: int | None, paint: Callable[[str], str]) -> str:
    """The line of a match, safe to show, its matches painted; in so many columns, what is around the first of them."""
    line = match.line.rstrip()
    start, end = 0, len(line)
    if room is not None and (len(line) > _COLUMNS_OF_TAB * room or sum(map(_columns, line)) > room):
        start, end = _window(line, match.spans[0][0], room - 2)
    pieces = ["…" if start else ""]
    place = start
    for first, last in match.spans:
        left, right = max(first, place), min(last, end)
        if left < right:
            pieces += [visible(line[place:left]), paint(visible(line[left:right]))]
            place = right
    return "".join([*pieces, visible(line[place:end]), "…" if end < len(line) else ""])


def _window(line: str, first: int, room: int) -> tuple[int, int]:
    """The part of a line that is shown where it has to be cut: some of what is before a place, and what follows it."""
    start = end = first
    used = 0
    while start and used + _columns(line[start - 1]) <= room // 3:
        start -= 1
        used += _columns(line[start])
    while end < len(line) and used + _columns(line[end]) <= room:
        used += _columns(line[end])
        end += 1
    while start and used + _columns(line[start - 1]) <= room:
        start -= 1
        used += _columns(line[start])
    return start, end


def _columns(letter: str) -> int:
    return _COLUMNS_OF_TAB if letter == "\t" else width(visible(letter))
