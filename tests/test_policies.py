"""The bucket policies of the how-to let people do what it says, and nothing else.

Every request that depository makes is noted, and judged as AWS documents how policies decide. `scripts/faults policies`
has a real service judge them, and many more.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import pytest
from proofs import attacks, policies, scenes, users
from proofs.attacks import Target
from proofs.part import Options

from depository import Depository
from depository.backends.base import CONDITIONAL, VERSIONED
from depository.backends.s3 import S3Backend
from tests.backends.moto_server import MotoServer, drop_bucket, make_bucket, moto_server
from tests.backends.stub_server import Reply, refusal, stubbed
from tests.notebooks import code, file_of, notebook, plot

__all__ = ["moto_server"]

POLICIES = {name: json.loads(text) for name, text in scenes.policies().items() if name.endswith("-policy.json")}
SHARED, OWN, PUBLISHING = "shared-policy.json", "own-policy.json", "publishing-policy.json"
PROTOCOLS = (CONDITIONAL, VERSIONED)


class Asked(NamedTuple):
    """A request, as a policy sees it."""

    action: str
    key: str
    facts: tuple[tuple[str, str], ...]


def allows(policy: Mapping[str, Any], user: str, asked: Asked) -> bool:
    """Whether a bucket policy allows somebody a request, as AWS documents it: what denies comes before what allows."""
    applying = [each["Effect"] for each in policy["Statement"] if _applies(each, user, asked)]
    return "Allow" in applying and "Deny" not in applying


def _applies(statement: Mapping[str, Any], user: str, asked: Asked) -> bool:
    assert statement.keys() <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
    (where,) = {resource.partition("/")[0] for resource in statement["Resource"]}
    resource = f"{where}/{asked.key}" if asked.key else where
    facts = dict(asked.facts)
    return (
        f"{scenes.ACCOUNT}{user}" in statement["Principal"]["AWS"]
        and asked.action in statement["Action"]
        and any(_is_like(resource, pattern) for pattern in statement["Resource"])
        and all(_holds(name, wanted, facts) for name, wanted in statement.get("Condition", {}).items())
    )


def _is_like(text: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def _holds(name: str, wanted: Mapping[str, Any], facts: Mapping[str, str]) -> bool:
    if name == "Null":
        return all((key not in facts) == (value == "true") for key, value in wanted.items())
    assert name == "StringLike", name
    return all(key in facts and any(_is_like(facts[key], each) for each in some) for key, some in wanted.items())


_ACTIONS = {
    ("GET", False): "s3:GetObject",
    ("HEAD", False): "s3:GetObject",
    ("PUT", False): "s3:PutObject",
    ("DELETE", False): "s3:DeleteObject",
    ("GET", True): "s3:GetObjectVersion",
    ("HEAD", True): "s3:GetObjectVersion",
}


class Watcher:
    """Does with depositories what people do, each thing once, and notes what is asked meanwhile."""

    def __init__(self, server: MotoServer) -> None:
        self._server = server
        self._known: dict[tuple[str, str, str], tuple[set[Asked], set[Asked]]] = {}

    def work(self, prefix: str, name: str, protocol: str) -> set[Asked]:
        """All that is asked when somebody does everything that one does with notebooks of one's own."""
        return self._noted(prefix, name, protocol)[0]

    def reading(self, prefix: str, name: str, protocol: str) -> set[Asked]:
        """All that is asked when somebody reads one of these notebooks."""
        return self._noted(prefix, name, protocol)[1]

    def _noted(self, prefix: str, name: str, protocol: str) -> tuple[set[Asked], set[Asked]]:
        if (prefix, name, protocol) not in self._known:
            bucket = f"watched-{len(self._known)}"
            make_bucket(bucket)
            try:
                self._known[prefix, name, protocol] = self._watch(bucket, prefix, name, protocol)
            finally:
                drop_bucket(bucket)
        return self._known[prefix, name, protocol]

    def _watch(self, bucket: str, prefix: str, name: str, protocol: str) -> tuple[set[Asked], set[Asked]]:
        class Decided(S3Backend):
            def choose_protocol(self, token: str) -> str:
                return protocol

        def opened() -> Depository:
            return Depository(S3Backend(bucket, prefix, self._server.settings), author=name)

        with Depository.adopt(Decided(bucket, prefix, self._server.settings)):
            pass
        self._server.seen.clear()
        use(opened, name)
        worked = {_asked(seen) for seen in self._server.seen}
        self._server.seen.clear()
        look(opened, name)
        return worked, {_asked(seen) for seen in self._server.seen}


def _asked(seen: Any) -> Asked:
    _, _bucket, *rest = seen.path.split("/", 2)
    key, query = unquote(rest[0]) if rest else "", parse_qs(seen.query, keep_blank_values=True)
    facts = {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}
    if "if-none-match" in seen.headers:
        facts["s3:if-none-match"] = seen.headers["if-none-match"]
    if key:
        action = _ACTIONS[seen.method, "versionId" in query]
    else:
        assert seen.method == "GET"
        action = "s3:ListBucketVersions" if "versions" in query else "s3:ListBucket"
    return Asked(action, key, tuple(sorted(facts.items())))


@pytest.fixture(scope="module")
def watcher(moto_server: MotoServer) -> Watcher:
    return Watcher(moto_server)


def saved(number: int) -> bytes:
    return file_of(notebook(code(f"x = {number}"), code("draw(x)", plot(Random(0)), cell_id="c1")))


def use(opened: Callable[[], Depository], name: str) -> None:
    """Do everything that one does with notebooks of one's own."""
    with opened() as depo:
        for number in range(3):
            depo.save(f"{name}/a.ipynb", saved(number))
        depo.promote(f"{name}/a.ipynb", "v2", "published")
        depo.promote(f"{name}/a.ipynb", "v1", "scheduled")
        depo.tag(f"{name}/a.ipynb", "v1", "first")
        depo.rename(f"{name}/a.ipynb", f"{name}/b.ipynb")
        depo.withdraw(f"{name}/b.ipynb", "scheduled")
        depo.delete(f"{name}/b.ipynb")
    with opened() as depo:
        depo.undelete(f"{name}/b.ipynb")
        depo.save(f"{name}/b.ipynb", saved(3))
        assert depo.read(f"{name}/b.ipynb", "published") == saved(1)
        assert len(list(depo.ls(name))) == 1


def look(opened: Callable[[], Depository], name: str) -> None:
    """Read somebody's notebook."""
    with opened() as depo:
        assert len(list(depo.log(f"{name}/b.ipynb"))) == 4
        assert depo.read(f"{name}/b.ipynb", "v1") == saved(0)
        assert f"{name}/b.ipynb" in [found.path for found in depo.ls()]


def prefix_of(policy: str, name: str) -> str:
    """Where in the bucket somebody's depository is."""
    return name if policy == OWN else ""


WRITERS = [(SHARED, "ada"), (SHARED, "bob"), (OWN, "ada"), (OWN, "bob"), (PUBLISHING, "ada")]
READERS = [(SHARED, "ada"), (SHARED, "bob"), *((PUBLISHING, name) for name in users.NAMES)]
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


@every_protocol
@pytest.mark.parametrize(("policy", "name"), WRITERS)
def test_who_may_write_is_allowed_every_request_of_their_own_work(
    watcher: Watcher, policy: str, name: str, protocol: str
) -> None:
    asked = watcher.work(prefix_of(policy, name), name, protocol)
    assert len(asked) > 20
    assert [each for each in asked if not allows(POLICIES[policy], name, each)] == []


@every_protocol
@pytest.mark.parametrize(("policy", "name"), READERS)
def test_who_may_read_is_allowed_every_request_of_reading(
    watcher: Watcher, policy: str, name: str, protocol: str
) -> None:
    asked = watcher.reading("", "ada", protocol)
    assert [each for each in asked if not allows(POLICIES[policy], name, each)] == []


OTHERS = [(SHARED, "bob"), (SHARED, "carl"), (OWN, "bob"), (OWN, "carl"), (PUBLISHING, "bob"), (PUBLISHING, "carl")]


@every_protocol
@pytest.mark.parametrize(("policy", "name"), OTHERS)
def test_nobody_else_is_allowed_a_write_of_it_but_to_create_an_object_as_a_member(
    watcher: Watcher, policy: str, name: str, protocol: str
) -> None:
    asked = watcher.work(prefix_of(policy, "ada"), "ada", protocol)
    writes = [each for each in asked if each.action in {"s3:PutObject", "s3:DeleteObject"}]
    allowed = {each for each in writes if allows(POLICIES[policy], name, each)}
    assert len(allowed) < len(writes)
    if (policy, name) == (SHARED, "bob"):
        assert {each.key.partition("/")[0] for each in allowed} == {"objects"}
        assert all(("s3:if-none-match", "*") in each.facts for each in allowed)
    else:
        assert not allowed


@every_protocol
@pytest.mark.parametrize(("policy", "name"), [(SHARED, "carl"), (OWN, "bob"), (OWN, "carl")])
def test_who_may_not_read_is_allowed_no_request_of_reading(
    watcher: Watcher, policy: str, name: str, protocol: str
) -> None:
    asked = watcher.reading(prefix_of(policy, "ada"), "ada", protocol)
    assert [each for each in asked if allows(POLICIES[policy], name, each)] == []


@pytest.mark.parametrize("policy", POLICIES)
def test_each_permission_is_needed(watcher: Watcher, policy: str) -> None:
    asked: dict[str, set[Asked]] = {name: set() for name in ("admin", *users.NAMES)}
    for name, protocol in itertools.product(users.NAMES, PROTOCOLS):
        if (policy, name) in WRITERS:
            asked[name] |= watcher.work(prefix_of(policy, name), name, protocol)
        if (policy, name) in READERS:
            asked[name] |= watcher.reading("", "ada", protocol)
    asked["admin"] |= asked["ada"]
    missed = [each for each in permissions(POLICIES[policy]) if not is_missed(POLICIES[policy], each, asked)]
    assert {action for _, action, _ in missed} <= {"s3:GetObjectVersion"}, "which only racing writers have need of"


def permissions(policy: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Each that is given: the number of its statement, the action, and the user."""
    for number, statement in enumerate(policy["Statement"]):
        if statement["Effect"] == "Allow":
            for action in statement["Action"]:
                for principal in statement["Principal"]["AWS"]:
                    yield number, action, principal.removeprefix(scenes.ACCOUNT)


def is_missed(policy: Mapping[str, Any], permission: tuple[int, str, str], asked: Mapping[str, set[Asked]]) -> bool:
    """Whether something that is done would be refused without a permission."""
    number, action, name = permission
    less = json.loads(json.dumps(policy))
    less["Statement"][number]["Action"].remove(action)
    return any(allows(policy, name, each) and not allows(less, name, each) for each in asked[name])


FOREVER = (
    "s3:DeleteObjectVersion",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:BypassGovernanceRetention",
)
KEYS = ("objects/ab/cd", "manifests/ada/a.ipynb", "published/ada/a.ipynb", "depository.json", "")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", users.NAMES)
def test_nobody_may_remove_a_version_or_change_what_holds_for_a_key_or_the_bucket(policy: str, name: str) -> None:
    prefixes = ["ada/", "bob/"] if policy == OWN else [""]
    for action in FOREVER:
        for key in (f"{prefix}{key}" for prefix in prefixes for key in KEYS):
            assert not allows(POLICIES[policy], name, Asked(action, key, ())), (action, key)


@pytest.mark.parametrize(("policy", "name"), WRITERS)
def test_who_writes_a_key_is_denied_to_say_who_else_may_read_it(policy: str, name: str) -> None:
    # on some services whoever wrote a key may do that without any policy that allows it
    for action in ("s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutObjectTagging", "s3:DeleteObjectTagging"):
        for key in (f"{prefix_of(policy, name)}/{key}".lstrip("/") for key in KEYS if key):
            denied = [each for each in POLICIES[policy]["Statement"] if _applies(each, name, Asked(action, key, ()))]
            assert [each["Effect"] for each in denied] == ["Deny"], (action, key)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", users.NAMES)
def test_nobody_may_delete_what_is_archived(policy: str, name: str) -> None:
    prefixes = ["ada/", "bob/"] if policy == OWN else [""]
    for key in (f"{prefix}{key}" for prefix in prefixes for key in KEYS if not key.startswith("published/")):
        assert not allows(POLICIES[policy], name, Asked("s3:DeleteObject", key, ())), key


@pytest.mark.parametrize("policy", [SHARED, PUBLISHING])
def test_objects_are_created_and_not_replaced_and_the_marker_is_not_written(policy: str) -> None:
    fresh = (("s3:if-none-match", "*"),)
    assert allows(POLICIES[policy], "ada", Asked("s3:PutObject", "objects/ab/cd", fresh))
    assert not allows(POLICIES[policy], "ada", Asked("s3:PutObject", "objects/ab/cd", ()))
    assert not allows(POLICIES[policy], "ada", Asked("s3:PutObject", "depository.json", fresh))


def test_the_names_of_anothers_notebooks_are_not_listed() -> None:
    for asked in ("", "b", "bob", "bob/", "bob/manifests/"):
        for action in ("s3:ListBucket", "s3:ListBucketVersions"):
            assert not allows(POLICIES[OWN], "ada", Asked(action, "", (("s3:prefix", asked),)))
    assert not allows(POLICIES[OWN], "ada", Asked("s3:ListBucket", "", ()))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_is_about_one_bucket_and_the_users_of_the_page(policy: str) -> None:
    resources = {each for statement in POLICIES[policy]["Statement"] for each in statement["Resource"]}
    assert len({each.partition("/")[0] for each in resources}) == 1
    people = {each for statement in POLICIES[policy]["Statement"] for each in statement["Principal"]["AWS"]}
    assert people <= {f"{scenes.ACCOUNT}{name}" for name in ("admin", *users.NAMES)}
    assert len({statement["Sid"] for statement in POLICIES[policy]["Statement"]}) == len(POLICIES[policy]["Statement"])


# the proof


NAMED = "\n".join(
    [
        "export AWS_ENDPOINT_URL=http://127.0.0.1:9",
        *(
            f"{who}_{part}='{who.lower()}-{part}'"
            for who in ("AWS", "ADA", "BOB", "CARL")
            for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "ARN")
        ),
    ]
)


def test_a_file_names_the_service_and_its_users(tmp_path: Path) -> None:
    file = tmp_path / "server"
    file.write_text(NAMED)
    found = users.Server.of(str(file))
    assert found
    assert found.admin.key_id == "aws-ACCESS_KEY_ID"
    assert [user.arn for user in found.users.values()] == ["ada-ARN", "bob-ARN", "carl-ARN"]
    assert found.users["ada"].settings.endpoint_url == "http://127.0.0.1:9"


def test_without_three_users_the_proof_says_what_it_needs(tmp_path: Path) -> None:
    file = tmp_path / "server"
    file.write_text(NAMED.replace("CARL_ARN", "CARL"))
    for servers in ((), (str(file),)):
        section = policies.run(Options(tmp_path, is_quick=True, seed=0, servers=servers))
        assert not section.tables
        assert not section.targets
        assert "CARL_" in section.missing[0]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (refusal(403, "AccessDenied"), "refused"),
        (refusal(405, "MethodNotAllowed"), "unknown"),
        (refusal(501, "NotImplemented"), "unknown"),
        (refusal(412, "PreconditionFailed"), "refused by its own condition"),
        (refusal(404, "NoSuchKey"), "404 NoSuchKey"),
        (Reply(headers={"ETag": "e"}), "done"),
    ],
)
def test_an_attack_is_refused_only_if_the_service_says_so(reply: Reply, outcome: str) -> None:
    with stubbed(lambda _: reply) as stub:
        user = users.User("ada", "arn", "id", "secret", stub.url, "us-east-1")
        target = Target("bucket", "key")
        assert attacks.outcome(attacks.WRITES["put"], user.client(), target) == outcome
        if reply.status in (200, 403):
            assert attacks.outcome(attacks.READS["get by a presigned address"], user.client(), target) == outcome


def test_a_refusal_in_the_answer_to_a_bulk_deletion_is_one() -> None:
    said = "<DeleteResult><Error><Key>key</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    with stubbed(lambda _: Reply(body=said.encode())) as stub:
        client = users.User("ada", "arn", "id", "secret", stub.url, "us-east-1").client()
        assert attacks.outcome(attacks.REMOVALS["delete in bulk"], client, Target("bucket", "key")) == "refused"


@pytest.fixture
def open_server(moto_server: MotoServer) -> Iterator[Any]:
    """A bucket in which everybody may do everything."""
    make_bucket("open")
    client = users.User("ada", "arn", "id", "secret", moto_server.url, "us-east-1").client()
    client.put_object(Bucket="open", Key="key", Body=b"there")
    yield client
    drop_bucket("open")


@pytest.mark.parametrize("what", ["put", "copy it onto itself", "upload it in parts", "put by a presigned address"])
def test_an_attack_does_something_where_it_is_allowed(open_server: Any, what: str) -> None:
    before = open_server.list_object_versions(Bucket="open")["Versions"]
    assert attacks.outcome(attacks.WRITES[what], open_server, Target("open", "key")) == "done"
    assert len(open_server.list_object_versions(Bucket="open")["Versions"]) == len(before) + 1
