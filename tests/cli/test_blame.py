"""`depository blame`."""

import pytest

from tests.cli.shell import Shell

FIT = "prior = wide(scale)\nmodel = fit(stars, prior)\nprint(model.mean)"


@pytest.fixture
def history(shell: Shell) -> Shell:
    """Three versions of two cells: the first is edited by ada, then both are run."""
    for day, author, sources in (
        (1, "kylek", [FIT, "# a remark"]),
        (2, "ada", [FIT.replace("wide", "narrow"), "# a remark"]),
    ):
        shell.write("mine.ipynb", *sources)
        shell("save", "mine.ipynb", "--time", f"2026-03-0{day}T12:00Z", "--author", author)
    shell.write("mine.ipynb", FIT.replace("wide", "narrow"), "# a remark", output="ran\n")
    shell("save", "mine.ipynb", "--time", "2026-03-03T12:00Z")
    return shell


def test_a_line_for_each_cell_says_which_version_made_it_when_and_who(history: Shell) -> None:
    assert history("blame", "mine.ipynb").lines == [
        "v2  2026-03-02 12:00  ada    code  cell 1  prior = narrow(scale) …",
        "v1  2026-03-01 12:00  kylek  code  cell 2  # a remark",
    ]


def test_a_line_for_each_line_says_which_version_brought_it(history: Shell) -> None:
    assert history("blame", "mine.ipynb", "--lines").lines == [
        "── code · cell 1 · id cell-0 ──",
        "v2  2026-03-02 12:00  ada    1│  prior = narrow(scale)",
        "v1  2026-03-01 12:00  kylek  2│  model = fit(stars, prior)",
        "v1  2026-03-01 12:00  kylek  3│  print(model.mean)",
        "",
        "── code · cell 2 · id cell-1 ──",
        "v1  2026-03-01 12:00  kylek  1│  # a remark",
    ]


def test_the_one_notebook_of_the_directory_need_not_be_named(history: Shell) -> None:
    assert history("blame").out == history("blame", "mine.ipynb").out
    assert history("blame", "v1").out == history("blame", "mine.ipynb@v1").out


@pytest.mark.parametrize("cell", ["2", "cell-1"])
def test_one_cell_can_be_chosen(history: Shell, cell: str) -> None:
    assert [line.split()[0] for line in history("blame", "--cell", cell).lines] == ["v1"]


def test_an_older_version_is_blamed_as_it_was(history: Shell) -> None:
    assert [line.split()[0] for line in history("blame", "mine.ipynb@v1").lines] == ["v1", "v1"]


def test_a_json_object_for_each_cell_has_all_that_is_known(history: Shell) -> None:
    first, second = history("blame", "--json", "--lines").records
    assert first["made"] == history("log", "--json").records[1]
    assert [(line["text"], line["version"], line["author"]) for line in first["lines"]][:2] == [
        ("prior = narrow(scale)", "v2", "ada"),
        ("model = fit(stars, prior)", "v1", "kylek"),
    ]
    del second["made"]
    assert second == {
        "record": "blame",
        "path": "kylek/proj/mine.ipynb",
        "cell": 2,
        "id": "cell-1",
        "kind": "code",
        "source": "# a remark",
        "lines": [
            {
                "text": "# a remark",
                "path": "kylek/proj/mine.ipynb",
                "version": "v1",
                "number": 1,
                "hash": history("log", "--json").records[2]["hash"],
                "time": "2026-03-01T12:00:00.000Z",
                "author": "kylek",
            }
        ],
    }
    assert [record["lines"] for record in history("blame", "--json").records] == [[], []]


def test_copies_are_followed_to_another_notebook_if_asked(history: Shell) -> None:
    history.write("copy.ipynb", FIT)
    history("save", "copy.ipynb", "--time", "2026-03-04T12:00Z")
    assert history("blame", "copy.ipynb").lines[0].split()[0] == "v1"
    assert history("blame", "copy.ipynb", "--copies").lines == [
        "mine.ipynb@v1  2026-03-01 12:00  kylek  code  cell 1  prior = wide(scale) …"
    ]
    assert history("blame", "copy.ipynb", "--copies", "--json").records[0]["made"]["path"] == "kylek/proj/mine.ipynb"


def test_nothing_in_a_notebook_drives_the_terminal(shell: Shell) -> None:
    shell.write("mine.ipynb", "a\x1b[31m\tb\r")
    shell("save", "mine.ipynb", "--author", "x\u202ey")
    for options in ([], ["--lines"]):
        out = shell("blame", *options).out
        assert "\\x1b[31m" in out
        assert not set("\x1b\r\t\u202e") & set(out)


def test_lines_are_cut_to_the_terminal(history: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depository.cli.console.Console.columns", 65)
    assert history("blame").lines[0] == "v2  2026-03-02 12:00  ada    code  cell 1  prior = narrow(scale)…"
    monkeypatch.setattr("depository.cli.console.Console.columns", 54)
    assert history("blame", "--lines").lines[1] == "v2  2026-03-02 12:00  ada    1│  prior = narrow(scale)"
    assert history("blame", "--lines").lines[2] == "v1  2026-03-01 12:00  kylek  2│  model = fit(stars, p…"


def test_what_is_not_there_gets_a_sentence(history: Shell) -> None:
    assert history.fails("blame", "--cell", "3") == ("v3 of 'kylek/proj/mine.ipynb' has 2 cells, and no cell 3.")
    assert "several cells" in history.fails("blame", "--cell", "cell-", code=2)
    history.put("mine.ipynb", b"broken")
    history("save", "mine.ipynb")
    assert "is no notebook" in history.fails("blame")


def test_versions_that_cannot_be_read_are_named_beside_the_answer(shell: Shell) -> None:
    for number in range(17):
        shell.write("mine.ipynb", f"a = {number}", "# a remark")
        shell("save", "mine.ipynb")
    digest = shell("log", "--json").records[12]["hash"]
    (blob,) = shell.store.rglob(f"objects/{digest[:2]}/{digest[2:]}*")
    blob.unlink()

    said = shell("blame")
    assert [line.split()[0] for line in said.lines] == ["v17", "v1"]
    assert said.err.startswith("depository: v5 to v16 of 'kylek/proj/mine.ipynb' cannot be read, and what changed")
    assert said.err.count("\n") == 1
