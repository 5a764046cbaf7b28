r"""HTML that is put together so that no text can become a tag, an attribute or an entity.

Text is a `str`, HTML is `Markup`, and `element` escapes whatever is not the second. Control characters and those that
reorder what is read come out as escapes such as ``\u202e``, so that a page says what is there.
"""

from html import escape
from typing import Final

from depository.notebook.text import visible

_VOID: Final = {"meta", "img", "br", "wbr"}

MINUS: Final = "\N{MINUS SIGN}"
TIMES: Final = "\N{MULTIPLICATION SIGN}"

Content = str | None


class Markup(str):
    """HTML that is safe to put between two tags."""

    __slots__ = ()


def text(value: str) -> Markup:
    """HTML that reads as a text; what is HTML already stays."""
    return value if isinstance(value, Markup) else Markup(escape(visible(value)))


def joined(*parts: Content) -> Markup:
    """One after the other."""
    return Markup("".join([text(part) for part in parts if part]))


def element(tag: str, /, *children: Content, **attributes: str | int | bool | None) -> Markup:
    """An element.

    Args:
        tag: its name.
        *children: HTML, or text to escape; None is nothing.
        **attributes: by their names, ``class_`` for ``class`` and ``data_n`` for ``data-n``. True has no value;
            what is None or False is left out.
    """
    start = f"<{tag}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Markup(start) if tag in _VOID else Markup(f"{start}{joined(*children)}</{tag}>")


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value) if isinstance(value, int) else value)}"'


def div(class_: str, *children: Content) -> Markup:
    """A block of a class."""
    return element("div", *children, class_=class_)


def span(class_: str, *children: Content) -> Markup:
    """A part of a line, of a class."""
    return element("span", *children, class_=class_)


def cut(value: str, limit: int) -> str:
    """A text on one line, with an ellipsis where it is longer than it may be."""
    shown = value if len(value) <= limit else value[: limit - 1] + "…"
    return shown.replace("\n", "⏎").replace("\r", "␍").replace("\t", "⇥")
