"""The power fails while a directory, or a spool, is written; everything that may be left is looked at."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from unittest import mock

from benchmarks.results import Figure, Row, Section, Table, Target, at_least, at_most

from depository import Depository
from depository.backends import connect
from depository.errors import AlreadyExists, DepositoryError, NoNotebook
from proofs import kills, spool_kills
from proofs.disks import Disk, Tree, write_tree
from proofs.part import Options
from proofs.spool_kills import Room
from proofs.spooling import begin, drain, spool_at
from proofs.steps import Eye, State, Step, after, do, start, steps
from proofs.tally import Tally
from proofs.watching import unhurried

MOST_STATES = 1024
"""What a disk may hold at one moment is looked at exhaustively up to this number of states, and by chance above it."""
SAMPLES = 50
"""States of such a moment."""

Say = Callable[[], None]
"""To be called when something is acknowledged."""


class Attack(NamedTuple):
    """Something that the power fails in."""

    name: str
    prepare: Callable[[Path], object]
    """Puts into a directory what is there before, and on disk."""
    work: Callable[[Path, Say], None]
    """What is done in it."""
    check: Callable[[Path, int], str]
    """What is wrong with a directory that is left, given how many things were acknowledged; empty if nothing."""


class Killed(BaseException):
    """The process is no more."""


class _Left:
    """What the disk may hold at the moments of an attack, each once, and how much had been acknowledged then."""

    def __init__(self, disk: Disk, chance: Random, samples: int) -> None:
        self.acknowledged = 0
        self.sampled = 0
        self.moments = 0
        self._disk = disk
        self._chance = chance
        self._samples = samples
        self._found: dict[frozenset[tuple[str, bytes | None]], int] = {}

    def look(self) -> None:
        """Note what the disk may hold now."""
        self.moments += 1
        if self._disk.unsure <= MOST_STATES:
            states = self._disk.states()
        else:
            self.sampled += 1
            states = self._disk.some_states(self._chance, self._samples)
        for tree in states:
            key = frozenset(tree.items())
            self._found[key] = max(self.acknowledged, self._found.get(key, 0))

    def say(self) -> None:
        """Note that something is acknowledged."""
        self.acknowledged += 1
        self.look()

    def trees(self) -> Iterator[tuple[Tree, int]]:
        """All of it."""
        for key, acknowledged in self._found.items():
            yield dict(sorted(key, key=lambda item: item[0])), acknowledged


def fail(attack: Attack, scratch: Path, *, loses: str = "", seed: int = 0, samples: int = SAMPLES) -> Tally:
    """Have the power fail after each call that changes something, and look at everything that may be left.

    Args:
        attack: what is done.
        scratch: an empty directory.
        loses: as `Disk` takes it.
        seed: of the chance.
        samples: states of a moment that has more than `MOST_STATES`.
    """
    top = scratch / "top"
    top.mkdir(parents=True)
    with unhurried():
        attack.prepare(top)
    disk = Disk(top, loses=loses)
    left = _Left(disk, Random(seed), samples)
    with disk.recording(left.look):
        attack.work(top, left.say)
    return _checked(attack, scratch, left)


def fail_after_kills(attack: Attack, scratch: Path, *, seed: int = 0, samples: int = SAMPLES) -> Tally:
    """Kill the process at each of its calls, have another do it again, and then have the power fail.

    What the first one did not bring to the disk may be lost, though the second one has seen it.
    """
    tally = Tally()
    for at in range(10_000):
        top = scratch / str(at) / "top"
        top.mkdir(parents=True)
        with unhurried():
            attack.prepare(top)
        disk = Disk(top)
        left = _Left(disk, Random(seed), samples)
        killer = _Killer(at)
        with disk.recording(lambda: None, killer.before):
            # where it works in threads, these die, and whoever waits for them finds the work not done
            with mock.patch("threading.excepthook"), suppress(Killed, DepositoryError):
                attack.work(top, lambda: None)
            was_killed = killer.revive()
            attack.work(top, left.say)
        tally.take(_checked(attack, scratch / str(at), left))
        shutil.rmtree(scratch / str(at))
        if not was_killed:
            return tally
    raise RuntimeError(f"{attack.name} does not come to its end")


class _Killer:
    """Has calls fail from one of them on, as if there were no process to make them. Safe with several threads."""

    def __init__(self, at: int) -> None:
        self._left: int | None = at

    def before(self, name: str, _: tuple[Any, ...]) -> None:
        if self._left is None or name == "close":  # which the system does for the dead
            return
        if not self._left:
            raise Killed
        self._left -= 1

    def revive(self) -> bool:
        """Let calls be made again, and say whether any was not."""
        was_killed = self._left == 0
        self._left = None
        return was_killed


def _checked(attack: Attack, scratch: Path, left: _Left) -> Tally:
    tally = Tally()
    tally["moments"], tally["sampled"] = left.moments, left.sampled
    for number, (tree, acknowledged) in enumerate(left.trees()):
        place = scratch / "left" / str(number)
        write_tree(tree, place)
        tally["states"] += 1
        with unhurried():
            said = attack.check(place, acknowledged)
        if said:
            tally.complain("wrong afterwards", f"{attack.name}, {acknowledged} acknowledged: {said}")
        shutil.rmtree(place)
    return tally


# a depository in a directory


def _cold(operation: kills.Operation) -> Attack:
    """By a process that has just begun."""

    def work(top: Path, say: Say) -> None:
        with Depository(connect(str(top / "store"))) as depository, suppress(NoNotebook, AlreadyExists):
            do(depository, state, operation.step)  # or it was done already, by a process that was killed then
        say()

    template, state = kills.prepared(operation)
    return Attack(
        operation.name,
        lambda top: kills.fill(connect(str(top / "store")), template),
        work,
        partial(_check_store, [state, after(state, operation.step)], [operation.step]),
    )


def _in_a_row(seed: int, count: int) -> Attack:
    """By a process that does one thing after the other, from the making of the depository on."""
    done = [start()]
    told = []
    following = steps(start(), Random(seed), 0)
    for _ in range(count):
        step, state = next(following)
        told.append(step)
        done.append(state)

    def work(top: Path, say: Say) -> None:
        with Depository.adopt(connect(str(top / "store"))) as depository:
            say()
            for state, step in zip(done, told, strict=False):
                do(depository, state, step)
                say()

    def check(top: Path, acknowledged: int) -> str:
        if not acknowledged:
            return _check_new(top)
        return _check_store(done, told, top, acknowledged - 1)

    return Attack(f"{count} steps in a row", lambda _: None, work, check)


def _check_new(top: Path) -> str:
    """A depository that is being made is there or can be made."""
    try:
        with Depository.adopt(connect(str(top / "store"))) as depository:
            do(depository, start(), Step("save", 0, (0,)))
    except DepositoryError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _check_store(states: list[State], told: list[Step], top: Path, acknowledged: int) -> str:
    state, pending = states[acknowledged], told[acknowledged] if acknowledged < len(told) else None
    eye = Eye()
    with connect(str(top / "store")) as backend:
        if said := eye.complaints(backend, state, pending):
            return said
        try:
            with Depository(backend) as depository:
                if pending and not eye.has_happened(backend, state, pending):
                    do(depository, state, pending)
                done = after(state, pending) if pending else state
                more = Step("save", 0, (9999,))
                do(depository, done, more)
        except (DepositoryError, OSError) as error:
            return f"it cannot go on: {type(error).__name__}: {error}"
        return Eye().complaints(backend, after(done, more), _publishing(pending), full=True)


def _publishing(step: Step | None) -> Step | None:
    """A step after which plain notebooks may have to be written again."""
    return step._replace(what="save", serials=(9999,)) if step and step.what in ("publish", "rename") else None


# a spool


def _accepting(name: str, waiting: tuple[Step, ...], told: tuple[Step, ...], *, ready: bool) -> Attack:
    states = [_after_all(start(), waiting)]
    for step in told:
        states.append(after(states[-1], step))

    def work(top: Path, say: Say) -> None:
        spool = spool_at(Room(top).spool)
        for state, step in zip(states, told, strict=False):
            if ready:
                spool.prepare()
            item = begin(spool, state, step)
            say()
            spool.confirm(item)

    def check(top: Path, acknowledged: int) -> str:
        pending = told[acknowledged] if acknowledged < len(told) else None
        return _check_spool(top, states[acknowledged], pending)

    return Attack(name, partial(_prepare_room, waiting), work, check)


def _archiving(name: str, waiting: tuple[Step, ...]) -> Attack:
    state = _after_all(start(), waiting)

    def work(top: Path, say: Say) -> None:
        room = Room(top)
        drain(spool_at(room.spool), partial(connect, room.store))
        say()

    return Attack(name, partial(_prepare_room, waiting), work, lambda top, _: _check_spool(top, state, None))


def _prepare_room(waiting: tuple[Step, ...], top: Path) -> None:
    room = Room(top)
    room.make()
    room.accept(start(), waiting)


def _after_all(state: State, told: tuple[Step, ...]) -> State:
    for step in told:
        state = after(state, step)
    return state


def _check_spool(top: Path, state: State, pending: Step | None) -> str:
    room = Room(top)
    try:
        room.drain()
    except (DepositoryError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    with connect(room.store) as backend:
        return Eye().complaints(backend, state, pending)


# the part

MANY = spool_kills.MANY
ALONE = tuple(map(_cold, kills.OPERATIONS))
ROWS = tuple(_in_a_row(seed, 12) for seed in range(3))
ACCEPTING = (
    _accepting("accepting, by a new process", (), MANY[:1], ready=False),
    _accepting("accepting one after the other", MANY[:1], MANY[1:3], ready=True),
)
ARCHIVING = (
    _archiving("archiving a save", MANY[:1]),
    _archiving("archiving three saves", MANY[:3]),
    _archiving("archiving saves, a rename, a deletion", MANY),
)
AGAIN = (*(attack for attack in ALONE if attack.name != "five saves at once"), ARCHIVING[0])
"""What may be done twice, and is then as if it was done once."""


class Found(NamedTuple):
    """What became of one attack."""

    where: str
    attack: Attack
    tally: Tally


def run(options: Options) -> Section:
    """Have the power fail in everything, then in what was broken on purpose."""
    number = 0

    def scratch() -> Path:
        nonlocal number
        number += 1
        return options.scratch / str(number)

    def failed(where: str, attacks: tuple[Attack, ...], *, loses: str = "") -> Iterator[Found]:
        for attack in attacks:
            tally = fail(attack, scratch(), loses=loses, seed=options.seed)
            if not loses:
                _tell(tally)
            yield Found(where, attack, tally)

    def failed_again(attacks: tuple[Attack, ...]) -> Iterator[Found]:
        for attack in attacks:
            tally = fail_after_kills(attack, scratch(), seed=options.seed)
            _tell(tally)
            yield Found("after a kill, done again", attack, tally)

    quick = options.is_quick
    found = [
        *failed("directory", ALONE[:4] if quick else (*ALONE, *ROWS)),
        *failed("spool", (*ACCEPTING, *(ARCHIVING[:1] if quick else ARCHIVING))),
        *failed_again(AGAIN[1:2] if quick else AGAIN),
    ]
    chosen = (*ALONE[1:3], *ACCEPTING, ARCHIVING[0])
    broken = {loses: [*failed("", chosen[::2] if quick else chosen, loses=loses)] for loses in ("file", "directory")}
    return Section("power", "Power lost", _TEXT, (_table(found), _broken_table(broken)), tuple(_targets(found, broken)))


_TEXT = (
    "Each system call by which a save, or anything else, changes a directory is noted with what it writes, and after "
    "each of them the power fails: everything that the disk may hold then is made, and a new process must find every "
    "save that was acknowledged, with every version readable, and must be able to go on. The disk follows POSIX and no "
    "more: what was written to a file and not synced may be there, missing, cut in half or zeros; a name that was "
    "made, changed or taken away may be there or not until its directory is synced, in any combination with others; a "
    "rename is all or nothing, and a link and a rename last once the directory of the new name is synced. Where a "
    f"moment has more than {MOST_STATES:,} such states, {SAMPLES} of them are drawn by chance, and the table says how "
    "often; below that all of them are tried. In the spool, a save counts as acknowledged when it is accepted, and "
    "what is left is archived and then looked at. *After a kill, done again*: a process is killed at each call, "
    "another one does the same thing again and is told that it is stored, and only then the power fails, so that what "
    "the first one had not synced may be lost although the second one saw it."
)


def _tell(tally: Tally) -> None:
    for words in tally.words:
        print(words, file=sys.stderr)


def _table(found: list[Found]) -> Table:
    rows = [
        Row(
            f"{where}: {attack.name}",
            (
                Figure(tally["moments"]),
                Figure(tally["states"]),
                Figure(tally["sampled"]) if tally["sampled"] else None,
                Figure(tally.troubles),
            ),
        )
        for where, attack, tally in found
    ]
    columns = ("moments", "different states", "moments drawn from", "wrong afterwards")
    return Table("power", "What may be left", "the power fails in", columns, tuple(rows))


_FORGOTTEN = {"file": "files are never synced", "directory": "directories are never synced"}


def _broken_table(broken: dict[str, list[Found]]) -> Table:
    rows = [
        Row(f"{_FORGOTTEN[loses]}: {attack.name}", (Figure(tally["states"]), Figure(tally.troubles)))
        for loses, found in broken.items()
        for _, attack, tally in found
    ]
    return Table(
        "power-broken",
        "Broken on purpose",
        "what is forgotten, and where",
        ("different states", "wrong afterwards"),
        tuple(rows),
        note="The same attack on a depository that forgets to sync: it has to be found out each time.",
    )


def _targets(found: list[Found], broken: dict[str, list[Found]]) -> Iterator[Target]:
    yield at_most("power lost: acknowledged saves lost, stores that do not open", 0, sum(t.troubles for *_, t in found))
    for loses, each in broken.items():
        seen = sum(tally.troubles > 0 for *_, tally in each)
        yield at_least(f"power lost where {_FORGOTTEN[loses]}: attacks that find it", len(each), seen)
