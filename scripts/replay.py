"""Archive whole histories of notebooks, then check that all of it comes back, and report what it cost.

The directory given holds notebooks in any arrangement. Files that are called by numbers, ``0000.ipynb``,
``0001.ipynb``, … are the versions of one notebook, named by their directory, in that order; every other ``.ipynb`` is
a notebook of one version.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import nbformat.reader

from depository import Depository, DepositoryError
from depository.backends import connect
from depository.backends.base import Backend
from depository.history import manifest as manifests
from depository.objects import frame
from depository.objects.frame import Codec, Kind

_SHOWN = 20


class History(NamedTuple):
    """The versions of one notebook."""

    path: str
    files: tuple[Path, ...]


class Result(NamedTuple):
    """What a run found."""

    histories: int
    versions: int
    raw_bytes: int
    kept: int
    """Versions in the archive; identical neighbours are one."""
    stored: dict[str, tuple[int, int]]
    """Objects and bytes in the store, by what they are."""
    save_cpu: float
    save_wall: float
    read_cpu: float
    identical: int
    """Versions that came back byte for byte."""
    loaded: int
    """Versions whose content is what nbformat reads."""
    refused: int
    """Versions that nbformat does not read; they count as bytes only."""
    wrong: tuple[str, ...]

    @property
    def stored_bytes(self) -> int:
        """All bytes in the store."""
        return sum(size for _, size in self.stored.values())


def histories(directory: Path) -> list[History]:
    """The notebooks of a directory and everything below it, by path."""
    found: list[History] = []
    for folder, _, names in sorted(os.walk(directory)):
        here = Path(folder)
        files = sorted(here / name for name in names if name.endswith(".ipynb"))
        numbered = tuple(file for file in files if file.stem.isdigit())
        relative = here.relative_to(directory).as_posix()
        if numbered:
            name = relative if relative != "." else directory.name
            found.append(History(f"{name}.ipynb", numbered))
        found += [
            History((here / file.name).relative_to(directory).as_posix(), (file,))
            for file in files
            if file not in numbered
        ]
    return found


def archive(depository: Depository, todo: Sequence[History], step: Callable[[], None]) -> tuple[float, float, int]:
    """Save all versions in order; CPU and wall seconds, and bytes."""
    raw = 0
    cpu, wall = time.process_time(), time.perf_counter()
    for history in todo:
        for number, file in enumerate(history.files):
            source = file.read_bytes()
            raw += len(source)
            depository.save(history.path, source, author="replay", message=f"version {number}")
            step()
    return time.process_time() - cpu, time.perf_counter() - wall, raw


def check(depository: Depository, history: History, found: Counter[str]) -> Iterator[str]:
    """Read every version back and compare it with its file; yields what is wrong."""
    versions = sorted(depository.log(history.path), key=lambda version: version.number)
    if [version.number for version in versions] != list(range(1, len(versions) + 1)):
        yield f"{history.path}: its numbers have gaps"
    number = 0
    previous: bytes | None = None
    for file in history.files:
        source = file.read_bytes()
        number += source != previous  # an identical save is no version of its own
        previous = source
        spec = f"v{number}"
        if depository.read(history.path, spec) == source:
            found["identical"] += 1
        else:
            yield f"{history.path}@{spec}: other bytes than {file}"
        yield from _check_content(depository, history.path, spec, source, found)
    found["kept"] += number
    if number != len(versions):
        yield f"{history.path}: {len(versions)} versions instead of {number}"


def _check_content(depository: Depository, path: str, spec: str, source: bytes, found: Counter[str]) -> Iterator[str]:
    try:
        expected = nbformat.reader.reads(source.decode("utf-8-sig"))
    except Exception:  # noqa: BLE001 - whatever keeps nbformat from reading it
        found["refused"] += 1
        return
    try:
        loaded = depository.load(path, spec)
    except DepositoryError as error:
        yield f"{path}@{spec}: does not load: {error}"
        return
    if _plain(loaded) == _plain(expected):
        found["loaded"] += 1
    else:
        yield f"{path}@{spec}: loads as something else than nbformat reads"


def _plain(notebook: Any) -> str:
    # as text, so that NaN is equal to NaN and 1 is not 1.0
    return json.dumps(notebook, sort_keys=True, default=repr)


def stored(backend: Backend) -> dict[str, tuple[int, int]]:
    """Objects and bytes in a store, by what they are; versions of a bucket that are no longer current do not count."""
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for item in backend.list(""):
        what = _what(backend, item.key)
        count[what] += 1
        size[what] += item.size
    return {what: (count[what], size[what]) for what in sorted(count)}


def _what(backend: Backend, key: str) -> str:
    if key.startswith(manifests.PREFIX):
        return "manifests"
    if not key.startswith("objects/"):
        return "other"
    found = frame.unpack(backend.get(key, limit=frame.MAX_FRAME).data)
    if found.kind is Kind.NOTEBOOK:
        return "notebooks as deltas" if found.codec is Codec.ZSTD_DELTA else "notebooks whole"
    return {Kind.PAGE: "pages", Kind.TEXT: "texts"}.get(found.kind, "images, patches and raw files")


def replay(todo: Sequence[History], url: str) -> Result:
    """Archive, check, measure."""
    total = sum(len(history.files) for history in todo)
    with Depository.create(url) as depository, _progress(total, "archiving") as bar:
        save_cpu, save_wall, raw = archive(depository, todo, lambda: bar.update(1))
    wrong: list[str] = []
    found: Counter[str] = Counter()
    read_cpu = time.process_time()
    with Depository.open(url) as depository, _progress(total, "checking") as bar:
        for history in todo:
            try:
                wrong += check(depository, history, found)
            except DepositoryError as error:
                wrong.append(f"{history.path}: {error}")
            bar.update(len(history.files))
    read_cpu = time.process_time() - read_cpu
    return Result(
        len(todo),
        total,
        raw,
        found["kept"],
        stored(connect(url)),
        save_cpu,
        save_wall,
        read_cpu,
        found["identical"],
        found["loaded"],
        found["refused"],
        tuple(wrong),
    )


def _progress(length: int, label: str) -> Any:
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


def report(result: Result) -> Iterator[str]:
    """The result as people read it."""
    yield f"{result.histories:,} notebooks, {result.versions:,} versions, {result.raw_bytes:,} bytes"
    cpu = f"{result.save_cpu:.1f} s of CPU"
    yield f"archived in {result.save_wall:.1f} s ({cpu}), checked with {result.read_cpu:.1f} s of CPU"
    yield f"byte for byte: {result.identical:,} of {result.versions:,}"
    readable = result.versions - result.refused
    yield f"loads as nbformat reads it: {result.loaded:,} of {readable:,} (nbformat refuses {result.refused:,})"
    yield f"stored: {result.stored_bytes:,} bytes, {result.stored_bytes / max(1, result.raw_bytes):.3f} of the files"
    for what, (count, size) in result.stored.items():
        yield f"  {what:32} {count:>8,} objects {size:>14,} bytes"
    yield from (f"WRONG {line}" for line in result.wrong[:_SHOWN])
    if len(result.wrong) > _SHOWN:
        yield f"WRONG and {len(result.wrong) - _SHOWN:,} more"


def main() -> int:
    """Run from the command line; 1 if anything did not come back as it went in."""
    parser = argparse.ArgumentParser(prog="scripts/replay", description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=Path, help="notebooks and histories of notebooks")
    parser.add_argument("--url", help="an empty place for the depository (default: a temporary directory)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each Nth notebook only")
    parser.add_argument("--peers", action="store_true", help="store them with git, zstd, restic and borg too")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    if not options.directory.is_dir():
        parser.error(f"{options.directory} is no directory")
    todo = histories(options.directory)[:: options.every]
    if not todo:
        parser.error(f"there are no notebooks in {options.directory}")
    with tempfile.TemporaryDirectory(prefix="depository-replay-") as scratch:
        result = replay(todo, options.url or f"{scratch}/store")
        figures: dict[str, Any] = {**result._asdict(), "stored_bytes": result.stored_bytes}
        lines = list(report(result))
        if options.peers:
            import peers

            table = peers.measure([history.files for history in todo], Path(scratch))
            figures["peers"] = [row._asdict() for row in table]
            lines += ["", *peers.report(table, result.stored_bytes)]
    print(json.dumps(figures, indent=2) if options.json else "\n".join(lines))
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
