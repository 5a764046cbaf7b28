"""The power fails: a sample of what `scripts/faults power` does, and a depository broken on purpose that it finds."""

import os
from pathlib import Path

import pytest
from proofs import power
from proofs.disks import Disk, Tree, write_tree
from proofs.power import ACCEPTING, ALONE, Attack

FIRST, SAVE = ALONE[:2]


def states(disk: Disk) -> list[Tree]:
    """All that may be there, each once."""
    return list({frozenset(tree.items()): tree for tree in disk.states()}.values())


def write(path: Path, data: bytes, *, sync: bool) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.write(descriptor, data)
    if sync:
        os.fsync(descriptor)
    os.close(descriptor)


def sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


# What a disk may hold


def test_a_file_that_was_not_synced_may_be_there_half_zeros_empty_or_not(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with disk.recording(lambda: None):
        write(tmp_path / "a", b"data", sync=False)
    assert sorted(map(str, states(disk))) == sorted(
        map(str, [{}, {"a": b"data"}, {"a": b"da"}, {"a": b""}, {"a": bytes(4)}])
    )


def test_a_file_that_was_synced_is_whole_or_has_no_name(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with disk.recording(lambda: None):
        write(tmp_path / "a", b"data", sync=True)
    assert states(disk) == [{}, {"a": b"data"}]


def test_a_name_whose_directory_was_synced_is_there(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with disk.recording(lambda: None):
        os.mkdir(tmp_path / "d")
        write(tmp_path / "d/a", b"data", sync=True)
        sync(tmp_path / "d")
    assert states(disk) == [{}, {"d": None, "d/a": b"data"}]


def test_a_rename_is_all_or_nothing_until_the_directory_of_the_new_name_is_synced(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "from/a").write_bytes(b"data")
    old: Tree = {"from": None, "from/a": b"data", "to": None}
    new: Tree = {"from": None, "to": None, "to/b": b"data"}
    disk = Disk(tmp_path)
    with disk.recording(lambda: None):
        os.rename(tmp_path / "from/a", tmp_path / "to/b")
        sync(tmp_path / "from")
    assert states(disk) == [old, new]
    with disk.recording(lambda: None):
        sync(tmp_path / "to")
    assert states(disk) == [new]


def test_what_was_not_synced_may_be_there_in_any_combination(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    disk = Disk(tmp_path)
    with disk.recording(lambda: None):
        os.link(tmp_path / "a", tmp_path / "b")
        os.unlink(tmp_path / "a")
    assert {tuple(tree) for tree in states(disk)} == {("a",), (), ("a", "b"), ("b",)}


def test_later_changes_of_one_name_count(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with disk.recording(lambda: None):
        for data in (b"first", b"second"):
            write(tmp_path / "new", data, sync=True)
            os.replace(tmp_path / "new", tmp_path / "a")
        sync(tmp_path)
    assert states(disk) == [{"a": b"second"}]


def test_what_python_opens_for_writing_is_seen_too(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with disk.recording(lambda: None), open(tmp_path / "a", "w", encoding="utf-8") as stream:
        stream.write("data")
    assert {"a": b"data"} in states(disk)
    assert {"a": b"da"} in states(disk)


def test_a_state_can_be_made(tmp_path: Path) -> None:
    write_tree({"d": None, "d/a": b"data"}, tmp_path / "made")
    assert (tmp_path / "made/d/a").read_bytes() == b"data"


# What becomes of a depository


@pytest.mark.parametrize("attack", [FIRST, SAVE, *ACCEPTING], ids=lambda attack: attack.name)
def test_nothing_that_was_acknowledged_is_lost(attack: Attack, tmp_path: Path) -> None:
    tally = power.fail(attack, tmp_path, samples=10)
    assert not tally.words
    assert tally["states"] > tally["moments"] > 5


@pytest.mark.parametrize("loses", ["file", "directory"])
@pytest.mark.parametrize("attack", [SAVE, ACCEPTING[0]], ids=lambda attack: attack.name)
def test_what_forgets_to_sync_is_found_out(attack: Attack, loses: str, tmp_path: Path) -> None:
    assert power.fail(attack, tmp_path, loses=loses, samples=10).troubles


def test_what_a_killed_process_did_not_sync_is_synced_by_who_relies_on_it(tmp_path: Path) -> None:
    tally = power.fail_after_kills(SAVE, tmp_path)
    assert not tally.words
    assert tally["moments"] > 20
