"""The record that the archive is held against sees what it is there to see."""

import pytest

from depository import Depository
from depository.backends.memory import MemoryBackend
from tests.jupyter.marks import Ledger, mark, sized
from tests.notebooks import file_of


def complaints(saved: list[int], *, acknowledged: int = 3) -> str:
    """What the record says of an archive with these saves, where there were three and so many were acknowledged."""
    ledger = Ledger()
    for turn in range(3):
        number = ledger.issue("a.ipynb")
        if turn < acknowledged:
            ledger.acknowledge("a.ipynb", number)
    depository = Depository.adopt(MemoryBackend())
    for number in saved:
        depository.save("a.ipynb", file_of(mark(sized(1_000), number)))
    return "; ".join(ledger.complaints(depository, str))


def test_there_is_nothing_to_say_where_each_save_is_there_once_and_in_order() -> None:
    assert complaints([1, 2, 3]) == ""
    assert complaints([1, 2, 3], acknowledged=2) == ""
    assert complaints([1, 2], acknowledged=2) == ""


@pytest.mark.parametrize(
    ("saved", "complaint"),
    [
        ([1, 3], "1 of 3 saves are missing: [2]"),
        ([1, 3, 2], "in another order"),
        ([1, 2, 1, 3], "there twice: [1]"),
        ([1, 2, 3, 4], "nobody saved [4]"),
    ],
)
def test_what_is_wrong_is_said(saved: list[int], complaint: str) -> None:
    assert complaint in complaints(saved)
