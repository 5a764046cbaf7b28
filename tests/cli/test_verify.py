"""`depository verify`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from depository.backends.base import Item
from depository.backends.local import LocalBackend
from tests.cli.shell import Shell


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """A notebook of three versions, the second published, and one below."""
    for number in (1, 2, 3):
        shell.write("mine.ipynb", f"x = {number}")
        shell("save", "mine.ipynb")
    shell("publish", "mine.ipynb@v2")
    shell.write("sub/other.ipynb", "y = 1")
    shell("save", "sub/other.ipynb")
    return shell


def blob(shell: Shell, version: str) -> Path:
    """The file of a version's blob."""
    records = shell("log", "--json", "mine.ipynb").records
    found: str = next(record["hash"] for record in records if record.get("version") == version)
    return shell.store / "objects" / found[:2] / f"{found[2:]}%"


def test_what_is_sound_is_said_in_one_line(saved: Shell) -> None:
    assert saved("verify") == (0, "4 versions of 2 notebooks, 4 objects: all is sound.\n", "")


def test_damage_is_named_with_its_versions_and_what_can_be_done(saved: Shell) -> None:
    file = blob(saved, "v3")
    file.unlink()
    name = f"objects/{file.parent.name}/{file.name.rstrip('%')}"
    lost, summary = saved("verify", code=1).lines
    assert lost == (
        f"damaged  {name} is missing: v3 of mine.ipynb cannot be read; nothing here tells what it was: have it from a "
        "backup"
    )
    assert summary == "4 versions of 2 notebooks, 3 objects: 1 damaged."


def test_what_can_be_mended_is_said_and_mended_on_demand(saved: Shell) -> None:
    blob(saved, "v2").write_bytes(b"zeros")
    told = saved("verify", code=1).lines
    assert ": v2 to v3 of mine.ipynb cannot be read; the plain notebook published/" in told[0]
    assert told[0].endswith("/mine.ipynb is what it was: --repair puts that back")
    mended = saved("verify", "--repair", code=3).lines
    assert mended[0].startswith("mended   objects/")
    assert "could not be read; put back from the plain notebook published/" in mended[0]
    assert mended[1] == "4 versions of 2 notebooks, 4 objects: 1 mended, and all is sound now."
    assert saved("verify").code == 0


def test_a_program_gets_an_object_a_line(saved: Shell) -> None:
    assert saved("verify", "--json").records == [
        {
            "record": "checked",
            "sound": True,
            "notebooks": 2,
            "versions": 4,
            "objects": 4,
            "damaged": 0,
            "mended": 0,
            "orphans": 0,
            "orphan_bytes": 0,
            "resumed": False,
        }
    ]
    blob(saved, "v3").unlink()
    finding, checked = saved("verify", "--json", code=1).records
    assert (finding["record"], finding["kind"], finding["versions"]) == ("finding", "missing", [[3, 3]])
    assert (finding["mended"], finding["mend"], finding["remark"]) == (False, None, False)
    assert not checked["sound"]


def test_parts_are_checked_on_demand(saved: Shell) -> None:
    blob(saved, "v3").unlink()
    assert saved("verify", "sub").out == "1 version of 1 notebook, 1 object: all is sound.\n"
    assert saved("verify", "sub/other.ipynb").code == 0
    assert saved("verify", "mine.ipynb", code=1).lines[-1] == "3 versions of 1 notebook, 2 objects: 1 damaged."
    assert saved("verify", "mine.ipynb", ":/nobody", code=1).lines[-1].endswith("1 damaged.")
    assert saved.fails("verify", "sub", ":/nobody") == "No notebook is archived under ':/nobody'."


def test_where_there_is_no_depository_that_is_said(shell: Shell) -> None:
    assert shell.fails("verify").startswith("There is no depository at ")


def test_a_check_that_was_broken_off_is_taken_up(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    break_off(saved, monkeypatch)
    assert saved("verify", "--json").records[-1]["resumed"]
    assert not saved("verify", "--json").records[-1]["resumed"]


def test_it_can_begin_anew(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    break_off(saved, monkeypatch)
    assert not saved("verify", "--fresh", "--json").records[-1]["resumed"]


def break_off(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C when the objects are listed."""
    read = LocalBackend.list

    def interrupted(self: LocalBackend, prefix: str, *, after: str = "") -> Iterator[Item]:
        if prefix == "objects/":
            raise KeyboardInterrupt
        return read(self, prefix, after=after)

    with monkeypatch.context() as patch:
        patch.setattr(LocalBackend, "list", interrupted)
        assert saved("verify", code=130).out == ""


def test_names_cannot_drive_a_terminal(shell: Shell) -> None:
    name = shell.store / "objects" / "bad%1b.txt"
    shell.write("a.ipynb", "x = 1")
    shell("save", "a.ipynb")
    name.write_bytes(b"")
    out = shell("verify").out
    assert "\x1b" not in out
    assert out.startswith("remark   objects/bad\\x1b.txt is no object's name")
