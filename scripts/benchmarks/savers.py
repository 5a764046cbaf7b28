"""Everything that can keep one more version of a notebook: called as a library, or run as a command."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine, timing
from benchmarks.servers import Service
from benchmarks.timing import PYTHON, Taken
from depository import Depository
from depository.backends.base import Backend, Condition
from depository.backends.wrapper import Wrapper

PATH = "kylek/notebooks/mine.ipynb"
NAME = "mine.ipynb"
OURS = "depository"
WARM, COLD = "depository, to a directory", "depository, to a directory, cold"
S3_WARM, S3_COLD = "depository, to S3", "depository, to S3, cold"
DULWICH = "dulwich, `add` and `commit`"
BOTO = "boto3, `put_object` of the file"
GIT, GIT_SYNCED = "`git add && git commit`", "the same, `core.fsync=all`"
RESTIC, RESTIC_S3 = "`restic backup`, to a directory", "`restic backup`, to S3"
BORG = "`borg create`"
NOTHING = "`python -c pass`"

_GIT = "git add mine.ipynb && git commit -q -m save"
_BOTO = (
    "import boto3, sys; boto3.client('s3').put_object(Bucket=sys.argv[1], Key=sys.argv[2],"
    " Body=open('mine.ipynb', 'rb').read())"
)
_DULWICH = (
    "from dulwich import porcelain; porcelain.add('.', ['mine.ipynb']);"
    " porcelain.commit('.', message=b'save', author=b'A <a@example.org>', committer=b'A <a@example.org>')"
)


class Saver(NamedTuple):
    """One way to keep a version."""

    name: str
    save: Callable[[bytes, int], Taken]
    """Keep the file of a round, timed."""
    written: Callable[[], tuple[int, int] | None]
    """Requests and bytes that it sent since the last call of this, or files and bytes by which its store grew."""


class Grown:
    """By how much a directory grows."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._before = (0, 0)

    def __call__(self) -> tuple[int, int]:
        """Files and bytes more than at the last call."""
        files = bytes_ = 0
        for folder, _, names in os.walk(self._directory):
            for name in names:
                files += 1
                bytes_ += os.stat(os.path.join(folder, name)).st_size
        before, self._before = self._before, (files, bytes_)
        return files - before[0], bytes_ - before[1]


class Sending(Wrapper):
    """A backend that keeps what was put into it, for it to be put again.

    Attributes:
        puts: the values, in order.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.puts: list[bytes] = []

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        """Keep it, and hand it on."""
        self.puts.append(data)
        return super().put(key, data, condition)


def libraries(directory: Path, service: Service) -> Iterator[Saver]:
    """What is called in this process."""
    url = str(directory / "library")
    yield _warm(url, directory)
    yield _cold(url + "-cold", directory)
    depository, meter = service.metered(f"{directory.name}-library")

    def sent() -> tuple[int, int]:
        counts = meter.counts
        meter.reset()
        return sum(counts.calls.values()), counts.bytes_out

    yield Saver(S3_WARM, lambda data, _: timing.call(lambda: depository.save(PATH, data)), sent)
    _, cold_meter = service.metered(f"{directory.name}-cold")

    def sent_cold() -> tuple[int, int]:
        counts = cold_meter.counts
        cold_meter.reset()
        return sum(counts.calls.values()), counts.bytes_out

    yield Saver(S3_COLD, lambda data, _: timing.call(lambda: Depository(cold_meter).save(PATH, data)), sent_cold)
    if machine.has("dulwich"):
        yield _dulwich(directory / "dulwich")
    client = service.client()
    sizes: list[int] = []

    def put(data: bytes, _: int) -> Taken:
        sizes.append(len(data))
        return timing.call(lambda: client.put_object(Bucket=service.bucket, Key=f"{directory.name}/{NAME}", Body=data))

    def put_sent() -> tuple[int, int]:
        found = len(sizes), sum(sizes)
        sizes.clear()
        return found

    yield Saver(BOTO, put, put_sent)


def _warm(url: str, directory: Path) -> Saver:
    depository = Depository.create(url)
    return Saver(WARM, lambda data, _: timing.call(lambda: depository.save(PATH, data)), Grown(directory / "library"))


def _cold(url: str, directory: Path) -> Saver:
    Depository.create(url).close()

    def save(data: bytes) -> None:
        with Depository.open(url) as depository:
            depository.save(PATH, data)

    return Saver(COLD, lambda data, _: timing.call(lambda: save(data)), Grown(directory / "library-cold"))


def _dulwich(place: Path) -> Saver:
    from dulwich import porcelain

    place.mkdir()
    repository = porcelain.init(str(place))
    who = b"A <a@example.org>"

    def keep() -> None:
        porcelain.add(repository, [str(place / NAME)])
        porcelain.commit(repository, message=b"save", author=who, committer=who)

    def save(data: bytes, _: int) -> Taken:
        (place / NAME).write_bytes(data)
        return timing.call(keep)

    return Saver(DULWICH, save, Grown(place / ".git"))


def commands(directory: Path, service: Service) -> Iterator[Saver]:
    """What is run as a process of its own."""
    home = directory / "home"
    home.mkdir(parents=True)
    environ = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    program = str(Path(PYTHON).parent / "depository")
    url = str(directory / "store")
    Depository.create(url, materialize=()).close()
    yield _command(directory, WARM, [program, "--depository", url, "save", NAME], environ, directory / "store")
    prefix = f"{directory.name}-command"
    service.metered(prefix)
    s3 = {**environ, **service.environ}
    target = f"s3://{service.bucket}/{prefix}"
    yield _command(directory, S3_WARM, [program, "--depository", target, "save", NAME], s3, None, service)
    if shutil.which("git"):
        for name, settings in ((GIT, ()), (GIT_SYNCED, ("core.fsync=all",))):
            yield _git(directory, name, settings, environ)
    if machine.has("dulwich"):
        place = directory / "dulwich-command"
        timing.command(["git", "init", "-q", str(place)])
        yield _command(directory, DULWICH, [PYTHON, "-c", _DULWICH], environ, place / ".git", place=place)
    if shutil.which("restic"):
        yield from _restic(directory, environ, service)
    if shutil.which("borg"):
        repository = directory / "borg"
        unlocked = {**environ, "BORG_BASE_DIR": str(home), "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}
        timing.command(["borg", "init", "-e", "none", str(repository)], environ=unlocked)
        words = ["borg", "create", "-C", "zstd,9", f"{repository}::{{number}}", NAME]
        yield _command(directory, BORG, words, unlocked, repository)
    key = f"{directory.name}/command.ipynb"
    yield _command(directory, BOTO, [PYTHON, "-c", _BOTO, service.bucket, key], s3, None, service)
    yield _command(directory, NOTHING, [PYTHON, "-c", "pass"], environ, None)


def _command(
    directory: Path,
    name: str,
    words: Sequence[str],
    environ: Mapping[str, str],
    grows: Path | None,
    service: Service | None = None,
    place: Path | None = None,
) -> Saver:
    place = place or directory / "".join(each for each in name if each.isalnum())
    place.mkdir(parents=True, exist_ok=True)

    def save(data: bytes, number: int) -> Taken:
        (place / NAME).write_bytes(data)
        return timing.command([word.replace("{number}", str(number)) for word in words], cwd=place, environ=environ)

    def asked() -> tuple[int, int] | None:
        return service.asked() if service else None

    return Saver(name, save, Grown(grows) if grows else asked)


def _git(directory: Path, name: str, settings: Sequence[str], environ: Mapping[str, str]) -> Saver:
    place = directory / ("git-synced" if settings else "git")
    timing.command(["git", "init", "-q", str(place)], environ=environ)
    for setting in ("gc.auto=0", *settings):
        timing.command(["git", "-C", str(place), "config", *setting.split("=")], environ=environ)
    return _command(directory, name, ["sh", "-c", _GIT], environ, place / ".git", place=place)


def _restic(directory: Path, environ: Mapping[str, str], service: Service) -> Iterator[Saver]:
    words = ["restic", "backup", "-q", "--compression", "max", NAME]
    for name, repository in (
        (RESTIC, str(directory / "restic")),
        (
            RESTIC_S3,
            f"s3:{service.environ.get('AWS_ENDPOINT_URL', 's3.amazonaws.com')}/{service.bucket}/{directory.name}",
        ),
    ):
        known = {
            **environ,
            **service.environ,
            "RESTIC_PASSWORD": "x",
            "RESTIC_REPOSITORY": repository,
            "RESTIC_CACHE_DIR": str(directory / f"restic-cache-{len(name)}"),
        }
        timing.command(["restic", "init", "-q"], environ=known)
        grows = directory / "restic" if name == RESTIC else None
        yield _command(directory, name, words, known, grows, service)
