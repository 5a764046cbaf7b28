"""`depository info`."""

import click

from depository import records
from depository.cli.command import command, json_option
from depository.cli.session import Session
from depository.cli.text import local, printable


@command(
    ("info", "about the depository of this directory"),
    ("info --depository s3://bucket/prefix", "about another one"),
)
@json_option("Print a JSON document.")
@click.pass_obj
def info(session: Session, as_json: bool) -> None:
    """Show what a depository is and how its place is set up."""
    place = session.place()
    found = session.open(place).info()
    console = session.console
    if as_json:
        document = {
            "url": found.url,
            "format": found.format,
            "protocol": found.protocol,
            "created": records.moment(found.created),
            "prefixes": found.prefixes,
            "materialize": list(found.materialize),
            "settings": [setting._asdict() for setting in found.settings],
        }
        console.line(records.document(document))
        return
    lines = {
        "url": printable(found.url),
        "format": str(found.format),
        "commit protocol": found.protocol,
        "created": local(found.created),
        "prefixes": ", ".join(f"{space} {printable(prefix)}/" for space, prefix in found.prefixes.items()),
        "plain notebooks": ", ".join(found.materialize) or "none",
    }
    for name, text in lines.items():
        console.line(f"{console.paint(f'{name:<16}', 'dim')}  {text}")
    for setting in found.settings:
        mark = console.paint("in force", "good") if setting.done else console.paint("to do   ", "warn")
        console.line(f"{console.paint(f'{setting.name:<16}', 'dim')}  {mark}  {printable(setting.text)}")
