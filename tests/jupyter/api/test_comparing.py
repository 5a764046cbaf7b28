"""Comparing two versions over HTTP."""

from typing import Any

import jsonschema

from depository.diff import document
from depository.diff.compare import diff
from tests.jupyter.api.calls import API, DESCRIPTION, at
from tests.notebooks import code, notebook, small, stream


def display(data: Any) -> Any:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def test_a_comparison_tells_what_changed_cell_by_cell(api: API) -> None:
    api.archive(
        "compared.ipynb",
        notebook(code("a\nb\nc", cell_id="one"), code("same", cell_id="two")),
        notebook(code("a\nB\nc", cell_id="one"), code("same", cell_id="two"), code("new", cell_id="three")),
    )
    found = api.found(at("compared.ipynb", "/diff?old=v1&new=v2&context=1"))
    counts = {status: count for status, count in found["counts"].items() if count}
    assert counts == {"equal": 1, "changed": 1, "added": 1}
    assert not found["equal"]
    changed, same, added = found["cells"]
    assert (changed["new"]["id"], changed["status"], changed["changed"]) == ("one", "changed", ["source"])
    (hunk,) = changed["source"]
    assert [line["tag"] + line["text"] for line in hunk["lines"]] == [" a", "-b", "+B", " c"]
    assert (same["status"], same["old"]["index"]) == ("equal", 1)
    assert (added["status"], added["old"], added["new"]["index"]) == ("added", None, 2)


def test_a_comparison_is_the_document_that_the_difference_of_two_notebooks_has(api: API) -> None:
    old, new = (notebook(code("a", cell_id="one")), notebook(code("b", cell_id="one")))
    api.archive("document.ipynb", old, new)
    found = api.found(at("document.ipynb", "/diff"))
    assert [found.pop(side)["number"] for side in ("old", "new")] == [1, 2]
    assert found == document.of_diff(diff(old, new))


def test_a_comparison_has_what_was_asked_for(api: API) -> None:
    shown = [{**code("a", cell_id="one"), "metadata": {"tags": [tag]}, "outputs": [stream(tag)]} for tag in "ab"]
    api.archive("asked.ipynb", *map(notebook, shown))
    changed = [
        api.found(at("asked.ipynb", f"/diff?{query}"))["cells"][0].get("changed")
        for query in ("", "metadata=true", "outputs=false", "outputs=false&metadata=true")
    ]
    assert changed == [["outputs"], ["outputs", "metadata"], None, ["metadata"]]


def test_a_comparison_without_outputs_shows_none_of_new_cells(api: API) -> None:
    api.archive("without.ipynb", notebook(), notebook(code("a", stream("1"))))
    assert len(api.found(at("without.ipynb", "/diff"))["cells"][0]["outputs"]) == 1
    assert api.found(at("without.ipynb", "/diff?outputs=false"))["cells"][0]["outputs"] == []


def test_a_comparison_is_by_default_with_the_version_before(api: API) -> None:
    api.archive("default.ipynb", small(1), small(2))
    found = api.found(at("default.ipynb", "/diff"))
    assert (found["old"]["number"], found["new"]["number"]) == (1, 2)


def test_what_is_no_notebook_is_compared_line_by_line(api: API) -> None:
    api.archive("lines.ipynb", b"one\ntwo\n", b"one\nthree\n")
    found = api.found(at("lines.ipynb", "/diff?old=v1&new=v2"))
    assert (found["equal"], found["cells"]) == (False, None)
    (hunk,) = found["hunks"]
    assert [line["tag"] + line["text"] for line in hunk["lines"]] == [" one", "-two", "+three"]


def test_a_comparison_shows_so_much_and_says_that_there_is_more(api: API) -> None:
    api.archive("much.ipynb", notebook(code("")), notebook(code("y" * 3_000_000)))
    answer = api.get(at("much.ipynb", "/diff"))
    assert answer.json["truncated"]
    assert len(answer.data) < 1_200_000


def test_a_comparison_of_anything_is_as_described(api: API) -> None:
    html, plain = "<table><tr><th>a<th>b<tr><td>1<td>{}</table>", "a b\n1 {}"
    data = [
        {
            "text/html": html.format(n),
            "text/plain": plain.format(n),
            "image/png": "iVBORw0KGgo=" * n,
            "application/json": {"n": n},
            "application/pdf": "JVBERi0=" * n,
        }
        for n in (1, 2)
    ]
    shown = [{**code("a", cell_id="one"), "outputs": [display(one), stream(str(one))]} for one in data]
    api.archive("anything.ipynb", *map(notebook, shown), b"raw")
    resolver = jsonschema.Draft202012Validator({**DESCRIPTION, "$ref": "#/components/schemas/Diff"})
    for query in ("old=v1&new=v2&metadata=true", "old=v2&new=v3", "old=v1&new=v1"):
        resolver.validate(api.found(at("anything.ipynb", f"/diff?{query}")))
