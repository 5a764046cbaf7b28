"""The proxy: what it hands on unchanged, and each way in which it has a request go wrong."""

import http.client
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from depository.backends.base import Absent
from depository.backends.s3 import S3Backend
from depository.errors import KeyNotFound, OutcomeUnknown, PreconditionFailed, StorageError, Unreachable
from depository.testing.proxy import PASSING, Fault, Proxy, Request, by_chance, numbered, proxying
from tests.backends.conftest import aws_environment, bucket, bucket_name, moto_server
from tests.backends.moto_server import MotoServer
from tests.backends.stub_server import Reply, stubbed
from tests.backends.stub_server import Request as Seen

__all__ = ["aws_environment", "bucket", "bucket_name", "moto_server"]

LIMIT = 1 << 20
FAULTS_OF_WRITES = [fault for fault in Fault if fault not in (Fault.TRUNCATED, Fault.LATE)]


@pytest.fixture
def proxy(moto_server: MotoServer) -> Iterator[Proxy]:
    """A proxy before moto, by which nothing goes wrong yet."""
    with proxying(moto_server.url, stall=0.05) as made:
        yield made


@contextmanager
def backend_through(proxy: Proxy, server: MotoServer, bucket: str) -> Iterator[S3Backend]:
    settings = server.settings._replace(endpoint_url=proxy.url, read_timeout=5.0, max_attempts=1)
    with S3Backend(bucket, "", settings) as backend:
        yield backend


@pytest.fixture
def backend(proxy: Proxy, moto_server: MotoServer, bucket: str) -> Iterator[S3Backend]:
    with backend_through(proxy, moto_server, bucket) as made:
        yield made


def test_what_is_stored_through_it_is_stored(backend: S3Backend) -> None:
    data = bytes(range(256)) * 10_000  # more than is sent without waiting for '100 Continue'
    backend.put("key", data)
    assert backend.get("key", limit=1 << 24).data == data
    assert [item.key for item in backend.list("")] == ["key"]
    backend.delete("key")
    with pytest.raises(KeyNotFound):
        backend.get("key", limit=LIMIT)


def test_a_request_arrives_as_it_was_sent_its_host_and_signature_too() -> None:
    with stubbed(lambda _: Reply(headers={"ETag": '"1"'})) as stub, proxying(stub.url) as proxy:
        connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc)
        sent = {"Host": "elsewhere.example", "Authorization": "AWS4-HMAC-SHA256 …".encode(), "X-Odd": "a, b ,c"}
        connection.request("PUT", "/bucket/a%20key?x=%2F", b"body", sent)  # type: ignore[arg-type]
        assert connection.getresponse().status == 200
        connection.close()
        (seen,) = stub.requests
    assert (seen.method, seen.path, seen.body) == ("PUT", "/bucket/a%20key?x=%2F", b"body")
    assert seen.headers["host"] == "elsewhere.example"
    assert seen.headers["x-odd"] == "a, b ,c"
    assert seen.headers["authorization"].startswith("AWS4-HMAC-SHA256")


def test_bodies_in_chunks_are_handed_on() -> None:
    chunks = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    with stubbed(lambda _: Reply(body=b"unused")) as stub, proxying(stub.url) as proxy:
        connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc)
        connection.putrequest("GET", "/")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(chunks)
        assert connection.getresponse().read() == b"unused"
        connection.close()


@pytest.mark.parametrize("fault", [fault for fault in FAULTS_OF_WRITES if fault.happens], ids=lambda one: one.name)
def test_a_write_whose_answer_is_lost_has_happened(fault: Fault, proxy: Proxy, backend: S3Backend) -> None:
    proxy.plan = numbered({0: fault})
    with pytest.raises(OutcomeUnknown):
        backend.put("key", b"value")
    assert backend.get("key", limit=LIMIT).data == b"value"
    assert proxy.faults == {fault: 1}


@pytest.mark.parametrize("fault", [fault for fault in FAULTS_OF_WRITES if not fault.happens], ids=lambda one: one.name)
def test_a_write_that_the_service_never_heard_of_has_not_happened(
    fault: Fault, proxy: Proxy, backend: S3Backend
) -> None:
    proxy.plan = numbered({0: fault})
    with pytest.raises(StorageError):
        backend.put("key", b"value")
    with pytest.raises(KeyNotFound):
        backend.get("key", limit=LIMIT)
    assert proxy.faults == {fault: 1}


def test_a_write_that_arrives_late_happens_when_its_client_has_given_it_up(
    moto_server: MotoServer, bucket: str
) -> None:
    with proxying(moto_server.url, numbered({0: Fault.LATE}), stall=3600) as proxy:
        settings = moto_server.settings._replace(endpoint_url=proxy.url, read_timeout=0.1, max_attempts=1)
        with S3Backend(bucket, "", settings) as backend, pytest.raises(OutcomeUnknown):
            backend.put("key", b"value")
        with S3Backend(bucket, "", moto_server.settings) as backend:
            assert not list(backend.list(""))
            proxy.let_go()
            while not list(backend.list("")):
                threading.Event().wait(0.01)


@pytest.mark.parametrize("fault", PASSING, ids=lambda one: one.name)
def test_a_read_that_goes_wrong_is_an_error_and_never_another_value(
    fault: Fault, proxy: Proxy, backend: S3Backend
) -> None:
    backend.put("key", b"value" * 100)
    before = proxy.requests
    proxy.plan = lambda request: fault if request.number >= before else None
    with pytest.raises(Unreachable):
        backend.get("key", limit=LIMIT)


def test_an_answer_that_breaks_off_once_is_asked_for_again(proxy: Proxy, backend: S3Backend) -> None:
    backend.put("key", b"value" * 100)
    proxy.plan = numbered({proxy.requests: Fault.TRUNCATED})
    assert backend.get("key", limit=LIMIT).data == b"value" * 100
    assert proxy.faults == {Fault.TRUNCATED: 1}


def test_the_same_seed_has_the_same_requests_go_wrong() -> None:
    def faults(seed: int) -> list[Fault | None]:
        plan = by_chance(seed, 0.3)
        return [plan(Request(number, "GET", "/", {})) for number in range(200)]

    assert faults(1) == faults(1) != faults(2)
    assert 20 < sum(fault is not None for fault in faults(1)) < 100


class Busy:
    """A service that notes how many writes of one key are under way at once."""

    def __init__(self) -> None:
        self.most: dict[str, int] = {}
        self._now: dict[str, int] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Seen) -> Reply:
        key = request.path
        with self._lock:
            self._now[key] = self._now.get(key, 0) + 1
            self.most[key] = max(self.most.get(key, 0), self._now[key])
        threading.Event().wait(0.005)
        with self._lock:
            self._now[key] -= 1
        return Reply()


def _put_at_once(url: str, keys: list[str]) -> None:
    def put(key: str) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        for _ in range(3):
            connection.request("PUT", key, b"value")
            connection.getresponse().read()
        connection.close()

    with ThreadPoolExecutor(len(keys)) as pool:
        list(pool.map(put, keys))


def test_it_keeps_the_writes_of_one_key_apart_where_it_is_told_to() -> None:
    busy = Busy()
    with stubbed(busy) as stub, proxying(stub.url, serialised=True) as proxy:
        _put_at_once(proxy.url, ["/bucket/a?x=1", "/bucket/a?x=1"] * 4)
    assert busy.most == {"/bucket/a?x=1": 1}


def test_otherwise_writes_of_one_key_meet() -> None:
    busy = Busy()
    with stubbed(busy) as stub, proxying(stub.url) as proxy:
        _put_at_once(proxy.url, ["/bucket/a"] * 8)
    assert busy.most["/bucket/a"] > 1


def test_of_racing_creators_exactly_one_wins_behind_it(moto_server: MotoServer, bucket: str) -> None:
    with proxying(moto_server.url, serialised=True) as proxy, backend_through(proxy, moto_server, bucket) as backend:
        for round_ in itertools.count():
            start = threading.Barrier(8)

            def create(number: int, key: str = f"round/{round_}", start: threading.Barrier = start) -> bool:
                start.wait()
                try:
                    backend.put(key, str(number).encode(), Absent())
                except PreconditionFailed:
                    return False
                return True

            with ThreadPoolExecutor(8) as pool:
                assert sum(pool.map(create, range(8))) == 1
            if round_ == 5:
                return


def test_it_runs_as_a_program_and_tells_what_it_did(moto_server: MotoServer, bucket: str) -> None:
    command = [sys.executable, "-m", "depository.testing.proxy", moto_server.url, "--share", "1", "--stall", "0.01"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())
        settings = moto_server.settings._replace(endpoint_url=url, max_attempts=1)
        with S3Backend(bucket, "", settings) as backend, pytest.raises(StorageError):
            backend.put("key", b"value")
        told, _ = process.communicate()
    done = json.loads(told)
    assert done["requests"] == sum(done["faults"].values()) == 1
