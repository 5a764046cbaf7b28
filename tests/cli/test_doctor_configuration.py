"""What `depository doctor` says of settings files and variables."""

from collections.abc import Callable

import pytest

from depository.cli.doctor import configuration
from depository.cli.doctor.findings import Finding, State
from tests.cli.examining import check, examined
from tests.cli.shell import Shell


def findings(name: str) -> list[Finding]:
    return examined(check(configuration.CHECKS, name))


def test_it_says_which_depository_is_used_and_why(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text('url = "store"\nnamespace = "team"\n')
    [found] = findings("configuration")
    assert found.state is State.OK
    assert found.text.startswith(f"This directory is :/team in {shell.here}/store, because ")
    assert ".depository.toml names it" in found.text


def test_a_settings_file_that_cannot_be_used_is_the_finding(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text("url = 1")
    [found] = findings("configuration")
    assert found.state is State.BAD
    assert "url has to be a text" in found.text


def test_what_several_checks_stumble_over_is_said_once(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text("url = 1")
    assert len(examined(*configuration.CHECKS)) == 2, "that, and that no variable is misspelt"


def test_nothing_is_shadowed_where_one_settings_file_is_there(shell: Shell) -> None:
    (shell.home / ".depository.toml").write_text('url = "store"')
    assert findings("shadowed") == []


def test_settings_files_further_up_are_not_read(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text('url = "near"')
    (shell.home / ".depository.toml").write_text('url = "far"')
    (shell.home.parent / ".depository.toml").write_text("not even toml")
    first, second = findings("shadowed")
    assert first.state is State.WARN
    assert first.text == f"'{shell.home}/.depository.toml' is not read here: '{shell.here}/.depository.toml' is nearer."
    assert f"'{shell.home.parent}/.depository.toml' is not read" in second.text


def personal(shell: Shell, text: str) -> None:
    file = shell.home / ".config" / "depository" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)


def test_the_users_file_does_not_count_beside_a_nearer_one(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text('url = "near"')
    personal(shell, 'url = "~/mine"')
    [found] = findings("shadowed")
    assert f"config.toml' names {shell.home}/mine, and does not count here: {shell.here}/near is used" in found.text


def test_the_users_file_counts_where_the_nearer_one_names_no_depository(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text('namespace = "team"')
    personal(shell, 'url = "~/mine"')
    assert findings("shadowed") == []


def test_a_variable_does_not_count_beside_a_file(shell: Shell) -> None:
    personal(shell, 'url = "~/mine"')
    shell.setenv("DEPOSITORY_URL", "s3://other")
    [found] = findings("shadowed")
    assert found.text.startswith("'DEPOSITORY_URL' names s3://other, and does not count here")


def test_a_variable_that_says_the_same_as_the_file_is_not_worth_a_word(shell: Shell) -> None:
    personal(shell, 'url = "s3://same"')
    shell.setenv("DEPOSITORY_URL", "s3://same")
    assert findings("shadowed") == []


def test_a_namespace_in_a_variable_does_not_count_beside_one_in_a_file(shell: Shell) -> None:
    (shell.here / ".depository.toml").write_text('namespace = "team"')
    shell.setenv("DEPOSITORY_NAMESPACE", "me")
    [found] = findings("shadowed")
    assert "DEPOSITORY_NAMESPACE is 'me', and does not count here" in found.text
    assert "has the namespace 'team'" in found.text


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("DEPOSITORY_URI", "DEPOSITORY_URL"),
        ("DEPOSITRY_URL", "DEPOSITORY_URL"),
        ("depository_url", "DEPOSITORY_URL"),
        ("DEPOSITORY_S3_ENDPOINT", "DEPOSITORY_S3_ENDPOINT_URL"),
        ("DEPOSITORY_NAME_SPACE", "DEPOSITORY_NAMESPACE"),
    ],
)
def test_a_misspelt_variable_is_named_with_the_right_spelling(shell: Shell, name: str, near: str) -> None:
    shell.setenv(name, "something")
    [found] = findings("variables")
    assert found.state is State.BAD
    assert found.text == f"{name} is set, and nothing reads it: there is no such variable."
    assert found.todo == f"Rename it to {near}."


def test_a_variable_that_is_like_none_is_answered_with_those_that_there_are(shell: Shell) -> None:
    shell.setenv("DEPOSITORY_X", "1")
    assert "DEPOSITORY_SPOOL" in findings("variables")[0].todo


@pytest.mark.parametrize("name", ["REPOSITORY_URL", "DEPOSITORY_URL", "DEPOSITORY_S3_REGION", "POSITION"])
def test_other_variables_and_ours_are_left_alone(shell: Shell, name: str) -> None:
    shell.setenv(name, "something")
    assert [found.state for found in findings("variables")] == [State.OK]


def test_s3_variables_without_the_url_they_are_for_are_not_used(shell: Shell) -> None:
    shell.setenv("DEPOSITORY_S3_REGION", "eu-central-1")
    [found] = findings("unused variables")
    assert found.text.startswith("DEPOSITORY_S3_REGION is set, and not used here")
    shell.setenv("DEPOSITORY_URL", "s3://bucket")
    assert findings("unused variables") == []


def aws(text: str) -> Callable[[Shell], None]:
    def write(shell: Shell) -> None:
        (shell.here / ".depository.toml").write_text(f'url = "s3://bucket"\n{text}')

    return write


@pytest.mark.parametrize(
    ("configure", "name", "value", "sentence"),
    [
        (
            aws('[s3]\nprofile = "work"'),
            "AWS_ACCESS_KEY_ID",
            "id",
            "AWS_ACCESS_KEY_ID is set, and not used: the profile",
        ),
        (
            aws('[s3]\nendpoint_url = "https://a.example"'),
            "AWS_ENDPOINT_URL",
            "https://b.example",
            "AWS_ENDPOINT_URL is set, and not used: the settings say endpoint_url = https://a.example.",
        ),
        (aws(""), "AWS_REGION", "eu-central-1", "AWS_REGION is set, and not read"),
    ],
)
def test_variables_of_the_aws_tools_that_do_not_count_are_pointed_out(
    shell: Shell, configure: Callable[[Shell], None], name: str, value: str, sentence: str
) -> None:
    configure(shell)
    assert findings("unused variables") == []
    shell.setenv(name, value)
    [found] = findings("unused variables")
    assert found.text.startswith(sentence)


def test_variables_of_bookstore_are_pointed_out(shell: Shell) -> None:
    assert findings("former variables") == []
    shell.setenv("JPYNB_S3_BUCKET", "old")
    [found] = findings("former variables")
    assert found.text.startswith("JPYNB_S3_BUCKET is set for bookstore")
