"""Every command is documented, in its help and in the reference."""

from pathlib import Path

import click
import pytest

from depository.cli.app import app
from depository.cli.command import Command
from depository.cli.reference import reference
from tests.cli.shell import Shell

ROOT = Path(__file__).parents[2]
ROOT_CONTEXT = click.Context(app, info_name="depository", **app.context_settings)
NAMES = app.list_commands(ROOT_CONTEXT)


def command(name: str) -> Command:
    found = app.get_command(ROOT_CONTEXT, name)
    assert isinstance(found, Command)
    return found


def test_the_reference_is_what_the_commands_say() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert page == reference(), "run scripts/cli-reference"


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_a_help_with_examples_of_itself(shell: Shell, name: str) -> None:
    out = shell(name, "--help").out
    assert out.startswith(f"Usage: depository {name}")
    assert "\nExamples:\n" in out
    assert f"depository {name}" in out.partition("\nExamples:\n")[2]
    assert out == shell(name, "-h").out


@pytest.mark.parametrize("name", NAMES)
def test_each_command_says_in_a_few_words_what_it_does(name: str) -> None:
    first = (command(name).help or "").partition("\n\n")[0]
    assert first.endswith(".")
    assert command(name).get_short_help_str(60) == first.rstrip(".") + ("." if "." in first else "")


@pytest.mark.parametrize("name", NAMES)
def test_each_option_is_explained(name: str) -> None:
    for parameter in command(name).params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name


@pytest.mark.parametrize("name", NAMES)
def test_examples_use_options_that_there_are(name: str) -> None:
    for line, _ in command(name).examples:
        words = line.split()
        options = {option for parameter in command(words[0]).params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options


def test_all_commands_are_listed_with_the_first_words_of_their_help(shell: Shell) -> None:
    out = shell("--help").out
    listed = [line.split()[0] for line in out.partition("\nCommands:\n")[2].splitlines()]
    assert listed == NAMES
    assert "..." not in out.partition("\nCommands:\n")[2]
