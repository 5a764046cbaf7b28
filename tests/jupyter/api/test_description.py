"""The description of the API is true, complete, and what a server keeps to whatever it is asked."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from openapi_spec_validator import validate
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from depository.jupyter.api import openapi
from depository.jupyter.api.routes import RESOURCES
from tests.jupyter.api.calls import API, DESCRIPTION
from tests.jupyter.servers import TOKEN
from tests.notebooks import small

METHODS = {"get", "put", "post", "delete", "patch"}


def test_the_description_is_openapi() -> None:
    validate(DESCRIPTION)


def test_every_resource_and_method_is_described_and_no_other() -> None:
    described = {(path, method) for path, item in DESCRIPTION["paths"].items() for method in item}
    there = {(f"/depository{path}", method.lower()) for path, handler in RESOURCES for method in handler.methods()}
    assert described == {(path, method) for path, method in there if method in METHODS}


def test_the_server_gives_its_own_description(api: API) -> None:
    assert api.found("/openapi.json") == openapi.document("/")


def test_the_description_says_where_the_server_has_the_api() -> None:
    assert openapi.document("/user/kylek/")["servers"] == [{"url": "/user/kylek/api"}]


def test_no_two_resources_share_a_description() -> None:
    summaries = [operation["summary"] for item in DESCRIPTION["paths"].values() for operation in item.values()]
    assert len(summaries) == len(set(summaries))


schema = schemathesis.openapi.from_dict(DESCRIPTION)


@pytest.fixture(scope="module")
def stocked(api: API) -> API:
    """With something in the archive under the path that the description has as its example."""
    (api.server.files / "reports").mkdir(exist_ok=True)
    api.archive("reports/mine.ipynb", small(1), small(2), b"no notebook", small(3))
    return api


@schema.parametrize()
@settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_server_keeps_to_its_description(stocked: API, case: Case[Any]) -> None:
    base = f"http://127.0.0.1:{stocked.server.port}/api"
    # a path, a version or a tag is more than a schema can say: what is none is refused with 400
    case.call_and_validate(
        base_url=base, headers={"Authorization": f"token {TOKEN}"}, excluded_checks=[positive_data_acceptance]
    )
