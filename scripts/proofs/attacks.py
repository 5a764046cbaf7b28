"""Requests of somebody who is not content with what a policy gives, each sent as it is, past depository."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from botocore.exceptions import ClientError

DATA = b"written by somebody who may not"
_SECONDS = 20


class Target(NamedTuple):
    """What is attacked."""

    bucket: str
    key: str = ""
    """That is there; or a prefix, where a listing is tried."""
    version: str = ""
    """Of it, the oldest that is there."""
    etag: str = ""
    lair: str = ""
    """A bucket of the attacker's own, with a key `own` in it."""
    upload: str = ""
    """An upload to the key that somebody else has begun."""

    @property
    def at(self) -> dict[str, str]:
        """As S3 has it."""
        return {"Bucket": self.bucket, "Key": self.key}

    @property
    def source(self) -> dict[str, str]:
        """As the source of a copy."""
        return {**self.at, **({"VersionId": self.version} if self.version else {})}


Attack = Callable[[Any, Target], object]


class Refused(Exception):
    """A request was refused, and how."""


def outcome(attack: Attack, client: Any, target: Target) -> str:
    """What became of an attack: ``refused``, ``unknown`` (the service has no such thing), or what happened instead."""
    try:
        attack(client, target)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"].get("Code", "")
    except HTTPError as error:
        status, code = error.code, ""
    except Refused as error:
        status, code = 403, str(error)
    else:
        return "done"
    if status in (401, 403):
        return "refused"
    if status == 412:
        return "refused by its own condition"
    return "unknown" if status in (405, 501) else f"{status} {code}"


# writing


def _multipart(client: Any, target: Target, **more: Any) -> None:
    upload = client.create_multipart_upload(**target.at, **more)["UploadId"]
    part = client.upload_part(**target.at, UploadId=upload, PartNumber=1, Body=DATA)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(**target.at, UploadId=upload, MultipartUpload=parts)


def _part_of_another(client: Any, target: Target) -> None:
    client.upload_part(**target.at, UploadId=target.upload, PartNumber=1, Body=DATA)


def _completed_for_another(client: Any, target: Target) -> None:
    parts = {"Parts": [{"PartNumber": 1, "ETag": "0" * 32}]}
    client.complete_multipart_upload(**target.at, UploadId=target.upload, MultipartUpload=parts)


def _form(client: Any, target: Target) -> None:
    form = client.generate_presigned_post(target.bucket, target.key)
    line = "depository-proof"
    fields = "".join(
        f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    )
    file = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n{DATA.decode()}\r\n'
    body = f"{fields}{file}--{line}--\r\n".encode()
    _open("POST", form["url"], body, {"Content-Type": f"multipart/form-data; boundary={line}"})


def _presigned(operation: str, method: str, body: bytes | None = None) -> Attack:
    def send(client: Any, target: Target) -> None:
        _open(method, client.generate_presigned_url(operation, Params=target.at, HttpMethod=method), body, {})

    return send


def _open(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> None:
    with urlopen(Request(url, body, dict(headers), method=method), timeout=_SECONDS) as answer:  # noqa: S310 - the server's
        answer.read()


_ALL = "uri=http://acs.amazonaws.com/groups/global/AllUsers"

WRITES: Mapping[str, Attack] = {
    "put": lambda client, at: client.put_object(**at.at, Body=DATA),
    "put if it is what it is": lambda client, at: client.put_object(**at.at, Body=DATA, IfMatch=at.etag),
    "put if there is nothing": lambda client, at: client.put_object(**at.at, Body=DATA, IfNoneMatch="*"),
    "put for all to read": lambda client, at: client.put_object(**at.at, Body=DATA, ACL="public-read"),
    "put for some to read": lambda client, at: client.put_object(**at.at, Body=DATA, GrantRead=_ALL),
    "upload it in parts for all to read": lambda client, at: _multipart(client, at, ACL="public-read"),
    "put with a tag": lambda client, at: client.put_object(**at.at, Body=DATA, Tagging="a=b"),
    "copy onto it": lambda client, at: client.copy_object(
        **at.at, CopySource={"Bucket": at.lair, "Key": "own"}, MetadataDirective="REPLACE"
    ),
    "copy it onto itself": lambda client, at: client.copy_object(
        **at.at, CopySource=at.source, MetadataDirective="REPLACE"
    ),
    "upload it in parts": _multipart,
    "upload a part of another's": _part_of_another,
    "complete another's upload": _completed_for_another,
    "put it as a form": _form,
    "put by a presigned address": _presigned("put_object", "PUT", DATA),
}


def _and_read_as_nobody(write: Attack) -> Attack:
    def attack(client: Any, target: Target) -> None:
        write(client, target)
        _open("GET", f"{client.meta.endpoint_url}/{target.bucket}/{target.key}", None, {})

    return attack


PUBLICATIONS: Mapping[str, Attack] = {
    f"{what}, and read it without credentials": _and_read_as_nobody(WRITES[what])
    for what in ("put for all to read", "put for some to read", "upload it in parts for all to read")
}
"""Of a key that the attacker may write."""


# removing


def _bulk(client: Any, target: Target, version: str = "") -> None:
    name = {"Key": target.key, **({"VersionId": version} if version else {})}
    found = client.delete_objects(Bucket=target.bucket, Delete={"Objects": [name]})
    for error in found.get("Errors", ()):
        raise Refused(error.get("Code", ""))


REMOVALS: Mapping[str, Attack] = {
    "delete": lambda client, at: client.delete_object(**at.at),
    "delete its oldest version": lambda client, at: client.delete_object(**at.at, VersionId=at.version),
    "delete in bulk": _bulk,
    "delete its oldest version in bulk": lambda client, at: _bulk(client, at, at.version),
    "delete by a presigned address": _presigned("delete_object", "DELETE"),
    "abort another's upload": lambda client, at: client.abort_multipart_upload(**at.at, UploadId=at.upload),
}

_LATER = datetime(2100, 1, 1, tzinfo=UTC)

ATTRIBUTES: Mapping[str, Attack] = {
    "let all read it": lambda client, at: client.put_object_acl(**at.at, ACL="public-read"),
    "let all read its oldest version": lambda client, at: client.put_object_acl(
        **at.at, VersionId=at.version, ACL="public-read"
    ),
    "tag it": lambda client, at: client.put_object_tagging(**at.at, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
    "take its tags away": lambda client, at: client.delete_object_tagging(**at.at),
    "lock it": lambda client, at: client.put_object_legal_hold(**at.at, LegalHold={"Status": "ON"}),
    "have it expire": lambda client, at: client.put_object_retention(
        **at.at, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": _LATER}, BypassGovernanceRetention=True
    ),
}

READS: Mapping[str, Attack] = {
    "get": lambda client, at: client.get_object(**at.at),
    "get a range": lambda client, at: client.get_object(**at.at, Range="bytes=0-3"),
    "get if it changed": lambda client, at: client.get_object(**at.at, IfNoneMatch='"0"'),
    "get its oldest version": lambda client, at: client.get_object(**at.at, VersionId=at.version),
    "head": lambda client, at: client.head_object(**at.at),
    "get who may read it": lambda client, at: client.get_object_acl(**at.at),
    "get its tags": lambda client, at: client.get_object_tagging(**at.at),
    "get its attributes": lambda client, at: client.get_object_attributes(**at.at, ObjectAttributes=["ObjectSize"]),
    "copy it to one's own": lambda client, at: client.copy_object(Bucket=at.lair, Key="taken", CopySource=at.source),
    "get by a presigned address": _presigned("get_object", "GET"),
    "list another's parts": lambda client, at: client.list_parts(**at.at, UploadId=at.upload),
}

LISTS: Mapping[str, Attack] = {
    "list": lambda client, at: client.list_objects_v2(Bucket=at.bucket, Prefix=at.key),
    "list as of old": lambda client, at: client.list_objects(Bucket=at.bucket, Prefix=at.key),
    "list up to a slash": lambda client, at: client.list_objects_v2(Bucket=at.bucket, Prefix=at.key, Delimiter="/"),
    "list versions": lambda client, at: client.list_object_versions(Bucket=at.bucket, Prefix=at.key),
    "list uploads": lambda client, at: client.list_multipart_uploads(Bucket=at.bucket, Prefix=at.key),
}

_EXPIRE = {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
_CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
_POLICY = '{"Version": "2012-10-17", "Statement": []}'
_SSE = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}

BUCKET: Mapping[str, Attack] = {
    "suspend versioning": lambda client, at: client.put_bucket_versioning(
        Bucket=at.bucket, VersioningConfiguration={"Status": "Suspended"}
    ),
    "have everything expire": lambda client, at: client.put_bucket_lifecycle_configuration(
        Bucket=at.bucket, LifecycleConfiguration=_EXPIRE
    ),
    "take the lifecycle away": lambda client, at: client.delete_bucket_lifecycle(Bucket=at.bucket),
    "write the policy": lambda client, at: client.put_bucket_policy(Bucket=at.bucket, Policy=_POLICY),
    "take the policy away": lambda client, at: client.delete_bucket_policy(Bucket=at.bucket),
    "let all list": lambda client, at: client.put_bucket_acl(Bucket=at.bucket, ACL="public-read"),
    "let all write": lambda client, at: client.put_bucket_acl(Bucket=at.bucket, ACL="public-read-write"),
    "serve it as a site": lambda client, at: client.put_bucket_website(
        Bucket=at.bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    ),
    "let sites read it": lambda client, at: client.put_bucket_cors(Bucket=at.bucket, CORSConfiguration=_CORS),
    "tag the bucket": lambda client, at: client.put_bucket_tagging(
        Bucket=at.bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    ),
    "change its encryption": lambda client, at: client.put_bucket_encryption(
        Bucket=at.bucket, ServerSideEncryptionConfiguration=_SSE
    ),
    "unblock public access": lambda client, at: client.delete_public_access_block(Bucket=at.bucket),
    "be told what is written": lambda client, at: client.put_bucket_notification_configuration(
        Bucket=at.bucket, NotificationConfiguration={}
    ),
    "delete the bucket": lambda client, at: client.delete_bucket(Bucket=at.bucket),
}
