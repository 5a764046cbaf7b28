"""The policies of the how-to, on a real service, against everybody who wants more than they give."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks import notebooks
from benchmarks.results import Figure, Row, Section, Table, at_least, at_most

from depository.errors import DepositoryError
from proofs import attacks
from proofs.attacks import Attack, Target
from proofs.part import Options
from proofs.scenes import Scene
from proofs.users import Server, User

_TEXT = """
[Say who may do what](../how-to/who-may-do-what.md) has three bucket policies. They are taken from that page as they
stand, given to a real service with an administrator and three users, and tried from both sides.

*Forbidden* are requests past depository, as any S3 client can send them: writing (plainly, with conditions, with an
ACL, as a copy, in parts, into somebody's unfinished upload, as a form, by a presigned address), removing keys and
versions, changing ACLs, tags and locks, reading and listing where that is not given, and every setting of the bucket.
One that is not answered with a refusal counts as gone through, whatever it did. Before and after, the administrator
compares all versions of all keys, their ACLs, and the bucket's settings. *Allowed* is what people do with their
notebooks, through depository.
"""
_MISSING = (
    "policies: no service with three users was named. --server names a file with AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, "
    "AWS_SECRET_ACCESS_KEY and AWS_ARN of who owns the buckets, and ADA_ACCESS_KEY_ID, ADA_SECRET_ACCESS_KEY and "
    "ADA_ARN, the same for BOB_… and CARL_…, of three users without any rights."
)


class Tried(NamedTuple):
    """A request that was sent though it is forbidden."""

    who: str
    what: str
    outcome: str

    @property
    def is_refused(self) -> bool:
        """Refused, or there is no such thing there."""
        return self.outcome.startswith("refused") or self.outcome == "unknown"


class Result(NamedTuple):
    """What came of one policy."""

    name: str
    forbidden: list[Tried]
    replacing: list[Tried]
    """Writes over objects that are there, which not every service can forbid."""
    misread: int
    """Versions that were read as something else than what was saved, while something was written over them."""
    allowed: list[Tried]
    changed: int
    """What the administrator found changed that nobody may change."""
    lost: int
    versions: int
    """Acknowledged versions that were read at the end."""


def run(options: Options) -> Section:
    """Try the policies on every service that is named and has users."""
    servers = [server for file in options.servers if (server := Server.of(file))]
    if not servers:
        return Section("policies", "Who may do what", _TEXT.strip(), (), missing=(_MISSING,))
    tables, targets = [], []
    for server in servers:
        name = server.name()
        found = [_shared(server)] if options.is_quick else [_shared(server), _own(server), _publishing(server)]
        control = _control(server)
        misread = sum(each.misread for each in found)
        tables += [_summary(name, found), _replacing(name, found), _possible(name, control)]
        forbidden = [tried for each in found for tried in each.forbidden]
        allowed = [tried for each in found for tried in each.allowed]
        targets += [
            at_least(f"{name}: forbidden requests that were sent", 500, len(forbidden)),
            at_least(f"{name}: of those, kinds that do something when they are allowed", 45, _doing(control)),
            at_most(f"{name}: forbidden requests that went through", 0, sum(not each.is_refused for each in forbidden)),
            at_most(f"{name}: keys, versions and settings changed by them", 0, sum(each.changed for each in found)),
            at_most(f"{name}: allowed operations that failed", 0, sum(each.outcome != "done" for each in allowed)),
            at_most(f"{name}: versions read as something else, while an object was written over", 0, misread),
            at_most(f"{name}: acknowledged versions lost or altered", 0, sum(each.lost for each in found)),
        ]
    return Section("policies", "Who may do what", _TEXT.strip(), tuple(tables), tuple(targets))


# what people do


def _work(scene: Scene, user: User, prefix: str, namespace: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that somebody does with notebooks of their own, step by step."""
    depo = scene.depository(user, prefix)
    first, second = (f"{namespace}/{name}.ipynb" for name in ("first", "second"))
    saved = _saved(user.name)
    yield "save", lambda: depo.save(first, saved[0])
    yield "save again", lambda: depo.save(first, saved[1])
    yield "save from elsewhere", lambda: scene.depository(user, prefix).save(first, saved[2])
    yield "log", lambda: _expect(3, len(list(depo.log(first))))
    yield "read", lambda: _expect(saved[0], depo.read(first, "v1"))
    yield "ls", lambda: _expect(True, first in [found.path for found in depo.ls(namespace)])
    yield "tag", lambda: depo.tag(first, "v1", "submitted")
    yield "publish", lambda: depo.promote(first, "v2", "published")
    yield "schedule", lambda: depo.promote(first, "v1", "scheduled")
    yield "withdraw", lambda: depo.withdraw(first, "scheduled")
    yield "rename", lambda: depo.rename(first, second)
    yield "delete", lambda: depo.delete(second)
    yield "undelete", lambda: depo.undelete(second)
    yield "save after it", lambda: depo.save(second, saved[3])
    yield "read what was published", lambda: _expect(saved[1], depo.read(second, "published"))


def _saved(name: str) -> list[bytes]:
    """What a user saves, in order."""
    return [notebooks.tiny(number, ord(name[0])) for number in range(4)]


def _expect(wanted: object, found: object) -> None:
    if wanted != found:
        raise AssertionError(f"{found!r} came, and not {wanted!r}")


def _do(who: User, steps: Iterable[tuple[str, Callable[[], object]]]) -> Iterator[Tried]:
    for what, step in steps:
        try:
            step()
        except (DepositoryError, AssertionError) as error:
            yield Tried(who.name, what, str(error))
        else:
            yield Tried(who.name, what, "done")


def _reading(scene: Scene, user: User, path: str, writer: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """What those do who only read somebody's notebook."""
    depo = scene.depository(user)
    yield "log of another's", lambda: _expect(4, len(list(depo.log(path))))
    yield "read another's", lambda: _expect(_saved(writer)[0], depo.read(path, "v1"))
    yield "ls of another's", lambda: _expect(True, path in [found.path for found in depo.ls()])


# what they may not do


def _attack(who: User, target: Target, *kinds: Mapping[str, Attack]) -> Iterator[Tried]:
    """Send every request of some kinds that makes sense for a target."""
    client = who.client()
    for kind in kinds:
        for what, attack in kind.items():
            if target.version or kind in (attacks.LISTS, attacks.BUCKET, attacks.PUBLICATIONS) or what in _OF_NOTHING:
                yield Tried(who.name, f"{what}: {target.key or 'the bucket'}", attacks.outcome(attack, client, target))


_OF_NOTHING = ("put", "put if there is nothing", "put for all to read", "put with a tag", "copy onto it",
               "upload it in parts", "put it as a form", "put by a presigned address")  # fmt: skip
"""What can be tried of a key that is not there."""
_CHANGES = (attacks.WRITES, attacks.REMOVALS, attacks.ATTRIBUTES)
_KEPT = (attacks.REMOVALS, attacks.ATTRIBUTES)
"""What even those may not do who may write a key."""


def _shared(server: Server) -> Result:
    ada, bob, carl = server.users.values()
    scene = Scene(server, "shared-policy.json")
    try:
        scene.make("")
        allowed = [*_do(ada, _work(scene, ada, "", "ada")), *_do(bob, _work(scene, bob, "", "bob"))]
        allowed += [*_do(ada, _reading(scene, ada, "bob/second.ipynb", "bob"))]
        allowed += [*_do(bob, _reading(scene, bob, "ada/second.ipynb", "ada"))]
        before = scene.state()
        forbidden: list[Tried] = []
        objects = scene.keys("objects/")[:2]
        for who, other in ((ada, "bob"), (bob, "ada")):
            for key in _places("", other):
                forbidden += _attack(who, scene.target(key, who), *_CHANGES)
            for key in (f"manifests/{other}/new.ipynb", f"scheduled/{other}/new.ipynb", "new", "manifests/new.ipynb"):
                forbidden += _attack(who, scene.target(key, who), attacks.WRITES)
            for key in (*objects, f"manifests/{who.name}/second.ipynb"):
                forbidden += _attack(who, scene.target(key, who), *_KEPT)
            forbidden += _attack(who, Target(scene.bucket), attacks.BUCKET)
        for key in (*objects, *_places("", "ada")):
            forbidden += _attack(carl, scene.target(key, carl), *_CHANGES, attacks.READS)
        forbidden += _attack(carl, Target(scene.bucket), attacks.LISTS, attacks.BUCKET)
        changed = _differences(before, scene.state())
        forbidden += _publish(scene, (ada, "scheduled/ada/"), (bob, "published/bob/"))
        replacing, misread = _replace(scene, ada, objects, {"ada": "", "bob": ""})
        return Result(
            "a shared depository",
            forbidden,
            replacing,
            misread,
            allowed,
            changed,
            *_count(scene, {"ada": "", "bob": ""}),
        )
    finally:
        scene.remove()


def _own(server: Server) -> Result:
    ada, bob, carl = server.users.values()
    scene = Scene(server, "own-policy.json")
    try:
        scene.make("ada", "bob")
        allowed = [*_do(ada, _work(scene, ada, "ada", "ada")), *_do(bob, _work(scene, bob, "bob", "bob"))]
        before = scene.state()
        forbidden: list[Tried] = []
        for who, others in ((ada, ("bob",)), (bob, ("ada",)), (carl, ("ada", "bob"))):
            for other in others:
                for key in (*scene.keys(f"{other}/objects/")[:2], *_places(f"{other}/", other)):
                    forbidden += _attack(who, scene.target(key, who), *_CHANGES, attacks.READS)
                for key in (f"{other}/new", f"{other}/objects/new", "new"):
                    forbidden += _attack(who, scene.target(key, who), attacks.WRITES)
                for prefix in ("", f"{other}/", f"{other}/manifests/", f"{other}/objects/", other[0], f"./{other}/"):
                    forbidden += _attack(who, Target(scene.bucket, prefix), attacks.LISTS)
            for key in (*scene.keys(f"{who.name}/objects/")[:1], *_places(f"{who.name}/", who.name)[::2]):
                forbidden += _attack(who, scene.target(key, who), *_KEPT)
            forbidden += _attack(who, Target(scene.bucket), attacks.BUCKET)
        changed = _differences(before, scene.state())
        forbidden += _publish(scene, (ada, "ada/"), (bob, "bob/published/"))
        return Result(
            "a depository each", forbidden, [], 0, allowed, changed, *_count(scene, {"ada": "ada", "bob": "bob"})
        )
    finally:
        scene.remove()


def _publishing(server: Server) -> Result:
    ada, bob, carl = server.users.values()
    scene = Scene(server, "publishing-policy.json")
    try:
        scene.make("")
        allowed = list(_do(ada, _work(scene, ada, "", "ada")))
        for who in (bob, carl):
            allowed += _do(who, _reading(scene, who, "ada/second.ipynb", "ada"))
        before = scene.state()
        forbidden: list[Tried] = []
        objects = scene.keys("objects/")[:2]
        for who in (bob, carl):
            for key in (*objects, *_places("", "ada")):
                forbidden += _attack(who, scene.target(key, who), *_CHANGES)
            for key in ("new", f"manifests/{who.name}/new.ipynb", f"published/{who.name}/new.ipynb"):
                forbidden += _attack(who, scene.target(key, who), attacks.WRITES)
            forbidden += _attack(who, Target(scene.bucket), attacks.BUCKET)
        forbidden += _attack(ada, scene.target("depository.json", ada), *_CHANGES)
        forbidden += _attack(ada, scene.target("new", ada), attacks.WRITES)
        for key in (*objects, "manifests/ada/second.ipynb"):
            forbidden += _attack(ada, scene.target(key, ada), *_KEPT)
        forbidden += _attack(ada, Target(scene.bucket), attacks.BUCKET)
        changed = _differences(before, scene.state())
        forbidden += _publish(scene, (ada, "published/ada/"))
        replacing, misread = _replace(scene, ada, objects, {"ada": ""})
        return Result("one to publish in", forbidden, replacing, misread, allowed, changed, *_count(scene, {"ada": ""}))
    finally:
        scene.remove()


def _control(server: Server) -> list[Tried]:
    """Every kind of request as the administrator sends it: one that is refused to everybody would prove nothing."""
    scene = Scene(server, "publishing-policy.json")
    kinds = (attacks.PUBLICATIONS, attacks.READS, *_CHANGES)
    try:
        scene.make("")
        found: list[Tried] = []
        for number, (what, attack) in enumerate(each for kind in kinds for each in kind.items()):
            key = f"control/{number}"
            for _ in range(2):
                scene.owner.put_object(Bucket=scene.bucket, Key=key, Body=b"to be attacked")
            found += _attack(server.admin, scene.target(key, server.admin), {what: attack})
        found += _attack(server.admin, Target(scene.bucket), attacks.LISTS, attacks.BUCKET)
        return found
    finally:
        scene.remove()


def _doing(control: list[Tried]) -> int:
    return sum(not tried.is_refused for tried in control)


def _places(prefix: str, name: str) -> tuple[str, ...]:
    """Where a user's notebook leaves something beside objects, and the marker."""
    places = (f"manifests/{name}/second.ipynb", f"published/{name}/second.ipynb", "depository.json")
    return tuple(f"{prefix}{place}" for place in places)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """How many keys, versions and settings are not what they were."""
    return sum(before.get(name) != after.get(name) for name in before.keys() | after.keys())


def _publish(scene: Scene, *places: tuple[User, str]) -> Iterator[Tried]:
    """Write for everybody to read where that may be written, and see whether everybody can."""
    for who, prefix in places:
        yield from _attack(who, scene.target(f"{prefix}public.ipynb", who), attacks.PUBLICATIONS)


def _replace(scene: Scene, who: User, objects: Iterable[str], prefixes: Mapping[str, str]) -> tuple[list[Tried], int]:
    """Write over objects that are there, as somebody who may create them; an administrator removes what came on top."""
    found: list[Tried] = []
    misread = 0
    for key in objects:
        for what, attack in attacks.WRITES.items():
            found += _attack(who, scene.target(key, who), {what: attack})
            misread += sum(read not in (saved, None) for saved, read in _all_read(scene, prefixes))
            scene.restore_oldest(key)
    return found, misread


def _count(scene: Scene, prefixes: Mapping[str, str]) -> tuple[int, int]:
    """Of the versions that were acknowledged, those that are lost or altered, and all."""
    found = list(_all_read(scene, prefixes))
    return sum(saved != read for saved, read in found), len(found)


def _all_read(scene: Scene, prefixes: Mapping[str, str]) -> Iterator[tuple[bytes, bytes | None]]:
    """Each version that was acknowledged as it was saved and as it is read, which is None if that is an error."""
    for name, prefix in prefixes.items():
        reader = scene.server.users[name] if prefix else None
        depo = scene.depository(reader or scene.server.admin, prefix)
        for number, saved in enumerate(_saved(name), start=1):
            try:
                yield saved, depo.read(f"{name}/second.ipynb", f"v{number}")
            except DepositoryError:
                yield saved, None


# what is written down


def _summary(server: str, found: list[Result]) -> Table:
    columns = (
        "forbidden, sent", "refused", "not offered", "went through", "changed by them",
        "allowed, tried", "done", "versions read at the end", "lost or altered",
    )  # fmt: skip
    rows = []
    for each in found:
        outcomes = Counter("unknown" if tried.outcome == "unknown" else tried.is_refused for tried in each.forbidden)
        done = sum(tried.outcome == "done" for tried in each.allowed)
        figures = (
            len(each.forbidden), outcomes[True], outcomes["unknown"], outcomes[False], each.changed,
            len(each.allowed), done, each.versions, each.lost,
        )  # fmt: skip
        rows.append(Row(each.name, tuple(Figure(figure) for figure in figures)))
    note = "; ".join(f"{tried.who}: {tried.what}: {tried.outcome}" for tried in _surprises(found))
    return Table(f"policies {server}", f"Three policies on {server}", "policy", columns, tuple(rows), note=note)


def _surprises(found: list[Result]) -> list[Tried]:
    """What went through though it is forbidden, or failed though it is allowed."""
    through = [tried for each in found for tried in each.forbidden if not tried.is_refused]
    return through + [tried for each in found for tried in each.allowed if tried.outcome != "done"]


def _replacing(server: str, found: list[Result]) -> Table:
    columns = ("writes sent", "refused", "not refused", "read as something else", "versions below it lost")
    rows = []
    for each in found:
        if each.replacing:
            refused = sum(tried.is_refused for tried in each.replacing)
            figures = (len(each.replacing), refused, len(each.replacing) - refused, each.misread, each.lost)
            rows.append(Row(each.name, tuple(Figure(figure) for figure in figures)))
    return Table(
        f"replacing {server}",
        f"Writing over an object on {server}, by somebody who may create objects",
        "policy",
        columns,
        tuple(rows),
        note=_REPLACING,
    )


def _possible(server: str, control: list[Tried]) -> Table:
    columns = ("kinds of request", "did something", "refused to everybody, or by their own condition", "not offered")
    unknown = sum(tried.outcome == "unknown" for tried in control)
    doing = _doing(control)
    figures = (len(control), doing, len(control) - doing - unknown, unknown)
    refused = "; ".join(tried.what.partition(": ")[0] for tried in control if tried.outcome.startswith("refused"))
    return Table(
        f"control {server}",
        f"The same requests on {server}, sent by who owns the bucket",
        "",
        columns,
        (Row("the administrator", tuple(Figure(figure) for figure in figures)),),
        note=f"A request that is refused to everybody proves nothing. Refused to the administrator as well: {refused}.",
    )


_REPLACING = (
    "A service that knows the condition `s3:if-none-match` refuses these. On one that does not, such as Ceph, such a "
    "write adds a version: what was there stays below it, and only the administrator can take either away."
)
