"""Two contents handed to nbdime's own tools."""

import os
import re
from collections.abc import Sequence

from depository.cli.comparing import Choice
from depository.cli.contents import Side
from depository.errors import InvalidContent, NotFound

_NAME = re.compile(r"[^\w.@-]+")


def options(choice: Choice, *, web: bool, coloured: bool) -> list[str]:
    """What to tell ``nbdiff`` or ``nbdiff-web`` of what to compare, and how to show it."""
    return [
        *([] if choice.outputs else ["--ignore-outputs"]),
        *([] if choice.metadata else ["--ignore-metadata", "--ignore-id"]),
        *([] if choice.execution_counts else ["--ignore-details"]),
        *([] if coloured or web else ["--no-color"]),
    ]


def run(old: Side, new: Side, words: Sequence[str], *, web: bool, path: str | None) -> int:
    """Show what changed with ``nbdiff`` or, in the browser, ``nbdiff-web``, and wait until it ends.

    Args:
        old: the notebook before.
        new: the notebook after.
        words: the options to give it.
        web: whether to use ``nbdiff-web``.
        path: where programs are looked for, beside where this one is.

    Returns:
        Its exit code.

    Raises:
        NotFound: nbdime is not installed.
        InvalidContent: a side is no notebook.
    """
    import subprocess
    from tempfile import TemporaryDirectory

    program = _find("nbdiff-web" if web else "nbdiff", path)
    with TemporaryDirectory(prefix="depository-") as directory:
        files = [_write(directory, name, side) for name, side in (("old", old), ("new", new))]
        return subprocess.run([program, *words, *files], check=False).returncode  # noqa: S603 - nbdime's own


def _find(name: str, path: str | None) -> str:
    import shutil
    import sys

    found = shutil.which(name, path=path) or shutil.which(name, path=os.path.dirname(sys.executable))
    if found is None:
        raise NotFound(f"There is no {name} here: 'pip install nbdime' brings it.")
    return found


def _write(directory: str, name: str, side: Side) -> str:
    import json

    if side.notebook is None:
        raise InvalidContent(f"{side.label} is no notebook, and nbdime compares nothing else.")
    label = _NAME.sub("_", side.label.split("  ")[0].replace(".ipynb", ""))[-80:].lstrip(".-")
    file = os.path.join(directory, name, f"{label or 'notebook'}.ipynb")
    os.mkdir(os.path.dirname(file))
    with open(file, "w", encoding="utf-8", errors="surrogatepass") as stream:
        json.dump(side.notebook, stream)
    return file
