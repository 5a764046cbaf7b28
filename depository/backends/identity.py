"""Whose credentials reach an S3 service, where they were found, and what time it is there."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.session import Session

    from depository.backends.s3_settings import S3Settings

_SOURCES = {
    "explicit": "from the settings",
    "env": "from the environment, AWS_ACCESS_KEY_ID",
    "shared-credentials-file": "from the AWS credentials file",
    "config-file": "from the AWS configuration file",
    "assume-role": "from a role that the AWS configuration names",
    "assume-role-with-web-identity": "from a web identity token",
    "sso": "from AWS SSO",
    "login": "from 'aws login'",
    "custom-process": "from the program that the AWS configuration names",
    "container-role": "from the role of the container",
    "iam-role": "from the role of the machine",
}
"""Where botocore found credentials, in words."""


class Identity(NamedTuple):
    """Who asks. No secret is in it."""

    source: str
    """Where the credentials were found, in words."""
    profile: str | None
    """Of the AWS tools' files, if one is chosen."""
    name: str | None
    """What the service calls their owner; None where it does not say."""
    is_temporary: bool
    expires: datetime | None
    """With a time zone; None where that is not known."""
    time: datetime | None
    """By the service's clock, to the second, when it answered; None where it does not say."""


def identify(settings: "S3Settings", place: str) -> Identity:
    """Find the credentials that are used with these settings, and ask the service whose they are.

    Raises:
        AccessDenied: there are none, or ones that the service does not take.
        Unreachable: no answer.
        StorageError: the AWS configuration cannot be used.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
    from botocore.session import Session

    from depository.backends import s3_client, s3_errors

    user = _User()
    connection = None
    try:
        connection = s3_client.connection(settings, user)
        try:
            session = Session(profile=settings.profile)
            if settings.access_key_id is not None:
                secret = settings.secret_access_key or ""  # the two are given together
                session.set_credentials(settings.access_key_id, secret, settings.session_token)
            credentials: Any = session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            is_temporary = bool(credentials.get_frozen_credentials().token)
            name, time = _ask(session, connection.client)
        finally:
            connection.release(user)
    except (ClientError, BotoCoreError) as error:
        request = s3_errors.Request(
            verb="say",
            key="who asks",
            place=place,
            endpoint=str(connection.client.meta.endpoint_url) if connection else "the S3 service",
            region=connection.client.meta.region_name if connection else None,
            writes=False,
            profile=settings.profile,
        )
        raise s3_errors.explain(error, request) from error
    except RuntimeError as error:
        raise s3_errors.explain_expiry(error, place) or error from error
    source = _SOURCES.get(credentials.method, f"in the way that botocore calls '{credentials.method}'")
    expires = getattr(credentials, "_expiry_time", None)  # botocore has no other name for it
    return Identity(source, session.profile, name, is_temporary, expires, time)


class _User:
    """Whoever asks, to the connection."""


def _ask(session: "Session", client: Any) -> tuple[str | None, datetime | None]:
    """Whom the service takes us for, and its time. Who may not ask for that is told the time alone."""
    from botocore.exceptions import ClientError
    from botocore.parsers import ResponseParserError

    from depository.backends.s3_errors import REFUSED, UNSUPPORTED, code_of

    sts: Any = session.create_client("sts", region_name=client.meta.region_name, config=client.meta.config)
    if _is_aws(sts) == _is_aws(client):
        try:
            answer: Any = sts.get_caller_identity()
            return answer["Arn"], _time(answer)
        except (ClientError, ResponseParserError, KeyError):
            if _is_aws(client):  # elsewhere it is often no part of the service
                raise
    try:
        answer = client.list_buckets()
    except ClientError as error:
        if code_of(error) not in REFUSED | UNSUPPORTED:
            raise
        return None, _time(error.response)
    owner: Mapping[str, str] = answer.get("Owner", {})
    return owner.get("DisplayName") or owner.get("ID"), _time(answer)


def _is_aws(client: Any) -> bool:
    return ".amazonaws.com" in f"{client.meta.endpoint_url}/"


def _time(answer: Any) -> datetime | None:
    """When an answer was sent."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except ValueError:
        return None
