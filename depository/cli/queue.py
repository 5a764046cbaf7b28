"""What waits in the spool to be archived, and what is said of it."""

import os
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from depository import records
from depository.cli.text import age, local, printable, size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depository.spool.directory import Name, Spool
    from depository.spool.problems import Problem

_MOST_OPENED = 20
"""How many of the items that were set aside are opened for what they say of themselves."""

_NOUNS = {"save": ("save", "saves"), "rename": ("rename", "renames"), "delete": ("deletion", "deletions")}

_REMEDIES = {
    "unreachable": "It is tried again as long as Jupyter runs; 'depository sync' tries now.",
    "denied": "Renew the credentials, or have the rights given; then 'depository sync' tries again.",
    "no-bucket": (
        "Make the bucket, or, if its name is a mistake, put that right in the settings and give 'depository sync' "
        "the right URL with --to."
    ),
    "full": "Make room there; then 'depository sync' tries again.",
    "damaged": "See what 'depository log' says of the notebook; nothing is lost, all of it waits here.",
    "newer": "Upgrade depository here; then 'depository sync' goes on.",
    "storage": "'depository sync' tries again; 'depository info' shows how the place is set up.",
    "bug": "This is a mistake in depository, please report it; what waits is kept.",
}
"""What to do about each kind of problem."""


class Aside(NamedTuple):
    """An item that was set aside."""

    name: "Name"
    reason: str
    file: str
    """Where it is kept."""
    shown: str = ""
    """The notebook, as its user knows it; empty where that was not looked up, or cannot be told."""


class Queue(NamedTuple):
    """What waits in a spool."""

    directory: str = ""
    """Of the spool; empty if there is none."""
    names: "tuple[Name, ...]" = ()
    """Of what waits, the oldest first."""
    bytes: int = 0
    problems: "tuple[Problem, ...]" = ()
    aside: tuple[Aside, ...] = ()

    @property
    def oldest(self) -> datetime | None:
        """When the one that has waited longest was accepted, in UTC."""
        return moment(self.names[0].milliseconds) if self.names else None

    @property
    def notebooks(self) -> int:
        """How many notebooks wait."""
        return len({name.key for name in self.names})

    def saves(self) -> frozenset[str]:
        """The keys of the notebooks that a save waits of."""
        return frozenset(name.key for name in self.names if name.kind.value == "save")


def look(spool: "Spool | None") -> Queue:
    """What waits, by the names of the files; only what was set aside is opened.

    Raises:
        StorageError: the spool cannot be read.
    """
    if spool is None:
        return Queue()
    from depository.spool import problems

    names = tuple(spool.waiting())
    found = tuple(problems.read_all(spool)) if names else ()
    return Queue(spool.directory, names, sum(map(spool.size_of, names)), found, tuple(aside(spool)))


def aside(spool: "Spool") -> list[Aside]:
    """What was set aside, the oldest first.

    Raises:
        StorageError: the spool cannot be read.
    """
    directory = os.path.join(spool.directory, "aside")
    found = [Aside(name, reason, os.path.join(directory, f"{name}.item")) for name, reason in spool.aside()]
    return [_with_name(item) if i < _MOST_OPENED else item for i, item in enumerate(found)]


def _with_name(item: Aside) -> Aside:
    from depository.spool.items import LONGEST_HEADER, decode_header

    try:
        with open(item.file, "rb") as stream:
            return item._replace(shown=decode_header(stream.read(LONGEST_HEADER)).shown)
    except (OSError, ValueError):
        return item


def moment(milliseconds: int) -> datetime:
    """A time of the spool, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def number(names: "Iterable[Name]") -> str:
    """How many of what: ``12 saves and 1 rename``."""
    counts = Counter(name.kind.value for name in names)
    parts = [f"{counts[kind]:,} {nouns[counts[kind] != 1]}" for kind, nouns in _NOUNS.items() if counts[kind]]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts) or "nothing"


def summary(queue: Queue, now: datetime) -> str:
    """All that waits, on one line.

    Args:
        queue: what waits.
        now: with a time zone.
    """
    if queue.oldest is None:
        return "nothing"
    notebooks = f"{queue.notebooks:,} notebook{'s' if queue.notebooks != 1 else ''}"
    since = f"since {local(queue.oldest)} ({age(queue.oldest, now)})"
    return f"{number(queue.names)} of {notebooks}, {size(queue.bytes)}, {since}"


def complaint(problem: "Problem") -> str:
    """A problem in a sentence, with how long it has lasted."""
    tries = f", tried {problem.tries:,} times" if problem.tries > 1 else ""
    return f"{printable(problem.sentence)} (since {local(moment(problem.since))}{tries})"


def remedy(kind: str) -> str:
    """What to do about a kind of problem."""
    return _REMEDIES.get(kind, _REMEDIES["storage"])


def put_aside(item: Aside) -> str:
    """An item that was set aside on one line, with the reason."""
    what = _NOUNS[item.name.kind.value][0]
    of = f" of {printable(item.shown)}" if item.shown else ""
    return f"a {what}{of}, {local(moment(item.name.milliseconds))}: {printable(item.reason)}"


def document(queue: Queue) -> dict[str, Any]:
    """What waits, for a program."""
    return {
        "spool": queue.directory or None,
        "count": len(queue.names),
        "notebooks": queue.notebooks,
        "bytes": queue.bytes,
        "oldest": records.moment(queue.oldest) if queue.oldest else None,
        "problems": [problem_record(problem) for problem in queue.problems],
        "aside": [aside_record(item) for item in queue.aside],
    }


def aside_record(item: Aside) -> dict[str, Any]:
    """An item that was set aside, for a program."""
    time = records.moment(moment(item.name.milliseconds))
    return {"notebook": item.shown or None, "time": time, "reason": item.reason, "file": item.file}


def problem_record(problem: "Problem") -> dict[str, Any]:
    """A problem, for a program."""
    times = {"since": records.moment(moment(problem.since)), "next": records.moment(moment(problem.next))}
    return {**problem._asdict(), **times, "remedy": remedy(problem.kind)}
