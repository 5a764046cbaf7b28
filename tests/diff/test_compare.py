"""What changed between two notebooks."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given

from depository.diff.compare import CellChange, Counts, NotebookDiff, diff
from depository.diff.sequences import Effort
from tests.diff.strategies import any_notebooks, code, display, markdown, notebook, of_sources, some_notebooks, stream

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


def holding(value: Any) -> dict[str, Any]:
    return notebook(code("x", None, display(**{"application/json": [value]})))


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, 1.0), (1, True), (0.0, -0.0), ({"a": 1}, {"a": 1, "b": None}), ([1, 2], [2, 1]), ("1", 1)],
)
def test_values_that_are_written_in_another_way_differ(old: Any, new: Any) -> None:
    assert only(diff(holding(old), holding(new))).outputs_changed


@pytest.mark.parametrize(
    ("old", "new"), [(float("nan"), float("nan")), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([[]] * 3, [[], [], []])]
)
def test_values_that_are_the_same_json_do_not_differ(old: Any, new: Any) -> None:
    assert diff(holding(old), holding(new)).is_empty


def test_line_ends_in_base64_are_no_change() -> None:
    old, new = (notebook(code("x", None, display(**{"image/png": data}))) for data in ("QUJD", "QU\nJD\n"))

    assert diff(old, new).is_empty


def test_an_output_that_came_without_metadata_is_no_change_of_metadata() -> None:
    change = only(diff(notebook(code("x")), notebook(code("x", None, stream("1"))), metadata=True))

    assert (change.outputs_changed, change.metadata_changed) == (True, False)


# Of any two notebooks


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
        assert (change.status in {"added", "split"}) == (change.old is None)
        assert (change.status in {"removed", "merged"}) == (change.new is None)


@given(any_notebooks, any_notebooks)
@example(of_sources(["a", "a b c d h g"]), of_sources(["a b c d e f", "a c b"]))
def test_the_other_way_round_what_came_went_and_all_else_is_the_same(old: Any, new: Any) -> None:
    there, back = diff(old, new).counts, diff(new, old).counts

    assert back == there._replace(added=there.removed, removed=there.added, split=there.merged, merged=there.split)


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
