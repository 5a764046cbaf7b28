"""What changed between two notebooks, and between two texts."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from depository.diff.compare import CellChange, Counts, NotebookDiff, diff
from depository.diff.sequences import Effort
from depository.diff.texts import lines

SETUP = "import numpy as np\nimport pandas as pd\n\nframe = pd.read_csv('measured.csv')"
MODEL = "model = fit(frame, order=3)\nprint(model.summary())\nmodel.save('model.bin')"
PLOT = "axes = frame.plot(x='time', y='pressure')\naxes.set_title('Pressure')\naxes.figure.savefig('p.png')"


def code(source: str, name: str | None = None, *outputs: Any, **fields: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs), **fields}
    return {**cell, "id": name} if name else cell


def markdown(source: str, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}, **fields}


def notebook(*found: Any, metadata: Any = None) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": list(found)}


def of_sources(sources: Iterable[str]) -> dict[str, Any]:
    return notebook(*(code(source) for source in sources))


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def display(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def places(found: NotebookDiff) -> list[tuple[str, int | None, int | None]]:
    return [
        (change.status, change.old.index if change.old else None, change.new.index if change.new else None)
        for change in found.changes
    ]


# Which cell became which


def test_a_notebook_does_not_differ_from_itself() -> None:
    found = diff(of_sources([SETUP, MODEL]), of_sources([SETUP, MODEL]))

    assert found.is_empty
    assert found.counts == Counts(equal=2)


def test_a_new_cell_is_added_where_it_stands() -> None:
    found = diff(of_sources([SETUP, PLOT]), of_sources([SETUP, MODEL, PLOT]))

    assert places(found) == [("equal", 0, 0), ("added", None, 1), ("equal", 1, 2)]


def test_a_removed_cell_is_told_of_where_it_was() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([SETUP, PLOT]))

    assert places(found) == [("equal", 0, 0), ("removed", 1, None), ("equal", 2, 1)]


def test_what_took_the_place_of_another_comes_after_it() -> None:
    found = diff(of_sources([SETUP, MODEL, SETUP]), of_sources([SETUP, PLOT, SETUP]))

    assert places(found) == [("equal", 0, 0), ("removed", 1, None), ("added", None, 1), ("equal", 2, 2)]


def test_a_cell_with_the_same_id_changed_however_little_is_left_of_it() -> None:
    found = diff(notebook(code(SETUP, "a")), notebook(code("x", "a")))

    assert places(found) == [("changed", 0, 0)]
    assert found.changes[0].source_changed


def test_an_edited_cell_without_an_id_is_known_again_by_its_words() -> None:
    found = diff(of_sources([SETUP, MODEL]), of_sources([SETUP, MODEL.replace("3", "4")]))

    assert places(found) == [("equal", 0, 0), ("changed", 1, 1)]


def test_edited_cells_keep_their_order_where_each_resembles_all() -> None:
    old = [f"step = {i}\nrun(step, verbose=True, seed=1)" for i in range(5)]
    new = [f"step = {i}\nrun(step, verbose=False, seed=1)" for i in range(5)]

    assert places(diff(of_sources(old), of_sources(new))) == [("changed", i, i) for i in range(5)]


def test_edited_cells_keep_their_order_where_crossing_pairs_are_more_alike() -> None:
    old, new = ["a b c d e f g h", "a b c d p q r s"], ["a b c d e p q r", "a b c d e f g s"]

    assert places(diff(of_sources(old), of_sources(new))) == [("changed", 0, 0), ("changed", 1, 1)]


def test_an_edited_cell_is_known_again_behind_an_inserted_one() -> None:
    found = diff(of_sources([MODEL]), of_sources([PLOT, MODEL.replace("3", "4")]))

    assert places(found) == [("added", None, 0), ("changed", 0, 1)]


def test_a_markdown_cell_in_chinese_is_known_again() -> None:
    found = diff(
        notebook(markdown("我们可以声明一个函数而不用给出类型")), notebook(markdown("我们可以声明一个函数而不给出类型"))
    )

    assert places(found) == [("changed", 0, 0)]


def test_a_cell_of_another_kind_is_another_cell() -> None:
    found = diff(notebook(code(MODEL, "a")), notebook({**markdown(MODEL), "id": "a"}))

    assert places(found) == [("removed", 0, None), ("added", None, 0)]


def test_a_moved_cell_is_one_change() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([MODEL, PLOT, SETUP]))

    assert places(found) == [("equal", 1, 0), ("equal", 2, 1), ("moved", 0, 2)]


def test_a_cell_that_moved_and_changed_is_changed() -> None:
    found = diff(of_sources([SETUP, MODEL, PLOT]), of_sources([MODEL, PLOT, SETUP + "\nframe.head()"]))

    assert places(found) == [("equal", 1, 0), ("equal", 2, 1), ("changed", 0, 2)]
    assert found.changes[2].moved


def test_blank_cells_do_not_move() -> None:
    found = diff(of_sources(["", SETUP, MODEL]), of_sources([SETUP, MODEL, ""]))

    assert found.counts == Counts(equal=2, added=1, removed=1)


def test_ids_given_anew_at_each_save_are_not_believed() -> None:
    old = notebook(*(code(source, str(i)) for i, source in enumerate([SETUP, MODEL, PLOT])))
    new = notebook(*(code(source, str(i)) for i, source in enumerate(["x = 1", SETUP, MODEL, PLOT])))

    assert diff(old, new).counts == Counts(equal=3, added=1)


def test_an_id_that_occurs_twice_names_no_cell() -> None:
    old, new = notebook(code(SETUP, "a"), code(MODEL, "a")), notebook(code("x", "a"))

    assert diff(old, new).counts == Counts(added=1, removed=2)


def test_a_notebook_upgraded_from_nbformat_3_has_equal_cells() -> None:
    old = {
        "nbformat": 3,
        "metadata": {},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 1, "source": "Title"},
                    {
                        "cell_type": "code",
                        "input": "x",
                        "outputs": [{"output_type": "pyout", "text": "1", "json": '{"a": 1}'}],
                    },
                ]
            }
        ],
    }
    result = {"output_type": "execute_result", "data": {"text/plain": "1", "application/json": {"a": 1}}}
    found = diff(old, notebook(markdown("# Title"), code("x", None, result)))

    assert found.counts == Counts(equal=2)
    assert (found.old_format, found.new_format) == ("3.0", "4.5")
    assert not found.is_empty


# What of a cell changed


def only(found: NotebookDiff) -> CellChange:
    [change] = found.changes
    return change


def test_new_outputs_change_a_cell_whose_source_is_the_same() -> None:
    change = only(diff(notebook(code("x", None, stream("1"))), notebook(code("x", None, stream("2")))))

    assert (change.status, change.source_changed, change.outputs_changed) == ("changed", False, True)
    assert [(pair.old and pair.old.text, pair.new and pair.new.text) for pair in change.outputs] == [("1", "2")]


def test_outputs_are_left_alone_if_asked() -> None:
    assert diff(notebook(code("x", None, stream("1"))), notebook(code("x", None, stream("2"))), outputs=False).is_empty


def test_how_a_stream_was_cut_into_outputs_is_no_change() -> None:
    old = notebook(code("x", None, stream("1\n2\n")))
    new = notebook(code("x", None, stream("1\n"), stream("2\n")))

    assert diff(old, new).is_empty


def test_an_output_is_paired_with_one_of_its_sort() -> None:
    image, other_image = display(**{"image/png": "QUJD"}), display(**{"image/png": "QUJE"})
    change = only(
        diff(
            notebook(code("x", None, stream("1"), image)),
            notebook(code("x", None, other_image, stream("2", "stderr"))),
        )
    )

    assert [(pair.old and pair.old.kind, pair.new and pair.new.kind) for pair in change.outputs] == [
        ("stream", None),
        ("display_data", "display_data"),
        (None, "stream"),
    ]


def test_an_output_that_stayed_is_not_among_the_changes() -> None:
    change = only(
        diff(
            notebook(code("x", None, display(**{"text/plain": "same"}), stream("1"))),
            notebook(code("x", None, display(**{"text/plain": "same"}), stream("2"))),
        )
    )

    assert [pair.new and pair.new.text for pair in change.outputs] == ["2"]


def test_execution_counts_are_compared_only_if_asked() -> None:
    old, new = notebook(code("x", execution_count=1)), notebook(code("x", execution_count=2))

    assert diff(old, new).is_empty
    assert only(diff(old, new, execution_counts=True)).execution_count_changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (notebook(code("x")), notebook({**code("x"), "metadata": {"tags": ["a"]}})),
        (
            notebook(code("x", None, display())),
            notebook(code("x", None, {**display(), "metadata": {"image/png": {"width": 3}}})),
        ),
    ],
)
def test_metadata_of_cells_and_outputs_is_compared_only_if_asked(old: Any, new: Any) -> None:
    assert diff(old, new).is_empty
    assert only(diff(old, new, metadata=True)).metadata_changed


def test_metadata_of_the_notebook_is_compared_only_if_asked() -> None:
    old, new = notebook(metadata={"kernelspec": {"name": "python3"}}), notebook(metadata={"kernelspec": {"name": "ir"}})

    assert diff(old, new).is_empty
    assert diff(old, new, metadata=True).metadata_changed


def test_another_picture_attached_changes_a_cell() -> None:
    old, new = (
        notebook(markdown("![](attachment:a.png)", attachments={"a.png": {"image/png": data}}))
        for data in ("QUJD", "QUJE")
    )

    change = only(diff(old, new))
    assert (change.attachments_changed, change.source_changed) == (True, False)


# Of any two notebooks

some_cells = st.builds(
    code,
    st.sampled_from(["", "a", "b", "a b c d e f", "a b c d e g", "a b c d h g", "a c b"]),
    st.sampled_from([None, "1", "2", "3", "4"]),
    st.sampled_from([stream("1"), stream("2"), display(**{"text/plain": "1"}), None]),
    cell_type=st.sampled_from(["code", "code", "markdown"]),
)
some_notebooks = st.builds(lambda found: notebook(*found), st.lists(some_cells, max_size=12))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "worksheets", "cell_type", "source", "outputs", "output_type", "data", "id"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)
any_notebooks = some_notebooks | st.builds(lambda found: notebook(*found), st.lists(anything, max_size=5)) | anything


@given(any_notebooks)
def test_nothing_differs_from_itself(content: Any) -> None:
    found = diff(content, content, metadata=True, execution_counts=True)

    assert found.is_empty
    assert all(change.status == "equal" and not change.moved for change in found.changes)


@given(any_notebooks, any_notebooks)
def test_every_cell_occurs_once(old: Any, new: Any) -> None:
    found = diff(old, new, metadata=True)
    before = [change.old.index for change in found.changes if change.old]
    after = [change.new.index for change in found.changes if change.new]

    assert sorted(before) == list(range(len(before)))
    assert after == list(range(len(after)))
    assert len(before) == len(diff(old, old).changes)
    assert len(after) == len(diff(new, new).changes)
    assert found.counts == Counts(**Counter(str(change.status) for change in found.changes))
    for change in found.changes:
        assert (change.status == "added") == (change.old is None)
        assert (change.status == "removed") == (change.new is None)


@given(any_notebooks, any_notebooks)
@example(of_sources(["a", "a b c d h g"]), of_sources(["a b c d e f", "a c b"]))
def test_the_other_way_round_added_is_removed_and_all_else_the_same(old: Any, new: Any) -> None:
    there, back = diff(old, new), diff(new, old)

    assert back.counts == there.counts._replace(added=there.counts.removed, removed=there.counts.added)


@given(some_notebooks, some_notebooks)
def test_cells_that_did_not_move_are_in_the_order_of_both(old: Any, new: Any) -> None:
    stayed = [change.old.index for change in diff(old, new).changes if change.old and change.new and not change.moved]

    assert stayed == sorted(stayed)


@given(some_notebooks, some_notebooks)
def test_without_effort_the_answer_is_coarser_but_whole(old: Any, new: Any) -> None:
    found = diff(old, new, effort=Effort(0))

    assert sum(found.counts) == len(found.changes)
    assert sum(1 for change in found.changes if change.old) == len(old["cells"])
    assert sum(1 for change in found.changes if change.new) == len(new["cells"])


# How much work it takes

MANY = 5_000
COMMON = "import numpy as np\nfor step in range(10):\n    print(np.sin(step), 'value')\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            lambda n: ["a" * i + "b" + "a" * (n - i) for i in range(n)],
            lambda n: ["a" * i + "c" + "a" * (n - i) for i in range(n)],
            id="all alike but one character",
        ),
        pytest.param(
            lambda n: [f"{COMMON}x = {i}" for i in range(n)],
            lambda n: [f"{COMMON}y = {i * 7919 % n}" for i in range(n)],
            id="all alike but one word",
        ),
        pytest.param(
            lambda n: [f"{COMMON}x = {i}" for i in range(n)],
            lambda n: [f"{COMMON}x = {i}" for i in range(n, 0, -1)],
            id="reversed",
        ),
        pytest.param(lambda n: [COMMON] * n, lambda n: [COMMON + "x"] * n, id="all the same"),
        pytest.param(lambda n: ["a", "b"] * (n // 2), lambda n: ["b", "a", "c"] * (n // 3), id="few sorts"),
    ],
)
def test_thousands_of_cells_cost_effort_in_proportion(
    old: Callable[[int], list[str]], new: Callable[[int], list[str]]
) -> None:
    effort = Effort()
    found = diff(of_sources(old(MANY)), of_sources(new(MANY)), effort=effort)

    assert effort.spent < 100 * MANY
    assert found.counts.added + found.counts.removed < MANY


def calls_made(work: Callable[[], object]) -> int:
    """Count the calls that some work takes, into Python and into C."""
    made = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("limit", [0, 10_000, 3_000_000])
def test_twice_the_cells_never_take_four_times_the_work(limit: int) -> None:
    def work(count: int) -> int:
        old = of_sources(f"{COMMON}x = {i}" for i in range(count))
        new = of_sources(f"{COMMON}y = {i * 7919 % count}!" for i in range(count))
        return calls_made(lambda: diff(old, new, effort=Effort(limit)))

    assert work(800) < 3 * work(400)


def test_large_cells_are_compared_as_far_as_effort_goes() -> None:
    words = " ".join(f"word{i}" for i in range(500))
    old, new = (of_sources(f"{words} {mark}{i}" for i in range(40)) for mark in ("a", "b"))

    assert calls_made(lambda: diff(old, new, effort=Effort(10_000))) < 100_000
    assert diff(old, new).counts == Counts(changed=40)


def test_a_cell_of_five_megabytes_on_one_line_is_one_change() -> None:
    old, new = ("x" * 2_500_000 + middle + "y" * 2_500_000 for middle in ("a", "b"))
    effort = Effort()
    found = diff(of_sources([old]), of_sources([new]), effort=effort)

    assert found.counts == Counts(changed=1)
    assert effort.spent < 1_000


def test_effort_is_never_overspent() -> None:
    effort = Effort(10)

    assert effort.spend(7)
    assert not effort.spend(4)
    assert effort.spend(3)
    assert effort.spent == 10


# Lines


def tags(old: str, new: str, context: int = 3) -> list[list[str]]:
    return [[line.tag + line.text for line in hunk.lines] for hunk in lines(old, new, context)]


def test_a_changed_line_is_shown_with_its_neighbours() -> None:
    assert tags("a\nb\nc\nd\ne", "a\nb\nX\nd\ne", context=1) == [[" b", "-c", "+X", " d"]]


def test_changes_far_apart_are_hunks_of_their_own() -> None:
    old = "\n".join("abcdefghij")
    new = old.replace("b", "B").replace("i", "I")

    assert tags(old, new, context=2) == [[" a", "-b", "+B", " c", " d"], [" g", " h", "-i", "+I", " j"]]


def test_changes_near_one_another_share_a_hunk() -> None:
    old = "\n".join("abcdefgh")
    new = old.replace("b", "B").replace("f", "F")

    assert tags(old, new, context=2) == [[" a", "-b", "+B", " c", " d", " e", "-f", "+F", " g", " h"]]


def test_a_hunk_knows_its_first_line_on_both_sides() -> None:
    [hunk] = lines("a\nb\nc\nd\ne\nf", "a\nb\nc\nd\nE\nf", context=1)

    assert (hunk.old_start, hunk.new_start) == (4, 4)


def test_lines_added_at_the_end_follow_the_last_kept_ones_once() -> None:
    assert tags("a\nb", "a\nb\nc", context=1) == [[" b", "+c"]]


def test_a_last_line_end_is_no_line_if_both_have_it() -> None:
    assert tags("a\n", "b\n") == [["-a", "+b"]]
    assert tags("a", "a\n") == [[" a", "+"]]


def test_no_context_leaves_the_changed_lines_alone() -> None:
    assert tags("a\nb\nc", "a\nX\nc", context=0) == [["-b", "+X"]]
    assert tags("a\nb\nc", "a\nX\nc", context=-1) == [["-b", "+X"]]


def test_lines_that_occur_often_are_matched_as_well_as_can_be() -> None:
    [hunk] = lines("\n".join("abcabba"), "\n".join("cbabac"))

    assert Counter(line.tag for line in hunk.lines) == {" ": 4, "-": 3, "+": 2}


def test_lines_are_matched_with_equal_ones_only() -> None:
    assert tags("a\na\nc", "b\na") == [["+b", " a", "-a", "-c"]]


def test_lines_that_occur_once_are_what_a_diff_holds_on_to() -> None:
    old, new = "first()\n}\n}\n\nsecond()", "}\n}\n\nsecond()\nfirst()\nthird()\n}"

    assert "".join(line.tag for line in lines(old, new)[0].lines if line.text == "second()") == " "
    assert " }" not in tags("main()\n}\n}", "}\n}\nmain()")[0]


text_of_few_lines = st.lists(st.sampled_from(["a", "b", "c", "", "d d"]), max_size=30).map("\n".join)


@pytest.mark.parametrize("limit", [0, 50, 3_000_000])
@given(old=text_of_few_lines | st.text(), new=text_of_few_lines | st.text(), context=st.integers(0, 4))
def test_the_hunks_make_the_new_text_of_the_old_one(limit: int, old: str, new: str, context: int) -> None:
    hunks = lines(old, new, context, Effort(limit))

    assert bool(hunks) == (old != new)
    before = old.split("\n") if old else []
    made: list[str] = []
    at = 0
    for hunk in hunks:
        made += before[at : hunk.old_start - 1]
        at = hunk.old_start - 1
        assert len(made) == hunk.new_start - 1
        for tag, text in hunk.lines:
            if tag != "+":
                assert before[at] == text
                at += 1
            if tag != "-":
                made.append(text)
    made += before[at:]
    assert made == (new.split("\n") if new else [])


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(lambda n: [str(i) for i in range(n, 0, -1)], id="reversed"),
        pytest.param(lambda n: ["ab"[i * i % 7 % 2] for i in range(n)], id="two sorts of lines"),
        pytest.param(lambda n: [str(i * 7919 % n) for i in range(n)], id="shuffled"),
    ],
)
def test_twice_the_lines_never_take_four_times_the_work(new: Callable[[int], list[str]]) -> None:
    def work(count: int) -> int:
        old = "\n".join([str(i) for i in range(count)] + ["a", "b", "b"] * count)
        return calls_made(lambda: lines(old, "\n".join(new(count))))

    assert work(8_000) < 3 * work(4_000)
