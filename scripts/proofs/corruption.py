"""Part ``corruption``: every byte of every kind of object altered, and every length cut, one at a time."""

import itertools
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from benchmarks.results import Figure, Row, Section, Table, at_least, at_most

from depository.backends.base import Backend
from depository.backends.memory import MemoryBackend
from depository.depository import Depository
from depository.errors import DepositoryError
from depository.marker import KEY as MARKER
from depository.objects.store import key_of
from depository.search.query import Layer, Query, Telling, Versions
from depository.spool.directory import Spool
from depository.spool.items import Item
from depository.spool.items import Kind as ItemKind
from depository.verifying import checking
from proofs import damaged
from proofs.damaged import OTHER, Altered, Target
from proofs.part import Options

if TYPE_CHECKING:
    from depository.verifying.findings import Finding

MASKS = (0x01, 0x80, 0xFF)
"""What is flipped in each byte."""
WHOLE = 4096
"""Bytes of the largest object of which every byte and every length is tried."""
_PLACES = 512
"""Of a larger one, so many bytes and lengths."""
_QUICK = 48
"""Of each, in a quick run."""
_EACH = 7
"""Of so many damages one is looked at from all sides: what does not need the object is read, and something is saved on
top. It has no factor in common with the number of changes of a byte, so that all of these have their turn."""
_EXAMPLES = 5

Answer = Any
Ask = Callable[[Depository], Answer]


class Question(NamedTuple):
    """Something that is asked of a depository."""

    name: str
    ask: Ask


class Told(NamedTuple):
    """An error of ours, or a note beside an answer."""

    text: str


class Foreign(NamedTuple):
    """An error that is not ours."""

    text: str


class Damage(NamedTuple):
    """What was done to an object."""

    how: str
    data: bytes


class Tally:
    """What came of the trials of one kind of object."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: list[str] = []

    def add(self, what: str, example: str = "") -> None:
        """Count something, and keep an example of what should not be."""
        self.counts[what] += 1
        if example and self.counts[what] <= _EXAMPLES:
            self.examples.append(f"{what}: {example}")


def run(options: Options) -> Section:
    """Damage one object of every kind, byte by byte, and ask everything that reads it."""
    random = Random(options.seed)
    most = _QUICK if options.is_quick else WHOLE
    tallies: dict[str, Tally] = {}
    backend, targets = damaged.world()
    for target in targets:
        tallies[target.kind] = _tried(backend, target, most, random)
        print(f"{target.kind}: {dict(tallies[target.kind].counts)}", file=sys.stderr)
    for kind, tally in _files(backend, options.scratch, most, random):
        tallies[kind] = tally
        print(f"{kind}: {dict(tally.counts)}", file=sys.stderr)
    return _section(tallies)


def damages(data: bytes, most: int, random: Random) -> Iterator[Damage]:
    """Every byte with some of its bits flipped, every length, and a few ways of going on."""
    few = most if most < WHOLE else _PLACES
    places = list(range(len(data)))
    if len(data) > most:
        used = [place for place in places if data[place]]  # a file of SQLite is mostly room for more
        places = sorted(random.sample(used, few))
    for place, mask in itertools.product(places, MASKS):
        yield Damage(f"byte {place} ^ {mask:#x}", data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
    for length in places:
        yield Damage(f"cut after {length}", data[:length])
    for more in (b"\0", b"\n", b"more", data, bytes(1 << 21)):
        yield Damage(f"followed by {len(more)} more", data + more)


# What is asked


def questions(target: Target, versions: int) -> Iterator[Question]:
    """All that reads a notebook."""
    path, spec = target.path, target.spec
    yield Question("read", lambda depo: depo.read(path, spec))
    yield Question("load", lambda depo: depo.load(path, spec))
    yield Question("read the first", lambda depo: depo.read(path, "v1"))
    if versions > 1:
        yield Question("read the second", lambda depo: depo.read(path, "v2"))
        yield Question("read the newest", lambda depo: depo.read(path))
        yield Question("diff", lambda depo: repr(depo.diff(path, "v1", "v2")))
    yield Question("log", lambda depo: list(depo.log(path)))
    yield Question("history", lambda depo: list(depo.history(path)))
    yield Question("refs", lambda depo: depo.refs(path))
    yield Question("blame", lambda depo: _with_notes(lambda note: depo.blame(path, note=note)))
    yield Question("grep", lambda depo: _grep(depo, path))
    yield Question("ls", lambda depo: [line.path for line in depo.ls(path, deleted=True)])
    yield Question("ls with details", lambda depo: _details(depo, path))
    yield Question("info", lambda depo: depo.info())
    if target.kind in ("displaced history", "manifest, with a displaced history"):
        yield Question("undelete under another name", lambda depo: _undeleted(depo, path))


def _with_notes(ask: Callable[[Callable[[str], None]], Answer]) -> Answer:
    notes: list[str] = []
    answer = ask(notes.append)
    return Told(" ".join(notes)) if notes else answer


def _grep(depo: Depository, path: str) -> Answer:
    query = Query("a", versions=Versions.ALL)
    return _with_notes(lambda note: list(depo.grep(query, prefix=path, telling=Telling(note))))


def _searched(depo: Depository, index: str) -> Answer:
    """All that is asked of an index: every layer of every version, what is gone, and whence copied cells are."""

    def ask(note: Callable[[str], None]) -> Answer:
        telling = Telling(note)
        queries = Query("a", versions=Versions.ALL, layers=frozenset(Layer)), Query("a", versions=Versions.REMOVED)
        found = [match for query in queries for match in depo.grep(query, telling=telling, index=index)]
        with closing(depo.origins(index=index, telling=telling)) as origins:
            return found, depo.blame(damaged.COPY, origins=origins)

    return _with_notes(ask)


def _details(depo: Depository, path: str, cache: str | None = None) -> Answer:
    lines = list(depo.ls(path, details=True, deleted=True, cache=cache))
    lost = [line.path for line in lines if line.version is None]
    # when it was changed is the store's word, and not the manifest's
    return Told(f"no details of {', '.join(lost)}") if lost else [(line.path, *line[2:]) for line in lines]


class _StoppedError(Exception):
    """Somebody has had enough of a check."""


def _broken_off(depo: Depository, ledger: str) -> None:
    """Check everything, and stop at the half."""

    def progress(share: float) -> None:
        if share > 0.5:
            raise _StoppedError

    # else so few notebooks are not on disk before all are checked
    with patch.object(checking, "_KEPT_AFTER", 1), suppress(_StoppedError):
        depo.verify(ledger=ledger, progress=progress)


def _taken_up(depo: Depository, ledger: str) -> Answer:
    findings: list[Finding] = []
    return depo.verify(ledger=ledger, found=findings.append)._replace(resumed=True), findings


def _undeleted(depo: Depository, path: str) -> Answer:
    depo.undelete(path, to="team/back.ipynb")
    return depo.read("team/back.ipynb")


def _verified(depo: Depository, path: str) -> Answer:
    findings: list[Finding] = []
    depo.verify(path, found=findings.append)
    wrong = [finding.text for finding in findings if not finding.is_remark]
    return Told(" ".join(wrong)) if wrong else findings


def _answer(ask: Ask, depo: Depository) -> Answer:
    try:
        return ask(depo)
    except DepositoryError as error:
        return Told(f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - that there is none is what is proven
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Foreign(f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})")


# What is tried


def _tried(backend: Backend, target: Target, most: int, random: Random) -> Tally:
    tally = Tally()
    data = damaged.contents_of(backend, target.key)
    asked = list(questions(target, damaged.fresh(backend).resolve(target.path).number))
    right = {question.name: _answer(question.ask, damaged.fresh(Altered(backend, {}))) for question in asked}
    without = Altered(backend, {target.key: b"no such thing"})
    needing = [each for each in asked if _answer(each.ask, damaged.fresh(without)) != right[each.name]]
    other = Question("another notebook", lambda depo: depo.read(OTHER))
    right[other.name] = _answer(other.ask, damaged.fresh(backend))
    spared = [*(each for each in asked if each not in needing), other]
    draft = damaged.next_draft(damaged.fresh(backend), target.path)
    for number, damage in enumerate(damages(data, most, random)):
        store = Altered(backend, {target.key: damage.data})
        tally.add("tried")
        told = [_judge(tally, target, damage, each, right[each.name], store) for each in needing]
        tally.add("told" if any(told) else "of no effect")
        if number % _EACH:
            continue
        verified = _answer(lambda depo: _verified(depo, target.path), damaged.fresh(store))
        if any(told) and not isinstance(verified, Told):
            tally.add("missed by verify", f"{damage.how} of the {target.kind}: {verified!s:.200}")
        contained = True
        for each in spared:
            answer = _answer(each.ask, damaged.fresh(Altered(backend, {target.key: damage.data})))
            if answer != right[each.name]:
                contained = False
                tally.add("spared question", f"{damage.how} of the {target.kind}: {each.name}: {answer!s:.200}")
        tally.add("contained" if contained else "not contained")
        _save_on_top(tally, target, damage, store, draft, right)
    return tally


def _judge(tally: Tally, target: Target, damage: Damage, question: Question, right: Answer, store: Altered) -> bool:
    """Whether a question is answered by an error, which is as it should be; else the answer is to be right."""
    answer = _answer(question.ask, damaged.fresh(Altered(store.backend, {target.key: damage.data})))
    tally.add("answers")
    what = f"{damage.how} of the {target.kind}: {question.name}: "
    if answer == right:
        return False
    if isinstance(answer, Foreign):
        tally.add("foreign", what + answer.text)
        return True
    if isinstance(answer, Told):
        tally.add("errors")
        if _names(answer.text, target):
            tally.add("named")
        else:
            tally.add("unnamed", what + answer.text)
        return True
    tally.add("wrong", what + f"{answer!s:.200}")
    return False


def _names(text: str, target: Target) -> bool:
    digest = target.key.removeprefix("objects/").replace("/", "")
    is_of_all = target.key == MARKER and "memory:world" in text
    return is_of_all or any(name in text for name in (target.key, digest, target.path))


def _save_on_top(
    tally: Tally, target: Target, damage: Damage, store: Altered, draft: bytes, right: Mapping[str, Answer]
) -> None:
    """Save over the damage, then take it away: what was saved, and all that was there, has to read right."""
    tally.add("saves on top")
    what = f"{damage.how} of the {target.kind}: save on top: "
    saved = _answer(lambda depo: depo.save(target.path, draft).number, damaged.fresh(store))
    if isinstance(saved, Foreign):
        tally.add("foreign", what + saved.text)
    if isinstance(saved, Told):
        is_named = _names(saved.text, target)
        tally.add("named" if is_named else "unnamed", "" if is_named else what + saved.text)
        tally.add("errors")
        tally.add("saves refused")
        # nothing of it was written, but objects that nobody refers to
    is_manifest = target.key.startswith("manifests/")
    if isinstance(saved, Told | Foreign):
        healed = store.healed(target.key)
    else:
        after = _answer(lambda depo: depo.read(target.path), damaged.fresh(store))
        if after != draft:
            # it refers to the damaged object, as it has the same image or text, and says so when it is read
            shares = isinstance(after, Told) and _names(after.text, target)
            tally.add("shares the damage" if shares else "spread", "" if shares else what + f"{after!s:.200}")
        healed = store if is_manifest else store.healed(target.key)
        if (now := _answer(lambda depo: depo.read(target.path), damaged.fresh(healed))) != draft:
            tally.add("spread", what + f"mended, v{saved} reads {now!s:.200}")
    for name, spec in (("read", target.spec), ("read the first", "v1"), ("read the second", "v2")):
        if name not in right or isinstance(right[name], Told) or spec == "latest":
            continue
        now = _answer(lambda depo, spec=spec: depo.read(target.path, spec), damaged.fresh(healed))  # type: ignore[misc]
        if now != right[name]:
            tally.add("spread", what + f"mended, {spec} reads {now!s:.200}")


# What lies on the user's own disk


def _files(backend: Backend, scratch: Path, most: int, random: Random) -> Iterator[tuple[str, Tally]]:
    lost = key_of(bytes.fromhex(damaged.fresh(backend).resolve("team/chain.ipynb", "v1").hash))
    lossy = Altered(backend, {lost: b"damage"})
    remembered: Mapping[str, tuple[Callable[[str], object], Callable[[str], Answer]]] = {
        "what is remembered for ls": (
            lambda file: _details(damaged.fresh(backend), "", file),
            lambda file: _details(damaged.fresh(backend), "", file),
        ),
        "the search index": (
            lambda file: _searched(damaged.fresh(backend), file),
            lambda file: _searched(damaged.fresh(backend), file),
        ),
        "a check that was broken off": (
            lambda file: _broken_off(damaged.fresh(lossy), file),
            lambda file: _taken_up(damaged.fresh(lossy), file),
        ),
    }
    for number, (kind, (make, ask)) in enumerate(remembered.items()):
        yield kind, _file(scratch / f"remembered-{number}", most, random, make, ask)
    yield "a save that waits", _spooled(scratch / "spool", most, random)


def _file(file: Path, most: int, random: Random, make: Callable[[str], object], ask: Callable[[str], Answer]) -> Tally:
    """A file that may be thrown away at any time: whatever is in it, the answer is right."""
    tally = Tally()
    make(str(file))
    data = file.read_bytes()
    right = ask(str(file))
    for damage in damages(data, most, random):
        file.write_bytes(damage.data)
        tally.add("tried")
        answer = _answer(lambda _: ask(str(file)), damaged.fresh(MemoryBackend()))
        tally.add("answers")
        what = f"{damage.how} of {file.name}: "
        if isinstance(answer, Foreign):
            tally.add("foreign", what + answer.text)
        elif answer != right:
            tally.add("wrong", what + f"{answer!s:.300}")
        else:
            tally.add("of no effect")
        tally.add("contained")
    return tally


def _spooled(directory: Path, most: int, random: Random) -> Tally:
    """A save on its way into the archive is read as it was, or refused by the error that sets it aside."""
    tally = Tally()
    clock = itertools.count(1_790_000_000 * 10**9)
    spool = Spool(str(directory), clock=lambda: next(clock), token=lambda: random.randbytes(4))
    item = Item(ItemKind.SAVE, 1, "ann", "save", "a.ipynb", "memory:", "ann/a.ipynb", {}, "/home/ann/a.ipynb")
    name = spool.begin(item, b"a file " * 20)
    spool.confirm(name)
    file = directory / "items" / f"{name}.item"
    right = spool.read(name)
    for damage in damages(file.read_bytes(), most, random):
        file.write_bytes(damage.data)
        tally.add("tried")
        for read in (spool.read, spool.header):
            tally.add("answers")
            try:
                found = read(name)
            except ValueError:
                tally.add("errors")
                tally.add("named")  # by what sets it aside: the file, and why
                continue
            except Exception as error:  # noqa: BLE001 - as above
                tally.add("foreign", f"{damage.how}: {error!r}")
                continue
            # a header that is looked at alone, to show what waits, is not vouched for, but it is one
            if read == spool.read and found != right:
                tally.add("wrong", f"{damage.how}: {found!s:.200}")
            if not _is_item(found):
                tally.add("foreign", f"{damage.how}: {found!s:.200} is no item")
        tally.add("contained")
    spool.close()
    return tally


def _is_item(item: Any) -> bool:
    texts = (item.author, item.cause, item.shown)
    maybe = (item.url, item.path, item.file, item.old)
    return (
        isinstance(item.kind, ItemKind)
        and isinstance(item.time, int)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(text, str | None) for text in maybe)
        and isinstance(item.directory, bool)
        and all(isinstance(word, str) for word in itertools.chain(*item.s3.items()))
    )


# What is told of it

_COLUMNS = (
    ("tried", "tried"),
    ("told", "noticed"),
    ("of no effect", "of no effect"),
    ("errors", "errors"),
    ("named", "that name it"),
    ("saves on top", "looked at from all sides"),
    ("contained", "others read"),
    ("wrong", "wrong answers"),
    ("foreign", "foreign exceptions"),
    ("spread", "spread by a save"),
    ("shares the damage", "saves that share it"),
)


def _section(tallies: Mapping[str, Tally]) -> Section:
    rows = tuple(
        Row(kind, tuple(Figure(float(tally.counts[name])) for name, _ in _COLUMNS)) for kind, tally in tallies.items()
    )
    total: Counter[str] = sum((tally.counts for tally in tallies.values()), Counter())
    rows += (Row("all", tuple(Figure(float(total[name])) for name, _ in _COLUMNS)),)
    table = Table("corruption", "One object damaged", "object", tuple(head for _, head in _COLUMNS), rows)
    for example in (example for tally in tallies.values() for example in tally.examples):
        print(example, file=sys.stderr)
    return Section(
        "corruption",
        "Damaged objects",
        _TEXT,
        (table,),
        (
            at_least("damages of one stored object tried", 1, total["tried"]),
            at_most("answers that were wrong, and nobody was told", 0, total["wrong"]),
            at_most("foreign exceptions", 0, total["foreign"]),
            at_most("errors that name neither the object nor the notebook", 0, total["unnamed"]),
            at_most("damages that verify did not find, of those that it was asked about", 0, total["missed by verify"]),
            at_most("damages that kept something else from being read", 0, total["not contained"]),
            at_most("damages that a save on top made worse", 0, total["spread"]),
        ),
    )


_TEXT = (
    "One object of each kind is damaged, a single change at a time: in each byte the lowest bit, the highest and all "
    f"eight flipped; cut after each of its bytes; and followed by more. Objects of up to {WHOLE:,} bytes in every "
    f"byte, larger ones at {_PLACES:,} places that are not zero. After each change everything that reads the notebook "
    "is asked: read, load, diff, log, history, refs, blame, grep, ls, info. The answer has to be the right one, byte "
    "for byte, or an error of depository's own that names the object or the notebook. Of seven damages one is looked "
    "at from all sides: `verify` has to find it; what does not need the object, and another notebook, has to be as "
    "ever; then a new version is saved on top and the damage taken away again: everything, the new version too, has "
    "to read right. *Saves that share it*: the new version has the same image or text as the damaged one, refers to "
    "the same object, and says so when it is read. The files that only remember what was read have to be seen "
    "through, and the answer has to be right all the same: of the search index, every layer of every version, the "
    "lines that are gone, and where copied cells come from; of a check that was broken off, all that it finds. `ls` "
    "alone reads lengths and no contents: it shows a manifest whose length has changed by one byte as deleted, or as "
    "alive, until something reads it."
)
