"""Spaces: plain notebooks, where schedulers and viewers read them, that follow the refs."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.errors import AlreadyExists, NoNotebook, NotFound, RefMoved, StorageError
from depository.testing.faults import Fault, Faulty, Interrupted, Killed
from depository.testing.seeing import copied
from tests.api.stores import LIMIT, depository_on, found
from tests.notebooks import file_of, small

PATH = "kylek/mine.ipynb"
PLAIN = ("scheduled", "published")
PUBLISHED = f"published/{PATH}"


def plain(backend: Backend) -> dict[str, bytes]:
    """The plain notebooks that are there."""
    ours = ("objects/", "manifests/", "depository.json")
    keys = [item.key for item in backend.list("") if not item.key.startswith(ours)]
    return {key: backend.get(key, limit=LIMIT).data for key in keys}


@pytest.fixture
def depo(backend: Backend) -> Depository:
    """With three versions, of three styles."""
    depo = found(backend, materialize=PLAIN)
    depo.save(PATH, file_of(small(1)))
    depo.save(PATH, file_of(small(2), indent=4))
    depo.save(PATH, b"raw")
    return depo


def test_nothing_plain_is_written_before_a_promotion(depo: Depository, backend: Backend) -> None:
    depo.tag(PATH, "v1", "mine")

    assert not plain(backend)


@pytest.mark.parametrize("space", PLAIN)
def test_a_promotion_writes_the_very_file_that_was_saved(depo: Depository, backend: Backend, space: str) -> None:
    for spec, data in (("v1", file_of(small(1))), ("v2", file_of(small(2), indent=4)), ("v3", b"raw")):
        depo.promote(PATH, spec, space)
        assert plain(backend) == {f"{space}/{PATH}": data}


def test_a_withdrawal_takes_it_away(depo: Depository, backend: Backend) -> None:
    depo.promote(PATH, "v1", "published")
    depo.promote(PATH, "v2", "scheduled")
    depo.withdraw(PATH, "published")

    assert list(plain(backend)) == [f"scheduled/{PATH}"]


def test_a_rename_takes_it_along(depo: Depository, backend: Backend) -> None:
    depo.promote(PATH, "v1", "published")
    depo.rename(PATH, "other.ipynb")

    assert plain(backend) == {"published/other.ipynb": file_of(small(1))}


def test_a_save_leaves_it_alone(depo: Depository, backend: Backend) -> None:
    depo.promote(PATH, "v1", "published")
    depo.save(PATH, b"more")

    assert plain(backend) == {PUBLISHED: file_of(small(1))}


def test_what_is_published_stays_published_when_the_notebook_is_deleted(depo: Depository, backend: Backend) -> None:
    depo.promote(PATH, "v1", "published")
    depo.delete(PATH)
    assert list(plain(backend)) == [PUBLISHED]
    depo.undelete(PATH)
    assert list(plain(backend)) == [PUBLISHED]


def test_a_notebook_that_takes_the_name_of_a_deleted_one_is_not_published_by_that(
    depo: Depository, backend: Backend
) -> None:
    depo.promote(PATH, "v1", "published")
    depo.delete(PATH)
    depo.save("other.ipynb", b"never published")
    depo.rename("other.ipynb", PATH)

    assert not plain(backend)


def test_a_published_notebook_that_comes_back_under_another_name_is_published_there(
    depo: Depository, backend: Backend
) -> None:
    depo.promote(PATH, "v1", "published")
    depo.delete(PATH)
    depo.save("other.ipynb", b"never published")
    depo.rename("other.ipynb", PATH)
    depo.undelete(PATH, to="back.ipynb")

    assert plain(backend) == {"published/back.ipynb": file_of(small(1))}


def test_spaces_have_the_prefixes_that_they_were_given(backend: Backend) -> None:
    depo = found(backend, materialize=PLAIN, prefixes={"published": "public/viewers/"})
    depo.save(PATH, b"one")
    depo.promote(PATH, "v1", "published")
    depo.promote(PATH, "v1", "scheduled")

    assert sorted(plain(backend)) == [f"public/viewers/{PATH}", f"scheduled/{PATH}"]
    assert depository_on(backend).info().prefixes["published"] == "public/viewers"


def test_with_no_space_materialized_nothing_plain_is_written(backend: Backend) -> None:
    depo = found(backend)
    depo.save(PATH, b"one")
    depo.promote(PATH, "v1", "published")
    depo.rename(PATH, "other.ipynb")

    assert not plain(backend)


def test_a_materialized_workspace_has_the_newest_version_of_everything_alive(backend: Backend) -> None:
    depo = found(backend, materialize=("workspace",))
    depo.save(PATH, b"one")
    depo.save(PATH, b"two")
    assert plain(backend) == {f"workspace/{PATH}": b"two"}

    depo.delete(PATH)
    assert not plain(backend)

    depo.undelete(PATH)
    assert plain(backend) == {f"workspace/{PATH}": b"two"}

    depo.rename(PATH, "other.ipynb")
    assert plain(backend) == {"workspace/other.ipynb": b"two"}

    depo.save(PATH, b"anew")
    assert plain(backend) == {"workspace/other.ipynb": b"two", f"workspace/{PATH}": b"anew"}


# When something goes wrong, and when two do it at once


@pytest.fixture(scope="module")
def start() -> MemoryBackend:
    """Three versions, the first published."""
    backend = MemoryBackend()
    depo = found(backend, materialize=("published",))
    for text in ("one", "two", "three"):
        depo.save(PATH, text.encode())
    depo.promote(PATH, "v1", "published")
    return backend


def test_a_plain_notebook_that_cannot_be_written_is_an_error_that_says_what_is_done(start: MemoryBackend) -> None:
    backend = copied(start)
    broken = Faulty(backend, dict.fromkeys(range(100), Fault.UNREACHABLE), only="published/")
    said = (
        rf"published of '{PATH}' is at v2 in the archive, but the plain notebook {PUBLISHED} does not follow: .*again"
    )
    with pytest.raises(StorageError, match=said):
        depository_on(broken).promote(PATH, "v2", "published")
    assert depository_on(backend).refs(PATH)["published"] == 2
    assert plain(backend) == {PUBLISHED: b"one"}

    depository_on(backend).promote(PATH, "v2", "published")
    assert plain(backend) == {PUBLISHED: b"two"}


@pytest.mark.parametrize("fault", Fault)
def test_a_promotion_that_breaks_off_is_completed_by_doing_it_again(start: MemoryBackend, fault: Fault) -> None:
    for at in range(100):
        faulty = Faulty(copied(start), {at: fault})
        try:
            depository_on(faulty).promote(PATH, "v2", "published")
        except BaseException:  # noqa: BLE001 - a process that dies raises no Exception
            depository_on(faulty.backend).promote(PATH, "v2", "published")
        assert plain(faulty.backend) == {PUBLISHED: b"two"}
        if len(faulty.keys) <= at:
            return


@pytest.mark.parametrize("fault", Fault)
def test_a_rename_that_breaks_off_takes_it_along_when_it_is_done_again(start: MemoryBackend, fault: Fault) -> None:
    for at in range(100):
        faulty = Faulty(copied(start), {at: fault})
        try:
            depository_on(faulty).rename(PATH, "new.ipynb")
        except BaseException:  # noqa: BLE001 - a process that dies raises no Exception
            with suppress(NoNotebook):  # the history has its new name already
                depository_on(faulty.backend).rename(PATH, "new.ipynb")
        assert plain(faulty.backend) == {"published/new.ipynb": b"one"}
        if len(faulty.keys) <= at:
            return


@pytest.mark.parametrize("fault", Fault)
def test_an_undeletion_that_breaks_off_publishes_it_when_it_is_done_again(start: MemoryBackend, fault: Fault) -> None:
    depository_on(deleted := copied(start)).delete(PATH)
    for at in range(100):
        faulty = Faulty(copied(deleted), {at: fault})
        try:
            depository_on(faulty).undelete(PATH, to="new.ipynb")
        except BaseException:  # noqa: BLE001 - as above
            with suppress(AlreadyExists):  # the history is back already
                depository_on(faulty.backend).undelete(PATH, to="new.ipynb")
        assert plain(faulty.backend)["published/new.ipynb"] == b"one"
        if len(faulty.keys) <= at:
            return


@pytest.mark.parametrize("second", ["promote", "withdraw", "rename", "delete and save"])
@pytest.mark.parametrize("first", ["promote", "withdraw"])
def test_the_plain_notebook_is_the_one_that_the_ref_names_in_the_end(
    start: MemoryBackend, first: str, second: str
) -> None:
    def act(backend: Backend, name: str, spec: str) -> None:
        depo = depository_on(backend)
        with suppress(NotFound):  # the other one was faster, and the ref or the name is gone
            match name:
                case "promote":
                    depo.promote(PATH, spec, "published")
                case "withdraw":
                    depo.withdraw(PATH, "published")
                case "rename":
                    depo.rename(PATH, "other.ipynb")
                case _:
                    depo.delete(PATH)
                    depo.save(PATH, b"after all")

    for at in range(100):
        backend = copied(start)
        interrupted = Interrupted(backend, at, partial(act, backend, second, "v3"))
        act(interrupted, first, "v2")
        if interrupted.calls <= at:
            return
        reader = depository_on(backend)
        wanted = {
            f"published/{line.path}": reader.read(line.path, "published")
            for line in reader.ls()
            if "published" in reader.refs(line.path)
        }
        assert plain(backend) == wanted, f"interrupted before call {at}"


EVERYWHERE = ("workspace", "scheduled", "published")
OTHER = "other.ipynb"

DOING: dict[str, Callable[[Depository], object]] = {
    "save": lambda depo: depo.save(PATH, b"four"),
    "promote": lambda depo: depo.promote(PATH, "v2", "published"),
    "withdraw": lambda depo: depo.withdraw(PATH, "published"),
    "delete": lambda depo: depo.delete(PATH),
    "undelete": lambda depo: depo.undelete("deleted.ipynb"),
    "undelete to another path": lambda depo: depo.undelete("deleted.ipynb", to=OTHER),
    "rename": lambda depo: depo.rename(PATH, OTHER),
    "rename onto a deleted notebook": lambda depo: depo.rename(PATH, "deleted.ipynb"),
}


@pytest.fixture(scope="module")
def everywhere() -> MemoryBackend:
    """A published notebook, and a deleted one that was scheduled, with a plain notebook of each."""
    backend = MemoryBackend()
    depo = found(backend, materialize=EVERYWHERE)
    for text in ("one", "two", "three"):
        depo.save(PATH, text.encode())
        depo.save("deleted.ipynb", text.upper().encode())
    depo.promote(PATH, "v1", "published")
    depo.promote("deleted.ipynb", "v2", "scheduled")
    depo.delete("deleted.ipynb")
    return backend


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.UNREACHABLE_AFTER, Fault.KILLED])
@pytest.mark.parametrize("name", DOING)
def test_whatever_breaks_off_is_completed_by_doing_it_again(everywhere: MemoryBackend, name: str, fault: Fault) -> None:
    done = copied(everywhere)
    DOING[name](depository_on(done))
    for at in range(100):
        faulty = Faulty(copied(everywhere), {at: fault})
        try:
            DOING[name](depository_on(faulty))
        except (StorageError, Killed):
            with suppress(NotFound, AlreadyExists):  # it was done but for the plain notebooks
                DOING[name](depository_on(faulty.backend))
        assert plain(faulty.backend) == plain(done), f"{fault} at call {at}"
        if len(faulty.keys) <= at:
            return


def test_the_same_process_completes_it_too(everywhere: MemoryBackend) -> None:
    faulty = Faulty(copied(everywhere), dict.fromkeys(range(100), Fault.UNREACHABLE), only="workspace/")
    depo = depository_on(faulty)
    with pytest.raises(StorageError):
        depo.save(PATH, b"four")
    faulty.begin({})
    assert not depo.save(PATH, b"four").fresh

    assert plain(faulty.backend)[f"workspace/{PATH}"] == b"four"


def test_a_process_that_has_written_the_plain_notebook_asks_for_nothing_to_save_it_again(
    everywhere: MemoryBackend,
) -> None:
    store = Faulty(copied(everywhere), {})
    depo = depository_on(store)
    depo.save(PATH, b"four")
    store.begin({})
    depo.save(PATH, b"four")

    assert not store.calls


def test_what_was_never_archived_has_no_plain_notebook_that_could_be_taken_away(everywhere: MemoryBackend) -> None:
    backend = copied(everywhere)
    backend.put("published/foreign.ipynb", b"not of ours")
    with pytest.raises(NotFound):
        depository_on(backend).withdraw("foreign.ipynb", "published")

    assert plain(backend)["published/foreign.ipynb"] == b"not of ours"


def test_a_plain_notebook_is_not_taken_for_that_of_another_history_with_the_same_number(
    everywhere: MemoryBackend,
) -> None:
    def meanwhile(backend: Backend) -> None:
        other = depository_on(backend)
        other.delete(PATH)
        other.save(OTHER, b"a")
        other.save(OTHER, b"b")
        other.promote(OTHER, "v2", "published")
        other.rename(OTHER, PATH)

    for at in range(100):
        backend = copied(everywhere)
        interrupted = Interrupted(backend, at, partial(meanwhile, backend))
        with suppress(RefMoved):
            depository_on(interrupted).promote(PATH, "v2", "published")
        if interrupted.calls <= at:
            return
        reader = depository_on(backend)
        assert plain(backend)[PUBLISHED] == reader.read(PATH, "published"), f"interrupted before call {at}"


def test_an_older_manifest_that_is_read_takes_no_plain_notebook_back(start: MemoryBackend) -> None:
    before = MemoryBackend()
    found(before, materialize=("published",))
    for at in range(100):
        faulty = Faulty(copied(start), {at: Fault.STALE}, past=before)
        with suppress(NotFound):
            depository_on(faulty).promote(PATH, "v2", "published")
            assert plain(faulty.backend) == {PUBLISHED: b"two"}, f"call {at}"
        if len(faulty.keys) <= at:
            return
