"""Where output goes: through a pager or not, in colour or not."""

import io
import sys
from pathlib import Path

import pytest

from depository.cli.console import Console
from depository.cli.progress import Progress


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    shown = Screen()
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, shown)
    return shown


@pytest.fixture
def pager(tmp_path: Path) -> tuple[str, Path]:
    """A pager, and the file that it keeps what it was given in."""
    script, kept = tmp_path / "pager", tmp_path / "kept"
    script.write_text(f'#!/bin/sh\necho "LESS=$LESS" > {kept}\nexec cat >> {kept}\n')
    script.chmod(0o755)
    return str(script), kept


SIZE = {"COLUMNS": "20", "LINES": "5"}


def test_lines_that_fit_are_printed(screen: Screen, pager: tuple[str, Path]) -> None:
    Console({**SIZE, "PAGER": pager[0]}).page(["line"] * 4)
    assert screen.getvalue() == "line\n" * 4
    assert not pager[1].exists()


def test_lines_that_do_not_fit_go_through_the_pager(screen: Screen, pager: tuple[str, Path]) -> None:
    Console({**SIZE, "PAGER": pager[0]}).page(["line"] * 5)
    assert screen.getvalue() == ""
    assert pager[1].read_text() == "LESS=FRX\n" + "line\n" * 5


def test_a_line_that_is_wrapped_takes_several_rows(screen: Screen, pager: tuple[str, Path]) -> None:
    Console({**SIZE, "PAGER": pager[0]}).page(["x" * 90])
    assert screen.getvalue() == ""
    assert pager[1].exists()


@pytest.mark.parametrize("named", ["", "cat", "'", "/no/such/pager"])
def test_a_pager_that_cannot_be_used_is_done_without(screen: Screen, named: str) -> None:
    Console({**SIZE, "PAGER": named}).page(["line"] * 50)
    assert screen.getvalue() == "line\n" * 50


def test_a_pager_that_stops_early_is_no_error(screen: Screen) -> None:
    Console({**SIZE, "PAGER": "true"}).page(["line" * 1000] * 500)
    assert screen.getvalue() == ""


def test_an_error_while_lines_are_made_is_not_lost_in_the_pager(screen: Screen, pager: tuple[str, Path]) -> None:
    def lines() -> "list[str]":
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        Console({**SIZE, "PAGER": pager[0]}).page(line for part in (["line"] * 9, None) for line in part or lines())
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
def test_colours_are_chosen(screen: Screen, environ: dict[str, str], when: str | None, coloured: bool) -> None:
    console = Console(environ, when)
    assert console.coloured is coloured
    assert (console.paint("x", "good") != "x") is coloured
    assert screen.getvalue() == ""


def test_progress_is_shown_where_somebody_watches(screen: Screen) -> None:
    with Progress(4) as progress:
        progress.show(2)
    assert screen.getvalue() == "\r" + "█" * 15 + "·" * 15 + " 2/4\r\x1b[K"


def test_one_thing_is_no_progress(screen: Screen) -> None:
    with Progress(1) as progress:
        progress.show(0)
    assert screen.getvalue() == ""


def test_nobody_watches_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(4) as progress:
        progress.show(2)
    assert stream.getvalue() == ""
