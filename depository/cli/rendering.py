"""Rendered notebooks and differences in colour."""

from collections.abc import Iterable, Iterator

from depository.cli.console import Console
from depository.diff.texts import Hunk
from depository.notebook.text import Line, Role, visible

_STYLES: dict[Role, str] = {
    "cell-header": "bold",
    "output-header": "event",
    "source": "",
    "output": "dim",
    "note": "dim",
    "added": "good",
    "removed": "bad",
    "context": "",
    "hunk": "event",
}


def painted(console: Console, lines: Iterable[Line]) -> Iterator[str]:
    """Each line in the colour of its role."""
    for line in lines:
        yield console.paint(line.text, _STYLES[line.role])


def text_lines(data: bytes) -> Iterator[str]:
    """Bytes as lines of text, where nothing drives the terminal."""
    text = visible(data.decode(errors="replace"))
    return iter(text.removesuffix("\n").split("\n") if text else ())


def hunk_lines(hunks: Iterable[Hunk]) -> Iterator[Line]:
    """Changed lines of a plain text, with the unchanged ones around them."""
    roles: dict[str, Role] = {" ": "context", "-": "removed", "+": "added"}
    for hunk in hunks:
        old, new = (sum(line.tag != tag for line in hunk.lines) for tag in "+-")
        yield Line("hunk", f"@@ -{hunk.old_start},{old} +{hunk.new_start},{new} @@")
        yield from (Line(roles[tag], f"{tag} {visible(text)}") for tag, text, _ in hunk.lines)
