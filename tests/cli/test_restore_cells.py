"""`depository restore --cell`."""

import json
from pathlib import Path
from typing import Any

import pytest

from depository.cli import files
from tests.cli.shell import Shell, notebook


def cells(shell: Shell, name: str = "mine.ipynb") -> list[Any]:
    found: list[Any] = json.loads((shell.here / name).read_bytes())["cells"]
    return found


def sources(shell: Shell, name: str = "mine.ipynb") -> list[str]:
    return ["".join(cell["source"]) for cell in cells(shell, name)]


@pytest.fixture
def saved(shell: Shell) -> Shell:
    """A version with three cells; of the file on disk the second is another, and the third is gone."""
    shell.write("mine.ipynb", "one = 1", "two = 2", "three = 3", output="out\n")
    shell("save", "mine.ipynb")
    shell.write("mine.ipynb", "one = 1  # edited", "changed")
    return shell


def test_a_cell_comes_back_and_the_others_stay(saved: Shell) -> None:
    assert saved("restore", "mine.ipynb@v1", "--cell", "2").out == (
        "mine.ipynb: cell 2 restored from mine.ipynb@v1, archived as v3; what it held is v2\n"
    )
    assert sources(saved) == ["one = 1  # edited", "two = 2"]
    assert cells(saved)[1]["outputs"][0]["text"] == ["out\n"]
    assert not cells(saved)[0]["outputs"]


def test_all_of_it_is_in_the_history(saved: Shell) -> None:
    saved("restore", "mine.ipynb@v1", "--cell", "2")
    newest, before, _ = saved("log", "mine.ipynb", "--json").records
    assert (newest["cause"], newest["message"]) == ("restore", "v1, cell 2")
    assert (before["cause"], before["message"]) == ("save", "before a restore")
    assert saved.raw("show", "v2", "--raw") == notebook("one = 1  # edited", "changed")
    assert saved.raw("show", "v3", "--raw") == (saved.here / "mine.ipynb").read_bytes()


def test_a_cell_that_is_gone_is_put_in_where_it_was(saved: Shell) -> None:
    saved("restore", "mine.ipynb@v1", "--cell", "3")
    assert sources(saved) == ["one = 1  # edited", "changed", "three = 3"]
    saved.write("mine.ipynb", "entirely else")
    saved("restore", "mine.ipynb@v1", "--cell", "cell-2")
    assert sources(saved) == ["entirely else", "three = 3"]


def test_several_cells_come_back_at_once(saved: Shell) -> None:
    out = saved("restore", "mine.ipynb@v1", "--cell", "3", "--cell", "cell-1", "--cell", "2").out
    assert out.startswith("mine.ipynb: cells 2, 3 restored from mine.ipynb@v1, ")
    assert sources(saved) == ["one = 1  # edited", "two = 2", "three = 3"]


def test_every_byte_that_is_not_of_the_cell_stays(saved: Shell) -> None:
    text = (
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {"b": 1, "a": 1.50},\n'
        ' "cells": [{"source": "one", "id": "cell-0", "cell_type": "code", "metadata": {}, "outputs": [],'
        ' "execution_count": null}  ,\n   {"source": "x", "id": "cell-1", "cell_type": "code", "metadata": {},'
        ' "outputs": [], "execution_count": null}\n]}'
    )
    saved.put("mine.ipynb", text.encode())
    saved("restore", "mine.ipynb@v1", "--cell", "2")
    made = (saved.here / "mine.ipynb").read_text()
    cut = text.index('{"source": "x"')
    assert made[:cut] == text[:cut]
    assert made.endswith("}\n]}")
    assert sources(saved) == ["one", "two = 2"]


def test_a_cell_that_is_the_same_already_changes_nothing(saved: Shell) -> None:
    saved.write("mine.ipynb", "other", "two = 2", output="out\n")
    saved("save", "mine.ipynb")
    before = (saved.here / "mine.ipynb").stat()
    assert saved("restore", "mine.ipynb@v1", "--cell", "2").out == (
        "mine.ipynb: cell 2 the same as in mine.ipynb@v1 already\n"
    )
    assert (saved.here / "mine.ipynb").stat() == before
    assert len(saved("log", "mine.ipynb", "--json").records) == 2


def test_the_file_with_the_cell_can_go_elsewhere(saved: Shell) -> None:
    before = (saved.here / "mine.ipynb").read_bytes()
    assert saved("restore", "mine.ipynb@v1", "--cell", "2", "-o", "new.ipynb").out == (
        "new.ipynb: cell 2 restored from mine.ipynb@v1\n"
    )
    assert sources(saved, "new.ipynb") == ["one = 1  # edited", "two = 2"]
    assert saved.raw("restore", "mine.ipynb@v1", "--cell", "2", "-o", "-") == (saved.here / "new.ipynb").read_bytes()
    assert (saved.here / "mine.ipynb").read_bytes() == before
    assert len(saved("log", "mine.ipynb", "--json").records) == 1


def test_a_file_that_changes_meanwhile_keeps_what_came(saved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = files.replace
    others = iter([notebook("somebody else's", "changed")])

    def replace_late(file: str, data: bytes, expected: files.Content | None) -> bool:
        if other := next(others, None):
            Path(file).write_bytes(other)
        return replace(file, data, expected)

    monkeypatch.setattr(files, "replace", replace_late)
    saved("restore", "mine.ipynb@v1", "--cell", "2")
    assert sources(saved) == ["somebody else's", "two = 2"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("4", "mine.ipynb@v1 has no cell 4: it has 3 cells."),
        ("0", "mine.ipynb@v1 has no cell 0: it has 3 cells."),
        ("99999999999999", "mine.ipynb@v1 has no cell whose id starts with '99999999999999': it has 3 cells, which …"),
        ("-1", "mine.ipynb@v1 has no cell whose id starts with '-1': it has 3 cells, which 'depository show' numbers."),
        ("", "mine.ipynb@v1 has no cell whose id starts with '': it has 3 cells, which 'depository show' numbers."),
        ("x\x1b", "mine.ipynb@v1 has no cell whose id starts with 'x\\x1b': it has 3 cells, which …"),
    ],
)
def test_a_cell_that_there_is_not_is_named(saved: Shell, name: str, sentence: str) -> None:
    before = (saved.here / "mine.ipynb").read_bytes()
    assert saved.fails("restore", "mine.ipynb@v1", f"--cell={name}").startswith(sentence.rstrip("…"))
    assert (saved.here / "mine.ipynb").read_bytes() == before
    assert len(saved("log", "mine.ipynb", "--json").records) == 1


def test_the_start_of_an_id_has_to_be_that_of_one(saved: Shell) -> None:
    assert saved.fails("restore", "v1", "--cell", "cell", code=2) == (
        "The ids of several cells of mine.ipynb@v1 start with 'cell': say which of 1, 2, 3."
    )


def test_a_whole_id_may_be_the_start_of_another(saved: Shell) -> None:
    found = json.loads(notebook("a", "b"))
    found["cells"][1]["id"] = "cell-0-b"
    saved.put("mine.ipynb", json.dumps(found).encode())
    saved("save", "mine.ipynb")
    saved.write("mine.ipynb", "changed")
    saved("restore", "mine.ipynb", "--cell", "cell-0")
    assert sources(saved) == ["a"]


def test_an_id_of_digits_is_one_where_no_cell_has_that_number(saved: Shell) -> None:
    found = json.loads(notebook("a", "b"))
    found["cells"][1]["id"] = "77"
    saved.put("mine.ipynb", json.dumps(found).encode())
    saved("save", "mine.ipynb")
    saved.write("mine.ipynb", "a")
    saved("restore", "mine.ipynb", "--cell", "77")
    assert sources(saved) == ["a", "b"]


def test_a_version_that_is_no_notebook_has_no_cells(saved: Shell) -> None:
    saved.put("mine.ipynb", b"<<<<<<< HEAD\n")
    saved("save", "mine.ipynb")
    assert saved.fails("restore", "mine.ipynb", "--cell", "1") == (
        "mine.ipynb@v2 is no notebook, since it is not JSON (expecting value in line 1): "
        "it can only be restored whole, without --cell."
    )
    assert saved.fails("restore", "mine.ipynb@v1", "--cell", "1").startswith("'mine.ipynb' is no notebook, since ")


def test_a_file_that_is_gone_takes_no_cell(saved: Shell) -> None:
    (saved.here / "mine.ipynb").unlink()
    for more in ([], ["-o", "new.ipynb"], ["-o", "-"]):
        assert saved.fails("restore", "mine.ipynb@v1", "--cell", "1", *more) == (
            "There is no file 'mine.ipynb' to put a cell into: restore all of mine.ipynb@v1, without --cell."
        )


def test_a_cell_of_another_nbformat_is_refused(saved: Shell) -> None:
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x", "outputs": []}]}]}
    saved.put("mine.ipynb", json.dumps(old).encode())
    assert "has nbformat 3 and mine.ipynb@v1 has 4: " in saved.fails("restore", "mine.ipynb@v1", "--cell", "1")


def test_cells_of_old_notebooks_come_back_in_their_worksheet(saved: Shell) -> None:
    def old(*names: str) -> bytes:
        sheets = [
            {"cells": [{"cell_type": "code", "input": [text], "outputs": []} for text in name.split()]}
            for name in names
        ]
        return (json.dumps({"nbformat": 3, "worksheets": sheets}, indent=1) + "\n").encode()

    saved.put("mine.ipynb", old("first", "alpha=1 beta=2"))
    saved("save", "mine.ipynb")
    saved.put("mine.ipynb", old("first", "alpha=1"))
    saved("restore", "mine.ipynb", "--cell", "3")
    assert (saved.here / "mine.ipynb").read_bytes() == old("first", "alpha=1 beta=2")
