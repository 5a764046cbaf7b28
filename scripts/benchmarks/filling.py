"""Depositories, git repositories and buckets with as much in them as a measurement needs."""

import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from depository import Depository, Draft

_BURST = 20
_THREADS = 8
_START = datetime(2026, 1, 1, tzinfo=UTC)


def history(depository: Depository, path: str, files: Iterable[bytes]) -> None:
    """Save versions of one notebook, some at once, a minute between them."""
    rest = iter(files)
    number = 0
    while drafts := list(islice(rest, _BURST)):
        timed = [
            Draft(file, "kylek", "", _START + timedelta(minutes=number + place), "save")
            for place, file in enumerate(drafts)
        ]
        depository.save_all(path, timed)
        number += len(drafts)


def notebooks(depository: Depository, named: Iterable[tuple[str, bytes]]) -> None:
    """Save a version of each of many notebooks."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(lambda one: depository.save(*one), named):
            pass


def repository(place: Path, commits: Iterable[Iterable[tuple[str, bytes]]]) -> None:
    """Make a bare git repository of commits, each of some files, and pack it as `git gc` does."""
    subprocess.run(["git", "init", "-q", "--bare", str(place)], check=True)
    stream = subprocess.Popen(["git", "-C", str(place), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    pipe = stream.stdin
    if pipe is None:
        raise RuntimeError("git fast-import has no input")
    for number, files in enumerate(commits):
        when = 1_767_225_600 + 60 * number
        pipe.write(f"commit refs/heads/main\ncommitter A <a@example.org> {when} +0000\ndata 4\nsave\n".encode())
        for name, data in files:
            pipe.write(f"M 100644 inline {name}\ndata {len(data)}\n".encode())
            pipe.write(data + b"\n")
    pipe.close()
    if stream.wait():
        raise RuntimeError("git fast-import failed")
    subprocess.run(["git", "-C", str(place), "symbolic-ref", "HEAD", "refs/heads/main"], check=True)
    subprocess.run(["git", "-C", str(place), "gc", "-q"], check=True, stdout=subprocess.DEVNULL)


def objects(client: Any, bucket: str, named: Iterable[tuple[str, bytes]]) -> list[str | None]:
    """Put plain objects, several at once; the ids of their versions, where the bucket has versions."""

    def put(one: tuple[str, bytes]) -> str | None:
        version: str | None = client.put_object(Bucket=bucket, Key=one[0], Body=one[1]).get("VersionId")
        return version

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(put, named))
