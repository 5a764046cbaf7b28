"""A server that is killed at any moment has archived, or archives at its next start, each save that it acknowledged."""

from depository import Depository
from tests.jupyter.conftest import MakeServer
from tests.jupyter.killing import check, kill_again_and_again
from tests.jupyter.marks import Ledger, mark, sized
from tests.jupyter.servers import archived_path


def test_saves_that_were_acknowledged_before_a_kill_are_archived_once_and_in_order(make_server: MakeServer) -> None:
    server = make_server()
    ledger, _ = kill_again_and_again(server, 5)
    assert ledger.saves
    assert check(server, ledger, str(server.store)) == []


def test_a_save_whose_server_is_killed_right_after_its_answer_is_archived_without_another_start(
    make_server: MakeServer,
) -> None:
    server = make_server()
    ledger = Ledger()
    server.start()
    with server.client() as client:
        for _ in range(2):
            server.wait_until_archived()  # the first save makes the depository, which the command does not
            number = ledger.issue("a.ipynb")
            client.save("a.ipynb", mark(sized(2_000), number))
            ledger.acknowledge("a.ipynb", number)
    server.kill(with_workers=True)
    server.command("sync")
    assert server.waiting() == 0
    with Depository.open(str(server.store)) as depository:
        assert ledger.complaints(depository, archived_path) == []
