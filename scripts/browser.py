"""Install depository and JupyterLab into a fresh environment, save once in a browser, and find that in the archive.

Nothing is configured. The browser is a Chromium without a window, told over its DevTools protocol what to do: open the
notebook, type into its first cell, and press Ctrl+S.
"""

import argparse
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from tests.jupyter.servers import ROOT, free_port
from tests.notebooks import code, file_of, notebook

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
TYPED = "answer = 6 * 7"
_PATIENCE = 120.0

_FOCUS = """
(() => {
  const editor = document.querySelector('.jp-Notebook .jp-Cell .cm-content');
  if (!editor || !document.querySelector('.jp-Notebook')) return false;
  editor.focus();
  return document.activeElement === editor;
})()
"""
_TEXT = "(document.querySelector('.jp-Notebook .jp-Cell .cm-content') || {}).textContent || ''"


class Page:
    """A page of a browser."""

    def __init__(self, port: int) -> None:
        """Connect to the page of the browser that answers at a port."""
        import websocket  # the client that jupyter_server itself needs

        self._numbers = itertools.count(1)
        pages = wait_for("the browser", lambda: _json(f"http://127.0.0.1:{port}/json"))
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        self._socket = websocket.create_connection(address, timeout=_PATIENCE, suppress_origin=True)

    def do(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                return answer.get("result")

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


def wait_for(what: str, find: Callable[[], Any]) -> Any:
    """What is found, as soon as it is something.

    Raises:
        SystemExit: it does not come.
    """
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with suppress(OSError):
            found = find()
            if found:
                return found
        time.sleep(0.1)
    raise SystemExit(f"It took too long to wait for {what}.")


def _json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of this computer
        return json.load(answer)


def install(directory: Path, wanted: str) -> Path:
    """A fresh environment with depository and JupyterLab; the directory of its programs."""
    venv.create(directory, with_pip=True)
    pip = [
        str(directory / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, wanted, "jupyterlab"], check=True)
    return directory / "bin"


def surroundings(home: Path, programs: Path) -> dict[str, str]:
    """The environment of somebody who has configured nothing."""
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "LC_ALL", "TZ")}
    return {**kept, "HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "USER": "kylek", "LOGNAME": "kylek"}


def _type(page: Page) -> bool:
    """Type into the first cell, unless it has been done; JupyterLab may build the cell anew while it opens."""
    if page.value(_TEXT) == TYPED:
        return True
    if page.value(_FOCUS) and not page.value(_TEXT):
        page.do("Input.insertText", text=TYPED)
        time.sleep(1)
    return False


def save_in_browser(lab: str, browser: str, directory: Path, file: Path) -> None:
    """Open a notebook in JupyterLab, type into it, and save it."""
    port = free_port()
    options = [
        "--headless=new",
        "--window-size=1400,1000",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--remote-debugging-port={port}",
        f"--user-data-dir={directory}",
        lab,
    ]
    process = subprocess.Popen(
        [browser, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        page = Page(port)
        page.do("Page.bringToFront")
        page.do("Emulation.setFocusEmulationEnabled", enabled=True)
        wait_for("the notebook", lambda: page.value(_FOCUS))
        wait_for("what was typed", lambda: _type(page))
        page.press("s", "KeyS", control=True)
        wait_for("the saved file", lambda: TYPED.encode() in file.read_bytes())
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/browser", description=__doc__)
    parser.add_argument("--browser", help="the program; the first of the usual names if not given")
    parser.add_argument("--install", default=str(ROOT), help="what pip is to install as depository")
    options = parser.parse_args()
    browser = options.browser or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"There is no browser called any of {', '.join(BROWSERS)}; name one with --browser.")
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        work = top / "home" / "work"
        work.mkdir(parents=True)
        (work / "mine.ipynb").write_bytes(file_of(notebook(code(""))))
        programs = install(top / "environment", options.install)
        environ = surroundings(top / "home", programs)
        port = free_port()
        with (top / "lab.log").open("wb") as log:
            lab = subprocess.Popen(
                [programs / "jupyter", "lab", "--no-browser", f"--port={port}", "--allow-root"],
                cwd=work,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            url = wait_for("JupyterLab", lambda: _address(top / "lab.log", port))
            save_in_browser(url, browser, top / "profile", work / "mine.ipynb")
            shown = wait_for("the archive", lambda: _log(programs, work, environ))
        finally:
            lab.terminate()
            lab.wait()
        saved = json.loads((work / "mine.ipynb").read_text())["cells"][0]["source"]
        print(f"saved in the browser: {saved}\n$ depository log mine.ipynb\n{shown}", end="")
        archived = _run(programs, work, environ, "show", "mine.ipynb@latest")
        print(f"$ depository show mine.ipynb@latest\n{archived}", end="")
        sys.exit(TYPED not in "".join(saved) or TYPED not in archived)


def _address(log: Path, port: int) -> str | None:
    """Where JupyterLab says that it is, opened at the notebook."""
    for word in log.read_text(errors="replace").split():
        if word.startswith(f"http://127.0.0.1:{port}/lab?token="):
            return word.replace("/lab?", "/lab/tree/mine.ipynb?")
    return None


def _log(programs: Path, work: Path, environ: dict[str, str]) -> str:
    """The versions of the notebook; empty as long as there is none."""
    return _run(programs, work, environ, "log", "mine.ipynb")


def _run(programs: Path, work: Path, environ: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [programs / "depository", *words],
        cwd=work,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


if __name__ == "__main__":
    main()
