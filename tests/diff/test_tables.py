"""Tables of HTML: how they are read, and what changed in them."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff.sequences import Effort
from depository.diff.tables import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_HTML,
    MAX_ROWS,
    MAX_TABLES,
    MAX_TAG,
    Page,
    Row,
    RowChange,
    Table,
    compare,
    read,
)
from tests.work import calls_made

FRAME = """\
<div>
<style scoped>
    .dataframe tbody tr th { vertical-align: top; }
</style>
<table border="1" class="dataframe">
  <thead>
    <tr style="text-align: right;">
      <th></th>
      <th>city</th>
      <th>people</th>
    </tr>
  </thead>
  <tbody>
    <tr>
      <th>0</th>
      <td>Bern</td>
      <td>134,794</td>
    </tr>
    <tr>
      <th>1</th>
      <td>Basel &amp; around</td>
      <td>NaN</td>
    </tr>
  </tbody>
</table>
<p>2 rows \u00d7 2 columns</p>
</div>"""


def page(html: str) -> Page:
    found = read(html, Effort())
    assert found is not None
    return found


def only(html: str) -> Table:
    (table,) = page(html).tables
    return table


def rows(html: str) -> list[Row]:
    return list(only(f"<table>{html}</table>").rows)


def frame(columns: list[str], *body: Sequence[object], index: list[str] | None = None) -> Table:
    """A table as pandas shows a frame."""
    labels = index or [str(number) for number in range(len(body))]
    found = [("", *columns), *((label, *map(str, row)) for label, row in zip(labels, body, strict=True))]
    return Table(tuple(found), headers=1, labels=1)


def plain(*found: Sequence[object]) -> Table:
    return Table(tuple(tuple(map(str, row)) for row in found), headers=0, labels=0)


def told(found: tuple[RowChange, ...]) -> list[tuple[str, int | None, int | None, tuple[int, ...], tuple[int, ...]]]:
    """The rows that changed: how, their places, and which of their cells."""
    return [
        (
            "+" if row.old is None else "-" if row.new is None else "~",
            row.old_index,
            row.new_index,
            row.old_columns,
            row.columns,
        )
        for row in found
        if row.is_changed
    ]


def changes(old: Table, new: Table, context: int = 3) -> Any:
    return told(compare(old, new, context=context, effort=Effort()))


# Reading


def test_a_frame_of_pandas_is_rows_of_texts() -> None:
    assert page(FRAME) == Page(
        (
            Table(
                (("", "city", "people"), ("0", "Bern", "134,794"), ("1", "Basel & around", "NaN")),
                headers=1,
                labels=1,
            ),
        ),
        "2 rows \u00d7 2 columns",
    )


@pytest.mark.parametrize(
    "html",
    [
        "",
        "text",
        "<p>no rows</p>",
        "<tr><td>1</td></tr>",
        "<tables><td>1",
        "<table></table>",
        "<!-- <table><tr><td>1</table> -->",
        "<script>'<table><tr><td>1</table>'</script>",
    ],
)
def test_what_has_no_table_is_none(html: str) -> None:
    assert read(html, Effort()) is None


def test_tags_that_are_left_open_end_where_the_next_begins() -> None:
    assert rows("<tr><th>a<th>b<tr><td>1<td>2") == [("a", "b"), ("1", "2")]
    assert only("<table><tr><td>1<td>2").rows == (("1", "2"),)
    assert rows("<td>1<td>2</tr><td>3<td>4") == [("1", "2"), ("3", "4")]


def test_space_in_a_cell_is_as_a_browser_shows_it() -> None:
    assert rows("<tr><td>\n a\t<b>b</b>c<br>d<div>e</div>f &nbsp;&lt;</td>") == [("a bc d e f <",)]


def test_a_cell_over_several_columns_or_rows_is_in_each_of_them() -> None:
    found = rows(
        "<tr><th></th><th colspan=2>a</th><th>b</th></tr>"
        "<tr><th rowspan=2>x</th><td>1</td><td>2</td><td rowspan=9>3</td></tr>"
        "<tr><td>4</td><td>5</td></tr>"
    )
    assert found == [("", "a", "a", "b"), ("x", "1", "2", "3"), ("x", "4", "5", "3")]


def test_a_cell_over_several_rows_ends_after_them() -> None:
    assert rows("<tr><td rowspan=2>a<td>1<tr><td>2<tr><td>b<td>3") == [("a", "1"), ("a", "2"), ("b", "3")]


def test_rows_that_are_shorter_are_filled_up() -> None:
    assert rows("<tr><td>1<td>2<tr><td>3") == [("1", "2"), ("3", "")]


@pytest.mark.parametrize("span", ["0", "-1", "x", "", "²", "1.5"])
def test_what_is_no_number_of_columns_is_one(span: str) -> None:
    assert rows(f"<tr><td colspan='{span}'>1</td><td>2</td></tr>") == [("1", "2")]


def test_header_rows_are_those_at_the_head_or_a_first_one_of_headers() -> None:
    tables = [
        "<thead><tr><td>a<tr><td>b<tbody><tr><td>1",
        "<thead><tr><td>a</thead><tr><td>1",
        "<tr><th>a<tr><td>1",
        "<tr><th>a",
        "<tr><td>a",
        "<tr><td>a<thead><tr><td>b",
    ]
    assert [only(f"<table>{html}</table>").headers for html in tables] == [2, 1, 1, 0, 0, 0]


def test_label_columns_are_those_that_are_headers_in_all_rows_of_the_body() -> None:
    assert only("<table><tr><th>a<th>b<th>c<tr><th>1<th>2<td>3<tr><th>1<td>2<td>3</table>").labels == 1


def test_a_table_in_a_cell_is_text_of_the_cell() -> None:
    inner = "<table><tr><td>1</td><td>2</td></tr></table>"
    assert rows(f"<tr><td>a {inner} b</td><td>c</td></tr>") == [("a 1 2 b", "c")]


def test_several_tables_and_what_is_around_them() -> None:
    found = page("<h1>One</h1><table><tr><td>1</table>between<table><caption>Two</caption><tr><td>2</table>\n\n end")
    assert [table.rows for table in found.tables] == [(("1",),), (("2",),)]
    assert found.text == "One\nbetween\nTwo\nend"


def test_programs_and_styles_show_nothing() -> None:
    html = "<table><tr><td>1<script>alert('</td>')</script >2<STYLE>td {}</Style></table><script>never <b>ends"
    assert page(html) == Page((Table((("12",),), 0, 0),), "")


MARKUP = (
    "<table> </table> <tr> <td_rowspan=3> <th_colspan=2> </td> <thead> <!-- --> <![CDATA[ ]]> <!x <? <style> </style> "
    "</ <a_b=' \" &# &amp 1"
)


@given(
    st.lists(st.sampled_from([piece.replace("_", " ") for piece in MARKUP.split()]) | st.text(max_size=3), max_size=30)
)
def test_any_html_is_a_page_of_even_tables_or_none(pieces: list[str]) -> None:
    found = read("".join(["<table>", *pieces]), Effort())
    for table in found.tables if found else ():
        assert {len(row) for row in table.rows} == {table.columns}
        assert 0 <= table.headers <= len(table.rows)
        assert 0 <= table.labels <= table.columns


# What is too much


@pytest.mark.parametrize(
    "html",
    [
        "<table>" + "<tr><td>1" * (MAX_ROWS + 1),
        "<table>" + "<td>1" * (MAX_COLUMNS + 1),
        "<table><tr>" + f"<td colspan={MAX_COLUMNS + 1}>1",
        "<table><tr>" + "<td colspan=999999999999>1",
        "<table>" + f"<tr><td rowspan=99999 colspan={MAX_COLUMNS}>1" + "<tr><td>1" * (MAX_CELLS // MAX_COLUMNS),
        "<table>" + f"<tr>{'<td>1' * 999}" + "<tr><td>1" * (MAX_CELLS // 999),
        "<table><tr><td>1</table>" * (MAX_TABLES + 1),
        "<table><tr><td>1</table>" + "x" * MAX_HTML,
        "<table><tr><td>1</table><a href='" + "x" * (2 * MAX_TAG),
        "<table><tr><td>1</table><!--" + "x" * (2 * MAX_TAG),
        "<table><tr><td>&#" + "9" * 5_000 + ";</table>",
        "<table><tr><td><![unknown[ ]]></table>",
    ],
    ids=["rows", "columns", "colspan", "huge colspan", "rowspan", "width", "tables", "html", "tag", "comment", "digits",
         "declaration"],
)  # fmt: skip
def test_a_table_that_is_larger_or_odder_than_tables_are_is_none(html: str) -> None:
    assert read(html, Effort()) is None


def test_a_table_is_read_only_while_there_is_effort() -> None:
    effort = Effort()
    assert read(FRAME, effort) is not None
    assert effort.spent > FRAME.count("<")
    assert read(FRAME, Effort(effort.spent)) is not None
    assert read(FRAME, Effort(effort.spent - 1)) is None


@pytest.mark.parametrize(
    "piece",
    [
        "<td>1",
        "<table><tr><td>",
        "</table>",
        "<",
        "<!",
        "<!--!",
        "<a b='",
        "<a ",
        "&#1",
        "<style>",
        "x",
        "<td a a",
        "<?",
    ],
)
def test_the_work_of_reading_grows_with_the_size_alone(piece: str) -> None:
    def work(count: int) -> int:
        return calls_made(lambda: read("<table>" + piece * count, Effort()))

    assert work(16_000) < 3 * work(8_000) + 1_000


def test_a_million_cells_are_given_up_early() -> None:
    assert calls_made(lambda: read("<table>" + "<td>1" * 180_000, Effort())) < 100 * MAX_COLUMNS
    assert calls_made(lambda: read("<table>" + "<td>1" * 1_000_000, Effort())) < 10


# Comparing


def test_a_changed_value_shows_as_such() -> None:
    old = frame(["a", "b"], [1, 2], [3, 4], [5, 6])
    new = frame(["a", "b"], [1, 2], [3, 0], [5, 6])

    assert changes(old, new) == [("~", 2, 2, (2,), (2,))]


def test_a_new_row_shows_as_such() -> None:
    old = frame(["a", "b"], [1, 2], [3, 4], index=["x", "y"])
    new = frame(["a", "b"], [1, 2], [9, 9], [3, 4], index=["x", "new", "y"])

    assert changes(old, new) == [("+", None, 2, (), ())]
    assert changes(new, old) == [("-", 2, None, (), ())]


def test_a_new_row_does_not_change_those_that_are_only_numbered_anew() -> None:
    old = frame(["a", "b"], [1, 2], [3, 4], [5, 6])
    new = frame(["a", "b"], [1, 2], [9, 9], [3, 4], [5, 6])

    assert changes(old, new) == [("+", None, 2, (), ())]


def test_an_index_that_somebody_chose_is_compared() -> None:
    assert changes(frame(["a"], [1], [2], index=["3", "5"]), frame(["a"], [1], [2], index=["3", "6"])) == [
        ("~", 2, 2, (0,), (0,))
    ]


def test_the_numbers_of_a_frame_that_is_cut_in_the_middle_are_no_values() -> None:
    body: list[list[object]] = [[1], [2], ["..."], [8], [9]]
    old = frame(["a"], *body, index=["0", "1", "...", "98", "99"])
    new = frame(["a"], *body, index=["0", "1", "...", "198", "199"])

    assert changes(old, new) == []


def test_rows_are_known_again_by_their_labels_when_all_their_values_changed() -> None:
    index = ["mean", "std", "max"]
    old = frame(["a", "b", "c"], [1, 2, 3], [4, 5, 6], [7, 8, 9], index=index)
    new = frame(["a", "b", "c"], [10, 20, 30], [70, 80, 90], index=["mean", "max"])

    assert changes(old, new) == [
        ("~", 1, 1, (1, 2, 3), (1, 2, 3)),
        ("-", 2, None, (), ()),
        ("~", 3, 2, (1, 2, 3), (1, 2, 3)),
    ]


def test_as_many_rows_with_other_values_are_the_same_rows() -> None:
    assert changes(plain([1, 2], [3, 4]), plain([5, 6], [7, 8])) == [
        ("~", 0, 0, (0, 1), (0, 1)),
        ("~", 1, 1, (0, 1), (0, 1)),
    ]


def test_rows_that_have_little_in_common_are_others() -> None:
    old, new = plain([1, 2, 3, 4], [5, 6, 7, 8]), plain([1, 20, 30, 40])

    assert [change[0] for change in changes(old, new)] == ["-", "-", "+"]


def test_a_new_column_changes_only_itself() -> None:
    old = frame(["a", "b"], [1, 2], [3, 4])
    new = frame(["a", "x", "b"], [1, 0, 2], [3, 0, 5])

    assert changes(old, new) == [("~", 0, 0, (), (2,)), ("~", 1, 1, (), (2,)), ("~", 2, 2, (2,), (2, 3))]
    assert changes(new, old) == [("~", 0, 0, (2,), ()), ("~", 1, 1, (2,), ()), ("~", 2, 2, (2, 3), (2,))]


def test_a_renamed_column_is_the_same_column() -> None:
    assert changes(frame(["a", "b"], [1, 2]), frame(["a", "B"], [1, 2])) == [("~", 0, 0, (2,), (2,))]


def test_without_headers_columns_are_known_by_their_values() -> None:
    assert changes(plain([1, 2], [3, 4]), plain([1, 0, 2], [3, 0, 4])) == [("~", 0, 0, (), (1,)), ("~", 1, 1, (), (1,))]


def test_tables_with_nothing_in_common_replace_each_other() -> None:
    old, new = Table((("a",), ("1",)), 1, 0), Table((("b", "c"), ("2", "3")), 1, 0)

    assert [change[0] for change in changes(old, new)] == ["-", "-", "+", "+"]


def test_header_rows_are_shown_and_a_few_rows_around_a_change() -> None:
    body = [[number] for number in range(10)]
    old, new = frame(["a"], *body), frame(["a"], *body[:5], [-1], *body[6:])
    found = compare(old, new, context=1, effort=Effort())

    assert [(row.new_index, row.header, row.is_changed) for row in found] == [
        (0, True, False),
        (5, False, False),
        (6, False, True),
        (7, False, False),
    ]


def test_without_a_change_no_rows_are_shown() -> None:
    assert compare(frame(["a"], [1]), frame(["a"], [1]), effort=Effort()) == ()


def test_a_table_that_came_or_went_is_shown_whole() -> None:
    table = frame(["a"], [1])

    assert [(row.old, row.new, row.header) for row in compare(None, table, effort=Effort())] == [
        (None, ("", "a"), True),
        (None, ("0", "1"), False),
    ]
    assert [change[0] for change in told(compare(table, None, effort=Effort()))] == ["-", "-"]


texts = st.sampled_from(["", "0", "1", "2", "a", "b"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 4))
    found = draw(st.lists(st.lists(texts, min_size=width, max_size=width).map(tuple), min_size=1, max_size=6))
    return Table(tuple(found), draw(st.integers(0, len(found))), draw(st.integers(0, width)))


@pytest.mark.parametrize("limit", [0, 3_000_000])
@given(old=tables(), new=tables())
def test_every_row_is_told_of_once_and_in_order_and_its_cells_as_they_are(limit: int, old: Table, new: Table) -> None:
    found = compare(old, new, context=100, effort=Effort(limit))
    olds = [(row.old_index, row.old) for row in found if row.old_index is not None]
    news = [(row.new_index, row.new) for row in found if row.new_index is not None]
    if found:
        assert (olds, news) == (list(enumerate(old.rows)), list(enumerate(new.rows)))
    for row in found:
        if row.old and row.new:
            kept_old = [text for place, text in enumerate(row.old) if place not in row.old_columns]
            kept_new = [text for place, text in enumerate(row.new) if place not in row.columns]
            # but for a number that counts the rows
            assert kept_old == kept_new or kept_old[1:] == kept_new[1:]


@given(tables(), tables())
def test_a_table_differs_from_itself_in_no_row_and_from_another_in_some(old: Table, new: Table) -> None:
    assert compare(old, old, effort=Effort()) == ()
    if old.columns != new.columns or len(old.rows) != len(new.rows):
        assert compare(old, new, effort=Effort())


def test_the_work_of_comparing_grows_with_the_size_alone() -> None:
    def work(count: int) -> int:
        old = plain(*([i % 7, i, "x"] for i in range(count)))
        new = plain(*([i % 5, -i, "y"] for i in range(count)))
        return calls_made(lambda: compare(old, new, effort=Effort()))

    assert work(4_000) < 3 * work(2_000)
