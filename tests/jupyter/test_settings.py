"""What may be configured in Jupyter, and where it goes."""

from typing import Any

import pytest
from traitlets import TraitError
from traitlets.config import Config

from depository.errors import InvalidSettings
from depository.jupyter.settings import Depository, complaints


def configured(**sections: Any) -> Depository:
    return Depository(config=Config({"Depository": sections}))


def test_nothing_is_exported_where_nothing_is_configured() -> None:
    environ = {"DEPOSITORY_URL": "s3://theirs", "DEPOSITORY_S3_REGION": "eu-west-1"}
    configured().export(environ)
    assert environ == {"DEPOSITORY_URL": "s3://theirs", "DEPOSITORY_S3_REGION": "eu-west-1"}


def test_a_bucket_is_a_depository() -> None:
    assert configured(S3={"bucket": "notebooks"}).target() == "s3://notebooks"


def test_a_prefix_is_a_part_of_the_bucket() -> None:
    assert configured(S3={"bucket": "notebooks", "prefix": "/team/a/"}).target() == "s3://notebooks/team/a"


def test_a_url_may_say_the_same_as_a_bucket() -> None:
    assert configured(url="s3://notebooks/", S3={"bucket": "notebooks"}).target() == "s3://notebooks"


def test_a_url_and_a_bucket_that_differ_are_refused() -> None:
    with pytest.raises(InvalidSettings, match="leave one of them out"):
        configured(url="s3://other", S3={"bucket": "notebooks"}).target()


def test_the_backend_s3_needs_a_bucket() -> None:
    with pytest.raises(InvalidSettings, match=r"no c\.Depository\.S3\.bucket"):
        configured(Backend="s3").target()


def test_the_backend_local_is_no_bucket() -> None:
    with pytest.raises(InvalidSettings, match="is on S3"):
        configured(Backend="local", S3={"bucket": "notebooks"}).target()


@pytest.mark.parametrize("settings", [{"Backend": "gcs"}, {"materialize": ["elsewhere"]}, {"spool_limit": -1}])
def test_a_value_that_cannot_be_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(TraitError):
        configured(**settings)


def test_what_is_no_secret_goes_where_the_command_line_finds_it() -> None:
    environ = {"DEPOSITORY_URL": "s3://old", "DEPOSITORY_S3_REGION": "of the old"}
    s3 = {
        "bucket": "notebooks",
        "endpoint_url": "https://s3.example:9000",
        "access_key_id": "AK",
        "secret_access_key": "x",
    }
    configured(namespace="team", spool="/spool", S3=s3).export(environ)
    assert environ == {
        "DEPOSITORY_URL": "s3://notebooks",
        "DEPOSITORY_NAMESPACE": "team",
        "DEPOSITORY_S3_ENDPOINT_URL": "https://s3.example:9000",
        "DEPOSITORY_SPOOL": "/spool",
    }


def test_secrets_are_for_the_depository_they_were_configured_with() -> None:
    s3 = {"bucket": "notebooks", "access_key_id": "AK", "secret_access_key": "hidden"}
    assert configured(S3=s3).secrets() == {
        "s3://notebooks": {"access_key_id": "AK", "secret_access_key": "hidden"},
    }


@pytest.mark.parametrize("half", ["access_key_id", "secret_access_key"])
def test_half_of_the_credentials_are_refused(half: str) -> None:
    with pytest.raises(InvalidSettings, match="go together") as refused:
        configured(S3={"bucket": "notebooks", half: "hidden"}).secrets()
    assert "hidden" not in str(refused.value)


def test_the_prefixes_of_the_spaces_may_be_set() -> None:
    assert configured(published_prefix="pub").prefixes() == {
        "workspace": "workspace",
        "scheduled": "scheduled",
        "published": "pub",
    }


def test_the_lower_case_section_of_old_is_found_in_what_was_loaded() -> None:
    config = Config()
    config.depository.workspace_prefix = "w"
    [complaint] = complaints(config, [])
    assert "write c.Depository" in complaint


@pytest.mark.parametrize("text", ["c.depository.S3.bucket = 'b'", "x = 1\n  c.depository.Backend = 's3'\n"])
def test_the_lower_case_section_of_old_is_found_in_a_file_that_could_not_be_loaded(text: str) -> None:
    assert complaints(Config(), [text])


@pytest.mark.parametrize("text", ["c.Depository.S3.bucket = 'b'", "# c.depository was of old", "abc.depository.x = 1"])
def test_what_is_written_as_it_should_be_is_no_complaint(text: str) -> None:
    assert complaints(Config(), [text]) == []


def test_every_setting_has_a_help_text() -> None:
    depository = configured()
    for owner in (depository, depository.s3, depository.archiver):
        for name, trait in owner.traits(config=True).items():
            assert len(trait.help) > 20, name
