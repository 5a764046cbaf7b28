"""The reference of what can be configured in Jupyter has every setting, with its default and its own words."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets import Bool, Enum, Float, Int, List, TraitType, Type, Undefined, Unicode
from traitlets.config import Configurable

from depository.jupyter.settings import S3, Archiver, Depository

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "reference" / "jupyter.md"
SECTIONS: dict[str, type[Configurable]] = {
    "c.Depository": Depository,
    "c.Depository.S3": S3,
    "c.Depository.Archiver": Archiver,
}
"""As they are written in a configuration file."""

_WORDS: tuple[tuple[type[TraitType[Any, Any]], str], ...] = (
    (Bool, "true or false"),
    (Int, "a whole number"),
    (Float, "a number"),
    (List, "a list"),
    (Type, "a class, or its name as text"),
    (Unicode, "a text"),
)


def settings() -> Iterator[tuple[str, TraitType[Any, Any]]]:
    """All that can be set, by the names that users write."""
    for section, of in SECTIONS.items():
        # subclasses of LoggingConfigurable have its traits too, which are not to be configured
        for name, trait in sorted(of.class_own_traits(config=True).items()):
            yield f"{section}.{name}", trait


def row(name: str, trait: TraitType[Any, Any]) -> str:
    """The line of the page on a setting."""
    help_ = " ".join(trait.help.split()).replace("|", "\\|")
    return f"| `{name}` | {kind(trait)} | {default(trait)} | {help_} |"


def kind(trait: TraitType[Any, Any]) -> str:
    """What may be given."""
    if isinstance(trait, Enum):
        return ", ".join(f'`"{value}"`' for value in trait.values or () if value is not None)
    if isinstance(trait, List):
        return "a list of " + kind(trait._trait)
    return next(words for of, words in _WORDS if isinstance(trait, of))


def default(trait: TraitType[Any, Any]) -> str:
    """What holds where nothing is given."""
    value = trait.default()
    if value is None or value is Undefined:
        return ""
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, list):
        return ", ".join(f'`"{each}"`' for each in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"`{value}`"


@pytest.mark.parametrize(("name", "trait"), [pytest.param(*found, id=found[0]) for found in settings()])
def test_every_setting_is_in_the_reference_with_its_default_and_its_help(name: str, trait: TraitType[Any, Any]) -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}` ")]
    assert lines == [row(name, trait)]


@pytest.mark.parametrize(("name", "trait"), [pytest.param(*found, id=found[0]) for found in settings()])
def test_every_setting_says_what_it_is_for(name: str, trait: TraitType[Any, Any]) -> None:
    assert trait.help.endswith(".")


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_no_page_names_a_setting_that_is_not_there(page: Path) -> None:
    known = {name for name, _ in settings()} | set(SECTIONS)
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\bc\.Depository(?:\.\w+)+", text)) <= known
