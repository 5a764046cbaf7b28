"""`depository show`."""

import base64
import json

import pytest

from tests.cli.shell import Shell, notebook


@pytest.fixture
def saved(shell: Shell) -> Shell:
    shell.write("mine.ipynb", "print(1)\nprint(2)", output="1\n2\n")
    shell("save", "mine.ipynb")
    return shell


def test_a_version_is_shown_cell_by_cell(saved: Shell) -> None:
    lines = saved("show", "mine.ipynb").lines
    assert lines[0].startswith("mine.ipynb@v1  ")
    assert lines[-5:] == ["print(1)", "print(2)", "· stdout", "1", "2"]


def test_raw_is_the_file_byte_for_byte(saved: Shell) -> None:
    data = json.dumps(json.loads(notebook("one"))).encode() + b"\r\n"
    saved.put("mine.ipynb", data)
    saved("save", "mine.ipynb")
    assert saved.raw("show", "--raw") == data
    assert saved.raw("show", "--raw", "v1") == notebook("print(1)\nprint(2)", output="1\n2\n")


def test_raw_bytes_that_are_no_text_come_back_too(saved: Shell) -> None:
    data = bytes(range(256))
    saved.put("mine.ipynb", data)
    saved("save", "mine.ipynb")
    assert saved.raw("show", "--raw") == data


def test_what_is_no_notebook_is_shown_as_text(saved: Shell) -> None:
    saved.put("mine.ipynb", b"<<<<<<< HEAD\n\x1b[31mred\xff\n")
    saved("save", "mine.ipynb")
    assert saved("show").lines[1:] == ["no notebook, but raw bytes", "", "<<<<<<< HEAD", "\\x1b[31mred\ufffd"]


def test_long_outputs_are_cut_unless_they_are_wanted_whole(saved: Shell) -> None:
    saved.write("mine.ipynb", "loop", output="".join(f"{n}\n" for n in range(1000)))
    saved("save", "mine.ipynb")
    assert saved("show").lines[-1] == "… 960 more lines"
    assert saved("show", "--full").lines[-1] == "999"


def test_a_program_reads_the_version_and_the_notebook(saved: Shell) -> None:
    document = saved("show", "--json").document
    assert document["version"]["version"] == "v1"
    assert document["notebook"]["cells"][0]["source"] == "print(1)\nprint(2)"


def test_a_program_reads_what_is_no_notebook_in_base64(saved: Shell) -> None:
    saved.put("mine.ipynb", b"\xff")
    saved("save", "mine.ipynb")
    document = saved("show", "--json").document
    assert document["notebook"] is None
    assert base64.b64decode(document["base64"]) == b"\xff"


def test_content_that_is_named_by_its_hash_is_rendered_as_jupyter_writes_it(saved: Shell) -> None:
    digest = saved("log", "--json").records[0]["hash"]
    assert saved.raw("show", digest[:10], "--raw") == notebook("print(1)\nprint(2)", output="1\n2\n")
    assert saved("show", digest).lines[0] == f"blob {digest}"
    assert saved("show", digest, "--json").document["version"] == {"record": "blob", "hash": digest}


def test_raw_bytes_that_are_named_by_their_hash_are_shown_as_text(saved: Shell) -> None:
    saved.put("mine.ipynb", b"broken")
    saved("save", "mine.ipynb")
    digest = saved("log", "--json", "-n1").records[0]["hash"]
    assert saved("show", digest).lines[-1] == "broken"
    assert saved.raw("show", digest, "--raw") == b"broken"


def test_only_one_form_can_be_had(saved: Shell) -> None:
    assert "Only one" not in saved("show", "--raw", "--json", code=2).out
