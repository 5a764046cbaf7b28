"""Time and instructions of calls and of whole processes, in turns, so that a busy machine slows all of them alike."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.results import Figure


class Taken(NamedTuple):
    """What one run took, in seconds."""

    cpu: float
    """Of a call: all threads of this process. Of a command: it and the processes that it waited for."""
    wall: float


class Taking:
    """What several rounds took."""

    def __init__(self) -> None:
        self.runs: list[Taken] = []

    @property
    def cpu(self) -> Figure:
        """CPU time, in ms."""
        return Figure.of([run.cpu for run in self.runs], 1000)

    @property
    def wall(self) -> Figure:
        """Time that went by, in ms."""
        return Figure.of([run.wall for run in self.runs], 1000)


def call(work: Callable[[], object]) -> Taken:
    """Time a call."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Taken(time.process_time() - cpu, time.perf_counter() - wall)


def command(
    words: Sequence[str],
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> Taken:
    """Time a process as a whole, from its start to its end; what it writes is dropped, or goes into a file.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile() as said, open(output or os.devnull, "wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(words, cwd=cwd, env={**os.environ, **(environ or {})}, stdout=out, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            message = said.read()[-2000:].decode(errors="replace")
            raise RuntimeError(f"{' '.join(words)[:200]} failed: {message}")
    return Taken(usage.ru_utime + usage.ru_stime, wall)


def turns(rounds: int, work: Mapping[str, Callable[[int], Taken]], *, warm: int = 1) -> dict[str, Taking]:
    """Run each kind of work once a round, in turns, after rounds that do not count.

    Args:
        rounds: that count.
        work: by name, each given the number of the round, from 0 on, the ones that do not count included.
        warm: rounds before those that count.
    """
    found = {name: Taking() for name in work}
    for number in range(warm + rounds):
        for name, run in work.items():
            taken = run(number)
            if number >= warm:
                found[name].runs.append(taken)
    return found


def instructions(
    words: Sequence[str],
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    with_children: bool = False,
) -> float:
    """Instructions that a command takes, as callgrind counts them.

    Args:
        words: the command.
        cwd: where it runs.
        environ: what is added to its environment.
        with_children: with the programs that it starts. A process that is forked and is no other program counts what
            its parent had counted, so this is not for programs that do so.

    Raises:
        RuntimeError: valgrind is not there, or the command failed.
    """
    if not shutil.which("valgrind"):
        raise RuntimeError("valgrind is not installed")
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            [
                "valgrind",
                "--tool=callgrind",
                f"--trace-children={'yes' if with_children else 'no'}",
                f"--callgrind-out-file={directory}/out.%p",
                f"--log-file={directory}/log.%p",
                *words,
            ],
            cwd=cwd,
            # hashes of strings are drawn by chance, and with them the instructions
            env={**os.environ, "PYTHONHASHSEED": "0", **(environ or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _, said = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{words[0]} failed under valgrind: {said[-500:].decode(errors='replace')}")
        logs = [
            file.read_text(errors="replace")
            for file in Path(directory).glob("log.*" if with_children else f"log.{process.pid}")
        ]
    counts = [int(found[1].replace(",", "")) for log in logs if (found := re.search(r"Collected : (\d+)", log))]
    if not counts:
        raise RuntimeError("callgrind told no count")
    return float(sum(counts))


PYTHON = sys.executable
"""The interpreter that runs this, and runs every command in Python."""
