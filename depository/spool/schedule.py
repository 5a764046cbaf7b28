"""Which of the items that wait may be archived now, and together.

The items of one path are archived in the order in which they were accepted. Consecutive saves of a path form a batch,
which takes one write of its manifest. A rename or deletion waits for all earlier items that touch its paths, or for a
directory anything below it, and holds back all later ones that do.

Automatic saves come by the second while somebody types. A run of them becomes one version, the last: a run ends after a
minute of quiet, five minutes after it began, or with a save by hand, which then stands for it.
"""

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from depository.spool.directory import Name
from depository.spool.items import Item, Kind

MOST_ITEMS = 64
"""Versions of a batch."""
MOST_BYTES = 64 * 1024**2
"""Of the files of a batch, unless a single one is larger."""
QUIET = 60_000
"""Milliseconds without a save that end a run of automatic ones."""
LONGEST = 300_000
"""Milliseconds after which a run of automatic saves ends in any case."""
UNCONFIRMED = 60_000
"""Milliseconds for which an item that its writer has yet to confirm holds back later ones."""


class Entry(NamedTuple):
    """An item that waits: all of it but its content."""

    name: Name
    item: Item
    """Without its content; its depository and path are known."""
    size: int
    """Of its file, in bytes."""
    is_held: bool = False
    """It was written, and it is not known yet whether it happened."""

    @property
    def path(self) -> str:
        """In the depository."""
        return self.item.path or ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths, or directories, that it changes."""
        return (self.path,) if self.item.old is None else (self.path, self.item.old)


class Group(NamedTuple):
    """A save, and the automatic ones before it that it stands for."""

    stands: Entry
    folded: tuple[Entry, ...] = ()

    @property
    def authors(self) -> tuple[str, ...]:
        """Everybody who saved, in the order in which they came."""
        return tuple(dict.fromkeys(entry.item.author for entry in (*self.folded, self.stands)))


class Batch(NamedTuple):
    """Saves of one path to be archived together, the oldest first."""

    path: str
    groups: tuple[Group, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of its items, in order."""
        return tuple(entry for group in self.groups for entry in (*group.folded, group.stands))

    @property
    def size(self) -> int:
        """Bytes to be read for it."""
        return sum(group.stands.size for group in self.groups)


class Operation(NamedTuple):
    """A rename or deletion."""

    entry: Entry

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of its items: one."""
        return (self.entry,)

    @property
    def size(self) -> int:
        """Bytes to be read for it."""
        return 0


Task = Batch | Operation


class Plan(NamedTuple):
    """What to do now, and when to look again."""

    tasks: tuple[Task, ...]
    """None of them touches what another does; the one with the oldest item first."""
    due: int | None
    """Milliseconds since the epoch when the next run of automatic saves ends; None if none is open."""


def plan(entries: Sequence[Entry], *, now: int, stopped: Container[Name] = frozenset(), is_flush: bool = False) -> Plan:
    """What may be archived now, of the items that wait for one depository.

    Args:
        entries: the items, the oldest first.
        now: milliseconds since the epoch.
        stopped: items not to be touched now, being archived already or waiting after a failure. What comes after them
            at their paths waits too.
        is_flush: end all runs of automatic saves.
    """
    held = _Touched()
    saved = _Touched()
    saves: dict[str, list[Entry]] = {}
    ended: set[str] = set()
    operations = []
    for entry in entries:
        is_save = entry.item.kind is Kind.SAVE
        follows = not is_save and saved.meets(entry)
        if follows and not entry.is_held:
            ended.update(_among(saves, entry))
        if follows or entry.is_held or entry.name in stopped or held.meets(entry):
            held.add(entry)
        elif is_save:
            saved.add(entry)
            saves.setdefault(entry.path, []).append(entry)
        else:
            operations.append(Operation(entry))
            held.add(entry)
    tasks: list[Task] = [*operations]
    due: list[int] = []
    for path, waiting in saves.items():
        groups, end = fold(waiting, now=now, is_ended=is_flush or path in ended)
        if end is not None:
            due.append(end)
        if groups:
            tasks.append(_batch(path, groups))
    return Plan(tuple(sorted(tasks, key=lambda task: task.entries[0].name)), min(due, default=None))


def is_due(moment: int, now: int) -> bool:
    """Whether it is time. Nothing is put off for longer than `LONGEST`, unless the clock was set back meanwhile."""
    return not now < moment <= now + LONGEST


def fold(saves: Sequence[Entry], *, now: int, is_ended: bool = False) -> tuple[list[Group], int | None]:
    """Consecutive saves of a path as the versions that they are to be, and when a run that is still open ends.

    Args:
        saves: the oldest first.
        now: milliseconds since the epoch.
        is_ended: the last run is at its end, whatever the time.
    """
    groups = []
    run: list[Entry] = []
    for entry in saves:
        if run and not _continues(run, entry):
            groups.append(Group(run[-1], tuple(run[:-1])))
            run = []
        run.append(entry)
        if not entry.name.is_automatic:
            groups.append(Group(entry, tuple(run[:-1])))
            run = []
    if not run:
        return groups, None
    first, last = run[0].name.milliseconds, run[-1].name.milliseconds
    end = min(last + QUIET, first + LONGEST)
    # a last save in the future says that the clock was changed: there is no telling when the run would end
    if is_ended or not last <= now < end:
        return [*groups, Group(run[-1], tuple(run[:-1]))], None
    return groups, end


def _continues(run: Sequence[Entry], entry: Entry) -> bool:
    time = entry.name.milliseconds
    return time - run[-1].name.milliseconds <= QUIET and time - run[0].name.milliseconds <= LONGEST


def _batch(path: str, groups: Sequence[Group]) -> Batch:
    """The first of them, as far as they fit."""
    chosen: list[Group] = []
    size = 0
    for group in groups:
        if chosen and (len(chosen) == MOST_ITEMS or size + group.stands.size > MOST_BYTES):
            break
        chosen.append(group)
        size += group.stands.size
        if len(group.authors) > 1:
            # once it is archived and some of it is removed, its authors are no longer known: whoever goes on after a
            # kill in between knows it by its content, as long as nothing came after it
            break
    return Batch(path, tuple(chosen))


def _among(paths: dict[str, list[Entry]], entry: Entry) -> Iterator[str]:
    """Those of the paths that a rename or deletion touches."""
    if not entry.item.directory:
        yield from (path for path in entry.paths if path in paths)
        return
    wanted = set(entry.paths)
    yield from (path for path in paths if not wanted.isdisjoint(_upwards(path)))


def _upwards(path: str) -> Iterator[str]:
    """A path, and the directories that it is in, up to the top."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


class _Touched:
    """The paths and directories that some items change."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._directories: set[str] = set()
        self._above: set[str] = set()
        """Each of them, and all that it is in."""

    def add(self, entry: Entry) -> None:
        """Let an item be one of them."""
        for path in entry.paths:
            (self._directories if entry.item.directory else self._paths).add(path)
            self._above.update(_upwards(path))

    def meets(self, entry: Entry) -> bool:
        """Whether an item changes what one of them does."""
        return any(
            path in self._paths
            or (entry.item.directory and path in self._above)
            or not self._directories.isdisjoint(_upwards(path))
            for path in entry.paths
        )
