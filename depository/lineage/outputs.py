"""What the outputs of a cell show, by hashes: equal for two that show the same."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from depository.notebook.canonical import encode_text, hash_bytes, hash_text
from depository.notebook.cells import Cell, Output, as_text, coalesce, decode, is_binary
from depository.notebook.skeleton import Reference

_ADDRESS = re.compile(r"\b(at|object at|id=) ?0x[0-9a-fA-F]+\b")
"""Where an object was in memory: another place each time, and nothing that a person looks at."""


class Shown(NamedTuple):
    """An output."""

    kind: str
    """``stream``, ``display_data``, ``execute_result`` or ``error``; any other as the notebook has it."""
    name: str
    """Which stream, or which error; empty for another kind."""
    values: tuple[tuple[str, str], ...]
    """MIME types and BLAKE3 hashes, 64 hex digits, of what is shown; the text of streams and errors as
    ``text/plain``."""


def shown(cell: Cell) -> tuple[Shown, ...]:
    """What a cell shows. Where a kernel cut a stream, and where an object was in memory, says nothing."""
    return tuple(
        Shown(output.kind, output.name or output.error_name or "", tuple(_values(output)))
        for output in coalesce(cell.outputs)
    )


def _values(output: Output) -> Iterator[tuple[str, str]]:
    if not output.mimes:
        yield "text/plain", _hash_of_text(output.text or output.error_value or "")
    for mime in sorted(output.mimes):
        value = output.mimes[mime]
        if isinstance(value, Reference):
            yield mime, str(value)
        elif isinstance(value, str) and is_binary(mime):
            yield mime, hash_bytes(decode(mime, value)).hex()
        else:
            yield mime, _hash_of_text(as_text(value))


def _hash_of_text(text: str) -> str:
    return hash_text(encode_text(_ADDRESS.sub(r"\1 0x…", text))).hex()
