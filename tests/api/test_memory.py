"""How much memory the archive takes of the process that it lives in."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from depository.backends.memory import MemoryBackend
from depository.errors import InvalidContent
from depository.saving import MAX_SOURCE
from tests.api.histories import PATH, with_history
from tests.api.stores import depository_on, found
from tests.notebooks import file_of, large

MEBIBYTE = 1 << 20


class Peak:
    """The most that was taken at once, in bytes, beyond what there was at the start."""

    bytes = 0


@contextmanager
def measured() -> Iterator[Peak]:
    """Measure what Python takes within the block."""
    peak = Peak()
    tracemalloc.start()
    try:
        yield peak
        peak.bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_reading_a_whole_log_takes_the_memory_of_a_page() -> None:
    depo = depository_on(with_history(10_000))
    with measured() as peak:
        assert sum(1 for _ in depo.log(PATH)) == 10_000

    assert peak.bytes < MEBIBYTE


@pytest.mark.parametrize("megabytes", [4, 16])
def test_saving_a_file_takes_a_few_times_its_size(megabytes: int) -> None:
    depo = found(MemoryBackend())
    data = file_of(large(megabytes=megabytes))
    with measured() as peak:
        depo.save("large.ipynb", data)

    assert peak.bytes < 8 * len(data)


def test_reading_a_file_takes_a_few_times_its_size() -> None:
    backend = MemoryBackend()
    data = file_of(large(megabytes=8))
    found(backend).save("large.ipynb", data)
    depo = depository_on(backend)
    with measured() as peak:
        assert depo.read("large.ipynb") == data

    assert peak.bytes < 8 * len(data)


def test_a_process_that_has_saved_a_hundred_megabytes_keeps_a_bounded_part_of_them() -> None:
    backend = MemoryBackend()
    depo = found(backend)
    with measured():
        for number in range(25):
            depo.save(f"{number}.ipynb", Random(number).randbytes(2 * MEBIBYTE) + bytes(2 * MEBIBYTE))
        kept, _ = tracemalloc.get_traced_memory()

    stored = sum(item.size for item in backend.list(""))
    assert kept - stored < 72 * MEBIBYTE


def test_a_file_that_is_too_large_is_refused_before_anything_is_done_with_it() -> None:
    class Huge(bytes):
        """Says that it is huge, and is not."""

        def __len__(self) -> int:
            return MAX_SOURCE + 1

    with pytest.raises(InvalidContent, match=r"268,435,457 bytes; at most 268,435,456 .* Clear its largest outputs"):
        found(MemoryBackend()).save("huge.ipynb", Huge())
