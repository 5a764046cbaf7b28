"""Attack depository with every fault there is, count what survived, and write it down.

Each part is written to ``docs/explanation/faults`` as JSON; the page ``docs/explanation/faults.md`` is then made of all
parts that are there. The exit code is 1 if a target was missed.
"""

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import machine, page, results
from benchmarks.results import Section
from proofs.part import Options

ROOT = Path(__file__).parents[1]
PARTS = (
    "calls",
    "kills",
    "power",
    "states",
    "interleavings",
    "servers",
    "corruption",
    "fuzzing",
    "bombs",
    "mutants",
    "branches",
    "policies",
)
"""Each is a module of `proofs` with a function ``run(options: Options) -> Section``."""

_ABOUT = (
    "Nothing accepted is ever lost: this page says how often that was attacked, and how. It is written by "
    "`scripts/faults`, which does all of it again; the figures are beside it as JSON. `scripts/faults --quick` does a "
    "sample of each in a few minutes, into `build/faults`; `scripts/faults calls` does one part. A small part of it "
    "runs in the tests, on every change."
)
_WORDS = (
    "*Lost* is a save that was acknowledged and is not in the history; *twice*, one that is there more than once; "
    "*altered*, one that comes back as other bytes; *false*, a clear answer, yes or no, that is not true."
)
HEAD = page.Head("Proof under fire", (_ABOUT, _WORDS), "What this project set itself, and what came out.", "faults")


def prove(name: str, options: Options) -> Section:
    """Run one part."""
    start = time.monotonic()
    section: Section = importlib.import_module(f"proofs.{name}").run(options)
    return section._replace(
        name=name,
        machine=machine.describe(options.scratch),
        versions=machine.versions(),
        seconds=time.monotonic() - start,
        is_quick=options.is_quick,
    )


def write(section: Section, directory: Path) -> None:
    """Write a part, and the page of all that are there.

    Args:
        section: the part.
        directory: where the page stands; the rest goes into ``faults`` below it.
    """
    results.write(section, directory / "faults")
    write_page(directory)


def write_page(directory: Path) -> None:
    """Write the page of the parts that are there."""
    sections = list(results.read(directory / "faults", PARTS))
    (directory / "faults.md").write_text(page.write(sections, HEAD), encoding="utf-8")


def _arguments() -> Any:
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; page alone writes the page anew"
    )
    parser.add_argument("--quick", action="store_true", help="a sample of everything")
    parser.add_argument("--seed", type=int, default=0, help="of all chance")
    parser.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="FILE",
        help="servers, kills, policies: attack the S3 service that this file of NAME=VALUE lines names as well; for "
        "policies, it names three users too; may be repeated",
    )
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where to work (default: a temporary directory)")
    parser.add_argument(
        "--docs",
        type=Path,
        metavar="DIR",
        help="where the page goes (default: docs/explanation, or build/faults if quick)",
    )
    options = parser.parse_args()
    if options.docs is None:
        # figures that were published are not lost to a quick look
        options.docs = ROOT / "build" / "faults" if options.quick else ROOT / "docs" / "explanation"
    if missing := [name for name in options.server if not Path(name).is_file()]:
        parser.error(f"there is no file {', '.join(missing)}")
    if unknown := set(options.parts) - {*PARTS, "page"}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return options


def main() -> None:
    """Run from the command line."""
    options = _arguments()
    if options.parts == ["page"]:
        write_page(options.docs)
        return
    missed = False
    with tempfile.TemporaryDirectory(prefix="depository-faults-", dir=options.scratch) as name:
        for part in options.parts or PARTS:
            scratch = Path(name) / part
            scratch.mkdir()
            found = prove(part, Options(scratch, options.quick, options.seed, tuple(options.server)))
            write(found, options.docs)
            for target in found.targets:
                missed |= not target.is_reached
                print(f"{'reached' if target.is_reached else 'MISSED '}  {target.text}: {page.number(target.measured)}")
            print(f"{part}: done in {found.seconds:.0f} s", file=sys.stderr)
    sys.exit(missed)


if __name__ == "__main__":
    main()
