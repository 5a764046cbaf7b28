"""What is handed out: the wheel, what it holds, and the command in an environment that has nothing else of ours."""

import ast
import email
import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

import depository

ROOT = Path(__file__).parent.parent
ENABLING = "etc/jupyter/jupyter_server_config.d/depository.json"
OF_JUPYTER = {
    "jupyter_core",
    "jupyter_events",
    "jupyter_server",
    "nbformat",
    "prometheus_client",
    "tornado",
    "traitlets",
}
"""What every Jupyter server has in memory anyway."""
OF_TESTING = {"hypothesis"}
"""What the extra ``testing`` asks for."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from what is here."""
    directory = tmp_path_factory.mktemp("wheel")
    run("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", directory, ROOT)
    (found,) = directory.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    """The names of all files in it."""
    with ZipFile(wheel) as packed:
        return packed.namelist()


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment: the wheel, and what it depends on from the environment of the tests."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place, with_pip=False)
    found = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run("-m", "pip", "--python", found, "install", "--quiet", "--no-deps", "--no-index", wheel)
    (site,) = place.rglob("site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return found


def run(*arguments: object, python: Path | str = sys.executable, cwd: Path | None = None) -> str:
    """What a program of Python's prints; it succeeds."""
    done = subprocess.run([python, *map(str, arguments)], cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0
    return done.stdout


def imported(*files: Path) -> set[str]:
    """The packages of others that ours imports, or that some modules of it do, but for types."""
    names = set()
    for file in files or (ROOT / "depository").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    return names - set(sys.stdlib_module_names) - {"depository", "mypy_boto3_s3"}


def test_the_wheel_holds_the_package_and_its_papers_and_nothing_else(names: list[str]) -> None:
    papers = f"depository-{depository.__version__}.dist-info/"
    data = f"depository-{depository.__version__}.data/"
    assert {name.split("/")[0] + "/" for name in names} == {"depository/", papers, data}
    assert {name for name in names if name.startswith(data)} == {f"{data}data/{ENABLING}"}
    assert {name for name in names if name.startswith("depository/") and not name.endswith(".py")} == {
        "depository/py.typed",
        "depository/diff/schema.json",
        "depository/jupyter/enable.json",
        "depository/jupyter/event_schemas/archive.yaml",
    }
    assert {name.removeprefix(papers) for name in names if name.startswith(papers)} == {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_the_wheel_holds_every_module(names: list[str]) -> None:
    here = {file.relative_to(ROOT).as_posix() for file in (ROOT / "depository").rglob("*.py")}
    assert here == {name for name in names if name.endswith(".py")}


def test_the_metadata_say_what_it_is_and_what_it_needs(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        text = packed.read(f"depository-{depository.__version__}.dist-info/METADATA").decode()
    found = email.message_from_string(text)
    assert found["Version"] == depository.__version__
    assert found["Requires-Python"] == ">=3.11"
    assert found["License-Expression"] == "BSD-3-Clause"
    needed = {line.split(">")[0].split("[")[0] for line in found.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert needed == imported() - OF_JUPYTER - OF_TESTING, "what is imported is what is asked for, and no more"


def test_the_wheel_enables_the_extension_in_every_server_of_its_environment(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        found = json.loads(packed.read(f"depository-{depository.__version__}.data/data/{ENABLING}"))
    assert found == {"ServerApp": {"jpserver_extensions": {"depository": True}}}


def test_only_what_is_for_jupyter_needs_jupyter() -> None:
    using = {
        file.relative_to(ROOT / "depository").parts[0]
        for file in (ROOT / "depository").rglob("*.py")
        if OF_JUPYTER & imported(file)
    }
    assert using == {"jupyter"}


def test_only_the_state_machine_needs_hypothesis() -> None:
    using = {
        file.relative_to(ROOT / "depository").as_posix()
        for file in (ROOT / "depository").rglob("*.py")
        if OF_TESTING & imported(file)
    }
    assert using == {"testing/machine.py"}


def test_the_command_runs_where_only_the_wheel_is_installed(python: Path, tmp_path: Path) -> None:
    command = python.parent / ("depository.exe" if sys.platform == "win32" else "depository")
    said = subprocess.run([command, "--version"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert said == f"depository {depository.__version__}\n"


def test_the_package_is_taken_from_the_wheel_there_and_archives(python: Path, tmp_path: Path) -> None:
    code = """
import depository
with depository.Depository.create("store") as depo:
    print(depo.save("a.txt", b"some bytes").name, depo.read("a.txt").decode())
print(depository.__file__)
"""
    first, file = run("-c", code, python=python, cwd=tmp_path).splitlines()
    assert first == "v1 some bytes"
    assert Path(file).is_relative_to(python.parent.parent)
