"""What the pages about Jupyter show is what happens: their commands are run beside a real server.

What a page tells the reader to do in JupyterLab is done here by the requests that JupyterLab sends, before the first
command below that heading. Commands that install or start something are done already.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.jupyter.conftest import MakeServer
from tests.jupyter.servers import Client, Server, running
from tests.notebooks import code, notebook, stream
from tests.test_docs import DOCS, FENCE, blocks, commands, matches

_DONE_ALREADY = ("pip ", "jupyter ", "python -m pip ")

Scene = Callable[[Server, Client], None]


class Terminal:
    """A terminal of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        programs = server.directory / "bin"
        programs.mkdir()
        program = programs / "depository"
        program.write_text(f'#!/bin/sh\nexec "{server.python}" -m depository "$@"\n')
        program.chmod(0o755)
        self._environ = {
            **server.environ,
            "LC_ALL": "C.UTF-8",
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PWD": str(server.files),
            "TZ": "UTC",
        }

    def run(self, command: str) -> str:
        """All that a command says."""
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", command],
            cwd=self._server.files,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        return done.stdout


def follow(page: Path, server: Server, client: Client, scenes: Mapping[str, Scene]) -> None:
    """Do what a page says, from its start to its end."""
    terminal, todo = Terminal(server), dict(scenes)
    headings = {line: heading for line, heading in _headings(page)}
    for block in blocks(page):
        here = headings[max(line for line in headings if line < block.line)]
        if block.language != "console":
            continue
        if here in todo:
            todo.pop(here)(server, client)
        for command in commands(block):
            if command.text.startswith(_DONE_ALREADY):
                continue
            said = terminal.run(command.text)
            shown = command.output
            if not matches(shown, said):
                pytest.fail(f"{page.name}, line {block.line}: $ {command.text}\n-- shown\n{shown}-- said\n{said}")
    assert not todo, "no command stands below these headings"


def _headings(page: Path) -> Iterator[tuple[int, str]]:
    text = page.read_text(encoding="utf-8")
    bare = FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in re.finditer(r"^#+ (.*)$", bare, re.MULTILINE):
        yield bare.count("\n", 0, found.start()) + 1, found[1]


def rain(*days: int, count: int) -> object:
    source = f'rain = {list(days)}\nprint(sum(rain), "mm")'
    return notebook(code(source, stream(f"{sum(days)} mm\n"), cell_id="a", count=count))


def press_save(server: Server, client: Client, path: str, content: object) -> None:
    """Save as JupyterLab's button does, with a checkpoint after it."""
    client.save(path, content)
    client.make_checkpoint(path)
    server.wait_until_archived()


# The tutorial


def make_and_save(server: Server, client: Client) -> None:
    made = client.request("POST", "/api/contents/", {"type": "notebook"})["path"]
    client.rename(made, "rain.ipynb")
    press_save(server, client, "rain.ipynb", rain(3, 0, 12, 7, count=1))


def change_and_save_twice(server: Server, client: Client) -> None:
    for _ in range(2):
        press_save(server, client, "rain.ipynb", rain(3, 0, 12, 7, 1, count=2))


def revert(server: Server, client: Client) -> None:
    client.restore_checkpoint("rain.ipynb", client.checkpoints("rain.ipynb")[1]["id"])
    server.wait_until_archived()


def delete(server: Server, client: Client) -> None:
    client.delete("rain.ipynb")
    server.wait_until_archived()


def test_the_tutorial_works(make_server: MakeServer) -> None:
    server = make_server(environ={"DEPOSITORY_URL": ""})
    with running(server) as client:
        scenes = {
            "Save": make_and_save,
            "Change something": change_and_save_twice,
            "Have a version back": revert,
            "After an accident": delete,
        }
        follow(DOCS / "tutorial" / "jupyter.md", server, client, scenes)
        assert client.get("rain.ipynb")["content"]["cells"][0]["source"].startswith("rain = [3, 0, 12, 7]\n")
        said = " ".join(server.output.split())
        assert "depository: DepositoryAsyncLargeFileManager archives into" in said
        assert "because it is yours by default" in said
