import os
from pathlib import Path

import pytest

from tests.backends.moto_server import bucket, bucket_name, moto_server
from tests.cli.shell import Shell

__all__ = ["bucket", "bucket_name", "moto_server", "shell"]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A user's shell, in an empty directory `proj` of a home directory, with nothing configured."""
    home = tmp_path / "home"
    (home / "proj").mkdir(parents=True)
    for name in os.environ:
        if name.startswith(("DEPOSITORY_", "AWS_", "XDG_")) or name in {
            "PAGER",
            "LESS",
            "NO_COLOR",
            "COLUMNS",
            "LINES",
        }:
            monkeypatch.delenv(name)
    for name, value in {"HOME": str(home), "LOGNAME": "kylek", "TZ": "UTC", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home / "proj")
    monkeypatch.setenv("PWD", str(home / "proj"))
    return Shell(home, monkeypatch)
