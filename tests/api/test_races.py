"""Many writers at once, in threads and in processes: every save is there, once, and numbers have no gaps."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from depository import Depository, Version
from depository.backends.base import Backend
from depository.backends.local import LocalBackend
from depository.backends.memory import MemoryBackend, VersionedMemory
from depository.backends.s3 import S3Backend
from depository.testing.seeing import see
from tests.api.stores import CLOCK, found
from tests.notebooks import file_of, small

if TYPE_CHECKING:
    from tests.backends.moto_server import MotoServer

PATH = "kylek/mine.ipynb"
WRITERS = 16


@pytest.fixture(params=["memory", "versioned", "local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """A store of each kind; S3 is moto, which answers one request at a time, so that its conditions hold."""
    match request.param:
        case "memory":
            yield MemoryBackend()
        case "versioned":
            yield VersionedMemory()
        case "local":
            yield LocalBackend(str(tmp_path / "depository"))
        case _:
            server: MotoServer = request.getfixturevalue("moto_server")
            with S3Backend(request.getfixturevalue("bucket"), "team", server.settings) as backend:
                yield backend


@pytest.fixture
def saves(place: Backend) -> int:
    """By each writer: fewer where each takes many requests to a server."""
    return 3 if isinstance(place, S3Backend) else 10


def racing(backend: Backend) -> Depository:
    """A depository that waits between tries as in real use, but not for long."""

    def pause(seconds: float) -> None:
        threading.Event().wait(seconds / 10)

    return Depository(backend, clock=CLOCK, sleep=pause, jitter=Random(0).random)


def at_once(work: Callable[[int], list[Version]], count: int) -> list[Version]:
    """What that many threads return that start together."""
    barrier = threading.Barrier(count)

    def start(number: int) -> list[Version]:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [version for made in pool.map(start, range(count)) for version in made]


def draft(writer: int, number: int) -> bytes:
    return file_of(small(1000 * writer + number, cells=1))


def check(backend: Backend, made: list[Version], files: dict[tuple[str, int], bytes]) -> None:
    """Every acknowledged version is there under its number, and nothing else."""
    seen = see(backend)
    assert len(files) == len(made)
    for (path, number), data in files.items():
        assert seen[path].files[number - 1] == data
    assert sum(len(path.files) for path in seen.values()) == len(made)


def test_sixteen_threads_save_to_one_path_by_one_depository(place: Backend, saves: int) -> None:
    depo = found(place)
    files: dict[tuple[str, int], bytes] = {}

    def work(writer: int) -> list[Version]:
        made = [depo.save(PATH, draft(writer, number)) for number in range(saves)]
        files.update({(PATH, version.number): draft(writer, number) for number, version in enumerate(made)})
        return made

    check(place, at_once(work, WRITERS), files)


def test_sixteen_depositories_save_to_one_path(place: Backend, saves: int) -> None:
    found(place)
    files: dict[tuple[str, int], bytes] = {}

    def work(writer: int) -> list[Version]:
        depo = racing(place)
        made = [depo.save(PATH, draft(writer, number)) for number in range(saves)]
        files.update({(PATH, version.number): draft(writer, number) for number, version in enumerate(made)})
        return made

    check(place, at_once(work, WRITERS), files)


def test_sixteen_threads_save_to_paths_of_their_own(place: Backend, saves: int) -> None:
    depo = found(place)
    files: dict[tuple[str, int], bytes] = {}

    def work(writer: int) -> list[Version]:
        path = f"user{writer}/mine.ipynb"
        made = [depo.save(path, draft(writer, number)) for number in range(saves)]
        files.update({(path, version.number): draft(writer, number) for number, version in enumerate(made)})
        return made

    check(place, at_once(work, WRITERS), files)


def test_refs_and_saves_race_and_nothing_is_lost(place: Backend) -> None:
    depo = found(place)
    first = depo.save(PATH, b"first")

    def work(writer: int) -> list[Version]:
        mine = racing(place)
        if writer % 2:
            mine.tag(PATH, "v1", f"tag-{writer}")
            return []
        return [mine.save(PATH, draft(writer, 0))]

    made = at_once(work, 12)
    [seen] = see(place).values()
    assert sorted(version.number for version in (first, *made)) == list(range(1, 8))
    assert seen.refs == {"workspace": 7, **{f"tag-{writer}": 1 for writer in range(1, 12, 2)}}


def test_the_same_content_by_sixteen_writers_is_one_version(place: Backend) -> None:
    found(place)
    made = at_once(lambda _: [racing(place).save(PATH, b"the same")], WRITERS)

    assert {version.number for version in made} == {1}
    assert sum(version.fresh for version in made) == 1
    assert see(place)[PATH].files == (b"the same",)


WRITER = """
import sys
from depository import Depository

url, writer, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Depository.open(url, author=writer) as depo:
    sys.stdin.readline()
    for number in range(count):
        version = depo.save("kylek/mine.ipynb", f"{writer} {number}".encode())
        print(version.number, number, flush=True)
"""


def test_two_processes_save_200_times_each_to_one_local_path(tmp_path: Path) -> None:
    url = str(tmp_path / "depository")
    Depository.create(url).close()
    command = [sys.executable, "-W", "error", "-c", WRITER, url]
    writers = {
        name: subprocess.Popen(
            [*command, name, "200"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for name in ("Ada", "Kyle")
    }
    for process in writers.values():
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    acknowledged = {}
    for name, process in writers.items():
        out, errors = process.communicate(timeout=300)
        assert (process.returncode, errors) == (0, "")
        for line in out.splitlines():
            number, save = line.split()
            acknowledged[int(number)] = f"{name} {save}".encode()

    assert sorted(acknowledged) == list(range(1, 401))
    assert see(LocalBackend(url))[PATH].files == tuple(data for _, data in sorted(acknowledged.items()))
