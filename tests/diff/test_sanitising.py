"""What a page keeps of the HTML and the SVG of a notebook."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff.page.sanitising import REL, preview
from depository.diff.page.svg import MAX_DRAWN, drawing
from tests.diff.hostile_notebooks import HOSTILE
from tests.diff.pages import OF_NOTEBOOKS, Reader
from tests.diff.test_page import markups
from tests.notebook.shown import PNG, encoded

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'
PICTURE = f"data:image/png;base64,{encoded(PNG[:200])}"


def drawn(inside: str) -> str | None:
    found = drawing(SVG.format(inside).encode())
    return None if found is None else re.sub(r"^<svg[^>]*>|</svg>$", "", found.decode())


# HTML


@pytest.mark.parametrize(
    ("given_html", "kept"),
    [
        ("<p>text <b>bold</b> <i>it</i></p>", "<p>text <b>bold</b> <i>it</i></p>"),
        ("<p>a<script>x()</script>b</p>", "<p>ab</p>"),
        ("<p>a<style>p{}</style>b<!-- c --></p>", "<p>ab</p>"),
        ('<p class=a id=b style="color:red" title=t onclick="x()">a</p>', "<p>a</p>"),
        ("<form>a<input>b<button>c</button></form>", "ab"),
        ("a<svg><text>b</text></svg><math><mi>c</mi></math>", "a"),
        ("a<iframe src=x>b</iframe><object>c</object><embed>", "a"),
        ("a<meta http-equiv=refresh content=0><base href=x><link rel=stylesheet href=x>", "a"),
        (
            "<table><tr><td colspan=2 rowspan=999>a</table>",
            '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        ),
        ("<section><article>a</article></section>", "a"),
        ("&lt;b&gt;", "&lt;b&gt;"),
        ("a&#x202E;b", "a\\u202eb"),
    ],
)
def test_of_html_what_can_be_read_is_kept(given_html: str, kept: str) -> None:
    assert preview(given_html) == kept


@pytest.mark.parametrize("address", ["https://a.org/x?y=1#z", "http://a.org", "mailto:a@b.org"])
def test_a_link_to_the_web_or_a_letter_stays_and_tells_nothing_about_where_it_stood(address: str) -> None:
    assert preview(f"<a href='{address}' target=_top ping=x>a</a>") == f'<a href="{address}" rel="{REL}">a</a>'


@pytest.mark.parametrize(
    "address",
    [
        *(
            "javascript:x()",
            "JAVASCRIPT:x()",
            " javascript:x()",
            "java\nscript:x()",
            "&#1;javascript:x()",
            "vbscript:x",
        ),
        *(
            "data:text/html,x",
            "file:///etc/passwd",
            "/x",
            "x",
            "?x",
            "#change-1",
            "//a.org",
            "\\\\a.org",
            "http:a",
            "http://",
        ),
        *("http://\\a", "about:blank", "blob:x", "https://a b", "http://@"),
    ],
)
def test_any_other_link_is_only_its_text(address: str) -> None:
    assert preview(f'<a href="{address}">a</a>') == f'<a rel="{REL}">a</a>'


def test_an_image_within_the_html_stays_without_anything_that_acts() -> None:
    kept = preview(f"<img src='{PICTURE}' alt=a width=9 onload='x()' srcset='http://a/b 2x'>")
    assert kept == f'<img src="{PICTURE}" alt="a">'


@pytest.mark.parametrize(
    "source",
    [
        *("http://a/b.png", "//a/b.png", "b.png", "data:text/html;base64,QUJD", "data:image/svg+xml;base64,QUJD"),
        *("data:image/png,abc", "data:image/png;base64,!!", "data:image/png;base64,QUJD", "attachment:a.png", "cid:a"),
    ],
)
def test_any_other_image_is_not_loaded(source: str) -> None:
    assert "src" not in (preview(f"a<img src='{source}'>") or "")


@pytest.mark.parametrize("html", ["", " \n", "<script>x()</script>", "<div><p></p></div>", "<style>a{}</style>&nbsp;"])
def test_where_nothing_is_left_there_is_nothing_to_show(html: str) -> None:
    assert preview(html) is None


@given(markups)
def test_what_is_kept_is_well_formed_and_on_the_list_and_the_same_when_sanitised_again(html: str) -> None:
    kept = preview(html)
    if kept is None:
        return
    for element in Reader(f"<div>{kept}</div>").elements[1:]:
        for name, value in element.attributes.items():
            assert re.fullmatch(OF_NOTEBOOKS[element.tag][name] or "", value or "")
    assert preview(kept) == kept


# SVG


def test_a_drawing_stays_a_drawing() -> None:
    inside = (
        '<defs><path id="a" d="M0 0L9 9"/><clipPath id="c"><rect width="9" height="9"/></clipPath></defs>'
        '<g clip-path="url(#c)" style="fill:#f00;stroke:none"><use xlink:href="#a" x="1"/><text>a &amp; b</text></g>'
        f'<image href="{PICTURE}" width="9"/>'
    )
    kept = drawn(inside)
    assert kept is not None
    for part in (
        '<path id="a" d="M0 0L9 9">',
        '<g clip-path="url(#c)" style="fill:#f00;stroke:none">',
        '<use href="#a" x="1">',
        "a &amp; b",
        PICTURE,
    ):
        assert part in kept


@pytest.mark.parametrize(
    ("inside", "kept"),
    [
        ("<script>x()</script><rect/>", "<rect></rect>"),
        ("<rect onclick='x()' width='9'/>", '<rect width="9"></rect>'),
        ("<a href='javascript:x()'><rect/></a>", "<g><rect></rect></g>"),
        ("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>a</p></foreignObject>", ""),
        ("<image href='http://a/b.png'/>", "<image></image>"),
        ("<use href='http://a/b.svg#c'/>", "<use></use>"),
        ("<style>@import 'http://a/b.css';</style>", "<style></style>"),
        ("<style>a{fill:url(http://a/b)}</style>", "<style></style>"),
        ("<style>a{fill:u\\72l(http://a/b)}</style>", "<style></style>"),
        ("<style>/* a */.b{fill:red}</style>", "<style>.b{fill:red}</style>"),
        ("<rect style='fill:url(http://a/b)' fill='url(\"#a\")'/>", '<rect fill="url(&quot;#a&quot;)"></rect>'),
        ("<animate attributeName='href' to='javascript:x()'/><set/>", ""),
        ("<metadata xmlns:a='urn:a'><a:b>c</a:b></metadata><a:b xmlns:a='urn:a'/>", ""),
        ("<!-- a --><?xml-stylesheet href='http://a'?><![CDATA[<script>]]>", "&lt;script&gt;"),
    ],
)
def test_of_an_svg_only_what_draws_is_kept(inside: str, kept: str) -> None:
    assert drawn(inside) == kept


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg>",
        b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
        b"<svg/>",
        b"\xff\xfe<",
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>",
        SVG.format("<g>" * 200 + "</g>" * 200).encode(),
        SVG.format("<g>").encode(),
    ],
    ids=["nothing", "no end", "HTML", "no namespace", "no text", "entities", "too deep", "damaged"],
)
def test_what_is_no_svg_to_a_browser_is_no_drawing(data: bytes) -> None:
    assert drawing(data) is None


def test_a_drawing_that_repeats_itself_without_end_is_none() -> None:
    levels = [f"<g id='a{n + 1}'>" + f"<use href='#a{n}'/>" * 10 + "</g>" for n in range(8)]
    few, many = (f"<g id='a0'><rect/></g>{''.join(levels[:count])}" for count in (4, 8))
    assert drawn(few) is not None
    assert drawn(many) is None
    assert MAX_DRAWN < 10**8


@pytest.mark.parametrize("attribute", ["fill", "mask", "clip-path", "filter", "marker-end", "style"])
def test_that_holds_for_whatever_refers_to_another_part(attribute: str) -> None:
    def refers(name: str) -> str:
        return f"<rect {attribute}='{'fill:' if attribute == 'style' else ''}url(#{name})'/>"

    levels = [f"<pattern id='a{n + 1}'>{refers(f'a{n}') * 10}</pattern>" for n in range(8)]
    assert drawn(f"<pattern id='a0'><rect/></pattern>{''.join(levels)}") is None


def test_a_drawing_that_refers_to_itself_is_drawn_once() -> None:
    assert drawn("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>") is not None


@given(
    st.lists(
        st.sampled_from(["<g>", "</g>", "<script>", "</script>", "<a href='x'>", "</a>", "x", "<style>", "</style>"])
    )
)
def test_whatever_is_in_an_svg_what_is_kept_is_a_drawing_again(parts: list[str]) -> None:
    kept = drawing(SVG.format("".join(parts)).encode())
    if kept is not None:
        assert b"script" not in kept
        assert drawing(kept) == kept


def test_the_svg_of_hostile_notebooks_keep_nothing_that_acts() -> None:
    for name in ("SVG with scripts", "SVG with foreign objects", "SVG that loads"):
        for cell in HOSTILE[name]["cells"]:
            for output in cell.get("outputs", ()):
                kept = drawing(output["data"]["image/svg+xml"].encode())
                assert kept is not None
                assert not re.search(
                    rb"script|onload|onbegin|foreign|http://(?!www\.w3\.org/2000/svg)", kept, re.IGNORECASE
                )
