"""What `depository doctor` says of Jupyter: the environment, its configuration, and servers that run."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from depository import __version__
from depository.cli.doctor import jupyter
from depository.cli.doctor.findings import Finding, State
from tests.backends.stub_server import Reply, Request, stubbed
from tests.cli.examining import check, examined, of_state
from tests.cli.shell import Shell
from tests.jupyter.conftest import MakeServer, make_server
from tests.jupyter.servers import ROOT, Server, running

__all__ = ["make_server"]

ENABLED = {"ServerApp": {"jpserver_extensions": {"depository": True}}}
DISABLED = {"ServerApp": {"jpserver_extensions": {"depository": False}}}


class Configuration:
    """The user's configuration of Jupyter."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def python(self, text: str, name: str = "jupyter_server_config.py") -> Path:
        file = self.directory / name
        file.write_text(text)
        return file

    def json(self, name: str, value: Any) -> Path:
        file = self.directory / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(value))
        return file


@pytest.fixture
def configuration(shell: Shell) -> Configuration:
    """With the extension enabled, as installing depository does it."""
    directory = shell.home / ".jupyter"
    directory.mkdir()
    for name in os.environ:
        if name.startswith("JUPYTER"):
            shell.setenv(name, "")
    # where depository is installed, the environment enables it: Jupyter is to look at the user's configuration alone
    (shell.home / "site").mkdir()
    (shell.home / "site" / "sitecustomize.py").write_text(
        "import jupyter_core.paths\njupyter_core.paths.ENV_CONFIG_PATH = []\n"
    )
    shell.setenv("PYTHONPATH", f"{shell.home / 'site'}{os.pathsep}{ROOT}")
    shell.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    shell.setenv("JUPYTER_CONFIG_DIR", str(directory))
    shell.setenv("JUPYTER_RUNTIME_DIR", str(shell.home / "runtime"))
    made = Configuration(directory)
    made.json("jupyter_server_config.d/depository.json", ENABLED)
    return made


def findings(name: str) -> list[Finding]:
    return examined(check(jupyter.CHECKS, name))


def one_bad(name: str) -> Finding:
    [found] = of_state(findings(name), State.BAD)
    return found


# the environment


def test_jupyter_in_the_same_environment_is_well(configuration: Configuration) -> None:
    [found] = findings("jupyter")
    assert (found.state, found.text) == (
        State.OK,
        f"Jupyter and depository are in one environment, {sys.prefix}.",
    )


def program(directory: Path, name: str, python: str) -> None:
    directory.mkdir(exist_ok=True)
    file = directory / name
    file.write_text(f"#!{python}\n")
    file.chmod(0o755)


def another_python(directory: Path, body: str) -> str:
    """An interpreter of an environment of its own."""
    directory.mkdir(exist_ok=True)
    python = directory / "python3"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    return str(python)


def test_a_jupyter_of_an_environment_without_depository_is_named_with_the_remedy(
    shell: Shell, configuration: Configuration
) -> None:
    python = another_python(shell.home / "other", f'exec "{sys.executable}" -S -I "$@"')
    program(shell.home / "bin", "jupyter-lab", python)
    shell.setenv("PATH", str(shell.home / "bin"))
    found = one_bad("jupyter")
    assert f"'{shell.home}/bin/jupyter-lab' is of another environment" in found.text
    assert found.todo == f"Run {python} -m pip install depository"
    assert findings("jupyter configuration") == [], "what would it do there?"
    assert findings("jupyter servers") == []


def test_a_jupyter_of_another_environment_that_has_depository_is_asked_there(
    shell: Shell, configuration: Configuration
) -> None:
    python = another_python(shell.home / "other", f'exec "{sys.executable}" "$@"')
    program(shell.home / "bin", "jupyter", python)
    shell.setenv("PATH", str(shell.home / "bin"))
    assert "in an environment of its own" in findings("jupyter")[0].text
    assert of_state(findings("jupyter configuration"), State.BAD) == []


def test_an_older_depository_beside_jupyter_is_pointed_out(shell: Shell, configuration: Configuration) -> None:
    python = another_python(shell.home / "other", "echo 0.9")
    program(shell.home / "bin", "jupyter", python)
    shell.setenv("PATH", str(shell.home / "bin"))
    [found] = findings("jupyter")
    assert found.state is State.WARN
    assert "has depository 0.9" in found.text


def test_an_interpreter_whose_name_is_too_long_for_a_first_line_is_found_in_the_second(
    shell: Shell, configuration: Configuration
) -> None:
    python = another_python(shell.home / "with blanks", "echo 0.9")
    program(shell.home / "bin", "jupyter", f'/bin/sh\n\'\'\'exec\' "{python}" "$0" "$@"')
    shell.setenv("PATH", str(shell.home / "bin"))
    assert "has depository 0.9" in findings("jupyter")[0].text


# the configuration


def test_a_server_that_would_archive_is_well(configuration: Configuration) -> None:
    found = findings("jupyter configuration")
    assert {each.state for each in found} == {State.OK}
    assert "jupyter_server_config.d/depository.json'" in found[0].text
    assert found[1].text.endswith("AsyncLargeFileManager is made to archive what it saves.")


def test_an_extension_that_is_not_enabled_is_named_with_the_directories_that_were_looked_in(
    configuration: Configuration,
) -> None:
    (configuration.directory / "jupyter_server_config.d" / "depository.json").unlink()
    found = one_bad("jupyter configuration")
    assert found.text.startswith(
        "The extension is not enabled: no jupyter_server_config.d/depository.json is in any of"
    )
    assert str(configuration.directory) in found.text
    assert "pip install depository" in found.todo


def test_an_extension_that_another_file_switches_off_is_named_with_the_file(configuration: Configuration) -> None:
    file = configuration.json("jupyter_server_config.d/zz-site.json", DISABLED)
    found = one_bad("jupyter configuration")
    assert found.text == f"The extension is switched off, by '{file}'."


def test_an_extension_that_python_switches_off_is_named(configuration: Configuration) -> None:
    configuration.python("c.ServerApp.jpserver_extensions = {'depository': False}")
    assert "switched off, by 'a configuration file in Python'" in one_bad("jupyter configuration").text


def test_an_archiver_that_is_configured_needs_no_extension(configuration: Configuration) -> None:
    (configuration.directory / "jupyter_server_config.d" / "depository.json").unlink()
    configuration.python("c.ServerApp.contents_manager_class = 'depository.jupyter.DepositoryContentsArchiver'")
    found = findings("jupyter configuration")
    assert of_state(found, State.BAD) == []
    assert "archives by itself" in found[0].text


def test_archiving_that_is_switched_off_is_named(configuration: Configuration) -> None:
    configuration.python("c.Depository.enabled = False")
    assert "by c.Depository.enabled" in one_bad("jupyter configuration").text


def test_a_contents_manager_that_is_not_there_keeps_jupyter_from_starting(configuration: Configuration) -> None:
    configuration.python("c.ServerApp.contents_manager_class = 'not.there'")
    found = one_bad("jupyter configuration")
    assert found.text.startswith("Jupyter does not start with its configuration: ")
    assert "'not.there' could not be imported" in found.text
    assert "0x" not in found.text


def test_a_contents_manager_that_cannot_be_made_to_archive_is_named(shell: Shell, configuration: Configuration) -> None:
    (shell.home / "narrow.py").write_text(
        "from jupyter_server.services.contents.manager import ContentsManager\n"
        "class Narrow(ContentsManager):\n"
        "    def __init_subclass__(cls):\n"
        "        raise TypeError('no subclasses, please')\n"
    )
    shell.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{shell.home}")
    configuration.python("c.ServerApp.contents_manager_class = 'narrow.Narrow'")
    found = one_bad("jupyter configuration")
    assert found.text.endswith("cannot be made to archive: TypeError: no subclasses, please.")


def test_a_configuration_file_that_cannot_be_read_is_named_with_the_line(configuration: Configuration) -> None:
    file = configuration.python("print('loaded')\nc.Depository.S3.bucket = undefined\n")
    found = one_bad("jupyter configuration")
    assert f"it cannot read: {file}, line 2: NameError: name 'undefined' is not defined." in found.text


def test_the_settings_of_old_are_named_with_their_files(configuration: Configuration) -> None:
    lower = configuration.python("c.depository.workspace_prefix = 'w'\n")
    book = configuration.json("jupyter_notebook_config.d/bookstore.json", {"NotebookApp": {"bookstore": True}})
    texts = [found.text for found in of_state(findings("jupyter configuration"), State.BAD)]
    assert texts[0].startswith(f"'{lower}' has settings for what came before depository, 'c.depository'")
    assert texts[1].startswith(f"'{book}' has settings for what came before depository, 'bookstore'")


def test_settings_of_old_in_a_comment_are_left_alone(configuration: Configuration) -> None:
    configuration.python("# c.depository.workspace_prefix = 'w'\n# BookstoreSettings\n")
    assert of_state(findings("jupyter configuration"), State.BAD) == []


def test_settings_that_contradict_each_other_are_named(configuration: Configuration) -> None:
    configuration.python("c.Depository.url = 's3://one'\nc.Depository.S3.bucket = 'two'")
    assert "leave one of them out" in one_bad("jupyter configuration").text


def test_another_depository_in_jupyters_configuration_is_pointed_out(
    shell: Shell, configuration: Configuration
) -> None:
    configuration.python("c.Depository.S3.bucket = 'notebooks'")
    [found] = of_state(findings("jupyter configuration"), State.WARN)
    assert found.text.startswith(f"Jupyter is configured for s3://notebooks, and here {shell.store} is used")
    (shell.here / ".depository.toml").write_text('url = "s3://notebooks"')
    assert of_state(findings("jupyter configuration"), State.WARN) == []


def test_secrets_in_jupyters_configuration_are_mentioned_and_not_shown(
    shell: Shell, configuration: Configuration
) -> None:
    configuration.python(
        "c.Depository.S3.bucket = 'notebooks'\nc.Depository.S3.access_key_id = 'hidden-id'\n"
        "c.Depository.S3.secret_access_key = 'hidden-key'\n"
    )
    (shell.here / ".depository.toml").write_text('url = "s3://notebooks"')
    found = findings("jupyter configuration")
    assert "has credentials in its own configuration" in found[-1].text
    assert "hidden" not in repr(found)


# the servers


def test_no_server_is_no_trouble(configuration: Configuration) -> None:
    assert [found.text for found in findings("jupyter servers")] == ["No Jupyter server of yours is running."]


def runtime_of(server: Server, shell: Shell) -> None:
    shell.setenv("JUPYTER_RUNTIME_DIR", str(server.directory / "runtime"))


def test_a_server_that_archives_is_well(shell: Shell, configuration: Configuration, make_server: MakeServer) -> None:
    server = make_server()
    runtime_of(server, shell)
    with running(server):
        [found] = findings("jupyter servers")
    assert (found.state, found.text) == (
        State.OK,
        f"The Jupyter server at http://127.0.0.1:{server.port}/ archives.",
    )


def test_a_server_that_was_started_without_the_extension_is_named(
    shell: Shell, configuration: Configuration, make_server: MakeServer
) -> None:
    server = make_server(extensions=())
    runtime_of(server, shell)
    with running(server):
        [found] = findings("jupyter servers")
    assert found.state is State.BAD
    assert f"The Jupyter server at http://127.0.0.1:{server.port}/ does not archive: it was started" in found.text
    assert found.todo.startswith("Restart it")


def test_a_server_that_lets_nobody_ask_is_pointed_out(
    shell: Shell, configuration: Configuration, make_server: MakeServer
) -> None:
    server = make_server(config="c.IdentityProvider.hashed_password = 'argon2:nobody'")
    runtime_of(server, shell)
    with running(server):
        [file] = (server.directory / "runtime").glob("jpserver-*.json")
        file.write_text(json.dumps({**json.loads(file.read_text()), "token": "another"}))
        [found] = findings("jupyter servers")
    assert found.state is State.WARN
    assert "could not be asked whether it archives: it answers 403" in found.text


def a_running_file(shell: Shell, **more: Any) -> None:
    runtime = shell.home / "runtime"
    runtime.mkdir()
    info = {"url": "http://127.0.0.1:9/", "pid": os.getpid(), "token": "hidden", **more}
    (runtime / "jpserver-1.json").write_text(json.dumps(info))


def test_a_server_that_does_not_answer_is_pointed_out(shell: Shell, configuration: Configuration) -> None:
    a_running_file(shell)
    [found] = findings("jupyter servers")
    assert found.state is State.WARN
    assert found.text.startswith("The Jupyter server at http://127.0.0.1:9/ does not answer: ")
    assert "hidden" not in repr(found)


def an_answer(**more: Any) -> Reply:
    said = {"name": "depository", "version": __version__, "healthy": True, "waiting": 0, "sentences": [], **more}
    return Reply(body=json.dumps(said).encode())


@pytest.mark.parametrize(
    ("reply", "state", "text", "todo"),
    [
        (an_answer(waiting=3), State.OK, "archives; 3 wait.", ""),
        (an_answer(sentences=["The disk is full."]), State.BAD, "archives, and says: The disk is full.", ""),
        (
            an_answer(version="0.9"),
            State.WARN,
            f"archives with depository 0.9, and this is {__version__}.",
            "Restart it",
        ),
        (Reply(body=b'{"name": "another"}'), State.BAD, "does not archive: it was started", "Restart it"),
        (Reply(body=b"<html>"), State.WARN, "does not answer: Expecting value", "See whether process"),
        (Reply(status=500), State.WARN, "it answers 500 Internal Server Error.", "Look at its log"),
    ],
)
def test_what_a_server_answers_is_judged(
    shell: Shell, configuration: Configuration, reply: Reply, state: State, text: str, todo: str
) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        return reply

    with stubbed(answer) as stub:
        a_running_file(shell, url=f"{stub.url}/hub/")
        [found] = findings("jupyter servers")
    assert found.state is state
    assert text in found.text
    assert found.todo.startswith(todo)
    assert (asked[0].path, asked[0].headers["authorization"]) == ("/hub/api/depository", "token hidden")


def test_a_server_of_another_environment_is_named_with_its_interpreter(
    shell: Shell, configuration: Configuration
) -> None:
    python = another_python(shell.home / "other", f'exec "{sys.executable}" "$@"')
    program(shell.home / "bin", "jupyter", python)
    shell.setenv("PATH", str(shell.home / "bin"))
    a_server = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with (
        stubbed(lambda _: Reply(status=404)) as stub,
        subprocess.Popen(a_server, stdin=subprocess.PIPE) as process,
    ):
        a_running_file(shell, url=f"{stub.url}/", pid=process.pid)
        [found] = findings("jupyter servers")
        process.communicate()
    assert f"does not archive: it runs with '{sys.executable}', another environment." in found.text
    assert found.todo == f"Run {sys.executable} -m pip install depository, and restart the server."


def test_a_server_that_is_older_than_the_installation_is_told_so(
    shell: Shell, configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stubbed(lambda _: Reply(status=404)) as stub:
        a_running_file(shell, url=f"{stub.url}/")
        packages = tmp_path / "packages" / "depository-1.0.dist-info"
        packages.mkdir(parents=True)
        (packages / "METADATA").write_text("Metadata-Version: 2.1\nName: depository\nVersion: 1.0\n")
        (packages / "RECORD").write_text("depository-1.0.dist-info/METADATA,,\n")
        monkeypatch.syspath_prepend(str(packages.parent))
        importlib.invalidate_caches()
        [found] = findings("jupyter servers")
    assert "before depository was installed at " in found.text
