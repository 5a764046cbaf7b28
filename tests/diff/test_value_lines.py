"""Changed tables, images and JSON as lines for a person."""

from typing import Any

from blake3 import blake3

from depository.diff.compare import diff
from depository.diff.outputs import BytesDetail, ImageDetail, image
from depository.diff.rendering import render_diff
from depository.diff.value_lines import bytes_lines, image_lines
from depository.notebook.text import Line
from tests.notebook.shown import GIF, PNG, code, display, encoded, marked, notebook, shown, texts


def changed(old: Any, new: Any, columns: int | None = None) -> list[Line]:
    """What is shown of an output that changed, below its header."""
    before, after = (notebook(code("x", display(data), id="a")) for data in (old, new))
    found = list(render_diff(diff(before, after), columns=columns))
    roles = [line.role for line in found]
    return found[roles.index("output-header") + 1 :]


def table(*rows: list[str]) -> dict[str, str]:
    head, *body = ["".join(f"<td>{text}</td>" for text in row) for row in rows]
    html = f"<table><thead><tr>{head.replace('td>', 'th>')}</tr></thead>" + "".join(f"<tr>{row}</tr>" for row in body)
    return {"text/html": f"{html}</table>", "text/plain": "a frame"}


def short(data: bytes) -> str:
    return blake3(data).hexdigest()[:8]


# Images


def test_a_changed_image_is_one_line_with_what_was_and_what_is() -> None:
    grown = PNG + b"x" * 1_000
    found = changed({"image/png": encoded(PNG)}, {"image/png": encoded(grown)})

    assert shown(found) == f"~ image/png 640x480 px, 23 KiB → 24 KiB, {short(PNG)} → {short(grown)}"
    assert marked(found) == ["-23 KiB", "+24 KiB", f"-{short(PNG)}", f"+{short(grown)}"]


def test_an_image_of_another_size_in_pixels_says_so() -> None:
    found = changed({"image/gif": encoded(GIF)}, {"image/gif": encoded(GIF.replace(b"\x40\x01", b"\x80\x02"))})

    assert shown(found).startswith("~ image/gif 320x200 px → 640x200 px, 20 B, ")


def test_an_image_that_came_or_went_has_its_sign() -> None:
    found = image("image/png", encoded(PNG))
    line = f"image/png, 640x480 px, 23 KiB, {short(PNG)}"

    assert shown(image_lines(ImageDetail(None, found))) == f"+ {line}"
    assert shown(image_lines(ImageDetail(found, None))) == f"- {line}"


# Other values


def test_bytes_of_another_kind_are_told_by_size_and_hash() -> None:
    old, new = b"%PDF old", b"%PDF newer"
    found = changed({"application/pdf": encoded(old)}, {"application/pdf": encoded(new)})

    assert shown(found) == f"~ application/pdf 8 B → 10 B, {short(old)} → {short(new)}"


def test_bytes_that_came_or_went_have_their_sign() -> None:
    assert shown(bytes_lines(BytesDetail("a/b", None, (8, "0123456789")))) == "+ a/b, 8 B, 01234567"
    assert shown(bytes_lines(BytesDetail("a/b", (8, "0123456789"), None))) == "- a/b, 8 B, 01234567"


def test_changed_json_is_told_by_the_way_to_it() -> None:
    old = {"layout": {"title": {"text": "a"}, "two words": 1, "gone": None}, "data": [1, 2, 3]}
    new = {"layout": {"title": {"text": "b"}, "two words": 2}, "data": [1, 2, 3, 4]}
    found = changed({"application/vnd.plotly.v1+json": old}, {"application/vnd.plotly.v1+json": new})

    assert set(shown(found).split("\n")) == {
        '~ layout.title.text: "a" → "b"',
        '~ layout["two words"]: 1 → 2',
        "- layout.gone: null",
        "+ data[3]: 4",
    }


def test_long_values_of_json_stand_below_each_other_and_are_cut() -> None:
    found = changed({"application/json": {"a": "x" * 1_000}}, {"application/json": {"a": "y" * 1_000}})

    removed, added = shown(found).split("\n")
    assert removed.startswith('- a: "xxx')
    assert added.startswith('+ a: "yyy')
    assert max(len(removed), len(added)) < 250


def test_very_many_changes_of_json_are_cut_and_say_so() -> None:
    old, new = ({"application/json": {f"k{i}": i + more for i in range(300)}} for more in (0, 1))

    before, after = (notebook(code("x", display(data), id="a")) for data in (old, new))
    assert shown(render_diff(diff(before, after), limit=None)).endswith("… 100 more changes of this value")


# Tables


def test_a_changed_table_keeps_its_columns_and_marks_the_values_that_differ() -> None:
    old = table(["", "name", "count"], ["0", "apples", "5"], ["1", "pears", "12"])
    new = table(["", "name", "count"], ["0", "apples", "7"], ["1", "pears", "12"])
    found = changed(old, new)

    assert shown(found) == ("       name  count\n- 0  apples      5\n+ 0  apples      7\n  1   pears     12")
    assert marked(found) == ["-5", "+7"]


def test_a_table_of_another_size_says_so() -> None:
    found = changed(table(["a"], ["1"]), table(["a"], ["1"], ["2"]))

    assert shown(found) == "~ table of 2 rows, 1 column → 3 rows, 1 column\n  a\n  1\n+ 2"


def test_a_table_of_which_only_the_style_differs_says_so() -> None:
    plain = table(["a"], ["1"])
    styled = {**plain, "text/html": plain["text/html"].replace("<table>", "<table border=1>")}

    assert shown(changed(plain, styled)) == "only the style of the table differs"


def test_rows_left_out_between_two_changes_leave_a_sign() -> None:
    rows = [[f"row {i}", str(i)] for i in range(30)]
    others = [[name, "99" if i in (2, 27) else number] for i, (name, number) in enumerate(rows)]
    found = changed(table(["name", "n"], *rows), table(["name", "n"], *others))

    assert texts(found, "note").count("  ⋮") == 1


def test_wide_characters_keep_the_columns_aligned_as_they_are_measured() -> None:
    old, new = table(["n", "m"], ["你好", "1"]), table(["n", "m"], ["你好", "2"])
    before, after = (notebook(code("x", display(data), id="a")) for data in (old, new))

    found = render_diff(diff(before, after), measure=lambda text: sum(2 if char > "\u2e80" else 1 for char in text))
    assert texts(found, "context", "removed")[-2:] == ["     n  m", "- 你好  1"]


def test_of_a_table_too_wide_the_columns_that_changed_are_shown() -> None:
    names = [f"column{i}" for i in range(20)]
    old = table(names, [str(i) for i in range(20)])
    new = table(names, ["99" if i == 15 else str(i) for i in range(20)])
    found = changed(old, new, columns=60)

    assert all(len(line.text) <= 60 for line in found)
    assert "column15" in shown(found)
    assert " … " in shown(found)
    assert marked(found) == ["-15", "+99"]
