"""What `depository doctor` says of the place where things are kept: credentials, bucket, permissions, clock."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from depository.backends.local import LocalBackend
from depository.cli.doctor import store
from depository.cli.doctor.findings import Finding, State
from depository.cli.session import Session
from tests.backends.moto_server import MotoServer, s3
from tests.backends.stub_server import refusal, stubbed
from tests.cli.examining import check, examined
from tests.cli.shell import Shell

SECRET = "hidden-from-everybody"


def findings(name: str) -> list[Finding]:
    found = examined(check(store.CHECKS, name))
    assert SECRET not in repr(found)
    return found


def one(name: str) -> Finding:
    [found] = findings(name)
    return found


@pytest.fixture
def far(shell: Shell, moto_server: MotoServer, bucket_name: str) -> Shell:
    """With a depository in a bucket, and credentials in the environment."""
    without_aws(shell)
    shell.setenv("AWS_ACCESS_KEY_ID", f"id-{bucket_name}")
    shell.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    words = ["--endpoint-url", moto_server.url, "--region", f"of-{bucket_name}", "--path-style"]
    shell("init", f"s3://{bucket_name}/notebooks", *words)
    return shell


def without_aws(shell: Shell) -> None:
    shell.setenv("AWS_CONFIG_FILE", str(shell.home / "aws-config"))
    shell.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shell.home / "aws-credentials"))
    shell.setenv("AWS_EC2_METADATA_DISABLED", "true")


def elsewhere(shell: Shell, url: str, region: str, more: str = "") -> None:
    """Have this directory's notebooks in a bucket of another service."""
    (shell.here / ".depository.toml").write_text(
        f'url = "s3://bucket"\n[s3]\nendpoint_url = "{url}"\nregion = "{region}"\naddressing = "path"\n{more}'
    )


# the depository


def test_before_the_first_save_there_is_nothing_to_look_at(shell: Shell) -> None:
    [found] = examined(*store.CHECKS)
    assert (found.state, found.text) == (State.OK, "There is nothing yet: the first save makes this depository.")


def test_a_directory_that_is_a_depository_is_well(shell: Shell) -> None:
    shell("init")
    found = examined(*store.CHECKS)
    assert {finding.state for finding in found} == {State.OK}
    assert found[0].text.startswith(f"{shell.store} is a depository of format 1, made on ")


def test_a_place_without_a_depository_is_named_with_the_remedy(shell: Shell) -> None:
    shell.setenv("DEPOSITORY_URL", str(shell.home / "nowhere"))
    found = one("depository")
    assert found.state is State.BAD
    assert "make one with 'depository init" in found.text
    assert one("settings").text.startswith("There is no directory")
    assert findings("clock") == []


def test_a_marker_that_is_damaged_is_named(shell: Shell) -> None:
    shell("init")
    (shell.store / "depository.json").write_text("{")
    assert "is damaged" in one("depository").text


def test_a_depository_of_the_future_is_named(shell: Shell) -> None:
    shell("init")
    file = shell.store / "depository.json"
    said = json.loads(file.read_text())
    del said["check"]
    file.write_text(json.dumps({**said, "format": 99}))
    assert "upgrade depository" in one("depository").text


def test_a_directory_that_cannot_be_written_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("init")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # who tests may be root
    found = one("settings")
    assert found.state is State.BAD
    assert "cannot be written to" in found.text


def test_a_depository_in_a_bucket_is_well(far: Shell) -> None:
    found = examined(*store.CHECKS)
    assert {finding.state for finding in found} == {State.OK}
    assert {finding.name for finding in found} == {
        *("depository", "credentials", "bucket", "versioning", "lifecycle", "permissions", "probe", "clock")
    }


def test_a_bucket_that_is_not_there_is_said_once(far: Shell, bucket_name: str) -> None:
    elsewhere(far, "http://127.0.0.1:9", "us-east-1")
    found = examined(*store.CHECKS)
    assert [finding.state for finding in found if "cannot be reached" in finding.text] == [State.BAD]


# what the bucket is set up to do


def test_versioning_that_was_suspended_is_pointed_out(far: Shell, bucket_name: str) -> None:
    s3().put_bucket_versioning(bucket_name, "Suspended")
    found = next(each for each in findings("settings") if each.name == "versioning")
    assert found.state is State.WARN
    assert "aws s3api put-bucket-versioning" in found.text


def test_a_lifecycle_rule_that_deletes_notebooks_is_bad(far: Shell, moto_server: MotoServer, bucket_name: str) -> None:
    from depository.backends.s3_client import connection

    client = connection(moto_server.settings, far).client
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [rule]})  # type: ignore[list-item]
    found = next(each for each in findings("settings") if each.name == "expiry")
    assert found.state is State.BAD
    assert "'tidy'" in found.text


def test_settings_that_may_not_be_looked_at_are_worth_knowing(
    far: Shell, moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moto_server, "refused", {"GET versioning", "GET lifecycle"})
    states = {found.name: found.state for found in findings("settings")}
    assert states == {"bucket": State.OK, "versioning": State.WARN, "lifecycle": State.WARN}


# permissions


def test_a_listing_that_is_refused_is_bad(far: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with stubbed(lambda _: refusal(403, "AccessDenied")) as stub:
        elsewhere(far, stub.url, "us-west-1")
        found = one("permissions")
    assert found.state is State.BAD
    assert "may not list" in found.text


def test_writing_is_tried_only_if_it_is_asked_for(far: Shell, bucket_name: str) -> None:
    before = set(s3().buckets[bucket_name].keys)
    assert "--probe" in one("probe").text
    assert set(s3().buckets[bucket_name].keys) == before


# credentials


def test_who_asks_is_said_and_where_the_credentials_are_from(far: Shell) -> None:
    found = one("credentials")
    assert found.state is State.OK
    assert found.text.startswith("The service takes you for ")
    assert found.text.endswith("by credentials from the environment, AWS_ACCESS_KEY_ID.")


def test_a_profile_is_named(far: Shell, bucket_name: str, moto_server: MotoServer) -> None:
    text = f"[work]\naws_access_key_id = id-work-{bucket_name}\naws_secret_access_key = {SECRET}\n"
    (far.home / "aws-credentials").write_text(text)
    elsewhere(far, moto_server.url, "us-east-1", 'profile = "work"')
    assert one("credentials").text.endswith("from the AWS credentials file, profile 'work'.")


def test_a_profile_that_is_not_there_is_named(far: Shell, moto_server: MotoServer) -> None:
    elsewhere(far, moto_server.url, "us-east-1", 'profile = "wrok"')
    assert "There is no AWS profile 'wrok'" in one("credentials").text


def test_no_credentials_are_bad(shell: Shell, moto_server: MotoServer) -> None:
    without_aws(shell)
    elsewhere(shell, moto_server.url, "nowhere-1")
    found = one("credentials")
    assert found.state is State.BAD
    assert "No complete AWS credentials were found" in found.text


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [(400, "ExpiredToken", "have expired: renew them"), (403, "InvalidAccessKeyId", "does not know the credentials")],
)
def test_credentials_that_the_service_does_not_take_are_bad(far: Shell, status: int, code: str, sentence: str) -> None:
    with stubbed(lambda _: refusal(status, code)) as stub:
        elsewhere(far, stub.url, "us-west-2")
        found = one("credentials")
    assert found.state is State.BAD
    assert sentence in found.text


def test_who_may_not_ask_who_asks_is_told_so(far: Shell) -> None:
    with stubbed(lambda _: refusal(403, "AccessDenied")) as stub:
        elsewhere(far, stub.url, "us-west-3")
        found = one("credentials")
    assert found.state is State.OK
    assert found.text.startswith("The service takes your credentials; they come from the environment")


def expiring(shell: Shell, at: datetime) -> None:
    """Have a program give out credentials for some time."""
    file = shell.home / "found.json"
    keys = {"AccessKeyId": "id", "SecretAccessKey": SECRET, "SessionToken": SECRET}
    file.write_text(json.dumps({"Version": 1, **keys, "Expiration": at.isoformat()}))
    (shell.home / "aws-config").write_text(f"[default]\ncredential_process = cat {file}\n")


@pytest.mark.parametrize(
    ("minutes", "state", "sentence"),
    [
        (-5, State.BAD, "have expired: renew them"),
        (8, State.WARN, "they expire at"),
        (90, State.OK, "from the program that the AWS configuration names, until "),
    ],
)
def test_credentials_that_expire_are_judged_by_when(
    shell: Shell, moto_server: MotoServer, minutes: int, state: State, sentence: str
) -> None:
    without_aws(shell)
    expiring(shell, datetime.now(UTC) + timedelta(minutes=minutes))
    elsewhere(shell, moto_server.url, f"of-{minutes}".replace("--", "-"))
    found = one("credentials")
    assert found.state is state
    assert sentence in found.text


def test_temporary_credentials_without_a_date_are_said_to_be_so(far: Shell) -> None:
    far.setenv("AWS_SESSION_TOKEN", SECRET)
    assert one("credentials").text.endswith("They are temporary.")


# the clock


@pytest.mark.parametrize("where", ["bucket", "directory"])
@pytest.mark.parametrize(
    ("minutes", "state", "sentence"),
    [
        (0, State.OK, "agrees with the store's"),
        (-2, State.WARN, "120 seconds behind the store's: versions are archived with wrong times"),
        (30, State.BAD, "1,800 seconds ahead of the store's: S3 refuses such requests"),
    ],
)
def test_a_clock_that_is_wrong_is_said_by_how_much(
    far: Shell, monkeypatch: pytest.MonkeyPatch, where: str, minutes: int, state: State, sentence: str, tmp_path: Path
) -> None:
    if where == "directory":
        far("init", "--no-settings", "--depository", str(tmp_path / "store"))
        (far.here / ".depository.toml").write_text(f'url = "{tmp_path}/store"')
    monkeypatch.setattr(Session, "now", lambda _: datetime.now() + timedelta(minutes=minutes))  # noqa: DTZ005
    found = one("clock")
    assert found.state is state
    assert sentence.partition(" seconds ")[2] in found.text or sentence in found.text


def test_looking_leaves_nothing_in_a_directory(shell: Shell) -> None:
    shell("init")
    before = sorted(shell.store.rglob("*"))
    examined(*store.CHECKS)
    assert sorted(shell.store.rglob("*")) == before


# the probe


def test_a_store_that_tells_writers_apart_is_well_and_keeps_nothing_of_the_trial(far: Shell, bucket_name: str) -> None:
    before = set(s3().buckets[bucket_name].keys)
    [found] = examined(check(store.CHECKS, "probe"), probe=True)
    assert (found.state, found.text) == (
        State.OK,
        "The store tells writers apart as the protocol 'conditional' needs.",
    )
    assert set(s3().buckets[bucket_name].keys) == before


def test_a_directory_is_tried_too(shell: Shell) -> None:
    shell("init")
    before = sorted(shell.store.rglob("*"))
    [found] = examined(check(store.CHECKS, "probe"), probe=True)
    assert found.state is State.OK
    assert [file for file in sorted(shell.store.rglob("*")) if ".locks" not in file.parts] == [
        file for file in before if ".locks" not in file.parts
    ]


def test_a_store_that_ignores_conditions_by_now_is_bad(
    far: Shell, moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heeding = moto_server._app

    def ignoring(environ: dict[str, Any], start_response: Any) -> Any:
        for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
            environ.pop(name, None)
        return heeding(environ, start_response)

    monkeypatch.setattr(moto_server, "_app", ignoring)
    [found] = examined(check(store.CHECKS, "probe"), probe=True)
    assert found.state is State.BAD
    assert "its conditional writes cannot be relied on, as the protocol 'conditional' does" in found.text


def test_a_directory_whose_writes_are_not_judged_is_bad(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("init")
    judging = LocalBackend.put
    monkeypatch.setattr(LocalBackend, "put", lambda self, key, data, _=None: judging(self, key, data))
    [found] = examined(check(store.CHECKS, "probe"), probe=True)
    assert found.state is State.BAD
    assert "it created a key that was there already" in found.text


def test_who_may_write_in_a_namespace_only_is_told_that_the_trial_needs_more(
    far: Shell, moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moto_server, "refused", {"PUT "})
    [found] = examined(check(store.CHECKS, "probe"), probe=True)
    assert found.state is State.WARN
    assert "may not write" in found.text
