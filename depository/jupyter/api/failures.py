"""Errors as answers: the status that each has in HTTP, and a word for programs.

The status says who can do something about it. 4xx: whoever asked. 502: whoever runs the server, for it is the server's
own credentials or bucket that the store turned down, and signing in again would not help. 503: nobody, it may be
better soon. 500: what is stored, or configured, is broken.
"""

import re

from depository import errors
from depository.errors import DepositoryError

RETRY_SECONDS = 10
"""After how long it may be worth to ask again."""

_STATUSES: tuple[tuple[type[DepositoryError], int], ...] = (
    (errors.InvalidSettings, 500),
    (errors.InvalidURL, 500),
    (errors.InvalidInput, 400),
    (errors.NotFound, 404),
    (errors.Ambiguous, 409),
    (errors.Conflict, 409),
    (errors.Unreachable, 503),
    (errors.OutcomeUnknown, 503),
    (errors.StorageFull, 507),
    (errors.StorageError, 502),
    (errors.CorruptData, 500),
    (errors.UnsupportedFormat, 500),
)
"""The first that an error is one of counts."""

_capital = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class TooLarge(errors.InvalidInput):
    """More was sent, or asked for, than is dealt with at once."""


class Waiting(errors.Conflict):
    """What was asked for has been saved, and is not in the archive yet."""


class NotAccepted(errors.StorageError):
    """The spool did not take what had to be archived first."""


def status_of(error: DepositoryError) -> int:
    """The status of an error in HTTP."""
    if isinstance(error, TooLarge):
        return 413
    if isinstance(error, NotAccepted):
        return 507
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def reason_of(error: DepositoryError) -> str:
    """The kind of an error for programs: ``no-version``, ``access-denied`` and so on."""
    return _capital.sub("-", type(error).__name__).lower()


def is_worth_another_try(error: DepositoryError) -> bool:
    """Whether the same request may succeed a little later."""
    return isinstance(error, errors.Unreachable | errors.OutcomeUnknown | Waiting)
