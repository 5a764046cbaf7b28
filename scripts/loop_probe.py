"""A server extension that says for how long the server's event loop was held at most since it was last asked.

It sleeps for a millisecond over and over; what a sleep takes longer, something held the loop. ``GET /probe`` answers
with seconds.
"""

import asyncio
import json
import time
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

_STEP = 0.001


class _Probe:
    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(_STEP)
            now = time.perf_counter()
            self.longest = max(self.longest, now - before - _STEP)
            before = now


class _Handler(JupyterHandler):
    @web.authenticated
    def get(self) -> None:
        probe: _Probe = self.settings["loop_probe"]
        longest, probe.longest = probe.longest, 0.0
        self.finish(json.dumps(longest))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "loop_probe"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    probe = _Probe()
    serverapp.web_app.settings["loop_probe"] = probe
    serverapp.web_app.add_handlers(".*$", [(r"/probe", _Handler)])
    serverapp.io_loop.add_callback(probe.run)
