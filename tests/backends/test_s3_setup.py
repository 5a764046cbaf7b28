"""A bucket is made fit to hold a depository."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from depository.backends import Setting
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from depository.errors import AccessDenied, StorageError, Unreachable
from tests.backends.moto_server import MotoServer, make_bucket, s3
from tests.backends.stub_server import Reply, Request, refusal, stubbed

OURS = "depository-manifests prefix/manifests/"
FOREIGN = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 7}}


@pytest.fixture
def server(moto_server: MotoServer) -> Iterator[MotoServer]:
    moto_server.seen.clear()
    yield moto_server
    moto_server.refused.clear()


@pytest.fixture
def backend(server: MotoServer, bucket_name: str) -> Iterator[S3Backend]:
    with S3Backend(bucket_name, "prefix", server.settings) as backend:
        yield backend


@pytest.fixture
def client(server: MotoServer, bucket_name: str, backend: S3Backend) -> Any:
    """A client of our own, to see what became of the bucket."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="another",
        aws_secret_access_key="secret",
    )
    yield client
    client.close()


def prepared(backend: S3Backend) -> list[Setting]:
    """All that is done to a bucket."""
    return [*backend.prepare(), *backend.limit()]


def rules(client: Any, bucket: str) -> dict[str, Any]:
    found = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return {rule["ID"]: rule for rule in found}


def named(settings: Any) -> dict[str, Setting]:
    return {setting.name: setting for setting in settings}


def command_in(setting: Setting) -> list[str]:
    """The words of the command that an administrator is told to run."""
    return shlex.split(setting.text[setting.text.index("aws s3api") :])


def test_a_bucket_is_made_versioned_and_given_the_rule(backend: S3Backend, client: Any, bucket_name: str) -> None:
    assert [(setting.name, setting.done) for setting in prepared(backend)] == [
        ("bucket", True),
        ("versioning", True),
        ("lifecycle", True),
    ]
    assert client.get_bucket_versioning(Bucket=bucket_name)["Status"] == "Enabled"
    rule = rules(client, bucket_name)[OURS]
    assert rule["Filter"] == {"Prefix": "prefix/manifests/"}
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    assert "Expiration" not in rule


def test_a_bucket_that_is_there_is_adopted(backend: S3Backend, client: Any, bucket_name: str) -> None:
    client.create_bucket(Bucket=bucket_name)
    assert "is there" in named(prepared(backend))["bucket"].text
    assert client.get_bucket_versioning(Bucket=bucket_name)["Status"] == "Enabled"


def test_preparing_again_changes_nothing(backend: S3Backend, server: MotoServer) -> None:
    prepared(backend)
    server.seen.clear()
    assert all(setting.done for setting in prepared(backend))
    assert {request.method for request in server.seen} == {"GET"}


def test_inspecting_changes_nothing(backend: S3Backend, server: MotoServer) -> None:
    assert [setting.done for setting in backend.inspect()] == [False, False, False]
    assert {request.method for request in server.seen} == {"GET"}


def test_suspended_versioning_is_turned_on_again(backend: S3Backend, client: Any, bucket_name: str) -> None:
    make_bucket(bucket_name)
    s3().put_bucket_versioning(bucket_name, "Suspended")
    assert not named(backend.inspect())["versioning"].done
    assert named(prepared(backend))["versioning"].done
    assert client.get_bucket_versioning(Bucket=bucket_name)["Status"] == "Enabled"


# Rules


def test_rules_that_are_there_stay(backend: S3Backend, client: Any, bucket_name: str) -> None:
    client.create_bucket(Bucket=bucket_name)
    others = [FOREIGN, {**FOREIGN, "ID": "other", "Filter": {"Prefix": "other/"}}]
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": others})
    before = rules(client, bucket_name)
    prepared(backend)
    after = rules(client, bucket_name)
    assert after.pop(OURS)
    assert after == before


def test_each_prefix_of_a_bucket_has_a_rule_of_its_own(server: MotoServer, client: Any, bucket_name: str) -> None:
    for prefix in ("", "a", "b/c"):
        with S3Backend(bucket_name, prefix, server.settings) as backend:
            prepared(backend)
    prefixes = {rule["Filter"]["Prefix"] for rule in rules(client, bucket_name).values()}
    assert prefixes == {"manifests/", "a/manifests/", "b/c/manifests/"}


def test_a_rule_that_somebody_gave_another_time_is_left_to_them(
    backend: S3Backend, client: Any, bucket_name: str
) -> None:
    client.create_bucket(Bucket=bucket_name)
    theirs = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "prefix/manifests/"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
    }
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [theirs]})
    assert "90 days" in named(prepared(backend))["lifecycle"].text
    assert list(rules(client, bucket_name)) == ["theirs"]


def test_our_rule_is_enabled_again(backend: S3Backend, client: Any, bucket_name: str) -> None:
    prepared(backend)
    rule = {**rules(client, bucket_name)[OURS], "Status": "Disabled"}
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [rule]})
    assert not named(backend.inspect())["lifecycle"].done
    assert named(prepared(backend))["lifecycle"].done
    assert rules(client, bucket_name)[OURS]["Status"] == "Enabled"


def test_the_name_of_a_rule_is_never_too_long(server: MotoServer, client: Any, bucket_name: str) -> None:
    with S3Backend(bucket_name, "x" * 500, server.settings) as backend:
        assert all(setting.done for setting in prepared(backend))
    (name,) = rules(client, bucket_name)
    assert len(name) <= 255


@pytest.mark.parametrize(
    ("condition", "dangerous"),
    [
        ({"Prefix": ""}, True),
        ({"Prefix": "pre"}, True),
        ({"Prefix": "prefix/objects/"}, True),
        ({"Prefix": "prefix2/"}, False),
        ({"Prefix": "logs/"}, False),
        ({"And": {"Prefix": "", "Tags": [{"Key": "temporary", "Value": "yes"}]}}, False),
        ({"Tag": {"Key": "temporary", "Value": "yes"}}, False),
    ],
)
def test_a_rule_that_would_delete_archived_notebooks_is_pointed_out(
    backend: S3Backend, client: Any, bucket_name: str, condition: dict[str, Any], dangerous: bool
) -> None:
    client.create_bucket(Bucket=bucket_name)
    rule = {**FOREIGN, "Filter": condition}
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [rule]})
    prepared(backend)
    warned = named(backend.inspect()).get("expiry")
    assert (warned is not None) is dangerous
    assert warned is None or ("'logs'" in warned.text and not warned.done)


# What the credentials do not allow


def test_versioning_that_may_not_be_set_is_left_to_an_administrator(
    backend: S3Backend, server: MotoServer, bucket_name: str
) -> None:
    server.refused = {"PUT versioning"}
    settings = named(prepared(backend))
    assert not settings["versioning"].done
    assert command_in(settings["versioning"]) == [
        *("aws", "s3api", "put-bucket-versioning", "--bucket", bucket_name),
        *("--versioning-configuration", "Status=Enabled", "--endpoint-url", server.url),
    ]
    assert settings["lifecycle"].done


def test_versioning_that_may_not_be_looked_at_is_turned_on_all_the_same(
    backend: S3Backend, server: MotoServer, bucket_name: str
) -> None:
    server.refused = {"GET versioning"}
    assert named(prepared(backend))["versioning"].done
    assert s3().get_bucket_versioning(bucket_name) == "Enabled"
    assert not named(backend.inspect())["versioning"].done


def test_a_rule_that_may_not_be_set_is_left_to_an_administrator_with_those_that_are_there(
    backend: S3Backend, server: MotoServer, client: Any, bucket_name: str
) -> None:
    client.create_bucket(Bucket=bucket_name)
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [FOREIGN]})
    server.refused = {"PUT lifecycle"}
    setting = named(prepared(backend))["lifecycle"]
    assert not setting.done
    words = command_in(setting)
    assert words[:5] == ["aws", "s3api", "put-bucket-lifecycle-configuration", "--bucket", bucket_name]
    told = json.loads(words[words.index("--lifecycle-configuration") + 1])["Rules"]
    server.refused.clear()
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": told})
    assert named(backend.inspect())["lifecycle"].done
    assert "logs" in rules(client, bucket_name)


def test_rules_that_may_not_be_read_are_not_replaced(
    backend: S3Backend, server: MotoServer, client: Any, bucket_name: str
) -> None:
    client.create_bucket(Bucket=bucket_name)
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [FOREIGN]})
    server.refused = {"GET lifecycle"}
    setting = named(prepared(backend))["lifecycle"]
    assert not setting.done
    assert "get-bucket-lifecycle-configuration" in setting.text
    server.refused.clear()
    assert list(rules(client, bucket_name)) == ["logs"]


def test_a_bucket_that_may_not_be_made_is_left_to_an_administrator(
    backend: S3Backend, server: MotoServer, bucket_name: str
) -> None:
    server.refused = {"PUT "}
    settings = named(prepared(backend))
    assert [setting.done for setting in settings.values()] == [False, False, False]
    assert command_in(settings["bucket"])[:5] == ["aws", "s3api", "create-bucket", "--bucket", bucket_name]


def test_a_bucket_that_may_not_be_listed_is_set_up_as_far_as_possible() -> None:
    def answer(request: Request) -> Reply:
        if "list-type=2" in request.path:
            return refusal(403, "AccessDenied")
        if request.method == "GET" and request.path.endswith("?lifecycle"):
            return refusal(404, "NoSuchLifecycleConfiguration")
        return Reply(body=b"<VersioningConfiguration/>" if request.method == "GET" else b"")

    settings = named(at_stub(answer))
    assert "s3:ListBucket" in settings["bucket"].text
    assert [setting.done for setting in settings.values()] == [False, True, True]


# Other services


def at_stub(answer: Any, **settings: Any) -> list[Setting]:
    """What preparing a bucket of a server says that answers so."""
    with stubbed(answer) as stub, S3Backend("bucket", "prefix", reach(stub.url, **settings)) as backend:
        return prepared(backend)


def reach(url: str, **settings: Any) -> S3Settings:
    """How to reach a stub."""
    return S3Settings(endpoint_url=url, access_key_id="an id", secret_access_key="a secret", max_attempts=1, **settings)


def test_a_bucket_of_somebody_else_is_an_error() -> None:
    def answer(request: Request) -> Reply:
        return refusal(409, "BucketAlreadyExists") if request.method == "PUT" else refusal(404, "NoSuchBucket")

    with pytest.raises(AccessDenied, match="belongs to somebody else"):
        at_stub(answer)


def test_a_bucket_of_ones_own_that_was_made_meanwhile_is_there() -> None:
    def answer(request: Request) -> Reply:
        if "list-type=2" in request.path:
            return refusal(404, "NoSuchBucket")
        if request.method == "PUT" and "?" not in request.path:
            return refusal(409, "BucketAlreadyOwnedByYou")
        return Reply(body=b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")

    settings = named(at_stub(answer))
    assert settings["bucket"] == Setting("bucket", True, "The bucket 'bucket' is there.")
    assert settings["versioning"].done


def test_a_bucket_that_cannot_be_made_is_an_error() -> None:
    def answer(request: Request) -> Reply:
        return refusal(400, "TooManyBuckets") if request.method == "PUT" else refusal(404, "NoSuchBucket")

    with pytest.raises(StorageError, match="TooManyBuckets"):
        at_stub(answer)


def test_versioning_that_fails_to_be_turned_on_is_an_error_and_no_refusal() -> None:
    def answer(request: Request) -> Reply:
        if request.method == "PUT":
            return refusal(500, "InternalError")
        return Reply(body=b"<VersioningConfiguration/>")

    with pytest.raises(Unreachable, match="500 InternalError"):
        at_stub(answer)


def test_a_command_for_aws_itself_names_no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with stubbed(lambda _: refusal(403, "AccessDenied")) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)  # that a test cannot ask AWS is not known to the settings
        settings = S3Settings(region="eu-south-1", access_key_id="an id", secret_access_key="a secret", max_attempts=1)
        with S3Backend("bucket", "prefix", settings) as backend:
            versioning = named(backend.prepare())["versioning"]
    assert command_in(versioning) == [
        *("aws", "s3api", "put-bucket-versioning", "--bucket", "bucket"),
        *("--versioning-configuration", "Status=Enabled"),
    ]


def test_wrong_credentials_are_an_error_and_no_setting() -> None:
    with pytest.raises(AccessDenied, match="does not know the credentials"):
        at_stub(lambda _: refusal(403, "InvalidAccessKeyId"))


def test_a_service_without_versioning_says_so() -> None:
    def answer(request: Request) -> Reply:
        if "list-type=2" in request.path:
            return Reply(body=b"<ListBucketResult/>")
        return refusal(501, "NotImplemented")

    settings = named(at_stub(answer))
    assert [setting.done for setting in settings.values()] == [True, False, False]
    assert "no versioning" in settings["versioning"].text


@pytest.mark.parametrize(
    ("region", "constraint"), [(None, None), ("us-east-1", None), ("eu-central-1", b"eu-central-1")]
)
def test_a_bucket_is_made_in_its_region(region: str | None, constraint: bytes | None) -> None:
    bodies = []

    def answer(request: Request) -> Reply:
        if "list-type=2" in request.path:
            return refusal(404, "NoSuchBucket")
        if request.method == "PUT" and "?" not in request.path:
            bodies.append(request.body)
        return Reply(body=b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")

    at_stub(answer, region=region)
    assert len(bodies) == 1
    assert (constraint in bodies[0]) if constraint else bodies[0] == b""


def test_a_service_that_does_not_know_the_region_makes_the_bucket_without() -> None:
    made = []

    def answer(request: Request) -> Reply:
        if "list-type=2" in request.path:
            return refusal(404, "NoSuchBucket")
        if request.method == "PUT" and "?" not in request.path:
            if request.body:
                return refusal(400, "InvalidLocationConstraint")
            made.append(request)
        return Reply(body=b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")

    assert named(at_stub(answer, region="here"))["bucket"].done
    assert len(made) == 1


def test_an_error_that_is_no_refusal_is_raised() -> None:
    with pytest.raises(StorageError, match="InvalidBucketName"):
        at_stub(lambda _: refusal(400, "InvalidBucketName"))


# A bucket whose versions judge writes


@pytest.fixture
def judged(server: MotoServer, bucket_name: str) -> Iterator[S3Backend]:
    with S3Backend(bucket_name, "prefix", server.settings) as backend:
        backend.rely_on_versions("manifests/")
        yield backend


def test_a_service_that_cannot_keep_the_newest_expires_no_manifest(
    judged: S3Backend, client: Any, bucket_name: str
) -> None:
    client.create_bucket(Bucket=bucket_name)
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [FOREIGN]})
    assert named(prepared(judged))["lifecycle"].text == "All overwritten manifests are kept, for no rule expires them."
    assert list(rules(client, bucket_name)) == ["logs"]


def test_where_there_is_no_other_rule_none_stays(judged: S3Backend, client: Any, bucket_name: str) -> None:
    assert all(setting.done for setting in prepared(judged))
    with pytest.raises(client.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        client.get_bucket_lifecycle_configuration(Bucket=bucket_name)


def test_a_service_that_can_keep_the_newest_is_told_to() -> None:
    rule = b""

    def answer(request: Request) -> Reply:
        nonlocal rule
        if "lifecycle" not in request.path:
            return Reply(body=b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        if request.method == "PUT":
            rule = request.body
        return Reply(body=rule) if rule else refusal(404, "NoSuchLifecycleConfiguration")

    with stubbed(answer) as stub, S3Backend("bucket", "", reach(stub.url)) as backend:
        backend.rely_on_versions("manifests/")
        assert named(backend.limit())["lifecycle"].text == "Overwritten manifests are kept for 30 days."
    assert b"<NewerNoncurrentVersions>16</NewerNoncurrentVersions>" in rule


def test_a_rule_that_may_delete_what_counts_is_named(judged: S3Backend, client: Any, bucket_name: str) -> None:
    client.create_bucket(Bucket=bucket_name)
    old = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": "prefix/"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
    }
    client.put_bucket_lifecycle_configuration(Bucket=bucket_name, LifecycleConfiguration={"Rules": [old]})
    for found in (named(judged.limit()), named(judged.inspect())):
        assert "'old' of the bucket" in found["expiry"].text
        assert "have it keep the newest 16 of each, or take it away" in found["expiry"].text
        assert not found["expiry"].done
