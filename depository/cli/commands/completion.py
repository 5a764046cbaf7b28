"""`depository completion`."""

import click

from depository.cli.command import command
from depository.cli.session import Session


@command(
    ("completion bash > ~/.local/share/bash-completion/completions/depository", "for bash"),
    ('completion zsh > "${fpath[1]}/_depository"', "for zsh"),
    ("completion fish > ~/.config/fish/completions/depository.fish", "for fish"),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion(session: Session, shell: str) -> None:
    """Print the completion script of a shell.

    With it the shell completes commands, options, paths and versions.
    """
    from depository.cli.shells import script

    session.console.data(script(shell, click.get_current_context().find_root().command).encode())
