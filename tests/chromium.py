"""A Chromium without a window, told over its DevTools protocol what to do."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.jupyter.servers import free_port

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 120.0
"""Seconds that anything may take."""


def installed() -> str | None:
    """The program: the first of the usual names that there is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def find(named: str | None) -> str:
    """The program that is named, else the one that is installed.

    Raises:
        SystemExit: there is none.
    """
    found = named or installed()
    if found is None:
        raise SystemExit(f"There is no browser called any of {', '.join(BROWSERS)}; name one with --browser.")
    return found


class Page:
    """A page of a browser."""

    def __init__(self, port: int) -> None:
        """Connect to the page of the browser that answers at a port."""
        import websocket  # the client that jupyter_server itself needs

        self._numbers = itertools.count(1)
        pages = wait_for("the browser", lambda: _json(f"http://127.0.0.1:{port}/json"))
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        self._socket = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
        self.on_event: Callable[[str, dict[str, Any]], None] | None = None
        """Told what happens in the page while commands are done: the name of each event, and its parameters."""

    def close(self) -> None:
        """Let go of the browser."""
        self._socket.close()

    def tell(self, method: str, **parameters: Any) -> int:
        """Give one command of the protocol, and do not wait for its answer; its number."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        return number

    def do(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol.

        Raises:
            TimeoutError: it is not answered, though other things may still happen.
        """
        number = self.tell(method, **parameters)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                return answer.get("result")
            self._take(answer)
        raise TimeoutError(f"{method} is not answered.")

    def listen(self, seconds: float) -> None:
        """Take what happens for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(0.05, seconds))
            self.do("Browser.getVersion")

    def _take(self, answer: dict[str, Any]) -> None:
        if "method" in answer and self.on_event:
            self.on_event(answer["method"], answer.get("params", {}))

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        found = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        return found.get("result", {}).get("value")

    def press(self, key: str, code_: str, *, control: bool = False) -> None:
        """Press a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.do(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=code_,
                modifiers=2 if control else 0,
                windowsVirtualKeyCode=ord(key.upper()),
            )


@contextmanager
def opened(browser: str, profile: Path, url: str = "about:blank", *options: str) -> Iterator[Page]:
    """A page of a browser that has just been started, and ends with the block.

    Args:
        browser: the program.
        profile: a directory of its own.
        url: what it shows.
        *options: more of the program's options.
    """
    port = free_port()
    command = [
        browser,
        "--headless=new",
        "--window-size=1400,1000",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--remote-debugging-port={port}",
        f"--user-data-dir={profile}",
        *options,
        url,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        page = Page(port)
        try:
            yield page
        finally:
            page.close()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(what: str, find_it: Callable[[], Any]) -> Any:
    """What is found, as soon as it is something.

    Raises:
        SystemExit: it does not come.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(OSError):
            found = find_it()
            if found:
                return found
        time.sleep(0.1)
    raise SystemExit(f"It took too long to wait for {what}.")


def _json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of this computer
        return json.load(answer)
