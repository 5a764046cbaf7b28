"""A user at a prompt: runs the command in this process or in one of its own, and looks at files."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from depository.cli.app import app

COMMAND = [sys.executable, "-c", "from depository.cli import main; main()"]
"""The command as a process, without what starting it through its script would add."""


class Result(NamedTuple):
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The output, as a JSON object a line."""
        return [json.loads(line) for line in self.lines]

    @property
    def document(self) -> Any:
        """The output, as one JSON document."""
        return json.loads(self.out)


class Shell:
    """In the directory `here`, which is ``~/proj`` at first."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._patch = patch

    @property
    def here(self) -> Path:
        return Path.cwd()

    @property
    def store(self) -> Path:
        """The depository that is used where nothing else is said."""
        return self.home / ".local" / "share" / "depository"

    def cd(self, directory: Path | str) -> None:
        self._patch.chdir(directory)
        self._patch.setenv("PWD", str(Path.cwd()))

    def setenv(self, name: str, value: str) -> None:
        self._patch.setenv(name, value)

    def __call__(self, *words: str, code: int = 0) -> Result:
        """Run the command, which has to exit with `code`, and never with a traceback."""
        done = CliRunner().invoke(app, words, prog_name="depository")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, (done.exit_code, done.stdout, done.stderr)
        return Result(done.exit_code, done.stdout, done.stderr)

    def complete(self, **environ: str) -> Result:
        """Answer a shell that asks for completions."""
        done = CliRunner().invoke(app, [], env=environ, prog_name="depository")
        assert done.exit_code == 0
        return Result(done.exit_code, done.stdout, done.stderr)

    def raw(self, *words: str) -> bytes:
        """The output, as it is."""
        done = CliRunner().invoke(app, words, prog_name="depository")
        assert done.exit_code == 0, done.stderr
        return done.stdout_bytes

    def fails(self, *words: str, code: int = 1) -> str:
        """Run the command, which has to fail with one sentence; return the sentence."""
        err = self(*words, code=code).err
        assert err.startswith("depository: "), err
        assert err.count("\n") == 1, err
        sentence = err.removeprefix("depository: ").rstrip("\n")
        assert sentence.endswith("."), sentence
        return sentence

    def process(
        self, *words: str, stdin: Any = subprocess.DEVNULL, **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the command as a process."""
        return subprocess.run(
            [*COMMAND, *words],
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=process_environ(environ),
        )

    def write(self, name: str, *sources: str, **more: Any) -> Path:
        """Write a notebook with a code cell for each source."""
        return self.put(name, notebook(*sources, **more))

    def put(self, name: str, data: bytes) -> Path:
        file = self.here / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file


def process_environ(more: dict[str, str]) -> dict[str, str]:
    """The environment for a process that finds this code."""
    root = str(Path(__file__).parents[2])
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).strip(os.pathsep),
        **more,
    }


def notebook(*sources: str, output: str | None = None, metadata: dict[str, Any] | None = None) -> bytes:
    """A notebook's file as Jupyter writes it, with a code cell for each source."""
    outputs = [{"name": "stdout", "output_type": "stream", "text": output.splitlines(keepends=True)}] if output else []
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": outputs,
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources)
    ]
    content = {"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
