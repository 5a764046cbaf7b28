"""A writer of the throughput's measurement, as a program: saves, or puts, for some seconds.

It is told what to do as JSON, says ``ready``, starts when it reads a line, and writes how much it did.
"""

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks import notebooks, servers
from depository import Depository
from depository.backends import connect
from depository.backends.metering import Metering


class Order(NamedTuple):
    """What a writer does."""

    what: str
    """``save``, ``boto3``, ``http`` or ``disk``."""
    place: str
    """A directory, or a prefix in the bucket."""
    number: int
    """Of this writer, from 0 on."""
    writers: int
    paths: int
    seconds: float
    size: int
    """Bytes of a notebook, or of each body that is put."""
    bucket: str
    server: dict[str, str]
    most: int
    """Saves or puts at the most."""


class Done(NamedTuple):
    """What it did."""

    times: int
    """Saves, or puts."""
    seconds: float
    puts: int
    sent: int
    """Bytes that were put."""


def work(order: Order) -> tuple[Iterator[Callable[[], object]], Callable[[], tuple[int, int]]]:
    """One call after the other, and what tells how much was put, in requests and bytes."""
    if order.what == "save":
        return _saves(order)
    calls = {"boto3": _boto3, "http": _http, "disk": _disk}[order.what](order)
    return calls, lambda: (0, 0)


def _saves(order: Order) -> tuple[Iterator[Callable[[], object]], Callable[[], tuple[int, int]]]:
    meter = Metering(_service(order).backend(order.place) if order.bucket else connect(order.place))
    depository = Depository(meter)
    files = list(itertools.islice(notebooks.versions(order.size, order.number + 1), order.most))
    # one path is everybody's; of many each writer has its own
    mine = [n for n in range(order.paths) if n % order.writers == order.number] if order.paths > 1 else [0]
    paths = itertools.cycle([f"team/{number}.ipynb" for number in mine])
    for path in itertools.islice(paths, len(mine)):
        depository.save(path, files[0])
    meter.reset()

    def counted() -> tuple[int, int]:
        return meter.counts.calls.get("put", 0), meter.counts.bytes_out

    return (lambda file=file: depository.save(next(paths), file) for file in files[1:]), counted


def _boto3(order: Order) -> Iterator[Callable[[], object]]:
    client = _service(order).client()
    body = os.urandom(order.size)
    client.put_object(Bucket=order.bucket, Key=f"{order.place}/{order.number}", Body=body)

    def put(number: int) -> object:
        return client.put_object(Bucket=order.bucket, Key=f"{order.place}/{order.number}/{number}", Body=body)

    return (lambda number=number: put(number) for number in range(order.most))  # type: ignore[misc]


def _http(order: Order) -> Iterator[Callable[[], object]]:
    """Requests that were signed before, over one connection: about the least that a client can do."""
    from http.client import HTTPConnection

    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    server = order.server
    credentials = Credentials(server["AWS_ACCESS_KEY_ID"], server["AWS_SECRET_ACCESS_KEY"])
    body = os.urandom(order.size)
    base = f"{server['AWS_ENDPOINT_URL']}/{order.bucket}/{order.place}/{order.number}"

    def signed(number: int) -> tuple[str, dict[str, str]]:
        request = AWSRequest("PUT", f"{base}/{number}", data=body, headers={"Content-Length": str(len(body))})
        S3SigV4Auth(credentials, "s3", server.get("AWS_DEFAULT_REGION", "us-east-1")).add_auth(request)
        return urlsplit(str(request.url)).path, dict(request.headers.items())

    requests = [signed(number) for number in range(order.most)]
    connection = HTTPConnection(urlsplit(server["AWS_ENDPOINT_URL"]).netloc)

    def put(path: str, headers: dict[str, str]) -> None:
        connection.request("PUT", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the service answered {answer.status}")

    return (lambda each=each: put(*each) for each in requests)  # type: ignore[misc]


def _disk(order: Order) -> Iterator[Callable[[], object]]:
    """A file written, brought to the disk and given its name, and the name brought to the disk."""
    directory = os.path.join(order.place, str(order.number))
    os.makedirs(directory)
    body = os.urandom(order.size)

    def put(number: int) -> None:
        incoming, name = os.path.join(directory, "incoming"), os.path.join(directory, str(number))
        with open(incoming, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        os.rename(incoming, name)
        descriptor = os.open(directory, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    return (lambda number=number: put(number) for number in range(order.most))  # type: ignore[misc]


def _service(order: Order) -> servers.Service:
    return servers.Service("", order.bucket, order.server, None)


def main() -> None:
    """Do what is ordered."""
    order = Order(**json.loads(sys.argv[1]))
    calls, counted = work(order)
    print("ready", flush=True)
    sys.stdin.readline()
    start = time.perf_counter()
    times = 0
    for call in calls:
        call()
        times += 1
        if time.perf_counter() - start > order.seconds:
            break
    seconds = time.perf_counter() - start
    puts, sent = counted()
    done: dict[str, Any] = Done(times, seconds, puts, sent)._asdict()
    print(json.dumps(done))


if __name__ == "__main__":
    main()
