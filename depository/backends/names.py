"""Names on disk: every key gets a file of its own, whatever the file system.

Keys that differ only in case or in Unicode's normal form stay apart, names that Windows reserves are avoided, and a
key may be the start of another (``a`` and ``a/b``). The rules, for each ``/``-separated part of a key:

- lower-case ASCII letters, digits and ``-_.,+=@()[]{}#&'!`` and space stand for themselves; every other character is
  its UTF-8 bytes, each as ``%`` and two lower-case hex digits;
- a space at the end, and the first letter of a name that Windows reserves (``con``, ``nul.txt``), are escaped as well;
- in the name of a directory every ``.`` is escaped; in that of a file only one at the start or at the end, and a file
  whose name then has no ``.`` gets one ``%`` at its end. So no file is ever where a directory has to be;
- a part that gets longer than 200 bytes is cut into nested directories; each but the last is marked by ``%-``.

So no name starts with ``.``: those are free for housekeeping. Names that these rules do not produce are foreign, and
read as None.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

_LONGEST = 200
_FILE_MARK = "%"
_CONTINUED_MARK = "%-"

_RESERVED = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])"
_is_reserved = re.compile(_RESERVED + r" *(?:\..*)?").fullmatch

_escaped_bytes = re.compile("(?:%[0-9a-f]{2})+")


class _Escapes(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = escape = _percent(chr(code))
        return escape


def _percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


_ESCAPES = _Escapes({ord(kept): kept for kept in "abcdefghijklmnopqrstuvwxyz0123456789-_.,+=@()[]{}#&'! "})


@cache
def _plain_names() -> tuple[Callable[[str], object], Callable[[str], object]]:
    """Whether a name is that of a file, or of a directory, without any escape, as nearly all are.

    Made when something is first listed: most commands list nothing, and compiling these takes longer than what they do.
    """
    file = rf"(?!{_RESERVED}[.%])[a-z0-9_-]{{1,100}}(?:\.[a-z0-9_-]{{1,50}}|%)"
    directory = rf"(?!{_RESERVED}\Z)[a-z0-9_-]{{1,200}}"
    return re.compile(file).fullmatch, re.compile(directory).fullmatch


class Name(NamedTuple):
    """What one name on disk stands for."""

    text: str
    """The part of a key, or the first piece of it."""
    is_file: bool
    is_continued: bool
    """A directory whose text goes on in the names inside it."""


def encode(key: str) -> str:
    """The path of a key's file below the directory of the store, with ``/`` between its names."""
    *directories, file = key.split("/")
    path = [name for part in directories for name in part_names(part, is_file=False)]
    return "/".join([*path, *part_names(file, is_file=True)])


def decode(path: str) -> str | None:
    """The key whose path this is, or None for a foreign one."""
    parts, text = [], ""
    *directories, file = path.split("/")
    for directory in directories:
        name = read_name(directory)
        if name is None or name.is_file:
            return None
        text += name.text
        if not name.is_continued:
            parts.append(text)
            text = ""
    name = read_name(file)
    if name is None or not name.is_file:
        return None
    key = "/".join([*parts, text + name.text])
    return key if encode(key) == path else None


def read_name(name: str) -> Name | None:
    """What a name stands for, taken for itself; whether a cut one was cut at the right place, its whole must say."""
    if not name.isascii():  # as none of ours is; it may not even be text
        return None
    is_plain_file, is_plain_directory = _plain_names()
    if is_plain_file(name):
        return Name(name.removesuffix(_FILE_MARK), is_file=True, is_continued=False)
    if is_plain_directory(name):
        return Name(name, is_file=False, is_continued=False)
    if name.endswith(_CONTINUED_MARK):
        text = _unescape(name.removesuffix(_CONTINUED_MARK))
        found = Name(text, is_file=False, is_continued=True)
        return found if text and _directory_name(text) + _CONTINUED_MARK == name else None
    text = _unescape(name.removesuffix(_FILE_MARK))
    if text and _file_name(text) == name:
        return Name(text, is_file=True, is_continued=False)
    if text and _directory_name(text) == name:
        return Name(text, is_file=False, is_continued=False)
    return None


def part_names(part: str, *, is_file: bool) -> list[str]:
    """The names, one inside the other, that stand for a part of a key: its last part is a file."""
    return _cut(part, _file_name if is_file else _directory_name)


def _cut(part: str, spell: Callable[[str], str]) -> list[str]:
    whole = spell(part)
    if len(whole) <= _LONGEST:
        return [whole]
    names, start, length = [], 0, 0
    for position, character in enumerate(part):
        size = len(_directory_escape(character))
        if length + size > _LONGEST:
            names.append(_directory_name(part[start:position]) + _CONTINUED_MARK)
            start, length = position, 0
        length += size
    return [*names, spell(part[start:])]


def _directory_escape(text: str) -> str:
    return text.translate(_ESCAPES).replace(".", "%2e")


def _directory_name(text: str) -> str:
    return _portable(_directory_escape(text))


def _file_name(text: str) -> str:
    name = text.translate(_ESCAPES)
    if name.startswith("."):
        name = "%2e" + name[1:]
    if name.endswith("."):
        name = name[:-1] + "%2e"
    name = _portable(name)
    return name if "." in name else name + _FILE_MARK


def _portable(name: str) -> str:
    if name.endswith(" "):
        name = name[:-1] + "%20"
    if _is_reserved(name):
        name = _percent(name[0]) + name[1:]
    return name


def _unescape(name: str) -> str:
    try:
        return _escaped_bytes.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode(), name)
    except UnicodeDecodeError:
        return ""
