"""For how long archiving alone holds an event loop: the text of a save goes into the spool, and nothing else happens.

A probe sleeps for a millisecond over and over; what a sleep takes longer, something held the loop, or the machine was
busy: the probe alone tells how much of it.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from functools import partial

from tests.jupyter.marks import sized

SIZES = (25_000, 70_000, 4_000_000, 12_000_000)
_STEP = 0.001


class Probe:
    """The longest hold since it was last asked, in seconds."""

    def __init__(self) -> None:
        self._longest = 0.0

    async def run(self) -> None:
        """Measure, for ever."""
        before = time.perf_counter()
        while True:
            await asyncio.sleep(_STEP)
            now = time.perf_counter()
            self._longest = max(self._longest, now - before - _STEP)
            before = now

    def take(self) -> float:
        """What it was; it begins anew."""
        longest, self._longest = self._longest, 0.0
        return longest


async def measure(rounds: int) -> None:
    """Print the holds for each size."""
    import nbformat
    from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

    from depository.jupyter import make_archiver
    from depository.jupyter import service as services
    from depository.jupyter.capture import Capture

    service = services.of(make_archiver(AsyncLargeFileManager)(root_dir=os.environ["HOME"]))
    probe = Probe()
    running = asyncio.create_task(probe.run())
    print("| bytes | held, ms: median / longest | the probe alone |\n| ---: | ---: | ---: |")
    for size in SIZES:
        text = nbformat.writes(nbformat.from_dict(sized(size)))
        held, alone = [], []
        for _ in range(rounds):
            probe.take()
            await asyncio.sleep(0.1)
            alone.append(probe.take())
            capture = Capture("mine.ipynb", "save", None)
            capture.put(text)
            capture.end()
            service.acceptor.start(capture)
            done = asyncio.Event()
            capture.ticket.call_when_done(partial(asyncio.get_running_loop().call_soon_threadsafe, done.set))
            await done.wait()
            service.acceptor.settle(capture, happened=False)
            await asyncio.sleep(0.1)
            held.append(probe.take())
        columns = (f"{statistics.median(found) * 1000:.2f} / {max(found) * 1000:.2f}" for found in (held, alone))
        print(f"| {len(text):,} | {' | '.join(columns)} |", flush=True)
    running.cancel()
    service.stop()


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="saves of each size")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "JUPYTER_DATA_DIR"), home)
        asyncio.run(measure(options.rounds))


if __name__ == "__main__":
    main()
