"""The syntax of sources."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.diff import highlight
from depository.diff.highlight import MARKDOWN, PYTHON, STYLES, Highlighter, highlighted, language, lexer_name
from depository.notebook.cells import cells
from tests.notebook.shown import code, notebook

LANGUAGES = [*highlight._LEXERS, MARKDOWN, "", "unheard-of"]


def styles(source: str, language: str = PYTHON) -> dict[str, str]:
    """The style of each run, by its text."""
    return {text: style for line in highlighted(source, language) for style, text in line}


# What a cell is written in


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({}, PYTHON),
        ({"language_info": {"pygments_lexer": "ipython3", "name": "python"}}, PYTHON),
        ({"language_info": {"name": "R"}}, "r"),
        ({"kernelspec": {"language": "julia", "name": "julia-1.9"}}, "julia"),
        ({"kernelspec": {"name": "python3"}}, PYTHON),
        ({"language_info": {"name": "C++17"}}, "c++"),
        ({"language_info": {"name": "brainfuck"}}, ""),
        ({"language_info": {"name": "x" * 1_000_000}}, ""),
        ({"language_info": "python", "kernelspec": [1]}, PYTHON),
        ({"language_info": {"name": 7, "pygments_lexer": {"a": 1}}}, PYTHON),
    ],
)
def test_a_notebook_says_its_language_in_its_metadata(metadata: dict[str, Any], name: str) -> None:
    assert language(metadata) == name


def test_each_cell_has_the_lexer_of_its_kind() -> None:
    kinds = [code("x"), {"cell_type": "markdown", "source": ""}, {"cell_type": "raw", "source": ""}, {}]
    headings = {"cell_type": "heading", "source": "x", "level": 1}

    found = [lexer_name(cell, {}) for cell in cells(notebook(*kinds, headings))]
    assert found == [PYTHON, MARKDOWN, "", "", MARKDOWN]


def test_a_cell_of_a_notebook_of_several_languages_says_its_own() -> None:
    [cell] = cells(notebook({**code("SELECT 1"), "metadata": {"vscode": {"languageId": "sql"}}}))

    assert lexer_name(cell, {"language_info": {"name": "python"}}) == "sql"


# Runs


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_runs_of_the_lines_are_the_source(language: str) -> None:
    source = "def f(x):\r\n\treturn '''a\n\n  b''' # c\n\x00\x1b[0m /* ${ <!-- ` \n```\n**b** _i_\n# h\n\n"

    lines = highlighted(source, language)
    assert ["".join(text for _, text in line) for line in lines] == source.split("\n")
    assert {style for line in lines for style, _ in line} <= set(STYLES)


@given(
    st.text(alphabet=st.sampled_from("ab1 \n\t\r#%!?`*_[]()'\"\\/<>${}=.,:-@é你"), max_size=200),
    st.sampled_from(LANGUAGES),
)
def test_the_runs_of_any_text_are_that_text(source: str, language: str) -> None:
    assert "\n".join("".join(text for _, text in line) for line in highlighted(source, language)) == source


def test_what_a_lexer_leaves_out_is_there_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gaps:
        def get_tokens_unprocessed(self, _text: str) -> list[tuple[int, tuple[str, ...], str]]:
            return [(2, ("Keyword",), "cd")]

    monkeypatch.setattr(highlight, "_lexer", lambda _name: Gaps())
    assert highlighted("abcdef gaps", "lua") == [[("", "ab"), ("keyword", "cd"), ("", "ef gaps")]]


def test_python_has_styles() -> None:
    found = styles("@deco\ndef f(a):\n    return len('x') + 1  # why\nclass C: pass")

    assert found["@deco"] == "decorator"
    assert found["f"] == "function"
    assert found["return"] == "keyword"
    assert found["len"] == "builtin"
    assert found["'x'"] == "string"
    assert found["1"] == "number"
    assert found["# why"] == "comment"
    assert found["C"] == "class"


def test_a_string_over_several_lines_is_one_on_each() -> None:
    assert [[style for style, _ in line] for line in highlighted("'''a\nimport b\nc'''", PYTHON)] == [["string"]] * 3


def test_what_is_for_ipython_breaks_nothing_after_it() -> None:
    source = "%matplotlib inline\n!pip install it's\nfiles = !ls 'x\n?len\nlen?\nimport os"
    lines = highlighted(source, PYTHON)

    assert [line[0] for line in lines] == [
        ("decorator", "%matplotlib"),
        ("decorator", "!"),
        ("", "files "),
        ("decorator", "?"),
        ("builtin", "len"),
        ("keyword", "import"),
    ]


def test_what_only_looks_like_it_stays_what_it_is() -> None:
    [_, inside, _, _] = highlighted("x = '''\n%d items\n!\n'''", PYTHON)

    assert inside == [("string", "%d items")]
    assert ("operator", "%") in highlighted("x = (a\n  % b)", PYTHON)[1]


def test_a_cell_of_another_language_is_read_as_that() -> None:
    lines = highlighted("%%bash\nfor f in *; do echo $f; done", PYTHON)

    assert lines[0] == [("decorator", "%%bash")]
    assert ("keyword", "do") in lines[1]
    assert highlighted("%%time\nimport os", PYTHON)[1][0] == ("keyword", "import")


def test_markdown_has_styles() -> None:
    found = styles(
        "# Title\nSome *words* and **more** of `code`\n- see [here](there)\n```python\n# none\n```\n#no", MARKDOWN
    )

    assert found["# Title"] == "heading"
    assert found["*words*"] == "emphasis"
    assert found["**more**"] == "strong"
    assert found["`code`"] == "string"
    assert found["[here](there)"] == "name"
    assert found["# none"] == "string"
    assert found["#no"] == ""


# Bounds


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n" * 20_000,
        "x = " + "1" * 2_000,
        "x = 1" + "\n" * 1_000,
        "x = 1\n" + " \t\n" * 500,
    ],
    ids=["long", "long line", "blank lines", "blanks"],
)
def test_what_would_take_too_long_has_no_styles(source: str) -> None:
    assert {style for line in highlighted(source, PYTHON) for style, _ in line} == {""}


def test_after_so_much_of_a_difference_the_rest_has_no_styles() -> None:
    highlighter = Highlighter()
    source = "import os  # 0123456789\n" * 2_000
    found = [highlighter.highlighted(f"{source}{i}", PYTHON) for i in range(10)]

    assert [any(style for style, _ in lines[0]) for lines in found] == [True] * 6 + [False] * 4


@pytest.mark.parametrize("name", ["text", "console", "pytb", "tcsh", "__class__", "../x", "ipython"])
def test_a_notebook_cannot_choose_another_lexer(name: str) -> None:
    assert language({"language_info": {"pygments_lexer": name}}) in {"", PYTHON}
