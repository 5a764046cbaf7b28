"""Depositories to be checked, and checks of them."""

from collections.abc import Sequence
from typing import NamedTuple

from depository.backends.base import Absent, Backend, Condition, Match
from depository.backends.memory import VersionedBucket, VersionedMemory
from depository.backends.wrapper import Wrapper
from depository.errors import KeyNotFound, PreconditionFailed
from depository.history import manifest as manifests
from depository.history.manifest import Manifest
from depository.objects import frame
from depository.objects.store import key_of
from depository.verifying.findings import Checked, Finding, Kind
from tests.api.stores import CLOCK, LIMIT, depository_on


class Result(NamedTuple):
    """What a check came to."""

    checked: Checked
    findings: list[Finding]

    @property
    def kinds(self) -> list[Kind]:
        return [finding.kind for finding in self.findings]

    @property
    def only(self) -> Finding:
        (finding,) = self.findings
        return finding


def check(
    backend: Backend,
    prefix: str | Sequence[str] = "",
    *,
    repair: bool = False,
    ledger: str | None = None,
    anew: bool = False,
) -> Result:
    """Check a depository as a process would that knows nothing of it."""
    findings: list[Finding] = []
    with depository_on(backend) as depo:
        done = depo.verify(prefix, repair=repair, ledger=ledger, anew=anew, found=findings.append)
    return Result(done, findings)


def is_sound(backend: Backend) -> bool:
    """Whether a check has nothing to say."""
    return check(backend).findings == []


class Strict(Wrapper):
    """A store that keeps older values, and whose own conditions hold."""

    def __init__(self, bucket: VersionedBucket | None = None) -> None:
        self.bucket = bucket or VersionedBucket(clock=CLOCK)
        super().__init__(VersionedMemory(self.bucket))

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        try:
            etag = self.get(key, limit=LIMIT).etag
        except KeyNotFound:
            etag = None
        if (isinstance(condition, Absent) and etag) or (isinstance(condition, Match) and etag != condition.etag):
            raise PreconditionFailed(f"'{key}' is not what it was when it was read.")
        return super().put(key, data)


Keeping = Strict | VersionedMemory
"""A store that keeps older values: one whose conditions hold, and one whose versions judge writes."""


def put_manifest(backend: Backend, manifest: Manifest) -> None:
    """Write a manifest as a writer would that is wrong."""
    backend.put(manifests.key_of(manifest.path), manifests.pack(manifest))


def put_object(backend: Backend, digest: bytes, made: frame.Frame) -> None:
    """Write an object round the API."""
    backend.put(key_of(digest), frame.pack(made))


def data_of(backend: Backend, key: str) -> bytes:
    """What is under a key."""
    return backend.get(key, limit=LIMIT).data


def objects_in(backend: Backend) -> set[str]:
    """The keys of all objects."""
    return {item.key for item in backend.list("objects/")}
