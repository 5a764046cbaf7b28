"""Golden vectors: what is stored in the world already, and must be read for ever.

``python -m tests.golden.write`` adds vectors for new cases; one that is there is never changed.
"""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def load(name: str) -> list[dict[str, Any]]:
    """The vectors of a file in this directory."""
    vectors: list[dict[str, Any]] = json.loads((_HERE / f"{name}.json").read_text(encoding="ascii"))
    return vectors


def store(name: str, vectors: list[dict[str, Any]]) -> None:
    """Write the vectors of a file in this directory."""
    (_HERE / f"{name}.json").write_text(json.dumps(vectors, indent=1) + "\n", encoding="ascii")


def joined(parts: list[tuple[str, int]]) -> bytes:
    """Bytes that a vector holds as parts, each in hex and repeated."""
    return b"".join(bytes.fromhex(part) * times for part, times in parts)
