"""A disk that loses its power: what was asked of it, and everything that it may hold afterwards.

The rules are those that a POSIX file system promises, and no more:

- What was written to a file is on disk once the file was synced. Until then the file may hold it, none of it, half of
  it, or zeros of its length.
- A name that was made, changed or taken away is on disk once its directory was synced. Until then it may be, or not,
  whatever became of later ones; of changes to one name a later one is never there without its effect on it.
- A rename is all or nothing, across directories too, and on disk once the directory of the new name was synced.
- What is not said to be synced may be on disk all the same.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, combinations
from pathlib import Path
from random import Random
from threading import RLock
from typing import Any, NamedTuple

from proofs.watching import Before, watched

Tree = dict[str, bytes | None]
"""What a directory holds, by paths below it; None for a directory."""

_TOP = 0


class _Name(NamedTuple):
    """A place for a name."""

    directory: int
    name: str


class _Change(NamedTuple):
    """A change of names that is not on disk for sure."""

    number: int
    home: int
    """The directory that is to be synced."""
    names: tuple[tuple[_Name, int | None], ...]
    """What each of them stands for then."""
    needs: int | None
    """The change that made what this one moves."""


class _File:
    """A file's bytes: those on disk, and what was written since."""

    def __init__(self, data: bytes) -> None:
        self.synced = data
        self.data = data

    def contents(self) -> list[bytes]:
        """Everything that may be read after the power was lost."""
        if self.data == self.synced:
            return [self.data]
        return list(dict.fromkeys((self.data, self.synced, self.data[: len(self.data) // 2], bytes(len(self.data)))))


class Disk:
    """What this process asks of a directory, as long as it is `recording`.

    Args:
        top: the directory.
        loses: ``file`` or ``directory``: to have syncing those do nothing, as if it had been forgotten.
    """

    def __init__(self, top: Path, *, loses: str = "") -> None:
        self._top = os.path.realpath(top)
        self._loses = loses
        self._files: dict[int, _File] = {}
        self._next = _TOP + 1
        self._now: dict[_Name, int] = {}
        self._synced: dict[_Name, tuple[int, int | None]] = {}
        self._pending: list[_Change] = []
        self._changes = 0
        self._descriptors: dict[int, tuple[int, int, bool]] = {}
        self._settle(self._top, _TOP)
        self.calls = 0
        """How many changed something, or synced."""

    @contextmanager
    def recording(self, at_each: Callable[[], None], before: Before = lambda *_: None) -> Iterator[None]:
        """Note what this process asks for until the end of the block.

        Args:
            at_each: is called after each thing that was noted.
            before: is told what is about to be asked for, and may raise something instead.
        """
        handlers: dict[str, Callable[..., bool]] = {
            "open": self._opened, "write": self._write, "fsync": self._fsync, "close": self._close,
            "link": self._link, "rename": self._rename, "replace": self._rename, "unlink": self._unlink,
            "mkdir": self._mkdir, "rmdir": self._unlink,
        }  # fmt: skip

        def after(name: str, arguments: tuple[Any, ...], result: Any) -> None:
            if handlers[name](*arguments, result):
                self.calls += 1
                at_each()

        with watched(before, after, RLock()):
            yield

    # what may be there

    @property
    def unsure(self) -> int:
        """How many states the disk may be in at most: subsets of names, times contents of files."""
        found = 1 << len(self._pending)
        for number in set(self._now.values()) & self._files.keys():
            found *= len(self._files[number].contents())
        return found

    def states(self) -> Iterator[Tree]:
        """Everything that the disk may hold if it loses its power now."""
        for chosen in chain.from_iterable(combinations(self._pending, size) for size in range(len(self._pending) + 1)):
            names = self._with(chosen)
            if names is not None:
                yield from self._trees(names)

    def some_states(self, chance: Random, count: int) -> Iterator[Tree]:
        """Some of them, by chance; those with all and with nothing among them."""
        yield self._tree(self._with(self._pending) or {}, lambda file: file.data)
        yield self._tree(self._with(()) or {}, lambda file: file.synced)
        for _ in range(count):
            share = chance.random()
            names = self._with([change for change in self._pending if chance.random() < share])
            if names is not None:
                yield self._tree(names, lambda file: chance.choice(file.contents()))

    # names and files

    def _with(self, chosen: "tuple[_Change, ...] | list[_Change]") -> dict[_Name, int] | None:
        """The names if these changes reached the disk; None if they cannot without others."""
        numbers = {change.number for change in chosen}
        waiting = {change.number for change in self._pending}
        if any(change.needs in waiting and change.needs not in numbers for change in chosen):
            return None
        found = dict(self._synced)
        for change in chosen:
            for name, number in change.names:
                if found.get(name, (0, None))[0] <= change.number:
                    found[name] = change.number, number
        return {name: number for name, (_, number) in found.items() if number is not None}

    def _trees(self, names: dict[_Name, int]) -> Iterator[Tree]:
        """All trees that these names may lead to: one for each combination of contents."""
        unsure = [number for number in dict.fromkeys(names.values()) if self._is_unsure(number)]

        def each(left: list[int], chosen: dict[int, bytes]) -> Iterator[dict[int, bytes]]:
            if not left:
                yield chosen
                return
            for content in self._files[left[0]].contents():
                yield from each(left[1:], {**chosen, left[0]: content})

        for chosen in each(unsure, {}):
            known = {id(self._files[number]): content for number, content in chosen.items()}
            yield self._tree(names, lambda file, known=known: known.get(id(file), file.data))  # type: ignore[misc]

    def _is_unsure(self, number: int) -> bool:
        return number in self._files and len(self._files[number].contents()) > 1

    def _tree(self, names: dict[_Name, int], content: Callable[[_File], bytes]) -> Tree:
        inside: dict[int, list[tuple[str, int]]] = {}
        for name, number in names.items():
            inside.setdefault(name.directory, []).append((name.name, number))
        tree: Tree = {}
        contents: dict[int, bytes] = {}

        def walk(directory: int, base: str) -> None:
            for name, number in sorted(inside.get(directory, ())):
                path = f"{base}{name}"
                if number in self._files:
                    if number not in contents:
                        contents[number] = content(self._files[number])
                    tree[path] = contents[number]
                else:
                    tree[path] = None
                    walk(number, f"{path}/")

        walk(_TOP, "")
        return tree

    def _settle(self, directory: str, number: int) -> None:
        """Take what is there for synced."""
        for entry in os.scandir(directory):
            child = self._next
            self._next += 1
            name = _Name(number, entry.name)
            self._now[name] = child
            self._synced[name] = 0, child
            if entry.is_dir():
                self._settle(entry.path, child)
            else:
                self._files[child] = _File(Path(entry.path).read_bytes())

    def _find(self, path: Any) -> tuple[_Name, int | None] | None:
        """The name of a path and what it stands for, in what every process sees now; None for what is elsewhere."""
        full = os.path.abspath(os.fspath(path))
        if full == self._top:
            return _Name(-1, ""), _TOP
        if not full.startswith(f"{self._top}/"):
            return None
        number = _TOP
        *above, last = full[len(self._top) + 1 :].split("/")
        for part in above:
            number = self._now[_Name(number, part)]
        name = _Name(number, last)
        return name, self._now.get(name)

    def _change(self, home: int, names: dict[_Name, int | None], moved: _Name | None = None) -> bool:
        self._changes += 1
        needs = None
        for change in self._pending:
            if moved and change.names[-1][0] == moved:
                needs = change.number
        self._pending.append(_Change(self._changes, home, tuple(names.items()), needs))
        for name, number in names.items():
            if number is None:
                self._now.pop(name, None)
            else:
                self._now[name] = number
        return True

    # what is asked for

    def _opened(self, path: Any, flags: int, *rest: Any) -> bool:
        descriptor = rest[-1]
        found = self._find(path)
        if found is None:
            return False
        name, number = found
        is_new = number is None
        if number is None:
            number = self._next
            self._next += 1
            self._files[number] = _File(b"")
            self._change(name.directory, {name: number})
        elif flags & os.O_TRUNC:
            self._files[number].data = b""
        self._descriptors[descriptor] = number, 0, bool(flags & os.O_APPEND)
        return is_new

    def _write(self, descriptor: int, data: Any, written: int) -> bool:
        if descriptor not in self._descriptors:
            return False
        number, offset, appends = self._descriptors[descriptor]
        file = self._files[number]
        offset = len(file.data) if appends else offset
        file.data = file.data[:offset] + bytes(data)[:written] + file.data[offset + written :]
        self._descriptors[descriptor] = number, offset + written, appends
        return True

    def _fsync(self, descriptor: int, _: None) -> bool:
        if descriptor not in self._descriptors:
            return False
        number = self._descriptors[descriptor][0]
        if number in self._files:
            if self._loses != "file":
                self._files[number].synced = self._files[number].data
            return True
        if self._loses != "directory":
            for change in [change for change in self._pending if change.home == number]:
                self._pending.remove(change)
                for name, target in change.names:
                    if self._synced.get(name, (0, None))[0] <= change.number:
                        self._synced[name] = change.number, target
        return True

    def _close(self, descriptor: int, _: None) -> bool:
        self._descriptors.pop(descriptor, None)
        return False

    def _link(self, source: Any, target: Any, _: None) -> bool:
        old, new = self._find(source), self._find(target)
        if old is None or new is None:
            return False
        return self._change(new[0].directory, {new[0]: old[1]})

    def _rename(self, source: Any, target: Any, _: None) -> bool:
        old, new = self._find(source), self._find(target)
        if old is None or new is None:
            return False
        return self._change(new[0].directory, {old[0]: None, new[0]: old[1]}, old[0])

    def _unlink(self, path: Any, _: None) -> bool:
        found = self._find(path)
        return found is not None and self._change(found[0].directory, {found[0]: None})

    def _mkdir(self, path: Any, *rest: Any) -> bool:  # noqa: ARG002 - the mode is one of them
        found = self._find(path)
        if found is None:
            return False
        self._next += 1
        return self._change(found[0].directory, {found[0]: self._next - 1})


def write_tree(tree: Tree, top: Path) -> None:
    """Make a directory that holds this."""
    top.mkdir(parents=True)
    for path, data in tree.items():
        if data is None:
            (top / path).mkdir()
        else:
            (top / path).write_bytes(data)
