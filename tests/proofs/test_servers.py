"""Many writers, one service, faults on the way: the referee, and a small run of all of it against moto."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from proofs import services
from proofs.servers import Entry, content, judge, path_of
from proofs.tally import Tally

from depository import Depository
from depository.backends.memory import MemoryBackend

ROOT = Path(__file__).parents[2]
PATH = path_of(0)


def judged(marks: Sequence[str], *ledgers: Sequence[Entry]) -> Tally:
    """What the referee says of a history."""
    backend = MemoryBackend()
    with Depository.adopt(backend) as depository:
        for number in range(10):
            depository.save(path_of(number), content("start"))
        for mark in marks:
            depository.save(PATH, content(mark))
    started = [Entry(path_of(number), "start", 1) for number in range(10)]
    tally = Tally()
    judge(backend, [started, *ledgers], tally)
    return tally


def test_a_history_that_has_what_was_acknowledged_is_right() -> None:
    tally = judged(["a", "b", "c"], [Entry(PATH, "a", 2), Entry(PATH, "c", 4)], [Entry(PATH, "b", 3)])
    assert not tally.troubles
    assert tally["told"] == 13


def test_an_unclear_save_may_be_there_or_not() -> None:
    tally = judged(["a"], [Entry(PATH, "a", None), Entry(PATH, "b", None)])
    assert not tally.troubles
    assert (tally["unclear"], tally["unclear, there"]) == (2, 1)


@pytest.mark.parametrize(
    ("marks", "ledger", "said"),
    [
        ([], [Entry(PATH, "a", 2)], "is lost"),
        (["a", "b", "a"], [Entry(PATH, "a", 2), Entry(PATH, "b", 3)], "is there 2 times"),
        (["a", "b", "a"], [Entry(PATH, "a", None), Entry(PATH, "b", 3)], "is there 2 times"),
        (["a", "b"], [Entry(PATH, "a", 3), Entry(PATH, "b", 2)], "is another version"),
        (["a"], [], "nobody saved"),
        (["b", "a"], [Entry(PATH, "a", 3), Entry(PATH, "b", 2)], "after v3"),
    ],
    ids=["lost", "twice", "unclear and twice", "renumbered", "unheard of", "out of order"],
)
def test_anything_else_is_told(marks: list[str], ledger: list[Entry], said: str) -> None:
    tally = judged(marks, ledger)
    assert any(said in words for words in tally.words)


def test_a_service_is_named_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "service.env"
    file.write_text("# ours\nexport AWS_ENDPOINT_URL='http://127.0.0.1:1'\nDEPOSITORY_SERVER=Some 1.0, versioned\n\n")
    assert services.variables(file) == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "DEPOSITORY_SERVER": "Some 1.0, versioned",
    }


def test_four_processes_save_through_a_proxy_and_nothing_is_lost(tmp_path: Path) -> None:
    code = """
import json, sys
from pathlib import Path
from proofs import servers, services
with services.places(()) as (moto,):
    tally = servers.attack(moto, servers.Amount(4, 6), Path(sys.argv[1]), seed=3, serialised=True)
print(json.dumps({**tally, "words": tally.words}))
"""
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    found = json.loads(done.stdout)
    assert not found["words"]
    assert found["told"] + found["unclear"] == 24
    assert found["faults"] > 0
