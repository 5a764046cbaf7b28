"""One schedule of part ``interleavings``: clients that take turns, and whether what came of it can be so."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from depository import Depository, DepositoryError, marker
from depository.backends.base import CONDITIONAL, VERSIONED, Backend
from depository.backends.memory import MemoryBackend, VersionedBucket, VersionedMemory
from depository.errors import Conflict, CorruptData, NotFound, StorageError
from depository.testing import Faulty, Killed, Model, Plan, Scheduler, Seen, copied, see
from depository.testing.ordering import Call, order_of
from depository.testing.scheduling import Chooser
from proofs.writers import Deed, begin

_START = 1_790_000_000.0
CHANGING = ("manifests/",)
"""How the keys begin that are ever written again: where clients wait for their turns. Whatever else is written is never
changed, and nobody looks for it before its manifest is there."""


class Met(NamedTuple):
    """What came of a schedule."""

    steps: int
    """Calls at which a client was chosen."""
    acknowledged: int
    refused: int
    unclear: int
    wrong: str
    """What must not be; empty if all is well."""
    behind: int = 0
    """Paths that a listing shows as a write has them that does not count, until somebody writes there again."""


class _Done(NamedTuple):
    deed: Deed
    began: int
    ended: int
    answer: object
    """The type of the error, if there was one."""

    @property
    def is_unclear(self) -> bool:
        return isinstance(self.answer, type) and issubclass(self.answer, (StorageError, CorruptData, Killed))

    @property
    def is_refused(self) -> bool:
        return isinstance(self.answer, type) and not self.is_unclear


class Meeting:
    """Lets clients meet, again and again, from the same state.

    Args:
        versioned: on a store that ignores conditions and keeps all versions.
    """

    def __init__(self, *, versioned: bool = False) -> None:
        self._versioned = versioned
        self._model = Model()
        self._store = MemoryBackend()
        begin(_founded(self._store), self._model)

    def run(
        self,
        choose: Chooser,
        clients: Mapping[str, Sequence[Deed]],
        *,
        plans: Mapping[str, Plan] | None = None,
        only: tuple[str, ...] = CHANGING,
    ) -> Met:
        """Let clients do what they do in the order that is chosen, and look at what came of it.

        Args:
            choose: who is next.
            clients: what each does, one thing after the other; whoever is killed ends.
            plans: what goes wrong with the calls of some.
            only: how the keys begin at which clients wait for their turns.
        """
        scheduler = Scheduler(choose)
        bucket = VersionedBucket()
        if self._versioned:
            begin(_founded(VersionedMemory(bucket), VERSIONED), Model())
        store: Backend = VersionedMemory(bucket) if self._versioned else copied(self._store)
        clock = itertools.count()
        done: list[_Done] = []

        def work(name: str) -> None:
            inner: Backend = scheduler.versioned(bucket, name, only=only) if self._versioned else store
            if plans and name in plans:
                inner = Faulty(inner, plans[name])
            depo = _client(inner if self._versioned else scheduler.backend(inner, name, only=only), clock)
            for deed in clients[name]:
                began = len(scheduler.calls)
                try:
                    answer = deed.do(depo)
                except (DepositoryError, Killed) as error:
                    answer = type(error)
                done.append(_Done(deed, began, len(scheduler.calls), answer))
                if answer is Killed:
                    return

        outcomes = scheduler.run({name: lambda name=name: work(name) for name in clients})  # type: ignore[misc]
        raised = [outcome.error for outcome in outcomes.values() if outcome.error]
        behind = 0
        if self._versioned:
            # whoever died before looking whether its write counts has left it on top, where listings see it
            judged = copied(store)
            behind = sum(item.size % 2 != _size(judged, item.key) % 2 for item in store.list("manifests/"))
            store = judged
        wrong = f"{raised[0]!r}" if raised else self._wrong(store, done)
        return Met(
            len(scheduler.calls),
            sum(not each.is_unclear and not each.is_refused for each in done),
            sum(each.is_refused for each in done),
            sum(each.is_unclear for each in done),
            wrong,
            behind,
        )

    def _wrong(self, store: Backend, done: Sequence[_Done]) -> str:
        try:
            seen = see(store)
        except (AssertionError, DepositoryError) as error:
            return repr(error)
        if complaint := _not_once(seen, done):
            return complaint
        # a rename is two writes, and others may come between: what they save comes along behind it, with other numbers.
        # Where more than one meets a rename, what is told in between fits no order, and each name is as it was told
        if len({each.deed.name for each in done}) > 2 and any(each.deed.renames for each in done):
            return ""
        look = _loosely if any(each.deed.renames for each in done) else dict[str, object]
        shown = look(seen)
        calls = [
            Call(
                each.deed.name,
                each.began,
                None if each.is_unclear else each.ended,
                each.deed.model,
                each.answer,
                each.deed.instead,
            )
            for each in done
            if not (each.is_unclear and each.deed.is_quiet)
        ]
        if order_of(calls, self._model, lambda model: look(model.seen()) == shown) is None:
            return f"no order gives this: {[(each.deed.name, each.began, each.ended, each.answer) for each in done]}"
        return ""


def _not_once(seen: Mapping[str, Seen], done: Sequence[_Done]) -> str:
    """What is wrong with the saves: each is there once, under the number that was told; or at most once, if unclear."""
    counts = Counter(data for path in seen.values() for data in path.files)
    displaced = {data for path in seen.values() for files in path.displaced for data in files}
    renames = [each for each in done if each.deed.renames]
    # of a fight over a name, or a rename that broke off, both names have the history, and who was told of it decides
    may_be_double = any(each.is_unclear or each.answer is Conflict for each in renames)
    for each in done:
        for place, data in enumerate(each.deed.saves):
            least, most = (0, 1) if each.is_unclear else (0, 0) if each.is_refused else (1, 1)
            double = any(path.files.count(data) > 1 for path in seen.values())
            if (
                double
                or counts[data] + (data in displaced) < least
                or counts[data] > (len(seen) if may_be_double and most else most)
            ):
                return f"{data!r} is there {counts[data]} times: it was answered {each.answer}"
            if least and not renames and isinstance(each.answer, list):
                number = each.answer[place]
                if not any(path.files[number - 1 : number] == (data,) for path in seen.values()):
                    return f"{data!r} is not v{number}, as was told"
    refused = {each.answer for each in done if each.is_refused}
    if bad := [kind for kind in refused if not issubclass(kind, (NotFound, Conflict))]:  # type: ignore[arg-type]
        return f"it was refused by {bad}"
    return ""


def _loosely(seen: Mapping[str, Seen]) -> dict[str, object]:
    return {
        path: (
            sorted(there.files),
            {ref: there.files[number - 1] for ref, number in there.refs.items()},
            there.alive,
            sorted((line.what, line.ref or "", line.other or "") for line in there.lines),
            there.displaced,
        )
        for path, there in seen.items()
    }


def _size(store: Backend, key: str) -> int:
    return len(store.get(key, limit=1 << 30).data)


def _founded(backend: Backend, protocol: str = CONDITIONAL) -> Depository:
    marker.write(backend, marker.make(datetime.fromtimestamp(_START, UTC), None, (), protocol))
    return _client(backend, itertools.count(-1000))


def _client(backend: Backend, clock: "itertools.count[int]") -> Depository:
    return Depository(backend, author="kylek", clock=lambda: _START + next(clock), sleep=lambda _: None)
