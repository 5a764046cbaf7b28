"""Section ``reading``: `log`, `restore` and `ls` of much, first as commands, then as calls."""

import itertools
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import filling, notebooks, timing
from benchmarks.results import Figure, Row, Section, Table, Target, at_least, at_most
from benchmarks.servers import Service, service
from benchmarks.timing import PYTHON, Taken, Taking
from depository import Depository
from depository.backends.metering import Metering

LOG_PATH, READ_PATH = "kylek/log.ipynb", "kylek/read.ipynb"
_FIRST = 30
"""Versions on the first page of a log, about what a terminal shows."""
_SIZE = 250_000
_AT_ONCE = 10
"""Requests: as many connections as boto3 keeps of its own accord."""
_SAME_GETS = f"boto3, `get_object` of what that log reads, {_AT_ONCE} at once"
_PROGRAM = str(Path(PYTHON).parent / "depository")
_PASS, _CLICK = [PYTHON, "-c", "pass"], [PYTHON, "-c", "import click"]
_GET = "import boto3, sys; boto3.client('s3').get_object(Bucket=sys.argv[1], Key=sys.argv[2])['Body'].read()"  # one GET
_PAGE_VERSIONS = (
    "import boto3, sys\n"
    "pages = boto3.client('s3').get_paginator('list_object_versions')\n"
    "for page in pages.paginate(Bucket=sys.argv[1], Prefix=sys.argv[2]):\n"
    "    for v in page.get('Versions', ()): print(v['VersionId'], v['LastModified'], v['Size'])"
)
_PAGE_KEYS = (
    "import boto3, sys\n"
    "pages = boto3.client('s3').get_paginator('list_objects_v2')\n"
    "for page in pages.paginate(Bucket=sys.argv[1], Prefix=sys.argv[2]):\n"
    "    for o in page.get('Contents', ()): print(o['Key'], o['LastModified'])"
)

Work = dict[str, Callable[[int], Taken]]


class Place:
    """The same histories in a directory, in git, and on S3 as depository's and as plain versions."""

    def __init__(self, scratch: Path, where: Service, quick: bool) -> None:
        self.versions = 1000 if quick else 10_000
        self.reads = 100 if quick else 1000
        self.notebooks = 1000 if quick else 10_000
        self.rounds = 3 if quick else 11
        self.where = where
        self.scratch = scratch
        self.url = str(scratch / "store")
        self.environ = {"HOME": str(scratch), "XDG_CACHE_HOME": str(scratch / "cache"), **where.environ}
        self.git: Path | None = None
        self.version_ids: list[str | None] = []

    @property
    def s3_url(self) -> str:
        """Depository's part of the bucket."""
        return f"s3://{self.where.bucket}/reading"

    def fill(self) -> None:
        """Save everything everywhere."""
        tiny = [notebooks.tiny(number) for number in range(self.versions)]
        large = list(itertools.islice(notebooks.versions(_SIZE), self.reads))
        many = [(f"team/{number // 100}/{number}.ipynb", notebooks.tiny(0, number)) for number in range(self.notebooks)]
        s3, _ = self.where.metered("reading")
        for depository in (Depository.create(self.url, materialize=()), s3):
            filling.history(depository, LOG_PATH, tiny)
            filling.history(depository, READ_PATH, large)
            filling.notebooks(depository, many)
            depository.close()
        client = self.where.client()
        filling.objects(client, self.where.bucket, (("plain/log.ipynb", data) for data in tiny))
        self.version_ids = filling.objects(client, self.where.bucket, (("plain/read.ipynb", f) for f in large))
        filling.objects(client, self.where.bucket, ((f"many/{path}", data) for path, data in many))
        if shutil.which("git"):
            self.git = self.scratch / "git"
            commits: list[list[tuple[str, bytes]]] = [[(LOG_PATH, data)] for data in tiny]
            commits += [[(READ_PATH, data)] for data in large]
            filling.repository(self.git, [*commits, many])

    def ours(self, *words: str, s3: bool = False) -> list[str]:
        """A command of depository's."""
        return [_PROGRAM, "--depository", self.s3_url if s3 else self.url, *words]

    def runs(self, words: Sequence[str]) -> Callable[[int], Taken]:
        """A command, again and again."""
        return lambda _: timing.command(words, environ=self.environ, cwd=self.scratch)


def run(scratch: Path, *, quick: bool, s3: str | None) -> Section:
    """Fill everything, and read it."""
    with service(s3) as where:
        place = Place(scratch, where, quick)
        place.fill()
        found = {"log": _log(place), "restore": _restore(place), "ls": _ls(place)}
        called = _calls(place)
        name = where.name
    tables = [
        _table("log", f"`log`: whole commands, a history of {place.versions:,}", found["log"]),
        _table("restore", f"`restore` of any of {place.reads:,} versions of a notebook of 250 KB", found["restore"]),
        _table("ls", f"`ls` of {place.notebooks:,} notebooks: whole commands", found["ls"]),
        called,
    ]
    missing = [] if place.git else ["git: it is not installed."]
    return Section("reading", "Reading", _text(name), tuple(tables), tuple(_targets(found, called)), (), tuple(missing))


def _log(place: Place) -> dict[str, Taking]:
    bucket, first = place.where.bucket, ["-n", str(_FIRST)]
    work: Work = {
        "depository, first page": place.runs(place.ours("log", f":/{LOG_PATH}", *first)),
        "depository, all": place.runs(place.ours("log", f":/{LOG_PATH}")),
        "depository, first page, S3": place.runs(place.ours("log", f":/{LOG_PATH}", *first, s3=True)),
        "depository, all, S3": place.runs(place.ours("log", f":/{LOG_PATH}", s3=True)),
        "boto3, one GET": place.runs([PYTHON, "-c", _GET, bucket, "plain/log.ipynb"]),
        "boto3, `list_object_versions`, all": place.runs([PYTHON, "-c", _PAGE_VERSIONS, bucket, "plain/log.ipynb"]),
        "`python -c pass`": place.runs(_PASS),
        '`python -c "import click"`': place.runs(_CLICK),
    }
    if place.git:
        git = ["git", "-C", str(place.git), "log", "--format=%h %ad %an %s"]
        work["git log, first page"] = place.runs([*git, *first, "--", LOG_PATH])
        work["git log, all"] = place.runs([*git, "--", LOG_PATH])
    return timing.turns(place.rounds, work)


def _restore(place: Place) -> dict[str, Taking]:
    chance = random.Random(7)  # noqa: S311 - the same versions each time
    numbers = [chance.randint(1, place.reads) for _ in range(4 * place.rounds + 1)]

    def ours(number: int, *, s3: bool) -> Taken:
        words = place.ours("restore", f":/{READ_PATH}@v{numbers[number]}", "-o", "-", s3=s3)
        return timing.command(words, environ=place.environ)

    def git(number: int) -> Taken:
        # the notebooks of `ls` are the last commit, and those of this one are before it
        commit = f"HEAD~{1 + place.reads - numbers[number]}"
        return timing.command(["git", "-C", str(place.git), "show", f"{commit}:{READ_PATH}"])

    work: Work = {"depository": partial(ours, s3=False)}
    if place.git:
        work["`git show`"] = git
    work["depository, S3"] = partial(ours, s3=True)
    work["`python -c pass`"] = place.runs(_PASS)
    return timing.turns(4 * place.rounds, work)


def _ls(place: Place) -> dict[str, Taking]:
    def first(words: Sequence[str], _: int) -> Taken:
        shutil.rmtree(place.scratch / "cache", ignore_errors=True)
        return timing.command(words, environ=place.environ, cwd=place.scratch)

    work: Work = {}
    for where, s3 in (("", False), (", S3", True)):
        short, long = place.ours("ls", ":/team", s3=s3), place.ours("ls", "-l", ":/team", s3=s3)
        work[f"depository ls, first{where}"] = partial(first, short)
        work[f"depository ls, again{where}"] = place.runs(short)
        work[f"depository ls -l, first{where}"] = partial(first, long)
        work[f"depository ls -l, again{where}"] = place.runs(long)
    if place.git:
        work["git ls-tree -r"] = place.runs(
            ["git", "-C", str(place.git), "ls-tree", "-r", "--name-only", "HEAD", "team/"]
        )
    work["boto3, `list_objects_v2`, all"] = place.runs([PYTHON, "-c", _PAGE_KEYS, place.where.bucket, "many/team/"])
    work["`python -c pass`"] = place.runs(_PASS)
    return timing.turns(max(3, place.rounds // 2), work)


_AGAINST = {
    "git log, first page": "depository, first page",
    "git log, all": "depository, all",
    "boto3, one GET": "depository, first page, S3",
    "boto3, `list_object_versions`, all": "depository, all, S3",
    '`python -c "import click"`': "depository, first page",
    "`git show`": "depository",
    "git ls-tree -r": "depository ls, first",
    "boto3, `list_objects_v2`, all": "depository ls, first, S3",
}


def _table(name: str, title: str, found: Mapping[str, Taking]) -> Table:
    rows = tuple(
        Row(
            each,
            (taking.cpu, taking.wall),
            is_peer=not each.startswith(("depository", "`python")),
            against=_AGAINST.get(each),
        )
        for each, taking in found.items()
    )
    return Table(name, title, "command", ("CPU, ms", "time, ms"), rows)


def _calls(place: Place) -> Table:
    """The same as library calls, where neither a start nor an import counts; and their requests."""
    client = place.where.client()
    bucket = place.where.bucket
    meters = {
        "": Metering(Depository.open(place.url)._backend),  # noqa: SLF001 - the store is looked at from below
        ", S3": Metering(place.where.backend("reading")),
    }
    chance = random.Random(8)  # noqa: S311 - the same versions each time
    numbers = [chance.randint(1, place.reads) for _ in range(place.rounds + 1)]

    def paged(operation: str, **arguments: Any) -> None:
        for page in client.get_paginator(operation).paginate(Bucket=bucket, **arguments):
            for each in (*page.get("Versions", ()), *page.get("Contents", ())):
                (each["Key"], each["LastModified"])

    work: Work = {}
    requests: dict[str, str] = {}
    asked: list[str] = []
    for suffix, meter in meters.items():
        calls: dict[str, Callable[[int], object]] = {
            f"log, first {_FIRST}": lambda _, m=meter: list(itertools.islice(Depository(m).log(LOG_PATH), _FIRST)),  # type: ignore[misc]
            f"log, all {place.versions:,}": lambda _, m=meter: list(Depository(m).log(LOG_PATH)),  # type: ignore[misc]
            "read of any version": lambda n, m=meter: Depository(m).read(READ_PATH, f"v{numbers[n]}"),  # type: ignore[misc]
            f"ls of {place.notebooks:,}": lambda _, m=meter: list(Depository(m).ls("team")),  # type: ignore[misc]
        }
        for what, function in calls.items():
            name = f"depository, {what}{suffix}"
            meter.reset()
            function(0)
            requests[name] = str(sum(meter.counts.calls.values()))
            if suffix and what.startswith("log, all"):
                asked = [f"reading/{call.key}" for call in meter.log]
            work[name] = lambda n, f=function: timing.call(lambda: f(n))  # type: ignore[misc]
    pages = f"{place.versions // 1000}"
    theirs: dict[str, tuple[str, Callable[[int], object]]] = {
        f"boto3, `list_object_versions`, all {place.versions:,}": (
            pages,
            lambda _: paged("list_object_versions", Prefix="plain/log.ipynb"),
        ),
        _SAME_GETS: (
            str(len(asked)),
            lambda _: list(pool.map(lambda key: client.get_object(Bucket=bucket, Key=key)["Body"].read(), asked)),
        ),
        "boto3, `get_object` of any version": (
            "1",
            lambda n: client.get_object(
                Bucket=bucket, Key="plain/read.ipynb", **_version(place.version_ids[numbers[n] - 1])
            )["Body"].read(),
        ),
        f"boto3, `list_objects_v2`, all {place.notebooks:,}": (
            f"{place.notebooks // 1000}",
            lambda _: paged("list_objects_v2", Prefix="many/team/"),
        ),
    }
    for name, (count, function) in theirs.items():
        requests[name] = count
        work[name] = lambda n, f=function: timing.call(lambda: f(n))  # type: ignore[misc]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = timing.turns(place.rounds, work)
    against = dict(
        zip(
            theirs,
            (
                f"depository, log, all {place.versions:,}, S3",
                f"depository, log, all {place.versions:,}, S3",
                "depository, read of any version, S3",
                f"depository, ls of {place.notebooks:,}, S3",
            ),
            strict=True,
        )
    )
    rows = tuple(
        Row(
            name,
            (taking.cpu, taking.wall, Figure(float(requests[name]))),
            is_peer=not name.startswith("depository"),
            against=against.get(name),
        )
        for name, taking in found.items()
    )
    note = (
        "Each call by a new instance that knows nothing of the store; connections stand. Without a start or an import."
    )
    return Table(
        "calls", "The same as library calls", "call", ("CPU, ms", "time, ms", "requests"), rows, "", None, note
    )


def _version(version: str | None) -> dict[str, str]:
    return {"VersionId": version} if version and version != "null" else {}


def _targets(found: Mapping[str, Mapping[str, Taking]], called: Table) -> list[Target]:
    log = {name: taking.cpu.value for name, taking in found["log"].items()}
    targets = [
        at_most(
            "`log`, first page, times an interpreter that imports click",
            1.5,
            log["depository, first page"] / log['`python -c "import click"`'],
        ),
        at_most(
            "`log`, first page, S3, times one GET by bare boto3",
            1.5,
            log["depository, first page, S3"] / log["boto3, one GET"],
        ),
    ]
    ours = [row for row in called.rows if row.name.startswith("depository, log, all")]
    paged = next(row for row in called.rows if "list_object_versions" in row.name)
    for column, what in ((0, "CPU"), (1, "time")):
        mine, theirs = ours[-1].cells[column], paged.cells[column]
        if isinstance(mine, Figure) and isinstance(theirs, Figure):
            text = f"`log` of all versions, S3: times faster than paging `list_object_versions` ({what})"
            targets.append(at_least(text, 10, theirs.value / mine.value))
        bare = next(row for row in called.rows if row.name == _SAME_GETS).cells[column]
        if isinstance(mine, Figure) and isinstance(bare, Figure):
            text = f"`log` of all versions, S3, times as many GETs by bare boto3 in {_AT_ONCE} threads ({what})"
            targets.append(at_most(text, 1.5, mine.value / bare.value))
    restore = found["restore"]
    if "`git show`" in restore:
        for kind, what in (("cpu", "CPU"), ("wall", "time")):
            mine = getattr(restore["depository"], kind).value - getattr(restore["`python -c pass`"], kind).value
            text = f"`restore`, without the interpreter's start, times `git show` ({what})"
            targets.append(at_most(text, 1, mine / getattr(restore["`git show`"], kind).value))
    return targets


def _text(server: str) -> str:
    return (
        "The same histories in a depository in a directory, in one on S3, in a git repository packed by `git "
        f"gc`, and as plain objects in a versioned bucket. S3 is {server}, on the same machine; what it takes "
        f"itself is in the time that goes by. The first page are the newest {_FIRST} versions. All commands "
        "take turns. For `ls`, first is without the cache that `ls -l` leaves behind, again is with it."
    )
