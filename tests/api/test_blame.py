"""Which version made each cell what it is, and what finding that out takes."""

import threading
from collections import Counter
from random import Random
from typing import Any

import pytest

from depository import Depository
from depository.backends.base import Stored
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.backends.wrapper import Wrapper
from depository.errors import Ambiguous, CorruptData, InvalidContent, NotFound
from depository.history.manifest import GROUP
from depository.objects.store import key_of
from depository.testing.seeing import copied
from tests.api.histories import PATH as LONG
from tests.api.histories import as_manifest, with_history
from tests.api.stores import depository_on, found
from tests.lineage.histories import Author
from tests.notebooks import code, file_of, markdown, notebook, plot, stream

PATH = "mine.ipynb"
FIT = "prior = wide(scale)\nmodel = fit(stars, prior)\nprint(model.mean)"
"""A source that is long enough to be known again."""


def save(depo: Depository, *cells: Any, path: str = PATH, author: str | None = None) -> int:
    return depo.save(path, file_of(notebook(*cells)), author=author).number


def made(depo: Depository, spec: str = "latest", **more: Any) -> list[int]:
    """The number of the version that made each cell."""
    return [cell.version.number for cell in depo.blame(PATH, spec, **more)]


def brought(depo: Depository, number: int = 1) -> list[int]:
    """The number of the version that brought each line of a cell."""
    (cell,) = depo.blame(PATH, cell=number, lines=True)
    return [line.version.number for line in cell.lines]


# What counts


def test_a_cell_has_its_place_its_id_its_source_and_the_version_that_made_it(depo: Depository) -> None:
    save(depo, markdown("# Title", "top"), code("a = 1", cell_id="one"), author="ada")
    save(depo, markdown("# Title", "top"), code("a = 2", cell_id="one"), author="grace")
    first, second = depo.blame(PATH)

    assert (first.number, first.id, first.kind, first.source) == (1, "top", "markdown", "# Title")
    assert first.version == depo.resolve(PATH, "v1")
    assert second.version == depo.resolve(PATH, "v2")
    assert (second.version.author, second.lines) == ("grace", ())


def test_each_line_has_the_version_that_brought_it(depo: Depository) -> None:
    save(depo, code("a = 1\nb = 2\nc = 3"))
    save(depo, code("a = 1\nb = 22\nc = 3"))
    save(depo, code("zero = 0\na = 1\nb = 22\nc = 3"))

    (cell,) = depo.blame(PATH, lines=True)
    assert [(line.text, line.version.number) for line in cell.lines] == [
        ("zero = 0", 3),
        ("a = 1", 1),
        ("b = 22", 2),
        ("c = 3", 1),
    ]


def test_a_version_that_only_ran_does_not_count(depo: Depository) -> None:
    save(depo, code(FIT))
    save(depo, code(FIT, stream("1\n"), count=1))
    save(depo, code(FIT, stream("2\n"), count=2))
    assert made(depo) == [1]


def test_a_cell_that_moves_or_gets_another_id_stays_what_it_is(depo: Depository) -> None:
    save(depo, code(FIT, cell_id="one"), code("other()", cell_id="two"))
    save(depo, code("other()", cell_id="two"), code(FIT, cell_id="one"))
    save(depo, code("other()", cell_id="two"), code(FIT, cell_id="three"))
    assert made(depo) == [1, 1]


def test_a_notebook_that_is_renamed_keeps_what_is_known_of_its_cells(depo: Depository) -> None:
    depo.save("old.ipynb", file_of(notebook(code(FIT))))
    depo.rename("old.ipynb", PATH)
    save(depo, code(FIT), code("more()", cell_id="two"))
    assert made(depo) == [1, 2]
    assert depo.blame(PATH)[0].version.path == PATH


def test_a_version_that_was_cut_off_in_between_makes_nothing_new(depo: Depository) -> None:
    save(depo, code(FIT))
    depo.save(PATH, file_of(notebook(code(FIT)))[:100])
    save(depo, code(FIT), code("more()", cell_id="two"))
    notes: list[str] = []
    assert made(depo, note=notes.append) == [1, 3]
    assert brought(depo) == [1, 1, 1]
    assert notes == []


def test_what_was_deleted_and_comes_back_is_new(depo: Depository) -> None:
    save(depo, code(FIT, cell_id="one"), code("other()", cell_id="two"))
    save(depo, code("other()", cell_id="two"))
    save(depo, code(FIT, cell_id="one"), code("other()", cell_id="two"))
    assert made(depo) == [3, 1]


def test_a_copy_within_the_notebook_is_as_old_as_what_was_copied(depo: Depository) -> None:
    save(depo, code(FIT, cell_id="one"))
    save(depo, code(FIT, cell_id="one"), code(FIT, cell_id="two"))
    save(depo, code(FIT, cell_id="one"), code(FIT + "\nmore()", cell_id="two"))
    assert made(depo) == [1, 3]
    assert brought(depo, 2) == [1, 1, 1, 3]


def test_what_many_would_write_is_no_copy(depo: Depository) -> None:
    imports = "import matplotlib.pyplot as plt\nfrom numpy import array"
    for source in ("plt.show()", imports):
        save(depo, code(source, cell_id="one"), path=f"{len(source)}.ipynb")
        save(depo, code(source, cell_id="one"), code(source, cell_id="two"), path=f"{len(source)}.ipynb")
        assert [cell.version.number for cell in depo.blame(f"{len(source)}.ipynb")] == [1, 2]


def test_lines_keep_their_age_when_a_cell_is_split_and_when_cells_are_merged(depo: Depository) -> None:
    halves = [
        f"{name} = load('{name}.csv')\n{name}.describe()\nclean({name}, strict=True)" for name in ("stars", "dust")
    ]
    save(depo, code("\n".join(halves), cell_id="one"))
    save(depo, code(halves[0], cell_id="one"), code(halves[1], cell_id="two"))
    assert made(depo) == [2, 2]
    assert brought(depo, 2) == [1, 1, 1]

    save(depo, code("\n".join([*halves, "done()"]), cell_id="one"))
    assert made(depo) == [3]
    assert brought(depo) == [1] * 6 + [3]


def test_a_cell_that_becomes_markdown_changes_and_its_lines_do_not(depo: Depository) -> None:
    save(depo, code(FIT, cell_id="one"))
    save(depo, markdown(FIT, "one"))
    assert made(depo) == [2]
    assert brought(depo) == [1, 1, 1]


def test_an_attachment_that_changes_makes_the_cell_another(depo: Depository) -> None:
    picture = {"plot.png": {"image/png": "iVBORw0KGgo="}}
    save(depo, markdown("![](attachment:plot.png)"))
    save(depo, {**markdown("![](attachment:plot.png)"), "attachments": picture})
    assert made(depo) == [2]
    assert brought(depo) == [1]


def test_another_line_end_changes_a_cell_and_none_of_its_lines(depo: Depository) -> None:
    save(depo, code(FIT))
    save(depo, code(FIT.replace("\n", "\r\n")))
    assert made(depo) == [2]
    assert brought(depo) == [1, 1, 1]


def test_an_older_version_is_blamed_as_it_was(depo: Depository) -> None:
    save(depo, code("a = 1"), code("b = 1", cell_id="two"))
    save(depo, code("a = 2"), code("b = 1", cell_id="two"))
    save(depo, code("a = 3"), code("b = 3", cell_id="two"))
    assert made(depo, "v2") == [2, 1]
    assert [cell.source for cell in depo.blame(PATH, "v2")] == ["a = 2", "b = 1"]


def test_a_name_that_begins_anew_has_nothing_to_do_with_what_it_was(depo: Depository) -> None:
    save(depo, code(FIT))
    depo.rename(PATH, "elsewhere.ipynb")
    save(depo, code(FIT))
    assert made(depo) == [1]
    assert depo.blame(PATH)[0].version.time > depo.resolve("elsewhere.ipynb").time


def test_a_notebook_without_cells_has_nothing_to_blame(depo: Depository) -> None:
    save(depo)
    assert depo.blame(PATH, lines=True) == []


# Which cell


def test_one_cell_is_named_by_its_number_its_id_or_the_start_of_that(depo: Depository) -> None:
    save(depo, code("a", cell_id="abc1"), code("b", cell_id="abd2"), code("c", cell_id="77"))
    for name, number in ((2, 2), ("2", 2), ("abd2", 2), ("abd", 2), ("77", 3)):
        assert [cell.number for cell in depo.blame(PATH, cell=name)] == [number]


@pytest.mark.parametrize(
    ("cell", "error", "text"),
    [
        (4, NotFound, "v1 of 'mine.ipynb' has 3 cells, and no cell 4."),
        (0, NotFound, "v1 of 'mine.ipynb' has 3 cells, and no cell 0."),
        ("9" * 5000, NotFound, f"v1 of 'mine.ipynb' has 3 cells, and no cell {'9' * 20}."),
        ("xyz", NotFound, "v1 of 'mine.ipynb' has 3 cells, and none of them has an id that starts with 'xyz'."),
        ("", NotFound, "v1 of 'mine.ipynb' has 3 cells, and none of them has an id that starts with ''."),
        ("ab", Ambiguous, "'ab' fits the ids of several cells of v1 of 'mine.ipynb': 1, 2; say which by its number."),
    ],
)
def test_a_cell_that_is_not_there_gets_a_sentence(
    depo: Depository, cell: int | str, error: type[Exception], text: str
) -> None:
    save(depo, code("a", cell_id="abc1"), code("b", cell_id="abd2"), code("c", cell_id="77"))
    with pytest.raises(error) as caught:
        depo.blame(PATH, cell=cell)
    assert str(caught.value) == text


def test_raw_bytes_have_no_cells_to_blame(depo: Depository) -> None:
    depo.save(PATH, b"no notebook")
    with pytest.raises(InvalidContent, match=r"v1 of 'mine.ipynb' is no notebook"):
        depo.blame(PATH)


# Copies from other notebooks


def test_a_copied_cell_is_followed_to_where_it_was_written(depo: Depository) -> None:
    save(depo, code(FIT.replace("wide", "narrow")), path="first.ipynb")
    save(depo, code(FIT), path="first.ipynb")
    save(depo, code(FIT), code("own()", cell_id="two"))
    origins = depo.origins()

    cell, own = depo.blame(PATH, lines=True, origins=origins)
    assert (cell.version.path, cell.version.number) == ("first.ipynb", 2)
    assert [(line.version.path, line.version.number) for line in cell.lines] == [
        ("first.ipynb", 2),
        ("first.ipynb", 1),
        ("first.ipynb", 1),
    ]
    assert (own.version.path, own.version.number) == (PATH, 1)
    assert made(depo) == [1, 1]
    origins.close()


def test_a_cell_that_was_taken_out_and_put_back_is_followed_too(depo: Depository) -> None:
    save(depo, code(FIT, cell_id="one"), code("other()", cell_id="two"))
    save(depo, code("other()", cell_id="two"))
    save(depo, code(FIT, cell_id="one"), code("other()", cell_id="two"))
    origins = depo.origins()
    assert made(depo, origins=origins) == [1, 1]
    origins.close()


def test_a_notebook_that_cannot_be_read_ends_a_trail(metered: Metering) -> None:
    depo = found(metered)
    save(depo, code(FIT), path="first.ipynb")
    save(depo, code(FIT), code("own()", cell_id="two"))
    origins = depo.origins()
    assert depo.blame(PATH, origins=origins)[0].version.path == "first.ipynb"
    metered.delete(key_of(bytes.fromhex(depo.resolve("first.ipynb").hash)))

    notes: list[str] = []
    cell = depository_on(metered).blame(PATH, origins=origins, note=notes.append)[0]
    assert (cell.version.path, cell.version.number) == (PATH, 1)
    assert len(notes) == 1
    assert "The trail of a cell to v1 of 'first.ipynb' is lost" in notes[0]
    origins.close()


# Damage


def edited_line_by_line(backend: MemoryBackend, versions: int) -> list[str]:
    """Version n of a notebook of one cell edits its line n; the keys of their blobs, the oldest first."""
    depo = found(backend)
    lines = [f"line {number}" for number in range(versions)]
    for number in range(versions):
        lines[number] = f"edited {number}"
        save(depo, code("\n".join(lines)))
    return [key_of(bytes.fromhex(version.hash)) for version in depo.log(PATH)][::-1]


def test_a_version_that_cannot_be_read_is_named_and_gone_past() -> None:
    backend = MemoryBackend()
    keys = edited_line_by_line(backend, 64)
    backend.delete(keys[39])
    notes: list[str] = []
    (cell,) = depository_on(backend).blame(PATH, lines=True, note=notes.append)

    # v40 takes those along that build on it
    expected = [number if not 40 <= number <= 48 else 49 for number in range(1, 65)]
    assert [line.version.number for line in cell.lines] == expected
    assert len(notes) == 1
    assert notes[0].startswith(
        "v40 to v48 of 'mine.ipynb' cannot be read, and what changed there counts as changed by v49: The object "
    )


def test_another_version_of_the_same_cells_is_read_where_the_one_that_made_them_cannot_be() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    for _ in range(15):
        save(depo, code("x"))
        save(depo, code("y"))
    damaged = save(depo, code(FIT, cell_id="one"), code("first()", cell_id="two"))
    for number in range(3):
        save(depo, code(FIT, stream(f"{number}\n"), cell_id="one"), code("first()", cell_id="two"))
    save(depo, code(FIT, cell_id="one"), code("second()", cell_id="two"))
    # v31 stands in a run that ends with v32; v33 builds on the first of an earlier run
    backend.delete(key_of(bytes.fromhex(depo.resolve(PATH, f"v{damaged}").hash)))
    notes: list[str] = []
    told = depository_on(backend).blame(PATH, note=notes.append)
    assert [cell.version.number for cell in told] == [damaged, damaged + 4]
    assert all("v31" not in note for note in notes)


def test_a_page_that_is_lost_is_named_and_gone_past() -> None:
    backend = MemoryBackend()
    edited_line_by_line(backend, 300)
    pointer = as_manifest(backend, PATH).back[1]
    backend.delete(key_of(pointer.hash))
    notes: list[str] = []
    (cell,) = depository_on(backend).blame(PATH, lines=True, note=notes.append)

    first, after = pointer.first, pointer.first + GROUP
    expected = [number if not first <= number < after else after for number in range(1, 301)]
    assert [line.version.number for line in cell.lines] == expected
    assert len(notes) == 1
    assert notes[0].startswith(f"v{first} to v{after - 1} of 'mine.ipynb' cannot be read")


def test_the_version_that_is_asked_about_has_to_be_read() -> None:
    backend = MemoryBackend()
    keys = edited_line_by_line(backend, 20)
    backend.delete(keys[19])
    with pytest.raises(CorruptData, match=r"v20 of 'mine.ipynb' cannot be read; every other version can"):
        depository_on(backend).blame(PATH)


# What it takes


def reads(metered: Metering) -> Counter[str]:
    """How often each key was read; nothing else may be asked."""
    assert {call.operation for call in metered.log} == {"get"}
    return Counter(call.key for call in metered.log)


def written_by(author: Author, metered: Metering, edits: list[str]) -> None:
    depo = found(metered)
    depo.save(PATH, file_of(author.notebook()))
    for edit in edits:
        author.step(edit)
        depo.save(PATH, file_of(author.notebook()))
    metered.reset()


def test_versions_that_only_ran_are_not_read(metered: Metering) -> None:
    depo = found(metered)
    save(depo, code("a = 1"))
    for number in range(2, 33):
        save(depo, code("a = 1", stream(f"{number}\n")))
    last = save(depo, code("a = 2", stream("33\n")))
    metered.reset()
    fresh = depository_on(metered)

    assert made(fresh) == [last]
    # v33 builds on v1, and what is between them is not asked for
    assert sum(reads(metered).values()) == 3


def test_a_content_that_came_back_is_read_once(metered: Metering) -> None:
    depo = found(metered)
    for source in ("a = 1", "a = 2", "a = 1", "a = 2", "a = 1"):
        save(depo, code(source), code(FIT, cell_id="two"))
    metered.reset()

    assert made(depository_on(metered)) == [5, 1]
    assert sum(reads(metered).values()) == 3


def test_nothing_more_is_read_when_all_is_settled(metered: Metering) -> None:
    edits = ["edit"] * 199
    written_by(Author(Random(1)), metered, edits)
    depo = depository_on(metered)
    save(depo, code("new"))
    metered.reset()

    assert made(depository_on(metered)) == [201]
    assert sum(reads(metered).values()) <= 1 + 2 * 17


@pytest.mark.parametrize("lines", [False, True])
def test_every_object_is_asked_for_once_and_the_manifest_and_pages_besides(metered: Metering, *, lines: bool) -> None:
    random = Random(2)
    written_by(Author(random), metered, [random.choice(["edit", "move", "run", "run"]) for _ in range(299)])
    depository_on(metered).blame(PATH, lines=lines)

    asked = reads(metered)
    assert set(asked.values()) == {1}
    assert len(asked) <= 1 + 300 // GROUP + 300


def test_a_history_whose_versions_are_few_contents_costs_its_pages_and_those(metered: Metering) -> None:
    metered = Metering(with_history(1_000))
    distinct = len({version.hash for version in depository_on(metered).log(LONG)})
    metered.reset()
    depository_on(metered).blame(LONG, lines=True)

    asked = reads(metered)
    assert set(asked.values()) == {1}
    assert len(asked) <= 1 + 1_000 // GROUP + distinct


def test_a_version_on_an_old_page_costs_no_more_pages_than_finding_it_and_those_before_it() -> None:
    metered = Metering(with_history(100_000))
    depository_on(metered).blame(LONG, "v130")
    assert len(reads(metered)) <= 1 + 17 + 3 + GROUP


def test_large_outputs_are_not_asked_for(metered: Metering) -> None:
    depo = found(metered)
    random = Random(3)
    save(depo, code("a = 1", plot(random)))
    save(depo, code("a = 2", plot(random)))
    metered.reset()

    assert made(depository_on(metered)) == [2]
    assert sum(reads(metered).values()) == 3


class Threads(Wrapper):
    """Notes which reads were made one by one, and not with others at once."""

    def __init__(self, backend: MemoryBackend) -> None:
        super().__init__(backend)
        self.workers = 8
        self.alone: list[str] = []
        self._own = threading.get_ident()

    def get(self, key: str, *, limit: int) -> Stored:
        if threading.get_ident() == self._own:
            self.alone.append(key)
        return super().get(key, limit=limit)


def test_what_a_group_of_versions_needs_is_asked_for_at_once() -> None:
    metered = Metering(MemoryBackend())
    written_by(Author(Random(4)), metered, ["edit"] * 299)
    threads = Threads(copied(metered))
    with depository_on(threads) as depo:
        depo.blame(PATH, lines=True)
        pages = as_manifest(threads.backend, PATH).back[0].position
    # the manifest, each page, and at most the one blob that is all a group needs
    assert len(threads.alone) <= 2 + pages
