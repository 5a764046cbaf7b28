"""How to reach an S3 service."""

from typing import Literal, NamedTuple


class S3Settings(NamedTuple):
    """What differs between services and between users. Two backends with equal settings share their connections."""

    endpoint_url: str | None = None
    """``https://host:port`` of a service other than AWS."""
    region: str | None = None
    profile: str | None = None
    access_key_id: str | None = None
    """None, and the secret too: credentials as the AWS tools find them (environment, files, SSO, instance role)."""
    secret_access_key: str | None = None
    session_token: str | None = None
    addressing: Literal["auto", "path", "virtual"] = "auto"
    """Where the bucket's name goes: into the path, or into the name of the host."""
    sse: Literal["AES256", "aws:kms"] | None = None
    """Encryption at rest; None: as the bucket has it."""
    kms_key_id: str | None = None
    checksums: Literal["when_supported", "when_required"] = "when_required"
    """``when_supported`` has boto3 send and check a CRC of each body; not every service takes it."""
    connect_timeout: float = 10.0
    """In seconds."""
    read_timeout: float = 60.0
    """In seconds, from one byte to the next."""
    max_attempts: int = 5
    """How often botocore sends one request in all, where the answer was an error that may pass."""

    def __repr__(self) -> str:
        shown = {
            name: "…" if value is not None and name in _SECRET else value for name, value in self._asdict().items()
        }
        return f"S3Settings({', '.join(f'{name}={value!r}' for name, value in shown.items() if value is not None)})"


_SECRET = frozenset(("access_key_id", "secret_access_key", "session_token"))
