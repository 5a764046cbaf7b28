"""Save in Jupyter while S3 is unreachable, refuses credentials, is slow, fails half of its answers, or has no bucket.

Two servers take turns, save by save: a plain one, and one that archives into S3 through a network that fails. No save
may fail or take longer for it. Then the network works again, and each save has to arrive, in order, none twice.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.jupyter import networks
from tests.jupyter.outages import OUTAGES, Result, run


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(outage: str, result: Result) -> str:
    """A line of the table."""
    took, plain = result.took, result.took_plain
    median, median_plain = statistics.median(took) * 1000, statistics.median(plain) * 1000
    arrived = "not by itself" if result.arrived_after is None else f"{result.arrived_after:.1f}"
    cells = [
        outage,
        f"{len(took):,}",
        f"{result.failed:,}",
        f"{median_plain:.1f} / {percentile(plain, 0.99) * 1000:.1f}",
        f"{median:.1f} / {percentile(took, 0.99) * 1000:.1f}",
        f"{(median / median_plain - 1) * 100:+.1f} %",
        f"{result.server_growth / 1e6:+.1f}",
        f"{result.worker_bytes / 1e6:.0f}",
        f"{result.requests:,}",
        f"{sum(result.logged.values()):,}",
        arrived,
        "; ".join(result.complaints) or "all, in order, none twice",
    ]
    return f"| {' | '.join(cells)} |"


HEAD = (
    "| S3 is | saves | failed | plain, ms | archiving, ms | added | server's memory, MB | worker's memory, MB "
    "| requests | warnings | arrived after, s | in the archive |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/outages", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each outage lasts")
    parser.add_argument("--every", type=float, default=0.2, help="seconds between two saves")
    parser.add_argument("--delay", type=float, default=30.0, help="seconds by which a slow S3 answers later")
    parser.add_argument("--outage", choices=tuple(OUTAGES), action="append", help="all if not given")
    parser.add_argument("--directory", type=Path, help="where to work")
    options = parser.parse_args()
    bad = False
    with networks.service() as service:
        print(f"each pair: median / 99th percentile\n\n{HEAD}", flush=True)
        notes = []
        for outage in options.outage or OUTAGES:
            with tempfile.TemporaryDirectory(dir=options.directory) as directory:
                result = run(
                    Path(os.path.realpath(directory)),
                    service,
                    outage,
                    seconds=options.seconds,
                    every=options.every,
                    delay=options.delay,
                )
            print(report(outage, result), flush=True)
            notes += [f"{outage}: {count} times: {line}" for line, count in result.logged.items()]
            bad = bad or bool(result.failed or result.complaints or result.arrived_after is None)
    print("\nwhat the servers logged, at level warning or above:\n")
    print("\n".join(notes) or "nothing")
    sys.exit(bad)


if __name__ == "__main__":
    main()
