"""Any sequence of calls by several processes on one store, against the model: a state machine of Hypothesis.

It needs the extra ``testing``. The machine is a class that runs as a test of unittest and pytest::

    TestTwoProcesses = machine(clients=2).TestCase
"""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from depository.backends.memory import MemoryBackend
from depository.depository import Depository
from depository.errors import CorruptData, DepositoryError, NoNotebook, StorageError
from depository.models import Draft
from depository.testing.faults import Fault, Faulty, Killed
from depository.testing.model import Model
from depository.testing.seeing import see

PATHS = ("a.ipynb", "b.ipynb", "a/c.ipynb")
CLIENTS = 3

_START = 1_790_000_000.0
_MINUTES = 25
"""By which the clocks of processes are off at most, so that any two differ by less than an hour."""
_KINDS = tuple(Fault[name] for name in Fault.__members__ if name not in ("STALE", "DELAYED"))

paths = st.sampled_from(PATHS)
clients = st.integers(0, CLIENTS - 1)
numbers = st.integers(1, 12)
spaces = st.sampled_from(["published", "scheduled"])
tags = st.sampled_from(["submitted", "paper"])
cells = st.text("abc =\n+(é", max_size=30)


def notebook(sources: Sequence[str], indent: int = 1) -> bytes:
    """A file of a notebook with these cells."""
    import json

    made: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": source}
        for n, source in enumerate(sources)
    ]
    content = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(content, indent=indent, sort_keys=True) + "\n").encode()


files = st.one_of(
    st.builds(notebook, st.lists(cells, max_size=3), st.sampled_from([1, 1, 4])),
    st.integers(0, 9).map(lambda seed: notebook([f"x = {seed}"])),
    st.binary(max_size=20),
)


class Process:
    """A client, its connection and its clock."""

    def __init__(self, store: MemoryBackend, number: int) -> None:
        self.store = Faulty(store, {})
        self.minutes = 0.0
        """By which its clock is ahead."""
        self.remembered: dict[str, set[bytes]] = {}
        """What it may take for the newest file of a path: whatever was, when it may have looked."""
        self._ticks = itertools.count(number, CLIENTS)
        self.open()

    def open(self) -> None:
        """Begin anew, with nothing in memory."""
        self.remembered = {}
        self.depo = Depository(self.store, author="kylek", clock=self.now, sleep=lambda _: None)

    def now(self) -> float:
        """Its clock, which goes on by some seconds each time it is looked at."""
        return _START + next(self._ticks) + 60 * self.minutes


class Processes(RuleBasedStateMachine):
    """Several depositories on one store. What one has done, the others see."""

    count = 2
    """Of clients."""
    has_faults = False
    is_skewed = False

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryBackend()
        Depository.adopt(self.store, materialize=()).close()
        self.processes = [Process(self.store, number) for number in range(self.count)]
        self.reader = Depository(self.store)
        self.model = Model()
        self.armed: dict[int, Fault] = {}
        """What goes wrong in the next call that comes so far."""
        self.saved: list[bytes] = []
        self.unclear: tuple[str, list[Draft]] | None = None
        """Drafts of which it was not told whether they were saved."""
        self._drafts = itertools.count()

    # what goes on around the calls

    @initialize(offsets=st.lists(st.floats(-_MINUTES, _MINUTES), min_size=CLIENTS, max_size=CLIENTS))
    def set_clocks(self, offsets: list[float]) -> None:
        """Clocks differ from the beginning."""
        if self.is_skewed:
            for process, minutes in zip(self.processes, offsets, strict=False):
                process.minutes = minutes

    @rule(client=clients, minutes=st.floats(-_MINUTES, _MINUTES))
    def set_clock(self, client: int, minutes: float) -> None:
        """A clock is set, forwards or back."""
        if self.is_skewed:
            self._process(client).minutes = minutes

    @rule(at=st.integers(0, 9), fault=st.sampled_from(_KINDS))
    def arm(self, at: int, fault: Fault) -> None:
        """Something will go wrong in the next call that comes so far."""
        if self.has_faults:
            self.armed = {at: fault}

    @rule(client=clients)
    def reopen(self, client: int) -> None:
        """A process ends, and another begins."""
        self._process(client).open()

    # saving

    @rule(path=paths, client=clients, data=files)
    def save(self, path: str, client: int, data: bytes) -> None:
        """Save something."""
        self.saved = [*self.saved[-20:], data]
        self._save(path, client, data)

    @rule(path=paths, client=clients, place=st.integers(0, 20))
    def save_again(self, path: str, client: int, place: int) -> None:
        """Save what was saved before, here or elsewhere."""
        if self.saved:
            self._save(path, client, self.saved[place % len(self.saved)])

    @rule(path=paths, client=clients)
    def save_the_newest_again(self, path: str, client: int) -> None:
        """Save what is the newest already."""
        if path in self.model.paths:
            self._save(path, client, self.model.paths[path].files[-1])

    @rule(path=paths, client=clients, count=st.integers(20, 70))
    def save_a_burst(self, path: str, client: int, count: int) -> None:
        """So many versions that pages are sealed."""
        for _ in range(count):
            self._save(path, client, b"burst %d" % next(self._drafts))

    @rule(path=paths, client=clients, count=st.integers(1, 40))
    def save_all(self, path: str, client: int, count: int) -> None:
        """Save several at once; remember them where it is not told whether they were saved."""
        now = self._process(client).now()
        drafts = [
            Draft(b"draft %d" % next(self._drafts), time=datetime.fromtimestamp(now + number, UTC))
            for number in range(count)
        ]
        contents = [bytes(draft.content) for draft in drafts]  # type: ignore[arg-type]
        done = self.do(
            client,
            (path,),
            lambda depo: [version.number for version in depo.save_all(path, drafts)],
            lambda model: model.save(path, *contents),
        )
        if not done:
            self.unclear = path, drafts

    @rule(client=clients)
    def save_all_again(self, client: int) -> None:
        """Save what may have been saved, once."""
        if self.unclear is None:
            return
        path, drafts = self.unclear
        contents = [bytes(draft.content) for draft in drafts]  # type: ignore[arg-type]

        def resume(model: Model) -> list[int]:
            there = model.paths.get(path)
            if there and contents[-1] in there.files:
                return [there.files.index(content) + 1 for content in contents]
            return model.save(path, *contents)

        if any(contents[-1] in each.files for name, each in self.model.paths.items() if name != path):
            self.unclear = None  # it went on under another name; who archives follows a rename
            return
        done = self.do(
            client,
            (path,),
            lambda depo: [version.number for version in depo.save_all(path, drafts, resumed=True)],
            resume,
        )
        if done:
            self.unclear = None

    def _save(self, path: str, client: int, data: bytes) -> None:
        process = self._process(client)

        def save(depo: Depository) -> int:
            version = depo.save(path, data)
            # a process that does not know of another's newer save takes what it knows for the newest
            if not version.fresh and data in process.remembered.get(path, ()):
                raise _NothingDone
            return version.number

        self.do(client, (path,), save, lambda model: model.save(path, data)[0])

    # names

    @rule(path=paths, client=clients)
    def delete(self, path: str, client: int) -> None:
        """Delete."""
        self.do(
            client, (path,), lambda depo: depo.delete(path).event, _told("delete", lambda model: model.delete(path))
        )

    @rule(path=paths, client=clients)
    def undelete(self, path: str, client: int) -> None:
        """Undelete."""
        self.do(
            client,
            (path,),
            lambda depo: depo.undelete(path).event,
            _told("undelete", lambda model: model.undelete(path)),
        )

    @rule(path=paths, to=paths, client=clients, skip=st.sampled_from([0, 0, 0, 1, 2]))
    def undelete_elsewhere(self, path: str, to: str, client: int, skip: int) -> None:
        """Undelete to another path, also what was deleted before the last."""
        self.do(
            client,
            (path, to),
            lambda depo: depo.undelete(path, to=to, skip=skip).event,
            _told("undelete", lambda model: model.undelete(path, to, skip)),
        )

    @rule(old=paths, new=paths, client=clients)
    def rename(self, old: str, new: str, client: int) -> None:
        """Rename."""
        self.do(
            client,
            (old, new),
            lambda depo: depo.rename(old, new).event,
            _told("rename", lambda model: model.rename(old, new)),
            half=lambda model: model.rename(old, new, half=True),
        )

    # refs

    @rule(path=paths, client=clients, ref=spaces, number=numbers)
    def promote(self, path: str, client: int, ref: str, number: int) -> None:
        """Publish or schedule."""

        def promote(depo: Depository) -> tuple[int | None, int | None]:
            event = depo.promote(path, f"v{number}", ref)
            return event.number, event.previous

        self.do(client, (path,), promote, lambda model: model.promote(path, number, ref))

    @rule(path=paths, client=clients, ref=spaces)
    def withdraw(self, path: str, client: int, ref: str) -> None:
        """Take it back."""
        self.do(
            client,
            (path,),
            lambda d: d.withdraw(path, ref).number,
            _told(None, lambda model: model.withdraw(path, ref)),
        )

    @rule(path=paths, client=clients, name=tags, number=numbers, move=st.booleans())
    def tag(self, path: str, client: int, name: str, number: int, move: bool) -> None:
        """Tag."""
        self.do(
            client,
            (path,),
            lambda depo: depo.tag(path, f"v{number}", name, move=move).number,
            _told(number, lambda model: model.tag(path, number, name, move=move)),
        )

    @rule(path=paths, client=clients, name=tags)
    def untag(self, path: str, client: int, name: str) -> None:
        """Take a tag away."""
        self.do(
            client,
            (path,),
            lambda depo: depo.untag(path, name).number,
            _told(None, lambda model: model.untag(path, name)),
        )

    # reading

    @rule(path=paths, client=clients, number=numbers)
    def read(self, path: str, client: int, number: int) -> None:
        """Read a version."""
        self.do(client, (path,), lambda depo: depo.read(path, f"v{number}"), lambda model: model.read(path, number))

    # what always holds

    @invariant()
    def listings_are_the_models(self) -> None:
        """Listings show what the model has."""
        alive = {path: there for path, there in self.model.paths.items() if not there.deleted}
        lines = list(self.reader.ls(details=True))
        assert [line.path for line in lines] == sorted(alive)  # noqa: S101 - as below
        for line in lines:
            there = alive[line.path]
            shown = (line.version and line.version.number, dict(line.refs))
            assert shown == (len(there.files), there.refs), line  # noqa: S101

    @invariant()
    def the_newest_and_the_refs_are_the_models(self) -> None:
        """So are the newest versions, and refs and tags."""
        for path, there in self.model.paths.items():
            assert self.reader.refs(path) == {"workspace": len(there.files), **there.refs}, path  # noqa: S101
            assert self.reader.read(path) == there.files[-1], path  # noqa: S101
        for path in set(PATHS) - set(self.model.paths):
            with suppress(NoNotebook):
                raise AssertionError(f"{path} has {self.reader.refs(path)}")

    def teardown(self) -> None:
        """In the end, everything is."""
        for process in self.processes:
            process.store.finish()
        self._resolve([self.model])

    # how a call is made and judged

    def _process(self, client: int) -> Process:
        return self.processes[client % self.count]

    def do(
        self,
        client: int,
        touched: Sequence[str],
        do: Callable[[Depository], object],
        model: Callable[[Model], object],
        *,
        half: Callable[[Model], object] | None = None,
    ) -> bool:
        """Make a call, hold the answer against the model's, and say whether there was a clear one."""
        process = self._process(client)
        process.store.begin(self.armed)
        before, after = self.model, self.model.copy()
        right: object
        try:
            right = model(after)
        except DepositoryError as error:
            right, after = type(error), before
        answer: object
        try:
            answer = do(process.depo)
        except _NothingDone:
            answer, right, after = None, None, before
        except (DepositoryError, Killed) as error:
            answer = type(error)
        is_unclear = isinstance(answer, type) and issubclass(answer, (StorageError, CorruptData, Killed))
        if process.store.faults:
            self.armed = {}  # what has not happened yet happens in a call that makes as many of the store
        if process.store.faults and is_unclear:
            process.store.finish()
            states = [before, after]
            if half and after is not before:
                states.append(before.copy())
                half(states[-1])
            self._resolve(states)
        else:
            if answer != right:
                raise AssertionError(f"it answered {answer!r}, and the model {right!r}")
            self.model = after
        if answer is Killed:
            process.open()
        for path in touched:
            for state in (before, self.model):
                if path in state.paths:
                    process.remembered.setdefault(path, set()).add(state.paths[path].files[-1])
        return not is_unclear

    def _resolve(self, states: Sequence[Model]) -> None:
        """Find out which of these states it is."""
        seen = see(self.store)
        found = next((state for state in states if state.seen() == seen), None)
        if found is None:
            raise AssertionError(f"it is none of the {len(states)} states that it may be: {seen}")
        self.model = found


class _NothingDone(Exception):
    """A process took for the newest what was the newest when it looked."""


def machine(*, clients: int = 2, faults: bool = False, skew: bool = False) -> type[Processes]:
    """The machine, as a class.

    Args:
        clients: how many processes there are, at most `CLIENTS`.
        faults: calls fail, with every kind of fault but older values, and processes die.
        skew: their clocks are minutes apart, and are set forwards and back.
    """
    words = [f"{clients}Processes", "WithFaults" if faults else "", "WithClocksOfTheirOwn" if skew else ""]
    return type("".join(words), (Processes,), {"count": clients, "has_faults": faults, "is_skewed": skew})


def _told(answer: object, do: Callable[[Model], None]) -> Callable[[Model], object]:
    """With an answer, where the model itself gives none."""

    def done(model: Model) -> object:
        do(model)
        return answer

    return done
