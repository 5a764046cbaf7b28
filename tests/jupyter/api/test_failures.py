"""What the API says when the store does not do what it is asked, and when nobody foresaw what happens."""

from collections.abc import Iterator

import pytest

from depository import errors
from depository.errors import DepositoryError
from depository.jupyter.api import failures
from tests.jupyter.api.calls import API, at
from tests.jupyter.servers import Server, archived_path, free_port, running
from tests.notebooks import small


def kinds(of: type[DepositoryError] = DepositoryError) -> Iterator[type[DepositoryError]]:
    yield of
    for kind in of.__subclasses__():
        yield from kinds(kind)


STATUSES = {
    errors.InvalidInput: 400,
    errors.InvalidPath: 400,
    errors.InvalidName: 400,
    errors.InvalidSettings: 500,
    errors.NotFound: 404,
    errors.NoNotebook: 404,
    errors.NoVersion: 404,
    errors.Ambiguous: 409,
    errors.AlreadyExists: 409,
    errors.RefMoved: 409,
    errors.Unreachable: 503,
    errors.OutcomeUnknown: 503,
    errors.AccessDenied: 502,
    errors.NoBucket: 502,
    errors.StorageError: 502,
    errors.StorageFull: 507,
    errors.CorruptData: 500,
    errors.MissingObject: 500,
    errors.UnsupportedFormat: 500,
    failures.TooLarge: 413,
    failures.Waiting: 409,
    failures.NotAccepted: 507,
}


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
def test_a_status_says_who_can_do_something_about_it(kind: type[DepositoryError], status: int) -> None:
    assert failures.status_of(kind("It is so.")) == status


def test_every_error_has_a_kind_of_its_own_for_programs() -> None:
    reasons = [failures.reason_of(kind("It is so.")) for kind in set(kinds())]
    assert len(reasons) == len(set(reasons))
    assert {"no-version", "invalid-url", "no-bucket", "access-denied"} <= set(reasons)


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """A server whose store does not answer, with a notebook that was saved."""
    environ = {
        "DEPOSITORY_URL": "s3://bucket/archive",
        "DEPOSITORY_S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "an id",
        "AWS_SECRET_ACCESS_KEY": "a secret of no worth",
        "AWS_REGION": "us-east-1",
    }
    server = Server(tmp_path_factory.mktemp("cut-off"), environ=environ)
    with running(server) as client:
        client.save("mine.ipynb", small(1))
        yield API(server)


def test_a_store_that_does_not_answer_is_a_matter_of_time(cut_off: API) -> None:
    answer = cut_off.get(at("mine.ipynb", "/versions"))
    assert (answer.status, answer.reason) == (503, "unreachable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "a secret" not in answer.message


def test_the_queue_is_told_while_the_store_does_not_answer(cut_off: API) -> None:
    found = cut_off.found("/queue")
    assert found["waiting"] == 1
    assert found["oldest"]


def test_what_is_saved_and_not_archived_is_not_passed_over_when_the_newest_is_published(cut_off: API) -> None:
    answer = cut_off.ask("PUT", at("mine.ipynb", "/refs/published"))
    assert (answer.status, answer.reason) == (409, "waiting")
    assert answer.headers["Retry-After"]


def test_nothing_is_restored_while_the_store_does_not_answer(cut_off: API) -> None:
    before = (cut_off.server.files / "mine.ipynb").read_bytes()
    assert cut_off.ask("POST", at("mine.ipynb", "/versions/v1/restore")).status == 503
    assert (cut_off.server.files / "mine.ipynb").read_bytes() == before


def test_damaged_data_is_told_in_a_sentence(api: API) -> None:
    api.archive("broken.ipynb", small(77))
    digest = api.depository.resolve(archived_path("broken.ipynb")).hash
    for file in (api.server.store / "objects").rglob("*"):
        if file.is_file() and digest[2:10] in file.name:
            file.write_bytes(b"nothing of use")
    answer = api.get(at("broken.ipynb", "/versions/v1/file"))
    assert answer.status == 500
    assert answer.reason in {"altered-object", "missing-object", "corrupt-data"}
    assert "Traceback" not in answer.message


def test_a_settings_file_that_cannot_be_used_is_the_servers_trouble(api: API) -> None:
    directory = api.server.files / "unset"
    directory.mkdir(exist_ok=True)
    (directory / ".depository.toml").write_text("url = [")
    answer = api.get(at("unset/a.ipynb", "/versions"))
    assert (answer.status, answer.reason) == (500, "invalid-settings")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_a_resource_does_not_have_is_refused_with_those_that_it_has(api: API, method: str) -> None:
    answer = api.ask(method, "/queue")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, OPTIONS")
    assert answer.message
