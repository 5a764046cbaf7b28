"""Pages of hostile notebooks do nothing in a real browser; `scripts/hostile-pages` opens all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import chromium
from tests.diff.hostile_notebooks import HOSTILE
from tests.diff.hostile_pages import Trap, Watch, pages, watching

BROWSER = chromium.installed()

FEW = {
    name: HOSTILE[name]
    for name in ("handlers of events", "links to scripts", "refreshing elsewhere", "style that covers the page")
}

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"there is no {' or '.join(chromium.BROWSERS)} here")


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with Trap().running() as running:
        yield running


@pytest.fixture(scope="module")
def watch(trap: Trap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    assert BROWSER
    with watching(BROWSER, tmp_path_factory.mktemp("profile"), trap) as watch:
        yield watch


def test_no_script_runs_no_request_leaves_and_nothing_lies_where_it_does_not_belong(
    watch: Watch, trap: Trap, tmp_path: Path
) -> None:
    seen = {name: watch.open(file) for name, file in pages(tmp_path, "as made", trap, FEW)}
    assert len(seen) == 2 * len(FEW)
    assert {name: found for name, found in seen.items() if not found.is_harmless or found.refused} == {}


def test_what_watches_sees_scripts_requests_and_covers_where_nothing_keeps_them_back(
    watch: Watch, trap: Trap, tmp_path: Path
) -> None:
    seen = [watch.open(file) for _, file in pages(tmp_path, "with neither", trap, FEW)]
    assert any(found.scripts for found in seen)
    assert any(found.requests for found in seen)
    assert any(found.covering for found in seen)


def test_the_policy_of_a_page_alone_keeps_scripts_from_running(watch: Watch, trap: Trap, tmp_path: Path) -> None:
    seen = [watch.open(file) for _, file in pages(tmp_path, "without sanitising", trap, FEW)]
    assert not [found for found in seen if found.scripts]
    assert any(found.refused for found in seen)
