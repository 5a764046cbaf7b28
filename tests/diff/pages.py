"""Pages as a parser sees them: what elements and attributes they have, and what they say."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple

from depository.diff.compare import diff
from depository.diff.page import render
from depository.diff.page.sanitising import ATTRIBUTES, REL, TAGS

OURS: Mapping[str, Mapping[str, str | None]] = {
    "html": {"lang": "en"},
    "head": {},
    "meta": {"charset": "utf-8", "http-equiv": None, "content": None, "name": None},
    "title": {},
    "style": {},
    "body": {},
    "header": {"class": "page"},
    "nav": {"class": "changes|steps", "aria-label": r"All changes|neighbouring changes"},
    "main": {},
    "section": {"id": r"change-\d+|notebook", "class": r"cell (?:changed|added|removed|moved|split|merged)"},
    "details": {"class": "gap|same|unchanged|twin"},
    "summary": {},
    "h1": {},
    "h2": {},
    "h3": {},
    "p": {"class": "versions|counts"},
    "ol": {},
    "li": {"class": "dim"},
    "bdi": {"class": "name"},
    "pre": {},
    "mark": {},
    "del": {"data-n": r"\d+"},
    "ins": {"data-n": r"\d+"},
    "div": {"class": r"[a-z ]+", "data-n": r"\d+", "aria-hidden": "true"},
    "span": {"class": r"[a-z ]+", "aria-hidden": "true"},
    "code": {},
    "figure": {"class": "old|new"},
    "figcaption": {},
    "table": {"class": "data|json"},
    "thead": {},
    "tbody": {},
    "tr": {"class": "note|added|removed|changed"},
    "th": {"scope": "row|col"},
    "td": {"class": "mark|note", "colspan": r"\d{1,4}"},
    "a": {
        "href": r"#change-\d+|#notebook",
        "class": r"badge changed",
        "aria-label": "previous change|next change",
    },
    "img": {
        "src": r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]*={0,2}",
        "alt": r"Image (?:before|after|added|removed)(?:, \d+ × \d+ px)?|",  # noqa: RUF001 - as the page has it
        "width": r"\d+",
        "height": r"\d+",
        "decoding": "async",
    },
}
"""The elements of a page itself, their attributes, and what is in these."""

OF_NOTEBOOKS: Mapping[str, Mapping[str, str | None]] = {
    **{tag: dict.fromkeys(ATTRIBUTES.get(tag, ()), ".*") for tag in TAGS},
    "a": {"href": r"(?:https?://|mailto:)\S+", "rel": REL},
    "img": {"src": r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}", "alt": r"[\s\S]{0,200}"},
    "td": {"colspan": r"\d\d?", "rowspan": r"\d\d?"},
    "th": {"colspan": r"\d\d?", "rowspan": r"\d\d?"},
}
"""The same of what a page shows of HTML outputs."""

VOID = {"meta", "img", "br", "hr", "col", "wbr"}


class Element(NamedTuple):
    """An element as the parser met it."""

    tag: str
    attributes: dict[str, str | None]
    is_preview: bool
    """Whether it is in what is shown of an HTML output."""


class Reader(HTMLParser):
    """Reads a page, and holds it to being well formed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.said: list[str] = []
        self._open: list[str] = []
        self._preview = 0
        self.feed(page)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        """What it says, without what is marked up."""
        return "".join(self.said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs)
        self.elements.append(Element(tag, attributes, self._preview > 0))
        if tag not in VOID:
            self._open.append(tag)
        if not self._preview and attributes.get("class") == "preview":
            self._preview = len(self._open)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if len(self._open) < self._preview:
            self._preview = 0

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "title"):
            self.said.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def page_of(old: Any, new: Any, /, **choices: Any) -> str:
    """The page of all that differs between two notebooks."""
    compared = diff(old, new, metadata=True, execution_counts=True)
    names: dict[str, Any] = {"title": "a.ipynb", "old": "v1", "new": "v2", **choices}
    return "".join(render(compared, **names))


def assert_harmless(page: str) -> Reader:
    """A page has only the elements and attributes that it may have, each as it may be, and no hidden characters."""
    assert not [char for char in page if (ord(char) < 32 and char not in "\n\t") or 0x202A <= ord(char) <= 0x202E]
    reader = Reader(page)
    for element in reader.elements:
        allowed = (OF_NOTEBOOKS if element.is_preview else OURS)[element.tag]
        for name, value in element.attributes.items():
            wanted = allowed[name]
            assert wanted is None or re.fullmatch(wanted, value or ""), (element.tag, name, value)
    return reader


def of_class(reader: Reader, class_: str) -> Iterator[Element]:
    """The elements of a class."""
    return (element for element in reader.elements if element.attributes.get("class") == class_)
