"""Many saves at once: all of them are archived, in order, none twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from depository import Depository
from tests.jupyter.conftest import MakeServer
from tests.jupyter.marks import Ledger, mark, sized
from tests.jupyter.servers import Server, archived_path, running

SAVES = 1_000
CLIENTS = 4


def save_in_turns(server: Server, ledger: Ledger, paths: list[str], saves: int) -> None:
    """As one client does, waiting for each answer."""
    body = sized(2_000)
    with server.client() as client:
        for turn in range(saves):
            path = paths[turn % len(paths)]
            number = ledger.issue(path)
            client.save(path, mark(body, number))
            ledger.acknowledge(path, number)


def shares(paths: int) -> list[list[str]]:
    """The paths, dealt out to clients; one path has one client, so that its order is known."""
    names = [f"n{number}.ipynb" for number in range(paths)]
    return [part for part in (names[first::CLIENTS] for first in range(CLIENTS)) if part]


@pytest.mark.parametrize("paths", [1, 100])
def test_a_thousand_saves_in_a_burst_are_all_archived_in_order_and_none_twice(
    make_server: MakeServer, paths: int
) -> None:
    server = make_server()
    ledgers = [Ledger() for _ in shares(paths)]
    with running(server), ThreadPoolExecutor(CLIENTS) as clients:
        jobs = [
            clients.submit(save_in_turns, server, ledger, part, SAVES // len(ledgers))
            for ledger, part in zip(ledgers, shares(paths), strict=True)
        ]
        for job in jobs:
            job.result()
        server.wait_until_archived()
    assert sum(ledger.saves for ledger in ledgers) == SAVES
    with Depository.open(str(server.store)) as depository:
        assert [complaint for one in ledgers for complaint in one.complaints(depository, archived_path)] == []


def test_a_server_that_stops_archives_what_waits_first(make_server: MakeServer) -> None:
    server = make_server()
    ledger = Ledger()
    with running(server):
        save_in_turns(server, ledger, ["a.ipynb"], 30)
    assert server.waiting() == 0
    with Depository.open(str(server.store)) as depository:
        assert ledger.complaints(depository, archived_path) == []
