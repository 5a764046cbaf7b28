"""Whatever happened to the notebooks, a search with the index finds what looking at every version finds."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depository import Depository
from depository.backends.local import LocalBackend
from depository.backends.memory import MemoryBackend
from depository.search.query import Query, Versions
from tests.api.stores import found
from tests.notebooks import Notebook, code, file_of, markdown, notebook
from tests.search import naive

PATHS = ("a.ipynb", "b.ipynb", "team/c.ipynb")
PATTERNS = ("plot", "^x", "a.*1", "nowhere", r"\bdef\b", "")
SOURCES = (
    "x = 1",
    "x = 1\ny = 2",
    "def plot(a):\n    return 1",
    "    return 1",
    "plot(a1)\nplot(a1)\n",
    "",
    "\n\nx",
    "ünï\ta 1",
)

Step = tuple[str, int, int, int]


def cells() -> st.SearchStrategy[Any]:
    return st.builds(lambda kind, source: kind(source), st.sampled_from([code, markdown]), st.sampled_from(SOURCES))


def steps() -> st.SearchStrategy[list[tuple[str, str, str, list[Any]]]]:
    kinds = ["save"] * 6 + ["rerun", "again", "rename", "delete", "undelete", "search"]
    paths = st.sampled_from(PATHS)
    return st.lists(st.tuples(st.sampled_from(kinds), paths, paths, st.lists(cells(), max_size=4)), max_size=12)


def play(depo: Depository, kind: str, path: str, other: str, body: list[Any]) -> None:
    """Do something that a user may do; what cannot be done is not."""
    alive = {line.path for line in depo.ls()}
    gone = {line.path for line in depo.ls(deleted=True)} - alive
    if kind == "save" or (kind in ("rerun", "again") and path not in alive):
        depo.save(path, file_of(numbered(body)))
    elif kind == "rerun":
        again = depo.load(path)
        again["metadata"]["run"] = again["metadata"].get("run", 0) + 1
        depo.save(path, again)
    elif kind == "again":  # what was there before comes back
        depo.save(path, depo.read(path, "v1"))
    elif kind == "rename" and path in alive and other not in alive and path != other:
        depo.rename(path, other)
    elif kind == "delete" and path in alive:
        depo.delete(path)
    elif kind == "undelete" and path in gone and path in {e.path for e in deleted(depo)}:
        depo.undelete(path)


def deleted(depo: Depository) -> Iterator[Any]:
    for line in depo.ls(deleted=True, details=True):
        if line.deleted:
            try:
                depo.refs(line.path)
            except Exception:  # noqa: BLE001, S112 - renamed away
                continue
            yield line


def numbered(body: list[Any]) -> Notebook:
    return notebook(*({**cell, "id": f"c{place}"} for place, cell in enumerate(body)))


def compare(depo: Depository, index: str | None) -> None:
    for pattern in PATTERNS:
        newest = list(depo.grep(Query(pattern), index=index))
        assert [naive.told(match) for match in newest] == naive.latest(depo, pattern)
        for versions, expected in ((Versions.ALL, naive.in_all), (Versions.REMOVED, naive.removed)):
            matches = [naive.told(match) for match in depo.grep(Query(pattern, versions=versions), index=index)]
            assert len(set(matches)) == len(matches)
            assert set(matches) == expected(depo, pattern)


@pytest.mark.parametrize("where", ["memory", "local"])
@given(story=steps())
@settings(max_examples=30, deadline=None)
def test_it_finds_what_looking_at_every_version_finds(where: str, story: list[tuple[str, str, str, list[Any]]]) -> None:
    with TemporaryDirectory() as name:
        backend = MemoryBackend() if where == "memory" else LocalBackend(str(Path(name) / "store"))
        with found(backend) as depo:
            index = str(Path(name) / "cache" / "index")
            for kind, path, other, body in story:
                if kind == "search":
                    compare(depo, index)
                else:
                    play(depo, kind, path, other, body)
            compare(depo, index)
            compare(depo, None)
