"""A file of known cells is read as any file is, or not at all."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depository.cell_cache import CellCache, Found
from depository.notebook import content as contents
from depository.notebook import skeleton
from depository.notebook.canonical import MAX_DEPTH
from depository.notebook.content import Kind, from_file, from_notebook
from depository.notebook.render import JUPYTER, Style, render, render_cell
from tests.notebook.strategies import Notebook, damaged, notebooks_4, spelled
from tests.notebook.test_skeleton import BASE64, LINES

METADATA = {"kernelspec": {"name": "python3"}}


def code(source: str, *outputs: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": list(outputs), "source": source, **more}


def image(data: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": data}}


def file_of(*cells: Any, **more: Any) -> bytes:
    notebook = {"cells": list(cells), "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5, **more}
    return render(from_notebook(notebook).value)


def assert_read_alike(found: Found, source: bytes) -> None:
    """That it is what reading the file without a cache gives, and rendering to the file."""
    plain = from_file(source)
    parts = skeleton.take_apart(plain.value, plain.canonical)

    assert found.content[2:] == plain[2:]
    assert spelled(found.content.value) == spelled(plain.value)
    assert found.content.kind is Kind.NOTEBOOK
    assert found.parts.data == parts.data
    assert [(key, value.data) for key, value in found.parts.outputs.items()] == [
        (key, value.data) for key, value in parts.outputs.items()
    ]
    assert found.fingerprint == contents.source_fingerprint(plain)
    assert render(plain.value) == source


# what is read


@settings(max_examples=300)
@given(st.lists(notebooks_4(), min_size=1, max_size=3))
def test_files_as_jupyter_writes_them_are_read_as_without_a_cache(notebooks: list[Notebook]) -> None:
    cache = CellCache()
    for notebook in [*notebooks, *reversed(notebooks)]:
        value = from_notebook(notebook).value
        source = render(value)
        found = cache.read(source)
        if found:
            assert_read_alike(found, source)
        else:
            assert not (value.get("cells") and from_file(source).value == value and next(iter(value)) == "cells")


@settings(max_examples=300)
@given(damaged(), st.builds(Style, st.integers(0, 2), st.booleans(), st.booleans()))
def test_any_other_file_is_read_alike_or_not_at_all(notebook: Notebook, style: Style) -> None:
    source = render(from_notebook(notebook).value, style)
    if found := CellCache().read(source):
        assert_read_alike(found, source)


@settings(max_examples=300)
@given(st.data())
def test_a_file_altered_anywhere_is_read_alike_or_not_at_all(data: st.DataObject) -> None:
    source = file_of(code("a\nb", image("x")), code("é\n"), {"cell_type": "raw", "metadata": {}, "source": "c"})
    cache = CellCache()
    assert cache.read(source)
    place = data.draw(st.integers(0, len(source) - 1))
    length = data.draw(st.integers(0, 3))
    new = data.draw(
        st.sampled_from([b"", b" ", b"\n", b"1", b"\\", b'"', b"}", b"  },\n  {", b"\xff", b"\n  }\n ],\n"])
    )
    altered = source[:place] + new + source[place + length :]
    if found := cache.read(altered):
        assert_read_alike(found, altered)


def test_a_notebook_is_read_again_after_each_of_many_edits() -> None:
    cache = CellCache()
    cells = [code(f"x = {number}", image(BASE64 if number % 2 else LINES)) for number in range(40)]
    for number in range(40):
        cells[number] = code(f"x = {number}\n\ny = 'é\\n'")
        cells[-number - 1 :] = [code("new"), *cells[-number - 1 :]]
        source = file_of(*cells)
        found = cache.read(source)

        assert found
        assert_read_alike(found, source)


@pytest.mark.parametrize("count", [1, 15, 16, 300, 70_000])
def test_a_file_may_have_any_number_of_cells(count: int) -> None:
    source = file_of(*[code("")] * count)
    found = CellCache().read(source)

    if count < 1 << 16:
        assert found
        assert_read_alike(found, source)
    else:
        assert found is None


@pytest.mark.parametrize("count", [1, 11, 12, 13, 30])
def test_a_file_may_have_any_number_of_other_keys(count: int) -> None:
    source = file_of(code("a"), **{f"z{number}": number for number in range(count)})

    if found := CellCache().read(source):
        assert_read_alike(found, source)
    assert (found is None) == (count > 11)


def test_large_values_outside_the_cells_are_taken_out_too() -> None:
    source = file_of(code("a", image(BASE64)), metadata={"widgets": {"state": BASE64 + "\n"}, "more": LINES})
    found = CellCache().read(source)

    assert found
    assert_read_alike(found, source)


# what is not


@pytest.mark.parametrize(
    "write",
    [
        lambda notebook: json.dumps(notebook).encode(),
        lambda notebook: json.dumps(notebook, indent=2, sort_keys=True).encode(),
        lambda notebook: json.dumps(notebook, indent=1, sort_keys=True).encode(),  # no final newline
        lambda notebook: render(notebook).replace(b"\xc3\xa9", b"\\u00e9"),
        lambda notebook: render(notebook).replace(b"\n", b"\r\n"),
        lambda notebook: b"\xef\xbb\xbf" + render(notebook),
        lambda notebook: render(notebook, Style(open=True)),
        lambda notebook: render({**notebook, "nbformat": 3}),
        lambda notebook: render({**notebook, "nbformat": 5}),
        lambda notebook: render({**notebook, "cells": []}),
        lambda notebook: render({"another": 1, **notebook}),
        lambda notebook: render({**notebook, "metadata": {"signature": "x"}}),
        lambda notebook: render({**notebook, "cells": [{**code("a"), "metadata": {"trusted": True}}]}),
        lambda notebook: render(notebook).replace(b'"nbformat"', b'"cells": [],\n "nbformat"'),
        lambda notebook: render(notebook).replace(b"  }\n ],", b"  },\n  1\n ],"),
        lambda notebook: render(notebook)[:-20],
        lambda notebook: b"",
    ],
)
def test_a_file_written_otherwise_is_left_to_others(write: Callable[[Notebook], bytes]) -> None:
    notebook = from_file(file_of(code("é"), code("b"))).value

    assert CellCache().read(file_of(code("é"), code("b")))
    assert CellCache().read(write(notebook)) is None


@pytest.mark.parametrize("depth", [MAX_DEPTH - 4, MAX_DEPTH - 3, MAX_DEPTH - 2, MAX_DEPTH - 1, MAX_DEPTH, 2000])
def test_what_is_nested_too_deeply_is_left_to_others(depth: int) -> None:
    opened = "".join(f"[\n{' ' * (level + 5)}" for level in range(depth))
    closed = "".join(f"\n{' ' * (level + 4)}]" for level in reversed(range(depth)))
    before, after = file_of({**code("a"), "metadata": {"deep": 0}}).split(b'"deep": 0')
    source = before + f'"deep": {opened}1{closed}'.encode() + after

    found = CellCache().read(source)
    assert (found is None) == (from_file(source).kind is Kind.RAW)
    if found:
        assert_read_alike(found, source)


def test_a_cell_is_not_taken_for_what_follows_the_cells() -> None:
    cache = CellCache()
    tail = b'\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'
    assert cache.read(b'{\n "cells": [\n  {\n   "a": 1\n  }\n ],\n' + tail[1:])

    assert cache.read(b'{\n "cells": [\n  {' + tail[:-3] + b"\n  }\n ],\n" + tail[1:]) is None


# what is kept


def test_no_more_is_kept_than_was_asked_for() -> None:
    sources = [file_of(*(code(f"{number} {cell}" * 40) for cell in range(9))) for number in range(60)]
    size = max(map(len, sources))
    cache = CellCache(2 * size)
    for before, after in pairwise(sources):
        for source in (before, after, before):
            found = cache.read(source)
            assert found
            assert_read_alike(found, source)
            assert sum(piece.size for piece in cache._pieces.values()) == cache._size <= 2 * size


def test_a_file_larger_than_what_is_kept_is_left_to_others() -> None:
    source = file_of(code("a"))

    assert CellCache(len(source)).read(source)
    assert CellCache(len(source) - 1).read(source) is None


def test_a_cell_is_rendered_as_in_the_file() -> None:
    cell = from_file(file_of(code("a\nb", image("x")))).value["cells"][0]

    assert b'{\n "cells": [\n  ' + render_cell(cell) + b'\n ],\n "metadata"' in render(
        from_file(file_of(code("a\nb", image("x")))).value, JUPYTER
    )
