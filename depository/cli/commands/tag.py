"""`depository tag`."""

import click

from depository import records
from depository.cli.command import command, completer, json_option
from depository.cli.naming import LATEST, Names, Notebook
from depository.cli.session import Session
from depository.cli.text import padded, printable, width

_TWO = 2


@command(
    ("tag mine.ipynb@v3 submitted", "give v3 a name"),
    ("tag mine.ipynb submitted", "give it to the latest version"),
    ("tag --move mine.ipynb@v4 submitted", "give it to another one"),
    ("tag mine.ipynb", "which names there are"),
    ("tag -d submitted mine.ipynb", "take it away"),
)
@click.argument("words", metavar="[PATH@VERSION|VERSION] [NAME]", nargs=-1, shell_complete=completer("versions"))
@click.option("-d", "--delete", metavar="NAME", help="Take this tag away from the notebook.")
@click.option("--move", is_flag=True, help="Move the tag here if another version has it.")
@click.option("-m", "--message", default="", help="What to note beside it in the history.")
@json_option("Print a JSON document: what happened, or what there is.")
@click.pass_obj
def tag(
    session: Session,
    words: tuple[str, ...],
    delete: str | None,
    move: bool,
    message: str,
    as_json: bool,
) -> None:
    """Name a version, take a name away, or list the names.

    A tag stays where it is while new versions come. Those of depository itself are listed with them.
    """
    names = Names(session)
    if len(words) > _TWO or (delete and len(words) == _TWO):
        raise click.UsageError("One version and one name are enough.")
    if len(words) == _TWO:
        named = names.version(words[0])
        event = session.open(named.notebook.place).tag(
            named.notebook.path, named.spec or LATEST, words[1], move=move, message=message
        )
        text = f"{printable(words[1])} is v{event.number}"
        if event.previous and event.previous != event.number:
            text += f", and was v{event.previous}"
        _say(session, named.notebook, text, records.event(event) if as_json else None)
        return
    notebook = names.notebook(words[0]) if words else names.the_one_here()
    depository = session.open(notebook.place)
    if delete:
        event = depository.untag(notebook.path, delete, message=message)
        text = f"{printable(delete)} is gone" + (f", and was v{event.previous}" if event.previous else "")
        _say(session, notebook, text, records.event(event) if as_json else None)
        return
    refs = depository.refs(notebook.path)
    if as_json:
        session.console.line(records.document({"path": notebook.path, "refs": refs}))
        return
    widest = max((width(printable(name)) for name in refs), default=0)
    for name, number in sorted(refs.items()):
        console = session.console
        console.line(
            f"{console.paint(padded(printable(name), widest), 'ref')}  {console.paint(f'v{number}', 'number')}"
        )


def _say(session: Session, notebook: Notebook, text: str, record: dict[str, object] | None) -> None:
    session.console.line(records.document(record) if record else f"{printable(notebook.shown)}: {text}")
