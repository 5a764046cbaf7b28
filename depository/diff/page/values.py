"""What changed in outputs, attachments and metadata, as HTML."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from depository.diff import structure
from depository.diff.compare import OutputChange
from depository.diff.outputs import (
    BytesDetail,
    Detail,
    Image,
    ImageDetail,
    JsonDetail,
    TableDetail,
    TextDetail,
    details,
)
from depository.diff.page.images import embedded, overlaid
from depository.diff.page.limits import (
    MAX_NAME,
    MAX_PREVIEW,
    Rooms,
)
from depository.diff.page.markup import MINUS, TIMES, Markup, cut, div, element, joined, span
from depository.diff.page.sanitising import preview
from depository.diff.page.sources import FULL, compared
from depository.diff.page.tables import changes, table
from depository.diff.sequences import Effort
from depository.notebook.cells import Output, as_json, as_text
from depository.notebook.text import byte_size

_KINDS = {"execute_result": "result", "display_data": "display", "error": "error", "stream": "stream"}
_AS_SOURCE = {
    "text/html": "HTML",
    "text/latex": "LaTeX",
    "text/markdown": "Markdown",
    "application/javascript": "JavaScript",
    "image/svg+xml": "SVG",
}

_FRAME = 1_000
"""Characters of HTML around what changed in one value, about."""


class Values:
    """Draws what changed in values, for one page."""

    def __init__(self, rooms: Rooms, effort: Effort, context: int) -> None:
        self._rooms = rooms
        self._effort = effort
        self._context = context

    # Outputs

    def outputs(self, changes: Iterable[OutputChange]) -> Iterator[Markup]:
        """What changed in outputs, or all of those that came or went."""
        for change in changes:
            if not self._rooms.text.take(_FRAME):
                yield div("note", FULL)
                return
            yield self._output(change)

    def _output(self, change: OutputChange) -> Markup:
        found = details(change, context=self._context, effort=self._effort)
        shown = self._details(found, _html(change.old), _html(change.new))
        nothing = None if found else div("note", "nothing in it")
        return div("output", _output_header(change), *shown, nothing)

    def attachments(
        self, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Markup]:
        """The attachments that changed, came or went."""
        for name in [*old, *(name for name in new if name not in old)]:
            before, after = old.get(name), new.get(name)
            if as_json(before) == as_json(after):
                continue
            if not self._rooms.text.take(_FRAME):
                yield div("note", FULL)
                return
            sides = [None if side is None else Output("display_data", None, side, None) for side in (before, after)]
            found = details(OutputChange(*sides), context=self._context, effort=self._effort)
            word = " added" if before is None else " removed" if after is None else ""
            header = element("h3", "attachment ", element("bdi", cut(name, MAX_NAME)), word)
            yield div("output", header, *self._details(found, None, None))

    def metadata(self, title: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Markup:
        """What changed in metadata, by where it is in it."""
        found, more = structure.compare(old, new, effort=self._effort)
        return div("output", element("h3", title), changes(found, more, self._rooms.text))

    def _details(self, found: Sequence[Detail], old_html: str | None, new_html: str | None) -> Iterator[Markup]:
        has_table = any(isinstance(detail, TableDetail) for detail in found)
        images = [detail for detail in found if isinstance(detail, ImageDetail)]
        # an image first; the text beside it mostly says where in memory the figure was
        for detail in [*images, *(detail for detail in found if not isinstance(detail, ImageDetail))]:
            if not self._rooms.text.take(_FRAME):
                yield div("note", FULL)
                return
            match detail:
                case TextDetail("text/plain") if images and detail.hunks:
                    yield element("details", element("summary", "its plain text"), self._text(detail), class_="twin")
                case TextDetail("text/html") if not has_table:
                    yield self._html(detail, old_html, new_html)
                case TextDetail():
                    yield self._text(detail)
                case ImageDetail():
                    yield self._images(detail)
                case TableDetail():
                    yield table(detail, self._rooms.text)
                case JsonDetail():
                    yield joined(_mime(detail.mime), changes(detail.changes, detail.more, self._rooms.text))
                case BytesDetail():
                    yield _bytes(detail)

    # Text

    def _text(self, detail: TextDetail) -> Markup:
        label = _mime(detail.mime, "as its source") if detail.mime in _AS_SOURCE else None
        if detail.mime not in _AS_SOURCE and detail.mime != "text/plain":
            label = _mime(detail.mime)
        if not detail.hunks:
            return joined(label, div("note", "Only colours, line ends or overwritten lines differ."))
        tags = {line.tag for hunk in detail.hunks for line in hunk.lines}
        shown = compared(detail.hunks, self._rooms.text, self._effort)
        return joined(label, div("single", shown) if len(tags) == 1 else shown)

    def _html(self, detail: TextDetail, old: str | None, new: str | None) -> Markup:
        previews = [self._preview(html) for html in (old, new)]
        if previews[0] and previews[0] == previews[1]:
            source = element("details", element("summary", "HTML source"), self._text(detail))
            return joined(_mime("text/html", "which reads as before"), div("preview", previews[0]), source)
        shown = [
            _side(sign, word, div("preview", found))
            for sign, word, found in zip("-+", ("before", "after"), previews, strict=True)
            if found
        ]
        source = self._text(detail)
        if not shown:
            return source
        return joined(
            _mime("text/html", "what is left of it without scripts and styles"),
            div("sides", *shown),
            element("details", element("summary", "HTML source"), source),
        )

    def _preview(self, html: str | None) -> Markup | None:
        if not html or len(html) > MAX_PREVIEW or not self._rooms.previews.fits(len(html)):
            return None
        return preview(html)

    # Images

    def _images(self, detail: ImageDetail) -> Markup:
        sides = [(sign, image) for sign, image in zip("-+", detail, strict=True) if image]
        shown = div("sides", *(self._image(sign, image, is_one=len(sides) == 1) for sign, image in sides))
        if detail.old and detail.new and overlaid(detail.old, detail.new):
            pair = [embedded(image, "", self._rooms) for image in (detail.old, detail.new)]
            summary = element("summary", "one over the other: black where they are alike")
            return joined(shown, element("details", summary, div("overlay", *pair)))
        return shown

    def _image(self, sign: str, image: Image, *, is_one: bool) -> Markup:
        word = ("removed" if is_one else "before") if sign == "-" else ("added" if is_one else "after")
        size = f"{image.width} {TIMES} {image.height} px" if image.width and image.height else ""
        facts = [cut(image.mime, MAX_NAME), size, byte_size(len(image.data)), image.hash[:8]]
        caption = joined(_sign(sign, word), " ", " · ".join(filter(None, facts)))
        shown = embedded(image, f"Image {word}, {size}" if size else f"Image {word}", self._rooms)
        return element("figure", shown, element("figcaption", caption), class_="old" if sign == "-" else "new")


# Outputs


def _output_header(change: OutputChange) -> Markup:
    output = change.new or change.old
    if output is None:
        return element("h3", "output")
    name = output.name or _KINDS.get(output.kind, output.kind)
    word = " added" if change.old is None else " removed" if change.new is None else ""
    return element("h3", "output ", element("bdi", cut(name, MAX_NAME)), word)


def _html(output: Output | None) -> str | None:
    return as_text(output.mimes["text/html"]) if output and "text/html" in output.mimes else None


def _mime(mime: str, note: str = "") -> Markup:
    name = _AS_SOURCE.get(mime, cut(mime, MAX_NAME))
    return div("mime", element("bdi", name), f", {note}" if note else None)


def _bytes(detail: BytesDetail) -> Markup:
    sides = [
        joined(_sign(sign, word), f" {byte_size(side[0])}, {side[1][:8]}")
        for sign, word, side in zip("-+", ("before", "after"), (detail.old, detail.new), strict=True)
        if side
    ]
    return div("bytes", element("bdi", cut(detail.mime, MAX_NAME)), ": ", *_between(sides, " → "))


def _between(parts: Sequence[Markup], separator: str) -> Iterator[str]:
    for place, part in enumerate(parts):
        yield from (separator, part) if place else (part,)


def _side(sign: str, word: str, *content: Markup) -> Markup:
    return div("old" if sign == "-" else "new", div("side", _sign(sign, word)), *content)


def _sign(sign: str, word: str) -> Markup:
    return span("sign removed", f"{MINUS} ", word) if sign == "-" else span("sign added", "+ ", word)
