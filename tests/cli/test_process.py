"""The command as a process: what it loads, pipes, terminals, pagers, signals and exit codes."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from depository import Depository, __version__
from tests.cli.shell import COMMAND, Shell, notebook, process_environ

HEAVY = {
    "asyncio",
    "boto3",
    "botocore",
    "concurrent.futures",
    "dataclasses",
    "logging",
    "nbformat",
    "rich",
    "shutil",
    "subprocess",
    "tempfile",
    "tomllib",
    "urllib.request",
}
"""What takes long to import, and no quick command needs."""


@pytest.fixture
def saved(shell: Shell) -> Shell:
    with Depository.create(str(shell.store), author="kylek") as depository:
        for number in range(30):
            depository.save("kylek/proj/mine.ipynb", notebook(f"print({number})"))
    shell.write("mine.ipynb", "print(29)")
    return shell


@pytest.mark.parametrize("words", [["log"], ["log", "--json"], ["ls"], ["tag"]])
@pytest.mark.usefixtures("saved")
def test_a_quick_command_loads_little(words: list[str]) -> None:
    code = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "from depository.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, env=process_environ({})
    )
    loaded = set(json.loads(done.stderr))
    assert not loaded & HEAVY


@pytest.mark.usefixtures("saved")
def test_it_runs_as_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "depository", "log", "-n1"],
        capture_output=True,
        text=True,
        check=True,
        env=process_environ({}),
    )
    assert done.stdout.startswith("v30")


def test_the_version_is_shown(shell: Shell) -> None:
    assert shell("--version").out == f"depository {__version__}\n"


# exit codes


def test_words_that_it_does_not_know_are_exit_code_2(shell: Shell) -> None:
    for words in (["nothing"], ["log", "--nothing"], ["save"], ["log", "-n", "x"], ["--color", "blue", "ls"]):
        done = shell.process(*words)
        assert done.returncode == 2
        assert done.stderr.startswith("Usage: depository")
        assert "Traceback" not in done.stderr


def test_a_command_that_is_nearly_right_is_offered(shell: Shell) -> None:
    assert "publish" in shell("pubish", code=2).err


def test_an_error_is_a_sentence_on_stderr(shell: Shell) -> None:
    done = shell.process("log", "gone.ipynb")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("depository: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("shell")
def test_ctrl_c_is_exit_code_130_and_no_traceback() -> None:
    code = (
        "import os, signal, depository.cli.session as s\n"
        "s.Session.place = lambda self: os.kill(os.getpid(), signal.SIGINT)\n"
        "from depository.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "info"], capture_output=True, text=True, check=False, env=process_environ({})
    )
    assert done.returncode == 130
    assert done.stderr.strip() == ""


# pipes


@pytest.mark.usefixtures("saved")
def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [*COMMAND, "log"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False, env=process_environ({})
    )
    os.close(writing)
    assert process.stderr == ""
    assert process.returncode == 141


def test_in_a_pipe_text_is_plain_and_whole(saved: Shell) -> None:
    saved("save", "mine.ipynb")
    saved.write("mine.ipynb", "last")
    saved("save", "mine.ipynb", "-m", "long " * 60)
    out = saved.process("log").stdout
    assert "\x1b" not in out
    assert "long " * 59 in out


def test_colours_in_a_pipe_can_be_asked_for(saved: Shell) -> None:
    assert "\x1b[33mv30\x1b[0m" in saved.process("--color", "always", "log").stdout
    assert "\x1b[33mv30\x1b[0m" in saved.process("log", "--color", "always").stdout


def test_an_encoding_that_lacks_a_letter_is_no_error(saved: Shell) -> None:
    saved.write("日.ipynb", "x")
    done = saved.process("save", "日.ipynb", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stdout) == (0, "\\u65e5.ipynb: v1\n")


# terminals


class Terminal:
    """A terminal of 80 columns and 24 rows with the command in it."""

    def __init__(self, *words: str, **environ: str) -> None:
        self.process, self._screen = -1, -1
        self._seen = b""
        self._last = time.monotonic() + 120
        command = [*COMMAND, *words]
        whole = process_environ(environ)
        self.process, self._screen = pty.fork()
        if self.process == 0:
            os.execve(command[0], command, whole)  # noqa: S606
        os.set_blocking(self._screen, False)
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def read_until(self, text: str) -> str:
        """All that was shown so far, as soon as there is that text in it."""
        while text.encode() not in self._seen:
            assert self._read(), f"no {text!r} in {self._seen!r}"
        return self._seen.decode()

    def end(self) -> tuple[int, str]:
        """Wait for the end: the exit code, and all that was shown."""
        while self._read():
            pass
        while not (ended := os.waitpid(self.process, os.WNOHANG))[0]:
            self._be_patient()
            time.sleep(0.001)
        os.close(self._screen)
        return os.waitstatus_to_exitcode(ended[1]), self._seen.decode()

    def _read(self) -> bool:
        """Whether there was more before the end."""
        while not select.select([self._screen], [], [], 1)[0]:
            self._be_patient()
        try:
            data = os.read(self._screen, 65536)
        except OSError:  # whoever wrote there is gone
            return False
        self._seen += data
        return bool(data)

    def _be_patient(self) -> None:
        if time.monotonic() > self._last:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            raise AssertionError(f"it goes on and on, after {self._seen!r}")


@pytest.mark.usefixtures("saved")
def test_on_a_terminal_there_are_colours() -> None:
    code, out = Terminal("log", "-n", "3").end()
    assert code == 0
    assert "\x1b[33mv30\x1b[0m" in out


@pytest.mark.parametrize("how", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.usefixtures("saved")
def test_a_terminal_that_wants_no_colours_gets_none(how: dict[str, str]) -> None:
    assert "\x1b[" not in Terminal("log", "-n", "3", **how).end()[1]
    assert "\x1b[" not in Terminal("--color", "never", "log", "-n", "3").end()[1]


def test_on_a_terminal_a_long_message_is_cut_at_its_edge(saved: Shell) -> None:
    saved.write("mine.ipynb", "last")
    saved("save", "mine.ipynb", "-m", "日本語 long " * 60)
    out = Terminal("log", "-n", "1", "--color", "never", COLUMNS="100").end()[1]
    assert out.endswith("…\r\n")
    assert len(out) < 110


@pytest.fixture
def pager(tmp_path: Path) -> str:
    """A pager that shows how it was called, and what it was given in upper case."""
    script = tmp_path / "pager"
    script.write_text('#!/bin/sh\necho "pager $* LESS=$LESS"\nexec tr a-z A-Z\n')
    script.chmod(0o755)
    return f"'{script}' -x"


@pytest.mark.usefixtures("saved")
def test_what_is_longer_than_the_screen_goes_through_the_pager(pager: str) -> None:
    code, out = Terminal("log", PAGER=pager).end()
    assert code == 0
    assert out.startswith("pager -x LESS=FRX\r\n")
    assert "KYLEK" in out


@pytest.mark.usefixtures("saved")
def test_what_fits_the_screen_does_not(pager: str) -> None:
    assert "pager" not in Terminal("log", "-n", "20", PAGER=pager).end()[1]


@pytest.mark.usefixtures("saved")
def test_the_pager_can_be_left_out(pager: str) -> None:
    for words in (["--no-pager", "log"], ["log", "--no-pager"]):
        assert "pager" not in Terminal(*words, PAGER=pager).end()[1]
    assert "pager" not in Terminal("log", PAGER="cat").end()[1]
    assert "pager" not in Terminal("log", PAGER="").end()[1]


@pytest.mark.usefixtures("saved")
def test_a_pager_for_this_command_alone_goes_first(pager: str) -> None:
    assert Terminal("log", PAGER="false", DEPOSITORY_PAGER=pager).end()[1].startswith("pager -x")


@pytest.mark.usefixtures("saved")
def test_what_the_user_wants_of_less_is_respected(pager: str) -> None:
    assert "LESS=-S" in Terminal("log", PAGER=pager, LESS="-S").end()[1]


@pytest.mark.usefixtures("saved")
def test_a_pager_that_is_not_there_is_done_without() -> None:
    code, out = Terminal("log", PAGER="/no/such/pager", LINES="10").end()
    assert code == 0
    assert len(out.splitlines()) == 30
    assert Terminal("log", PAGER="'").end()[0] == 0


@pytest.mark.usefixtures("saved")
def test_a_pager_that_has_had_enough_is_no_error() -> None:
    code, out = Terminal("log", PAGER="head -n 1").end()
    assert code == 0
    assert len(out.splitlines()) == 1


@pytest.mark.usefixtures("saved")
def test_less_is_left_with_q() -> None:
    terminal = Terminal("log", PAGER="less -FRX")
    terminal.read_until(":")
    terminal.type("q")
    code, out = terminal.end()
    assert code == 0
    assert "Traceback" not in out


def test_a_progress_bar_is_shown_and_gone_in_the_end(shell: Shell) -> None:
    for number in range(3):
        shell.write(f"n{number}.ipynb", "x")
    code, out = Terminal("save", ".").end()
    assert code == 0
    assert "1/3" in out
    assert out.endswith("\r\x1b[K")
    assert "n2.ipynb: v1\r\n" in out
    assert "1/3" not in shell.process("save", ".").stderr
