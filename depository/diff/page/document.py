"""The whole page: what is compared, what changed in numbers, a list of the changes, and the changes."""

import base64
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby

from depository.diff.compare import CellChange, NotebookDiff
from depository.diff.page.cells import SIGNS, Cells, badge, first_line, name_of, what_changed
from depository.diff.page.limits import MAX_LISTED, MAX_NAME, MAX_SECTIONS, Rooms
from depository.diff.page.markup import MINUS, Markup, cut, div, element, joined, span
from depository.diff.page.style import STYLE
from depository.notebook.text import plural

_LONGEST_TITLE = 300


def render(diff: NotebookDiff, *, title: str, old: str, new: str, context: int = 3) -> Iterator[str]:
    """One page of HTML that shows a difference, in pieces.

    It has no script, loads nothing, and forbids both by a policy of its own. It is bounded: beyond the sizes in
    `limits` things are described or counted, not shown.

    Args:
        diff: the difference of two whole notebooks, none of whose values is left out.
        title: what is compared, such as the notebook's path.
        old: what the side before is called, such as ``v3``.
        new: what the side after is called.
        context: how many unchanged lines to show around changed ones.
    """
    rooms = Rooms()
    cells = Cells(diff, rooms, context)
    changed = [change for change in diff.changes if change.status != "equal"]
    count = min(len(changed), MAX_SECTIONS)
    yield f'<!doctype html>\n<html lang="en">\n{_head(f"{title}: {old} → {new}")}\n<body>\n'
    yield element("header", *_header(diff, title, old, new), class_="page") + "\n"
    if len(changed) > 1:
        yield _list(changed) + "\n"
    yield "<main>\n"
    if diff.metadata_changed or diff.old_format != diff.new_format:
        yield _of_notebook(diff, cells) + "\n"
    number = 0
    for is_equal, run in groupby(diff.changes, lambda change: change.status == "equal"):
        if is_equal:
            yield cells.unchanged(list(run)) + "\n"
            continue
        for change in run:
            number += 1
            if number <= count:
                yield cells.section(change, number, count) + "\n"
    if number > count:
        yield div("note", f"… {plural(number - count, 'more change')} than a page shows.") + "\n"
    yield "</main>\n</body>\n</html>\n"


def _head(title: str) -> Markup:
    digest = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; form-action 'none'; base-uri 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=Markup(policy)),
        element("meta", name="referrer", content="no-referrer"),
        # a browser may look up the names of servers that a page links to
        element("meta", http_equiv="x-dns-prefetch-control", content="off"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", cut(title, _LONGEST_TITLE)),
        element("style", Markup(STYLE)),
    )


def _header(diff: NotebookDiff, title: str, old: str, new: str) -> Iterator[Markup]:
    yield element("h1", element("bdi", cut(title, _LONGEST_TITLE)))
    sides = [element("bdi", cut(name, _LONGEST_TITLE)) for name in (old, new)]
    yield element(
        "p", span("sign removed", f"{MINUS} ", sides[0]), " → ", span("sign added", "+ ", sides[1]), class_="versions"
    )
    if diff.is_empty:
        yield element("p", f"No changes in {plural(len(diff.changes), 'cell')}.", class_="counts")
        return
    counts = diff.counts._asdict()
    shown = [
        span(f"badge {status}", f"{sign} {counts[status]:,} {status}")
        for status, sign in SIGNS.items()
        if counts[status]
    ]
    if diff.metadata_changed:
        shown.append(element("a", "± notebook metadata", href="#notebook", class_="badge changed"))
    shown.append(span("badge equal", f"{plural(diff.counts.equal, 'cell')} unchanged"))
    yield element("p", *(joined(part, " ") for part in shown), class_="counts")


def _list(changed: list[CellChange]) -> Markup:
    entries = [
        element(
            "li",
            element(
                "a",
                badge(change),
                " ",
                element("bdi", name_of(change), class_="name"),
                " ",
                span("dim", what_changed(change)),
                " ",
                element("code", first_line(change)),
                href=f"#change-{number}",
            ),
        )
        for number, change in enumerate(changed[:MAX_LISTED], 1)
    ]
    if len(changed) > MAX_LISTED:
        entries.append(element("li", f"… {plural(len(changed) - MAX_LISTED, 'more change')}", class_="dim"))
    return element("nav", element("ol", *entries), class_="changes", aria_label="All changes")


def _of_notebook(diff: NotebookDiff, cells: Cells) -> Markup:
    formats = diff.old_format != diff.new_format
    note = f"nbformat {cut(diff.old_format, MAX_NAME)} → {cut(diff.new_format, MAX_NAME)}" if formats else ""
    return element(
        "section",
        element("header", element("h2", "Notebook"), div("facts", note)),
        cells.metadata("metadata", diff.old_metadata, diff.new_metadata) if diff.metadata_changed else None,
        id="notebook",
        class_="cell changed",
    )
