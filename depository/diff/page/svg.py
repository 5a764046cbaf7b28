"""SVG with nothing in it but a drawing.

A page shows SVG as an image, where no browser runs its scripts or loads what it names. A reader may still open such an
image on its own: so it is written anew, with the elements of a drawing only, that refer to nothing but each other.
What refers to what is counted as often as it would be drawn: a few lines can ask for a billion shapes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from xml.parsers import expat

MAX_DRAWN = 500_000
"""Elements, each as often as it is drawn."""
MAX_DEPTH = 100
_MAX_REFERENCES = 100
"""How far references may lead on to others."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_ELEMENT_NAMES = (
    "svg g defs symbol use a switch path rect circle ellipse line polyline polygon text tspan textPath image clipPath"
    " mask pattern marker linearGradient radialGradient stop style title desc filter feBlend feColorMatrix"
    " feComponentTransfer feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge"
    " feMergeNode feMorphology feOffset feTile"
)
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_REFERENCE = re.compile(r"url\(\s*(?:#([\w.:-]{1,200})|'#([\w.:-]{1,200})'|\"#([\w.:-]{1,200})\")\s*\)")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]{1,4194304}")
_STRANGE = re.compile(r"[\\@]|url\(|image\(|image-set\(|expression|script:|<!|/\*", re.IGNORECASE)


class _Unfit(Exception):
    """No drawing that a page can show."""


def drawing(data: bytes) -> bytes | None:
    """The drawing that an SVG is; None where it is none, or one that would take too long to draw."""
    writer = _Writer()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.characters
    parser.EntityDeclHandler = writer.refuse
    try:
        parser.Parse(data, True)
        return writer.result()
    except (expat.ExpatError, _Unfit, ValueError, LookupError):
        return None


@dataclass(slots=True)
class _Named:
    """An element with an id: which elements and which references are within it, by their numbers."""

    elements: range
    references: range


@dataclass(slots=True)
class _Writer:
    parts: list[str] = field(default_factory=list)
    open: list[tuple[str, str | None, int, int]] = field(default_factory=list)
    """The elements around: the tag, its id, and how many elements and references came before it."""
    skipped: int = 0
    """How many elements around are left out."""
    elements: int = 0
    references: list[str] = field(default_factory=list)
    named: dict[str, _Named] = field(default_factory=dict)
    css: list[str] = field(default_factory=list)

    def refuse(self, *_: object) -> None:
        raise _Unfit

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self.open) + self.skipped >= MAX_DEPTH:
            raise _Unfit
        space, _, tag = name.rpartition(" ")
        if not self.open and (space, tag) != (_SVG, "svg") and not self.skipped:
            raise _Unfit
        if self.skipped or space != _SVG or tag not in _ELEMENTS or (self.open and self.open[-1][0] == "style"):
            self.skipped += 1
            return
        # a link is only what it holds
        tag = "g" if tag == "a" else tag
        self.open.append((tag, attributes.get("id"), self.elements, len(self.references)))
        self.elements += 1
        space_of_root = f' xmlns="{_SVG}"' if len(self.open) == 1 else ""
        self.parts.append(f"<{tag}{space_of_root}{''.join(self._attributes(tag, attributes))}>")

    def _attributes(self, tag: str, attributes: Mapping[str, str]) -> list[str]:
        kept = []
        for name, value in attributes.items():
            space, _, local = name.rpartition(" ")
            if local == "href" and space in ("", _XLINK):
                if value.startswith("#") and tag != "image":
                    self.references.append(value[1:])
                elif not (tag == "image" and _PICTURE.fullmatch(value)):
                    continue
            elif space or not _NAME.fullmatch(local) or local.lower().startswith("on") or not self._is_plain(value):
                continue
            kept.append(f' {local}="{escape(value)}"')
        return kept

    def _is_plain(self, value: str) -> bool:
        if _STRANGE.search(_REFERENCE.sub("", value)):
            return False
        self.references += [next(filter(None, found.groups())) for found in _REFERENCE.finditer(value)]
        return True

    def characters(self, text: str) -> None:
        if self.skipped or not self.open:
            return
        if self.open[-1][0] == "style":
            self.css.append(text)
        else:
            self.parts.append(escape(text))

    def end(self, _: str) -> None:
        if self.skipped:
            self.skipped -= 1
            return
        tag, name, elements, references = self.open.pop()
        if tag == "style":
            css = re.sub(r"/\*.*?\*/", "", "".join(self.css), flags=re.DOTALL)
            self.css.clear()
            self.parts.append(escape(css) if self._is_plain(css) else "")
        if name is not None:
            self.named[name] = _Named(range(elements, self.elements), range(references, len(self.references)))
        self.parts.append(f"</{tag}>")

    def result(self) -> bytes:
        everything = _Named(range(self.elements), range(len(self.references)))
        if self._drawn(everything, {}, 0) > MAX_DRAWN:
            raise _Unfit
        return "".join(self.parts).encode()

    def _drawn(self, part: _Named, known: dict[str, int], depth: int) -> int:
        """How many elements are drawn for a part."""
        if depth > _MAX_REFERENCES:
            raise _Unfit
        total = len(part.elements)
        for number in part.references:
            name = self.references[number]
            if name not in known:
                # what refers to itself is drawn once: that is what a browser does
                known[name] = 0
                known[name] = self._drawn(self.named[name], known, depth + 1) if name in self.named else 0
            total = min(total + known[name], MAX_DRAWN + 1)
        return total
