"""Section ``save``: one more version of a notebook, in which one line is new."""

import itertools
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine, notebooks, savers, timing
from benchmarks.results import Cell, Figure, Plot, Row, Section, Series, Table, Target, at_least, at_most
from benchmarks.savers import BORG, DULWICH, GIT, NAME, NOTHING, PATH, RESTIC, S3_WARM, WARM, Saver, Sending
from benchmarks.servers import Service, service
from benchmarks.timing import PYTHON, Taking
from depository import Depository
from depository.backends.base import Absent
from depository.notebook import canonical, content, render, skeleton
from depository.objects import frame

SIZES = {"25 KB": 25_000, "250 KB": 250_000, "4 MB": 4_000_000, "12 MB": 12_000_000}
_QUICK = {"25 KB": 25_000, "250 KB": 250_000}
_ROUNDS = {"25 KB": (40, 15), "250 KB": (40, 15), "4 MB": (15, 9), "12 MB": (9, 5)}
"""Of library calls, and of commands."""


class Found(NamedTuple):
    """What one way to save took at one size."""

    taking: Taking
    written: tuple[float, float] | None
    """Requests or files, and bytes, of one save."""


def run(scratch: Path, *, quick: bool, s3: str | None) -> Section:
    """Measure all sizes."""
    sizes = _QUICK if quick else SIZES
    called: dict[str, dict[str, Found]] = {}
    ran: dict[str, dict[str, Found]] = {}
    floors: dict[str, dict[str, Taking]] = {}
    missing: list[str] = []
    with service(s3) as where:
        for name, size in sizes.items():
            rounds = (5, 3) if quick else _ROUNDS[name]
            directory = scratch / f"s{size}"
            directory.mkdir()
            called[name] = _measured(list(savers.libraries(directory, where)), size, rounds[0])
            ran[name] = _measured(list(savers.commands(directory, where)), size, rounds[1])
            floors[name] = _floor(directory, where, size, rounds[0])
        counted = {} if quick else _instructions(scratch / "instructions", missing)
        text = _text(where.name)
    tables = [
        *(_times(called, "library", "Library calls", kind) for kind in ("cpu", "wall")),
        *(_times(ran, "command", "Whole commands", kind) for kind in ("cpu", "wall")),
        _written(called, ran),
        _floor_table(floors),
    ]
    if counted:
        rows = tuple(
            Row(each, (Figure(count),), is_peer=not each.startswith("depository")) for each, count in counted.items()
        )
        tables.append(
            Table(
                "instructions",
                "Instructions of a save of 250 KB",
                "save",
                ("instructions, millions",),
                rows,
                "",
                "depository, library call",
                "As callgrind counts them, of commands with the programs that they start: they do not shake as times "
                "do. The kernel's are not in it. A library call is half of the difference between processes that save "
                "four times and two. restic cannot be run so.",
            )
        )
    for tool, package in ((DULWICH, "dulwich"),):
        if not machine.has(package):
            missing.append(f"{tool}: {package} could not be installed.")
    return Section(
        "save",
        "A save",
        text,
        tuple(tables),
        tuple(_targets(called, ran, floors)),
        (_plot(called, ran, sizes),),
        tuple(missing),
    )


def _measured(ways: Sequence[Saver], size: int, rounds: int) -> dict[str, Found]:
    files = list(itertools.islice(notebooks.versions(size), rounds + 2))
    for way in ways:  # a first version, so that each save is one more
        way.save(files[0], -1)
    written: dict[str, list[tuple[int, int]]] = {way.name: [] for way in ways}

    def save(way: Saver, number: int) -> timing.Taken:
        way.written()
        taken = way.save(files[number + 1], number)
        if (counts := way.written()) is not None and number:
            written[way.name].append(counts)
        return taken

    found = timing.turns(rounds, {way.name: partial(save, way) for way in ways})
    return {
        name: Found(
            taking,
            (
                Figure.of([counts[0] for counts in written[name]]).value,
                Figure.of([counts[1] for counts in written[name]]).value,
            )
            if written[name]
            else None,
        )
        for name, taking in found.items()
    }


def _floor(directory: Path, where: Service, size: int, rounds: int) -> dict[str, Taking]:
    """A warm save to S3 and the parts of it that nothing can go without, in turns."""
    sending = Sending(where.backend(f"{directory.name}-floor"))
    depository = Depository.adopt(sending, materialize=())
    files = list(itertools.islice(notebooks.versions(size), rounds + 2))
    depository.save(PATH, files[0])
    apart = []
    for file in files:
        made = content.from_file(file)
        apart.append((made, skeleton.take_apart(made.value, made.canonical)))
    keys = itertools.count()

    def save(number: int) -> timing.Taken:
        sending.puts.clear()
        return timing.call(lambda: depository.save(PATH, files[number + 1]))

    def puts(_: int) -> timing.Taken:
        todo = [(f"objects/ff/{next(keys)}", data) for data in sending.puts]
        return timing.call(lambda: [sending.backend.put(key, data, Absent()) for key, data in todo])

    def hashed(number: int) -> timing.Taken:
        data = apart[number + 1][0].canonical
        return timing.call(lambda: canonical.hash_canonical(data))

    def compressed(number: int) -> timing.Taken:
        (before, base), (_, now) = apart[number], apart[number + 1]
        return timing.call(
            lambda: frame.encode_delta(frame.Kind.NOTEBOOK, now.data, tuple(now.outputs), before.hash, base.data)
        )

    return timing.turns(
        rounds,
        {
            "a warm save, to S3": save,
            "its PUTs by themselves, through the same client": puts,
            "hashing": hashed,
            "compressing": compressed,
            "parsing the JSON": lambda number: timing.call(lambda: content.from_file(files[number + 1])),
            "rendering, to compare with the file": lambda number: timing.call(
                lambda: render.render(apart[number + 1][0].value)
            ),
        },
    )


_TO_S3 = {savers.S3_WARM, savers.S3_COLD, savers.BOTO, savers.RESTIC_S3}
_FLOOR = ("its PUTs by themselves, through the same client", "hashing", "compressing")


def _floor_ratio(taken: dict[str, Taking]) -> float:
    return taken["a warm save, to S3"].cpu.value / sum(taken[name].cpu.value for name in _FLOOR)


def _floor_table(floors: dict[str, dict[str, Taking]]) -> Table:
    names = list(next(iter(floors.values())))
    rows = [Row(name, tuple(taken[name].cpu for taken in floors.values())) for name in names]
    sums = tuple(Figure(sum(taken[name].cpu.value for name in _FLOOR)) for taken in floors.values())
    rows.append(Row("floor: PUTs, hashing and compressing", sums))
    rows.append(Row("the save, times the floor", tuple(Figure(_floor_ratio(taken)) for taken in floors.values())))
    note = (
        "A save and its parts, in turns, each by itself. Reading the file and checking that it comes back byte for "
        "byte are no part of the floor, and depository does both; the last two parts are the largest of that."
    )
    return Table("floor", "What of a save is needed", "part", tuple(floors), tuple(rows), "ms of CPU", None, note)


def _times(found: dict[str, dict[str, Found]], name: str, title: str, kind: str) -> Table:
    names = list(next(iter(found.values())))

    def cell(way: str, size: str) -> Cell:
        if way not in found[size]:
            return None
        taking = found[size][way].taking
        return taking.cpu if kind == "cpu" else taking.wall

    rows = tuple(_row(way, tuple(cell(way, size) for size in found)) for way in names)
    what = "CPU" if kind == "cpu" else "time that goes by"
    return Table(f"{name}-{kind}", f"{title}: {what}", "save", tuple(found), rows, "ms", WARM)


def _written(called: dict[str, dict[str, Found]], ran: dict[str, dict[str, Found]]) -> Table:
    rows = []
    for found, suffix in ((called, ""), (ran, " (command)")):
        for way in next(iter(found.values())):
            cells: list[Cell] = []
            for size in found:
                written = found[size][way].written
                cells += [None, None] if written is None else [Figure(written[0]), Figure(written[1])]
            if any(cell is not None for cell in cells):
                rows.append(_row(way, tuple(cells), suffix))
    columns = tuple(column for size in called for column in (f"{size}: requests or files", f"{size}: bytes"))
    note = (
        "Of one save, the median. To S3: requests, and bytes of their bodies; of a command, reads and all. To "
        "a directory: files and bytes by which it grew, so what was overwritten, as depository's manifest is, is "
        "not seen."
    )
    return Table("written", "Requests and bytes", "save", columns, tuple(rows), "", WARM, note)


def _row(way: str, cells: tuple[Cell, ...], suffix: str = "") -> Row:
    """What goes to S3 is held against depository on S3, the rest against depository in a directory."""
    ours = (S3_WARM if way in _TO_S3 else WARM) + suffix
    return Row(way + suffix, cells, not way.startswith("depository") and way != NOTHING, ours)


def _instructions(directory: Path, missing: list[str]) -> dict[str, float]:
    """Instructions, in millions, of a save of 250 KB."""
    directory.mkdir()
    for number, file in enumerate(itertools.islice(notebooks.versions(250_000), 4)):
        (directory / f"{number}.ipynb").write_bytes(file)
    (directory / NAME).write_bytes((directory / "0.ipynb").read_bytes())
    ours = (
        "import sys; from depository import Depository; d = Depository.create(sys.argv[1], materialize=())\n"
        "for n in range(int(sys.argv[2])): d.save('mine.ipynb', open(f'{n}.ipynb', 'rb').read())"
    )
    dulwich = (
        "import os, shutil, sys; from dulwich import porcelain\n"
        "os.mkdir(sys.argv[1]); r = porcelain.init(sys.argv[1])\n"
        "for n in range(int(sys.argv[2])):\n"
        "  shutil.copy(f'{n}.ipynb', sys.argv[1] + '/mine.ipynb'); porcelain.add(r, [sys.argv[1] + '/mine.ipynb'])\n"
        "  porcelain.commit(r, message=b'save', author=b'A <a@example.org>', committer=b'A <a@example.org>')"
    )
    found = {}
    try:
        for name, program in (("depository, library call", ours), (f"{DULWICH}, library call", dulwich)):
            if "dulwich" in name and not machine.has("dulwich"):
                continue
            counts = [
                timing.instructions([PYTHON, "-c", program, f"{name[:4]}{times}", str(times)], cwd=directory)
                for times in (2, 4)
            ]
            found[name] = (counts[1] - counts[0]) / 2 / 1e6
        url = str(directory / "store")
        with Depository.create(url, materialize=()) as depository:
            depository.save(NAME, (directory / "1.ipynb").read_bytes())
        command = [str(Path(PYTHON).parent / "depository"), "--depository", url, "save", NAME]
        found["depository, command"] = timing.instructions(command, cwd=directory, with_children=True) / 1e6
        timing.command(["git", "init", "-q", "."], cwd=directory)
        environ = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        words = ["sh", "-c", f"git add {NAME} && git commit -q -m save"]
        found[f"{GIT}, command"] = timing.instructions(words, cwd=directory, environ=environ, with_children=True) / 1e6
    except RuntimeError as error:
        missing.append(f"instructions: {error}")
    return found


def _targets(
    called: dict[str, dict[str, Found]], ran: dict[str, dict[str, Found]], floors: dict[str, dict[str, Taking]]
) -> list[Target]:
    found = [
        at_most(f"CPU of a save of {size}, times that of its PUTs, hashing and compressing", 1.5, _floor_ratio(taken))
        for size, taken in floors.items()
    ]
    for tool, times in ((RESTIC, 20), (GIT, 5)):
        for ours, how in ((called, "a library call"), (ran, "a command")):
            for size, ways in ran.items():
                if tool in ways:
                    ratio = ways[tool].taking.wall.value / ours[size][WARM].taking.wall.value
                    found.append(at_least(f"a save of {size}, {how}: times faster than {tool}", times, ratio))
    return found


def _plot(called: dict[str, dict[str, Found]], ran: dict[str, dict[str, Found]], sizes: dict[str, int]) -> Plot:
    chosen = (
        (called, WARM, "depository, library"),
        (called, S3_WARM, "depository, library, S3"),
        (called, DULWICH, "dulwich, library"),
        (called, savers.BOTO, "boto3, library, S3"),
        (ran, WARM, "depository, command"),
        (ran, GIT, "git, command"),
        (ran, RESTIC, "restic, command"),
        (ran, BORG, "borg, command"),
    )
    series = tuple(
        Series(label, tuple((float(sizes[size]), found[size][way].taking.cpu.value) for size in found))
        for found, way, label in chosen
        if all(way in found[size] for size in found)
    )
    return Plot("save", "CPU of a save", "ms of CPU", series, x_label="bytes of the notebook")


def _text(server: str) -> str:
    return (
        "One notebook, of which every save has one line more in another cell: text, printed output, and in "
        "each tenth cell an image. All tools take turns, save by save. Warm is a process that saved it "
        f"before; cold is one that has to read what is there first. S3 is {server}, in another process on the "
        "same machine, so what it takes itself is in the time that goes by, and not in the CPU. A command is "
        "a process from its start to its end. depository brings each object to the disk before it calls it "
        "archived, as restic and borg do; git does not unless told, so there is a line for that. restic runs "
        "with `--compression max`, borg with `-C zstd,9` and no encryption, git without `gc`."
    )
