"""`depository show`."""

from collections.abc import Iterator

import click

from depository import records
from depository.cli import contents
from depository.cli.command import command, completer, json_option
from depository.cli.naming import LATEST, Blob, Named, Names
from depository.cli.rendering import painted, text_lines
from depository.cli.session import Session


@command(
    ("show mine.ipynb", "the latest version"),
    ("show mine.ipynb@v3", "another one"),
    ('show "mine.ipynb@2 hours ago"', "the newest of that time"),
    ("show published", "what is published of the one notebook of this directory"),
    ("show 3f9a2c1", "content by its hash"),
    ("show mine.ipynb@v3 --raw > old.ipynb", "the file, byte for byte"),
)
@click.argument("version", metavar="[PATH@VERSION|VERSION|HASH]", required=False, shell_complete=completer("versions"))
@click.option("--raw", is_flag=True, help="Write the file as it was archived, byte for byte.")
@click.option("--full", is_flag=True, help="Show long outputs whole.")
@json_option("Print a JSON document with the version and the notebook.")
@click.pass_obj
def show(session: Session, version: str | None, raw: bool, full: bool, as_json: bool) -> None:
    """Show a version as readable cells.

    Of outputs the text is shown, and of images and the like the kind and the size. Content that is named by its
    hash alone belongs to no file; --raw writes it as Jupyter would.
    """
    if raw and as_json:
        raise click.UsageError("Of --raw and --json only one can be had.")
    named = Names(session).version_or_blob(version)
    if raw:
        session.console.data(_bytes(session, named))
        return
    side = contents.of_blob(session, named) if isinstance(named, Blob) else contents.of_version(session, named)
    if as_json:
        session.console.line(records.document(_document(side)))
    else:
        session.console.page(_lines(session, side, full=full))


def _bytes(session: Session, named: Named | Blob) -> bytes:
    if isinstance(named, Blob):
        return session.open(named.place).read_blob(named.hash)
    return session.open(named.notebook.place).read(named.notebook.path, named.spec or LATEST)


def _document(side: contents.Side) -> dict[str, object]:
    if side.notebook is not None:
        return {"version": side.record, "notebook": side.notebook}
    from base64 import b64encode

    return {"version": side.record, "notebook": None, "base64": b64encode(side.data).decode()}


def _lines(session: Session, side: contents.Side, *, full: bool) -> Iterator[str]:
    from depository.notebook.text import OUTPUT_LINES, render_notebook

    console = session.console
    yield console.paint(side.label, "bold")
    if side.notebook is None:
        yield console.paint("no notebook, but raw bytes", "warn")
        yield ""
        yield from text_lines(side.data)
    else:
        yield from painted(console, render_notebook(side.notebook, limit=None if full else OUTPUT_LINES))
