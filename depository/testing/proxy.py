"""A proxy that has requests to an S3 service fail on purpose, in the ways of networks and of S3.

It hands every request on byte for byte, the header ``Host`` too, so that signatures stay good, and can keep the writes
of one key apart, for services that check a condition and then write. It speaks plain HTTP.

As a program it is a proxy in a process of its own::

    python -m depository.testing.proxy http://127.0.0.1:5000 --share 0.05 --seed 1 --serialised

It writes its address as a line of JSON, and at the end of its input what it did, as another.
"""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from http import HTTPStatus
from random import Random
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

_MOST_HEAD = 1 << 20
"""Bytes of the longest head of a request or an answer."""
_WRITES = frozenset(("PUT", "POST", "DELETE"))


class Fault(Enum):
    """What goes wrong with a request. Those called after: the service has done what it was asked."""

    RESET = "the connection is reset, and the service never hears of it"
    RESET_AFTER = "the connection is reset instead of an answer"
    CUT_AFTER = "the connection is closed instead of an answer"
    TRUNCATED = "the answer breaks off in the middle"
    STALLED = "nothing happens for a while, and the service never hears of it"
    STALLED_AFTER = "no answer comes for a while, and then none"
    LATE = "no answer comes, and the service hears of it after a while, when its client has given it up"
    ERROR = "500, and the service never hears of it"
    ERROR_AFTER = "500 instead of the answer"
    SLOW_DOWN = "503 SlowDown, and the service never hears of it"
    SLOW_DOWN_AFTER = "503 SlowDown instead of the answer"
    CONFLICT = "409, and the service never hears of it"
    CONFLICT_AFTER = "409 instead of the answer"
    EXPIRED = "400 ExpiredToken, and the service never hears of it"
    SKEWED = "403 RequestTimeTooSkewed, and the service never hears of it"

    @property
    def happens(self) -> bool:
        """Whether the service gets the request all the same."""
        return self in (Fault.TRUNCATED, Fault.LATE) or self.name.endswith("_AFTER")

    @property
    def answer(self) -> tuple[int, str] | None:
        """The status and the code that are answered instead, if anything is."""
        return _ANSWERS.get(self.name.removesuffix("_AFTER"))


_ANSWERS = {
    "ERROR": (500, "InternalError"),
    "SLOW_DOWN": (503, "SlowDown"),
    "CONFLICT": (409, "ConditionalRequestConflict"),
    "EXPIRED": (400, "ExpiredToken"),
    "SKEWED": (403, "RequestTimeTooSkewed"),
}

PASSING = tuple(fault for fault in Fault if fault not in (Fault.EXPIRED, Fault.SKEWED))
"""Those that nobody needs to do anything about."""


class Request(NamedTuple):
    """What arrived at the proxy."""

    number: int
    """How many came before it."""
    method: str
    target: str
    """Path and query, as they were sent."""
    headers: Mapping[str, str]
    """By name, in lower case."""

    @property
    def key(self) -> str:
        """The bucket and key, as they were sent."""
        return self.target.partition("?")[0]


Plan = Callable[[Request], Fault | None]
"""Says what goes wrong with a request; called by several threads."""


def nothing(_: Request) -> Fault | None:
    """The plan by which nothing goes wrong."""
    return None


def by_chance(seed: int, share: float, faults: Sequence[Fault] = PASSING) -> Plan:
    """A plan by which that share of all requests goes wrong, each in one of these ways.

    Args:
        seed: of the chance; the same requests in the same order meet the same faults.
        share: from 0 to 1.
        faults: the ways.
    """
    chance = Random(seed)
    lock = threading.Lock()

    def plan(_: Request) -> Fault | None:
        with lock:
            return chance.choice(faults) if chance.random() < share else None

    return plan


def numbered(faults: Mapping[int, Fault]) -> Plan:
    """A plan by which these requests go wrong, counted from 0 as they arrive."""
    return lambda request: faults.get(request.number)


class Proxy:
    """A proxy before one service; see `proxying`.

    Attributes:
        url: its address, to be used as the endpoint.
        plan: what goes wrong; may be changed while it runs.
        requests: how many arrived.
        faults: how often each happened.
    """

    def __init__(self, upstream: str, plan: Plan = nothing, *, serialised: bool = False, stall: float = 1.0) -> None:
        """Make one, listening already; `serve` answers.

        Args:
            upstream: the service, ``http://host:port``.
            plan: what goes wrong.
            serialised: keep the writes of one key apart.
            stall: seconds for which a stalled request waits, unless it is let go before.
        """
        parts = urlsplit(upstream)
        self._upstream = parts.hostname or "127.0.0.1", parts.port or 80
        self._locks: dict[str, threading.Lock] | None = {} if serialised else None
        self._stall = stall
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()
        self._going = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.plan = plan
        self.requests = 0
        self.faults: Counter[Fault] = Counter()

    def serve(self) -> None:
        """Answer, each connection in a thread of its own, until `close`."""
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._attend, args=(client,), daemon=True).start()

    def let_go(self) -> None:
        """Have what is stalled, now or later, wait no more."""
        self._going.set()

    def close(self) -> None:
        """Answer no more, and break off what is under way."""
        self._closing.set()
        self.let_go()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for one in left:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _attend(self, client: socket.socket) -> None:
        """Serve one connection; it ends where a fault, or the service, ends it."""
        with (
            self._kept(client),
            client.makefile("rb") as stream,
            suppress(OSError, _BrokenOff),
            socket.create_connection(self._upstream) as service,
            self._kept(service),
            service.makefile("rb") as answers,
        ):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            service.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._pass_on(client, stream, service, answers):
                pass

    @contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            with connection:
                yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def _pass_on(self, client: socket.socket, stream: BinaryIO, service: socket.socket, answers: BinaryIO) -> bool:
        """Handle one request; False where the connection is over."""
        head = _read_head(stream)
        if not head:
            return False
        method, target, headers = _parsed(head)
        if headers.get("expect", "").lower() == "100-continue":
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")  # the service's own is swallowed below
        body = _read_body(stream, headers)
        with self._lock:
            request = Request(self.requests, method, target, headers)
            self.requests += 1
        fault = self.plan(request)
        if fault is not None:
            with self._lock:
                self.faults[fault] += 1
        answer = None
        if fault is Fault.LATE:
            self._going.wait(self._stall)
        if fault is None or fault.happens:
            with self._alone(request):
                service.sendall(head + body)
                answer = _read_answer(answers, method)
        if fault is not None:
            self._fail(client, fault, answer)
            return False
        assert answer is not None  # noqa: S101 - nothing went wrong
        client.sendall(answer.data)
        return not answer.is_last

    @contextmanager
    def _alone(self, request: Request) -> Iterator[None]:
        if self._locks is None or request.method not in _WRITES:
            yield
            return
        with self._lock:
            lock = self._locks.setdefault(request.key, threading.Lock())
        with lock:
            yield

    def _fail(self, client: socket.socket, fault: Fault, answer: "_Answer | None") -> None:
        if fault.answer is not None:
            client.sendall(_refusal(*fault.answer))
        elif fault is Fault.TRUNCATED:
            assert answer is not None  # noqa: S101 - it happens
            client.sendall(answer.data[: max(1, len(answer.data) - max(1, answer.body // 2))])
        elif fault in (Fault.STALLED, Fault.STALLED_AFTER):
            self._going.wait(self._stall)
        elif fault in (Fault.RESET, Fault.RESET_AFTER):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def proxying(upstream: str, plan: Plan = nothing, *, serialised: bool = False, stall: float = 1.0) -> Iterator[Proxy]:
    """A proxy on a free port of this machine, as `Proxy` makes it, until the end of the block."""
    proxy = Proxy(upstream, plan, serialised=serialised, stall=stall)
    thread = threading.Thread(target=proxy.serve, name="proxy", daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


class _BrokenOff(Exception):
    """Somebody stopped in the middle of a message."""


class _Answer(NamedTuple):
    """What the service said."""

    data: bytes
    body: int
    """How many bytes of it are the body."""
    is_last: bool
    """The service ends the connection."""


def _refusal(status: int, code: str) -> bytes:
    body = f"<Error><Code>{code}</Code><Message>The proxy says so.</Message></Error>"
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: application/xml\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n\r\n{body}"
    ).encode()


def _read_head(stream: BinaryIO) -> bytes:
    """All up to the empty line; nothing where the connection ended before it."""
    lines = []
    size = 0
    while True:
        line = stream.readline(_MOST_HEAD)
        lines.append(line)
        size += len(line)
        if line == b"\r\n":
            return b"".join(lines)
        if not line or size >= _MOST_HEAD:
            if size > len(line):
                raise _BrokenOff
            return b""


def _parsed(head: bytes) -> tuple[str, str, dict[str, str]]:
    """The first two words, and the headers."""
    first, *rest = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    pairs = (line.partition(":") for line in rest if line)
    return words[0], words[1] if len(words) > 1 else "", {name.lower(): value.strip() for name, _, value in pairs}


def _read_body(stream: BinaryIO, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return b"".join(_read_chunks(stream))
    return _read_exactly(stream, int(headers.get("content-length") or 0))


def _read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """A body in chunks, with what is around them."""
    while True:
        line = stream.readline(_MOST_HEAD)
        yield line
        if not line:
            raise _BrokenOff
        size = int(line.split(b";")[0], 16)
        if not size:
            break
        yield _read_exactly(stream, size + 2)
    while True:  # trailers
        line = stream.readline(_MOST_HEAD)
        yield line
        if line == b"\r\n":
            return
        if not line:
            raise _BrokenOff


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise _BrokenOff
    return data


def _read_answer(stream: BinaryIO, method: str) -> _Answer:
    while True:
        head = _read_head(stream)
        if not head:
            raise _BrokenOff
        _, status, headers = _parsed(head)
        if not status.startswith("1"):
            break
    is_last = headers.get("connection", "").lower() == "close" or head.startswith(b"HTTP/1.0")
    if method == "HEAD" or status in ("204", "304"):
        return _Answer(head, 0, is_last)
    if "content-length" in headers or "transfer-encoding" in headers:
        body = _read_body(stream, headers)
    else:  # as long as the connection
        body, is_last = stream.read(), True
    return _Answer(head + body, len(body), is_last)


def main() -> None:
    """Run as a program."""
    import argparse
    import json
    import sys

    parser = argparse.ArgumentParser(prog="python -m depository.testing.proxy")
    parser.add_argument("upstream", help="the service, http://host:port")
    parser.add_argument("--share", type=float, default=0.0, help="of the requests that go wrong, from 0 to 1")
    parser.add_argument("--seed", type=int, default=0, help="of the chance by which they do")
    parser.add_argument("--stall", type=float, default=1.0, help="seconds for which a stalled request waits")
    parser.add_argument("--serialised", action="store_true", help="keep the writes of one key apart")
    options = parser.parse_args()
    plan = by_chance(options.seed, options.share)
    with proxying(options.upstream, plan, serialised=options.serialised, stall=options.stall) as proxy:
        print(json.dumps(proxy.url), flush=True)  # noqa: T201 - a program tells
        sys.stdin.read()
    done = {"requests": proxy.requests, "faults": {fault.name: count for fault, count in proxy.faults.items()}}
    print(json.dumps(done), flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main()
