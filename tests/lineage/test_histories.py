"""Blame and traces of histories whose truth is known."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depository import Depository
from depository.backends.memory import MemoryBackend
from tests.api.stores import found
from tests.lineage.histories import Author
from tests.notebooks import file_of

EDITS = ["edit", "edit", "edit", "move", "insert", "delete", "duplicate", "id", "run", "undo"]
OTHERS = ["rename", "raw"]
PARTING = ["edit", "split", "merge", "merge", "insert", "move", "run"]


def written(edits: list[str], seed: int) -> tuple[Depository, str, Author]:
    """A depository with a notebook that was edited so, its path, and the author who knows."""
    depo = found(MemoryBackend())
    path = "mine.ipynb"
    author = Author(Random(seed))
    depo.save(path, file_of(author.notebook()))
    for place, edit in enumerate(edits):
        if edit == "rename":
            old, path = path, f"renamed-{place}.ipynb"
            depo.rename(old, path)
        elif edit == "raw":
            if depo.save(path, f"{author.version} cut o".encode()).fresh:
                author.version += 1
        else:
            author.step(edit)
            if not depo.save(path, file_of(author.notebook())).fresh:
                author.version -= 1
    return depo, path, author


def check(edits: list[str], seed: int) -> None:
    depo, path, author = written(edits, seed)
    if depo.resolve(path).kind == "raw":
        return
    told = depo.blame(path, lines=True)

    assert [[(line.text, line.version.number) for line in cell.lines] for cell in told] == [
        list(cell.lines) for cell in author.cells
    ]
    assert [cell.version.number for cell in told] == [cell.made for cell in author.cells]
    assert [cell.version.number for cell in depo.blame(path)] == [cell.made for cell in author.cells]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(EDITS + OTHERS), max_size=30), st.integers(0, 2**32))
def test_each_cell_and_each_line_is_blamed_on_the_version_that_brought_it(edits: list[str], seed: int) -> None:
    check(edits, seed)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PARTING), max_size=20), st.integers(0, 2**32))
def test_lines_stay_what_they_are_when_cells_are_split_and_merged(edits: list[str], seed: int) -> None:
    check(edits, seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_history_of_several_groups_of_versions_is_followed_to_its_start(seed: int) -> None:
    random = Random(seed)
    check([random.choice([*EDITS, "run", "run", *OTHERS]) for _ in range(200)] + ["edit"], seed)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["edit", "move", "id", "run", "undo", "insert"]), max_size=20), st.integers(0, 2**32))
def test_the_trace_of_a_cell_begins_where_blame_ends(edits: list[str], seed: int) -> None:
    depo, path, author = written(edits, seed)
    for number, cell in enumerate(author.cells, start=1):
        steps = list(depo.trace(path, number))
        assert steps[0].version.number == cell.made
        assert steps[0].source == "\n".join(cell.texts)
        assert steps[-1].status == "created"
        assert [step.before for step in steps[:-1]] == [step.source for step in steps[1:]]
