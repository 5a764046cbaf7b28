"""What the pages about Jupyter show is what happens: their commands are run beside a real server.

What a page tells the reader to do in JupyterLab is done here by the requests that JupyterLab sends, before the first
command below that heading. Commands that install or start something are done already.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from botocore.session import Session

from depository import Depository
from tests.jupyter import networks
from tests.jupyter.conftest import MakeServer
from tests.jupyter.networks import Network, Service, State
from tests.jupyter.servers import Client, Server, running
from tests.notebooks import Notebook, code, file_of, notebook, stream
from tests.test_docs import DOCS, FENCE, blocks, commands, matches

_DONE_ALREADY = ("pip ", "jupyter ", "python -m pip ")

Scene = Callable[[Server, Client], None]


class Terminal:
    """A terminal of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        programs = server.directory / "bin"
        programs.mkdir()
        program = programs / "depository"
        program.write_text(f'#!/bin/sh\nexec "{server.python}" -m depository "$@"\n')
        program.chmod(0o755)
        self._environ = {
            **server.environ,
            "LC_ALL": "C.UTF-8",
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PWD": str(server.files),
            "TZ": "UTC",
        }

    def run(self, command: str) -> str:
        """All that a command says."""
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", command],
            cwd=self._server.files,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        return done.stdout


def follow(
    page: Path,
    server: Server,
    client: Client,
    scenes: Mapping[str, Scene],
    between: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> None:
    """Do what a page says, from its start to its end.

    Args:
        page: what to read.
        server: a server that runs.
        client: of the server.
        scenes: what is to be done before the first command below a heading.
        between: what is to be done before a command that stands right after a line which ends like this.
    """
    terminal, todo = Terminal(server), dict(scenes)
    lines = page.read_text(encoding="utf-8").splitlines()
    headings = dict(_headings(page))
    for block in blocks(page):
        here = headings[max(line for line in headings if line < block.line)]
        if block.language != "console":
            continue
        if here in todo:
            todo.pop(here)(server, client)
        for end, change in between.items():
            if lines[block.line - 3].endswith(end):
                change()
        for command in commands(block):
            if command.text.startswith(_DONE_ALREADY):
                continue
            said = terminal.run(command.text)
            shown = command.output
            if shown.strip() and not matches(shown, said):
                pytest.fail(f"{page.name}, line {block.line}: $ {command.text}\n-- shown\n{shown}-- said\n{said}")
    assert not todo, "no command stands below these headings"


def _headings(page: Path) -> Iterator[tuple[int, str]]:
    text = page.read_text(encoding="utf-8")
    bare = FENCE.sub(lambda found: "\n" * found[0].count("\n"), text)
    for found in re.finditer(r"^#+ (.*)$", bare, re.MULTILINE):
        yield bare.count("\n", 0, found.start()) + 1, found[1]


def rain(*days: int, count: int) -> Notebook:
    source = f'rain = {list(days)}\nprint(sum(rain), "mm")'
    return notebook(code(source, stream(f"{sum(days)} mm\n"), cell_id="a", count=count))


def press_save(server: Server, client: Client, path: str, content: object) -> None:
    """Save as JupyterLab's button does, with a checkpoint after it."""
    client.save(path, content)
    client.make_checkpoint(path)
    server.wait_until_archived()


# The tutorial


def make_and_save(server: Server, client: Client) -> None:
    made = client.request("POST", "/api/contents/", {"type": "notebook"})["path"]
    client.rename(made, "rain.ipynb")
    press_save(server, client, "rain.ipynb", rain(3, 0, 12, 7, count=1))


def change_and_save_twice(server: Server, client: Client) -> None:
    for _ in range(2):
        press_save(server, client, "rain.ipynb", rain(3, 0, 12, 7, 1, count=2))


def revert(server: Server, client: Client) -> None:
    client.restore_checkpoint("rain.ipynb", client.checkpoints("rain.ipynb")[1]["id"])
    server.wait_until_archived()


def delete(server: Server, client: Client) -> None:
    client.delete("rain.ipynb")
    server.wait_until_archived()


def test_the_tutorial_works(make_server: MakeServer) -> None:
    server = make_server(environ={"DEPOSITORY_URL": ""})
    with running(server) as client:
        scenes = {
            "Save": make_and_save,
            "Change something": change_and_save_twice,
            "Have a version back": revert,
            "After an accident": delete,
        }
        follow(DOCS / "tutorial" / "jupyter.md", server, client, scenes)
        assert client.get("rain.ipynb")["content"]["cells"][0]["source"].startswith("rain = [3, 0, 12, 7]\n")
        said = " ".join(server.output.split())
        assert "depository: DepositoryAsyncLargeFileManager archives into" in said
        assert "because it is yours by default" in said


# When S3 is down


def test_the_page_about_outages_is_right(make_server: MakeServer, s3_service: Service) -> None:
    s3_service.make_bucket("my-notebooks")
    with networks.serving(Network(s3_service.url)) as network:
        server = make_server(environ=environment(network, "my-notebooks"), config="c.Depository.flush_seconds = 1.0")

        def save_without_s3(_: Server, client: Client) -> None:
            network.state = State.GONE
            client.save("mine.ipynb", rain(1, 2, count=2))
            client.save("mine.ipynb", rain(1, 2, 3, count=3))
            wait_for("cannot be reached", server)

        def come_back() -> None:
            server.stop()  # or it would be faster than the reader
            network.state = State.WORKING

        def save_for_a_wrong_bucket(server: Server, _: Client) -> None:
            (server.files / ".depository.toml").write_text(wrong)
            server.start()
            with server.client() as client:
                client.save("other.ipynb", rain(1, count=1))
            wait_for("There is no bucket for s3://my-notbooks", server)
            (server.files / ".depository.toml").unlink()

        wrong = (
            f'url = "s3://my-notbooks"\n[s3]\nendpoint_url = "{network.url}"\nregion = "us-east-1"\n'
            'addressing = "path"\n'
        )
        with running(server) as client:
            client.save("mine.ipynb", rain(1, count=1))
            server.wait_until_archived()
            scenes = {
                "See what waits, and why": save_without_s3,
                "When the bucket's name was wrong": save_for_a_wrong_bucket,
            }
            between = {"Once the store is there again:": come_back}
            follow(DOCS / "how-to" / "when-s3-is-down.md", server, client, scenes, between)


def environment(network: Network, bucket: str) -> dict[str, str]:
    """What a server and its terminals need to archive into a bucket."""
    return {
        "AWS_ACCESS_KEY_ID": networks.KEY_ID,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_SECRET_ACCESS_KEY": networks.SECRET,
        "DEPOSITORY_S3_ADDRESSING": "path",
        "DEPOSITORY_S3_ENDPOINT_URL": network.url,
        "DEPOSITORY_S3_REGION": "us-east-1",
        "DEPOSITORY_URL": f"s3://{bucket}",
    }


def wait_for(sentence: str, server: Server) -> None:
    """Return when a server has said something."""
    end = time.monotonic() + 60
    while sentence not in server.output:
        assert time.monotonic() < end, server.output
        time.sleep(0.05)


# From bookstore


def test_the_program_that_takes_an_old_bucket_over_does_so(make_server: MakeServer, s3_service: Service) -> None:
    (program,) = [block.text for block in blocks(DOCS / "how-to" / "migrate.md") if block.words == "take_over.py"]
    s3_service.make_bucket("old-bucket")
    s3: Any = Session().create_client(
        "s3",
        endpoint_url=s3_service.url,
        region_name="us-east-1",
        aws_access_key_id=networks.KEY_ID,
        aws_secret_access_key=networks.SECRET,
    )
    s3.put_bucket_versioning(Bucket="old-bucket", VersioningConfiguration={"Status": "Enabled"})
    files = [file_of(rain(*range(number), count=number)) for number in range(1, 4)]
    for name in ("a.ipynb", "reports/b.ipynb"):
        for file in files:
            s3.put_object(Bucket="old-bucket", Key=f"workspace/{name}", Body=file)
    server = make_server()
    with Depository.create(str(server.store)) as depo:
        environ = {**server.environ, "AWS_ENDPOINT_URL_S3": s3_service.url, "AWS_DEFAULT_REGION": "us-east-1"}
        environ |= {"AWS_ACCESS_KEY_ID": networks.KEY_ID, "AWS_SECRET_ACCESS_KEY": networks.SECRET}
        subprocess.run([sys.executable, "-c", program], env=environ, check=True, capture_output=True)
        for name in ("a.ipynb", "reports/b.ipynb"):
            path = f"kylek/notebooks/{name}"
            assert [depo.read(path, f"v{number}") for number in (1, 2, 3)] == files
            assert {version.cause for version in depo.log(path)} == {"import"}
