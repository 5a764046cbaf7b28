"""What every proof is given."""

from pathlib import Path
from typing import NamedTuple


class Options(NamedTuple):
    """How much to do, and where."""

    scratch: Path
    """An empty directory to work in."""
    is_quick: bool
    """A sample in a minute or so, instead of everything."""
    seed: int
    """Of all chance; the same seed does the same again."""
    servers: tuple[str, ...]
    """Further S3 services, each the file of an environment that names one; empty: those that can be started here."""
