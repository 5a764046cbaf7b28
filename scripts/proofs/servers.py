"""Many processes that save at once, to real services, through a proxy that has requests fail."""

import json
import pickle
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.results import Figure, Row, Section, Table, Target, at_least, at_most

from depository import Depository
from depository.backends.base import Backend
from depository.errors import DepositoryError, NoNotebook, StorageError
from depository.notebook import content as contents
from proofs import services
from proofs.forks import Fork, Say
from proofs.part import Options
from proofs.services import Place
from proofs.tally import Tally
from tests.notebooks import file_of, small

PATHS = 10
SHARE = 0.03
"""Of the requests that go wrong."""
_STALL = 2.5
_TIMEOUT = 2.0
"""Seconds; a stalled request is one that the client has given up."""
_READ_EACH = 10
"""Versions of which one is read back; all are known by their hashes."""
_ROOT = Path(__file__).parents[2]


class Amount(NamedTuple):
    """How much is done on each service."""

    processes: int
    saves: int
    """Of each process."""


FULL = Amount(16, 500)
QUICK = Amount(6, 12)


class Entry(NamedTuple):
    """A line of the ledger that a process writes."""

    path: str
    mark: str
    """What was saved."""
    number: int | None
    """Of the version that it was told; None where it was told that this is not known, or that it failed."""


def path_of(number: int) -> str:
    """One of the notebooks that all write."""
    return f"team/{number % PATHS}.ipynb"


def content(mark: str) -> bytes:
    """A notebook with a mark of its own."""
    made = small(len(mark) % 3, cells=1)
    made["metadata"]["mark"] = mark
    return file_of(made)


# a process that saves


def save_all(place: Place, prefix: str, writer: int, saves: int, ledger: Path, _: Say) -> None:
    """Save to all paths in turn, and write down what came of each."""
    with (
        open(ledger, "w", encoding="utf-8") as out,
        Depository(place.backend(prefix), author=f"w{writer}") as depository,
    ):
        for number in range(saves):
            mark = f"{writer}-{number}"
            path = path_of(writer + number)
            told: int | None = None
            with suppress(StorageError):  # it may be there, or not
                told = depository.save(path, content(mark)).number
            out.write(json.dumps((path, mark, told)) + "\n")
            out.flush()


def read_ledger(file: Path) -> list[Entry]:
    """What a process wrote down."""
    return [Entry(*json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


# the referee


def judge(backend: Backend, ledgers: Sequence[Sequence[Entry]], tally: Tally) -> None:
    """Hold the histories against what the processes were told."""
    known = {entry.mark for entries in ledgers for entry in entries}
    with Depository(backend) as depository:
        found = {path: marks_of(depository, path, known) for path in map(path_of, range(PATHS))}
    told: dict[str, dict[str, int | None]] = defaultdict(dict)
    for entries in ledgers:
        before: dict[str, int] = defaultdict(int)
        for path, mark, number in entries:
            told[path][mark] = number
            tally["told"] += number is not None
            tally["unclear"] += number is None
            if number is not None:
                if number <= before[path]:
                    tally.complain("wrong afterwards", f"{path}: {mark} is v{number}, after v{before[path]}")
                before[path] = number
    for path, marks in found.items():
        _judge_path(path, marks, told[path], tally)


def _judge_path(path: str, marks: Sequence[str], told: dict[str, int | None], tally: Tally) -> None:
    counts = Counter(marks)
    for mark, number in told.items():
        if number is None:
            tally["unclear, there"] += counts[mark]
        elif not counts[mark]:
            tally.complain("wrong afterwards", f"{path}: {mark}, acknowledged as v{number}, is lost")
        elif marks[number - 1 : number] != [mark]:
            tally.complain("wrong afterwards", f"{path}: {mark}, acknowledged as v{number}, is another version")
    for mark, count in counts.items():
        if mark not in told:
            tally.complain("wrong afterwards", f"{path}: nobody saved {mark}")
        if count > 1:
            tally.complain("wrong afterwards", f"{path}: {mark} is there {count} times")


def marks_of(depository: Depository, path: str, known: Collection[str]) -> list[str]:
    """What the versions of a path hold, the oldest first, by their hashes; some are read back too.

    Args:
        depository: where they are.
        path: the notebook.
        known: the marks that there may be.

    Raises:
        DepositoryError: the numbers have gaps, or a version is not what its hash says.
    """
    try:
        versions = list(depository.log(path))[::-1]
    except NoNotebook:
        return []
    if [version.number for version in versions] != list(range(1, len(versions) + 1)):
        raise DepositoryError(f"{path} has the numbers {[version.number for version in versions]}")
    mark_of = {contents.from_file(content(mark)).hash.hex(): mark for mark in known}
    marks = []
    for version in versions:
        mark = mark_of.get(version.hash)
        if mark is None or not version.number % _READ_EACH:
            read = depository.load(path, version.name)["metadata"]["mark"]
            if mark not in (None, read):
                raise DepositoryError(f"{path}@{version.name} is {read}, and its hash is that of {mark}")
            mark = read
        marks.append(mark)
    return marks


# one service


def attack(place: Place, amount: Amount, scratch: Path, *, seed: int, serialised: bool) -> Tally:
    """Have processes save through a proxy, and hold what is there against their ledgers.

    Args:
        place: the service.
        amount: how many, how often.
        scratch: an empty directory.
        seed: of what goes wrong.
        serialised: keep the writes of one key apart.
    """
    tally = Tally()
    prefix = "servers"
    depository = Depository.adopt(place.backend(prefix))
    tally["versioned"] = depository.info().protocol == "versioned"
    depository.close()
    files = [scratch / f"{place.name}-{writer}.json" for writer in range(amount.processes)]
    with proxy_before(place, seed=seed, serialised=serialised) as proxy:
        through = place.at(proxy.url, read_timeout=_TIMEOUT)
        forks = [
            Fork(partial(save_all, through, prefix, writer, amount.saves, file)) for writer, file in enumerate(files)
        ]
        for fork in forks:
            if error := fork.end().error:
                tally.complain("failed", error)
    tally["requests"] = proxy.told["requests"]
    tally["faults"] = sum(proxy.told["faults"].values())
    try:
        judge(place.backend(prefix), [read_ledger(file) for file in files], tally)
    except DepositoryError as error:
        tally.complain("wrong afterwards", f"{type(error).__name__}: {error}")
    return tally


class Running:
    """A proxy in a process of its own.

    Attributes:
        url: its address.
        told: what it did, once it has ended.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.told: dict[str, Any] = {}


@contextmanager
def proxy_before(place: Place, *, seed: int, serialised: bool) -> Iterator[Running]:
    """A proxy by which some requests go wrong, until the end of the block."""
    command = [
        sys.executable, "-m", "depository.testing.proxy", str(place.settings.endpoint_url), "--share", str(SHARE),
        "--seed", str(seed), "--stall", str(_STALL), *(["--serialised"] if serialised else []),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        running = Running(json.loads(process.stdout.readline()))
        try:
            yield running
            running.told = json.loads(process.communicate()[0])
        finally:
            process.kill()


# the part


def run(options: Options) -> Section:
    """Save from many processes to every service, and count."""
    amount = QUICK if options.is_quick else FULL
    found: dict[str, Tally] = {}
    amounts: dict[str, Amount] = {}
    with services.places(options.servers) as places:
        for place in places:
            amounts[place.name] = amount._replace(saves=min(amount.saves, place.saves))
        works = [
            partial(_attack, place, amounts[place.name], options.scratch, options.seed, place is places[0])
            for place in places
        ]
        forks = [Fork(work) for work in works]  # side by side, for each waits most of the time
        for place, ended in zip(places, [fork.end() for fork in forks], strict=True):
            if ended.error:
                raise RuntimeError(f"the attack on {place.name} failed: {ended.error}")
            found[place.name] = pickle.loads(ended.said)  # noqa: S301 - from a process of our own
            for words in found[place.name].words:
                print(words, file=sys.stderr)
    return Section(
        "servers",
        "Many writers, real services, faults on the way",
        _TEXT,
        (_table(found, amounts),),
        tuple(_targets(found, amounts)),
    )


def _attack(place: Place, amount: Amount, scratch: Path, seed: int, is_serialised: bool, say: Say) -> None:
    say(pickle.dumps(attack(place, amount, scratch, seed=seed, serialised=is_serialised)))


_TEXT = (
    f"Processes save as fast as they can, all to the same {PATHS} notebooks, through a proxy by which {SHARE:.0%} of "
    "the requests go wrong, by chance: reset before or after the service has done what it was asked, cut off, stalled "
    "until the client gives up, an answer that breaks off in the middle, 500, 503 SlowDown and 409, before and after. "
    "Each process writes down what it was told. In the end each acknowledged save must be there exactly once, as the "
    "version that was acknowledged; one that ended in an error may be there once or not at all; numbers have no gaps, "
    "and each process sees its own saves in order. moto checks a condition and then writes, so the proxy keeps the "
    "writes of one key apart before it; the other services are their own judges. A service whose conditional writes "
    "cannot be trusted is written by the order of its versions, as `depository init` finds out."
)


def _table(found: dict[str, Tally], amounts: dict[str, Amount]) -> Table:
    rows = [
        Row(
            f"{name}, {amounts[name].processes} x {amounts[name].saves}",
            (
                "versions" if tally["versioned"] else "conditions",
                Figure(tally["requests"]),
                Figure(tally["faults"]),
                Figure(tally["told"]),
                Figure(tally["unclear"]),
                Figure(tally["unclear, there"]),
                Figure(tally.troubles),
            ),
        )
        for name, tally in found.items()
    ]
    columns = ("judged by", "requests", "faults", "acknowledged", "unclear", "of these there", "lost, twice or moved")
    return Table("servers", "Saves through a proxy", "service, processes x saves", columns, tuple(rows))


def _targets(found: dict[str, Tally], amounts: dict[str, Amount]) -> Iterator[Target]:
    for name, tally in found.items():
        yield at_most(f"{name}: acknowledged saves lost, twice, or not what was acknowledged", 0, tally.troubles)
        whole = amounts[name].processes * amounts[name].saves
        yield at_least(f"{name}: saves tried", whole, tally["told"] + tally["unclear"])
        yield at_least(f"{name}: of these acknowledged", 0.9 * whole, tally["told"])
