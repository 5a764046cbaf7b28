"""What a check found, and how checks are run: one that fails itself stops no other."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from depository.cli.app import describe
from depository.errors import DepositoryError

if TYPE_CHECKING:
    from depository.cli.doctor.case import Case


class State(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    WARN = "warn"
    """Worth knowing; notebooks are archived all the same."""
    BAD = "bad"
    """Something needs doing."""


class Finding(NamedTuple):
    """What was found about one thing."""

    name: str
    """Of the check."""
    state: State
    text: str
    """In a sentence."""
    todo: str = ""
    """What to do about it, where the sentence does not say so itself."""


class Check(NamedTuple):
    """One thing that is looked at."""

    name: str
    look: "Callable[[Case], Iterable[Finding]]"


def ok(name: str, text: str) -> Finding:
    """All is well."""
    return Finding(name, State.OK, text)


def warn(name: str, text: str, todo: str = "") -> Finding:
    """Something is worth knowing."""
    return Finding(name, State.WARN, text, todo)


def bad(name: str, text: str, todo: str = "") -> Finding:
    """Something needs doing."""
    return Finding(name, State.BAD, text, todo)


def examine(case: "Case", checks: Iterable[Check]) -> Iterator[Finding]:
    """What the checks find, one after the other.

    A check that cannot do its work says why; what another one has said in the same words already is not repeated, such
    as that the store cannot be reached.
    """
    said: set[str] = set()
    for check in checks:
        for finding in _contained(case, check):
            if finding.state is State.OK or finding.text not in said:
                said.add(finding.text)
                yield finding


def _contained(case: "Case", check: Check) -> Iterator[Finding]:
    try:
        yield from check.look(case)
    except DepositoryError as error:
        yield bad(check.name, str(error))
    except OSError as error:
        yield bad(check.name, describe(error))
    except Exception as error:  # noqa: BLE001 - whatever one check stumbles over, the others are still of use
        text = f"This could not be looked at, because the check itself failed: {type(error).__name__}: {error}."
        yield bad(check.name, text, "This is a mistake in depository: please report it.")
