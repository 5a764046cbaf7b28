"""Images that a page holds in itself: of the kinds that every browser draws, not too large, and nothing but images."""

import base64
from typing import Final

from depository.diff.outputs import Image
from depository.diff.page.limits import MAX_IMAGE, MAX_OVERLAID, MAX_PIXELS, MAX_SVG, Rooms
from depository.diff.page.markup import Markup, div, element
from depository.diff.page.svg import drawing
from depository.notebook.images import pixels
from depository.notebook.text import byte_size

_SVG: Final = "image/svg+xml"
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def embedded(image: Image, alt: str, rooms: Rooms) -> Markup:
    """The image, or why it is not shown.

    What kind it is, it says itself: the MIME type that the notebook gives is not believed.
    """
    if len(image.data) > MAX_IMAGE:
        return _not_shown(f"An image of more than {byte_size(MAX_IMAGE)} is not shown.")
    if image.mime == _SVG or image.data.lstrip()[:1] == b"<":
        return _drawing(image, alt, rooms)
    kind, size = _kind(image.data), pixels(image.data)
    if kind is None or size is None:
        return _not_shown("This is no image of a kind that a page shows, or it is damaged.")
    if size[0] * size[1] > MAX_PIXELS:
        return _not_shown(f"An image of more than {MAX_PIXELS:,} pixels is not shown.")
    return _shown(kind, image.data, image, alt, rooms)


def overlaid(old: Image, new: Image) -> bool:
    """Whether one image can be shown over another: both of one size in pixels, and small enough to hold twice."""
    is_small = max(len(old.data), len(new.data)) <= MAX_OVERLAID
    return is_small and None not in (old.width, old.height) and (old.width, old.height) == (new.width, new.height)


def _drawing(image: Image, alt: str, rooms: Rooms) -> Markup:
    if len(image.data) > MAX_SVG or not rooms.drawings.fits(len(image.data)):
        return _not_shown("This SVG is more than the page draws.")
    drawn = drawing(image.data)
    if drawn is None:
        return _not_shown("This SVG is damaged, or too much to draw.")
    return _shown(_SVG, drawn, image, alt, rooms)


def _shown(kind: str, data: bytes, image: Image, alt: str, rooms: Rooms) -> Markup:
    if not rooms.images.fits(len(data)):
        return _not_shown("The page holds no more images.")
    source = Markup(f"data:{kind};base64,{base64.b64encode(data).decode()}")
    return element("img", src=source, alt=alt, width=image.width, height=image.height, decoding="async")


def _not_shown(reason: str) -> Markup:
    return div("note", reason)


def _kind(data: bytes) -> str | None:
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)
