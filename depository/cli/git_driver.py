"""What git calls to show notebooks: a difference of two files, and a notebook as plain text.

git runs these once for each file. They read no configuration of depository's, and need no depository. What is no
notebook, such as a file with the marks of a merge, is compared as the text that it is.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from depository.cli import files
from depository.cli.comparing import Choice, compare_sides
from depository.cli.console import Console
from depository.cli.contents import Side
from depository.cli.text import printable
from depository.errors import DepositoryError, InvalidInput

_NOTHING = {"/dev/null", os.devnull}
"""What git names in place of a file that is not there."""
_CONTEXT = 3


class Given(NamedTuple):
    """What git says of a pair of files, in its order."""

    path: str
    old_file: str
    old_hash: str
    old_mode: str
    new_file: str
    new_hash: str
    new_mode: str
    new_path: str = ""
    """Where the file was renamed or copied to."""
    about: str = ""
    """Lines of git's own on that."""


def differences(console: Console, words: Sequence[str]) -> Iterator[str]:
    """What changed, as lines.

    Args:
        console: where they are going to be written.
        words: what git says: a path that is not merged, or the fields of `Given`.

    Raises:
        InvalidInput: this is not what git says.
    """
    if len(words) == 1:
        yield f"* Unmerged path {printable(words[0])}"
        return
    if len(words) not in {7, 9}:
        raise InvalidInput("git calls this, with a path, and for each of two files its name, hash and mode.")
    given = Given(*words)
    for line in _header(given):
        yield console.paint(line, "bold")
    try:
        sides = [_side(given.old_file), _side(given.new_file)]
    except (DepositoryError, OSError) as error:
        # git would stop at this file, and not show the others
        yield f"depository: {printable(str(error))}"
        return
    yield from _body(console, *sides)


def _header(given: Given) -> Iterator[str]:
    old, new = printable(f"a/{given.path}"), printable(f"b/{given.new_path or given.path}")
    yield f"diff --depository {old} {new}"
    is_new, is_gone = given.old_file in _NOTHING, given.new_file in _NOTHING
    if is_new:
        yield f"new file mode {given.new_mode}"
    elif is_gone:
        yield f"deleted file mode {given.old_mode}"
    elif given.old_mode != given.new_mode:
        yield f"old mode {given.old_mode}"
        yield f"new mode {given.new_mode}"
    yield from (printable(line) for line in given.about.splitlines() if not line.startswith("index "))
    yield f"--- {'/dev/null' if is_new else old}"
    yield f"+++ {'/dev/null' if is_gone else new}"


def _side(file: str) -> Side:
    data = b"" if file in _NOTHING else files.read(os.path.abspath(file)).data
    return Side(file, _notebook(data), data, {})


def _notebook(data: bytes) -> dict[str, Any] | None:
    from depository.notebook.content import Kind, from_file

    content = from_file(data)
    return content.value if content.kind is Kind.NOTEBOOK else None


def _body(console: Console, old: Side, new: Side) -> Iterator[str]:
    from depository.cli.rendering import painted
    from depository.diff.hunk_lines import hunk_lines
    from depository.diff.rendering import render_diff

    compared = compare_sides(old, new, Choice())
    if compared.notebooks is None:
        yield from painted(console, hunk_lines(compared.hunks(_CONTEXT)))
    elif compared.is_empty:
        if old.data != new.data:
            yield console.paint("only metadata, execution counts or how the file is written differ", "dim")
    else:
        highlighter = None
        if console.coloured:
            from depository.diff.highlight import Highlighter

            highlighter = Highlighter()
        yield from painted(console, render_diff(compared.notebooks, context=_CONTEXT, highlighter=highlighter))


def text_of(file: str) -> bytes:
    """A file as text that git can compare by lines; of what is no notebook, its bytes.

    A cell's place and execution count are left out: they change in cells that nobody touched.

    Raises:
        NotFound: there is no such file.
        InvalidContent: it is no regular file, or too large.
        OSError: it cannot be read.
    """
    data = b"" if file in _NOTHING else files.read(os.path.abspath(file)).data
    notebook = _notebook(data)
    if notebook is None:
        return data
    return "".join(f"{line}\n" for line in _text_lines(notebook)).encode()


def _text_lines(notebook: dict[str, Any]) -> Iterator[str]:
    from depository.notebook.cells import cells, coalesce, format_version
    from depository.notebook.text import attachments, described, output_header, output_lines, source_lines, visible

    yield f"nbformat {format_version(notebook)}"
    for cell in cells(notebook):
        yield ""
        yield visible(f"── {cell.kind}{f' · id {cell.id}' if cell.id else ''} ──".replace("\n", " "))
        yield from map(visible, source_lines(cell))
        yield from attachments(cell)
        for output in coalesce(cell.outputs):
            yield output_header(output)
            if output.text is not None:
                yield from map(visible, output_lines(output))
            yield from described(output)
