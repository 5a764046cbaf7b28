"""Which depository a file belongs to, and the path that it has there."""

import os
from pathlib import Path

import pytest

from depository import config
from depository.config import Place, Surroundings
from depository.errors import InvalidPath, InvalidSettings


class User:
    """Somebody with a home directory, files and an environment."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home" / "kylek"
        self.home.mkdir(parents=True)
        self.environ: dict[str, str] = {}
        self.name = "kylek"
        self.platform = "linux"

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.environ, str(self.home), str(self.home), self.name, self.platform)

    def settings(self, directory: Path | str, text: str) -> str:
        file = self.home / directory / ".depository.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return str(file)

    def personal(self, text: str) -> str:
        file = self.home / ".config" / "depository" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return str(file)

    def locate(self, directory: Path | str = "proj", url: str | None = None) -> Place:
        return config.locate(str(self.home / directory), self.surroundings, url=url)

    def path(self, file: Path | str) -> str:
        """The path of a file, absolute or below the home directory."""
        whole = str(self.home / file)
        return config.path_of(config.locate(os.path.dirname(whole), self.surroundings), whole)


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


# which depository


def test_without_any_settings_it_is_a_directory_of_the_users_own(user: User) -> None:
    place = user.locate()
    assert place.url == str(user.home / ".local/share/depository")
    assert place.is_default
    assert place.reason.startswith("it is yours by default")


def test_the_users_data_directory_follows_xdg(user: User) -> None:
    user.environ["XDG_DATA_HOME"] = "/data"
    assert user.locate().url == "/data/depository"


def test_a_relative_xdg_directory_is_ignored_as_its_specification_says(user: User) -> None:
    user.environ["XDG_DATA_HOME"] = "data"
    assert user.locate().url == str(user.home / ".local/share/depository")


def test_on_macos_and_windows_it_is_where_applications_keep_data_there(user: User) -> None:
    user.platform = "darwin"
    assert user.locate().url == str(user.home / "Library/Application Support/depository")
    user.platform = "win32"
    user.environ["LOCALAPPDATA"] = "/AppData/Local"
    assert user.locate().url == "/AppData/Local/depository"


def test_the_environment_goes_before_the_default(user: User) -> None:
    user.environ["DEPOSITORY_URL"] = "s3://bucket/env"
    place = user.locate()
    assert (place.url, place.reason) == ("s3://bucket/env", "the environment names it, in DEPOSITORY_URL")


def test_the_users_settings_go_before_the_environment(user: User) -> None:
    user.environ["DEPOSITORY_URL"] = "s3://bucket/env"
    file = user.personal('url = "s3://bucket/personal"')
    place = user.locate()
    assert (place.url, place.reason) == ("s3://bucket/personal", f"{file} names it")


def test_the_nearest_settings_file_going_up_goes_before_the_users(user: User) -> None:
    user.personal('url = "s3://bucket/personal"')
    user.settings(".", 'url = "s3://bucket/home"')
    file = user.settings("proj", 'url = "s3://bucket/proj"')
    place = user.locate("proj/deep/down")
    assert (place.url, place.reason) == ("s3://bucket/proj", f"{file} names it")
    assert user.locate("other").url == "s3://bucket/home"


def test_what_is_named_on_the_command_line_goes_before_everything(user: User) -> None:
    user.settings("proj", 'url = "s3://bucket/proj"')
    place = user.locate(url="s3://bucket/option")
    assert (place.url, place.reason) == ("s3://bucket/option", "it was named on the command line")


def test_what_is_named_on_the_command_line_is_reached_as_configured_for_it(user: User) -> None:
    user.settings("proj", 'url = "s3://bucket/proj"\ns3.region = "eu-central-1"')
    assert user.locate(url="s3://bucket/proj").s3 == {"region": "eu-central-1"}
    assert user.locate(url="s3://bucket/other").s3 == {}


def test_a_settings_file_without_a_url_leaves_that_to_the_next(user: User) -> None:
    user.personal('url = "s3://bucket/personal"')
    user.settings("proj", 'namespace = "team"')
    assert user.locate().url == "s3://bucket/personal"
    assert user.path("proj/a.ipynb") == "team/a.ipynb"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("../store", "store"),
        ("store", "proj/store"),
        ("~/store", "store"),
        ("~", "."),
    ],
)
def test_a_relative_directory_is_seen_from_the_settings_file(user: User, url: str, meant: str) -> None:
    user.settings("proj", f'url = "{url}"')
    assert user.locate("proj/deep").url == os.path.normpath(user.home / meant)


@pytest.mark.parametrize("url", ["s3://bucket", "file:///srv/store", "memory:shared", "weird://x"])
def test_a_url_with_a_scheme_is_taken_as_it_is(user: User, url: str) -> None:
    user.settings("proj", f'url = "{url}"')
    assert user.locate().url == url


def test_how_to_reach_s3_is_in_a_table_of_its_own(user: User) -> None:
    user.settings(
        "proj",
        'url = "s3://bucket"\n[s3]\nendpoint_url = "https://minio"\naddressing = "path"\nchecksums = "when_supported"',
    )
    settings = user.locate().s3_settings
    assert settings is not None
    assert (settings.endpoint_url, settings.addressing, settings.checksums) == (
        "https://minio",
        "path",
        "when_supported",
    )


def test_without_that_table_the_aws_tools_decide(user: User) -> None:
    user.settings("proj", 'url = "s3://bucket"')
    assert user.locate().s3_settings is None


def test_the_environment_may_say_how_to_reach_the_depository_that_it_names(user: User) -> None:
    said = {
        "endpoint_url": "https://minio:9000",
        "region": "eu-central-1",
        "profile": "archive",
        "addressing": "path",
        "sse": "aws:kms",
        "kms_key_id": "alias/notebooks",
        "checksums": "when_supported",
    }
    user.environ["DEPOSITORY_URL"] = "s3://bucket/env"
    user.environ.update({f"DEPOSITORY_S3_{key.upper()}": value for key, value in said.items()})
    place = user.locate()
    assert place.s3 == said
    assert place.s3_settings is not None
    assert place.s3_settings.sse == "aws:kms"


def test_what_the_environment_says_of_s3_is_for_no_other_depository(user: User) -> None:
    user.environ |= {"DEPOSITORY_URL": "s3://bucket/env", "DEPOSITORY_S3_REGION": "eu-central-1"}
    user.settings("proj", 'url = "s3://bucket/proj"')
    assert user.locate("proj").s3 == {}
    assert user.locate("other").s3 == {"region": "eu-central-1"}
    assert user.locate(url="s3://bucket/env").s3 == {"region": "eu-central-1"}
    assert user.locate(url="s3://bucket/other").s3 == {}
    del user.environ["DEPOSITORY_URL"]
    assert user.locate("other").s3 == {}


def test_an_empty_variable_says_nothing(user: User) -> None:
    user.environ |= {"DEPOSITORY_URL": "s3://bucket/env", "DEPOSITORY_S3_ADDRESSING": "", "DEPOSITORY_S3_REGION": ""}
    assert user.locate().s3_settings is None


# settings that cannot be used


@pytest.mark.parametrize(
    ("key", "choices"),
    [("ADDRESSING", "auto, path, virtual"), ("SSE", "AES256, aws:kms"), ("CHECKSUMS", "when_supported, when_required")],
)
def test_a_variable_that_cannot_be_used_is_named(user: User, key: str, choices: str) -> None:
    user.environ |= {"DEPOSITORY_URL": "s3://bucket/env", f"DEPOSITORY_S3_{key}": "paths"}
    with pytest.raises(InvalidSettings) as raised:
        user.locate()
    assert str(raised.value) == f"In the environment, DEPOSITORY_S3_{key} has to be one of {choices}, and not 'paths'."


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("url = ", "is not TOML"),
        ('url = "s3://a"\nurl = "s3://b"', "is not TOML"),
        ('uri = "s3://a"', "uri is no setting: there are url, namespace, s3."),
        ("url = 3", "url has to be a text in quotes, and not a number."),
        ('url = ["a"]', "url has to be a text in quotes, and not a list."),
        ("url = true", "url has to be a text in quotes, and not true or false."),
        ("url = 2026-11-01", "url has to be a text in quotes, and not a date or time."),
        ('url = ""', "url is empty."),
        ("namespace = {}", "namespace has to be a text in quotes, and not a table."),
        ('namespace = "../x"', "the namespace cannot be used: The path '../x' has '..' in it"),
        ('namespace = "/x"', "the namespace cannot be used: The path '/x' is absolute"),
        ('url = "s3://a"\ns3 = "eu"', "s3 has to be a table, [s3], and not a text."),
        ('[s3]\nregion = "eu"', "the table [s3] needs beside it the url that it is for."),
        ('url = "s3://a"\ns3.zone = "eu"', "s3.zone is no setting: there are endpoint_url, region,"),
        ('url = "s3://a"\ns3.region = 1', "s3.region has to be a text in quotes, and not a number."),
        ('url = "s3://a"\ns3.addressing = "paths"', "s3.addressing has to be one of auto, path, virtual."),
        ('url = "s3://a"\ns3.sse = "aes"', "s3.sse has to be one of AES256, aws:kms."),
        (
            'url = "s3://a"\ns3.aws_secret_access_key = "x"',
            "s3.aws_secret_access_key has no place: secrets are read from",
        ),
    ],
)
@pytest.mark.parametrize("whose", ["project", "user"])
def test_a_settings_file_that_cannot_be_used_is_named_with_the_key(
    user: User, text: str, complaint: str, whose: str
) -> None:
    file = user.settings("proj", text) if whose == "project" else user.personal(text)
    with pytest.raises(InvalidSettings) as raised:
        user.locate()
    assert f"'{file}'" in str(raised.value)
    assert complaint in str(raised.value)


def test_a_settings_file_that_is_not_utf8_is_refused(user: User) -> None:
    file = user.settings("proj", "")
    Path(file).write_bytes(b'url = "\xff"')
    with pytest.raises(InvalidSettings, match="is not in UTF-8"):
        user.locate()


def test_a_directory_or_a_huge_file_by_the_settings_files_name_is_refused(user: User) -> None:
    (user.home / "proj" / ".depository.toml").mkdir(parents=True)
    with pytest.raises(InvalidSettings, match="move it out of the way"):
        user.locate()
    user.settings("other", "#" * 100_000)
    with pytest.raises(InvalidSettings, match="move it out of the way"):
        user.locate("other")


def test_a_namespace_of_the_environment_that_cannot_be_used_is_refused(user: User) -> None:
    user.environ["DEPOSITORY_NAMESPACE"] = "a//b"
    with pytest.raises(InvalidSettings, match="In DEPOSITORY_NAMESPACE, the namespace cannot be used"):
        user.locate()


# the path of a file


def test_the_home_directory_is_called_by_the_login_name(user: User) -> None:
    assert user.path("a.ipynb") == "kylek/a.ipynb"
    assert user.path("proj/sub/a.ipynb") == "kylek/proj/sub/a.ipynb"


def test_a_file_outside_of_the_home_directory_has_its_whole_way_in_its_path(user: User) -> None:
    assert user.path("/srv/data/a.ipynb") == "kylek/-/srv/data/a.ipynb"


def test_a_directory_that_only_starts_like_the_home_directory_is_outside_of_it(user: User) -> None:
    assert user.path(f"{user.home}-2/a.ipynb") == f"kylek/-{user.home}-2/a.ipynb"


def test_the_environment_may_name_the_namespace(user: User) -> None:
    user.environ["DEPOSITORY_NAMESPACE"] = "team/kyle"
    assert user.path("a.ipynb") == "team/kyle/a.ipynb"


def test_on_a_hub_the_home_directory_is_called_by_the_users_name_there(user: User) -> None:
    user.name = "jovyan"
    user.environ["JUPYTERHUB_USER"] = "kylek@example.org"
    assert user.path("a.ipynb") == "kylek@example.org/a.ipynb"
    user.environ["JUPYTERHUB_USER"] = "team/kyle"
    assert user.path("a.ipynb") == "team-kyle/a.ipynb"
    user.environ["DEPOSITORY_NAMESPACE"] = "mine"
    assert user.path("a.ipynb") == "mine/a.ipynb"


def test_an_empty_namespace_in_the_environment_is_none(user: User) -> None:
    user.environ |= {"JUPYTERHUB_USER": "kylek", "DEPOSITORY_NAMESPACE": ""}
    assert user.path("a.ipynb") == "a.ipynb"


def test_a_settings_file_calls_its_own_directory_by_its_namespace(user: User) -> None:
    user.settings("proj", 'namespace = "team/proj"')
    assert user.path("proj/sub/a.ipynb") == "team/proj/sub/a.ipynb"
    assert user.path("a.ipynb") == "kylek/a.ipynb"


def test_a_namespace_may_be_empty(user: User) -> None:
    user.settings("proj", 'namespace = ""')
    assert user.path("proj/a.ipynb") == "a.ipynb"
    assert user.path("proj") == "kylek/proj"
    assert config.path_of(user.locate(), str(user.home / "proj")) == ""


def test_a_settings_file_without_a_namespace_changes_no_path(user: User) -> None:
    user.settings("proj", 'url = "s3://bucket"')
    assert user.path("proj/a.ipynb") == "kylek/proj/a.ipynb"


def test_the_users_settings_may_call_the_home_directory_otherwise(user: User) -> None:
    user.personal('namespace = "kyle"')
    assert user.path("proj/a.ipynb") == "kyle/proj/a.ipynb"


def test_names_are_in_unicodes_normal_form(user: User) -> None:
    assert user.path("re\u0301sume\u0301.ipynb") == "kylek/r\u00e9sum\u00e9.ipynb"


def test_a_login_name_that_cannot_be_part_of_a_path_is_made_one(user: User) -> None:
    user.name = "CORP\\kyle"
    assert user.path("a.ipynb") == "CORP-kyle/a.ipynb"
    user.name = ".."
    assert user.path("a.ipynb") == "user/a.ipynb"


def test_a_home_directory_reached_by_a_symbolic_link_is_the_same(user: User, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(user.home)
    assert user.path(tmp_path / "link" / "proj" / "a.ipynb") == "kylek/proj/a.ipynb"


def test_a_name_that_no_depository_can_hold_is_refused(user: User) -> None:
    with pytest.raises(InvalidPath, match="control character"):
        user.path("a\n.ipynb")
    with pytest.raises(InvalidPath, match="not valid Unicode"):
        user.path("a\udcff.ipynb")


def test_a_directory_that_would_be_taken_for_the_outside_is_refused(user: User) -> None:
    with pytest.raises(InvalidPath, match="rename the directory"):
        user.path("-/srv/data/a.ipynb")


# and back


@pytest.mark.parametrize("file", ["a.ipynb", "proj/sub/a.ipynb", "team/b.ipynb", "/srv/data/a.ipynb"])
def test_a_path_leads_back_to_its_file(user: User, file: str) -> None:
    user.settings("team", 'namespace = "ours"')
    whole = str(user.home / file)
    place = config.locate(os.path.dirname(whole), user.surroundings)
    assert config.file_of(place, config.path_of(place, whole)) == whole


def test_a_path_of_another_namespace_has_no_file_here(user: User) -> None:
    assert config.file_of(user.locate(), "other/a.ipynb") is None
    assert config.file_of(user.locate(), "kyleks/a.ipynb") is None


# writing settings


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "../store", 'a "quoted" \\ path', "tab\tand \x7f", "naïve/日本"])
def test_what_is_written_is_read_again(user: User, url: str) -> None:
    s3 = {"endpoint_url": "https://minio:9000", "addressing": "path"}
    user.settings("proj", config.settings_text(url, "kylek/proj", s3))
    place = user.locate()
    expected = url if "://" in url else os.path.normpath(user.home / "proj" / url)
    assert (place.url, place.namespace, place.s3) == (expected, "kylek/proj", s3)


# what waits


def test_what_waits_is_in_the_users_state_directory(user: User) -> None:
    assert config.spool_directory(user.surroundings) == str(user.home / ".local/state/depository/spool")
    user.environ["XDG_STATE_HOME"] = "state"
    assert config.spool_directory(user.surroundings) == str(user.home / ".local/state/depository/spool")
    user.environ["XDG_STATE_HOME"] = "/state"
    assert config.state_directory(user.surroundings) == "/state/depository"
    assert config.spool_directory(user.surroundings) == "/state/depository/spool"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_what_waits_is_never_inside_of_the_default_depository(user: User, platform: str) -> None:
    user.platform = platform
    state = config.state_directory(user.surroundings)
    assert state.startswith(str(user.home))
    assert os.path.commonpath([state, user.locate().url]) not in (state, user.locate().url)
    assert os.path.commonpath([state, config.cache_directory(user.surroundings)]) != state


def test_on_windows_and_macos_what_waits_is_where_applications_keep_data_there(user: User) -> None:
    user.platform = "darwin"
    assert config.state_directory(user.surroundings) == str(user.home / "Library/Application Support/depository-state")
    user.platform = "win32"
    user.environ["LOCALAPPDATA"] = "/AppData/Local"
    assert config.state_directory(user.surroundings) == "/AppData/Local/depository-state"


@pytest.mark.parametrize(("named", "meant"), [("/srv/spool", "/srv/spool"), ("~/waiting", "waiting"), ("w", "w")])
def test_the_environment_may_say_where_saves_wait(user: User, named: str, meant: str) -> None:
    user.environ["DEPOSITORY_SPOOL"] = named
    assert config.spool_directory(user.surroundings) == str(user.home / meant)


# of this process


def test_this_process_is_in_its_directory_by_the_name_that_its_user_went_there_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "link")
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    assert Surroundings.of_process().cwd == str(tmp_path / "link")


def test_a_stale_name_of_the_directory_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for stale in ("/", str(tmp_path / "gone"), "relative", ""):
        monkeypatch.setenv("PWD", stale)
        assert Surroundings.of_process().cwd == str(tmp_path)


def test_what_is_configured_for_this_process_is_found_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".depository.toml").write_text('url = "s3://bucket"\ns3.region = "eu-north-1"')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    url, s3 = config.configured()
    assert url == "s3://bucket"
    assert s3 is not None
    assert s3.region == "eu-north-1"


@pytest.mark.parametrize(
    ("namespace", "name", "path"),
    [("kylek", "/a/b.ipynb", "kylek/a/b.ipynb"), ("", "b.ipynb", "b.ipynb"), ("kylek", "", "kylek"), ("", "/", "")],
)
def test_what_is_no_file_has_its_name_below_the_namespace_as_its_path(namespace: str, name: str, path: str) -> None:
    place = Place("s3://bucket", namespace, "/home/kylek", "it was named", {})
    assert config.path_of_name(place, name) == path
