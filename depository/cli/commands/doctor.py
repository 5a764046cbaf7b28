"""`depository doctor`."""

from collections.abc import Sequence

import click

from depository import records
from depository.cli.command import command, json_option
from depository.cli.doctor.findings import Finding, State
from depository.cli.session import Session
from depository.cli.text import padded, printable, width

_STYLES = {State.OK: "good", State.WARN: "warn", State.BAD: "bad"}


@command(
    ("doctor", "whether notebooks of this directory are archived, and what is in the way"),
    ("doctor --probe", "also try whether the store does what writers need"),
    ("doctor --json", "for a program that watches over it"),
)
@click.option("--probe", is_flag=True, help="Write a few small keys into the depository, and remove them again.")
@json_option("Print a JSON document.")
@click.pass_obj
def doctor(session: Session, probe: bool, as_json: bool) -> None:
    """Look for what is wrong, and say what to do.

    From the configuration over Jupyter, its servers, credentials, bucket, permissions and clocks to what waits and the
    room for it: a sentence for each. What is ok needs nothing. A warning is worth knowing, and stands in nobody's
    way. Where something is bad, saves are not archived, or will not be, and the exit code is 1. Nothing is changed, and
    no secret is shown.
    """
    from depository.cli.doctor import configuration, jupyter, machine, store
    from depository.cli.doctor.case import Case
    from depository.cli.doctor.findings import examine

    checks = (*configuration.CHECKS, *jupyter.CHECKS, *store.CHECKS, *machine.CHECKS)
    case = Case(session, probe=probe)
    found = []
    try:
        for finding in examine(case, checks):
            found.append(finding)
            if not as_json:
                _say(session, finding)
    finally:
        case.close()
    wrong = sum(finding.state is State.BAD for finding in found)
    if as_json:
        session.console.line(records.document({"well": not wrong, "findings": [each._asdict() for each in found]}))
    else:
        session.console.line(_summary(found, wrong))
    if wrong:
        raise click.exceptions.Exit(1)


def _say(session: Session, finding: Finding) -> None:
    console = session.console
    state = console.paint(f"{finding.state:<4}", _STYLES[finding.state])
    name = padded(finding.name, _WIDEST)
    console.line(f"{state}  {console.paint(name, 'dim')}  {printable(finding.text)}")
    if finding.todo:
        console.line(f"{'':4}  {'':{width(name)}}  {printable(finding.todo)}")


def _summary(found: Sequence[Finding], wrong: int) -> str:
    known = sum(finding.state is State.WARN for finding in found)
    worth = f"; {known} {'is' if known == 1 else 'are'} worth knowing" if known else ""
    if not wrong:
        return f"Nothing needs doing{worth}."
    return f"{wrong} thing{'s need' if wrong > 1 else ' needs'} doing{worth}."


_WIDEST = 21
"""Columns of the longest name of a check."""
