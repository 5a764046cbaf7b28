"""An S3 service with an administrator and three users, as a file of NAME=VALUE lines names them."""

from pathlib import Path
from typing import Any, NamedTuple, Self

from botocore.config import Config
from botocore.session import Session

from depository.backends.s3_settings import S3Settings

NAMES = ("ada", "bob", "carl")
"""As the documentation calls the users."""


class User(NamedTuple):
    """Somebody with credentials."""

    name: str
    arn: str
    """As a policy names them."""
    key_id: str
    secret: str
    endpoint: str
    region: str

    @property
    def settings(self) -> S3Settings:
        """How depository reaches the service for them."""
        return S3Settings(
            endpoint_url=self.endpoint,
            region=self.region,
            access_key_id=self.key_id,
            secret_access_key=self.secret,
            addressing="path",
        )

    def client(self) -> Any:
        """What else the credentials can be used for."""
        return Session().create_client(
            "s3",
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            config=Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                request_checksum_calculation="when_required",
                retries={"total_max_attempts": 1},
            ),
        )


class Server(NamedTuple):
    """A service, and who is known there."""

    admin: User
    """Owns the buckets."""
    users: dict[str, User]

    @classmethod
    def of(cls, file: str) -> Self | None:
        """The one that a file names, or None if it names no three users of it."""
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        pairs = (line.strip().removeprefix("export ").partition("=") for line in lines)
        named = {name: value.strip("'\"") for name, equals, value in pairs if equals}
        endpoint = named.get("AWS_ENDPOINT_URL")
        parts = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "ARN")
        wanted = [f"{name}_{part}" for name in ("AWS", *map(str.upper, NAMES)) for part in parts]
        if not endpoint or any(name not in named for name in wanted):
            return None
        region = named.get("AWS_DEFAULT_REGION", "us-east-1")

        def user(name: str, prefix: str) -> User:
            key_id, secret, arn = (named[f"{prefix}_{part}"] for part in parts)
            return User(name, arn, key_id, secret, endpoint, region)

        return cls(user("admin", "AWS"), {name: user(name, name.upper()) for name in NAMES})

    def name(self) -> str:
        """What the service calls itself."""
        answer = self.admin.client().list_buckets()
        return str(answer["ResponseMetadata"]["HTTPHeaders"].get("server", "an S3 service"))
