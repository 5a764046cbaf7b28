"""What the checks look at: found out once, and shared by them."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from depository.errors import DepositoryError, InvalidInput, StorageError, Unreachable

if TYPE_CHECKING:
    from depository.backends.base import Backend
    from depository.backends.identity import Identity
    from depository.backends.s3_settings import S3Settings
    from depository.cli.session import Session
    from depository.config import Place
    from depository.marker import Marker

_PATIENCE = 60.0
"""Seconds for which another Python may think."""
_ATTEMPTS, _CONNECT_SECONDS, _READ_SECONDS = 2, 5.0, 20.0
"""Of a request to S3: someone waits for the answer, and no is one too."""


class Pythons(NamedTuple):
    """Which Python environment is whose."""

    own: str
    """The interpreter that runs this."""
    jupyter: str | None
    """The interpreter of the `jupyter` that this shell finds, or of this environment; None where there is none."""
    program: str | None
    """The `jupyter` that this shell finds."""


class Case:
    """Everything that is looked at.

    Args:
        session: of this call.
        probe: whether something may be written into the store, and removed again.
    """

    def __init__(self, session: "Session", *, probe: bool = False) -> None:
        self.session = session
        self.probe = probe
        self.asked_at = self.now()
        """When `identity` was found out, by the clock here."""
        self._marker: Marker | DepositoryError | None = None

    @property
    def place(self) -> "Place":
        """The depository of this directory.

        Raises:
            InvalidSettings: a settings file on the way, or a variable, cannot be used.
        """
        return self.session.place()

    @property
    def is_s3(self) -> bool:
        """Whether it is in a bucket."""
        return self.place.url.lower().startswith("s3:")

    @property
    def s3(self) -> "S3Settings":
        """How to reach the bucket, without much patience."""
        from depository.backends.s3_settings import S3Settings

        settings = self.place.s3_settings or S3Settings()
        return settings._replace(max_attempts=_ATTEMPTS, connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS)

    @cached_property
    def store(self) -> "Backend":
        """The place where things are kept. Nothing is asked of it yet."""
        from depository.backends import connect

        return connect(self.place.url, settings=self.s3 if self.is_s3 else None)

    @cached_property
    def identity(self) -> "Identity":
        """Who asks.

        Raises:
            StorageError: the service does not take the credentials, or does not answer.
        """
        from depository.backends.identity import identify

        self.asked_at = self.now()
        found = identify(self.s3, self.place.url)
        self.asked_at += (self.now() - self.asked_at) / 2
        return found

    def reached_store(self) -> "Backend":
        """The place where things are kept, if it answers at all: a store that does not is asked only once.

        Raises:
            StorageError: it does not answer.
        """
        try:
            self.marker()
        except (Unreachable, InvalidInput):
            raise
        except DepositoryError:
            pass
        return self.store

    def marker(self) -> "Marker":
        """What the depository says of itself.

        Raises:
            DepositoryError: why it cannot be read.
        """
        from depository import marker

        if self._marker is None:
            try:
                self._marker = found = marker.read(self.store)
                marker.follow(self.store, found)
            except DepositoryError as error:
                self._marker = error
        if isinstance(self._marker, DepositoryError):
            raise self._marker
        return self._marker

    def now(self) -> datetime:
        """The time, with a zone."""
        return self.session.now().astimezone()

    @cached_property
    def pythons(self) -> Pythons:
        """Which Python runs this, and which runs Jupyter."""
        environ = self.session.surroundings.environ
        return find_pythons(environ.get("PATH", os.defpath))

    @cached_property
    def jupyter_depository(self) -> str | None:
        """The version of depository that Jupyter's Python has; None where there is no Jupyter, or it has none."""
        from depository import __version__

        own, jupyter, _ = self.pythons
        if jupyter is None or jupyter == own:
            return jupyter and __version__
        try:
            return run_python(jupyter, "-c", "import depository; print(depository.__version__)").strip()
        except StorageError:
            return None

    @cached_property
    def jupyter(self) -> Any:
        """What a server that is started now would be configured to do, as `depository.jupyter.looking` has it.

        Raises:
            StorageError: it cannot be asked.
        """
        return self.ask_jupyter("configuration")

    def ask_jupyter(self, what: str) -> Any:
        """What `depository.jupyter.looking` says in the Python that Jupyter has.

        Raises:
            StorageError: it cannot be asked.
        """
        python = self.pythons.jupyter or self.pythons.own
        text = run_python(python, "-m", "depository.jupyter.looking", what)
        try:
            return json.loads(text.strip().rpartition("\n")[2])
        except ValueError as error:
            raise StorageError(f"'{python}' was asked about Jupyter, and gave no answer.") from error

    def close(self) -> None:
        """Let go of the store."""
        if "store" in self.__dict__:
            self.store.close()


def run_python(python: str, *arguments: str) -> str:
    """What a Python program writes.

    Raises:
        StorageError: it failed, or does not end.
    """
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter, and words of our own
            [python, *arguments], capture_output=True, text=True, check=False, timeout=_PATIENCE, errors="replace",
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StorageError(
            f"'{python}' was asked about Jupyter, and did not end in {_PATIENCE:.0f} seconds."
        ) from error
    except OSError as error:
        raise StorageError(f"'{python}' cannot be run: {error.strerror}.") from error
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise StorageError(f"'{python}' was asked about Jupyter, and failed: {last or done.returncode}.")
    return done.stdout


def find_pythons(path: str) -> Pythons:
    """Which Python runs this, and which the `jupyter` of a search path has."""
    from importlib.util import find_spec
    from shutil import which

    own = sys.executable
    for name in ("jupyter-lab", "jupyter-notebook", "jupyter-server", "jupyter"):
        program = which(name, path=path)
        found = _interpreter_of(program) if program else None
        if found:
            return Pythons(own, own if _is_same(found, own) else found, program)
    return Pythons(own, own if find_spec("jupyter_server") else None, None)


def _interpreter_of(program: str) -> str | None:
    """What a script names in its first line, or, where that would be too long, in the one after it."""
    try:
        with open(program, "rb") as stream:
            lines = [os.fsdecode(stream.readline(1024)) for _ in range(2)]
    except OSError:
        return None
    found = re.match(r"#!\s*(\S*python[\w.]*)", lines[0]) or re.match(r"'''exec' \"?(.*?python[\w.]*)\"? ", lines[1])
    return found[1] if found and lines[0].startswith("#!") and os.path.exists(found[1]) else None


def _is_same(one: str, other: str) -> bool:
    """Whether two interpreters are of one environment; the interpreters themselves are often links to one file."""
    try:
        return os.path.samefile(os.path.dirname(one), os.path.dirname(other))
    except OSError:
        return False
