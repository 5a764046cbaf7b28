"""The content of a side of a comparison: a version, a blob, or the file on disk."""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from depository.cli import files
from depository.cli.naming import LATEST, Blob, Named, Notebook
from depository.cli.session import Session
from depository.cli.text import local, printable

if TYPE_CHECKING:
    from depository.depository import Depository
    from depository.models import Version


class Side(NamedTuple):
    """Content with a name."""

    label: str
    """What it is, for a person."""
    notebook: dict[str, Any] | None
    """None for what is no notebook."""
    data: bytes
    """What is no notebook, as bytes; of a notebook they are known for some files only."""
    record: dict[str, Any]
    """What it is, for a program."""


def of_version(session: Session, named: Named) -> Side:
    """The content of a version."""
    from depository import records

    depository = session.open(named.notebook.place)
    path = named.notebook.path
    version = depository.resolve(path, named.spec or LATEST)
    label = f"{printable(named.notebook.shown)}@{version.name}  {version.short}  {local(version.time)}"
    if version.kind == "raw":
        return Side(label, None, depository.read(path, version.name), records.version(version))
    return Side(label, depository.load(path, version.name), b"", records.version(version))


def of_blob(session: Session, blob: Blob) -> Side:
    """The content that has a hash."""
    from depository.errors import InvalidContent

    depository = session.open(blob.place)
    record = {"record": "blob", "hash": blob.hash}
    try:
        return Side(f"blob {blob.hash}", depository.load_blob(blob.hash), b"", record)
    except InvalidContent:
        return Side(f"blob {blob.hash}", None, depository.read_blob(blob.hash), record)


def of_file(notebook: Notebook) -> Side:
    """What the file of a notebook holds now.

    Raises:
        NotFound: there is none.
    """
    from depository.errors import NotFound
    from depository.notebook.content import Kind, from_file

    if notebook.file is None:
        raise NotFound(f"'{notebook.shown}' has no file here to compare with: name two versions.")
    data = files.read(notebook.file).data
    content = from_file(data)
    label = f"{printable(notebook.shown)}  on disk"
    record = {"record": "file", "path": notebook.path, "file": notebook.file, "size": len(data)}
    return Side(label, None, data, record) if content.kind is Kind.RAW else Side(label, content.value, b"", record)


def of_path(session: Session, argument: str) -> Side:
    """What any file holds, archived or not; a pipe is read to its end.

    Raises:
        NotFound: there is none.
        InvalidInput: it is a directory, or too large.
        OSError: it cannot be read.
    """
    from depository.errors import InvalidInput, NotFound

    file = session.file(argument)
    try:
        with open(file, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            # a pipe says that it has none
            data = stream.read(size + 1 if 0 < size <= files.MOST_BYTES else files.MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"There is no file '{argument}'.") from error
    except IsADirectoryError as error:
        raise InvalidInput(f"'{argument}' is a directory: name two notebooks.") from error
    if len(data) > files.MOST_BYTES:
        raise InvalidInput(f"'{argument}' is larger than {files.MOST_BYTES >> 20} MiB and cannot be compared.")
    record = {"record": "file", "file": file, "size": len(data)}
    return Side(printable(argument), _parsed(data), data, record)


def _parsed(data: bytes) -> dict[str, Any] | None:
    """The notebook that bytes are, as they are; None if they are none."""
    import json
    from codecs import BOM_UTF8

    try:
        value = json.loads(data.removeprefix(BOM_UTF8).decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_archived(depository: "Depository", version: "Version", data: bytes) -> bool:
    """Whether a version is these very bytes."""
    return version.size == len(data) and depository.read(version.path, version.name) == data
