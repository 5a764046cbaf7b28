"""What may stay of the HTML of an output: how it reads, and nothing that acts, loads, or reaches out of its place.

nh3 parses as a browser does and writes anew what is on its list. Nothing that is on ours can be styled or placed, has
a name, or is text to one parser and tags to another: such is where sanitisers were outwitted. What does not come out
the same when it is sanitised again is not shown at all.
"""

import base64
import binascii
import re
from typing import Final

import nh3

from depository.diff.page.limits import MAX_PIXELS
from depository.diff.page.markup import Markup
from depository.notebook.images import pixels
from depository.notebook.text import visible

_TAG_NAMES = (
    "a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6"
    " hr i img ins kbd li mark ol p pre q s samp small span strong sub sup table tbody td tfoot th thead tr tt u ul"
    " var wbr"
)
TAGS: Final = frozenset(_TAG_NAMES.split())
ATTRIBUTES: Final = {
    "a": {"href"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
REL: Final = "noopener noreferrer nofollow"

_LEFT_OUT_NAMES = (
    "applet audio button canvas embed frameset head iframe map math noembed noframes noscript object plaintext script"
    " select style svg template textarea title video xmp"
)
_LEFT_OUT = frozenset(_LEFT_OUT_NAMES.split())
_LINK = re.compile(r"(?:https?://[^/\s\\@]|mailto:[^\s?])\S*", re.IGNORECASE)
_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,([A-Za-z0-9+/]{1,65536}={0,2})")
_SPAN = re.compile(r"[1-9]\d?")


def preview(html: str) -> Markup | None:
    """What is left of a piece of HTML; None where nothing is, or where it is not to be trusted."""
    cleaner = _cleaner()
    shown = cleaner.clean(visible(html))
    if cleaner.clean(shown) != shown:
        return None
    # what was an entity is a character now
    shown = visible(shown)
    return Markup(shown) if _shows_something(shown) else None


def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(_LEFT_OUT),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "data"},
        strip_comments=True,
        link_rel=REL,
    )


def _kept(tag: str, name: str, value: str) -> str | None:
    """The value that an attribute may have, or None."""
    match tag, name:
        case "a", "href":
            return value if _LINK.fullmatch(value) else None
        case "a", "rel":
            return value
        case "img", "src":
            return value if _is_image(value) else None
        case "img", "alt":
            return value[:200]
        case (("td" | "th"), ("colspan" | "rowspan")):
            return value if _SPAN.fullmatch(value) else None
    return None


def _is_image(value: str) -> bool:
    found = _IMAGE.fullmatch(value)
    if not found:
        return False
    try:
        size = pixels(base64.b64decode(found[1] + "=" * (-len(found[1]) % 4)))
    except (binascii.Error, ValueError):
        return False
    return size is not None and size[0] * size[1] <= MAX_PIXELS


def _shows_something(shown: str) -> bool:
    return "<img src=" in shown or bool(re.sub(r"<[^>]*>|&nbsp;|\s", "", shown))
