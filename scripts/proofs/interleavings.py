"""Part ``interleavings``: clients that meet at every call, in every order, or in thousands drawn by chance."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

from benchmarks.results import Figure, Row, Section, Table, at_least, at_most

from depository.testing import Asked, Fault, Plan, Prioritised, Uniform, every_schedule, seeded
from proofs.meetings import CHANGING, Meeting, Met
from proofs.part import Options
from proofs.writers import (
    GONE,
    A,
    B,
    C,
    Deed,
    delete,
    draw,
    promote,
    rename,
    save,
    save_all,
    tag,
    undelete,
    withdraw,
)

if TYPE_CHECKING:
    from depository.testing.scheduling import Chooser

_DEEDS: Mapping[str, Callable[[int], Deed]] = {
    "save": lambda client: save(A, b"new %d" % client),
    "first save": lambda client: save(B, b"first %d" % client),
    "save_all": lambda client: save_all(A, b"one of %d" % client, b"two of %d" % client),
    "promote": lambda client: promote(A, 1 + client),
    "promote where it is": lambda client: promote(A, 1 + client, expect=1),
    "withdraw": lambda _: withdraw(A),
    "tag": lambda client: tag(A, client, "mine"),
    "delete": lambda _: delete(A),
    "undelete": lambda _: undelete(GONE),
    "undelete to another path": lambda _: undelete(GONE, B),
    "rename": lambda _: rename(A, B),
    "rename elsewhere": lambda _: rename(A, C),
    "rename to the deleted one": lambda _: rename(A, GONE),
}
"""What the first or the second client does."""

_EVERY_CALL = (
    ("save", "save"),
    ("first save", "first save"),
    ("save", "promote"),
    ("promote", "promote"),
    ("delete", "save"),
)
"""Pairs whose clients wait at every call of the store, not only where something is that changes."""

_ANSWER_LOST = (
    ("save", "save"),
    ("first save", "first save"),
    ("save_all", "save"),
    ("promote", "save"),
    ("delete", "save"),
    ("tag", "promote"),
)
"""Pairs that are run once more, with the answer to the first client's first write of a manifest lost."""

_RANDOM = 10_000
_QUICK_RANDOM = 600
_VERSIONED = 4
"""On a bucket with versions one in so many of the random schedules is run: each takes as many times longer."""
_QUICK_PAIRS = 12
_FAULTS = (
    Fault.UNREACHABLE,
    Fault.UNREACHABLE_AFTER,
    Fault.UNKNOWN,
    Fault.UNKNOWN_AFTER,
    Fault.SLOW_DOWN,
    Fault.RESET,
    Fault.REFUSED_AFTER,
    Fault.KILLED,
    Fault.KILLED_AFTER,
)


class Tally:
    """What came out of many schedules."""

    def __init__(self) -> None:
        self.schedules = 0
        self.steps = 0
        """Of the longest."""
        self.acknowledged = 0
        self.refused = 0
        self.unclear = 0
        self.wrong: list[str] = []
        self.behind = 0

    def add(self, met: Met) -> None:
        """Count a schedule."""
        self.schedules += 1
        self.steps = max(self.steps, met.steps)
        self.acknowledged += met.acknowledged
        self.refused += met.refused
        self.unclear += met.unclear
        self.behind += met.behind
        if met.wrong:
            self.wrong.append(met.wrong)

    def figures(self) -> tuple[Figure, ...]:
        """As a row of a table."""
        counts = (
            self.schedules,
            self.steps,
            self.acknowledged,
            self.refused,
            self.unclear,
            self.behind,
            len(self.wrong),
        )
        return tuple(Figure(float(count)) for count in counts)


_COLUMNS = ("schedules", "calls in the longest", "acknowledged", "refused", "unclear", "listed behind", "wrong")


def pairs() -> list[tuple[str, str]]:
    """All pairs of what two clients do."""
    names = list(_DEEDS)
    return [(first, second) for place, first in enumerate(names) for second in names[place:]]


def exhaust(
    meeting: Meeting, first: str, second: str, only: tuple[str, ...] = CHANGING, *, is_answer_lost: bool = False
) -> Iterator[Met]:
    """Every schedule of two clients.

    Args:
        meeting: where they meet.
        first: what the first does.
        second: what the second does.
        only: how the keys begin at which they wait for their turns.
        is_answer_lost: the first client's first write of a manifest is done, and not answered.
    """
    clients = {"1": [_DEEDS[first](1)], "2": [_DEEDS[second](2)]}
    for schedule in every_schedule():
        yield meeting.run(schedule, clients, plans={"1": _lose_an_answer()} if is_answer_lost else None, only=only)


def _lose_an_answer() -> Plan:
    lost = [Fault.UNKNOWN_AFTER]

    def choose(_: int, asked: Asked) -> Fault | None:
        return lost.pop() if lost and asked.operation == "put" and asked.key.startswith(CHANGING) else None

    return choose


def at_random(meeting: Meeting, seed: int, *, may_rename: bool, faults: bool) -> Met:
    """A schedule of three to five clients, by chance: one reads, the others write, perhaps with faults."""
    chance = Random(seed)
    names = [f"client {number}" for number in range(1, chance.randint(3, 5) + 1)]
    clients: dict[str, Sequence[Deed]] = {
        name: draw(chance, name, is_reader=name == names[0], may_rename=may_rename) for name in names
    }
    choose: Chooser = Uniform(seed) if chance.random() < 0.5 else Prioritised(seed, depth=chance.randint(2, 5))
    plans: dict[str, Plan] = {}
    if faults:
        plans = {name: seeded(chance.getrandbits(32), 0.06, _FAULTS) for name in names[1:]}
    return meeting.run(choose, clients, plans=plans)


def run(options: Options) -> Section:
    """Let them meet, and count."""
    tables = []
    schedules = drawn = 0
    wrong: list[str] = []
    for versioned in (False, True):
        meeting = Meeting(versioned=versioned)
        place = "without conditional writes, on a bucket with versions" if versioned else "with conditional writes"
        every, chances = _every_pair(meeting, options, versioned=versioned), _random(meeting, options, versioned)
        for name, title, head, tallies in (
            ("pairs", f"Two clients, {place}: every order", "what they do", every),
            ("random", f"Three to five clients, {place}: orders drawn by chance", "what they do", chances),
        ):
            rows = tuple(Row(row, tally.figures()) for row, tally in tallies.items())
            tables.append(Table(f"interleavings-{name}-{int(versioned)}", title, head, _COLUMNS, rows))
            wrong += [complaint for tally in tallies.values() for complaint in tally.wrong]
        schedules += sum(tally.schedules for tally in every.values())
        drawn += sum(tally.schedules for tally in chances.values())
    for complaint in wrong[:20]:
        print(complaint)
    targets = (
        at_least("interleavings: schedules of two clients", 500 if options.is_quick else 924, schedules),
        at_least("interleavings: random schedules", _QUICK_RANDOM if options.is_quick else _RANDOM, drawn),
        at_most("interleavings: wrong", 0, len(wrong)),
    )
    return Section("interleavings", "Clients that meet", _TEXT, tuple(tables), targets)


def _every_pair(meeting: Meeting, options: Options, *, versioned: bool) -> dict[str, Tally]:
    chosen = pairs()
    if versioned:  # a rename is many requests there; its meetings are among those drawn by chance
        chosen = [pair for pair in chosen if not any(name.startswith("rename") for name in pair)]
    if options.is_quick:
        chosen = Random(options.seed).sample(chosen, _QUICK_PAIRS)
    found: dict[str, Tally] = {}
    for first, second in chosen:
        for met in exhaust(meeting, first, second):
            found.setdefault(f"{first} and {second}", Tally()).add(met)
    for first, second in () if versioned else _ANSWER_LOST:  # there are ten thousand orders of one pair there
        for met in exhaust(meeting, first, second, is_answer_lost=True):
            found.setdefault(f"{first}, its answer lost, and {second}", Tally()).add(met)
    if not versioned and not options.is_quick:
        for first, second in _EVERY_CALL:
            for met in exhaust(meeting, first, second, ("",)):
                found.setdefault(f"{first} and {second}, at every call", Tally()).add(met)
    return found


def _random(meeting: Meeting, options: Options, versioned: bool) -> dict[str, Tally]:
    count = _QUICK_RANDOM if options.is_quick else _RANDOM
    found: dict[str, Tally] = {}
    kinds = [(renames, faults) for renames in (False, True) for faults in (False, True)]
    for number in range(count // _VERSIONED if versioned else count):
        renames, faults = kinds[number % len(kinds)]
        name = f"saves, refs, deletions{', renames' if renames else ''}{', with faults' if faults else ''}"
        met = at_random(meeting, options.seed * 1_000_000 + number, may_rename=renames, faults=faults)
        if met.wrong:
            met = met._replace(wrong=f"{number}: {met.wrong}")
        found.setdefault(name, Tally()).add(met)
    return found


_TEXT = (
    "Several processes on one store, each stopped at each of its calls that reads or writes a manifest, and let go on "
    "in an order that is chosen. Two of them are run through every order that there is, for each pair of things that "
    "they can do; some pairs once more with an answer lost, or stopped at every call. Three to five, of which one "
    "reads, are run through orders drawn by chance, half of them uniformly and half by priorities that change at a few "
    "calls; in half of the runs six in a hundred of their calls fail, or kill them.\n\n"
    "After each schedule the store is opened anew and read whole. Every acknowledged save has to be there once, under "
    "the number that was told; one whose answer was unclear, at most once. And all that was answered, to the reader "
    "too, has to be such that everything could have been done one after the other, in an order that keeps what was "
    "over before something else began: a model is led through such an order, has to give the same answers, and to be "
    "in the end what there is. Where two clients meet and one renames, the order of what came along meanwhile is left "
    "open; where more of them do, only the saves are counted, and refs and numbers looked at.\n\n"
    "*Listed behind* is a path on a bucket with versions whose last writer died between its write and the look whether "
    "that counts. Until somebody writes there again, a listing may show it as that write has it, alive or deleted; "
    "whatever reads the path itself does not."
)
