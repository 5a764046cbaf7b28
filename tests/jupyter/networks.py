"""The way to an S3 service, which can be made to fail, and to work again, while it is in use."""

import enum
import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import urlsplit

from depository.backends.s3_settings import S3Settings

KEY_ID, SECRET = "an id", "a secret of no worth"
"""Credentials; the service takes any."""

_REFUSAL = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>InvalidAccessKeyId</Code><Message>The access key is not known here.</Message></Error>"
)
_TROUBLE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InternalError</Code><Message>Try again.</Message></Error>'
)
_OWN_TO_A_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "expect", "content-length"))


class State(enum.Enum):
    """What the way is like."""

    WORKING = "working"
    GONE = "gone"
    """Nobody listens."""
    REFUSING = "refusing"
    """Each request is answered 403, as where a key was withdrawn."""
    SLOW = "slow"
    """Each request takes `Network.delay` seconds longer."""
    FAILING = "failing"
    """Half of the answers are 500, 503 or none, and a part of those requests was carried out all the same."""


class Network:
    """A proxy on a port of its own.

    Attributes:
        url: what to use as the service's endpoint.
        delay: seconds, where it is slow.
        requests: how many arrived, in whatever state; where it is gone none does.
    """

    def __init__(self, service: str, *, delay: float = 30.0, seed: int = 0) -> None:
        """Lead to the service at a URL; `state` is WORKING at first, once `serving` it."""
        found = urlsplit(service)
        self._service = (found.hostname or "127.0.0.1", found.port or 80)
        self.delay = delay
        self.requests = 0
        self._random = Random(seed)
        self._state = State.GONE
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._server: _Server | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self._port}"

    @property
    def state(self) -> State:
        return self._state

    @state.setter
    def state(self, wanted: State) -> None:
        self._state = wanted
        self._changed.set()  # who sleeps on a slow way wakes up
        self._changed = threading.Event()
        if wanted is State.GONE:
            self._close()
        elif self._server is None:
            self._server = _Server(("127.0.0.1", self._port), self)
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: "_Request", body: bytes) -> None:
        """Do with a request what the state says."""
        with self._lock:
            self.requests += 1
            chance = self._random.random()
        match self._state:
            case State.REFUSING:
                request.reply(403, _REFUSAL)
            case State.FAILING if chance < 0.5:
                self._fail(request, body, chance * 2)
            case State.SLOW:
                self._changed.wait(self.delay)
                request.pass_on(self._service, body)
            case _:
                request.pass_on(self._service, body)

    def _fail(self, request: "_Request", body: bytes, chance: float) -> None:
        if chance < 0.3:
            request.reply(500, _TROUBLE)
        elif chance < 0.6:
            request.reply(503, _TROUBLE)
        elif chance < 0.8:
            request.drop()
        else:  # it was carried out, and nobody hears of it
            with suppress(OSError, http.client.HTTPException):
                fetch(self._service, request, body)
            request.drop()

    def _close(self) -> None:
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            server.drop_all()


@contextmanager
def serving(network: Network) -> Iterator[Network]:
    """A way that works, until the end of the block."""
    network.state = State.WORKING
    try:
        yield network
    finally:
        network.state = State.GONE


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], network: Network) -> None:
        super().__init__(address, _Request)
        self.network = network
        self._sockets: set[socket.socket] = set()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            self._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self._sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that a client goes away is no news here."""

    def drop_all(self) -> None:
        """End the connections that are open."""
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.network.answer(self, self.rfile.read(length))

    do_PUT = do_POST = do_HEAD = do_DELETE = do_GET  # noqa: N815 - names that http.server looks for

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def pass_on(self, service: tuple[str, int], body: bytes) -> None:
        """Answer with what the service says."""
        status, headers, found = fetch(service, self, body)
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OWN_TO_A_HOP:
                self.send_header(name, value)
        length = next((value for name, value in headers if name.lower() == "content-length"), str(len(found)))
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    def drop(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def fetch(
    service: tuple[str, int], request: BaseHTTPRequestHandler, body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Ask the service what a client asked."""
    connection = http.client.HTTPConnection(*service, timeout=60)
    try:
        connection.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() not in _OWN_TO_A_HOP:
                connection.putheader(name, value)
        if body or request.command in ("PUT", "POST"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


class Service:
    """moto's S3 as a process of its own, so that its work is not taken for the work of who measures.

    Attributes:
        url: its endpoint.
    """

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._address = ("127.0.0.1", port)
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < end:
            with suppress(OSError), socket.create_connection(self._address, 1):
                return
            time.sleep(0.05)
        self.close()
        raise RuntimeError("moto's server does not start.")

    def make_bucket(self, name: str) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=60)
        connection.request("PUT", f"/{name}", headers={"Host": self._address[0]})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"moto makes no bucket: {answer.status}: {answer.read()!r}")
        connection.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


@contextmanager
def service() -> Iterator[Service]:
    """An S3 service, until the end of the block."""
    made = Service()
    try:
        yield made
    finally:
        made.close()


def settings(endpoint: str) -> S3Settings:
    """How to reach a service at a URL."""
    return S3Settings(
        endpoint_url=endpoint, region="us-east-1", access_key_id=KEY_ID, secret_access_key=SECRET, addressing="path"
    )


def configuration(endpoint: str, bucket: str) -> str:
    """Lines of Jupyter's configuration for archiving into a bucket."""
    lines = {"bucket": bucket, "endpoint_url": endpoint, "region_name": "us-east-1", "addressing": "path"}
    lines |= {"access_key_id": KEY_ID, "secret_access_key": SECRET}
    return "\n".join(f"c.Depository.S3.{name} = {value!r}" for name, value in lines.items())
