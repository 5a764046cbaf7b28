"""Part ``calls``: every fault at every call that every operation makes, alone and in pairs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from benchmarks.results import Figure, Row, Section, Table, at_least, at_most

from depository.testing import Fault
from proofs.attempts import Bench, Case
from proofs.operations import CREATING, READING, WRITING, Operation
from proofs.part import Options

KINDS_OF_WRONG = ("lost", "twice", "altered", "false")

_BITS = 8
"""Places of a flipped bit that are tried at each read."""
_PAIRS = 20_000
_QUICK_PAIRS = 3_500


class Tried(NamedTuple):
    """A case, and what it was of."""

    operation: str
    plan: Mapping[int, Fault]
    case: Case


class Tally:
    """What came out of many cases."""

    def __init__(self) -> None:
        self.cases = 0
        self.pairs = 0
        self.acknowledged = 0
        """In the first try."""
        self.wrong: Counter[str] = Counter()

    def add(self, tried: Tried) -> None:
        """Count a case."""
        self.cases += len(tried.plan) == 1
        self.pairs += len(tried.plan) == 2
        self.acknowledged += not tried.case.ended
        if tried.case.wrong:
            self.wrong[tried.case.wrong.kind] += 1

    def figures(self) -> tuple[Figure, ...]:
        """As a row of a table."""
        total = self.cases + self.pairs
        counts = (self.cases, self.pairs, self.acknowledged, total - self.acknowledged)
        return tuple(Figure(float(count)) for count in (*counts, *(self.wrong[kind] for kind in KINDS_OF_WRONG)))


def alone(bench: Bench, operation: Operation) -> Iterator[Tried]:
    """Each fault that fits, at each call."""
    for number, asked in enumerate(bench.run({}).calls):
        for fault in Fault:
            if fault.fits(asked):
                for bit in (None, *range(_BITS - 1)) if fault is Fault.FLIPPED else (None,):
                    yield Tried(operation.name, {number: fault}, bench.run({number: fault}, bit=bit))


def after(bench: Bench, first: Tried, share: float, chance: Random) -> Iterator[Tried]:
    """A second fault at the calls that were made after a first one, also by whoever did it again; a share of them."""
    [(number, fault)] = first.plan.items()
    for later, asked in enumerate(first.case.calls[number + 1 :], start=number + 1):
        for second in Fault:
            if second.fits(asked) and chance.random() < share:
                plan = {number: fault, later: second}
                yield Tried(first.operation, plan, bench.run(plan))


def try_all(operations: Sequence[Operation], pairs: int, seed: int) -> Iterator[Tried]:
    """All faults alone, and about so many pairs of them."""
    chance = Random(seed)
    benches = [(operation, Bench(operation)) for operation in operations]
    firsts = []
    for operation, bench in benches:
        for tried in alone(bench, operation):
            yield tried
            firsts.append((bench, tried))
    # as many as there are kinds fit somewhere; six in ten fit a call
    possible = sum(0.6 * len(Fault) * (len(t.case.calls) - min(t.plan) - 1) for _, t in firsts)
    for bench, tried in firsts:
        if tried.case.wrong is None:
            yield from after(bench, tried, pairs / possible, chance)


def run(options: Options) -> Section:
    """Try everything, and count."""
    by_operation: dict[str, Tally] = {}
    by_fault: dict[str, Tally] = {}
    total = Tally()
    for tried in try_all(WRITING + READING + CREATING, _QUICK_PAIRS if options.is_quick else _PAIRS, options.seed):
        total.add(tried)
        by_operation.setdefault(tried.operation, Tally()).add(tried)
        for fault in set(tried.plan.values()):
            by_fault.setdefault(fault.value, Tally()).add(tried)
        if tried.case.wrong:
            print(f"{tried.operation}: {dict(tried.plan)}: {tried.case.wrong}")
    columns = ("single faults", "pairs", "acknowledged at once", "told of an error", *KINDS_OF_WRONG)
    faults = {fault.value: by_fault[fault.value] for fault in Fault if fault.value in by_fault}
    tables = tuple(
        Table(name, title, head, columns, tuple(Row(row, tally.figures()) for row, tally in tallies.items()), note=note)
        for name, title, head, tallies, note in (
            ("calls-operations", "By operation", "operation", by_operation, ""),
            ("calls-faults", "By kind of fault", "fault", faults, "A pair counts with each of its two kinds."),
        )
    )
    targets = (
        at_least("calls: single faults", 1_000, total.cases),
        at_least("calls: pairs of faults", 3_000 if options.is_quick else 10_000, total.pairs),
        *(at_most(f"calls: {kind}", 0, total.wrong[kind]) for kind in KINDS_OF_WRONG),
    )
    return Section("calls", "Every call, every fault", _TEXT, tables, targets)


_TEXT = (
    f"{len(WRITING)} operations that write, {len(READING)} that read and {len(CREATING)} that make a depository are "
    "done with a fault at each call of the store that they make, of each kind that can happen to it; then with two "
    "faults, the second at any later call, also of whoever does the operation again. What was told of an error is done "
    "again by another process until it is done. After every try a process that remembers nothing opens the store, "
    "lets `verify` look for damage, reads every version of every path and compares all of it, with refs, tags, events, "
    "deleted and displaced histories and the plain notebooks in the spaces, "
    "with a model of a few dictionaries. Answers are compared with "
    "the model's as well: a clear answer that is not the model's, of success or of refusal, counts as false, and so "
    "does whatever is wrong in what a read gives. A read that meets an older value may answer as was right a moment "
    "ago.\n\n"
    "A write that is late is done two calls later, after its writer has given it up. Of a value that is read with a "
    f"flipped bit, {_BITS} places are tried at each read. A damaged answer may be incomplete only where it says so "
    "itself. Where both faults are older values, the plain notebooks may lag behind: they are not part of the archive, "
    "and follow the next time."
)
