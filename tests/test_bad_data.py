"""A small part of what scripts/faults does to stored data and to parsers, on every change: no more than a sample."""

from itertools import islice
from pathlib import Path
from random import Random

import pytest
from proofs import bombs, corruption, damaged, fuzzing, mutations
from proofs.mutations import Mutant
from proofs.parsers import all_parsers
from proofs.part import Options

from depository.history import bases

_INPUTS = 150
"""That each parser is given."""
PARSERS = [parser.name for parser in all_parsers("/nowhere")]
BOMBS = [
    "a compressed payload that says it has 1 GiB",
    "one that says 1 KiB and becomes 1 GiB",
    "a skeleton of 100,000 levels",
    "a patch of a file that says it has 2 to the power of 62 bytes",
    "two deltas that build on each other",
    "a page of millions of entries",
    "pages that are not where the pointers say",
    "a displaced history under which it is buried itself",
]


def test_whatever_is_damaged_is_told_contained_and_not_built_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corruption, "_QUICK", 3)
    found = corruption.run(Options(tmp_path, is_quick=True, seed=1, servers=()))

    assert [target.text for target in found.targets if not target.is_reached] == []


def test_a_wrong_answer_would_be_counted() -> None:
    backend, targets = damaged.world()
    target = next(target for target in targets if target.kind == "blob, whole")
    question = corruption.Question("read", lambda depo: depo.read(target.path, target.spec))
    tally = corruption.Tally()
    damage = corruption.Damage("nothing", damaged.contents_of(backend, target.key))
    assert not corruption._judge(tally, target, damage, question, b"another file", damaged.Altered(backend, {}))
    assert tally.counts["wrong"] == 1


@pytest.mark.parametrize("name", PARSERS)
def test_nothing_comes_out_of_a_parser_but_what_it_says(name: str, tmp_path: Path) -> None:
    parser = next(parser for parser in all_parsers(str(tmp_path)) if parser.name == name)
    for data in islice(fuzzing._inputs(parser, Random(name)), _INPUTS):
        try:
            parser.parse(data)
        except parser.allowed:
            continue


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str, tmp_path: Path) -> None:
    found = bombs._in_a_process(name, Options(tmp_path, is_quick=True, seed=0, servers=()))

    assert found.foreign == []
    assert found.refused
    assert found.memory < 256 << 20
    assert found.reads <= bombs.MOST_READS


# The mutants themselves


def of_bases() -> list[Mutant]:
    return list(mutations.mutants("depository.history.bases"))


def test_every_mutant_is_another_function_than_it_was() -> None:
    found = of_bases()
    assert len(found) > 20
    assert len({mutant.code for mutant in found}) > 0.9 * len(found)
    assert all(mutant.old != mutant.new for mutant in found)


def test_a_mutant_runs_wherever_its_function_was_imported_to() -> None:
    original, base_of = bases.base_of.__code__, bases.base_of
    mutant = next(each for each in of_bases() if each.old == "number - 1" and each.new == "number + 1")
    before = [base_of(number) for number in range(1, 65)]
    try:
        mutations.apply(mutant)
        assert [base_of(number) for number in range(1, 65)] != before
    finally:
        base_of.__code__ = original
    assert [base_of(number) for number in range(1, 65)] == before
