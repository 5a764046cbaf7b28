"""While S3 is away nothing is felt in Jupyter, and when it is back everything arrives."""

from pathlib import Path

import pytest

from tests.jupyter.networks import Service
from tests.jupyter.outages import OUTAGES, SAID, run

SECONDS = 3.0


@pytest.mark.parametrize("outage", OUTAGES)
def test_no_save_fails_while_s3_is_away_and_each_arrives_once_it_is_back(
    tmp_path: Path, s3_service: Service, outage: str
) -> None:
    result = run(tmp_path, s3_service, outage, seconds=SECONDS, every=0.1, delay=2.0)
    assert result.failed == 0
    assert result.complaints == []
    assert result.arrived_after is not None
    if outage in SAID:
        assert sum(result.logged.values()) == 1, result.logged
