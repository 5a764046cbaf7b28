"""Runs of saves in Jupyter during which S3 is away, refuses, is slow, fails or has no bucket, and comes back."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from depository import Depository
from tests.jupyter import networks
from tests.jupyter.marks import Ledger, mark, sized
from tests.jupyter.networks import Network, Service, State
from tests.jupyter.servers import Client, Refused, Server, archived_path, resident_bytes, running

OUTAGES = {
    "unreachable": State.GONE,
    "refusing": State.REFUSING,
    "slow": State.SLOW,
    "failing": State.FAILING,
    "no bucket": State.WORKING,
}
PATHS = ("a.ipynb", "b.ipynb")
SAID = ("unreachable", "refusing", "no bucket")
"""Outages that the log has to speak of."""

_SIZE = 25_000
_PATIENCE = 60.0
_numbers = re.compile(r"\d[\d,.]*")


class Result(NamedTuple):
    """What one outage did."""

    failed: int
    """Saves that were refused."""
    took: list[float]
    """Seconds of each save of the server that archives."""
    took_plain: list[float]
    server_growth: int
    """Bytes of memory."""
    worker_bytes: int
    """The most that the process that archives had in use."""
    requests: int
    """That reached the network during the outage."""
    logged: Counter[str]
    """What the server said, numbers apart, at level warning or above."""
    arrived_after: float | None
    """Seconds from the end of the outage until nothing waited; None: that was not awaited to its end."""
    complaints: list[str]


@contextmanager
def place(directory: Path, network: Network, bucket: str) -> Iterator[dict[str, Server]]:
    """A plain server and one that archives through a network."""
    config = networks.configuration(network.url, bucket)
    made = {
        "plain": Server(directory / "plain", extensions=()),
        "archiving": Server(directory / "archiving", config=config),
    }
    with networks.serving(network):
        yield made


def save_for(
    seconds: float, every: float, clients: dict[str, Client], ledger: Ledger, worker: Server, *, until_said: bool
) -> tuple[int, dict[str, list[float]], int]:
    """Save by turns for that long, or until the trouble is logged if that takes longer.

    Returns:
        how many saves failed, what they took in seconds, and the worker's largest memory in bytes.
    """
    body = sized(_SIZE)
    failed, most = 0, 0
    took: dict[str, list[float]] = {"plain": [], "archiving": []}
    end = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < end or (until_said and not said(worker) and time.monotonic() < end + _PATIENCE):
        path = PATHS[turn % len(PATHS)]
        number = ledger.issue(path)
        mark(body, number)
        for kind in ("plain", "archiving") if turn % 2 else ("archiving", "plain"):
            start = time.perf_counter()
            try:
                clients[kind].save(path, body)
            except Refused:
                failed += 1
            else:
                if kind == "archiving":
                    ledger.acknowledge(path, number)
            took[kind].append(time.perf_counter() - start)
        most = max([most, *map(resident_bytes, worker.workers())])
        turn += 1
        time.sleep(every)
    return failed, took, most


def run(
    directory: Path, service: Service, outage: str, *, seconds: float, every: float, delay: float = 30.0,
    patience: float = 180.0,
) -> Result:  # fmt: skip
    """One outage."""
    bucket = f"notebooks-{outage.replace(' ', '-')}"
    if outage != "no bucket":
        service.make_bucket(bucket)
    network = Network(service.url, delay=delay)
    ledger = Ledger()
    with place(directory, network, bucket) as servers, ExitStack() as stack:
        network.state = OUTAGES[outage]
        clients = {kind: stack.enter_context(running(server)) for kind, server in servers.items()}
        archiving = servers["archiving"]
        for client in clients.values():
            client.save("warm.ipynb", sized(_SIZE))
        before = archiving.resident_bytes
        failed, took, most = save_for(seconds, every, clients, ledger, archiving, until_said=outage in SAID)
        growth = archiving.resident_bytes - before
        requests = network.requests
        if outage == "no bucket":
            service.make_bucket(bucket)
        network.state = State.WORKING
        start = time.monotonic()
        arrived: float | None = None
        try:
            archiving.wait_until_archived(patience=patience)
            arrived = time.monotonic() - start
        except RuntimeError:
            archiving.command("sync", check=False)
        with Depository.open(f"s3://{bucket}", s3=networks.settings(service.url)) as depository:
            complaints = ledger.complaints(depository, archived_path)
    return Result(
        failed, took["archiving"], took["plain"], growth, most, requests, said(archiving), arrived, complaints
    )


def said(server: Server) -> Counter[str]:
    """What a server logged about archiving, as a warning or worse; numbers are left out, so that likes are alike."""
    lines = [line for line in server.output.splitlines() if re.match(r"\[[WEC] ", line) and "epository" in line]
    return Counter(_numbers.sub("…", line.split("] ", 1)[-1]) for line in lines)
