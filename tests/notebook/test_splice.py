"""Cells are put into a file, and every byte outside them stays."""

import copy
import json
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.errors import InvalidContent
from depository.notebook import content
from depository.notebook.canonical import encode, ordered
from depository.notebook.splice import splice
from tests.notebook.strategies import notebooks
from tests.notebooks import code, markdown, notebook, stream

NEW = code("new\nlines é", stream("out\n"), cell_id="new")
TWO = notebook(markdown("# é", "m"), code("a = 1\nb = 2", cell_id="a"), title="x")
AS_COLAB = [
    "nbformat",
    "nbformat_minor",
    "metadata",
    "cells",
    "cell_type",
    "source",
    "execution_count",
    "id",
    "outputs",
]


def in_order(value: Any, keys: list[str]) -> Any:
    """The keys of every object in this order, and the others after them."""
    if isinstance(value, dict):
        names = [*(key for key in keys if key in value), *(key for key in value if key not in keys)]
        return {key: in_order(value[key], keys) for key in names}
    return [in_order(item, keys) for item in value] if isinstance(value, list) else value


WRITERS: dict[str, Callable[[Any], str]] = {
    "Jupyter": lambda value: json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
    "another order": lambda value: json.dumps(in_order(value, AS_COLAB), indent=2, ensure_ascii=False),
    "ASCII": lambda value: json.dumps(value, indent=4, sort_keys=True) + "\n",
    "one line": lambda value: json.dumps(value, ensure_ascii=False),
    "no blanks": lambda value: json.dumps(in_order(value, AS_COLAB), separators=(",", ":")),
    "carriage returns": lambda value: json.dumps(value, indent=1).replace("\n", "\r\n"),
    "a byte order mark": lambda value: BOM_UTF8.decode() + json.dumps(value, indent=1),
}


def lines_split(value: Any) -> Any:
    value = copy.deepcopy(value)
    for cell in value["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        for output in cell.get("outputs", ()):
            output["text"] = output["text"].splitlines(keepends=True)
    return value


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    ("replaced", "inserted"), [({1: NEW}, {}), ({}, {0: [NEW]}), ({}, {-1: [NEW]}), ({}, {1: [NEW]})]
)
def test_the_file_is_what_its_writer_would_have_written(
    writer: str, replaced: dict[int, Any], inserted: dict[int, list[Any]]
) -> None:
    write = WRITERS[writer]
    cells = [*inserted.get(-1, [])]
    for place, cell in enumerate(TWO["cells"]):
        cells += [replaced.get(place, cell), *inserted.get(place, [])]
    expected = write(lines_split({**TWO, "cells": cells})).encode()
    wanted = ordered({**TWO, "cells": cells})
    assert splice(write(lines_split(TWO)).encode(), wanted, replaced, inserted) == expected


@pytest.mark.parametrize("writer", WRITERS)
def test_a_cell_stands_behind_the_only_one_as_its_writer_would_have_put_it(writer: str) -> None:
    write = WRITERS[writer]
    one = {**TWO, "cells": TWO["cells"][1:], "metadata": {"title": "é"}}
    both = {**one, "cells": [*one["cells"], NEW]}

    assert splice(write(lines_split(one)).encode(), ordered(both), {}, {0: [NEW]}) == write(lines_split(both)).encode()


@pytest.mark.parametrize("writer", WRITERS)
def test_each_output_has_its_keys_in_the_order_of_the_one_that_it_replaces(writer: str) -> None:
    def showing(text: str) -> Any:
        shown = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": f"{text} é"}}
        return {**TWO, "cells": [code("show()", stream("out\n"), shown)], "metadata": {"text": text}}

    def write(value: Any) -> bytes:
        cell = value["cells"][0]
        shown = cell["outputs"][1]
        lines = [
            {**cell["outputs"][0], "text": ["out\n"]},
            {**shown, "data": {"text/plain": [shown["data"]["text/plain"]]}},
        ]
        return WRITERS[writer]({**value, "cells": [{**cell, "source": ["show()"], "outputs": lines}]}).encode()

    before, after = showing("one"), {**showing("two"), "metadata": {"text": "one"}}
    assert splice(write(before), ordered(after), {0: after["cells"][0]}, {}) == write(after)


def test_what_is_written_oddly_elsewhere_stays() -> None:
    source = b'{"cells" : [ {"cell_type":"raw","metadata":{}, "source":"a"} ,\t{} ],\n\n "nbformat":4,"x": 1.50e0 }\n\n'
    new = {"cell_type": "raw", "metadata": {}, "source": "b"}
    wanted = ordered({"cells": [new, {}], "nbformat": 4, "x": 1.5})
    made = splice(source, wanted, {0: new}, {})
    assert made.startswith(b'{"cells" : [ {')
    assert made.endswith(b'} ,\t{} ],\n\n "nbformat":4,"x": 1.50e0 }\n\n')
    assert content.from_file(made).canonical == encode(wanted)


def test_the_first_cell_of_an_empty_notebook_is_put_in() -> None:
    made = splice(b'{"cells": [], "nbformat": 4}', ordered({"cells": [NEW], "nbformat": 4}), {}, {-1: [NEW]})
    assert content.from_file(made).value == ordered({"cells": [NEW], "nbformat": 4})


@pytest.mark.parametrize("mark", [b"", BOM_UTF8])
def test_a_file_that_is_written_anew_begins_as_it_did_before(mark: bytes) -> None:
    wanted = ordered({"cells": [NEW], "nbformat": 4})
    made = splice(mark + b'{"cells": [], "nbformat": 4}', wanted, {}, {-1: [NEW]})
    assert made.startswith(mark + b"{")


def test_a_cell_ends_its_lines_as_the_others_do() -> None:
    before = ordered({"cells": [{"cell_type": "raw", "source": "a"}], "nbformat": 4})
    source = json.dumps(before, indent=1).replace("\n", "\r\n").encode()
    made = splice(source, ordered({"cells": [*before["cells"], NEW], "nbformat": 4}), {}, {0: [NEW]})
    assert made.count(b"\r\n") == made.count(b"\n") == made.count(b"\r")


def test_a_notebook_without_a_list_of_cells_gets_one() -> None:
    wanted = ordered({"cells": [NEW], "nbformat": 4})

    assert content.from_file(splice(b'{"nbformat": 4}', wanted, {}, {-1: [NEW]})).value == wanted


@pytest.mark.parametrize("other", ["7", "{}", '{"cells": 7}', '{"cells": []}'])
def test_a_worksheet_without_cells_stays_as_it_is(other: str) -> None:
    source = f'{{"nbformat": 3,  "worksheets": [{other}, {{"cells": [{{}},  {{}}]}}]}}'
    new = {"cell_type": "raw", "source": "b"}
    wanted = ordered({"nbformat": 3, "worksheets": [json.loads(other), {"cells": [{}, new]}]})

    assert splice(source.encode(), wanted, {1: new}, {}).decode() == source.replace(
        ",  {}]", ',  {"cell_type": "raw", "source": ["b"]}]'
    )


def test_of_keys_that_are_there_twice_the_last_counts() -> None:
    source = b'{"cells": [1], "cells": [2, 3], "nbformat": 4}'
    assert splice(source, {"cells": [2, NEW], "nbformat": 4}, {1: NEW}, {}).startswith(b'{"cells": [1], "cells": [2, {')


@pytest.mark.parametrize("source", [b"", b"\xff", b"[]", b'{"cells": [', b"{"])
def test_what_is_no_notebook_is_refused(source: bytes) -> None:
    with pytest.raises(InvalidContent):
        splice(source, {"cells": []}, {}, {})


@given(notebooks(), st.data())
def test_the_file_holds_what_it_is_to_hold(before: dict[str, Any], data: st.DataObject) -> None:
    write = data.draw(st.sampled_from([WRITERS[name] for name in sorted(WRITERS)]))
    source = write(before).encode("utf-8", "surrogatepass")
    found = content.from_file(source)
    if found.kind is content.Kind.RAW:
        return
    wanted = copy.deepcopy(found.value)
    replaced: dict[int, Any] = {}
    inserted: dict[int, list[Any]] = {}
    place = 0
    for cells in [wanted["cells"]] if "cells" in wanted else [sheet["cells"] for sheet in wanted["worksheets"]]:
        made: list[Any] = [NEW] if place == 0 and cells and data.draw(st.booleans()) else []
        inserted |= {-1: made} if made else {}
        for cell in cells:
            match data.draw(st.sampled_from(["stay", "replace", "insert"])):
                case "replace":
                    replaced[place] = data.draw(st.sampled_from([NEW, {"cell_type": "raw"}, "odd"]))
                    made = [*made, replaced[place]]
                case "insert":
                    inserted[place] = [markdown("x"), NEW]
                    made = [*made, cell, *inserted[place]]
                case _:
                    made = [*made, cell]
            place += 1
        cells[:] = made
    result = splice(source, ordered(wanted), replaced, inserted)
    # what is put into old notebooks here has fields that their writer splits otherwise
    if wanted["nbformat"] == 4:
        assert content.from_file(result).canonical == encode(ordered(wanted))
