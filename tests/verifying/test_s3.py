"""Checks of a depository on S3: what they ask of the service, and what they find again in a versioned bucket."""

from collections.abc import Iterator

import pytest

from depository.backends.metering import Metering
from depository.backends.s3 import S3Backend
from depository.history import manifest as manifests
from depository.models import Draft
from depository.testing.seeing import see
from tests.api.stores import found
from tests.backends.moto_server import MotoServer, bucket, bucket_name, moto_server
from tests.notebooks import file_of, small, with_plots
from tests.verifying.checks import check, data_of, is_sound

__all__ = ["bucket", "bucket_name", "moto_server"]

PATH = "team/mine.ipynb"


@pytest.fixture
def backend(moto_server: MotoServer, bucket: str) -> Iterator[S3Backend]:
    """Eleven notebooks in a versioned bucket, one with pages, one published, with plots."""
    with S3Backend(bucket, "archive", moto_server.settings) as opened:
        depo = found(opened, materialize=("published",))
        depo.save_all(PATH, [Draft(file_of(small(number))) for number in range(140)])
        for number in range(10):
            drafts = [Draft(file_of(with_plots(seed, plots=1))) for seed in (number, number + 100)]
            depo.save_all(f"{number}.ipynb", drafts)
        depo.promote(PATH, "v2", "published")
        yield opened


def test_it_asks_for_each_object_once(backend: S3Backend) -> None:
    meter = Metering(backend)
    result = check(meter)
    assert result.findings == []
    calls = meter.counts.calls
    manifests_read, marker, plain = 11, 1, 1
    assert calls["get"] == result.checked.objects + manifests_read + marker + plain
    assert calls["list"] == 4, "manifests twice, plain notebooks, objects"
    assert calls["kept"] == 1, "what is deleted"
    assert set(calls) == {"get", "list", "kept"}


@pytest.mark.parametrize("how", ["missing", "altered"])
def test_what_is_damaged_comes_back_from_the_versions_of_the_bucket(backend: S3Backend, how: str) -> None:
    before = see(backend)
    keys = ["depository.json", manifests.key_of("3.ipynb")]
    keys += [item.key for number, item in enumerate(backend.list("objects/")) if number % 9 == 0]
    for key in keys:
        data = data_of(backend, key)
        backend.delete(key)
        if how == "altered" and not key.startswith("manifests/"):
            backend.put(key, data[: len(data) // 2])
    assert {each.key for each in check(backend).findings if each.mend} <= set(keys)

    mended = check(backend, repair=True).findings
    assert {each.key for each in mended if each.mended} == set(keys)
    assert all(each.mended for each in mended)
    assert is_sound(backend)
    assert see(backend) == before
