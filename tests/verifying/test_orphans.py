"""Objects that nothing refers to: counted when they are old, never deleted, and to be right all the same."""

import pytest

from depository.backends.base import Backend, Stored
from depository.backends.memory import MemoryBackend, VersionedBucket
from depository.backends.metering import Call, Metering
from depository.objects import frame
from depository.objects.store import key_of
from depository.testing.faults import Fault, Faulty, Interrupted, Killed
from depository.verifying import orphans
from depository.verifying.findings import Kind
from tests.api.stores import CLOCK, depository_on, found
from tests.notebooks import file_of, small, with_plots
from tests.verifying.checks import Strict, check, data_of, objects_in

PATH = "mine.ipynb"
DAY = orphans.MIN_AGE
LOST = file_of(with_plots(9, plots=2))


class Calendar:
    """The clock of a store: it stands still where it was set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def calendar() -> Calendar:
    """Of the store: nine days before what depositories in tests take for today."""
    return Calendar(CLOCK() - 9 * DAY)


@pytest.fixture
def backend(calendar: Calendar) -> MemoryBackend:
    """A notebook of three versions."""
    backend = MemoryBackend(clock=calendar)
    fill(backend)
    return backend


def fill(backend: Backend) -> None:
    depo = found(backend)
    for number in range(3):
        depo.save(PATH, file_of(small(number)))


def leave(backend: Backend) -> set[str]:
    """Die between the objects of a save and its manifest; the keys of what is left."""
    before = objects_in(backend)
    dying = Faulty(backend, dict.fromkeys(range(20), Fault.KILLED), only=f"manifests/{PATH}")
    with pytest.raises(Killed):
        depository_on(Writing(dying)).save(PATH, LOST)
    return objects_in(backend) - before


class Writing(Interrupted):
    """A store that can be read without faults."""

    def __init__(self, backend: Faulty) -> None:
        super().__init__(backend, -1, lambda: None)
        self._sound = backend.backend

    def get(self, key: str, *, limit: int) -> Stored:
        return self._sound.get(key, limit=limit)


def test_what_a_writer_left_that_died_is_counted_and_left_alone(backend: MemoryBackend) -> None:
    left = leave(backend)
    size = sum(len(data_of(backend, key)) for key in left)
    result = check(backend, repair=True)
    assert result.kinds == [Kind.ORPHANS]
    assert result.only.text == f"holds 3 objects of {size:,} bytes in all that nothing refers to"
    assert (result.checked.orphans, result.checked.orphan_bytes) == (3, size)
    assert result.checked.is_sound
    assert objects_in(backend) >= left


def test_a_large_value_that_a_writer_died_before_it_wrote_is_no_damage(backend: MemoryBackend) -> None:
    frames = [frame.unpack(data_of(backend, key)) for key in leave(backend)]
    outputs = [key_of(output) for each in frames for output in each.outputs]
    assert len(outputs) == 2
    for key in outputs:
        backend.delete(key)
    result = check(backend)
    assert result.kinds == [Kind.ORPHANS]
    assert result.checked.is_sound

    assert depository_on(backend).save("another.ipynb", LOST).number == 1
    assert depository_on(backend).read("another.ipynb") == LOST


def test_what_a_writer_may_be_at_work_with_is_not_counted(backend: MemoryBackend, calendar: Calendar) -> None:
    calendar.now = CLOCK() - DAY / 2
    leave(backend)
    assert check(backend).findings == []


def test_what_is_needed_by_now_is_no_orphan(backend: MemoryBackend) -> None:
    leave(backend)
    depository_on(backend).save("another.ipynb", LOST)
    assert check(backend).findings == []


def test_what_comes_to_be_needed_during_the_check_is_no_orphan(backend: MemoryBackend, calendar: Calendar) -> None:
    leave(backend)
    meter = Metering(backend)
    check(meter)
    listings = [at for at, call in enumerate(meter.log) if call.operation == "list"]
    for at in range(listings[-1] + 1):
        calendar.now = CLOCK() - 9 * DAY
        other = MemoryBackend(clock=calendar)
        for item in backend.list(""):
            other.put(item.key, data_of(backend, item.key))
        calendar.now = CLOCK()

        def act(other: MemoryBackend = other) -> object:
            return depository_on(other).save("0.ipynb", LOST)

        assert check(Interrupted(other, at, act)).findings == [], f"before call {at}"


def test_what_was_found_of_a_notebook_is_not_told_again_when_it_is_looked_at_once_more(
    backend: MemoryBackend, calendar: Calendar
) -> None:
    leave(backend)
    calendar.now = CLOCK()
    digest = depository_on(backend).resolve(PATH, "v3").hash
    backend.delete(f"objects/{digest[:2]}/{digest[2:]}")
    meter = Metering(backend)
    check(meter)
    at = meter.log.index(Call("list", "objects/"))
    result = check(Interrupted(backend, at, lambda: depository_on(backend).save(PATH, b"more")))
    assert result.kinds == [Kind.MISSING, Kind.ORPHANS]


def test_only_a_check_of_everything_can_tell(backend: MemoryBackend) -> None:
    leave(backend)
    assert check(backend, PATH).findings == []


def test_names_that_are_no_objects_are_remarked(backend: MemoryBackend) -> None:
    for name in ("objects/notes.txt", "objects/ab/" + "x" * 62, "objects/" + "a" * 64):
        backend.put(name, b"what?")
    result = check(backend, repair=True)
    assert result.kinds == [Kind.FOREIGN] * 3
    assert result.checked.is_sound
    assert len(objects_in(backend)) == 6


def test_an_orphan_that_is_damaged_is_told_for_the_next_save_relies_on_it(backend: MemoryBackend) -> None:
    key = max(leave(backend), key=lambda key: len(data_of(backend, key)))
    backend.put(key, b"zeros")
    result = check(backend)
    damaged = [finding for finding in result.findings if not finding.is_remark]
    assert key in {finding.key for finding in damaged}
    assert "nothing refers to it yet, but who saves that content next will rely on it" in damaged[0].text


def test_an_orphan_that_is_damaged_is_mended_where_it_can_be(calendar: Calendar) -> None:
    backend = Strict(VersionedBucket(clock=calendar))
    fill(backend)
    key = max(leave(backend), key=lambda key: len(data_of(backend, key)))
    data = data_of(backend, key)
    backend.put(key, b"zeros")
    assert check(backend, repair=True).checked.is_sound
    assert data_of(backend, key) == data
    depository_on(backend).save(PATH, LOST)
    assert depository_on(backend).read(PATH) == LOST


def test_what_only_damaged_versions_refer_to_is_no_orphan(backend: MemoryBackend) -> None:
    depo = depository_on(backend)
    digest = depo.save(PATH, LOST).hash
    backend.delete(f"objects/{digest[:2]}/{digest[2:]}")
    text = next(each.text for each in check(backend).findings if each.kind is Kind.ORPHANS)
    assert text.endswith("; perhaps what is damaged does"), "the lost content alone knew its images"
