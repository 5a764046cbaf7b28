"""Change a notebook's first cell as JupyterLab does where people work on it together: PORT TOKEN PATH SOURCE.

It runs in an environment that has jupyter-collaboration, and ends when the server had time to save.
"""

import json
import sys
import time
import urllib.request
from typing import Any

_SAVED_AFTER = 4.0
"""Seconds, more than the server waits for the next keystroke before it saves."""


def open_session(port: int, token: str, path: str) -> str:
    """Ask for the room of a notebook, and return its address."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/collaboration/session/{path}",
        json.dumps({"format": "json", "type": "notebook"}).encode(),
        {"Authorization": f"token {token}", "Content-Type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
        found = json.load(answer)
    room = f"{found['format']}:{found['type']}:{found['fileId']}"
    return f"ws://127.0.0.1:{port}/api/collaboration/room/{room}?sessionId={found['sessionId']}"


def main() -> None:
    """Run from the command line."""
    import pycrdt
    import websocket
    from jupyter_ydoc import YNotebook

    port, token, path, source = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    document: Any = pycrdt.Doc()
    notebook: Any = YNotebook(document)
    socket = websocket.create_connection(
        open_session(port, token, path), header=[f"Authorization: token {token}"], timeout=20
    )
    socket.send_binary(pycrdt.create_sync_message(document))
    while not len(notebook.ycells):
        message = socket.recv()
        if isinstance(message, bytes) and message[0] == pycrdt.YMessageType.SYNC:
            reply = pycrdt.handle_sync_message(message[1:], document)
            if reply is not None:
                socket.send_binary(reply)
    document.observe(lambda event: socket.send_binary(pycrdt.create_update_message(event.update)))
    text = notebook.ycells[0]["source"]
    text.clear()
    text += source
    time.sleep(_SAVED_AFTER)
    socket.close()


if __name__ == "__main__":
    main()
