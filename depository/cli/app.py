"""The group of all commands: what they share, how they are found, and what becomes of their errors."""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from depository.cli.protocol import COMPLETE_VARIABLE
from depository.cli.session import Session
from depository.errors import DepositoryError

_COMMANDS = {
    "init": "init",
    "save": "save",
    "log": "log",
    "blame": "blame",
    "show": "show",
    "diff": "diff",
    "restore": "restore",
    "ls": "ls",
    "grep": "grep",
    "publish": "spaces",
    "unpublish": "spaces",
    "schedule": "spaces",
    "unschedule": "spaces",
    "tag": "tag",
    "mv": "mv",
    "rm": "rm",
    "undelete": "undelete",
    "status": "status",
    "sync": "sync",
    "verify": "verify",
    "git": "git",
    "info": "info",
    "doctor": "doctor",
    "completion": "completion",
}
"""Every command, in the order of the help, and the module that it is in."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""
BROKEN_PIPE = 141
"""The exit code when the reader of our output went away, as shells have it."""


class App(click.Group):
    """Loads a command when it is asked for, so that starting one costs no other."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line, or complete it if a shell asks for that."""
        if COMPLETE_VARIABLE in os.environ:
            from depository.cli.shells import register

            register()
        return super().main(*args, **{"complete_var": COMPLETE_VARIABLE, **kwargs})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the help."""
        return list(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; a name that is nearly one is answered with that."""
        if args and args[0] not in _COMMANDS and not ctx.resilient_parsing and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"There is no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"depository.cli.commands.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn what it raises into a sentence and an exit code."""
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _forget_output()
            ctx.exit(BROKEN_PIPE)
        except DepositoryError as error:
            complain(str(error))
            ctx.exit(error.exit_code)
        except OSError as error:
            complain(describe(error))
            ctx.exit(1)
        except MemoryError:
            complain("There is not enough memory for this.")
            ctx.exit(1)


def complain(sentence: str) -> None:
    """Say on stderr what went wrong."""
    from depository.cli.text import printable

    click.echo(f"depository: {printable(sentence)}", err=True)


def describe(error: OSError) -> str:
    """A sentence for an error about a user's file."""
    reason = error.strerror or type(error).__name__
    return f"'{os.fsdecode(error.filename)}': {reason}." if error.filename else f"{reason}."


def _forget_output() -> None:
    """Let nothing be written to a pipe that nobody reads, not even on the way out."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _prepare_streams() -> None:
    """Let no character fail to be printed, whatever the terminal's encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _show_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from depository import __version__

        click.echo(f"depository {__version__}")
        ctx.exit()


@click.group(cls=App, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--depository",
    "url",
    metavar="URL",
    help="Use this depository, s3://bucket/prefix or a directory, and not the one that is configured here.",
)
@click.option(
    "--color",
    "--colour",
    "colour",
    type=click.Choice(["auto", "always", "never"]),
    help="When to use colours; auto means on a terminal, unless NO_COLOR is set.",
)
@click.option("--no-pager", is_flag=True, help="Never start a pager, however long the output.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def app(ctx: click.Context, url: str | None, colour: str | None, no_pager: bool) -> None:
    """Keep every save of your Jupyter notebooks, find it, compare it, and get it back.

    A notebook is named by its file, or, where there is no file, by its path in the depository with :/ before it. One
    version of it is PATH@VERSION: v12, latest, latest~2, published or another ref or tag, the start of a hash, or a
    date or time. Where only one notebook can be meant, VERSION alone will do.

    The first three options may stand after the command as well.
    """
    _prepare_streams()
    ctx.obj = Session.from_process(url=url, colour=colour, pager=not no_pager)
    ctx.call_on_close(ctx.obj.close)
