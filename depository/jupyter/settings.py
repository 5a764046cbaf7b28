"""What may be configured in Jupyter: ``c.Depository.…``, ``c.Depository.S3.…`` and ``c.Depository.Archiver.…``.

These settings stand where the environment stands: a `.depository.toml` or the user's settings file that names a
depository comes first, so that Jupyter and the command line never differ. What is no secret is passed on to the
server's environment, where the command line finds it in the terminals that the server opens.
"""

import re
from collections.abc import Iterable, MutableMapping
from typing import Any

from traitlets import Bool, Enum, Float, Int, List, TraitType, Type, Unicode
from traitlets.config import Config, LoggingConfigurable

from depository import config as files
from depository import specs
from depository.errors import InvalidSettings
from depository.spool.directory import DEFAULT_LIMIT

_LOWER_CASE = (
    "c.depository.… is not read by Jupyter, which knows capitalised sections only: write c.Depository.… instead, for "
    "example c.Depository.S3.bucket."
)

_lower_case = re.compile(r"^[ \t]*c\.depository\b", re.MULTILINE)


def _text(help_: str, **options: Any) -> TraitType[Any, Any]:
    return Unicode(None, allow_none=True, help=help_, **options).tag(config=True)


class S3(LoggingConfigurable):
    """How to reach the bucket."""

    bucket = _text("The bucket. It makes s3://BUCKET the depository, unless `Depository.url` says otherwise.")
    prefix = _text("Where in the bucket the depository lies; at its top if empty.")
    endpoint_url = _text("https://host:port of an S3 service other than AWS.")
    region_name = _text("The region of the bucket; as the AWS tools find it, if not given.")
    profile = _text("The profile of the AWS tools' files whose credentials are used.")
    access_key_id = _text(
        "Better left to the ordinary places of AWS credentials: the environment, files, instance roles. The server "
        "gives it to the process that archives and to nobody else."
    )
    secret_access_key = _text("Belongs to `access_key_id`. It is never logged, and written nowhere.")
    session_token = _text("Belongs to temporary credentials.")
    addressing = Enum(
        files.ADDRESSING,
        None,
        allow_none=True,
        help="Where the bucket's name goes: into the path, or into the name of the host.",
    ).tag(config=True)
    sse = Enum(files.SSE, None, allow_none=True, help="Encryption at rest; as the bucket has it if not given.")
    sse.tag(config=True)
    kms_key_id = _text("The key of the encryption aws:kms.")
    checksums = Enum(
        files.CHECKSUMS,
        None,
        allow_none=True,
        help="when_supported sends a check sum with each object; not every service takes it.",
    ).tag(config=True)

    def settings(self) -> dict[str, str]:
        """What is set and no secret, by the names of `depository.config.S3_KEYS`."""
        values = {
            "endpoint_url": self.endpoint_url,
            "region": self.region_name,
            "profile": self.profile,
            "addressing": self.addressing,
            "sse": self.sse,
            "kms_key_id": self.kms_key_id,
            "checksums": self.checksums,
        }
        return {key: value for key, value in values.items() if value}

    def secrets(self) -> dict[str, str]:
        """The credentials that are set, by the names of `S3Settings`.

        Raises:
            InvalidSettings: there is only half of them.
        """
        if bool(self.access_key_id) != bool(self.secret_access_key):
            raise InvalidSettings(
                "c.Depository.S3.access_key_id and c.Depository.S3.secret_access_key go together; set both, or "
                "neither to use the ordinary places of AWS credentials."
            )
        names = ("access_key_id", "secret_access_key", "session_token")
        return {name: value for name in names if (value := getattr(self, name))}


class Archiver(LoggingConfigurable):
    """What the contents manager that archives is made of."""

    underlying_contents_manager_class = Type(
        klass="jupyter_server.services.contents.manager.ContentsManager",
        default_value=None,
        allow_none=True,
        help="The contents manager whose saves are archived; the one that the server is configured with if not given.",
    ).tag(config=True)


class Depository(LoggingConfigurable):
    """The archive of every save."""

    enabled = Bool(True, help="Whether what is saved in this server is archived.").tag(config=True)
    url = _text(
        "The depository: s3://bucket/prefix, or a directory. A .depository.toml above a notebook, and the user's own "
        "settings file, come before it. A directory of the user's own, if nothing says otherwise."
    )
    namespace = _text(
        "The leading part of all paths from here: it stands for the user's home directory, or for the top of a "
        "contents manager without files. The name of the JupyterHub user if not given, or else the login name."
    )
    Backend = Enum(
        ("s3", "local"),
        None,
        allow_none=True,
        help="The kind of store that `url` has to name. It may be left out.",
    ).tag(config=True)
    workspace_prefix = Unicode(specs.WORKSPACE, help="The prefix of plain notebooks of the space workspace.")
    workspace_prefix.tag(config=True)
    scheduled_prefix = Unicode("scheduled", help="The prefix of plain notebooks of the space scheduled.")
    scheduled_prefix.tag(config=True)
    published_prefix = Unicode("published", help="The prefix of plain notebooks of the space published.")
    published_prefix.tag(config=True)
    materialize = List(
        Enum(specs.SPACES),
        ["scheduled", "published"],
        help="The spaces in which plain notebooks are written too. It counts, as the prefixes do, when the depository "
        "is made; an existing one keeps its own.",
    ).tag(config=True)
    spool = _text(
        "The directory where saves wait until they are archived, on a local disk. In the user's state directory if "
        "not given."
    )
    spool_limit = Int(DEFAULT_LIMIT, min=0, help="Bytes that may wait there.").tag(config=True)
    flush_seconds = Float(
        10.0, min=0.0, help="How long, at most, a server that stops goes on archiving. The next start does the rest."
    ).tag(config=True)
    checkpoints = Bool(
        True,
        help="Whether Jupyter's 'Revert to Checkpoint' offers the archived versions. A checkpoints_class that is "
        "configured comes first.",
    ).tag(config=True)
    checkpoints_kept = Int(20, min=0, help="Versions of a notebook that are kept for that on the local disk.")
    checkpoints_kept.tag(config=True)
    checkpoints_limit = Int(1024**3, min=0, help="Bytes of the local disk that they may take in all.").tag(config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.s3 = S3(parent=self)
        self.archiver = Archiver(parent=self)

    def target(self) -> str | None:
        """The URL that is configured here, if any.

        Raises:
            InvalidSettings: the settings contradict each other.
        """
        url: str | None = self.url
        if self.s3.bucket:
            made = "s3://" + "/".join(part.strip("/") for part in (self.s3.bucket, self.s3.prefix or "") if part)
            if url and url.rstrip("/") != made:
                raise InvalidSettings(
                    f"c.Depository.url names '{url}', and c.Depository.S3.bucket '{made}': leave one of them out."
                )
            url = made
        is_s3 = bool(url) and str(url).lower().startswith("s3:")
        if self.Backend == "s3" and not is_s3:
            raise InvalidSettings('c.Depository.Backend is "s3", but no c.Depository.S3.bucket is named.')
        if self.Backend == "local" and is_s3:
            raise InvalidSettings(f"c.Depository.Backend is \"local\", but '{url}' is on S3.")
        return url

    def export(self, environ: MutableMapping[str, str]) -> None:
        """Put what is configured, and no secret, where the command line finds it too.

        Raises:
            InvalidSettings: the settings contradict each other.
        """
        url = self.target()
        if url:
            environ[files.URL_VARIABLE] = url
            for key in files.S3_KEYS:
                environ.pop(files.S3_VARIABLES + key.upper(), None)
            for key, value in self.s3.settings().items():
                environ[files.S3_VARIABLES + key.upper()] = value
        if self.namespace is not None:
            environ[files.NAMESPACE_VARIABLE] = self.namespace
        if self.spool:
            environ[files.SPOOL_VARIABLE] = self.spool

    def secrets(self) -> dict[str, dict[str, str]]:
        """The credentials that are configured here, by the URL that they are for."""
        url, secrets = self.target(), self.s3.secrets()
        return {url: secrets} if url and secrets else {}

    def prefixes(self) -> dict[str, str]:
        """The prefix of each space."""
        return {
            "workspace": self.workspace_prefix,
            "scheduled": self.scheduled_prefix,
            "published": self.published_prefix,
        }


def complaints(config: Config, sources: Iterable[str]) -> list[str]:
    """What is wrong with how people configured depository before traitlets could tell them.

    Args:
        config: as it was loaded.
        sources: the texts of the configuration files, those that could not be loaded included.
    """
    if "depository" in config or any(_lower_case.search(text) for text in sources):
        return [_LOWER_CASE]
    return []
