"""Names, messages and notebooks that somebody made to harm whoever looks at them."""

import re

import pytest

from depository import Depository
from tests.cli.shell import Shell, notebook

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\u2066\r\nx"
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def evil(shell: Shell) -> Shell:
    """A depository with a hostile path (as far as paths can be), author, message and notebook."""
    with Depository.create(str(shell.store)) as depository:
        depository.save(
            "kylek/proj/a\u202eb.ipynb",
            notebook(f"print({EVIL!r})\n{EVIL}", output=EVIL),
            author=f"eve{EVIL}"[:20],
            message=EVIL,
        )
        depository.save("kylek/proj/a\u202eb.ipynb", EVIL.encode(), author=EVIL, message=EVIL)
        depository.promote("kylek/proj/a\u202eb.ipynb", "v1", "published", message=EVIL)
    return shell


@pytest.mark.parametrize(
    "words",
    [
        ["log"],
        ["log", "--events"],
        ["log", "--json"],
        ["show", "v1"],
        ["show", "v2"],
        ["show", "v1", "--json"],
        ["diff", "v1", "v2"],
        ["diff", "v1", "v2", "--json"],
        ["ls"],
        ["ls", "-l"],
        ["ls", "-l", "--json"],
        ["tag"],
        ["publish", "v2"],
        ["unpublish"],
        ["restore", "v1"],
        ["status", "a\u202eb.ipynb"],
        ["rm", "a\u202eb.ipynb"],
        ["mv", "a\u202eb.ipynb", "b\u202ea.ipynb"],
    ],
)
def test_nothing_drives_the_terminal(evil: Shell, words: list[str]) -> None:
    result = evil(*words)
    assert result.out
    assert not _UNSAFE.search(result.out + result.err)


def test_nothing_breaks_a_line_of_the_log(evil: Shell) -> None:
    assert len(evil("log").lines) == 2


def test_an_error_is_made_harmless_too(evil: Shell) -> None:
    assert not _UNSAFE.search(evil.fails("show", f"v1{EVIL}", code=2))


def test_bytes_are_given_back_as_they_are(evil: Shell) -> None:
    assert evil.raw("show", "v2", "--raw") == EVIL.encode()
