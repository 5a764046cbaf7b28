"""What every command has: examples in its help, and the options of the group after its name as well."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from depository.cli.session import Session

Example = tuple[str, str]
"""A command line without the word ``depository``, and what it does."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Command(click.Command):
    """A command with examples."""

    def __init__(self, *args: Any, examples: Sequence[Example] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.params += _group_options()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        if self.examples:
            name = ctx.find_root().info_name or "depository"
            with formatter.section("Examples"):
                for line, text in self.examples:
                    formatter.write_text(f"# {text}")
                    formatter.write(f"{'':{formatter.current_indent}}{name} {line}\n")
        super().format_epilog(ctx, formatter)


def command(*examples: Example, name: str | None = None) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function, with examples for its help."""
    return click.command(name, cls=Command, examples=examples)


def completer(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """A parameter's completion, which costs nothing until a shell asks for it: see `depository.cli.completion`."""

    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
        from depository.cli.completion import complete

        return complete(what, ctx, incomplete)

    return complete


def json_option(text: str) -> Callable[[_Function], _Function]:
    """The option ``--json``, which a command takes as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def _group_options() -> list[click.Parameter]:
    def take(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        session = ctx.find_object(Session)
        if value is None or value is False:
            return
        if session is None:  # a shell asks for completions
            ctx.meta[f"depository.{parameter.name}"] = value
        elif parameter.name == "url_":
            session.url = value
        elif parameter.name == "colour_":
            session.console.choose_colour(value)
        else:
            session.console.paging = False

    return [
        click.Option(["--depository", "url_"], hidden=True, expose_value=False, callback=take),
        click.Option(
            ["--color", "--colour", "colour_"],
            type=click.Choice(["auto", "always", "never"]),
            hidden=True,
            expose_value=False,
            callback=take,
        ),
        click.Option(["--no-pager", "no_pager_"], is_flag=True, hidden=True, expose_value=False, callback=take),
    ]
