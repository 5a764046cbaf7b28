"""The policy in the how-to for JupyterHub lets users do what it says, and nothing else.

The S3 service has IAM switched on: it knows users by their signatures and looks at actions and keys. It does not know
conditions and variables, so a judge who does stands before it; a request passes if both let it.
"""

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from depository import Depository, marker
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from depository.errors import AccessDenied, StorageError
from tests.backends.moto_server import ACCOUNT, drop_bucket, s3
from tests.jupyter.conftest import MakeServer
from tests.jupyter.servers import running
from tests.notebooks import code, file_of, notebook, plot

BUCKET = "hub-notebooks"
BASE = "archive/"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "jupyterhub.md"
POLICY = json.loads(
    re.findall(r"^```json user-policy\.json\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0]
)
"""As it stands on the page."""

TAG = "aws:PrincipalTag/namespace"
_REFUSAL = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"

_BUCKET_ACTIONS = {
    ("GET", "versioning"): "s3:GetBucketVersioning",
    ("PUT", "versioning"): "s3:PutBucketVersioning",
    ("GET", "lifecycle"): "s3:GetLifecycleConfiguration",
    ("PUT", "lifecycle"): "s3:PutLifecycleConfiguration",
    ("PUT", "policy"): "s3:PutBucketPolicy",
    ("GET", ""): "s3:ListBucket",
    ("PUT", ""): "s3:CreateBucket",
    ("DELETE", ""): "s3:DeleteBucket",
}
_OBJECT_ACTIONS = {
    ("GET", ""): "s3:GetObject",
    ("PUT", ""): "s3:PutObject",
    ("DELETE", ""): "s3:DeleteObject",
    ("DELETE", "versionId"): "s3:DeleteObjectVersion",
}

# How IAM decides


def allows(policy: Mapping[str, Any], action: str, resource: str, facts: Mapping[str, str]) -> bool:
    """Whether a policy allows an action, as AWS documents it; all statements here have the effect Allow."""
    return any(_applies(statement, action, resource, facts) for statement in policy["Statement"])


def _applies(statement: Mapping[str, Any], action: str, resource: str, facts: Mapping[str, str]) -> bool:
    assert statement["Effect"] == "Allow"
    assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    patterns = [_filled_in(pattern, facts) for pattern in statement["Resource"]]
    return (
        action in statement["Action"]
        and any(pattern is not None and _is_like(resource, pattern) for pattern in patterns)
        and all(_holds(name, wanted, facts) for name, wanted in statement.get("Condition", {}).items())
    )


def _filled_in(pattern: str, facts: Mapping[str, str]) -> str | None:
    """The pattern with its variables replaced; None, which nothing is like, where one has no value."""
    names = re.findall(r"\$\{([^}]*)\}", pattern)
    for name in names:
        if name not in facts:
            return None
        pattern = pattern.replace(f"${{{name}}}", facts[name])
    return pattern


def _is_like(text: str, pattern: str) -> bool:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _holds(name: str, wanted: Mapping[str, Any], facts: Mapping[str, str]) -> bool:
    match name:
        case "Null":
            return all((key not in facts) == (value == "true") for key, value in wanted.items())
        case "StringLike":
            return all(
                key in facts and any(_is_like(facts[key], pattern) for pattern in patterns)
                for key, patterns in wanted.items()
            )
    raise AssertionError(f"the judge does not know {name}")


# The service


class User(NamedTuple):
    """Somebody with credentials."""

    name: str
    settings: S3Settings

    @property
    def depository(self) -> Depository:
        """The depository as this user opens it, with nothing in memory yet."""
        return Depository(S3Backend(BUCKET, BASE, self.settings), author=self.name, sleep=lambda _: None)

    @property
    def client(self) -> Any:
        """What else the credentials can be used for."""
        return _client("s3", self.settings)


class Hub:
    """An S3 service that asks who is there, with the depository of a hub.

    Attributes:
        url: its endpoint.
        allowed: what went through, each as action and key.
    """

    def __init__(self) -> None:
        self.url = ""
        self.allowed: set[tuple[str, str]] = set()
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self._policies: dict[str, tuple[Mapping[str, Any], dict[str, str]]] = {}
        self._numbers = itertools.count()
        self._administration: Any = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        key_id = re.search(r"Credential=([^/]+)/[^/]+/[^/]+/s3/", environ.get("HTTP_AUTHORIZATION", ""))
        if key_id and not self._allows(environ, *self._policies[key_id[1]]):
            size = ("Content-Length", str(len(_REFUSAL)))
            start_response("403 Forbidden", [("Content-Type", "application/xml"), size])
            return [_REFUSAL]
        with self._lock:
            return list(self._app(environ, start_response))

    def _allows(self, environ: Mapping[str, Any], policy: Mapping[str, Any], facts: dict[str, str]) -> bool:
        method, (_, bucket, *rest) = environ["REQUEST_METHOD"], environ["PATH_INFO"].split("/", 2)
        key = unquote(rest[0]) if rest else ""
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        facts = dict(facts)
        if "HTTP_IF_NONE_MATCH" in environ:
            facts["s3:if-none-match"] = environ["HTTP_IF_NONE_MATCH"]
        if "prefix" in query:
            facts["s3:prefix"] = query["prefix"][0]
        names = _OBJECT_ACTIONS if key else _BUCKET_ACTIONS
        marked = next((word for word in ("versioning", "lifecycle", "policy", "versionId") if word in query), "")
        action, where = names[method, marked], f"arn:aws:s3:::{bucket}"
        good = allows(policy, action, f"{where}/{key}" if key else where, facts)
        if action == "s3:GetObject" and not is_there(key):  # who may not list is not told that a key is missing
            good = good and allows(policy, "s3:ListBucket", where, {**facts, "s3:prefix": key})
        if good:
            self.allowed.add((action, key))
        return good

    def user(self, name: str, policy: Mapping[str, Any] = POLICY, *, namespace: str | None = None) -> User:
        """A new user, made as an administrator makes one: tagged, with a policy and an access key."""
        unique = f"{name}-{next(self._numbers)}"
        with _without_iam(self.url):
            client = self._administration = self._administration or _client("iam", _settings(self.url, "root", "root"))
            client.create_user(UserName=unique)
            text = json.dumps(policy).replace(f"${{{TAG}}}", namespace or name)  # moto knows no variables
            client.put_user_policy(UserName=unique, PolicyName="hub", PolicyDocument=text)
            key = client.create_access_key(UserName=unique)["AccessKey"]
        facts = {} if namespace == "" else {TAG: namespace or name}
        self._policies[key["AccessKeyId"]] = policy, facts
        return User(name, _settings(self.url, key["AccessKeyId"], key["SecretAccessKey"]))


def _settings(url: str, key_id: str, secret: str) -> S3Settings:
    return S3Settings(
        endpoint_url=url, region="us-east-1", access_key_id=key_id, secret_access_key=secret, addressing="path",
        max_attempts=1,
    )  # fmt: skip


def _client(service: str, settings: S3Settings) -> Any:
    return Session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
    )


@contextmanager
def _without_iam(url: str) -> Iterator[None]:
    """Let everybody do everything for a while: somebody has to make the first user."""
    _check_from(url, "inf")
    try:
        yield
    finally:
        _check_from(url, "0")


def _check_from(url: str, request: str) -> None:
    """From which request on the service asks who is there."""
    asked = Request(f"{url}/moto-api/reset-auth", data=request.encode(), headers={"Content-Type": "text/plain"})  # noqa: S310
    with urlopen(asked) as answer:  # noqa: S310
        assert answer.status == 200


def is_there(key: str) -> bool:
    return s3().get_object(BUCKET, key) is not None


def stored() -> dict[str, bytes]:
    """All that the bucket holds."""
    found = {key: s3().get_object(BUCKET, key) for key in list(s3().buckets[BUCKET].keys)}
    return {key: there.value for key, there in found.items() if there is not None}


@pytest.fixture(scope="module")
def service() -> Iterator[Hub]:
    hub = Hub()
    server = make_server("127.0.0.1", 0, hub, threaded=True, request_handler=MotoRequestHandler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    _check_from(hub.url, "0")
    try:
        yield hub
    finally:
        _check_from(hub.url, "inf")
        iam_backends[ACCOUNT]["aws"].users.clear()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def administrator(service: Hub) -> User:
    return service.user("administrator", INIT_POLICY)


@pytest.fixture
def bucket_gone() -> Iterator[None]:
    """No bucket before, and none afterwards."""
    yield
    drop_bucket(BUCKET)


@pytest.fixture
def hub(service: Hub, administrator: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """With the bucket and the format marker, made by somebody with the permissions for that."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with S3Backend(BUCKET, BASE, administrator.settings) as backend:
        settings = [*backend.prepare(), *backend.limit()]
        assert all(setting.done for setting in settings), settings
        marker.write(backend, marker.make(datetime.now(UTC), None, ("scheduled", "published")))
    service.allowed.clear()
    yield service
    drop_bucket(BUCKET)


INIT_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "s3:CreateBucket",
                "s3:ListBucket",
                "s3:GetBucketVersioning",
                "s3:PutBucketVersioning",
                "s3:GetLifecycleConfiguration",
                "s3:PutLifecycleConfiguration",
                "s3:ListBucketVersions",
            ],
            "Resource": [f"arn:aws:s3:::{BUCKET}"],
        },
        {
            "Effect": "Allow",
            "Action": [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:GetObjectVersion",
                "s3:DeleteObjectVersion",
            ],
            "Resource": [f"arn:aws:s3:::{BUCKET}/{BASE}.probe/*"],
        },
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [f"arn:aws:s3:::{BUCKET}/{BASE}depository.json"]},
    ],
}
"""What the how-to for S3 asks for, and the marker."""


@pytest.fixture(scope="module")
def ada_herself(service: Hub) -> User:
    return service.user("ada")


@pytest.fixture(scope="module")
def bob_himself(service: Hub) -> User:
    return service.user("bob")


@pytest.fixture
def ada(hub: Hub, ada_herself: User) -> User:
    """A user of the hub."""
    return ada_herself


@pytest.fixture
def bob(hub: Hub, bob_himself: User) -> User:
    """Another one."""
    return bob_himself


def saved(number: int) -> bytes:
    return file_of(notebook(code(f"x = {number}"), code("draw(x)", plot(Random(0)), cell_id="c1")))


def use(user: User, versions: int = 3) -> None:
    """Everything that somebody does with notebooks of their own."""
    with user.depository as depo:
        for number in range(1, versions + 1):
            depo.save("ada/a.ipynb", saved(number))
        depo.promote("ada/a.ipynb", "v2", "published")
        depo.promote("ada/a.ipynb", "v1", "scheduled")
        depo.tag("ada/a.ipynb", "v1", "first")
        depo.rename("ada/a.ipynb", "ada/b.ipynb")
        depo.withdraw("ada/b.ipynb", "scheduled")
        depo.delete("ada/b.ipynb")
    with user.depository as depo:
        depo.undelete("ada/b.ipynb")
        assert [version.number for version in depo.log("ada/b.ipynb")] == list(range(versions, 0, -1))
        assert depo.read("ada/b.ipynb", "v1") == saved(1)
        assert [found.path for found in depo.ls("ada")] == ["ada/b.ipynb"]


# What users can do


def test_users_do_everything_in_their_own_namespace(ada: User) -> None:
    use(ada, versions=100)  # so many that a page is sealed
    assert {key for key in stored() if key.startswith(f"{BASE}published/")} == {f"{BASE}published/ada/b.ipynb"}
    assert not any(key.startswith(f"{BASE}scheduled/") for key in stored())


def test_users_read_what_others_have(ada: User, bob: User) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    assert bob.depository.read("ada/a.ipynb") == saved(1)
    assert [found.path for found in bob.depository.ls()] == ["ada/a.ipynb"]


def test_content_that_another_has_too_is_saved_by_users_who_may_not_replace_it(ada: User, bob: User) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    before = {key: value for key, value in stored().items() if "/objects/" in key}
    assert bob.depository.save("bob/same.ipynb", saved(1)).number == 1
    assert {key: value for key, value in stored().items() if "/objects/" in key} == before


def test_a_server_on_the_hub_archives_renames_and_publishes(hub: Hub, ada: User, make_server: MakeServer) -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": str(ada.settings.access_key_id),
        "AWS_SECRET_ACCESS_KEY": str(ada.settings.secret_access_key),
        "DEPOSITORY_NAMESPACE": "ada",
        "DEPOSITORY_S3_ADDRESSING": "path",
        "DEPOSITORY_S3_ENDPOINT_URL": hub.url,
        "DEPOSITORY_S3_REGION": "us-east-1",
        "DEPOSITORY_URL": f"s3://{BUCKET}/{BASE}",
        "JUPYTERHUB_USER": "ada",
    }
    server = make_server(environ=environ)
    with running(server) as client:
        client.save("a.ipynb", notebook(code("x = 1")))
        server.wait_until_archived()
        server.command("publish", "a.ipynb")
        client.rename("a.ipynb", "b.ipynb")
        client.save("b.ipynb", notebook(code("x = 2")))
        server.wait_until_archived()
    versions = list(ada.depository.log("ada/files/b.ipynb"))
    assert [(version.name, version.author) for version in versions] == [("v2", "ada"), ("v1", "ada")]
    assert f"{BASE}published/ada/files/b.ipynb" in stored()
    assert f"{BASE}published/ada/files/a.ipynb" not in stored()


def without(policy: Mapping[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """A policy with one thing taken out."""
    copied = json.loads(json.dumps(policy))
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return dict(copied)


def permissions() -> Iterator[tuple[Any, ...]]:
    """Where in the policy each action, each resource and each statement stands."""
    for number, statement in enumerate(POLICY["Statement"]):
        yield "Statement", number
        for part in ("Action", "Resource"):
            if len(statement[part]) > 1:
                yield from (("Statement", number, part, each) for each in range(len(statement[part])))


@pytest.mark.parametrize("path", list(permissions()), ids=lambda path: "-".join(map(str, path)))
def test_no_permission_can_be_left_out(hub: Hub, path: tuple[Any, ...]) -> None:
    user = hub.user("ada", without(POLICY, path))
    with pytest.raises(AccessDenied):
        use(user)


def test_whoever_may_not_list_is_told_so(hub: Hub) -> None:
    user = hub.user("ada", without(POLICY, ("Statement", 0)))
    with pytest.raises(AccessDenied, match="s3:ListBucket too"):
        user.depository.save("ada/a.ipynb", saved(1))


def test_what_users_may_not_see_of_the_bucket_is_left_to_an_administrator(ada: User) -> None:
    found = {setting.name: setting.done for setting in ada.depository.info().settings}
    assert found == {"bucket": True, "versioning": False, "lifecycle": False}


def test_who_has_the_permissions_for_it_can_make_a_depository(
    service: Hub, administrator: User, bucket_gone: None
) -> None:
    with Depository.adopt(S3Backend(BUCKET, BASE, administrator.settings)) as made:
        assert all(setting.done for setting in made.settings), made.settings


# What they cannot do


ATTEMPTS: dict[str, Callable[[Depository], object]] = {
    "save": lambda depo: depo.save("ada/a.ipynb", saved(7)),
    "save another": lambda depo: depo.save("ada/other.ipynb", saved(7)),
    "publish": lambda depo: depo.promote("ada/a.ipynb", "v2", "published"),
    "unpublish": lambda depo: depo.withdraw("ada/a.ipynb", "published"),
    "tag": lambda depo: depo.tag("ada/a.ipynb", "v1", "mine"),
    "rename": lambda depo: depo.rename("ada/a.ipynb", "ada/b.ipynb"),
    "delete": lambda depo: depo.delete("ada/a.ipynb"),
}


@pytest.mark.parametrize("attempt", list(ATTEMPTS.values()), ids=list(ATTEMPTS))
def test_nobody_writes_in_the_namespace_of_another(
    ada: User, bob: User, attempt: Callable[[Depository], object]
) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    ada.depository.save("ada/a.ipynb", saved(2))
    ada.depository.promote("ada/a.ipynb", "v1", "published")
    before = stored()
    with pytest.raises(AccessDenied):
        attempt(bob.depository)
    assert before == {key: value for key, value in stored().items() if key in before}
    assert all("/objects/" in key for key in stored().keys() - before.keys())


def test_a_notebook_that_is_taken_from_another_s_namespace_stays_there(ada: User, bob: User) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    with pytest.raises(AccessDenied):
        bob.depository.rename("ada/a.ipynb", "bob/mine.ipynb")
    assert ada.depository.resolve("ada/a.ipynb").number == 1


def refused(call: Callable[..., Any], **arguments: Any) -> bool:
    with pytest.raises(ClientError) as caught:
        call(Bucket=BUCKET, **arguments)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_nothing_in_the_archive_can_be_deleted(ada: User, bob: User) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    bob.depository.save("bob/b.ipynb", saved(2))
    before, client = stored(), ada.client
    for key in before:
        assert refused(client.delete_object, Key=key)
        assert refused(client.delete_object, Key=key, VersionId="null")
    assert stored() == before


@pytest.mark.parametrize("space", ["workspace", "scheduled", "published"])
def test_nobody_puts_a_plain_notebook_under_another_s_name_or_takes_one_away(ada: User, bob: User, space: str) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    ada.depository.promote("ada/a.ipynb", "v1", "published")
    assert refused(bob.client.put_object, Key=f"{BASE}{space}/ada/a.ipynb", Body=b"forged")
    assert refused(bob.client.delete_object, Key=f"{BASE}{space}/ada/a.ipynb")
    assert stored()[f"{BASE}published/ada/a.ipynb"] == saved(1)


def test_no_object_can_be_replaced(ada: User) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    before, client = stored(), ada.client
    for key in (key for key in before if "/objects/" in key):
        assert refused(client.put_object, Key=key, Body=b"altered")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            client.put_object(Bucket=BUCKET, Key=key, Body=b"altered", IfNoneMatch="*")
    assert stored() == before


def test_the_depository_and_the_bucket_stay_as_they_are(ada: User) -> None:
    client = ada.client
    assert refused(client.put_object, Key=f"{BASE}depository.json", Body=b"{}")
    assert refused(client.put_object, Key=f"{BASE}depository.json", Body=b"{}", IfNoneMatch="*")
    assert refused(client.put_object, Key="elsewhere", Body=b"")
    assert refused(client.put_bucket_versioning, VersioningConfiguration={"Status": "Suspended"})
    assert refused(client.put_bucket_policy, Policy="{}")
    assert refused(client.delete_bucket)
    assert refused(client.list_objects_v2, Prefix="elsewhere/")


@pytest.mark.parametrize("namespace", ["a", "ad", "adam"])
def test_a_namespace_that_begins_alike_is_another(ada: User, hub: Hub, namespace: str) -> None:
    ada.depository.save("ada/a.ipynb", saved(1))
    other = hub.user("eve", namespace=namespace)
    with pytest.raises(AccessDenied):
        other.depository.save("ada/a.ipynb", saved(2))


def test_who_has_no_tag_can_write_no_history(hub: Hub) -> None:
    nobody = hub.user("nobody", namespace="")
    for path in ("nobody/a.ipynb", "a.ipynb", "${aws:PrincipalTag/namespace}/a.ipynb"):
        with pytest.raises(StorageError):
            nobody.depository.save(path, saved(1))
    assert not any("/manifests/" in key for key in stored())


def test_a_wrong_secret_opens_nothing(ada: User) -> None:
    forged = ada._replace(settings=ada.settings._replace(secret_access_key="guessed"))
    with pytest.raises(AccessDenied):
        forged.depository.save("ada/a.ipynb", saved(1))
