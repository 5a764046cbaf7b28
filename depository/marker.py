"""The format marker: the small object that makes a place a depository, and says how all writers must use it."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any, NamedTuple

from depository import paths
from depository.backends.base import CONDITIONAL, VERSIONED, Absent, Backend
from depository.errors import (
    AccessDenied,
    AlteredObject,
    InvalidContent,
    InvalidPath,
    InvalidSettings,
    KeyNotFound,
    NoDepository,
    OutcomeUnknown,
    PreconditionFailed,
    TooLong,
    UnsupportedFormat,
)
from depository.history import manifest as manifests
from depository.specs import SPACES

KEY = "depository.json"
FORMAT = 1

_TAKEN = ("objects", "manifests", KEY)
_LIMIT = 64 * 1024
_TRIES = 3


class Marker(NamedTuple):
    """What the marker says."""

    format: int
    protocol: str
    created: datetime
    prefixes: dict[str, str]
    """The prefix of each space, without slashes around it."""
    materialize: tuple[str, ...]
    """The spaces in which plain notebooks are written."""


def make(
    created: datetime,
    prefixes: dict[str, str] | None,
    materialize: tuple[str, ...],
    protocol: str = CONDITIONAL,
) -> Marker:
    """A marker for a new depository.

    Raises:
        InvalidSettings: the prefixes or spaces cannot be used.
    """
    chosen = {space: space for space in SPACES} | {
        space: prefix.strip("/") for space, prefix in (prefixes or {}).items()
    }
    for space in (*chosen, *materialize):
        if space not in SPACES:
            raise InvalidSettings(f"'{space}' is no space; there are {', '.join(SPACES)}.")
    for space, prefix in chosen.items():
        if prefix.split("/")[0] in ("", *_TAKEN):
            raise InvalidSettings(f"'{prefix}' cannot be the prefix of {space}: depository keeps its own data there.")
        try:
            chosen[space] = paths.check(prefix)
        except InvalidPath as error:
            why = str(error)
            raise InvalidSettings(f"The prefix of {space} cannot be used: {why[0].lower()}{why[1:]}") from error
    if len(set(chosen.values())) < len(chosen):
        raise InvalidSettings("Two spaces have the same prefix; give each its own.")
    for one, other in permutations(chosen.values(), 2):
        if other.startswith(f"{one}/"):
            raise InvalidSettings(f"The prefix '{other}' lies within '{one}', another space's; give each its own.")
    return Marker(FORMAT, protocol, created, chosen, tuple(materialize))


def write(backend: Backend, marker: Marker) -> Marker:
    """Write a marker where there is none, and return the one that is there then.

    Raises:
        AccessDenied: it may not be written, and there is none.
        OutcomeUnknown: the store did not take it, or it is not known whether it did.
    """
    import json

    fields = {
        "format": marker.format,
        "protocol": marker.protocol,
        "created": marker.created.isoformat(timespec="seconds"),
        "prefixes": marker.prefixes,
        "materialize": list(marker.materialize),
    }
    text = json.dumps({**fields, "check": check_of(fields)}, indent=2)
    try:
        return _put(backend, marker, f"{text}\n".encode())
    except AccessDenied as denied:  # most users of a shared depository may not make one
        try:
            return read(backend)
        except NoDepository:
            raise denied from None


def _put(backend: Backend, marker: Marker, data: bytes) -> Marker:
    for _ in range(_TRIES):
        try:
            backend.put(KEY, data, Absent())
        except (PreconditionFailed, OutcomeUnknown) as doubt:
            try:
                return read(backend)
            except NoDepository:  # it was not written, by us or by anybody
                unclear = doubt
        else:
            return marker
    raise OutcomeUnknown(
        f"{backend.url} does not take the format marker {KEY}, though there is none: {unclear}"
    ) from unclear


def check_of(fields: dict[str, Any]) -> str:
    """What stands in a marker's field ``check``: 32 hex digits over all other fields.

    Raises:
        InvalidContent: the fields are nested too deep.
    """
    from depository.notebook import canonical

    rest = {name: value for name, value in fields.items() if name != "check"}
    return canonical.hash_canonical(canonical.encode(canonical.ordered(rest))).hex()[:32]


def read(backend: Backend) -> Marker:
    """Read a depository's marker.

    Raises:
        NoDepository: there is none.
        UnsupportedFormat: it is of a newer format, or of a protocol that this program does not know.
        AlteredObject: it cannot be understood.
    """
    try:
        data = backend.get(KEY, limit=_LIMIT).data
    except KeyNotFound:
        raise NoDepository(
            f"There is no depository at {backend.url}; make one with 'depository init {backend.url}'."
        ) from None
    except TooLong as error:
        raise AlteredObject(
            f"The format marker {KEY} of {backend.url} is damaged: it is longer than {_LIMIT:,} bytes."
        ) from error
    return understood(data, backend.url)


def understood(data: bytes, url: str) -> Marker:
    """The marker of its bytes; errors as `read` has them."""
    import json

    try:
        fields = json.loads(data)
        form, protocol = fields["format"], fields["protocol"]
        if type(form) is not int or form < 1:
            raise ValueError("no format number")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AlteredObject(f"The format marker {KEY} of {url} is damaged: it cannot be read.") from error
    damage = AlteredObject(
        f"The format marker {KEY} of {url} is damaged: its check sum does not fit. If it was edited on purpose, "
        "take the field 'check' out of it."
    )
    if _was_ours(fields):
        raise damage
    if form > FORMAT:
        raise UnsupportedFormat(f"{url} is of format {form}, and this program knows {FORMAT}: upgrade depository.")
    if protocol not in (CONDITIONAL, VERSIONED):
        raise UnsupportedFormat(
            f"{url} is written by the commit protocol '{protocol}', which this program does not know: upgrade "
            "depository."
        )
    try:
        is_altered = fields.get("check", check := check_of(fields)) != check
    except InvalidContent as error:
        raise AlteredObject(f"The format marker {KEY} of {url} is damaged: {error}.") from error
    if is_altered:
        raise damage
    return _decoded(url, form, protocol, fields)


def _was_ours(fields: dict[str, Any]) -> bool:
    """Whether only what says that it is of a newer program does not fit the check, and so was altered."""
    known = [(FORMAT, protocol) for protocol in (CONDITIONAL, VERSIONED)]
    if (fields["format"], fields["protocol"]) in known or "check" not in fields:
        return False
    try:
        fitting = [check_of({**fields, "format": form, "protocol": protocol}) for form, protocol in known]
    except InvalidContent:
        return False
    return fields["check"] in fitting


def follow(backend: Backend, marker: Marker) -> None:
    """Have a store read and written as the marker says from now on.

    Raises:
        StorageError: the store cannot be.
    """
    if marker.protocol == VERSIONED:
        backend.rely_on_versions(manifests.PREFIX)


def _decoded(url: str, form: int, protocol: str, fields: dict[str, Any]) -> Marker:
    try:
        created = datetime.fromisoformat(fields["created"]).astimezone(UTC)
        return make(created, dict(fields["prefixes"]), tuple(fields["materialize"]), protocol)._replace(format=form)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, InvalidSettings) as error:
        raise AlteredObject(f"The format marker {KEY} of {url} is damaged: its fields cannot be used.") from error
