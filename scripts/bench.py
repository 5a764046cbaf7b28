"""Measure depository and what people would use instead, at the same work, and write down what came out.

Each section is measured in one run, paired, and written to ``docs/explanation/benchmarks`` as JSON and pictures; the
page ``docs/explanation/benchmarks.md`` is then made of all sections that are there.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import machine, page, plots, results
from benchmarks.results import Section

ROOT = Path(__file__).parents[1]
SECTIONS = ("bytes", "save", "throughput", "reading", "diff", "growth")


def measure(name: str, options: argparse.Namespace, scratch: Path) -> Section:
    """Run one section."""
    quick = options.quick
    match name:
        case "bytes":
            from benchmarks import stored

            data = options.docs / "benchmarks" / "bytes"
            return stored.run(options.corpus, scratch, data, quick=quick, every=options.every, parts=options.part)
        case "save":
            from benchmarks import saves

            return saves.run(scratch, quick=quick, s3=options.s3)
        case "throughput":
            from benchmarks import throughput

            return throughput.run(scratch, quick=quick, s3=options.s3)
        case "reading":
            from benchmarks import reading

            return reading.run(scratch, quick=quick, s3=options.s3)
        case "diff":
            from benchmarks import differences

            return differences.run(options.corpus, scratch, quick=quick)
    from benchmarks import growth

    return growth.run(scratch, most=options.versions or (1000 if quick else 100_000), quick=quick)


def describe(section: Section, seconds: float, scratch: Path, quick: bool) -> Section:
    """The section with where, with what and for how long it was measured; bytes may be counted in several runs."""
    if section.name == "bytes":
        seconds = 0
    return section._replace(
        machine=machine.describe(scratch), versions=machine.versions(), seconds=seconds, is_quick=quick
    )


def write(section: Section, directory: Path) -> None:
    """Write a section and its pictures, and the page of all that are there.

    Args:
        section: the section.
        directory: where the page stands; the rest goes into ``benchmarks`` below it.
    """
    results.write(section, directory / "benchmarks")
    for plot in section.plots:
        (directory / "benchmarks" / f"{plot.name}.svg").write_text(plots.draw(plot), encoding="utf-8")
    write_page(directory)


def write_page(directory: Path) -> None:
    """Write the page of the sections that are there."""
    sections = list(results.read(directory / "benchmarks", SECTIONS))
    (directory / "benchmarks.md").write_text(page.write(sections), encoding="utf-8")


def _arguments() -> Any:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; page alone writes the page anew"
    )
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="histories of notebooks, as scripts/replay takes them"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="bytes: take each Nth notebook only")
    parser.add_argument(
        "--part", action="append", default=[], help="bytes: of this part alone (all, text-heavy, …); may be repeated"
    )
    parser.add_argument("--s3", metavar="BUCKET", help="use this bucket of the S3 service that the environment names")
    parser.add_argument("--versions", type=int, metavar="N", help="growth: up to so many versions (default: 100,000)")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="where to work (default: a temporary directory)")
    parser.add_argument(
        "--docs",
        type=Path,
        metavar="DIR",
        help="where the page goes (default: docs/explanation, or build/benchmarks if quick)",
    )
    options = parser.parse_args()
    if options.docs is None:
        # figures that were published are not lost to a quick look
        options.docs = ROOT / "build" / "benchmarks" if options.quick else ROOT / "docs" / "explanation"
    unknown = set(options.sections) - {*SECTIONS, "page"}
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    return options


def _can_run(name: str, options: argparse.Namespace) -> bool:
    if name in ("bytes", "diff") and not (options.corpus and options.corpus.is_dir()):
        print(f"{name}: not run, for it needs real histories; name them with --corpus", file=sys.stderr)
        return False
    return True


def main() -> None:
    """Run from the command line."""
    options = _arguments()
    if options.sections == ["page"]:
        write_page(options.docs)
        return
    with tempfile.TemporaryDirectory(prefix="depository-bench-", dir=options.scratch) as name:
        for section in options.sections or SECTIONS:
            if not _can_run(section, options):
                continue
            start = time.monotonic()
            scratch = Path(name) / section
            scratch.mkdir()
            found = describe(measure(section, options, scratch), time.monotonic() - start, scratch, options.quick)
            write(found, options.docs)
            shutil.rmtree(scratch, ignore_errors=True)
            for target in found.targets:
                print(f"{'reached' if target.is_reached else 'MISSED '}  {target.text}: {page.number(target.measured)}")
            print(f"{section}: done in {found.seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
