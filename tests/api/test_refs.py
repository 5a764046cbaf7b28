"""Refs and tags: names that point at versions."""

import pytest

from depository import Depository
from depository.backends.base import Backend
from depository.errors import AlreadyExists, InvalidName, NotFound, NoVersion, RefMoved
from depository.history.refs import MAX_TAGS
from tests.api.stores import depository_on

PATH = "mine.ipynb"


@pytest.fixture
def depo(depo: Depository) -> Depository:
    """With three versions."""
    for text in ("one", "two", "three"):
        depo.save(PATH, text.encode())
    return depo


def test_workspace_is_always_the_newest(depo: Depository) -> None:
    assert depo.refs(PATH) == {"workspace": 3}
    depo.save(PATH, b"four")
    assert depo.refs(PATH) == {"workspace": 4}


@pytest.mark.parametrize(("ref", "name"), [("published", "publish"), ("scheduled", "schedule")])
def test_a_promotion_points_the_ref_at_the_version(depo: Depository, backend: Backend, ref: str, name: str) -> None:
    event = depo.promote(PATH, "v2", ref)

    assert (event.path, event.event, event.ref, event.number, event.previous) == (PATH, name, ref, 2, None)
    assert depository_on(backend).refs(PATH) == {"workspace": 3, ref: 2}
    assert depo.read(PATH, ref) == b"two"


def test_a_ref_moves_and_says_where_it_was(depo: Depository) -> None:
    depo.promote(PATH, "v1", "published")

    assert depo.promote(PATH, "latest", "published").previous == 1
    assert depo.refs(PATH)["published"] == 3


def test_promoting_what_is_promoted_already_is_no_further_event(depo: Depository) -> None:
    depo.promote(PATH, "v1", "published")
    depo.promote(PATH, "v1", "published")

    assert len(list(depo.history(PATH))) == 4


@pytest.mark.parametrize(("expect", "moves"), [(1, True), (2, False), (None, False)])
def test_a_ref_moves_from_where_it_was_expected_only(depo: Depository, expect: int | None, moves: bool) -> None:
    depo.promote(PATH, "v1", "published")
    if moves:
        depo.promote(PATH, "v3", "published", expect=expect)
    else:
        wanted = f"v{expect}" if expect else "no version"
        with pytest.raises(RefMoved, match=f"published of 'mine.ipynb' is at v1, not at {wanted}: "):
            depo.promote(PATH, "v3", "published", expect=expect)

    assert depo.refs(PATH)["published"] == (3 if moves else 1)


def test_a_ref_that_was_expected_nowhere_is_set_once(depo: Depository, backend: Backend) -> None:
    depo.promote(PATH, "v1", "published", expect=None)
    with pytest.raises(RefMoved):
        depository_on(backend).promote(PATH, "v2", "published", expect=None)


def test_a_ref_that_is_nowhere_is_not_where_it_was_expected(depo: Depository) -> None:
    with pytest.raises(RefMoved, match="is at no version, not at v1"):
        depo.promote(PATH, "v2", "published", expect=1)


def test_a_withdrawn_ref_points_nowhere(depo: Depository) -> None:
    depo.promote(PATH, "v2", "published")
    event = depo.withdraw(PATH, "published")

    assert (event.event, event.number, event.previous) == ("unpublish", None, 2)
    assert depo.refs(PATH) == {"workspace": 3}
    with pytest.raises(NoVersion, match="published"):
        depo.read(PATH, "published")
    with pytest.raises(NoVersion, match="has no published version"):
        depo.withdraw(PATH, "published")


@pytest.mark.parametrize("expect", [1, None])
def test_a_ref_is_withdrawn_from_where_it_was_expected_only(depo: Depository, expect: int | None) -> None:
    depo.promote(PATH, "v2", "published")
    with pytest.raises(RefMoved):
        depo.withdraw(PATH, "published", expect=expect)
    depo.withdraw(PATH, "published", expect=2)


@pytest.mark.parametrize("ref", ["workspace", "latest", "mytag", "", "Published"])
def test_only_published_and_scheduled_are_promoted_to(depo: Depository, ref: str) -> None:
    with pytest.raises(InvalidName, match="'published' and 'scheduled'"):
        depo.promote(PATH, "v1", ref)
    with pytest.raises(InvalidName):
        depo.withdraw(PATH, ref)


def test_a_version_that_is_not_there_cannot_be_promoted(depo: Depository) -> None:
    with pytest.raises(NoVersion):
        depo.promote(PATH, "v4", "published")
    with pytest.raises(NoVersion):
        depo.tag(PATH, "v4", "mine")
    with pytest.raises(NotFound):
        depo.promote("nothing.ipynb", "latest", "published")


# Tags


@pytest.mark.parametrize("name", ["submitted", "paper-2.1", "for_Ada", "數", "x" * 64, "fade", "v1.0", "beef+2"])
def test_a_tag_names_a_version(depo: Depository, name: str) -> None:
    event = depo.tag(PATH, "v2", name)

    assert (event.event, event.ref, event.number) == ("tag", name, 2)
    assert depo.resolve(PATH, name).number == 2
    assert depo.refs(PATH)[name] == 2


@pytest.mark.parametrize(
    "name",
    ["", "latest", "workspace", "published", "v1", "v20", "beefed", "0" * 8, "2026", "a b", "a/b", "-x", "a~1", "a@b"],
)
def test_a_tag_cannot_mean_something_else_already(depo: Depository, name: str) -> None:
    with pytest.raises(InvalidName):
        depo.tag(PATH, "v1", name)


@pytest.mark.parametrize("name", ["x" * 65, "ü" * 33, "a\n", "\ud800", "a\0"], ids=ascii)
def test_a_tag_is_short_and_printable(depo: Depository, name: str) -> None:
    with pytest.raises(InvalidName):
        depo.tag(PATH, "v1", name)


def test_a_tag_stays_where_it_is_unless_asked_to_move(depo: Depository) -> None:
    depo.tag(PATH, "v1", "submitted")
    depo.tag(PATH, "v1", "submitted")
    with pytest.raises(AlreadyExists, match="at v1 already"):
        depo.tag(PATH, "v2", "submitted")
    depo.tag(PATH, "v2", "submitted", move=True)

    assert depo.refs(PATH)["submitted"] == 2


def test_a_tag_is_taken_away(depo: Depository) -> None:
    depo.tag(PATH, "v1", "submitted")
    assert depo.untag(PATH, "submitted").previous == 1

    assert "submitted" not in depo.refs(PATH)
    with pytest.raises(NotFound, match="submitted"):
        depo.untag(PATH, "submitted")


def test_a_path_has_so_many_tags_and_no_more(depo: Depository) -> None:
    for number in range(MAX_TAGS):
        depo.tag(PATH, "v1", f"tag-{number}")
    with pytest.raises(InvalidName, match=f"{MAX_TAGS} refs and tags"):
        depo.tag(PATH, "v1", "one-more")
    depo.tag(PATH, "v2", "tag-0", move=True)
    depo.promote(PATH, "v3", "published")
    depo.untag(PATH, "tag-1")
    depo.untag(PATH, "tag-2")
    depo.tag(PATH, "v1", "one-more")
