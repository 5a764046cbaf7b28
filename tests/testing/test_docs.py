"""The examples of the page about testing run."""

import re
from pathlib import Path
from typing import Any

import pytest

import depository.testing
from depository.testing import Fault

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "testing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_runs(example: str) -> None:
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - the page is ours

    assert len(names) >= 3


def test_there_are_examples_of_faults_the_model_turns_and_the_machine() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("name", depository.testing.__all__)
def test_every_name_of_the_package_is_on_the_page(name: str) -> None:
    assert re.search(rf"`(\w+\.)*{name}\b", PAGE) or re.search(rf"import .*\b{name}\b", PAGE)


def test_every_kind_of_fault_is_in_the_table() -> None:
    named = re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)
    assert named[: len(Fault)] == list(Fault.__members__)
