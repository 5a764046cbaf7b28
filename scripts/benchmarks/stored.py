"""Section ``bytes``: what real histories take in depository and in everything else that keeps versions."""

import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
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
ALL = "all"
_PACKED = "git repack -adf --window=50"
_GC = "git gc --aggressive"
_RESTIC = "restic, max compression"
_BORG = "borg, zstd,9"
_AUTOVERSION = "jupyterlab-autoversion, git"
_YSTORE = "jupyter-collaboration, SQLiteYStore"

_IMAGE = re.compile(rb'"image/[a-z+.-]+": *(?:\[\s*)?"((?:[^"\\]|\\.)*)"')


class Tool(NamedTuple):
    """Something that keeps versions."""

    program: str | None
    """That it needs."""
    package: str | None
    store: Callable[[Sequence[replay.History], Path], int]
    """Store all versions, in a directory that tools share; the bytes that are then stored."""

    def lacks(self) -> str:
        """Why it cannot be run, or nothing."""
        if self.program and not shutil.which(self.program):
            return f"{self.program} is not installed."
        if self.package and not machine.has(self.package):
            return f"the package {self.package} could not be installed."
        return ""


class Found(NamedTuple):
    """What was found of one part."""

    notebooks: int
    versions: int
    raw: int
    """Bytes of all files."""
    sizes: dict[str, int]
    """Bytes by tool."""
    kinds: dict[str, list[int]]
    """Objects and bytes of depository's, by what they are."""


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


def run(
    directory: Path, scratch: Path, data: Path, *, quick: bool, every: int = 1, parts: Sequence[str] = ()
) -> Section:
    """Measure all histories of a directory and the parts of them.

    Bytes come out the same whenever they are counted. So what was found is kept as it is found, and a run that was cut
    off, or asked for some of the parts, is completed by the next.

    Args:
        directory: the histories.
        scratch: where to work.
        data: where the bytes that were found are kept, a file for each part.
        quick: take a twelfth of the notebooks.
        every: take each so many'th notebook only.
        parts: these alone, ``all`` among them; none for all of them.
    """
    every = max(every, 12) if quick else every
    todo = replay.histories(directory)[::every]
    shapes = [shape(history.files) for history in todo]
    sets = {ALL: todo}
    for name, (_, belongs) in PARTS.items():
        chosen = [history for history, one in zip(todo, shapes, strict=True) if belongs(one)]
        if chosen:
            sets[name] = chosen
    data.mkdir(parents=True, exist_ok=True)
    missing: list[str] = []
    for name, chosen in sets.items():
        if not parts or name in parts:
            _measure(chosen, scratch / name, data / f"{name}.json", missing)
    return section(data, missing)


def section(data: Path, missing: Sequence[str]) -> Section:
    """The section of what was found so far."""
    found = {
        name: Found(**json.loads(file.read_text()))
        for name in (ALL, *PARTS)
        if (file := data / f"{name}.json").exists()
    }
    names = [name for name in (OURS, *TOOLS) if any(name in each.sizes for each in found.values())]
    rows = tuple(
        Row(name, tuple(_cell(each.sizes.get(name)) for each in found.values()), is_peer=name != OURS) for name in names
    )
    gone = [f"{name}: not measured yet." for name in (ALL, *PARTS) if name not in found]
    gone += [
        f"{tool} for {name}: not measured yet."
        for name, each in found.items()
        for tool in names
        if tool not in each.sizes and not any(line.startswith(f"{tool}:") for line in missing)
    ]
    table = Table("stored", "Bytes stored", "stored by", tuple(found), rows, "bytes", OURS)
    kinds = _kinds_table({name: each.kinds for name, each in found.items()})
    plots = (_plot(table),) if ALL in found else ()
    targets = tuple(_targets(table)) if ALL in found else ()
    return Section(
        "bytes", "Bytes", _text(found), (table, kinds), targets, plots, tuple(dict.fromkeys([*missing, *gone]))
    )


def _cell(size: int | None) -> Cell:
    return None if size is None else Figure(float(size))


def _text(found: "dict[str, Found]") -> str:
    about = (
        "Real histories from public repositories, each version saved in order. depository's bytes are everything in "
        "its store after the run: objects, headers, pages and manifests; nothing was repacked, and nothing repacks. "
        "Git has a commit for each save; its bytes are those under `objects`. restic (`--compression max`) and borg "
        "(`-C zstd,9`, no encryption) take one snapshot a step, in which every notebook is at its next version. "
        "jupyterlab-autoversion's own hook is called for each save, with a repository for each notebook, for in a "
        "common one each of its saves lists all tags. jupyter-collaboration's `SQLiteYStore` gets the update of each "
        "save, as `YNotebook.set` makes it; cells without an id are given one by their place, so that it knows them "
        "again. These two do not take what nbformat does not read, and got the other files. A history may be in "
        "several parts, or in none:"
    )
    lines = [
        about,
        "",
        "| part | rule, for a history | notebooks | versions | bytes |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name, each in found.items():
        rule = PARTS[name][0] if name in PARTS else "every history"
        lines.append(f"| {name} | {rule} | {each.notebooks:,} | {each.versions:,} | {each.raw:,} |")
    return "\n".join(lines)


def _kinds_table(found: dict[str, dict[str, list[int]]]) -> Table:
    kinds = list(dict.fromkeys(kind for each in found.values() for kind in each))
    rows = tuple(Row(kind, tuple(_cell(each.get(kind, [0, 0])[1]) for each in found.values())) for kind in kinds)
    return Table("kinds", "Where depository's bytes are", "objects", tuple(found), rows, "bytes")


def _targets(table: Table) -> list[Target]:
    ours = table.figure(OURS, 0)
    wanted = (
        ("git at its best", 0.90, (_PACKED, _GC)),
        ("restic", 0.2, (_RESTIC,)),
        ("borg", 0.2, (_BORG,)),
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


def _measure(todo: Sequence[replay.History], scratch: Path, file: Path, missing: list[str]) -> None:
    """Store the histories with every tool that has not been measured, and keep what comes out."""
    raw = sum(one.stat().st_size for history in todo for one in history.files)
    found = Found(len(todo), sum(len(history.files) for history in todo), raw, {}, {})
    if file.exists():
        before = Found(**json.loads(file.read_text()))
        if before[:3] == found[:3]:
            found = before
    scratch.mkdir(parents=True)
    if OURS not in found.sizes:
        kinds = ours(todo, scratch / "store")
        found.kinds.update({name: list(each) for name, each in kinds.items()})
        found.sizes[OURS] = sum(size for _, size in kinds.values())
    for name, tool in TOOLS.items():
        if name in found.sizes:
            continue
        if why := tool.lacks():
            missing.append(f"{name}: {why}")
            continue
        found.sizes[name] = tool.store(todo, scratch)
        file.write_text(json.dumps(found._asdict(), indent=1) + "\n")
    shutil.rmtree(scratch)


def ours(todo: Sequence[replay.History], directory: Path) -> dict[str, tuple[int, int]]:
    """Objects and bytes of a depository of the histories, by what they are."""
    url = str(directory)
    with Depository.create(url) as depository:
        replay.archive(depository, todo, lambda: None)
    found = replay.stored(connect(url))
    shutil.rmtree(url)
    return found


def _files(todo: Sequence[replay.History]) -> list[tuple[Path, ...]]:
    return [history.files for history in todo]


def packed(todo: Sequence[replay.History], scratch: Path) -> int:
    """Bytes of the repository, packed as well as is usual."""
    if not (scratch / "git").exists():
        peers.git_loose(_files(todo), scratch / "git")
    return peers.git_packed(scratch / "git")


def collected(todo: Sequence[replay.History], scratch: Path) -> int:
    """Bytes of the repository after the most thorough `git gc`."""
    if not (scratch / "git").exists():
        peers.git_loose(_files(todo), scratch / "git")
    words = ["git", "-C", str(scratch / "git"), "gc", "-q", "--aggressive", "--prune=now"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return peers.size_of(scratch / "git" / "objects")


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


def autoversion(todo: Sequence[replay.History], scratch: Path) -> int:
    """Bytes that jupyterlab-autoversion's hook leaves behind."""
    import git
    from jupyterlab_autoversion.storage.git.hook import (  # type: ignore[import-untyped, import-not-found, unused-ignore]
        post_save_autocommit_git,
    )

    total = 0
    for number, history in enumerate(todo):
        place = scratch / f"autoversion-{number}"
        repository = git.Repo.init(place)
        for file in history.files:
            content = notebook_of(file.read_bytes())
            if content is None or "metadata" not in content:
                continue
            post_save_autocommit_git(repository, {"type": "notebook", "content": content, "path": history.path})
        repository.close()
        total += peers.size_of(place / ".git" / "objects")
        shutil.rmtree(place)
    return total


def ystore(todo: Sequence[replay.History], scratch: Path) -> int:
    """Bytes of jupyter-collaboration's database after the updates of every save."""
    import anyio

    directory = scratch / "ystore"
    directory.mkdir()
    anyio.run(_fill_ystore, todo, directory / "ystore.db")
    return peers.size_of(directory)


async def _fill_ystore(todo: Sequence[replay.History], database: Path) -> None:
    from jupyter_ydoc import YNotebook
    from pycrdt.store import SQLiteYStore

    class Store(SQLiteYStore):  # type: ignore[misc, unused-ignore]
        db_path = str(database)

    for history in todo:
        document = YNotebook()
        updates: list[bytes] = []
        subscription = document.ydoc.observe(lambda event, updates=updates: updates.append(event.update))
        async with Store(history.path) as store:
            for file in history.files:
                content = notebook_of(file.read_bytes())
                if content is None:
                    continue
                for place, cell in enumerate(content["cells"]):
                    cell.setdefault("id", f"cell-{place}")
                with suppress(Exception):  # odd outputs that it does not know
                    document.set(content)
                for update in updates:
                    await store.write(update)
                updates.clear()
        del subscription


TOOLS: dict[str, Tool] = {
    PLAIN: Tool(None, None, lambda todo, _: sum(file.stat().st_size for files in _files(todo) for file in files)),
    "zstd -9, each file": Tool(None, None, lambda todo, _: peers.zstd(_files(todo))),
    "git, loose objects": Tool("git", None, lambda todo, scratch: peers.git_loose(_files(todo), scratch / "git")),
    _PACKED: Tool("git", None, packed),
    _GC: Tool("git", None, collected),
    _AUTOVERSION: Tool("git", "jupyterlab-autoversion", autoversion),
    _YSTORE: Tool(None, "pycrdt-store", ystore),
    _RESTIC: Tool("restic", None, lambda todo, scratch: peers.restic(_files(todo), scratch)),
    _BORG: Tool("borg", None, lambda todo, scratch: peers.borg(_files(todo), scratch)),
}
"""Everything that keeps versions, in the order in which it is measured; the git ones use one repository."""
