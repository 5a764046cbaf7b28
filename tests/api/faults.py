"""A store that fails on purpose, at the call that a test chooses."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TypeVar

from depository.backends.base import Backend, Condition, Item, Stored
from depository.backends.wrapper import Wrapper
from depository.errors import OutcomeUnknown, PreconditionFailed, Unreachable

_Answer = TypeVar("_Answer")


class Fault(StrEnum):
    """What goes wrong with a call."""

    UNREACHABLE = "no answer, and nothing was done"
    UNREACHABLE_AFTER = "no answer, and it was done"
    UNKNOWN = "an unclear answer, and nothing was done"
    UNKNOWN_AFTER = "an unclear answer, and it was done"
    REFUSED = "refused though its condition holds, as with 409"
    REFUSED_AFTER = "refused by its own first try, as with 412"
    KILLED = "the process dies before it"
    KILLED_AFTER = "the process dies after it"

    @property
    def happens(self) -> bool:
        """The call takes effect all the same."""
        return self.name.endswith("AFTER")

    def fits(self, key: str, *, is_write: bool) -> bool:
        """Whether a call can go wrong so. A refusal to create an object says truly that it is there."""
        if self is Fault.REFUSED and key.startswith("objects/"):
            return False
        return is_write or not self.name.startswith(("UNKNOWN", "REFUSED"))


class Killed(BaseException):
    """The process is no more: nothing that is written to handle errors may handle this."""


class Faulty(Wrapper):
    """The backend that it was given, with faults.

    Args:
        backend: who does the work.
        faults: what goes wrong with which call, counted from 0.
        broken: a key that can no longer be read once the first fault has happened.
        only: how the keys begin that faults happen to.
    """

    def __init__(self, backend: Backend, faults: dict[int, Fault], *, broken: str = "", only: str = "") -> None:
        super().__init__(backend)
        self.keys: list[str] = []
        """What was asked for, in order."""
        self.faults = 0
        """How many have happened."""
        self._only = only
        self._planned = faults
        self._broken = broken

    def get(self, key: str, *, limit: int) -> Stored:
        if key == self._broken and self.faults:
            self.keys.append(key)
            raise Unreachable("The store does not answer.")
        return self._call(key, lambda: super(Faulty, self).get(key, limit=limit), is_write=False)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        return self._call(key, lambda: super(Faulty, self).put(key, data, condition), is_write=True)

    def delete(self, key: str) -> None:
        self._call(key, lambda: super(Faulty, self).delete(key), is_write=True)

    def _call(self, key: str, call: Callable[[], _Answer], *, is_write: bool) -> _Answer:
        fault = self._planned.get(len(self.keys))
        self.keys.append(key)
        if fault is None or not fault.fits(key, is_write=is_write) or not key.startswith(self._only):
            return call()
        self.faults += 1
        if fault.happens:
            call()
        if fault in (Fault.KILLED, Fault.KILLED_AFTER):
            raise Killed
        if fault in (Fault.REFUSED, Fault.REFUSED_AFTER):
            raise PreconditionFailed(f"'{key}' is not what it was when it was read.")
        if fault in (Fault.UNKNOWN, Fault.UNKNOWN_AFTER):
            raise OutcomeUnknown(f"It is not known whether '{key}' was written.")
        raise Unreachable("The store does not answer.")


class Interrupted(Wrapper):
    """The backend that it was given, with something else happening in between.

    Args:
        backend: who does the work.
        at: the call before which it happens, counted from 0.
        action: what happens, once.
    """

    def __init__(self, backend: Backend, at: int, action: Callable[[], object]) -> None:
        super().__init__(backend)
        self.calls = 0
        self._at = at
        self._action = action

    def get(self, key: str, *, limit: int) -> Stored:
        self._count()
        return super().get(key, limit=limit)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        self._count()
        return super().put(key, data, condition)

    def delete(self, key: str) -> None:
        self._count()
        super().delete(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        self._count()
        return super().list(prefix, after=after)

    def _count(self) -> None:
        self.calls += 1
        if self.calls - 1 == self._at:
            self._action()
