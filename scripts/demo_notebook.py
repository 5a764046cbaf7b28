"""The demo's notebook: cells that are really run, and a file as Jupyter writes it."""

import ast
import io
import json
import traceback
from base64 import b64encode
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

_LANGUAGE = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class DemoNotebook:
    """Cells by their id, in order, and the state of a kernel that runs them."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[str, Any]] = {}
        self._count = 0

    def text(self, name: str, source: str) -> None:
        """Write a Markdown cell, or rewrite it."""
        self._cells[name] = {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(source)}

    def code(self, name: str, source: str) -> None:
        """Write a code cell, or rewrite it. What it showed when it ran last is kept until it runs again."""
        cell = self._cells.setdefault(
            name, {"cell_type": "code", "id": name, "metadata": {}, "execution_count": None, "outputs": []}
        )
        cell["source"] = _lines(source)

    def run(self, directory: Path) -> None:
        """Restart, and run the cells from the top down in a directory; an error ends the run, as in Jupyter."""
        self._count = 0
        namespace: dict[str, Any] = {"__name__": "__main__"}
        with chdir(directory):
            for cell in self._cells.values():
                if cell["cell_type"] == "code" and not self._run(cell, namespace):
                    return

    def write(self, file: Path) -> None:
        """Write the file as Jupyter does."""
        notebook = {"cells": list(self._cells.values()), "metadata": _LANGUAGE, "nbformat": 4, "nbformat_minor": 5}
        file.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")

    def _run(self, cell: dict[str, Any], namespace: dict[str, Any]) -> bool:
        self._count += 1
        cell["execution_count"] = self._count
        printed = io.StringIO()
        result: list[dict[str, Any]] = []
        try:
            with redirect_stdout(printed):
                value = _execute("".join(cell["source"]), namespace)
            if value is not None:
                result = [_result(value, self._count)]
        except Exception as error:  # noqa: BLE001 - a cell may raise whatever it likes
            result = [_error(error)]
        cell["outputs"] = ([_stream(printed.getvalue())] if printed.getvalue() else []) + result
        return not result or result[0]["output_type"] != "error"


def _execute(source: str, namespace: dict[str, Any]) -> Any:
    """Run statements, and return what the last of them is worth, if it is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)  # noqa: S102 - to run a cell is what this is for
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)  # noqa: S307


def _result(value: Any, count: int) -> dict[str, Any]:
    data: dict[str, Any] = {"text/plain": _lines(repr(value))}
    if hasattr(value, "_repr_png_"):
        data["image/png"] = b64encode(value._repr_png_()).decode() + "\n"
    if hasattr(value, "_repr_html_"):
        data["text/html"] = _lines(value._repr_html_())
    return {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data}


def _error(error: Exception) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"Cell line {frame.lineno}, in {frame.name}" for frame in frames if frame.filename == "<cell>"]
    name = type(error).__name__
    return {
        "output_type": "error",
        "ename": name,
        "evalue": str(error),
        "traceback": ["Traceback (most recent call last)", *where, f"{name}: {error}"],
    }


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": _lines(text)}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
