"""Which version a version is a delta against."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depository.history.bases import base_of, chain_hashes, chain_of
from depository.history.manifest import GROUP, RUN
from tests.history.strategies import version

numbers = st.integers(1, 10**9)


def test_the_first_group_builds_as_the_design_draws_it() -> None:
    bases = {number: base_of(number) for number in (1, 2, 16, 17, 18, 33, 49, 50, 64, 65)}

    assert bases == {1: None, 2: 1, 16: 15, 17: 1, 18: 17, 33: 1, 49: 33, 50: 49, 64: 63, 65: None}


@given(numbers)
def test_a_base_is_an_earlier_version_of_the_same_group(number: int) -> None:
    base = base_of(number)

    assert base is None or base < number
    assert base is None or (base - 1) // GROUP == (number - 1) // GROUP


@given(numbers)
def test_only_the_first_of_a_group_stands_alone(number: int) -> None:
    assert (base_of(number) is None) is (number % GROUP == 1)


@given(numbers)
def test_within_a_run_each_builds_on_the_one_before(number: int) -> None:
    if number % RUN != 1:
        assert base_of(number) == number - 1


@given(numbers, st.integers(0, 300))
def test_in_a_burst_few_steps_are_written_one_after_the_other_and_all_lie_on_the_usual_chain(
    start: int, length: int
) -> None:
    depths: dict[int, int] = {}
    for number in range(start, start + length + 1):
        base = base_of(number, start)
        assert (base is None) is (base_of(number) is None)
        assert base is None or base in chain_of(number), "so that a reader guesses it"
        depths[number] = depths.get(base, -1) + 1 if base else 0

    assert max(depths.values()) < 7


@given(numbers)
def test_a_burst_of_one_builds_as_any_version(number: int) -> None:
    assert base_of(number, number) == base_of(number)


def test_no_chain_is_longer_than_17_and_every_chain_ends_at_the_start_of_its_group() -> None:
    for number in range(1, GROUP + 1):
        chain = chain_of(number)
        assert len(chain) <= RUN - 1 + 2
        assert (chain or [number])[-1] == 1
        assert chain == sorted(chain, reverse=True)
    assert max(len(chain_of(number)) for number in range(1, GROUP + 1)) == 17


@pytest.mark.parametrize("group", [0, 1, 1000])
def test_all_groups_are_alike(group: int) -> None:
    for number in range(1, GROUP + 1):
        assert chain_of(group * GROUP + number) == [group * GROUP + base for base in chain_of(number)]


def test_the_hashes_of_a_chain_are_those_of_its_versions() -> None:
    known = [version(number) for number in range(1, GROUP + 1)]

    assert chain_hashes(known[19], known) == [known[number - 1].hash for number in (19, 18, 17, 1)]


def test_a_content_that_came_back_builds_on_what_it_built_on_at_first() -> None:
    known = [version(number) for number in range(1, 31)]
    again = known[2]._replace(number=31)

    assert chain_hashes(again, [*known, again]) == [known[1].hash, known[0].hash]


def test_what_is_not_known_is_left_out() -> None:
    known = [version(number) for number in (17, 19, 20)]

    assert chain_hashes(known[-1], known) == [known[1].hash, known[0].hash]
