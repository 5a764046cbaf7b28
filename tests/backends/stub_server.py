"""A server over the wire that answers as a test says: for answers that no server gives on demand."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Request(NamedTuple):
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """By name, in lower case."""
    body: bytes


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


class Stub(NamedTuple):
    """A running server."""

    url: str
    requests: list[Request]


def refusal(status: int, code: str, message: str = "", **headers: str) -> Reply:
    """An error as S3 words it; in the names of headers, ``_`` stands for ``-``."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


@contextmanager
def stubbed(answer: Callable[[Request], Reply]) -> Iterator[Stub]:
    """A server on a free port of this computer, until the end of the block."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
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
            request = Request(self.command, self.path, headers, body)
            requests.append(request)
            reply = answer(request)
            if reply.waits_for is not None:
                reply.waits_for.wait()
            if reply.hangs_up:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = reply.length is not None

        do_GET = do_DELETE = do_HEAD = do_PUT

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Stub(f"http://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
