"""What a server tells about archiving: on Jupyter's event system, and as numbers on its metrics page."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_events.logger import EventLogger
from prometheus_client import Gauge

from depository.jupyter import events, metrics
from tests.jupyter.api.calls import API, at
from tests.jupyter.servers import TOKEN, Server, archived_path, running
from tests.notebooks import small

TOLD: list[dict[str, Any]] = [
    {"event": "accepted", "shown": "a.ipynb"},
    {"event": "refused", "shown": "a.ipynb", "sentence": "The spool is full."},
    {
        "event": "archived",
        "url": "s3://bucket",
        "path": "kylek/a.ipynb",
        "shown": "a.ipynb",
        "file": "/home/kylek/a.ipynb",
        "version": 3,
        "hash": "0" * 64,
        "author": "ann",
        "cause": "save",
        "time": 1_795_307_216_893,
        "waited": 0.3,
        "fresh": True,
    },
    {"event": "problem", "url": "s3://bucket", "kind": "denied", "sentence": "The key expired.", "waiting": 4},
    {"event": "recovered", "url": "s3://bucket", "waiting": 0},
    {"event": "aside", "shown": "a.ipynb", "file": "/spool/aside/x", "sentence": "It is damaged."},
    {"event": "renamed", "shown": "b.ipynb", "path": "kylek/b.ipynb"},
    {"event": "deleted", "shown": "a.ipynb", "path": "kylek/a.ipynb"},
]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told["event"])
def test_what_is_told_fits_the_schema_of_its_event(told: dict[str, Any]) -> None:
    logger = EventLogger()
    logger.register_event_schema(Path(events.SCHEMA_FILE))
    event = events.event_of(told)
    assert event is not None
    logger.schemas.validate_event(events.SCHEMA, event)


def test_all_that_is_told_is_an_event() -> None:
    assert {told["event"] for told in TOLD} == set(events.ACTIONS)


def test_no_event_tells_where_a_store_or_a_file_is() -> None:
    for told in TOLD:
        text = json.dumps(events.event_of(told))
        assert "s3://" not in text
        assert "/home/" not in text


def test_what_is_of_no_concern_to_others_is_no_event() -> None:
    assert events.event_of({"event": "started"}) is None
    assert events.event_of({}) is None


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """A server that writes its events into a file."""
    directory = tmp_path_factory.mktemp("telling")
    handler = f"import logging\nc.EventLogger.handlers = [logging.FileHandler({str(directory / 'events')!r})]"
    server = Server(directory, config=handler)
    with running(server):
        yield API(server)


def told_by(api: API, action: str, path: str) -> list[dict[str, Any]]:
    """The events of an action, waited for."""
    end = time.monotonic() + 20
    while True:
        lines = (api.server.directory / "events").read_text().splitlines()
        found = [event for event in map(json.loads, lines) if event.get("action") == action]
        found = [event for event in found if event.get("path") == path and event["__schema__"] == events.SCHEMA]
        if found or time.monotonic() > end:
            return found
        time.sleep(0.05)


def test_a_save_is_told_when_it_is_accepted_and_when_it_is_archived(telling: API) -> None:
    with telling.server.client() as client:
        client.save("saved.ipynb", small(1))
    assert told_by(telling, "accepted", "saved.ipynb")
    (event,) = told_by(telling, "archived", "saved.ipynb")
    assert (event["version"], event["cause"]) == (1, "save")
    assert event["archived_as"] == archived_path("saved.ipynb")
    assert event["hash"] == telling.depository.resolve(archived_path("saved.ipynb")).hash


def test_a_restore_is_told(telling: API) -> None:
    telling.archive("restored.ipynb", small(1))
    telling.ask("POST", at("restored.ipynb", "/versions/v1/restore"))
    (event,) = told_by(telling, "restored", "restored.ipynb")
    assert event["version"] == 1


def numbers(api: API) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", api.server.port, timeout=60)
    connection.request("GET", "/metrics", None, {"Authorization": f"token {TOKEN}"})
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    found = (line.rpartition(" ") for line in lines if line.startswith("depository_"))
    return {name: float(value) for name, _, value in found}


def test_saves_are_counted_on_the_metrics_page_of_jupyter(telling: API) -> None:
    before = numbers(telling)
    with telling.server.client() as client:
        client.save("counted.ipynb", small(1))
    assert told_by(telling, "archived", "counted.ipynb")
    after = numbers(telling)
    for name in ("depository_accepted_total", "depository_archive_delay_seconds_count"):
        assert after[name] > before[name]
    assert after['depository_archived_total{cause="save"}'] >= 1
    assert after["depository_refused_total"] == 0


def value_of(gauge: Gauge) -> float:
    return next(iter(gauge.collect())).samples[0].value


def test_what_waits_is_shown_with_the_age_of_the_oldest() -> None:
    status = {"waiting": 3, "bytes": 500, "oldest": 1_000_000, "problems": [{}], "aside": []}
    metrics.show(status, now=1060.0)
    shown = [value_of(gauge) for gauge in (metrics.WAITING, metrics.WAITING_BYTES, metrics.OLDEST)]
    assert shown == [3, 500, 60]
    metrics.show({**status, "waiting": 0, "oldest": None}, now=1060.0)
    assert value_of(metrics.OLDEST) == 0


def test_a_cause_that_somebody_made_up_starts_no_series_of_its_own() -> None:
    metrics.count({"event": "archived", "cause": "my own", "waited": 1.0, "fresh": True})
    causes = {sample.labels.get("cause") for sample in next(iter(metrics.ARCHIVED.collect())).samples}
    assert "other" in causes
    assert "my own" not in causes
