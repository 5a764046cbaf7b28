"""What each operation may ask of the store, with a history of 1, of 1,000 and of 100,000 versions alike."""

import math
from collections import Counter
from collections.abc import Callable, Collection
from itertools import islice
from random import Random
from string import ascii_letters

import pytest

from depository import Depository, Draft
from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.backends.metering import Metering
from depository.history import manifest as manifests
from depository.history.manifest import GROUP, MAX_RECENT, RUN
from depository.history.pages import unseal
from depository.history.refs import MAX_TAGS
from depository.objects.frame import Kind
from depository.objects.store import Objects, key_of
from depository.specs import MAX_NAME
from depository.testing.seeing import copied
from depository.words import MAX_LABEL, MAX_MESSAGE
from tests.api.histories import PATH, as_manifest, draft, file, with_history
from tests.api.stores import LIMIT, depository_on, found
from tests.api.waves import Waves
from tests.notebooks import file_of, small, text, with_plots

LENGTHS = [1, 1_000, 100_000]
KIB = 1024


@pytest.fixture(params=LENGTHS, ids=lambda count: f"{count:,} versions")
def length(request: pytest.FixtureRequest) -> int:
    """How many versions there are."""
    count: int = request.param
    return count


@pytest.fixture
def metered(length: int) -> Metering:
    """A store with a history of that length."""
    return Metering(with_history(length))


def objects_under(number: int) -> int:
    """How many objects a version builds on: back to the start of its run, then one for each bit of the run's number."""
    run, offset = divmod((number - 1) % GROUP, RUN)
    return offset + run.bit_count()


def kinds(metered: Metering) -> Counter[str]:
    """How often each kind of object was asked for since the last reset, such as ``put objects``."""
    return Counter(f"{call.operation} {call.key.split('/')[0]}" for call in metered.log)


def warm(metered: Metering) -> Depository:
    """A depository whose process has just saved there, and that has room for more in the manifest."""
    depo = depository_on(metered)
    depo.save(PATH, file_of(small(1001)))
    metered.reset()
    return depo


# Saving


def test_a_warm_save_takes_two_writes_and_no_read(metered: Metering) -> None:
    depo = warm(metered)
    depo.save(PATH, file_of(small(1002)))

    assert kinds(metered) == {"put objects": 1, "put manifests": 1}


def test_each_new_large_output_takes_one_write_more(metered: Metering) -> None:
    depo = warm(metered)
    depo.save(PATH, file_of(with_plots(1003, plots=3)))

    assert kinds(metered) == {"put objects": 4, "put manifests": 1}


def test_outputs_of_the_version_before_take_none(metered: Metering) -> None:
    depo = warm(metered)
    made = with_plots(1003, plots=3)
    depo.save(PATH, file_of(made))
    metered.reset()
    made["cells"][0]["source"] = "edited"
    depo.save(PATH, file_of(made))

    assert kinds(metered) == {"put objects": 1, "put manifests": 1}


def test_a_patch_that_is_not_tiny_takes_one_write_more(metered: Metering) -> None:
    depo = warm(metered)
    odd = file_of(small(1002), ordered=False)
    depo.save(PATH, odd.replace(b": ", b" :  "))

    assert kinds(metered) == {"put objects": 2, "put manifests": 1}


def test_200_warm_saves_read_nothing_and_write_a_page_each_time_recent_fills(metered: Metering) -> None:
    depo = warm(metered)
    for number in range(200):
        depo.save(PATH, file_of(small(2000 + number)))

    made = kinds(metered)
    assert set(made) == {"put objects", "put manifests"}, "every base is in memory, at each start of a run too"
    assert made["put manifests"] == 200
    assert 200 + 2 <= made["put objects"] <= 200 + math.ceil(200 / GROUP)


def test_a_warm_burst_takes_one_write_a_draft_and_one_more_and_no_read(metered: Metering) -> None:
    depo = warm(metered)
    depo.save_all(PATH, [Draft(file_of(small(2000 + number))) for number in range(10)])

    assert kinds(metered) == {"put objects": 10, "put manifests": 1}


def test_a_warm_burst_of_200_writes_a_page_each_time_recent_fills_and_reads_nothing(metered: Metering) -> None:
    depo = warm(metered)
    depo.save_all(PATH, [Draft(file_of(small(2000 + number))) for number in range(200)])

    made = kinds(metered)
    assert set(made) == {"put objects", "put manifests"}
    assert made["put manifests"] == 1
    assert 200 + 2 <= made["put objects"] <= 200 + math.ceil(200 / GROUP)


def test_an_output_that_the_drafts_of_a_burst_share_takes_one_write(metered: Metering) -> None:
    depo = warm(metered)
    made = with_plots(1003, plots=3)
    depo.save_all(PATH, [Draft(file_of({**made, "metadata": {"draft": number}})) for number in range(10)])

    assert kinds(metered) == {"put objects": 13, "put manifests": 1}


def test_a_cold_burst_reads_the_marker_the_manifest_and_its_bases(metered: Metering, length: int) -> None:
    depo = depository_on(metered)
    depo.save_all(PATH, [Draft(file_of(small(2000 + number))) for number in range(10)])

    reads = kinds(metered)
    assert (reads["get depository.json"], reads["get manifests"]) == (1, 1)
    assert reads["get objects"] <= objects_under(length + 1) + objects_under((length // RUN + 1) * RUN + 1)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 33, 48, 49, 64, 65])
def test_a_process_that_starts_anywhere_reads_its_bases_once(count: int) -> None:
    metered = Metering(with_history(count))
    depo = depository_on(metered)
    depo.save(PATH, file_of(small(1000)))
    metered.reset()
    for number in range(100):
        depo.save(PATH, file_of(small(1001 + number)))

    assert not [call for call in metered.log if call.operation == "get"]


def test_a_cold_save_reads_the_marker_the_manifest_and_its_bases(metered: Metering, length: int) -> None:
    depo = depository_on(metered)
    depo.save(PATH, file_of(small(1002)))

    # the marker is read once a process, before its first write: it says which commit protocol all writers follow
    bases = objects_under(length + 1)
    reads = ["get depository.json", "get manifests", *["get objects"] * bases]
    assert kinds(metered) == Counter([*reads, "put objects", "put manifests"])
    assert [call.operation for call in metered.log] == ["get"] * len(reads) + ["put", "put"]


def test_a_cold_save_reads_all_of_its_bases_at_once(length: int) -> None:
    backend = with_history(length)
    metered = Metering(copied(backend))
    depository_on(metered).save(PATH, file_of(small(1002)))
    bases = [call.key for call in metered.log if call.operation == "get" and call.key.startswith("objects/")]

    waves = Waves(backend, [["depository.json"], [manifests.key_of(PATH)], bases])
    with depository_on(waves) as depo:
        assert depo.save(PATH, file_of(small(1002))).number == length + 1


def test_saving_the_newest_version_again_takes_nothing(metered: Metering) -> None:
    depo = warm(metered)
    depo.save(PATH, file_of(small(1001)))

    assert not metered.log


def test_saving_the_newest_version_again_takes_two_reads_in_a_new_process(metered: Metering, length: int) -> None:
    depository_on(metered).save(PATH, file(length))

    assert kinds(metered) == {"get depository.json": 1, "get manifests": 1}


def test_content_that_comes_back_soon_takes_one_write(metered: Metering) -> None:
    depo = warm(metered)
    for seed in (1002, 1003, 1002):
        metered.reset()
        depo.save(PATH, file_of(small(seed)))

    assert kinds(metered) == {"put manifests": 1}


def test_writers_who_take_turns_at_a_path_look_before_they_write_and_write_nothing_in_vain(metered: Metering) -> None:
    writers = [warm(metered), depository_on(metered)]
    for seed in range(4):
        writers[seed % 2].save(PATH, file_of(small(2000 + seed)))
    for seed in range(4, 10):
        metered.reset()
        writers[seed % 2].save(PATH, file_of(small(2000 + seed)))
        assert kinds(metered) == {"get manifests": 1, "put objects": 1, "put manifests": 1}


def test_a_writer_who_is_alone_again_looks_once_more_and_no_further(metered: Metering) -> None:
    writer, other = warm(metered), depository_on(metered)
    other.save(PATH, file_of(small(2000)))
    writer.save(PATH, file_of(small(2001)))
    looks = []
    for seed in range(3):
        metered.reset()
        writer.save(PATH, file_of(small(2002 + seed)))
        looks.append(kinds(metered)["get manifests"])

    assert looks == [1, 0, 0]


# Finding and reading


def test_the_newest_page_of_the_log_takes_one_read(metered: Metering, length: int) -> None:
    newest = [version.number for version in islice(depository_on(metered).log(PATH), 32)]

    assert newest == list(range(length, max(length - 32, 0), -1))
    assert kinds(metered) == {"get manifests": 1}


def test_the_log_reads_a_page_only_when_it_gets_there() -> None:
    metered = Metering(with_history(1_000))
    log = depository_on(metered).log(PATH)
    in_manifest = sum(1 for _ in as_manifest(metered.backend).recent)
    for _ in range(in_manifest):
        next(log)
    assert kinds(metered) == {"get manifests": 1}

    for _ in range(GROUP):
        next(log)
    assert kinds(metered) == {"get manifests": 1, "get objects": 1}


def test_all_of_a_long_log_is_read_several_pages_at_once() -> None:
    backend = with_history(1_000)
    objects = Objects(backend)
    keys: dict[int, str] = {}
    back = as_manifest(backend).back
    while back:
        keys[back[0].position] = key_of(back[0].hash)
        back = unseal(objects.read(back[0].hash, Kind.PAGE)).back
    trips = [[15], [14], [13, 12], [11, 10, 8], [9, 7, 6, 4], [5, 3, 2], [1]]
    assert sorted(position for trip in trips for position in trip) == sorted(keys)

    waves = [[manifests.key_of(PATH)], *([keys[position] for position in trip] for trip in trips)]
    with depository_on(Waves(backend, waves)) as depo:
        assert [version.number for version in depo.log(PATH)] == [*range(1_000, 0, -1)]


def test_refs_and_the_newest_version_take_one_read(metered: Metering, length: int) -> None:
    depo = depository_on(metered)
    for call in (lambda: depo.refs(PATH), lambda: depo.resolve(PATH), lambda: depo.resolve(PATH, f"v{length}")):
        metered.reset()
        call()
        assert kinds(metered) == {"get manifests": 1}


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_any_version_is_found_in_a_logarithmic_number_of_reads(count: int) -> None:
    metered = Metering(with_history(count))
    depo = depository_on(metered)
    pages = count // GROUP
    bound = 1 + math.ceil(math.log2(pages)) + 1  # the manifest, a page for each bit of the distance, the page itself
    numbers = {1, 2, GROUP, GROUP + 1, count // 2, count - MAX_RECENT, *range(7, count, count // 500)}
    most = 0
    for number in numbers:
        metered.reset()
        assert depo.resolve(PATH, f"v{number}").number == number
        most = max(most, len(metered.log))

    assert most <= bound, f"{most} reads for {count:,} versions in {pages:,} pages"


def reads_of_a_load(backend: MemoryBackend, spec: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """The keys that a load in a new process reads: the manifest, pages, blob and chain, outputs."""
    metered = Metering(backend)
    depository_on(metered).load(PATH, spec)
    keys = [call.key for call in metered.log]
    objects = {key: backend.get(key, limit=LIMIT).data for key in keys if key.startswith("objects/")}
    of_kind = {key: data[5] for key, data in objects.items()}  # the first field of the frame, after magic and array
    return (
        [key for key in keys if key not in objects],
        [key for key in keys if of_kind.get(key) == 3],
        [key for key in keys if of_kind.get(key) == 0],
        [key for key in keys if of_kind.get(key) == 1],
    )


def test_a_load_is_three_round_trips_deep(length: int) -> None:
    backend = with_history(length)
    manifest, pages, chain, outputs = reads_of_a_load(backend, "latest")
    assert not pages
    assert len(outputs) == 3

    with depository_on(Waves(backend, [manifest, chain, outputs])) as depo:
        assert depo.load(PATH) == draft(length)


@pytest.mark.parametrize("number", [64, 63, 48, 32, 16, 1])
def test_the_longest_chain_takes_one_round_trip_as_well(number: int) -> None:
    backend = with_history(64)
    manifest, _, chain, outputs = reads_of_a_load(backend, f"v{number}")
    assert len(chain) <= 18

    with depository_on(Waves(backend, [manifest, chain, outputs])) as depo:
        assert depo.load(PATH, f"v{number}") == draft(number)


@pytest.mark.parametrize("number", [1, 64, 700, 850])
def test_a_load_from_a_page_adds_the_reads_that_find_it(number: int) -> None:
    backend = with_history(1_000)
    manifest, pages, chain, outputs = reads_of_a_load(backend, f"v{number}")
    assert 1 <= len(pages) <= math.ceil(math.log2(1_000 / GROUP)) + 1

    with depository_on(Waves(backend, [manifest, *([page] for page in pages), chain, outputs])) as depo:
        assert depo.load(PATH, f"v{number}") == draft(number)


def test_reading_a_file_with_a_patch_takes_a_fourth_round_trip() -> None:
    backend = with_history(1)
    odd = file_of(with_plots(7), ordered=False).replace(b": ", b" :  ")
    depository_on(backend).save(PATH, odd)
    metered = Metering(backend)
    depository_on(metered).load(PATH)
    without = len(metered.log)
    metered.reset()

    assert depository_on(metered).read(PATH) == odd
    assert len(metered.log) == without + 1


# Listing


@pytest.fixture(scope="module")
def crowd() -> MemoryBackend:
    """2,500 notebooks, every tenth deleted; manifests alone, which is all that a listing may look at."""
    source = with_history(1)
    depository_on(source).delete(PATH)
    dead = as_manifest(source)
    backend = MemoryBackend()
    for number in range(2_500):
        path = f"team/{number:04}.ipynb"
        manifest = dead._replace(path=path, deleted=number % 10 == 0)
        backend.put(manifests.key_of(path), manifests.pack(manifest))
    return backend


def test_listing_n_paths_takes_n_thousandths_lists_and_nothing_else(crowd: MemoryBackend) -> None:
    metered = Metering(crowd)
    lines = list(depository_on(metered).ls())

    assert len(lines) == 2_250, "deleted ones are left out"
    assert kinds(metered) == {"list manifests": 3}


def test_deleted_ones_are_listed_for_no_more(crowd: MemoryBackend) -> None:
    metered = Metering(crowd)
    lines = list(depository_on(metered).ls(deleted=True))

    assert [line.deleted for line in lines] == [number % 10 == 0 for number in range(2_500)]
    assert kinds(metered) == {"list manifests": 3}


def test_a_listing_is_lazy(crowd: MemoryBackend) -> None:
    metered = Metering(crowd)
    lines = depository_on(metered).ls()
    assert not metered.log
    next(lines)

    assert kinds(metered) == {"list manifests": 1}


def test_details_take_one_read_for_each_manifest_that_changed(
    crowd: MemoryBackend, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = str(tmp_path_factory.mktemp("cache") / "details")
    metered = Metering(copied(crowd))
    found(metered)
    metered.reset()
    assert len(list(depository_on(metered).ls(details=True, cache=cache))) == 2_250
    assert kinds(metered) == {"list manifests": 3, "get manifests": 2_250}

    depository_on(metered).save("team/0007.ipynb", file_of(small()))
    metered.reset()
    lines = {line.path: line for line in depository_on(metered).ls(details=True, cache=cache)}
    assert kinds(metered) == {"list manifests": 3, "get manifests": 1}
    version = lines["team/0007.ipynb"].version
    assert version is not None
    assert version.number == 2


def test_details_of_many_are_read_at_once(crowd: MemoryBackend) -> None:
    keys = [manifests.key_of(f"team/000{number}.ipynb") for number in range(1, 10)]
    few = MemoryBackend()
    for key in keys:
        few.put(key, crowd.get(key, limit=LIMIT).data)

    with depository_on(Waves(few, [keys])) as depo:
        assert len(list(depo.ls(details=True))) == 9


# Refs and names

OPERATIONS: dict[str, tuple[Callable[[Depository], object], Collection[str]]] = {
    "rename": (lambda depo: depo.rename(PATH, "other.ipynb"), ["put manifests", "put manifests"]),
    "delete": (lambda depo: depo.delete(PATH), ["put manifests"]),
    "promote": (lambda depo: depo.promote(PATH, "latest", "published"), ["put manifests"]),
    "tag": (lambda depo: depo.tag(PATH, "latest", "submitted"), ["put manifests"]),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_refs_and_names_take_at_most_two_writes(metered: Metering, name: str) -> None:
    operation, writes = OPERATIONS[name]
    operation(depository_on(metered))

    assert {kind: count for kind, count in kinds(metered).items() if not kind.startswith("get")} == Counter(writes)
    assert kinds(metered)["get manifests"] <= 3
    assert kinds(metered)["get objects"] == 0


def test_a_promotion_of_the_oldest_version_reads_the_pages_that_find_it() -> None:
    metered = Metering(with_history(100_000))
    depository_on(metered).promote(PATH, "v1", "published")

    assert kinds(metered)["put manifests"] == 1
    assert kinds(metered)["put objects"] == 0
    assert kinds(metered)["get objects"] <= math.log2(100_000 / GROUP) + 2


# Size


def size_of_manifest(backend: Backend) -> int:
    """In bytes."""
    return len(backend.get(manifests.key_of(PATH), limit=LIMIT).data)


def test_a_manifest_stays_small(length: int) -> None:
    backend = with_history(length)
    depo = depository_on(backend)
    for number in range(150):
        depo.save(PATH, file_of(small(3000 + number)), message="what this change is for, in a few words")
        assert size_of_manifest(backend) < 8 * KIB


def test_a_manifest_stays_small_under_a_flood_of_events(length: int) -> None:
    backend = with_history(length)
    depo = depository_on(backend)
    for number in range(300):
        depo.tag(PATH, "latest", f"submission-{number % 60}", move=True, message="again" * (number % 9))
        if number % 60 == 59:
            for done in range(60):
                depo.untag(PATH, f"submission-{done}")
        assert size_of_manifest(backend) < 8 * KIB

    assert depo.read(PATH, "v1") == file(1)


def test_a_manifest_stays_small_with_the_most_tags_and_the_longest_messages(length: int) -> None:
    backend = with_history(length)
    depo = depository_on(backend)
    random = Random(0)
    for _ in range(MAX_TAGS):
        depo.tag(PATH, "latest", "".join(["x", *random.choices(ascii_letters, k=MAX_NAME - 1)]))
    for number in range(100):
        depo.save(PATH, file_of(small(number)), message=text(random, 300)[:MAX_MESSAGE])
        assert size_of_manifest(backend) < 8 * KIB


def test_a_manifest_is_bounded_even_when_nothing_in_it_can_be_compressed(length: int) -> None:
    backend = with_history(length)
    depo = depository_on(backend)
    random = Random(0)

    def noise(size: int) -> str:
        return "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(size // 3))

    for _ in range(MAX_TAGS):
        depo.tag(
            PATH, "latest", "".join(["x", *random.choices(ascii_letters, k=MAX_NAME - 1)]), author=noise(MAX_LABEL)
        )
    # the newest version and one event, each as long as it may be, beside refs that are as long as they may be
    for seed in range(10):
        depo.save(PATH, file_of(small(seed)), message=noise(MAX_MESSAGE), author=noise(MAX_LABEL))
        depo.promote(PATH, "latest", "published", message=noise(MAX_MESSAGE), author=noise(MAX_LABEL))
        assert size_of_manifest(backend) < 12 * KIB
