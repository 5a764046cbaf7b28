"""Every public operation of a depository, each with the state that it starts from, and what the model says of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import NamedTuple

from depository import Depository, Draft, Info
from depository.backends.base import Backend
from depository.backends.wrapper import Wrapper
from depository.search.query import Query, Telling, Versions
from depository.testing.model import Model
from tests.notebooks import code, file_of, notebook, small, with_plots

A, B, C = "a.ipynb", "dir/b.ipynb", "c.ipynb"
EVERYWHERE = ("workspace", "scheduled", "published")

NEW = file_of(with_plots(99, plots=1))
OTHER = file_of(small(98, cells=1))
DRAFTED = datetime(2026, 9, 20, 12, tzinfo=UTC)
MADE = datetime(2026, 1, 1, tzinfo=UTC)

Answer = object
"""What an operation gave, as something that can be compared."""


class Both:
    """A depository and its model, set up together."""

    def __init__(self, depo: Depository, model: Model, next_client: Callable[[], Depository]) -> None:
        self.depo = depo
        self.model = model
        self.past = model.copy()
        """What stale reads will give."""
        self._next_client = next_client

    def a_moment_passes(self) -> None:
        """What there is now is what stale reads will give; and what the first client remembers, where it comes back."""
        self.past = self.model.copy()
        self.depo = self._next_client()

    def save(self, path: str, *files: bytes, message: str = "") -> None:
        """Save one after the other."""
        for file in files:
            self.depo.save(path, file, message=message)
            self.model.save(path, file, message=message)

    def promote(self, path: str, number: int, ref: str) -> None:
        """Publish or schedule."""
        self.depo.promote(path, f"v{number}", ref)
        self.model.promote(path, number, ref)

    def tag(self, path: str, number: int, name: str) -> None:
        """Tag a version."""
        self.depo.tag(path, f"v{number}", name)
        self.model.tag(path, number, name)

    def delete(self, path: str) -> None:
        """Delete."""
        self.depo.delete(path)
        self.model.delete(path)

    def rename(self, old: str, new: str) -> None:
        """Rename."""
        self.depo.rename(old, new)
        self.model.rename(old, new)


class Operation(NamedTuple):
    """Something that a depository does."""

    name: str
    before: Callable[[Both], None]
    """Makes the state that it starts from."""
    do: Callable[[Depository], Answer]
    model: Callable[[Model], Answer] | None = None
    """Does it to the model. None: it only reads, and gives what it gives where nothing goes wrong."""
    broken_off: Callable[[Model], object] | None = None
    """Brings the model to where the operation may be left, half done."""
    materialize: tuple[str, ...] = ()
    is_warm: bool = False
    """The client that does it is the one that saved first, and remembers what was there then."""
    creates: Callable[[Backend], Answer] | None = None
    """Done instead of `do`, with a store that may be no depository yet."""


def file(number: int) -> bytes:
    """The file of a version of a history: some with a plot, each a little other than the one before."""
    made = with_plots(number // 2, plots=1) if number % 2 else small(number // 2)
    made["metadata"]["draft"] = number
    return file_of(made)


def noise(seed: int) -> str:
    """A message that cannot be compressed, so that three entries with one do not fit into a manifest."""
    return "".join(map(chr, Random(seed).choices(range(0x4E00, 0x9FFF), k=1_300)))


def _three(both: Both) -> None:
    both.save(A, file(1), file(2))
    both.a_moment_passes()
    both.save(A, file(3))


def _published(both: Both) -> None:
    both.save(A, file(1), file(2), file(3))
    both.tag(A, 1, "paper")
    both.a_moment_passes()
    both.promote(A, 2, "published")


def _deleted(both: Both) -> None:
    both.save(A, file(1), file(2), file(3))
    both.promote(A, 2, "published")
    both.a_moment_passes()
    both.delete(A)


def _full(both: Both) -> None:
    for number in (1, 2):
        both.save(A, file(number), message=noise(number))
        both.a_moment_passes()


def _paged(both: Both) -> None:
    for number in range(1, 8):
        both.a_moment_passes()
        both.save(A, file(number), message=noise(number))


def _renamed(both: Both) -> None:
    both.save(A, file(1), file(2))
    both.a_moment_passes()
    both.rename(A, B)


def _one_deleted(both: Both) -> None:
    _three(both)
    both.promote(A, 2, "published")
    both.save(B, file(11), file(12))
    both.promote(B, 1, "scheduled")
    both.a_moment_passes()
    both.delete(B)


def _displaced(both: Both) -> None:
    _one_deleted(both)
    both.a_moment_passes()
    both.rename(A, B)


def _several(both: Both) -> None:
    both.save(B, file(11), file(12))
    both.save(C, file(1), file(21))
    both.delete(C)
    _published(both)


def _cells(both: Both) -> None:
    sources = ["a = 1", "b = 2\nb += 1", "c = 3"]
    for number in range(1, 5):
        sources[number % 3] += f"\nmore({number})"
        cells = [code(source, cell_id=f"c{index}") for index, source in enumerate(sources)]
        both.a_moment_passes()
        both.save(A, file_of(notebook(*cells)))


def _nothing(_: Both) -> None:
    pass


def _save(depo: Depository, path: str, data: bytes, message: str = "") -> Answer:
    return depo.save(path, data, message=message).number


def _save_all(depo: Depository, files: Sequence[bytes], *, resumed: bool = False) -> Answer:
    drafts = [Draft(data, time=DRAFTED.replace(minute=number)) for number, data in enumerate(files)]
    return [version.number for version in depo.save_all(A, drafts, resumed=resumed)]


def _resume(model: Model, files: Sequence[bytes]) -> Answer:
    there = model.paths[A]
    if tuple(there.files[-len(files) :]) == tuple(files):
        return list(range(len(there.files) - len(files) + 1, len(there.files) + 1))
    return model.save(A, *files)


def _event(given: object) -> Answer:
    return (given.event, given.path, given.number, given.previous, given.other)  # type: ignore[attr-defined]


def _history(depo: Depository) -> Answer:
    return [(type(entry).__name__, *entry[:2], entry.time) for entry in depo.history(A)]


def _listed(depo: Depository, *, details: bool = False) -> Answer:
    lines = depo.ls(details=details, deleted=True)
    return [(line.path, line.deleted, line.version and line.version.number, dict(line.refs)) for line in lines]


def _blamed(depo: Depository) -> Answer:
    notes: list[str] = []
    made = depo.blame(A, lines=True, note=notes.append)
    cells = ((cell.source, cell.version.number, [line.version.number for line in cell.lines]) for cell in made)
    return _told(cells, notes)


def _traced(depo: Depository) -> Answer:
    notes: list[str] = []
    steps = depo.trace(A, "c1", note=notes.append)
    return _told(((step.version.number, step.status, step.source) for step in steps), notes)


def _grepped(depo: Depository) -> Answer:
    notes: list[str] = []
    query = Query("more", versions=Versions.ALL)
    found = depo.grep(query, telling=Telling(note=notes.append))
    return _told(((match.path, match.version, match.line, tuple(match.ranges)) for match in found), notes)


def _info(found: Info) -> Answer:
    return (found.format, found.protocol, found.created, found.prefixes, found.materialize)


class Incomplete(NamedTuple):
    """An answer that says itself that it is not whole."""

    notes: tuple[str, ...]


def _told(answer: Iterable[object], notes: list[str]) -> Answer:
    whole = list(answer)
    return Incomplete(tuple(notes)) if notes else whole


def _adopt(backend: Backend) -> Answer:
    Depository.adopt(backend, prefixes={"published": "public"}, materialize=("published",))
    store = backend.backend if isinstance(backend, Wrapper) else backend
    return sorted(Depository(store).info().prefixes.items())


def _with_answer(call: Callable[[Model], object], answer: Answer) -> Callable[[Model], Answer]:
    def done(model: Model) -> Answer:
        call(model)
        return answer

    return done


def _moving(verb: str, number: int | None, ref: str) -> Callable[[Model], Answer]:
    """The event that a move of a ref is answered with."""

    def done(model: Model) -> Answer:
        previous = model.paths[A].refs.get(ref) if A in model.paths else None
        if verb in ("publish", "schedule"):
            model.promote(A, number or 0, ref)
        elif verb == "tag":
            model.tag(A, number or 0, ref)
        elif verb == "untag":
            model.untag(A, ref)
        else:
            model.withdraw(A, ref)
        return (verb, A, number, previous, None)

    return done


def _deleting(model: Model) -> Answer:
    model.delete(A)
    return ("delete", A, None, None, None)


def _renaming(model: Model) -> Answer:
    model.rename(A, B)
    return ("rename", B, None, None, A)


def _undeleting(path: str, to: str | None) -> Callable[[Model], Answer]:
    return _with_answer(lambda model: model.undelete(path, to), ("undelete", to or path, None, None, None))


def _writing() -> Iterable[Operation]:
    saved = partial(_save, path=A, data=NEW)
    files = (file(5), file(6), NEW)

    def save(model: Model, message: str = "") -> Answer:
        return model.save(A, NEW, message=message)[0]

    yield Operation("first save", _nothing, saved, save)
    yield Operation("save", _three, saved, save)
    yield Operation("save by a process that remembers", _three, saved, save, is_warm=True)
    long = noise(9)
    yield Operation(
        "save that seals a page", _full, partial(_save, path=A, data=NEW, message=long), partial(save, message=long)
    )
    yield Operation(
        "save of older content", _three, partial(_save, path=A, data=file(1)), lambda model: model.save(A, file(1))[0]
    )
    yield Operation(
        "save of the newest content", _three, partial(_save, path=A, data=file(3)), lambda m: m.save(A, file(3))[0]
    )
    raw = b"\0raw"
    yield Operation("save of raw bytes", _three, partial(_save, path=A, data=raw), lambda m: m.save(A, raw)[0])
    yield Operation("save over a deleted notebook", _deleted, saved, save)
    yield Operation("save where one was renamed away", _renamed, saved, save)
    yield Operation("save with a plain notebook", _three, saved, save, materialize=EVERYWHERE)
    yield Operation("save_all", _three, partial(_save_all, files=files), lambda model: model.save(A, *files))
    yield Operation(
        "save_all, resumed", _three, partial(_save_all, files=files, resumed=True), partial(_resume, files=files)
    )
    yield Operation(
        "save_all, resumed, with a plain notebook",
        _three,
        partial(_save_all, files=files, resumed=True),
        partial(_resume, files=files),
        materialize=EVERYWHERE,
    )
    for spaces in ((), EVERYWHERE):
        for made in _once():
            name = f"{made.name} with plain notebooks" if spaces else made.name
            yield made._replace(name=name, materialize=spaces)
    yield Operation(
        "promote by a process that remembers",
        _published,
        lambda d: _event(d.promote(A, "v3", "published")),
        _moving("publish", 3, "published"),
        is_warm=True,
    )
    yield Operation("tag", _published, lambda d: _event(d.tag(A, "v3", "draft")), _moving("tag", 3, "draft"))
    yield Operation("untag", _published, lambda d: _event(d.untag(A, "paper")), _moving("untag", None, "paper"))


def _once() -> Iterable[Operation]:
    def half(model: Model) -> None:
        model.rename(A, B, half=True)

    def rename(depo: Depository) -> Answer:
        return _event(depo.rename(A, B))

    publishing = _moving("publish", 3, "published")
    yield Operation("promote", _published, lambda d: _event(d.promote(A, "v3", "published")), publishing)
    withdrawing = _moving("unpublish", None, "published")
    yield Operation("withdraw", _published, lambda d: _event(d.withdraw(A, "published")), withdrawing)
    yield Operation("rename", _three, rename, _renaming, half)
    yield Operation("rename onto a deleted notebook", _one_deleted, rename, _renaming, half)
    yield Operation("delete", _published, lambda d: _event(d.delete(A)), _deleting)
    yield Operation("undelete", _deleted, lambda d: _event(d.undelete(A)), _undeleting(A, None))
    yield Operation("undelete to another path", _deleted, lambda d: _event(d.undelete(A, to=B)), _undeleting(A, B))
    displaced = _undeleting(B, C)
    yield Operation("undelete what was displaced", _displaced, lambda d: _event(d.undelete(B, to=C)), displaced)


def _reading() -> Iterable[Operation]:
    yield Operation("log", _paged, lambda d: [version[:8] for version in d.log(A)])
    yield Operation("history", _published, _history)
    yield Operation("read", _paged, lambda d: d.read(A))
    yield Operation("read of an older version", _paged, lambda d: d.read(A, "v2"))
    yield Operation("load", _three, lambda d: d.load(A))
    yield Operation("load of an older version", _paged, lambda d: d.load(A, "v1"))
    yield Operation("resolve a number", _paged, lambda d: d.resolve(A, "v2").hash)
    yield Operation("resolve a ref", _published, lambda d: d.resolve(A, "published").number)
    yield Operation("resolve a time", _paged, lambda d: d.resolve(A, "2027-01-01").number)
    yield Operation("refs", _published, lambda d: d.refs(A))
    yield Operation("ls", _several, _listed)
    yield Operation("ls with details", _several, partial(_listed, details=True))
    yield Operation("diff", _cells, lambda d: d.diff(A))
    yield Operation("blame", _cells, _blamed)
    yield Operation("trace", _cells, _traced)
    yield Operation("grep of all versions", _cells, _grepped)
    yield Operation("info", _three, lambda d: _info(d.info()))


WRITING = tuple(_writing())
READING = tuple(_reading())
CREATING = (
    Operation("create", _nothing, lambda _: None, creates=_adopt),
    Operation("create where there is one", _three, lambda _: None, creates=_adopt),
)
