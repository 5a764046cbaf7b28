"""Saving, and getting back what was saved."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate
from random import Random

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.backends.metering import Metering
from depository.errors import AlteredObject, InvalidContent, InvalidName, InvalidPath, NoDepository
from depository.objects import frame
from depository.testing.seeing import see
from tests.api.stores import START, depository_on, found
from tests.notebooks import Notebook, code, edited, file_of, large, notebook, small, stream, with_plots

PATH = "kylek/notebooks/mine.ipynb"


def drafts(count: int, seed: int = 0) -> list[Notebook]:
    """A notebook as it grows under random edits, no two in a row alike."""
    random = Random(seed)

    def next_draft(last: Notebook, _: int) -> Notebook:
        made = edited(last, random)
        while made == last:
            made = edited(last, random)
        return made

    return list(accumulate(range(count - 1), next_draft, initial=with_plots(seed)))


# Every version comes back


@pytest.fixture(scope="module")
def history() -> list[Notebook]:
    """300 drafts."""
    return drafts(300)


def test_300_versions_come_back_byte_for_byte(depo: Depository, backend: Backend, history: list[Notebook]) -> None:
    for number, draft in enumerate(history, start=1):
        version = depo.save(PATH, file_of(draft))
        assert (version.number, version.fresh) == (number, True)

    for reader in (depo, depository_on(backend)):
        for number, draft in enumerate(history, start=1):
            assert reader.read(PATH, f"v{number}") == file_of(draft)
            assert reader.load(PATH, f"v{number}") == draft
    assert [version.number for version in depo.log(PATH)] == list(range(300, 0, -1))


def test_versions_come_back_where_each_was_saved_by_another_process(backend: Backend) -> None:
    history = drafts(70, seed=1)
    found(backend)
    for number, draft in enumerate(history, start=1):
        assert depository_on(backend).save(PATH, file_of(draft)).number == number

    reader = depository_on(backend)
    assert [reader.read(PATH, f"v{number}") for number in range(1, 71)] == [file_of(draft) for draft in history]


def test_the_first_save_is_v1(depo: Depository) -> None:
    version = depo.save(PATH, file_of(small()))

    assert (version.path, version.number, version.name) == (PATH, 1, "v1")
    assert version.change == "source"
    assert version.refs == ("workspace",)


@pytest.mark.parametrize("path", ["Untitled.ipynb", "a b/ü 数学.ipynb", "con/aux.ipynb", "a@v2.ipynb", "x" * 200])
def test_any_legal_path_has_a_history(depo: Depository, path: str) -> None:
    depo.save(path, file_of(small()))

    assert depo.read(path) == file_of(small())
    assert [line.path for line in depo.ls()] == [path]


def test_a_path_is_the_same_however_its_accents_are_composed(depo: Depository) -> None:
    depo.save("cafe\u0301.ipynb", b"first")

    assert depo.save("caf\u00e9.ipynb", b"second").number == 2


def test_a_notebook_and_a_directory_may_have_the_same_name(depo: Depository) -> None:
    depo.save("a", b"notebook")
    depo.save("a/b", b"below")

    assert (depo.read("a"), depo.read("a/b")) == (b"notebook", b"below")


@pytest.mark.parametrize("path", ["", "/a", "a//b", "../a", "a/.", "a\nb", "x" * 901, "\ud800"])
def test_an_impossible_path_is_refused_before_anything_is_written(metered: Metering, path: str) -> None:
    depo = found(metered)
    metered.reset()
    with pytest.raises(InvalidPath):
        depo.save(path, b"{}")

    assert not metered.log


# Notebooks as dicts


def test_a_notebook_may_be_given_as_a_dict(depo: Depository) -> None:
    depo.save(PATH, small())

    assert depo.load(PATH) == small()
    assert depo.read(PATH) == file_of(small()), "the file that Jupyter would have written"


def test_a_dict_and_its_file_are_the_same_version(depo: Depository) -> None:
    depo.save(PATH, small())

    assert not depo.save(PATH, file_of(small())).fresh


def test_a_dict_after_a_file_in_another_style_is_no_further_version(depo: Depository) -> None:
    depo.save(PATH, file_of(small(), indent=4))

    assert not depo.save(PATH, small()).fresh
    assert depo.read(PATH) == file_of(small(), indent=4)


def test_a_dict_that_is_changed_after_saving_changes_nothing(depo: Depository) -> None:
    given = small()
    depo.save(PATH, given)
    given["cells"].clear()

    assert depo.load(PATH) == small()


def test_a_dict_that_json_cannot_hold_is_refused(depo: Depository) -> None:
    with pytest.raises(InvalidContent, match="set"):
        depo.save(PATH, {"cells": {1, 2}})

    assert not list(depo.ls())


# Raw bytes


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"not json",
        file_of(small())[:-20],
        b"<<<<<<< HEAD\n" + file_of(small()),
        "[1, 2]".encode("utf-16"),
        b"[]",
        b'"text"',
        bytes(range(256)) * 1000,
        Random(0).randbytes(3_000_000),
    ],
    ids=["empty", "newline", "text", "cut off", "conflict", "utf-16", "list", "string", "binary", "3 MB of noise"],
)
def test_what_is_no_notebook_is_kept_as_the_bytes_that_it_is(depo: Depository, data: bytes) -> None:
    version = depo.save(PATH, data)

    assert (version.kind, version.size) == ("raw", len(data))
    assert depo.read(PATH) == data
    with pytest.raises(InvalidContent, match="raw bytes"):
        depo.load(PATH)


def test_notebooks_and_raw_bytes_may_alternate(depo: Depository, backend: Backend) -> None:
    files = [file_of(small(number)) if number % 3 else file_of(small(number))[:-1000] for number in range(40)]
    for data in files:
        depo.save(PATH, data)

    reader = depository_on(backend)
    assert [reader.read(PATH, f"v{number}") for number in range(1, 41)] == files
    kinds = ["notebook" if number % 3 else "raw" for number in range(40)]
    assert [version.kind for version in reader.log(PATH)] == kinds[::-1]


# Files that Jupyter would have written otherwise


def shuffled(data: bytes) -> bytes:
    """The same notebook, the keys of each map the other way round."""
    return json.dumps(json.loads(data, object_pairs_hook=lambda pairs: dict(pairs[::-1])), indent=1).encode() + b"\n"


VARIANTS: dict[str, Callable[[Notebook], bytes]] = {
    "indent 4": lambda made: file_of(made, indent=4),
    "indent 0": lambda made: file_of(made, indent=0),
    "on one line": lambda made: file_of(made, indent=None),
    "ascii": lambda made: file_of(made, ascii_only=True),
    "no final newline": lambda made: file_of(made, newline=False),
    "all of these": lambda made: file_of(made, indent=2, ascii_only=True, newline=False),
    "unsorted keys": lambda made: shuffled(file_of(made)),
    "a byte order mark": lambda made: b"\xef\xbb\xbf" + file_of(made),
    "windows newlines": lambda made: file_of(made).replace(b"\n", b"\r\n"),
    "blanks at the end": lambda made: file_of(made) + b"\n\n  ",
    "an escaped slash": lambda made: file_of(made).replace(b"text/plain", b"text\\/plain"),
    "a key twice": lambda made: file_of(made).replace(b'"nbformat": 4', b'"nbformat": 3,\n "nbformat": 4'),
    "numbers written otherwise": lambda made: file_of(made).replace(b'"nbformat": 4', b'"nbformat": 4, "x": 1.50E+2'),
}


@pytest.mark.parametrize("write", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("size", ["small", "large"])
def test_a_file_of_another_style_comes_back_as_it_was(
    depo: Depository, backend: Backend, write: Callable[[Notebook], bytes], size: str
) -> None:
    made = small(3) if size == "small" else large(3, megabytes=1)
    made["cells"].append(code("x = 'naïve 数学 🦆'", stream("ü\n"), cell_id="u"))
    made["metadata"]["values"] = {"b": [], "a": {}, "c": [1, 2.5, None, True]}
    depo.save(PATH, write(made))

    reader = depository_on(backend)
    assert reader.read(PATH) == write(made)
    assert reader.load(PATH)["cells"] == made["cells"]


@pytest.mark.parametrize("name", ["indent 4", "ascii", "no final newline", "unsorted keys"])
def test_the_same_notebook_in_another_style_is_a_version_that_changed_the_file_only(
    depo: Depository, name: str
) -> None:
    made = small(3)
    made["cells"].append(code("x = 'ü'", cell_id="u"))
    first = depo.save(PATH, file_of(made))
    second = depo.save(PATH, VARIANTS[name](made))

    assert (second.number, second.change, second.hash) == (2, "file", first.hash)
    assert depo.read(PATH, "v1") == file_of(made)
    assert depo.read(PATH, "v2") == VARIANTS[name](made)


def test_a_style_of_jupyters_costs_no_object_of_its_own(metered: Metering) -> None:
    depo = found(metered)
    depo.save("a.ipynb", file_of(small()))
    metered.reset()
    depo.save("b.ipynb", file_of(small(), indent=4, newline=False))

    assert metered.counts.calls == {"put": 2, "get": 1}, "the blob, which is there, and the manifest"


# Saving again


def test_saving_the_newest_version_again_makes_no_further_one(depo: Depository, backend: Backend) -> None:
    depo.save(PATH, file_of(small()))
    again = depo.save(PATH, file_of(small()))
    from_elsewhere = depository_on(backend).save(PATH, file_of(small()))

    assert (again.number, again.fresh) == (1, False)
    assert (from_elsewhere.number, from_elsewhere.fresh) == (1, False)
    assert len(list(depo.log(PATH))) == 1


def test_a_process_that_saves_again_what_it_saved_last_does_not_look_what_others_saved(
    depo: Depository, backend: Backend
) -> None:
    # the price of an identical save that asks for nothing; what it was given is archived all the same
    mine = depo.save(PATH, b"mine")
    theirs = depository_on(backend).save(PATH, b"theirs")

    again = depo.save(PATH, b"mine")
    assert (again.number, again.fresh) == (mine.number, False)
    assert depo.resolve(PATH).number == theirs.number
    assert depo.save(PATH, b"mine").number == 3, "now it has seen theirs"


def test_content_that_comes_back_is_a_version_of_its_own(depo: Depository, backend: Backend) -> None:
    for seed in (1, 2, 1, 3, 1):
        depo.save(PATH, file_of(small(seed)))

    assert [version.number for version in depo.log(PATH)] == [5, 4, 3, 2, 1]
    assert see(backend)[PATH].files == tuple(file_of(small(seed)) for seed in (1, 2, 1, 3, 1))


def test_the_same_content_at_another_path_takes_no_second_copy(backend: Backend, depo: Depository) -> None:
    depo.save("a.ipynb", file_of(with_plots()))
    before = [item.key for item in backend.list("objects/")]
    depo.save("b.ipynb", file_of(with_plots()))

    assert [item.key for item in backend.list("objects/")] == before


def test_a_plot_is_kept_once_however_many_versions_show_it(backend: Backend, depo: Depository) -> None:
    made = with_plots(plots=3)
    for number in range(10):
        made["metadata"]["run"] = number
        depo.save(PATH, file_of(made))

    assert len(list(backend.list("objects/"))) == 3 + 10


def test_a_small_edit_takes_little_room(backend: Backend, depo: Depository) -> None:
    made = small(cells=200)
    depo.save(PATH, file_of(made))
    whole = sum(item.size for item in backend.list("objects/"))
    made["cells"][100]["source"] = "changed"
    depo.save(PATH, file_of(made))
    both = sum(item.size for item in backend.list("objects/"))

    assert whole > 10_000
    assert both - whole < 400


# What changed


def test_a_version_says_whether_source_changed_or_only_outputs(depo: Depository) -> None:
    made = notebook(code("print(1)"))
    depo.save(PATH, made)
    made["cells"][0]["outputs"] = [stream("1\n")]
    outputs = depo.save(PATH, made)
    made["cells"][0]["source"] = "print(2)"
    source = depo.save(PATH, made)
    made["cells"][0]["execution_count"] = 7
    counts = depo.save(PATH, made)

    assert [outputs.change, source.change, counts.change] == ["outputs", "source", "outputs"]
    assert [version.change for version in depo.log(PATH)] == ["outputs", "source", "outputs", "source"]


# What is said about a save


def test_author_message_cause_and_time_are_kept(depo: Depository, backend: Backend) -> None:
    moment = datetime(2026, 11, 1, 12, 30, 5, 123_000, tzinfo=UTC)
    depo.save(PATH, small(), author="Ada Ü", message="first fit\n\nwith 数", time=moment, cause="import")

    [version] = depository_on(backend).log(PATH)
    assert (version.author, version.message, version.time) == ("Ada Ü", "first fit\n\nwith 数", moment)
    assert version.cause == "import"


def test_a_save_is_by_the_depositorys_author_now_unless_it_says_otherwise(depo: Depository) -> None:
    version = depo.save(PATH, small())

    assert (version.author, version.message, version.cause) == ("kylek", "", "save")
    assert version.time >= datetime.fromtimestamp(START, UTC)


def test_times_of_any_zone_are_kept_in_utc_and_naive_ones_are_utc(depo: Depository) -> None:
    moment = datetime(2026, 11, 1, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert depo.save(PATH, small(1), time=moment).time == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)

    naive = moment.replace(tzinfo=None)
    assert depo.save(PATH, small(2), time=naive).time == datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("year", [1, 1899, 1970, 9999])
def test_a_time_may_lie_anywhere_in_the_calendar(depo: Depository, year: int) -> None:
    moment = datetime(year, 6, 1, tzinfo=UTC)
    depo.save(PATH, small(), time=moment)

    assert depo.resolve(PATH).time == moment


@pytest.mark.parametrize(
    ("field", "limit"), [("message", 4096), ("author", 256), ("cause", 256)], ids=["message", "author", "cause"]
)
def test_a_word_about_a_save_has_a_limit_in_bytes(depo: Depository, field: str, limit: int) -> None:
    longest = {field: "ü" * (limit // 2)}
    assert getattr(depo.save(PATH, small(), **longest), field) == longest[field]  # type: ignore[arg-type]

    with pytest.raises(InvalidName, match=f"{field} has {limit + 1:,} bytes; at most {limit:,}"):
        depo.save(PATH, small(2), **{field: "x" * (limit + 1)})  # type: ignore[arg-type]
    with pytest.raises(InvalidName, match="Unicode"):
        depo.save(PATH, small(2), **{field: "\ud800"})  # type: ignore[arg-type]
    assert len(list(depo.log(PATH))) == 1


# Where there is no depository


def test_saving_where_there_is_no_depository_says_so(backend: Backend) -> None:
    with pytest.raises(NoDepository, match="init"):
        depository_on(backend).save(PATH, small())

    assert not list(backend.list(""))


# What was encoded is decoded before it is sent


def backwards(data: bytes, *_: object) -> bytes:
    """Of the same size, and wrong."""
    return data[::-1]


def cut(data: bytes, *_: object) -> bytes:
    return data[:-1]


@pytest.mark.parametrize("wrong", [backwards, cut])
def test_a_patch_that_does_not_give_the_file_back_is_never_archived(
    wrong: Callable[..., bytes], depo: Depository, monkeypatch: pytest.MonkeyPatch
) -> None:
    depo.save(PATH, file_of(small(1)))
    patch = frame.patch
    monkeypatch.setattr(frame, "patch", lambda source, reference: patch(wrong(source), reference))

    with pytest.raises(AlteredObject, match=r"does not give the file back; nothing was written\.$"):
        depo.save(PATH, file_of(small(2)) + b"\n")
    assert depo.resolve(PATH).number == 1


@pytest.mark.parametrize("wrong", [backwards, cut])
@pytest.mark.parametrize("saved", [file_of(small(2)), file_of(with_plots(2)), b"raw" * 100])
def test_a_content_that_does_not_come_back_is_never_archived(
    saved: bytes, wrong: Callable[..., bytes], depo: Depository, monkeypatch: pytest.MonkeyPatch
) -> None:
    depo.save(PATH, file_of(small(1)))
    compress = frame._compress
    monkeypatch.setattr(frame, "_compress", lambda data, base, **options: compress(wrong(data), base, **options))

    with pytest.raises(AlteredObject, match=r"does not give it back; nothing was written\.$"):
        depo.save(PATH, saved)
    monkeypatch.undo()
    assert [version.number for version in depo.log(PATH)] == [1]
