"""Restoring a notebook that several people are editing together."""

import http.client
import json
import time
from collections.abc import Iterator

import pytest
import websocket
from jupyter_ydoc import YNotebook
from pycrdt import YMessageType, create_sync_message, create_update_message, handle_sync_message

from depository.depository import Depository
from tests.jupyter.api.calls import API, at
from tests.jupyter.servers import TOKEN, Server, archived_path, running
from tests.notebooks import code, notebook

UNSAVED = "typed, and not saved"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """A server for editing together that does not save by itself."""
    server = Server(
        tmp_path_factory.mktemp("shared"),
        extensions=("depository", "jupyter_server_ydoc", "jupyter_server_fileid"),
        config="c.YDocExtension.document_save_delay = None",
    )
    with running(server):
        yield API(server)


class Editor:
    """Somebody who has a notebook open."""

    def __init__(self, port: int, path: str) -> None:
        session = self._session(port, path)
        room = f"json:notebook:{session['fileId']}?sessionId={session['sessionId']}"
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/api/collaboration/room/{room}",
            header=[f"Authorization: token {TOKEN}"],
            timeout=20,
        )
        self.notebook = YNotebook()
        document = self.notebook.ydoc
        self._socket.send_binary(create_sync_message(document))
        end = time.monotonic() + 20
        while not self.notebook.cell_number and time.monotonic() < end:
            message = self._socket.recv()
            if isinstance(message, bytes) and message and message[0] == YMessageType.SYNC:
                reply = handle_sync_message(message[1:], document)
                if reply:
                    self._socket.send_binary(reply)

    @staticmethod
    def _session(port: int, path: str) -> dict[str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(
            "PUT",
            f"/api/collaboration/session/{path}",
            json.dumps({"format": "json", "type": "notebook"}),
            {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        session: dict[str, str] = json.loads(connection.getresponse().read())
        connection.close()
        return session

    def type(self, text: str) -> None:
        """Append a cell, and send it to the others."""
        before = self.notebook.ydoc.get_state()
        self.notebook.append_cell(code(text, cell_id="typed"))
        self._socket.send_binary(create_update_message(self.notebook.ydoc.get_update(before)))

    def close(self) -> None:
        self._socket.close()


def test_what_was_typed_and_not_saved_is_archived_before_a_restore(shared: API) -> None:
    with shared.server.client() as client:
        client.save("together.ipynb", notebook(code("one", cell_id="c1")))
        client.save("together.ipynb", notebook(code("two", cell_id="c1")))
        shared.server.wait_until_archived()
    editor = Editor(shared.server.port, "together.ipynb")
    try:
        assert editor.notebook.cell_number == 1
        editor.type(UNSAVED)
        time.sleep(1)  # nothing tells when the server has it
        assert shared.ask("POST", at("together.ipynb", "/versions/v1/restore")).status == 200
    finally:
        editor.close()
    shared.server.wait_until_archived()
    depository = Depository.open(str(shared.server.store))
    path = archived_path("together.ipynb")
    found = {version.cause: depository.load(path, version.name) for version in depository.log(path)}
    assert [cell["source"] for cell in found["before restore"]["cells"]] == ["two", UNSAVED]
    assert [cell["source"] for cell in found["restore"]["cells"]] == ["one"]
