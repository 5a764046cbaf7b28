"""What the eye of the proofs says of a depository."""

from collections.abc import Callable, Iterator
from functools import partial

from proofs.steps import Eye, State, Step, after, do, start

from depository import Depository
from depository.backends.base import Backend, Item
from depository.backends.memory import MemoryBackend
from depository.backends.wrapper import Wrapper

SAVE, DELETE, AGAIN = Step("save", 0, (1,)), Step("delete", 0), Step("save", 0, (2,))


class Late(Wrapper):
    """A service that does what was asked of it while others list what is there, one thing each time."""

    def __init__(self, backend: Backend, *asked: Callable[[], object]) -> None:
        super().__init__(backend)
        self._asked = list(asked)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        found = list(super().list(prefix, after=after))
        if self._asked and prefix.startswith("manifests/"):
            self._asked.pop(0)()
        return iter(found)


def depository(*done: Step) -> tuple[MemoryBackend, State]:
    """A store in which something was done, and what is to be there."""
    backend, state = MemoryBackend(), start()
    with Depository.adopt(backend) as depo:
        for step in done:
            do(depo, state, step)
            state = after(state, step)
    return backend, state


def test_what_was_acknowledged_has_to_be_there_and_what_was_under_way_may_be() -> None:
    backend, state = depository(SAVE, DELETE)
    assert Eye().complaints(backend, state) == ""
    assert Eye().complaints(backend, state, AGAIN) == ""
    assert Eye().complaints(backend, after(state, AGAIN)) != ""
    do(Depository(backend), state, AGAIN)
    assert Eye().complaints(backend, state, AGAIN) == ""
    assert Eye().complaints(backend, state) != ""


def test_what_a_service_does_while_it_is_looked_at_is_no_complaint() -> None:
    backend, state = depository(SAVE, DELETE)
    late = Late(backend, partial(do, Depository(backend), state, AGAIN))
    assert Eye().complaints(late, state, AGAIN) == ""


def test_it_is_looked_at_until_two_looks_are_the_same() -> None:
    backend, state = depository(SAVE)
    depo = Depository(backend)
    more = [Step("save", 0, (serial,)) for serial in (2, 3, 4)]
    late = Late(backend, *(partial(do, depo, state, step) for step in more))
    assert Eye().complaints(late, state, Step("save all", 0, (2, 3, 4))) == ""


def test_what_nobody_was_about_to_do_is_one() -> None:
    backend, state = depository(SAVE, DELETE)
    late = Late(backend, partial(do, Depository(backend), state, AGAIN))
    assert Eye().complaints(late, state) != ""
