"""What the tests of the backends share."""

import os
from pathlib import Path

import pytest

from tests.backends.moto_server import bucket, bucket_name, moto_server

__all__ = ["aws_environment", "bucket", "bucket_name", "moto_server"]


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this computer's AWS configuration, and no credentials, unless a test sets some."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
