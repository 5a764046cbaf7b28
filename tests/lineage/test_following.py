"""Which cell came from which."""

from hypothesis import given
from hypothesis import strategies as st

from depository.diff.sequences import Effort
from depository.lineage.following import Parentage, follow, kept_lines, lines_of, says_enough
from depository.notebook.cells import Cell, cells
from tests.notebooks import code, markdown, notebook

FIT = "prior = wide(scale)\nmodel = fit(stars, prior)\nprint(model.mean)"


def of(*made: object) -> list[Cell]:
    return cells(notebook(*made))


def test_cells_that_stand_equal_are_the_same() -> None:
    side = of(code("a", cell_id="one"), markdown("b", "two"))
    assert follow(side, side) == [Parentage("same", (0,)), Parentage("same", (1,))]


def test_a_cell_that_was_not_there_is_created() -> None:
    assert follow([], of(code("a"))) == [Parentage("created")]
    assert follow(of(code("a")), []) == []


def test_indexes_count_from_the_top_of_the_notebook_wherever_the_change_is() -> None:
    head, tail = [code("top", cell_id="t")], [code("end", cell_id="e")]
    old = of(*head, code("a = 1", cell_id="x"), code(FIT, cell_id="y"), *tail)
    new = of(*head, code(FIT, cell_id="y"), code("a = 2", cell_id="x"), code(FIT, cell_id="z"), *tail)
    assert follow(old, new) == [
        Parentage("same", (0,)),
        Parentage("same", (2,)),
        Parentage("changed", (1,)),
        Parentage("copied", (2,)),
        Parentage("same", (3,)),
    ]


def test_what_was_copied_may_stand_above_or_below_all_that_changed() -> None:
    old = of(code(FIT, cell_id="y"), code("end", cell_id="e"))
    new = of(code(FIT, cell_id="y"), code("end", cell_id="e"), code(FIT, cell_id="z"))
    assert follow(old, new)[2] == Parentage("copied", (0,))
    assert follow(old[::-1], new[::-1])[0] == Parentage("copied", (1,))


def test_a_heading_of_an_old_notebook_that_becomes_markdown_is_the_same() -> None:
    heading = {"cell_type": "heading", "level": 2, "source": "Results", "metadata": {}}
    assert follow(of(heading), of(markdown("## Results"))) == [Parentage("same", (0,))]


_SOURCES = st.sampled_from(["", "a = 1", "b = 2", FIT, FIT.replace("wide", "narrow"), "c\nd\ne\nf"])
_CELLS = st.lists(st.tuples(_SOURCES, st.sampled_from("abcdefgh")), max_size=8)


@given(_CELLS, _CELLS)
def test_each_cell_has_parents_that_are_there_and_no_parent_is_changed_into_two(
    old: list[tuple[str, str]], new: list[tuple[str, str]]
) -> None:
    before, after = (of(*(code(source, cell_id=name) for source, name in side)) for side in (old, new))
    found = follow(before, after)

    assert len(found) == len(after)
    for cell, (how, parts) in zip(after, found, strict=True):
        assert all(0 <= part < len(before) for part in parts)
        assert bool(parts) == (how != "created")
        if how in ("same", "copied"):
            assert before[parts[0]].source == cell.source
    mains = [parts[0] for how, parts in found if how in ("same", "changed", "merged")]
    assert len(mains) == len(set(mains))


def test_a_source_says_enough_if_few_would_write_it() -> None:
    assert says_enough(FIT)
    assert says_enough("one long line that does a thing to another thing")
    assert not says_enough("plt.show()")
    assert not says_enough(" " * 100)
    assert not says_enough("import numpy as np\nfrom matplotlib import pyplot as plt")
    assert says_enough("import numpy as np\nfrom matplotlib import pyplot as plt\nnp.random.seed(1)")


def test_lines_have_no_ends_and_the_last_end_begins_no_line() -> None:
    assert lines_of("a\r\nb\n") == ["a", "b"]
    assert lines_of("a\n\nb") == ["a", "", "b"]
    assert lines_of("") == []
    assert lines_of("\n") == [""]


def test_kept_lines_are_those_in_common_in_order() -> None:
    assert kept_lines(["a", "b", "c"], ["c", "a", "x", "b"], Effort()) == {1: 0, 3: 1}
