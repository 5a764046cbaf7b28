"""The house that the design draws: imports run downwards, nothing in a circle, heavy ones only where they are used."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "depository"

COMPANIONS = (
    "depository",
    "cell_cache",
    "config",
    "etag_cache",
    "listing",
    "marker",
    "models",
    "moving",
    "opening",
    "paths",
    "reading",
    "records",
    "saving",
    "spaces",
    "specs",
    "verification",
    "views",
    "when",
    "words",
)
"""The API and the modules beside it, each named for the one thing that it does."""

LAYERS: Mapping[str, tuple[str, ...]] = {
    "testing": ("testing", "api", "history", "backends", "errors"),
    "__main__": ("cli",),
    "__init__": ("jupyter.extension", "api", "search.query", "verifying.findings", "diff.compare", "errors"),
    "cli": (
        "cli",
        "__init__",
        "spool",
        "api",
        "search.query",
        "verifying.findings",
        "diff",
        "notebook",
        "backends",
        "errors",
    ),
    "jupyter": ("jupyter", "__init__", "spool", "api", "diff", "notebook", "backends.s3_settings", "errors"),
    "spool": ("spool", "api", "backends.disk", "backends.s3_settings", "errors"),
    "api": ("api", "verifying", "search", "lineage", "diff", "history", "objects", "notebook", "backends", "errors"),
    "search": ("search", "lineage", "history", "objects", "notebook", "backends.base", "rows", "errors"),
    "verifying": ("verifying", "history", "objects", "notebook", "backends.base", "backends.wrapper", "rows", "errors"),
    "lineage": ("lineage", "diff", "history", "objects", "notebook", "errors"),
    "diff": ("diff", "notebook", "errors"),
    "history": ("history", "objects", "notebook.canonical", "backends.base", "errors"),
    "objects": ("objects", "notebook", "backends.base", "errors"),
    "notebook": ("notebook", "errors"),
    "backends": ("backends", "errors"),
    "rows": (),
    "errors": (),
}
"""What each layer may import. A name with a dot is one module of a layer, and no more of it."""

WAYS_IN = ("cli", "jupyter", "spool.process")
"""Where people and servers come in, and a process begins: with its clock and its environment."""

LONGEST = 600
"""Lines of a module."""

CLOCKS_AND_CHANCE = {"random", "secrets", "time", "uuid"}

IMPURE = CLOCKS_AND_CHANCE | {
    "asyncio",
    "datetime",
    "glob",
    "io",
    "os",
    "pathlib",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
}
"""What `notebook/` and `diff/` have no use for: no input, no output, no clock, no chance."""


class Module:
    """A module of the package, read and not run."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.name = ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        self.text = file.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)

    @property
    def layer(self) -> str:
        first = self.name.split(".")[0]
        return "api" if first in COMPANIONS else first

    def imports(self) -> Iterator[str]:
        """All that it imports, at its top or later; ``from a import b`` as ``a.b``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{self.name} has a relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = {module.name: module for module in map(Module, sorted(PACKAGE.rglob("*.py")))}


def inside(module: Module) -> set[str]:
    """The modules of the package that a module imports."""
    found = set()
    for name in module.imports():
        package, _, rest = name.partition(".")
        if package == "depository":
            # what is imported is a module, or something in one
            found.add(next(name for name in (rest, rest.rpartition(".")[0], "__init__") if name in MODULES))
    return found


def is_way_in(module: Module) -> bool:
    return module.layer in WAYS_IN or module.name in WAYS_IN


every_module = pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.name)


@every_module
def test_a_module_has_a_place_in_the_house(module: Module) -> None:
    assert module.layer in LAYERS


@every_module
def test_imports_run_downwards(module: Module) -> None:
    allowed = LAYERS[module.layer]
    for name in inside(module):
        assert MODULES[name].layer in allowed or name in allowed, f"{module.name} may not import {name}"


def test_no_two_modules_import_each_other() -> None:
    # the package's own name is one that every module needs; what it gives out, it imports when it is asked for
    graph = {name: inside(module) - {"__init__"} for name, module in MODULES.items() if name != "__init__"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' → '.join(error.args[1])}")


@every_module
def test_no_module_is_longer_than_can_be_read_at_once(module: Module) -> None:
    assert len(module.text.splitlines()) <= LONGEST


def test_only_the_ways_in_read_the_environment() -> None:
    doors = {"os.environ", "os.environb", "os.getenv", "os.path.expanduser", "os.path.expandvars"}
    reading = {
        module.name
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in doors
    }
    assert "config" in reading
    assert {name for name in reading if not is_way_in(MODULES[name])} == {"config"}


def test_configuration_is_gathered_by_the_ways_in_only() -> None:
    # the API turns to it for one thing: `open` without a URL
    using = {name for name, module in MODULES.items() if "config" in inside(module) and not is_way_in(module)}
    assert using == {"opening"}


def calls(module: Module) -> Iterator[str]:
    """What it calls by name: ``open``, ``time.sleep``."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("module", [m for m in MODULES.values() if not is_way_in(m)], ids=lambda module: module.name)
def test_clock_chance_and_sleep_are_passed_in_and_not_reached_for(module: Module) -> None:
    names = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in CLOCKS_AND_CHANCE
    }
    for called in calls(module):
        assert called.split(".")[0] not in names, called
        assert called not in {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


@pytest.mark.parametrize(
    "module", [m for m in MODULES.values() if m.layer in ("notebook", "diff")], ids=lambda module: module.name
)
def test_what_a_notebook_is_and_how_two_differ_depends_on_nothing_but_them(module: Module) -> None:
    assert not {imported.split(".")[0] for imported in module.imports()} & IMPURE
    assert not set(calls(module)) & {"open", "print", "input"}


@every_module
def test_heavy_imports_stand_where_they_are_used(module: Module) -> None:
    heavy = {"boto3", "nbformat", "jupyter_server", "rich"}
    if module.layer == "jupyter":
        heavy -= {"jupyter_server"}  # the server has it in memory
    at_the_top = {
        name.split(".")[0]
        for node in module.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert not at_the_top & heavy
    if not module.name.startswith("backends.s3"):
        assert "botocore" not in at_the_top


def imported_by(code: str, cwd: Path) -> set[str]:
    """The packages that are in memory after some code ran in a process of its own."""
    code += "\nimport sys; print('\\n'.join(sys.modules))"
    environ = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()}


def test_importing_the_package_costs_nothing(tmp_path: Path) -> None:
    found = imported_by("import depository", tmp_path)
    assert not found & {"boto3", "botocore", "nbformat", "click", "msgpack", "zstandard", "blake3"}


def test_reading_a_history_needs_neither_nbformat_nor_an_s3_client(tmp_path: Path) -> None:
    found = imported_by(
        """
from depository import Depository
with Depository.create("store") as depo:
    depo.save("a.ipynb", b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
with Depository.open("store") as depo:
    assert [version.number for version in depo.log("a.ipynb")] == [1]
    assert [notebook.path for notebook in depo.ls()] == ["a.ipynb"]
    depo.load("a.ipynb")
""",
        tmp_path,
    )
    assert not found & {"boto3", "botocore", "nbformat", "jsonschema", "rich", "jupyter_server", "traitlets"}


def test_nothing_that_users_run_imports_what_is_there_to_attack_it() -> None:
    using = {module.layer for module in MODULES.values() if any(name.startswith("testing") for name in inside(module))}
    assert using == {"testing"}
