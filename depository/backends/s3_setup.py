"""A bucket made fit to hold a depository: there, versioned, and with old manifests expiring in it.

Every step is taken for itself. One that the credentials do not allow is left to an administrator, with the command.
"""

import json
import shlex
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from depository.backends.base import Setting
from depository.backends.s3_errors import REFUSED, UNSUPPORTED, code_of
from depository.errors import AccessDenied

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

KEPT_DAYS = 30
"""For how long an overwritten manifest is kept."""
KEPT_NEWEST = 16
"""How many overwritten versions of a manifest are kept for ever: where versions judge writes, the one that counts may
lie below others that do not.
"""

_NO_REGION = (None, "us-east-1", "aws-global")
_MISTAKEN = frozenset(("BucketAlreadyExists", "BucketAlreadyOwnedByYou"))
"""What a service says to settings of a bucket that it takes for the making of one: it knows no settings."""

_WRONG_PLACE = frozenset(("InvalidLocationConstraint", "IllegalLocationConstraintException"))

Rule = dict[str, Any]


class Place(NamedTuple):
    """What is set up."""

    url: str
    bucket: str
    base: str
    """The prefix of all keys, with its ``/``, or empty."""
    endpoint_url: str | None
    is_versioned: bool
    """The order of versions judges writes."""

    @property
    def manifests(self) -> str:
        """The prefix under which manifests are overwritten."""
        return f"{self.base}manifests/"


def prepare(client: "S3Client", place: Place) -> list[Setting]:
    """Make the bucket where there is none, and turn versioning on."""
    bucket = _look_for_bucket(client, place)
    if bucket is None:
        bucket = _make_bucket(client, place)
        if not bucket.done:
            return [bucket, _versioning_left(place)]
    return [bucket, _turn_versioning_on(client, place)]


def inspect(client: "S3Client", place: Place) -> list[Setting]:
    """The same, looked at only."""
    bucket = _look_for_bucket(client, place)
    if bucket is None:
        missing = Setting("bucket", False, f"There is no bucket '{place.bucket}': make it with {_make_command(place)}")
        return [missing, _versioning_left(place), _lifecycle_left(place, None)]
    return [bucket, _look_at_versioning(client, place), *_look_at_lifecycle(client, place)]


# The bucket


def _look_for_bucket(client: "S3Client", place: Place) -> Setting | None:
    try:
        client.list_objects_v2(Bucket=place.bucket, Prefix=place.manifests, MaxKeys=1)
    except ClientError as error:
        if code_of(error) in ("NoSuchBucket", "404"):
            return None
        if code_of(error) not in REFUSED:
            raise
        text = f"These credentials may not list the bucket '{place.bucket}': its owner can allow s3:ListBucket."
        return Setting("bucket", False, text)
    return Setting("bucket", True, f"The bucket '{place.bucket}' is there.")


def _make_bucket(client: "S3Client", place: Place) -> Setting:
    region = client.meta.region_name
    where: dict[str, Any] = {}
    if region not in _NO_REGION:
        where["CreateBucketConfiguration"] = {"LocationConstraint": region}
    try:
        try:
            client.create_bucket(Bucket=place.bucket, **where)
        except ClientError as error:
            if place.endpoint_url is None or code_of(error) not in _WRONG_PLACE:
                raise
            client.create_bucket(Bucket=place.bucket)  # a service that signs with a region and has none
    except ClientError as error:
        code = code_of(error)
        if code == "BucketAlreadyOwnedByYou":
            return Setting("bucket", True, f"The bucket '{place.bucket}' is there.")
        if code == "BucketAlreadyExists":
            raise AccessDenied(f"The bucket '{place.bucket}' belongs to somebody else: choose another name.") from error
        if code in REFUSED:
            text = f"These credentials may not make a bucket: let an administrator run {_make_command(place)}"
            return Setting("bucket", False, text)
        raise
    return Setting("bucket", True, f"Made the bucket '{place.bucket}'.")


# Versioning


def _turn_versioning_on(client: "S3Client", place: Place) -> Setting:
    found = _look_at_versioning(client, place)
    if found.done:
        return found
    try:
        client.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Enabled"})
    except ClientError as error:
        return _left_over(error, found)
    return Setting("versioning", True, "Turned versioning on: every overwritten or deleted manifest stays for a while.")


def _look_at_versioning(client: "S3Client", place: Place) -> Setting:
    try:
        status = client.get_bucket_versioning(Bucket=place.bucket).get("Status")
    except ClientError as error:
        return _left_over(error, _versioning_left(place))
    return Setting("versioning", True, "Versioning is on.") if status == "Enabled" else _versioning_left(place)


def _versioning_left(place: Place) -> Setting:
    command = _command(place, "put-bucket-versioning", "--versioning-configuration", "Status=Enabled")
    return Setting("versioning", False, f"Versioning is not known to be on: let an administrator run {command}")


# Lifecycle


def limit(client: "S3Client", place: Place) -> list[Setting]:
    """Add the lifecycle rule."""
    try:
        rules, more = _read_rules(client, place)
    except ClientError as error:  # not knowing the rules that are there, we would replace them
        return [_left_over(error, _lifecycle_left(place, None))]
    ours = _our_rule(place)
    if any(_does_the_same(rule, ours) and _is_safe(rule, place) for rule in rules):
        return [_judge(rules, place), *_dangers(rules, place)]
    others = [rule for rule in rules if rule.get("ID") != ours["ID"]]
    try:
        _write_rules(client, place, [*others, ours], more)
        there = _read_rules(client, place)[0] if place.is_versioned else [*others, ours]
        if not all(_is_safe(rule, place) for rule in there if rule.get("ID") == ours["ID"]):
            _write_rules(client, place, others, more)  # the service does not know the one half of it
            there = others
    except ClientError as error:
        return [_left_over(error, _lifecycle_left(place, rules)), *_dangers(rules, place)]
    return [_judge(there, place), *_dangers(others, place)]


def _write_rules(client: "S3Client", place: Place, rules: list[Rule], more: dict[str, Any]) -> None:
    if not rules:
        client.delete_bucket_lifecycle(Bucket=place.bucket)
        return
    client.put_bucket_lifecycle_configuration(
        Bucket=place.bucket,
        LifecycleConfiguration={"Rules": rules},  # type: ignore[typeddict-item]
        **more,
    )


def _look_at_lifecycle(client: "S3Client", place: Place) -> list[Setting]:
    try:
        rules, _ = _read_rules(client, place)
    except ClientError as error:
        return [_left_over(error, _lifecycle_left(place, None))]
    return [_judge(rules, place), *_dangers(rules, place)]


def _read_rules(client: "S3Client", place: Place) -> tuple[list[Rule], dict[str, Any]]:
    """The rules that are there, and what else has to be given back unchanged with them."""
    try:
        found: dict[str, Any] = dict(client.get_bucket_lifecycle_configuration(Bucket=place.bucket))
    except ClientError as error:
        if code_of(error) != "NoSuchLifecycleConfiguration":
            raise
        return [], {}
    size = "TransitionDefaultMinimumObjectSize"
    return list(found.get("Rules", [])), {size: found[size]} if found.get(size) else {}


def _our_rule(place: Place) -> Rule:
    name = f"depository-manifests {place.manifests}"
    if len(name.encode()) > 255:  # as long as an id may be
        name = f"depository-manifests {zlib.crc32(place.manifests.encode()):08x}"
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"Prefix": place.manifests},
        "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_DAYS, "NewerNoncurrentVersions": KEPT_NEWEST},
    }


def _judge(rules: list[Rule], place: Place) -> Setting:
    for rule in rules:
        if _does_the_same(rule, _our_rule(place)) and _is_safe(rule, place):
            days = rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
            return Setting("lifecycle", True, f"Overwritten manifests are kept for {days} days.")
    if place.is_versioned:
        return Setting("lifecycle", True, "All overwritten manifests are kept, for no rule expires them.")
    return _lifecycle_left(place, rules)


def _is_safe(rule: Rule, place: Place) -> bool:
    """Whether a rule that expires overwritten manifests keeps those that may count."""
    kept = rule.get("NoncurrentVersionExpiration", {}).get("NewerNoncurrentVersions", 0)
    return not place.is_versioned or int(kept) >= KEPT_NEWEST


def _does_the_same(rule: Rule, ours: Rule) -> bool:
    """Whether a rule expires what ours does, be it after another time."""
    return (
        rule.get("Status") == "Enabled"
        and _prefix_of(rule) == ours["Filter"]["Prefix"]
        and "NoncurrentDays" in rule.get("NoncurrentVersionExpiration", {})
    )


def _dangers(rules: list[Rule], place: Place) -> list[Setting]:
    """A setting not done for each rule that will delete what a depository is to keep."""
    return [
        Setting(
            "expiry",
            False,
            f"The lifecycle rule '{rule.get('ID', '')}' of the bucket '{place.bucket}' deletes what is under "
            f"'{_prefix_of(rule)}' when it gets old, archived notebooks too: confine it to other keys.",
        )
        for rule in rules
        if rule.get("Status") == "Enabled" and _expires(rule) and _overlaps(_prefix_of(rule), place.base)
    ] + [
        Setting(
            "expiry",
            False,
            f"The lifecycle rule '{rule.get('ID', '')}' of the bucket '{place.bucket}' deletes overwritten manifests, "
            f"of which one may count: have it keep the newest {KEPT_NEWEST} of each, or take it away.",
        )
        for rule in rules
        if rule.get("Status") == "Enabled"
        and "NoncurrentVersionExpiration" in rule
        and _overlaps(_prefix_of(rule), place.manifests)
        and not _is_safe(rule, place)
    ]


def _expires(rule: Rule) -> bool:
    return not {"Days", "Date"}.isdisjoint(rule.get("Expiration", {}))


def _overlaps(prefix: str | None, base: str) -> bool:
    return prefix is not None and (prefix.startswith(base) or base.startswith(prefix))


def _prefix_of(rule: Rule) -> str | None:
    """Of which keys a rule speaks, or None where it asks for tags, which ours do not have."""
    condition = rule.get("Filter", {})
    condition = condition.get("And", condition)
    if "Tag" in condition or condition.get("Tags"):
        return None
    return str(condition.get("Prefix", rule.get("Prefix", "")))


def _lifecycle_left(place: Place, rules: list[Rule] | None) -> Setting:
    others = [rule for rule in rules or () if rule.get("ID") != _our_rule(place)["ID"]]
    wanted = json.dumps({"Rules": [*others, _our_rule(place)]}, default=str)
    command = _command(place, "put-bucket-lifecycle-configuration", "--lifecycle-configuration", wanted)
    text = f"Overwritten manifests are not known to expire: let an administrator run {command}"
    if rules is None:
        look = _command(place, "get-bucket-lifecycle-configuration")
        text += f" with the rules added that {look} shows, for it replaces them all"
    return Setting("lifecycle", False, text)


# Commands


def _left_over(error: ClientError, left: Setting) -> Setting:
    """What stays to be done after a refusal; any other failure goes on up."""
    code = code_of(error)
    if code in UNSUPPORTED | _MISTAKEN:
        return Setting(left.name, False, f"The service has no {left.name} settings ({code}).")
    if code in REFUSED or code == "NoSuchBucket":
        return left
    raise error


def _make_command(place: Place) -> str:
    return _command(place, "create-bucket")


def _command(place: Place, operation: str, *arguments: str) -> str:
    words = ["aws", "s3api", operation, "--bucket", place.bucket, *arguments]
    if place.endpoint_url is not None:
        words += ["--endpoint-url", place.endpoint_url]
    return shlex.join(words)
