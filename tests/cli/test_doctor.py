"""`depository doctor`: the whole of it, how it says what it found, and that no check can stop another."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from depository.cli.commands import doctor
from depository.cli.doctor import configuration, jupyter, machine, store
from depository.cli.doctor.case import Case
from depository.cli.doctor.findings import Check, Finding, State, bad, ok, warn
from depository.errors import StorageError
from tests.cli.examining import examined
from tests.cli.shell import Shell
from tests.jupyter.servers import ROOT

CHECKS = (*configuration.CHECKS, *jupyter.CHECKS, *store.CHECKS, *machine.CHECKS)


@pytest.fixture
def well(shell: Shell) -> Shell:
    """A user for whom all is well."""
    directory = shell.home / ".jupyter" / "jupyter_server_config.d"
    directory.mkdir(parents=True)
    (directory / "depository.json").write_text('{"ServerApp": {"jpserver_extensions": {"depository": true}}}')
    shell.setenv("JUPYTER_CONFIG_DIR", str(directory.parent))
    shell.setenv("JUPYTER_RUNTIME_DIR", str(shell.home / "runtime"))
    shell.setenv("PYTHONPATH", str(ROOT))
    shell.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    shell("init")
    return shell


def test_where_all_is_well_it_says_so_and_succeeds(well: Shell) -> None:
    lines = well("doctor").lines
    assert lines[0].startswith("ok    configuration")
    assert lines[-1].startswith("Nothing needs doing")
    assert not [line for line in lines if line.startswith("bad")]


def test_what_is_wrong_is_said_with_what_to_do_and_the_exit_code_is_1(well: Shell) -> None:
    well.setenv("DEPOSITORY_URI", "s3://notebooks")
    (well.home / ".depository.toml").write_text('url = "far"')
    lines = well("doctor", code=1).lines
    at = next(number for number, line in enumerate(lines) if line.startswith("bad"))
    assert lines[at].split(maxsplit=2)[:2] == ["bad", "variables"]
    assert lines[at + 1].strip() == "Rename it to DEPOSITORY_URL."
    assert lines[-1] == "1 thing needs doing; 1 is worth knowing."


def test_what_is_only_worth_knowing_is_a_success(well: Shell) -> None:
    (well.home / ".depository.toml").write_text('url = "far"')
    assert well("doctor").lines[-1] == "Nothing needs doing; 1 is worth knowing."


def test_a_program_reads_it_as_a_document(well: Shell) -> None:
    document = well("doctor", "--json").document
    assert document["well"] is True
    assert document["findings"][0] == {
        "name": "configuration",
        "state": "ok",
        "text": document["findings"][0]["text"],
        "todo": "",
    }
    well.setenv("DEPOSITORY_URI", "s3://notebooks")
    assert well("doctor", "--json", code=1).document["well"] is False


def test_another_depository_can_be_examined(well: Shell) -> None:
    out = well("doctor", "--depository", str(well.home / "nowhere"), code=1).out
    assert "There is no depository at" in out


def test_nothing_is_changed_by_looking(well: Shell) -> None:
    def all_of(home: Path) -> list[tuple[Path, float]]:
        return [(file, file.stat().st_mtime) for file in sorted(home.rglob("*")) if file.is_file()]

    before = all_of(well.home)
    well("doctor")
    assert all_of(well.home) == before


# checks that fail themselves


def failing(error: BaseException) -> Check:
    def look(_: Case) -> Iterator[Finding]:
        yield ok("one", "What was found before.")
        raise error

    return Check("one", look)


def other(_: Case) -> Iterator[Finding]:
    yield warn("other", "Another.")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (StorageError("There is no answer."), "There is no answer."),
        (PermissionError(13, "Permission denied", "/file"), "'/file': Permission denied."),
        (
            KeyError("surprise"),
            "This could not be looked at, because the check itself failed: KeyError: 'surprise'.",
        ),
    ],
)
def test_a_check_that_fails_stops_no_other(shell: Shell, error: BaseException, text: str) -> None:
    found = examined(failing(error), Check("other", other))
    assert [(each.name, each.state) for each in found] == [
        ("one", State.OK),
        ("one", State.BAD),
        ("other", State.WARN),
    ]
    assert found[1].text == text


def test_a_surprise_is_to_be_reported(shell: Shell) -> None:
    assert "please report it" in examined(failing(KeyError("surprise")))[1].todo


def test_whoever_interrupts_is_obeyed(shell: Shell) -> None:
    with pytest.raises(KeyboardInterrupt):
        examined(failing(KeyboardInterrupt()))


def test_what_two_checks_say_in_the_same_words_is_said_once(shell: Shell) -> None:
    def look(_: Case) -> Iterator[Finding]:
        yield bad("it", "No.")

    assert len(examined(Check("a", look), Check("b", look))) == 1


def test_every_name_has_room_on_the_screen(well: Shell) -> None:
    names = {found.name for found in examined(*CHECKS)} | {check.name for check in CHECKS}
    assert max(map(len, names)) <= doctor._WIDEST


@pytest.mark.parametrize("name", ["depository.toml", "nothing"])
def test_each_check_stands_alone(well: Shell, name: str) -> None:
    if name == "depository.toml":
        (well.here / ".depository.toml").write_text("not toml")
    for check in CHECKS:
        for found in examined(check):
            assert found.text.endswith((".", ":")), found
            assert "the check itself failed" not in found.text
