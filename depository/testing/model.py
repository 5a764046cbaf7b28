"""What a depository is, said once more in a few dictionaries: to compare a real one with.

The model does what an undisturbed depository does, call by call, and refuses what it refuses, with an error of the same
kind. It knows nothing of objects, pages, commits, caches or clocks.
"""

from collections.abc import Collection, Sequence

from depository.errors import AlreadyExists, InvalidInput, NoNotebook, NoVersion, RefMoved
from depository.history.refs import ANY
from depository.testing.seeing import Line, Seen

_EVENTS = {
    ("published", True): "publish",
    ("published", False): "unpublish",
    ("scheduled", True): "schedule",
    ("scheduled", False): "unschedule",
}


class History:
    """Of one path."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.serials: list[int] = []
        """Of the versions: another for each that was ever made."""
        self.refs: dict[str, int] = {}
        self.deleted = False
        self.lines: list[Line] = []
        self.came_from: str | None = None
        """The path that it had before it was renamed to this one."""

    def copy(self) -> "History":
        """Another one that is the same."""
        other = History()
        other.files, other.serials, other.lines = self.files.copy(), self.serials.copy(), self.lines.copy()
        other.refs, other.deleted, other.came_from = self.refs.copy(), self.deleted, self.came_from
        return other

    def add(self, file: bytes, message: str, serial: int) -> int:
        """Append a version, unless it is the newest, and return its number."""
        if self.deleted or not self.files or self.files[-1] != file:
            self.files.append(file)
            self.serials.append(serial)
            self.lines.append(Line("version", len(self.files), message=message))
            self.deleted = False
        return len(self.files)


class Model:
    """Histories by path.

    Args:
        materialize: the spaces in which plain notebooks are written.
    """

    def __init__(self, materialize: Collection[str] = ()) -> None:
        self.paths: dict[str, History] = {}
        self.buried: dict[str, list[History]] = {}
        """Histories that were displaced from a path, the newest last."""
        self.gone: dict[str, str] = {}
        """Where histories went that had these paths."""
        self.plain: dict[str, bytes] = {}
        """The plain notebooks, by key."""
        self.materialize = materialize
        self._serial = 0

    def copy(self) -> "Model":
        """Another one that is the same."""
        other = Model(self.materialize)
        other.paths = {path: there.copy() for path, there in self.paths.items()}
        other.buried = {path: histories.copy() for path, histories in self.buried.items()}
        other.gone, other.plain, other._serial = self.gone.copy(), self.plain.copy(), self._serial
        return other

    def seen(self) -> dict[str, Seen]:
        """What `depository.testing.see` has to see."""
        gone = {path for path in self.gone if self.buried.get(path)}
        return {path: self._seen(path) for path in sorted({*self.paths, *gone})}

    def known(self, path: str) -> History:
        """The history of a path.

        Raises:
            NoNotebook: it has none.
        """
        if path not in self.paths:
            raise NoNotebook(path)
        return self.paths[path]

    def save(self, path: str, *files: bytes, message: str = "") -> list[int]:
        """As `Depository.save_all`: the numbers of the versions."""
        there = self.paths.get(path)
        if there is None:
            there = self.paths[path] = History()
            if path in self.gone:
                there.lines.append(Line("start", other=self.gone.pop(path)))
        numbers = []
        for file in files:
            self._serial += 1
            numbers.append(there.add(file, message, self._serial))
        self._write(path, "workspace")
        return numbers

    def promote(
        self, path: str, number: int, ref: str, *, expect: int | None = ANY, message: str = ""
    ) -> tuple[int, int | None]:
        """As `Depository.promote`: the version that the ref points at, and the one before."""
        there = self._there(path, number)
        now = there.refs.get(ref)
        if now != number and expect not in (ANY, now):
            raise RefMoved(ref)
        self._point(path, ref, number, message)
        return number, now

    def read(self, path: str, number: int) -> bytes:
        """As `Depository.read`."""
        return self._there(path, number).files[number - 1]

    def withdraw(self, path: str, ref: str) -> None:
        """As `Depository.withdraw`."""
        if ref not in self._there(path).refs:
            raise NoVersion(ref)
        self._point(path, ref, None)

    def tag(self, path: str, number: int, name: str, *, move: bool = False) -> None:
        """As `Depository.tag`."""
        there = self._there(path, number)
        if not move and there.refs.get(name, number) != number:
            raise AlreadyExists(name)
        self._point(path, name, number)

    def untag(self, path: str, name: str) -> None:
        """As `Depository.untag`."""
        if name not in self._there(path).refs:
            raise NoVersion(name)
        self._point(path, name, None)

    def delete(self, path: str) -> None:
        """As `Depository.delete`."""
        there = self._there(path)
        if there.deleted:
            raise NoNotebook(path)
        there.deleted = True
        there.lines.append(Line("delete"))
        self._write(path, "workspace")

    def undelete(self, path: str, to: str | None = None, skip: int = 0) -> None:
        """As `Depository.undelete`."""
        there = self.paths.get(path)
        if to is None or to == path:
            if skip:
                raise InvalidInput(path)
            if there is None:
                raise NoNotebook(path)
            if not there.deleted:
                raise AlreadyExists(path)
            there.deleted = False
            there.lines.append(Line("undelete"))
            self._write(path, "workspace")
            return
        deleted = [*self.buried.get(path, []), *([there] if there is not None and there.deleted else [])]
        if skip >= len(deleted):
            raise NoNotebook(path)
        self._arrive(path, deleted[-1 - skip], to, "undelete")

    def rename(self, old: str, new: str, *, half: bool = False) -> None:
        """As `Depository.rename`; or as far as one comes that is broken off after its first write."""
        there = self.paths.get(old)
        if old == new:
            raise AlreadyExists(new)
        if there is None or there.deleted:
            raise NoNotebook(old)
        self._arrive(old, there, new, "rename")
        if not half:
            del self.paths[old]
            self.gone[old] = new
            for ref in ("workspace", *there.refs):
                self._write(old, ref)

    def _arrive(self, path: str, source: History, to: str, event: str) -> None:
        target = self.paths.get(to)
        if target is not None and not target.deleted:
            is_begun = target.came_from == path and target.serials[: len(source.serials)] == source.serials
            if event == "rename" and is_begun:
                return  # one that was broken off is taken up again
            raise AlreadyExists(to)
        if target is not None:
            self.buried.setdefault(to, []).append(target)
        self.gone.pop(to, None)
        moved = self.paths[to] = source.copy()
        moved.deleted = False
        moved.came_from = path if event == "rename" else None
        moved.lines.append(Line(event, other=path))
        for ref in ("workspace", *moved.refs, *(target.refs if target else ())):
            self._write(to, ref)

    def _there(self, path: str, number: int = 1) -> History:
        there = self.known(path)
        if number > len(there.files):
            raise NoVersion(f"v{number}")
        return there

    def _point(self, path: str, ref: str, number: int | None, message: str = "") -> None:
        there = self.paths[path]
        previous = there.refs.get(ref)
        if previous == number:
            return
        if number is None:
            del there.refs[ref]
        else:
            there.refs[ref] = number
        name = _EVENTS.get((ref, number is not None), "untag" if number is None else "tag")
        there.lines.append(Line(name, number, ref, previous, message=message))
        self._write(path, ref)

    def _write(self, path: str, space: str) -> None:
        if space not in self.materialize:
            return
        there = self.paths.get(path)
        number = None
        if there is not None:
            number = there.refs.get(space) if space != "workspace" else None if there.deleted else len(there.files)
        if there is None or number is None:
            self.plain.pop(f"{space}/{path}", None)
        else:
            self.plain[f"{space}/{path}"] = there.files[number - 1]

    def _seen(self, path: str) -> Seen:
        there = self.paths.get(path)
        displaced = tuple(tuple(history.files) for history in reversed(self.buried.get(path, [])))
        if there is None:
            return Seen((), {}, alive=False, lines=(), displaced=displaced)
        files: Sequence[bytes] = there.files
        refs = {"workspace": len(files), **there.refs}
        return Seen(tuple(files), refs, not there.deleted, tuple(there.lines), displaced)
