"""`depository git`: git shows notebooks as depository does. git itself runs in every test."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell, process_environ

ODD_NAMES = [
    "a b.ipynb",
    "-x.ipynb",
    'quote".ipynb',
    "it's.ipynb",
    "new\nline.ipynb",
    "$HOME;x.ipynb",
    "é.ipynb",
    "sub/a.ipynb",
]


GIT = shutil.which("git") or "git"
SHELL = shutil.which("sh") or "sh"


class Repository:
    """A repository, and git in it."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self("init", "--quiet", "--initial-branch=main")

    def __call__(self, *words: str, code: int = 0, **environ: str) -> str:
        return self.raw(*words, code=code, **environ).decode()

    def raw(self, *words: str, code: int = 0, **environ: str) -> bytes:
        assert Path.cwd().is_relative_to(self.shell.home), "git is run in a home of its own, and nowhere else"
        done = subprocess.run(
            [GIT, *words],
            capture_output=True,
            check=False,
            timeout=60,
            env=process_environ(environ),
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert b"Traceback" not in done.stdout + done.stderr
        assert not done.stderr, done.stderr
        return done.stdout

    def commit(self, message: str = "a commit") -> None:
        self("add", "--all")
        self("commit", "--quiet", "--allow-empty", "-m", message)

    @property
    def attributes(self) -> Path:
        return Path(".git/info/attributes")


@pytest.fixture
def bare_git(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A user with a git that is configured by nobody."""
    for name in os.environ:
        if name.startswith("GIT_") or name == "PYTHONPATH":
            monkeypatch.delenv(name)
    shell.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        shell.setenv(f"GIT_{who}_NAME", "Kyle")
        shell.setenv(f"GIT_{who}_EMAIL", "kyle@example.org")
    return shell


@pytest.fixture
def git(bare_git: Shell) -> Repository:
    """A repository in which a notebook is committed, and git is set up."""
    repository = Repository(bare_git)
    bare_git.write("mine.ipynb", "x = 1\ny = 2", "plot(x)", output="first\n")
    repository.commit("start")
    bare_git("git", "setup")
    return repository


def edit(git: Repository) -> None:
    git.shell.write("mine.ipynb", "x = 1\ny = 3", "plot(x)", output="first\n")


# What git shows


def test_a_difference_is_that_of_depository(git: Repository) -> None:
    edit(git)
    assert git("diff").splitlines() == [
        "diff --depository a/mine.ipynb b/mine.ipynb",
        "--- a/mine.ipynb",
        "+++ b/mine.ipynb",
        "1 changed, 1 cell unchanged",
        "",
        "── code [ ] · cell 1 · id cell-0 · source changed ──",
        "  x = 1",
        "- y = 2",
        "+ y = 3",
        "",
        "… 1 unchanged cell",
    ]


def test_so_is_that_of_what_is_staged_and_of_two_commits(git: Repository) -> None:
    edit(git)
    plain = git("diff")
    git("add", ".")
    assert git("diff") == ""
    assert git("diff", "--cached") == plain
    git.commit("second")
    assert git("diff", "HEAD~1", "HEAD") == plain
    assert git("diff", "HEAD~1", "HEAD", "--", "mine.ipynb") == plain


def test_what_differs_in_nothing_that_is_compared_says_so(git: Repository) -> None:
    git.shell.write("mine.ipynb", "x = 1\ny = 2", "plot(x)", output="first\n", metadata={"a": 1})
    assert git("diff").endswith("only metadata, execution counts or how the file is written differ\n")


def test_an_added_notebook_is_compared_with_nothing(git: Repository) -> None:
    git.shell.write("new.ipynb", "z = 1")
    git("add", ".")
    lines = git("diff", "--cached").splitlines()
    assert lines[:5] == [
        "diff --depository a/new.ipynb b/new.ipynb",
        "new file mode 100644",
        "--- /dev/null",
        "+++ b/new.ipynb",
        "1 added",
    ]
    assert "+ z = 1" in lines


def test_a_deleted_notebook_is_compared_with_nothing(git: Repository) -> None:
    Path("mine.ipynb").unlink()
    lines = git("diff").splitlines()
    assert lines[1:5] == ["deleted file mode 100644", "--- a/mine.ipynb", "+++ /dev/null", "2 removed"]
    assert "- x = 1" in lines


def test_a_renamed_notebook_is_compared_with_what_it_was(git: Repository) -> None:
    edit(git)
    git("mv", "mine.ipynb", "yours.ipynb")
    git("add", ".")
    out = git("diff", "--cached", "--find-renames")
    assert out.startswith("diff --depository a/mine.ipynb b/yours.ipynb\nsimilarity index ")
    assert "\nrename from mine.ipynb\nrename to yours.ipynb\n--- a/mine.ipynb\n+++ b/yours.ipynb\n1 changed, " in out
    assert "- y = 2\n+ y = 3\n" in out


def test_a_mode_that_changed_is_told(git: Repository) -> None:
    Path("mine.ipynb").chmod(0o755)
    assert "\nold mode 100644\nnew mode 100755\n" in git("diff")


def test_a_notebook_in_conflict_is_named_and_its_sides_are_compared(git: Repository) -> None:
    git("checkout", "--quiet", "-b", "other")
    git.shell.write("mine.ipynb", "x = 'theirs'", "plot(x)")
    git.commit()
    git("checkout", "--quiet", "main")
    git.shell.write("mine.ipynb", "x = 'ours'", "plot(x)")
    git.commit()
    git("merge", "--quiet", "other", code=1)
    assert git("diff", "--cached") == "* Unmerged path mine.ipynb\n"
    out = git("diff", "--ours")
    assert out.startswith("* Unmerged path mine.ipynb\ndiff --depository a/mine.ipynb b/mine.ipynb\n")
    assert "+ <<<<<<< HEAD\n" in out
    assert "+ x = 'theirs'" in git("diff", "main", "other")


def test_a_broken_notebook_is_compared_as_text(git: Repository) -> None:
    text = Path("mine.ipynb").read_text()
    Path("mine.ipynb").write_text(text.replace('"y = 2"', '"y = 2'))
    lines = git("diff").splitlines()
    assert '-     "y = 2"' in lines
    assert '+     "y = 2' in lines


def test_a_file_of_other_bytes_is_compared_too_and_drives_no_terminal(git: Repository) -> None:
    Path("mine.ipynb").write_bytes(b"\xff\x00\x1b[31m\n")
    out = git("diff")
    assert "\x1b" not in out
    assert "\\x1b[31m" in out


def test_one_that_cannot_be_read_does_not_keep_the_others_back(git: Repository) -> None:
    large = Path("a.ipynb")
    large.write_bytes(b"{}")
    git.commit()
    with large.open("r+b") as stream:
        stream.truncate(257 * 1024 * 1024)
    edit(git)
    out = git("diff", "--no-renames")
    assert "\ndepository: 'a.ipynb' is larger" in out.replace(str(git.shell.here) + "/", "").replace("/proj", "")
    assert "+ y = 3" in out


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_will_do(git: Repository, name: str) -> None:
    git.shell.write(name, "a = 1")
    git.commit()
    git.shell.write(name, "a = 2")
    out = git("diff")
    assert "- a = 1\n+ a = 2\n" in out
    assert "-a = 1\n+a = 2\n" in git("diff", "--no-ext-diff")
    assert out.startswith(f"diff --depository a/{name} b/{name}\n".replace("new\nline", r"new\x0aline"))
    git.commit()
    assert "-a = 1\n+a = 2\n" in git("log", "-p", "-1")


def test_other_files_are_shown_by_git_itself(git: Repository) -> None:
    Path("plain.txt").write_text("a\n")
    git.commit()
    Path("plain.txt").write_text("b\n")
    assert "\n-a\n+b\n" in git("diff")


def test_it_works_from_a_directory_below(git: Repository) -> None:
    edit(git)
    Path("below").mkdir()
    git.shell.cd("below")
    assert "+ y = 3" in git("diff")


def test_colours_are_those_that_git_wants(git: Repository) -> None:
    edit(git)
    assert "\x1b[" not in git("diff")
    assert "\x1b[" in git("-c", "color.ui=always", "diff")
    assert "\x1b[" in git("-c", "color.diff=always", "diff")
    assert "\x1b[" in git("diff", GIT_PAGER_IN_USE="1", TERM="xterm")
    assert "\x1b[" not in git("-c", "color.ui=false", "diff", GIT_PAGER_IN_USE="1", TERM="xterm")


def test_a_log_is_shown_as_text_with_the_cell_of_each_change(git: Repository) -> None:
    edit(git)
    git.commit("second")
    for words in (["log", "-p", "-1"], ["show"]):
        out = git(*words)
        assert "-y = 2\n+y = 3\n" in out
        assert '"source"' not in out


def test_a_change_far_down_in_a_cell_is_shown_with_that_cell(git: Repository) -> None:
    git.shell.write("mine.ipynb", "\n".join(f"a{number}" for number in range(30)))
    git.commit()
    git.shell.write("mine.ipynb", "\n".join(f"a{number}" for number in range(29)) + "\nlast")
    git.commit()
    assert "@@ ── code · id cell-0 ──\n" in git("show")


def test_a_blame_is_one_of_the_text(git: Repository) -> None:
    assert "y = 2" in git("blame", "mine.ipynb")
    assert '"source"' not in git("blame", "mine.ipynb")


def test_a_file_without_a_repository_is_compared(git: Repository) -> None:
    git.shell("git", "setup", "--global")
    git.shell.cd(git.shell.home)
    for name, source in (("one.ipynb", "a = 1"), ("two.ipynb", "a = 2")):
        git.shell.write(name, source)
    assert "- a = 1\n+ a = 2\n" in git("diff", "--no-index", "one.ipynb", "two.ipynb", code=1)


def test_a_reader_who_leaves_early_is_not_bothered(git: Repository) -> None:
    git.shell.write("mine.ipynb", *(f"cell {number}\n" * 50 for number in range(2_000)))
    for command in ("diff", "log -p --ext-diff"):
        done = subprocess.run(
            [SHELL, "-c", f"git {command} | head -1"], capture_output=True, check=False, env=process_environ({})
        )
        assert done.stderr == b""


def test_nothing_in_the_repository_is_run(git: Repository) -> None:
    for name in ("depository", "click", "json"):
        Path(name).mkdir()
        Path(name, "__init__.py").write_text("raise SystemExit('taken over')")
    edit(git)
    assert "+ y = 3" in git("diff")


def test_no_configuration_is_read_and_no_depository_needed(git: Repository) -> None:
    Path(".depository.toml").write_text("not a configuration")
    edit(git)
    assert "+ y = 3" in git("diff", DEPOSITORY_URL="s3://?")
    assert not git.shell.store.exists()


def test_a_client_of_s3_is_not_loaded_for_it(git: Repository) -> None:
    edit(git)
    code = (
        "import sys\nfrom depository.cli.app import app\n"
        "app(['git', *sys.argv[1:]], prog_name='depository', standalone_mode=False)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    for words in (["textconv", "--", "mine.ipynb"], ["diff", "--", "p", "/dev/null", ".", ".", "mine.ipynb", "0", "1"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, check=True, text=True, env=process_environ({})
        )
        loaded = done.stdout.splitlines()[-1]
        assert "'msgpack'" in loaded
        for name in ("botocore", "nbformat", "zstandard", "pygments", "nh3"):
            assert f"'{name}'" not in loaded


# The text


def textconv(shell: Shell, data: bytes) -> bytes:
    return shell.raw("git", "textconv", "--", str(shell.put("some.ipynb", data)))


def cell(source: str, *outputs: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs), "id": "a", **more}


def file(*cells: Any) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def test_the_text_has_sources_and_outputs_and_nothing_that_changes_by_itself(shell: Shell) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "out\n"}
    image = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}}
    text = textconv(shell, file(cell("x\ny", stream, image, execution_count=5), cell("z")))
    assert text.decode().splitlines() == [
        *("nbformat 4.5", "", "── code · id a ──", "x", "y"),
        *("· stdout", "out", "· display", "<Figure>", "image/png 8 B, aaff1535"),
        *("", "── code · id a ──", "z"),
    ]
    assert text == textconv(shell, file(cell("x\ny", stream, image, execution_count=7), cell("z")))


def test_no_change_is_cut_off(shell: Shell) -> None:
    def long(end: str) -> bytes:
        out = {"output_type": "stream", "name": "stdout", "text": "a line\n" * 500 + "a" * 50_000 + end}
        return textconv(shell, file(cell("b" * 50_000, out)))

    assert long("x") != long("y")
    assert long("x").count(b"\n") == 506


def test_the_text_of_what_is_no_notebook_is_itself(shell: Shell) -> None:
    for data in (b"", b"\xff\x00\r\n", b"<<<<<<< HEAD\n{}"):
        assert textconv(shell, data) == data


def test_the_text_drives_no_terminal(shell: Shell) -> None:
    assert b"\x1b" not in textconv(shell, file(cell("\x1b[2J", cell_type="\x1b]0;", id="\x1b\n")))


@pytest.mark.parametrize("words", [["what"], ["setup", "more"], ["textconv"], ["textconv", "a", "b"]])
def test_other_words_are_answered_with_those_that_there_are(shell: Shell, words: list[str]) -> None:
    assert "Say 'depository git setup' or 'depository git remove'." in shell("git", *words, code=2).err


def test_what_git_never_says_is_refused(shell: Shell) -> None:
    assert shell.fails("git", "diff", "a", "b", code=2).startswith("git calls this, ")
    assert "There is no file" in shell.fails("git", "textconv", "none.ipynb")


# Setting up


def test_it_says_what_it_did_and_how_to_undo_it(bare_git: Shell) -> None:
    Repository(bare_git)
    assert bare_git("git", "setup").lines == [
        "In this repository, git shows notebooks with depository.",
        "  git config --local: diff.depository.command, .textconv and .xfuncname",
        f"  {bare_git.here}/.git/info/attributes: *.ipynb diff=depository",
        "Undo it with: depository git remove",
    ]
    assert bare_git("git", "remove").out == "In this repository, git shows notebooks as it did before.\n"


def test_a_second_time_changes_nothing(git: Repository) -> None:
    before = git.attributes.read_bytes(), Path(".git/config").read_bytes()
    assert git.shell("git", "setup").lines[0] == "In this repository, git shows notebooks with depository already."
    assert (git.attributes.read_bytes(), Path(".git/config").read_bytes()) == before


def test_an_older_command_is_replaced(git: Repository) -> None:
    git("config", "--add", "diff.depository.command", "old")
    git("config", "--add", "diff.depository.textconv", "old")
    assert "already" not in git.shell("git", "setup").out
    assert "old" not in Path(".git/config").read_text()


def test_what_was_set_up_is_taken_back(git: Repository) -> None:
    config = Path(".git/config").read_bytes()
    git.shell("git", "remove")
    assert not git.attributes.exists()
    assert b"depository" not in Path(".git/config").read_bytes()
    edit(git)
    assert '-    "y = 2"' in git("diff")
    assert "was not set up" in git.shell("git", "remove").out
    git.shell("git", "setup")
    assert Path(".git/config").read_bytes() == config


@pytest.mark.parametrize("end", [b"\n", b"", b"\r\n"])
def test_the_lines_of_others_stay_and_count_again_afterwards(bare_git: Shell, end: bytes) -> None:
    git = Repository(bare_git)
    others = b"# mine\r\n*.ipynb diff=jupyternotebook\n\n*.ipynb merge=jupyternotebook\n*.png binary" + end
    git.attributes.write_bytes(others)
    bare_git("git", "setup")
    bare_git("git", "setup")
    assert git.attributes.read_bytes() == others + b"\n" * (not end) + b"*.ipynb diff=depository\n"
    assert git("check-attr", "diff", "x.ipynb") == "x.ipynb: diff: depository\n"
    assert git("check-attr", "merge", "x.ipynb") == "x.ipynb: merge: jupyternotebook\n"
    bare_git("git", "remove")
    assert git.attributes.read_bytes().rstrip() == others.rstrip()
    assert git("check-attr", "diff", "x.ipynb") == "x.ipynb: diff: jupyternotebook\n"


def test_a_line_that_another_tool_added_later_is_overruled_again(git: Repository) -> None:
    with git.attributes.open("ab") as stream:
        stream.write(b"*.ipynb diff=jupyternotebook\n")
    git.shell("git", "setup")
    assert git.attributes.read_bytes() == b"*.ipynb diff=jupyternotebook\n*.ipynb diff=depository\n"


def test_attributes_that_are_committed_are_overruled(bare_git: Shell) -> None:
    git = Repository(bare_git)
    Path(".gitattributes").write_text("*.ipynb -diff\n")
    bare_git("git", "setup")
    assert git("check-attr", "diff", "x.ipynb") == "x.ipynb: diff: depository\n"


def test_it_works_in_a_linked_worktree(git: Repository) -> None:
    git("worktree", "add", "--quiet", "../other")
    git.shell("git", "remove")
    git.shell.cd("../other")
    git.shell("git", "setup")
    edit(git)
    assert "+ y = 3" in git("diff")


def test_it_works_in_a_bare_repository(git: Repository) -> None:
    edit(git)
    git.commit("second")
    git("clone", "--quiet", "--bare", ".", "../bare.git")
    git.shell.cd("../bare.git")
    git.shell("git", "setup")
    assert Path("info/attributes").read_text() == "*.ipynb diff=depository\n"
    assert "+ y = 3" in git("diff", "HEAD~1", "HEAD")


def test_it_works_in_a_directory_below(bare_git: Shell) -> None:
    git = Repository(bare_git)
    Path("a/b").mkdir(parents=True)
    bare_git.cd("a/b")
    bare_git("git", "setup")
    bare_git.cd("../..")
    assert git.attributes.exists()


def test_for_all_repositories_it_writes_nothing_into_one(bare_git: Shell) -> None:
    git = Repository(bare_git)
    git.shell.write("mine.ipynb", "a = 1")
    git.commit()
    out = bare_git("git", "setup", "--global").lines
    attributes = bare_git.home / ".config/git/attributes"
    assert out[0] == "In all of your repositories, git shows notebooks with depository."
    assert out[2:] == [f"  {attributes}: *.ipynb diff=depository", "Undo it with: depository git remove --global"]
    assert "depository" not in Path(".git/config").read_text()
    git.shell.write("mine.ipynb", "a = 2")
    assert "- a = 1\n+ a = 2\n" in git("diff")
    bare_git("git", "remove", "--global")
    assert not attributes.exists()
    assert '"a = 1"' in git("diff")


@pytest.mark.parametrize("name", ["~/my attributes", "{home}/deep/down/attributes"])
def test_the_attributes_file_of_the_user_is_the_one_that_they_named(bare_git: Shell, name: str) -> None:
    git = Repository(bare_git)
    git("config", "--global", "core.attributesFile", name.format(home=bare_git.home))
    bare_git("git", "setup", "--global")
    assert git("check-attr", "diff", "x.ipynb") == "x.ipynb: diff: depository\n"
    assert not (bare_git.home / ".config").exists()


def test_the_directory_for_configuration_is_the_one_that_was_chosen(bare_git: Shell) -> None:
    git = Repository(bare_git)
    bare_git.setenv("XDG_CONFIG_HOME", str(bare_git.home / "xdg"))
    bare_git("git", "setup", "--global")
    assert (bare_git.home / "xdg/git/attributes").exists()
    assert git("check-attr", "diff", "x.ipynb") == "x.ipynb: diff: depository\n"


def test_a_repository_whose_own_attributes_go_first_is_told(bare_git: Shell) -> None:
    Repository(bare_git)
    Path(".gitattributes").write_text("*.ipynb diff=jupyternotebook\n")
    done = bare_git("git", "setup", "--global")
    assert "give notebooks to 'jupyternotebook': say 'depository git setup' there as well." in done.err


def test_without_a_repository_there_is_nothing_to_set_up(bare_git: Shell) -> None:
    for word in ("setup", "remove"):
        assert "is in no git repository: go into one, or use --global" in bare_git.fails("git", word)


def test_without_git_there_is_nothing_to_set_up(bare_git: Shell) -> None:
    bare_git.setenv("PATH", str(bare_git.home))
    assert bare_git.fails("git", "setup") == "git is not installed, or not on the PATH."


def test_a_configuration_that_is_locked_is_told(git: Repository) -> None:
    git.shell("git", "remove")
    Path(".git/config.lock").touch()
    assert git.shell.fails("git", "setup").startswith("git cannot write its configuration: could not lock config file")


def test_an_interpreter_of_any_name_will_do(bare_git: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    git = Repository(bare_git)
    odd = bare_git.home / "it's a $place"
    odd.mkdir()
    (odd / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (odd / "python").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(odd / "python"))
        bare_git("git", "setup")
    bare_git.write("mine.ipynb", "a = 1")
    git("add", ".")
    assert "+ a = 1" in git("diff", "--cached")
