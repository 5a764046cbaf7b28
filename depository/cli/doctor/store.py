"""Whether the depository can be reached and used: credentials, bucket, permissions, clock."""

import os
import tempfile
from collections.abc import Iterator
from datetime import timedelta

from depository import listing
from depository.backends.base import VERSIONED
from depository.cli.doctor.case import Case
from depository.cli.doctor.findings import Check, Finding, bad, ok, warn
from depository.cli.session import UNMADE
from depository.cli.text import local
from depository.errors import AccessDenied

_REFUSED_SECONDS = 15 * 60
"""How far from its own clock S3 lets a request's time be."""
_NOTED_SECONDS = 60
_SOON = timedelta(minutes=10)
_NEEDED = ("bucket", "directory", "expiry")
"""Settings without which notebooks are not archived, or not for long."""


def credentials(case: Case) -> Iterator[Finding]:
    """Who asks, and with credentials from where."""
    if not case.is_s3:
        return
    found = case.identity
    who = f"The service takes you for {found.name}" if found.name else "The service takes your credentials"
    profile = f", profile '{found.profile}'" if found.profile else ""
    text = (
        f"{who}; they come {found.source}{profile}"
        if not found.name
        else f"{who}, by credentials {found.source}{profile}"
    )
    if found.expires is None:
        yield ok("credentials", f"{text}.{' They are temporary.' if found.is_temporary else ''}")
    elif found.expires <= case.now() + _SOON:
        yield warn("credentials", f"{text}; they expire at {local(found.expires)}.", "Renew them, or log in.")
    else:
        yield ok("credentials", f"{text}, until {local(found.expires)}.")


def depository(case: Case) -> Iterator[Finding]:
    """Whether there is one, and its marker can be read."""
    if case.session.is_unmade(case.place):
        yield ok("depository", UNMADE)
        return
    found = case.marker()
    text = f"{case.store.url} is a depository of format {found.format}, made on {local(found.created)}"
    yield ok("depository", f"{text}; its commit protocol is '{found.protocol}'.")


def settings(case: Case) -> Iterator[Finding]:
    """How the place is set up."""
    if case.session.is_unmade(case.place):
        return
    for setting in case.reached_store().inspect():
        if setting.done:
            yield ok(setting.name, setting.text)
        elif setting.name in _NEEDED:
            yield bad(setting.name, setting.text)
        else:
            yield warn(setting.name, setting.text)


def permissions(case: Case) -> Iterator[Finding]:
    """Whether the notebooks can be listed."""
    if case.session.is_unmade(case.place):
        return
    next(iter(listing.notebooks(case.reached_store(), "", deleted=True)), None)
    yield ok("permissions", "The depository can be listed.")


def writing(case: Case) -> Iterator[Finding]:
    """Whether anything can be written, and whether the store judges several writers as this depository relies on."""
    if case.session.is_unmade(case.place):
        return
    if not case.probe:
        yield ok("probe", "Nothing was written: --probe tries what writers need, with a few small keys.")
        return
    relied_on = case.marker().protocol
    try:
        found = case.store.choose_protocol(token := os.urandom(8).hex())
        wrong = None if case.is_s3 else _tried(case, f".probe-{token}-")
    except AccessDenied as error:
        todo = "That is as it should be for who may write in a namespace of their own only; others have to be allowed."
        yield warn("probe", f"What writers need could not be tried: {error}", todo)
        return
    if wrong is None and relied_on in (found, VERSIONED):
        yield ok("probe", f"The store tells writers apart as the protocol '{relied_on}' needs.")
        return
    wrong = wrong or f"its conditional writes cannot be relied on, as the protocol '{relied_on}' does"
    yield bad(
        "probe",
        f"Of several who write to {case.store.url} at once, one may lose what was acknowledged: {wrong}.",
        "Have one write at a time until the service is mended; then look at what was lost with 'depository log'.",
    )


def _tried(case: Case, prefix: str) -> str | None:
    """What a store does wrong that needs no choice of protocol; nothing stays of what was written."""
    from depository.backends.probe import complaint

    try:
        return complaint(case.store, prefix)
    finally:
        for item in list(case.store.list(prefix)):
            case.store.delete(item.key)


def clock(case: Case) -> Iterator[Finding]:
    """Whether the clock here and that of the store agree."""
    if case.session.is_unmade(case.place):
        return
    if case.is_s3:
        there = case.identity.time
        if there is None:
            yield warn("clock", "The service does not say what time it is.")
            return
        behind = (there - case.asked_at).total_seconds()
    elif os.path.isdir(case.store.url):
        behind = _file_time(case.store.url) - case.now().timestamp()
    else:
        return
    yield _judged(behind)


def _judged(behind: float) -> Finding:
    off = abs(behind)
    how = f"{off:,.0f} seconds {'behind' if behind > 0 else 'ahead of'} the store's"
    if off >= _REFUSED_SECONDS:
        return bad("clock", f"The clock here is {how}: S3 refuses such requests.", "Set it right.")
    if off >= _NOTED_SECONDS:
        return warn("clock", f"The clock here is {how}: versions are archived with wrong times.", "Set it right.")
    return ok("clock", "The clock here agrees with the store's.")


def _file_time(directory: str) -> float:
    """The time that a file has which is written there now; nothing of it stays."""
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(b"what time is it?")
        file.flush()
        return os.fstat(file.fileno()).st_mtime


CHECKS = (
    Check("depository", depository),
    Check("credentials", credentials),
    Check("settings", settings),
    Check("permissions", permissions),
    Check("probe", writing),
    Check("clock", clock),
)
