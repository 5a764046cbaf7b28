"""Doing in a depository what items tell of, each once, and letting go of the items.

Whatever is done here may have been done before: the process may have died between the depository and the spool.
"""

import os
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from depository.errors import (
    AlreadyExists,
    DepositoryError,
    InvalidInput,
    NoNotebook,
    StorageError,
)
from depository.models import Draft
from depository.spool.directory import Name, Spool, key_of
from depository.spool.items import Kind
from depository.spool.problems import SpoolTrouble
from depository.spool.schedule import Batch, Entry, Group, Operation, Task
from depository.words import MAX_LABEL

if TYPE_CHECKING:
    from depository.depository import Depository
    from depository.models import Version
    from depository.spool.backlog import Announce

MOST_TRIES = 3
"""After which an item that makes the program fail, or that it does not survive, is set aside."""
LARGE = 16 * 1024**2
"""Bytes of an item from which on the program's own death is reckoned with."""

_NOTEBOOK = ".ipynb"
_CHECKPOINTS = ".ipynb_checkpoints"


class Kept(Protocol):
    """Keeps the newest versions at hand, on this machine."""

    def keep(self, name: Name, data: bytes, number: int) -> None:
        """Keep a version that was archived."""

    def moved(self, old: str, new: str, before: int) -> None:
        """Note that a notebook had another key (see `key_of`) before the stamp of its rename; twice is as once."""


class Stumbled(Exception):
    """An item made the program fail, and will be tried again."""


class Tools(NamedTuple):
    """What archiving works with."""

    spool: Spool
    set_aside: Callable[[Entry, str], None]
    announce: "Announce"
    clock: Callable[[], int]
    """Milliseconds since the epoch."""
    kept: Kept | None = None
    """Where versions are kept; None for nowhere."""


class Applier:
    """Does what items tell of in one depository. Safe with several threads, each at other paths."""

    def __init__(self, tools: Tools, url: str) -> None:
        self._tools = tools
        self._url = url
        self._failures: dict[Name, int] = {}

    def apply(self, depository: "Depository", task: Task, *, met: Container[Name]) -> bool:
        """Do it, or as much of it as can be done before something that waits; False if that is nothing.

        Args:
            depository: where.
            task: what.
            met: items that waited when the lock was taken. They may be in the depository: whoever had the lock may
                have died before it let go of them.

        Raises:
            DepositoryError: the depository cannot take it now.
            SpoolTrouble: the spool cannot be read or written.
            Stumbled: the program failed, and will be tried again.
        """
        if isinstance(task, Batch):
            return self._save(depository, task, met)
        self._operate(depository, task)
        return True

    # saves

    def _save(self, depository: "Depository", batch: Batch, met: Container[Name]) -> bool:
        with ExitStack() as trying:
            return self._save_trying(depository, batch, met, trying)

    def _save_trying(self, depository: "Depository", batch: Batch, met: Container[Name], trying: ExitStack) -> bool:
        groups, drafts = [], []
        damaged: tuple[Entry, str] | None = None
        for group in batch.groups:
            if not self._is_whole(group):
                break  # somebody changed its items' names: it is planned anew
            size = self._tools.spool.size_of(group.stands.name)
            if size >= LARGE and trying.enter_context(self._tools.spool.trying(group.stands.name)) >= MOST_TRIES:
                damaged = group.stands, _too_large(size)
                break
            try:
                drafts.append(self._draft(group))
            except FileNotFoundError:
                break
            except (ValueError, OverflowError) as error:  # a time that no calendar has, too
                damaged = group.stands, f"The item is damaged, and cannot be archived: {error}."
                break
            groups.append(group)
        if groups:
            try:
                is_resumed = any(group.stands.name in met for group in groups)
                versions = depository.save_all(batch.path, drafts, resumed=is_resumed, look_again=True)
            except InvalidInput:
                self._save_singly(depository, groups, drafts)
            except DepositoryError:
                raise
            except Exception:  # noqa: BLE001 - it is met again, alone
                self._save_singly(depository, groups, drafts)
            else:
                for group, draft, version in zip(groups, drafts, versions, strict=True):
                    self._archived(group, draft, version)
        if damaged:
            with _of_spool():
                self._tools.set_aside(*damaged)
        return bool(groups or damaged)

    def _save_singly(self, depository: "Depository", groups: list[Group], drafts: list[Draft]) -> None:
        """Save what could not be saved together: all but the one that is to blame."""
        for group, draft in zip(groups, drafts, strict=True):
            with self._blaming(group.stands) as blamed:
                (version,) = depository.save_all(group.stands.path, [draft], resumed=True, look_again=True)
                self._archived(group, draft, version)
            if blamed and group.folded:
                return  # another one of the run stands for it now

    def _is_whole(self, group: Group) -> bool:
        return all(self._tools.spool.size_of(entry.name) for entry in group.folded)

    def _draft(self, group: Group) -> Draft:
        with _of_spool():
            item = self._tools.spool.read(group.stands.name)
        author = _fitting(", ".join(group.authors))
        time = datetime.fromtimestamp(item.time / 1000, UTC)
        return Draft(item.content, author=author, time=time, cause=item.cause)

    def _archived(self, group: Group, draft: Draft, version: "Version") -> None:
        name, item = group.stands.name, group.stands.item
        self._tools.announce(
            {
                "event": "archived", "url": self._url, "path": version.path, "shown": item.shown, "file": item.file,
                "version": version.number, "hash": version.hash, "author": version.author, "cause": version.cause,
                "time": item.time, "waited": self._waited(name), "fresh": version.fresh,
            }
        )  # fmt: skip
        if self._tools.kept and isinstance(draft.content, bytes):
            with suppress(StorageError, OSError):  # they are a convenience; the version is archived
                at = name._replace(
                    key=key_of(self._url, version.path)
                )  # it may have been accepted without knowing where
                self._tools.kept.keep(at, draft.content, version.number)
        # the one that stands for the others goes last, lest one of them be archived after it
        for entry in (*group.folded, group.stands):
            self._done(entry)

    # renames and deletions

    def _operate(self, depository: "Depository", operation: Operation) -> None:
        entry = operation.entry
        with self._blaming(entry):
            if entry.item.kind is Kind.DELETE:
                changed = self._delete(depository, entry)
            elif entry.item.old is None:
                changed = self._arrive(depository, entry)
            else:
                changed = self._rename(depository, entry, entry.item.old)
            if changed:
                self._tell(entry)
            self._done(entry)

    def _delete(self, depository: "Depository", entry: Entry) -> bool:
        author = _fitting(entry.item.author)
        deleted = [path for path in _alive(depository, entry.path, entry) if _delete(depository, path, author)]
        return bool(deleted)

    def _rename(self, depository: "Depository", entry: Entry, old: str) -> bool:
        author = _fitting(entry.item.author)
        changed = False
        for path in _alive(depository, old, entry):
            target = entry.path + path.removeprefix(old) if old else f"{entry.path}/{path}"
            if target == path:
                continue
            try:
                _rename(depository, path, target, author)
                changed = True
            except NoNotebook:
                pass  # it was never archived, or this has been done already
            if self._tools.kept:
                with suppress(StorageError, OSError):
                    self._tools.kept.moved(key_of(self._url, path), key_of(self._url, target), entry.name.stamp)
        return changed

    def _arrive(self, depository: "Depository", entry: Entry) -> bool:
        """Archive what came from where nobody could tell: the history stays there, and the files begin one here."""
        item = entry.item
        if item.file is None:
            return False
        author, time = _fitting(item.author), datetime.fromtimestamp(item.time / 1000, UTC)
        found = False
        for file, inside in _files(item.file, is_directory=item.directory):
            try:
                with open(file, "rb") as stream:
                    content = stream.read()
            except OSError:
                continue  # it went on
            path = f"{entry.path}/{inside}".strip("/")
            depository.save_all(path, [Draft(content, author=author, time=time, cause="rename")], resumed=True)
            found = True
        return found

    def _tell(self, entry: Entry) -> None:
        item = entry.item
        event = "deleted" if item.kind is Kind.DELETE else "renamed"
        told = {
            "event": event, "url": self._url, "path": entry.path, "old": item.old, "directory": item.directory,
            "shown": item.shown, "file": item.file, "author": item.author, "time": item.time,
            "waited": self._waited(entry.name),
        }  # fmt: skip
        self._tools.announce(told)

    # both

    def _blaming(self, entry: Entry) -> "_Blame":
        return _Blame(self._tools, self._failures, entry)

    def _done(self, entry: Entry) -> None:
        with _of_spool():
            # a notebook that was saved again since would be deleted, or renamed, a second time
            self._tools.spool.remove(entry.name, for_good=entry.item.kind is not Kind.SAVE)
        self._failures.pop(entry.name, None)

    def _waited(self, name: Name) -> float:
        return max(0, self._tools.clock() - name.milliseconds) / 1000


def _too_large(size: int) -> str:
    return (
        f"Its {size:,} bytes have ended the process that archives {MOST_TRIES} times: it seems to need more memory "
        "than there is."
    )


class _Blame:
    """Sets an item aside that cannot be archived, at once where its words are to blame, else after some tries."""

    def __init__(self, tools: Tools, failures: dict[Name, int], entry: Entry) -> None:
        self._tools = tools
        self._failures = failures
        self._entry = entry
        self._is_aside = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception) or isinstance(error, SpoolTrouble):
            return False
        if isinstance(error, InvalidInput):
            self._set_aside(str(error))
            return True
        if isinstance(error, DepositoryError):
            return False
        name = self._entry.name
        self._failures[name] = self._failures.get(name, 0) + 1
        what = f"{type(error).__name__}: {error}".strip(": ")
        if self._failures[name] < MOST_TRIES:
            raise Stumbled(f"Archiving '{self._entry.item.shown}' failed, for a reason unknown: {what}.") from error
        self._set_aside(f"Archiving it failed {MOST_TRIES} times, for a reason unknown: {what}.")
        return True

    def __bool__(self) -> bool:
        """Whether it was set aside."""
        return self._is_aside

    def _set_aside(self, sentence: str) -> None:
        with _of_spool():
            self._tools.set_aside(self._entry, sentence)
        self._failures.pop(self._entry.name, None)
        self._is_aside = True


class _of_spool:  # noqa: N801 - it is used as a function
    """Tells the spool's failures from the depository's."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StorageError):
            raise SpoolTrouble(str(error)) from error


def _rename(depository: "Depository", old: str, new: str, author: str) -> None:
    try:
        depository.rename(old, new, author=author)
    except AlreadyExists:
        # the notebook that was there is gone from the disk: one was renamed over it, or it was removed unseen
        _delete(depository, new, author)
        depository.rename(old, new, author=author)


def _delete(depository: "Depository", path: str, author: str) -> bool:
    try:
        depository.delete(path, author=author)
    except NoNotebook:
        return False  # it was never archived, or this has been done already
    return True


def _alive(depository: "Depository", path: str, entry: Entry) -> list[str]:
    """The notebooks that a rename or deletion is about."""
    if not entry.item.directory:
        return [path]
    below = f"{path}/" if path else ""
    return [notebook.path for notebook in depository.ls(path) if notebook.path.startswith(below)]


def _files(top: str, *, is_directory: bool) -> Iterator[tuple[str, str]]:
    """Notebooks on this machine, each with its way from the top."""
    if not is_directory:
        yield top, ""
        return
    for directory, directories, names in os.walk(top):
        directories[:] = sorted(name for name in directories if name != _CHECKPOINTS)
        for name in sorted(names):
            if name.lower().endswith(_NOTEBOOK):
                file = os.path.join(directory, name)
                yield file, os.path.relpath(file, top).replace(os.sep, "/")


def _fitting(author: str) -> str:
    """An author's name as a version can have it: no save is refused for one that is odd or long."""
    return author.encode(errors="replace")[:MAX_LABEL].decode(errors="ignore")
