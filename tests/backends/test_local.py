"""A directory as a store: what holds beyond the conformance of every backend."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from depository.backends import Absent, Backend, Match, disk, names
from depository.backends.local import LocalBackend
from depository.backends.metering import Metering
from depository.errors import (
    AccessDenied,
    KeyNotFound,
    OutcomeUnknown,
    PreconditionFailed,
    StorageError,
    StorageFull,
)
from tests.backends.conformance import LIMIT, Beside
from tests.backends.racing import RacingConformance

ROOT = Path(__file__).parents[2]


class BesideLocal(Beside):
    """The files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def set(self, key: str, data: bytes) -> None:
        path = self._directory / names.encode(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def get(self, key: str) -> bytes | None:
        path = self._directory / names.encode(key)
        return path.read_bytes() if path.is_file() else None


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "depository"


@pytest.fixture
def backend(directory: Path) -> LocalBackend:
    backend = LocalBackend(str(directory))
    backend.prepare()
    return backend


class TestLocalBackend(RacingConformance):
    @pytest.fixture
    def backend(self, directory: Path) -> Backend:
        backend = LocalBackend(str(directory))
        backend.prepare()
        return backend

    @pytest.fixture
    def beside(self, backend: Backend, directory: Path) -> Beside:
        return BesideLocal(directory)


class TestLocalBackendWithoutHardLinks(TestLocalBackend):
    @pytest.fixture(autouse=True)
    def no_hard_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "link", failing(errno.EPERM))


class TestMeteredLocalBackend(TestLocalBackend):
    @pytest.fixture
    def backend(self, directory: Path) -> Backend:
        backend = Metering(LocalBackend(str(directory)))
        backend.prepare()
        return backend


def failing(number: int) -> Callable[..., Any]:
    """A call of the system that fails with that errno."""

    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# Several processes


def test_counters_of_several_processes_lose_nothing(backend: LocalBackend) -> None:
    backend.put("counter", b"0")
    program = (
        "import sys\n"
        "from depository.backends.local import LocalBackend\n"
        "from tests.backends.racing import increment\n"
        "for _ in range(100): increment(LocalBackend(sys.argv[1]), 'counter')\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, backend.url], cwd=ROOT) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    assert backend.get("counter", limit=LIMIT).data == b"200"


def test_a_writer_that_is_killed_leaves_nothing_that_is_seen(backend: LocalBackend, directory: Path) -> None:
    size = 30_000_000
    program = (
        "import sys, itertools\n"
        "from depository.backends.local import LocalBackend\n"
        f"for number in itertools.count(): LocalBackend(sys.argv[1]).put(str(number % 3), b'x' * {size})\n"
    )
    incoming = directory / ".incoming"
    while not files(incoming):  # until one was caught between the making of its file and its renaming
        child = subprocess.Popen([sys.executable, "-c", program, backend.url], cwd=ROOT)
        while not any(path.stat().st_size for path in incoming.iterdir()):
            assert child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert all(item.size == size for item in backend.list(""))
    backend.put("0", b"again")
    assert backend.get("0", limit=LIMIT).data == b"again"
    backend.prepare()
    assert files(incoming) == []


def test_a_lock_goes_with_the_process_that_held_it(backend: LocalBackend) -> None:
    etag = backend.put("key", b"first")
    program = (
        "import sys\n"
        "from depository.backends import disk\n"
        "from contextlib import ExitStack\n"
        "locks = ExitStack()\n"
        "for number in range(16): locks.enter_context(disk.locked(sys.argv[1] + '/.locks', f'{number:02x}'))\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, backend.url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdin is not None
    with child.stdout, child.stdin:
        assert child.stdout.readline() == b"locked\n"
        waiting = threading.Thread(target=backend.put, args=("key", b"second", Match(etag)))
        waiting.start()
        assert backend.get("key", limit=LIMIT).data == b"first"
        child.kill()
        child.wait()
        waiting.join()
    assert backend.get("key", limit=LIMIT).data == b"second"


# What is being written


def test_what_is_being_written_is_not_listed(backend: LocalBackend, directory: Path) -> None:
    with disk.incoming(str(directory / ".incoming"), b"value"):
        assert list(backend.list("")) == []


def test_what_killed_processes_left_is_swept(backend: LocalBackend, directory: Path) -> None:
    (directory / ".incoming" / "123-0").write_bytes(b"half a val")
    (setting,) = backend.prepare()
    assert "removed 1 unfinished" in setting.text
    assert files(directory / ".incoming") == []


def test_what_somebody_is_writing_is_not_swept(backend: LocalBackend, directory: Path) -> None:
    with disk.incoming(str(directory / ".incoming"), b"value") as path:
        backend.prepare()
        assert Path(path).read_bytes() == b"value"


def test_a_value_whose_file_is_swept_too_early_is_written_again(
    backend: LocalBackend, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link
    swept: list[str] = []

    def sweep_then_link(source: str, destination: str) -> None:
        if not swept:
            swept.append(source)
            os.unlink(source)
        link(source, destination)

    monkeypatch.setattr(os, "link", sweep_then_link)
    backend.put("key", b"value", Absent())
    assert swept
    assert backend.get("key", limit=LIMIT).data == b"value"


def test_a_file_with_the_same_name_is_not_written_over(backend: LocalBackend, directory: Path) -> None:
    with disk.incoming(str(directory / ".incoming"), b"") as path:
        process, number = Path(path).name.split("-")
    taken = directory / ".incoming" / f"{process}-{int(number) + 1}"
    taken.write_bytes(b"somebody else's")
    backend.put("key", b"value")
    assert taken.read_bytes() == b"somebody else's"


def test_no_file_is_left_behind(backend: LocalBackend, directory: Path) -> None:
    etag = backend.put("key", b"first", Absent())
    backend.put("key", b"second", Match(etag))
    for condition in (Absent(), Match(etag)):
        with pytest.raises(PreconditionFailed):
            backend.put("key", b"third", condition)
    assert files(directory / ".incoming") == []


def test_the_hidden_directories_are_made_again_when_they_are_lost(backend: LocalBackend, directory: Path) -> None:
    (directory / ".incoming").rmdir()
    (directory / ".locks").rmdir()
    etag = backend.put("key", b"first", Absent())
    backend.put("key", b"second", Match(etag))
    backend.delete("key")
    assert list(backend.list("")) == []


def test_a_directory_that_somebody_removed_is_made_again(backend: LocalBackend, directory: Path) -> None:
    backend.put("a/b", b"first")
    (directory / "a" / "b%").unlink()
    (directory / "a").rmdir()
    backend.put("a/b", b"second", Absent())
    assert backend.get("a/b", limit=LIMIT).data == b"second"


# On disk for good


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The inodes of what was synced so far."""
    fsync, inodes = os.fsync, set()

    def sync(descriptor: int) -> None:
        inodes.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    return inodes


def inodes(*paths: Path) -> set[int]:
    return {path.stat().st_ino for path in paths}


def test_a_new_value_is_on_disk_with_its_directories(backend: LocalBackend, directory: Path, synced: set[int]) -> None:
    backend.put("a/b/key.x", b"value", Absent())
    assert synced >= inodes(directory / "a/b/key.x", directory / "a/b", directory / "a", directory)


def test_the_names_of_the_directories_of_objects_are_brought_to_the_disk_together(
    backend: LocalBackend, directory: Path, synced: set[int]
) -> None:
    for number in range(20):
        LocalBackend(backend.url).put(f"objects/{number:02x}/first", b"value", Absent())
    backend.put("objects/00/second", b"value", Absent())
    synced.clear()
    for number in range(20):
        backend.put(f"objects/{number:02x}/third", b"value", Absent())
    assert not synced & inodes(directory / "objects", directory)

    backend.put("objects/ff/first", b"value", Absent())
    assert synced >= inodes(directory / "objects/ff", directory / "objects")


def test_a_replaced_value_is_on_disk(backend: LocalBackend, directory: Path, synced: set[int]) -> None:
    etag = backend.put("a/key.x", b"first")
    synced.clear()
    backend.put("a/key.x", b"second", Match(etag))
    assert synced >= inodes(directory / "a/key.x", directory / "a")


def test_a_value_that_is_there_already_is_on_disk_before_we_say_so(
    backend: LocalBackend, directory: Path, synced: set[int]
) -> None:
    LocalBackend(backend.url).put("a/key.x", b"value")
    synced.clear()
    with pytest.raises(PreconditionFailed):
        backend.put("a/key.x", b"value", Absent())
    assert synced >= inodes(directory / "a", directory)


def test_a_value_that_was_read_is_on_disk_once_it_is_settled(
    backend: LocalBackend, directory: Path, synced: set[int]
) -> None:
    LocalBackend(backend.url).put("a/b/key.x", b"value")
    synced.clear()
    backend.get("a/b/key.x", limit=LIMIT)
    backend.settle("a/b/key.x")
    assert synced >= inodes(directory / "a/b", directory / "a", directory)
    backend.settle("not/there.x")  # which is no error


def test_a_disk_that_does_not_confirm_what_is_settled_is_an_error(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.put("key", b"value")
    monkeypatch.setattr(disk, "sync_directory", failing(errno.EIO))
    with pytest.raises(StorageError, match="'key'"):
        backend.settle("key")


def test_a_deleted_value_is_gone_from_disk(backend: LocalBackend, directory: Path, synced: set[int]) -> None:
    backend.put("a/key.x", b"value")
    synced.clear()
    backend.delete("a/key.x")
    assert synced >= inodes(directory / "a")


def test_a_disk_that_does_not_confirm_a_written_value_leaves_doubt(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "sync_directory", failing(errno.EIO))
    with pytest.raises(OutcomeUnknown, match=r"'key'.*does not confirm"):
        backend.put("key", b"value")


# Disks that are full or closed


def test_a_file_that_gets_too_large_is_refused_and_removed(backend: LocalBackend, directory: Path) -> None:
    backend.put("key", b"first")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageFull, match="'key' is larger than a file may be"):
            backend.put("key", b"x" * 300_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert backend.get("key", limit=LIMIT).data == b"first"
    assert files(directory / ".incoming") == []


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (errno.ENOSPC, StorageFull, "is full"),
        (errno.EDQUOT, StorageFull, "quota"),
        (errno.EROFS, StorageFull, "read-only"),
        (errno.EACCES, AccessDenied, "may not write 'key'"),
        (errno.EIO, StorageError, "Could not write 'key'"),
    ],
)
def test_a_write_that_fails_half_way_leaves_what_was_there(
    backend: LocalBackend,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    kind: type[Exception],
    text: str,
) -> None:
    backend.put("key", b"first")
    write, fail = os.write, failing(number)
    written: list[int] = []

    def write_once(descriptor: int, data: memoryview) -> int:
        if written:
            fail()
        written.append(write(descriptor, data[:3]))
        return 3

    monkeypatch.setattr(os, "write", write_once)
    with pytest.raises(kind, match=text) as caught:
        backend.put("key", b"second")
    assert str(directory) in str(caught.value)
    assert backend.get("key", limit=LIMIT).data == b"first"
    assert files(directory / ".incoming") == []


@contextmanager
def unprivileged() -> Iterator[None]:
    """Without the rights of root, who may do anything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def closed_directory() -> Iterator[LocalBackend]:
    """A store that may be read, and not written to."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        backend = LocalBackend(f"{name}/depository")
        backend.prepare()
        backend.put("a/key", b"value")
        directories = [Path(backend.url), *(path for path in Path(backend.url).iterdir() if path.is_dir())]
        for directory in directories:
            directory.chmod(0o555)
        yield backend
        for directory in directories:
            directory.chmod(0o755)


def test_a_directory_without_write_permission_can_be_read(closed_directory: LocalBackend) -> None:
    with unprivileged():
        assert closed_directory.get("a/key", limit=LIMIT).data == b"value"
        assert [item.key for item in closed_directory.list("")] == ["a/key"]


def test_a_directory_without_write_permission_refuses_writes(closed_directory: LocalBackend) -> None:
    with unprivileged():
        with pytest.raises(AccessDenied, match="may not write 'a/new'"):
            closed_directory.put("a/new", b"value")
        with pytest.raises(AccessDenied, match="may not delete 'a/key'"):
            closed_directory.delete("a/key")
        (setting,) = closed_directory.inspect()
    assert not setting.done


def test_a_file_without_read_permission_is_not_taken_for_an_absent_one(closed_directory: LocalBackend) -> None:
    (Path(closed_directory.url) / "a/key%").chmod(0)
    with unprivileged(), pytest.raises(AccessDenied, match="may not read 'a/key'"):
        closed_directory.get("a/key", limit=LIMIT)


# The directory


def test_preparing_makes_the_directory(directory: Path) -> None:
    backend = LocalBackend(str(directory))
    assert [setting.done for setting in backend.inspect()] == [False]
    assert [setting.text for setting in backend.prepare()] == [f"Made the directory {directory}."]
    assert [setting.done for setting in backend.inspect()] == [True]


def test_a_directory_that_is_not_there_holds_nothing(directory: Path) -> None:
    backend = LocalBackend(str(directory))
    backend.delete("key")
    assert list(backend.list("")) == []
    with pytest.raises(KeyNotFound):
        backend.get("key", limit=LIMIT)


def test_a_directory_that_is_not_there_is_not_made_by_a_write(directory: Path) -> None:
    with pytest.raises(StorageError, match="is not there"):
        LocalBackend(str(directory)).put("key", b"value")
    assert not directory.exists()


def test_a_file_in_the_place_of_the_directory_is_an_error(directory: Path) -> None:
    directory.write_bytes(b"")
    with pytest.raises(StorageError):
        LocalBackend(str(directory)).prepare()
    with pytest.raises(StorageError):
        LocalBackend(str(directory)).put("key", b"value")


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_have_the_permissions_that_the_umask_leaves(
    backend: LocalBackend, directory: Path, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        backend.put("new.x", b"value", Absent())
        backend.put("replaced.x", b"first")
        backend.put("replaced.x", b"second")
    finally:
        os.umask(before)
    assert stat.S_IMODE((directory / "new.x").stat().st_mode) == mode
    assert stat.S_IMODE((directory / "replaced.x").stat().st_mode) == mode


def test_foreign_files_are_left_out_and_left_alone(backend: LocalBackend, directory: Path) -> None:
    for name in ("README.md", ".DS_Store", "plain", "%61.x"):
        (directory / name).write_bytes(b"foreign")
    (directory / "A Directory").mkdir()
    (directory / "looks.like-a-file").mkdir()
    (directory / "a%-").mkdir()
    (directory / "a%-" / "cut-too-early.x").write_bytes(b"foreign")
    backend.put("key.x", b"value")
    assert [item.key for item in backend.list("")] == ["key.x"]
    assert (directory / "README.md").read_bytes() == b"foreign"


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names are text there, whoever makes them")
def test_foreign_files_whose_names_are_no_text_are_left_out(backend: LocalBackend, directory: Path) -> None:
    for name in (b"\xff", b"\xff.ipynb", b"\xc3\xbc\xdf.x", b"\xff%-"):
        (directory / os.fsdecode(name)).write_bytes(b"foreign")
    backend.put("key.x", b"value")
    assert [item.key for item in backend.list("")] == ["key.x"]


def record_opening(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The directories that are opened from now on."""
    scandir = os.scandir
    opened: list[Path] = []

    def record(path: str) -> Any:
        opened.append(Path(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", record)
    return opened


def test_a_listing_opens_no_directory_outside_its_prefix(
    backend: LocalBackend, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("objects/ab/cd", "objects/ef/gh", "manifests/a/b", "manifests/c/d", "manifests/e/f"):
        backend.put(key, b"value")
    opened = record_opening(monkeypatch)
    assert [item.key for item in backend.list("manifests/", after="manifests/b")] == ["manifests/c/d", "manifests/e/f"]
    assert opened == [directory / "manifests", directory / "manifests/c", directory / "manifests/e"]


def test_a_listing_opens_a_directory_only_when_its_turn_has_come(
    backend: LocalBackend, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        backend.put(f"{number}/key", b"value")
    opened = record_opening(monkeypatch)
    next(backend.list(""))
    assert opened == [directory, directory / "0"]


def test_a_file_that_vanishes_during_a_listing_is_left_out(backend: LocalBackend, directory: Path) -> None:
    for key in ("a.x", "b.x", "c.x"):
        backend.put(key, b"value")
    listing = backend.list("")
    with suppress(StopIteration):
        next(listing)
        (directory / "b.x").unlink()
    assert [item.key for item in listing] == ["c.x"]


def test_importing_it_stays_light() -> None:
    program = (
        "import sys, depository.backends.local\n"
        "heavy = {'botocore', 'asyncio', 'concurrent.futures', 'dataclasses', 'hashlib', 'tempfile', 'urllib'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout == "\n"
