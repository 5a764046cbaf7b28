"""A real server with the extension: what it wraps, how it is configured, and what it says."""

import os
from pathlib import Path

import pytest

from depository import Depository
from tests.jupyter import networks
from tests.jupyter.conftest import MakeServer
from tests.jupyter.managers import notebook
from tests.jupyter.networks import Service
from tests.jupyter.servers import ROOT, Refused, Server, archived_path, running

HIDDEN = "hidden-from-everybody"
MANAGERS = "jupyter_server.services.contents"


def versions(server: Server, path: str = "mine.ipynb") -> list[bytes]:
    """What was archived, the newest first."""
    with Depository.open(str(server.store)) as depository:
        return [depository.read(archived_path(path), found.name) for found in depository.log(archived_path(path))]


def save_one(server: Server) -> None:
    with running(server):
        with server.client() as client:
            client.save("mine.ipynb", notebook("1 + 1"))
        server.wait_until_archived()


@pytest.mark.parametrize(
    "manager",
    [
        f"{MANAGERS}.largefilemanager.AsyncLargeFileManager",
        f"{MANAGERS}.largefilemanager.LargeFileManager",
        f"{MANAGERS}.filemanager.AsyncFileContentsManager",
        f"{MANAGERS}.filemanager.FileContentsManager",
    ],
)
def test_whatever_contents_manager_is_configured_archives(make_server: MakeServer, manager: str) -> None:
    server = make_server(config=f"c.ServerApp.contents_manager_class = {manager!r}")
    save_one(server)
    assert versions(server) == [(server.files / "mine.ipynb").read_bytes()]
    assert f"Depository{manager.rpartition('.')[2]} archives into" in server.output


def test_an_archiver_that_is_configured_is_not_wrapped_again(make_server: MakeServer) -> None:
    server = make_server(config="c.ServerApp.contents_manager_class = 'depository.jupyter.depositoryContentsArchiver'")
    save_one(server)
    assert len(versions(server)) == 1
    assert "DepositoryAsyncLargeFileManager" not in server.output


def test_an_archiver_that_is_configured_needs_no_extension(make_server: MakeServer) -> None:
    server = make_server(
        extensions=(), config="c.ServerApp.contents_manager_class = 'depository.jupyter.DepositoryContentsArchiver'"
    )
    save_one(server)
    assert len(versions(server)) == 1


NOTING = """
from jupyter_server.services.contents.filemanager import FileContentsManager


class Noting(FileContentsManager):
    def save(self, model, path=""):
        with open(self.root_dir + "/noted", "a") as noted:
            noted.write(path)
        return super().save(model, path)
"""


@pytest.mark.parametrize(
    ("extensions", "more"),
    [
        (("depository",), ""),
        ((), "c.ServerApp.contents_manager_class = 'depository.jupyter.DepositoryContentsArchiver'"),
    ],
)
def test_the_manager_that_archives_may_be_named(
    make_server: MakeServer, tmp_path: Path, extensions: tuple[str, ...], more: str
) -> None:
    (tmp_path / "noting.py").write_text(NOTING)
    server = make_server(
        extensions=extensions,
        config=f"c.Depository.Archiver.underlying_contents_manager_class = 'noting.Noting'\n{more}",
        environ={"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
    )
    save_one(server)
    assert (server.files / "noted").read_text() == "mine.ipynb"
    assert len(versions(server)) == 1


def test_it_can_be_switched_off(make_server: MakeServer) -> None:
    server = make_server(config="c.Depository.enabled = False")
    with running(server), server.client() as client:
        client.save("mine.ipynb", notebook("1 + 1"))
        with pytest.raises(Refused, match="404"):
            client.request("GET", "/api/depository")
    assert not server.spool.exists()
    assert not server.store.exists()


def test_without_any_configuration_it_is_a_directory_of_the_users_own(make_server: MakeServer) -> None:
    server = make_server()
    own = server.environ
    for name in ("DEPOSITORY_URL", "DEPOSITORY_NAMESPACE", "DEPOSITORY_SPOOL"):
        own.pop(name)
    server = make_server(environ={"DEPOSITORY_URL": "", "LOGNAME": "kylek", "XDG_DATA_HOME": str(server.directory)})
    save_one(server)
    assert str(Path(own["HOME"]).parent / "depository") in server.output


def test_a_settings_file_that_comes_before_the_configuration_is_pointed_out(make_server: MakeServer) -> None:
    server = make_server(config="c.Depository.url = 's3://not-used'")
    (server.files / ".depository.toml").write_text(f"url = {str(server.store)!r}\nnamespace = 'kylek/files'\n")
    save_one(server)
    assert "s3://not-used is configured for this server, but not used, because" in server.output
    assert len(versions(server)) == 1


def test_the_lower_case_settings_of_old_are_pointed_out(make_server: MakeServer) -> None:
    server = make_server(config="c.depository.workspace_prefix = 'w'")
    save_one(server)
    assert server.output.count("write c.Depository.… instead") == 1
    assert len(versions(server)) == 1


def test_settings_that_contradict_each_other_are_said_and_break_nothing(make_server: MakeServer) -> None:
    server = make_server(config="c.Depository.url = 's3://one'\nc.Depository.S3.bucket = 'two'")
    save_one(server)
    assert server.output.count("leave one of them out") == 1
    assert len(versions(server)) == 1, "the environment's depository is left"


def test_who_saved_it_is_the_user_of_the_hub(make_server: MakeServer) -> None:
    server = make_server(environ={"JUPYTERHUB_USER": "ada"})
    save_one(server)
    with Depository.open(str(server.store)) as depository:
        assert depository.resolve(archived_path("mine.ipynb")).author == "ada"


def test_a_bucket_with_its_credentials_is_used_and_they_are_told_to_nobody(
    make_server: MakeServer, s3_service: Service
) -> None:
    s3_service.make_bucket("secrets")
    server = make_server(
        environ={"DEPOSITORY_URL": ""},
        config=networks.configuration(s3_service.url, "secrets").replace(networks.SECRET, HIDDEN)
        + '\nc.Application.log_level = "DEBUG"',
    )
    with running(server) as client:
        client.save("mine.ipynb", notebook("1 + 1"))
        seen = [str(client.request("GET", f"/api/depository{path}")) for path in ("", "/queue", "/notebooks")]
        [worker] = server.workers()
        seen.append(Path(f"/proc/{worker}/environ").read_text())
        seen.append(Path(f"/proc/{worker}/cmdline").read_text())
        server.wait_until_archived()
    seen.append(server.output)
    kept = [Path(top) / name for top, _, names in os.walk(server.spool) for name in names]
    seen += [file.read_text(errors="replace") for file in kept]
    assert not [text for text in seen if HIDDEN in text]
    with Depository.open("s3://secrets", s3=networks.settings(s3_service.url)) as depository:
        assert [found.name for found in depository.log(archived_path("mine.ipynb"))] == ["v1"]


KNOWING = """
from jupyter_server.auth import IdentityProvider, User


class Knowing(IdentityProvider):
    def get_user(self, handler):
        return User("ada", "Ada L.")
"""


def test_who_saved_it_is_whom_the_server_knows(make_server: MakeServer, tmp_path: Path) -> None:
    (tmp_path / "knowing.py").write_text(KNOWING)
    server = make_server(
        config="c.ServerApp.identity_provider_class = 'knowing.Knowing'\nc.ServerApp.disable_check_xsrf = True",
        environ={"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)]), "JUPYTERHUB_USER": "the-hubs"},
    )
    save_one(server)
    with Depository.open(str(server.store)) as depository:
        assert depository.resolve(archived_path("mine.ipynb")).author == "ada"
