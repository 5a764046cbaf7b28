"""The states of a notebook, one after the other."""

import json
from typing import Any

from depository.backends.memory import MemoryBackend
from depository.history.commit import Commits
from depository.lineage.past import Past, State
from depository.objects.store import Objects
from tests.api.histories import as_manifest
from tests.api.stores import found
from tests.notebooks import code, file_of, notebook, stream

PATH = "mine.ipynb"


def states(*versions: Any, outputs: bool = False) -> list[State]:
    """The states that a past of these versions has, the newest first."""
    backend = MemoryBackend()
    depo = found(backend)
    for version in versions:
        depo.save(PATH, version if isinstance(version, bytes) else file_of(notebook(version)))
    objects = Objects(backend)
    commits = Commits(backend, objects, token=bytes, pause=lambda _: None)
    trail = Past(commits, objects, outputs=outputs).trail(as_manifest(backend, PATH), len(versions))
    return [trail.first, *trail.older]


def test_versions_that_only_ran_are_one_state_with_the_one_before_them() -> None:
    found = states(code("a"), code("a", stream("1\n")), code("b", stream("1\n")), code("b", stream("2\n")))
    assert [state.made.number for state in found] == [3, 1]
    assert [cell.outputs for state in found for cell in state.cells] == [(), ()]


def test_they_are_states_of_their_own_where_outputs_are_asked_for() -> None:
    found = states(code("a"), code("a", stream("1\n")), code("a", stream("2\n")), outputs=True)
    assert [state.made.number for state in found] == [3, 2, 1]
    assert [[output.text for output in state.cells[0].outputs] for state in found] == [["2\n"], ["1\n"], []]


def test_raw_bytes_are_no_state() -> None:
    assert [state.made.number for state in states(code("a"), b"{", b"[", code("b"))] == [4, 1]


def test_a_state_that_comes_again_is_the_same_in_memory() -> None:
    last, _, first = states(code("a"), code("b"), code("a"))
    assert last.cells is first.cells


def test_a_notebook_without_cells_has_states_like_any_other() -> None:
    empty = file_of(notebook())
    found = states(empty, code("a"), empty)
    assert [len(state.cells) for state in found] == [0, 1, 0]
    assert found[0].cells is found[2].cells


def test_a_text_that_stays_is_one_in_memory() -> None:
    source = "\n".join(f"line {number}" for number in range(100))
    old, new = (notebook(code(source), code(str(number), cell_id="two")) for number in range(2))
    after, before = states(file_of(old), file_of(new))
    assert after.cells[0].source is before.cells[0].source


def test_notebooks_of_old_formats_have_cells_too() -> None:
    cell = {"cell_type": "code", "input": "a = 1", "language": "python", "outputs": [], "metadata": {}}
    sheet = b'{"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [%s]}, {"cells": [%s]}]}'
    one, two = (json.dumps({**cell, "input": source}).encode() for source in ("a = 1", "b = 2"))
    (state,) = states(sheet % (one, two))
    assert [(cell.index, cell.kind, cell.source) for cell in state.cells] == [
        (0, "code", "a = 1"),
        (1, "code", "b = 2"),
    ]
