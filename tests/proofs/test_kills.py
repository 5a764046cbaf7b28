"""Processes are killed: a sample of what `scripts/faults kills` does, and what is broken on purpose is found out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

HEAD = """
import json, sys
from functools import partial
from pathlib import Path
from depository.backends import connect
from proofs import kills, spool_kills
from proofs.kills import OPERATIONS
scratch = Path(sys.argv[1])
def directories(number):
    return partial(connect, str(scratch / str(number)))
"""
TAIL = """
print(json.dumps({**tally, "troubles": tally.troubles, "words": tally.words}))
"""


def attack(code: str, scratch: Path) -> Any:
    """What was counted by an attack, in a process that has no threads, and so can be forked."""
    environ = {"PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "PATH": ""}
    command = [sys.executable, "-W", "error", "-c", f"{HEAD}{code}{TAIL}", str(scratch)]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def test_a_save_that_is_killed_at_any_point_is_done_or_not_done(tmp_path: Path) -> None:
    found = attack("tally = kills.at_points(OPERATIONS[1], directories, by_call=False)", tmp_path)
    assert not found["words"]
    assert found["kills"] >= 50
    assert 0 < found["done"] < found["kills"]


@pytest.mark.parametrize("number", range(2))
def test_a_save_is_accepted_though_its_process_is_killed_at_once(number: int, tmp_path: Path) -> None:
    found = attack(f"tally = spool_kills.at_points(spool_kills.OPERATIONS[{number}], scratch)", tmp_path)
    assert not found["words"]
    assert found["kills"] >= 18


def test_what_is_killed_at_random_moments_has_lost_nothing(tmp_path: Path) -> None:
    found = attack("tally = kills.at_random(directories, 15, seed=1, longest=0.2)", tmp_path)
    assert not found["words"]
    assert found["kills"] == 15
    assert found["saves"] > 0


def test_what_accepts_and_archives_loses_nothing_when_it_is_killed(tmp_path: Path) -> None:
    found = attack("tally = spool_kills.at_random(scratch, 10, seed=1, longest=0.2)", tmp_path)
    assert not found["words"]
    assert found["kills"] == 10
    assert found["saves"] > 0


def test_a_depository_that_writes_its_manifest_in_two_steps_is_found_out(tmp_path: Path) -> None:
    broken = """
import os
from depository.backends.local import LocalBackend
def place(self, key, path, file, condition):
    self._make_directory(os.path.dirname(path))
    if os.path.lexists(path):
        os.unlink(path)
    os.rename(file, path)
LocalBackend._place = place
tally = kills.at_points(OPERATIONS[1], directories, by_call=False)
"""
    assert attack(broken, tmp_path)["wrong afterwards"]


def test_a_save_that_is_acknowledged_too_early_is_found_out(tmp_path: Path) -> None:
    broken = """
def operate(opened, state, step, point, by_call, say):
    say(b".")
    real(opened, state, step, point, by_call, lambda _: None)
real, kills._operate = kills._operate, operate
tally = kills.at_points(OPERATIONS[1], directories, by_call=False)
"""
    assert attack(broken, tmp_path)["wrong afterwards"]
