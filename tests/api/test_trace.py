"""The versions in which one cell changed."""

from itertools import islice
from random import Random
from typing import Any

import pytest

from depository import Depository
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.errors import InvalidContent, NoNotebook, NotFound, NoVersion
from depository.history.manifest import GROUP, RUN
from depository.lineage.origins import Origin
from depository.models import CellStep
from depository.objects.store import key_of
from tests.api.histories import PATH as LONG
from tests.api.histories import as_manifest, with_history
from tests.api.stores import depository_on, found
from tests.notebooks import PLOT_BYTES, code, file_of, notebook, plot, stream

PATH = "mine.ipynb"
FIT = "prior = wide(scale)\nmodel = fit(stars, prior)\nprint(model.mean)"
OTHER = code("something else", cell_id="other")


def save(depo: Depository, *cells: Any, path: str = PATH) -> int:
    return depo.save(path, file_of(notebook(*cells))).number


def told(steps: Any) -> list[tuple[int, str, int]]:
    """Version, status, and the cell's number then."""
    return [(step.version.number, step.status, step.number) for step in steps]


# Sources


def test_a_cell_is_followed_to_the_version_that_created_it(depo: Depository) -> None:
    save(depo, OTHER)
    save(depo, OTHER, code("a = 1", cell_id="one"))
    save(depo, code("a = 2", cell_id="one"), OTHER)
    changed, created = depo.trace(PATH, "one")

    assert changed == CellStep(depo.resolve(PATH, "v3"), 1, "one", "code", "changed", "a = 2", "a = 1", (2,))
    assert created == CellStep(depo.resolve(PATH, "v2"), 2, "one", "code", "created", "a = 1")


def test_runs_moves_ids_renames_and_raw_bytes_are_no_steps(depo: Depository) -> None:
    save(depo, code(FIT, cell_id="one"), OTHER)
    save(depo, code(FIT, stream("1\n"), cell_id="one"), OTHER)
    save(depo, OTHER, code(FIT, stream("1\n"), cell_id="one"))
    save(depo, OTHER, code(FIT, stream("1\n"), cell_id="two"))
    depo.save(PATH, b"{")
    depo.rename(PATH, "new.ipynb")
    save(depo, OTHER, code(FIT, cell_id="three"), path="new.ipynb")
    assert told(depo.trace("new.ipynb", "three")) == [(1, "created", 1)]


def test_a_part_leads_to_the_cell_that_was_split(depo: Depository) -> None:
    halves = [f"{name} = load('{name}')\n{name}.describe()\nclean({name}, strict=True)" for name in ("stars", "dust")]
    save(depo, OTHER, code("\n".join(halves), cell_id="one"))
    save(depo, OTHER, code(halves[0], cell_id="one"), code(halves[1], cell_id="two"))
    split, created = depo.trace(PATH, "two")

    assert (split.status, split.number, split.parts) == ("split", 3, (2,))
    assert (created.status, created.number, created.id) == ("created", 2, "one")
    assert split.before == created.source


def test_a_merged_cell_names_the_cells_that_it_was(depo: Depository) -> None:
    halves = [f"{name} = load('{name}')\n{name}.describe()\nclean({name}, strict=True)" for name in ("stars", "dust")]
    save(depo, OTHER, code(halves[0], cell_id="one"), code(halves[1], cell_id="two"))
    save(depo, code("\n".join(halves), cell_id="one"), OTHER)
    merged, created = depo.trace(PATH, 1)

    assert (merged.status, sorted(merged.parts), merged.before) == ("merged", [2, 3], "\n".join(halves))
    assert (created.number, created.source) == (merged.parts[0], halves[merged.parts[0] - 2])


def test_a_copy_leads_to_what_was_copied(depo: Depository) -> None:
    save(depo, OTHER, code(FIT, cell_id="one"))
    save(depo, OTHER, code(FIT, cell_id="one"), code(FIT, cell_id="two"))
    assert told(depo.trace(PATH, "two")) == [(2, "copied", 3), (1, "created", 2)]


def test_an_older_version_is_where_the_trail_may_start(depo: Depository) -> None:
    for number in range(1, 5):
        save(depo, code(f"a = {number}"))
    assert told(depo.trace(PATH, 1, "v2")) == [(2, "changed", 1), (1, "created", 1)]


def test_a_cell_that_is_gone_now_can_be_asked_about_where_it_was(depo: Depository) -> None:
    save(depo, OTHER, code("a = 1", cell_id="one"))
    save(depo, OTHER)
    with pytest.raises(NotFound, match=r"v2 of 'mine.ipynb' has 1 cell, and none of them has an id that starts"):
        depo.trace(PATH, "one")
    assert told(depo.trace(PATH, "one", "v1")) == [(1, "created", 2)]


def test_what_is_not_there_is_said_before_the_first_step_is_asked_for(depo: Depository) -> None:
    with pytest.raises(NoNotebook):
        depo.trace(PATH, 1)
    depo.save(PATH, b"{")
    with pytest.raises(InvalidContent, match="is no notebook"):
        depo.trace(PATH, 1)
    with pytest.raises(NoVersion):
        depo.trace(PATH, 1, "v7")


# Outputs


def test_the_versions_in_which_a_plot_changed(depo: Depository) -> None:
    random = Random(1)
    first, second = plot(random, 300), plot(random, 300)
    save(depo, code("draw()"))
    save(depo, code("draw()", first, count=1))
    save(depo, code("draw()", first, count=2))
    save(depo, code("draw(again)", first, count=3))
    save(depo, OTHER, code("draw(again)", second, count=4))
    save(depo, code("draw(again)", second, count=5), OTHER)
    steps = list(depo.trace(PATH, 1, outputs=True))

    assert told(steps) == [(5, "outputs", 2), (2, "outputs", 1)]
    assert [step.source for step in steps] == ["draw(again)", "draw()"]
    assert steps[0].outputs[0].kind == "display_data"
    assert [mime for mime, _ in steps[0].outputs[0].values] == ["image/png", "text/plain"]
    assert steps[0].outputs != steps[1].outputs


def test_outputs_that_go_are_a_change_and_those_that_never_were_are_none(depo: Depository) -> None:
    save(depo, code("a", stream("1\n"), cell_id="one"), code("b", cell_id="two"))
    save(depo, code("a", cell_id="one"), code("b", cell_id="two"))
    assert told(depo.trace(PATH, "one", outputs=True)) == [(2, "outputs", 1), (1, "created", 1)]
    assert told(depo.trace(PATH, "two", outputs=True)) == []


def test_where_a_stream_was_cut_and_where_an_object_was_in_memory_is_no_change(depo: Depository) -> None:
    def result(text: str) -> Any:
        return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": 1}

    save(depo, code("a", stream("1\n2\n"), result("<Legend at 0x7f8b1c0a3d90>")))
    save(depo, code("a", stream("1\n"), stream("2\n"), result("<Legend at 0x7fffffff0000>")))
    assert told(depo.trace(PATH, 1, outputs=True)) == [(1, "created", 1)]
    save(depo, code("a", stream("1\n2\n"), result("<Axes at 0x7f8b1c0a3d90>")))
    assert told(depo.trace(PATH, 1, outputs=True)) == [(3, "outputs", 1), (1, "created", 1)]


def test_an_error_is_told_by_its_name(depo: Depository) -> None:
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'a'", "traceback": ["KeyError: 'a'"]}
    save(depo, code("a", error))
    (step,) = depo.trace(PATH, 1, outputs=True)
    assert (step.outputs[0].kind, step.outputs[0].name) == ("error", "KeyError")


def test_large_outputs_are_compared_without_being_read(metered: Metering) -> None:
    random = Random(2)
    first, second = plot(random, PLOT_BYTES), plot(random, PLOT_BYTES)
    depo = found(metered)
    for count, picture in enumerate((first, first, second)):
        save(depo, code("draw()", picture, count=count))
    metered.reset()

    assert told(depository_on(metered).trace(PATH, 1, outputs=True)) == [(3, "outputs", 1), (1, "created", 1)]
    assert len(metered.log) == 1 + 3


def test_an_image_has_one_hash_whether_it_is_large_or_not_and_however_its_base64_is_written(depo: Depository) -> None:
    for size in (300, PLOT_BYTES):
        picture = plot(Random(size), size)
        broken = {**picture, "data": {**picture["data"], "image/png": picture["data"]["image/png"] + "\n"}}
        save(depo, code("draw()", picture), path=f"{size}.ipynb")
        save(depo, code("draw()", broken), path=f"{size}.ipynb")
        assert told(depo.trace(f"{size}.ipynb", 1, outputs=True)) == [(1, "created", 1)]


# Other notebooks


def test_a_copied_cell_goes_on_in_the_notebook_that_had_it_before(depo: Depository) -> None:
    save(depo, code(FIT.replace("wide", "narrow")), path="first.ipynb")
    save(depo, OTHER, code(FIT), path="first.ipynb")
    save(depo, code(FIT))
    save(depo, code(FIT + "\nmore()"))
    origins = depo.origins()
    steps = list(depo.trace(PATH, 1, origins=origins))
    origins.close()

    assert [(step.version.path, *one) for step, one in zip(steps, told(steps), strict=True)] == [
        (PATH, 2, "changed", 1),
        (PATH, 1, "copied", 1),
        ("first.ipynb", 2, "changed", 2),
        ("first.ipynb", 1, "created", 1),
    ]
    assert [step.origin for step in steps] == [None, ("first.ipynb", 2), None, None]


def test_other_notebooks_are_not_looked_at_unless_asked(metered: Metering) -> None:
    depo = found(metered)
    save(depo, code(FIT), path="first.ipynb")
    save(depo, code(FIT))
    metered.reset()
    assert told(depository_on(metered).trace(PATH, 1)) == [(1, "created", 1)]
    assert len(metered.log) == 2


class Liar:
    """Says that every cell comes from one version."""

    def __init__(self, path: str, number: int) -> None:
        self.origin = Origin(path, number)

    def earlier(self, kind: str, source: str, before: int, path: str) -> Origin:
        return self.origin


@pytest.mark.parametrize("origin", [(PATH, 1), (PATH, 9), ("nowhere.ipynb", 1), ("other.ipynb", 1), ("later.ipynb", 1)])
def test_what_an_index_says_is_looked_at_and_not_believed(depo: Depository, origin: tuple[str, int]) -> None:
    save(depo, OTHER, path="other.ipynb")
    save(depo, code(FIT))
    save(depo, code(FIT), path="later.ipynb")
    assert told(depo.trace(PATH, 1, origins=Liar(*origin))) == [(1, "created", 1)]
    assert depo.blame(PATH, origins=Liar(*origin))[0].version == depo.resolve(PATH)


# What it takes


def test_steps_are_read_as_they_are_asked_for() -> None:
    metered = Metering(with_history(1_000))
    steps = depository_on(metered).trace(LONG, 1)
    next(steps)
    first = len(metered.log)
    assert first <= 1 + 2 * 17
    assert sum(1 for _ in steps) == 1_000 // 16
    assert len(metered.log) > first


def test_the_newest_versions_are_read_first_and_older_pages_when_they_are_reached(metered: Metering) -> None:
    depo = found(metered)
    for number in range(1, 3 * GROUP + 1):
        save(depo, code(f"a = {number}"))
    pages = {key_of(pointer.hash) for pointer in as_manifest(metered.backend, PATH).back}
    metered.reset()
    steps = depository_on(metered).trace(PATH, 1)

    next(steps)
    assert len(metered.log) <= 1 + RUN + 2
    assert len(list(islice(steps, GROUP - 2))) == GROUP - 2
    assert not pages & {call.key for call in metered.log}
    assert sum(1 for _ in steps) == 2 * GROUP + 1
    assert pages <= {call.key for call in metered.log}


def test_a_version_that_cannot_be_read_is_named_and_gone_past() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    for number in range(1, 40):
        save(depo, code(f"a = {number}"))
    backend.delete(key_of(bytes.fromhex(depo.resolve(PATH, "v16").hash)))
    notes: list[str] = []
    steps = list(depository_on(backend).trace(PATH, 1, note=notes.append))

    assert [step.version.number for step in steps] == [n for n in range(39, 0, -1) if n != 16]
    assert notes[0].startswith("v16 of 'mine.ipynb' cannot be read, and what changed there counts as changed by v17")
    assert [step.before for step in steps if step.version.number == 17] == ["a = 15"]


def test_progress_is_told_up_to_the_end(depo: Depository) -> None:
    for number in range(1, 40):
        save(depo, code(f"a = {number}"))
    shares: list[float] = []
    list(depo.trace(PATH, 1, progress=shares.append))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) == 39
