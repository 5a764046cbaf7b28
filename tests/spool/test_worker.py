"""The process that archives, run as one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import Empty, Queue
from random import Random
from threading import Thread
from typing import Any

import pytest

from depository.backends.s3_settings import S3Settings
from depository.depository import Depository
from depository.spool import problems
from depository.spool.directory import Spool
from depository.spool.items import Item, Kind
from tests.backends.moto_server import MotoServer, make_bucket
from tests.spool.spools import a_save, notebook, numbered, put

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60
"""Seconds after which what a test waits for does not come."""


class Process:
    """A worker's process, and what it has told."""

    def __init__(self, directory: Path, spool: Spool, /, **orders: Any) -> None:
        home = directory / "home"
        home.mkdir(exist_ok=True)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("DEPOSITORY", "XDG"))}
        environ |= {"HOME": str(home), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-W", "error", "-m", "depository.spool"]
        self.process = subprocess.Popen(
            command,
            cwd=directory,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.events: list[dict[str, Any]] = []
        self._queue: Queue[dict[str, Any]] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.order({"spool": spool.directory, "secrets": {}, "create": {}, "keep": 0, **orders})

    def order(self, order: Mapping[str, Any]) -> None:
        """Write a line to its stdin."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def next(self, kind: str) -> dict[str, Any]:
        """The next event of a kind."""
        while True:
            try:
                event = self._queue.get(timeout=PATIENCE)
            except Empty:
                pytest.fail(f"no event {kind!r} came, but {self.events}")
            if event["event"] == kind:
                return event

    def end(self) -> str:
        """Close its stdin, wait for its end, and return what it wrote to stderr."""
        assert self.process.stdin
        assert self.process.stderr
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0
        self._reader.join(PATIENCE)
        return self.process.stderr.read().decode()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            event = json.loads(line)
            self.events.append(event)
            self._queue.put(event)


Start = Callable[..., Process]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(str(tmp_path / "spool"), clock=time.time_ns)
    yield opened
    opened.close()


@pytest.fixture
def start(tmp_path: Path, spool: Spool) -> Iterator[Start]:
    """Starts workers, which end with the test."""
    started: list[Process] = []

    def start(**orders: Any) -> Process:
        started.append(Process(tmp_path, spool, **orders))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "depository")


def save(spool: Spool, url: str, content: bytes, path: str = "a.ipynb", **fields: Any) -> None:
    item = a_save(path, url=url, time=time.time_ns() // 1_000_000)._replace(**fields)
    put(spool, item, content)


def files(url: str, path: str = "a.ipynb", s3: S3Settings | None = None) -> list[bytes]:
    """The files of all versions, the oldest first."""
    with Depository.open(url, s3=s3) as depository:
        return [depository.read(path, version.name) for version in reversed(list(depository.log(path)))]


def wait_until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.01)


def test_what_waits_and_what_comes_later_is_archived(start: Start, spool: Spool, url: str) -> None:
    save(spool, url, notebook(1))
    process = start()
    assert process.next("archived")["version"] == 1
    save(spool, url, notebook(2))
    assert process.next("archived")["version"] == 2
    assert process.end() == ""
    assert files(url) == [notebook(1), notebook(2)]


def test_the_depository_is_made_as_the_orders_say(start: Start, spool: Spool, url: str) -> None:
    save(spool, url, notebook(1))
    process = start(create={"prefixes": {"published": "shown"}, "materialize": []})
    process.next("archived")
    with Depository.open(url) as depository:
        info = depository.info()
    assert (info.prefixes["published"], info.materialize) == ("shown", ())


def test_versions_are_kept_at_hand_if_wanted(start: Start, spool: Spool, url: str) -> None:
    save(spool, url, notebook(1))
    start(keep=20, keep_bytes=1 << 20).next("archived")
    wait_until(lambda: not spool.waiting())
    assert os.listdir(os.path.join(spool.directory, "kept"))


def test_the_end_of_stdin_is_the_end_after_all_is_archived(start: Start, spool: Spool, url: str) -> None:
    process = start()
    for content in numbered(20):
        save(spool, url, content)
    put(spool, a_save("b.ipynb", url=url), notebook(1), is_automatic=True)
    assert process.end() == ""
    assert files(url) == list(numbered(20))
    assert files(url, "b.ipynb") == [notebook(1)]


def test_sigterm_is_the_end_after_all_is_archived(start: Start, spool: Spool, url: str) -> None:
    process = start()
    save(spool, url, notebook(0))
    process.next("archived")
    put(spool, a_save(url=url), notebook(1), is_automatic=True)
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(PATIENCE) == 0
    assert files(url) == [notebook(0), notebook(1)]


def test_an_order_to_flush_archives_runs_too(start: Start, spool: Spool, url: str) -> None:
    process = start()
    put(spool, a_save(url=url), notebook(1), is_automatic=True)
    process.order({"flush": True})
    assert process.next("archived")["path"] == "a.ipynb"


def test_a_worker_with_nothing_to_do_ends(start: Start, spool: Spool, url: str) -> None:
    save(spool, url, notebook(1))
    process = start(idle_seconds=0.1)
    assert process.process.wait(PATIENCE) == 0
    assert files(url) == [notebook(1)]


def test_orders_that_cannot_be_read_are_an_error_in_words(start: Start, spool: Spool) -> None:
    process = start(flush_seconds="soon")
    assert process.process.wait(PATIENCE) == 2
    assert process.process.stderr
    assert b"Traceback" not in process.process.stderr.read()


def test_a_spool_that_cannot_be_used_is_told(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    process = start(spool=str(tmp_path / "file"))
    assert process.next("problem")["kind"] == "storage"
    assert process.process.wait(PATIENCE) == 1


def test_an_item_without_a_depository_is_located_by_its_file(
    start: Start, spool: Spool, url: str, tmp_path: Path
) -> None:
    settings = tmp_path / ".depository.toml"
    settings.write_text("url = 'unfinished")
    file = str(tmp_path / "a.ipynb")
    put(spool, Item(Kind.SAVE, 1000, "ann", "save", "a.ipynb", None, None, file=file), notebook(1))
    process = start()
    assert "is not TOML" in process.next("problem")["sentence"]
    assert [problem.url for problem in problems.read_all(spool)] == [""]
    settings.write_text(f"url = {url!r}\nnamespace = 'ann'\n")
    assert process.next("archived")["path"] == "ann/a.ipynb"
    wait_until(lambda: not problems.read_all(spool))


def test_two_workers_archive_each_item_once(start: Start, spool: Spool, url: str) -> None:
    workers = [start(), start()]
    for number, content in enumerate(numbered(60)):
        save(spool, url, content, f"{number % 3}.ipynb")
    wait_until(lambda: not spool.waiting())
    for worker in workers:
        assert worker.end() == ""
    for number in range(3):
        assert files(url, f"{number}.ipynb") == [notebook(n) for n in range(number, 60, 3)]
    assert sum(len(worker.events) for worker in workers) == 60


def test_a_worker_that_is_killed_again_and_again_archives_each_item_once_and_in_order(
    start: Start, spool: Spool, url: str
) -> None:
    with Depository.create(url):
        pass
    random = Random(5)
    contents: dict[str, list[bytes]] = {}
    for number in range(30):
        for step in range(8):
            path = f"{random.randrange(3)}.ipynb"
            # what was there before comes back, so that nothing is known again by its content alone
            content = notebook(random.randrange(5))
            if contents.get(path, [b""])[-1] != content:
                contents.setdefault(path, []).append(content)
                save(spool, url, content, path, author=f"{number}-{step}")
        process = start()
        if number % 2:
            process.next("archived")
            time.sleep(random.uniform(0, 0.02))
        else:
            time.sleep(random.uniform(0.1, 0.5))
        process.kill()
    assert start().end() == ""
    assert not spool.waiting()
    assert not spool.aside()
    assert {path: files(url, path) for path in contents} == contents


def test_a_place_that_stays_away_does_not_hold_back_another_nor_the_end(
    start: Start, spool: Spool, url: str, tmp_path: Path
) -> None:
    put(spool, a_save(url="s3://bucket/prefix")._replace(s3={"endpoint_url": "http://127.0.0.1:9"}), notebook(1))
    save(spool, url, notebook(2))
    secrets = {"access_key_id": "an id", "secret_access_key": "a secret"}
    process = start(secrets={"s3://bucket/prefix": secrets}, flush_seconds=1)
    assert process.next("archived")["url"] == url
    assert process.end() == ""
    assert len(spool.waiting()) == 1


def test_a_bucket_that_is_missing_is_waited_for(
    start: Start, spool: Spool, moto_server: MotoServer, bucket_name: str
) -> None:
    url = f"s3://{bucket_name}/prefix"
    settings = moto_server.settings
    s3 = {"endpoint_url": moto_server.url, "region": "us-east-1"}
    for content in numbered(3):
        save(spool, url, content, s3=s3)
    secrets = {"access_key_id": "an id", "secret_access_key": "a secret"}
    process = start(secrets={url: secrets})
    assert process.next("problem")["kind"] == "no-bucket"
    assert [problem.kind for problem in problems.read_all(spool)] == ["no-bucket"]
    make_bucket(bucket_name)
    assert process.next("recovered") == {"event": "recovered", "url": url, "waiting": 0}
    assert files(url, s3=settings) == list(numbered(3))
    assert process.end() == ""


def test_refused_credentials_are_a_problem_until_they_are_accepted(
    start: Start, spool: Spool, moto_server: MotoServer, bucket: str
) -> None:
    url = f"s3://{bucket}/prefix"
    save(spool, url, notebook(1), s3={"endpoint_url": moto_server.url, "region": "us-east-1"})
    moto_server.refused.add("PUT ")
    try:
        process = start(secrets={url: {"access_key_id": "an id", "secret_access_key": "a secret"}})
        assert process.next("problem")["kind"] == "denied"
    finally:
        moto_server.refused.clear()
    assert process.next("archived")["version"] == 1
    assert process.next("recovered")["waiting"] == 0


def test_the_process_needs_no_jupyter(start: Start) -> None:
    code = "import sys, depository.spool.process; print([name for name in sys.modules if 'jupyter' in name])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    assert done.stdout.strip() == b"[]"
