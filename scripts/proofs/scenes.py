"""A bucket of a real service in which a policy of the documentation is in force."""

import json
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from depository import Depository
from depository.backends.s3 import S3Backend
from proofs.attacks import Target
from proofs.users import Server, User

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "who-may-do-what.md"
ACCOUNT = "arn:aws:iam::123456789012:user/"
"""Before a user's name, on the page."""

_BUCKET = re.compile(r"arn:aws:s3:::([\w-]+)")
_POLICY = re.compile(r"^```json (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

_SETTINGS = {
    "get_bucket_policy": "Policy",
    "get_bucket_versioning": "Status",
    "get_bucket_lifecycle_configuration": "Rules",
    "get_bucket_acl": "Grants",
    "get_bucket_cors": "CORSRules",
    "get_bucket_website": "IndexDocument",
    "get_bucket_tagging": "TagSet",
    "get_bucket_encryption": "ServerSideEncryptionConfiguration",
}
"""How the owner asks for each setting of a bucket, and where in the answer it is."""


def policies(page: Path = PAGE) -> dict[str, str]:
    """The policies on the page, by the names of their files."""
    return dict(_POLICY.findall(page.read_text(encoding="utf-8")))


class Scene:
    """A bucket with one of the policies in force.

    Attributes:
        server: where it is.
        owner: a client of its owner.
        bucket: its name, which is nobody else's.
        honours_conditions: whether the service knows the condition that a write must replace nothing.
    """

    def __init__(self, server: Server, policy: str) -> None:
        """Describe it; `make` makes it.

        Args:
            server: where it is to be.
            policy: the name of a file on the page.
        """
        self.server = server
        self.owner = server.admin.client()
        self.honours_conditions = True
        text = policies()[policy]
        named = _BUCKET.findall(text)[0]
        self.bucket = f"{named}-{secrets.token_hex(4)}"
        self._text = text.replace(f":::{named}", f":::{self.bucket}")
        for user in (server.admin, *server.users.values()):
            self._text = self._text.replace(f"{ACCOUNT}{user.name}", user.arn)

    def make(self, *prefixes: str) -> None:
        """Make the depositories as their owner does, and put the policy in force."""
        for prefix in prefixes:
            with Depository.adopt(S3Backend(self.bucket, prefix, self.server.admin.settings)):
                pass
        for user in (self.server.admin, *self.server.users.values()):
            client, lair = user.client(), self.lair(user.name)
            client.create_bucket(Bucket=lair)
            client.put_object(Bucket=lair, Key="own", Body=b"what somebody has")
        block = json.loads(policies()["not-public.json"])
        self.owner.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration=block)
        self.owner.put_bucket_policy(Bucket=self.bucket, Policy=self._text)
        if not self._honours_conditions():
            document = json.loads(self._text)
            for statement in document["Statement"]:
                if "s3:if-none-match" in statement.get("Condition", {}).get("Null", {}):
                    del statement["Condition"]
            self.owner.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(document))
            self.honours_conditions = False

    def _honours_conditions(self) -> bool:
        if "s3:if-none-match" not in self._text:
            return True
        client, key = self.server.users["ada"].client(), f"objects/{secrets.token_hex(8)}"
        try:
            client.put_object(Bucket=self.bucket, Key=key, Body=b"", IfNoneMatch="*")
        except ClientError:
            return False
        return True

    def depository(self, user: User, prefix: str = "") -> Depository:
        """The depository as a user opens it, with nothing in memory yet."""
        return Depository(S3Backend(self.bucket, prefix, user.settings), author=user.name)

    def lair(self, name: str) -> str:
        """A bucket of a user's own, for what they would like to put elsewhere, or to have."""
        return f"{self.bucket[-8:]}-of-{name}"

    def keys(self, prefix: str) -> list[str]:
        """The keys below a prefix."""
        return [
            found["Key"] for found in self.owner.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", ())
        ]

    def target(self, key: str, who: User) -> Target:
        """A key, with what an attacker may want to know of it."""
        lair = self.lair(who.name)
        found = self.owner.list_object_versions(Bucket=self.bucket, Prefix=key).get("Versions", ())
        versions = [each for each in found if each["Key"] == key]
        if not versions:
            return Target(self.bucket, key, lair=lair)
        upload = self.owner.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        return Target(self.bucket, key, versions[-1]["VersionId"], versions[0]["ETag"], lair, upload)

    def restore_oldest(self, key: str) -> None:
        """Take away, as the owner can, all versions of a key but the oldest."""
        found = self.owner.list_object_versions(Bucket=self.bucket, Prefix=key)
        versions = [each for each in found.get("Versions", ()) if each["Key"] == key]
        for each in (*versions[:-1], *found.get("DeleteMarkers", ())):
            self.owner.delete_object(Bucket=self.bucket, Key=key, VersionId=each["VersionId"])

    def state(self) -> dict[str, Any]:
        """All versions of all keys and who may read them, and the settings of the bucket."""
        found: dict[str, Any] = {}
        for page in self.owner.get_paginator("list_object_versions").paginate(Bucket=self.bucket):
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                at = {"Key": each["Key"], "VersionId": each["VersionId"]}
                found[f"{at}"] = each.get("ETag"), each["IsLatest"], self._ask("get_object_acl", "Grants", **at)
        for operation, part in _SETTINGS.items():
            found[operation] = self._ask(operation, part)
        return found

    def _ask(self, operation: str, part: str, **more: Any) -> Any:
        try:
            return getattr(self.owner, operation)(Bucket=self.bucket, **more).get(part)
        except ClientError as error:
            return error.response["Error"].get("Code")

    def remove(self) -> None:
        """Take the buckets away."""
        _remove(self.owner, self.bucket)
        for user in (self.server.admin, *self.server.users.values()):
            _remove(user.client(), self.lair(user.name))


def _remove(client: Any, bucket: str) -> None:
    with suppress(ClientError):
        for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ()):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                client.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
        client.delete_bucket(Bucket=bucket)
