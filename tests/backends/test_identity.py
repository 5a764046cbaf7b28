"""Whose credentials are used, found out without showing any."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from depository.backends.identity import identify
from depository.backends.s3_settings import S3Settings
from depository.errors import AccessDenied, StorageError, Unreachable
from tests.backends.moto_server import MotoServer
from tests.backends.stub_server import Reply, Request, Stub, refusal, stubbed

KEYS = S3Settings(region="us-east-1", access_key_id="an id", secret_access_key="hidden", max_attempts=1)
OWNER = "<ListAllMyBucketsResult><Owner>{}</Owner><Buckets/></ListAllMyBucketsResult>"


def test_a_service_with_accounts_says_the_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    result = "<GetCallerIdentityResult><Arn>arn:aws:iam::17:user/ada</Arn></GetCallerIdentityResult>"
    with stubbed(
        lambda _: Reply(body=f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>".encode())
    ) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        found = identify(KEYS, "s3://bucket")
    assert found.name == "arn:aws:iam::17:user/ada"
    assert found.source == "from the settings"
    assert found.time is not None
    assert abs(found.time - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("owner", "name"),
    [("<ID>17</ID><DisplayName>ada</DisplayName>", "ada"), ("<ID>17</ID>", "17"), ("", None)],
)
def test_another_service_says_who_owns_the_buckets(owner: str, name: str | None) -> None:
    with stubbed(lambda _: Reply(body=OWNER.format(owner).encode())) as stub:
        assert identify(KEYS._replace(endpoint_url=stub.url), "s3://bucket").name == name


@pytest.mark.parametrize(
    "said", [refusal(400, "InvalidRequest"), refusal(403, "AccessDenied"), Reply(body=b"<html>"), Reply(body=b"<a/>")]
)
def test_what_is_no_account_service_is_asked_for_the_owner(said: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: Request) -> Reply:
        body = OWNER.format("<ID>17</ID>").encode()
        return said if request.method == "POST" else Reply(body=body)

    with stubbed(answer) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        assert identify(KEYS, "s3://bucket").name == "17"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """AWS itself as far as addresses tell, behind a proxy that knows no credentials."""
    error = b"<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
    with stubbed(lambda _: Reply(403, error)) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://any-service.us-west-2.amazonaws.com")
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, stub.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield stub


def test_of_aws_itself_nobody_else_is_asked_after_a_refusal(aws: Stub) -> None:
    with pytest.raises(AccessDenied, match="does not know the credentials"):
        identify(KEYS._replace(region="us-west-2"), "s3://bucket")
    assert [request.method for request in aws.requests] == ["POST"]


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_a_time_that_cannot_be_read_is_not_known(date: str) -> None:
    reply = Reply(body=OWNER.format("<ID>17</ID>").encode(), headers={"Date": date})
    with stubbed(lambda _: reply) as stub:
        assert identify(KEYS._replace(endpoint_url=stub.url), "s3://bucket").time is None


def test_a_failure_to_say_is_told() -> None:
    with (
        stubbed(lambda _: refusal(503, "SlowDown")) as stub,
        pytest.raises(Unreachable, match="did not say 'who asks'"),
    ):
        identify(KEYS._replace(endpoint_url=stub.url), "s3://bucket")


def test_a_program_that_gives_out_expired_credentials_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = {"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "secret", "Expiration": "2020-01-01T00:00:00Z"}
    (tmp_path / "found.json").write_text(json.dumps(found))
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {tmp_path}/found.json\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    settings = S3Settings(endpoint_url="http://127.0.0.1:9", region="of-identify", max_attempts=1)
    with pytest.raises(AccessDenied, match="s3://bucket have expired: renew"):
        identify(settings, "s3://bucket")


def test_no_secret_is_in_what_was_found(moto_server: MotoServer) -> None:
    settings = KEYS._replace(endpoint_url=moto_server.url, session_token="hidden too")
    found = identify(settings, "s3://bucket")
    assert found.is_temporary
    assert "hidden" not in repr(found)


def test_a_refusal_to_say_is_no_failure() -> None:
    with stubbed(lambda _: refusal(403, "AccessDenied")) as stub:
        found = identify(KEYS._replace(endpoint_url=stub.url), "s3://bucket")
    assert found.name is None
    assert found.time is not None


@pytest.mark.parametrize(
    ("settings", "kind", "text"),
    [
        ({"endpoint_url": "http://127.0.0.1:9"}, Unreachable, "cannot be reached"),
        ({"profile": "nobody", "access_key_id": None, "secret_access_key": None}, AccessDenied, "no AWS profile"),
        ({"access_key_id": None, "secret_access_key": None}, AccessDenied, "No complete AWS credentials"),
    ],
)
def test_a_failure_is_one_of_ours(settings: dict[str, str | None], kind: type[StorageError], text: str) -> None:
    with pytest.raises(kind, match=text):
        identify(KEYS._replace(**settings), "s3://bucket")  # type: ignore[arg-type]
