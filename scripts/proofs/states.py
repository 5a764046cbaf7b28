"""Part ``states``: any sequence of calls by two processes, and by three with faults and clocks of their own."""

import pickle
import time
from collections import Counter
from functools import partial
from typing import Any, NamedTuple

from benchmarks.results import Figure, Row, Section, Table, at_least, at_most
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from depository.testing.machine import Processes, machine
from proofs.forks import Fork, Say
from proofs.part import Options

_FULL = (1_000, 500)
_QUICK = (200, 75)
"""Examples, and the steps of each at most."""

_MACHINES = {
    "two processes": {"clients": 2},
    "two processes, with faults": {"clients": 2, "faults": True},
    "three processes, with faults and clocks of their own": {"clients": 3, "faults": True, "skew": True},
}


def counted(kind: type[Processes]) -> tuple[type[Processes], Counter[str]]:
    """The same machine, which counts its examples, the calls that it makes and the faults that happen to them."""
    counts: Counter[str] = Counter()

    class Counted(kind):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            counts["examples"] += 1

        def do(self, client: int, *call: Any, **more: Any) -> bool:
            is_clear: bool = super().do(client, *call, **more)
            counts["calls"] += 1
            counts["faults"] += self.processes[client % self.count].store.faults
            counts["unclear"] += not is_clear
            return is_clear

    Counted.__name__ = kind.__name__
    return Counted, counts


class _Explored(NamedTuple):
    """What came of one machine."""

    counts: Counter[str]
    seconds: float
    found: str
    """What it did not agree with, if anything."""


def run(options: Options) -> Section:
    """Let Hypothesis look for a sequence that the model does not agree with, with each machine at the same time."""
    examples, steps = _QUICK if options.is_quick else _FULL
    forks = {
        name: Fork(partial(_tell, machine(**words), examples, steps, 3 * options.seed + place))  # type: ignore[arg-type]
        for place, (name, words) in enumerate(_MACHINES.items())
    }
    rows, failed, total = [], 0, 0
    for name, fork in forks.items():
        ended = fork.end()
        if ended.error:
            raise RuntimeError(f"{name}: {ended.error}")
        explored: _Explored = pickle.loads(ended.said)  # noqa: S301 - from a process of our own
        if explored.found:
            failed += 1
            print(f"{name}: {explored.found}")
        total += explored.counts["examples"]
        figures = (*(explored.counts[each] for each in ("examples", "calls", "faults", "unclear")), explored.seconds)
        rows.append(Row(name, tuple(Figure(float(figure)) for figure in figures)))
    columns = ("sequences", "calls", "faults", "unclear answers", "seconds")
    targets = (
        at_least("states: sequences of calls", len(_MACHINES) * examples, total),
        at_most("states: machines that found a difference to the model", 0, failed),
    )
    table = Table("states", f"Sequences of up to {steps} steps", "machine", columns, tuple(rows))
    return Section("states", "Any sequence of calls", _TEXT, (table,), targets)


def _tell(kind: type[Processes], examples: int, steps: int, number: int, say: Say) -> None:
    say(pickle.dumps(_explored(kind, examples, steps, number)))


def _explored(kind: type[Processes], examples: int, steps: int, number: int) -> _Explored:
    counted_kind, counts = counted(kind)
    wanted = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.target, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    start, found = time.monotonic(), ""
    try:
        run_state_machine_as_test(seed(number)(counted_kind), settings=wanted)
    except Exception as error:  # noqa: BLE001 - whatever it found is counted, and printed
        found = "\n".join([repr(error), *getattr(error, "__notes__", ())])
    return _Explored(counts, time.monotonic() - start, found)


_TEXT = (
    "Hypothesis draws sequences of saves, bursts of saves, bursts that are saved again because it was not told whether "
    "they had been, deletions, undeletions under the same name and others, renames onto what is there, was there or "
    "was deleted, refs, tags and reads, by several processes on one store that begin anew now and then. Where there "
    "are faults, calls fail in the middle, in every way but that of reading older values, and processes die. Where "
    "they have clocks of their own, these are up to 25 minutes off, and are set forwards and back. After each call "
    "listings, refs and newest versions are compared with the model, after each unclear answer and in the end every "
    "version of everything."
)
