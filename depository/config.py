"""Which depository a file belongs to, and the path that it has there.

The first of these that says anything decides: the URL given on the command line; the nearest `.depository.toml` going
up from the file; the user's settings file; the environment's `DEPOSITORY_URL`, with `DEPOSITORY_S3_…` for how to reach
it; a directory of the user's own.

A namespace stands for a directory: that of the `.depository.toml` which names it, else the user's home directory. What
lies outside of that directory is kept under ``namespace/-/`` and its whole way from the root.

What the environment says is passed in; `Surroundings.of_process` gathers it, for the ways in to call.
"""

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from depository.errors import InvalidPath, InvalidSettings
from depository.paths import check

if TYPE_CHECKING:
    from depository.backends.s3_settings import S3Settings

SETTINGS_FILE = ".depository.toml"
URL_VARIABLE = "DEPOSITORY_URL"
NAMESPACE_VARIABLE = "DEPOSITORY_NAMESPACE"
HUB_USER_VARIABLE = "JUPYTERHUB_USER"
"""Where JupyterHub says whose server this is: the login name there is often the same for all."""
S3_VARIABLES = "DEPOSITORY_S3_"
"""How the variables begin that stand for `S3_KEYS`, beside `URL_VARIABLE`."""
SPOOL_VARIABLE = "DEPOSITORY_SPOOL"

ADDRESSING = ("auto", "path", "virtual")
SSE = ("AES256", "aws:kms")
CHECKSUMS = ("when_supported", "when_required")
S3_KEYS = ("endpoint_url", "region", "profile", "addressing", "sse", "kms_key_id", "checksums")
"""What may be set about an S3 service; no secret is among it."""

OUTSIDE = "-"
"""The directory of a namespace that holds what lies outside of the namespace's own directory."""

_KEYS = ("url", "namespace", "s3")
_S3_CHOICES = {"addressing": ADDRESSING, "sse": SSE, "checksums": CHECKSUMS}
_has_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|(?:s3|file|memory):", re.IGNORECASE).match
_MOST_BYTES = 64 * 1024
"""A settings file past this size is something else."""


class Surroundings(NamedTuple):
    """What decides beside the settings files, passed in."""

    environ: Mapping[str, str]
    cwd: str
    """The current directory, absolute."""
    home: str
    """The user's home directory, absolute."""
    user: str
    """The user's login name."""
    platform: str = sys.platform

    @property
    def author(self) -> str:
        """Who saves: the user of JupyterHub, whose container has one login name for all, or else the login name."""
        return self.environ.get(HUB_USER_VARIABLE) or self.user

    @classmethod
    def of_process(cls) -> Self:
        """Where this process is, and for whom."""
        environ = os.environ
        return cls(environ, _logical_directory(environ), os.path.normpath(os.path.expanduser("~")), _user(environ))


class Place(NamedTuple):
    """A depository, and the part of it that stands for a directory."""

    url: str
    namespace: str
    """The leading part of the paths here; empty for none."""
    base: str
    """The directory that the namespace stands for, absolute."""
    reason: str
    """Why this depository, as a sentence."""
    s3: Mapping[str, str]
    """How to reach it where it is on S3, by `S3_KEYS`."""
    is_default: bool = False
    """Nothing decided: it is the directory of the user's own, which the first save makes."""

    @property
    def s3_settings(self) -> "S3Settings | None":
        """The same as `s3`, as the backend takes it; None where nothing is set."""
        if not self.s3:
            return None
        from depository.backends.s3_settings import S3Settings

        return S3Settings(**self.s3)  # type: ignore[arg-type]  # the choices were checked when the file was read


class Candidate(NamedTuple):
    """Something that could say which depository a directory belongs to."""

    source: str
    """A settings file, or the name of a variable."""
    url: str | None
    """What it names; None if nothing, or nothing that can be used."""
    namespace: str | None
    is_nearest: bool = True
    """False for a `.depository.toml` above another one, which is not read."""


class _Settings(NamedTuple):
    file: str
    base: str
    """The directory that a namespace in the file stands for."""
    url: str | None
    namespace: str | None
    s3: Mapping[str, str]


def locate(directory: str, surroundings: Surroundings, *, url: str | None = None) -> Place:
    """The depository that the files of a directory belong to.

    Args:
        directory: Absolute; it need not exist.
        surroundings: What decides beside the settings files.
        url: The depository that was asked for in so many words, if any.

    Raises:
        InvalidSettings: a settings file on the way, or a variable, cannot be used.
    """
    environ, home = surroundings.environ, surroundings.home
    project = _nearest(directory, home)
    personal = _read_settings(user_settings_file(surroundings), base=home, home=home)
    found = [settings for settings in (project, personal) if settings]

    named = next((settings for settings in found if settings.namespace is not None), None)
    namespace = named.namespace if named else None
    if namespace is None and NAMESPACE_VARIABLE in environ:
        namespace = _namespace(environ[NAMESPACE_VARIABLE], NAMESPACE_VARIABLE)
    if namespace is None:
        namespace = _name_of(environ.get(HUB_USER_VARIABLE) or surroundings.user)
    base = named.base if named else home

    of_environment = environ.get(URL_VARIABLE)
    if of_environment:
        of_environment = _whole_url(of_environment, surroundings.cwd, home)
    if url is not None:
        url = _whole_url(url, surroundings.cwd, home)
        fallback = _s3_of(environ) if url == of_environment else {}
        s3 = next((settings.s3 for settings in found if settings.url == url), fallback)
        return Place(url, namespace, base, "it was named on the command line", s3)
    for settings in found:
        if settings.url is not None:
            return Place(settings.url, namespace, base, f"{settings.file} names it", settings.s3)
    if of_environment:
        reason = f"the environment names it, in {URL_VARIABLE}"
        return Place(of_environment, namespace, base, reason, _s3_of(environ))
    reason = f"it is yours by default: there is no {SETTINGS_FILE}, no settings file of yours, and no {URL_VARIABLE}"
    return Place(_default_url(surroundings), namespace, base, reason, {}, is_default=True)


def candidates(directory: str, surroundings: Surroundings) -> Iterator[Candidate]:
    """All that could say which depository a directory belongs to, in the order in which it counts."""
    environ, home = surroundings.environ, surroundings.home
    nearest = True
    for above in _upwards(directory):
        file = os.path.join(above, SETTINGS_FILE)
        if os.path.lexists(file):
            yield _candidate(file, above, home)._replace(is_nearest=nearest)
            nearest = False
    if os.path.lexists(personal := user_settings_file(surroundings)):
        yield _candidate(personal, home, home)
    if url := environ.get(URL_VARIABLE):
        yield Candidate(URL_VARIABLE, _whole_url(url, surroundings.cwd, home), None)
    if NAMESPACE_VARIABLE in environ:
        yield Candidate(NAMESPACE_VARIABLE, None, environ[NAMESPACE_VARIABLE])


def configured() -> "tuple[str, S3Settings | None]":
    """The URL, and how to reach it, that are configured for this process and its current directory."""
    surroundings = Surroundings.of_process()
    place = locate(surroundings.cwd, surroundings)
    return place.url, place.s3_settings


def path_of(place: Place, file: str) -> str:
    """The path that an absolute file or directory has in its depository; empty for the top.

    Raises:
        InvalidPath: it cannot have one.
    """
    inside = _below(file, place.base)
    if inside is None:
        real = os.path.join(os.path.realpath(os.path.dirname(file)), os.path.basename(file))
        inside = _below(real, os.path.realpath(place.base))
    if inside is None:
        drive, rest = os.path.splitdrive(file)
        inside = "/".join([OUTSIDE, *_parts(drive.replace(":", "")), *_parts(rest)])
    elif inside == OUTSIDE or inside.startswith(f"{OUTSIDE}/"):
        raise InvalidPath(
            f"'{file}' can have no path in the depository, where '{OUTSIDE}' stands for what lies outside of "
            f"'{place.base}': rename the directory."
        )
    path = f"{place.namespace}/{inside}".strip("/")
    return check(path) if path else ""


def path_of_name(place: Place, name: str) -> str:
    """The path of something that is no file on this machine, by its name below the namespace; empty for the top.

    Raises:
        InvalidPath: it cannot have one.
    """
    path = "/".join(part for part in (place.namespace, name.strip("/")) if part)
    return check(path) if path else ""


def file_of(place: Place, path: str) -> str | None:
    """The absolute file that has a path in the depository, or None where no file here can have it."""
    prefix = f"{place.namespace}/" if place.namespace else ""
    if not path.startswith(prefix):
        return None
    inside = path.removeprefix(prefix)
    if inside.startswith(f"{OUTSIDE}/"):
        return os.path.join(os.sep, *inside.split("/")[1:]) if os.sep == "/" else None
    return os.path.join(place.base, *inside.split("/"))


def user_settings_file(surroundings: Surroundings) -> str:
    """Where the user's own settings are, whether or not there are any."""
    if surroundings.platform == "win32":
        above = surroundings.environ.get("APPDATA") or os.path.join(surroundings.home, "AppData", "Roaming")
    else:
        above = _xdg(surroundings, "XDG_CONFIG_HOME") or os.path.join(surroundings.home, ".config")
    return os.path.join(above, "depository", "config.toml")


def cache_directory(surroundings: Surroundings) -> str:
    """Where to keep what can be had again."""
    home = surroundings.home
    if surroundings.platform == "win32":
        above = surroundings.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
        return os.path.join(above, "depository-cache")
    if surroundings.platform == "darwin":
        above = _xdg(surroundings, "XDG_CACHE_HOME") or os.path.join(home, "Library", "Caches")
    else:
        above = _xdg(surroundings, "XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(above, "depository")


def state_directory(surroundings: Surroundings) -> str:
    """Where to keep what is to be done yet, and must last."""
    home = surroundings.home
    if surroundings.platform == "win32":
        above = surroundings.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
        return os.path.join(above, "depository-state")
    named = _xdg(surroundings, "XDG_STATE_HOME")
    if named is None and surroundings.platform == "darwin":
        return os.path.join(home, "Library", "Application Support", "depository-state")
    return os.path.join(named or os.path.join(home, ".local", "state"), "depository")


def spool_directory(surroundings: Surroundings) -> str:
    """Where saves wait that are not archived yet, absolute; one for all processes of a user."""
    if named := surroundings.environ.get(SPOOL_VARIABLE):
        return _whole_directory(named, surroundings.cwd, surroundings.home)
    return os.path.join(state_directory(surroundings), "spool")


def settings_text(url: str, namespace: str, s3: Mapping[str, str]) -> str:
    """What a settings file has to say to name a depository."""
    lines = ["# Where the notebooks from this directory downwards are archived.", f"url = {_quoted(url)}"]
    lines += ["# The part of the depository that stands for this directory.", f"namespace = {_quoted(namespace)}"]
    if s3:
        lines += ["", "[s3]", *(f"{key} = {_quoted(s3[key])}" for key in S3_KEYS if key in s3)]
    return "\n".join(lines) + "\n"


def _default_url(surroundings: Surroundings) -> str:
    home = surroundings.home
    if surroundings.platform == "win32":
        above = surroundings.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif surroundings.platform == "darwin":
        above = _xdg(surroundings, "XDG_DATA_HOME") or os.path.join(home, "Library", "Application Support")
    else:
        above = _xdg(surroundings, "XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(above, "depository")


def _xdg(surroundings: Surroundings, name: str) -> str | None:
    value = surroundings.environ.get(name)
    return value if value and os.path.isabs(value) else None


def _logical_directory(environ: Mapping[str, str]) -> str:
    """The current directory by the name that the user went there by, symbolic links and all, as shells show it."""
    named = environ.get("PWD", "")
    try:
        if os.path.isabs(named) and os.path.samefile(named, "."):
            return os.path.normpath(named)
    except OSError:
        pass
    return os.getcwd()


def _user(environ: Mapping[str, str]) -> str:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if environ.get(name):
            return environ[name]
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError, ImportError):  # a number that no user database knows, as in a container
        return f"user-{os.getuid()}" if hasattr(os, "getuid") else "user"


def _nearest(directory: str, home: str) -> _Settings | None:
    files = ((os.path.join(above, SETTINGS_FILE), above) for above in _upwards(directory))
    found = (_read_settings(file, base=above, home=home) for file, above in files)
    return next((settings for settings in found if settings), None)


def _upwards(directory: str) -> Iterator[str]:
    """A directory, and those that it is in, the nearest first."""
    while True:
        yield directory
        above = os.path.dirname(directory)
        if above == directory:
            return
        directory = above


def _candidate(file: str, base: str, home: str) -> Candidate:
    try:
        settings = _read_settings(file, base=base, home=home)
    except InvalidSettings:
        settings = None
    return Candidate(file, settings.url if settings else None, settings.namespace if settings else None)


def _read_settings(file: str, *, base: str, home: str) -> _Settings | None:
    text = _read(file)
    if text is None:
        return None
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"'{file}' is not TOML: {error}.") from error
    _know(values, _KEYS, file, "")
    url, namespace, s3 = values.get("url"), values.get("namespace"), values.get("s3", {})
    if url is not None:
        url = _whole_url(_text(url, file, "url"), os.path.dirname(file), home)
    if namespace is not None:
        namespace = _namespace(_text(namespace, file, "namespace", empty=True), f"'{file}'")
    if not isinstance(s3, dict):
        raise InvalidSettings(f"In '{file}', s3 has to be a table, [s3], and not {_kind(s3)}.")
    if s3 and url is None:
        raise InvalidSettings(f"In '{file}', the table [s3] needs beside it the url that it is for.")
    _know(s3, S3_KEYS, file, "s3.")
    return _Settings(file, base, url, namespace, {key: _s3_text(s3[key], file, key) for key in s3})


def _read(file: str) -> str | None:
    """The text of a settings file, or None where there is none."""
    try:
        found = os.stat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            raise InvalidSettings(
                f"'{file}' is too large for a settings file, or is no file at all: move it out of the way."
            )
        with open(file, encoding="utf-8") as stream:
            return stream.read(_MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise InvalidSettings(f"'{file}' is not in UTF-8.") from error
    except OSError as error:
        if not os.path.lexists(file):  # a directory on the way that may not be looked into
            return None
        raise InvalidSettings(f"'{file}' cannot be read: {error.strerror}.") from error


def _know(values: Mapping[str, Any], keys: tuple[str, ...], file: str, above: str) -> None:
    for key in values:
        if any(word in key.lower() for word in ("secret", "password", "token", "access_key")):
            raise InvalidSettings(
                f"In '{file}', {above}{key} has no place: secrets are read from the environment and from AWS profiles "
                "only."
            )
        if key not in keys:
            raise InvalidSettings(f"In '{file}', {above}{key} is no setting: there are {', '.join(keys)}.")


def _text(value: object, file: str, key: str, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise InvalidSettings(f"In '{file}', {key} has to be a text in quotes, and not {_kind(value)}.")
    if not value and not empty:
        raise InvalidSettings(f"In '{file}', {key} is empty.")
    return value


def _s3_text(value: object, file: str, key: str) -> str:
    text, choices = _text(value, file, f"s3.{key}"), _S3_CHOICES.get(key)
    if choices and text not in choices:
        raise InvalidSettings(f"In '{file}', s3.{key} has to be one of {', '.join(choices)}.")
    return text


def _s3_of(environ: Mapping[str, str]) -> Mapping[str, str]:
    """How to reach S3, as far as the environment says; an empty variable says nothing."""
    found = {key: value for key in S3_KEYS if (value := environ.get(S3_VARIABLES + key.upper()))}
    for key, value in found.items():
        choices = _S3_CHOICES.get(key)
        if choices and value not in choices:
            raise InvalidSettings(
                f"In the environment, {S3_VARIABLES}{key.upper()} has to be one of {', '.join(choices)}, and not "
                f"'{value}'."
            )
    return found


def _kind(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table", str: "a text"}
    return kinds.get(type(value), "a date or time")


def _namespace(value: str, source: str) -> str:
    try:
        return check(value) if value else ""
    except InvalidPath as error:
        raise InvalidSettings(f"In {source}, the namespace cannot be used: {error}") from error


def _whole_url(url: str, directory: str, home: str) -> str:
    """As it is, if it names its scheme; else the absolute path of a directory."""
    return url if _has_scheme(url) else _whole_directory(url, directory, home)


def _whole_directory(name: str, directory: str, home: str) -> str:
    if name == "~" or name.startswith(("~/", f"~{os.sep}")):
        name = home + name[1:]
    return os.path.normpath(os.path.join(directory, name))


def _name_of(user: str) -> str:
    """A login name as the first part of a path."""
    name = "".join("-" if letter in "/\\:" or not letter.isprintable() else letter for letter in user).strip()
    return "user" if name in {"", ".", "..", OUTSIDE} else name


def _below(file: str, directory: str) -> str | None:
    """The way from a directory down to a file, with ``/``; empty for the directory itself, None if it is not below."""
    if os.path.normcase(file) == os.path.normcase(directory):
        return ""
    above = directory if directory.endswith(os.sep) else directory + os.sep
    if not os.path.normcase(file).startswith(os.path.normcase(above)):
        return None
    return "/".join(_parts(file[len(above) :]))


def _parts(way: str) -> list[str]:
    return [part for part in way.replace(os.sep, "/").split("/") if part]


def _quoted(text: str) -> str:
    """As a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'
