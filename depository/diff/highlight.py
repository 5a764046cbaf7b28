"""The syntax of a cell's source, as runs of text with a style for each line.

The whole source is given to Pygments at once, so that a string over several lines is one string on each of them. Only
lexers of a fixed list are used: a notebook says what language it is in, and is not to choose what code is loaded for
that, or one that takes for ever.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from depository.notebook.cells import Cell

if TYPE_CHECKING:
    from pygments.lexer import Lexer

STYLES = (
    "",
    "keyword",
    "name",
    "builtin",
    "function",
    "class",
    "string",
    "number",
    "comment",
    "operator",
    "decorator",
    "heading",
    "emphasis",
    "strong",
    "error",
)
"""Every style that a run may have; the first is that of text without one."""

LONGEST_SOURCE = 50_000
"""In characters: a longer source is shown without styles."""
LONGEST_OTHER_SOURCE = 8_000
"""The same for what is neither Python nor Markdown: the other lexers look for the end of a comment again and again."""
LONGEST_LINE = 1_000
"""In characters: a source with a longer line is shown without styles."""
LONGEST_BLANK = 400
"""In characters: a source with more white space in a row, line ends among it, is shown without styles."""
MOST_HIGHLIGHTED = 300_000
"""How many characters of a difference get styles, those of other languages than Python counted tenfold."""

Run = tuple[str, str]
"""A style, and the text that has it."""

PYTHON = "python"
MARKDOWN = "markdown"
_QUICK = {PYTHON, MARKDOWN}

_LEXERS: Mapping[str, tuple[str, str]] = {
    "bash": ("shell", "BashLexer"),
    "c": ("c_cpp", "CLexer"),
    "c++": ("c_cpp", "CppLexer"),
    "clojure": ("jvm", "ClojureLexer"),
    "csharp": ("c_cpp", "CppLexer"),  # near enough: that of its own can take the third power of the length
    "css": ("css", "CssLexer"),
    "cython": ("python", "CythonLexer"),
    "fsharp": ("dotnet", "FSharpLexer"),
    "go": ("go", "GoLexer"),
    "haskell": ("haskell", "HaskellLexer"),
    "html": ("html", "HtmlLexer"),
    "java": ("javascript", "TypeScriptLexer"),  # the same
    "javascript": ("javascript", "JavascriptLexer"),
    "julia": ("julia", "JuliaLexer"),
    "kotlin": ("jvm", "KotlinLexer"),
    "latex": ("markup", "TexLexer"),
    "lua": ("scripting", "LuaLexer"),
    "octave": ("matlab", "OctaveLexer"),
    "perl": ("perl", "PerlLexer"),
    "powershell": ("shell", "PowerShellLexer"),
    PYTHON: ("python", "PythonLexer"),
    "r": ("r", "SLexer"),
    "ruby": ("ruby", "RubyLexer"),
    "rust": ("rust", "RustLexer"),
    "scala": ("jvm", "ScalaLexer"),
    "sql": ("sql", "SqlLexer"),
    "typescript": ("javascript", "TypeScriptLexer"),
}
"""The module and the class of each lexer, below ``pygments.lexers``."""

_OTHER_NAMES = {
    "c#": "csharp",
    ".net (c#)": "csharp",
    ".net (f#)": "fsharp",
    "cpp": "c++",
    "f#": "fsharp",
    "ipython": PYTHON,
    "ir": "r",
    "js": "javascript",
    "matlab": "octave",
    "perl6": "perl",
    "pwsh": "powershell",
    "py": PYTHON,
    "pyspark": PYTHON,
    "sage": PYTHON,
    "sh": "bash",
    "shell": "bash",
    "tex": "latex",
    "ts": "typescript",
    "xeus-python": PYTHON,
    "zsh": "bash",
}

_MAGIC = re.compile(
    r"^[ \t]*(?:[\w.,\[\]'\" \t]{1,80}=[ \t]*)?(%{1,2}(?=[A-Za-z])|!{1,2}|\?{1,2}(?=[\w.]))", re.MULTILINE
)
"""A line for IPython: ``%time x``, ``files = !ls``, ``?len``."""
_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*(?:\n|\Z)")
_OF_CELL_MAGICS = {
    "bash": "bash",
    "cython": "cython",
    "html": "html",
    "svg": "html",
    "javascript": "javascript",
    "js": "javascript",
    "latex": "latex",
    "markdown": MARKDOWN,
    "perl": "perl",
    "R": "r",
    "ruby": "ruby",
    "script": "bash",
    "sh": "bash",
    "sql": "sql",
    "bigquery": "sql",
}
"""What a cell holds below a first line such as ``%%bash``, where that is not Python."""

_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|$)")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_INLINE = re.compile(
    r"""
    (?P<operator>^[ \t>]*(?:[-*+]|\d{1,9}[.)])(?=[ \t]))
    |(?P<string>(?P<ticks>`{1,2})[^`]{1,300}(?P=ticks))
    |(?P<number>\$\$?[^$]{1,300}\$\$?)
    |(?P<strong>\*\*[^\s*][^*]{0,300}\*\*|(?<!\w)__[^\s_][^_]{0,300}__(?!\w))
    |(?P<emphasis>\*[^\s*][^*]{0,300}\*|(?<!\w)_[^\s_][^_]{0,300}_(?!\w))
    |(?P<name>!?\[[^\]]{0,300}\]\([^)]{0,300}\)|https?://[^\s)>]{1,300})
    |(?P<keyword></?[A-Za-z][^<>]{0,300}>)
    """,
    re.VERBOSE,
)

_STYLES = {
    "Comment": "comment",
    "Generic.Emph": "emphasis",
    "Generic.EmphStrong": "strong",
    "Generic.Error": "error",
    "Generic.Heading": "heading",
    "Generic.Strong": "strong",
    "Generic.Subheading": "heading",
    "Generic.Traceback": "error",
    "Keyword": "keyword",
    "Literal": "number",
    "Literal.String": "string",
    "Name.Attribute": "name",
    "Name.Builtin": "builtin",
    "Name.Class": "class",
    "Name.Decorator": "decorator",
    "Name.Exception": "builtin",
    "Name.Function": "function",
    "Name.Namespace": "name",
    "Name.Tag": "keyword",
    "Name.Variable": "name",
    "Operator": "operator",
    "Operator.Word": "keyword",
}
"""By the kind of a token; a kind below one of these has its style."""


def language(metadata: Mapping[str, Any]) -> str:
    """What the code of a notebook is written in, from its metadata: a name for `highlighted`.

    Python where nothing is said, empty for a language that is not known here.
    """
    info, kernel = metadata.get("language_info"), metadata.get("kernelspec")
    info = info if isinstance(info, Mapping) else {}
    kernel = kernel if isinstance(kernel, Mapping) else {}
    named = [
        name
        for name in (info.get("pygments_lexer"), info.get("name"), kernel.get("language"), kernel.get("name"))
        if isinstance(name, str) and name
    ]
    return next(filter(None, map(_known, named)), "") if named else PYTHON


def lexer_name(cell: Cell, metadata: Mapping[str, Any]) -> str:
    """What a cell is written in: a name for `highlighted`, empty for plain text.

    Args:
        cell: the cell.
        metadata: that of its notebook.
    """
    if cell.kind in {"markdown", "heading"}:
        return MARKDOWN
    if cell.kind != "code":
        return ""
    editor = cell.metadata.get("vscode")  # where notebooks of several languages say which
    name = editor.get("languageId") if isinstance(editor, Mapping) else None
    return (_known(name) if isinstance(name, str) else "") or language(metadata)


@lru_cache(maxsize=32)
def highlighted(source: str, language: str) -> list[list[Run]]:
    r"""The runs of each line of a source.

    Args:
        source: the text.
        language: as `lexer_name` tells it; one that is not known gives no styles.

    Returns:
        A list for each of ``source.split("\n")``, whose texts make up that line. Callers leave it as it is: it is
        given out again for the same source.
    """
    if not _is_bounded(source, language):
        return plain(source)
    found: list[list[Run]] = [[]]
    for style, text in _styled(source, language):
        first, *rest = text.split("\n")
        _append(found[-1], style, first)
        for line in rest:
            found.append([])
            _append(found[-1], style, line)
    return found


def plain(source: str) -> list[list[Run]]:
    """As `highlighted`, without styles."""
    return [[("", line)] if line else [] for line in source.split("\n")]


class Highlighter:
    """Highlights the cells of one difference, until it has done so much that the rest is left plain."""

    def __init__(self) -> None:
        self._left = MOST_HIGHLIGHTED

    def highlighted(self, source: str, language: str) -> list[list[Run]]:
        """As the function of this name."""
        self._left -= len(source) if language in _QUICK else 10 * len(source)
        return highlighted(source, language) if self._left >= 0 else plain(source)


def _is_bounded(source: str, language: str) -> bool:
    """Whether highlighting takes no longer than it may."""
    longest = LONGEST_SOURCE if language in _QUICK else LONGEST_OTHER_SOURCE
    return (
        (language in _LEXERS or language == MARKDOWN)
        and len(source) <= longest
        and max(map(len, source.split("\n"))) <= LONGEST_LINE
        and max(map(len, re.findall(r"\s+", source)), default=0) <= LONGEST_BLANK
    )


def _append(runs: list[Run], style: str, text: str) -> None:
    if runs and runs[-1][0] == style:
        runs[-1] = (style, runs[-1][1] + text)
    elif text:
        runs.append((style, text))


def _known(name: str) -> str:
    plain = name.strip().lower()
    for spelled in (plain, plain.rstrip("0123456789.- ")):
        if (found := _OTHER_NAMES.get(spelled, spelled)) in _LEXERS or found == MARKDOWN:
            return found
    return ""


def _styled(source: str, language: str) -> Iterator[Run]:
    if language == PYTHON:
        yield from _ipython(source)
    elif language == MARKDOWN:
        yield from _markdown(source)
    else:
        yield from _lexed(source, source, language)


def _ipython(source: str) -> Iterator[Run]:
    magic = _CELL_MAGIC.match(source)
    if magic and (other := _OF_CELL_MAGICS.get(magic[1])):
        yield "decorator", source[: magic.end()]
        yield from _styled(source[magic.end() :], other)
        return
    # Python takes what is for IPython as a comment of the same length; in a string it was none, and stays one
    starts: dict[int, int] = {}
    letters = list(source)
    for match in _MAGIC.finditer(source):
        starts[match.start(1)] = match.end(1)
        letters[match.start(1)] = "#"
    place = 0
    for style, text in _lexed("".join(letters), source, PYTHON):
        if style == "comment" and place in starts:
            sign = starts[place] - place
            name = re.match(r"[\w.]*", text[sign:])
            end = sign + (name.end() if name and text.startswith("%") else 0)
            yield "decorator", text[:end]
            yield "", text[end:]
        else:
            yield style, text
        place += len(text)


def _markdown(source: str) -> Iterator[Run]:
    fence = ""
    for number, line in enumerate(source.split("\n")):
        if number:
            yield "", "\n"
        start = _FENCE.match(line)
        if fence or start:
            yield "string", line
            if start and (not fence or start[1].startswith(fence)):
                fence = "" if fence else start[1]
        elif _HEADING.match(line):
            yield "heading", line
        else:
            place = 0
            for match in _INLINE.finditer(line):
                yield "", line[place : match.start()]
                yield match.lastgroup or "", match[0]
                place = match.end()
            yield "", line[place:]


def _lexed(text: str, shown: str, language: str) -> Iterator[Run]:
    """Runs of `shown`, styled as `text` is, which is as long."""
    place = 0
    for start, kind, value in _lexer(language).get_tokens_unprocessed(text):
        if start > place:
            yield "", shown[place:start]
        place = start + len(value)
        yield _style(kind), shown[start:place]
    if place < len(shown):
        yield "", shown[place:]


@cache
def _lexer(language: str) -> "Lexer":
    from importlib import import_module

    module, name = _LEXERS[language]
    lexer: Lexer = getattr(import_module(f"pygments.lexers.{module}"), name)()
    return lexer


@cache
def _style(kind: tuple[str, ...]) -> str:
    for length in range(len(kind), 0, -1):
        if (name := ".".join(kind[:length])) in _STYLES:
            return _STYLES[name]
    return ""
