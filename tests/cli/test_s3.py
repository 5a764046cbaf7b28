"""The command with a depository on S3, and what it says when that cannot be used."""

from pathlib import Path

import pytest

from tests.backends.moto_server import MotoServer
from tests.cli.shell import Shell


@pytest.fixture
def far(shell: Shell, tmp_path: Path) -> Shell:
    """With credentials in the environment, and nothing else configured for AWS."""
    shell.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    shell.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials"))
    shell.setenv("AWS_EC2_METADATA_DISABLED", "true")
    shell.setenv("AWS_MAX_ATTEMPTS", "1")
    shell.setenv("AWS_ACCESS_KEY_ID", "an id")
    shell.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    return shell


def options(server: MotoServer) -> list[str]:
    return ["--endpoint-url", server.url, "--region", "us-east-1", "--path-style"]


def test_a_bucket_is_made_and_notebooks_go_there_and_come_back(
    far: Shell, moto_server: MotoServer, bucket_name: str
) -> None:
    result = far("init", f"s3://{bucket_name}/notebooks", *options(moto_server))
    assert f"done   Made the bucket '{bucket_name}'." in result.lines
    assert (far.here / ".depository.toml").read_text().splitlines()[-4:] == [
        "[s3]",
        f'endpoint_url = "{moto_server.url}"',
        'region = "us-east-1"',
        'addressing = "path"',
    ]
    for number in range(20):
        far.write(f"n{number:02}.ipynb", f"print({number})")
    far.write("large.ipynb", "x" * 9_000_000)
    far.put("gone.ipynb", b"").unlink()
    result = far("save", ".", "gone.ipynb", code=1)
    assert result.lines == ["large.ipynb: v1", *(f"n{number:02}.ipynb: v1" for number in range(20))]
    assert "There is no file" in result.err
    (far.here / "n07.ipynb").unlink()
    far("restore", "n07.ipynb")
    assert "print(7)" in (far.here / "n07.ipynb").read_text()
    assert far("status").lines[-1] == "n19.ipynb    archived as v1"


def test_what_is_left_for_an_administrator_is_said_with_the_command(
    far: Shell, moto_server: MotoServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moto_server, "refused", {"PUT lifecycle"})
    result = far("init", f"s3://{bucket}", *options(moto_server))
    left = [line for line in result.lines if line.startswith("to do")]
    assert len(left) == 1
    assert "aws s3api put-bucket-lifecycle-configuration" in left[0]


def test_a_bucket_that_cannot_be_made_leaves_the_steps_to_an_administrator(
    far: Shell, moto_server: MotoServer, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moto_server, "refused", {"PUT "})
    result = far("init", f"s3://{bucket_name}", *options(moto_server), code=1)
    assert any(line.startswith("to do  ") and bucket_name in line for line in result.lines)
    assert result.err.startswith("depository: ")
    assert not (far.here / ".depository.toml").exists()


@pytest.mark.parametrize("words", [["save", "a.ipynb"], ["log", "a.ipynb"], ["ls"], ["info"]])
def test_no_bucket_is_one_sentence(far: Shell, moto_server: MotoServer, words: list[str]) -> None:
    far.write("a.ipynb", "one")
    (far.here / ".depository.toml").write_text(
        f'url = "s3://not-there"\n[s3]\nendpoint_url = "{moto_server.url}"\nregion = "us-east-1"\naddressing = "path"\n'
    )
    assert "not-there" in far.fails(*words)


def test_no_answer_is_one_sentence(far: Shell) -> None:
    far.write("a.ipynb", "one")
    (far.here / ".depository.toml").write_text(
        'url = "s3://bucket"\n[s3]\nendpoint_url = "http://127.0.0.1:9"\nregion = "us-east-1"\naddressing = "path"\n'
    )
    assert "127.0.0.1:9" in far.fails("save", "a.ipynb")
    assert far("status", code=1).lines[-1] == "a.ipynb  not known"


def test_no_credentials_are_one_sentence(
    far: Shell, moto_server: MotoServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (far.here / ".depository.toml").write_text(
        f'url = "s3://{bucket}"\n[s3]\nendpoint_url = "{moto_server.url}"\nregion = "us-east-1"\naddressing = "path"\n'
    )
    result = far.process("log", "a.ipynb")  # connections are shared within one, with the credentials that they have
    assert result.returncode == 1
    assert result.stderr.startswith("depository: No complete AWS credentials were found")
    assert result.stderr.count("\n") == 1
