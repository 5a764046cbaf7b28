"""Section ``bytes``: what real histories take in depository and in everything else that keeps versions."""

import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import peers
import replay

from benchmarks import machine
from benchmarks.results import Cell, Figure, Plot, Row, Section, Table, Target, at_most
from depository import Depository
from depository.backends import connect

OURS = "depository, on write"
PLAIN = "plain copies of every save, as bookstore puts them on S3"
_PACKED = "git repack -adf --window=50"
_GC = "git gc --aggressive"
_NAMES = {"files as they are": PLAIN}

_IMAGE = re.compile(rb'"image/[a-z+.-]+": *(?:\[\s*)?"((?:[^"\\]|\\.)*)"')


class Shape(NamedTuple):
    """What a history is like."""

    images: float
    """Share of all bytes that is base64 of images."""
    reruns: float
    """Share of its steps that changed no cell's source."""
    middle: float
    """Median size of a version, in bytes."""
    versions: int


PARTS: dict[str, tuple[str, Callable[[Shape], bool]]] = {
    "image-heavy": ("images are half of all bytes, or more", lambda shape: shape.images >= 0.5),
    "text-heavy": (
        "images are less than 1 % of all bytes, the median version has 20 kB or more",
        lambda shape: shape.images < 0.01 and shape.middle >= 20_000,
    ),
    "re-runs": (
        "four versions or more, and a quarter of the steps or more change no cell's source",
        lambda shape: shape.reruns >= 0.25 and shape.versions >= 4,
    ),
    "tiny": ("the median version has less than 10 kB", lambda shape: shape.middle < 10_000),
}


def shape(files: Sequence[Path]) -> Shape:
    """Look at all versions of a notebook."""
    total = images = same = 0
    sizes: list[int] = []
    before = None
    for file in files:
        data = file.read_bytes()
        sizes.append(len(data))
        total += len(data)
        images += sum(map(len, _IMAGE.findall(data)))
        sources = _sources(data)
        same += sources is not None and sources == before
        before = sources
    return Shape(images / max(1, total), same / max(1, len(files) - 1), statistics.median(sizes), len(files))


def _sources(data: bytes) -> list[str] | None:
    try:
        notebook = json.loads(data)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        return ["".join(cell.get("source", cell.get("input", ""))) for cell in cells]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def run(directory: Path, scratch: Path, *, quick: bool, every: int = 1) -> Section:
    """Measure all histories of a directory, and the parts of them."""
    todo = replay.histories(directory)[:: (max(every, 12) if quick else every)]
    shapes = [shape(history.files) for history in todo]
    sets = {"all": todo}
    for name, (_, belongs) in PARTS.items():
        chosen = [history for history, one in zip(todo, shapes, strict=True) if belongs(one)]
        if chosen:
            sets[name] = chosen
    found = {name: _measure(chosen, scratch / name) for name, chosen in sets.items()}
    missing = sorted({line for _, _, lines in found.values() for line in lines})
    names = list(dict.fromkeys(name for sizes, _, _ in found.values() for name in sizes))
    rows = tuple(
        Row(name, tuple(_cell(sizes.get(name)) for sizes, _, _ in found.values()), is_peer=name != OURS)
        for name in names
    )
    table = Table("stored", "Bytes stored", "stored by", tuple(sets), rows, "bytes", OURS)
    kinds = {name: kinds for name, (_, kinds, _) in found.items()}
    return Section(
        "bytes",
        "Bytes",
        _text(sets),
        (table, _parts_table(kinds)),
        tuple(_targets(table)),
        (_plot(table),),
        tuple(missing),
    )


def _cell(size: int | None) -> Cell:
    return None if size is None else Figure(float(size))


def _text(sets: dict[str, list[replay.History]]) -> str:
    about = (
        "Real histories from public repositories, each version saved in order. depository's bytes are everything in "
        "its store after the run: objects, headers, pages and manifests; nothing was repacked, and there is nothing that "
        "repacks. Git has a commit for each save; its bytes are those under `objects`. restic (`--compression max`) "
        "and borg (`-C zstd,9`, no encryption) take one snapshot a step, in which every notebook is at its next "
        "version. jupyterlab-autoversion's own hook is called for each save, with a repository for each notebook, for "
        "in a common one each of its saves lists all tags. jupyter-collaboration's `SQLiteYStore` gets the update of "
        "each save, as `YNotebook.set` makes it; cells without an id are given one by their place, so that it knows "
        "them again. A history may be in several parts, or in none:"
    )
    lines = [
        about,
        "",
        "| part | rule, for a history | notebooks | versions | bytes |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name, histories in sets.items():
        rule = PARTS[name][0] if name in PARTS else "every history"
        versions = sum(len(history.files) for history in histories)
        size = sum(file.stat().st_size for history in histories for file in history.files)
        lines.append(f"| {name} | {rule} | {len(histories):,} | {versions:,} | {size:,} |")
    return "\n".join(lines)


def _parts_table(found: dict[str, dict[str, tuple[int, int]]]) -> Table:
    kinds = list(dict.fromkeys(kind for each in found.values() for kind in each))
    rows = tuple(Row(kind, tuple(_cell(each.get(kind, (0, 0))[1]) for each in found.values())) for kind in kinds)
    return Table("kinds", "Where depository's bytes are", "objects", tuple(found), rows, "bytes")


def _targets(table: Table) -> list[Target]:
    ours = table.figure(OURS, 0)
    wanted = (
        ("git at its best", 0.90, (_PACKED, _GC)),
        ("restic", 0.2, ("restic, max compression",)),
        ("borg", 0.2, ("borg, zstd,9",)),
        ("plain copies", 0.1, (PLAIN,)),
    )
    found = []
    for name, limit, rows in wanted:
        sizes = [size for row in rows if (size := table.figure(row, 0)) is not None]
        if ours is not None and sizes:
            found.append(at_most(f"bytes of all histories on write: share of {name}", limit, ours / min(sizes)))
    return found


def _plot(table: Table) -> Plot:
    bars = tuple((row.name.split(", as")[0], value / 1e6) for row in table.rows if (value := table.figure(row.name, 0)))
    return Plot("bytes", "What all histories take", "MB", bars=tuple(sorted(bars, key=lambda bar: bar[1])))


def _measure(
    todo: Sequence[replay.History], scratch: Path
) -> tuple[dict[str, int], dict[str, tuple[int, int]], list[str]]:
    """Bytes by tool, depository's objects by kind, and what could not be run."""
    scratch.mkdir(parents=True)
    url = str(scratch / "store")
    with Depository.create(url) as depository:
        replay.archive(depository, todo, lambda: None)
    kinds = replay.stored(connect(url))
    shutil.rmtree(url)
    sizes = {OURS: sum(size for _, size in kinds.values())}
    missing = []
    files = [history.files for history in todo]
    for peer in peers.measure(files, scratch):
        if peer.stored_bytes is None:
            missing.append(f"{peer.name}: it is not installed.")
        else:
            sizes[_NAMES.get(peer.name, peer.name)] = peer.stored_bytes
    if (scratch / "git").exists():
        subprocess.run(
            ["git", "-C", str(scratch / "git"), "gc", "-q", "--aggressive", "--prune=now"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        sizes[_GC] = _size(scratch / "git" / "objects")
    for name, package, store in (
        ("jupyterlab-autoversion, git", "jupyterlab-autoversion", autoversion),
        ("jupyter-collaboration, SQLiteYStore", "pycrdt-store", ystore),
    ):
        if not machine.has(package):
            missing.append(f"{name}: the package {package} could not be installed.")
            continue
        sizes[name], refused = store(todo, scratch / package)
        if refused:
            missing.append(f"{name}: does not take files that nbformat does not read; it got only the others.")
    shutil.rmtree(scratch)
    return sizes, kinds, missing


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


def notebook_of(data: bytes) -> Any:
    """A notebook as Jupyter's contents manager hands it out, or None if nbformat does not read the file."""
    import warnings

    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = nbformat.reader.reads(data.decode("utf-8-sig"))
            return read if read["nbformat"] == 4 else nbformat.convert(read, 4)
    except Exception:  # noqa: BLE001 - whatever keeps nbformat from reading it
        return None


def autoversion(todo: Sequence[replay.History], directory: Path) -> tuple[int, int]:
    """Bytes that jupyterlab-autoversion's hook leaves behind, and how many files it could not be given."""
    import git
    from jupyterlab_autoversion.storage.git.hook import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
        post_save_autocommit_git,
    )

    total = refused = 0
    for number, history in enumerate(todo):
        place = directory / str(number)
        repository = git.Repo.init(place)
        for file in history.files:
            content = notebook_of(file.read_bytes())
            if content is None or "metadata" not in content:
                refused += 1
                continue
            post_save_autocommit_git(repository, {"type": "notebook", "content": content, "path": history.path})
        repository.close()
        total += _size(place / ".git" / "objects")
        shutil.rmtree(place)
    return total, refused


def ystore(todo: Sequence[replay.History], directory: Path) -> tuple[int, int]:
    """Bytes of jupyter-collaboration's database after the updates of every save, and how many files were refused."""
    import anyio

    directory.mkdir()
    refused = anyio.run(_fill_ystore, todo, directory / "ystore.db")
    return _size(directory), refused


async def _fill_ystore(todo: Sequence[replay.History], database: Path) -> int:
    from jupyter_ydoc import YNotebook
    from pycrdt.store import SQLiteYStore

    class Store(SQLiteYStore):  # type: ignore[misc, unused-ignore]
        db_path = str(database)

    refused = 0
    for history in todo:
        document = YNotebook()
        updates: list[bytes] = []
        subscription = document.ydoc.observe(lambda event, updates=updates: updates.append(event.update))
        async with Store(history.path) as store:
            for file in history.files:
                content = notebook_of(file.read_bytes())
                if content is None:
                    refused += 1
                    continue
                for place, cell in enumerate(content["cells"]):
                    cell.setdefault("id", f"cell-{place}")
                try:
                    document.set(content)
                except Exception:  # noqa: BLE001 - odd outputs that it does not know
                    refused += 1
                for update in updates:
                    await store.write(update)
                updates.clear()
        del subscription
    return refused
