"""The documentation says what is so: its commands run as shown, its links lead somewhere, its lists are complete.

In README, tutorial and how-tos every ``console`` block is run, in order, in a home directory of its own for each
page. ``…`` in what is shown stands for anything; on a line of its own, for any number of lines. Words after ``console``
change that: ``s3`` runs the block against an S3 service, with credentials in the environment; ``shown`` does not run
it, and checks options alone. A block of another language with a file's name after it becomes that file; ``python``
blocks without one are run.
"""

import ast
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

import depository
from depository import errors
from depository.cli.app import app
from tests.backends.moto_server import MotoServer, moto_server, s3
from tests.notebooks import code, file_of, markdown, notebook

__all__ = ["moto_server"]

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
PRACTICE = [page for page in PAGES if page.parent.name in {"tutorial", "how-to"} or page.parent == ROOT]
"""Pages that are followed by doing what they say."""

FENCE = re.compile(r"^```(\w*)[ \t]*([^\n]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)

S3_PERMISSIONS = {
    "get_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "head_object": "s3:GetObjectVersion",
    "delete_object": "s3:DeleteObject",
    "delete_objects": "s3:DeleteObjectVersion",
    "list_object_versions": "s3:ListBucketVersions",
    "list_objects_v2": "s3:ListBucket",
    "create_bucket": "s3:CreateBucket",
    "get_bucket_versioning": "s3:GetBucketVersioning",
    "put_bucket_versioning": "s3:PutBucketVersioning",
    "get_bucket_lifecycle_configuration": "s3:GetLifecycleConfiguration",
    "put_bucket_lifecycle_configuration": "s3:PutLifecycleConfiguration",
    "delete_bucket_lifecycle": "s3:PutLifecycleConfiguration",
}
"""What AWS asks for each call."""


class Block(NamedTuple):
    """A fenced block."""

    language: str
    words: str
    text: str
    line: int


class Command(NamedTuple):
    """A command line, and what it is shown to say."""

    text: str
    output: str

    @property
    def may_fail(self) -> bool:
        """It is shown to complain."""
        return self.output.startswith(("depository: ", "Usage: ")) or "\nbad  " in self.output


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield Block(found[1], found[2].strip(), found[3], text.count("\n", 0, found.start()) + 1)


def commands(block: Block) -> list[Command]:
    """The lines that start with ``$``, those that go on after a backslash, and what stands between them."""
    first, *rest = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not first, f"line {block.line}: a console block starts with a command"
    found = []
    for part in rest:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command = f"{command[:-1]}{more.strip()}"
        found.append(Command(command, output))
    return found


def matches(shown: str, said: str) -> bool:
    """Whether what is shown is what was said; blanks count as one, and lines without text not at all."""
    parts = []
    for line in filter(None, map(plain, shown.splitlines())):
        if line == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(re.escape(line).replace("…", "[^\n]*?") + "\n")
    text = "".join(f"{line}\n" for line in map(plain, said.splitlines()) if line)
    return re.fullmatch("".join(parts), text) is not None


def plain(line: str) -> str:
    return " ".join(line.split())


class Reader:
    """Somebody who does what a page says, in a home directory of their own."""

    def __init__(self, home: Path, more: Mapping[str, str]) -> None:
        self.home = home
        self.here = home / "notebooks"
        self.here.mkdir(parents=True)
        bin_ = home / "bin"
        bin_.mkdir()
        program = bin_ / "depository"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m depository "$@"\n')
        program.chmod(0o755)
        extensions = home / ".jupyter" / "jupyter_server_config.d"  # as installing depository enables its own
        extensions.mkdir(parents=True)
        shutil.copy(ROOT / "depository" / "jupyter" / "enable.json", extensions / "depository.json")
        self.environ = {
            "HOME": str(home),
            "LOGNAME": "kylek",
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            **more,
        }

    def run(self, command: str) -> tuple[int, str]:
        """The exit code and all that was said; a change of directory holds on."""
        where = self.home / "where"
        script = f'{command}\nstatus=$?\npwd > "{where}"\nexit $status'
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", script],
            cwd=self.here,
            env={**self.environ, "PWD": str(self.here)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        self.here = Path(where.read_text().strip())
        return done.returncode, done.stdout

    def run_python(self, source: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", source],
            cwd=self.here,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    def write(self, name: str, text: str) -> None:
        file = self.here / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def work(self) -> None:
        """What the pages start from: ``mine.ipynb``, saved four times, the last time after running it again only."""
        for number, message in enumerate(("start", "a plot", "a better plot", ""), 1):
            self.edit(min(number, 3), number)
            assert self.run(f"depository save mine.ipynb -m '{message}'")[0] == 0

    def edit(self, version: int, runs: int) -> None:
        """Change the notebook on disk."""
        cells = [markdown("# Mine"), code("x = 1", cell_id="a", count=runs)]
        if version > 1:
            cells.append(code(f"plot(x, {version})", cell_id="b"))
        self.write("mine.ipynb", file_of(notebook(*cells)).decode())


@pytest.fixture
def reader(tmp_path: Path, moto_server: MotoServer) -> Iterator[Reader]:
    """A reader with an S3 service at hand, for the blocks that ask for one. It forgets what the reader made."""
    there = set(s3().buckets)
    more = {
        "AWS_ENDPOINT_URL_S3": moto_server.url,
        "AWS_ACCESS_KEY_ID": "an id",
        "AWS_SECRET_ACCESS_KEY": "a secret",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    yield Reader(tmp_path / "home", more)
    for name in set(s3().buckets) - there:
        s3().buckets[name].keys.clear()
        s3().delete_bucket(name)


@pytest.mark.parametrize("page", PRACTICE, ids=name_of)
def test_what_a_page_shows_is_what_happens(page: Path, reader: Reader) -> None:
    if page.parent.name != "tutorial":
        reader.work()
    if page.parent == ROOT:
        reader.edit(4, 1)
    for block in blocks(page):
        if block.language == "console" and block.words != "shown":
            for command in commands(block):
                status, said = reader.run(command.text)
                if (status and not command.may_fail) or (command.output.strip() and not matches(command.output, said)):
                    where = f"{name_of(page)}, line {block.line}: $ {command.text}"
                    pytest.fail(f"{where}\n-- shown\n{command.output}-- said, with exit code {status}\n{said}")
        elif block.language == "python" and not block.words:
            reader.run_python(block.text)
        elif block.words and block.language in {"json", "toml", "python"}:
            reader.write(block.words, block.text)


def option_names(words: list[str]) -> tuple[list[str], click.Command]:
    """The options among the words of a command line, and the command that has to know them."""
    with click.Context(app) as context:
        found = next((app.get_command(context, word) for word in words if app.get_command(context, word)), None)
    options = [word.split("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)]
    return options, found or app


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_are_shown_only_are_ones_that_there_are(page: Path) -> None:
    for block in blocks(page):
        if block.language == "console" and (block.words == "shown" or page not in PRACTICE):
            for command in commands(block):
                words = command.text.split("|")[0].split(">")[0].split()
                if words[0] == "depository":
                    options, found = option_names(words[1:])
                    known = {name for each in (found, app) for option in each.params for name in option.opts}
                    known |= {name for option in found.params for name in option.secondary_opts}
                    unknown = set(options) - known - {"--help", "-h"}
                    assert not unknown, f"{name_of(page)}, line {block.line}: {command.text}"
                elif words[0].startswith("scripts/"):
                    assert os.access(ROOT / words[0], os.X_OK), f"{words[0]} is no program"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_inside_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (page.parent / file).resolve() if file else page
        assert found.is_relative_to(ROOT), target
        assert found.exists(), f"{name_of(page)} links to {target}"
        if anchor:
            headings = {slug(heading) for heading in HEADING.findall(found.read_text(encoding="utf-8"))}
            assert anchor in headings, f"{name_of(page)} links to {target}"


def slug(heading: str) -> str:
    """The anchor that a heading gets on the usual sites."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def test_every_page_can_be_reached_from_the_first() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = LINK.findall(page.read_text(encoding="utf-8"))
        todo += [(page.parent / t.partition("#")[0]).resolve() for t in targets if t and not re.match(r"[a-z]+:|#", t)]
    assert not set(PAGES) - seen


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_policies_and_programs_that_are_shown_can_be_read(page: Path) -> None:
    readers: Mapping[str, Any] = {"json": json.loads, "toml": tomllib.loads, "python": ast.parse}
    for block in blocks(page):
        if block.language in readers:
            readers[block.language](block.text)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_has_one_title_and_no_character_that_nobody_sees(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    outside = FENCE.sub("", text)
    assert len(re.findall(r"^# ", outside, re.MULTILINE)) == 1
    assert all(character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Co"} for character in text)
    assert "TODO" not in text


def public_names() -> Iterator[str]:
    """Everything that the package hands out, with the public methods and fields of its classes."""
    for name in depository.__all__:
        yield name
        thing = getattr(depository, name)
        if isinstance(thing, type) and not issubclass(thing, Exception):
            ours = (vars(base) for base in thing.__mro__ if base.__module__.startswith("depository"))
            own = itertools.chain(getattr(thing, "_fields", ()), *ours)
            yield from (f"{name}.{member}" for member in dict.fromkeys(own) if not member.startswith("_"))


@pytest.mark.parametrize("name", list(public_names()))
def test_every_public_name_is_in_the_api_reference(name: str) -> None:
    text = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert re.search(rf"`(?:\w+\.)?{re.escape(name.rpartition('.')[2])}\b", text)
    owner = name.partition(".")[0]
    assert re.search(rf"^#+ .*`{owner}`", text, re.MULTILINE) or owner == "__version__"


def tree(parent: type[BaseException]) -> Iterator[type[BaseException]]:
    yield parent
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


@pytest.mark.parametrize("kind", list(dict.fromkeys(tree(errors.DepositoryError))), ids=lambda kind: kind.__name__)
def test_every_error_is_in_the_error_reference_with_its_exit_code(kind: type[errors.DepositoryError]) -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| *`{kind.__name__}` *\| *{kind.exit_code} *\|", text, re.MULTILINE)


def test_the_error_reference_names_no_error_that_is_not_there() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| *`([A-Z]\w+)` *\|", text, re.MULTILINE))
    assert named == {kind.__name__ for kind in tree(errors.DepositoryError)}


def limits() -> Iterator[tuple[str, int]]:
    """The constants of the package that bound what users give it or get from it, by module and name."""
    for file in sorted((ROOT / "depository").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT / "depository").with_suffix("").parts)
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if re.match(r"(LONGEST|GROUP|RUN|READ_LIMIT)$|(MAX|MOST|KEPT)_|[A-Z]\w+_FLOOR$", name):
                    yield f"{module}.{name}", name_value(module, name)


def name_value(module: str, name: str) -> int:
    __import__(f"depository.{module}")
    value = getattr(sys.modules[f"depository.{module}"], name)
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize(("name", "value"), [pytest.param(*limit, id=limit[0]) for limit in limits()])
def test_every_limit_is_in_the_list_with_its_number(name: str, value: int) -> None:
    text = (DOCS / "reference" / "limits.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if f"`{name}`" in line]
    assert f"{value:,}" in line


def test_the_list_of_limits_names_none_that_is_not_there() -> None:
    text = (DOCS / "reference" / "limits.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`((?:\w+\.)*\w+\.[A-Z_]+)`", text)) == {name for name, _ in limits()}


def test_the_how_to_for_s3_grants_every_call_that_is_made() -> None:
    made = set()
    for file in (ROOT / "depository" / "backends").glob("s3*.py"):
        made |= set(re.findall(r"\bclient\.([a-z0-9_]+)\(", file.read_text(encoding="utf-8"))) - {"close"}
    assert made == set(S3_PERMISSIONS)
    granted = set()
    for block in blocks(DOCS / "how-to" / "use-s3.md"):
        if block.language == "json":
            for statement in json.loads(block.text).get("Statement", ()):
                granted |= set(statement["Action"]) if statement["Effect"] == "Allow" else set()
    assert granted >= set(S3_PERMISSIONS.values())
