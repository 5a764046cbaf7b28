"""What others do while a check goes on is never taken for damage, whenever it happens."""

from collections.abc import Callable

import pytest

from depository.backends.base import Backend, Stored
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.backends.wrapper import Wrapper
from depository.depository import Depository
from depository.errors import KeyNotFound
from depository.models import Draft
from depository.specs import SPACES
from depository.testing.faults import Interrupted
from depository.testing.seeing import see
from tests.api.stores import CLOCK, depository_on, found
from tests.notebooks import file_of, with_plots
from tests.verifying.checks import Strict, check, data_of

PATH = "b/mine.ipynb"


def filled(backend: MemoryBackend) -> MemoryBackend:
    depo = found(backend, materialize=("workspace", "published"))
    depo.save_all(PATH, [Draft(f"{number}".encode()) for number in range(97)])  # one page, and what is in the manifest
    for path in ("a.ipynb", "c.ipynb", "d.ipynb"):
        depo.save(path, file_of(with_plots(1, plots=1)))
    depo.promote(PATH, "v20", "published")
    depo.delete("d.ipynb")
    return backend


def burst(depo: Depository) -> None:
    for number in range(3):
        depo.save_all(PATH, [Draft(f"{number} {each}".encode()) for each in range(40)])


def displaced(depo: Depository) -> None:
    depo.rename(PATH, "d.ipynb")
    depo.save(PATH, b"anew")


def moments(backend: MemoryBackend) -> list[int]:
    """The calls of a check, counted; of objects that are read in a row some."""
    meter = Metering(backend)
    check(meter)
    kinds = [call.operation + call.key[:3] for call in meter.log]
    return [at for at, kind in enumerate(kinds) if kind != "getobj" or kinds[at - 1] != kind or at % 16 == 0]


ACTIONS: dict[str, Callable[[Depository], object]] = {
    "a save": lambda depo: depo.save(PATH, b"more"),
    "a new notebook": lambda depo: depo.save("0.ipynb", file_of(with_plots(5, plots=2))),
    "versions that fill pages": burst,
    "a publication": lambda depo: depo.promote(PATH, "v30", "published"),
    "a publication taken back": lambda depo: depo.withdraw(PATH, "published"),
    "a rename backwards": lambda depo: depo.rename(PATH, "a/first.ipynb"),
    "a rename onwards": lambda depo: depo.rename(PATH, "z/last.ipynb"),
    "a rename over another": displaced,
    "a deletion": lambda depo: depo.delete(PATH),
    "an undeletion": lambda depo: depo.undelete("d.ipynb"),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_it_is_never_taken_for_damage(name: str) -> None:
    whole = filled(MemoryBackend(clock=CLOCK))
    for at in moments(whole):
        backend = same(whole)

        def act(backend: MemoryBackend = backend) -> object:
            return ACTIONS[name](depository_on(backend))

        result = check(Interrupted(backend, at, act))
        assert result.findings == [], f"before call {at}"
        assert check(backend).findings == []


@pytest.mark.parametrize("name", ACTIONS)
def test_repairing_meanwhile_does_no_harm(name: str) -> None:
    whole = filled(MemoryBackend(clock=CLOCK))
    twin = same(whole)
    ACTIONS[name](depository_on(twin))
    for at in moments(whole)[::3]:
        backend = same(whole)

        def act(backend: MemoryBackend = backend) -> object:
            return ACTIONS[name](depository_on(backend))

        check(Interrupted(backend, at, act), repair=True)
        assert plain(backend) == plain(twin)
        assert see(backend) == see(twin)


def plain(backend: MemoryBackend) -> dict[str, bytes]:
    """The plain notebooks."""
    return {item.key: data_of(backend, item.key) for space in SPACES for item in backend.list(f"{space}/")}


def same(whole: MemoryBackend) -> MemoryBackend:
    """A store of one's own with the same in it, by the clock of the tests."""
    other = MemoryBackend(clock=CLOCK)
    for item in whole.list(""):
        other.put(item.key, whole.get(item.key, limit=1 << 30).data)
    return other


def test_one_that_writes_all_the_time_is_checked_as_well() -> None:
    backend = Strict()
    depo = found(backend)
    for number in range(70):
        depo.save(PATH, f"{number}".encode())

    class Busy(Interrupted):
        def _count(self) -> None:
            self.calls += 1
            writer.save(PATH, f"call {self.calls}".encode())

    writer = depository_on(backend)
    assert check(Busy(backend, -1, lambda: None)).findings == []


class Forgetful(Wrapper):
    """A store that says of each key once that there is nothing, or gives half of it, as some servers did."""

    def __init__(self, backend: Backend, *, halves: bool) -> None:
        super().__init__(backend)
        self._asked: set[str] = set()
        self._halves = halves

    def get(self, key: str, *, limit: int) -> Stored:
        stored = super().get(key, limit=limit)
        if key in self._asked:
            return stored
        self._asked.add(key)
        if self._halves:
            return stored._replace(data=stored.data[: len(stored.data) // 2])
        raise KeyNotFound(f"There is nothing under '{key}'.")


@pytest.mark.parametrize("halves", [False, True])
def test_one_wrong_answer_of_the_store_is_not_taken_for_damage(halves: bool) -> None:
    backend = filled(MemoryBackend(clock=lambda: CLOCK() - 1000))
    depo = depository_on(backend)
    depo.save("patched.ipynb", file_of(with_plots(3, plots=2), ordered=False).replace(b": ", b" :  "))
    depo.rename("a.ipynb", "d.ipynb")
    assert check(Forgetful(backend, halves=halves)).findings == []
