"""One case of part ``calls``: an operation under faults, done again until it is done, and looked at after each try."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import NamedTuple

from depository import Depository, DepositoryError
from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.errors import CorruptData, KeyNotFound, NoDepository, PreconditionFailed, StorageError
from depository.testing import Asked, Fault, Faulty, Killed, Model, Seen, copied, plain_files, see
from depository.verifying.findings import Finding, Kind
from proofs.operations import CREATING, Answer, B, Both, Incomplete, Operation

_START = 1_790_000_000.0
_DELAY = 3_000.0
"""Seconds."""

_INTERNAL = (KeyNotFound, PreconditionFailed)
"""What goes between backend and core, and never to a caller."""


class Wrong(NamedTuple):
    """What must not be."""

    kind: str
    """``lost``, ``twice``, ``altered`` or ``false``."""
    text: str


class Case(NamedTuple):
    """What was seen of one case."""

    calls: Sequence[Asked]
    """That were made, in all tries."""
    ended: str
    """How the first try ended: empty if it was acknowledged, or the name of the error."""
    wrong: Wrong | None


class _Answered(NamedTuple):
    answer: Answer = None
    error: type[BaseException] | None = None

    @property
    def is_unclear(self) -> bool:
        """It says that something went wrong, and not what is so."""
        kind = self.error
        return kind is not None and issubclass(kind, (StorageError, CorruptData, Killed)) and kind not in _INTERNAL


class _Start(NamedTuple):
    store: MemoryBackend
    past: MemoryBackend
    model: Model
    past_model: Model
    faulty: Faulty
    client: Depository


class _Clock:
    def __init__(self) -> None:
        self._ticks = itertools.count()
        self._start = _START

    def __call__(self) -> float:
        return self._start + next(self._ticks)

    def delay(self) -> None:
        self._start += _DELAY


class Bench:
    """Tries one operation, again and again, each time from the same state.

    Args:
        operation: what is tried.
    """

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._looks: dict[object, dict[str, Seen] | Wrong] = {}
        self._clock = _Clock()
        self._tokens = itertools.count(1)
        self._start = self._prepare()
        self._now = self._undisturbed(self._start.store)
        self._before = self._undisturbed(self._start.past)
        if operation.model is None and not operation.creates and self._now.error:
            raise AssertionError(f"{operation.name} fails where nothing goes wrong: {self._now.error}")

    def run(self, plan: Mapping[int, Fault], *, bit: int | None = None) -> Case:
        """Do it under faults, and again until it is done.

        Args:
            plan: what goes wrong with which call, of all tries.
            bit: a seed for the bits that flip; by default those in the middle do.
        """
        start = self._begin(plan, bit)
        faulty, client = start.faulty, start.client
        state, tries = start.model, 0
        earlier = [start.past_model]
        ended: str | None = None
        while True:
            tries += 1
            faults = faulty.faults
            answered = self._call(client, faulty)
            is_disturbed = faulty.faults > faults
            ended = ended if ended is not None else answered.error.__name__ if answered.error else ""
            earlier.append(state)
            allowed = self._judge(state, earlier if is_disturbed else [], answered, plan)
            is_over = not is_disturbed or answered.error is None
            for is_settled in (False, True):
                if isinstance(allowed, Wrong):
                    return Case(tuple(faulty.calls), ended, allowed)
                if is_settled:
                    faulty.finish()
                # who reads older values twice in a row cannot know that the plain notebook has to follow
                is_final = is_over and is_settled and list(plan.values()).count(Fault.STALE) < 2
                found = self._look(start.store, allowed, is_over=is_final)
                if isinstance(found, Wrong):
                    return Case(tuple(faulty.calls), ended, found)
                state = found
            if is_over:
                return Case(tuple(faulty.calls), ended, None)
            if tries > len(plan) + 1:
                return Case(tuple(faulty.calls), ended, Wrong("false", "it is never done"))
            client = self._client(faulty)

    # how it is done

    def _prepare(self) -> _Start:
        self._clock, self._tokens = _Clock(), itertools.count(1)
        store = MemoryBackend(clock=self._clock)
        faulty = Faulty(store, {})
        client = self._client(faulty)
        model = Model(self._operation.materialize)
        if self._operation is CREATING[0]:
            return _Start(store, MemoryBackend(), model, model, faulty, client)
        Depository.adopt(store, materialize=self._operation.materialize)
        pasts = [copied(store)]

        def next_client() -> Depository:
            pasts.append(copied(store))
            return self._client(store)

        both = Both(client, model, next_client)
        self._operation.before(both)
        return _Start(store, pasts[-1], model, both.past, faulty, client)

    def _begin(self, plan: Mapping[int, Fault], bit: int | None) -> _Start:
        chance = None if bit is None else Random(bit)
        start = self._start
        if self._operation.is_warm:
            start = self._prepare()
            start.faulty.past = start.past
            start.faulty.begin(plan)
            return start
        self._clock, self._tokens = _Clock(), itertools.count(1 << 32)
        store = copied(start.store)
        faulty = Faulty(store, plan, past=start.past, wait=self._clock.delay, chance=chance)
        return start._replace(store=store, faulty=faulty, client=self._client(faulty))

    def _client(self, backend: Backend) -> Depository:
        tokens = self._tokens
        return Depository(
            backend,
            author="kylek",
            clock=self._clock,
            sleep=lambda _: None,
            token=lambda: next(tokens).to_bytes(8, "big"),
        )

    def _call(self, client: Depository, backend: Backend) -> _Answered:
        operation = self._operation
        try:
            return _Answered(operation.creates(backend) if operation.creates else operation.do(client))
        except (Exception, Killed) as error:  # noqa: BLE001 - whatever it is, it is judged
            return _Answered(error=type(error))

    def _undisturbed(self, store: MemoryBackend) -> _Answered:
        copy = copied(store)
        return self._call(self._client(copy), copy)

    # what is to come of it

    def _judge(
        self, state: Model, earlier: Sequence[Model], answered: _Answered, plan: Mapping[int, Fault]
    ) -> list[Model] | Wrong:
        """The states that an answer allows.

        Args:
            state: what there was.
            earlier: the states that older values may be of; none where nothing went wrong.
            answered: the answer.
            plan: what may have gone wrong.
        """
        after, right = self._expected(state, self._now)
        if not earlier or not answered.is_unclear:
            rights = [right]
            for past in (*earlier, after) if Fault.STALE in plan.values() else ():
                past_after, past_right = self._expected(past, self._before)
                rights.append(past_right)
                if answered == past_right and past_after.seen() in (past.seen(), state.seen()):
                    return [state, after]  # it was done, or not to be done, a moment ago
            if answered not in rights and not self._is_mixed(answered, rights):
                return Wrong("false", f"it answered {answered}, not {right}")
            return [after]
        states = [state, after]
        if self._operation.broken_off and right.error is None:
            half = state.copy()
            self._operation.broken_off(half)
            states.append(half)
            for past in earlier if Fault.STALE in plan.values() else ():
                with suppress(DepositoryError):
                    self._operation.broken_off(older := past.copy())
                    states.append(half.copy())
                    states[-1].paths[B] = older.paths[B]
                    states[-1].plain.update({key: data for key, data in older.plain.items() if key.endswith(B)})
        return states

    def _expected(self, model: Model, reading: _Answered) -> tuple[Model, _Answered]:
        if self._operation.model is None:
            return model, reading
        after = model.copy()
        try:
            return after, _Answered(self._operation.model(after))
        except DepositoryError as error:
            return model, _Answered(error=type(error))

    def _is_mixed(self, answered: _Answered, rights: Sequence[_Answered]) -> bool:
        """Whether an answer says that it is not whole; or is a listing some of whose lines are a moment old."""
        if isinstance(answered.answer, Incomplete):
            return True
        if not self._operation.name.startswith("ls") or not isinstance(answered.answer, list):
            return False
        lines = [line for right in rights if isinstance(right.answer, list) for line in right.answer]
        if self._operation.name == "ls with details":  # a damaged manifest is listed without them
            lines += [(path, deleted, None, {}) for path, deleted, *_ in lines]
        return all(line in lines for line in answered.answer)

    def _look(self, store: MemoryBackend, allowed: Sequence[Model], *, is_over: bool) -> Model | Wrong:
        """Which of the states it is."""
        mark = tuple((item.key, item.etag) for item in store.list(""))
        if mark not in self._looks:
            try:
                self._looks[mark] = _verified(store) or see(store)
            except (DepositoryError, AssertionError) as error:
                self._looks[mark] = Wrong("altered", f"it cannot be read: {error!r}")
        seen = self._looks[mark]
        if isinstance(seen, Wrong):
            return seen
        found = next((model for model in allowed if model.seen() == seen), None)
        if found is None and self._operation.name.startswith("rename"):
            # after a stale read the last versions come along behind the rename, not before it
            found = next((model for model in allowed if _unordered(model.seen()) == _unordered(seen)), None)
        if found is None:
            return _difference(seen, [model.seen() for model in allowed])
        plain = plain_files(store) if self._operation.materialize else {}
        if is_over and plain != found.plain:
            return Wrong("false", f"the plain notebooks are {sorted(plain)}, not {sorted(found.plain)}, or older ones")
        for key, data in plain.items():
            if not any(model.plain.get(key) == data for model in (*allowed, self._start.model, self._start.past_model)):
                return Wrong("altered", f"the plain notebook {key} is none of those that it may be")
        return found


def _verified(store: MemoryBackend) -> Wrong | None:
    """What `Depository.verify` finds, but for plain notebooks: they are compared with the model's."""
    found: list[Finding] = []
    with suppress(NoDepository):
        Depository(store).verify(found=found.append)
    # what belongs to no path was left by a writer that died: who saves that content writes what it still lacks
    damage = [each for each in found if each.path and not each.is_remark and each.kind is not Kind.STALE]
    return Wrong("altered", f"verify finds {damage[0]}") if damage else None


def _difference(seen: Mapping[str, Seen], allowed: Sequence[Mapping[str, Seen]]) -> Wrong:
    """What is wrong with a state that is none of those that it may be."""
    here = _files(seen)
    counts = [_files(each) for each in allowed]
    known = set().union(*counts)
    if any(file not in known for file in here):
        return Wrong("altered", "a version holds what nobody saved")
    if any(all(here[file] < count[file] for count in counts) for file in known):
        return Wrong("lost", f"{sum(here.values())} versions are there of {[sum(c.values()) for c in counts]}")
    if any(all(here[file] > count[file] for count in counts) for file in known):
        return Wrong("twice", f"{sum(here.values())} versions are there instead of {[sum(c.values()) for c in counts]}")
    wanted = list(map(_shown, allowed))
    return Wrong("false", f"refs, names or events are not what they may be: {_shown(seen)}, not {wanted}")


def _unordered(seen: Mapping[str, Seen]) -> dict[str, Seen]:
    return {path: there._replace(lines=tuple(sorted(there.lines, key=str))) for path, there in seen.items()}


def _files(seen: Mapping[str, Seen]) -> Counter[bytes]:
    return Counter(file for there in seen.values() for files in (there.files, *there.displaced) for file in files)


def _shown(seen: Mapping[str, Seen]) -> dict[str, object]:
    return {path: (len(there.files), there.refs, there.alive, there.lines) for path, there in seen.items()}
