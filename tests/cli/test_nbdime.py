"""`depository diff --nbdime`: what nbdime's own tools are given."""

import os
import stat
import sys
from pathlib import Path

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def saved(shell: Shell) -> Shell:
    shell.write("mine.ipynb", "one", "same", output="1\n")
    shell("save", "mine.ipynb")
    shell.write("mine.ipynb", "two", "same", output="2\n")
    shell("save", "mine.ipynb")
    return shell


@pytest.fixture
def stand_in(shell: Shell, tmp_path: Path) -> Path:
    """A program of the name of each tool that says what it was given, and exits with 3."""
    directory = tmp_path / "programs"
    directory.mkdir()
    script = f"""#!{sys.executable}
import os, sys
print(*sys.argv[1:], sep="\\n")
for file in sys.argv[-2:]:
    print(oct(os.stat(os.path.dirname(os.path.dirname(file))).st_mode), open(file).read())
sys.exit(3)
"""
    for name in ("nbdiff", "nbdiff-web"):
        file = directory / name
        file.write_text(script)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    shell.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return directory


def test_nbdiff_shows_both_versions(saved: Shell) -> None:
    done = saved.process("diff", "v1", "v2", "--nbdime", "--no-outputs")
    assert done.returncode == 0, done.stderr
    assert "mine@v1.ipynb" in done.stdout
    assert "-  one" in done.stdout
    assert "+  two" in done.stdout
    assert "outputs" not in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
@pytest.mark.parametrize("tool", ["--nbdime", "--nbdime-web"])
def test_the_tool_is_given_two_private_files_and_its_exit_code_is_passed_on(
    saved: Shell, stand_in: Path, tool: str
) -> None:
    done = saved.process("diff", "v1", "v2", tool, "--execution-counts")
    assert done.returncode == 3
    *options, _, new, mode_and_old, mode_and_new = done.stdout.splitlines()
    assert options == ["--ignore-metadata", "--ignore-id", *(["--no-color"] if tool == "--nbdime" else [])]
    assert new.endswith("mine@v2.ipynb")
    assert mode_and_old.startswith("0o40700 ")
    assert '"one"' in mode_and_old
    assert '"two"' in mode_and_new
    assert not Path(new).exists()
    assert not Path(new).parents[1].exists()


def test_where_it_is_not_installed_one_sentence_says_how_to(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert "pip install nbdime" in saved.fails("diff", "v1", "v2", "--nbdime")
    assert "There is no nbdiff-web here" in saved.fails("diff", "v1", "v2", "--nbdime-web")


def test_what_is_no_notebook_is_not_handed_over(saved: Shell) -> None:
    saved.put("raw.txt", b"raw")
    assert "is no notebook" in saved.fails("diff", "--no-index", "mine.ipynb", "raw.txt", "--nbdime")
