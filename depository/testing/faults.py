"""A store that fails on purpose, at the calls that a plan or a seed chooses."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import islice
from random import Random
from threading import RLock
from typing import NamedTuple, TypeVar

from depository.backends.base import Backend, Condition, Item, Kept, Setting, Stored
from depository.backends.wrapper import Wrapper
from depository.errors import KeyNotFound, OutcomeUnknown, PreconditionFailed, StorageError, Unreachable

_Answer = TypeVar("_Answer")


class Asked(NamedTuple):
    """A call of a store."""

    operation: str
    """The name of the method."""
    key: str
    """Or the prefix of a listing, or nothing."""
    is_conditional: bool = False
    """It writes on a condition."""

    @property
    def writes(self) -> bool:
        """It changes what is stored."""
        return self.operation in ("put", "delete")


class Fault(StrEnum):
    """What goes wrong with a call."""

    UNREACHABLE = "no answer, and nothing was done"
    UNREACHABLE_AFTER = "no answer, and it was done"
    UNKNOWN = "timed out, and nothing was done"
    UNKNOWN_AFTER = "timed out, and it was done"
    LATE = "timed out, and it is done only later"
    SLOW_DOWN = "503, and nothing was done"
    RESET = "the connection breaks in the middle of the answer"
    REFUSED = "refused though its condition holds, as with 409"
    REFUSED_AFTER = "refused by its own first try, as with 412"
    DELAYED = "answered late"
    STALE = "an older value is read"
    SHORT = "half of the value is read"
    FLIPPED = "the value is read with a flipped bit"
    KILLED = "the process dies before it"
    KILLED_AFTER = "the process dies after it"

    @property
    def happens(self) -> bool:
        """The call takes effect all the same, and at once."""
        return self.name.endswith("_AFTER") or self is Fault.RESET

    def fits(self, asked: Asked) -> bool:
        """Whether a call can go wrong so. A refusal to create an object says truly that it is there."""
        match self:
            case Fault.UNKNOWN | Fault.UNKNOWN_AFTER | Fault.LATE:
                return asked.writes
            case Fault.REFUSED:
                return asked.is_conditional and not asked.key.startswith("objects/")
            case Fault.REFUSED_AFTER:
                return asked.is_conditional
            case Fault.STALE:
                return asked.operation in ("get", "list")
            case Fault.SHORT | Fault.FLIPPED:
                return asked.operation in ("get", "get_kept")
            case Fault.RESET:
                return asked.operation not in ("prepare", "inspect")
        return True


Plan = Mapping[int, Fault] | Callable[[int, Asked], Fault | None]
"""What goes wrong with which call, counted from 0; or what says so of each."""


class Killed(BaseException):
    """The process is no more: nothing that is written to handle errors may handle this."""


def seeded(seed: int, share: float, kinds: Sequence[Fault] = tuple(Fault)) -> Plan:
    """A plan by chance, the same for the same seed.

    Args:
        seed: of the chance.
        share: of the calls that go wrong, from 0 to 1.
        kinds: what may go wrong with them.
    """
    chance = Random(seed)

    def choose(_: int, asked: Asked) -> Fault | None:
        if chance.random() >= share:
            return None
        fitting = [fault for fault in kinds if fault.fits(asked)]
        return chance.choice(fitting) if fitting else None

    return choose


class Faulty(Wrapper):
    """The backend that it was given, with faults.

    Args:
        backend: who does the work.
        plan: what goes wrong with which call.
        broken: a key that can no longer be read once the first fault has happened.
        only: how the keys begin that faults happen to.
        past: the same store as it was a moment ago, for stale reads of what is not changed through this backend.
        wait: what a delay does, and what may happen in it.
        late: how many calls a write is late by.
        chance: chooses the bits that flip; by default those in the middle do.
    """

    def __init__(
        self,
        backend: Backend,
        plan: Plan,
        *,
        broken: str = "",
        only: str = "",
        past: Backend | None = None,
        wait: Callable[[], object] = lambda: None,
        late: int = 2,
        chance: Random | None = None,
    ) -> None:
        super().__init__(backend)
        self.calls: list[Asked] = []
        """What was asked for, in order."""
        self.faults = 0
        """How many have happened."""
        self.past = past
        self._plan = plan
        self._broken = broken
        self._only = only
        self._wait = wait
        self._late_by = late
        self._chance = chance
        self._older: dict[str, Stored | None] = {}
        self._late: list[tuple[int, Callable[[], object]]] = []
        self._lock = RLock()

    @property
    def keys(self) -> list[str]:
        """The keys that were asked for, in order."""
        return [asked.key for asked in self.calls]

    def begin(self, plan: Plan) -> None:
        """Count the calls from 0 again, with another plan; what is still to be done late is done."""
        self.finish()
        self.calls = []
        self.faults = 0
        self._plan = plan

    def finish(self) -> None:
        """Do what is still to be done late."""
        self._land(None)

    def get(self, key: str, *, limit: int) -> Stored:
        if key == self._broken and self.faults:
            self.calls.append(Asked("get", key))
            raise Unreachable("The store does not answer.")

        def read() -> Stored:
            return super(Faulty, self).get(key, limit=limit)

        return self._call(Asked("get", key), read, lambda: self._read_older(key, limit), self._damaged)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        def write() -> str:
            self._keep(key)
            return super(Faulty, self).put(key, data, condition)

        return self._call(Asked("put", key, condition is not None), write)

    def delete(self, key: str) -> None:
        def remove() -> None:
            self._keep(key)
            super(Faulty, self).delete(key)

        self._call(Asked("delete", key), remove)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        # what a listing costs is asked for when its first line is
        yield from self._call(
            Asked("list", prefix),
            lambda: super(Faulty, self).list(prefix, after=after),
            lambda: (self.past or self.backend).list(prefix, after=after),
            broken_off=_broken_off,
        )

    def kept(self, key: str) -> Iterator[Kept]:
        yield from self._call(Asked("kept", key), lambda: super(Faulty, self).kept(key), broken_off=_broken_off)

    def deleted(self, prefix: str) -> Iterator[str]:
        asked = Asked("deleted", prefix)
        yield from self._call(asked, lambda: super(Faulty, self).deleted(prefix), broken_off=_broken_off)

    def get_kept(self, key: str, name: str, *, limit: int) -> Stored:
        def read() -> Stored:
            return super(Faulty, self).get_kept(key, name, limit=limit)

        return self._call(Asked("get_kept", key), read, damaged=self._damaged)

    def prepare(self) -> Sequence[Setting]:
        return self._call(Asked("prepare", ""), super().prepare)

    def inspect(self) -> Sequence[Setting]:
        return self._call(Asked("inspect", ""), super().inspect)

    def _call(
        self,
        asked: Asked,
        call: Callable[[], _Answer],
        older: Callable[[], _Answer] | None = None,
        damaged: Callable[[Fault, _Answer], _Answer] | None = None,
        broken_off: Callable[[_Answer], _Answer] | None = None,
    ) -> _Answer:
        with self._lock:
            number = len(self.calls)
            self.calls.append(asked)
            self._land(number)
            fault = self._plan(number, asked) if callable(self._plan) else self._plan.get(number)
            if fault is None or not fault.fits(asked) or not asked.key.startswith(self._only):
                return call()
            self.faults += 1
            match fault:
                case Fault.DELAYED:
                    self._wait()
                    return call()
                case Fault.STALE if older:
                    return older()
                case Fault.SHORT | Fault.FLIPPED if damaged:
                    return damaged(fault, call())
                case Fault.RESET if broken_off:
                    return broken_off(call())
                case Fault.LATE:
                    self._late.append((number + self._late_by, call))
            if fault.happens:
                call()
            raise _failure(fault, asked)

    def _land(self, number: int | None) -> None:
        due = [late for late in self._late if number is None or late[0] <= number]
        self._late = [late for late in self._late if late not in due]
        for _, call in due:
            with suppress(StorageError):  # somebody was faster, and nobody waits for the answer
                call()

    def _keep(self, key: str) -> None:
        try:
            self._older[key] = self.backend.get(key, limit=1 << 40)
        except KeyNotFound:
            self._older[key] = None

    def _read_older(self, key: str, limit: int) -> Stored:
        if key not in self._older:
            return (self.past or self.backend).get(key, limit=limit)
        if (stored := self._older[key]) is None:
            raise KeyNotFound(f"Nothing is stored under '{key}' in {self.url}.")
        return stored

    def _damaged(self, fault: Fault, stored: Stored) -> Stored:
        data = stored.data
        if fault is Fault.SHORT or not data:
            return stored._replace(data=data[: len(data) // 2])
        bit = self._chance.randrange(8 * len(data)) if self._chance else 4 * len(data)
        at = bit // 8
        return stored._replace(data=data[:at] + bytes([data[at] ^ 1 << bit % 8]) + data[at + 1 :])


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

    def kept(self, key: str) -> Iterator[Kept]:
        self._count()
        return super().kept(key)

    def deleted(self, prefix: str) -> Iterator[str]:
        self._count()
        return super().deleted(prefix)

    def get_kept(self, key: str, name: str, *, limit: int) -> Stored:
        self._count()
        return super().get_kept(key, name, limit=limit)

    def _count(self) -> None:
        self.calls += 1
        if self.calls - 1 == self._at:
            self._action()


def _failure(fault: Fault, asked: Asked) -> BaseException:
    """What a backend makes of a call that failed so."""
    match fault:
        case Fault.KILLED | Fault.KILLED_AFTER:
            return Killed()
        case Fault.REFUSED | Fault.REFUSED_AFTER:
            return PreconditionFailed(f"'{asked.key}' is not what it was when it was read.")
        case Fault.UNKNOWN | Fault.UNKNOWN_AFTER | Fault.LATE | Fault.SLOW_DOWN | Fault.RESET if asked.writes:
            return OutcomeUnknown(f"It is not known whether '{asked.key}' was written.")
    return Unreachable("The store does not answer.")


def _broken_off(lines: Iterator[_Answer]) -> Iterator[_Answer]:
    yield from islice(lines, 1)
    raise Unreachable("The store does not answer to the end.")
