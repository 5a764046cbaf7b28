"""The model that a depository is compared with."""

from collections.abc import Callable

import pytest

from depository.testing.model import Model

A, B, C = "a.ipynb", "b.ipynb", "c.ipynb"


@pytest.fixture
def model() -> Model:
    """A name that was displaced, one that is gone, one that is deleted, and plain notebooks."""
    model = Model(("workspace", "published"))
    for path in (A, B, C):
        model.save(path, b"one", b"two")
    model.promote(B, 1, "published")
    model.delete(A)
    model.rename(B, A)
    model.delete(C)
    return model


CHANGES: dict[str, Callable[[Model], object]] = {
    "save": lambda model: model.save(A, b"three"),
    "save where one is gone": lambda model: model.save(B, b"three"),
    "promote": lambda model: model.promote(A, 2, "published"),
    "tag": lambda model: model.tag(A, 1, "sent"),
    "delete": lambda model: model.delete(A),
    "undelete": lambda model: model.undelete(C),
    "undelete what was displaced": lambda model: model.undelete(A, B),
    "rename onto what was deleted": lambda model: model.rename(A, C),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_goes_its_own_way(model: Model, name: str) -> None:
    before, plain, copy = model.seen(), dict(model.plain), model.copy()
    assert (copy.seen(), copy.plain) == (before, plain)

    CHANGES[name](copy)
    assert copy.seen() != before
    assert (model.seen(), model.plain) == (before, plain)
    CHANGES[name](model)
    assert (model.seen(), model.plain) == (copy.seen(), copy.plain)
