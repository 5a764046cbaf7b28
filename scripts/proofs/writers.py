"""What the clients of part ``interleavings`` do, to a depository and to the model."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from depository import Depository, Draft
from depository.errors import Conflict
from depository.testing import Line, Model

A, B, C, GONE = "a.ipynb", "b.ipynb", "c.ipynb", "gone.ipynb"


class Deed(NamedTuple):
    """One call."""

    name: str
    do: Callable[[Depository], object]
    model: Callable[[Model], object]
    saves: tuple[bytes, ...] = ()
    """Files that nobody else saves."""
    renames: bool = False
    is_quiet: bool = False
    """It changes nothing."""
    instead: Callable[[Model], object] | None = None
    """What it does to the model where a rename is half done."""


def begin(depo: Depository, model: Model) -> None:
    """Three versions, the first published; two more, deleted; and nothing elsewhere."""
    for number in (1, 2, 3):
        depo.save(A, b"version %d" % number)
        model.save(A, b"version %d" % number)
    depo.promote(A, "v1", "published")
    model.promote(A, 1, "published")
    for number in (1, 2):
        depo.save(GONE, b"gone %d" % number)
        model.save(GONE, b"gone %d" % number)
    depo.delete(GONE)
    model.delete(GONE)


def save(path: str, data: bytes) -> Deed:
    """One version."""
    return Deed(
        f"save of {path}", lambda depo: [depo.save(path, data).number], lambda model: model.save(path, data), (data,)
    )


def save_all(path: str, *files: bytes) -> Deed:
    """Several versions."""

    def do(depo: Depository) -> object:
        return [version.number for version in depo.save_all(path, [Draft(data) for data in files])]

    return Deed(f"save_all of {path}", do, lambda model: model.save(path, *files), files)


def promote(path: str, number: int, ref: str = "published", expect: int | None = -1) -> Deed:
    """A ref moved, if it is where it is expected."""

    def do(depo: Depository) -> object:
        event = depo.promote(path, f"v{number}", ref, expect=expect)
        return event.number, event.previous

    return Deed(f"promote v{number} of {path}", do, lambda model: model.promote(path, number, ref, expect=expect))


def tag(path: str, number: int, name: str) -> Deed:
    """A tag."""
    return Deed(
        f"tag v{number} of {path}",
        lambda depo: _nothing(depo.tag(path, f"v{number}", name)),
        lambda model: model.tag(path, number, name),
    )


def withdraw(path: str) -> Deed:
    """A ref taken away."""
    return Deed(
        f"withdraw {path}",
        lambda depo: _nothing(depo.withdraw(path, "published")),
        lambda model: model.withdraw(path, "published"),
    )


def delete(path: str) -> Deed:
    """A deletion. Of a notebook that is being renamed it comes along, as whatever is done at the old name does."""

    def follow(model: Model) -> None:
        model.delete(model.gone.get(path, path))

    return Deed(
        f"delete {path}", lambda depo: _nothing(depo.delete(path)), lambda model: model.delete(path), instead=follow
    )


def undelete(path: str, to: str | None = None) -> Deed:
    """A deletion taken back."""
    return Deed(
        f"undelete {path}", lambda depo: _nothing(depo.undelete(path, to=to)), lambda model: model.undelete(path, to)
    )


def rename(old: str, new: str) -> Deed:
    """Another name. The same at once makes one; of two names at once one wins, and the other is told and stays."""

    def fight(model: Model) -> None:
        there = model.gone.get(old)
        target = model.paths.get(new)
        if there is not None and there != new and there in model.paths and (target is None or target.deleted):
            if target is not None:
                model.buried.setdefault(new, []).append(target)
            model.paths[new] = fought = model.paths[there].copy()
            fought.lines = [*fought.lines[:-1], Line("rename", other=old)]
            raise Conflict(new)

    return Deed(
        f"rename {old} to {new}",
        lambda depo: _nothing(depo.rename(old, new)),
        lambda model: model.rename(old, new),
        renames=True,
        instead=fight,
    )


def look(path: str) -> Deed:
    """A reader, who reads the newest version and where the refs are."""

    def do(depo: Depository) -> object:
        version, data = depo.read_version(path)
        return version.number, data, version.refs

    def model(model: Model) -> object:
        there = model.known(path)
        refs = sorted(ref for ref, number in there.refs.items() if number == len(there.files))
        return len(there.files), there.files[-1], tuple(refs if there.deleted else ("workspace", *refs))

    return Deed(f"read of {path}", do, model, is_quiet=True)


def look_at_refs(path: str) -> Deed:
    """A reader, who asks where the refs are."""
    return Deed(
        f"refs of {path}",
        lambda depo: depo.refs(path),
        lambda model: {"workspace": len(model.known(path).files), **model.known(path).refs},
        is_quiet=True,
    )


def draw(chance: Random, name: str, *, is_reader: bool, may_rename: bool) -> list[Deed]:
    """What a client does, by chance."""
    if is_reader:
        return [chance.choice((look, look_at_refs))(chance.choice((A, A, B))) for _ in range(4)]
    deeds = []
    for number in range(chance.randint(2, 3)):
        path = chance.choice((A, A, B))
        data = f"{name} {number}".encode()
        choices: list[Callable[[], Deed]] = [
            partial(save, path, data),
            partial(save, path, data),
            partial(save_all, path, data, data + b" too"),
            partial(promote, path, chance.randint(1, 3), chance.choice(("published", "scheduled"))),
            partial(promote, path, chance.randint(1, 3), "published", chance.choice((1, 2, None))),
            partial(tag, path, chance.randint(1, 3), chance.choice(("mine", name.replace(" ", "-")))),
            partial(withdraw, path),
            partial(delete, path),
            partial(undelete, chance.choice((path, GONE))),
        ]
        if may_rename:
            choices += [partial(rename, *chance.sample((A, B, C), 2)) for _ in range(4)]
        deeds.append(chance.choice(choices)())
    return deeds


def _nothing(_: object) -> None:
    """What the model answers to most calls."""
