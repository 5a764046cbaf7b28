"""Kill a Jupyter server at random moments while it saves, restart it, and look for every save in the archive.

Notebooks are saved over HTTP as fast as the server takes them. Each round ends with ``kill -9``: of the server alone,
or, every other time, of the process that archives too. In the end each save that was acknowledged has to be in the
archive, in order, and none twice; one that was not acknowledged may be there once.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.jupyter import networks
from tests.jupyter.killing import check, kill_again_and_again
from tests.jupyter.servers import Server


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/kills", description=__doc__)
    parser.add_argument("-n", "--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=1.5, help="seconds of saving before a kill, at most")
    parser.add_argument("--store", choices=("local", "s3"), default="local")
    parser.add_argument("--directory", type=Path, help="where to work")
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.directory)))
        if options.store == "s3":
            service = stack.enter_context(networks.service())
            service.make_bucket("notebooks")
            server = Server(directory, config=networks.configuration(service.url, "notebooks"))
        else:
            server = Server(directory)
        stack.callback(server.kill, with_workers=True)
        ledger, worker_kills = kill_again_and_again(server, options.kills, seed=options.seed, longest=options.longest)
        url = "s3://notebooks" if options.store == "s3" else str(server.store)
        settings = networks.settings(service.url) if options.store == "s3" else None
        waited = server.waiting()
        complaints = check(server, ledger, url, settings)
    lost = sum(map(len, ledger.issued.values())) - ledger.saves
    print(f"kills: {options.kills:,} of the server, {worker_kills:,} of the process that archives with it")
    print(f"saves: {ledger.saves:,} acknowledged, {lost:,} on their way when their server was killed")
    print(f"items that waited for the last start: {waited:,}")
    print("all acknowledged saves are in the archive, in order, none twice" if not complaints else "")
    for complaint in complaints:
        print(complaint)
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
