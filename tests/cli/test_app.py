"""What becomes of errors, and the options that all commands share."""

from collections.abc import Callable

import pytest

from depository import cli
from depository.cli.session import Session
from tests.cli.shell import Shell


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_ctrl_c_is_exit_code_130(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "place", raising(KeyboardInterrupt()))
    assert shell("info", code=130).err == "\n"


def test_ctrl_c_before_the_command_was_loaded_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depository.cli.app.app", raising(KeyboardInterrupt()))
    with pytest.raises(SystemExit) as raised:
        cli.main()
    assert raised.value.code == 130


def test_too_little_memory_is_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "place", raising(MemoryError()))
    assert shell.fails("info") == "There is not enough memory for this."


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device", "/tmp/x"), "'/tmp/x': No space left on device."),
        (OSError(5, "Input/output error"), "Input/output error."),
        (OSError("odd"), "OSError."),
    ],
)
def test_an_error_about_a_file_is_a_sentence(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, error: OSError, sentence: str
) -> None:
    monkeypatch.setattr(Session, "place", raising(error))
    assert shell.fails("info") == sentence


@pytest.mark.parametrize("place", ["before", "after"])
def test_shared_options_stand_before_or_after_the_command(shell: Shell, place: str) -> None:
    shell.write("a.ipynb", "x")
    shell("save", "a.ipynb")
    options = ["--colour", "always", "--no-pager"]
    out = shell(*options, "log").out if place == "before" else shell("log", *options).out
    assert out.startswith("\x1b[33mv1\x1b[0m")
