"""What changed in an output, by what it is."""

import base64
import json
import struct
from collections.abc import Mapping
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import example, given
from hypothesis import strategies as st

from depository.diff.compare import OutputChange
from depository.diff.outputs import (
    MAX_CHANGES,
    BytesDetail,
    Detail,
    Image,
    ImageDetail,
    JsonDetail,
    TableDetail,
    TextDetail,
    details,
    unpacked,
)
from depository.diff.sequences import Effort
from depository.diff.structure import Change, equal
from depository.diff.texts import Hunk
from depository.notebook.cells import Output, cells
from tests.notebook.shown import GIF, JPEG, PNG, code, display, encoded, notebook, stream
from tests.notebook.strategies import mime_bundles, outputs_4
from tests.work import calls_made


def output(found: Any) -> Output:
    (cell,) = cells(notebook(code("x", found)))
    return cell.outputs[0]


def change(old: Any, new: Any) -> OutputChange:
    return OutputChange(*(None if found is None else output(found) for found in (old, new)))


def of_bundles(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, **options: Any) -> tuple[Detail, ...]:
    sides = [None if data is None else display(data) for data in (old, new)]
    return details(change(*sides), **options)


def error(name: str, value: str, *trace: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": list(trace)}


def unified(hunks: tuple[Hunk, ...]) -> list[str]:
    return [line.tag + line.text for hunk in hunks for line in hunk.lines]


def only_text(found: tuple[Detail, ...], mime: str = "text/plain") -> list[str]:
    (detail,) = found
    assert isinstance(detail, TextDetail)
    assert detail.mime == mime
    return unified(detail.hunks)


def table(*rows: tuple[object, ...]) -> str:
    return f"<table>{''.join('<tr>' + ''.join(f'<td>{text}' for text in row) for row in rows)}</table>"


def digest(data: bytes) -> str:
    return blake3(data).hexdigest()


# Text


def test_a_stream_is_compared_line_by_line() -> None:
    assert only_text(details(change(stream("a\nb\nc\n"), stream("a\nB\nc\n")))) == [" a", "-b", "+B", " c"]


def test_so_many_lines_are_shown_around_a_change_as_were_asked_for() -> None:
    assert only_text(details(change(stream("a\nb\nc"), stream("a\nb\nC")), context=1)) == [" b", "-c", "+C"]


def test_the_part_of_a_line_that_differs_is_marked() -> None:
    (found,) = details(change(stream("loss: 0.25 at 3\n"), stream("loss: 0.17 at 3\n")))
    assert isinstance(found, TextDetail)
    old, new = found.hunks[0].lines
    assert [old.text[start:end] for start, end in old.marks] != []
    assert "loss" not in "".join(old.text[start:end] for start, end in old.marks)
    assert new.marks


def test_colours_and_what_a_progress_bar_wrote_over_are_not_compared() -> None:
    old, new = "\x1b[31mdone\x1b[0m\n 10%\r 99%\r100%\n", "\x1b[32mdone\x1b[0m\n 50%\r100%\n"

    assert details(change(stream(old), stream(new))) == (TextDetail("text/plain", ()),)


def test_an_error_is_its_traceback_without_colours() -> None:
    old = error("ValueError", "no", "\x1b[0;31m-----\x1b[0m", "line 1", "\x1b[0;31mValueError\x1b[0m: no")
    new = error("ValueError", "yes", "\x1b[0;31m-----\x1b[0m", "line 1", "\x1b[0;31mValueError\x1b[0m: yes")

    assert only_text(details(change(old, new))) == [" -----", " line 1", "-ValueError: no", "+ValueError: yes"]


def test_an_error_whose_traceback_does_not_say_so_has_its_name_and_value_after_it() -> None:
    old, new = error("KeyError", "'a'", "line 1"), error("KeyError", "'b'", "line 1")

    assert only_text(details(change(old, new))) == [" line 1", "-KeyError: 'a'", "+KeyError: 'b'"]
    assert only_text(details(change(error("E", "x"), error("F", "x")))) == ["-E: x", "+F: x"]


@pytest.mark.parametrize("mime", ["text/plain", "text/markdown", "text/latex", "application/javascript", "text/html"])
def test_text_of_any_kind_is_compared_line_by_line(mime: str) -> None:
    assert only_text(of_bundles({mime: "a\nb"}, {mime: "a\nc"}), mime) == [" a", "-b", "+c"]


def test_only_what_goes_to_a_terminal_is_shown_as_one_leaves_it() -> None:
    assert only_text(of_bundles({"text/markdown": "a\rb"}, {"text/markdown": "a\rc"}), "text/markdown") == [
        "-a\rb",
        "+a\rc",
    ]


def test_what_came_or_went_is_told_whole() -> None:
    assert only_text(details(change(None, stream("a\nb\n")))) == ["+a", "+b"]
    assert only_text(of_bundles({"text/plain": "a\nb"}, None)) == ["-a", "-b"]


# Tables


def test_a_table_is_compared_row_by_row() -> None:
    old, new = (table(("a", 1), ("b", 2), ("c", n)) for n in (3, 4))
    (found,) = of_bundles({"text/html": old}, {"text/html": new}, context=1)

    assert isinstance(found, TableDetail)
    assert [(row.old, row.new, row.columns) for row in found.rows] == [
        (("b", "2"), ("b", "2"), ()),
        (("c", "3"), ("c", "4"), (1,)),
    ]
    assert (found.old_size, found.new_size) == ((3, 2), (3, 2))


@pytest.mark.parametrize("twin", ["text/plain", "text/latex"])
def test_the_twins_of_a_table_are_left_out(twin: str) -> None:
    old, new = ({"text/html": table((n,)), twin: f"   0\n0  {n}"} for n in (1, 2))

    assert [type(found) for found in of_bundles(old, new)] == [TableDetail]


def test_a_twin_that_alone_changed_is_told() -> None:
    old, new = ({"text/html": table((1,)), "text/plain": text} for text in "ab")

    assert only_text(of_bundles(old, new)) == ["-a", "+b"]


def test_what_is_written_around_a_table_is_text() -> None:
    old, new = ({"text/html": table((1,)) + f"<p>{n:,} rows in all</p>"} for n in (1_000, 2_000))

    assert only_text(of_bundles(old, new), "text/html") == ["-1,000 rows in all", "+2,000 rows in all"]


def test_several_tables_are_compared_one_by_one() -> None:
    old, new = ({"text/html": table((1,)) + table((n,)) + extra} for n, extra in ((2, ""), (3, table((4,)))))
    found = of_bundles(old, new)

    assert [(one.old_size, one.new_size) for one in found if isinstance(one, TableDetail)] == [
        ((1, 1), (1, 1)),
        (None, (1, 1)),
    ]


def test_a_table_of_which_only_the_style_changed_has_no_rows() -> None:
    old, new = ({"text/html": f"<style>.{name} {{}}</style>{table((1,))}"} for name in "ab")

    assert of_bundles(old, new) == (TableDetail((), (1, 1), (1, 1)),)


def test_html_that_has_no_table_any_more_is_text() -> None:
    html = table((1,))

    assert only_text(of_bundles({"text/html": html}, {"text/html": "<b>gone</b>"}), "text/html") == [
        f"-{html}",
        "+<b>gone</b>",
    ]


def test_a_table_that_came_is_told_row_by_row() -> None:
    (found,) = of_bundles(None, {"text/html": table((1, 2)), "text/plain": "1 2"})

    assert isinstance(found, TableDetail)
    assert [(row.old, row.new) for row in found.rows] == [(None, ("1", "2"))]
    assert (found.old_size, found.new_size) == (None, (1, 2))


@pytest.mark.parametrize("other", ["application/vnd.plotly.v1+json", "image/svg+xml"])
def test_html_that_draws_what_is_there_as_json_or_an_image_is_told_by_its_hash(other: str) -> None:
    old, new = ({"text/html": f"<div id={n}>", other: "{}"} for n in (1, 2))

    assert of_bundles(old, new) == (BytesDetail("text/html", (10, digest(b"<div id=1>")), (10, digest(b"<div id=2>"))),)


# Images


def test_an_image_has_its_size_in_pixels_its_bytes_and_their_hash() -> None:
    (found,) = of_bundles({"image/png": encoded(PNG)}, {"image/png": encoded(PNG + b"x")})

    assert found == ImageDetail(
        Image("image/png", 640, 480, PNG, digest(PNG)), Image("image/png", 640, 480, PNG + b"x", digest(PNG + b"x"))
    )


@pytest.mark.parametrize(("mime", "data"), [("image/gif", GIF), ("image/jpeg", JPEG)])
def test_an_image_that_came_has_no_old_side(mime: str, data: bytes) -> None:
    (found,) = of_bundles(None, {mime: encoded(data)})

    assert isinstance(found, ImageDetail)
    assert found.old is None
    assert found.new is not None
    assert (found.new.data, found.new.hash) == (data, digest(data))


def test_a_drawing_is_an_image_of_its_text() -> None:
    svg = ['<svg width="10" ', 'height="20">ü</svg>']
    (found,) = of_bundles(None, {"image/svg+xml": svg})

    assert isinstance(found, ImageDetail)
    assert found.new == Image("image/svg+xml", 10, 20, "".join(svg).encode(), digest("".join(svg).encode()))


def test_line_ends_in_base64_are_no_change() -> None:
    text = encoded(PNG)

    assert of_bundles({"image/png": text}, {"image/png": f"{text[:76]}\n{text[76:]}\n"}) == ()


@pytest.mark.parametrize("value", ["", "no base64!", "iVBORw0KGgo", {"a": 1}, None, 5, ["a", 1], "\ud800"])
def test_what_should_be_an_image_and_is_none_is_told_by_its_hash(value: Any) -> None:
    (found,) = of_bundles({"image/png": encoded(PNG)}, {"image/png": value})

    assert isinstance(found, ImageDetail)
    assert found.new is not None
    assert (found.new.width, found.new.height, found.new.hash) == (None, None, digest(found.new.data))


# JSON


def test_a_plot_is_compared_by_its_structure() -> None:
    old = {"data": [{"type": "bar", "y": [1, 2, 3]}], "layout": {"title": {"text": "Sum"}}}
    new = {"data": [{"type": "bar", "y": [1, 2, 4]}], "layout": {"title": {"text": "Sums"}}}

    for mime in ("application/vnd.plotly.v1+json", "application/vnd.vegalite.v5+json", "application/json"):
        assert of_bundles({mime: old}, {mime: new}) == (
            JsonDetail(
                mime,
                (
                    Change(("data", 0, "y", 2), "changed", 3, 4),
                    Change(("layout", "title", "text"), "changed", "Sum", "Sums"),
                ),
                0,
            ),
        )


def test_json_that_came_or_went_is_one_change() -> None:
    assert of_bundles(None, {"application/json": [1]}) == (
        JsonDetail("application/json", (Change((), "added", None, [1]),), 0),
    )
    assert of_bundles({"application/json": None}, None) == (
        JsonDetail("application/json", (Change((), "removed", None, None),), 0),
    )


def test_of_very_many_changes_of_json_some_are_told_and_the_rest_counted() -> None:
    old, new = ({"application/json": {str(i): i + more for i in range(1_000)}} for more in (0, 1))
    (found,) = of_bundles(old, new)

    assert isinstance(found, JsonDetail)
    assert (len(found.changes), found.more) == (MAX_CHANGES, 1_000 - MAX_CHANGES)


PLOTLY = "application/vnd.plotly.v1+json"


def packed(kind: str, form: str, *numbers: float, **more: Any) -> dict[str, Any]:
    return {"dtype": kind, "bdata": encoded(struct.pack(f"<{len(numbers)}{form}", *numbers)), **more}


def test_arrays_that_plotly_packs_are_compared_number_by_number() -> None:
    old = {"data": [{"y": packed("f8", "d", 1, 2.5, 3)}]}
    new = {"data": [{"y": packed("f8", "d", 1, 2.5, 4)}]}

    assert of_bundles({PLOTLY: old}, {PLOTLY: new}) == (
        JsonDetail(PLOTLY, (Change(("data", 0, "y", 2), "changed", 3.0, 4.0),), 0),
    )


def test_a_list_that_plotly_began_to_pack_has_not_changed() -> None:
    old, new = {"data": [{"y": [1, 2, 3]}]}, {"data": [{"y": packed("i1", "b", 1, 2, 3)}]}

    assert of_bundles({PLOTLY: old}, {PLOTLY: new}) == (JsonDetail(PLOTLY, (), 0),)
    assert of_bundles({PLOTLY: old}, {PLOTLY: json.loads(json.dumps(old))}) == ()


@pytest.mark.parametrize(
    ("array", "numbers"),
    [
        (packed("i1", "b", -1, 2), [-1, 2]),
        (packed("u1", "B", 255), [255]),
        (packed("i2", "h", -300), [-300]),
        (packed("<u2", "H", 40_000), [40_000]),
        (packed("i4", "i", -70_000), [-70_000]),
        (packed("u4", "I", 3_000_000_000), [3_000_000_000]),
        (packed("f4", "f", 0.5), [0.5]),
        (packed("f8", "d", 0.1), [0.1]),
        (packed("u1", "B", 1, 2, 3, 4, 5, 6, shape="2, 3"), [[1, 2, 3], [4, 5, 6]]),
        (packed("u1", "B", 1, 2, 3, 4, shape="2,2,1"), [[[1], [2]], [[3], [4]]]),
    ],
)
def test_a_packed_array_is_the_numbers_in_it(array: Any, numbers: list[Any]) -> None:
    assert unpacked({"z": array}) == {"z": numbers}


@pytest.mark.parametrize(
    "array",
    [
        {"dtype": "f8", "bdata": "no base64!"},
        {"dtype": "f8", "bdata": "AAAA"},
        {"dtype": "u1", "bdata": "no base64!"},
        packed("u1", "B", shape="2, 0"),
        {"dtype": "c16", "bdata": "AAAA"},
        {"dtype": ["f8"], "bdata": "AAAA"},
        {"dtype": "u1", "bdata": [1]},
        {"bdata": "AAAA"},
        packed("u1", "B", 1, 2, shape="3"),
        packed("u1", "B", 1, 2, shape="0, 2"),
        packed("u1", "B", 1, 2, shape="999999999,999999999"),
        packed("u1", "B", 1, 2, shape=[2]),
    ],
)
def test_what_only_looks_like_a_packed_array_stays_as_it_is(array: Any) -> None:
    assert unpacked([array]) == [array]


# Other values, and several


def test_a_value_of_another_kind_is_its_size_and_hash() -> None:
    old, new = b"%PDF-1", b"%PDF-17"
    found = of_bundles({"application/pdf": encoded(old)}, {"application/pdf": encoded(new)})

    assert found == (BytesDetail("application/pdf", (6, digest(old)), (7, digest(new))),)


def test_of_several_mime_types_each_that_changed_is_told_what_can_be_read_first() -> None:
    old = {"image/png": encoded(PNG), "text/plain": "a", "application/json": 1, "text/latex": "same"}
    new = {"image/png": encoded(GIF), "text/plain": "b", "application/json": 2, "text/latex": "same", "a/b": "x"}

    assert [type(found) for found in of_bundles(old, new)] == [TextDetail, JsonDetail, BytesDetail, ImageDetail]


@given(outputs_4() | st.builds(display, mime_bundles()))
def test_an_output_does_not_differ_from_its_copy(found: Any) -> None:
    copy = json.loads(json.dumps(found))

    assert all(one == TextDetail("text/plain", ()) for one in details(change(found, copy)))


odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers() | st.text())
odd_bundles = st.dictionaries(
    st.sampled_from(["text/html", "text/plain", "image/png", "image/svg+xml", "application/json", PLOTLY, "a/b", ""]),
    odd | st.dictionaries(st.text(), odd) | st.sampled_from(["<table><tr><td>1</table>", "<table><tr><td>2</table>x"]),
)


@given(odd_bundles, odd_bundles)
@example({"image/svg+xml": ""}, {"image/svg+xml": []})
@example({"a/b": "one"}, {"a/b": ["o", "ne"]})
def test_what_changed_is_told_and_nothing_else(old: dict[str, Any], new: dict[str, Any]) -> None:
    told = {mime_of(found) for found in of_bundles(old, new)}
    whole = [{mime: joined(mime, value) for mime, value in bundle.items()} for bundle in (old, new)]
    changed = {mime for mime in {*old, *new} if any(mime not in side for side in whole)}
    changed |= {mime for mime in {*old} & {*new} if not equal(*(side[mime] for side in whole))}

    # space in base64 is no part of an image, and plain text may be the twin of a table
    assert changed - {"image/png", "text/plain"} <= told <= changed


def joined(mime: str, value: Any) -> Any:
    """A list of lines is the text that they make, where the type is not JSON."""
    is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return "".join(value) if is_lines and mime not in ("application/json", PLOTLY) else value


def mime_of(found: Detail) -> str:
    if isinstance(found, TableDetail):
        return "text/html"
    if isinstance(found, ImageDetail):
        return next(side.mime for side in found if side)
    return found.mime


# Bounds


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<table>" + "<tr><td>1" * 100_000},
        {"text/html": "<table><tr>" + "<td>1" * 1_000_000},
        {"text/html": "<table>" * 200_000},
        {"text/html": "<table><td a='" * 100_000},
        {"image/png": encoded(PNG[:16] + b"\xff" * 5_000_000)},
        {"image/jpeg": encoded(b"\xff\xd8" + b"\xff\xe0\x00\x00" * 1_000_000)},
        {"image/svg+xml": "<svg " * 1_000_000},
        {"text/plain": "\r" * 2_000_000},
    ],
    ids=["rows", "cells", "tables", "quotes", "png", "jpeg", "svg", "returns"],
)
def test_hostile_values_take_no_more_work_than_is_fixed(data: dict[str, str]) -> None:
    other = {mime: value + "AAAA" for mime, value in data.items()}

    assert calls_made(lambda: of_bundles(data, other)) < 2_000_000


def test_ten_megabytes_of_numbers_take_work_that_grows_with_them_alone() -> None:
    def work(count: int) -> int:
        old, new = ({"application/json": {"z": [i / n for i in range(count)]}} for n in (7, 11))
        return calls_made(lambda: of_bundles(old, new))

    assert work(600_000) < 3 * work(300_000) + 1_000


def test_one_effort_is_spent_by_all_outputs() -> None:
    effort = Effort()
    old, new = ({"text/html": table((n, "x" * 1_000))} for n in (1, 2))
    spent = []
    for _ in range(3):
        of_bundles(old, new, effort=effort)
        spent.append(effort.spent)

    assert 0 < spent[0] < spent[1] < spent[2]


def test_where_the_effort_is_spent_a_table_is_told_as_text() -> None:
    old, new = ({"text/html": table((n,))} for n in (1, 2))

    assert [type(found) for found in of_bundles(old, new, effort=Effort(0))] == [TextDetail]


def test_base64_is_decoded_whatever_its_lines_are() -> None:
    (found,) = of_bundles(None, {"image/png": base64.encodebytes(PNG).decode()})

    assert isinstance(found, ImageDetail)
    assert found.new is not None
    assert found.new.data == PNG
