"""A check that was broken off goes on where it stopped, and each object is read once."""

import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.errors import Conflict, StorageError, Unreachable
from depository.models import Draft
from depository.testing.faults import Fault, Faulty
from depository.verifying import checking, ledger
from depository.verifying.findings import Finding, Kind
from tests.api.histories import PATH as LONG
from tests.api.histories import with_history
from tests.api.stores import CLOCK, depository_on, found
from tests.verifying.checks import check


@pytest.fixture(scope="module")
def many() -> MemoryBackend:
    """300 notebooks of four versions."""
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend)
    for number in range(300):
        depo.save_all(f"{number:03}.ipynb", [Draft(f"{number} {each}".encode()) for each in range(4)])
    return backend


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "cache" / "ledger")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is on disk after every 64 versions."""
    monkeypatch.setattr(checking, "_KEPT_AFTER", 64)


def gets(meter: Metering) -> int:
    return meter.counts.calls.get("get", 0)


def broken_off(backend: Backend, file: str, after: int) -> None:
    """Check until the store fails at a call."""
    faulty = Faulty(backend, {after: Fault.UNREACHABLE})
    with pytest.raises(Unreachable):
        check(faulty, ledger=file)


def test_each_object_and_each_manifest_is_read_once(many: MemoryBackend) -> None:
    meter = Metering(many)
    check(meter)
    assert gets(meter) == 300 + 1200 + 1
    assert meter.counts.calls["list"] <= 2 + 1 + 2


def test_it_goes_on_and_reads_little_again(many: MemoryBackend, file: str) -> None:
    broken_off(many, file, 900)
    meter = Metering(many)
    result = check(meter, ledger=file)
    assert result.checked.resumed
    assert (result.checked.notebooks, result.checked.versions, result.checked.objects) == (300, 1200, 1200)
    read_again = gets(meter) - (1501 - 900)
    assert 0 <= read_again <= 300, "what one batch of notebooks takes"


def test_a_long_history_goes_on_in_its_middle(file: str) -> None:
    backend = MemoryBackend(clock=CLOCK)
    depo = found(backend)
    for start in range(0, 2000, 50):
        depo.save_all(LONG, [Draft(f"{number}".encode()) for number in range(start, start + 50)])
    broken_off(backend, file, 1500)
    meter = Metering(backend)
    result = check(meter, ledger=file)
    assert result.checked.objects == sum(1 for _ in backend.list("objects/"))
    assert gets(meter) < 2000 - 1500 + 2 * 64 + 40


def test_what_was_found_before_is_told_again(many: MemoryBackend, file: str) -> None:
    backend = with_damage(many)
    broken_off(backend, file, 900)
    result = check(backend, ledger=file)
    assert result.checked.resumed
    assert [(each.kind, each.path, each.versions) for each in result.findings] == [
        (Kind.MISSING, "002.ipynb", ((2, 2),)),
    ]
    assert result.checked.damaged == 1


def test_a_check_that_is_done_leaves_nothing_behind(many: MemoryBackend, file: str) -> None:
    check(many, ledger=file)
    assert list(Path(file).parent.iterdir()) == []
    assert not check(many, ledger=file).checked.resumed


def test_it_can_be_had_anew(many: MemoryBackend, file: str) -> None:
    broken_off(many, file, 900)
    assert not check(many, ledger=file, anew=True).checked.resumed


def test_a_check_of_something_else_is_not_taken_up(many: MemoryBackend, file: str) -> None:
    broken_off(many, file, 900)
    assert not check(many, "00", ledger=file).checked.resumed
    broken_off(many, file, 900)
    assert not check(many, ledger=file, repair=True).checked.resumed


def test_a_check_of_long_ago_is_not_taken_up(many: MemoryBackend, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(many, file, 900)
    monkeypatch.setattr(ledger, "MAX_AGE", -1)
    assert not check(many, ledger=file).checked.resumed


@pytest.mark.parametrize("data", [b"", b"no ledger", b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_is_no_ledger_is_begun_anew(many: MemoryBackend, file: str, data: bytes) -> None:
    Path(file).parent.mkdir()
    Path(file).write_bytes(data)
    result = check(many, ledger=file)
    assert result.findings == []
    assert not result.checked.resumed


DAMAGE = {
    "a finding": "UPDATE findings SET finding = replace(finding, '002', '003')",
    "the number of a finding": "UPDATE findings SET id = 0",
    "how far it was": "UPDATE about SET value = '250.ipynb' WHERE name = 'after'",
    "how much it was": "UPDATE about SET value = 'many' WHERE name = 'versions'",
    "when it began": "UPDATE about SET value = 'then' WHERE name = 'started'",
    "a size": "UPDATE objects SET size = 1 WHERE digest = (SELECT min(digest) FROM objects)",
    "a mark": "UPDATE paths SET mark = 'x'",
    "a column": "ALTER TABLE findings RENAME finding TO founding",
    "a table": "ALTER TABLE findings RENAME TO foundings",
    "the rows of a table": """
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'lost')
        WHERE name = 'tips'
    """,
}


def with_damage(many: MemoryBackend) -> MemoryBackend:
    """The same, with an object gone that is among the first."""
    backend = MemoryBackend(clock=CLOCK)
    for item in many.list(""):
        backend.put(item.key, many.get(item.key, limit=1000).data)
    digest = depository_on(backend).resolve("002.ipynb", "v2").hash
    backend.delete(f"objects/{digest[:2]}/{digest[2:]}")
    return backend


@pytest.mark.parametrize("statements", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_ledger_is_not_believed(many: MemoryBackend, file: str, statements: str) -> None:
    backend = with_damage(many)
    broken_off(backend, file, 900)
    with closing(sqlite3.connect(file)) as database:
        database.executescript(statements)
    result = check(backend, ledger=file)
    assert not result.checked.resumed
    assert [(each.kind, each.path, each.versions) for each in result.findings] == [
        (Kind.MISSING, "002.ipynb", ((2, 2),)),
    ]


def test_whatever_single_bit_of_a_ledger_is_altered_the_check_finds_the_same(file: str) -> None:
    backend = with_history(130)
    digest = depository_on(backend).resolve(LONG, "v2").hash
    backend.put(f"objects/{digest[:2]}/{digest[2:]}", b"damage")
    broken_off(backend, file, 100)
    ledger = Path(file).read_bytes()
    wanted = check(backend).findings
    random = Random(1)
    used = [place for place, byte in enumerate(ledger) if byte]
    for place in random.sample(used, 60):
        damaged = bytearray(ledger)
        damaged[place] ^= 1 << random.randrange(8)
        Path(file).write_bytes(damaged)
        assert check(backend, ledger=file).findings == wanted, place


def test_whatever_was_noted_is_taken_up(file: str) -> None:
    digests = [bytes([number]) * 32 for number in range(6)]
    finding = Finding(Kind.ALTERED, "objects/00", "is damaged", "a.ipynb", ((1, 2),))
    noted = ledger.Ledger(file, {}, 0)
    noted.note("after", "ä.ipynb")
    noted.add([ledger.Seen(digests[0], None), ledger.Seen(digests[0], 7)])
    noted.add_doubtful(digests[1:2])
    noted.add_files(digests[2:3])
    noted.add_page(digests[3])
    noted.add_path("a.ipynb", "mark")
    noted.add_orphans([(digests[4], 5, True), (digests[5], 6, False)])
    noted.tell(finding)
    noted.add_lost(finding)
    noted.add_tip("a.ipynb", 3, digests[3])
    noted.commit()
    noted.close(done=False)

    again = ledger.Ledger(file, {}, 0)
    assert again.resumed
    assert again.get("after") == "ä.ipynb"
    assert again.sizes(digests) == {digests[0]: 7}
    assert again.unknown(digests[:3]) == digests[2:3]
    assert again.files(digests) == set(digests[2:3])
    assert again.has_page(digests[3])
    assert again.mark_of("a.ipynb") == "mark"
    assert list(again.each_orphan()) == [(digests[4], 5, True), (digests[5], 6, False)]
    assert list(again.findings()) == list(again.lost()) == [finding]
    assert again.tips("a.ipynb") == digests[3:4]
    again.close(done=True)


def test_two_checks_do_not_share_a_ledger(many: MemoryBackend, file: str) -> None:
    held = ledger.Ledger(file, {}, 0)
    with pytest.raises(Conflict, match="Another check of this depository is at work"):
        check(many, ledger=file)
    held.close(done=False)
    assert check(many, ledger=file).findings == []


def test_a_ledger_that_cannot_be_kept_is_told(many: MemoryBackend, tmp_path: Path) -> None:
    (tmp_path / "a file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"^The notes of the check cannot be kept in .*a file/ledger: "):
        check(many, ledger=str(tmp_path / "a file" / "ledger"))


def test_pages_that_two_names_share_are_gone_through_once() -> None:
    backend = with_history(2000)
    depository_on(backend).rename(LONG, "z.ipynb")
    meter = Metering(backend)
    result = check(meter)
    assert result.findings == []
    pages = 2000 // 64 - 1
    content = result.checked.objects - pages
    assert gets(meter) < content + pages + 12


def test_memory_holds_no_more_of_a_long_history_than_of_a_short_one() -> None:
    peaks = []
    for count in (1_000, 6_000):
        backend = MemoryBackend(clock=CLOCK)
        depo = found(backend)
        for start in range(0, count, 50):
            depo.save_all(LONG, [Draft(f"{number}".encode() * 50) for number in range(start, start + 50)])
        tracemalloc.start()
        check(backend)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 3_000_000, "beside what the store itself needs for a listing"
