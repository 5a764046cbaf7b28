"""Naming a version: what ``v12``, ``latest~2``, ``published``, ``3f9a2c1`` or ``2 hours ago`` stand for."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from depository.errors import Ambiguous, InvalidName, NoVersion
from depository.history.entries import Entry, VersionEntry

WORKSPACE = "workspace"
SPACES = (WORKSPACE, "scheduled", "published")
LATEST = "latest"
MAX_NAME = 64
"""Bytes of a tag's name in UTF-8."""

_NUMBER = re.compile(r"v([1-9][0-9]{0,99})")
_BACK = re.compile(r"(.+?)((?:~[0-9]{0,99})+)")
_HASH = re.compile(r"[0-9a-f]{6,64}")
_SHOWN = 5


def check_tag(name: str) -> str:
    """Return a tag's name if it can be one.

    Raises:
        InvalidName: it means something else already, or has characters that names do not have.
    """
    if name in (*SPACES, LATEST):
        raise InvalidName(f"'{name}' is a name of depository's own; choose another for the tag.")
    if not re.fullmatch(r"[\w][\w.+-]*", name) or len(name.encode()) > MAX_NAME:
        raise InvalidName(
            f"'{_shown(name[:MAX_NAME])}' cannot be a tag: use at most {MAX_NAME} letters, digits and '_.+-', and "
            "start with a letter."
        )
    if _NUMBER.fullmatch(name) or _HASH.fullmatch(name) or name[0].isdigit() or _is_time(name):
        raise InvalidName(f"'{name}' cannot be a tag: it reads like a version, a hash or a date.")
    return name


def _is_time(text: str) -> bool:
    from depository import when

    try:
        when.parse_time(text, datetime(2026, 1, 1, tzinfo=UTC))
    except InvalidName:
        return False
    return True


def _shown(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def is_hash(spec: str) -> bool:
    """Whether a spec reads like a hash or the start of one."""
    return bool(_HASH.fullmatch(spec))


def find(
    spec: str, path: str, refs: Mapping[str, int], count: int, history: Iterable[Entry], now: datetime
) -> int | VersionEntry:
    """The number of the version that a spec names; or the entry itself, where finding it meant reading it.

    Args:
        spec: as the user wrote it.
        path: the notebook, for the errors.
        refs: its refs and tags.
        count: the number of its newest version.
        history: its entries, the newest first; read as far as need be.
        now: what relative times are counted from.

    Raises:
        NoVersion: there is no such version.
        Ambiguous: a hash prefix fits several contents.
        InvalidName: it reads like nothing that names a version.
    """
    if found := _BACK.fullmatch(spec):
        start = find(found[1], path, refs, count, history, now)
        back = sum(int(step or 1) for step in found[2][1:].split("~"))
        return _checked((start if isinstance(start, int) else start.number) - back, spec, path, count)
    if found := _NUMBER.fullmatch(spec):
        return _checked(int(found[1]), spec, path, count)
    if spec in (LATEST, WORKSPACE):
        return _checked(count, spec, path, count)
    if spec in refs:
        return refs[spec]
    if spec in SPACES:
        raise NoVersion(f"No version of '{path}' is {spec}.")
    versions = (entry for entry in history if isinstance(entry, VersionEntry))
    if is_hash(spec):
        return _by_hash(spec, path, versions)
    from depository import when

    try:
        time = when.parse_time(spec, now)
    except InvalidName:
        raise InvalidName(
            f"'{_shown(spec)}' names no version of '{path}': it is no number such as v3, no ref or tag that it has, no "
            "hash of 6 or more digits, and no date or time."
        ) from None
    milliseconds = time.timestamp() * 1000
    for entry in versions:
        if entry.time <= milliseconds:
            return entry
    raise NoVersion(f"'{path}' had no version yet at {time:%Y-%m-%d %H:%M}.")


def _checked(number: int, spec: str, path: str, count: int) -> int:
    if 1 <= number <= count:
        return number
    have = f"it has v1 to v{count}" if count > 1 else "it has v1 only" if count else "it has no version"
    raise NoVersion(f"'{path}' has no version {spec}: {have}.")


def _by_hash(prefix: str, path: str, versions: Iterable[VersionEntry]) -> VersionEntry:
    found: dict[bytes, VersionEntry] = {}
    for entry in versions:
        if entry.hash.hex().startswith(prefix):
            found.setdefault(entry.hash, entry)
    if not found:
        raise NoVersion(f"No version of '{path}' has a hash that starts with {prefix}.")
    if len(found) > 1:
        some = ", ".join(f"{e.hash.hex()[:12]} (v{e.number})" for e in list(found.values())[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise Ambiguous(f"{prefix} fits several versions of '{path}': {some}{more}; give more digits.")
    return next(iter(found.values()))


def check_promoted(ref: str) -> None:
    """Check the name of a space that versions are promoted to.

    Raises:
        InvalidName: it is another name.
    """
    if ref not in SPACES or ref == WORKSPACE:
        raise InvalidName(f"'{ref}' is nothing to promote to; 'published' and 'scheduled' are.")
