"""Real Jupyter servers, each with a home, a configuration and a directory of notebooks of its own, and a client.

A server runs as a process of its own, from any interpreter that has Jupyter installed. This checkout comes first on its
path, so that what is tested is what stands here.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

ROOT = Path(__file__).parents[2]
"""Of the checkout."""

NAMESPACE = "kylek"
TOKEN = "a token of no worth"
PROGRAMS = {
    "server": ("-m", "jupyter_server"),
    "lab": ("-m", "jupyterlab"),
    "notebook": ("-m", "notebook"),
}
"""What starts each of the programs, as arguments of Python."""

EXTENSIONS = (
    "depository",
    "jupyter_lsp",
    "jupyter_server_fileid",
    "jupyter_server_terminals",
    "jupyter_server_ydoc",
    "jupyterfs",
    "jupyterlab",
    "jupyterlab_jupytext",
    "notebook",
    "notebook_shim",
)
"""Those that may be installed; a server has the ones that it is asked to have and no others."""

_PATIENCE = 60.0


class Refused(Exception):
    """A server answered with an error.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:500]}")
        self.status = status


class Client:
    """The contents API of a server, over one connection that is kept open."""

    def __init__(self, port: int, *, timeout: float = _PATIENCE) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, read as JSON; None where it is empty.

        Args:
            method: of HTTP.
            path: below the server's base URL, quoted.
            body: what to send as JSON, or bytes to send as they are.

        Raises:
            Refused: the server says no.
            OSError: the server is gone.
            http.client.HTTPException: the server went while it answered.
        """
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, data, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        if answer.status >= 400:
            raise Refused(answer.status, text.decode(errors="replace"))
        return json.loads(text) if text else None

    def get(self, path: str) -> Any:
        return self.request("GET", contents(path))

    def save(self, path: str, notebook: Any) -> Any:
        return self.request("PUT", contents(path), {"type": "notebook", "format": "json", "content": notebook})

    def save_text(self, path: str, text: str) -> Any:
        return self.request("PUT", contents(path), {"type": "file", "format": "text", "content": text})

    def upload(self, path: str, data: bytes, *, chunks: int = 3) -> None:
        """Send a file in parts, as JupyterLab does with a large one."""
        size = max(1, -(-len(data) // chunks))
        parts = [data[start : start + size] for start in range(0, len(data), size)]
        for number, part in enumerate(parts, start=1):
            chunk = -1 if number == len(parts) else number
            model = {"type": "file", "format": "base64", "chunk": chunk, "content": b64encode(part).decode()}
            self.request("PUT", contents(path), model)

    def make_directory(self, path: str) -> None:
        self.request("PUT", contents(path), {"type": "directory"})

    def copy(self, path: str, directory: str = "") -> str:
        """Copy a notebook, and return the copy's path."""
        made: str = self.request("POST", contents(directory), {"copy_from": path})["path"]
        return made

    def rename(self, old: str, new: str) -> None:
        self.request("PATCH", contents(old), {"path": new})

    def delete(self, path: str) -> None:
        self.request("DELETE", contents(path))

    def checkpoints(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.request("GET", f"{contents(path)}/checkpoints")
        return found

    def make_checkpoint(self, path: str) -> str:
        made: str = self.request("POST", f"{contents(path)}/checkpoints")["id"]
        return made

    def restore_checkpoint(self, path: str, checkpoint: str) -> None:
        self.request("POST", f"{contents(path)}/checkpoints/{checkpoint}")


def archived_path(path: str) -> str:
    """Where the depository has a notebook of a server."""
    return f"{NAMESPACE}/files/{path}"


def contents(path: str) -> str:
    """The address of a file."""
    return f"/api/contents/{quote(path)}".rstrip("/")


class Server:
    """A Jupyter server, stopped and started as wanted; what it keeps on disk stays.

    Attributes:
        directory: all that it has is below.
        files: the notebooks that it serves.
        spool: where saves wait.
        store: the depository that it archives into, unless its configuration or `environ` say another.
        log: what it wrote.
        port: the one it answers at.
        python: its interpreter.
    """

    def __init__(
        self,
        directory: Path,
        *,
        program: str = "server",
        python: str = sys.executable,
        extensions: Sequence[str] = ("depository",),
        config: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Describe a server; `start` starts it.

        Args:
            directory: for all that it has; made where it is missing.
            program: one of `PROGRAMS`.
            python: the interpreter.
            extensions: those that it has; without ``depository`` it archives nothing.
            config: lines of Python for its configuration file.
            environ: variables beside those that keep it apart from this user's own.
        """
        self.directory = directory
        self.files = directory / "home" / "files"
        self.spool = directory / "spool"
        self.store = directory / "store"
        self.log = directory / "server.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.python = python
        self._command = [python, *PROGRAMS[program]]
        self._environ = environ or {}
        for part in ("config", "data", "runtime", "home/files"):
            (directory / part).mkdir(parents=True, exist_ok=True)
        wanted = {**dict.fromkeys(EXTENSIONS, False), **dict.fromkeys(extensions, True)}
        settings = {
            "allow_root": True,
            "ip": "127.0.0.1",
            "jpserver_extensions": wanted,
            "open_browser": False,
            "port": self.port,
            "port_retries": 0,
            "root_dir": str(self.files),
        }
        lines = [f"c.ServerApp.{name} = {value!r}" for name, value in settings.items()]
        lines += [f"c.IdentityProvider.token = {TOKEN!r}", config, ""]
        (directory / "config" / "jupyter_server_config.py").write_text("\n".join(lines))

    @property
    def environ(self) -> dict[str, str]:
        """What the server is started with; a command started with it finds the same depository and spool."""
        own = {
            "AWS_EC2_METADATA_DISABLED": "true",
            "DEPOSITORY_NAMESPACE": NAMESPACE,
            "DEPOSITORY_SPOOL": str(self.spool),
            "DEPOSITORY_URL": str(self.store),
            "HOME": str(self.directory / "home"),
            "JUPYTER_CONFIG_DIR": str(self.directory / "config"),
            "JUPYTER_DATA_DIR": str(self.directory / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.directory / "runtime"),
            "PYTHONPATH": str(ROOT),
        }
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "DEPOSITORY_", "JUPYTER", "JPY_", "XDG_", "COV_"))
        }
        return {**kept, **own, **self._environ}

    @property
    def output(self) -> str:
        """All that it has written so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def resident_bytes(self) -> int:
        """The memory that it has in use; 0 if it does not run."""
        return resident_bytes(self.process.pid) if self.process else 0

    def start(self, *, wait: bool = True) -> None:
        """Start it, and return when it answers.

        Raises:
            RuntimeError: it ended, or does not answer.
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=self.files,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            self.wait()

    def wait(self) -> None:
        """Return when it answers.

        Raises:
            RuntimeError: it ended, or does not answer.
        """
        assert self.process
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"The server ended with {self.process.returncode}:\n{self.output[-4000:]}")
            with suppress(OSError, http.client.HTTPException), self.client(timeout=5) as client:
                client.request("GET", "/api")
                return
            time.sleep(0.02)
        raise RuntimeError(f"The server does not answer:\n{self.output[-4000:]}")

    def client(self, *, timeout: float = _PATIENCE) -> Client:
        return Client(self.port, timeout=timeout)

    def stop(self) -> int:
        """Have it end in order, and return its exit code."""
        process = self.process
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        code = process.wait(_PATIENCE)
        self.process = None
        return code

    def kill(self, *, with_workers: bool = False) -> None:
        """End it at once, without a chance to do anything, and perhaps its worker too."""
        workers = self.workers() if with_workers else []
        process, self.process = self.process, None
        if process:
            process.kill()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        if process:
            process.wait()

    def workers(self) -> list[int]:
        """The processes that archive from its spool."""
        return [pid for pid in _processes() if b"depository.spool" in _command(pid) and self._owns(pid)]

    def wait_for_workers(self) -> None:
        """Return when no process archives from its spool; for when the server is gone.

        Raises:
            RuntimeError: one goes on.
        """
        end = time.monotonic() + _PATIENCE
        while self.workers():
            if time.monotonic() > end:
                raise RuntimeError("The worker goes on after its server is gone.")
            time.sleep(0.02)

    def waiting(self) -> int:
        """The items that are in the spool."""
        items = self.spool / "items"
        return len(os.listdir(items)) if items.exists() else 0

    def wait_until_archived(self, *, patience: float = _PATIENCE) -> None:
        """Return when nothing waits in the spool.

        Raises:
            RuntimeError: something waits longer than `patience` seconds.
        """
        end = time.monotonic() + patience
        while waiting := self.waiting():
            if time.monotonic() > end:
                raise RuntimeError(f"{waiting} items wait in the spool:\n{self.output[-4000:]}")
            time.sleep(0.02)

    def command(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run ``depository`` where the server's notebooks are, as its user would in one of its terminals."""
        return subprocess.run(
            [self.python, "-m", "depository", *words],
            cwd=self.files,
            env={**self.environ, "PWD": str(self.files)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
            timeout=_PATIENCE * 5,
        )

    def _owns(self, pid: int) -> bool:
        with suppress(OSError):
            return f"DEPOSITORY_SPOOL={self.spool}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        return False


@contextmanager
def running(server: Server) -> Iterator[Client]:
    """A server until the end of the block, and a client of it."""
    server.start()
    try:
        with server.client() as client:
            yield client
    finally:
        server.stop()
        server.kill(with_workers=True)


def free_port() -> int:
    """A port of this computer that nothing listens at."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def resident_bytes(pid: int) -> int:
    """The memory that a process has in use, as the kernel says; 0 if it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def _processes() -> list[int]:
    names = os.listdir("/proc") if os.path.isdir("/proc") else []
    return [int(name) for name in names if name.isdigit()]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
