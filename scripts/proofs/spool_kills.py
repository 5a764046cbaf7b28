"""Processes that are killed while they write into a spool, or archive from it."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from depository import Depository
from depository.backends import connect
from depository.errors import DepositoryError
from proofs.forks import Fork, Say, killed_at_system_call
from proofs.spooling import begin, drain, spool_at, spooled_steps
from proofs.steps import Eye, State, Step, after, start
from proofs.tally import Tally
from proofs.watching import unhurried

_EPOCH = 40
_MOST_POINTS = 4000


class Room(NamedTuple):
    """A spool, and the depository that it is archived into."""

    directory: Path

    @property
    def spool(self) -> str:
        """Where the spool is."""
        return str(self.directory / "spool")

    @property
    def store(self) -> str:
        """Where the depository is."""
        return str(self.directory / "store")

    def make(self) -> None:
        """Make the depository."""
        Depository.adopt(connect(self.store)).close()

    def accept(self, state: State, told: tuple[Step, ...]) -> State:
        """Have steps accepted, by this process, which goes then as if it had died."""
        spool = spool_at(self.spool)
        for step in told:
            spool.confirm(begin(spool, state, step))
            state = after(state, step)
        spool.close()
        return state

    def drain(self) -> None:
        """Archive all that waits, in this process."""
        drain(spool_at(self.spool), partial(connect, self.store))


MANY = (
    Step("save", 0, (0,)),
    Step("save", 0, (1,)),
    Step("save", 0, (6,)),
    Step("rename", 0, name="moved/0.ipynb"),
    Step("save", 0, (2,)),
    Step("save", 1, (3,)),
    Step("delete", 1),
    Step("save", 1, (10,)),
)


def _accept_first(room: Room, say: Say, hook: Callable[[Callable[[], None]], None]) -> None:
    def work() -> None:
        _accept(room, say, Step("save", 0, (2,)))

    hook(work)


def _accept(room: Room, say: Say, step: Step) -> None:
    spool = spool_at(room.spool)
    name = begin(spool, start(), step)
    say(b".")
    spool.confirm(name)


def _accept_next(room: Room, say: Say, hook: Callable[[Callable[[], None]], None]) -> None:
    spool = spool_at(room.spool)
    spool.prepare()

    def work() -> None:
        name = begin(spool, start(), Step("save", 0, (3,)))
        say(b".")
        spool.confirm(name)
        spool.prepare()

    hook(work)


def _archive(room: Room, say: Say, hook: Callable[[Callable[[], None]], None]) -> None:
    def work() -> None:
        room.drain()
        say(b".")

    hook(work)


class Operation(NamedTuple):
    """What is killed at each of its points."""

    name: str
    waiting: tuple[Step, ...]
    """What was accepted before."""
    step: Step | None
    """What is to be accepted; None if the spool is archived from."""
    work: Callable[[Room, Say, Callable[[Callable[[], None]], None]], None]


OPERATIONS = (
    Operation("accepting, by a new process", (), Step("save", 0, (2,)), _accept_first),
    Operation("accepting, behind others", MANY[:2], Step("save", 0, (3,)), _accept_next),
    Operation("archiving a save", MANY[:1], None, _archive),
    Operation("archiving saves, a rename, a deletion", MANY, None, _archive),
)


def at_points(operation: Operation, scratch: Path) -> Tally:
    """Kill an operation before and after each system call that changes files, each in a spool of its own."""
    tally = Tally()
    for point in range(_MOST_POINTS):
        room = Room(scratch / str(point))
        with unhurried():
            room.make()
            state = room.accept(start(), operation.waiting)

        def work(say: Say, room: Room = room, point: int = point) -> None:
            operation.work(room, say, lambda inner: killed_at_system_call(point, inner))

        ended = Fork(work).end()
        if not ended.is_killed and ended.error:
            tally.complain("failed", ended.error)
            return tally
        tally["kills"] += ended.is_killed
        if operation.step and ended.said:
            state = after(state, operation.step)
        pending = operation.step if not ended.said else None
        _judge(tally, room, state, pending, f"{operation.name}, point {point}")
        if not ended.is_killed:
            return tally
    raise RuntimeError(f"{operation.name} has more points than {_MOST_POINTS}")


def at_random(scratch: Path, kills: int, *, seed: int, longest: float) -> Tally:
    """Kill processes that accept, and processes that archive, at random moments.

    Args:
        scratch: an empty directory.
        kills: how many, of either.
        seed: of the steps and the moments.
        longest: seconds from the first sign of the accepting process to its end, at most.
    """
    tally = Tally()
    chance = Random(seed)
    number = 0
    while tally["kills"] < kills and not tally.troubles:
        room = Room(scratch / f"random-{number}")
        number += 1
        room.make()
        _one_spool(tally, room, min(tally["kills"] + _EPOCH, kills), chance, longest)
    return tally


def _one_spool(tally: Tally, room: Room, until: int, chance: Random, longest: float) -> None:
    state, serial = start(), 0
    while tally["kills"] < until:
        seed = chance.getrandbits(32)
        archiving = Fork(lambda _: _archive_for_ever(room))
        accepting = Fork(partial(_accept_for_ever, room, state, seed, serial))
        accepting.wait_until_said()
        accepting.kill_after(chance.uniform(0, longest))
        archiving.kill_after(chance.choice((0, 0.01)))
        ended = accepting.end()
        for one in (ended, archiving.end()):
            if not one.is_killed:
                tally.complain("failed", one.error)
                return
        tally["kills"] += 2
        following = spooled_steps(state, Random(seed), serial)
        for _ in ended.said:
            step, state = next(following)
            serial += len(step.serials)
            tally["saves"] += len(step.serials)
        pending, done = next(following)
        serial += len(pending.serials)
        tally["on their way"] += len(pending.serials)
        # whether it was accepted has to be known before more is: the spool tells by what waits, or was archived
        if not _judge(tally, room, state, pending, f"kill {tally['kills']}"):
            return
        with connect(room.store) as backend:
            if Eye().has_happened(backend, state, pending):
                state = done
                tally["had happened"] += len(pending.serials)


def _accept_for_ever(room: Room, state: State, seed: int, serial: int, say: Say) -> None:
    spool = spool_at(room.spool)
    say(b"!")
    for step, done in spooled_steps(state, Random(seed), serial):
        name = begin(spool, state, step)
        say(b".")
        spool.confirm(name)
        state = done
        if step.serials and step.serials[0] % 3 == 0:
            spool.prepare()


def _archive_for_ever(room: Room) -> None:
    while True:
        spool = spool_at(room.spool)
        with suppress(DepositoryError):  # items come while it works; what is wrong is found in the end
            drain(spool, partial(connect, room.store))
        spool.close()


def _judge(tally: Tally, room: Room, state: State, pending: Step | None, where: str) -> bool:
    with unhurried():
        ended = Fork(lambda _: room.drain()).end()
    if ended.error:
        tally.complain("cannot go on", f"{where}: {ended.error}")
        return False
    with connect(room.store) as backend:
        said = Eye().complaints(backend, state, pending)
    if said:
        tally.complain("wrong afterwards", f"{where}: {said}")
    return not said
