"""A live trial of conditional writes tells stores that several writers can share from those that lose writes."""

import threading
from collections.abc import Iterator

import pytest

from depository import Depository
from depository.backends.base import CONDITIONAL, VERSIONED, Absent, Backend, Condition, Item, Match, Stored
from depository.backends.memory import MemoryBackend, VersionedMemory
from depository.backends.probe import complaint
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from depository.backends.wrapper import Wrapper
from depository.errors import AccessDenied, OutcomeUnknown, PreconditionFailed, StorageError
from tests.backends.moto_server import MotoServer, s3
from tests.backends.stub_server import Reply, Request, refusal, stubbed

KEYS = S3Settings(region="us-east-1", access_key_id="an id", secret_access_key="a secret", max_attempts=1)


class Broken(Wrapper):
    """A store in memory with a fault in its conditional writes."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())


class IgnoresConditions(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        return super().put(key, data)


class IgnoresMatches(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        return super().put(key, data, condition if isinstance(condition, Absent) else None)


class RefusesToCreate(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if isinstance(condition, Absent):
            raise PreconditionFailed("It is there already.")
        return super().put(key, data, condition)


class RefusesMatches(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if isinstance(condition, Match):
            raise PreconditionFailed("It is not what it was.")
        return super().put(key, data, condition)


class CreatesByMatches(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if isinstance(condition, Match) and not list(self.list(key)):
            condition = None
        return super().put(key, data, condition)


class RefusesAndWrites(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        try:
            return super().put(key, data, condition)
        except PreconditionFailed:
            super().put(key, data)
            raise


class RefusesAndReplaces(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        try:
            return super().put(key, data, condition)
        except PreconditionFailed:
            if isinstance(condition, Match):
                super().put(key, data)
            raise


class RefusesAndWritesInRaces(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        try:
            return super().put(key, data, condition)
        except PreconditionFailed:
            if "at_once" in key:
                super().put(key, data)
            raise


class ListsNothing(Broken):
    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        return iter(())


class ForgetsDeletions(Broken):
    def delete(self, key: str) -> None:
        """Do nothing."""


class DeletesFromListingsOnly(Broken):
    def __init__(self) -> None:
        super().__init__()
        self._deleted: set[str] = set()

    def delete(self, key: str) -> None:
        self._deleted.add(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Item]:
        return (item for item in super().list(prefix, after=after) if item.key not in self._deleted)


class RemembersDeletions(Broken):
    def __init__(self) -> None:
        super().__init__()
        self._deleted: set[str] = set()

    def delete(self, key: str) -> None:
        self._deleted.add(key)
        super().delete(key)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if isinstance(condition, Absent) and key in self._deleted:
            raise PreconditionFailed("It was there once.")
        return super().put(key, data, condition)


class HasNoConditions(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        raise StorageError("The service has no means to write so.")


class ChecksThenWrites(Broken):
    """Two that check before either writes both win."""

    def __init__(self, racing: type[Condition]) -> None:
        super().__init__()
        self._racing = racing
        self._together = threading.Barrier(2)

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if not isinstance(condition, self._racing) or "at_once" not in key or data == b"first":
            return super().put(key, data, condition)
        there = {item.key: item.etag for item in self.list(key)}
        if there.get(key) != (condition.etag if isinstance(condition, Match) else None):
            raise PreconditionFailed("It is not what it was.")
        try:
            self._together.wait(1)
        except threading.BrokenBarrierError:
            self._together.reset()
        return super().put(key, data)


class ForgetsCounts(Broken):
    """It takes a write of a counter that others have changed meanwhile."""

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        return super().put(key, data, None if key.endswith("counts") and data != b"0" else condition)

    def get(self, key: str, *, limit: int) -> Stored:
        found = super().get(key, limit=limit)
        return Stored(b"0", found.etag) if key.endswith("counts") and found.data == b"1" else found


FAULTS: list[tuple[str, Broken]] = [
    ("refused to create a key that is not there", RefusesToCreate()),
    ("created a key that was there already", IgnoresConditions()),
    ("took a write whose condition did not hold any more", IgnoresMatches()),
    ("refused a write whose condition held", RefusesMatches()),
    ("replaced a key that is not there", CreatesByMatches()),
    ("refused a write and took it all the same", RefusesAndWrites()),
    ("refused a write and took it all the same", RefusesAndReplaces()),
    ("does not list at once what was written", ListsNothing()),
    ("lists what was deleted", ForgetsDeletions()),
    ("reads what was deleted", DeletesFromListingsOnly()),
    ("refused to create a key that had been deleted", RemembersDeletions()),
    ("it failed: The service has no means to write so", HasNoConditions()),
    ("writers that created one key at once it told 2", ChecksThenWrites(Absent)),
    ("writers that replaced one key at once it told 2", ChecksThenWrites(Match)),
    ("writers that created one key at once it kept one that it had refused", RefusesAndWritesInRaces()),
    ("additions by 4 writers at once it kept", ForgetsCounts()),
]


@pytest.mark.parametrize(("text", "store"), FAULTS, ids=[type(store).__name__ for _, store in FAULTS])
def test_what_is_wrong_is_told(text: str, store: Broken) -> None:
    found = complaint(store, "probe/")
    assert found is not None
    assert text in found


def test_a_store_that_holds_to_conditions_stands_the_trial() -> None:
    assert complaint(MemoryBackend(), "probe/") is None


def test_versions_stand_it_where_conditions_do_not() -> None:
    backend = VersionedMemory()
    assert complaint(backend, "plain/") == "it created a key that was there already"
    backend.rely_on_versions("")
    assert complaint(backend, "judged/") is None


class Unclear(Broken):
    """Those that come second get no clear answer, as from some servers."""

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        try:
            return super().put(key, data, condition)
        except PreconditionFailed as error:
            raise OutcomeUnknown("It is not known.") from error


def test_an_unclear_answer_to_a_loser_is_no_fault() -> None:
    assert complaint(Unclear(), "probe/") is None


class RefusesCounts(Broken):
    """Nobody's turn to count ever comes."""

    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        if key.endswith("counts") and isinstance(condition, Match):
            raise PreconditionFailed("It is not what it was.")
        return super().put(key, data, condition)


def test_a_writer_whose_turn_never_comes_gives_up_and_has_lost_nothing() -> None:
    assert complaint(RefusesCounts(), "probe/") is None


class Denied(Broken):
    def put(self, key: str, data: bytes, condition: Condition | None = None) -> str:
        raise AccessDenied("You may not.")


def test_without_access_there_is_no_verdict() -> None:
    with pytest.raises(AccessDenied):
        complaint(Denied(), "probe/")


# S3


@pytest.fixture
def server(moto_server: MotoServer) -> Iterator[MotoServer]:
    yield moto_server
    moto_server.is_deaf = False


@pytest.fixture
def backend(server: MotoServer, bucket: str) -> Iterator[Backend]:
    with S3Backend(bucket, "some/prefix", server.settings) as backend:
        yield backend


@pytest.mark.parametrize(("is_deaf", "protocol"), [(False, CONDITIONAL), (True, VERSIONED)])
def test_a_service_that_ignores_conditions_is_judged_by_its_versions(
    server: MotoServer, backend: Backend, bucket: str, is_deaf: bool, protocol: str
) -> None:
    server.is_deaf = is_deaf
    assert backend.choose_protocol("ab") == protocol
    assert list(s3().buckets[bucket].keys.keys()) == [], "it takes away what it wrote"


def test_one_that_keeps_no_versions_either_is_refused(server: MotoServer, backend: Backend, bucket: str) -> None:
    server.is_deaf = True
    s3().put_bucket_versioning(bucket, "Suspended")
    with pytest.raises(StorageError, match=r"cannot be written by several at once, for it created .*, and it "):
        backend.choose_protocol("ab")


def test_what_a_service_does_not_delete_is_left_to_it_after_some_tries() -> None:
    def answer(request: Request) -> Reply:
        if request.method == "PUT":
            return refusal(403, "AccessDenied")
        if request.path.endswith("?versioning"):
            return Reply(body=b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        listed = b"<A><Version><Key>.probe/ab/conditional/creates</Key><VersionId>1</VersionId></Version></A>"
        return Reply(body=listed if request.method == "GET" else b"<DeleteResult/>")

    with (
        stubbed(answer) as stub,
        S3Backend("bucket", "", KEYS._replace(endpoint_url=stub.url)) as backend,
        pytest.raises(AccessDenied, match="may not write"),
    ):
        backend.choose_protocol("ab")
    assert len([request for request in stub.requests if request.method == "POST"]) == 20


def test_a_depository_is_made_with_what_the_trial_found(server: MotoServer, bucket_name: str) -> None:
    server.is_deaf = True
    with Depository.create(f"s3://{bucket_name}", s3=server.settings) as one:
        assert one.info().protocol == VERSIONED
        one.save("a.ipynb", b"one")
        with Depository.open(f"s3://{bucket_name}", s3=server.settings) as other:
            assert other.read("a.ipynb") == b"one"
            assert other.save("a.ipynb", b"two").number == 2
        assert one.save("a.ipynb", b"three").number == 3


def test_one_that_is_there_keeps_its_protocol_without_a_trial(server: MotoServer, bucket_name: str) -> None:
    with Depository.create(f"s3://{bucket_name}", s3=server.settings):
        server.is_deaf = True
        server.seen.clear()
        with Depository.create(f"s3://{bucket_name}", s3=server.settings) as again:
            assert again.info().protocol == CONDITIONAL
    assert not [seen for seen in server.seen if ".probe" in seen.path]


def test_memory_and_directories_need_no_trial() -> None:
    backend = MemoryBackend()
    assert backend.choose_protocol("ab") == CONDITIONAL
    assert list(backend.list("")) == []


def test_a_store_without_versions_cannot_be_judged_by_them() -> None:
    with pytest.raises(StorageError, match="keeps no older values of 'manifests/'"):
        MemoryBackend().rely_on_versions("manifests/")
