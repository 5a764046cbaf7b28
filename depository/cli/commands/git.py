"""`depository git`."""

import os
import sys
from collections.abc import Iterable

import click

from depository.cli.command import command
from depository.cli.session import Session
from depository.cli.text import printable

_USAGE = "Say 'depository git setup' or 'depository git remove'."


@command(
    ("git setup", "git diff of notebooks is as readable as depository diff, in this repository"),
    ("git setup --global", "and in all of yours"),
    ("git remove", "as it was before"),
)
@click.argument("words", metavar="setup|remove", nargs=-1, required=True)
@click.option("--global", "everywhere", is_flag=True, help="For all repositories of the user, not only the one here.")
@click.pass_obj
def git(session: Session, words: tuple[str, ...], everywhere: bool) -> None:
    """Let git show notebooks cell by cell.

    git diff shows what changed as depository diff does; git log -p, git show and git blame work on a notebook's text.
    What is committed stays the same, and nothing is written that is committed.
    """
    match words:
        case ["setup"]:
            _setup(session, everywhere=everywhere)
        case ["remove"]:
            _remove(session, everywhere=everywhere)
        case ["diff", *rest]:
            _diff(session, rest)
        case ["textconv", file]:
            _textconv(file)
        case _:
            raise click.UsageError(_USAGE)


def _setup(session: Session, *, everywhere: bool) -> None:
    from depository.cli.git_setup import ATTRIBUTES_LINE, Git

    git = Git(session.cwd, session.surroundings.environ)
    place = git.place(everywhere=everywhere)
    changed = git.setup(place)
    where = "all of your repositories" if everywhere else "this repository"
    option = " --global" if everywhere else ""
    line = session.console.line
    line(f"In {where}, git shows notebooks with depository{'' if changed else ' already'}.")
    line(f"  git config {place.scope}: diff.depository.command, .textconv and .xfuncname")
    line(f"  {printable(place.attributes)}: {ATTRIBUTES_LINE.decode()}")
    line(f"Undo it with: depository git remove{option}")
    driver = git.driver_here() if everywhere else "depository"
    if driver not in {"", "depository"}:
        session.console.note(
            f"depository: In the repository here, its own attributes give notebooks to '{printable(driver)}': "
            "say 'depository git setup' there as well."
        )


def _remove(session: Session, *, everywhere: bool) -> None:
    from depository.cli.git_setup import Git

    git = Git(session.cwd, session.surroundings.environ)
    removed = git.remove(git.place(everywhere=everywhere))
    where = "all of your repositories" if everywhere else "this repository"
    said = "git shows notebooks as it did before" if removed else "git was not set up to show notebooks with depository"
    session.console.line(f"In {where}, {said}.")


def _diff(session: Session, words: list[str]) -> None:
    from depository.cli.git_driver import differences

    console = session.console
    console.choose_colour("always" if len(words) > 1 and _wants_colour(session) else "never")
    _write(f"{line}\n".encode(errors="backslashreplace") for line in differences(console, words))


def _wants_colour(session: Session) -> bool:
    from depository.cli.git_setup import Git

    environ = session.surroundings.environ
    is_terminal = session.console.is_terminal or environ.get("GIT_PAGER_IN_USE") in {"1", "true"}
    return Git(session.cwd, environ).wants_colour(is_terminal=is_terminal)


def _textconv(file: str) -> None:
    from depository.cli.git_driver import text_of

    _write([text_of(file)])


def _write(parts: Iterable[bytes]) -> None:
    try:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # the user has left git's pager; git would complain of any other end than a good one
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
