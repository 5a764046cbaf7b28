"""The spool's directory: items accepted durably, taken in order, set aside where they are bad, kept where wanted.

    items/    one file an item, named by its time, its writer and its notebook; ``.new`` while the writer has yet to say
              that what it tells of really happened, ``.item`` from then on
    blanks/   empty files, made beforehand, that the next items are written into
    aside/    items that cannot be archived, each beside a text that says why
    kept/     items that were archived, compressed: the versions that Jupyter offers as checkpoints
    writers/  a file for each writer, locked as long as it lives: what a dead one left as ``.new`` counts as accepted
    locks/    a file for each depository, locked by whoever archives into it
    problems/ a file for each depository that could not be archived into when that was last tried
    tries/    a file for each large item that is being archived, a byte for each process that did not survive it

Any number of processes may share it. An item is on disk before `begin` returns; with a file made beforehand that takes
one call that waits for the disk, and no more. What is renamed or removed afterwards is not waited for: after a loss of
power an item may be found among the blanks, be ``.new`` again, or be there again although it was archived, and each of
these is recognised.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from threading import Lock
from typing import NamedTuple, Self

from blake3 import blake3

from depository.backends import disk
from depository.errors import StorageError, StorageFull
from depository.spool import items
from depository.spool.items import Item, Kind

DEFAULT_LIMIT = 10 * 1024**3
"""Bytes that may wait, where nothing else is configured."""
RESERVE = 100 * 1024**2
"""Bytes of the disk that are left to others."""
_FLUSH_EACH = 1024**2
"""Bytes that are worth a flush while more is to come."""
_CHECK_EACH = 16 * 1024**2
"""Bytes after which the room on the disk is looked at again."""
_READY = 2
"""Blanks that a writer has."""

_MOST_HEADERS = 4096
"""Bytes that are enough for nearly every header."""
_PARTS = ("items", "blanks", "aside", "kept", "writers", "locks", "problems", "tries")


class Name(NamedTuple):
    """The name of an item's file, which says what is needed to put it in order."""

    stamp: int
    """Nanoseconds since the epoch, of no two items of one writer the same."""
    writer: str
    key: str
    """`key_of` the notebook, so that a notebook's items are found without being opened."""
    kind: Kind
    is_automatic: bool
    """Saved by a machine while somebody types; a later save of the same notebook may stand for it."""

    def __str__(self) -> str:
        letter = "a" if self.is_automatic else self.kind.value[0]
        return f"{self.stamp:016x}-{self.writer}-{self.key}-{letter}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for what is no item's name."""
        stamp, writer, key, letter = text.split("-")
        kinds = {"a": Kind.SAVE, **{kind.value[0]: kind for kind in Kind}}
        if letter not in kinds:
            raise ValueError(f"{letter!r} is no kind of item")
        return cls(int(stamp, 16), writer, key, kinds[letter], letter == "a")

    @property
    def milliseconds(self) -> int:
        """Since the epoch, when it was accepted."""
        return self.stamp // 1_000_000


@lru_cache(256)
def key_of(url: str | None, path: str) -> str:
    """The 16 hex digits that stand for a notebook in the names of its items."""
    return blake3(f"{url}\n{path}".encode(errors="surrogatepass")).hexdigest(8)


class Spool:
    """A spool's directory, as one writer and any number of readers use it. Safe with several threads."""

    def __init__(
        self,
        directory: str,
        *,
        limit: int = DEFAULT_LIMIT,
        clock: Callable[[], int],
        token: Callable[[], bytes] = lambda: os.urandom(4),
    ) -> None:
        """Open a spool, and make it where it is missing.

        Args:
            directory: of the spool.
            limit: bytes of items that may wait.
            clock: nanoseconds since the epoch.
            token: draws the name of a writer.

        Raises:
            StorageError: it cannot be made or written.
        """
        self.directory = directory
        self._limit = limit
        self._clock = clock
        self._token = token
        self._lock = Lock()
        self._writer: tuple[str, int] | None = None
        self._blanks: list[tuple[str, int]] = []
        self._serial = 0
        self._open: dict[Name, int] = {}
        self._unchecked = _CHECK_EACH
        with _storage(directory):
            os.makedirs(directory, mode=0o700, exist_ok=True)
            for part in _PARTS:
                os.makedirs(self._at(part), mode=0o700, exist_ok=True)
            disk.sync_directory(directory)
            files = os.listdir(self._at("items"))
        names = (_parsed(file.rpartition(".")[0]) for file in files)
        self._last = max((name.stamp for name in names if name), default=0)
        self._used = self._size()

    # writing

    def begin(self, item: Item, content: bytes | Iterable[bytes], *, is_automatic: bool = False) -> Name:
        """Write an item, and return when it is on disk for good.

        It is taken for accepted once `confirm` was called, or once this process is gone without `cancel`.

        Args:
            item: what it says; its `content` is not looked at.
            content: the file that was saved, or the pieces of it, as `items.encode` takes them.
            is_automatic: a later save of the same notebook may stand for it.

        Raises:
            StorageFull: the spool, or the disk, would be too full.
            StorageError: the disk did not take it.
        """
        try:
            file, descriptor = self._take_blank()
            try:
                if isinstance(content, bytes):
                    name = self._name(item, is_automatic)
                    self._write(descriptor, items.pack(item, str(name), content))
                else:
                    # the name says when the content was written, and not when its writer was made ready for it
                    pieces = iter(content)
                    first = next((piece for piece in pieces if piece), b"")
                    name = self._name(item, is_automatic)
                    self._write_parts(descriptor, items.encode(item, str(name), chain((first,), pieces)))
                disk.flush(descriptor)
                os.rename(file, os.path.join(self.directory, "items", f"{name}.new"))
            except BaseException:
                os.close(descriptor)
                with suppress(OSError):
                    os.unlink(file)
                raise
        except OSError as error:
            raise _failure(self.directory, error) from error
        self._open[name] = descriptor
        return name

    def prepare(self) -> None:
        """Make ready for the next items: to be called when nobody waits.

        Raises:
            StorageError: the disk did not take it.
        """
        while len(self._blanks) < _READY:
            with _storage(self.directory):
                blank = self._make_blank()
            with self._lock:
                self._blanks.append(blank)

    def confirm(self, name: Name) -> None:
        """Say that what an item tells of has happened."""
        self._close_file(name)
        with _storage(self.directory):
            os.rename(self._at("items", f"{name}.new"), self._at("items", f"{name}.item"))

    def cancel(self, name: Name) -> None:
        """Say that what an item tells of has not happened."""
        self._close_file(name)
        with _storage(self.directory), suppress(FileNotFoundError):
            os.unlink(self._at("items", f"{name}.new"))

    def keep_apart(self, name: Name) -> Name:
        """Say that an automatic save, if it still waits, is one that its user asked for; no other may stand for it."""
        wanted = name._replace(is_automatic=False)
        with _storage(self.directory), suppress(FileNotFoundError):
            os.rename(self._at("items", f"{name}.item"), self._at("items", f"{wanted}.item"))
        return wanted

    # taking

    def waiting(self) -> list[Name]:
        """The items that were accepted, the oldest first."""
        return self.listed()[0]

    def listed(self) -> tuple[list[Name], list[Name]]:
        """The items that were accepted, and those whose living writer has yet to say so, each the oldest first."""
        names = []
        unconfirmed = []
        gone: dict[str, bool] = {}
        self._adopt_blanks(gone)
        for file in self._listed("items"):
            text, _, state = file.rpartition(".")
            name = _parsed(text)
            if name is None:
                continue
            if state == "new":
                if not self._is_gone(name.writer, gone):
                    unconfirmed.append(name)
                    continue
                if not self._adopt(name):
                    continue
            names.append(name)
        return sorted(names), sorted(unconfirmed)

    def waiting_for(self, key: str) -> list[Name]:
        """The items of one notebook, the oldest first, as far as its name tells without asking about writers."""
        found = (_parsed(file.rpartition(".")[0]) for file in self._listed("items") if f"-{key}-" in file)
        return sorted(name for name in found if name)

    def size_of(self, name: Name) -> int:
        """The bytes of an item's file; 0 if it is gone."""
        try:
            return os.stat(self._at("items", f"{name}.item")).st_size
        except OSError:
            return 0

    def read(self, name: Name) -> Item:
        """An item that waits.

        Raises:
            ValueError: it is damaged.
            FileNotFoundError: it is gone.
            StorageError: it cannot be read.
        """
        try:
            return self._read(f"{name}.item")
        except FileNotFoundError:
            return self._read(f"{name}.new")  # of a writer that has yet to confirm it

    def header(self, name: Name) -> Item:
        """An item that waits, without its content and unchecked.

        Raises:
            ValueError: it is damaged.
            FileNotFoundError: it is gone.
            StorageError: it cannot be read.
        """
        try:
            return self._header(f"{name}.item")
        except FileNotFoundError:
            return self._header(f"{name}.new")  # of a writer that has yet to confirm it

    def remove(self, name: Name, *, for_good: bool = False) -> None:
        """Forget an item that is in the archive.

        Args:
            name: of the item.
            for_good: it does not come back when power is lost, as an item may that can be archived twice.
        """
        with _storage(self.directory):
            with suppress(FileNotFoundError):
                os.unlink(self._at("items", f"{name}.item"))
            if for_good:
                disk.sync_directory(self._at("items"))

    @contextmanager
    def trying(self, name: Name) -> Iterator[int]:
        """Note that an item is being archived by which this process may die, and say how many have died by it."""
        file = self._at("tries", str(name))
        with _storage(self.directory):
            descriptor = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            try:
                deaths = os.fstat(descriptor).st_size
                os.write(descriptor, b".")
            finally:
                os.close(descriptor)
        try:
            yield deaths
        finally:
            with suppress(OSError):
                os.unlink(file)

    def set_aside(self, name: Name, reason: str) -> str:
        """Take an item that cannot be archived out of the way, and return the file where it is kept."""
        target = self._at("aside", f"{name}.item")
        with _storage(self.directory):
            with open(self._at("aside", f"{name}.txt"), "w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(f"{reason}\n")
            os.rename(self._at("items", f"{name}.item"), target)
        return target

    def aside(self) -> list[tuple[Name, str]]:
        """The items that were set aside, the oldest first, and why."""
        found = []
        for file in self._listed("aside"):
            name = _parsed(file.removesuffix(".item"))
            if name and file.endswith(".item"):
                found.append((name, self._reason(name)))
        return sorted(found)

    def take_back(self, name: Name) -> None:
        """Have an item that was set aside tried again."""
        with _storage(self.directory), suppress(FileNotFoundError):
            os.rename(self._at("aside", f"{name}.item"), self._at("items", f"{name}.item"))
            os.unlink(self._at("aside", f"{name}.txt"))

    @contextmanager
    def archiving_into(self, url: str) -> Iterator[bool]:
        """Hold the lock of a depository; False where another process holds it."""
        with _storage(self.directory):
            descriptor = os.open(self._at("locks", key_of(url, "")), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            yield disk.try_lock(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of the sign that this writer lives."""
        with self._lock:
            writer, self._writer = self._writer, None
            blanks, self._blanks = self._blanks, []
        for name in list(self._open):
            self._close_file(name)
        for file, descriptor in blanks:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(file)
        if writer:
            with suppress(OSError):
                os.unlink(self._at("writers", writer[0]))
            os.close(writer[1])

    # inside

    def _at(self, *parts: str) -> str:
        return os.path.join(self.directory, *parts)

    def _listed(self, part: str) -> list[str]:
        with _storage(self.directory):
            return os.listdir(self._at(part))

    def _name(self, item: Item, is_automatic: bool) -> Name:
        with self._lock:
            self._last = max(self._last + 1, self._clock())
            key = key_of(item.url, item.path if item.path is not None else item.shown)
            return Name(self._last, self._signed(), key, item.kind, is_automatic)

    def _signed(self) -> str:
        """The name of this writer, whose file is locked as long as it lives; to be called under the lock."""
        if self._writer is None:
            writer = self._token().hex()
            with _storage(self.directory):
                descriptor = os.open(self._at("writers", writer), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
                disk.lock(descriptor)
            self._writer = writer, descriptor
        return self._writer[0]

    def _write_parts(self, descriptor: int, parts: Iterable[bytes]) -> None:
        """Write what comes in parts, and use the time in which none comes to have those before on disk."""
        unflushed = 0
        for part in parts:
            if part:
                self._write(descriptor, part)
                unflushed += len(part)
            elif unflushed >= _FLUSH_EACH:
                disk.flush(descriptor)
                unflushed = 0

    def _write(self, descriptor: int, data: bytes) -> None:
        self._make_room(len(data))
        written = os.write(descriptor, data)
        while written < len(data):
            written += os.write(descriptor, memoryview(data)[written:])

    def _close_file(self, name: Name) -> None:
        with self._lock:
            descriptor = self._open.pop(name, None)
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)

    def _take_blank(self) -> tuple[str, int]:
        with self._lock:
            if self._blanks:
                return self._blanks.pop()
        return self._make_blank()

    def _make_blank(self) -> tuple[str, int]:
        """An empty file, open, whose name is on disk."""
        with self._lock:
            self._serial += 1
            file = self._at("blanks", f"{self._signed()}-{self._serial}")
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
        try:
            disk.sync_directory(self._at("blanks"))
        except BaseException:
            os.close(descriptor)
            raise
        return file, descriptor

    def _is_gone(self, writer: str, known: dict[str, bool]) -> bool:
        if writer not in known:
            known[writer] = self._has_died(writer)
        return known[writer]

    def _has_died(self, writer: str) -> bool:
        if self._writer and writer == self._writer[0]:
            return False
        try:
            descriptor = os.open(self._at("writers", writer), os.O_RDWR)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            return disk.try_lock(descriptor)
        finally:
            os.close(descriptor)

    def _adopt_blanks(self, gone: dict[str, bool]) -> None:
        """Take over the blanks of dead writers: those that were written into, before a loss of power, are items."""
        for blank in self._listed("blanks"):
            if not self._is_gone(blank.partition("-")[0], gone):
                continue
            file = self._at("blanks", blank)
            with _storage(self.directory), suppress(FileNotFoundError):  # another process was faster
                with open(file, "rb") as stream:
                    start = stream.read(items.LONGEST_HEADER)
                try:
                    name = items.name_in(start)
                except ValueError:  # nothing in it was ever answered for
                    os.unlink(file)
                else:
                    os.rename(file, self._at("items", f"{Name.parse(name)}.new"))

    def _adopt(self, name: Name) -> bool:
        """Take over what a dead writer left; False if it was not even written."""
        try:
            self._read(f"{name}.new")
        except items.Torn:
            self.cancel(name)
            return False
        except FileNotFoundError:
            return False
        except ValueError:
            pass  # it is damaged, and set aside when it is read
        with suppress(FileNotFoundError):
            self.confirm(name)
        return True

    def _read(self, file: str) -> Item:
        try:
            with open(self._at("items", file), "rb") as stream:
                return items.decode(stream.read())
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageError(f"'{self._at('items', file)}' cannot be read: {error.strerror}.") from error

    def _header(self, file: str) -> Item:
        try:
            with open(self._at("items", file), "rb") as stream:
                start = stream.read(_MOST_HEADERS)
                try:
                    return items.decode_header(start)
                except items.Torn:
                    return items.decode_header(start + stream.read(items.LONGEST_HEADER - len(start)))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageError(f"'{self._at('items', file)}' cannot be read: {error.strerror}.") from error

    def _reason(self, name: Name) -> str:
        try:
            with open(self._at("aside", f"{name}.txt"), encoding="utf-8") as stream:
                return stream.read(4096).strip()
        except (OSError, ValueError):
            return "why is not known"

    def _make_room(self, size: int) -> None:
        if self._used + size > self._limit:
            used = self._size()
            with self._lock:
                self._used = used
            if used + size > self._limit:
                raise StorageFull(
                    f"The spool in '{self.directory}' holds {used:,} bytes that wait to be archived, of at most "
                    f"{self._limit:,}: this save is not archived."
                )
        if self._unchecked + size >= _CHECK_EACH and hasattr(os, "statvfs"):
            found = os.statvfs(self.directory)
            if found.f_bavail * found.f_frsize < size + RESERVE:
                raise StorageFull(
                    f"The disk of the spool in '{self.directory}' is full, but for the last {RESERVE:,} bytes: this "
                    "save is not archived."
                )
            self._unchecked = 0
        with self._lock:
            self._used += size
            self._unchecked += size

    def _size(self) -> int:
        total = 0
        with _storage(self.directory), os.scandir(self._at("items")) as found:
            for entry in found:
                with suppress(FileNotFoundError):
                    total += entry.stat().st_size
        return total


def _parsed(text: str) -> Name | None:
    try:
        return Name.parse(text)
    except ValueError:
        return None


@contextmanager
def _storage(directory: str) -> Iterator[None]:
    """Turn what the system says into errors of ours."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _failure(directory, error) from error


def _failure(directory: str, error: OSError) -> StorageError:
    import errno

    kind = StorageFull if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) else StorageError
    return kind(f"The spool in '{directory}' cannot be used: {error.strerror}.")
