"""A Jupyter server that is killed again and again while notebooks are saved in it."""

import http.client
import random
import threading
import time

from depository import Depository
from depository.backends.s3_settings import S3Settings
from tests.jupyter.marks import Ledger, mark, sized
from tests.jupyter.servers import Server, archived_path

PATHS = ("a.ipynb", "b.ipynb", "below/c.ipynb")
SIZES = (5_000, 25_000, 300_000)


def save_until_killed(server: Server, ledger: Ledger, chance: random.Random) -> None:
    """Save until the server is gone."""
    bodies = [sized(size, seed=size) for size in SIZES]
    with server.client() as client:
        while True:
            path = chance.choice(PATHS)
            number = ledger.issue(path)
            try:
                client.save(path, mark(chance.choice(bodies), number))
            except (OSError, http.client.HTTPException):
                return
            ledger.acknowledge(path, number)


def kill_again_and_again(server: Server, kills: int, *, seed: int = 0, longest: float = 0.6) -> tuple[Ledger, int]:
    """Kill a server that often, each time up to `longest` seconds after it began to save.

    Returns:
        what was saved, and how many processes that archived were killed too.
    """
    chance = random.Random(seed)
    ledger = Ledger()
    worker_kills = 0
    (server.files / "below").mkdir(exist_ok=True)
    for number in range(kills):
        server.start()
        saving = threading.Thread(target=save_until_killed, args=(server, ledger, chance))
        saving.start()
        time.sleep(chance.uniform(0, longest))
        workers = server.workers() if number % 2 else []
        server.kill(with_workers=bool(number % 2))
        worker_kills += len(workers)
        saving.join()
    server.wait_for_workers()
    return ledger, worker_kills


def check(server: Server, ledger: Ledger, url: str, settings: S3Settings | None = None) -> list[str]:
    """Have what waits archived by a last server, and hold the archive at a URL against the ledger."""
    server.start()
    try:
        server.wait_until_archived()
    finally:
        server.stop()
    server.wait_for_workers()
    with Depository.open(url, s3=settings) as depository:
        return ledger.complaints(depository, archived_path)
