"""What the shells offer while one types."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from depository.cli import completion
from depository.cli.app import app
from depository.cli.session import Session
from tests.cli.shell import Shell, process_environ


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """Two versions of a notebook, one with a tag, and other files and directories."""
    for source in ("one", "two"):
        shell.write("mine.ipynb", source)
        shell("save", "mine.ipynb", "-m", f"as of {source}")
    shell("tag", "v1", "submitted")
    shell.put("my file.ipynb", b"x")
    shell.put("notes.txt", b"x")
    (shell.here / "sub").mkdir()
    (shell.here / ".hidden").mkdir()
    return shell


def offered(shell: Shell, words: str) -> list[str]:
    """The words that fish is offered at the end of a line, in which the last word may be empty."""
    *before, current = words.split(" ")
    lines = asked(shell, "fish", COMP_WORDS="\n".join(["depository", *before]), COMP_CURRENT=current)
    return [line.split("\t")[0] for line in lines]


def asked(shell: Shell, name: str, **environ: str) -> list[str]:
    """What a shell is answered."""
    result = shell.complete(_DEPOSITORY_COMPLETE=f"{name}_complete", **environ)
    assert result.err == ""
    return [line for line in result.lines if line]


# what is offered


def test_commands_and_options_are_offered(saved: Shell) -> None:
    assert offered(saved, "un") == ["unpublish", "unschedule", "undelete"]
    assert offered(saved, "log --so") == ["--source-only"]
    assert offered(saved, "--color ") == ["auto", "always", "never"]
    assert offered(saved, "completion ") == ["bash", "zsh", "fish"]


def test_files_to_save_are_notebooks_and_directories(saved: Shell) -> None:
    assert offered(saved, "save ") == ["mine.ipynb", "my file.ipynb", "sub/"]
    assert offered(saved, "save m") == ["mine.ipynb", "my file.ipynb"]
    assert offered(saved, "save .h") == [".hidden/"]
    assert offered(saved, "save ../proj/mi") == ["../proj/mine.ipynb"]


def test_notebooks_that_are_only_archived_are_offered_where_they_can_be_used(saved: Shell) -> None:
    saved.write("sub/gone.ipynb", "x")
    saved("save", "sub")
    (saved.here / "sub/gone.ipynb").unlink()
    assert offered(saved, "log sub/") == ["sub/gone.ipynb"]
    assert offered(saved, "save sub/") == []


def test_paths_of_the_depository_are_offered_step_by_step(saved: Shell) -> None:
    assert offered(saved, "log :/") == [":/kylek/"]
    assert offered(saved, "ls :/kylek/") == [":/kylek/proj/"]
    assert offered(saved, "log :/kylek/proj/m") == [":/kylek/proj/mine.ipynb"]


def test_versions_are_offered_with_what_helps_to_choose(saved: Shell) -> None:
    assert offered(saved, "show mine.ipynb@") == [
        f"mine.ipynb@{spec}" for spec in ("workspace", "submitted", "latest", "v2", "v1")
    ]
    lines = asked(saved, "fish", COMP_WORDS="depository\nshow", COMP_CURRENT="mine.ipynb@v1")
    assert lines[0].endswith("source  as of one")


def test_a_version_alone_is_offered_where_there_is_one_notebook(saved: Shell) -> None:
    assert offered(saved, "diff v") == ["v2", "v1"]
    assert offered(saved, "publish su")[0] == "submitted"
    saved("save", "my file.ipynb")
    assert offered(saved, "diff v") == []
    assert offered(saved, "diff m") == ["mine.ipynb", "my file.ipynb"]


def test_names_with_an_at_sign_are_offered(saved: Shell) -> None:
    saved.write("we@ird.ipynb", "x")
    assert offered(saved, "show we@") == ["we@ird.ipynb"]
    saved("save", "we@ird.ipynb")
    assert offered(saved, "show we@ird.ipynb@l") == ["we@ird.ipynb@latest"]


def test_what_was_deleted_is_offered_for_undelete(saved: Shell) -> None:
    saved("rm", "mine.ipynb")
    assert offered(saved, "undelete ") == ["mine.ipynb"]
    assert "mine.ipynb" not in offered(saved, "log ")


def test_directories_are_offered_for_ls(saved: Shell) -> None:
    assert offered(saved, "ls ") == ["sub/"]


def test_the_depository_of_the_line_is_asked(saved: Shell) -> None:
    saved("init", "--no-settings", "--depository", "../other")
    assert offered(saved, "--depository ../other show mine.ipynb@") == []
    assert offered(saved, "show --depository ../other mine.ipynb@") == []


# whatever goes wrong


@pytest.mark.parametrize(
    "words", ["log ", "show x@", "ls :/", "nothing x", "log :/../", "save nowhere/", "show @", "-"]
)
def test_nothing_is_said_without_a_depository(shell: Shell, words: str) -> None:
    offered(shell, words)


def test_nothing_is_said_of_settings_that_cannot_be_used(saved: Shell) -> None:
    (saved.here / ".depository.toml").write_text("url = 1")
    assert offered(saved, "show mine.ipynb@") == []
    assert "mine.ipynb" in offered(saved, "save ")


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_nothing_is_said_of_a_call_that_makes_no_sense(shell: Shell, shell_name: str) -> None:
    assert asked(shell, shell_name) == []


@pytest.mark.usefixtures("saved")
def test_a_depository_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(Session, "open", lambda *_: answered.wait())
    monkeypatch.setattr(completion, "PATIENCE", 0.05)
    context = app.make_context("depository", ["log"], resilient_parsing=True)
    assert completion.complete("versions", context, "mine.ipynb@") == []
    answered.set()


# the shells


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory on the path, with the command in it."""
    command = tmp_path / "bin" / "depository"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from depository.cli import main; main()" "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=":")
    return command.parent


@pytest.mark.usefixtures("saved", "path")
def run(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=process_environ({}))
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
@pytest.mark.parametrize(
    ("line", "inserted"),
    [
        ("depository un", ["unpublish ", "unschedule ", "undelete "]),
        ("depository log mi", ["mine.ipynb "]),
        ("depository log m", ["mine.ipynb ", "my\\ file.ipynb "]),
        ("depository log su", ["sub/"]),
        ("depository log my\\ f", ["my\\ file.ipynb "]),
        ('depository log "my f', ['my file.ipynb" ']),
        ("depository log 'my f", ["my file.ipynb' "]),
        # readline breaks words at @ and : and replaces what comes after them
        ("depository show mine.ipynb@v", ["v2 ", "v1 "]),
        ("depository show mine.ipynb@", ["workspace ", "submitted ", "latest ", "v2 ", "v1 "]),
        ('depository show "mine.ipynb@v1', ['mine.ipynb@v1" ']),
        ("depository log :/ky", ["/kylek/"]),
        ("depository show mine.ipynb@v1 ; echo", []),
    ],
)
@pytest.mark.usefixtures("saved", "path")
def test_bash_inserts_the_rest_of_the_word(line: str, inserted: list[str]) -> None:
    code = (
        'source <(depository completion bash); COMP_LINE="$1"; COMP_POINT=${#1}; '
        '_depository_completion; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert [word for word in run("bash", "--norc", "-c", code, "bash", line) if word] == inserted


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("depository unp", ["unpublish"]),
        ("depository show mine.ipynb@s", ["mine.ipynb@submitted"]),
        ("depository show 'my f", ["my file.ipynb"]),
        ("depository show my\\\\ f", ["my file.ipynb"]),
    ],
)
@pytest.mark.usefixtures("saved", "path")
def test_fish_shows_what_is_offered(line: str, offered: list[str]) -> None:
    code = f'depository completion fish | source; complete -C "{line}"'
    assert [word.split("\t")[0] for word in run("fish", "--no-config", "-c", code)] == offered


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh here")
@pytest.mark.usefixtures("saved", "path")
def test_zsh_reads_its_script() -> None:
    assert run("zsh", "-f", "-c", "depository completion zsh | zsh -n /dev/stdin") == []


def test_zsh_gets_each_word_with_its_description(saved: Shell) -> None:
    assert asked(saved, "zsh", COMP_WORDS="depository\nshow\n'mine.ipynb@sub") == ["mine.ipynb@submitted\tv1"]
    assert asked(saved, "zsh", COMP_WORDS="depository\nlog\nmy\\ f") == ["my file.ipynb"]


@pytest.mark.parametrize(
    ("line", "inserted"),
    [
        ("depository log mi", ["mine.ipynb "]),
        ("depository log my\\ f", ["my\\ file.ipynb "]),
        ("depository log 'my f", ["my file.ipynb' "]),
        ('depository log "my f', ['my file.ipynb" ']),
        ("depository show mine.ipynb@sub", ["submitted "]),
        ("depository ls ", ["sub/"]),
        ("depository log :/ky", ["/kylek/"]),
    ],
)
def test_bash_gets_what_it_is_to_insert(saved: Shell, line: str, inserted: list[str]) -> None:
    assert asked(saved, "bash", COMP_LINE=line, COMP_WORDBREAKS=" \t\n\"'@><=;|&(:") == inserted


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_a_script_names_the_command_and_its_function(shell: Shell, shell_name: str) -> None:
    script = shell("completion", shell_name).out
    assert "_depository_completion" in script
    assert (
        f"_DEPOSITORY_COMPLETE={shell_name}_complete" in script
        or f"_DEPOSITORY_COMPLETE {shell_name}_complete" in script
    )
