"""The same versions of the same notebooks, stored by what people would use instead.

Each tool gets its best ordinary settings: git packs all with ``repack -adf --window=50``; zstd compresses each file by
itself at level 9; restic and borg take one snapshot a step, in which every notebook is at its next version, so that
each version is in some snapshot.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import zstandard


class Peer(NamedTuple):
    """What one tool made of it."""

    name: str
    stored_bytes: int | None
    """Everything that it keeps, or None if it is not installed."""
    wall: float
    """Seconds, of a machine that may be busy with other things."""


def measure(histories: Sequence[Sequence[Path]], scratch: Path) -> list[Peer]:
    """Store the histories, each the files of one notebook in order, with every tool that is there."""
    return [
        _timed("files as they are", lambda: sum(file.stat().st_size for files in histories for file in files)),
        _timed("zstd -9, each file", lambda: zstd(histories)),
        _timed("git, loose objects", lambda: git_loose(histories, scratch / "git"), needs="git"),
        _timed("git repack -adf --window=50", lambda: git_packed(scratch / "git"), needs="git"),
        _timed("restic, max compression", lambda: restic(histories, scratch), needs="restic"),
        _timed("borg, zstd,9", lambda: borg(histories, scratch), needs="borg"),
    ]


def report(peers: Sequence[Peer], ours: int) -> Iterator[str]:
    """A table in Markdown."""
    yield "| stored by | bytes | depository's share of it |"
    yield "| --- | ---: | ---: |"
    for peer in peers:
        if peer.stored_bytes is None:
            yield f"| {peer.name} | not installed | |"
        else:
            yield f"| {peer.name} | {peer.stored_bytes:,} | {ours / peer.stored_bytes:.3f} |"
    yield f"| depository, on write | {ours:,} | |"


def _timed(name: str, store: Callable[[], int], needs: str | None = None) -> Peer:
    if needs and not shutil.which(needs):
        return Peer(name, None, 0)
    start = time.perf_counter()
    size = store()
    return Peer(name, size, time.perf_counter() - start)


def zstd(histories: Sequence[Sequence[Path]]) -> int:
    """Bytes of each file compressed by itself, at level 9."""
    compressor = zstandard.ZstdCompressor(level=9)
    return sum(len(compressor.compress(file.read_bytes())) for files in histories for file in files)


def git_loose(histories: Sequence[Sequence[Path]], repository: Path) -> int:
    """Bytes of a new repository with a commit a version, none of its objects packed."""
    _run("git", "init", "-q", "--bare", str(repository))
    _run("git", "-C", str(repository), "config", "gc.auto", "0")
    # a commit a version, as `git add` and `git commit` after each save would make it
    stream = subprocess.Popen(
        ["git", "-C", str(repository), "-c", "fastimport.unpackLimit=1000000000", "fast-import", "--quiet"],
        stdin=subprocess.PIPE,
    )
    pipe = stream.stdin
    if pipe is None:
        raise RuntimeError("git fast-import has no input")
    when = 1_600_000_000
    for number, files in enumerate(histories):
        for file in files:
            when += 60
            data = file.read_bytes()
            pipe.write(
                f"commit refs/heads/main\ncommitter A <a@example.org> {when} +0000\ndata 4\nsave\n"
                f"M 100644 inline {number}.ipynb\ndata {len(data)}\n".encode()
                + data
                + b"\n"
            )
    pipe.close()
    if stream.wait():
        raise RuntimeError("git fast-import failed")
    return size_of(repository / "objects")


def git_packed(repository: Path) -> int:
    """Bytes of the same repository, packed as well as is usual."""
    _run("git", "-C", str(repository), "repack", "-q", "-adf", "--window=50")
    return size_of(repository / "objects")


def restic(histories: Sequence[Sequence[Path]], scratch: Path) -> int:
    """Bytes of a new restic repository."""
    repository = scratch / "restic"
    environment = {
        "RESTIC_PASSWORD": "x",
        "RESTIC_REPOSITORY": str(repository),
        "RESTIC_CACHE_DIR": str(scratch / "cache"),
    }
    _run("restic", "init", "-q", environment=environment)
    for tree in _trees(histories, scratch / "tree"):
        _run("restic", "backup", "-q", "--compression", "max", ".", environment=environment, cwd=tree)
    return size_of(repository)


def borg(histories: Sequence[Sequence[Path]], scratch: Path) -> int:
    """Bytes of a new borg repository."""
    repository = scratch / "borg"
    environment = {"BORG_BASE_DIR": str(scratch / "borg-home"), "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}
    _run("borg", "init", "-e", "none", str(repository), environment=environment)
    for number, tree in enumerate(_trees(histories, scratch / "tree")):
        _run("borg", "create", "-C", "zstd,9", f"{repository}::{number}", ".", environment=environment, cwd=tree)
    return size_of(repository)


def _trees(histories: Sequence[Sequence[Path]], tree: Path) -> Iterator[Path]:
    """The same directory again and again, each time with every notebook at its next version."""
    for step in range(max(map(len, histories))):
        tree.mkdir(exist_ok=True)
        for number, files in enumerate(histories):
            if step < len(files):
                shutil.copyfile(files[step], tree / f"{number}.ipynb")
        yield tree
    shutil.rmtree(tree)


def size_of(directory: Path) -> int:
    """Bytes of all files below a directory."""
    return sum((Path(folder) / name).stat().st_size for folder, _, names in os.walk(directory) for name in names)


def _run(*command: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
