"""What goes wrong on the way to a real service, at every request: a save is there once, or its author has been told."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from depository import Depository
from depository.backends.s3 import S3Backend
from depository.backends.s3_settings import S3Settings
from depository.errors import AccessDenied, StorageError
from depository.testing.proxy import Fault, Proxy, Request, nothing, proxying
from tests.backends.conftest import aws_environment, bucket, bucket_name, moto_server
from tests.backends.moto_server import MotoServer
from tests.notebooks import file_of, small

__all__ = ["aws_environment", "bucket", "bucket_name", "moto_server"]

PATH = "a.ipynb"
OLD, NEW, LATER, LAST = (file_of(small(seed, cells=1)) for seed in range(4))
WAITING = (Fault.STALLED, Fault.STALLED_AFTER, Fault.LATE)


@pytest.fixture(scope="module")
def proxy(moto_server: MotoServer) -> Iterator[Proxy]:
    """One for all, since a client is made for each address, and that takes its time."""
    with proxying(moto_server.url) as made:
        yield made
        made.plan = nothing


@pytest.fixture
def settings(proxy: Proxy, moto_server: MotoServer) -> S3Settings:
    proxy.plan = nothing
    return moto_server.settings._replace(endpoint_url=proxy.url)


def opened(bucket: str, settings: S3Settings) -> Depository:
    """A depository as a new process opens it, that waits for nothing."""
    return Depository(S3Backend(bucket, "", settings), sleep=lambda _: None)


def failing(proxy: Proxy, fault: Fault, at: int, *, until: int) -> None:
    """Have those requests go wrong, counted from now on."""
    start = proxy.requests

    def plan(request: Request) -> Fault | None:
        return fault if at <= request.number - start < until else None

    proxy.plan = plan


def files(depository: Depository) -> list[bytes]:
    """Of all versions, the oldest first."""
    return [depository.read(PATH, version.name) for version in reversed(list(depository.log(PATH)))]


@pytest.mark.parametrize(
    ("fault", "times"),
    [*((fault, 1) for fault in Fault if fault not in WAITING), (Fault.RESET_AFTER, 100), (Fault.TRUNCATED, 100)],
    ids=lambda each: each.name if isinstance(each, Fault) else f"{each} times",
)
def test_a_save_is_there_once_or_its_author_is_told(
    fault: Fault, times: int, bucket: str, settings: S3Settings, proxy: Proxy, moto_server: MotoServer
) -> None:
    with Depository.adopt(S3Backend(bucket, "", moto_server.settings)) as plain:
        plain.save(PATH, OLD)
        for at in range(20):
            before, data = proxy.requests, file_of(small(100 + at, cells=1))
            failing(proxy, fault, at, until=at + times)
            told = False
            with opened(bucket, settings) as depository, suppress(StorageError):
                depository.save(PATH, data)
                told = True
            there = len(list(plain.log(PATH))) - at
            assert there in ((2,) if told else (1, 2))
            assert (plain.read(PATH) == data) == (there == 2)
            assert plain.save(PATH, data).number == at + 2
            if proxy.requests - before <= at:
                assert told
                assert at >= 3
                assert files(plain) == [OLD, *(file_of(small(100 + one, cells=1)) for one in range(at + 1))]
                return
    raise AssertionError


@pytest.mark.parametrize(("fault", "said"), [(Fault.EXPIRED, "expired"), (Fault.SKEWED, "clock")])
def test_credentials_that_expire_and_clocks_that_go_wrong_between_two_requests_of_a_save(
    fault: Fault, said: str, bucket: str, settings: S3Settings, proxy: Proxy
) -> None:
    with Depository.adopt(S3Backend(bucket, "", settings)) as depository:
        depository.save(PATH, OLD)
        failing(proxy, fault, 1, until=100)  # the object is written, and the manifest is not
        with pytest.raises(AccessDenied, match=said):
            depository.save(PATH, NEW)
        with pytest.raises(AccessDenied, match=said):
            depository.save(PATH, LATER)
        proxy.plan = nothing  # the credentials were renewed, or the clock was set

        assert depository.save(PATH, LATER).number == 2
        assert files(depository) == [OLD, LATER]
        assert depository.save(PATH, NEW).number == 3
        assert files(depository) == [OLD, LATER, NEW]


@pytest.mark.parametrize("fault", WAITING, ids=lambda fault: fault.name)
def test_a_write_that_is_stalled_for_an_hour_while_its_author_and_others_go_on_counts_once(
    fault: Fault, bucket: str, proxy: Proxy, moto_server: MotoServer
) -> None:
    with (
        proxying(moto_server.url, stall=3600) as stalling,
        Depository.adopt(S3Backend(bucket, "", moto_server.settings)) as other,
    ):
        impatient = moto_server.settings._replace(endpoint_url=stalling.url, read_timeout=1.0, max_attempts=2)
        other.save(PATH, OLD)
        with opened(bucket, impatient) as depository:
            failing(stalling, fault, 3, until=4)  # the manifest, behind the marker, what it was before, and the object
            depository.save(PATH, NEW)  # it was sent again
            other.save(PATH, LATER)
            seen = stalling.requests
            stalling.let_go()  # it arrives
            assert depository.save(PATH, LAST).number == 4
        assert stalling.faults == {fault: 1}
        assert seen >= 5
        assert files(other) == [OLD, NEW, LATER, LAST]
