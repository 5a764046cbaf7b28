"""What people do to notebooks, step by step, and what a depository has to show for it.

The steps that follow from a seed and a state are always the same, so that a process that is killed needs to tell only
how many it has done. `State` is all that has to be there; it knows nothing of how a depository works.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import NamedTuple

from depository import Depository, Draft
from depository.backends.base import Backend
from depository.errors import DepositoryError, KeyNotFound, NoNotebook
from depository.verifying.findings import Finding, Kind
from tests.notebooks import file_of, small, with_plots

BOOKS = 3
_LIMIT = 1 << 30
_MOST_LOOKS = 5
_NAMES = ("{}.ipynb", "moved/{}.ipynb", "moved/{}.ipynb/again.ipynb")


class Book(NamedTuple):
    """A notebook."""

    path: str
    serials: tuple[int, ...] = ()
    """What its versions hold, the oldest first; see `file`."""
    refs: tuple[tuple[str, int], ...] = ()
    is_deleted: bool = False


State = Mapping[int, Book]
"""The notebooks, by numbers of their own that renames do not change."""


class Step(NamedTuple):
    """One thing that somebody does."""

    what: str
    """``save``, ``save all``, ``publish``, ``tag``, ``rename``, ``delete`` or ``undelete``."""
    book: int
    serials: tuple[int, ...] = ()
    """What is saved."""
    name: str = ""
    """The new path, or the tag."""


class Shown(NamedTuple):
    """What a depository shows of a notebook."""

    serials: tuple[int, ...]
    refs: tuple[tuple[str, int], ...]
    is_deleted: bool


def start() -> State:
    """Notebooks that were never saved."""
    return {number: Book(_NAMES[0].format(number)) for number in range(BOOKS)}


@lru_cache(8192)
def file(serial: int) -> bytes:
    """The file that a serial number stands for: mostly small, now and then with images, or none of Jupyter's."""
    if serial % 11 == 10:
        return b"no notebook, but saved: %d" % serial
    if serial % 7 == 6:
        return file_of(with_plots(serial, plots=1))
    made = small(serial % 5, cells=2)
    made["metadata"]["serial"] = serial
    return file_of(made, indent=1 if serial % 3 else 2)


def steps(state: State, random: Random, serial: int) -> Iterator[tuple[Step, State]]:
    """What happens next, and what is there after each step, for ever.

    Args:
        state: what is there.
        random: the chance.
        serial: the first serial number that is free.
    """
    while True:
        step = choose(state, random, serial)
        serial += len(step.serials)
        state = after(state, step)
        yield step, state


def choose(state: State, random: Random, serial: int) -> Step:
    """What somebody may do next, by chance."""
    number = random.randrange(len(state))
    book = state[number]
    if not book.serials:
        return Step("save", number, (serial,))
    if book.is_deleted:
        return Step("undelete", number) if random.random() < 0.6 else Step("save", number, (serial,))
    chance = random.random()
    if chance < 0.6:
        return Step("save", number, (serial,))
    if chance < 0.72:
        return Step("save all", number, tuple(range(serial, serial + random.randint(2, 5))))
    if chance < 0.8:
        return Step("publish", number)
    if chance < 0.86:
        return Step("tag", number, name=f"tag-{random.randrange(3)}")
    if chance < 0.95:
        names = [name.format(number) for name in _NAMES]
        return Step("rename", number, name=random.choice([name for name in names if name != book.path]))
    return Step("delete", number)


def after(state: State, step: Step) -> State:
    """What has to be there once a step is done."""
    book = state[step.book]
    refs = dict(book.refs)
    match step.what:
        case "save" | "save all":
            book = book._replace(serials=book.serials + step.serials, is_deleted=False)
        case "publish":
            refs["published"] = len(book.serials)
        case "tag":
            refs[step.name] = len(book.serials)
        case "rename":
            book = book._replace(path=step.name)
        case "delete" | "undelete":
            book = book._replace(is_deleted=step.what == "delete")
        case _:
            raise ValueError(step.what)
    return {**state, step.book: book._replace(refs=tuple(sorted(refs.items())))}


def do(depository: Depository, state: State, step: Step) -> None:
    """Do a step.

    Raises:
        DepositoryError: it could not be done.
    """
    path = state[step.book].path
    match step.what:
        case "save":
            depository.save(path, file(step.serials[0]))
        case "save all":
            depository.save_all(path, [Draft(file(serial)) for serial in step.serials])
        case "publish":
            depository.promote(path, "latest", "published")
        case "tag":
            depository.tag(path, "latest", step.name, move=True)
        case "rename":
            depository.rename(path, step.name)
        case "delete":
            depository.delete(path)
        case "undelete":
            depository.undelete(path)


class Eye:
    """Looks at a depository as a new process would, and says what is wrong with it."""

    def __init__(self) -> None:
        self._serial_of: dict[bytes, int] = {}
        self._learnt: set[int] = set()
        self._known: dict[str, int] = {}

    def complaints(self, backend: Backend, state: State, pending: Step | None = None, *, full: bool = False) -> str:
        """What is not as it has to be; empty if all is.

        Args:
            backend: where the depository is.
            state: what was acknowledged.
            pending: what was under way, and may have happened or not. A rename may have left both names.
            full: read every version, and not only those that were not read before, and verify the depository.
        """
        self._learn(after(state, pending) if pending else state)
        try:
            found = self._at_rest(backend, allowed := list(_allowed(state, pending)), full=full)
            plain = _plain(backend)
            findings = _verified(backend, is_stale_allowed=pending is not None) if full else []
        except DepositoryError as error:
            return f"{type(error).__name__}: {error}"
        if found not in allowed:
            return f"there is {found}, and it should be {shown(state)}, or what {pending} makes of it"
        if findings:
            return f"verify finds {findings[:3]}"
        for number, book in state.items():
            published = dict(book.refs).get("published")
            if not published or (pending and pending.book == number):
                continue
            if plain.get(f"published/{book.path}") != file(book.serials[published - 1]):
                return f"the published notebook of {book.path} is not version {published}"
        return ""

    def has_happened(self, backend: Backend, state: State, pending: Step) -> bool:
        """Whether a step is done, all of it."""
        self._learn(after(state, pending))
        return self._look(backend) == shown(after(state, pending))

    def _at_rest(self, backend: Backend, allowed: "list[dict[str, Shown]]", *, full: bool) -> dict[str, Shown]:
        """What is there. What is not allowed counts once two looks in a row have seen it.

        A service may do what a process asked of it after that was killed, and between two of the reads of one look.
        """
        found = self._look(backend, full=full)
        for _ in range(_MOST_LOOKS):
            if found in allowed:
                break
            before, found = found, self._look(backend, full=full)
            if found == before:
                break
        return found

    def _look(self, backend: Backend, *, full: bool = False) -> dict[str, Shown]:
        fresh = Depository(backend)
        found = {}
        for line in list(fresh.ls(deleted=True)):
            try:
                versions = list(fresh.log(line.path))[::-1]
                named = fresh.refs(line.path)
            except NoNotebook:  # renamed away
                continue
            if [version.number for version in versions] != list(range(1, len(versions) + 1)):
                raise DepositoryError(f"{line.path} has the numbers {[version.number for version in versions]}")
            serials = []
            for version in versions:
                if full or version.hash not in self._known:
                    self._known[version.hash] = self._serial(fresh.read(line.path, version.name))
                serials.append(self._known[version.hash])
            refs = {name: number for name, number in named.items() if name != "workspace"}
            found[line.path] = Shown(tuple(serials), tuple(sorted(refs.items())), line.deleted)
        return found

    def _learn(self, state: State) -> None:
        for book in state.values():
            for serial in book.serials:
                if serial not in self._learnt:
                    self._learnt.add(serial)
                    self._serial_of[sha256(file(serial)).digest()] = serial

    def _serial(self, data: bytes) -> int:
        serial = self._serial_of.get(sha256(data).digest())
        if serial is None:
            raise DepositoryError(f"nobody saved {data[:60]!r}")
        return serial


def shown(state: State) -> dict[str, Shown]:
    """What a depository has to show."""
    return {book.path: Shown(book.serials, book.refs, book.is_deleted) for book in state.values() if book.serials}


def _allowed(state: State, pending: Step | None) -> Iterator[dict[str, Shown]]:
    yield shown(state)
    if pending is not None:
        done = shown(after(state, pending))
        yield done
        if pending.what == "rename":
            yield shown(state) | done


def _verified(backend: Backend, *, is_stale_allowed: bool) -> list[Finding]:
    findings: list[Finding] = []
    Depository(backend).verify(found=findings.append)
    allowed = {Kind.STALE} if is_stale_allowed else set()
    return [finding for finding in findings if not finding.is_remark and finding.kind not in allowed]


def _plain(backend: Backend) -> dict[str, bytes]:
    found = {}
    for item in backend.list("published/"):
        try:
            found[item.key] = backend.get(item.key, limit=_LIMIT).data
        except KeyNotFound:
            continue
    return found
