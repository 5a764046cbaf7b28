"""The reference of the command line, as Markdown: what each command says of itself."""

from collections.abc import Iterator

import click

from depository.cli.app import app
from depository.cli.command import Command

_HEAD = """\
# The command line

This page is written by `scripts/cli-reference`, from what the commands say of themselves.

Results go to the output, remarks and errors to stderr. The exit code is 0 where all went well, 1 where something
could not be done, 2 where the words could not be used, 130 after Ctrl-C. What `--json` prints has times in UTC and is
ASCII; a command that prints one object a line prints each as soon as it is known.

| variable | |
| --- | --- |
| `DEPOSITORY_URL` | the depository, where no settings file names one |
| `DEPOSITORY_NAMESPACE` | what the home directory is called in it, if not by the login name |
| `DEPOSITORY_SPOOL` | the directory where saves wait that are not archived yet |
| `DEPOSITORY_PAGER`, `PAGER`, `LESS` | the pager for what is longer than the screen, `less` with `FRX` by default |
| `NO_COLOR` | no colours, unless `--color always` |
"""


def reference() -> str:
    """The whole page."""
    root = click.Context(app, info_name="depository", **app.context_settings)
    parts = [_HEAD, f"## depository\n\n{_paragraphs(app.help)}\n\n{_options(app, root)}"]
    for name in app.list_commands(root):
        command = app.get_command(root, name)
        if isinstance(command, Command):
            parts.append(_section(command, click.Context(command, info_name=name, parent=root)))
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _section(command: Command, context: click.Context) -> str:
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"## depository {command.name}", f"    depository {command.name} {usage}", _paragraphs(command.help)]
    parts.append(_options(command, context))
    parts.append("\n".join(["```sh", *_examples(command), "```"]))
    return "\n\n".join(filter(None, parts))


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


def _options(command: click.Command, context: click.Context) -> str:
    options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    records = [option.get_help_record(context) for option in options]
    rows = [f"| `{_cell(names)}` | {_cell(text)} |" for names, text in filter(None, records)]
    return "\n".join(["| option | |", "| --- | --- |", *rows]) if rows else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _examples(command: Command) -> Iterator[str]:
    longest = max(len(line) for line, _ in command.examples)
    for line, text in command.examples:
        yield f"depository {line.ljust(longest)}  # {text}"
