"""Validity: what nbformat would have against a notebook, found without it.

A light reading of the schemas of nbformat 3 and 4, for a warning: the shapes of the notebook, its cells and outputs,
and the ids of cells, not what metadata say. What nbformat finds valid is never complained about; what it refuses may
pass now and then. An archive keeps both.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

_NEWEST_MINOR = 5
"""Of nbformat 4. What comes after it may have fields and kinds that nobody knows yet."""
_MINOR_WITH_IDS = 5
_MAX_ID = 64
_ID = re.compile(r"^[a-zA-Z0-9_-]+$")
_JSON_MIME = re.compile(r"^application/(.*\+)?json$")
_SHOWN = 40


class _Shape(NamedTuple):
    """What a field has to be."""

    name: str
    """As it reads after "not"."""
    fits: Callable[[Any], bool]


class _Rules(NamedTuple):
    """The fields of a kind of object."""

    required: Mapping[str, _Shape]
    optional: Mapping[str, _Shape] = {}
    mimes: bool = False
    """Fields with a slash in their name are allowed as well."""


def complaint(notebook: Mapping[str, Any]) -> str | None:
    """Say in one clause why nbformat would refuse a notebook.

    Args:
        notebook: a notebook as JSON has it, multi-line strings whole or as lists of lines.

    Returns:
        A clause such as "cell 3 has no metadata", or None where there is nothing to say.
    """
    major, minor = notebook.get("nbformat"), notebook.get("nbformat_minor")
    if type(major) is not int:
        return "the notebook has no nbformat number"
    if not 1 <= major <= 4:
        return f"nbformat {major} is unknown"
    if major == 1:
        return None
    if major == 2:
        return next(_complaints_of_2(notebook), None)
    if type(minor) is not int:
        return "the notebook has no nbformat_minor number"
    complaints = _complaints_of_3(notebook) if major == 3 else _complaints_of_4(notebook, minor)
    return next(complaints, None)


# Only the first complaint is asked for: what comes after one may rely on what it would have found wrong.

# shapes


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or _is_strings(value)


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


def _is_whole(value: Any) -> bool:
    # validators disagree on whether 1.0 is whole
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == value // 1


def _is_bundle(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(value[mime]) for mime in value if not _JSON_MIME.search(mime))


_ANY = _Shape("anything", lambda _: True)
_TEXT = _Shape("text", _is_text)
_STRING = _Shape("a string", lambda value: isinstance(value, str))
_STRINGS = _Shape("a list of strings", _is_strings)
_LIST = _Shape("a list", lambda value: isinstance(value, list))
_OBJECT = _Shape("an object", lambda value: isinstance(value, dict))
_BOOLEAN = _Shape("true or false", lambda value: isinstance(value, bool))
_WHOLE = _Shape("a whole number", _is_whole)
_COUNT = _Shape("a whole number or null", lambda value: value is None or _is_whole(value))
_BUNDLE = _Shape("a MIME bundle", _is_bundle)
_BUNDLES = _Shape("MIME bundles", lambda value: isinstance(value, dict) and all(map(_is_bundle, value.values())))
_ID_SHAPE = _Shape(
    f"1 to {_MAX_ID} letters, digits, '-' and '_'",
    lambda value: isinstance(value, str) and len(value) <= _MAX_ID and bool(_ID.search(value)),
)

# nbformat 4

_NOTEBOOK_4 = _Rules({"metadata": _OBJECT, "nbformat": _ANY, "nbformat_minor": _ANY, "cells": _LIST})
_KERNELSPEC = _Rules({"name": _STRING, "display_name": _STRING})
_LANGUAGE_INFO = _Rules({"name": _STRING})
_TEXT_CELL_4 = _Rules({"cell_type": _ANY, "metadata": _OBJECT, "source": _TEXT}, {"attachments": _BUNDLES})
_CODE_CELL_4 = _Rules({**_TEXT_CELL_4.required, "outputs": _LIST, "execution_count": _COUNT})
_CELLS_4 = {"code": _CODE_CELL_4, "markdown": _TEXT_CELL_4, "raw": _TEXT_CELL_4}
_UNKNOWN_CELL_4 = _Rules({"cell_type": _ANY, "metadata": _OBJECT})
_RICH_4 = {"output_type": _ANY, "data": _BUNDLE, "metadata": _OBJECT}
_OUTPUTS_4 = {
    "stream": _Rules({"output_type": _ANY, "name": _STRING, "text": _TEXT}),
    "display_data": _Rules(_RICH_4),
    "execute_result": _Rules({**_RICH_4, "execution_count": _COUNT}),
    "error": _Rules({"output_type": _ANY, "ename": _STRING, "evalue": _STRING, "traceback": _STRINGS}),
}


def _complaints_of_4(notebook: Mapping[str, Any], minor: int) -> Iterator[str]:
    if minor < 0:
        yield f"nbformat 4.{minor} is unknown"
    newer = minor > _NEWEST_MINOR
    yield from _fields("the notebook", notebook, _NOTEBOOK_4, is_open=newer)
    for name, rules in (("kernelspec", _KERNELSPEC), ("language_info", _LANGUAGE_INFO)):
        if name in notebook["metadata"]:
            yield from _fields(f"the {name}", notebook["metadata"][name], rules, is_open=True)
    ids: dict[str, int] = {}
    for number, cell in enumerate(notebook["cells"], 1):
        where = f"cell {number}"
        yield from _cell_of_4(where, cell, minor)
        if minor >= _MINOR_WITH_IDS and isinstance(name := cell.get("id"), str):
            if name in ids:
                yield f"cells {ids[name]} and {number} have the same id {_shown(name)}"
            ids[name] = number


def _cell_of_4(where: str, cell: Any, minor: int) -> Iterator[str]:
    newer = minor > _NEWEST_MINOR
    yield from _kind(where, cell, "cell_type", None if newer else _CELLS_4)
    rules = _CELLS_4.get(cell["cell_type"]) if isinstance(cell["cell_type"], str) else None
    if rules is None:
        yield from _fields(where, cell, _UNKNOWN_CELL_4, is_open=True)
        return
    if minor >= _MINOR_WITH_IDS:
        rules = _Rules({**rules.required, "id": _ID_SHAPE}, rules.optional)
    yield from _fields(where, cell, _relaxed(rules) if newer else rules, is_open=newer)
    for position, output in enumerate(cell.get("outputs", ()) if cell["cell_type"] == "code" else (), 1):
        which = f"output {position} of {where}"
        yield from _kind(which, output, "output_type", None if newer else _OUTPUTS_4)
        found = _OUTPUTS_4.get(output["output_type"]) if isinstance(output["output_type"], str) else None
        if found is not None:
            yield from _fields(which, output, _relaxed(found) if newer else found, is_open=newer)


def _relaxed(rules: _Rules) -> _Rules:
    """Rules for a newer minor version, in which bundles may hold anything."""
    loose = {_BUNDLE: _OBJECT, _BUNDLES: _OBJECT}
    required, optional = ({key: loose.get(fit, fit) for key, fit in fields.items()} for fields in rules[:2])
    return _Rules(required, optional)


# nbformat 3 and 2

_NOTEBOOK_3 = _Rules(
    {"metadata": _OBJECT, "nbformat": _ANY, "nbformat_minor": _ANY, "worksheets": _LIST},
    {"orig_nbformat": _ANY, "orig_nbformat_minor": _ANY},
)
_SHEET_3 = _Rules({"cells": _LIST}, {"metadata": _OBJECT})
_TEXT_CELL_3 = _Rules({"cell_type": _ANY, "source": _TEXT}, {"metadata": _OBJECT})
_CELLS_3 = {
    **dict.fromkeys(("markdown", "html", "raw"), _TEXT_CELL_3),
    "heading": _Rules({**_TEXT_CELL_3.required, "level": _WHOLE}, _TEXT_CELL_3.optional),
    "code": _Rules(
        {"cell_type": _ANY, "input": _TEXT, "outputs": _LIST, "language": _STRING},
        {"collapsed": _BOOLEAN, "metadata": _OBJECT, "prompt_number": _COUNT},
    ),
}
_RICH_3 = {
    **dict.fromkeys(("text", "latex", "png", "jpeg", "svg", "html", "javascript", "json", "pdf"), _TEXT),
    "metadata": _OBJECT,
}
_OUTPUTS_3 = {
    "stream": _Rules({"output_type": _ANY, "stream": _STRING, "text": _TEXT}),
    "display_data": _Rules({"output_type": _ANY}, _RICH_3, mimes=True),
    "pyout": _Rules({"output_type": _ANY, "prompt_number": _WHOLE}, _RICH_3, mimes=True),
    "pyerr": _Rules({"output_type": _ANY, "ename": _STRING, "evalue": _STRING, "traceback": _STRINGS}),
}


def _complaints_of_3(notebook: Mapping[str, Any]) -> Iterator[str]:
    yield from _fields("the notebook", notebook, _NOTEBOOK_3)
    for number, sheet in enumerate(notebook["worksheets"], 1):
        yield from _fields(f"worksheet {number}", sheet, _SHEET_3)
        for position, cell in enumerate(sheet["cells"], 1):
            where = f"cell {position}" + (f" of worksheet {number}" if len(notebook["worksheets"]) > 1 else "")
            yield from _kind(where, cell, "cell_type", _CELLS_3)
            yield from _fields(where, cell, _CELLS_3[cell["cell_type"]])
            for place, output in enumerate(cell.get("outputs", ()), 1):
                which = f"output {place} of {where}"
                yield from _kind(which, output, "output_type", _OUTPUTS_3)
                yield from _fields(which, output, _OUTPUTS_3[output["output_type"]])


def _complaints_of_2(notebook: Mapping[str, Any]) -> Iterator[str]:
    """What keeps nbformat from reading it; it has no schema for this version."""
    yield from _fields("the notebook", notebook, _Rules({"worksheets": _LIST}), is_open=True)
    for number, sheet in enumerate(notebook["worksheets"], 1):
        yield from _fields(f"worksheet {number}", sheet, _Rules({"cells": _LIST}), is_open=True)
        for position, cell in enumerate(sheet["cells"], 1):
            yield from _kind(f"cell {position}", cell, "cell_type", None)
            if cell["cell_type"] == "code":
                yield from _fields(f"cell {position}", cell, _Rules({"outputs": _LIST}), is_open=True)


# the one way in which all are looked at


def _kind(where: str, value: Any, field: str, kinds: Mapping[str, _Rules] | None) -> Iterator[str]:
    """Complaints about the field that says what kind of object it is; any kind is known if `kinds` is None."""
    if not isinstance(value, dict):
        yield f"{where} is not an object"
    elif field not in value:
        yield f"{where} has no {field}"
    elif kinds is not None and not (isinstance(kind := value[field], str) and kind in kinds):
        yield f"{where} has the unknown {field} {_shown(kind)}"


def _fields(where: str, value: Any, rules: _Rules, *, is_open: bool = False) -> Iterator[str]:
    """Complaints about fields: missing ones, those of another shape, and unknown ones unless it is open for them."""
    if not isinstance(value, Mapping):
        yield f"{where} is not an object"
    for field, shape in rules.required.items():
        if field not in value:
            yield f"{where} has no {field}"
        elif not shape.fits(value[field]):
            yield f"the field {field} of {where} is not {shape.name}"
    for field, item in value.items():
        found = rules.optional.get(field)
        if found and not found.fits(item):
            yield f"the field {field} of {where} is not {found.name}"
        if not (found or is_open or field in rules.required or (rules.mimes and "/" in field)):
            yield f"{where} has the unknown field {_shown(field)}"


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        return ascii(value)[:_SHOWN]
    text = value if value.isprintable() else ascii(value)[1:-1]
    return f"'{text[:_SHOWN]}…'" if len(text) > _SHOWN else f"'{text}'"
