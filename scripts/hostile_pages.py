"""Make pages of the differences of hostile notebooks, open each in a Chromium, and count what they do.

Each notebook is compared with an empty one, and with a twin in which everything changed. The browser has no window and
is told over its DevTools protocol to open a page, touch every element and click every link, while its requests are
watched and a server on this computer waits for some. With ``--unsafe`` the same is done to pages without the layers
that protect them: what watches has to see something then, and each layer has to hold alone.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.chromium import find
from tests.diff.hostile_notebooks import HOSTILE
from tests.diff.hostile_pages import MODES, Mode, Seen, Trap, Watch, pages, watching

COLUMNS = (
    "pages",
    "script ran",
    "request left",
    "covered",
    "misshapen",
    "links clicked",
    "followed",
    "refused by policy",
)


def count(
    watch: Watch, directory: Path, mode: Mode, trap: Trap, *, verbose: bool
) -> tuple[int, int, int, int, int, int, int, int]:
    """Open the pages of one kind; how many there are, and of how many something was seen."""
    found: list[Seen] = []
    for name, file in pages(directory, mode, trap):
        seen = watch.open(file)
        found.append(seen)
        if verbose or (mode == "as made" and not seen.is_harmless):
            print(f"  {mode}, {name}: {seen}", flush=True)
    return (
        len(found),
        sum(seen.scripts > 0 for seen in found),
        sum(seen.requests > 0 for seen in found),
        sum(seen.covering > 0 for seen in found),
        sum(seen.misshapen for seen in found),
        sum(seen.links for seen in found),
        sum(seen.followed for seen in found),
        sum(seen.refused > 0 for seen in found),
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/hostile-pages", description=__doc__)
    parser.add_argument("--browser", help="the program; the first of the usual names if not given")
    parser.add_argument("--unsafe", action="store_true", help="open them without what protects them, too")
    parser.add_argument("--verbose", action="store_true", help="tell of each page")
    parser.add_argument("--keep", type=Path, help="a directory for the pages as they are made")
    options = parser.parse_args()
    browser = find(options.browser)
    table: dict[Mode, tuple[int, ...]] = {}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        trap = stack.enter_context(Trap().running())
        for mode in MODES if options.unsafe else MODES[:1]:
            made = options.keep if options.keep and mode == "as made" else directory / mode.replace(" ", "-")
            made.mkdir(parents=True, exist_ok=True)
            with watching(browser, directory / f"profile of {mode}", trap) as watch:
                table[mode] = count(watch, made, mode, trap, verbose=options.verbose)
    print(f"{len(HOSTILE)} hostile notebooks")
    print(" " * 20 + "".join(f"{name:>{len(name) + 3}}" for name in COLUMNS))
    for mode, numbers in table.items():
        columns = zip(COLUMNS, numbers, strict=True)
        print(f"{mode:20}" + "".join(f"{number:>{len(name) + 3},}" for name, number in columns))
    safe = not any(table["as made"][1:5])
    # each layer alone lets no script run; what keeps a page from being led elsewhere is the sanitising; and without
    # both there is something to see
    seen = not options.unsafe or (
        not any(table["without its policy"][1:5])
        and not table["without sanitising"][1]
        and all(table["with neither"][1:5])
    )
    sys.exit(not (safe and seen))


if __name__ == "__main__":
    main()
