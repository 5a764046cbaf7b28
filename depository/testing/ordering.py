"""Whether what several clients were answered can have come of doing it all one after the other, and in which order.

This is linearizability, found by search: an order of all calls in which whatever had ended before something else began
comes before it, in which the model answers each as it was answered, and at whose end the model is what there is (after
J. Wing and C. Gong, "Testing and verifying concurrent objects", 1993).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from depository.errors import DepositoryError
from depository.testing.model import Model


class Call(NamedTuple):
    """A call of one client."""

    name: str
    began: int
    """When: any number that grows with time."""
    ended: int | None
    """None if it did not, or if its answer was unclear: it may have been done at any time since it began, or never."""
    do: Callable[[Model], object]
    """Does it to the model, and gives the answer."""
    answer: object = None
    """What the client was answered; an error's type, if it was refused."""
    instead: Callable[[Model], object] | None = None
    """What it may have done and been answered as well, where something else was half done."""


def order_of(
    calls: Sequence[Call], start: Model, is_end: Callable[[Model], bool], *, limit: int = 100_000
) -> list[Call] | None:
    """An order in which the calls can have been done, or None if there is none.

    Args:
        calls: of all clients.
        start: what there was before.
        is_end: says of a model whether it is what there was afterwards.
        limit: steps of the search.

    Raises:
        AssertionError: the search takes more steps.
    """
    left = [limit]
    failed: set[tuple[frozenset[int], str]] = set()

    def search(todo: tuple[Call, ...], model: Model, done: list[Call]) -> list[Call] | None:
        here = (frozenset(map(id, todo)), repr((model.seen(), model.gone)))
        if here in failed:
            return None
        left[0] -= 1
        if not left[0]:
            raise AssertionError(f"no order of {len(calls)} calls was found in {limit:,} steps")
        if all(call.ended is None for call in todo) and is_end(model):
            return done
        earliest_end = min((call.ended for call in todo if call.ended is not None), default=None)
        for call in sorted(todo, key=lambda call: (call.ended is None, call.ended, call.began)):
            if earliest_end is not None and call.began > earliest_end:
                continue
            rest = tuple(each for each in todo if each is not call)
            for do in filter(None, (call.do, call.instead)):
                after = model.copy()
                answer = _answer(do, after)
                # what is refused without anybody being told is all the same to the others
                fits = answer == call.answer if call.ended is not None else not isinstance(answer, type)
                if fits and (found := search(rest, after, [*done, call])) is not None:
                    return found
        failed.add(here)
        return None

    return search(tuple(calls), start, [])


def _answer(do: Callable[[Model], object], model: Model) -> object:
    try:
        return do(model)
    except DepositoryError as error:
        return type(error)
