"""Hypothesis strategies: JSON values, notebooks as nbformat's schemas have them, and notebooks with something wrong.

All give plain data as it may stand in a file: multi-line strings whole or as lists of lines, transient keys present.
"""

import copy
import json
from typing import Any

from hypothesis import strategies as st

JSON = Any
Notebook = dict[str, Any]

_MIMES = [
    "text/plain",
    "text/html",
    "text/x+json",
    "image/png",
    "image/svg+xml",
    "application/javascript",
    "application/x-latex",
]
_JSON_MIMES = ["application/json", "application/vnd.plotly.v1+json", "application/+json"]
_SHORT_TEXTS = [
    *("", "a", "b c", "é", "€", "😀", "\x00", "\x7f", "\t", '"', "\\", "/", "\ud800", "\udfff", "_", "0"),
    *("\n", "\r", "\r\n", "a\n", "a\r", "a\nb", "a\n\nb\n", "\na", "a\x0bb", "\x0c", "\x1c", "\x85b", "a\u2028b\n"),
]
_TELLING_VALUES = [
    *("code", "markdown", "heading", "stream", "execute_result", "display_data", "pyout", "error", "", "not ascii: é"),
    *(None, True, 0, 1, 2, 3, 4, 5, 4.0, 99),
]


def spelled(value: JSON) -> str:
    """A value's JSON, its keys in order: equal for two values only where they are equal in types and signs too."""
    return json.dumps(value, sort_keys=True, default=lambda data: {"bytes": data.decode("ascii")})


# JSON


def texts() -> st.SearchStrategy[str]:
    """Texts of any characters, lone surrogates among them, but none that would make a pair."""
    return st.text(st.characters(exclude_categories=["Cs"]) | st.just("\udfff"), max_size=12)


def short_texts() -> st.SearchStrategy[str]:
    """A few short texts with what is special somewhere: quick to draw, as a notebook has many."""
    return st.sampled_from(_SHORT_TEXTS)


def integers() -> st.SearchStrategy[int]:
    """Integers, many of them at a boundary of MessagePack's forms or past 64 bits."""
    powers = st.sampled_from([2**bits for bits in (5, 7, 8, 15, 16, 31, 32, 63, 64, 71, 72, 127, 1000)])
    near = st.tuples(powers, st.sampled_from([-1, 1]), st.integers(-2, 2)).map(lambda p: p[0] * p[1] + p[2])
    return st.integers() | near


def scalars() -> st.SearchStrategy[JSON]:
    return st.none() | st.booleans() | integers() | st.floats() | texts()


def json_values(max_leaves: int = 10) -> st.SearchStrategy[JSON]:
    return st.recursive(
        scalars(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(short_texts(), inner, max_size=4),
        max_leaves=max_leaves,
    )


def json_objects(max_leaves: int = 10) -> st.SearchStrategy[dict[str, JSON]]:
    return st.dictionaries(short_texts(), json_values(max_leaves), max_size=4)


# parts of notebooks: drawn from small stocks where any JSON may stand, since a notebook has many of them

_VALUES: list[JSON] = [
    *(None, True, 0.1, float("nan"), "a\nb", ["a\n", "b"], [], {}),
    *({"": [1.5, -0.0, 2**70]}, [["a"], {"é": "\udfff"}]),
]
_OBJECTS: list[dict[str, JSON]] = [
    *({}, {}, {"name": "a"}, {"tags": ["a", "b"]}),
    *({"😀": {"b": [1, 1.0, True]}, "é": None}, {"source": ["a\n", "b"]}),
]


def stock_values() -> st.SearchStrategy[JSON]:
    return st.sampled_from(_VALUES).map(copy.deepcopy)


def stock_objects() -> st.SearchStrategy[dict[str, JSON]]:
    return st.integers(0, len(_OBJECTS) - 1).map(lambda index: copy.deepcopy(_OBJECTS[index]))


def multiline() -> st.SearchStrategy[str | list[str]]:
    """A multi-line string: whole, or as lines with their ends or without."""
    return short_texts() | st.lists(short_texts(), max_size=2)


def mime_bundles() -> st.SearchStrategy[dict[str, JSON]]:
    plain = st.dictionaries(st.sampled_from(_MIMES), multiline(), max_size=2)
    rich = st.dictionaries(st.sampled_from(_JSON_MIMES), stock_values(), max_size=1)
    return st.tuples(plain, rich).map(lambda bundles: {**bundles[0], **bundles[1]})


def counts() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(0, 300)


def _metadata(**transient: st.SearchStrategy[JSON]) -> st.SearchStrategy[dict[str, JSON]]:
    parts = st.tuples(stock_objects(), st.fixed_dictionaries({}, optional=transient))
    return parts.map(lambda pair: {**pair[0], **pair[1]})


def _objects(fields: dict[str, JSON], **optional: st.SearchStrategy[JSON]) -> st.SearchStrategy[dict[str, JSON]]:
    fixed = {key: value if isinstance(value, st.SearchStrategy) else st.just(value) for key, value in fields.items()}
    return st.fixed_dictionaries(fixed, optional=optional)


_ERROR = {"ename": short_texts(), "evalue": short_texts(), "traceback": st.lists(short_texts(), max_size=2)}

# nbformat 4


def outputs_4() -> st.SearchStrategy[dict[str, JSON]]:
    rich = {"data": mime_bundles(), "metadata": stock_objects()}
    return st.one_of(
        _objects({"output_type": "stream", "name": st.sampled_from(["stdout", "stderr"]), "text": multiline()}),
        _objects({"output_type": "display_data", **rich}),
        _objects({"output_type": "execute_result", "execution_count": counts(), **rich}),
        _objects({"output_type": "error", **_ERROR}),
    )


def cells_4() -> st.SearchStrategy[dict[str, JSON]]:
    common = {"metadata": _metadata(trusted=st.booleans()), "source": multiline()}
    outputs = st.lists(outputs_4(), max_size=2)
    attachments = st.dictionaries(short_texts(), mime_bundles(), max_size=2)
    return st.one_of(
        _objects({"cell_type": "code", **common, "outputs": outputs, "execution_count": counts()}),
        _objects({"cell_type": "markdown", **common}, attachments=attachments),
        _objects({"cell_type": "raw", **common}, attachments=attachments),
    )


@st.composite
def notebooks_4(draw: st.DrawFn) -> Notebook:
    """Notebooks that are valid by the schema of their minor version, 4.0 to 4.5."""
    minor = draw(st.integers(0, 5))
    cells = draw(st.lists(cells_4(), max_size=3))
    if minor >= 5:
        starts = st.sampled_from(["a", "B-", "0_"])
        cells = [{**cell, "id": f"{draw(starts)}{index}"} for index, cell in enumerate(cells)]
    metadata = _metadata(
        kernelspec=_objects({"name": short_texts(), "display_name": short_texts()}),
        language_info=_objects({"name": "python"}, version=short_texts()),
        signature=short_texts(),
        orig_nbformat=st.integers(1, 4),
        orig_nbformat_minor=st.integers(0, 5),
    )
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": draw(metadata), "cells": cells}


# nbformat 2 and 3


def _outputs_old(result: dict[str, JSON]) -> st.SearchStrategy[dict[str, JSON]]:
    image = st.sampled_from(["", "iVBORw0KGgo=", "iVBO\nRw0K\n"])
    rich = dict.fromkeys(("text", "html", "svg", "latex", "javascript", "json"), multiline())
    rich |= {"png": image, "jpeg": image}
    return st.one_of(
        _objects({"output_type": "stream", "stream": "stdout", "text": multiline()}),
        _objects({"output_type": "display_data"}, **rich),
        _objects({"output_type": "pyout", **result}, **rich),
        _objects({"output_type": "pyerr", **_ERROR}),
    )


def _cells_old(kinds: list[str], result: dict[str, JSON]) -> st.SearchStrategy[dict[str, JSON]]:
    outputs = st.lists(_outputs_old(result), max_size=2)
    code = {"cell_type": "code", "input": multiline(), "language": "python", "outputs": outputs}
    return st.one_of(
        _objects(code, collapsed=st.booleans(), prompt_number=counts()),
        *(_objects({"cell_type": kind, "source": multiline()}, metadata=stock_objects()) for kind in kinds),
        _objects({"cell_type": "heading", "source": multiline(), "level": st.integers(1, 6)}),
    )


def notebooks_3() -> st.SearchStrategy[Notebook]:
    """Notebooks that are valid by the schema of nbformat 3."""
    cells = st.lists(_cells_old(["markdown", "raw", "html"], {"prompt_number": st.integers(0, 9)}), max_size=2)
    sheets = st.lists(_objects({"cells": cells}, metadata=stock_objects()), max_size=2)
    head = {"nbformat": 3, "nbformat_minor": 0, "metadata": _metadata(name=short_texts(), signature=short_texts())}
    return _objects({**head, "worksheets": sheets}, orig_nbformat=st.integers(1, 3))


def notebooks_2() -> st.SearchStrategy[Notebook]:
    """Notebooks that nbformat reads as its version 2, for which it has no schema."""
    cells = st.lists(_cells_old(["markdown", "html"], {}), max_size=2)
    sheets = st.lists(_objects({"cells": cells}), max_size=2)
    return _objects({"nbformat": 2, "metadata": _metadata(name=short_texts()), "worksheets": sheets})


def notebooks() -> st.SearchStrategy[Notebook]:
    return notebooks_4() | notebooks_3() | notebooks_2()


# notebooks with something wrong


@st.composite
def damaged(draw: st.DrawFn, sound: st.SearchStrategy[Notebook] | None = None) -> Notebook:
    """Notebooks in which up to three values are gone, replaced by another of their own, or by something else."""
    # through JSON, so that no part is shared with another
    notebook: Notebook = json.loads(json.dumps(draw(sound or notebooks())))
    for _ in range(draw(st.integers(0, 3))):
        places = _places(notebook)
        holder, key = draw(st.sampled_from(places or [(notebook, "nbformat")]))
        match draw(st.sampled_from(["gone", "moved", "other"])):
            case "gone":
                if isinstance(holder, list) or key in holder:
                    del holder[key]
            case "moved" if places:
                source, other = draw(st.sampled_from(places))
                holder[key] = json.loads(json.dumps(source[other]))
            case _:
                holder[key] = draw(st.sampled_from(_TELLING_VALUES) | stock_values())
    return notebook


def _places(value: JSON) -> list[tuple[Any, Any]]:
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *_places(value[key])]]
