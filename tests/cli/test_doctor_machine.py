"""What `depository doctor` says of this machine: what waits, the room for it, the cache, the versions."""

import importlib
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

from depository import __version__
from depository.cli.doctor import machine
from depository.cli.doctor.findings import Finding, State
from tests.cli.examining import check, examined, of_state
from tests.cli.shell import Shell
from tests.cli.waiting import Waiting, waiting

__all__ = ["waiting"]


def findings(name: str) -> list[Finding]:
    return examined(check(machine.CHECKS, name))


def one(name: str) -> Finding:
    [found] = findings(name)
    return found


# what waits


def test_nothing_that_waits_is_well(waiting: Waiting) -> None:
    assert (one("queue").state, one("queue").text) == (State.OK, "Nothing waits to be archived.")


def test_what_was_just_saved_is_well(waiting: Waiting) -> None:
    waiting.go_on()
    waiting.put("a.ipynb")
    found = one("queue")
    assert found.state is State.OK
    assert found.text.startswith("To be archived: 1 save of 1 notebook")


def test_what_waits_for_hours_without_a_reason_is_bad(waiting: Waiting) -> None:
    waiting.put("a.ipynb")
    found = one("queue")
    assert found.state is State.BAD
    assert found.text.endswith("Nothing is known to be in the way.")
    assert found.todo == "Run 'depository sync'."


def test_a_problem_is_said_with_its_remedy(waiting: Waiting) -> None:
    waiting.put("a.ipynb", url="s3://notebook")
    waiting.trouble("s3://notebook", "no-bucket", "There is no bucket 'notebook'.")
    found = one("queue")
    assert found.state is State.BAD
    assert "There is no bucket 'notebook'. (since 2026-01-01 12:00, tried 3 times)" in found.text
    assert "put that right in the settings" in found.todo


def test_what_was_set_aside_is_bad(waiting: Waiting) -> None:
    for number in range(7):
        waiting.open().set_aside(waiting.put(f"{number}.ipynb"), "The item is damaged.")
    found = of_state(findings("queue"), State.BAD)
    assert found[0].text == "Set aside: a save of 0.ipynb, 2026-01-01 12:00: The item is damaged."
    assert "sync --again" in found[0].todo
    assert [finding.text for finding in found[5:]] == ["7 were set aside in all."]


def test_a_spool_that_cannot_be_read_is_bad(waiting: Waiting) -> None:
    waiting.directory.write_text("a file")
    assert one("queue").state is State.BAD
    assert "is no directory" in one("spool").text


# the room


def test_there_is_room_and_nothing_is_made(shell: Shell) -> None:
    found = one("spool")
    assert "are free where saves wait" in found.text
    assert not (shell.home / ".local").exists()


class _Room(NamedTuple):
    f_bavail: int
    f_frsize: int = 1


@pytest.mark.parametrize(("free", "state"), [(10 * 2**20, State.BAD), (500 * 2**20, State.WARN), (5 * 2**30, State.OK)])
def test_a_disk_that_is_nearly_full_is_pointed_out_before_saves_are_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: _Room(free))  # a disk of that size would take a machine of our own
    assert one("spool").state is state


def test_a_spool_that_cannot_be_written_is_bad(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # who tests may be root
    found = one("spool")
    assert found.state is State.BAD
    assert "DEPOSITORY_SPOOL" in found.todo


# the cache


def test_nothing_is_remembered_at_first(shell: Shell) -> None:
    assert one("cache").text == "Nothing is remembered here of any depository yet."


def test_what_is_remembered_is_counted(shell: Shell) -> None:
    shell.write("a.ipynb", "one")
    shell("save", "a.ipynb")
    shell("grep", "one")
    found = one("cache")
    assert found.state is State.OK
    assert f"are remembered in '{shell.home}/.cache/depository'" in found.text


def test_a_cache_that_cannot_be_written_is_worth_knowing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (shell.home / ".cache" / "depository").mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    assert one("cache").state is State.WARN


# the versions


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of packages that comes before the others, where Jupyter is this Python's, if there is one."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    return tmp_path / "packages"


def install(packages: Path, name: str, version: str) -> None:
    """Have a package there of which nothing but its metadata is looked at."""
    directory = packages / f"{name}-{version}.dist-info"
    directory.mkdir(parents=True)
    (directory / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    importlib.invalidate_caches()


def test_the_pieces_are_named_with_their_versions(shell: Shell) -> None:
    found = findings("versions")
    assert {each.state for each in found} <= {State.OK, State.WARN}
    assert found[0].text.startswith(f"depository {__version__}, Python 3.")
    assert f"botocore {metadata.version('botocore')}" in found[0].text


@pytest.mark.parametrize(
    ("name", "version", "why"),
    [
        ("notebook", "6.5.7", "what is saved there is not archived"),
        ("botocore", "1.35.99", "cannot send"),
        ("jupyter_server", "1.24.0", "lacks"),
        ("jupyterlab", "2.3.2", "does not run on jupyter_server"),
    ],
)
def test_a_piece_that_is_known_to_be_too_old_is_bad(
    shell: Shell, packages: Path, name: str, version: str, why: str
) -> None:
    install(packages, name, version)
    [found] = of_state(findings("versions"), State.BAD)
    assert found.text.startswith(f"{name} {version} is too old")
    assert why in found.text
    assert f"'{name}>=" in found.todo


def test_bookstore_is_in_the_way(shell: Shell, packages: Path) -> None:
    install(packages, "bookstore", "2.5.1")
    [found] = of_state(findings("versions"), State.BAD)
    assert found.text.startswith("bookstore 2.5.1 is installed")
    assert found.todo.endswith("pip uninstall bookstore")


def test_another_depository_that_is_installed_is_pointed_out(shell: Shell, packages: Path) -> None:
    install(packages, "depository", "0.1.0")
    [found] = of_state(findings("versions"), State.WARN)
    assert f"depository 0.1.0 is installed, and what runs is {__version__}" in found.text


def test_a_version_before_a_release_is_in_order() -> None:
    assert machine._numbers("1.36.0rc1") == (1, 36)
    assert machine._numbers("10.0") > machine._numbers("9.1")
