"""The page of a difference: what it shows, that nothing of a notebook leaves its place, and how large it gets."""
# ruff: noqa: RUF001 - minus signs and times signs, as the page has them

import base64
import re
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff.page import limits
from depository.diff.page.limits import MAX_IMAGE, MAX_LINE, MAX_LINES, MAX_SECTIONS
from tests.diff.hostile_notebooks import HOSTILE, changed
from tests.diff.pages import Reader, assert_harmless, of_class, page_of
from tests.notebook.shown import GIF, PNG, any_notebooks, code, display, encoded, notebook, stream

TAG_LIKE = st.sampled_from(
    [
        *(
            "<",
            ">",
            "&",
            '"',
            "'",
            "</section>",
            "<script>",
            "<!--",
            "-->",
            "<![CDATA[",
            "&lt;",
            "&#60",
            "\x00",
            "\u202e",
        ),
        *(
            "<b>",
            "</b>",
            "<p>",
            "<li>",
            "<td>",
            "</table>",
            "<svg>",
            "<style>",
            "x",
            " ",
            "\n",
            "\ud800",
            "<a href=",
            "onx=",
        ),
        *(
            "<img src=",
            "data:image/png;base64,",
            "javascript:",
            "http://a/",
            "colspan=9",
            "<plaintext>",
            "`",
            "\\",
            "$",
        ),
    ]
)
markups = st.lists(TAG_LIKE, max_size=15).map("".join)
hostile_bundles = st.dictionaries(
    st.sampled_from(["text/html", "text/plain", "image/svg+xml", "image/png", "application/json"]) | markups, markups
)
hostile_cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown"]) | markups, "source": markups, "metadata": st.just({})},
    optional={
        "id": markups,
        "outputs": st.lists(
            st.fixed_dictionaries({"output_type": st.just("display_data") | markups, "data": hostile_bundles}),
            max_size=3,
        ),
        "attachments": st.dictionaries(markups, hostile_bundles, max_size=2),
    },
)
hostile_notebooks = st.lists(hostile_cells, max_size=4).map(lambda cells: notebook(*cells))


# Nothing gets out of its place


@given(any_notebooks, any_notebooks)
def test_whatever_json_is_compared_the_page_has_only_what_a_page_may_have(old: Any, new: Any) -> None:
    assert_harmless(page_of(old, new))


@given(hostile_notebooks, hostile_notebooks, markups)
def test_whatever_looks_like_markup_is_text_on_the_page(old: Any, new: Any, name: str) -> None:
    assert_harmless(page_of(old, new, title=name, old=name, new=name))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_notebook_has_a_harmless_page(name: str) -> None:
    hostile = HOSTILE[name]
    for old, new in ((notebook(), hostile), (hostile, notebook()), (hostile, changed(hostile))):
        assert_harmless(page_of(old, new))


def test_a_page_forbids_scripts_and_requests_and_allows_its_one_style_by_its_hash() -> None:
    page = page_of(notebook(), notebook(code("x")))
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    policies = [e.attributes["content"] for e in Reader(page).elements if "http-equiv" in e.attributes]
    assert policies[0] == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; form-action 'none'; base-uri 'none'"
    )
    # a policy holds for what stands after it
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<style>")


def test_a_page_asks_nobody_for_anything() -> None:
    page = page_of(notebook(), notebook(code("x", display({"image/png": encoded(PNG)}))))
    assert not re.findall(r"url\(|@import|<link|<script|https?:", page)
    assert 'name="referrer" content="no-referrer"' in page
    assert 'http-equiv="x-dns-prefetch-control" content="off"' in page


def test_characters_that_reorder_text_are_shown_as_what_they_are() -> None:
    said = assert_harmless(page_of(notebook(), notebook(code("a = 'x\u202ey'\x1b[2J")), title="\u202egnp.ipynb")).text
    assert "x\\u202ey" in said
    assert "\\x1b[2J" in said
    assert "\\u202egnp.ipynb" in said


# What a page shows


def test_a_page_says_what_is_compared_and_counts_what_changed() -> None:
    old = notebook(code("a"), code("kept"), code("gone for good"), code("x = 1\ny = 2\nz = 3"))
    new = notebook(code("a"), code("kept"), code("x = 1\ny = 2\nz = 4"), code("an entirely new one"))
    said = assert_harmless(page_of(old, new, title="work/mine.ipynb", old="v3", new="latest")).text
    assert "work/mine.ipynb− v3 → + latest" in said
    assert "± 1 changed + 1 added − 1 removed 2 cells unchanged" in said


def test_no_changes_are_said_in_one_sentence() -> None:
    said = assert_harmless(page_of(notebook(code("a")), notebook(code("a")))).text
    assert "No changes in 1 cell." in said


def test_each_change_has_a_link_from_the_list_at_the_top_to_a_section_of_its_own() -> None:
    reader = assert_harmless(page_of(notebook(), notebook(code("first"), code("second"), code("third"))))
    sections = [e.attributes["id"] for e in reader.elements if e.tag == "section"]
    links = [e.attributes["href"] for e in reader.elements if e.tag == "a"]
    assert sections == ["change-1", "change-2", "change-3"]
    assert links[:3] == ["#change-1", "#change-2", "#change-3"]


def test_changed_lines_stand_side_by_side_with_their_numbers_and_the_words_that_differ() -> None:
    old, new = (notebook(code(f"import os\nvalues = compute(first, {name}, third)")) for name in ("before", "after"))
    lines = [f'data-n="2">values = compute(first, <mark>{name}</mark>, third)' for name in ("before", "after")]
    assert f"<del {lines[0]}</del><ins {lines[1]}</ins>" in page_of(old, new)


def test_syntax_is_marked_in_both_sides_and_in_parts_that_differ() -> None:
    page = page_of(notebook(code("x = 'one'\nimport a")), notebook(code("x = 'two'\nimport a")))
    assert re.search(r'<del data-n="1">x = .*<span class="s">.*one.*</span>.*</del>', page)
    assert '<span class="k">import</span> a' in page


def test_a_kept_line_is_read_out_once() -> None:
    page = page_of(notebook(code("same\na")), notebook(code("same\nb")))
    assert '<div class="old" data-n="1" aria-hidden="true">same</div><div class="new" data-n="1">same</div>' in page


def test_a_line_that_became_another_stands_beside_it_whatever_came_before() -> None:
    old = "start\nvalue = compute(first, second)\nend"
    new = "start\n# a\n# b\nvalue = compute(first, third)\nend"
    page = page_of(notebook(code(old)), notebook(code(new)))
    rows = [row for row in page.split('<div class="rows">') if "<del" in row]
    assert len(rows) == 1
    assert "# a" not in rows[0]
    assert rows[0].count("<ins") == 1


def test_lines_between_changes_are_folded_and_there() -> None:
    lines = [f"line_{number}" for number in range(30)]
    page = page_of(notebook(code("\n".join(lines))), notebook(code("\n".join(["first", *lines[1:-1], "last"]))))
    assert "⋯ 22 unchanged lines" in page
    assert page.index('<details class="gap">') < page.index("line_15") < page.index("line_27")


def test_unchanged_cells_are_folded_with_their_sources() -> None:
    same = [code(f"value_{number}") for number in range(12)]
    reader = assert_harmless(page_of(notebook(*same), notebook(*same, code("new"))))
    assert "⋯ 12 unchanged cells · cells 1 to 12" in reader.text
    assert "value_7" in reader.text


def test_an_added_cell_is_one_column_with_its_outputs() -> None:
    page = page_of(notebook(), notebook(code("print(1)", stream("1\n"))))
    assert '<ins data-n="1"><span class="b">print</span>(' in page
    assert "output <bdi>stdout</bdi> added" in page
    assert "<del" not in page


def test_a_moved_cell_says_from_where_to_where() -> None:
    cells = [code(f"cell number {number} " * 5, id=f"c{number}") for number in range(6)]
    said = assert_harmless(page_of(notebook(*cells), notebook(*cells[1:], cells[0]))).text
    assert "↕ moved code cell 1 → 6" in said


def test_a_split_cell_is_compared_with_its_parts_together() -> None:
    first = "\n".join(f"first_{n} = compute({n})" for n in range(6))
    second = "\n".join(f"second_{n} = other({n})" for n in range(5))
    page = page_of(notebook(code(first + "\n" + second)), notebook(code(first + " "), code(second)))
    said = assert_harmless(page).text
    assert "split into new cells 1, 2" in said
    assert "part of old cell 1" in said
    assert 0 < page.index("new cell 2</div>", page.index("<main>")) < page.index("second_0", page.index("<main>"))


def test_merged_cells_are_compared_together_with_what_they_became() -> None:
    first = "\n".join(f"first_{n} = compute({n})" for n in range(6))
    second = "\n".join(f"second_{n} = other({n})" for n in range(5))
    page = page_of(notebook(code(first + " "), code(second)), notebook(code(first + "\n" + second)))
    said = assert_harmless(page).text
    assert "merged from old cells 1, 2" in said
    assert "now part of new cell 1" in said


def test_only_outputs_that_changed_leave_the_source_folded() -> None:
    old, new = (notebook(code("a = 1\nb = 2", stream(text))) for text in ("one\n", "two\n"))
    reader = assert_harmless(page_of(old, new))
    assert len(list(of_class(reader, "same"))) == 1
    assert "outputs changed" in reader.text


# Outputs by what they are


def test_images_stand_side_by_side_with_their_size_in_pixels_and_their_hash() -> None:
    old, new = (notebook(code("plot()", display({"image/png": encoded(data)}))) for data in (PNG, PNG + b"x"))
    reader = assert_harmless(page_of(old, new))
    images = [e.attributes["alt"] for e in reader.elements if e.tag == "img"]
    assert images[:2] == ["Image before, 640 × 480 px", "Image after, 640 × 480 px"]
    assert re.search(r"− before image/png · 640 × 480 px · 23 KiB · [0-9a-f]{8}", reader.text)


def test_an_image_comes_before_the_text_beside_it_which_is_folded() -> None:
    old, new = (
        notebook(code("", display({"image/png": encoded(PNG + end), "text/plain": f"<Figure {end.hex()}>"})))
        for end in (b"1", b"2")
    )
    page = page_of(old, new)
    assert (
        0 < page.index("<figure") < page.index("<summary>its plain text</summary>") < page.index("&lt;Figure <mark>31")
    )


def test_images_of_one_size_are_also_laid_one_over_the_other() -> None:
    def images_of(data: bytes) -> int:
        old, new = (notebook(code("plot()", display({"image/png": encoded(found)}))) for found in (PNG, data))
        page = page_of(old, new)
        assert_harmless(page)
        return page.count("<img")

    assert images_of(PNG + b"x") == 4
    assert images_of(PNG.replace((640).to_bytes(4, "big"), (641).to_bytes(4, "big"))) == 2
    assert images_of(PNG + bytes(limits.MAX_OVERLAID)) == 2


def test_the_kind_of_an_image_is_what_it_is_and_not_what_it_says() -> None:
    page = page_of(notebook(), notebook(code("", display({"image/png": encoded(GIF)}))))
    assert "data:image/gif;base64," in page


@pytest.mark.parametrize(
    "data",
    [b"<html>", b"", b"BM" + bytes(50), PNG[:16] + (99_999).to_bytes(4, "big") * 2 + PNG[24:], PNG + bytes(MAX_IMAGE)],
    ids=["no image", "nothing", "another kind", "too many pixels", "too large"],
)
def test_what_is_no_image_that_a_page_can_show_is_described(data: bytes) -> None:
    reader = assert_harmless(page_of(notebook(), notebook(code("", display({"image/png": encoded(data)})))))
    assert not [element for element in reader.elements if element.tag == "img"]
    assert "+ added image/png" in reader.text


def test_of_a_table_changed_values_are_marked() -> None:
    tables = [f"<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>{n}</td></tr></table>" for n in (2, 3)]
    old, new = (notebook(code("df", display({"text/html": table}))) for table in tables)
    page = page_of(old, new)
    assert_harmless(page)
    assert '<td class="mark">±</td><td>1</td><td><del>2</del> <ins>3</ins></td>' in page


def test_other_html_is_shown_as_far_as_it_is_harmless_with_its_source_folded() -> None:
    old, new = (
        notebook(code("", display({"text/html": f"<p onclick='x()'>a <b>{word}</b><script>x()</script></p>"})))
        for word in ("bold", "new")
    )
    page = page_of(old, new)
    assert_harmless(page)
    assert '<div class="preview"><p>a <b>bold</b></p></div>' in page
    assert "HTML source" in page


def test_json_is_told_by_where_it_changed() -> None:
    old, new = (
        notebook(code("", display({"application/vnd.plotly.v1+json": {"layout": {"title": {"text": word}}}})))
        for word in ("before", "after")
    )
    page = page_of(old, new)
    assert "<bdi>layout.title.text</bdi></th><td><del>&quot;before&quot;</del></td><td><ins>&quot;after&quot;" in page


def test_latex_markdown_and_scripts_are_shown_as_their_source() -> None:
    data = {"text/latex": "$\\alpha$", "text/markdown": "# title", "application/javascript": "alert(1)"}
    said = assert_harmless(page_of(notebook(), notebook(code("", display(data))))).text
    for part in (
        "LaTeX, as its source",
        "Markdown, as its source",
        "JavaScript, as its source",
        "alert(1)",
        "$\\alpha$",
    ):
        assert part in said


def test_attachments_that_changed_are_shown() -> None:
    cells = [
        {
            "cell_type": "markdown",
            "source": "![](attachment:a.png)",
            "attachments": {"a.png": {"image/png": encoded(data)}},
        }
        for data in (PNG, GIF)
    ]
    reader = assert_harmless(page_of(notebook(cells[0]), notebook(cells[1])))
    assert "attachment a.png" in reader.text
    assert len([element for element in reader.elements if element.tag == "img"]) == 2


def test_metadata_of_the_notebook_has_a_section_of_its_own() -> None:
    old, new = notebook(kernelspec={"name": "python2"}), notebook(kernelspec={"name": "python3"})
    page = page_of(old, new)
    assert_harmless(page)
    assert '<section id="notebook"' in page
    assert "<bdi>kernelspec.name</bdi>" in page


# How large it gets


def test_a_long_text_is_cut_and_says_how_much_is_left() -> None:
    said = assert_harmless(page_of(notebook(), notebook(code("x\n" * (MAX_LINES + 49))))).text
    assert "… 50 more lines" in said


def test_of_a_long_line_the_part_that_differs_is_shown() -> None:
    words = [f"word{number}" for number in range(5_000)]
    old, new = (notebook(code(" ".join([*words[:3_000], change, *words[3_000:]]))) for change in ("BEFORE", "AFTER"))
    reader = assert_harmless(page_of(old, new))
    assert "BEFORE" in reader.text
    assert "AFTER" in reader.text
    assert len(reader.text) < 10 * MAX_LINE


def test_more_changes_than_a_page_holds_are_counted() -> None:
    reader = assert_harmless(page_of(notebook(), notebook(*[code("x")] * (MAX_SECTIONS + 7))))
    assert len([element for element in reader.elements if element.tag == "section"]) == MAX_SECTIONS
    assert "… 7 more changes than a page shows." in reader.text
    assert f"+ {MAX_SECTIONS + 7:,} added" in reader.text


def test_a_page_that_is_full_says_so_and_still_names_each_change() -> None:
    # 200 lines of characters that take five each
    cells = [code(("&" * 100 + "\n") * 200) for _ in range(300)]
    page = page_of(notebook(), notebook(*cells))
    assert len(page) < limits.MAX_TEXT + 2_000 * len(cells)
    reader = assert_harmless(page)
    assert "The page is full" in reader.text
    assert len([element for element in reader.elements if element.tag == "section"]) == len(cells)


@pytest.mark.parametrize(
    "cell",
    [
        code("", *[display({"x/y": "&"})] * 40_000),
        code("", display({f"x/{number}": "&" for number in range(40_000)})),
        {"cell_type": "markdown", "source": "", "attachments": {f"{n}": {"x/y": ""} for n in range(40_000)}},
        code("\n".join(f"a{number}" for number in range(40_000))),
    ],
    ids=["outputs", "MIME types", "attachments", "lines"],
)
def test_however_many_things_a_cell_has_the_page_is_bounded(cell: Any) -> None:
    page = page_of(notebook(), notebook(cell))
    assert len(page) < limits.MAX_TEXT
    assert "is not shown" in page or "more line" in page


def test_many_changes_far_from_each_other_in_one_text_are_bounded() -> None:
    old = [f"line {number}" for number in range(100_000)]
    new = [f"{line}!" if number % 10 == 0 else line for number, line in enumerate(old)]
    page = page_of(notebook(code("\n".join(old))), notebook(code("\n".join(new))))
    assert len(page) < 1_000_000
    assert re.search("… [0-9,]+ more lines of this difference", page)


def test_images_beyond_what_a_page_holds_are_described() -> None:
    large = [display({"image/png": encoded(PNG + bytes([number]) * (4 * 2**20))}) for number in range(10)]
    page = page_of(notebook(), notebook(code("", *large)))
    assert page.count("<img") == 7
    assert page.count("The page holds no more images.") == 3


def test_unchanged_cells_cost_no_more_than_their_share() -> None:
    same = [code(f"{number}" * 1_500) for number in range(2_000)]
    page = page_of(notebook(*same), notebook(*same, code("x")))
    assert len(page) < limits.MAX_UNCHANGED + 100_000
    assert "There are more unchanged cells than the page shows." in page
