"""Processes that are killed while they save, and what the next one finds."""

import pickle
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.results import Figure, Row, Section, Table, Target, at_least, at_most

from depository import Depository
from depository.backends import connect
from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.errors import DepositoryError, NoNotebook
from proofs import services, spool_kills
from proofs.forks import Ended, Fork, Mortal, Say, killed_at_system_call
from proofs.part import Options
from proofs.steps import Eye, State, Step, after, do, start, steps
from proofs.tally import Tally
from proofs.watching import unhurried

LOCAL = "directory"
_LIMIT = 1 << 30
_EPOCH = 40
"""Kills after which a new store is begun, so that reading all of one stays quick."""
_MOST_POINTS = 2000
_VERIFIED_EACH = 5
"""Points after which what is left is not only read, but verified too."""

SMALL, LARGE, RAW = 0, 6, 10
"""Serial numbers of a small notebook, one with images, and one that is no notebook."""


class Operation(NamedTuple):
    """What is killed at each of its points."""

    name: str
    before: tuple[Step, ...]
    step: Step


def _full(count: int) -> tuple[Step, ...]:
    """Saves that leave a manifest with that many entries."""
    return (Step("save all", 0, tuple(range(100, 100 + count))),)


_SAVED = (Step("save", 0, (SMALL,)), Step("save", 0, (1,)))
OPERATIONS = (
    Operation("the first save", (), Step("save", 0, (SMALL,))),
    Operation("a save", _SAVED, Step("save", 0, (2,))),
    Operation("a save with an image", _SAVED, Step("save", 0, (LARGE,))),
    Operation("a save of raw bytes", _SAVED, Step("save", 0, (RAW,))),
    Operation("five saves at once", _SAVED, Step("save all", 0, (2, 3, 4, 5, LARGE))),
    Operation("a save that seals a page", _full(96), Step("save", 0, (SMALL,))),
    Operation("publishing", _SAVED, Step("publish", 0)),
    Operation("publishing anew", (*_SAVED, Step("publish", 0), Step("save", 0, (2,))), Step("publish", 0)),
    Operation("a tag", _SAVED, Step("tag", 0, name="sent")),
    Operation("a rename", (*_SAVED, Step("publish", 0)), Step("rename", 0, name="moved/0.ipynb")),
    Operation("a deletion", _SAVED, Step("delete", 0)),
    Operation("an undeletion", (*_SAVED, Step("delete", 0)), Step("undelete", 0)),
)
"""The sealing one: `MAX_RECENT` entries are in the manifest, and one comes."""

Open = Callable[[], Backend]


# numbered points


def at_points(operation: Operation, make: Callable[[int], Open], *, by_call: bool) -> Tally:
    """Kill an operation at each of its points, each in a store of its own.

    Args:
        operation: the operation.
        make: opens the empty store of a number.
        by_call: the points are before and after each call of the backend; else each system call that changes files.
    """
    tally = Tally()
    template, state = prepared(operation)
    for point in range(_MOST_POINTS):
        opened = make(point)
        with unhurried():
            fill(opened(), template)
        ended = Fork(partial(_operate, opened, state, operation.step, point, by_call)).end()
        if not ended.is_killed and ended.error:
            tally.complain("failed", ended.error)
            return tally
        tally["kills"] += ended.is_killed
        with unhurried():
            where = f"{operation.name}, point {point}"
            verify = not point % _VERIFIED_EACH or not ended.is_killed
            _judge(tally, opened, state, operation.step, ended, where, verify=verify)
        if not ended.is_killed:
            return tally
    raise RuntimeError(f"{operation.name} has more points than {_MOST_POINTS}")


def _operate(opened: Open, state: State, step: Step, point: int, by_call: bool, say: Say) -> None:
    def work(backend: Backend) -> None:
        do(Depository(backend), state, step)
        say(b".")

    if by_call:
        work(Mortal(opened(), point))
    else:
        killed_at_system_call(point, lambda: work(opened()))


def _judge(tally: Tally, opened: Open, state: State, step: Step, ended: Ended, where: str, *, verify: bool) -> None:
    """Look what is there, do the step again if it is not done, and look again."""
    eye = Eye()
    with opened() as backend:
        done = after(state, step)
        said = eye.complaints(backend, done) if ended.said else eye.complaints(backend, state, step)
        if said:
            tally.complain("wrong afterwards", f"{where}: {said}")
            return
        tally["done"] += (happened := bool(ended.said) or eye.has_happened(backend, state, step))
        try:
            with Depository(backend) as depository:
                if not happened or step.what in ("publish", "rename"):
                    _again(depository, state, step)
                more = Step("save", step.book, (200,))
                do(depository, done, more)
        except DepositoryError as error:
            tally.complain("cannot go on", f"{where}: {type(error).__name__}: {error}")
            return
        if said := eye.complaints(backend, after(done, more), full=verify):
            tally.complain("cannot go on", f"{where}: {said}")


def _again(depository: Depository, state: State, step: Step) -> None:
    """Do a step that may have been done but for its plain notebooks; a rename is refused then, and completed."""
    with suppress(NoNotebook):
        do(depository, state, step)


def prepared(operation: Operation) -> tuple[MemoryBackend, State]:
    """A depository in which an operation may begin, and what is in it."""
    backend = MemoryBackend()
    state = start()
    with Depository.adopt(backend) as depository:
        for step in operation.before:
            do(depository, state, step)
            state = after(state, step)
    return backend, state


def fill(backend: Backend, template: Backend) -> None:
    """Copy a depository to another place."""
    with backend:
        backend.prepare()
        for item in template.list(""):
            backend.put(item.key, template.get(item.key, limit=_LIMIT).data)


# random moments


def at_random(make: Callable[[int], Open], kills: int, *, seed: int, longest: float, rest: float = 0.0) -> Tally:
    """Kill processes that do one step after the other, each at a random moment.

    Args:
        make: opens the empty store of a number.
        kills: how many.
        seed: of the steps and the moments.
        longest: seconds from a process's first sign to its end, at most.
        rest: seconds after which a service has done what a process asked of it before it was killed.
    """
    tally = Tally()
    chance = Random(seed)
    for number in range(0, kills, _EPOCH):
        _one_store(tally, make(number), min(_EPOCH, kills - number), chance, longest, rest)
    return tally


def _one_store(tally: Tally, opened: Open, kills: int, chance: Random, longest: float, rest: float) -> None:
    Depository.adopt(opened()).close()
    eye, state, serial = Eye(), start(), 0
    for number in range(kills):
        seed = chance.getrandbits(32)
        fork = Fork(partial(_live, opened, state, seed, serial))
        fork.wait_until_said()
        fork.kill_after(chance.uniform(0, longest))
        ended = fork.end()
        if not ended.is_killed:
            tally.complain("failed", ended.error)
            return
        time.sleep(rest)
        tally["kills"] += 1
        following = steps(state, Random(seed), serial)
        for _ in ended.said:
            step, state = next(following)
            serial += len(step.serials)
            tally["steps"] += 1
            tally["saves"] += len(step.serials)
        pending, _ = next(following)
        serial += len(pending.serials)
        with opened() as backend:
            said = eye.complaints(backend, state, pending, full=number == kills - 1)
            if said:
                tally.complain("wrong afterwards", f"kill {tally['kills']}: {said}")
                return
            tally["on their way"] += len(pending.serials)
            try:
                state = _settled(backend, eye, state, pending, tally)
            except DepositoryError as error:
                tally.complain("cannot go on", f"kill {tally['kills']}: {type(error).__name__}: {error}")
                return


def _settled(backend: Backend, eye: Eye, state: State, pending: Step, tally: Tally) -> State:
    """What is there now, after a rename or a publication that was under way was done again."""
    done = after(state, pending)
    if eye.has_happened(backend, state, pending):
        tally["had happened"] += len(pending.serials)
        if pending.what not in ("rename", "publish"):
            return done
    elif pending.what not in ("rename", "publish"):
        return state
    with Depository(backend) as depository:
        _again(depository, state, pending)
    return done


def _live(opened: Open, state: State, seed: int, serial: int, say: Say) -> None:
    depository = Depository(opened())
    say(b"!")
    for step, _ in steps(state, Random(seed), serial):
        do(depository, state, step)
        state = after(state, step)
        say(b".")


# the part


class Amount(NamedTuple):
    """How much is done."""

    local: int
    spool: int
    s3: int
    """Random kills on each."""
    least: int
    """Random kills on all of them together."""
    operations: int
    """How many of the operations are killed at each of their points on moto."""
    others: int
    """And on other services."""


FULL = Amount(1200, 600, 400, 2000, len(OPERATIONS), len(OPERATIONS))
QUICK = Amount(60, 20, 10, 90, 3, 1)


def run(options: Options) -> Section:
    """Kill, and count what survived."""
    amount = QUICK if options.is_quick else FULL
    operations = OPERATIONS[1:4] if options.is_quick else OPERATIONS
    spooled = spool_kills.OPERATIONS[:3] if options.is_quick else spool_kills.OPERATIONS
    with services.places(options.servers) as places:
        works = [
            partial(_attack_directory, options, amount.local, operations),
            partial(_attack_spool, options, amount.spool, spooled),
            *(
                partial(
                    _attack_service,
                    options.seed,
                    place,
                    min(amount.s3, place.kills),
                    OPERATIONS[: amount.operations if place is places[0] else amount.others],
                )
                for place in places
            ),
        ]
        forks = [Fork(work) for work in works]  # side by side, for each waits most of the time
        ended = [fork.end() for fork in forks]
    points: dict[str, dict[str, Tally]] = {}
    moments: dict[str, Tally] = {}
    for name, one in zip((LOCAL, "spool", *(place.name for place in places)), ended, strict=True):
        if one.error:
            raise RuntimeError(f"the attack on {name} failed: {one.error}")
        points[name], moments[name] = pickle.loads(one.said)  # noqa: S301 - from a process of our own
    tallies = [*moments.values(), *(tally for found in points.values() for tally in found.values())]
    for words in (words for tally in tallies for words in tally.words):
        print(words, file=sys.stderr)
    return Section(
        "kills",
        "Processes killed",
        _TEXT,
        (_points_table(points), _moments_table(moments)),
        tuple(_targets(points, moments, amount)),
    )


def _attack_directory(options: Options, kills: int, operations: Sequence[Operation], say: Say) -> None:
    points = {
        one.name: at_points(one, _directories(options.scratch / f"points-{number}"), by_call=False)
        for number, one in enumerate(operations)
    }
    moments = at_random(_directories(options.scratch / "random"), kills, seed=options.seed, longest=0.25)
    say(pickle.dumps((points, moments)))


def _attack_spool(options: Options, kills: int, operations: Sequence[spool_kills.Operation], say: Say) -> None:
    points = {
        one.name: spool_kills.at_points(one, options.scratch / f"spool-{number}")
        for number, one in enumerate(operations)
    }
    say(pickle.dumps((points, spool_kills.at_random(options.scratch, kills, seed=options.seed, longest=0.15))))


def _attack_service(seed: int, place: services.Place, kills: int, operations: Sequence[Operation], say: Say) -> None:
    points = {
        one.name: at_points(one, _prefixes(place, f"points-{number}"), by_call=True)
        for number, one in enumerate(operations)
    }
    say(pickle.dumps((points, at_random(_prefixes(place, "random"), kills, seed=seed, longest=0.8, rest=0.3))))


_TEXT = (
    "`kill -9` of processes that save, and a new process that looks for every save that was acknowledged, reads every "
    "version back, and goes on. **At every point**: each operation is killed before and after each system call by "
    "which it changes files (in a directory, and in the spool that Jupyter's saves go through), or before and after "
    "each request (on a service); the operation must then be done or not done, and doing it again must complete it. "
    "**At random moments**: processes save, save several at once, publish, tag, rename, delete and undelete three "
    "notebooks, and tell each step that is done; each is killed at a random moment, and what is there must be what it "
    "had told, with or without the one step that was under way; a service may do that step a moment after the kill, so "
    "what is not right is looked at again, and counts if it stays. In the spool, one process accepts and another "
    "archives, and both are killed. What is there is held against a model that knows nothing of how a depository works."
)


def _points_table(points: dict[str, dict[str, Tally]]) -> Table:
    rows = [
        Row(
            f"{name}: {operation}",
            (Figure(tally["kills"]), Figure(tally["done"]) if tally["done"] else None, Figure(tally.troubles)),
        )
        for name, found in points.items()
        for operation, tally in found.items()
    ]
    return Table(
        "kills-points",
        "At every point",
        "killed",
        ("points", "it had happened", "wrong afterwards"),
        tuple(rows),
        note="Wrong afterwards: saves lost, twice or altered, a thing half done, or a store that cannot go on.",
    )


def _moments_table(moments: dict[str, Tally]) -> Table:
    rows = [
        Row(
            name,
            (
                Figure(tally["kills"]),
                Figure(tally["saves"]),
                Figure(tally["on their way"]),
                Figure(tally["had happened"]),
                Figure(tally.troubles),
            ),
        )
        for name, tally in moments.items()
    ]
    return Table(
        "kills-moments",
        "At random moments",
        "where",
        ("kills", "saves acknowledged", "on their way", "of these there", "wrong afterwards"),
        tuple(rows),
    )


def _targets(points: dict[str, dict[str, Tally]], moments: dict[str, Tally], amount: Amount) -> Iterator[Target]:
    troubles = sum(tally.troubles for found in points.values() for tally in found.values())
    yield at_most("kills at every point: saves lost, twice or altered, stores that do not open", 0, troubles)
    troubles = sum(tally.troubles for tally in moments.values())
    yield at_most("kills at random moments: the same", 0, troubles)
    kills = sum(tally["kills"] for tally in moments.values())
    yield at_least("kills at random moments", amount.least, kills)


def _directories(parent: Path) -> Callable[[int], Open]:
    return lambda number: partial(connect, str(parent / str(number)))


def _prefixes(place: services.Place, tag: str) -> Callable[[int], Open]:
    return lambda number: partial(place.backend, f"{tag}/{number}")
