"""A server over the wire that answers as a test says: for answers that no server gives on demand."""

import atexit
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Request(NamedTuple):
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """By name, in lower case."""
    body: bytes
    port: int
    """The client's, which tells connections apart."""


class Reply(NamedTuple):
    """What is answered."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    length: int | None = None
    """What is said of the body's length where that is not the truth."""
    hangs_up: bool = False
    """The connection is closed without an answer."""
    waits_for: threading.Event | None = None
    """Nothing is said before that."""


def refusal(status: int, code: str, message: str = "", **headers: str) -> Reply:
    """An error as S3 words it; in the names of headers, ``_`` stands for ``-``."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


class Stub:
    """The server: one for all tests, since a client is made for each endpoint, and that takes its time.

    Attributes:
        url: its endpoint.
        requests: those that arrived since the start of the block.
        answer: what it says.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Reply] = _say_nothing
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": self}))
        server.daemon_threads = True
        server.block_on_close = False
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        atexit.register(server.server_close)


class _Handler(BaseHTTPRequestHandler):
    stub: Stub
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body, self.client_address[1])
        self.stub.requests.append(request)
        reply = self.stub.answer(request)
        if reply.waits_for is not None:
            reply.waits_for.wait()
        if reply.hangs_up:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        if "Date" not in reply.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = reply.length is not None

    do_GET = do_DELETE = do_HEAD = do_POST = do_PUT  # noqa: N815 - names that http.server looks for


@contextmanager
def stubbed(answer: Callable[[Request], Reply]) -> Iterator[Stub]:
    """The server on a free port of this computer, answering so until the end of the block."""
    stub = _stub()
    stub.requests, stub.answer = [], answer
    try:
        yield stub
    finally:
        stub.answer = _say_nothing


@cache
def _stub() -> Stub:
    return Stub()


def _say_nothing(_: Request) -> Reply:
    return Reply(hangs_up=True)
