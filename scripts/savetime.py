"""How much longer a save takes in a Jupyter server that archives than in one that does not.

Three servers take turns, save by save, on one disk: one plain, one that archives, and a plain one again, which tells
what of a difference is noise. Each save goes over HTTP and is timed from the request to its answer; before the next,
what waits is archived, as where a person saves, unless ``--busy`` says otherwise. A probe in each server tells for how
long its event loop was held.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from depository import Depository
from tests.jupyter import networks
from tests.jupyter.marks import mark, sized
from tests.jupyter.servers import ROOT, Client, Server, archived_path, contents, running

SIZES = (25_000, 70_000, 4_000_000, 12_000_000)
KINDS = ("plain", "archiving", "plain again")
_LARGE = 1_000_000


class Save(NamedTuple):
    """What one save came to, in seconds."""

    took: float
    held: float
    """The longest hold of the event loop until the answer."""
    held_later: float
    """The same, from the answer until the save was archived."""


@contextmanager
def servers(directory: Path, config: str) -> Iterator[dict[str, tuple[Server, Client]]]:
    """One of each kind, with a client."""
    environ = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts")])}
    with ExitStack() as stack:
        made = {}
        for kind in KINDS:
            extensions = ("depository", "loop_probe") if kind == "archiving" else ("loop_probe",)
            server = Server(directory / kind.replace(" ", "-"), extensions=extensions, config=config, environ=environ)
            made[kind] = (server, stack.enter_context(running(server)))
        yield made


def save(server: Server, client: Client, body: bytes, *, busy: bool) -> Save:
    """One save."""
    client.request("GET", "/probe")
    start = time.perf_counter()
    client.request("PUT", contents("mine.ipynb"), body)
    took = time.perf_counter() - start
    held = float(client.request("GET", "/probe"))
    if not busy:
        server.wait_until_archived()
        time.sleep(0.02)
    return Save(took, held, float(client.request("GET", "/probe")))


def measure(
    made: dict[str, tuple[Server, Client]], size: int, rounds: int, *, busy: bool
) -> tuple[dict[str, list[Save]], int]:
    """Saves of each kind of server, in turns, and the bytes of the notebook."""
    model = {"type": "notebook", "format": "json", "content": mark(sized(size, seed=size), 100_000_000)}
    body = json.dumps(model).encode()
    chance = random.Random(size)  # noqa: S311 - the same order each time
    found: dict[str, list[Save]] = {kind: [] for kind in KINDS}
    for number in range(rounds + 3):
        changed = body.replace(b"mark = 100000000", b"mark = %d" % (100_000_001 + number))
        for kind in chance.sample(KINDS, len(KINDS)):
            one = save(*made[kind], changed, busy=busy)
            if number >= 3:  # the first make the file, the checkpoint and the connections
                found[kind].append(one)
    return found, len(body)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def row(size: int, found: dict[str, list[Save]]) -> str:
    """A line of the table, in milliseconds."""
    took = {kind: [one.took * 1000 for one in saves] for kind, saves in found.items()}
    medians = {kind: statistics.median(values) for kind, values in took.items()}
    tails = {kind: percentile(values, 0.99) for kind, values in took.items()}

    def more(values: dict[str, float], kind: str) -> str:
        return f"{(values[kind] / values['plain'] - 1) * 100:+.1f} %"

    pairs = zip(found["archiving"], found["plain"], strict=True)
    ours = [(archiving.held - plain.held) * 1000 for archiving, plain in pairs]
    noise = [(b.held - a.held) * 1000 for b, a in zip(found["plain again"], found["plain"], strict=True)]
    later = [one.held_later * 1000 for one in found["archiving"]]
    still = [one.held_later * 1000 for one in found["plain"]]
    cells = [
        f"{size:,}",
        *(f"{medians[kind]:.1f} / {tails[kind]:.1f}" for kind in KINDS),
        f"{more(medians, 'archiving')} / {more(tails, 'archiving')}",
        f"{more(medians, 'plain again')} / {more(tails, 'plain again')}",
        f"{statistics.median(ours):+.2f} / {percentile(ours, 0.99):+.2f}",
        f"{statistics.median(noise):+.2f} / {percentile(noise, 0.99):+.2f}",
        f"{percentile(later, 0.99):.2f} / {max(later):.2f}",
        f"{percentile(still, 0.99):.2f} / {max(still):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| bytes sent | plain, ms | archiving, ms | plain again, ms | added by archiving | noise "
    "| loop held longer, ms | noise, ms | loop held after the answer, ms | the same, plain |\n"
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/savetime", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="saves of each small notebook by each server")
    parser.add_argument("--large-rounds", type=int, default=100, help="the same of the large ones")
    parser.add_argument("--store", choices=("local", "s3"), action="append", help="both if not given")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="of the notebooks, in bytes")
    parser.add_argument("--busy", action="store_true", help="save again while the one before is archived")
    parser.add_argument("--directory", type=Path, help="where to work: on the disk that is to be measured")
    options = parser.parse_args()
    for store in options.store or ("local", "s3"):
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.directory)))
            config = ""
            if store == "s3":
                service = stack.enter_context(networks.service())
                service.make_bucket("notebooks")
                config = networks.configuration(service.url, "notebooks")
            made = stack.enter_context(servers(directory, config))
            print(f"\nstore: {store}; each pair: median / 99th percentile\n\n{HEAD}", flush=True)
            for size in options.sizes:
                rounds = options.large_rounds if size >= _LARGE else options.rounds
                found, sent = measure(made, size, rounds, busy=options.busy)
                print(row(sent, found), flush=True)
            made["archiving"][0].wait_until_archived()
            url = "s3://notebooks" if store == "s3" else str(made["archiving"][0].store)
            with Depository.open(url, s3=networks.settings(service.url) if store == "s3" else None) as depository:
                archived = sum(1 for _ in depository.log(archived_path("mine.ipynb")))
            print(f"\nversions in the archive: {archived:,}")
            if not archived:
                sys.exit("Nothing was archived: these figures say nothing.")


if __name__ == "__main__":
    main()
