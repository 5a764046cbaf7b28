"""The benchmark writes down what it measured: tables that mark what is better, data that comes back, and pictures."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from benchmarks import growth, notebooks, page, plots, results, savers, stored, timing
from benchmarks.results import Figure, Plot, Row, Section, Series, Table, at_least, at_most

OURS = Row("depository", (Figure(10.0), Figure(2.0, 1.0, 3.0, 5)))


def table(*peers: Row) -> Table:
    return Table("saves", "Saves", "save", ("small", "large"), (OURS, *peers), "ms", "depository")


def section(**more: object) -> Section:
    made = Section("save", "A save", "What was done.", (table(Row("git", (Figure(5.0), None), is_peer=True)),))
    return made._replace(**more)  # type: ignore[arg-type]


def lines(*peers: Row) -> list[str]:
    return list(page.table_lines(table(*peers)))


def test_a_table_says_how_many_times_depositorys_figure_another_is() -> None:
    assert "| restic | 200 20x | 3 1.5x |" in lines(Row("restic", (Figure(200.0), Figure(3.0)), is_peer=True))


def test_a_figure_that_is_better_than_depositorys_is_bold() -> None:
    assert "| git | **5 0.5x** | 4 2x |" in lines(Row("git", (Figure(5.0), Figure(4.0)), is_peer=True))


def test_what_nobody_would_use_instead_is_not_bold() -> None:
    assert "| python | 5 0.5x | - |" in lines(Row("python", (Figure(5.0), None)))


def test_a_row_may_be_held_against_another_than_the_first() -> None:
    s3 = Row("depository, S3", (Figure(100.0), None))
    put = Row("boto3", (Figure(50.0), None), is_peer=True, against="depository, S3")
    assert "| boto3 | **50 0.5x** | - |" in lines(s3, put)


def test_a_figure_of_several_rounds_shows_its_quartiles() -> None:
    assert page.cell_text(Figure.of([1, 2, 3, 4, 5])) == "3 (2 to 4)"


@pytest.mark.parametrize(
    ("value", "text"), [(41055726.0, "41,055,726"), (0.89331, "0.893"), (1234.5, "1,234"), (0.0, "0"), (12.0, "12")]
)
def test_numbers_show_three_digits_or_all(value: float, text: str) -> None:
    assert page.number(value) == text


def test_a_target_that_was_missed_says_so() -> None:
    text = page.write([section(targets=(at_most("bytes", 0.9, 0.89), at_least("speed", 20, 3)))])
    assert "| bytes | 0.9 | 0.89 | reached |" in text
    assert "| speed | 20 | 3 | **missed** |" in text


def test_what_could_not_be_run_is_on_the_page() -> None:
    assert "- borg: it is not installed." in page.write([section(missing=("borg: it is not installed.",))])


def test_a_section_comes_back_from_its_json(tmp_path: Path) -> None:
    lines = Plot("growth", "Growth", "ms", (Series("save", ((1.0, 2.0), (1000.0, 2.5))),), (), "versions")
    bars = Plot("bytes", "Bytes", "MB", (), (("git", 2.0), ("depository", 1.0)))
    whole = section(
        targets=(at_most("bytes", 0.9, 0.5),),
        plots=(lines, bars),
        missing=("verify: it is not there.",),
        machine={"Python": "3.11"},
        versions={"git": "2.39"},
        seconds=12.5,
    )
    results.write(whole, tmp_path)
    assert list(results.read(tmp_path, ["bytes", "save"])) == [whole]


def test_a_picture_is_an_svg_with_a_mark_for_each_point() -> None:
    plot = Plot("growth", "Cost <here>", "ms", (Series("save", ((1.0, 0.5), (1e6, 2.5))),), (), "versions")
    found = ET.fromstring(plots.draw(plot))  # noqa: S314 - our own
    assert len(found.findall("{*}circle")) == 2
    assert any(text.text == "Cost <here>" for text in found.findall("{*}text"))


def test_a_bar_is_as_long_as_its_figure() -> None:
    plot = Plot("bytes", "Bytes", "MB", (), (("git", 2.0), ("depository", 1.0)))
    found = ET.fromstring(plots.draw(plot))  # noqa: S314 - our own
    _, git, ours = found.findall("{*}rect")
    assert float(git.attrib["width"]) == 2 * float(ours.attrib["width"])


def test_ways_to_work_take_turns_and_the_first_round_does_not_count() -> None:
    order = []

    def work(name: str, number: int) -> timing.Taken:
        order.append((name, number))
        return timing.Taken(number, number)

    found = timing.turns(2, {"a": lambda n: work("a", n), "b": lambda n: work("b", n)})
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [run.cpu for run in found["a"].runs] == [1, 2]


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="no good"):
        timing.command(["sh", "-c", "echo no good >&2; exit 3"])


def test_a_part_of_the_histories_is_chosen_by_its_rule(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.ipynb" for number in range(4)]
    for number, file in enumerate(files):
        file.write_bytes(notebooks.tiny(number // 2))
    shape = stored.shape(files)
    assert [name for name, (_, belongs) in stored.PARTS.items() if belongs(shape)] == ["re-runs", "tiny"]


@pytest.mark.parametrize("size", [25_000, 250_000])
def test_a_notebook_has_about_the_size_that_was_asked_for(size: int) -> None:
    versions = notebooks.versions(size)
    first, second = next(versions), next(versions)
    assert size <= len(first) < 1.3 * size
    assert 0 < len(second) - len(first) < 100


def test_a_store_grows_by_what_is_written_into_it(tmp_path: Path) -> None:
    grown = savers.Grown(tmp_path)
    (tmp_path / "one").write_bytes(b"12345")
    assert grown() == (1, 5)
    (tmp_path / "two").write_bytes(b"123")
    assert grown() == (1, 3)


def test_growth_is_really_measured(tmp_path: Path) -> None:
    found = growth.run(tmp_path, most=1, quick=True)
    (one,) = found.tables
    rows = {row.name: row.cells[0] for row in one.rows}
    assert rows["log, first 30, requests"] == Figure(1.0)
    assert rows["save to the long history, warm, requests"] == Figure(2.0)
    assert "| log, first 30, requests | 1 |" in page.write([found])
