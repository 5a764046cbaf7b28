"""`depository diff`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from depository.cli import contents
from depository.cli.command import command, completer, json_option
from depository.cli.comparing import Choice, Compared, compare_sides
from depository.cli.contents import Side
from depository.cli.naming import Blob, Named, Names, Notebook
from depository.cli.session import Session
from depository.diff.sidebyside import NARROWEST
from depository.errors import InvalidContent

if TYPE_CHECKING:
    from depository.diff.rendering import Look
    from depository.notebook.text import Line

_TWO, _THREE = 2, 3
_WIDE = 160
"""Columns of two columns in a pipe, unless told otherwise."""


@command(
    ("diff mine.ipynb", "what changed on disk since the latest version"),
    ("diff mine.ipynb@v3", "and since v3"),
    ("diff mine.ipynb@v3 v7", "from one version to another"),
    ("diff v3 v7 --side-by-side", "of the one notebook of this directory, in two columns"),
    ("diff 3f9a2c1 8b1e44d", "contents by their hashes"),
    ("diff one.ipynb@v1 two.ipynb@v1", "two notebooks"),
    ("diff --no-index one.ipynb two.ipynb", "two files, archived or not"),
    ("diff v3 v5 v7", "who changed what since v3: v5, v7, or both"),
    ("diff mine.ipynb@published latest --stat", "in numbers"),
    ("diff v3 v7 --html changes.html", "as a page, with images side by side"),
)
@click.argument("versions", metavar="[PATH] [VERSION]...", nargs=-1, shell_complete=completer("versions"))
@click.option("--outputs/--no-outputs", default=True, help="Whether to compare outputs; they are by default.")
@click.option("--metadata/--no-metadata", default=False, help="Whether to compare metadata; they are not by default.")
@click.option("--execution-counts", is_flag=True, help="Compare execution counts too.")
@click.option(
    "-U",
    "--unified",
    "context",
    metavar="LINES",
    type=click.IntRange(0, 10_000),
    default=3,
    help="Lines around a change. [3]",
)
@click.option("-y", "--side-by-side", is_flag=True, help="Show both texts in two columns.")
@click.option(
    "--width",
    "columns",
    metavar="COLUMNS",
    type=click.IntRange(NARROWEST, 10_000),
    help="How wide to draw, if not as wide as the terminal.",
)
@click.option("--word-diff", is_flag=True, help="Put what changed within a line in [-brackets-] and {+braces+}.")
@click.option("--full", is_flag=True, help="Show long outputs whole.")
@click.option("--stat", is_flag=True, help="Count what changed: a line for each cell, and the totals.")
@json_option("Print a JSON document with all that changed.")
@click.option("--html", metavar="FILE", help="Write a page that needs nothing else to this file; - for the output.")
@click.option("--nbdime", is_flag=True, help="Show the difference with nbdime's nbdiff, if that is installed.")
@click.option("--nbdime-web", is_flag=True, help="The same in the browser, with nbdiff-web.")
@click.option("--no-index", is_flag=True, help="Take the arguments for files, whether they are archived or not.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences.")
@click.pass_obj
def diff(
    session: Session,
    versions: tuple[str, ...],
    outputs: bool,
    metadata: bool,
    execution_counts: bool,
    context: int,
    side_by_side: bool,
    columns: int | None,
    word_diff: bool,
    full: bool,
    stat: bool,
    as_json: bool,
    html: str | None,
    nbdime: bool,
    nbdime_web: bool,
    no_index: bool,
    exit_code: bool,
) -> None:
    """Compare two versions, or one with the file on disk.

    Cells are compared one by one, with their outputs: which changed, came, went, moved, were split or merged. With one
    version, or none for the latest, the other side is the file on disk. With three, the first is what the two others
    come from, and each change is shown with who made it.
    """
    form = _one_of(
        {
            "--stat": stat,
            "--json": as_json,
            "--html": html is not None,
            "--nbdime": nbdime,
            "--nbdime-web": nbdime_web,
            "--side-by-side": side_by_side,
            "--word-diff": word_diff,
        }
    )
    if html is not None and html.endswith(".ipynb"):
        raise click.UsageError(f"--html is given the file to write, and '{html}' would be a notebook.")
    sides = _files(session, versions) if no_index else _sides(session, versions)
    choice = Choice(outputs, metadata, execution_counts)
    drawing = _Drawing(session, form, context, columns, outputs=outputs, full=full)
    old, new = sides[0], sides[1]
    if len(sides) == _THREE:
        is_empty = drawing.three_ways(sides, choice)
    elif form in {"--nbdime", "--nbdime-web"}:
        from depository.cli import nbdime as tools

        path = session.surroundings.environ.get("PATH")
        options = tools.options(choice, web=nbdime_web, coloured=session.console.coloured)
        raise click.exceptions.Exit(tools.run(old, new, options, web=nbdime_web, path=path))
    else:
        compared = compare_sides(old, new, choice)
        is_empty = compared.is_empty
        if html is not None:
            _write_page(session, compared, html, context)
        else:
            drawing.two(compared)
    if exit_code and not is_empty:
        raise click.exceptions.Exit(1)


def _one_of(asked: Mapping[str, bool]) -> str:
    chosen = [name for name, is_asked in asked.items() if is_asked]
    if len(chosen) > 1:
        raise click.UsageError(f"Of {' and '.join(chosen)} only one can be had.")
    return chosen[0] if chosen else ""


# The sides


def _files(session: Session, arguments: tuple[str, ...]) -> list[Side]:
    if len(arguments) not in (_TWO, _THREE):
        raise click.UsageError("--no-index compares two files, or two with a third that both come from.")
    return [contents.of_path(session, argument) for argument in arguments]


def _sides(session: Session, versions: tuple[str, ...]) -> list[Side]:
    names = Names(session)
    sides = names.sides(versions) or [Named(names.the_one_here(), None)]
    if len(sides) > _THREE:
        raise click.UsageError("Only two versions can be compared, or two with a third that both come from.")
    found = [_side(session, side) for side in sides]
    if len(sides) > 1:
        return found
    notebook: Notebook = names.the_one_here() if isinstance(sides[0], Blob) else sides[0].notebook
    return [*found, contents.of_file(notebook)]


def _side(session: Session, named: Named | Blob) -> Side:
    return contents.of_blob(session, named) if isinstance(named, Blob) else contents.of_version(session, named)


# The forms


class _Drawing:
    def __init__(
        self, session: Session, form: str, context: int, columns: int | None, *, outputs: bool, full: bool
    ) -> None:
        self.console = session.console
        self.form = form
        self.context = context
        self.columns = columns or self.console.columns
        self.outputs = outputs
        self.full = full

    def two(self, compared: Compared) -> None:
        if self.form == "--json":
            self.document(_document(compared, self.context, outputs=self.outputs))
        elif self.form == "--stat":
            from depository.cli.diffstat import stat_lines

            self.console.page(stat_lines(self.console, compared, self.columns))
        elif not compared.is_empty:
            self.page({"---": compared.old, "+++": compared.new}, self.lines(compared))

    def three_ways(self, sides: list[Side], choice: Choice) -> bool:
        """Show who changed what, and say whether nobody changed anything."""
        from depository.diff.threeway import compare
        from depository.diff.threeway_lines import render_three_way, summary

        if self.form in {"--html", "--nbdime", "--nbdime-web"}:
            raise click.UsageError(f"{self.form} compares two versions, and no third.")
        for side in sides:
            if side.notebook is None:
                raise InvalidContent(f"{side.label} is no notebook, and only notebooks are compared three ways.")
        found = compare(*(side.notebook for side in sides), **choice._asdict())
        is_empty = found.one.is_empty and found.other.is_empty
        names = dict(zip(("base", "one", "other"), sides, strict=True))
        if self.form == "--json":
            from depository.diff.threeway_document import of_three_ways

            told = of_three_ways(found, outputs=self.outputs, context=self.context)
            self.document({**{name: side.record for name, side in names.items()}, **told})
        elif self.form == "--stat":
            self.console.line(f"{' · '.join(side.label for side in sides)}: {summary(found)}")
        elif not is_empty:
            titles = {f"{name:<5}": side for name, side in names.items()}
            self.page(titles, render_three_way(found, self.look()))
        return is_empty

    def document(self, document: dict[str, Any]) -> None:
        from depository import records

        self.console.line(records.document(document))

    def page(self, titles: Mapping[str, Side], lines: "Iterator[Line]") -> None:
        from depository.cli.rendering import painted

        def drawn() -> Iterator[str]:
            for sign, side in titles.items():
                yield self.console.paint(f"{sign} {side.label}", "bold")
            yield from painted(self.console, self.laid_out(lines), brackets=self.form == "--word-diff")

        self.console.page(drawn())

    def laid_out(self, lines: "Iterator[Line]") -> "Iterator[Line]":
        if self.form != "--side-by-side":
            return lines
        from depository.cli.text import width
        from depository.diff.sidebyside import side_by_side

        return side_by_side(lines, self.columns or _WIDE, width)

    def lines(self, compared: Compared) -> "Iterator[Line]":
        if compared.notebooks is None:
            from depository.diff.hunk_lines import hunk_lines

            return hunk_lines(compared.hunks(self.context))
        from depository.diff.rendering import Renderer

        return Renderer(compared.notebooks, self.look()).lines()

    def look(self) -> "Look":
        from depository.cli.text import width
        from depository.diff.rendering import Look
        from depository.notebook.text import OUTPUT_LINES

        highlighter = None
        if self.console.coloured:
            from depository.diff.highlight import Highlighter

            highlighter = Highlighter()
        return Look(
            context=self.context,
            limit=None if self.full else OUTPUT_LINES,
            outputs=self.outputs,
            runs=self.console.coloured or self.form in {"--side-by-side", "--word-diff"},
            highlighter=highlighter,
            measure=width,
            columns=self.columns,
        )


def _document(compared: Compared, context: int, *, outputs: bool) -> dict[str, Any]:
    from depository.diff import document

    sides = {"old": compared.old.record, "new": compared.new.record}
    if compared.notebooks:
        return {**sides, **document.of_diff(compared.notebooks, outputs=outputs, context=context)}
    return {**sides, **document.of_texts(*compared.texts, equal=compared.is_empty, context=context)}


def _write_page(session: Session, compared: Compared, file: str, context: int) -> None:
    from depository.diff import page

    if compared.notebooks is None:
        raise InvalidContent("Either side is no notebook, and a page shows nothing else.")
    old, new = compared.old.label, compared.new.label
    pieces = page.render(compared.notebooks, title=f"{old} → {new}", old=old, new=new, context=context)
    if file == "-":
        for piece in pieces:
            session.console.data(piece.encode(errors="backslashreplace"))
        return
    with open(session.file(file), "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.writelines(pieces)
    session.console.note(f"The difference is in '{file}'.")
