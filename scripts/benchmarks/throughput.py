"""Section ``throughput``: saves a second, held against what the disk or the S3 service takes from anybody."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks import writers
from benchmarks.results import Figure, Row, Section, Table, Target, at_least
from benchmarks.servers import Service, service
from benchmarks.writers import Done, Order
from depository import Depository

_SIZE = 25_000
_ROUNDS = 3
_SHAPES = ((1, 1), (100, 1), (1, 16), (100, 16))
"""Paths and writers."""


class Found(NamedTuple):
    """What was reached with one number of paths and writers, each a second."""

    saves: list[float]
    puts: list[float]
    ceiling: list[float]
    """PUTs of the cheapest client, or files."""
    boto3: list[float]
    """PUTs of bare boto3 clients; empty for a disk."""

    @property
    def share(self) -> float:
        """Of the ceiling, by the two PUTs that each save is; those that were refused are no use to anybody."""
        return 2 * Figure.of(self.saves).value / Figure.of(self.ceiling).value

    @property
    def share_of_boto3(self) -> float | None:
        """Of what as many bare boto3 clients reach."""
        return 2 * Figure.of(self.saves).value / Figure.of(self.boto3).value if self.boto3 else None


def run(scratch: Path, *, quick: bool, s3: str | None) -> Section:
    """Measure a directory and an S3 service."""
    seconds, rounds = (1.5, 1) if quick else (3.0, _ROUNDS)
    with service(s3) as where:
        found = {
            "directory": _measure(scratch, None, seconds, rounds),
            where.name: _measure(scratch, where, seconds, rounds),
        }
        name = where.name
    tables = tuple(_table(place, shapes, is_disk=place == "directory") for place, shapes in found.items())
    return Section("throughput", "Throughput", _text(name), tables, tuple(_targets(found)))


def _measure(scratch: Path, where: Service | None, seconds: float, rounds: int) -> dict[tuple[int, int], Found]:
    found = {shape: Found([], [], [], []) for shape in _SHAPES}
    for number in range(rounds):
        for (paths, count), one in found.items():
            name = f"t{paths}-{count}-{number}-{'s3' if where else 'disk'}"
            place = name if where else str(scratch / name)
            if where:
                where.metered(name)
            else:
                Depository.create(place, materialize=()).close()
            order = Order(
                "save",
                place,
                0,
                count,
                paths,
                seconds,
                _SIZE,
                where.bucket if where else "",
                where.environ if where else {},
                4000 // count + 200,
            )
            done = _together(order, count)
            puts = sum(each.puts for each in done)
            one.saves.append(sum(each.times / each.seconds for each in done))
            one.puts.append(sum(each.puts / each.seconds for each in done))
            put = order._replace(
                what="http" if where else "disk",
                place=f"{place}-ceiling",
                size=sum(each.sent for each in done) // max(1, puts),
                most=20_000 // count,
            )
            one.ceiling.append(sum(each.times / each.seconds for each in _together(put, count)))
            if where:
                again = put._replace(what="boto3", place=f"{place}-boto3")
                one.boto3.append(sum(each.times / each.seconds for each in _together(again, count)))
    return found


def _together(order: Order, count: int) -> list[Done]:
    """Several writers that start at the same time."""
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "scripts")])}
    processes = [
        subprocess.Popen(
            [sys.executable, writers.__file__, json.dumps(order._replace(number=number)._asdict())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )
        for number in range(count)
    ]
    try:
        for process in processes:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise RuntimeError("a writer did not get ready")
        for process in processes:
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            process.stdin.write("go\n")
            process.stdin.flush()
        return [Done(**json.loads(process.communicate()[0])) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _table(place: str, shapes: dict[tuple[int, int], Found], *, is_disk: bool) -> Table:
    rows = tuple(_rows(shapes, is_disk=is_disk))
    what = "files" if is_disk else "PUTs"
    columns = ["saves", what, f"ceiling: {what}", "share of the ceiling"]
    if not is_disk:
        columns += ["bare boto3: PUTs", "share of boto3's"]
    return Table(
        f"throughput-{'directory' if is_disk else 's3'}",
        "Into a directory" if is_disk else f"Into S3 ({place})",
        "paths, writers",
        tuple(columns),
        rows,
        "",
        None,
        "Each a second; more is better.",
    )


def _rows(shapes: dict[tuple[int, int], Found], *, is_disk: bool) -> Iterator[Row]:
    for (paths, count), found in shapes.items():
        cells = [Figure.of(found.saves), Figure.of(found.puts), Figure.of(found.ceiling), Figure(found.share)]
        if not is_disk and found.share_of_boto3 is not None:
            cells += [Figure.of(found.boto3), Figure(found.share_of_boto3)]
        name = f"{paths} {'path' if paths == 1 else 'paths'}, {count} {'writer' if count == 1 else 'writers'}"
        yield Row(name, tuple(cells))


def _targets(found: dict[str, dict[tuple[int, int], Found]]) -> Iterator[Target]:
    for place, shapes in found.items():
        for (paths, count), one in shapes.items():
            where = "a directory" if place == "directory" else f"S3 ({place})"
            what = f"throughput into {where}, paths {paths}, writers {count}: share of"
            yield at_least(f"{what} the ceiling", 0.7, one.share)
            if one.share_of_boto3 is not None:
                yield at_least(f"{what} what bare boto3 reaches", 0.7, one.share_of_boto3)


def _text(server: str) -> str:
    return (
        f"Writers are processes that save a notebook of {_SIZE // 1000} KB as fast as they can, all at once, "
        "for some seconds. One path is everybody's, so that its writers are in each other's way; of 100 paths "
        "each writer has its own. The ceiling is what as many processes reach that do nothing but write "
        f"bodies of the mean size of what the saves wrote, right after them: to S3 ({server}) with requests "
        "that were signed before, by the cheapest client in Python; to a directory with a file written, "
        "synced, renamed, and its directory synced. Bare boto3 is `put_object` of the same bodies. A save is "
        "two PUTs, and its share counts these; that it sends more is the work of others on its path. Writers "
        "and service share the two cores."
    )
