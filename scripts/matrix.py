"""Archive from each contents manager and each Jupyter that is supported, in an environment each, and print a table.

Every row is run twice: by a server without archiving, which has to leave each check unmet (or the check would see
nothing), and by one that archives. Where Jupyter itself refuses an operation with a contents manager there is a dash.
The environments are made by pip when they are first needed, and kept.
"""

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from depository import Depository, DepositoryError
from tests.jupyter import networks
from tests.jupyter.marks import mark, mark_of, sized
from tests.jupyter.servers import NAMESPACE, ROOT, TOKEN, Client, Refused, Server, running
from tests.notebooks import file_of

_OLDEST = (
    "jupyter_server==2.10.0",
    "jupyterlab==4.0.2",
    "notebook==7.0.0",
    "jupyter_client==8.6.0",
    "jupyter_core==5.5.0",
    "jupyter_events==0.9.0",
    "nbformat==5.9.2",
    "tornado==6.3.3",
    "traitlets==5.13.0",
)
ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    "newest": ("jupyter_server", "jupyterlab", "notebook", "jupyter-collaboration", "jupytext"),
    "oldest": _OLDEST,
    "s3contents": ("jupyter_server", "s3contents"),
    "jupyter-fs": ("jupyter_server", "jupyter-fs[fsspec]", "setuptools<81"),
}
"""What pip installs beside depository."""

_JUPYTER_SERVER = "jupyter_server.services.contents"
_ALLOW_HIDDEN = "c.ContentsManager.allow_hidden = True"
_TEXT = (
    "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: percent\n# ---\n\n# %%\nx = 1\n"
)


class Row(NamedTuple):
    """One way to run Jupyter."""

    name: str
    environment: str = "newest"
    program: str = "server"
    manager: str | None = None
    """The contents manager's class; the server's own if not given."""
    extensions: tuple[str, ...] = ()
    config: str = ""
    drive: str = ""
    """What paths in Jupyter begin with."""
    has_files: bool = True
    """It keeps the notebooks in the server's directory."""


ROWS = (
    Row("AsyncLargeFileManager"),
    Row("LargeFileManager", manager=f"{_JUPYTER_SERVER}.largefilemanager.LargeFileManager"),
    Row("FileContentsManager", manager=f"{_JUPYTER_SERVER}.filemanager.FileContentsManager"),
    Row("AsyncFileContentsManager", manager=f"{_JUPYTER_SERVER}.filemanager.AsyncFileContentsManager"),
    Row("jupytext", extensions=("jupyterlab_jupytext",)),
    Row("s3contents", environment="s3contents", manager="s3contents.S3ContentsManager", has_files=False),
    Row("jupyter-fs, its root", environment="jupyter-fs", manager="jupyterfs.metamanager.MetaManager", has_files=False),
    Row(
        "jupyter-fs, a drive",
        environment="jupyter-fs",
        manager="jupyterfs.metamanager.MetaManager",
        drive="DRIVE:",
        has_files=False,
    ),
    Row("jupyter-collaboration", extensions=("jupyter_server_ydoc", "jupyter_server_fileid")),
    Row("jupyter lab", program="lab", extensions=("jupyterlab",)),
    Row("jupyter notebook", program="notebook", extensions=("jupyterlab", "notebook")),
    Row("jupyter server", environment="oldest"),
    Row("jupyter lab", environment="oldest", program="lab", extensions=("jupyterlab",)),
    Row("jupyter notebook", environment="oldest", program="notebook", extensions=("jupyterlab", "notebook")),
)


class Here(NamedTuple):
    """A server in which a row's steps are done, and where they are looked for."""

    row: Row
    server: Server
    client: Client
    drive: str

    def save(self, path: str, number: int) -> None:
        """Save a notebook that carries a number."""
        self.client.save(self.drive + path, mark(sized(2_000), number))


class Archive(NamedTuple):
    """What a row's server archived."""

    depository: Depository
    top: str

    def marks(self, path: str) -> list[int]:
        """The numbers of a notebook's versions, the oldest first."""
        place = self.top + path
        numbers = sorted(version.number for version in self.depository.log(place))
        return [mark_of(self.depository.load(place, f"v{number}")) for number in numbers]

    def paths(self, *, deleted: bool = False) -> list[str]:
        """All that is there."""
        return [one.path.removeprefix(self.top) for one in self.depository.ls("", deleted=deleted)]


def _save(here: Here) -> None:
    here.save("a.ipynb", 1)
    here.save("a.ipynb", 2)


def _copy(here: Here) -> None:
    here.save("c.ipynb", 3)
    made = here.client.copy(here.drive + "c.ipynb", here.drive.rstrip("/"))
    here.client.rename(made, here.drive + "copied.ipynb")


def _rename(here: Here) -> None:
    here.save("r.ipynb", 4)
    here.client.rename(here.drive + "r.ipynb", here.drive + "s.ipynb")
    here.save("s.ipynb", 5)


def _rename_directory(here: Here) -> None:
    here.client.make_directory(here.drive + "d")
    here.save("d/x.ipynb", 6)
    here.client.rename(here.drive + "d", here.drive + "e")
    here.save("e/x.ipynb", 7)


def _delete(here: Here) -> None:
    here.save("g.ipynb", 8)
    here.client.delete(here.drive + "g.ipynb")


def _upload(here: Here) -> None:
    here.client.upload(here.drive + "u.ipynb", file_of(mark(sized(2_000), 9)))
    if here.client.get(here.drive + "u.ipynb")["content"]["cells"][0]["source"] != "mark = 9":
        raise Refused(400, "it keeps the last chunk only")


def _restore(here: Here) -> None:
    here.save("k.ipynb", 10)
    made = here.client.make_checkpoint(here.drive + "k.ipynb")
    here.save("k.ipynb", 11)
    here.client.restore_checkpoint(here.drive + "k.ipynb", made)
    if here.client.get(here.drive + "k.ipynb")["content"]["cells"][0]["source"] != "mark = 10":
        raise Refused(400, "the checkpoint was not restored")


def _hidden(here: Here) -> None:
    here.save(".h.ipynb", 12)


def _text(here: Here) -> None:
    here.client.save_text(here.drive + "t.py", _TEXT)


def _together(here: Here) -> None:
    if "jupyter_server_ydoc" not in here.row.extensions:
        raise Refused(400, "nobody else is there")
    here.save("w.ipynb", 14)
    python = here.server.python
    script = str(ROOT / "scripts" / "collaborator.py")
    subprocess.run([python, script, str(here.server.port), TOKEN, "w.ipynb", "mark = 15"], check=True)


class Step(NamedTuple):
    """Something that users do, and how it is seen in the archive."""

    name: str
    act: Callable[[Here], None]
    is_archived: Callable[[Archive], bool]


STEPS = (
    Step("save", _save, lambda archive: archive.marks("a.ipynb") == [1, 2]),
    Step("copy", _copy, lambda archive: archive.marks("copied.ipynb") == [3]),
    Step("rename", _rename, lambda archive: archive.marks("s.ipynb") == [4, 5] and "r.ipynb" not in archive.paths()),
    Step("directory", _rename_directory, lambda archive: archive.marks("e/x.ipynb") == [6, 7]),
    Step(
        "delete",
        _delete,
        lambda archive: "g.ipynb" not in archive.paths() and "g.ipynb" in archive.paths(deleted=True),
    ),
    Step("chunks", _upload, lambda archive: archive.marks("u.ipynb") == [9]),
    Step("restore", _restore, lambda archive: archive.marks("k.ipynb") == [10, 11, 10]),
    Step("hidden", _hidden, lambda archive: archive.marks(".h.ipynb") == [12]),
    Step("text", _text, lambda archive: archive.depository.read(archive.top + "t.py").endswith(b"x = 1\n")),
    Step("together", _together, lambda archive: archive.marks("w.ipynb") == [14, 15]),
)


def environment(name: str, directory: Path) -> str:
    """The interpreter of an environment; made where it is missing, or where it should hold something else."""
    top = directory / name
    python = top / "bin" / "python"
    wanted = "\n".join((str(ROOT), *ENVIRONMENTS[name]))
    stamp = top / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making the environment '{name}'", file=sys.stderr, flush=True)
        if not python.exists():
            venv.create(top, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *ENVIRONMENTS[name], "--editable", str(ROOT)], check=True)
        stamp.write_text(wanted)
    return str(python)


def version_of(python: str, row: Row) -> str:
    """The versions that a row is about."""
    wanted = [{"server": "jupyter_server", "lab": "jupyterlab", "notebook": "notebook"}[row.program]]
    wanted += [name for name in ("jupytext", "s3contents", "jupyter-fs", "jupyter-collaboration") if name in row.name]
    code = (
        "import importlib.metadata as m, sys; print(*(f'{name} {m.version(name)}' for name in sys.argv[1:]), sep=', ')"
    )
    return subprocess.run([python, "-c", code, *wanted], check=True, capture_output=True, text=True).stdout.strip()


def configured(row: Row, directory: Path, service: networks.Service) -> tuple[str, str]:
    """The lines of a row's configuration, and its drive."""
    lines = [_ALLOW_HIDDEN, row.config]
    drive = row.drive
    if row.manager:
        lines.append(f"c.ServerApp.contents_manager_class = {row.manager!r}")
    if row.environment == "s3contents":
        bucket = f"contents-{directory.name.lower().replace('_', '-')}"
        service.make_bucket(bucket)
        options = {
            "access_key_id": networks.KEY_ID,
            "bucket": bucket,
            "endpoint_url": service.url,
            "region_name": "us-east-1",
            "secret_access_key": networks.SECRET,
        }
        lines += [f"c.S3ContentsManager.{name} = {value!r}" for name, value in options.items()]
    if row.environment == "jupyter-fs":
        from hashlib import md5

        place = directory / "drive"
        place.mkdir(parents=True)
        url = f"file://{place}"
        lines.append(f"c.JupyterFs.resources = [{{'name': 'd', 'url': {url!r}, 'type': 'fsspec', 'auth': 'none'}}]")
        drive = drive.replace("DRIVE", md5(f"{url}fsspec".encode()).hexdigest()[:8])  # noqa: S324 - as jupyter-fs does
    return "\n".join(lines), drive


def run(row: Row, python: str, service: networks.Service, *, archiving: bool, verbose: bool) -> list[bool | None]:
    """Do all steps of a row; whether each is seen in the archive, None for what Jupyter refused."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config, drive = configured(row, directory, service)
        extensions = (*row.extensions, "depository") if archiving else row.extensions
        server = Server(
            directory / "server", program=row.program, python=python, extensions=extensions, config=config,
        )  # fmt: skip
        refused = set()
        with running(server) as client:
            here = Here(row, server, client, drive)
            for step in STEPS:
                try:
                    step.act(here)
                except (Refused, KeyError, ValueError) as error:
                    refused.add(step.name)
                    if verbose:
                        print(f"{row.name}: {step.name}: {error}", file=sys.stderr)
        if verbose:
            print(server.output, file=sys.stderr)
        if not server.store.exists():
            return [None if step.name in refused else False for step in STEPS]
        depository = stack.enter_context(Depository.open(str(server.store)))
        top = f"{NAMESPACE}/" + ("files/" if row.has_files else "") + drive
        archive = Archive(depository, top)
        if verbose:
            print(archive.paths(deleted=True), server.waiting(), "wait", file=sys.stderr)
        return [None if step.name in refused else is_seen(step, archive) for step in STEPS]


def is_seen(step: Step, archive: Archive) -> bool:
    """Whether what a step did is in the archive."""
    try:
        return step.is_archived(archive)
    except DepositoryError:
        return False


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/matrix", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(sys.prefix) / "matrix", help="where environments are kept")
    parser.add_argument("--row", action="append", help="a part of the names of the rows to run; all if not given")
    parser.add_argument("--verbose", action="store_true", help="show what the servers log")
    options = parser.parse_args()
    rows = [row for row in ROWS if not options.row or any(part in row.name for part in options.row)]
    bad = False
    print(f"| Jupyter | versions | {' | '.join(step.name for step in STEPS)} | unmet without archiving |")
    print("| --- " * (len(STEPS) + 3) + "|", flush=True)
    with networks.service() as service:
        for row in rows:
            python = environment(row.environment, options.cache)
            without = run(row, python, service, archiving=False, verbose=options.verbose)
            found = run(row, python, service, archiving=True, verbose=options.verbose)
            tried = [one for one in without if one is not None]
            cells = [
                "-" if one is None and other is None else "yes" if one else "NO"
                for one, other in zip(found, without, strict=True)
            ]
            bad = bad or "NO" in cells or any(tried) or not tried
            unmet = f"{tried.count(False)} of {len(tried)}"
            print(f"| {row.name} | {version_of(python, row)} | {' | '.join(cells)} | {unmet} |", flush=True)
    sys.exit(bad)


if __name__ == "__main__":
    main()
