"""`depository verify`."""

from collections.abc import Callable

import click

from depository import records
from depository.cli.command import command, completer, json_option
from depository.cli.naming import Names
from depository.cli.session import Session
from depository.cli.text import printable
from depository.cli.watching import Watch
from depository.config import Place
from depository.errors import InvalidInput, NoNotebook
from depository.verifying.findings import Checked, Finding, Kind, spelled

_DAMAGED = 1
_MENDED = 3


@command(
    ("verify", "the whole depository: every version of every notebook"),
    ("verify report.ipynb :/team", "a notebook, and those below a path"),
    ("verify --repair", "and mend what can be mended"),
)
@click.argument("paths", metavar="[PATH|:/PREFIX]...", nargs=-1, shell_complete=completer("paths"))
@click.option("--repair", is_flag=True, help="Mend what can be mended for certain, and say what was.")
@click.option("--fresh", is_flag=True, help="Begin anew, where an earlier check was broken off.")
@json_option("Print one JSON object a line for each finding, and one for the result.")
@click.pass_obj
def verify(session: Session, paths: tuple[str, ...], repair: bool, fresh: bool, as_json: bool) -> None:
    """Check that everything archived is there and right.

    Each version is read, its file is made, and both are held against what was archived; so are the histories
    themselves, and the plain notebooks of scheduled and published versions. Without paths the whole depository is
    checked, and objects that nothing refers to are counted. Saving may go on meanwhile.

    A check that was broken off is taken up by the next one with the same words. Exits with 0 if all is sound, with 1 if
    something is damaged, and with 3 if all that was damaged has been mended.
    """
    place, prefixes = _named(session, paths)
    depository = session.open(place)
    console = session.console
    with Watch(console) as watch:
        tell = _json(session, watch) if as_json else _told(session, place, watch)
        checked = depository.verify(
            prefixes,
            repair=repair,
            ledger=session.cache_file(place, "verify-part" if paths else "verify"),
            anew=fresh,
            found=tell,
            progress=watch.progress,
        )
    for argument, prefix in zip(paths, prefixes, strict=True) if paths and not checked.damaged else ():
        if prefix and not any(depository.ls(prefix, deleted=True)):
            raise NoNotebook(f"No notebook is archived under '{argument}'.")
    console.line(records.line(records.checked(checked)) if as_json else _summary(checked))
    if checked.damaged or checked.mended:
        click.get_current_context().exit(_DAMAGED if checked.damaged else _MENDED)


def _named(session: Session, paths: tuple[str, ...]) -> tuple[Place, list[str]]:
    """The depository that is meant, and the paths in it; an empty one for all of it."""
    if not paths:
        return session.place(), [""]
    names = Names(session)
    found = [names.below(path) for path in paths]
    if len({place.url for place, _ in found}) > 1:
        raise InvalidInput("These paths belong to several depositories: check one at a time.")
    return found[0][0], [path for _, path in found]


def _json(session: Session, watch: Watch) -> Callable[[Finding], None]:
    def tell(finding: Finding) -> None:
        watch.hide()
        session.console.line(records.line(records.finding(finding)))

    return tell


def _told(session: Session, place: Place, watch: Watch) -> Callable[[Finding], None]:
    def tell(finding: Finding) -> None:
        watch.hide()
        session.console.line(_line(session, place, finding))

    return tell


def _line(session: Session, place: Place, finding: Finding) -> str:
    paint = session.console.paint
    if finding.mended:
        label = paint("mended ", "good")
    elif finding.is_remark:
        label = paint("remark ", "dim")
    else:
        label = paint("damaged", "bad")
    text = f"{finding.key} {finding.text}"
    if finding.versions:
        versions = f"{spelled(finding.versions)} of {session.shown(place, finding.path or '')}"
        text += f": {versions} {'could not' if finding.mended else 'cannot'} be read"
    elif finding.path and finding.path not in text:
        text += f" ({session.shown(place, finding.path)})"
    if finding.mend:
        text += f"; {finding.mend}"
    elif not finding.is_remark and finding.kind in (Kind.MISSING, Kind.ALTERED):
        text += "; nothing here tells what it was: have it from a backup"
    return f"{label}  {printable(text)}"


def _summary(checked: Checked) -> str:
    versions = "1 version" if checked.versions == 1 else f"{checked.versions:,} versions"
    notebooks = "1 notebook" if checked.notebooks == 1 else f"{checked.notebooks:,} notebooks"
    if checked.damaged:
        came = f"{checked.damaged:,} damaged"
        came += f", {checked.mended:,} mended" if checked.mended else ""
    elif checked.mended:
        came = f"{checked.mended:,} mended, and all is sound now"
    else:
        came = "all is sound"
    objects = "1 object" if checked.objects == 1 else f"{checked.objects:,} objects"
    return f"{versions} of {notebooks}, {objects}: {came}."
