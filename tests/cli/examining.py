"""Single checks of `depository doctor`, run for the user at a shell."""

from collections.abc import Iterable

from depository.cli.doctor.case import Case
from depository.cli.doctor.findings import Check, Finding, State, examine
from depository.cli.session import Session


def examined(*checks: Check, url: str | None = None, probe: bool = False) -> list[Finding]:
    """What some checks find here and now."""
    session = Session.from_process(url=url)
    case = Case(session, probe=probe)
    try:
        return list(examine(case, checks))
    finally:
        case.close()
        session.close()


def check(checks: Iterable[Check], name: str) -> Check:
    """The check of a name."""
    return next(each for each in checks if each.name == name)


def of_state(findings: Iterable[Finding], state: State) -> list[Finding]:
    """Those that are ``ok``, ``warn`` or ``bad``."""
    return [finding for finding in findings if finding.state is state]
