"""A patch makes of one notebook the other, to the byte, and is small where little changed."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depository.diff import patch
from depository.diff.patch import Origin, Patch
from depository.diff.sequences import Effort
from depository.errors import Conflict, InvalidContent, UnsupportedFormat
from depository.notebook.canonical import encode, ordered
from tests.notebook.strategies import damaged, json_objects, json_values, notebooks_3, notebooks_4, spelled
from tests.notebooks import code, edited, markdown, notebook, plot, small, stream

Notebook = dict[str, Any]


def stored(made: Patch) -> Patch:
    """A patch as it comes back from a file."""
    read: Patch = json.loads(json.dumps(made))
    return read


def size(made: Patch) -> int:
    return len(json.dumps(made))


def gives(old: Notebook, new: Notebook, effort: Effort | None = None) -> Patch:
    """The patch from one to the other, after a look at whether it makes that."""
    before, after = copy.deepcopy(old), copy.deepcopy(new)
    made = patch.make(old, new, effort=effort)
    kept = copy.deepcopy(made)
    for _ in range(2):  # nothing of it is used up
        assert encode(patch.apply(old, stored(made))) == encode(ordered(after))
        assert encode(patch.apply(old, made)) == encode(ordered(after))
    assert spelled(old) == spelled(before)
    assert spelled(made) == spelled(kept)
    return made


# Exactly


@given(damaged(), damaged())
def test_any_notebook_is_made_of_any_other(old: Notebook, new: Notebook) -> None:
    gives(old, new)


@given(json_objects(20), json_objects(20))
def test_and_any_object_of_any_other(old: Notebook, new: Notebook) -> None:
    gives(old, new)


@given(notebooks_4() | notebooks_3(), st.data())
def test_so_is_one_with_a_few_things_changed(old: Notebook, data: st.DataObject) -> None:
    new = copy.deepcopy(old)
    for _ in range(data.draw(st.integers(1, 3))):
        change_somewhere(new, data)
    gives(old, new)


def change_somewhere(value: Any, data: st.DataObject) -> None:
    """Change a value in place, somewhere inside."""
    places: list[Any] = list(range(len(value))) if isinstance(value, list) else sorted(value)
    deeper = [place for place in places if isinstance(value[place], list | dict) and value[place]]
    if deeper and data.draw(st.sampled_from([True, True, True, False])):
        change_somewhere(value[data.draw(st.sampled_from(deeper))], data)
        return
    place = data.draw(st.sampled_from(places)) if places else None
    match data.draw(st.sampled_from(["put", "add", "drop", "turn", "text"])):
        case "add" if isinstance(value, list):
            value.insert(data.draw(st.integers(0, len(value))), data.draw(json_values(4)))
        case "add":
            value["added"] = data.draw(json_values(4))
        case "drop" if place is not None:
            del value[place]
        case "turn" if isinstance(value, list):
            value.reverse()
        case "text" if place is not None and isinstance(value[place], str):
            value[place] = value[place] + data.draw(st.sampled_from(["\n", "more", "\ud800", "\r\nline\n"]))
        case _ if place is not None:
            value[place] = data.draw(json_values(4))


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_so_is_one_that_a_person_edited(seed: int, edits: int) -> None:
    random = Random(seed)
    new = old = small(seed, cells=5)
    for _ in range(edits):
        new = edited(new, random)
    gives(old, new)


@given(st.lists(st.sampled_from(["a\n", "b\n", "", "long " * 60, "x", "\ud800", "é\r\n"]), max_size=12), st.data())
def test_so_is_any_text(parts: list[str], data: st.DataObject) -> None:
    others = data.draw(st.permutations(parts)) + data.draw(st.lists(st.sampled_from(parts or ["c"]), max_size=3))
    gives(notebook(code("".join(parts))), notebook(code("".join(others))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((1, 1.0), (1, True), (0, False), (0.0, -0.0), (None, 0), ("", None), ([], {}), ("1", 1)),
        *((float("nan"), 0.0), (0.0, float("nan")), (2**64, 2.0**64), (-(2**70), 2**70), (float("inf"), 1e308)),
        *(("\ud800", "\udfff"), ([1, 2, 3], [1.0, 2, 3]), ({"a": 1}, {"a": True}), ({"a": None}, {})),
    ],
)
def test_values_that_python_calls_equal_or_odd_come_out_as_they_were(old: Any, new: Any) -> None:
    gives({"metadata": {"value": old, "x": 1}, "cells": [old]}, {"metadata": {"value": new, "x": 1}, "cells": [new]})
    gives({"long": ["a" * 300, old]}, {"long": ["a" * 300, new]})


@pytest.mark.parametrize(
    "odd",
    [
        *({}, {"cells": None}, {"cells": {}}, {"cells": "text"}, {"cells": []}, {"worksheets": 3}, {"worksheets": [7]}),
        {"worksheets": [{"cells": [markdown("a")]}, 5, {"cells": None}, {"cells": [markdown("b")]}]},
        {"worksheets": [{"cells": [markdown("b")]}, {"cells": []}], "cells": None},
        {"worksheets": [{"cells": [1]}], "cells": [markdown("a")]},
    ],
)
def test_what_is_hardly_a_notebook_is_patched_as_well(odd: Notebook) -> None:
    for other in (notebook(markdown("a"), markdown("b")), {"worksheets": [{"cells": [markdown("b")]}]}, {}):
        gives(odd, other)
        gives(other, odd)


def test_a_notebook_is_patched_into_one_of_another_format() -> None:
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1\n" * 50, "outputs": []}]}]}
    made = gives(old, notebook(code("x = 1\n" * 50)))
    assert [origin.old for origin in patch.origins(made)] == [0]


def test_values_nested_as_deep_as_can_be_are_patched() -> None:
    old: Any = ["bottom", "a" * 400]
    new: Any = ["changed", "a" * 400]
    for level in range(250):
        old, new = ([old], [new]) if level % 2 else ({"k": old}, {"k": new})
    made = json.dumps(gives({"metadata": old}, {"metadata": new}))
    assert made.count('"keys"') + made.count('"items"') <= 64


def test_what_no_file_can_hold_is_refused() -> None:
    with pytest.raises(InvalidContent):
        patch.make({"cells": [object()]}, {})


# Small


def test_nothing_changed_is_next_to_nothing() -> None:
    old = small(3, cells=200)
    made = gives(old, copy.deepcopy(old))
    assert made["cells"] == [[[0, 201]]]
    assert made["rest"] is None


def replaced(cell: int, change: Callable[[Any], None]) -> tuple[Notebook, Notebook]:
    old = notebook(*(code(f"def f{n}():\n" + f"    call({n})\n" * 40, cell_id=f"c{n}") for n in range(30)))
    old["cells"][4]["outputs"] = [plot(Random(1))]
    new = copy.deepcopy(old)
    change(new["cells"][cell])
    return old, new


def test_a_changed_line_takes_a_line() -> None:
    old, new = replaced(7, lambda cell: cell.update(source=cell["source"].replace("call(7)", "fall(8)", 1)))
    assert size(gives(old, new)) < 400


def test_a_new_line_at_the_end_takes_a_line() -> None:
    old, new = replaced(7, lambda cell: cell.update(source=cell["source"] + "    return 1\n"))
    assert size(gives(old, new)) < 400


def test_a_cell_that_moved_is_pointed_at() -> None:
    old, new = replaced(0, lambda _: None)
    new["cells"].append(new["cells"].pop(3))
    assert size(gives(old, new)) < 300


def test_an_output_that_stays_is_not_repeated_when_the_source_changes() -> None:
    old, new = replaced(4, lambda cell: cell.update(source="entirely different"))
    assert size(gives(old, new)) < 400


def test_a_word_in_an_endless_line_takes_a_word() -> None:
    text = "".join(f"value{n} is {n * n}; " for n in range(20_000))
    changed = text.replace("value7 ", "other7 ").replace("value19000 ", "other19000 ")
    assert size(gives(notebook(code("f()", stream(text))), notebook(code("f()", stream(changed))))) < 600


def test_a_number_in_a_large_table_takes_a_number() -> None:
    def table(odd: int) -> Notebook:
        rows = [{"x": n, "y": [n, n * odd if n == 700 else n], "name": f"row number {n}"} for n in range(2_000)]
        data = {"application/vnd.plotly.v1+json": {"data": rows}}
        return notebook(code("f()", {"output_type": "display_data", "metadata": {}, "data": data}))

    assert size(gives(table(1), table(3))) < 600


def test_a_key_of_the_metadata_takes_a_key() -> None:
    old = notebook(markdown("a"), widgets={str(n): "state " * 20 for n in range(300)})
    new = copy.deepcopy(old)
    new["metadata"]["widgets"]["7"] = "other"
    del new["metadata"]["widgets"]["8"]
    assert size(gives(old, new)) < 400


# Of another notebook


def test_a_patch_for_another_notebook_is_refused() -> None:
    made = patch.make(small(1), small(2))
    with pytest.raises(Conflict, match="made for another notebook"):
        patch.apply(small(3), made)


@pytest.mark.parametrize("value", [1.0, True, "1"])
def test_and_so_it_is_for_one_that_differs_in_a_type_alone(value: Any) -> None:
    made = patch.make({"a": 1}, {"a": 2})
    with pytest.raises(Conflict):
        patch.apply({"a": value}, made)


def test_a_patch_that_was_tampered_with_gives_an_error_and_never_another_notebook() -> None:
    new = edited(small(1), Random(3))
    made = stored(patch.make(small(1), new))
    texts = json.dumps(made)
    random = Random(1)
    refused = 0
    for _ in range(300):
        start = random.randrange(len(texts))
        other = texts[:start] + random.choice('0123456789[]{}",') + texts[start + 1 :]
        try:
            changed = json.loads(other)
        except ValueError:
            continue
        try:
            assert patch.apply(small(1), changed) == new
        except (Conflict, InvalidContent, UnsupportedFormat):
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("key", ["old", "new", "cells", "rest"])
@pytest.mark.parametrize("value", [5, "text", [[5]], [[[9, 12]]], {"keys": {}, "gone": ["there is none"]}, [None]])
def test_what_is_no_patch_is_refused(key: str, value: Any) -> None:
    made: Any = {**patch.make(small(1), small(2)), key: value}
    with pytest.raises((Conflict, InvalidContent)):
        patch.apply(small(1), made)
    del made[key]
    with pytest.raises(InvalidContent):
        patch.apply(small(1), made)


def test_a_patch_of_a_newer_depository_is_refused() -> None:
    made: Any = {**patch.make({}, {}), "format": 2}
    with pytest.raises(UnsupportedFormat):
        patch.apply({}, made)


@pytest.mark.parametrize("span", [[0, 6], [5, 6], [-1, 1], [2, 1], [0, 0], [0], 3])
def test_a_part_that_points_at_what_is_not_there_is_refused(span: Any) -> None:
    made: Any = {**patch.only(patch.make(small(1), small(2)), []), "cells": [[span]]}
    with pytest.raises(InvalidContent):
        patch.apply(small(1), made)


# Of some cells


OLD = notebook(markdown("# T", "t"), code("a = 1", cell_id="a"), code("b = 1", cell_id="b"), code("c = 1", cell_id="c"))
NEW = notebook(
    code("import first", cell_id="f"),
    code("c = 2", cell_id="c"),
    markdown("# T", "t"),
    code("between", cell_id="g"),
    code("and more", cell_id="h"),
    code("b = 2", cell_id="b"),
    title="not a cell",
)


def sources(made: Notebook) -> list[str]:
    return [cell["source"] for cell in made["cells"]]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], ["# T", "a = 1", "b = 1", "c = 1"]),
        ([5], ["# T", "a = 1", "b = 2", "c = 1"]),
        ([1], ["# T", "a = 1", "b = 1", "c = 2"]),
        ([2], ["# T", "a = 1", "b = 1", "c = 1"]),
        ([0], ["import first", "# T", "a = 1", "b = 1", "c = 1"]),
        ([4], ["# T", "and more", "a = 1", "b = 1", "c = 1"]),
        ([3, 4, 5], ["# T", "between", "and more", "a = 1", "b = 2", "c = 1"]),
    ],
)
def test_a_patch_can_be_restricted_to_some_cells(cells: list[int], expected: list[str]) -> None:
    made = patch.apply(OLD, patch.only(patch.make(OLD, NEW), cells))
    assert sources(made) == expected
    assert made["metadata"] == OLD["metadata"]


def test_it_says_where_each_cell_comes_from() -> None:
    found = list(patch.origins(patch.make(OLD, NEW)))
    assert [origin.old for origin in found] == [None, 3, 0, None, None, 2]
    assert found[0] == Origin(None, {"value": NEW["cells"][0]})
    assert found[2] == Origin(0, None)


def test_cells_of_worksheets_come_into_the_sheet_of_the_cell_before_them() -> None:
    def sheets(*names: str) -> Notebook:
        return {"nbformat": 3, "worksheets": [{"cells": [markdown(text) for text in name.split()]} for name in names]}

    old, new = sheets("one", "two", "three"), sheets("one", "two and", "three")
    made = patch.apply(old, patch.only(patch.make(old, new), [2]))
    assert made == new


def test_a_notebook_without_a_list_of_cells_takes_none() -> None:
    with pytest.raises(InvalidContent, match="no list of cells"):
        patch.only(patch.make({"cells": None}, small(1)), [0])


@settings(max_examples=50)
@given(notebooks_4() | notebooks_3(), notebooks_4() | notebooks_3(), st.data())
def test_a_restricted_patch_leaves_all_else_alone(old: Notebook, new: Notebook, data: st.DataObject) -> None:
    whole = patch.make(old, new)
    found = list(patch.origins(whole))
    chosen = data.draw(st.sets(st.sampled_from(range(len(found))))) if found and whole["lengths"] else set()
    made = patch.apply(old, patch.only(whole, chosen))
    touched = [origin for place, origin in enumerate(found) if place in chosen and origin.delta]
    before, after = ([spelled(cell) for cell in flat(side)] for side in (old, made))
    assert len(after) - len(before) == sum(origin.old is None for origin in touched)
    kept = [cell for place, cell in enumerate(before) if place not in {origin.old for origin in touched}]
    rest = iter(after)
    assert all(cell in rest for cell in kept)
    assert {**made, "cells": 0, "worksheets": 0}.keys() == {**old, "cells": 0, "worksheets": 0}.keys()


def flat(side: Notebook) -> list[Any]:
    side = ordered(side)
    return side["cells"] if "cells" in side else [cell for sheet in side["worksheets"] for cell in sheet["cells"]]


# Bounded


def all_alike(number: int) -> Notebook:
    return notebook(*(code(f"x = {'1' * 300}{n if number else ''}", cell_id=f"c{n}-{number}") for n in range(1_500)))


HOSTILE: dict[str, tuple[Notebook, Notebook]] = {
    "all cells alike but for a character": (all_alike(0), all_alike(1)),
    "a line of megabytes": (notebook(code("ab " * 300_000)), notebook(code("ba " * 300_001))),
    "lines in reverse": (
        notebook(code("\n".join(map(str, range(50_000))))),
        notebook(code("\n".join(map(str, range(50_000, 0, -1))))),
    ),
    "items in reverse": ({"x": list(range(60_000))}, {"x": list(range(60_000, 0, -1))}),
    "two items only": (
        {"x": [n % 2 for n in range(60_000)]},
        {"x": [n % 3 % 2 for n in range(60_000)]},
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_the_work_is_bounded_whatever_is_compared(case: str) -> None:
    effort = Effort()
    gives(*HOSTILE[case], effort)
    assert effort.spent <= effort.limit


def test_where_effort_runs_out_the_patch_gets_larger_and_stays_right() -> None:
    old = small(1, cells=30)
    new = edited(edited(old, Random(1)), Random(5))
    assert size(gives(old, new, Effort(0))) > size(gives(old, new))


def test_a_large_value_far_inside_is_not_looked_at_on_every_level() -> None:
    old: Any = "a" * 1_000_000
    new: Any = "b" * 1_000_000
    for _ in range(200):
        old, new = [old], [new]
    effort = Effort(100_000)
    gives({"metadata": {"deep": old}}, {"metadata": {"deep": new}}, effort)
    assert effort.spent <= effort.limit
