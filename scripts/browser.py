"""Install depository and JupyterLab into a fresh environment, save once in a browser, and find that in the archive.

Nothing is configured. The browser is a Chromium without a window, told over its DevTools protocol what to do: open the
notebook, type into its first cell, and press Ctrl+S.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import ExitStack
from pathlib import Path

from tests.chromium import Page, find, opened, wait_for
from tests.jupyter.servers import ROOT, free_port
from tests.notebooks import code, file_of, notebook

TYPED = "answer = 6 * 7"

_FOCUS = """
(() => {
  const editor = document.querySelector('.jp-Notebook .jp-Cell .cm-content');
  if (!editor || !document.querySelector('.jp-Notebook')) return false;
  editor.focus();
  return document.activeElement === editor;
})()
"""
_TEXT = "(document.querySelector('.jp-Notebook .jp-Cell .cm-content') || {}).textContent || ''"


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
    with opened(browser, directory, lab) as page:
        page.do("Page.bringToFront")
        page.do("Emulation.setFocusEmulationEnabled", enabled=True)
        wait_for("the notebook", lambda: page.value(_FOCUS))
        wait_for("what was typed", lambda: _type(page))
        page.press("s", "KeyS", control=True)
        wait_for("the saved file", lambda: TYPED.encode() in file.read_bytes())


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/browser", description=__doc__)
    parser.add_argument("--browser", help="the program; the first of the usual names if not given")
    parser.add_argument("--install", default=str(ROOT), help="what pip is to install as depository")
    options = parser.parse_args()
    browser = find(options.browser)
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
