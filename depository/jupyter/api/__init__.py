"""The HTTP API under ``/api/depository``, for user interfaces and scripts."""

from typing import Any


def handlers(base_url: str) -> list[tuple[str, Any]]:
    """The routes of the API with their handlers, the most specific first.

    Args:
        base_url: of the server.
    """
    from jupyter_server.utils import url_path_join

    from depository.jupyter.api.routes import ROUTES

    return [(url_path_join(base_url, route), handler) for route, handler in ROUTES]
