"""Telling git to show notebooks with depository, in one repository or for all of a user's, and no longer to.

git is told in two places: the configuration says what the driver ``depository`` runs, and an attributes file says that
notebooks are its own. Neither is committed. The line is put at the end of the attributes file, where it wins over
other tools' lines, which stay, and count again once it is gone.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from depository.errors import DepositoryError, NotFound

ATTRIBUTES_LINE = b"*.ipynb diff=depository"
_SECTION = "diff.depository"
_CELL_HEADER = "^── .*"
"""What `git log -p` says behind the numbers of a hunk: which cell it is in."""


class Place(NamedTuple):
    """Where git is told."""

    scope: str
    """git's option for it, ``--local`` or ``--global``."""
    attributes: str
    """The attributes file."""


class Git:
    """git, run in a directory."""

    def __init__(self, cwd: str, environ: Mapping[str, str]) -> None:
        """Find it.

        Raises:
            NotFound: it is not installed.
        """
        program = shutil.which("git", path=environ.get("PATH"))
        if program is None:
            raise NotFound("git is not installed, or not on the PATH.")
        self._program = program
        self._cwd = cwd
        self._environ = environ

    def place(self, *, everywhere: bool) -> Place:
        """Where to tell it: in the repository here, or for all repositories of the user.

        Raises:
            NotFound: there is no repository here.
        """
        if not everywhere:
            found = self._run("rev-parse", "--git-path", "info/attributes")
            if found.returncode:
                raise NotFound(f"'{self._cwd}' is in no git repository: go into one, or use --global for all of them.")
            return Place("--local", os.path.normpath(os.path.join(self._cwd, _text(found.stdout))))
        for scope in ("--global", "--system"):
            named = _text(self._run("config", scope, "--type=path", "--get", "core.attributesFile").stdout)
            if named:
                return Place("--global", os.path.join(self._cwd, named))
        home = self._environ.get("HOME") or os.path.expanduser("~")
        above = self._environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        return Place("--global", os.path.join(above, "git", "attributes"))

    def setup(self, place: Place) -> bool:
        """Tell it, and say whether it did not know already.

        Raises:
            DepositoryError: git cannot write its configuration.
            OSError: the attributes file cannot be written.
        """
        settings = {"command": f"{command()} git diff --", "textconv": f"{command()} git textconv --"}
        changed = False
        for name, value in {**settings, "xfuncname": _CELL_HEADER}.items():
            key = f"{_SECTION}.{name}"
            if _text(self._run("config", place.scope, "--get-all", key).stdout) != value:
                self._configure(place.scope, "--replace-all", key, value)
                changed = True
        return _change_attributes(place.attributes, ATTRIBUTES_LINE) or changed

    def remove(self, place: Place) -> bool:
        """Take back what it was told, and say whether there was anything.

        Raises:
            DepositoryError: git cannot write its configuration.
            OSError: the attributes file cannot be written.
        """
        known = self._run("config", place.scope, "--get-regexp", r"^diff\.depository\.").stdout
        if known:
            self._configure(place.scope, "--remove-section", _SECTION)
        return _change_attributes(place.attributes, None) or bool(known)

    def driver_here(self) -> str:
        """The diff driver that notebooks have in the directory; empty where that is no repository."""
        found = self._run("check-attr", "diff", "--", "any.ipynb")
        return "" if found.returncode else _text(found.stdout).rpartition(": ")[2]

    def wants_colour(self, *, is_terminal: bool) -> bool:
        """Whether differences are to be in colour."""
        found = self._run("config", "--get-colorbool", "color.diff", "true" if is_terminal else "false")
        return _text(found.stdout) == "true"

    def _configure(self, scope: str, *words: str) -> None:
        done = self._run("config", scope, *words)
        if done.returncode:
            reason = _text(done.stderr).removeprefix("error: ").removeprefix("fatal: ")
            raise DepositoryError(f"git cannot write its configuration: {reason or 'it does not say why'}.")

    def _run(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        # git's files are in UTF-8, whatever the locale
        given = [self._program, *(words if os.name == "nt" else [word.encode() for word in words])]
        return subprocess.run(given, cwd=self._cwd, env=self._environ, capture_output=True, check=False)  # noqa: S603


def command() -> str:
    """What starts depository from a shell wherever it is called: by the interpreter that runs it now.

    The command's name alone would do only while its environment is active. With ``-P`` nothing is imported from the
    repository that git is looking at.
    """
    if not sys.executable:
        return "depository"
    program = sys.executable.replace("\\", "/") if os.name == "nt" else sys.executable
    return f"{shlex.quote(program)} -P -m depository"


def _text(output: bytes) -> str:
    return os.fsdecode(output).strip()


def _change_attributes(file: str, line: bytes | None) -> bool:
    """Put our line at the end of an attributes file, or nowhere; all others stay. Say whether anything changed."""
    before = b""
    with suppress(FileNotFoundError), open(file, "rb") as stream:
        before = stream.read()
    others = [found for found in before.splitlines(keepends=True) if found.split() != ATTRIBUTES_LINE.split()]
    after = b"".join(others)
    if line is not None:
        after += b"\n" * bool(after and not after.endswith(b"\n")) + line + b"\n"
    if after == before:
        return False
    if not after:
        os.unlink(file)
        return True
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as stream:
        stream.write(after)
    return True
