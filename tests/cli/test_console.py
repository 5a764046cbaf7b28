"""Where output goes: through a pager or not, in colour or not."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from depository.cli.console import Console
from depository.cli.progress import Progress
from depository.errors import AlteredObject


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def watched(shown: io.StringIO) -> Iterator[io.StringIO]:
    """With all streams of this process connected to one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("stdin", "stdout", "stderr"):
            patch.setattr(sys, name, shown)
        yield shown


@contextmanager
def terminal() -> Iterator[io.StringIO]:
    with watched(Screen()) as shown:
        yield shown


@pytest.fixture
def pager(tmp_path: Path) -> tuple[str, Path]:
    """A pager, and the file that it keeps what it was given in."""
    script, kept = tmp_path / "pager", tmp_path / "kept"
    script.write_text(f'#!/bin/sh\necho "LESS=$LESS" > {kept}\nexec cat >> {kept}\n')
    script.chmod(0o755)
    return str(script), kept


SIZE = {"COLUMNS": "20", "LINES": "5"}


def test_lines_that_fit_are_printed(pager: tuple[str, Path]) -> None:
    with terminal() as screen:
        Console({**SIZE, "PAGER": pager[0]}).page(["line"] * 4)
    assert screen.getvalue() == "line\n" * 4
    assert not pager[1].exists()


def test_lines_that_do_not_fit_go_through_the_pager(pager: tuple[str, Path]) -> None:
    with terminal() as screen:
        Console({**SIZE, "PAGER": pager[0]}).page(["line"] * 5)
    assert screen.getvalue() == ""
    assert pager[1].read_text() == "LESS=FRX\n" + "line\n" * 5


def test_a_line_that_is_wrapped_takes_several_rows(pager: tuple[str, Path]) -> None:
    with terminal() as screen:
        Console({**SIZE, "PAGER": pager[0]}).page(["x" * 90])
    assert screen.getvalue() == ""
    assert pager[1].exists()


@pytest.mark.parametrize("named", ["", "cat", "'", "/no/such/pager"])
def test_a_pager_that_cannot_be_used_is_done_without(named: str) -> None:
    with terminal() as screen:
        Console({**SIZE, "PAGER": named}).page(["line"] * 50)
    assert screen.getvalue() == "line\n" * 50


def test_a_pager_that_stops_early_is_no_error() -> None:
    with terminal() as screen:
        Console({**SIZE, "PAGER": "true"}).page(["line" * 1000] * 500)
    assert screen.getvalue() == ""


def test_an_error_while_lines_are_made_is_not_lost_in_the_pager(pager: tuple[str, Path]) -> None:
    def lines() -> Iterator[str]:
        yield from ["line"] * 9
        raise AlteredObject("v1 is damaged.")

    with terminal() as screen, pytest.raises(AlteredObject):
        Console({**SIZE, "PAGER": pager[0]}).page(lines())
    assert pager[1].read_text().count("line\n") == 9
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("environ", "when", "coloured"),
    [
        ({}, None, True),
        ({"NO_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": ""}, "auto", True),
        ({"TERM": "dumb"}, "auto", False),
        ({"NO_COLOR": "1"}, "always", True),
        ({}, "never", False),
    ],
)
def test_colours_are_chosen(environ: dict[str, str], when: str | None, coloured: bool) -> None:
    with terminal():
        console = Console(environ, when)
    assert console.coloured is coloured
    assert (console.paint("x", "good") != "x") is coloured


def test_progress_is_shown_where_somebody_watches() -> None:
    with terminal() as screen, Progress(4) as progress:
        progress.show(2)
    assert screen.getvalue() == "\r" + "█" * 15 + "·" * 15 + " 2/4\r\x1b[K"


def test_one_thing_is_no_progress() -> None:
    with terminal() as screen, Progress(1) as progress:
        progress.show(0)
    assert screen.getvalue() == ""


def test_nobody_watches_a_file() -> None:
    with watched(io.StringIO()) as stream, Progress(4) as progress:
        progress.show(2)
    assert stream.getvalue() == ""
